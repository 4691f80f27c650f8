//! `goodfit predict`: models of tables, kept and read again.
#![cfg(feature = "cli")]

mod command;

use std::fmt::Write as _;

use command::Place;

const RECIPE: &str = "[data]\nsource = \"TABLE\"\ntarget = \"TARGET\"\ntest = 0.0\nvalidation = 0.0\n[network]\nhidden = [16, 8]\n\
                      batch_norm = true\n[training]\noptimizer = \"adam\"\nlearning_rate = 0.01\nbatch_size = 20\nepochs = 8\n";

/// Rows with a number, texts of three levels, a date, a gap here and there, and the targets `kind` and `price`.
fn rows() -> Vec<[String; 5]> {
    (0..120_u32)
        .map(|i| {
            let (x, city) = (f64::from(i * 37 % 101) / 10.0, ["Bonn", "Kiel", "Ulm"][(i * 7 % 3) as usize]);
            let kind = if x > 5.0 || city == "Ulm" { "high" } else { "low" };
            let x_cell = if i % 11 == 0 { "NA".to_owned() } else { x.to_string() };
            let city_cell = if i % 17 == 0 { "" } else { city };
            let day = format!("2024-03-{:02} {:02}:00", 1 + i % 28, i % 24);
            [x_cell, city_cell.to_owned(), day, kind.to_owned(), (3.0 * x - 7.0).to_string()]
        })
        .collect()
}

fn csv(names: &[&str], places: &[usize], rows: &[[String; 5]]) -> String {
    let mut text = names.join(",") + "\n";
    for row in rows {
        let cells: Vec<&str> = places.iter().map(|&place| row[place].as_str()).collect();
        writeln!(text, "{}", cells.join(",")).unwrap();
    }
    text
}

/// A model of `kind` in `kinds` and of `price` in `prices`, trained on all rows of their tables.
fn trained() -> Place {
    let place = Place::new();
    place.write("kinds.csv", csv(&["x", "city", "day", "kind"], &[0, 1, 2, 3], &rows()));
    place.write("prices.csv", csv(&["x", "city", "day", "price"], &[0, 1, 2, 4], &rows()));
    for (table, target) in [("kinds", "kind"), ("prices", "price")] {
        let loss = if target == "price" { "loss = \"mean-squared-error\"\n" } else { "" };
        let recipe = RECIPE.replace("TABLE", &format!("{table}.csv")).replace("TARGET", target) + loss;
        place.write(&format!("{table}.toml"), recipe);
        place.succeed(&["train", &format!("{table}.toml"), "--out", table, "--quiet"]);
    }
    place
}

fn final_metric(place: &Place, model: &str, metric: &str) -> f64 {
    place.json(&format!("{model}/results.json"))["arms"][0]["runs"][0]["final"][metric].as_f64().unwrap()
}

#[test]
fn each_scaling_is_kept_with_its_model() {
    let place = Place::new();
    place.write("kinds.csv", csv(&["x", "city", "day", "kind"], &[0, 1, 2, 3], &rows()));
    place.write("kinds.toml", RECIPE.replace("TABLE", "kinds.csv").replace("TARGET", "kind"));
    let mut schemas = Vec::new();
    for scaling in ["robust", "standard", "quantile", "min-max"] {
        let setting = format!("data.scaling={scaling}");
        place.succeed(&["train", "kinds.toml", "--set", &setting, "--out", scaling, "--quiet"]);
        let predicted = place.succeed(&["predict", scaling, "kinds.csv"]).stdout;
        let right = predicted.lines().skip(1).zip(rows()).filter(|(line, row)| line.split(',').next() == Some(&row[3]));
        let share = right.count() as f64 / 120.0;
        assert!((share - final_metric(&place, scaling, "train_accuracy")).abs() < 1e-9, "{scaling}");
        assert!(share > 0.8, "{scaling}: {share}");
        schemas.push(place.json(&format!("{scaling}/schema.json"))["encoder"]["scales"].clone());
    }
    assert!(schemas[0].is_array(), "as models were written when there was no other");
    for (scaling, schema) in ["standard", "quantile", "min-max"].into_iter().zip(&schemas[1..]) {
        assert!(schema[scaling].is_array(), "{schema}");
    }
}

#[test]
fn a_model_predicts_what_it_was_scored_on() {
    let place = trained();
    let predicted = place.succeed(&["predict", "kinds", "kinds.csv"]).stdout;
    let mut lines = predicted.lines();
    assert_eq!(lines.next(), Some("kind,probability of high,probability of low"));
    let mut n_right = 0;
    for (line, row) in lines.zip(rows()) {
        let cells: Vec<&str> = line.split(',').collect();
        let shares: Vec<f64> = cells[1..].iter().map(|cell| cell.parse().unwrap()).collect();
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{line}");
        assert_eq!(cells[0] == "high", shares[0] >= shares[1], "{line}");
        n_right += usize::from(cells[0] == row[3]);
    }
    let accuracy = final_metric(&place, "kinds", "train_accuracy");
    assert!((n_right as f64 / 120.0 - accuracy).abs() < 1e-9, "{n_right} of 120, {accuracy}");

    let predicted = place.succeed(&["predict", "prices", "prices.csv"]).stdout;
    let squares = predicted.lines().skip(1).zip(rows()).map(|(line, row)| {
        let error = line.parse::<f64>().unwrap() - row[4].parse::<f64>().unwrap();
        error * error
    });
    let (found, scored) = ((squares.sum::<f64>() / 120.0).sqrt(), final_metric(&place, "prices", "train_rmse"));
    assert!((found / scored - 1.0).abs() < 1e-5, "{found}, {scored}");
}

#[test]
fn columns_are_found_by_name() {
    let place = trained();
    let expected = place.succeed(&["predict", "kinds", "kinds.csv"]).stdout;
    let others = csv(&["price", "day", "extra", "x", "city"], &[4, 2, 2, 0, 1], &rows());
    place.write("others.csv", &others);
    place.write("others.tsv", others.replace(',', "\t"));
    for file in ["others.csv", "others.tsv"] {
        assert_eq!(place.succeed(&["predict", "kinds", file]).stdout, expected, "{file}");
    }
    place.write("none.csv", "x,city,day\n");
    assert_eq!(
        place.succeed(&["predict", "kinds", "none.csv"]).stdout,
        "kind,probability of high,probability of low\n"
    );
}

#[test]
fn two_columns_of_one_name_are_not_told_apart() {
    let place = trained();
    place.write("twice.csv", "x,city,day,x,x2,x2\n1.5,Bonn,2024-03-01 01:00,9,1,1\n");
    let ran = place.run(&["predict", "kinds", "twice.csv"]);
    assert_eq!(ran.status, Some(2));
    insta::assert_snapshot!(ran.stderr, @r"
    error: twice.csv:1: column x: two columns have this name
    hint: the model looks at it: rename the one that is not meant
    ");
    // What no model looks at may have any name.
    place.write("other.csv", "x,city,day,x2,x2\n1.5,Bonn,2024-03-01 01:00,1,1\n");
    place.succeed(&["predict", "kinds", "other.csv"]);
}

#[test]
fn a_table_without_names_is_predicted_without_them() {
    let place = Place::new();
    let lines: Vec<String> = (0..60).map(|i| format!("{}.5,{}.25,{}", i % 7, i % 5, i % 2)).collect();
    let numbers = lines.join("\n") + "\n";
    place.write("bare.csv", &numbers);
    place.succeed(&["train", "bare.csv", "--target", "column_3", "--out", "bare", "--quiet"]);
    let predicted = place.succeed(&["predict", "bare", "bare.csv"]).stdout;
    assert_eq!(predicted.lines().count(), 61, "a row each, the first one too");
    place.write("named.csv", format!("column_1,column_2,column_3\n{numbers}"));
    assert_eq!(place.succeed(&["predict", "bare", "named.csv"]).stdout, predicted);
    assert_eq!(place.succeed(&["predict", "bare", "bare.csv", "--no-header"]).stdout, predicted);
}

#[test]
fn what_no_training_row_had_is_predicted_all_the_same() {
    let place = trained();
    place.write("new.csv", "x,city,day\n1e30,Mars,1850-01-01\n,,\nmany,Bonn,soon\n-inf,Ulm,2024-03-01 00:00\n");
    let ran = place.succeed(&["predict", "kinds", "new.csv"]);
    assert_eq!(ran.stdout.lines().count(), 5);
    assert!(!ran.stdout.contains("NaN"), "{}", ran.stdout);
    let expected = "column x: 1 cell is not as the model knows it and taken as missing, first \"many\" in line 4\n\
                    column day: 1 cell is not as the model knows it and taken as missing, first \"soon\" in line 4\n\
                    column city: 1 cell has a level that the model does not know, first \"Mars\" in line 2\n\
                    column x: 1 cell is infinite or beyond 32 bits, first \"-inf\" in line 5\n";
    assert_eq!(ran.stderr, expected);
}

#[test]
fn test_rows_are_opened_on_the_record() {
    let place = Place::new();
    place.write("prices.csv", csv(&["x", "city", "day", "price"], &[0, 1, 2, 4], &rows()));
    place.succeed(&["train", "prices.csv", "--target", "price", "--out", "model", "--quiet"]);
    let closed = place.succeed(&["evaluate", "model"]);
    assert_eq!(closed.stderr, "24 test rows are sealed; --open-test opens them, once everything is chosen\n");
    assert!(!place.path("model/openings.jsonl").exists());

    let opened = place.succeed(&["evaluate", "model", "--open-test"]);
    let head = opened.stdout.lines().next().unwrap_or_default();
    let words: Vec<&str> = head.split_whitespace().collect();
    assert_eq!(words, ["price", "on", "24", "test", "rows", "network", "linear", "mean"]);
    assert!(opened.stderr.is_empty(), "{opened:?}");
    let again = place.succeed(&["evaluate", "model", "--open-test"]);
    assert_eq!(again.stdout, opened.stdout);
    assert!(again.stderr.starts_with("these rows were opened once before, first on 20"), "{}", again.stderr);
    let openings = place.succeed(&["evaluate", "model", "--open-test", "--json"]).stdout;
    let openings: serde_json::Value = serde_json::from_str(&openings).unwrap();
    assert_eq!(openings.as_array().unwrap().len(), 3);
    let lines = String::from_utf8(place.read("model/openings.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 3);

    // The score is that of the rows that no training saw: predictions of the whole file say the same of them.
    let sealed: Vec<usize> = (0..120).filter(|&i| is_sealed(&place, i)).collect();
    assert_eq!(sealed.len(), 24);
    place.write("prices.csv", csv(&["x", "city", "day", "price"], &[0, 1, 2, 4], &rows()));
    let predicted = place.succeed(&["predict", "model", "prices.csv"]).stdout;
    let predicted: Vec<f64> = predicted.lines().skip(1).map(|line| line.parse().unwrap()).collect();
    let error = |i: &usize| predicted[*i] - rows()[*i][4].parse::<f64>().unwrap();
    let rmse = (sealed.iter().map(|i| error(i).powi(2)).sum::<f64>() / 24.0).sqrt();
    let scored = openings[0]["scores"]["RMSE"].as_f64().unwrap();
    let simple = |place: usize| openings[0]["baselines"][place]["scores"]["R2"].as_f64().unwrap();
    assert!(simple(0) > 0.5 && simple(1) <= 0.0, "a line predicts them, their mean does not: {}", openings[0]);
    assert!((rmse / scored - 1.0).abs() < 1e-5, "{rmse}, {scored}");

    // A record whose last line lost its end is gone on with.
    place.write("model/openings.jsonl", lines.trim_end());
    place.succeed(&["evaluate", "model", "--open-test"]);
    assert_eq!(String::from_utf8(place.read("model/openings.jsonl")).unwrap().lines().count(), 4);

    let mut other = rows();
    for row in &mut other {
        row[4] += "1";
    }
    place.write("prices.csv", csv(&["x", "city", "day", "price"], &[0, 1, 2, 4], &other));
    let changed = place.run(&["evaluate", "model", "--open-test"]);
    assert_eq!(changed.status, Some(2));
    assert!(
        changed.stderr.contains("are not those that were sealed when the model was trained\nhint: "),
        "{changed:?}"
    );
}

/// Whether a row of `prices.csv` is sealed: then the model says that its rows have changed when its price has.
fn is_sealed(place: &Place, i: usize) -> bool {
    let mut other = rows();
    "1.5".clone_into(&mut other[i][4]);
    place.write("prices.csv", csv(&["x", "city", "day", "price"], &[0, 1, 2, 4], &other));
    place.run(&["evaluate", "model", "--open-test"]).status == Some(2)
}

#[test]
fn errors() {
    let place = trained();
    place.write("lacking.csv", "x,City\n1,Bonn\n");
    place.write("one-more.csv", "x,city,day\n1,Bonn,2024-03-01\n9,1,Bonn,2024-03-01\n");
    place.write("ragged.csv", "x,city,day\n1,Bonn,2024-03-01\n2,Ulm\n");
    let model = |name: &str| {
        for file in ["model.toml", "schema.json", "weights.safetensors"] {
            place.write(&format!("{name}/{file}"), place.read(&format!("kinds/{file}")));
        }
    };
    let text = |file: &str| String::from_utf8(place.read(file)).unwrap();
    model("cut-off");
    place.write("cut-off/schema.json", &place.read("kinds/schema.json")[..200]);
    model("another");
    place.write("another/model.toml", text("kinds/model.toml").replace("hidden = [16, 8]", "hidden = [16, 9]"));
    model("greedy");
    place.write("greedy/model.toml", text("kinds/model.toml").replace("hidden = [16, 8]", "hidden = [99999, 8]"));
    model("unsound");
    place.write("unsound/schema.json", text("kinds/schema.json").replace("\"Kiel\",", ""));
    model("later");
    let weights = place.read("kinds/weights.safetensors");
    let at = weights.windows(12).position(|part| part == b"\"format\":\"1\"").unwrap();
    let mut later = weights.clone();
    later[at + 10] = b'2';
    place.write("later/weights.safetensors", later);
    model("overflowed");
    let held = weights.len() - 4;
    place.write("overflowed/weights.safetensors", [&weights[..held], &f32::NAN.to_le_bytes()].concat());
    model("twice");
    let mut schema = place.json("kinds/schema.json");
    let again = schema["columns"][0].clone();
    schema["columns"].as_array_mut().unwrap().push(again);
    place.write("twice/schema.json", schema.to_string());
    model("alike");
    place.write("alike/schema.json", text("kinds/schema.json").replace("\"low\"", "\"high\""));
    let mut said = String::new();
    for words in [
        &["none", "kinds.csv"][..],
        &["cut-off", "kinds.csv"],
        &["another", "kinds.csv"],
        &["greedy", "kinds.csv"],
        &["unsound", "kinds.csv"],
        &["later", "kinds.csv"],
        &["overflowed", "kinds.csv"],
        &["twice", "kinds.csv"],
        &["alike", "kinds.csv"],
        &["kinds", "lacking.csv"],
        &["kinds", "one-more.csv"],
        &["kinds", "ragged.csv"],
        &["kinds", "none.csv"],
    ] {
        let ran = place.run(&[&["predict"][..], words].concat());
        assert_eq!((ran.status, ran.stdout.lines().count()), (Some(2), 0), "{words:?}: {}", ran.stdout);
        writeln!(said, "$ goodfit predict {}\n{}", words.join(" "), ran.stderr).unwrap();
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(said) });
}

#[test]
fn a_model_says_how_it_was_trained() {
    let place = Place::new();
    let names = ["x", "city", "day", "price"];
    place.write("prices.csv", csv(&names, &[0, 1, 2, 4], &rows()));
    let trained = place.succeed(&["train", "prices.csv", "--target", "price", "--out", "model", "--quiet"]).stdout;
    let known = place.succeed(&["evaluate", "model"]).stdout;
    let print = place.json("model/training.json")["data"]["files"][0]["fingerprint"].as_str().unwrap().to_owned();
    let head = format!("a model of price by goodfit {}, seed 0\n", env!("CARGO_PKG_VERSION"));
    let data = format!(
        "prices.csv: 120 rows, 4 columns, fingerprint {print}\nrows: 67 training, 19 validation, 10 stopping, 24 test\n"
    );
    assert!(known.starts_with(&(head + &data)), "{known}");
    // The scores are those that the training printed.
    let scores = |text: &str| -> Vec<String> {
        let from = text.lines().skip_while(|line| !line.starts_with("price on 19 validation rows"));
        from.take(4).map(str::to_owned).collect()
    };
    assert_eq!((scores(&known).len(), scores(&known)), (4, scores(&trained)));
    let results = place.json("model/results.json");
    assert_eq!(results["data"]["files"], place.json("model/training.json")["data"]["files"]);
    let report = String::from_utf8(place.read("model/report.html")).unwrap();
    assert!(report.contains(&print), "the report says it, too");

    // The same contents, written otherwise; and others.
    place.write("again.csv", csv(&names, &[0, 1, 2, 4], &rows()).replace(',', ";"));
    let again = place.succeed(&["evaluate", "model", "again.csv"]).stdout;
    assert!(again.ends_with(&format!("fingerprint {print}\nthe model was trained on it\n")), "{again}");
    let mut changed = rows();
    let other = (0..120).find(|&i| !is_sealed(&place, i)).unwrap();
    "Moon".clone_into(&mut changed[other][1]);
    place.write("other.csv", csv(&names, &[0, 1, 2, 4], &changed));
    let of_other = place.succeed(&["evaluate", "model", "other.csv"]).stdout;
    let end = "\ntrained on other data: its names or values are others, or stand in another order\n";
    assert!(of_other.ends_with(end), "{of_other}");
    let json: serde_json::Value =
        serde_json::from_str(&place.succeed(&["evaluate", "model", "other.csv", "--json"]).stdout).unwrap();
    assert_eq!((&json["trained_on_table"], &json["table"][0]["rows"]), (&false.into(), &120.into()));
    assert_eq!(json["training"]["validation"]["rows"], 19);
    // Test rows of such a table are opened, and that stands in the record.
    std::fs::remove_file(place.path("model/openings.jsonl")).unwrap();
    let opened = place.succeed(&["evaluate", "model", "other.csv", "--open-test"]);
    let note = "trained on other data: the test rows are the same, but other values of the table are not, or stand in another order\n";
    assert_eq!(opened.stderr, note);
    place.write("prices.csv", csv(&names, &[0, 1, 2, 4], &rows()));
    place.succeed(&["evaluate", "model", "--open-test"]);
    let record = String::from_utf8(place.read("model/openings.jsonl")).unwrap();
    let flags: Vec<bool> = record.lines().map(|line| line.contains("\"other_data\":true")).collect();
    assert_eq!(flags, [true, false]);
    assert!(place.run(&["evaluate", "model"]).stderr.starts_with("24 test rows were opened 2 times, first on 20"));

    // A model of a version that did not say.
    std::fs::remove_file(place.path("model/training.json")).unwrap();
    let old = place.succeed(&["evaluate", "model", "again.csv"]).stdout;
    assert!(old.starts_with("a model of price, which does not say how it was trained\n"), "{old}");
    assert!(old.ends_with("\nthe model does not say whether it was trained on it\n"), "{old}");
}

#[test]
fn infinite_cells_are_named() {
    let place = Place::new();
    let mut with = rows();
    for (row, cell) in [(7, "inf"), (9, "-1e300"), (30, "Infinity")] {
        cell.clone_into(&mut with[row][0]);
    }
    place.write("kinds.csv", csv(&["x", "city", "day", "kind"], &[0, 1, 2, 3], &with));
    let words =
        ["train", "kinds.csv", "--target", "kind", "--preset", "plain", "--set", "training.epochs=4", "--out", "m"];
    let all = ["--set", "data.test=0", "--set", "data.stopping=0"];
    let trained = place.succeed(&[&words[..], &all].concat()).stdout;
    let finding = "\ncolumn x: 3 cells are infinite or beyond 32 bits: kinds.csv:9: the first is \"inf\"; no scale is fitted to such \
                   cells, which count as the largest or smallest\n  next: --missing inf takes them for missing\n";
    assert!(trained.contains(finding), "{trained}");
    // Nothing is said of rows that are sealed.
    let trained = place.succeed(&words).stdout;
    let finding = "\ncolumn x: 1 cell is infinite or beyond 32 bits: no scale is fitted to such cells, which count as the largest \
                   or smallest\n  next: --missing takes a word for missing\n";
    assert!(trained.contains(finding), "{trained}");
    place.write("new.csv", "city,x,day\nUlm,1.5,2024-03-01\nUlm,1e40,2024-03-01\nUlm,-inf,2024-03-01\n");
    let ran = place.succeed(&["predict", "m", "new.csv"]);
    assert_eq!(ran.stderr, "column x: 2 cells are infinite or beyond 32 bits, first \"1e40\" in line 3\n");
    assert!(!ran.stdout.contains("NaN"), "{}", ran.stdout);
}
