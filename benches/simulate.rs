//! What a customer costs: the reference journey under its scenarios, on one thread, by the interpreter and compiled.
#![expect(clippy::expect_used, reason = "a benchmark may stop at a mistake of its own")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use playbook::model::resolve::resolve;
use playbook::run::Machine;
use playbook::simulate::{Cohort, Engine, Options, compiles, simulate};
use playbook::source::Sources;
use playbook::syntax::parse;
use std::sync::atomic::AtomicBool;

/// One batch of the compiled form.
const CUSTOMERS: u64 = 2_048;

fn reference_journey(criterion: &mut Criterion) {
    let mut sources = Sources::new();
    let text = include_str!("../workflows/reference-journey.play");
    let file = sources.add("reference-journey.play", text);
    let (tree, _) = parse(sources.get(file).expect("added"), file);
    let (mut documents, _) = resolve(&tree, &[]);
    let document = documents.pop().expect("a playbook");
    let machine = Machine::new(document.playbook);
    let mut group = criterion.benchmark_group("simulate");
    group.sample_size(10).throughput(Throughput::Elements(CUSTOMERS));
    for scenario in &document.scenarios {
        for (name, engine) in [("compiled", Engine::Compiled), ("interpreter", Engine::Interpreter)] {
            if engine == Engine::Compiled && compiles(&machine, scenario, false).is_err() {
                continue;
            }
            let options = Options { seed: 1, threads: Some(1), engine, ..Options::default() };
            group.bench_function(format!("{}/{name}", scenario.name.name), |bencher| {
                bencher.iter(|| {
                    simulate(&machine, scenario, Cohort::Drawn(CUSTOMERS), &options, &|_| {}, &AtomicBool::new(false))
                        .expect("it can be simulated")
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, reference_journey);
criterion_main!(benches);
