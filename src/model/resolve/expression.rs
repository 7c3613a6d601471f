//! Conditions and values: names looked up, types found and checked.

mod arithmetic;
mod comparison;
mod journey;
mod quantity;

use super::constant::{Known, fold};
use super::names::{Names, Symbol, duplicate, unknown};
use super::suggest;
use super::types::{Class, class, compatible, words};
use crate::diagnostic::{
    DRAW_OUTSIDE_SCENARIO, DUPLICATE_NAME, Diagnostic, NOT_CONSTANT, UNIT_MISMATCH, UNKNOWN_NAME, WRONG_SCOPE,
    WRONG_TYPE,
};
use crate::model::{Atom, CadenceId, Expr, FactScope, Named, Node, StageId, Type};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind};
use crate::value::{Micro, Value};

/// Of whom a condition may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// Of the customer; of services only in a quantifier.
    Customer,
    /// Of the customer and the service of the track.
    Service,
    /// Of either: what it reads decides.
    Either,
}

/// Where a condition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// Of whom it may speak.
    pub subject: Where,
    /// The stage it stands in, for `round` and `in this stage`.
    pub stage: Option<StageId>,
    /// The cadence it stands in, for `round`.
    pub cadence: Option<CadenceId>,
}

impl Context {
    /// At customer scope, in no stage.
    pub const CUSTOMER: Context = Context { subject: Where::Customer, stage: None, cadence: None };
    /// In a track, in no stage.
    pub const SERVICE: Context = Context { subject: Where::Service, stage: None, cadence: None };
    /// Wherever it is used.
    pub const EITHER: Context = Context { subject: Where::Either, stage: None, cadence: None };

    /// In a scope, in no stage.
    pub fn scope(in_service: bool) -> Context {
        if in_service { Context::SERVICE } else { Context::CUSTOMER }
    }

    /// In a stage of this context's scope.
    #[must_use]
    pub fn in_stage(self, stage: StageId) -> Context {
        Context { stage: Some(stage), ..self }
    }

    /// In a cadence of this context's stage.
    #[must_use]
    pub fn in_cadence(self, cadence: CadenceId) -> Context {
        Context { cadence: Some(cadence), ..self }
    }
}

impl Names {
    /// A condition, resolved. What is wrong with it is reported, and then there is none.
    pub fn condition(&mut self, expr: &ast::Expr, at: Context, out: &mut Vec<Diagnostic>) -> Option<Expr> {
        Resolver::new(self, at, out).condition(expr)
    }

    /// A condition, and whether it reads something of a service outside a quantifier.
    pub fn condition_of_either(&mut self, expr: &ast::Expr, out: &mut Vec<Diagnostic>) -> Option<(Expr, bool)> {
        let mut resolver = Resolver::new(self, Context::EITHER, out);
        let condition = resolver.condition(expr)?;
        Some((condition, resolver.reads_service))
    }

    /// A value, resolved; of this type where one is expected.
    pub fn value(
        &mut self,
        expr: &ast::Expr,
        expected: Option<&Type>,
        at: Context,
        out: &mut Vec<Diagnostic>,
    ) -> Option<Expr> {
        let mut resolver = Resolver::new(self, at, out);
        match expected {
            Some(expected) => resolver.expect(expr, expected),
            None => resolver.infer(expr, None),
        }
    }

    /// The value of a `let`, and whether it reads something of a service.
    pub(super) fn let_value(&mut self, expr: &ast::Expr, out: &mut Vec<Diagnostic>) -> Option<(Expr, bool)> {
        let mut resolver = Resolver::new(self, Context::EITHER, out);
        resolver.in_let = true;
        let value = resolver.infer(expr, None)?;
        Some((value, resolver.reads_service))
    }

    /// Whether nothing of a customer is in an expression, and all named values in it are worked out.
    pub(super) fn is_fixed(&self, expr: &Expr) -> bool {
        let mut fixed = true;
        expr.walk(&mut |part| {
            fixed &= match part.node {
                Node::Atom(_) | Node::Quantified(..) | Node::ServiceIn(..) => false,
                Node::Let(id) => self.let_values.get(id.index()).is_some_and(Option::is_some),
                _ => true,
            }
        });
        fixed
    }

    /// What an expression without anything of a customer in it comes to.
    pub(super) fn fold(&self, expr: &Expr) -> Option<Value> {
        fold(Known { parameters: &self.playbook.parameters, lets: &self.let_values }, expr)
    }
}

/// Resolves one expression.
struct Resolver<'r> {
    names: &'r mut Names,
    at: Context,
    out: &'r mut Vec<Diagnostic>,
    /// Nothing of a customer may be read.
    constant: bool,
    /// In a `let`.
    in_let: bool,
    /// In the condition of a quantifier.
    quantified: bool,
    /// In a sustained condition within a quantifier.
    sustained_in_quantifier: bool,
    /// Something of a service was read, quantified or not.
    touched: bool,
    /// Something of a service was read outside a quantifier.
    reads_service: bool,
}

impl<'r> Resolver<'r> {
    fn new(names: &'r mut Names, at: Context, out: &'r mut Vec<Diagnostic>) -> Resolver<'r> {
        Resolver {
            names,
            at,
            out,
            constant: false,
            in_let: false,
            quantified: false,
            sustained_in_quantifier: false,
            touched: false,
            reads_service: false,
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.out.push(diagnostic);
    }

    /// A condition.
    fn condition(&mut self, expr: &ast::Expr) -> Option<Expr> {
        let found = self.infer(expr, Some(&Type::YesNo))?;
        if found.kind == Type::YesNo {
            return Some(found);
        }
        let help = match class(&found.kind) {
            Class::Number | Class::Percent | Class::Date | Class::Duration => "Compare it with something: `… >= …`",
            Class::OneOf | Class::Text | Class::Service => "Compare it with something: `… is …`",
            _ => "Ask whether something is in it: `… in …`",
        };
        self.report(
            Diagnostic::new(
                &WRONG_TYPE,
                expr.span,
                format!("{} is {}, and a condition is yes or no", subject(expr), words(&found.kind)),
            )
            .help(help),
        );
        None
    }

    /// A value of this type.
    fn expect(&mut self, expr: &ast::Expr, expected: &Type) -> Option<Expr> {
        let found = self.infer(expr, Some(expected))?;
        self.fit(expr, found, expected)
    }

    /// The value, if it is of this type.
    fn fit(&mut self, written: &ast::Expr, found: Expr, expected: &Type) -> Option<Expr> {
        if compatible(&found.kind, expected) {
            return Some(found);
        }
        let message = format!("{} is {}, and {} belongs here", subject(written), words(&found.kind), words(expected));
        let diagnostic = match (class(expected), class(&found.kind)) {
            (Class::Percent, Class::Number) => {
                Diagnostic::new(&UNIT_MISMATCH, written.span, message).help_if(percent_help(written))
            }
            (Class::Number, Class::Percent) => Diagnostic::new(&UNIT_MISMATCH, written.span, message)
                .help("A share of a number is written `10% of seats`"),
            (Class::Duration, Class::Number) => {
                Diagnostic::new(&UNIT_MISMATCH, written.span, message).help(duration_help(written))
            }
            (Class::Number, Class::Duration) => Diagnostic::new(&UNIT_MISMATCH, written.span, message),
            (Class::OneOf, Class::Text) => {
                Diagnostic::new(&WRONG_TYPE, written.span, message).help("Write the value without quotes")
            }
            _ => Diagnostic::new(&WRONG_TYPE, written.span, message),
        };
        self.report(diagnostic);
        None
    }

    /// A value of whatever type it has. The hint says which names mean values of a list.
    fn infer(&mut self, expr: &ast::Expr, hint: Option<&Type>) -> Option<Expr> {
        let span = expr.span;
        let constant = |value: Value, kind: Type| Some(Expr { node: Node::Constant(value), kind, span });
        match &expr.kind {
            ExprKind::YesNo(yes) => constant(Value::YesNo(*yes), Type::YesNo),
            ExprKind::Number(number) => constant(Value::Number(*number), number_type(*number)),
            ExprKind::Percent(points) => constant(Value::Number(*points), Type::Percent),
            ExprKind::Date(date) => constant(Value::Date(*date), Type::Date),
            ExprKind::Duration(number, unit) => {
                let duration = self.duration_literal(*number, *unit, span)?;
                constant(Value::Duration(duration), Type::Duration)
            }
            ExprKind::Business(_, unit) => {
                self.report(counted_with(*unit, span));
                None
            }
            ExprKind::Text(text) => constant(Value::Text(text.as_str().into()), Type::Text),
            ExprKind::Name(name) => self.name(name, span, hint),
            ExprKind::List(items) => self.list(items, span, hint),
            ExprKind::Not(part) => {
                let part = self.condition(part)?;
                Some(Expr { node: Node::Not(Box::new(part)), kind: Type::YesNo, span })
            }
            ExprKind::And(parts) => Some(condition(Node::And(self.conditions(parts)?), span)),
            ExprKind::Or(parts) => Some(condition(Node::Or(self.conditions(parts)?), span)),
            ExprKind::Compare { operator, left, right, .. } => self.compare(*operator, left, right, span),
            ExprKind::InRange { negated, value, low, high } => {
                let found = self.in_range(value, low, high, span)?;
                Some(negate_if(*negated, found))
            }
            ExprKind::InSet { negated, value, set } => {
                let found = self.in_set(value, set, span)?;
                Some(negate_if(*negated, found))
            }
            ExprKind::Sum(terms) => self.sum(terms, hint, span),
            ExprKind::Product(first, factors) => self.product(first, factors, span),
            ExprKind::Negate(part) => self.negated(part, span),
            ExprKind::Choice(choices, last) => self.choice(choices, last, hint, span),
            ExprKind::Call { function, arguments, unit } => self.call(function, arguments, *unit, hint, span),
            ExprKind::ShareOfCustomers(_)
            | ExprKind::Between { .. }
            | ExprKind::Usually { .. }
            | ExprKind::Weighted(_) => {
                self.report(draw(span));
                None
            }
            ExprKind::Service
            | ExprKind::ThisService
            | ExprKind::Round(_)
            | ExprKind::Today
            | ExprKind::Quantified { .. }
            | ExprKind::CountOf(_)
            | ExprKind::DoneTask(..)
            | ExprKind::TaskStatus { .. }
            | ExprKind::At(_)
            | ExprKind::Happened(_)
            | ExprKind::Sustained(..)
            | ExprKind::Change(..)
            | ExprKind::InStage(_)
            | ExprKind::Since(..)
            | ExprKind::Unknown(_)
            | ExprKind::EndedAt(..) => self.journey(expr),
        }
    }

    /// All of them, or none; every one is looked at.
    fn conditions(&mut self, parts: &[ast::Expr]) -> Option<Vec<Expr>> {
        let found: Vec<Option<Expr>> = parts.iter().map(|part| self.condition(part)).collect();
        found.into_iter().collect()
    }

    fn name(&mut self, name: &str, span: Span, hint: Option<&Type>) -> Option<Expr> {
        let values: &[Named] = match hint {
            Some(Type::OneOf(values) | Type::SetOf(values)) => values,
            _ => &[],
        };
        if let (Some(place), Some(Type::OneOf(values))) = (values.iter().position(|value| value.name == name), hint) {
            let kind = Type::OneOf(values.clone());
            return Some(Expr { node: Node::Constant(Value::Choice(place as u16)), kind, span });
        }
        let Some(symbol) = self.names.symbols.get(name) else {
            let one = matches!(hint, Some(Type::SetOf(_))) && values.iter().any(|value| value.name == name);
            let diagnostic = if one {
                Diagnostic::new(&WRONG_TYPE, span, format!("`{name}` is one value, and a set stands here"))
                    .help(format!("A set of one value has a comma: `({name},)`"))
            } else {
                self.unknown_value(name, span, values)
            };
            self.report(diagnostic);
            return None;
        };
        match symbol {
            Symbol::Broken => None,
            Symbol::Pending if self.constant => {
                self.report(not_constant(span, &format!("`{name}` is not fixed yet here")));
                None
            }
            Symbol::Pending => {
                let message = format!("`{name}` is a `let` and a value of a list at once, and cannot be used here");
                self.report(Diagnostic::new(&DUPLICATE_NAME, span, message).help("Give the `let` another name"));
                None
            }
            Symbol::Fact(id) => {
                let fact = &self.names.playbook.facts[id.index()];
                let (kind, scope, place) = (fact.kind.clone(), fact.scope, fact.name.span);
                if scope == FactScope::Service
                    && !self.constant
                    && !self.of_service(span, &format!("`{name}` is a fact of each service"), Some(place))
                {
                    return None;
                }
                self.atom(Atom::Fact(id), kind, span, &format!("`{name}` is a fact"))
            }
            Symbol::Parameter(id) => {
                let kind = self.names.playbook.parameters[id.index()].kind.clone();
                Some(Expr { node: Node::Parameter(id), kind, span })
            }
            Symbol::Let(id) => {
                let named = &self.names.playbook.lets[id.index()];
                let (kind, of_service, place) = (named.value.kind.clone(), named.of_service, named.name.span);
                if self.constant && self.names.let_values[id.index()].is_none() {
                    self.report(not_constant(span, &format!("`{name}` depends on the customer")));
                    return None;
                }
                if of_service && !self.of_service(span, &format!("`{name}` speaks of a service"), Some(place)) {
                    return None;
                }
                Some(Expr { node: Node::Let(id), kind, span })
            }
            Symbol::Service(id) => {
                let value = Value::Service(id.0 as u16);
                Some(Expr { node: Node::Constant(value), kind: Type::Service, span })
            }
            Symbol::Group(_) => {
                self.report(
                    Diagnostic::new(&WRONG_TYPE, span, format!("`{name}` is a group of services, not one service"))
                        .help(format!("Say `service in {name}`")),
                );
                None
            }
        }
    }

    fn unknown_value(&self, name: &str, span: Span, values: &[Named]) -> Diagnostic {
        if !values.is_empty() {
            let known = values.iter().map(|value| value.name.as_str());
            return Diagnostic::new(&UNKNOWN_NAME, span, format!("`{name}` is not one of the values that fit here"))
                .help_if(suggest::help(name, known));
        }
        let place = self.names.spot(name).map(|spot| (super::names::what_spot(spot), format!("Say `at {name}`")));
        let event = || self.names.events.get(name).map(|_| ("an event", format!("Say `happened {name}`")));
        let task = || self.names.tasks.get(name).map(|_| ("a task", format!("Say `done task {name}`")));
        if let Some((what, help)) = place.or_else(event).or_else(task) {
            return Diagnostic::new(&WRONG_TYPE, span, format!("`{name}` is {what}, which is no condition or value"))
                .help(help);
        }
        unknown("fact, parameter or `let`", name, span, self.names.symbols.names())
    }

    /// `(a, b)`: a set, where one is expected.
    fn list(&mut self, items: &[ast::Expr], span: Span, hint: Option<&Type>) -> Option<Expr> {
        let Some(Type::SetOf(values)) = hint else {
            self.report(
                Diagnostic::new(&WRONG_TYPE, span, "a list cannot stand here")
                    .help("Lists belong on the right of `in`, and where a fact is a `set of (…)`"),
            );
            return None;
        };
        let element = Type::OneOf(values.clone());
        let mut set = 0_u64;
        let mut whole = true;
        for item in items {
            match self.expect(item, &element).map(|found| found.node) {
                Some(Node::Constant(Value::Choice(choice))) => set |= 1_u64.checked_shl(choice.into()).unwrap_or(0),
                Some(_) => {
                    self.report(not_constant(item.span, &format!("{} is no value of the list", subject(item))));
                    whole = false;
                }
                None => whole = false,
            }
        }
        let kind = Type::SetOf(values.clone());
        whole.then_some(Expr { node: Node::Constant(Value::Set(set)), kind, span })
    }

    /// Whether something of a service may be read here; if not, that is reported.
    fn of_service(&mut self, span: Span, what: &str, declared: Option<Span>) -> bool {
        if self.quantified || self.at.subject != Where::Customer {
            self.touched = true;
            self.reads_service |= !self.quantified;
            return true;
        }
        let mut diagnostic = Diagnostic::new(&WRONG_SCOPE, span, format!("{what}, and no service is spoken of here"))
            .help("Say which services: `all services where (…)` or `any services where (…)`");
        if let Some(declared) = declared {
            diagnostic = diagnostic.related(declared, "declared here");
        }
        self.report(diagnostic);
        false
    }

    /// Something read from the customer, where that is allowed.
    fn atom(&mut self, atom: Atom, kind: Type, span: Span, what: &str) -> Option<Expr> {
        if self.constant {
            self.report(not_constant(span, what));
            return None;
        }
        Some(Expr { node: Node::Atom(atom), kind, span })
    }

    /// Whether a name can only be understood from what it is compared with.
    fn needs_hint(&self, expr: &ast::Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(name) => self.names.symbols.get(name).is_none(),
            ExprKind::List(_) => true,
            ExprKind::Choice(choices, last) => {
                self.needs_hint(last) && choices.iter().all(|(value, _)| self.needs_hint(value))
            }
            _ => false,
        }
    }
}

/// What is written, for messages: `` `active_usage` ``, `` `10%` ``, else "this".
fn subject(expr: &ast::Expr) -> String {
    match &expr.kind {
        ExprKind::Name(name) => format!("`{name}`"),
        ExprKind::YesNo(yes) => format!("`{}`", if *yes { "yes" } else { "no" }),
        ExprKind::Number(number) => format!("`{number}`"),
        ExprKind::Percent(points) => format!("`{points}%`"),
        ExprKind::Date(date) => format!("`{date}`"),
        ExprKind::Text(text) => format!("`\"{text}\"`"),
        ExprKind::Service => "`service`".to_owned(),
        ExprKind::ThisService => "`this service`".to_owned(),
        ExprKind::CountOf(name) => format!("`count of {}`", name.text),
        ExprKind::Negate(part) => match &part.kind {
            ExprKind::Number(number) => format!("`-{number}`"),
            ExprKind::Percent(points) => format!("`-{points}%`"),
            _ => "this".to_owned(),
        },
        _ => "this".to_owned(),
    }
}

fn number_of(expr: &ast::Expr) -> Option<Micro> {
    match &expr.kind {
        ExprKind::Number(number) => Some(*number),
        _ => None,
    }
}

/// Help for a plain number where a percent belongs.
fn percent_help(written: &ast::Expr) -> Option<String> {
    let number = number_of(written)?;
    let percent = super::constant::as_percent(number);
    Some(if number.0 > 0 && number < Micro::ONE {
        format!("Percent is counted in points, so `{number}` would be less than one point; did you mean `{percent}`?")
    } else {
        format!("Did you mean `{percent}`?")
    })
}

/// Help for a plain number where a length of time belongs.
fn duration_help(written: &ast::Expr) -> String {
    match number_of(written) {
        Some(number) => format!("Say the unit, as in `{number} days`"),
        None => "Say the unit: `… * 1 day`".to_owned(),
    }
}

/// The narrowest type of a number as written.
fn number_type(number: Micro) -> Type {
    match (0..=6).find(|decimals| number.fits(*decimals)) {
        Some(0) => Type::Int,
        Some(decimals) => Type::Number(decimals),
        None => Type::Number(6),
    }
}

fn condition(node: Node, span: Span) -> Expr {
    Expr { node, kind: Type::YesNo, span }
}

fn negate_if(negated: bool, found: Expr) -> Expr {
    let span = found.span;
    if negated { condition(Node::Not(Box::new(found)), span) } else { found }
}

/// The finding that business time stands where lengths of time are counted with.
pub(super) fn counted_with(unit: ast::BusinessUnit, span: Span) -> Diagnostic {
    let (word, moment) = match unit {
        ast::BusinessUnit::Days => ("business days", "the day they begin"),
        ast::BusinessUnit::Hours => ("business hours", "when they begin"),
    };
    let message = format!("{word} cannot be counted with: how long they are depends on {moment}");
    Diagnostic::new(&WRONG_TYPE, span, message).help(format!(
        "They stand alone after `after`, `every`, `due within` and, in scenarios, `takes`; a condition says `{word} since …`"
    ))
}

fn not_constant(span: Span, why: &str) -> Diagnostic {
    Diagnostic::new(&NOT_CONSTANT, span, format!("{why}, and a fixed value belongs here"))
        .help("Write the value itself, a parameter, or arithmetic on them")
}

fn draw(span: Span) -> Diagnostic {
    Diagnostic::new(&DRAW_OUTSIDE_SCENARIO, span, "draws belong into a scenario")
        .help("A playbook says what should be done; how the world behaves is said in `scenario … { … }`")
}

/// The finding that a name is said twice.
pub(super) fn said_twice(what: &str, second: Span, first: Span) -> Diagnostic {
    let mut diagnostic = duplicate(what, second, first);
    diagnostic.message = format!("{what} is given twice");
    diagnostic.help = Some("Keep one of them".to_owned());
    diagnostic
}
