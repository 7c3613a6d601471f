//! Typed, resolved conditions and values.
//!
//! Conditions and values are one tree; a condition is a node of type yes/no. Each node has its place, so that reasons
//! can point at the part that decided.

use super::{
    CadenceId, EventMatch, FactId, GroupId, LetId, ParameterId, Place, Playbook, ServiceSet, SinceUnit, SustainedId,
    TaskId, Type,
};
use crate::source::Span;
use crate::syntax::ast::{Comparison, Quantifier};
use crate::value::{Duration, TaskStatus, Value};
use std::collections::BTreeSet;

/// A resolved condition or value.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// Which.
    pub node: Node,
    /// Its type.
    pub kind: Type,
    /// Where it stands.
    pub span: Span,
}

/// The forms of a resolved expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A constant.
    Constant(Value),
    /// A parameter: its value does not change, its name is for reasons.
    Parameter(ParameterId),
    /// A `let`, evaluated where it stands (in the quantified or the track's service).
    Let(LetId),
    /// What is read from the customer.
    Atom(Atom),
    /// Not.
    Not(Box<Expr>),
    /// All of them; at least two.
    And(Vec<Expr>),
    /// Any of them; at least two.
    Or(Vec<Expr>),
    /// A comparison of two values of compatible types. Ordered comparisons: numbers, dates, durations.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// Within bounds, both included.
    InRange(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A single value (choice, service, text, number, date) is one of these constants or parameters.
    OneOf(Box<Expr>, Vec<Expr>),
    /// The value (a choice) is a member of the set, or the set is a subset of the other.
    InSet(Box<Expr>, Box<Expr>),
    /// The quantified or track's service is in this group or list. For any service-valued expression.
    ServiceIn(Box<Expr>, ServiceSet, Option<GroupId>),
    /// Sum; the flag is true where the term is subtracted. Also date ± duration, date - date, set + element, set - element.
    Sum(Vec<(bool, Expr)>),
    /// Product of two; the type says what: percent × number is a percent, number × number a number, duration × number a duration.
    Times(Box<Expr>, Box<Expr>),
    /// Quotient; unknown when dividing by zero.
    Divide(Box<Expr>, Box<Expr>),
    /// `10% of seats`: points × number / 100.
    PercentOf(Box<Expr>, Box<Expr>),
    /// Minus.
    Negate(Box<Expr>),
    /// The first whose condition is true; unknown where a condition on the way is unknown.
    Choice(Vec<(Expr, Expr)>, Box<Expr>),
    /// The greatest.
    Max(Vec<Expr>),
    /// The least.
    Min(Vec<Expr>),
    /// Over the intended services (of the group, where given). `count` gives an int, the others a condition. No condition counts all.
    Quantified(Quantifier, Option<ServiceSet>, Option<Box<Expr>>),
    /// The size of a set.
    SizeOf(Box<Expr>),
}

/// What is read from the customer, its journey or the clock.
#[derive(Debug, Clone, PartialEq)]
pub enum Atom {
    /// A fact; of the quantified or the track's service where it is a service's.
    Fact(FactId),
    /// Whether the fact is unknown.
    Unknown(FactId),
    /// The quantified service; the track's own outside a quantifier.
    Service,
    /// The track's own service, also within a quantifier.
    ThisService,
    /// The number of the current round of the cadence; 0 before the first.
    Round(CadenceId),
    /// Ever completed, in this track; in a quantifier that service's; at customer scope the customer's.
    DoneTask(TaskId),
    /// The task's status is this.
    TaskStatus(TaskId, TaskStatus),
    /// The position is one of these. Of the quantified service's track, this track, or the customer, by where the places lie.
    At(Vec<Place>),
    /// The event has happened to the service or the customer.
    Happened(EventMatch),
    /// The condition has held for its time.
    Sustained(SustainedId),
    /// The difference between now and so long ago; unknown where the history is shorter.
    Change(FactId, Duration),
    /// In this stage for so long (pauses not counted).
    InStage(Duration),
    /// So many whole units since then compare with a constant number; the constant is on the right.
    Since(SinceUnit, Since, Comparison, Box<Expr>),
    /// Today compared with a date that does not depend on today; today is on the left.
    Today(Comparison, Box<Expr>),
    /// The customer's journey through another playbook ended at one of these.
    EndedAt(String, Vec<String>),
}

/// Since what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// A date fact.
    Fact(FactId),
    /// The last time of an event.
    Event(EventMatch),
    /// The completion of a task.
    Task(TaskId),
}

impl Expr {
    /// Calls `visit` on this expression and all parts of it, lets not followed.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        visit(self);
        self.parts(&mut |part| part.walk(visit));
    }

    /// As [`Expr::walk`], and on what the named values and lasting conditions in it stand for, each once: they may be
    /// mentioned many times.
    pub fn walk_all<'a>(&'a self, playbook: &'a Playbook, visit: &mut impl FnMut(&'a Expr)) {
        let (mut lets, mut lasting) = (BTreeSet::new(), BTreeSet::new());
        let mut waiting = vec![self];
        while let Some(expr) = waiting.pop() {
            expr.walk(&mut |part| {
                visit(part);
                match part.node {
                    Node::Let(id) if lets.insert(id) => {
                        waiting.extend(playbook.lets.get(id.index()).map(|definition| &definition.value));
                    }
                    Node::Atom(Atom::Sustained(id)) if lasting.insert(id) => {
                        waiting.extend(playbook.sustained.get(id.index()).map(|sustained| &sustained.condition));
                    }
                    _ => {}
                }
            });
        }
    }

    /// Calls `visit` on the direct parts.
    pub fn parts<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match &self.node {
            Node::Constant(_) | Node::Parameter(_) | Node::Let(_) => {}
            Node::Atom(Atom::Since(_, _, _, right) | Atom::Today(_, right)) => visit(right),
            Node::Atom(_) => {}
            Node::Not(part) | Node::Negate(part) | Node::SizeOf(part) | Node::ServiceIn(part, _, _) => visit(part),
            Node::And(parts) | Node::Or(parts) | Node::Max(parts) | Node::Min(parts) => parts.iter().for_each(visit),
            Node::Compare(_, left, right)
            | Node::InSet(left, right)
            | Node::Times(left, right)
            | Node::Divide(left, right)
            | Node::PercentOf(left, right) => {
                visit(left);
                visit(right);
            }
            Node::InRange(value, low, high) => {
                visit(value);
                visit(low);
                visit(high);
            }
            Node::OneOf(value, list) => {
                visit(value);
                list.iter().for_each(visit);
            }
            Node::Sum(terms) => terms.iter().for_each(|(_, term)| visit(term)),
            Node::Choice(choices, last) => {
                for (value, condition) in choices {
                    visit(value);
                    visit(condition);
                }
                visit(last);
            }
            Node::Quantified(_, _, condition) => {
                if let Some(condition) = condition {
                    visit(condition);
                }
            }
        }
    }

    /// Calls `visit` on the direct parts, to change them.
    pub fn parts_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        match &mut self.node {
            Node::Constant(_) | Node::Parameter(_) | Node::Let(_) => {}
            Node::Atom(Atom::Since(_, _, _, right) | Atom::Today(_, right)) => visit(right),
            Node::Atom(_) => {}
            Node::Not(part) | Node::Negate(part) | Node::SizeOf(part) | Node::ServiceIn(part, _, _) => visit(part),
            Node::And(parts) | Node::Or(parts) | Node::Max(parts) | Node::Min(parts) => {
                parts.iter_mut().for_each(visit)
            }
            Node::Compare(_, left, right)
            | Node::InSet(left, right)
            | Node::Times(left, right)
            | Node::Divide(left, right)
            | Node::PercentOf(left, right) => {
                visit(left);
                visit(right);
            }
            Node::InRange(value, low, high) => {
                visit(value);
                visit(low);
                visit(high);
            }
            Node::OneOf(value, list) => {
                visit(value);
                list.iter_mut().for_each(visit);
            }
            Node::Sum(terms) => terms.iter_mut().for_each(|(_, term)| visit(term)),
            Node::Choice(choices, last) => {
                for (value, condition) in choices {
                    visit(value);
                    visit(condition);
                }
                visit(last);
            }
            Node::Quantified(_, _, condition) => {
                if let Some(condition) = condition {
                    visit(condition);
                }
            }
        }
    }
}
