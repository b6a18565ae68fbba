use jostle_model::FileAddress;
use object::LittleEndian as LE;
use object::elf;
use object::pod;
use object::read::elf::{Rela, Sym};

use super::headers::{Headers, terminated};

/// A place that the loader fills with the address of a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The eight bytes that hold the address at run time.
    pub slot: FileAddress,
    /// The symbol's name, without a version.
    pub name: &'static str,
}

/// The imports in the relocations that `PT_DYNAMIC` points to: those of calls and those of addresses.
pub(crate) fn collect(headers: &Headers) -> Vec<Import> {
    let Some(symbols) = DynamicSymbols::find(headers) else { return Vec::new() };
    let mut imports = Vec::new();
    for (start, size) in [(elf::DT_RELA, elf::DT_RELASZ), (elf::DT_JMPREL, elf::DT_PLTRELSZ)] {
        let relocations = relocations(headers, start, size).unwrap_or_default();
        imports.extend(relocations.iter().filter_map(|relocation| import(relocation, &symbols)));
    }
    imports.sort_by_key(|import: &Import| import.slot);
    imports.dedup();
    imports
}

fn import(relocation: &elf::Rela64<LE>, symbols: &DynamicSymbols) -> Option<Import> {
    if !matches!(relocation.r_type(LE, false), elf::R_X86_64_JUMP_SLOT | elf::R_X86_64_GLOB_DAT) {
        return None;
    }
    let (_, name) = symbols.get(relocation.r_sym(LE, false) as usize)?;
    let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
    Some(Import { slot: FileAddress(relocation.r_offset(LE)), name })
}

fn relocations(headers: &Headers, start: i64, size: i64) -> Option<&'static [elf::Rela64<LE>]> {
    let bytes = headers.loaded_bytes(FileAddress(dynamic_value(headers, start)?))?;
    let size = usize::try_from(dynamic_value(headers, size)?).ok()?.min(bytes.len());
    let count = size / size_of::<elf::Rela64<LE>>();
    pod::slice_from_bytes(bytes, count).ok().map(|(relocations, _)| relocations)
}

/// The value that the loader's table holds for `tag`.
fn dynamic_value(headers: &Headers, tag: i64) -> Option<u64> {
    let word = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().expect("half of a 16-byte chunk"));
    headers
        .dynamic
        .chunks_exact(16)
        .map(|pair| (word(&pair[..8]), word(&pair[8..])))
        .take_while(|&(found, _)| found != elf::DT_NULL)
        .find(|&(found, _)| found == tag)
        .map(|(_, value)| value.cast_unsigned())
}

/// The loader's symbol table, found without section headers.
pub(crate) struct DynamicSymbols {
    symbols: &'static [elf::Sym64<LE>],
    strings: &'static [u8],
    before_strings: usize,
}

impl DynamicSymbols {
    pub(crate) fn find(headers: &Headers) -> Option<Self> {
        let table = dynamic_value(headers, elf::DT_SYMTAB)?;
        let strings = dynamic_value(headers, elf::DT_STRTAB)?;
        let bytes = headers.loaded_bytes(FileAddress(table))?;
        let each = size_of::<elf::Sym64<LE>>();
        let (symbols, _) = pod::slice_from_bytes(bytes, bytes.len() / each).ok()?;
        let before_strings = usize::try_from(strings.saturating_sub(table)).ok()? / each;
        Some(Self { symbols, strings: headers.loaded_bytes(FileAddress(strings))?, before_strings })
    }

    /// How many symbols fit between the table and its strings, where linkers put them in this order.
    pub(crate) fn len_before_strings(&self) -> usize {
        self.before_strings.min(self.symbols.len())
    }

    pub(crate) fn get(&self, index: usize) -> Option<(&'static elf::Sym64<LE>, &'static [u8])> {
        let symbol = self.symbols.get(index)?;
        let rest = self.strings.get(symbol.st_name(LE) as usize..)?;
        Some((symbol, terminated(rest)?))
    }
}
