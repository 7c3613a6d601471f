//! `loop-without-progress`: what should end a loop is not changed by going round, or is set back each time.

use super::flow::slot_reads;
use super::{Subject, conditions, loops};
use crate::diagnostic::{Diagnostic, LOOP_WITHOUT_PROGRESS, Severity};
use crate::graph::{Edge, Node as GraphNode};
use crate::model::expr::{Atom, Node};
use crate::model::{Assignment, FactId, Place, TransitionId, Trigger, Type, Volatility, Work};
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::EdgeRef;
use std::collections::{BTreeMap, BTreeSet};

/// A fact that counts, with the nodes that go on counting and those that set it otherwise.
struct Counter<'a> {
    fact: FactId,
    steps: BTreeMap<NodeIndex, &'a Assignment>,
    resets: BTreeMap<NodeIndex, &'a Assignment>,
}

fn counters<'a>(subject: &'a Subject<'_>) -> Vec<Counter<'a>> {
    let playbook = subject.playbook;
    let mut counters: BTreeMap<FactId, Counter<'a>> = BTreeMap::new();
    for (index, stage) in playbook.stages.iter().enumerate() {
        let node = subject.graph.node(Place::Stage(crate::model::StageId(index as u32)));
        let rounds = stage.cadences.iter().flat_map(|id| &playbook.cadences[id.index()].body);
        let mut waiting: Vec<&Work> = stage.body.iter().chain(rounds).collect();
        waiting.reverse();
        while let Some(work) = waiting.pop() {
            match work {
                Work::Set(set) => {
                    let fact = &playbook.facts[set.fact.index()];
                    let number = matches!(fact.kind, Type::Int | Type::Number(_) | Type::Percent | Type::Money(_));
                    if fact.volatility != Volatility::Kept || !number {
                        continue;
                    }
                    let empty = Counter { fact: set.fact, steps: BTreeMap::new(), resets: BTreeMap::new() };
                    let counter = counters.entry(set.fact).or_insert(empty);
                    if goes_on(set) {
                        counter.steps.insert(node, set)
                    } else {
                        counter.resets.insert(node, set)
                    };
                }
                Work::Together(parts) => waiting.extend(parts),
                Work::Task(_) | Work::Step(_) => {}
            }
        }
    }
    counters.into_values().filter(|counter| !counter.steps.is_empty()).collect()
}

/// Whether a value goes on from the one before.
fn goes_on(set: &Assignment) -> bool {
    match &set.value.node {
        Node::Sum(terms) => terms
            .iter()
            .any(|(minus, term)| !minus && matches!(term.node, Node::Atom(Atom::Fact(fact)) if fact == set.fact)),
        _ => false,
    }
}

/// The stages in which a counter is set back on the way round, with what is to be said.
pub(super) fn set_back(subject: &Subject<'_>) -> Vec<(Vec<NodeIndex>, Diagnostic)> {
    let playbook = subject.playbook;
    let flow = subject.flow();
    let mut found = Vec::new();
    let counters = counters(subject);
    if counters.iter().all(|counter| counter.resets.is_empty()) {
        return found;
    }
    let part = loops::part(subject, |_, kind| matches!(kind, GraphNode::Place(_)), |_| true);
    for group in loops::groups(&part) {
        for counter in &counters {
            let inside =
                |nodes: &BTreeMap<NodeIndex, &Assignment>| nodes.keys().any(|node| group.binary_search(node).is_ok());
            let Some((reset, set)) =
                counter.resets.iter().find(|(node, _)| group.binary_search(node).is_ok() && flow.reached(**node))
            else {
                continue;
            };
            if !inside(&counter.steps) {
                continue;
            }
            // A bound on the counter that leads out, or on, and is never met.
            let bound = group.iter().find_map(|node| {
                let place = loops::place(subject, *node)?;
                let exits = &subject.graph.exits(place).completion;
                let reads = |id: &TransitionId| {
                    conditions::guard(&playbook.transitions[id.index()].trigger)
                        .is_some_and(|guard| slot_reads(playbook, guard, counter.fact))
                };
                if !flow.reached(*node) || !exits.iter().any(reads) {
                    return None;
                }
                exits.iter().copied().find(|id| {
                    let otherwise = matches!(playbook.transitions[id.index()].trigger, Trigger::Otherwise);
                    (reads(id) || otherwise) && !flow.takes(*node, *id)
                })
            });
            let Some(bound) = bound else { continue };
            let name = &playbook.facts[counter.fact.index()].name.name;
            let target = &playbook.place_name(playbook.transitions[bound.index()].target).name;
            let way = loops::shortest(&part, &group, *reset);
            let finding = Diagnostic::new(
                &LOOP_WITHOUT_PROGRESS,
                set.span,
                format!("`{name}` is set back here on each way round, so the way to `{target}` is never taken"),
            )
            .label(format!("the loop: {}", loops::spell(subject, &way)))
            .related(playbook.transitions[bound.index()].span, "never taken")
            .help(format!("Set `{name}` back before the loop, not in it"));
            found.push((group.clone(), finding));
        }
    }
    found
}

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    findings.extend(set_back(subject).into_iter().map(|(_, finding)| finding));
    unchanged(subject, findings);
}

/// Loops by a condition on a counter that nothing in the loop changes.
fn unchanged(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let playbook = subject.playbook;
    let flow = subject.flow();
    for counter in counters(subject) {
        let sets = |node: NodeIndex| counter.steps.contains_key(&node) || counter.resets.contains_key(&node);
        let within_block = |node: NodeIndex| match loops::place(subject, node) {
            Some(Place::Block(block)) => counter.steps.keys().chain(counter.resets.keys()).any(|node| {
                loops::place(subject, *node)
                    .is_some_and(|place| super::flow::within_block(playbook, playbook.place_scope(place), block))
            }),
            _ => false,
        };
        let unlimited = |edge: &Edge| playbook.transitions[edge.transition.index()].limit.is_none();
        let part = loops::part(
            subject,
            |node, kind| {
                matches!(kind, GraphNode::Place(_)) && flow.reached(node) && !sets(node) && !within_block(node)
            },
            unlimited,
        );
        let mut said: BTreeSet<TransitionId> = BTreeSet::new();
        for group in loops::groups(&part) {
            let going_on = group.iter().find_map(|node| {
                let place = loops::place(subject, *node)?;
                let exits = &subject.graph.exits(place).completion;
                let reads = |id: &TransitionId| {
                    conditions::guard(&playbook.transitions[id.index()].trigger)
                        .is_some_and(|guard| slot_reads(playbook, guard, counter.fact))
                };
                let decided = exits.iter().any(reads);
                part.edges(*node)
                    .filter(|edge| group.binary_search(&edge.target()).is_ok())
                    .map(|edge| *edge.weight())
                    .find(|id| {
                        let otherwise = matches!(playbook.transitions[id.index()].trigger, Trigger::Otherwise);
                        flow.takes(*node, *id) && (reads(id) || otherwise && decided)
                    })
                    .map(|id| (*node, id))
            });
            let Some((node, id)) = going_on else { continue };
            if !said.insert(id) {
                continue;
            }
            let name = &playbook.facts[counter.fact.index()].name.name;
            let way = loops::shortest(&part, &group, node);
            let Some(step) = counter.steps.values().next() else { continue };
            let mut finding = Diagnostic::new(
                &LOOP_WITHOUT_PROGRESS,
                playbook.transitions[id.index()].span,
                format!("whether to go round again depends on `{name}`, and going round leaves it as it is"),
            )
            .label(format!("the loop: {}", loops::spell(subject, &way)))
            .related(step.span, "it is only counted here")
            .help(format!("Count `{name}` on this way too, or write `at most N times`"));
            finding.severity = Severity::Warning;
            findings.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    fn of(a: &str, b: &str, c: &str) -> Vec<String> {
        said(&format!(
            "playbook p {{ facts of the customer {{ f : yes/no  tries : int = 0 kept by playbook }} start -> a
             stage a {{ task 1 mandatory again {a} }} stage b {{ task 2 mandatory again {b} }}
             stage c {{ task 3 mandatory again {c} }} end x success end y failure }}"
        ))
        .into_iter()
        .filter(|said| said.starts_with("loop-without-progress") || said.starts_with("no-way"))
        .collect()
    }

    #[test]
    fn set_back_on_the_way_round() {
        let counted =
            "set tries = tries + 1 -> y when tries >= 3 -> b when not f and tries < 3 -> x when f and tries < 3";
        assert_eq!(of(counted, "-> a when f -> c otherwise", "-> x"), Vec::<String>::new());
        let said = of(counted, "set tries = 0 -> a when f -> c otherwise", "-> x");
        assert_eq!(
            said,
            ["loop-without-progress: `tries` is set back here on each way round, so the way to `y` is never taken"]
        );
        // Set back for the second phase: the first one still ends.
        let second = of(counted, "-> a when f -> c otherwise", "set tries = 0 -> b at most 2 times -> x otherwise");
        assert_eq!(second, Vec::<String>::new());
    }

    #[test]
    fn a_way_round_that_does_not_count() {
        let decide = "-> x when tries >= 3 -> b when tries < 3 and f -> c otherwise";
        assert_eq!(of(decide, "set tries = tries + 1 -> a", "set tries = tries + 1 -> a"), Vec::<String>::new());
        let said = of(decide, "-> a", "set tries = tries + 1 -> a");
        assert_eq!(
            said,
            ["loop-without-progress: whether to go round again depends on `tries`, and going round leaves it as it is"]
        );
    }
}
