//! Holds the house to the plan in ARCHITECTURE.md: who may know whom, and what is absent where.
//!
//! Each rule is a function from text to a list of complaints. One test asks it about this repository, and one about a
//! specimen that breaks it: a rule that never complains proves nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Which rooms a room may know. The picture in ARCHITECTURE.md, as a table.
const ROOMS: [(&str, &[&str]); 13] = [
    (
        "jostle",
        &[
            "jostle-call",
            "jostle-casefile",
            "jostle-measure",
            "jostle-model",
            "jostle-plans",
            "jostle-probe",
            "jostle-report",
            "jostle-trials",
            "jostle-watch",
        ],
    ),
    ("jostle-probe", &["jostle-model", "jostle-odds"]),
    (
        "jostle-trials",
        &[
            "jostle-casefile",
            "jostle-model",
            "jostle-odds",
            "jostle-plans",
            "jostle-symptoms",
            "jostle-watch",
        ],
    ),
    ("jostle-plans", &[]),
    ("jostle-watch", &["jostle-model", "jostle-stacks"]),
    ("jostle-call", &["jostle-model", "jostle-odds"]),
    ("jostle-casefile", &["jostle-model"]),
    ("jostle-stacks", &["jostle-model"]),
    ("jostle-report", &["jostle-model"]),
    ("jostle-symptoms", &["jostle-model"]),
    ("jostle-measure", &["jostle-model", "jostle-odds"]),
    ("jostle-model", &[]),
    ("jostle-odds", &[]),
];

/// Libraries that are one room's business. What another room wants of them it asks that room for.
const KEEPERS: [(&str, &str); 29] = [
    ("addr2line", "jostle-stacks"),
    ("annotate-snippets", "jostle-report"),
    ("anstream", "jostle"),
    ("clap", "jostle"),
    ("csv", "jostle-measure"),
    ("fastrand", "jostle-watch"),
    ("gimli", "jostle-stacks"),
    ("h2", "jostle-probe"),
    ("httparse", "jostle-probe"),
    ("humantime", "jostle"),
    ("iced-x86", "jostle-watch"),
    ("indicatif", "jostle"),
    ("jiff", "jostle-measure"),
    ("libc", "jostle-watch"),
    ("libffi", "jostle-call"),
    ("libloading", "jostle-call"),
    ("object", "jostle-stacks"),
    ("perf-event-open-sys", "jostle-watch"),
    ("postgres", "jostle-measure"),
    ("quick-junit", "jostle-report"),
    ("rusqlite", "jostle-casefile"),
    ("rustix", "jostle-call"),
    ("serde-saphyr", "jostle-probe"),
    ("serde_json", "jostle-report"),
    ("signal-hook", "jostle"),
    ("statrs", "jostle-odds"),
    ("terminal_size", "jostle"),
    ("tokio", "jostle-probe"),
    ("tokio-rustls", "jostle-probe"),
];

/// A second room that may have a kept library, and why.
const GUESTS: [(&str, &str, &str); 9] = [
    ("fastrand", "jostle", "draws the seed when the user gives none"),
    ("fastrand", "jostle-odds", "allocates and resamples at random, from a seed that it is given"),
    ("fastrand", "jostle-probe", "draws how each request is sent, from a seed that it is given"),
    ("serde_json", "jostle-probe", "reads what servers answer, and puts tokens into bodies"),
    ("fastrand", "jostle-trials", "draws what a perturbation does from the seed of the trial"),
    ("humantime", "jostle-plans", "reads durations in plans as the command line does"),
    ("rusqlite", "jostle-measure", "reads the user's own production data, which are no case"),
    ("serde_json", "jostle-call", "tells the process that makes the calls what to do, and hears from it"),
    (
        "serde_json",
        "jostle-trials",
        "tells the processes that attend trials what to do, and keeps plans in the case",
    ),
];

/// Where `unsafe` may stand: at the kernel's door, and where a library is called whose functions are known by a plan only.
const UNSAFE: [&str; 2] = ["crates/call/src/native/", "crates/watch/src/sys/"];
/// The rooms that these places belong to.
const DOORS: [&str; 2] = ["jostle-call", "jostle-watch"];
/// Who may print or exit.
const VOICE: [&str; 1] = ["crates/cli/"];
/// Who may look at the environment. The preflight looks the program up in PATH just as `execvp` will, to say what is
/// wrong with it before anything runs: asking the caller to do so would let the two look-ups differ.
const ENVIRONMENT: [&str; 2] = ["crates/cli/", "crates/watch/src/preflight.rs"];

/// Rooms that get bytes and give values: what they say depends on nothing else, and their tests need no process.
/// Of `probe`, those parts that decide.
const PURE: [&str; 15] = [
    "crates/model/",
    "crates/odds/",
    "crates/probe/src/anatomy.rs",
    "crates/probe/src/glance.rs",
    "crates/probe/src/profile.rs",
    "crates/probe/src/rules/",
    "crates/probe/src/shadow/count.rs",
    "crates/probe/src/shadow/reading.rs",
    "crates/probe/src/shadow/saying.rs",
    "crates/probe/src/template.rs",
    "crates/probe/src/token/",
    "crates/probe/src/wire/",
    "crates/report/",
    "crates/stacks/",
    "crates/symptoms/",
];

/// Lines in one file, of any language.
const LONGEST_FILE: usize = 600;
/// Module names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] = ["mod", "util", "utils", "common", "helpers", "misc"];

/// A source file.
struct Source {
    /// Relative to the root of the repository, with forward slashes.
    path: String,
    text: String,
}

// The rules.

/// The rooms that each room knows, against the table.
fn wrong_edges(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let planned: BTreeMap<&str, &[&str]> = ROOMS.into_iter().collect();
    let complain = |(room, knows): (&String, &BTreeSet<String>)| match planned.get(room.as_str()) {
        None => Some(format!("{room} is not in the plan")),
        Some(may) if knows.iter().map(String::as_str).eq(sorted(may)) => None,
        Some(may) => Some(format!("{room} knows {knows:?}, planned is {may:?}")),
    };
    edges.iter().filter_map(complain).collect()
}

fn sorted<'a>(names: &[&'a str]) -> BTreeSet<&'a str> {
    names.iter().copied().collect()
}

/// Libraries in rooms that should not have them.
fn strayed_libraries(room: &str, libraries: &BTreeSet<String>) -> Vec<String> {
    let guest = |library: &str| GUESTS.iter().any(|&(what, who, _)| what == library && who == room);
    let strayed = |&&(library, keeper): &&(&str, &str)| {
        libraries.contains(library) && keeper != room && !guest(library)
    };
    let complain =
        |(library, keeper): &(&str, &str)| format!("{room} depends on {library}, which is kept by {keeper}");
    KEEPERS.iter().filter(strayed).map(complain).collect()
}

/// Lines with one of `words` in a file that is in none of the places where it is allowed.
fn strayed_words(source: &Source, words: &[&str], allowed: &[&str]) -> Vec<String> {
    if allowed.iter().any(|place| source.path.starts_with(place)) {
        return Vec::new();
    }
    let code = code_only(&source.text);
    let found = |line: &str| words.iter().find(|word| has_word(line, word)).copied();
    let complain = |(number, word): (usize, &str)| format!("{}:{}: {word}", source.path, number + 1);
    code.lines().enumerate().filter_map(|(number, line)| Some((number, found(line)?))).map(complain).collect()
}

fn strayed_unsafe(source: &Source) -> Vec<String> {
    strayed_words(source, &["unsafe"], &UNSAFE)
}

fn strayed_voice(source: &Source) -> Vec<String> {
    let words = ["print!", "println!", "eprint!", "eprintln!", "dbg!", "process::exit", "stdout", "stderr"];
    strayed_words(source, &words, &VOICE)
}

fn strayed_environment(source: &Source) -> Vec<String> {
    strayed_words(source, &["env", "args_os"], &ENVIRONMENT)
}

fn strayed_files(source: &Source) -> Vec<String> {
    let pure = PURE.iter().any(|room| source.path.starts_with(room));
    if pure {
        strayed_words(source, &["fs", "File", "Command", "net", "UdpSocket", "TcpStream"], &[])
    } else {
        Vec::new()
    }
}

/// The head of a crate that has no business with `unsafe`.
fn admits_unsafe(root: &Source) -> Option<String> {
    let forbids = code_only(&root.text).lines().any(|line| line.trim() == "#![forbid(unsafe_code)]");
    (!forbids).then(|| format!("{} lacks #![forbid(unsafe_code)]", root.path))
}

fn too_long(source: &Source) -> Option<String> {
    let lines = source.text.lines().count();
    (lines > LONGEST_FILE).then(|| format!("{} has {lines} lines", source.path))
}

fn empty_name(path: &str) -> Option<String> {
    let parts = Path::new(path).with_extension("");
    let said = parts.iter().any(|part| EMPTY_NAMES.iter().any(|empty| part == *empty));
    said.then(|| format!("{path}: the name says nothing"))
}

/// Whether a manifest inherits the workspace's lints.
fn inherits_lints(manifest: &str) -> bool {
    let lines: Vec<&str> = manifest.lines().map(str::trim).collect();
    lines.windows(2).any(|pair| pair == ["[lints]", "workspace = true"])
}

/// Exit codes of the program that its documentation does not explain.
fn unexplained_codes(program: &str, document: &str) -> Vec<String> {
    let arms = program.lines().filter_map(|line| line.trim().strip_prefix("Exit::")?.split_once(" => "));
    let numbered =
        arms.filter_map(|(name, code)| Some((name, code.trim_end_matches(',').parse::<u8>().ok()?)));
    let explained = |code: u8| document.lines().any(|line| line.starts_with(&format!("| {code} |")));
    numbered.filter(|&(_, code)| !explained(code)).map(|(name, code)| format!("{name} ({code})")).collect()
}

// Reading Rust, as far as the rules need it.

/// `text` with comments emptied, and string and character literals too; line breaks stay where they are.
fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = no_code(rest);
        let taken = if skipped == 0 { first.len_utf8() } else { skipped };
        let (now, later) = rest.split_at(taken);
        match skipped {
            0 => code.push_str(now),
            _ => code.extend(now.chars().map(|c| if c == '\n' { c } else { ' ' })),
        }
        rest = later;
    }
    code
}

/// How many bytes at the head of `text` are a comment or a literal.
fn no_code(text: &str) -> usize {
    let up_to = |end: Option<usize>| end.unwrap_or(text.len());
    if text.starts_with("//") {
        up_to(text.find('\n'))
    } else if text.starts_with("/*") {
        up_to(text.find("*/").map(|at| at + 2))
    } else if let Some(closing) = raw_string(text) {
        up_to(text[closing.len() + 1..].find(&closing).map(|at| at + 2 * closing.len() + 1))
    } else if text.starts_with('"') {
        quoted(text, '"')
    } else if text.starts_with("'\\") || text.starts_with('\'') && text.chars().nth(2) == Some('\'') {
        quoted(text, '\'')
    } else {
        0
    }
}

/// The closing quote, such as `"#`, of a raw string that begins `text`.
fn raw_string(text: &str) -> Option<String> {
    let after = text.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then(|| format!("\"{}", "#".repeat(hashes)))
}

/// The length of a literal that begins and ends with `quote`.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether `word` stands in `line` on its own. A name before `!` is a macro, and another word.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_name = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let after = line[at + word.len()..].chars().next();
        !part_of_name(line[..at].chars().next_back()) && !part_of_name(after) && after != Some('!')
    })
}

// The house as it is.

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the root of the repository")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().expect("cargo metadata")
}

/// What a package depends on, tests aside.
fn dependencies(package: &Package) -> BTreeSet<String> {
    let real =
        package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
    real.map(|dependency| dependency.name.clone()).collect()
}

/// Every file under `folder` with one of these extensions; what was built is passed over.
fn sources(folder: &str, extensions: &[&str]) -> Vec<Source> {
    const BUILT: [&str; 2] = ["build", "target"];
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().expect("a name in UTF-8");
        let path = format!("{folder}/{name}");
        let kind = entry.file_type().expect("a kind");
        let wanted =
            Path::new(&name).extension().is_some_and(|end| extensions.iter().any(|wanted| end == *wanted));
        if kind.is_dir() && !BUILT.contains(&name.as_str()) {
            found.extend(sources(&path, extensions));
        } else if kind.is_file() && wanted {
            found.push(Source { text: read(&path), path });
        }
    }
    found
}

/// The Rust files of all crates, without their tests in folders of their own.
fn crate_sources() -> Vec<Source> {
    sources("crates", &["rs"]).into_iter().filter(|source| source.path.contains("/src/")).collect()
}

#[track_caller]
fn assert_none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n  {}", complaints.join("\n  "));
}

#[test]
fn rooms_know_only_the_rooms_below_them() {
    let packages = metadata().packages;
    let rooms: BTreeSet<String> = packages.iter().map(|package| package.name.to_string()).collect();
    let known = |package: &Package| dependencies(package).intersection(&rooms).cloned().collect();
    let edges = packages.iter().map(|package| (package.name.to_string(), known(package))).collect();
    assert_none(wrong_edges(&edges));
}

#[test]
fn a_library_has_one_keeper() {
    let packages = metadata().packages;
    let strayed =
        packages.iter().flat_map(|package| strayed_libraries(&package.name, &dependencies(package)));
    assert_none(strayed.collect());
}

#[test]
fn unsafe_code_stands_only_at_the_kernels_door() {
    assert_none(crate_sources().iter().flat_map(strayed_unsafe).collect());
    let roots = metadata().packages.into_iter().filter(|package| !DOORS.contains(&package.name.as_str()));
    let roots = roots.flat_map(|package| package.targets).filter(|target| target.is_lib() || target.is_bin());
    let roots =
        roots.map(|target| target.src_path.strip_prefix(root()).expect("in the repository").to_string());
    assert_none(roots.filter_map(|path| admits_unsafe(&Source { text: read(&path), path })).collect());
}

#[test]
fn only_the_command_line_prints_and_exits() {
    assert_none(crate_sources().iter().flat_map(strayed_voice).collect());
}

#[test]
fn only_the_command_line_reads_the_environment() {
    assert_none(crate_sources().iter().flat_map(strayed_environment).collect());
}

#[test]
fn pure_rooms_open_nothing() {
    assert_none(crate_sources().iter().flat_map(strayed_files).collect());
}

#[test]
fn no_file_is_too_long_to_read() {
    let folders = ["crates", "tests", "casebook", "bench", "docs", "fuzz"];
    let languages = ["rs", "go", "c", "h", "cpp", "py", "sh", "md"];
    let files = folders.iter().flat_map(|folder| sources(folder, &languages));
    assert_none(files.filter_map(|source| too_long(&source)).collect());
}

#[test]
fn every_file_name_says_what_is_inside() {
    assert_none(crate_sources().iter().filter_map(|source| empty_name(&source.path)).collect());
}

#[test]
fn every_room_obeys_the_same_lints() {
    let packages = metadata().packages;
    let lax = packages
        .iter()
        .filter(|package| !inherits_lints(&fs::read_to_string(&package.manifest_path).expect("a manifest")));
    assert_none(lax.map(|package| package.name.to_string()).collect());
}

#[test]
fn every_exit_code_is_explained() {
    assert_none(unexplained_codes(&read("crates/cli/src/exit.rs"), &read("docs/exit-codes.md")));
}

#[test]
fn the_json_contract_is_written_down() {
    assert!(read("docs/json.schema.json").contains("\"$schema\""));
    assert!(read("docs/json.md").contains("json.schema.json"));
}

/// Specimens that break a rule, and twins that only look as if they did.
mod specimens {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    fn names(of: &[&str]) -> BTreeSet<String> {
        of.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_room_that_knows_its_neighbour_is_told() {
        let edges = |knows: &[&str]| BTreeMap::from([("jostle-report".to_owned(), names(knows))]);
        assert_eq!(wrong_edges(&edges(&["jostle-model", "jostle-watch"])).len(), 1);
        assert_eq!(wrong_edges(&edges(&["jostle-model"])).len(), 0);
        assert_eq!(wrong_edges(&BTreeMap::from([("jostle-unplanned".to_owned(), names(&[]))])).len(), 1);
    }

    #[test]
    fn a_library_outside_its_room_is_told() {
        assert_eq!(strayed_libraries("jostle-stacks", &names(&["libc", "gimli"])).len(), 1);
        assert_eq!(strayed_libraries("jostle-watch", &names(&["libc"])).len(), 0);
        assert_eq!(strayed_libraries("jostle", &names(&["fastrand"])).len(), 0, "a guest");
    }

    #[test]
    fn unsafe_code_elsewhere_is_told() {
        let block = "fn f() {\n    unsafe { g() }\n}\n";
        assert_eq!(
            strayed_unsafe(&source("crates/watch/src/tracer.rs", block)),
            ["crates/watch/src/tracer.rs:2: unsafe"]
        );
        assert_none(strayed_unsafe(&source("crates/watch/src/sys/perf.rs", block)));
        let harmless = "// unsafe\n/* unsafe\n unsafe */ let s = \"unsafe \\\" unsafe\"; let r = r#\"unsafe\"#; unsafe_code\n";
        assert_none(strayed_unsafe(&source("crates/model/src/lib.rs", harmless)));
        assert_eq!(strayed_unsafe(&source("crates/model/src/lib.rs", "let c = '\"'; unsafe {}")).len(), 1);
    }

    #[test]
    fn a_crate_that_would_admit_unsafe_code_is_told() {
        assert!(
            admits_unsafe(&source("crates/model/src/lib.rs", "// #![forbid(unsafe_code)]\nmod access;\n"))
                .is_some()
        );
        assert!(admits_unsafe(&source("crates/model/src/lib.rs", "#![forbid(unsafe_code)]\n")).is_none());
    }

    #[test]
    fn a_room_that_prints_or_exits_is_told() {
        for text in ["println!(\"x\");", "std::process::exit(1);", "io::stderr().write_all(b)?;", "dbg!(x);"]
        {
            assert_eq!(strayed_voice(&source("crates/report/src/human.rs", text)).len(), 1, "{text}");
            assert_none(strayed_voice(&source("crates/cli/src/output.rs", text)));
        }
        assert_none(strayed_voice(&source(
            "crates/report/src/human.rs",
            "//! println!(\"x\");\nwriteln!(f, \"println!\")",
        )));
    }

    #[test]
    fn a_room_that_reads_the_environment_is_told() {
        for text in ["std::env::var_os(\"DEBUG\")", "use std::env;", "use std::{env, fs};"] {
            assert_eq!(strayed_environment(&source("crates/watch/src/tracer.rs", text)).len(), 1, "{text}");
            assert_none(strayed_environment(&source("crates/watch/src/preflight.rs", text)));
        }
        assert_none(strayed_environment(&source(
            "crates/report/src/sarif.rs",
            "env!(\"CARGO_PKG_VERSION\")",
        )));
    }

    #[test]
    fn a_pure_room_that_opens_a_file_is_told() {
        let text = "let text = std::fs::read(path)?;";
        assert_eq!(strayed_files(&source("crates/stacks/src/image.rs", text)).len(), 1);
        assert_none(strayed_files(&source("crates/watch/src/source.rs", text)));
    }

    #[test]
    fn a_long_file_is_told() {
        assert!(too_long(&source("a.rs", &"\n".repeat(LONGEST_FILE + 1))).is_some());
        assert!(too_long(&source("a.rs", &"\n".repeat(LONGEST_FILE))).is_none());
    }

    #[test]
    fn a_name_that_says_nothing_is_told() {
        for path in
            ["crates/watch/src/utils.rs", "crates/watch/src/judge/mod.rs", "crates/watch/src/common/a.rs"]
        {
            assert!(empty_name(path).is_some(), "{path}");
        }
        assert!(empty_name("crates/model/src/address.rs").is_none());
    }

    #[test]
    fn a_manifest_with_lints_of_its_own_is_told() {
        assert!(!inherits_lints("[package]\nname = \"a\"\n\n[lints.rust]\nmissing_docs = \"allow\"\n"));
        assert!(inherits_lints("[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n"));
    }

    #[test]
    fn an_exit_code_without_a_row_is_told() {
        let program = "Exit::NothingFound => 0,\nExit::Found => 1,\nExit::Target(code) => code,\n";
        assert_eq!(unexplained_codes(program, "| 0 | looked |\n"), ["Found (1)"]);
    }
}
