//! Comparisons, ranges and sets.

use super::super::suggest;
use super::super::types::{Class, class, compatible, joined, ordered, words};
use super::{Resolver, condition, duration_help, not_constant, percent_help, subject};
use crate::diagnostic::{Diagnostic, UNIT_MISMATCH, WRONG_TYPE};
use crate::model::resolve::names::Symbol;
use crate::model::{Atom, Expr, Node, ServiceSet, Type};
use crate::source::Span;
use crate::syntax::ast::{self, Comparison, ExprKind};
use crate::value::Value;

/// Whether it is `today` or `days since …`, which are only compared.
pub(super) fn is_clock(expr: &ast::Expr) -> bool {
    matches!(expr.kind, ExprKind::Today | ExprKind::Since(..))
}

fn flipped(operator: Comparison) -> Comparison {
    match operator {
        Comparison::Equal | Comparison::NotEqual => operator,
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
    }
}

impl Resolver<'_> {
    pub(super) fn compare(
        &mut self,
        operator: Comparison,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Option<Expr> {
        match (is_clock(left), is_clock(right)) {
            (true, true) => {
                self.report(
                    Diagnostic::new(&WRONG_TYPE, span, "two clocks cannot be compared with each other")
                        .help("Compare `today` with a date, and `days since …` with a number"),
                );
                return None;
            }
            (true, false) => return self.clock(left, operator, right, span),
            (false, true) => return self.clock(right, flipped(operator), left, span),
            (false, false) => {}
        }
        let (found_left, found_right) = self.pair(left, right)?;
        if !compatible(&found_left.kind, &found_right.kind) {
            self.mismatch((left, &found_left), (right, &found_right), span);
            return None;
        }
        if !matches!(operator, Comparison::Equal | Comparison::NotEqual) && !ordered(&found_left.kind) {
            let why = match class(&found_left.kind) {
                Class::YesNo => "yes and no have no order".to_owned(),
                Class::OneOf => format!("{} is one of a list of values, and these have no order", subject(left)),
                Class::SetOf => "sets have no order".to_owned(),
                Class::Service => "services have no order".to_owned(),
                _ => "texts have no order".to_owned(),
            };
            self.report(
                Diagnostic::new(&WRONG_TYPE, span, format!("{why}, so `{}` says nothing of them", operator.symbol()))
                    .help("Compare with `is`, `is not` or `in`"),
            );
            return None;
        }
        Some(condition(Node::Compare(operator, Box::new(found_left), Box::new(found_right)), span))
    }

    /// Both sides, each understood from the other where it needs that.
    fn pair(&mut self, left: &ast::Expr, right: &ast::Expr) -> Option<(Expr, Expr)> {
        if self.needs_hint(left) && !self.needs_hint(right) {
            let found_right = self.infer(right, None)?;
            let found_left = self.infer(left, Some(&found_right.kind))?;
            return Some((found_left, found_right));
        }
        let Some(found_left) = self.infer(left, None) else {
            if !self.needs_hint(right) {
                self.infer(right, None);
            }
            return None;
        };
        let found_right = self.infer(right, Some(&found_left.kind))?;
        Some((found_left, found_right))
    }

    /// Reports that two values do not go together.
    pub(super) fn mismatch(&mut self, left: (&ast::Expr, &Expr), right: (&ast::Expr, &Expr), span: Span) {
        let message = format!(
            "{} is {}, and {} is {}: they do not go together",
            subject(left.0),
            words(&left.1.kind),
            subject(right.0),
            words(&right.1.kind)
        );
        let (lefts, rights) = (class(&left.1.kind), class(&right.1.kind));
        let unit = |written: &ast::Expr| Diagnostic::new(&UNIT_MISMATCH, written.span, message.clone());
        let diagnostic = match (lefts, rights) {
            (Class::Percent, Class::Number) => unit(right.0).help_if(percent_help(right.0)),
            (Class::Number, Class::Percent) if super::number_of(left.0).is_some() => {
                unit(left.0).help_if(percent_help(left.0))
            }
            (Class::Number, Class::Percent) => unit(right.0).help("A share of a number is written `10% of seats`"),
            (Class::Duration, Class::Number) => unit(right.0).help(duration_help(right.0)),
            (Class::Number, Class::Duration) => unit(left.0).help(duration_help(left.0)),
            (Class::Date, Class::Number | Class::Duration) | (Class::Number | Class::Duration, Class::Date) => {
                Diagnostic::new(&WRONG_TYPE, span, message).help("Compare it with a date, or say `days since …`")
            }
            (Class::OneOf, Class::Text) | (Class::Text, Class::OneOf) => {
                Diagnostic::new(&WRONG_TYPE, span, message).help("Write the value without quotes")
            }
            _ => Diagnostic::new(&WRONG_TYPE, span, message),
        };
        self.report(diagnostic);
    }

    /// `today` or `days since …` compared with something.
    fn clock(&mut self, clock: &ast::Expr, operator: Comparison, with: &ast::Expr, span: Span) -> Option<Expr> {
        let ExprKind::Since(unit, subject_of) = &clock.kind else {
            let date = self.expect(with, &Type::Date)?;
            return self.atom(Atom::Today(operator, Box::new(date)), Type::YesNo, span, "`today` changes every day");
        };
        let since = self.since(subject_of, clock.span);
        let number = self.infer(with, Some(&Type::Int))?;
        let since = since?;
        match class(&number.kind) {
            Class::Number => {}
            Class::Duration => {
                let help = match &with.kind {
                    ExprKind::Duration(number, _) => format!("The unit is said before `since`: write `{number}`"),
                    _ => "The unit is said before `since`: write a number".to_owned(),
                };
                let message = format!("{} is a length of time, and a number belongs here", subject(with));
                self.report(Diagnostic::new(&UNIT_MISMATCH, with.span, message).help(help));
                return None;
            }
            _ => {
                self.fit(with, number, &Type::Int)?;
                return None;
            }
        }
        if self.names.fold(&number).is_none() {
            self.report(not_constant(with.span, &format!("{} differs between customers", subject(with))));
            return None;
        }
        let atom = Atom::Since(*unit, since, operator, Box::new(number));
        self.atom(atom, Type::YesNo, span, "time passes")
    }

    pub(super) fn in_range(
        &mut self,
        value: &ast::Expr,
        low: &ast::Expr,
        high: &ast::Expr,
        span: Span,
    ) -> Option<Expr> {
        if is_clock(value) {
            let from = self.clock(value, Comparison::GreaterOrEqual, low, span);
            let to = self.clock(value, Comparison::LessOrEqual, high, span);
            return Some(condition(Node::And(vec![from?, to?]), span));
        }
        let found = self.infer(value, None);
        let bounds = (self.infer(low, None), self.infer(high, None));
        let (found, low_found, high_found) = (found?, bounds.0?, bounds.1?);
        for (written, bound) in [(low, &low_found), (high, &high_found)] {
            if !compatible(&found.kind, &bound.kind) {
                self.mismatch((value, &found), (written, bound), span);
                return None;
            }
        }
        if !ordered(&found.kind) {
            let message = format!("{} is {}, and a range needs an order", subject(value), words(&found.kind));
            self.report(Diagnostic::new(&WRONG_TYPE, span, message).help("List the values: `… in (a, b)`"));
            return None;
        }
        if let (Some(least), Some(most)) = (self.names.fold(&low_found), self.names.fold(&high_found))
            && super::super::constant::compare(&least, &most) == Some(std::cmp::Ordering::Greater)
        {
            self.report(
                Diagnostic::new(
                    &crate::diagnostic::OUT_OF_RANGE,
                    low.span.to(high.span),
                    "the range ends before it begins",
                )
                .help("Swap the two bounds"),
            );
            return None;
        }
        let node = Node::InRange(Box::new(found), Box::new(low_found), Box::new(high_found));
        Some(condition(node, span))
    }

    pub(super) fn in_set(&mut self, value: &ast::Expr, set: &ast::Expr, span: Span) -> Option<Expr> {
        if is_clock(value) {
            self.report(clock_alone(value.span));
            return None;
        }
        if let ExprKind::List(items) = &set.kind {
            let hint = items.iter().find(|item| !self.needs_hint(item));
            let found = match hint {
                // `trial in (plan_now, plan_next)` can only be read from the right.
                Some(hint) if self.needs_hint(value) => {
                    let kind = self.infer(hint, None)?.kind;
                    self.infer(value, Some(&kind))?
                }
                _ => self.infer(value, None)?,
            };
            return match class(&found.kind) {
                Class::Service => self.in_services(found, items, span),
                Class::SetOf => {
                    let set = self.expect(set, &found.kind.clone())?;
                    Some(condition(Node::InSet(Box::new(found), Box::new(set)), span))
                }
                _ => self.one_of(value, found, items, span),
            };
        }
        if let ExprKind::Name(name) = &set.kind {
            match self.names.symbols.get(name) {
                Some(Symbol::Group(group)) => {
                    let found = self.expect(value, &Type::Service)?;
                    let members = self.names.playbook.groups[group.index()].members;
                    return Some(condition(Node::ServiceIn(Box::new(found), members, Some(group)), span));
                }
                Some(Symbol::Service(service)) => {
                    let found = self.expect(value, &Type::Service)?;
                    let only = ServiceSet::default().with(service);
                    return Some(condition(Node::ServiceIn(Box::new(found), only, None), span));
                }
                None if matches!(value.kind, ExprKind::Service | ExprKind::ThisService) => {
                    let name = ast::Name { text: name.clone(), span: set.span };
                    self.names.services_of(&name, self.out);
                    return None;
                }
                _ => {}
            }
        }
        let Some(found_set) = self.infer(set, None) else {
            if !self.needs_hint(value) {
                self.infer(value, None);
            }
            return None;
        };
        let Type::SetOf(values) = &found_set.kind else {
            let message = format!("{} is {}, and nothing is in it", subject(set), words(&found_set.kind));
            self.report(
                Diagnostic::new(&WRONG_TYPE, set.span, message)
                    .help("Right of `in` stands a range `10..14`, a list `(a, b)`, a group or a `set of (…)`"),
            );
            return None;
        };
        let (element, whole) = (Type::OneOf(values.clone()), found_set.kind.clone());
        let found = if matches!(value.kind, ExprKind::List(_)) {
            self.expect(value, &whole)?
        } else {
            let found = self.infer(value, Some(&element))?;
            if class(&found.kind) == Class::SetOf {
                self.fit(value, found, &whole)?
            } else {
                self.fit(value, found, &element)?
            }
        };
        Some(condition(Node::InSet(Box::new(found), Box::new(found_set)), span))
    }

    /// `service in (teams, modern_comms)`.
    fn in_services(&mut self, found: Expr, items: &[ast::Expr], span: Span) -> Option<Expr> {
        let mut services = ServiceSet::default();
        let mut whole = true;
        for item in items {
            let members = match &item.kind {
                ExprKind::Name(name) => {
                    let name = ast::Name { text: name.clone(), span: item.span };
                    self.names.services_of(&name, self.out)
                }
                _ => {
                    let message = format!("{} is no service", subject(item));
                    self.report(Diagnostic::new(&WRONG_TYPE, item.span, message));
                    None
                }
            };
            match members {
                Some(members) => services = ServiceSet(services.0 | members.0),
                None => whole = false,
            }
        }
        whole.then(|| condition(Node::ServiceIn(Box::new(found), services, None), span))
    }

    /// `plan in (trial, pro)`.
    fn one_of(&mut self, value: &ast::Expr, found: Expr, items: &[ast::Expr], span: Span) -> Option<Expr> {
        if class(&found.kind) == Class::YesNo {
            let message = format!("{} is yes or no, which needs no list", subject(value));
            self.report(Diagnostic::new(&WRONG_TYPE, span, message));
            return None;
        }
        let mut list = Vec::with_capacity(items.len());
        let mut whole = true;
        for item in items {
            let Some(element) = self.infer(item, Some(&found.kind)) else {
                whole = false;
                continue;
            };
            if !compatible(&element.kind, &found.kind) {
                self.mismatch((value, &found), (item, &element), span);
                whole = false;
            } else if self.names.fold(&element).is_none() {
                let words = suggest::list(["is", "or"], "and");
                self.report(
                    not_constant(item.span, &format!("{} differs between customers", subject(item)))
                        .help(format!("Compare with {words}: `a is b or a is c`")),
                );
                whole = false;
            } else {
                list.push(element);
            }
        }
        whole.then(|| condition(Node::OneOf(Box::new(found), list), span))
    }

    /// The common type of values that stand for each other; what does not go together is reported.
    pub(super) fn common(&mut self, values: &[(&ast::Expr, Expr)], span: Span) -> Option<Type> {
        let ((first_written, first), rest) = values.split_first()?;
        let mut kind = first.kind.clone();
        for (written, value) in rest {
            if !compatible(&kind, &value.kind) {
                self.mismatch((*first_written, first), (*written, value), span);
                return None;
            }
            kind = joined(&kind, &value.kind);
        }
        Some(kind)
    }

    /// The constant number of days, kinds or the like that a value comes to, where it does.
    pub(super) fn known_number(&self, expr: &Expr) -> Option<crate::value::Micro> {
        match self.names.fold(expr)? {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }
}

/// The finding that `today` or `days since …` stands alone.
pub(super) fn clock_alone(span: Span) -> Diagnostic {
    Diagnostic::new(&WRONG_TYPE, span, "the clock can only be compared")
        .help("Compare `today` with a date directly, and `days since …` with a number directly")
}
