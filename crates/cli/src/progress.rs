use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jostle_watch::Progress;

/// Redraws per second: enough to see it live, and no load on the machine that is being measured.
const REDRAWS_PER_SECOND: u8 = 4;

/// One line on a terminal that says how far the watch is; nothing anywhere else.
pub(crate) struct ProgressLine {
    bar: ProgressBar,
}

impl ProgressLine {
    /// Draws to standard error when that is a terminal.
    pub(crate) fn new() -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner:.cyan} {msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Shows where the watch is.
    pub(crate) fn show(&self, progress: &Progress) {
        if self.bar.is_hidden() {
            return;
        }
        let Progress { elapsed, samples, holds, findings, ending } = *progress;
        let doing = if ending { "waiting for the target to end" } else { "watching" };
        let seconds = Duration::from_secs(elapsed.as_secs()).as_secs();
        self.tell(&format!("{doing} {seconds}s · {samples} samples · {holds} holds · {findings} findings"));
    }

    /// Shows how far it is, in words.
    pub(crate) fn tell(&self, far: &str) {
        // What the target has a say in may not drive the terminal.
        let far: String = far.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        self.bar.set_message(far);
        self.bar.tick();
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
