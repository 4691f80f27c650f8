//! A number as a column of finite numbers and one that says what else it may be.

/// The columns of a number.
pub(in crate::storage) fn columns(value: f64) -> (Option<f64>, &'static str) {
    if value.is_nan() {
        (None, "NAN")
    } else if value == f64::INFINITY {
        (None, "INF_POS")
    } else if value == f64::NEG_INFINITY {
        (None, "INF_NEG")
    } else {
        (Some(value), "FINITE")
    }
}

/// The number of the columns; `None` when they are none.
pub(in crate::storage) fn value(value: Option<f64>, kind: &str) -> Option<f64> {
    match kind {
        "FINITE" => value,
        "INF_POS" => Some(f64::INFINITY),
        "INF_NEG" => Some(f64::NEG_INFINITY),
        "NAN" => Some(f64::NAN),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for x in [0.0, -1e308, 5e-324, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            let (column, kind) = columns(x);
            assert_eq!(value(column, kind).map(f64::to_bits), Some(x.to_bits()));
        }
        assert_eq!(value(None, "FINITE"), None);
        assert_eq!(value(Some(1.0), "OTHER"), None);
    }
}
