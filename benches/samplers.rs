//! What a draw costs, beside `rand_distr` on a small generator.

#![expect(clippy::expect_used, reason = "a benchmark may stop at a mistake of its own")]

use criterion::{Criterion, criterion_group, criterion_main};
use playbook::model::distribution::Distribution;
use playbook::simulate::random::{Purpose, StreamKey};
use rand::SeedableRng;
use rand_distr::Distribution as _;
use std::hint::black_box;

fn samplers(criterion: &mut Criterion) {
    let key = StreamKey::new(1, Purpose::Fact, "bench");
    let cases: [(&str, Result<Distribution, _>); 6] = [
        ("uniform", Distribution::uniform(0.0, 8.0)),
        ("triangular", Distribution::triangular(1.0, 3.0, 7.0)),
        ("normal", Distribution::normal(1.2, 0.8)),
        ("lognormal", Distribution::lognormal(5.0, 0.6)),
        ("exponential", Distribution::exponential(10.0)),
        ("gamma", Distribution::gamma(3.7, 2.0)),
    ];
    let mut group = criterion.benchmark_group("draw");
    for (name, distribution) in cases {
        let distribution = distribution.expect("possible parameters");
        let mut stream = key.stream(0, 0);
        group.bench_function(format!("{name}/playbook"), |bencher| {
            bencher.iter(|| black_box(&distribution).sample(&mut stream));
        });
    }
    let mut random = rand::rngs::SmallRng::seed_from_u64(1);
    macro_rules! other {
        ($name:literal, $made:expr) => {
            let other = $made.expect("possible parameters");
            group.bench_function(concat!($name, "/rand_distr"), |bencher| {
                bencher.iter(|| black_box(&other).sample(&mut random));
            });
        };
    }
    other!("uniform", rand_distr::Uniform::new(0.0, 8.0));
    other!("triangular", rand_distr::Triangular::new(1.0, 7.0, 3.0));
    other!("normal", rand_distr::Normal::new(1.2, 0.8));
    other!("lognormal", rand_distr::LogNormal::new(5.0_f64.ln(), 0.6));
    other!("exponential", rand_distr::Exp::new(0.1));
    other!("gamma", rand_distr::Gamma::new(3.7, 2.0));
    group.finish();

    let mut customer = 0;
    criterion.bench_function("a stream of its own and its first number", |bencher| {
        bencher.iter(|| {
            customer += 1;
            black_box(key).stream(customer, 0).uniform()
        });
    });
}

criterion_group!(benches, samplers);
criterion_main!(benches);
