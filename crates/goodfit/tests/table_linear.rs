//! The linear model beside a network is linear in the numbers of the table, however they are scaled for the network.
#![cfg(feature = "cli")]

mod command;

use std::fmt::Write as _;

use command::Place;
use serde_json::Value as Json;

/// `y = 3 x - z` with a little noise, where a few of the numbers are a hundred times as large as most.
fn place() -> Place {
    let place = Place::new();
    let mut text = "x,z,side,y\n".to_owned();
    for i in 0..600_i32 {
        let spread = |factor: i32| f64::from(i * factor % 601 - 300) / 100.0;
        let (x, z) = (spread(37).powi(5), spread(53).powi(3));
        let side = ["a", "b", "c"][(i % 3) as usize];
        writeln!(text, "{x:.5},{z:.5},{side},{:.5}", 3.0 * x - z + 0.1 * spread(71)).unwrap();
    }
    place.write("t.csv", text);
    place
}

fn r2_of_linear(models: &Json) -> f64 {
    let linear = models.as_array().unwrap().iter().find(|model| model["name"] == "linear").expect("a linear model");
    linear["scores"]["R2"].as_f64().expect("a score")
}

#[test]
fn no_scaling_bends_it() {
    let place = place();
    for scaling in ["robust", "standard", "quantile", "min-max"] {
        let own = format!("data.scaling={scaling}");
        let set = ["network.hidden=[4]", "training.epochs=1", &own];
        // Robust scaling is what nobody has to say.
        let set = &set[..if scaling == "robust" { 2 } else { 3 }];
        let set: Vec<&str> = set.iter().flat_map(|setting| ["--set", setting]).collect();
        let words = ["train", "t.csv", "--target", "y", "--preset", "plain", "--out", scaling];
        let trained = place.succeed(&[&words[..], &set].concat());
        // One epoch is no match for it.
        let hint = "`goodfit compare t.csv --target y --preset plain --set 'network.hidden=[4]' --set training.epochs=1 \
                    --vary data.scaling=robust,standard,quantile`";
        assert_eq!(trained.stderr.contains(hint), scaling == "robust", "{}", trained.stderr);
        let validated = r2_of_linear(&place.json(&format!("{scaling}/results.json"))["assessment"]["models"]);
        assert!(validated > 0.999, "{scaling}: {validated}");
        // Read from the model's folder, fitted on all rows that are not sealed.
        place.succeed(&["evaluate", scaling, "--open-test"]);
        let opened = String::from_utf8(place.read(&format!("{scaling}/openings.jsonl"))).unwrap();
        let opened: Json = serde_json::from_str(opened.lines().next().unwrap()).unwrap();
        let tested = r2_of_linear(&opened["baselines"]);
        assert!(tested > 0.999, "{scaling}: {tested}");
    }
}
