//! Findings and results as text for people and for programs.

pub mod comparison;
pub mod diagnostics;
pub mod diff;
pub mod event_log;
pub mod journey;
pub mod markdown;
pub mod paint;
pub mod simulation;
pub mod simulation_page;
pub mod test_results;
pub mod variant;
pub mod verdicts;
