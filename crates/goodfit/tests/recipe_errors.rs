//! Every error message of recipes with its hint.

use std::fmt::Write as _;

use goodfit::recipe::{Experiment, RecipeError, Settings, Value, field, target};

/// A snapshot without the expression, which is long and in this file.
macro_rules! snapshot {
    ($text:expr) => {
        let text = $text;
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(text) });
    };
}

/// The messages as the command line shows them, below the text that they are about.
fn shown(text: &str, error: &RecipeError) -> String {
    let mut out = String::new();
    for line in text.lines() {
        writeln!(out, "    {line}").unwrap();
    }
    for error in error.all() {
        writeln!(out, "{error}").unwrap();
        let hint = error.hint.as_deref().unwrap_or_else(|| panic!("no hint: {error}"));
        writeln!(out, "hint: {hint}").unwrap();
    }
    out + "\n"
}

/// The messages of recipe files.
fn files(texts: &[&str]) -> String {
    texts
        .iter()
        .map(|text| match Experiment::from_toml("my.toml", text) {
            Ok(_) => panic!("no error:\n{text}"),
            Err(error) => shown(text, &error),
        })
        .collect()
}

/// The messages of command lines for a recipe file.
fn command_lines(text: &str, lines: &[&[(&str, &str)]]) -> String {
    let run = |line: &[(&str, &str)]| {
        let mut settings = Settings::parse("my.toml", text)?;
        for (option, argument) in line {
            if *option == "--vary" { settings.vary(option, argument)? } else { settings.set(option, argument)? }
        }
        Experiment::resolve("my", settings)
    };
    let mut out = String::new();
    for line in lines {
        let typed: Vec<String> = line.iter().map(|(option, argument)| format!("{option} {argument}")).collect();
        match run(line) {
            Ok(_) => panic!("no error: {typed:?}"),
            Err(error) => out += &shown(&typed.join(" "), &error),
        }
    }
    out
}

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
fn searches() {
    let space = |line: &str| format!("[data]\nvalidation = 0.2\n[search.space]\n{line}");
    let lines = [
        "\"training.learning_rate\" = 0.1",
        "\"training.learning_rate\" = { low = 0.1 }",
        "\"training.learning_rate\" = { low = 1, high = 0.1 }",
        "\"training.learning_rate\" = { low = 0.1, high = 0.1 }",
        "\"training.learning_rate\" = { low = 0, high = 0.1 }",
        "\"training.learning_rate\" = { low = 0.1, high = \"1\" }",
        "\"training.learning_rate\" = { min = 0.1, max = 1 }",
        "\"training.learning_rate\" = { low = 0.1, high = 1, log = 1 }",
        "\"training.learning_rate\" = { low = 0.1, high = 1, log = true, step = 0.1 }",
        "\"training.learning_rate\" = { low = 0.1, high = 1, step = 2 }",
        "\"training.weight_decay\" = { low = 0, high = 1, log = true }",
        "\"training.batch_size\" = { low = 10.5, high = 100 }",
        "\"network.dropout\" = { low = 0.0, high = 1.0 }",
        "\"network.init\" = { low = 0.0, high = 1.0 }",
        "\"network.batch_norm\" = []",
        "\"network.batch_norm\" = [true, \"no\"]",
        "\"training.learning_rat\" = { low = 0.1, high = 1 }",
        "\"search.trials\" = { low = 1, high = 10 }",
        "\"training.momentum\" = { low = 0.1, high = 0.9 }",
        "\"network.width\" = { low = 10, high = 100 }",
        "training.learning_rate = { low = 0.1, high = 1 }\n\"training.learning_rate\" = { low = 0.1, high = 1 }",
    ];
    let spaces: Vec<String> = lines.iter().map(|line| space(line)).collect();
    let mut texts: Vec<&str> = spaces.iter().map(String::as_str).collect();
    let whole = "[search.space]\n\"training.learning_rate\" = { low = 0.1, high = 1 }";
    let sealed = format!("[data]\nvalidation = 0.2\nevaluation = \"test\"\n{whole}");
    let never = format!("[data]\nvalidation = 0.2\n[training]\nevaluate_every = 0\n{whole}");
    let regression = format!(
        "[data]\nvalidation = 0.2\n[training]\nloss = \"mean-squared-error\"\n[search]\nmetric = \"validation_accuracy\"\n{whole}"
    );
    texts.extend(["[search]\ntrials = 10", "[search]\nspace = 3", "[search]\nsampler = \"grid\"", whole]);
    texts.extend([sealed.as_str(), never.as_str(), regression.as_str()]);
    snapshot!(files(&texts));
}

#[test]
fn conditions_of_a_space() {
    let space = |lines: &str| format!("[data]\nvalidation = 0.2\n[search.space]\n{lines}");
    let momentum = |when: &str| {
        space(&format!(
            "\"training.optimizer\" = [\"sgd\", \"momentum\"]\n\"network.depth\" = {{ low = 1, high = 9, step = 2 }}\n\
             \"training.momentum\" = {{ low = 0.1, high = 0.9, when = {when} }}"
        ))
    };
    let whens = [
        "\"training.optimizer\"",
        "{}",
        "{ \"training.optimizer\" = [\"momentum\"], \"network.depth\" = [1] }",
        "{ \"training.optimizer\" = \"momentum\" }",
        "{ \"training.optimizer\" = [] }",
        "{ \"training.optimizer\" = [\"momentun\"] }",
        "{ \"training.optimiser\" = [\"momentum\"] }",
        "{ \"training.batches\" = [\"shuffle\"] }",
        "{ \"search.sampler\" = [\"tpe\"] }",
        "{ \"training.optimizer\" = [\"momentum\", \"adam\"] }",
        "{ \"training.optimizer\" = [\"sgd\"] }",
        "{ \"network.depth\" = [3] }",
        "{ \"network.depth\" = [2] }",
        "{ \"training.momentum\" = [0.5] }",
    ];
    let mut texts: Vec<String> = whens.iter().map(|when| momentum(when)).collect();
    texts.extend(
        [
            "\"network.bias\" = { choices = [true, false], when = { \"network.convention\" = [\"field\"] } }\n\
             \"network.convention\" = { choices = [\"field\", \"textbook\"], when = { \"network.bias\" = [true] } }",
            "\"training.clip_norm\" = { low = 1, high = 9 }\n\
             \"network.bias\" = { choices = [true, false], when = { \"training.clip_norm\" = [2] } }",
            "\"training.batch_size\" = { low = 1, high = 9, choices = [1, 2] }",
            "\"training.batch_size\" = { choices = 5 }",
            "\"training.batch_size\" = { choice = [5] }",
            "\"training.optimizer\" = [\"sgd\", \"momentum\"]\n\"training.decay\" = { low = 0.1, high = 0.9 }",
        ]
        .map(space),
    );
    snapshot!(files(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
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
