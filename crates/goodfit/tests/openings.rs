//! Opened test rows: what opens them, and where that is kept and said; and rows that stand on several sides.
#![cfg(all(feature = "cli", feature = "sqlite"))]

mod command;

use command::{Place, sided_csv, sided_rows};
use serde_json::Value as Json;

const N: usize = 60;

/// Trains in no time, by test rows: 12 of 60.
const RECIPE: &str = "[data]\nsource = \"t.csv\"\ntarget = \"kind\"\nevaluation = \"test\"\n[network]\nhidden = [4]\n[training]\n\
                      epochs = 4\nbatch_size = 8\nlearning_rate = 0.1\nloss = \"cross-entropy\"\n";

/// A number, what the row is for, and what is to be learned. Each fifth is a test row.
fn rows() -> Vec<[String; 3]> {
    sided_rows(N, |i| i * 37 % 101 > 50)
}

fn place() -> Place {
    let place = Place::new();
    place.write("t.csv", sided_csv(&rows()));
    place.write("t.toml", RECIPE);
    place
}

fn train(place: &Place, words: &[&str]) -> String {
    place.succeed(&[&["train", "t.toml", "--out", "m", "--quiet"], words].concat()).stdout
}

fn openings(place: &Place) -> Vec<Json> {
    let text = String::from_utf8(place.read("m/openings.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The statements under the results.
fn findings(place: &Place, out: &str) -> Vec<String> {
    let results = place.json(&format!("{out}/results.json"));
    let all = results["findings"].as_array().cloned().unwrap_or_default();
    all.iter().map(|finding| finding["statement"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_training_that_opens_test_rows_records_it() {
    let place = place();
    train(&place, &[]);
    let results = place.json("m/results.json");
    let record = openings(&place);
    assert_eq!(record.len(), 1);
    assert_eq!((&record[0]["by"], &record[0]["rows"]), (&"train".into(), &12.into()));
    assert_eq!(record[0]["fingerprint"], results["data"]["test_fingerprint"]);
    let accuracy = record[0]["scores"]["accuracy"].as_f64().unwrap();
    let of_run = results["arms"][0]["runs"][0]["final"]["test_accuracy"].as_f64().unwrap();
    assert!((accuracy - of_run).abs() < 1e-6, "{accuracy} {of_run}");
    let simple = record[0]["baselines"].as_array().unwrap();
    assert_eq!([&simple[0]["name"], &simple[1]["name"]], ["linear", "majority"]);

    // Whoever asks the model is told of it, with the scores.
    let asked = place.succeed(&["evaluate", "m"]);
    assert!(asked.stderr.starts_with("12 test rows were opened once, first on 20"), "{}", asked.stderr);
    assert!(asked.stderr.ends_with(" by train; --open-test opens them again\n"), "{}", asked.stderr);
    let head = asked.stdout.lines().find(|line| line.contains("test rows, opened on")).unwrap_or_default();
    assert!(head.starts_with("kind on 12 test rows, opened on 20") && head.contains(" by train "), "{}", asked.stdout);
    let json: Json = serde_json::from_str(&place.succeed(&["evaluate", "m", "--json"]).stdout).unwrap();
    assert_eq!(json["openings"], Json::from(record.clone()));

    // The model that is kept is the one that was scored, and its second opening stands beside the first.
    let again = place.succeed(&["evaluate", "m", "--open-test"]);
    assert!(again.stderr.starts_with("these rows were opened once before, first on 20"), "{}", again.stderr);
    assert!(again.stderr.ends_with(" by train\n"), "{}", again.stderr);
    let both = openings(&place);
    assert_eq!((both.len(), &both[0], &both[1]["by"]), (2, &record[0], &"evaluate".into()));
    for part in ["scores", "baselines", "fingerprint"] {
        assert_eq!(both[1][part], record[0][part], "{part}");
    }
    // Another network in its place does not make the first opening undone.
    train(&place, &["--seed", "5", "--set", "training.epochs=1"]);
    let third = openings(&place);
    assert_eq!((third.len(), &third[..2]), (3, &both[..]));
    assert_ne!(third[2]["scores"], record[0]["scores"]);
    let asked = place.succeed(&["evaluate", "m"]);
    assert!(asked.stderr.starts_with("12 test rows were opened 3 times, first on 20"), "{}", asked.stderr);
    assert_eq!(asked.stdout.matches("12 test rows, opened on").count(), 2, "the first and the last: {}", asked.stdout);
}

#[test]
fn an_ensemble_is_recorded_as_one_and_numbers_in_their_units() {
    let place = place();
    train(&place, &["--set", "training.ensemble=2"]);
    let record = openings(&place);
    place.succeed(&["evaluate", "m", "--open-test"]);
    assert_eq!((record.len(), &openings(&place)[1]["scores"]), (1, &record[0]["scores"]));

    place.write("t.csv", sided_csv(&rows()).replace("high", "1000.5").replace("low", "10.5"));
    train(&place, &["--set", "training.loss=mean-squared-error"]);
    let record = openings(&place);
    assert_eq!(record.len(), 3, "beside those of other rows, which are not this model's");
    assert!(record[2]["scores"]["RMSE"].as_f64().unwrap() > 1.0, "{}", record[2]);
    assert!(place.succeed(&["evaluate", "m"]).stderr.starts_with("12 test rows were opened once"));
}

#[test]
fn rows_that_stay_sealed_are_not_recorded() {
    let place = place();
    train(&place, &["--set", "data.evaluation=validation", "--set", "data.validation=0.2"]);
    assert!(!place.path("m/openings.jsonl").exists());
    let said = place.succeed(&["evaluate", "m"]).stderr;
    assert_eq!(said, "12 test rows are sealed; --open-test opens them, once everything is chosen\n");
}

#[test]
fn what_cannot_be_recorded_is_not_trained() {
    let place = place();
    place.write("m/openings.jsonl", "no record\n");
    let ran = place.run(&["train", "t.toml", "--out", "m"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("openings.jsonl"), "{}", ran.stderr);
    assert_eq!(place.files("m"), ["openings.jsonl"]);
}

#[test]
fn arms_that_are_ranked_by_test_rows_are_said_to_be() {
    let place = place();
    let said = |words: &[&str]| {
        let compare = ["compare", "t.toml", "--vary", "network.dropout=0,0.2", "--seeds", "3", "--out", "c", "--quiet"];
        let printed = place.succeed(&[&compare[..], words].concat()).stdout;
        let statement = "the arms were ranked by the 12 test rows, which were opened for it";
        let found = findings(&place, "c").iter().any(|one| one == statement);
        let page = String::from_utf8(place.read("c/report.html")).unwrap();
        assert_eq!([printed.contains(statement), page.contains(statement)], [found; 2], "{printed}");
        found
    };
    assert!(said(&[]));
    assert!(!said(&["--set", "data.evaluation=validation", "--set", "data.validation=0.2"]));
    said(&["--set", "compare.metric=train_loss"]);
    assert!(
        findings(&place, "c").contains(&"every arm was scored on the 12 test rows, which were opened for it".into())
    );
}

/// Rows of which two validate and train, one chooses the epoch and trains, and three are sealed and stand elsewhere: one of
/// them among those that train, two among those that validate.
fn doubled() -> Vec<[String; 3]> {
    let mut rows = rows();
    for (i, (from, to)) in [(0, 3), (1, 8), (5, 4), (6, 2), (13, 7), (18, 12)].into_iter().enumerate() {
        rows[from][0] = format!("{i}00.5");
        let [x, _, kind] = rows[from].clone();
        (rows[to][0], rows[to][2]) = (x, kind);
    }
    rows
}

#[test]
fn rows_on_both_sides_of_a_split_are_counted() {
    let place = place();
    place.write("t.csv", sided_csv(&doubled()));
    let given = ["--set", "data.split_column=side", "--set", "data.evaluation=validation"];
    let sides = [
        "2 of 12 validation rows are also a training row",
        "1 of 12 stopping rows is also a training row",
        "3 of 12 test rows are also among the rows that are not sealed",
    ];
    train(&place, &[&given[..], &["--set", "data.validation=0.2"]].concat());
    assert_eq!(findings(&place, "m"), sides);
    let opened = place.succeed(&["evaluate", "m", "--open-test"]).stderr;
    assert_eq!(opened, "3 of these rows are also among the rows that were not sealed\n");
    assert_eq!(openings(&place)[0]["twins"], 3);
    let compare = ["compare", "t.toml", "--vary", "network.dropout=0,0.2", "--out", "c", "--quiet"];
    place.succeed(&[&compare[..], &given, &["--set", "data.validation=0.2", "--seeds", "2"]].concat());
    assert_eq!(findings(&place, "c"), sides, "once for all seeds");
    // A sealed row has one value for the target more, so that it is another row.
    let mut other = doubled();
    other[2][0] = "77.125".to_owned();
    place.write("t.csv", sided_csv(&other));
    train(&place, &[&given[..], &["--set", "data.validation=0.2"]].concat());
    assert_eq!(findings(&place, "m")[2], "2 of 12 test rows are also among the rows that are not sealed");
}

/// With as many folds as rows each validates alone, and its twin trains.
#[test]
fn rows_are_counted_over_all_folds() {
    let place = place();
    let (sealed, others): (Vec<_>, Vec<_>) = rows().into_iter().partition(|row| row[1] == "test");
    let twice = others[..10].iter().chain(&others[..10]).map(|[x, _, kind]| [x.clone(), "train".into(), kind.clone()]);
    let single = [["500.5", "train", "high"].map(str::to_owned), ["600.5", "train", "low"].map(str::to_owned)];
    let all: Vec<[String; 3]> = twice.chain(single).chain(sealed).collect();
    place.write("t.csv", sided_csv(&all));
    let given = ["--set", "data.split_column=side", "--set", "data.evaluation=validation"];
    let short = ["--set", "training.epochs=1", "--set", "training.batch_size=2"];
    train(&place, &[&given[..], &short, &["--set", "data.folds=22"]].concat());
    let statement = "20 of 22 validation rows, over 22 splits, are also a training row";
    assert_eq!(findings(&place, "m"), [statement]);

    let search = "[search]\ntrials = 1\nfolds = 22\nfinalists = 1\nrescore_seeds = 1\n[search.space]\n\
                  \"training.learning_rate\" = [0.1, 0.2]\n";
    place.write("s.toml", format!("{RECIPE}{search}"));
    place.succeed(&[&["search", "s.toml", "--out", "s", "--quiet"], &given[..], &short].concat());
    assert!(findings(&place, "s").iter().any(|one| one == statement), "{:?}", findings(&place, "s"));

    // With other validation rows for each seed those of all seeds are counted.
    place.write("t.csv", sided_csv(&all[..20]));
    let compare = ["compare", "t.toml", "--vary", "network.dropout=0,0.2", "--seeds", "4", "--resplit", "--out", "c"];
    let split = ["--set", "data.evaluation=validation", "--set", "data.validation=0.1", "--set", "data.test=0"];
    place.succeed(&[&compare[..], &split, &short].concat());
    let found = findings(&place, "c");
    let n = |text: &str| text.split(' ').next().and_then(|n| n.parse::<usize>().ok()).unwrap_or_default();
    assert!(found[0].contains(" of 8 validation rows, over 4 splits, are also a training row"), "{found:?}");
    // A row and its twin may both validate.
    assert!((4..=8).contains(&n(&found[0])), "{found:?}");
}

#[test]
fn scores_of_a_model_that_stood_there_before_are_told_from_its_own() {
    let place = place();
    let train = |epochs: &str| {
        let words = ["train", "t.csv", "--target", "kind", "--kind", "side=unused", "--preset", "plain", "--out", "m"];
        place.succeed(&[&words[..], &["--quiet", "--set", epochs]].concat());
    };
    let earlier = "by evaluate for an earlier model in this folder";
    train("training.epochs=3");
    place.succeed(&["evaluate", "m", "--open-test"]);
    let own = place.succeed(&["evaluate", "m"]).stdout;
    assert!(own.contains("by evaluate") && !own.contains(earlier), "{own}");
    train("training.epochs=1");
    let of_another = place.succeed(&["evaluate", "m"]).stdout;
    assert!(of_another.contains(earlier), "{of_another}");
    assert_eq!(openings(&place).len(), 1, "the record stays");
}
