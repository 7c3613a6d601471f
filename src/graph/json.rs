//! The drawing for programs: versioned JSON.

use crate::graph::EdgeClass;
use crate::graph::picture::{ClusterKind, NodeKind, Picture};
use serde::Serialize;

/// The version of the format; changes when a field changes its meaning.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Graph<'a> {
    version: u32,
    playbook: &'a str,
    title: &'a str,
    nodes: Vec<Node<'a>>,
    clusters: Vec<Cluster<'a>>,
    edges: Vec<Edge<'a>>,
}

#[derive(Serialize)]
struct Node<'a> {
    id: &'a str,
    kind: NodeKind,
    title: &'a str,
    subtitle: &'a str,
    details: &'a [String],
    cluster: Option<&'a str>,
    line: u32,
}

#[derive(Serialize)]
struct Cluster<'a> {
    id: &'a str,
    kind: ClusterKind,
    title: &'a str,
    cluster: Option<&'a str>,
    line: u32,
}

#[derive(Serialize)]
struct Edge<'a> {
    from: &'a str,
    to: &'a str,
    class: EdgeClass,
    label: &'a str,
    resume: bool,
    limit: Option<u32>,
    line: u32,
}

/// The picture as JSON: `version`, `playbook`, `title`, `nodes`, `clusters` and `edges`, each with its `line`. Edges
/// name nodes and clusters by `id`; a node of kind `everywhere` stands for every stage and block of its scope.
#[must_use]
pub fn write(picture: &Picture) -> String {
    let cluster = |index: Option<usize>| index.map(|index| picture.clusters[index].id.as_str());
    let graph = Graph {
        version: VERSION,
        playbook: &picture.playbook,
        title: &picture.title,
        nodes: picture
            .nodes
            .iter()
            .map(|node| Node {
                id: &node.id,
                kind: node.kind,
                title: &node.title,
                subtitle: &node.subtitle,
                details: &node.details,
                cluster: cluster(node.cluster),
                line: node.line,
            })
            .collect(),
        clusters: picture
            .clusters
            .iter()
            .map(|inner| Cluster {
                id: &inner.id,
                kind: inner.kind,
                title: &inner.title,
                cluster: cluster(inner.cluster),
                line: inner.line,
            })
            .collect(),
        edges: picture
            .edges
            .iter()
            .map(|edge| Edge {
                from: picture.id(edge.from),
                to: picture.id(edge.to),
                class: edge.class,
                label: &edge.label,
                resume: edge.resume,
                limit: edge.limit,
                line: edge.line,
            })
            .collect(),
    };
    // Only strings, numbers and lists: cannot fail.
    let mut text = serde_json::to_string_pretty(&graph).unwrap_or_default();
    text.push('\n');
    text
}
