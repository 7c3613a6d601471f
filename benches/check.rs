//! What `check` costs on playbooks of 100, 1,000 and 10,000 stages, beside what pest alone takes for the same text: the
//! same grammar, the whole file at once, no tree, no recovery.
#![expect(clippy::expect_used, reason = "a benchmark may stop at a mistake of its own")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pest::Parser;
use playbook::check::{Surroundings, check};
use playbook::graph::StateGraph;
use playbook::model::resolve::resolve;
use playbook::source::Sources;
use playbook::syntax::grammar::{Grammar, Rule};
use playbook::syntax::parse;
use std::fmt::Write;
use std::hint::black_box;

/// A playbook of so many stages in a row, each with prose, a task, conditions and a time limit.
fn playbook(stages: usize) -> String {
    let mut text = String::from("playbook big \"Big\" {\n  roles { manager \"Manager\" }\n  facts of the customer {\n");
    let facts = stages / 10 + 1;
    for fact in 0..facts {
        let _ = writeln!(text, "    fact_{fact} : yes/no");
    }
    text.push_str("  }\n  start -> stage_0\n");
    for at in 0..stages {
        let next = if at + 1 < stages { format!("stage_{}", at + 1) } else { "finished".to_owned() };
        let (one, other) = (at / 10, (at / 10 + 1) % facts);
        let _ = writeln!(
            text,
            "  stage stage_{at} \"Stage number {at}\" by manager {{\n    about \"What the page says about it.\"\n    \
             task {} mandatory \"Do the work of stage {at}\" due within 5 days\n    \
             -> {next} when fact_{one} or not fact_{other}\n    -> gave_up otherwise\n    after 90 days -> gave_up\n  }}",
            1_000 + at
        );
    }
    text.push_str("  end finished success\n  end gave_up failure\n}\n");
    text
}

/// Parses, resolves, builds the graph and looks with every rule: what was found.
fn whole_check(text: &str) -> usize {
    let mut sources = Sources::new();
    let file = sources.add("big.play", text);
    let (tree, mut findings) = parse(sources.get(file).expect("added"), file);
    let (documents, found) = resolve(&tree, &[]);
    findings.extend(found);
    for document in &documents {
        let around = Surroundings { files: &[&tree], ..Surroundings::default() };
        findings.extend(check(document, &StateGraph::new(&document.playbook), around));
    }
    findings.len()
}

fn checking(criterion: &mut Criterion) {
    for stages in [100, 1_000, 10_000] {
        let text = playbook(stages);
        assert_eq!(whole_check(&text), 0, "the playbook is right");
        let mut group = criterion.benchmark_group("check");
        group.sample_size(10).throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new("pest_alone", stages), |bencher| {
            bencher.iter(|| Grammar::parse(Rule::file, black_box(&text)).expect("it can be parsed").count());
        });
        group.bench_function(BenchmarkId::new("parse", stages), |bencher| {
            let mut sources = Sources::new();
            let file = sources.add("big.play", text.as_str());
            bencher.iter(|| parse(sources.get(file).expect("added"), file));
        });
        group.bench_function(BenchmarkId::new("whole", stages), |bencher| bencher.iter(|| whole_check(&text)));
        group.finish();
    }
}

criterion_group!(benches, checking);
criterion_main!(benches);
