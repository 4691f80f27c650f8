//! Ensembles from the command line: members that share weights, and networks with seeds of their own.
#![cfg(feature = "cli")]

mod command;

use command::Place;
use goodfit::model::{Model, Prediction};
use goodfit::weights::Weights;
use serde_json::Value as Json;

const PENGUINS: &str = include_str!("../examples/penguins.csv");
/// The preset, small enough for a test.
const TABM: [&str; 6] = ["--preset", "tabm", "--set", "network.width=16", "--set", "network.members=4"];
/// A seed of the split that does not follow from that of the training.
const SPLIT: [&str; 4] = ["--set", "data.split_seed=7", "--set", "training.epochs=12"];

fn place() -> Place {
    let place = Place::new();
    place.write("penguins.csv", PENGUINS);
    // A target that is missing teaches nothing.
    let weighed: Vec<&str> = PENGUINS.lines().filter(|line| !line.contains(",NA,NA,NA,NA,")).collect();
    place.write("weights.csv", weighed.join("\n") + "\n");
    place
}

fn train(place: &Place, table: &str, target: &str, out: &str, words: &[&str]) -> String {
    place.succeed(&[&["train", table, "--target", target, "--quiet", "--out", out][..], words].concat()).stdout
}

/// Rows of numbers of what is predicted, the classes left out.
fn predicted(place: &Place, model: &str, table: &str) -> Vec<Vec<f64>> {
    let text = place.succeed(&["predict", model, table]).stdout;
    let row = |line: &str| line.split(',').filter_map(|cell| cell.parse().ok()).collect();
    text.lines().skip(1).map(row).collect()
}

fn score(results: &Json, model: &str, score: &str) -> f64 {
    let models = results["assessment"]["models"].as_array().unwrap();
    let found = models.iter().find(|one| one["name"] == model).unwrap_or_else(|| panic!("{model}: {results}"));
    found["scores"][score].as_f64().unwrap()
}

#[test]
fn tabm_trains_saves_predicts_evaluates_and_exports() {
    let place = place();
    for (table, target) in [("penguins.csv", "species"), ("weights.csv", "body_mass_g")] {
        let printed = train(&place, table, target, "m", &[&TABM[..], &["--set", "training.epochs=40"]].concat());
        assert!(printed.contains("trained anew"), "{printed}");
        let results = place.json("m/results.json");
        let (measure, simple) = if target == "species" { ("accuracy", "majority") } else { ("R2", "mean") };
        assert!(score(&results, "network", measure) > score(&results, simple, measure) + 0.3, "{results}");
        let weights = Weights::load(&place.path("m/weights.safetensors")).unwrap();
        let shape = |name: &str| weights.tensors.iter().find(|tensor| tensor.name == name).unwrap().shape.clone();
        assert_eq!((shape("affine2.weight"), shape("affine2.scale_in")), (vec![16, 16], vec![4, 16]));
        assert_eq!(shape("affine4.weight"), [4, 16, if target == "species" { 3 } else { 1 }]);
        let rows = predicted(&place, "m", table);
        assert_eq!(rows.len(), place.read(table).split(|&byte| byte == b'\n').count() - 2);
        if target == "species" {
            assert!(rows.iter().all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-5));
        }
        assert!(place.succeed(&["evaluate", "m", "--open-test"]).stdout.contains(measure));
        place.succeed(&["export", "m", "--onnx", "m.onnx"]);
        assert!(place.read("m.onnx").len() > 4 * weights.tensors.iter().map(|one| one.values.len()).sum::<usize>());
        let recipe = String::from_utf8(place.read("m/model.toml")).unwrap();
        for line in
            ["members = 4", "scaling = \"quantile\"", "clip_norm = 1.0", "init = \"pytorch\"", "batch_size = 32"]
        {
            assert!(recipe.contains(line), "{line}: {recipe}");
        }
    }
}

/// Three networks are those that three trainings with the same split leave, and what they predict is the mean.
#[test]
fn networks_of_an_ensemble_are_those_of_single_trainings() {
    let place = place();
    for (table, target, refit) in [
        ("penguins.csv", "species", "true"),
        ("penguins.csv", "species", "false"),
        ("weights.csv", "body_mass_g", "true"),
    ] {
        let refit = format!("training.refit={refit}");
        let words = [&SPLIT[..], &["--set", refit.as_str()]].concat();
        let ensemble = ["--seed", "3", "--set", "training.ensemble=3"];
        let printed = train(&place, table, target, "all", &[&words[..], &ensemble].concat());
        assert!(printed.contains("3 seeds") && printed.contains("ensemble") && printed.contains("single"), "{printed}");
        let all = Weights::load(&place.path("all/weights.safetensors")).unwrap().tensors;
        let together = predicted(&place, "all", table);
        let mut sums = vec![vec![0.0; together[0].len()]; together.len()];
        let (mut n_tensors, mut alone, mut steps) = (0, 0.0, 0);
        let measure = if target == "species" { "log loss" } else { "RMSE" };
        for (number, seed) in [(1, "3"), (2, "4"), (3, "5")] {
            train(&place, table, target, "one", &[&words[..], &["--seed", seed]].concat());
            for tensor in Weights::load(&place.path("one/weights.safetensors")).unwrap().tensors {
                let name = format!("network{number}.{}", tensor.name);
                let own = all.iter().find(|one| one.name == name).unwrap();
                assert!(own.values == tensor.values && own.shape == tensor.shape, "{name}");
                n_tensors += 1;
            }
            for (sum, row) in sums.iter_mut().zip(predicted(&place, "one", table)) {
                sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x / 3.0);
            }
            let results = place.json("one/results.json");
            alone += score(&results, "network", measure) / 3.0;
            steps += results["refit"]["steps"].as_u64().unwrap_or(0);
        }
        assert_eq!(n_tensors, all.len());
        for (row, expected) in together.iter().zip(&sums) {
            assert_eq!(row.len(), expected.len());
            for (x, expected) in row.iter().zip(expected) {
                assert!((x - expected).abs() <= 1e-6 * (1.0 + expected.abs()), "{x}, expected {expected}");
            }
        }
        let results = place.json("all/results.json");
        assert_eq!(results["assessment"]["networks"], 3);
        assert!((score(&results, "single", measure) - alone).abs() < 1e-9 * (1.0 + alone));
        // Both losses are convex: the mean prediction is at least as good as the networks are in the mean.
        assert!(score(&results, "ensemble", measure) < alone, "{results}");
        assert_eq!(results["refit"]["steps"].as_u64().unwrap_or(0), steps);
        assert_eq!(results["seeds"], serde_json::json!([3, 4, 5]));
        let opened = place.succeed(&["evaluate", "all", "--open-test"]).stdout;
        assert!(opened.contains("ensemble"), "{opened}");
        place.succeed(&["export", "all", "--onnx", "all.onnx"]);
    }
}

#[test]
fn members_and_networks_together() {
    let place = place();
    let words = [&TABM[..], &["--set", "training.ensemble=2", "--set", "training.epochs=5"]].concat();
    train(&place, "penguins.csv", "species", "m", &words);
    let model = Model::load(&place.path("m")).unwrap();
    assert_eq!(model.n_networks(), 2);
    assert!(model.to_onnx().is_ok());
    let mut n_rows = 0;
    let table = place.path("penguins.csv");
    goodfit::data::table::read_chunks(&table, &goodfit::data::table::TableOptions::default(), &model.schema, |rows| {
        for prediction in model.predict(rows) {
            let Prediction::Classes(shares) = prediction else { panic!("classes") };
            assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            n_rows += 1;
        }
        Ok::<(), goodfit::data::table::TableError>(())
    })
    .unwrap();
    assert_eq!(n_rows, 344);
}

/// Embeddings are those of all members, whose scales stand behind them.
#[test]
fn members_behind_embeddings() {
    let place = place();
    let bins = ["--set", "network.numeric_embedding=\"piecewise-linear\"", "--set", "network.bins=6"];
    let more = ["--set", "network.numeric_embedding_size=5", "--set", "data.one_hot_limit=2"];
    let words = [&TABM[..], &bins, &more, &["--set", "training.epochs=40", "--set", "network.depth=2"]].concat();
    for (table, target) in [("penguins.csv", "species"), ("weights.csv", "body_mass_g")] {
        train(&place, table, target, "m", &words);
        let results = place.json("m/results.json");
        let (measure, simple) = if target == "species" { ("accuracy", "majority") } else { ("R2", "mean") };
        assert!(score(&results, "network", measure) > score(&results, simple, measure) + 0.3, "{results}");
        let weights = Weights::load(&place.path("m/weights.safetensors")).unwrap();
        let tensor = |name: &str| weights.tensors.iter().find(|tensor| tensor.name == name).unwrap();
        let n_numbers = tensor("numeric_embedding.bias").shape[0];
        assert_eq!(tensor("numeric_embedding.weight").shape, [n_numbers, 6, 5]);
        let width = tensor("affine1.weight").shape[0];
        assert!(width > 5 * n_numbers + 8, "levels and what passes: {width}");
        assert_eq!(tensor("affine1.scale_in").shape, [4, width]);
        let rows = predicted(&place, "m", table);
        assert_eq!(rows.len(), place.read(table).split(|&byte| byte == b'\n').count() - 2);
        assert!(rows.iter().flatten().all(|x| x.is_finite()));
        place.succeed(&["export", "m", "--onnx", "m.onnx"]);
    }
}

/// Over folds the ensemble is of the networks that single trainings over the same folds leave, and their scores are its single ones.
#[test]
fn folds_of_an_ensemble_are_those_of_single_trainings() {
    let place = place();
    // Along time no seed has a part in how rows are split.
    let row = |i: usize| {
        let (a, b, c) = (i * 37 % 101, i * 53 % 89, i * 29 % 31);
        format!("{i},{a},{b},{}\n", if a + b + 2 * c > 125 { "far" } else { "near" })
    };
    place.write("t.csv", "when,a,b,where\n".to_owned() + &(0..300).map(row).collect::<String>());
    let folds = ["--set", "data.folds=3", "--set", "data.time=\"when\"", "--set", "training.epochs=12"];
    let words = [&folds[..], &["--set", "training.metric=\"balanced_accuracy\""]].concat();
    let all = |jobs: &str| {
        let ensemble = ["--seed", "3", "--set", "training.ensemble=2", "--jobs", jobs];
        let printed = train(&place, "t.csv", "where", jobs, &[&words[..], &ensemble].concat());
        let files = ["results.json", "curves.csv", "report.html", "weights.safetensors", "model.toml"];
        (printed, files.map(|file| place.read(&format!("{jobs}/{file}"))))
    };
    let one = all("1");
    assert!(all("4") == one, "the number of jobs");
    assert!(one.0.contains("The 2 networks that are kept were trained for"), "{}", one.0);
    let together = Weights::load(&place.path("1/weights.safetensors")).unwrap().tensors;
    let (mut n_tensors, mut steps, mut alone) = (0, 0, 0.0);
    for (number, seed) in [(1, "3"), (2, "4")] {
        train(&place, "t.csv", "where", "one", &[&words[..], &["--seed", seed]].concat());
        for tensor in Weights::load(&place.path("one/weights.safetensors")).unwrap().tensors {
            let own = together.iter().find(|one| one.name == format!("network{number}.{}", tensor.name)).unwrap();
            assert!(own.values == tensor.values && own.shape == tensor.shape, "{}", own.name);
            n_tensors += 1;
        }
        let results = place.json("one/results.json");
        alone += score(&results, "network", "log loss") / 2.0;
        steps += results["refit"]["steps"].as_u64().unwrap();
    }
    assert_eq!(n_tensors, together.len());
    let results = place.json("1/results.json");
    assert_eq!(results["refit"]["steps"].as_u64().unwrap(), steps);
    assert_eq!(results["refit"]["networks"], 2);
    assert_eq!(results["assessment"]["networks"], 2);
    assert_eq!(results["assessment"]["folds"], 3);
    assert_eq!(results["arms"].as_array().unwrap().len(), 3);
    assert!(results["arms"].as_array().unwrap().iter().all(|arm| arm["runs"].as_array().unwrap().len() == 2));
    assert!((score(&results, "single", "log loss") - alone).abs() < 1e-9, "{results}");
    assert!(score(&results, "ensemble", "log loss") < alone, "the loss is convex: {results}");
    let against = &results["assessment"]["against_linear"];
    assert_eq!(against["score"], "balanced accuracy");
    let own = against["network"].as_f64().unwrap();
    assert!((own - score(&results, "ensemble", "balanced accuracy")).abs() < 1e-12, "{results}");
    let rows = results["assessment"]["rows"].as_u64().unwrap();
    let counted = results["assessment"]["confusion"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
    assert_eq!(counted.map(|n| n.as_u64().unwrap()).sum::<u64>(), rows, "each row once");
}

#[test]
fn any_number_of_jobs_makes_the_same_bytes() {
    let place = place();
    for (name, words) in [("members", &TABM[..]), ("seeds", &["--set", "training.ensemble=3"])] {
        let bytes = |jobs: &str| {
            let out = format!("{name}{jobs}");
            let words = [words, &["--set", "training.epochs=4", "--jobs", jobs]].concat();
            let printed = train(&place, "penguins.csv", "species", &out, &words);
            let files =
                ["results.json", "curves.csv", "report.html", "weights.safetensors", "schema.json", "model.toml"];
            (printed, files.map(|file| place.read(&format!("{out}/{file}"))))
        };
        let one = bytes("1");
        for jobs in ["2", "5"] {
            assert!(bytes(jobs) == one, "{name}: {jobs} jobs");
        }
    }
}

#[test]
fn an_ensemble_that_diverged_is_not_kept() {
    let place = place();
    let words = ["train", "penguins.csv", "--target", "species", "--out", "m", "--set", "training.ensemble=2"];
    let rate = ["--preset", "plain", "--set", "training.learning_rate=1e30"];
    let ran = place.run(&[&words[..], &rate].concat());
    assert_eq!(ran.status, Some(1), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("2 of the 2 networks of the ensemble diverged"), "{}", ran.stdout);
    assert!(ran.stderr.contains("no model is left"), "{}", ran.stderr);
    assert!(!place.path("m/weights.safetensors").exists());
}

#[test]
fn a_damaged_ensemble_is_told() {
    let place = place();
    train(&place, "penguins.csv", "species", "m", &["--set", "training.ensemble=2", "--set", "training.epochs=1"]);
    let path = place.path("m/weights.safetensors");
    let whole = Weights::load(&path).unwrap();
    let loads = |weights: Weights| {
        weights.save(&path).unwrap();
        Model::load(&place.path("m")).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(loads(whole.clone()), Ok(()));
    let unfit = Err("the files of the model do not fit each other: the weights and the recipe".to_owned());
    let mut fewer = whole.clone();
    fewer.tensors.retain(|tensor| tensor.name.starts_with("network1."));
    assert_eq!(loads(fewer), unfit);
    let mut other = whole.clone();
    for tensor in &mut other.tensors {
        tensor.name = tensor.name.replace("network2.", "network3.");
    }
    assert_eq!(loads(other), unfit);
}

#[test]
fn a_comparison_of_ensembles_is_refused() {
    let place = place();
    let words = ["compare", "penguins.csv", "--target", "species", "--set", "training.ensemble=5", "--out", "m"];
    let ran = place.run(&words);
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
    let expected = "training.ensemble is 5, but compare trains single networks";
    assert!(ran.stderr.contains(expected) && ran.stderr.contains("hint: "), "{}", ran.stderr);
}
