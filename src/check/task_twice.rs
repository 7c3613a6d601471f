//! `task-twice`: the same work is offered twice.

use super::{Subject, conditions, flow, mandatory_and_optional};
use crate::diagnostic::{Diagnostic, Severity, TASK_TWICE};
use crate::model::{Offer, OfferId, Place, Stage, StageId, Work};
use petgraph::stable_graph::NodeIndex;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let mut by_task: BTreeMap<u32, Vec<&Offer>> = BTreeMap::new();
    let mut by_title: BTreeMap<String, Vec<&Offer>> = BTreeMap::new();
    for offer in &subject.playbook.offers {
        if !subject.flow().reached(subject.graph.node(Place::Stage(offer.stage))) {
            continue;
        }
        by_task.entry(offer.task.0).or_default().push(offer);
        let label = subject.playbook.tasks[offer.task.index()].label();
        if offer.title.main != label {
            by_title.entry(offer.title.main.trim().to_lowercase()).or_default().push(offer);
        }
    }
    for offers in by_task.values().filter(|offers| offers.len() > 1) {
        let mut said: BTreeSet<(StageId, StageId)> = BTreeSet::new();
        for (at, one) in offers.iter().enumerate() {
            for other in &offers[at + 1..] {
                let finding = both(subject, one, other).or_else(|| both(subject, other, one));
                let new = said.len() < 4 && said.insert((one.stage, other.stage));
                findings.extend(finding.filter(|_| new));
            }
        }
    }
    for offers in by_title.values().filter(|offers| offers.len() > 1) {
        same_title(subject, offers, findings);
    }
}

/// Whether one customer may meet both: for one service, and not where one condition excludes the other.
fn may_meet(subject: &Subject<'_>, one: &Offer, other: &Offer) -> bool {
    let services = |offer: &Offer| mandatory_and_optional::services(subject, offer) & of_stage(subject, offer.stage);
    let excluded = match (&one.when, &other.when) {
        (Some(one), Some(other)) => conditions::conjuncts(one).into_iter().any(|one| {
            conditions::conjuncts(other)
                .into_iter()
                .any(|other| conditions::contradict(conditions::literal(one, true), conditions::literal(other, true)))
        }),
        _ => false,
    };
    services(one) & services(other) != 0 && !excluded
}

fn of_stage(subject: &Subject<'_>, stage: StageId) -> u128 {
    subject.reach.services(subject.graph.node(Place::Stage(stage)))
}

fn both(subject: &Subject<'_>, one: &Offer, other: &Offer) -> Option<Diagnostic> {
    let playbook = subject.playbook;
    let stage = |offer: &Offer| &playbook.stages[offer.stage.index()];
    let scope = |offer: &Offer| &playbook.scopes[stage(offer).scope.index()];
    let name = |offer: &Offer| stage(offer).name.name.clone();
    let task = playbook.tasks[one.task.index()].label();
    if scope(one).in_service != scope(other).in_service {
        if one.again || other.again || scope(one).in_service {
            return None;
        }
        let message = format!(
            "task `{task}` is the customer's in stage `{}` and each service's in stage `{}`: one does not count for the other",
            name(one),
            name(other)
        );
        return Some(report(
            other,
            one,
            message,
            "and here once for the customer",
            "Give the two different numbers, or leave one out",
        ));
    }
    if !may_meet(subject, one, other) {
        return None;
    }
    if flow::side_by_side(playbook, stage(one).scope, stage(other).scope) {
        let message = format!(
            "task `{task}` is offered in stage `{}` and in stage `{}` at the same time",
            name(one),
            name(other)
        );
        return Some(report(
            other,
            one,
            message,
            "and here",
            "Let one of the branches have it, or give the two different numbers",
        ));
    }
    if one.stage == other.stage
        && side_by_side(stage(one), playbook_offer(subject, one)?, playbook_offer(subject, other)?)
    {
        let message = format!("task `{task}` is offered twice at the same time");
        return Some(report(other, one, message, "and here", "Leave one of them out"));
    }
    // Rounds offer what was done before.
    if one.cadence.is_none() && other.cadence.is_some() && !other.again && leads(subject, one.stage, other.stage) {
        let message =
            format!("task `{task}` is offered in every round of stage `{}`, although it was done before", name(other));
        let help = "Give the two different numbers, or write `again` if it is meant";
        return Some(report(other, one, message, "done here", help));
    }
    // `again` where nobody comes again.
    if other.again
        && other.cadence.is_none()
        && one.cadence.is_none()
        && one.stage != other.stage
        && leads(subject, one.stage, other.stage)
        && !comes_again(subject, other.stage)
    {
        let message = format!(
            "task `{task}` was done in stage `{}`, and `again` offers it once more in stage `{}`, where nobody comes twice",
            name(one),
            name(other)
        );
        return Some(report(other, one, message, "done here", "Leave `again` out, or give the two different numbers"));
    }
    None
}

fn report(at: &Offer, first: &Offer, message: String, words: &str, help: &str) -> Diagnostic {
    Diagnostic::new(&TASK_TWICE, at.span, message).related(first.span, words).help(help)
}

fn playbook_offer(subject: &Subject<'_>, offer: &Offer) -> Option<OfferId> {
    subject.playbook.offers.iter().position(|known| std::ptr::eq(known, offer)).map(|at| OfferId(at as u32))
}

/// Whether two tasks of a stage are offered side by side.
fn side_by_side(stage: &Stage, one: OfferId, other: OfferId) -> bool {
    fn holds(parts: &[Work], wanted: OfferId) -> bool {
        parts.iter().any(|part| match part {
            Work::Task(id) => *id == wanted,
            Work::Together(parts) => holds(parts, wanted),
            Work::Step(_) | Work::Set(_) => false,
        })
    }
    stage.body.iter().any(|work| match work {
        Work::Together(parts) => holds(parts, one) && holds(parts, other),
        _ => false,
    })
}

fn leads(subject: &Subject<'_>, from: StageId, to: StageId) -> bool {
    if from == to {
        return true;
    }
    let scope = |stage: StageId| subject.playbook.stages[stage.index()].scope;
    let node = |stage: StageId| subject.graph.node(Place::Stage(stage));
    if scope(from) == scope(to) {
        return path(subject, node(from), node(to));
    }
    false
}

fn path(subject: &Subject<'_>, from: NodeIndex, to: NodeIndex) -> bool {
    petgraph::algo::has_path_connecting(subject.graph.graph(), from, to, None)
}

/// Whether a stage may be entered more than once, or its block may.
fn comes_again(subject: &Subject<'_>, stage: StageId) -> bool {
    let again =
        |node: NodeIndex| subject.graph.graph().neighbors(node).any(|next| next == node || path(subject, next, node));
    again(subject.graph.node(Place::Stage(stage)))
        || flow::outward(subject.playbook, subject.playbook.stages[stage.index()].scope)
            .filter_map(|(_, block)| block)
            .any(|block| again(subject.graph.node(Place::Block(block))))
}

/// Two numbers for what is called the same.
fn same_title(subject: &Subject<'_>, offers: &[&Offer], findings: &mut Vec<Diagnostic>) {
    let playbook = subject.playbook;
    let Some((other, one)) = offers.iter().enumerate().find_map(|(at, other)| {
        let one = offers[..at].iter().find(|one| {
            let scope = |offer: &Offer| playbook.stages[offer.stage.index()].scope;
            let meet = leads(subject, one.stage, other.stage)
                || leads(subject, other.stage, one.stage)
                || flow::side_by_side(playbook, scope(one), scope(other));
            one.task != other.task && meet && may_meet(subject, one, other)
        })?;
        Some((*other, *one))
    }) else {
        return;
    };
    let label = |offer: &Offer| playbook.tasks[offer.task.index()].label();
    let message =
        format!("tasks `{}` and `{}` are called the same, and one customer may get both", label(one), label(other));
    let help = "If they are one task, give them one number: then it counts where it was done before";
    let mut note = report(other, one, message, "the other one", help);
    note.severity = Severity::Note;
    findings.push(note);
}

#[cfg(test)]
mod tests {
    use crate::check::tests::{noted, said};

    fn of(a: &str, b: &str) -> Vec<String> {
        said(&format!("playbook p {{ start -> a stage a {{ {a} -> b }} stage b {{ {b} -> x }} end x success }}"))
    }

    #[test]
    fn what_was_done_counts() {
        assert_eq!(of("task 1 mandatory", "task 1 mandatory"), Vec::<String>::new());
        let again = "task-twice: task `1` was done in stage `a`, and `again` offers it once more in stage `b`, where nobody comes twice";
        assert_eq!(of("task 1 mandatory", "task 1 mandatory again"), [again]);
        let rounds = "task-twice: task `1` is offered in every round of stage `b`, although it was done before";
        let cadence =
            "every 1 week, at most 3 times { task 1 mandatory } needs done task 1 and in this stage for 9 days";
        assert_eq!(of("task 1 mandatory", cadence), [rounds]);
    }

    #[test]
    fn side_by_side() {
        assert_eq!(
            of("together { task 1 optional task 1 optional }", ""),
            ["task-twice: task `1` is offered twice at the same time"]
        );
        let text = "playbook p { together as t { branch one { stage a { task 1 mandatory -> y } end y success }
                    branch two { stage b { task 1 mandatory -> z } end z success } } then -> x end x success }";
        assert_eq!(said(text), ["task-twice: task `1` is offered in stage `a` and in stage `b` at the same time"]);
    }

    #[test]
    fn of_the_customer_and_of_each_service() {
        let text = "playbook p { services { teams } start -> a stage a { task 1 mandatory -> s }
                    each service as s { stage b { task 1 mandatory -> y } end y success } then -> x end x success }";
        let said = said(text);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("task-twice: task `1` is the customer's in stage `a`"), "{said:?}");
    }

    #[test]
    fn two_numbers_for_one_thing() {
        let text = "playbook p { start -> a stage a { task 1 mandatory \"Hold the kickoff\" -> b }
                    stage b { task 2 mandatory \"Hold the kickoff\" -> x } end x success }";
        assert_eq!(noted(text), ["task-twice: tasks `1` and `2` are called the same, and one customer may get both"]);
    }
}
