//! Source text and places in it.
//!
//! Every node of the tree, every name of the model and every edge of the state graph carries a
//! [`Span`], so that whatever is said about a playbook can point at the line that says it.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which file of a [`Sources`] a span lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// A range of bytes in one file. Half open: `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from the start of this one to the end of `other`.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty span just after this one.
    #[must_use]
    pub fn after(self) -> Span {
        Span { start: self.end, ..self }
    }
}

/// A line and a column, both from 1. Columns count Unicode characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One file's name and text.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name to show: the path as the user gave it, or `<stdin>`.
    pub name: String,
    /// The text, without a byte order mark.
    pub text: Arc<str>,
    line_starts: Vec<u32>,
    /// The number of the first line: 1, but for an excerpt.
    first_line: u32,
}

impl Source {
    fn new(name: String, text: Arc<str>) -> Source {
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1))
            .collect();
        Source { name, text, line_starts, first_line: 1 }
    }

    /// Where a byte offset lies, as line and column. Offsets past the end are the end.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_starts.partition_point(|start| *start as usize <= offset).max(1);
        let start = self.line_starts.get(line - 1).map_or(0, |start| *start as usize);
        let column = self.text.get(start..offset).map_or(0, |text| text.chars().count());
        Position { line: line as u32 - 1 + self.first_line, column: column as u32 + 1 }
    }

    /// The text of one line, from 1, without its line break.
    #[must_use]
    pub fn line(&self, line: u32) -> &str {
        let start = self.line_starts.get(self.place(line)).map_or(0, |start| *start as usize);
        let rest = self.text.get(start..).unwrap_or_default();
        rest.split('\n').next().unwrap_or_default().trim_end_matches('\r')
    }
}

impl Source {
    /// The number of the first line: 1, but for an excerpt.
    #[must_use]
    pub fn first_line(&self) -> u32 {
        self.first_line
    }

    /// The number of the last line; a text that ends with a line break has an empty last line.
    #[must_use]
    pub fn line_count(&self) -> u32 {
        self.line_starts.len() as u32 + self.first_line - 1
    }

    /// The first byte of a line, from 1; the end of the text for lines past the last.
    #[must_use]
    pub fn line_start(&self, line: u32) -> u32 {
        let start = self.line_starts.get(self.place(line)).copied();
        start.unwrap_or(self.text.len() as u32)
    }

    fn place(&self, line: u32) -> usize {
        line.saturating_sub(self.first_line) as usize
    }
}

/// All files of one run of the tool, by [`FileId`].
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// An empty set.
    #[must_use]
    pub fn new() -> Sources {
        Sources::default()
    }

    /// Adds a file and returns its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let id = FileId(self.files.len() as u32);
        self.files.push(Source::new(name.into(), text.into()));
        id
    }

    /// Adds a part of a file too large to be kept, and returns its id: the number of its first line, from 1, is known.
    pub fn add_excerpt(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>, first_line: u32) -> FileId {
        let id = self.add(name, text);
        self.files[id.0 as usize].first_line = first_line.max(1);
        id
    }

    /// The file of this id; the ids come from [`Sources::add`] of the same set.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// Line and column of a span's start.
    #[must_use]
    pub fn position(&self, span: Span) -> Position {
        self.get(span.file).map_or(Position { line: 1, column: 1 }, |source| source.position(span.start))
    }

    /// The text under a span; empty where it does not fit.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file)
            .and_then(|source| source.text.get(span.start as usize..span.end as usize))
            .unwrap_or_default()
    }

    /// All files in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.files.iter().enumerate().map(|(id, source)| (FileId(id as u32), source))
    }
}
