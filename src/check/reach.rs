//! Where customers and services can get to, as far as the graph and the names of services in guards tell.

use super::conditions::{self, Services};
use crate::graph::{Node, StateGraph};
use crate::model::{CUSTOMER, Place, Playbook, ScopeId, ScopeKind, TransitionId, Trigger};
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::EdgeRef;

/// Which nodes can be reached.
pub(super) struct Reach {
    /// By node: whether transitions lead there, whatever their guards say.
    reached: Vec<bool>,
    /// By node: the services that may get there. Outside `each service` all bits are set.
    services: Vec<u128>,
    /// By transition: the services its guard may hold for.
    guards: Vec<u128>,
}

impl Reach {
    pub fn new(playbook: &Playbook, graph: &StateGraph) -> Reach {
        let count = graph.graph().node_count();
        let mut reach = Reach { reached: vec![false; count], services: vec![0; count], guards: guards(playbook) };
        let declared = match playbook.services.len() {
            128.. => u128::MAX,
            count => (1_u128 << count) - 1,
        };
        let mut waiting = Vec::new();
        reach.arrive(graph.start_node(CUSTOMER), u128::MAX, &mut waiting);
        while let Some(at) = waiting.pop() {
            let here = reach.services[at.index()];
            match graph.graph().node_weight(at) {
                Some(Node::Start(scope)) => reach.open(playbook, graph, *scope, here, &mut waiting),
                Some(Node::Place(Place::Block(block))) => {
                    for scope in graph.runs(*block) {
                        let each = playbook.scopes[scope.index()].kind == ScopeKind::EachService;
                        let inside = if each { declared } else { here };
                        reach.arrive(graph.start_node(*scope), inside, &mut waiting);
                    }
                }
                Some(Node::Place(_)) | None => {}
            }
            for edge in graph.graph().edges(at) {
                let passing = here & reach.guards[edge.weight().transition.index()];
                reach.arrive(edge.target(), passing, &mut waiting);
            }
        }
        reach
    }

    /// A scope whose start is missing is taken to begin anywhere: its missing start is reported, and nothing else.
    fn open(
        &mut self,
        playbook: &Playbook,
        graph: &StateGraph,
        scope: ScopeId,
        here: u128,
        waiting: &mut Vec<NodeIndex>,
    ) {
        if graph.start(scope).is_empty() {
            for place in &playbook.scopes[scope.index()].places {
                self.arrive(graph.node(*place), here, waiting);
            }
        }
    }

    fn arrive(&mut self, node: NodeIndex, services: u128, waiting: &mut Vec<NodeIndex>) {
        let index = node.index();
        let all = self.services[index] | services;
        if !self.reached[index] || all != self.services[index] {
            self.reached[index] = true;
            self.services[index] = all;
            waiting.push(node);
        }
    }

    /// Whether transitions lead to a node, whatever their guards say.
    pub fn is_reached(&self, node: NodeIndex) -> bool {
        self.reached[node.index()]
    }

    /// The services that may get to a node, by bits; all bits outside `each service`.
    pub fn services(&self, node: NodeIndex) -> u128 {
        self.services[node.index()]
    }

    /// The services the guard of a transition may hold for, by bits.
    pub fn guard(&self, transition: TransitionId) -> u128 {
        self.guards[transition.index()]
    }
}

/// By transition: for which services its guard may hold. `otherwise` is left to those no other guard is certain of.
fn guards(playbook: &Playbook) -> Vec<u128> {
    let lets = conditions::lets(playbook);
    let of = |trigger: &Trigger| match conditions::guard(trigger) {
        Some(guard) => conditions::services(guard, &lets),
        None => Services { possible: u128::MAX, certain: 0 },
    };
    let mut guards: Vec<u128> =
        playbook.transitions.iter().map(|transition| of(&transition.trigger).possible).collect();
    let starts = playbook.scopes.iter().map(|scope| &scope.start);
    let stages = playbook.stages.iter().map(|stage| &stage.exits);
    let blocks = playbook.blocks.iter().map(|block| &block.exits);
    for exits in starts.chain(stages).chain(blocks) {
        let mut taken = 0;
        for id in exits {
            let trigger = &playbook.transitions[id.index()].trigger;
            if matches!(trigger, Trigger::Completion(Some(_))) {
                taken |= of(trigger).certain;
            }
        }
        for id in exits {
            if matches!(playbook.transitions[id.index()].trigger, Trigger::Otherwise) {
                guards[id.index()] = !taken;
            }
        }
    }
    guards
}
