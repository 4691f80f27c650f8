//! Reading tables of any bytes, of what was written before, and of files that were damaged since.

use std::fs;
use std::path::Path;

use goodfit::data::table::{Column, Kind, Table, TableError, TableOptions, Values, read};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

fn read_bytes(bytes: &[u8]) -> Result<Table, TableError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("table.csv");
    fs::write(&path, bytes).expect("written");
    read(&path, &TableOptions::default())
}

fn n_values(column: &Column) -> Option<usize> {
    match &column.values {
        Values::Numbers(numbers) => Some(numbers.len()),
        Values::Levels { names, codes } => {
            assert!(names.is_sorted() && codes.iter().all(|&code| (code as usize) < names.len() || code == u32::MAX));
            Some(codes.len())
        }
        Values::Days(days) => Some(days.len()),
        Values::None => None,
    }
}

fn check(found: Result<Table, TableError>) {
    match found {
        Ok(table) => {
            for column in &table.columns {
                assert_eq!(n_values(column), column.kind.is_used().then_some(table.n_rows), "{}", column.name);
                let missing = (0..table.n_rows).filter(|&row| column.values.is_missing(row)).count();
                assert!(!column.kind.is_used() || missing == column.n_missing, "{}: {missing}", column.name);
            }
        }
        Err(error) => assert!(!error.what.is_empty() && !error.to_string().contains("panicked")),
    }
}

/// A cell that has to be read as it was written.
fn cell() -> impl Strategy<Value = String> {
    "[a-zA-Zäß ,;|'\"\n]{0,6}[a-z]"
}

/// Tables whose cells have types, each encoding and packing among them.
const TYPED: [&str; 12] = [
    "plain.parquet",
    "snappy.parquet",
    "zstd.parquet",
    "gzip.parquet",
    "lz4.parquet",
    "delta.parquet",
    "f8.npy",
    "fortran.npy",
    "fields.npy",
    "objects.npy",
    "stored.npz",
    "deflated.npz",
];

/// A file as it is when some of its bytes are others, or its end is missing. Most of them are chosen near its ends, where
/// lengths and shapes stand.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let place = prop_oneof![any::<usize>(), 0..200_usize, usize::MAX - 4000..];
    let changes = vec((place, prop_oneof![any::<u8>(), Just(0xff), Just(0)]), 1..4);
    (0..TYPED.len(), changes, prop_oneof![3 => Just(0), 1 => any::<usize>()]).prop_map(|(file, changes, cut)| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables").join(TYPED[file]);
        let mut bytes = fs::read(path).expect("a table");
        for (place, byte) in changes {
            let n = bytes.len();
            let at = if place >= usize::MAX - 4000 { n - 1 - (usize::MAX - place) % n } else { place % n };
            bytes[at] = byte;
        }
        let end = bytes.len() - cut % bytes.len();
        bytes.truncate(end);
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_files(bytes in damaged()) {
        check(read_bytes(&bytes));
    }

    #[test]
    fn what_begins_as_another_format(
        magic in select(vec![&b"PAR1"[..], b"\x93NUMPY\x01\0", b"PK\x03\x04"]),
        bytes in vec(any::<u8>(), 0..300),
        end in select(vec![&b"PAR1"[..], b""]),
    ) {
        check(read_bytes(&[magic, &bytes, end].concat()));
    }

    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..600)) {
        check(read_bytes(&bytes));
    }

    #[test]
    fn what_looks_like_a_table(text in "([0-9a,;\t|'\" \r\n.\\-?NA]|inf|2024-01-0|é){0,200}") {
        check(read_bytes(text.as_bytes()));
    }

    #[test]
    fn numbers_and_texts_come_back(
        rows in vec((any::<f32>().prop_filter("finite", |x| x.is_finite()), cell()), 2..40),
        delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t'), Just(b'|')],
    ) {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        writer.write_record(["number", "text"]).expect("written");
        for (x, text) in &rows {
            writer.write_record([&x.to_string(), text]).expect("written");
        }
        let bytes = writer.into_inner().expect("written");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("table.csv");
        fs::write(&path, &bytes).expect("written");
        // With few rows the cells themselves may look like another dialect.
        let options = TableOptions { delimiter: Some(delimiter), ..TableOptions::default() };
        let table = read(&path, &options).expect("a table");
        prop_assert_eq!(table.n_rows, rows.len());
        if table.dialect.quote == b'"' && table.columns[0].kind == Kind::Numeric {
            let Values::Numbers(numbers) = &table.columns[0].values else { unreachable!() };
            let written: Vec<f32> = rows.iter().map(|(x, _)| *x).collect();
            prop_assert_eq!(numbers, &written);
        }
        if table.dialect.quote == b'"' && table.columns[1].kind == Kind::Categorical {
            let Values::Levels { names, codes } = &table.columns[1].values else { unreachable!() };
            for (&code, (_, text)) in codes.iter().zip(&rows) {
                let text = text.trim();
                if code == u32::MAX {
                    prop_assert!(["na", "null", "none", "nan", "n/a"].contains(&text.to_lowercase().as_str()), "{}", text);
                } else {
                    prop_assert_eq!(&names[code as usize], text);
                }
            }
        }
    }
}
