//! What the table of recipe fields says about a field.

use std::fmt;

use crate::recipe::error::any_of;
use crate::recipe::kinds::{FIRST_SCORE, SCORES_OF_ROWS};
use crate::recipe::settings::Settings;
use crate::recipe::value::{Value, quoted};

/// One field of a recipe: all that the reader, the command line, the printer, the hints and the
/// reference page know about it.
#[derive(Debug)]
pub struct Field {
    /// `table.name`
    pub path: &'static str,
    /// What the names of arms call it.
    pub label: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it is when nobody says.
    pub default: Default,
    /// What it only applies to.
    pub needs: Option<Needs>,
    /// Fields that say the same in another way; a later layer of settings replaces them.
    pub instead_of: &'static [&'static str],
    /// One line for a reader.
    pub doc: &'static str,
}

/// What a field is when nobody sets it.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// Nothing; the text says what that means.
    Absent(&'static str),
    /// This value, as TOML.
    Is(&'static str),
    /// A value that follows from other fields.
    From {
        /// The fields, for the reader.
        fields: &'static [&'static str],
        /// The rule, for the reference page.
        rule: &'static str,
        /// The rule itself.
        value: fn(&Settings) -> Option<Value>,
    },
}

/// What a field only applies to: set otherwise, it would silently do nothing.
#[derive(Clone, Copy, Debug)]
pub enum Needs {
    /// Another field has one of these words.
    Is(&'static str, &'static [&'static str]),
    /// Another field is set.
    Set(&'static str),
    /// Another field is a positive number, or a table that holds one.
    Positive(&'static str),
    /// Another field is a positive number, or one of these is set.
    PositiveOrSet(&'static str, &'static [&'static str]),
    /// Another field is true.
    True(&'static str),
}

/// What a field takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number from `low` to `high`.
    Integer {
        /// The lowest.
        low: i64,
        /// The highest.
        high: i64,
    },
    /// A number.
    Number(Range),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any text but an empty one.
    Text,
    /// A list.
    List(&'static Kind),
    /// A table with any of these keys.
    Table(&'static [Part]),
    /// A table with exactly one of these keys.
    Variant(&'static [Part]),
    /// Whichever of these fits the type of the value.
    Either(&'static [Kind]),
    /// A table of values by path: `{ "network.init" = "he" }`.
    Overrides,
    /// A table of values by path, or an empty one.
    Point,
    /// A table of lists of values by path: `{ "network.init" = ["xavier", "he"] }`.
    Variations,
    /// A table of words by any name.
    ByName(&'static [&'static str]),
    /// A table of overrides by name.
    Arms,
    /// A table of ranges and lists of choices by path.
    Space,
}

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The key.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether the table can do without it.
    pub optional: bool,
}

/// A range of numbers. All are finite.
#[derive(Clone, Copy, Debug)]
pub enum Range {
    /// Above 0.
    Positive,
    /// 0 or more.
    NotNegative,
    /// From 0 up to but not including 1.
    Share,
    /// Above 0, at most 1.
    PositiveShare,
    /// 1 or more.
    AtLeastOne,
}

/// The highest count that a field takes unless it says otherwise.
pub(crate) const MANY: i64 = 1_000_000_000_000;

impl Kind {
    /// Whole numbers from `low` on.
    pub(crate) const fn count(low: i64) -> Self {
        Kind::Integer { low, high: MANY }
    }

    /// Whether a number is among what it takes, and whether that has to be a whole one.
    pub fn numeric(&self) -> Option<&Kind> {
        match self {
            Kind::Integer { .. } | Kind::Number(_) => Some(self),
            Kind::Either(kinds) => kinds.iter().find_map(Kind::numeric),
            _ => None,
        }
    }

    /// The keys of the tables that it takes.
    pub(crate) fn parts(&self) -> &'static [Part] {
        match self {
            Kind::Table(parts) | Kind::Variant(parts) => parts,
            Kind::Either(kinds) => kinds.iter().map(Kind::parts).find(|parts| !parts.is_empty()).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// The words that it takes.
    pub(crate) fn words(&self) -> &'static [&'static str] {
        match self {
            Kind::Word(words) => words,
            Kind::Either(kinds) => kinds.iter().map(Kind::words).find(|words| !words.is_empty()).unwrap_or(&[]),
            _ => &[],
        }
    }
}

/// What it takes, as the end of a sentence: `a number above 0`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Bool => f.write_str("true or false"),
            Kind::Integer { low, high } if *high >= MANY => write!(f, "a whole number of at least {low}"),
            Kind::Integer { low, high } => write!(f, "a whole number from {low} to {high}"),
            Kind::Number(range) => write!(f, "{range}"),
            Kind::Word(words) if words.contains(&FIRST_SCORE) => {
                let usual = words.iter().take_while(|word| **word != FIRST_SCORE);
                let usual: Vec<String> = usual.map(|word| quoted(word)).collect();
                write!(f, "one of {}, or {SCORES_OF_ROWS}", usual.join(", "))
            }
            Kind::Word(words) => {
                let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                write!(f, "{}{}", if words.len() > 2 { "one of " } else { "" }, any_of(&words))
            }
            Kind::Text => f.write_str("a text that is not empty"),
            Kind::List(kind) => write!(f, "a list, each {kind}"),
            Kind::Table(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| format!("{} = ..", part.name)).collect();
                write!(f, "a table {{ {} }}", parts.join(", "))
            }
            Kind::Variant(parts) => {
                let parts: Vec<String> = parts.iter().map(Part::example).collect();
                f.write_str(&any_of(&parts))
            }
            Kind::Either(kinds) => {
                let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
                f.write_str(&kinds.join(", or "))
            }
            Kind::Overrides => f.write_str("a table of values by field, such as { \"network.init\" = \"he\" }"),
            Kind::Point => f.write_str("a table of values by field, such as { \"training.learning_rate\" = 0.1 }"),
            Kind::Variations => {
                f.write_str("a table of lists by field, such as { \"network.init\" = [\"xavier\", \"he\"] }")
            }
            Kind::ByName(words) => write!(f, "a table of words by name, each {}", Kind::Word(words)),
            Kind::Arms => f.write_str("a table of settings by name, such as { deep = { \"network.depth\" = 9 } }"),
            Kind::Space => f.write_str(
                "a table of ranges or lists by field, such as { \"training.learning_rate\" = { low = 1e-4, high = 1, \
                 log = true } }",
            ),
        }
    }
}

impl Part {
    pub(crate) const fn required(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, optional: false }
    }

    pub(crate) const fn optional(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, optional: true }
    }

    fn example(&self) -> String {
        match self.kind {
            Kind::Table(_) => format!("{{ {} = {} }}", self.name, self.kind.to_string().replace("a table ", "")),
            _ => format!("{{ {} = .. }}", self.name),
        }
    }
}

impl Range {
    /// Whether it holds a number.
    pub fn contains(self, x: f64) -> bool {
        x.is_finite()
            && match self {
                Range::Positive => x > 0.0,
                Range::NotNegative => x >= 0.0,
                Range::Share => (0.0..1.0).contains(&x),
                Range::PositiveShare => x > 0.0 && x <= 1.0,
                Range::AtLeastOne => x >= 1.0,
            }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Range::Positive => "a number above 0",
            Range::NotNegative => "a number of at least 0",
            Range::Share => "a number from 0 up to but not including 1",
            Range::PositiveShare => "a number above 0 and at most 1",
            Range::AtLeastOne => "a number of at least 1",
        })
    }
}

/// What it needs, as the end of a sentence: `training.optimizer = "rmsprop"`.
impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Needs::Is(path, words) => {
                let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                write!(f, "{path} = {}", any_of(&words))
            }
            Needs::Set(path) => write!(f, "{path}, where it is set"),
            Needs::Positive(path) => write!(f, "{path} above 0"),
            Needs::PositiveOrSet(path, others) => {
                let ways: Vec<String> = std::iter::once(format!("{path} above 0"))
                    .chain(others.iter().map(|&other| other.to_owned()))
                    .collect();
                write!(f, "{}", any_of(&ways))
            }
            Needs::True(path) => write!(f, "{path} = true"),
        }
    }
}

impl Needs {
    /// The field that it looks at.
    pub fn field(&self) -> &'static str {
        match self {
            Needs::Is(path, _)
            | Needs::Set(path)
            | Needs::Positive(path)
            | Needs::PositiveOrSet(path, _)
            | Needs::True(path) => path,
        }
    }

    /// Whether a value of that field is one that it looks for.
    pub(crate) fn is_met_by(&self, value: &Value) -> bool {
        match (self, value) {
            (Needs::Is(_, words), Value::Text(word)) => words.contains(&word.as_str()),
            (Needs::Is(..), _) => false,
            (Needs::Set(_), _) => true,
            (Needs::Positive(_) | Needs::PositiveOrSet(..), Value::Table(entries)) => {
                entries.iter().any(|entry| entry.item.value.number() > Some(0.0))
            }
            (Needs::True(_), value) => *value == Value::Bool(true),
            (Needs::Positive(_) | Needs::PositiveOrSet(..), value) => value.number() > Some(0.0),
        }
    }
}

impl Field {
    pub(crate) const fn new(
        path: &'static str,
        label: &'static str,
        kind: Kind,
        default: Default,
        doc: &'static str,
    ) -> Self {
        Self { path, label, kind, default, needs: None, instead_of: &[], doc }
    }

    pub(crate) const fn needs(mut self, needs: Needs) -> Self {
        self.needs = Some(needs);
        self
    }

    pub(crate) const fn instead_of(mut self, fields: &'static [&'static str]) -> Self {
        self.instead_of = fields;
        self
    }

    /// Its table.
    pub fn table(&self) -> &'static str {
        self.path.split('.').next().unwrap_or_default()
    }

    /// Its name in its table.
    pub fn name(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(_, name)| name)
    }

    /// Whether arms and trials may differ in it. What is predicted is the question, which all of them answer.
    pub fn varies(&self) -> bool {
        matches!(self.table(), "data" | "network" | "training")
            && !matches!(
                self.path,
                "data.target" | "data.folds" | "training.metric" | "training.refit" | "training.ensemble"
            )
    }
}
