//! `colliding-rules`: what one stage demands, a later one excludes, for those who come through both.

use super::Subject;
use super::examples::{About, waits_at};
use super::flow::{ANY, Flow, Known};
use super::no_way_to_finish::reasons;
use crate::diagnostic::{COLLIDING_RULES, Diagnostic};
use crate::graph::Node;
use crate::model::{FactScope, Place, ServiceId, TaskId, TransitionId, Work};
use crate::run::event::Effect;
use crate::run::{Machine, State};
use crate::source::Span;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let flow = subject.flow();
    for node in subject.graph.graph().node_indices() {
        let Some(Node::Place(place @ Place::Stage(_))) = subject.graph.graph().node_weight(node).copied() else {
            continue;
        };
        let states = &flow.at[node.index()];
        // Where nobody goes on, that is said of the stage.
        if !states.iter().any(|state| flow.moves[*state]) {
            continue;
        }
        for state in states.iter().copied().filter(|state| !flow.moves[*state]) {
            let known = &flow.found[state].known;
            let why = reasons(subject, node, place, Some(known));
            let Some((_, reason)) = why.first() else { continue };
            let Some((span, words, culprit)) = cause(subject, flow, state) else { continue };
            let message =
                format!("who comes to {} by another rule cannot go on: {}", subject.call(place), reason.words);
            let mut finding = Diagnostic::new(&COLLIDING_RULES, reason.span, message)
                .related(span, words)
                .related(subject.spot(place), "here nothing leads on for them")
                .help("Let both rules hold for one customer, or keep these customers away from here");
            for (_, other) in why.iter().skip(1).take(4) {
                finding = finding.related(other.span, other.words.clone());
            }
            let scope = subject.playbook.place_scope(place);
            let goal = |_: &Machine, state: &State, effect: Option<&Effect>| {
                effect.is_none()
                    && state
                        .tracks
                        .iter()
                        .any(|track| waits_at(track, place) && culprit.fits(subject, flow, known, state, track.service))
            };
            let in_service = subject.playbook.scopes[scope.index()].in_service;
            let about = About { of_service: in_service, ..About::default() };
            findings.push(subject.shown(finding, &goal, about, "two rules exclude each other"));
            break;
        }
    }
}

/// What makes the difference.
#[derive(Clone, Copy)]
enum Culprit {
    Fact(usize),
    Task(TaskId),
    Services,
}

impl Culprit {
    /// Whether it is with a customer as it is known to be.
    fn fits(
        self,
        subject: &Subject<'_>,
        flow: &Flow,
        known: &Known,
        state: &State,
        service: Option<ServiceId>,
    ) -> bool {
        match self {
            Culprit::Fact(slot) => {
                let fact = &subject.playbook.facts[flow.variables.facts[slot].fact.index()];
                let value = match (fact.scope, service) {
                    (FactScope::Customer, _) => state.facts[fact.slot].as_ref(),
                    (FactScope::Service, Some(service)) => state.services[service.index()].facts[fact.slot].as_ref(),
                    (FactScope::Service, None) => None,
                };
                // Of a number only what it is compared with is told apart.
                let values = flow.variables.values(slot, known.facts[slot]).unwrap_or_default();
                values.iter().any(|one| one.as_ref() == value)
            }
            Culprit::Task(task) => state.record(service, task).is_some_and(|record| record.completed.is_some()),
            Culprit::Services => service.is_some_and(|service| known.services >> service.0 & 1 == 1),
        }
    }
}

/// What on the way made it so: the last step before which the fact or task in question was still open.
fn cause(subject: &Subject<'_>, flow: &Flow, state: usize) -> Option<(Span, String, Culprit)> {
    let mut steps = Vec::new();
    let mut at = Some(state);
    while let Some(state) = at {
        let found = &flow.found[state];
        steps.push((state, found.from));
        at = found.from.map(|(before, _)| before);
        if steps.len() > 10_000 {
            return None;
        }
    }
    let last = &flow.found[state].known;
    for (after, from) in &steps {
        let Some((before, by)) = from else { continue };
        let (before, after) = (&flow.found[*before], &flow.found[*after]);
        if let Some(slot) = differs(&before.known, &after.known, last) {
            let fact = flow.variables.facts[slot].fact;
            let name = &subject.playbook.facts[fact.index()].name.name;
            if let Some(Node::Place(Place::Stage(stage))) = subject.graph.graph().node_weight(before.node)
                && let Some(span) = set_in(&subject.playbook.stages[stage.index()].body, fact)
            {
                return Some((span, format!("here `{name}` is set"), Culprit::Fact(slot)));
            }
            return Some((
                span_of(subject, *by),
                format!("this way is for those whose `{name}` fits"),
                Culprit::Fact(slot),
            ));
        }
        if before.known.services != after.known.services && after.known.services == last.services {
            return Some((span_of(subject, *by), "this way is for these services".to_owned(), Culprit::Services));
        }
        let new = after.known.must & !before.known.must & last.must;
        if new != 0 {
            let (task, _) = flow.variables.tasks[new.trailing_zeros() as usize];
            let stage = subject.graph.graph().node_weight(before.node);
            let offer = subject
                .playbook
                .offers
                .iter()
                .find(|offer| offer.task == task && stage == Some(&Node::Place(Place::Stage(offer.stage))));
            if let Some(offer) = offer {
                let label = subject.playbook.tasks[task.index()].label();
                return Some((offer.span, format!("task `{label}` is mandatory here"), Culprit::Task(task)));
            }
        }
    }
    None
}

fn span_of(subject: &Subject<'_>, id: TransitionId) -> Span {
    subject.playbook.transitions[id.index()].span
}

/// The fact that was narrowed by a step and still is.
fn differs(before: &Known, after: &Known, last: &Known) -> Option<usize> {
    let all = before.facts.iter().zip(&after.facts).zip(&last.facts).enumerate();
    all.filter(|(_, ((before, after), last))| before != after && after == last && **after != ANY)
        .map(|(slot, _)| slot)
        .next()
}

fn set_in(body: &[Work], fact: crate::model::FactId) -> Option<Span> {
    body.iter().find_map(|work| match work {
        Work::Set(set) if set.fact == fact => Some(set.span),
        Work::Together(parts) => set_in(parts, fact),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn what_one_stage_sets_another_excludes() {
        let text = "playbook p { facts of the customer { big : yes/no  frozen : yes/no = no kept by playbook }
                    start -> a when big -> b otherwise
                    stage a { task 1 mandatory set frozen = yes -> b }
                    stage b { needs not frozen task 2 mandatory -> x } end x success }";
        let expected = "colliding-rules: who comes to stage `b` by another rule cannot go on: `frozen` is yes here";
        assert_eq!(said(text), [expected]);
        assert_eq!(said(&text.replace("set frozen = yes", "set frozen = big")), Vec::<String>::new());
    }

    #[test]
    fn a_mandatory_task_another_stage_must_not_find_done() {
        let text = "playbook p { facts of the customer { big : yes/no }
                    start -> a when big -> b otherwise
                    stage a { task 1 mandatory -> b }
                    stage b { -> x when not done task 1 } end x success }";
        let expected =
            "colliding-rules: who comes to stage `b` by another rule cannot go on: task `1` has been done by then";
        assert_eq!(said(text), [expected]);
    }
}
