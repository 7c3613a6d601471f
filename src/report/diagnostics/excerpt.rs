//! The lines around some places of a file, ready to be drawn.
//!
//! The drawing library would read a file from its start for every place, print every line of a long span and every
//! column of a long line. An excerpt holds only the lines that matter, cut to a sensible width, with what would
//! disturb a terminal made visible; it remembers where they stand in the file.

use crate::report::paint::stand_in;
use crate::source::{Position, Source, Span};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// Longer lines are cut.
const LONGEST_LINE: usize = 160;
/// Characters kept before the first place in a line that is cut.
const LEAD: usize = 40;
/// A place over more lines than this is shown by its first line.
const TALLEST_SPAN: u32 = 8;

/// Part of a line as it is shown.
struct Line {
    number: u32,
    /// The bytes of the file that are shown.
    start: usize,
    end: usize,
    /// Where they begin in the excerpt's text.
    shown_at: usize,
}

/// Lines that stand together.
struct Window {
    first_line: u32,
    lines: u32,
    start: usize,
    end: usize,
}

/// A place in the excerpt's text.
pub(super) struct Mark {
    /// First byte in the excerpt.
    pub offset: usize,
    /// Bytes in the excerpt.
    pub length: usize,
    /// Where it is in the file.
    position: Position,
}

/// The lines around some places of one file.
pub(super) struct Excerpt {
    name: String,
    text: String,
    lines: Vec<Line>,
    windows: Vec<Window>,
    /// The places asked for, in the order asked.
    pub marks: Vec<Mark>,
}

/// First and last line of a place, and its bytes, cut to the text and to a height that can be shown.
struct Extent {
    first: u32,
    last: u32,
    start: usize,
    end: usize,
}

fn extent(source: &Source, span: Span) -> Extent {
    let length = source.text.len();
    let start = (span.start as usize).min(length);
    let mut end = (span.end as usize).min(length).max(start);
    // The line break at the end of a place belongs to the line before.
    while end > start && source.text.as_bytes().get(end - 1).is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        end -= 1;
    }
    let first = source.position(start as u32).line;
    let mut last = source.position(end as u32).line;
    if last.saturating_sub(first) > TALLEST_SPAN {
        last = first;
        end = source.line_start(first) as usize + source.line(first).len();
    }
    Extent { first, last, start, end: end.max(start) }
}

impl Excerpt {
    /// The lines around these places, with one line before and after. The lines around the first place come first, the
    /// others in the order of the file.
    pub(super) fn new(source: &Source, name: String, spans: &[Span]) -> Excerpt {
        let extents: Vec<Extent> = spans.iter().map(|span| extent(source, *span)).collect();
        let mut ranges: Vec<(u32, u32)> = extents
            .iter()
            .map(|extent| {
                (extent.first.saturating_sub(1).max(source.first_line()), (extent.last + 1).min(source.line_count()))
            })
            .collect();
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        if let Some(home) = extents.first()
            && let Some(index) = merged.iter().position(|(first, last)| (*first..=*last).contains(&home.first))
        {
            merged[..=index].rotate_right(1);
        }
        let mut excerpt =
            Excerpt { name, text: String::new(), lines: Vec::new(), windows: Vec::new(), marks: Vec::new() };
        for (first, last) in merged {
            let start = excerpt.text.len();
            for number in first..=last {
                let wanted = extents.iter().find(|extent| extent.first == number).map(|extent| extent.start);
                excerpt.push_line(source, number, wanted);
            }
            excerpt.windows.push(Window { first_line: first, lines: last - first + 1, start, end: excerpt.text.len() });
        }
        excerpt.marks = extents
            .iter()
            .map(|extent| {
                let offset = excerpt.shown(source, extent.first, extent.start);
                let end = excerpt.shown(source, extent.last, extent.end);
                Mark { offset, length: end.saturating_sub(offset), position: source.position(extent.start as u32) }
            })
            .collect();
        excerpt
    }

    fn push_line(&mut self, source: &Source, number: u32, wanted: Option<usize>) {
        let line = source.line(number);
        let line_start = source.line_start(number) as usize;
        let (mut from, mut to) = (0, line.len());
        if line.chars().nth(LONGEST_LINE).is_some() {
            let mut wanted = wanted.map_or(0, |wanted| wanted - line_start).min(line.len());
            while !line.is_char_boundary(wanted) {
                wanted -= 1;
            }
            let before = line.get(..wanted).unwrap_or_default();
            from = before.char_indices().rev().nth(LEAD - 1).map_or(0, |(at, _)| at);
            let rest = line.get(from..).unwrap_or_default();
            to = rest.char_indices().nth(LONGEST_LINE).map_or(line.len(), |(at, _)| from + at);
        }
        if from > 0 {
            self.text.push('…');
        }
        self.lines.push(Line { number, start: line_start + from, end: line_start + to, shown_at: self.text.len() });
        self.text.extend(line.get(from..to).unwrap_or_default().chars().map(|c| stand_in(c).unwrap_or(c)));
        if to < line.len() {
            self.text.push('…');
        }
        self.text.push('\n');
    }

    /// Where a byte of the file is in the excerpt.
    fn shown(&self, source: &Source, line: u32, byte: usize) -> usize {
        let Some(line) = self.lines.iter().find(|known| known.number == line) else { return 0 };
        let mut byte = byte.clamp(line.start, line.end);
        while !source.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let before = source.text.get(line.start..byte).unwrap_or_default();
        line.shown_at + before.chars().map(|c| stand_in(c).unwrap_or(c).len_utf8()).sum::<usize>()
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let window = self
            .windows
            .iter()
            .find(|window| window.start <= start && end <= window.end)
            .ok_or(MietteError::OutOfBounds)?;
        // Without lines around it, only the place itself is asked for: line and column as in the file.
        if before == 0
            && after == 0
            && let Some(mark) = self.marks.iter().find(|mark| mark.offset == start && mark.length == span.len())
        {
            return Ok(Box::new(MietteSpanContents::new_named(
                self.name.clone(),
                self.text.get(start..end).unwrap_or_default().as_bytes(),
                *span,
                mark.position.line as usize - 1,
                mark.position.column as usize - 1,
                1,
            )));
        }
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            self.text.get(window.start..window.end).unwrap_or_default().as_bytes(),
            (window.start, window.end - window.start).into(),
            window.first_line as usize - 1,
            0,
            window.lines as usize,
        )))
    }
}
