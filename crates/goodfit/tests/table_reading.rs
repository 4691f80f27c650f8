//! How a table is read, where that is said and not guessed: on the command line, in a recipe, and by a model.

mod command;

use std::fmt::Write as _;

use command::Place;

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

#[test]
fn a_model_reads_as_its_table_was_read() {
    let place = Place::new();
    place.write("odd.csv", odd());
    let short = ["--set", "training.epochs=40", "--out", "m", "--quiet"];
    let train = ["train", "odd.csv", "--target", "price"];
    place.succeed(&[&train[..], &READING, &["day=unused"], &short].concat());
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
fn kinds_that_cannot_be() {
    let place = Place::new();
    place.write("odd.csv", odd());
    for (kind, message, hint) in [
        ("cod=numeric", "odd.csv: there is no column \"cod\", whose kind is said", "did you mean \"code\"?"),
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
fn levels_that_no_training_row_had_are_told() {
    let place = Place::new();
    place.write("odd.csv", odd());
    let train = ["train", "odd.csv", "--target", "price", "--set", "training.epochs=2", "--out", "m", "--quiet"];
    place.succeed(&[&train[..], &READING, &["day=unused"]].concat());
    place.write("new.csv", "x;code\n3,5;0999\n3,5;0123\n3,5;777\n");
    let predicted = place.succeed(&["predict", "m", "new.csv"]);
    let note = "column code: 2 cells have a level that the model does not know, first \"0999\" in line 2\n";
    assert_eq!(predicted.stderr, note);
    assert_eq!(predicted.stdout.lines().count(), 4);
}

#[test]
fn a_model_is_evaluated_from_anywhere() {
    let place = Place::new();
    place.write("odd.csv", odd());
    let train = ["train", "odd.csv", "--target", "price", "--set", "training.epochs=2", "--out", "m", "--quiet"];
    place.succeed(&[&train[..], &READING, &["day=unused"]].concat());
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
