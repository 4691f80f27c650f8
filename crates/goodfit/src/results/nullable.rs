//! Numbers that may not be finite: `null` in JSON, NaN in memory.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
pub(super) fn serialize<S: Serializer>(x: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    finite(*x).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// The same for lists.
pub(super) mod list {
    use super::{Deserialize, Deserializer, Serializer, finite};

    pub(in crate::results) fn serialize<S: Serializer>(list: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|&x| finite(x)))
    }

    pub(in crate::results) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        let list = Vec::<Option<f64>>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|x| x.unwrap_or(f64::NAN)).collect())
    }
}

/// The same for a pair.
pub(super) mod pair {
    use super::{Deserialize, Deserializer, Serialize, Serializer, finite};

    pub(in crate::results) fn serialize<S: Serializer>(pair: &[f64; 2], serializer: S) -> Result<S::Ok, S::Error> {
        pair.map(finite).serialize(serializer)
    }

    pub(in crate::results) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[f64; 2], D::Error> {
        Ok(<[Option<f64>; 2]>::deserialize(deserializer)?.map(|x| x.unwrap_or(f64::NAN)))
    }
}

/// The same for values by name.
pub(super) mod map {
    use std::collections::BTreeMap;

    use super::{Deserialize, Deserializer, Serializer, finite};

    pub(in crate::results) fn serialize<S: Serializer>(
        map: &BTreeMap<String, f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(map.iter().map(|(name, &x)| (name, finite(x))))
    }

    pub(in crate::results) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, f64>, D::Error> {
        let map = BTreeMap::<String, Option<f64>>::deserialize(deserializer)?;
        Ok(map.into_iter().map(|(name, x)| (name, x.unwrap_or(f64::NAN))).collect())
    }
}
