//! What can be typed again.

use std::ffi::OsString;
use std::path::Path;

/// The command as it can be typed again.
pub(crate) fn shell_quoted(command: &[OsString]) -> String {
    let words: Vec<String> = command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let quoted = words.iter().map(|word| match shlex::try_quote(word) {
        Ok(quoted) => quoted.into_owned(),
        // Only a NUL cannot be quoted, and no argument can hold one.
        Err(_) => word.clone(),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// What names a case that is not where cases are looked for.
pub(crate) fn with_case(case: &Path) -> String {
    if case == Path::new(".jostle") {
        String::new()
    } else {
        format!(" --case {}", shell_quoted(&[case.into()]))
    }
}
