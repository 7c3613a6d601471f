//! Properties: claims, occurrences, assumptions.

use super::expression::Context;
use super::named;
use super::names::Names;
use crate::diagnostic::Diagnostic;
use crate::model::property::{Assumption, Claim, Occurrence, Property};
use crate::model::{EventMatch, Expr};
use crate::syntax::ast;

/// A property against its playbook; none where its claim cannot be resolved, which is reported.
pub(super) fn resolve(names: &mut Names, property: &ast::Property, out: &mut Vec<Diagnostic>) -> Option<Property> {
    let mut resolver = Resolver { names, out, of_service: false };
    let claim = resolver.claim(&property.claim);
    // What it claims decides of whom it speaks, not what it assumes.
    let of_service = resolver.of_service;
    let assumptions: Vec<Option<Assumption>> =
        property.assumptions.iter().map(|assumption| resolver.assumption(assumption)).collect();
    Some(Property {
        name: named(&property.name, property.text.as_ref()),
        of_service,
        claim: claim?,
        assumptions: assumptions.into_iter().collect::<Option<Vec<Assumption>>>()?,
        span: property.span,
    })
}

struct Resolver<'r> {
    names: &'r mut Names,
    out: &'r mut Vec<Diagnostic>,
    of_service: bool,
}

impl Resolver<'_> {
    fn condition(&mut self, condition: &ast::Expr) -> Option<Expr> {
        let (condition, of_service) = self.names.condition_of_either(condition, self.out)?;
        self.of_service |= of_service;
        Some(condition)
    }

    fn conditions(&mut self, first: &ast::Expr, second: Option<&ast::Expr>) -> Option<(Expr, Option<Expr>)> {
        let first = self.condition(first);
        match second {
            None => Some((first?, None)),
            Some(second) => {
                let second = self.condition(second)?;
                Some((first?, Some(second)))
            }
        }
    }

    fn claim(&mut self, claim: &ast::Claim) -> Option<Claim> {
        Some(match claim {
            ast::Claim::Never(what, during) => {
                let (what, during) = self.conditions(what, during.as_ref())?;
                Claim::Never(what, during)
            }
            ast::Claim::Always(what, during) => {
                let (what, during) = self.conditions(what, during.as_ref())?;
                Claim::Always(what, during)
            }
            ast::Claim::Before(first, second) => {
                let (first, second) = (self.occurrence(first), self.occurrence(second));
                Claim::Before(first?, second?)
            }
            ast::Claim::Eventually(what, within) => {
                let what = self.occurrence(what);
                let within = match within {
                    Some(within) => Some(self.names.duration(within, "the time", self.out)?),
                    None => None,
                };
                Claim::Eventually(what?, within)
            }
            ast::Claim::AtMost(what, times) => {
                let what = self.occurrence(what);
                let times = self.names.whole(times, 0, "the number of times", self.out);
                Claim::AtMost(what?, times?)
            }
            ast::Claim::Followed(first, second, within) => {
                let (first, second) = (self.occurrence(first), self.occurrence(second));
                let within = match within {
                    Some(within) => Some(self.names.duration(within, "the time", self.out)?),
                    None => None,
                };
                Claim::Followed(first?, second?, within)
            }
        })
    }

    fn occurrence(&mut self, occurrence: &ast::Occurrence) -> Option<Occurrence> {
        Some(match occurrence {
            ast::Occurrence::Task(task, span) => {
                let id = self.names.task(task, *span, self.out)?;
                let offered = self.names.offered[id.index()];
                self.of_service |= offered.by_service && !offered.by_customer;
                Occurrence::Task(id, *span)
            }
            ast::Occurrence::End(span) => Occurrence::End(*span),
            ast::Occurrence::Condition(condition) => Occurrence::Condition(self.condition(condition)?),
        })
    }

    fn assumption(&mut self, assumption: &ast::Assumption) -> Option<Assumption> {
        Some(match assumption {
            ast::Assumption::TasksMeetDue(span) => Assumption::TasksMeetDue(*span),
            ast::Assumption::AtMost(times, event) => {
                let times = self.names.whole(times, 0, "the number of times", self.out);
                let matched = if event.text == "blockers" {
                    Some(EventMatch::Blocker(Vec::new()))
                } else {
                    let pattern = ast::EventPattern { name: event.clone(), kinds: Vec::new() };
                    self.names.event(&pattern, self.out)
                };
                Assumption::AtMost(times?, matched?, event.span)
            }
            ast::Assumption::Condition(condition) => {
                let at = Context::scope(self.of_service);
                Assumption::Condition(self.names.condition(condition, at, self.out)?)
            }
        })
    }
}
