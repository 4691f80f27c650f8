//! The same table in several encodings: detected, said, and kept with a model.

#[cfg(feature = "cli")]
mod command;

use std::fmt::Write as _;

use encoding_rs::{EUC_JP, EncoderResult, Encoding, GBK, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use goodfit::data::table::{Table, TableError, TableOptions, TextEncoding, Values, read};

/// Rows with names in Japanese: a number, a city, and a target that follows from both.
fn japanese() -> String {
    let mut text = "名前,都市,価格,種類\n".to_owned();
    for i in 0..80_u32 {
        let (name, city) = (["山田", "佐藤", "鈴木"][(i % 3) as usize], ["東京", "大阪"][(i * 7 % 2) as usize]);
        let kind = if i % 2 == 0 { "高い" } else { "安い" };
        writeln!(text, "{name},{city},{},{kind}", 10 * (i % 2) + i % 7).expect("a text");
    }
    text
}

const WESTERN: &str = "Straße,Größe,n\nKöln,\"5,5 €\",1\nOrléans,sehr groß,2\nÅrhus,señor,3\n";

fn bytes(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    let units = || text.encode_utf16();
    if encoding == UTF_16LE {
        return units().flat_map(u16::to_le_bytes).collect();
    }
    if encoding == UTF_16BE {
        return units().flat_map(u16::to_be_bytes).collect();
    }
    let mut bytes = vec![0; 4 * text.len()];
    let (result, _, n) = encoding.new_encoder().encode_from_utf8_without_replacement(text, &mut bytes, true);
    assert_eq!(result, EncoderResult::InputEmpty, "{}", encoding.name());
    bytes.truncate(n);
    bytes
}

/// The same with a byte order mark.
fn marked(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    bytes(&format!("\u{feff}{text}"), encoding)
}

fn read_bytes(bytes: &[u8], encoding: Option<&str>) -> Result<Table, TableError> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), bytes).expect("written");
    let encoding = encoding.map(|name| TextEncoding::named(name).expect("an encoding"));
    read(file.path(), &TableOptions { encoding, ..TableOptions::default() })
}

/// That both say the same; fingerprints are those of names and values.
fn same(found: &Table, expected: &Table) {
    let names = |table: &Table| table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(found), names(expected), "{}", found.encoding);
    assert_eq!(found.files[0].fingerprint, expected.files[0].fingerprint, "{}", found.encoding);
}

#[test]
fn a_table_is_the_same_in_each_encoding() {
    let (text, western) = (japanese(), WESTERN);
    for (text, encodings) in [(&*text, &[SHIFT_JIS, EUC_JP][..]), (western, &[WINDOWS_1252])] {
        let expected = read_bytes(text.as_bytes(), None).expect("a table");
        assert_eq!((expected.encoding, expected.is_detected), ("UTF-8", false));
        for encoding in [UTF_8, UTF_16LE, UTF_16BE] {
            let found = read_bytes(&marked(text, encoding), None).expect("a table");
            assert_eq!((found.encoding, found.is_detected), (encoding.name(), false));
            same(&found, &expected);
            let found = read_bytes(&bytes(text, encoding), Some(encoding.name())).expect("a table");
            assert_eq!((found.encoding, found.is_detected), (encoding.name(), false));
            same(&found, &expected);
        }
        for encoding in encodings {
            for said in [None, Some(encoding.name())] {
                let found = read_bytes(&bytes(text, encoding), said).expect("a table");
                assert_eq!((found.encoding, found.is_detected), (encoding.name(), said.is_none()));
                same(&found, &expected);
            }
        }
    }
    let chinese = "姓名,城市,价格\n张伟,北京,100\n王芳,上海,200\n李娜,北京,300\n";
    same(
        &read_bytes(&bytes(chinese, GBK), None).expect("a table"),
        &read_bytes(chinese.as_bytes(), None).expect("one"),
    );
}

#[test]
fn a_byte_order_mark_beats_what_is_said() {
    let found = read_bytes(&marked(&japanese(), UTF_16LE), Some("shift_jis")).expect("a table");
    assert_eq!(found.encoding, "UTF-16LE");
}

#[test]
fn what_is_said_beats_what_bytes_look_like() {
    let found = read_bytes(b"a,b\n\xc4\xfe,1\nx,2\n", Some("iso-8859-7")).expect("a table");
    let Values::Levels { names, .. } = &found.columns[0].values else { panic!("no levels") };
    assert_eq!(names, &["x", "Δώ"]);
}

#[test]
fn bytes_that_are_no_text_are_named_by_their_line() {
    let says = |bytes: &[u8], encoding| {
        let error = read_bytes(bytes, encoding).expect_err("no text");
        (error.line, error.what, error.hint.expect("a hint"))
    };
    let another = "leave the encoding out to have it detected, or say another one".to_owned();
    let what = |name: &str| format!("bytes that are no text in {name}");
    assert_eq!(says(b"a,b\n1,2\n\x81\xff,3\n", Some("sjis")), (Some(3), what("Shift_JIS"), another.clone()));
    assert_eq!(says(b"a,b\nK\xf6ln,2\n", Some("utf-8")), (Some(2), what("UTF-8"), another.clone()));
    let long = "a,b\n".to_owned() + &"1,2\n".repeat(50_000);
    let long = [long.as_bytes(), b"\xff\xff,2\n"].concat();
    assert_eq!(says(&long, Some("euc-jp")), (Some(50_002), what("EUC-JP"), another));
}

/// One byte of many is damaged, which makes no other encoding of all of them.
#[test]
fn a_text_is_utf8_up_to_where_it_is_damaged() {
    let text = japanese().repeat(650);
    assert!(text.len() > 1_200_000);
    let error = read_bytes(&[text.as_bytes(), b"\xe6\n"].concat(), None).expect_err("damaged");
    assert_eq!((error.line, error.what.as_str()), (Some(81 * 650 + 1), "bytes that are no text in UTF-8"));
    assert!(error.hint.is_some_and(|hint| hint.contains("--encoding")));
}

#[cfg(feature = "cli")]
#[test]
fn models_of_each_encoding_are_one() {
    let place = command::Place::new();
    let text = japanese();
    let files = [
        ("utf-8", text.clone().into_bytes(), None),
        ("utf-16", marked(&text, UTF_16BE), None),
        ("sjis", bytes(&text, SHIFT_JIS), Some("Shift_JIS")),
        ("euc", bytes(&text, EUC_JP), Some("EUC-JP")),
    ];
    for (name, bytes, _) in &files {
        place.write(&format!("{name}.csv"), bytes);
    }
    let note = |file: &str, encoding: Option<&str>| {
        encoding.map_or_else(String::new, |encoding| {
            format!("{file} is not in UTF-8 and was read as {encoding}; --encoding NAME reads it in another encoding\n")
        })
    };
    let mut schemas = Vec::new();
    for (name, _, detected) in &files {
        let file = format!("{name}.csv");
        let words = ["train", &file, "--target", "種類", "--set", "training.epochs=2", "--out", name, "--quiet"];
        assert_eq!(place.succeed(&words).stderr, note(&file, *detected));
        schemas.push(place.json(&format!("{name}/schema.json")));
        let shown = place.succeed(&["data", "info", &file]).stdout;
        assert_eq!(shown.contains("as far as its bytes tell (--encoding)"), detected.is_some(), "{shown}");
    }
    assert!(schemas.iter().all(|schema| *schema == schemas[0]));
    assert_eq!(schemas[0]["columns"].as_array().map(Vec::len), Some(3));
    let expected = place.succeed(&["predict", "utf-8", "utf-8.csv"]).stdout;
    assert!(expected.starts_with("種類,"), "{expected}");
    for (name, _, detected) in &files {
        let file = format!("{name}.csv");
        let predicted = place.succeed(&["predict", "utf-8", &file]);
        assert_eq!((predicted.stdout, predicted.stderr), (expected.clone(), note(&file, *detected)), "{name}");
        let opened = place.succeed(&["evaluate", name, "--open-test"]).stdout;
        assert!(opened.starts_with("種類 on 16 test rows"), "{opened}");
    }
    let piped = place.shell("$G predict sjis - < euc.csv");
    assert_eq!((piped.stdout, piped.status), (expected, Some(0)), "{}", piped.stderr);
}

/// The first byte that is no UTF-8 stands behind all that is looked at to guess how a file is written.
#[cfg(feature = "cli")]
#[test]
fn a_late_byte_is_read_alike_by_train_and_predict() {
    let place = command::Place::new();
    let mut text = "city,x,y\n".to_owned();
    for i in 0..20_000_u32 {
        let city = if i < 19_000 { "Bonn" } else { "Köln" };
        writeln!(text, "{city},{}.5,{}", i % 7, ["no", "yes"][(i % 2) as usize]).expect("a text");
    }
    assert!(text.find("Köln").is_some_and(|at| at > 200_000));
    place.write("t.csv", bytes(&text, WINDOWS_1252));
    let plain = ["train", "t.csv", "--target", "y", "--preset", "plain", "--set", "training.epochs=1"];
    place.succeed(&[&plain[..], &["--out", "m", "--quiet"]].concat());
    let predicted = place.succeed(&["predict", "m", "t.csv"]);
    assert_eq!(predicted.stdout.lines().count(), 20_001);
    let note = "t.csv is not in UTF-8 and was read as windows-1252; --encoding NAME reads it in another encoding\n";
    assert_eq!(predicted.stderr, note, "its levels are all known");
}

#[cfg(feature = "cli")]
#[test]
fn an_encoding_is_said_on_the_command_line_and_in_a_recipe() {
    let place = command::Place::new();
    // Its bytes are ASCII.
    let escaped = ["\u{1b}$BET;T\u{1b}(B,x,y\n".to_owned(), "\u{1b}$BElEl\u{1b}(B,1,a\nn,2.5,b\n".repeat(30)].concat();
    place.write("t.csv", escaped);
    let words = ["train", "t.csv", "--target", "y", "--encoding", "ISO-2022-JP"];
    let printed = place.succeed(&[&words[..], &["--print-recipe"]].concat()).stdout;
    assert!(printed.contains("encoding = \"ISO-2022-JP\""), "{printed}");
    place.write("again.toml", &printed);
    let train = ["train", "again.toml", "--set", "training.epochs=1", "--out", "m", "--quiet"];
    assert_eq!(place.succeed(&train).stderr, "");
    let schema = place.json("m/schema.json");
    assert_eq!((&schema["encoding"], &schema["columns"][0]["name"]), (&"ISO-2022-JP".into(), &"都市".into()));

    // What a model knows goes for new text that is not UTF-8.
    let greek = "λ,y\n".to_owned() + &"1,Δώ\n2.5,x\n".repeat(30);
    place.write("greek.csv", bytes(&greek, encoding_rs::WINDOWS_1253));
    let words = ["train", "greek.csv", "--target", "y", "--encoding", "cp1253", "--set", "training.epochs=1"];
    place.succeed(&[&words[..], &["--out", "g", "--quiet"]].concat());
    let expected = place.succeed(&["predict", "g", "greek.csv"]);
    assert_eq!(expected.stderr, "");
    place.write("utf-8.csv", &greek);
    assert_eq!(place.succeed(&["predict", "g", "utf-8.csv"]), expected);

    let refused = |words: &[&str]| {
        let ran = place.run(words);
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{}", ran.stderr);
        ran.stderr
    };
    let said = refused(&["predict", "m", "t.csv", "--encoding", "klingon"]);
    let expected = "expected an encoding such as utf-8, windows-1252, shift_jis, euc-jp or gbk\n";
    assert!(said.contains(expected) && said.contains("hint: "), "{said}");
    let said = refused(&["train", "again.toml", "--set", "data.encoding=klingon"]);
    assert!(said.contains(&format!("data.encoding is \"klingon\", {expected}hint: data.encoding = ")), "{said}");
    let array = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables/x.csv").with_file_name("f8.npy");
    let said = refused(&["data", "info", &array.display().to_string(), "--encoding", "sjis"]);
    assert!(
        said.contains("data.encoding is for delimited text, which this is not\nhint: take data.encoding out"),
        "{said}"
    );
}
