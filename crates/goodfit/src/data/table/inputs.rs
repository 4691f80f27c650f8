//! What the inputs of a network are.

/// What the inputs of a network are, where it makes a difference to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputColumns {
    /// How many there are.
    pub n: usize,
    /// Those that are numbers or parts of dates, and no indicators or signs of levels.
    pub numbers: Vec<usize>,
    /// Of the last inputs, which hold the number of a level or -1, how many levels there are.
    pub levels: Vec<usize>,
}

impl InputColumns {
    /// The inputs that hold the number of a level, each with how many levels there are.
    pub fn levels(&self) -> impl Iterator<Item = (usize, usize)> {
        (self.n - self.levels.len()..).zip(self.levels.iter().copied())
    }
}

/// So many inputs that nothing is known of.
impl From<usize> for InputColumns {
    fn from(n: usize) -> Self {
        Self { n, ..Self::default() }
    }
}
