//! The words and signs of a text, as the grammar divides it.

use crate::syntax::ast::Comment;

/// A word, number, text or sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'s> {
    /// As written.
    pub text: &'s str,
    /// Its first byte.
    pub start: usize,
}

impl Token<'_> {
    /// One past its last byte.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{200B}' | '\u{FEFF}')
}

fn is_word(character: char) -> bool {
    character == '_' || pest::unicode::XID_CONTINUE(character)
}

/// The tokens of a text without syntax errors; `comments` are its comments in order.
pub(super) fn tokens<'s>(text: &'s str, comments: &[Comment]) -> Vec<Token<'s>> {
    let mut tokens = Vec::new();
    let mut comments = comments.iter().peekable();
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        at += rest.len() - rest.trim_start_matches(is_blank).len();
        if let Some(comment) = comments.next_if(|comment| comment.span.start as usize == at) {
            at = (comment.span.end as usize).max(at + 2);
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        let length = length(rest);
        if length == 0 {
            return tokens;
        }
        tokens.push(Token { text: rest.get(..length).unwrap_or_default(), start: at });
        at += length;
    }
}

/// How long the first token is.
fn length(rest: &str) -> usize {
    let Some(first) = rest.chars().next() else { return 0 };
    if first.is_ascii_digit() {
        return number(rest);
    }
    if first == '"' {
        return string(rest);
    }
    if is_word(first) {
        // The name of a type; as a division of two words it means the same written close.
        let yes_no = rest.strip_prefix("yes/no").is_some_and(|after| !after.starts_with(is_word));
        return if yes_no { 6 } else { word(rest) };
    }
    if first == '@' {
        let tag = rest.bytes().skip(1).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
        return 1 + tag;
    }
    for sign in ["->", "<=", ">=", "!=", "==", "+=", "-=", ".."] {
        if rest.starts_with(sign) {
            return sign.len();
        }
    }
    first.len_utf8()
}

fn word(rest: &str) -> usize {
    rest.find(|character| !is_word(character)).unwrap_or(rest.len())
}

/// A number, a percentage, a date or a time of day.
fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let digits =
        |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit() || **byte == b'_').count();
    let sign = |at: usize, sign: u8| bytes.get(at) == Some(&sign);
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let date = (0..10).all(|at| if at == 4 || at == 7 { sign(at, b'-') } else { digit(at) });
    if date && !rest.get(10..).is_some_and(|after| after.starts_with(is_word)) {
        return 10;
    }
    let clock = |digits: usize| sign(digits, b':') && digit(digits + 1) && digit(digits + 2);
    let mut length = digits(0);
    if length <= 2 && clock(length) {
        length += 3;
        return length + rest.get(length..).map_or(0, word);
    }
    if sign(length, b'.') && digit(length + 1) {
        length += 1 + digits(length + 1);
    }
    if sign(length, b'%') {
        return length + 1;
    }
    // What is no number cannot stand in a text without errors, but must not be torn apart.
    length + rest.get(length..).map_or(0, word)
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}
