//! Characters and inline Markdown: what can be seen of a text, and what it is looked up by.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Whether nothing can be seen of this character.
#[must_use]
pub fn invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{202a}'..='\u{202e}')
        || (character.is_control() && character != '\t' && character != '\n')
}

/// A text without what cannot be seen, and with plain spaces for all others.
#[must_use]
pub fn clean(text: &str) -> String {
    let plain = |character: char| match character {
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{3000}' => ' ',
        other => other,
    };
    text.chars().filter(|character| !invisible(*character)).map(plain).collect()
}

/// The letter without its accent, for looking up.
fn unaccented(character: char) -> char {
    match character {
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        other => other,
    }
}

/// A character of full width as the plain one.
#[must_use]
pub fn narrow(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0).unwrap_or(character),
        '\u{3000}' | '\u{a0}' => ' ',
        other => other,
    }
}

/// What a spelling is looked up by: its letters and digits alone, small, without accents.
#[must_use]
pub fn key(text: &str) -> String {
    text.chars()
        .map(narrow)
        .flat_map(char::to_lowercase)
        .map(unaccented)
        .filter(|character| character.is_alphanumeric())
        .collect()
}

/// Whether a character is of a script that is written without spaces.
#[must_use]
pub fn is_ideographic(character: char) -> bool {
    matches!(character, '\u{3001}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff01}'..='\u{ffef}')
}

/// Joins lines of one paragraph as a reader sees them.
#[must_use]
pub fn join<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for line in lines {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let close =
            text.chars().next_back().is_some_and(is_ideographic) && line.chars().next().is_some_and(is_ideographic);
        if !text.is_empty() && !close {
            text.push(' ');
        }
        text.push_str(line);
    }
    text
}

/// A link in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The words on it.
    pub text: String,
    /// Where it leads.
    pub target: String,
}

/// What a reader sees of inline Markdown, and its links.
#[must_use]
pub fn seen(markdown: &str) -> (String, Vec<Link>) {
    if !markdown.contains(['*', '_', '`', '[', '<', '\\', '&', '!']) {
        return (squeezed(markdown), Vec::new());
    }
    // A text that begins like a list or a heading is none here.
    let guarded = format!("\u{2060}{}", markdown.trim());
    let mut text = String::new();
    let mut links: Vec<Link> = Vec::new();
    let mut open: Vec<(usize, String)> = Vec::new();
    for event in Parser::new_ext(&guarded, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(piece) | Event::Code(piece) => text.push_str(&piece),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                open.push((text.len(), dest_url.into_string()));
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if let Some((start, target)) = open.pop() {
                    let words = text.get(start..).unwrap_or_default();
                    links.push(Link { text: squeezed(words), target: target.trim().to_owned() });
                }
            }
            Event::InlineHtml(tag) | Event::Html(tag) => {
                let small = tag.to_lowercase();
                if small.starts_with("<br") || small.starts_with("<li") || small.starts_with("</li") {
                    text.push(' ');
                } else if small.starts_with("<a")
                    && let Some(target) = attribute(&tag, "href")
                {
                    open.push((text.len(), target));
                } else if small.starts_with("</a")
                    && let Some((start, target)) = open.pop()
                {
                    let words = text.get(start..).unwrap_or_default();
                    links.push(Link { text: squeezed(words), target });
                }
            }
            _ => {}
        }
    }
    (squeezed(&text), links)
}

/// An attribute of an HTML tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}="))?;
    let quote = rest.chars().next()?;
    let value = match quote {
        '"' | '\'' => rest.get(1..)?.split(quote).next()?,
        _ => rest.split([' ', '>']).next()?,
    };
    Some(value.to_owned())
}

/// What a reader sees of inline Markdown.
#[must_use]
pub fn plain(markdown: &str) -> String {
    seen(markdown).0
}

/// A text with single spaces.
#[must_use]
pub fn squeezed(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    for word in text.split(|character: char| character.is_whitespace() || invisible(character)) {
        if word.is_empty() {
            continue;
        }
        if !squeezed.is_empty() {
            squeezed.push(' ');
        }
        squeezed.push_str(word);
    }
    squeezed
}

/// A value without the marks around it: bold, italics, quotes of a label.
#[must_use]
pub fn unmarked(text: &str) -> String {
    let text: String = text.replace("**", "").replace("__", "");
    text.trim().trim_matches(['*', '_', ' ']).replace("\\", "").trim().to_owned()
}

/// Splits at separators outside brackets.
#[must_use]
pub fn split_outside_brackets(text: &str, separator: impl Fn(char) -> bool) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut depth = 0usize;
    for character in text.chars() {
        match narrow(character) {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && separator(character) {
            pieces.push(String::new());
        } else if let Some(piece) = pieces.last_mut() {
            piece.push(character);
        }
    }
    pieces.iter().map(|piece| piece.trim().to_owned()).filter(|piece| !piece.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spellings_are_looked_up_by() {
        assert_eq!(key("FTOP-Aufgaben "), "ftopaufgaben");
        assert_eq!(key("Id. de Tarea"), key("id de tarea"));
        assert_eq!(key("Próximos pasos"), "proximospasos");
        assert_eq!(key("タスク ID\u{200b}"), "タスクid");
        assert_eq!(key("Ｍ"), "m");
    }

    #[test]
    fn what_a_reader_sees() {
        let (text, links) = seen("[MDATP](https://aka.ms/x) **and** `code` <br> &amp; \\*");
        assert_eq!(text, "MDATP and code & *");
        assert_eq!(links, [Link { text: "MDATP".into(), target: "https://aka.ms/x".into() }]);
        assert_eq!(seen("<a href=\"a.md\">A</a>").1[0].target, "a.md");
        assert_eq!(plain("- not a list"), "- not a list");
        assert_eq!(plain("# 1"), "# 1");
    }

    #[test]
    fn lines_are_joined_as_they_are_read() {
        assert_eq!(join(["one ", " two"]), "one two");
        assert_eq!(join(["支持", "成功"]), "支持成功");
    }
}
