//! Figures that do not depend on the order in which customers were counted.
//!
//! Everything is summed in integers, so merging is exact: the same customers give the same bytes for any number of
//! threads, chunks or shards.

mod buckets;

use super::vector::vector_loops;
use buckets::Buckets;
use serde::{Deserialize, Serialize};

/// Up to so many values quantiles are exact; beyond, they come from a histogram, and are off by at most 0.05% of
/// themselves.
pub const EXACT: usize = 4_096;

/// The standard normal quantile of a 95% interval.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// The 95% interval of a share, after E. B. Wilson, "Probable inference, the law of succession, and statistical
/// inference", JASA 22 (1927). Of nothing nothing is known: 0 to 1.
#[must_use]
pub fn wilson(count: u64, of: u64) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let (n, z2) = (of as f64, NORMAL_95 * NORMAL_95);
    let share = count as f64 / n;
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = NORMAL_95 / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let low = if count == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if count == of { 1.0 } else { (centre + half).min(1.0) };
    (low, high)
}

/// A few lengths of time together.
#[derive(Debug, Default)]
struct Sums {
    least: i64,
    most: i64,
    sum: u64,
    squares: u64,
}

vector_loops! {
    /// Adds up at most 512. The squares are right if all are below 2^27: they are at most 2^63 together.
    fn add_up<'a>(seconds: &'a [i64], sums: &'a mut Sums) {
        let (mut least, mut most, mut sum, mut squares) = (i64::MAX, 0, 0_u64, 0_u64);
        for seconds in seconds {
            let seconds = (*seconds).max(0);
            least = if seconds < least { seconds } else { least };
            most = if seconds > most { seconds } else { most };
            let low = seconds as u64 & 0xffff_ffff;
            sum = sum.wrapping_add(low);
            squares = squares.wrapping_add(low * low);
        }
        *sums = Sums { least, most, sum, squares };
    }
}

fn square(seconds: i64) -> u128 {
    u128::from(seconds.unsigned_abs()) * u128::from(seconds.unsigned_abs())
}

/// Lengths of time: count, mean, deviation, quantiles.
#[derive(Debug, Clone, Default)]
pub struct Times {
    count: u64,
    sum: i128,
    squares: u128,
    least: i64,
    most: i64,
    /// All values, while there are at most [`EXACT`].
    kept: Vec<i64>,
    /// All values, once there are more.
    histogram: Option<Buckets>,
}

/// [`Times`] as they travel from one process to another.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(with = "super::wide")]
    sum: i128,
    #[serde(with = "super::wide")]
    squares: u128,
    least: i64,
    most: i64,
    exact: bool,
    values: Vec<(i64, u64)>,
}

impl Times {
    /// Nothing counted.
    #[must_use]
    pub fn new() -> Times {
        Times::default()
    }

    /// Counts one length of time, in seconds. What is below 0 counts as 0.
    pub fn record(&mut self, seconds: i64) {
        let seconds = seconds.max(0);
        self.least = if self.count == 0 { seconds } else { self.least.min(seconds) };
        self.most = self.most.max(seconds);
        self.count += 1;
        self.sum += i128::from(seconds);
        self.squares = self.squares.saturating_add(square(seconds));
        self.place(seconds, 1);
    }

    /// Counts many lengths of time, in seconds.
    pub fn record_all(&mut self, seconds: &[i64]) {
        if self.histogram.is_none() && self.kept.len() + seconds.len() <= EXACT {
            return seconds.iter().for_each(|seconds| self.record(*seconds));
        }
        self.spill();
        let Some(histogram) = &mut self.histogram else { return };
        if self.count == 0 {
            self.least = i64::MAX;
        }
        self.count += seconds.len() as u64;
        for part in seconds.chunks(512) {
            let mut sums = Sums::default();
            add_up(part, &mut sums);
            self.least = self.least.min(sums.least);
            self.most = self.most.max(sums.most);
            if sums.most < 1 << 27 {
                self.sum += i128::from(sums.sum);
                self.squares = self.squares.saturating_add(sums.squares.into());
            } else {
                for seconds in part {
                    self.sum += i128::from((*seconds).max(0));
                    self.squares = self.squares.saturating_add(square((*seconds).max(0)));
                }
            }
        }
        let most = self.most;
        histogram.add_all(seconds, most.unsigned_abs());
    }

    /// Counts all that another one has counted.
    pub fn merge(&mut self, other: &Times) {
        if other.count == 0 {
            return;
        }
        self.least = if self.count == 0 { other.least } else { self.least.min(other.least) };
        self.most = self.most.max(other.most);
        self.count += other.count;
        self.sum += other.sum;
        self.squares = self.squares.saturating_add(other.squares);
        for value in &other.kept {
            self.place(*value, 1);
        }
        if let Some(histogram) = &other.histogram {
            self.spill();
            for (value, count) in histogram.iter() {
                self.place(value as i64, count);
            }
        }
    }

    fn place(&mut self, seconds: i64, times: u64) {
        if self.histogram.is_none() {
            if self.kept.len() < EXACT && times == 1 {
                self.kept.push(seconds);
                return;
            }
            self.spill();
        }
        if let Some(histogram) = &mut self.histogram {
            histogram.add(seconds.unsigned_abs(), times);
        }
    }

    /// From the list to the histogram.
    fn spill(&mut self) {
        if self.histogram.is_some() {
            return;
        }
        let mut histogram = Buckets::default();
        for value in self.kept.drain(..) {
            histogram.add(value.unsigned_abs(), 1);
        }
        self.kept.shrink_to_fit();
        self.histogram = Some(histogram);
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All of them together, in seconds.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        i64::try_from(self.sum).unwrap_or(i64::MAX)
    }

    /// The mean in days; 0 of nothing.
    #[must_use]
    pub fn mean_days(&self) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        // In whole seconds and a rest first, so that nothing is lost however many there are.
        let count = i128::from(self.count);
        ((self.sum / count) as f64 + (self.sum % count) as f64 / self.count as f64) / crate::value::DAY as f64
    }

    /// The standard deviation in days, of what was counted as a sample of more; 0 of fewer than two.
    #[must_use]
    pub fn deviation_days(&self) -> f64 {
        if self.count < 2 {
            return 0.0;
        }
        let mean = self.sum as f64 / self.count as f64;
        let above = (self.squares as f64 / self.count as f64 - mean * mean).max(0.0);
        (above * self.count as f64 / (self.count - 1) as f64).sqrt() / crate::value::DAY as f64
    }

    /// The longest, in days.
    #[must_use]
    pub fn most_days(&self) -> f64 {
        self.most as f64 / crate::value::DAY as f64
    }

    /// The least value that so large a share of all lies within, in days; 0 of nothing. Exact up to [`EXACT`] values, else
    /// within 0.05%.
    #[must_use]
    pub fn quantile_days(&self, share: f64) -> f64 {
        // A product that should be a whole number may come out a little above it.
        let within = (share * self.count as f64 * (1.0 - 1e-12)).ceil() as u64;
        let place = within.clamp(1, self.count.max(1)) - 1;
        let seconds = match &self.histogram {
            None => {
                let mut values = self.kept.clone();
                values.sort_unstable();
                values.get(place as usize).copied().unwrap_or_default()
            }
            Some(histogram) => {
                let mut until = 0;
                let found = histogram.iter().find(|(_, count)| {
                    until += count;
                    until > place
                });
                let value = found.map_or(0, |(value, _)| buckets::middle(value));
                i64::try_from(value).unwrap_or(i64::MAX).clamp(self.least, self.most)
            }
        };
        seconds as f64 / crate::value::DAY as f64
    }
}

impl Serialize for Times {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values = match &self.histogram {
            None => {
                let mut values: Vec<(i64, u64)> = self.kept.iter().map(|value| (*value, 1)).collect();
                values.sort_unstable();
                values
            }
            Some(histogram) => histogram.iter().map(|(value, count)| (value as i64, count)).collect(),
        };
        let exact = self.histogram.is_none();
        Stored { sum: self.sum, squares: self.squares, least: self.least, most: self.most, exact, values }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Times, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        let mut times = Times {
            count: 0,
            sum: stored.sum,
            squares: stored.squares,
            least: stored.least,
            most: stored.most,
            ..Times::default()
        };
        if !stored.exact {
            times.spill();
        }
        for (value, count) in stored.values {
            if value < 0 || count == 0 {
                return Err(serde::de::Error::custom("a length of time below 0, or counted no times"));
            }
            times.count = times.count.saturating_add(count);
            times.place(value, count);
        }
        Ok(times)
    }
}

impl PartialEq for Times {
    fn eq(&self, other: &Times) -> bool {
        let sorted = |times: &Times| {
            let mut values = times.kept.clone();
            values.sort_unstable();
            values
        };
        (self.count, self.sum, self.squares, self.least, self.most)
            == (other.count, other.sum, other.squares, other.least, other.most)
            && self.histogram == other.histogram
            && sorted(self) == sorted(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: impl IntoIterator<Item = i64>) -> Times {
        let mut times = Times::new();
        values.into_iter().for_each(|value| times.record(value));
        times
    }

    #[test]
    fn wilson_known_values() {
        let close = |got: (f64, f64), low: f64, high: f64| {
            assert!((got.0 - low).abs() < 5e-4 && (got.1 - high).abs() < 5e-4, "{got:?}");
        };
        // R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I.
        close(wilson(81, 263), 0.2553, 0.3662);
        close(wilson(15, 148), 0.0624, 0.1605);
        close(wilson(0, 20), 0.0, 0.1611);
        close(wilson(1, 29), 0.0061, 0.1718);
        assert_eq!(wilson(0, 0), (0.0, 1.0));
        assert_eq!(wilson(20, 20).1, 1.0);
    }

    #[test]
    fn small_samples_are_exact() {
        let days = of((1..=10).rev().map(|day| day * crate::value::DAY));
        assert_eq!((days.count(), days.mean_days(), days.most_days()), (10, 5.5, 10.0));
        // Half of ten are within five days, nine of ten within nine.
        assert_eq!((days.quantile_days(0.5), days.quantile_days(0.9), days.quantile_days(1.0)), (5.0, 9.0, 10.0));
        assert!((days.deviation_days() - (55.0_f64 / 6.0).sqrt()).abs() < 1e-12);
        assert_eq!((Times::new().mean_days(), Times::new().quantile_days(0.5)), (0.0, 0.0));
    }

    #[test]
    fn large_samples_are_within_the_stated_error() {
        let count = 100_000_i64;
        let times = of((0..count).map(|place| (place * 7_919 % count) * 300));
        for share in [0.01, 0.25, 0.5, 0.9, 0.999] {
            let exact = ((share * count as f64).ceil() - 1.0) * 300.0 / crate::value::DAY as f64;
            let got = times.quantile_days(share);
            assert!((got / exact - 1.0).abs() <= 5e-4, "{share}: {got} {exact}");
        }
        assert_eq!(times.mean_days(), (count - 1) as f64 * 150.0 / crate::value::DAY as f64);
    }

    #[test]
    fn either_side_of_the_limit_is_counted_once() {
        for count in [EXACT - 1, EXACT, EXACT + 1] {
            let times = of((0..count as i64).map(|value| value * 10));
            assert_eq!(times.histogram.is_some(), count > EXACT);
            assert_eq!(times.quantile_days(1.0), times.most_days());
            assert_eq!(times.count(), count as u64);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// However the values are cut into parts, and in whatever order the parts are merged.
        #[test]
        fn merging_is_exact(seed in any::<u32>(), count in 0..6_000_usize, cuts in prop::collection::vec(0..6_000_usize, 0..5)) {
            let values: Vec<i64> = (0..count as u64)
                .map(|place| (place.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(seed)) as i64 >> 34)
                .collect();
            let whole = of(values.iter().copied());
            let mut bounds: Vec<usize> = cuts.iter().map(|cut| (*cut).min(count)).chain([0, count]).collect();
            bounds.sort_unstable();
            let parts: Vec<Times> = bounds.windows(2).map(|pair| of(values[pair[0]..pair[1]].iter().copied())).collect();
            for order in [parts.iter().collect::<Vec<_>>(), parts.iter().rev().collect()] {
                let mut merged = Times::new();
                order.into_iter().for_each(|part| merged.merge(part));
                prop_assert_eq!(&merged, &whole);
                prop_assert_eq!(merged.quantile_days(0.9), whole.quantile_days(0.9));
            }
        }

        #[test]
        fn stored_and_read_again(values in prop::collection::vec(0..10_000_000_i64, 0..50), many in any::<bool>()) {
            let times = of(values.into_iter().chain((0..if many { EXACT as i64 } else { 0 }).map(|value| value * 77)));
            let text = serde_json::to_string(&times).expect("writes");
            prop_assert_eq!(serde_json::from_str::<Times>(&text).expect("reads"), times);
        }

        #[test]
        fn wilson_contains_the_share(of in 1..100_000_u64, part in 0.0..=1.0_f64) {
            let count = (of as f64 * part) as u64;
            let (low, high) = wilson(count, of);
            let share = count as f64 / of as f64;
            prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
        }
    }
}
