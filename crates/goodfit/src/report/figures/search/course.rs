//! The trials of a search as points: which of them are marked how, and the axis of their value.

use super::fields::{Field, fields};
use crate::figure::{Axis, Cloud, Colour, Dash, Key, Marker, Scale, Series, Shape};
use crate::report::figures::{axes, origin};
use crate::report::label;
use crate::results::{Results, Trial};

/// Trials that are marked among the others.
pub(in crate::report) const MARKED: usize = 5;

/// What became of a trial, by the letter that stands for it in the table of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Group {
    Best,
    Complete,
    Pruned,
    Failed,
}

impl Group {
    /// In the order in which a legend names them, and in which they are drawn.
    const ALL: [Self; 4] = [Self::Complete, Self::Best, Self::Pruned, Self::Failed];
    const DRAWN: [Self; 4] = [Self::Failed, Self::Pruned, Self::Complete, Self::Best];

    pub(in crate::report) fn letter(self) -> char {
        match self {
            Self::Best => 'b',
            Self::Complete => 'c',
            Self::Pruned => 'p',
            Self::Failed => 'f',
        }
    }

    fn key(self, count: usize) -> Key {
        let (label, colour, marker) = match self {
            Self::Best => (format!("best {count}"), 1, Marker::Diamond),
            Self::Complete => ("complete".to_owned(), 0, Marker::Circle),
            Self::Pruned => ("pruned".to_owned(), 4, Marker::Triangle),
            Self::Failed => ("failed (at the foot)".to_owned(), 6, Marker::Cross),
        };
        Key { label, colour: Colour::Slot(colour), dash: Dash::Solid, marker }
    }
}

/// All that the figures of a search share.
pub(in crate::report) struct Course<'a> {
    pub(in crate::report) results: &'a Results,
    pub(in crate::report) fields: Vec<Field>,
    /// By rank.
    pub(in crate::report) groups: Vec<Group>,
    /// The axis of the value, with room for what has none.
    pub(in crate::report) value: Axis,
    /// Where trials without a value lie on it.
    pub(in crate::report) foot: f64,
}

impl<'a> Course<'a> {
    pub(in crate::report) fn new(results: &'a Results) -> Self {
        let mut best = 0;
        let groups: Vec<Group> = results
            .trials
            .iter()
            .map(|trial| match trial.state.as_str() {
                _ if is_finished(trial) => {
                    best += 1;
                    if best <= MARKED { Group::Best } else { Group::Complete }
                }
                "pruned" => Group::Pruned,
                _ => Group::Failed,
            })
            .collect();
        let metric = &results.primary_metric;
        let mut y: Vec<f64> =
            results.trials.iter().filter(|trial| is_finished(trial)).map(|trial| trial.value).collect();
        if let Some(winner) = results.search.as_ref().and_then(|search| search.winner.as_ref()) {
            y.extend(winner.ci95.iter().copied().filter(|x| x.is_finite()));
        }
        let x = vec![0.0; y.len()];
        let all = Shape::Line { x, y, band: None, cross: None, thin: false };
        let mut value = axes::metric(metric, &label::metric(metric), [series(0, all)].iter());
        let foot = with_foot(&mut value, groups.iter().any(|group| matches!(group, Group::Failed | Group::Pruned)));
        Self { results, fields: fields(results), groups, value, foot }
    }

    /// The column of the value in the table of the page; 0 is the number of the trial, then come the fields.
    pub(in crate::report) fn value_column(&self) -> usize {
        self.fields.len() + 1
    }

    /// The value of a column for a trial; NaN where it has none.
    pub(in crate::report) fn at(&self, column: usize, trial: &Trial) -> f64 {
        match column.checked_sub(1) {
            None => trial.trial as f64,
            Some(index) => match self.fields.get(index) {
                Some(field) => field.place(trial.settings.get(&field.path)),
                None => trial.value,
            },
        }
    }

    /// Its axis.
    pub(in crate::report) fn axis(&self, column: usize) -> Axis {
        match column.checked_sub(1) {
            None => self.turns(),
            Some(index) => self.fields.get(index).map_or_else(|| self.value.clone(), |field| field.axis.clone()),
        }
    }

    /// The axis of the numbers of the trials.
    fn turns(&self) -> Axis {
        let last = self.results.trials.iter().map(|trial| trial.trial).max().unwrap_or(0);
        if last < 10 {
            // So few would get ticks between them.
            return Axis::named("trial", (0..=last).map(|number| number.to_string()).collect());
        }
        let last = last as f64;
        let margin = (0.015 * last).max(0.5);
        let end = axes::steps(last).range[1];
        Axis::linear("trial", "", [-margin, end.max(last + margin)])
    }

    /// The trials as points over two columns, a series a group; a group has the key of its place in `legend`. Where a
    /// group has more than `most`, every k-th by rank.
    pub(super) fn clouds(&self, columns: [usize; 2], most: usize) -> Vec<Series> {
        let mut out = Vec::new();
        let foot = (columns[1] == self.value_column()).then_some(self.foot);
        let keys = self.present();
        for group in Group::DRAWN.into_iter().filter(|group| keys.contains(group)) {
            let key = keys.iter().position(|other| *other == group).unwrap_or(0);
            let (mut x, mut y) = (Vec::new(), Vec::new());
            let trials = || self.results.trials.iter().zip(&self.groups).filter(|(_, other)| **other == group);
            let every = if group == Group::Best { 1 } else { trials().count().div_ceil(most).max(1) };
            for (trial, _) in trials().step_by(every) {
                let at = columns.map(|column| {
                    let place = self.at(column, trial);
                    let field = column.checked_sub(1).and_then(|index| self.fields.get(index));
                    if field.is_some_and(Field::has_choices) { place + jitter(trial.trial, column) } else { place }
                });
                x.push(at[0]);
                y.push(foot.filter(|_| !at[1].is_finite()).unwrap_or(at[1]));
            }
            let cloud = Cloud { x, y, columns, group: group.letter(), every, foot };
            out.push(series(key, Shape::Cloud(cloud)));
        }
        out
    }

    /// The groups that have trials.
    fn present(&self) -> Vec<Group> {
        Group::ALL.into_iter().filter(|group| self.groups.contains(group)).collect()
    }

    /// The entries of a legend for `clouds`.
    pub(super) fn legend(&self) -> Vec<Key> {
        let best = self.groups.iter().filter(|&&group| group == Group::Best).count();
        self.present().into_iter().map(|group| group.key(best)).collect()
    }

    /// Data, seeds, and how many trials became what.
    pub(super) fn caption(&self) -> String {
        let count = |of: &[Group]| self.groups.iter().filter(|group| of.contains(group)).count();
        let parts = [
            (count(&[Group::Best, Group::Complete]), "complete"),
            (count(&[Group::Pruned]), "pruned"),
            (count(&[Group::Failed]), "failed"),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", label::whole(*n))).collect();
        let trials = label::count(self.results.trials.len(), "trial", "trials");
        let each = match self.results.search.as_ref().map_or(1, |search| search.trainings) {
            0 | 1 => String::new(),
            n => format!("; the value of a trial is the mean of {n} trainings"),
        };
        format!("{}. {trials}: {}{each}.", origin(self.results), parts.join(", "))
    }
}

/// Sideways, so that trials of one choice do not lie on each other: the same at every drawing, and known to `search.js`.
pub(super) fn jitter(trial: usize, column: usize) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let turns = (trial + 1) as f64 * GOLDEN * (1.0 + column as f64);
    0.6 * (turns.fract() - 0.5)
}

pub(in crate::report) fn is_finished(trial: &Trial) -> bool {
    trial.state == "complete" && trial.value.is_finite()
}

pub(super) fn series(key: usize, shape: Shape) -> Series {
    Series { key, note: String::new(), shape }
}

/// Room for whole markers at the edges, and a place for what has no value at the lower one.
fn with_foot(axis: &mut Axis, needed: bool) -> f64 {
    let [low, high] = axis.range;
    let share = if needed { 0.07 } else { 0.02 };
    axis.range = match axis.scale {
        Scale::Linear => [low - share * (high - low), high + 0.02 * (high - low)],
        Scale::Log => [low / (high / low).powf(share), high],
    };
    axis.value(0.03)
}
