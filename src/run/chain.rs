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
    /// What else is known of it, for playbooks further on.
    pub luggage: Luggage,
}

impl Handed {
    /// A customer who comes from nowhere else.
    #[must_use]
    pub fn first(customer: Customer) -> Handed {
        Handed {
            customer,
            carried: BTreeSet::new(),
            begins: 0,
            ended_elsewhere: Vec::new(),
            luggage: Luggage::default(),
        }
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

/// What is known of a customer from all playbooks so far, by name: also what the present one does not know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Luggage {
    /// Through how many playbooks the customer went.
    legs: u32,
    /// By playbook, which of them it was when the customer was there last.
    been: BTreeMap<String, u32>,
    /// By service, none being the customer, and fact: where it was known last.
    facts: BTreeMap<(Option<String>, String), (Type, Value, u32)>,
    /// By service: whether it is intended, as was known last.
    intended: BTreeMap<String, (bool, u32)>,
}

impl Luggage {
    /// With what is known at the end of a journey. What that playbook does not know stays as it was.
    fn with(mut self, before: &Machine, state: &State) -> Luggage {
        self.legs += 1;
        let leg = self.legs;
        self.been.insert(before.playbook.name.name.clone(), leg);
        let mut take = |service: Option<&str>, scope: FactScope, values: &[Option<Value>]| {
            for fact in before.playbook.facts.iter().filter(|fact| fact.scope == scope) {
                if let Some(Some(value)) = values.get(fact.slot) {
                    let key = (service.map(str::to_owned), fact.name.name.clone());
                    self.facts.insert(key, (fact.kind.clone(), value.clone(), leg));
                }
            }
        };
        take(None, FactScope::Customer, &state.facts);
        for (at, service) in before.playbook.services.iter().enumerate() {
            if let Some(from) = state.services.get(at) {
                take(Some(&service.name), FactScope::Service, from.at_end.as_ref().unwrap_or(&from.facts));
            }
            self.intended.insert(service.name.clone(), (state.intended.contains(ServiceId(at as u32)), leg));
        }
        self
    }

    /// Whether a playbook is told what was known last there: from the one before it, and from those further back, but where
    /// the customer comes to it again, only what became known since. Its own second round begins anew.
    fn is_told(&self, playbook: &str, leg: u32) -> bool {
        leg == self.legs || self.been.get(playbook).is_none_or(|last| leg > *last)
    }
}

/// The customer at the beginning of the next playbook: facts and intended services that are known by one name, and of one
/// type, from this playbook or, where this one does not know them, from one further back. What the next keeps itself begins anew, and so does time; its day 0 is
/// the day of the end.
#[must_use]
pub fn continued(before: &Machine, state: &State, id: &str, after: &Machine, luggage: Luggage) -> Handed {
    let mut customer = Customer::new(after, id);
    let at = ended_at(state);
    customer.start = state.date_of(at);
    let luggage = luggage.with(before, state);
    let name = after.playbook.name.name.as_str();
    let mut carried = BTreeSet::new();
    let mut carry = |to: &mut [Option<Value>], service: Option<(ServiceId, &str)>| {
        let scope = if service.is_some() { FactScope::Service } else { FactScope::Customer };
        let facts = after.playbook.facts.iter().enumerate();
        for (id, fact) in facts.filter(|(_, fact)| fact.scope == scope && fact.volatility != Volatility::Kept) {
            let key = (service.map(|(_, name)| name.to_owned()), fact.name.name.clone());
            let known = luggage.facts.get(&key);
            let known = known.filter(|(kind, _, leg)| alike(kind, &fact.kind) && luggage.is_told(name, *leg));
            if let (Some((_, value, _)), Some(slot)) = (known, to.get_mut(fact.slot)) {
                *slot = Some(value.clone());
                carried.insert((FactId(id as u32), service.map(|(service, _)| service)));
            }
        }
    };
    carry(&mut customer.facts, None);
    for (at, service) in after.playbook.services.iter().enumerate() {
        let id = ServiceId(at as u32);
        if let Some(to) = customer.services.get_mut(at) {
            carry(to, Some((id, &service.name)));
        }
        if luggage.intended.get(&service.name).is_some_and(|(intended, leg)| *intended && luggage.is_told(name, *leg)) {
            customer.intended = customer.intended.with(id);
        }
    }
    let mut ended_elsewhere = state.ended_elsewhere.clone();
    if let Some(end) = state.ended().and_then(|end| before.playbook.ends.get(end.index())) {
        let ended = (before.playbook.name.name.clone(), end.name.name.clone());
        if !ended_elsewhere.contains(&ended) {
            ended_elsewhere.push(ended);
        }
    }
    let begins = at.saturating_add(state.begins).rem_euclid(DAY);
    Handed { customer, carried, begins, ended_elsewhere, luggage }
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
