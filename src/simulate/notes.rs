//! What a simulation has to say about its scenario beside its figures.

use crate::diagnostic::{ASSUMPTION_MISSING, Diagnostic};
use crate::model::scenario::Scenario;
use crate::model::{Atom, Expr, FactId, Node, Playbook, Trigger, Volatility, Work};
use crate::run::Machine;
use std::collections::BTreeSet;

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
