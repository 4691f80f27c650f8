//! What is wrong with a recipe, where, and what to type instead.

use std::fmt;

use crate::recipe::value::Place;

/// What is wrong with a recipe: one lower-case clause with its place, and a hint kept apart.
///
/// A file with several faults gives the first one, the others are in [`RecipeError::more`].
///
/// ```
/// use goodfit::recipe::Experiment;
///
/// let error = Experiment::from_toml("my.toml", "[network]\ninit = \"hee\"").unwrap_err();
/// assert!(error.to_string().starts_with("my.toml:2:8: network.init is \"hee\", expected one of "));
/// assert_eq!(error.hint.as_deref(), Some("did you mean \"he\"?"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct RecipeError {
    /// The clause: the thing at fault, what it is and what was expected.
    pub message: String,
    /// The file, or the command-line option with its argument.
    pub origin: Option<Origin>,
    /// Where in it; columns of an option count from the start of its argument.
    pub place: Place,
    /// What to type.
    pub hint: Option<String>,
    /// Further faults of the same text.
    pub more: Vec<RecipeError>,
}

/// The text that a value was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file, by the name it was given with.
    File(String),
    /// A command-line option with its argument, for instance `--set network.init=he`.
    Option(String),
    /// A trial of a search.
    Trial,
    /// The data, which say what nobody else has said.
    Data,
}

impl RecipeError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), origin: None, place: Place::NOWHERE, hint: None, more: Vec::new() }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// With the text it is about, and something to type where nothing better is known.
    pub(crate) fn within(mut self, origin: &Origin) -> Self {
        self.origin.get_or_insert_with(|| origin.clone());
        self.hint.get_or_insert_with(|| "`goodfit fields` describes every field".to_owned());
        self
    }

    /// This fault and the further ones, in the order of their text.
    pub fn all(&self) -> impl Iterator<Item = &RecipeError> {
        std::iter::once(self).chain(&self.more)
    }

    /// One error of all faults, or `Ok` when there are none.
    pub(crate) fn collect(mut faults: Vec<RecipeError>) -> Result<(), RecipeError> {
        faults.sort_by_key(|fault| fault.place);
        let mut faults = faults.into_iter();
        match faults.next() {
            None => Ok(()),
            Some(first) => Err(RecipeError { more: faults.collect(), ..first }),
        }
    }
}

impl fmt::Display for RecipeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column } = self.place;
        match &self.origin {
            None => {}
            Some(Origin::File(name)) if line == 0 => write!(f, "{name}: ")?,
            Some(Origin::File(name)) => write!(f, "{name}:{line}:{column}: ")?,
            Some(Origin::Option(option)) if line == 0 => write!(f, "{option}: ")?,
            Some(Origin::Option(option)) => write!(f, "{option}, column {column}: ")?,
            Some(Origin::Trial) => f.write_str("trial: ")?,
            Some(Origin::Data) => f.write_str("inferred from the data: ")?,
        }
        f.write_str(&self.message)
    }
}

/// Words joined for a sentence: `a, b or c`.
pub(crate) fn any_of<S: AsRef<str>>(words: &[S]) -> String {
    match words {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [init @ .., last] => {
            let init: Vec<&str> = init.iter().map(AsRef::as_ref).collect();
            format!("{} or {}", init.join(", "), last.as_ref())
        }
    }
}

/// The candidate that is nearest to a word, when it is near enough to have been meant.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace([' ', '-', '_'], "");
    let elsewhere = OTHER_NAMES.iter().find(|(name, _)| *name == plain(word)).map(|(_, ours)| *ours);
    candidates
        .map(|candidate| {
            let distance = if elsewhere == Some(candidate) || abbreviates(word, candidate) {
                0
            } else {
                strsim::damerau_levenshtein(&plain(word), &plain(candidate))
            };
            (distance, candidate)
        })
        .min_by_key(|&(distance, _)| distance)
        .filter(|&(distance, candidate)| {
            let length = candidate.len().min(word.len());
            distance < length && distance <= 1.max(length / 3)
        })
        .map(|(_, candidate)| candidate)
}

/// Whether each part of a word begins a part of the other: `val_acc` of `validation_accuracy`.
fn abbreviates(word: &str, whole: &str) -> bool {
    let parts = |text: &str| text.to_lowercase().split([' ', '-', '_']).map(str::to_owned).collect::<Vec<_>>();
    let (short, long) = (parts(word), parts(whole));
    short.len() == long.len() && short.iter().zip(&long).all(|(short, long)| short.len() > 2 && long.starts_with(short))
}

/// What others call it, without separators, and what it is called here.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("acc", "train_accuracy"),
    ("ce", "cross-entropy"),
    ("dataset", "source"),
    ("gradclip", "clip_norm"),
    ("kaiming", "he"),
    ("kaimingnormal", "he"),
    ("kaiminguniform", "he-uniform"),
    ("layers", "hidden"),
    ("linear", "identity"),
    ("logistic", "sigmoid"),
    ("lr", "learning_rate"),
    ("max", "high"),
    ("maxepochs", "epochs"),
    ("min", "low"),
    ("mse", "mean-squared-error"),
    ("nepochs", "epochs"),
    ("nonlinearity", "activation"),
    ("ntrials", "trials"),
    ("numepochs", "epochs"),
    ("patience", "early_stopping"),
    ("scheduler", "schedule"),
    ("swish", "silu"),
    ("valsplit", "validation"),
    ("wd", "weight_decay"),
    ("xaviernormal", "glorot"),
];
