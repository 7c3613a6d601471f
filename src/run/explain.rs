//! Why a condition is what it is, and what would make it otherwise.

use super::evaluate::View;
use crate::model::{Atom, Expr, Node, ServiceId, Type};
use crate::source::Span;
use crate::syntax::ast::Quantifier;
use crate::value::Value;

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
    decide(view, condition, &mut reasons, 0);
    reasons
}

/// Nesting of lets is bounded by the resolver; this bound is a second lock.
const DEEPEST: usize = 64;

fn decide(view: View<'_>, condition: &Expr, reasons: &mut Vec<Reason>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    let truth = view.truth(condition);
    match &condition.node {
        Node::Constant(_) => {}
        Node::Not(part) => decide(view, part, reasons, depth + 1),
        Node::And(parts) | Node::Or(parts) => {
            let decisive = truth == Some(matches!(condition.node, Node::Or(_)));
            for part in parts {
                let known = view.truth(part);
                if known == truth || (!decisive && truth.is_some()) {
                    decide(view, part, reasons, depth + 1);
                }
            }
        }
        Node::Let(id) if condition.kind == Type::YesNo => {
            decide(view, &view.machine.playbook.lets[id.index()].value, reasons, depth + 1);
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
                    decide(seen, part, reasons, depth + 1);
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
        readings(view, condition, &mut read);
    }
    Reason {
        span: condition.span,
        value: truth.map(Value::YesNo),
        kind: Type::YesNo,
        service: view.outside.then_some(view.service).flatten(),
        read,
        quantified: matches!(condition.node, Node::Quantified(..)),
    }
}

fn readings(view: View<'_>, expr: &Expr, read: &mut Vec<Reading>) {
    match &expr.node {
        Node::Atom(Atom::Service | Atom::ThisService) => {}
        Node::Atom(_) | Node::Let(_) | Node::Parameter(_) => {
            let known = read.iter().any(|reading| reading.span == expr.span);
            if !known {
                read.push(Reading { span: expr.span, value: view.value(expr), kind: expr.kind.clone() });
            }
        }
        // What a quantifier counts is another service's: its own value says enough.
        Node::Quantified(..) => {
            read.push(Reading { span: expr.span, value: view.value(expr), kind: expr.kind.clone() })
        }
        _ => expr.parts(&mut |part| readings(view, part, read)),
    }
}

/// The facts that are unknown and keep a condition from being known, with the service where it is a quantified one.
#[must_use]
pub fn unknown_facts(view: View<'_>, condition: &Expr) -> Vec<(Option<ServiceId>, crate::model::FactId, Span)> {
    let mut found = Vec::new();
    missing(view, condition, &mut found, 0);
    found
}

fn missing(
    view: View<'_>,
    expr: &Expr,
    found: &mut Vec<(Option<ServiceId>, crate::model::FactId, Span)>,
    depth: usize,
) {
    if depth > DEEPEST {
        return;
    }
    let unknown = if expr.kind == Type::YesNo { view.truth(expr).is_none() } else { view.value(expr).is_none() };
    if !unknown {
        return;
    }
    match &expr.node {
        Node::Atom(Atom::Fact(fact) | Atom::Change(fact, _)) => {
            let of_service = view.machine.playbook.facts[fact.index()].scope == crate::model::FactScope::Service;
            let entry = (if of_service { view.service } else { None }, *fact, expr.span);
            if !found.iter().any(|(service, known, _)| (*service, *known) == (entry.0, entry.1)) {
                found.push(entry);
            }
        }
        Node::Atom(Atom::Since(_, crate::model::Since::Fact(fact), _, _)) if view.fact(*fact).is_none() => {
            found.push((view.service, *fact, expr.span));
        }
        Node::Let(id) => missing(view, &view.machine.playbook.lets[id.index()].value, found, depth + 1),
        Node::Quantified(_, group, Some(condition)) => {
            for service in view.quantified(*group) {
                missing(view.for_service(service), condition, found, depth + 1);
            }
        }
        _ => expr.parts(&mut |part| missing(view, part, found, depth + 1)),
    }
}

/// The fewest parts that would have to change for a condition to be what is wanted; none where no change of facts can do it.
#[must_use]
pub fn to_become(view: View<'_>, condition: &Expr, wanted: bool) -> Option<Vec<Change>> {
    flip(view, condition, wanted, 0)
}

fn flip(view: View<'_>, condition: &Expr, wanted: bool, depth: usize) -> Option<Vec<Change>> {
    if view.truth(condition) == Some(wanted) {
        return Some(Vec::new());
    }
    if depth > DEEPEST {
        return None;
    }
    match &condition.node {
        Node::Constant(_) | Node::ServiceIn(..) => None,
        Node::Not(part) => flip(view, part, !wanted, depth + 1),
        Node::And(parts) | Node::Or(parts) => {
            let each = parts.iter().map(|part| flip(view, part, wanted, depth + 1));
            if wanted == matches!(condition.node, Node::And(_)) { every(each) } else { fewest(each) }
        }
        Node::Let(id) if condition.kind == Type::YesNo => {
            flip(view, &view.machine.playbook.lets[id.index()].value, wanted, depth + 1)
        }
        Node::Quantified(quantifier, group, Some(part)) if *quantifier != Quantifier::Count => {
            let wanted_each = if *quantifier == Quantifier::No { !wanted } else { wanted };
            let services: Vec<ServiceId> = view.quantified(*group).collect();
            let each =
                services.into_iter().map(|service| flip(view.for_service(service), part, wanted_each, depth + 1));
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
    let mut all = Vec::new();
    for changes in each {
        all.extend(changes?);
    }
    Some(all)
}

fn fewest(each: impl Iterator<Item = Option<Vec<Change>>>) -> Option<Vec<Change>> {
    each.flatten().min_by_key(Vec::len)
}
