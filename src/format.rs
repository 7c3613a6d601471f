//! Tree to text: the usual look of a file.
//!
//! Words and signs stay exactly as they are written, and in their order; only blanks and line breaks between them
//! change, and comments inside an item move before it. So numbers keep their `_`, brackets stay where the author put
//! them, and the meaning cannot change. The result is read again all the same, and compared.
//!
//! ```text
//! text ──tokens──▶ words and signs ──lines──▶ lines and blocks ──print──▶ text
//! tree ──starts──▶ where lines begin ─────────────┘
//! ```

mod lines;
mod print;
mod starts;
#[cfg(test)]
mod tests;
mod tokens;
mod tree;
mod write;

use crate::diagnostic::{Diagnostic, has_errors};
use crate::source::{Source, Sources};
use crate::syntax::ast::{File, Item, Playbook};
use crate::syntax::parse;
use std::fmt;

/// Why a file was not formatted.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// It cannot be read whole; these are its syntax errors.
    SyntaxErrors(Vec<Diagnostic>),
    /// The formatted text did not mean the same, or lost a comment: a mistake of the formatter, and nothing was changed.
    Changed(&'static str),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::SyntaxErrors(errors) => {
                write!(f, "it has {} syntax error{}", errors.len(), if errors.len() == 1 { "" } else { "s" })
            }
            Refusal::Changed(what) => {
                write!(f, "formatting it would change {what}; this is a mistake in the formatter")
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// The text of a file in its usual look.
///
/// Comments and single empty lines stay. Line breaks become those of the first line.
///
/// # Errors
/// [`Refusal::SyntaxErrors`] where the file cannot be read whole; [`Refusal::Changed`] where the result would not be the
/// same tree with the same comments.
pub fn format(source: &Source) -> Result<String, Refusal> {
    let (file, diagnostics) = parse(source, crate::source::FileId::default());
    if has_errors(&diagnostics) {
        return Err(Refusal::SyntaxErrors(diagnostics));
    }
    let tokens = tokens::tokens(&source.text, &file.comments);
    let starts = starts::starts(&file, &tokens);
    let (lines, last) = lines::Weaver::new(&source.text, &tokens, &file.comments, &starts).lines();
    let mut text = print::print(&lines, &last, &starts);
    compare(&file, &text)?;
    if source.text.split_once('\n').is_some_and(|(first, _)| first.ends_with('\r')) {
        text = text.replace('\n', "\r\n");
    }
    Ok(text)
}

/// The text of a playbook in its usual look, written from its tree: for one that stands in no file as it is, such as that
/// of a variant. Its places are in `sources`.
///
/// # Errors
/// [`Refusal::Changed`] where what was written would not be read as the same playbook.
pub fn write(playbook: &Playbook, sources: &Sources) -> Result<String, Refusal> {
    let mut texts = Sources::new();
    let id = texts.add("written", write::write(playbook, sources));
    let Some(source) = texts.get(id) else { return Err(Refusal::Changed("everything")) };
    let (file, _) = parse(source, id);
    let [Item::Playbook(read)] = file.items.as_slice() else { return Err(Refusal::Changed("what it is")) };
    let bare = |playbook: &Playbook| Playbook { derived: None, ..playbook.clone() };
    if !crate::syntax::same(&bare(playbook), &bare(read)) {
        return Err(Refusal::Changed("what it means"));
    }
    format(source)
}

/// Reads the formatted text and compares.
fn compare(before: &File, text: &str) -> Result<(), Refusal> {
    let mut sources = Sources::new();
    let id = sources.add("formatted", text);
    let Some(source) = sources.get(id) else { return Err(Refusal::Changed("everything")) };
    let (after, diagnostics) = parse(source, id);
    if has_errors(&diagnostics) {
        return Err(Refusal::Changed("whether it can be read"));
    }
    if !tree::same(before, &after) {
        return Err(Refusal::Changed("what it means"));
    }
    let comments = |file: &File| {
        let mut comments: Vec<String> = file.comments.iter().map(|comment| comment.text.clone()).collect();
        comments.sort_unstable();
        comments
    };
    if comments(before) != comments(&after) {
        return Err(Refusal::Changed("its comments"));
    }
    Ok(())
}
