//! What holds for every text.

use super::{CONDITIONS, EVERYTHING, SKETCH, VARIANTS, read};
use crate::diagnostic::Diagnostic;
use crate::syntax::grammar::{Grammar, Rule};
use pest::Parser as _;
use proptest::prelude::*;
use std::collections::BTreeSet;

const GRAMMAR: &str = include_str!("../../../grammar/playbook.pest");

/// Findings the grammar knows nothing of: it says what stands where, not what that means.
fn beyond_the_grammar(found: &Diagnostic) -> bool {
    matches!(found.rule.name, "mixed-and-or" | "bad-number" | "no-such-day" | "bad-escape" | "nested-too-deeply")
        || ["`==` is", "a second time", "what is asked", "a list cannot", "only days", "the control character"]
            .iter()
            .any(|words| found.message.contains(words))
}

/// Reads a text and checks what must hold of every answer.
fn sound(text: &str) -> Vec<Diagnostic> {
    let (file, diagnostics, sources) = read(text);
    for found in &diagnostics {
        let span = found.primary.span;
        let whole = text.get(span.start as usize..span.end as usize).is_some();
        assert!(whole, "{} {} {span:?}", found.rule.name, found.message);
        assert!(!found.message.is_empty() && !found.message.ends_with('.'), "{found:?}");
        assert!(sources.position(span).line >= 1);
    }
    let mut last = 0;
    for item in &file.items {
        let span = item.span();
        assert!(span.start >= last && span.start <= span.end && span.end as usize <= text.len(), "{span:?}");
        last = span.end;
    }
    diagnostics
}

#[test]
fn the_grammar_has_no_idle_rules() {
    let pairs = pest_meta::parser::parse(pest_meta::parser::Rule::grammar_rules, GRAMMAR).expect("a grammar");
    let rules = pest_meta::parser::consume_rules(pairs).expect("rules");
    let mut reached = BTreeSet::new();
    let mut open: Vec<String> =
        rules.iter().map(|rule| rule.name.clone()).filter(|name| name.starts_with("alone_in_")).collect();
    open.extend(["file", "WHITESPACE", "COMMENT"].map(str::to_owned));
    while let Some(name) = open.pop() {
        if !reached.insert(name.clone()) {
            continue;
        }
        if let Some(rule) = rules.iter().find(|rule| rule.name == name) {
            for expr in rule.expr.clone().iter_top_down() {
                if let pest_meta::ast::Expr::Ident(name) = expr {
                    open.push(name);
                }
            }
        }
    }
    let idle: Vec<&String> = rules.iter().map(|rule| &rule.name).filter(|name| !reached.contains(*name)).collect();
    assert!(idle.is_empty(), "{idle:?}");
}

/// Every keyword that a name cannot be is reserved, and nothing else is.
#[test]
fn reserved_words_are_words_of_the_language() {
    let list = GRAMMAR.split("reserved = @{").nth(1).and_then(|rest| rest.split('}').next()).expect("the list");
    let words: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    assert!(words.len() > 40);
    let after = GRAMMAR.split("// A keyword is always followed").nth(1).expect("the keywords");
    for word in words {
        let known = after.contains(&format!("\"{word}\"")) || matches!(word, "true" | "false");
        assert!(known, "{word} is reserved for nothing");
        assert!(Grammar::parse(Rule::name, word).is_err(), "{word}");
    }
}

fn fixture() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(SKETCH), Just(EVERYTHING), Just(CONDITIONS), Just(VARIANTS)]
}

/// A piece of one of the fixtures, of a few items.
fn excerpt() -> impl Strategy<Value = String> {
    (fixture(), any::<prop::sample::Index>(), 1..60_usize).prop_map(|(text, at, count)| {
        let lines: Vec<&str> = text.lines().collect();
        let from = at.index(lines.len());
        lines[from..lines.len().min(from + count)].join("\n")
    })
}

/// What slips of the hand leave behind.
fn slip() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        prop::sample::select(vec![
            "{",
            "}",
            "(",
            ")",
            "\"",
            "'",
            "“",
            ",",
            ";",
            ":",
            "=",
            "==",
            "->",
            "=>",
            "%",
            "..",
            "//",
            "\\",
            "\n",
            " ",
            "\t",
            "\0",
            "\u{301}",
            "\u{202e}",
            "€",
            "阶段",
            "and",
            "or",
            "not",
            "in",
            "for",
            "where",
            "stage",
            "end",
            "then",
            "task",
            "each",
            "service",
            "5",
            "10%",
            "2 weeks",
            "2020-02-30",
            "a",
            "otherwise",
            "when",
            "at most",
            "times",
            "of",
            "1e9",
            "-",
            "@de",
            "test",
            "playbook",
            "facts of",
            "together",
            "branch",
            "with",
            "expect",
            "add",
            "change",
            "was",
            "without",
        ])
        .prop_map(|piece| format!(" {piece} ")),
        ".{0,6}",
    ]
}

/// A fixture with some of its text replaced, at borders of words or anywhere.
fn mutated() -> impl Strategy<Value = String> {
    (fixture(), prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, slip()), 1..5)).prop_map(
        |(text, changes)| {
            let mut text = text.to_owned();
            for (at, length, piece) in changes {
                let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
                let from = at.index(starts.len());
                let start = starts[from];
                let end = starts.get(from + length).copied().unwrap_or(text.len());
                text.replace_range(start..end, &piece);
            }
            text
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_text_is_answered(text in "(\\PC|\\n|[{}()\"/]|stage|->|playbook){0,200}") {
        sound(&text);
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        sound(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_piece_is_answered(text in excerpt()) {
        sound(&text);
    }

    /// The grammar and the walk through the blocks accept the same texts.
    #[test]
    fn the_parser_agrees_with_the_grammar(text in mutated()) {
        let found = sound(&text);
        let strange = found.iter().any(|found| found.message.starts_with("the control character"));
        if strange || found.iter().any(|found| found.rule.name == "nested-too-deeply") {
            return Ok(());
        }
        let accepted = found.iter().all(beyond_the_grammar);
        let grammar = Grammar::parse(Rule::file, &text);
        prop_assert_eq!(grammar.is_ok(), accepted, "{:?}\n{:?}", grammar.err(), found);
    }
}
