//! Rows of MNIST from the raw IDX files.

use crate::task::Experiment;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use std::fs;
use std::path::Path;

/// Inputs, 784 a row, pixels / 255; and a label a row.
pub struct Rows {
    pub x: Vec<f32>,
    pub t: Vec<u8>,
}

const WIDTH: usize = 784;

impl Rows {
    /// `part` is "train" or "t10k".
    pub(crate) fn read(folder: &Path, part: &str) -> Self {
        let read = |kind: &str, header: usize| {
            let path = folder.join(format!("{part}-{kind}-ubyte"));
            let mut bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            bytes.split_off(header)
        };
        let x = read("images-idx3", 16).into_iter().map(|pixel| f32::from(pixel) / 255.0).collect();
        Self { x, t: read("labels-idx1", 8) }
    }

    fn take(&self, rows: &[usize]) -> Self {
        let x = rows.iter().flat_map(|row| &self.x[row * WIDTH..][..WIDTH]).copied().collect();
        Self { x, t: rows.iter().map(|&row| self.t[row]).collect() }
    }

    /// Training rows and held-out ones of an experiment.
    pub(crate) fn of(experiment: &Experiment, folder: &Path, rng: &mut SmallRng) -> (Self, Option<Self>) {
        let train = Self::read(folder, "train");
        let mut order: Vec<usize> = (0..experiment.train_rows).collect();
        match experiment.held_out.as_deref() {
            Some("validation") => {
                order = (0..500).collect();
                order.shuffle(rng);
                (train.take(&order[100..]), Some(train.take(&order[..100])))
            }
            Some("test") => (train.take(&order), Some(Self::read(folder, "t10k"))),
            _ => (train.take(&order), None),
        }
    }
}
