//! `unbounded-wait`: a stage that may keep a customer for ever.

use super::{Subject, conditions};
use crate::diagnostic::{Diagnostic, UNBOUNDED_WAIT};
use crate::model::{Place, ScopeId, TransitionId, Trigger};
use crate::source::Span;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for place in subject.working_places() {
        let exits = subject.graph.exits(place);
        if exits.is_empty() || subject.has_time_limit(place) || goes_on(subject, subject.graph.node(place)) {
            continue;
        }
        let exits: Vec<TransitionId> = exits.iter().collect();
        if let Some(waits) = waits(subject, &exits) {
            let message = format!("who is in {} may wait there for ever", subject.call(place));
            findings.push(report(subject.spot(place), message, waits, matches!(place, Place::Stage(_))));
        }
    }
    for (index, scope) in subject.playbook.scopes.iter().enumerate() {
        let limited = scope
            .everywhere
            .iter()
            .any(|id| matches!(subject.playbook.transitions[id.index()].trigger, Trigger::After(_)));
        let node = subject.graph.start_node(ScopeId(index as u32));
        if let (false, Some(waits)) = (limited || goes_on(subject, node), waits(subject, &scope.start)) {
            let called = subject.call_scope(ScopeId(index as u32));
            let Some(first) = scope.start.first() else { continue };
            let span = subject.playbook.transitions[first.index()].span;
            findings.push(report(span, format!("{called} may never get past its start"), waits, false));
        }
    }
}

/// Whether what is known of everybody there lets them go on.
fn goes_on(subject: &Subject<'_>, node: petgraph::stable_graph::NodeIndex) -> bool {
    let node = subject.graph.graph().node_weight(node);
    subject.goes_on.get().zip(node).is_some_and(|(known, node)| known.contains(node))
}

fn report(span: Span, message: String, (span_of_way, way): (Span, &str), after: bool) -> Diagnostic {
    let help =
        if after { "Add `after DURATION -> STAGE`, or `-> STAGE otherwise`" } else { "Add `-> STAGE otherwise`" };
    Diagnostic::new(&UNBOUNDED_WAIT, span, message).related(span_of_way, way).help(help)
}

/// The condition or event that alone lets go. None where there is more than one condition: whether they leave a gap is
/// another question.
fn waits(subject: &Subject<'_>, exits: &[TransitionId]) -> Option<(Span, &'static str)> {
    let mut condition = None;
    let mut event = None;
    for id in exits {
        let transition = &subject.playbook.transitions[id.index()];
        match &transition.trigger {
            Trigger::Completion(None) | Trigger::Otherwise | Trigger::After(_) => return None,
            Trigger::Completion(Some(guard)) | Trigger::Whenever(guard) => {
                if condition.is_some() || conditions::looks_at_time(guard, subject.playbook) {
                    return None;
                }
                condition = Some(transition.span);
            }
            Trigger::On(..) => event = event.or(Some(transition.span)),
            // That it does not come is reported with the cadence.
            Trigger::AfterLastRound(_) => return None,
        }
    }
    match (condition, event) {
        (Some(span), None) => Some((span, "this is the only way on, and it may never hold")),
        (Some(span), Some(_)) => Some((span, "besides events this is the only way on, and it may never hold")),
        (None, Some(span)) => Some((span, "there are only events to wait for, and they may never come")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn events_may_never_come() {
        let text = "playbook p { stage a { on resolved -> x  on waived -> x } end x success }";
        assert_eq!(said(text), ["unbounded-wait: who is in stage `a` may wait there for ever"]);
    }

    #[test]
    fn a_limit_anywhere_is_a_limit() {
        for limit in
            ["stage a { on resolved -> x  after 3 days -> x }", "after 3 days -> x  stage a { on resolved -> x }"]
        {
            assert_eq!(said(&format!("playbook p {{ {limit} end x success }}")), Vec::<String>::new(), "{limit}");
        }
    }

    #[test]
    fn time_makes_some_conditions_true() {
        let text = "playbook p { facts of the customer { f : yes/no }
                    stage a { -> x when f or in this stage for 90 days } end x success }";
        assert_eq!(said(text), Vec::<String>::new());
    }

    #[test]
    fn two_conditions_may_cover_everything() {
        let text = "playbook p { facts of the customer { f : yes/no }
                    stage a { -> x when f -> y when not f } end x success end y success }";
        assert_eq!(said(text), Vec::<String>::new());
    }

    #[test]
    fn what_was_decided_on_the_way_keeps_nobody() {
        let text = |fixed: &str| {
            format!(
                "playbook p {{ facts of the customer {{ m : int in 0..3 {fixed} }}
                 start -> a when m >= 2  -> z otherwise
                 stage a {{ task t mandatory \"T\"  -> x when m >= 1 }} end x success end z failure }}"
            )
        };
        assert_eq!(said(&text("fixed")), Vec::<String>::new());
        assert_eq!(said(&text("")), ["unbounded-wait: who is in stage `a` may wait there for ever"]);
    }

    #[test]
    fn a_start_may_keep_customers_too() {
        let text =
            "playbook p { facts of the customer { f : yes/no } start -> a when f stage a { -> x } end x success }";
        assert_eq!(said(text), ["unbounded-wait: playbook `p` may never get past its start"]);
    }
}
