//! Fixed values: defaults, parameters, limits, lengths of time.

use super::super::constant::{compare, is_literal, within};
use super::super::names::Names;
use super::super::types::decimals;
use super::{Context, Resolver, duration_help, not_constant, subject};
use crate::diagnostic::{BAD_DURATION, Diagnostic, OUT_OF_RANGE, TOO_FINE, UNIT_MISMATCH};
use crate::model::{BusinessUnit, Expr, FactId, Length, Type};
use crate::source::Span;
use crate::syntax::ast;
use crate::value::{Duration, Micro, Value};
use std::cmp::Ordering;

/// The longest length of time an author may write: a thousand years.
const LONGEST: i64 = 1_000 * 365 * crate::value::DAY;

/// The most business days an author may write: about forty years.
const MOST_BUSINESS_DAYS: u32 = 10_000;

/// The longest business time an author may write: so many hours, which is about as long where a day has eight.
const LONGEST_BUSINESS: i64 = 80_000 * 3_600;

impl Names {
    /// A value of this type that depends on no customer: literals, parameters, arithmetic on them, values of lists.
    pub fn constant(&mut self, expr: &ast::Expr, expected: &Type, out: &mut Vec<Diagnostic>) -> Option<Value> {
        let mut resolver = Resolver::new(self, Context::CUSTOMER, out);
        resolver.constant = true;
        let found = resolver.expect(expr, expected)?;
        self.settled(expr, &found, expected, out)
    }

    /// A value that a fact can have: of its type and within its range.
    pub fn constant_for(&mut self, fact: FactId, expr: &ast::Expr, out: &mut Vec<Diagnostic>) -> Option<Value> {
        let kind = self.playbook.facts[fact.index()].kind.clone();
        let value = self.constant(expr, &kind, out)?;
        self.in_range_of(fact, &value, expr.span, out).then_some(value)
    }

    /// A length of time that depends on no customer and is longer than nothing. `what` is named in messages: "a period".
    pub fn duration(&mut self, expr: &ast::Expr, what: &str, out: &mut Vec<Diagnostic>) -> Option<Duration> {
        let Some(Value::Duration(duration)) = self.constant(expr, &Type::Duration, out) else { return None };
        if duration.0 > 0 {
            return Some(duration);
        }
        out.push(
            Diagnostic::new(&BAD_DURATION, expr.span, format!("{what} has to be longer than nothing"))
                .label(format!("this is {duration}")),
        );
        None
    }

    /// A length of time to wait, by the clock or in business time.
    pub fn length(&mut self, expr: &ast::Expr, what: &str, out: &mut Vec<Diagnostic>) -> Option<Length> {
        let ast::ExprKind::Business(number, unit) = expr.kind else {
            return self.duration(expr, what, out).map(Length::Time);
        };
        let length = match unit {
            BusinessUnit::Days => {
                let days = u32::try_from(number.0 / Micro::ONE.0).ok().filter(|_| number.0 % Micro::ONE.0 == 0);
                match days {
                    Some(0) => Err(format!("{what} has to be longer than nothing")),
                    Some(days) if days <= MOST_BUSINESS_DAYS => Ok(Length::BusinessDays(days)),
                    Some(_) => Err("this is longer than forty years".to_owned()),
                    None => Err("business days are counted in whole numbers".to_owned()),
                }
            }
            BusinessUnit::Hours => match seconds(number, ast::Unit::Hours) {
                0 => Err(format!("{what} has to be longer than nothing")),
                time if time > LONGEST_BUSINESS.into() => Err("this is longer than forty years".to_owned()),
                time => Ok(Length::BusinessHours(Duration(time as i64))),
            },
        };
        match length {
            Ok(length) => Some(length),
            Err(message) => {
                out.push(Diagnostic::new(&BAD_DURATION, expr.span, message));
                None
            }
        }
    }

    /// A whole number from 1 that depends on no customer. `what` is named in messages: "a limit".
    pub fn count(&mut self, expr: &ast::Expr, what: &str, out: &mut Vec<Diagnostic>) -> Option<u32> {
        self.whole(expr, 1, what, out)
    }

    /// A whole number from `least` that depends on no customer. `what` is named in messages: "a limit".
    pub fn whole(&mut self, expr: &ast::Expr, least: u32, what: &str, out: &mut Vec<Diagnostic>) -> Option<u32> {
        let Some(Value::Number(number)) = self.constant(expr, &Type::Int, out) else { return None };
        let count = u32::try_from(number.0 / Micro::ONE.0).ok().filter(|count| *count >= least && number.0 >= 0);
        if count.is_none() {
            let message = if number.0 < 0 || number < Micro::whole(least.into()) {
                format!("{what} has to be {least} or more")
            } else {
                format!("{what} can be {} at most", u32::MAX)
            };
            out.push(Diagnostic::new(&OUT_OF_RANGE, expr.span, message));
        }
        count
    }

    /// What a fixed value comes to, with no more decimals than its type has.
    pub(in super::super) fn settled(
        &self,
        written: &ast::Expr,
        found: &Expr,
        expected: &Type,
        out: &mut Vec<Diagnostic>,
    ) -> Option<Value> {
        let Some(value) = self.fold(found) else {
            out.push(not_constant(written.span, &format!("{} cannot be worked out", subject(written))));
            return None;
        };
        let (Value::Number(number), Some(decimals)) = (&value, decimals(expected)) else { return Some(value) };
        if number.fits(decimals) {
            return Some(value);
        }
        if is_literal(found) {
            out.push(too_fine(written.span, *number, decimals));
            return None;
        }
        Some(Value::Number(number.round_to(decimals)))
    }

    /// Whether a value lies within the range of a fact; if not, that is reported.
    pub fn in_range_of(&self, fact: FactId, value: &Value, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        let fact = &self.playbook.facts[fact.index()];
        let Some((low, high)) = &fact.range else { return true };
        if within(value, low, high) {
            return true;
        }
        let show = |value: &Value| self.playbook.show(value, &fact.kind);
        out.push(
            Diagnostic::new(
                &OUT_OF_RANGE,
                span,
                format!(
                    "`{}` cannot be {}: it lies between {} and {}",
                    fact.name.name,
                    show(value),
                    show(low),
                    show(high)
                ),
            )
            .related(fact.name.span, "declared here"),
        );
        false
    }

    /// `in LOW..HIGH` of a fact or parameter of this type.
    pub(in super::super) fn bounds(
        &mut self,
        low: &ast::Expr,
        high: &ast::Expr,
        kind: &Type,
        out: &mut Vec<Diagnostic>,
    ) -> Option<(Value, Value)> {
        let (least, most) = (self.constant(low, kind, out), self.constant(high, kind, out));
        let (least, most) = (least?, most?);
        if compare(&least, &most) == Some(Ordering::Greater) {
            let message = format!(
                "the range begins at {} and ends before it, at {}",
                self.playbook.show(&least, kind),
                self.playbook.show(&most, kind)
            );
            out.push(Diagnostic::new(&OUT_OF_RANGE, low.span.to(high.span), message).help("Swap the two bounds"));
            return None;
        }
        Some((least, most))
    }
}

/// The finding that a number has too many decimals.
fn too_fine(span: Span, number: Micro, decimals: u32) -> Diagnostic {
    let message = match decimals {
        0 => format!("`{number}` is not a whole number"),
        1 => format!("`{number}` has more than one decimal"),
        decimals => format!("`{number}` has more than {decimals} decimals"),
    };
    Diagnostic::new(&TOO_FINE, span, message).help(format!("The nearest that fits is `{}`", number.round_to(decimals)))
}

/// So many units in seconds, rounded to whole ones.
fn seconds(number: Micro, unit: ast::Unit) -> i128 {
    (i128::from(number.0) * i128::from(unit.seconds()) + 500_000).div_euclid(1_000_000)
}

impl Resolver<'_> {
    /// `2 weeks` in seconds.
    pub(super) fn duration_literal(&mut self, number: Micro, unit: ast::Unit, span: Span) -> Option<Duration> {
        match i64::try_from(seconds(number, unit)) {
            Ok(seconds) if seconds.abs() <= LONGEST => Some(Duration(seconds)),
            _ => {
                self.report(
                    Diagnostic::new(&BAD_DURATION, span, "this is longer than a thousand years")
                        .help("Leave the limit out if nothing should happen"),
                );
                None
            }
        }
    }

    /// A length of time within a condition, longer than nothing.
    pub(super) fn window(&mut self, expr: &ast::Expr, what: &str) -> Option<Duration> {
        if let Some(number) = super::number_of(expr) {
            let message = format!("`{number}` is a number, and {what} belongs here");
            self.report(Diagnostic::new(&UNIT_MISMATCH, expr.span, message).help(duration_help(expr)));
            return None;
        }
        self.names.duration(expr, what, self.out)
    }
}
