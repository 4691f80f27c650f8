//! Embedded numbers: their parameters, and the columns one after the other, shared out among threads.
//!
//! Shapes: N rows, F columns, K values that a number is encoded by, S outputs of the linear map, C frequencies, B bins.

use std::f64::consts::PI;

use super::column::{Forward, Gradients, Values, backward, forward, held};
use super::take;
use crate::kernels::{self, Member, n_parts, share};
use crate::layers::{NumericColumns, NumericEmbedding};
use crate::network::plan::{Kind, Plan};
use crate::trainer::update::Update;
use crate::{Activation, Float, Stream};

/// Multiply-adds, waves counted as several, that are worth another thread.
const SHARED_WORK: usize = 1 << 18;
/// Edges run evenly from -`EDGE` to `EDGE` until they are set.
const EDGE: f64 = 3.0;

/// The columns, and where their parameters stand among those of the plan.
#[derive(Clone, Debug)]
pub(super) struct Numeric {
    columns: NumericColumns,
    /// F x (B + 1)
    edges: Option<usize>,
    /// F x C
    frequencies: Option<usize>,
    /// F x C
    phases: Option<usize>,
    /// F x K x S
    weight: usize,
    /// F x S
    bias: usize,
}

/// Buffers, column after column.
#[derive(Clone, Debug)]
pub(super) struct NumericRoom<T> {
    /// The numbers, F x N.
    x: Vec<T>,
    /// What they are encoded by, F x N x K; of bins only the bin and the part of it, F x 2 x N.
    encoded: Vec<T>,
    /// What the linear map puts out, rectified where it is, F x N x S.
    mapped: Vec<T>,
    /// Of bins the sums of the weights below each in the forward pass, of gradients in each in the backward pass, F x B x S.
    sums: Vec<T>,
    /// For each thread: the gradients by `mapped` (N x S) and by `encoded` (N x K) of a column, and what products take.
    scratch: Vec<T>,
    /// Values of `scratch` for one thread.
    room: usize,
}

impl Numeric {
    pub(super) fn add(columns: &NumericColumns, plan: &mut Plan) -> Self {
        let (f, form) = (columns.inputs.len(), columns.form);
        let (k, s) = (form.encoded(), form.mapped());
        let mut add = |part: &str, kind, shape| {
            let parameter = plan.add_parameter(format!("numeric_embedding.{part}"), kind, shape);
            plan.parameters[parameter].learning_rate = columns.learning_rate;
            parameter
        };
        let (edges, frequencies, phases) = match form {
            NumericEmbedding::PiecewiseLinear { bins, .. } => {
                (Some(add("edges", Kind::Fixed, vec![f, bins + 1])), None, None)
            }
            NumericEmbedding::Periodic { frequencies, .. } => {
                (None, Some(add("frequencies", Kind::Scale, vec![f, frequencies])), None)
            }
            NumericEmbedding::PeriodicWithPhases { frequencies, .. } => (
                None,
                Some(add("frequencies", Kind::Scale, vec![f, frequencies])),
                Some(add("phases", Kind::Shift, vec![f, frequencies])),
            ),
        };
        let weight = add("weight", Kind::Weight, vec![f, k, s]);
        let bias = add("bias", Kind::Bias, vec![f, s]);
        Self { columns: columns.clone(), edges, frequencies, phases, weight, bias }
    }

    pub(super) fn draw<T: Float>(&self, plan: &Plan, values: &mut [T], stream: &mut Stream) {
        let mut fill = |parameter: Option<usize>, draw: &mut dyn FnMut(&mut Stream) -> f64| {
            if let Some(parameter) = parameter {
                values[plan.parameters[parameter].range.clone()].fill_with(|| T::from_f64(draw(stream)));
            }
        };
        let mut edges = 0_usize..;
        match self.columns.form {
            NumericEmbedding::PiecewiseLinear { bins, .. } => fill(self.edges, &mut |_| {
                let edge = edges.next().unwrap_or_default() % (bins + 1);
                EDGE * (2.0 * edge as f64 - bins as f64) / bins as f64
            }),
            NumericEmbedding::Periodic { std, .. } | NumericEmbedding::PeriodicWithPhases { std, .. } => {
                fill(self.frequencies, &mut |stream| std * stream.normal());
                fill(self.phases, &mut |stream| PI * (2.0 * stream.uniform() - 1.0));
            }
        }
        let limit = (self.columns.form.encoded() as f64).sqrt().recip();
        for parameter in [self.weight, self.bias] {
            fill(Some(parameter), &mut |stream| limit * (2.0 * stream.uniform() - 1.0));
        }
    }

    /// Outputs of all columns.
    pub(super) fn outputs(&self) -> usize {
        self.columns.inputs.len() * self.columns.form.size()
    }

    /// Those of each column.
    pub(super) fn sizes(&self) -> impl Iterator<Item = usize> + Clone {
        std::iter::repeat_n(self.columns.form.size(), self.columns.inputs.len())
    }

    /// Columns of one of the parts in which the threads of a team share them.
    fn part(&self, member: Option<&Member>, n: usize, most: usize) -> usize {
        let (f, form) = (self.columns.inputs.len(), self.columns.form);
        let work = match form {
            NumericEmbedding::PiecewiseLinear { .. } => 4 * form.mapped(),
            NumericEmbedding::Periodic { .. } | NumericEmbedding::PeriodicWithPhases { .. } => {
                form.encoded() * (form.mapped() + 8)
            }
        };
        f.div_ceil(n_parts(member, f * n * work, SHARED_WORK).min(most)).max(1)
    }

    /// The parameters of column f.
    fn values<'a, T>(&self, plan: &Plan, values: &'a [T], f: usize) -> Values<'a, T> {
        let of = |parameter: usize| {
            let all = &values[plan.parameters[parameter].range.clone()];
            let own = all.len() / self.columns.inputs.len();
            &all[f * own..(f + 1) * own]
        };
        Values {
            edges: self.edges.map_or(&[], of),
            frequencies: self.frequencies.map_or(&[], of),
            phases: self.phases.map(of),
            weight: of(self.weight),
            bias: of(self.bias),
        }
    }

    /// Embeds the numbers of N rows of inputs; [`Numeric::write_row`] brings them together by rows.
    pub(super) fn forward<T: Float>(
        &self,
        plan: &Plan,
        room: &mut NumericRoom<T>,
        member: Option<&Member>,
        values: &[T],
        (inputs, n): (&[T], usize),
    ) {
        let (f, form) = (self.columns.inputs.len(), self.columns.form);
        let (e, s) = (held(form), form.mapped());
        let n_inputs = inputs.len() / n;
        for (x, &input) in room.x[..f * n].chunks_exact_mut(n).zip(&self.columns.inputs) {
            for (x, row) in x.iter_mut().zip(inputs.chunks_exact(n_inputs)) {
                *x = row[input];
            }
        }
        let part = self.part(member, n, room.scratch.len() / room.room);
        let mut rest = (&mut room.encoded[..f * n * e], &mut room.mapped[..f * n * s], &mut room.sums[..]);
        let n_sums = rest.2.len() / f;
        let parts = room.x[..f * n].chunks(part * n).zip(room.scratch.chunks_mut(room.room)).enumerate();
        let parts = parts.map(|(i, (x, scratch))| {
            let columns = x.len() / n;
            let encoded = take(&mut rest.0, columns * n * e);
            let mapped = take(&mut rest.1, columns * n * s);
            (i * part, Forward { x, encoded, mapped, sums: take(&mut rest.2, columns * n_sums) }, scratch)
        });
        share(member, parts, |(first, mut rest, scratch)| {
            for (i, x) in rest.x.chunks_exact(n).enumerate() {
                let encoded = take(&mut rest.encoded, n * e);
                let mapped = take(&mut rest.mapped, n * s);
                let own = Forward { x, encoded, mapped, sums: take(&mut rest.sums, n_sums) };
                forward(form, own, self.values(plan, values, first + i), scratch);
            }
        });
    }

    /// Writes the outputs of all columns in one row.
    pub(super) fn write_row<T: Float>(&self, output: &mut [T], room: &NumericRoom<T>, (row, n): (usize, usize)) {
        let form = self.columns.form;
        let (size, s, passed) = (form.size(), form.mapped(), form.passed());
        for (f, output) in output.chunks_exact_mut(size).enumerate() {
            if passed > 0 {
                output[0] = room.x[f * n + row];
            }
            output[passed..].copy_from_slice(&room.mapped[(f * n + row) * s..][..s]);
        }
    }

    /// From the gradient `d` by the outputs, which stand from column `first` of N x `width` on, those by the parameters.
    pub(super) fn backward<T: Float>(
        &self,
        plan: &Plan,
        room: &mut NumericRoom<T>,
        update: &mut Update<'_, T>,
        (d, first, width): (&[T], usize, usize),
    ) {
        let (f, form, n) = (self.columns.inputs.len(), self.columns.form, d.len() / width);
        let (e, s, size) = (held(form), form.mapped(), form.size());
        let member = update.member;
        let range = |parameter: Option<usize>| parameter.map_or(0..0, |p| plan.parameters[p].range.clone());
        let trained = [self.frequencies, self.phases, Some(self.weight), Some(self.bias)];
        let [mut dfrequencies, mut dphases, mut dweight, mut dbias] =
            update.gradients.get_disjoint_mut(trained.map(range)).expect("parameters lie apart");
        let lengths = [&dfrequencies, &dphases, &dweight, &dbias].map(|all| all.len() / f);
        let part = self.part(member, n, room.scratch.len() / room.room);
        let (x, encoded, mapped) = (&room.x[..f * n], &room.encoded[..f * n * e], &room.mapped[..f * n * s]);
        let mut sums = &mut room.sums[..];
        let n_sums = sums.len() / f;
        let parts = (0..f).step_by(part).zip(room.scratch.chunks_mut(room.room)).map(|(column, scratch)| {
            let columns = part.min(f - column);
            let gradients = Gradients {
                frequencies: take(&mut dfrequencies, columns * lengths[0]),
                phases: take(&mut dphases, columns * lengths[1]),
                weight: take(&mut dweight, columns * lengths[2]),
                bias: take(&mut dbias, columns * lengths[3]),
            };
            (column..column + columns, gradients, take(&mut sums, columns * n_sums), scratch)
        });
        let values = &*update.values;
        share(member, parts, |(columns, mut rest, mut sums, scratch)| {
            let (dy, scratch) = scratch.split_at_mut(n * s);
            for column in columns {
                let y = &mapped[column * n * s..][..n * s];
                let from = first + column * size + form.passed();
                for (dy, d) in dy.chunks_exact_mut(s).zip(d.chunks_exact(width)) {
                    dy.copy_from_slice(&d[from..from + s]);
                }
                if form.is_rectified() {
                    Activation::Relu.backward(dy, y, y);
                }
                let own = Gradients {
                    frequencies: take(&mut rest.frequencies, lengths[0]),
                    phases: take(&mut rest.phases, lengths[1]),
                    weight: take(&mut rest.weight, lengths[2]),
                    bias: take(&mut rest.bias, lengths[3]),
                };
                let (x, encoded) = (&x[column * n..][..n], &encoded[column * n * e..][..n * e]);
                let sums = take(&mut sums, n_sums);
                backward(form, own, dy, (x, encoded), self.values(plan, values, column), (sums, scratch));
            }
        });
        for parameter in trained.into_iter().flatten() {
            update.apply(&plan.parameters[parameter]);
        }
    }
}

impl<T: Float> NumericRoom<T> {
    pub(super) fn new(numeric: &Numeric, rows: usize) -> Self {
        let (f, form) = (numeric.columns.inputs.len(), numeric.columns.form);
        let (k, s) = (form.encoded(), form.mapped());
        let (n_sums, room) = match form {
            NumericEmbedding::PiecewiseLinear { bins, .. } => (bins * s, rows * s),
            NumericEmbedding::Periodic { .. } | NumericEmbedding::PeriodicWithPhases { .. } => {
                let products = [(rows, s, k), (rows, k, s), (k, s, rows)];
                let product = products.map(|(m, n, k)| kernels::matmul_scratch(m, n, k)).into_iter().max();
                (0, rows * (s + k) + product.unwrap_or(0))
            }
        };
        Self {
            x: vec![T::ZERO; f * rows],
            encoded: vec![T::ZERO; f * rows * held(form)],
            mapped: vec![T::ZERO; f * rows * s],
            sums: vec![T::ZERO; f * n_sums],
            scratch: vec![T::ZERO; room],
            room,
        }
    }

    pub(super) fn for_threads(&mut self, n_threads: usize) {
        self.scratch.resize(self.room * n_threads, T::ZERO);
    }
}
