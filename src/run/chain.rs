//! From one playbook into the next: a customer goes on with what is known of them, by name.

mod follow;

pub use follow::{Leg, Timeline, Told, timeline, travel};

use super::state::{CUSTOMER_TRACK, Seconds};
use super::{Customer, Machine, State};
use crate::model::{EndId, FactId, FactScope, Named, Playbook, ServiceId, Type, Volatility};
use crate::value::{DAY, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Through so many playbooks a customer is followed at most, whatever the bounds of the ends.
pub const MOST: u32 = 1_000;

/// The playbooks of a lifecycle, the first being the one customers begin with.
#[derive(Debug)]
pub struct Lifecycle {
    /// Each ready to be run.
    pub machines: Vec<Machine>,
}

/// How far a customer has come through a lifecycle.
#[derive(Debug, Clone, Default)]
pub struct Laps {
    /// How often each end has led on.
    taken: BTreeMap<(usize, EndId), u32>,
    /// How often each playbook was entered.
    entered: BTreeMap<usize, u32>,
    /// Through how many playbooks it went.
    legs: u32,
}

/// Where a customer goes from where a journey through a playbook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Onward<'l> {
    /// Nowhere: it is not at an end, or at one that continues nowhere.
    Over,
    /// Into the playbook at this place of the lifecycle.
    Into(usize),
    /// Not into this playbook once more: the end has led there as often as may be.
    Spent(&'l str),
    /// Into this playbook, which is not in the lifecycle.
    Missing(&'l str),
    /// It would go on for ever.
    Endless,
}

impl Laps {
    /// The customer enters a playbook; how often it has done so by now.
    pub fn enter(&mut self, playbook: usize) -> u32 {
        self.legs += 1;
        let entered = self.entered.entry(playbook).or_insert(0);
        *entered += 1;
        *entered
    }

    /// How often a playbook was entered.
    #[must_use]
    pub fn times(&self, playbook: usize) -> u32 {
        self.entered.get(&playbook).copied().unwrap_or(0)
    }

    /// The most often any playbook was entered.
    #[must_use]
    pub fn most(&self) -> u32 {
        self.entered.values().copied().max().unwrap_or(0)
    }
}

impl Lifecycle {
    /// Of these playbooks.
    #[must_use]
    pub fn new(playbooks: impl IntoIterator<Item = Playbook>) -> Lifecycle {
        Lifecycle { machines: playbooks.into_iter().map(Machine::new).collect() }
    }

    /// Where a customer goes from where a journey through the playbook at this place stands.
    pub fn onward(&self, at: usize, state: &State, laps: &mut Laps) -> Onward<'_> {
        let Some(end) = state.ended() else { return Onward::Over };
        let known = self.machines.get(at).and_then(|machine| machine.playbook.ends.get(end.index()));
        let Some((end_known, (name, _))) = known.and_then(|known| Some((known, known.continues.as_ref()?))) else {
            return Onward::Over;
        };
        let taken = laps.taken.entry((at, end)).or_insert(0);
        *taken += 1;
        if end_known.continues_limit.is_some_and(|limit| *taken > limit) {
            return Onward::Spent(name);
        }
        match self.machines.iter().position(|machine| machine.playbook.name.name == *name) {
            Some(_) if laps.legs >= MOST => Onward::Endless,
            Some(next) => Onward::Into(next),
            None => Onward::Missing(name),
        }
    }
}

/// A customer at the beginning of a playbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Handed {
    /// What is known of it.
    pub customer: Customer,
    /// Facts that were known before, of the customer or of a service.
    pub carried: BTreeSet<(FactId, Option<ServiceId>)>,
    /// The time of day at which it begins.
    pub begins: Seconds,
    /// Where its journeys through other playbooks ended: playbook, end.
    pub ended_elsewhere: Vec<(String, String)>,
}

impl Handed {
    /// A customer who comes from nowhere else.
    #[must_use]
    pub fn first(customer: Customer) -> Handed {
        Handed { customer, carried: BTreeSet::new(), begins: 0, ended_elsewhere: Vec::new() }
    }

    /// Before the journey begins.
    #[must_use]
    pub fn state(&self, machine: &Machine) -> State {
        let mut state = State::new(machine, &self.customer);
        self.enter(&mut state);
        state
    }

    /// Tells a journey that has not begun where the customer comes from.
    pub fn enter(&self, state: &mut State) {
        state.begins = self.begins;
        state.ended_elsewhere.clone_from(&self.ended_elsewhere);
    }
}

/// When a journey that is over came to its end; where it is not over, the present instant.
#[must_use]
pub fn ended_at(state: &State) -> Seconds {
    state.tracks.get(CUSTOMER_TRACK).and_then(|track| track.ended).unwrap_or(state.now)
}

/// The customer at the beginning of the next playbook: facts and intended services that both know by one name, and of one
/// type. What the next keeps itself begins anew, and so does time; its day 0 is the day of the end.
#[must_use]
pub fn continued(before: &Machine, state: &State, id: &str, after: &Machine) -> Handed {
    let mut customer = Customer::new(after, id);
    let at = ended_at(state);
    customer.start = state.date_of(at);
    let mut carried = BTreeSet::new();
    let mut carry = |from: &[Option<Value>], to: &mut [Option<Value>], service: Option<ServiceId>| {
        let scope = if service.is_some() { FactScope::Service } else { FactScope::Customer };
        let facts = after.playbook.facts.iter().enumerate();
        for (id, fact) in facts.filter(|(_, fact)| fact.scope == scope && fact.volatility != Volatility::Kept) {
            let known = before.playbook.facts.iter().find(|old| old.scope == scope && old.name.name == fact.name.name);
            let Some(known) = known.filter(|known| alike(&known.kind, &fact.kind)) else { continue };
            if let (Some(Some(value)), Some(slot)) = (from.get(known.slot), to.get_mut(fact.slot)) {
                *slot = Some(value.clone());
                carried.insert((FactId(id as u32), service));
            }
        }
    };
    carry(&state.facts, &mut customer.facts, None);
    for (at, service) in before.playbook.services.iter().enumerate() {
        let Some(there) = after.playbook.services.iter().position(|known| known.name == service.name) else { continue };
        let (Some(from), Some(to)) = (state.services.get(at), customer.services.get_mut(there)) else { continue };
        carry(from.at_end.as_ref().unwrap_or(&from.facts), to, Some(ServiceId(there as u32)));
        if state.intended.contains(ServiceId(at as u32)) {
            customer.intended = customer.intended.with(ServiceId(there as u32));
        }
    }
    let mut ended_elsewhere = state.ended_elsewhere.clone();
    if let Some(end) = state.ended().and_then(|end| before.playbook.ends.get(end.index())) {
        let ended = (before.playbook.name.name.clone(), end.name.name.clone());
        if !ended_elsewhere.contains(&ended) {
            ended_elsewhere.push(ended);
        }
    }
    Handed { customer, carried, begins: at.saturating_add(state.begins).rem_euclid(DAY), ended_elsewhere }
}

/// Whether a value of one type is one of the other.
#[must_use]
pub fn alike(one: &Type, other: &Type) -> bool {
    let names = |list: &[Named]| list.iter().map(|value| value.name.clone()).collect::<Vec<_>>();
    match (one, other) {
        (Type::OneOf(one), Type::OneOf(other)) | (Type::SetOf(one), Type::SetOf(other)) => names(one) == names(other),
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests;
