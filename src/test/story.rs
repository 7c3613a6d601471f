//! The customer of a test, and what happens to them.

use crate::model::test::{Action, Given, Instant, Test, When};
use crate::model::{FactId, ServiceId};
use crate::run::event::Event;
use crate::run::state::Seconds;
use crate::run::timeline::Said;
use crate::run::{Customer, Machine};
use crate::value::{DAY, Date, Value};

/// The customer, what happens in order of time, and when the journey is stopped.
pub fn of(machine: &Machine, test: &Test) -> (Customer, Vec<Said>, Option<Seconds>) {
    let told = &test.customer;
    let mut customer = Customer::new(machine, told.id.as_deref().unwrap_or("customer"));
    customer.start = told.start;
    let slot = |fact: FactId| machine.playbook.facts[fact.index()].slot;
    for given in &told.facts {
        customer.facts[slot(given.fact)] = Some(given.value.clone());
    }
    for intended in &told.services {
        customer.intended = customer.intended.with(intended.service);
        for given in &intended.facts {
            customer.services[intended.service.index()][slot(given.fact)] = Some(given.value.clone());
        }
    }
    let mut said: Vec<Said> = Vec::with_capacity(test.moments.len());
    for moment in &test.moments {
        // The resolver refuses a date where the customer has no start: there is nothing to follow then.
        let Some(at) = instant(moment.when, told.start) else { continue };
        let service = moment.service;
        let Some(event) = event(&moment.action, service, told.start) else { continue };
        said.push(Said { at, event, service, note: None, source: None, span: moment.span });
    }
    said.sort_by_key(|line| line.at);
    (customer, said, test.until.and_then(|until| instant(until, told.start)))
}

/// In seconds since day 0.
pub(super) fn instant(when: When, start: Option<Date>) -> Option<Seconds> {
    match when.instant {
        Instant::Day(after) => Some(after.0),
        Instant::Date(date) => start.map(|start| (i64::from(date.0) - i64::from(start.0)) * DAY),
    }
}

fn event(action: &Action, service: Option<ServiceId>, start: Option<Date>) -> Option<Event> {
    let reason = |text: &Option<String>| text.clone().unwrap_or_else(|| "no reason given".to_owned());
    Some(match action {
        Action::Facts { correction, values } => {
            Event::Facts { service, values: facts(values), correction: *correction }
        }
        Action::Task(task, status, reason) => {
            Event::Task { service, task: *task, status: *status, reason: reason.clone() }
        }
        Action::Event(event) => Event::Happened { event: *event, service },
        Action::Blocker(kind, task) => Event::Blocker { kind: kind.clone(), service, task: *task },
        Action::Resolved(kind) => Event::Resolved { kind: kind.clone(), service, task: None, waived: false },
        Action::Waived(kind) => Event::Resolved { kind: kind.clone(), service, task: None, waived: true },
        Action::Escalated => Event::Escalated { service },
        Action::Paused(until, text) => {
            Event::Paused { service, until: until.and_then(|until| instant(until, start)), reason: reason(text) }
        }
        Action::Resumed => Event::Resumed { service },
        Action::Dropped(text) => Event::ServiceDropped { service: service?, reason: reason(text) },
        Action::Added(values) => Event::ServiceAdded { service: service?, values: facts(values) },
        Action::Ended { playbook, end } => Event::EndedElsewhere { playbook: playbook.clone(), end: end.clone() },
    })
}

fn facts(values: &[Given]) -> Vec<(FactId, Value)> {
    values.iter().map(|given| (given.fact, given.value.clone())).collect()
}
