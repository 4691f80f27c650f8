//! Parquet files and arrays of NumPy, made by other programs (`tables/make.py`), against the same rows as CSV.

#[cfg(feature = "cli")]
mod command;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use goodfit::data::table::{Column, ColumnKind, DateForm, Format, Kind, Packing, Table, TableOptions, Values, read};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables").join(name)
}

fn table(name: &str) -> Table {
    read(&path(name), &TableOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn error(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("table");
    std::fs::write(&path, bytes).expect("written");
    read(&path, &TableOptions::default()).expect_err("no table").what
}

fn column<'a>(table: &'a Table, name: &str) -> &'a Column {
    table.columns.iter().find(|column| column.name == name).unwrap_or_else(|| panic!("no column {name}"))
}

/// The values as bits, since missing ones are NaN.
fn bits(values: &Values) -> (Vec<u64>, &[String]) {
    match values {
        Values::Numbers(numbers) => (numbers.iter().map(|x| u64::from(x.to_bits())).collect(), &[]),
        Values::Levels { names, codes } => (codes.iter().map(|&code| u64::from(code)).collect(), names),
        Values::Days(days) => (days.iter().map(|x| x.to_bits()).collect(), &[]),
        Values::None => (Vec::new(), &[]),
    }
}

/// That columns are the same, but for the lines, of which cells of a CSV may have several.
fn same(found: &Column, expected: &Column) {
    let facts = |column: &Column| (column.kind, column.n_missing, column.notes.len());
    assert_eq!(facts(found), facts(expected), "{}: {:?}, {:?}", found.name, found.notes, expected.notes);
    assert_eq!(bits(&found.values), bits(&expected.values), "{}", found.name);
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_is_read_as_its_csv() {
    let csv = table("table.csv");
    for name in ["plain", "snappy", "zstd", "gzip", "lz4", "delta"] {
        let parquet = table(&format!("{name}.parquet"));
        assert_eq!((parquet.format, parquet.n_rows, parquet.columns.len()), (Format::Parquet, 60, 31), "{name}");
        for expected in &csv.columns {
            same(column(&parquet, &expected.name), expected);
        }
        for other in ["list", "struct", "hash"] {
            assert_eq!(column(&parquet, other).kind, Kind::Other, "{name}");
        }
    }
    // What some of them are, so that not both are wrong.
    let kinds = [
        ("row", Kind::Identifier),
        ("truth_gaps", Kind::Categorical),
        ("u64", Kind::Numeric),
        ("much", Kind::Numeric),
        ("city", Kind::Categorical),
        ("name", Kind::Identifier),
        ("us", Kind::Date(DateForm::YearFirst)),
        ("nothing", Kind::Empty),
    ];
    for (name, kind) in kinds {
        assert_eq!(column(&csv, name).kind, kind, "{name}");
    }
    // NA is missing in a Parquet file as well.
    assert_eq!(column(&csv, "said").n_missing, 20);
}

#[cfg(feature = "parquet")]
#[test]
fn kinds_and_words_are_said_as_of_a_csv() {
    let kinds = [("few".to_owned(), ColumnKind::Categorical), ("list".to_owned(), ColumnKind::Unused)];
    let options = TableOptions {
        kinds: kinds.into(),
        missing: vec!["yes".to_owned()],
        decimal_comma: Some(true),
        ..TableOptions::default()
    };
    let found = read(&path("snappy.parquet"), &options).expect("a table");
    let Values::Levels { names, .. } = &column(&found, "few").values else { panic!("no levels") };
    assert_eq!(names, &["0", "1", "2", "3"]);
    assert_eq!((column(&found, "list").kind, column(&found, "said").n_missing), (Kind::Unused, 40));
    // Numbers have no decimal sign of their own.
    same(column(&found, "f64"), column(&table("table.csv"), "f64"));
    let options = TableOptions { kinds: [("list".to_owned(), ColumnKind::Numeric)].into(), ..TableOptions::default() };
    let refused = read(&path("snappy.parquet"), &options).expect_err("a list");
    assert!(refused.what.contains("lists, structures or bytes"), "{refused}");
}

#[test]
fn arrays_are_read_as_their_csv() {
    let csv = table("x.csv");
    for name in ["f8.npy", "big-endian.npy", "fortran.npy"] {
        let array = table(name);
        assert_eq!((array.format, array.n_rows, array.columns.len()), (Format::Npy, 30, 3));
        for (found, expected) in array.columns.iter().zip(&csv.columns) {
            assert_eq!((&found.name, found.kind), (&expected.name, Kind::Numeric));
            assert_eq!(bits(&found.values), bits(&expected.values), "{name}");
        }
    }
    let one = table("one.npy");
    assert_eq!((one.columns.len(), &one.columns[0].name), (1, &csv.columns[0].name));
    assert_eq!(bits(&one.columns[0].values), bits(&csv.columns[0].values));
}

#[test]
fn arrays_of_an_archive_have_its_keys() {
    let csv = table("x.csv");
    for name in ["stored.npz", "deflated.npz"] {
        let archive = table(name);
        let names: Vec<&str> = archive.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!((archive.format, &names[..]), (Format::Npz, &["X_1", "X_2", "X_3", "y"][..]), "{name}");
        for (found, expected) in archive.columns.iter().zip(&csv.columns) {
            assert_eq!(bits(&found.values), bits(&expected.values), "{name}");
        }
        let Values::Levels { names, codes } = &archive.columns[3].values else { panic!("no levels") };
        assert_eq!((&names[..], &codes[..3]), (&["high", "low", "é"].map(str::to_owned)[..], &[1, 0, 2][..]));
    }
}

#[test]
fn fields_keep_their_names() {
    let fields = table("fields.npy");
    let kinds: Vec<(&str, Kind)> = fields.columns.iter().map(|column| (column.name.as_str(), column.kind)).collect();
    let expected = [
        ("number", Kind::Numeric),
        ("place", Kind::Constant),
        ("level", Kind::Categorical),
        ("day", Kind::Date(DateForm::YearFirst)),
        ("true", Kind::Categorical),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(bits(&fields.columns[0].values), bits(&table("x.csv").columns[0].values));
    let Values::Days(days) = &fields.columns[3].values else { panic!("no days") };
    assert_eq!(days[..2], [19_723.0, 19_726.0]);
}

#[test]
fn packed_arrays_are_unpacked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.npy.zst");
    let bytes = std::fs::read(self::path("f8.npy")).expect("an array");
    std::fs::write(&path, zstd::encode_all(&bytes[..], 1).expect("packed")).expect("written");
    let found = read(&path, &TableOptions::default()).expect("a table");
    assert_eq!((found.format, found.packing, found.n_rows), (Format::Npy, Packing::Zstd, 30));
}

#[test]
fn what_is_refused_says_why() {
    let bytes = |name: &str| std::fs::read(path(name)).expect("a file");
    let header = |text: &str| [b"\x93NUMPY\x01\0", &(text.len() as u16).to_le_bytes()[..], text.as_bytes()].concat();
    let shape = |shape: &str| header(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}"));
    let array = bytes("f8.npy");
    let zip = |entries: &[(&str, &[u8])]| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("an entry");
            zip.write_all(bytes).expect("written");
        }
        zip.finish().expect("written").into_inner()
    };
    let one = bytes("one.npy");
    let cases = [
        (bytes("objects.npy"), "Python objects, which are not unpickled"),
        (array[..array.len() - 1].to_vec(), "719 bytes of elements, too few for 30 x 3"),
        ([&array[..], b"more"].concat(), "4 bytes behind its 30 x 3 elements"),
        (array[..50].to_vec(), "it ends in the middle of an array"),
        (shape("(1000000000000, 1000000000)"), "too few for 1000000000000 x 1000000000"),
        (shape("(0, 1000000000000000)"), "at most 100000 are read"),
        (shape("(0, 3)"), "it has columns, but no rows"),
        (shape("(3, 0)"), "an array without columns"),
        (shape("(2, 2, 2)"), "the shape (2, 2, 2), expected rows and columns"),
        (bytes("stored.npz")[..900].to_vec(), "a zip archive that is damaged"),
        (zip(&[("sheet.xml", b"<a/>")]), "a zip archive or a workbook"),
        (zip(&[("X.npy", &array), ("y.npy", &array[..200])]), "y.npy: 72 bytes of elements, too few for 30 x 3"),
        (zip(&[("X.npy", &array), ("X_1.npy", &one)]), "two columns are called X_1"),
        (zip(&[("X.npy", &array), ("n.npy", &shape("(0,)"))]), "the array X has 30 rows, but n has 0"),
    ];
    for (bytes, expected) in cases {
        let what = error(&bytes);
        assert!(what.contains(expected), "{what:?}, expected {expected:?}");
    }
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_that_is_refused_says_why() {
    let bytes = |name: &str| std::fs::read(path(name)).expect("a file");
    let parquet = bytes("snappy.parquet");
    let cases = [
        (bytes("brotli.parquet"), "packed by BROTLI, which is not read"),
        (parquet[..parquet.len() - 1].to_vec(), "a Parquet file that is damaged"),
        (b"PAR1\x15 and so on".to_vec(), "a Parquet file that is damaged"),
        ([&parquet[..1000], &[0xff; 100], &parquet[1100..]].concat(), "a Parquet file that is damaged"),
    ];
    for (bytes, expected) in cases {
        let what = error(&bytes);
        assert!(what.contains(expected), "{what:?}, expected {expected:?}");
    }
}

#[test]
fn how_text_is_written_is_said_of_text_only() {
    for (options, said) in [
        (TableOptions { delimiter: Some(b';'), ..TableOptions::default() }, "data.delimiter"),
        (TableOptions { has_header: Some(false), ..TableOptions::default() }, "data.header"),
    ] {
        let refused = read(&path("f8.npy"), &options).expect_err("no text");
        assert_eq!(refused.what, format!("{said} is for delimited text, which this is not"));
        assert!(refused.hint.is_some_and(|hint| hint.contains(said)));
    }
}

#[cfg(all(feature = "cli", feature = "parquet"))]
#[test]
fn models_of_csv_and_of_parquet_are_one() {
    let place = command::Place::new();
    let [csv, parquet] = ["table.csv", "snappy.parquet"].map(|name| path(name).display().to_string());
    for (table, out) in [(&csv, "of-csv"), (&parquet, "of-parquet")] {
        let words = ["train", table, "--target", "f32", "--set", "training.epochs=2", "--out", out, "--quiet"];
        place.succeed(&words);
    }
    let [of_csv, of_parquet] = ["of-csv", "of-parquet"].map(|model| {
        // What is sealed is told by the names of all columns, of which the CSV has not those of lists.
        let mut schema = place.json(&format!("{model}/schema.json"));
        schema.as_object_mut().and_then(|schema| schema.remove("sealed")).expect("sealed rows");
        schema
    });
    assert_eq!(of_csv, of_parquet);
    let predicted = |model: &str, table: &str| place.succeed(&["predict", model, table]);
    let expected = predicted("of-csv", &csv);
    assert_eq!(expected.stdout.lines().count(), 61);
    for (model, table) in [("of-csv", &parquet), ("of-parquet", &csv), ("of-parquet", &parquet)] {
        assert_eq!(predicted(model, table), expected, "{model} of {table}");
    }
    let piped = place.shell(&format!("$G predict of-csv - < '{parquet}'"));
    assert_eq!((piped.stdout, piped.status), (expected.stdout, Some(0)), "{}", piped.stderr);
    let evaluated = |model: &str| place.succeed(&["evaluate", model, "--open-test"]).stdout;
    assert_eq!(evaluated("of-csv").replace("of-csv", ""), evaluated("of-parquet").replace("of-parquet", ""));
}

#[cfg(all(feature = "cli", feature = "parquet"))]
#[test]
fn a_model_of_a_csv_knows_its_copy() {
    let place = command::Place::new();
    let csv = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/penguins.csv").display().to_string();
    let parquet = path("penguins.parquet").display().to_string();
    place.succeed(&["train", &csv, "--target", "species", "--set", "training.epochs=2", "--out", "m", "--quiet"]);
    let known = place.succeed(&["evaluate", "m", &parquet]).stdout;
    assert!(known.ends_with("the model was trained on it\n"), "{known}");
    assert_eq!(place.succeed(&["evaluate", "m", &parquet, "--open-test"]).stderr, "");
}

#[cfg(feature = "cli")]
#[test]
fn a_model_of_an_array_knows_it_by_its_columns() {
    let place = command::Place::new();
    let [csv, npy, npz] = ["x.csv", "fortran.npy", "deflated.npz"].map(|name| path(name).display().to_string());
    place.succeed(&["train", &csv, "--target", "column_1", "--set", "training.epochs=2", "--out", "m", "--quiet"]);
    assert_eq!(place.succeed(&["predict", "m", &csv]), place.succeed(&["predict", "m", &npy]));
    let refused = place.run(&["predict", "m", &npz]);
    assert!(refused.status == Some(2) && refused.stderr.contains("column_2"), "{refused:?}");
    place.succeed(&["train", &npz, "--target", "y", "--set", "training.epochs=2", "--out", "n", "--quiet"]);
    assert_eq!(place.succeed(&["predict", "n", &npz]).stdout.lines().count(), 31);
}

/// What a model says of delimited text does not hold for a copy of its table that is none.
#[cfg(feature = "cli")]
#[test]
fn test_rows_of_a_csv_are_opened_in_an_array() {
    let place = command::Place::new();
    let [csv, npy] = ["x.csv", "fortran.npy"].map(|name| path(name).display().to_string());
    let words = ["train", &csv, "--target", "column_1", "--set", "training.epochs=2", "--out", "m", "--quiet"];
    place.succeed(&[&words[..], &["--delimiter", ",", "--no-header"]].concat());
    let opened = place.succeed(&["evaluate", "m", "--open-test"]).stdout;
    assert_eq!(place.succeed(&["evaluate", "m", &npy, "--open-test"]).stdout, opened);
    assert_eq!(place.succeed(&["predict", "m", &csv]), place.succeed(&["predict", "m", &npy]));
}
