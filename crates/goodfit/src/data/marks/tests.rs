use std::path::PathBuf;

use super::*;
use crate::data::table::Scaling;
use crate::data::{DataError, load};
use crate::recipe::{Evaluation, Fold, Source};

/// A recipe for a table of 40 rows: who, when, what the row is for, and a number.
struct Case {
    folder: tempfile::TempDir,
    recipe: DataRecipe,
}

fn case(sides: &str) -> Case {
    let folder = tempfile::tempdir().expect("a folder");
    let words: Vec<&str> = sides.split(' ').collect();
    let line = |i: usize| {
        format!("{}.25,who {},2024-01-{:02},{},{}", i, i * 7 % 8, 1 + i * 11 % 40 / 2, words[i % words.len()], i % 2)
    };
    let text: Vec<String> = (0..40).map(line).collect();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, format!("x,who,day,side,y\n{}\n", text.join("\n"))).expect("written");
    let options = TableOptions::default();
    let recipe = DataRecipe {
        source: Source::Table { path, target: "y".into(), classes: true, weight: None, options },
        train_rows: None,
        validation: 0.2,
        stopping: 0.1,
        test: 0.2,
        split: Split::Stratified,
        scaling: Scaling::Robust,
        one_hot_limit: None,
        given: Some(Given::Column("side".into())),
        folds: None,
        fold: None,
        evaluation: Evaluation::Test,
        split_seed: None,
    };
    Case { folder, recipe }
}

/// How many rows test, validate, choose the epoch, and train.
fn sizes(recipe: &DataRecipe) -> Result<[usize; 4], DataError> {
    let dataset = load(recipe, 0)?;
    let parts = dataset.marks.parts(dataset.train.n_rows, recipe, 1)?;
    let test = dataset.sealed.map_or(0, |sealed| sealed.rows);
    Ok([test, parts.validation.len(), parts.stopping.len(), parts.train.len()])
}

fn error(recipe: &DataRecipe) -> String {
    let error = sizes(recipe).expect_err("an error");
    assert!(error.hint().is_some(), "{error}");
    let text = error.to_string();
    text.rsplit_once("t.csv").map_or(text.clone(), |(_, end)| end.to_owned())
}

#[test]
fn given_sides_are_kept_and_shares_fill_up() {
    let of = |words: &str| sizes(&case(words).recipe).expect("sides");
    assert_eq!(of("train Train TEST validation stopping"), [8, 8, 8, 16]);
    assert_eq!(of("0 0 0 1"), [10, 6, 3, 21], "shares of the 30 others");
    assert_eq!(of("train train val train"), [8, 10, 3, 19], "a fifth of all rows tests");
    let Case { recipe, folder: _folder } = case("train val test train");
    let dataset = load(&recipe, 0).expect("rows");
    let parts = dataset.marks.parts(30, &recipe, 1).expect("parts");
    assert_eq!(parts.validation, [1, 4, 7, 10, 13, 16, 19, 22, 25, 28], "each third of those that are left");
    assert_eq!(parts.seed, None);
}

#[test]
fn given_sides_are_to_be_asked_for() {
    let Case { recipe, folder: _folder } = case("train val test train");
    let but = |recipe: DataRecipe| error(&recipe);
    let folds = but(DataRecipe { fold: Some(Fold { index: 0, of: 2 }), validation: 0.0, ..recipe.clone() });
    assert_eq!(folds, "column side gives validation rows, but search.folds makes its own");
    let none = but(DataRecipe { validation: 0.0, ..recipe.clone() });
    assert_eq!(none, "column side gives validation rows, but data.validation is 0");
    assert_eq!(error(&case("train tset").recipe), ":3: column side: \"tset\" is no side of a split");
    assert_eq!(error(&case("test val").recipe), ": column side: it leaves no row to train on");
}

#[test]
fn groups_and_times_hold_for_given_sides() {
    let split = |split: Split, words: &str| {
        let case = case(words);
        sizes(&DataRecipe { split, ..case.recipe.clone() }).map_err(|error| error.to_string())
    };
    let torn = split(Split::Group("who".into()), "train test train").expect_err("torn");
    assert!(torn.ends_with("are among the test rows and among the others (27 of 27 rows)"), "{torn}");
    let whole =
        split(Split::Group("who".into()), "train train test train train train train train").expect("whole groups");
    assert_eq!(whole, [5, 5, 5, 25]);
    let mixed = split(Split::Time("day".into()), "train test").expect_err("mixed");
    assert!(mixed.contains("column day: the test rows begin at 2024-01-"), "{mixed}");
}

#[test]
fn a_file_of_test_rows() {
    let Case { recipe, folder } = case("train");
    let file: PathBuf = folder.path().join("test.csv");
    std::fs::write(&file, "y,day,x,who\n1,2024-03-01,1e3,someone new\n0,2024-03-02,7,who 3\n").expect("written");
    let recipe = DataRecipe { given: Some(Given::TestFile(file)), split: Split::Time("day".into()), ..recipe };
    assert_eq!(sizes(&recipe).expect("rows"), [2, 8, 4, 28]);
    let torn = error(&DataRecipe { split: Split::Group("who".into()), ..recipe.clone() });
    assert_eq!(torn, ": column who: group \"who 3\" is among the test rows and among the others (5 of 40 rows)");
    let random = load(&DataRecipe { split: Split::Random, ..recipe.clone() }, 0).expect("rows");
    assert_eq!(random.train.n_rows, 40, "no share of them is sealed");
    assert_eq!(load(&recipe, 0).expect("rows").sealed, random.sealed, "the same rows");
}
