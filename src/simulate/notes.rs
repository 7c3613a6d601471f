//! What a simulation has to say about its scenario beside its figures.

use crate::diagnostic::{ASSUMPTION_MISSING, Diagnostic};
use crate::model::scenario::{Sampler, SamplerNode, Scenario, Statement};
use crate::model::{Atom, EventMatch, Expr, FactId, Node, Playbook, RoleId, TaskId, Trigger, Type, Volatility, Work};
use crate::run::Machine;
use crate::value::DAY;
use std::collections::BTreeSet;

/// Something a scenario leaves out, and what was taken instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumption {
    /// What it says nothing about.
    pub about: String,
    /// What was taken.
    pub taken: String,
}

/// What a scenario leaves out that decides how long journeys take and where they lead, and what was taken instead. Facts
/// that stay unknown are [`missing_assumptions`].
#[must_use]
pub fn assumptions(machine: &Machine, scenario: &Scenario) -> Vec<Assumption> {
    let playbook = &machine.playbook;
    let mut found = Vec::new();
    let mut left_out = |names: Vec<String>, about: &str, taken: &str| {
        if !names.is_empty() {
            found.push(Assumption { about: about.replace("{}", &names.join(", ")), taken: taken.to_owned() });
        }
    };
    let tasks = || playbook.tasks.iter().enumerate().map(|(index, task)| (TaskId(index as u32), task));
    let timed = |id: TaskId| {
        let mut offers = playbook.offers.iter().filter(|offer| offer.task == id);
        scenario.task_takes.contains_key(&id) || offers.all(|offer| scenario.stage_takes.contains_key(&offer.stage))
    };
    let untimed = tasks().filter(|(id, _)| !timed(*id)).map(|(_, task)| task.label()).collect();
    left_out(untimed, "how long {} take", "no time");
    let optional = |id: TaskId| playbook.offers.iter().any(|offer| offer.task == id && !offer.mandatory);
    let sure = tasks().filter(|(id, _)| optional(*id) && !scenario.task_done.contains_key(id));
    left_out(sure.map(|(_, task)| task.label()).collect(), "how often {} are done", "always");
    let roles = playbook.roles.iter().enumerate().filter(|(index, _)| {
        let works = playbook.offers.iter().any(|offer| offer.roles.contains(&RoleId(*index as u32)));
        works && !scenario.staffing.iter().any(|staffing| staffing.role.index() == *index)
    });
    left_out(roles.map(|(_, role)| role.name.clone()).collect(), "how many people {} are", "somebody is always free");
    let set: BTreeSet<FactId> = scenario.draws.iter().map(|draw| draw.fact).collect();
    let read = facts_read(playbook);
    let defaults = playbook.facts.iter().enumerate().filter(|(index, fact)| {
        let id = FactId(*index as u32);
        fact.default.is_some() && fact.volatility != Volatility::Kept && read.contains(&id) && !set.contains(&id)
    });
    for (_, fact) in defaults {
        let value = fact.default.as_ref().map(|value| playbook.show(value, &fact.kind)).unwrap_or_default();
        left_out(vec![fact.name.name.clone()], "what {} is at the start", &format!("its default, {value}"));
    }
    let (events, blockers) = never_happen(playbook, scenario);
    left_out(events, "whether {} happens", "never");
    if blockers {
        left_out(vec!["blockers".to_owned()], "whether {} are raised", "never");
    }
    let mut say = |missing: bool, about: &str, taken: &str| {
        if missing {
            found.push(Assumption { about: about.to_owned(), taken: taken.to_owned() });
        }
    };
    let services = !playbook.services.is_empty() && scenario.services.is_none();
    say(services, "which services are intended", "none, but for customers of a file");
    let people = !scenario.staffing.is_empty();
    say(people && scenario.arrival.is_none(), "when customers come", "all on day 0");
    let hours = scenario.staffing.iter().any(|staffing| staffing.hours.is_some());
    let mut takes = scenario.task_takes.values().chain(scenario.stage_takes.values());
    let business =
        machine.waits_for_business_time() || takes.any(|sampler| matches!(sampler.node, SamplerNode::Business(..)));
    say((hours || business) && scenario.starts.is_none(), "the date of day 0", "a Monday, without holidays");
    // Who writes `takes 3 days` may well mean three days of work.
    let long = |sampler: &Sampler| matches!(&sampler.node, SamplerNode::Draw(draw) if sampler.kind == Type::Duration && draw.mean() >= DAY as f64);
    let mut takes = scenario.task_takes.values().chain(scenario.stage_takes.values());
    say(hours && takes.any(long), "what a day of work is", "24 hours of working time");
    say(scenario.horizon.is_none(), "the horizon", "a hundred years");
    found
}

/// The events that move customers of this playbook and that the scenario never lets happen, and whether it is so with blockers.
fn never_happen(playbook: &Playbook, scenario: &Scenario) -> (Vec<String>, bool) {
    let (mut events, mut blockers) = (BTreeSet::new(), false);
    scenario.statements(&mut |statement| match statement {
        Statement::Event { event, .. } => drop(events.insert(event.index())),
        Statement::Blocker { .. } => blockers = true,
        _ => {}
    });
    let (mut awaited, mut blocked) = (BTreeSet::new(), false);
    for transition in &playbook.transitions {
        match &transition.trigger {
            Trigger::On(EventMatch::Event(event), _) => drop(awaited.insert(event.index())),
            Trigger::On(EventMatch::Blocker(_), _) => blocked = true,
            _ => {}
        }
    }
    let named = awaited.difference(&events).filter_map(|event| playbook.events.get(*event));
    (named.map(|event| event.name.clone()).collect(), blocked && !blockers)
}

/// Facts the playbook looks at that stay unknown for every drawn customer: they have no default, and neither the scenario
/// nor the playbook ever says what they are.
#[must_use]
pub fn missing_assumptions(machine: &Machine, scenario: &Scenario) -> Vec<Diagnostic> {
    let playbook = &machine.playbook;
    let mut set: BTreeSet<FactId> = scenario.draws.iter().map(|draw| draw.fact).chain(scenario.assigned()).collect();
    let cadences = playbook.cadences.iter().map(|cadence| &cadence.body);
    playbook.stages.iter().map(|stage| &stage.body).chain(cadences).for_each(|body| facts_set(body, &mut set));
    let read = facts_read(playbook);
    let missing = playbook.facts.iter().enumerate().filter(|(index, fact)| {
        let id = FactId(*index as u32);
        fact.default.is_none() && fact.volatility != Volatility::Kept && read.contains(&id) && !set.contains(&id)
    });
    missing
        .map(|(_, fact)| {
            let name = &fact.name.name;
            let message = format!("the scenario says nothing of `{name}`, so it is unknown for every customer");
            Diagnostic::new(&ASSUMPTION_MISSING, scenario.name.span, message)
                .related(fact.name.span, "the fact")
                .help(format!("Say what it is at the start, as in `{name} ~ …`, or give the fact a default"))
        })
        .collect()
}

fn facts_set(body: &[Work], set: &mut BTreeSet<FactId>) {
    for work in body {
        match work {
            Work::Set(assignment) => {
                set.insert(assignment.fact);
            }
            Work::Together(inner) => facts_set(inner, set),
            Work::Task(_) | Work::Step(_) => {}
        }
    }
}

/// The facts on which the way of a customer depends.
fn facts_read(playbook: &Playbook) -> BTreeSet<FactId> {
    let guards = playbook.transitions.iter().filter_map(|transition| match &transition.trigger {
        Trigger::Completion(guard) | Trigger::On(_, guard) => guard.as_ref(),
        Trigger::Whenever(guard) => Some(guard),
        Trigger::Otherwise | Trigger::After(_) | Trigger::AfterLastRound(_) => None,
    });
    let needs = playbook.stages.iter().flat_map(|stage| &stage.needs).map(|needs| &needs.condition);
    let inputs = playbook.scopes.iter().flat_map(|scope| &scope.inputs).filter_map(|input| input.condition.as_ref());
    let tasks = playbook.offers.iter().filter_map(|offer| offer.when.as_ref());
    let mut read = BTreeSet::new();
    guards.chain(needs).chain(inputs).chain(tasks).for_each(|expr| facts_in(playbook, expr, &mut read));
    read
}

/// The facts a condition reads, also in what it builds on.
fn facts_in(playbook: &Playbook, expr: &Expr, read: &mut BTreeSet<FactId>) {
    expr.walk_all(playbook, &mut |part| {
        if let Node::Atom(Atom::Fact(fact) | Atom::Change(fact, _)) = part.node {
            read.insert(fact);
        }
    });
}
