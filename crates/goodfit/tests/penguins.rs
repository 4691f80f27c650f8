//! From a file that a user has to a model: every command on a table, one after the other, on Palmer penguins.
#![cfg(all(feature = "cli", feature = "sqlite"))]

mod command;

use command::Place;
use goodfit::data::table::{Predicts, TableError, TableOptions, read_chunks};
use goodfit::model::Model;

const TABLE: &str = include_str!("../examples/penguins.csv");
/// Enough to tell the species apart, and soon done.
const SHORT: [&str; 4] = ["--set", "training.epochs=32", "--set", "data.split_seed=0"];

fn place() -> Place {
    let place = Place::new();
    place.write("penguins.csv", TABLE);
    place
}

fn accuracy(place: &Place, out: &str) -> f64 {
    let results = place.json(&format!("{out}/results.json"));
    results["arms"][0]["runs"][0]["final"]["validation_accuracy"].as_f64().unwrap()
}

/// The first cell of each row.
fn species(table: &str) -> impl Iterator<Item = &str> {
    table.lines().skip(1).filter_map(|line| line.split(',').next())
}

#[test]
fn a_table_becomes_a_model() {
    let place = place();
    let known = place.succeed(&["data", "info", "penguins.csv"]).stdout;
    assert!(known.starts_with("penguins.csv: 344 rows, 8 columns\n"), "{known}");
    for line in
        ["species            categorical        -  3 levels", "sex                categorical       11  2 levels"]
    {
        assert!(known.contains(line), "{line}: {known}");
    }
    place.succeed(&[&["train", "penguins.csv", "--target", "species", "--out", "model"], &SHORT[..]].concat());
    assert!(accuracy(&place, "model") > 0.95);
    let tested = place.succeed(&["evaluate", "model", "--open-test", "--json"]).stdout;
    let tested: serde_json::Value = serde_json::from_str(&tested).unwrap();
    assert_eq!(tested[0]["rows"], 69);
    assert!(tested[0]["scores"]["accuracy"].as_f64().unwrap() > 0.9, "{tested}");

    // Rows of the same file without what is predicted, the columns in another order.
    let rows = TABLE.lines().map(|line| line.split(',').rev().collect::<Vec<_>>());
    let new: Vec<String> = rows.map(|cells| cells[..7].join(",")).collect();
    place.write("new.csv", new.join("\n") + "\n");
    let predicted = place.succeed(&["predict", "model", "new.csv"]).stdout;
    let n_right = species(&predicted).zip(species(TABLE)).filter(|(ours, theirs)| ours == theirs).count();
    assert_eq!(species(&predicted).count(), 344);
    assert!(n_right > 330, "{n_right} of 344");

    // The same from Rust.
    let model = Model::load(&place.path("model")).unwrap();
    let mut classes = Vec::new();
    read_chunks(&place.path("new.csv"), &TableOptions::default(), &model.schema, |rows| {
        classes.extend(model.predict(rows).iter().map(|prediction| prediction.class().unwrap()));
        Ok::<(), TableError>(())
    })
    .unwrap();
    let Predicts::Classes(names) = &model.schema.predicts else { panic!("classes") };
    assert!(classes.iter().map(|&class| names[class].as_str()).eq(species(&predicted)));
    if cfg!(feature = "onnx") {
        place.succeed(&["export", "model", "--onnx", "model.onnx"]);
        let file = place.read("model.onnx");
        for name in ["flipper_length_mm", "island", "probabilities", "Gentoo"] {
            assert!(file.windows(name.len()).any(|part| part == name.as_bytes()), "{name} is not in the file");
        }
    }
}

#[test]
fn variants_are_compared_and_searched() {
    let place = place();
    let vary = ["--vary", "network.dropout=0,0.2", "--seeds", "3", "--out", "compared"];
    let words = ["compare", "penguins.csv", "--target", "species"];
    place.succeed(&[&words[..], &vary, &SHORT].concat());
    let compared = place.json("compared/results.json");
    assert_eq!(compared["comparisons"][0]["n"], 3);
    let words = ["search", "penguins.csv", "--target", "species", "--trials", "6", "--out", "searched"];
    place.succeed(&[&words[..], &SHORT, &["--set", "search.rescore_seeds=2"]].concat());
    let searched = place.json("searched/results.json");
    assert!(searched["search"]["winner"]["score"]["mean"].as_f64().unwrap() > 0.9);
    let best = place.succeed(&["study", "best", "searched/study.db", "--print-recipe"]).stdout;
    place.write("best.toml", best);
    place.succeed(&["train", "best.toml", "--out", "best"]);
    assert!(accuracy(&place, "best") > 0.9);
    place.succeed(&["predict", "best", "penguins.csv"]);
}
