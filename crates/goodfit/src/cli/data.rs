//! `goodfit data`.

mod table;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::Data;
use super::visible::visible;
use super::{Failure, Outcome, print};
use crate::data::load;
use crate::data::table::Scaling;
use crate::recipe::{DataRecipe, Evaluation, Source, Split};

/// Lists the sources or describes one.
pub(super) fn data(command: &Data) -> Outcome {
    match command {
        Data::List => {
            print(
                "mnist    60,000 training and 10,000 test images of digits, inside this program\n\
                 normal   draws from the standard normal distribution, without targets\n\
                 FOLDER   a folder of IDX files, raw or gzipped, for instance Fashion-MNIST\n\
                 FILE     a table of your own, CSV, Parquet, NPY or NPZ: `goodfit data info FILE` describes it\n",
            )?;
            Ok(0)
        }
        Data::Info { source, reading, kinds, output } if is_table(source) => {
            table::info(source, &kinds.of(reading.options()), output.json)
        }
        Data::Info { source, output, .. } => info(source, output.json),
    }
}

/// Whether a source is a file of rows: one that is there, or whose name ends as those of files do.
fn is_table(source: &str) -> bool {
    let path = Path::new(source);
    source == "-" || (!path.is_dir() && (path.exists() || path.extension().is_some()))
}

fn info(name: &str, as_json: bool) -> Outcome {
    let source = match name {
        "mnist" => Source::Mnist,
        "normal" => Source::Normal { rows: 1000, columns: 100 },
        folder => Source::Idx(PathBuf::from(folder)),
    };
    let has_test = !matches!(source, Source::Normal { .. });
    let recipe = DataRecipe {
        source,
        train_rows: None,
        validation: 0.0,
        stopping: 0.0,
        test: 0.0,
        split: Split::Random,
        given: None,
        folds: None,
        fold: None,
        evaluation: if has_test { Evaluation::Test } else { Evaluation::Validation },
        split_seed: None,
        scaling: Scaling::default(),
        one_hot_limit: None,
    };
    let dataset = load(&recipe, 0).map_err(|error| {
        let hint = error.hint();
        Failure::new(error, hint)
    })?;
    let (rows, test) = (&dataset.train, dataset.test.as_ref());
    let mut counts = vec![0_usize; dataset.n_classes];
    for &class in &rows.classes {
        if let Some(count) = counts.get_mut(class as usize) {
            *count += 1;
        }
    }
    if as_json {
        let value = json!({
            "source": dataset.source, "train_rows": rows.n_rows, "columns": rows.n_columns,
            "classes": dataset.n_classes, "train_rows_by_class": counts,
            "test_rows": test.map_or(0, crate::data::Sealed::n_rows),
            "test_fingerprint": test.map(|test| format!("{:016x}", test.fingerprint())),
        });
        print(&format!("{value:#}\n"))?;
        return Ok(0);
    }
    let mut text = format!("{}\n  training rows  {}\n", visible(&dataset.source), rows.n_rows);
    if let Some(test) = test {
        let _ = writeln!(text, "  test rows      {}, sealed, fingerprint {:016x}", test.n_rows(), test.fingerprint());
    }
    let _ = writeln!(text, "  columns        {}", rows.n_columns);
    if dataset.n_classes > 0 {
        let counts: Vec<String> = counts.iter().map(usize::to_string).collect();
        let _ = writeln!(text, "  classes        {}, training rows of each: {}", dataset.n_classes, counts.join(" "));
    }
    if name == "mnist" {
        let _ = writeln!(text, "\n{}", attribution());
    }
    print(&text)?;
    Ok(0)
}

#[cfg(feature = "mnist")]
fn attribution() -> &'static str {
    goodfit_mnist::ATTRIBUTION
}

#[cfg(not(feature = "mnist"))]
fn attribution() -> &'static str {
    ""
}
