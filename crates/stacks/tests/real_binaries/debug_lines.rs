use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;

use jostle_stacks::{Address, AddressSpace, Frame};

use crate::build::{image, program};

/// Where the images of these tests are loaded.
const BIAS: u64 = 0x5555_0000_0000;

/// What binutils' addr2line says is at each address: "file:line" of the inlined calls, innermost first.
fn judged(path: &Path, addresses: &[u64]) -> Vec<Vec<String>> {
    let mut tool = Command::new("addr2line")
        .args(["-a", "-i", "-e"])
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = tool.stdin.take().unwrap();
    let asked: String = addresses.iter().map(|address| format!("{address:#x}\n")).collect();
    let writer = std::thread::spawn(move || input.write_all(asked.as_bytes()).unwrap());
    let output = String::from_utf8(tool.wait_with_output().unwrap().stdout).unwrap();
    writer.join().unwrap();
    let mut judged: Vec<Vec<String>> = Vec::new();
    for line in output.lines() {
        match line.starts_with("0x") {
            true => judged.push(Vec::new()),
            false => judged.last_mut().unwrap().push(their_place(line)),
        }
    }
    judged
}

/// Without a line they name a file by the symbol table, which knows no lines; directories are spelled
/// differently (`/a/../b`). So file name and line must agree.
fn their_place(line: &str) -> String {
    let place = line.split(" (discriminator").next().unwrap();
    let is_known = place.rsplit(':').next().unwrap().parse::<u32>().is_ok();
    if is_known { place.rsplit('/').next().unwrap().to_owned() } else { "?".to_owned() }
}

fn our_place(frame: &Frame) -> String {
    match (&frame.file, frame.line) {
        (Some(file), Some(line)) => format!("{}:{line}", file.file_name().unwrap().display()),
        _ => "?".to_owned(),
    }
}

#[test]
fn files_lines_and_inlined_calls_agree_with_binutils() {
    for (source, flags) in [
        ("shapes.c", &["-g", "-O2"][..]),
        ("shapes.c", &["-gdwarf-4", "-O2"]),
        ("cache.cpp", &["-g", "-O2"]),
        ("gates.rs", &["-g", "-O"]),
    ] {
        let path = program(source, flags);
        let image = image(&path);
        let mut space = AddressSpace::new();
        space.add(Rc::clone(&image), BIAS);
        let functions = image.functions().iter();
        // Every third byte, so that the ends of ranges are met too; and not all of Rust's standard library.
        let addresses: Vec<u64> =
            functions.flat_map(|f| (f.start.0..f.start.0 + f.size).step_by(3)).take(6000).collect();
        let mut agreed = 0;
        for (&address, theirs) in addresses.iter().zip(judged(&path, &addresses)) {
            let frames = space.symbolize_address(Address(BIAS + address));
            let ours: Vec<_> = frames.iter().map(our_place).collect();
            let (inlined, outermost) = frames.split_at(frames.len() - 1);
            assert!(inlined.iter().all(|frame| frame.inlined) && !outermost[0].inlined);
            agreed += usize::from(ours == theirs);
        }
        let share = agreed as f64 / addresses.len() as f64;
        assert!(share > 0.999, "{source} {flags:?}: {agreed} of {}", addresses.len());
    }
}
