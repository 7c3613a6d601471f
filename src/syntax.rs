//! Text to tree.
//!
//! ```text
//! text ──scan──▶ comments, brackets, repaired signs ──blocks──▶ items ──grammar──▶ pairs ──tree──▶ File
//!                                                        │
//!                                 recover, message ◀─────┘ where an item cannot be read
//! ```

pub mod ast;
mod blocks;
pub mod grammar;
mod message;
mod place;
mod recover;
mod same;
mod scan;
mod tree;

#[cfg(test)]
mod tests;

pub use same::same;

use crate::diagnostic::{Diagnostic, SYNTAX_ERROR, sort};
use crate::source::{FileId, Source, Span};

/// Reads a file: the tree of what could be read, and what is wrong with the rest.
///
/// Never fails and never stops at the first mistake; a mistake costs the item it stands in.
#[must_use]
pub fn parse(source: &Source, file: FileId) -> (ast::File, Vec<Diagnostic>) {
    let whole = Span { file, start: 0, end: source.text.len() as u32 };
    let mut scan = scan::scan(&source.text, file);
    let repaired = scan.repaired.take();
    let text: &str = repaired.as_deref().unwrap_or(&source.text);
    let mut diagnostics = std::mem::take(&mut scan.problems);
    let mut items = Vec::new();
    if scan.hopeless {
        let deep = diagnostics.len() < scan::ERRORS;
        if !deep {
            let at = diagnostics.last().map_or(whole, |last| last.primary.span);
            diagnostics.push(left_alone(&scan, at, whole));
        }
    } else {
        scan.problems = diagnostics;
        let mut walk = blocks::Walk::new(text, &scan, file);
        items = walk.file();
        let (errors, stopped, at) = (walk.errors, walk.stopped, walk.at);
        let problems = walk.build.problems;
        diagnostics = scan.problems.clone();
        diagnostics.extend(errors);
        diagnostics.extend(problems.into_iter().take(scan::ERRORS));
        if stopped {
            let at = Span { file, start: at as u32, end: at as u32 };
            diagnostics.push(left_alone(&scan, at, whole));
        }
    }
    if repaired.is_some() {
        for found in &mut diagnostics {
            snap(&source.text, &mut found.primary.span);
            found.related.iter_mut().for_each(|label| snap(&source.text, &mut label.span));
        }
    }
    sort(&mut diagnostics);
    let comments = scan.comments;
    (ast::File { items, comments, span: whole }, diagnostics)
}

/// Widens a place in the repaired text to whole characters of the text itself.
fn snap(text: &str, span: &mut Span) {
    while !text.is_char_boundary(span.start as usize) {
        span.start -= 1;
    }
    while !text.is_char_boundary(span.end as usize) {
        span.end += 1;
    }
}

/// The last word after too many mistakes.
fn left_alone(scan: &scan::Scan, at: Span, whole: Span) -> Diagnostic {
    let lines = scan.line(whole.end as usize) - scan.line(at.start as usize);
    Diagnostic::new(
        &SYNTAX_ERROR,
        at,
        format!("These are {} mistakes or more; the {lines} lines after this one were not looked at", scan::ERRORS),
    )
    .help("Correct these first")
}
