//! Names of somebody else's on a terminal: what it would act on is made visible, wherever they come from.
#![cfg(feature = "cli")]

mod command;

use command::{Place, Ran};

const RED: &str = "\u{1b}[31mred";
const TARGET: &str = "\u{9b}2Jkind";
const CLASS: &str = "two\nlines\u{1b}]0;title\u{7}";

/// A column that colours what follows, a target that clears the screen, a class of two lines that names the window.
fn place() -> Place {
    let place = Place::new();
    let rows = (0..120).map(|i| {
        let x = i * 37 % 101;
        let kind = if x > 50 { CLASS } else { "plain" };
        format!("{x}.5,{},\"{kind}\"\n", i % 7)
    });
    place.write("odd\u{1b}.csv", format!("{RED},b,{TARGET}\n{}", rows.collect::<String>()));
    place
}

/// What was printed, without anything that a terminal acts on but the ends of lines.
#[track_caller]
fn harmless(ran: &Ran) -> String {
    let text = format!("{}{}", ran.stdout, ran.stderr);
    let acts = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(acts), "{text:?}");
    text
}

#[test]
fn names_in_what_is_printed() {
    let place = place();
    let table = "odd\u{1b}.csv";
    let quick = ["--preset", "plain", "--set", "training.epochs=3"];
    let described = harmless(&place.succeed(&["data", "info", table]));
    for text in ["odd\\u001b.csv: 120 rows", "\\u001b[31mred", "\\u009b2Jkind", "two\\nlines\\u001b"] {
        assert!(described.contains(text), "{text}: {described}");
    }
    let trained = harmless(&place.succeed(&[&["train", table, "--target", TARGET, "--out", "m"], &quick[..]].concat()));
    assert!(trained.contains("\n\\u009b2Jkind on "), "{trained}");
    let json = place.succeed(&["evaluate", "m", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["training"]["validation"]["target"], TARGET, "JSON says the same");
    let known = harmless(&place.succeed(&["evaluate", "m"]));
    assert!(known.contains("a model of \\u009b2Jkind") && known.contains("odd\\u001b.csv: 120 rows"), "{known}");
    harmless(&place.succeed(&["evaluate", "m", "--open-test"]));
    let compared =
        [&["compare", table, "--target", TARGET, "--out", "c", "--vary", "network.bias=true,false"], &quick[..]];
    harmless(&place.succeed(&compared.concat()));
    let printed = harmless(&place.succeed(&["train", table, "--target", TARGET, "--print-recipe"]));
    assert!(printed.contains("\\u001B.csv"), "{printed}");
}

#[test]
fn names_in_messages() {
    let place = place();
    let table = "odd\u{1b}.csv";
    let gone = harmless(&place.run(&["train", table, "--target", "\u{1b}[31mrad"]));
    assert!(gone.contains("did you mean \"\\u{1b}[31mred\"") || gone.contains("\\u001b[31mred"), "{gone}");
    place.write("broken.csv", format!("{RED},{TARGET}\n1,a\n2,b,c\n"));
    harmless(&place.run(&["data", "info", "broken.csv"]));
    harmless(&place.run(&["train", "no\u{1b}[2Jsuch.toml"]));
    harmless(&place.run(&["train", "my.toml", "--set", "network.init=\u{1b}[2J"]));
    harmless(&place.run(&["train", "my.toml", "--\u{1b}[2J"]));
    harmless(&place.run(&["report", "no\u{1b}[2J"]));
}

/// What other programs read has the names to the byte.
#[test]
fn predictions_keep_the_bytes() {
    let place = place();
    let table = "odd\u{1b}.csv";
    let train = ["train", table, "--target", TARGET, "--out", "m", "--preset", "plain"];
    place.succeed(&[&train[..], &["--set", "training.epochs=40", "--set", "network.hidden=[8]"]].concat());
    let strange = format!("{RED},b\n90.5,1\n\"x\u{1b}[2J\",2\n10.5,3\n");
    place.write("new.csv", strange);
    let ran = place.succeed(&["predict", "m", "new.csv"]);
    let mut reader = csv::Reader::from_reader(ran.stdout.as_bytes());
    let head = reader.headers().expect("a head").clone();
    assert_eq!(head.iter().collect::<Vec<_>>(), [TARGET, "probability of plain", &format!("probability of {CLASS}")]);
    let first = reader.records().next().expect("a row").expect("a row");
    assert!([CLASS, "plain"].contains(&&first[0]) && reader.records().count() == 2);
    assert!(ran.stdout.contains(&format!("\"probability of {CLASS}\"")), "a name of two lines is in quotes");
    let noted = harmless(&Ran { stdout: String::new(), ..ran });
    assert!(noted.contains("column \\u001b[31mred: 1 cell is not as the model knows it"), "{noted}");
}
