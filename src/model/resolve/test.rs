//! Tests: customers, what happens to them, what is expected.

use super::expression::{Context, said_twice};
use super::names::{BUILT_IN_EVENTS, Names, Symbol, task_label, unknown};
use crate::diagnostic::{Diagnostic, MISPLACED_DATE, WRONG_SCOPE, WRONG_VALUE};
use crate::model::test::{
    Action, Awaited, Customer, Expectation, ExpectationKind, Given, Instant, Intended, Moment, Test, When,
};
use crate::model::{FactScope, Place, ServiceId, ServiceSet, TaskId, Volatility};
use crate::source::Span;
use crate::syntax::ast::{self, CustomerField, TestItem};
use crate::value::{Date, Duration};
use std::collections::BTreeMap;

/// A test against its playbook. What cannot be resolved is reported and left out.
pub(super) fn resolve(names: &mut Names, test: &ast::Test, out: &mut Vec<Diagnostic>) -> Test {
    let mut customer = Customer { span: test.title.span, ..Customer::default() };
    let mut first: Option<Span> = None;
    for item in &test.items {
        let TestItem::Customer(span, fields) = item else { continue };
        match first {
            Some(first) => out.push(said_twice("`customer`", *span, first)),
            None => {
                first = Some(*span);
                customer = resolve_customer(names, *span, fields, out);
            }
        }
    }
    let mut story = Story { start: customer.start, intended: ServiceSet::default() };
    for intended in &customer.services {
        story.intended = story.intended.with(intended.service);
    }
    for item in &test.items {
        if let TestItem::Moment(ast::Moment { service: Some(name), action: ast::Action::Added(_), .. }) = item
            && let Some(Symbol::Service(service)) = names.symbols.get(&name.text)
        {
            story.intended = story.intended.with(service);
        }
    }
    let mut resolved = Test {
        title: test.title.text.clone(),
        title_span: test.title.span,
        customer,
        moments: Vec::new(),
        until: None,
        expectations: Vec::new(),
        span: test.span,
    };
    let mut until: Option<Span> = None;
    for item in &test.items {
        match item {
            TestItem::Customer(..) => {}
            TestItem::Moment(moment) => resolved.moments.extend(story.moment(names, moment, out)),
            TestItem::Until(span, when) => {
                if let Some(first) = until {
                    out.push(said_twice("`until`", *span, first));
                    continue;
                }
                until = Some(*span);
                resolved.until = story.when(when, out);
            }
            TestItem::Expect(expectation) => resolved.expectations.extend(story.expectation(names, expectation, out)),
        }
    }
    resolved
}

fn resolve_customer(names: &mut Names, span: Span, fields: &[CustomerField], out: &mut Vec<Diagnostic>) -> Customer {
    let mut customer = Customer { span, ..Customer::default() };
    let mut facts: Vec<&ast::Field> = Vec::new();
    let mut services: Vec<&ast::ServiceFields> = Vec::new();
    let mut start: Option<Span> = None;
    for field in fields {
        match field {
            CustomerField::Fact(field) => facts.push(field),
            CustomerField::Services(_, fields) => services.extend(fields),
            CustomerField::Start(span, date) => {
                if let Some(first) = start {
                    out.push(said_twice("`start`", *span, first));
                }
                start = Some(*span);
                customer.start = Some(*date);
            }
            CustomerField::Id(id) => customer.id = Some(id.text.clone()),
        }
    }
    customer.facts = begun(names, FactScope::Customer, facts, out);
    let mut seen: BTreeMap<ServiceId, Span> = BTreeMap::new();
    for fields in services {
        let Some(service) = names.service(&fields.service, out) else { continue };
        if let Some(first) = seen.get(&service) {
            out.push(said_twice(&format!("service `{}`", fields.service.text), fields.service.span, *first));
            continue;
        }
        seen.insert(service, fields.service.span);
        let facts = begun(names, FactScope::Service, &fields.fields, out);
        customer.services.push(Intended { service, facts, span: fields.service.span });
    }
    customer
}

/// Facts with their values as a journey begins with them: those the playbook keeps are not told.
fn begun<'t>(
    names: &mut Names,
    scope: FactScope,
    fields: impl IntoIterator<Item = &'t ast::Field>,
    out: &mut Vec<Diagnostic>,
) -> Vec<Given> {
    let mut values = given(names, scope, fields, out);
    values.retain(|given| {
        let fact = &names.playbook.facts[given.fact.index()];
        let right = fact.volatility != Volatility::Kept || fact.default.as_ref() == Some(&given.value);
        if !right {
            out.push(
                Diagnostic::new(&WRONG_VALUE, given.span, names.playbook.kept_at_first(fact))
                    .related(fact.name.span, "declared here")
                    .help("Leave it out, or write on which day it is corrected: `day 0 correct { … }`"),
            );
        }
        right
    });
    values
}

/// Facts with their values, each fact once.
fn given<'t>(
    names: &mut Names,
    scope: FactScope,
    fields: impl IntoIterator<Item = &'t ast::Field>,
    out: &mut Vec<Diagnostic>,
) -> Vec<Given> {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    let mut values = Vec::new();
    for field in fields {
        let Some(fact) = names.fact_of(scope, &field.name, out) else { continue };
        if let Some(first) = seen.get(field.name.text.as_str()) {
            out.push(said_twice(&format!("`{}`", field.name.text), field.span, *first));
            continue;
        }
        seen.insert(&field.name.text, field.span);
        if let Some(value) = names.constant_for(fact, &field.value, out) {
            values.push(Given { fact, value, span: field.span });
        }
    }
    values
}

/// What the lines of a test are read against.
struct Story {
    start: Option<Date>,
    intended: ServiceSet,
}

impl Story {
    /// A point in time; a date needs a start, and comes after it.
    fn when(&self, when: &ast::When, out: &mut Vec<Diagnostic>) -> Option<When> {
        match when {
            ast::When::Day(day, span) => {
                let seconds = (i128::from(day.0) * i128::from(crate::value::DAY) + 500_000).div_euclid(1_000_000);
                let instant = Instant::Day(Duration(i64::try_from(seconds).unwrap_or(i64::MAX)));
                Some(When { instant, span: *span })
            }
            ast::When::Date(date, span) => {
                let diagnostic = match self.start {
                    Some(start) if *date >= start => {
                        return Some(When { instant: Instant::Date(*date), span: *span });
                    }
                    Some(start) => {
                        let message = format!("{date} comes before the customer's start, {start}");
                        Diagnostic::new(&MISPLACED_DATE, *span, message)
                    }
                    None => Diagnostic::new(
                        &MISPLACED_DATE,
                        *span,
                        format!("{date} says nothing without the date of day 0"),
                    )
                    .help(format!("Say when the customer starts, `customer {{ start {date} … }}`, or count in days")),
                };
                out.push(diagnostic);
                None
            }
        }
    }

    /// A service the customer intends to use.
    fn service(&self, names: &Names, name: &ast::Name, out: &mut Vec<Diagnostic>) -> Option<ServiceId> {
        let service = names.service(name, out)?;
        if self.intended.contains(service) {
            return Some(service);
        }
        let message = format!("this customer does not intend to use `{}`", name.text);
        out.push(
            Diagnostic::new(&WRONG_SCOPE, name.span, message)
                .help(format!("Add it to the customer: `services {} {{ … }}`", name.text)),
        );
        None
    }

    fn moment(&self, names: &mut Names, moment: &ast::Moment, out: &mut Vec<Diagnostic>) -> Option<Moment> {
        let when = self.when(&moment.when, out);
        let service = match &moment.service {
            Some(name) => Some(self.service(names, name, out)?),
            None => None,
        };
        let reason = |reason: &Option<ast::Literal>| reason.as_ref().map(|reason| reason.text.clone());
        let scope = if service.is_some() { FactScope::Service } else { FactScope::Customer };
        let action = match &moment.action {
            ast::Action::Facts { correction, fields } => {
                Action::Facts { correction: *correction, values: given(names, scope, fields, out) }
            }
            ast::Action::Task(task, span, status, why) => {
                let task = self.task(names, task, *span, service.is_some(), out)?;
                Action::Task(task, *status, reason(why))
            }
            ast::Action::Event(event) => Action::Event(names.declared_event(event, out)?),
            ast::Action::Blocker(kind, task) => {
                let kind = optional(kind.as_ref().map(|kind| names.blocker_kind(kind, out)))?;
                let task = task.as_ref().map(|(task, span)| self.task(names, task, *span, service.is_some(), out));
                Action::Blocker(kind, optional(task)?)
            }
            ast::Action::Resolved(kind) => {
                Action::Resolved(optional(kind.as_ref().map(|kind| names.blocker_kind(kind, out)))?)
            }
            ast::Action::Waived(kind) => {
                Action::Waived(optional(kind.as_ref().map(|kind| names.blocker_kind(kind, out)))?)
            }
            ast::Action::Escalated => Action::Escalated,
            ast::Action::Paused(until, why) => {
                let until = optional(until.as_ref().map(|until| self.when(until, out)))?;
                Action::Paused(until, reason(why))
            }
            ast::Action::Resumed => Action::Resumed,
            ast::Action::Dropped(_) | ast::Action::Added(_) if service.is_none() => {
                out.push(
                    Diagnostic::new(&WRONG_SCOPE, moment.span, "only a service is dropped or added")
                        .help("Name it: `day 60 teams dropped`"),
                );
                return None;
            }
            ast::Action::Dropped(why) => Action::Dropped(reason(why)),
            ast::Action::Added(fields) => Action::Added(given(names, FactScope::Service, fields, out)),
            ast::Action::Ended(playbook, end) => {
                Action::Ended { playbook: playbook.text.clone(), end: end.text.clone() }
            }
        };
        Some(Moment { when: when?, service, action, span: moment.span })
    }

    /// A task of a service's track where one is spoken of, else of the customer.
    fn task(
        &self,
        names: &Names,
        task: &ast::TaskRef,
        span: Span,
        of_service: bool,
        out: &mut Vec<Diagnostic>,
    ) -> Option<TaskId> {
        let id = names.task(task, span, out)?;
        let offered = names.offered[id.index()];
        let label = task_label(task);
        let diagnostic = match (of_service, offered.by_service, offered.by_customer) {
            (true, true, _) | (false, _, true) => return Some(id),
            (true, false, _) => Diagnostic::new(
                &WRONG_SCOPE,
                span,
                format!("task {label} is the customer's, and a service is spoken of here"),
            )
            .help("Leave the service out"),
            (false, ..) => {
                Diagnostic::new(&WRONG_SCOPE, span, format!("task {label} is done in the tracks of services"))
                    .help(format!("Name the service: `teams task {label} …`"))
            }
        };
        out.push(diagnostic.related(names.playbook.tasks[id.index()].span, "offered here"));
        None
    }

    fn expectation(
        &self,
        names: &mut Names,
        expectation: &ast::Expectation,
        out: &mut Vec<Diagnostic>,
    ) -> Option<Expectation> {
        let service = match &expectation.subject {
            Some(name) => Some(self.service(names, name, out)?),
            None => None,
        };
        let one = service.is_some();
        let kind = match &expectation.kind {
            ast::ExpectationKind::Ends(end, on, within) => {
                let id = names.end(end, out);
                let on = optional(on.as_ref().map(|on| self.when(on, out)));
                let within = optional(within.as_ref().map(|within| names.duration(within, "the time", out)));
                let id = id?;
                position(names, Place::End(id), end.span, one, true, out)?;
                ExpectationKind::Ends(id, on?, within?)
            }
            ast::ExpectationKind::At(name) => {
                let place = names.place(name, out)?;
                position(names, place, name.span, one, true, out)?;
                ExpectationKind::At(place)
            }
            ast::ExpectationKind::Offered(yes, task, span) => {
                ExpectationKind::Offered(*yes, self.expected_task(names, task, *span, one, out)?)
            }
            ast::ExpectationKind::Done(yes, task, span) => {
                ExpectationKind::Done(*yes, self.expected_task(names, task, *span, one, out)?)
            }
            ast::ExpectationKind::Never(name) => {
                let place = names.place(name, out)?;
                position(names, place, name.span, one, false, out)?;
                ExpectationKind::Never(place)
            }
            ast::ExpectationKind::Visits(name, times) => {
                let place = names.place(name, out)?;
                position(names, place, name.span, one, false, out)?;
                ExpectationKind::Visits(place, *times)
            }
            ast::ExpectationKind::Waiting(awaited) => {
                let awaited: Vec<Option<Awaited>> = awaited.iter().map(|name| self.awaited(names, name, out)).collect();
                ExpectationKind::Waiting(awaited.into_iter().collect::<Option<Vec<Awaited>>>()?)
            }
            ast::ExpectationKind::Held => ExpectationKind::Held,
            ast::ExpectationKind::Ended => ExpectationKind::Ended,
            ast::ExpectationKind::That(condition) => {
                ExpectationKind::That(names.condition(condition, Context::CUSTOMER, out)?)
            }
        };
        Some(Expectation { service, kind, span: expectation.span })
    }

    /// Without a service, a task of any track is meant.
    fn expected_task(
        &self,
        names: &Names,
        task: &ast::TaskRef,
        span: Span,
        one: bool,
        out: &mut Vec<Diagnostic>,
    ) -> Option<TaskId> {
        if one { self.task(names, task, span, true, out) } else { names.task(task, span, out) }
    }

    fn awaited(&self, names: &Names, name: &ast::Name, out: &mut Vec<Diagnostic>) -> Option<Awaited> {
        if let Some(Symbol::Fact(fact)) = names.symbols.get(&name.text) {
            return Some(Awaited::Fact(fact));
        }
        if let Some(task) = names.tasks.get(&name.text) {
            return Some(Awaited::Task(*task));
        }
        if BUILT_IN_EVENTS.contains(&name.text.as_str()) || names.events.get(&name.text).is_some() {
            let pattern = ast::EventPattern { name: name.clone(), kinds: Vec::new() };
            return names.event(&pattern, out).map(Awaited::Event);
        }
        let facts = names.playbook.facts.iter().map(|fact| fact.name.name.as_str());
        let candidates = facts.chain(names.tasks.keys().map(String::as_str)).chain(names.events.names());
        out.push(unknown("fact, task or event", &name.text, name.span, candidates));
        None
    }
}

/// Whether the one spoken of can be at a place: a service in tracks, the customer elsewhere. Where the place is only
/// asked for (`strict` is false), the customer's tracks are meant too.
fn position(names: &Names, place: Place, span: Span, one: bool, strict: bool, out: &mut Vec<Diagnostic>) -> Option<()> {
    let in_service = names.in_service(names.playbook.place_scope(place));
    if in_service == one || (in_service && !strict) {
        return Some(());
    }
    let named = names.playbook.place_name(place);
    let (message, help) = if in_service {
        (format!("`{}` lies in the tracks of services", named.name), "Name the service: `expect teams …`")
    } else {
        (format!("`{}` is a place of the customer, not of a service", named.name), "Leave the service out")
    };
    out.push(Diagnostic::new(&WRONG_SCOPE, span, message).related(named.span, "declared here").help(help));
    None
}

/// Nothing where nothing was written; none where what was written cannot be resolved.
fn optional<T>(found: Option<Option<T>>) -> Option<Option<T>> {
    match found {
        None => Some(None),
        Some(None) => None,
        Some(found) => Some(found),
    }
}
