//! Playbook: workflow-as-code for customer-success playbooks.
//!
//! ```text
//! text ──syntax──▶ File ──model──▶ Playbook (resolved, typed) ──graph──▶ StateGraph (petgraph)
//!                                                                 │
//!                    check · run · simulate · test · format · drawing ◀┘
//!                                                                 │
//!                                   report (text, json, sarif, github) ──▶ cli
//! ```
//!
//! A module uses only what stands above it in this list. Only `cli` does input and output.

pub mod allow;
pub mod check;
pub mod cli;
pub mod diagnostic;
pub mod format;
pub mod graph;
pub mod model;
pub mod report;
pub mod run;
pub mod simulate;
pub mod source;
pub mod suggest;
pub mod syntax;
pub mod test;
pub mod value;
