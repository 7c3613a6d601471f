//! Tests: customers, timelines and expectations.

use super::Builder;
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use pest::iterators::Pair;

impl Builder<'_> {
    pub fn test_item(&mut self, pair: Pair<'_, Rule>) -> Option<TestItem> {
        let span = self.span(&pair);
        Some(match pair.as_rule() {
            Rule::customer => TestItem::Customer(span, self.customer(pair)),
            Rule::until => TestItem::Until(span, self.inner_when(pair)?),
            Rule::moment => TestItem::Moment(self.moment(pair, span)?),
            Rule::expectation => TestItem::Expect(self.expectation(pair, span)?),
            _ => return None,
        })
    }

    fn customer(&mut self, pair: Pair<'_, Rule>) -> Vec<CustomerField> {
        let mut fields = Vec::new();
        for part in pair.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::customer_start => {
                    for date in part.into_inner().filter(|part| part.as_rule() == Rule::date) {
                        fields.push(CustomerField::Start(span, self.date(&date).0));
                    }
                }
                Rule::customer_id => {
                    for id in part.into_inner().filter(|part| part.as_rule() == Rule::string) {
                        fields.push(CustomerField::Id(self.literal(&id)));
                    }
                }
                Rule::customer_services => {
                    let services = part
                        .into_inner()
                        .filter(|part| part.as_rule() == Rule::service_fields)
                        .map(|service| self.service_fields(service))
                        .collect();
                    fields.push(CustomerField::Services(span, services));
                }
                Rule::field => fields.extend(self.field(part).map(CustomerField::Fact)),
                _ => {}
            }
        }
        fields
    }

    fn service_fields(&mut self, pair: Pair<'_, Rule>) -> ServiceFields {
        let service = self.first_name(pair.clone());
        ServiceFields { service, fields: self.inner_fields(pair) }
    }

    /// The fields in the first `{ … }` directly in the pair.
    fn inner_fields(&mut self, pair: Pair<'_, Rule>) -> Vec<Field> {
        pair.into_inner()
            .filter(|part| part.as_rule() == Rule::fields)
            .flat_map(Pair::into_inner)
            .filter(|part| part.as_rule() == Rule::field)
            .filter_map(|field| self.field(field))
            .collect()
    }

    fn field(&mut self, pair: Pair<'_, Rule>) -> Option<Field> {
        let span = self.span(&pair);
        let (mut name, mut value, mut negated) = (None, None, false);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_not => negated = true,
                Rule::name => name = Some(self.name(&part)),
                Rule::value | Rule::literal => value = Some(self.expression(part)),
                _ => {}
            }
        }
        let value = value.unwrap_or(Expr { kind: ExprKind::YesNo(!negated), span });
        Some(Field { name: name?, value, span })
    }

    fn inner_when(&mut self, pair: Pair<'_, Rule>) -> Option<When> {
        let point = pair.into_inner().find(|part| part.as_rule() == Rule::when_point)?;
        self.when_point(point)
    }

    fn when_point(&mut self, pair: Pair<'_, Rule>) -> Option<When> {
        let span = self.span(&pair);
        let mut when = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::number => when = Some(When::Day(self.number(&part), span)),
                Rule::date => when = Some(When::Date(self.date(&part).0, span)),
                _ => {}
            }
        }
        when
    }

    fn moment(&mut self, pair: Pair<'_, Rule>, span: Span) -> Option<Moment> {
        let (mut when, mut service, mut action) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::when_point => when = self.when_point(part),
                Rule::moment_service => service = Some(self.first_name(part)),
                Rule::colon => {}
                _ => action = self.action(part),
            }
        }
        Some(Moment { when: when?, service, action: action?, span })
    }

    fn action(&mut self, pair: Pair<'_, Rule>) -> Option<Action> {
        let rule = pair.as_rule();
        let fields = self.inner_fields(pair.clone());
        let mut names = self.names(pair.clone()).into_iter();
        let (mut task, mut status, mut words, mut when, mut correction) = (None, None, None, None, false);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::task_ref => task = Some(self.task_ref(part)),
                Rule::status => status = Some(Builder::status(part)),
                Rule::string => words = Some(self.literal(&part)),
                Rule::when_point => when = self.when_point(part),
                Rule::kw_correct => correction = true,
                _ => {}
            }
        }
        Some(match rule {
            Rule::action_facts => Action::Facts { correction, fields },
            Rule::action_task => {
                let (task, span) = task?;
                Action::Task(task, span, status?, words)
            }
            Rule::action_event => Action::Event(names.next()?),
            Rule::action_blocker => Action::Blocker(names.next(), task),
            Rule::action_resolved => Action::Resolved(names.next()),
            Rule::action_waived => Action::Waived(names.next()),
            Rule::action_escalated => Action::Escalated,
            Rule::action_paused => Action::Paused(when, words),
            Rule::action_resumed => Action::Resumed,
            Rule::action_dropped => Action::Dropped(words),
            Rule::action_added => Action::Added(fields),
            Rule::action_ended => Action::Ended(names.next()?, names.next()?),
            _ => return None,
        })
    }

    fn expectation(&mut self, pair: Pair<'_, Rule>, span: Span) -> Option<Expectation> {
        let (mut subject, mut kind) = (None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_expect => {}
                // `expect customer …` is the same as `expect …`.
                Rule::subject => subject = self.names(part).into_iter().next(),
                _ => kind = self.expectation_kind(part),
            }
        }
        Some(Expectation { subject, kind: kind?, span })
    }

    fn expectation_kind(&mut self, pair: Pair<'_, Rule>) -> Option<ExpectationKind> {
        let rule = pair.as_rule();
        let mut names = self.names(pair.clone());
        let (mut task, mut when, mut value, mut times, mut negated) = (None, None, None, None, false);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::task_ref => task = Some(self.task_ref(part)),
                Rule::when_point => when = self.when_point(part),
                Rule::expr | Rule::value => value = Some(self.expression(part)),
                Rule::kw_not => negated = true,
                Rule::integer => {
                    let place = self.span(&part);
                    times = Some(u32::try_from(self.whole(part.as_str(), place)).unwrap_or(u32::MAX));
                }
                _ => {}
            }
        }
        let first = if names.is_empty() { None } else { Some(names.remove(0)) };
        Some(match rule {
            Rule::expect_that => ExpectationKind::That(value?),
            Rule::expect_ends => ExpectationKind::Ends(first?, when, value),
            Rule::expect_at => ExpectationKind::At(first?),
            Rule::expect_offered => {
                let (task, span) = task?;
                ExpectationKind::Offered(!negated, task, span)
            }
            Rule::expect_done => {
                let (task, span) = task?;
                ExpectationKind::Done(!negated, task, span)
            }
            Rule::expect_never => ExpectationKind::Never(first?),
            Rule::expect_visits => ExpectationKind::Visits(first?, times),
            Rule::expect_waiting => ExpectationKind::Waiting(first.into_iter().chain(names).collect()),
            Rule::expect_held => ExpectationKind::Held,
            Rule::expect_ended => ExpectationKind::Ended,
            _ => return None,
        })
    }
}
