//! Scores of folds: each row validated once.

use std::collections::BTreeMap;

use super::assess::Judged;
use crate::data::table::Goal;
use crate::model::Metric;
use crate::results::{AgainstLinear, Assessed, Assessment, ColumnImportance, FoldFits, LinearFit};
use crate::statistics::over_folds;

impl Judged {
    /// How good models are over folds: scores, and the difference of the network from the linear model, are means over the
    /// folds with their intervals ([`over_folds`]); counts of rows are those of all folds together. `None` without any.
    pub(crate) fn over(folds: Vec<Self>) -> Option<Assessment> {
        let n_folds = folds.len();
        let ratio = folds.iter().map(|fold| fold.ratio).sum::<f64>() / n_folds as f64;
        let (names, subject) = (folds.first()?.names(), folds[0].subject());
        let in_all = |name: &&str| folds.iter().all(|fold| fold.names().contains(name));
        let models: Vec<Assessed> =
            names.into_iter().filter(in_all).map(|name| assessed(name, &folds, ratio)).collect();
        let decides = folds[0].decides();
        let against = against(&folds, (&models, subject), decides, ratio);
        let importance = importance(&folds, ratio);
        let linear = folds.iter().map(|fold| fold.linear).collect::<Option<Vec<LinearFit>>>();
        let linear = linear.and_then(|fits| over(&fits));
        let all = folds.into_iter().reduce(Self::and)?;
        // Where a network has overflowed in a fold there is none of all rows.
        let has_network = models.iter().any(|model| model.name == subject);
        let trained = ["network", "ensemble"];
        let models_of_all =
            all.models.iter().filter(|model| has_network || !trained.contains(&model.0)).cloned().collect();
        let alone = if has_network { all.alone } else { Vec::new() };
        let pooled = Self { models: models_of_all, alone, linear, importance, ..all }.assessment();
        Some(Assessment { folds: Some(n_folds), models, against_linear: against, ..pooled })
    }

    /// The rows of two folds together.
    fn and(mut self, other: Self) -> Self {
        match (&mut self.goal, other.goal) {
            (Goal::Classes { classes, .. }, Goal::Classes { classes: more, .. }) => classes.extend(more),
            (Goal::Numbers(numbers), Goal::Numbers(more)) => numbers.extend(more),
            _ => {}
        }
        for (name, more) in other.models {
            if let Some((_, own)) = self.models.iter_mut().find(|model| model.0 == name) {
                own.extend(more);
            }
        }
        self.alone.iter_mut().zip(other.alone).for_each(|(own, more)| own.extend(more));
        self
    }
}

/// The linear models of the folds as one, with what they differ in.
fn over(fits: &[LinearFit]) -> Option<LinearFit> {
    let rows = fits.iter().map(|fit| fit.rows);
    let penalties = fits.iter().map(|fit| fit.penalty);
    let over_folds = FoldFits {
        rows: [rows.clone().min()?, rows.max()?],
        penalty: [penalties.clone().reduce(f64::min)?, penalties.reduce(f64::max)?],
    };
    let converged = fits.iter().all(|fit| fit.converged);
    Some(LinearFit { converged, over_folds: Some(over_folds), ..*fits.first()? })
}

/// The scores of one model, those that are defined in all folds.
fn assessed(name: &str, folds: &[Judged], ratio: f64) -> Assessed {
    let by_fold: Vec<BTreeMap<String, f64>> = folds.iter().map(|fold| fold.scores(name)).collect();
    let mut found = Assessed { name: name.to_owned(), ..Assessed::default() };
    for score in Metric::ALL.map(Metric::name) {
        let values: Vec<f64> = by_fold.iter().filter_map(|scores| scores.get(score).copied()).collect();
        if values.len() == folds.len() {
            let [low, high] = Metric::of_name(score).map_or([f64::NEG_INFINITY, f64::INFINITY], Metric::range);
            let (mean, ci95) = over_folds(&values, ratio);
            found.scores.insert(score.to_owned(), mean);
            found.ci95.insert(score.to_owned(), ci95.map(|end| end.clamp(low, high)));
        }
    }
    found
}

/// What was trained against the linear model, fold by fold.
fn against(
    folds: &[Judged],
    (models, subject): (&[Assessed], &str),
    metric: Metric,
    ratio: f64,
) -> Option<AgainstLinear> {
    let score = |name: &str| models.iter().find(|model| model.name == name)?.scores.get(metric.name()).copied();
    let (network, linear) = (score(subject)?, score("linear")?);
    let of_fold = |fold: &Judged| fold.scores(subject)[metric.name()] - fold.scores("linear")[metric.name()];
    let (difference, ci95) = over_folds(&folds.iter().map(of_fold).collect::<Vec<f64>>(), ratio);
    let [least, most] = metric.range();
    let ci95 = ci95.map(|end| end.clamp(least - most, most - least));
    Some(AgainstLinear { score: metric.name().to_owned(), network, linear, difference, ci95 })
}

/// What each column is worth, in the mean over folds; columns that are set aside in one of them are left out.
fn importance(folds: &[Judged], ratio: f64) -> Vec<ColumnImportance> {
    let over = |first: &ColumnImportance| {
        let of_fold = |fold: &Judged| fold.importance.iter().find(|one| one.column == first.column).cloned();
        let all: Vec<ColumnImportance> = folds.iter().map(of_fold).collect::<Option<_>>()?;
        let (increase, ci95) = over_folds(&all.iter().map(|one| one.increase).collect::<Vec<f64>>(), ratio);
        let rows = all.iter().map(|one| one.rows).sum();
        Some(ColumnImportance { column: first.column.clone(), increase, ci95, rows })
    };
    let mut found: Vec<ColumnImportance> = folds[0].importance.iter().filter_map(over).collect();
    found.sort_by(|a, b| b.increase.total_cmp(&a.increase));
    found
}
