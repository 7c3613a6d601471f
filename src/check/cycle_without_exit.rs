//! `cycle-without-exit`: stages that lead to each other and never to an end.

use super::{Subject, loops};
use crate::diagnostic::{CYCLE_WITHOUT_EXIT, Diagnostic};
use crate::graph::Node;
use crate::model::Place;
use petgraph::stable_graph::NodeIndex;

/// By node: whether an end can be reached from it.
pub(super) fn can_end(subject: &Subject<'_>) -> Vec<bool> {
    let graph = subject.graph.graph();
    let mut can = vec![false; graph.node_count()];
    let mut waiting: Vec<NodeIndex> = (0..subject.playbook.ends.len())
        .map(|id| subject.graph.node(Place::End(crate::model::EndId(id as u32))))
        .collect();
    for node in &waiting {
        can[node.index()] = true;
    }
    while let Some(at) = waiting.pop() {
        for before in graph.neighbors_directed(at, petgraph::Incoming) {
            if !std::mem::replace(&mut can[before.index()], true) {
                waiting.push(before);
            }
        }
    }
    can
}

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let can = can_end(subject);
    let part = loops::part(subject, |index, node| matches!(node, Node::Place(_)) && !can[index.index()], |_| true);
    for group in loops::groups(&part) {
        // A loop that leads on to another trap is that trap's fault.
        if group.iter().any(|node| part.neighbors(*node).any(|next| group.binary_search(&next).is_err())) {
            continue;
        }
        let Some(first) = group.first().copied() else { continue };
        let Some(place) = loops::place(subject, first) else { continue };
        let way = loops::shortest(&part, &group, first);
        let names = loops::names(subject, group.iter().copied());
        let message = if let [only] = names.as_slice() {
            format!("`{only}` leads only to itself: who gets there never reaches an end")
        } else {
            format!("{} lead only to each other: who gets there never reaches an end", super::list(&names))
        };
        let mut finding = Diagnostic::new(&CYCLE_WITHOUT_EXIT, subject.spot(place), message)
            .label(format!("the loop: {}", loops::spell(subject, &way)))
            .help("Let one of them lead to an end");
        for (node, transition) in way.iter().take(10) {
            let span = subject.playbook.transitions[transition.index()].span;
            finding = finding.related(span, format!("from {}", super::list(&loops::names(subject, [*node]))));
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn all_members_are_named_and_what_leads_into_the_trap_is_not_blamed() {
        let text = "playbook p { facts of the customer { f : yes/no } start -> a when f -> x otherwise
                    stage a { task t optional again -> b }
                    stage b { -> c when f -> d otherwise }
                    stage c { on escalated -> b }
                    stage d { after 3 days -> b }
                    end x success }";
        let said: Vec<String> = said(text).into_iter().filter(|said| said.starts_with("cycle")).collect();
        let expected =
            "cycle-without-exit: `b`, `c` and `d` lead only to each other: who gets there never reaches an end";
        assert_eq!(said, [expected]);
    }

    #[test]
    fn a_stage_that_leads_to_itself() {
        let text = "playbook p { facts of the customer { f : yes/no } start -> a when f -> x otherwise
                    stage a { after 3 days -> a } end x success }";
        assert_eq!(said(text), ["cycle-without-exit: `a` leads only to itself: who gets there never reaches an end"]);
    }

    #[test]
    fn a_loop_with_a_way_out_is_none() {
        let text = "playbook p { facts of the customer { f : yes/no } start -> a
                    stage a { on escalated -> a  after 3 days -> x } end x success }";
        assert!(!said(text).iter().any(|said| said.starts_with("cycle")));
    }
}
