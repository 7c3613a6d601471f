//! `blocker-never-cleared`: a stage for blockers that does not say what follows when they are resolved, or are not.

use super::Subject;
use super::examples::{About, waits_at};
use crate::diagnostic::{BLOCKER_NEVER_CLEARED, Diagnostic, Severity};
use crate::graph::Node;
use crate::model::{EventMatch, Place, Trigger};
use crate::run::event::Effect;
use crate::run::state::HappeningKind;
use crate::run::{Machine, State};
use petgraph::Incoming;
use petgraph::visit::EdgeRef;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let playbook = subject.playbook;
    for place in subject.working_places() {
        let node = subject.graph.node(place);
        let mut entries = subject.graph.graph().edges_directed(node, Incoming);
        let raised = entries.find(|edge| {
            let trigger = &playbook.transitions[edge.weight().transition.index()].trigger;
            matches!(trigger, Trigger::On(EventMatch::Blocker(_), _))
        });
        let (Some(raised), Place::Stage(stage)) = (raised, place) else { continue };
        if !subject.flow().reached(raised.source()) || subject.graph.exits(place).is_empty() {
            continue;
        }
        // Somebody works on it, or something surely leads on.
        let described = &playbook.stages[stage.index()];
        let works = described
            .body
            .iter()
            .any(|work| matches!(work, crate::model::Work::Task(_) | crate::model::Work::Together(_)))
            || !described.cadences.is_empty();
        let surely = subject.graph.exits(place).iter().any(|id| {
            matches!(
                playbook.transitions[id.index()].trigger,
                Trigger::On(EventMatch::Resolved | EventMatch::Waived, _)
                    | Trigger::After(_)
                    | Trigger::AfterLastRound(_)
                    | Trigger::Completion(None)
                    | Trigger::Otherwise
            )
        });
        if works || surely {
            continue;
        }
        let from = match subject.graph.graph().node_weight(raised.source()) {
            Some(Node::Place(place)) => subject.call(*place),
            _ => "the start".to_owned(),
        };
        let name = &described.name.name;
        let finding = Diagnostic::new(
            &BLOCKER_NEVER_CLEARED,
            subject.spot(place),
            format!("a blocker leads to stage `{name}`, and nothing there follows when it is resolved"),
        )
        .related(raised.weight().span, format!("from {from}"))
        .help(format!("Write `on resolved -> …` in `{name}`, and `after DURATION -> …` for one that is not"));
        let goal = |_: &Machine, state: &State, effect: Option<&Effect>| {
            effect.is_none()
                && state.blockers.is_empty()
                && state.happenings.iter().any(|past| past.kind == HappeningKind::Resolved)
                && state.tracks.iter().any(|track| waits_at(track, place))
        };
        let in_service = playbook.scopes[described.scope.index()].in_service;
        let events = [EventMatch::Blocker(Vec::new()), EventMatch::Resolved];
        let about = About { events: &events, of_service: in_service };
        findings.push(subject.shown(finding, &goal, about, "a blocker is resolved, and nothing follows"));
    }
    unhandled(subject, findings);
}

/// A stage that answers to some blockers, and only so often: what comes then stands still for as long as nobody clears it.
fn unhandled(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let playbook = subject.playbook;
    for place in subject.working_places() {
        let exits = subject.graph.exits(place);
        let handlers = exits.on.iter().map(|id| &playbook.transitions[id.index()]);
        let blockers: Vec<_> =
            handlers.filter(|exit| matches!(exit.trigger, Trigger::On(EventMatch::Blocker(_), _))).collect();
        let all_limited = !blockers.is_empty() && blockers.iter().all(|exit| exit.limit.is_some());
        let timed = subject.has_time_limit(place);
        let Place::Stage(stage) = place else { continue };
        let described = &playbook.stages[stage.index()];
        let works = !described.body.is_empty() || !described.cadences.is_empty();
        let scope_timed = super::flow::outward(playbook, described.scope).any(|(scope, block)| {
            playbook.scopes[scope.index()]
                .everywhere
                .iter()
                .any(|id| matches!(playbook.transitions[id.index()].trigger, Trigger::After(_)))
                || block.is_some_and(|block| subject.has_time_limit(Place::Block(block)))
        });
        if !all_limited || timed || scope_timed || !works {
            continue;
        }
        let Some(handler) = blockers.first() else { continue };
        let times = handler.limit.unwrap_or_default();
        let name = &described.name.name;
        let mut note = Diagnostic::new(
            &BLOCKER_NEVER_CLEARED,
            handler.span,
            format!("blocker {} of stage `{name}` stops its work, and nothing follows", times + 1),
        )
        .related(described.head, "there is no time limit here either")
        .help("Add `after DURATION -> …` to the stage, or let every blocker be handled");
        note.severity = Severity::Note;
        findings.push(note);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::{noted, said};

    fn of(fix: &str) -> Vec<String> {
        let text = format!(
            "playbook p {{ facts of the customer {{ f : yes/no  g : yes/no }} start -> a
             stage a {{ -> x when f and g on blocker -> fix after 1 year -> y }} stage fix {{ {fix} }}
             end x success end y failure }}"
        );
        said(&text)
    }

    #[test]
    fn something_has_to_follow_a_blocker() {
        for fine in [
            "on resolved -> resume a after 9 days -> y",
            "on waived -> resume a after 9 days -> y",
            "task 1 mandatory -> resume a",
            "-> x when f after 3 days -> y",
        ] {
            assert_eq!(of(fine), Vec::<String>::new(), "{fine}");
        }
        let expected =
            "blocker-never-cleared: a blocker leads to stage `fix`, and nothing there follows when it is resolved";
        assert_eq!(of("on escalated -> y"), [expected]);
        assert!(of("-> x when f -> y when g").contains(&expected.to_owned()));
    }

    #[test]
    fn the_last_one_that_is_handled() {
        let text = "playbook p { start -> a stage a { task 1 mandatory on blocker -> b at most 2 times -> x }
                    stage b { on resolved -> resume a after 9 days -> x } end x success }";
        assert_eq!(noted(text), ["blocker-never-cleared: blocker 3 of stage `a` stops its work, and nothing follows"]);
    }
}
