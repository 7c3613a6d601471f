//! Values: exact, small and the same everywhere (syntax, model, interpreter, simulation).
//!
//! Every number is an integer of millionths ([`Micro`]): a percent is millionths of a point, money and plain numbers
//! keep a declared number of decimals of these six. So equality means equality, and no result depends on rounding
//! of binary fractions.

pub mod arithmetic;

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A number in millionths: `Micro(2_500_000)` is 2.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micro(pub i64);

/// Seconds, as a length of time or since day 0 of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Duration(pub i64);

/// A day of the calendar, in days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(pub i32);

/// Seconds in a day.
pub const DAY: i64 = 86_400;

/// 0001-01-01, in days since 1970-01-01.
const FIRST_DAY: i64 = -719_162;

/// 9999-12-31, in days since 1970-01-01.
const LAST_DAY: i64 = 2_932_896;

impl Micro {
    /// One.
    pub const ONE: Micro = Micro(1_000_000);

    /// A whole number; saturates beyond about nine million millions.
    #[must_use]
    pub fn whole(number: i64) -> Micro {
        Micro(number.saturating_mul(1_000_000))
    }

    /// The nearest number of millionths. Not a number is 0; what is too large saturates.
    #[must_use]
    pub fn from_f64(number: f64) -> Micro {
        Micro(nearest(number * 1e6))
    }

    /// As a binary fraction, for statistics only.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Reads `12`, `12.5`, `-0.25`, `10_000`; at most six decimals (further zeros are allowed).
    #[must_use]
    pub fn parse(text: &str) -> Option<Micro> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
            return None;
        }
        if !fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
            || (text.contains('.') && fraction.is_empty())
        {
            return None;
        }
        let mut number: i64 = 0;
        for byte in whole.bytes().filter(|byte| *byte != b'_') {
            number = number.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
        }
        number = number.checked_mul(1_000_000)?;
        let mut place = 100_000;
        for byte in fraction.bytes().filter(|byte| *byte != b'_') {
            let digit = i64::from(byte - b'0');
            if place == 0 && digit != 0 {
                return None;
            }
            number = number.checked_add(digit * place)?;
            place /= 10;
        }
        Some(Micro(if negative { -number } else { number }))
    }

    /// The product, rounded half to even; none where it is too large.
    #[must_use]
    pub fn times(self, other: Micro) -> Option<Micro> {
        divide_rounding(i128::from(self.0) * i128::from(other.0), 1_000_000).map(Micro)
    }

    /// The quotient, rounded half to even; none when dividing by zero, and where it is too large.
    #[must_use]
    pub fn divided_by(self, other: Micro) -> Option<Micro> {
        if other.0 == 0 {
            return None;
        }
        divide_rounding(i128::from(self.0) * 1_000_000, i128::from(other.0)).map(Micro)
    }

    /// So many hundredths of a whole, rounded half to even; none where they are too large.
    #[must_use]
    pub fn percent_of(self, whole: Micro) -> Option<Micro> {
        divide_rounding(i128::from(self.0) * i128::from(whole.0), 100_000_000).map(Micro)
    }

    /// Rounded half to even to this many decimals (0 to 6); at the very ends, to the last number that fits.
    #[must_use]
    pub fn round_to(self, decimals: u32) -> Micro {
        let step = 10_i64.pow(6 - decimals.min(6));
        let steps = divide_rounding(i128::from(self.0), i128::from(step)).unwrap_or_default();
        Micro(steps.clamp(i64::MIN / step, i64::MAX / step) * step)
    }

    /// Whether it has no decimals beyond this many.
    #[must_use]
    pub fn fits(self, decimals: u32) -> bool {
        self.0 % 10_i64.pow(6 - decimals.min(6)) == 0
    }
}

/// The nearest whole number, halves away from zero; saturating. The same as `round`, without a call into the system's library.
#[must_use]
#[inline]
pub fn nearest(number: f64) -> i64 {
    (number + 0.499_999_999_999_999_94_f64.copysign(number)) as i64
}

/// Half to even; none where the result is too large.
fn divide_rounding(number: i128, by: i128) -> Option<i64> {
    let (number, by) = if by < 0 { (-number, -by) } else { (number, by) };
    let (quotient, twice) = (number.div_euclid(by), number.rem_euclid(by) * 2);
    let up = twice > by || (twice == by && quotient % 2 != 0);
    i64::try_from(quotient + i128::from(up)).ok()
}

impl fmt::Display for Micro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, number) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let (whole, fraction) = (number / 1_000_000, number % 1_000_000);
        if fraction == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{fraction:06}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl Duration {
    /// So many days.
    #[must_use]
    pub fn days(days: i64) -> Duration {
        Duration(days.saturating_mul(DAY))
    }

    /// In days, for statistics and machine output.
    #[must_use]
    pub fn to_days(self) -> f64 {
        self.0 as f64 / DAY as f64
    }
}

impl fmt::Display for Duration {
    /// The largest unit that says it exactly: `2 weeks`, `90 days`, `1 day`, `36 hours`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self.0 {
            0 => (0, "day"),
            seconds if seconds % (7 * DAY) == 0 => (seconds / (7 * DAY), "week"),
            seconds if seconds % DAY == 0 => (seconds / DAY, "day"),
            seconds if seconds % 3_600 == 0 => (seconds / 3_600, "hour"),
            seconds if seconds % 60 == 0 => (seconds / 60, "minute"),
            seconds => return write!(f, "{:.2} days", seconds as f64 / DAY as f64),
        };
        write!(f, "{number} {unit}{}", if number.abs() == 1 { "" } else { "s" })
    }
}

impl Date {
    /// Reads `2020-03-02`; none where there is no such day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Date> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if parts.next().is_some()
            || (year.len(), month.len(), day.len()) != (4, 2, 2)
            || !(digits(year) && digits(month) && digits(day))
        {
            return None;
        }
        Date::from_parts(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }

    /// From year, month and day; none where there is no such day.
    #[must_use]
    pub fn from_parts(year: i16, month: i8, day: i8) -> Option<Date> {
        let date = jiff::civil::Date::new(year, month, day).ok()?;
        let epoch = jiff::civil::Date::constant(1970, 1, 1);
        Some(Date((date - epoch).get_days()))
    }

    /// How far a zone is from UTC at this second of the day, as timestamps say it: `Z`, `+01:00`. Where clocks are turned on
    /// and a time does not exist, as before it.
    #[must_use]
    pub fn offset(self, second: i64, zone: &str) -> String {
        let midnight = jiff::civil::Date::constant(1970, 1, 1).to_datetime(jiff::civil::Time::midnight());
        let time = jiff::Span::new().try_days(self.0).and_then(|span| span.try_seconds(second));
        let known = time.and_then(|span| midnight.checked_add(span)).and_then(|time| {
            let zone = jiff::tz::TimeZone::get(zone)?;
            Ok(zone.to_ambiguous_zoned(time).compatible()?.offset().seconds())
        });
        match known.unwrap_or(0) {
            0 => "Z".to_owned(),
            east => {
                let (sign, minutes) = (if east < 0 { '-' } else { '+' }, east.abs() / 60);
                format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }

    /// Day of the week, Monday = 0.
    #[must_use]
    pub fn weekday(self) -> u32 {
        (self.0 + 3).rem_euclid(7) as u32
    }

    /// So many days later; none outside the years 1 to 9999, which is where dates can be written.
    #[must_use]
    pub fn later(self, days: i64) -> Option<Date> {
        let day = i64::from(self.0).checked_add(days)?;
        (FIRST_DAY..=LAST_DAY).contains(&day).then_some(Date(i32::try_from(day).ok()?))
    }

    /// So many days later.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Date {
        Date((i64::from(self.0).saturating_add(days)).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Civil from days: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
        let days = i64::from(self.0) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// A value a fact can have. An unknown fact has none: `Option<Value>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Value {
    /// Yes or no.
    YesNo(bool),
    /// An int, number, percent (points) or money.
    Number(Micro),
    /// A date.
    Date(Date),
    /// A duration.
    Duration(Duration),
    /// A text.
    Text(Arc<str>),
    /// One of an enumeration: its place in the declared order.
    Choice(u16),
    /// Some of an enumeration: bit `i` is the value at place `i`; at most 64.
    Set(u64),
    /// A service: its place in the declared order.
    Service(u16),
}

/// The status of a task, in the field's vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Not offered, or offered and not touched.
    NotStarted,
    /// Declared not required, with a reason; or an optional task declined.
    NotRequired,
    /// Under way.
    InProgress,
    /// Complete.
    Complete,
    /// Paused (customer delay).
    Paused,
    /// Deferred (extended delay).
    Deferred,
    /// Warning.
    Warning,
    /// Blocked (pending remediation, technical customer, technical vendor, business, other).
    Blocked,
    /// Cancelled: the stage was left, or the track was interrupted.
    Cancelled,
}

impl TaskStatus {
    /// All of them with the words that say them.
    pub const ALL: [(TaskStatus, &'static str); 9] = [
        (TaskStatus::NotStarted, "not started"),
        (TaskStatus::NotRequired, "not required"),
        (TaskStatus::InProgress, "in progress"),
        (TaskStatus::Complete, "complete"),
        (TaskStatus::Paused, "paused"),
        (TaskStatus::Deferred, "deferred"),
        (TaskStatus::Warning, "warning"),
        (TaskStatus::Blocked, "blocked"),
        (TaskStatus::Cancelled, "cancelled"),
    ];

    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        TaskStatus::ALL.iter().find(|(status, _)| *status == self).map_or("", |(_, words)| words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn offsets_follow_the_zone_and_the_season() {
        let offset = |month: i8, zone: &str| Date::from_parts(2026, month, 5).map(|date| date.offset(10 * 3_600, zone));
        assert_eq!(offset(1, "UTC").as_deref(), Some("Z"));
        assert_eq!(offset(1, "Europe/Berlin").as_deref(), Some("+01:00"));
        assert_eq!(offset(7, "Europe/Berlin").as_deref(), Some("+02:00"));
        assert_eq!(offset(1, "America/St_Johns").as_deref(), Some("-03:30"));
    }

    #[test]
    fn nearest_is_rounding() {
        let halves = (-9_i64..=9).map(|half| half as f64 / 2.0);
        let large = [0.499_999_999_999_999_94, 4_503_599_627_370_497.5, 4_503_599_627_370_495.5, 9e15, 1e300, f64::NAN];
        for number in halves.chain(large) {
            assert_eq!(nearest(number), number.round() as i64, "{number}");
            assert_eq!(nearest(-number), (-number).round() as i64, "{number}");
        }
    }

    #[test]
    fn numbers_read_and_print() {
        for (text, micro) in
            [("10", 10_000_000), ("0.000001", 1), ("-2.5", -2_500_000), ("10_000", 10_000_000_000), ("1.50", 1_500_000)]
        {
            assert_eq!(Micro::parse(text), Some(Micro(micro)), "{text}");
        }
        for text in ["", ".", "1.", "1e5", "0.0000001", "99999999999999999999", "--1", "NaN"] {
            assert_eq!(Micro::parse(text), None, "{text}");
        }
        assert_eq!(Micro(-2_500_000).to_string(), "-2.5");
    }

    #[test]
    fn dates_read_and_print() {
        assert_eq!(Date::parse("1970-01-01"), Some(Date(0)));
        for text in ["2020-02-30", "2020-+1-01", "+202-01-01", "2020-1-01", ""] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert_eq!(Date::parse("2020-03-02").map(Date::weekday), Some(0));
        assert_eq!(Duration::days(14).to_string(), "2 weeks");
        assert_eq!(Date(FIRST_DAY as i32).to_string(), "0001-01-01");
        assert_eq!(Date(LAST_DAY as i32).to_string(), "9999-12-31");
        assert_eq!((Date(0).later(LAST_DAY), Date(0).later(LAST_DAY + 1)), (Date::parse("9999-12-31"), None));
    }

    proptest! {
        #[test]
        fn number_round_trip(number in any::<i64>()) {
            prop_assume!(number != i64::MIN);
            prop_assert_eq!(Micro::parse(&Micro(number).to_string()), Some(Micro(number)));
        }

        #[test]
        fn date_round_trip(days in -100_000..200_000_i32) {
            prop_assert_eq!(Date::parse(&Date(days).to_string()), Some(Date(days)));
        }

        #[test]
        fn rounding_is_nearest(a in -1_000_000_000_000_i64..1_000_000_000_000, b in 1..1_000_000_000_i64) {
            let got = Micro(a).divided_by(Micro(b)).map(|m| i128::from(m.0)).unwrap_or_default();
            let exact = i128::from(a) * 1_000_000;
            prop_assert!((got * i128::from(b) - exact).abs() * 2 <= i128::from(b));
        }
    }
}
