//! What is found in small playbooks, and where.

mod declarations;
mod expressions;
mod flow;
mod laws;
mod pages;
mod whole;

use super::resolve;
use crate::diagnostic::Diagnostic;
use crate::model::{Document, Playbook};
use crate::source::Sources;
use crate::syntax::parse;

/// The documents of a text that is free of mistakes as a text, and what is found in them.
fn documents(text: &str) -> (Sources, Vec<Document>, Vec<Diagnostic>) {
    let mut sources = Sources::new();
    let id = sources.add("test.play", text);
    let (file, syntax) = parse(sources.get(id).unwrap(), id);
    let messages: Vec<&str> = syntax.iter().map(|found| found.message.as_str()).collect();
    assert!(messages.is_empty(), "{text}\n{messages:#?}");
    let (documents, mut found) = resolve(&file, &[]);
    crate::diagnostic::sort(&mut found);
    (sources, documents, found)
}

/// The findings of a text: name of the rule, the text it points at, message.
fn findings(text: &str) -> Vec<(&'static str, String, String)> {
    let (sources, _, found) = documents(text);
    found
        .into_iter()
        .map(|found| (found.rule.name, sources.text(found.primary.span).to_owned(), found.message))
        .collect()
}

/// The findings of a text, with their help.
fn helps(text: &str) -> Vec<String> {
    documents(text).2.into_iter().filter_map(|found| found.help).collect()
}

/// Expects exactly these findings: name of the rule, and the text it points at.
#[track_caller]
fn expect(text: &str, expected: &[(&str, &str)]) {
    let found = findings(text);
    let short: Vec<(&str, &str)> = found.iter().map(|(rule, at, _)| (*rule, at.as_str())).collect();
    assert_eq!(short, expected, "{text}\n{found:#?}");
}

/// The one playbook of a text without findings.
#[track_caller]
fn playbook(text: &str) -> Playbook {
    let (_, documents, found) = documents(text);
    let messages: Vec<&str> = found.iter().map(|found| found.message.as_str()).collect();
    assert!(messages.is_empty(), "{text}\n{messages:#?}");
    documents.into_iter().next().unwrap().playbook
}
