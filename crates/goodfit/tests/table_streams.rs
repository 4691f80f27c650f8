//! Tables that come through the standard input or a pipe, and files that are none: what never ends, or is nobody's to read.
#![cfg(all(feature = "cli", unix))]

mod command;

use std::fmt::Write as _;
use std::io::Write as _;

use command::{Place, Ran};

fn rows() -> String {
    let mut text = "x;city;y\n".to_owned();
    for i in 0..60_u32 {
        let city = ["Bonn", "Ulm", "Kiel"][(i % 3) as usize];
        writeln!(text, "{},5;{city};{}", i % 7, ["no", "yes"][(i % 2) as usize]).unwrap();
    }
    text
}

/// A model `m` of `t.csv`.
fn trained() -> Place {
    let place = Place::new();
    place.write("t.csv", rows());
    let words = ["train", "t.csv", "--target", "y", "--decimal-comma", "--set", "training.epochs=2", "--out", "m"];
    place.succeed(&[&words[..], &["--quiet"]].concat());
    place
}

#[track_caller]
fn refused(ran: &Ran, message: &str) {
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{}", ran.stderr);
    assert!(ran.stderr.starts_with(&format!("error: {message}\nhint: ")), "{}", ran.stderr);
}

#[test]
fn a_csv_comes_through_a_pipe() {
    let place = trained();
    let described = place.succeed(&["data", "info", "t.csv"]).stdout.replace("t.csv", "standard input");
    let predicted = place.succeed(&["predict", "m", "t.csv"]);
    assert_eq!(predicted.stderr, "");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(rows().as_bytes()).unwrap();
    place.write("t.csv.gz", gzip.finish().unwrap());
    for line in ["$G data info - < t.csv", "cat t.csv | $G data info -", "cat t.csv | $G data info /dev/stdin"] {
        let ran = place.shell(line);
        assert_eq!(
            (ran.stdout.replace("/dev/stdin", "standard input"), ran.stderr),
            (described.clone(), String::new())
        );
    }
    let packed = place.shell("cat t.csv.gz | $G data info -").stdout;
    assert_eq!(packed, described.replace("UTF-8\n", "UTF-8, gzip\n"));
    let json = place.shell("cat t.csv | $G data info - --json --delimiter ';' --no-header").stdout;
    assert!(json.contains("\"rows\": 61") && json.contains("\"name\": \"column_2\""), "{json}");
    for line in ["$G predict m - < t.csv", "cat t.csv | $G predict m -", "cat t.csv.gz | $G predict m -"] {
        assert_eq!(place.shell(line), predicted, "{line}");
    }
    refused(&place.shell("$G data info - < /dev/null"), "standard input: the file is empty");
    refused(&place.shell("$G predict m - < /dev/null"), "standard input: the file is empty");
    refused(
        &place.shell("printf 'x;city\\n1;Ulm;2;3\\n' | $G predict m -"),
        "standard input:2: 4 cells, expected 2 as in the first line",
    );
}

#[test]
fn training_refuses_what_is_read_once() {
    let place = trained();
    let message = "the standard input can be read once, but the table of a training is read again when its sealed test rows \
                   are opened";
    refused(&place.shell("$G train - --target y < t.csv"), message);
    place.write("r.toml", "[data]\nsource = \"-\"\ntarget = \"y\"\n");
    refused(&place.shell("$G train r.toml < t.csv"), message);
}

/// Each of these ends although what it reads does not.
#[test]
fn what_never_ends_is_refused_at_once() {
    let place = trained();
    for command in ["data info", "predict m"] {
        let run = |before: &str, table: &str| place.shell(&format!("{before} $G {command} {table}"));
        refused(&run("", "/dev/zero"), "/dev/zero: a device, expected a file of rows");
        let zeros = "standard input: it has bytes of 0, as no text has";
        refused(&run("cat /dev/zero |", "-"), zeros);
        refused(&run("cat /dev/zero | gzip |", "-"), zeros);
        refused(&run("cat /dev/zero | tr '\\0' x |", "-"), "standard input: no row ends within 8 MiB");
        refused(&run("(printf 'SQLite format 3'; cat /dev/zero) |", "-"), "standard input: a SQLite database");
    }
}

/// An array of `n` numbers of 8 bytes, all of them 0.
fn zeros(n: usize) -> Vec<u8> {
    let head = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({n}, 1), }}\n");
    [b"\x93NUMPY\x01\0", &(head.len() as u16).to_le_bytes()[..], head.as_bytes(), &vec![0; 8 * n]].concat()
}

#[test]
fn little_that_becomes_much_is_not_unpacked() {
    let place = Place::new();
    let gzip = |bytes: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    };
    let much = zeros(9 << 20);
    place.write("much.npy.gz", gzip(&much));
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["X.npy", "y.npy"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&zeros(5 << 20)).unwrap();
    }
    place.write("much.npz", zip.finish().unwrap().into_inner());
    let of = |file: &str, what: &str| {
        let ran = place.run(&["data", "info", file]);
        refused(&ran, &format!("{file}: {what}"));
    };
    of("much.npy.gz", "what is packed takes more than 100 times the place of the file");
    place.write("much.csv.zst", zstd::encode_all(&b"1,2\n2,1\n".repeat(9 << 20)[..], 1).unwrap());
    of("much.csv.zst", "what is packed takes more than 100 times the place of the file");
    of("much.npz", "y.npy: what is packed takes more than 100 times the place of the archive");
    place.write("some.npy.gz", gzip(&zeros(1 << 20)));
    assert!(place.succeed(&["data", "info", "some.npy.gz"]).stdout.contains("1048576 rows, 1 column"));
}

/// A folder of a model may come from anybody.
#[test]
fn a_recipe_of_a_model_names_a_table_and_nothing_else() {
    let place = trained();
    place.write("secret.txt", "the password is 1234\nnot for you\n");
    assert_eq!(place.shell("mkfifo pipe").status, Some(0));
    let text = String::from_utf8(place.read("m/model.toml")).unwrap();
    let opened = |source: &str| {
        place.write("m/model.toml", text.replace("\"t.csv\"", &format!("\"{source}\"")));
        let ran = place.shell("$G evaluate m --open-test < /dev/zero");
        assert!(!ran.stderr.contains("password"), "{}", ran.stderr);
        ran
    };
    assert!(text.contains("\"t.csv\""), "{text}");
    for source in ["/dev/zero", "pipe", "-", "."] {
        refused(&opened(source), &format!("{source}: no file, as the table of a model is"));
    }
    let missing = "3 columns are missing, which the model looks at: city, x, y";
    refused(&opened("secret.txt"), &format!("secret.txt: {missing}"));
    assert_eq!(opened("t.csv").status, Some(0));
    let split = |file: &str| {
        let text = text.replace("\nsource = ", &format!("\ntest_file = \"{file}\"\nsource = "));
        place.write(
            "m/model.toml",
            text.lines().filter(|line| !line.starts_with("test =")).collect::<Vec<_>>().join("\n"),
        );
        let ran = place.shell("$G evaluate m --open-test < /dev/zero");
        assert!(!ran.stderr.contains("password"), "{}", ran.stderr);
        ran
    };
    refused(&split("pipe"), "pipe: no file, as the table of a model is");
    refused(&split("secret.txt"), &format!("secret.txt: {missing}"));
}
