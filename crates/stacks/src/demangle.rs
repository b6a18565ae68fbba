use std::borrow::Cow;

/// Longer names are shown as they are: demangling may expand a crafted name exponentially.
const LONGEST_MANGLED: usize = 4096;

/// A Rust or C++ symbol as its programmer wrote it, without Rust's hash; any other name unchanged.
pub(crate) fn demangled(name: &str) -> String {
    if name.len() > LONGEST_MANGLED || !looks_mangled(name) {
        return name.to_owned();
    }
    addr2line::demangle_auto(Cow::Borrowed(name), None).into_owned()
}

fn looks_mangled(name: &str) -> bool {
    name.starts_with("_Z") || name.starts_with("_R") || name.starts_with("__Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_names_lose_their_hash() {
        assert_eq!(
            demangled("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE"),
            "core::fmt::Write::write_fmt"
        );
    }

    #[test]
    fn cpp_names_keep_their_parameters() {
        assert_eq!(demangled("_ZN5Cache3addEii"), "Cache::add(int, int)");
    }

    #[test]
    fn other_names_stay_as_they_are() {
        for name in ["main", "main.(*Collector).prune", "_Z", "_R", ""] {
            assert_eq!(demangled(name), name);
        }
    }
}
