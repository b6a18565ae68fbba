use std::collections::{HashMap, HashSet};

use gimli::{AttributeValue, DebuggingInformationEntry, Section, Unit, UnitOffset, constants};

use super::Image;
use super::dwarf::text;
use super::frame_table::Slice;

/// More debug information than this is not scanned: it would take seconds, for a hint.
const MOST_BYTES: usize = 64 << 20;

/// No program has more atomic variables. A file may claim any number whose names all end at the same byte.
const MOST_VARIABLES: usize = 1 << 12;

/// How many typedefs and qualifiers may stand between a variable and `_Atomic`. Longer chains are cycles.
const DEEPEST_TYPE: usize = 32;

/// The names of all variables and members whose type is `_Atomic`, in every unit.
pub(crate) fn collect(image: &Image) -> HashSet<String> {
    let mut names = HashSet::new();
    let Some(info) = image.debug_info() else { return names };
    let dwarf = info.sections();
    if dwarf.debug_info.reader().len() > MOST_BYTES {
        return names;
    }
    let mut units = dwarf.units();
    let mut left = MOST_VARIABLES;
    while let Ok(Some(header)) = units.next() {
        if let Ok(unit) = dwarf.unit(header)
            && has_atomic_types(&unit)
            && let Ok(mut variables) = atomic_variables(&unit)
        {
            variables.truncate(left);
            left -= variables.len();
            names.extend(variables.into_iter().filter_map(|name| text(dwarf, &unit, name)));
        }
    }
    names
}

/// Whether the unit can contain `_Atomic` at all. Only C11 units do, so nearly every unit is skipped by this.
fn has_atomic_types(unit: &Unit<Slice>) -> bool {
    // Compilers number abbreviations from 1 without a gap.
    (1..)
        .map_while(|code| unit.abbreviations.get(code))
        .any(|abbreviation| abbreviation.tag() == constants::DW_TAG_atomic_type)
}

enum Type {
    Atomic,
    /// A typedef, qualifier or array of another type.
    Of(UnitOffset),
}

/// Their names, as the unit refers to them.
fn atomic_variables(unit: &Unit<Slice>) -> gimli::Result<Vec<AttributeValue<Slice>>> {
    let mut types = HashMap::new();
    let mut variables = Vec::new();
    let mut entries = unit.entries();
    while let Some(entry) = entries.next_dfs()? {
        match entry.tag() {
            constants::DW_TAG_atomic_type => {
                types.insert(entry.offset(), Type::Atomic);
            }
            constants::DW_TAG_typedef
            | constants::DW_TAG_const_type
            | constants::DW_TAG_volatile_type
            | constants::DW_TAG_array_type => {
                types.extend(type_of(entry).map(|of| (entry.offset(), Type::Of(of))));
            }
            constants::DW_TAG_variable | constants::DW_TAG_member | constants::DW_TAG_formal_parameter => {
                variables.extend(type_of(entry).zip(entry.attr_value(constants::DW_AT_name)));
            }
            _ => {}
        }
    }
    variables.retain(|(of, _)| is_atomic(&types, *of));
    Ok(variables.into_iter().map(|(_, name)| name).collect())
}

fn is_atomic(types: &HashMap<UnitOffset, Type>, mut of: UnitOffset) -> bool {
    for _ in 0..DEEPEST_TYPE {
        match types.get(&of) {
            Some(Type::Atomic) => return true,
            Some(Type::Of(next)) => of = *next,
            None => return false,
        }
    }
    false
}

fn type_of(entry: &DebuggingInformationEntry<Slice>) -> Option<UnitOffset> {
    match entry.attr_value(constants::DW_AT_type)? {
        AttributeValue::UnitRef(offset) => Some(offset),
        _ => None,
    }
}
