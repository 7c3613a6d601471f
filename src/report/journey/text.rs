//! The journey for people: day by day, with the rule, its line and the facts that decided.

use super::super::simulation::grouped;
use super::{Journey, Words, day_text};
use crate::report::paint::{Look, Tone, visible};
use crate::run::journey::{MOST_INSTANTS, Stop};
use crate::run::status::{Status, status, waiting};
use crate::run::trace::{Entry, Kind, Refusal};
use crate::value::DAY;
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// The whole report.
#[must_use]
pub fn text(journey: Journey<'_>, look: Look) -> String {
    let playbook = &journey.machine.playbook;
    let mut out = String::new();
    let title = playbook.name.text.in_language(journey.language);
    let customer = look.paint(Tone::Strong, &visible(journey.customer)).into_owned();
    let _ = writeln!(out, "{customer}: {}", visible(title));
    out.push_str(&news(journey, look, 0));
    out.push_str(&conclusion(journey, look));
    out
}

/// What happened from this entry of the trace on.
#[must_use]
pub fn news(journey: Journey<'_>, look: Look, from: usize) -> String {
    let words = Words::new(journey);
    let width = width(&words);
    let mut out = String::new();
    let days = days(journey.trace.entries.get(from..).unwrap_or_default());
    let mut next = 0;
    while let Some(day) = days.get(next) {
        // Rounds that bring nothing but the same steps again are told once.
        let same = days[next..]
            .iter()
            .take_while(|other| quiet(&words, other).is_some() && quiet(&words, other) == quiet(&words, day));
        let count = same.count().max(1);
        let last = days.get(next + count - 1).and_then(|day| day.first()).filter(|_| count > 2);
        heading(&words, look, day, last, &mut out);
        let shown = if last.is_some() { 1 } else { count };
        for (at, day) in days.iter().skip(next).take(shown).enumerate() {
            if at > 0 {
                heading(&words, look, day, None, &mut out);
            }
            let hidden = hidden(day);
            for (place, entry) in day.iter().enumerate() {
                let more = last.and_then(|last| rounds(last, entry));
                if !hidden.contains(&place) {
                    lines(&words, look, width, entry, more, &mut out);
                } else if !hidden.contains(&(place + 1)) {
                    let pad = " ".repeat(width);
                    let _ = writeln!(out, "  {pad}  … {} more like these", hidden.len());
                }
            }
        }
        next += count;
    }
    out
}

/// The width of the column of names.
fn width(words: &Words<'_>) -> usize {
    let names = (0..words.journey.state.tracks.len()).map(|track| words.track(track).width());
    names.chain(std::iter::once("customer".len())).max().unwrap_or_default()
}

/// The entries of each instant.
fn days(entries: &[Entry]) -> Vec<&[Entry]> {
    entries.chunk_by(|one, next| one.at == next.at).collect()
}

/// What a day says, if it is nothing but rounds and their steps.
fn quiet(words: &Words<'_>, day: &[Entry]) -> Option<Vec<String>> {
    let say = |entry: &Entry| match &entry.kind {
        Kind::Round(cadence, _) => Some(format!("{:?} {:?}", entry.track, cadence)),
        Kind::Step(..) => Some(words.sentence(entry)),
        _ => None,
    };
    day.iter().map(say).collect()
}

/// So much is told of a track that goes round in no time.
const MOST_OF_A_LOOP: usize = 12;

/// What is left out of a moment in which a track goes round in no time: all but the beginning, up to the end of it.
fn hidden(day: &[Entry]) -> Vec<usize> {
    let mut hidden = Vec::new();
    for (end, looped) in day.iter().enumerate().filter(|(_, entry)| matches!(entry.kind, Kind::Loop(_))) {
        let of_it = |entry: &Entry| match entry.track {
            Some(track) => Some(track) == looped.track,
            None => entry.service == looped.service,
        };
        hidden.extend((0..end).filter(|at| of_it(&day[*at])).skip(MOST_OF_A_LOOP));
    }
    hidden
}

/// The number of the last round of a run of quiet days: as far ahead of the first as the days are.
fn rounds(last: &Entry, first: &Entry) -> Option<u32> {
    match (&last.kind, &first.kind) {
        (Kind::Round(last, number), Kind::Round(first, _)) if last == first => Some(*number),
        _ => None,
    }
}

fn heading(words: &Words<'_>, look: Look, day: &[Entry], last: Option<&Entry>, out: &mut String) {
    let Some(first) = day.first() else { return };
    let date = |entry: &Entry| {
        words.journey.state.date_of(entry.at).map_or_else(String::new, |date| {
            let time = entry.at.saturating_add(words.journey.state.begins).rem_euclid(DAY);
            if time == 0 { date.to_string() } else { format!("{date} {:02}:{:02}", time / 3600, time / 60 % 60) }
        })
    };
    let (days, mut dates) = match last {
        Some(last) => (
            format!("Days {} to {}", day_text(first.at), day_text(last.at)),
            format!(", {} to {}", date(first), date(last)),
        ),
        None => (format!("Day {}", day_text(first.at)), format!(", {}", date(first))),
    };
    if words.journey.state.start.is_none() {
        dates.clear();
    }
    let _ = writeln!(out, "\n{}{}", look.paint(Tone::Strong, &days), look.paint(Tone::Faint, &dates));
}

fn lines(words: &Words<'_>, look: Look, width: usize, entry: &Entry, more: Option<u32>, out: &mut String) {
    let name = match (entry.track, entry.service) {
        (Some(track), _) => words.track(track),
        (None, Some(service)) => words.service(service),
        (None, None) => "customer",
    };
    let tone = match entry.kind {
        Kind::Enter(..) | Kind::EnterBlock(_) | Kind::End(_) => Tone::Strong,
        Kind::Rejected(_) | Kind::Loop(_) | Kind::OutputUnmet(..) => Tone::Bad,
        Kind::Ambiguous(_) | Kind::Blocked | Kind::Paused(_) | Kind::Ignored(_) | Kind::NotSet(_) => Tone::Doubtful,
        _ => Tone::Code,
    };
    let mut sentence = words.sentence(entry);
    if let (Some(last), Kind::Round(_, first)) = (more, &entry.kind) {
        sentence = format!("rounds {first} to {last}");
    }
    let at = entry.span.map_or_else(String::new, |span| format!("  line {}", words.line(span)));
    let pad = " ".repeat(width.saturating_sub(name.width()));
    let _ = writeln!(
        out,
        "  {}{pad}  {}{}",
        look.paint(Tone::Faint, name),
        look.paint(tone, &visible(&sentence)),
        look.paint(Tone::Faint, &at)
    );
    let indent = " ".repeat(width + 6);
    for reason in &entry.because {
        let _ = writeln!(out, "{indent}because {}", visible(&words.reason(reason)));
    }
    for refusal in &entry.refused {
        let _ = writeln!(out, "{indent}{}", look.paint(Tone::Faint, &visible(&refusal_line(words, refusal))));
    }
}

fn refusal_line(words: &Words<'_>, refusal: &Refusal) -> String {
    let reasons: Vec<String> = refusal.because.iter().map(|reason| words.reason(reason)).collect();
    let otherwise = match &refusal.otherwise {
        Some(changes) if !changes.is_empty() => format!("; it would be taken if {}", words.changes(changes)),
        _ => String::new(),
    };
    format!(
        "not {} (line {}): {}{otherwise}",
        words.place(refusal.target),
        words.line(refusal.span),
        reasons.join(", ")
    )
}

/// How it stands in the end, and for what it waits.
#[must_use]
pub fn conclusion(journey: Journey<'_>, look: Look) -> String {
    let words = Words::new(journey);
    let width = width(&words);
    let mut out = String::new();
    let standing = status(journey.machine, journey.state, journey.stop);
    let day = day_text(journey.state.now);
    let _ = writeln!(out);
    match (standing, journey.state.ended()) {
        (_, Some(end)) => {
            let end = &journey.machine.playbook.ends[end.index()];
            let tone = match end.kind {
                crate::model::EndKind::Success => Tone::Good,
                crate::model::EndKind::Neutral => Tone::Doubtful,
                crate::model::EndKind::Failure => Tone::Bad,
            };
            let _ = writeln!(out, "{} on day {day}", look.paint(tone, &format!("Ended at {}", end.name.name)));
        }
        (Status::Held, None) => {
            let _ = writeln!(out, "{} on day {day}: a need is not met", look.paint(Tone::Doubtful, "Held"));
        }
        _ => {
            let _ = writeln!(out, "{} on day {day}", look.paint(Tone::Doubtful, "Waiting"));
        }
    }
    if journey.stop == Stop::Endless {
        let why = format!(
            "Given up: {} moments brought something, and it goes on like this for ever",
            grouped(MOST_INSTANTS.into())
        );
        let _ = writeln!(out, "{}", look.paint(Tone::Bad, &why));
    }
    if journey.state.ended().is_some() {
        return out;
    }
    for waits in waiting(journey.machine, journey.state).iter().filter(|waits| waits.what.possible()) {
        let name = words.track(waits.track);
        let pad = " ".repeat(width.saturating_sub(name.width()));
        let at = waits.span.map_or_else(String::new, |span| format!("  line {}", words.line(span)));
        let _ = writeln!(
            out,
            "  {}{pad}  for {}{}",
            look.paint(Tone::Faint, name),
            visible(&words.waits(&waits.what)),
            look.paint(Tone::Faint, &at)
        );
    }
    out
}
