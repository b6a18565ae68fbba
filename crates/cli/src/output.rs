use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use jostle_report::Style;

use crate::failure::Failure;

/// The width of a report that goes to a file or a pipe, in columns.
const WIDTH_ELSEWHERE: usize = 100;

/// Says something about our own work to the user, apart from the report.
pub(crate) fn complain(message: &str) {
    // The last resort: where standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "jostle: {message}");
}

/// Where the report goes.
pub(crate) struct Output {
    file: Option<(PathBuf, File)>,
    /// Whether a write failed; what was written since went to standard output.
    pub(crate) failed: bool,
}

impl Output {
    /// Standard output, or the file at `path`, which is created now: better to fail before the target runs.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let file = match path {
            None => None,
            Some(path) => match File::create(path) {
                Ok(file) => Some((path.to_owned(), file)),
                Err(source) => return Err(Failure::Open { path: path.to_owned(), source }),
            },
        };
        Ok(Self { file, failed: false })
    }

    /// How to lay out a report that goes there.
    pub(crate) fn style(&self) -> Style {
        let to_file = self.file.is_some();
        let color = !to_file && AutoStream::choice(&io::stdout()) != ColorChoice::Never;
        let terminal = terminal_size::terminal_size().filter(|_| !to_file);
        Style { color, width: terminal.map_or(WIDTH_ELSEWHERE, |(width, _)| usize::from(width.0)) }
    }

    /// Writes a piece of the report at once. When the file takes no more (a full disk), that is said, and
    /// this and all further pieces go to standard output: nothing that was found is lost.
    pub(crate) fn write(&mut self, text: &str) {
        if let Some((path, file)) = &mut self.file {
            match file.write_all(text.as_bytes()).and_then(|()| file.flush()) {
                Ok(()) => return,
                Err(error) => {
                    complain(&format!("error: failed to write {}: {error}", path.display()));
                    complain("hint: free some space there; the report goes to standard output instead");
                    self.file = None;
                    self.failed = true;
                }
            }
        }
        // A reader that has gone away (`| head`) has seen what it wanted.
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }
}
