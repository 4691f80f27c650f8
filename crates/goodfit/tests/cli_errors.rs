//! Bad input: what is said, on stderr alone, with status 2 and a hint.
#![cfg(all(feature = "cli", feature = "mnist"))]

mod command;

use std::fmt::Write as _;

use command::{Place, Ran};

/// A snapshot without the expression, which is long and in this file.
macro_rules! snapshot {
    ($text:expr) => {
        let text = $text;
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(text) });
    };
}

/// The message of each command line, below it.
fn messages(place: &Place, lines: &[&[&str]]) -> String {
    lines.iter().map(|words| message(&words.join(" "), &place.run(words))).collect()
}

/// The message of one command line, below it.
#[track_caller]
fn message(line: &str, ran: &Ran) -> String {
    let Ran { status, stdout, stderr } = ran;
    assert_eq!(*status, Some(2), "{line}: {stderr}");
    assert_eq!(stdout, "", "{line}");
    assert!(stderr.starts_with("error: "), "{line}: {stderr}");
    assert!(stderr.lines().last().unwrap().starts_with("hint: "), "{line}: {stderr}");
    // What a panic, a backtrace or `Debug` output has and a message for a person has not.
    for sign in ["panicked", "RUST_BACKTRACE", "stack backtrace", "Some(", "Error {", "os error", " { code:", "\\n"] {
        assert!(!stderr.contains(sign), "{line}: {stderr}");
    }
    format!("$ goodfit {line}\n{stderr}\n")
}

#[test]
fn the_command_line() {
    snapshot!(messages(
        &Place::new(),
        &[
            &["comprae", "my.toml"],
            &["compare"],
            &["compare", "my.toml", "other.toml"],
            &["compare", "my.toml", "--sed", "3"],
            &["compare", "my.toml", "--seed", "-1"],
            &["compare", "my.toml", "--seeds", "1.5"],
            &["compare", "my.toml", "--seeds", "0"],
            &["compare", "my.toml", "--seeds", "-1"],
            &["compare", "my.toml", "--jobs", "0"],
            &["compare", "my.toml", "--jobs", "5000"],
            &["compare", "my.toml", "--jobs", "many"],
            &["compare", "my.toml", "--set", "network.init"],
            &["compare", "my.toml", "--vary", "network.init"],
            &["compare", "my.toml", "--baseline", "nothing"],
            &["compare", "my.toml", "--vary", "network.init=xavier,he", "--baseline", "init hee"],
            &["compare", "my.toml", "--resplit", "--set", "data.validation=0"],
            &["search", "my.toml"],
            &["search", "my.toml", "--trials", "0"],
            &["completions", "bsh"],
            &["data", "inof", "mnist"],
        ],
    ));
}

#[test]
fn experiments() {
    snapshot!(messages(
        &Place::new(),
        &[
            &["reproduce", "batchnorm"],
            &["reproduce", "wieght-init"],
            &["reproduce", "chapter-7"],
            &["reproduce", "--print-recipe"],
            &["reproduce", "weight-init", "--set", "network.inti=he"],
            &["reproduce", "claims", "--set", "training.epochs=0"],
        ],
    ));
}

#[test]
fn recipe_files() {
    let place = Place::new();
    for (name, text) in [
        ("table.toml", "[network\ninit = \"he\"\n"),
        ("quotes.toml", "[network]\ninit = he\n"),
        ("twice.toml", "[network]\nhidden = [8]\nhidden = [9]\n"),
        ("several.toml", "[network]\nhiden = [8]\n\n[training]\nsteps = -1\noptimiser = \"adm\"\n"),
        (
            "search.toml",
            "[search.space]\n\"training.learning_rate\" = { low = 1e-3, high = 1, log = true }\n\n[data]\nvalidation = 0.2\n",
        ),
    ] {
        place.write(name, text);
    }
    place.write("bytes.toml", [b'[', 0xff]);
    snapshot!(messages(
        &place,
        &[
            &["compare", "none.toml"],
            &["train", "none.toml"],
            &["search", "no/such/folder.toml"],
            &["compare", "."],
            &["compare", "my.toml/x"],
            &["compare", "table.toml"],
            &["compare", "quotes.toml"],
            &["compare", "twice.toml"],
            &["compare", "several.toml"],
            &["compare", "bytes.toml"],
            &["compare", "search.toml"],
        ],
    ));
}

#[test]
fn values() {
    let place = Place::new();
    let sets = [
        "network.inti=he",
        "network.init=hee",
        "network.init=0.01",
        "network.init.std=0",
        "network.init={ std = -1 }",
        "network.hidden=[10, 0]",
        "network.hidden=10",
        "network.dropout=1",
        "network.dropout=-0.1",
        "network.activation=sigmod",
        "training.epochs=0",
        "training.batch_size=0",
        "training.batch_size=1000",
        "training.learning_rate=-1",
        "training.learning_rate=0",
        "training.learning_rate=fast",
        "training.weight_decay=-1",
        "data.train_rows=0",
        "data.train_rows=70000",
        "data.validation=1",
        "data.validation=-0.1",
        "data.validation=0.001",
        "data.evaluation=tests",
    ];
    let lines: Vec<[&str; 4]> = sets.iter().map(|set| ["compare", "my.toml", "--set", set]).collect();
    let mut text = messages(&place, &lines.iter().map(<[_; 4]>::as_slice).collect::<Vec<_>>());
    text += &messages(
        &place,
        &[
            &["compare", "my.toml", "--set", "data.validation=0", "--set", "compare.metric=validation_accuracy"],
            &["compare", "my.toml", "--set", "training.batch_size=1", "--set", "network.batch_norm=true"],
            &["compare", "my.toml", "--vary", "network.init=xavier,zz"],
            &["compare", "my.toml", "--vary", "training.batch_size=10,1000"],
            &["compare", "my.toml", "--vary", "data.validation=0.2,0.001"],
        ],
    );
    snapshot!(text);
}

/// An IDX file of `dims` whose elements are all 1, cut after `length` bytes.
fn idx(dims: &[u32], length: usize) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, u8::try_from(dims.len()).unwrap()];
    bytes.extend(dims.iter().flat_map(|dim| dim.to_be_bytes()));
    bytes.resize(bytes.len() + dims.iter().product::<u32>() as usize, 1);
    bytes.truncate(length);
    bytes
}

#[test]
fn data() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).unwrap();
    let (images, labels) = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte");
    for (folder, image_file, label_file) in [
        ("truncated", idx(&[40, 2, 2], 100), idx(&[40], usize::MAX)),
        ("counts", idx(&[40, 2, 2], usize::MAX), idx(&[39], usize::MAX)),
        ("other", b"P5 28 28 255".to_vec(), idx(&[40], usize::MAX)),
        ("nothing", Vec::new(), Vec::new()),
        ("few", idx(&[40, 2, 2], usize::MAX), idx(&[40], usize::MAX)),
    ] {
        place.write(&format!("{folder}/{images}"), image_file);
        place.write(&format!("{folder}/{labels}"), label_file);
    }
    place.write(&format!("half/{images}"), idx(&[40, 2, 2], usize::MAX));
    place.write(&format!("gz/{images}.gz"), b"\x1f\x8b\x08 no deflate");
    place.write(&format!("gz/{labels}"), idx(&[40], usize::MAX));
    let of = |source: &str| format!("data.source={source}");
    let sources =
        ["mnits", "nowhere", "empty", "my.toml", "half", "truncated", "counts", "other", "nothing", "gz", "few"];
    let mut text = String::new();
    for source in sources {
        let words = ["compare", "my.toml", "--set", &of(source)];
        text += &message(&words.join(" "), &place.run(&words));
    }
    text += &messages(
        &place,
        &[
            &["data", "info", "mnits"],
            &["data", "info", "empty"],
            &["data", "info", "truncated"],
            &["compare", "my.toml", "--set", "data.source=normal"],
            &[
                "compare",
                "my.toml",
                "--set",
                "data.source=few",
                "--set",
                "data.train_rows=40",
                "--set",
                "data.evaluation=test",
                "--set",
                "data.validation=0",
            ],
        ],
    );
    snapshot!(text);
}

#[test]
fn folders_that_cannot_be_written() {
    let place = Place::new();
    let mut text = messages(
        &place,
        &[
            &["compare", "my.toml", "--out", "my.toml"],
            &["compare", "my.toml", "--out", "my.toml/below"],
            &["train", "my.toml", "--out", "my.toml/below"],
            &["reproduce", "weight-decay", "--out", "my.toml"],
            &["reproduce", "--out", "my.toml"],
            &["man", "my.toml/below"],
        ],
    );
    if cfg!(target_os = "linux") {
        text += &messages(&place, &[&["compare", "my.toml", "--out", "/proc/below"]]);
    }
    snapshot!(text);
    assert_eq!(place.files("."), ["my.toml"]);
}

#[test]
fn results_that_cannot_be_read() {
    let place = Place::new();
    place.succeed(&["compare", "my.toml", "--vary", "network.init=xavier,he", "--seeds", "1", "--out", "good"]);
    let text = String::from_utf8(place.read("good/results.json")).unwrap();
    place.write("cut/results.json", &text[..text.len() / 2]);
    place.write("empty/results.json", "");
    place.write("words/results.json", "these are no results");
    place.write("other/results.json", "{\"format\": 1, \"name\": \"something else\"}");
    place.write("later/results.json", "{\"format\": 7}");
    std::fs::create_dir_all(place.path("folder/results.json")).unwrap();
    std::fs::create_dir(place.path("bare")).unwrap();
    let mut messages = String::new();
    for folder in ["bare", "none", "my.toml", "cut", "empty", "words", "other", "later", "folder"] {
        messages += &message(&format!("report {folder}"), &place.run(&["report", folder]));
    }
    // The numbers of runs are of no interest, where the text was cut depends on them.
    let cut = messages.lines().map(|line| match line.split_once("cut/results.json:") {
        Some((before, after)) => format!(
            "{before}cut/results.json:LINE:COLUMN{}\n",
            after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':')
        ),
        None => format!("{line}\n"),
    });
    snapshot!(cut.collect::<String>());
}

/// A disk that takes only so much, as a limit on the size of files: `trap` makes the write an error
/// where the signal would end the program.
#[cfg(unix)]
#[test]
fn a_disk_that_is_full_in_the_middle() {
    let place = Place::new();
    let ran =
        place.shell("trap '' XFSZ; ulimit -f 2; exec \"$G\" compare my.toml --vary network.init=xavier,he --out out");
    let text = message("compare .. # on a full disk", &ran);
    assert_eq!(place.files("out"), Vec::<String>::new(), "nothing half-written, nothing left over");

    // With results that were whole before.
    place.succeed(&["compare", "my.toml", "--seeds", "1", "--out", "out"]);
    let (files, results) = (place.files("out"), place.read("out/results.json"));
    let ran =
        place.shell("trap '' XFSZ; ulimit -f 2; exec \"$G\" compare my.toml --vary network.init=xavier,he --out out");
    assert_eq!(ran.status, Some(2));
    assert_eq!((place.files("out"), place.read("out/results.json")), (files, results));
    snapshot!(text);
}

/// A real disk of 64 KiB, where this machine lets us mount one.
#[cfg(target_os = "linux")]
#[test]
fn a_small_disk() {
    let place = Place::new();
    std::fs::create_dir(place.path("disk")).unwrap();
    let mount = "mount -t tmpfs -o size=64k none disk";
    if place.shell(&format!("unshare -m sh -c '{mount}'")).status != Some(0) {
        println!("skipped: mounting a small disk is not possible here");
        return;
    }
    let compare = "\"$G\" compare my.toml --vary network.init=xavier,he --set training.steps=400 --out disk/out";
    let ran = place.shell(&format!("unshare -m sh -c '{mount} && {compare}; code=$?; ls -A disk/out >&2; exit $code'"));
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
    let mut lines = String::new();
    for line in ran.stderr.lines() {
        writeln!(lines, "{line}").unwrap();
    }
    assert!(lines.contains("no space is left on the disk"), "{lines}");
    assert!(!lines.contains(".tmp"), "{lines}");
}

#[cfg(target_os = "linux")]
#[test]
fn stdout_that_is_full() {
    let place = Place::new();
    let mut text = String::new();
    for line in
        ["compare my.toml --quiet", "fields", "completions bash", "data list", "--help", "train --help", "--version"]
    {
        text += &message(line, &place.shell(&format!("\"$G\" {line} > /dev/full")));
    }
    snapshot!(text);
    // Where even the message cannot be written, the status is all there is.
    assert_eq!(place.shell("\"$G\" compare none.toml 2> /dev/full").status, Some(2));
    assert_eq!(place.shell("\"$G\" compare my.toml 2> /dev/full").status, Some(0));
}
