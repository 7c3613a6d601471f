//! The cell with the number of a task: the number alone as a rule; with a word before it, a remark behind it, struck
//! through, as a list or as a range on pages that are odd.

use super::language::{Column, Heading, Languages};
use super::text::{key, narrow, plain};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// What a cell with numbers says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Numbered {
    /// The numbers.
    pub numbers: Vec<u32>,
    /// What follows them; empty where nothing does.
    pub rest: String,
    /// What stands in brackets beside them; empty where nothing does.
    pub remark: String,
    /// Whether a word stands before them, or they are written with a mark between thousands.
    pub dressed: bool,
    /// Whether they are struck through.
    pub struck: bool,
}

/// Words that stand before the number of a task, and those between several.
struct Known {
    before: BTreeSet<String>,
    between: BTreeSet<String>,
    to: BTreeSet<String>,
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut known = Known { before: BTreeSet::new(), between: BTreeSet::new(), to: BTreeSet::new() };
        known.before.extend(["no", "nr", "nº", "num", "ftop"].map(str::to_owned));
        for language in Languages::known().all() {
            let columns = language.columns.get(&Column::Id).into_iter().flatten();
            let spellings = columns.chain(language.headings.get(&Heading::Tasks).into_iter().flatten());
            for spelling in spellings {
                known.before.insert(key(spelling));
                known.before.extend(words(spelling));
            }
            known.between.extend(language.and.iter().chain(&language.or).map(|word| key(word)));
            known.to.extend(language.to.iter().map(|word| key(word)));
        }
        known
    })
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()).map(key)
}

/// Whether struck through.
fn is_struck(cell: &str) -> bool {
    cell.contains("~~") || ["<s>", "<del", "<strike"].iter().any(|tag| cell.to_lowercase().contains(tag))
}

/// A run of digits, or what stands between two.
enum Token {
    Digits(String),
    Other(String),
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for character in text.chars() {
        match (tokens.last_mut(), character.is_ascii_digit()) {
            (Some(Token::Digits(digits)), true) => digits.push(character),
            (Some(Token::Other(other)), false) => other.push(character),
            (_, true) => tokens.push(Token::Digits(character.to_string())),
            (_, false) => tokens.push(Token::Other(character.to_string())),
        }
    }
    tokens
}

/// How two numbers stand side by side.
enum Between {
    List,
    Range,
    Thousands,
}

fn between(other: &str, before: &str, after: &str) -> Option<Between> {
    let thousands = matches!(other, "," | "." | "'" | "’" | " ") && before.len() <= 2 && after.len() == 3;
    if thousands {
        return Some(Between::Thousands);
    }
    let bare = other.trim();
    let range = |character: char| matches!(character, '-' | '–' | '—' | '~' | '〜');
    if !bare.is_empty() && bare.chars().all(range) || known().to.contains(&key(bare)) {
        return Some(Between::Range);
    }
    let separator = |character: char| {
        matches!(character, ',' | ';' | '/' | '、' | '&' | '+' | '・' | '|') || character.is_whitespace()
    };
    if other.chars().all(separator) || words(bare).all(|word| known().between.contains(&word)) {
        return Some(Between::List);
    }
    None
}

fn number(digits: &str) -> Option<u32> {
    (2..=6).contains(&digits.len()).then(|| digits.parse().ok().filter(|number| *number >= 10)).flatten()
}

/// Takes what stands in brackets out of a text.
fn without_brackets(text: &str) -> (String, String) {
    let (mut out, mut within, mut depth) = (String::new(), String::new(), 0usize);
    for character in text.chars() {
        let opens = matches!(character, '(' | '[' | '【' | '{');
        let closes = matches!(character, ')' | ']' | '】' | '}');
        if opens {
            depth += 1;
            if depth == 1 && !within.is_empty() {
                within.push(' ');
            }
        } else if closes {
            depth = depth.saturating_sub(1);
        } else if depth > 0 {
            within.push(character);
        } else {
            out.push(character);
        }
    }
    (out.trim().to_owned(), within.trim().to_owned())
}

/// Reads a cell that begins with the number of a task, a word for it before it or not.
#[must_use]
pub fn read(cell: &str) -> Option<Numbered> {
    let struck = is_struck(cell);
    // A small number above the line points to a remark elsewhere.
    let text = cell.replace("~~", "").replace("<sup>", " (").replace("</sup>", ")");
    let text = if text.contains(['[', '*', '<', '\\', '`', '_', '&']) { plain(&text) } else { text };
    let raised = |character: char| matches!(character, '⁰' | '¹' | '²' | '³' | '⁴'..='⁹');
    let text: String = text.chars().map(|character| if raised(character) { '*' } else { narrow(character) }).collect();
    let text = text.trim().trim_start_matches('#');
    let (out, within) = without_brackets(text);
    // Brackets around the number itself.
    let (text, remark) = if out.is_empty() { (within, String::new()) } else { (out, within) };
    let text = text.trim();
    // A star points to a remark elsewhere.
    let starred = text.ends_with('*');
    let text = text.trim_end_matches(['.', '*', ':']).trim();
    let tokens = tokens(text);
    let mut found = Numbered { remark, struck, dressed: starred, ..Numbered::default() };
    let mut at = 0;
    if let Some(Token::Other(before)) = tokens.first() {
        let fits = !before.trim().is_empty()
            && (known().before.contains(&key(before)) || words(before).all(|word| known().before.contains(&word)));
        if !fits || before.chars().any(|character| matches!(character, '/' | ',' | ';')) {
            return None;
        }
        found.dressed = true;
        at = 1;
    }
    let mut written: Vec<String> = Vec::new();
    let mut ranges: Vec<usize> = Vec::new();
    while let Some(Token::Digits(digits)) = tokens.get(at) {
        written.push(digits.clone());
        let (Some(Token::Other(other)), Some(Token::Digits(after))) = (tokens.get(at + 1), tokens.get(at + 2)) else {
            at += 1;
            break;
        };
        match between(other, digits, after) {
            Some(Between::Thousands) if written.len() == 1 => {
                let whole = format!("{digits}{after}");
                if let Some(last) = written.last_mut() {
                    *last = whole;
                }
                found.dressed = true;
                at += 3;
                break;
            }
            Some(Between::Range) => ranges.push(written.len()),
            Some(_) => {}
            None => {
                at += 1;
                break;
            }
        }
        at += 2;
    }
    if is_date(&written, text) {
        return None;
    }
    for (place, digits) in written.iter().enumerate() {
        let high = number(digits)?;
        match found.numbers.last().copied().filter(|_| ranges.contains(&place)) {
            Some(low) if low < high && high - low < 50 => found.numbers.extend(low + 1..=high),
            Some(_) => return None,
            None => found.numbers.push(high),
        }
    }
    let rest: String = tokens
        .get(at..)
        .unwrap_or_default()
        .iter()
        .map(|token| match token {
            Token::Digits(text) | Token::Other(text) => text.as_str(),
        })
        .collect();
    // `3731a` is no number.
    if rest.starts_with(char::is_alphanumeric) {
        return None;
    }
    let marks = |character: char| character.is_whitespace() || matches!(character, ':' | '-' | '–' | '—' | '.' | '*');
    found.rest = rest.trim_matches(marks).to_owned();
    (!found.numbers.is_empty()).then_some(found)
}

/// Whether numbers with marks between them are a date.
fn is_date(written: &[String], text: &str) -> bool {
    let [first, second, third] = written else { return false };
    text.contains(['/', '.', '-'])
        && (first.len() <= 2 && second.len() <= 3 && third.len() == 4
            || first.len() == 4 && second.len() <= 2 && third.len() <= 2)
}

/// The numbers of tasks a cell holds: one as a rule; several where it lists them or gives a range; none where it holds
/// anything else.
#[must_use]
pub fn numbers(cell: &str) -> Vec<u32> {
    read(cell).filter(|found| found.rest.is_empty()).map(|found| found.numbers).unwrap_or_default()
}

/// Whether a cell holds the number of a task and nothing else.
#[must_use]
pub fn is_number(cell: &str) -> bool {
    numbers(cell).len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_tasks() {
        assert_eq!(numbers("3731"), [3731]);
        assert_eq!(numbers("[1247](a.md)"), [1247]);
        assert_eq!(numbers("**3731**"), [3731]);
        assert_eq!(numbers("3731 (new)"), [3731]);
        assert_eq!(numbers("3731, 3732"), [3731, 3732]);
        assert_eq!(numbers("3731-3733"), [3731, 3732, 3733]);
        assert_eq!(numbers("３７３１"), [3731]);
        for none in ["", "3731a", "1", "004", "10/018/2019", "10.10.2019", "Task", "Step 1001", "Teams 3731", "|"] {
            assert!(numbers(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn numbers_in_other_dress() {
        for one in
            ["Task 3731", "Task ID: 3731", "#3731", "Aufgabe 3731", "タスク 3731", "任务3731", "(3731)", "Nr. 3731"]
        {
            assert_eq!(numbers(one), [3731], "{one}");
        }
        for one in ["3,731", "3.731", "3 731", "3'731", "~~3731~~", "<del>3731</del>"] {
            assert_eq!(numbers(one), [3731], "{one}");
        }
        assert_eq!(numbers("31,400"), [31400]);
        for two in ["1015 und 1016", "1015 y 1016", "1015和1016", "1015 または 1016", "1015<br>1016", "1015 & 1016"]
        {
            assert_eq!(numbers(two), [1015, 1016], "{two}");
        }
        assert_eq!(numbers("1015 bis 1017"), [1015, 1016, 1017]);
        assert_eq!(numbers("1015～1016"), [1015, 1016]);
        assert!(numbers("1015 plus 1016").is_empty());
    }

    #[test]
    fn what_stands_beside_numbers() {
        let found = read("3731 (new)").unwrap();
        assert_eq!((found.remark.as_str(), found.rest.as_str()), ("new", ""));
        assert_eq!(read("3731 Teams - Handshake").unwrap().rest, "Teams - Handshake");
        assert!(read("~~3731~~").unwrap().struck && read("Task 3731").unwrap().dressed);
        assert_eq!(read("3731"), Some(Numbered { numbers: vec![3731], ..Numbered::default() }));
    }
}
