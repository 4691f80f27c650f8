//! What becomes of a gradient: it is stored, or applied at once.

use crate::kernels::{Member, n_parts, share};
use crate::network::plan::{Kind, Parameter, Plan};
use crate::optimizers::{Optimizer, UpdateStep, WeightDecay};
use crate::{Float, kernels, max_norm};

/// Values that move together: they, their gradients and the optimiser's buffers fit the second-level cache.
const PIECE: usize = 1 << 14;

/// The rule by which parameters move in one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) optimizer: Optimizer,
    /// With the schedule's factor.
    pub(crate) learning_rate: f64,
    /// With its schedule's factor.
    pub(crate) decay: WeightDecay,
    /// Multiplies every gradient (clipping).
    pub(crate) gradient_scale: f64,
    /// 1 for the first step.
    pub(crate) step: u64,
}

/// What becomes of the gradients of a step.
///
/// The areas lie over the same ranges: the gradient of a parameter stands in `gradients` where the
/// parameter stands in `values`.
#[derive(Debug)]
pub(crate) struct Update<'a, T> {
    pub(crate) values: &'a mut [T],
    pub(crate) gradients: &'a mut [T],
    /// The optimiser's buffers; those of a parameter lie together, from `n_state * range.start` on, piece after
    /// piece of [`PIECE`] values.
    pub(crate) state: &'a mut [T],
    /// Room for one value per unit of the widest layer.
    pub(crate) units: &'a mut [T],
    /// The place of this training in a team.
    pub(crate) member: Option<&'a Member>,
    /// `None`: the gradients are kept and nothing moves.
    pub(crate) rule: Option<Rule>,
}

impl<T: Float> Update<'_, T> {
    /// The present values of a parameter.
    pub(crate) fn values(&self, plan: &Plan, parameter: usize) -> &[T] {
        &self.values[plan.parameters[parameter].range.clone()]
    }

    /// Computes the gradient of one parameter, then lets it move.
    pub(crate) fn one(&mut self, plan: &Plan, parameter: usize, gradient: impl FnOnce(&mut [T])) {
        let parameter = &plan.parameters[parameter];
        gradient(&mut self.gradients[parameter.range.clone()]);
        self.apply(parameter);
    }

    /// The same where the gradient is computed from the parameter's values, or they are needed once more before it moves.
    pub(crate) fn with_values(&mut self, plan: &Plan, parameter: usize, gradient: impl FnOnce(&mut [T], &[T])) {
        let parameter = &plan.parameters[parameter];
        gradient(&mut self.gradients[parameter.range.clone()], &self.values[parameter.range.clone()]);
        self.apply(parameter);
    }

    /// Computes the gradients of two parameters from the values of both, then lets both move.
    pub(crate) fn two(
        &mut self,
        plan: &Plan,
        first: usize,
        second: usize,
        gradients: impl FnOnce([&mut [T]; 2], [&[T]; 2]),
    ) {
        let (first, second) = (&plan.parameters[first], &plan.parameters[second]);
        let [d_first, d_second] =
            self.gradients.get_disjoint_mut([first.range.clone(), second.range.clone()]).expect("parameters lie apart");
        gradients([d_first, d_second], [first, second].map(|parameter| &self.values[parameter.range.clone()]));
        self.apply(first);
        self.apply(second);
    }

    /// Lets every trained parameter move by its stored gradient.
    pub(crate) fn apply_all(&mut self, plan: &Plan) {
        for parameter in &plan.parameters {
            if parameter.kind.is_trained() {
                self.apply(parameter);
            }
        }
    }

    /// Lets a parameter move by its stored gradient.
    pub(crate) fn apply(&mut self, parameter: &Parameter) {
        let Some(rule) = self.rule else { return };
        let range = parameter.range.clone();
        let n_state = rule.optimizer.n_state();
        let values = &mut self.values[range.clone()];
        let state = &mut self.state[n_state * range.start..n_state * range.end];
        let gradient = &self.gradients[range];
        let step = UpdateStep {
            learning_rate: rule.learning_rate * parameter.learning_rate,
            decay: if parameter.kind == Kind::Weight { rule.decay.scaled(parameter.decay) } else { WeightDecay::None },
            gradient_scale: rule.gradient_scale,
            step: rule.step,
        };
        let pieces = values.len().div_ceil(PIECE).max(1);
        let length = pieces.div_ceil(n_parts(self.member, values.len(), PIECE)) * PIECE;
        let mut state = state;
        let parts = values.chunks_mut(length).zip(gradient.chunks(length)).map(|(values, gradient)| {
            let (own, rest) = std::mem::take(&mut state).split_at_mut(n_state * values.len());
            state = rest;
            (values, own, gradient)
        });
        share(self.member, parts, |(values, mut state, gradient)| {
            for (values, gradient) in values.chunks_mut(PIECE).zip(gradient.chunks(PIECE)) {
                let (own, rest) = state.split_at_mut(n_state * values.len());
                state = rest;
                kernels::vectorised(
                    #[inline(always)]
                    || rule.optimizer.update(values, own, gradient, &step),
                );
            }
        });
        if let (Some(bound), [_, n_units]) = (parameter.max_norm, parameter.shape.as_slice()) {
            max_norm(values, &mut self.units[..*n_units], bound);
        }
    }
}
