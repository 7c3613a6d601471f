//! `no-way-to-finish`: every way on needs what cannot be.

use super::examples::{About, waits_at};
use super::flow::{Known, Reason, why_not};
use super::{Subject, conditions, cycle_without_exit, loops, timers};
use crate::diagnostic::{Diagnostic, NO_WAY_TO_FINISH, Rule};
use crate::graph::Node;
use crate::model::{Place, TransitionId, Trigger};
use crate::run::event::Effect;
use crate::run::state::Track;
use crate::run::{Machine, State};
use crate::source::Span;
use petgraph::stable_graph::NodeIndex;

/// What keeps somebody where he is.
pub(super) struct Kept {
    /// Where.
    pub place: Place,
    /// The stages that lead to each other, in order; the place alone where nothing leads on.
    pub round: Vec<loops::Step>,
    /// Why each way on is none.
    pub why: Vec<(Span, String)>,
    /// Whether something is waited for that has to happen first.
    pub waits: bool,
}

/// The places from which transitions lead to an end, and nobody gets there.
pub(super) fn traps(subject: &Subject<'_>) -> Vec<Kept> {
    let flow = subject.flow();
    let leads = cycle_without_exit::can_end(subject);
    let can = flow.can_end(subject);
    let lost = |node: NodeIndex| flow.reached(node) && leads[node.index()] && !can[node.index()];
    let part = loops::part(subject, |node, kind| matches!(kind, Node::Place(_)) && lost(node), |_| true);
    let part = part.filter_map(
        |_, ()| Some(()),
        |edge, transition| {
            let (from, _) = part.edge_endpoints(edge)?;
            flow.takes(from, *transition).then_some(*transition)
        },
    );
    let mut kept = Vec::new();
    for mut group in petgraph::algo::kosaraju_scc(&part) {
        group.sort_unstable();
        // Who goes on to another trap is kept there.
        if group.iter().any(|node| part.neighbors(*node).any(|next| group.binary_search(&next).is_err())) {
            continue;
        }
        let Some(first) = group.first().copied() else { continue };
        let Some(place) = loops::place(subject, first) else { continue };
        // What runs in the block is stuck, and said to be.
        if let (Place::Block(block), 1) = (place, group.len())
            && subject.graph.runs(block).iter().any(|scope| {
                let inner = subject.playbook.scopes[scope.index()].places.iter();
                inner.clone().any(|place| lost(subject.graph.node(*place)))
                    || !inner.clone().any(|place| leads[subject.graph.node(*place).index()])
            })
        {
            continue;
        }
        // Who goes round without any time passing is told so.
        let at_once = |node: &NodeIndex| {
            loops::place(subject, *node).is_some_and(|place| timers::left_at_once(subject, place).is_some())
        };
        if group.iter().all(at_once) {
            continue;
        }
        let mut why = Vec::new();
        for node in &group {
            let Some(place) = loops::place(subject, *node) else { continue };
            let mut of_all = reasons(subject, *node, place, None);
            if of_all.is_empty() {
                // It is another thing for each way they come.
                let states = flow.at[node.index()].iter();
                of_all =
                    states.flat_map(|state| reasons(subject, *node, place, Some(&flow.found[*state].known))).collect();
            }
            for reason in of_all {
                if !why.contains(&reason) {
                    why.push(reason);
                }
            }
        }
        let waits = why.iter().any(|(_, reason)| reason.waits);
        let why = why.into_iter().map(|(_, reason)| (reason.span, reason.words)).collect();
        let round = if part.contains_edge(first, first) || group.len() > 1 {
            loops::shortest(&part, &group, first)
        } else {
            Vec::new()
        };
        kept.push(Kept { place, round, why, waits });
    }
    kept.sort_by_key(|kept| kept.place);
    kept
}

/// Why the ways on from a place are none, for whom is known this, or for everybody who gets there.
pub(super) fn reasons(
    subject: &Subject<'_>,
    node: NodeIndex,
    place: Place,
    known: Option<&Known>,
) -> Vec<(Option<TransitionId>, Reason)> {
    let flow = subject.flow();
    let joined = || {
        let mut states = flow.at[node.index()].iter().map(|state| flow.found[*state].known.clone());
        let first = states.next()?;
        Some(states.fold(first, |mut all, one| {
            all.join(&one);
            all
        }))
    };
    let Some(known) = known.cloned().or_else(joined) else { return Vec::new() };
    let scope = subject.playbook.place_scope(place);
    let env = flow.env(subject, &known, scope, Some(place));
    let mut all = Vec::new();
    if let Place::Stage(stage) = place {
        for needs in &subject.playbook.stages[stage.index()].needs {
            all.extend(why_not(&env, &needs.condition, true).into_iter().map(|reason| (None, reason)));
        }
        if !all.is_empty() {
            return all;
        }
    }
    for id in subject.graph.exits(place).iter() {
        let transition = &subject.playbook.transitions[id.index()];
        match (&transition.trigger, conditions::guard(&transition.trigger)) {
            (_, Some(guard)) => {
                all.extend(why_not(&env, guard, true).into_iter().map(|reason| (Some(id), reason)));
            }
            (Trigger::After(_) | Trigger::AfterLastRound(_), None) if !flow.takes(node, id) => {
                let words = "its time never comes".to_owned();
                all.push((Some(id), Reason { span: transition.span, words, waits: false }));
            }
            _ => {}
        }
    }
    all
}

/// Says what keeps somebody where he is.
pub(super) fn report(subject: &Subject<'_>, rule: &'static Rule, kept: Kept) -> Diagnostic {
    let called = subject.call(kept.place);
    let mut finding = if kept.round.is_empty() {
        Diagnostic::new(rule, subject.spot(kept.place), format!("who is in {called} never gets out of it"))
            .help("Let a way lead on that can be taken, or make one of these conditions possible")
    } else {
        let names = loops::names(subject, kept.round.iter().map(|(node, _)| *node));
        let message = format!("who is in {called} never reaches an end: every way out needs what cannot be");
        Diagnostic::new(rule, subject.spot(kept.place), message)
            .label(format!("the loop: {}", loops::spell(subject, &kept.round)))
            .help(format!("Let {} lead to an end by a condition that can hold", super::list(&names)))
    };
    for (span, words) in kept.why.into_iter().take(8) {
        finding = finding.related(span, words);
    }
    let place = kept.place;
    let goal = |_: &Machine, state: &State, effect: Option<&Effect>| {
        // Who is in a block waits when nothing is left to do in it.
        let over = |track: &Track| !track.active() || track.visit.open.is_empty();
        effect.is_none()
            && state.tracks.iter().any(|track| waits_at(track, place))
            && (!matches!(place, Place::Block(_)) || state.tracks.iter().all(over))
    };
    let in_service = subject.playbook.scopes[subject.playbook.place_scope(place).index()].in_service;
    subject.shown(finding, &goal, About { of_service: in_service, ..About::default() }, "nothing leads on")
}

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    // A counter that is set back is said where that happens.
    let set_back: Vec<NodeIndex> =
        super::loop_without_progress::set_back(subject).into_iter().flat_map(|(group, _)| group).collect();
    let kept = traps(subject).into_iter().filter(|kept| !kept.waits);
    let kept = kept.filter(|kept| !kept.round.iter().any(|(node, _)| set_back.contains(node)));
    findings.extend(kept.map(|kept| report(subject, &NO_WAY_TO_FINISH, kept)));
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn a_fact_that_never_gets_there() {
        let of = |set: &str| {
            said(&format!(
                "playbook p {{ facts of the customer {{ tries : int = 0 kept by playbook }} start -> a
                 stage a {{ {set} -> x when tries >= 3 -> b otherwise }}
                 stage b {{ task t mandatory again -> a }} end x success }}"
            ))
        };
        assert_eq!(of("set tries = tries + 1"), Vec::<String>::new());
        let expected = "no-way-to-finish: who is in stage `a` never reaches an end: every way out needs what cannot be";
        assert!(of("set tries = 1").contains(&expected.to_owned()), "{:?}", of("set tries = 1"));
    }

    #[test]
    fn what_the_way_there_has_fixed() {
        let text = "playbook p { facts of the customer { region : one of (eu, us) fixed }
                    start -> a when region is eu -> x otherwise
                    stage a { task t mandatory -> b } stage b { -> x when region is us } end x success }";
        assert_eq!(said(text), ["no-way-to-finish: who is in stage `b` never gets out of it"]);
        let text = text.replace("us) fixed", "us)").replace("when region is us", "when region is us after 3 days -> x");
        assert_eq!(said(&text), Vec::<String>::new());
    }
}
