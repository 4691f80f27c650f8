//! Recipes for tables when no file says otherwise.

use crate::recipe::error::RecipeError;
use crate::recipe::settings::{Layer, Setting, Settings};
use crate::recipe::target::target;
use crate::recipe::value::{Entry, Key, Place, Value};

/// A recipe for any table, with what depends on the table.
#[derive(Debug)]
pub struct Preset {
    /// Its name on the command line.
    pub name: &'static str,
    recipe: &'static str,
    space: &'static str,
    /// Networks of the winner that a search keeps.
    ensemble: usize,
    /// Fields and values where classes are predicted; behind `search.space.` further fields of the space.
    classes: &'static [(&'static str, &'static str)],
    /// Fields and values where numbers are predicted.
    numbers: &'static [(&'static str, &'static str)],
    /// Rows of a batch by training rows.
    batch_size: fn(usize) -> usize,
}

/// What is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predicted {
    /// Classes.
    Classes,
    /// Numbers.
    Numbers,
}

/// Networks of a winner that are kept. Four of them are better than one on most tables
/// (`benchsuite/runs/tables-development.txt`).
const ENSEMBLE: usize = 4;

/// Tables of fewer rows are searched over so many folds, where nobody says how trials validate: a fifth of few rows ranks trials by
/// luck, and their trainings are short (`benchsuite/runs/tables-development.txt`).
const FEW_ROWS: usize = 2000;
const FOLDS: i64 = 5;

/// All presets, the default first.
///
/// `realmlp` is RealMLP-TD-S of Holzmueller, Grinsztajn, Steinwart: "Better by default: strong pre-tuned MLPs and boosted
/// trees on tabular data" (2024), as its authors' package pytabkit 1.7.3 has it, without a bound of the numbers that are
/// predicted. It differs in that a smaller last batch of an epoch is taken, too, that the rows which choose the epoch rank nothing
/// else, that the epoch is not that of the best accuracy but one of the least loss whose accuracy may be as good (`run/best.rs`),
/// that of two levels a missing one has a place of its own, that of a column of more than 100 levels the rarer ones share one place,
/// where each has its own there, and that `train` keeps a network trained anew on all rows.
///
/// `tabm` is `TabM` of Gorishniy, Kotelnikov, Babenko: "`TabM`: advancing tabular deep learning with parameter-efficient
/// ensembling" (2025), without embeddings of numbers and with the values that its authors' repository suggests. It differs in that a layer's
/// biases start at 0, that each input has a sign of its own in the first layer, those of one column too, that scales do not decay,
/// that scores of quantiles are piecewise linear and without noise, that batches are smaller below 128 training rows, that the rows
/// which choose the epoch rank nothing else, that the epoch is chosen as for `realmlp`, and in the second training on all rows.
///
/// `plain` has two layers of 256 with `ReLU`, He, dropout and `AdamW` along a cosine.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "realmlp",
        recipe: include_str!("../../presets/realmlp.toml"),
        space: include_str!("../../presets/realmlp-space.toml"),
        ensemble: ENSEMBLE,
        classes: &[
            ("network.activation", "\"selu\""),
            ("training.learning_rate", "0.04"),
            ("training.label_smoothing", "0.1"),
            ("training.stopping_metric", "\"accuracy\""),
            ("search.space.training.label_smoothing", "[0.0, 0.1]"),
        ],
        numbers: &[("network.activation", "\"mish\""), ("training.learning_rate", "0.07")],
        batch_size: |_| 256,
    },
    Preset {
        name: "tabm",
        recipe: include_str!("../../presets/tabm.toml"),
        space: include_str!("../../presets/tabm-space.toml"),
        ensemble: 1,
        classes: &[("training.stopping_metric", "\"accuracy\"")],
        numbers: &[],
        batch_size,
    },
    Preset {
        name: "plain",
        recipe: include_str!("../../presets/plain.toml"),
        space: include_str!("../../presets/plain-space.toml"),
        ensemble: ENSEMBLE,
        classes: &[],
        numbers: &[],
        batch_size,
    },
];

impl Preset {
    /// The preset of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// Its settings.
    ///
    /// # Errors
    /// When its text is no recipe.
    pub fn settings(&self) -> Result<Settings, RecipeError> {
        self.parse("")
    }

    /// Its settings, with the space that a search of it looks through, and the networks of the winner that it keeps.
    ///
    /// # Errors
    /// When its text is no recipe.
    pub fn with_space(&self) -> Result<Settings, RecipeError> {
        let mut settings = self.parse(self.space)?;
        if self.ensemble > 1 {
            settings.set_toml("training.ensemble", &self.ensemble.to_string(), Layer::File)?;
        }
        Ok(settings)
    }

    fn parse(&self, space: &str) -> Result<Settings, RecipeError> {
        Settings::parse(&format!("the preset {}", self.name), &format!("{}\n{space}", self.recipe))
    }

    /// Adds what depends on the table, of so many rows, where nobody says something else.
    ///
    /// # Errors
    /// When one of its values is none of its field.
    pub fn fit(&self, settings: &mut Settings, predicted: Predicted, n_rows: usize) -> Result<(), RecipeError> {
        let values = match predicted {
            Predicted::Classes => self.classes,
            Predicted::Numbers => self.numbers,
        };
        // That loss counts label smoothing, so that it cannot rank trials of which some have it.
        let by_loss = settings.text("search.metric").as_deref() == Some("validation_loss");
        for (path, toml) in values {
            // A metric that is said chooses the epoch, too.
            if *path == "training.stopping_metric" && settings.is_set("training.metric") {
                continue;
            }
            let value = Value::from_toml(toml);
            let value = value.ok_or_else(|| RecipeError::new(format!("{path}: {toml} is no TOML")))?;
            match path.strip_prefix("search.space.") {
                Some(_) if by_loss => {}
                Some(field) => extend_space(settings, field, value)?,
                None => settings.infer(path, value)?,
            }
        }
        let is_said = ["data.validation", "data.split_column", "data.time"].iter().any(|path| settings.is_set(path));
        if settings.is_set("search.space") && n_rows < FEW_ROWS && !is_said {
            settings.infer("search.folds", Value::Integer(FOLDS))?;
        }
        infer_batch_size(settings, n_rows, self.batch_size)
    }
}

/// Adds a field to the space that a preset says; nothing where it is not searched, or somebody else says another space.
fn extend_space(settings: &mut Settings, field: &str, values: Value) -> Result<(), RecipeError> {
    let space = "search.space";
    let Some(Setting { item, origin, layer: Layer::File }) = settings.setting(space).cloned() else { return Ok(()) };
    let Value::Table(mut entries) = item.value else { return Ok(()) };
    entries.push(Entry { key: Key { name: field.to_owned(), place: Place::NOWHERE }, item: values.into() });
    settings.override_with(&target(space)?, &Value::Table(entries).at(item.place), &origin, Layer::File)
}

/// Infers the rows of a batch of a recipe for a table of so many rows, where nobody says how many.
///
/// # Errors
/// When the field does not take them.
pub fn fit_batch_size(settings: &mut Settings, n_rows: usize) -> Result<(), RecipeError> {
    infer_batch_size(settings, n_rows, batch_size)
}

fn infer_batch_size(settings: &mut Settings, n_rows: usize, by: fn(usize) -> usize) -> Result<(), RecipeError> {
    let n_train = n_train(settings, n_rows);
    settings.infer("training.batch_size", Value::Integer(by(n_train).min(n_train) as i64))
}

/// Rows that train when those that test, validate and choose the epoch are split off; at least 1.
fn n_train(settings: &Settings, n_rows: usize) -> usize {
    let share = |path: &str, n: usize| {
        let share = settings.get(path).and_then(|value| value.number()).unwrap_or(0.0);
        (share * n as f64).round() as usize
    };
    let most = settings.get("data.train_rows").map_or(usize::MAX, |_| settings.count("data.train_rows"));
    let n = n_rows.saturating_sub(share("data.test", n_rows)).min(most);
    let validating = match settings.count("search.folds").max(settings.count("data.folds")) {
        0 => share("data.validation", n),
        // The first of several windows that end ever later.
        folds if settings.is_set("data.time") => n - n / (folds + 1),
        folds => n.div_ceil(folds),
    };
    n.saturating_sub(validating + share("data.stopping", n)).max(1)
}

/// Rows of a batch by training rows, as Gorishniy, Kotelnikov, Babenko: "`TabM`: advancing tabular deep learning with
/// parameter-efficient ensembling" (2025) have it.
fn batch_size(n_train: usize) -> usize {
    match n_train {
        0..16 => 4,
        16..128 => 16,
        128..2_800 => 32,
        2_800..4_500 => 64,
        4_500..6_400 => 128,
        6_400..32_000 => 256,
        32_000..108_000 => 512,
        _ => 1024,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Experiment;

    #[test]
    fn batches_follow_the_rows_that_train() {
        let of = |n_rows, more: &[&str]| {
            let mut settings = PRESETS[0].settings().expect("a preset");
            for setting in [&["data.source=\"t.csv\"", "data.target=\"y\""], more].concat() {
                settings.set("--set", setting).expect("a setting");
            }
            PRESETS[0].fit(&mut settings, Predicted::Classes, n_rows).expect("values");
            (n_train(&settings, n_rows), settings.count("training.batch_size"))
        };
        // 344 - 69 sealed rows, of which 55 validate and 28 choose the epoch.
        assert_eq!(of(344, &[]), (192, 192));
        assert_eq!(of(10_000, &[]), (5_600, 256));
        assert_eq!(of(10_000, &["data.train_rows=1000", "data.stopping=0"]), (800, 256));
        assert_eq!(of(1000, &["data.test=0", "training.batch_size=7"]), (700, 7));
        assert_eq!(of(2, &[]), (2, 2), "what cannot be split is told of by those who split");
    }

    /// The space is that of the authors; what only classes have is searched where classes are predicted.
    #[test]
    fn label_smoothing_is_searched_of_classes_only() {
        let space = |preset: &Preset, predicted, more: &[&str]| -> Vec<String> {
            let mut settings = preset.with_space().expect("a preset");
            let loss = if predicted == Predicted::Classes { "cross-entropy" } else { "mean-squared-error" };
            let loss = format!("training.loss=\"{loss}\"");
            for setting in [&["data.source=\"t.csv\"", "data.target=\"y\"", &loss], more].concat() {
                settings.set("--set", setting).expect("a setting");
            }
            preset.fit(&mut settings, predicted, 1000).expect("values");
            let experiment = Experiment::resolve("t", settings).expect("a recipe");
            let space = experiment.search.map(|search| search.space).unwrap_or_default();
            space.iter().map(|dimension| format!("{} = {}", dimension.path, dimension.values)).collect()
        };
        let realmlp = &PRESETS[0];
        let of_numbers = space(realmlp, Predicted::Numbers, &[]);
        assert!(of_numbers.len() == 6 && !of_numbers.iter().any(|field| field.contains("smoothing")), "{of_numbers:?}");
        let smoothing = ["training.label_smoothing = 0.0 or 0.1".to_owned()];
        assert_eq!(space(realmlp, Predicted::Classes, &[]), [&of_numbers[..], &smoothing].concat());
        // Of few rows each validates.
        let folds = |n_rows, more: &[&str]| {
            let mut settings = realmlp.with_space().expect("a preset");
            for setting in [&["data.source=\"t.csv\"", "data.target=\"y\""], more].concat() {
                settings.set("--set", setting).expect("a setting");
            }
            realmlp.fit(&mut settings, Predicted::Numbers, n_rows).expect("values");
            settings.count("search.folds")
        };
        assert_eq!([folds(1999, &[]), folds(2000, &[]), folds(1999, &["search.folds=3"])], [5, 0, 3]);
        for said in ["data.validation=0.2", "data.split_column=\"side\"", "data.time=\"day\""] {
            assert_eq!(folds(500, &[said]), 0, "{said}");
        }
        // Who says a space has said it all.
        let own = ["search.space={ network.dropout = [0.0, 0.1] }"];
        assert_eq!(space(realmlp, Predicted::Classes, &own).len(), 1);
        for preset in &PRESETS[1..] {
            assert_eq!(
                space(preset, Predicted::Classes, &[]),
                space(preset, Predicted::Numbers, &[]),
                "{}",
                preset.name
            );
        }
    }
}
