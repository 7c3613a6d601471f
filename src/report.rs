//! Findings and results as text for people and for programs.

pub mod diagnostics;
pub mod markdown;
pub mod paint;
