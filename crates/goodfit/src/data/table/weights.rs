//! A column of what rows weigh.

use super::Table;
use super::column::Values;
use super::error::TableError;

impl Table {
    /// Takes a column of row weights out: its numbers, 0 or more, while the column is set aside from now on.
    ///
    /// # Errors
    /// When there is none of that name, it is not numeric, a weight is missing, negative or infinite, or all are 0.
    pub(in crate::data) fn take_weights(&mut self, name: &str) -> Result<Vec<f32>, TableError> {
        let place = self.place_of(name)?;
        let column = &self.columns[place];
        let fault = |line: Option<u64>, what: String, hint: &str| {
            let error = TableError::new(&self.source, what).column(name).hint(hint);
            Err(line.into_iter().fold(error, TableError::line))
        };
        let weights = match (&column.values, column.constant) {
            (Values::Numbers(weights), _) => weights.clone(),
            (_, Some(weight)) => vec![weight; self.n_rows],
            _ => {
                let what = format!("the weights of rows are of the kind {}", column.kind);
                return fault(None, what, "weights are numbers; data.kinds says that a column is numeric");
            }
        };
        if column.n_missing > 0 {
            let what = "the weight of a row is missing".to_owned();
            return fault(column.first_missing, what, "0 for rows that are to be left out");
        }
        if column.first_negative.is_some() {
            let what = "the weight of a row is negative".to_owned();
            return fault(column.first_negative, what, "0 for rows that are to be left out");
        }
        if weights.iter().any(|weight| weight.is_infinite()) {
            return fault(None, "the weight of a row is infinite".to_owned(), "weights are finite");
        }
        if weights.iter().all(|weight| *weight == 0.0) {
            return fault(None, "all rows weigh 0".to_owned(), "more than 0 for rows that are to train");
        }
        self.set_aside(place);
        Ok(weights)
    }
}

#[cfg(test)]
mod tests {
    use crate::data::table::of_text;

    #[test]
    fn weights_are_taken_out() {
        let mut table = of_text("w,x,y\n1,5,0\n0,6,1\n2.5,7,0\n");
        assert_eq!(table.take_weights("w"), Ok(vec![1.0, 0.0, 2.5]));
        assert!(!table.columns[0].kind.is_used());
        let mut table = of_text("w,x,y\n0.5,5,0\n0.50,6,1\n.5,7,0\n");
        assert_eq!(table.take_weights("w"), Ok(vec![0.5; 3]), "equal ones");
    }

    #[test]
    fn what_is_no_weight() {
        for (cells, expected) in [
            (["1", "", "2"], ":3: column w: the weight of a row is missing"),
            (["1", "-0.5", "2"], ":3: column w: the weight of a row is negative"),
            (["1", "inf", "2"], ": column w: the weight of a row is infinite"),
            (["a", "a", "a"], ": column w: the weights of rows are of the kind constant"),
            (["0", "0.0", "0"], ": column w: all rows weigh 0"),
            (["-1", "-1", "-1"], ":2: column w: the weight of a row is negative"),
            (["a", "b", "a"], ": column w: the weights of rows are of the kind categorical"),
        ] {
            let [first, second, third] = cells;
            let mut table = of_text(&format!("w,y\n{first},0\n{second},1\n{third},0\n"));
            let error = table.take_weights("w").expect_err("no weights").to_string();
            assert!(error.ends_with(expected), "{error}");
        }
        let error = of_text("w,y\n1,0\n2,1\n").take_weights("v").expect_err("no such column");
        assert!(error.to_string().ends_with("there is no column \"v\""), "{error}");
    }
}
