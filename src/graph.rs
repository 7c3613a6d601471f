//! The state graph: the resolved playbook as nodes and edges, each edge keeping its place in the source.
//!
//! Every stage, block and end is a node, and so is the start of every scope. Transitions written on a whole scope become
//! an edge from every stage and block of it but their target. What runs inside a block is said by containment
//! ([`StateGraph::runs`]), not by edges: the graph of each scope is a piece of its own.

pub mod dot;
pub mod json;
pub mod layout;
pub mod lifecycle;
pub mod mermaid;
pub mod picture;
pub mod svg;

use crate::model::{BlockId, EndId, Place, Playbook, ScopeId, StageId, TransitionId, Trigger};
use crate::source::Span;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};

/// A node: where a scope begins, or where its position can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    /// Where a scope begins.
    Start(ScopeId),
    /// A stage, a block or an end.
    Place(Place),
}

/// What kind of transition an edge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeClass {
    /// From the start of a scope.
    Start,
    /// When the work is done.
    Completion,
    /// When the work is done and every other guard is false.
    Otherwise,
    /// As soon as a condition holds.
    Whenever,
    /// At an event.
    On,
    /// After a time.
    After,
    /// When a cadence is spent.
    AfterLastRound,
    /// From an end into the playbook it continues in.
    Continues,
}

impl EdgeClass {
    /// The class of a transition with this trigger, at a start or elsewhere.
    #[must_use]
    pub fn of(trigger: &Trigger, start: bool) -> EdgeClass {
        match trigger {
            _ if start => EdgeClass::Start,
            Trigger::Completion(_) => EdgeClass::Completion,
            Trigger::Otherwise => EdgeClass::Otherwise,
            Trigger::Whenever(_) => EdgeClass::Whenever,
            Trigger::On(..) => EdgeClass::On,
            Trigger::After(_) => EdgeClass::After,
            Trigger::AfterLastRound(_) => EdgeClass::AfterLastRound,
        }
    }
}

/// An edge: a transition from one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The transition.
    pub transition: TransitionId,
    /// Its kind.
    pub class: EdgeClass,
    /// Whether it is written on the whole scope.
    pub inherited: bool,
    /// Whether the target keeps its clocks and rounds.
    pub resume: bool,
    /// Where the transition stands.
    pub span: Span,
}

/// The ways out of a stage or block by class. In each list the place's own transitions come first in declared order, then
/// those written on its scope.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exits {
    /// `whenever`.
    pub whenever: Vec<TransitionId>,
    /// `on`.
    pub on: Vec<TransitionId>,
    /// `->`, with and without `when`, and `otherwise`.
    pub completion: Vec<TransitionId>,
    /// `after DURATION` and `after last round`.
    pub after: Vec<TransitionId>,
}

impl Exits {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = TransitionId> + '_ {
        [&self.whenever, &self.on, &self.completion, &self.after].into_iter().flatten().copied()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    fn add(&mut self, transition: TransitionId, trigger: &Trigger) {
        match trigger {
            Trigger::Completion(_) | Trigger::Otherwise => &mut self.completion,
            Trigger::Whenever(_) => &mut self.whenever,
            Trigger::On(..) => &mut self.on,
            Trigger::After(_) | Trigger::AfterLastRound(_) => &mut self.after,
        }
        .push(transition);
    }
}

/// The state graph of a playbook.
#[derive(Debug, Clone)]
pub struct StateGraph {
    graph: StableDiGraph<Node, Edge>,
    starts: Vec<NodeIndex>,
    stages: Vec<NodeIndex>,
    blocks: Vec<NodeIndex>,
    ends: Vec<NodeIndex>,
    stage_exits: Vec<Exits>,
    block_exits: Vec<Exits>,
    start_transitions: Vec<Vec<TransitionId>>,
    runs: Vec<Vec<ScopeId>>,
    no_exits: Exits,
}

impl StateGraph {
    /// The graph of a playbook.
    #[must_use]
    pub fn new(playbook: &Playbook) -> StateGraph {
        let mut graph = StableDiGraph::new();
        let starts = (0..playbook.scopes.len()).map(|id| graph.add_node(Node::Start(ScopeId(id as u32)))).collect();
        let mut nodes = |count: usize, place: fn(u32) -> Place| -> Vec<NodeIndex> {
            (0..count).map(|id| graph.add_node(Node::Place(place(id as u32)))).collect()
        };
        let stages = nodes(playbook.stages.len(), |id| Place::Stage(StageId(id)));
        let blocks = nodes(playbook.blocks.len(), |id| Place::Block(BlockId(id)));
        let ends = nodes(playbook.ends.len(), |id| Place::End(EndId(id)));
        let mut built = StateGraph {
            graph,
            starts,
            stages,
            blocks,
            ends,
            stage_exits: Vec::with_capacity(playbook.stages.len()),
            block_exits: Vec::with_capacity(playbook.blocks.len()),
            start_transitions: playbook.scopes.iter().map(|scope| scope.start.clone()).collect(),
            runs: playbook.blocks.iter().map(|block| block.scopes.clone()).collect(),
            no_exits: Exits::default(),
        };
        for (id, scope) in playbook.scopes.iter().enumerate() {
            for transition in &scope.start {
                built.add_edge(playbook, built.starts[id], *transition, true, false);
            }
        }
        for (id, stage) in playbook.stages.iter().enumerate() {
            let exits = built.leave(playbook, Place::Stage(StageId(id as u32)), &stage.exits, stage.scope);
            built.stage_exits.push(exits);
        }
        for (id, block) in playbook.blocks.iter().enumerate() {
            let exits = built.leave(playbook, Place::Block(BlockId(id as u32)), &block.exits, block.scope);
            built.block_exits.push(exits);
        }
        built
    }

    /// Adds the edges of one place and sorts its exits by class.
    fn leave(&mut self, playbook: &Playbook, place: Place, own: &[TransitionId], scope: ScopeId) -> Exits {
        let mut exits = Exits::default();
        let everywhere = playbook.scopes[scope.index()].everywhere.iter();
        let inherited = everywhere.filter(|id| playbook.transitions[id.index()].target != place).map(|id| (*id, true));
        let from = self.node(place);
        for (id, inherited) in own.iter().map(|id| (*id, false)).chain(inherited) {
            self.add_edge(playbook, from, id, false, inherited);
            exits.add(id, &playbook.transitions[id.index()].trigger);
        }
        exits
    }

    fn add_edge(&mut self, playbook: &Playbook, from: NodeIndex, id: TransitionId, start: bool, inherited: bool) {
        let transition = &playbook.transitions[id.index()];
        let class = EdgeClass::of(&transition.trigger, start);
        let edge = Edge { transition: id, class, inherited, resume: transition.resume, span: transition.span };
        let to = self.node(transition.target);
        self.graph.add_edge(from, to, edge);
    }

    /// The graph itself.
    #[must_use]
    pub fn graph(&self) -> &StableDiGraph<Node, Edge> {
        &self.graph
    }

    /// The node of a place of this playbook.
    #[must_use]
    pub fn node(&self, place: Place) -> NodeIndex {
        match place {
            Place::Stage(id) => self.stages[id.index()],
            Place::Block(id) => self.blocks[id.index()],
            Place::End(id) => self.ends[id.index()],
        }
    }

    /// The node where a scope of this playbook begins.
    #[must_use]
    pub fn start_node(&self, scope: ScopeId) -> NodeIndex {
        self.starts[scope.index()]
    }

    /// The ways out of a place; an end has none.
    #[must_use]
    pub fn exits(&self, place: Place) -> &Exits {
        match place {
            Place::Stage(id) => &self.stage_exits[id.index()],
            Place::Block(id) => &self.block_exits[id.index()],
            Place::End(_) => &self.no_exits,
        }
    }

    /// The transitions of a scope's start, in declared order.
    #[must_use]
    pub fn start(&self, scope: ScopeId) -> &[TransitionId] {
        &self.start_transitions[scope.index()]
    }

    /// The scopes a block runs: one with a track per service, or one per branch.
    #[must_use]
    pub fn runs(&self, block: BlockId) -> &[ScopeId] {
        &self.runs[block.index()]
    }
}

#[cfg(test)]
mod drawings;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{About, Calendar, EndKind, Named, Origin, Scope, ScopeKind, Stage, Text, Transition};
    use petgraph::visit::{EdgeRef, IntoEdgeReferences};

    fn named(name: &str) -> Named {
        let text = Text { main: name.to_owned(), translations: Vec::new() };
        Named { name: name.to_owned(), span: Span::default(), text }
    }

    fn stage(name: &str, exits: Vec<TransitionId>) -> Stage {
        Stage {
            name: named(name),
            scope: ScopeId(0),
            roles: Vec::new(),
            services: None,
            about: Vec::new(),
            motions: Vec::new(),
            links: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            needs: Vec::new(),
            body: Vec::new(),
            cadences: Vec::new(),
            first_match: false,
            exits,
            head: Span::default(),
            span: Span::default(),
        }
    }

    fn transition(origin: Origin, trigger: Trigger, target: Place) -> Transition {
        Transition { origin, trigger, target, resume: false, limit: None, span: Span::default() }
    }

    /// start -> a; a: -> end, after 1 day -> b; b: -> a; everywhere: after 2 days -> b.
    fn small() -> Playbook {
        let (a, b, end) = (Place::Stage(StageId(0)), Place::Stage(StageId(1)), Place::End(EndId(0)));
        let completion = || Trigger::Completion(None);
        let scope = Scope {
            kind: ScopeKind::Customer,
            name: named("small"),
            block: None,
            in_service: false,
            inputs: Vec::new(),
            outputs: Vec::new(),
            start: vec![TransitionId(0)],
            everywhere: vec![TransitionId(4)],
            places: vec![a, b, end],
        };
        Playbook {
            name: named("small"),
            about: About::default(),
            roles: Vec::new(),
            services: Vec::new(),
            groups: Vec::new(),
            events: Vec::new(),
            blocker_kinds: Vec::new(),
            facts: Vec::new(),
            parameters: Vec::new(),
            lets: Vec::new(),
            calendar: Calendar::default(),
            scopes: vec![scope],
            stages: vec![stage("a", vec![TransitionId(1), TransitionId(2)]), stage("b", vec![TransitionId(3)])],
            blocks: Vec::new(),
            ends: vec![crate::model::End {
                name: named("end"),
                scope: ScopeId(0),
                kind: EndKind::Success,
                continues: None,
                continues_limit: None,
            }],
            tasks: Vec::new(),
            offers: Vec::new(),
            cadences: Vec::new(),
            transitions: vec![
                transition(Origin::Start(ScopeId(0)), completion(), a),
                transition(Origin::Stage(StageId(0)), completion(), end),
                transition(
                    Origin::Stage(StageId(0)),
                    Trigger::After(crate::model::Length::Time(crate::value::Duration::days(1))),
                    b,
                ),
                transition(Origin::Stage(StageId(1)), completion(), a),
                transition(
                    Origin::Everywhere(ScopeId(0)),
                    Trigger::After(crate::model::Length::Time(crate::value::Duration::days(2))),
                    b,
                ),
            ],
            sustained: Vec::new(),
            histories: Vec::new(),
        }
    }

    #[test]
    fn exits_are_sorted_by_class_with_inherited_ones_last() {
        let graph = StateGraph::new(&small());
        let exits = graph.exits(Place::Stage(StageId(0)));
        assert_eq!(exits.completion, [TransitionId(1)]);
        assert_eq!(exits.after, [TransitionId(2), TransitionId(4)]);
        assert_eq!(exits.iter().collect::<Vec<_>>(), [TransitionId(1), TransitionId(2), TransitionId(4)]);
        assert!(graph.exits(Place::End(EndId(0))).is_empty());
        assert_eq!(graph.start(ScopeId(0)), [TransitionId(0)]);
    }

    #[test]
    fn what_holds_everywhere_does_not_lead_from_its_target_to_itself() {
        let graph = StateGraph::new(&small());
        assert!(graph.exits(Place::Stage(StageId(1))).after.is_empty());
        let inherited: Vec<_> = graph.graph().edge_references().filter(|edge| edge.weight().inherited).collect();
        assert_eq!(inherited.len(), 1);
        assert_eq!(graph.graph()[inherited[0].source()], Node::Place(Place::Stage(StageId(0))));
    }

    #[test]
    fn each_transition_is_an_edge_of_its_class() {
        let graph = StateGraph::new(&small());
        let mut classes: Vec<_> = graph.graph().edge_weights().map(|edge| (edge.transition.0, edge.class)).collect();
        classes.sort_unstable();
        assert_eq!(
            classes,
            [
                (0, EdgeClass::Start),
                (1, EdgeClass::Completion),
                (2, EdgeClass::After),
                (3, EdgeClass::Completion),
                (4, EdgeClass::After)
            ]
        );
    }
}
