//! Lists of roles, services and motions, as labels and cells hold them.

use super::language::{Languages, NameKind};
use super::page::Named;
use super::text::{is_ideographic, key, plain, split_outside_brackets, unmarked};

/// The languages, and the one that comes first.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// All of them.
    pub languages: &'a Languages,
    /// The tag of the page's own.
    pub language: &'a str,
}

impl Words<'_> {
    /// Names in a list, with their English forms.
    #[must_use]
    pub fn list(&self, kind: NameKind, text: &str) -> Vec<Named> {
        let text = with_breaks(text);
        let text = unmarked(&plain(&text));
        if is_nothing(&text) {
            return Vec::new();
        }
        if let Some(name) = self.languages.name(self.language, kind, &text) {
            return vec![Named { name, written: text, known: true }];
        }
        let separators = |character: char| {
            matches!(
                character,
                '/' | ',' | ';' | '、' | '；' | '，' | '／' | '&' | '|' | '＆' | '・' | '+' | '＋' | '\n'
            )
        };
        let pieces = split_outside_brackets(&text, separators);
        let mut names: Vec<Named> = Vec::new();
        for piece in self.joined(kind, &pieces) {
            if let Some(more) = self.alternatives(kind, &piece) {
                names.push(piece);
                names.extend(more);
            } else {
                names.push(piece);
            }
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

    /// The names of pieces between marks. Words like `and` part them too, and one name may hold what parts others:
    /// `Classroom/SDS`.
    fn joined(&self, kind: NameKind, pieces: &[String]) -> Vec<Named> {
        // Each part with the piece it was cut from.
        let mut parts: Vec<(usize, String)> = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            let whole = self.one(kind, piece).is_some();
            let cut = if whole { vec![piece.clone()] } else { self.cut_at_words(piece) };
            parts.extend(cut.into_iter().map(|part| (at, part)));
        }
        let mut found: Vec<(usize, Named)> = Vec::new();
        let mut at = 0;
        while let Some((piece, part)) = parts.get(at) {
            let joined = (2..=3).rev().find_map(|count| {
                let together = parts.get(at..at + count)?;
                let together = together.iter().map(|(_, part)| part.as_str()).collect::<Vec<_>>().join("/");
                // What stands in brackets belongs to one of them.
                let name = (!together.contains(['(', '（'])).then(|| self.one(kind, &together)).flatten()?;
                Some((count, name, together))
            });
            if let Some((count, name, written)) = joined {
                found.push((*piece, Named { name, written, known: true }));
                at += count;
                continue;
            }
            let name = self.one(kind, part);
            let known = name.is_some();
            found.push((*piece, Named { name: name.unwrap_or_else(|| part.clone()), written: part.clone(), known }));
            at += 1;
        }
        // A piece of which nothing is known is one name, whatever words it has.
        let mut names: Vec<Named> = Vec::new();
        let mut told: Option<usize> = None;
        for (piece, named) in &found {
            if told == Some(*piece) {
                continue;
            }
            let cut = found.iter().filter(|(other, _)| other == piece).count();
            let unknown = found.iter().filter(|(other, _)| other == piece).all(|(_, named)| !named.known);
            if unknown && cut > 1 {
                let whole = pieces.get(*piece).cloned().unwrap_or_default();
                names.push(Named { name: whole.clone(), written: whole, known: false });
                told = Some(*piece);
            } else if named.known || !is_nothing(&named.written) {
                names.push(named.clone());
            }
        }
        names
    }

    /// A piece cut at the words that stand between names, in all languages.
    fn cut_at_words(&self, piece: &str) -> Vec<String> {
        let mut parts = vec![piece.trim().to_owned()];
        for language in self.languages.all() {
            for word in language.and.iter().chain(&language.or) {
                parts = parts.iter().flat_map(|part| cut_at(part, word)).collect();
            }
        }
        parts.retain(|part| !part.is_empty());
        parts
    }

    /// What brackets behind a name add to it: `FM (or FE)`.
    #[must_use]
    pub fn alternatives(&self, kind: NameKind, named: &Named) -> Option<Vec<Named>> {
        let inner = self.remark(kind, named)?;
        let parts = self.cut_at_words(inner);
        let leads = parts.first().is_some_and(|first| !inner.trim().starts_with(first.as_str()));
        if !leads {
            return None;
        }
        let names = self.joined(kind, &parts);
        names.iter().all(|name| name.known).then_some(names)
    }

    /// The remark in brackets behind a name that is known without it; none where it only says the name once more.
    #[must_use]
    pub fn remark<'n>(&self, kind: NameKind, named: &'n Named) -> Option<&'n str> {
        if !named.known || self.languages.name(self.language, kind, &named.written).is_some() {
            return None;
        }
        let written = named.written.as_str();
        let open = written.find(['(', '（', '[', '【'])?;
        let inner = written.get(open..)?.trim_matches(['(', '（', '[', '【', ')', '）', ']', '】', ' ']);
        let initials: String = named.name.split_whitespace().filter_map(|word| word.chars().next()).collect();
        let same = self.languages.name(self.language, kind, inner).as_deref() == Some(&named.name)
            || key(inner) == key(&initials)
            || key(inner).is_empty();
        (!same).then_some(inner)
    }

    /// The English form of one name. A remark in brackets, an article and a trailing full stop do not count.
    #[must_use]
    pub fn one(&self, kind: NameKind, text: &str) -> Option<String> {
        let look =
            |text: &str| if key(text).is_empty() { None } else { self.languages.name(self.language, kind, text) };
        look(text)
            .or_else(|| {
                let open = text.find(['(', '（', '[', '【'])?;
                let closes = |character: char| matches!(character, ')' | '）' | ']' | '】');
                let closed = text.get(open..)?.split_once(closes).is_none_or(|(_, after)| key(after).is_empty());
                if closed { look(text.get(..open)?) } else { None }
            })
            .or_else(|| {
                let (article, rest) = text.trim().split_once(' ')?;
                let articles = ["the", "der", "die", "das", "el", "la", "los", "o", "a", "os", "as"];
                articles.contains(&article.to_lowercase().as_str()).then(|| look(rest)).flatten()
            })
    }
}

/// Cuts a text at a word between spaces; at any place, in scripts without spaces.
fn cut_at(text: &str, word: &str) -> Vec<String> {
    if word.chars().any(is_ideographic) {
        return text.split(word).map(|part| part.trim().to_owned()).collect();
    }
    let mut parts: Vec<Vec<&str>> = vec![Vec::new()];
    for piece in text.split_whitespace() {
        if piece.to_lowercase() == *word {
            parts.push(Vec::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(piece);
        }
    }
    if parts.len() == 1 {
        return vec![text.trim().to_owned()];
    }
    parts.iter().map(|words| words.join(" ")).collect()
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
        for both in [
            "Exchange or Teams",
            "Exchange oder Teams",
            "Exchange/oder Teams",
            "Exchange + Teams",
            "Exchange und/oder Teams",
        ] {
            assert_eq!(services(both), ["Exchange", "Teams"], "{both}");
        }
        assert_eq!(list("ja", NameKind::Service, "ExchangeまたはTeams"), ["Exchange", "Teams"]);
        assert_eq!(list("zh-CN", NameKind::Service, "Exchange或者Teams"), ["Exchange", "Teams"]);
        for both in ["Classroom/SDS and Teams", "Classroom/SDS y/and Teams", "Classroom and SDS, Teams"] {
            assert_eq!(services(both), ["Classroom/SDS", "Teams"], "{both}");
        }
        assert_eq!(services("Teams and Classroom/SDS"), ["Teams", "Classroom/SDS"]);
        assert_eq!(services("Enterprise Mobility + Security"), ["EMS"]);
        assert_eq!(services("Foo und Teams"), ["Foo?", "Teams"]);
        assert_eq!(services("Foo und Bar"), ["Foo und Bar?"]);
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
        for both in ["FM or FE", "FM + FE", "FM (or FE)", "FM/FE"] {
            assert_eq!(list("en", NameKind::Role, both), ["FastTrack Manager", "FastTrack Engineer"], "{both}");
        }
    }

    #[test]
    fn remarks() {
        let remark = |text: &str| {
            let words = Words { languages: Languages::known(), language: "en" };
            let names = words.list(NameKind::Role, text);
            names.first().and_then(|named| words.remark(NameKind::Role, named)).map(str::to_owned)
        };
        assert_eq!(remark("FastTrack Manager (lead only)").as_deref(), Some("lead only"));
        assert_eq!(remark("FastTrack Manager (FM)"), None);
        assert_eq!(remark("Customer Success Manager (CSM)"), None);
        assert_eq!(remark("FastTrack Manager"), None);
        assert_eq!(remark("Janitor (new)"), None);
    }
}
