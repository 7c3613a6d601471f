//! Which ways customers can go, as far as it is up to the playbook itself: what its stages set, which tasks they offer,
//! and where tracks can be at the same time.
//!
//! An abstract interpretation (P. Cousot and R. Cousot, *Abstract interpretation: a unified lattice model*, POPL 1977) of
//! the state graph: each place holds a few [`Known`] states, each saying what may be known of a customer who is there.
//! Facts of the world that may change at any time may be anything. Everything errs on one side: a way that is called
//! impossible here is one no customer goes whose tasks are done where they are offered; a way that is called possible
//! may still turn out to be none.

mod known;
mod reasons;
mod truth;
mod walk;

pub(super) use known::{ANY, Known, Variables, constant};
pub(super) use reasons::{Reason, why_not};
pub(super) use truth::Env;

use super::Subject;
use crate::model::{BlockId, Place, Playbook, ScopeId, ScopeKind, TransitionId};
use petgraph::stable_graph::NodeIndex;
use std::collections::BTreeSet;

/// A state that was found, and how.
pub(super) struct Found {
    /// What may be known there.
    pub known: Known,
    /// The state before it and the transition taken; none where a scope begins.
    pub from: Option<(usize, TransitionId)>,
    /// Where it is.
    pub node: NodeIndex,
}

/// What can be told of the ways through a playbook.
pub(super) struct Flow {
    /// The facts and tasks that are followed.
    pub variables: Variables,
    /// All states that were found, in the order they were found.
    pub found: Vec<Found>,
    /// By state: whether somebody goes on from it.
    pub moves: Vec<bool>,
    /// By node: its states.
    pub at: Vec<Vec<usize>>,
    /// Transitions somebody can take, by the node they leave.
    pub taken: BTreeSet<(NodeIndex, TransitionId)>,
    /// By node: whether its needs can be met. True where there are none.
    pub needs: Vec<bool>,
    /// By followed fact: every value it can ever have.
    pub ever: Vec<u64>,
    /// By observed task: whether it can be offered anywhere.
    pub offered: u128,
    /// By followed fact: scopes beside which it may be set at any time.
    shared: Vec<BTreeSet<ScopeId>>,
    /// For which services each `let` may hold.
    lets: Vec<super::conditions::Services>,
    /// By block: whether all that runs in it can come to an end.
    pub joins: Vec<bool>,
}

impl Flow {
    /// Whether somebody can get to a node.
    pub fn reached(&self, node: NodeIndex) -> bool {
        !self.at[node.index()].is_empty()
    }

    /// Whether somebody can take a transition from a node.
    pub fn takes(&self, node: NodeIndex, transition: TransitionId) -> bool {
        self.taken.contains(&(node, transition))
    }

    /// By node: whether an end of its scope can be reached from it.
    pub fn can_end(&self, subject: &Subject<'_>) -> Vec<bool> {
        let graph = subject.graph.graph();
        let mut can = vec![false; graph.node_count()];
        let mut before: Vec<Vec<NodeIndex>> = vec![Vec::new(); graph.node_count()];
        for (node, transition) in &self.taken {
            let target = subject.graph.node(subject.playbook.transitions[transition.index()].target);
            before[target.index()].push(*node);
        }
        let mut waiting: Vec<NodeIndex> = graph
            .node_indices()
            .filter(|node| matches!(graph[*node], crate::graph::Node::Place(Place::End(_))) && self.reached(*node))
            .collect();
        waiting.iter().for_each(|node| can[node.index()] = true);
        while let Some(at) = waiting.pop() {
            for node in &before[at.index()] {
                if !std::mem::replace(&mut can[node.index()], true) {
                    waiting.push(*node);
                }
            }
        }
        can
    }

    /// What a condition is looked at with, at a place or (without one) at the start of a scope.
    pub fn env<'a>(
        &'a self,
        subject: &'a Subject<'_>,
        known: &'a Known,
        scope: ScopeId,
        place: Option<Place>,
    ) -> Env<'a> {
        Env { playbook: subject.playbook, graph: subject.graph, flow: self, known, scope, place, quantified: false }
    }

    /// The places on the way to a state, first to last, with the transitions taken.
    pub fn way(&self, state: usize) -> Vec<(NodeIndex, Option<TransitionId>)> {
        let mut way = Vec::new();
        let mut at = Some((state, None));
        while let Some((state, transition)) = at {
            way.push((self.found[state].node, transition));
            at = self.found[state].from.map(|(before, by)| (before, Some(by)));
            if way.len() > 10_000 {
                break;
            }
        }
        way.reverse();
        way
    }
}

/// The block a scope runs in, and the scope that block stands in.
pub(super) fn around(playbook: &Playbook, scope: ScopeId) -> Option<(BlockId, ScopeId)> {
    let block = playbook.scopes[scope.index()].block?;
    Some((block, playbook.blocks[block.index()].scope))
}

/// A scope and those around it, inner first, each with the block of the next one it runs in.
pub(super) fn outward(playbook: &Playbook, scope: ScopeId) -> impl Iterator<Item = (ScopeId, Option<BlockId>)> + '_ {
    std::iter::successors(Some((scope, playbook.scopes[scope.index()].block)), |(scope, _)| {
        around(playbook, *scope).map(|(_, outer)| (outer, playbook.scopes[outer.index()].block))
    })
}

/// Whether two scopes can run at the same time: in different branches of one block, or for different services.
pub(super) fn concurrent(playbook: &Playbook, one: ScopeId, other: ScopeId) -> bool {
    let each = |scope: ScopeId| {
        outward(playbook, scope).find(|(scope, _)| playbook.scopes[scope.index()].kind == ScopeKind::EachService)
    };
    if let (Some((one, _)), Some((other, _))) = (each(one), each(other))
        && one == other
    {
        return true;
    }
    side_by_side(playbook, one, other)
}

/// Whether two scopes run in different branches of one block.
pub(super) fn side_by_side(playbook: &Playbook, one: ScopeId, other: ScopeId) -> bool {
    outward(playbook, one).any(|(inner, block)| {
        block.is_some()
            && outward(playbook, other).any(|(beside, beside_block)| beside_block == block && beside != inner)
    })
}

/// Whether a scope is `outer` or runs within it.
pub(super) fn within(playbook: &Playbook, scope: ScopeId, outer: ScopeId) -> bool {
    outward(playbook, scope).any(|(scope, _)| scope == outer)
}

/// Whether a scope runs within a block.
pub(super) fn within_block(playbook: &Playbook, scope: ScopeId, block: BlockId) -> bool {
    outward(playbook, scope).any(|(_, around)| around == Some(block))
}

/// Whether a condition reads a fact, named values included.
pub(super) fn slot_reads(playbook: &Playbook, condition: &crate::model::Expr, fact: crate::model::FactId) -> bool {
    use crate::model::{Atom, Node};
    fn reads(playbook: &Playbook, part: &crate::model::Expr, fact: crate::model::FactId, depth: usize) -> bool {
        let mut found = match &part.node {
            Node::Atom(Atom::Fact(known) | Atom::Unknown(known) | Atom::Change(known, _)) => *known == fact,
            Node::Atom(Atom::Since(_, crate::model::Since::Fact(known), ..)) => *known == fact,
            Node::Atom(Atom::Sustained(id)) if depth < 64 => {
                reads(playbook, &playbook.sustained[id.index()].condition, fact, depth + 1)
            }
            Node::Let(id) if depth < 64 => reads(playbook, &playbook.lets[id.index()].value, fact, depth + 1),
            _ => false,
        };
        part.parts(&mut |part| found = found || reads(playbook, part, fact, depth));
        found
    }
    reads(playbook, condition, fact, 0)
}
