//! Every error message of recipes with its hint.

#[macro_use]
mod messages;

use goodfit::recipe::{Experiment, Settings, Value, field, target};
use messages::{command_lines, files, shown};

#[test]
fn malformed_files() {
    snapshot!(files(&[
        "[network\ninit = \"he\"",
        "[network]\ninit = he",
        "[network]\ninit = ",
        "[network]\ninit = \"he",
        "[network]\nhidden = [100, 100",
        "[network]\ninit = \"he\"\ninit = \"xavier\"",
        "[network]\n[network]",
        "[network]\ninit = { std = 0.01, std = 0.1 }",
        "[training]\nlearning_rate = 0.01.2",
        "[training]\nlearning_rate = .1",
        "[training]\nsteps = 010",
        "[data]\nsource = \"a\\qb\"",
        "just text",
        "[[network]]\ninit = \"he\"",
        "[data]\nsource = \"\u{1}\"",
    ]));
}

#[test]
fn unknown_names() {
    snapshot!(files(&[
        "[netwrok]\ninit = \"he\"",
        "[model]\nlayers = 3",
        "init = \"he\"",
        "seed = 3",
        "colour = 3",
        "network = 3",
        "[network]\nintit = \"he\"",
        "[network]\nbatchnorm = true",
        "[network]\nlearning_rate = 0.1",
        "[training]\nseed = 3",
        "[network]\ncolour = 3",
        "[network]\ninit = \"hee\"",
        "[network]\ninit = \"HE\"",
        "[network]\ninit = \"kaiming\"",
        "[network]\ninit = { sd = 0.1 }",
        "[network]\nactivation = \"leaky_relu\"",
        "[network]\nbatch_norm = { eps = 1e-5 }",
        "[network]\nbatch_norm = { momentun = 0.1 }",
        "[training]\noptimizer = \"adma\"",
        "[training]\nschedule = \"cosin\"",
        "[training]\nschedule = \"step\"",
        "[training]\nschedule = { step = { factor = 0.5 } }",
        "[training]\nschedule = { step = { every = 0 } }",
        "[training]\nschedule = { cosine = {}, step = { every = 3 } }",
        "[compare]\nmetric = \"val_accuracy\"",
        "[network]\nintit = \"he\"\nbias = 3\n[training]\nsteps = -1",
    ]));
}

#[test]
fn values_out_of_range() {
    snapshot!(files(&[
        "[data]\nsource = \"\"",
        "[data]\nsource = 3",
        "[data]\nsource = 2026-01-01",
        "[data]\ntrain_rows = 0",
        "[data]\nsource = \"normal\"\nrows = 0",
        "[data]\nvalidation = 1",
        "[data]\nvalidation = -0.1",
        "[data]\nvalidation = nan",
        "[network]\nhidden = 100",
        "[network]\nhidden = \"100, 50\"",
        "[network]\nhidden = [100, 0]",
        "[network]\nhidden = [100, 2.5]",
        "[network]\nhidden = [10000000]",
        "[network]\ndepth = -1",
        "[network]\ninit = { std = 0 }",
        "[network]\ninit = { std = -0.1 }",
        "[network]\ninit = 0.1",
        "[network]\nbias = \"true\"",
        "[network]\nbatch_norm = 1",
        "[network]\ndropout = 1",
        "[network]\ndropout = { input = 0.2, hidden = 1.0 }",
        "[network]\nmax_norm = 0",
        "[training]\nlearning_rate = 0",
        "[training]\nlearning_rate = -0.01",
        "[training]\nlearning_rate = \"0.01\"",
        "[training]\nlearning_rate = inf",
        "[training]\nweight_decay = -1e-4",
        "[training]\nweight_decay = { l2 = 1e-4, l1 = 1e-4 }",
        "[training]\nbatch_size = 0",
        "[training]\nepochs = 0",
        "[training]\nepochs = 1e3",
        "[training]\nepochs = 99999999999999999999999",
        "[training]\nsteps = -1",
        "[training]\nlabel_smoothing = 1",
        "[training]\nearly_stopping = 0",
        "[compare]\nseeds = 0",
        "[search]\ntrials = 0",
        "[report]\nsmooth = 10",
        "[report]\nmetrics = \"train_loss\"",
        "[report]\nmetrics = [\"train_loss\", \"val_loss\"]",
    ]));
}

#[test]
fn contradictions() {
    snapshot!(files(&[
        "[training]\nepochs = 20\nsteps = 100",
        "[network]\nhidden = [100]\ndepth = 5",
        "[network]\nwidth = 50",
        "[data]\nrows = 10",
        "[data]\nsource = \"normal\"",
        "[data]\nsource = \"normal\"\ntrain_rows = 10\n[training]\nsteps = 0",
        "[data]\nsplit_seed = 3",
        "[data]\nevaluation = \"validation\"",
        "[training]\nearly_stopping = 5",
        "[data]\nvalidation = 0.2\nevaluation = \"test\"\n[training]\nearly_stopping = 5",
        "[data]\nvalidation = 0.2\n[training]\nearly_stopping = 5\nevaluate_every = 0",
        "[training]\nmomentum = 0.8",
        "[training]\noptimizer = \"momentum\"\nbeta1 = 0.8",
        "[training]\noptimizer = \"adamw\"\nweight_decay = { l2 = 0.1 }",
        "[data]\nsource = \"normal\"\n[training]\nsteps = 0\nloss = \"mean-squared-error\"\nlabel_smoothing = 0.1",
        "[training]\nsteps = 0\ndiagnostics = false",
        "[data]\ntrain_rows = 50",
        "[training]\nloss = \"mean-squared-error\"",
        "[training]\nbatch_size = 1\n[network]\nbatch_norm = true",
        "[network]\nmembers = 32\nbatch_norm = true",
        "[network]\nmembers = 32\ninput_scale = true",
        "[network]\nmembers = 32\nmax_norm = 2.0",
        "[network]\nmembers = 32\nhidden = []",
        "[network]\nmembers = 0",
        "[training]\nensemble = 5",
        "[data]\nsource = \"t.csv\"\ntarget = \"y\"\n[training]\nensemble = 5\nsteps = 0",
        "[network]\nhidden = [100000, 100000]",
        "[network]\ndepth = 1000\nwidth = 1000000",
        "[data]\nsource = \"normal\"\nrows = 100000000\n[training]\nsteps = 0",
        "[network]\ndropout_form = \"textbook\"",
        "[compare]\nresplit = true",
        "[compare]\nmetric = \"validation_accuracy\"",
        "[compare]\nmetric = \"test_loss\"",
        "[compare]\nmetric = \"accuracy_gap\"",
        "[compare]\nmetric = \"late_train_loss\"\n[training]\nrecord_loss = \"never\"",
        "[compare]\nmetric = \"train_accuracy\"\n[training]\nloss = \"mean-squared-error\"",
        "[compare]\nmetric = \"train_accuracy\"\n[training]\nevaluate_every = 0",
        "[compare]\nmetric = \"train_loss\"\n[training]\nrecord_loss = \"never\"",
        "[compare]\nmetric = \"train_loss\"\n[training]\nsteps = 0",
    ]));
}

#[test]
fn arms() {
    snapshot!(files(&[
        "[compare]\nvary = [\"he\"]",
        "[compare]\nvary = {}",
        "[compare.vary]\n\"network.init\" = \"he\"",
        "[compare.vary]\n\"network.init\" = []",
        "[compare.vary]\n\"network.init\" = [\"he\", \"hee\"]",
        "[compare.vary]\n\"network.init\" = [\"he\", \"xavier\", \"he\"]",
        "[compare.vary]\n\"network.intit\" = [\"he\"]",
        "[compare.vary]\n\"network.init.sd\" = [1, 2]",
        "[compare.vary]\n\"network.init.std\" = [1, 0]",
        "[compare.vary]\n\"init\" = [\"he\"]",
        "[compare.vary]\n\"compare.seeds\" = [3, 5]",
        "[compare.vary]\n\"training.refit\" = [false, true]",
        "[compare.arms]\na = { \"training.refit\" = true }",
        "[compare.vary]\n\"training.ensemble\" = [1, 5]",
        "[compare.vary]\n\"network.members\" = [1, 8]\n\"network.batch_norm\" = [false, true]",
        "[compare.vary]\nnetwork.init = [\"he\"]\n\"network.init\" = [\"he\"]",
        "[compare.vary]\n\"training.weight_decay\" = [0.1, { l2 = 0.1 }]",
        "[compare.vary]\n\"training.optimizer\" = [\"sgd\", \"momentum\"]\n[training]\nbeta1 = 0.8",
        "[compare.vary]\n\"training.optimizer\" = [\"sgd\", \"adam\"]\n\"training.beta1\" = [0.8, 0.9]",
        "[compare.vary]\n\"data.train_rows\" = [50, 500]",
        "[compare.vary]\n\"data.split_seed\" = [1, 2, 3]",
        "[compare]\nbaseline = \"init xavir\"\nvary = { \"network.init\" = [\"he\", \"xavier\"] }",
        "[compare]\nbaseline = \"something else\"\nvary = { \"network.init\" = [\"he\", \"xavier\"] }",
        "[compare]\nbaseline = { \"network.bias\" = true }\nvary = { \"network.init\" = [\"he\", \"xavier\"] }",
        "[compare]\nbaseline = { \"network.bias\" = true }\n[compare.vary]\n\"network.init\" = [\"he\", \"xavier\"]\n\
         \"network.bias\" = [true, false]",
        "[compare.arms]\na = { \"network.depth\" = 3, \"network.hidden\" = [3] }",
        "[compare.arms]\na = { \"network.depth\" = 3 }\nb = { \"network.hidden\" = [100, 100, 100] }",
        "[compare.arms]\n\"\" = { \"network.depth\" = 3 }",
        "[compare.arms]\na = 3",
        "[compare.arms]\na = { \"network.depth\" = 3 }\n[compare.vary]\n\"network.depth\" = [3]",
        "[compare.vary]\n\"network.depth\" = [3]\n[compare.tune]\n\"network.depth\" = [3]",
        "[compare]\ntune_seeds = 2",
        "[report]\npanel = \"network.init\"",
        "[report]\npanel = \"network.intit\"\n[compare.vary]\n\"network.init\" = [\"he\"]",
    ]));
}

#[test]
fn too_many_arms() {
    let hundred: Vec<String> = (1..=101).map(|n| n.to_string()).collect();
    let list = hundred.join(", ");
    let text = format!("[compare.vary]\n\"network.depth\" = [{list}]\n\"network.width\" = [{list}]");
    insta::assert_snapshot!(Experiment::from_toml("my.toml", &text).unwrap_err(), @"my.toml:1:1: compare.vary makes more than 10000 combinations");
}

#[test]
fn command_lines_of_a_recipe() {
    let text = "[training]\nepochs = 5\n[data]\ntrain_rows = 500";
    snapshot!(command_lines(
        text,
        &[
            &[("--set", "network.init")],
            &[("--set", "network.init=")],
            &[("--set", "init=he")],
            &[("--set", "network.init=hee")],
            &[("--set", "network.init={std=}")],
            &[("--set", "network.init={std=0}")],
            &[("--set", "network.init.std = -1")],
            &[("--set", "network.dropout=1")],
            &[("--set", "network.dropout={hidden = 0.1, input = 1}")],
            &[("--set", "network.hidden=100,100")],
            &[("--set", "training.epochs=ten")],
            &[("--set", "training.steps=3"), ("--set", "training.epochs=3")],
            &[("--set", "training.momentum=0.5")],
            &[("--set", "training.batch_size=1000")],
            &[("--vary", "network.init")],
            &[("--vary", "network.init=")],
            &[("--vary", "network.init=he,")],
            &[("--vary", "network.init=he,{std=0.1},hee")],
            &[("--vary", "network.init=he,he")],
            &[("--vary", "network.hidden=[100],[100,0]")],
            &[("--vary", "network.init=he"), ("--vary", "network.init=xavier")],
            &[("--vary", "training.weight_decay=0.1,{l2=0.1}")],
            &[("--vary", "report.title=a,b")],
            &[("--set", "compare.seeds=0")],
        ]
    ));
}

#[test]
fn options_that_stand_for_a_field() {
    let mut settings = Settings::parse("my.toml", "").unwrap();
    let error = settings.set_value("--seeds 0", "compare.seeds", Value::Integer(0)).unwrap_err();
    insta::assert_snapshot!(error, @"--seeds 0: compare.seeds is 0, expected a whole number from 1 to 1000000");
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let message = |path: &std::path::Path| {
        let error = Experiment::open(path).unwrap_err();
        error.to_string().replace(&folder.path().display().to_string(), "DIR")
    };
    insta::assert_snapshot!(message(&folder.path().join("my.toml")), @"DIR/my.toml: there is no such recipe file");
    insta::assert_snapshot!(message(folder.path()), @"DIR: a folder, expected a recipe file");
    let long = folder.path().join("long.toml");
    std::fs::write(&long, " ".repeat(1 << 21)).unwrap();
    insta::assert_snapshot!(message(&long), @"DIR/long.toml: longer than 1 MiB, expected a recipe file");
    let binary = folder.path().join("binary.toml");
    std::fs::write(&binary, b"[data]\n\xff").unwrap();
    insta::assert_snapshot!(message(&binary), @"DIR/binary.toml: not valid UTF-8 at byte 7");
}

#[test]
fn rows_that_are_not_there() {
    let recipe = Experiment::from_toml("my.toml", "[data]\ntrain_rows = 2000\nvalidation = 0.9").unwrap().recipe;
    insta::assert_snapshot!(shown("", &recipe.check_rows(0).unwrap_err()), @r"
    there are no training rows, expected at least 1
    hint: a smaller data.validation
    ");
    insta::assert_snapshot!(shown("", &recipe.check_rows(20).unwrap_err()), @r#"
    training.batch_size is 100, expected at most the number of training rows, 20
    hint: training.batch_size = 20, or training.batches = "replacement", which draws rows more than once
    "#);
    assert!(recipe.check_rows(100).is_ok());
}

#[test]
fn paths() {
    assert_eq!(field("network.init").unwrap().label, "init");
    assert_eq!(target("network.dropout.input").unwrap().part.unwrap().name, "input");
    insta::assert_snapshot!(target("network.dropout.inptu").unwrap_err(), @"unknown key inptu of network.dropout, expected input or hidden");
}
