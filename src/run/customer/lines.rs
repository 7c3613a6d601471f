//! Records of a stream, one at a time: lines, or rows of a table whose quoted cells may hold line breaks.

use crate::diagnostic::{BAD_CSV, BAD_JSON, Diagnostic, NOT_UTF8};
use crate::source::{FileId, Span};
use std::io::{self, BufRead};

/// Longer records are refused, in bytes: a file without line breaks must not fill the memory.
pub const LONGEST_RECORD: usize = 1 << 20;

/// A record.
#[derive(Debug)]
pub(super) struct Record {
    /// Its text without the last line break, or what is wrong with it and the text to show.
    pub text: Result<String, (Diagnostic, String)>,
    /// The line on which it begins, from 1.
    pub first_line: u32,
    /// Nothing that follows can be read.
    pub hopeless: bool,
}

/// Reads records.
#[derive(Debug)]
pub(super) struct Records<R> {
    reader: R,
    /// Whether a record goes on over line breaks within double quotes.
    quoted: bool,
    line: u32,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(reader: R, quoted: bool) -> Records<R> {
        Records { reader, quoted, line: 1 }
    }

    /// Whether the records are rows of a table.
    pub(super) fn quoted(&self) -> bool {
        self.quoted
    }

    /// The next record that is not empty.
    ///
    /// # Errors
    /// Where the stream cannot be read.
    pub(super) fn next_record(&mut self) -> io::Result<Option<Record>> {
        loop {
            let first_line = self.line;
            let mut bytes = Vec::new();
            let (mut complete, mut quotes) = (true, 0_usize);
            loop {
                let before = bytes.len();
                let left = (LONGEST_RECORD + 1 - before) as u64;
                io::Read::take(&mut self.reader, left).read_until(b'\n', &mut bytes)?;
                if bytes.len() == before {
                    break;
                }
                let ends = bytes.ends_with(b"\n");
                self.line = self.line.saturating_add(u32::from(ends));
                quotes += bytes[before..].iter().filter(|byte| **byte == b'"').count();
                complete = !self.quoted || quotes % 2 == 0;
                if complete || bytes.len() > LONGEST_RECORD {
                    break;
                }
            }
            if bytes.is_empty() {
                return Ok(None);
            }
            if bytes.len() > LONGEST_RECORD {
                return Ok(Some(self.too_long(&bytes, first_line, complete)));
            }
            if first_line == 1
                && let Some(refused) = no_lines_of_text(&bytes, self.quoted)
            {
                return Ok(Some(refused));
            }
            if first_line == 1 && bytes.starts_with("\u{feff}".as_bytes()) {
                bytes.drain(..'\u{feff}'.len_utf8());
            }
            while bytes.ends_with(b"\n") || bytes.ends_with(b"\r") {
                bytes.pop();
            }
            if bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            return Ok(Some(self.decode(bytes, first_line, complete)));
        }
    }

    fn decode(&self, bytes: Vec<u8>, first_line: u32, complete: bool) -> Record {
        let text = match String::from_utf8(bytes) {
            Ok(text) if complete => Ok(text),
            Ok(text) => Err((open_quote(&text), first_of(&text))),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let span = span(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
                let problem = Diagnostic::new(&NOT_UTF8, span, "this line is not text in UTF-8");
                Err((problem.help("Save the file as UTF-8"), text))
            }
        };
        Record { text, first_line, hopeless: !complete }
    }

    fn too_long(&self, bytes: &[u8], first_line: u32, complete: bool) -> Record {
        let text = String::from_utf8_lossy(&bytes[..200]).into_owned();
        let problem = if complete {
            let rule = if self.quoted { &BAD_CSV } else { &BAD_JSON };
            let message = format!("this line is longer than {} bytes: it describes no customer", LONGEST_RECORD);
            let help = "In JSON lines, each customer stands on a line of its own";
            Diagnostic::new(rule, span(0, text.len()), message).help(help)
        } else {
            open_quote(&String::from_utf8_lossy(bytes))
        };
        let shown = if complete { text } else { first_of(&String::from_utf8_lossy(bytes)) };
        Record { text: Err((problem, shown)), first_line, hopeless: true }
    }
}

/// The last quote on the first line of the row is the one that opens and never closes.
fn open_quote(text: &str) -> Diagnostic {
    let at = text.lines().next().unwrap_or_default().rfind('"').unwrap_or_default();
    Diagnostic::new(&BAD_CSV, span(at, at + 1), "a double quote opens in this row and never closes")
        .help("Write a double quote within a cell twice: \"a \"\"word\"\" in quotes\"")
}

/// A file whose first line shows that it is written in two bytes a character, or that its lines end in another way.
fn no_lines_of_text(bytes: &[u8], quoted: bool) -> Option<Record> {
    let wide = bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
        || bytes.iter().take(2).any(|byte| *byte == 0);
    let (rule, message, help) = if wide {
        (&NOT_UTF8, "this file is not text in UTF-8", "It looks like UTF-16: save the file as UTF-8")
    } else if !bytes.ends_with(b"\n") && bytes.trim_ascii().contains(&b'\r') {
        let help = "Save the file with line feeds at the ends of its lines, as most programs do";
        (if quoted { &BAD_CSV } else { &BAD_JSON }, "the lines of this file end in a carriage return alone", help)
    } else {
        return None;
    };
    let shown: String = String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).take(100).collect();
    let problem = Diagnostic::new(rule, span(0, shown.len()), message).help(help);
    Some(Record { text: Err((problem, shown)), first_line: 1, hopeless: true })
}

/// The first line, to be shown.
fn first_of(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn span(start: usize, end: usize) -> Span {
    Span { file: FileId::default(), start: start as u32, end: end as u32 }
}
