//! What a customer costs: the reference journey under its scenarios, on one thread, by the interpreter and compiled; and,
//! where customers share nothing, written by hand.
#![expect(clippy::expect_used, reason = "a benchmark may stop at a mistake of its own")]

mod by_hand;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use playbook::model::resolve::resolve;
use playbook::run::Machine;
use playbook::simulate::{Cohort, Engine, Options, compiles, simulate};
use playbook::source::Sources;
use playbook::syntax::parse;
use std::hint::black_box;
use std::sync::atomic::AtomicBool;

/// Several batches of the compiled form: what is done once for a simulation hardly counts.
const CUSTOMERS: u64 = 32_768;
/// The interpreter takes much longer.
const INTERPRETED: u64 = 2_048;

fn reference_journey(criterion: &mut Criterion) {
    let mut sources = Sources::new();
    let text = include_str!("../workflows/reference-journey.play");
    let file = sources.add("reference-journey.play", text);
    let (tree, _) = parse(sources.get(file).expect("added"), file);
    let (mut documents, _) = resolve(&tree, &[]);
    let document = documents.pop().expect("a playbook");
    let machine = Machine::new(document.playbook);
    let mut group = criterion.benchmark_group("simulate");
    group.sample_size(10);
    for scenario in &document.scenarios {
        let name = &scenario.name.name;
        // One of the same minute, beside which the compiled form can be seen.
        if name == "reference" {
            group.throughput(Throughput::Elements(CUSTOMERS));
            group.bench_function(format!("{name}/by hand"), |bencher| {
                bencher.iter(|| {
                    let mut tally = by_hand::simulate(black_box(CUSTOMERS), 1).expect("possible parameters");
                    let place = tally.durations.len() * 9 / 10;
                    let late = *tally.durations.select_nth_unstable_by(place, f64::total_cmp).1;
                    black_box((tally, late))
                });
            });
        }
        for (form, engine, customers) in
            [("compiled", Engine::Compiled, CUSTOMERS), ("interpreter", Engine::Interpreter, INTERPRETED)]
        {
            if engine == Engine::Compiled && compiles(&machine, scenario, false).is_err() {
                continue;
            }
            let options = Options { seed: 1, threads: Some(1), engine, ..Options::default() };
            group.throughput(Throughput::Elements(customers));
            group.bench_function(format!("{name}/{form}"), |bencher| {
                bencher.iter(|| {
                    simulate(&machine, scenario, Cohort::Drawn(customers), &options, &|_| {}, &AtomicBool::new(false))
                        .expect("it can be simulated")
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, reference_journey);
criterion_main!(benches);
