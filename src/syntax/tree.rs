//! Pairs of the grammar to nodes of the tree.
//!
//! The grammar says what stands where; the functions here take the pieces they know and pass over the rest. What the
//! grammar cannot say (a day that does not exist, a number too large, `and` mixed with `or`) is reported here and
//! replaced by something harmless.

mod expression;
mod flow;
mod playbook;
mod property;
mod scenario;
mod test;
mod variant;
mod work;

pub(super) use playbook::Head;
pub(super) use scenario::StatementsHead;

use super::ast::*;
use super::grammar::Rule;
use super::scan::{Scan, is_blank};
use crate::diagnostic::{self, Diagnostic};
use crate::source::{FileId, Span};
use pest::iterators::Pair;

/// Makes nodes out of pairs.
pub(super) struct Builder<'s> {
    text: &'s str,
    scan: &'s Scan,
    file: FileId,
    /// Where in the text the pairs in hand begin.
    pub base: usize,
    /// What is wrong with what could be read.
    pub problems: Vec<Diagnostic>,
}

impl<'s> Builder<'s> {
    pub fn new(text: &'s str, scan: &'s Scan, file: FileId) -> Builder<'s> {
        Builder { text, scan, file, base: 0, problems: Vec::new() }
    }

    /// A span from offsets in the whole text.
    pub fn at(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, start: start as u32, end: end.max(start) as u32 }
    }

    /// Where a pair stands, without the blanks and comments the grammar may have passed over after it.
    pub fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        self.trimmed(self.base + span.start(), self.base + span.end())
    }

    /// What stands between two places, without blanks and comments at its end.
    pub fn at_last_token(&self, start: usize, end: usize) -> Span {
        self.trimmed(start, end)
    }

    fn trimmed(&self, start: usize, mut end: usize) -> Span {
        loop {
            let text = self.text.get(start..end).unwrap_or_default();
            let length = text.trim_end_matches(is_blank).len();
            end = start + length;
            let next = self.scan.comments.partition_point(|comment| (comment.span.start as usize) < end);
            match next.checked_sub(1).and_then(|last| self.scan.comments.get(last)) {
                Some(comment) if comment.span.end as usize >= end && comment.span.start as usize >= start => {
                    end = comment.span.start as usize;
                }
                _ => return self.at(start, end),
            }
        }
    }

    pub fn problem(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    pub fn name(&self, pair: &Pair<'_, Rule>) -> Name {
        Name { text: pair.as_str().to_owned(), span: self.span(pair) }
    }

    /// The first name directly in the pair.
    pub fn first_name(&self, pair: Pair<'_, Rule>) -> Name {
        self.names(pair).into_iter().next().unwrap_or_default()
    }

    /// All names directly in the pair, or in its brackets.
    pub fn names(&self, pair: Pair<'_, Rule>) -> Vec<Name> {
        let mut names = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => names.push(self.name(&part)),
                Rule::names_in_parens => names.extend(self.names(part)),
                _ => {}
            }
        }
        names
    }

    /// A quoted text without its quotes and escapes.
    pub fn literal(&mut self, pair: &Pair<'_, Rule>) -> Literal {
        let span = self.span(pair);
        let written = pair.as_str();
        let inner = written.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(written);
        let mut text = String::with_capacity(inner.len());
        let mut characters = inner.char_indices();
        while let Some((at, character)) = characters.next() {
            if character != '\\' {
                text.push(character);
                continue;
            }
            let rest = inner.get(at + 1..).unwrap_or_default();
            let (read, length) = escape(rest);
            if read.is_none() {
                let start = span.start as usize + 1 + at;
                let place = self.at(start, start + 1 + length);
                self.problem(
                    Diagnostic::new(
                        &diagnostic::BAD_ESCAPE,
                        place,
                        format!("`\\{}` means nothing in a text", rest.get(..length).unwrap_or_default()),
                    )
                    .help("Only `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u{…}` are escapes; a backslash itself is written `\\\\`"),
                );
            }
            text.extend(read);
            let end = at + 1 + length;
            while characters.clone().next().is_some_and(|(next, _)| next < end) {
                characters.next();
            }
        }
        Literal { text, span }
    }

    pub fn text(&mut self, pair: Pair<'_, Rule>) -> Text {
        let span = self.span(&pair);
        let mut main = None;
        let mut translations = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::string => main = Some(self.literal(&part)),
                Rule::translation => {
                    let (mut tag, mut text) = (None, None);
                    for part in part.into_inner() {
                        match part.as_rule() {
                            Rule::tag => tag = Some(self.tag(&part)),
                            Rule::string => text = Some(self.literal(&part)),
                            _ => {}
                        }
                    }
                    translations.extend(tag.zip(text).map(|(tag, text)| Translation { tag, text }));
                }
                _ => {}
            }
        }
        Text { main: main.unwrap_or(Literal { text: String::new(), span }), translations }
    }

    /// A language tag without its `@`.
    pub fn tag(&self, pair: &Pair<'_, Rule>) -> Name {
        let mut tag = self.name(pair);
        tag.text.remove(0);
        tag
    }

    pub fn task_ref(&mut self, pair: Pair<'_, Rule>) -> (TaskRef, Span) {
        let span = self.span(&pair);
        let written = pair.as_str().trim_end_matches(is_blank);
        if !written.starts_with(|first: char| first.is_ascii_digit()) {
            return (TaskRef::Name(self.first_name(pair).text), span);
        }
        let number = self
            .whole(written.split(|character| is_blank(character) || character == '/').next().unwrap_or(written), span);
        (TaskRef::Number(number), span)
    }

    /// A whole number that is not a value: of a task, of times.
    pub fn whole(&mut self, written: &str, span: Span) -> u64 {
        written.replace('_', "").parse().unwrap_or_else(|_| {
            self.problem(Diagnostic::new(&diagnostic::BAD_NUMBER, span, format!("`{written}` is too large")));
            0
        })
    }

    pub fn number(&mut self, pair: &Pair<'_, Rule>) -> Micro {
        let written = pair.as_str().trim_end_matches('%');
        Micro::parse(written).unwrap_or_else(|| {
            let span = self.span(pair);
            let decimals = written.split_once('.').map_or("", |(_, decimals)| decimals);
            let short = decimals.trim_end_matches('0').bytes().filter(u8::is_ascii_digit).count() <= 6;
            let (message, help) = if short {
                (format!("`{written}` is too large"), "Numbers go up to nine million millions")
            } else {
                (format!("`{written}` has more than six decimals"), "Numbers are exact to six decimals; round it")
            };
            self.problem(Diagnostic::new(&diagnostic::BAD_NUMBER, span, message).help(help));
            Micro(0)
        })
    }

    pub fn date(&mut self, pair: &Pair<'_, Rule>) -> (Date, Span) {
        let span = self.span(pair);
        let date = Date::parse(pair.as_str()).unwrap_or_else(|| {
            self.problem(
                Diagnostic::new(&diagnostic::NO_SUCH_DAY, span, format!("there is no day `{}`", pair.as_str()))
                    .help("Dates are written year-month-day, for example `2020-03-02`"),
            );
            Date(0)
        });
        (date, span)
    }

    pub fn unit(pair: &Pair<'_, Rule>) -> Unit {
        match pair.as_str().trim_end_matches('s') {
            "minute" => Unit::Minutes,
            "hour" => Unit::Hours,
            "week" => Unit::Weeks,
            "month" => Unit::Months,
            "year" => Unit::Years,
            _ => Unit::Days,
        }
    }

    pub fn status(pair: Pair<'_, Rule>) -> TaskStatus {
        let words: Vec<&str> = pair.into_inner().map(|word| word.as_str()).collect();
        let words = words.join(" ");
        TaskStatus::ALL
            .iter()
            .find(|(_, status)| *status == words)
            .map_or(TaskStatus::NotStarted, |(status, _)| *status)
    }

    /// The first condition or value directly in the pair.
    pub fn first_expression(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        pair.into_inner()
            .find(|part| matches!(part.as_rule(), Rule::expr | Rule::value | Rule::duration))
            .map(|part| self.expression(part))
    }

    /// The first condition or value, or a harmless one.
    pub fn some_expression(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        self.first_expression(pair).unwrap_or(Expr { kind: ExprKind::YesNo(false), span })
    }
}

/// What an escape without its backslash stands for, and how long it is.
fn escape(rest: &str) -> (Option<char>, usize) {
    match rest.chars().next() {
        Some('"') => (Some('"'), 1),
        Some('\\') => (Some('\\'), 1),
        Some('n') => (Some('\n'), 1),
        Some('t') => (Some('\t'), 1),
        Some('u') => {
            let digits = rest.strip_prefix("u{").and_then(|rest| rest.split_once('}')).map(|(digits, _)| digits);
            let read = digits
                .filter(|digits| (1..=6).contains(&digits.len()))
                .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                .and_then(char::from_u32);
            match (digits, read) {
                (Some(digits), Some(read)) => (Some(read), digits.len() + 3),
                _ => (None, 1),
            }
        }
        Some(other) => (None, other.len_utf8()),
        None => (None, 0),
    }
}
