//! Values that do not depend on a customer, worked out.

use crate::model::{Expr, Node, Parameter};
use crate::syntax::ast::Comparison;
use crate::value::{Micro, Value, arithmetic};
use std::cmp::Ordering;

/// Values worked out so far.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Parameters.
    pub parameters: &'a [Parameter],
    /// The `let`s that do not depend on a customer.
    pub lets: &'a [Option<Value>],
}

/// The value of an expression of constants and parameters; none where it reads something, and where it has none: it divides by zero, or is too large.
pub fn fold(known: Known<'_>, expr: &Expr) -> Option<Value> {
    let truth = |expr: &Expr| match fold(known, expr)? {
        Value::YesNo(yes) => Some(yes),
        _ => None,
    };
    match &expr.node {
        Node::Constant(value) => Some(value.clone()),
        Node::Parameter(id) => known.parameters.get(id.index()).map(|parameter| parameter.value.clone()),
        Node::Let(id) => known.lets.get(id.index())?.clone(),
        Node::Atom(_) | Node::Quantified(..) | Node::ServiceIn(..) => None,
        Node::Not(part) => Some(Value::YesNo(!truth(part)?)),
        Node::And(parts) => all(parts.iter().map(truth)).map(|values| Value::YesNo(values.iter().all(|yes| *yes))),
        Node::Or(parts) => all(parts.iter().map(truth)).map(|values| Value::YesNo(values.iter().any(|yes| *yes))),
        Node::Compare(operator, left, right) => {
            let (left, right) = (fold(known, left)?, fold(known, right)?);
            let yes = match operator {
                Comparison::Equal => left == right,
                Comparison::NotEqual => left != right,
                Comparison::Less => compare(&left, &right)? == Ordering::Less,
                Comparison::LessOrEqual => compare(&left, &right)? != Ordering::Greater,
                Comparison::Greater => compare(&left, &right)? == Ordering::Greater,
                Comparison::GreaterOrEqual => compare(&left, &right)? != Ordering::Less,
            };
            Some(Value::YesNo(yes))
        }
        Node::InRange(value, low, high) => {
            let value = fold(known, value)?;
            Some(Value::YesNo(within(&value, &fold(known, low)?, &fold(known, high)?)))
        }
        Node::OneOf(value, list) => {
            let value = fold(known, value)?;
            let values = all(list.iter().map(|item| fold(known, item)))?;
            Some(Value::YesNo(values.contains(&value)))
        }
        Node::InSet(value, set) => match (fold(known, value)?, fold(known, set)?) {
            (Value::Choice(choice), Value::Set(set)) => Some(Value::YesNo(set >> choice.min(63) & 1 == 1)),
            (Value::Set(part), Value::Set(set)) => Some(Value::YesNo(part & !set == 0)),
            _ => None,
        },
        Node::Sum(terms) => {
            let mut sum: Option<Value> = None;
            for (minus, term) in terms {
                let term = fold(known, term)?;
                sum = Some(match sum {
                    None if *minus => arithmetic::negate(&term).ok()?,
                    None => term,
                    Some(sum) => arithmetic::add(&sum, *minus, &term).ok()?,
                });
            }
            sum
        }
        Node::Times(left, right) => arithmetic::multiply(&fold(known, left)?, &fold(known, right)?).ok(),
        Node::Divide(left, right) => arithmetic::divide(&fold(known, left)?, &fold(known, right)?).ok(),
        Node::PercentOf(share, whole) => arithmetic::percent_of(&fold(known, share)?, &fold(known, whole)?).ok(),
        Node::Negate(part) => arithmetic::negate(&fold(known, part)?).ok(),
        Node::Choice(choices, last) => {
            for (value, condition) in choices {
                if truth(condition)? {
                    return fold(known, value);
                }
            }
            fold(known, last)
        }
        Node::Max(parts) => extreme(known, parts, Ordering::Greater),
        Node::Min(parts) => extreme(known, parts, Ordering::Less),
        Node::SizeOf(set) => match fold(known, set)? {
            Value::Set(set) => Some(Value::Number(Micro::whole(i64::from(set.count_ones())))),
            _ => None,
        },
    }
}

/// Whether a value lies within bounds, both included.
pub fn within(value: &Value, low: &Value, high: &Value) -> bool {
    compare(value, low).is_some_and(Ordering::is_ge) && compare(value, high).is_some_and(Ordering::is_le)
}

/// The order of two values of the same kind, where they have one.
pub fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// Whether the expression is written as one number, so that its decimals are the author's.
pub fn is_literal(expr: &Expr) -> bool {
    match &expr.node {
        Node::Constant(_) => true,
        Node::Negate(part) => is_literal(part),
        _ => false,
    }
}

/// The unit a bare number would most likely have had, for help: `10` → `10%`, `0.1` → `10%`.
pub fn as_percent(number: Micro) -> String {
    let points = if number.0 > 0 && number < Micro::ONE { Micro(number.0.saturating_mul(100)) } else { number };
    format!("{points}%")
}

fn all<T>(values: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    values.collect()
}

fn extreme(known: Known<'_>, parts: &[Expr], wanted: Ordering) -> Option<Value> {
    let values = all(parts.iter().map(|part| fold(known, part)))?;
    values.into_iter().reduce(|best, value| if compare(&value, &best) == Some(wanted) { value } else { best })
}
