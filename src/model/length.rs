//! How long something waits: by the clock, or in business days.

use crate::value::{DAY, Duration};
use std::fmt;

/// How long a transition, a round or a task waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Length {
    /// By the clock.
    Time(Duration),
    /// Until the same time of day so many business days later.
    BusinessDays(u32),
}

impl Length {
    /// The least time it takes by the clock: business days that follow each other.
    #[must_use]
    pub fn least(self) -> Duration {
        match self {
            Length::Time(time) => time,
            Length::BusinessDays(days) => Duration(i64::from(days) * DAY),
        }
    }

    /// The time it takes by the clock; none where that depends on the day it begins.
    #[must_use]
    pub fn fixed(self) -> Option<Duration> {
        match self {
            Length::Time(time) => Some(time),
            Length::BusinessDays(_) => None,
        }
    }

    /// Whether it is over before the other in any case, both counted from the same moment.
    #[must_use]
    pub fn surely_before(self, other: Length) -> bool {
        match (self, other) {
            (Length::Time(this), other) => this < other.least(),
            (Length::BusinessDays(this), Length::BusinessDays(other)) => this < other,
            (Length::BusinessDays(_), Length::Time(_)) => false,
        }
    }
}

impl fmt::Display for Length {
    /// As it is written: `2 weeks`, `5 business days`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Length::Time(time) => time.fmt(f),
            Length::BusinessDays(1) => f.write_str("1 business day"),
            Length::BusinessDays(days) => write!(f, "{days} business days"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_surely_over_first() {
        let (days, business) = (|days| Length::Time(Duration::days(days)), Length::BusinessDays);
        assert!(days(4).surely_before(business(5)) && !days(5).surely_before(business(5)));
        assert!(!business(1).surely_before(days(90)) && business(4).surely_before(business(5)));
        assert_eq!(
            (business(1).to_string(), business(2).to_string()),
            ("1 business day".into(), "2 business days".into())
        );
    }
}
