//! The figures of a simulation as one page of HTML: tables and drawings, nothing from anywhere else.

use crate::model::Playbook;
use crate::simulate::Assumption;
use crate::simulate::chain::LifecycleSummary;
use crate::simulate::interval::Interval;
use crate::simulate::summary::{Course, Days, Share, Summary, Unfinished};
use std::fmt::Write;

/// Sizes of drawings, in pixels.
const WIDTH: f64 = 640.0;
const BAR: f64 = 24.0;
const HEIGHT: f64 = 180.0;
const LEFT: f64 = 170.0;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;\
background:#fff}h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;margin:.5rem 0}\
th,td{padding:.2rem .8rem .2rem 0;text-align:right;border-bottom:1px solid #ddd}th:first-child,td:first-child\
{text-align:left}svg text{font:12px system-ui,sans-serif;fill:#333}.note{color:#555}\
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}th,td{border-color:#444}svg text{fill:#ccc}\
.note{color:#aaa}}";

/// The whole page.
#[must_use]
pub fn html(
    summary: &Summary,
    playbook: &Playbook,
    left_out: &[Assumption],
    partial: bool,
    language: Option<&str>,
) -> String {
    let mut out = head(playbook.name.text.in_language(language), language.unwrap_or(&playbook.about.language));
    let _ = writeln!(
        out,
        "<p>{} customers, scenario {}, seed {}.</p>",
        summary.customers,
        escape(&summary.scenario),
        summary.seed
    );
    if partial {
        out.push_str(INTERRUPTED);
    }
    figures(&mut out, summary);
    not_said(&mut out, left_out);
    out.push_str("</body>\n</html>\n");
    out
}

const INTERRUPTED: &str = "<p><strong>Interrupted: this is what was known by then.</strong></p>\n";

/// What a page begins with.
fn head(title: &str, tag: &str) -> String {
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n",
        escape(tag)
    )
}

fn not_said(out: &mut String, left_out: &[Assumption]) {
    let left_out = left_out.iter().map(|one| row(&one.about, vec![escape(&one.taken)]));
    table(out, "What the scenario does not say", &["", "taken instead"], left_out.collect());
}

/// The page of a whole lifecycle: where lives end, then each playbook on the way.
#[must_use]
pub fn lifecycle(
    summary: &LifecycleSummary,
    playbooks: &[&Playbook],
    left_out: &[Vec<Assumption>],
    partial: bool,
    language: Option<&str>,
) -> String {
    let titled = |playbook: &Playbook| playbook.name.text.in_language(language).to_owned();
    let begins = playbooks.first().map(|playbook| titled(playbook)).unwrap_or_default();
    let tag = language.or_else(|| playbooks.first().map(|playbook| playbook.about.language.as_str()));
    let mut out = head(&format!("The lifecycle from {begins} on"), tag.unwrap_or("en"));
    let _ = writeln!(out, "<p>{} customers, seed {}.</p>", summary.customers, summary.seed);
    if partial {
        out.push_str(INTERRUPTED);
    }
    let ends: Vec<(String, Share)> =
        summary.ends.iter().map(|(playbook, end, share)| (format!("{playbook}: {end}"), *share)).collect();
    shares(&mut out, "Where lives end", &ends);
    if let Some(days) = &summary.duration {
        table(&mut out, "The whole life", &DAYS, vec![row("days", days_cells(Some(days)))]);
    }
    let laps = summary.laps.iter().map(|(laps, count)| row(&laps.to_string(), vec![count.to_string()]));
    table(&mut out, "Laps", &["", "customers"], laps.collect());
    for ((process, playbook), left_out) in summary.processes.iter().zip(playbooks).zip(left_out) {
        let _ = writeln!(out, "<h1>{}</h1>", escape(&titled(playbook)));
        let _ = writeln!(
            out,
            "<p>{} customers came here, {} times altogether; scenario {}.</p>",
            process.customers,
            process.times.customers,
            escape(&process.times.scenario)
        );
        figures(&mut out, &process.times);
        not_said(&mut out, left_out);
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// The figures of one playbook.
fn figures(out: &mut String, summary: &Summary) {
    shares(out, "Outcomes", &summary.outcomes);
    if let Some(days) = &summary.duration {
        table(out, "From start to end", &DAYS, vec![row("days", days_cells(Some(days)))]);
    }
    let tracks = summary.tracks.iter().map(|(name, count)| row(name, vec![count.to_string()]));
    table(out, "Track ends", &["", "tracks"], tracks.collect());
    let stages = summary.stages.iter().filter(|stage| stage.entered > 0);
    let stages = stages
        .map(|stage| row(&stage.name, [vec![stage.entered.to_string()], days_cells(stage.duration.as_ref())].concat()));
    let head = ["", "entered", "mean days", "95% interval", "half within", "90% within", "longest"];
    table(out, "Stages", &head, stages.collect());
    let mut ways = Vec::new();
    for stage in &summary.stages {
        for exit in stage.exits.iter().filter(|exit| exit.share.count > 0) {
            let to = exit.to.as_deref().unwrap_or("another way");
            ways.push(row(&format!("{} → {to} ({})", stage.name, exit.by), share_cells(&exit.share)));
        }
    }
    table(out, "Ways out", &["", "times", "share", "95% interval"], ways);
    let tasks = summary.tasks.iter().filter(|task| task.offered > 0).map(|task| {
        let counts = [task.offered, task.complete, task.not_required].map(|count| count.to_string());
        row(&task.label, [counts.to_vec(), days_cells(task.duration.as_ref())].concat())
    });
    let head = [
        "",
        "offered",
        "complete",
        "not required",
        "mean days",
        "95% interval",
        "half within",
        "90% within",
        "longest",
    ];
    table(out, "Tasks", &head, tasks.collect());
    roles(out, summary);
    waits(out, summary);
}

const DAYS: [&str; 6] = ["", "mean", "95% interval", "half within", "90% within", "longest"];

/// Shares of customers, as a table and drawn.
fn shares(out: &mut String, title: &str, all: &[(String, Share)]) {
    let rows = all.iter().map(|(name, share)| row(name, share_cells(share)));
    table(out, title, &["", "customers", "share", "95% interval"], rows.collect());
    let height = BAR * all.len() as f64 + 4.0;
    let _ =
        writeln!(out, "<svg viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" role=\"img\"><title>{title}</title>");
    let scale = |share: f64| LEFT + share * (WIDTH - LEFT - 10.0);
    for (place, (name, share)) in all.iter().enumerate() {
        let y = place as f64 * BAR;
        let (x, low, high) = (scale(share.share), scale(share.low), scale(share.high));
        let middle = y + BAR / 2.0;
        let _ = writeln!(
            out,
            "<text x=\"0\" y=\"{:.1}\">{}</text><rect x=\"{LEFT}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" \
             fill=\"#5b8def\"/><path d=\"M{low:.1} {middle:.1}H{high:.1}\" stroke=\"#d9542b\" stroke-width=\"3\"/>",
            middle + 4.0,
            escape(name),
            y + 3.0,
            x - LEFT,
            BAR - 6.0
        );
    }
    out.push_str("</svg>\n");
}

fn roles(out: &mut String, summary: &Summary) {
    let rows = summary.roles.iter().map(|role| {
        let cost = role.cost.map_or("-".to_owned(), |cost| format!("{cost:.2}"));
        let mut cells = vec![role.people.to_string(), percent(role.utilisation)];
        cells.push(role.interval.map_or("-".to_owned(), |ends| interval(ends, percent)));
        cells.extend([format!("{:.1}", role.worked_days), format!("{:.1}", role.overtime_days), cost]);
        row(&role.name, cells)
    });
    let head = ["", "people", "busy", "95% interval", "days worked", "of it overtime", "cost"];
    table(out, "Roles", &head, rows.collect());
    let waits = summary.roles.iter().map(|role| row(&role.name, days_cells(role.queue_wait.as_ref())));
    table(out, "Days waited for people", &DAYS, waits.collect());
    for role in &summary.roles {
        let title = format!("{}: tasks in the line, and people at work", role.name);
        drawing(out, &title, &[("in the line", "#d9542b", &role.line), ("at work", "#5b8def", &role.taken)]);
    }
    if let Some(course) = &summary.customers_under_way {
        drawing(out, "Customers under way", &[("customers", "#3a9a5b", course)]);
    }
}

/// Numbers over time.
fn drawing(out: &mut String, title: &str, courses: &[(&str, &str, &Course)]) {
    let points = || courses.iter().flat_map(|(_, _, course)| &course.course);
    let most = points().map(|point| point.1).fold(0.0, f64::max);
    let (first, last) = points().fold((f64::MAX, f64::MIN), |(low, high), point| (low.min(point.0), high.max(point.0)));
    if most <= 0.0 || last <= first {
        return;
    }
    let x = |day: f64| 40.0 + (day - first) / (last - first) * (WIDTH - 50.0);
    let y = |value: f64| HEIGHT - 20.0 - value / most * (HEIGHT - 50.0);
    let _ = writeln!(
        out,
        "<h2>{}</h2>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" role=\"img\"><title>{}</title>",
        escape(title),
        escape(title)
    );
    for (place, (name, color, course)) in courses.iter().enumerate() {
        let line: Vec<String> =
            course.course.iter().map(|(day, value)| format!("{:.1},{:.1}", x(*day), y(*value))).collect();
        let _ = writeln!(
            out,
            "<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" points=\"{}\"/><text x=\"{}\" y=\"14\" \
             style=\"fill:{color}\">{}</text>",
            line.join(" "),
            40 + place * 110,
            escape(name)
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"0\" y=\"{:.1}\">{most:.1}</text><text x=\"0\" y=\"{:.1}\">0</text><text x=\"40\" \
         y=\"{:.1}\">day {first:.0}</text><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">day {last:.0}</text>\n</svg>",
        y(most) + 4.0,
        y(0.0) + 4.0,
        HEIGHT - 4.0,
        WIDTH - 10.0,
        HEIGHT - 4.0
    );
}

fn waits(out: &mut String, summary: &Summary) {
    let all: [(&Unfinished, &str); 3] = [
        (&summary.waiting, "Waiting, and for what"),
        (&summary.held, "Held by a need that is not met"),
        (&summary.under_way, "Still under way at the horizon"),
    ];
    for (unfinished, title) in all {
        if unfinished.customers == 0 {
            continue;
        }
        let rows = unfinished.waits.iter().map(|(kind, name, count)| {
            let kind = serde_json::to_value(kind).ok();
            let kind = kind.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
            row(&format!("{kind} {name}"), vec![count.to_string()])
        });
        let rows = std::iter::once(row("all", vec![unfinished.customers.to_string()])).chain(rows);
        table(out, title, &["", "customers"], rows.collect());
    }
}

fn row(name: &str, cells: Vec<String>) -> Vec<String> {
    std::iter::once(escape(name)).chain(cells).collect()
}

/// A table with its title; nothing without rows. Cells are HTML.
fn table(out: &mut String, title: &str, head: &[&str], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(out, "<h2>{}</h2>\n<table><thead><tr>", escape(title));
    head.iter().for_each(|cell| _ = write!(out, "<th>{}</th>", escape(cell)));
    out.push_str("</tr></thead><tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        row.iter().for_each(|cell| _ = write!(out, "<td>{cell}</td>"));
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table>\n");
}

fn share_cells(share: &Share) -> Vec<String> {
    let ends = Interval { low: share.low, high: share.high };
    vec![share.count.to_string(), percent(share.share), interval(ends, percent)]
}

fn days_cells(days: Option<&Days>) -> Vec<String> {
    let plain = |number: f64| format!("{number:.2}");
    match days {
        Some(days) => vec![
            plain(days.mean),
            days.interval.map_or("-".to_owned(), |ends| interval(ends, plain)),
            plain(days.p50),
            plain(days.p90),
            plain(days.max),
        ],
        None => vec!["-".to_owned(); 5],
    }
}

fn interval(ends: Interval, show: impl Fn(f64) -> String) -> String {
    format!("{} to {}", show(ends.low), show(ends.high))
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            character if character < ' ' => out.push(' '),
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        let mut out = String::new();
        table(&mut out, "a<b>", &["<i>"], vec![row("<script>", vec![])]);
        assert!(!out.contains("<script>") && !out.contains("<i>") && !out.contains("<b>"), "{out}");
    }
}
