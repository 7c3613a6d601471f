//! Draws what a scenario assumes: samplers and odds, where a customer stands.

use super::random::Stream;
use crate::model::scenario::{Odds, Sampler, SamplerNode};
use crate::model::{Atom, BusinessUnit, CadenceId, Expr, Length, Node, Type};
use crate::run::evaluate::View;
use crate::value::{DAY, Date, Duration, Micro, Value, nearest};
use std::borrow::Cow;

/// From where something is drawn: what the customer looks like, and the round that is about to begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation<'a> {
    pub(super) view: View<'a>,
    pub(super) round: Option<(CadenceId, u32)>,
}

impl Situation<'_> {
    /// What is drawn; none is unknown.
    pub(super) fn value(&self, sampler: &Sampler, stream: &mut Stream) -> Option<Value> {
        match &sampler.node {
            SamplerNode::Expr(expr) => self.view.value(&self.in_round(expr)),
            SamplerNode::YesNo(chance) => Some(Value::YesNo(stream.yes(chance.0))),
            SamplerNode::OneOf(values, places) => values.get(places.sample(stream) as usize).cloned(),
            SamplerNode::Choice(choices, last) => self.value(self.chosen(choices, last)?, stream),
            SamplerNode::Business(unit, drawn) => {
                let Value::Duration(drawn) = self.value(drawn, stream)? else { return None };
                let hours = self.view.machine.playbook.calendar.hours;
                let time = business_time(*unit, drawn.0.clamp(0, super::world::LONGEST), hours.length());
                let (machine, state) = (self.view.machine, self.view.state);
                let over = machine.over(state, state.now, Length::BusinessHours(Duration(time)));
                Some(Value::Duration(Duration(over - state.now)))
            }
            _ => from_number(self.number(sampler, stream)?, &sampler.kind),
        }
    }

    /// A quantity drawn: seconds, points or plain.
    fn number(&self, sampler: &Sampler, stream: &mut Stream) -> Option<f64> {
        match &sampler.node {
            SamplerNode::Draw(distribution) => Some(distribution.sample(stream)),
            SamplerNode::Sum(terms) => {
                let mut sum = 0.0;
                for (minus, term) in terms {
                    let term = self.number(term, stream)?;
                    sum += if *minus { -term } else { term };
                }
                Some(sum)
            }
            SamplerNode::Times(left, right) => Some(self.number(left, stream)? * self.number(right, stream)?),
            SamplerNode::Divide(left, right) => {
                let (left, right) = (self.number(left, stream)?, self.number(right, stream)?);
                (right != 0.0).then(|| left / right)
            }
            SamplerNode::PercentOf(points, whole) => {
                Some(self.number(points, stream)? * self.number(whole, stream)? / 100.0)
            }
            SamplerNode::Negate(part) => Some(-self.number(part, stream)?),
            SamplerNode::Max(parts) => self.extreme(parts, f64::max, stream),
            SamplerNode::Min(parts) => self.extreme(parts, f64::min, stream),
            SamplerNode::Choice(choices, last) => self.number(self.chosen(choices, last)?, stream),
            SamplerNode::Expr(_) | SamplerNode::YesNo(_) | SamplerNode::OneOf(..) | SamplerNode::Business(..) => {
                to_number(&self.value(sampler, stream)?)
            }
        }
    }

    fn extreme(&self, parts: &[Sampler], better: fn(f64, f64) -> f64, stream: &mut Stream) -> Option<f64> {
        let mut best: Option<f64> = None;
        for part in parts {
            let value = self.number(part, stream)?;
            best = Some(best.map_or(value, |best| better(best, value)));
        }
        best
    }

    fn chosen<'s>(&self, choices: &'s [(Sampler, Expr)], last: &'s Sampler) -> Option<&'s Sampler> {
        for (value, condition) in choices {
            if self.truth(condition)? {
                return Some(value);
            }
        }
        Some(last)
    }

    /// Whether a condition is true, false or unknown.
    pub(super) fn truth(&self, condition: &Expr) -> Option<bool> {
        self.view.truth(&self.in_round(condition))
    }

    /// Odds as a chance from 0 to 1; unknown ones are 0.
    pub(super) fn chance(&self, odds: &Odds) -> f64 {
        match odds {
            Odds::Fixed(chance) => chance.0,
            Odds::Depends(expr) => match self.view.value(&self.in_round(expr)) {
                Some(Value::Number(points)) => points.to_f64() / 100.0,
                _ => 0.0,
            },
        }
    }

    /// Before a round its number is that of the round to come, not of the one before.
    fn in_round<'e>(&self, expr: &'e Expr) -> Cow<'e, Expr> {
        let Some((cadence, number)) = self.round else { return Cow::Borrowed(expr) };
        let mut reads = false;
        expr.walk(&mut |part| reads |= matches!(part.node, Node::Atom(Atom::Round(id)) if id == cadence));
        if !reads {
            return Cow::Borrowed(expr);
        }
        let mut expr = expr.clone();
        number_rounds(&mut expr, cadence, number);
        Cow::Owned(expr)
    }
}

fn number_rounds(expr: &mut Expr, cadence: CadenceId, number: u32) {
    if matches!(expr.node, Node::Atom(Atom::Round(id)) if id == cadence) {
        expr.node = Node::Constant(Value::Number(Micro::whole(i64::from(number))));
        return;
    }
    expr.parts_mut(&mut |part| number_rounds(part, cadence, number));
}

/// Seconds of business time, where what is drawn has so many seconds by the clock and a business day has this length.
fn business_time(unit: BusinessUnit, drawn: i64, day: i64) -> i64 {
    match unit {
        BusinessUnit::Hours => drawn,
        BusinessUnit::Days => nearest(drawn as f64 * day as f64 / DAY as f64),
    }
}

fn to_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number.to_f64()),
        Value::Duration(duration) => Some(duration.0 as f64),
        Value::Date(date) => Some(f64::from(date.0) * DAY as f64),
        _ => None,
    }
}

fn from_number(number: f64, kind: &Type) -> Option<Value> {
    match kind {
        Type::Int | Type::Number(_) | Type::Percent | Type::Money(_) => Some(Value::Number(Micro::from_f64(number))),
        Type::Duration => Some(Value::Duration(Duration(nearest(number)))),
        Type::Date => Some(Value::Date(Date((number / DAY as f64).floor() as i32))),
        Type::YesNo | Type::Text | Type::OneOf(_) | Type::SetOf(_) | Type::Service => None,
    }
}
