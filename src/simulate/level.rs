//! A number that changes over time, such as the length of a line: its mean, its most, and how it went.

use crate::run::state::Seconds;
use crate::value::DAY;
use serde::{Deserialize, Serialize};

/// At most so many stretches of time are told apart.
const MOST_STRETCHES: usize = 96;

/// A number over time. Everything is an integer, so levels of several simulations add up exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    value: u64,
    /// Until when it is counted.
    at: Seconds,
    /// From when on it is counted.
    since: Seconds,
    most: u64,
    /// The length of a stretch: a day, doubled as often as needed.
    width: Seconds,
    /// By stretch: value times seconds, and seconds.
    #[serde(with = "super::wide::pairs")]
    stretches: Vec<(i128, i64)>,
}

impl Level {
    /// Zero, counted from this instant on.
    #[must_use]
    pub fn new(since: Seconds) -> Level {
        Level { value: 0, at: since, since, most: 0, width: DAY, stretches: Vec::new() }
    }

    /// It becomes one more or less.
    pub fn change(&mut self, at: Seconds, up: bool) {
        self.until(at);
        self.value = if up { self.value + 1 } else { self.value.saturating_sub(1) };
        if at >= self.since {
            self.most = self.most.max(self.value);
        }
    }

    /// It stays as it is until this instant.
    pub fn until(&mut self, to: Seconds) {
        while self.at < to {
            let mut stretch = ((self.at - self.since) / self.width) as usize;
            while stretch >= MOST_STRETCHES {
                self.double();
                stretch = ((self.at - self.since) / self.width) as usize;
            }
            if self.stretches.len() <= stretch {
                self.stretches.resize(stretch + 1, (0, 0));
            }
            let end = (self.since + (stretch as i64 + 1) * self.width).min(to);
            let (sum, seconds) = &mut self.stretches[stretch];
            *sum += i128::from(self.value) * i128::from(end - self.at);
            *seconds += end - self.at;
            self.at = end;
        }
    }

    fn double(&mut self) {
        self.width *= 2;
        let pairs = self
            .stretches
            .chunks(2)
            .map(|pair| pair.iter().fold((0, 0), |(sum, seconds), (more, longer)| (sum + more, seconds + longer)));
        self.stretches = pairs.collect();
    }

    /// Adds what was counted in another simulation.
    pub fn merge(&mut self, other: &Level) {
        if self.stretches.is_empty() {
            let most = self.most.max(other.most);
            *self = Level { most, ..other.clone() };
            return;
        }
        let mut other = other.clone();
        while self.width < other.width {
            self.double();
        }
        while other.width < self.width {
            other.double();
        }
        self.most = self.most.max(other.most);
        if self.stretches.len() < other.stretches.len() {
            self.stretches.resize(other.stretches.len(), (0, 0));
        }
        for (mine, other) in self.stretches.iter_mut().zip(&other.stretches) {
            mine.0 += other.0;
            mine.1 += other.1;
        }
    }

    /// Value times seconds, over all the time.
    #[must_use]
    pub fn sum(&self) -> i128 {
        self.stretches.iter().map(|(sum, _)| sum).sum()
    }

    /// Seconds counted.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.stretches.iter().map(|(_, seconds)| seconds).sum()
    }

    /// The mean over time; 0 of no time.
    #[must_use]
    pub fn mean(&self) -> f64 {
        mean(self.sum(), self.seconds())
    }

    /// The most it was.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.most
    }

    /// By stretch of time: its beginning in days since day 0, and the mean in it.
    pub fn course(&self) -> impl Iterator<Item = (f64, f64)> {
        self.stretches.iter().enumerate().map(|(place, (sum, seconds))| {
            ((self.since + place as i64 * self.width) as f64 / DAY as f64, mean(*sum, *seconds))
        })
    }

    /// The stretches put together to so many of about the same length: value times seconds, and seconds.
    #[must_use]
    pub fn parts(&self, count: usize) -> Vec<(i128, i64)> {
        let length = self.stretches.len().div_ceil(count.max(1)).max(1);
        let parts = self.stretches.chunks(length);
        parts.map(|part| part.iter().fold((0, 0), |(sum, time), (more, longer)| (sum + more, time + longer))).collect()
    }
}

impl Default for Level {
    fn default() -> Level {
        Level::new(0)
    }
}

fn mean(sum: i128, seconds: i64) -> f64 {
    if seconds == 0 { 0.0 } else { sum as f64 / seconds as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_that_grows_and_shrinks() {
        let mut level = Level::new(DAY);
        level.change(0, true);
        level.change(DAY / 2, true);
        level.change(2 * DAY, true);
        level.change(3 * DAY, false);
        level.until(5 * DAY);
        // Two for a day, three for a day, two for two days; what was before day 1 does not count.
        assert_eq!((level.sum(), level.seconds(), level.most()), (9 * i128::from(DAY), 4 * DAY, 3));
        assert_eq!(level.course().collect::<Vec<_>>(), [(1.0, 2.0), (2.0, 3.0), (3.0, 2.0), (4.0, 2.0)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn nothing_is_lost(steps in prop::collection::vec((0..40 * DAY, any::<bool>()), 1..40)) {
            let mut level = Level::new(0);
            let (mut at, mut value, mut sum) = (0, 0_i128, 0_i128);
            for (step, up) in &steps {
                sum += value * i128::from(*step);
                at += step;
                level.change(at, *up);
                value = if *up { value + 1 } else { (value - 1).max(0) };
            }
            prop_assert_eq!((level.sum(), level.seconds()), (sum, at));
            let parts = level.parts(10);
            prop_assert!(parts.len() <= 10);
            prop_assert_eq!(parts.iter().map(|(sum, _)| sum).sum::<i128>(), sum);
            let mut twice = Level::default();
            twice.merge(&level);
            twice.merge(&level);
            prop_assert_eq!((twice.sum(), twice.seconds(), twice.most()), (2 * sum, 2 * at, level.most()));
        }
    }
}
