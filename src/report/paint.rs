//! Colours for a terminal, or none, and text that cannot disturb it.

use std::borrow::Cow;

/// How text for people is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether to use colours.
    pub color: bool,
    /// Whether line drawing may use more than ASCII.
    pub unicode: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Default for Look {
    /// As for a file: no colours, 100 columns.
    fn default() -> Look {
        Look { color: false, unicode: true, width: 100 }
    }
}

/// What a piece of text is, and so which colour it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A heading or a name that matters.
    Strong,
    /// Background information.
    Faint,
    /// Something bad.
    Bad,
    /// Something suspicious.
    Doubtful,
    /// Something good.
    Good,
    /// A name, a place, a piece of code.
    Code,
}

impl Look {
    /// The text in this tone; unchanged where there are no colours.
    #[must_use]
    pub fn paint<'a>(&self, tone: Tone, text: &'a str) -> Cow<'a, str> {
        if !self.color || text.is_empty() {
            return Cow::Borrowed(text);
        }
        let code = match tone {
            Tone::Strong => "1",
            Tone::Faint => "2",
            Tone::Bad => "1;31",
            Tone::Doubtful => "1;33",
            Tone::Good => "32",
            Tone::Code => "36",
        };
        Cow::Owned(format!("\u{1b}[{code}m{text}\u{1b}[0m"))
    }
}

/// What to show instead of a character that would disturb a terminal or reorder its text; `None` shows it as it is.
#[must_use]
pub fn stand_in(character: char) -> Option<char> {
    match character {
        '\t' => None,
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + character as u32),
        '\u{7f}' => Some('\u{2421}'),
        '\u{80}'..='\u{9f}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{2028}'
        | '\u{2029}' => Some('\u{fffd}'),
        _ => None,
    }
}

/// Text as it may be shown on one line of a terminal: control characters are made visible.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().all(|character| stand_in(character).is_none()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|character| stand_in(character).unwrap_or(character)).collect())
}

/// At most `limit` characters of a text, with `…` where it was cut.
#[must_use]
pub fn shortened(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some((at, _)) => Cow::Owned(format!("{}…", text.get(..at).unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_reordering_marks_are_shown_not_obeyed() {
        assert_eq!(visible("a\u{1b}[31mb\n\u{202e}c"), "a␛[31mb␊\u{fffd}c");
        assert_eq!(visible("支持\t成功"), "支持\t成功");
    }

    #[test]
    fn paint_only_with_colours() {
        assert_eq!(Look::default().paint(Tone::Bad, "x"), "x");
        assert_eq!(Look { color: true, ..Look::default() }.paint(Tone::Bad, "x"), "\u{1b}[1;31mx\u{1b}[0m");
    }

    #[test]
    fn shortened_counts_characters() {
        assert_eq!(shortened("支持成功", 4), "支持成功");
        assert_eq!(shortened("支持成功", 2), "支持…");
    }
}
