//! Drawing from a distribution.
//!
//! Wherever the distribution function can be inverted it is: one uniform number gives one draw, larger for larger, so
//! that two variants with slightly different parameters stay close (common random numbers).

pub mod quantile;

use super::random::Stream;
use super::vector::vector_loops;
use crate::model::distribution::{Distribution, exp, ln};
use quantile::normal;

impl Distribution {
    /// One draw.
    pub fn sample(&self, stream: &mut Stream) -> f64 {
        match self {
            Distribution::Constant(value) => *value,
            Distribution::Gamma { shape, scale } => scale * gamma(*shape, stream),
            Distribution::Erlang { k, mean } => mean / f64::from(*k) * gamma(f64::from(*k), stream),
            Distribution::Beta { alpha, beta, low, high } => {
                let (first, second) = (gamma(*alpha, stream), gamma(*beta, stream));
                // Shapes near 0 can make both vanish; then the value lies at one of the bounds, by their odds.
                let share = if first + second > 0.0 {
                    first / (first + second)
                } else {
                    f64::from(u8::from(stream.yes(alpha / (alpha + beta))))
                };
                between(*low, *high, share)
            }
            Distribution::Poisson { mean } if *mean >= 10.0 => large_poisson(*mean, stream),
            _ => self.quantile(stream.uniform()).unwrap_or_default(),
        }
    }

    /// The draw that one uniform number gives, where one is enough: the number below which this share lies.
    #[must_use]
    #[inline]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        Some(match self {
            Distribution::Constant(value) => *value,
            Distribution::Uniform { low, high } => between(*low, *high, share),
            Distribution::Triangular { low, mode, high } => triangular(*low, *mode, *high, share),
            Distribution::Normal { mean, deviation } => mean + deviation * normal().quantile(share),
            Distribution::LogNormal { median, sigma } => median * exp(sigma * normal().quantile(share)),
            Distribution::Exponential { mean } => mean * exponential(share),
            Distribution::Weibull { shape, scale } => scale * power(exponential(share), 1.0 / shape),
            Distribution::Poisson { mean } if *mean < 10.0 => small_poisson(*mean, share),
            Distribution::Discrete { outcomes } => {
                let place = outcomes.partition_point(|(_, until)| *until <= share);
                outcomes.get(place).map_or(0.0, |(value, _)| *value)
            }
            Distribution::Gamma { .. }
            | Distribution::Erlang { .. }
            | Distribution::Beta { .. }
            | Distribution::Poisson { .. } => return None,
        })
    }

    /// Draws that take one uniform number each, side by side: turns shares into quantiles.
    pub fn quantiles(&self, shares: &mut [f64]) {
        match self {
            Distribution::Uniform { low, high } => uniforms(*low, *high, shares),
            Distribution::Triangular { low, mode, high } => triangulars(*low, *mode, *high, shares),
            Distribution::Normal { mean, deviation } => quantile::quantiles(normal(), *mean, *deviation, shares),
            Distribution::LogNormal { median, sigma } => {
                quantile::quantiles(normal(), 0.0, *sigma, shares);
                exponentials(*median, shares);
            }
            Distribution::Exponential { mean } => waits(*mean, shares),
            _ => shares.iter_mut().for_each(|share| *share = self.quantile(*share).unwrap_or_default()),
        }
    }
}

vector_loops! {
    fn uniforms<'a>(low: f64, high: f64, shares: &'a mut [f64]) {
        shares.iter_mut().for_each(|share| *share = between(low, high, *share));
    }

    fn triangulars<'a>(low: f64, mode: f64, high: f64, shares: &'a mut [f64]) {
        shares.iter_mut().for_each(|share| *share = triangular(low, mode, high, *share));
    }

    fn waits<'a>(mean: f64, shares: &'a mut [f64]) {
        shares.iter_mut().for_each(|share| *share = mean * exponential(*share));
    }

    fn exponentials<'a>(factor: f64, numbers: &'a mut [f64]) {
        numbers.iter_mut().for_each(|number| *number = factor * exp(*number));
    }
}

#[inline(always)]
fn between(low: f64, high: f64, share: f64) -> f64 {
    (low + (high - low) * share).clamp(low, high)
}

#[inline(always)]
fn triangular(low: f64, mode: f64, high: f64, share: f64) -> f64 {
    let width = high - low;
    // One root for either side: which side it is, is a toss that cannot be foreseen.
    let rises = share * width < mode - low;
    let (part, slope) = if rises { (share, mode - low) } else { (1.0 - share, high - mode) };
    let root = (part * width * slope).sqrt();
    if rises { (low + root).min(mode) } else { (high - root).max(mode) }
}

/// With mean 1. `1 - share` is exact, and so larger for larger shares.
#[inline(always)]
fn exponential(share: f64) -> f64 {
    -ln(1.0 - share)
}

/// A number above 0 to this power.
fn power(base: f64, exponent: f64) -> f64 {
    exp(exponent * ln(base))
}

/// With scale 1: G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000).
fn gamma(shape: f64, stream: &mut Stream) -> f64 {
    if shape < 1.0 {
        let share = power(stream.uniform(), 1.0 / shape);
        return gamma(shape + 1.0, stream) * share;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal().quantile(stream.uniform());
        let base = 1.0 + c * x;
        if base <= 0.0 {
            continue;
        }
        let v = base * base * base;
        if ln(stream.uniform()) < 0.5 * x * x + d - d * v + d * ln(v) {
            return d * v;
        }
    }
}

/// By walking up the distribution function.
fn small_poisson(mean: f64, share: f64) -> f64 {
    let (mut count, mut chance) = (0.0, exp(-mean));
    let mut until = chance;
    // Beyond 200 the chances are smaller than the doubles near 1 can tell.
    while share >= until && count < 200.0 {
        count += 1.0;
        chance *= mean / count;
        until += chance;
    }
    count
}

/// W. Hörmann, "The transformed rejection method for generating Poisson random variables", Insurance: Mathematics and
/// Economics 12 (1993), algorithm PTRS.
fn large_poisson(mean: f64, stream: &mut Stream) -> f64 {
    let b = 0.931 + 2.53 * mean.sqrt();
    let a = -0.059 + 0.024_83 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let bound = 0.9277 - 3.6224 / (b - 2.0);
    loop {
        let u = stream.uniform() - 0.5;
        let v = stream.uniform();
        let us = 0.5 - u.abs();
        let count = ((2.0 * a / us + b) * u + mean + 0.43).floor();
        if us >= 0.07 && v <= bound {
            return count;
        }
        if count < 0.0 || (us < 0.013 && v > us) {
            continue;
        }
        let left = ln(v * inverse_alpha / (a / (us * us) + b));
        if left <= count * ln(mean) - mean - log_factorial(count) {
            return count;
        }
    }
}

/// The logarithm of `count!`: a product below 10, Stirling's series above.
fn log_factorial(count: f64) -> f64 {
    if count < 10.0 {
        return ln((2..=count as u32).map(f64::from).product::<f64>());
    }
    let x = count + 1.0;
    let inverse = 1.0 / (x * x);
    let series = (1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * (1.0 / 1260.0 - inverse / 1680.0))) / x;
    (x - 0.5) * ln(x) - x + 0.5 * ln(2.0 * std::f64::consts::PI) + series
}

#[cfg(test)]
mod tests;
