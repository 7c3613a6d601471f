//! Conditions and values made ready for columns: names are columns, what is the same for all customers is a constant.
//!
//! A value is 64 bits: yes/no 0 and 1, numbers in millionths, times in seconds, dates in days, choices and services by
//! their place, sets by their bits. [`UNKNOWN`] stands for what nobody knows.

use crate::model::{
    Atom, CadenceId, Expr, FactId, FactScope, Node, Place, Playbook, ScopeId, ServiceId, ServiceSet, StageId,
    TransitionId, Type,
};
use crate::syntax::ast::{Comparison, Quantifier};
use crate::value::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// What nobody knows. No fact can have this value: numbers end far before.
pub(super) const UNKNOWN: i64 = i64::MIN;

/// A column: its place among the columns of a batch.
pub(super) type Column = usize;

/// Why something cannot be compiled, in words.
pub(super) type Lowered<T> = Result<T, String>;

/// A condition or value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    Constant(i64),
    Column(Column),
    /// Whether a column holds no value.
    Unknown(Column),
    /// Whether a column holds one of these.
    OneOf(Column, Vec<i64>),
    /// Whether the service is intended.
    Intended(ServiceId),
    Not(Box<Term>),
    And(Vec<Term>),
    Or(Vec<Term>),
    Compare(Comparison, Box<Term>, Box<Term>),
    /// A choice is in a set of choices.
    InSet(Box<Term>, Box<Term>),
    /// A set is part of a set.
    PartOf(Box<Term>, Box<Term>),
    Sum(Vec<(bool, Term)>),
    /// Product in millionths.
    Times(Box<Term>, Box<Term>),
    Divide(Box<Term>, Box<Term>),
    PercentOf(Box<Term>, Box<Term>),
    Negate(Box<Term>),
    Choice(Vec<(Term, Term)>, Box<Term>),
    Max(Vec<Term>),
    Min(Vec<Term>),
    /// How many of these hold, in millionths.
    Count(Vec<(Term, Term)>),
    SizeOf(Box<Term>),
}

/// A value as 64 bits; none for texts.
pub(super) fn bits(value: &Value) -> Option<i64> {
    match value {
        Value::YesNo(yes) => Some(i64::from(*yes)),
        Value::Number(number) => Some(number.0),
        Value::Date(date) => Some(i64::from(date.0)),
        Value::Duration(time) => Some(time.0),
        Value::Choice(choice) => Some(i64::from(*choice)),
        Value::Set(set) => i64::try_from(*set).ok(),
        Value::Service(service) => Some(i64::from(*service)),
        Value::Text(_) => None,
    }
}

/// What a column is for. Instances are the customer (0) and the services (1 and their index).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// The services of each customer, as bits.
    Intended,
    /// Where each customer's streams begin.
    Begin,
    /// The present instant of a customer's own track (0) and of those within it (1).
    Now(usize),
    /// When a pending blocker is resolved, likewise.
    Resolved(usize),
    /// A fact and its instance.
    Fact(FactId, usize),
    /// The end of the track of a scope, and its instance.
    End(ScopeId, usize),
    /// Whether a task was completed (1) or declared not required (2), and its instance.
    Task(usize, usize),
    /// Something of a stage.
    Stage(StageId, u8),
    /// Where the next stream of a site begins, and its instance.
    Site(usize, usize),
    /// How often a bounded transition was taken.
    Taken(TransitionId),
}

/// Where columns are. Those nobody asks for are not there.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// By fact, then instance without the customer's for services' facts: the value all customers have for ever.
    pub(super) constants: Vec<Vec<Option<i64>>>,
    /// By fact: whether every customer's is known.
    pub(super) known: Vec<bool>,
    columns: RefCell<BTreeMap<Key, Column>>,
    /// Tasks whose completion something reads.
    pub(super) tasks_read: RefCell<BTreeSet<(usize, usize)>>,
}

impl Layout {
    /// The column for this.
    pub(super) fn of(&self, key: Key) -> Column {
        let mut columns = self.columns.borrow_mut();
        let next = columns.len();
        *columns.entry(key).or_insert(next)
    }

    /// All columns.
    pub(super) fn columns(&self) -> Vec<(Key, Column)> {
        self.columns.borrow().iter().map(|(key, column)| (*key, *column)).collect()
    }
}

/// From where a condition is lowered.
#[derive(Debug, Clone, Copy)]
pub(super) struct From<'a> {
    pub(super) playbook: &'a Playbook,
    pub(super) layout: &'a Layout,
    /// The scope whose track asks.
    pub(super) scope: Option<ScopeId>,
    /// The track's service.
    pub(super) own: Option<ServiceId>,
    /// The service in view.
    pub(super) service: Option<ServiceId>,
    /// Where the track is.
    pub(super) here: Option<Place>,
    /// The number of the round in millionths, where there is one.
    pub(super) round: Option<(CadenceId, Column)>,
}

impl From<'_> {
    fn instance(&self, scope: FactScope) -> Lowered<usize> {
        match (scope, self.service) {
            (FactScope::Customer, _) => Ok(0),
            (FactScope::Service, Some(service)) => Ok(service.index()),
            (FactScope::Service, None) => Err("a fact of each service without a service".to_owned()),
        }
    }

    /// A fact as a term.
    fn fact(&self, id: FactId) -> Lowered<Term> {
        let fact = &self.playbook.facts[id.index()];
        let instance = self.instance(fact.scope)?;
        if let Some(constant) = self.layout.constants[id.index()][instance] {
            return Ok(Term::Constant(constant));
        }
        if fact.kind == Type::Text {
            return Err(format!("the text `{}`", fact.name.name));
        }
        if fact.scope == FactScope::Service && self.own.is_some() && self.own != self.service {
            return Err(format!("`{}` of another service", fact.name.name));
        }
        Ok(Term::Column(self.layout.of(Key::Fact(id, instance))))
    }

    /// A condition or value.
    pub(super) fn term(&self, expr: &Expr) -> Lowered<Term> {
        let both = |left: &Expr, right: &Expr| -> Lowered<(Box<Term>, Box<Term>)> {
            Ok((Box::new(self.term(left)?), Box::new(self.term(right)?)))
        };
        let list = |parts: &[Expr]| parts.iter().map(|part| self.term(part)).collect::<Lowered<Vec<Term>>>();
        Ok(match &expr.node {
            Node::Constant(value) => Term::Constant(bits(value).ok_or("a text")?),
            Node::Parameter(id) => Term::Constant(bits(&self.playbook.parameters[id.index()].value).ok_or("a text")?),
            Node::Let(id) => self.term(&self.playbook.lets[id.index()].value)?,
            Node::Atom(atom) => self.atom(atom)?,
            Node::Not(part) => not(self.term(part)?),
            Node::And(parts) => and(list(parts)?),
            Node::Or(parts) => or(list(parts)?),
            Node::Compare(comparison, left, right) => {
                let (left, right) = both(left, right)?;
                compare(*comparison, *left, *right)
            }
            Node::InRange(value, low, high) => {
                let (value, low, high) = (self.term(value)?, self.term(low)?, self.term(high)?);
                and(vec![
                    compare(Comparison::LessOrEqual, low, value.clone()),
                    compare(Comparison::LessOrEqual, value, high),
                ])
            }
            Node::OneOf(value, members) => {
                let value = self.term(value)?;
                let members =
                    members.iter().map(|member| Ok(compare(Comparison::Equal, value.clone(), self.term(member)?)));
                or(members.collect::<Lowered<Vec<Term>>>()?)
            }
            Node::InSet(value, set) => {
                let part = matches!(value.kind, Type::SetOf(_));
                let (value, set) = both(value, set)?;
                match (&*value, &*set) {
                    (Term::Constant(UNKNOWN), _) | (_, Term::Constant(UNKNOWN)) => Term::Constant(UNKNOWN),
                    (Term::Constant(value), Term::Constant(set)) if part => {
                        Term::Constant(i64::from(value & !set == 0))
                    }
                    (Term::Constant(value), Term::Constant(set)) => Term::Constant(set >> (value & 63) & 1),
                    _ if part => Term::PartOf(value, set),
                    _ => Term::InSet(value, set),
                }
            }
            Node::ServiceIn(service, set, _) => match self.term(service)? {
                Term::Constant(UNKNOWN) => Term::Constant(UNKNOWN),
                Term::Constant(service) => Term::Constant(i64::from(set.contains(ServiceId(service as u32)))),
                service => or(set
                    .iter()
                    .map(|member| compare(Comparison::Equal, service.clone(), Term::Constant(i64::from(member.0))))
                    .collect()),
            },
            Node::Quantified(quantifier, group, condition) => {
                self.quantified(*quantifier, *group, condition.as_deref())?
            }
            Node::Sum(terms) => {
                if !plain(&expr.kind) {
                    return Err("arithmetic with dates or sets".to_owned());
                }
                let terms = terms.iter().map(|(minus, term)| {
                    if !plain(&term.kind) {
                        return Err("arithmetic with dates or sets".to_owned());
                    }
                    Ok((*minus, self.term(term)?))
                });
                Term::Sum(terms.collect::<Lowered<Vec<(bool, Term)>>>()?)
            }
            Node::Times(left, right) => {
                let (left, right) = both(left, right)?;
                Term::Times(left, right)
            }
            Node::Divide(left, right) => {
                let (left, right) = both(left, right)?;
                Term::Divide(left, right)
            }
            Node::PercentOf(points, whole) => {
                let (points, whole) = both(points, whole)?;
                Term::PercentOf(points, whole)
            }
            Node::Negate(part) => Term::Negate(Box::new(self.term(part)?)),
            Node::Choice(choices, last) => {
                let mut left = Vec::new();
                for (value, condition) in choices {
                    match self.term(condition)? {
                        Term::Constant(0) => {}
                        Term::Constant(1) => return Ok(choice(left, self.term(value)?)),
                        Term::Constant(_) => return Ok(choice(left, Term::Constant(UNKNOWN))),
                        condition => left.push((self.term(value)?, condition)),
                    }
                }
                choice(left, self.term(last)?)
            }
            Node::Max(parts) => Term::Max(list(parts)?),
            Node::Min(parts) => Term::Min(list(parts)?),
            Node::SizeOf(set) => Term::SizeOf(Box::new(self.term(set)?)),
        })
    }

    fn atom(&self, atom: &Atom) -> Lowered<Term> {
        let yes = |yes: bool| Term::Constant(i64::from(yes));
        Ok(match atom {
            Atom::Fact(fact) => self.fact(*fact)?,
            Atom::Unknown(fact) => match self.fact(*fact)? {
                Term::Constant(value) => yes(value == UNKNOWN),
                Term::Column(_) if self.layout.known[fact.index()] => yes(false),
                Term::Column(column) => Term::Unknown(column),
                _ => return Err("unknown of a value".to_owned()),
            },
            Atom::Service => Term::Constant(self.service.map_or(UNKNOWN, |service| i64::from(service.0))),
            Atom::ThisService => Term::Constant(self.own.map_or(UNKNOWN, |service| i64::from(service.0))),
            Atom::Round(cadence) => match self.round {
                Some((known, column)) if known == *cadence => Term::Column(column),
                _ => yes(false),
            },
            Atom::DoneTask(task) => {
                if self.own.is_some() && self.own != self.service {
                    return Err("tasks of another service".to_owned());
                }
                let instance = self.service.map_or(0, |service| service.index() + 1);
                self.layout.tasks_read.borrow_mut().insert((task.index(), instance));
                Term::OneOf(self.layout.of(Key::Task(task.index(), instance)), vec![1])
            }
            Atom::At(places) => {
                let mut ways = Vec::new();
                for place in places {
                    let scope = self.playbook.place_scope(*place);
                    if Some(scope) == self.scope && self.own == self.service {
                        ways.push(yes(Some(*place) == self.here));
                        continue;
                    }
                    if self.scope != Some(crate::model::CUSTOMER) {
                        return Err("the place of another track".to_owned());
                    }
                    let in_service = self.playbook.scopes[scope.index()].in_service;
                    if in_service && self.service.is_none() {
                        ways.push(yes(false));
                        continue;
                    }
                    let instance = self.service.filter(|_| in_service).map_or(0, |service| service.index() + 1);
                    ways.push(match place {
                        Place::End(end) => {
                            Term::OneOf(self.layout.of(Key::End(scope, instance)), vec![i64::from(end.0)])
                        }
                        // When the customer's own track moves, no track within it is under way.
                        Place::Stage(_) | Place::Block(_) => yes(false),
                    });
                }
                or(ways)
            }
            Atom::TaskStatus(..) => return Err("the status of a task".to_owned()),
            Atom::Happened(_) => return Err("whether an event happened".to_owned()),
            Atom::Sustained(_) => return Err("a condition that holds for a time".to_owned()),
            Atom::Change(..) => return Err("the change of a fact".to_owned()),
            Atom::InStage(_) => return Err("the time in a stage".to_owned()),
            Atom::Since(..) => return Err("the time since something".to_owned()),
            Atom::Today(..) => return Err("today's date".to_owned()),
            Atom::EndedAt(..) => return Err("another playbook".to_owned()),
        })
    }

    fn quantified(&self, quantifier: Quantifier, group: Option<ServiceSet>, condition: Option<&Expr>) -> Lowered<Term> {
        let all = (0..self.playbook.services.len()).map(|index| ServiceId(index as u32));
        let services = all.filter(|service| group.is_none_or(|group| group.contains(*service)));
        let each = services.map(|service| {
            let condition = match condition {
                Some(condition) => From { service: Some(service), ..*self }.term(condition)?,
                None => Term::Constant(1),
            };
            Ok((Term::Intended(service), condition))
        });
        let each = each.collect::<Lowered<Vec<(Term, Term)>>>()?;
        Ok(match quantifier {
            Quantifier::Count => Term::Count(each),
            Quantifier::All => and(each.into_iter().map(|(intended, holds)| or(vec![not(intended), holds])).collect()),
            Quantifier::No => {
                and(each.into_iter().map(|(intended, holds)| or(vec![not(intended), not(holds)])).collect())
            }
            _ => or(each.into_iter().map(|(intended, holds)| and(vec![intended, holds])).collect()),
        })
    }
}

fn plain(kind: &Type) -> bool {
    matches!(kind, Type::Int | Type::Number(_) | Type::Percent | Type::Money(_) | Type::Duration)
}

pub(super) fn choice(choices: Vec<(Term, Term)>, last: Term) -> Term {
    if choices.is_empty() { last } else { Term::Choice(choices, Box::new(last)) }
}

pub(super) fn not(part: Term) -> Term {
    match part {
        Term::Constant(UNKNOWN) => Term::Constant(UNKNOWN),
        Term::Constant(yes) => Term::Constant(1 - yes),
        Term::Not(part) => *part,
        part => Term::Not(Box::new(part)),
    }
}

pub(super) fn and(parts: Vec<Term>) -> Term {
    if parts.contains(&Term::Constant(0)) {
        return Term::Constant(0);
    }
    let mut parts: Vec<Term> = parts.into_iter().filter(|part| *part != Term::Constant(1)).collect();
    match parts.len() {
        0 => Term::Constant(1),
        1 => parts.remove(0),
        _ => Term::And(parts),
    }
}

pub(super) fn or(parts: Vec<Term>) -> Term {
    if parts.contains(&Term::Constant(1)) {
        return Term::Constant(1);
    }
    let mut parts: Vec<Term> = parts.into_iter().filter(|part| *part != Term::Constant(0)).collect();
    match parts.len() {
        0 => Term::Constant(0),
        1 => parts.remove(0),
        _ => Term::Or(parts),
    }
}

fn compare(comparison: Comparison, left: Term, right: Term) -> Term {
    match (&left, &right) {
        (Term::Constant(UNKNOWN), _) | (_, Term::Constant(UNKNOWN)) => Term::Constant(UNKNOWN),
        (Term::Constant(left), Term::Constant(right)) => {
            Term::Constant(i64::from(crate::run::evaluate::holds(comparison, left.cmp(right))))
        }
        _ => Term::Compare(comparison, Box::new(left), Box::new(right)),
    }
}

impl Term {
    /// Calls `visit` on this term and all its parts.
    pub(super) fn walk(&self, visit: &mut dyn FnMut(&Term)) {
        visit(self);
        match self {
            Term::Constant(_) | Term::Column(_) | Term::Unknown(_) | Term::OneOf(..) | Term::Intended(_) => {}
            Term::Not(part) | Term::Negate(part) | Term::SizeOf(part) => part.walk(visit),
            Term::And(parts) | Term::Or(parts) | Term::Max(parts) | Term::Min(parts) => {
                parts.iter().for_each(|part| part.walk(visit));
            }
            Term::Compare(_, left, right)
            | Term::InSet(left, right)
            | Term::PartOf(left, right)
            | Term::Times(left, right)
            | Term::Divide(left, right)
            | Term::PercentOf(left, right) => {
                left.walk(visit);
                right.walk(visit);
            }
            Term::Sum(terms) => terms.iter().for_each(|(_, term)| term.walk(visit)),
            Term::Choice(pairs, last) => {
                pairs.iter().for_each(|(value, condition)| {
                    value.walk(visit);
                    condition.walk(visit);
                });
                last.walk(visit);
            }
            Term::Count(pairs) => pairs.iter().for_each(|(intended, holds)| {
                intended.walk(visit);
                holds.walk(visit);
            }),
        }
    }

    /// Whether it reads a column.
    pub(super) fn reads(&self, wanted: Column) -> bool {
        let mut reads = false;
        self.walk(&mut |part| {
            reads |= match part {
                Term::Column(column) | Term::Unknown(column) | Term::OneOf(column, _) => *column == wanted,
                _ => false,
            };
        });
        reads
    }
}
