//! What `check` costs on a folder of 200 variants of a base of 200 stages, beside what the base alone costs.
#![expect(clippy::expect_used, reason = "a benchmark may stop at a mistake of its own")]
#![expect(clippy::disallowed_methods, reason = "the folder that is checked is written first")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use playbook::cli::analyse::analyse;
use playbook::diagnostic::has_errors;
use std::fmt::Write;
use std::path::PathBuf;
use std::{fs, hint::black_box};

const STAGES: usize = 200;

/// A playbook of 200 stages: every other one is followed by one that pushes.
fn base() -> String {
    let mut text = String::from(
        "playbook big \"Big\" {\n  roles { manager \"Manager\" }\n  facts of the customer {\n    usage : percent = 0%\n    \
         approved : yes/no = no\n    seats : int = 100\n  }\n  param limit : percent = 10%\n  start -> stage_0\n",
    );
    for at in 0..STAGES / 2 {
        let next = if at + 1 < STAGES / 2 { format!("stage_{}", at + 1) } else { "finished".to_owned() };
        let _ = writeln!(
            text,
            "  stage stage_{at} \"Stage number {at}\" by manager {{\n    task work_{at} mandatory \"Do it\" due within 5 \
             days\n    task more_{at} optional \"Do more\"\n    -> {next} when usage >= limit or approved\n    -> push_{at} \
             otherwise\n  }}\n  stage push_{at} \"Push\" by manager {{\n    whenever usage >= limit -> {next}\n    after \
             {} days -> {next}\n  }}",
            10 + at % 5
        );
    }
    text.push_str("  end finished success\n}\n");
    text
}

/// A variant that is for customers of its own and changes a parameter, a task, a timer and a text.
fn variant(number: usize) -> String {
    let (one, other) = (number % (STAGES / 2), (number * 7 + 3) % (STAGES / 2));
    let next = if other + 1 < STAGES / 2 { format!("stage_{}", other + 1) } else { "finished".to_owned() };
    format!(
        "import \"base.play\"\n\nvariant variant_{number} \"Variant {number}\" of big {{\n  for customers where seats in \
         {}..{}\n  change param limit = {}%\n  change stage stage_{one} \"Stage {one} of variant {number}\" {{\n    add \
         task extra optional \"Something more\"\n  }}\n  change stage push_{other} {{\n    change after {} days -> {next}\n  \
         }}\n}}\n",
        number * 100,
        number * 100 + 99,
        11 + number % 20,
        20 + number % 9
    )
}

fn checking(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("it can be written");
        path
    };
    let base = write("base.play", &base());
    let mut group = criterion.benchmark_group("variants");
    group.sample_size(10);
    group.bench_function("base_alone", |bencher| {
        bencher.iter(|| black_box(analyse(std::slice::from_ref(&base)).expect("it can be read")).documents.len());
    });
    for variants in [20, 200] {
        for number in 0..variants {
            write(&format!("variant-{number:03}.play"), &variant(number));
        }
        let path = folder.path().to_owned();
        let found = analyse(std::slice::from_ref(&path)).expect("it can be read");
        assert!(!has_errors(&found.diagnostics), "the variants are right: {:?}", found.diagnostics);
        group.throughput(Throughput::Elements(variants as u64));
        group.bench_function(BenchmarkId::new("folder", variants), |bencher| {
            bencher.iter(|| black_box(analyse(std::slice::from_ref(&path)).expect("it can be read")).documents.len());
        });
    }
    group.finish();
}

criterion_group!(benches, checking);
criterion_main!(benches);
