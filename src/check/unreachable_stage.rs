//! `unreachable-stage`: a stage or block no customer can get to.

use super::{Subject, loops};
use crate::diagnostic::{Diagnostic, UNREACHABLE_STAGE};
use crate::graph::Node;
use crate::model::{Place, ScopeId};
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::EdgeRef;

/// What is unreachable only because what leads there is unreachable is named with it, not reported again.
pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let graph = subject.graph.graph();
    let scope_runs = |scope: ScopeId| subject.reach.is_reached(subject.graph.start_node(scope));
    let lost = |node: NodeIndex| {
        matches!(graph[node], Node::Place(place)
            if !subject.reach.is_reached(node) && scope_runs(subject.playbook.place_scope(place)))
    };
    let places: Vec<Place> = subject.working_places().collect();
    let rootless = |node: NodeIndex| graph.edges_directed(node, petgraph::Incoming).all(|edge| edge.source() == node);
    let nodes: Vec<NodeIndex> =
        places.iter().map(|place| subject.graph.node(*place)).filter(|node| lost(*node)).collect();
    let mut claimed = vec![false; graph.node_count()];
    // First what nothing leads to, then loops that nothing leads into.
    let roots: Vec<NodeIndex> =
        nodes.iter().copied().filter(|node| rootless(*node)).chain(nodes.iter().copied()).collect();
    for root in roots {
        if std::mem::replace(&mut claimed[root.index()], true) {
            continue;
        }
        let Some(place) = loops::place(subject, root) else { continue };
        let mut behind = Vec::new();
        let mut waiting = vec![root];
        while let Some(at) = waiting.pop() {
            for next in graph.neighbors(at).filter(|next| lost(*next)) {
                if !std::mem::replace(&mut claimed[next.index()], true) {
                    waiting.push(next);
                    behind.push(next);
                }
            }
        }
        behind.sort_unstable();
        let message = if rootless(root) {
            format!("no transition leads to {}", subject.call(place))
        } else {
            format!("{} can only be reached from stages nobody gets to", subject.call(place))
        };
        let mut finding = Diagnostic::new(&UNREACHABLE_STAGE, subject.spot(place), message)
            .help("Let a transition lead there, or remove it");
        for place in behind.into_iter().filter_map(|node| loops::place(subject, node)).take(10) {
            let words = format!("and so nobody gets to {} either", subject.call(place));
            finding = finding.related(subject.spot(place), words);
        }
        findings.push(finding);
    }
    by_service(subject, &places, findings);
}

/// Stages that transitions lead to, but for no service.
fn by_service(subject: &Subject<'_>, places: &[Place], findings: &mut Vec<Diagnostic>) {
    for place in places {
        let node = subject.graph.node(*place);
        if !subject.reach.is_reached(node) || subject.reach.services(node) != 0 || subject.playbook.services.is_empty()
        {
            continue;
        }
        // Only the first on the way: one of the stages before it is still reached by some service.
        let mut leading = subject.graph.graph().edges_directed(node, petgraph::Incoming);
        let Some(edge) = leading.find(|edge| subject.reach.services(edge.source()) != 0) else { continue };
        findings.push(
            Diagnostic::new(
                &UNREACHABLE_STAGE,
                subject.spot(*place),
                format!("no service gets to {}: the conditions on the way exclude each other", subject.call(*place)),
            )
            .related(edge.weight().span, "this transition is for services that cannot be here")
            .help("Look at the services the transitions before it are for"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn what_only_unreachable_stages_lead_to_is_not_reported_again() {
        let text = "playbook p { start -> a  stage a { -> x }  stage b { -> c }  stage c { -> d }
                    stage d { task t optional again -> b at most 2 times  -> y otherwise }
                    end x success  end y success }";
        assert_eq!(said(text), ["unreachable-stage: stage `b` can only be reached from stages nobody gets to"]);
    }

    #[test]
    fn what_lies_in_an_unreachable_block_is_not_reported_again() {
        let text = "playbook p { start -> a  stage a { -> x }
                    together as both { branch one { stage b { -> c } end c success } } then -> x
                    end x success }";
        assert_eq!(said(text), ["unreachable-stage: no transition leads to the block `both`"]);
    }

    #[test]
    fn a_stage_for_services_that_cannot_be_there() {
        let text = "playbook p { services { teams yammer }
                    each service { start -> a when service is teams -> done_with otherwise
                      stage a { -> b when service is yammer  -> done_with otherwise }
                      stage b { -> done_with }
                      end done_with success }
                    then -> x  end x success }";
        let expected = "unreachable-stage: no service gets to stage `b`: the conditions on the way exclude each other";
        assert_eq!(said(text), [expected]);
    }
}
