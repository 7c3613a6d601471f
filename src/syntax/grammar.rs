//! The pest parser, made from `grammar/playbook.pest`.

/// Rules and parser of the grammar.
#[derive(pest_derive::Parser)]
#[grammar = "grammar/playbook.pest"]
pub struct Grammar;
