//! The drawing for Mermaid, which code hosts and wikis show.

use crate::graph::picture::{Line, NodeKind, Picture, Vertex};
use std::fmt::Write as _;

/// The picture as a Mermaid state diagram: blocks are composite states.
#[must_use]
pub fn write(picture: &Picture) -> String {
    let mut out = String::from("stateDiagram-v2\n");
    let mut depth = 1;
    // Edges from a start are written where it lies: `[*]` means the start of the composite state around it.
    let mut starts: Vec<Vec<&crate::graph::picture::Edge>> = vec![Vec::new(); picture.nodes.len()];
    for edge in &picture.edges {
        if let Vertex::Node(node) = edge.from
            && picture.nodes[node].kind == NodeKind::Start
        {
            starts[node].push(edge);
        }
    }
    let outline = picture.outline();
    for (place, line) in outline.iter().enumerate() {
        match *line {
            Line::Open(index) => {
                indent(&mut out, depth);
                _ = writeln!(out, "state \"{}\" as c{index} {{", escape(&picture.clusters[index].title));
                depth += 1;
                // An empty composite state is not understood.
                if outline.get(place + 1) == Some(&Line::Close(index)) {
                    indent(&mut out, depth);
                    _ = writeln!(out, "state \"…\" as e{index}");
                }
            }
            Line::Close(_) => {
                depth -= 1;
                indent(&mut out, depth);
                out.push_str("}\n");
            }
            Line::Node(index) => {
                let node = &picture.nodes[index];
                if node.kind == NodeKind::Start {
                    for edge in &starts[index] {
                        indent(&mut out, depth);
                        arrow(&mut out, "[*]", &id(edge.to), &edge.full_label());
                    }
                    continue;
                }
                let subtitle =
                    if node.subtitle.is_empty() { String::new() } else { format!("<br/>{}", escape(&node.subtitle)) };
                indent(&mut out, depth);
                _ = writeln!(out, "state \"{}{subtitle}\" as n{index}", escape(&node.title));
                if matches!(node.kind, NodeKind::Success | NodeKind::Neutral | NodeKind::Failure) {
                    indent(&mut out, depth);
                    arrow(&mut out, &format!("n{index}"), "[*]", "");
                }
            }
        }
    }
    for edge in &picture.edges {
        let start = matches!(edge.from, Vertex::Node(node) if picture.nodes[node].kind == NodeKind::Start);
        if !start {
            indent(&mut out, 1);
            // Mermaid draws no line from within one composite state into another.
            arrow(&mut out, &id(picture.tail(edge)), &id(edge.to), &edge.full_label());
        }
    }
    out.push_str("  classDef success stroke:#2da44e,stroke-width:3px\n");
    out.push_str("  classDef neutral stroke:#6e7781,stroke-width:3px\n");
    out.push_str("  classDef failure stroke:#cf222e,stroke-width:3px\n");
    out.push_str("  classDef everywhere stroke-dasharray:4 3\n");
    for (index, node) in picture.nodes.iter().enumerate() {
        let class = match node.kind {
            NodeKind::Success => "success",
            NodeKind::Neutral => "neutral",
            NodeKind::Failure => "failure",
            NodeKind::Everywhere => "everywhere",
            NodeKind::Start | NodeKind::Stage => continue,
        };
        _ = writeln!(out, "  class n{index} {class}");
    }
    out
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn id(vertex: Vertex) -> String {
    match vertex {
        Vertex::Node(index) => format!("n{index}"),
        Vertex::Cluster(index) => format!("c{index}"),
    }
}

fn arrow(out: &mut String, from: &str, to: &str, label: &str) {
    if label.is_empty() {
        _ = writeln!(out, "{from} --> {to}");
    } else {
        _ = writeln!(out, "{from} --> {to} : {}", escape(label));
    }
}

/// Text as Mermaid shows it and never reads it: everything but letters, digits, spaces and a few harmless signs is
/// written as its number (`#34;` is a quotation mark).
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            ' ' | ',' | '.' | '_' | '\'' => out.push(letter),
            _ if letter.is_alphanumeric() => out.push(letter),
            _ if letter.is_whitespace() || letter.is_control() => out.push(' '),
            _ if letter.is_ascii() => _ = write!(out, "#{};", letter as u32),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_with_a_meaning_are_written_as_numbers() {
        assert_eq!(escape("a \"b\" --> [*]; 经理\n%%"), "a #34;b#34; #45;#45;#62; #91;#42;#93;#59; 经理 #37;#37;");
    }
}
