//! Sums, products, choices, greatest and least.

use super::super::names::unknown;
use super::super::types::{Class, class, inexact, joined, ordered, words};
use super::{Resolver, counted_with, draw, duration_help, percent_help, subject};
use crate::diagnostic::{Diagnostic, OUT_OF_RANGE, UNIT_MISMATCH, WRONG_TYPE};
use crate::model::{Expr, Node, Type};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, Factor, Sign};
use crate::value::{Duration, Value};

/// Factors of one calculation beside its first: each is worked out with all before it.
const FACTORS: usize = 99;

/// The functions of conditions and values.
const FUNCTIONS: [&str; 2] = ["max", "min"];

/// What scenarios draw from.
const DISTRIBUTIONS: [&str; 16] = [
    "uniform",
    "triangular",
    "normal",
    "lognormal",
    "exponential",
    "gamma",
    "weibull",
    "beta",
    "erlang",
    "poisson",
    "constant",
    "discrete",
    "pert",
    "bernoulli",
    "binomial",
    "geometric",
];

/// What a sum comes to, or why it cannot be.
enum Joined {
    Type(Type),
    Unit,
    Wrong,
}

fn joined_by(left: &Type, minus: bool, right: &Type) -> Joined {
    match (class(left), class(right)) {
        (Class::Number, Class::Number) => Joined::Type(joined(left, right)),
        (Class::Percent, Class::Percent) => Joined::Type(Type::Percent),
        (Class::Duration, Class::Duration) => Joined::Type(Type::Duration),
        (Class::Date, Class::Duration) => Joined::Type(Type::Date),
        (Class::Duration, Class::Date) if !minus => Joined::Type(Type::Date),
        (Class::Date, Class::Date) if minus => Joined::Type(Type::Duration),
        (Class::Percent | Class::Duration | Class::Date, Class::Number)
        | (Class::Number, Class::Percent | Class::Duration) => Joined::Unit,
        _ => Joined::Wrong,
    }
}

impl Resolver<'_> {
    pub(super) fn sum(&mut self, terms: &[(Sign, ast::Expr)], hint: Option<&Type>, span: Span) -> Option<Expr> {
        let ((sign, first), rest) = terms.split_first()?;
        let Some(found) = self.infer(first, hint) else {
            for (_, term) in rest {
                if !self.needs_hint(term) && !super::comparison::is_clock(term) {
                    self.infer(term, None);
                }
            }
            return None;
        };
        let mut kind = found.kind.clone();
        let mut sum = vec![(*sign == Sign::Minus, found)];
        let mut whole = true;
        for (sign, term) in rest {
            let minus = *sign == Sign::Minus;
            if let Type::SetOf(values) = &kind {
                let element = Type::OneOf(values.clone());
                let same = kind.clone();
                let found = match &term.kind {
                    ExprKind::List(_) => self.expect(term, &same),
                    _ => self.infer(term, Some(&element)).and_then(|found| {
                        let expected = if class(&found.kind) == Class::SetOf { &same } else { &element };
                        self.fit(term, found, expected)
                    }),
                };
                match found {
                    Some(found) => sum.push((minus, found)),
                    None => whole = false,
                }
                continue;
            }
            let Some(found) = self.infer(term, None) else {
                whole = false;
                continue;
            };
            match joined_by(&kind, minus, &found.kind) {
                Joined::Type(joined) => kind = joined,
                Joined::Unit => {
                    self.unit_in_sum(&kind, (first, &sum[0].1.kind), (term, &found.kind));
                    whole = false;
                }
                Joined::Wrong => {
                    let message = if minus {
                        format!("{} cannot be taken from {}", words(&found.kind), words(&kind))
                    } else {
                        format!("{} and {} cannot be added", words(&kind), words(&found.kind))
                    };
                    self.report(Diagnostic::new(&WRONG_TYPE, span, message));
                    whole = false;
                }
            }
            sum.push((minus, found));
        }
        if !whole {
            return None;
        }
        if rest.is_empty() {
            return sum.pop().map(|(_, only)| only);
        }
        self.calculable(Expr { node: Node::Sum(sum), kind, span })
    }

    /// A calculation, unless it is one of fixed values that has no result.
    fn calculable(&mut self, expr: Expr) -> Option<Expr> {
        if self.names.is_fixed(&expr) && self.names.fold(&expr).is_none() {
            let message = "this comes to more than a value can hold";
            let help = "Numbers go up to about nine million millions, dates to the year 9999";
            self.report(Diagnostic::new(&OUT_OF_RANGE, expr.span, message).help(help));
            return None;
        }
        Some(expr)
    }

    fn unit_in_sum(&mut self, sum: &Type, first: (&ast::Expr, &Type), term: (&ast::Expr, &Type)) {
        // The plain number is the one that lacks its unit.
        let (plain, unit) = if class(term.1) == Class::Number { (term.0, sum) } else { (first.0, term.1) };
        let (help, message) = match class(unit) {
            Class::Percent => (percent_help(plain), format!("{} is a plain number among percents", subject(plain))),
            _ => (Some(duration_help(plain)), format!("{} is a plain number among lengths of time", subject(plain))),
        };
        self.report(Diagnostic::new(&UNIT_MISMATCH, plain.span, message).help_if(help));
    }

    pub(super) fn product(&mut self, first: &ast::Expr, factors: &[(Factor, ast::Expr)], span: Span) -> Option<Expr> {
        if let Some((_, beyond)) = factors.get(FACTORS) {
            let message = format!("this calculation has more than {} factors", FACTORS + 1);
            let help = "Give parts of it a name with `let`";
            self.out.push(Diagnostic::new(&OUT_OF_RANGE, beyond.span, message).help(help));
            return None;
        }
        let mut result = self.infer(first, None);
        for (factor, written) in factors {
            let right = self.infer(written, None);
            let (Some(left), Some(right)) = (result.take(), right) else { continue };
            let (lefts, rights) = (class(&left.kind), class(&right.kind));
            let kind = match (factor, lefts, rights) {
                (Factor::Times, Class::Number, Class::Number) if left.kind == Type::Int && right.kind == Type::Int => {
                    Ok(Type::Int)
                }
                (Factor::Times | Factor::Divide, Class::Number, Class::Number) => Ok(inexact(&left.kind, &right.kind)),
                (Factor::Times, Class::Percent, Class::Number)
                | (Factor::Times, Class::Number, Class::Percent)
                | (Factor::Divide, Class::Percent, Class::Number) => Ok(Type::Percent),
                (Factor::Divide, Class::Percent, Class::Percent) => Ok(Type::Number(6)),
                (Factor::Times, Class::Duration, Class::Number) | (Factor::Times, Class::Number, Class::Duration) => {
                    Ok(Type::Duration)
                }
                (Factor::Of, Class::Percent, Class::Number) => Ok(inexact(&right.kind, &right.kind)),
                (Factor::Of, Class::Percent, Class::Percent) => Ok(Type::Percent),
                (Factor::Of, Class::Number, Class::Number | Class::Percent) => Err(Diagnostic::new(
                    &UNIT_MISMATCH,
                    first.span,
                    format!("{} is a plain number, and a percent belongs before `of`", subject(first)),
                )
                .help_if(percent_help(first))),
                (Factor::Times, Class::Percent, Class::Percent) => {
                    Err(Diagnostic::new(&UNIT_MISMATCH, span, "two percents cannot be multiplied")
                        .help("A share of a percent is written `10% of active_usage`"))
                }
                (factor, ..) => {
                    let (left, right) = (words(&left.kind), words(&right.kind));
                    let message = match factor {
                        Factor::Times => format!("{left} and {right} cannot be multiplied"),
                        Factor::Divide => format!("{left} cannot be divided by {right}"),
                        Factor::Of => format!("`of` takes a percent of a number, not {left} of {right}"),
                    };
                    Err(Diagnostic::new(&WRONG_TYPE, span, message))
                }
            };
            match kind {
                Ok(kind) => {
                    let span = left.span.to(right.span);
                    if *factor == Factor::Divide && self.known_number(&right) == Some(crate::value::Micro(0)) {
                        self.report(Diagnostic::new(&OUT_OF_RANGE, right.span, "nothing can be divided by zero"));
                        continue;
                    }
                    let (left, right) = (Box::new(left), Box::new(right));
                    let node = match factor {
                        Factor::Times => Node::Times(left, right),
                        Factor::Divide => Node::Divide(left, right),
                        Factor::Of => Node::PercentOf(left, right),
                    };
                    result = Some(Expr { node, kind, span });
                }
                Err(diagnostic) => self.report(diagnostic),
            }
        }
        self.calculable(Expr { span, ..result? })
    }

    pub(super) fn negated(&mut self, part: &ast::Expr, span: Span) -> Option<Expr> {
        let found = self.infer(part, None)?;
        if !matches!(class(&found.kind), Class::Number | Class::Percent | Class::Duration) {
            let message = format!("{} is {}, which has no minus", subject(part), words(&found.kind));
            let mut diagnostic = Diagnostic::new(&WRONG_TYPE, span, message);
            if class(&found.kind) == Class::YesNo {
                diagnostic = diagnostic.help("Say `not …`");
            }
            self.report(diagnostic);
            return None;
        }
        let kind = found.kind.clone();
        Some(Expr { node: Node::Negate(Box::new(found)), kind, span })
    }

    pub(super) fn choice(
        &mut self,
        choices: &[(ast::Expr, ast::Expr)],
        last: &ast::Expr,
        hint: Option<&Type>,
        span: Span,
    ) -> Option<Expr> {
        let written: Vec<&ast::Expr> = choices.iter().map(|(value, _)| value).chain([last]).collect();
        let conditions: Vec<Option<Expr>> = choices.iter().map(|(_, condition)| self.condition(condition)).collect();
        let values = self.values(&written, hint)?;
        let kind = self.common(&values, span)?;
        let mut values: Vec<Expr> = values.into_iter().map(|(_, value)| value).collect();
        let last = values.pop()?;
        let conditions: Option<Vec<Expr>> = conditions.into_iter().collect();
        let choices = values.into_iter().zip(conditions?).collect();
        Some(Expr { node: Node::Choice(choices, Box::new(last)), kind, span })
    }

    /// Values that stand for each other: those that need it are understood from the first that does not.
    fn values<'e>(&mut self, written: &[&'e ast::Expr], hint: Option<&Type>) -> Option<Vec<(&'e ast::Expr, Expr)>> {
        let lead = if hint.is_none() { written.iter().position(|value| !self.needs_hint(value)) } else { None };
        let led = match lead {
            Some(lead) => Some((lead, self.infer(written[lead], None)?)),
            None => None,
        };
        let hint = hint.cloned().or_else(|| led.as_ref().map(|(_, value)| value.kind.clone()));
        let mut found: Vec<Option<(&ast::Expr, Expr)>> = Vec::with_capacity(written.len());
        for (at, value) in written.iter().enumerate() {
            found.push(match &led {
                Some((lead, value_of_lead)) if *lead == at => Some((value, value_of_lead.clone())),
                _ => self.infer(value, hint.as_ref()).map(|resolved| (*value, resolved)),
            });
        }
        found.into_iter().collect()
    }

    pub(super) fn call(
        &mut self,
        function: &ast::Name,
        arguments: &[ast::Argument],
        unit: Option<ast::CallUnit>,
        hint: Option<&Type>,
        span: Span,
    ) -> Option<Expr> {
        let greatest = match function.text.as_str() {
            "max" => true,
            "min" => false,
            name if DISTRIBUTIONS.contains(&name) => {
                self.report(draw(span));
                return None;
            }
            name => {
                self.report(unknown("function", name, function.span, FUNCTIONS));
                return None;
            }
        };
        if let Some(name) = arguments.iter().find_map(|argument| argument.name.as_ref()) {
            let message = format!("`{}` has no argument called `{}`", function.text, name.text);
            self.report(Diagnostic::new(&WRONG_TYPE, name.span, message).help("List the values, separated by commas"));
            return None;
        }
        if arguments.is_empty() {
            let message = format!("`{}` needs at least one value", function.text);
            self.report(Diagnostic::new(&WRONG_TYPE, span, message));
            return None;
        }
        let written: Vec<&ast::Expr> = arguments.iter().map(|argument| &argument.value).collect();
        let values = self.values(&written, hint)?;
        let kind = self.common(&values, span)?;
        if !ordered(&kind) {
            let message =
                format!("`{}` needs an order, and {} is {}", function.text, subject(written[0]), words(&kind));
            self.report(Diagnostic::new(&WRONG_TYPE, span, message));
            return None;
        }
        let parts: Vec<Expr> = values.into_iter().map(|(_, value)| value).collect();
        let node = if greatest { Node::Max(parts) } else { Node::Min(parts) };
        let found = Expr { node, kind, span };
        let Some(unit) = unit else { return Some(found) };
        if class(&found.kind) != Class::Number {
            let message = format!("this is {} already, and needs no unit", words(&found.kind));
            self.report(Diagnostic::new(&UNIT_MISMATCH, span, message));
            return None;
        }
        let unit = match unit {
            ast::CallUnit::Time(unit) => unit,
            ast::CallUnit::Business(unit) => {
                self.report(counted_with(unit, span));
                return None;
            }
        };
        let one = Value::Duration(Duration(unit.seconds()));
        let one = Expr { node: Node::Constant(one), kind: Type::Duration, span: span.after() };
        Some(Expr { node: Node::Times(Box::new(found), Box::new(one)), kind: Type::Duration, span })
    }
}
