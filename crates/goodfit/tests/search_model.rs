//! What `goodfit search` leaves of a table: a model of its winner, in the time that it was given.
#![cfg(all(feature = "cli", feature = "sqlite"))]

mod command;

use command::Place;
use goodfit::search::number;
use goodfit::weights::Weights;

const PENGUINS: &str = include_str!("../examples/penguins.csv");

/// Networks that train in a moment, and a space of them.
const RECIPE: &str = "[data]\nsource = \"penguins.csv\"\ntarget = \"species\"\n[network]\nhidden = [8]\n[training]\n\
                      epochs = 6\nbatch_size = 16\noptimizer = \"adam\"\nearly_stopping = 6\nrefit = true\n\
                      loss = \"cross-entropy\"\n[search]\nfinalists = 2\nrescore_seeds = 2\n[search.space]\n\
                      \"training.learning_rate\" = { low = 1e-3, high = 0.3, log = true }\n";

const MODEL: [&str; 4] = ["weights.safetensors", "schema.json", "baselines.json", "model.toml"];

fn place() -> Place {
    let place = Place::new();
    place.write("penguins.csv", PENGUINS);
    place.write("r.toml", RECIPE);
    place
}

fn model(place: &Place, folder: &str) -> Vec<Vec<u8>> {
    MODEL.map(|file| place.read(&format!("{folder}/{file}"))).to_vec()
}

#[test]
fn it_is_the_model_that_train_makes_of_the_winner() {
    let place = place();
    let words = ["search", "r.toml", "--out", "out", "--trials", "5", "--set", "search.finalists=1"];
    let ran = place.succeed(&words);
    let results = place.json("out/results.json");
    let trial = &results["search"]["winner"]["trial"];
    // The last lines say where it is and what to type next.
    let end = format!(
        "model: out (trial {trial})\nnext: `goodfit predict out NEW.csv`, or `goodfit evaluate out --open-test`\n"
    );
    assert!(ran.stderr.ends_with(&end), "{}", ran.stderr);
    assert!(
        ran.stdout.contains(&format!("the model that is kept is trial {trial}, trained once more")),
        "{}",
        ran.stdout
    );
    let recipe = place.succeed(&["study", "best", "out/study.db", "--print-recipe"]).stdout;
    assert!(recipe.starts_with(&format!("# Trial {trial} of the study")), "{recipe}");
    place.write("best.toml", &recipe);
    place.succeed(&["train", "best.toml", "--out", "trained"]);
    let first = model(&place, "out");
    assert!(first == model(&place, "trained"), "byte for byte");
    assert_eq!(results["refit"], place.json("trained/results.json")["refit"]);
    assert_eq!(results["refit"]["rows"], 275, "all that are not sealed");
    // Nothing is said of scores that no table shows.
    let trained = place.json("trained/results.json");
    let own = trained["arms"][0]["summary"]["validation_accuracy"]["mean"].as_f64().expect("a score");
    for text in [
        "trained once more as `train` trains its recipe, and then anew on 275 rows, all that are not sealed: "
            .to_owned(),
        format!(
            ": val acc:{} with seed 0, before that, on the 55 validation rows, which have chosen it; what is sealed had no part",
            number(own)
        ),
    ] {
        assert!(ran.stdout.contains(&text), "{text}: {}", ran.stdout);
    }
    let report = String::from_utf8(place.read("out/report.html")).expect("UTF-8");
    assert!(!ran.stdout.contains("had not seen them") && !report.contains("had not seen them"), "{}", ran.stdout);

    // It is one like any other.
    assert_eq!(place.succeed(&["predict", "out", "penguins.csv"]).stdout.lines().count(), 345);
    let opened = place.succeed(&["evaluate", "out", "--open-test"]).stdout;
    assert!(opened.starts_with("species on 69 test rows"), "{opened}");
    place.succeed(&["export", "out", "--onnx", "species.onnx"]);

    // A study that is gone on with leaves the same, and the record of the opening stays.
    place.succeed(&words);
    assert!(model(&place, "out") == first);
    let again = place.succeed(&["evaluate", "out", "--open-test"]);
    assert!(again.stderr.contains("opened once before"), "{}", again.stderr);
}

/// Trials are single networks; the model has as many as the recipe says.
#[test]
fn an_ensemble_is_kept_where_the_recipe_says_so() {
    let place = place();
    let words = ["search", "r.toml", "--out", "out", "--trials", "4", "--seed", "3"];
    let plain = place.succeed(&[&words[..], &["--set", "search.finalists=1", "--storage", "memory"]].concat());
    assert!(plain.stdout.contains("trained once more"), "{}", plain.stdout);
    let trials = place.json("out/results.json")["trials"].clone();
    let ran = place.succeed(&[&words[..], &["--set", "search.finalists=1", "--set", "training.ensemble=3"]].concat());
    let results = place.json("out/results.json");
    assert_eq!(results["trials"], trials, "an ensemble changes no trial");
    let trial = &results["search"]["winner"]["trial"];
    let kept = format!("the model that is kept is 3 networks of trial {trial}, trained as `train` trains its recipe");
    assert!(
        ran.stdout.contains(&kept) && ran.stdout.contains("in the mean of the seeds 3 to 5 alone"),
        "{}",
        ran.stdout
    );
    assert_eq!(results["refit"]["networks"], 3);
    place.write("best.toml", place.succeed(&["study", "best", "out/study.db", "--print-recipe"]).stdout);
    place.succeed(&["train", "best.toml", "--out", "trained", "--seed", "3"]);
    assert!(model(&place, "out") == model(&place, "trained"), "byte for byte");
    let tensors = Weights::load(&place.path("out/weights.safetensors")).expect("weights").tensors;
    assert!(tensors.iter().any(|tensor| tensor.name.starts_with("network3.")));
    // Its own score stands before that of single networks.
    let models = &place.json("trained/results.json")["assessment"]["models"];
    let of = |name: &str| models.as_array()?.iter().find(|model| model["name"] == name)?["scores"]["accuracy"].as_f64();
    let [ensemble, single] = ["ensemble", "single"].map(|name| number(of(name).expect("a score")));
    let scores = format!(
        ": val acc:{ensemble} as an ensemble, val acc:{single} in the mean of the seeds 3 to 5 alone, before that, on the 55 \
         validation rows, "
    );
    assert!(ran.stdout.contains(&scores), "{scores}: {}", ran.stdout);
    place.succeed(&["export", "out", "--onnx", "species.onnx"]);
}

/// Of a table without a recipe four networks are kept, or as many as there is time for.
#[test]
fn a_preset_keeps_four_networks() {
    let place = place();
    let words = ["search", "penguins.csv", "--target", "species", "--trials", "2", "--set", "search.finalists=0"];
    let own = ["--preset", "plain", "--set", "training.epochs=2"];
    // Of so few rows each validates once.
    let printed = place.succeed(&[&words[..], &own, &["--out", "folds"]].concat()).stdout;
    let kept = "the model that is kept is 4 networks of trial ";
    assert!(printed.contains(kept) && printed.contains("in the median of 5 folds: "), "{printed}");
    let own = [&own[..], &["--set", "data.validation=0.2"]].concat();
    let printed = place.succeed(&[&words[..], &own, &["--out", "all"]].concat()).stdout;
    assert!(printed.contains("the model that is kept is 4 networks of trial "), "{printed}");
    assert!(!printed.contains("left time to keep"), "{printed}");
    let keeps = |folder: &str| String::from_utf8(place.read(&format!("{folder}/model.toml"))).expect("UTF-8");
    assert!(keeps("all").contains("ensemble = 4"), "{}", keeps("all"));
    // The study goes on with another number, on which no trial depends.
    let one = [&own[..], &["--set", "training.ensemble=1", "--set", "training.refit=true", "--out", "all"]].concat();
    let printed = place.succeed(&[&words[..], &one].concat()).stdout;
    assert!(printed.contains("the model that is kept is trial ") && printed.contains("and then anew on"), "{printed}");
    let best = place.succeed(&["study", "best", "all/study.db", "--print-recipe"]).stdout;
    assert!(!best.contains("ensemble = 4") && best.contains("refit = true"), "{best}");
    // Within a second hardly anything is done but what has to be.
    let printed = place.succeed(&[&words[..], &own, &["--out", "short", "--seconds", "1"]].concat()).stdout;
    let short = "--seconds left time to keep 1 of the 4 networks: training.ensemble = 4 was asked for, and one network took too \
                 long for that";
    assert!(printed.contains(short), "{printed}");
    assert!(printed.contains("the model that is kept is trial "), "{printed}");
    assert!(place.json("short/results.json")["search"]["networks_in_time"] == 1);
    assert!(keeps("short").contains("ensemble = 1") || !keeps("short").contains("ensemble"), "{}", keeps("short"));
}

#[test]
fn the_winner_is_that_of_the_retrained_for_any_number_of_jobs() {
    let place = place();
    let run = |jobs: &str| {
        let words = ["search", "r.toml", "--out", jobs, "--trials", "8", "--seed", "3", "--jobs", jobs];
        let printed = place.succeed(&[&words[..], &["--set", "search.finalists=4"]].concat()).stdout;
        (printed, model(&place, jobs), place.read(&format!("{jobs}/results.json")))
    };
    let one = run("1");
    assert!(run("4") == one);
    let results = place.json("1/results.json");
    let text = String::from_utf8(place.read("1/model.toml")).expect("UTF-8");
    let winner = &results["search"]["winner"];
    assert!(text.starts_with(&format!("# Trial {} of the study", winner["trial"])), "{text}");
    // No other finalist has a better score of retraining.
    let best = |trial: &&serde_json::Value| trial["rescored"]["mean"].as_f64();
    let trials = results["trials"].as_array().expect("trials");
    let most = trials.iter().filter_map(|trial| best(&trial)).fold(f64::MIN, f64::max);
    let own = trials.iter().find(|trial| trial["trial"] == winner["trial"]).and_then(|trial| best(&trial));
    assert_eq!(own, Some(most));
}

#[test]
fn no_sealed_row_has_a_part_in_it() {
    let place = place();
    let table = |far: bool| {
        let mut lines = PENGUINS.lines();
        let head = lines.next().expect("a head");
        let columns: Vec<&str> = head.split(',').collect();
        let bill = columns.iter().position(|column| *column == "bill_length_mm").expect("a column");
        let row = |(i, line): (usize, &str)| {
            let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            if far && i % 5 == 0 {
                "99.9".clone_into(&mut cells[bill]);
            }
            format!("{},{}\n", cells.join(","), if i % 5 == 0 { "test" } else { "train" })
        };
        format!("{head},side\n{}", lines.enumerate().map(row).collect::<String>())
    };
    let kept = |far: bool| {
        place.write("penguins.csv", table(far));
        let words = ["search", "r.toml", "--out", "out", "--force", "--trials", "4", "--set", "data.split_column=side"];
        place.succeed(&words);
        let opened = place.succeed(&["evaluate", "out", "--open-test"]).stdout;
        (place.read("out/weights.safetensors"), place.read("out/baselines.json"), opened)
    };
    let (near, far) = (kept(false), kept(true));
    assert!(near.0 == far.0 && near.1 == far.1, "the models");
    assert_ne!(near.2, far.2, "the rows that are sealed");
}

#[test]
fn a_search_of_several_seeds_leaves_the_best_of_their_winners() {
    let place = place();
    let ran = place.succeed(&["search", "r.toml", "--out", "out", "--trials", "3", "--seeds", "2"]);
    let results = place.json("out/results.json");
    let score = |part: usize| results["parts"][part]["search"]["winner"]["score"]["mean"].as_f64().expect("a score");
    let best = usize::from(score(1) > score(0));
    let study = format!("\"r-seed-{best}\"");
    let text = String::from_utf8(place.read("out/model.toml")).expect("UTF-8");
    assert!(text.lines().next().is_some_and(|line| line.contains(&study)), "{text}");
    assert!(ran.stdout.contains(&format!("of the study r-seed-{best}, trained once more")), "{}", ran.stdout);
}

/// Folds rank trials, so that no rows are left out of what is kept, whether the recipe trains anew or not.
#[test]
fn a_search_over_folds_keeps_a_network_of_all_rows() {
    let place = place();
    place.write("f.toml", RECIPE.replace("refit = true\n", "").replace("[search]\n", "[search]\nfolds = 4\n"));
    let words = ["search", "f.toml", "--out", "out", "--trials", "3", "--set", "search.finalists=1"];
    let ran = place.succeed(&words);
    let trial = place.json("out/results.json")["search"]["winner"]["trial"].clone();
    place.write("best.toml", place.succeed(&["study", "best", "out/study.db", "--print-recipe"]).stdout);
    place.succeed(&["train", "best.toml", "--out", "trained"]);
    assert!(model(&place, "out") == model(&place, "trained"), "byte for byte");
    let trained = place.json("trained/results.json");
    assert_eq!((&trained["data"]["folds"], &trained["data"]["validation_rows"]), (&4.into(), &275.into()));
    assert_eq!(place.json("out/results.json")["refit"], trained["refit"]);
    assert_eq!(trained["refit"]["rows"], 275, "all that are not sealed");
    let folds = trained["arms"].as_array().expect("folds").iter();
    let own: f64 = folds.map(|arm| arm["summary"]["validation_accuracy"]["mean"].as_f64().expect("a score")).sum();
    for text in [
        format!(
            "the model that is kept is trial {trial}, trained once more as `train` trains its recipe, on 275 rows, all that are \
             not sealed, for as long as was best in the median of 4 folds: val acc:{} with seed 0",
            number(own / 4.0)
        ),
        ", in the mean of 4 folds, on the 275 validation rows, which have chosen it".to_owned(),
    ] {
        assert!(ran.stdout.contains(&text), "{text}: {}", ran.stdout);
    }
}

#[test]
fn a_model_without_a_second_training_is_said_to_be_of_its_training_rows() {
    let place = place();
    let words = ["search", "r.toml", "--out", "out", "--trials", "2", "--set", "search.finalists=1"];
    let ran = place.succeed(&[&words[..], &["--set", "training.refit=false"]].concat());
    let text = "trains its recipe, on 192 training rows, and 28 more that chose its epoch: ";
    assert!(ran.stdout.contains(text), "{}", ran.stdout);
}

/// How far a score may be from that of other rows stands beside its interval over seeds, whatever the score.
#[test]
fn the_winner_of_any_metric_has_an_error_over_rows() {
    let place = place();
    // An island is not told without mistakes.
    place.write("r.toml", RECIPE.replace("species", "island"));
    for metric in ["accuracy", "auc", "log_loss"] {
        let set = format!("training.metric={metric}");
        let words =
            ["search", "r.toml", "--out", metric, "--trials", "2", "--set", "search.finalists=1", "--set", &set];
        let ran = place.succeed(&words);
        let winner = || place.json(&format!("{metric}/results.json"))["search"]["winner"].clone();
        let first = winner();
        let error = first["row_error"].as_f64().expect("an error");
        assert!((1e-3..0.3).contains(&error), "{metric}: {error}");
        let text = format!("validation rows of penguins.csv alone leave {error:.3}");
        assert!(ran.stdout.contains(&text), "{text}: {}", ran.stdout);
        place.succeed(&words);
        assert_eq!(winner(), first, "a study that is gone on with");
    }
}

#[test]
fn what_is_no_table_leaves_no_model() {
    let place = place();
    let space = "[search.space]\n\"training.learning_rate\" = { low = 0.01, high = 1, log = true }\n";
    place.write("mnist.toml", format!("{}{space}", command::SMALL));
    let ran = place.succeed(&["search", "mnist.toml", "--out", "out", "--trials", "3", "--set", "search.finalists=1"]);
    assert!(!ran.stderr.contains("model"), "{}", ran.stderr);
    assert!(!place.path("out/weights.safetensors").exists());
}

#[test]
fn seconds_are_for_all_of_it() {
    const SECONDS: u64 = 20;
    let place = place();
    let given = SECONDS.to_string();
    let words = ["search", "r.toml", "--out", "out", "--trials", "1000000", "--seconds", &given];
    // Some tenths of a second a training.
    place.succeed(&[&words[..], &["--set", "network.hidden=[128,128]", "--set", "training.epochs=60"]].concat());
    let results = place.json("out/results.json");
    let trials = results["trials"].as_array().expect("trials").len();
    assert!((1..1_000_000).contains(&trials) && results["complete"] == true, "{trials} trials");
    assert!(place.path("out/weights.safetensors").exists());
}

#[test]
fn a_comparison_says_how_to_get_a_model() {
    let place = place();
    place.write("c.toml", RECIPE.split("[search]").next().expect("a head"));
    let words = ["compare", "c.toml", "--vary", "training.learning_rate=1e-6,0.03", "--seeds", "3", "--out", "out"];
    let said = place.succeed(&words).stderr;
    let next = "a comparison keeps no model; `goodfit train c.toml --set training.learning_rate=0.03` keeps one of the arm with \
                the best mean\n";
    assert!(said.ends_with(next), "{said}");
    place.succeed(&["train", "c.toml", "--set", "training.learning_rate=0.03", "--out", "out"]);
    assert!(place.path("out/weights.safetensors").exists());
}
