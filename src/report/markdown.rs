//! The Markdown of our own pages, for a terminal: headings, paragraphs, lists, code.

use super::paint::{Look, Tone};
use unicode_width::UnicodeWidthStr;

/// Widest paragraph, whatever the terminal.
const WIDEST: usize = 100;

/// The page as text for a terminal. Fenced code is indented, paragraphs are filled, marks become colours where there
/// are colours and stay where there are none.
#[must_use]
pub fn render(page: &str, look: Look) -> String {
    let mut text = String::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut fence: Option<&str> = None;
    for line in page.lines() {
        let trimmed = line.trim_start();
        if let Some(mark) = fence {
            if trimmed.starts_with(mark) {
                fence = None;
            } else {
                let line = look.paint(Tone::Code, line);
                text.push_str(format!("    {line}").trim_end());
                text.push('\n');
            }
        } else if let Some(mark) = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark)) {
            flush(&mut text, &mut paragraph, look);
            fence = Some(mark);
        } else if line.starts_with('#') {
            flush(&mut text, &mut paragraph, look);
            text.push_str(
                &look.paint(Tone::Strong, if look.color { line.trim_start_matches(['#', ' ']) } else { line }),
            );
            text.push('\n');
        } else if trimmed.is_empty() {
            flush(&mut text, &mut paragraph, look);
            text.push('\n');
        } else {
            if trimmed.starts_with("- ") || trimmed.starts_with("* ") {
                flush(&mut text, &mut paragraph, look);
            }
            paragraph.push(trimmed);
        }
    }
    flush(&mut text, &mut paragraph, look);
    text
}

/// Writes the paragraph so far, filled to the width.
fn flush(text: &mut String, paragraph: &mut Vec<&str>, look: Look) {
    if paragraph.is_empty() {
        return;
    }
    let width = look.width.clamp(40, WIDEST);
    let joined = paragraph.join(" ");
    paragraph.clear();
    let indent = if joined.starts_with("- ") || joined.starts_with("* ") { "  " } else { "" };
    let mut line = String::new();
    let mut lines: Vec<String> = Vec::new();
    for word in joined.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::replace(&mut line, format!("{indent}{word}")));
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.push(line);
    text.push_str(&code_marks(&lines.join("\n"), look));
    text.push('\n');
}

/// `` `code` `` in its colour.
fn code_marks(text: &str, look: Look) -> String {
    if !look.color {
        return text.to_owned();
    }
    let pieces: Vec<&str> = text.split('`').collect();
    let paired = pieces.len() % 2 == 1;
    let mut painted = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        if paired && index % 2 == 1 {
            painted.push_str(&look.paint(Tone::Code, piece));
        } else {
            if !paired && index > 0 {
                painted.push('`');
            }
            painted.push_str(piece);
        }
    }
    painted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page() {
        let page =
            "# a-rule\n\nOne line\nand `another`.\n\n- first\n- second\n\n```play\nplaybook a {\n\n}\n```\nEnd.\n";
        assert_eq!(
            render(page, Look::default()),
            "# a-rule\n\nOne line and `another`.\n\n- first\n- second\n\n    playbook a {\n\n    }\nEnd.\n"
        );
        let colored = render(page, Look { color: true, ..Look::default() });
        assert!(colored.contains("\u{1b}[1ma-rule\u{1b}[0m"));
        assert!(colored.contains("and \u{1b}[36manother\u{1b}[0m."));
    }

    #[test]
    fn long_paragraphs_are_filled() {
        let text = render(&"word ".repeat(40), Look { width: 50, ..Look::default() });
        assert!(text.lines().all(|line| line.len() <= 50) && text.lines().count() == 4, "{text}");
    }
}
