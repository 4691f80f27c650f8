//! What the trials of a search show besides the best one: numbers for whoever words them.

mod best;
mod edges;
mod split;
mod unconnected;

pub use best::{Lead, NearBest, lead, near_best};
pub use edges::{Edge, edges};
pub use split::{Split, splits};
pub use unconnected::{Effect, effects};

/// An end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The lower one.
    Low,
    /// The upper one.
    High,
}

#[cfg(test)]
mod tests {
    use crate::samplers::Random;
    use crate::{History, Observed, Request, Sampler, Seen, Space, Streams, Value};

    /// Random trials that end as a function says.
    pub(super) fn study(space: &Space, n: u64, seed: u64, seen: impl Fn(u64, &[Option<Value>]) -> Seen) -> History {
        let (mut history, streams) = (History::new(), Streams::new(seed));
        let drawn = Random.sample(&Request { space, history: &history, numbers: 0..n, streams }).expect("draws");
        for (number, parameters) in (0..).zip(drawn) {
            let seen = seen(number, parameters.values());
            history.insert(Observed { number, parameters, seen, intermediate: Vec::new() });
        }
        history
    }

    pub(super) fn number(value: Option<Value>) -> f64 {
        match value.expect("it exists") {
            Value::Float(x) => x,
            Value::Int(x) => x as f64,
            Value::Choice(i) => i as f64,
        }
    }
}
