//! Properties.

use super::Builder;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use pest::iterators::Pair;

impl Builder<'_> {
    pub fn property(&mut self, pair: Pair<'_, Rule>) -> Option<Property> {
        let span = self.span(&pair);
        let (mut name, mut playbook, mut text, mut claim) = (None, None, None, None);
        let mut assumptions = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::for_playbook => playbook = Some(self.first_name(part)),
                Rule::text => text = Some(self.text(part)),
                Rule::never | Rule::always | Rule::eventually | Rule::before | Rule::bounded | Rule::followed => {
                    claim = self.claim(part);
                }
                Rule::assumption => assumptions.extend(self.assumption(part)),
                _ => {}
            }
        }
        Some(Property { name: name?, playbook, text, claim: claim?, assumptions, span })
    }

    fn claim(&mut self, pair: Pair<'_, Rule>) -> Option<Claim> {
        let rule = pair.as_rule();
        let (mut expressions, mut occurrences, mut limit) = (Vec::new(), Vec::new(), None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::expr | Rule::value => expressions.push(self.expression(part)),
                Rule::occurrence => occurrences.extend(self.occurrence(part)),
                Rule::at_most => limit = Some(self.at_most(part)),
                _ => {}
            }
        }
        let mut expressions = expressions.into_iter();
        let mut occurrences = occurrences.into_iter();
        Some(match rule {
            Rule::never => Claim::Never(expressions.next()?, expressions.next()),
            Rule::always => Claim::Always(expressions.next()?, expressions.next()),
            Rule::eventually => Claim::Eventually(occurrences.next()?, expressions.next()),
            Rule::before => Claim::Before(occurrences.next()?, occurrences.next()?),
            Rule::bounded => Claim::AtMost(occurrences.next()?, limit?),
            Rule::followed => Claim::Followed(occurrences.next()?, occurrences.next()?, expressions.next()),
            _ => return None,
        })
    }

    fn occurrence(&mut self, pair: Pair<'_, Rule>) -> Option<Occurrence> {
        let part = pair.into_inner().next()?;
        let span = self.span(&part);
        match part.as_rule() {
            Rule::task_occurrence => {
                let task = part.into_inner().find(|part| part.as_rule() == Rule::task_ref)?;
                let (task, span) = self.task_ref(task);
                Some(Occurrence::Task(task, span))
            }
            Rule::end_occurrence => Some(Occurrence::End(span)),
            _ => Some(Occurrence::Condition(self.expression(part))),
        }
    }

    fn assumption(&mut self, pair: Pair<'_, Rule>) -> Option<Assumption> {
        let part = pair.into_inner().next()?;
        let span = self.span(&part);
        match part.as_rule() {
            Rule::tasks_meet_due => Some(Assumption::TasksMeetDue(span)),
            Rule::at_most_events => {
                let event = self.first_name(part.clone());
                Some(Assumption::AtMost(self.first_expression(part)?, event))
            }
            _ => Some(Assumption::Condition(self.expression(part))),
        }
    }
}
