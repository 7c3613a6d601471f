//! A first look at the text, before the grammar: comments, brackets, and characters that never belong.
//!
//! What goes wrong with single characters (an unclosed text, “curly” quotes, `→`) is reported here and repaired in a
//! copy of the same length, so that one slip does not hide the rest of the file and every place stays true.

use super::ast::Comment;
use crate::diagnostic::{Diagnostic, NESTED_TOO_DEEPLY, SYNTAX_ERROR, UNCLOSED_TEXT};
use crate::source::{FileId, Span};

/// How deep brackets and braces may nest.
pub(super) const DEPTH: usize = 100;
/// How many syntax errors a file is told before the rest is left alone.
pub(super) const ERRORS: usize = 100;

/// What the first look found.
#[derive(Default)]
pub(super) struct Scan {
    /// All comments in order.
    pub comments: Vec<Comment>,
    /// Each `{` with its `}`, by place, in the order of the `{`.
    pub braces: Vec<(u32, u32)>,
    /// How many `{` have no `}`.
    pub unclosed: usize,
    /// How many `}` have no `{`.
    pub extra: usize,
    /// The beginning of each line.
    pub lines: Vec<u32>,
    /// What is wrong with single characters.
    pub problems: Vec<Diagnostic>,
    /// The text with those characters repaired, where there are any.
    pub repaired: Option<String>,
    /// Too deep or too many problems to go on.
    pub hopeless: bool,
}

impl Scan {
    /// The `}` that belongs to the `{` at this place.
    pub fn closing(&self, open: usize) -> Option<usize> {
        let at = self.braces.binary_search_by_key(&(open as u32), |(open, _)| *open).ok()?;
        self.braces.get(at).map(|(_, close)| *close as usize)
    }

    /// The line of a place, from 0.
    pub fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start as usize <= at).saturating_sub(1)
    }

    /// Where the line of a place begins.
    pub fn line_start(&self, at: usize) -> usize {
        self.lines.get(self.line(at)).map_or(0, |start| *start as usize)
    }
}

/// Whether the language takes the character for white space.
pub(super) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n' | '\u{A0}' | '\u{200B}' | '\u{3000}' | '\u{FEFF}')
}

/// Whether a name may go on with the character.
pub(super) fn is_word(character: char) -> bool {
    character == '_' || pest::unicode::XID_CONTINUE(character)
}

enum Bracket {
    Brace(usize),
    Parenthesis,
}

struct Scanner<'s> {
    text: &'s str,
    file: FileId,
    at: usize,
    scan: Scan,
    open: Vec<Bracket>,
    edits: Vec<(usize, usize, String)>,
}

/// Looks at a whole text.
pub(super) fn scan(text: &str, file: FileId) -> Scan {
    let mut scanner = Scanner { text, file, at: 0, scan: Scan::default(), open: Vec::new(), edits: Vec::new() };
    scanner.scan.lines.push(0);
    scanner.scan.lines.extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1));
    scanner.run();
    scanner.finish()
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, start: start as u32, end: end as u32 }
    }

    fn run(&mut self) {
        while let Some(character) = self.rest().chars().next() {
            if self.scan.hopeless {
                return;
            }
            let start = self.at;
            self.at += character.len_utf8();
            match character {
                '"' => self.string(start),
                '/' if self.rest().starts_with('/') => self.comment(start),
                '{' => {
                    self.open.push(Bracket::Brace(start));
                    self.check_depth(start);
                }
                '(' => {
                    self.open.push(Bracket::Parenthesis);
                    self.check_depth(start);
                }
                ')' => {
                    if matches!(self.open.last(), Some(Bracket::Parenthesis)) {
                        self.open.pop();
                    }
                }
                '}' => self.close_brace(start),
                _ if is_word(character) => {
                    let length = self.rest().find(|next| !is_word(next)).unwrap_or(self.rest().len());
                    self.at += length;
                }
                _ => self.sign(start, character),
            }
        }
    }

    fn check_depth(&mut self, start: usize) {
        if self.open.len() > DEPTH {
            self.scan.hopeless = true;
            let span = self.span(start, start + 1);
            self.scan.problems.push(
                Diagnostic::new(&NESTED_TOO_DEEPLY, span, format!("more than {DEPTH} brackets are open here"))
                    .help("Close brackets that were forgotten, or give parts of the condition a name with `let`"),
            );
        }
    }

    /// A brace also closes the brackets that were forgotten before it.
    fn close_brace(&mut self, start: usize) {
        while let Some(bracket) = self.open.pop() {
            if let Bracket::Brace(open) = bracket {
                self.scan.braces.push((open as u32, start as u32));
                return;
            }
        }
        self.scan.extra += 1;
    }

    fn comment(&mut self, start: usize) {
        let length = self.rest().find('\n').unwrap_or(self.rest().len());
        self.at += length;
        let text = self.text.get(start..self.at).unwrap_or_default().trim_end();
        let line_start = self.scan.line_start(start);
        let before = self.text.get(line_start..start).unwrap_or_default();
        self.scan.comments.push(Comment {
            text: text.to_owned(),
            span: self.span(start, start + text.len()),
            own_line: before.chars().all(is_blank),
        });
    }

    fn string(&mut self, start: usize) {
        let mut escaped = false;
        let text = self.text;
        for (at, character) in text.get(self.at..).unwrap_or_default().char_indices() {
            let at = self.at + at;
            match character {
                '\n' => return self.unclosed(start, at),
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    self.at = at + 1;
                    return;
                }
                '\t' | '\r' => {}
                _ if character.is_control() => {
                    self.control(at, character);
                    if self.scan.hopeless {
                        return;
                    }
                }
                _ => {}
            }
        }
        self.unclosed(start, text.len());
    }

    /// Closes the text for the author: before a brace at the end of the line, else at its end.
    fn unclosed(&mut self, start: usize, end: usize) {
        let line = self.text.get(start..end).unwrap_or_default().trim_end();
        let end = start + line.len();
        self.at = end;
        let mut content = line;
        for brace in ["}", "{"] {
            content = content.strip_suffix(brace).map_or(content, str::trim_end);
        }
        let close = start + content.len();
        // The quote takes the place of a blank before the brace, or of the last character.
        if close < end && close > start + 1 && self.text.as_bytes().get(close) == Some(&b' ') {
            self.edits.push((close, close + 1, "\"".to_owned()));
            self.at = close + 1;
        } else if let Some(last) = line.chars().last().filter(|_| line.len() > 1) {
            let length = last.len_utf8();
            self.edits.push((end - length, end, format!("{}\"", " ".repeat(length - 1))));
        } else {
            self.edits.push((start, end, " ".to_owned()));
        }
        let span = self.span(start, end);
        self.problem(
            Diagnostic::new(&UNCLOSED_TEXT, span, "this text has no closing quote on its line")
                .help("Close it with `\"`; a quote inside a text is written `\\\"`, a new line `\\n`"),
        );
    }

    fn control(&mut self, at: usize, character: char) {
        let end = at + character.len_utf8();
        self.edits.push((at, end, " ".repeat(end - at)));
        let span = self.span(at, end);
        self.problem(
            Diagnostic::new(
                &SYNTAX_ERROR,
                span,
                format!("the control character U+{:04X} cannot stand in a playbook", u32::from(character)),
            )
            .help("Remove it; it may have come with text copied from elsewhere"),
        );
    }

    fn problem(&mut self, problem: Diagnostic) {
        self.scan.problems.push(problem);
        self.scan.hopeless |= self.scan.problems.len() >= ERRORS;
    }

    /// Signs that are nearly right: reported, and read as what was meant.
    fn sign(&mut self, start: usize, character: char) {
        if is_blank(character) {
            return;
        }
        if character.is_control() {
            return self.control(start, character);
        }
        let rest = self.rest();
        let (meant, length) = match character {
            '=' if rest.starts_with('>') => ("->", 2),
            '→' | '➔' | '➜' | '⇒' | '⟶' => ("->", character.len_utf8()),
            '–' | '—' if rest.starts_with('>') => ("->", character.len_utf8() + 1),
            '≥' => (">=", character.len_utf8()),
            '≤' => ("<=", character.len_utf8()),
            '≠' => ("!=", character.len_utf8()),
            '−' => ("-", character.len_utf8()),
            '×' => ("*", character.len_utf8()),
            '：' => (":", character.len_utf8()),
            '，' | '、' => (",", character.len_utf8()),
            '（' => ("(", character.len_utf8()),
            '）' => (")", character.len_utf8()),
            '％' => ("%", character.len_utf8()),
            '；' => (";", character.len_utf8()),
            '“' | '”' | '„' | '‟' | '«' | '»' | '「' | '」' | '＂' => {
                return self.quoted(start, character, '”');
            }
            '‘' | '’' | '\'' => return self.quoted(start, character, '’'),
            _ => return self.semicolon_or_percent(start, character),
        };
        let end = start + length;
        self.at = end;
        let span = self.span(start, end);
        let written = self.text.get(start..end).unwrap_or_default().to_owned();
        self.replace(start, end, if meant == ";" { "" } else { meant });
        let message = format!("`{written}` is not a sign of the language");
        let help = if meant == ";" { "Leave it out".to_owned() } else { format!("Write `{meant}`") };
        self.problem(Diagnostic::new(&SYNTAX_ERROR, span, message).help(help));
    }

    fn semicolon_or_percent(&mut self, start: usize, character: char) {
        if character == ';' {
            let span = self.span(start, start + 1);
            self.replace(start, start + 1, "");
            self.problem(
                Diagnostic::new(&SYNTAX_ERROR, span, "`;` is not a sign of the language")
                    .help("Leave it out: an item ends where the next one begins"),
            );
            return;
        }
        let before = self.text.get(..start).unwrap_or_default();
        let number = before.trim_end_matches(' ');
        if character == '%' && number.len() < before.len() && number.ends_with(|last: char| last.is_ascii_digit()) {
            let (from, to) = (number.len(), start + 1);
            let span = self.span(from, to);
            self.replace(from, to, "%");
            self.problem(
                Diagnostic::new(&SYNTAX_ERROR, span, "a blank stands between a number and its `%`")
                    .help("Write the percent sign directly after the number: `10%`"),
            );
        }
    }

    fn replace(&mut self, start: usize, end: usize, meant: &str) {
        // Shorter repairs are filled up with blanks; none is longer.
        if meant.len() <= end - start {
            self.edits.push((start, end, format!("{meant}{}", " ".repeat(end - start - meant.len()))));
        }
    }

    /// A text in quotes of another kind, closed on its line.
    fn quoted(&mut self, start: usize, opening: char, kind: char) {
        let rest = self.rest();
        let line = rest.find('\n').map_or(rest, |end| rest.get(..end).unwrap_or_default());
        let closes = |character: char| match kind {
            '”' => matches!(character, '“' | '”' | '„' | '‟' | '«' | '»' | '「' | '」' | '＂' | '"'),
            _ => matches!(character, '‘' | '’' | '\''),
        };
        let close = line.char_indices().find(|(_, character)| closes(*character));
        let end = close.map_or(start + opening.len_utf8(), |(at, character)| self.at + at + character.len_utf8());
        let span = self.span(start, end);
        if let Some((at, character)) = close {
            let close_start = self.at + at;
            // A straight quote inside would end the repaired text too early.
            let inner = self.text.get(self.at..close_start).unwrap_or_default();
            let inside: Vec<usize> =
                inner.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'"' | b'\\')).map(|(at, _)| at).collect();
            let open_length = opening.len_utf8();
            self.edits.push((start, self.at, format!("{}\"", " ".repeat(open_length - 1))));
            for at in inside {
                self.edits.push((self.at + at, self.at + at + 1, " ".to_owned()));
            }
            let close_length = character.len_utf8();
            self.edits.push((close_start, end, format!("\"{}", " ".repeat(close_length - 1))));
        } else {
            self.replace(start, end, "");
        }
        self.at = end;
        self.problem(
            Diagnostic::new(&SYNTAX_ERROR, span, format!("`{opening}` does not begin a text"))
                .help("Texts stand in straight double quotes: `\"…\"`"),
        );
    }

    fn finish(mut self) -> Scan {
        self.scan.unclosed = self.open.iter().filter(|bracket| matches!(bracket, Bracket::Brace(_))).count();
        self.scan.braces.sort_unstable();
        if !self.edits.is_empty() {
            let mut repaired = String::with_capacity(self.text.len());
            let mut done = 0;
            for (start, end, meant) in &self.edits {
                repaired.push_str(self.text.get(done..*start).unwrap_or_default());
                repaired.push_str(meant);
                done = *end;
            }
            repaired.push_str(self.text.get(done..).unwrap_or_default());
            // Only a repair of the same length keeps every place true.
            self.scan.repaired = (repaired.len() == self.text.len()).then_some(repaired);
        }
        self.scan
    }
}
