//! Recipes for tables when no file says otherwise.

use crate::recipe::error::RecipeError;
use crate::recipe::settings::Settings;
use crate::recipe::value::Value;

/// A recipe for any table, with what depends on the table.
#[derive(Debug)]
pub struct Preset {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub doc: &'static str,
    recipe: &'static str,
    space: &'static str,
    /// Fields and values where classes are predicted.
    classes: &'static [(&'static str, &'static str)],
    /// Fields and values where numbers are predicted.
    numbers: &'static [(&'static str, &'static str)],
    batch_size: fn(usize) -> usize,
}

/// All presets, the default first.
///
/// `realmlp` is RealMLP-TD-S of Holzmueller, Grinsztajn, Steinwart: "Better by default: strong pre-tuned MLPs and boosted
/// trees on tabular data" (2024), as its authors' package pytabkit 1.7.3 has it. It differs in what it takes of the last batch
/// of an epoch (pytabkit leaves a smaller one out), and in the rows that choose the epoch, which rank nothing else here.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "realmlp",
        doc: "RealMLP-TD-S (Holzmueller et al., 2024)",
        recipe: include_str!("../../presets/realmlp.toml"),
        space: include_str!("../../presets/realmlp-space.toml"),
        classes: &[
            ("network.activation", "\"selu\""),
            ("training.learning_rate", "0.04"),
            ("training.label_smoothing", "0.1"),
            ("training.stopping_metric", "\"accuracy\""),
        ],
        numbers: &[("network.activation", "\"mish\""), ("training.learning_rate", "0.07")],
        batch_size: |n_rows| (n_rows / 2).clamp(1, 256),
    },
    Preset {
        name: "plain",
        doc: "two layers of 256 with ReLU, He, dropout and AdamW along a cosine",
        recipe: include_str!("../../presets/plain.toml"),
        space: include_str!("../../presets/plain-space.toml"),
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

    /// Its settings, with the space that a search of it looks through.
    ///
    /// # Errors
    /// None that a test would not find.
    pub fn settings(&self, searches: bool) -> Result<Settings, RecipeError> {
        let space = if searches { self.space } else { "" };
        Settings::parse(&format!("the preset {}", self.name), &format!("{}\n{space}", self.recipe))
    }

    /// Adds what depends on the table, of so many rows, where nobody says something else.
    ///
    /// # Errors
    /// None that a test would not find.
    pub fn fit(&self, settings: &mut Settings, is_of_classes: bool, n_rows: usize) -> Result<(), RecipeError> {
        let values = if is_of_classes { self.classes } else { self.numbers };
        for (path, toml) in values {
            if let Some(value) = Value::from_toml(toml) {
                settings.infer(path, value)?;
            }
        }
        let batch_size = Value::Integer((self.batch_size)(n_rows) as i64);
        settings.infer("training.batch_size", batch_size)
    }
}

/// Rows of a batch by rows of a table, as Gorishniy, Kotelnikov, Babenko: "`TabM`: advancing tabular deep learning with
/// parameter-efficient ensembling" (2025) have it.
pub fn batch_size(n_rows: usize) -> usize {
    // What is left when test rows, validation rows and those that choose the epoch are split off.
    match n_rows * 56 / 100 {
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
