use super::*;
use crate::source::Sources;
use std::sync::atomic::AtomicU64;

fn machine_of(text: &str) -> (Machine, Vec<Scenario>) {
    let mut sources = Sources::new();
    let file = sources.add("test.play", text);
    let (tree, problems) = crate::syntax::parse(sources.get(file).expect("added"), file);
    let (mut documents, found) = crate::model::resolve::resolve(&tree, &[]);
    let told: Vec<&str> = problems.iter().chain(&found).map(|finding| finding.message.as_str()).collect();
    assert!(told.is_empty(), "{told:?}");
    let document = documents.pop().expect("a playbook");
    (Machine::new(document.playbook), document.scenarios)
}

fn summary(machine: &Machine, scenario: &Scenario, customers: u64, options: &Options) -> Summary {
    let tally = simulate(machine, scenario, Cohort::Drawn(customers), options, &|_| {}, &AtomicBool::new(false))
        .expect("it can be simulated");
    Summary::new(machine, &scenario.name.name, options.seed, &tally)
}

const REFERENCE: &str = include_str!("../../workflows/reference-journey.play");

#[test]
fn look() {
    let (machine, scenarios) = machine_of(REFERENCE);
    for scenario in &scenarios {
        let at = std::time::SystemTime::now();
        let summary = summary(&machine, scenario, 20_000, &Options { seed: 1, ..Options::default() });
        eprintln!("{:?}", at.elapsed());
        eprintln!("{}", serde_json::to_string_pretty(&summary.to_json()).expect("json"));
    }
}
