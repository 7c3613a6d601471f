//! What a page leaves to judgement: sentences with a condition in them.

use super::super::language::Language;
use super::super::text::{is_ideographic, narrow, plain};
use super::identifier;

/// A sentence that says when something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judgement {
    /// Its words.
    pub sentence: String,
    /// A name for what it depends on.
    pub fact: String,
}

/// The sentences of a text that begin with a condition, or hold one.
pub(super) fn judgements(text: &str, language: &Language) -> Vec<Judgement> {
    let text = plain(text);
    let mut found = Vec::new();
    for sentence in sentences(&text) {
        let small = sentence.to_lowercase();
        let Some((start, word)) = language
            .conditions
            .iter()
            .filter_map(|word| position(&small, word).map(|start| (start, word)))
            .min_by_key(|(start, _)| *start)
        else {
            continue;
        };
        let rest = small.get(start + word.len()..).unwrap_or_default();
        let clause: String = rest
            .chars()
            .take_while(|character| {
                !matches!(narrow(*character), ',' | '.' | ';' | ':' | '。' | '、') && *character != '、'
            })
            .collect();
        // Where the word ends the clause, as in Japanese, what stands before it is meant.
        let clause = if clause.trim().chars().count() < 2 || ["場合", "したら"].contains(&word.as_str()) {
            let before = small.get(..start).unwrap_or_default();
            before.rsplit(['、', ',', '。']).next().unwrap_or_default().to_owned()
        } else {
            clause
        };
        let fact = name(&clause);
        found.push(Judgement { sentence, fact });
    }
    found
}

/// A short name for a clause.
fn name(clause: &str) -> String {
    const SMALL: [&str; 16] =
        ["the", "a", "an", "is", "are", "to", "of", "der", "die", "das", "el", "la", "o", "de", "un", "for"];
    if clause.chars().any(is_ideographic) {
        let short: String = clause.chars().filter(|character| character.is_alphanumeric()).take(16).collect();
        return identifier(&short);
    }
    let words: Vec<&str> = clause
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty() && !SMALL.contains(word))
        .take(4)
        .collect();
    identifier(&words.join(" "))
}

/// Where a word stands: whole words, in scripts with spaces.
fn position(text: &str, word: &str) -> Option<usize> {
    if word.chars().any(is_ideographic) {
        return text.find(word);
    }
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(word)) {
        let start = from + at;
        let end = start + word.len();
        let letter = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        let after = text.get(end..).and_then(|after| after.chars().next());
        if !letter(before) && !letter(after) {
            return Some(start);
        }
        from = end;
    }
    None
}

/// The sentences of a text.
fn sentences(text: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if let Some(sentence) = sentences.last_mut() {
            sentence.push(character);
        }
        let ends = matches!(character, '。' | '！' | '？')
            || matches!(character, '.' | '!' | '?') && characters.peek().is_none_or(|next| next.is_whitespace())
            || character == '\n';
        if ends {
            sentences.push(String::new());
        }
    }
    sentences.iter().map(|sentence| sentence.trim().to_owned()).filter(|sentence| !sentence.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Languages;
    use super::*;

    fn facts(tag: &str, text: &str) -> Vec<String> {
        let language = Languages::known().by_tag(tag).unwrap();
        judgements(text, language).into_iter().map(|found| found.fact).collect()
    }

    #[test]
    fn conditions_in_prose() {
        let text = "Call them. If customer agrees to participate in the program, schedule calls. Whenever.";
        assert_eq!(facts("en", text), ["customer_agrees_participate_in"]);
        assert_eq!(facts("en", "Verify the iffy part."), Vec::<String>::new());
        assert_eq!(facts("de", "Fordern Sie Hilfe an, falls der Kunde wartet."), ["kunde_wartet"]);
        assert_eq!(facts("zh-CN", "如果客户同意参加，请安排会议。"), ["客户同意参加"]);
        assert_eq!(facts("ja", "ワークショップが不要な場合は、進みます。"), ["ワークショップが不要な"]);
    }
}
