//! The drawing for Graphviz.

use crate::graph::EdgeClass;
use crate::graph::picture::{ClusterKind, Line, NodeKind, Picture, Vertex};
use std::fmt::Write as _;

/// The picture as a Graphviz file: blocks are clusters, edges that begin or end at a block stop at its border.
#[must_use]
pub fn write(picture: &Picture) -> String {
    let anchors = anchors(picture);
    let mut out = String::new();
    let title = quote(&picture.title);
    _ = writeln!(out, "digraph {} {{", quote(&picture.playbook));
    _ = writeln!(out, "  graph [compound=true, rankdir=TB, label={title}, labelloc=t, fontname=\"Helvetica\"];");
    out.push_str("  node [shape=box, style=\"rounded\", fontname=\"Helvetica\", fontsize=11];\n");
    out.push_str("  edge [fontname=\"Helvetica\", fontsize=9];\n");
    let mut depth = 1;
    for line in picture.outline() {
        match line {
            Line::Open(index) => {
                indent(&mut out, depth);
                _ = writeln!(out, "subgraph \"cluster_{index}\" {{");
                depth += 1;
                indent(&mut out, depth);
                let cluster = &picture.clusters[index];
                let style = if cluster.kind == ClusterKind::Branch { "rounded,dashed" } else { "rounded" };
                _ = writeln!(out, "label={}; labeljust=l; style=\"{style}\";", quote(&cluster.title));
                if anchors[index].head.is_none() {
                    indent(&mut out, depth);
                    _ = writeln!(out, "\"empty_{index}\" [style=invis];");
                }
            }
            Line::Close(_) => {
                depth -= 1;
                indent(&mut out, depth);
                out.push_str("}\n");
            }
            Line::Node(index) => {
                let node = &picture.nodes[index];
                let label = if node.subtitle.is_empty() {
                    node.title.clone()
                } else {
                    format!("{}\n{}", node.title, node.subtitle)
                };
                let look = match node.kind {
                    NodeKind::Start => "shape=circle, width=0.2, style=filled, fillcolor=black, fixedsize=true, ",
                    NodeKind::Everywhere => "shape=box, style=\"rounded,dashed\", ",
                    NodeKind::Stage => "",
                    NodeKind::Success => "peripheries=2, color=\"#2da44e\", ",
                    NodeKind::Neutral => "peripheries=2, color=\"#6e7781\", ",
                    NodeKind::Failure => "peripheries=2, color=\"#cf222e\", ",
                };
                let label = if node.kind == NodeKind::Start { "\"\"".to_owned() } else { quote(&label) };
                let tooltip = std::iter::once(&node.title).chain(&node.details).cloned().collect::<Vec<_>>().join("\n");
                indent(&mut out, depth);
                _ = writeln!(out, "{} [{look}label={label}, tooltip={}];", quote(&node.id), quote(&tooltip));
            }
        }
    }
    for edge in &picture.edges {
        let (from, tail) = end(picture, &anchors, edge.from, false);
        let (to, head) = end(picture, &anchors, edge.to, true);
        let look = match edge.class {
            EdgeClass::Start | EdgeClass::Completion | EdgeClass::Otherwise => "",
            EdgeClass::Whenever => ", color=\"#0969da\", fontcolor=\"#0969da\"",
            EdgeClass::On => ", color=\"#bc4c00\", fontcolor=\"#bc4c00\", style=dashed",
            EdgeClass::After | EdgeClass::AfterLastRound => ", color=\"#8250df\", fontcolor=\"#8250df\", style=dotted",
            EdgeClass::Continues => ", color=\"#1a7f37\", fontcolor=\"#1a7f37\", style=bold",
        };
        let tail = tail.map(|cluster| format!(", ltail=\"cluster_{cluster}\"")).unwrap_or_default();
        // Graphviz cannot stop an edge at a border it begins within.
        let head = head.filter(|cluster| !picture.lies_in(edge.from, *cluster));
        let head = head.map(|cluster| format!(", lhead=\"cluster_{cluster}\"")).unwrap_or_default();
        let label = quote(&edge.full_label());
        _ = writeln!(out, "  {} -> {} [label={label}{look}{tail}{head}];", quote(&from), quote(&to));
    }
    out.push_str("}\n");
    out
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// A quoted string of the language of Graphviz.
fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            _ if letter.is_control() => out.push(' '),
            _ => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// The nodes that edges from and to a cluster are tied to.
#[derive(Debug, Clone, Copy, Default)]
struct Anchor {
    /// Where it begins, else its first node.
    head: Option<usize>,
    /// Its last stage or end.
    tail: Option<usize>,
    begins: bool,
}

fn anchors(picture: &Picture) -> Vec<Anchor> {
    let mut anchors = vec![Anchor::default(); picture.clusters.len()];
    for (index, node) in picture.nodes.iter().enumerate() {
        let start = node.kind == NodeKind::Start;
        let mut at = node.cluster;
        while let Some(cluster) = at {
            let anchor = &mut anchors[cluster];
            if anchor.head.is_none() || (start && !anchor.begins) {
                (anchor.head, anchor.begins) = (Some(index), start);
            }
            if !matches!(node.kind, NodeKind::Start | NodeKind::Everywhere) {
                anchor.tail = Some(index);
            }
            at = picture.clusters[cluster].cluster;
        }
    }
    anchors
}

/// The node an edge is tied to, and the cluster at whose border it stops.
fn end(picture: &Picture, anchors: &[Anchor], vertex: Vertex, head: bool) -> (String, Option<usize>) {
    let Vertex::Cluster(index) = vertex else { return (picture.id(vertex).to_owned(), None) };
    let anchor = if head { anchors[index].head } else { anchors[index].tail.or(anchors[index].head) };
    (anchor.map_or_else(|| format!("empty_{index}"), |node| picture.nodes[node].id.clone()), Some(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_do_not_end_a_name() {
        assert_eq!(quote("a \"b\" \\ c\nd\u{0}"), r#""a \"b\" \\ c\nd ""#);
    }
}
