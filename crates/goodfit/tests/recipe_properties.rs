//! Properties of recipe files: nothing panics, what is printed reads back, the table is complete.

use std::fmt::Write as _;

use goodfit::model::Metric;
use goodfit::recipe::{
    Default, Experiment, FIELDS, Field, Kind, Needs, Part, Range, Recipe, RecipeError, SHIPPED, Settings, Value, field,
    reference,
};
use proptest::prelude::*;

/// Draws for the values of fields.
struct Draws(u64);

impl Draws {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// Some value that a field takes, as TOML.
fn sample(kind: &Kind, draws: &mut Draws) -> String {
    match kind {
        Kind::Bool => draws.one_of(&["true", "false"]).to_string(),
        Kind::Integer { low, high } => (low + draws.below(12) as i64).min(*high).to_string(),
        Kind::Number(range) => {
            let any = [1e-7, 0.001, 0.25, 0.5, 0.1 + 0.2, 0.999];
            let more: &[f64] = match range {
                Range::Share => &[0.0],
                Range::NotNegative => &[0.0, 1.0, 1e6],
                Range::Positive => &[1.0, 123.456, 1e300],
                Range::PositiveShare => &[1.0],
                Range::AtLeastOne => return "25.5".to_owned(),
            };
            Value::Number(*draws.one_of(&[&any, more].concat())).to_string()
        }
        Kind::Word(words) => format!("\"{}\"", draws.one_of(words)),
        Kind::Text => draws.one_of(&["\"mnist\"", "\"a \\\"b\\\\ \\u0001 é\"", "'# not a comment'"]).to_string(),
        Kind::List(kind) => {
            let items: Vec<String> = (0..draws.below(4)).map(|_| sample(kind, draws)).collect();
            format!("[{}]", items.join(", "))
        }
        Kind::Table(parts) => table(parts, draws),
        Kind::Variant(parts) => {
            let part = draws.one_of(parts);
            format!("{{ {} = {} }}", part.name, sample(&part.kind, draws))
        }
        Kind::Either(kinds) => sample(draws.one_of(kinds), draws),
        Kind::Overrides => format!("{{ {} }}", pair(draws, sample)),
        Kind::Point => ["{}", "{ \"training.learning_rate\" = 1.0 }"][draws.below(2)].to_owned(),
        Kind::Variations | Kind::Space => format!("{{ {} }}", pair(draws, list)),
        Kind::ByName(words) => format!("{{ \"a column\" = \"{}\" }}", words[draws.below(words.len())]),
        Kind::Arms => format!("{{ one = {{}}, \"the other\" = {{ {} }} }}", pair(draws, sample)),
    }
}

fn table(parts: &[Part], draws: &mut Draws) -> String {
    let keep = draws.below(parts.len());
    let some = parts.iter().enumerate().filter(|(i, part)| *i == keep || !part.optional || draws.0 >> i & 1 == 1);
    let parts: Vec<&Part> = some.map(|(_, part)| part).collect();
    let parts: Vec<String> =
        parts.into_iter().map(|part| format!("{} = {}", part.name, sample(&part.kind, draws))).collect();
    format!("{{ {} }}", parts.join(", "))
}

fn list(kind: &Kind, draws: &mut Draws) -> String {
    format!("[{}, {}]", sample(kind, draws), sample(kind, draws))
}

fn pair(draws: &mut Draws, value: fn(&Kind, &mut Draws) -> String) -> String {
    let varying: Vec<&Field> = FIELDS.iter().filter(|field| field.varies()).collect();
    let field = *draws.one_of(&varying);
    format!("\"{}\" = {}", field.path, value(&field.kind, draws))
}

/// A recipe file that sets these fields.
fn file(settings: &[(&str, String)]) -> String {
    let mut out = String::from("# A head.\n# Of two lines.\n");
    for table in ["data", "network", "training", "compare", "search", "report"] {
        let of_table: Vec<_> = settings.iter().filter(|(path, _)| path.starts_with(&format!("{table}."))).collect();
        if !of_table.is_empty() {
            writeln!(out, "[{table}]").unwrap();
        }
        for (path, value) in of_table {
            writeln!(out, "{} = {value}", field(path).unwrap().name()).unwrap();
        }
    }
    out
}

/// What else has to be said so that a field applies.
fn with_needs(field: &Field, value: String) -> Vec<(&'static str, String)> {
    let mut settings = vec![(field.path, value)];
    // What a field needs may need something itself.
    let mut needs = field.needs;
    while let Some(need) = needs {
        let value = match need {
            Needs::Is(_, words) => format!("\"{}\"", words[0]),
            Needs::Set("compare.tune") => "{ \"training.learning_rate\" = [0.1, 1] }".to_owned(),
            Needs::Set("data.target") => "\"price\"".to_owned(),
            Needs::Set(_) => "3".to_owned(),
            Needs::Positive(_) | Needs::PositiveOrSet(..) => "0.5".to_owned(),
            Needs::True(_) => "true".to_owned(),
        };
        settings.push((need.field(), value));
        needs = self::field(need.field()).and_then(|field| field.needs);
    }
    if field.table() == "search" && field.name() != "space" {
        settings.push(("search.space", "{ \"training.learning_rate\" = [0.1, 1] }".to_owned()));
    }
    if settings.iter().any(|(path, _)| *path == "data.target") {
        settings.push(("data.source", "\"sales.csv\"".to_owned()));
    }
    let set = |settings: &[(&str, String)], path: &str| settings.iter().any(|(other, _)| *other == path);
    if settings.iter().any(|(_, value)| value == "\"mean-squared-error\"") {
        settings.push(("data.source", "\"normal\"".to_owned()));
    }
    if settings.iter().any(|(_, value)| value == "\"normal\"") {
        settings.push(("training.steps", "0".to_owned()));
    }
    let validates = ["data.evaluation", "training.early_stopping", "search.space"];
    // Folds validate instead of a share.
    let by_share = !set(&settings, "data.validation") && !set(&settings, "search.folds");
    if validates.iter().any(|path| set(&settings, path)) && by_share {
        settings.push(("data.validation", "0.5".to_owned()));
    }
    if field.path == "data.train_rows" {
        settings.push(("training.batch_size", "1".to_owned()));
    }
    settings
}

fn check_printed(text: &str, experiment: &Experiment) {
    let printed = experiment.print();
    let again = Experiment::from_toml("my.toml", &printed)
        .unwrap_or_else(|error| panic!("{error}\n--- from\n{text}\n--- printed\n{printed}"));
    assert_eq!(*experiment, again, "--- from\n{text}\n--- printed\n{printed}");
    assert_eq!(experiment.arms(), again.arms(), "--- from\n{text}\n--- printed\n{printed}");
    for arm in experiment.arms().unwrap() {
        accepted_by_the_engine(&arm.recipe);
    }
    let twice = again.print();
    assert_eq!(twice, parse(&twice).unwrap().print(), "what is printed prints as itself");
}

fn accepted_by_the_engine(recipe: &Recipe) {
    let Recipe { network, training, .. } = recipe;
    training.optimizer.check().unwrap();
    training.schedule.check().unwrap();
    training.weight_decay.check().unwrap();
    training.loss.check().unwrap();
    network.activation.check().unwrap();
    network.init.check().unwrap();
    assert!(network.batch_norm.is_none_or(|batch_norm| batch_norm.check().is_ok()));
}

fn parse(text: &str) -> Result<Experiment, RecipeError> {
    Experiment::from_toml("my.toml", text)
}

#[test]
fn every_field_can_be_set_and_printed() {
    let mut accepted = 0;
    for field in FIELDS {
        let mut ours = 0;
        for seed in 0..20 {
            let value = sample(&field.kind, &mut Draws(seed));
            let text = file(&with_needs(field, value));
            if let Ok(experiment) = parse(&text) {
                check_printed(&text, &experiment);
                ours += 1;
            }
        }
        // Texts that have to name something.
        let names = ["compare.baseline", "report.panel", "data.delimiter", "data.encoding"].contains(&field.path);
        assert!(ours > 0 || names, "{}", field.path);
        accepted += ours;
    }
    assert!(accepted > 10 * FIELDS.len(), "{accepted}");
}

#[test]
fn every_default_is_what_the_field_takes() {
    for field in FIELDS {
        if let Default::Is(toml) = field.default {
            let mut settings = Settings::parse("my.toml", "").unwrap();
            settings.set("--set", &format!("{}={toml}", field.path)).unwrap();
        }
    }
}

#[test]
fn every_word_means_something_else() {
    let kinds = |kind: &'static Kind| match kind {
        Kind::Either(kinds) => kinds.iter().collect(),
        kind => vec![kind],
    };
    for field in FIELDS.iter().filter(|field| field.varies()) {
        for kind in kinds(&field.kind) {
            let Kind::Word(words) = kind else { continue };
            // Of scores only those of classes go with the data of these recipes.
            let of_numbers = |word: &&&str| Metric::named(word).is_some_and(|metric| !metric.is_of_classes());
            let words: Vec<&str> = words.iter().filter(|word| !of_numbers(word)).copied().collect();
            // At the values of the field table AdamW is Adam: they differ in what a weight decay means.
            let recipes: Vec<_> = words
                .iter()
                .map(|word| {
                    let mut settings = with_needs(field, format!("\"{word}\""));
                    settings.push(("training.weight_decay", "0.1".to_owned()));
                    parse(&file(&settings)).unwrap_or_else(|error| panic!("{word}: {error}")).recipe
                })
                .collect();
            for i in 1..recipes.len() {
                assert!(!recipes[..i].contains(&recipes[i]), "{} = {}", field.path, words[i]);
            }
        }
    }
}

#[test]
fn the_reference_page_mentions_every_field() {
    let page = reference();
    for field in FIELDS {
        assert!(page.contains(&format!("| `{}` | ", field.path)), "{}", field.path);
        assert!(page.contains(&field.doc.replace('<', "&lt;")), "{}", field.path);
    }
    assert!(
        page.lines()
            .all(|line| !line.starts_with('|') || line.matches(" | ").count() == 3 || line == "|---|---|---|---|")
    );
    insta::assert_snapshot!(page);
}

#[test]
fn labels_and_paths_are_unique() {
    for (i, field) in FIELDS.iter().enumerate() {
        assert!(FIELDS[..i].iter().all(|other| other.path != field.path), "{}", field.path);
        let same = |other: &&Field| other.varies() && other.label == field.label;
        assert!(!field.varies() || FIELDS[..i].iter().find(same).is_none(), "{}", field.label);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_text_panics(text in "([\\[\\]{}\"'=,.#\n\\\\ a-z0-9_é-]|network|init|data|vary|compare){0,80}") {
        let _ = parse(&text);
        let mut settings = Settings::parse("my.toml", "").unwrap();
        let _ = settings.set("--set", &text);
        let _ = settings.set("--set", &format!("network.init={text}"));
        let _ = settings.vary("--vary", &text);
        let _ = settings.vary("--vary", &format!("network.init={text}"));
        let _ = Experiment::resolve("my", settings).map(|experiment| experiment.print());
    }

    #[test]
    fn no_depth_panics(open in "[\\[{]", depth in 0_usize..100_000) {
        let text = format!("[network]\nhidden = {}", open.repeat(depth));
        let _ = parse(&text);
        let _ = parse(&open.repeat(depth));
        let _ = Settings::parse("my.toml", "").unwrap().vary("--vary", &format!("network.init={}", open.repeat(depth)));
    }

    #[test]
    fn no_damage_to_a_recipe_panics(which in 0..SHIPPED.len(), at in any::<prop::sample::Index>(), with in ".{0,3}") {
        let text: Vec<char> = SHIPPED[which].1.chars().collect();
        let at = at.index(text.len());
        let damaged: String = text[..at].iter().copied().chain(with.chars()).chain(text[at + 1..].iter().copied()).collect();
        if let Ok(experiment) = parse(&damaged) {
            check_printed(&damaged, &experiment);
        }
    }

    #[test]
    fn printed_recipes_read_back(fields in proptest::collection::btree_set(0..FIELDS.len(), 0..8), seed in any::<u64>()) {
        let mut draws = Draws(seed);
        let mut settings: Vec<(&str, String)> = Vec::new();
        for index in fields {
            let field = &FIELDS[index];
            for (path, value) in with_needs(field, sample(&field.kind, &mut draws)) {
                if settings.iter().all(|(other, _)| *other != path) {
                    settings.push((path, value));
                }
            }
        }
        let text = file(&settings);
        if let Ok(experiment) = parse(&text) {
            check_printed(&text, &experiment);
        }
    }

    #[test]
    fn an_option_says_the_same_as_a_file(index in 0..FIELDS.len(), seed in any::<u64>()) {
        let field = &FIELDS[index];
        let settings = with_needs(field, sample(&field.kind, &mut Draws(seed)));
        let mut options = Settings::parse("my.toml", "").unwrap();
        let result = settings.iter().try_for_each(|(path, value)| options.set("--set", &format!("{path}={value}")));
        let by_options = result.and_then(|()| Experiment::resolve("my", options));
        match (parse(&file(&settings)), by_options) {
            (Ok(file), Ok(options)) => prop_assert_eq!(file, options),
            (Err(file), Err(options)) => prop_assert_eq!(file.message, options.message),
            (file, options) => prop_assert!(false, "{:?} but {:?}", file.err(), options.err()),
        }
    }
}
