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

#[test]
fn an_item_does_not_take_the_beginning_of_the_next() {
    let scenario = "scenario s {\n  task 1 takes triangular(1, 2, 3) days\n  in follow each round { x = 1 }\n\
                    stage a takes exponential(3 days)\n  in follow on entry { x = 1 }\n  start x ~ uniform(0%, 8%)\n\
                    in follow each round { x = 1 }\n}";
    let test = "test \"t\" {\n  day 1 teams blocker\n  day 2 teams resolved\n  day 3 teams waived\n  2020-03-02 resolved\n\
                day 4 blocker technical\n  day 5 resolved technical\n  until day 9\n}";
    for text in [scenario, test] {
        let (file, problems, _) = read(text);
        assert!(problems.is_empty(), "{problems:?}");
        let items = match &file.items[0] {
            crate::syntax::ast::Item::Scenario(scenario) => scenario.items.len(),
            crate::syntax::ast::Item::Test(test) => test.items.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!(items, if text == test { 7 } else { 6 });
    }
}
