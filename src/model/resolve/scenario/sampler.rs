//! What is drawn: expressions with distributions in them.

use super::super::expression::{Context, counted_with};
use super::super::order;
use super::super::suggest;
use super::super::types::{Class, class, compatible, inexact, joined, ordered, words};
use super::Maker;
use crate::diagnostic::{
    Diagnostic, IMPOSSIBLE_PARAMETER, MISPLACED_DRAW, UNIT_MISMATCH, UNKNOWN_DISTRIBUTION, WRONG_ARGUMENT, WRONG_TYPE,
};
use crate::model::distribution::{Distribution, Family, Impossible, Measure, normal_quantile};
use crate::model::scenario::{Sampler, SamplerNode};
use crate::model::{Expr, FactId, Node, Type};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, CallUnit, ExprKind, Factor, Sign, Unit};
use crate::value::{Duration, Micro, Value};
use std::borrow::Cow;

/// Where something is drawn in an expression; a call of anything but `max` and `min` is meant as a draw.
pub(super) fn first_draw(expr: &ast::Expr) -> Option<Span> {
    let here = match &expr.kind {
        ExprKind::Call { function, .. } => !matches!(function.text.as_str(), "max" | "min"),
        ExprKind::ShareOfCustomers(_) | ExprKind::Between { .. } | ExprKind::Usually { .. } | ExprKind::Weighted(_) => {
            true
        }
        _ => false,
    };
    if here {
        return Some(expr.span);
    }
    let mut found = None;
    order::parts(expr, &mut |part| found = found.or_else(|| first_draw(part)));
    found
}

/// `sigma -0.6` reads as a difference, and means a parameter below zero: which one, and its value.
fn below_zero(family: Family, argument: &Argument) -> Option<(usize, ast::Expr)> {
    let ExprKind::Sum(terms) = &argument.value.kind else { return None };
    let [(Sign::Plus, name), (Sign::Minus, value)] = terms.as_slice() else { return None };
    let ExprKind::Name(name) = &name.kind else { return None };
    let place = family.parameters().iter().position(|parameter| parameter.name == name)?;
    let kind = ExprKind::Negate(Box::new(value.clone()));
    Some((place, ast::Expr { kind, span: value.span }))
}

/// A value in the unit of what is drawn: seconds, points, or plain.
fn plain(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number.to_f64()),
        Value::Duration(duration) => Some(duration.0 as f64),
        _ => None,
    }
}

impl Maker<'_> {
    /// What is drawn, of this type.
    pub(super) fn sampler_of(&mut self, written: &ast::Expr, expected: &Type, at: Context) -> Option<Sampler> {
        let found = self.sampler(written, Some(expected), at)?;
        self.fit(found, expected)
    }

    /// A length of time, drawn or not. A fixed one must not be below zero.
    pub(super) fn time(&mut self, written: &ast::Expr, at: Context) -> Option<Sampler> {
        let found = self.sampler_of(written, &Type::Duration, at)?;
        if let SamplerNode::Expr(expr) = &found.node
            && let Some(Value::Duration(Duration(..0))) = self.names.fold(expr)
        {
            self.impossible(
                written.span,
                "a length of time cannot be below zero",
                "Write a length of time from zero up",
            );
            return None;
        }
        Some(found)
    }

    /// Reports values that can never fit the bounds of a fact.
    pub(super) fn within_bounds(&mut self, fact: FactId, sampler: &Sampler) {
        let ends: Vec<f64> = match &sampler.node {
            SamplerNode::Expr(expr) => {
                if let Some(value) = self.names.fold(expr) {
                    self.names.in_range_of(fact, &value, sampler.span, self.out);
                }
                return;
            }
            SamplerNode::Draw(
                Distribution::Uniform { low, high }
                | Distribution::Triangular { low, high, .. }
                | Distribution::Beta { low, high, .. },
            ) => vec![*low, *high],
            SamplerNode::OneOf(values, _) => {
                for value in values {
                    self.names.in_range_of(fact, value, sampler.span, self.out);
                }
                return;
            }
            _ => return,
        };
        for end in ends {
            let value = match sampler.kind {
                Type::Duration => Value::Duration(Duration(end.round() as i64)),
                _ => Value::Number(Micro::from_f64(end)),
            };
            if !self.names.in_range_of(fact, &value, sampler.span, self.out) {
                return;
            }
        }
    }

    fn fit(&mut self, found: Sampler, expected: &Type) -> Option<Sampler> {
        if compatible(&found.kind, expected) {
            return Some(Sampler { kind: expected.clone(), ..found });
        }
        let quantity = |kind: &Type| matches!(class(kind), Class::Number | Class::Percent | Class::Duration);
        let rule = if quantity(&found.kind) && quantity(expected) { &UNIT_MISMATCH } else { &WRONG_TYPE };
        let message = format!("what is drawn is {}, and {} belongs here", words(&found.kind), words(expected));
        let help = match (class(expected), class(&found.kind)) {
            (Class::Percent, Class::Number) => Some("Write the values with `%`"),
            (Class::Duration, Class::Number) => Some("Say the unit: `… days`"),
            (Class::YesNo, Class::Percent) => Some("The odds of yes are written `40% of customers`"),
            _ => None,
        };
        self.out.push(Diagnostic::new(rule, found.span, message).help_if(help.map(str::to_owned)));
        None
    }

    fn sampler(&mut self, written: &ast::Expr, hint: Option<&Type>, at: Context) -> Option<Sampler> {
        let span = written.span;
        if first_draw(written).is_none() {
            let expr = self.names.value(written, hint, at, self.out)?;
            let kind = expr.kind.clone();
            return Some(Sampler { node: SamplerNode::Expr(expr), kind, span });
        }
        match &written.kind {
            ExprKind::Call { unit: Some(CallUnit::Business(unit)), .. } => {
                self.out.push(counted_with(*unit, span));
                None
            }
            ExprKind::Call { function, arguments, unit } => {
                let unit = unit.and_then(|unit| if let CallUnit::Time(unit) = unit { Some(unit) } else { None });
                match function.text.as_str() {
                    "max" | "min" => self.extreme(function, arguments, unit, hint, at, span),
                    _ => self.named(function, arguments, unit, hint, span),
                }
            }
            ExprKind::ShareOfCustomers(odds) => {
                let chance = self.fixed_odds(odds)?;
                Some(Sampler { node: SamplerNode::YesNo(chance), kind: Type::YesNo, span })
            }
            ExprKind::Between { low, high, mostly } => self.between(low, high, mostly.as_deref(), hint, span),
            ExprKind::Usually { median, one_in, over } => self.usually(median, *one_in, over, hint, span),
            ExprKind::Weighted(weights) => self.weighted(weights, hint, span),
            ExprKind::Sum(terms) => self.sum(terms, hint, at, span),
            ExprKind::Product(first, factors) => self.product(first, factors, at, span),
            ExprKind::Negate(part) => {
                let part = self.sampler(part, hint, at)?;
                let kind = part.kind.clone();
                if !matches!(class(&kind), Class::Number | Class::Percent | Class::Duration) {
                    let message = format!("{} has no minus", words(&kind));
                    self.out.push(Diagnostic::new(&WRONG_TYPE, span, message));
                    return None;
                }
                Some(Sampler { node: SamplerNode::Negate(Box::new(part)), kind, span })
            }
            ExprKind::Choice(choices, last) => {
                let values: Vec<&ast::Expr> = choices.iter().map(|(value, _)| value).chain([last.as_ref()]).collect();
                let conditions: Vec<Option<Expr>> =
                    choices.iter().map(|(_, condition)| self.condition(condition, at)).collect();
                let (mut values, kind) = self.alike(&values, hint, at, span)?;
                let last = Box::new(values.pop()?);
                let conditions: Option<Vec<Expr>> = conditions.into_iter().collect();
                let node = SamplerNode::Choice(values.into_iter().zip(conditions?).collect(), last);
                Some(Sampler { node, kind, span })
            }
            _ => {
                let at = first_draw(written).unwrap_or(span);
                self.out.push(
                    Diagnostic::new(&MISPLACED_DRAW, at, "nothing can be drawn within a condition")
                        .help("The odds of yes are written `40% of customers`"),
                );
                None
            }
        }
    }

    /// Samplers of one type.
    fn alike(
        &mut self,
        written: &[&ast::Expr],
        hint: Option<&Type>,
        at: Context,
        span: Span,
    ) -> Option<(Vec<Sampler>, Type)> {
        let found: Vec<Option<Sampler>> = written.iter().map(|value| self.sampler(value, hint, at)).collect();
        let found: Vec<Sampler> = found.into_iter().collect::<Option<_>>()?;
        let mut kind = found.first()?.kind.clone();
        for other in &found[1..] {
            if !compatible(&kind, &other.kind) {
                let message = format!("{} and {} cannot stand for each other", words(&kind), words(&other.kind));
                self.out.push(Diagnostic::new(&WRONG_TYPE, span, message));
                return None;
            }
            kind = joined(&kind, &other.kind);
        }
        Some((found, kind))
    }

    fn extreme(
        &mut self,
        function: &ast::Name,
        arguments: &[Argument],
        unit: Option<Unit>,
        hint: Option<&Type>,
        at: Context,
        span: Span,
    ) -> Option<Sampler> {
        if let Some(name) = arguments.iter().find_map(|argument| argument.name.as_ref()) {
            let message = format!("`{}` has no argument called `{}`", function.text, name.text);
            self.out.push(
                Diagnostic::new(&WRONG_ARGUMENT, name.span, message).help("List the values, separated by commas"),
            );
            return None;
        }
        let values: Vec<&ast::Expr> = arguments.iter().map(|argument| &argument.value).collect();
        let hint = if unit.is_some() { None } else { hint };
        let (parts, kind) = self.alike(&values, hint, at, span)?;
        if !ordered(&kind) {
            let message = format!("`{}` needs an order, and this is {}", function.text, words(&kind));
            self.out.push(Diagnostic::new(&WRONG_TYPE, span, message));
            return None;
        }
        let node = if function.text == "max" { SamplerNode::Max(parts) } else { SamplerNode::Min(parts) };
        let found = Sampler { node, kind, span };
        match unit {
            None => Some(found),
            Some(unit) => {
                let found = self.fit(found, &Type::Number(6))?;
                let one = Expr {
                    node: Node::Constant(Value::Duration(Duration(unit.seconds()))),
                    kind: Type::Duration,
                    span: span.after(),
                };
                let one = Sampler { node: SamplerNode::Expr(one), kind: Type::Duration, span: span.after() };
                let node = SamplerNode::Times(Box::new(found), Box::new(one));
                Some(Sampler { node, kind: Type::Duration, span })
            }
        }
    }

    fn sum(&mut self, terms: &[(Sign, ast::Expr)], hint: Option<&Type>, at: Context, span: Span) -> Option<Sampler> {
        // A date is not the sum of dates: its parts speak for themselves.
        let hint = hint.filter(|hint| matches!(class(hint), Class::Number | Class::Percent | Class::Duration));
        let found: Vec<Option<(bool, Sampler)>> =
            terms.iter().map(|(sign, term)| Some((*sign == Sign::Minus, self.sampler(term, hint, at)?))).collect();
        let found: Vec<(bool, Sampler)> = found.into_iter().collect::<Option<_>>()?;
        let mut kind = found.first()?.1.kind.clone();
        for (minus, term) in &found[1..] {
            kind = match (class(&kind), class(&term.kind)) {
                (Class::Date, Class::Duration) => Type::Date,
                (Class::Duration, Class::Date) if !minus => Type::Date,
                (Class::Date, Class::Date) if *minus => Type::Duration,
                (left, right) if left == right && matches!(left, Class::Number | Class::Percent | Class::Duration) => {
                    joined(&kind, &term.kind)
                }
                (left, right) => {
                    let quantity = |class: Class| matches!(class, Class::Number | Class::Percent | Class::Duration);
                    let rule = if quantity(left) && quantity(right) { &UNIT_MISMATCH } else { &WRONG_TYPE };
                    let message = format!("{} and {} cannot be added", words(&kind), words(&term.kind));
                    self.out.push(Diagnostic::new(rule, span, message));
                    return None;
                }
            };
        }
        Some(Sampler { node: SamplerNode::Sum(found), kind, span })
    }

    fn product(
        &mut self,
        first: &ast::Expr,
        factors: &[(Factor, ast::Expr)],
        at: Context,
        span: Span,
    ) -> Option<Sampler> {
        let mut result = self.sampler(first, None, at)?;
        for (factor, written) in factors {
            let right = self.sampler(written, None, at)?;
            let kind = match (factor, class(&result.kind), class(&right.kind)) {
                (Factor::Times | Factor::Divide, Class::Number, Class::Number) => inexact(&result.kind, &right.kind),
                (Factor::Times, Class::Percent, Class::Number)
                | (Factor::Times, Class::Number, Class::Percent)
                | (Factor::Divide, Class::Percent, Class::Number)
                | (Factor::Of, Class::Percent, Class::Percent) => Type::Percent,
                (Factor::Divide, Class::Percent, Class::Percent)
                | (Factor::Divide, Class::Duration, Class::Duration) => Type::Number(6),
                (Factor::Times, Class::Duration, Class::Number)
                | (Factor::Times, Class::Number, Class::Duration)
                | (Factor::Divide, Class::Duration, Class::Number) => Type::Duration,
                (Factor::Of, Class::Percent, Class::Number) => inexact(&right.kind, &right.kind),
                (factor, ..) => {
                    let (left, right) = (words(&result.kind), words(&right.kind));
                    let message = match factor {
                        Factor::Times => format!("{left} and {right} cannot be multiplied"),
                        Factor::Divide => format!("{left} cannot be divided by {right}"),
                        Factor::Of => format!("`of` takes a percent of a number, not {left} of {right}"),
                    };
                    self.out.push(Diagnostic::new(&WRONG_TYPE, span, message));
                    return None;
                }
            };
            let (left, right) = (Box::new(result), Box::new(right));
            let node = match factor {
                Factor::Times => SamplerNode::Times(left, right),
                Factor::Divide => SamplerNode::Divide(left, right),
                Factor::Of => SamplerNode::PercentOf(left, right),
            };
            result = Sampler { node, kind, span };
        }
        Some(result)
    }

    /// `lognormal(median 5 days, sigma 0.6)`.
    fn named(
        &mut self,
        function: &ast::Name,
        arguments: &[Argument],
        unit: Option<Unit>,
        hint: Option<&Type>,
        span: Span,
    ) -> Option<Sampler> {
        let Some(family) = Family::by_name(&function.text) else {
            let known = Family::ALL.iter().map(|(name, _)| *name).chain(["max", "min"]);
            let message = format!("there is no distribution called `{}`", function.text);
            let names = suggest::list(Family::ALL.iter().map(|(name, _)| *name), "and");
            self.out.push(
                Diagnostic::new(&UNKNOWN_DISTRIBUTION, function.span, message)
                    .help_if(crate::suggest::did_you_mean(&function.text, known))
                    .help_if(Some(format!("There are {names}"))),
            );
            return None;
        };
        let placed = self.places(family, arguments, span)?;
        let mut kind = match (family, unit, hint) {
            (_, Some(_), _) => Some(Type::Number(6)),
            (Family::Poisson, None, _) => Some(Type::Int),
            (_, None, Some(hint)) if matches!(class(hint), Class::Number | Class::Percent | Class::Duration) => {
                Some(if class(hint) == Class::Number { inexact(hint, hint) } else { hint.clone() })
            }
            _ => None,
        };
        let mut values = Vec::new();
        let mut broken = false;
        for (parameter, argument) in family.parameters().iter().zip(&placed) {
            let Some(argument) = argument else {
                values.push(None);
                continue;
            };
            let found = match parameter.measure {
                Measure::Plain => self.names.constant(argument, &Type::Number(6), self.out),
                Measure::Quantity => {
                    if kind.is_none() {
                        kind = self.quantity(argument);
                    }
                    match &kind {
                        Some(kind) => self.names.constant(argument, kind, self.out),
                        None => None,
                    }
                }
            };
            broken |= found.is_none();
            values.push(found.as_ref().and_then(plain));
        }
        if broken {
            return None;
        }
        let mut kind = kind.unwrap_or(Type::Number(6));
        if let Some(unit) = unit {
            for (value, parameter) in values.iter_mut().zip(family.parameters()) {
                if parameter.measure == Measure::Quantity || family == Family::Poisson {
                    *value = value.map(|value| value * unit.seconds() as f64);
                }
            }
            if family == Family::Poisson {
                let message = "what `poisson` draws is a count, and has no unit";
                self.out.push(Diagnostic::new(&UNIT_MISMATCH, span, message).help("Multiply it: `poisson(3) * 1 day`"));
                return None;
            }
            kind = Type::Duration;
        }
        match family.distribution(&values) {
            Ok(distribution) => Some(Sampler { node: SamplerNode::Draw(distribution), kind, span }),
            Err(Impossible { parameter, reason }) => {
                let place = family.parameters().iter().position(|known| known.name == parameter);
                let at = place.and_then(|place| placed[place].as_ref()).map_or(span, |argument| argument.span);
                let message = format!("`{parameter}` of `{}` {reason}", function.text);
                self.out.push(
                    Diagnostic::new(&IMPOSSIBLE_PARAMETER, at, message)
                        .help(format!("It is written `{}`", family.signature())),
                );
                None
            }
        }
    }

    /// Which argument stands for which parameter.
    fn places<'e>(
        &mut self,
        family: Family,
        arguments: &'e [Argument],
        span: Span,
    ) -> Option<Vec<Option<Cow<'e, ast::Expr>>>> {
        let parameters = family.parameters();
        let mut placed: Vec<Option<Cow<'_, ast::Expr>>> = vec![None; parameters.len()];
        let help = format!("It is written `{}`", family.signature());
        let mut whole = true;
        for (at, argument) in arguments.iter().enumerate() {
            let below_zero = below_zero(family, argument);
            let place = match (&argument.name, &below_zero) {
                (None, Some((place, _))) => *place,
                (None, None) => at,
                (Some(name), _) => match parameters.iter().position(|parameter| parameter.name == name.text) {
                    Some(place) => place,
                    None => {
                        let names = parameters.iter().map(|parameter| parameter.name);
                        let message = format!("`{}` has no parameter called `{}`", family.name(), name.text);
                        self.out.push(
                            Diagnostic::new(&WRONG_ARGUMENT, name.span, message)
                                .help_if(crate::suggest::did_you_mean(&name.text, names))
                                .help_if(Some(help.clone())),
                        );
                        whole = false;
                        continue;
                    }
                },
            };
            match placed.get_mut(place) {
                None => {
                    let message = format!("`{}` takes no more than {} values", family.name(), parameters.len());
                    self.out.push(Diagnostic::new(&WRONG_ARGUMENT, argument.value.span, message).help(help.clone()));
                    return None;
                }
                Some(Some(first)) => {
                    let message = format!("`{}` of `{}` is given twice", parameters[place].name, family.name());
                    self.out.push(
                        Diagnostic::new(&WRONG_ARGUMENT, argument.value.span, message)
                            .related(first.span, "given here first")
                            .help(help.clone()),
                    );
                    whole = false;
                }
                Some(free) => {
                    *free = Some(below_zero.map_or(Cow::Borrowed(&argument.value), |(_, value)| Cow::Owned(value)));
                }
            }
        }
        if !whole {
            return None;
        }
        let missing = parameters.iter().zip(&placed).find(|(parameter, value)| value.is_none() && !parameter.optional);
        let neither = parameters.iter().any(|parameter| parameter.optional)
            && !parameters.iter().zip(&placed).any(|(parameter, value)| parameter.optional && value.is_some());
        let missing = missing.map(|(parameter, _)| parameter.name).or(neither.then_some("mean"));
        if let Some(missing) = missing {
            let message = format!("`{}` of `{}` is missing", missing, family.name());
            self.out.push(Diagnostic::new(&WRONG_ARGUMENT, span, message).help(help));
            return None;
        }
        Some(placed)
    }

    /// The type of a quantity nothing else speaks of.
    fn quantity(&mut self, written: &ast::Expr) -> Option<Type> {
        let kind = self.names.value(written, None, Context::CUSTOMER, self.out)?.kind;
        match class(&kind) {
            Class::Number => Some(Type::Number(6)),
            Class::Percent | Class::Duration => Some(kind),
            _ => {
                let message = format!("a distribution is made of quantities, and this is {}", words(&kind));
                self.out.push(Diagnostic::new(&WRONG_TYPE, written.span, message));
                None
            }
        }
    }

    /// Quantities that share one unit: a plain number takes that of the others.
    fn quantities(&mut self, written: &[&ast::Expr], hint: Option<&Type>) -> Option<(Vec<f64>, Type)> {
        if let Some((unit, span)) = written.iter().find_map(|quantity| match quantity.kind {
            ExprKind::Business(_, unit) => Some((unit, quantity.span)),
            _ => None,
        }) {
            self.out.push(counted_with(unit, span));
            return None;
        }
        let unit = written.iter().rev().find_map(|quantity| match quantity.kind {
            ExprKind::Duration(_, unit) => Some(Some(unit)),
            ExprKind::Percent(_) => Some(None),
            _ => None,
        });
        let kind = match unit {
            Some(Some(_)) => Type::Duration,
            Some(None) => Type::Percent,
            None => match hint.filter(|hint| matches!(class(hint), Class::Number | Class::Percent | Class::Duration)) {
                Some(hint) if class(hint) != Class::Number => hint.clone(),
                _ => Type::Number(6),
            },
        };
        let mut values = Vec::new();
        for quantity in written {
            let with_unit = match (&quantity.kind, unit) {
                (ExprKind::Number(number), Some(Some(unit))) => ExprKind::Duration(*number, unit),
                (ExprKind::Number(number), Some(None)) => ExprKind::Percent(*number),
                (kind, _) => kind.clone(),
            };
            let quantity = ast::Expr { kind: with_unit, span: quantity.span };
            values.push(self.names.constant(&quantity, &kind, self.out).as_ref().and_then(plain));
        }
        Some((values.into_iter().collect::<Option<Vec<f64>>>()?, kind))
    }

    fn between(
        &mut self,
        low: &ast::Expr,
        high: &ast::Expr,
        mostly: Option<&ast::Expr>,
        hint: Option<&Type>,
        span: Span,
    ) -> Option<Sampler> {
        let written: Vec<&ast::Expr> = [Some(low), mostly, Some(high)].into_iter().flatten().collect();
        let (values, kind) = self.quantities(&written, hint)?;
        let made = match values.as_slice() {
            [low, high] => Distribution::uniform(*low, *high),
            [low, mode, high] => Distribution::triangular(*low, *mode, *high),
            _ => return None,
        };
        match made {
            Ok(distribution) => Some(Sampler { node: SamplerNode::Draw(distribution), kind, span }),
            Err(Impossible { parameter: "mode", .. }) => {
                let at = mostly.map_or(span, |mostly| mostly.span);
                self.impossible(at, "the most frequent value lies outside the bounds", "Write a value between the two");
                None
            }
            Err(_) => {
                self.impossible(span, "the least value is above the most", "Write the smaller value first");
                None
            }
        }
    }

    fn usually(
        &mut self,
        median: &ast::Expr,
        one_in: u32,
        over: &ast::Expr,
        hint: Option<&Type>,
        span: Span,
    ) -> Option<Sampler> {
        let (values, kind) = self.quantities(&[median, over], hint)?;
        let [middle, tail] = values.as_slice() else { return None };
        if *middle <= 0.0 {
            self.impossible(median.span, "what usually is must be above zero", "Write a value above zero");
            return None;
        }
        if one_in < 3 {
            let help = "Half are above the usual value already: say how few are above the other, as in `one in ten`";
            self.impossible(span, format!("one in {one_in} is too many for a rare case"), help);
            return None;
        }
        if tail <= middle {
            self.impossible(
                over.span,
                "the rare value is not above the usual one",
                "Write a larger value after `over`",
            );
            return None;
        }
        let sigma = (tail / middle).ln() / -normal_quantile(1.0 / f64::from(one_in));
        match Distribution::lognormal(*middle, sigma) {
            Ok(distribution) => Some(Sampler { node: SamplerNode::Draw(distribution), kind, span }),
            Err(_) => {
                self.impossible(over.span, "the rare value lies too far from the usual one", "Write a smaller value");
                None
            }
        }
    }

    fn weighted(&mut self, weights: &[(ast::Expr, ast::Expr)], hint: Option<&Type>, span: Span) -> Option<Sampler> {
        let mut kind = hint.cloned();
        let mut values = Vec::new();
        let mut shares = Vec::new();
        let mut total = Micro(0);
        for (value, weight) in weights {
            if kind.is_none() {
                kind = self.names.value(value, None, Context::CUSTOMER, self.out).map(|found| found.kind);
            }
            let value = kind.clone().and_then(|kind| self.names.constant(value, &kind, self.out));
            let share = self.fixed_odds(weight);
            if let (Some(value), Some(share)) = (value, share) {
                // The shares are exact millionths of a point.
                total.0 = total.0.saturating_add((share.0 * 1e8).round() as i64);
                shares.push((shares.len() as f64, share.0));
                values.push(value);
            }
        }
        if values.len() < weights.len() {
            return None;
        }
        if total != Micro(100_000_000) {
            let message = format!("the shares add up to {total}%, not to 100%");
            self.impossible(span, message, "Let the shares add up to 100%");
            return None;
        }
        let distribution = Distribution::discrete(&shares).ok()?;
        Some(Sampler { node: SamplerNode::OneOf(values, distribution), kind: kind?, span })
    }
}
