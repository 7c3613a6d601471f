//! What the language accepts, and what it says where it does not.

mod accepts;
mod conditions;
mod laws;
mod outline;
mod recovers;
mod refuses;

use super::ast::*;
use super::parse;
use crate::diagnostic::Diagnostic;
use crate::source::Sources;

pub(super) const SKETCH: &str = include_str!("../../tests/fixtures/sketch.play");
pub(super) const CONDITIONS: &str = include_str!("../../tests/fixtures/conditions.play");
pub(super) const EVERYTHING: &str = include_str!("../../tests/fixtures/everything.play");

pub(super) const VARIANTS: &str = include_str!("../../tests/fixtures/variants.play");

pub(super) fn read(text: &str) -> (File, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::new();
    let id = sources.add("test.play", text);
    let (file, diagnostics) = sources.get(id).map(|source| parse(source, id)).unwrap_or_default();
    (file, diagnostics, sources)
}

/// Findings as `line:column name: message | help`.
pub(super) fn findings(text: &str) -> Vec<String> {
    let (_, diagnostics, sources) = read(text);
    diagnostics
        .iter()
        .map(|diagnostic| {
            let at = sources.position(diagnostic.primary.span);
            let help = diagnostic.help.as_deref().map(|help| format!(" | {help}")).unwrap_or_default();
            format!("{}:{} {}: {}{help}", at.line, at.column, diagnostic.rule.name, diagnostic.message)
        })
        .collect()
}

/// Reads a text that is right.
pub(super) fn right(text: &str) -> File {
    assert_eq!(findings(text), Vec::<String>::new(), "{text}");
    read(text).0
}

pub(super) fn playbook(file: &File) -> &Playbook {
    file.items
        .iter()
        .find_map(|item| match item {
            Item::Playbook(playbook) => Some(playbook),
            _ => None,
        })
        .expect("a playbook")
}

pub(super) fn flow(playbook: &Playbook) -> Vec<&ScopeItem> {
    playbook
        .items
        .iter()
        .filter_map(|item| match item {
            PlaybookItem::Flow(item) => Some(item),
            _ => None,
        })
        .collect()
}

/// The items of the first stage of a playbook with this body.
pub(super) fn stage_items(body: &str) -> Vec<StageItem> {
    let file = right(&format!("playbook p {{ stage a {{ {body} }} }}"));
    match flow(playbook(&file)).first() {
        Some(ScopeItem::Stage(stage)) => stage.items.clone(),
        other => panic!("{other:?}"),
    }
}

/// A condition as `let x = …`.
pub(super) fn condition(text: &str) -> Expr {
    let file = right(&format!("playbook p {{ let x = {text}\n}}"));
    match playbook(&file).items.first() {
        Some(PlaybookItem::Let(item)) => item.value.clone(),
        other => panic!("{other:?}"),
    }
}
