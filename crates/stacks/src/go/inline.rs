//! Which source functions stand behind one instruction: the compiler inlines, the reader must not notice.
use super::GoFrame;
use super::bytes::{i32_at, u32_at};
use super::pclntab::Function;
use super::pcvalue::Patience;
use super::text::Image;

/// Deeper nesting than this is a damaged table. (The inliner stops far earlier.)
const DEEPEST: usize = 200;

/// One inlined call: the kind of function (4 bytes), its name, where it was called (an offset of code that has
/// the call's own position), and the line it begins at.
const ENTRY_SIZE: u64 = 16;

/// The frames of the instruction at `at`, innermost first. `blobs` is where the image keeps its function data.
pub(super) fn frames(function: &Function<'_>, at: u64, blobs: Option<u64>, image: &Image) -> Vec<GoFrame> {
    let mut frames = Vec::new();
    let mut position = at;
    let patience = Patience::for_positions();
    while let Some(call) = inlined_call(function, position, blobs, image, &patience) {
        frames.push(frame(call.name, function, position, true, &patience));
        position = call.position;
        if frames.len() == DEEPEST {
            break;
        }
    }
    if let Some(name) = function.name() {
        frames.push(frame(name, function, position, false, &patience));
    }
    frames
}

struct InlinedCall {
    name: &'static str,
    position: u64,
}

fn inlined_call(
    function: &Function<'_>,
    at: u64,
    blobs: Option<u64>,
    image: &Image,
    patience: &Patience,
) -> Option<InlinedCall> {
    let index = u64::try_from(function.inline_index(at, patience)?).ok()?;
    let tree = blobs?.checked_add(function.inline_tree()?)?;
    let entry = image.bytes(tree.checked_add(index.checked_mul(ENTRY_SIZE)?)?, ENTRY_SIZE)?;
    let offset = u64::try_from(i32_at(entry, 8)?).ok()?;
    Some(InlinedCall {
        name: function.table().name(u32_at(entry, 4)?)?,
        position: function.start.checked_add(offset).filter(|&position| position < function.end)?,
    })
}

fn frame(name: &str, function: &Function<'_>, at: u64, inlined: bool, patience: &Patience) -> GoFrame {
    let (file, line) = function.source(at, patience);
    GoFrame { function: shown(name), file: file.map(str::to_owned), line, inlined }
}

/// A name as Go's own tracebacks print it: what a generic function was compiled for is left out.
fn shown(name: &str) -> String {
    match (name.split_once('['), name.rsplit_once(']')) {
        (Some((before, _)), Some((_, after))) => format!("{before}[...]{after}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn the_types_of_a_generic_function_are_left_out_of_its_name() {
        assert_eq!(shown("main.pool[go.shape.map[string][]int].get.func1"), "main.pool[...].get.func1");
        assert_eq!(shown("main.(*worker).run"), "main.(*worker).run");
    }
}
