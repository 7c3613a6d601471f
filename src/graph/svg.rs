//! The drawing as SVG, without any installed tool.
//!
//! Each flow is laid out by itself, the innermost first; a block is then one box in the flow around it.

use crate::graph::EdgeClass;
use crate::graph::layout::{Layout, Link, Point, Route, Size, Stretch, lay_out};
use crate::graph::picture::{ClusterKind, Edge, NodeKind, Picture, Vertex};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthChar;

/// Widest lines of text, in columns.
const TITLE_COLUMNS: usize = 30;
const SUBTITLE_COLUMNS: usize = 36;
const LABEL_COLUMNS: usize = 34;
/// Most lines of a label; the rest is in the tooltip.
const LABEL_LINES: usize = 4;
/// Heights of lines of text.
const TITLE_LINE: f64 = 17.0;
const SUBTITLE_LINE: f64 = 14.0;
const LABEL_LINE: f64 = 13.0;
/// Widths of a column of text.
const TITLE_COLUMN: f64 = 8.2;
const SUBTITLE_COLUMN: f64 = 6.5;
const LABEL_COLUMN: f64 = 6.2;
/// Between the border of a cluster and what lies in it.
const PADDING: f64 = 18.0;
/// The room for the title of a cluster.
const HEADER: f64 = 26.0;
/// Around the whole.
const MARGIN: f64 = 20.0;

const STYLE: &str = r#"
.page { fill: #ffffff } .over { fill: #ffffff; fill-opacity: .92 }
.box { fill: #f6f8fa; stroke: #57606a; stroke-width: 1.2 } .everywhere { fill: #ffffff; stroke: #0969da; stroke-dasharray: 5 3 }
.success { fill: #dafbe1; stroke: #1a7f37 } .neutral { fill: #eaeef2; stroke: #57606a } .failure { fill: #ffebe9; stroke: #cf222e }
.ring { fill: none; stroke-width: 1 } .dot { fill: #24292f }
.block { fill: #0969da; fill-opacity: .04; stroke: #8c959f; stroke-width: 1.2 }
.branch { fill: #8250df; fill-opacity: .04; stroke: #8c959f; stroke-dasharray: 6 4 }
text { font-family: system-ui, "Segoe UI", Helvetica, Arial, "Noto Sans", "Noto Sans CJK SC", sans-serif; fill: #24292f; text-anchor: middle }
.head { font-size: 16px; font-weight: 600; text-anchor: start } .title { font-size: 13px; font-weight: 600 }
.subtitle { font-size: 11px; fill: #57606a } .label { font-size: 10.5px } .area { font-size: 12px; font-weight: 600; fill: #57606a; text-anchor: start }
.key { font-size: 10.5px; text-anchor: start; fill: #57606a }
.line { fill: none; stroke-width: 1.3 }
.done { stroke: #57606a } .whenever { stroke: #0969da } .on { stroke: #bc4c00; stroke-dasharray: 6 3 } .after { stroke: #8250df; stroke-dasharray: 2 3 }
.tip-done { fill: #57606a } .tip-whenever { fill: #0969da } .tip-on { fill: #bc4c00 } .tip-after { fill: #8250df }
.say-done { fill: #24292f } .say-whenever { fill: #0550ae } .say-on { fill: #953800 } .say-after { fill: #6639ba }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117 } .over { fill: #0d1117 }
.box { fill: #161b22; stroke: #8b949e } .everywhere { fill: #0d1117; stroke: #58a6ff }
.success { fill: #12261e; stroke: #3fb950 } .neutral { fill: #21262d; stroke: #8b949e } .failure { fill: #2d1416; stroke: #f85149 }
.ring { fill: none } .dot { fill: #e6edf3 }
.block { fill: #58a6ff; stroke: #6e7681 } .branch { fill: #bc8cff; stroke: #6e7681 }
text { fill: #e6edf3 } .subtitle, .area, .key { fill: #8b949e }
.done { stroke: #8b949e } .whenever { stroke: #58a6ff } .on { stroke: #f0883e } .after { stroke: #bc8cff }
.tip-done { fill: #8b949e } .tip-whenever { fill: #58a6ff } .tip-on { fill: #f0883e } .tip-after { fill: #bc8cff }
.say-done { fill: #e6edf3 } .say-whenever { fill: #79c0ff } .say-on { fill: #ffa657 } .say-after { fill: #d2a8ff }
}
"#;

/// Styles of what only drawings of several playbooks have.
const OF_LIFECYCLES: &str = r#"
.process { fill: #1a7f37; fill-opacity: .03; stroke: #57606a; stroke-width: 1.6 }
.continues { stroke: #1a7f37; stroke-width: 2 } .tip-continues { fill: #1a7f37 } .say-continues { fill: #116329 }
@media (prefers-color-scheme: dark) {
.process { fill: #3fb950; stroke: #8b949e } .continues { stroke: #3fb950 } .tip-continues { fill: #3fb950 } .say-continues { fill: #7ee787 }
}
"#;

/// The picture as SVG.
#[must_use]
pub fn write(picture: &Picture) -> String {
    let mut sheet = Sheet::new(picture);
    sheet.lay_out();
    sheet.draw()
}

/// What stands in one flow: the customer's own, or a cluster's.
#[derive(Default)]
struct Area {
    items: Vec<Vertex>,
    edges: Vec<usize>,
    layout: Layout,
    size: Size,
    /// The top left of its contents.
    at: Point,
}

struct Sheet<'a> {
    picture: &'a Picture,
    /// By cluster; the customer's own flow last.
    areas: Vec<Area>,
    /// Lines of the label of each edge.
    labels: Vec<Vec<String>>,
    /// The place of each node and cluster among the items of its area.
    node_items: Vec<usize>,
    cluster_items: Vec<usize>,
    out: String,
}

impl<'a> Sheet<'a> {
    fn new(picture: &'a Picture) -> Sheet<'a> {
        let outermost = picture.clusters.len();
        let mut sheet = Sheet {
            picture,
            areas: (0..=outermost).map(|_| Area::default()).collect(),
            labels: picture.edges.iter().map(|edge| wrap(&edge.full_label(), LABEL_COLUMNS, LABEL_LINES)).collect(),
            node_items: vec![0; picture.nodes.len()],
            cluster_items: vec![0; outermost],
            out: String::new(),
        };
        // What a flow begins with comes first, so that it is laid out on top.
        let begins = |kind| matches!(kind, NodeKind::Start);
        let everywhere = |kind| matches!(kind, NodeKind::Everywhere);
        let passes: [&dyn Fn(NodeKind) -> bool; 3] = [&begins, &|kind| !begins(kind) && !everywhere(kind), &everywhere];
        for (pass, wanted) in passes.into_iter().enumerate() {
            for (index, node) in picture.nodes.iter().enumerate().filter(|(_, node)| wanted(node.kind)) {
                let area = &mut sheet.areas[node.cluster.unwrap_or(outermost)];
                sheet.node_items[index] = area.items.len();
                area.items.push(Vertex::Node(index));
            }
            if pass == 1 {
                for (index, cluster) in picture.clusters.iter().enumerate() {
                    let area = &mut sheet.areas[cluster.cluster.unwrap_or(outermost)];
                    sheet.cluster_items[index] = area.items.len();
                    area.items.push(Vertex::Cluster(index));
                }
            }
        }
        for (index, edge) in picture.edges.iter().enumerate() {
            // An edge lies in one flow.
            let (from, to) = (picture.cluster_of(picture.tail(edge)), picture.cluster_of(edge.to));
            if from == to && !picture.id(edge.from).is_empty() && !picture.id(edge.to).is_empty() {
                sheet.areas[from.unwrap_or(outermost)].edges.push(index);
            }
        }
        sheet
    }

    fn item(&self, vertex: Vertex) -> usize {
        match vertex {
            Vertex::Node(index) => self.node_items[index],
            Vertex::Cluster(index) => self.cluster_items[index],
        }
    }

    fn size(&self, vertex: Vertex) -> Size {
        match vertex {
            Vertex::Node(index) => node_size(self.picture, index),
            Vertex::Cluster(index) => self.areas[index].size,
        }
    }

    /// What a line too long to be followed says instead.
    fn stub_line(&self, edge: &Edge) -> String {
        let target = match edge.to {
            Vertex::Node(node) => &self.picture.nodes[node].title,
            Vertex::Cluster(cluster) => &self.picture.clusters[cluster].title,
        };
        wrap(&format!("→ {target}"), LABEL_COLUMNS, 1).concat()
    }

    /// Sizes from inside to outside, then places from outside to inside.
    fn lay_out(&mut self) {
        let outermost = self.picture.clusters.len();
        for index in (0..outermost).rev().chain([outermost]) {
            let area = &self.areas[index];
            let sizes: Vec<Size> = area.items.iter().map(|item| self.size(*item)).collect();
            let links: Vec<Link> = area
                .edges
                .iter()
                .map(|index| {
                    let edge = &self.picture.edges[*index];
                    let mut stub = self.labels[*index].clone();
                    stub.push(self.stub_line(edge));
                    Link {
                        from: self.item(self.picture.tail(edge)),
                        to: self.item(edge.to),
                        label: label_size(&self.labels[*index]),
                        stub: label_size(&stub),
                    }
                })
                .collect();
            let layout = lay_out(&sizes, &links);
            let title = self.picture.clusters.get(index).map_or(0.0, |cluster| area_title_width(&cluster.title));
            let size = Size {
                width: layout.size.width.max(title) + 2.0 * PADDING,
                height: layout.size.height + 2.0 * PADDING + HEADER,
            };
            let area = &mut self.areas[index];
            (area.layout, area.size) = (layout, size);
        }
        self.areas[outermost].at = Point { x: MARGIN, y: MARGIN + HEADER + 10.0 };
        // A cluster stands after the one it lies in.
        for index in 0..outermost {
            let outer = self.picture.clusters[index].cluster.unwrap_or(outermost);
            let corner = self.corner(outer, self.cluster_items[index]);
            let spare = self.areas[index].size.width - 2.0 * PADDING - self.areas[index].layout.size.width;
            self.areas[index].at = Point { x: corner.x + PADDING + spare / 2.0, y: corner.y + PADDING + HEADER };
        }
    }

    /// The top left of an item of an area.
    fn corner(&self, area: usize, item: usize) -> Point {
        let area = &self.areas[area];
        let corner = area.layout.boxes.get(item).copied().unwrap_or_default();
        Point { x: area.at.x + corner.x, y: area.at.y + corner.y }
    }

    fn draw(mut self) -> String {
        let outermost = self.picture.clusters.len();
        let classes: BTreeSet<&str> = self.picture.edges.iter().map(|edge| look(edge.class)).collect();
        let head = columns(&self.picture.title) as f64 * 9.2;
        let keys = key_texts(&classes);
        let keys_width: f64 = keys.iter().map(|(_, text)| key_width(text)).sum();
        let area = &self.areas[outermost];
        let width = (area.layout.size.width.max(head).max(keys_width) + 2.0 * MARGIN).ceil();
        let height = (area.at.y + area.layout.size.height + MARGIN + 30.0).ceil();
        _ = writeln!(
            self.out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">"
        );
        _ = writeln!(self.out, "<title>{}</title>", escape(&self.picture.title));
        let of_lifecycle = self.picture.clusters.iter().any(|cluster| cluster.kind == ClusterKind::Process);
        let (more, continues) = if of_lifecycle { (OF_LIFECYCLES, Some("continues")) } else { ("", None) };
        _ = writeln!(self.out, "<style>{STYLE}{more}</style>");
        self.out.push_str("<defs>");
        for class in ["done", "whenever", "on", "after"].into_iter().chain(continues) {
            _ = write!(
                self.out,
                "<marker id=\"playbook-{class}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path class=\"tip-{class}\" d=\"M0 0L10 5L0 10Z\"/></marker>"
            );
        }
        self.out.push_str("</defs>\n");
        _ = writeln!(self.out, "<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>");
        let title = escape(&self.picture.title);
        _ = writeln!(self.out, "<text class=\"head\" x=\"{MARGIN}\" y=\"{}\">{title}</text>", MARGIN + 14.0);
        for index in 0..outermost {
            self.draw_cluster(index);
        }
        for area in 0..=outermost {
            for item in 0..self.areas[area].items.len() {
                if let Vertex::Node(index) = self.areas[area].items[item] {
                    let corner = self.corner(area, item);
                    self.draw_node(index, corner);
                }
            }
        }
        for area in 0..=outermost {
            for link in 0..self.areas[area].edges.len() {
                self.draw_edge(area, link);
            }
        }
        for area in 0..=outermost {
            for link in 0..self.areas[area].edges.len() {
                self.draw_label(area, link);
            }
        }
        let mut x = MARGIN;
        for (class, text) in keys {
            let y = height - 16.0;
            _ = writeln!(
                self.out,
                "<path class=\"line {class}\" d=\"M{x:.1} {:.1}h26\" marker-end=\"url(#playbook-{class})\"/><text class=\"key\" x=\"{:.1}\" y=\"{y:.1}\">{text}</text>",
                y - 3.5,
                x + 32.0,
            );
            x += key_width(text);
        }
        self.out.push_str("</svg>\n");
        self.out
    }

    fn draw_cluster(&mut self, index: usize) {
        let cluster = &self.picture.clusters[index];
        let corner = self.corner(cluster.cluster.unwrap_or(self.picture.clusters.len()), self.cluster_items[index]);
        let size = self.areas[index].size;
        let class = match cluster.kind {
            ClusterKind::Branch => "branch",
            ClusterKind::EachService | ClusterKind::Together => "block",
            ClusterKind::Process => "process",
        };
        let title = escape(&cluster.title);
        _ = writeln!(
            self.out,
            "<g><title>{title} (line {})</title><rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"12\"/><text class=\"area\" x=\"{:.1}\" y=\"{:.1}\">{title}</text></g>",
            cluster.line,
            corner.x,
            corner.y,
            size.width,
            size.height,
            corner.x + PADDING,
            corner.y + 22.0,
        );
    }

    fn draw_node(&mut self, index: usize, corner: Point) {
        let node = &self.picture.nodes[index];
        let size = node_size(self.picture, index);
        let (x, y) = (corner.x + size.width / 2.0, corner.y + size.height / 2.0);
        if node.kind == NodeKind::Start {
            _ = writeln!(
                self.out,
                "<g><title>start</title><circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.1}\"/></g>",
                size.width / 2.0
            );
            return;
        }
        let class = match node.kind {
            NodeKind::Start | NodeKind::Stage => "box",
            NodeKind::Everywhere => "box everywhere",
            NodeKind::Success => "box success",
            NodeKind::Neutral => "box neutral",
            NodeKind::Failure => "box failure",
        };
        let end = matches!(node.kind, NodeKind::Success | NodeKind::Neutral | NodeKind::Failure);
        let radius = if end { size.height / 2.0 } else { 8.0 };
        let radius = radius.min(22.0);
        let tooltip: Vec<String> =
            std::iter::once(&node.title).chain(&node.details).map(|detail| escape(detail)).collect();
        _ = write!(
            self.out,
            "<g><title>{} (line {})</title><rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{radius:.1}\"/>",
            tooltip.join("\n"),
            node.line,
            corner.x,
            corner.y,
            size.width,
            size.height,
        );
        if end {
            _ = write!(
                self.out,
                "<rect class=\"{class} ring\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{:.1}\"/>",
                corner.x + 3.0,
                corner.y + 3.0,
                size.width - 6.0,
                size.height - 6.0,
                radius - 3.0,
            );
        }
        let (titles, subtitles) = node_lines(self.picture, index);
        let mut y = y - (titles.len() as f64 * TITLE_LINE + subtitles.len() as f64 * SUBTITLE_LINE) / 2.0;
        for (lines, class, height) in [(titles, "title", TITLE_LINE), (subtitles, "subtitle", SUBTITLE_LINE)] {
            for line in lines {
                _ = write!(
                    self.out,
                    "<text class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                    y + height * 0.75,
                    escape(&line)
                );
                y += height;
            }
        }
        self.out.push_str("</g>\n");
    }

    fn draw_edge(&mut self, area: usize, link: usize) {
        let area = &self.areas[area];
        let edge = &self.picture.edges[area.edges[link]];
        let Some(route) = area.layout.routes.get(link) else { return };
        let path = path(route, area.at);
        let class = look(edge.class);
        _ = writeln!(
            self.out,
            "<g><title>{}</title><path class=\"line {class}\" d=\"{path}\" marker-end=\"url(#playbook-{class})\"/></g>",
            tooltip(edge)
        );
    }

    fn draw_label(&mut self, area: usize, link: usize) {
        let area = &self.areas[area];
        let index = area.edges[link];
        let (edge, lines) = (&self.picture.edges[index], &self.labels[index]);
        let Some(at) = area.layout.labels.get(link) else { return };
        let (x, y) = (area.at.x + at.x, area.at.y + at.y);
        let stub = matches!(area.layout.routes.get(link), Some(Route::Stub(_)));
        let mut lines = lines.clone();
        if stub {
            lines.push(self.stub_line(edge));
        }
        if lines.is_empty() {
            return;
        }
        let size = label_size(&lines);
        _ = write!(
            self.out,
            "<g><title>{}</title><rect class=\"over\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"4\"/>",
            tooltip(edge),
            x - size.width / 2.0,
            y - size.height / 2.0,
            size.width,
            size.height,
        );
        let top = y - lines.len() as f64 * LABEL_LINE / 2.0;
        for (place, line) in lines.iter().enumerate() {
            _ = write!(
                self.out,
                "<text class=\"label say-{}\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                look(edge.class),
                top + place as f64 * LABEL_LINE + LABEL_LINE * 0.78,
                escape(line)
            );
        }
        self.out.push_str("</g>\n");
    }
}

/// The path of a line.
fn path(route: &Route, at: Point) -> String {
    let mut out = String::new();
    match route {
        Route::Loop { out: from, back, reach } => {
            let (x, y) = (at.x + from.x, at.y + from.y);
            let (back_x, back_y) = (at.x + back.x, at.y + back.y);
            let far = x + reach;
            _ = write!(
                out,
                "M{x:.1} {y:.1}C{far:.1} {:.1} {far:.1} {:.1} {back_x:.1} {back_y:.1}",
                y - 4.0,
                back_y + 4.0
            );
        }
        Route::Along(stretches) | Route::Stub(stretches) => {
            let mut before: Option<&Stretch> = None;
            for stretch in stretches {
                let (x, from, to) = (at.x + stretch.x, at.y + stretch.from, at.y + stretch.to);
                match before {
                    None => _ = write!(out, "M{x:.1} {from:.1}"),
                    Some(before) => {
                        let (last_x, last_y) = (at.x + before.x, at.y + before.to);
                        let bend = (last_y + from) / 2.0;
                        if (last_x - x).abs() < 0.05 {
                            _ = write!(out, "V{from:.1}");
                        } else {
                            _ = write!(out, "C{last_x:.1} {bend:.1} {x:.1} {bend:.1} {x:.1} {from:.1}");
                        }
                    }
                }
                if (to - from).abs() > 0.05 {
                    _ = write!(out, "V{to:.1}");
                }
                before = Some(stretch);
            }
        }
    }
    out
}

fn tooltip(edge: &Edge) -> String {
    let label = edge.full_label();
    let label = if label.is_empty() { "when the work is done".to_owned() } else { label };
    format!("{} (line {})", escape(&label), edge.line)
}

/// The style of a class of edges.
fn look(class: EdgeClass) -> &'static str {
    match class {
        EdgeClass::Start | EdgeClass::Completion | EdgeClass::Otherwise => "done",
        EdgeClass::Whenever => "whenever",
        EdgeClass::On => "on",
        EdgeClass::After | EdgeClass::AfterLastRound => "after",
        EdgeClass::Continues => "continues",
    }
}

/// What the styles in use mean.
fn key_texts(classes: &BTreeSet<&str>) -> Vec<(&'static str, &'static str)> {
    [
        ("done", "when the work is done"),
        ("whenever", "as soon as it holds"),
        ("on", "at an event"),
        ("after", "after a time"),
        ("continues", "on into the next playbook"),
    ]
    .into_iter()
    .filter(|(class, _)| classes.contains(class))
    .collect()
}

fn key_width(text: &str) -> f64 {
    columns(text) as f64 * LABEL_COLUMN + 58.0
}

fn area_title_width(title: &str) -> f64 {
    columns(title) as f64 * 7.0
}

/// Lines of a node's title and subtitle.
fn node_lines(picture: &Picture, index: usize) -> (Vec<String>, Vec<String>) {
    let node = &picture.nodes[index];
    // Roles and rounds stay together where they can.
    let mut subtitles: Vec<String> = Vec::new();
    for part in node.subtitle.split_inclusive(" · ") {
        match subtitles.last_mut() {
            Some(line) if columns(line) + columns(part) <= SUBTITLE_COLUMNS => line.push_str(part),
            _ => subtitles.push(part.to_owned()),
        }
    }
    let subtitles = subtitles.iter().flat_map(|line| wrap(line.trim_end_matches(" · "), SUBTITLE_COLUMNS, 3));
    (wrap(&node.title, TITLE_COLUMNS, 4), subtitles.take(4).collect())
}

fn node_size(picture: &Picture, index: usize) -> Size {
    if picture.nodes[index].kind == NodeKind::Start {
        return Size { width: 16.0, height: 16.0 };
    }
    let (titles, subtitles) = node_lines(picture, index);
    let widest =
        |lines: &[String], column: f64| lines.iter().map(|line| columns(line)).max().unwrap_or(0) as f64 * column;
    Size {
        width: widest(&titles, TITLE_COLUMN).max(widest(&subtitles, SUBTITLE_COLUMN)).max(50.0) + 26.0,
        height: titles.len() as f64 * TITLE_LINE + subtitles.len() as f64 * SUBTITLE_LINE + 18.0,
    }
}

fn label_size(lines: &[String]) -> Size {
    let widest = lines.iter().map(|line| columns(line)).max().unwrap_or(0);
    if widest == 0 {
        return Size::default();
    }
    Size { width: widest as f64 * LABEL_COLUMN + 10.0, height: lines.len() as f64 * LABEL_LINE + 4.0 }
}

/// Columns a text takes: wide letters take two.
fn columns(text: &str) -> usize {
    text.chars().map(|letter| letter.width().unwrap_or(0)).sum()
}

/// Text in lines no wider than so many columns; what is left after the last line is cut, with an ellipsis. Breaks at
/// spaces and around wide letters; a longer word is broken anywhere.
fn wrap(text: &str, widest: usize, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    let put = |piece: &str, lines: &mut Vec<String>, used: &mut usize| {
        let width = columns(piece);
        if *used + width > widest && *used > 0 {
            lines.push(String::new());
            *used = 0;
        }
        if let Some(line) = lines.last_mut()
            && (*used > 0 || !piece.trim().is_empty())
        {
            line.push_str(piece);
            *used += width;
        }
    };
    let mut piece = String::new();
    for letter in text.chars() {
        let letter = if letter.is_control() || letter.is_whitespace() { ' ' } else { letter };
        let wide = letter.width().unwrap_or(0) > 1;
        if wide || columns(&piece) >= widest {
            put(&piece, &mut lines, &mut used);
            piece.clear();
        }
        piece.push(letter);
        if letter == ' ' || wide {
            put(&piece, &mut lines, &mut used);
            piece.clear();
        }
    }
    put(&piece, &mut lines, &mut used);
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines.retain(|line| !line.is_empty());
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    lines
}

/// Text within XML; what XML cannot hold is left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            _ if letter.is_control() || matches!(letter, '\u{FFFE}' | '\u{FFFF}') => {}
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_at_spaces_and_around_wide_letters() {
        assert_eq!(wrap("one two three", 8, 4), ["one two", "three"]);
        assert_eq!(wrap("成功执行支持", 6, 4), ["成功执", "行支持"]);
        assert_eq!(wrap("abcdefghij", 4, 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("a b c d", 1, 2), ["a", "b…"]);
        assert!(wrap("  ", 4, 4).is_empty());
    }

    #[test]
    fn text_never_ends_an_element() {
        assert_eq!(escape("a<b>&\"c\"\u{1}\n"), "a&lt;b&gt;&amp;&quot;c&quot; ");
    }
}
