//! Where the fields of the runtime's `g` and `m` lie, by Go release.
//!
//! The table was read out of the debug information of a program built by each toolchain (1.20.14, 1.21.13,
//! 1.22.12, 1.23.12, 1.24.13, 1.25.5 and 1.26.8), with gdb in C mode: `print (long)&(('runtime.g' *)0)->goid`
//! and so on. The same in all of them: `g.stack.lo` 0, `g.stack.hi` 8, `g.m` 48, `m.g0` 0. A program of another release tells it
//! of itself, unless it is stripped.

/// Lowest address of the goroutine's stack.
pub(super) const G_STACK_LO: u64 = 0;
/// One past the highest address of the goroutine's stack.
pub(super) const G_STACK_HI: u64 = 8;
/// The thread that runs the goroutine.
pub(super) const G_M: u64 = 48;
/// The goroutine that stands for the thread's own stack.
pub(super) const M_G0: u64 = 0;

/// Byte offsets that differ between releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The number of the goroutine.
    pub(super) goid: u64,
    /// Where it was created.
    pub(super) gopc: u64,
    /// Where it began.
    pub(super) startpc: u64,
    /// The thread that the goroutine is locked to.
    pub(super) lockedm: u64,
    /// In `m`: the goroutine that the thread runs for the user.
    pub(super) curg: u64,
}

/// No structure of the runtime's is larger.
const LARGEST: u64 = 1 << 14;

/// Where a field of so many bytes lies, as a file tells it, unless it cannot lie there.
pub(super) fn plausible(told: Option<u64>, size: u64) -> Option<u64> {
    told.filter(|offset| *offset < LARGEST && offset.is_multiple_of(size))
}

impl Layout {
    /// The layout in which fields lie where `offset_of` tells, by structure and field. None unless the others are the same as in
    /// all releases that were looked up.
    pub(super) fn told_by(offset_of: &impl Fn(&'static str, &str) -> Option<u64>) -> Option<Self> {
        let g = |field| offset_of("runtime.g", field);
        let m = |field| offset_of("runtime.m", field);
        let is_usual = g("stack") == Some(G_STACK_LO) && g("m") == Some(G_M) && m("g0") == Some(M_G0);
        if !is_usual {
            return None;
        }
        let word = |told| plausible(told, 8);
        Some(Self {
            goid: word(g("goid"))?,
            gopc: word(g("gopc"))?,
            startpc: word(g("startpc"))?,
            lockedm: word(g("lockedm"))?,
            curg: word(m("curg"))?,
        })
    }
}

/// Minor release and the layout that holds from it on.
const LAYOUTS: [(u32, Layout); 5] = [
    (20, Layout { goid: 152, gopc: 296, startpc: 312, lockedm: 232, curg: 192 }),
    (21, Layout { goid: 152, gopc: 280, startpc: 296, lockedm: 208, curg: 192 }),
    (23, Layout { goid: 160, gopc: 288, startpc: 304, lockedm: 216, curg: 192 }),
    (25, Layout { goid: 152, gopc: 280, startpc: 296, lockedm: 208, curg: 184 }),
    (26, Layout { goid: 152, gopc: 288, startpc: 304, lockedm: 208, curg: 184 }),
];

/// The layouts worth trying, the likeliest first: a known release has one, an unknown one may have any.
pub(super) fn candidates(version: Option<&str>) -> Vec<Layout> {
    match version.and_then(minor_release) {
        Some(minor) => of_release(minor).into_iter().collect(),
        None => LAYOUTS.iter().rev().map(|(_, layout)| *layout).collect(),
    }
}

/// The layout of a release for which it was looked up; None for one that is newer than all of these, or older.
pub(super) fn looked_up(version: &str) -> Option<Layout> {
    let minor =
        minor_release(version).filter(|minor| (LAYOUTS[0].0..=LAYOUTS[LAYOUTS.len() - 1].0).contains(minor));
    of_release(minor?)
}

fn of_release(minor: u32) -> Option<Layout> {
    LAYOUTS.iter().rev().find(|(first, _)| *first <= minor).map(|(_, layout)| *layout)
}

/// 26 for `go1.26.8`, `go1.26rc1 X:foo` and `devel go1.26-8a3b`.
fn minor_release(version: &str) -> Option<u32> {
    let (_, minor) = version.split_once("go1.")?;
    let digits = minor.find(|character: char| !character.is_ascii_digit()).unwrap_or(minor.len());
    minor[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minor_release_is_read_from_every_form_of_version() {
        let versions =
            ["go1.26.8", "go1.26", "go1.26rc1 X:greenteagc", "devel go1.26-8a3b6f1 Mon", "unknown"];
        let minors: Vec<_> = versions.into_iter().map(minor_release).collect();
        assert_eq!(minors, [Some(26), Some(26), Some(26), Some(26), None]);
    }

    #[test]
    fn a_release_without_a_row_has_that_of_the_one_before_it() {
        assert_eq!(candidates(Some("go1.24.13")), [LAYOUTS[2].1]);
        assert_eq!(candidates(Some("go1.31.0")), [LAYOUTS[4].1]);
        assert!(candidates(Some("go1.19")).is_empty());
    }

    #[test]
    fn without_a_version_every_layout_is_a_candidate_and_the_newest_first() {
        assert_eq!(candidates(None).len(), LAYOUTS.len());
        assert_eq!(candidates(None)[0], LAYOUTS[4].1);
    }
}
