//! Two ratios of sums over the same customers, and how much their difference varies.

use crate::simulate::interval::{Interval, student};

/// The standard normal quantile of a 95% interval.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// What is needed of each observation: in each of the two a sum, and over how many. Integers, so that parts add up exactly.
///
/// An observation is a customer, or a part of a cohort that hardly depends on the others. The interval of a difference is
/// that of the difference of two ratio estimators from one sample (W. G. Cochran, "Sampling Techniques", third edition,
/// 1977, section 6.18): what both have in common falls out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paired {
    /// Sum and count of the first, sum and count of the second.
    totals: [i128; 4],
    /// Of each two of these the products, added up.
    products: [[i128; 4]; 4],
}

/// One figure of both, and its difference.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Line {
    /// In each of the two; none of nothing.
    pub values: [Option<f64>; 2],
    /// The second less the first.
    pub difference: Option<f64>,
    /// Its 95% confidence interval; none where there is too little to say.
    pub interval: Option<Interval>,
    /// Whether it is the same in both for each observation, and not only together.
    pub same: bool,
}

impl Line {
    /// In other units: so many of the old ones are one.
    pub(super) fn divided(self, by: f64) -> Line {
        let all = |value: f64| super::summary::rounded(value / by);
        Line {
            values: self.values.map(|value| value.map(all)),
            difference: self.difference.map(all),
            interval: self.interval.map(|ends| Interval { low: all(ends.low), high: all(ends.high) }),
            same: self.same,
        }
    }
}

impl Paired {
    /// Adds one observation: in each of the two a sum, and over how many.
    pub fn add(&mut self, one: (i64, i64), other: (i64, i64)) {
        let all = [one.0, one.1, other.0, other.1].map(i128::from);
        if all == [0; 4] {
            return;
        }
        for (row, left) in all.iter().enumerate() {
            self.totals[row] += left;
            for (column, right) in all.iter().enumerate().skip(row) {
                let product = &mut self.products[row][column];
                *product = product.saturating_add(left * right);
            }
        }
    }

    /// Adds the observations of another part.
    pub fn merge(&mut self, other: &Paired) {
        for row in 0..4 {
            self.totals[row] += other.totals[row];
            for column in row..4 {
                let product = &mut self.products[row][column];
                *product = product.saturating_add(other.products[row][column]);
            }
        }
    }

    /// Sum and count in each of the two.
    #[must_use]
    pub fn counted(&self) -> [(i128, i128); 2] {
        [(self.totals[0], self.totals[1]), (self.totals[2], self.totals[3])]
    }

    /// Whether the squares of all differences of sums, and of counts, come to nothing.
    fn is_same(&self) -> bool {
        let products = &self.products;
        products[0][0] + products[2][2] == 2 * products[0][2] && products[1][1] + products[3][3] == 2 * products[1][3]
    }

    /// The ratios, and their difference over so many observations.
    #[must_use]
    pub fn line(&self, observations: u64) -> Line {
        let values = self.counted().map(|(sum, count)| (count > 0).then(|| sum as f64 / count as f64));
        let same = self.is_same();
        let [Some(first), Some(second)] = values else { return Line { values, same, ..Line::default() } };
        let difference = second - first;
        let interval = (observations >= 2).then(|| {
            if same {
                return Interval { low: 0.0, high: 0.0 };
            }
            let [one, other] = [self.totals[1] as f64, self.totals[3] as f64];
            // What one observation adds to the difference, as weights of its four numbers.
            let weights = [-1.0 / one, first / one, 1.0 / other, -second / other];
            let mut squares = 0.0;
            for row in 0..4 {
                for column in row..4 {
                    let twice = if row == column { 1.0 } else { 2.0 };
                    squares += twice * weights[row] * weights[column] * self.products[row][column] as f64;
                }
            }
            let n = observations as f64;
            let half = student(observations - 1) * (squares.max(0.0) * n / (n - 1.0)).sqrt();
            Interval { low: difference - half, high: difference + half }
        });
        Line { values, difference: Some(difference), interval, same }
    }

    /// The same of shares of customers, each of whom is there or not, in each of the two. Where hardly anybody differs the
    /// interval of [`Paired::line`] is too narrow; this one counts half a customer more of each kind (A. Agresti and
    /// Y. Min, "Simple improved confidence intervals for comparing matched proportions", Statistics in Medicine 24, 2005).
    #[must_use]
    pub fn share(&self) -> Line {
        let [(first, all), (second, _)] = self.counted();
        let line = self.line(0);
        if all == 0 {
            return line;
        }
        let both = self.products[0][2];
        let (lost, gained) = ((first - both) as f64 + 0.5, (second - both) as f64 + 0.5);
        let n = all as f64 + 2.0;
        let middle = (gained - lost) / n;
        let half = NORMAL_95 * ((gained + lost) - (gained - lost).powi(2) / n).max(0.0).sqrt() / n;
        let interval = Interval { low: (middle - half).max(-1.0), high: (middle + half).min(1.0) };
        Line { interval: Some(interval), ..line }
    }
}
