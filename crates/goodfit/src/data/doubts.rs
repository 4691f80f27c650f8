//! What of a table makes scores look better than they are: columns that give the target away. And cells that no scale is
//! fitted to.

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
        self.infinite().chain(self.leaks()).collect()
    }

    /// Columns of numbers some of which are infinite in rows that train or validate. Nothing is said of a cell in any other row.
    fn infinite(&self) -> impl Iterator<Item = Finding> {
        let used = self.table.columns.iter().enumerate().filter(|(place, _)| *place != self.target);
        used.filter_map(|(_, column)| {
            let (Values::Numbers(numbers), Some(StrangeCells { first, line, .. })) = (&column.values, &column.infinite)
            else {
                return None;
            };
            let is_infinite = |row: &u32| numbers[*row as usize].is_infinite();
            let mut own = self.train.iter().chain(self.validation).copied().filter(is_infinite);
            let first_of_all = numbers.iter().position(|x| x.is_infinite()).map(|row| row as u32);
            let is_first_known = own.clone().any(|row| Some(row) == first_of_all);
            let n = own.by_ref().count();
            let cells = match n {
                0 => return None,
                1 => "1 cell is".to_owned(),
                n => format!("{n} cells are"),
            };
            let (place, next) = if is_first_known {
                let place = format!("{}:{line}: the first is {first:?}; ", self.table.source);
                (place, format!("--missing {first} takes them for missing"))
            } else {
                (String::new(), "--missing takes a word for missing".to_owned())
            };
            Some(Finding {
                statement: format!("column {}: {cells} infinite or beyond 32 bits", column.name),
                evidence: format!("{place}no scale is fitted to such cells, which count as the largest or smallest"),
                next,
            })
        })
    }

    /// Columns of which one alone predicts the target of validation rows nearly without fault.
    fn leaks(&self) -> Vec<Finding> {
        if self.validation.len() < FEWEST_ROWS || self.train.len() < FEWEST_ROWS {
            return Vec::new();
        }
        let columns = self.table.columns.iter().enumerate();
        let used = columns.filter(|(place, column)| *place != self.target && column.kind.is_used());
        let places = if let Goal::Numbers(numbers) = self.goal { self.places(numbers) } else { Vec::new() };
        let leak = |(_, column): (usize, &super::table::Column)| {
            let share = self.explained(&self.groups(&column.values)?, &places);
            (share >= SUSPICIOUS).then(|| Finding {
                statement: format!("{} may give {} away", column.name, self.table.columns[self.target].name),
                evidence: format!(
                    "alone it explains {:.1} % of what there is to explain{} on {} validation rows; is it known when one predicts?",
                    100.0 * share,
                    if places.is_empty() { "" } else { " of which numbers are larger than which" },
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

    /// The place of each row's number among those of the training rows, ties in the middle of theirs:
    /// `(#{y_i < y} + #{y_i <= y}) / 2n`, from 0 to 1.
    fn places(&self, numbers: &[f32]) -> Vec<f64> {
        let mut known: Vec<f32> = self.train.iter().map(|&row| numbers[row as usize]).collect();
        known.sort_unstable_by(f32::total_cmp);
        let place = |y: f32| known.partition_point(|x| *x < y) + known.partition_point(|x| *x <= y);
        numbers.iter().map(|&y| place(y) as f64 / (2 * known.len()) as f64).collect()
    }

    /// What there is to explain of the target that groups do, `1 - faults of groups / faults of none`, both fitted on training
    /// rows and counted on validation rows.
    ///
    /// Of classes a fault is a row whose class is not the most frequent one of its group, or of all rows. Of numbers it is
    /// `(F - m)^2`, with F the place of a number among those of the training rows ([`Self::places`]) and m the mean place of the
    /// group, or of all rows: R2 of places, not of numbers. A few large numbers, as among prices and wages, are most of the
    /// variance and hardly explained by groups, so that R2 of numbers misses a copy of the target; places are the same for
    /// whatever rises or falls with it. With [`N_GROUPS`] groups a copy explains all but about `1 / N_GROUPS^2`.
    fn explained(&self, groups: &[usize], places: &[f64]) -> f64 {
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
            Goal::Numbers(_) => {
                let mut sums = vec![(0.0, 0.0); n_groups + 1];
                for row in self.train.iter().map(|&row| row as usize) {
                    for group in [groups[row], n_groups] {
                        sums[group].0 += places[row];
                        sums[group].1 += 1.0;
                    }
                }
                let overall = sums[n_groups].0 / sums[n_groups].1;
                let mean = |group: usize| if sums[group].1 > 0.0 { sums[group].0 / sums[group].1 } else { overall };
                let squares = |group: &dyn Fn(usize) -> usize| -> f64 {
                    let rows = self.validation.iter().map(|&row| row as usize);
                    rows.map(|row| (places[row] - mean(group(row))).powi(2)).sum()
                };
                let all = squares(&|_| n_groups);
                if all > 0.0 { 1.0 - squares(&|row| groups[row]) / all } else { 0.0 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use goodfit_nn::{Purpose, Stream};

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

    /// 400 draws, the i-th in an order that has nothing to do with their size.
    fn draws(seed: u64, of: fn(&mut Stream) -> f64) -> impl Fn(u32) -> f64 {
        let mut stream = Stream::new(seed, Purpose::Data, 0);
        let mut all: Vec<f64> = (0..400).map(|_| of(&mut stream)).collect();
        all.sort_by(f64::total_cmp);
        move |i| all[(i * 37 % 400) as usize]
    }

    /// Numbers, prices, waiting times and incomes, from not skewed at all to very much.
    const SKEWED: [fn(&mut Stream) -> f64; 5] = [
        Stream::normal,
        |stream| (0.5 * stream.normal()).exp(),
        |stream| f64::midpoint(stream.normal().powi(2), stream.normal().powi(2)),
        |stream| stream.normal().exp(),
        |stream| (2.5 * stream.normal()).exp(),
    ];

    #[test]
    fn whatever_rises_or_falls_with_a_skewed_target_is_named() {
        for (seed, of) in (0..).zip(SKEWED) {
            let y = draws(seed, of);
            let found = doubts("y,copy,falls,rises", 0, false, |i| {
                format!("{:.6},{:.6},{:.6},{:.6}", y(i), y(i), -3.0 * y(i), y(i).cbrt())
            });
            let all = ["copy", "falls", "rises"].map(|name| format!("{name} may give y away"));
            assert_eq!(found, all, "distribution {seed}");
        }
    }

    /// Of what is not skewed its correlation would be 0.97.
    #[test]
    fn what_only_predicts_a_skewed_target_well_is_not_named() {
        let normal = draws(0, Stream::normal);
        for (seed, of) in (0..).zip(SKEWED) {
            let y = draws(seed, of);
            let mut noise = Stream::new(7, Purpose::Data, 0);
            let noise: Vec<f64> = (0..400).map(|_| 0.25 * noise.normal()).collect();
            let found = doubts("y,x", 0, false, |i| format!("{:.6},{:.6}", y(i), normal(i) + noise[i as usize]));
            assert!(found.is_empty(), "distribution {seed}: {found:?}");
        }
    }

    #[test]
    fn levels_are_held_against_places_too() {
        let tenth = |i: u32| (i * 37 % 400 / 40) as usize;
        // Ten prices, each with a name of its own, or up to four with one.
        let price = |i: u32| [1.5, 2.5, 3.5, 5.5, 8.5, 13.5, 30.5, 90.5, 300.5, 2000.5][tenth(i)];
        let found = doubts("y,shelf,hall", 0, false, |i| {
            format!("{},s{},h{}", price(i), ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"][tenth(i)], tenth(i) / 4)
        });
        assert_eq!(found, ["shelf may give y away"]);
        let y = draws(3, SKEWED[3]);
        let third = |i: u32| ["low", "middle", "high"][tenth(i) * 3 / 10];
        let found = doubts("y,third", 0, false, |i| format!("{:.6},{}", y(i), third(i)));
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn ties_have_the_place_in_their_middle() {
        let table = of_text("y,x\n5,1.5\n1,2.5\n5,3.5\n9,4.5\n3,5.5\n99,6.5\n");
        let goal = table.goal(0, false).expect("a goal");
        let sides = Sides { table: &table, target: 0, goal: &goal, train: &[0, 1, 2, 3], validation: &[4, 5] };
        let Goal::Numbers(numbers) = &goal else { panic!("numbers") };
        assert_eq!(sides.places(numbers), [0.5, 0.125, 0.5, 0.875, 0.25, 1.0]);
    }
}
