//! What a model knows of its columns: their names and kinds, how they become inputs, and what comes out.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use goodfit_nn::Matrix;
use serde::{Deserialize, Serialize};

use super::cell::DateForm;
use super::column::{Column, NO_LEVEL, Values};
use super::encode::{Encoded, Encoder};
use super::goal::Goal;
use super::inputs::InputColumns;
use super::kind::Kind;
use super::{Table, TableOptions};
use crate::data::Units;

/// What a model knows of its columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// The column that is predicted.
    pub target: String,
    /// What is predicted.
    pub predicts: Predicts,
    /// The columns that it is predicted from.
    pub columns: Vec<SchemaColumn>,
    /// The test rows that were sealed when it was trained; absent where there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<SealedRows>,
    /// Whether the first line of its table named the columns, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// In which encoding its table was read, where that was said: new text that is not UTF-8 is read in it, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Whether numbers were written with a decimal comma.
    #[serde(default)]
    pub decimal_comma: bool,
    /// Words that stood for a missing value, besides the usual ones.
    #[serde(default)]
    pub missing: Vec<String>,
    pub(crate) encoder: Encoder,
}

/// Test rows that were sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedRows {
    /// How many.
    pub rows: usize,
    /// By which they are told from others.
    pub fingerprint: String,
}

/// What is predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Predicts {
    /// One of these classes.
    Classes(Vec<String>),
    /// A number of these units.
    Numbers(Units),
}

/// A column that a model looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SchemaColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: SchemaKind,
}

/// What a column of a model holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SchemaKind {
    /// Numbers.
    Numeric,
    /// Dates in this form.
    Date(DateForm),
    /// One of these levels, sorted: those of the rows that trained.
    Categorical(Vec<String>),
}

impl Schema {
    pub(crate) fn new(table: &Table, target: usize, goal: &Goal, encoder: &Encoder, units: Option<Units>) -> Self {
        let (places, mut encoder) = encoder.alone();
        let column = |(place, encoded): (usize, &mut Encoded)| {
            let column = &table.columns[place];
            let kind = match (&column.values, column.kind) {
                (Values::Levels { names, .. }, _) => {
                    // What stands in other rows only, sealed ones among them, is as unknown as what no table had.
                    let known = encoded.form.forget_unseen(names.len());
                    SchemaKind::Categorical(known.iter().map(|&code| names[code as usize].clone()).collect())
                }
                (Values::Days(_), Kind::Date(form)) => SchemaKind::Date(form),
                _ => SchemaKind::Numeric,
            };
            SchemaColumn { name: column.name.clone(), kind }
        };
        let predicts = match (goal, units) {
            (Goal::Classes { names, .. }, _) => Predicts::Classes(names.clone()),
            (Goal::Numbers(_), units) => Predicts::Numbers(units.unwrap_or(Units { mean: 0.0, sd: 1.0 })),
        };
        let columns = places.into_iter().zip(&mut encoder.columns).map(column).collect();
        let TableOptions { has_header: header, encoding, decimal_comma, missing, .. } = table.options.clone();
        let encoding = encoding.map(|encoding| encoding.name().to_owned());
        let decimal_comma = decimal_comma == Some(true);
        let target = table.columns[target].name.clone();
        Self { target, predicts, columns, sealed: None, header, encoding, decimal_comma, missing, encoder }
    }

    /// The same with the test rows that are sealed.
    pub(crate) fn with_sealed(self, sealed: Option<SealedRows>) -> Self {
        Self { sealed, ..self }
    }

    /// Whether its parts fit each other; those that were read from a file may not.
    pub fn is_sound(&self) -> bool {
        let empty: Vec<Column> = self.columns.iter().map(SchemaColumn::empty).collect();
        let names: HashSet<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        self.encoder.fits(&empty)
            && names.len() == self.columns.len()
            && match &self.predicts {
                Predicts::Classes(names) => {
                    !names.is_empty() && names.iter().collect::<HashSet<_>>().len() == names.len()
                }
                Predicts::Numbers(units) => units.mean.is_finite() && units.sd.is_finite(),
            }
    }

    /// Number of inputs of the network.
    pub fn n_inputs(&self) -> usize {
        self.encoder.n_inputs()
    }

    /// What the inputs of the network are.
    pub fn inputs(&self) -> InputColumns {
        self.encoder.inputs()
    }

    /// The inputs that each column becomes.
    pub(crate) fn ranges(&self) -> Vec<Range<usize>> {
        self.encoder.ranges()
    }

    /// Number of its outputs.
    pub fn n_outputs(&self) -> usize {
        match &self.predicts {
            Predicts::Classes(names) => names.len(),
            Predicts::Numbers(_) => 1,
        }
    }

    /// Takes back what of the scaling bends the inputs of a row: they become a linear function of the numbers of the table.
    pub(crate) fn straighten(&self, row: &mut [f32]) {
        self.encoder.straighten(row);
    }

    /// Some rows of a table in which all of these columns are, as far as their names and kinds go.
    pub(crate) fn select(&self, table: &Table, rows: &[u32]) -> Option<Table> {
        let places: HashMap<&str, &Column> =
            table.columns.iter().map(|column| (column.name.as_str(), column)).collect();
        let column = |known: &SchemaColumn| {
            let column = places.get(known.name.as_str())?;
            let values = match (&known.kind, &column.values) {
                (SchemaKind::Numeric, Values::Numbers(numbers)) => {
                    Values::Numbers(rows.iter().map(|&row| numbers[row as usize]).collect())
                }
                (SchemaKind::Date(_), Values::Days(days)) => {
                    Values::Days(rows.iter().map(|&row| days[row as usize]).collect())
                }
                (SchemaKind::Categorical(names), Values::Levels { names: found, codes }) => {
                    let known = |name: &String| names.binary_search(name).map_or(names.len(), |place| place) as u32;
                    let places: Vec<u32> = found.iter().map(known).collect();
                    let code = |&row: &u32| places.get(codes[row as usize] as usize).copied().unwrap_or(NO_LEVEL);
                    Values::Levels { names: names.clone(), codes: rows.iter().map(code).collect() }
                }
                _ => return None,
            };
            Some(Column { values, ..known.empty() })
        };
        let columns = self.columns.iter().map(column).collect::<Option<Vec<_>>>()?;
        Some(Table { n_rows: rows.len(), columns, ..table.without_columns() })
    }

    /// Rows of these columns as inputs of the network.
    pub fn encode(&self, table: &Table) -> Matrix<f32> {
        let rows: Vec<u32> = (0..table.n_rows as u32).collect();
        self.encoder.encode(table, &rows)
    }
}

impl SchemaColumn {
    /// The column without values.
    pub(super) fn empty(&self) -> Column {
        let (kind, values) = match &self.kind {
            SchemaKind::Numeric => (Kind::Numeric, Values::Numbers(Vec::new())),
            SchemaKind::Date(form) => (Kind::Date(*form), Values::Days(Vec::new())),
            SchemaKind::Categorical(names) => {
                (Kind::Categorical, Values::Levels { names: names.clone(), codes: Vec::new() })
            }
        };
        Column {
            name: self.name.clone(),
            kind,
            notes: Vec::new(),
            n_missing: 0,
            first_missing: None,
            first_word: None,
            first_negative: None,
            constant: None,
            is_coarse: false,
            keeps_names: true,
            infinite: None,
            values,
        }
    }
}
