/// Whether a Go package, such as `net/http`, belongs to the standard library of Go 1.26 or to its runtime.
///
/// Import paths of the standard library have no dot before the first slash. A module of the user's may have none either
/// (`orders/internal/x`), so they are known by name: the directories of `$(go env GOROOT)/src`. A plugin that is built from
/// files calls itself `plugin/unnamed-`, and their hash (`cmd/go/internal/work`), though it is nobody's but the user's.
pub fn is_go_standard_package(path: &str) -> bool {
    const ROOTS: [&str; 51] = [
        "archive",
        "arena",
        "bufio",
        "bytes",
        "cmp",
        "compress",
        "container",
        "context",
        "crypto",
        "database",
        "debug",
        "embed",
        "encoding",
        "errors",
        "expvar",
        "flag",
        "fmt",
        "go",
        "hash",
        "html",
        "image",
        "index",
        "internal",
        "io",
        "iter",
        "log",
        "maps",
        "math",
        "mime",
        "net",
        "os",
        "path",
        "plugin",
        "reflect",
        "regexp",
        "runtime",
        "slices",
        "sort",
        "strconv",
        "strings",
        "structs",
        "sync",
        "syscall",
        "testing",
        "text",
        "time",
        "unicode",
        "unique",
        "unsafe",
        "vendor",
        "weak",
    ];
    let root = path.split('/').next().unwrap_or(path);
    ROOTS.contains(&root) && !path.starts_with("plugin/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ships_with_go_is_standard() {
        assert!(is_go_standard_package("net/http"));
        assert!(is_go_standard_package("runtime"));
        assert!(!is_go_standard_package("main"));
        assert!(is_go_standard_package("plugin") && !is_go_standard_package("plugin/unnamed-6dd229b5"));
        assert!(!is_go_standard_package("orders/internal/x"));
        assert!(!is_go_standard_package("github.com/ebitengine/purego"));
    }
}
