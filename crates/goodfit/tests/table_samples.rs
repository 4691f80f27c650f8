//! Of many rows some are looked at: those of a file that is sorted by its target lie in its order where a column says which
//! rows validate.
#![cfg(feature = "cli")]

mod command;

use std::fmt::Write as _;

use command::Place;
use serde_json::Value as Json;

/// Rows that validate, more than are looked at; the smaller class, and the larger numbers, are the last of them.
const N_VALIDATION: usize = 2400;
const N_LATE: usize = 300;

fn place() -> Place {
    let place = Place::new();
    let mut text = "x,noise,side,kind,price\n".to_owned();
    let mut row = |x: f64, i: usize, side: &str| {
        let kind = if x > 0.0 { "high" } else { "low" };
        writeln!(text, "{x:.3},{}.25,{side},{kind},{:.3}", i * i % 89, 100.0 * x).unwrap();
    };
    for i in 0..200 {
        row((i * 37 % 200) as f64 / 50.0 - 1.99, i, "train");
    }
    for i in 0..N_VALIDATION {
        let is_late = i >= N_VALIDATION - N_LATE;
        row(if is_late { 1.5 } else { -1.5 } + (i % 10) as f64 / 100.0, i, "validation");
    }
    place.write("t.csv", text);
    place
}

fn assessed(place: &Place, target: &str, other: &str, jobs: &str) -> (Json, Vec<u8>) {
    let set = ["data.split_column=side", "data.test=0", "data.stopping=0", "network.hidden=[8]", "training.epochs=20"];
    let set: Vec<&str> = set.iter().flat_map(|setting| ["--set", setting]).collect();
    let other = format!("{other}=unused");
    let words =
        ["train", "t.csv", "--target", target, "--kind", &other, "--preset", "plain", "--jobs", jobs, "--out", jobs];
    place.succeed(&[&words[..], &set].concat());
    let results = format!("{jobs}/results.json");
    (place.json(&results)["assessment"].take(), place.read(&results))
}

#[test]
fn rows_are_looked_at_wherever_they_lie() {
    let place = place();
    let (of_classes, bytes) = assessed(&place, "kind", "price", "1");
    assert!(assessed(&place, "kind", "price", "3").1 == bytes, "the same rows for any number of jobs");
    let x = &of_classes["importance"][0];
    assert_eq!((&x["column"], &x["rows"]), (&"x".into(), &2000.into()), "{of_classes}");
    // Exchanged within one class x would tell as much as before.
    assert!(x["increase"].as_f64().unwrap() > 0.1, "{x}");

    let (of_numbers, _) = assessed(&place, "price", "kind", "1");
    let points = of_numbers["predicted"].as_array().expect("points");
    assert_eq!(points.len(), 2000);
    let n_late = points.iter().filter(|point| point[1].as_f64().unwrap() > 0.0).count();
    // Of 2000 without replacement an eighth: sd = sqrt(2000 * 1/8 * 7/8 * 400/2399) = 6.
    assert!(n_late.abs_diff(2000 / 8) <= 24, "{n_late} of the last rows");
}
