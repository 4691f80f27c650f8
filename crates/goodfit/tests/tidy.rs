//! Rules of ARCHITECTURE.md that a test can keep: where unsafe code stands, how long files are, what
//! the engine does not touch, who depends on whom.

use std::fs;
use std::path::{Path, PathBuf};

/// Where unsafe code may stand: the kernels, the allocator of tests that count, and the benchmark that calls the crate `gemm`.
const UNSAFE: [&str; 3] =
    ["crates/goodfit-nn/src/kernels/", "crates/goodfit-nn/tests/counting/", "benchsuite/kernels/src/lib.rs"];

/// What comes from elsewhere as it is.
const VENDORED: [&str; 2] = ["crates/goodfit/assets/echarts", "crates/goodfit/assets/fonts"];

/// Folders whose files follow a pattern.
const PATTERNED: [&str; 5] = [
    "goodfit-nn/src/layers",
    "goodfit-nn/src/optimizers",
    "goodfit-nn/src/losses",
    "goodfit-nn/src/kernels",
    "goodfit/src/data/table/scaling",
];

/// A file of the repository.
struct Source {
    /// From the root of the repository, with slashes.
    path: String,
    text: String,
}

impl Source {
    /// Lines up to the tests inside the file, numbered from 1.
    fn before_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(i, line)| (i + 1, line))
            .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files with one of these endings in the folders of the repository and in its root.
fn sources(endings: &[&str]) -> Vec<Source> {
    let mut sources = Vec::new();
    for folder in ["crates", "benchsuite", "scripts", "interop", "docs"] {
        collect(&root().join(folder), folder, endings, &mut sources);
    }
    for entry in fs::read_dir(root()).expect("the root folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_file() {
            read(&entry.path(), name, endings, &mut sources);
        }
    }
    assert!(sources.len() > 3, "only {} files found", sources.len());
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

fn collect(folder: &Path, path: &str, endings: &[&str], sources: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{path}/{name}");
        let is_made = ["target", "node_modules", "goodfit-out"].contains(&name.as_str()) || name.starts_with('.');
        if is_made || VENDORED.iter().any(|vendored| path.starts_with(vendored)) {
            continue;
        }
        if entry.path().is_dir() {
            collect(&entry.path(), &path, endings, sources);
        } else {
            read(&entry.path(), path, endings, sources);
        }
    }
}

fn read(file: &Path, path: String, endings: &[&str], sources: &mut Vec<Source>) {
    if endings.iter().any(|ending| path.ends_with(ending)) {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{path}: {error}"));
        sources.push(Source { path, text });
    }
}

/// A line of Rust without its comment and without what stands between quotes on it.
fn code(line: &str) -> String {
    let mut code = String::new();
    let mut is_quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if is_quoted => {
                characters.next();
            }
            // A quote as a character.
            '\'' if !is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
            }
            '"' => is_quoted = !is_quoted,
            '/' if !is_quoted && characters.peek() == Some(&'/') => break,
            _ if !is_quoted => code.push(character),
            _ => {}
        }
    }
    code
}

/// Whether `word` stands in `code` as a word of its own.
fn has_word(code: &str, word: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
}

fn assert_none(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}:\n{}", offenders.join("\n"));
}

#[test]
fn the_reader_of_lines() {
    assert_eq!(code("let x = \"unsafe // \\\" unsafe\"; // unsafe"), "let x = ; ");
    assert_eq!(code("let quote = '\"'; f(\"unsafe\")"), "let quote = '; f()");
    assert!(has_word("x = unsafe {", "unsafe") && !has_word("allow(unsafe_code)", "unsafe"));
}

#[test]
fn unsafe_code_stands_in_the_kernels_with_its_reason() {
    let (mut elsewhere, mut without_reason) = (Vec::new(), Vec::new());
    for source in sources(&[".rs"]) {
        let lines: Vec<&str> = source.text.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            let place = format!("{}:{}: {}", source.path, i + 1, line.trim());
            let code = code(line);
            let allows = code.contains("allow(unsafe_code");
            if !has_word(&code, "unsafe") && !allows {
                continue;
            }
            if !UNSAFE.iter().any(|allowed| source.path.starts_with(allowed)) {
                elsewhere.push(place);
                continue;
            }
            // Whoever calls an unsafe function gives a reason, and so does who implements an unsafe
            // trait; the reason of an unsafe function is its contract.
            let needs_reason = code.contains("unsafe {") || code.contains("unsafe impl");
            let mut above = lines[..i].iter().rev().map(|line| line.trim_start());
            let mut comment =
                above.by_ref().skip_while(|line| line.starts_with("#[")).take_while(|line| line.starts_with("//"));
            if needs_reason && !comment.any(|line| line.starts_with("// SAFETY: ")) {
                without_reason.push(place);
            }
        }
    }
    assert_none("unsafe code outside of the kernels", &elsewhere);
    assert_none("unsafe code without a SAFETY comment just above", &without_reason);
}

#[test]
fn files_keep_to_their_budget() {
    let mut long = Vec::new();
    for source in sources(&[".rs"]) {
        let (all, own) = (source.text.lines().count(), source.before_tests().count());
        let is_test = source.path.contains("/tests/");
        if all > 800 || (own > 400 && !is_test) {
            long.push(format!("{}: {all} lines, {own} before its tests", source.path));
        }
    }
    assert_none("files of more than 800 lines, or 400 before their tests", &long);
}

#[test]
fn the_engine_has_no_io_and_no_global_state() {
    const NEVER: [&str; 12] = [
        "std::fs",
        "std::net",
        "std::io",
        "std::env",
        "std::process",
        "std::thread",
        "static mut",
        "thread_local",
        "OnceLock",
        "LazyLock",
        "OnceCell",
        "println!",
    ];
    // Which instructions are used, and the threads that a caller hands in, are facts of the process.
    const EXCEPT: [(&str, &[&str]); 2] = [
        ("crates/goodfit-nn/src/kernels/isa.rs", &["std::env", "LazyLock"]),
        ("crates/goodfit-nn/src/kernels/team.rs", &["std::thread"]),
    ];
    let mut offenders = Vec::new();
    for source in sources(&[".rs"]).iter().filter(|source| source.path.starts_with("crates/goodfit-nn/src/")) {
        let allowed = EXCEPT.iter().find(|(path, _)| *path == source.path).map_or(&[][..], |(_, words)| words);
        for (number, line) in source.before_tests() {
            let code = code(line);
            let statement = code.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
            let is_allowed = allowed.iter().any(|word| code.contains(word));
            if !is_allowed && (NEVER.iter().any(|never| code.contains(never)) || statement.starts_with("static ")) {
                offenders.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    assert_none("IO or global state in the engine", &offenders);
}

#[test]
fn engine_search_and_data_do_not_see_each_other() {
    let mut offenders = Vec::new();
    for source in sources(&["Cargo.toml"]) {
        let is_product = source.path == "crates/goodfit/Cargo.toml" || !source.path.starts_with("crates/");
        for line in source.text.lines().map(str::trim_start).filter(|_| !is_product) {
            let name =
                line.strip_prefix('[').and_then(|table| table.rsplit_once("dependencies.")).map_or(line, |t| t.1);
            if name.starts_with("goodfit") || line.contains("package = \"goodfit") {
                offenders.push(format!("{}: {line}", source.path));
            }
        }
    }
    assert_none("dependencies between crates that do not see each other", &offenders);
    let product = fs::read_to_string(root().join("crates/goodfit/Cargo.toml")).expect("the product's manifest");
    for part in ["goodfit-nn", "goodfit-tune", "goodfit-mnist"] {
        assert!(product.lines().any(|line| line.starts_with(part)), "goodfit depends on {part}");
    }
}

#[test]
fn nothing_is_left_to_do() {
    // Put together, so that this file does not hold them.
    let marks = ["TO_DO", "FIX_ME", "X_XX:", "to_do!(", "unimple_mented!"].map(|mark| mark.replace('_', ""));
    let mut offenders = Vec::new();
    for source in sources(&[".rs", ".md", ".toml", ".py", ".js", ".css", ".sh", ".yml"]) {
        for (i, line) in source.text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark.as_str())) {
                offenders.push(format!("{}:{}: {}", source.path, i + 1, line.trim()));
            }
        }
    }
    assert_none("work left behind", &offenders);
}

#[test]
fn nothing_names_a_place_on_somebodys_machine() {
    // Put together, so that this file does not hold them.
    let places = ["/ro_ot/", "/ho_me/", "/Use_rs/", "/wo_rk/", "/tm_p/"].map(|place| place.replace('_', ""));
    let mut offenders = Vec::new();
    for source in sources(&[".rs", ".md", ".toml", ".py", ".js", ".css", ".sh", ".txt", ".json", ".snap", ".svg"]) {
        for (i, line) in source.text.lines().enumerate() {
            if places.iter().any(|place| line.contains(place.as_str())) {
                offenders.push(format!("{}:{}", source.path, i + 1));
            }
        }
    }
    assert_none("places on one machine", &offenders);
}

#[test]
fn folders_with_a_pattern_say_how_to_add_to_them() {
    for folder in PATTERNED {
        let path = root().join("crates").join(folder).join("README.md");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let n_lines = text.lines().count();
        assert!((5..=25).contains(&n_lines), "{folder}/README.md has {n_lines} lines");
        assert!(text.contains("To add"), "{folder}/README.md does not say how to add one");
    }
}
