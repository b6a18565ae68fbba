//! One program: what its file tells, and where to get what it does not.

use std::fs;
use std::path::Path;

use jostle_stacks::Image;

use super::Check;
use crate::{Program, WatchError, preflight};

pub(super) fn examine(path: &Path) -> Result<Vec<Check>, WatchError> {
    const SUBJECT: &str = "program";
    let found = match preflight::find(path.as_os_str()) {
        Ok(Program { path, interpreter: None }) => path,
        Ok(Program { interpreter: Some(interpreter), .. }) => {
            return Ok(vec![Check::limited(
                SUBJECT,
                "a script: its interpreter is what would be watched",
                format!("jostle doctor {interpreter}"),
            )]);
        }
        Err(WatchError::Privileged(path)) => {
            return Ok(vec![Check::bad(
                SUBJECT,
                "it gains privileges when executed, and would run without them under a tracer",
                format!("chmod u-s,g-s on a copy of {}, or watch it as root", path.display()),
            )]);
        }
        Err(error) => return Err(error),
    };
    let name = found.display().to_string();
    let source = |source| WatchError::Read { program: found.clone(), source };
    let bytes: &'static [u8] = fs::read(&found).map_err(source)?.leak();
    match Image::parse(&name, bytes) {
        Ok(image) => Ok(vec![kind(&image), functions(&image), lines(&image, &name)]),
        Err(error) => Ok(vec![Check::bad(SUBJECT, error.to_string(), "copy or build the file again")]),
    }
}

fn kind(image: &Image) -> Check {
    let language = match (image.is_go(), image.go_version()) {
        (true, Some(version)) => format!("Go ({version})"),
        (true, None) => "Go".to_owned(),
        (false, _) => "native code".to_owned(),
    };
    let loaded = if image.interpreter().is_some() { "dynamically linked" } else { "static" };
    let placed = if image.is_position_independent() { ", placed anywhere" } else { "" };
    Check::good("program", format!("{language}, {loaded}{placed}"))
}

fn functions(image: &Image) -> Check {
    const SUBJECT: &str = "functions";
    match image.functions().len() {
        0 => Check::bad(
            SUBJECT,
            "none known: no symbols, no unwind tables, and no table of Go's",
            "build it with -funwind-tables, or do not strip it",
        ),
        count => Check::good(SUBJECT, format!("{count} known")),
    }
}

fn lines(image: &Image, name: &str) -> Check {
    const SUBJECT: &str = "debug information";
    if image.has_debug_info() {
        return Check::good(SUBJECT, "in the file");
    }
    if image.is_go() {
        return Check::limited(
            SUBJECT,
            "none: Go's own tables name functions and lines, but which native accesses are atomic stays unknown",
            "go build without -ldflags=-w",
        );
    }
    let mend = match image.build_id() {
        Some(id) => {
            let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
            format!(
                "eu-unstrip -o {name}.full {name} \"$(debuginfod-find debuginfo {id})\"; watch {name}.full"
            )
        }
        None => "build it with -g".to_owned(),
    };
    Check::limited(SUBJECT, "none: no source lines, and which accesses are atomic stays unknown", mend)
}
