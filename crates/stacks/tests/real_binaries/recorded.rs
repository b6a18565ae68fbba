use std::path::{Path, PathBuf};
use std::process::Command;

use jostle_stacks::{Address, AddressSpace, Frame, Memory};

use crate::build::{image, run};

/// Runs a program that writes a recording of itself, and returns the recording.
pub(crate) fn recording(program: &Path, name: &str) -> Vec<u8> {
    let output = program.with_file_name(format!("{name}.recording"));
    run(Command::new(program).arg(&output));
    std::fs::read(output).unwrap()
}

/// Pieces of memory as they were at one moment.
#[derive(Default)]
pub(crate) struct Pieces(pub(crate) Vec<(u64, Vec<u8>)>);

impl Memory for Pieces {
    fn read(&self, at: Address, bytes: &mut [u8]) -> bool {
        let found = self.0.iter().find_map(|(start, piece)| {
            let offset = usize::try_from(at.0.checked_sub(*start)?).ok()?;
            piece.get(offset..offset.checked_add(bytes.len())?)
        });
        found.inspect(|found| bytes.copy_from_slice(found)).is_some()
    }
}

/// The images that lines of `/proc/PID/maps` name, each once, at the place its first line gives.
pub(crate) fn loaded<'a>(maps: impl Iterator<Item = &'a str>) -> AddressSpace {
    let mut space = AddressSpace::new();
    let mut seen: Vec<PathBuf> = Vec::new();
    for line in maps {
        let columns: Vec<_> = line.split_whitespace().collect();
        let [range, _, _, _, _, path] = columns[..] else { continue };
        if !path.starts_with('/') || seen.contains(&path.into()) {
            continue;
        }
        seen.push(path.into());
        let image = image(Path::new(path));
        let start = u64::from_str_radix(range.split('-').next().unwrap(), 16).unwrap();
        let first = image.segments()[0].address.0 & !0xfff;
        space.add(image, start.wrapping_sub(first));
    }
    space
}

pub(crate) fn names(frames: &[Frame]) -> Vec<&str> {
    frames.iter().map(|frame| frame.function.as_deref().unwrap_or("?")).collect()
}
