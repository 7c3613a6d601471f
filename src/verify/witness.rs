//! Example customers: a customer with a timeline, followed by the interpreter before anybody sees it, and made plain.

pub mod concrete;
mod shrink;

pub use shrink::plainest;

use crate::diagnostic::Severity;
use crate::run::evaluate::View;
use crate::run::event::Observer;
use crate::run::state::Seconds;
use crate::run::timeline::{Followed, Said, follow, to_json};
use crate::run::{Customer, Machine, State};
use serde_json::{Value as Json, json};

/// A customer with all that is said over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Journey {
    /// Who, with what is known on day 0.
    pub customer: Customer,
    /// What is said, in order of time.
    pub said: Vec<Said>,
    /// When to stop looking; none follows it until nothing is left to come.
    pub until: Option<Seconds>,
}

/// A journey that shows something, replayed by the interpreter.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// The journey.
    pub journey: Journey,
    /// What it shows, in words: `“handed_off” while csm_assigned is no on day 14`.
    pub shows: String,
}

impl Journey {
    /// Follows it with the interpreter.
    pub fn replay<O: Observer>(&self, machine: &Machine, observer: &mut O) -> Followed {
        follow(machine, &self.customer, self.said.clone(), observer, self.until)
    }

    /// Whether the playbook is for this customer.
    #[must_use]
    pub fn is_meant(&self, machine: &Machine) -> bool {
        let state = State::new(machine, &self.customer);
        let meant = machine.playbook.about.customers.as_ref();
        meant.is_none_or(|meant| View::of(machine, &state, 0).truth(meant) == Some(true))
    }

    /// Whether nothing in it is refused, and the playbook is for this customer.
    #[must_use]
    pub fn can_be(&self, machine: &Machine, followed: &Followed) -> bool {
        !followed.findings.iter().any(|finding| finding.severity == Severity::Error) && self.is_meant(machine)
    }

    /// `{ "customer": …, "timeline": [ … ] }`, which `run` accepts.
    #[must_use]
    pub fn to_json(&self, machine: &Machine) -> Json {
        json!({ "customer": self.customer_json(machine), "timeline": self.timeline_json(machine) })
    }

    /// The customer as `run` reads it.
    #[must_use]
    pub fn customer_json(&self, machine: &Machine) -> Json {
        crate::run::customer::to_json(machine, &self.customer)
    }

    /// The lines of the timeline as `run` reads them.
    #[must_use]
    pub fn timeline_json(&self, machine: &Machine) -> Vec<Json> {
        self.said.iter().filter_map(|said| to_json(&machine.playbook, said)).collect()
    }
}
