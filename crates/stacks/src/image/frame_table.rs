use std::cell::OnceCell;
use std::collections::BTreeMap;

use gimli::{BaseAddresses, CieOrFde, CommonInformationEntry, EhFrame, EhFrameOffset, EndianSlice};
use gimli::{FrameDescriptionEntry, LittleEndian, UnwindSection};
use jostle_model::FileAddress;

use super::frame_index::FrameIndex;
use super::headers::Headers;

/// Bytes of the file, as gimli reads them.
pub(crate) type Slice = EndianSlice<'static, LittleEndian>;

/// Where the code of one unwind entry stands, and where the entry does.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) start: u64,
    pub(crate) size: u64,
    offset: EhFrameOffset<usize>,
}

/// How to find a caller from any instruction: the contents of `.eh_frame`.
pub(crate) struct FrameTable {
    pub(crate) section: EhFrame<Slice>,
    pub(crate) bases: BaseAddresses,
    address: u64,
    index: Option<FrameIndex>,
    entries: OnceCell<Vec<Entry>>,
}

impl FrameTable {
    /// The table as the section headers name it, or as the program headers do where there are none.
    pub(crate) fn find(headers: &Headers) -> Option<Self> {
        let index = headers.frame_index.and_then(|(address, bytes)| FrameIndex::parse(address.0, bytes));
        let (address, bytes) = match headers.section(b".eh_frame") {
            Some(section) => (section.address, section.data),
            None => {
                let address = index.as_ref()?.frames;
                (address, headers.loaded_bytes(FileAddress(address))?)
            }
        };
        let start = |name| headers.section(name).map_or(0, |section| section.address);
        Some(Self {
            section: EhFrame::from(Slice::new(bytes, LittleEndian)),
            bases: BaseAddresses::default()
                .set_eh_frame(address)
                .set_text(start(b".text"))
                .set_got(start(b".got")),
            address,
            index: index.filter(|index| !index.is_empty()),
            entries: OnceCell::new(),
        })
    }

    /// The entry whose code contains `at`.
    pub(crate) fn entry_for(&self, at: FileAddress) -> Option<FrameDescriptionEntry<Slice>> {
        let offset = match &self.index {
            Some(index) => self.offset(index.entry_before(at.0)?)?,
            None => {
                let after = self.entries().partition_point(|entry| entry.start <= at.0);
                self.entries()[..after].last()?.offset
            }
        };
        let entry = self.section.fde_from_offset(&self.bases, offset, EhFrame::cie_from_offset).ok()?;
        entry.contains(at.0).then_some(entry)
    }

    fn offset(&self, address: u64) -> Option<EhFrameOffset<usize>> {
        Some(EhFrameOffset(usize::try_from(address.checked_sub(self.address)?).ok()?))
    }

    /// Every entry, sorted by the start of its code.
    pub(crate) fn entries(&self) -> &[Entry] {
        self.entries.get_or_init(|| {
            let mut entries = match &self.index {
                Some(index) => self.indexed_entries(index),
                None => self.listed_entries(),
            };
            entries.sort_unstable_by_key(|entry| entry.start);
            entries
        })
    }

    fn indexed_entries(&self, index: &FrameIndex) -> Vec<Entry> {
        let mut cies = KnownCies::default();
        let offsets = index.entries().filter_map(|address| self.offset(address));
        let entry =
            |offset| self.section.fde_from_offset(&self.bases, offset, |s, b, o| cies.get(s, b, o)).ok();
        offsets.filter_map(entry).map(Entry::from).collect()
    }

    /// The entries in the order of the section. A corrupt one hides all that follow, and so does a terminator
    /// in the middle, which some linkers leave there: the index is better.
    fn listed_entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut cies = KnownCies::default();
        let mut walk = self.section.entries(&self.bases);
        while let Ok(Some(item)) = walk.next() {
            if let CieOrFde::Fde(partial) = item
                && let Ok(entry) = partial.parse(|section, bases, offset| cies.get(section, bases, offset))
            {
                entries.push(entry.into());
            }
        }
        entries
    }
}

impl From<FrameDescriptionEntry<Slice>> for Entry {
    fn from(entry: FrameDescriptionEntry<Slice>) -> Self {
        Self { start: entry.initial_address(), size: entry.len(), offset: EhFrameOffset(entry.offset()) }
    }
}

/// What entries have in common, each read once.
#[derive(Default)]
struct KnownCies(BTreeMap<usize, gimli::Result<CommonInformationEntry<Slice>>>);

impl KnownCies {
    fn get(
        &mut self,
        section: &EhFrame<Slice>,
        bases: &BaseAddresses,
        offset: EhFrameOffset<usize>,
    ) -> gimli::Result<CommonInformationEntry<Slice>> {
        self.0.entry(offset.0).or_insert_with(|| section.cie_from_offset(bases, offset)).clone()
    }
}
