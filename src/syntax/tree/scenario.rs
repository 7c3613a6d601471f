//! Scenarios.

use super::Builder;
use crate::diagnostic::{BAD_NUMBER, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use pest::iterators::Pair;

/// `in STAGE each round` or `SERVICE after DELAY with ODDS`, without what happens.
pub(in crate::syntax) enum StatementsHead {
    Dynamics(Vec<Name>, DynamicsMoment),
    Timed(Option<Name>, Expr, Option<Expr>),
}

impl Builder<'_> {
    /// An item of a scenario that is no block.
    pub fn scenario_item(&mut self, pair: Pair<'_, Rule>) -> Option<ScenarioItem> {
        let span = self.span(&pair);
        Some(match pair.as_rule() {
            Rule::cohort => {
                let arrival = pair.clone().into_inner().find(|part| part.as_rule() == Rule::arrival);
                let count = self.first_expression(pair)?;
                ScenarioItem::Customers { count, arrival: arrival.and_then(|part| self.arrival(part)), span }
            }
            Rule::draw => {
                let start = pair.clone().into_inner().any(|part| part.as_rule() == Rule::start_word);
                ScenarioItem::Draw { facts: self.names(pair.clone()), start, value: self.first_expression(pair)?, span }
            }
            Rule::service_odds => self.service_odds(pair, span),
            Rule::task_takes => ScenarioItem::TaskTakes {
                tasks: self.tasks(pair.clone()),
                duration: self.first_expression(pair)?,
                span,
            },
            Rule::task_odds => {
                ScenarioItem::TaskDone { tasks: self.tasks(pair.clone()), odds: self.first_expression(pair)?, span }
            }
            Rule::stage_takes => ScenarioItem::StageTakes {
                stages: self.names(pair.clone()),
                duration: self.first_expression(pair)?,
                span,
            },
            Rule::starts => {
                let date = pair.into_inner().find(|part| part.as_rule() == Rule::date)?;
                ScenarioItem::Starts(span, self.date(&date).0)
            }
            Rule::warm_up => ScenarioItem::WarmUp(span, self.first_expression(pair)?),
            Rule::horizon => ScenarioItem::Horizon(span, self.first_expression(pair)?),
            Rule::staffing => self.staffing(pair, span)?,
            _ => return None,
        })
    }

    fn arrival(&mut self, pair: Pair<'_, Rule>) -> Option<Arrival> {
        let (mut poisson, mut found, mut lengths) = (false, Vec::new(), Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_poisson => poisson = true,
                Rule::arrival_rate => found.extend(self.arrival_rate(part)),
                Rule::value => lengths.push(self.expression(part)),
                _ => {}
            }
        }
        let Some(last) = found.pop() else {
            let over = lengths.pop()?;
            return Some(if poisson { Arrival::Poisson(over) } else { Arrival::Evenly(over) });
        };
        Some(Arrival::Rates { poisson, rates: found.into_iter().zip(lengths).collect(), last })
    }

    fn arrival_rate(&mut self, pair: Pair<'_, Rule>) -> Option<ArrivalRate> {
        let span = self.span(&pair);
        let (mut number, mut unit) = (None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::number => number = Some(self.number(&part)),
                Rule::unit => unit = Some(Self::unit(&part)),
                _ => {}
            }
        }
        Some(ArrivalRate { number: number?, unit: unit?, span })
    }

    fn service_odds(&mut self, pair: Pair<'_, Rule>, span: Span) -> ScenarioItem {
        let (mut each, mut odds, mut if_none) = (None, Vec::new(), None);
        for part in pair.into_inner() {
            let place = self.span(&part);
            match part.as_rule() {
                Rule::each_odds => {
                    if each.is_some() {
                        self.twice(place, "the odds of each service");
                    }
                    each = self.first_expression(part);
                }
                Rule::if_none => {
                    if if_none.is_some() {
                        self.twice(place, "what is taken where there is none");
                    }
                    if_none = Some(self.first_name(part));
                }
                Rule::single_odds => {
                    let name = self.first_name(part.clone());
                    odds.extend(self.first_expression(part).map(|value| (name, value)));
                }
                _ => {}
            }
        }
        ScenarioItem::Services { each, odds, if_none, span }
    }

    fn tasks(&mut self, pair: Pair<'_, Rule>) -> Vec<(TaskRef, Span)> {
        pair.into_inner()
            .filter(|part| part.as_rule() == Rule::task_refs)
            .flat_map(Pair::into_inner)
            .filter(|part| part.as_rule() == Rule::task_ref)
            .map(|task| self.task_ref(task))
            .collect()
    }

    fn staffing(&mut self, pair: Pair<'_, Rule>, span: Span) -> Option<ScenarioItem> {
        let (mut role, mut people, mut skills, mut rules) = (None, None, Vec::new(), Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => role = Some(self.name(&part)),
                Rule::one_per => people = self.first_expression(part).map(Staff::OnePer),
                Rule::people => people = self.first_expression(part).map(Staff::People),
                Rule::skills => skills = self.names(part),
                Rule::comma => {}
                _ => rules.extend(self.staffing_rule(part)),
            }
        }
        Some(ScenarioItem::Staffing { role: role?, people: people?, skills, rules, span })
    }

    fn staffing_rule(&mut self, pair: Pair<'_, Rule>) -> Option<StaffingRule> {
        let span = self.span(&pair);
        let inside = |rule: Rule| {
            let parts = pair.clone().into_inner();
            parts.filter(move |part| part.as_rule() == rule)
        };
        let days = inside(Rule::working_days).next().map(working_days);
        let kind = match pair.as_rule() {
            Rule::clock_hours => {
                let mut times = inside(Rule::clock);
                let (from, to) = (times.next()?, times.next()?);
                StaffingRuleKind::Clock(self.clock(&from), self.clock(&to), days?)
            }
            Rule::hours => StaffingRuleKind::Hours(self.first_expression(pair.clone())?, days?),
            Rule::days_off => {
                StaffingRuleKind::DaysOff(inside(Rule::date).map(|date| self.date(&date)).collect::<Vec<_>>())
            }
            Rule::priority => StaffingRuleKind::Priority(self.first_expression(pair.clone())?),
            Rule::finishing => StaffingRuleKind::Finishing,
            Rule::cost => {
                let number = inside(Rule::number).next()?;
                StaffingRuleKind::Cost(self.number(&number))
            }
            _ => return None,
        };
        Some(StaffingRule { kind, span })
    }

    /// Seconds since midnight.
    pub(super) fn clock(&mut self, pair: &Pair<'_, Rule>) -> (i64, Span) {
        let (text, span) = (pair.as_str().trim_end(), self.span(pair));
        let time = text.split_once(':').and_then(|(hours, minutes)| {
            let (hours, minutes) = (hours.parse::<i64>().ok()?, minutes.parse::<i64>().ok()?);
            (minutes < 60 && hours * 60 + minutes <= 24 * 60).then_some(hours * 3_600 + minutes * 60)
        });
        let time = time.unwrap_or_else(|| {
            self.problem(
                Diagnostic::new(&BAD_NUMBER, span, format!("there is no time of day `{text}`"))
                    .help("Times of day go from `0:00` to `24:00`"),
            );
            0
        });
        (time, span)
    }

    /// The beginning of dynamics or of something that happens after a time.
    pub fn statements_head(&mut self, pair: Pair<'_, Rule>) -> Option<StatementsHead> {
        if pair.as_rule() == Rule::dynamics_head {
            let on_entry = pair.clone().into_inner().any(|part| part.as_rule() == Rule::on_entry);
            let moment = if on_entry { DynamicsMoment::OnEntry } else { DynamicsMoment::EachRound };
            return Some(StatementsHead::Dynamics(self.names(pair), moment));
        }
        let service = self.names(pair.clone()).into_iter().next();
        let odds = self.odds(pair.clone());
        Some(StatementsHead::Timed(service, self.first_expression(pair)?, odds))
    }

    /// P of `with P` directly in the pair.
    fn odds(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        let odds = pair.into_inner().find(|part| part.as_rule() == Rule::with_odds)?;
        self.first_expression(odds)
    }

    pub fn statement(&mut self, pair: Pair<'_, Rule>) -> Option<Statement> {
        let span = self.span(&pair);
        Some(match pair.as_rule() {
            Rule::change_statement => Statement::Assign(self.assignment(pair)?),
            Rule::blocker | Rule::blocker_statement => {
                let otherwise = self.otherwise(pair.clone());
                let (kind, odds, lasting) = self.blocker(own(pair, Rule::blocker)?);
                Statement::Blocker { kind, odds, lasting: lasting?, otherwise, span }
            }
            Rule::event | Rule::event_statement => {
                let otherwise = self.otherwise(pair.clone());
                let event = own(pair, Rule::event)?;
                Statement::Event { odds: self.odds(event.clone()), event: self.first_name(event), otherwise, span }
            }
            Rule::with_statement => {
                let odds = self.odds(pair.clone())?;
                Statement::With {
                    odds,
                    then: self.inner_statements(pair.clone()),
                    otherwise: self.otherwise(pair),
                    span,
                }
            }
            Rule::when_statement => {
                let condition = self.first_expression(pair.clone())?;
                let then = self.inner_statements(pair.clone());
                Statement::When { condition, then, otherwise: self.otherwise(pair), span }
            }
            _ => return None,
        })
    }

    fn blocker(&mut self, pair: Pair<'_, Rule>) -> (Option<Name>, Option<Expr>, Option<Expr>) {
        let kind = self.names(pair.clone()).into_iter().next();
        let odds = self.odds(pair.clone());
        (kind, odds, self.first_expression(pair))
    }

    fn otherwise(&mut self, pair: Pair<'_, Rule>) -> Vec<Statement> {
        let otherwise = pair.into_inner().find(|part| part.as_rule() == Rule::otherwise);
        otherwise.map(|otherwise| self.inner_statements(otherwise)).unwrap_or_default()
    }

    /// The statements directly in the pair or in its braces.
    fn inner_statements(&mut self, pair: Pair<'_, Rule>) -> Vec<Statement> {
        let mut statements = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::statements => statements.extend(self.inner_statements(part)),
                Rule::with_odds | Rule::otherwise | Rule::expr | Rule::kw_when => {}
                _ => statements.extend(self.statement(part)),
            }
        }
        statements
    }
}

/// The days of the week that are named.
fn working_days(pair: Pair<'_, Rule>) -> WorkingDays {
    let mut days = [false; 7];
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::kw_weekdays => days[..5].fill(true),
            Rule::every_day => days.fill(true),
            _ => {
                let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
                names
                    .iter()
                    .zip(&mut days)
                    .filter(|(name, _)| **name == part.as_str())
                    .for_each(|(_, day)| *day = true);
            }
        }
    }
    days
}

/// The pair itself, or the one in it.
fn own(pair: Pair<'_, Rule>, rule: Rule) -> Option<Pair<'_, Rule>> {
    if pair.as_rule() == rule { Some(pair) } else { pair.into_inner().find(|part| part.as_rule() == rule) }
}
