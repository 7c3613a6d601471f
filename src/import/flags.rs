//! The cell that says whether a task is mandatory: a letter or a word as a rule; both, or one with the role or a remark,
//! on pages that are odd.

use super::language::{Flag, NameKind};
use super::names::Words;
use super::text::{is_ideographic, narrow, plain};

/// What such a cell says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flagged {
    /// Mandatory or optional.
    pub flag: Flag,
    /// The role that stands in the cell too; empty where none does.
    pub role: String,
    /// Whether the cell says something else besides.
    pub remark: bool,
}

impl Words<'_> {
    /// Mandatory or optional, if the cell says nothing else.
    #[must_use]
    pub fn flag(&self, cell: &str) -> Option<Flag> {
        let text = plain(cell);
        let text = text.trim_matches(['(', ')', '*', ' ', '.', '（', '）', '[', ']', '~', '✱', '†']);
        if text.is_empty() || text.chars().count() > 24 {
            return None;
        }
        let letter = match text {
            // Letters of other scripts that look the same, and the digit.
            "О" | "о" | "0" | "Ο" => "O",
            "М" | "м" | "Μ" => "M",
            "Е" => "E",
            other => other,
        };
        self.languages.flag(self.language, letter)
    }

    /// What a cell says that holds a flag, in whatever company.
    #[must_use]
    pub fn flagged(&self, cell: &str) -> Option<Flagged> {
        let alone = |flag| Flagged { flag, role: String::new(), remark: false };
        let text = plain(cell);
        if let Some(flag) = self.flag(cell) {
            // A star points to a remark elsewhere.
            return Some(Flagged { remark: text.ends_with(['*', '†', '✱']), ..alone(flag) });
        }
        if text.is_empty() || text.chars().count() > 160 {
            return None;
        }
        // `Mandatory (M)`, `O - Optional`, `必須 M`: the same said twice, in parts between marks or in words.
        for parts in [segments(&text), tokens(&text)] {
            let flags: Vec<Option<Flag>> = parts.iter().map(|part| self.flag(part)).collect();
            if let Some(Some(first)) = flags.first().copied()
                && flags.iter().all(Option::is_some)
            {
                return flags.iter().all(|flag| *flag == Some(first)).then(|| alone(first));
            }
        }
        self.with_role(&text).or_else(|| self.with_remark(&text))
    }

    /// Flag and role in one cell, in either order.
    fn with_role(&self, text: &str) -> Option<Flagged> {
        let marks = |character: char| character.is_whitespace() || "()（）[]-–—/,:：;".contains(character);
        let first = text.split(marks).find(|part| !part.is_empty())?;
        let last = text.rsplit(marks).find(|part| !part.is_empty())?;
        let begins = text.trim_start_matches(marks).get(first.len()..).map(|rest| (first, rest));
        let ends = text.trim_end_matches(marks).strip_suffix(last).map(|rest| (last, rest));
        [begins, ends].into_iter().flatten().find_map(|(part, rest)| {
            let flag = self.flag(part)?;
            let role = rest.trim_matches(marks);
            let known = self.list(NameKind::Role, role).iter().any(|role| role.known);
            known.then(|| Flagged { flag, role: role.to_owned(), remark: false })
        })
    }

    /// A flag with words that say more: it stands first, or in brackets at the end.
    fn with_remark(&self, text: &str) -> Option<Flagged> {
        let segments = segments(text);
        let first = segments.first().and_then(|first| self.flag(first).or_else(|| self.flag(tokens(first).first()?)));
        let ends = text.trim_end().ends_with([')', '）', ']']);
        let last = segments.last().filter(|_| ends && segments.len() > 1).and_then(|last| self.flag(last));
        let flag = first.or(last)?;
        // Where both are spoken of, it is neither. A single small letter is a word of the language rather.
        let letter = |token: &str| token.chars().count() == 1 && !token.chars().all(char::is_uppercase);
        let other = tokens(text)
            .iter()
            .filter(|token| !letter(token))
            .filter_map(|token| self.flag(token))
            .chain(segments.iter().filter(|segment| !letter(segment)).filter_map(|segment| self.flag(segment)))
            .any(|other| other != flag);
        (!other).then_some(Flagged { flag, role: String::new(), remark: true })
    }
}

/// The parts of a text between brackets, bars and dashes.
fn segments(text: &str) -> Vec<String> {
    let marks = |character: char| "()[]{}/,;:=|–—【】・、".contains(narrow(character)) || character == '\n';
    let text = text.replace(" - ", "|");
    text.split(marks).map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// The words of a text; where scripts change, a new one begins.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = vec![String::new()];
    let mut before: Option<bool> = None;
    for character in text.chars() {
        if !character.is_alphanumeric() {
            tokens.push(String::new());
            before = None;
            continue;
        }
        let ideographic = is_ideographic(character) && narrow(character) == character;
        if before.is_some_and(|before| before != ideographic) {
            tokens.push(String::new());
        }
        before = Some(ideographic);
        if let Some(last) = tokens.last_mut() {
            last.push(character);
        }
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}

#[cfg(test)]
mod tests {
    use super::super::language::Languages;
    use super::*;

    fn flagged(language: &str, text: &str) -> Option<(Flag, String, bool)> {
        let words = Words { languages: Languages::known(), language };
        words.flagged(text).map(|found| (found.flag, found.role, found.remark))
    }

    #[test]
    fn flags() {
        let flag = |language: &str, text: &str| Words { languages: Languages::known(), language }.flag(text);
        assert_eq!(flag("de", "E"), Some(Flag::Mandatory));
        assert_eq!(flag("pt", "b"), Some(Flag::Mandatory));
        assert_eq!(flag("en", "(M)"), Some(Flag::Mandatory));
        assert_eq!(flag("ja", "省略可"), Some(Flag::Optional));
        assert_eq!(flag("ja", "Ｏ"), Some(Flag::Optional));
        assert_eq!(flag("de", "Nicht erforderlich"), Some(Flag::Optional));
        assert_eq!(flag("en", "O FastTrack Engineer"), None);
        assert_eq!(flag("en", ""), None);
    }

    #[test]
    fn the_same_said_twice() {
        for (language, text, flag) in [
            ("en", "Mandatory (M)", Flag::Mandatory),
            ("es", "(O) Opcional", Flag::Optional),
            ("zh-CN", "M 强制性", Flag::Mandatory),
            ("zh-CN", "强制性M", Flag::Mandatory),
            ("ja", "必須 (M)", Flag::Mandatory),
            ("ja", "必須（M）", Flag::Mandatory),
            ("de", "E - Erforderlich", Flag::Mandatory),
            ("pt", "Obrigatório/b", Flag::Mandatory),
            ("en", "(M)andatory", Flag::Mandatory),
        ] {
            assert_eq!(flagged(language, text), Some((flag, String::new(), false)), "{text}");
        }
        for neither in ["M/O", "M or O", "Mandatory for Exchange, optional for others", "Not at all mandatory", "?"] {
            assert_eq!(flagged("en", neither), None, "{neither}");
        }
    }

    #[test]
    fn in_company() {
        for text in
            ["O FastTrack Engineer", "O - FastTrack Engineer", "FastTrack Engineer (O)", "FastTrack Engineer / O"]
        {
            assert_eq!(flagged("en", text), Some((Flag::Optional, "FastTrack Engineer".to_owned(), false)), "{text}");
        }
        for text in ["M (new)", "M, where hybrid", "See the note (M)", "Mandatory for Exchange"] {
            assert_eq!(flagged("en", text), Some((Flag::Mandatory, String::new(), true)), "{text}");
        }
    }
}
