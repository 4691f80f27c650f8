//! Linear models on the columns that a network gets, linear in their numbers: of the inputs of a network the clip and the
//! normal scores are taken back first ([`Schema::straighten`]), or a model that is linear in numbers would not be among them.

use goodfit_nn::{Inputs, Matrix};
use serde::{Deserialize, Serialize};

use super::lbfgs::{Until, minimise};
use super::objective::{Loss, Objective, output};
use super::ridge::Normal;
use super::sample::{all, sample};
use crate::data::Labelled;
use crate::data::table::Schema;

/// Penalties that are tried, from the strongest on: lambda of `mean loss + lambda / 2 sum w^2`.
const PENALTIES: [f64; 6] = [1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5];
/// Rows x inputs x outputs that a step of the solver looks at, at most; of more rows a sample is taken.
const MOST_VALUES: usize = 16_000_000;
/// The same, times the iterations for one penalty.
const MOST_WORK: usize = 400_000_000;
/// Rows x inputs^2 up to which ridge regression takes its normal equations.
const MOST_PRODUCTS: usize = 2_000_000_000;
/// The largest slope that counts as none.
const FLAT: f64 = 1e-6;

/// A linear model: logistic regression for two classes, multinomial logistic regression for more, ridge regression for
/// numbers.
///
/// Numbers, and parts of dates, are standardised by their means and standard deviations over the rows that are fitted. It minimises `1/n sum_i loss(W x_i + b, y_i) + penalty / 2 sum W^2` with the intercept b free, which is scikit-learn's
/// `LogisticRegression` with `C = 1 / (n penalty)` and its `Ridge` with `alpha = n penalty`; where rows weigh v, their loss is
/// `sum_i v_i loss_i / sum v`, and n of these is `sum v`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    /// Number of inputs.
    pub inputs: usize,
    /// The penalty that was chosen.
    pub penalty: f64,
    /// Training rows that it was fitted on.
    pub rows: usize,
    /// Whether the solver got to the least value within its iterations.
    pub converged: bool,
    /// Outputs x (inputs + 1), the intercept last.
    weights: Vec<f64>,
}

/// Rows, and what each weighs in the loss: all the same where there are no weights.
#[derive(Clone, Copy, Debug)]
pub struct Weighed<'a> {
    /// The rows; what a column says of their weights is not looked at.
    pub rows: &'a Labelled,
    /// One for each row.
    pub weights: Option<&'a [f32]>,
}

/// How strong the penalty is.
#[derive(Clone, Copy, Debug)]
pub enum Penalty<'a> {
    /// That of 1, 0.1, .. 0.00001 with the least mean loss on these rows.
    ChosenBy(Weighed<'a>),
    /// This one.
    Is(f64),
    /// `1 / n`, where there are no rows to choose it by.
    Unchosen,
}

impl Linear {
    /// Fits training rows.
    ///
    /// Two classes have one output, more an output each. Solved in double precision on one thread: ridge regression by
    /// its normal equations while rows x inputs^2 is at most 2e9, all others by L-BFGS to a slope of 1e-6, with at most
    /// 4e8 / (rows x inputs x outputs) iterations, between 25 and 500, for one penalty; a sample of the rows is taken
    /// where rows x inputs x outputs is above 1.6e7. `None` where inputs are not finite or the equations have no solution.
    ///
    /// `schema`: what has made the inputs; they are taken as they are where there is none.
    pub fn fit(train: Weighed<'_>, schema: Option<&Schema>, penalty: Penalty<'_>, n_classes: usize) -> Option<Self> {
        let Weighed { rows: train, weights } = train;
        let (loss, n_outputs) = match (&train.numbers, n_classes) {
            (Some(_), _) => (Loss::Squares, 1),
            (None, 0..=2) => (Loss::Logistic, 1),
            (None, n) => (Loss::Softmax, n),
        };
        let d = train.inputs.n_columns();
        let is_small = train.n_rows().saturating_mul(d).saturating_mul(d) <= MOST_PRODUCTS;
        let by_equations = loss == Loss::Squares && is_small;
        let most = if by_equations { usize::MAX } else { (MOST_VALUES / (d * n_outputs).max(1)).max(1) };
        let rows = sample(train.n_rows(), most);
        let n_rows = rows.len();
        let (mut inputs, targets) = (straight(&train.inputs, &rows, schema), targets(train, &rows));
        if n_rows == 0 || inputs.iter().any(|x| !x.is_finite()) {
            return None;
        }
        let units = schema.map_or_else(Vec::new, |schema| units(&inputs, d, &schema.inputs().numbers));
        standardise(&mut inputs, d, &units);
        let weights: Option<Vec<f32>> = weights.map(|own| rows.iter().map(|&row| own[row as usize]).collect());
        let weights = weights.as_deref();
        let objective = Objective { loss, inputs: &inputs, targets: &targets, weights, n_inputs: d, n_outputs };
        let mut solver = if by_equations {
            Solver::Equations(Normal::new(&inputs, &targets, weights, d))
        } else {
            let iterations = (MOST_WORK / (n_rows * d * n_outputs).max(1)).clamp(25, 500);
            Solver::Steps(vec![0.0; n_outputs * (d + 1)], Until { gradient: FLAT, iterations })
        };
        let (choosing, penalties) = match penalty {
            Penalty::ChosenBy(rows) => (Some(rows), &PENALTIES[..]),
            Penalty::Is(penalty) => (None, &[penalty][..]),
            Penalty::Unchosen => (None, &[1.0 / n_rows as f64][..]),
        };
        let choosing = choosing.map(|Weighed { rows: own, weights }| {
            let rows = all(own.n_rows());
            let mut inputs = straight(&own.inputs, &rows, schema);
            standardise(&mut inputs, d, &units);
            (inputs, self::targets(own, &rows), weights)
        });
        let mut best: Option<(f64, Self)> = None;
        for &penalty in penalties {
            let Some((weights, converged)) = solver.solve(&objective, penalty) else { continue };
            let score = choosing.as_ref().map_or(0.0, |(inputs, targets, of_rows)| {
                let mut unused = vec![0.0; weights.len()];
                Objective { inputs, targets, weights: *of_rows, ..objective }.value(&weights, 0.0, &mut unused)
            });
            // The stronger penalty of two that are as good.
            if score.is_finite() && best.as_ref().is_none_or(|(least, _)| score < *least) {
                best = Some((score, Self { inputs: d, penalty, rows: n_rows, converged, weights }));
            }
        }
        best.map(|(_, mut model)| {
            model.weights.chunks_exact_mut(d + 1).for_each(|own| of_raw(own, &units));
            model
        })
    }

    /// The outputs of each row: of two classes one, the logarithm of the odds of the second; of more one each, whose
    /// softmax are the probabilities; of numbers the standardised number. `schema`: as it was fitted with.
    ///
    /// # Panics
    /// When the rows have another number of inputs.
    pub fn outputs(&self, inputs: &Inputs<f32>, schema: Option<&Schema>) -> Vec<Vec<f64>> {
        assert_eq!(inputs.n_columns(), self.inputs, "inputs of a linear model");
        let values = straight(inputs, &all(inputs.n_rows()), schema);
        let rows = (0..inputs.n_rows()).map(|i| &values[i * self.inputs..(i + 1) * self.inputs]);
        rows.map(|row| self.weights.chunks_exact(self.inputs + 1).map(|own| output(own, row)).collect()).collect()
    }

    /// Whether it takes so many inputs and gives so many outputs; one that was read from a file may not.
    pub(super) fn fits(&self, n_inputs: usize, n_outputs: usize) -> bool {
        let n_weights = n_inputs.checked_add(1).and_then(|width| width.checked_mul(n_outputs));
        self.inputs == n_inputs && n_weights == Some(self.weights.len()) && self.weights.iter().all(|w| w.is_finite())
    }
}

/// How weights are found.
enum Solver {
    Equations(Normal),
    /// From the weights of the penalty before.
    Steps(Vec<f64>, Until),
}

impl Solver {
    fn solve(&mut self, objective: &Objective<'_>, penalty: f64) -> Option<(Vec<f64>, bool)> {
        match self {
            Self::Equations(normal) => normal.solve(penalty).map(|weights| (weights, true)),
            Self::Steps(weights, until) => {
                let converged = minimise(weights, *until, |w, g| objective.value(w, penalty, g));
                weights.iter().all(|w| w.is_finite()).then(|| (weights.clone(), converged))
            }
        }
    }
}

/// Some rows with all their zeros.
pub(super) fn dense(inputs: &Inputs<f32>, rows: &[u32]) -> Vec<f32> {
    let d = inputs.n_columns();
    match inputs {
        Inputs::Dense(matrix) => {
            rows.iter().flat_map(|&row| &matrix.data()[row as usize * d..][..d]).copied().collect()
        }
        Inputs::Sparse(csr) => {
            let mut values: Matrix<f32> = Matrix::zeros(rows.len(), d);
            csr.gather(values.view_mut(), rows);
            values.data().to_vec()
        }
    }
}

/// Some rows with all their zeros, without what of the scaling bends them.
fn straight(inputs: &Inputs<f32>, rows: &[u32], schema: Option<&Schema>) -> Vec<f32> {
    let mut values = dense(inputs, rows);
    if let Some(schema) = schema {
        values.chunks_exact_mut(inputs.n_columns().max(1)).for_each(|row| schema.straighten(row));
    }
    values
}

/// Of an input its place, mean and standard deviation, with n.
type UnitsOf = (usize, f64, f64);

/// Those of these inputs that are not the same in all rows of `d` inputs.
fn units(values: &[f32], d: usize, inputs: &[usize]) -> Vec<UnitsOf> {
    let n = (values.len() / d.max(1)) as f64;
    let of = |&input: &usize| {
        let own = || values.iter().skip(input).step_by(d).map(|&x| f64::from(x));
        let mean = own().sum::<f64>() / n;
        (input, mean, (own().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt())
    };
    inputs.iter().map(of).filter(|(_, _, sd)| *sd > 0.0).collect()
}

fn standardise(values: &mut [f32], d: usize, units: &[UnitsOf]) {
    for row in values.chunks_exact_mut(d.max(1)) {
        for &(input, mean, sd) in units {
            row[input] = ((f64::from(row[input]) - mean) / sd) as f32;
        }
    }
}

/// Turns the weights of an output for standardised inputs, the intercept last, into those for the inputs as they were.
fn of_raw(weights: &mut [f64], units: &[UnitsOf]) {
    let intercept = weights.len() - 1;
    for &(input, mean, sd) in units {
        weights[input] /= sd;
        weights[intercept] -= weights[input] * mean;
    }
}

fn targets(labelled: &Labelled, rows: &[u32]) -> Vec<f64> {
    let of = |row: &u32| match &labelled.numbers {
        Some(numbers) => f64::from(numbers.standard.data()[*row as usize]),
        None => f64::from(labelled.classes[*row as usize]),
    };
    rows.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::golden::{floats, golden, rows};
    use crate::data::Numbers;

    fn standard(values: Vec<f32>) -> Numbers {
        Numbers { standard: Matrix::from_rows(values.len(), 1, values.clone()), own: values }
    }

    fn alike(rows: &Labelled) -> Weighed<'_> {
        Weighed { rows, weights: None }
    }

    fn labelled(inputs: &serde_json::Value, classes: Option<&serde_json::Value>, y: &serde_json::Value) -> Labelled {
        let inputs = rows(inputs);
        let n = inputs.n_rows();
        let numbers = classes.is_none().then(|| standard(floats(y).iter().map(|&y| y as f32).collect()));
        let classes = classes.map_or_else(|| vec![0; n], |y| floats(y).iter().map(|&y| y as u32).collect());
        Labelled { inputs: Inputs::new(inputs), classes, numbers, weights: None }
    }

    /// scikit-learn's weights, of the same penalty.
    #[test]
    fn as_in_scikit_learn() {
        let golden = golden();
        for (name, n_classes) in
            [("two", 2), ("many", 3), ("numbers", 0), ("two weighed", 2), ("many weighed", 3), ("numbers weighed", 0)]
        {
            let case = &golden["linear"][name];
            let data = labelled(&case["x"], (n_classes > 0).then_some(&case["y"]), &case["y"]);
            let weights: Option<Vec<f32>> =
                case.get("row weights").map(|own| floats(own).into_iter().map(|w| w as f32).collect());
            let n = weights.as_ref().map_or(data.n_rows() as f64, |own| own.iter().map(|&w| f64::from(w)).sum());
            let weighed = Weighed { rows: &data, weights: weights.as_deref() };
            let found = Linear::fit(weighed, None, Penalty::Is(1.0 / n), n_classes).expect("a fit");
            assert!(found.converged && found.rows == data.n_rows() && found.penalty == 1.0 / n);
            let expected = floats(&case["weights"]);
            assert_eq!(found.weights.len(), expected.len(), "{name}");
            let error = found.weights.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(error < 2e-4, "{name}: {error}\n{:?}\n{expected:?}", found.weights);
        }
    }

    /// Both ways to ridge regression lead to the same weights.
    #[test]
    fn equations_and_steps_agree() {
        let golden = golden();
        let case = &golden["linear"]["numbers"];
        let (x, y) = (rows(&case["x"]), floats(&case["y"]));
        let d = x.n_columns();
        let uneven: Vec<f32> = (0..y.len()).map(|i| (i % 4) as f32 / 2.0).collect();
        for (penalty, weights) in
            PENALTIES.into_iter().flat_map(|penalty| [(penalty, None), (penalty, Some(&uneven[..]))])
        {
            let objective =
                Objective { loss: Loss::Squares, inputs: x.data(), targets: &y, weights, n_inputs: d, n_outputs: 1 };
            let equations = Normal::new(x.data(), &y, weights, d).solve(penalty).expect("a solution");
            let mut steps = vec![0.0; d + 1];
            let until = Until { gradient: 1e-10, iterations: 500 };
            assert!(minimise(&mut steps, until, |w, g| objective.value(w, penalty, g)));
            assert!(steps.iter().zip(&equations).all(|(a, b)| (a - b).abs() < 1e-7), "{steps:?} {equations:?}");
        }
    }

    /// What only noise suggests is penalised away; what is certain is not.
    #[test]
    fn the_penalty_is_chosen_by_rows_of_their_own() {
        let even = |i: usize, by: f64| (((i as f64 + 1.0) * by).fract() - 0.5) as f32;
        let part = |from: usize, n: usize, signal: bool| {
            let x: Vec<f32> =
                (from..from + n).flat_map(|i| (1..9).map(move |j| even(i, 0.618_034 * j as f64))).collect();
            let y = |i: usize| if signal { 3.0 * even(i, 0.618_034) } else { even(i * i + 7 * i, 0.414_213_6) };
            let numbers = standard((from..from + n).map(y).collect());
            let inputs = Inputs::new(Matrix::from_rows(n, 8, x));
            Labelled { inputs, classes: vec![0; n], numbers: Some(numbers), weights: None }
        };
        let penalty = |signal| {
            let (train, chooses) = (part(0, 20, signal), part(20, 200, signal));
            Linear::fit(alike(&train), None, Penalty::ChosenBy(alike(&chooses)), 0).expect("a fit").penalty
        };
        assert_eq!(penalty(true), 1e-5);
        assert!(penalty(false) >= 0.1, "{}", penalty(false));
    }

    /// Of so many rows that not all are taken, those of a file sorted by its target: the first ones are all of one class.
    #[test]
    fn rows_that_are_left_out_lie_anywhere() {
        const D: usize = 2000;
        const MOST: usize = MOST_VALUES / D;
        let n = MOST + MOST / 4;
        let class = |i: usize| u32::from(i >= MOST);
        let mut x = vec![0.0_f32; n * D];
        (0..n).for_each(|i| x[i * D] = if class(i) == 1 { 1.0 } else { -1.0 });
        let inputs = Inputs::new(Matrix::from_rows(n, D, x));
        let train = Labelled { inputs, classes: (0..n).map(class).collect(), numbers: None, weights: None };
        let found = Linear::fit(alike(&train), None, Penalty::Unchosen, 2).expect("a fit");
        assert_eq!((found.rows, found.penalty), (MOST, 1.0 / MOST as f64));
        assert!(found.weights[0] > 1.0, "both classes are known: {}", found.weights[0]);
    }
}
