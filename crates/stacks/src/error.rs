/// Why bytes are not an image that code can run from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The first bytes are not those of an ELF file.
    #[error("not an ELF file")]
    NotElf,
    /// The code is for a machine that this crate does not know.
    #[error("built for {found}, not for x86-64")]
    OtherArchitecture {
        /// The machine it was built for.
        found: String,
    },
    /// An object file or a core dump: an ELF file, but none that a loader maps and runs.
    #[error("an ELF file that holds no loadable code")]
    NotLoadable,
    /// The headers contradict each other or the length of the file.
    #[error("corrupt ELF file: {what}")]
    Malformed {
        /// What could not be read.
        what: String,
    },
}
