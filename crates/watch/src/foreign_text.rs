use crate::{doctor, mappings, preflight, status};

/// Reads `bytes` as each of the files of `/proc` and `/sys` that are read here, and as the beginning of a program.
///
/// For the fuzzer, which has no other way to parsers that nobody else should call: it returns, whatever the bytes.
pub fn read_foreign_text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mappings = mappings::parse(&text);
    for mapping in &mappings {
        let _ = (mapping.file(), mappings::find(&mappings, mapping.range.end));
    }
    for name in ["Tgid:", "State:", "VmSize:", "TracerPid:", "Seccomp:"] {
        let _ = status::field(&text, name);
    }
    for name in ["SigBlk:", "SigCgt:", "SigIgn:", "CapEff:"] {
        let _ = status::mask(&text, name);
    }
    let _ = doctor::what_machine_says(&text);
    let _ = (preflight::machine(bytes), preflight::headers_end(bytes));
}
