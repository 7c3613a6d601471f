//! Where a block ends, and where to go on after something that cannot be read.
//!
//! The next item begins on a line that begins with a word for an item of the block; in a block that stands on one line,
//! anywhere. Braces that match are passed over whole. A block that is not closed ends before an item that cannot
//! stand in it; where braces are missing or too many, indentation says which.

use super::blocks::{Open, Walk};
use super::place::Place;
use super::scan::is_word;
use crate::diagnostic::{Diagnostic, MISSING_BRACE, SYNTAX_ERROR};

impl Walk<'_> {
    /// Whether the block ends here; its brace is then passed.
    pub fn is_over(&mut self, block: &Open) -> bool {
        loop {
            self.at = self.skip(self.at);
            if self.stopped {
                return true;
            }
            let token = self.token(self.at);
            if token.is_empty() {
                if block.place != Place::File {
                    self.missing_brace(block);
                }
                return true;
            }
            if token == "}" {
                if block.place == Place::File {
                    self.extra_brace("nothing is open here that it could close");
                } else if self.extra > 0 && self.goes_on_after(block) {
                    let what = block.what;
                    self.extra_brace(&format!("it would close the {what}, but more of it follows"));
                } else if self.unclosed > 0
                    && self.first_on_line(self.at)
                    && self.indent(self.at) < self.indent(block.head)
                {
                    self.missing_brace(block);
                    return true;
                } else {
                    self.at += 1;
                    self.last = None;
                    return true;
                }
                continue;
            }
            if block.place == Place::File || self.begins_item(self.at, token, block) && !self.closes_by_indent(block) {
                return false;
            }
            let outside = block.place.ends_before(token) && self.unclosed > 0 && !self.is_named(token);
            if outside || self.closes_by_indent(block) && !block.place.is_list() {
                self.missing_brace(block);
                return true;
            }
            return false;
        }
    }

    /// With a brace missing somewhere, an item no further in than the block's own head stands outside of it.
    fn closes_by_indent(&self, block: &Open) -> bool {
        self.unclosed > 0
            && block.place != Place::File
            && self.first_on_line(self.at)
            && self.scan.line(self.at) > self.scan.line(block.head)
            && self.first_on_line(block.head)
            && self.indent(self.at) <= self.indent(block.head)
    }

    /// `property:` and `test = …` are names, not the beginning of an item.
    fn is_named(&self, token: &str) -> bool {
        matches!(self.token(self.skip(self.at + token.len())), ":" | "=") && !matches!(token, "property")
    }

    /// Whether what follows a `}` belongs in the block it would close, and not after it.
    fn goes_on_after(&self, block: &Open) -> bool {
        let next = self.skip(self.at + 1);
        let token = self.token(next);
        if block.place == Place::Playbook {
            let (mut next, mut token) = (next, token);
            while token == "}" {
                next = self.skip(next + 1);
                token = self.token(next);
            }
            return !token.is_empty() && !Place::File.words().contains(&token);
        }
        if block.place == Place::Stage
            && Place::Stage.words().contains(&token)
            && !Place::Playbook.words().contains(&token)
        {
            return true;
        }
        // A brace further out than the block's head cannot be its own.
        self.first_on_line(self.at)
            && self.first_on_line(next)
            && self.indent(self.at) > self.indent(block.head)
            && self.indent(next) > self.indent(block.head)
    }

    fn extra_brace(&mut self, label: &str) {
        let span = self.build.at(self.at, self.at + 1);
        self.error(Diagnostic::new(&SYNTAX_ERROR, span, "this `}` is one too many").label(label).help("Leave it out"));
        self.extra = self.extra.saturating_sub(1);
        self.at += 1;
        self.last = None;
    }

    fn missing_brace(&mut self, block: &Open) {
        self.unclosed = self.unclosed.saturating_sub(1);
        self.last = None;
        let line = self.scan.line_start(block.start);
        let end = self.text.get(line..block.start).unwrap_or_default().trim_end().len() + line;
        let span = self.build.at(block.head.min(end), end.max(block.head));
        let here = self.token(self.at);
        let noticed = if here.is_empty() {
            "the file ends without it".to_owned()
        } else {
            format!("it would have to stand before this `{here}`")
        };
        let place = self.build.at(self.at, self.at + here.len());
        self.error(
            Diagnostic::new(&MISSING_BRACE, span, format!("this {} is not closed", block.what))
                .related(place, noticed)
                .help("Add the missing `}`"),
        );
    }

    /// Whether an item of the block can begin with this token.
    pub fn begins_item(&self, at: usize, token: &str, block: &Open) -> bool {
        let next = || self.token(self.skip(at + token.len()));
        let is_name = || token.starts_with(|first: char| first == '_' || is_word(first) && !first.is_numeric());
        let is_date = || token.starts_with(|first: char| first.is_ascii_digit()) && token.len() == 4 && next() == "-";
        match block.place {
            Place::File => Place::File.words().contains(&token) && !matches!(next(), ":" | "="),
            Place::Facts => is_name() && next() == ":",
            Place::Services | Place::Declarations | Place::Links => is_name() && !block.place.ends_before(token),
            Place::Metadata => (is_name() && !block.place.ends_before(token)) || token.starts_with('"'),
            Place::Objectives => token.starts_with('"'),
            Place::History => is_date(),
            Place::Test => Place::Test.words().contains(&token) || is_date(),
            Place::Scenario => {
                Place::Scenario.words().contains(&token) || (is_name() && matches!(next(), "~" | "," | "after"))
            }
            Place::Dynamics => {
                Place::Dynamics.words().contains(&token) || (is_name() && matches!(next(), "+" | "-" | "="))
            }
            place => place.words().contains(&token),
        }
    }

    /// A name and a sign: an entry of a list with a slip in it, such as `=` for `:`.
    pub fn meant_as_entry(&self, token: &str) -> bool {
        let next = self.token(self.skip(self.at + token.len()));
        token.starts_with(|first: char| is_word(first) && !first.is_numeric())
            && matches!(next, ":" | "=" | "~" | "+" | "-" | "*" | "<" | ">")
    }

    pub fn first_on_line(&self, at: usize) -> bool {
        let start = self.scan.line_start(at);
        self.text.get(start..at).is_some_and(|before| before.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')))
    }

    /// How far in the line of a place begins.
    fn indent(&self, at: usize) -> usize {
        let start = self.scan.line_start(at);
        let line = self.text.get(start..).unwrap_or_default();
        line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }

    /// Text that is no item.
    pub fn stray(&mut self, block: &Open) {
        let start = self.at;
        let at = self.refuse_stray(start, block);
        self.last = None;
        self.resume(start, at, block);
    }

    /// Goes on after an item that began at `start` and could be read up to `at`.
    pub fn resume(&mut self, start: usize, at: usize, block: &Open) {
        let one_line = self.scan.line(block.start) == self.scan.line(at);
        let opened = self.token(start);
        let own_arrow = matches!(opened, "whenever" | "on" | "after" | "->");
        let mut here = self.skip(at);
        if here <= start {
            here = self.pass(start);
        }
        if let Some(close) = self.closing_around(start, here) {
            here = close + 1;
        }
        loop {
            let blank_from = here;
            here = self.skip(here);
            let token = self.token(here);
            if token.is_empty() {
                break;
            }
            if token == "}" {
                break;
            }
            let new_line =
                self.scan.line(here) > self.scan.line(blank_from.saturating_sub(1)) || self.first_on_line(here);
            if new_line || (one_line && !(token == "->" && own_arrow)) {
                let outer = block.place != Place::File && block.place.ends_before(token) && new_line;
                if self.begins_item(here, token, block) || outer {
                    break;
                }
            }
            here = self.pass(here);
        }
        self.at = here;
    }

    /// The brace that closes the outermost one that was opened from `start` on, where that is behind `at`: the item goes on up
    /// to there.
    fn closing_around(&self, start: usize, at: usize) -> Option<usize> {
        let mut here = start;
        while here < at {
            let next = self.skip(self.pass(here));
            if next > at {
                return self.scan.closing(here);
            }
            here = next;
        }
        None
    }

    /// The place after the token here, or after the braces that begin here.
    fn pass(&self, at: usize) -> usize {
        let token = self.token(at);
        if let Some(close) = self.scan.closing(at).filter(|_| token == "{") {
            let trusted = self.unclosed == 0
                || self.scan.line(at) == self.scan.line(close)
                || self.indent(at) == self.indent(close);
            if trusted {
                return close + 1;
            }
        }
        at + token.len().max(1)
    }

    /// Finds the `{` of a block whose head could be read up to `at`, and passes it.
    pub fn find_brace(&mut self, start: usize, at: usize, place: Place, outer: &Open) -> bool {
        let inner = Open { place, what: "", head: start, start: at };
        let mut here = self.skip(at.max(start));
        if here <= start {
            here = start + self.token(start).len();
        }
        loop {
            here = self.skip(here);
            let token = self.token(here);
            if token == "{" {
                self.at = here + 1;
                return true;
            }
            if token.is_empty() || token == "}" {
                return false;
            }
            if self.first_on_line(here) && self.scan.line(here) > self.scan.line(start) {
                // The brace itself is missing where the items of the block follow.
                if !place.is_list() && self.begins_item(here, token, &inner) && self.extra > 0 {
                    self.extra -= 1;
                    self.at = here;
                    return true;
                }
                if self.begins_item(here, token, outer) || self.begins_item(here, token, &inner) {
                    return false;
                }
            }
            here += token.len().max(1);
        }
    }
}
