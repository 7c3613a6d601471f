use super::super::random::{Purpose, StreamKey};
use super::*;
use rand::SeedableRng;
use rand_distr::Distribution as _;

const DRAWS: usize = 20_000;

fn stream(name: &str) -> Stream {
    StreamKey::new(2_020, Purpose::Fact, name).stream(0, 0)
}

fn draws(distribution: &Distribution) -> Vec<f64> {
    let mut stream = stream(&format!("{distribution:?}"));
    (0..DRAWS).map(|_| distribution.sample(&mut stream)).collect()
}

fn continuous() -> Vec<Distribution> {
    [
        Distribution::uniform(-2.0, 8.0),
        Distribution::triangular(1.0, 3.0, 7.0),
        Distribution::triangular(1.0, 1.0, 7.0),
        Distribution::triangular(1.0, 7.0, 7.0),
        Distribution::normal(1.2, 0.8),
        Distribution::lognormal(5.0, 0.6),
        Distribution::exponential(10.0),
        Distribution::gamma(0.5, 4.0),
        Distribution::gamma(3.7, 2.0),
        Distribution::weibull(0.8, 5.0),
        Distribution::weibull(2.5, 5.0),
        Distribution::beta(2.0, 3.0, 10.0, 20.0),
        Distribution::beta(0.5, 0.5, 0.0, 1.0),
        Distribution::erlang(1.0, 6.0),
        Distribution::erlang(5.0, 6.0),
    ]
    .into_iter()
    .map(|distribution| distribution.expect("possible"))
    .collect()
}

fn counting() -> Vec<Distribution> {
    [
        Distribution::poisson(0.3),
        Distribution::poisson(9.5),
        Distribution::poisson(10.5),
        Distribution::poisson(250.0),
        Distribution::discrete(&[(1.0, 0.2), (5.0, 0.0), (9.0, 0.8)]),
    ]
    .into_iter()
    .map(|distribution| distribution.expect("possible"))
    .collect()
}

#[test]
fn means_and_variances_are_those_of_the_closed_forms() {
    for distribution in continuous().into_iter().chain(counting()) {
        let values = draws(&distribution);
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: Vec<f64> = values.iter().map(|value| (value - mean).powi(2)).collect();
        let variance = squares.iter().sum::<f64>() / (count - 1.0);
        let deviation = (distribution.variance() / count).sqrt();
        assert!((mean - distribution.mean()).abs() < 4.0 * deviation, "{distribution:?}: mean {mean}");
        // The standard error of the variance, from the fourth moment of the draws themselves.
        let fourth = squares.iter().map(|square| square * square).sum::<f64>() / count;
        let error = ((fourth - variance * variance) / count).sqrt();
        assert!((variance - distribution.variance()).abs() < 5.0 * error, "{distribution:?}: variance {variance}");
    }
}

/// The greatest distance between the shares of two sorted lists, ties taken together.
fn distance(left: &[f64], right: &[f64]) -> f64 {
    let (mut i, mut j, mut greatest) = (0, 0, 0.0_f64);
    while i < left.len() && j < right.len() {
        let next = left[i].min(right[j]);
        while i < left.len() && left[i] <= next {
            i += 1;
        }
        while j < right.len() && right[j] <= next {
            j += 1;
        }
        greatest = greatest.max((i as f64 / left.len() as f64 - j as f64 / right.len() as f64).abs());
    }
    greatest
}

/// Kolmogorov and Smirnov: chance exceeds 1.95 / √n once in a thousand.
#[test]
fn draws_follow_the_distribution_function() {
    for distribution in continuous() {
        let mut values = draws(&distribution);
        values.sort_by(f64::total_cmp);
        if distribution.cdf(0.0).is_none() {
            continue;
        }
        let count = values.len() as f64;
        let greatest = values.iter().enumerate().fold(0.0_f64, |greatest, (place, value)| {
            let below = distribution.cdf(*value).expect("closed form");
            greatest.max((below - place as f64 / count).abs()).max((below - (place + 1) as f64 / count).abs())
        });
        assert!(greatest < 1.95 / count.sqrt(), "{distribution:?}: {greatest}");
    }
    for distribution in counting() {
        let values = draws(&distribution);
        for x in (0..400).map(f64::from) {
            let got = values.iter().filter(|value| **value <= x).count() as f64 / values.len() as f64;
            let expected = distribution.cdf(x).expect("closed form");
            assert!((got - expected).abs() < 1.95 / (DRAWS as f64).sqrt(), "{distribution:?} at {x}: {got} {expected}");
        }
    }
}

/// The same distributions by another implementation.
fn by_rand_distr(distribution: &Distribution) -> Option<Vec<f64>> {
    let mut random = rand::rngs::SmallRng::seed_from_u64(7);
    let mut all = |draw: &dyn Fn(&mut rand::rngs::SmallRng) -> f64| (0..DRAWS).map(|_| draw(&mut random)).collect();
    Some(match *distribution {
        Distribution::Normal { mean, deviation } => {
            let other = rand_distr::Normal::new(mean, deviation).ok()?;
            all(&|random| other.sample(random))
        }
        Distribution::LogNormal { median, sigma } => {
            let other = rand_distr::LogNormal::new(median.ln(), sigma).ok()?;
            all(&|random| other.sample(random))
        }
        Distribution::Triangular { low, mode, high } => {
            let other = rand_distr::Triangular::new(low, high, mode).ok()?;
            all(&|random| other.sample(random))
        }
        Distribution::Exponential { mean } => {
            let other = rand_distr::Exp::new(1.0 / mean).ok()?;
            all(&|random| other.sample(random))
        }
        Distribution::Gamma { shape, scale } => {
            let other = rand_distr::Gamma::new(shape, scale).ok()?;
            all(&|random| other.sample(random))
        }
        Distribution::Erlang { k, mean } => {
            let other = rand_distr::Gamma::new(f64::from(k), mean / f64::from(k)).ok()?;
            all(&|random| other.sample(random))
        }
        Distribution::Weibull { shape, scale } => {
            let other = rand_distr::Weibull::new(scale, shape).ok()?;
            all(&|random| other.sample(random))
        }
        Distribution::Beta { alpha, beta, low, high } => {
            let other = rand_distr::Beta::new(alpha, beta).ok()?;
            all(&|random| low + (high - low) * other.sample(random))
        }
        Distribution::Poisson { mean } => {
            let other = rand_distr::Poisson::new(mean).ok()?;
            all(&|random| other.sample(random))
        }
        _ => return None,
    })
}

#[test]
fn draws_are_distributed_as_those_of_rand_distr() {
    let mut compared = 0;
    for distribution in continuous().into_iter().chain(counting()) {
        let Some(mut others) = by_rand_distr(&distribution) else { continue };
        let mut values = draws(&distribution);
        values.sort_by(f64::total_cmp);
        others.sort_by(f64::total_cmp);
        let greatest = distance(&values, &others);
        assert!(greatest < 1.95 * (2.0 / DRAWS as f64).sqrt(), "{distribution:?}: {greatest}");
        compared += 1;
    }
    assert_eq!(compared, 18);
}

#[test]
fn bounds_hold_and_nothing_is_not_a_number() {
    let edges = [
        Distribution::uniform(3.0, 3.0),
        Distribution::triangular(5.0, 5.0, 5.0),
        Distribution::normal(2.0, 0.0),
        Distribution::lognormal(5.0, 0.0),
        Distribution::beta(1e-300, 1e-300, 0.0, 1.0),
        Distribution::gamma(1e-300, 1.0),
        Distribution::weibull(0.05, 1.0),
        Distribution::poisson(1e9),
    ];
    for distribution in edges.into_iter().map(|edge| edge.expect("possible")).chain(continuous()) {
        let mut stream = stream("edges");
        for _ in 0..2_000 {
            let value = distribution.sample(&mut stream);
            assert!(value.is_finite(), "{distribution:?}");
            match distribution {
                Distribution::Uniform { low, high }
                | Distribution::Triangular { low, high, .. }
                | Distribution::Beta { low, high, .. } => {
                    assert!((low..=high).contains(&value), "{distribution:?} {value}")
                }
                Distribution::Normal { .. } => {}
                _ => assert!(value >= 0.0, "{distribution:?} {value}"),
            }
        }
    }
}

/// One uniform number, one draw: the same luck gives a larger value where the parameter is larger.
#[test]
fn common_random_numbers_keep_order() {
    let pairs = [
        (Distribution::exponential(10.0), Distribution::exponential(11.0)),
        (Distribution::lognormal(5.0, 0.6), Distribution::lognormal(6.0, 0.6)),
        (Distribution::normal(0.0, 0.8), Distribution::normal(1.2, 0.8)),
        (Distribution::triangular(1.0, 3.0, 7.0), Distribution::triangular(1.0, 4.0, 7.0)),
        (Distribution::poisson(5.0), Distribution::poisson(6.0)),
    ];
    for (less, more) in pairs {
        let (less, more) = (less.expect("possible"), more.expect("possible"));
        let (mut one, mut other) = (stream("same"), stream("same"));
        for _ in 0..1_000 {
            assert!(less.sample(&mut one) <= more.sample(&mut other), "{less:?}");
        }
    }
}

#[test]
fn draws_stay_as_they_are() {
    let got: Vec<String> = continuous()
        .iter()
        .chain(&counting())
        .map(|distribution| format!("{:.9}", distribution.sample(&mut stream("golden"))))
        .collect();
    assert_eq!(got.join(" "), GOLDEN);
}

const GOLDEN: &str = "3.323258089 3.649749176 2.896797485 5.377639675 1.264894127 5.249372302 7.599833985 \
    1.370683843 7.035418724 3.547930763 4.480140629 14.483160689 0.992364949 4.410699168 \
    5.812924017 0.000000000 10.000000000 11.000000000 251.000000000 9.000000000";
