//! The values of a column, filled row by row.

use std::collections::HashMap;

use super::cell::{DateForm, Said};
use super::column::{Column, NO_LEVEL, Values};
use super::kind::Kind;
use super::profile::Profile;

/// The values of a column, filled row by row.
pub(super) enum Fill {
    Numbers(Vec<f32>),
    Levels {
        names: Vec<String>,
        places: HashMap<Box<str>, u32>,
        codes: Vec<u32>,
        /// Whether a level that is not among the names has the code behind them all.
        is_closed: bool,
    },
    Days(DateForm, Vec<f64>),
    None,
}

impl Fill {
    pub(super) fn new(profile: &Profile, kind: Kind, n_rows: usize) -> Self {
        match kind {
            Kind::Numeric => Self::Numbers(Vec::with_capacity(n_rows)),
            Kind::Date(form) => Self::Days(form, Vec::with_capacity(n_rows)),
            Kind::Categorical => {
                let levels = profile.levels.iter().flatten().map(|(name, _)| name.to_string());
                // Numbers among the texts are levels as well; they are added as they come.
                let mut names: Vec<String> = levels.collect();
                names.sort_unstable();
                Self::levels(names, Vec::with_capacity(n_rows), false)
            }
            _ => Self::None,
        }
    }

    /// Goes on behind the values of a column.
    pub(super) fn behind(column: &Column) -> Self {
        match (&column.values, column.kind) {
            (Values::Numbers(numbers), _) => Self::Numbers(numbers.clone()),
            (Values::Days(days), Kind::Date(form)) => Self::Days(form, days.clone()),
            (Values::Levels { names, codes }, _) => Self::levels(names.clone(), codes.clone(), false),
            _ => Self::None,
        }
    }

    /// Levels of which no more are known than these.
    pub(super) fn closed(names: &[String]) -> Self {
        Self::levels(names.to_vec(), Vec::new(), true)
    }

    fn levels(names: Vec<String>, codes: Vec<u32>, is_closed: bool) -> Self {
        let places = (0..).zip(&names).map(|(i, name)| (name.as_str().into(), i)).collect();
        Self::Levels { names, places, codes, is_closed }
    }

    /// How many levels there are so far.
    pub(super) fn n_levels(&self) -> usize {
        if let Self::Levels { names, .. } = self { names.len() } else { 0 }
    }

    /// Whether the last number that was taken is infinite, or too large for 32 bits.
    pub(super) fn ends_infinite(&self) -> bool {
        matches!(self, Self::Numbers(numbers) if numbers.last().is_some_and(|x| x.is_infinite()))
    }

    /// Takes a cell without blanks around it; false when it is no value of the column, which counts as missing, or as a level
    /// that is not known.
    pub(super) fn take(&mut self, cell: &str, said: Said) -> bool {
        let is_missing = said == Said::Missing;
        match self {
            Self::Numbers(numbers) => {
                numbers.push(if let Said::Number(x) = said { x as f32 } else { f32::NAN });
                said != Said::Text
            }
            Self::Levels { codes, .. } if is_missing => {
                codes.push(NO_LEVEL);
                true
            }
            Self::Levels { names, places, codes, is_closed } => {
                let known = places.get(cell).copied();
                let code = known.unwrap_or(names.len() as u32);
                if known.is_none() && !*is_closed {
                    names.push(cell.to_owned());
                    places.insert(cell.into(), code);
                }
                codes.push(code);
                known.is_some() || !*is_closed
            }
            Self::Days(form, days) => {
                let day = if is_missing { None } else { form.days(cell) };
                days.push(day.unwrap_or(f64::NAN));
                is_missing || day.is_some()
            }
            Self::None => true,
        }
    }

    pub(super) fn values(self) -> Values {
        match self {
            Self::Numbers(numbers) => Values::Numbers(numbers),
            Self::Levels { names, codes, is_closed: true, .. } => Values::Levels { names, codes },
            Self::Levels { names, codes, .. } => sorted(names, codes),
            Self::Days(_, days) => Values::Days(days),
            Self::None => Values::None,
        }
    }
}

/// Levels with their names in order.
fn sorted(names: Vec<String>, mut codes: Vec<u32>) -> Values {
    let mut order: Vec<u32> = (0..names.len() as u32).collect();
    order.sort_by(|a, b| names[*a as usize].cmp(&names[*b as usize]));
    let mut place = vec![0; names.len()];
    for (new, &old) in (0..).zip(&order) {
        place[old as usize] = new;
    }
    for code in &mut codes {
        if *code != NO_LEVEL {
            *code = place[*code as usize];
        }
    }
    Values::Levels { names: order.iter().map(|&old| names[old as usize].clone()).collect(), codes }
}
