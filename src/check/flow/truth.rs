//! What a condition may be, given what may be known.

use super::known::{ANY, Known, constant};
use super::{Flow, concurrent, side_by_side, within, within_block};
use crate::check::conditions::{conjuncts, contradict, literal, services};
use crate::graph::StateGraph;
use crate::model::{
    Atom, BlockId, Expr, FactScope, Node, Place, Playbook, ScopeId, ScopeKind, Since, TaskId, Volatility,
};
use crate::run::evaluate::{holds, order};
use crate::syntax::ast::Quantifier;
use crate::value::{Micro, TaskStatus, Value};

/// So many combinations of values are tried.
const COMBINATIONS: usize = 256;

/// What a condition may be: true, false, unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) struct May {
    pub yes: bool,
    pub no: bool,
    pub unknown: bool,
}

impl May {
    pub const ANY: May = May { yes: true, no: true, unknown: true };
    const EITHER: May = May { yes: true, no: true, unknown: false };

    fn exactly(truth: Option<bool>) -> May {
        May { yes: truth == Some(true), no: truth == Some(false), unknown: truth.is_none() }
    }

    fn or(self, other: May) -> May {
        May { yes: self.yes || other.yes, no: self.no || other.no, unknown: self.unknown || other.unknown }
    }

    fn not(self) -> May {
        May { yes: self.no, no: self.yes, unknown: self.unknown }
    }

    /// Whether it may be this.
    pub fn be(self, truth: bool) -> bool {
        if truth { self.yes } else { self.no }
    }
}

/// From where a condition is looked at.
#[derive(Clone, Copy)]
pub(in crate::check) struct Env<'a> {
    pub playbook: &'a Playbook,
    pub graph: &'a StateGraph,
    pub flow: &'a Flow,
    pub known: &'a Known,
    pub scope: ScopeId,
    pub place: Option<Place>,
    /// Within a quantifier, names mean other services too.
    pub quantified: bool,
}

impl Env<'_> {
    /// What a condition may be.
    pub fn may(&self, condition: &Expr) -> May {
        self.look(condition, 0)
    }

    fn look(&self, condition: &Expr, depth: usize) -> May {
        if depth > 64 {
            return May::ANY;
        }
        match &condition.node {
            Node::Not(part) => self.look(part, depth).not(),
            Node::And(parts) => {
                let each: Vec<May> = parts.iter().map(|part| self.look(part, depth)).collect();
                let yes = each.iter().all(|may| may.yes) && !contradictory(condition);
                let unknown = each.iter().any(|may| may.unknown) && each.iter().all(|may| may.yes || may.unknown);
                May { yes, no: each.iter().any(|may| may.no), unknown }
            }
            Node::Or(parts) => {
                let each: Vec<May> = parts.iter().map(|part| self.look(part, depth)).collect();
                May {
                    yes: each.iter().any(|may| may.yes),
                    no: each.iter().all(|may| may.no),
                    unknown: each.iter().any(|may| may.unknown) && each.iter().all(|may| may.no || may.unknown),
                }
            }
            Node::Let(id) => match self.playbook.lets.get(id.index()) {
                Some(definition) => self.look(&definition.value, depth + 1),
                None => May::ANY,
            },
            Node::Atom(atom) => self.atom(atom, condition, depth),
            Node::ServiceIn(..) => self.of_service(condition),
            Node::Compare(_, left, right) if is_service(left) || is_service(right) => self.of_service(condition),
            Node::OneOf(value, _) if is_service(value) => self.of_service(condition),
            Node::Compare(comparison, left, right) => {
                let (Some(left), Some(right)) = (self.values(left, depth), self.values(right, depth)) else {
                    return May::ANY;
                };
                use crate::syntax::ast::Comparison::{Equal, NotEqual};
                combine(&left, &right, |left, right| match comparison {
                    Equal => Some(left? == right?),
                    NotEqual => Some(left? != right?),
                    _ => order(left, right).map(|ordering| holds(*comparison, ordering)),
                })
            }
            Node::InRange(value, low, high) => {
                let (Some(value), Some(low), Some(high)) =
                    (self.values(value, depth), constant(self.playbook, low), constant(self.playbook, high))
                else {
                    return May::ANY;
                };
                let within = |value: Option<&Value>| {
                    Some(order(Some(&low), value)?.is_le() && order(value, Some(&high))?.is_le())
                };
                union(value.iter().map(|value| May::exactly(within(value.as_ref()))))
            }
            Node::OneOf(value, list) => {
                let list: Option<Vec<Value>> = list.iter().map(|one| constant(self.playbook, one)).collect();
                let (Some(value), Some(list)) = (self.values(value, depth), list) else { return May::ANY };
                union(value.iter().map(|value| May::exactly(value.as_ref().map(|value| list.contains(value)))))
            }
            Node::Quantified(quantifier, group, Some(inside)) if *quantifier != Quantifier::Count => {
                let inner = Env { quantified: true, ..*self }.look(inside, depth);
                // Somebody is meant: who intends none of them is not spoken of.
                let nobody = group.is_some_and(|group| group.0.count_ones() < self.playbook.services.len() as u32);
                match quantifier {
                    Quantifier::All => May { yes: inner.yes || nobody, no: inner.no, unknown: inner.unknown },
                    Quantifier::No => May { yes: inner.no || nobody, no: inner.yes, unknown: inner.unknown },
                    _ => May { yes: inner.yes, no: inner.no || nobody, unknown: inner.unknown },
                }
            }
            Node::Constant(_) | Node::Parameter(_) | Node::Choice(..) => match self.values(condition, depth) {
                Some(values) => union(values.iter().map(|value| May::exactly(truth(value.as_ref())))),
                None => May::ANY,
            },
            _ => May::ANY,
        }
    }

    fn atom(&self, atom: &Atom, condition: &Expr, depth: usize) -> May {
        match atom {
            Atom::Fact(_) => match self.values(condition, depth) {
                Some(values) => union(values.iter().map(|value| May::exactly(truth(value.as_ref())))),
                None => May::ANY,
            },
            Atom::Unknown(fact) => match self.fact(*fact) {
                Some(values) => union(values.iter().map(|value| May::exactly(Some(value.is_none())))),
                None => May::EITHER,
            },
            Atom::DoneTask(task) => {
                let (may, must) = self.done(*task);
                May { yes: may, no: !must, unknown: false }
            }
            Atom::TaskStatus(task, TaskStatus::Complete) => {
                let (may, must) = self.done(*task);
                May { yes: may, no: !must, unknown: false }
            }
            Atom::TaskStatus(..) | Atom::Happened(_) | Atom::EndedAt(..) => May::EITHER,
            Atom::At(places) => {
                let each: Vec<May> = places.iter().map(|place| self.at(*place)).collect();
                May { yes: each.iter().any(|may| may.yes), no: each.iter().all(|may| may.no), unknown: false }
            }
            Atom::Sustained(id) => {
                let inside = self.look(&self.playbook.sustained[id.index()].condition, depth + 1);
                May { yes: inside.yes, no: true, unknown: inside.unknown }
            }
            Atom::Since(_, Since::Task(task), ..) if !self.done(*task).0 => May::exactly(None),
            Atom::InStage(_) => May::EITHER,
            _ => May::ANY,
        }
    }

    /// Whether a task may have been done, and whether it has been for sure.
    fn done(&self, task: TaskId) -> (bool, bool) {
        let flow = self.flow;
        let of_service = self.quantified || self.playbook.scopes[self.scope.index()].in_service;
        let Some(bit) = flow.variables.task(task, of_service) else { return (true, false) };
        let offered = flow.offered & bit != 0;
        if self.quantified {
            return (offered, false);
        }
        // What is offered beside may be done at any time.
        let beside = offered
            && self.playbook.offers.iter().any(|offer| {
                offer.task == task && {
                    let scope = self.playbook.stages[offer.stage.index()].scope;
                    flow.reached(self.graph.node(Place::Stage(offer.stage)))
                        && side_by_side(self.playbook, self.scope, scope)
                }
            });
        (self.known.may & bit != 0 || beside, self.known.must & bit != 0)
    }

    /// Whether a track may be at a place.
    fn at(&self, place: Place) -> May {
        let (playbook, flow) = (self.playbook, self.flow);
        let scope = playbook.place_scope(place);
        let never = May::exactly(Some(false));
        if !flow.reached(self.graph.node(place)) {
            return never;
        }
        if self.quantified && playbook.scopes[scope.index()].in_service {
            // Of the services' tracks: while they run, or at the end they came to.
            let each = super::outward(playbook, scope)
                .find(|(scope, _)| playbook.scopes[scope.index()].kind == ScopeKind::EachService);
            let Some((each, Some(block))) = each else { return May::EITHER };
            let inside = within(playbook, self.scope, each);
            return if inside || self.after(block, place) { May::EITHER } else { never };
        }
        if scope == self.scope {
            return May::exactly(Some(self.place == Some(place)));
        }
        if within(playbook, self.scope, scope) {
            // A scope around this one is at the block this one runs in.
            return match place {
                Place::Block(block) => May::exactly(Some(within_block(playbook, self.scope, block))),
                _ => never,
            };
        }
        if side_by_side(playbook, self.scope, scope) {
            return May::EITHER;
        }
        // The block it runs in that stands in a scope around this one, or in this one.
        let block = super::outward(playbook, scope).find_map(|(_, block)| {
            block.filter(|block| within(playbook, self.scope, playbook.blocks[block.index()].scope))
        });
        match block {
            Some(block) if self.after(block, place) => May::EITHER,
            _ => never,
        }
    }

    /// Whether a place in a block may be where its track is, seen from here: while the block runs only from its own exits,
    /// afterwards only where the track has ended there.
    fn after(&self, block: BlockId, place: Place) -> bool {
        if self.place == Some(Place::Block(block)) {
            return true;
        }
        if !matches!(place, Place::End(_)) {
            return false;
        }
        let outer = self.playbook.blocks[block.index()].scope;
        // Where the scope of the block is now.
        let here = if self.scope == outer {
            match self.place {
                Some(place) => self.graph.node(place),
                None => return false,
            }
        } else {
            let around = super::outward(self.playbook, self.scope)
                .find_map(|(_, block)| block.filter(|block| self.playbook.blocks[block.index()].scope == outer));
            match around {
                Some(around) => self.graph.node(Place::Block(around)),
                None => return true,
            }
        };
        let from = self.graph.node(Place::Block(block));
        petgraph::algo::has_path_connecting(self.graph.graph(), from, here, None)
    }

    fn of_service(&self, condition: &Expr) -> May {
        if self.quantified {
            return May::EITHER;
        }
        let of = services(condition, &self.flow.lets);
        let here = self.known.services;
        if here == u128::MAX && !self.playbook.scopes[self.scope.index()].in_service {
            return May::ANY;
        }
        May { yes: here & of.possible != 0, no: here & !of.certain != 0, unknown: false }
    }

    /// The values a fact may have; none where it may be anything.
    fn fact(&self, fact: crate::model::FactId) -> Option<Vec<Option<Value>>> {
        let slot = self.flow.variables.slot(fact)?;
        let of_customer = self.playbook.facts[fact.index()].scope == FactScope::Customer;
        if self.quantified && !of_customer {
            // Of the other services nothing is known but what the fact can be at all.
            let kept = self.playbook.facts[fact.index()].volatility == Volatility::Kept;
            return if kept { self.flow.variables.values(slot, self.flow.ever[slot]) } else { None };
        }
        self.flow.variables.values(slot, self.known.facts[slot])
    }

    /// The values an expression may have; none where they cannot be told.
    pub fn values(&self, expr: &Expr, depth: usize) -> Option<Vec<Option<Value>>> {
        if depth > 64 {
            return None;
        }
        match &expr.node {
            Node::Constant(value) => Some(vec![Some(value.clone())]),
            Node::Parameter(id) => Some(vec![Some(self.playbook.parameters[id.index()].value.clone())]),
            Node::Let(id) => self.values(&self.playbook.lets.get(id.index())?.value, depth + 1),
            Node::Atom(Atom::Fact(fact)) => self.fact(*fact),
            Node::Atom(Atom::Round(cadence)) => {
                let limit = self.playbook.cadences[cadence.index()].limit.filter(|limit| *limit <= 60)?;
                Some((0..=limit).map(|round| Some(Value::Number(Micro::whole(i64::from(round))))).collect())
            }
            Node::Sum(terms) => {
                let mut sums: Vec<Option<Value>> = Vec::new();
                for (at, (minus, term)) in terms.iter().enumerate() {
                    let values = self.values(term, depth)?;
                    sums = if at == 0 {
                        values.into_iter().map(|value| signed(value, *minus)).collect::<Option<_>>()?
                    } else {
                        let pairs = sums.iter().flat_map(|sum| values.iter().map(move |value| (sum, value)));
                        pairs.map(|(sum, value)| added(sum.as_ref(), value.clone(), *minus)).collect::<Option<_>>()?
                    };
                    let mut distinct: Vec<Option<Value>> = Vec::new();
                    for sum in sums {
                        if !distinct.contains(&sum) {
                            distinct.push(sum);
                        }
                    }
                    sums = distinct;
                    if sums.len() > COMBINATIONS {
                        return None;
                    }
                }
                Some(sums)
            }
            Node::Choice(choices, last) => {
                let mut all = Vec::new();
                for (value, condition) in choices {
                    let may = self.look(condition, depth);
                    if may.yes {
                        all.extend(self.values(value, depth)?);
                    }
                    if may.unknown {
                        all.push(None);
                    }
                    if !may.no {
                        return Some(all);
                    }
                }
                all.extend(self.values(last, depth)?);
                Some(all)
            }
            Node::Not(_) | Node::And(_) | Node::Or(_) | Node::Compare(..) | Node::InRange(..) | Node::OneOf(..) => {
                let may = self.look(expr, depth);
                let all = [(may.yes, Some(true)), (may.no, Some(false)), (may.unknown, None)];
                Some(all.into_iter().filter(|(may, _)| *may).map(|(_, truth)| truth.map(Value::YesNo)).collect())
            }
            _ => None,
        }
    }

    /// What is known where a condition is true or false; none where it cannot be.
    pub fn given(&self, condition: &Expr, truth: bool, slots: &[usize]) -> Option<Known> {
        if !self.may(condition).be(truth) {
            return None;
        }
        let mut known = self.known.clone();
        if self.playbook.scopes[self.scope.index()].in_service {
            let of = services(condition, &self.flow.lets);
            known.services &= if truth { of.possible } else { !of.certain };
            if known.services == 0 {
                return None;
            }
        }
        for slot in slots.iter().copied() {
            let bits = known.facts[slot];
            if bits == ANY || bits.count_ones() < 2 || self.flow.is_shared(slot, self.scope) {
                continue;
            }
            let mut left = 0;
            for at in (0..64).filter(|at| bits >> at & 1 == 1) {
                known.facts[slot] = 1 << at;
                if (Env { known: &known, ..*self }).may(condition).be(truth) {
                    left |= 1 << at;
                }
            }
            known.facts[slot] = left;
            if left == 0 {
                return None;
            }
        }
        Some(known)
    }
}

impl Flow {
    /// Whether a followed fact may be set beside this scope at any time.
    pub fn is_shared(&self, slot: usize, scope: ScopeId) -> bool {
        self.shared[slot].contains(&scope)
    }

    /// The scopes beside which each followed fact may be set.
    pub(super) fn sharing(playbook: &Playbook, flow: &Flow) -> Vec<std::collections::BTreeSet<ScopeId>> {
        let mut shared = vec![std::collections::BTreeSet::new(); flow.variables.facts.len()];
        let scopes = || (0..playbook.scopes.len()).map(|at| ScopeId(at as u32));
        for (fact, stage) in super::walk::settings(playbook) {
            let Some(slot) = flow.variables.slot(fact) else { continue };
            let writer = playbook.stages[stage.index()].scope;
            let of_customer = playbook.facts[fact.index()].scope == FactScope::Customer;
            for reader in scopes() {
                let beside = if of_customer {
                    concurrent(playbook, writer, reader)
                } else {
                    side_by_side(playbook, writer, reader)
                };
                if beside {
                    shared[slot].insert(reader);
                }
            }
        }
        shared
    }
}

fn is_service(value: &Expr) -> bool {
    matches!(value.node, Node::Atom(Atom::Service | Atom::ThisService))
}

/// Whether two parts of an `and` plainly exclude each other.
fn contradictory(condition: &Expr) -> bool {
    const MOST: usize = 40;
    let parts: Vec<_> = conjuncts(condition).into_iter().take(MOST).map(|part| literal(part, true)).collect();
    parts.iter().enumerate().any(|(at, one)| parts[at + 1..].iter().any(|other| contradict(*one, *other)))
}

fn truth(value: Option<&Value>) -> Option<bool> {
    match value {
        Some(Value::YesNo(yes)) => Some(*yes),
        _ => None,
    }
}

fn union(all: impl Iterator<Item = May>) -> May {
    all.fold(May { yes: false, no: false, unknown: false }, May::or)
}

fn combine(
    left: &[Option<Value>],
    right: &[Option<Value>],
    truth: impl Fn(Option<&Value>, Option<&Value>) -> Option<bool>,
) -> May {
    let pairs = left.iter().flat_map(|left| right.iter().map(move |right| (left.as_ref(), right.as_ref())));
    union(pairs.map(|(left, right)| May::exactly(truth(left, right))))
}

/// None where it is no number; an unknown number stays unknown.
fn signed(value: Option<Value>, minus: bool) -> Option<Option<Value>> {
    match value {
        None => Some(None),
        Some(Value::Number(number)) if minus => Some(Some(Value::Number(Micro(number.0.saturating_neg())))),
        Some(Value::Number(_)) => Some(value),
        Some(_) if !minus => Some(value),
        Some(_) => None,
    }
}

fn added(sum: Option<&Value>, value: Option<Value>, minus: bool) -> Option<Option<Value>> {
    match (sum, value) {
        (None, _) | (_, None) => Some(None),
        (Some(Value::Number(sum)), Some(Value::Number(value))) => {
            let value = if minus { value.0.saturating_neg() } else { value.0 };
            Some(Some(Value::Number(Micro(sum.0.saturating_add(value)))))
        }
        _ => None,
    }
}
