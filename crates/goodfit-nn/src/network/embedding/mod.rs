//! Embeddings in a network: where their parameters lie, how they are drawn, and a training step through them.
//!
//! Shapes: N rows, M members of an ensemble (1 without one), D inputs, E outputs.
#![allow(clippy::inline_always, reason = "the loops are compiled into the kernels' dispatch by instruction set")]

mod column;
mod levels;
mod numeric;

use numeric::{Numeric, NumericRoom};

use super::members::{fold, repeat};
use super::plan::{Kind, Plan};
use super::rows::part_length;
use crate::kernels::{Member, share};
use crate::layers::{Embedding, LevelColumn};
use crate::trainer::update::Update;
use crate::{Float, Init, Purpose, Stream};

/// Streams of initial values from this index on are those of embeddings: of numbers, then of each column of levels.
const STREAMS: u64 = 1 << 32;

/// The embeddings of a plan.
#[derive(Clone, Debug)]
pub(crate) struct Embeddings {
    /// D
    inputs: usize,
    /// E
    pub(crate) outputs: usize,
    /// Inputs that pass, in front of the outputs.
    passed: Vec<usize>,
    numeric: Option<Numeric>,
    /// Each with its weights' place among the parameters.
    levels: Vec<(LevelColumn, usize)>,
}

impl Embeddings {
    /// Puts the parameters into a plan.
    pub(crate) fn add(spec: &Embedding, plan: &mut Plan) -> Self {
        let numeric = spec.numeric.as_ref().map(|columns| Numeric::add(columns, plan));
        let add = |(i, column): (usize, &LevelColumn)| {
            let shape = vec![column.levels, column.size];
            (*column, plan.add_parameter(format!("level_embedding{}.weight", i + 1), Kind::Weight, shape))
        };
        let levels = spec.levels.iter().enumerate().map(add).collect();
        let (inputs, outputs) = (plan.inputs, spec.outputs(plan.inputs));
        Self { inputs, outputs, passed: spec.passed(inputs).collect(), numeric, levels }
    }

    /// Draws the scales of members, M x E: for each member one from N(0, 1) for all values that an input puts out.
    pub(crate) fn draw_scales<T: Float>(&self, scales: &mut [T], stream: &mut Stream) {
        let passed = self.passed.iter().map(|_| 1);
        let numeric = self.numeric.iter().flat_map(Numeric::sizes);
        let sizes = || passed.clone().chain(numeric.clone()).chain(self.levels.iter().map(|(column, _)| column.size));
        for own in scales.chunks_mut(self.outputs) {
            let mut rest = own;
            for size in sizes() {
                take(&mut rest, size).fill(T::from_f64(stream.normal()));
            }
        }
    }

    /// Draws the initial values.
    pub(crate) fn draw<T: Float>(&self, plan: &Plan, values: &mut [T], seed: u64) {
        let stream = |index| Stream::new(seed, Purpose::Init, STREAMS + index);
        if let Some(numeric) = &self.numeric {
            numeric.draw(plan, values, &mut stream(0));
        }
        for (i, (column, weight)) in self.levels.iter().enumerate() {
            let values = &mut values[plan.parameters[*weight].range.clone()];
            Init::Std(1.0).fill(values, column.levels, column.size, &mut stream(1 + i as u64));
        }
    }
}

/// Buffers of the embeddings, for batches of up to a number of rows.
#[derive(Clone, Debug)]
pub(crate) struct EmbeddingRoom<T> {
    /// Where there are embedded numbers.
    numeric: Option<NumericRoom<T>>,
    /// The outputs, M N x E, member by member.
    outputs: Vec<T>,
}

impl<T: Float> EmbeddingRoom<T> {
    /// Buffers for batches of up to `rows` rows, put out once for each member.
    pub(crate) fn new(embeddings: &Embeddings, members: usize, rows: usize) -> Self {
        let numeric = embeddings.numeric.as_ref().map(|numeric| NumericRoom::new(numeric, rows));
        Self { numeric, outputs: vec![T::ZERO; members * rows * embeddings.outputs] }
    }

    /// Makes room for so many threads.
    pub(crate) fn for_threads(&mut self, n_threads: usize) {
        if let Some(numeric) = &mut self.numeric {
            numeric.for_threads(n_threads);
        }
    }

    /// The outputs, M N x E, of the last forward pass.
    pub(crate) fn outputs(&self, n_values: usize) -> &[T] {
        &self.outputs[..n_values]
    }

    /// Embeds N rows of inputs; returns M N x E, the same for each member, to be changed in place by dropout.
    pub(crate) fn forward(
        &mut self,
        (plan, embeddings): (&Plan, &Embeddings),
        member: Option<&Member>,
        values: &[T],
        inputs: &[T],
    ) -> &mut [T] {
        let n = inputs.len() / embeddings.inputs;
        let width = embeddings.outputs;
        if let (Some(numeric), Some(room)) = (&embeddings.numeric, &mut self.numeric) {
            numeric.forward(plan, room, member, values, (inputs, n));
        }
        let all = &mut self.outputs[..plan.members() * n * width];
        let outputs = &mut all[..n * width];
        let numeric = embeddings.numeric.as_ref().zip(self.numeric.as_ref());
        let length = part_length(member, n, width);
        let n_part = length / width;
        let parts = outputs.chunks_mut(length).zip(inputs.chunks(n_part * embeddings.inputs)).enumerate();
        share(member, parts, |(part, (outputs, inputs))| {
            let rows = outputs.chunks_exact_mut(width).zip(inputs.chunks_exact(embeddings.inputs)).enumerate();
            for (i, (output, input)) in rows {
                let mut rest = output;
                for (output, &passed) in take(&mut rest, embeddings.passed.len()).iter_mut().zip(&embeddings.passed) {
                    *output = input[passed];
                }
                if let Some((numeric, room)) = numeric {
                    numeric.write_row(take(&mut rest, numeric.outputs()), room, (part * n_part + i, n));
                }
                for (column, weight) in &embeddings.levels {
                    let output = take(&mut rest, column.size);
                    match column.level_of(input[column.input]) {
                        Some(level) => {
                            let weights = &values[plan.parameters[*weight].range.clone()];
                            output.copy_from_slice(&weights[level * column.size..][..column.size]);
                        }
                        None => output.fill(T::ZERO),
                    }
                }
            }
        });
        repeat(all, plan.members())
    }

    /// From the gradient `d` (M N x E, overwritten) by the outputs those by all parameters, each handed to `update`.
    pub(crate) fn backward(
        &mut self,
        (plan, embeddings): (&Plan, &Embeddings),
        update: &mut Update<'_, T>,
        inputs: &[T],
        d: &mut [T],
    ) {
        let width = embeddings.outputs;
        let d = &*fold(d, plan.members());
        let mut first = embeddings.passed.len();
        if let (Some(numeric), Some(room)) = (&embeddings.numeric, &mut self.numeric) {
            numeric.backward(plan, room, update, (d, first, width));
            first += numeric.outputs();
        }
        for (column, weight) in &embeddings.levels {
            let member = update.member;
            update.one(plan, *weight, |dw| {
                levels::backward(dw, column, member, (inputs, embeddings.inputs), (d, first, width));
            });
            first += column.size;
        }
    }
}

/// Cuts the first values off.
#[allow(clippy::mut_mut, reason = "what is left stands in the caller's place")]
fn take<'a, T>(from: &mut &'a mut [T], n: usize) -> &'a mut [T] {
    let (head, rest) = std::mem::take(from).split_at_mut(n);
    *from = rest;
    head
}
