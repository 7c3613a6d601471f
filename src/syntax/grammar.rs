//! The pest parser, made from `grammar/playbook.pest`, which says what each rule is.
#![expect(missing_docs, reason = "what pest makes of the grammar is described in the grammar")]

/// Rules and parser of the grammar.
#[derive(pest_derive::Parser)]
#[grammar = "grammar/playbook.pest"]
pub struct Grammar;
