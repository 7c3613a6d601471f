//! Verdicts: for people, and for programs.

use super::diagnostics::{Summary, as_json, render_for_people};
use super::paint::{Look, Tone, visible};
use crate::diagnostic::Diagnostic;
use crate::run::Machine;
use crate::source::Sources;
use crate::verify::answer::{Answered, Kind};
use crate::verify::verdict::Verdict;
use serde_json::{Value as Json, json};
use std::fmt::Write;

/// The answers about one playbook.
#[derive(Debug)]
pub struct Verified {
    /// The playbook.
    pub machine: Machine,
    /// The answers.
    pub answers: Vec<Answered>,
    /// Whether somebody asked to stop before all was looked at.
    pub interrupted: bool,
}

/// How many verdicts there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Counts {
    /// Hold for every journey.
    pub proved: usize,
    /// Do not.
    pub refuted: usize,
    /// Hold within a bound.
    pub bounded: usize,
    /// Not known.
    pub undecided: usize,
}

impl Counts {
    /// Counts them.
    #[must_use]
    pub fn of(verified: &[Verified]) -> Counts {
        let mut counts = Counts::default();
        for answer in verified.iter().flat_map(|verified| &verified.answers) {
            match answer.verdict {
                Verdict::Proved(_) => counts.proved += 1,
                Verdict::Refuted(_) => counts.refuted += 1,
                Verdict::ProvedUpTo(..) => counts.bounded += 1,
                Verdict::NotDecided { .. } => counts.undecided += 1,
            }
        }
        counts
    }
}

impl Verified {
    /// What is refuted or not decided, as findings.
    #[must_use]
    pub fn findings(&self) -> Vec<Diagnostic> {
        // Who cannot come to an end does not come to one either: that is said once.
        let refuted = |answer: &Answered| matches!(answer.verdict, Verdict::Refuted(_));
        let trapped = self.answers.iter().any(|answer| answer.kind == Kind::CanFinish && refuted(answer));
        let said = |answer: &&Answered| !(trapped && answer.kind == Kind::DoesFinish && refuted(answer));
        self.answers.iter().filter(said).flat_map(|answer| answer.findings(&self.machine)).collect()
    }
}

/// For people: each question with its verdict, then what was refuted with its customer, what the proofs rest on, and how
/// many there are of each.
#[must_use]
pub fn text(verified: &[Verified], sources: &Sources, look: Look) -> String {
    let mut out = String::new();
    for verified in verified {
        let name = &verified.machine.playbook.name.name;
        let _ = writeln!(out, "{}", look.paint(Tone::Strong, name));
        let width = verified.answers.iter().map(|answer| title(answer).chars().count()).max().unwrap_or_default();
        for answer in &verified.answers {
            let (tone, mark) = mark(&answer.verdict, look);
            let said = look.paint(Tone::Faint, &said(&answer.verdict)).into_owned();
            let title = title(answer);
            let _ = writeln!(out, "  {} {title:width$}  {said}", look.paint(tone, mark));
        }
        let findings = verified.findings();
        if !findings.is_empty() {
            out.push('\n');
            out.push_str(&render_for_people(&findings, sources, look));
        }
        let mut premises: Vec<&str> = Vec::new();
        for answer in &verified.answers {
            if let Verdict::Proved(proof) | Verdict::ProvedUpTo(_, proof) = &answer.verdict {
                premises.extend(
                    proof
                        .premises
                        .iter()
                        .map(String::as_str)
                        .filter(|premise| !premises.contains(premise))
                        .collect::<Vec<_>>(),
                );
            }
        }
        if !premises.is_empty() {
            let _ = writeln!(out, "{}", look.paint(Tone::Faint, "  What is proved rests on this:"));
            for premise in premises {
                let _ = writeln!(out, "{}", look.paint(Tone::Faint, &format!("  - {premise}")));
            }
        }
        if verified.interrupted {
            let _ = writeln!(out, "{}", look.paint(Tone::Doubtful, "  Interrupted: this is what was known by then"));
        }
        out.push('\n');
    }
    let counts = Counts::of(verified);
    let tone = match counts {
        Counts { refuted: 1.., .. } => Tone::Bad,
        Counts { undecided: 1.., .. } => Tone::Doubtful,
        _ => Tone::Good,
    };
    let Counts { proved, refuted, bounded, undecided } = counts;
    let summary =
        format!("{proved} proved, {refuted} refuted, {bounded} proved up to a bound, {undecided} not decided");
    let _ = writeln!(out, "{}", look.paint(tone, &summary));
    out
}

/// One answer in a line, for whoever waits for the others.
#[must_use]
pub fn line(answer: &Answered, look: Look) -> String {
    let (tone, mark) = mark(&answer.verdict, look);
    format!("{} {}  {}", look.paint(tone, mark), title(answer), look.paint(Tone::Faint, &said(&answer.verdict)))
}

fn title(answer: &Answered) -> String {
    match answer.kind {
        Kind::Property => visible(&answer.name).into_owned(),
        Kind::CanFinish => "every customer can come to an end".to_owned(),
        Kind::DoesFinish => "every customer comes to an end, if all do their part".to_owned(),
        Kind::NoDeadStage => "somebody comes to every stage".to_owned(),
    }
}

fn mark(verdict: &Verdict, look: Look) -> (Tone, &'static str) {
    match (verdict, look.unicode) {
        (Verdict::Proved(_), true) => (Tone::Good, "✓"),
        (Verdict::Proved(_), false) => (Tone::Good, "ok"),
        (Verdict::Refuted(_), true) => (Tone::Bad, "✗"),
        (Verdict::Refuted(_), false) => (Tone::Bad, "NO"),
        (Verdict::ProvedUpTo(..), _) => (Tone::Doubtful, "~"),
        (Verdict::NotDecided { .. }, _) => (Tone::Doubtful, "?"),
    }
}

fn said(verdict: &Verdict) -> String {
    let situations = |count: u64| if count == 1 { "1 situation".to_owned() } else { format!("{count} situations") };
    match verdict {
        Verdict::Proved(proof) => {
            let bound = proof.bound.as_ref().map_or_else(String::new, |bound| format!(", {bound}"));
            match proof.places {
                0 => format!("proved: {} seen{bound}", situations(proof.situations)),
                1 => "proved by what is known at 1 place".to_owned(),
                places => format!("proved by what is known at {places} places"),
            }
        }
        Verdict::ProvedUpTo(bound, proof) => {
            format!("proved for {}: {} seen", bound.words(), situations(proof.situations))
        }
        Verdict::Refuted(Some(_)) => "refuted, with an example customer".to_owned(),
        Verdict::Refuted(None) => "refuted".to_owned(),
        Verdict::NotDecided { reason, .. } => format!("not decided: {reason}"),
    }
}

/// For programs: as the output of `check`, with the verdicts beside the findings.
#[must_use]
pub fn json(verified: &[Verified], others: &[Diagnostic], sources: &Sources) -> Json {
    let mut findings = others.to_vec();
    findings.extend(verified.iter().flat_map(Verified::findings));
    let verdicts = verified.iter().flat_map(|verified| {
        verified.answers.iter().map(|answer| {
            let source = sources.get(answer.span.file);
            let mut entry = json!({
                "playbook": verified.machine.playbook.name.name,
                "name": answer.name,
                "kind": answer.kind,
                "verdict": answer.verdict.word(),
                "file": source.map_or("", |source| source.name.as_str()),
                "line": sources.position(answer.span).line,
            });
            let more = match &answer.verdict {
                Verdict::Proved(proof) => json!({
                    "situations": proof.situations, "places": proof.places, "rests_on": proof.premises,
                    "bound": proof.bound,
                }),
                Verdict::ProvedUpTo(bound, proof) => json!({
                    "situations": proof.situations, "rests_on": proof.premises, "bound": bound.words(),
                }),
                Verdict::Refuted(witness) => json!({
                    "shows": witness.as_ref().map(|witness| &witness.shows),
                    "witness": witness.as_ref().map(|witness| witness.journey.to_json(&verified.machine)),
                    "stages": answer.dead.iter().map(|stage| &verified.machine.playbook.stages[stage.index()].name.name)
                        .collect::<Vec<_>>(),
                }),
                Verdict::NotDecided { reason, tried } => json!({ "reason": reason, "tried": tried }),
            };
            if let (Json::Object(entry), Json::Object(more)) = (&mut entry, more) {
                entry.extend(more);
            }
            entry
        })
    });
    let mut summary = json!(Summary::of(&findings));
    if let (Json::Object(summary), Json::Object(counts)) = (&mut summary, json!(Counts::of(verified))) {
        summary.extend(counts);
    }
    json!({
        "version": 1,
        "summary": summary,
        "interrupted": verified.iter().any(|verified| verified.interrupted),
        "diagnostics": as_json(&findings, sources),
        "verdicts": verdicts.collect::<Vec<Json>>(),
    })
}
