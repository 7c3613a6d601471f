//! What may be known of a customer at a place, and which facts and tasks are worth following.

use crate::model::{
    Atom, Expr, FactId, FactScope, Node, Playbook, ScopeId, Since, TaskId, Trigger, Type, Volatility, Work,
};
use crate::value::{Micro, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Any value at all.
pub(in crate::check) const ANY: u64 = u64::MAX;

/// So many values of a fact are told apart; with more it may be anything.
const VALUES: usize = 63;

/// So many facts of the world are followed beside those the playbook keeps: the ones that are looked at most.
const FACTS: usize = 12;

/// What may be known of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::check) struct Known {
    /// Observed tasks that may have been done.
    pub may: u128,
    /// Observed tasks that have been done, where all went as the playbook says.
    pub must: u128,
    /// The services the track may be for; all bits outside `each service`.
    pub services: u128,
    /// By followed fact: the values it may have, as bits of its domain.
    pub facts: Vec<u64>,
}

impl Known {
    /// Whether everything that is possible by `other` is possible by this one.
    pub fn covers(&self, other: &Known) -> bool {
        self.may & other.may == other.may
            && self.must & other.must == self.must
            && self.services & other.services == other.services
            && self.facts.iter().zip(&other.facts).all(|(here, there)| here & there == *there)
    }

    /// What is possible by one or the other.
    pub fn join(&mut self, other: &Known) {
        self.may |= other.may;
        self.must &= other.must;
        self.services |= other.services;
        self.facts.iter_mut().zip(&other.facts).for_each(|(here, there)| *here |= there);
    }
}

/// A fact that is followed.
pub(in crate::check) struct Followed {
    /// Which.
    pub fact: FactId,
    /// The values that are told apart; none is unknown. What the playbook sets is added as it is found.
    pub values: Vec<Option<Value>>,
    /// By value: what it may become by itself, as bits.
    becomes: Vec<u64>,
    /// What it may be at the start.
    pub initial: u64,
}

/// The facts and tasks that are followed.
pub(in crate::check) struct Variables {
    /// Facts.
    pub facts: Vec<Followed>,
    /// By fact: its place among those that are followed.
    slots: Vec<Option<usize>>,
    /// Tasks whose being done is looked at; of a service, or the customer's own.
    pub tasks: Vec<(TaskId, bool)>,
    /// By transition: the followed facts its guard reads.
    pub read: Vec<Vec<usize>>,
}

impl Variables {
    /// The facts the playbook keeps and somebody reads, facts of the world that stay or move one way only, and tasks
    /// somebody looks at.
    pub fn of(playbook: &Playbook) -> Variables {
        let mut reading = Reading { playbook, reads: vec![0; playbook.facts.len()], ..Reading::default_of(playbook) };
        conditions(playbook, &mut |condition, scope| {
            let in_service = playbook.scopes[scope.index()].in_service;
            reading.look(condition, in_service, 0);
        });
        for work in all_work(playbook) {
            if let Work::Set(set) = work {
                reading.look(&set.value, false, 0);
            }
        }
        let mut ranked: Vec<usize> = (0..playbook.facts.len())
            .filter(|at| reading.reads[*at] > 0 && playbook.facts[*at].volatility != Volatility::Kept)
            .collect();
        ranked.sort_by_key(|at| (std::cmp::Reverse(reading.reads[*at]), *at));
        let mut world: BTreeMap<usize, Followed> = ranked
            .into_iter()
            .filter_map(|at| Some((at, reading.of_the_world(FactId(at as u32))?)))
            .take(FACTS)
            .collect();
        let mut facts = Vec::new();
        let mut slots = vec![None; playbook.facts.len()];
        for (at, fact) in playbook.facts.iter().enumerate() {
            let followed = match fact.volatility {
                Volatility::Kept if reading.reads[at] > 0 => Some(Followed {
                    fact: FactId(at as u32),
                    values: vec![fact.default.clone()],
                    becomes: vec![1],
                    initial: 1,
                }),
                Volatility::Kept => None,
                _ => world.remove(&at),
            };
            if let Some(followed) = followed {
                slots[at] = Some(facts.len());
                facts.push(followed);
            }
        }
        let tasks = reading.tasks.into_iter().take(128).collect();
        let mut variables = Variables { facts, slots, tasks, read: Vec::new() };
        variables.read = playbook
            .transitions
            .iter()
            .map(|transition| {
                super::super::conditions::guard(&transition.trigger)
                    .map_or_else(Vec::new, |guard| variables.slots_read(playbook, guard))
            })
            .collect();
        variables
    }

    /// The place of a fact among those that are followed.
    pub fn slot(&self, fact: FactId) -> Option<usize> {
        self.slots[fact.index()]
    }

    /// The bit of an observed task.
    pub fn task(&self, task: TaskId, of_service: bool) -> Option<u128> {
        self.tasks.iter().position(|known| *known == (task, of_service)).map(|at| 1 << at)
    }

    /// The followed facts a condition reads directly: a service's own facts within a quantifier are those of others.
    pub fn slots_read(&self, playbook: &Playbook, condition: &Expr) -> Vec<usize> {
        let mut slots = BTreeSet::new();
        self.collect(playbook, condition, false, &mut slots, 0);
        slots.into_iter().collect()
    }

    fn collect(&self, playbook: &Playbook, part: &Expr, quantified: bool, into: &mut BTreeSet<usize>, depth: usize) {
        match &part.node {
            Node::Atom(Atom::Fact(fact) | Atom::Unknown(fact)) => {
                let of_customer = playbook.facts[fact.index()].scope == FactScope::Customer;
                into.extend(self.slot(*fact).filter(|_| of_customer || !quantified));
            }
            Node::Let(id) if depth < 64 => {
                self.collect(playbook, &playbook.lets[id.index()].value, quantified, into, depth + 1);
            }
            _ => {}
        }
        let quantified = quantified || matches!(part.node, Node::Quantified(..));
        part.parts(&mut |part| self.collect(playbook, part, quantified, into, depth));
    }

    /// The bits of these values, which are added to the fact's domain; anything where there are too many.
    pub fn intern(&mut self, slot: usize, values: Option<&[Option<Value>]>) -> u64 {
        let Some(values) = values else { return ANY };
        let followed = &mut self.facts[slot];
        let mut bits = 0;
        for value in values {
            let at = followed.values.iter().position(|known| known == value).unwrap_or_else(|| {
                followed.values.push(value.clone());
                followed.becomes.push(1_u64.checked_shl(followed.values.len() as u32 - 1).unwrap_or(ANY));
                followed.values.len() - 1
            });
            if at >= VALUES {
                return ANY;
            }
            bits |= 1 << at;
        }
        bits
    }

    /// The values these bits stand for; none where it may be anything.
    pub fn values(&self, slot: usize, bits: u64) -> Option<Vec<Option<Value>>> {
        if bits == ANY {
            return None;
        }
        let values = self.facts[slot].values.iter().enumerate();
        Some(values.filter(|(at, _)| bits >> at & 1 == 1).map(|(_, value)| value.clone()).collect())
    }

    /// What facts may have become by themselves.
    pub fn let_time_pass(&self, known: &mut Known) {
        for (slot, bits) in known.facts.iter_mut().enumerate() {
            if *bits != ANY {
                let becomes = self.facts[slot].becomes.iter().enumerate();
                *bits |= becomes.filter(|(at, _)| *bits >> at & 1 == 1).fold(0, |all, (_, bits)| all | bits);
            }
        }
    }
}

/// Calls `look` with every condition of the flow and the scope it stands in: guards, needs, key inputs and outputs, and
/// the `when` of tasks.
pub(in crate::check) fn conditions<'a>(playbook: &'a Playbook, look: &mut dyn FnMut(&'a Expr, ScopeId)) {
    for (index, scope) in playbook.scopes.iter().enumerate() {
        for clause in scope.inputs.iter().chain(&scope.outputs) {
            clause.condition.iter().for_each(|condition| look(condition, ScopeId(index as u32)));
        }
    }
    for stage in &playbook.stages {
        stage.needs.iter().for_each(|needs| look(&needs.condition, stage.scope));
    }
    for offer in &playbook.offers {
        offer.when.iter().for_each(|when| look(when, playbook.stages[offer.stage.index()].scope));
    }
    for transition in &playbook.transitions {
        let scope = match transition.origin {
            crate::model::Origin::Start(scope) | crate::model::Origin::Everywhere(scope) => scope,
            crate::model::Origin::Stage(stage) => playbook.stages[stage.index()].scope,
            crate::model::Origin::Block(block) => playbook.blocks[block.index()].scope,
        };
        match &transition.trigger {
            Trigger::Completion(Some(guard)) | Trigger::Whenever(guard) | Trigger::On(_, Some(guard)) => {
                look(guard, scope);
            }
            _ => {}
        }
    }
}

/// All work there is, that of cadences and of `together` included.
pub(in crate::check) fn all_work(playbook: &Playbook) -> Vec<&Work> {
    let bodies = playbook.stages.iter().map(|stage| &stage.body);
    let rounds = playbook.cadences.iter().map(|cadence| &cadence.body);
    let mut waiting: Vec<&Work> = bodies.chain(rounds).flatten().collect();
    let mut all = Vec::new();
    while let Some(work) = waiting.pop() {
        if let Work::Together(parts) = work {
            waiting.extend(parts);
        }
        all.push(work);
    }
    all
}

/// Who reads what.
struct Reading<'a> {
    playbook: &'a Playbook,
    reads: Vec<usize>,
    /// Numbers a fact is compared with; a fact that is read otherwise too has none.
    numbers: Vec<Option<BTreeSet<Micro>>>,
    tasks: BTreeSet<(TaskId, bool)>,
}

impl<'a> Reading<'a> {
    fn default_of(playbook: &'a Playbook) -> Reading<'a> {
        Reading {
            playbook,
            reads: Vec::new(),
            numbers: vec![Some(BTreeSet::new()); playbook.facts.len()],
            tasks: BTreeSet::new(),
        }
    }

    fn look(&mut self, part: &'a Expr, in_service: bool, depth: usize) {
        match &part.node {
            Node::Atom(Atom::Fact(fact)) => {
                self.reads[fact.index()] += 1;
                // Not compared with constants: what its values mean is not known here.
                if matches!(self.playbook.facts[fact.index()].kind, Type::Int | Type::Number(_) | Type::Percent) {
                    self.numbers[fact.index()] = None;
                }
            }
            Node::Atom(Atom::Unknown(fact) | Atom::Change(fact, _)) => {
                self.reads[fact.index()] += 1;
                self.numbers[fact.index()] = None;
            }
            Node::Atom(Atom::DoneTask(task) | Atom::TaskStatus(task, _) | Atom::Since(_, Since::Task(task), ..)) => {
                self.tasks.insert((*task, in_service));
            }
            Node::Atom(Atom::Since(_, Since::Fact(fact), ..)) => self.reads[fact.index()] += 1,
            Node::Atom(Atom::Sustained(id)) if depth < 64 => {
                self.look(&self.playbook.sustained[id.index()].condition, in_service, depth + 1);
            }
            Node::Let(id) if depth < 64 => {
                return self.look(&self.playbook.lets[id.index()].value, in_service, depth + 1);
            }
            Node::Compare(_, left, right) => {
                if let (Node::Atom(Atom::Fact(fact)), Some(Value::Number(number))) =
                    (&left.node, constant(self.playbook, right))
                {
                    self.reads[fact.index()] += 1;
                    if let Some(numbers) = &mut self.numbers[fact.index()] {
                        numbers.insert(number);
                    }
                    return;
                }
            }
            Node::InRange(value, low, high) => {
                if let (Node::Atom(Atom::Fact(fact)), Some(Value::Number(low)), Some(Value::Number(high))) =
                    (&value.node, constant(self.playbook, low), constant(self.playbook, high))
                {
                    self.reads[fact.index()] += 1;
                    if let Some(numbers) = &mut self.numbers[fact.index()] {
                        numbers.extend([low, high]);
                    }
                    return;
                }
            }
            _ => {}
        }
        let in_service = in_service || matches!(part.node, Node::Quantified(..));
        // A fresh borrow for each part: `parts` cannot carry this one.
        let mut parts = Vec::new();
        part.parts(&mut |part| parts.push(part));
        parts.into_iter().for_each(|part| self.look(part, in_service, depth));
    }

    /// A fact of the world whose values can be told apart, and which does not come and go.
    fn of_the_world(&self, fact: FactId) -> Option<Followed> {
        let known = &self.playbook.facts[fact.index()];
        let values: Vec<Value> = match &known.kind {
            _ if matches!(known.volatility, Volatility::Live | Volatility::Kept) => return None,
            Type::YesNo => vec![Value::YesNo(false), Value::YesNo(true)],
            Type::OneOf(values) => (0..values.len()).map(|at| Value::Choice(at as u16)).collect(),
            Type::Int | Type::Number(_) | Type::Percent => {
                let step = match known.kind {
                    Type::Int => 1_000_000,
                    Type::Number(decimals) => 10_i64.pow(6 - decimals.min(6)),
                    _ => 1,
                };
                let numbers = self.numbers[fact.index()].as_ref()?;
                let around = numbers.iter().flat_map(|number| [-step, 0, step].map(|by| number.0.saturating_add(by)));
                let within = |number: &i64| match &known.range {
                    Some((Value::Number(low), Value::Number(high))) => (low.0..=high.0).contains(number),
                    _ => true,
                };
                let numbers: BTreeSet<i64> = around.filter(within).collect();
                numbers.into_iter().map(|number| Value::Number(Micro(number))).collect()
            }
            _ => return None,
        };
        if values.is_empty() || values.len() > VALUES {
            return None;
        }
        let bit = |at: usize| 1_u64 << at;
        let all: u64 = (0..values.len()).map(bit).sum();
        let becomes = (0..values.len())
            .map(|at| match known.volatility {
                Volatility::Rising => all & !(bit(at) - 1),
                Volatility::Falling => all & (bit(at) | (bit(at) - 1)),
                _ => bit(at),
            })
            .collect();
        Some(Followed { fact, values: values.into_iter().map(Some).collect(), becomes, initial: all })
    }
}

/// The value of a constant or parameter.
pub(in crate::check) fn constant(playbook: &Playbook, expr: &Expr) -> Option<Value> {
    match &expr.node {
        Node::Constant(value) => Some(value.clone()),
        Node::Parameter(id) => Some(playbook.parameters[id.index()].value.clone()),
        Node::Let(id) => constant(playbook, &playbook.lets.get(id.index())?.value),
        _ => None,
    }
}
