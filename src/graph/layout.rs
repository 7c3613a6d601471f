//! Where boxes and lines go: a layered layout of one flow (Sugiyama's method).
//!
//! Boxes stand in rows, labels in rows between them. A line that passes rows gets a narrow place of its own in each, so
//! that no line crosses a box and no label lies on one. `rust-sugiyama` finds the order and the horizontal places; what
//! is too large for it is placed by two quick sweeps.

use rust_sugiyama::configure::{Config, CrossingMinimization, RankingType};

/// A width and a height, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Size {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// A place, in pixels from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

/// A line to be drawn between two boxes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// The box it begins at, by index.
    pub from: usize,
    /// The box it ends at, by index.
    pub to: usize,
    /// The size of its label; nothing where it has none.
    pub label: Size,
    /// The size of its label where it ends at it.
    pub stub: Size,
}

/// A vertical stretch of a line: between two of them it bends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Where.
    pub x: f64,
    /// From this height…
    pub from: f64,
    /// …to this one; smaller where the line goes up.
    pub to: f64,
}

/// The way of a line.
#[derive(Debug, Clone, PartialEq)]
pub enum Route {
    /// Along these stretches, in the direction of the arrow.
    Along(Vec<Stretch>),
    /// Out of the right side of the box at the first height and back at the second, as far as this.
    Loop {
        /// Where it leaves.
        out: Point,
        /// Where it comes back.
        back: Point,
        /// How far to the right it goes.
        reach: f64,
    },
    /// To its label only, which names the target: it would be too long to be followed.
    Stub(Vec<Stretch>),
}

/// A layout.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    /// The top left of each box.
    pub boxes: Vec<Point>,
    /// The way of each link.
    pub routes: Vec<Route>,
    /// The middle of each link's label.
    pub labels: Vec<Point>,
    /// The whole.
    pub size: Size,
}

/// Above so many places, `rust-sugiyama` takes too long.
const VERTICES: usize = 10_000;
/// Above so many rows its recursion would be deep.
const ROWS: usize = 1_500;
/// Above so many narrow places for long lines, lines that pass more than [`SHORT`] rows end at their label.
const PASSES: usize = 1_500;
/// Rows of boxes a line may pass in a large drawing.
const SHORT: usize = 8;
/// Between neighbours in a row.
const SPACING: f64 = 22.0;
/// The width a passing line takes.
const PASSING: f64 = 6.0;

/// What stands in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Vertex {
    row: usize,
    size: Size,
    /// The middle.
    x: f64,
}

/// The vertices a link passes, from above to below, and what it is.
struct Chain {
    /// Vertices from the upper box to the lower one, both included.
    vertices: Vec<usize>,
    /// Whether the arrow points up.
    upwards: bool,
    /// Which of them carries the label.
    label: usize,
    stub: bool,
}

/// How many links are too many for the narrow places of all of them.
fn stubs_needed(rows: &[usize], links: &[Link]) -> bool {
    let passes = links.iter().map(|link| rows[link.from].abs_diff(rows[link.to]) * 2);
    passes.fold(0_usize, usize::saturating_add) > PASSES
}

/// Lays out boxes of these sizes, the first one on top, and links between them. Indices of links must be those of boxes.
#[must_use]
pub fn lay_out(sizes: &[Size], links: &[Link]) -> Layout {
    let rows = layers(sizes.len(), links);
    // A box with loops is wider by them.
    let mut loops: Vec<Size> = vec![Size::default(); sizes.len()];
    for link in links.iter().filter(|link| link.from == link.to) {
        let room = &mut loops[link.from];
        room.width = room.width.max(link.label.width + LOOP * 2.0);
        room.height += link.label.height.max(18.0) + 10.0;
    }
    let mut vertices: Vec<Vertex> = sizes
        .iter()
        .zip(&loops)
        .zip(&rows)
        .map(|((size, room), row)| Vertex {
            row: row * 2,
            size: Size { width: size.width + room.width, height: size.height.max(room.height) },
            x: 0.0,
        })
        .collect();
    let stubs = stubs_needed(&rows, links);
    let chains: Vec<Option<Chain>> = links.iter().map(|link| chain(link, &mut vertices, stubs)).collect();
    let mut edges: Vec<(usize, usize)> =
        chains.iter().flatten().flat_map(|chain| chain.vertices.windows(2).map(|pair| (pair[0], pair[1]))).collect();
    edges.sort_unstable();
    edges.dedup();
    place(&mut vertices, &edges);
    let heights = heights(&vertices, &edges);
    assemble(sizes, &loops, links, &vertices, &chains, &heights)
}

/// How far a loop goes out.
const LOOP: f64 = 16.0;

/// The row of each box: links point downwards, but those that close a cycle. The first box is on top.
fn layers(count: usize, links: &[Link]) -> Vec<usize> {
    let mut outgoing: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (index, link) in links.iter().enumerate() {
        if link.from != link.to {
            outgoing[link.from].push(index);
        }
    }
    // Depth first in declared order; a link to what is still open closes a cycle.
    let mut state = vec![0_u8; count];
    let mut finished = Vec::with_capacity(count);
    let mut closes = vec![false; links.len()];
    for root in 0..count {
        if state[root] != 0 {
            continue;
        }
        state[root] = 1;
        let mut stack = vec![(root, 0)];
        while let Some((at, next)) = stack.pop() {
            let Some(link) = outgoing[at].get(next) else {
                state[at] = 2;
                finished.push(at);
                continue;
            };
            stack.push((at, next + 1));
            let to = links[*link].to;
            match state[to] {
                0 => {
                    state[to] = 1;
                    stack.push((to, 0));
                }
                1 => closes[*link] = true,
                _ => {}
            }
        }
    }
    let mut rows = vec![0; count];
    let mut begun = vec![false; count];
    if let Some(first) = begun.first_mut() {
        *first = true;
    }
    for at in finished.iter().rev() {
        for link in outgoing[*at].iter().filter(|link| !closes[**link]) {
            let to = links[*link].to;
            rows[to] = rows[to].max(rows[*at] + 1);
            begun[to] |= begun[*at];
        }
    }
    // What the first box does not lead to stands just above what it leads to itself.
    for at in finished {
        let below = outgoing[at].iter().filter(|link| !closes[**link]).map(|link| rows[links[*link].to]).min();
        if let (false, Some(below)) = (begun[at], below) {
            rows[at] = below - 1;
        }
    }
    rows
}

fn chain(link: &Link, vertices: &mut Vec<Vertex>, stubs: bool) -> Option<Chain> {
    if link.from == link.to {
        return None;
    }
    let (from, to) = (vertices[link.from].row, vertices[link.to].row);
    let upwards = from > to;
    let (upper, lower) = if upwards { (link.to, link.from) } else { (link.from, link.to) };
    let (top, bottom) = (from.min(to), from.max(to));
    if stubs && bottom - top > SHORT * 2 {
        let label = vertices.len();
        vertices.push(Vertex { row: from + 1, size: link.stub, x: 0.0 });
        return Some(Chain { vertices: vec![link.from, label], upwards: false, label: 1, stub: true });
    }
    // The label stands next to where the arrow begins.
    let label_row = if upwards { bottom - 1 } else { top + 1 };
    let passing = Size { width: PASSING, height: 0.0 };
    let mut chain = vec![upper];
    for row in top + 1..bottom {
        let size = if row == label_row && link.label.width > 0.0 { link.label } else { passing };
        chain.push(vertices.len());
        vertices.push(Vertex { row, size, x: 0.0 });
    }
    chain.push(lower);
    Some(Chain { label: label_row - top, vertices: chain, upwards, stub: false })
}

/// Gives each vertex its `x`: first the order of each row, then the places.
fn place(vertices: &mut [Vertex], edges: &[(usize, usize)]) {
    let count = vertices.iter().map(|vertex| vertex.row + 1).max().unwrap_or(0);
    let near = Near::new(vertices.len(), edges);
    let rows = if vertices.len() > VERTICES || count > ROWS || !place_well(vertices, edges) {
        order_quickly(vertices, &near, count)
    } else {
        let mut rows = rows(vertices, count);
        for row in &mut rows {
            row.sort_by(|a, b| vertices[*a].x.total_cmp(&vertices[*b].x).then(a.cmp(b)));
        }
        rows
    };
    settle_all(vertices, &near, &rows);
    let left = vertices.iter().map(|vertex| vertex.x - vertex.size.width / 2.0).fold(f64::INFINITY, f64::min);
    if left.is_finite() {
        for vertex in vertices.iter_mut() {
            vertex.x -= left;
        }
    }
}

/// The vertices of each row.
fn rows(vertices: &[Vertex], count: usize) -> Vec<Vec<usize>> {
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (index, vertex) in vertices.iter().enumerate() {
        rows[vertex.row].push(index);
    }
    rows
}

/// What each vertex is joined to, above and below.
struct Near {
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
}

impl Near {
    fn new(count: usize, edges: &[(usize, usize)]) -> Near {
        let mut near = Near { above: vec![Vec::new(); count], below: vec![Vec::new(); count] };
        for (from, to) in edges {
            near.above[*to].push(*from);
            near.below[*from].push(*to);
        }
        near
    }
}

/// A slanting chain would be at rest: pulled to the middle a little with every step, it stands upright.
const PULL: f64 = 0.99;

/// Draws what is joined together, row by row, without changing the order in any row.
fn settle_all(vertices: &mut [Vertex], near: &Near, rows: &[Vec<usize>]) {
    // Boxes far apart would be drawn together slowly; so the first step puts all of them as close as they can be.
    for row in rows {
        settle(vertices, row, |_, _| Some((0.0, 1.0)));
    }
    let sweeps = if vertices.len() > VERTICES { 3 } else { 12 };
    for _ in 0..sweeps {
        let above = |index: usize, vertices: &[Vertex]| {
            let (place, weight) = wish(vertices, index, &near.above, &[])?;
            Some((place * PULL, if near.below[index].is_empty() { weight * 0.05 } else { weight }))
        };
        let below = |index: usize, vertices: &[Vertex]| {
            let (place, weight) = wish(vertices, index, &near.below, &[])?;
            Some((place * PULL, if near.above[index].is_empty() { weight * 0.05 } else { weight }))
        };
        rows.iter().for_each(|row| settle(vertices, row, above));
        rows.iter().rev().for_each(|row| settle(vertices, row, below));
    }
    for _ in 0..2 {
        let both = |index: usize, vertices: &[Vertex]| wish(vertices, index, &near.above, &near.below);
        rows.iter().for_each(|row| settle(vertices, row, both));
        rows.iter().rev().for_each(|row| settle(vertices, row, both));
    }
}

/// Where a vertex would like to be: in the middle of what it is joined to; and how much. A line that only passes would
/// rather be straight than anything else.
fn wish(vertices: &[Vertex], index: usize, one: &[Vec<usize>], other: &[Vec<usize>]) -> Option<(f64, f64)> {
    let passes = |index: usize| vertices[index].size.width <= PASSING;
    let (mut sum, mut weight) = (0.0, 0.0);
    for next in one[index].iter().chain(other.get(index).into_iter().flatten()) {
        let strength = match (passes(index), passes(*next)) {
            (true, true) => 8.0,
            (false, false) => 1.0,
            _ => 2.0,
        };
        sum += vertices[*next].x * strength;
        weight += strength;
    }
    (weight > 0.0).then(|| (sum / weight, weight))
}

/// Puts the vertices of a row as near to their wishes as their order and widths allow (least squares, by pooling
/// neighbours that would overlap). What has no wish would like to stay.
fn settle(vertices: &mut [Vertex], row: &[usize], wish: impl Fn(usize, &[Vertex]) -> Option<(f64, f64)>) {
    /// Neighbours that touch: where the first would be, with what weight, and how many there are.
    struct Pool {
        place: f64,
        weight: f64,
        count: usize,
    }
    let mut offsets = Vec::with_capacity(row.len());
    let mut pools: Vec<Pool> = Vec::with_capacity(row.len());
    let mut offset = 0.0;
    for (at, index) in row.iter().enumerate() {
        if at > 0 {
            offset += distance(&vertices[row[at - 1]], &vertices[*index]);
        }
        offsets.push(offset);
        let (place, weight) = wish(*index, vertices).unwrap_or((vertices[*index].x, 0.1));
        pools.push(Pool { place: place - offset, weight, count: 1 });
        while let [.., before, last] = pools.as_mut_slice() {
            if before.place <= last.place {
                break;
            }
            let weight = before.weight + last.weight;
            before.place = (before.place * before.weight + last.place * last.weight) / weight;
            before.weight = weight;
            before.count += last.count;
            pools.pop();
        }
    }
    let mut next = 0;
    for pool in pools {
        for _ in 0..pool.count {
            vertices[row[next]].x = pool.place + offsets[next];
            next += 1;
        }
    }
}

/// From middle to middle of neighbours.
fn distance(left: &Vertex, right: &Vertex) -> f64 {
    (left.size.width + right.size.width) / 2.0 + SPACING
}

/// By `rust-sugiyama`. False where it gives no usable places.
fn place_well(vertices: &mut [Vertex], edges: &[(usize, usize)]) -> bool {
    // It ranks by index, so indices have to follow the rows.
    let mut by_row: Vec<usize> = (0..vertices.len()).collect();
    by_row.sort_by_key(|index| vertices[*index].row);
    let mut place_of = vec![0_u32; vertices.len()];
    for (place, index) in by_row.iter().enumerate() {
        place_of[*index] = place as u32;
    }
    let sizes: Vec<(u32, (f64, f64))> =
        by_row.iter().enumerate().map(|(place, index)| (place as u32, (vertices[*index].size.width, 1.0))).collect();
    let edges: Vec<(u32, u32)> = edges.iter().map(|(from, to)| (place_of[*from], place_of[*to])).collect();
    let config = Config {
        minimum_length: 1,
        vertex_spacing: SPACING,
        dummy_vertices: true,
        dummy_size: 1.0,
        ranking_type: RankingType::Up,
        c_minimization: CrossingMinimization::Barycenter,
        transpose: vertices.len() <= 1_000,
    };
    let mut offset = 0.0;
    for (component, _, _) in rust_sugiyama::from_vertices_and_edges(&sizes, &edges, &config) {
        let half = |place: usize| by_row.get(place).map_or(0.0, |index| vertices[*index].size.width / 2.0);
        let left = component.iter().map(|(place, (x, _))| x - half(*place)).fold(f64::INFINITY, f64::min);
        let right = component.iter().map(|(place, (x, _))| x + half(*place)).fold(f64::NEG_INFINITY, f64::max);
        if !left.is_finite() || !right.is_finite() {
            return false;
        }
        for (place, (x, _)) in component {
            if let Some(index) = by_row.get(place) {
                vertices[*index].x = x - left + offset;
            }
        }
        offset += right - left + SPACING;
    }
    true
}

/// The order of each row by the mean place of what is joined to it above, then below, then above.
fn order_quickly(vertices: &mut [Vertex], near: &Near, count: usize) -> Vec<Vec<usize>> {
    let mut rows = rows(vertices, count);
    for row in &rows {
        for (place, index) in row.iter().enumerate() {
            vertices[*index].x = place as f64;
        }
    }
    for (upwards, neighbours) in [(false, &near.above), (true, &near.below), (false, &near.above)] {
        for step in 0..count {
            let row = &mut rows[if upwards { count - 1 - step } else { step }];
            let mean = |index: usize| match neighbours[index].as_slice() {
                [] => vertices[index].x,
                around => around.iter().map(|other| vertices[*other].x).sum::<f64>() / around.len() as f64,
            };
            let mut wanted: Vec<(f64, usize)> = row.iter().map(|index| (mean(*index), *index)).collect();
            wanted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            for (place, (_, index)) in wanted.into_iter().enumerate() {
                row[place] = index;
                vertices[index].x = place as f64;
            }
        }
    }
    rows
}

/// Top and height of each row.
fn heights(vertices: &[Vertex], edges: &[(usize, usize)]) -> Vec<(f64, f64)> {
    let count = vertices.iter().map(|vertex| vertex.row + 1).max().unwrap_or(0);
    let mut heights = vec![0.0_f64; count];
    for vertex in vertices {
        heights[vertex.row] = heights[vertex.row].max(vertex.size.height);
    }
    // The further lines have to bend between two rows, the more room they get.
    let mut bends = vec![0.0_f64; count];
    for (from, to) in edges {
        let row = vertices[*from].row;
        bends[row] = bends[row].max((vertices[*from].x - vertices[*to].x).abs());
    }
    let mut top = 0.0;
    let mut rows = Vec::with_capacity(count);
    for (height, bend) in heights.into_iter().zip(bends) {
        rows.push((top, height));
        top += height + 14.0 + (bend * 0.08).min(40.0);
    }
    rows
}

fn assemble(
    sizes: &[Size],
    loops: &[Size],
    links: &[Link],
    vertices: &[Vertex],
    chains: &[Option<Chain>],
    rows: &[(f64, f64)],
) -> Layout {
    let middle = |vertex: &Vertex| rows[vertex.row].0 + rows[vertex.row].1 / 2.0;
    // Boxes stand at the left of the room they share with their loops.
    let boxes: Vec<Point> = sizes
        .iter()
        .zip(vertices)
        .map(|(size, vertex)| Point {
            x: vertex.x - vertex.size.width / 2.0,
            y: if links.is_empty() { rows[vertex.row].0 } else { middle(vertex) - size.height / 2.0 },
        })
        .collect();
    let ports = ports(sizes, &boxes, vertices, chains);
    let mut used = vec![0.0_f64; sizes.len()];
    let mut layout = Layout { boxes, ..Layout::default() };
    for (index, link) in links.iter().enumerate() {
        let Some(chain) = &chains[index] else {
            let corner = layout.boxes[link.from];
            let size = sizes[link.from];
            let height = link.label.height.max(18.0);
            let y = corner.y + size.height / 2.0 - loops[link.from].height / 2.0 + used[link.from] + height / 2.0 + 5.0;
            used[link.from] += height + 10.0;
            let inside = |y: f64| y.min(corner.y + size.height - 6.0).max(corner.y + 6.0);
            let right = corner.x + size.width;
            layout.routes.push(Route::Loop {
                out: Point { x: right, y: inside(y - 5.0) },
                back: Point { x: right, y: inside(y + 5.0) },
                reach: LOOP,
            });
            layout.labels.push(Point { x: right + LOOP + 6.0 + link.label.width / 2.0, y });
            continue;
        };
        let last = chain.vertices.len() - 1;
        let (leave, arrive) = ports[index];
        let mut stretches: Vec<Stretch> = Vec::with_capacity(chain.vertices.len());
        for (place, at) in chain.vertices.iter().enumerate() {
            let vertex = &vertices[*at];
            let (top, height) = rows[vertex.row];
            stretches.push(if place == 0 {
                let bottom = layout.boxes[*at].y + sizes[*at].height;
                Stretch { x: leave, from: bottom, to: top + height }
            } else if place == last && !chain.stub {
                Stretch { x: arrive, from: top, to: layout.boxes[*at].y }
            } else if place == last {
                Stretch { x: vertex.x, from: top, to: middle(vertex) - vertex.size.height / 2.0 }
            } else {
                Stretch { x: vertex.x, from: top, to: top + height }
            });
        }
        if chain.upwards {
            stretches.reverse();
            for stretch in &mut stretches {
                std::mem::swap(&mut stretch.from, &mut stretch.to);
            }
        }
        let label = &vertices[chain.vertices[chain.label]];
        layout.labels.push(Point { x: label.x, y: middle(label) });
        layout.routes.push(if chain.stub { Route::Stub(stretches) } else { Route::Along(stretches) });
    }
    layout.size = Size {
        width: vertices.iter().map(|vertex| vertex.x + vertex.size.width / 2.0).fold(0.0, f64::max),
        height: rows.last().map_or(0.0, |(top, height)| top + height),
    };
    layout
}

/// Where each link leaves its upper box below, and arrives at its lower box above: as straight as it can be, and apart
/// from each other.
fn ports(sizes: &[Size], boxes: &[Point], vertices: &[Vertex], chains: &[Option<Chain>]) -> Vec<(f64, f64)> {
    let mut ports = vec![(0.0, 0.0); chains.len()];
    let mut below: Vec<Vec<(f64, usize)>> = vec![Vec::new(); sizes.len()];
    let mut above: Vec<Vec<(f64, usize)>> = vec![Vec::new(); sizes.len()];
    for (index, chain) in chains.iter().enumerate() {
        let Some(chain) = chain else { continue };
        let last = chain.vertices.len() - 1;
        below[chain.vertices[0]].push((vertices[chain.vertices[1]].x, index));
        if !chain.stub {
            above[chain.vertices[last]].push((vertices[chain.vertices[last - 1]].x, index));
        }
    }
    for (sides, lower) in [(&mut below, false), (&mut above, true)] {
        for (at, side) in sides.iter_mut().enumerate() {
            side.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let margin = 12.0_f64.min(sizes[at].width / 2.0);
            let (left, right) = (boxes[at].x + margin, boxes[at].x + sizes[at].width - margin);
            let count = side.len() as f64;
            let gap = if count > 1.0 { 14.0_f64.min((right - left) / (count - 1.0)) } else { 0.0 };
            for (place, (wish, index)) in side.iter().enumerate() {
                let place = place as f64;
                let mut x =
                    wish.clamp(left + place * gap, (right - (count - 1.0 - place) * gap).max(left + place * gap));
                if let Some(before) = (place > 0.0).then(|| side[place as usize - 1].1) {
                    let before = if lower { ports[before].1 } else { ports[before].0 };
                    x = x.max(before + gap);
                }
                if lower {
                    ports[*index].1 = x;
                } else {
                    ports[*index].0 = x;
                }
            }
        }
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn size(width: f64, height: f64) -> Size {
        Size { width, height }
    }

    fn apart(a: (Point, Size), b: (Point, Size)) -> bool {
        a.0.x + a.1.width <= b.0.x + 0.01
            || b.0.x + b.1.width <= a.0.x + 0.01
            || a.0.y + a.1.height <= b.0.y + 0.01
            || b.0.y + b.1.height <= a.0.y + 0.01
    }

    /// Boxes stand apart, no label lies on a box or another label, and no stretch of a line runs through a box.
    fn judge(sizes: &[Size], links: &[Link]) {
        let layout = lay_out(sizes, links);
        let boxes: Vec<(Point, Size)> = layout.boxes.iter().copied().zip(sizes.iter().copied()).collect();
        let labels: Vec<(Point, Size)> = layout
            .labels
            .iter()
            .zip(links)
            .zip(&layout.routes)
            .filter(|((_, link), route)| link.label.width > 0.0 && !matches!(route, Route::Stub(_)))
            .map(|((middle, link), _)| {
                let corner = Point { x: middle.x - link.label.width / 2.0, y: middle.y - link.label.height / 2.0 };
                (corner, link.label)
            })
            .collect();
        let all: Vec<(Point, Size)> = boxes.iter().chain(&labels).copied().collect();
        for (index, one) in all.iter().enumerate() {
            assert!(one.0.x.is_finite() && one.0.y.is_finite());
            assert!(one.0.x + one.1.width <= layout.size.width + 0.01, "{one:?} in {:?}", layout.size);
            assert!(one.0.y + one.1.height <= layout.size.height + 0.01, "{one:?} in {:?}", layout.size);
            for other in &all[index + 1..] {
                assert!(apart(*one, *other), "{one:?} {other:?}");
            }
        }
        for route in &layout.routes {
            let (Route::Along(stretches) | Route::Stub(stretches)) = route else { continue };
            for stretch in stretches {
                let top = stretch.from.min(stretch.to);
                let line = (Point { x: stretch.x, y: top }, size(0.0, (stretch.from - stretch.to).abs()));
                assert!(boxes.iter().all(|one| apart(line, *one)), "{stretch:?} crosses a box");
            }
        }
    }

    fn link(from: usize, to: usize, label: f64) -> Link {
        Link { from, to, label: size(label, if label > 0.0 { 17.0 } else { 0.0 }), stub: size(label + 40.0, 30.0) }
    }

    #[test]
    fn nothing_is_a_layout_too() {
        assert_eq!(lay_out(&[], &[]), Layout::default());
        judge(&[size(10.0, 10.0)], &[link(0, 0, 40.0), link(0, 0, 0.0)]);
    }

    #[test]
    fn links_point_downwards_but_those_that_close_a_cycle() {
        let links = [link(0, 1, 0.0), link(1, 2, 0.0), link(2, 0, 30.0), link(0, 2, 0.0)];
        assert_eq!(layers(3, &links), [0, 1, 2]);
        let aside = [link(0, 1, 0.0), link(1, 2, 0.0), link(3, 4, 0.0), link(4, 2, 0.0)];
        assert_eq!(layers(5, &aside), [0, 1, 2, 0, 1]);
        let aside = [link(0, 1, 0.0), link(1, 2, 0.0), link(3, 2, 0.0)];
        assert_eq!(layers(4, &aside), [0, 1, 2, 1]);
        let layout = lay_out(&[size(40.0, 20.0); 3], &links);
        let up = |route: &Route| match route {
            Route::Along(stretches) => stretches[0].from > stretches[stretches.len() - 1].to,
            Route::Loop { .. } | Route::Stub(_) => false,
        };
        assert_eq!(layout.routes.iter().map(up).collect::<Vec<_>>(), [false, false, true, false]);
    }

    #[test]
    fn a_line_ends_where_its_box_begins() {
        let layout = lay_out(&[size(40.0, 20.0), size(90.0, 60.0)], &[link(0, 1, 20.0)]);
        let Route::Along(stretches) = &layout.routes[0] else { panic!("a line") };
        assert_eq!(stretches[0].from, layout.boxes[0].y + 20.0);
        assert_eq!(stretches[stretches.len() - 1].to, layout.boxes[1].y);
    }

    #[test]
    fn large_flows_are_laid_out_quickly_and_lines_that_would_be_too_long_end_at_their_label() {
        let count = 5_000;
        let mut links: Vec<Link> = (1..count - 1).map(|to| link(to - 1, to, 0.0)).collect();
        links.extend((0..count - 1).map(|from| link(from, count - 1, 50.0)));
        let layout = lay_out(&vec![size(100.0, 40.0); count], &links);
        let stubs = layout.routes.iter().filter(|route| matches!(route, Route::Stub(_))).count();
        assert!(stubs > count - 20 && stubs < count, "{stubs}");
        assert!(layout.size.width < 2_000.0, "{:?}", layout.size);
    }

    #[test]
    fn many_exits_of_one_box() {
        let links: Vec<Link> = (1..=1_000).map(|to| link(0, to, 30.0)).collect();
        judge(&vec![size(60.0, 30.0); 1_001], &links);
    }

    fn flows() -> impl Strategy<Value = (Vec<Size>, Vec<Link>)> {
        (1..25_usize).prop_flat_map(|count| {
            let sizes = prop::collection::vec((20..300_u32, 16..200_u32), count)
                .prop_map(|sizes| sizes.into_iter().map(|(w, h)| size(w.into(), h.into())).collect());
            let links = prop::collection::vec((0..count, 0..count, prop_oneof![Just(0_u32), 10..200_u32]), 0..60)
                .prop_map(|links| links.into_iter().map(|(from, to, label)| link(from, to, label.into())).collect());
            (sizes, links)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]

        #[test]
        fn boxes_labels_and_lines_keep_apart((sizes, links) in flows()) {
            judge(&sizes, &links);
        }

        #[test]
        fn the_quick_way_keeps_them_apart_too((sizes, links) in flows()) {
            let rows = layers(sizes.len(), &links);
            let mut vertices: Vec<Vertex> = sizes
                .iter()
                .zip(&rows)
                .map(|(size, row)| Vertex { row: row * 2, size: *size, x: 0.0 })
                .collect();
            let edges: Vec<(usize, usize)> = links
                .iter()
                .filter_map(|link| chain(link, &mut vertices, false))
                .flat_map(|chain| chain.vertices.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>())
                .collect();
            let count = vertices.iter().map(|vertex| vertex.row + 1).max().unwrap_or(0);
            let near = Near::new(vertices.len(), &edges);
            let rows = order_quickly(&mut vertices, &near, count);
            settle_all(&mut vertices, &near, &rows);
            for (index, one) in vertices.iter().enumerate() {
                for other in vertices.iter().skip(index + 1).filter(|other| other.row == one.row) {
                    let least = (one.size.width + other.size.width) / 2.0;
                    prop_assert!((one.x - other.x).abs() >= least - 0.01);
                }
            }
        }

        #[test]
        fn the_same_flow_is_laid_out_the_same_way((sizes, links) in flows()) {
            prop_assert_eq!(lay_out(&sizes, &links), lay_out(&sizes, &links));
        }
    }
}
