//! Which language a page is written in, by what it says.

use super::language::Languages;
use super::markdown::Line;

/// The language of a page, and whether its words say so rather than only the name of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// The tag.
    pub tag: String,
    /// Whether the words say so.
    pub certain: bool,
}

/// The language of lines without front matter, in a file of this name.
#[must_use]
pub fn language(lines: &[Line], name: &str, languages: &Languages) -> Detected {
    let (mut letters, mut kana, mut han) = (0usize, 0usize, 0usize);
    for character in lines.iter().flat_map(|line| line.text.chars()) {
        match character {
            '\u{3041}'..='\u{30ff}' => kana += 1,
            '\u{4e00}'..='\u{9fff}' => han += 1,
            _ => letters += usize::from(character.is_alphabetic()),
        }
    }
    if (kana + han) * 12 > letters && kana + han > 8 {
        let tag = if kana * 12 > han { "ja" } else { "zh-CN" };
        return Detected { tag: tag.to_owned(), certain: true };
    }
    let by_name = by_name(name, languages);
    let mut weights = vec![0; languages.all().len()];
    // Tables hold names, which are English in every language.
    for line in lines.iter().filter(|line| !line.text.trim_start().starts_with('|')) {
        languages.weigh(&line.text, &mut weights);
    }
    let scores: Vec<(usize, &str)> = languages
        .all()
        .iter()
        .zip(weights)
        .filter(|(language, _)| !language.words.is_empty())
        .map(|(language, weight)| (weight, language.tag.as_str()))
        .collect();
    let best = scores.iter().map(|(score, _)| *score).max().unwrap_or(0);
    let leaders: Vec<&str> = scores.iter().filter(|(score, _)| *score == best).map(|(_, tag)| *tag).collect();
    let second = scores.iter().map(|(score, _)| *score).filter(|score| *score < best).max().unwrap_or(0);
    match (&by_name, leaders.as_slice()) {
        // Few words say little: then the name of the file decides.
        (Some(named), _) if best < 6 || best < second + 3 => Detected { tag: named.clone(), certain: false },
        (Some(named), leaders) if leaders.contains(&named.as_str()) => Detected { tag: named.clone(), certain: true },
        (_, [only]) if best > 0 => Detected { tag: (*only).to_owned(), certain: best >= 3 },
        (Some(named), _) => Detected { tag: named.clone(), certain: false },
        _ => Detected { tag: "en".to_owned(), certain: false },
    }
}

/// The language the name of a file, or one of its folders, stands for.
fn by_name(path: &str, languages: &Languages) -> Option<String> {
    let mut parts = path.rsplit(['/', '\\']);
    let stem = parts.next().unwrap_or_default().trim_end_matches(".md");
    let suffix = stem.rsplit(['-', '_', '.']).next().unwrap_or_default();
    let known = |text: &str| {
        let small = text.to_lowercase();
        let language = languages
            .all()
            .iter()
            .find(|language| language.tag.to_lowercase() == small || language.suffixes.contains(&small));
        language.map(|language| language.tag.clone())
    };
    known(suffix).or_else(|| parts.next().and_then(known))
}

#[cfg(test)]
mod tests {
    use super::super::markdown::lines;
    use super::*;

    fn tag(text: &str, name: &str) -> String {
        language(&lines(text), name, Languages::known()).tag
    }

    #[test]
    fn by_its_words() {
        assert_eq!(tag("## Overview\n\nThe customer is ready for the next step.", "a-de.md"), "en");
        assert_eq!(tag("## Übersicht\n\nDer Kunde ist bereit für den nächsten Schritt.", "a.md"), "de");
        assert_eq!(tag("## Objetivos\n\nO cliente não está pronto para a próxima etapa.", "a.md"), "pt");
        assert_eq!(tag("## Objetivos\n\nEl cliente está listo para la siguiente etapa.", "a.md"), "es");
        assert_eq!(tag("## 概述\n\n客户已经准备好了，可以进行下一步。", "a.md"), "zh-CN");
        assert_eq!(tag("## 概要\n\nお客様は次のステップに進む準備ができています。", "a.md"), "ja");
    }

    #[test]
    fn by_its_name_where_it_says_little() {
        assert_eq!(tag("# Migration", "phase-migrate-de.md"), "de");
        assert_eq!(tag("# Migration", "pt/migration.md"), "pt");
        assert_eq!(tag("", ""), "en");
    }
}
