//! One customer's journey as JSON (the contract of `run --format json`) and as text with reasons.

mod json;
mod text;
mod words;

pub use json::json;
pub use text::{conclusion, news, text};
pub use words::Words;

use crate::run::journey::Stop;
use crate::run::state::Seconds;
use crate::run::trace::Trace;
use crate::run::{Machine, State};
use crate::source::Sources;
use crate::value::DAY;

/// Everything a report of a journey needs.
#[derive(Debug, Clone, Copy)]
pub struct Journey<'a> {
    /// The playbook.
    pub machine: &'a Machine,
    /// Its text.
    pub sources: &'a Sources,
    /// Who.
    pub customer: &'a str,
    /// Where the journey stands.
    pub state: &'a State,
    /// Why it stopped.
    pub stop: Stop,
    /// What happened.
    pub trace: &'a Trace,
    /// The language of titles; none is the playbook's own.
    pub language: Option<&'a str>,
}

/// Days since day 0: a whole number where it is one.
#[must_use]
pub fn day(at: Seconds) -> serde_json::Value {
    if at % DAY == 0 { (at / DAY).into() } else { (at as f64 / DAY as f64).into() }
}

/// Days since day 0 for people: `14`, `14.5`.
fn day_text(at: Seconds) -> String {
    if at % DAY == 0 {
        return (at / DAY).to_string();
    }
    let days = format!("{:.2}", at as f64 / DAY as f64);
    days.trim_end_matches('0').trim_end_matches('.').to_owned()
}
