//! A page as lines and blocks: what the Markdown library says about it, and what it cannot know because the page is odd.
//!
//! Labels of a step stand on lines of one paragraph, rows of a table may be longer than its head, a heading may be
//! indented like code. So the library says where items of lists, code, comments and underlined headings are, and what
//! begins like a heading or a row of a table is one wherever it stands, but in fenced code.

use super::table::is_number;
use super::text::clean;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};
use std::ops::Range;

/// A line of a page.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number, from 1.
    pub number: u32,
    /// Its text, without what cannot be seen.
    pub text: String,
}

/// What a block is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading.
    Heading {
        /// Its level.
        level: u8,
        /// Whether it is indented like code, or has no space behind its marks.
        odd: bool,
    },
    /// Lines of a paragraph.
    Paragraph,
    /// An item of a list, so deep in it.
    Item(u8),
    /// Rows of a table, its head and its line of dashes among them.
    Table,
    /// A quotation.
    Quote,
    /// Code.
    Code,
    /// A comment, which readers do not see.
    Hidden,
}

/// A block with its lines. A heading, paragraph or item has its marks taken off.
#[derive(Debug, Clone)]
pub struct Piece {
    /// What it is.
    pub block: Block,
    /// Its lines.
    pub lines: Vec<Line>,
    /// The number of an item of a numbered list.
    pub mark: Option<u32>,
    /// Whether an empty line stands before it.
    pub apart: bool,
}

/// What the library says of a line.
#[derive(Debug, Clone, Copy, Default)]
struct Note {
    fenced: bool,
    hidden: bool,
    underlined: u8,
    underline: bool,
    item: u32,
    depth: u8,
    starts_item: bool,
    quoted: bool,
    code: bool,
}

/// Cuts lines into blocks.
#[must_use]
pub fn blocks(lines: Vec<Line>) -> Vec<Piece> {
    let notes = notes(&lines);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut apart = true;
    let mut last_item = 0;
    let count = lines.len();
    let texts: Vec<String> = lines.iter().map(|line| line.text.clone()).collect();
    for (at, line) in lines.into_iter().enumerate() {
        let note = notes.get(at).copied().unwrap_or_default();
        if note.underline {
            continue;
        }
        if note.hidden {
            match pieces.last_mut() {
                Some(piece) if piece.block == Block::Hidden && !apart => piece.lines.push(line),
                _ => pieces.push(Piece { block: Block::Hidden, lines: vec![line], mark: None, apart }),
            }
            apart = false;
            continue;
        }
        let text = line.text.trim();
        if text.is_empty() || text == ">" {
            apart = true;
            continue;
        }
        let next = texts.get(at + 1..count).and_then(|rest| rest.first()).map_or("", |text| text.trim());
        let after_table = !apart && pieces.last().is_some_and(|piece| piece.block == Block::Table);
        let bare = text.trim_start_matches('>').trim_start();
        // A row that was made an item of a list.
        let bare = bare.strip_prefix("- ").filter(|row| row.starts_with('|') && after_table).unwrap_or(bare);
        let (block, stripped, new) = if note.fenced {
            (Block::Code, line.text.trim_end().to_owned(), false)
        } else if let Some((level, odd, title)) = heading(&line.text, text) {
            (Block::Heading { level, odd }, title, true)
        } else if is_row(bare, next, after_table) {
            (Block::Table, bare.to_owned(), false)
        } else if note.underlined > 0 {
            (Block::Heading { level: note.underlined, odd: false }, text.to_owned(), true)
        } else if is_rule(text) {
            apart = true;
            continue;
        } else if note.item > 0 {
            let depth = note.depth.max(1);
            let mark = note.starts_item;
            let new = mark || note.item != last_item;
            last_item = note.item;
            (Block::Item(depth), if mark { without_mark(text) } else { text.to_owned() }, new)
        } else if note.quoted || text.starts_with('>') {
            (Block::Quote, bare.to_owned(), false)
        } else if note.code {
            // Markdown takes a list that is indented far for code.
            match marked(text) {
                Some(stripped) => {
                    last_item = 0;
                    let indent = line.text.len() - line.text.trim_start().len();
                    (Block::Item((indent / 4).clamp(1, 9) as u8), stripped, true)
                }
                None => (Block::Paragraph, text.to_owned(), false),
            }
        } else if let Some(stripped) = marked(text) {
            last_item = 0;
            (Block::Item(1), stripped, true)
        } else {
            (Block::Paragraph, text.to_owned(), false)
        };
        let line = Line { number: line.number, text: stripped };
        match pieces.last_mut() {
            // Rows go on behind empty lines, and so does an item.
            Some(piece)
                if !new
                    && piece.block == block
                    && (!apart || matches!(block, Block::Table | Block::Item(_) | Block::Code)) =>
            {
                piece.lines.push(line);
            }
            _ => {
                let mark = if matches!(block, Block::Item(_)) { number_of_item(text) } else { None };
                pieces.push(Piece { block, lines: vec![line], mark, apart });
            }
        }
        apart = false;
    }
    pieces
}

fn notes(lines: &[Line]) -> Vec<Note> {
    let mut text = String::new();
    let mut starts = Vec::with_capacity(lines.len());
    for line in lines {
        starts.push(text.len());
        text.push_str(&line.text);
        text.push('\n');
    }
    let mut notes = vec![Note::default(); lines.len()];
    let rows = |range: &Range<usize>| -> Range<usize> {
        let first = starts.partition_point(|start| *start <= range.start).saturating_sub(1);
        let last = starts.partition_point(|start| *start < range.end);
        first..last.max(first + 1).min(lines.len())
    };
    let mut depth = 0u8;
    let mut items = 0;
    let mut ends: Vec<usize> = Vec::new();
    for (event, range) in Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::List(_)) => {
                while ends.last().is_some_and(|end| *end <= range.start) {
                    ends.pop();
                    depth = depth.saturating_sub(1);
                }
                ends.push(range.end);
                depth = depth.saturating_add(1);
            }
            Event::Start(Tag::Item) => {
                while ends.last().is_some_and(|end| *end <= range.start) {
                    ends.pop();
                    depth = depth.saturating_sub(1);
                }
                items += 1;
                let rows = rows(&range);
                let first = rows.start;
                for row in rows {
                    if let Some(note) = notes.get_mut(row) {
                        (note.item, note.depth, note.starts_item) = (items, depth, row == first);
                    }
                }
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                // A fence that is never closed would swallow the rest of the page.
                let rows = rows(&range);
                let end = lines.get(rows.end.saturating_sub(1)).map_or("", |line| line.text.trim());
                let closed = rows.len() > 1 && (end.starts_with("```") || end.starts_with("~~~"));
                let fenced = matches!(kind, CodeBlockKind::Fenced(_)) && closed;
                for row in rows {
                    if let Some(note) = notes.get_mut(row) {
                        (note.fenced, note.code) = (note.fenced || fenced, true);
                    }
                }
            }
            Event::Start(Tag::BlockQuote(_)) => {
                for row in rows(&range) {
                    if let Some(note) = notes.get_mut(row) {
                        note.quoted = true;
                    }
                }
            }
            Event::Start(Tag::HtmlBlock) => {
                let hidden = text.get(range.clone()).is_some_and(|html| html.trim_start().starts_with("<!--"));
                // What follows a comment on its last line can be seen.
                let hidden = hidden && text.get(range.clone()).is_some_and(|html| html.trim_end().ends_with("-->"));
                for row in rows(&range) {
                    if let Some(note) = notes.get_mut(row) {
                        note.hidden |= hidden;
                    }
                }
            }
            Event::Start(Tag::Heading { level, .. }) => {
                let rows = rows(&range);
                let last = rows.end.saturating_sub(1);
                let line = |at: usize| lines.get(at).map_or("", |line| line.text.trim());
                let underline = |text: &str| !text.is_empty() && text.chars().all(|mark| mark == '=' || mark == '-');
                // A paragraph of several lines above dashes is a paragraph above a rule.
                if last == rows.start + 1 && underline(line(last)) {
                    if let Some(note) = notes.get_mut(rows.start) {
                        note.underlined = level as u8;
                    }
                    if let Some(note) = notes.get_mut(last) {
                        note.underline = true;
                    }
                }
            }
            _ => {}
        }
    }
    notes
}

/// Level, whether it is odd, and title of a line that begins like a heading.
fn heading(line: &str, text: &str) -> Option<(u8, bool, String)> {
    let text = text.trim_start_matches('>').trim_start();
    let level = text.bytes().take_while(|byte| *byte == b'#').count();
    if !(1..=6).contains(&level) {
        return None;
    }
    let rest = text.get(level..)?;
    let spaced = rest.is_empty() || rest.starts_with([' ', '\t']);
    // `#1` and `#hashtag` are words; two marks and more are meant.
    if !spaced && level == 1 {
        return None;
    }
    let indent = line.len() - line.trim_start().len();
    let title = rest.trim().trim_end_matches('#').trim();
    Some((level as u8, indent > 3 || !spaced, title.to_owned()))
}

/// Whether a line is the row of a table.
fn is_row(text: &str, next: &str, after_table: bool) -> bool {
    if text.starts_with('|') {
        return true;
    }
    let pipes = super::table::pipes(text);
    let next_is_separator = super::table::is_separator(next) && next.contains('|');
    let belongs = next_is_separator || super::table::is_separator(text) || after_table;
    pipes >= 1 && belongs || pipes >= 3 && super::table::begins_with_number(text)
}

/// Whether a line is a rule.
fn is_rule(text: &str) -> bool {
    let marks: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    marks.len() >= 3 && ['-', '*', '_'].iter().any(|mark| marks.chars().all(|character| character == *mark))
}

fn without_mark(text: &str) -> String {
    marked(text).unwrap_or_else(|| text.to_owned())
}

/// What stands behind the mark of a list item.
fn marked(text: &str) -> Option<String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = if digits > 0 && digits < 10 {
        text.get(digits..)?.strip_prefix(['.', ')'])?
    } else {
        text.strip_prefix(['-', '*', '+', '•', '·'])?
    };
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.trim().to_owned())
}

/// The number of an item of a numbered list.
fn number_of_item(text: &str) -> Option<u32> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    marked(text).and_then(|_| text.get(..digits)?.parse().ok())
}

/// The lines of a text.
#[must_use]
pub fn lines(text: &str) -> Vec<Line> {
    let cut = text.split('\n').enumerate();
    cut.map(|(at, line)| {
        let text = clean(line.trim_end_matches('\r'));
        // A row whose cells stand between tabs.
        let tabs =
            text.matches('\t').count() >= 3 && !text.contains('|') && is_number(text.split('\t').next().unwrap_or(""));
        let text = text.trim_end().replace('\t', if tabs { " | " } else { "    " });
        // Bars of full width stand between cells too.
        let bars = !text.contains('|') && text.matches('｜').count() >= 3;
        Line { number: at as u32 + 1, text: if bars { text.replace('｜', "|") } else { text } }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let shown = |piece: &Piece| {
            let lines: Vec<&str> = piece.lines.iter().map(|line| line.text.as_str()).collect();
            format!("{:?}: {}", piece.block, lines.join(" / "))
        };
        blocks(lines(text)).iter().map(shown).collect()
    }

    #[test]
    fn blocks_of_a_page() {
        let page = "# A\n\ntext\nmore\n\n- one\n  goes on\n    - below\n- two\n\n|a|b|\n|-|-|\n|1|2|\n\n|3|4|\n> quoted\n\nB\n--\n";
        assert_eq!(
            shown(page),
            [
                "Heading { level: 1, odd: false }: A",
                "Paragraph: text / more",
                "Item(1): one / goes on",
                "Item(2): below",
                "Item(1): two",
                "Table: |a|b| / |-|-| / |1|2| / |3|4|",
                "Quote: quoted",
                "Heading { level: 2, odd: false }: B",
            ]
        );
    }

    #[test]
    fn headings_and_rows_wherever_they_stand() {
        assert_eq!(shown("- a\n\n    ## B")[1], "Heading { level: 2, odd: true }: B");
        assert_eq!(shown("text\n\n    ## B")[1], "Heading { level: 2, odd: true }: B");
        assert_eq!(shown("###B")[0], "Heading { level: 3, odd: true }: B");
        assert_eq!(shown("#b")[0], "Paragraph: #b");
        assert_eq!(shown("```\n# a\n| 1 |\n```").len(), 1);
        assert_eq!(shown("```\n# a\n\n| 1 |").len(), 3);
        assert_eq!(shown("text\n3731 | a | O | b")[1], "Table: 3731 | a | O | b");
        assert_eq!(shown("text\n\n\t- a\n\t- b\n")[1..], ["Item(1): a", "Item(1): b"]);
        assert_eq!(shown("3731\ta\tO\tb"), ["Table: 3731 | a | O | b"]);
        assert_eq!(shown("| 1 | a |\n- | 3731 | b |"), ["Table: | 1 | a | / | 3731 | b |"]);
        assert_eq!(shown("｜ 3731 ｜ a ｜ O ｜ b ｜"), ["Table: | 3731 | a | O | b |"]);
        assert_eq!(shown("Date | Who\n--- | ---\n1/2/2020 | x").len(), 1);
        assert_eq!(shown("<!-- | 3731 | -->\ntext"), shown("<!-- | 3731 | -->\ntext"));
    }
}
