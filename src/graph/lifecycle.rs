//! The drawing of a whole lifecycle: each playbook a cluster, and an edge from each end to the playbook it continues in.

use super::picture::{Cluster, ClusterKind, Edge, Node, Picture, Vertex};
use super::{EdgeClass, StateGraph};
use crate::model::Playbook;
use crate::source::Sources;

/// Draws playbooks side by side, the first being the one customers begin with. An end that continues in a playbook that is
/// not among them leads nowhere; its own words say where it would.
#[must_use]
pub fn lifecycle(playbooks: &[&Playbook], sources: &Sources, language: Option<&str>) -> Picture {
    let first = playbooks.first();
    let mut whole = Picture {
        playbook: first.map(|first| first.name.name.clone()).unwrap_or_default(),
        title: match first {
            Some(first) => format!("The lifecycle from {} on", first.name.text.in_language(language)),
            None => String::new(),
        },
        nodes: Vec::new(),
        clusters: Vec::new(),
        edges: Vec::new(),
    };
    // By playbook: its cluster, and how its nodes are numbered.
    let mut places = Vec::with_capacity(playbooks.len());
    for playbook in playbooks {
        let picture = Picture::new(playbook, &StateGraph::new(playbook), sources, language);
        places.push((whole.clusters.len(), whole.nodes.len()));
        whole.add(picture, sources.position(playbook.name.span).line);
    }
    for (playbook, (_, nodes)) in playbooks.iter().zip(&places) {
        for end in &playbook.ends {
            let Some((name, span)) = &end.continues else { continue };
            let next = playbooks.iter().position(|other| other.name.name == *name);
            let id = format!("{}.{}", playbook.name.name, end.name.name);
            let from = whole.nodes.iter().skip(*nodes).position(|node| node.id == id);
            let (Some(from), Some((cluster, _))) = (from, next.and_then(|next| places.get(next))) else { continue };
            whole.edges.push(Edge {
                from: Vertex::Node(nodes + from),
                to: Vertex::Cluster(*cluster),
                class: EdgeClass::Continues,
                label: whole.nodes.get(nodes + from).map(|node| node.title.clone()).unwrap_or_default(),
                resume: false,
                limit: end.continues_limit,
                line: sources.position(*span).line,
            });
        }
    }
    whole
}

impl Picture {
    /// Adds another picture as a cluster; `line` is where its playbook is written.
    fn add(&mut self, picture: Picture, line: u32) {
        let (process, nodes) = (self.clusters.len(), self.nodes.len());
        let named = |id: String| format!("{}.{id}", picture.playbook);
        let inside = |cluster: Option<usize>| Some(cluster.map_or(process, |cluster| process + 1 + cluster));
        let moved = |vertex: Vertex| match vertex {
            Vertex::Node(index) => Vertex::Node(nodes + index),
            Vertex::Cluster(index) => Vertex::Cluster(process + 1 + index),
        };
        self.clusters.push(Cluster {
            id: picture.playbook.clone(),
            kind: ClusterKind::Process,
            title: picture.title,
            cluster: None,
            line,
        });
        self.clusters.extend(picture.clusters.into_iter().map(|cluster| Cluster {
            id: named(cluster.id),
            cluster: inside(cluster.cluster),
            ..cluster
        }));
        let moved_node = |node: Node| Node { id: named(node.id), cluster: inside(node.cluster), ..node };
        self.nodes.extend(picture.nodes.into_iter().map(moved_node));
        let moved_edge = |edge: Edge| Edge { from: moved(edge.from), to: moved(edge.to), ..edge };
        self.edges.extend(picture.edges.into_iter().map(moved_edge));
    }
}
