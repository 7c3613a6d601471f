//! Working time: when a group of people is at work.

use crate::model::Playbook;
use crate::model::scenario::{Scenario, Staffing, WorkingHours};
use crate::run::state::Seconds;
use crate::value::DAY;

/// The working time of a group, on the clock of the scenario: seconds since midnight of day 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WorkCalendar {
    /// None works around the clock.
    hours: Option<WorkingHours>,
    /// The weekday of day 0, Monday = 0.
    first: i64,
    /// Days that would be working days and are off, counted from day 0; sorted.
    off: Vec<i64>,
    /// For each number of days of a week, beginning with the weekday of day 0, how many of them are working days.
    in_week: [i64; 8],
}

impl WorkCalendar {
    /// The working time of these people. Without a date day 0 is a Monday, and holidays do not count.
    pub(super) fn new(playbook: &Playbook, scenario: &Scenario, staffing: &Staffing) -> WorkCalendar {
        let around = WorkingHours { from: 0, to: DAY, days: [true; 7] };
        let hours = staffing.hours.or((!staffing.days_off.is_empty()).then_some(around));
        let first = scenario.starts.map_or(0, |date| i64::from(date.weekday()));
        let holidays: &[_] = if staffing.hours.is_some() { &playbook.calendar.holidays } else { &[] };
        let mut off: Vec<i64> = match (scenario.starts, hours) {
            (Some(starts), Some(hours)) => holidays
                .iter()
                .chain(&staffing.days_off)
                .filter(|day| hours.days[day.weekday() as usize])
                .map(|day| i64::from(day.0) - i64::from(starts.0))
                .collect(),
            _ => Vec::new(),
        };
        off.sort_unstable();
        off.dedup();
        let days = hours.map_or([true; 7], |hours| hours.days);
        let mut in_week = [0; 8];
        for day in 0..7 {
            in_week[day + 1] = in_week[day] + i64::from(days[(day + first as usize) % 7]);
        }
        WorkCalendar { hours, first, off, in_week }
    }

    fn is_working_day(&self, day: i64) -> bool {
        self.hours.is_none_or(|hours| hours.days[(day + self.first).rem_euclid(7) as usize])
            && self.off.binary_search(&day).is_err()
    }

    /// Working days from day 0 up to and without this one.
    fn days_until(&self, day: i64) -> i64 {
        let off = self.off.partition_point(|off| *off < day) as i64 - self.off.partition_point(|off| *off < 0) as i64;
        day.div_euclid(7) * self.in_week[7] + self.in_week[day.rem_euclid(7) as usize] - off
    }

    /// Seconds of work from day 0 until this instant.
    fn worked_until(&self, at: Seconds) -> i64 {
        let Some(hours) = self.hours else { return at };
        let day = at.div_euclid(DAY);
        let today =
            if self.is_working_day(day) { at.rem_euclid(DAY).clamp(hours.from, hours.to) - hours.from } else { 0 };
        self.days_until(day) * (hours.to - hours.from) + today
    }

    /// Seconds of work between two instants.
    pub(super) fn between(&self, from: Seconds, to: Seconds) -> i64 {
        self.worked_until(to) - self.worked_until(from)
    }

    /// Whether somebody who is free can begin at this instant.
    pub(super) fn is_open(&self, at: Seconds) -> bool {
        let Some(hours) = self.hours else { return true };
        (hours.from..hours.to).contains(&at.rem_euclid(DAY)) && self.is_working_day(at.div_euclid(DAY))
    }

    /// The first instant from this one on at which somebody can begin.
    pub(super) fn next_opening(&self, at: Seconds) -> Seconds {
        let Some(hours) = self.hours else { return at };
        if self.is_open(at) {
            return at;
        }
        let mut day = at.div_euclid(DAY);
        if at.rem_euclid(DAY) >= hours.from {
            day += 1;
        }
        // Ends: every week has a working day, and only so many are off.
        while !self.is_working_day(day) {
            day += 1;
        }
        day * DAY + hours.from
    }

    /// When so much work that begins now is done, if it stands still outside working hours.
    pub(super) fn after_work(&self, from: Seconds, work: i64) -> Seconds {
        let Some(hours) = self.hours else { return from.saturating_add(work) };
        if work <= 0 {
            return from;
        }
        let goal = self.worked_until(from).saturating_add(work);
        let length = hours.to - hours.from;
        // The last working day on whose beginning the goal is not yet reached: first far enough, then halved.
        let (mut low, mut step) = (from.div_euclid(DAY), 8);
        while self.days_until(low + step).saturating_mul(length) < goal {
            low += step;
            step *= 2;
        }
        let mut high = low + step;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.days_until(middle) * length < goal { low = middle } else { high = middle }
        }
        low * DAY + hours.from + goal - self.days_until(low) * length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn calendar(hours: Option<(i64, i64, [bool; 7])>, first: i64, off: &[i64]) -> WorkCalendar {
        let hours = hours.map(|(from, to, days)| WorkingHours { from, to, days });
        let days = hours.map_or([true; 7], |hours| hours.days);
        let mut in_week = [0; 8];
        for day in 0..7 {
            in_week[day + 1] = in_week[day] + i64::from(days[(day + first as usize) % 7]);
        }
        let working = |day: &&i64| days[(**day + first).rem_euclid(7) as usize];
        let mut off: Vec<i64> = off.iter().filter(working).copied().collect();
        off.sort_unstable();
        off.dedup();
        WorkCalendar { hours, first, off, in_week }
    }

    const WEEKDAYS: [bool; 7] = [true, true, true, true, true, false, false];

    #[test]
    fn a_week_of_eight_hours() {
        let calendar = calendar(Some((9 * 3_600, 17 * 3_600, WEEKDAYS)), 0, &[7]);
        let hour = |day: i64, hour: i64| day * DAY + hour * 3_600;
        assert_eq!(calendar.between(0, 7 * DAY), 40 * 3_600);
        // The second Monday is off.
        assert_eq!(calendar.between(7 * DAY, 14 * DAY), 32 * 3_600);
        assert!(calendar.is_open(hour(0, 9)) && !calendar.is_open(hour(0, 17)) && !calendar.is_open(hour(5, 12)));
        assert_eq!(calendar.next_opening(hour(4, 17)), hour(8, 9));
        // Twelve hours from Friday noon: five on Friday, seven on Tuesday.
        assert_eq!(calendar.after_work(hour(4, 12), 12 * 3_600), hour(8, 16));
        // What fits exactly is done when the day ends.
        assert_eq!(calendar.after_work(hour(0, 9), 8 * 3_600), hour(0, 17));
        assert_eq!(calendar.after_work(hour(0, 20), 3_600), hour(1, 10));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Against counting minutes one by one.
        #[test]
        fn agrees_with_counting(
            bits in 1..128_u8, from in 0..20_i64, length in 1..5_i64, first in 0..7_i64,
            off in prop::collection::vec(-5..40_i64, 0..6), start in -3_000..20_000_i64, work in 1..4_000_i64,
        ) {
            let mut days = [false; 7];
            (0..7).for_each(|day| days[day] = bits >> day & 1 == 1);
            let calendar = calendar(Some((from * 3_600, (from + length) * 3_600, days)), first, &off);
            let mut minute = start;
            let mut left = work;
            while left > 0 && minute < start + 400_000 {
                left -= i64::from(calendar.is_open(minute * 60));
                minute += 1;
            }
            prop_assume!(left == 0);
            prop_assert_eq!(calendar.after_work(start * 60, work * 60), minute * 60);
            prop_assert_eq!(calendar.between(start * 60, minute * 60), work * 60);
            let opening = calendar.next_opening(start * 60);
            prop_assert!(calendar.is_open(opening) && calendar.between(start * 60, opening) == 0);
        }
    }
}
