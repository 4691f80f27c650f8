//! Embeddings of the columns of a table, from a recipe to a model that is kept, read, predicted with and exported.
#![cfg(feature = "cli")]

mod command;

use std::fmt::Write as _;
use std::path::Path;

use command::{Place, Ran};
use goodfit::data::table::{TableError, TableOptions, read_chunks};
use goodfit::model::{Model, Prediction};
use goodfit::weights::{Tensor, Weights};

const PENGUINS: &str = include_str!("../examples/penguins.csv");
const FORMS: [&str; 3] = ["piecewise-linear", "periodic", "pbld"];
const RECIPE: &str = "[data]\nsource = \"TABLE\"\ntarget = \"TARGET\"\none_hot_limit = 2\ntest = 0.0\nvalidation = 0.0\n\
                      [network]\nhidden = [32]\nactivation = \"mish\"\nembedding_size = 5\n\
                      [training]\noptimizer = \"adam\"\nlearning_rate = 0.01\nbatch_size = 32\nepochs = 20\n";

fn recipe(table: &str, target: &str, more: &str) -> String {
    RECIPE.replace("TABLE", table).replace("TARGET", target) + more
}

fn tensor(place: &Place, model: &str, name: &str) -> Tensor {
    let weights = Weights::load(&place.path(&format!("{model}/weights.safetensors"))).unwrap();
    weights.tensors.into_iter().find(|tensor| tensor.name == name).unwrap_or_else(|| panic!("{name} of {model}"))
}

fn final_metric(place: &Place, out: &str, metric: &str) -> f64 {
    place.json(&format!("{out}/results.json"))["arms"][0]["runs"][0]["final"][metric].as_f64().unwrap()
}

/// What a model that is read again says of the rows of a file.
fn predicted(model: &Path, file: &Path) -> Vec<Prediction> {
    let model = Model::load(model).unwrap();
    let mut all = Vec::new();
    read_chunks(file, &TableOptions::default(), &model.schema, |rows| {
        all.extend(model.predict(rows));
        Ok::<(), TableError>(())
    })
    .unwrap();
    all
}

/// Penguins of which the class, and a number, are known, by every form: the model that is kept has the score it was
/// trained to, and predicts rows with gaps and with words that it has never seen.
#[test]
fn penguins_with_every_embedding() {
    let place = Place::new();
    let known: Vec<&str> = PENGUINS.lines().filter(|line| line.split(',').nth(5) != Some("NA")).collect();
    place.write("penguins.csv", known.join("\n") + "\n");
    let head = known[0];
    place.write("odd.csv", format!("{head}\nNA,,39.1,,181,3750,,2007\nNA,Atlantis,,18.7,1e30,,unknown,2007\n"));
    for (target, column, metric) in [("species", 0, "train_accuracy"), ("body_mass_g", 5, "train_rmse")] {
        let loss = if target == "species" { "" } else { "loss = \"mean-squared-error\"\n" };
        place.write("my.toml", recipe("penguins.csv", target, loss));
        for form in FORMS {
            let out = format!("{target}-{form}");
            let setting = format!("network.numeric_embedding={form}");
            place.succeed(&["train", "my.toml", "--set", &setting, "--out", &out, "--quiet"]);
            let truth: Vec<&str> = known[1..].iter().map(|line| line.split(',').nth(column).unwrap()).collect();
            let all = predicted(&place.path(&out), &place.path("penguins.csv"));
            let text = place.succeed(&["predict", &out, "penguins.csv"]).stdout;
            let said: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
            let scored = final_metric(&place, &out, metric);
            if target == "species" {
                let share = said.iter().zip(&truth).filter(|(said, truth)| said == truth).count() as f64 / 342.0;
                assert!((share - scored).abs() < 1e-9 && share > 0.97, "{out}: {share}, {scored}");
            } else {
                let errors =
                    said.iter().zip(&truth).map(|(a, b)| a.parse::<f64>().unwrap() - b.parse::<f64>().unwrap());
                let rmse = (errors.map(|error| error * error).sum::<f64>() / 342.0).sqrt();
                assert!((rmse / scored - 1.0).abs() < 1e-5 && rmse < 400.0, "{out}: {rmse}, {scored}");
            }
            assert_eq!(all.len(), 342);
            let odd = predicted(&place.path(&out), &place.path("odd.csv"));
            let finite = |prediction: &Prediction| match prediction {
                Prediction::Classes(shares) => shares.iter().all(|share| share.is_finite()),
                Prediction::Number(number) => number.is_finite(),
            };
            assert!(odd.len() == 2 && odd.iter().all(finite), "{odd:?}");
            if cfg!(feature = "onnx") {
                place.succeed(&["export", &out, "--onnx", "model.onnx"]);
                let file = place.read("model.onnx");
                let name = b"numeric_embedding.numbers";
                assert!(file.windows(name.len()).any(|part| part == name), "{out}");
            }
        }
    }
    // Four numbers of the birds and the year; the levels of island, and of sex with a missing one.
    let shape = |name: &str| tensor(&place, "species-pbld", name).shape;
    assert_eq!(shape("numeric_embedding.weight"), [5, 16, 3]);
    assert_eq!(shape("level_embedding1.weight"), [3, 5]);
    let schema = place.json("species-pbld/schema.json");
    assert_eq!(schema["encoder"]["columns"][0]["form"]["level"]["n_places"], 3, "{schema}");
}

/// 900 rows of `y`, to which each of 60 shops adds its own and x a wave; `noise` says nothing.
fn shops() -> String {
    let mut text = "x,shop,noise,side,y\n".to_owned();
    for i in 0..900_u32 {
        let (x, shop) = (f64::from(i * 37 % 899) / 899.0, (i * 23 + i / 60) % 60);
        let own = f64::from(shop * 29 % 13) / 6.0 - 1.0;
        let y = (3.0 * std::f64::consts::TAU * x).sin() + own;
        let side = if i % 10 == 9 { "validation" } else { "train" };
        writeln!(text, "{x:.4},shop {shop},{},{side},{y:.4}", i * 53 % 97).unwrap();
    }
    text
}

/// What a plain network does not find in the same few epochs; the columns that matter are said to.
#[test]
fn waves_and_shops_are_learned() {
    let place = Place::new();
    place.write("shops.csv", shops());
    let text = recipe("shops.csv", "y", "loss = \"mean-squared-error\"\n")
        .replace("test = 0.0\nvalidation = 0.0\n", "test = 0.0\nsplit_column = \"side\"\n")
        .replace("one_hot_limit = 2\n", "")
        .replace("embedding_size = 5\n", "");
    place.write("my.toml", text);
    let rmse = |name: &str, settings: &[&str]| {
        let sets: Vec<&str> = settings.iter().flat_map(|setting| ["--set", *setting]).collect();
        place.succeed(&[&["train", "my.toml", "--out", name, "--quiet"], &sets[..]].concat());
        final_metric(&place, name, "validation_rmse")
    };
    let plain = rmse("plain", &[]);
    let bins = rmse("bins", &["network.numeric_embedding=piecewise-linear", "data.one_hot_limit=9"]);
    let waves =
        rmse("waves", &["network.numeric_embedding=periodic", "network.frequency_std=1", "data.one_hot_limit=9"]);
    assert!(plain > 0.5 && bins < 0.5 * plain && waves < 0.5 * plain, "{plain}, {bins}, {waves}");
    assert_eq!(tensor(&place, "bins", "level_embedding1.weight").shape, [60, 8]);
    for model in ["bins", "waves"] {
        let importance = &place.json(&format!("{model}/results.json"))["assessment"]["importance"];
        let of = |column: &str| {
            let found = importance.as_array().unwrap().iter().find(|one| one["column"] == column).unwrap();
            found["increase"].as_f64().unwrap()
        };
        assert!(of("x") > 0.3 && of("shop") > 0.3 && of("noise") < 0.1, "{importance}");
        // The linear model sees the shops as ever, and so finds what they add.
        let models = &place.json(&format!("{model}/results.json"))["assessment"]["models"];
        let linear = |results: &serde_json::Value| {
            let found = results.as_array().unwrap().iter().find(|one| one["name"] == "linear").unwrap();
            found["scores"]["RMSE"].as_f64().unwrap()
        };
        let without = &place.json("plain/results.json")["assessment"]["models"];
        assert!((linear(models) - linear(without)).abs() < 0.02, "{models} {without}");
    }
    // A model evaluates its linear model, too.
    place.write("new.csv", "shop,noise,x\nshop 3,5,0.5\nnew,5,0.5\nother,5,0.5\n,5,\n");
    let new = place.succeed(&["predict", "bins", "new.csv"]).stdout;
    let values: Vec<&str> = new.lines().skip(1).collect();
    assert!(values[1] == values[2] && values[0] != values[1], "one word is as new as another: {new}");
}

/// Bins end where the training rows do, whatever other rows hold.
#[test]
fn bins_are_those_of_the_training_rows() {
    let place = Place::new();
    let mut text = "x,side,y\n".to_owned();
    for i in 0..60 {
        let (side, far) = if i % 3 == 0 { ("validation", 1000.0) } else { ("train", 1.0) };
        writeln!(text, "{},{side},{}", far * f64::from(i), if i > 30 { "a" } else { "b" }).unwrap();
    }
    place.write("table.csv", text);
    let text = recipe("table.csv", "y", "")
        .replace("test = 0.0\nvalidation = 0.0\n", "test = 0.0\nsplit_column = \"side\"\nscaling = \"standard\"\n")
        .replace("embedding_size = 5\n", "numeric_embedding = \"piecewise-linear\"\nbins = 4\n");
    place.write("my.toml", text);
    place.succeed(&["train", "my.toml", "--out", "out", "--quiet"]);
    let numbers: Vec<f64> = (0..60).filter(|i| i % 3 > 0).map(f64::from).collect();
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    let sd = (numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
    let edges = tensor(&place, "out", "numeric_embedding.edges");
    assert_eq!(edges.shape, [1, 5]);
    // numpy.quantile(x, [0, 0.25, 0.5, 0.75, 1]) of the 40 numbers 1, 2, 4, 5, .., 58, 59.
    for (edge, expected) in edges.values.iter().zip([1.0, 15.5, 30.0, 44.5, 59.0]) {
        assert!((f64::from(*edge) - (expected - mean) / sd).abs() < 1e-5, "{:?}", edges.values);
    }
}

#[test]
fn arms_and_trials_vary_them() {
    let place = Place::new();
    place.write("shops.csv", shops());
    let text = recipe("shops.csv", "y", "loss = \"mean-squared-error\"\n")
        .replace("validation = 0.0\n", "validation = 0.3\nkinds = { side = \"unused\" }\n")
        .replace("epochs = 20", "epochs = 2");
    place.write("my.toml", &text);
    let vary = ["--vary", "network.numeric_embedding=none,pbld", "--vary", "data.one_hot_limit=9,100", "--seeds", "2"];
    for (out, jobs) in [("one", "1"), ("two", "2")] {
        place.succeed(&[&["compare", "my.toml", "--jobs", jobs, "--out", out, "--quiet"], &vary[..]].concat());
    }
    assert!(place.read("one/results.json") == place.read("two/results.json"), "the same for any number of jobs");
    let arms = place.json("one/results.json")["arms"].clone();
    let losses: Vec<String> =
        arms.as_array().unwrap().iter().map(|arm| arm["summary"]["validation_loss"]["mean"].to_string()).collect();
    assert_eq!(losses.len(), 4);
    assert!((1..4).all(|i| !losses[..i].contains(&losses[i])), "{losses:?}");

    let space = "[search]\ntrials = 8\nfinalists = 0\n[search.space]\n\"data.one_hot_limit\" = [9, 100]\n\
                 \"network.numeric_embedding\" = [\"none\", \"piecewise-linear\", \"pbld\"]\n\
                 \"network.bins\" = { low = 2, high = 20, when = { \"network.numeric_embedding\" = [\"piecewise-linear\"] } }\n";
    place.write("space.toml", text + space);
    place.succeed(&["search", "space.toml", "--out", "found", "--quiet"]);
    let found = place.json("found/results.json");
    let trials = found["trials"].as_array().unwrap();
    assert!(trials.len() == 8 && trials.iter().all(|trial| trial["state"] == "complete"), "{found}");
    let has_bins = |trial: &serde_json::Value| trial["settings"].get("network.bins").is_some();
    for trial in trials {
        assert_eq!(has_bins(trial), trial["settings"]["network.numeric_embedding"] == "piecewise-linear", "{trial}");
    }
    assert!(trials.iter().any(has_bins));
}

/// Files that do not fit each other are refused, before they take any memory.
#[test]
fn damaged_models_are_refused() {
    let place = Place::new();
    place.write("shops.csv", shops());
    let text = recipe("shops.csv", "y", "loss = \"mean-squared-error\"\n")
        .replace("embedding_size = 5\n", "embedding_size = 5\nnumeric_embedding = \"pbld\"\n")
        .replace("epochs = 20", "epochs = 1");
    place.write("my.toml", text);
    place.succeed(&["train", "my.toml", "--out", "out", "--quiet"]);
    let [schema, recipe] =
        ["schema.json", "model.toml"].map(|name| String::from_utf8(place.read(&format!("out/{name}"))).unwrap());
    for (file, from, to) in [
        ("schema.json", "\"n_places\": 60", "\"n_places\": 1000000000"),
        ("schema.json", "\"n_places\": 60", "\"n_places\": 59"),
        ("model.toml", "embedding_size = 5", "embedding_size = 1000000"),
        ("model.toml", "numeric_embedding = \"pbld\"", "numeric_embedding = \"pbld\"\nfrequencies = 10000"),
        ("model.toml", "numeric_embedding = \"pbld\"", "numeric_embedding = \"periodic\""),
        ("model.toml", "numeric_embedding = \"pbld\"", "numeric_embedding = \"none\""),
    ] {
        let whole = if file == "schema.json" { &schema } else { &recipe };
        assert!(whole.contains(from), "{from} is not in {whole}");
        place.write(&format!("out/{file}"), whole.replacen(from, to, 1));
        let Ran { status, stderr, .. } = place.run(&["predict", "out", "shops.csv"]);
        assert!(status == Some(2) && stderr.contains("do not fit each other"), "{to}: {stderr}");
        place.write(&format!("out/{file}"), whole);
    }
    place.succeed(&["predict", "out", "shops.csv"]);
}

#[test]
fn errors() {
    let place = Place::new();
    place.write("shops.csv", shops());
    place.write("words.csv", "a,b,y\n".to_owned() + &"u,p,0\nv,q,1\nw,p,1\n".repeat(20));
    let mut text = String::new();
    let mut fail = |words: &[&str]| {
        let Ran { status, stdout, stderr } = place.run(words);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{words:?}: {stderr}");
        writeln!(text, "$ goodfit {}\n{stderr}", words.join(" ")).unwrap();
    };
    for (table, settings) in [
        ("words.csv", &["network.numeric_embedding=pbld"][..]),
        ("shops.csv", &["network.numeric_embedding=pbld", "network.numeric_embedding_size=1"]),
        ("shops.csv", &["network.numeric_embedding=linear"]),
        ("shops.csv", &["network.numeric_embedding=periodic", "network.bins=8"]),
        ("shops.csv", &["network.numeric_embedding=piecewise-linear", "network.frequencies=8"]),
        ("shops.csv", &["network.numeric_embedding=periodic", "network.frequency_std=0"]),
        ("shops.csv", &["network.numeric_embedding_size=8"]),
        ("shops.csv", &["network.embedding_size=8"]),
        ("shops.csv", &["data.one_hot_limit=-1"]),
        ("shops.csv", &["training.embedding_rate=0.5"]),
    ] {
        let sets: Vec<&str> = settings.iter().flat_map(|setting| ["--set", *setting]).collect();
        fail(&[&["train", table, "--target", "y"], &sets[..]].concat());
    }
    fail(&["train", "my.toml", "--set", "network.numeric_embedding=pbld"]);
    fail(&["train", "my.toml", "--set", "data.one_hot_limit=9"]);
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(text) });
}
