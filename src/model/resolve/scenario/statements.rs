//! What happens to a customer in a scenario: statements and odds.

use super::super::expression::{Context, Where};
use super::Maker;
use crate::diagnostic::{Diagnostic, IMPOSSIBLE_PARAMETER, MISPLACED_DRAW, WRONG_SCOPE};
use crate::model::scenario::{Chance, Odds, Sampler, SamplerNode, Statement};
use crate::model::{Atom, Expr, FactScope, Node, Type, Volatility};
use crate::source::Span;
use crate::syntax::ast::{self, AssignOperator};
use crate::value::{Micro, Value};

/// All of a hundred.
const ALL: Micro = Micro(100_000_000);

impl Maker<'_> {
    pub(super) fn statements(&mut self, statements: &[ast::Statement], at: Context) -> Vec<Statement> {
        statements.iter().filter_map(|statement| self.statement(statement, at)).collect()
    }

    fn statement(&mut self, statement: &ast::Statement, at: Context) -> Option<Statement> {
        match statement {
            ast::Statement::Assign(assignment) => self.assignment(assignment, at),
            ast::Statement::Blocker { kind, odds, lasting, otherwise, .. } => {
                let kind = kind.as_ref().map(|kind| self.names.blocker_kind(kind, self.out));
                let odds = odds.as_ref().map(|odds| self.odds(odds, at));
                let lasting = self.time(lasting, at);
                let otherwise = self.statements(otherwise, at);
                let (kind, odds) = (super::flipped(kind)?, super::flipped(odds)?);
                Some(Statement::Blocker { kind, odds, lasting: lasting?, otherwise })
            }
            ast::Statement::Event { event, odds, otherwise, .. } => {
                let event = self.names.declared_event(event, self.out);
                let odds = odds.as_ref().map(|odds| self.odds(odds, at));
                let otherwise = self.statements(otherwise, at);
                Some(Statement::Event { event: event?, odds: super::flipped(odds)?, otherwise })
            }
            ast::Statement::With { odds, then, otherwise, .. } => {
                let odds = self.odds(odds, at);
                let then = self.statements(then, at);
                let otherwise = self.statements(otherwise, at);
                Some(Statement::With { odds: odds?, then, otherwise })
            }
            ast::Statement::When { condition, then, otherwise, .. } => {
                let condition = self.condition(condition, at);
                let then = self.statements(then, at);
                let otherwise = self.statements(otherwise, at);
                Some(Statement::When { condition: condition?, then, otherwise })
            }
        }
    }

    fn assignment(&mut self, assignment: &ast::Assignment, at: Context) -> Option<Statement> {
        let id = self.names.fact(&assignment.fact, self.out)?;
        let fact = &self.names.playbook.facts[id.index()];
        let (kind, declared) = (fact.kind.clone(), fact.name.span);
        if fact.volatility == Volatility::Kept {
            self.kept(&assignment.fact, declared);
            return None;
        }
        if fact.scope == FactScope::Service && at.subject == Where::Customer {
            let message =
                format!("`{}` is a fact of each service, and no service is spoken of here", assignment.fact.text);
            self.out.push(
                Diagnostic::new(&WRONG_SCOPE, assignment.fact.span, message)
                    .related(declared, "declared here")
                    .help("Say for which service: `teams after 30 days { … }`"),
            );
            return None;
        }
        let value = self.sampler_of(&assignment.value, &kind, at)?;
        let minus = match assignment.operator {
            AssignOperator::Assign => {
                self.within_bounds(id, &value);
                return Some(Statement::Assign { fact: id, value, span: assignment.span });
            }
            AssignOperator::Add => false,
            AssignOperator::Subtract => true,
        };
        if matches!(kind, Type::YesNo | Type::Text | Type::OneOf(_) | Type::SetOf(_) | Type::Service | Type::Date) {
            let message = format!("`{}` cannot grow or shrink: it is no quantity", assignment.fact.text);
            self.out.push(
                Diagnostic::new(&crate::diagnostic::WRONG_TYPE, assignment.span, message)
                    .related(declared, "declared here")
                    .help(format!("Say `{} = …`", assignment.fact.text)),
            );
            return None;
        }
        let span = assignment.span;
        let now = Expr { node: Node::Atom(Atom::Fact(id)), kind: kind.clone(), span: assignment.fact.span };
        let now = Sampler { node: SamplerNode::Expr(now), kind: kind.clone(), span };
        let node = SamplerNode::Sum(vec![(false, now), (minus, value)]);
        Some(Statement::Assign { fact: id, value: Sampler { node, kind, span }, span })
    }

    /// A condition without draws.
    pub(super) fn condition(&mut self, written: &ast::Expr, at: Context) -> Option<Expr> {
        if self.draws(written, "a condition", "Draw first: `with 20% { … }`") {
            return None;
        }
        self.names.condition(written, at, self.out)
    }

    /// Odds: a percent from 0 to 100, fixed or by facts.
    pub(super) fn odds(&mut self, written: &ast::Expr, at: Context) -> Option<Odds> {
        if self.draws(written, "odds", "Write a percent, as in `with 20%`") {
            return None;
        }
        let found = self.names.value(written, Some(&Type::Percent), at, self.out)?;
        match self.names.fold(&found) {
            Some(Value::Number(points)) => self.chance(points, written.span).map(Odds::Fixed),
            _ => Some(Odds::Depends(found)),
        }
    }

    /// Odds that are the same for all.
    pub(super) fn fixed_odds(&mut self, written: &ast::Expr) -> Option<Chance> {
        if self.draws(written, "odds", "Write a percent, as in `50%`") {
            return None;
        }
        match self.names.constant(written, &Type::Percent, self.out)? {
            Value::Number(points) => self.chance(points, written.span),
            _ => None,
        }
    }

    fn chance(&mut self, points: Micro, span: Span) -> Option<Chance> {
        if (Micro(0)..=ALL).contains(&points) {
            return Some(Chance(points.0 as f64 / ALL.0 as f64));
        }
        let message = format!("odds of {points}% are impossible");
        self.out.push(
            Diagnostic::new(&IMPOSSIBLE_PARAMETER, span, message).help("Odds lie between 0%, never, and 100%, always"),
        );
        None
    }

    /// Whether something is drawn where nothing can be; that is reported.
    fn draws(&mut self, written: &ast::Expr, what: &str, help: &str) -> bool {
        let Some(span) = super::sampler::first_draw(written) else { return false };
        self.out.push(Diagnostic::new(&MISPLACED_DRAW, span, format!("nothing can be drawn within {what}")).help(help));
        true
    }
}
