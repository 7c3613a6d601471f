//! Why a condition is what it is, and what would make it otherwise.

use super::evaluate::View;
use crate::model::{Atom, Expr, FactId, FactScope, LetId, Node, ServiceId, Since, Type};
use crate::source::Span;
use crate::syntax::ast::Quantifier;
use crate::value::Value;
use crate::value::arithmetic::{self, Undefined};
use std::collections::{BTreeMap, BTreeSet};

/// A part of a condition that decided, with what it read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The part, in the source.
    pub span: Span,
    /// What it is; none is unknown.
    pub value: Option<Value>,
    /// Its type.
    pub kind: Type,
    /// The service it was looked at for, within a quantifier.
    pub service: Option<ServiceId>,
    /// The facts and named values read in it, where it is more than one of them alone.
    pub read: Vec<Reading>,
    /// Whether it is a quantifier that no service decided.
    pub quantified: bool,
    /// Calculations in it that have no result.
    pub undefined: Vec<(Span, Undefined)>,
}

/// A fact or named value that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Where it is named.
    pub span: Span,
    /// What it is; none is unknown.
    pub value: Option<Value>,
    /// Its type.
    pub kind: Type,
}

/// A part of a condition that would have to become true, or false.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The part, in the source.
    pub span: Span,
    /// What it would have to be.
    pub wanted: bool,
    /// The service it would have to be so for, within a quantifier.
    pub service: Option<ServiceId>,
}

/// The parts that make a condition what it is: of a false `and` the false ones, of a true one all, and so on.
#[must_use]
pub fn because(view: View<'_>, condition: &Expr) -> Vec<Reason> {
    let mut reasons = Vec::new();
    decide(view, condition, &mut reasons, &mut Named::new());
    reasons
}

/// Named values that were gone into, each once for each service: they may be mentioned many times.
type Named = BTreeSet<(LetId, Option<ServiceId>, bool)>;

fn decide(view: View<'_>, condition: &Expr, reasons: &mut Vec<Reason>, named: &mut Named) {
    let truth = view.truth(condition);
    match &condition.node {
        Node::Constant(_) => {}
        Node::Not(part) => decide(view, part, reasons, named),
        Node::And(parts) | Node::Or(parts) => {
            let decisive = truth == Some(matches!(condition.node, Node::Or(_)));
            for part in parts {
                let known = view.truth(part);
                if known == truth || (!decisive && truth.is_some()) {
                    decide(view, part, reasons, named);
                }
            }
        }
        Node::Let(id) if condition.kind == Type::YesNo => {
            if !named.insert((*id, view.service, view.outside)) {
                return;
            }
            decide(view, &view.machine.playbook.lets[id.index()].value, reasons, named);
        }
        Node::Quantified(quantifier, group, Some(part)) if *quantifier != Quantifier::Count => {
            let before = reasons.len();
            for service in view.quantified(*group) {
                let seen = view.for_service(service);
                let known = seen.truth(part);
                let counts = match quantifier {
                    Quantifier::All => truth != Some(false) || known == Some(false),
                    Quantifier::Any => truth != Some(true) || known == Some(true),
                    _ => truth != Some(false) || known == Some(true),
                };
                if counts && (truth.is_some() || known.is_none()) {
                    decide(seen, part, reasons, named);
                }
            }
            if reasons.len() == before {
                reasons.push(reason(view, condition, truth));
            }
        }
        _ => reasons.push(reason(view, condition, truth)),
    }
}

fn reason(view: View<'_>, condition: &Expr, truth: Option<bool>) -> Reason {
    let mut read = Vec::new();
    if !matches!(condition.node, Node::Atom(_) | Node::Quantified(..)) {
        readings(view, condition, &mut read, &mut Vec::new());
    }
    Reason {
        span: condition.span,
        value: truth.map(Value::YesNo),
        kind: Type::YesNo,
        service: view.outside.then_some(view.service).flatten(),
        read,
        quantified: matches!(condition.node, Node::Quantified(..)),
        undefined: if truth.is_none() { undefined(view, condition) } else { Vec::new() },
    }
}

/// What a value is, and the facts it was worked out from.
#[must_use]
pub fn read(view: View<'_>, expr: &Expr) -> Reason {
    let mut read = Vec::new();
    if !matches!(expr.node, Node::Atom(_) | Node::Quantified(..)) {
        readings(view, expr, &mut read, &mut Vec::new());
    }
    let value = view.value(expr);
    Reason {
        span: expr.span,
        kind: expr.kind.clone(),
        service: None,
        read,
        quantified: false,
        undefined: if value.is_none() { undefined(view, expr) } else { Vec::new() },
        value,
    }
}

fn readings<'e>(view: View<'_>, expr: &'e Expr, read: &mut Vec<Reading>, seen: &mut Vec<&'e Node>) {
    match &expr.node {
        Node::Atom(Atom::Service | Atom::ThisService) => {}
        // What a quantifier counts is another service's: its own value says enough.
        Node::Atom(_) | Node::Let(_) | Node::Parameter(_) | Node::Quantified(..) => {
            if !seen.contains(&&expr.node) {
                seen.push(&expr.node);
                read.push(Reading { span: expr.span, value: view.value(expr), kind: expr.kind.clone() });
            }
        }
        _ => expr.parts(&mut |part| readings(view, part, read, seen)),
    }
}

/// What keeps a condition or value from being known.
#[derive(Debug, Clone, PartialEq)]
pub enum Gap {
    /// A fact that is unknown; the service is that of a fact of services.
    Fact(Option<ServiceId>, FactId),
    /// A calculation that has no result.
    Undefined(Undefined),
}

/// All that keeps a condition or value from being known, each once, with its place.
#[must_use]
pub fn gaps(view: View<'_>, expr: &Expr) -> Vec<(Gap, Span)> {
    let mut found = Vec::new();
    missing(view, expr, &mut found, &mut Named::new());
    found
}

/// The calculations without a result that keep a condition or value from being known.
fn undefined(view: View<'_>, expr: &Expr) -> Vec<(Span, Undefined)> {
    let gaps = gaps(view, expr).into_iter();
    gaps.filter_map(|(gap, span)| if let Gap::Undefined(why) = gap { Some((span, why)) } else { None }).collect()
}

fn missing(view: View<'_>, expr: &Expr, found: &mut Vec<(Gap, Span)>, named: &mut Named) {
    let unknown = if expr.kind == Type::YesNo { view.truth(expr).is_none() } else { view.value(expr).is_none() };
    if !unknown {
        return;
    }
    let fact_gap = |fact: &FactId| {
        let of_service = view.machine.playbook.facts[fact.index()].scope == FactScope::Service;
        Gap::Fact(if of_service { view.service } else { None }, *fact)
    };
    let gap = match &expr.node {
        Node::Atom(Atom::Fact(fact) | Atom::Change(fact, _)) => fact_gap(fact),
        Node::Atom(Atom::Since(_, Since::Fact(fact), _, _)) if view.fact(*fact).is_none() => fact_gap(fact),
        Node::Let(id) => {
            if named.insert((*id, view.service, view.outside)) {
                missing(view, &view.machine.playbook.lets[id.index()].value, found, named);
            }
            return;
        }
        Node::Atom(Atom::Sustained(id)) => {
            return missing(view, &view.machine.playbook.sustained[id.index()].condition, found, named);
        }
        Node::Quantified(_, group, Some(condition)) => {
            for service in view.quantified(*group) {
                missing(view.for_service(service), condition, found, named);
            }
            return;
        }
        _ => match without_result(view, expr) {
            Some(why) => Gap::Undefined(why),
            None => return expr.parts(&mut |part| missing(view, part, found, named)),
        },
    };
    // A calculation is told of where it stands, a fact once.
    let told = match &gap {
        Gap::Fact(..) => found.iter().any(|(known, _)| *known == gap),
        Gap::Undefined(_) => found.iter().any(|(_, span)| *span == expr.span),
    };
    if !told {
        found.push((gap, expr.span));
    }
}

/// Why a calculation with known values has no result; none where it has one, or a value in it is unknown.
fn without_result(view: View<'_>, expr: &Expr) -> Option<Undefined> {
    let both = |left: &Expr, right: &Expr| Some((view.value(left)?, view.value(right)?));
    match &expr.node {
        Node::Sum(terms) => {
            let mut total: Option<Value> = None;
            for (minus, term) in terms {
                let term = view.value(term)?;
                let sum = match total {
                    None if *minus => arithmetic::negate(&term),
                    None => Ok(term),
                    Some(total) => arithmetic::add(&total, *minus, &term),
                };
                match sum {
                    Ok(sum) => total = Some(sum),
                    Err(why) => return Some(why),
                }
            }
            None
        }
        Node::Times(left, right) => {
            both(left, right).and_then(|(left, right)| arithmetic::multiply(&left, &right).err())
        }
        Node::Divide(left, right) => {
            both(left, right).and_then(|(left, right)| arithmetic::divide(&left, &right).err())
        }
        Node::PercentOf(points, whole) => {
            both(points, whole).and_then(|(points, whole)| arithmetic::percent_of(&points, &whole).err())
        }
        Node::Negate(part) => arithmetic::negate(&view.value(part)?).err(),
        _ => None,
    }
}

/// The fewest parts that would have to change for a condition to be what is wanted; none where no change of facts can do it.
#[must_use]
pub fn to_become(view: View<'_>, condition: &Expr, wanted: bool) -> Option<Vec<Change>> {
    flip(view, condition, wanted, &mut Flips::new())
}

/// What named conditions would need, by what is wanted of them.
type Flips = BTreeMap<(LetId, Option<ServiceId>, bool), Option<Vec<Change>>>;

fn flip(view: View<'_>, condition: &Expr, wanted: bool, known: &mut Flips) -> Option<Vec<Change>> {
    if view.truth(condition) == Some(wanted) {
        return Some(Vec::new());
    }
    match &condition.node {
        Node::Constant(_) | Node::ServiceIn(..) => None,
        Node::Not(part) => flip(view, part, !wanted, known),
        Node::And(parts) | Node::Or(parts) => {
            let each = parts.iter().map(|part| flip(view, part, wanted, known));
            if wanted == matches!(condition.node, Node::And(_)) { every(each) } else { fewest(each) }
        }
        Node::Let(id) if condition.kind == Type::YesNo => {
            let key = (*id, view.outside.then_some(view.service).flatten(), wanted);
            if let Some(changes) = known.get(&key) {
                return changes.clone();
            }
            let changes = flip(view, &view.machine.playbook.lets[id.index()].value, wanted, known);
            known.insert(key, changes.clone());
            changes
        }
        Node::Quantified(quantifier, group, Some(part)) if *quantifier != Quantifier::Count => {
            let wanted_each = if *quantifier == Quantifier::No { !wanted } else { wanted };
            let services: Vec<ServiceId> = view.quantified(*group).collect();
            let each = services.into_iter().map(|service| flip(view.for_service(service), part, wanted_each, known));
            let needs_every =
                matches!((quantifier, wanted), (Quantifier::All | Quantifier::No, true) | (Quantifier::Any, false));
            if needs_every { every(each) } else { fewest(each) }
        }
        Node::Compare(_, left, right) if is_service(left) || is_service(right) => None,
        _ => {
            let service = view.outside.then_some(view.service).flatten();
            Some(vec![Change { span: condition.span, wanted, service }])
        }
    }
}

fn is_service(expr: &Expr) -> bool {
    expr.kind == Type::Service
}

fn every(each: impl Iterator<Item = Option<Vec<Change>>>) -> Option<Vec<Change>> {
    let mut all: Vec<Change> = Vec::new();
    for changes in each {
        for change in changes? {
            if !all.contains(&change) {
                all.push(change);
            }
        }
    }
    Some(all)
}

fn fewest(each: impl Iterator<Item = Option<Vec<Change>>>) -> Option<Vec<Change>> {
    each.flatten().min_by_key(Vec::len)
}
