//! What stands between the first two lines of dashes: who wrote a page, when, and for whom.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Front matter as it was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FrontMatter {
    /// Keys and values in order.
    pub entries: Vec<(String, String)>,
    /// How many lines it takes, its two lines of dashes included; 0 where there is none.
    pub lines: usize,
    /// What is wrong with it: the number of the line, from 0, and the words.
    pub problems: Vec<(usize, String)>,
}

/// Reads the front matter from the lines of a page. What YAML cannot make sense of is read line by line.
#[must_use]
pub fn read(lines: &[&str]) -> FrontMatter {
    let is_dashes = |line: &str| line.trim().len() >= 3 && line.trim().chars().all(|character| character == '-');
    let Some(first) = lines.iter().position(|line| !line.trim().is_empty()) else { return FrontMatter::default() };
    let start = below_comment(lines, first);
    if !lines.get(start).is_some_and(|line| is_dashes(line)) {
        return FrontMatter::default();
    }
    let mut front = FrontMatter::default();
    let rest = lines.get(start + 1..).unwrap_or_default();
    let fits = |line: &str| {
        let trimmed = line.trim();
        let key = entry(line).is_some_and(|(key, _)| !key.contains(' ') && key.is_ascii());
        let goes_on = line.starts_with([' ', '\t']) && !trimmed.starts_with(['|', '#']);
        key || goes_on || trimmed.is_empty() || trimmed.starts_with("- ") || trimmed.starts_with("# ")
    };
    let end = rest.iter().position(|line| is_dashes(line) || line.trim() == "...");
    let (body, closed) = match end {
        Some(end) if rest.iter().take(end).all(|line| fits(line)) => (rest.get(..end).unwrap_or_default(), true),
        _ => {
            // Not closed: up to the first line that is no entry.
            let is_entry = |line: &&str| {
                fits(line) && !line.trim().is_empty() && (!line.starts_with('#') || line.contains("metadata"))
            };
            let end = rest.iter().position(|line| !is_entry(line)).unwrap_or(rest.len());
            (rest.get(..end).unwrap_or_default(), false)
        }
    };
    if !body.iter().any(|line| entry(line).is_some()) {
        return front;
    }
    front.lines = start + 1 + body.len() + usize::from(closed);
    if !closed {
        front.problems.push((start, "the front matter is not closed by a line of dashes".to_owned()));
    }
    if start > first {
        front
            .problems
            .push((start, "the front matter stands below a comment: it belongs on the first line".to_owned()));
    }
    let yaml: String = body.iter().flat_map(|line| [line.trim_end(), "\n"]).collect();
    let parsed = if yaml.contains('\t') { None } else { serde_saphyr::from_str::<Entries>(&yaml).ok() };
    if let Some(Entries(entries)) = parsed {
        front.entries = entries;
        // Numbers, and words such as `yes` and `~`, stay as they are written.
        for (key, value) in &mut front.entries {
            let raw = body.iter().find_map(|line| entry(line).filter(|(known, _)| known == key));
            let is_word = matches!(value.as_str(), "true" | "false" | "");
            let as_written = |raw: &str| match raw.chars().next() {
                Some(start) => start.is_ascii_digit() || is_word && (start.is_alphabetic() || start == '~'),
                None => false,
            };
            if let Some((_, raw)) = raw.filter(|(_, raw)| as_written(raw)) {
                *value = raw.split(" #").next().unwrap_or_default().trim().to_owned();
            }
        }
    } else {
        front.by_line(body, start + 1);
    }
    let mut seen: Vec<&str> = Vec::new();
    let mut twice = Vec::new();
    for (key, _) in &front.entries {
        if seen.contains(&key.as_str()) {
            let at = body.iter().rposition(|line| entry(line).is_some_and(|(known, _)| known == *key)).unwrap_or(0);
            twice.push((start + 1 + at, format!("`{key}` stands twice in the front matter; the first counts")));
        }
        seen.push(key);
    }
    front.problems.extend(twice);
    let mut kept: Vec<String> = Vec::new();
    front.entries.retain(|(key, _)| {
        let new = !kept.contains(key);
        kept.push(key.clone());
        new
    });
    front
}

/// The first line with something on it below a comment that begins on this line.
fn below_comment(lines: &[&str], first: usize) -> usize {
    let from = |at: usize| lines.get(at..).unwrap_or_default().iter();
    if !lines.get(first).is_some_and(|line| line.trim_start().starts_with("<!--")) {
        return first;
    }
    let Some(end) = from(first).position(|line| line.trim_end().ends_with("-->")) else { return first };
    from(first + end + 1).position(|line| !line.trim().is_empty()).map_or(first, |next| first + end + 1 + next)
}

impl FrontMatter {
    fn by_line(&mut self, body: &[&str], first: usize) {
        for (at, line) in body.iter().enumerate() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            match entry(line) {
                Some((key, value)) => {
                    let value = value.trim_matches(['"', '\'']).to_owned();
                    self.entries.push((key, value));
                }
                None => match self.entries.last_mut() {
                    Some((_, value)) => {
                        let item = trimmed.trim_start_matches("- ");
                        if !value.is_empty() {
                            value.push_str(if trimmed.starts_with("- ") { ", " } else { " " });
                        }
                        value.push_str(item);
                    }
                    None => {
                        self.problems
                            .push((first + at, format!("this line of the front matter has no key: `{trimmed}`")));
                    }
                },
            }
        }
    }
}

/// `key: value`, the key without spaces at its ends.
fn entry(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let (key, value) = line.split_once(':').or_else(|| line.split_once('：'))?;
    let key = key.trim().trim_matches(['"', '\'']);
    let fits =
        !key.is_empty() && key.len() < 60 && !key.starts_with(['#', '-', '|', '*', '[']) && !value.starts_with("//");
    fits.then(|| (key.to_owned(), value.trim().to_owned()))
}

/// Keys and values of a mapping in order, whatever they are, as text.
struct Entries(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entries, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Entries;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("keys and values")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some((Words(key), Words(value))) = map.next_entry()? {
                    entries.push((key, value));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// A value as text; a list with commas.
struct Words(String);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Words, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Words;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value")
            }
            fn visit_str<E>(self, text: &str) -> Result<Words, E> {
                Ok(Words(text.trim().to_owned()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Words, E> {
                Ok(Words(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Words, E> {
                Ok(Words(value.to_string()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Words, E> {
                Ok(Words(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Words, E> {
                Ok(Words(value.to_string()))
            }
            fn visit_unit<E>(self) -> Result<Words, E> {
                Ok(Words(String::new()))
            }
            fn visit_none<E>(self) -> Result<Words, E> {
                Ok(Words(String::new()))
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Words, D::Error> {
                Words::deserialize(deserializer)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some(Words(word)) = list.next_element()? {
                    words.push(word);
                }
                Ok(Words(words.join(", ")))
            }
        }
        // As text, a number stays as it is written; what is no scalar is asked for again as what it is.
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<(String, String)> {
        read(&text.lines().collect::<Vec<_>>()).entries
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn as_it_is_usually_written() {
        let front = read(&["---  ", "# required metadata  ", "title: A - B", "ms.date: 5/02/2019  ", "---", "# A"]);
        assert_eq!(front.entries, [pair("title", "A - B"), pair("ms.date", "5/02/2019")]);
        assert_eq!((front.lines, front.problems.len()), (5, 0));
    }

    #[test]
    fn what_yaml_does_not_take() {
        assert_eq!(entries("---\ntitle: A: B\nauthor:\tC\n---"), [pair("title", "A: B"), pair("author", "C")]);
        assert_eq!(entries("---\ntitle: A\ntitle: B\n---"), [pair("title", "A")]);
        assert_eq!(entries("---\ntags:\n  - a\n  - b\nx: 1.10\n---"), [pair("tags", "a, b"), pair("x", "1.10")]);
        assert_eq!(entries("---\nmanager: @pagrim\nx: [a\n---"), [pair("manager", "@pagrim"), pair("x", "[a")]);
        assert_eq!(entries("---\nauthor:\nd: 2020-03-27\n---"), [pair("author", ""), pair("d", "2020-03-27")]);
    }

    #[test]
    fn a_page_without() {
        assert_eq!(read(&["# A", "", "---", "b"]), FrontMatter::default());
        assert_eq!(read(&[]).lines, 0);
        let open = read(&["---", "title: A", "", "# A", "text"]);
        assert_eq!((open.entries.len(), open.lines, open.problems.len()), (1, 2, 1));
    }
}
