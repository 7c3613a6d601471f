//! Lists of roles, services and motions, as labels and cells hold them.

use super::language::{Flag, Languages, NameKind};
use super::page::Named;
use super::text::{key, plain, split_outside_brackets, unmarked};

/// The languages, and the one that comes first.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// All of them.
    pub languages: &'a Languages,
    /// The tag of the page's own.
    pub language: &'a str,
}

impl Words<'_> {
    /// Mandatory or optional, if the cell says nothing else.
    #[must_use]
    pub fn flag(&self, cell: &str) -> Option<Flag> {
        let text = plain(cell);
        let text = text.trim_matches(['(', ')', '*', ' ', '.', '（', '）']);
        if text.is_empty() || text.chars().count() > 20 {
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

    /// Names in a list, with their English forms.
    #[must_use]
    pub fn list(&self, kind: NameKind, text: &str) -> Vec<Named> {
        let text = with_breaks(text);
        let text = unmarked(&plain(&text));
        if is_nothing(&text) {
            return Vec::new();
        }
        if let Some(name) = self.one(kind, &text) {
            return vec![Named { name, written: text, known: true }];
        }
        let separators = |character: char| {
            matches!(character, '/' | ',' | ';' | '、' | '；' | '，' | '／' | '&' | '|' | '＆' | '・' | '\n')
        };
        let pieces = split_outside_brackets(&text, separators);
        let mut names: Vec<Named> = Vec::new();
        let mut at = 0;
        while at < pieces.len() {
            // One name may hold a separator: `Classroom/SDS`.
            let joined = (2..=3).rev().find_map(|count| {
                let together = pieces.get(at..at + count)?.join("/");
                self.one(kind, &together).map(|name| (count, name, together))
            });
            if let Some((count, name, written)) = joined {
                names.push(Named { name, written, known: true });
                at += count;
                continue;
            }
            if let Some(piece) = pieces.get(at) {
                self.piece(kind, piece, &mut names);
            }
            at += 1;
        }
        let mut seen: Vec<String> = Vec::new();
        names.retain(|name| {
            let key = key(&name.name);
            let new = !seen.contains(&key);
            seen.push(key);
            new
        });
        names
    }

    fn piece(&self, kind: NameKind, piece: &str, names: &mut Vec<Named>) {
        if let Some(name) = self.one(kind, piece) {
            return names.push(Named { name, written: piece.to_owned(), known: true });
        }
        for language in self.languages.all() {
            for word in &language.and {
                let spaced = word.is_ascii();
                let word = if spaced { format!(" {word} ") } else { word.clone() };
                let parts: Vec<&str> = piece.split(&word).map(str::trim).collect();
                let known: Vec<Option<String>> = parts.iter().map(|part| self.one(kind, part)).collect();
                let enough = parts.len() > 1 && known.iter().all(Option::is_some);
                if enough {
                    for (part, name) in parts.iter().zip(known.into_iter().flatten()) {
                        names.push(Named { name, written: (*part).to_owned(), known: true });
                    }
                    return;
                }
            }
        }
        if !is_nothing(piece) {
            names.push(Named { name: piece.to_owned(), written: piece.to_owned(), known: false });
        }
    }

    /// The English form of one name. A remark in brackets, an article and a trailing full stop do not count.
    #[must_use]
    pub fn one(&self, kind: NameKind, text: &str) -> Option<String> {
        let look =
            |text: &str| if key(text).is_empty() { None } else { self.languages.name(self.language, kind, text) };
        look(text)
            .or_else(|| {
                let open = text.find(['(', '（'])?;
                look(text.get(..open)?)
            })
            .or_else(|| {
                let (article, rest) = text.trim().split_once(' ')?;
                let articles = ["the", "der", "die", "das", "el", "la", "los", "o", "a", "os", "as"];
                articles.contains(&article.to_lowercase().as_str()).then(|| look(rest)).flatten()
            })
    }
}

/// Line breaks of HTML as separators.
fn with_breaks(text: &str) -> String {
    if !text.contains('<') {
        return text.to_owned();
    }
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        result.push_str(before);
        let Some((name, after)) = tag.split_once('>') else {
            result.push('<');
            rest = tag;
            continue;
        };
        let small = name.to_lowercase();
        if small.starts_with("br") || small.starts_with("li") || small.starts_with("/li") || small.starts_with("/p") {
            result.push(';');
        }
        rest = after;
    }
    result.push_str(rest);
    result
}

/// Whether a value says that there is none.
#[must_use]
pub fn is_nothing(text: &str) -> bool {
    let text = text.trim();
    key(text).is_empty()
        || matches!(key(text).as_str(), "na" | "none" | "tbd" | "nenhum" | "ninguno" | "keine" | "なし" | "无")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(language: &str, kind: NameKind, text: &str) -> Vec<String> {
        let words = Words { languages: Languages::known(), language };
        words
            .list(kind, text)
            .into_iter()
            .map(|named| format!("{}{}", named.name, if named.known { "" } else { "?" }))
            .collect()
    }

    #[test]
    fn lists_of_services() {
        let services = |text: &str| list("de", NameKind::Service, text);
        assert_eq!(
            services("**Exchange/OneDrive for Business /SharePoint**"),
            ["Exchange", "OneDrive for Business", "SharePoint"]
        );
        assert_eq!(services("Exchange/Classroom/SDS"), ["Exchange", "Classroom/SDS"]);
        assert_eq!(services("Classroom & SDS"), ["Classroom/SDS"]);
        assert_eq!(services("Exchange und Teams, Yammer"), ["Exchange", "Teams", "Yammer"]);
        assert_eq!(services("Office 365 ProPlus (ohne Windows 10-Upgrade / Test)"), ["Microsoft 365 Apps"]);
        assert_eq!(services("Exchange<br/>Teams"), ["Exchange", "Teams"]);
        assert_eq!(services("Foo / Teams"), ["Foo?", "Teams"]);
        assert_eq!(services("Alle Dienste"), ["All Services"]);
        assert_eq!(list("zh-CN", NameKind::Service, "Exchange、Teams 和 Yammer"), ["Exchange", "Teams", "Yammer"]);
        assert!(services("-").is_empty() && services("**-**").is_empty() && services("").is_empty());
    }

    #[test]
    fn lists_of_roles() {
        assert_eq!(list("pt", NameKind::Role, "O FE"), ["FastTrack Engineer"]);
        assert_eq!(
            list("pt", NameKind::Role, "Gerente FastTrack, SME, GM FTA, OPP Ranger"),
            ["FastTrack Manager", "SME", "GM FTA", "OPP Ranger"]
        );
        assert_eq!(list("en", NameKind::Role, "FM; FE"), ["FastTrack Manager", "FastTrack Engineer"]);
        assert_eq!(list("en", NameKind::Role, "The FastTrack Manager"), ["FastTrack Manager"]);
        assert_eq!(list("es", NameKind::Role, "Al terminar la discusión el FE"), ["FastTrack Engineer"]);
        assert_eq!(list("en", NameKind::Role, "Janitor"), ["Janitor?"]);
    }

    #[test]
    fn flags() {
        let flag = |language: &str, text: &str| Words { languages: Languages::known(), language }.flag(text);
        assert_eq!(flag("de", "E"), Some(Flag::Mandatory));
        assert_eq!(flag("pt", "b"), Some(Flag::Mandatory));
        assert_eq!(flag("en", "(M)"), Some(Flag::Mandatory));
        assert_eq!(flag("ja", "省略可"), Some(Flag::Optional));
        assert_eq!(flag("ja", "Ｏ"), Some(Flag::Optional));
        assert_eq!(flag("en", "O FastTrack Engineer"), None);
        assert_eq!(flag("en", ""), None);
    }
}
