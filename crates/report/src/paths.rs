//! File names and source positions as people read them.

use std::path::Path;

use jostle_model::Frame;

use crate::printable;

/// Where toolchains keep code that is not the user's, up to and including the marker; what follows it names
/// the file as its own project does.
const LIBRARY_ROOTS: [&str; 5] =
    ["/go/src/", "/pkg/mod/", "/registry/src/", "/site-packages/", "/usr/include/"];

/// File systems allow 255 bytes; nobody reads that many.
const LONGEST_COMPONENT: usize = 80;

/// A source path, cut from the left until it fits into `most` characters: `…/internal/collector.go`.
///
/// The file name itself is never dropped, so the result may be longer than asked; only a name beyond
/// [`LONGEST_COMPONENT`] loses its middle.
pub(crate) fn fitted(path: &Path, most: usize) -> String {
    let whole = printable::line(&path.to_string_lossy());
    if whole.chars().count() <= most {
        return whole;
    }
    match library_part(&whole) {
        Some(part) if part.chars().count() + 2 <= most => format!("…/{part}"),
        part => cut_left(part.unwrap_or(&whole), most),
    }
}

/// The last component of a module's path: `libgate.so`.
pub(crate) fn module_name(module: &str) -> String {
    let base = module.rsplit('/').find(|part| !part.is_empty()).unwrap_or(module);
    printable::shortened(base, LONGEST_COMPONENT)
}

/// Where a frame's code comes from, as briefly as it is still unambiguous: `file:line`, else `module@address`,
/// else the address.
pub(crate) fn position(frame: &Frame, most: usize) -> String {
    match (&frame.file, &frame.line, &frame.module) {
        (Some(file), Some(line), _) => {
            let number = format!(":{line}");
            fitted(file, most.saturating_sub(number.len())) + &number
        }
        (Some(file), None, _) => fitted(file, most),
        (None, _, Some(module)) => format!("{}@{}", module_name(module), frame.address),
        (None, _, None) => frame.address.to_string(),
    }
}

fn library_part(path: &str) -> Option<&str> {
    LIBRARY_ROOTS.iter().find_map(|root| path.find(root).map(|at| &path[at + root.len()..]))
}

fn cut_left(path: &str, most: usize) -> String {
    let room = most.saturating_sub(2);
    let mut kept = path.rsplit('/').next().unwrap_or(path);
    for (slash, _) in path.rmatch_indices('/') {
        let longer = &path[slash + 1..];
        if longer.chars().count() > room {
            break;
        }
        kept = longer;
    }
    format!("…/{}", printable::shortened(kept, room.max(LONGEST_COMPONENT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_fits_is_left_alone() {
        assert_eq!(fitted(Path::new("/srv/app/main.go"), 16), "/srv/app/main.go");
    }

    #[test]
    fn a_long_path_keeps_the_directories_nearest_to_the_file() {
        let path = Path::new("/home/ada/src/github.com/acme/collector/internal/ring/ring.go");
        assert_eq!(fitted(path, 30), "…/internal/ring/ring.go");
        assert_eq!(fitted(path, 3), "…/ring.go");
    }

    #[test]
    fn a_library_path_starts_at_its_library() {
        let path = Path::new("/home/ada/go/pkg/mod/github.com/ebitengine/purego@v0.9.1/func.go");
        assert_eq!(fitted(path, 60), "…/github.com/ebitengine/purego@v0.9.1/func.go");
    }

    #[test]
    fn a_position_without_a_file_names_module_and_address() {
        let frame = Frame {
            module: Some("/usr/lib/libgate.so".into()),
            address: jostle_model::Address(0x7f00),
            ..Frame::default()
        };
        assert_eq!(position(&frame, 80), "libgate.so@0x7f00");
        assert_eq!(position(&Frame { module: None, ..frame }, 80), "0x7f00");
    }
}
