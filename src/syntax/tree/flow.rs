//! Transitions, starts, ends, inputs and outputs.

use super::Builder;
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use pest::iterators::Pair;

impl Builder<'_> {
    /// An item of a scope that is no block.
    pub fn scope_item(&mut self, pair: Pair<'_, Rule>) -> Option<ScopeItem> {
        let span = self.span(&pair);
        Some(match pair.as_rule() {
            Rule::input => ScopeItem::Input(self.clause(pair)?),
            Rule::output => ScopeItem::Output(self.clause(pair)?),
            Rule::start => {
                let ways: Vec<_> = pair.into_inner().filter(|part| part.as_rule() == Rule::completion).collect();
                ScopeItem::Start(span, ways.into_iter().filter_map(|way| self.transition(way)).collect())
            }
            Rule::end => ScopeItem::End(self.end(pair, span)),
            _ => ScopeItem::Transition(self.transition(pair)?),
        })
    }

    pub fn clause(&mut self, pair: Pair<'_, Rule>) -> Option<Clause> {
        let span = self.span(&pair);
        let (mut text, mut condition) = (None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::text => text = Some(self.text(part)),
                Rule::expr => condition = Some(self.expression(part)),
                _ => {}
            }
        }
        text.map(|text| Clause { text, condition, span })
    }

    fn end(&mut self, pair: Pair<'_, Rule>, span: Span) -> End {
        let mut end =
            End { name: Name::default(), title: None, kind: None, continues: None, continues_limit: None, span };
        for part in pair.into_inner() {
            let place = self.span(&part);
            match part.as_rule() {
                Rule::name => end.name = self.name(&part),
                Rule::text => {
                    if end.title.is_some() {
                        self.twice(place, "in words what the end is");
                    }
                    end.title = Some(self.text(part));
                }
                Rule::end_kind => {
                    if end.kind.is_some() {
                        self.twice(place, "whether the end is a success, neutral or a failure");
                    }
                    end.kind = Some(Self::end_kind(&part));
                }
                Rule::continues => {
                    if end.continues.is_some() {
                        self.twice(place, "where the customer goes on");
                    }
                    end.continues = Some(self.first_name(part.clone()));
                    let limit = part.into_inner().find(|part| part.as_rule() == Rule::at_most);
                    end.continues_limit = limit.map(|limit| self.at_most(limit));
                }
                _ => {}
            }
        }
        end
    }

    /// What an end means.
    pub(super) fn end_kind(pair: &Pair<'_, Rule>) -> EndKind {
        match pair.as_str() {
            "success" => EndKind::Success,
            "failure" => EndKind::Failure,
            _ => EndKind::Neutral,
        }
    }

    /// A transition of any kind.
    pub fn transition(&mut self, pair: Pair<'_, Rule>) -> Option<Transition> {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let (mut target, mut resume, mut limit) = (None, false, None);
        let (mut condition, mut otherwise, mut pattern, mut last_round) = (None, false, None, None);
        if rule == Rule::on_event {
            pattern = Some(self.inner_pattern(pair.clone()));
        }
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::target => {
                    resume = part.clone().into_inner().any(|part| part.as_rule() == Rule::kw_resume);
                    target = self.names(part).into_iter().next();
                }
                Rule::expr | Rule::value => condition = Some(self.expression(part)),
                Rule::kw_otherwise => otherwise = true,
                Rule::last_round => last_round = Some(self.names(part).into_iter().next()),
                Rule::at_most => limit = Some(Box::new(self.at_most(part))),
                _ => {}
            }
        }
        let trigger = match (rule, condition) {
            (Rule::completion, None) if otherwise => Trigger::Otherwise,
            (Rule::completion, condition) => Trigger::Completion(condition),
            (Rule::whenever, Some(condition)) => Trigger::Whenever(condition),
            (Rule::on_event, condition) => Trigger::On(Box::new(pattern?), condition),
            (Rule::after, Some(delay)) => Trigger::After(delay),
            (Rule::after, None) => Trigger::AfterLastRound(last_round?),
            _ => return None,
        };
        Some(Transition { trigger, target: target?, resume, limit, span })
    }

    /// N of `at most N times`; `at most once` is 1.
    pub fn at_most(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let once = pair.clone().into_inner().find(|part| part.as_rule() == Rule::kw_once);
        let once = once.map_or(span, |once| self.span(&once));
        self.first_expression(pair).unwrap_or(Expr { kind: ExprKind::Number(Micro::ONE), span: once })
    }
}
