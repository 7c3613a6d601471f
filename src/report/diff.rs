//! Differences of two playbooks, in words.

use super::paint::{Look, Tone, visible};
use crate::diff::{Customers, Difference, Kind};
use crate::source::{Sources, Span};
use serde_json::{Value, json};

/// How long a value may be to be shown on its line.
const SHOWN: usize = 100;

/// The two that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The first.
    pub old: &'a str,
    /// The second.
    pub new: &'a str,
}

/// Differences by what they are in, in the order in which that first comes.
fn grouped(differences: &[Difference]) -> Vec<(&str, Vec<&Difference>)> {
    let mut groups: Vec<(&str, Vec<&Difference>)> = Vec::new();
    for difference in differences {
        match groups.iter_mut().find(|(within, _)| *within == difference.within) {
            Some((_, group)) => group.push(difference),
            None => groups.push((&difference.within, vec![difference])),
        }
    }
    groups
}

/// Two values, cut where they are long: to where they begin to differ.
fn shown(old: &str, new: &str) -> (String, String) {
    let alike = old.chars().zip(new.chars()).take_while(|(one, other)| one == other).count();
    let cut = |text: &str| {
        if text.chars().count() <= SHOWN {
            return text.to_owned();
        }
        let from = alike.saturating_sub(20);
        let mut cut: String = text.chars().skip(from).take(SHOWN).collect();
        if from > 0 {
            cut.insert(0, '…');
        }
        if text.chars().count() > from + SHOWN {
            cut.push('…');
        }
        cut
    };
    (cut(old), cut(new))
}

fn one(text: &str) -> String {
    shown(text, "").0
}

/// For whom a condition decides differently, one line each.
fn whom(customers: &Customers) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(customers.gained.iter().map(|region| format!("now also where {region}")));
    lines.extend(customers.lost.iter().map(|region| format!("no more where {region}")));
    if lines.is_empty() {
        lines.push("for the same customers".to_owned());
    }
    lines
}

/// For people.
#[must_use]
pub fn human(differences: &[Difference], pair: Pair<'_>, look: Look) -> String {
    if differences.is_empty() {
        return format!("No difference between {} and {}\n", visible(pair.old), visible(pair.new));
    }
    let mut text = format!("{} → {}\n", visible(pair.old), visible(pair.new));
    for (within, group) in grouped(differences) {
        text.push_str(&format!("\n{}\n", look.paint(Tone::Code, &visible(within))));
        for difference in group {
            let (sign, tone) = match difference.kind {
                Kind::Added => ("+", Tone::Good),
                Kind::Removed => ("-", Tone::Bad),
                Kind::Changed => ("~", Tone::Doubtful),
                Kind::Moved => ("↕", Tone::Doubtful),
            };
            let value = match (&difference.old, &difference.new) {
                (Some(old), Some(new)) => {
                    let (old, new) = shown(old, new);
                    format!(": {} → {}", visible(&old), visible(&new))
                }
                (Some(value), None) | (None, Some(value)) if difference.kind == Kind::Changed => {
                    let (old, new) = if difference.old.is_some() {
                        (one(value), "none".to_owned())
                    } else {
                        ("none".to_owned(), one(value))
                    };
                    format!(": {} → {}", visible(&old), visible(&new))
                }
                (Some(value), None) | (None, Some(value)) => format!(": {}", visible(&one(value))),
                (None, None) => String::new(),
            };
            text.push_str(&format!("  {} {}{value}\n", look.paint(tone, sign), visible(&difference.what)));
            for line in difference.customers.iter().flat_map(whom) {
                text.push_str(&format!("      {}\n", visible(&line)));
            }
        }
    }
    let count = differences.len();
    text.push_str(&format!("\n{count} difference{}\n", if count == 1 { "" } else { "s" }));
    text
}

/// For a pull request.
#[must_use]
pub fn markdown(differences: &[Difference], pair: Pair<'_>) -> String {
    let code = |text: &str| format!("`{}`", one(text).replace('`', "'").replace('|', "\\|"));
    if differences.is_empty() {
        return format!("No difference between `{}` and `{}`.\n", pair.old, pair.new);
    }
    let mut text = format!("### `{}` → `{}`\n", pair.old, pair.new);
    for (within, group) in grouped(differences) {
        text.push_str(&format!("\n**{within}**\n\n| | before | after |\n|---|---|---|\n"));
        for difference in group {
            let cell = |value: &Option<String>| value.as_deref().map(code).unwrap_or_default();
            let mut after = cell(&difference.new);
            for line in difference.customers.iter().flat_map(whom) {
                after.push_str(&format!("<br>{}", line.replace('|', "\\|").replace('<', "&lt;")));
            }
            let what = difference.what.replace('|', "\\|");
            text.push_str(&format!("| {what} | {} | {after} |\n", cell(&difference.old)));
        }
    }
    text
}

/// For programs.
#[must_use]
pub fn json(differences: &[Difference], pair: Pair<'_>, sources: &Sources) -> String {
    let place = |span: Option<Span>| -> Value {
        let Some(span) = span else { return Value::Null };
        let at = sources.position(span);
        let file = sources.get(span.file).map(|source| source.name.as_str());
        json!({ "file": file, "line": at.line, "column": at.column })
    };
    let list: Vec<Value> = differences
        .iter()
        .map(|difference| {
            let customers = difference.customers.as_ref();
            json!({
                "kind": difference.kind,
                "within": difference.within,
                "what": difference.what,
                "old": difference.old,
                "new": difference.new,
                "customers": customers.map(|customers| json!({ "gained": customers.gained, "lost": customers.lost })),
                "old_place": place(difference.old_place),
                "new_place": place(difference.new_place),
            })
        })
        .collect();
    let document = json!({ "version": 1, "old": pair.old, "new": pair.new, "differences": list });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}
