//! What the language accepts, and what it says where it does not.

use super::ast::*;
use super::parse;
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Sources};

const SKETCH: &str = include_str!("../../tests/fixtures/sketch.play");

fn read(text: &str) -> (File, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::new();
    let id: FileId = sources.add("test.play", text);
    let (file, diagnostics) = sources.get(id).map(|source| parse(source, id)).unwrap_or_default();
    (file, diagnostics, sources)
}

fn shown(text: &str) -> Vec<String> {
    let (_, diagnostics, sources) = read(text);
    diagnostics
        .iter()
        .map(|diagnostic| {
            let at = sources.position(diagnostic.primary.span);
            let help = diagnostic.help.as_deref().map(|help| format!(" | {help}")).unwrap_or_default();
            format!("{}:{} {} {}{help}", at.line, at.column, diagnostic.rule.name, diagnostic.message)
        })
        .collect()
}

#[test]
fn the_sketch_of_the_source_process_can_be_read() {
    assert_eq!(shown(SKETCH), Vec::<String>::new());
}
