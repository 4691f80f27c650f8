//! Rows of a table that stand on both sides of a split.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::table::{Table, Values};
use crate::results::Finding;

/// Rows of a side, and how many of them are also on another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Twins {
    /// How many are.
    pub n: usize,
    /// Of how many.
    pub of: usize,
}

/// Rows on both sides of a split, or of several.
///
/// A validation and a stopping row count when a row that trains has all the same values that are used, the target among them; a
/// test row when any row that is not sealed has, for such a row trains, validates or chooses the epoch, and all of them train
/// where a network is trained anew. That is found out without opening the seal: where rows are put under it, as their
/// fingerprint is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlap {
    /// The table.
    pub source: String,
    /// Over how many splits rows that validate and choose are counted.
    pub splits: usize,
    /// Rows that validate.
    pub validation: Twins,
    /// Rows that choose the epoch.
    pub stopping: Twins,
    /// Test rows.
    pub test: Twins,
}

impl Twins {
    /// Those among some rows of a table that have the values of others.
    pub(super) fn among(table: &Table, rows: &[u32], others: &[u32]) -> Self {
        if rows.is_empty() {
            return Self::default();
        }
        Self::known(table, rows, &prints(table, others))
    }

    pub(super) fn known(table: &Table, rows: &[u32], others: &HashSet<u64>) -> Self {
        Self { n: rows.iter().filter(|&&row| others.contains(&print(table, row))).count(), of: rows.len() }
    }

    /// How many are, where some are.
    pub fn some(self) -> Option<usize> {
        (self.n > 0).then_some(self.n)
    }

    fn and(self, other: Self) -> Self {
        Self { n: self.n + other.n, of: self.of + other.of }
    }
}

impl Overlap {
    /// Those of two splits of the same table, which has the same test rows in both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            splits: self.splits + other.splits,
            validation: self.validation.and(other.validation),
            stopping: self.stopping.and(other.stopping),
            ..self
        }
    }

    /// What there is to be said, a finding a side.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let over = if self.splits > 1 { format!(", over {} splits,", self.splits) } else { String::new() };
        let sides = [
            (self.validation, "validation", &over[..], "a training row"),
            (self.stopping, "stopping", &over[..], "a training row"),
            (self.test, "test", "", "among the rows that are not sealed"),
        ];
        let finding = |(Twins { n, of }, side, over, other): (Twins, &str, &str, &str)| {
            (n > 0).then(|| Finding {
                statement: format!("{n} of {of} {side} rows{over} {} also {other}", if n == 1 { "is" } else { "are" }),
                evidence: format!(
                    "{}: all values that are used are the same, the target among them; scores on such rows say what was learned by heart",
                    self.source
                ),
                next: String::new(),
            })
        };
        sides.into_iter().filter_map(finding).collect()
    }
}

/// What tells rows from others.
pub(super) fn prints(table: &Table, rows: &[u32]) -> HashSet<u64> {
    rows.iter().map(|&row| print(table, row)).collect()
}

fn print(table: &Table, row: u32) -> u64 {
    let mut hasher = DefaultHasher::new();
    let row = row as usize;
    for column in &table.columns {
        match &column.values {
            // Minus zero is zero.
            Values::Numbers(numbers) => (numbers[row] + 0.0).to_bits().hash(&mut hasher),
            Values::Levels { codes, .. } => codes[row].hash(&mut hasher),
            Values::Days(days) => days[row].to_bits().hash(&mut hasher),
            Values::None => {}
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::table::of_text;

    /// A table whose rows 1 and 4 are the same, and 2 and 5 but for the target.
    fn table() -> Table {
        of_text("y,x,city\n1,1.5,Bonn\n1,2.5,Ulm\n0,3.5,Ulm\n1,4.5,Kiel\n1,2.5,Ulm\n1,3.5,Ulm\n0,5.5,Bonn\n")
    }

    #[test]
    fn rows_with_all_the_same_values_are_counted() {
        let twins = |rows: &[u32], others: &[u32]| Twins::among(&table(), rows, others);
        assert_eq!(twins(&[4, 5, 6], &[0, 1, 2, 3]), Twins { n: 1, of: 3 });
        assert_eq!(twins(&[5, 6], &[0, 1, 2, 3]), Twins { n: 0, of: 2 });
        assert_eq!(twins(&[], &[0]), Twins::default());
    }

    #[test]
    fn each_side_is_told_of() {
        let one = |n: usize| Twins { n, of: 20 };
        let overlap =
            Overlap { source: "t.csv".to_owned(), splits: 1, validation: one(1), stopping: one(3), test: one(2) };
        let said = |overlap: &Overlap| -> Vec<String> {
            overlap.findings().into_iter().map(|finding| finding.statement).collect()
        };
        let test = "2 of 20 test rows are also among the rows that are not sealed";
        assert_eq!(
            said(&overlap),
            ["1 of 20 validation rows is also a training row", "3 of 20 stopping rows are also a training row", test]
        );
        let none = Overlap { validation: one(0), stopping: one(0), ..overlap.clone() };
        assert_eq!(said(&none), [test]);
        assert_eq!(
            said(&overlap.and(none)),
            [
                "1 of 40 validation rows, over 2 splits, is also a training row",
                "3 of 40 stopping rows, over 2 splits, are also a training row",
                test
            ]
        );
    }
}
