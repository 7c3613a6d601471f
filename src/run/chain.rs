//! From one playbook into the next: a customer goes on with what is known of them, by name.

use super::{Customer, Machine, State};
use crate::model::{Fact, FactScope, Named, ServiceId, Type, Volatility};
use crate::value::Value;

/// The playbook a customer goes on to from where the journey ended, and how often this end may lead there.
#[must_use]
pub fn next<'m>(machine: &'m Machine, state: &State) -> Option<(&'m str, Option<u32>)> {
    let end = machine.playbook.ends.get(state.ended()?.index())?;
    end.continues.as_ref().map(|(name, _)| (name.as_str(), end.continues_limit))
}

/// The customer at the beginning of the next playbook: facts and intended services that both know by one name, and of one
/// type. What the next keeps itself begins anew, and so does time; its day 0 is the day of the end.
#[must_use]
pub fn continued(before: &Machine, state: &State, id: &str, after: &Machine) -> Customer {
    let mut customer = Customer::new(after, id);
    customer.start = state.date_of(state.now);
    carry(before, &state.facts, after, &mut customer.facts, FactScope::Customer);
    for (at, service) in before.playbook.services.iter().enumerate() {
        let Some(there) = after.playbook.services.iter().position(|known| known.name == service.name) else { continue };
        let (Some(from), Some(to)) = (state.services.get(at), customer.services.get_mut(there)) else { continue };
        carry(before, from.at_end.as_ref().unwrap_or(&from.facts), after, to, FactScope::Service);
        if state.intended.contains(ServiceId(at as u32)) {
            customer.intended = customer.intended.with(ServiceId(there as u32));
        }
    }
    customer
}

fn carry(before: &Machine, from: &[Option<Value>], after: &Machine, to: &mut [Option<Value>], scope: FactScope) {
    let facts = |machine: &'_ Machine| -> Vec<Fact> {
        machine.playbook.facts.iter().filter(|fact| fact.scope == scope).cloned().collect()
    };
    let known = facts(before);
    for fact in facts(after).iter().filter(|fact| fact.volatility != Volatility::Kept) {
        let Some(old) = known.iter().find(|old| old.name.name == fact.name.name) else { continue };
        let value = from.get(old.slot).and_then(Option::as_ref).filter(|_| alike(&old.kind, &fact.kind));
        if let (Some(value), Some(slot)) = (value, to.get_mut(fact.slot)) {
            *slot = Some(value.clone());
        }
    }
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
