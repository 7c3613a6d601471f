//! What is drawn, made ready for columns: each draw knows its place in the stream.

use super::expression::{Column, From, Lowered, Term, bits};
use super::kernel::SMALL;
use crate::model::distribution::Distribution;
use crate::model::scenario::{Odds, Sampler, SamplerNode};
use crate::model::{Atom, Expr, Node, Type};
use crate::value::DAY;

/// Something drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Drawn {
    /// Nothing is drawn.
    Term(Term),
    /// Yes with this chance.
    YesNo(f64, u32),
    /// One of these.
    OneOf(Vec<i64>, Distribution, u32),
    /// The first whose condition is true.
    Choice(Vec<(Drawn, Term)>, Box<Drawn>),
    /// A number, rounded to its kind.
    Number(Number, Kind),
}

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// In millionths.
    Plain,
    /// In seconds.
    Duration,
    /// In days.
    Date,
}

/// A number before it is rounded; not a number is unknown.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Number {
    Constant(f64),
    Term(Term, Kind),
    /// A column in millionths in which no number is large.
    Small(Column),
    Draw(Distribution, u32),
    Sum(Vec<(bool, Number)>),
    Times(Box<Number>, Box<Number>),
    Divide(Box<Number>, Box<Number>),
    PercentOf(Box<Number>, Box<Number>),
    Negate(Box<Number>),
    Max(Vec<Number>),
    Min(Vec<Number>),
    Choice(Vec<(Number, Term)>, Box<Number>),
}

/// Odds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Chance {
    Fixed(f64),
    Depends(Term),
}

fn kind(kind: &Type) -> Lowered<Kind> {
    match kind {
        Type::Int | Type::Number(_) | Type::Percent | Type::Money(_) => Ok(Kind::Plain),
        Type::Duration => Ok(Kind::Duration),
        Type::Date => Ok(Kind::Date),
        _ => Err("a draw of another kind".to_owned()),
    }
}

/// A value of this kind as a number.
pub(super) fn to_number(value: i64, kind: Kind) -> f64 {
    match kind {
        Kind::Plain => value as f64 / 1e6,
        Kind::Duration => value as f64,
        Kind::Date => value as f64 * DAY as f64,
    }
}

/// The next place in a stream; none after a draw that takes as many numbers as it happens to need.
type Next = Option<u32>;

const UNKNOWN_PLACE: &str = "a draw after one that takes a varying number of random numbers";

impl From<'_> {
    pub(super) fn odds(&self, odds: &Odds) -> Lowered<Chance> {
        Ok(match odds {
            Odds::Fixed(chance) => Chance::Fixed(chance.0),
            Odds::Depends(expr) => Chance::Depends(self.term(expr)?),
        })
    }

    pub(super) fn drawn(&self, sampler: &Sampler) -> Lowered<Drawn> {
        self.drawn_from(sampler, &mut Some(0))
    }

    fn drawn_from(&self, sampler: &Sampler, next: &mut Next) -> Lowered<Drawn> {
        Ok(match &sampler.node {
            SamplerNode::Expr(expr) => Drawn::Term(self.term(expr)?),
            SamplerNode::YesNo(chance) => Drawn::YesNo(chance.0, take(next)?),
            SamplerNode::OneOf(values, places) => {
                let values = values.iter().map(|value| bits(value).ok_or_else(|| "a text".to_owned()));
                let place = next.ok_or(UNKNOWN_PLACE)?;
                *next = after(places, place);
                Drawn::OneOf(values.collect::<Lowered<Vec<i64>>>()?, places.clone(), place)
            }
            SamplerNode::Business(..) => return Err("work in business days or hours".to_owned()),
            SamplerNode::Choice(choices, last) if kind(&sampler.kind).is_err() => {
                let (choices, last) = self.choices(choices, last, next, |at, part, next| at.drawn_from(part, next))?;
                if choices.is_empty() { last } else { Drawn::Choice(choices, Box::new(last)) }
            }
            _ => Drawn::Number(self.number(sampler, next)?, kind(&sampler.kind)?),
        })
    }

    /// Each part is drawn from where the choice begins. Conditions that are settled leave no choice.
    fn choices<T>(
        &self,
        choices: &[(Sampler, crate::model::Expr)],
        last: &Sampler,
        next: &mut Next,
        lower: impl Fn(&Self, &Sampler, &mut Next) -> Lowered<T>,
    ) -> Lowered<(Vec<(T, Term)>, T)> {
        let begin = *next;
        let mut ends = Vec::new();
        let mut part = |sampler: &Sampler| {
            let mut next = begin;
            let lowered = lower(self, sampler, &mut next);
            ends.push(next);
            lowered
        };
        let mut left = Vec::new();
        let mut rest = None;
        for (value, condition) in choices {
            match self.term(condition)? {
                Term::Constant(0) => {}
                Term::Constant(1) => {
                    rest = Some(part(value)?);
                    break;
                }
                Term::Constant(_) => return Err("a choice by something that is never known".to_owned()),
                condition => left.push((part(value)?, condition)),
            }
        }
        let rest = match rest {
            Some(rest) => rest,
            None => part(last)?,
        };
        *next = if ends.windows(2).all(|pair| pair[0] == pair[1]) { ends.first().copied().flatten() } else { None };
        Ok((left, rest))
    }

    fn number(&self, sampler: &Sampler, next: &mut Next) -> Lowered<Number> {
        Ok(match &sampler.node {
            SamplerNode::Draw(Distribution::Constant(value)) => Number::Constant(*value),
            SamplerNode::Draw(distribution) => {
                let place = next.ok_or(UNKNOWN_PLACE)?;
                *next = after(distribution, place);
                Number::Draw(distribution.clone(), place)
            }
            SamplerNode::Sum(terms) => {
                let mut lowered = Vec::new();
                for (minus, term) in terms {
                    match self.number(term, next)? {
                        // Adding nothing changes nothing.
                        Number::Constant(0.0) => {}
                        // What is written in brackets at the very beginning is added up first in any case.
                        Number::Sum(inner) if lowered.is_empty() && !minus => lowered.extend(inner),
                        term => lowered.push((*minus, term)),
                    }
                }
                Number::Sum(lowered)
            }
            SamplerNode::Times(left, right) => {
                Number::Times(Box::new(self.number(left, next)?), Box::new(self.number(right, next)?))
            }
            SamplerNode::Divide(left, right) => {
                Number::Divide(Box::new(self.number(left, next)?), Box::new(self.number(right, next)?))
            }
            SamplerNode::PercentOf(left, right) => {
                Number::PercentOf(Box::new(self.number(left, next)?), Box::new(self.number(right, next)?))
            }
            SamplerNode::Negate(part) => Number::Negate(Box::new(self.number(part, next)?)),
            SamplerNode::Max(parts) => Number::Max(self.numbers(parts, next)?),
            SamplerNode::Min(parts) => Number::Min(self.numbers(parts, next)?),
            SamplerNode::Choice(choices, last) => {
                let (choices, last) = self.choices(choices, last, next, Self::number)?;
                if choices.is_empty() { last } else { Number::Choice(choices, Box::new(last)) }
            }
            SamplerNode::Expr(expr) => match (self.term(expr)?, kind(&sampler.kind)?) {
                (Term::Constant(value), _) if value == super::expression::UNKNOWN => Number::Constant(f64::NAN),
                (Term::Constant(value), kind) => Number::Constant(to_number(value, kind)),
                (Term::Choice(choices, last), kind) => {
                    let number = |term: Term| Number::Term(term, kind);
                    let choices = choices.into_iter().map(|(value, condition)| (constant(number(value)), condition));
                    Number::Choice(choices.collect(), Box::new(constant(number(*last))))
                }
                (Term::Column(column), _) if sampler.kind == Type::Percent && self.is_small(expr) => {
                    Number::Small(column)
                }
                (term, kind) => Number::Term(term, kind),
            },
            SamplerNode::YesNo(_) | SamplerNode::OneOf(..) | SamplerNode::Business(..) => {
                return Err("arithmetic with a drawn choice".to_owned());
            }
        })
    }

    /// Whether it is a fact within small bounds.
    fn is_small(&self, expr: &Expr) -> bool {
        let Node::Atom(Atom::Fact(fact)) = &expr.node else { return false };
        let range = self.playbook.facts[fact.index()].range.as_ref();
        range.and_then(|(low, high)| Some(-SMALL <= bits(low)? && bits(high)? <= SMALL)).unwrap_or(false)
    }

    fn numbers(&self, parts: &[Sampler], next: &mut Next) -> Lowered<Vec<Number>> {
        parts.iter().map(|part| self.number(part, next)).collect()
    }
}

/// A number that is the same for all.
fn constant(number: Number) -> Number {
    match number {
        Number::Term(Term::Constant(super::expression::UNKNOWN), _) => Number::Constant(f64::NAN),
        Number::Term(Term::Constant(value), kind) => Number::Constant(to_number(value, kind)),
        number => number,
    }
}

fn take(next: &mut Next) -> Lowered<u32> {
    let place = next.ok_or(UNKNOWN_PLACE)?;
    *next = Some(place + 1);
    Ok(place)
}

/// The place after a draw.
fn after(distribution: &Distribution, place: u32) -> Next {
    match distribution {
        Distribution::Constant(_) => Some(place),
        _ if distribution.quantile(0.5).is_some() => Some(place + 1),
        _ => None,
    }
}

impl Drawn {
    /// Calls `visit` on its terms.
    pub(super) fn terms(&self, visit: &mut dyn FnMut(&Term)) {
        match self {
            Drawn::Term(term) => visit(term),
            Drawn::YesNo(..) | Drawn::OneOf(..) => {}
            Drawn::Choice(choices, last) => {
                for (value, condition) in choices {
                    value.terms(visit);
                    visit(condition);
                }
                last.terms(visit);
            }
            Drawn::Number(number, _) => number.terms(visit),
        }
    }

    /// Whether it can be unknown though all it reads is known.
    pub(super) fn partial(&self) -> bool {
        match self {
            Drawn::Number(number, _) => number.divides(),
            Drawn::Choice(choices, last) => choices.iter().any(|(value, _)| value.partial()) || last.partial(),
            Drawn::Term(_) | Drawn::YesNo(..) | Drawn::OneOf(..) => false,
        }
    }
}

impl Number {
    pub(super) fn terms(&self, visit: &mut dyn FnMut(&Term)) {
        match self {
            Number::Constant(_) | Number::Draw(..) => {}
            Number::Small(column) => visit(&Term::Column(*column)),
            Number::Term(term, _) => visit(term),
            Number::Sum(terms) => terms.iter().for_each(|(_, term)| term.terms(visit)),
            Number::Times(left, right) | Number::Divide(left, right) | Number::PercentOf(left, right) => {
                left.terms(visit);
                right.terms(visit);
            }
            Number::Negate(part) => part.terms(visit),
            Number::Max(parts) | Number::Min(parts) => parts.iter().for_each(|part| part.terms(visit)),
            Number::Choice(choices, last) => {
                for (value, condition) in choices {
                    value.terms(visit);
                    visit(condition);
                }
                last.terms(visit);
            }
        }
    }

    fn divides(&self) -> bool {
        match self {
            Number::Constant(value) => value.is_nan(),
            Number::Draw(..) | Number::Term(..) | Number::Small(_) => false,
            Number::Divide(..) => true,
            Number::Sum(terms) => terms.iter().any(|(_, term)| term.divides()),
            Number::Times(left, right) | Number::PercentOf(left, right) => left.divides() || right.divides(),
            Number::Negate(part) => part.divides(),
            Number::Max(parts) | Number::Min(parts) => parts.iter().any(Number::divides),
            Number::Choice(choices, last) => choices.iter().any(|(value, _)| value.divides()) || last.divides(),
        }
    }
}
