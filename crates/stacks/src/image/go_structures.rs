//! Where the fields of the Go runtime's own structures lie, as the debug information says.

use std::collections::HashMap;

use gimli::{DebuggingInformationEntry, Dwarf, Unit, constants};

use super::dwarf::{DebugInfo, text};
use super::frame_table::Slice;
use super::headers::Headers;

/// More debug information than this, compressed or not, is not scanned: it would take seconds, while the program waits.
const MOST_BYTES: usize = 64 << 20;

/// These structures have fewer fields. A file may claim any number, whose names all end at the same byte.
const MOST_FIELDS: usize = 1 << 12;

/// The structures that are looked for, by the names that Go gives them.
const WANTED: [&str; 3] = ["runtime.g", "runtime.m", "runtime.gobuf"];

/// Whether a file has no more debug information than may be scanned.
pub(crate) fn is_affordable(headers: &Headers) -> bool {
    let names: [&[u8]; 2] = [b".debug_info", b".zdebug_info"];
    names.iter().filter_map(|name| headers.section(name)).all(|section| section.data.len() <= MOST_BYTES)
}

/// Byte offsets of fields, by the names of structure and field.
#[derive(Debug, Default)]
pub(crate) struct Structures(HashMap<(&'static str, String), u64>);

impl Structures {
    /// Where a field lies in a structure.
    pub(crate) fn offset(&self, structure: &'static str, field: &str) -> Option<u64> {
        self.0.get(&(structure, field.to_owned())).copied()
    }
}

/// Reads them all, as far as the debug information is not corrupt: nothing of what it says can be relied upon.
pub(crate) fn read(info: &DebugInfo) -> Structures {
    let dwarf = info.sections();
    let mut found = Structures::default();
    let mut units = dwarf.units();
    while let Ok(Some(header)) = units.next() {
        if let Ok(unit) = dwarf.unit(header) {
            // Other units may be whole.
            let _ = read_unit(dwarf, &unit, &mut found);
        }
    }
    found
}

/// The members of a structure stand right behind it.
fn read_unit(dwarf: &Dwarf<Slice>, unit: &Unit<Slice>, found: &mut Structures) -> gimli::Result<()> {
    let mut structure = None;
    let mut entries = unit.entries();
    while let Some(entry) = entries.next_dfs()? {
        match entry.tag() {
            constants::DW_TAG_structure_type => {
                structure = name(dwarf, unit, entry)
                    .and_then(|name| WANTED.into_iter().find(|wanted| *wanted == name));
            }
            constants::DW_TAG_member => {
                if let Some(structure) = structure
                    && found.0.len() < MOST_FIELDS
                    && let Some(field) = name(dwarf, unit, entry)
                    && let Some(offset) = entry.attr_value(constants::DW_AT_data_member_location)
                    && let Some(offset) = offset.udata_value()
                {
                    found.0.insert((structure, field), offset);
                }
            }
            _ => structure = None,
        }
    }
    Ok(())
}

fn name(
    dwarf: &Dwarf<Slice>,
    unit: &Unit<Slice>,
    entry: &DebuggingInformationEntry<Slice>,
) -> Option<String> {
    text(dwarf, unit, entry.attr_value(constants::DW_AT_name)?)
}
