use std::cell::OnceCell;

use gimli::{Dwarf, EndianSlice, LittleEndian, Section, SectionId};

use super::frame_table::Slice;
use super::headers::Headers;

/// The debug information of one image.
pub(crate) struct DebugInfo {
    sections: std::sync::Arc<Dwarf<Slice>>,
    lines: OnceCell<Option<addr2line::Context<Slice>>>,
}

impl DebugInfo {
    /// None when there is none, or when it cannot be decompressed.
    pub(crate) fn load(headers: &Headers) -> Option<Self> {
        let sections = Dwarf::load(|id| Ok::<_, ()>(section(headers, id))).ok()?;
        let present = !sections.debug_info.reader().is_empty();
        present.then(|| Self { sections: sections.into(), lines: OnceCell::new() })
    }

    pub(crate) fn sections(&self) -> &Dwarf<Slice> {
        &self.sections
    }

    /// What maps addresses to functions and lines; none when the information is too corrupt to index.
    pub(crate) fn lines(&self) -> Option<&addr2line::Context<Slice>> {
        self.lines.get_or_init(|| addr2line::Context::from_arc_dwarf(self.sections.clone()).ok()).as_ref()
    }
}

fn section(headers: &Headers, id: SectionId) -> Slice {
    let name = id.name().as_bytes();
    let compressed_name = [b".z", name.strip_prefix(b".").unwrap_or(name)].concat();
    let found = headers.section(name).or_else(|| headers.section(&compressed_name));
    EndianSlice::new(found.and_then(|section| section.contents()).unwrap_or_default(), LittleEndian)
}
