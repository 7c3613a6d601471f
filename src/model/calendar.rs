//! The calendar of a playbook: its zone, its holidays and the hours of its business days; and how business time passes.
//!
//! Instants are seconds since the beginning of 1970-01-01 by the clock on the wall in the calendar's zone, as a journey
//! counts them: each day has 24 hours there, also where clocks are turned.

use crate::value::{DAY, Date};
use std::fmt;

/// Business days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The zone's name; UTC where nothing is said.
    pub zone: String,
    /// The hours of a business day.
    pub hours: Hours,
    /// Days that are no business days, in order.
    pub holidays: Vec<Date>,
}

/// From when to when a business day is, in seconds since midnight: the end is after the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// When it begins.
    pub from: i64,
    /// When it ends.
    pub to: i64,
}

impl Hours {
    /// Where nothing is said: 9:00 to 17:00.
    pub const USUAL: Hours = Hours { from: 9 * 3_600, to: 17 * 3_600 };

    /// How long a business day is, in seconds.
    #[must_use]
    pub fn length(self) -> i64 {
        self.to - self.from
    }
}

impl fmt::Display for Hours {
    /// As it is written: `9:00 to 17:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [from, to] = [self.from, self.to].map(|at| (at / 3_600, at % 3_600 / 60));
        write!(f, "{}:{:02} to {}:{:02}", from.0, from.1, to.0, to.1)
    }
}

impl Default for Calendar {
    fn default() -> Calendar {
        Calendar { zone: "UTC".to_owned(), hours: Hours::USUAL, holidays: Vec::new() }
    }
}

/// How business time passes: within the hours of Mondays to Fridays that are no holidays.
#[derive(Debug, Clone, Copy)]
pub struct BusinessTime<'c> {
    hours: Hours,
    holidays: &'c [Date],
}

impl Calendar {
    /// How business time passes; where dates are not known, nothing is a holiday.
    #[must_use]
    pub fn business_time(&self, dated: bool) -> BusinessTime<'_> {
        BusinessTime { hours: self.hours, holidays: if dated { &self.holidays } else { &[] } }
    }
}

/// The first Monday, in days since 1970-01-01.
const FIRST_MONDAY: i64 = 4;

impl BusinessTime<'_> {
    fn is_business_day(&self, day: i64) -> bool {
        let holiday = |day| self.holidays.binary_search(&Date(day)).is_ok();
        (day - FIRST_MONDAY).rem_euclid(7) < 5 && !i32::try_from(day).is_ok_and(holiday)
    }

    /// Business days before this one, counted from some day or other.
    fn days_before(&self, day: i64) -> i64 {
        let since = day - FIRST_MONDAY;
        let before = self.holidays.partition_point(|holiday| i64::from(holiday.0) < day);
        let off = self.holidays[..before].iter().filter(|holiday| holiday.weekday() < 5).count() as i64;
        since.div_euclid(7) * 5 + since.rem_euclid(7).min(5) - off
    }

    /// Seconds of business time before this instant, counted from some instant or other.
    fn before(&self, at: i64) -> i64 {
        let day = at.div_euclid(DAY);
        let today = if self.is_business_day(day) {
            at.rem_euclid(DAY).clamp(self.hours.from, self.hours.to) - self.hours.from
        } else {
            0
        };
        self.days_before(day) * self.hours.length() + today
    }

    /// Seconds of business time from one instant to another; none where that lies before.
    #[must_use]
    pub fn between(&self, from: i64, to: i64) -> i64 {
        (self.before(to) - self.before(from)).max(0)
    }

    /// The first instant at which so many seconds of business time have passed.
    #[must_use]
    pub fn over(&self, from: i64, time: i64) -> i64 {
        if time <= 0 {
            return from;
        }
        let (length, goal) = (self.hours.length(), self.before(from).saturating_add(time));
        let missed = |day: i64| self.days_before(day).saturating_mul(length) < goal;
        // The last day before whose beginning the goal is not reached: first far enough, then halved.
        let (mut low, mut step) = (from.div_euclid(DAY), 8);
        while missed(low + step) {
            low += step;
            step *= 2;
        }
        let mut high = low + step;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if missed(middle) { low = middle } else { high = middle }
        }
        low * DAY + self.hours.from + goal - self.days_before(low) * length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A week from Monday 2026-03-23, whose Wednesday is a holiday.
    fn calendar() -> Calendar {
        Calendar { holidays: vec![Date::from_parts(2026, 3, 25).expect("a day")], ..Calendar::default() }
    }

    fn at(day: i64, hour: i64, minute: i64) -> i64 {
        let monday = Date::from_parts(2026, 3, 23).expect("a day");
        (i64::from(monday.0) + day) * DAY + hour * 3_600 + minute * 60
    }

    #[test]
    fn business_time_passes_within_hours() {
        let calendar = calendar();
        let time = calendar.business_time(true);
        let hours = |from: i64, hours: i64| time.over(from, hours * 3_600);
        // Within a day; to its very end; into the next; over the holiday; over the weekend.
        assert_eq!(hours(at(0, 10, 30), 4), at(0, 14, 30));
        assert_eq!(hours(at(0, 9, 0), 8), at(0, 17, 0));
        assert_eq!(hours(at(0, 15, 15), 4), at(1, 11, 15));
        assert_eq!(hours(at(1, 15, 0), 4), at(3, 11, 0));
        assert_eq!(hours(at(4, 16, 0), 2), at(7, 10, 0));
        // What begins outside the hours begins to count when they next open.
        for from in [at(4, 17, 0), at(4, 23, 0), at(5, 12, 0), at(6, 23, 59), at(7, 0, 0), at(7, 9, 0)] {
            assert_eq!(hours(from, 1), at(7, 10, 0));
        }
        assert_eq!(time.between(at(0, 0, 0), at(7, 0, 0)), 32 * 3_600);
        assert_eq!(time.between(at(7, 0, 0), at(0, 0, 0)), 0);
        // Without dates nothing is a holiday.
        assert_eq!(calendar.business_time(false).between(at(0, 0, 0), at(7, 0, 0)), 40 * 3_600);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        /// Against counting minutes one by one.
        #[test]
        fn agrees_with_counting(
            from in 0..20_i64, length in 1..5_i64, off in prop::collection::btree_set(-5..40_i32, 0..6),
            start in -10_000..20_000_i64, time in 1..3_000_i64,
        ) {
            let holidays = off.into_iter().map(Date).collect();
            let hours = Hours { from: from * 3_600, to: (from + length) * 3_600 };
            let calendar = Calendar { hours, holidays, ..Calendar::default() };
            let clock = calendar.business_time(true);
            let open = |minute: i64| {
                let (day, rest) = ((minute * 60).div_euclid(DAY), (minute * 60).rem_euclid(DAY));
                let date = Date(day as i32);
                date.weekday() < 5 && !calendar.holidays.contains(&date) && (hours.from..hours.to).contains(&rest)
            };
            let (mut minute, mut left) = (start, time);
            while left > 0 {
                left -= i64::from(open(minute));
                minute += 1;
            }
            prop_assert_eq!(clock.over(start * 60, time * 60), minute * 60);
            prop_assert_eq!(clock.between(start * 60, minute * 60), time * 60);
        }
    }
}
