//! What becomes known, happens and is done over time, as others write it: one JSON object on each line.
//!
//! A timeline may be that of one customer or the log of a whole book of customers. [`Timeline::for_customer`] gives what
//! concerns one, in seconds since its day 0; [`world::follow`] takes a customer through a playbook with it.

pub(in crate::run) mod line;
#[cfg(test)]
mod tests;
pub mod world;
mod write;

pub use world::{Followed, TimelineWorld, follow};
pub use write::to_json;

use line::Read;

use super::customer::fractions::Fractions;
use super::event::Event;
use super::machine::Machine;
use super::state::Seconds;
use crate::diagnostic::{Diagnostic, UNDATED_CUSTOMER, WRONG_VALUE};
use crate::model::ServiceId;
use crate::source::{FileId, Span};
use crate::value::{DAY, Date};
use std::collections::BTreeMap;

/// When something happens, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// In seconds since day 0.
    Since(Seconds),
    /// On a date, so many seconds after its midnight.
    On(Date, Seconds),
}

/// A line of a timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Moment,
    /// Where that is written.
    pub at_span: Span,
    /// Until when, for a pause, and where that is written.
    pub until: Option<(Moment, Span)>,
    /// Where it says of which process of a lifecycle it is, that of the playbook it was read for: for which time the customer
    /// is there, from 1.
    pub process: Option<u32>,
    /// The one customer it concerns; none concerns all.
    pub customer: Option<String>,
    /// For which service; none is the customer.
    pub service: Option<ServiceId>,
    /// What happens. The end of a pause is in `until`.
    pub event: Event,
    /// What somebody noted.
    pub note: Option<String>,
    /// Where it comes from.
    pub source: Option<String>,
    /// The line.
    pub span: Span,
}

/// Something that happens to one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// When, in seconds since day 0.
    pub at: Seconds,
    /// What.
    pub event: Event,
    /// For which service; none is the customer.
    pub service: Option<ServiceId>,
    /// What somebody noted.
    pub note: Option<String>,
    /// Where it comes from.
    pub source: Option<String>,
    /// The line that says it.
    pub span: Span,
}

/// A timeline as it is written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// Its lines, in the order of the file.
    pub entries: Vec<Entry>,
    /// Places in `entries` by customer; those without a customer concern all.
    by_customer: BTreeMap<Option<String>, Vec<usize>>,
}

impl Timeline {
    /// From JSON lines; empty lines are passed over. A line with a mistake is left out; the mistakes of all are given.
    ///
    /// `text` is that of `file`.
    #[must_use]
    pub fn read(machine: &Machine, file: FileId, text: &str) -> (Timeline, Vec<Diagnostic>) {
        let (mut timeline, mut problems) = (Timeline::default(), Vec::new());
        let mut fractions = Fractions::new(&machine.playbook);
        let mut start = 0;
        for line in text.split('\n') {
            let end = start + line.len();
            if !line.trim().is_empty()
                && let Read::Entry(entry) = line::read(machine, file, text, start, end, &mut fractions, &mut problems)
            {
                timeline.add(*entry);
            }
            start = end + 1;
        }
        problems.extend(fractions.finish());
        (timeline, problems)
    }

    /// Adds a line.
    pub fn add(&mut self, entry: Entry) {
        self.by_customer.entry(entry.customer.clone()).or_default().push(self.entries.len());
        self.entries.push(entry);
    }

    /// The customers that lines name, in the order of their ids.
    pub fn customers(&self) -> impl Iterator<Item = &str> {
        self.by_customer.keys().filter_map(Option::as_deref)
    }

    /// What concerns one customer, in order of time; what happens at one instant keeps the order of the file.
    ///
    /// Lines of a later time in this process, where they say so, are for who follows a whole lifecycle.
    ///
    /// A line that needs the date of day 0 where there is none, or that lies before it, is left out and reported.
    #[must_use]
    pub fn for_customer(&self, id: &str, start: Option<Date>) -> (Vec<Said>, Vec<Diagnostic>) {
        let places = |customer: Option<String>| self.by_customer.get(&customer).into_iter().flatten().copied();
        let mut places: Vec<usize> = places(None).chain(places(Some(id.to_owned()))).collect();
        places.sort_unstable();
        let (mut said, mut problems) = (Vec::new(), Vec::new());
        let entries = places.into_iter().filter_map(|at| self.entries.get(at));
        for entry in entries.filter(|entry| entry.process.is_none_or(|lap| lap == 1)) {
            match entry.resolved(id, start) {
                Ok(line) => said.push(line),
                Err(problem) => problems.push(problem),
            }
        }
        said.sort_by_key(|line| line.at);
        (said, problems)
    }
}

impl Entry {
    /// With the date of day 0.
    pub(in crate::run) fn resolved(&self, id: &str, start: Option<Date>) -> Result<Said, Diagnostic> {
        let at = self.at.since(id, start, self.at_span)?;
        let mut event = self.event.clone();
        if let (Event::Paused { until, .. }, Some((moment, span))) = (&mut event, self.until) {
            let end = moment.since(id, start, span)?;
            if end < at {
                let message = "the pause would end before it begins";
                return Err(Diagnostic::new(&WRONG_VALUE, span, message).related(self.at_span, "it begins here"));
            }
            *until = Some(end);
        }
        Ok(Said {
            at,
            event,
            service: self.service,
            note: self.note.clone(),
            source: self.source.clone(),
            span: self.span,
        })
    }
}

impl Moment {
    /// In seconds since day 0 of a customer; `span` is where it is written.
    ///
    /// # Errors
    /// Where the customer has no date of day 0, or it lies before it.
    pub fn since(self, customer: &str, start: Option<Date>, span: Span) -> Result<Seconds, Diagnostic> {
        match (self, start) {
            (Moment::Since(seconds), _) => Ok(seconds),
            (Moment::On(date, seconds), Some(start)) => {
                let since = (i64::from(date.0) - i64::from(start.0)) * DAY + seconds;
                if since < 0 {
                    let message = format!("`{date}` is before day 0 of `{customer}`, which is {start}");
                    return Err(Diagnostic::new(&WRONG_VALUE, span, message));
                }
                Ok(since)
            }
            (Moment::On(..), None) => {
                let message = format!("this is a date, and nobody knows the date of day 0 of `{customer}`");
                let help = "Give the customer a `start`, or say how many days after day 0 with `day`";
                Err(Diagnostic::new(&UNDATED_CUSTOMER, span, message).help(help))
            }
        }
    }
}
