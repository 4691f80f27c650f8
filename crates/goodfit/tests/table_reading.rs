//! How a table is read, where that is said and not guessed: on the command line, in a recipe, and by a model.
#![cfg(feature = "cli")]

mod command;

use std::fmt::Write as _;

use command::Place;
use goodfit::data::table::{Schema, Strange, TableError, TableOptions, Values, read_chunks};

/// What a command says that cannot do what it is asked.
fn fail(place: &Place, words: &[&str]) -> String {
    let ran = place.run(words);
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{}", ran.stderr);
    ran.stderr
}

/// Rows with a code of digits, a decimal comma, a word of its own for what is missing, and a date.
fn odd() -> String {
    let mut text = "code;x;day;price\n".to_owned();
    for i in 0..80_u32 {
        let x = if i % 9 == 0 { "n/a".to_owned() } else { format!("{},{}", i % 7, i % 10) };
        let code = ["0123", "0456"][(i % 2) as usize];
        writeln!(text, "{code};{x};2024-01-{:02};{},5", 1 + i % 28, 10 * (i % 2) + i % 7).unwrap();
    }
    text
}

const READING: [&str; 6] = ["--decimal-comma", "--missing", "n/a", "--kind", "code=categorical", "--kind"];

/// A model `m` of it, trained for so many epochs.
fn trained(epochs: &str) -> Place {
    let place = Place::new();
    place.write("odd.csv", odd());
    let epochs = format!("training.epochs={epochs}");
    let train = ["train", "odd.csv", "--target", "price", "--set", &epochs, "--out", "m", "--quiet"];
    place.succeed(&[&train[..], &READING, &["day=unused"]].concat());
    place
}

#[test]
fn a_model_reads_as_its_table_was_read() {
    let place = trained("40");
    let schema = place.json("m/schema.json");
    assert_eq!((&schema["decimal_comma"], &schema["missing"][0]), (&true.into(), &"n/a".into()));
    assert_eq!(schema["columns"].as_array().unwrap().len(), 2, "{schema}");
    // With another delimiter, and quotes for the comma within a number.
    place.write("new.csv", "x,code\n\"3,5\",0456\nn/a,0123\n");
    let predicted = place.succeed(&["predict", "m", "new.csv"]);
    assert_eq!(predicted.stderr, "");
    let prices: Vec<f64> = predicted.stdout.lines().skip(1).map(|line| line.parse().unwrap()).collect();
    assert!(prices[0] > prices[1] + 4.0, "{prices:?}");
}

#[test]
fn a_recipe_says_the_same_and_prints_it() {
    let place = Place::new();
    place.write("odd.csv", odd());
    let words = ["train", "odd.csv", "--target", "price", "--delimiter", ";", "--print-recipe"];
    let printed = place.succeed(&[&words[..], &READING, &["day=unused"]].concat()).stdout;
    let squeezed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in [
        "delimiter = \";\"",
        "decimal_comma = true",
        "missing = [\"n/a\"]",
        "kinds = { code = \"categorical\", day = \"unused\" }",
    ] {
        assert!(squeezed.contains(line), "{line}: {printed}");
    }
    place.write("again.toml", &printed);
    place.succeed(&["train", "again.toml", "--set", "training.epochs=3", "--out", "again", "--quiet"]);
    assert_eq!(place.json("again/results.json")["data"]["columns"], 2);
}

#[test]
fn kinds_of_the_command_line_stand_beside_those_of_the_recipe() {
    let place = Place::new();
    place.write("odd.csv", odd());
    place.write("r.toml", "[data]\nsource = \"odd.csv\"\ntarget = \"price\"\nkinds = { code = \"categorical\" }\n");
    let printed = place.succeed(&["train", "r.toml", "--kind", "day=unused", "--print-recipe"]).stdout;
    assert!(printed.contains("kinds = { code = \"categorical\", day = \"unused\" }"), "{printed}");
}

#[test]
fn the_kind_of_the_target_says_what_is_predicted() {
    let place = Place::new();
    let rows: Vec<String> = (0..60).map(|i| format!("{},{}.5", i * 7 % 2, i * 37 % 61)).collect();
    place.write("t.csv", format!("y,x\n{}\n", rows.join("\n")));
    for (kind, loss) in [("numeric", "mean-squared-error"), ("categorical", "cross-entropy")] {
        let kind = format!("y={kind}");
        let ran = place.succeed(&["train", "t.csv", "--target", "y", "--kind", &kind, "--print-recipe"]);
        assert!(ran.stdout.contains(&format!("loss = \"{loss}\"")), "{kind}: {}", ran.stdout);
        assert_eq!(ran.stderr, "", "nothing is guessed");
    }
}

#[test]
fn names_and_points_of_new_rows_can_differ() {
    let place = Place::new();
    let rows: Vec<String> = (0..60).map(|i| format!("{};w{};{},5", ["p", "q"][i % 2], i % 3, i % 7)).collect();
    place.write("t.csv", rows.join("\n") + "\n");
    let train = ["train", "t.csv", "--target", "column_1", "--no-header", "--decimal-comma", "--out", "m", "--quiet"];
    place.succeed(&[&train[..], &["--set", "training.epochs=2"]].concat());
    let same = place.succeed(&["predict", "m", "t.csv"]);
    assert_eq!((same.stdout.lines().count(), same.stderr.as_str()), (61, ""), "without names, as it was trained");
    place.write("points.csv", "p;w1;3.5\nq;w2;4.5\n");
    let points = place.succeed(&["predict", "m", "points.csv", "--decimal-comma=false"]);
    assert_eq!(points.stderr, "");
    assert!(place.succeed(&["predict", "m", "points.csv"]).stderr.contains("2 cells are not as the model knows it"));
}

#[test]
fn kinds_that_cannot_be() {
    let place = Place::new();
    place.write("odd.csv", odd());
    for (kind, message, hint) in [
        ("cod=numeric", "odd.csv: there is no column \"cod\", whose kind is said", "did you mean \"code\"?"),
        (
            "wholly=numeric",
            "odd.csv: there is no column \"wholly\", whose kind is said",
            "its columns are code, x, day, price",
        ),
        (
            "day=numeric",
            "odd.csv: column day: it cannot be of the kind that is said: none of its cells is a number",
            "leave its kind out to have it inferred",
        ),
        (
            "code=date",
            "odd.csv: column code: it cannot be of the kind that is said: its cells are no dates of one form, such as \
             2024-12-31",
            "leave its kind out to have it inferred",
        ),
    ] {
        let failed = fail(&place, &["data", "info", "odd.csv", "--kind", kind]);
        assert_eq!(failed, format!("error: {message}\nhint: {hint}\n"), "{kind}");
    }
}

#[test]
fn numbers_that_are_said_to_be_levels_are_not_too_many() {
    let place = Place::new();
    let lines: Vec<String> = (0..10_001).map(|i| format!("{}.5,{}", i, i % 2)).collect();
    let (first, all) = (lines[..1001].join("\n"), lines.join("\n"));
    place.write("classes.csv", format!("y,x\n{first}\n"));
    place.write("levels.csv", format!("y,x\n{all}\n"));
    let classes = fail(&place, &["train", "classes.csv", "--target", "y", "--kind", "y=categorical"]);
    let message = "error: classes.csv: column y: the target has 1001 different values, too many for classes, of which there are \
                   at most 1000\nhint: leave its kind out: numbers are predicted as numbers\n";
    assert_eq!(classes, message);
    place.succeed(&["data", "info", "classes.csv", "--kind", "y=categorical"]);
    let levels = fail(&place, &["data", "info", "levels.csv", "--kind", "y=categorical"]);
    let message = "error: levels.csv: column y: it cannot be of the kind that is said: it has more than 10000 levels\n\
                   hint: leave its kind out to have it inferred\n";
    assert_eq!(levels, message);
}

#[test]
fn a_target_of_texts_that_do_not_come_back_is_told() {
    let place = Place::new();
    let lines: Vec<String> = (0..60).map(|i| format!("\"${},{:03}.50\",{}", 1 + i % 9, i * 17 % 1000, i % 7)).collect();
    place.write("prices.csv", format!("price,x\n{}\n", lines.join("\n")));
    let failed = fail(&place, &["train", "prices.csv", "--target", "price", "--kind", "price=categorical"]);
    let message = "error: prices.csv: column price: the target has 60 different texts in 60 rows\n\
                   hint: a class has to come back; numbers that stand as texts: --kind price=numeric, or --decimal-comma\n";
    assert_eq!(failed, message);
}

#[test]
fn a_column_without_a_name_has_the_same_one_for_train_and_predict() {
    let place = Place::new();
    let rows: Vec<String> = (0..60).map(|i| format!("{},{}.5,{}", i % 7, i % 5, ["p", "q"][i % 2])).collect();
    for (file, names) in [("no-name.csv", "x,,y"), ("row-names.csv", "x,y")] {
        place.write(file, format!("{names}\n{}\n", rows.join("\n")));
        place.succeed(&["train", file, "--target", "y", "--set", "training.epochs=2", "--out", "m", "--quiet"]);
        let predicted = place.succeed(&["predict", "m", file]);
        assert_eq!((predicted.stdout.lines().count(), predicted.stderr.as_str()), (61, ""), "{file}");
    }
}

/// Columns are looked up, not searched for: of 20,000 in another order each is read.
#[test]
fn many_columns_are_found_by_name() {
    const N: usize = 20_000;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/0.1.0/prices/schema.json");
    let mut schema: serde_json::Value = serde_json::from_slice(&std::fs::read(folder).unwrap()).unwrap();
    let column = |i| serde_json::json!({"name": format!("c{i}"), "kind": "numeric"});
    schema["columns"] = (0..N).map(column).collect();
    let schema: Schema = serde_json::from_value(schema).unwrap();
    let place = Place::new();
    let names: Vec<String> = (0..N).rev().map(|i| format!("c{i}")).collect();
    let line = |add: usize| (0..N).rev().map(|i| (i + add).to_string()).collect::<Vec<_>>().join(",");
    place.write("wide.csv", format!("{},more\n{},x\n{},x\n", names.join(","), line(0), line(1)));
    let options = TableOptions::default();
    let mut n_rows = 0;
    let read = read_chunks(&place.path("wide.csv"), &options, &schema, |rows| {
        n_rows += rows.n_rows;
        for (i, column) in rows.columns.iter().enumerate() {
            let Values::Numbers(numbers) = &column.values else { panic!("numbers") };
            assert_eq!(numbers, &[i as f32, (i + 1) as f32]);
        }
        Ok::<(), TableError>(())
    });
    assert_eq!((n_rows, read), (2, Ok(Strange::default())));
    // Of those that are not there the first are named.
    place.write("narrow.csv", "a,b\n1,2\n");
    let fault = read_chunks(&place.path("narrow.csv"), &options, &schema, |_| Ok::<(), TableError>(()));
    let fault = fault.expect_err("no such columns");
    assert!(
        fault.what.starts_with("20000 columns are missing, which the model looks at: c0, c1") && fault.what.len() < 400
    );
}

#[test]
fn levels_that_no_training_row_had_are_told() {
    let place = trained("2");
    place.write("new.csv", "x;code\n3,5;0999\n3,5;0123\n3,5;777\n");
    let predicted = place.succeed(&["predict", "m", "new.csv"]);
    let note = "column code: 2 cells have a level that the model does not know, first \"0999\" in line 2\n";
    assert_eq!(predicted.stderr, note);
    assert_eq!(predicted.stdout.lines().count(), 4);
}

#[test]
fn a_model_is_evaluated_from_anywhere() {
    let place = trained("2");
    std::fs::create_dir(place.path("elsewhere")).unwrap();
    std::fs::rename(place.path("odd.csv"), place.path("elsewhere/moved.csv")).unwrap();
    let lost = fail(&place, &["evaluate", "m", "--open-test"]);
    assert!(lost.contains("hint: evaluate m TABLE says where the table is now"), "{lost}");
    let found = place.succeed(&["evaluate", "m", "elsewhere/moved.csv", "--open-test"]).stdout;
    assert!(found.contains("price on 16 test rows"), "{found}");
    place.write("other.csv", odd().replace("2,5", "3,5"));
    let other = fail(&place, &["evaluate", "m", "other.csv", "--open-test"]);
    assert!(other.contains("changed"), "{other}");
}
