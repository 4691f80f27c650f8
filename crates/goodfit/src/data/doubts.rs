//! What of a table makes scores look better than they are: rows that stand on both sides of a split, and columns that give the
//! target away.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::table::{Goal, NO_LEVEL, StrangeCells, Table, Values};
use crate::results::Finding;

/// A column that alone explains so much of the target gives it away.
const SUSPICIOUS: f64 = 0.99;
/// Fewest rows on which a column is held against the target.
const FEWEST_ROWS: usize = 20;
/// Groups into which the numbers of a column are put, as many rows in each.
const N_GROUPS: usize = 50;

/// A table with its target, and what some of its rows are for.
pub(super) struct Sides<'a> {
    pub(super) table: &'a Table,
    pub(super) target: usize,
    pub(super) goal: &'a Goal,
    pub(super) train: &'a [u32],
    pub(super) validation: &'a [u32],
}

impl Sides<'_> {
    /// What is to be doubted.
    pub(super) fn doubts(&self) -> Vec<Finding> {
        self.infinite().chain(self.twice()).chain(self.leaks()).collect()
    }

    /// Columns of numbers some of which are infinite.
    fn infinite(&self) -> impl Iterator<Item = Finding> {
        let used = self.table.columns.iter().enumerate().filter(|(place, _)| *place != self.target);
        let found = used.filter_map(|(_, column)| column.infinite.as_ref().filter(|_| column.kind.is_used()));
        found.map(|StrangeCells { column, n, first, line }| {
            let cells = if *n == 1 { "1 cell is".to_owned() } else { format!("{n} cells are") };
            Finding {
                statement: format!("column {column}: {cells} infinite or beyond 32 bits"),
                evidence: format!(
                    "{}:{line}: the first is {first:?}; no scale is fitted to such cells, which count as the largest or smallest",
                    self.table.source
                ),
                next: format!("--missing {first} takes them for missing"),
            }
        })
    }

    /// Validation rows whose values, the target among them, are those of a training row.
    fn twice(&self) -> Option<Finding> {
        let known: HashSet<u64> = self.train.iter().map(|&row| self.fingerprint(row)).collect();
        let n = self.validation.iter().filter(|&&row| known.contains(&self.fingerprint(row))).count();
        (n > 0).then(|| Finding {
            statement: format!(
                "{n} of {} validation rows {} also a training row",
                self.validation.len(),
                if n == 1 { "is" } else { "are" }
            ),
            evidence: format!(
                "{}: all values that are used are the same, the target among them; scores on such rows say what was learned by heart",
                self.table.source
            ),
            next: String::new(),
        })
    }

    fn fingerprint(&self, row: u32) -> u64 {
        let mut hasher = DefaultHasher::new();
        let row = row as usize;
        for column in &self.table.columns {
            match &column.values {
                Values::Numbers(numbers) => numbers[row].to_bits().hash(&mut hasher),
                Values::Levels { codes, .. } => codes[row].hash(&mut hasher),
                Values::Days(days) => days[row].to_bits().hash(&mut hasher),
                Values::None => {}
            }
        }
        hasher.finish()
    }

    /// Columns of which one alone predicts the target of validation rows nearly without fault.
    fn leaks(&self) -> Vec<Finding> {
        if self.validation.len() < FEWEST_ROWS || self.train.len() < FEWEST_ROWS {
            return Vec::new();
        }
        let columns = self.table.columns.iter().enumerate();
        let used = columns.filter(|(place, column)| *place != self.target && column.kind.is_used());
        let leak = |(_, column): (usize, &super::table::Column)| {
            let share = self.explained(&self.groups(&column.values)?);
            (share >= SUSPICIOUS).then(|| Finding {
                statement: format!("{} may give {} away", column.name, self.table.columns[self.target].name),
                evidence: format!(
                    "alone it explains {:.1} % of what there is to explain on {} validation rows; is it known when one predicts?",
                    100.0 * share,
                    self.validation.len()
                ),
                next: String::new(),
            })
        };
        used.filter_map(leak).collect()
    }

    /// The group of each row of the table: its level, or the part of the training rows' range its number is in; `None` where
    /// there are nearly as many groups as rows.
    fn groups(&self, values: &Values) -> Option<Vec<usize>> {
        let by_size = |value: &dyn Fn(usize) -> f64| {
            let mut known: Vec<f64> =
                self.train.iter().map(|&row| value(row as usize)).filter(|x| !x.is_nan()).collect();
            known.sort_unstable_by(f64::total_cmp);
            let mut borders: Vec<f64> =
                (1..N_GROUPS).filter_map(|i| known.get(i * known.len() / N_GROUPS).copied()).collect();
            borders.dedup();
            let group = |x: f64| if x.is_nan() { N_GROUPS } else { borders.partition_point(|border| *border <= x) };
            (0..self.table.n_rows).map(|row| group(value(row))).collect::<Vec<usize>>()
        };
        match values {
            Values::Numbers(numbers) => Some(by_size(&|row| f64::from(numbers[row]))),
            Values::Days(days) => Some(by_size(&|row| days[row])),
            Values::Levels { names, codes } if names.len() * 5 <= self.train.len() => {
                Some(codes.iter().map(|&code| if code == NO_LEVEL { names.len() } else { code as usize }).collect())
            }
            Values::Levels { .. } | Values::None => None,
        }
    }

    /// The share of the faults of always saying the most frequent class (of the variance around the mean) that goes away when
    /// each group has its own class (its own mean), fitted on training rows and counted on validation rows.
    fn explained(&self, groups: &[usize]) -> f64 {
        let n_groups = groups.iter().max().map_or(1, |most| most + 1);
        match self.goal {
            Goal::Classes { names, classes } => {
                let mut counts = vec![0_usize; (n_groups + 1) * names.len()];
                for row in self.train.iter().map(|&row| row as usize) {
                    for group in [groups[row], n_groups] {
                        counts[group * names.len() + classes[row] as usize] += 1;
                    }
                }
                let most = |group: usize| {
                    let counts = &counts[group * names.len()..][..names.len()];
                    (0..names.len()).max_by_key(|&class| (counts[class], std::cmp::Reverse(class))).unwrap_or(0)
                };
                let faults = |group: &dyn Fn(usize) -> usize| {
                    let rows = self.validation.iter().map(|&row| row as usize);
                    rows.filter(|&row| most(group(row)) != classes[row] as usize).count() as f64
                };
                let all = faults(&|_| n_groups);
                if all > 0.0 { 1.0 - faults(&|row| groups[row]) / all } else { 0.0 }
            }
            Goal::Numbers(numbers) => {
                let mut sums = vec![(0.0, 0.0); n_groups + 1];
                for row in self.train.iter().map(|&row| row as usize) {
                    for group in [groups[row], n_groups] {
                        sums[group].0 += f64::from(numbers[row]);
                        sums[group].1 += 1.0;
                    }
                }
                let overall = sums[n_groups].0 / sums[n_groups].1;
                let mean = |group: usize| if sums[group].1 > 0.0 { sums[group].0 / sums[group].1 } else { overall };
                let squares = |group: &dyn Fn(usize) -> usize| -> f64 {
                    let rows = self.validation.iter().map(|&row| row as usize);
                    rows.map(|row| (f64::from(numbers[row]) - mean(group(row))).powi(2)).sum()
                };
                let all = squares(&|_| n_groups);
                if all > 0.0 { 1.0 - squares(&|row| groups[row]) / all } else { 0.0 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::table::of_text;

    /// Doubts about a table of 400 rows, of which three fifths train.
    fn doubts(names: &str, target: usize, classes: bool, row: impl Fn(u32) -> String) -> Vec<String> {
        let rows: Vec<String> = (0..400).map(row).collect();
        let table = of_text(&format!("{names}\n{}\n", rows.join("\n")));
        let goal = table.goal(target, classes).expect("a goal");
        let (train, validation): (Vec<u32>, Vec<u32>) = (0..400).partition(|row| row % 5 < 3);
        let sides = Sides { table: &table, target, goal: &goal, train: &train, validation: &validation };
        sides.doubts().into_iter().map(|finding| finding.statement).collect()
    }

    #[test]
    fn columns_that_tell_the_target_are_named() {
        let noise = |i: u32| i * 37 % 401;
        let found =
            doubts("y,told,x", 0, true, |i| format!("{},{},{}.5", noise(i) % 2, 10 * (noise(i) % 2), noise(i + 7)));
        assert_eq!(found, ["told may give y away"]);
        let found = doubts("y,code,x", 0, false, |i| {
            format!("{}.25,{},{}.5", noise(i), ["a", "b"][i as usize % 2], noise(7 * i + 3))
        });
        assert!(found.is_empty(), "{found:?}");
        let found = doubts("y,twin", 0, false, |i| format!("{}.25,{}.5", noise(i), 1000 - noise(i)));
        assert_eq!(found, ["twin may give y away"]);
    }

    #[test]
    fn rows_on_both_sides_are_counted() {
        // Each row twice, 50 rows apart, which are on the same side; but for one.
        let found = doubts("y,x", 0, true, |i| match i {
            3 | 10 => "1,12.5".to_owned(),
            i => format!("{},{}.5", i * 37 % 401 % 2, i * 53 % 401 + 100),
        });
        assert_eq!(found, ["1 of 160 validation rows is also a training row"]);
    }
}
