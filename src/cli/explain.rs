//! `playbook explain`: the page of one finding, or the list of all.

use super::{Exit, Session, Stop};
use crate::diagnostic::{RULES, Rule, Severity, by_name_or_code};
use crate::report::markdown;
use crate::report::paint::{Look, Tone};
use crate::suggest::did_you_mean;
use serde_json::json;
use std::fmt::Write;

/// Explain a finding, with an example of it and one that is right
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  playbook explain                 all findings, one line each
  playbook explain empty-file      by name
  playbook explain P153            by code")]
pub struct Arguments {
    /// The name or code of a finding; without it, all are listed
    #[arg(value_name = "NAME|CODE")]
    name: Option<String>,

    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a terminal
    Human,
    /// As JSON
    Json,
    /// As Markdown
    Markdown,
}

/// Prints it.
///
/// # Errors
/// Wrong usage for a name nobody knows.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let text = match &arguments.name {
        None => list(arguments.format, session.look),
        Some(name) => {
            let rule = by_name_or_code(name).ok_or_else(|| unknown(name))?;
            match arguments.format {
                Format::Human => page(rule, session.look),
                Format::Json => pretty(&json!({
                    "version": 1, "name": rule.name, "code": rule.code, "severity": rule.severity,
                    "summary": rule.summary, "page": rule.page,
                })),
                Format::Markdown => rule.page.to_owned(),
            }
        }
    };
    session.out.write(&text)?;
    Ok(Exit::Fine)
}

fn unknown(name: &str) -> Stop {
    let help = did_you_mean(name, RULES.iter().flat_map(|rule| [rule.name, rule.code]))
        .unwrap_or_else(|| "`playbook explain` lists all findings".to_owned());
    Stop::Usage(format!("there is no finding called `{name}`"), Some(help))
}

fn word(severity: Severity) -> (&'static str, Tone) {
    match severity {
        Severity::Error => ("error", Tone::Bad),
        Severity::Warning => ("warning", Tone::Doubtful),
        Severity::Note => ("note", Tone::Code),
    }
}

fn page(rule: &Rule, look: Look) -> String {
    let (severity, tone) = word(rule.severity);
    let head = format!("{}[{} {}]", severity, rule.name, rule.code);
    // The head says what the page's own heading says.
    let body = rule.page.strip_prefix(&format!("# {}\n", rule.name)).unwrap_or(rule.page).trim_start();
    format!("{}: {}\n\n{}", look.paint(tone, &head), rule.summary, markdown::render(body, look))
}

fn list(format: Format, look: Look) -> String {
    let mut text = String::new();
    match format {
        Format::Human => {
            let widest = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
            for rule in RULES {
                let (severity, tone) = word(rule.severity);
                // Padded before it is painted: colours have no width.
                let _ = writeln!(
                    text,
                    "{}  {}  {}  {}",
                    rule.code,
                    look.paint(Tone::Strong, &format!("{:widest$}", rule.name)),
                    look.paint(tone, &format!("{severity:7}")),
                    rule.summary
                );
            }
        }
        Format::Json => {
            let rules: Vec<_> = RULES
                .iter()
                .map(|rule| {
                    json!({
                        "name": rule.name, "code": rule.code, "severity": rule.severity, "summary": rule.summary,
                    })
                })
                .collect();
            text = pretty(&json!({ "version": 1, "rules": rules }));
        }
        Format::Markdown => {
            text.push_str("| code | name | severity | |\n|---|---|---|---|\n");
            for rule in RULES {
                let _ = writeln!(
                    text,
                    "| {} | `{}` | {} | {} |",
                    rule.code,
                    rule.name,
                    word(rule.severity).0,
                    rule.summary
                );
            }
        }
    }
    text
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
