//! What custom code may do, and every way past it that we know: each is tried, and each is refused.
//!
//! A file of `custom/evasions` is an attempt: its first line says what it tries, then what has to be found (the rule, and
//! words of the message). A file of `custom/honest` is code as founders write it, in which nothing may be found. Both
//! stand in the golden project: the text is `src/custom/mod.rs`, and a line `//@ PATH` begins another file; `//@ PATH +`
//! adds to one, `//@ PATH ~ THIS ~> THAT` changes one, `//@ PATH -> TARGET` is a link.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use generator::custom::{Finding, Sources, check};
use proptest::prelude::*;

fn manifest(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn golden() -> Sources {
    Sources::read(&manifest("goldens/home-bp")).expect("the golden project is there")
}

fn cases(folder: &str) -> Vec<(String, String)> {
    let folder = manifest("tests/custom").join(folder);
    let mut cases: Vec<_> = fs::read_dir(folder)
        .expect("the cases are there")
        .map(|entry| {
            let path = entry.expect("a case").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("a text"))
        })
        .collect();
    cases.sort();
    cases
}

/// The golden project with what a case puts into it.
fn project(case: &str) -> Sources {
    // Characters that no editor shows are written by their numbers.
    let case = ["202E", "2066", "2069"].iter().fold(case.to_owned(), |case, number| {
        let character = u32::from_str_radix(number, 16).ok().and_then(char::from_u32).expect("a character");
        case.replace(&format!("{{U+{number}}}"), &character.to_string())
    });
    let mut sources = golden();
    let mut file = ("src/custom/mod.rs".to_owned(), String::new());
    let is_project = case.lines().find(|line| !line.starts_with("// ") && !line.is_empty());
    let mut begun = !is_project.is_some_and(|line| line.starts_with("//@"));
    for line in case.lines() {
        let Some(section) = line.strip_prefix("//@ ") else {
            file.1 += &format!("{line}\n");
            continue;
        };
        if begun {
            sources = sources.with(file.0, file.1);
        }
        file = (section.trim().to_owned(), String::new());
        begun = true;
        if let Some((path, _)) = section.split_once(" -> ") {
            sources = sources.with_link(path);
            begun = false;
        } else if let Some((path, change)) = section.split_once(" ~ ") {
            let (from, to) = change.split_once(" ~> ").expect("THIS ~> THAT");
            let before = text(path);
            assert!(before.contains(from), "{path} does not hold {from}");
            sources = sources.with(path, before.replace(from, &to.replace("\\n", "\n")));
            begun = false;
        } else if let Some(path) = section.strip_suffix(" +") {
            file = (path.to_owned(), text(path));
        }
    }
    if begun { sources.with(file.0, file.1) } else { sources }
}

fn text(path: &str) -> String {
    fs::read_to_string(manifest("goldens/home-bp").join(path)).expect("a file of the golden project")
}

fn told(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("  [{}] {finding}\n", finding.rule.name())).collect()
}

/// HC-5, CL-3: nothing that custom code does reaches data past the audited doors, or a model past the attested one.
#[test]
fn every_evasion_is_refused_for_what_it_is() {
    let cases = cases("evasions");
    assert!(cases.len() >= 60, "only {} evasions", cases.len());
    let mut missed = Vec::new();
    for (name, case) in &cases {
        let wanted: Vec<(&str, &str)> =
            case.lines().filter_map(|line| line.strip_prefix("// finds: ")?.split_once(": ")).collect();
        assert!(case.starts_with("// tries: ") && !wanted.is_empty(), "{name} does not say what it tries");
        let found = check(&project(case));
        for (rule, words) in wanted {
            if !found.iter().any(|finding| finding.rule.name() == rule && finding.message.contains(words)) {
                missed.push(format!("{name}: wanted {rule}: {words}; found\n{}", told(&found)));
            }
        }
    }
    assert!(missed.is_empty(), "{} of {} got past:\n{}", missed.len(), cases.len(), missed.join("\n"));
}

#[test]
fn honest_code_is_left_alone() {
    let cases = cases("honest");
    assert!(cases.len() >= 20, "only {} honest codes", cases.len());
    let mut alarms = String::new();
    for (name, case) in &cases {
        assert!(case.starts_with("// does: "), "{name} does not say what it does");
        let found = check(&project(case));
        if !found.is_empty() {
            alarms += &format!("{name}:\n{}", told(&found));
        }
    }
    assert!(alarms.is_empty(), "{alarms}");
}

#[test]
fn a_project_as_it_is_generated_is_left_alone() {
    assert_eq!(told(&check(&golden())), "");
}

/// What the comment in `src/custom/mod.rs` shows may be done: each block of code there is honest.
#[test]
fn what_the_generated_file_shows_is_allowed() {
    let shown = text("src/custom/mod.rs");
    let blocks: Vec<String> = shown
        .split("```")
        .skip(1)
        .step_by(2)
        .map(|block| {
            block.lines().skip(1).map(|line| line.trim_start_matches("//!")).collect::<Vec<_>>().join("\n")
        })
        .collect();
    assert!(!blocks.is_empty(), "it shows nothing");
    for block in blocks {
        assert_eq!(told(&check(&golden().with("src/custom/mod.rs", &block))), "", "{block}");
    }
}

#[test]
fn a_finding_says_where_what_and_what_instead() {
    let code = "pub fn one() {}\n\npub fn two() -> bool {\n    std::fs::exists(\"x\").is_ok()\n}\n";
    let found = check(&golden().with("src/custom/mod.rs", code));
    let said: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "src/custom/mod.rs:4:5: `std::fs::exists` reaches files. What the app knows stands in its records, and what the \
          code knows in its constants"
        ]
    );
}

/// The same project on a disk: links are seen and not followed, and secrets beside it are not read.
#[cfg(unix)]
#[test]
fn a_project_on_a_disk_is_read_without_following_links() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        fs::write(path, text).expect("a file is written");
    };
    write("src/custom/mod.rs", "pub fn fine() {}\n");
    write("target/debug/anything", "never read");
    write("web/notes.rs", "unsafe code of another program");
    write("build.rs", "fn main() {}\n");
    fs::write(folder.path().join("src/custom/raw.rs"), [0xff, 0xfe]).expect("bytes are written");
    std::os::unix::fs::symlink("/etc", folder.path().join("src/custom/etc")).expect("a link");
    std::os::unix::fs::symlink("/etc/hosts", folder.path().join("web/link")).expect("a link");
    std::os::unix::fs::symlink("/etc/hosts", folder.path().join("NOTES")).expect("a link");
    std::os::unix::fs::symlink("/etc", folder.path().join("crates")).expect("a link");
    let found = check(&Sources::read(folder.path()).expect("it is read"));
    let files: BTreeSet<&str> = found.iter().map(|finding| finding.file.as_str()).collect();
    assert_eq!(files, ["build.rs", "crates", "src/custom/etc", "src/custom/raw.rs"].into());
}

/// A word of a program, in an order that nobody would write.
fn word() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "fn",
        "mod",
        "use",
        "pub",
        "impl",
        "trait",
        "struct",
        "enum",
        "type",
        "const",
        "static",
        "let",
        "if",
        "else",
        "match",
        "for",
        "in",
        "loop",
        "return",
        "async",
        "await",
        "move",
        "dyn",
        "where",
        "self",
        "Self",
        "super",
        "crate",
        "as",
        "mut",
        "ref",
        "unsafe",
        "extern",
        "std",
        "core",
        "fs",
        "read",
        "sql",
        "html",
        "json",
        "format",
        "vec",
        "matches",
        "derive",
        "serde",
        "path",
        "Viewer",
        "T",
        "x",
        "r#std",
        "::",
        ":",
        ";",
        ",",
        ".",
        "..",
        "..=",
        "=>",
        "->",
        "=",
        "==",
        "<",
        ">",
        "&",
        "*",
        "!",
        "?",
        "@",
        "#",
        "|",
        "||",
        "+",
        "-",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "\"text\"",
        "'a",
        "'c'",
        "1",
        "1.5",
        "_",
        "//!",
        "/*",
        "*/",
        "\n",
        "macro_rules!",
        "html!",
        "json!",
        "vec!",
        "format!",
        "matches!",
        "#[serde(",
        "#[derive(",
        "use std::*;",
        "pub use self::x as y;",
        "mod a { pub use super::b::*; }",
        "mod b { pub use super::a::*; }",
    ];
    prop_oneof![
        20 => proptest::sample::select(WORDS).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// Whatever stands in the folder is judged: the lint neither falls nor hangs, and says the same twice.
    #[test]
    fn any_soup_of_words_is_judged(words in proptest::collection::vec(word(), 0..60), spaced in any::<bool>()) {
        let text = words.join(if spaced { " " } else { "" });
        let sources = Sources::of([("src/custom/mod.rs", text.clone()), ("Cargo.toml", text)]);
        let found = check(&sources);
        prop_assert!(found.iter().all(|finding| finding.message != "it could not be read"));
        prop_assert_eq!(check(&sources), found);
    }

    /// The same within a macro and an attribute, where our own parsers read.
    #[test]
    fn any_soup_in_a_macro_is_judged(words in proptest::collection::vec(word(), 0..30), which in 0..6_usize) {
        let given = words.join(" ");
        let text = match which {
            0 => format!("use maud::html; fn f() {{ html! {{ {given} }} }}"),
            1 => format!("use serde_json::json; fn f() {{ json!({{ {given} }}) }}"),
            2 => format!("fn f() {{ matches!({given}) }}"),
            3 => format!("fn f() {{ vec![{given}] }}"),
            4 => format!("#[serde({given})] struct S;"),
            _ => format!("#[derive({given})] struct S;"),
        };
        let found = check(&Sources::of([("src/custom/mod.rs", text)]));
        prop_assert!(found.iter().all(|finding| finding.message != "it could not be read"));
    }
}

/// All cases, read once.
static CASES: LazyLock<Vec<(String, String)>> =
    LazyLock::new(|| cases("honest").into_iter().chain(cases("evasions")).collect());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Nor does a slip of the hand in code that is nearly right.
    #[test]
    fn any_slip_in_real_code_is_judged(
        case in 0..CASES.len(),
        cut in any::<proptest::sample::Index>(),
        length in 0..12_usize,
        put in word(),
    ) {
        let letters: Vec<char> = CASES[case].1.chars().collect();
        let at = cut.index(letters.len());
        let before = letters[..at].iter().copied();
        let slipped: String = before.chain(put.chars()).chain(letters.iter().copied().skip(at + length)).collect();
        let found = check(&Sources::of([("src/custom/mod.rs", slipped)]));
        prop_assert!(found.iter().all(|finding| finding.message != "it could not be read"));
    }
}
