//! What a process is called.

use std::fs;

/// Titles are cut off behind so many characters.
const LONGEST: usize = 60;

/// The title that it gave itself, such as `puma: cluster worker 0`, else its name. Its arguments are not told: there may
/// be secrets among them.
pub(crate) fn of(pid: i32) -> String {
    let command_line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    own_title(&command_line).unwrap_or_else(|| name(pid))
}

/// Its name, the name of its program, and the title.
pub(crate) fn all_names(pid: i32) -> Vec<String> {
    let program = fs::read_link(format!("/proc/{pid}/exe")).ok();
    let program = program.and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    // A thread of the kernel has a name, and nothing else.
    program.into_iter().flat_map(|program| [program, name(pid), of(pid)]).collect()
}

/// Its name, or that of its program, in 15 bytes.
pub(crate) fn name(pid: i32) -> String {
    let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    String::from_utf8_lossy(&name).trim_end().to_owned()
}

/// Whoever writes a title over its arguments leaves one string, with a blank or a colon in it.
fn own_title(command_line: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(command_line);
    let text = text.trim_end_matches('\0').trim();
    let is_title = !text.contains('\0') && !text.starts_with('/') && text.contains([' ', ':']);
    is_title.then(|| text.chars().take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_told_from_arguments() {
        assert_eq!(own_title(b"nginx: worker process\0\0\0").as_deref(), Some("nginx: worker process"));
        assert_eq!(own_title(b"/usr/bin/server\0--password\0x\0"), None);
        assert_eq!(own_title(b"server\0"), None);
        assert_eq!(own_title(b""), None);
    }
}
