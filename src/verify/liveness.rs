//! Whether what is owed comes, and how long it can take: waits that nothing ends, loops that can go on for ever, and the
//! longest way through the graph of situations.
//!
//! A loop can go on for ever unless something that is bound to come runs all the time and begins nowhere anew (weak
//! fairness; E. M. Clarke, O. Grumberg, D. Peled, *Model Checking*, 1999, §6.3). The time a way takes is no more than the
//! lengths of all that begins on it.

use super::explore::force::{Force, Tasks, forces};
use super::explore::{Edge, Explored, Explorer, Standing, Watch};
use super::witness::concrete::{Step, path};
use crate::run::state::Seconds;
use crate::run::time::over;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The part of a graph of situations in which something is owed.
pub struct Owed<'a, W> {
    explorer: &'a Explorer<'a>,
    explored: &'a Explored<W>,
    /// By situation.
    owed: Vec<bool>,
    forces: Vec<Vec<Force>>,
    components: Vec<Vec<usize>>,
    component: Vec<usize>,
}

/// How long it can take.
#[derive(Debug, Clone, PartialEq)]
pub enum Longest {
    /// No longer than this; the situation at the end of a way that may take so long, and the way.
    Bounded(Seconds, Option<usize>, Vec<Step>),
    /// Time adds up in a loop: a situation of it, the way to it and round it.
    Unbounded(usize, Vec<Step>, Vec<Step>),
}

/// The longest time so far, and the edge by which it is reached: its situation, and its place among the edges there.
type Reached = (Seconds, Option<(usize, usize)>);

impl<'a, W: Watch> Owed<'a, W> {
    /// Of a graph that was explored with its edges. `owed` says where something is owed, `more` what else is bound to
    /// come besides clocks and tasks.
    pub fn new(
        explorer: &'a Explorer<'a>,
        explored: &'a Explored<W>,
        tasks: Tasks,
        owed: &dyn Fn(usize) -> bool,
        more: &dyn Fn(usize) -> Vec<Force>,
        follow: &dyn Fn(&Edge) -> bool,
    ) -> Owed<'a, W> {
        let count = explored.situations.len();
        let owed: Vec<bool> = (0..count)
            .map(|index| {
                let situation = &explored.situations[index];
                situation.standing == Standing::Going && !over(&situation.state) && owed(index)
            })
            .collect();
        let forces = (0..count).map(|index| {
            if !owed[index] {
                return Vec::new();
            }
            let mut all = forces(&explorer.machine, &explored.situations[index].state, tasks);
            all.extend(more(index));
            if explored.situations[index].due || !explored.situations[index].unanswered.is_empty() {
                // Nobody waits here: the instant ends.
                all.push(Force::Instant);
            }
            all
        });
        let forces = forces.collect();
        let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(count, count);
        (0..count).for_each(|_| {
            graph.add_node(());
        });
        for (from, edges) in explored.next.iter().enumerate().filter(|(from, _)| owed[*from]) {
            for edge in edges.iter().filter(|edge| owed[edge.to] && follow(edge)) {
                graph.add_edge(NodeIndex::new(from), NodeIndex::new(edge.to), ());
            }
        }
        let components: Vec<Vec<usize>> = tarjan_scc(&graph)
            .into_iter()
            .map(|component| {
                let mut indices: Vec<usize> = component.into_iter().map(NodeIndex::index).collect();
                indices.sort_unstable();
                indices
            })
            .collect();
        let mut component = vec![0; count];
        for (number, members) in components.iter().enumerate() {
            members.iter().for_each(|index| component[*index] = number);
        }
        Owed { explorer, explored, owed, forces, components, component }
    }

    /// Situations in which nothing is bound to come: a customer may wait there for ever. The first reached come first.
    pub fn stuck(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.owed.len()).filter(|index| {
            let sustained = crate::run::clock::clocks(&self.explorer.machine, &self.explored.situations[*index].state);
            self.owed[*index] && self.forces[*index].is_empty() && sustained.is_empty()
        })
    }

    /// Loops that can go on for ever: the situation where each is entered, and the way round.
    pub fn loops(&self, follow: &dyn Fn(&Edge) -> bool) -> Vec<(usize, Vec<Step>)> {
        let mut found = Vec::new();
        for members in &self.components {
            let inside: BTreeSet<usize> = members.iter().copied().collect();
            let edges = |from: usize| {
                self.explored
                    .next
                    .get(from)
                    .into_iter()
                    .flatten()
                    .filter(|edge| inside.contains(&edge.to) && follow(edge))
            };
            if !self.owed[members[0]] || members.iter().all(|from| edges(*from).next().is_none()) {
                continue;
            }
            // What runs in all of them and begins on no edge between them ends the loop.
            let mut always: BTreeSet<Force> = self.forces[members[0]].iter().copied().collect();
            for index in members {
                always.retain(|force| self.forces[*index].contains(force));
                for edge in edges(*index) {
                    always.retain(|force| !edge.begins.contains(force));
                }
            }
            if !always.is_empty() {
                continue;
            }
            for start in members.iter().take(4) {
                if let Some(round) = self.way(*start, *start, &inside, follow) {
                    found.push((*start, round));
                }
            }
        }
        found
    }

    /// The shortest way between two situations of a component.
    fn way(
        &self,
        from: usize,
        to: usize,
        inside: &BTreeSet<usize>,
        follow: &dyn Fn(&Edge) -> bool,
    ) -> Option<Vec<Step>> {
        let mut before: BTreeMap<usize, (usize, &Edge)> = BTreeMap::new();
        let mut queue = VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            let edges = self.explored.next.get(at).into_iter().flatten();
            for edge in edges.filter(|edge| inside.contains(&edge.to) && follow(edge)) {
                let new = !before.contains_key(&edge.to);
                if new {
                    before.insert(edge.to, (at, edge));
                }
                if edge.to == to {
                    let mut steps = Vec::new();
                    let mut back = to;
                    loop {
                        let (earlier, edge) = before.get(&back)?;
                        steps.push(Step { by: edge.by.clone(), decided: edge.decided.clone() });
                        back = *earlier;
                        if back == from {
                            steps.reverse();
                            return Some(steps);
                        }
                    }
                }
                if new {
                    queue.push_back(edge.to);
                }
            }
        }
        None
    }

    /// How long something can be owed, from where it begins to be. `from_start` counts from day 0.
    pub fn longest(&self, from_start: bool) -> Longest {
        let mut best: Option<Longest> = None;
        // Which of several things that are bound to come is counted is free: each choice gives a bound.
        for preference in 0..3_u8 {
            let found = self.longest_with(from_start, preference);
            best = match (best, found) {
                (Some(Longest::Bounded(known, end, way)), Longest::Bounded(new, ..)) if known <= new => {
                    Some(Longest::Bounded(known, end, way))
                }
                (Some(known @ Longest::Bounded(..)), Longest::Unbounded(..)) => Some(known),
                (_, found) => Some(found),
            };
        }
        best.unwrap_or(Longest::Bounded(0, None, Vec::new()))
    }

    fn longest_with(&self, from_start: bool, preference: u8) -> Longest {
        let rank = |force: &Force| -> (u8, Seconds) {
            let length = force.length().unwrap_or(Seconds::MAX);
            let class = match (force, preference) {
                (Force::Instant, _) => 0,
                (Force::Task(..), 0) | (Force::Visit(..) | Force::Track(..), 1) => 0,
                (_, 2) => 0,
                _ => 1,
            };
            (class, if matches!(force, Force::Instant) { -1 } else { length })
        };
        let counted: BTreeSet<Force> =
            self.forces.iter().filter_map(|forces| forces.iter().copied().min_by_key(|force| rank(force))).collect();
        let cost = |forces: &[Force]| -> Seconds {
            let lengths = forces.iter().filter(|force| counted.contains(force)).filter_map(Force::length);
            lengths.fold(0, Seconds::saturating_add)
        };
        let count = self.owed.len();
        let begins = self.begins(from_start);
        let mut longest: Vec<Option<Reached>> = vec![None; count];
        for (index, best) in longest.iter_mut().enumerate().filter(|(index, _)| self.owed[*index]) {
            if begins[index] {
                let kept = if from_start { 0 } else { self.kept(index, &counted) };
                *best = Some((cost(&self.forces[index]).saturating_add(kept), None));
            }
        }
        // Components come in reverse topological order.
        for (number, members) in self.components.iter().enumerate().rev() {
            // Within a component time must not add up.
            let top = members.iter().copied().filter_map(|index| longest[index].map(|(time, _)| (time, index))).max();
            let Some((time, top)) = top else { continue };
            if members.len() > 1 || self.loops_on_itself(members[0]) {
                let inside: BTreeSet<usize> = members.iter().copied().collect();
                for from in members.iter().copied() {
                    for edge in self.explored.next.get(from).into_iter().flatten() {
                        if inside.contains(&edge.to) && cost(&edge.begins) > 0 {
                            let mut round = vec![Step { by: edge.by.clone(), decided: edge.decided.clone() }];
                            if edge.to != from {
                                round.extend(self.way(edge.to, from, &inside, &|_| true).unwrap_or_default());
                            }
                            return Longest::Unbounded(from, path(self.explored, from), round);
                        }
                    }
                }
                for index in members.iter().copied().filter(|index| *index != top) {
                    if let Some(way) = self.way_indices(top, index, &inside) {
                        longest[index] = Some((time, Some(way)));
                    }
                }
            }
            for from in members.iter().copied() {
                let Some((time, _)) = longest[from] else { continue };
                for (at, edge) in self.explored.next.get(from).into_iter().flatten().enumerate() {
                    if !self.owed[edge.to] || self.component[edge.to] == number {
                        continue;
                    }
                    let time = time.saturating_add(cost(&edge.begins));
                    if longest[edge.to].is_none_or(|(known, _)| known < time) {
                        longest[edge.to] = Some((time, Some((from, at))));
                    }
                }
            }
        }
        let top = longest.iter().enumerate().filter_map(|(index, best)| best.map(|(time, _)| (time, index)));
        let Some((time, mut at)) = top.max_by_key(|(time, index)| (*time, std::cmp::Reverse(*index))) else {
            return Longest::Bounded(0, None, Vec::new());
        };
        let (end, mut steps) = (at, Vec::new());
        while let Some((_, Some((from, edge)))) = longest[at] {
            let edge = &self.explored.next[from][edge];
            steps.push(Step { by: edge.by.clone(), decided: edge.decided.clone() });
            at = from;
        }
        steps.extend(path(self.explored, at).into_iter().rev());
        steps.reverse();
        Longest::Bounded(time, Some(end), steps)
    }

    /// Situations in which something is owed, each with a way to it that comes there late, the latest first. `when` says
    /// when a way comes to its end, each step as late as it can be; none where it cannot be followed. Of the ways to a
    /// situation the one that comes last goes on from there: that is a guess, for another may leave more time to what
    /// follows. No more than `most` steps are followed in all.
    pub fn latest(
        &self,
        from_start: bool,
        mut most: usize,
        when: &mut dyn FnMut(usize, &[Step]) -> Option<Seconds>,
    ) -> Vec<(usize, Vec<Step>)> {
        let mut reached: Vec<Option<(Seconds, Vec<Step>)>> = vec![None; self.owed.len()];
        let begins = self.begins(from_start);
        for index in (0..self.owed.len()).filter(|index| self.owed[*index] && begins[*index]) {
            let steps = path(self.explored, index);
            most = most.saturating_sub(steps.len());
            reached[index] = when(index, &steps).map(|at| (at, steps));
        }
        'all: for members in self.components.iter().rev() {
            // Within a component each situation is left once.
            let mut left: BTreeSet<usize> = members.iter().copied().collect();
            let next = |left: &BTreeSet<usize>, reached: &[Option<(Seconds, Vec<Step>)>]| {
                left.iter()
                    .copied()
                    .filter(|index| reached[*index].is_some())
                    .max_by_key(|index| (reached[*index].as_ref().map(|(at, _)| *at), std::cmp::Reverse(*index)))
            };
            while let Some(from) = next(&left, &reached) {
                left.remove(&from);
                let Some((_, way)) = reached[from].clone() else { continue };
                for edge in self.explored.next.get(from).into_iter().flatten().filter(|edge| self.owed[edge.to]) {
                    if self.component[edge.to] == self.component[from] && !left.contains(&edge.to) {
                        continue;
                    }
                    let mut steps = way.clone();
                    steps.push(Step { by: edge.by.clone(), decided: edge.decided.clone() });
                    let Some(rest) = most.checked_sub(steps.len()) else { break 'all };
                    most = rest;
                    if let Some(at) = when(edge.to, &steps)
                        && reached[edge.to].as_ref().is_none_or(|(known, _)| *known < at)
                    {
                        reached[edge.to] = Some((at, steps));
                    }
                }
            }
        }
        let mut all: Vec<(Seconds, usize, Vec<Step>)> = reached
            .into_iter()
            .enumerate()
            .filter_map(|(index, best)| best.map(|(at, way)| (at, index, way)))
            .collect();
        all.sort_by_key(|(at, index, _)| (std::cmp::Reverse(*at), *index));
        all.into_iter().map(|(_, index, way)| (index, way)).collect()
    }

    /// The situations in which what is owed begins to be so: on day 0, or anywhere.
    fn begins(&self, from_start: bool) -> Vec<bool> {
        let mut begins = vec![false; self.owed.len()];
        if !from_start {
            for (_, edges) in self.explored.next.iter().enumerate().filter(|(from, _)| !self.owed[*from]) {
                edges.iter().for_each(|edge| begins[edge.to] = true);
            }
        }
        for (index, situation) in self.explored.situations.iter().enumerate() {
            // What is owed at the very start has begun there.
            begins[index] |= match situation.from {
                None => true,
                Some(from) => !from_start && !self.owed[from],
            };
        }
        begins
    }

    /// Limits of stages that were left and can be resumed, where their time is counted: what has run of them before counts for
    /// the whole here.
    fn kept(&self, index: usize, counted: &BTreeSet<Force>) -> Seconds {
        let machine = &self.explorer.machine;
        let tracks = self.explored.situations[index].state.tracks.iter().filter(|track| track.active());
        let kept = tracks.flat_map(|track| track.kept.iter().map(move |(stage, _)| (track.scope, *stage)));
        let limits = kept.filter_map(|(scope, stage)| {
            let place = crate::model::Place::Stage(stage);
            let is_counted = counted.iter().any(|force| matches!(force, Force::Visit(_, _, at, _) if *at == place));
            let resumed = machine.playbook.transitions.iter().any(|known| known.resume && known.target == place);
            if resumed && is_counted {
                crate::run::clock::limits(machine, scope, Some(place)).0.into_iter().max()
            } else {
                None
            }
        });
        limits.fold(0, Seconds::saturating_add)
    }

    fn loops_on_itself(&self, index: usize) -> bool {
        self.explored.next.get(index).into_iter().flatten().any(|edge| edge.to == index)
    }

    /// The last edge of the shortest way to a situation of a component.
    fn way_indices(&self, from: usize, to: usize, inside: &BTreeSet<usize>) -> Option<(usize, usize)> {
        let mut before: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        let mut queue = VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            for (number, edge) in self.explored.next.get(at).into_iter().flatten().enumerate() {
                if inside.contains(&edge.to) && edge.to != from && !before.contains_key(&edge.to) {
                    before.insert(edge.to, (at, number));
                    queue.push_back(edge.to);
                }
            }
        }
        before.get(&to).copied()
    }
}
