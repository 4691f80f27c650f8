//! What is to be predicted of a table.

use super::cell::{Words, is_number};
use super::column::{Column, NO_LEVEL, Values};
use super::error::{TableError, short};
use super::kind::Kind;
use super::typed::Format;
use super::{ColumnKind, Table};
use crate::recipe::nearest;

/// A target has at most so many classes: scores of n of them take the square of n.
const MOST_CLASSES: usize = 1000;

/// So many different whole numbers are taken for classes where nobody says what they are.
const FEW_CLASSES: usize = 10;

/// What is to be predicted, by row of the table.
#[derive(Clone, Debug, PartialEq)]
pub enum Goal {
    /// Classes.
    Classes {
        /// Their names, sorted; numbers by their size.
        names: Vec<String>,
        /// Which one each row has.
        classes: Vec<u32>,
    },
    /// Numbers.
    Numbers(Vec<f32>),
}

/// What may have been meant by the name of a column that is not there: one like it, or what there is.
pub(super) fn which_column<'a>(name: &str, names: impl ExactSizeIterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(name, names.clone()) {
        return format!("did you mean {near:?}?");
    }
    let more = if names.len() > 20 { ", .." } else { "" };
    format!("its columns are {}{more}", names.take(20).map(short).collect::<Vec<_>>().join(", "))
}

fn too_many(n: usize, what: &str) -> String {
    format!("the target has {n} different {what}, too many for classes, of which there are at most {MOST_CLASSES}")
}

impl Table {
    /// The place of a column.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn place_of(&self, name: &str) -> Result<usize, TableError> {
        self.columns.iter().position(|column| column.name == name).ok_or_else(|| {
            let mut hint = which_column(name, self.columns.iter().map(|column| column.name.as_str()));
            if self.format == Format::Text && !self.dialect.has_header && self.options.has_header.is_none() {
                hint += "; its first line has numbers and was read as a row, --no-header=false takes it for names";
            }
            TableError::new(&self.source, format!("there is no column {name:?}")).hint(hint)
        })
    }

    /// Whether a target is one of classes: as somebody says, or as far as its values tell, which are texts, two different
    /// numbers, or at most ten different whole ones.
    ///
    /// # Errors
    /// As [`Table::goal`].
    pub fn is_of_classes(&self, target: usize) -> Result<bool, TableError> {
        let column = self.target(target)?;
        if !matches!(column.values, Values::Numbers(_)) {
            return Ok(true);
        }
        if self.options.kinds.get(&column.name) == Some(&ColumnKind::Numeric) {
            return Ok(false);
        }
        let different = self.different_numbers(target);
        let whole = different.iter().all(|x| x.fract() == 0.0);
        Ok(different.len() == 2 || (different.len() <= FEW_CLASSES && whole))
    }

    /// The different numbers of a column, at most one more than are taken for classes.
    pub(in crate::data) fn different_numbers(&self, column: usize) -> Vec<f32> {
        let mut different: Vec<f32> = Vec::new();
        if let Values::Numbers(numbers) = &self.columns[column].values {
            for &x in numbers {
                if different.len() <= FEW_CLASSES && !different.contains(&x) {
                    different.push(x);
                }
            }
        }
        different
    }

    /// The target as classes, or as numbers.
    ///
    /// # Errors
    /// When it is missing in some rows, one and the same in all, a date, text, or no number where numbers are asked for.
    pub fn goal(&self, target: usize, classes: bool) -> Result<Goal, TableError> {
        let column = self.target(target)?;
        let fault = |what: String, hint: &str| Err(self.of(column, what).hint(hint));
        match (&column.values, classes) {
            (Values::Levels { names, codes }, true) => {
                Ok(Goal::Classes { names: names.clone(), classes: codes.clone() })
            }
            (Values::Levels { .. }, false) => {
                let what = "the target is text, but the loss asks for numbers".to_owned();
                fault(what, "leave training.loss out: texts are classes")
            }
            (Values::Numbers(_), true) if !column.keeps_names => {
                let what = "as classes the numbers of the target would lose their names, which begin with zeros or have more \
                            digits than 32 bits hold";
                fault(what.to_owned(), &format!("--kind {}=categorical takes them as they are written", column.name))
            }
            (Values::Numbers(numbers), true) => {
                // Minus zero is zero.
                let numbers: Vec<f32> = numbers.iter().map(|x| x + 0.0).collect();
                let mut different = numbers.clone();
                different.sort_unstable_by(f32::total_cmp);
                different.dedup();
                if different.len() > MOST_CLASSES {
                    let hint = "leave training.loss out: numbers are predicted as numbers";
                    return fault(too_many(different.len(), "numbers"), hint);
                }
                let class = |x: &f32| different.partition_point(|other| other.total_cmp(x).is_lt()) as u32;
                let classes = numbers.iter().map(class).collect();
                Ok(Goal::Classes { names: different.iter().map(f32::to_string).collect(), classes })
            }
            (Values::Numbers(numbers), false) => match numbers.iter().find(|x| x.is_infinite()) {
                Some(x) => fault(format!("the target has a value of {x}"), "take the row out, or give its value"),
                None => Ok(Goal::Numbers(numbers.clone())),
            },
            _ => fault(format!("the target is {}", column.kind), "a target has numbers, or texts that come back"),
        }
    }

    /// That there is no column to predict a target from.
    pub(in crate::data) fn nothing_beside(&self, target: usize) -> TableError {
        let what = format!("there is no column to predict {} from", self.columns[target].name);
        TableError::new(&self.source, what).hint("`goodfit data info` says why columns are set aside")
    }

    /// The column of a target that can be one.
    fn target(&self, target: usize) -> Result<&Column, TableError> {
        let column = &self.columns[target];
        let fault = |what: String, hint: &str| Err(self.of(column, what).hint(hint));
        match column.kind {
            Kind::Constant => {
                return fault(
                    "the target is the same in every row".to_owned(),
                    "there is nothing to learn; another target",
                );
            }
            Kind::Text | Kind::Mixed | Kind::Identifier | Kind::Date(_) | Kind::Empty | Kind::Other | Kind::Unused => {
                let what = format!("the target is of the kind {}", column.kind);
                let usual = "a target has numbers, or texts that come back; `goodfit data info` shows the columns";
                let known = column.notes.iter().find(|note| note.contains("--decimal-comma"));
                return fault(what, known.map_or(usual, String::as_str));
            }
            Kind::Numeric | Kind::Categorical => {}
        }
        if column.n_missing > 0 {
            let rows = if column.n_missing == 1 { "1 row" } else { &format!("{} rows", column.n_missing) };
            let words = Words { missing: &self.options.missing, ..Words::default() };
            let (what, hint) = match &column.first_word {
                Some(word) if !words.is_missing(word) => (
                    format!("the target is no number in {rows}, first {word:?}"),
                    format!("--kind {}=categorical takes numbers and texts for classes", column.name),
                ),
                Some(word) => (
                    format!("the target is missing in {rows}, as {word:?} says"),
                    "take the rows out of the file; a class of such a name needs another one".to_owned(),
                ),
                None => (
                    format!("the target is missing in {rows}"),
                    "rows without a target teach nothing: take them out of the file".to_owned(),
                ),
            };
            let error = self.of(column, what).hint(hint);
            return Err(column.first_missing.into_iter().fold(error, TableError::line));
        }
        if column.is_coarse {
            let what = "the numbers of the target differ by less than 32 bits hold of them".to_owned();
            return fault(what, "subtract a round number from all of them; codes may be written as texts");
        }
        if let Values::Levels { names, codes } = &column.values {
            debug_assert!(!codes.contains(&NO_LEVEL));
            if names.len() > MOST_CLASSES {
                let hint = if names.iter().all(|name| is_number(name, &Words::default())) {
                    "leave its kind out: numbers are predicted as numbers"
                } else {
                    "put rare ones together, or take a target of numbers"
                };
                return fault(too_many(names.len(), "values"), hint);
            }
            if names.len() > FEW_CLASSES && 2 * names.len() > codes.len() {
                let what = format!("the target has {} different texts in {} rows", names.len(), codes.len());
                let hint = format!(
                    "a class has to come back; numbers that stand as texts: --kind {0}=numeric, or --decimal-comma",
                    column.name
                );
                let known = column.notes.iter().find(|note| note.contains("--decimal-comma"));
                return fault(what, known.map_or(&hint, |note| note));
            }
        }
        Ok(column)
    }

    fn of(&self, column: &Column, what: String) -> TableError {
        TableError::new(&self.source, what).column(&column.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::table::of_text as table;

    /// A column of these cells beside one that is never the target.
    fn of(cells: &[&str]) -> Table {
        let lines: Vec<String> = cells.iter().enumerate().map(|(i, cell)| format!("{cell},{}", i % 2)).collect();
        table(&format!("y,x\n{}\n", lines.join("\n")))
    }

    #[test]
    fn classes_and_numbers() {
        let texts = of(&["b", "a", "b", "c"]);
        assert_eq!(texts.is_of_classes(0), Ok(true));
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(texts.goal(0, true), Ok(Goal::Classes { names, classes: vec![1, 0, 1, 2] }));
        for (cells, classes) in
            [(["0.5", "1.5", "0.5", "1.5"], true), (["1", "2", "3", "10"], true), (["1", "2", "3", "10.5"], false)]
        {
            assert_eq!(of(&cells).is_of_classes(0), Ok(classes), "{cells:?}");
        }
        let many: Vec<String> = (0..40).map(|i| (i % 11).to_string()).collect();
        let many = of(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(many.is_of_classes(0), Ok(false));
        let Ok(Goal::Classes { names, classes }) = many.goal(0, true) else { panic!("classes on demand") };
        assert_eq!((names[10].as_str(), classes[10], classes[11]), ("10", 10, 0), "in the order of the numbers");
        let zeros = of(&["-0", "0", "1", "-0"]).goal(0, true);
        let names = ["0", "1"].map(str::to_owned).to_vec();
        assert_eq!(zeros, Ok(Goal::Classes { names, classes: vec![0, 0, 1, 0] }));
        for cells in
            [["01", "2", "10", "2"], ["100000001", "0", "100000002", "0"], ["0.1234567891", "0.5", "0.5", "0.5"]]
        {
            let error = of(&cells).goal(0, true).expect_err("other names");
            assert!(error.what.starts_with("as classes the numbers of the target would lose their names"), "{error}");
            assert_eq!(error.hint.as_deref(), Some("--kind y=categorical takes them as they are written"));
        }
        for cells in [["16777216", "0", "2", "0"], ["0.1", "0.2", "0.1", "0.2"]] {
            let Ok(Goal::Classes { names, .. }) = of(&cells).goal(0, true) else { panic!("classes: {cells:?}") };
            assert!(names.contains(&cells[0].to_owned()), "{names:?}");
        }
        assert_eq!(of(&["1", "2", "3.5", "4"]).goal(0, false), Ok(Goal::Numbers(vec![1.0, 2.0, 3.5, 4.0])));
    }

    #[test]
    fn classes_are_not_too_many() {
        let cells = |n: usize, cell: fn(usize) -> String| (0..3 * n).map(|i| cell(i % n)).collect::<Vec<_>>();
        let of = |cells: Vec<String>| of(&cells.iter().map(String::as_str).collect::<Vec<_>>());
        let word = |i: usize| format!("w{i}");
        assert_eq!(of(cells(1000, word)).is_of_classes(0), Ok(true));
        let texts = of(cells(1001, word));
        let what = "the target has 1001 different values, too many for classes, of which there are at most 1000";
        for error in [texts.is_of_classes(0).expect_err("texts"), texts.goal(0, true).expect_err("texts")] {
            assert_eq!((error.what.as_str(), error.column.as_deref()), (what, Some("y")));
            assert_eq!(error.hint.as_deref(), Some("put rare ones together, or take a target of numbers"));
        }
        let numbers = of(cells(1001, |i| format!("{i}.5"))).goal(0, true).expect_err("numbers");
        assert_eq!(numbers.what, what.replace("values", "numbers"));
    }

    #[test]
    fn what_is_no_target() {
        let fault = |cells: &[&str], classes| of(cells).goal(0, classes).expect_err("a fault").to_string();
        let says = |error: String, what: &str| assert!(error.ends_with(what), "{error}");
        says(fault(&["1", "1", "1"], true), "column y: the target is the same in every row");
        says(fault(&["a", "", "b"], true), ":3: column y: the target is missing in 1 row");
        says(fault(&["a", "none", "b"], true), ":3: column y: the target is missing in 1 row, as \"none\" says");
        let mostly = [&["0", "1"][..].repeat(10), &["other"][..]].concat();
        says(fault(&mostly, true), ":22: column y: the target is no number in 1 row, first \"other\"");
        says(fault(&["a", "b", "a"], false), "column y: the target is text, but the loss asks for numbers");
        says(fault(&["1", "2", "inf"], false), "column y: the target has a value of inf");
        says(fault(&["2024-01-01", "2024-01-02", "2024-01-02"], true), "column y: the target is of the kind date");
        let error = of(&["1", "2"]).place_of("wholly another").expect_err("no such column");
        assert_eq!(error.hint.as_deref(), Some("its columns are y, x"));
    }
}
