//! Scenarios: what is assumed of the world, resolved and checked.

mod business;
mod idle;
mod sampler;
mod staffing;
mod statements;

use super::expression::Context;
use super::names::Names;
use super::suggest;
use crate::diagnostic::{Diagnostic, IMPOSSIBLE_PARAMETER, NO_SUCH_WORK, SCENARIO_CONFLICT, WRONG_SCOPE};
use crate::model::scenario::{Arrival, ArrivalRate, Chance, Draw, Dynamics, Scenario, ServiceOdds, Timed};
use crate::model::{
    Atom, Expr, FactId, FactScope, Named, Node, OfferId, RoleId, ServiceId, StageId, TaskId, Text, Type, Volatility,
    Work,
};
use crate::source::Span;
use crate::syntax::ast::{self, DynamicsMoment, ScenarioItem};
use crate::value::{Duration, Value};
use std::collections::BTreeMap;

/// The most customers a scenario may ask for.
const MOST_CUSTOMERS: i64 = 1_000_000_000;

/// Resolves one scenario. What is wrong with it is reported; there is none where an error is among it that `matters`, else
/// what could be made of the rest.
pub(crate) fn resolve_scenario(
    names: &mut Names,
    scenario: &ast::Scenario,
    matters: impl Fn(&Diagnostic) -> bool,
    out: &mut Vec<Diagnostic>,
) -> Option<Scenario> {
    let findings = out.len();
    let name = Named {
        name: scenario.name.text.clone(),
        span: scenario.name.span,
        text: scenario.text.as_ref().map_or_else(
            || Text { main: scenario.name.text.clone(), translations: Vec::new() },
            |text| Text {
                main: text.main.text.clone(),
                translations: text
                    .translations
                    .iter()
                    .map(|translation| (translation.tag.text.clone(), translation.text.text.clone()))
                    .collect(),
            },
        ),
    };
    let made = Scenario {
        name,
        customers: None,
        arrival: None,
        draws: Vec::new(),
        services: None,
        task_takes: BTreeMap::new(),
        stage_takes: BTreeMap::new(),
        task_done: BTreeMap::new(),
        dynamics: Vec::new(),
        timed: Vec::new(),
        starts: None,
        warm_up: None,
        horizon: None,
        staffing: Vec::new(),
        span: scenario.span,
    };
    let mut maker = Maker { names, out, made, said: BTreeMap::new() };
    for item in &scenario.items {
        maker.item(item);
    }
    maker.stages_have_tasks();
    maker.people_have_work();
    maker.people_have_hours();
    maker.assumptions_matter();
    let made = maker.made;
    let wrong = |found: &Diagnostic| found.severity == crate::diagnostic::Severity::Error && matters(found);
    let errors = out.iter().skip(findings).any(wrong);
    (!errors).then_some(made)
}

/// What a scenario may say once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Customers,
    Starts,
    WarmUp,
    Horizon,
    Services,
    Service(ServiceId),
    Fact(FactId),
    TaskTakes(TaskId),
    TaskDone(TaskId),
    StageTakes(StageId),
    Priority(RoleId),
}

/// A scenario while it is made.
struct Maker<'m> {
    names: &'m mut Names,
    out: &'m mut Vec<Diagnostic>,
    made: Scenario,
    said: BTreeMap<Said, Span>,
}

impl Maker<'_> {
    /// Notes that something is said; if it was said before, that is reported, and the first stays.
    fn once(&mut self, said: Said, what: &str, span: Span) -> bool {
        if let Some(first) = self.said.get(&said) {
            self.out.push(
                Diagnostic::new(&SCENARIO_CONFLICT, span, format!("the scenario says {what} twice"))
                    .label("said again")
                    .related(*first, "said here first")
                    .help("Keep one of them"),
            );
            return false;
        }
        self.said.insert(said, span);
        true
    }

    fn impossible(&mut self, span: Span, message: impl Into<String>, help: &str) {
        self.out.push(Diagnostic::new(&IMPOSSIBLE_PARAMETER, span, message).help(help));
    }

    fn item(&mut self, item: &ScenarioItem) {
        match item {
            ScenarioItem::Customers { count, arrival, span } => self.customers(count, arrival.as_ref(), *span),
            ScenarioItem::Draw { facts, value, span, .. } => {
                for fact in facts {
                    self.draw(fact, value, *span);
                }
            }
            ScenarioItem::Services { each, odds, if_none, span } => {
                self.services(each.as_ref(), odds, if_none.as_ref(), *span);
            }
            ScenarioItem::TaskTakes { tasks, duration, .. } => {
                for (task, span) in tasks {
                    let Some(id) = self.names.task(task, *span, self.out) else { continue };
                    if let Some(takes) = self.work_time(duration, self.context_of(id))
                        && self.once(Said::TaskTakes(id), &format!("how long task `{}` takes", self.label(id)), *span)
                    {
                        self.made.task_takes.insert(id, takes);
                    }
                }
            }
            ScenarioItem::StageTakes { stages, duration, .. } => {
                for stage in stages {
                    let Some(id) = self.names.stage(stage, self.out) else { continue };
                    if let Some(takes) = self.work_time(duration, self.context_in(id))
                        && self.once(
                            Said::StageTakes(id),
                            &format!("how long stage `{}` takes", stage.text),
                            stage.span,
                        )
                    {
                        self.made.stage_takes.insert(id, takes);
                    }
                }
            }
            ScenarioItem::TaskDone { tasks, odds, .. } => {
                for (task, span) in tasks {
                    let Some(id) = self.names.task(task, *span, self.out) else { continue };
                    if let Some(odds) = self.odds(odds, self.context_of(id))
                        && self.once(Said::TaskDone(id), &format!("the odds of task `{}`", self.label(id)), *span)
                    {
                        self.made.task_done.insert(id, odds);
                    }
                }
            }
            ScenarioItem::Dynamics { stages, moment, statements, span } => {
                for stage in stages {
                    self.dynamics(stage, *moment, statements, *span);
                }
            }
            ScenarioItem::Timed { service, delay, odds, statements, span } => {
                self.timed(service.as_ref(), delay, odds.as_ref(), statements, *span);
            }
            ScenarioItem::Starts(span, date) => {
                if self.once(Said::Starts, "when it starts", *span) {
                    self.made.starts = Some(*date);
                }
            }
            ScenarioItem::WarmUp(span, warm_up) => {
                if let Some(warm_up) = self.positive(warm_up)
                    && self.once(Said::WarmUp, "how long it warms up", *span)
                {
                    self.made.warm_up = Some(warm_up);
                }
            }
            ScenarioItem::Horizon(span, horizon) => {
                if let Some(horizon) = self.positive(horizon)
                    && self.once(Said::Horizon, "its horizon", *span)
                {
                    self.made.horizon = Some(horizon);
                }
            }
            ScenarioItem::Staffing { role, people, skills, rules, span } => {
                self.staffing(role, people, skills, rules, *span);
            }
        }
    }

    fn label(&self, task: TaskId) -> String {
        self.names.playbook.tasks[task.index()].label()
    }

    /// Where a stage's own expressions stand.
    fn context_in(&self, stage: StageId) -> Context {
        let scope = self.names.playbook.stages[stage.index()].scope;
        Context::scope(self.names.in_service(scope)).in_stage(stage)
    }

    /// A task may be offered in several stages: of a service only where all of them are a service's.
    fn context_of(&self, task: TaskId) -> Context {
        let stages = self.names.playbook.offers.iter().filter(|offer| offer.task == task).map(|offer| offer.stage);
        let mut stages = stages.map(|stage| self.names.in_service(self.names.playbook.stages[stage.index()].scope));
        Context::scope(stages.all(|in_service| in_service))
    }

    fn customers(&mut self, count: &ast::Expr, arrival: Option<&ast::Arrival>, span: Span) {
        let counted = self.names.constant(count, &Type::Int, self.out);
        let arrival = arrival.map(|arrival| match arrival {
            ast::Arrival::Poisson(over) => self.positive(over).map(Arrival::Poisson),
            ast::Arrival::Evenly(over) => self.positive(over).map(Arrival::Evenly),
            ast::Arrival::Rates { poisson, rates, last } => self.rates(*poisson, rates, last),
        });
        if !self.once(Said::Customers, "how many customers there are", span) {
            return;
        }
        self.made.arrival = arrival.flatten();
        if let Some(Value::Number(number)) = counted {
            let number = number.0 / 1_000_000;
            if (0..=MOST_CUSTOMERS).contains(&number) {
                self.made.customers = Some(number.unsigned_abs());
            } else {
                let message = format!("there cannot be {number} customers");
                self.impossible(count.span, message, &format!("A cohort has from 0 to {MOST_CUSTOMERS} customers"));
            }
        }
    }

    fn rates(
        &mut self,
        poisson: bool,
        rates: &[(ast::ArrivalRate, ast::Expr)],
        last: &ast::ArrivalRate,
    ) -> Option<Arrival> {
        let rate = |rate: &ast::ArrivalRate, lasting: Duration| ArrivalRate {
            customers: rate.number,
            each: Duration(rate.unit.seconds()),
            lasting,
        };
        let mut made = Vec::new();
        for (written, lasting) in rates {
            made.push(rate(written, self.positive(lasting)?));
        }
        if last.number.0 == 0 {
            let help = "The last rate goes on until all customers have come: say one above 0";
            self.impossible(last.span, "at this rate the customers never come", help);
            return None;
        }
        made.push(rate(last, Duration(i64::MAX)));
        Some(Arrival::Rates { poisson, rates: made })
    }

    /// A fixed length of time above zero.
    fn positive(&mut self, written: &ast::Expr) -> Option<Duration> {
        match self.names.constant(written, &Type::Duration, self.out)? {
            Value::Duration(duration) if duration.0 > 0 => Some(duration),
            _ => {
                self.impossible(
                    written.span,
                    "this length of time must be above zero",
                    "Say something like `365 days`",
                );
                None
            }
        }
    }

    fn draw(&mut self, name: &ast::Name, value: &ast::Expr, span: Span) {
        let Some(id) = self.names.fact(name, self.out) else { return };
        let fact = &self.names.playbook.facts[id.index()];
        let (kind, scope, declared) = (fact.kind.clone(), fact.scope, fact.name.span);
        if fact.volatility == Volatility::Kept {
            self.kept(name, declared);
            return;
        }
        let at = Context::scope(scope == FactScope::Service);
        let Some(value) = self.sampler_of(value, &kind, at) else { return };
        self.within_bounds(id, &value);
        if self.happens_later(&value)
            || !self.once(Said::Fact(id), &format!("what `{}` is at the start", name.text), name.span)
        {
            return;
        }
        self.made.draws.push(Draw { fact: id, value, span });
    }

    /// A fact the playbook keeps cannot be set from outside.
    fn kept(&mut self, name: &ast::Name, declared: Span) {
        let message = format!("`{}` is kept by the playbook, and a scenario cannot set it", name.text);
        self.out.push(
            Diagnostic::new(&SCENARIO_CONFLICT, name.span, message)
                .related(declared, "declared here")
                .help("Leave it to the playbook's own `set`, or declare the fact without `kept by playbook`"),
        );
    }

    /// At the start only facts can be read; what needs a journey is reported.
    fn happens_later(&mut self, value: &crate::model::scenario::Sampler) -> bool {
        let playbook = &self.names.playbook;
        let late = |expr: &Expr| matches!(&expr.node, Node::Atom(atom) if !matches!(atom, Atom::Fact(_) | Atom::Unknown(_) | Atom::Service));
        let mut found = None;
        value.expressions(&mut |expr| {
            expr.walk(&mut |part| {
                let mut is_late = late(part);
                if let Node::Let(_) = part.node {
                    part.walk_all(playbook, &mut |inner| is_late |= late(inner));
                }
                found = found.or(is_late.then_some(part.span));
            });
        });
        let Some(span) = found else { return false };
        self.out.push(
            Diagnostic::new(&WRONG_SCOPE, span, "at the start nothing of the journey is known yet")
                .help("The value of a fact at the start can depend on other facts only"),
        );
        true
    }

    fn services(
        &mut self,
        each: Option<&ast::Expr>,
        odds: &[(ast::Name, ast::Expr)],
        if_none: Option<&ast::Name>,
        span: Span,
    ) {
        let each = each.and_then(|each| self.fixed_odds(each));
        let mut made = vec![each.unwrap_or(Chance(0.0)); self.names.playbook.services.len()];
        for (name, written) in odds {
            let Some(services) = self.names.services_of(name, self.out) else { continue };
            let Some(chance) = self.fixed_odds(written) else { continue };
            for service in services.iter() {
                let what = format!("the odds of `{}`", self.names.playbook.services[service.index()].name);
                if self.once(Said::Service(service), &what, name.span) {
                    made[service.index()] = chance;
                }
            }
        }
        let if_none = if_none.and_then(|name| self.names.service(name, self.out));
        if self.once(Said::Services, "which services are intended", span) {
            self.made.services = Some(ServiceOdds { odds: made, if_none, span });
        }
    }

    fn dynamics(&mut self, stage: &ast::Name, moment: DynamicsMoment, statements: &[ast::Statement], span: Span) {
        let Some(id) = self.names.stage(stage, self.out) else { return };
        let known = &self.names.playbook.stages[id.index()];
        if moment == DynamicsMoment::EachRound && known.cadences.is_empty() {
            let (message, head) = (format!("stage `{}` has no rounds", stage.text), known.head);
            self.out.push(
                Diagnostic::new(&NO_SUCH_WORK, stage.span, message)
                    .related(head, "this stage")
                    .help(format!("Say `in {} on entry {{ … }}`, or give the stage an `every … {{ … }}`", stage.text)),
            );
            return;
        }
        let statements = self.statements(statements, self.context_in(id));
        self.made.dynamics.push(Dynamics { stage: id, moment, statements, span });
    }

    fn timed(
        &mut self,
        service: Option<&ast::Name>,
        delay: &ast::Expr,
        odds: Option<&ast::Expr>,
        statements: &[ast::Statement],
        span: Span,
    ) {
        let at = Context::scope(service.is_some());
        let service = service.map(|name| self.names.service(name, self.out));
        let delay = self.time(delay, at);
        let odds = odds.map(|odds| self.odds(odds, at));
        let statements = self.statements(statements, at);
        if let (Some(delay), Some(service), Some(odds)) = (delay, flipped(service), flipped(odds))
            && !self.happens_later(&delay)
        {
            self.made.timed.push(Timed { service, delay, odds, statements, span });
        }
    }

    /// A stage that takes time needs a task that can take it.
    fn stages_have_tasks(&mut self) {
        for (stage, takes) in &self.made.stage_takes {
            let known = &self.names.playbook.stages[stage.index()];
            let bodies = std::iter::once(&known.body)
                .chain(known.cadences.iter().map(|id| &self.names.playbook.cadences[id.index()].body));
            let mut offers = Vec::new();
            bodies.for_each(|body| collect(body, &mut offers));
            let tasks: Vec<TaskId> =
                offers.iter().map(|offer| self.names.playbook.offers[offer.index()].task).collect();
            if tasks.iter().any(|task| !self.made.task_takes.contains_key(task)) {
                continue;
            }
            let name = &known.name.name;
            let (message, help) = if tasks.is_empty() {
                let help = "Only tasks take time: give the stage a task, or time a task of another stage";
                (format!("stage `{name}` has no task that could take this time"), help.to_owned())
            } else {
                let labels: Vec<String> = tasks.iter().map(|task| self.label(*task)).collect();
                let list = suggest::list(labels.iter().map(String::as_str), "and");
                let help = format!("Remove this, or the time of one of its tasks ({list})");
                (format!("every task of stage `{name}` has a time of its own"), help)
            };
            self.out
                .push(Diagnostic::new(&NO_SUCH_WORK, takes.span, message).related(known.head, "this stage").help(help));
        }
    }
}

/// `Some(None)` where a part was written and is broken.
fn flipped<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(None) => None,
        Some(part) => Some(part),
    }
}

fn collect(body: &[Work], offers: &mut Vec<OfferId>) {
    for work in body {
        match work {
            Work::Task(offer) => offers.push(*offer),
            Work::Together(inner) => collect(inner, offers),
            Work::Step(_) | Work::Set(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
