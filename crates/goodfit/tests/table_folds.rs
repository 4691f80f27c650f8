//! `data.folds` of `train`: scores over folds, and the network of all rows that is kept.
#![cfg(feature = "cli")]
#![allow(clippy::float_cmp, reason = "the same computation gives the same bits")]

mod command;

use command::Place;
use goodfit::baseline::{Baselines, assess};
use goodfit::data::{Prepared, load};
use goodfit::recipe::{ClassWeight, Experiment, Fold, Recipe};
use goodfit::run::{Monitor, n_steps, train, train_until};
use goodfit::weights::Weights;
use serde_json::Value as Json;

const PENGUINS: &str = include_str!("../examples/penguins.csv");
const FOLDS: usize = 4;
const RECIPE: &str = "[data]\nsource = \"penguins.csv\"\ntarget = \"species\"\nfolds = 4\n[data.kinds]\n\
                      bill_length_mm = \"unused\"\nbody_mass_g = \"unused\"\n[network]\nhidden = [8]\n[training]\nepochs = 12\n\
                      batch_size = 16\noptimizer = \"adam\"\nlearning_rate = 0.03\nearly_stopping = 3\n\
                      loss = \"cross-entropy\"\n";

fn place() -> Place {
    let place = Place::new();
    place.write("penguins.csv", PENGUINS);
    place.write("r.toml", RECIPE);
    place
}

fn trained(place: &Place, out: &str, words: &[&str]) -> (String, Json) {
    let printed = place.succeed(&[&["train", "r.toml", "--out", out, "--quiet"], words].concat()).stdout;
    (printed, place.json(&format!("{out}/results.json")))
}

fn number(value: &Json) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// The recipe, and the rows of each fold, through the parts that the program is made of.
fn by_hand(place: &Place) -> (Recipe, Vec<Prepared>) {
    let source = place.path("penguins.csv").display().to_string();
    let recipe = Experiment::from_toml("r", &RECIPE.replace("penguins.csv", &source)).unwrap().recipe;
    assert_eq!(recipe.data.folds, Some(FOLDS));
    let fold = |index| {
        let mut data = recipe.data.clone();
        data.fold = Some(Fold { index, of: FOLDS });
        Prepared::new(load(&data, 0).unwrap(), &data, 0).unwrap()
    };
    let folds = (0..FOLDS).map(fold).collect();
    (recipe, folds)
}

#[test]
fn scores_are_means_over_folds_and_the_network_is_that_of_all_rows() {
    let place = place();
    let (printed, results) = trained(&place, "out", &[]);
    let (recipe, folds) = by_hand(&place);
    let monitor = Monitor::default();
    let (mut by_fold, mut shares) = (Vec::new(), Vec::new());
    for (index, data) in folds.iter().enumerate() {
        let trained = train(&recipe, data, 0, &monitor).unwrap().unwrap();
        let arm = &results["arms"][index];
        assert_eq!(arm["name"], format!("fold {}", index + 1));
        for (name, value) in &trained.run.final_ {
            assert_eq!(number(&arm["runs"][0]["final"][name]), *value, "{name}");
        }
        shares.push(trained.n_steps_on_all as f64 / n_steps(&recipe, data.train.n_rows()) as f64);
        let baselines = Baselines::fit(data, ClassWeight::None).unwrap();
        by_fold.push(assess(data, &baselines, std::slice::from_ref(&trained.network), None, 1).unwrap());
    }
    assert_eq!(results["assessment"]["rows"], 275, "each row that is not sealed validates once");
    assert_eq!(results["assessment"]["folds"], FOLDS);
    // t(3) = 3.1824463; the variance of the mean is that of the scores by 1/4, and 1/3 for the rows that folds share.
    for (place, name) in ["network", "linear", "majority"].into_iter().enumerate() {
        let model = &results["assessment"]["models"][place];
        assert_eq!(model["name"], name);
        for score in ["accuracy", "balanced accuracy", "log loss", "F1", "Brier score"] {
            let values: Vec<f64> = by_fold.iter().map(|fold| fold.models[place].scores[score]).collect();
            let mean = values.iter().sum::<f64>() / 4.0;
            let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 3.0;
            assert!((number(&model["scores"][score]) - mean).abs() < 1e-12, "{name} {score}");
            let half = 3.182_446_3 * (variance * (0.25 + 1.0 / 3.0)).sqrt();
            let most = if score == "log loss" || score == "Brier score" { f64::INFINITY } else { 1.0 };
            let found = &model["ci95"][score];
            // Folds of 69 and 68 rows: their ratio is not a third to the last digit.
            assert!((number(&found[0]) - (mean - half).max(0.0)).abs() < 2e-4 + 0.01 * half, "{name} {score} {found}");
            assert!((number(&found[1]) - (mean + half).min(most)).abs() < 2e-4 + 0.01 * half, "{name} {score} {found}");
        }
    }
    let sum = |counts: &Json| -> u64 {
        counts
            .as_array()
            .expect("counts")
            .iter()
            .flat_map(|row| row.as_array().expect("a row"))
            .filter_map(Json::as_u64)
            .sum()
    };
    assert_eq!(sum(&results["assessment"]["confusion"]), 275);

    shares.sort_by(f64::total_cmp);
    assert!(shares[0] < 1.0, "some fold stopped early: {shares:?}");
    let share = f64::midpoint(shares[1], shares[2]);
    let mut whole = recipe.clone();
    whole.data.validation = 0.0;
    whole.data.stopping = 0.0;
    whole.training.early_stopping = None;
    let all = Prepared::new(load(&whole.data, 0).unwrap(), &whole.data, 0).unwrap();
    let steps = (share * n_steps(&whole, 275) as f64).round() as usize;
    assert_eq!(results["refit"], serde_json::json!({ "rows": 275, "steps": steps }));
    let kept = Weights::load(&place.path("out/weights.safetensors")).unwrap().tensors;
    let network = train_until(&whole, &all, 0, &monitor, steps).unwrap().unwrap().network;
    assert!(Weights::of(&network).tensors == kept);
    assert_eq!(place.json("out/baselines.json")["linear"]["rows"], 275);

    for text in [
        "275 validation rows in 4 folds",
        "species on 275 validation rows, mean of 4 folds     network       95 % interval      linear    majority\n",
        "best in the median of the 4 folds, whose scores are of rows that their networks had not seen",
    ] {
        assert!(printed.contains(text), "{printed}");
    }
    let opened = place.succeed(&["evaluate", "out", "--open-test"]).stdout;
    assert!(opened.starts_with("species on 69 test rows"), "{opened}");
}

/// Folds are no contestants: none of them is the best, and what is said of one is said of all.
#[test]
fn a_report_calls_folds_folds() {
    let place = place();
    let (printed, results) = trained(&place, "out", &[]);
    assert!(printed.lines().any(|line| line.starts_with("fold    ")), "{printed}");
    let page = String::from_utf8(place.read("out/report.html")).unwrap();
    for text in ["<h2>Folds</h2>", "<th scope=\"col\">fold</th>", "(one run a fold)", ". One run a fold."] {
        assert!(page.contains(text), "{text}");
    }
    for text in ["<h2>Arms</h2>", "<th scope=\"col\">arm</th>", "an arm", "n best\"", "Bold: the best mean"] {
        assert!(!page.contains(text), "{text}");
    }
    let linear = &results["assessment"]["linear"];
    let fits: Vec<Baselines> =
        by_hand(&place).1.iter().map(|fold| Baselines::fit(fold, ClassWeight::None).unwrap()).collect();
    let fits = || fits.iter().map(|fit| fit.linear.as_ref().unwrap());
    let ends = |of: Vec<f64>| [of.iter().copied().fold(f64::INFINITY, f64::min), of.into_iter().fold(0.0, f64::max)];
    let rows = ends(fits().map(|fit| fit.rows as f64).collect());
    let penalties = ends(fits().map(|fit| fit.penalty).collect());
    assert_eq!([0, 1].map(|end| number(&linear["over_folds"]["rows"][end])), rows);
    assert_eq!([0, 1].map(|end| number(&linear["over_folds"]["penalty"][end])), penalties);
    assert!(page.contains("on the inputs of the network, fitted in each fold on "), "the note of the table of scores");
}

#[test]
fn any_number_of_jobs_makes_the_same_bytes() {
    let place = place();
    let bytes = |jobs: &str| {
        let (printed, _) = trained(&place, jobs, &["--jobs", jobs]);
        let files = ["results.json", "curves.csv", "report.html", "weights.safetensors", "baselines.json"];
        (printed, files.map(|file| place.read(&format!("{jobs}/{file}"))))
    };
    assert!(bytes("1") == bytes("3"));
}

/// Groups stay together, and along time the first part never validates.
#[test]
fn folds_keep_to_groups_and_to_time() {
    let place = place();
    let table = (0..120).fold("x,who,day,y\n".to_owned(), |text, i| {
        text + &format!(
            "{}.5,p{},2024-{:02}-{:02},{}\n",
            i * 37 % 101,
            i % 12,
            1 + i / 28,
            1 + i % 28,
            ["a", "b"][i * 37 % 101 / 51]
        )
    });
    place.write("t.csv", table);
    let run = |words: &[&str]| {
        let train = ["train", "t.csv", "--target", "y", "--preset", "plain", "--out", "out", "--set", "data.folds=3"];
        place.succeed(&[&train[..], &["--set", "training.epochs=3"], words].concat());
        place.json("out/results.json")
    };
    let groups = run(&["--set", "data.group=who"]);
    let rows = number(&groups["refit"]["rows"]);
    assert_eq!(number(&groups["data"]["validation_rows"]), rows, "each row validates once");
    let times = run(&["--set", "data.time=day"]);
    let rows = number(&times["refit"]["rows"]);
    assert_eq!(rows, 96.0, "a fifth is sealed");
    assert_eq!(number(&times["data"]["validation_rows"]), 72.0, "three of four parts of the timeline");
}

/// Simple models, which draw nothing, tell the folds apart.
#[test]
fn folds_are_drawn_by_the_seed_of_the_split() {
    let place = place();
    let simple = |words: &[&str]| {
        let (_, results) = trained(&place, "out", words);
        (results["assessment"]["models"][1].clone(), results["data"]["split_seed"].clone())
    };
    let first = simple(&["--seed", "0"]);
    assert_eq!(simple(&["--seed", "3", "--set", "data.split_seed=0"]), first);
    let other = simple(&["--seed", "0", "--set", "data.split_seed=3"]);
    assert!(other.0["name"] == "linear" && other.0 != first.0 && other.1 == 3, "{other:?}");
    assert_eq!(simple(&["--seed", "3"]), other);
}

/// Those of a search, too, and its best trial says so.
#[test]
fn folds_of_a_search_are_drawn_by_the_seed_of_the_split() {
    let place = place();
    place.write(
        "s.toml",
        RECIPE.replace("folds = 4\n", "split_seed = 3\n").replace("early_stopping = 3\n", "")
            + "[search]\nfolds = 3\ntrials = 2\nfinalists = 0\n[search.space]\n\"training.learning_rate\" = [0.01, 0.1]\n",
    );
    let searched = |out: &str, words: &[&str]| {
        let ran = [&["search", "s.toml", "--sampler", "grid", "--quiet", "--out", out][..], words].concat();
        place.succeed(&ran);
        place.json(&format!("{out}/results.json"))["trials"].clone()
    };
    let third = searched("third", &[]);
    assert_ne!(searched("first", &["--set", "data.split_seed=0"]), third);
    let printed = place.succeed(&["study", "best", "third/study.db", "--print-recipe"]).stdout;
    let squeezed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(squeezed.contains("split_seed = 3 "), "{printed}");
}

#[test]
fn numbers_have_scores_over_folds_too() {
    let place = place();
    let known: Vec<&str> = PENGUINS.lines().filter(|line| !line.contains(",NA")).collect();
    place.write("mass.csv", known.join("\n"));
    let words =
        ["train", "mass.csv", "--target", "body_mass_g", "--preset", "plain", "--out", "out", "--set", "data.folds=3"];
    let printed =
        place.succeed(&[&words[..], &["--set", "training.epochs=5", "--set", "training.metric=mae"]].concat()).stdout;
    let assessed = &place.json("out/results.json")["assessment"];
    let [low, high] = [0, 1].map(|end| number(&assessed["models"][0]["ci95"]["MAE"][end]));
    let mean = number(&assessed["models"][0]["scores"]["MAE"]);
    assert!(0.0 <= low && low < mean && mean < high, "{low} {mean} {high}");
    assert_eq!(assessed["against_linear"]["score"], "MAE");
    assert!(printed.contains("95 % interval over the folds"), "{printed}");
}

#[test]
fn what_does_not_go_with_folds_is_told() {
    let place = place();
    let space = "[search.space]\n\"training.learning_rate\" = [0.1, 0.2]\n";
    place.write("s.toml", format!("{RECIPE}{space}"));
    for (words, expected) in [
        (
            &["compare", "r.toml", "--vary", "network.bias=true,false"][..],
            "data.folds is for train, which keeps one network\nhint: --resplit",
        ),
        (
            &["search", "s.toml"],
            "data.folds is for train; a search ranks its trials over search.folds\nhint: search.folds",
        ),
        (&["train", "r.toml", "--set", "training.refit=false"], "training.refit is false, but with data.folds"),
        (&["train", "r.toml", "--set", "data.evaluation=test"], "data.folds is set, but data.evaluation is \"test\""),
        (&["train", "r.toml", "--set", "data.folds=1"], "data.folds is 1, expected a whole number from 2 to 1000"),
        (
            &["train", "r.toml", "--set", "data.folds=300"],
            "data.folds is 300, which splits 275 rows into a side without rows",
        ),
    ] {
        let ran = place.run(words);
        assert_eq!(ran.status, Some(2), "{words:?} {}", ran.stdout);
        assert!(ran.stderr.contains(expected), "{words:?}: {}", ran.stderr);
    }
    // Of the two ways to validate the command line's replaces that of the recipe.
    let (_, results) = trained(&place, "out", &["--set", "data.validation=0.2"]);
    assert!(results["data"].get("folds").is_none() && results["data"]["validation_rows"] == 55, "{}", results["data"]);
}
