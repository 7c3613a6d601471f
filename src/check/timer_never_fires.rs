//! `timer-never-fires`: a time limit that never comes, or starts anew again and again.

use super::timers::{self, Never};
use super::{Subject, loops};
use crate::diagnostic::{Diagnostic, TIMER_NEVER_FIRES};
use crate::graph::{EdgeClass, Node};
use crate::model::expr::{Atom, Expr};
use crate::model::{Origin, Place, StageId, TransitionId, Trigger};
use crate::value::Duration;
use petgraph::Incoming;
use petgraph::visit::EdgeRef;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let playbook = subject.playbook;
    for (index, transition) in playbook.transitions.iter().enumerate() {
        let id = TransitionId(index as u32);
        let places: Vec<Place> = match transition.origin {
            Origin::Stage(stage) => vec![Place::Stage(stage)],
            Origin::Block(block) => vec![Place::Block(block)],
            Origin::Everywhere(scope) => {
                let all = playbook.scopes[scope.index()].places.iter().copied();
                all.filter(|place| subject.graph.exits(*place).after.contains(&id)).collect()
            }
            Origin::Start(_) => continue,
        };
        let places: Vec<Place> = places.into_iter().filter(|place| reached(subject, *place)).collect();
        let never = || places.iter().map(|place| timers::never(subject, *place, id)).collect::<Option<Vec<Never>>>();
        if let (Trigger::After(_) | Trigger::AfterLastRound(_), [place, ..], Some(all)) =
            (&transition.trigger, places.as_slice(), never())
            && let Some(first) = all.first()
        {
            findings.extend(report(subject, *place, id, *first));
        }
    }
    for (index, stage) in playbook.stages.iter().enumerate() {
        let place = Place::Stage(StageId(index as u32));
        if reached(subject, place) {
            rounds(subject, place, findings);
            conditions(subject, place, findings);
            restarts(subject, place, stage.name.name.as_str(), findings);
        }
    }
}

fn reached(subject: &Subject<'_>, place: Place) -> bool {
    subject.flow().reached(subject.graph.node(place))
}

fn report(subject: &Subject<'_>, place: Place, id: TransitionId, never: Never) -> Option<Diagnostic> {
    let transition = &subject.playbook.transitions[id.index()];
    let target = &subject.playbook.place_name(transition.target).name;
    let called = subject.call(place);
    let waits = match &transition.trigger {
        Trigger::After(due) => format!("the {due} until `{target}` never pass"),
        _ => format!("the last round before `{target}` never comes"),
    };
    let (by, message, related) = match never {
        Never::After(by) => (by, format!("{waits}: {called} is always left before"), "this comes first"),
        Never::AtOnce(by) => {
            // Who goes round without any time passing is told so.
            let mut at = place;
            for _ in 0..1_000 {
                let Some(next) = timers::left_at_once(subject, at) else { break };
                at = subject.playbook.transitions[next.index()].target;
                if at == place {
                    return None;
                }
            }
            (by, format!("{waits}: there is nothing to wait for in {called}"), "this is taken at once")
        }
    };
    let by = &subject.playbook.transitions[by.index()];
    let help = match never {
        Never::After(_) => "Let the shorter time come last, or remove the longer one",
        Never::AtOnce(_) => "Give the way that is taken at once a condition, or remove the time",
    };
    Some(Diagnostic::new(&TIMER_NEVER_FIRES, transition.span, message).related(by.span, related).help(help))
}

/// Rounds that cannot come.
fn rounds(subject: &Subject<'_>, place: Place, findings: &mut Vec<Diagnostic>) {
    let Place::Stage(stage) = place else { return };
    for id in &subject.playbook.stages[stage.index()].cadences {
        let cadence = &subject.playbook.cadences[id.index()];
        let called = subject.call(place);
        let (by, message) = if let Some(by) = timers::left_at_once(subject, place) {
            (by, format!("no round ever comes: there is nothing to wait for in {called}"))
        } else if let Some((by, limit)) = timers::limit(subject, place)
            && limit < cadence.period.least()
        {
            (by, format!("no round ever comes: {called} is left after {limit}, before the first one"))
        } else {
            continue;
        };
        let by = subject.playbook.transitions[by.index()].span;
        findings.push(
            Diagnostic::new(&TIMER_NEVER_FIRES, cadence.head, message)
                .related(by, "this comes first")
                .help("Let the rounds come more often, or let the stage last longer"),
        );
    }
}

/// Conditions on the time in the stage, or on a round, for which nobody stays long enough.
fn conditions(subject: &Subject<'_>, place: Place, findings: &mut Vec<Diagnostic>) {
    let Some((by, limit)) = timers::limit(subject, place) else { return };
    for id in subject.graph.exits(place).iter() {
        let transition = &subject.playbook.transitions[id.index()];
        if matches!(transition.origin, Origin::Everywhere(_)) {
            continue;
        }
        let Some(guard) = super::conditions::guard(&transition.trigger) else { continue };
        let Some((span, wanted)) = longest(guard) else { continue };
        if wanted <= limit {
            continue;
        }
        let message =
            format!("nobody is in {} for {wanted}: it is left after {limit} at the latest", subject.call(place));
        findings.push(
            Diagnostic::new(&TIMER_NEVER_FIRES, span, message)
                .related(subject.playbook.transitions[by.index()].span, "this comes first")
                .help("Ask for a shorter time, or let the stage last longer"),
        );
    }
}

/// The longest time in the stage a condition demands in each case.
fn longest(guard: &Expr) -> Option<(crate::source::Span, Duration)> {
    let parts = super::conditions::conjuncts(guard);
    let times = parts.into_iter().filter_map(|part| match &part.node {
        crate::model::Node::Atom(Atom::InStage(time)) => Some((part.span, *time)),
        _ => None,
    });
    times.max_by_key(|(_, time)| *time)
}

/// A detour that comes back without `resume`, so that the time limit of the stage begins anew each time.
fn restarts(subject: &Subject<'_>, place: Place, name: &str, findings: &mut Vec<Diagnostic>) {
    let playbook = subject.playbook;
    let graph = subject.graph.graph();
    let node = subject.graph.node(place);
    let own = subject.graph.exits(place).after.iter().copied().find(|id| {
        let transition = &playbook.transitions[id.index()];
        matches!((&transition.trigger, transition.origin), (Trigger::After(_), Origin::Stage(_)))
    });
    let Some(after) = own else { return };
    let (Trigger::After(due), target) =
        (&playbook.transitions[after.index()].trigger, playbook.transitions[after.index()].target)
    else {
        return;
    };
    for back in graph.edges_directed(node, Incoming) {
        let (detour, edge) = (back.source(), back.weight());
        let returning = &playbook.transitions[edge.transition.index()];
        let (Some(Node::Place(away)), false) = (graph.node_weight(detour), edge.resume) else { continue };
        // A time that leads to the detour itself is meant to begin anew; so is what the scope brings back from anywhere.
        if edge.inherited || returning.limit.is_some() || *away == target || detour == node {
            continue;
        }
        // Reached from here only, when something happens: a detour.
        let mut ways = graph.edges_directed(detour, Incoming).peekable();
        let interrupts = |class: EdgeClass| matches!(class, EdgeClass::On | EdgeClass::Whenever);
        if ways.peek().is_none()
            || !ways.all(|way| {
                let there = way.weight();
                let limited = playbook.transitions[there.transition.index()].limit.is_some();
                way.source() == node && interrupts(there.class) && !there.inherited && !limited
            })
        {
            continue;
        }
        let limit_around = playbook.place_scope(place);
        if time_is_limited(subject, limit_around) {
            continue;
        }
        let names = loops::names(subject, [detour]);
        let message = format!("the {due} in stage `{name}` begin anew after each time in {}", super::list(&names));
        findings.push(
            Diagnostic::new(&TIMER_NEVER_FIRES, returning.span, message)
                .related(playbook.transitions[after.index()].span, "as often as that happens, this never comes")
                .help(format!("Write `-> resume {name}`, so that its time goes on, or `at most N times`")),
        );
    }
}

/// Whether the time of a scope is limited as a whole.
fn time_is_limited(subject: &Subject<'_>, scope: crate::model::ScopeId) -> bool {
    let playbook = subject.playbook;
    let after = |id: &TransitionId| matches!(playbook.transitions[id.index()].trigger, Trigger::After(_));
    super::flow::outward(playbook, scope).any(|(scope, block)| {
        playbook.scopes[scope.index()].everywhere.iter().any(after)
            || block.is_some_and(|block| subject.graph.exits(Place::Block(block)).after.iter().any(after))
    })
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    fn of(exits: &str) -> Vec<String> {
        let text = format!(
            "playbook p {{ facts of the customer {{ f : yes/no }} start -> a stage a {{ {exits} }}
             end x success end y failure }}"
        );
        said(&text)
    }

    #[test]
    fn of_two_times_the_shorter_comes() {
        assert_eq!(
            of("-> x when f after 30 days -> y after 60 days -> x"),
            ["timer-never-fires: the 60 days until `x` never pass: stage `a` is always left before"]
        );
        assert_eq!(of("-> x when f after 30 days -> a at most once after 60 days -> y"), Vec::<String>::new());
        let everywhere = "playbook p { facts of the customer { f : yes/no } after 30 days -> y
                          start -> a stage a { -> b when f after 29 days -> x } stage b { -> x when f after 30 days -> x }
                          end x success end y failure }";
        assert_eq!(said(everywhere), Vec::<String>::new());
        let longer = everywhere.replace("after 30 days -> x", "after 31 days -> x");
        assert_eq!(
            said(&longer),
            ["timer-never-fires: the 31 days until `x` never pass: stage `b` is always left before"]
        );
    }

    #[test]
    fn rounds_take_their_time() {
        let rounds = |limit: &str| {
            of(&format!("every 2 weeks, at most 6 times {{ step \"Ask\" }} -> x when f {limit} after last round -> x"))
        };
        assert_eq!(rounds("after 12 weeks -> y"), Vec::<String>::new());
        assert_eq!(
            rounds("after 83 days -> y"),
            ["timer-never-fires: the last round before `x` never comes: stage `a` is always left before"]
        );
        assert_eq!(rounds("after 13 days -> y").len(), 2);
    }

    #[test]
    fn a_detour_that_begins_anew() {
        let of = |back: &str| {
            said(&format!(
                "playbook p {{ start -> a stage a {{ on blocker -> b after 1 year -> x }}
             stage b {{ on resolved -> {back} after 90 days -> x }} end x success }}"
            ))
        };
        assert_eq!(of("resume a"), Vec::<String>::new());
        assert_eq!(of("a at most 3 times"), Vec::<String>::new());
        assert_eq!(of("a"), ["timer-never-fires: the 365 days in stage `a` begin anew after each time in `b`"]);
    }
}
