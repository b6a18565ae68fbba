use std::path::{Path, PathBuf};
use std::process::Command;

use jostle_stacks::{Address, AddressSpace, Frame, Memory, Registers};

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

/// One moment of a thread, and the callers that libgcc's unwinder found at it.
pub(crate) struct Snapshot {
    pub(crate) name: String,
    pub(crate) registers: Registers,
    pub(crate) memory: Pieces,
    pub(crate) callers: Vec<u64>,
}

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text, 16).unwrap()
}

fn registers(words: &[&str]) -> Registers {
    let mut registers = Registers::default();
    for pair in words.chunks(2) {
        let value = hex(pair[1]);
        match pair[0] {
            "rip" => registers.rip = value,
            "rsp" => registers.rsp = value,
            "rbp" => registers.rbp = value,
            "rbx" => registers.rbx = value,
            "r12" => registers.r12 = value,
            "r13" => registers.r13 = value,
            "r14" => registers.r14 = value,
            "r15" => registers.r15 = value,
            "fs" => registers.fs_base = value,
            other => panic!("{other}"),
        }
    }
    registers
}

/// What a recording in text tells: what was loaded, and each moment.
pub(crate) fn snapshots(recording: &str) -> (AddressSpace, Vec<Snapshot>) {
    let mut found: Vec<Snapshot> = Vec::new();
    for line in recording.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            ["snapshot", name] => found.push(Snapshot {
                name: name.to_owned(),
                registers: Registers::default(),
                memory: Pieces::default(),
                callers: Vec::new(),
            }),
            ["registers", ref values @ ..] => found.last_mut().unwrap().registers = registers(values),
            ["caller", at] => found.last_mut().unwrap().callers.push(hex(at)),
            ["memory", at, bytes] => found.last_mut().unwrap().memory.0.push((hex(at), unhex(bytes))),
            _ => {}
        }
    }
    (loaded(recording.lines().filter_map(|line| line.strip_prefix("map "))), found)
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| hex(std::str::from_utf8(pair).unwrap()) as u8).collect()
}
