//! Which mandatory tasks have been done for sure on the way to a place: by the ordinary course, and by all ways.
//!
//! Two forward dataflow analyses of the state graph of a scope (A. Aho, M. Lam, R. Sethi and J. Ullman, *Compilers*, 2nd
//! edition, §9.3), each meeting by intersection. What the ordinary course does on every way to a success is what the
//! playbook demands of everybody.

use super::Subject;
use crate::graph::EdgeClass;
use crate::model::{EndKind, OfferId, Place, ScopeId, ScopeKind, StageId, TaskId, TransitionId, Work};
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::EdgeRef;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

/// A set of the scope's mandatory tasks, by bits.
type Tasks = Vec<u64>;

/// How many tasks are followed at once: with all of them, memory would grow with the square of a large playbook.
const AT_ONCE: usize = 1024;

/// A way to a success without a task: the transitions in order, and which of them is no ordinary one, the last.
pub(super) struct Without {
    pub task: TaskId,
    pub offer: OfferId,
    pub end: Place,
    pub by: (NodeIndex, TransitionId),
    /// Whether `by` is taken when something comes in between, not when work is done.
    pub interrupts: bool,
}

/// Whether a transition of this class belongs to the ordinary course.
pub(super) fn ordinary(class: EdgeClass) -> bool {
    matches!(class, EdgeClass::Start | EdgeClass::Completion | EdgeClass::Otherwise)
}

struct ScopeWork<'a> {
    subject: &'a Subject<'a>,
    /// Nodes of the scope in an order in which most come after what leads to them.
    order: Vec<NodeIndex>,
    /// By node: the tasks whose completion it sees to.
    done: BTreeMap<NodeIndex, Vec<usize>>,
    tasks: Vec<(TaskId, OfferId)>,
}

impl<'a> ScopeWork<'a> {
    fn of(subject: &'a Subject<'a>, scope: ScopeId) -> ScopeWork<'a> {
        let start = subject.graph.start_node(scope);
        let mut order = Vec::new();
        let mut visit = petgraph::visit::DfsPostOrder::new(subject.graph.graph(), start);
        while let Some(node) = visit.next(subject.graph.graph()) {
            order.push(node);
        }
        order.reverse();
        let mut index: BTreeMap<TaskId, usize> = BTreeMap::new();
        let mut tasks = Vec::new();
        let mut done: BTreeMap<NodeIndex, Vec<usize>> = BTreeMap::new();
        for place in &subject.playbook.scopes[scope.index()].places {
            let node = subject.graph.node(*place);
            for (task, offer) in sure(subject, *place) {
                let at = *index.entry(task).or_insert_with(|| {
                    tasks.push((task, offer));
                    tasks.len() - 1
                });
                done.entry(node).or_default().push(at);
            }
        }
        ScopeWork { subject, order, done, tasks }
    }

    /// What has been done for sure on entry of all of these nodes that are reached; nothing where none is.
    fn done_before(&self, ends: &[NodeIndex], only_ordinary: bool) -> Option<Tasks> {
        let mut all = Tasks::new();
        for first in (0..self.tasks.len()).step_by(AT_ONCE) {
            let these = first..self.tasks.len().min(first + AT_ONCE);
            // All but the last fill their words, so that the words of all stand one after the other.
            all.extend(meet(&self.analyse(these, only_ordinary), ends)?);
        }
        Some(all)
    }

    /// Which of these tasks have been done for sure on entry of each node that is reached.
    fn analyse(&self, these: Range<usize>, only_ordinary: bool) -> BTreeMap<NodeIndex, Tasks> {
        let words = these.len().div_ceil(64);
        let mut known: BTreeMap<NodeIndex, Tasks> = BTreeMap::new();
        let Some(start) = self.order.first() else { return known };
        known.insert(*start, vec![0; words]);
        loop {
            let mut changed = false;
            for node in &self.order {
                let Some(here) = known.get(node).cloned() else { continue };
                let mut after = here.clone();
                for task in self.done.get(node).into_iter().flatten().filter(|task| these.contains(task)) {
                    let task = task - these.start;
                    after[task / 64] |= 1 << (task % 64);
                }
                for edge in self.subject.graph.graph().edges(*node) {
                    let class = edge.weight().class;
                    if !self.subject.flow().takes(*node, edge.weight().transition) || only_ordinary && !ordinary(class)
                    {
                        continue;
                    }
                    // What comes in between may find the task open. What leaves a block is looked at by itself.
                    let block = matches!(super::loops::place(self.subject, *node), Some(Place::Block(_)));
                    let passed = if ordinary(class) || block { &after } else { &here };
                    match known.get_mut(&edge.target()) {
                        None => {
                            known.insert(edge.target(), passed.clone());
                            changed = true;
                        }
                        Some(there) => {
                            for (there, passed) in there.iter_mut().zip(passed) {
                                changed |= *there & !passed != 0;
                                *there &= passed;
                            }
                        }
                    }
                }
            }
            if !changed {
                return known;
            }
        }
    }

    /// The shortest way to a success without a task, with as little out of the ordinary as can be.
    fn way_without(&self, task: usize, successes: &[NodeIndex]) -> Option<(NodeIndex, TransitionId, bool, NodeIndex)> {
        let start = *self.order.first()?;
        let mut came: BTreeMap<NodeIndex, (NodeIndex, TransitionId, EdgeClass)> = BTreeMap::new();
        let mut cost: BTreeMap<NodeIndex, usize> = BTreeMap::from([(start, 0)]);
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            let here = cost.get(&node).copied().unwrap_or_default();
            if successes.contains(&node) {
                let mut at = node;
                let mut last = None;
                let mut seen = 0;
                while let Some((before, by, class)) = came.get(&at) {
                    let guarded = !matches!(
                        self.subject.playbook.transitions[by.index()].trigger,
                        crate::model::Trigger::Completion(None) | crate::model::Trigger::Otherwise
                    );
                    if !ordinary(*class) {
                        return Some((*before, *by, true, node));
                    }
                    if guarded && last.is_none() {
                        last = Some((*before, *by, false, node));
                    }
                    at = *before;
                    seen += 1;
                    if seen > self.order.len() {
                        break;
                    }
                }
                return last;
            }
            let does = self.done.get(&node).is_some_and(|done| done.contains(&task));
            for edge in self.subject.graph.graph().edges(node) {
                let class = edge.weight().class;
                if !self.subject.flow().takes(node, edge.weight().transition) || does && ordinary(class) {
                    continue;
                }
                if does && matches!(super::loops::place(self.subject, node), Some(Place::Block(_))) {
                    continue;
                }
                let price = here + usize::from(!ordinary(class));
                if cost.get(&edge.target()).is_none_or(|known| price < *known) {
                    cost.insert(edge.target(), price);
                    came.insert(edge.target(), (node, edge.weight().transition, class));
                    if ordinary(class) {
                        queue.push_front(edge.target());
                    } else {
                        queue.push_back(edge.target());
                    }
                }
            }
        }
        None
    }
}

/// The mandatory tasks that are done when a place is left because its work is.
fn sure(subject: &Subject<'_>, place: Place) -> Vec<(TaskId, OfferId)> {
    match place {
        Place::End(_) => Vec::new(),
        Place::Stage(stage) => of_stage(subject, stage),
        Place::Block(block) => {
            let scopes = subject.graph.runs(block).iter();
            let branches = scopes.filter(|scope| subject.playbook.scopes[scope.index()].kind == ScopeKind::Branch);
            branches.flat_map(|scope| demanded(subject, *scope, false)).collect()
        }
    }
}

fn of_stage(subject: &Subject<'_>, stage: StageId) -> Vec<(TaskId, OfferId)> {
    let described = &subject.playbook.stages[stage.index()];
    let flow = subject.flow();
    let states = &flow.at[subject.graph.node(Place::Stage(stage)).index()];
    let here = states.iter().fold(0, |all, state| all | flow.found[*state].known.services);
    let mut waiting: Vec<&Work> = described.body.iter().collect();
    let mut tasks = Vec::new();
    while let Some(work) = waiting.pop() {
        match work {
            Work::Together(parts) => waiting.extend(parts),
            Work::Task(id) => {
                let offer = &subject.playbook.offers[id.index()];
                let for_whom = super::mandatory_and_optional::services(subject, offer);
                if offer.mandatory && offer.when.is_none() && here & !for_whom == 0 {
                    tasks.push((offer.task, *id));
                }
            }
            Work::Step(_) | Work::Set(_) => {}
        }
    }
    tasks
}

/// The tasks the ordinary course does on every way to an end of a scope, or to a success.
fn demanded(subject: &Subject<'_>, scope: ScopeId, successes: bool) -> Vec<(TaskId, OfferId)> {
    let work = ScopeWork::of(subject, scope);
    let Some(all) = work.done_before(&ends(subject, scope, successes), true) else { return Vec::new() };
    let tasks = work.tasks.iter().enumerate();
    tasks.filter(|(at, _)| all[at / 64] >> (at % 64) & 1 == 1).map(|(_, task)| *task).collect()
}

fn meet(known: &BTreeMap<NodeIndex, Tasks>, ends: &[NodeIndex]) -> Option<Tasks> {
    let mut reached = ends.iter().filter_map(|end| known.get(end));
    let first = reached.next()?.clone();
    Some(reached.fold(first, |mut all, one| {
        all.iter_mut().zip(one).for_each(|(all, one)| *all &= one);
        all
    }))
}

fn ends(subject: &Subject<'_>, scope: ScopeId, successes: bool) -> Vec<NodeIndex> {
    let places = subject.playbook.scopes[scope.index()].places.iter();
    places
        .filter(|place| match place {
            Place::End(end) => !successes || subject.playbook.ends[end.index()].kind == EndKind::Success,
            _ => false,
        })
        .map(|place| subject.graph.node(*place))
        .collect()
}

/// The nodes from a scope's start on along the ways nobody has to ask for: the only one, the one without a condition, or
/// `otherwise`.
fn main_line(subject: &Subject<'_>, scope: ScopeId) -> Vec<NodeIndex> {
    let mut line = Vec::new();
    let mut at = subject.graph.start_node(scope);
    while !line.contains(&at) {
        line.push(at);
        let completion: Vec<TransitionId> = match super::loops::place(subject, at) {
            None => subject.graph.start(scope).to_vec(),
            Some(place) => subject.graph.exits(place).completion.clone(),
        };
        let plain = completion.iter().copied().find(|id| {
            matches!(
                subject.playbook.transitions[id.index()].trigger,
                crate::model::Trigger::Completion(None) | crate::model::Trigger::Otherwise
            )
        });
        let next = plain.or(match completion.as_slice() {
            [only] => Some(*only),
            _ => None,
        });
        let Some(next) = next else { break };
        at = subject.graph.node(subject.playbook.transitions[next.index()].target);
    }
    line
}

/// Ways of a scope to a success without a mandatory task: past one that the ordinary course always does, or past one that
/// stands on the line nobody has to ask for.
pub(super) fn ways_without(subject: &Subject<'_>, scope: ScopeId) -> Vec<Without> {
    let work = ScopeWork::of(subject, scope);
    if work.tasks.is_empty() {
        return Vec::new();
    }
    let successes = ends(subject, scope, true);
    let demanded = work.done_before(&successes, true);
    let Some(sure) = work.done_before(&successes, false) else { return Vec::new() };
    let line = main_line(subject, scope);
    let mut found = Vec::new();
    for (at, (task, offer)) in work.tasks.iter().enumerate() {
        let holds = |tasks: &Tasks| tasks[at / 64] >> (at % 64) & 1 == 1;
        let on_line = line.iter().any(|node| work.done.get(node).is_some_and(|done| done.contains(&at)));
        if holds(&sure) || !(demanded.as_ref().is_some_and(holds) || on_line) {
            continue;
        }
        let Some((node, by, interrupts, end)) = work.way_without(at, &successes) else { continue };
        let Some(end) = super::loops::place(subject, end) else { continue };
        // A choice between two ways, each with work of its own, leads past nothing.
        let target = subject.graph.node(subject.playbook.transitions[by.index()].target);
        if !interrupts && !(line.contains(&node) && (line.contains(&target) || subject.graph.node(end) == target)) {
            continue;
        }
        found.push(Without { task: *task, offer: *offer, end, by: (node, by), interrupts });
        if found.len() >= 20 {
            break;
        }
    }
    found
}

/// Whether a success of the scope can be reached from a place without one of these stages.
pub(super) fn success_from(subject: &Subject<'_>, from: Place, avoiding: &[StageId]) -> Option<Place> {
    let scope = subject.playbook.place_scope(from);
    let successes = ends(subject, scope, true);
    let mut waiting = vec![subject.graph.node(from)];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(node) = waiting.pop() {
        if !seen.insert(node) {
            continue;
        }
        if successes.contains(&node) {
            return super::loops::place(subject, node);
        }
        let place = super::loops::place(subject, node);
        let does = matches!(place, Some(Place::Stage(stage)) if avoiding.contains(&stage));
        for edge in subject.graph.graph().edges(node) {
            if subject.flow().takes(node, edge.weight().transition) && !(does && ordinary(edge.weight().class)) {
                waiting.push(edge.target());
            }
        }
    }
    None
}
