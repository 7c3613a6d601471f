//! How long something waits: by the clock, or in business time.

use crate::value::{DAY, Duration, Micro};
use std::fmt;

/// How long a transition, a round or a task waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Length {
    /// By the clock.
    Time(Duration),
    /// Until the same time of day so many business days later.
    BusinessDays(u32),
    /// Until so much time within the hours of business days has passed.
    BusinessHours(Duration),
}

impl Length {
    /// The least time it takes by the clock: business days that follow each other, and hours of one day.
    #[must_use]
    pub fn least(self) -> Duration {
        match self {
            Length::Time(time) | Length::BusinessHours(time) => time,
            Length::BusinessDays(days) => Duration(i64::from(days) * DAY),
        }
    }

    /// The time it takes by the clock; none where that depends on the day and hour it begins.
    #[must_use]
    pub fn fixed(self) -> Option<Duration> {
        match self {
            Length::Time(time) => Some(time),
            Length::BusinessDays(_) | Length::BusinessHours(_) => None,
        }
    }

    /// Whether it is over before the other in any case, both counted from the same moment.
    #[must_use]
    pub fn surely_before(self, other: Length) -> bool {
        match (self, other) {
            (Length::Time(this), other) => this < other.least(),
            (Length::BusinessDays(this), Length::BusinessDays(other)) => this < other,
            (Length::BusinessHours(this), Length::BusinessHours(other)) => this < other,
            // How they compare depends on the calendar, and on when they begin.
            (Length::BusinessDays(_) | Length::BusinessHours(_), _) => false,
        }
    }
}

impl fmt::Display for Length {
    /// As it is written: `2 weeks`, `5 business days`, `1.5 business hours`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Length::Time(time) => time.fmt(f),
            Length::BusinessDays(1) => f.write_str("1 business day"),
            Length::BusinessDays(days) => write!(f, "{days} business days"),
            Length::BusinessHours(Duration(3_600)) => f.write_str("1 business hour"),
            Length::BusinessHours(Duration(seconds)) => {
                let hours = (i128::from(*seconds) * i128::from(Micro::ONE.0) + 1_800).div_euclid(3_600);
                write!(f, "{} business hours", Micro(i64::try_from(hours).unwrap_or(i64::MAX)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_surely_over_first() {
        let (days, business) = (|days| Length::Time(Duration::days(days)), Length::BusinessDays);
        let hours = |hours: i64| Length::BusinessHours(Duration(hours * 3_600));
        assert!(days(4).surely_before(business(5)) && !days(5).surely_before(business(5)));
        assert!(!business(1).surely_before(days(90)) && business(4).surely_before(business(5)));
        assert!(days(1).surely_before(hours(25)) && !days(1).surely_before(hours(24)));
        assert!(hours(4).surely_before(hours(5)) && !hours(1).surely_before(days(90)));
        assert!(!hours(1).surely_before(business(5)) && !business(1).surely_before(hours(90)));
    }

    #[test]
    fn written_as_read() {
        let hours = |seconds: i64| Length::BusinessHours(Duration(seconds)).to_string();
        assert_eq!(Length::BusinessDays(1).to_string(), "1 business day");
        assert_eq!(Length::BusinessDays(2).to_string(), "2 business days");
        assert_eq!(
            [hours(3_600), hours(2 * 3_600), hours(5_400), hours(1_200)],
            ["1 business hour", "2 business hours", "1.5 business hours", "0.333333 business hours"]
        );
    }
}
