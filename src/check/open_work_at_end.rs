//! `open-work-at-end`: a block is left for a success while mandatory work may be open in it.

use super::examples::{About, track};
use super::obligations::success_from;
use super::{Subject, conditions, flow};
use crate::diagnostic::{Diagnostic, OPEN_WORK_AT_END};
use crate::model::expr::{Atom, Expr};
use crate::model::{BlockId, EndKind, Node, Place, Playbook, StageId, TaskId, TransitionId};
use crate::run::event::Effect;
use crate::run::state::TrackStatus;
use crate::run::{Machine, State};
use crate::syntax::ast::Quantifier;
use crate::value::TaskStatus;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let playbook = subject.playbook;
    for index in 0..playbook.blocks.len() {
        let block = BlockId(index as u32);
        let place = Place::Block(block);
        let node = subject.graph.node(place);
        let exits = subject.graph.exits(place);
        for id in exits.whenever.iter().chain(&exits.on).chain(&exits.after).copied() {
            if subject.flow().takes(node, id) && !waits_for_all(playbook, id) {
                findings.extend(look(subject, block, id));
            }
        }
    }
}

fn look(subject: &Subject<'_>, block: BlockId, id: TransitionId) -> Option<Diagnostic> {
    let playbook = subject.playbook;
    let transition = &playbook.transitions[id.index()];
    let mut open = Vec::new();
    let mut end = None;
    for offer in &playbook.offers {
        let stage = &playbook.stages[offer.stage.index()];
        if !offer.mandatory
            || offer.cadence.is_some()
            || !flow::within_block(playbook, stage.scope, block)
            || !subject.flow().reached(subject.graph.node(Place::Stage(offer.stage)))
            || open.iter().any(|(task, _)| *task == offer.task)
        {
            continue;
        }
        // Elsewhere it may still be done.
        let elsewhere: Vec<StageId> = playbook
            .offers
            .iter()
            .filter(|other| other.task == offer.task && other.mandatory && other.when.is_none())
            .map(|other| other.stage)
            .collect();
        if let Some(success) = success_from(subject, transition.target, &elsewhere) {
            open.push((offer.task, offer));
            end = end.or(Some(success));
        }
    }
    let end = &playbook.place_name(end?).name;
    let labels: Vec<String> = open.iter().map(|(task, _)| playbook.tasks[task.index()].label()).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let tasks = if labels.len() == 1 { "task" } else { "tasks" };
    let message = format!(
        "{} is left here while mandatory {tasks} {} may be open in it, and `{end}` counts as success",
        subject.call(Place::Block(block)),
        super::list(&labels)
    );
    let mut finding = Diagnostic::new(&OPEN_WORK_AT_END, transition.span, message);
    for (_, offer) in open.iter().take(5) {
        let stage = subject.call(Place::Stage(offer.stage));
        finding = finding.related(offer.span, format!("cancelled in {stage}"));
    }
    let finding = finding.help("Let this way lead to an end that is no success, or wait until the tracks are over");
    let tasks: Vec<TaskId> = open.iter().map(|(task, _)| *task).collect();
    let scope = playbook.blocks[block.index()].scope;
    let goal = |machine: &Machine, state: &State, effect: Option<&Effect>| match effect {
        Some(Effect::Ended(id, end)) => {
            machine.playbook.ends[end.index()].kind == EndKind::Success
                && track(state, *id).is_some_and(|track| track.scope == scope)
                && state.tracks.iter().any(|inner| {
                    inner.status == TrackStatus::Cancelled
                        && tasks.iter().any(|task| {
                            let record = state.record(inner.service, *task);
                            record.is_some_and(|record| {
                                record.status == TaskStatus::Cancelled && record.completed.is_none()
                            })
                        })
                })
        }
        _ => false,
    };
    Some(subject.shown(finding, &goal, About::default(), "a success with mandatory work left open"))
}

/// Whether the condition only holds when every track is at an end.
fn waits_for_all(playbook: &Playbook, id: TransitionId) -> bool {
    let Some(guard) = conditions::guard(&playbook.transitions[id.index()].trigger) else { return false };
    conditions::conjuncts(guard).into_iter().any(|part| match &part.node {
        Node::Quantified(Quantifier::All, None, Some(inside)) => at_ends(inside),
        _ => false,
    })
}

fn at_ends(condition: &Expr) -> bool {
    match &condition.node {
        Node::Atom(Atom::At(places)) => places.iter().all(|place| matches!(place, Place::End(_))),
        Node::Or(parts) => parts.iter().all(at_ends),
        Node::And(parts) => parts.iter().any(at_ends),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn what_interrupts_a_block() {
        let of = |exit: &str, flag: &str| {
            said(&format!(
                "playbook p {{ events {{ signed }} services {{ teams }} start -> b each service as b {{
                   stage a {{ task 1 {flag} -> y }} end y success }} {exit} then -> x
                 stage c {{ task 2 mandatory -> x }} end x success end z neutral }}"
            ))
            .into_iter()
            .filter(|said| said.starts_with("open-work"))
            .collect::<Vec<_>>()
        };
        let expected = "open-work-at-end: the block `b` is left here while mandatory task `1` may be open in it, and `x` counts as success";
        assert_eq!(of("on signed -> x", "mandatory"), [expected]);
        assert_eq!(of("after 9 days -> c", "mandatory"), [expected]);
        assert_eq!(of("on signed -> x", "optional"), Vec::<String>::new());
        assert_eq!(of("on signed -> z", "mandatory"), Vec::<String>::new());
        assert_eq!(of("whenever all services where (at y) -> x", "mandatory"), Vec::<String>::new());
    }
}
