//! What is done in a stage.

use super::Builder;
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use pest::iterators::Pair;

/// `every …` without what is done.
pub(in crate::syntax) struct CadenceHead {
    pub period: Expr,
    pub name: Option<Name>,
    pub limit: Option<Expr>,
    pub span: Span,
}

impl Builder<'_> {
    /// An item of a stage that is no block.
    pub fn stage_item(&mut self, pair: Pair<'_, Rule>) -> Option<StageItem> {
        let span = self.span(&pair);
        Some(match pair.as_rule() {
            Rule::about => StageItem::About(span, self.first_text(pair)?),
            Rule::motion => StageItem::Motion(span, self.names(pair)),
            Rule::link => StageItem::Link(span, self.link(pair)?),
            Rule::input => StageItem::Input(self.clause(pair)?),
            Rule::output => StageItem::Output(self.clause(pair)?),
            Rule::needs => {
                let (mut text, mut condition) = (None, None);
                for part in pair.into_inner() {
                    match part.as_rule() {
                        Rule::text => text = Some(self.text(part)),
                        Rule::expr => condition = Some(self.expression(part)),
                        _ => {}
                    }
                }
                StageItem::Needs(Needs { text, condition: condition?, span })
            }
            Rule::first_match => StageItem::FirstMatch(span),
            Rule::task | Rule::step | Rule::assignment => StageItem::Work(self.work_item(pair)?),
            _ => StageItem::Transition(self.transition(pair)?),
        })
    }

    /// A task, a step or a `set`.
    pub fn work_item(&mut self, pair: Pair<'_, Rule>) -> Option<WorkItem> {
        let span = self.span(&pair);
        Some(match pair.as_rule() {
            Rule::task => WorkItem::Task(Box::new(self.task(pair, span))),
            Rule::step => {
                let (mut text, mut roles, mut links) = (None, Vec::new(), Vec::new());
                for part in pair.into_inner() {
                    match part.as_rule() {
                        Rule::text => text = Some(self.text(part)),
                        Rule::by_roles => roles.extend(self.names(part)),
                        Rule::link => links.extend(self.link(part)),
                        _ => {}
                    }
                }
                WorkItem::Step(Step { text: text?, roles, links, span })
            }
            Rule::assignment => WorkItem::Set(self.assignment(pair)?),
            _ => return None,
        })
    }

    fn task(&mut self, pair: Pair<'_, Rule>, span: Span) -> Task {
        let mut task = Task {
            id: TaskRef::Number(0),
            id_span: span,
            mandatory: None,
            title: None,
            services: Vec::new(),
            roles: Vec::new(),
            when: None,
            due: None,
            again: false,
            links: Vec::new(),
            span,
        };
        for part in pair.into_inner() {
            let place = self.span(&part);
            match part.as_rule() {
                Rule::task_ref => (task.id, task.id_span) = self.task_ref(part),
                Rule::flag => task.mandatory = Some(part.as_str() == "mandatory"),
                Rule::again => task.again = true,
                Rule::text => task.title = Some(self.text(part)),
                Rule::for_services => task.services.extend(self.names(part)),
                Rule::by_roles => task.roles.extend(self.names(part)),
                Rule::task_when => {
                    if task.when.is_some() {
                        self.twice(place, "when the task is offered");
                    }
                    task.when = self.first_expression(part);
                }
                Rule::due => {
                    if task.due.is_some() {
                        self.twice(place, "when the task is due");
                    }
                    task.due = self.first_expression(part);
                }
                Rule::link => task.links.extend(self.link(part)),
                _ => {}
            }
        }
        task
    }

    /// `NAME = …`, `NAME += …`, with or without `set`.
    pub fn assignment(&mut self, pair: Pair<'_, Rule>) -> Option<Assignment> {
        let span = self.span(&pair);
        let (mut fact, mut operator, mut value) = (None, AssignOperator::Assign, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => fact = Some(self.name(&part)),
                Rule::assign_operator => {
                    operator = match part.as_str() {
                        "+=" => AssignOperator::Add,
                        "-=" => AssignOperator::Subtract,
                        _ => AssignOperator::Assign,
                    }
                }
                Rule::expr => value = Some(self.expression(part)),
                _ => {}
            }
        }
        Some(Assignment { fact: fact?, operator, value: value?, span })
    }

    pub fn cadence_head(&mut self, pair: Pair<'_, Rule>) -> CadenceHead {
        let mut span = self.span(&pair);
        let (mut period, mut name, mut limit) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::value => period = Some(self.expression(part)),
                Rule::as_name => name = Some(self.first_name(part)),
                Rule::at_most => limit = Some(self.at_most(part)),
                Rule::brace_open => span = self.before(span, &part),
                _ => {}
            }
        }
        let period = period.unwrap_or(Expr { kind: ExprKind::YesNo(false), span });
        CadenceHead { period, name, limit, span }
    }
}
