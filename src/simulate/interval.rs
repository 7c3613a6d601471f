//! 95% confidence intervals of means and shares.
//!
//! * Where customers do not depend on each other, each customer is one observation. A share of customers has Wilson's
//!   interval. A mean over visits or tasks, of which one customer may have several that are alike, is a ratio of two sums
//!   over customers, and its variance is that of the ratio estimator (W. G. Cochran, "Sampling Techniques", third edition,
//!   1977, chapter 6).
//! * Where they share people, they do depend on each other: one long task makes many wait. Then the figures of parts that
//!   hardly depend on each other are compared: of independent replications, or, within one simulation, of customers who
//!   came one after the other (batch means; A. M. Law, "Simulation Modeling and Analysis", fifth edition, 2015, chapter
//!   9). Student's t with one degree of freedom less than there are parts.

use super::statistics::wilson;
use serde::{Deserialize, Serialize};

/// The ends of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    fn around(middle: f64, half: f64) -> Interval {
        Interval { low: middle - half, high: middle + half }
    }
}

/// What is needed of each customer to know how much a ratio of two sums over customers varies. Integers, so that parts add
/// up exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clusters {
    /// The squares of each customer's sum.
    #[serde(with = "super::wide")]
    squares: i128,
    /// Each customer's sum times count.
    #[serde(with = "super::wide")]
    products: i128,
    /// The squares of each customer's count.
    #[serde(with = "super::wide")]
    counts: i128,
}

impl Clusters {
    /// Adds one customer: the sum over so many visits or tasks.
    pub fn add(&mut self, sum: i64, count: u64) {
        let (sum, count) = (i128::from(sum), i128::from(count));
        self.squares = self.squares.saturating_add(sum * sum);
        self.products = self.products.saturating_add(sum * count);
        self.counts += count * count;
    }

    /// Adds many customers: over all of them, the squares of the sums, the sums times the counts, and the squares of the
    /// counts.
    pub fn add_sums(&mut self, squares: i128, products: i128, counts: i128) {
        self.squares = self.squares.saturating_add(squares);
        self.products = self.products.saturating_add(products);
        self.counts += counts;
    }

    /// Adds the customers of another part.
    pub fn merge(&mut self, other: &Clusters) {
        self.squares = self.squares.saturating_add(other.squares);
        self.products = self.products.saturating_add(other.products);
        self.counts += other.counts;
    }

    /// The interval of `sum / count` over so many customers, those without a visit among them.
    #[must_use]
    pub fn interval(&self, sum: f64, count: f64, customers: u64) -> Option<Interval> {
        if customers < 2 || count <= 0.0 {
            return None;
        }
        let ratio = sum / count;
        let rest = self.squares as f64 - 2.0 * ratio * self.products as f64 + ratio * ratio * self.counts as f64;
        let n = customers as f64;
        let variance = rest.max(0.0) * n / (n - 1.0) / (count * count);
        Some(Interval::around(ratio, student(customers - 1) * variance.sqrt()))
    }
}

/// The interval of a mean of independent observations with this standard deviation.
#[must_use]
pub fn of_mean(mean: f64, deviation: f64, count: u64) -> Option<Interval> {
    (count >= 2).then(|| Interval::around(mean, student(count - 1) * deviation / (count as f64).sqrt()))
}

/// The interval of a ratio of sums over parts that hardly depend on each other: the parts' sums and counts.
#[must_use]
pub fn of_parts(parts: &[(f64, f64)]) -> Option<Interval> {
    let parts: Vec<&(f64, f64)> = parts.iter().filter(|(_, count)| *count > 0.0).collect();
    if parts.len() < 2 {
        return None;
    }
    let (sum, count) = parts.iter().fold((0.0, 0.0), |(sum, count), part| (sum + part.0, count + part.1));
    let ratio = sum / count;
    let rest: f64 = parts.iter().map(|part| (part.0 - ratio * part.1).powi(2)).sum();
    let n = parts.len() as f64;
    let half = student(parts.len() as u64 - 1) * (rest * n / (n - 1.0)).sqrt() / count;
    Some(Interval::around(ratio, half))
}

/// The interval of a share whose customers may depend on each other: the wider of Wilson's and that of the parts.
#[must_use]
pub fn of_share(count: u64, of: u64, parts: &[(f64, f64)]) -> Interval {
    let (low, high) = wilson(count, of);
    let Some(parts) = of_parts(parts) else { return Interval { low, high } };
    Interval { low: low.min(parts.low.max(0.0)), high: high.max(parts.high.min(1.0)) }
}

/// The 97.5% quantile of Student's t. Exact to three decimals up to ten degrees of freedom, beyond that by the expansion
/// in M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions" (1964), 26.7.5.
#[must_use]
pub fn student(freedom: u64) -> f64 {
    const FEW: [f64; 10] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    if let Some(exact) = freedom.checked_sub(1).and_then(|at| FEW.get(usize::try_from(at).ok()?)) {
        return *exact;
    }
    let z: f64 = 1.959_963_984_540_054;
    let n = freedom.max(1) as f64;
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / n + second / (n * n) + third / (n * n * n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::random::{Purpose, StreamKey};

    #[test]
    fn quantiles_of_student() {
        // Any table.
        for (freedom, value) in [(1, 12.706), (5, 2.571), (11, 2.201), (19, 2.093), (30, 2.042), (120, 1.980)] {
            assert!((student(freedom) - value).abs() < 1e-3, "{freedom}: {}", student(freedom));
        }
    }

    #[test]
    fn a_few_by_hand() {
        let mut clusters = Clusters::default();
        [(10, 1), (20, 1), (30, 1)].into_iter().for_each(|(sum, count)| clusters.add(sum, count));
        let by_customers = clusters.interval(60.0, 3.0, 3).expect("an interval");
        let by_parts = of_parts(&[(10.0, 1.0), (20.0, 1.0), (30.0, 1.0)]).expect("an interval");
        let plain = of_mean(20.0, 10.0, 3).expect("an interval");
        for interval in [by_customers, by_parts, plain] {
            assert!((interval.low - (20.0 - 4.303 * 10.0 / 3.0_f64.sqrt())).abs() < 1e-9, "{interval:?}");
        }
        assert_eq!(of_parts(&[(1.0, 1.0)]), None);
        assert_eq!(Clusters::default().interval(0.0, 0.0, 5), None);
        let share = of_share(0, 100, &[(0.0, 50.0), (0.0, 50.0)]);
        assert_eq!((share.low, share.high), wilson(0, 100));
    }

    /// Customers with one to four visits that are nearly alike: the interval that takes visits for independent covers far
    /// too seldom, this one as often as it says.
    #[test]
    fn intervals_cover_as_often_as_they_say() {
        let (mut covered, mut naive) = (0, 0);
        let runs: u64 = 1_000;
        for run in 0..runs {
            let mut stream = StreamKey::new(run, Purpose::Fact, "x").stream(0, 0);
            let (mut clusters, mut sum, mut count, mut squares) = (Clusters::default(), 0, 0, 0.0);
            for _ in 0..200 {
                let visits = 1 + (stream.uniform() * 4.0) as u64;
                let own = (stream.uniform() * 1_000.0) as i64;
                clusters.add(own * visits as i64, visits);
                sum += own * visits as i64;
                count += visits;
                squares += (own * own) as f64 * visits as f64;
            }
            let (mean, n) = (sum as f64 / count as f64, count as f64);
            let holds = |interval: Interval| interval.low <= 499.5 && 499.5 <= interval.high;
            covered += u64::from(holds(clusters.interval(sum as f64, n, 200).expect("an interval")));
            let deviation = (squares / n - mean * mean).sqrt();
            naive += u64::from(holds(of_mean(mean, deviation, count).expect("an interval")));
        }
        // The standard error of 95% in a thousand runs is 0.7%.
        assert!((925..=970).contains(&covered), "{covered}");
        assert!(naive < 850, "{naive}");
    }
}
