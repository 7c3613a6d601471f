//! Playbook: workflow-as-code for customer-success playbooks.
//!
//! ```text
//! page ──import──▶ text ──syntax──▶ File ──model──▶ Document (resolved, typed) ──graph──▶ StateGraph (petgraph)
//!                    │                                │                                       │
//!                    └──format──▶ text                ├──export──▶ page                       │
//!                                                     └──diff──▶ differences                  │
//!                               run ◀─────────────────────────────────────────────────────────┘
//!                                ├──▶ verify ──▶ check
//!                                └──▶ test · simulate
//!
//! findings and results ──report (text, json, sarif, github, html)──▶ cli
//! ```
//!
//! In reading order: [`source`] and [`value`] are what everything is made of; [`diagnostic`] is how anything is said
//! about a playbook, [`suggest`] what was probably meant, and [`allow`] what an author wants to hear no more of.
//! [`syntax`] makes the tree, [`mod@format`] its usual layout, [`model`] what it means ([`model::variant`]
//! applies variants before names are resolved), [`graph`] how customers move.
//! [`run`] is the interpreter, the judge of all else. [`verify`] decides what holds for all customers, and shows the one for
//! whom it does not; [`check`] asks it what can be asked without being told; [`mod@test`] and [`simulate`] drive journeys, one
//! playbook's or, side by side, two playbooks'.
//! [`mod@diff`] compares two playbooks in meaning. [`import`] reads pages of a written playbook, [`export`] writes them.
//! [`report`] puts findings and results into words, and [`cli`] is the command line.
//!
//! Data walks one way. Only [`cli`] reads and writes files, the clock and the environment; `clippy.toml` sees to it.

pub mod allow;
pub mod check;
pub mod cli;
pub mod diagnostic;
pub mod diff;
pub mod export;
pub mod format;
pub mod graph;
pub mod import;
pub mod model;
pub mod report;
pub mod run;
pub mod simulate;
pub mod source;
pub mod suggest;
pub mod syntax;
pub mod test;
pub mod value;
pub mod verify;
