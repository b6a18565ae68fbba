use jostle_model::FileAddress;
use object::LittleEndian as LE;
use object::elf;
use object::read::elf::{FileHeader, Sym, SymbolTable as ElfSymbolTable};

use super::headers::{Headers, LONGEST_NAME};

type Header = elf::FileHeader64<LE>;

/// A defined symbol: a name for a range of addresses.
#[derive(Clone, Copy)]
pub(crate) struct Symbol {
    pub(crate) address: u64,
    /// 0 where nobody stated it, as in hand-written assembly.
    pub(crate) size: u64,
    /// None where it is no text, or too much of it.
    name: Option<&'static str>,
    /// Which of several names for one address to show: the lowest.
    rank: u8,
}

/// The symbols of `.symtab` and `.dynsym` together, by address.
#[derive(Default)]
pub(crate) struct SymbolTable {
    functions: Vec<Symbol>,
    objects: Vec<Symbol>,
}

impl SymbolTable {
    pub(crate) fn parse(bytes: &'static [u8], headers: &Headers) -> Self {
        let mut table = Self::default();
        for kind in [elf::SHT_SYMTAB, elf::SHT_DYNSYM] {
            if let Some(symbols) = elf_symbols(bytes, kind) {
                table.extend(&symbols);
            }
        }
        if headers.sections.is_empty() {
            table.extend_from_dynamic(headers);
        }
        // Stable, so that of equally good names the one that the linker wrote first is shown.
        table.functions.sort_by_key(|symbol| (symbol.address, symbol.rank));
        table.objects.sort_by_key(|symbol| (symbol.address, symbol.rank));
        table
    }

    /// Every function symbol, sorted by address; several may share one.
    pub(crate) fn functions(&self) -> &[Symbol] {
        &self.functions
    }

    /// The best name of the function that starts at `start`.
    pub(crate) fn function_named_at(&self, start: FileAddress) -> Option<&'static str> {
        let first = self.functions.partition_point(|symbol| symbol.address < start.0);
        let named = self.functions[first..].iter().take_while(|symbol| symbol.address == start.0);
        named.filter_map(|symbol| symbol.name).next()
    }

    /// The best name of the variable that contains `at`, and how far into it that is.
    pub(crate) fn object_containing(&self, at: FileAddress) -> Option<(&'static str, u64)> {
        let end = self.objects.partition_point(|symbol| symbol.address <= at.0);
        let start = self.objects[..end].last()?.address;
        let first = self.objects.partition_point(|symbol| symbol.address < start);
        let offset = at.0 - start;
        let containing = self.objects[first..end].iter().filter(|symbol| offset < symbol.size.max(1));
        containing.filter_map(|symbol| symbol.name).next().map(|name| (name, offset))
    }

    /// The best name of the variable that begins at `at` and is `size` bytes long.
    pub(crate) fn object_spanning(&self, at: FileAddress, size: u64) -> Option<&'static str> {
        let first = self.objects.partition_point(|symbol| symbol.address < at.0);
        let beginning = self.objects[first..].iter().take_while(|symbol| symbol.address == at.0);
        beginning.filter(|symbol| symbol.size == size).filter_map(|symbol| symbol.name).next()
    }

    fn extend(&mut self, symbols: &ElfSymbolTable<'static, Header>) {
        for symbol in symbols.iter() {
            if let Ok(name) = symbol.name(LE, symbols.strings()) {
                self.push(symbol, name);
            }
        }
    }

    fn push(&mut self, symbol: &elf::Sym64<LE>, name: &'static [u8]) {
        if symbol.is_undefined(LE) || name.is_empty() {
            return;
        }
        let list = match symbol.st_type() {
            elf::STT_FUNC | elf::STT_GNU_IFUNC => &mut self.functions,
            elf::STT_OBJECT => &mut self.objects,
            _ => return,
        };
        list.push(Symbol {
            address: symbol.st_value(LE),
            size: symbol.st_size(LE),
            name: Some(name)
                .filter(|name| name.len() <= LONGEST_NAME)
                .and_then(|name| std::str::from_utf8(name).ok()),
            rank: rank(symbol, name),
        });
    }

    /// Without section headers the loader's own table is left. Nothing states its length: like the loader's
    /// tools do, take the string table to begin where it ends.
    fn extend_from_dynamic(&mut self, headers: &Headers) {
        let Some(dynamic) = super::imports::DynamicSymbols::find(headers) else { return };
        for index in 0..dynamic.len_before_strings() {
            if let Some((symbol, name)) = dynamic.get(index) {
                self.push(symbol, name);
            }
        }
    }
}

fn elf_symbols(bytes: &'static [u8], kind: u32) -> Option<ElfSymbolTable<'static, Header>> {
    let header = Header::parse(bytes).ok()?;
    header.sections(LE, bytes).ok()?.symbols(LE, bytes, kind).ok()
}

/// A name that its programmer exported comes before an internal alias (`write` before `__write`).
fn rank(symbol: &elf::Sym64<LE>, name: &[u8]) -> u8 {
    let mangled = name.starts_with(b"_Z") || name.starts_with(b"_R");
    let underscores = name.iter().take(3).take_while(|&&byte| byte == b'_').count() as u8;
    let binding = match symbol.st_bind() {
        elf::STB_GLOBAL => 0,
        elf::STB_WEAK => 1,
        _ => 2,
    };
    if mangled { binding } else { underscores * 3 + binding }
}
