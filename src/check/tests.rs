//! Snippets and the pages of the rules, through the whole line.

use super::{Surroundings, check, list};
use crate::diagnostic::{Diagnostic, RULES, Severity, sort};
use crate::graph::StateGraph;
use crate::model::resolve::resolve;
use crate::source::Sources;
use crate::syntax::{ast, parse};

/// All findings about a text in reading order: of reading, resolving and checking it.
pub(crate) fn findings(text: &str) -> Vec<Diagnostic> {
    let mut sources = Sources::new();
    let id = sources.add("test.play", text);
    let (file, mut findings) = parse(sources.get(id).expect("just added"), id);
    let (documents, more) = resolve(&file, &[]);
    findings.extend(more);
    let playbooks = file.items.iter().filter_map(|item| match item {
        ast::Item::Playbook(playbook) => Some(playbook.name.text.as_str()),
        _ => None,
    });
    let playbooks: Vec<&str> = playbooks.collect();
    for document in &documents {
        let graph = StateGraph::new(&document.playbook);
        let around = Surroundings { files: &[&file], playbooks: &playbooks, complete: false };
        findings.extend(check(document, &graph, around));
    }
    findings.extend(super::chains::chains(&documents.iter().collect::<Vec<_>>()));
    sort(&mut findings);
    findings
}

/// Name and message of the findings that are no notes.
pub(crate) fn said(text: &str) -> Vec<String> {
    let findings = findings(text);
    let findings = findings.iter().filter(|finding| finding.severity < Severity::Note);
    findings.map(|finding| format!("{}: {}", finding.rule.name, finding.message)).collect()
}

/// The same of notes.
pub(crate) fn noted(text: &str) -> Vec<String> {
    let findings = findings(text);
    let findings = findings.iter().filter(|finding| finding.severity == Severity::Note);
    findings.map(|finding| format!("{}: {}", finding.rule.name, finding.message)).collect()
}

fn block<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, rest) = page.split_once(heading).expect("the heading");
    let (_, code) = rest.split_once("```play\n").expect("a block");
    code.split_once("```").expect("its end").0
}

#[test]
fn each_page_triggers_what_it_says_and_nothing_else() {
    for rule in RULES.iter().filter(|rule| rule.code.starts_with("P4") || rule.code == "P390") {
        let of = |text: &str| -> Vec<(&str, Severity)> {
            let mut found = findings(text);
            found.retain(|finding| finding.severity < Severity::Note || finding.rule == *rule);
            found.iter().map(|finding| (finding.rule.name, finding.severity)).collect()
        };
        assert_eq!(of(block(rule.page, "## Triggers it")), [(rule.name, rule.severity)], "{}", rule.name);
        assert_eq!(of(block(rule.page, "## Right")), [], "{}", rule.name);
    }
}

#[test]
fn lists_read_like_sentences() {
    assert_eq!(list(&["a"]), "`a`");
    assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
    let many: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(list(&many).ends_with("`11` and 8 more"));
}

#[test]
fn real_playbooks_give_neither_errors_nor_warnings() {
    for text in [
        include_str!("../../workflows/support-success-execution.play"),
        include_str!("../../workflows/reference-journey.play"),
    ] {
        assert_eq!(said(text), Vec::<String>::new());
    }
    // The sketch claims more than it keeps: its tasks have no limit, one may be declared not required, and nobody has to
    // know anything.
    let sketch = said(include_str!("../../tests/fixtures/sketch.play"));
    let broken = |name: &str| format!("property-violated: property `{name}` does not hold for every customer");
    assert!(
        matches!(sketch.as_slice(), [one, other] if one.starts_with(&broken("intro_before_workshop")) && other.starts_with(&broken("settled"))),
        "{sketch:?}"
    );
}

#[test]
fn what_is_missing_from_a_broken_playbook_is_not_held_against_it() {
    let text = "playbook p { stage a { -> done when nothing_declared  -> done otherwise } end done success }";
    let rules: Vec<String> = said(text);
    assert!(rules.iter().all(|said| said.starts_with("unknown-name")), "{rules:?}");
    assert_eq!(rules.len(), 1);
}

#[test]
fn thousands_of_stages_in_a_row_are_no_trouble() {
    let mut text = String::from("playbook long { facts of the customer { stuck : yes/no } start -> s0\n");
    for number in 0..2_000 {
        let next = number + 1;
        text += &format!("stage s{number} {{ task t{number} optional -> s{next} when not stuck -> out otherwise }}\n");
    }
    text += "stage s2000 { -> s0 } end out failure end never success }";
    let expected = [
        "only-failure: every customer of playbook `long` ends in failure",
        "zero-time-loop: once its tasks are done, a customer may go round here for ever without any time passing",
        "end-never-reached: no transition leads to end `never`",
    ];
    assert_eq!(said(&text), expected);
}
