//! `service-not-covered`: a service whose customers get nothing out of the playbook.

use super::Subject;
use crate::diagnostic::{Diagnostic, SERVICE_NOT_COVERED};
use crate::graph::EdgeClass;
use crate::model::{Place, ScopeKind, StageId};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let playbook = subject.playbook;
    if !playbook.scopes.iter().any(|scope| scope.kind == ScopeKind::EachService && !scope.places.is_empty()) {
        return;
    }
    let mut covered = 0_u128;
    for (index, stage) in playbook.stages.iter().enumerate() {
        let for_whom = stage.services.map(|services| services.0);
        covered |= if playbook.scopes[stage.scope.index()].in_service {
            let here = subject.reach.services(subject.graph.node(Place::Stage(StageId(index as u32))));
            here & for_whom.unwrap_or(u128::MAX)
        } else {
            // A stage of the customer covers the services it names.
            for_whom.unwrap_or(0)
        };
    }
    for offer in &playbook.offers {
        if !playbook.scopes[playbook.stages[offer.stage.index()].scope.index()].in_service {
            covered |= offer.services.map_or(0, |services| services.0);
        }
    }
    // Who is sent to an end at the start, is sent there on purpose.
    for edge in subject.graph.graph().edge_references() {
        let at_end = matches!(playbook.transitions[edge.weight().transition.index()].target, Place::End(_));
        let of_services = subject.reach.services(edge.source()) != u128::MAX;
        if edge.weight().class == EdgeClass::Start && at_end && of_services {
            covered |= subject.reach.services(edge.source()) & subject.reach.guard(edge.weight().transition);
        }
    }
    for (index, service) in playbook.services.iter().enumerate().take(128) {
        if covered >> index & 1 == 0 {
            let name = &service.name;
            findings.push(
                Diagnostic::new(
                    &SERVICE_NOT_COVERED,
                    service.span,
                    format!("no stage is for service `{name}`: a customer who intends it gets nothing"),
                )
                .help(format!("Add `{name}` to the services of a stage, or send it to an end at the start")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn who_is_sent_to_an_end_at_the_start_is_dealt_with() {
        let of = |start: &str| {
            said(&format!(
                "playbook p {{ services {{ teams yammer }} each service {{ start {start}
                 stage a for teams {{ -> x }} end x success }} then -> y  end y success }}"
            ))
        };
        assert_eq!(of("-> a when service is teams -> x otherwise"), Vec::<String>::new());
        let expected = "service-not-covered: no stage is for service `yammer`: a customer who intends it gets nothing";
        assert_eq!(of("-> a"), [expected]);
    }

    #[test]
    fn groups_and_lets_are_seen_through() {
        let text = "playbook p { services { teams yammer both = teams, yammer } facts of the customer { f : yes/no }
                    let chatty = service in both and f
                    each service { start -> a when chatty -> x otherwise stage a for both { -> x } end x success }
                    then -> y  end y success }";
        assert_eq!(said(text), Vec::<String>::new());
    }
}
