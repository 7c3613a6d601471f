//! Whole numbers that are wider than numbers in JSON can be: those that do not fit travel as text.
//!
//! Parts of a simulation are put together exactly, and the squares of a hundred thousand lengths of time in seconds are more
//! than 64 bits hold.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::Display;
use std::str::FromStr;

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Number(i64),
    Text(String),
}

impl Stored {
    fn of<T: Copy + Display + TryInto<i64>>(value: T) -> Stored {
        value.try_into().map_or_else(|_| Stored::Text(value.to_string()), Stored::Number)
    }

    fn read<T: FromStr, E: serde::de::Error>(self) -> Result<T, E> {
        let text = match self {
            Stored::Number(number) => number.to_string(),
            Stored::Text(text) => text,
        };
        text.parse().map_err(|_| E::custom("a whole number is expected"))
    }
}

/// Writes one number.
pub(super) fn serialize<T: Copy + Display + TryInto<i64>, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    Stored::of(*value).serialize(to)
}

/// Reads one number.
pub(super) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    Stored::deserialize(from)?.read()
}

/// The same of pairs whose first number is wide.
pub(super) mod pairs {
    use super::Stored;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the pairs.
    pub fn serialize<S: Serializer>(pairs: &[(i128, i64)], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(pairs.iter().map(|(wide, other)| (Stored::of(*wide), other)))
    }

    /// Reads them.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(i128, i64)>, D::Error> {
        let stored: Vec<(Stored, i64)> = Vec::deserialize(from)?;
        stored.into_iter().map(|(wide, other)| Ok((wide.read()?, other))).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sums {
        #[serde(with = "super")]
        sum: i128,
        #[serde(with = "super")]
        squares: u128,
        #[serde(with = "super::pairs")]
        stretches: Vec<(i128, i64)>,
    }

    #[test]
    fn numbers_of_any_width_come_back() {
        for sums in [
            Sums { sum: -5, squares: 7, stretches: vec![(3, 4)] },
            Sums { sum: i128::MIN, squares: u128::MAX, stretches: vec![(i128::MAX, i64::MIN)] },
        ] {
            let written = serde_json::to_value(&sums).unwrap();
            assert_eq!(serde_json::from_value::<Sums>(written).unwrap(), sums);
        }
        let written = serde_json::to_string(&Sums { sum: -5, squares: 7, stretches: vec![(3, 4)] }).unwrap();
        assert_eq!(written, r#"{"sum":-5,"squares":7,"stretches":[[3,4]]}"#);
        assert!(serde_json::from_str::<Sums>(r#"{"sum":"x","squares":7,"stretches":[]}"#).is_err());
    }
}
