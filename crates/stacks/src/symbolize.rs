//! From an address to the functions and lines it came from.
use jostle_model::{Address, FileAddress, Frame};

use crate::demangle::demangled;
use crate::image::{Image, Slice};
use crate::space::{AddressSpace, Module};

/// The frames at `at`, innermost first, from the best source that knows it: Go's tables, which know inlining
/// exactly, then debug information, then symbols, then names learnt at run time.
pub(crate) fn frames(space: &AddressSpace, at: Address) -> Vec<Frame> {
    let mut frames = match space.module_at(at) {
        Some(module) => frames_of(module, at),
        None => vec![Frame::default()],
    };
    if let Some(outermost) = frames.last_mut()
        && outermost.function.is_none()
    {
        outermost.function = space.name_given(at).map(str::to_owned);
    }
    for frame in &mut frames {
        frame.address = at;
    }
    frames
}

fn frames_of(module: Module<'_>, at: Address) -> Vec<Frame> {
    let (image, file_address) = (module.image, module.file_address(at));
    let mut frames = go_frames(image, file_address);
    if frames.is_empty() {
        frames = debug_frames(image, file_address).unwrap_or_default();
    }
    if frames.is_empty() {
        frames.push(Frame::default());
    }
    let last = frames.len() - 1;
    if frames[last].function.as_ref().is_none_or(|name| !name.contains("::")) {
        let symbol = image.function_name(file_address);
        frames[last].function = better_name(frames[last].function.take(), symbol);
    }
    for (index, frame) in frames.iter_mut().enumerate() {
        frame.inlined = index < last;
        frame.module = Some(image.name().clone());
    }
    frames
}

/// The symbol's name, where debug information has none, or only the last part of it: compilers leave the linkage
/// name out for members of what has internal linkage, such as a class in an anonymous namespace.
fn better_name(debug: Option<String>, symbol: Option<String>) -> Option<String> {
    match (debug, symbol) {
        (Some(name), Some(symbol)) if symbol.contains(&format!("::{name}")) => Some(symbol),
        (debug, symbol) => debug.or(symbol),
    }
}

fn go_frames(image: &Image, at: FileAddress) -> Vec<Frame> {
    let Some(go) = image.go_covering(at) else { return Vec::new() };
    let frames = go.frames(at).into_iter().map(|frame| Frame {
        function: Some(frame.function),
        file: frame.file.map(Into::into),
        line: frame.line,
        ..Frame::default()
    });
    frames.collect()
}

/// What the debug information says; nothing where it is corrupt in any part that `at` needs.
fn debug_frames(image: &Image, at: FileAddress) -> Option<Vec<Frame>> {
    let lines = image.debug_info()?.lines()?;
    let mut found = lines.find_frames(at.0).skip_all_loads().ok()?;
    let mut frames = Vec::new();
    while let Some(frame) = found.next().ok()? {
        frames.push(debug_frame(frame));
    }
    Some(frames)
}

fn debug_frame(frame: addr2line::Frame<'_, Slice>) -> Frame {
    let location = frame.location;
    Frame {
        function: frame.function.and_then(|name| Some(demangled(&name.raw_name().ok()?))),
        file: location.as_ref().and_then(|location| location.file).map(Into::into),
        line: location.and_then(|location| location.line).filter(|&line| line != 0),
        ..Frame::default()
    }
}
