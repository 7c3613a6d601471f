//! Distributions with checked parameters: what they are, their mean, variance and distribution function.
//!
//! How a number is drawn is the simulation's business; here is what is known without drawing. Quantities are in the
//! unit of what is drawn: seconds for durations, points for percents, else plain.

mod elementary;
mod family;
mod normal;

pub use elementary::{exp, ln};
pub use family::{Family, Measure, Parameter};
pub use normal::{normal_cdf, normal_quantile};

/// A parameter no distribution of the family can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impossible {
    /// The parameter's name, as an author writes it.
    pub parameter: &'static str,
    /// What is wrong, to follow the name: "must be above 0".
    pub reason: String,
}

fn impossible<T>(parameter: &'static str, reason: impl Into<String>) -> Result<T, Impossible> {
    Err(Impossible { parameter, reason: reason.into() })
}

/// A distribution whose parameters are possible: made by its constructors only.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Distribution {
    /// Always the same.
    Constant(f64),
    /// Every number between the bounds alike.
    Uniform {
        /// The least.
        low: f64,
        /// The most.
        high: f64,
    },
    /// Between bounds, rising to the mode and falling from there.
    Triangular {
        /// The least.
        low: f64,
        /// The most frequent.
        mode: f64,
        /// The most.
        high: f64,
    },
    /// The bell curve.
    Normal {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        deviation: f64,
    },
    /// Its logarithm has a normal distribution.
    LogNormal {
        /// Half are below.
        median: f64,
        /// The standard deviation of the natural logarithm.
        sigma: f64,
    },
    /// Waiting for what comes by chance alone.
    Exponential {
        /// The mean.
        mean: f64,
    },
    /// The gamma distribution; its mean is shape times scale.
    Gamma {
        /// The shape.
        shape: f64,
        /// The scale.
        scale: f64,
    },
    /// The Weibull distribution.
    Weibull {
        /// The shape: below 1 the odds of an end fall with time, above they rise.
        shape: f64,
        /// The scale: 63.2% are below.
        scale: f64,
    },
    /// The beta distribution, stretched between two bounds.
    Beta {
        /// The first shape.
        alpha: f64,
        /// The second shape.
        beta: f64,
        /// The least.
        low: f64,
        /// The most.
        high: f64,
    },
    /// The sum of `k` exponential times.
    Erlang {
        /// How many.
        k: u32,
        /// The mean of the sum.
        mean: f64,
    },
    /// A count of what comes by chance alone.
    Poisson {
        /// The mean.
        mean: f64,
    },
    /// One of a list, each with its share.
    Discrete {
        /// Each value with the share of it and of all before it; the last is 1.
        outcomes: Vec<(f64, f64)>,
    },
}

/// The largest mean of a Poisson distribution: beyond it doubles cannot tell neighbours apart well enough.
const LARGEST_POISSON: f64 = 1e9;

fn finite(parameter: &'static str, number: f64) -> Result<f64, Impossible> {
    if number.is_finite() { Ok(number) } else { impossible(parameter, "must be a finite number") }
}

fn positive(parameter: &'static str, number: f64) -> Result<f64, Impossible> {
    finite(parameter, number)?;
    if number > 0.0 { Ok(number) } else { impossible(parameter, "must be above 0") }
}

fn not_negative(parameter: &'static str, number: f64) -> Result<f64, Impossible> {
    finite(parameter, number)?;
    if number >= 0.0 { Ok(number) } else { impossible(parameter, "must not be below 0") }
}

impl Distribution {
    /// Always `value`.
    ///
    /// # Errors
    /// Not finite.
    pub fn constant(value: f64) -> Result<Distribution, Impossible> {
        Ok(Distribution::Constant(finite("value", value)?))
    }

    /// Between `low` and `high`.
    ///
    /// # Errors
    /// Not finite, or `low` above `high`.
    pub fn uniform(low: f64, high: f64) -> Result<Distribution, Impossible> {
        let (low, high) = (finite("low", low)?, finite("high", high)?);
        if low > high {
            return impossible("low", "must not be above `high`");
        }
        Ok(Distribution::Uniform { low, high })
    }

    /// Between `low` and `high`, mostly `mode`.
    ///
    /// # Errors
    /// Not finite, `low` above `high`, or the mode outside.
    pub fn triangular(low: f64, mode: f64, high: f64) -> Result<Distribution, Impossible> {
        Distribution::uniform(low, high)?;
        if finite("mode", mode)? < low {
            return impossible("mode", "must not be below `low`");
        }
        if mode > high {
            return impossible("mode", "must not be above `high`");
        }
        Ok(Distribution::Triangular { low, mode, high })
    }

    /// Around `mean`, with this standard deviation.
    ///
    /// # Errors
    /// Not finite, or the deviation below 0.
    pub fn normal(mean: f64, deviation: f64) -> Result<Distribution, Impossible> {
        Ok(Distribution::Normal { mean: finite("mean", mean)?, deviation: not_negative("deviation", deviation)? })
    }

    /// With this median, and `sigma` as the standard deviation of the logarithm.
    ///
    /// # Errors
    /// Not finite, the median not above 0, or sigma below 0.
    pub fn lognormal(median: f64, sigma: f64) -> Result<Distribution, Impossible> {
        let distribution =
            Distribution::LogNormal { median: positive("median", median)?, sigma: not_negative("sigma", sigma)? };
        // Ten deviations out must still be a number: draws end there, and so do the mean and the variance.
        if distribution.variance().is_finite() && (median * (10.0 * sigma).exp()).is_finite() {
            Ok(distribution)
        } else {
            impossible("sigma", "is too large: the values would have no end")
        }
    }

    /// With this mean.
    ///
    /// # Errors
    /// Not finite or not above 0.
    pub fn exponential(mean: f64) -> Result<Distribution, Impossible> {
        Ok(Distribution::Exponential { mean: positive("mean", mean)? })
    }

    /// With this shape and scale; the mean is their product.
    ///
    /// # Errors
    /// Not finite or not above 0.
    pub fn gamma(shape: f64, scale: f64) -> Result<Distribution, Impossible> {
        Ok(Distribution::Gamma { shape: positive("shape", shape)?, scale: positive("scale", scale)? })
    }

    /// With this shape and scale.
    ///
    /// # Errors
    /// Not finite, not above 0, or a shape so small that the values have no end.
    pub fn weibull(shape: f64, scale: f64) -> Result<Distribution, Impossible> {
        let (shape, scale) = (positive("shape", shape)?, positive("scale", scale)?);
        if shape < 0.05 {
            return impossible("shape", "must be at least 0.05: below, single values have no bound worth the name");
        }
        Ok(Distribution::Weibull { shape, scale })
    }

    /// Between `low` and `high` with these shapes.
    ///
    /// # Errors
    /// Not finite, a shape not above 0, or `low` above `high`.
    pub fn beta(alpha: f64, beta: f64, low: f64, high: f64) -> Result<Distribution, Impossible> {
        Distribution::uniform(low, high)?;
        Ok(Distribution::Beta { alpha: positive("alpha", alpha)?, beta: positive("beta", beta)?, low, high })
    }

    /// The sum of `k` exponential times that together have this mean.
    ///
    /// # Errors
    /// `k` not a whole number from 1 to 1,000,000; the mean not finite or not above 0.
    pub fn erlang(k: f64, mean: f64) -> Result<Distribution, Impossible> {
        if !(1.0..=1e6).contains(&k) || k.fract() != 0.0 {
            return impossible("k", "must be a whole number from 1 to 1000000");
        }
        Ok(Distribution::Erlang { k: k as u32, mean: positive("mean", mean)? })
    }

    /// A count with this mean.
    ///
    /// # Errors
    /// Not finite, not above 0, or above a thousand million.
    pub fn poisson(mean: f64) -> Result<Distribution, Impossible> {
        if positive("mean", mean)? > LARGEST_POISSON {
            return impossible("mean", "must be at most 1000000000");
        }
        Ok(Distribution::Poisson { mean })
    }

    /// Each value with its share; the shares are parts of 1.
    ///
    /// # Errors
    /// No value, a value not finite, a share below 0, or shares that do not add up to 1.
    pub fn discrete(values: &[(f64, f64)]) -> Result<Distribution, Impossible> {
        let mut sum = 0.0;
        let mut outcomes = Vec::with_capacity(values.len());
        for (value, share) in values {
            sum += not_negative("share", *share)?;
            outcomes.push((finite("value", *value)?, sum));
        }
        // The shares come from an exact check where they are written; what is left here is rounding.
        if (sum - 1.0).abs() > 1e-9 {
            return impossible("share", format!("must add up to 100%, not {:.4}%", sum * 100.0));
        }
        if let Some((_, last)) = outcomes.last_mut() {
            *last = 1.0;
        }
        Ok(Distribution::Discrete { outcomes })
    }

    /// The mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Distribution::Constant(value) => *value,
            Distribution::Uniform { low, high } => low / 2.0 + high / 2.0,
            Distribution::Triangular { low, mode, high } => low / 3.0 + mode / 3.0 + high / 3.0,
            Distribution::LogNormal { median, sigma } => median * (sigma * sigma / 2.0).exp(),
            Distribution::Gamma { shape, scale } => shape * scale,
            Distribution::Weibull { shape, scale } => scale * gamma_function(1.0 + 1.0 / shape),
            Distribution::Beta { alpha, beta, low, high } => low + (high - low) * alpha / (alpha + beta),
            Distribution::Normal { mean, .. }
            | Distribution::Exponential { mean }
            | Distribution::Erlang { mean, .. }
            | Distribution::Poisson { mean } => *mean,
            Distribution::Discrete { .. } => self.moment(|value| value),
        }
    }

    /// The variance: the square of the standard deviation.
    #[must_use]
    pub fn variance(&self) -> f64 {
        match self {
            Distribution::Constant(_) => 0.0,
            Distribution::Uniform { low, high } => (high - low).powi(2) / 12.0,
            Distribution::Triangular { low, mode, high } => {
                (low * low + mode * mode + high * high - low * mode - low * high - mode * high) / 18.0
            }
            Distribution::Normal { deviation, .. } => deviation * deviation,
            Distribution::LogNormal { median, sigma } => {
                let spread = (sigma * sigma).exp();
                median * median * spread * (spread - 1.0)
            }
            Distribution::Exponential { mean } => mean * mean,
            Distribution::Gamma { shape, scale } => shape * scale * scale,
            Distribution::Weibull { shape, scale } => {
                let first = gamma_function(1.0 + 1.0 / shape);
                scale * scale * (gamma_function(1.0 + 2.0 / shape) - first * first)
            }
            Distribution::Beta { alpha, beta, low, high } => {
                let sum = alpha + beta;
                (high - low).powi(2) * alpha * beta / (sum * sum * (sum + 1.0))
            }
            Distribution::Erlang { k, mean } => mean * mean / f64::from(*k),
            Distribution::Poisson { mean } => *mean,
            Distribution::Discrete { .. } => {
                let mean = self.mean();
                self.moment(|value| (value - mean).powi(2))
            }
        }
    }

    fn moment(&self, of: impl Fn(f64) -> f64) -> f64 {
        let Distribution::Discrete { outcomes } = self else { return 0.0 };
        let mut before = 0.0;
        let mut sum = 0.0;
        for (value, until) in outcomes {
            sum += of(*value) * (until - before);
            before = *until;
        }
        sum
    }

    /// The share at or below `x`; none where there is no closed form (gamma, beta).
    #[must_use]
    pub fn cdf(&self, x: f64) -> Option<f64> {
        Some(match self {
            Distribution::Constant(value) => f64::from(u8::from(x >= *value)),
            Distribution::Uniform { low, high } if low == high => f64::from(u8::from(x >= *low)),
            Distribution::Uniform { low, high } => ((x - low) / (high - low)).clamp(0.0, 1.0),
            Distribution::Triangular { low, mode, high } => {
                if x >= *high {
                    1.0
                } else if x <= *low {
                    0.0
                } else if x < *mode {
                    (x - low).powi(2) / ((high - low) * (mode - low))
                } else {
                    1.0 - (high - x).powi(2) / ((high - low) * (high - mode))
                }
            }
            Distribution::Normal { mean, deviation } if *deviation == 0.0 => f64::from(u8::from(x >= *mean)),
            Distribution::Normal { mean, deviation } => normal_cdf((x - mean) / deviation),
            Distribution::LogNormal { median, sigma } if *sigma == 0.0 => f64::from(u8::from(x >= *median)),
            Distribution::LogNormal { median, sigma } if x > 0.0 => normal_cdf((x / median).ln() / sigma),
            Distribution::Exponential { mean } if x > 0.0 => -(-x / mean).exp_m1(),
            Distribution::Weibull { shape, scale } if x > 0.0 => -(-(x / scale).powf(*shape)).exp_m1(),
            Distribution::Erlang { k, mean } if x > 0.0 => 1.0 - poisson_cdf(x * f64::from(*k) / mean, *k - 1),
            Distribution::Poisson { mean } if x >= 0.0 => poisson_cdf(*mean, x.min(4e9) as u32),
            Distribution::LogNormal { .. }
            | Distribution::Exponential { .. }
            | Distribution::Weibull { .. }
            | Distribution::Erlang { .. }
            | Distribution::Poisson { .. } => 0.0,
            Distribution::Discrete { outcomes } => {
                let mut before = 0.0;
                let mut share = 0.0;
                for (value, until) in outcomes {
                    if *value <= x {
                        share += until - before;
                    }
                    before = *until;
                }
                share
            }
            Distribution::Gamma { .. } | Distribution::Beta { .. } => return None,
        })
    }
}

/// The share of counts up to `most`, summed in logarithms so that large means do not vanish.
fn poisson_cdf(mean: f64, most: u32) -> f64 {
    let (mut logarithm, mut sum) = (-mean, (-mean).exp());
    for count in 1..=most {
        logarithm += (mean / f64::from(count)).ln();
        sum += logarithm.exp();
        if f64::from(count) > mean && logarithm < -800.0 {
            break;
        }
    }
    sum.min(1.0)
}

/// The gamma function above 0, by the approximation of Lanczos with g = 7 and nine terms: about 15 digits.
fn gamma_function(x: f64) -> f64 {
    const TERMS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let sum = TERMS
        .iter()
        .enumerate()
        .fold(0.999_999_999_999_809_9, |sum, (place, term)| sum + term / (x + place as f64 + 1.0));
    let t = x + 7.5;
    (2.0 * std::f64::consts::PI).sqrt() * t.powf(x + 0.5) * (-t).exp() * sum
}

#[cfg(test)]
mod tests;
