use super::*;

fn possible(distribution: Result<Distribution, Impossible>) -> Distribution {
    distribution.expect("possible parameters")
}

#[test]
fn impossible_parameters_are_named() {
    let wrong: [(Result<Distribution, Impossible>, &str, &str); 18] = [
        (Distribution::constant(f64::NAN), "value", "finite"),
        (Distribution::uniform(8.0, 3.0), "low", "above `high`"),
        (Distribution::uniform(f64::INFINITY, 3.0), "low", "finite"),
        (Distribution::triangular(1.0, 8.0, 7.0), "mode", "above `high`"),
        (Distribution::triangular(1.0, 0.0, 7.0), "mode", "below `low`"),
        (Distribution::triangular(9.0, 0.0, 7.0), "low", "above `high`"),
        (Distribution::normal(1.0, -0.1), "deviation", "below 0"),
        (Distribution::lognormal(5.0, -0.6), "sigma", "below 0"),
        (Distribution::lognormal(0.0, 0.6), "median", "above 0"),
        (Distribution::lognormal(5.0, 80.0), "sigma", "too large"),
        (Distribution::exponential(0.0), "mean", "above 0"),
        (Distribution::gamma(-1.0, 1.0), "shape", "above 0"),
        (Distribution::weibull(1.0, 0.0), "scale", "above 0"),
        (Distribution::beta(1.0, 0.0, 0.0, 1.0), "beta", "above 0"),
        (Distribution::erlang(2.5, 1.0), "k", "whole number"),
        (Distribution::poisson(1e12), "mean", "at most"),
        (Distribution::discrete(&[(1.0, 0.2), (2.0, 0.7)]), "share", "add up to 100%, not 90"),
        (Distribution::discrete(&[(1.0, 1.4), (2.0, -0.4)]), "share", "below 0"),
    ];
    for (got, parameter, reason) in wrong {
        let got = got.expect_err(reason);
        assert_eq!(got.parameter, parameter);
        assert!(got.reason.contains(reason), "{got:?}");
    }
}

#[test]
fn families_take_their_parameters_by_place() {
    assert_eq!(Family::by_name("lognormal"), Some(Family::LogNormal));
    assert_eq!(Family::LogNormal.signature(), "lognormal(median, sigma)");
    assert_eq!(Family::Gamma.signature(), "gamma(shape, mean)");
    assert_eq!(
        Family::Gamma.distribution(&[Some(2.0), Some(10.0), None]),
        Family::Gamma.distribution(&[Some(2.0), None, Some(5.0)])
    );
    assert!(Family::Gamma.distribution(&[Some(2.0), Some(10.0), Some(5.0)]).is_err());
    for (_, family) in Family::ALL {
        let missing = family.distribution(&[]).expect_err("nothing given");
        assert_eq!(missing.reason, "is missing");
        let values: Vec<Option<f64>> = match family {
            Family::Gamma => vec![Some(2.0), Some(3.0), None],
            _ => (0..family.parameters().len()).map(|place| Some(1.0 + place as f64)).collect(),
        };
        assert!(family.distribution(&values).is_ok(), "{family:?}");
    }
}

#[test]
fn mean_and_variance_in_closed_form() {
    let close =
        |got: f64, expected: f64| assert!((got - expected).abs() < 1e-9 * expected.abs().max(1.0), "{got} {expected}");
    let weibull = possible(Distribution::weibull(2.0, 1.0));
    close(weibull.mean(), std::f64::consts::PI.sqrt() / 2.0);
    close(weibull.variance(), 1.0 - std::f64::consts::PI / 4.0);
    let triangular = possible(Distribution::triangular(1.0, 3.0, 7.0));
    close(triangular.mean(), 11.0 / 3.0);
    close(triangular.variance(), 28.0 / 18.0);
    let discrete = possible(Distribution::discrete(&[(0.0, 0.25), (4.0, 0.75)]));
    close(discrete.mean(), 3.0);
    close(discrete.variance(), 3.0);
    close(possible(Distribution::beta(2.0, 3.0, 10.0, 20.0)).mean(), 14.0);
    close(possible(Distribution::lognormal(5.0, 0.6)).mean(), 5.0 * 0.18_f64.exp());
}

/// The mean by the distribution function alone: the integral of what is above, less the integral of what is below 0.
#[test]
fn the_distribution_function_agrees_with_mean_and_variance() {
    for distribution in [
        possible(Distribution::uniform(2.0, 8.0)),
        possible(Distribution::triangular(1.0, 3.0, 7.0)),
        possible(Distribution::triangular(1.0, 1.0, 7.0)),
        possible(Distribution::triangular(1.0, 7.0, 7.0)),
        possible(Distribution::normal(1.2, 0.8)),
        possible(Distribution::lognormal(5.0, 0.6)),
        possible(Distribution::exponential(10.0)),
        possible(Distribution::weibull(1.5, 10.0)),
        possible(Distribution::erlang(4.0, 12.0)),
        possible(Distribution::poisson(6.5)),
        possible(Distribution::discrete(&[(1.0, 0.2), (5.0, 0.5), (9.0, 0.3)])),
    ] {
        let step = 0.001;
        let (mut mean, mut square, mut before) = (0.0, 0.0, 0.0);
        for at in -20_000..400_000 {
            let x = f64::from(at) * step + step / 2.0;
            let below = distribution.cdf(x).expect("closed form");
            assert!(below >= before - 1e-12 && (0.0..=1.0).contains(&below), "{distribution:?} {x}");
            before = below;
            let part = if x > 0.0 { 1.0 - below } else { -below };
            mean += part * step;
            square += 2.0 * x * part * step;
        }
        assert!((mean - distribution.mean()).abs() < 2e-3, "{distribution:?} {mean}");
        assert!((square - mean * mean - distribution.variance()).abs() < 0.05, "{distribution:?} {square}");
    }
}
