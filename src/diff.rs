//! What differs between two playbooks, in meaning and not in text.
//!
//! Things are the same where they have the same name, or for what has none, the same words or target. Layout, comments
//! and redundant places in the text do not count. Of guards the customers are told for whom they decide differently.

mod compare;
pub mod region;

use crate::model::Playbook;
use crate::source::{Sources, Span};
use compare::Comparison;
use serde::Serialize;

/// How something differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Only in the second.
    Added,
    /// Only in the first.
    Removed,
    /// In both, and different.
    Changed,
    /// In both, in another place among its neighbours.
    Moved,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// How.
    pub kind: Kind,
    /// In what: "playbook", "stage check_in".
    pub within: String,
    /// What: "task 3740: flag", "title @de".
    pub what: String,
    /// In the first.
    pub old: Option<String>,
    /// In the second.
    pub new: Option<String>,
    /// For whom a guard now holds and did not, and the other way round.
    pub customers: Option<Customers>,
    /// Where, in the first.
    pub old_place: Option<Span>,
    /// Where, in the second.
    pub new_place: Option<Span>,
}

/// For whom a condition decides differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customers {
    /// It holds now, and did not.
    pub gained: Option<String>,
    /// It held, and does no more.
    pub lost: Option<String>,
}

/// Compares two playbooks whose places are in the same texts.
#[must_use]
pub fn differences(old: &Playbook, new: &Playbook, sources: &Sources) -> Vec<Difference> {
    Comparison::new(old, new, sources).all()
}
