//! Fingerprints of tables are those that `fingerprints/make.py` has of the same files, whatever the form of the file.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use goodfit::data::table::{DataFile, TableOptions, read};
use serde::Deserialize;

#[derive(Debug, Deserialize, PartialEq)]
struct Print {
    rows: usize,
    columns: usize,
    fingerprint: String,
}

fn print(path: &Path) -> Print {
    let table = read(path, &TableOptions::default()).expect("a table");
    let [DataFile { rows, columns, fingerprint, .. }] = &table.files[..] else { panic!("{:?}", table.files) };
    Print { rows: *rows, columns: *columns, fingerprint: fingerprint.clone() }
}

fn golden() -> BTreeMap<String, Print> {
    serde_json::from_str(include_str!("fingerprints/fingerprints.json")).expect("fingerprints")
}

fn here(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn as_of_another_program() {
    let golden = golden();
    assert_eq!(golden["penguins.csv"], print(&here("examples/penguins.csv")));
    assert_eq!(golden["table.csv"], print(&here("tests/tables/table.csv")));
}

#[test]
fn the_form_of_the_file_makes_no_difference() {
    let text = fs::read_to_string(here("examples/penguins.csv")).expect("read");
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("packed");
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.replace(',', ";").replace('\n', "\r\n").as_bytes()).expect("packed");
    fs::write(&path, packer.finish().expect("packed")).expect("written");
    assert_eq!(print(&path), golden()["penguins.csv"]);
    #[cfg(feature = "parquet")]
    {
        let parquet = |name: &str| print(&here(&format!("tests/tables/{name}.parquet")));
        let plain = parquet("plain");
        assert_eq!((plain.rows, plain.columns), (60, 31));
        for name in ["snappy", "zstd", "gzip", "lz4", "delta"] {
            assert_eq!(parquet(name), plain, "{name}");
        }
    }
}

/// Copies that pandas and NumPy have written: other texts of the same numbers, dates and missing values.
#[test]
fn a_copy_is_the_same_table() {
    let here = |name: &str| print(&here(&format!("tests/tables/{name}")));
    for name in ["f8.npy", "big-endian.npy", "fortran.npy"] {
        assert_eq!(here(name), here("x.csv"), "{name}");
    }
    #[cfg(feature = "parquet")]
    {
        assert_eq!(here("penguins.parquet"), golden()["penguins.csv"]);
        assert_eq!(here("flat.parquet"), golden()["table.csv"]);
    }
}
