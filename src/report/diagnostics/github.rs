//! Workflow commands: GitHub shows each finding beside its line.

use super::place;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Sources;
use std::fmt::Write;

/// The text of a command: what would end it is written as `%` and two digits.
fn text_of_command(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command, which also ends at `,` and `:`.
fn property(text: &str) -> String {
    text_of_command(text).replace(':', "%3A").replace(',', "%2C")
}

pub(super) fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let at = place(sources, diagnostic.primary.span);
        let command = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        // The service shows columns only for findings on one line.
        let end = if at.end.line == at.start.line {
            format!("endColumn={}", at.end.column)
        } else {
            format!("endLine={}", at.end.line)
        };
        let mut message = diagnostic.message.clone();
        if let Some(help) = &diagnostic.help {
            message.push_str("\nhelp: ");
            message.push_str(help);
        }
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "::{command} file={},line={},col={},{end},title={}::{}",
            property(at.file),
            at.start.line,
            at.start.column,
            property(&format!("{} {}", diagnostic.rule.name, diagnostic.rule.code)),
            text_of_command(&message)
        );
    }
    text
}
