//! Loops in the state graph, found without recursion along it.

use super::Subject;
use crate::graph::{Edge, Node};
use crate::model::{Place, TransitionId};
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::EdgeRef;
use std::collections::{BTreeMap, VecDeque};

/// Part of the state graph, with the same indices.
pub(super) type Part = StableDiGraph<(), TransitionId>;

/// The nodes and edges of the state graph a rule wants to look at.
pub(super) fn part(
    subject: &Subject<'_>,
    mut node: impl FnMut(NodeIndex, Node) -> bool,
    mut edge: impl FnMut(&Edge) -> bool,
) -> Part {
    subject.graph.graph().filter_map(
        |index, weight| node(index, *weight).then_some(()),
        |_, weight| edge(weight).then_some(weight.transition),
    )
}

/// The groups of nodes that lead to each other, each in ascending order; a single node only where it leads to itself.
pub(super) fn groups(part: &Part) -> Vec<Vec<NodeIndex>> {
    // Kosaraju's way is not recursive.
    let mut groups: Vec<Vec<NodeIndex>> = petgraph::algo::kosaraju_scc(part)
        .into_iter()
        .filter(|group| group.len() > 1 || group.iter().any(|node| part.contains_edge(*node, *node)))
        .collect();
    for group in &mut groups {
        group.sort_unstable();
    }
    groups.sort_unstable();
    groups
}

/// A step of a loop: a node, and the transition that leaves it.
pub(super) type Step = (NodeIndex, TransitionId);

/// The shortest loop through a node that stays in its group.
pub(super) fn shortest(part: &Part, group: &[NodeIndex], from: NodeIndex) -> Vec<Step> {
    let mut came: BTreeMap<NodeIndex, Step> = BTreeMap::new();
    let mut queue = VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        // petgraph gives the last edge first: the other way round is the declared order.
        let mut edges: Vec<_> = part.edges(at).collect();
        edges.reverse();
        for edge in edges {
            let to = edge.target();
            if to == from {
                let mut path = vec![(at, *edge.weight())];
                while let Some(before) = path.last().and_then(|(node, _)| came.get(node)) {
                    path.push(*before);
                }
                path.reverse();
                return path;
            }
            if group.binary_search(&to).is_ok() && !came.contains_key(&to) {
                came.insert(to, (at, *edge.weight()));
                queue.push_back(to);
            }
        }
    }
    Vec::new()
}

/// The place of a node; starts have none.
pub(super) fn place(subject: &Subject<'_>, node: NodeIndex) -> Option<Place> {
    match subject.graph.graph().node_weight(node) {
        Some(Node::Place(place)) => Some(*place),
        Some(Node::Start(_)) | None => None,
    }
}

/// The names of nodes.
pub(super) fn names<'a>(subject: &'a Subject<'_>, nodes: impl IntoIterator<Item = NodeIndex>) -> Vec<&'a str> {
    let places = nodes.into_iter().filter_map(|node| place(subject, node));
    places.map(|place| subject.playbook.place_name(place).name.as_str()).collect()
}

/// A loop in order: `` `a` -> `b` -> `a` ``.
pub(super) fn spell(subject: &Subject<'_>, steps: &[Step]) -> String {
    const MOST: usize = 8;
    let names = names(subject, steps.iter().map(|(node, _)| *node));
    let mut shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    if names.len() > MOST {
        shown.push("…".to_owned());
    }
    shown.extend(names.first().map(|name| format!("`{name}`")));
    shown.join(" -> ")
}
