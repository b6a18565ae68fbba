//! Whose code a function is, by its name and its module: what may be sampled, and what may be blamed.

use jostle_model::is_go_standard_package;

use crate::operation::{LockCall, Release};

/// Whose code a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    /// The program's own.
    User,
    /// A library's, the language's standard library among them: sampled when it runs, after the program's.
    Library,
    /// Acts on its caller's memory, on its caller's account: `memcpy`, a map insertion.
    Helper,
    /// Gives memory back.
    Free,
    /// The language runtime's, the C library's, the loader's: synchronizes in ways of its own. Never sampled,
    /// never blamed.
    Runtime,
}

/// What the module of a function says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModuleKind {
    /// The executable or a library of its own.
    Ordinary,
    /// The C library, its loader and its satellites.
    System,
    /// The C++ standard library.
    CppLibrary,
}

/// Judges a module by its path.
pub(crate) fn module_kind(path: &str) -> ModuleKind {
    /// The parts of glibc and musl, the loader, and the unwinder that ships with the compiler.
    const SYSTEM: [&str; 13] = [
        "libc.",
        "libc-",
        "ld-linux",
        "ld-musl",
        "ld-2",
        "libpthread",
        "libm.",
        "libm-",
        "libdl",
        "librt.",
        "libresolv",
        "libgcc_s",
        "libnss",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    if starts(&SYSTEM) {
        ModuleKind::System
    } else if starts(&["libstdc++", "libc++"]) {
        ModuleKind::CppLibrary
    } else {
        ModuleKind::Ordinary
    }
}

/// Whose code the function `name` is; in Go programs when `is_go`.
pub(crate) fn part(kind: ModuleKind, is_go: bool, name: Option<&str>) -> Part {
    match (kind, name) {
        (_, Some(name)) if is_go => go_part(name),
        (_, Some(name)) if is_free(name) => Part::Free,
        (_, Some(name)) if is_memory_function(name) => Part::Helper,
        (ModuleKind::System, _) => Part::Runtime,
        (ModuleKind::CppLibrary, _) => Part::Library,
        (_, Some(name)) => native_part(name),
        (_, None) => Part::User,
    }
}

/// Whether a function, or one inlined at the access, is the implementation of an atomic operation.
pub(crate) fn is_atomic_wrapper(name: &str) -> bool {
    const WRAPPERS: [&str; 8] = [
        "std::__atomic_base",
        "std::atomic",
        "std::__atomic_float",
        "std::__atomic_impl",
        "core::sync::atomic",
        "sync/atomic.",
        "internal/runtime/atomic.",
        "runtime/internal/atomic.",
    ];
    WRAPPERS.iter().any(|wrapper| name.contains(wrapper))
}

/// Functions of the C library that read or write memory for their caller. Implementations that are chosen at
/// run time carry such a name with a suffix, or none; the import table then names them.
pub(crate) fn is_memory_function(name: &str) -> bool {
    const FAMILIES: [&str; 23] = [
        "memcpy",
        "memmove",
        "memset",
        "memcmp",
        "memchr",
        "memrchr",
        "mempcpy",
        "bcmp",
        "bzero",
        "strlen",
        "strnlen",
        "strcpy",
        "strncpy",
        "stpcpy",
        "strcat",
        "strcmp",
        "strncmp",
        "strchr",
        "strrchr",
        "wmemset",
        "wcslen",
        "rawmemchr",
        "strstr",
    ];
    let name = name.split('@').next().unwrap_or(name).trim_start_matches('_');
    FAMILIES.iter().any(|family| {
        name.strip_prefix(family).is_some_and(|rest| {
            let rest = rest.trim_start_matches("_chk");
            rest.is_empty()
                || ["_sse", "_avx", "_evex", "_erms", "_ssse", "_generic"]
                    .iter()
                    .any(|suffix| rest.starts_with(suffix))
        })
    })
}

/// Whether a function looks at more bytes than its caller means: those that search for an end take in whole vectors, and
/// short comparisons and hashes whole words, as far as the page goes. What it reads says nothing of who uses the memory.
pub(crate) fn over_reads(is_go: bool, name: &str) -> bool {
    if is_go {
        const GO: [&str; 8] = [
            "internal/bytealg.",
            "memeqbody",
            "cmpbody",
            "runtime.memequal",
            "runtime.memhash",
            "runtime.strhash",
            "runtime.cmpstring",
            "aeshashbody",
        ];
        return GO.iter().any(|prefix| name.starts_with(prefix));
    }
    let name = name.trim_start_matches('_');
    let searches = ["str", "stp", "wcs", "memchr", "memrchr", "rawmemchr"];
    is_memory_function(name) && searches.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a function is part of what the program compares with a sum at some time, to end itself if it is not the same: Go's
/// FIPS 140-3 module (`crypto/internal/fips140/check`, since Go 1.24; a frozen module has its version in the path as well).
pub(crate) fn is_sealed(is_go: bool, name: &str) -> bool {
    is_go && name.contains("crypto/internal/fips140")
}

/// What a function is told of the memory that it gives back, if that is what it does. Import tables have C++'s names
/// mangled, symbol tables may be read either way.
pub(crate) fn release(name: &str) -> Option<Release> {
    let is_delete = ["_ZdlPv", "_ZdaPv", "operator delete"].iter().any(|start| name.starts_with(start));
    let is_rust = ["__rust_dealloc", "__rdl_dealloc", "__rg_dealloc"].iter().any(|end| name.ends_with(end));
    match name {
        "free" | "cfree" => Some(Release::Block),
        "munmap" => Some(Release::Sized),
        _ if is_rust => Some(Release::Sized),
        _ if is_delete && (name[6..].starts_with('m') || name.contains("unsigned long")) => {
            Some(Release::Sized)
        }
        _ if is_delete => Some(Release::Block),
        _ => None,
    }
}

/// What a function does on its caller's behalf that changes what its caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KnownCall {
    /// Returns memory.
    Allocates,
    /// Gives it back.
    Releases(Release),
    /// Keeps others out, or lets them in again.
    Locks(LockCall),
}

/// What a function of this name does, if that is what it is for.
pub(crate) fn known_call(name: &str) -> Option<KnownCall> {
    let releases = || release(name).map(KnownCall::Releases);
    let allocates = || allocates(name).then_some(KnownCall::Allocates);
    releases().or_else(allocates).or_else(|| lock_call(name).map(KnownCall::Locks))
}

/// Whether a function takes a lock that keeps everybody else out, or gives it back. Those that let several read at once are left
/// out: who writes under one of them races.
fn lock_call(name: &str) -> Option<LockCall> {
    const TAKE: [&str; 7] = [
        "pthread_mutex_lock",
        "pthread_rwlock_wrlock",
        "pthread_spin_lock",
        "mtx_lock",
        "sync.(*Mutex).Lock",
        "sync.(*RWMutex).Lock",
        "internal/sync.(*Mutex).Lock",
    ];
    const GIVE_BACK: [&str; 7] = [
        "pthread_mutex_unlock",
        "pthread_rwlock_unlock",
        "pthread_spin_unlock",
        "mtx_unlock",
        "sync.(*Mutex).Unlock",
        "sync.(*RWMutex).Unlock",
        "internal/sync.(*Mutex).Unlock",
    ];
    let name = name.trim_start_matches('_');
    match name {
        _ if TAKE.contains(&name) => Some(LockCall::Takes),
        _ if GIVE_BACK.contains(&name) => Some(LockCall::GivesBack),
        // What Go's compiler makes of a deferred call.
        _ if name.contains(".deferwrap") => Some(LockCall::MayGiveBack),
        _ => None,
    }
}

/// Whether a function returns memory that it has allocated.
pub(crate) fn allocates(name: &str) -> bool {
    const C: [&str; 8] =
        ["malloc", "calloc", "realloc", "reallocarray", "aligned_alloc", "memalign", "strdup", "strndup"];
    let is_new = ["_Znwm", "_Znam", "operator new"].iter().any(|start| name.starts_with(start));
    let rust = ["__rust_alloc", "__rust_alloc_zeroed", "__rust_realloc", "__rdl_alloc", "__rdl_alloc_zeroed"];
    is_new || C.contains(&name) || rust.iter().any(|end| name.ends_with(end))
}

/// Whether a function gives memory back, or is the inside of one that does.
pub(crate) fn is_free(name: &str) -> bool {
    release(name).is_some() || ["_int_free", "realloc"].contains(&name)
}

/// The same for the names a native program contains when it is linked statically.
fn native_part(name: &str) -> Part {
    /// glibc's own names in a static executable, and cgo's glue.
    const RUNTIME: [&str; 25] = [
        "__libc_",
        "_IO_",
        "__pthread_",
        "pthread_",
        "___pthread_",
        "_dl_",
        "__dl_",
        "_nl_",
        "malloc",
        "calloc",
        "_int_",
        "sysmalloc",
        "tcache_",
        "__nptl_",
        "__lll_",
        "__restore_rt",
        "_Unwind_",
        "__gthread",
        "start_thread",
        "_start",
        "x_cgo_",
        "runtime/cgo(",
        "_cgo_",
        "crosscall",
        "__cxa_",
    ];
    const LIBRARY: [&str; 9] = [
        "std::",
        "core::",
        "alloc::",
        "<std::",
        "<core::",
        "<alloc::",
        "__gnu_cxx::",
        "hashbrown::",
        "<hashbrown::",
    ];
    // Those that SQLite's authors have declared a race of intent (`SQLITE_NO_TSAN` in its wal.c): a header is written twice and
    // read twice, and counts only if both copies and their checksum agree.
    const DELIBERATE: [&str; 2] = ["walIndexWriteHdr", "walIndexTryHdr"];
    let name = without_return_type(name);
    if RUNTIME.iter().any(|prefix| name.starts_with(prefix)) || DELIBERATE.contains(&name) {
        Part::Runtime
    } else if LIBRARY.iter().any(|prefix| name.starts_with(prefix)) || is_atomic_wrapper(name) {
        Part::Library
    } else {
        Part::User
    }
}

/// C++ names of templates begin with what the function returns.
fn without_return_type(name: &str) -> &str {
    let mut depth = 0;
    let mut starts = 0;
    for (at, letter) in name.char_indices() {
        match letter {
            '(' if depth == 0 && at > starts => break,
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            ' ' if depth == 0 && !name[..at].ends_with("operator") => starts = at + 1,
            _ => {}
        }
    }
    &name[starts..]
}

fn go_part(name: &str) -> Part {
    let package = go_package(name);
    if is_go_helper(package, name) {
        return Part::Helper;
    }
    match package {
        "runtime" | "sync" | "sync/atomic" | "syscall" | "reflect" | "unique" | "weak" => Part::Runtime,
        _ if [
            "runtime/",
            "internal/runtime/",
            "internal/sync",
            "internal/race",
            "internal/syscall",
            "internal/poll",
        ]
        .iter()
        .any(|prefix| package.starts_with(prefix)) =>
        {
            Part::Runtime
        }
        // The compiler's and the linker's glue: wrappers, trampolines; up to Go 1.19 with a dot.
        "" | "type" | "go" => Part::Runtime,
        _ if ["type:", "go:"].iter().any(|prefix| name.starts_with(prefix)) => Part::Runtime,
        _ if is_go_standard_package(package) => Part::Library,
        _ => native_or_user(name),
    }
}

fn native_or_user(name: &str) -> Part {
    let local = name.rsplit('.').next().unwrap_or(name);
    if local.starts_with("_cgo") || local.starts_with("_Cfunc_") { Part::Runtime } else { Part::User }
}

/// `net/http` of `net/http.(*conn).serve`: up to the first dot after the last slash before any bracket.
fn go_package(name: &str) -> &str {
    let end = name.find(['(', '[']).unwrap_or(name.len());
    let start = name[..end].rfind('/').map_or(0, |slash| slash + 1);
    name[start..].find('.').map_or("", |dot| &name[..start + dot])
}

/// Parts of Go's runtime that touch the memory of the code that calls them.
fn is_go_helper(package: &str, name: &str) -> bool {
    const RUNTIME: [&str; 26] = [
        "memmove",
        "memclr",
        "memequal",
        "memhash",
        "strhash",
        "typedmemmove",
        "typedmemclr",
        "typedslicecopy",
        "slicecopy",
        "growslice",
        "mapaccess",
        "mapassign",
        "mapdelete",
        "mapclear",
        "mapiter",
        "duffcopy",
        "duffzero",
        "concatstring",
        "slicebytetostring",
        "stringtoslice",
        "efaceeq",
        "ifaceeq",
        "cmpstring",
        "convT",
        "strequal",
        "panicmem",
    ];
    match package {
        "internal/runtime/maps" | "internal/bytealg" => true,
        // What the compiler makes to compare and to hash values of a type; the second of each up to Go 1.19.
        _ if ["type:.eq.", "type..eq.", "type:.hash.", "type..hash."]
            .iter()
            .any(|prefix| name.starts_with(prefix)) =>
        {
            true
        }
        "runtime" => RUNTIME.iter().any(|prefix| name["runtime.".len()..].starts_with(prefix)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(name: &str) -> Part {
        part(ModuleKind::Ordinary, true, Some(name))
    }

    fn native(name: &str) -> Part {
        part(ModuleKind::Ordinary, false, Some(name))
    }

    #[test]
    fn go_functions_belong_to_their_package() {
        assert_eq!(go("main.(*Collector).prune"), Part::User);
        assert_eq!(go("example.org/half-atomics/internal/broken.(*Collector).prune"), Part::User);
        assert_eq!(go("github.com/ebitengine/purego.(*Foo).Bar"), Part::User);
        assert_eq!(go("net/http.(*conn).serve"), Part::Library);
        assert_eq!(go("runtime.preemptone"), Part::Runtime);
        assert_eq!(go("sync.(*Mutex).Lock"), Part::Runtime);
        assert_eq!(go("internal/sync.(*HashTrieMap[...]).Load"), Part::Runtime);
        assert_eq!(go("main._Cfunc_add"), Part::Runtime);
        assert_eq!(go("slices.SortFunc[go.shape.[]int,main.x]"), Part::Library);
    }

    #[test]
    fn helpers_act_for_their_caller() {
        assert_eq!(go("runtime.memmove"), Part::Helper);
        assert_eq!(go("runtime.mapassign_faststr"), Part::Helper);
        assert_eq!(go("internal/runtime/maps.(*Map).PutSlot"), Part::Helper);
        assert_eq!(go("type:.eq.net/http.routingIndexKey"), Part::Helper);
        assert_eq!(go("type..hash.main.key"), Part::Helper);
        assert_eq!(native("memcpy"), Part::Helper);
        assert_eq!(part(ModuleKind::System, false, Some("__memmove_avx_unaligned_erms")), Part::Helper);
        assert_eq!(native("memcpy_of_my_own"), Part::User);
    }

    #[test]
    fn what_a_template_returns_is_not_its_name() {
        let destroy = "void std::_Destroy<redirects::Rule*>(redirects::Rule*, redirects::Rule*)";
        assert_eq!(native(destroy), Part::Library);
        assert_eq!(native("bool std::operator==<char, std::char_traits<char> >(int)"), Part::Library);
        assert_eq!(native("unsigned long gates::hash<long>(long)"), Part::User);
        assert_eq!(
            without_return_type("(anonymous namespace)::serve(Site const*)"),
            "(anonymous namespace)::serve(Site const*)"
        );
        assert_eq!(without_return_type("Site::operator bool() const"), "Site::operator bool() const");
    }

    #[test]
    fn functions_that_keep_all_others_out_are_known() {
        let lock = |name| match known_call(name) {
            Some(KnownCall::Locks(call)) => Some(call),
            _ => None,
        };
        assert_eq!(lock("pthread_mutex_lock"), Some(LockCall::Takes));
        assert_eq!(lock("___pthread_mutex_unlock"), Some(LockCall::GivesBack));
        assert_eq!(lock("sync.(*RWMutex).Lock"), Some(LockCall::Takes));
        assert_eq!(lock("sync.(*RWMutex).RLock"), None, "others may read at the same time");
        assert_eq!(lock("pthread_mutex_trylock"), None, "it may not have it");
        assert_eq!(lock("main.(*stats).note.deferwrap1"), Some(LockCall::MayGiveBack));
    }

    #[test]
    fn who_searches_for_an_end_looks_beyond_it() {
        assert!(over_reads(false, "strlen") && over_reads(false, "__strlen_avx2"));
        assert!(over_reads(true, "runtime.memequal") && over_reads(true, "internal/bytealg.IndexByte"));
        assert!(!over_reads(false, "memcpy") && !over_reads(true, "runtime.memmove"));
        assert!(!over_reads(false, "stride_of"));
    }

    #[test]
    fn what_checks_itself_is_known() {
        assert!(is_sealed(true, "crypto/internal/fips140/sha256.(*Digest).Write"));
        assert!(is_sealed(true, "crypto/internal/fips140/v1.0.0-c2097c7c/aes.encryptBlock"));
        assert!(is_sealed(true, "type:.eq.crypto/internal/fips140/aes.Block"));
        assert!(!is_sealed(true, "crypto/sha256.Sum256"));
    }

    #[test]
    fn whatever_gives_memory_back_is_known() {
        for name in ["free", "_ZdlPv", "_ZdaPvSt11align_val_t", "operator delete(void*)"] {
            assert_eq!(release(name), Some(Release::Block), "{name}");
        }
        for name in
            ["munmap", "_ZdlPvm", "operator delete[](void*, unsigned long)", "__rustc::__rust_dealloc"]
        {
            assert_eq!(release(name), Some(Release::Sized), "{name}");
        }
        assert!(["freeze", "malloc", "release"].iter().all(|name| release(name).is_none()));
    }

    #[test]
    fn whatever_allocates_is_known() {
        let names =
            ["malloc", "_Znwm", "_ZnamSt11align_val_t", "operator new(unsigned long)", "__rust_alloc"];
        assert!(names.iter().all(|name| allocates(name)));
        assert!(["mallopt", "free", "renewal", "_ZdlPv"].iter().all(|name| !allocates(name)));
    }

    #[test]
    fn the_c_library_is_nobodys_fault() {
        let libc = module_kind("/usr/lib/x86_64-linux-gnu/libc.so.6");
        assert_eq!(part(libc, false, Some("pthread_mutex_lock")), Part::Runtime);
        assert_eq!(part(libc, false, None), Part::Runtime);
        assert_eq!(part(libc, false, Some("free")), Part::Free);
        assert_eq!(module_kind("/opt/libcurl.so.4"), ModuleKind::Ordinary);
        assert_eq!(native("pthread_mutex_unlock"), Part::Runtime, "linked statically");
    }

    #[test]
    fn what_races_by_declared_intent_is_left_alone() {
        assert_eq!(native("walIndexTryHdr"), Part::Runtime);
        assert_eq!(native("walIndexReadHdr"), Part::User);
    }

    #[test]
    fn standard_libraries_come_after_the_program() {
        assert_eq!(native("std::collections::hash::map::HashMap<K,V>::insert"), Part::Library);
        assert_eq!(native("<alloc::vec::Vec<T> as core::ops::Drop>::drop"), Part::Library);
        assert_eq!(native("gates::registry::check"), Part::User);
        assert_eq!(part(module_kind("/usr/lib/libstdc++.so.6"), false, None), Part::Library);
    }

    #[test]
    fn atomic_wrappers_are_known_in_every_language() {
        for name in [
            "std::__atomic_base<int>::load(std::memory_order) const",
            "core::sync::atomic::AtomicU64::store",
            "sync/atomic.(*Uint64).Load",
        ] {
            assert!(is_atomic_wrapper(name), "{name}");
        }
        assert!(!is_atomic_wrapper("main.(*Collector).RecentRequestCount"));
    }
}
