//! What a recipe can say of a search space, by running it: conditions, choices that are lists or tables.
#![cfg(all(feature = "cli", feature = "mnist", feature = "sqlite"))]

mod command;

use command::Place;
use serde_json::{Value as Json, json};

/// A depth decides on a rate of dropout, which decides on its form; an optimiser on its momentum.
const CONDITIONS: &str = r#"
[search]
trials = 24
finalists = 1
rescore_seeds = 2

[search.space]
"training.momentum" = { low = 0.5, high = 0.95, when = { "training.optimizer" = ["nesterov"] } }
"training.optimizer" = ["sgd", "momentum", "nesterov"]
"network.depth" = { low = 1, high = 3 }
"network.dropout" = { choices = [0.0, 0.1, 0.2], when = { "network.depth" = [2, 3] } }
"network.dropout_form" = ["textbook", "inverted"]
"network.width" = { low = 4, high = 8 }
"#;

fn place(search: &str) -> Place {
    let place = Place::new();
    place.write("my.toml", format!("{}{search}", command::SMALL.replace("hidden = [8, 8]\n", "")));
    place
}

#[test]
fn fields_with_a_condition_are_there_only_where_it_holds() {
    let place = place(CONDITIONS);
    for sampler in ["random", "tpe"] {
        let search = |jobs: &str| {
            let out = format!("{sampler}-{jobs}");
            place.succeed(&["search", "my.toml", "--sampler", sampler, "--jobs", jobs, "--out", &out]);
            place.json(&format!("{out}/results.json"))
        };
        let results = search("1");
        assert!(results == search("3"), "{sampler}");
        let trials = results["trials"].as_array().unwrap();
        assert_eq!(trials.len(), 24);
        let mut n_there = [0; 3];
        for settings in trials.iter().map(|trial| &trial["settings"]) {
            let has = |path: &str| settings.get(path).is_some();
            let deep = settings["network.depth"].as_i64() > Some(1);
            let drops = settings.get("network.dropout").and_then(Json::as_f64) > Some(0.0);
            assert_eq!(has("training.momentum"), settings["training.optimizer"] == "nesterov", "{settings}");
            assert_eq!(has("network.dropout"), deep, "{settings}");
            assert_eq!(has("network.dropout_form"), drops, "{settings}");
            let there = ["training.momentum", "network.dropout", "network.dropout_form"].map(has);
            n_there.iter_mut().zip(there).for_each(|(n, there)| *n += usize::from(there));
        }
        assert!(n_there.iter().all(|n| (1..24).contains(n)), "{sampler}: {n_there:?}");
        assert_eq!(results["search"]["space"][0]["when"], json!({ "training.optimizer": ["nesterov"] }));
        assert_eq!(results["search"]["space"][4]["when"], json!({ "network.dropout": [0.1, 0.2] }));
    }
    let page = String::from_utf8(place.read("tpe-1/report.html")).unwrap();
    assert!(page.contains("<td>depth 2, 3</td>"), "the report does not say when dropout exists");
}

#[test]
fn what_is_not_there_is_left_out_everywhere() {
    let place = place(&CONDITIONS.replace("trials = 24", "trials = 6"));
    place.succeed(&["search", "my.toml", "--out", "out"]);
    let trials = place.json("out/results.json")["trials"].clone();
    let study = |words: &[&str]| place.succeed(&[&["study", words[0], "out/study.db"], &words[1..]].concat()).stdout;
    let exported: Json = serde_json::from_str(&study(&["export", "--format", "json"])).unwrap();
    let csv = study(&["export", "--format", "csv"]);
    let names: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let paths = ["training.momentum", "network.dropout", "network.dropout_form"];
    let mut n_absent = 0;
    for trial in trials.as_array().unwrap() {
        let number = trial["trial"].as_u64().unwrap() as usize;
        let row: Vec<&str> = csv.lines().nth(number + 1).unwrap().split(',').collect();
        for path in paths {
            let is_there = trial["settings"].get(path).is_some();
            n_absent += usize::from(!is_there);
            assert_eq!(exported[number].to_string().contains(&format!("\"{path}\":")), is_there, "{path}");
            let cell = names.iter().position(|name| *name == path).map_or("", |column| row[column]);
            assert_eq!(!cell.is_empty(), is_there, "{path} of {number}: {cell:?}");
        }
    }
    assert!(n_absent > 0);
    let best = &trials[0]["settings"];
    let recipe = study(&["best", "--print-recipe"]);
    let says = |name: &str| recipe.lines().any(|line| line.starts_with(&format!("{name} ")));
    for path in paths {
        let name = path.rsplit('.').next().unwrap();
        assert!(best.get(path).is_none() || says(name), "{path}: {recipe}");
        assert!(best.get(path).is_some() || !says(name) || path == "network.dropout", "{path}: {recipe}");
    }
    place.write("best.toml", &recipe);
    place.succeed(&["train", "best.toml"]);
}

#[test]
fn a_list_or_a_table_is_a_choice_like_any_other() {
    let place = place(
        r#"
[search]
trials = 12
finalists = 1
rescore_seeds = 2

[search.space]
"network.hidden" = [[], [4], [8, 4]]
"training.schedule" = ["constant", { step = { factor = 0.5, every = 2 } }, { cosine = { floor = 0.1 } }]
"training.clip_norm" = { low = 1, high = 9, when = { "network.hidden" = [[4], [8, 4]] } }
"#,
    );
    place.succeed(&["search", "my.toml", "--out", "out", "--sampler", "tpe"]);
    let results = place.json("out/results.json");
    let hidden = [json!([]), json!([4]), json!([8, 4])];
    for settings in results["trials"].as_array().unwrap().iter().map(|trial| &trial["settings"]) {
        assert!(hidden.contains(&settings["network.hidden"]), "{settings}");
        assert_eq!(settings.get("training.clip_norm").is_some(), settings["network.hidden"] != json!([]));
    }
    // A study keeps them as TOML, with the keys of a table in the order of the reference page.
    let journal = place.succeed(&["study", "export", "out/study.db", "--format", "journal"]).stdout;
    for toml in ["[8, 4]", "{ step = { every = 2, factor = 0.5 } }", "{ cosine = { floor = 0.1 } }"] {
        assert!(journal.contains(&format!("\\\"{toml}\\\"")), "{toml}");
    }
    let recipe = place.succeed(&["study", "best", "out/study.db", "--print-recipe"]).stdout;
    let best = &results["trials"][0]["settings"];
    assert!(
        recipe.contains(&format!("hidden = {}", best["network.hidden"].to_string().replace(',', ", "))),
        "{recipe}"
    );
    place.write("best.toml", &recipe);
    place.succeed(&["train", "best.toml"]);
    // Written in another order it is the same study.
    let other = "training.schedule=[\"constant\", { step = { every = 2, factor = 0.5 } }]";
    let different = place.run(&["search", "my.toml", "--out", "out", "--set", &format!("search.space={{ {other} }}")]);
    assert_eq!(different.status, Some(2), "{}", different.stderr);
    place.succeed(&["search", "my.toml", "--out", "out", "--sampler", "tpe"]);
}

const POINTS: &str = r#"
[[search.enqueue]]

[[search.enqueue]]
"training.optimizer" = "nesterov"
"training.momentum" = 0.9
"network.depth" = 3
network.width = 6
"#;

/// The settings of the first trials, by number.
fn first(results: &Json, n: usize) -> Vec<Json> {
    let trials = results["trials"].as_array().unwrap();
    let settings = |number: usize| trials.iter().find(|trial| trial["trial"] == number).unwrap()["settings"].clone();
    (0..n).map(settings).collect()
}

/// Everything that the space of [`CONDITIONS`] can be left to the recipe.
fn enqueued() -> Place {
    let place = place(&format!("{CONDITIONS}{POINTS}"));
    let recipe = String::from_utf8(place.read("my.toml")).unwrap();
    place.write("my.toml", recipe.replace("[network]\n", "[network]\ndepth = 1\nwidth = 8\n"));
    place
}

#[test]
fn points_of_a_recipe_are_tried_first_and_once() {
    let place = enqueued();
    let expected = [
        json!({ "network.depth": 1, "network.width": 8, "training.optimizer": "sgd" }),
        json!({
            "network.depth": 3, "network.dropout": 0.0, "network.width": 6, "training.momentum": 0.9,
            "training.optimizer": "nesterov",
        }),
    ];
    for (sampler, pruner) in [("random", "none"), ("tpe", "median"), ("narrow", "successive-halving"), ("auto", "none")]
    {
        let search = |jobs: &str, trials: &str, out: &str| {
            let words = ["search", "my.toml", "--sampler", sampler, "--pruner", pruner, "--set", "training.steps=24"];
            place.succeed(&[&words[..], &["--jobs", jobs, "--trials", trials, "--out", out]].concat());
            let mut results = place.json(&format!("{out}/results.json"));
            (results["command"], results["recipe"]) = (Json::Null, Json::Null);
            results
        };
        let out = |name: &str| format!("{name}-{sampler}");
        let straight = search("1", "20", &out("straight"));
        assert_eq!(first(&straight, 2), expected, "{sampler}");
        assert_eq!(straight["search"]["enqueued"], 2);
        assert!(search("3", "20", &out("jobs")) == straight, "{sampler} with {pruner}");
        // Stopped among the enqueued points, in the first generation, and at its end.
        for trials in ["1", "2", "5", "8", "20"] {
            let stopped = search("2", trials, &out("stopped"));
            assert_eq!(stopped["trials"].as_array().unwrap().len(), trials.parse::<usize>().unwrap());
        }
        assert!(search("2", "20", &out("stopped")) == straight, "{sampler} with {pruner}, gone on with");
    }
    let page = String::from_utf8(place.read("straight-tpe/report.html")).unwrap();
    assert!(page.contains("after 2 trials that the recipe sets"), "the report does not say which trials were set");
}

#[test]
fn points_are_a_part_of_their_study() {
    let place = enqueued();
    let run = |more: &[&str]| place.run(&[&["search", "my.toml", "--out", "out", "--trials", "4"], more].concat());
    assert_eq!(run(&[]).status, Some(0));
    for other in [&["--set", "search.enqueue=[]"][..], &["--enqueue", "network.depth=2"]] {
        let ran = run(other);
        assert_eq!(ran.status, Some(2), "{other:?}");
        assert!(
            ran.stderr.starts_with("error: the study \"my\" was begun with another search.enqueue: "),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("\nhint: another --out or --study begins a new one"), "{}", ran.stderr);
    }
    // Those of the command line come after those of the file, and may be several.
    let point = "network.depth=2,training.optimizer=momentum,network.dropout=0.1,network.dropout_form=textbook";
    assert_eq!(run(&["--force", "--enqueue", point, "--enqueue", "network.depth=2"]).status, Some(0));
    let trials = first(&place.json("out/results.json"), 4);
    let asked = json!({
        "network.depth": 2, "network.dropout": 0.1, "network.dropout_form": "textbook", "network.width": 8,
        "training.optimizer": "momentum",
    });
    let other = json!({ "network.depth": 2, "network.dropout": 0.0, "network.width": 8, "training.optimizer": "sgd" });
    assert_eq!(trials[2..], [asked, other]);
    // What is printed is the same study.
    let printed = place.succeed(&["search", "my.toml", "--print-recipe"]).stdout;
    place.write("printed.toml", printed);
    let ran = place.run(&[
        "search",
        "printed.toml",
        "--storage",
        "out/study.db",
        "--study",
        "my",
        "--trials",
        "4",
        "--force",
    ]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_eq!(run(&[]).status, Some(0));
}

#[test]
fn what_is_no_terminal_gets_no_live_view() {
    let place = place(CONDITIONS);
    let ran = place.succeed(&["search", "my.toml", "--out", "out", "--trials", "3"]);
    assert_eq!(ran.stderr, "report: out/report.html\n");
    assert!(!ran.stdout.contains(['\u{1b}', '\r']), "{:?}", ran.stdout);
}

#[test]
fn a_grid_is_complete_beside_enqueued_points() {
    let place = place(
        "\n[search]\nsampler = \"grid\"\nfinalists = 0\n[search.space]\n\"network.hidden\" = [[4], [8], [4, 4]]\n",
    );
    place.succeed(&["search", "my.toml", "--out", "out", "--enqueue", "network.hidden=[8]"]);
    let hidden: Vec<Json> =
        first(&place.json("out/results.json"), 4).iter().map(|settings| settings["network.hidden"].clone()).collect();
    assert_eq!(hidden, [json!([8]), json!([4]), json!([8]), json!([4, 4])]);
}

#[test]
fn what_a_recipe_sets_is_trained_again_beside_the_best() {
    let place = place(
        "\n[search]\nsampler = \"random\"\ntrials = 6\nrescore_seeds = 2\n[search.space]\n\
         \"training.learning_rate\" = { low = 1e-9, high = 0.5, log = true }\n",
    );
    let search = |rate: &str, finalists: &str, out: &str| {
        let (point, finalists) = (format!("training.learning_rate={rate}"), format!("search.finalists={finalists}"));
        let words = ["search", "my.toml", "--enqueue", &point, "--set", &finalists, "--set", "training.steps=60"];
        place.succeed(&[&words[..], &["--out", out]].concat());
        place.json(&format!("{out}/results.json"))
    };
    // By their value in the search, best first.
    let numbers = |results: &Json, of: fn(&Json) -> bool| -> Vec<u64> {
        let trials = results["trials"].as_array().unwrap().iter().filter(|trial| of(trial));
        trials.map(|trial| trial["trial"].as_u64().unwrap()).collect()
    };
    let again = |results: &Json| numbers(results, |trial| !trial["rescored"].is_null());
    let says = |out: &str| {
        let text = String::from_utf8(place.read(&format!("{out}/results.json"))).unwrap();
        text.contains("none that was found and trained again is better")
    };
    let bad = search("1e-9", "2", "bad");
    let ranked = numbers(&bad, |_| true);
    assert!(ranked[1] != 0, "the point that was set is among the best: {ranked:?}");
    assert_eq!(again(&bad), [ranked[0], 0]);
    assert!(!says("bad"));
    let page = String::from_utf8(place.read("bad/report.html")).unwrap();
    assert!(page.contains("trial 0, which the recipe sets, to choose the winner"));
    assert_eq!(again(&search("1e-9", "1", "one")), ranked[..1]);
    let good = search("0.5", "3", "good");
    assert_eq!(good["search"]["winner"]["trial"], 0, "{:?}", numbers(&good, |_| true));
    assert_eq!(again(&good).len(), 3);
    assert!(says("good"));
    // Nothing that was found is trained again beside it.
    assert_eq!(again(&search("0.5", "1", "alone")), [0]);
    assert!(!says("alone"));
}
