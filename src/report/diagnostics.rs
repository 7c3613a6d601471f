//! Findings as text for people ([`Format::Human`], [`Format::Short`]) and for programs.

mod excerpt;
mod github;
mod human;
mod json;
mod sarif;
mod short;

use crate::diagnostic::{Diagnostic, Severity, sort};
use crate::report::paint::Look;
use crate::source::{Position, Sources, Span};

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people: the place in its text, with help.
    Human,
    /// One line each: `file:line:column: error[name]: message`.
    Short,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, as code scanning services read it.
    Sarif,
    /// Workflow commands, which GitHub shows beside the lines of a change.
    Github,
}

/// How many findings there are of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Summary {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
}

impl Summary {
    /// Counts them.
    #[must_use]
    pub fn of(diagnostics: &[Diagnostic]) -> Summary {
        let count = |severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
        Summary { errors: count(Severity::Error), warnings: count(Severity::Warning), notes: count(Severity::Note) }
    }

    /// `1 error, 2 warnings`; where there is nothing, `No findings in 3 files`.
    #[must_use]
    pub fn sentence(&self, files: usize) -> String {
        let parts: Vec<String> = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| counted(count, word))
            .collect();
        if parts.is_empty() { format!("No findings in {}", counted(files, "file")) } else { parts.join(", ") }
    }
}

/// `1 file`, `2 files`.
#[must_use]
pub fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// The findings in this format, sorted, each once. What people read ends with a summary; `files` is how many files
/// were looked at.
#[must_use]
pub fn render(format: Format, diagnostics: &[Diagnostic], sources: &Sources, files: usize, look: Look) -> String {
    let mut diagnostics = diagnostics.to_vec();
    sort(&mut diagnostics);
    match format {
        Format::Human => {
            let mut text = human::render(&diagnostics, sources, look);
            text.push_str(&human::summary(&diagnostics, files, look));
            text
        }
        Format::Short => short::render(&diagnostics, sources),
        Format::Json => json::render(&diagnostics, sources),
        Format::Sarif => sarif::render(&diagnostics, sources),
        Format::Github => github::render(&diagnostics, sources),
    }
}

/// The findings for people, sorted, each once, without a summary: for commands that have more to say than findings.
#[must_use]
pub fn render_for_people(diagnostics: &[Diagnostic], sources: &Sources, look: Look) -> String {
    let mut diagnostics = diagnostics.to_vec();
    sort(&mut diagnostics);
    human::render(&diagnostics, sources, look)
}

/// The `diagnostics` of machine output, for commands whose output holds more than findings.
#[must_use]
pub fn as_json(diagnostics: &[Diagnostic], sources: &Sources) -> Vec<serde_json::Value> {
    let mut diagnostics = diagnostics.to_vec();
    sort(&mut diagnostics);
    json::entries(&diagnostics, sources)
}

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A span as programs want it: file, first and last place, columns in characters.
struct Place<'a> {
    file: &'a str,
    start: Position,
    end: Position,
}

fn place(sources: &Sources, span: Span) -> Place<'_> {
    match sources.get(span.file) {
        Some(source) => Place {
            file: &source.name,
            start: source.position(span.start),
            end: source.position(span.end.max(span.start)),
        },
        None => Place { file: "", start: Position { line: 1, column: 1 }, end: Position { line: 1, column: 1 } },
    }
}

#[cfg(test)]
mod tests;
