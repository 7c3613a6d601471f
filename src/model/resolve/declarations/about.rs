//! What a playbook says about itself: headers, overview, links, calendar, history.

use super::super::expression::said_twice;
use super::super::names::{Names, Table};
use super::super::{link, named, text};
use crate::diagnostic::{Diagnostic, OUT_OF_RANGE, UNKNOWN_NAME};
use crate::model::{Change, Hours, Next, Text};
use crate::source::Span;
use crate::suggest::did_you_mean;
use crate::syntax::ast::{self, Header, PlaybookItem};
use std::collections::BTreeMap;

/// What is said once at most.
#[derive(Default)]
struct Once(BTreeMap<&'static str, Span>);

impl Once {
    /// Whether this is the first time; a second one is reported.
    fn first(&mut self, what: &'static str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        match self.0.get(what) {
            Some(first) => {
                out.push(said_twice(&format!("`{what}`"), span, *first));
                false
            }
            None => {
                self.0.insert(what, span);
                true
            }
        }
    }
}

pub(super) fn about(names: &mut Names, tree: &ast::Playbook, out: &mut Vec<Diagnostic>) {
    let mut once = Once::default();
    // Links first: others name them.
    for item in &tree.items {
        let PlaybookItem::Links(_, entries) = item else { continue };
        for entry in entries {
            let list = &mut names.playbook.about.links;
            if names.links.declare(&entry.name, list.len(), out) {
                let mut name = named(&entry.name, entry.text.as_ref());
                if entry.text.is_none() {
                    name.text = Text { main: entry.address.text.clone(), translations: Vec::new() };
                }
                list.push((name, entry.address.text.clone()));
            }
        }
    }
    let mut following: Table<()> = Table::new();
    for item in &tree.items {
        match item {
            PlaybookItem::Property(span, property) => header(names, *span, property, &mut once, out),
            PlaybookItem::Next(next) => {
                if following.declare(&next.name, (), out) {
                    let link = next.link.as_ref().and_then(|written| link(names, written, out));
                    let name = named(&next.name, next.text.as_ref());
                    names.playbook.about.next.push(Next { name, link });
                }
            }
            PlaybookItem::Overview(span, overview) => {
                if once.first("overview", *span, out) {
                    names.playbook.about.overview = Some(text(overview));
                }
            }
            PlaybookItem::Objectives(_, objectives) => {
                names.playbook.about.objectives.extend(objectives.iter().map(text));
            }
            PlaybookItem::Metadata(_, entries) => {
                for entry in entries {
                    let known = &mut names.playbook.about.metadata;
                    known.push((entry.key.text.clone(), entry.value.text.clone()));
                }
            }
            PlaybookItem::Calendar(calendar) => {
                if once.first("calendar", calendar.span, out) {
                    resolve_calendar(names, calendar, out);
                }
            }
            PlaybookItem::History(_, changes) => {
                names.playbook.about.history.extend(changes.iter().map(|change| Change {
                    date: change.date,
                    only: change.only.as_ref().map(|tag| tag.text.clone()),
                    who: change.who.text.clone(),
                    what: text(&change.what),
                }))
            }
            PlaybookItem::Audience(..)
            | PlaybookItem::Declarations(..)
            | PlaybookItem::Services(..)
            | PlaybookItem::Links(..)
            | PlaybookItem::Facts(..)
            | PlaybookItem::Uses(_)
            | PlaybookItem::Parameter(_)
            | PlaybookItem::Let(_)
            | PlaybookItem::Flow(_) => {}
        }
    }
}

fn header(names: &mut Names, span: Span, property: &Header, once: &mut Once, out: &mut Vec<Diagnostic>) {
    let about = &mut names.playbook.about;
    match property {
        Header::Phase(phase) if once.first("phase", span, out) => about.phase = Some(phase.text.clone()),
        Header::Audience(audience) if once.first("audience", span, out) => {
            about.audience = audience.iter().map(|name| name.text.clone()).collect();
        }
        Header::Version(version) if once.first("version", span, out) => about.version = Some(version.text.clone()),
        Header::Owner(owner) if once.first("owner", span, out) => about.owner = Some(owner.text.clone()),
        Header::Source(source) if once.first("source", span, out) => about.source = Some(source.text.clone()),
        Header::Language(language) if once.first("language", span, out) => about.language = language.text.clone(),
        _ => {}
    }
}

fn resolve_calendar(names: &mut Names, calendar: &ast::Calendar, out: &mut Vec<Diagnostic>) {
    if let Some(zone) = &calendar.zone {
        if jiff::tz::TimeZone::get(&zone.text).is_ok() {
            names.playbook.calendar.zone = zone.text.clone();
        } else {
            let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
            out.push(
                Diagnostic::new(&UNKNOWN_NAME, zone.span, format!("there is no time zone called `{}`", zone.text))
                    .help_if(did_you_mean(&zone.text, known.iter().map(String::as_str)))
                    .help_if(Some("Zones are called like `Europe/Berlin`".to_owned())),
            );
        }
    }
    match calendar.hours {
        Some(((from, _), (to, _))) if from < to => names.playbook.calendar.hours = Hours { from, to },
        Some((_, (_, span))) => out.push(
            Diagnostic::new(&OUT_OF_RANGE, span, "the business day would end before it begins")
                .help("Say a later time, as in `hours 9:00 to 17:00`"),
        ),
        None => {}
    }
    let holidays = &mut names.playbook.calendar.holidays;
    holidays.extend(calendar.holidays.iter().map(|(day, _)| *day));
    holidays.sort_unstable();
    holidays.dedup();
}
