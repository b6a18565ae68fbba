//! Whose code a frame is: the user's, or the language's and its tools'.

use jostle_model::is_go_standard_package;

use crate::frame::Language;

/// Whether a frame belongs to a language's runtime or standard library, to the C library, or to a detector. Libraries
/// that a program chose to use are the user's.
pub(crate) fn is_runtimes(language: Language, function: &str, file: &str) -> bool {
    match language {
        Language::Go => is_gos(function),
        Language::Native => is_native_runtimes(function, file),
        Language::Java => is_javas(function),
        Language::Python => file.starts_with('<') || is_pythons_library(file),
        Language::Ruby => {
            file.starts_with("<internal:") || file.contains("/lib/ruby/") && !file.contains("/gems/")
        }
        Language::JavaScript => file.is_empty() || file.starts_with("node:") || file == "native",
    }
}

fn is_gos(function: &str) -> bool {
    let package = function.split('.').next().unwrap_or(function);
    let is_builtin = !function.contains('.') && !function.contains('/');
    is_builtin || is_go_standard_package(package)
}

fn is_native_runtimes(function: &str, file: &str) -> bool {
    const FILES: [&str; 15] = [
        "/rustc/",
        "/rust/library/",
        "/libsanitizer/",
        "/compiler-rt/",
        "../sysdeps/",
        "../csu/",
        "./csu/",
        "./nptl/",
        "../nptl/",
        "/include/c++/",
        "libstdc++",
        "libc.so",
        "libc-",
        "/valgrind/",
        "ld-linux",
    ];
    const SOURCES: [&str; 5] = ["pthread_create.c", "clone.S", "clone3.S", "hg_intercepts.c", "libc-start.c"];
    FILES.iter().any(|part| file.contains(part))
        || SOURCES.contains(&file)
        || is_native_library(function)
        || function.is_empty() && file.is_empty()
}

fn is_native_library(function: &str) -> bool {
    const BEGINNINGS: [&str; 31] = [
        "std::",
        "core::",
        "alloc::",
        "<std::",
        "<core::",
        "<alloc::",
        "<<std::",
        "<<core::",
        "<<alloc::",
        "__rust",
        "rust_begin_unwind",
        "rust_panic",
        "__gnu_cxx::",
        "operator new",
        "operator delete",
        "__interceptor_",
        "__asan_",
        "__tsan_",
        "__ubsan_",
        "__sanitizer",
        "__libc_",
        "__pthread_",
        "pthread_",
        "__gthread",
        "_Unwind_",
        "__cxa_",
        "__cxxabiv1::",
        "_dl_",
        "__GI_",
        "__assert",
        "__restore_rt",
    ];
    const NAMES: [&str; 41] = [
        "???",
        "_start",
        "main_impl",
        "start_thread",
        "clone",
        "clone3",
        "raise",
        "gsignal",
        "abort",
        "malloc",
        "calloc",
        "realloc",
        "free",
        "cfree",
        "posix_memalign",
        "memcpy",
        "memmove",
        "memset",
        "memcmp",
        "memchr",
        "mempcpy",
        "strlen",
        "strnlen",
        "strcpy",
        "strncpy",
        "strcat",
        "strcmp",
        "strncmp",
        "strchr",
        "strdup",
        "strndup",
        "printf",
        "fprintf",
        "vfprintf",
        "snprintf",
        "puts",
        "usleep",
        "exit",
        "kill",
        "tgkill",
        "___interceptor_free",
    ];
    BEGINNINGS.iter().any(|beginning| function.starts_with(beginning))
        || NAMES.contains(&function.split('@').next().unwrap_or(function))
}

fn is_javas(function: &str) -> bool {
    // A frame may name its module first: `java.base/java.util.ArrayList.get`.
    let (module, class) = function.split_once('/').unwrap_or(("", function));
    let begins = |name: &str| {
        ["java.", "javax.", "jdk.", "sun.", "com.sun."].iter().any(|start| name.starts_with(start))
    };
    begins(module) || begins(class)
}

/// `…/lib/python3.11/threading.py`, but not what was installed beside it.
fn is_pythons_library(file: &str) -> bool {
    let installed = ["/site-packages/", "/dist-packages/"].iter().any(|folder| file.contains(folder));
    file.contains("/lib/python3") && !installed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn sides(language: Language, runtimes: &[(&str, &str)], users: &[(&str, &str)]) {
        for (function, file) in runtimes {
            assert!(is_runtimes(language, function, file), "{function} in {file} is the language's");
        }
        for (function, file) in users {
            assert!(!is_runtimes(language, function, file), "{function} in {file} is the user's");
        }
    }

    #[test]
    fn gos_packages_are_told_from_modules() {
        let runtimes = [
            ("runtime.memmove", ""),
            ("net/http.(*conn).serve", ""),
            ("panic", ""),
            ("sync.(*Mutex).Lock", ""),
        ];
        let users = [
            ("main.main", ""),
            ("example.com/net.f", ""),
            ("orders/internal/x.f", ""),
            ("github.com/a/b.(*T).M", ""),
        ];
        sides(Language::Go, &runtimes, &users);
    }

    #[test]
    fn native_libraries_are_told_from_programs() {
        let runtimes = [
            ("__interceptor_free", ""),
            ("core::option::unwrap_failed", ""),
            ("f", "/rustc/abc/library/std/src/rt.rs"),
            ("start_thread", "pthread_create.c"),
            ("pthread_create@@GLIBC_2.34", ""),
        ];
        sides(
            Language::Native,
            &runtimes,
            &[("main", "/src/heap.c"), ("panic::Book::total", ""), ("freeze", "")],
        );
    }

    #[test]
    fn interpreters_libraries_are_told_from_programs() {
        sides(
            Language::Java,
            &[("java.base/java.util.A.get", "A.java")],
            &[("Failing.total", "Failing.java"), ("app//a.B.c", "")],
        );
        let threading = ("run", "/usr/lib/python3.11/threading.py");
        sides(
            Language::Python,
            &[threading, ("f", "<frozen runpy>")],
            &[("f", "/usr/lib/python3.11/site-packages/a.py")],
        );
        sides(Language::Ruby, &[("each", "<internal:array>")], &[("total", "failing.rb")]);
        sides(
            Language::JavaScript,
            &[("Module._load", "node:internal/modules")],
            &[("total", "/src/failing.js")],
        );
    }
}
