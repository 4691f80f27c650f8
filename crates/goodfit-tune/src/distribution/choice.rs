//! What a categorical parameter chooses from.

use std::fmt;

/// One choice of a categorical parameter: a scalar. What has more structure is given as its text.
#[derive(Clone, Debug)]
pub enum Choice {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
}

/// As they are written down: 1 and 1.0 differ, NaN equals itself.
impl PartialEq for Choice {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            _ => false,
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(x) => write!(f, "{x}"),
            Self::Int(x) => write!(f, "{x}"),
            Self::Float(x) => write!(f, "{x:?}"),
            Self::Text(x) => f.write_str(x),
        }
    }
}

impl From<bool> for Choice {
    fn from(x: bool) -> Self {
        Self::Bool(x)
    }
}

impl From<i64> for Choice {
    fn from(x: i64) -> Self {
        Self::Int(x)
    }
}

impl From<f64> for Choice {
    fn from(x: f64) -> Self {
        Self::Float(x)
    }
}

impl From<&str> for Choice {
    fn from(x: &str) -> Self {
        Self::Text(x.to_owned())
    }
}

impl From<String> for Choice {
    fn from(x: String) -> Self {
        Self::Text(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_differ() {
        assert_ne!(Choice::Int(1), Choice::Float(1.0));
        assert_ne!(Choice::Text("1".to_owned()), Choice::Int(1));
        assert_eq!(Choice::Float(f64::NAN), Choice::Float(f64::NAN));
        assert_eq!(Choice::Float(1.0).to_string(), "1.0");
    }
}
