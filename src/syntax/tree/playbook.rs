//! What a playbook says besides the flow.

use super::Builder;
use crate::diagnostic::{Diagnostic, SYNTAX_ERROR};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use pest::iterators::Pair;

/// `NAME "…" for PLAYBOOK`, as most blocks begin.
#[derive(Default)]
pub(in crate::syntax) struct Head {
    pub name: Option<Name>,
    pub title: Option<Text>,
    pub playbook: Option<Name>,
    pub roles: Vec<Name>,
    pub services: Vec<Name>,
    pub span: Span,
}

impl Builder<'_> {
    /// The beginning of a block, without its brace.
    pub fn head(&mut self, pair: Pair<'_, Rule>) -> Head {
        let mut head = Head { span: self.span(&pair), ..Head::default() };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => head.name = Some(self.name(&part)),
                Rule::as_name => head.name = Some(self.first_name(part)),
                Rule::text => head.title = Some(self.text(part)),
                Rule::string => {
                    let main = self.literal(&part);
                    head.title = Some(Text { main, translations: Vec::new() });
                }
                Rule::for_playbook => head.playbook = Some(self.first_name(part)),
                Rule::by_roles => head.roles.extend(self.names(part)),
                Rule::for_services => head.services.extend(self.names(part)),
                Rule::brace_open => head.span = self.before(head.span, &part),
                _ => {}
            }
        }
        head
    }

    /// The span up to a brace.
    pub fn before(&self, span: Span, brace: &Pair<'_, Rule>) -> Span {
        self.trimmed(span.start as usize, self.base + brace.as_span().start())
    }

    pub fn import(&mut self, pair: Pair<'_, Rule>) -> Option<Import> {
        let span = self.span(&pair);
        let (mut path, mut names) = (None, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::string => path = Some(self.literal(&part)),
                Rule::imported => {
                    let alias = part.clone().into_inner().find(|part| part.as_rule() == Rule::as_name);
                    let alias = alias.map(|alias| self.first_name(alias));
                    names.push(Imported { name: self.first_name(part), alias });
                }
                _ => {}
            }
        }
        Some(Import { path: path?, names, span })
    }

    /// An item of one line.
    pub fn playbook_item(&mut self, pair: Pair<'_, Rule>) -> Option<PlaybookItem> {
        let span = self.span(&pair);
        Some(match pair.as_rule() {
            Rule::header => PlaybookItem::Property(span, self.header(pair)?),
            Rule::next => PlaybookItem::Next(self.next(pair, span)),
            Rule::audience_rule => PlaybookItem::Audience(span, self.first_expression(pair)?),
            Rule::overview => PlaybookItem::Overview(span, self.first_text(pair)?),
            Rule::parameter => PlaybookItem::Parameter(Box::new(self.parameter(pair, span)?)),
            Rule::let_item => PlaybookItem::Let(self.let_item(pair, span)?),
            Rule::calendar => PlaybookItem::Calendar(self.calendar(pair, span)),
            Rule::uses => {
                let mut names = self.names(pair).into_iter();
                PlaybookItem::Uses(Uses { name: names.next()?, without: names.collect(), span })
            }
            _ => return None,
        })
    }

    pub fn first_text(&mut self, pair: Pair<'_, Rule>) -> Option<Text> {
        pair.into_inner().find(|part| part.as_rule() == Rule::text).map(|part| self.text(part))
    }

    fn first_literal(&mut self, pair: Pair<'_, Rule>) -> Option<Literal> {
        pair.into_inner().find(|part| part.as_rule() == Rule::string).map(|part| self.literal(&part))
    }

    fn header(&mut self, pair: Pair<'_, Rule>) -> Option<Header> {
        let word = pair.clone().into_inner().next()?.as_rule();
        Some(match word {
            Rule::kw_phase => Header::Phase(self.first_name(pair)),
            Rule::kw_audience => Header::Audience(self.names(pair)),
            Rule::kw_version => Header::Version(self.first_literal(pair)?),
            Rule::kw_owner => Header::Owner(self.first_literal(pair)?),
            Rule::kw_source => Header::Source(self.first_literal(pair)?),
            _ => Header::Language(self.first_literal(pair)?),
        })
    }

    fn next(&mut self, pair: Pair<'_, Rule>, span: Span) -> Next {
        let mut next = Next { name: Name::default(), text: None, link: None, span };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => next.name = self.name(&part),
                Rule::text => next.text = Some(self.text(part)),
                Rule::link => next.link = self.link(part),
                _ => {}
            }
        }
        next
    }

    pub fn link(&mut self, pair: Pair<'_, Rule>) -> Option<Link> {
        let (mut address, mut words, mut named) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::string => address = Some(self.literal(&part)),
                Rule::text => words = Some(self.text(part)),
                Rule::name => named = Some(self.name(&part)),
                _ => {}
            }
        }
        address.map(|address| Link::Address(address, words)).or(named.map(Link::Named))
    }

    pub fn declaration(&mut self, pair: Pair<'_, Rule>) -> Option<Declaration> {
        let (mut name, mut text) = (None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::text => text = Some(self.text(part)),
                _ => {}
            }
        }
        name.map(|name| Declaration { name, text })
    }

    pub fn group(&self, pair: Pair<'_, Rule>) -> Option<ServiceEntry> {
        let mut names = self.names(pair).into_iter();
        let name = names.next()?;
        Some(ServiceEntry::Group(name, names.collect()))
    }

    pub fn link_entry(&mut self, pair: Pair<'_, Rule>) -> Option<LinkEntry> {
        let (mut name, mut address, mut text) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::string => address = Some(self.literal(&part)),
                Rule::text => text = Some(self.text(part)),
                _ => {}
            }
        }
        Some(LinkEntry { name: name?, address: address?, text })
    }

    pub fn metadata_entry(&mut self, pair: Pair<'_, Rule>) -> Option<MetadataEntry> {
        let mut parts = pair.into_inner();
        let key = parts.next()?;
        let key = if key.as_rule() == Rule::name {
            Literal { text: key.as_str().to_owned(), span: self.span(&key) }
        } else {
            self.literal(&key)
        };
        let value = parts.next()?;
        Some(MetadataEntry { key, value: self.literal(&value) })
    }

    pub fn change(&mut self, pair: Pair<'_, Rule>) -> Option<Change> {
        let span = self.span(&pair);
        let (mut date, mut only, mut who, mut what) = (Date(0), None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::date => date = self.date(&part).0,
                Rule::tag => only = Some(self.tag(&part)),
                Rule::string => who = Some(self.literal(&part)),
                Rule::text => what = Some(self.text(part)),
                _ => {}
            }
        }
        Some(Change { date, only, who: who?, what: what?, span })
    }

    fn calendar(&mut self, pair: Pair<'_, Rule>, span: Span) -> Calendar {
        let mut calendar = Calendar { zone: None, hours: None, holidays: Vec::new(), span };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::string => calendar.zone = Some(self.literal(&part)),
                Rule::business_hours => {
                    let clocks = part.into_inner().filter(|part| part.as_rule() == Rule::clock);
                    let clocks: Vec<(i64, Span)> = clocks.map(|clock| self.clock(&clock)).collect();
                    if let [from, to] = clocks.as_slice() {
                        calendar.hours = Some((*from, *to));
                    }
                }
                Rule::date => calendar.holidays.push(self.date(&part)),
                _ => {}
            }
        }
        calendar
    }

    pub fn fact(&mut self, pair: Pair<'_, Rule>) -> Option<Fact> {
        let span = self.span(&pair);
        let (mut name, mut kind) = (None, None);
        let mut fact: (Option<(Volatility, Span)>, _, Option<Expr>, _) = (None, None, None, None);
        for part in pair.into_inner() {
            let place = self.span(&part);
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::type_expr => kind = Some(self.type_expr(part)),
                Rule::kept | Rule::volatility => {
                    let volatility = Self::volatility(part);
                    if fact.0.is_some() {
                        self.twice(place, "how the fact may change");
                    }
                    fact.0 = Some((volatility, place));
                }
                Rule::fact_range => {
                    if fact.1.is_some() {
                        self.twice(place, "the range of the fact");
                    }
                    fact.1 = self.fact_range(part);
                }
                Rule::default => {
                    if fact.2.is_some() {
                        self.twice(place, "the default of the fact");
                    }
                    fact.2 = self.first_expression(part);
                }
                Rule::text => fact.3 = Some(self.text(part)),
                _ => {}
            }
        }
        let (volatility, range, default, text) = fact;
        Some(Fact { name: name?, kind: kind?, volatility, range, default, text, span })
    }

    /// How a fact may change.
    pub(super) fn volatility(pair: Pair<'_, Rule>) -> Volatility {
        match pair.into_inner().next().map(|word| word.as_str()) {
            Some("kept") => Volatility::Kept,
            Some("fixed") => Volatility::Fixed,
            Some("rising") => Volatility::Rising,
            Some("falling") => Volatility::Falling,
            _ => Volatility::Live,
        }
    }

    /// Something that may be said once is said again.
    pub(super) fn twice(&mut self, place: Span, what: &str) {
        self.problem(
            Diagnostic::new(&SYNTAX_ERROR, place, format!("this says {what} a second time"))
                .help("Leave one of them out"),
        );
    }

    pub(super) fn fact_range(&mut self, pair: Pair<'_, Rule>) -> Option<(Expr, Expr)> {
        let mut bounds = pair.into_inner().filter(|part| part.as_rule() == Rule::value);
        let (low, high) = (bounds.next()?, bounds.next()?);
        Some((self.expression(low), self.expression(high)))
    }

    pub(super) fn type_expr(&mut self, pair: Pair<'_, Rule>) -> TypeExpr {
        let span = self.span(&pair);
        let kind = pair.into_inner().next().map_or(TypeKind::YesNo, |part| match part.as_rule() {
            Rule::int_type => TypeKind::Int,
            Rule::number_type => TypeKind::Number(self.decimals(part)),
            Rule::money_type => TypeKind::Money(self.decimals(part)),
            Rule::percent_type => TypeKind::Percent,
            Rule::date_type => TypeKind::Date,
            Rule::duration_type => TypeKind::Duration,
            Rule::text_type => TypeKind::Text,
            Rule::one_of_type => TypeKind::OneOf(self.choices(part)),
            Rule::set_of_type => TypeKind::SetOf(self.choices(part)),
            _ => TypeKind::YesNo,
        });
        TypeExpr { kind, span }
    }

    fn decimals(&mut self, pair: Pair<'_, Rule>) -> Option<u32> {
        let decimals = pair.into_inner().find(|part| part.as_rule() == Rule::decimals)?;
        let number = decimals.into_inner().find(|part| part.as_rule() == Rule::integer)?;
        let span = self.span(&number);
        let decimals = self.whole(number.as_str(), span);
        if decimals > 6 {
            self.problem(
                Diagnostic::new(&crate::diagnostic::BAD_NUMBER, span, format!("`{decimals}` decimals are too many"))
                    .help("Numbers are exact to six decimals"),
            );
        }
        Some(decimals.min(6) as u32)
    }

    fn choices(&mut self, pair: Pair<'_, Rule>) -> Vec<Declaration> {
        pair.into_inner()
            .filter(|part| part.as_rule() == Rule::choices)
            .flat_map(Pair::into_inner)
            .filter(|part| part.as_rule() == Rule::declaration)
            .filter_map(|part| self.declaration(part))
            .collect()
    }

    fn parameter(&mut self, pair: Pair<'_, Rule>, span: Span) -> Option<Parameter> {
        let (mut name, mut kind, mut range, mut value, mut text) = (None, None, None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::type_expr => kind = Some(self.type_expr(part)),
                Rule::fact_range => range = self.fact_range(part),
                Rule::default => value = self.first_expression(part),
                Rule::text => text = Some(self.text(part)),
                _ => {}
            }
        }
        Some(Parameter { name: name?, kind: kind?, range, value: value?, text, span })
    }

    fn let_item(&mut self, pair: Pair<'_, Rule>, span: Span) -> Option<Let> {
        let (mut name, mut value, mut text) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::expr => value = Some(self.expression(part)),
                Rule::text => text = Some(self.text(part)),
                _ => {}
            }
        }
        Some(Let { name: name?, value: value?, text, span })
    }
}
