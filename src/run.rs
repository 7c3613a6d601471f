//! The interpreter: one customer through a playbook.
//!
//! [`step`] is the reference semantics: a pure function from a state and an event to a new state and what came of it.
//! It knows no clock and no files; everything that tests, simulates or shows journeys goes through it.
//! [`journey::drive`] feeds it with a timeline or a scenario, in the order of one instant that the language settles.

pub mod audience;
pub mod chain;
pub mod clock;
pub mod customer;
mod engine;
pub mod evaluate;
pub mod event;
pub mod explain;
mod flow;
pub mod journey;
pub mod machine;
pub mod monitor;
pub mod state;
pub mod status;
#[cfg(test)]
pub(crate) mod tests;
pub mod time;
pub mod timeline;
pub mod trace;
mod work;

pub use event::{Effect, Event, Observer};
pub use machine::Machine;
pub use state::State;

use crate::model::{FactScope, ServiceSet};
use crate::value::{Date, Value};

/// What is known of a customer on day 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Customer {
    /// Who.
    pub id: String,
    /// The date of day 0.
    pub start: Option<Date>,
    /// Customer facts by slot; unknown where nothing is said and there is no default.
    pub facts: Vec<Option<Value>>,
    /// Facts of all declared services by slot.
    pub services: Vec<Vec<Option<Value>>>,
    /// The intended services.
    pub intended: ServiceSet,
}

impl Customer {
    /// A customer of whom nothing is known but the defaults.
    #[must_use]
    pub fn new(machine: &Machine, id: &str) -> Customer {
        let defaults = |scope: FactScope| -> Vec<Option<Value>> {
            let facts = machine.playbook.facts.iter().filter(|fact| fact.scope == scope);
            facts.map(|fact| fact.default.clone()).collect()
        };
        Customer {
            id: id.to_owned(),
            start: None,
            facts: defaults(FactScope::Customer),
            services: vec![defaults(FactScope::Service); machine.playbook.services.len()],
            intended: ServiceSet::default(),
        }
    }
}

impl State {
    /// Before the journey begins. [`Event::Start`] begins it.
    #[must_use]
    pub fn new(machine: &Machine, customer: &Customer) -> State {
        let playbook = &machine.playbook;
        let services =
            customer.services.iter().map(|facts| state::ServiceState { facts: facts.clone(), ..Default::default() });
        let mut state = State {
            now: 0,
            start: customer.start,
            begins: 0,
            facts: customer.facts.clone(),
            services: services.collect(),
            intended: customer.intended,
            tasks: Vec::new(),
            tracks: Vec::new(),
            order: Vec::new(),
            blockers: Vec::new(),
            happenings: Vec::new(),
            sustained: playbook
                .sustained
                .iter()
                .map(|sustained| vec![None; if sustained.of_service { playbook.services.len() + 1 } else { 1 }])
                .collect(),
            histories: Vec::new(),
            ended_elsewhere: Vec::new(),
            visits: 0,
            lookout: None,
        };
        for (place, (fact, _)) in playbook.histories.iter().enumerate() {
            let fact = &playbook.facts[fact.index()];
            let mut remember = |instance: usize, value: Option<&Value>| {
                if let Some(value) = value {
                    let values = vec![(0, value.clone())];
                    state.histories.push(state::History { key: (instance, place), values });
                }
            };
            match fact.scope {
                FactScope::Customer => remember(0, customer.facts[fact.slot].as_ref()),
                FactScope::Service => {
                    customer
                        .services
                        .iter()
                        .enumerate()
                        .for_each(|(at, facts)| remember(at + 1, facts[fact.slot].as_ref()));
                }
            }
        }
        state
    }
}

/// One event, followed until nothing more moves.
#[must_use]
pub fn step(machine: &Machine, mut state: State, event: &Event) -> (State, Vec<Effect>) {
    let mut effects = Vec::new();
    apply(machine, &mut state, event, &mut effects);
    (state, effects)
}

/// The same in place, telling an observer.
pub fn apply<O: Observer>(machine: &Machine, state: &mut State, event: &Event, observer: &mut O) {
    engine::Engine { machine, state, observer }.apply(event);
}
