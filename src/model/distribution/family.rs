//! The distributions an author can name, with the names and order of their parameters.

use super::{Distribution, Impossible};

/// What a parameter counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The same as what is drawn: days for a duration, points for a percent.
    Quantity,
    /// A plain number.
    Plain,
}

/// A parameter of a family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it counts in.
    pub measure: Measure,
    /// Whether it can be left out.
    pub optional: bool,
}

const fn quantity(name: &'static str) -> Parameter {
    Parameter { name, measure: Measure::Quantity, optional: false }
}

const fn plain(name: &'static str) -> Parameter {
    Parameter { name, measure: Measure::Plain, optional: false }
}

/// A named distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `uniform(low, high)`.
    Uniform,
    /// `triangular(low, mode, high)`.
    Triangular,
    /// `normal(mean, deviation)`.
    Normal,
    /// `lognormal(median, sigma)`.
    LogNormal,
    /// `exponential(mean)`.
    Exponential,
    /// `gamma(shape, mean)` or `gamma(shape, scale S)`.
    Gamma,
    /// `weibull(shape, scale)`.
    Weibull,
    /// `beta(alpha, beta, low, high)`.
    Beta,
    /// `erlang(k, mean)`.
    Erlang,
    /// `poisson(mean)`.
    Poisson,
}

impl Family {
    /// All of them, by name.
    pub const ALL: [(&'static str, Family); 10] = [
        ("uniform", Family::Uniform),
        ("triangular", Family::Triangular),
        ("normal", Family::Normal),
        ("lognormal", Family::LogNormal),
        ("exponential", Family::Exponential),
        ("gamma", Family::Gamma),
        ("weibull", Family::Weibull),
        ("beta", Family::Beta),
        ("erlang", Family::Erlang),
        ("poisson", Family::Poisson),
    ];

    /// The family of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Family> {
        Family::ALL.iter().find(|(known, _)| *known == name).map(|(_, family)| *family)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Family::ALL.iter().find(|(_, family)| *family == self).map_or("", |(name, _)| name)
    }

    /// Its parameters in the order in which they stand without names.
    #[must_use]
    pub fn parameters(self) -> &'static [Parameter] {
        const UNIFORM: &[Parameter] = &[quantity("low"), quantity("high")];
        const TRIANGULAR: &[Parameter] = &[quantity("low"), quantity("mode"), quantity("high")];
        const NORMAL: &[Parameter] = &[quantity("mean"), quantity("deviation")];
        const LOGNORMAL: &[Parameter] = &[quantity("median"), plain("sigma")];
        const MEAN: &[Parameter] = &[quantity("mean")];
        const GAMMA: &[Parameter] = &[
            plain("shape"),
            Parameter { name: "mean", measure: Measure::Quantity, optional: true },
            Parameter { name: "scale", measure: Measure::Quantity, optional: true },
        ];
        const WEIBULL: &[Parameter] = &[plain("shape"), quantity("scale")];
        const BETA: &[Parameter] = &[plain("alpha"), plain("beta"), quantity("low"), quantity("high")];
        const ERLANG: &[Parameter] = &[plain("k"), quantity("mean")];
        const COUNT: &[Parameter] = &[plain("mean")];
        match self {
            Family::Uniform => UNIFORM,
            Family::Triangular => TRIANGULAR,
            Family::Normal => NORMAL,
            Family::LogNormal => LOGNORMAL,
            Family::Exponential => MEAN,
            Family::Gamma => GAMMA,
            Family::Weibull => WEIBULL,
            Family::Beta => BETA,
            Family::Erlang => ERLANG,
            Family::Poisson => COUNT,
        }
    }

    /// How it is written: `lognormal(median, sigma)`.
    #[must_use]
    pub fn signature(self) -> String {
        let names: Vec<&str> = match self {
            Family::Gamma => vec!["shape", "mean"],
            _ => self.parameters().iter().map(|parameter| parameter.name).collect(),
        };
        format!("{}({})", self.name(), names.join(", "))
    }

    /// The distribution with these values, one per parameter; none where it was left out.
    ///
    /// # Errors
    /// A parameter that is missing or impossible.
    pub fn distribution(self, values: &[Option<f64>]) -> Result<Distribution, Impossible> {
        let value = |place: usize| -> Result<f64, Impossible> {
            let parameter = self.parameters().get(place).map_or("value", |parameter| parameter.name);
            values.get(place).copied().flatten().map_or_else(|| super::impossible(parameter, "is missing"), Ok)
        };
        match self {
            Family::Uniform => Distribution::uniform(value(0)?, value(1)?),
            Family::Triangular => Distribution::triangular(value(0)?, value(1)?, value(2)?),
            Family::Normal => Distribution::normal(value(0)?, value(1)?),
            Family::LogNormal => Distribution::lognormal(value(0)?, value(1)?),
            Family::Exponential => Distribution::exponential(value(0)?),
            Family::Weibull => Distribution::weibull(value(0)?, value(1)?),
            Family::Beta => Distribution::beta(value(0)?, value(1)?, value(2)?, value(3)?),
            Family::Erlang => Distribution::erlang(value(0)?, value(1)?),
            Family::Poisson => Distribution::poisson(value(0)?),
            Family::Gamma => {
                let shape = super::positive("shape", value(0)?)?;
                match (value(1), value(2)) {
                    (Ok(_), Ok(_)) => {
                        super::impossible("scale", "cannot stand beside `mean`: one follows from the other")
                    }
                    (Ok(mean), Err(_)) => Distribution::gamma(shape, super::positive("mean", mean)? / shape),
                    (Err(_), Ok(scale)) => Distribution::gamma(shape, scale),
                    (Err(missing), Err(_)) => Err(missing),
                }
            }
        }
    }
}
