//! `loop-without-bound`: stages that can follow each other any number of times.

use super::{Subject, cycle_without_exit, loops};
use crate::diagnostic::{Diagnostic, LOOP_WITHOUT_BOUND};
use crate::graph::{Edge, Node};
use crate::model::{Place, ScopeId, Trigger};
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::EdgeRef;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let can_end = cycle_without_exit::can_end(subject);
    let limited = limited_scopes(subject);
    let unlimited = |edge: &Edge| subject.playbook.transitions[edge.transition.index()].limit.is_none();
    let open = |index: NodeIndex, node: Node| match node {
        Node::Start(_) | Node::Place(Place::End(_)) => false,
        Node::Place(place) => can_end[index.index()] && !limited[subject.playbook.place_scope(place).index()],
    };
    let whole = loops::part(subject, open, unlimited);
    for group in loops::groups(&whole) {
        // A stage that is only ever resumed keeps its clocks: with a time limit it bounds every loop through it.
        let inside = |node: &NodeIndex| group.binary_search(node).is_ok();
        let bounding = |node: &NodeIndex| {
            let Some(place @ Place::Stage(_)) = loops::place(subject, *node) else { return false };
            let mut entries = subject.graph.graph().edges_directed(*node, petgraph::Incoming);
            entries.all(|edge| edge.weight().resume || !inside(&edge.source())) && subject.has_time_limit(place)
        };
        let rest: Vec<NodeIndex> = group.iter().copied().filter(|node| !bounding(node)).collect();
        let part = whole.filter_map(
            |index, ()| rest.binary_search(&index).is_ok().then_some(()),
            |_, transition| Some(*transition),
        );
        for group in loops::groups(&part) {
            let Some(first) = group.first().copied() else { continue };
            let Some(place) = loops::place(subject, first) else { continue };
            let way = loops::shortest(&part, &group, first);
            findings.push(
                Diagnostic::new(
                    &LOOP_WITHOUT_BOUND,
                    subject.spot(place),
                    format!("nothing says how often {} can come again", subject.call(place)),
                )
                .label(format!("the loop: {}", loops::spell(subject, &way)))
                .help("Write `at most N times` after one of its transitions"),
            );
        }
    }
}

/// Scopes whose time is limited as a whole.
fn limited_scopes(subject: &Subject<'_>) -> Vec<bool> {
    let playbook = subject.playbook;
    let is_after =
        |id: &crate::model::TransitionId| matches!(playbook.transitions[id.index()].trigger, Trigger::After(_));
    let mut limited = vec![false; playbook.scopes.len()];
    // Outer scopes first.
    let mut waiting = vec![crate::model::CUSTOMER];
    while let Some(ScopeId(index)) = waiting.pop() {
        let index = index as usize;
        let scope = &playbook.scopes[index];
        limited[index] |= scope.everywhere.iter().any(is_after);
        for place in &scope.places {
            if let Place::Block(block) = place {
                let bounded = limited[index] || subject.graph.exits(*place).after.iter().any(is_after);
                for inner in subject.graph.runs(*block) {
                    limited[inner.index()] = bounded;
                    waiting.push(*inner);
                }
            }
        }
    }
    limited
}

#[cfg(test)]
mod tests {
    use crate::check::tests::noted;

    #[test]
    fn a_resumed_stage_with_a_time_limit_bounds_its_loops() {
        let of = |resume: &str| {
            let text = format!(
                "playbook p {{ start -> a stage a {{ on blocker -> b  after 1 year -> x }}
                 stage b {{ on resolved -> {resume} a  after 90 days -> x }} end x success }}"
            );
            noted(&text)
        };
        assert_eq!(of("resume"), Vec::<String>::new());
        assert_eq!(of(""), ["loop-without-bound: nothing says how often stage `a` can come again"]);
    }

    #[test]
    fn a_time_limit_on_the_whole_bounds_everything_in_it() {
        let text = "playbook p { after 1 year -> x  start -> a stage a { on blocker -> b }
                    stage b { on resolved -> a } end x success }";
        assert_eq!(noted(text), Vec::<String>::new());
    }
}
