//! Networks on tables: `train`, `compare` and `search` from a CSV file.
#![cfg(all(feature = "cli", feature = "sqlite"))]

mod command;

use std::fmt::Write as _;

use command::Place;
use serde_json::Value as Json;

/// Rows of a table: what is to be learned is `kind`, by a line through `x` and `city`, and `price`, a sum of both.
fn rows(n: u64) -> Vec<[String; 6]> {
    // Weyl's sequence: spread evenly, the same on every machine.
    let even = |i: u64, by: f64| ((i as f64 + 1.0) * by).fract();
    (0..n)
        .map(|i| {
            let (x, z) = (4.0 * even(i, 0.618_033_988_75) - 2.0, even(i, 0.414_213_562_37));
            let city = if z < 0.5 { "Bonn" } else { "Ulm" };
            let step = if city == "Bonn" { 1.0 } else { -1.0 };
            let kind = if x + step > 0.0 { "high" } else { "low" };
            let missing = i % 13 == 0;
            let day = format!("2024-{:02}-{:02}", 1 + i % 12, 1 + i % 28);
            let x_cell = if missing { String::new() } else { format!("{x:.4}") };
            [x_cell, city.to_owned(), day, kind.to_owned(), format!("{:.3}", 100.0 + 20.0 * (x + step)), i.to_string()]
        })
        .collect()
}

fn csv(rows: &[[String; 6]]) -> String {
    let mut text = "x,city,day,kind,price,id\n".to_owned();
    for row in rows {
        writeln!(text, "{}", row.join(",")).unwrap();
    }
    text
}

/// Without the column that gives the answer away, by leaving it out of the file.
fn without(rows: &[[String; 6]], column: usize) -> String {
    let text = csv(rows);
    let keep = |line: &str| {
        let cells: Vec<&str> =
            line.split(',').enumerate().filter(|(i, _)| *i != column).map(|(_, cell)| cell).collect();
        cells.join(",") + "\n"
    };
    text.lines().map(keep).collect()
}

fn last(results: &Json, metric: &str) -> f64 {
    results["arms"][0]["runs"][0]["final"][metric].as_f64().unwrap_or_else(|| panic!("{metric}: {results}"))
}

#[test]
fn classes_and_numbers_are_learned() {
    let place = Place::new();
    place.write("kinds.csv", without(&rows(600), 4));
    let ran = place.succeed(&["train", "kinds.csv", "--target", "kind", "--out", "kinds"]);
    let results = place.json("kinds/results.json");
    assert!(last(&results, "validation_accuracy") > 0.9, "{}", ran.stdout);
    let data = &results["data"];
    assert_eq!((&data["train_rows"], &data["validation_rows"]), (&Json::from(336), &Json::from(96)));
    assert_eq!((&data["stopping_rows"], &data["test_rows"]), (&Json::from(48), &Json::from(0)));
    assert_eq!((&data["classes"], &data["columns"]), (&Json::from(2), &Json::from(3)), "without the identifier");

    let assessed = &results["assessment"];
    let names: Vec<&str> = assessed["models"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["network", "linear", "majority"]);
    let accuracy = |model: usize| assessed["models"][model]["scores"]["accuracy"].as_f64().unwrap();
    let by_the_run = last(&results, "validation_accuracy");
    assert!((accuracy(0) - by_the_run).abs() < 1e-9, "scored twice, the same: {} and {by_the_run}", accuracy(0));
    assert!(accuracy(0) > accuracy(2) + 0.2 && accuracy(1) > accuracy(2) + 0.2, "{assessed}");
    let rows_of = |list: &Json| list.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum::<u64>();
    assert_eq!(assessed["confusion"].as_array().unwrap().iter().map(rows_of).sum::<u64>(), 96);
    assert!(ran.stdout.contains("linear model"), "{}", ran.stdout);
    let columns = assessed["importance"].as_array().unwrap();
    let names: Vec<&str> = columns.iter().map(|one| one["column"].as_str().unwrap()).collect();
    assert!(names.len() == 3 && names[2] == "day", "the day says nothing: {assessed}");
    assert!(columns[0]["ci95"][0].as_f64().unwrap() > 0.0, "{assessed}");
    let page = String::from_utf8(place.read("kinds/report.html")).unwrap();
    assert!(page.contains("Beside simple models") && place.path("kinds/plots/confusion.svg").is_file());
    assert!(place.path("kinds/plots/calibration.png").is_file());

    place.write("prices.csv", without(&rows(600), 3));
    let ran = place.succeed(&["train", "prices.csv", "--target", "price", "--out", "prices"]);
    let results = place.json("prices/results.json");
    // The spread of the prices is 31; where x is missing 23 of it cannot be known, in every thirteenth row.
    assert!(last(&results, "validation_rmse") < 12.0, "{}", ran.stdout);
    let rmse = results["assessment"]["models"][0]["scores"]["RMSE"].as_f64().unwrap();
    assert!((rmse / last(&results, "validation_rmse") - 1.0).abs() < 1e-5, "scored twice, the same");
    assert!(place.path("prices/plots/predicted.svg").is_file());
    assert_eq!(results["data"]["classes"], 0);
    assert!(results["arms"][0]["runs"][0]["final"]["validation_accuracy"].is_null());
    assert!(place.path("prices/weights.safetensors").is_file());
}

/// What a column is, which classes there are, and with `data.split = "stratified"` which rows are sealed, is found out from all
/// rows. All that is fitted depends on no test row: each of their cells may be another one as long as it leaves that as it is.
#[test]
fn what_is_fitted_depends_on_no_cell_of_a_test_row() {
    let place = Place::new();
    let rows = rows(100);
    let results = |rows: &[[String; 6]]| {
        place.write("t.csv", csv(rows));
        let words = ["train", "t.csv", "--target", "kind", "--out", "t", "--kind", "id=unused"];
        // Where rows are sealed within classes, another class of one would have others sealed.
        let sets = ["--set", "training.epochs=2", "--set", "training.early_stopping=1", "--set", "data.split=random"];
        place.succeed(&[&words[..], &sets[..]].concat());
        let mut results = place.json("t/results.json");
        // The fingerprint of the file is that of all its rows.
        assert!(results["data"]["files"][0]["fingerprint"].take().is_string(), "{results}");
        let mut schema = place.json("t/schema.json");
        assert!(schema["sealed"]["fingerprint"].take().is_string(), "{schema}");
        (results, schema, ["weights.safetensors", "baselines.json"].map(|file| place.read(&format!("t/{file}"))))
    };
    let expected = results(&rows);
    // A number far away, a level that no other row has, another day, the other class, another price, and what was a number.
    let changed = |row: &mut [String; 6]| {
        let kind = if row[3] == "high" { "low" } else { "high" };
        *row = ["-98765.4", "Moon", "1999-12-31", kind, "555.5", "none"].map(str::to_owned);
    };
    let is_sealed = |i: &usize| {
        let mut rows = rows.clone();
        changed(&mut rows[*i]);
        results(&rows) == expected
    };
    let sealed: Vec<usize> = (0..60).filter(is_sealed).collect();
    assert!((5..=20).contains(&sealed.len()), "a fifth of 60 rows: {sealed:?}");
    let mut all = rows.clone();
    for &i in &sealed {
        changed(&mut all[i]);
    }
    assert!(results(&all) == expected, "nothing that is fitted depends on what test rows hold");
    let refit = &place.json("t/results.json")["refit"];
    assert_eq!(refit["rows"], 80, "neither does the network that has trained on all others");
}

/// Which classes there are is known from all rows, and so is what a column is.
#[test]
fn kinds_and_classes_come_from_all_rows() {
    let place = Place::new();
    let row = |i: usize| match i % 5 {
        0 => format!("{}.5,a{},test,sealed\n", i % 7, i),
        _ => format!("{}.5,{},train,{}\n", i * 37 % 101, i % 6, ["yes", "no"][i % 2]),
    };
    place.write("t.csv", format!("x,code,part,y\n{}", (0..60).map(row).collect::<String>()));
    let words = ["train", "t.csv", "--target", "y", "--preset", "plain", "--out", "t", "--set", "training.epochs=2"];
    place.succeed(&[&words[..], &["--set", "data.split_column=part"]].concat());
    let schema = place.json("t/schema.json");
    assert_eq!(schema["predicts"]["classes"], serde_json::json!(["no", "sealed", "yes"]), "{schema}");
    let code = &schema["columns"].as_array().expect("columns")[1];
    // Numbers in all rows that train, texts in test rows; of its levels those of the training rows are known.
    let levels = code["kind"]["categorical"].as_array().unwrap_or_else(|| panic!("{code}"));
    assert_eq!(levels.len(), 6, "{code}");
}

#[test]
fn levels_of_rows_that_did_not_train_are_unknown_to_a_model() {
    let place = Place::new();
    let row = |i: usize| {
        let (part, level) = match i % 10 {
            0 | 1 => ("test", "sealed"),
            2 => ("validation", "validating"),
            _ => ("train", ["red", "green", "blue"][i % 3]),
        };
        format!("{}.5,{level},{part},{}\n", i * 37 % 101, ["yes", "no"][i % 2])
    };
    place.write("t.csv", format!("x,colour,part,y\n{}", (0..120).map(row).collect::<String>()));
    let words = ["train", "t.csv", "--target", "y", "--preset", "plain", "--out", "t", "--set", "training.epochs=2"];
    place.succeed(&[&words[..], &["--set", "data.split_column=\"part\"", "--set", "training.refit=false"]].concat());
    let schema = place.json("t/schema.json");
    let colour = &schema["columns"].as_array().expect("columns")[1];
    assert_eq!(colour["kind"]["categorical"], serde_json::json!(["blue", "green", "red"]), "{schema}");
    place.write("new.csv", "x,colour\n1.5,sealed\n2.5,red\n");
    let said = place.succeed(&["predict", "t", "new.csv"]).stderr;
    assert!(said.contains("colour"), "a level that no training row has: {said}");
}

#[test]
fn compare_and_search_take_tables() {
    let place = Place::new();
    place.write("kinds.csv", without(&rows(200), 4));
    let short = ["--set", "training.epochs=3", "--set", "training.early_stopping=3"];
    let compare = |jobs: &str| {
        let words = ["compare", "kinds.csv", "--target", "kind", "--vary", "network.dropout=0,0.2", "--seeds", "3"];
        place.succeed(&[&words[..], &["--jobs", jobs, "--out", jobs], &short].concat());
        (place.read(&format!("{jobs}/results.json")), place.read(&format!("{jobs}/report.html")))
    };
    let (one, three) = (compare("1"), compare("3"));
    assert_eq!(place.json("1/results.json")["arms"].as_array().unwrap().len(), 2);
    assert!(one.1 == three.1 && one.0.len() == three.0.len());
    let assessed = &place.json("1/results.json")["assessment"];
    assert_eq!(assessed["models"][0]["name"], "linear");
    assert!(String::from_utf8(one.1).unwrap().contains("the linear model, which has accuracy"));

    let words =
        ["search", "kinds.csv", "--target", "kind", "--trials", "4", "--out", "found", "--set", "search.finalists=1"];
    let ran = place.succeed(&[&words[..], &short].concat());
    let results = place.json("found/results.json");
    assert_eq!(results["assessment"]["models"][1]["name"], "majority");
    assert_eq!(results["trials"].as_array().unwrap().len(), 4, "{}", ran.stdout);
    let first = results["trials"].as_array().unwrap().iter().find(|trial| trial["trial"] == 0).unwrap();
    assert_eq!(first["settings"]["training.learning_rate"], 0.04, "the preset itself is tried first");
}

#[test]
fn what_was_inferred_is_printed() {
    let place = Place::new();
    place.write("kinds.csv", without(&rows(200), 4));
    let printed = place.succeed(&["train", "kinds.csv", "--target", "kind", "--print-recipe"]).stdout;
    for line in [
        "source = \"kinds.csv\" # command line",
        "target = \"kind\" # command line",
        "loss = \"cross-entropy\" # inferred",
        "batch_size = 112 # inferred",
        "activation = \"selu\" # inferred",
        "hidden = [256, 256, 256] # recipe",
    ] {
        let squeezed: String = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed.contains(line), "{line}: {printed}");
    }
    // What is printed is a recipe that runs the same.
    place.write("again.toml", &printed);
    place.succeed(&["train", "again.toml", "--print-recipe"]);
}

#[test]
fn errors() {
    let place = Place::new();
    place.write("kinds.csv", csv(&rows(60)));
    place.write("gaps.csv", "x,y\n1,a\n2,\n3,b\n");
    place.write("few.csv", "x,y\n1,a\n2,b\n");
    place.write("one.csv", "x,y\n1,a\n2,a\n3,a\n");
    place.write("alone.csv", format!("z,y\n{}", "7,1\n7,2\n".repeat(20)));
    place.write("mnist.toml", "[data]\ntarget = \"price\"\n");
    place.write(
        "table.toml",
        "[data]\nsource = \"kinds.csv\"\ntarget = \"city\"\n[training]\nloss = \"mean-squared-error\"\n",
    );
    let mut text = String::new();
    for words in [
        &["train", "kinds.csv"][..],
        &["train", "kinds.csv", "--target", "knid"],
        &["train", "kinds.csv", "--target", "id"],
        &["train", "kinds.csv", "--target", "day"],
        &["train", "gaps.csv", "--target", "y"],
        &["train", "few.csv", "--target", "y"],
        &["train", "one.csv", "--target", "y"],
        &["train", "alone.csv", "--target", "y"],
        &["train", "-", "--target", "y"],
        &["train", "none.csv", "--target", "y"],
        &["train", "mnist.toml"],
        &["train", "table.toml"],
        &["train", "kinds.csv", "--target", "kind", "--set", "data.test=0.99"],
        &["compare", "kinds.csv", "--target", "kind", "--vary", "data.target=kind,city"],
    ] {
        let ran = place.run(words);
        assert_eq!(ran.status, Some(2), "{words:?}: {}", ran.stdout);
        writeln!(text, "$ goodfit {}\n{}", words.join(" "), ran.stderr).unwrap();
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(text) });
}

#[test]
fn a_network_that_overflows_is_no_model_and_takes_no_earlier_one_away() {
    let place = Place::new();
    place.write("kinds.csv", without(&rows(200), 4));
    let train = ["train", "kinds.csv", "--target", "kind", "--set", "training.epochs=3", "--out", "m"];
    place.succeed(&train);
    let model = ["model.toml", "schema.json", "weights.safetensors", "baselines.json"];
    let before: Vec<Vec<u8>> = model.iter().map(|file| place.read(&format!("m/{file}"))).collect();
    let predicted = place.succeed(&["predict", "m", "kinds.csv"]).stdout;
    for out in ["m", "new"] {
        let ran =
            place.run(&[&train[..7], &[out, "--preset", "plain", "--set", "training.learning_rate=1e30"]].concat());
        assert_eq!(ran.status, Some(1), "{}", ran.stderr);
        assert!(!ran.stdout.contains("linear model,") && !ran.stdout.contains("beat"), "{}", ran.stdout);
        assert!(ran.stderr.contains("no model is left of a run without a usable result"), "{}", ran.stderr);
        assert_eq!(ran.stderr.contains("that in the folder is of an earlier run"), out == "m");
    }
    assert!(!place.path("new/weights.safetensors").exists());
    let after: Vec<Vec<u8>> = model.iter().map(|file| place.read(&format!("m/{file}"))).collect();
    assert!(before == after, "the earlier model stays as it was");
    place.succeed(&[
        "compare",
        "kinds.csv",
        "--target",
        "kind",
        "--set",
        "training.epochs=1",
        "--seeds",
        "1",
        "--out",
        "m",
    ]);
    assert_eq!(place.succeed(&["predict", "m", "kinds.csv"]).stdout, predicted, "a comparison beside it as well");
}

#[test]
fn rows_that_rank_and_choose_are_told_of() {
    let place = Place::new();
    place.write("kinds.csv", without(&rows(200), 4));
    let train = ["train", "kinds.csv", "--target", "kind", "--set", "training.epochs=2", "--set", "data.stopping=0"];
    let ran = place.succeed(&train);
    assert!(ran.stdout.contains("the validation rows also choose the epoch"), "{}", ran.stdout);
}

#[test]
fn a_missing_level_of_two_has_its_own_place() {
    let place = Place::new();
    // What is to be learned is whether the level is missing.
    let row = |i: usize| match i % 3 {
        0 => format!("no,,{}", i * 7 % 5),
        part => format!("yes,{},{}", ["a", "b"][part - 1], i * 7 % 5),
    };
    let rows: Vec<String> = (0..150).map(row).collect();
    place.write("t.csv", format!("y,level,x\n{}\n", rows.join("\n")));
    place.succeed(&["train", "t.csv", "--target", "y", "--preset", "plain", "--out", "m"]);
    let models = place.json("m/results.json")["assessment"]["models"].clone();
    assert_eq!((&models[1]["name"], &models[1]["scores"]["accuracy"]), (&"linear".into(), &1.0.into()), "{models}");
}
