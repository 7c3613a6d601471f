//! Label lines: `Primary Role: **FastTrack Manager**`, in all the ways they are written.

use super::language::{Label, Languages};
use super::text::{narrow, plain};

/// A label with its value, in inline Markdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// What it says.
    pub label: Label,
    /// Its value.
    pub value: String,
    /// Whether the line marks something as bold.
    pub bold: bool,
    /// Whether it says so by its position in the line rather than by a word of its own.
    pub inline: bool,
    /// The label as it is written, where nobody knows it.
    pub guessed: Option<String>,
    /// The label as it is written; empty where only its position says it.
    pub written: String,
}

/// The labels of a line; none where it does not begin with one. Several may share a line.
#[must_use]
pub fn of_line(line: &str, languages: &Languages, language: &str) -> Vec<Labelled> {
    let bold = line.contains("**") || line.contains("__");
    let text = line.trim().trim_start_matches(['-', '*', '>', '+', '_', ' ', '•']);
    let known = |head: &str| {
        let short = head.chars().count() <= 48;
        let written = plain(&head.replace("**", ""));
        short.then(|| languages.label(language, &written)).flatten().map(|label| (label, written))
    };
    let by_colon = split_at_colon(text).and_then(|(head, rest)| Some((known(head)?, rest)));
    // Without its colon, a label is known by the bold value behind it.
    let by_bold = || {
        let at = text.find("**").filter(|at| *at > 0)?;
        Some((known(text.get(..at)?)?, text.get(at..)?))
    };
    let Some(((label, written), rest)) = by_colon.or_else(by_bold) else { return Vec::new() };
    let mut found = vec![Labelled { label, value: String::new(), bold, inline: false, guessed: None, written }];
    // Further labels within the line.
    let mut rest = rest.to_owned();
    while let Some(next) = next_label(&rest, languages, language) {
        if let Some(last) = found.last_mut() {
            last.value = next.before;
        }
        let written = if next.inline { String::new() } else { plain(&next.written) };
        found.push(Labelled {
            label: next.label,
            value: String::new(),
            bold,
            inline: next.inline,
            guessed: None,
            written,
        });
        rest = next.after;
    }
    if let Some(last) = found.last_mut() {
        last.value = rest;
    }
    found
}

fn split_at_colon(text: &str) -> Option<(&str, &str)> {
    let at = text.char_indices().find(|(_, character)| narrow(*character) == ':')?;
    Some((text.get(..at.0)?, text.get(at.0 + at.1.len_utf8()..)?))
}

/// A further label in a value: what stands before it, what it says, how it is written, what follows.
struct Further {
    before: String,
    label: Label,
    written: String,
    after: String,
    inline: bool,
}

/// The next label in a value.
fn next_label(text: &str, languages: &Languages, language: &str) -> Option<Further> {
    let own = languages.by_tag(language);
    let others = languages.all().iter().filter(|other| other.tag != language);
    for (at, character) in text.char_indices().filter(|(_, character)| narrow(*character) == ':') {
        let before = text.get(..at)?;
        let after = text.get(at + character.len_utf8()..)?;
        let bare = before.trim_end_matches(['*', ' ', '_']);
        let small = bare.to_lowercase();
        for language in own.into_iter().chain(others.clone()) {
            let mut best: Option<(usize, Label)> = None;
            for (label, spellings) in &language.labels {
                for spelling in spellings {
                    let spelling = spelling.to_lowercase();
                    let Some(start) = small.len().checked_sub(spelling.len()) else { continue };
                    let ends = small.get(start..).is_some_and(|end| end == spelling);
                    let head = small.get(..start).unwrap_or_default();
                    // A word must not begin in the midst of another.
                    let apart =
                        head.is_empty() || head.ends_with([' ', '*', '_', '|', '；', ';', '>']) || !spelling.is_ascii();
                    let longer = best.is_none_or(|(known, _)| start < known);
                    if ends && apart && longer {
                        best = Some((start, *label));
                    }
                }
            }
            if let Some((start, label)) = best
                && bare.len() == small.len()
            {
                let inline = label == Label::InlineApplies;
                let label = if inline { Label::Applies } else { label };
                let (before, written) = (bare.get(..start)?.to_owned(), bare.get(start..)?.to_owned());
                return Some(Further { before, label, written, after: after.to_owned(), inline });
            }
        }
    }
    None
}

/// The block a line opens: what a step takes in, or gives. With what follows on the line.
#[must_use]
pub fn block_of_line(line: &str, languages: &Languages, language: &str) -> Option<(Label, String)> {
    let text = line.trim().trim_start_matches(['-', '>', '+', ' ', '•']);
    let marked = ["***", "**", "__", "*", "_"].iter().find_map(|mark| {
        let rest = text.strip_prefix(mark)?;
        let end = rest.find(mark)?;
        Some((rest.get(..end)?, rest.get(end + mark.len()..)?))
    });
    let (head, rest) = match marked {
        Some((head, rest)) => (head.to_owned(), rest.to_owned()),
        None => {
            let (head, rest) = split_at_colon(text)?;
            (head.to_owned(), rest.to_owned())
        }
    };
    let head = plain(&head);
    // A label may be followed by its explanation, in brackets or behind a colon.
    let cut =
        head.char_indices().find(|(_, character)| matches!(narrow(*character), '(' | ':' | '[')).map(|(at, _)| at);
    let (name, within) =
        cut.map_or((head.as_str(), ""), |at| (head.get(..at).unwrap_or_default(), head.get(at..).unwrap_or_default()));
    let is_block = |label: Label| matches!(label, Label::Inputs | Label::Outputs).then_some(label);
    let label = languages.label(language, name).and_then(is_block).or_else(|| languages.block(name))?;
    let within = within.trim_start_matches([':', '：', ' ']);
    let within = if within.starts_with(['(', '（', '[']) { "" } else { within };
    let rest = rest.trim().trim_start_matches([':', '：', '*', '_', ' ']).trim();
    let gloss = rest.starts_with(['(', '（']) && rest.ends_with([')', '）', ':', '：']);
    let rest = if gloss { "" } else { rest };
    let value = [within, rest].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    Some((label, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(language: &str, line: &str) -> Vec<(Label, String)> {
        let found = of_line(line, Languages::known(), language);
        found.into_iter().map(|found| (found.label, super::super::text::unmarked(&found.value))).collect()
    }

    #[test]
    fn one_label_a_line() {
        let manager = || vec![(Label::Primary, "FastTrack Manager".to_owned())];
        assert_eq!(labels("en", "Primary Role: **FastTrack Manager**"), manager());
        assert_eq!(labels("en", "**Primary Role: FastTrack Manager**"), manager());
        assert_eq!(labels("en", "**Primary Role(s):** FastTrack Manager"), manager());
        assert_eq!(labels("en", "**Primary Role**: FastTrack Manager"), manager());
        assert_eq!(labels("en", "- Primary Role： FastTrack Manager"), manager());
        assert_eq!(labels("zh-CN", "主要角色: **FastTrack 经理**"), [(Label::Primary, "FastTrack 经理".to_owned())]);
        assert_eq!(labels("en", "Primary Roles: -"), [(Label::Primary, "-".to_owned())]);
        assert_eq!(labels("en", "Customers say: **no**"), []);
        assert_eq!(labels("en", "Primary Role **FastTrack Manager**"), manager());
        assert_eq!(labels("en", "Primary"), []);
    }

    #[test]
    fn several_labels_on_one_line() {
        assert_eq!(
            labels("de", "**Primäre Rolle: FastTrack Engineer für: Office 365 ProPlus (ohne Upgrade)**"),
            [
                (Label::Primary, "FastTrack Engineer".to_owned()),
                (Label::Applies, "Office 365 ProPlus (ohne Upgrade)".to_owned())
            ]
        );
        assert_eq!(
            labels("zh-CN", "主要角色: **FastTrack 经理** 行动: **RFA** 适用于: **所有服务**"),
            [
                (Label::Primary, "FastTrack 经理".to_owned()),
                (Label::Motions, "RFA".to_owned()),
                (Label::Applies, "所有服务".to_owned())
            ]
        );
        assert_eq!(
            labels("en", "**Primary Role: FastTrack Engineer Applies To: Teams**")[1],
            (Label::Applies, "Teams".to_owned())
        );
    }

    #[test]
    fn blocks_of_a_step() {
        let block = |language: &str, line: &str| block_of_line(line, Languages::known(), language);
        assert_eq!(block("en", "**Step Inputs (what is needed):**"), Some((Label::Inputs, String::new())));
        assert_eq!(block("en", "**Step Outputs** (what comes of it)"), Some((Label::Outputs, String::new())));
        assert_eq!(block("de", "**Qualitätseingaben:** Liste"), Some((Label::Inputs, "Liste".to_owned())));
        assert_eq!(block("zh-CN", "**质量产出：**"), Some((Label::Outputs, String::new())));
        assert_eq!(block("en", "**Step Inputs - what is needed**"), Some((Label::Inputs, String::new())));
        assert_eq!(block("en", "**Note:** text"), None);
        assert_eq!(block("en", "Primary Role: **x**"), None);
    }
}
