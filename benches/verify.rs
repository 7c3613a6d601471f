//! Guards of generated playbooks: 100, 1,000 and 10,000 stages with 20 facts and 4 exits a stage, with and without
//! relations between facts; the questions about each stage once more with another library for decision diagrams, in the
//! same run and with the same answers.
#![expect(clippy::expect_used, reason = "a benchmark may stop at a mistake of its own")]

use biodivine_lib_bdd::{Bdd as OtherBdd, BddVariable, BddVariableSet};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use playbook::check::{Surroundings, check};
use playbook::graph::{Node, StateGraph};
use playbook::model::resolve::resolve;
use playbook::model::{Document, Place, StageId};
use playbook::source::Sources;
use playbook::syntax::parse;
use playbook::verify::encode::Prepared;
use playbook::verify::kernel::{BUDGET, Bdd, Kernel};
use playbook::verify::known::Known;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::fmt::Write;

/// A playbook with so many stages; of the comparisons, so many percent are between two facts.
fn generated(stages: usize, relations: u32) -> String {
    let mut random = StdRng::seed_from_u64(1);
    let mut text = String::from("playbook generated \"Generated\" {\n  facts of the customer {\n");
    let changes = ["", " fixed", " rising", ""];
    for fact in 0..6 {
        writeln!(text, "    b{fact} : yes/no{}", changes[random.random_range(0..4)]).expect("written");
    }
    for fact in 0..4 {
        writeln!(text, "    e{fact} : one of (e{fact}a, e{fact}b, e{fact}c, e{fact}d)").expect("written");
    }
    for fact in 0..7 {
        writeln!(text, "    p{fact} : percent{}", changes[random.random_range(0..4)]).expect("written");
    }
    for fact in 0..3 {
        writeln!(text, "    n{fact} : int in 0..100_000{}", changes[random.random_range(0..4)]).expect("written");
    }
    text.push_str("  }\n  start -> s0\n");
    let atom = |random: &mut StdRng, window: u32| {
        let related = random.random_range(0..100) < relations;
        let sign = ["<", "<=", ">", ">="][random.random_range(0..4)];
        match (window + random.random_range(0..6)) % 20 {
            fact @ 0..6 => format!("{}b{fact}", ["", "not "][random.random_range(0..2)]),
            fact @ 6..10 => format!("e{0} is e{0}{1}", fact - 6, ["a", "b", "c", "d"][random.random_range(0..4)]),
            fact @ 10..17 if related => format!("p{} {sign} p{}", fact - 10, (fact - 9) % 7),
            fact @ 10..17 => format!("p{} {sign} {}%", fact - 10, [5, 10, 20, 40, 60][random.random_range(0..5)]),
            fact if related => format!("n{} {sign} 10% of n{}", fact - 17, (fact - 16) % 3),
            fact => format!("n{} {sign} {}", fact - 17, [10, 100, 500, 1_000, 5_000][random.random_range(0..5)]),
        }
    };
    for stage in 0..stages {
        let window = random.random_range(0..20);
        let next = |random: &mut StdRng| match stage + random.random_range(1..6) {
            next if next < stages => format!("s{next}"),
            _ => "finished".to_owned(),
        };
        writeln!(text, "  stage s{stage} {{\n    task t{stage} optional \"T\"\n    first match").expect("written");
        for _ in 0..3 {
            let mut parts: Vec<String> = (0..random.random_range(1..4)).map(|_| atom(&mut random, window)).collect();
            parts.sort();
            parts.dedup();
            writeln!(text, "    -> {} when {}", next(&mut random), parts.join(" and ")).expect("written");
        }
        let onward = if stage + 1 < stages { format!("s{}", stage + 1) } else { "finished".to_owned() };
        writeln!(text, "    -> {onward} otherwise\n  }}").expect("written");
    }
    text.push_str("  end finished success\n}\n");
    text
}

fn document(text: &str) -> Document {
    let mut sources = Sources::new();
    let file = sources.add("generated.play", text);
    let (tree, _) = parse(sources.get(file).expect("added"), file);
    let (mut documents, _) = resolve(&tree, &[]);
    documents.pop().expect("a playbook")
}

/// The sets of one stage: where its exits hold, and who is there. With how many variables.
struct Questions {
    kernel: Kernel,
    exits: Vec<Bdd>,
    here: Bdd,
}

fn questions(document: &Document, graph: &StateGraph) -> Vec<Questions> {
    let prepared = Prepared::new(&document.playbook, []);
    let known = Known::new(&prepared, graph, BUDGET);
    let stages = (0..document.playbook.stages.len()).map(|stage| Node::Place(Place::Stage(StageId(stage as u32))));
    stages
        .filter_map(|node| known.site(node).ok().flatten())
        .map(|site| Questions {
            exits: site.completion.iter().map(|way| way.holds).collect(),
            here: site.decided,
            kernel: site.space.into_kernel(),
        })
        .collect()
}

/// How many pairs of exits overlap, and whether somebody takes none: with our kernel.
fn ours(all: &mut [Questions]) -> (usize, usize) {
    let (mut overlaps, mut gaps) = (0, 0);
    for questions in all {
        let mut left = questions.here;
        for (at, exit) in questions.exits.iter().enumerate() {
            let here = questions.kernel.and(*exit, questions.here).expect("within the budget");
            for other in &questions.exits[..at] {
                overlaps += usize::from(!questions.kernel.and(here, *other).expect("within the budget").is_empty());
            }
            left = questions.kernel.and(left, exit.not()).expect("within the budget");
        }
        gaps += usize::from(!left.is_empty());
    }
    (overlaps, gaps)
}

/// The same sets for the other library.
fn translated(questions: &Questions) -> (Vec<OtherBdd>, OtherBdd) {
    let variables = questions.kernel.variables() as u16;
    let universe = BddVariableSet::new_anonymous(variables.max(1));
    let made = |set: Bdd| {
        let mut known: Vec<OtherBdd> = vec![universe.mk_true()];
        let (nodes, complemented) = questions.kernel.export(set);
        for (variable, (low, low_complemented), high) in nodes {
            let low = if low_complemented { known[low].not() } else { known[low].clone() };
            let on = universe.mk_var(BddVariable::from_index(variable as usize));
            known.push(OtherBdd::if_then_else(&on, &known[high], &low));
        }
        let last = known.pop().expect("at least true");
        if complemented { last.not() } else { last }
    };
    (questions.exits.iter().map(|exit| made(*exit)).collect(), made(questions.here))
}

fn theirs(all: &[(Vec<OtherBdd>, OtherBdd)]) -> (usize, usize) {
    let (mut overlaps, mut gaps) = (0, 0);
    for (exits, here) in all {
        let mut left = here.clone();
        for (at, exit) in exits.iter().enumerate() {
            let here = exit.and(here);
            for other in &exits[..at] {
                overlaps += usize::from(!here.and(other).is_false());
            }
            left = left.and_not(exit);
        }
        gaps += usize::from(!left.is_false());
    }
    (overlaps, gaps)
}

fn guards(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("guards");
    group.sample_size(10);
    for (stages, relations) in [(100, 0), (100, 15), (1_000, 0), (1_000, 15), (10_000, 0), (10_000, 15)] {
        let document = document(&generated(stages, relations));
        let graph = StateGraph::new(&document.playbook);
        group.throughput(Throughput::Elements(stages as u64));
        let name = format!("{stages} stages, {relations}% relations");
        group.bench_function(format!("known: {name}"), |bencher| {
            bencher.iter(|| {
                let prepared = Prepared::new(&document.playbook, []);
                Known::new(&prepared, &graph, BUDGET).undecided.len()
            });
        });
        group.bench_function(format!("check: {name}"), |bencher| {
            bencher.iter(|| check(&document, &graph, Surroundings::default()).len());
        });
        let mut all = questions(&document, &graph);
        let others: Vec<(Vec<OtherBdd>, OtherBdd)> = all.iter().map(translated).collect();
        assert_eq!(ours(&mut all), theirs(&others), "both libraries say the same");
        group.bench_function(format!("decided here: {name}"), |bencher| {
            bencher.iter(|| {
                all.iter_mut().for_each(|questions| questions.kernel.forget_results());
                ours(&mut all)
            });
        });
        group.bench_function(format!("decided by biodivine: {name}"), |bencher| bencher.iter(|| theirs(&others)));
    }
    group.finish();
}

criterion_group!(benches, guards);
criterion_main!(benches);
