//! The page of every finding is executable: the example under "Triggers it" gives that finding and no other error or
//! warning, the one under "Right" gives none.
//!
//! An example is a ```` ```play ```` block, checked as `page.play`. A ```` ```bytes ```` block is one in which `\xE9` stands for a
//! byte that cannot be written in a page.

use playbook::cli::analyse::analyse;
use playbook::diagnostic::{RULES, Rule, Severity};
use std::fs;

/// The first example under a heading.
fn example(rule: &Rule, heading: &str) -> Option<Vec<u8>> {
    let section = rule.page.split("\n## ").find_map(|section| section.strip_prefix(heading))?;
    for (opening, bytes) in [("```play\n", false), ("```bytes\n", true)] {
        if let Some((_, rest)) = section.split_once(opening) {
            let text = &rest[..rest.find("```")?];
            return Some(if bytes { unescaped(text) } else { text.as_bytes().to_vec() });
        }
    }
    None
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut pieces = text.split("\\x");
    let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        bytes.extend(piece[2..].bytes());
    }
    bytes
}

/// The names of the errors and warnings an example gives; of a note too, if it is the one that is explained.
fn findings(rule: &Rule, text: &[u8]) -> Vec<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.play");
    fs::write(&path, text).unwrap();
    let analysis = analyse(&[path]).unwrap();
    let findings = analysis.diagnostics.iter();
    findings
        .filter(|found| found.severity != Severity::Note || found.rule == rule)
        .map(|found| found.rule.name)
        .collect()
}

#[test]
fn every_page_is_true() {
    let mut failures = Vec::new();
    for rule in RULES {
        let name = rule.name;
        if !rule.page.starts_with(&format!("# {name}\n\n")) {
            failures.push(format!("{name}: the page does not begin with its name"));
        }
        match example(rule, "Triggers it") {
            None => failures.push(format!("{name}: no example under `Triggers it`")),
            Some(text) => {
                let mut found = findings(rule, &text);
                found.dedup();
                if found != [name] {
                    failures.push(format!("{name}: the example that triggers it gives {found:?}"));
                }
            }
        }
        match example(rule, "Right") {
            None => failures.push(format!("{name}: no example under `Right`")),
            Some(text) => {
                let found = findings(rule, &text);
                if !found.is_empty() {
                    failures.push(format!("{name}: the example that is right gives {found:?}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn names_and_codes_are_unique_and_in_order() {
    let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
    assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
}
