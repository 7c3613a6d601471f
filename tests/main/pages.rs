//! The page of every finding is executable: the example under "Triggers it" gives that finding and no other error or
//! warning, the one under "Right" gives none.
//!
//! An example is a ```` ```play ```` block, checked as `page.play`. A ```` ```bytes ```` block is one in which `\xE9` stands for a
//! byte that cannot be written in a page, and a ```` ```nothing ```` block one for which there is no file. Rules about customers and timelines have the customer in a further
//! ```` ```json ```` or ```` ```csv ```` block and the timeline in a ```` ```jsonl ```` block; the customer is run. The examples of
//! rules about tests and properties (P7) are tested, those of rules about simulations simulated. A ```` ```md ```` block is a
//! page that is imported; several, with their names, are a folder of pages that is checked.

use super::program::outcome;
use playbook::cli::analyse::analyse;
use playbook::diagnostic::{
    ASSUMPTION_MISSING, CANNOT_FINISH, NEVER_ENTERED, NOT_DECIDED, RULES, Rule, Severity, WAITS_FOR_EVER,
};
use std::fs;
use std::path::Path;

/// The blocks under a heading: of which kind, and their text.
fn blocks<'r>(rule: &'r Rule, heading: &str) -> Vec<(&'r str, &'r str)> {
    // An example may have headings of its own.
    let starts = ["Triggers it", "Right"].map(|known| rule.page.find(&format!("\n## {known}\n")));
    let Some(start) = rule.page.find(&format!("\n## {heading}\n")) else { return Vec::new() };
    let end = starts.into_iter().flatten().filter(|other| *other > start).min().unwrap_or(rule.page.len());
    let section = &rule.page[start..end];
    // Every second piece between fences is a block, beginning with its kind.
    section.split("\n```").skip(1).step_by(2).filter_map(|block| block.split_once('\n')).collect()
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

/// The names of the errors and warnings the example under a heading gives; of a note too, if it is the one that is
/// explained. Nothing where there is no example.
fn findings(rule: &Rule, heading: &str) -> Option<Vec<String>> {
    let blocks = blocks(rule, heading);
    let block = |kind: &str| blocks.iter().find(|(known, _)| *known == kind).map(|(_, text)| *text);
    let folder = tempfile::tempdir().unwrap();
    let pages: Vec<&(&str, &str)> = blocks.iter().filter(|(kind, _)| kind.split(' ').next() == Some("md")).collect();
    for (kind, text) in &pages {
        let name = kind.split_once(' ').map_or("page.md", |(_, name)| name);
        fs::write(folder.path().join(name), text).unwrap();
    }
    if !pages.is_empty() {
        let several = pages.len() > 1;
        let arguments =
            if several { ["check", ".", "--format", "json"] } else { ["import", "page.md", "--format", "json"] };
        let mut found = printed_beside(folder.path(), &arguments, Some(rule));
        found.dedup();
        return Some(found);
    }
    let path = folder.path().join("page.play");
    if block("nothing").is_some() {
        return Some(printed(folder.path(), &["check", "page.play", "--format", "json"]));
    }
    match (block("play"), block("bytes")) {
        (Some(text), _) => fs::write(&path, text).unwrap(),
        (None, Some(text)) => fs::write(&path, unescaped(text)).unwrap(),
        (None, None) => return None,
    }
    let analysis = analyse(&[path]).unwrap();
    for found in &analysis.diagnostics {
        assert_style(&found.message, found.help.as_deref());
    }
    let found = analysis.diagnostics.iter();
    let mut found: Vec<String> = found
        .filter(|found| found.severity != Severity::Note || found.rule == rule)
        .map(|found| found.rule.name.to_owned())
        .collect();
    if let Some((kind, text)) = blocks.iter().find(|(kind, _)| ["json", "csv"].contains(kind)) {
        let customer = format!("customer.{kind}");
        fs::write(folder.path().join(&customer), text).unwrap();
        let mut arguments = vec!["run", "page.play", "--format", "json", "--customer", &customer];
        if let Some(timeline) = block("jsonl") {
            fs::write(folder.path().join("timeline.jsonl"), timeline).unwrap();
            arguments.extend(["--timeline", "timeline.jsonl"]);
        }
        found.extend(printed(folder.path(), &arguments));
    }
    if [&CANNOT_FINISH, &WAITS_FOR_EVER, &NEVER_ENTERED, &NOT_DECIDED].contains(&rule) {
        // These are what `verify` says; of some, `check` says where the flaw stands.
        let stands: &[&str] = match rule {
            _ if heading == "Right" => &[],
            rule if rule == &CANNOT_FINISH => &["stuck-customer"],
            rule if rule == &NEVER_ENTERED => &["unreachable-stage"],
            rule if rule == &NOT_DECIDED => &["not-decided"],
            _ => &[],
        };
        assert_eq!(found, stands, "{}: what `check` says of the example under `{heading}`", rule.name);
        found = printed(folder.path(), &["verify", "page.play", "--format", "json"]);
    } else if rule.code.starts_with("P7") {
        found.extend(printed(folder.path(), &["test", "page.play", "--format", "json"]));
    }
    if rule == &ASSUMPTION_MISSING {
        found.extend(printed(folder.path(), &["simulate", "page.play", "--format", "json"]));
    }
    found.dedup();
    Some(found)
}

/// The names of the findings a command prints as JSON.
fn printed(folder: &Path, arguments: &[&str]) -> Vec<String> {
    printed_beside(folder, arguments, None)
}

/// As [`printed`]; where a rule is given, without notes of others.
fn printed_beside(folder: &Path, arguments: &[&str], rule: Option<&Rule>) -> Vec<String> {
    let (code, stdout, stderr) = outcome(folder, arguments, b"");
    // Of several right customers none was chosen.
    if code == 2 && stderr.contains("Choose one with `--id`") {
        return Vec::new();
    }
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"));
    let found = report["diagnostics"].as_array().unwrap().iter();
    for found in found.clone() {
        assert_style(found["message"].as_str().unwrap(), found["help"].as_str());
    }
    let other =
        |found: &&serde_json::Value| rule.is_some_and(|rule| found["severity"] == "note" && found["name"] != rule.name);
    found.filter(|found| !other(found)).map(|found| found["name"].as_str().unwrap().to_owned()).collect()
}

/// A message begins in lower case and help in upper case; neither ends like a sentence.
fn assert_style(message: &str, help: Option<&str>) {
    assert!(!message.starts_with(char::is_uppercase), "message: {message}");
    assert!(!message.ends_with('.'), "message: {message}");
    let help = help.unwrap_or_default();
    assert!(!help.starts_with(char::is_lowercase) && !help.ends_with('.'), "help: {help}");
}

#[test]
fn every_page_is_true() {
    let mut failures = Vec::new();
    for rule in RULES {
        let name = rule.name;
        if !rule.page.starts_with(&format!("# {name}\n\n")) {
            failures.push(format!("{name}: the page does not begin with its name"));
        }
        match findings(rule, "Triggers it") {
            None => failures.push(format!("{name}: no example under `Triggers it`")),
            Some(found) if found == [name] => {}
            Some(found) => failures.push(format!("{name}: the example that triggers it gives {found:?}")),
        }
        match findings(rule, "Right") {
            None => failures.push(format!("{name}: no example under `Right`")),
            Some(found) if found.is_empty() => {}
            Some(found) => failures.push(format!("{name}: the example that is right gives {found:?}")),
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
