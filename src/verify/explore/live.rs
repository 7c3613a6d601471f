//! What of a situation may still be looked at. A fact, a record or a count that nothing on any way ahead reads only tells
//! situations apart that have the same future (live variables; M. Bozga, J.-C. Fernandez, L. Ghirvu, *State space reduction
//! based on live variables analysis for asynchronous systems*, SAS 1999).
//!
//! For each place it is worked out once what it and the places ahead of it read: which facts, whether tasks were settled
//! before, how often bounded ways were taken, what is kept of stages that are resumed, which conditions have lasted. What a
//! condition says of the service alone is decided for each service: a way that is not for it leads nowhere.

use super::domain::assignments;
use crate::model::{
    Atom, Expr, FactId, FactScope, LetId, Node, Place, Playbook, ScopeId, ServiceId, Since, StageId, SustainedId,
    TaskId, TransitionId, Work,
};
use crate::run::Machine;
use crate::run::machine::guard;
use crate::run::state::{State, Track};
use crate::value::Value;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// Something that may be looked at. What is not said to be of any service is the customer's or that of the track's own one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Fact(FactId),
    FactOfAny(FactId),
    /// Whether a task was settled before it is offered.
    Task(TaskId),
    /// How often a bounded way was taken.
    Taken(TransitionId),
    /// What is kept of a stage that may be resumed.
    Kept(StageId),
    /// Since when a condition holds.
    Lasting(SustainedId),
    LastingOfAny(SustainedId),
}

/// A set of items, by number.
type Items = Vec<u64>;

/// More than so many sets times items are not worked out.
const MOST: usize = 1 << 26;

/// What may still be looked at, of a playbook and a question.
#[derive(Debug)]
pub struct Live {
    numbers: BTreeMap<Item, usize>,
    /// By scope: what its key inputs read.
    inputs: Vec<Items>,
    /// What the question reads.
    asked: Items,
    /// What each node and those ahead of it read: for the customer (0) and each service (1 + index), once it is needed.
    ahead: Vec<OnceLock<Vec<Items>>>,
    /// Facts that the playbook sets.
    set: Vec<bool>,
    /// Whether anything is left out at all.
    on: bool,
}

/// What may still be looked at from a situation on.
#[derive(Debug)]
pub struct Left<'l> {
    live: &'l Live,
    /// By any track.
    any: Items,
    /// By each active track, in order.
    tracks: Vec<(Option<ServiceId>, Items)>,
}

#[cfg(test)]
thread_local! {
    static OFF: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Does something with nothing left out.
#[cfg(test)]
pub fn with_all<T>(does: impl FnOnce() -> T) -> T {
    OFF.set(true);
    let done = does();
    OFF.set(false);
    done
}

/// Whether nothing may be left out.
#[must_use]
pub fn is_off() -> bool {
    #[cfg(test)]
    return OFF.get();
    #[cfg(not(test))]
    false
}

impl Live {
    /// Of a playbook as it is explored, and the conditions that are asked about it.
    #[must_use]
    pub fn new(machine: &Machine, asked: &[&Expr]) -> Live {
        let playbook = &machine.playbook;
        let mut set = vec![false; playbook.facts.len()];
        assignments(playbook, &mut |fact, _| set[fact.index()] = true);
        playbook.histories.iter().for_each(|(fact, _)| set[fact.index()] = true);
        let mut live = Live {
            numbers: BTreeMap::new(),
            inputs: Vec::new(),
            asked: Items::new(),
            ahead: (0..=playbook.services.len()).map(|_| OnceLock::new()).collect(),
            set,
            on: !is_off(),
        };
        let inputs: Vec<BTreeSet<Item>> = playbook
            .scopes
            .iter()
            .map(|scope| {
                let mut items = BTreeSet::new();
                let inputs = scope.inputs.iter().filter_map(|input| input.condition.as_ref());
                inputs.for_each(|input| read(playbook, input, (None, false), &mut items));
                items
            })
            .collect();
        let own = reads(machine, None);
        let mut always = BTreeSet::new();
        asked.iter().for_each(|expr| read(playbook, expr, (None, true), &mut always));
        asked.iter().for_each(|expr| read(playbook, expr, (None, false), &mut always));
        let all: BTreeSet<Item> = own.iter().chain(&inputs).chain([&always]).flatten().copied().collect();
        live.on &= all.len().saturating_mul(own.len()) <= MOST;
        live.numbers = all.into_iter().enumerate().map(|(number, item)| (item, number)).collect();
        live.inputs = inputs.iter().map(|items| live.items(items)).collect();
        live.asked = live.items(&always);
        live
    }

    fn items(&self, all: &BTreeSet<Item>) -> Items {
        let mut items = vec![0; self.numbers.len().div_ceil(64)];
        for number in all.iter().filter_map(|item| self.numbers.get(item)) {
            items[number / 64] |= 1 << (number % 64);
        }
        items
    }

    fn holds(&self, items: &Items, item: Item) -> bool {
        self.numbers.get(&item).is_some_and(|number| items[number / 64] >> (number % 64) & 1 == 1)
    }

    /// What each node and those ahead of it read, for tracks of a service.
    fn ahead(&self, machine: &Machine, service: Option<ServiceId>) -> &[Items] {
        self.ahead[service.map_or(0, |service| service.index() + 1)].get_or_init(|| {
            let (edges, own) = (edges(machine, service), reads(machine, service));
            let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(edges.len(), edges.len());
            edges.iter().for_each(|_| {
                graph.add_node(());
            });
            for (from, to) in edges.iter().enumerate() {
                to.iter().for_each(|to| {
                    graph.add_edge(NodeIndex::new(from), NodeIndex::new(*to), ());
                });
            }
            let none = vec![0; self.numbers.len().div_ceil(64)];
            let mut items = vec![none.clone(); edges.len()];
            // Components come in reverse topological order: what is ahead of them is known already.
            for component in tarjan_scc(&graph) {
                let mut all = none.clone();
                for at in component.iter().map(|node| node.index()) {
                    union(&mut all, &self.items(&own[at]));
                    edges[at].iter().for_each(|to| union(&mut all, &items[*to]));
                }
                component.iter().for_each(|node| items[node.index()].clone_from(&all));
            }
            items
        })
    }

    /// What may still be looked at from a situation on; none where all may be.
    #[must_use]
    pub fn left<'l>(&'l self, machine: &Machine, state: &State) -> Option<Left<'l>> {
        if !self.on || state.tracks.is_empty() {
            return None;
        }
        let mut left = Left { live: self, any: self.asked.clone(), tracks: Vec::new() };
        for track in state.tracks.iter().filter(|track| track.active()) {
            let mut items = self.ahead(machine, track.service)[node_of(&machine.playbook, track)].clone();
            if !track.inputs_met {
                union(&mut items, &self.inputs[track.scope.index()]);
            }
            union(&mut left.any, &items);
            left.tracks.push((track.service, items));
        }
        Some(left)
    }
}

impl Left<'_> {
    fn has(&self, service: Option<ServiceId>, own: Item, of_any: Item) -> bool {
        let live = self.live;
        let tracks = || self.tracks.iter().filter(|(of, _)| service.is_none() || *of == service);
        live.holds(&live.asked, own)
            || live.holds(&self.any, of_any)
            || tracks().any(|(_, items)| live.holds(items, own))
    }

    /// Whether a fact is never looked at any more.
    #[must_use]
    pub fn is_dead(&self, service: Option<ServiceId>, fact: FactId) -> bool {
        // What the playbook sets itself tells whether a track goes round in no time.
        !self.live.set[fact.index()] && !self.has(service, Item::Fact(fact), Item::FactOfAny(fact))
    }

    /// Whether it may still be looked at since when a condition holds.
    #[must_use]
    pub fn lasts(&self, service: Option<ServiceId>, condition: SustainedId) -> bool {
        self.has(service, Item::Lasting(condition), Item::LastingOfAny(condition))
    }

    /// Whether it may still be looked at how a task of a service, or of the customer, was settled.
    #[must_use]
    pub fn minds(&self, service: Option<ServiceId>, task: TaskId) -> bool {
        self.tracks.iter().any(|(of, items)| *of == service && self.live.holds(items, Item::Task(task)))
    }

    /// Whether it still matters to an active track, by its number among these, how often a way was taken.
    #[must_use]
    pub fn counts(&self, track: usize, way: TransitionId) -> bool {
        self.live.holds(&self.tracks[track].1, Item::Taken(way))
    }

    /// Whether an active track, by its number among these, may still resume a stage.
    #[must_use]
    pub fn resumes(&self, track: usize, stage: StageId) -> bool {
        self.live.holds(&self.tracks[track].1, Item::Kept(stage))
    }
}

/// Which tracks may still come to some places.
#[derive(Debug)]
pub struct Leads {
    /// By the customer (0) and each service (1 + index), then by node.
    leads: Vec<Vec<bool>>,
}

impl Leads {
    /// To these places.
    #[must_use]
    pub fn to(machine: &Machine, targets: &BTreeSet<Place>) -> Leads {
        let playbook = &machine.playbook;
        let services = (0..playbook.services.len()).map(|index| Some(ServiceId(index as u32)));
        let of = |service: Option<ServiceId>| {
            let ways = edges(machine, service);
            let mut before: Vec<Vec<usize>> = vec![Vec::new(); ways.len()];
            for (from, to) in ways.iter().enumerate() {
                to.iter().for_each(|to| before[*to].push(from));
            }
            let mut leads = vec![false; ways.len()];
            let mut open: Vec<usize> = targets.iter().map(|place| node(playbook, *place)).collect();
            while let Some(at) = open.pop() {
                if !std::mem::replace(&mut leads[at], true) {
                    open.extend(&before[at]);
                }
            }
            leads
        };
        Leads { leads: std::iter::once(None).chain(services).map(of).collect() }
    }

    /// Whether a track may come there from where it is, or is there.
    #[must_use]
    pub fn may_come(&self, playbook: &Playbook, track: &Track) -> bool {
        self.leads[track.service.map_or(0, |service| service.index() + 1)][node_of(playbook, track)]
    }
}

/// How many nodes there are: the start of each scope, stages, blocks, ends, and blocks as they are entered, with what runs in
/// them.
fn nodes(playbook: &Playbook) -> usize {
    playbook.scopes.len() + playbook.stages.len() + 2 * playbook.blocks.len() + playbook.ends.len()
}

fn node(playbook: &Playbook, place: Place) -> usize {
    let stages = playbook.scopes.len();
    let blocks = stages + playbook.stages.len();
    match place {
        Place::Stage(stage) => stages + stage.index(),
        Place::Block(block) => blocks + block.index(),
        Place::End(end) => blocks + playbook.blocks.len() + end.index(),
    }
}

fn node_of(playbook: &Playbook, track: &Track) -> usize {
    track.place.map_or(track.scope.index(), |place| node(playbook, place))
}

/// By node: those that follow, for tracks of a service.
fn edges(machine: &Machine, service: Option<ServiceId>) -> Vec<Vec<usize>> {
    let playbook = &machine.playbook;
    let mut edges = vec![Vec::new(); nodes(playbook)];
    let entered = nodes(playbook) - playbook.blocks.len();
    let taken = |id: &TransitionId| {
        let way = &playbook.transitions[id.index()];
        if guard(&way.trigger).is_some_and(|guard| own_truth(playbook, service, guard, 0) == Some(false)) {
            return None;
        }
        Some(match way.target {
            Place::Block(block) => entered + block.index(),
            place => node(playbook, place),
        })
    };
    for (at, scope) in playbook.scopes.iter().enumerate() {
        edges[at].extend(scope.start.iter().chain(&scope.everywhere).filter_map(taken));
        for place in &scope.places {
            edges[node(playbook, *place)].extend(machine.graph.exits(*place).iter().filter_map(|id| taken(&id)));
        }
    }
    for (at, block) in playbook.blocks.iter().enumerate() {
        edges[entered + at].extend(block.scopes.iter().map(|scope: &ScopeId| scope.index()));
        edges[entered + at].push(playbook.scopes.len() + playbook.stages.len() + at);
    }
    edges
}

/// The truth of a condition as far as it depends on the track's own service alone.
fn own_truth(playbook: &Playbook, service: Option<ServiceId>, condition: &Expr, depth: u8) -> Option<bool> {
    if depth > 32 {
        return None;
    }
    let of = |part: &Expr| own_truth(playbook, service, part, depth + 1);
    match &condition.node {
        Node::Constant(Value::YesNo(known)) => Some(*known),
        Node::Let(id) => of(&playbook.lets[id.index()].value),
        Node::Not(part) => Some(!of(part)?),
        Node::And(parts) if parts.iter().any(|part| of(part) == Some(false)) => Some(false),
        Node::And(parts) => parts.iter().all(|part| of(part) == Some(true)).then_some(true),
        Node::Or(parts) if parts.iter().any(|part| of(part) == Some(true)) => Some(true),
        Node::Or(parts) => parts.iter().all(|part| of(part) == Some(false)).then_some(false),
        Node::ServiceIn(part, set, _) if matches!(part.node, Node::Atom(Atom::Service | Atom::ThisService)) => {
            Some(set.contains(service?))
        }
        _ => None,
    }
}

/// What a condition or value looks at, for tracks of a service, and whether within a quantifier. A part whose truth the
/// service alone decides is looked at no further.
fn read(
    playbook: &Playbook,
    expr: &Expr,
    (service, quantified): (Option<ServiceId>, bool),
    items: &mut BTreeSet<Item>,
) {
    fn on(
        playbook: &Playbook,
        expr: &Expr,
        (service, quantified): (Option<ServiceId>, bool),
        seen: &mut BTreeSet<(LetId, bool)>,
        items: &mut BTreeSet<Item>,
    ) {
        let quantified = quantified || matches!(expr.node, Node::Quantified(..));
        if !quantified && service.is_some() && own_truth(playbook, service, expr, 0).is_some() {
            return;
        }
        match &expr.node {
            Node::Atom(
                Atom::Fact(fact) | Atom::Unknown(fact) | Atom::Change(fact, _) | Atom::Since(_, Since::Fact(fact), ..),
            ) => {
                let of_service = playbook.facts[fact.index()].scope == FactScope::Service;
                items.insert(if quantified && of_service { Item::FactOfAny(*fact) } else { Item::Fact(*fact) });
            }
            Node::Atom(Atom::Sustained(id)) => {
                let sustained = &playbook.sustained[id.index()];
                let of_any = quantified && sustained.of_service;
                if items.insert(if of_any { Item::LastingOfAny(*id) } else { Item::Lasting(*id) }) {
                    on(playbook, &sustained.condition, (None, quantified), seen, items);
                }
            }
            Node::Let(id) if seen.insert((*id, quantified)) => {
                on(playbook, &playbook.lets[id.index()].value, (service, quantified), seen, items);
            }
            _ => {}
        }
        expr.parts(&mut |part| on(playbook, part, (service, quantified), seen, items));
    }
    on(playbook, expr, (service, quantified), &mut BTreeSet::new(), items);
}

/// What each node reads itself, for tracks of a service.
fn reads(machine: &Machine, service: Option<ServiceId>) -> Vec<BTreeSet<Item>> {
    let playbook = &machine.playbook;
    let mut all = vec![BTreeSet::new(); nodes(playbook)];
    for (at, scope) in playbook.scopes.iter().enumerate() {
        let conditions = |all: &'_ [crate::model::Clause]| -> Vec<Expr> {
            all.iter().filter_map(|clause| clause.condition.clone()).collect()
        };
        for input in conditions(&scope.inputs) {
            read(playbook, &input, (service, false), &mut all[at]);
        }
        scope.start.iter().chain(&scope.everywhere).for_each(|id| reads_way(playbook, *id, service, &mut all[at]));
        for place in &scope.places {
            let own = &mut all[node(playbook, *place)];
            match place {
                Place::End(_) => {
                    for output in conditions(&scope.outputs) {
                        read(playbook, &output, (service, false), own);
                    }
                }
                Place::Stage(stage) => reads_stage(playbook, *stage, service, own),
                Place::Block(_) => {}
            }
            machine.graph.exits(*place).iter().for_each(|id| reads_way(playbook, id, service, own));
        }
    }
    all
}

fn reads_way(playbook: &Playbook, id: TransitionId, service: Option<ServiceId>, items: &mut BTreeSet<Item>) {
    let way = &playbook.transitions[id.index()];
    if let Some(guard) = guard(&way.trigger) {
        if service.is_some() && own_truth(playbook, service, guard, 0) == Some(false) {
            return;
        }
        read(playbook, guard, (service, false), items);
    }
    if way.limit.is_some() {
        items.insert(Item::Taken(id));
    }
    if let (true, Place::Stage(stage)) = (way.resume, way.target) {
        items.insert(Item::Kept(stage));
    }
}

fn reads_stage(playbook: &Playbook, stage: StageId, service: Option<ServiceId>, items: &mut BTreeSet<Item>) {
    let stage = &playbook.stages[stage.index()];
    stage.needs.iter().for_each(|needs| read(playbook, &needs.condition, (service, false), items));
    reads_body(playbook, &stage.body, (service, true), items);
    for id in &stage.cadences {
        reads_body(playbook, &playbook.cadences[id.index()].body, (service, false), items);
    }
}

/// What work reads; `own` is that of the stage itself, not of a round.
fn reads_body(
    playbook: &Playbook,
    body: &[Work],
    (service, own): (Option<ServiceId>, bool),
    items: &mut BTreeSet<Item>,
) {
    for work in body {
        match work {
            Work::Task(id) => {
                let offer = &playbook.offers[id.index()];
                offer.when.iter().for_each(|when| read(playbook, when, (service, false), items));
                // A round, and a task that is done again, asks nothing of what was before.
                if own && !offer.again {
                    items.insert(Item::Task(offer.task));
                }
            }
            Work::Set(assignment) => read(playbook, &assignment.value, (service, false), items),
            Work::Together(inner) => reads_body(playbook, inner, (service, own), items),
            Work::Step(_) => {}
        }
    }
}

fn union(into: &mut Items, from: &Items) {
    into.iter_mut().zip(from).for_each(|(into, from)| *into |= from);
}
