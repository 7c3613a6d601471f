//! The figures of two playbooks under one scenario, side by side.

use super::paint::{Look, Tone, visible};
use super::simulation::{grouped, percent, table};
use crate::simulate::compare::{ComparisonSummary, Line, OutcomeLine, PartLine};
use std::fmt::Write;

/// How one kind of figure is written.
#[derive(Debug, Clone, Copy)]
enum Unit {
    /// A share; its difference in percent points.
    Share,
    /// Days, or how often; with so many decimals.
    Number(usize),
}

impl Unit {
    fn value(self, value: Option<f64>) -> String {
        match (self, value) {
            (_, None) => "-".to_owned(),
            (Unit::Share, Some(share)) => percent(share),
            (Unit::Number(decimals), Some(number)) => format!("{number:.decimals$}"),
        }
    }

    fn signed(self, value: f64) -> String {
        let (value, decimals) = match self {
            Unit::Share => (value * 100.0, 1),
            Unit::Number(decimals) => (value, decimals),
        };
        let text = format!("{value:+.decimals$}");
        // What rounds to nothing has no sign.
        if text.trim_start_matches(['+', '-']).chars().all(|digit| matches!(digit, '0' | '.')) {
            text.trim_start_matches(['+', '-']).to_owned()
        } else {
            text
        }
    }

    fn row(self, name: &str, line: &Line) -> Vec<String> {
        let difference = line.difference.map_or("-".to_owned(), |value| match self {
            Unit::Share => format!("{} points", self.signed(value)),
            Unit::Number(_) => self.signed(value),
        });
        let interval = line
            .interval
            .map_or("-".to_owned(), |ends| format!("{} to {}", self.signed(ends.low), self.signed(ends.high)));
        vec![visible(name).into_owned(), self.value(line.values[0]), self.value(line.values[1]), difference, interval]
    }
}

/// One table.
struct Section {
    head: [String; 5],
    rows: Vec<Vec<String>>,
}

/// What the two are called at the head of their columns.
fn called(summary: &ComparisonSummary) -> [String; 2] {
    let [first, second] = &summary.playbooks;
    if first == second { ["first".to_owned(), "second".to_owned()] } else { [first.clone(), second.clone()] }
}

/// The tables, and what is the same in both.
fn sections(summary: &ComparisonSummary) -> (Vec<Section>, Vec<String>) {
    let [first, second] = called(summary).map(|name| visible(&name).into_owned());
    let head = |what: &str| {
        [what.to_owned(), first.clone(), second.clone(), "difference".to_owned(), "95% interval".to_owned()]
    };
    let (mut all, mut same) = (Vec::new(), Vec::new());
    let mut section = |what: &str, rows: Vec<Vec<String>>| {
        if !rows.is_empty() {
            all.push(Section { head: head(what), rows });
        }
    };
    let shares = |ends: &[OutcomeLine]| -> Vec<Vec<String>> {
        ends.iter()
            .map(|end| {
                // Where there is no such end, nobody comes there.
                let mut share = end.share;
                share.values = [0, 1].map(|side| end.counts[side].and(share.values[side]));
                Unit::Share.row(&end.name, &share)
            })
            .collect()
    };
    let days = |ends: &[OutcomeLine]| -> Vec<Vec<String>> {
        let ends = ends.iter().filter(|end| end.duration.values != [None; 2]);
        ends.map(|end| Unit::Number(1).row(&format!("to {}", end.name), &end.duration)).collect()
    };
    let mut outcomes = shares(&summary.outcomes);
    for unfinished in summary.unfinished.iter().filter(|one| one.counts != [Some(0); 2]) {
        outcomes.push(Unit::Share.row(&format!("({})", unfinished.name.replace('_', " ")), &unfinished.share));
    }
    section("Outcome", outcomes);
    let mut durations = Vec::new();
    if summary.duration.values != [None; 2] {
        durations.push(Unit::Number(1).row("from start to end", &summary.duration));
    }
    durations.extend(days(&summary.outcomes));
    section("Mean days", durations);
    section("Track ends", shares(&summary.tracks));
    section("Mean days of tracks", days(&summary.tracks));
    let used = |part: &&PartLine| part.times.values.iter().flatten().any(|times| *times > 0.0);
    let mut parts = |word: &str, parts: &[PartLine], task: bool| {
        let (mut often, mut complete, mut long) = (Vec::new(), Vec::new(), Vec::new());
        for part in parts.iter().filter(used) {
            let both = part.known == [true; 2];
            if both && [&part.times, &part.complete, &part.duration].into_iter().all(|line| line.same) {
                same.push(format!("{word} {}", visible(&part.name)));
                continue;
            }
            let mut times = part.times;
            times.values = [0, 1].map(|side| part.known[side].then_some(times.values[side]).flatten());
            often.push(Unit::Number(2).row(&part.name, &times));
            if task {
                complete.push(Unit::Share.row(&part.name, &part.complete));
            }
            if part.duration.values != [None; 2] {
                long.push(Unit::Number(1).row(&part.name, &part.duration));
            }
        }
        (often, complete, long)
    };
    let (entered, _, visits) = parts("stage", &summary.stages, false);
    let (offered, complete, times) = parts("task", &summary.tasks, true);
    section("Stage, times entered by a customer", entered);
    section("Stage, mean days", visits);
    section("Task, times offered to a customer", offered);
    section("Task, complete of those offered", complete);
    section("Task, mean days", times);
    (all, same)
}

/// Customers who end otherwise: from, to, how many and which share.
fn moved(summary: &ComparisonSummary) -> Vec<Vec<String>> {
    let name = |name: &str| visible(&name.replace('_', " ")).into_owned();
    let at = |end: &str| {
        let unfinished = summary.unfinished.iter().any(|one| one.name == end);
        if unfinished { format!("({})", name(end)) } else { visible(end).into_owned() }
    };
    let all = summary.customers.max(1) as f64;
    let rows = summary.moved.iter().flatten();
    rows.map(|(from, to, count)| {
        vec![format!("{} -> {}", at(from), at(to)), grouped(*count), percent(*count as f64 / all)]
    })
    .collect()
}

const MOVED: [&str; 3] = ["Ends otherwise", "customers", "share"];

/// What is said before the tables.
fn introduction(summary: &ComparisonSummary, same_scenario: bool) -> String {
    let [first, second] = &summary.scenarios;
    let scenario = match (same_scenario, first == second) {
        (true, _) => format!("scenario {first}"),
        (false, true) => format!("scenario {first} of each"),
        (false, false) => format!("scenarios {first} and {second}"),
    };
    format!("{} customers, {scenario}, seed {}, with the same luck in both", grouped(summary.customers), summary.seed)
}

/// What is said after the tables.
fn remarks(summary: &ComparisonSummary, same_scenario: bool, same: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    if !same.is_empty() {
        lines.push(format!("The same for every customer: {}", same.join(", ")));
    }
    if !same_scenario {
        lines.push("Each has a scenario of its own: what differs between those differs here too.".to_owned());
    }
    if summary.apart != [0; 2] {
        let [first, second] = called(summary);
        let [one, other] = summary.apart.map(grouped);
        lines.push(format!(
            "In no figure: {one} customers who come in time for {first} only, and {other} for {second} only."
        ));
    }
    if summary.parts == 1 {
        lines.push(
            "Customers share people: say `--replications 20`, and intervals come from how much these differ."
                .to_owned(),
        );
    } else if summary.parts > 1 {
        lines.push(format!("Customers share people: intervals come from how much {} parts differ.", summary.parts));
    }
    lines
}

/// All figures, for people.
#[must_use]
pub fn text(summary: &ComparisonSummary, same_scenario: bool, partial: bool, look: Look) -> String {
    let mut out = String::new();
    if partial {
        let _ = writeln!(out, "{}", look.paint(Tone::Bad, "Interrupted: this is what was known by then."));
    }
    let [first, second] = &summary.playbooks;
    let title = format!("{} → {}", visible(first), visible(second));
    let _ = writeln!(out, "{}: {}\n", look.paint(Tone::Strong, &title), introduction(summary, same_scenario));
    let (sections, same) = sections(summary);
    let mut moved = Some(moved(summary));
    for Section { head, rows } in sections {
        table(&mut out, look, head.each_ref().map(String::as_str), rows);
        if let Some(moved) = moved.take() {
            table(&mut out, look, MOVED, moved);
        }
    }
    for line in remarks(summary, same_scenario, &same) {
        let _ = writeln!(out, "{line}");
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// All figures, for a pull request.
#[must_use]
pub fn markdown(summary: &ComparisonSummary, same_scenario: bool, partial: bool) -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('<', "&lt;");
    let table = |out: &mut String, head: &[&str], rows: &[Vec<String>]| {
        if rows.is_empty() {
            return;
        }
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        out.push_str(&line(head.iter().map(|text| cell(text)).collect()));
        out.push_str(&format!("|---|{}\n", "--:|".repeat(head.len() - 1)));
        rows.iter().for_each(|row| out.push_str(&line(row.iter().map(|text| cell(text)).collect())));
        out.push('\n');
    };
    let [first, second] = &summary.playbooks;
    let mut out = format!("### `{first}` → `{second}`\n\n");
    if partial {
        out.push_str("**Interrupted: this is what was known by then.**\n\n");
    }
    out.push_str(&format!("{}.\n\n", introduction(summary, same_scenario)));
    let (sections, same) = sections(summary);
    let mut moved = Some(moved(summary));
    for Section { head, rows } in sections {
        table(&mut out, &head.each_ref().map(String::as_str), &rows);
        if let Some(moved) = moved.take() {
            table(&mut out, &MOVED, &moved);
        }
    }
    for line in remarks(summary, same_scenario, &same) {
        out.push_str(&format!("{line}\n\n"));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}
