//! `data.weight` and `training.class_weight`: what rows weigh in the loss of a training.
#![cfg(feature = "cli")]

mod command;

use std::fmt::Write as _;

use command::Place;
use goodfit::weights::Weights;

/// Rows of a number, a weight and a class; each number of copies is the weight.
fn rows() -> Vec<(f64, usize, &'static str)> {
    (0..24_u32)
        .map(|i| {
            let weight = if i < 2 { 1 } else { (i % 4) as usize };
            (f64::from(i * 7 % 24), weight, if (i * 5 % 24) > 9 { "high" } else { "low" })
        })
        .collect()
}

fn losses(place: &Place, table: &str, n_rows: usize, more: &[&str]) -> Vec<f64> {
    let recipe = format!(
        "[data]\nsource = \"{table}.csv\"\ntarget = \"y\"\ntest = 0.0\nvalidation = 0.0\nscaling = \"min-max\"\n[network]\n\
         hidden = [6]\nactivation = \"tanh\"\n[training]\nlearning_rate = 0.5\nbatch_size = {n_rows}\nsteps = 20\n"
    );
    place.write(&format!("{table}.toml"), recipe);
    place.succeed(&[&["train", &format!("{table}.toml"), "--out", table, "--quiet"], more].concat());
    let results = place.json(&format!("{table}/results.json"));
    let curve = results["arms"][0]["runs"][0]["curves"]["train_loss"]["value"].as_array().unwrap().clone();
    curve.iter().map(|loss| loss.as_f64().unwrap()).collect()
}

#[test]
fn a_row_of_weight_n_counts_as_n_rows() {
    let place = Place::new();
    let (mut weighted, mut repeated) = ("x,w,y\n".to_owned(), "x,y\n".to_owned());
    for (x, weight, y) in rows() {
        writeln!(weighted, "{x},{weight},{y}").unwrap();
        repeated += &format!("{x},{y}\n").repeat(weight);
    }
    place.write("weighted.csv", weighted);
    place.write("repeated.csv", repeated);
    let n_kept = rows().iter().filter(|row| row.1 > 0).count();
    let n_repeated = rows().iter().map(|row| row.1).sum();
    for balanced in [&[][..], &["--set", "training.class_weight=balanced"]] {
        let weights = [&["--set", "data.weight=w"], balanced].concat();
        let found = losses(&place, "weighted", n_kept, &weights);
        let expected = losses(&place, "repeated", n_repeated, balanced);
        assert_eq!(found.len(), 20);
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-5, "{found}, {expected}");
        }
        assert!(expected[19] < expected[0] - 0.01, "nothing is learned");
    }
    let schema = place.json("weighted/schema.json");
    assert_eq!(schema["columns"].as_array().unwrap().len(), 1, "the weight is no input: {schema}");
    assert_eq!(place.json("weighted/results.json")["data"]["columns"], 1);
}

#[test]
fn equal_weights_change_nothing_and_test_rows_need_none() {
    let place = Place::new();
    let (mut weighted, mut test) = ("x,w,y\n".to_owned(), "y,x\n".to_owned());
    for (i, (x, _, y)) in rows().into_iter().enumerate() {
        writeln!(weighted, "{x},2.0,{y}").unwrap();
        if i < 6 {
            writeln!(test, "{y},{x}.5").unwrap();
        }
    }
    place.write("t.csv", weighted);
    place.write("test.csv", test);
    let recipe = "[data]\nsource = \"t.csv\"\ntarget = \"y\"\ntest_file = \"test.csv\"\n[network]\nhidden = [6]\n\
                  [training]\nbatch_size = 4\nsteps = 9\nloss = \"cross-entropy\"\n";
    place.write("t.toml", recipe);
    let weights = |out: &str, words: &[&str]| {
        place.succeed(&[&["train", "t.toml", "--out", out, "--quiet"], words].concat());
        Weights::load(&place.path(&format!("{out}/weights.safetensors"))).unwrap().tensors
    };
    let without = weights("without", &[]);
    assert!(weights("with", &["--set", "data.weight=w"]) == without, "they weigh something");
    let opened = place.succeed(&["evaluate", "with", "--open-test"]).stdout;
    assert!(opened.starts_with("y on 6 test rows"), "{opened}");
}

#[test]
fn balanced_classes_raise_the_balanced_accuracy_of_network_and_linear_model() {
    let place = Place::new();
    // Every tenth row is rare, and lies where half of the others do: nine to two there, or one to two when balanced.
    let even = |i: u32, by: f64| (f64::from(i + 1) * by).fract();
    let mut table = "x,z,y\n".to_owned();
    for i in 0..600 {
        let x = even(i, 0.618_033_988_75);
        let (kind, x) = if i % 10 == 0 { ("rare", 0.5 + 0.5 * x) } else { ("common", x) };
        writeln!(table, "{x},{},{kind}", even(i, 0.414_213_562_37)).unwrap();
    }
    place.write("t.csv", table);
    let score = |class_weight: &str| {
        let setting = format!("training.class_weight={class_weight}");
        let train = ["train", "t.csv", "--target", "y", "--preset", "plain", "--out", class_weight, "--quiet"];
        let printed = place.succeed(&[&train[..], &["--set", &setting]].concat()).stdout;
        assert!(printed.contains("accuracy tells nothing here: taking every row for the most frequent"), "{printed}");
        let results = place.json(&format!("{class_weight}/results.json"));
        ["network", "linear"].map(|name| {
            let models = results["assessment"]["models"].as_array().unwrap();
            let model = models.iter().find(|model| model["name"] == name).unwrap();
            model["scores"]["balanced accuracy"].as_f64().unwrap()
        })
    };
    let (plain, balanced) = (score("none"), score("balanced"));
    for (plain, balanced) in plain.into_iter().zip(balanced) {
        assert!(balanced > plain + 0.1, "{plain} and {balanced}");
    }
}

#[test]
fn weights_that_leave_next_to_nothing() {
    let place = Place::new();
    let row = |i: u32| format!("{}.5,{},{}\n", i * 37 % 101, u32::from(i == 1 || i == 50), i % 2);
    place.write("t.csv", "x,w,y\n".to_owned() + &(0..100).map(row).collect::<String>());
    let ran = place.run(&["train", "t.csv", "--target", "y", "--set", "data.weight=w"]);
    let n = ran.stderr.split("column w: ").nth(1).and_then(|rest| rest.chars().next()).unwrap();
    assert!(('0'..='2').contains(&n), "{}", ran.stderr);
    let expected = format!(
        "error: t.csv: column w: {n} of 80 rows that are not sealed weigh more than 0, too few to train on\n\
         hint: data.weight is a column of numbers above 0 in 10 rows at least; is it the right one?\n"
    );
    assert_eq!((ran.status, ran.stderr), (Some(2), expected));
}
