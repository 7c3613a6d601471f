//! Small playbooks under `tests/flow`. Those in `flawed` have one flaw each: `// expect: NAME` stands at the end of the line
//! it is found on, and nothing else is found. Those in `clean` look suspicious and are not: nothing is found.
//!
//! `// expect: NAME with a customer` also wants a customer who suffers from it. Every customer who is shown, `run` takes through
//! the playbook.

use super::program::outcome;
use playbook::cli::analyse::analyse;
use playbook::diagnostic::{Diagnostic, Severity};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Line and name of a finding.
type Finding = (u32, String);

fn playbooks(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flow").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// What is to be found, and of which of these a customer is to be shown.
fn expected(text: &str) -> (BTreeSet<Finding>, BTreeSet<Finding>) {
    let (mut all, mut with_customer) = (BTreeSet::new(), BTreeSet::new());
    for (number, line) in text.lines().enumerate() {
        for name in line.split_once("// expect: ").into_iter().flat_map(|(_, names)| names.split(", ")) {
            let (name, customer) =
                name.trim().strip_suffix(" with a customer").map_or((name.trim(), false), |name| (name, true));
            let finding = (number as u32 + 1, name.to_owned());
            if customer {
                with_customer.insert(finding.clone());
            }
            all.insert(finding);
        }
    }
    (all, with_customer)
}

/// Errors, warnings, and the notes of the rules about the flow.
fn of_interest(finding: &Diagnostic) -> bool {
    finding.severity != Severity::Note || ("P421".."P480").contains(&finding.rule.code)
}

#[test]
fn flawed_playbooks_have_the_flaw_that_is_marked_and_no_other() {
    let mut failures = Vec::new();
    let paths = playbooks("flawed");
    assert!(paths.len() > 60);
    for path in paths {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let (wanted, with_customer) = expected(&fs::read_to_string(&path).unwrap());
        assert!(!wanted.is_empty(), "{name}: nothing is expected");
        let analysis = analyse(std::slice::from_ref(&path)).unwrap();
        let mut found = BTreeSet::new();
        for finding in analysis.diagnostics.iter().filter(|finding| of_interest(finding)) {
            let line = analysis.loaded.sources.position(finding.primary.span).line;
            let known = (line, finding.rule.name.to_owned());
            match &finding.witness {
                Some(witness) => failures.extend(replayed(&path, witness).map(|why| format!("{name}: {why}"))),
                None if with_customer.contains(&known) => {
                    failures.push(format!("{name}: no customer is shown for {known:?}"));
                }
                None => {}
            }
            found.insert(known);
        }
        if found != wanted {
            let said: Vec<String> = analysis
                .diagnostics
                .iter()
                .map(|found| format!("{:?} {}: {}", found.severity, found.rule.name, found.message))
                .collect();
            failures.push(format!("{name}: expected {wanted:?}, found {found:?}\n    {}", said.join("\n    ")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn clean_playbooks_are_left_alone() {
    let mut failures = Vec::new();
    let paths = playbooks("clean");
    assert!(paths.len() > 30);
    for path in paths {
        let analysis = analyse(std::slice::from_ref(&path)).unwrap();
        let found = analysis.diagnostics.iter().filter(|finding| of_interest(finding));
        failures.extend(found.map(|found| format!("{}: {}: {}", path.display(), found.rule.name, found.message)));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Why `run` does not take the customer of a witness; nothing where it does.
fn replayed(path: &Path, witness: &serde_json::Value) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(path, folder.path().join("p.play")).unwrap();
    fs::write(folder.path().join("customer.json"), witness["customer"].to_string()).unwrap();
    let lines = witness["timeline"].as_array().unwrap().iter().map(|line| format!("{line}\n"));
    fs::write(folder.path().join("timeline.jsonl"), lines.collect::<String>()).unwrap();
    let arguments = [
        "run",
        "p.play",
        "--playbook",
        "p",
        "--customer",
        "customer.json",
        "--timeline",
        "timeline.jsonl",
        "--format",
        "json",
    ];
    let (exit, stdout, stderr) = outcome(folder.path(), &arguments, b"");
    (exit != 0).then(|| format!("`run` does not take the customer {witness}: {stdout}{stderr}"))
}
