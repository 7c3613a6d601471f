//! One customer through a whole lifecycle, with what is said over time.
//!
//! A line of the timeline that names its `process` counts from the day the customer came there. Any other line belongs to
//! the process the customer is in when its time comes, counted from day 0 of the whole life; so each line is told once.

use super::{Handed, Laps, Lifecycle, Onward, continued, ended_at};
use crate::diagnostic::{Diagnostic, IDLE_LINE, UNKNOWN_FIELD, WRONG_VALUE, sort};
use crate::run::audience::outside_at;
use crate::run::customer::fractions::Fractions;
use crate::run::event::Event;
use crate::run::journey::Stop;
use crate::run::state::{Seconds, State};
use crate::run::timeline::line::{Read, read};
use crate::run::timeline::world::follow_on;
use crate::run::timeline::{Entry, Followed, Moment, Said};
use crate::run::trace::Trace;
use crate::run::{Customer, Machine};
use crate::source::{FileId, Span};
use crate::suggest::did_you_mean;
use crate::value::Date;
use std::collections::BTreeSet;

/// The timeline of a lifecycle as it is written.
#[derive(Debug, Default)]
pub struct Timeline {
    lines: Vec<Line>,
}

/// A line of it.
#[derive(Debug)]
struct Line {
    /// The one playbook it names; none is whichever the customer is in.
    process: Option<usize>,
    /// By playbook: what it says there, or why it cannot be said there.
    entries: Vec<Result<Entry, String>>,
    span: Span,
}

impl Line {
    /// What it says where it can be said.
    fn any(&self) -> Option<&Entry> {
        self.entries.iter().find_map(|entry| entry.as_ref().ok())
    }

    fn at(&self, playbook: usize) -> Option<&Entry> {
        self.entries.get(playbook)?.as_ref().ok()
    }

    /// The one playbook it is for, and for which time the customer is there.
    fn own(&self) -> Option<(usize, u32)> {
        let process = self.process?;
        Some((process, self.at(process)?.process.unwrap_or(1)))
    }
}

/// Reads the timeline of a lifecycle from JSON lines. A line has to be one that can be said in the playbook it names, or in
/// at least one where it names none. A line with a mistake is left out; the mistakes of all are given.
#[must_use]
pub fn timeline(lifecycle: &Lifecycle, file: FileId, text: &str) -> (Timeline, Vec<Diagnostic>) {
    let (mut lines, mut problems) = (Vec::new(), Vec::new());
    let machines = &lifecycle.machines;
    let mut fractions: Vec<_> = machines.iter().map(|machine| Fractions::new(&machine.playbook)).collect();
    let mut start = 0;
    for written in text.split('\n') {
        let end = start + written.len();
        let (mut entries, mut elsewhere, mut mistakes) = (Vec::with_capacity(machines.len()), None, Vec::new());
        for (machine, fractions) in machines.iter().zip(&mut fractions).filter(|_| !written.trim().is_empty()) {
            let mut found = Vec::new();
            match read(machine, file, text, start, end, fractions, &mut found) {
                Read::Entry(entry) => entries.push(Ok(*entry)),
                Read::Elsewhere(name, span) => {
                    elsewhere = Some((name, span));
                    entries.push(Err(String::new()));
                }
                Read::Nothing => {
                    entries.push(Err(found.first().map(|found| found.message.clone()).unwrap_or_default()));
                    // Of a line that can be said nowhere, what is wrong with it where it would be said first.
                    if mistakes.is_empty() {
                        mistakes = found;
                    }
                }
            }
        }
        start = end + 1;
        let known = entries.iter().enumerate().find_map(|(at, entry)| Some((at, entry.as_ref().ok()?)));
        match (known, elsewhere) {
            (Some((at, entry)), _) => {
                let (process, span) = (entry.process.map(|_| at), entry.span);
                lines.push(Line { process, entries, span });
            }
            (None, Some((name, span))) if mistakes.is_empty() => problems.push(unknown_process(machines, &name, span)),
            (None, _) => problems.append(&mut mistakes),
        }
    }
    fractions.iter_mut().for_each(|fractions| problems.extend(fractions.finish()));
    sort(&mut problems);
    (Timeline { lines }, problems)
}

fn unknown_process(machines: &[Machine], name: &str, span: Span) -> Diagnostic {
    let names: Vec<&str> = machines.iter().map(|machine| machine.playbook.name.name.as_str()).collect();
    let help = did_you_mean(name, names.iter().copied()).unwrap_or_else(|| format!("There is {}", names.join(", ")));
    Diagnostic::new(&UNKNOWN_FIELD, span, format!("customers never come to a process `{name}` here")).help(help)
}

/// A journey through one of the playbooks.
#[derive(Debug)]
pub struct Leg {
    /// Which playbook.
    pub playbook: usize,
    /// For which time, from 1.
    pub lap: u32,
    /// When it began, since day 0 of the whole life.
    pub begins: Seconds,
    /// Where it stands.
    pub state: State,
    /// Why it stopped.
    pub stop: Stop,
    /// What happened, with reasons.
    pub trace: Trace,
}

/// A life as far as it was followed.
#[derive(Debug)]
pub struct Told<'l> {
    /// The journeys, one after the other.
    pub legs: Vec<Leg>,
    /// Where the customer would go on to from the last.
    pub onward: Onward<'l>,
    /// Lines that could not be, or made no difference.
    pub findings: Vec<Diagnostic>,
}

/// Takes a customer through a lifecycle, beginning with its first playbook, until the life is over, nothing is left to come,
/// or `until`, counted over the whole life.
///
/// # Errors
/// Lines with a date, where the customer has none, or with one before day 0.
pub fn travel<'l>(
    lifecycle: &'l Lifecycle,
    customer: Customer,
    timeline: &Timeline,
    until: Option<Seconds>,
) -> Result<Told<'l>, Vec<Diagnostic>> {
    let (id, start) = (customer.id.clone(), customer.start);
    let concerns = |entry: &Entry| entry.customer.as_ref().is_none_or(|customer| *customer == id);
    let lines: Vec<&Line> = timeline.lines.iter().filter(|line| line.any().is_some_and(concerns)).collect();
    let wrong: Vec<Diagnostic> =
        lines.iter().filter_map(|line| moved(line.any()?, true, &id, start, 0).err()).collect();
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut told = Told { legs: Vec::new(), onward: Onward::Over, findings: Vec::new() };
    let mut laps = Laps::default();
    let mut done: BTreeSet<Span> = BTreeSet::new();
    let mut visited: BTreeSet<(usize, u32)> = BTreeSet::new();
    let (mut playbook, mut begins, mut handed) = (0, 0, Handed::first(customer));
    while let Some(machine) = lifecycle.machines.get(playbook) {
        let lap = laps.enter(playbook);
        visited.insert((playbook, lap));
        let mut said = Vec::new();
        let open: Vec<&Line> = lines.iter().copied().filter(|line| !done.contains(&line.span)).collect();
        for line in open {
            let here = line.own().is_none_or(|own| own == (playbook, lap));
            let Some(entry) = line.at(playbook).filter(|_| here) else { continue };
            match moved(entry, line.process.is_some(), &id, start, begins) {
                Ok(line) => said.push(line),
                Err(problem) => {
                    done.insert(line.span);
                    told.findings.push(problem);
                }
            }
        }
        said.sort_by_key(|line| line.at);
        let mut trace = Trace::default();
        let all: Vec<Span> = said.iter().map(|line| line.span).collect();
        let left = until.map(|until| until.saturating_sub(begins));
        let begun = handed.state(machine);
        told.findings.extend(outside_at(machine, &begun, &format!("`{id}`")));
        let (followed, left) = follow_on(machine, begun, said, &mut trace, left);
        let Followed { state, stop, findings } = followed;
        told.findings.extend(findings);
        let left: BTreeSet<Span> = left.iter().map(|line| line.span).collect();
        done.extend(all.into_iter().filter(|span| !left.contains(span)));
        told.onward = lifecycle.onward(playbook, &state, &mut laps);
        let over = ended_at(&state);
        let open = |line: &&Line| line.process.is_none() && !done.contains(&line.span);
        let open: Vec<&Line> = lines.iter().copied().filter(open).collect();
        for line in open {
            let Some(Err(why)) = line.entries.get(playbook) else { continue };
            let at = line.any().and_then(|entry| moved(entry, false, &id, start, begins).ok()).map(|said| said.at);
            // Where nothing moves the customer any more, it is here whenever the line comes.
            if at.is_some_and(|at| at < over) || matches!(stop, Stop::Waiting | Stop::Endless) {
                done.insert(line.span);
                let name = &machine.playbook.name.name;
                let words = format!("`{id}` is in `{name}` then, where this cannot be said: {why}");
                let help = "Name the `process` it is for, or give a day on which the customer is there";
                told.findings.push(Diagnostic::new(&IDLE_LINE, line.span, words).help(help));
            }
        }
        let next = match told.onward {
            Onward::Into(next) => {
                let luggage = std::mem::take(&mut handed.luggage);
                lifecycle.machines.get(next).map(|after| (next, continued(machine, &state, &id, after, luggage)))
            }
            _ => None,
        };
        told.legs.push(Leg { playbook, lap, begins, state, stop, trace });
        let Some((next, handed_on)) = next else { break };
        begins = begins.saturating_add(over);
        (playbook, handed) = (next, handed_on);
    }
    for line in lines {
        let Some((process, lap)) = line.own().filter(|own| !visited.contains(own)) else { continue };
        let Some(machine) = lifecycle.machines.get(process) else { continue };
        let name = &machine.playbook.name.name;
        let words = match lap {
            1 => format!("`{id}` does not come to `{name}`"),
            lap => format!("`{id}` comes to `{name}` fewer than {lap} times"),
        };
        told.findings.push(Diagnostic::new(&IDLE_LINE, line.span, words));
    }
    sort(&mut told.findings);
    Ok(told)
}

/// What a line says, in the time of a process that began so long after day 0. `own` is whether it names the process.
fn moved(entry: &Entry, own: bool, id: &str, start: Option<Date>, begins: Seconds) -> Result<Said, Diagnostic> {
    let since = |moment: Moment| if own && matches!(moment, Moment::Since(_)) { 0 } else { begins };
    // The end of a pause is moved by itself: it may be a date where the line is a day, or the other way round.
    let mut line = entry.clone();
    let pause = line.until.take();
    let mut said = line.resolved(id, start)?;
    let at = said.at.saturating_sub(since(entry.at));
    if at < 0 && own {
        let message = format!("this is before `{id}` comes to that process");
        return Err(Diagnostic::new(&WRONG_VALUE, entry.at_span, message));
    }
    said.at = at.max(0);
    if let (Event::Paused { until, .. }, Some((moment, span))) = (&mut said.event, pause) {
        let end = moment.since(id, start, span)?.saturating_sub(since(moment));
        if end < said.at {
            let message = "the pause would end before it begins";
            return Err(Diagnostic::new(&WRONG_VALUE, span, message).related(entry.at_span, "it begins here"));
        }
        *until = Some(end);
    }
    Ok(said)
}
