use std::cell::OnceCell;

use gimli::{AttributeValue, Dwarf, EndianSlice, LittleEndian, Section, SectionId, Unit};

use super::frame_table::Slice;
use super::headers::Headers;

/// Compilers nest scopes and inlined calls by the dozen. Each level is a call or two on our own stack.
const DEEPEST: isize = 512;

/// What the full paths of all source files may take: so much, and so many times the bytes that they are put together from.
/// A compiler's line table has five bytes or more for a file, so that a path of 300 bytes is within it.
const ROOM_FOR_PATHS: (usize, usize) = (1 << 20, 64);

/// Longer names are none.
const LONGEST_NAME: usize = 1 << 12;

/// The debug information of one image.
pub(crate) struct DebugInfo {
    sections: std::sync::Arc<Dwarf<Slice>>,
    lines: OnceCell<Option<addr2line::Context<Slice>>>,
}

impl DebugInfo {
    /// None when there is none, when it cannot be decompressed, or when to read it would cost absurdly much.
    pub(crate) fn load(headers: &Headers) -> Option<Self> {
        let sections = Dwarf::load(|id| Ok::<_, ()>(section(headers, id))).ok()?;
        let present = !sections.debug_info.reader().is_empty();
        (present && is_reasonable(&sections))
            .then(|| Self { sections: sections.into(), lines: OnceCell::new() })
    }

    pub(crate) fn sections(&self) -> &Dwarf<Slice> {
        &self.sections
    }

    /// What maps addresses to functions and lines; none when the information is too corrupt to index.
    pub(crate) fn lines(&self) -> Option<&addr2line::Context<Slice>> {
        self.lines.get_or_init(|| addr2line::Context::from_arc_dwarf(self.sections.clone()).ok()).as_ref()
    }
}

/// Whether addr2line can be let loose on it: it follows entries within entries by recursion, and writes down the full path
/// of every file that a line table lists.
fn is_reasonable(dwarf: &Dwarf<Slice>) -> bool {
    let (base, per_byte) = ROOM_FOR_PATHS;
    let tables = [dwarf.debug_line.reader(), dwarf.debug_line_str.reader(), dwarf.debug_str.reader()];
    let mut room = base + per_byte * tables.iter().map(|table| table.len()).sum::<usize>();
    let mut units = dwarf.units();
    while let Ok(Some(header)) = units.next() {
        let Ok(unit) = dwarf.unit(header) else { continue };
        match room_after(dwarf, &unit, room) {
            Some(left) if !is_too_deep(&unit).unwrap_or(false) => room = left,
            _ => return false,
        }
    }
    true
}

/// What is left of the room for paths after those of one unit.
fn room_after(dwarf: &Dwarf<Slice>, unit: &Unit<Slice>, room: usize) -> Option<usize> {
    let Some(lines) = &unit.line_program else { return Some(room) };
    let length = |text: AttributeValue<Slice>| dwarf.attr_string(unit, text).map_or(0, |text| text.len());
    let start = unit.comp_dir.map_or(0, |folder| folder.len());
    lines.header().file_names().iter().try_fold(room, |room, file| {
        let folder = file.directory(lines.header()).map_or(0, length);
        room.checked_sub(start + folder + length(file.path_name()))
    })
}

fn is_too_deep(unit: &Unit<Slice>) -> gimli::Result<bool> {
    let mut entries = unit.entries_raw(None)?;
    while !entries.is_empty() {
        if entries.next_depth() > DEEPEST {
            return Ok(true);
        }
        if let Some(abbreviation) = entries.read_abbreviation()? {
            entries.skip_attributes(abbreviation.attributes())?;
        }
    }
    Ok(false)
}

/// What a name says, as a unit refers to it.
pub(super) fn text(dwarf: &Dwarf<Slice>, unit: &Unit<Slice>, name: AttributeValue<Slice>) -> Option<String> {
    let name = dwarf.attr_string(unit, name).ok().filter(|name| name.len() <= LONGEST_NAME)?;
    Some(name.to_string_lossy().into_owned())
}

fn section(headers: &Headers, id: SectionId) -> Slice {
    let name = id.name().as_bytes();
    let compressed_name = [b".z", name.strip_prefix(b".").unwrap_or(name)].concat();
    let found = headers.section(name).or_else(|| headers.section(&compressed_name));
    EndianSlice::new(found.and_then(|section| section.contents()).unwrap_or_default(), LittleEndian)
}
