//! Variants: their heads and operations.

use super::Builder;
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use pest::iterators::Pair;

/// `variant NAME "…" of BASE at version "…"`.
pub(in crate::syntax) struct VariantHead {
    pub name: Name,
    pub title: Option<Text>,
    pub base: Name,
    pub pin: Option<Literal>,
    pub span: Span,
}

impl Builder<'_> {
    pub fn variant_head(&mut self, pair: Pair<'_, Rule>) -> VariantHead {
        let mut span = self.span(&pair);
        let mut names = self.names(pair.clone()).into_iter();
        let (name, base) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
        let (mut title, mut pin) = (None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::text => title = Some(self.text(part)),
                Rule::pin => pin = self.first_string(part),
                Rule::brace_open => span = self.before(span, &part),
                _ => {}
            }
        }
        VariantHead { name, title, base, pin, span }
    }

    fn first_string(&mut self, pair: Pair<'_, Rule>) -> Option<Literal> {
        pair.into_inner().find(|part| part.as_rule() == Rule::string).map(|part| self.literal(&part))
    }

    pub fn valid(&mut self, pair: Pair<'_, Rule>) -> Option<(Date, Span)> {
        pair.into_inner().find(|part| part.as_rule() == Rule::date).map(|part| self.date(&part))
    }

    pub fn waiver(&mut self, pair: Pair<'_, Rule>) -> Option<Waiver> {
        let span = self.span(&pair);
        let obligation = pair.clone().into_inner().find(|part| part.as_rule() == Rule::obligation)?;
        let word = obligation.clone().into_inner().next()?.as_rule();
        let obligation = match word {
            Rule::kw_task => {
                let task = obligation.into_inner().find(|part| part.as_rule() == Rule::task_ref)?;
                Obligation::Task(self.task_ref(task).0)
            }
            Rule::kw_input => Obligation::Input(self.first_string(obligation)?),
            Rule::kw_output => Obligation::Output(self.first_string(obligation)?),
            _ => Obligation::Property(self.first_name(obligation)),
        };
        Some(Waiver { obligation, reason: self.first_string(pair)?, span })
    }

    /// Where something is added, if that is said.
    pub fn add_head(&mut self, pair: Pair<'_, Rule>) -> Option<Position> {
        let place = pair.into_inner().find(|part| part.as_rule() == Rule::place)?;
        self.place(place)
    }

    fn place(&mut self, pair: Pair<'_, Rule>) -> Option<Position> {
        let mut parts = pair.into_inner();
        let word = parts.next()?.as_rule();
        Some(match word {
            Rule::kw_before => Position::Before(self.part(parts.next()?)?),
            Rule::kw_after => Position::After(self.part(parts.next()?)?),
            _ => Position::First,
        })
    }

    /// `remove PART was …`, `replace PART was … with`.
    pub fn part_and_was(&mut self, pair: Pair<'_, Rule>) -> (Option<Part>, Option<Was>) {
        let (mut part, mut was) = (None, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::part => part = self.part(inner),
                Rule::was => was = Some(self.was(inner)),
                _ => {}
            }
        }
        (part, was)
    }

    pub fn move_part(&mut self, pair: Pair<'_, Rule>) -> (Option<Part>, Option<Position>) {
        let (mut part, mut position) = (None, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::part => part = self.part(inner),
                Rule::place => position = self.place(inner),
                Rule::kw_last => position = Some(Position::Last),
                Rule::to_stage => {
                    let stage = self.first_name(inner.clone());
                    let place = inner.into_inner().find(|part| part.as_rule() == Rule::place);
                    let place = place.and_then(|place| self.place(place)).map(Box::new);
                    position = Some(Position::ToStage(stage, place));
                }
                _ => {}
            }
        }
        (part, position)
    }

    fn part(&mut self, pair: Pair<'_, Rule>) -> Option<Part> {
        let span = self.span(&pair);
        let parts: Vec<Pair<'_, Rule>> = pair.into_inner().collect();
        let word = parts.first()?.as_rule();
        let (mut name, mut text, mut task) = (None, None, None);
        for part in &parts {
            match part.as_rule() {
                Rule::name => name = Some(self.name(part)),
                Rule::as_name => name = Some(self.first_name(part.clone())),
                Rule::string => text = Some(self.literal(part)),
                Rule::task_ref => task = Some(self.task_ref(part.clone()).0),
                _ => {}
            }
        }
        let named = |kind: Declared, name: Option<Name>| name.map(|name| PartKind::Declared(kind, name));
        let list = |kind: DeclarationKind, name: Option<Name>| named(Declared::Named(kind), name);
        let kind = match word {
            Rule::kw_task => PartKind::Task(task?),
            Rule::kw_stage => PartKind::Stage(name?),
            Rule::kw_end => PartKind::End(name?),
            Rule::kw_branch => PartKind::Branch(name?),
            Rule::kw_each => PartKind::Block { each: true, name },
            Rule::kw_together => PartKind::Block { each: false, name },
            Rule::kw_step => PartKind::Step(text?),
            Rule::kw_about => PartKind::About(text?),
            Rule::kw_input => PartKind::Input(text?),
            Rule::kw_output => PartKind::Output(text?),
            Rule::kw_needs => PartKind::Needs(text),
            Rule::kw_every => PartKind::Every(name),
            Rule::kw_set => PartKind::Set(name?),
            Rule::kw_role => list(DeclarationKind::Roles, name)?,
            Rule::kw_motion => list(DeclarationKind::Motions, name)?,
            Rule::kw_event => list(DeclarationKind::Events, name)?,
            Rule::kw_blocker => list(DeclarationKind::Blockers, name)?,
            Rule::kw_service => named(Declared::Service, name)?,
            Rule::kw_group => named(Declared::Group, name)?,
            Rule::kw_fact => named(Declared::Fact, name)?,
            Rule::kw_param => named(Declared::Parameter, name)?,
            Rule::kw_let => named(Declared::Let, name)?,
            Rule::kw_next => named(Declared::Next, name)?,
            Rule::kw_link => match text {
                Some(address) => PartKind::LinkTo(address),
                None => named(Declared::Link, name)?,
            },
            Rule::kw_start => PartKind::Start,
            Rule::kw_first => PartKind::FirstMatch,
            Rule::way => return self.way(parts.into_iter().next()?).map(|kind| Part { kind, span }),
            _ => return None,
        };
        Some(Part { kind, span })
    }

    fn way(&mut self, pair: Pair<'_, Rule>) -> Option<PartKind> {
        let has = |rule: Rule| pair.clone().into_inner().any(|part| part.as_rule() == rule);
        let way = if has(Rule::kw_whenever) {
            Way::Whenever
        } else if has(Rule::event_pattern) {
            Way::On(self.inner_pattern(pair.clone()))
        } else if has(Rule::kw_last) {
            Way::AfterLastRound
        } else if has(Rule::kw_after) {
            Way::After
        } else {
            Way::Completion
        };
        let target = self.names(pair).into_iter().next()?;
        Some(PartKind::Way(way, target))
    }

    fn was(&mut self, pair: Pair<'_, Rule>) -> Was {
        let span = self.span(&pair);
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::was_part => parts.extend(self.was_part(part)),
                Rule::expr => parts.push(WasPart::Value(self.expression(part))),
                Rule::kw_was => {}
                _ => parts.extend(self.transition(part).map(WasPart::Way)),
            }
        }
        Was { parts, span }
    }

    fn was_part(&mut self, pair: Pair<'_, Rule>) -> Option<WasPart> {
        let part = pair.into_inner().next()?;
        Some(match part.as_rule() {
            Rule::flag => WasPart::Flag(part.as_str() == "mandatory"),
            Rule::again => WasPart::Again,
            Rule::for_services => WasPart::Services(self.names(part)),
            Rule::by_roles => WasPart::Roles(self.names(part)),
            Rule::motion => WasPart::Motions(self.names(part)),
            Rule::task_when => WasPart::When(self.first_expression(part)?),
            Rule::due => WasPart::Due(self.first_expression(part)?),
            Rule::at_most => WasPart::AtMost(self.at_most(part)),
            Rule::link => WasPart::Link(self.link(part)?),
            Rule::end_kind => WasPart::End(Self::end_kind(&part)),
            Rule::text => WasPart::Text(self.text(part)),
            _ => return None,
        })
    }

    /// `change stage NAME …` and the like, up to the brace.
    pub fn within(&mut self, pair: Pair<'_, Rule>) -> Option<(Container, Option<Amendment>, Option<Was>)> {
        let rule = pair.as_rule();
        let each = pair.clone().into_inner().any(|part| part.as_rule() == Rule::kw_each);
        let inner: Vec<Pair<'_, Rule>> = pair.into_inner().collect();
        let name = inner.iter().find_map(|part| match part.as_rule() {
            Rule::name => Some(self.name(part)),
            Rule::as_name => Some(self.first_name(part.clone())),
            _ => None,
        });
        // What is named stands between `change` and what is said about it.
        let first = inner.get(1).map(|part| self.span(part))?;
        let last = inner.iter().take_while(|part| !self.says_something(part)).last().map(|part| self.span(part))?;
        let span = first.to(last);
        let kind = match rule {
            Rule::change_stage => PartKind::Stage(name.clone()?),
            Rule::change_branch => PartKind::Branch(name.clone()?),
            Rule::change_every => PartKind::Every(name.clone()),
            _ => PartKind::Block { each, name: name.clone() },
        };
        let part = Part { kind, span };
        let container = match rule {
            Rule::change_stage => Container::Stage(name?),
            Rule::change_branch => Container::Branch(name?),
            Rule::change_every => Container::Every(part.clone()),
            Rule::change_exits => Container::Exits(part.clone()),
            _ => Container::Block(part.clone()),
        };
        let says = inner.iter().any(|part| self.says_something(part));
        let (change, was) = self.said(part, inner);
        Some((container, says.then_some(change), was))
    }

    fn says_something(&self, pair: &Pair<'_, Rule>) -> bool {
        matches!(
            pair.as_rule(),
            Rule::changed_text
                | Rule::by_roles
                | Rule::for_services
                | Rule::motion
                | Rule::without
                | Rule::value
                | Rule::at_most
        )
    }

    /// `change task 3740 …` and other changes of one thing.
    pub fn amendment(&mut self, pair: Pair<'_, Rule>) -> (Option<Amendment>, Option<Was>) {
        let (mut was, mut lost) = (None, Vec::new());
        let mut change = None;
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::kw_change => {}
                Rule::was => was = Some(self.was(inner)),
                Rule::without => lost = self.lost(inner),
                Rule::completion | Rule::whenever | Rule::on_event | Rule::after => change = self.change_way(inner),
                _ => change = self.change_part(inner),
            }
        }
        if let Some(change) = &mut change {
            change.without.extend(lost);
        }
        (change, was)
    }

    fn change_way(&mut self, pair: Pair<'_, Rule>) -> Option<Amendment> {
        let transition = self.transition(pair)?;
        let way = match &transition.trigger {
            Trigger::Completion(_) | Trigger::Otherwise => Way::Completion,
            Trigger::Whenever(_) => Way::Whenever,
            Trigger::On(pattern, _) => Way::On((**pattern).clone()),
            Trigger::After(_) => Way::After,
            Trigger::AfterLastRound(_) => Way::AfterLastRound,
        };
        let part = Part { kind: PartKind::Way(way, transition.target.clone()), span: transition.span };
        let to = Changed { transition: Some(transition), ..Changed::default() };
        Some(Amendment { part, to, without: Vec::new() })
    }

    fn change_part(&mut self, pair: Pair<'_, Rule>) -> Option<Amendment> {
        let rule = pair.as_rule();
        let inner: Vec<Pair<'_, Rule>> = pair.into_inner().collect();
        let word = inner.first()?;
        let named = inner.get(1)?;
        let span = self.span(word).to(self.span(named));
        let name = self.name(named);
        let list = |kind: DeclarationKind, name: Name| PartKind::Declared(Declared::Named(kind), name);
        let kind = match (rule, word.as_rule()) {
            (Rule::change_task, _) => PartKind::Task(self.task_ref(named.clone()).0),
            (Rule::change_end, _) => PartKind::End(name),
            (Rule::change_clause, Rule::kw_input) => PartKind::Input(self.literal(named)),
            (Rule::change_clause, _) => PartKind::Output(self.literal(named)),
            (Rule::change_step, _) => PartKind::Step(self.literal(named)),
            (Rule::change_about, _) => PartKind::About(self.literal(named)),
            (Rule::change_param, _) => PartKind::Declared(Declared::Parameter, name),
            (Rule::change_fact, _) => PartKind::Declared(Declared::Fact, name),
            (Rule::change_let, _) => PartKind::Declared(Declared::Let, name),
            (Rule::change_group, _) => PartKind::Declared(Declared::Group, name),
            (Rule::change_link, _) => PartKind::Declared(Declared::Link, name),
            (Rule::change_next, _) => PartKind::Declared(Declared::Next, name),
            (_, Rule::kw_role) => list(DeclarationKind::Roles, name),
            (_, Rule::kw_motion) => list(DeclarationKind::Motions, name),
            (_, Rule::kw_event) => list(DeclarationKind::Events, name),
            (_, Rule::kw_blocker) => list(DeclarationKind::Blockers, name),
            _ => PartKind::Declared(Declared::Service, name),
        };
        let mut rest = inner.into_iter().skip(2).collect::<Vec<_>>();
        let mut members = Vec::new();
        if rule == Rule::change_group {
            members = rest.iter().filter(|part| part.as_rule() == Rule::name).map(|part| self.name(part)).collect();
        }
        // The address of a link stands before its words.
        let mut address = None;
        if rule == Rule::change_link && rest.first().is_some_and(|part| part.as_rule() == Rule::string) {
            let written = self.literal(&rest.remove(0));
            address = Some(Link::Address(written, None));
        }
        let (mut change, _) = self.said(Part { kind, span }, rest);
        change.to.services.extend(members);
        change.to.links.extend(address);
        Some(change)
    }

    /// What is said of a part.
    fn said(&mut self, part: Part, pairs: Vec<Pair<'_, Rule>>) -> (Amendment, Option<Was>) {
        let mut was = None;
        let mut change = Amendment { part, to: Changed::default(), without: Vec::new() };
        for pair in pairs {
            let place = self.span(&pair);
            let to = &mut change.to;
            let mut twice = None;
            match pair.as_rule() {
                Rule::flag => to.mandatory = Some(pair.as_str() == "mandatory"),
                Rule::again => to.again = true,
                Rule::changed_text => {
                    twice = to.text.is_some().then_some("the text");
                    to.text = Some(self.changed_text(pair));
                }
                Rule::to_text => {
                    let text = pair.into_inner().find(|part| part.as_rule() == Rule::changed_text);
                    to.text = text.map(|text| self.changed_text(text));
                }
                Rule::for_services => to.services.extend(self.names(pair)),
                Rule::by_roles => to.roles.extend(self.names(pair)),
                Rule::motion => to.motions.extend(self.names(pair)),
                Rule::task_when | Rule::default => {
                    twice = to.value.is_some().then_some("a condition or value");
                    to.value = self.first_expression(pair);
                }
                Rule::expr | Rule::value => to.value = Some(self.expression(pair)),
                Rule::due => {
                    twice = to.due.is_some().then_some("when the task is due");
                    to.due = self.first_expression(pair);
                }
                Rule::at_most => to.limit = Some(self.at_most(pair)),
                Rule::link => to.links.extend(self.link(pair)),
                Rule::end_kind => to.end = Some(Self::end_kind(&pair)),
                Rule::continues => {
                    to.continues = Some(self.first_name(pair.clone()));
                    let limit = pair.into_inner().find(|part| part.as_rule() == Rule::at_most);
                    to.limit = limit.map(|limit| self.at_most(limit));
                }
                Rule::type_expr => to.kind = Some(self.type_expr(pair)),
                Rule::fact_range => to.range = self.fact_range(pair),
                Rule::kept | Rule::volatility => to.volatility = Some((Self::volatility(pair), place)),
                Rule::without => change.without.extend(self.lost(pair)),
                Rule::was => was = Some(self.was(pair)),
                _ => {}
            }
            if let Some(what) = twice {
                self.twice(place, what);
            }
        }
        (change, was)
    }

    fn changed_text(&mut self, pair: Pair<'_, Rule>) -> ChangedText {
        let has_main = pair.clone().into_inner().any(|part| part.as_rule() == Rule::string);
        let text = self.text(pair);
        ChangedText { main: has_main.then_some(text.main), translations: text.translations }
    }

    fn lost(&mut self, pair: Pair<'_, Rule>) -> Vec<Lost> {
        let words =
            pair.into_inner().filter(|part| part.as_rule() == Rule::lost).filter_map(|part| part.into_inner().next());
        let words: Vec<Pair<'_, Rule>> = words.collect();
        words
            .into_iter()
            .map(|word| match word.as_rule() {
                Rule::kw_due => Lost::Due,
                Rule::kw_when => Lost::When,
                Rule::kw_by => Lost::By,
                Rule::kw_for => Lost::For,
                Rule::kw_again => Lost::Again,
                Rule::kw_link => Lost::Link,
                Rule::kw_motion => Lost::Motion,
                Rule::kw_at => Lost::AtMost,
                Rule::kw_continues => Lost::Continues,
                Rule::kw_text => Lost::Text,
                _ => Lost::Translation(self.tag(&word)),
            })
            .collect()
    }
}
