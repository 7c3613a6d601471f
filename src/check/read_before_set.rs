//! `read-before-set`: a fact of the playbook is read where nothing has set it.

use super::examples::About;
use super::flow::{ANY, Env, Known};
use super::{Subject, conditions};
use crate::diagnostic::{Diagnostic, READ_BEFORE_SET};
use crate::graph::Node;
use crate::model::expr::Expr;
use crate::model::{FactId, Place, Trigger, Volatility, Work};
use crate::run::evaluate::View;
use crate::run::event::Effect;
use crate::run::{Machine, State};
use petgraph::stable_graph::NodeIndex;
use std::collections::BTreeSet;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let flow = subject.flow();
    let playbook = subject.playbook;
    let open: Vec<usize> = (0..flow.variables.facts.len())
        .filter(|slot| {
            let fact = &playbook.facts[flow.variables.facts[*slot].fact.index()];
            fact.volatility == Volatility::Kept && fact.default.is_none()
        })
        .collect();
    if open.is_empty() {
        return;
    }
    let mut said: BTreeSet<(FactId, crate::source::Span)> = BTreeSet::new();
    for node in subject.graph.graph().node_indices() {
        let (scope, place) = match subject.graph.graph()[node] {
            Node::Start(scope) => (scope, None),
            Node::Place(place) => (playbook.place_scope(place), Some(place)),
        };
        let set = place.map_or_else(BTreeSet::new, |place| set_in(subject, place));
        for (condition, after_work) in read_at(subject, node, place) {
            for slot in open.iter().copied() {
                let fact = flow.variables.facts[slot].fact;
                if after_work && set.contains(&fact) || flow.is_shared(slot, scope) {
                    continue;
                }
                if !flow.variables.slots_read(playbook, condition).contains(&slot) {
                    continue;
                }
                let unset = flow.at[node.index()].iter().copied().find(|state| {
                    let known = &flow.found[*state].known;
                    known.facts[slot] != ANY
                        && known.facts[slot] & 1 == 1
                        && matters(subject, known, slot, condition, scope, place)
                });
                let Some(state) = unset else { continue };
                if !said.insert((fact, condition.span)) {
                    continue;
                }
                let never = flow.found[state].known.facts[slot] == 1
                    && flow.at[node.index()].iter().all(|state| flow.found[*state].known.facts[slot] == 1);
                let name = &playbook.facts[fact.index()].name.name;
                let message = if never {
                    format!("`{name}` is read here, and nothing has set it before")
                } else {
                    format!("`{name}` is read here, and on one way nothing has set it before")
                };
                let mut finding = Diagnostic::new(&READ_BEFORE_SET, span_of(playbook, condition, fact), message);
                if !never {
                    for (_, by) in flow.way(state).into_iter().rev().take(4).filter_map(|(node, by)| Some((node, by?)))
                    {
                        finding = finding.related(playbook.transitions[by.index()].span, "by this way");
                    }
                }
                let finding = finding.help(format!("Set `{name}` on every way here, or give it a default"));
                let goal = |machine: &Machine, state: &State, effect: Option<&Effect>| {
                    effect.is_none()
                        && (0..state.tracks.len()).any(|id| {
                            let track = &state.tracks[id];
                            track.scope == scope
                                && track.active()
                                && track.place == place
                                && track.visit.open.is_empty()
                                && View::of(machine, state, id).fact(fact).is_none()
                        })
                };
                let in_service = playbook.scopes[scope.index()].in_service;
                let about = About { of_service: in_service, ..About::default() };
                findings.push(subject.shown(finding, &goal, about, "a fact nothing has set is waited for"));
            }
        }
    }
}

/// Whether a condition can hold with the fact set, and cannot without.
fn matters(
    subject: &Subject<'_>,
    known: &Known,
    slot: usize,
    condition: &Expr,
    scope: crate::model::ScopeId,
    place: Option<Place>,
) -> bool {
    let with = |bits: u64| {
        let mut known = known.clone();
        known.facts[slot] = bits;
        let env: Env<'_> = subject.flow().env(subject, &known, scope, place);
        env.may(condition)
    };
    let (unset, set) = (with(1), with(ANY));
    set.yes && !unset.yes && unset.unknown
}

/// Where a fact stands in a condition.
fn span_of(playbook: &crate::model::Playbook, condition: &Expr, fact: FactId) -> crate::source::Span {
    let mut span = condition.span;
    condition.walk(&mut |part| match &part.node {
        crate::model::Node::Atom(crate::model::Atom::Fact(known)) if *known == fact => span = part.span,
        crate::model::Node::Let(id) => {
            let mut found = false;
            playbook.lets[id.index()].value.walk(&mut |inner| {
                found |= matches!(inner.node, crate::model::Node::Atom(crate::model::Atom::Fact(known)) if known == fact);
            });
            if found {
                span = part.span;
            }
        }
        _ => {}
    });
    span
}

/// The conditions somebody waits for at a place, and whether they are looked at when its work is done.
fn read_at<'a>(subject: &'a Subject<'_>, node: NodeIndex, place: Option<Place>) -> Vec<(&'a Expr, bool)> {
    let playbook = subject.playbook;
    let guards = |ids: &[crate::model::TransitionId]| -> Vec<(&'a Expr, bool)> {
        ids.iter()
            .filter_map(|id| conditions::guard(&playbook.transitions[id.index()].trigger))
            .map(|guard| (guard, true))
            .collect()
    };
    match (place, subject.graph.graph()[node]) {
        (None, Node::Start(scope)) => guards(subject.graph.start(scope)),
        (Some(place), _) => {
            let exits = subject.graph.exits(place);
            let mut all = guards(&exits.completion);
            for id in &exits.on {
                if let Trigger::On(_, Some(guard)) = &playbook.transitions[id.index()].trigger {
                    all.push((guard, true));
                }
            }
            if let Place::Stage(stage) = place {
                all.extend(playbook.stages[stage.index()].needs.iter().map(|needs| (&needs.condition, false)));
                let offers = playbook.offers.iter().filter(|offer| offer.stage == stage);
                all.extend(offers.filter_map(|offer| Some((offer.when.as_ref()?, true))));
            }
            all
        }
        (None, Node::Place(_)) => Vec::new(),
    }
}

/// The facts set in a stage, or in a block.
fn set_in(subject: &Subject<'_>, place: Place) -> BTreeSet<FactId> {
    let playbook = subject.playbook;
    let stages = playbook.stages.iter().enumerate().filter(|(index, stage)| match place {
        Place::Stage(id) => id.index() == *index,
        Place::Block(block) => super::flow::within_block(playbook, stage.scope, block),
        Place::End(_) => false,
    });
    let mut set = BTreeSet::new();
    for (_, stage) in stages {
        let rounds = stage.cadences.iter().flat_map(|id| &playbook.cadences[id.index()].body);
        let mut waiting: Vec<&Work> = stage.body.iter().chain(rounds).collect();
        while let Some(work) = waiting.pop() {
            match work {
                Work::Set(assignment) => {
                    set.insert(assignment.fact);
                }
                Work::Together(parts) => waiting.extend(parts),
                Work::Task(_) | Work::Step(_) => {}
            }
        }
    }
    set
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    fn of(start: &str, read: &str) -> Vec<String> {
        said(&format!(
            "playbook p {{ facts of the customer {{ f : yes/no  verdict : one of (good, bad) kept by playbook }} start {start}
             stage a {{ task 1 mandatory set verdict = good -> b }}
             stage b {{ task 2 mandatory {read} }} stage c {{ task 3 mandatory -> x }} end x success end y neutral }}"
        ))
        .into_iter().filter(|said| said.starts_with("read-before-set")).collect()
    }

    #[test]
    fn a_way_past_what_sets_it() {
        let read = "-> x when verdict is good -> c otherwise";
        assert_eq!(of("-> a", read), Vec::<String>::new());
        let expected = "read-before-set: `verdict` is read here, and on one way nothing has set it before";
        assert_eq!(of("-> a when f -> b otherwise", read), [expected]);
        assert_eq!(of("-> a when f -> b otherwise", "needs verdict is good -> c"), [expected]);
    }

    #[test]
    fn where_it_does_not_matter_or_is_asked_about() {
        let either = "-> a when f -> b otherwise";
        assert_eq!(
            of(either, "-> x when not unknown verdict and verdict is good -> c otherwise"),
            Vec::<String>::new()
        );
        assert_eq!(of(either, "-> x when done task 1 and verdict is good -> c otherwise"), Vec::<String>::new());
        assert_eq!(of(either, "whenever verdict is good -> c -> x"), Vec::<String>::new());
    }

    #[test]
    fn never_before() {
        let text = "playbook p { facts of the customer { v : yes/no kept by playbook } start -> a
                    stage a { task 1 mandatory -> b when v after 9 days -> b } stage b { set v = yes -> x } end x success }";
        let said: Vec<String> = said(text).into_iter().filter(|said| said.starts_with("read")).collect();
        assert_eq!(said, ["read-before-set: `v` is read here, and nothing has set it before"]);
    }
}
