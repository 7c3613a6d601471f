//! Findings for programs. The shape is a contract: fields may be added, `version` changes when one changes meaning.

use super::{Summary, place};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Sources;
use serde::Serialize;

#[derive(Serialize)]
struct Report {
    version: u32,
    summary: Summary,
    diagnostics: Vec<serde_json::Value>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    code: &'a str,
    severity: Severity,
    message: &'a str,
    help: Option<&'a str>,
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    label: Option<&'a str>,
    related: Vec<Related<'a>>,
    witness: Option<&'a serde_json::Value>,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

pub(super) fn entries(diagnostics: &[Diagnostic], sources: &Sources) -> Vec<serde_json::Value> {
    diagnostics.iter().map(|diagnostic| entry(diagnostic, sources)).collect()
}

fn entry(diagnostic: &Diagnostic, sources: &Sources) -> serde_json::Value {
    let at = place(sources, diagnostic.primary.span);
    let entry = Entry {
        name: diagnostic.rule.name,
        code: diagnostic.rule.code,
        severity: diagnostic.severity,
        message: &diagnostic.message,
        help: diagnostic.help.as_deref(),
        file: at.file,
        line: at.start.line,
        column: at.start.column,
        end_line: at.end.line,
        end_column: at.end.column,
        label: Some(diagnostic.primary.message.as_str()).filter(|message| !message.is_empty()),
        related: diagnostic
            .related
            .iter()
            .map(|label| {
                let at = place(sources, label.span);
                Related {
                    message: &label.message,
                    file: at.file,
                    line: at.start.line,
                    column: at.start.column,
                    end_line: at.end.line,
                    end_column: at.end.column,
                }
            })
            .collect(),
        witness: diagnostic.witness.as_ref(),
    };
    serde_json::to_value(entry).unwrap_or_default()
}

pub(super) fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let report = Report { version: 1, summary: Summary::of(diagnostics), diagnostics: entries(diagnostics, sources) };
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}
