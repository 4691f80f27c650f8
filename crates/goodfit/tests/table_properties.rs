//! Reading tables of any bytes, and of what was written before.

use std::fs;

use goodfit::data::table::{Column, Kind, Table, TableError, TableOptions, Values, read};
use proptest::collection::vec;
use proptest::prelude::*;

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

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
