//! `track-race`: what happens depends on which of two tracks comes first.

use super::examples::About;
use super::flow::{self, constant, slot_reads};
use super::{Subject, conditions};
use crate::diagnostic::{Diagnostic, Severity, TRACK_RACE};
use crate::model::expr::{Atom, Expr};
use crate::model::{
    Assignment, FactId, FactScope, Node, Place, Playbook, ScopeId, ScopeKind, StageId, TransitionId, Volatility, Work,
};
use crate::run::event::Effect;
use crate::run::{Machine, State};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// A fact that is set, and where.
struct Write<'a> {
    set: &'a Assignment,
    stage: StageId,
}

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let writes = writes(subject);
    for (fact, writes) in &writes {
        if let Some((finding, stages)) = two_writes(subject, *fact, writes) {
            let goal = |_: &Machine, state: &State, effect: Option<&Effect>| match effect {
                Some(Effect::FactChanged(_, changed, Some(_))) if changed == fact => {
                    let been =
                        |stage: StageId| state.tracks.iter().filter(|track| track.stages.contains(&stage)).count();
                    if stages.0 == stages.1 { been(stages.0) > 1 } else { been(stages.0) > 0 && been(stages.1) > 0 }
                }
                _ => false,
            };
            findings.push(subject.shown(finding, &goal, About::default(), "two tracks set one fact"));
            continue;
        }
        findings.extend(read_beside(subject, *fact, writes));
    }
}

fn writes<'a>(subject: &'a Subject<'_>) -> BTreeMap<FactId, Vec<Write<'a>>> {
    let playbook = subject.playbook;
    let mut all: BTreeMap<FactId, Vec<Write<'a>>> = BTreeMap::new();
    for (index, stage) in playbook.stages.iter().enumerate() {
        let id = StageId(index as u32);
        if !subject.flow().reached(subject.graph.node(Place::Stage(id))) {
            continue;
        }
        let rounds = stage.cadences.iter().flat_map(|id| &playbook.cadences[id.index()].body);
        let mut waiting: Vec<&Work> = stage.body.iter().chain(rounds).collect();
        while let Some(work) = waiting.pop() {
            match work {
                Work::Set(set) => all.entry(set.fact).or_default().push(Write { set, stage: id }),
                Work::Together(parts) => waiting.extend(parts),
                Work::Task(_) | Work::Step(_) => {}
            }
        }
    }
    for writes in all.values_mut() {
        writes.sort_by_key(|write| write.set.span);
    }
    all
}

/// Whether two scopes may speak of the same fact at the same time.
fn beside(playbook: &Playbook, fact: FactId, one: ScopeId, other: ScopeId) -> bool {
    match playbook.facts[fact.index()].scope {
        FactScope::Customer => flow::concurrent(playbook, one, other),
        FactScope::Service => flow::side_by_side(playbook, one, other),
    }
}

fn two_writes(subject: &Subject<'_>, fact: FactId, writes: &[Write<'_>]) -> Option<(Diagnostic, (StageId, StageId))> {
    let playbook = subject.playbook;
    for (at, other) in writes.iter().enumerate() {
        for one in &writes[..=at] {
            let scope = |write: &Write<'_>| playbook.stages[write.stage.index()].scope;
            if !beside(playbook, fact, scope(one), scope(other)) || agree(playbook, fact, one.set, other.set) {
                continue;
            }
            let name = &playbook.facts[fact.index()].name.name;
            let stage = |write: &Write<'_>| &playbook.stages[write.stage.index()].name.name;
            let help = "Let one of them set it, or set it after the block, when both are over";
            if std::ptr::eq(one.set, other.set) {
                let message =
                    format!("the track that comes last decides what `{name}` is: each sets it to its own value");
                let finding = Diagnostic::new(&TRACK_RACE, other.set.span, message).help(help);
                return Some((finding, (one.stage, other.stage)));
            }
            let message = if scope(one) == scope(other) {
                format!(
                    "`{name}` is the customer's, and one track may set it in stage `{}` while another sets it in stage `{}`",
                    stage(one),
                    stage(other)
                )
            } else {
                format!(
                    "`{name}` is set in stage `{}` and in stage `{}` beside it: the last one decides",
                    stage(one),
                    stage(other)
                )
            };
            let finding =
                Diagnostic::new(&TRACK_RACE, other.set.span, message).related(one.set.span, "set here too").help(help);
            return Some((finding, (one.stage, other.stage)));
        }
    }
    None
}

/// Whether it makes no difference which of two comes first: both set the same value, or both add to it.
fn agree(playbook: &Playbook, fact: FactId, one: &Assignment, other: &Assignment) -> bool {
    match (constant(playbook, &one.value), constant(playbook, &other.value)) {
        (Some(one), Some(other)) => one == other,
        _ => {
            let kinds = (accumulates(fact, &one.value), accumulates(fact, &other.value));
            matches!(kinds, (Some(one), Some(other)) if one == other)
        }
    }
}

/// How a value goes on from the one before, where the order of such steps makes no difference.
fn accumulates(fact: FactId, value: &Expr) -> Option<u8> {
    let is_fact = |part: &Expr| matches!(part.node, Node::Atom(Atom::Fact(known)) if known == fact);
    let reads = |part: &Expr| {
        let mut found = false;
        part.walk(&mut |part| found |= is_fact(part));
        found
    };
    let once = |parts: &[&Expr]| {
        parts.iter().filter(|part| is_fact(part)).count() == 1 && parts.iter().all(|part| is_fact(part) || !reads(part))
    };
    match &value.node {
        Node::Sum(terms) => {
            let plus = terms.iter().any(|(minus, term)| !minus && is_fact(term));
            let parts: Vec<&Expr> = terms.iter().map(|(_, term)| term).collect();
            (plus && once(&parts)).then_some(0)
        }
        Node::Max(parts) => once(&parts.iter().collect::<Vec<_>>()).then_some(1),
        Node::Min(parts) => once(&parts.iter().collect::<Vec<_>>()).then_some(2),
        Node::Or(parts) => once(&parts.iter().collect::<Vec<_>>()).then_some(3),
        Node::And(parts) => once(&parts.iter().collect::<Vec<_>>()).then_some(4),
        _ => None,
    }
}

/// A decision that depends on whether another track has set the fact yet.
fn read_beside(subject: &Subject<'_>, fact: FactId, writes: &[Write<'_>]) -> Option<Diagnostic> {
    let playbook = subject.playbook;
    let known = &playbook.facts[fact.index()];
    // Not known until it is set: who reads it waits for it.
    if known.volatility != Volatility::Kept || known.default.is_none() {
        return None;
    }
    // Where nothing runs beside what sets it, nothing has to be looked for.
    let writers: BTreeSet<ScopeId> = writes.iter().map(|write| playbook.stages[write.stage.index()].scope).collect();
    let scopes = (0..playbook.scopes.len()).map(|index| ScopeId(index as u32));
    let watched: BTreeSet<ScopeId> =
        scopes.filter(|scope| writers.iter().any(|writer| beside(playbook, fact, *writer, *scope))).collect();
    if watched.is_empty() {
        return None;
    }
    let decisions = decisions(subject, fact, &watched);
    for write in writes {
        let writer = playbook.stages[write.stage.index()].scope;
        for (scope, span, words) in &decisions {
            if !beside(playbook, fact, writer, *scope) {
                continue;
            }
            let name = &known.name.name;
            let stage = &playbook.stages[write.stage.index()].name.name;
            let message = format!(
                "{words} depends on whether `{name}` has been set yet in stage `{stage}`, which runs beside it"
            );
            let mut finding = Diagnostic::new(&TRACK_RACE, *span, message)
                .related(write.set.span, "set here")
                .help(format!("Wait for it with `needs`, or give `{name}` no default: then it is waited for"));
            // The first of several tracks of one kind: often meant so.
            let each = playbook.scopes[scope.index()].kind == ScopeKind::EachService;
            if each && writer == *scope {
                finding.severity = Severity::Note;
            }
            return Some(finding);
        }
    }
    None
}

/// Where a fact decides between ways that do not come together again, or whether a task is offered.
fn decisions(subject: &Subject<'_>, fact: FactId, watched: &BTreeSet<ScopeId>) -> Vec<(ScopeId, Span, String)> {
    let playbook = subject.playbook;
    let reads = |condition: &Expr| slot_reads(playbook, condition, fact);
    let mut all = Vec::new();
    for offer in &playbook.offers {
        if let Some(when) = offer.when.as_ref().filter(|when| reads(when)) {
            let label = playbook.tasks[offer.task.index()].label();
            let scope = playbook.stages[offer.stage.index()].scope;
            all.push((scope, when.span, format!("whether task `{label}` is offered")));
        }
    }
    let mut choice = |scope: ScopeId, from: petgraph::stable_graph::NodeIndex, exits: &[TransitionId]| {
        let reading = exits
            .iter()
            .copied()
            .find(|id| conditions::guard(&playbook.transitions[id.index()].trigger).is_some_and(&reads));
        let targets: BTreeSet<Place> = exits.iter().map(|id| playbook.transitions[id.index()].target).collect();
        let back = |place: &Place| {
            petgraph::algo::has_path_connecting(subject.graph.graph(), subject.graph.node(*place), from, None)
        };
        if let (Some(id), true) = (reading, targets.len() > 1)
            && !targets.iter().any(back)
            && let Some(guard) = conditions::guard(&playbook.transitions[id.index()].trigger)
        {
            let target = &playbook.place_name(playbook.transitions[id.index()].target).name;
            all.push((scope, guard.span, format!("whether `{target}` comes next")));
        }
    };
    for scope in watched.iter().copied() {
        choice(scope, subject.graph.start_node(scope), subject.graph.start(scope));
    }
    for place in subject.working_places().filter(|place| watched.contains(&playbook.place_scope(*place))) {
        choice(playbook.place_scope(place), subject.graph.node(place), &subject.graph.exits(place).completion);
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    fn of(default: &str, one: &str, two: &str) -> Vec<String> {
        said(&format!(
            "playbook p {{ facts of the customer {{ plan : one of (a, b) {default} kept by playbook  n : int = 0 kept by playbook }}
             together as t {{ branch one {{ start -> c stage c {{ task 1 mandatory {one} -> y }} end y success }}
               branch two {{ start -> d stage d {{ task 2 mandatory {two} }} stage e {{ task 3 mandatory -> z }} end z success }} }}
             then -> x when plan is a and n >= 0 -> w otherwise end x success end w neutral }}"
        ))
        .into_iter().filter(|said| said.starts_with("track-race")).collect()
    }

    #[test]
    fn the_last_one_decides() {
        assert_eq!(of("= a", "set plan = a", "set plan = a -> e"), Vec::<String>::new());
        assert_eq!(of("= a", "set n = n + 1", "set n = n + 2 -> e"), Vec::<String>::new());
        assert_eq!(
            of("= a", "set plan = a", "set plan = b -> e"),
            ["track-race: `plan` is set in stage `c` and in stage `d` beside it: the last one decides"]
        );
        assert_eq!(of("= a", "set n = n + 1", "set n = 2 -> e").len(), 1);
    }

    #[test]
    fn a_decision_beside_is_a_race_and_waiting_is_none() {
        assert_eq!(
            of("= a", "set plan = b", "-> e when plan is b -> z otherwise"),
            [
                "track-race: whether `e` comes next depends on whether `plan` has been set yet in stage `c`, which runs beside it"
            ]
        );
        assert_eq!(of("", "set plan = b", "-> e when plan is b -> z otherwise"), Vec::<String>::new());
        assert_eq!(of("= a", "set plan = b", "needs plan is b -> e"), Vec::<String>::new());
        assert_eq!(of("= a", "set plan = b", "-> e when plan is b after 9 days -> z"), Vec::<String>::new());
    }

    #[test]
    fn tracks_of_one_kind() {
        let of = |set: &str| {
            said(&format!(
            "playbook p {{ services {{ teams yammer }} facts of the customer {{ n : percent = 0% kept by playbook }}
             facts of each service {{ usage : percent }}
             each service {{ start -> a stage a {{ task 1 mandatory set n = {set} -> y }} end y success }}
             then -> x when n >= 10% -> w otherwise end x success end w neutral }}"
        ))
            .into_iter()
            .filter(|said| said.starts_with("track-race"))
            .collect::<Vec<_>>()
        };
        assert_eq!(of("20%"), Vec::<String>::new());
        assert_eq!(of("max(n, usage)"), Vec::<String>::new());
        assert_eq!(
            of("usage"),
            ["track-race: the track that comes last decides what `n` is: each sets it to its own value"]
        );
    }
}
