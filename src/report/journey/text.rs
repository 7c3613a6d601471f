//! The journey for people: day by day, with the rule, its line and the facts that decided.

use super::{Journey, Words, day_text};
use crate::report::paint::{Look, Tone, visible};
use crate::run::status::{Status, status, waiting};
use crate::run::trace::{Entry, Kind, Refusal};
use crate::value::DAY;
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// The whole report.
#[must_use]
pub fn text(journey: Journey<'_>, look: Look) -> String {
    let words = Words::new(journey);
    let playbook = &journey.machine.playbook;
    let mut out = String::new();
    let title = playbook.name.text.in_language(journey.language);
    let customer = look.paint(Tone::Strong, journey.customer);
    let _ = writeln!(out, "{customer}: {}", visible(title));
    let names = (0..journey.state.tracks.len()).map(|track| words.track(track).width());
    let width = names.chain(std::iter::once("customer".len())).max().unwrap_or(8);
    let mut today = None;
    for entry in &journey.trace.entries {
        if today != Some(entry.at) {
            today = Some(entry.at);
            let date = journey.state.date_of(entry.at).map_or_else(String::new, |date| {
                let time = entry.at.rem_euclid(DAY);
                if time == 0 {
                    format!(", {date}")
                } else {
                    format!(", {date} {:02}:{:02}", time / 3600, time / 60 % 60)
                }
            });
            let _ = writeln!(
                out,
                "\n{}{}",
                look.paint(Tone::Strong, &format!("Day {}", day_text(entry.at))),
                look.paint(Tone::Faint, &date)
            );
        }
        lines(&words, look, width, entry, &mut out);
    }
    conclusion(&words, look, width, &mut out);
    out
}

fn lines(words: &Words<'_>, look: Look, width: usize, entry: &Entry, out: &mut String) {
    let name = match (entry.track, entry.service) {
        (Some(track), _) => words.track(track),
        (None, Some(service)) => words.service(service),
        (None, None) => "customer",
    };
    let tone = match entry.kind {
        Kind::Enter(..) | Kind::EnterBlock(_) | Kind::End(_) => Tone::Strong,
        Kind::Rejected(_) | Kind::Loop(_) | Kind::OutputUnmet(..) => Tone::Bad,
        Kind::Ambiguous(_) | Kind::Blocked | Kind::Paused(_) | Kind::Ignored(_) => Tone::Doubtful,
        _ => Tone::Code,
    };
    let sentence = words.sentence(entry);
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

fn conclusion(words: &Words<'_>, look: Look, width: usize, out: &mut String) {
    let journey = words.journey;
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
    if journey.state.ended().is_some() {
        return;
    }
    for waits in waiting(journey.machine, journey.state) {
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
}
