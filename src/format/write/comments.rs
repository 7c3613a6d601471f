//! Comments of what is written: those above an item and those at the end of its line, where it was read, and those of the
//! operation of a variant that has changed it.

use crate::source::{FileId, Sources, Span};
use crate::syntax::ast::Playbook;
use crate::syntax::parse;
use std::collections::{BTreeMap, BTreeSet};

/// The comments of the texts a playbook was made from.
pub(super) struct Comments<'s> {
    sources: &'s Sources,
    /// By text, where comments begin.
    known: BTreeMap<FileId, BTreeSet<usize>>,
    /// By place in the base: the operations that are about it, those of the variants in between first.
    operations: BTreeMap<Span, Vec<Span>>,
    written: BTreeSet<(FileId, usize)>,
}

impl<'s> Comments<'s> {
    pub fn new(playbook: &Playbook, sources: &'s Sources) -> Comments<'s> {
        let touched = playbook.derived.iter().flat_map(|derived| derived.earlier.iter().chain(&derived.touched));
        let mut operations: BTreeMap<Span, Vec<Span>> = BTreeMap::new();
        for touch in touched.filter(|touch| touch.own) {
            operations.entry(touch.span).or_default().push(touch.operation);
        }
        Comments { sources, known: BTreeMap::new(), operations, written: BTreeSet::new() }
    }

    /// Whether a comment begins there.
    fn begins(&mut self, file: FileId, at: usize) -> bool {
        let sources = self.sources;
        let known = self.known.entry(file).or_insert_with(|| {
            let comments = sources.get(file).map(|source| parse(source, file).0.comments).unwrap_or_default();
            comments.iter().map(|comment| comment.span.start as usize).collect()
        });
        known.contains(&at)
    }

    /// The comments above an item, and above the operation that is about it.
    pub fn above(&mut self, span: Span) -> Vec<String> {
        let mut found = self.above_line(span);
        for operation in self.operations.get(&span).cloned().unwrap_or_default() {
            found.extend(self.above_line(operation));
            // What stands in braces has comments of its own.
            let text = self.sources.text(operation);
            if !text.contains('{') {
                found.extend(self.inside(operation));
                found.extend(self.behind(operation));
            }
        }
        found
    }

    /// The comments between the words of an item: they move before it, as wherever a file is formatted.
    pub fn inside(&mut self, span: Span) -> Vec<String> {
        let sources = self.sources;
        let text = sources.text(span);
        let mut found = Vec::new();
        for (at, _) in text.match_indices("//") {
            let at = span.start as usize + at;
            if self.begins(span.file, at) && self.written.insert((span.file, at)) {
                let rest = sources.get(span.file).and_then(|source| source.text.get(at..)).unwrap_or_default();
                found.extend(rest.lines().next().map(|line| line.trim_end().to_owned()));
            }
        }
        found
    }

    /// The comments above the brace that closes an item.
    pub fn closing(&mut self, span: Span) -> Vec<String> {
        let brace = Span { start: span.end.saturating_sub(1), ..span };
        if self.sources.text(brace) == "}" { self.above_line(brace) } else { Vec::new() }
    }

    fn above_line(&mut self, span: Span) -> Vec<String> {
        let sources = self.sources;
        let Some(source) = sources.get(span.file) else { return Vec::new() };
        let Some(before) = source.text.get(..span.start as usize) else { return Vec::new() };
        let (mut rest, prefix) = match before.rfind('\n') {
            Some(at) => before.split_at(at),
            None => ("", before),
        };
        // What else stands before it on the line has comments of its own.
        let first = prefix.split_whitespace().next();
        if first.is_some_and(|word| !["add", "replace", "playbook", "variant"].contains(&word)) {
            return Vec::new();
        }
        let mut found = Vec::new();
        loop {
            let start = rest.rfind('\n').map_or(0, |at| at + 1);
            let line = rest.get(start..).unwrap_or_default();
            let at = start + line.len() - line.trim_start().len();
            if !line.trim_start().starts_with("//")
                || !self.begins(span.file, at)
                || !self.written.insert((span.file, at))
            {
                break;
            }
            found.push(line.trim().to_owned());
            rest = rest.get(..start.saturating_sub(1)).unwrap_or_default();
            if start == 0 {
                break;
            }
        }
        found.reverse();
        found
    }

    /// The comment at the end of the line on which an item, or its head, ends.
    pub fn behind(&mut self, span: Span) -> Option<String> {
        let source = self.sources.get(span.file)?;
        let rest = source.text.get(span.end as usize..)?;
        let line = rest.lines().next()?;
        let inner = line.trim_start().strip_prefix('{').unwrap_or(line).trim_start();
        let at = span.end as usize + line.len() - inner.len();
        let new = inner.starts_with("//") && self.begins(span.file, at) && self.written.insert((span.file, at));
        new.then(|| inner.trim_end().to_owned())
    }
}
