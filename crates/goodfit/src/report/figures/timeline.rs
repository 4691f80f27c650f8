//! Activations epoch by epoch: the moments that a page steps through, and a still picture of some of them.

use super::histograms::{at_end, caption, panel, pool, top};
use crate::figure::{Figure, Key, Panel};
use crate::results::{Arm, LayerActivations, Results};

/// Moments of one panel, and of all panels of a figure together: what keeps a report small.
const MOST_MOMENTS: usize = 60;
const MOST_IN_A_FIGURE: usize = 3000;

/// Rows of the still picture of an arm.
const MOST_ROWS: usize = 6;

/// More arms than this get no still pictures over time; the page still steps through their epochs.
const MOST_ARMS: usize = 12;

/// The layers of an arm at one time, its runs together.
pub(super) struct At {
    /// `epoch 3, step 119`; the step is that of the epoch's last update, counted from 0.
    pub(super) name: String,
    pub(super) layers: Vec<LayerActivations>,
}

/// How many moments each of so many panels may have.
pub(super) fn most_moments(panels: usize) -> usize {
    (MOST_IN_A_FIGURE / panels.max(1)).clamp(2, MOST_MOMENTS)
}

/// The epochs that the longest run of an arm has recorded.
pub(super) fn n_epochs(arm: &Arm) -> usize {
    arm.runs.iter().map(|run| run.epochs.len()).max().unwrap_or(0)
}

/// The arm at up to `most` of its epochs, evenly spread, the first and the last among them; and at the
/// end, where that is another state than after the last epoch (early stopping gives back the best weights).
pub(super) fn of(arm: &Arm, most: usize) -> Vec<At> {
    let n_epochs = n_epochs(arm);
    let mut out: Vec<At> = spread(n_epochs, most).map(|epoch| after(arm, epoch)).collect();
    let end = at_end(arm);
    if out.last().is_some_and(|last| last.layers != end) {
        out.push(At { name: "end".to_owned(), layers: end });
    }
    out
}

/// The layers after an epoch, over the runs that came so far.
fn after(arm: &Arm, epoch: usize) -> At {
    let reached = || arm.runs.iter().filter_map(move |run| run.epochs.get(epoch));
    let layers = reached().map(|epoch| epoch.layers.len()).max().unwrap_or(0);
    let step = reached().map(|epoch| epoch.step).max().unwrap_or(0);
    At {
        name: format!("epoch {}, step {step}", epoch + 1),
        layers: (0..layers).map(|layer| pool(reached().filter_map(|epoch| epoch.layers.get(layer)))).collect(),
    }
}

/// At most `most` of `0..n`, evenly spread, both ends among them.
fn spread(n: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = n.min(most);
    (0..count).map(move |i| if count < 2 { i } else { (i * (n - 1) + (count - 1) / 2) / (count - 1) })
}

/// A figure an arm: a row of panels an epoch, a column a layer, all on one scale.
pub(super) fn small_multiples(results: &Results, arms: &[&Arm]) -> Vec<Figure> {
    let with_epochs: Vec<&&Arm> = arms.iter().filter(|arm| n_epochs(arm) > 1).collect();
    if with_epochs.len() > MOST_ARMS {
        return Vec::new();
    }
    with_epochs.into_iter().map(|arm| figure(results, arm)).collect()
}

fn figure(results: &Results, arm: &Arm) -> Figure {
    let rows = of(arm, MOST_ROWS);
    let top = top(rows.iter().map(|at| at.layers.as_slice()));
    let layers = rows.iter().map(|at| at.layers.len()).max().unwrap_or(0);
    let blank = LayerActivations::default();
    let panels: Vec<Panel> = rows
        .iter()
        .flat_map(|at| (0..layers).map(move |layer| (at, layer)))
        .map(|(at, layer)| {
            let title = format!("{}, layer {}", at.name, layer + 1);
            panel(title, at.layers.get(layer).unwrap_or(&blank), top, Vec::new())
        })
        .collect();
    let n_epochs = n_epochs(arm);
    let shown = if n_epochs > MOST_ROWS { format!(" {MOST_ROWS} of {n_epochs} epochs.") } else { String::new() };
    Figure {
        name: format!("activations over training {}", arm.name),
        title: format!("Activations over training: {}", arm.name),
        caption: caption(results, &[arm], "in all panels", &shown),
        columns: layers.max(1),
        legend: vec![Key::nth(0, "")],
        panels,
    }
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn both_ends_are_among_what_is_spread() {
        let of = |n, most| spread(n, most).collect::<Vec<_>>();
        assert_eq!(of(0, 6), Vec::<usize>::new());
        assert_eq!(of(1, 6), [0]);
        assert_eq!(of(4, 6), [0, 1, 2, 3]);
        assert_eq!(of(20, 6), [0, 4, 8, 11, 15, 19]);
        assert_eq!(of(100, 2), [0, 99]);
    }
}
