//! The reference evaluator: what a condition or value is, given what is known.
//!
//! Three-valued after Kleene (S. C. Kleene, *Introduction to Metamathematics*, 1952, §64): `None` is unknown.

use super::machine::Machine;
use super::state::{HappeningKind, Seconds, State, TrackId, TrackStatus};
use crate::model::{
    Atom, BusinessUnit, EventMatch, Expr, Fact, FactId, FactScope, LetId, Node, Place, ServiceId, ServiceSet, Since,
    SinceUnit, Type,
};
use crate::syntax::ast::{Comparison, Quantifier};
use crate::value::{Duration, Micro, Value, arithmetic};
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// From where a condition is looked at.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The playbook.
    pub machine: &'a Machine,
    /// The journey.
    pub state: &'a State,
    /// The track that asks.
    pub track: TrackId,
    /// The service that names mean: the quantified one, else the track's.
    pub service: Option<ServiceId>,
    /// Whether `service` is a quantified one, and so seen from outside its track.
    pub outside: bool,
}

/// What was found in the course of one look: named values and inner quantifiers, which may be asked for many times.
///
/// Without it, `let b = a or a`, `let c = b or b`, … would cost twice as much with each step.
type Found = RefCell<BTreeMap<(*const Expr, Option<ServiceId>, bool), Option<Value>>>;

/// A view while one condition or value is worked out.
#[derive(Debug, Clone, Copy)]
struct Look<'a, 'f> {
    view: View<'a>,
    found: &'f Found,
}

impl<'a> View<'a> {
    /// From a track.
    #[must_use]
    pub fn of(machine: &'a Machine, state: &'a State, track: TrackId) -> View<'a> {
        View { machine, state, track, service: state.tracks.get(track).and_then(|track| track.service), outside: false }
    }

    /// The same, looking at one service.
    #[must_use]
    pub fn for_service(self, service: ServiceId) -> View<'a> {
        View { service: Some(service), outside: true, ..self }
    }

    /// Whether a condition is true, false or unknown.
    #[must_use]
    pub fn truth(&self, condition: &Expr) -> Option<bool> {
        Look { view: *self, found: &Found::default() }.truth(condition)
    }

    /// What a value is; none is unknown, or has no result.
    #[must_use]
    pub fn value(&self, expr: &Expr) -> Option<Value> {
        Look { view: *self, found: &Found::default() }.value(expr)
    }

    /// The lowest and highest number of services for which a condition may hold.
    #[must_use]
    pub fn count(&self, group: Option<ServiceSet>, condition: Option<&Expr>) -> (i64, i64) {
        Look { view: *self, found: &Found::default() }.count(group, condition)
    }

    /// The services a quantifier ranges over.
    pub fn quantified(&self, group: Option<ServiceSet>) -> impl Iterator<Item = ServiceId> + use<> {
        let intended = self.state.intended;
        ServiceSet(group.map_or(intended.0, |group| group.0 & intended.0)).iter()
    }

    /// What is known of a fact.
    #[must_use]
    pub fn fact(&self, fact: FactId) -> Option<&'a Value> {
        let fact = &self.machine.playbook.facts[fact.index()];
        if let Some(lookout) = &self.state.lookout {
            let service = if fact.scope == FactScope::Service { Some(self.service?) } else { None };
            lookout.note(lookout.number(service, fact.slot));
        }
        match fact.scope {
            FactScope::Customer => self.state.facts[fact.slot].as_ref(),
            FactScope::Service => {
                let service = &self.state.services[self.service?.index()];
                let facts =
                    if self.outside { service.at_end.as_ref().unwrap_or(&service.facts) } else { &service.facts };
                facts[fact.slot].as_ref()
            }
        }
    }

    fn instance(&self) -> usize {
        self.service.map_or(0, |service| service.index() + 1)
    }

    fn at(&self, place: Place) -> bool {
        let playbook = &self.machine.playbook;
        let scope = playbook.place_scope(place);
        let service = playbook.scopes[scope.index()].in_service.then_some(self.service).flatten();
        self.state.track_of(scope, service).is_some_and(|track| match (&track.status, place) {
            (TrackStatus::Ended(end), Place::End(place)) => *end == place,
            (TrackStatus::Active, _) => track.place == Some(place),
            _ => false,
        })
    }

    /// When an event last happened to the service in view, or to the customer.
    #[must_use]
    pub fn last_time(&self, event: &EventMatch) -> Option<Seconds> {
        let of_interest = |service: Option<ServiceId>| service.is_none() || service == self.service;
        let happenings = self.state.happenings.iter().rev();
        happenings.filter(|past| of_interest(past.service)).find(|past| matches(event, &past.kind)).map(|past| past.at)
    }

    /// Whole units since then; unknown where a date is unknown, and where an event has not happened.
    fn since(&self, unit: SinceUnit, since: &Since) -> Option<i64> {
        let (from, now) = (self.since_instant(since)?, self.state.now);
        Some(match unit {
            SinceUnit::Business(BusinessUnit::Days) => self.machine.business_days_between(self.state, from, now),
            SinceUnit::Business(BusinessUnit::Hours) => {
                self.machine.business_time(self.state, from, now).div_euclid(3_600)
            }
            SinceUnit::Time(unit) => (now - from).div_euclid(unit.seconds()),
        })
    }

    /// The instant from which `since` counts.
    pub(super) fn since_instant(&self, since: &Since) -> Option<Seconds> {
        match since {
            Since::Fact(fact) => match self.fact(*fact)? {
                Value::Date(date) => self.state.instant_of(*date),
                _ => None,
            },
            Since::Event(event) => self.last_time(event),
            Since::Task(task) => self.state.record(self.service, *task)?.completed,
        }
    }

    fn change(&self, fact: FactId, window: Duration) -> Option<Value> {
        let now = match self.fact(fact)? {
            Value::Number(now) => *now,
            _ => return None,
        };
        let then = self.state.now - window.0;
        let before = self.history(fact)?.iter().rev().find(|(at, _)| *at <= then)?;
        match &before.1 {
            Value::Number(before) => now.0.checked_sub(before.0).map(|change| Value::Number(Micro(change))),
            _ => None,
        }
    }

    /// The values of a fact over time.
    pub(super) fn history(&self, fact: FactId) -> Option<&'a [(Seconds, Value)]> {
        let place = self.machine.playbook.histories.iter().position(|(known, _)| *known == fact)?;
        let of_service = self.machine.playbook.facts[fact.index()].scope == FactScope::Service;
        let key = (if of_service { self.instance() } else { 0 }, place);
        self.state.histories.iter().find(|history| history.key == key).map(|history| history.values.as_slice())
    }
}

impl<'a> std::ops::Deref for Look<'a, '_> {
    type Target = View<'a>;

    fn deref(&self) -> &View<'a> {
        &self.view
    }
}

impl Look<'_, '_> {
    fn for_service(self, service: ServiceId) -> Self {
        Look { view: self.view.for_service(service), ..self }
    }

    /// What an expression was found to be before in this look, else what is found now.
    fn once(&self, expr: &Expr, service: Option<ServiceId>, find: impl FnOnce() -> Option<Value>) -> Option<Value> {
        let key = (std::ptr::from_ref(expr), service, self.outside);
        if let Some(found) = self.found.borrow().get(&key) {
            return found.clone();
        }
        let found = find();
        self.found.borrow_mut().insert(key, found.clone());
        found
    }

    /// What a named value is.
    fn named(&self, id: LetId) -> Option<Value> {
        let definition = &self.machine.playbook.lets[id.index()].value;
        if self.machine.is_costly(id) {
            return self.once(definition, self.service, || self.value(definition));
        }
        self.value(definition)
    }

    /// A quantified condition. Within another quantifier it is the same for each service of that, and found once.
    fn of_services(&self, expr: &Expr) -> Option<bool> {
        let Node::Quantified(quantifier, group, Some(condition)) = &expr.node else { return None };
        let find = || {
            let each = self.quantified(*group).map(|service| self.for_service(service).truth(condition));
            match quantifier {
                Quantifier::All => all(each),
                Quantifier::No => all(each.map(|truth| truth.map(|truth| !truth))),
                _ => all(each.map(|truth| truth.map(|truth| !truth))).map(|truth| !truth),
            }
        };
        if self.outside { yes_no(self.once(expr, None, || find().map(Value::YesNo))) } else { find() }
    }

    fn truth(&self, condition: &Expr) -> Option<bool> {
        match &condition.node {
            Node::Constant(Value::YesNo(yes)) => Some(*yes),
            Node::Not(part) => self.truth(part).map(|truth| !truth),
            Node::And(parts) => all(parts.iter().map(|part| self.truth(part))),
            Node::Or(parts) => all(parts.iter().map(|part| self.truth(part).map(|truth| !truth))).map(|truth| !truth),
            Node::Compare(comparison, left, right) => self.compare(*comparison, left, right),
            Node::InRange(value, low, high) => {
                let above = self.compare(Comparison::LessOrEqual, low, value);
                let below = self.compare(Comparison::LessOrEqual, value, high);
                all([above, below].into_iter())
            }
            Node::OneOf(value, list) => {
                let value = self.value(value)?;
                let mut unknown = false;
                for member in list {
                    match self.value(member) {
                        Some(member) if member == value => return Some(true),
                        Some(_) => {}
                        None => unknown = true,
                    }
                }
                (!unknown).then_some(false)
            }
            Node::InSet(value, set) => match (self.value(value)?, self.value(set)?) {
                (Value::Choice(choice), Value::Set(set)) => Some(set >> choice & 1 == 1),
                (Value::Set(part), Value::Set(set)) => Some(part & !set == 0),
                _ => None,
            },
            Node::ServiceIn(service, set, _) => match self.value(service)? {
                Value::Service(service) => Some(set.contains(ServiceId(u32::from(service)))),
                _ => None,
            },
            Node::Quantified(quantifier, _, Some(_)) if *quantifier != Quantifier::Count => self.of_services(condition),
            Node::Let(id) => yes_no(self.named(*id)),
            Node::Atom(atom) => self.atom_truth(atom, condition),
            _ => yes_no(self.value(condition)),
        }
    }

    fn atom_truth(&self, atom: &Atom, expr: &Expr) -> Option<bool> {
        match atom {
            Atom::Unknown(fact) => Some(self.fact(*fact).is_none()),
            Atom::DoneTask(task) => {
                Some(self.state.record(self.service, *task).is_some_and(|record| record.completed.is_some()))
            }
            Atom::TaskStatus(task, status) => {
                let known = self.state.record(self.service, *task).map(|record| record.status);
                Some(known.unwrap_or(crate::value::TaskStatus::NotStarted) == *status)
            }
            Atom::At(places) => Some(places.iter().any(|place| self.at(*place))),
            Atom::Happened(event) => Some(self.last_time(event).is_some()),
            Atom::Sustained(id) => {
                let sustained = &self.machine.playbook.sustained[id.index()];
                let holds = self.truth(&sustained.condition)?;
                let instance = if sustained.of_service { self.instance() } else { 0 };
                let since = self.state.sustained[id.index()].get(instance).copied().flatten();
                Some(holds && since.is_some_and(|since| self.state.now - since >= sustained.duration.0))
            }
            Atom::InStage(duration) => {
                let track = &self.state.tracks[self.track];
                let now = self.state.paused_since(self.track).unwrap_or(self.state.now);
                Some(track.place.is_some() && now - track.visit.clock >= duration.0)
            }
            Atom::Since(unit, since, comparison, right) => {
                let count = Value::Number(Micro::whole(self.since(*unit, since)?));
                let right = self.value(right);
                order(Some(&count), right.as_ref()).map(|ordering| holds(*comparison, ordering))
            }
            Atom::Today(comparison, date) => {
                let today = Value::Date(self.state.today()?);
                let date = self.value(date);
                order(Some(&today), date.as_ref()).map(|ordering| holds(*comparison, ordering))
            }
            Atom::EndedAt(playbook, ends) => {
                let ended = &self.state.ended_elsewhere;
                Some(ended.iter().any(|(process, end)| process == playbook && ends.contains(end)))
            }
            Atom::Fact(fact) => match self.fact(*fact)? {
                Value::YesNo(yes) => Some(*yes),
                _ => None,
            },
            Atom::Service | Atom::ThisService | Atom::Round(_) | Atom::Change(..) => match self.value(expr)? {
                Value::YesNo(yes) => Some(yes),
                _ => None,
            },
        }
    }

    fn compare(&self, comparison: Comparison, left: &Expr, right: &Expr) -> Option<bool> {
        let known = (self.value(left), self.value(right));
        let (Some(left), Some(right)) = &known else {
            let (least, most) = self.between(left, known.0)?;
            let (low, high) = self.between(right, known.1)?;
            return of_intervals(comparison, (&least, &most), (&low, &high));
        };
        match comparison {
            Comparison::Equal => Some(left == right),
            Comparison::NotEqual => Some(left != right),
            _ => order(Some(left), Some(right)).map(|ordering| holds(comparison, ordering)),
        }
    }

    /// The least and the most a value can be: the two differ where not everything that is counted is known.
    fn between(&self, expr: &Expr, known: Option<Value>) -> Option<(Value, Value)> {
        match (&expr.node, known) {
            (_, Some(value)) => Some((value.clone(), value)),
            (Node::Let(id), None) => self.between(&self.machine.playbook.lets[id.index()].value, None),
            (Node::Quantified(Quantifier::Count, group, condition), None) => {
                let (low, high) = self.count(*group, condition.as_deref());
                Some((Value::Number(Micro::whole(low)), Value::Number(Micro::whole(high))))
            }
            _ => None,
        }
    }

    fn value(&self, expr: &Expr) -> Option<Value> {
        match &expr.node {
            Node::Constant(value) => Some(value.clone()),
            Node::Parameter(id) => Some(self.machine.playbook.parameters[id.index()].value.clone()),
            Node::Let(id) => self.named(*id),
            Node::Atom(atom) => self.atom(atom, expr),
            Node::Sum(terms) => self.sum(terms),
            Node::Times(left, right) => arithmetic::multiply(&self.value(left)?, &self.value(right)?).ok(),
            Node::Divide(left, right) => arithmetic::divide(&self.value(left)?, &self.value(right)?).ok(),
            Node::PercentOf(points, whole) => arithmetic::percent_of(&self.value(points)?, &self.value(whole)?).ok(),
            Node::Negate(part) => arithmetic::negate(&self.value(part)?).ok(),
            Node::Choice(choices, last) => {
                for (value, condition) in choices {
                    if self.truth(condition)? {
                        return self.value(value);
                    }
                }
                self.value(last)
            }
            Node::Max(parts) => self.extreme(parts, Ordering::Greater),
            Node::Min(parts) => self.extreme(parts, Ordering::Less),
            Node::Quantified(Quantifier::Count, group, condition) => {
                let find = || {
                    let (low, high) = self.count(*group, condition.as_deref());
                    (low == high).then(|| Value::Number(Micro::whole(low)))
                };
                if self.outside { self.once(expr, None, find) } else { find() }
            }
            Node::SizeOf(set) => match self.value(set)? {
                Value::Set(set) => Some(Value::Number(Micro::whole(i64::from(set.count_ones())))),
                _ => None,
            },
            Node::Not(_)
            | Node::And(_)
            | Node::Or(_)
            | Node::Compare(..)
            | Node::InRange(..)
            | Node::OneOf(..)
            | Node::InSet(..)
            | Node::ServiceIn(..)
            | Node::Quantified(..) => self.truth(expr).map(Value::YesNo),
        }
    }

    fn atom(&self, atom: &Atom, expr: &Expr) -> Option<Value> {
        match atom {
            Atom::Fact(fact) => self.fact(*fact).cloned(),
            Atom::Service => self.service.map(|service| Value::Service(service.0 as u16)),
            Atom::ThisService => self.state.tracks[self.track].service.map(|service| Value::Service(service.0 as u16)),
            Atom::Round(cadence) => {
                let cadences = &self.state.tracks[self.track].visit.cadences;
                let rounds = cadences.iter().find(|state| state.cadence == *cadence).map_or(0, |state| state.rounds);
                Some(Value::Number(Micro::whole(i64::from(rounds))))
            }
            Atom::Change(fact, window) => self.change(*fact, *window),
            _ => self.atom_truth(atom, expr).map(Value::YesNo),
        }
    }

    fn count(&self, group: Option<ServiceSet>, condition: Option<&Expr>) -> (i64, i64) {
        let (mut low, mut high) = (0, 0);
        for service in self.quantified(group) {
            match condition.map_or(Some(true), |condition| self.for_service(service).truth(condition)) {
                Some(true) => {
                    low += 1;
                    high += 1;
                }
                Some(false) => {}
                None => high += 1,
            }
        }
        (low, high)
    }

    fn sum(&self, terms: &[(bool, Expr)]) -> Option<Value> {
        let mut total: Option<Value> = None;
        for (minus, term) in terms {
            let term = self.value(term)?;
            total = Some(match total {
                None if *minus => arithmetic::negate(&term).ok()?,
                None => term,
                Some(total) => arithmetic::add(&total, *minus, &term).ok()?,
            });
        }
        total
    }

    fn extreme(&self, parts: &[Expr], wanted: Ordering) -> Option<Value> {
        let mut best: Option<Value> = None;
        for part in parts {
            let value = self.value(part)?;
            if best.is_none() || order(Some(&value), best.as_ref()) == Some(wanted) {
                best = Some(value);
            }
        }
        best
    }
}

/// A comparison of two values of which the least and the most are known, where it comes out the same for all between.
fn of_intervals(comparison: Comparison, left: (&Value, &Value), right: (&Value, &Value)) -> Option<bool> {
    let less = order(Some(left.1), Some(right.0))?;
    let greater = order(Some(left.0), Some(right.1))?;
    match comparison {
        Comparison::Equal if less.is_lt() || greater.is_gt() => Some(false),
        Comparison::NotEqual if less.is_lt() || greater.is_gt() => Some(true),
        Comparison::Equal | Comparison::NotEqual => None,
        _ => {
            let (one, other) = (holds(comparison, less), holds(comparison, greater));
            (one == other).then_some(one)
        }
    }
}

/// Kleene's conjunction: false if any is false, else unknown if any is unknown. Of none, true.
fn all(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut unknown = false;
    for truth in truths {
        match truth {
            Some(false) => return Some(false),
            Some(true) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(true)
}

/// A value as a condition.
fn yes_no(value: Option<Value>) -> Option<bool> {
    match value? {
        Value::YesNo(yes) => Some(yes),
        _ => None,
    }
}

/// The order of two values of one kind.
#[must_use]
pub fn order(left: Option<&Value>, right: Option<&Value>) -> Option<Ordering> {
    match (left?, right?) {
        (Value::Number(left), Value::Number(right)) => Some(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
        (Value::Duration(left), Value::Duration(right)) => Some(left.cmp(right)),
        (Value::YesNo(left), Value::YesNo(right)) => Some(left.cmp(right)),
        (left, right) => (left == right).then_some(Ordering::Equal),
    }
}

/// Whether an ordering satisfies a comparison.
#[must_use]
pub fn holds(comparison: Comparison, ordering: Ordering) -> bool {
    match comparison {
        Comparison::Equal => ordering.is_eq(),
        Comparison::NotEqual => ordering.is_ne(),
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    }
}

/// Whether a pattern speaks of what happened.
#[must_use]
pub fn matches(event: &EventMatch, happened: &HappeningKind) -> bool {
    match (event, happened) {
        (EventMatch::Blocker(kinds), HappeningKind::Blocker(kind)) => {
            kinds.is_empty() || kind.as_ref().is_some_and(|kind| kinds.contains(kind))
        }
        (EventMatch::Resolved, HappeningKind::Resolved)
        | (EventMatch::Waived, HappeningKind::Waived)
        | (EventMatch::Escalated, HappeningKind::Escalated) => true,
        (EventMatch::Event(event), HappeningKind::Event(happened)) => event == happened,
        _ => false,
    }
}

/// A value rounded to what its fact can hold.
#[must_use]
pub fn rounded(value: Value, kind: &Type) -> Value {
    match (value, kind) {
        (Value::Number(number), Type::Int) => Value::Number(number.round_to(0)),
        (Value::Number(number), Type::Number(decimals) | Type::Money(decimals)) => {
            Value::Number(number.round_to(*decimals))
        }
        (value, _) => value,
    }
}

/// A value as its fact can hold it: rounded, and stopped at its bounds. So `set` and scenarios change facts.
#[must_use]
pub fn fitted(value: Value, fact: &Fact) -> Value {
    let value = rounded(value, &fact.kind);
    match &fact.range {
        Some((low, _)) if order(Some(&value), Some(low)).is_some_and(Ordering::is_lt) => low.clone(),
        Some((_, high)) if order(Some(&value), Some(high)).is_some_and(Ordering::is_gt) => high.clone(),
        _ => value,
    }
}
