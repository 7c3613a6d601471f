//! The figures of a simulation as tables a person can read at a glance.

use super::paint::{Look, Tone, visible};
use crate::model::Playbook;
use crate::simulate::summary::{Days, Summary, Unfinished};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use std::fmt::Write;

/// More reasons to wait than this are not listed.
const MOST_WAITS: usize = 5;

/// All figures. Names are followed by titles in the language of this tag, where one is asked for.
#[must_use]
pub fn text(summary: &Summary, playbook: &Playbook, language: Option<&str>, look: Look) -> String {
    let mut out = String::new();
    let title = visible(playbook.name.text.in_language(language));
    let _ = writeln!(
        out,
        "{}: {} customers, scenario {}, seed {}\n",
        look.paint(Tone::Strong, &title),
        grouped(summary.customers),
        summary.scenario,
        summary.seed
    );
    let titled = |name: &str| -> String {
        let named = playbook.ends.iter().map(|end| &end.name).chain(playbook.stages.iter().map(|stage| &stage.name));
        match (language, named.into_iter().find(|named| named.name == name)) {
            (Some(_), Some(named)) => format!("{name}  {}", visible(named.text.in_language(language))),
            _ => name.to_owned(),
        }
    };
    let mut outcomes: Vec<Vec<String>> = summary
        .outcomes
        .iter()
        .map(|(name, share)| {
            let interval = format!("{} to {}", percent(share.low), percent(share.high));
            vec![titled(name), grouped(share.count), percent(share.share), interval]
        })
        .collect();
    for (unfinished, words) in unfinished(summary) {
        if unfinished.customers > 0 {
            let share = unfinished.customers as f64 / summary.customers.max(1) as f64;
            outcomes.push(vec![words.to_owned(), grouped(unfinished.customers), percent(share), String::new()]);
        }
    }
    table(&mut out, look, ["Outcome", "customers", "share", "95% interval"], outcomes);
    if let Some(days) = summary.duration {
        table(&mut out, look, DAYS, vec![[vec!["from start to end".to_owned()], cells(Some(days))].concat()]);
    }
    let tracks = summary.tracks.iter().map(|(name, count)| vec![titled(name), grouped(*count)]);
    table(&mut out, look, ["Track ends", "tracks"], tracks.collect());
    let stages = summary.stages.iter().filter(|stage| stage.entered > 0);
    let stages =
        stages.map(|stage| [vec![titled(&stage.name), grouped(stage.entered)], cells(stage.duration)].concat());
    table(&mut out, look, ["Stage", "entered", "mean days", "half within", "90% within", "longest"], stages.collect());
    let tasks = summary.tasks.iter().filter(|task| task.offered > 0);
    let tasks = tasks.map(|task| vec![task.label.clone(), grouped(task.offered), grouped(task.complete)]);
    table(&mut out, look, ["Task", "offered", "complete"], tasks.collect());
    waits(&mut out, summary, look);
    let rejected = summary.rejected.iter().map(|(message, count)| vec![visible(message).into_owned(), grouped(*count)]);
    table(&mut out, look, ["The scenario says what the playbook does not allow", "times"], rejected.collect());
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

const DAYS: [&str; 5] = ["Duration", "mean days", "half within", "90% within", "longest"];

fn unfinished(summary: &Summary) -> [(&Unfinished, &'static str); 3] {
    [(&summary.waiting, "(waiting)"), (&summary.held, "(held: a need is not met)"), (&summary.under_way, "(under way)")]
}

fn waits(out: &mut String, summary: &Summary, look: Look) {
    for (unfinished, words) in unfinished(summary) {
        let mut rows: Vec<Vec<String>> = unfinished
            .waits
            .iter()
            .take(MOST_WAITS)
            .map(|(kind, name, customers)| {
                // The word programs get: `fact`, `task`, `event`.
                let kind = serde_json::to_value(kind).ok();
                let kind = kind.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().replace('_', " ");
                vec![format!("{kind} {}", visible(name)).trim().to_owned(), grouped(*customers)]
            })
            .collect();
        let more = unfinished.waits.len().saturating_sub(MOST_WAITS);
        if more > 0 {
            rows.push(vec![format!("… {more} more"), String::new()]);
        }
        table(out, look, [&format!("For what {words}"), "customers"], rows);
    }
}

/// One table: names to the left, figures to the right. Nothing where there are no rows.
fn table<const N: usize>(out: &mut String, look: Look, head: [&str; N], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.add_row(head.map(Cell::new));
    for row in rows {
        table.add_row(row.into_iter().map(Cell::new));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if index == 0 { 0 } else { 2 }, 0));
        if index > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for (index, line) in table.lines().enumerate() {
        let line = line.trim_end();
        // Painted afterwards: colours have no width.
        let line = if index == 0 { look.paint(Tone::Strong, line) } else { line.into() };
        out.push_str(&line);
        out.push('\n');
    }
    out.push('\n');
}

fn cells(days: Option<Days>) -> Vec<String> {
    match days {
        Some(days) => [days.mean, days.p50, days.p90, days.max].map(|days| format!("{days:.1}")).to_vec(),
        None => vec!["-".to_owned(); 4],
    }
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// `10,000`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(12_345_678), "12,345,678");
    }

    #[test]
    fn tables_align() {
        let mut out = String::new();
        let rows = vec![vec!["支持".to_owned(), "1".to_owned()], vec!["stalled".to_owned(), "1,000".to_owned()]];
        table(&mut out, Look::default(), ["Outcome", "customers"], rows);
        assert_eq!(out, "Outcome  customers\n支持             1\nstalled      1,000\n\n");
    }
}
