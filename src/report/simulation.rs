//! The figures of a simulation as tables a person can read at a glance.

use super::paint::{Look, Tone, visible};
use crate::model::Playbook;
use crate::simulate::Assumption;
use crate::simulate::chain::LifecycleSummary;
use crate::simulate::summary::{Days, RoleFigures, Summary, Unfinished};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use std::fmt::Write;

/// More reasons to wait than this are not listed.
const MOST_WAITS: usize = 5;

/// All figures. Names are followed by titles in the language of this tag, where one is asked for.
#[must_use]
pub fn text(
    summary: &Summary,
    playbook: &Playbook,
    left_out: &[Assumption],
    partial: bool,
    language: Option<&str>,
    look: Look,
) -> String {
    let mut out = String::new();
    if partial {
        let _ = writeln!(out, "{}", look.paint(Tone::Bad, "Interrupted: this is what was known by then."));
    }
    let title = visible(playbook.name.text.in_language(language));
    let _ = writeln!(
        out,
        "{}: {} customers, scenario {}, seed {}\n",
        look.paint(Tone::Strong, &title),
        grouped(summary.customers),
        summary.scenario,
        summary.seed
    );
    let others = [(summary.warming_up, "came in the warm-up"), (summary.not_arrived, "had not come by the horizon")];
    let others: Vec<String> = others
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, why)| format!("{} {why}", grouped(*count)))
        .collect();
    if !others.is_empty() {
        let _ = writeln!(out, "In no figure of customers: {}\n", others.join(", "));
    }
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
    exits(&mut out, summary, look);
    let tasks = summary.tasks.iter().filter(|task| task.offered > 0);
    let tasks = tasks.map(|task| {
        let counts = [task.offered, task.complete, task.not_required].map(grouped).to_vec();
        let waited = task.wait.map_or("-".to_owned(), |_| mean(task.wait));
        [vec![task.label.clone()], counts, vec![mean(task.duration), waited]].concat()
    });
    let tasks: Vec<Vec<String>> = tasks.collect();
    if summary.roles.is_empty() {
        let tasks = tasks.into_iter().map(|mut row| {
            row.truncate(5);
            row
        });
        table(&mut out, look, ["Task", "offered", "complete", "not required", "mean days"], tasks.collect());
    } else {
        let head = ["Task", "offered", "complete", "not required", "mean days", "waited days"];
        table(&mut out, look, head, tasks);
    }
    roles(&mut out, summary, look);
    waits(&mut out, summary, "", look);
    let rejected = summary.rejected.iter().map(|(message, count)| vec![visible(message).into_owned(), grouped(*count)]);
    table(&mut out, look, ["The scenario says what the playbook does not allow", "times"], rejected.collect());
    let left_out = left_out.iter().map(|one| vec![visible(&one.about).into_owned(), visible(&one.taken).into_owned()]);
    table(&mut out, look, ["The scenario does not say", "taken instead"], left_out.collect());
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// The figures of a lifecycle: where lives end and how long they take, then each playbook on the way.
#[must_use]
pub fn lifecycle(summary: &LifecycleSummary, left_out: &[Vec<Assumption>], partial: bool, look: Look) -> String {
    let mut out = String::new();
    if partial {
        let _ = writeln!(out, "{}", look.paint(Tone::Bad, "Interrupted: this is what was known by then."));
    }
    let begins = summary.processes.first().map(|process| process.times.playbook.as_str()).unwrap_or_default();
    let title = format!("The lifecycle from {begins} on");
    let (title, customers) = (look.paint(Tone::Strong, &title), grouped(summary.customers));
    let _ = writeln!(out, "{title}: {customers} customers, seed {}\n", summary.seed);
    let all = summary.customers.max(1);
    let mut lives: Vec<Vec<String>> = summary
        .ends
        .iter()
        .map(|(playbook, end, share)| {
            let interval = format!("{} to {}", percent(share.low), percent(share.high));
            vec![format!("{playbook}: {end}"), grouped(share.count), percent(share.share), interval]
        })
        .collect();
    for process in &summary.processes {
        for (unfinished, words) in unfinished(&process.times).into_iter().filter(|(found, _)| found.customers > 0) {
            let share = percent(unfinished.customers as f64 / all as f64);
            let name = format!("{} {words}", process.times.playbook);
            lives.push(vec![name, grouped(unfinished.customers), share, String::new()]);
        }
    }
    table(&mut out, look, ["Where lives end", "customers", "share", "95% interval"], lives);
    let mut last = Vec::new();
    if summary.spent > 0 {
        last.push(vec!["an end had led on as often as it may".to_owned(), grouped(summary.spent)]);
    }
    let missing = summary.missing.iter().map(|(name, count)| {
        vec![format!("they would go on into {name}, which is not among the files"), grouped(*count)]
    });
    last.extend(missing);
    if summary.endless > 0 {
        last.push(vec!["they would go on for ever".to_owned(), grouped(summary.endless)]);
    }
    table(&mut out, look, ["Of them, because", "customers"], last);
    if let Some(days) = summary.duration {
        table(&mut out, look, DAYS, vec![[vec!["the whole life".to_owned()], cells(Some(days))].concat()]);
    }
    let laps = summary
        .laps
        .iter()
        .map(|(laps, count)| vec![laps.to_string(), grouped(*count), percent(*count as f64 / all as f64)]);
    table(&mut out, look, ["Laps", "customers", "share"], laps.collect());
    let processes = summary.processes.iter().map(|process| {
        let times = &process.times;
        let counts =
            vec![times.playbook.clone(), times.scenario.clone(), grouped(process.customers), grouped(times.customers)];
        [counts, cells(times.duration)].concat()
    });
    let head = ["Playbook", "scenario", "customers", "entered", "mean days", "half within", "90% within", "longest"];
    table(&mut out, look, head, processes.collect());
    let mut outcomes = Vec::new();
    for process in summary.processes.iter().filter(|process| process.times.customers > 0) {
        let of = process.times.customers.max(1) as f64;
        for (name, share) in &process.times.outcomes {
            let interval = format!("{} to {}", percent(share.low), percent(share.high));
            let name = format!("{}: {name}", process.times.playbook);
            outcomes.push(vec![name, grouped(share.count), percent(share.share), interval]);
        }
        for (unfinished, words) in unfinished(&process.times).into_iter().filter(|(found, _)| found.customers > 0) {
            let name = format!("{} {words}", process.times.playbook);
            let share = percent(unfinished.customers as f64 / of);
            outcomes.push(vec![name, grouped(unfinished.customers), share, String::new()]);
        }
    }
    table(&mut out, look, ["How playbooks end", "times", "share", "95% interval"], outcomes);
    let (mut stages, mut tasks) = (Vec::new(), Vec::new());
    for times in summary.processes.iter().map(|process| &process.times) {
        for stage in times.stages.iter().filter(|stage| stage.entered > 0) {
            let name = format!("{}: {}", times.playbook, stage.name);
            stages.push([vec![name, grouped(stage.entered)], cells(stage.duration)].concat());
        }
        for task in times.tasks.iter().filter(|task| task.offered > 0) {
            let name = format!("{}: {}", times.playbook, task.label);
            let counts = [task.offered, task.complete, task.not_required].map(grouped).to_vec();
            tasks.push([vec![name], counts, vec![mean(task.duration)]].concat());
        }
    }
    table(&mut out, look, ["Stage", "entered", "mean days", "half within", "90% within", "longest"], stages);
    table(&mut out, look, ["Task", "offered", "complete", "not required", "mean days"], tasks);
    for process in &summary.processes {
        waits(&mut out, &process.times, &format!("{} ", process.times.playbook), look);
    }
    let rejected = summary.processes.iter().flat_map(|process| &process.times.rejected);
    let rejected = rejected.map(|(message, count)| vec![visible(message).into_owned(), grouped(*count)]);
    table(&mut out, look, ["The scenario says what the playbook does not allow", "times"], rejected.collect());
    let mut unsaid = Vec::new();
    for (process, left_out) in summary.processes.iter().zip(left_out) {
        for one in left_out {
            let about = format!("{}: {}", process.times.playbook, one.about);
            unsaid.push(vec![visible(&about).into_owned(), visible(&one.taken).into_owned()]);
        }
    }
    table(&mut out, look, ["The scenario does not say", "taken instead"], unsaid);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

const DAYS: [&str; 5] = ["Duration", "mean days", "half within", "90% within", "longest"];

/// Ways out of stages that have been left in more than one way.
fn exits(out: &mut String, summary: &Summary, look: Look) {
    let mut rows = Vec::new();
    for stage in &summary.stages {
        let taken: Vec<_> = stage.exits.iter().filter(|exit| exit.share.count > 0).collect();
        if taken.len() < 2 {
            continue;
        }
        for exit in taken {
            let to = exit.to.as_deref().unwrap_or("another way");
            let interval = format!("{} to {}", percent(exit.share.low), percent(exit.share.high));
            let name = format!("{} -> {to} ({})", stage.name, exit.by);
            rows.push(vec![name, grouped(exit.share.count), percent(exit.share.share), interval]);
        }
    }
    table(out, look, ["Way out", "times", "share", "95% interval"], rows);
}

/// Scarce people, and the lines before them.
fn roles(out: &mut String, summary: &Summary, look: Look) {
    let row = |role: &RoleFigures| {
        let taken = match role.interval {
            Some(ends) => format!("{} to {}", percent(ends.low), percent(ends.high)),
            None => "-".to_owned(),
        };
        vec![role.name.clone(), grouped(role.people), percent(role.utilisation), taken]
    };
    table(out, look, ["Role", "people", "busy", "95% interval"], summary.roles.iter().map(row).collect());
    let waits = summary.roles.iter().map(|role| [vec![role.name.clone()], cells(role.queue_wait)].concat());
    table(out, look, ["Wait for", "mean days", "half within", "90% within", "longest"], waits.collect());
    let lines = summary.roles.iter().map(|role| {
        let mut row = vec![role.name.clone(), format!("{:.1}", role.line.mean), grouped(role.line.max)];
        row.extend([grouped(role.in_line), format!("{:.1}", role.worked_days), format!("{:.1}", role.overtime_days)]);
        row.push(role.cost.map_or("-".to_owned(), |cost| format!("{cost:.2}")));
        row
    });
    let head = ["Line of", "mean length", "longest", "at the end", "days worked", "of it overtime", "cost"];
    table(out, look, head, lines.collect());
    if let Some(course) = &summary.customers_under_way {
        let row = vec!["under way".to_owned(), format!("{:.1}", course.mean), grouped(course.max)];
        table(out, look, ["Customers", "mean", "most"], vec![row]);
    }
}

fn unfinished(summary: &Summary) -> [(&Unfinished, &'static str); 3] {
    [(&summary.waiting, "(waiting)"), (&summary.held, "(held: a need is not met)"), (&summary.under_way, "(under way)")]
}

fn waits(out: &mut String, summary: &Summary, of: &str, look: Look) {
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
        table(out, look, [&format!("For what {of}{words}"), "customers"], rows);
    }
}

/// One table: names to the left, figures to the right. Nothing where there are no rows.
pub(super) fn table<const N: usize>(out: &mut String, look: Look, head: [&str; N], rows: Vec<Vec<String>>) {
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
        Some(found) => {
            let rest = [found.p50, found.p90, found.max].map(|days| format!("{days:.1}"));
            [vec![mean(days)], rest.to_vec()].concat()
        }
        None => vec!["-".to_owned(); 4],
    }
}

/// The mean with half the width of its interval.
fn mean(days: Option<Days>) -> String {
    match days.map(|days| (days.mean, days.interval)) {
        Some((mean, Some(ends))) => format!("{mean:.1} ± {:.1}", (ends.high - ends.low) / 2.0),
        Some((mean, None)) => format!("{mean:.1}"),
        None => "-".to_owned(),
    }
}

pub(super) fn percent(share: f64) -> String {
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
