//! Links by reference: `[the words][label]`, with `[label]: address` elsewhere on the page.
//!
//! Lines are read one by one, so each such link gets its address where it stands, and the lines that only say addresses are
//! taken out.

use super::markdown::Line;
use super::text::squeezed;
use std::collections::BTreeMap;

/// Writes the address of each link by reference where the link stands.
#[must_use]
pub fn resolve(lines: Vec<Line>) -> Vec<Line> {
    let fenced = fenced(&lines);
    let mut addresses: BTreeMap<String, String> = BTreeMap::new();
    let mut kept: Vec<(Line, bool)> = Vec::with_capacity(lines.len());
    for (line, fenced) in lines.into_iter().zip(fenced) {
        match definition(&line.text).filter(|_| !fenced) {
            Some((label, address)) => {
                addresses.entry(label).or_insert(address);
            }
            None => kept.push((line, fenced)),
        }
    }
    let mut lines = Vec::with_capacity(kept.len());
    for (mut line, fenced) in kept {
        if !addresses.is_empty() && !fenced && line.text.contains('[') {
            line.text = with_addresses(&line.text, &addresses);
        }
        lines.push(line);
    }
    lines
}

/// Which lines stand within a fence of code.
fn fenced(lines: &[Line]) -> Vec<bool> {
    let is_fence =
        |line: &&Line| line.text.trim_start().starts_with("```") || line.text.trim_start().starts_with("~~~");
    // A fence that is never closed would swallow the rest of the page.
    let closed = lines.iter().filter(is_fence).count() / 2 * 2;
    let mut fences = 0;
    let within = lines.iter().map(|line| {
        let fence = is_fence(&line);
        fences += usize::from(fence);
        (fence || fences % 2 == 1) && fences <= closed
    });
    within.collect()
}

/// What labels are compared by.
fn label(text: &str) -> String {
    squeezed(text).to_lowercase()
}

/// `[label]: address "title"`. A note at the foot of a page, `[^1]: …`, is none.
fn definition(line: &str) -> Option<(String, String)> {
    let rest = line.trim().strip_prefix('[').filter(|rest| !rest.starts_with(['^', '!']))?;
    let (name, rest) = rest.split_once("]:")?;
    let address = rest.trim();
    let (address, title) = match address.strip_prefix('<') {
        Some(address) => address.split_once('>')?,
        None => address.split_once(' ').unwrap_or((address, "")),
    };
    let title = title.trim();
    let titled = title.is_empty() || title.starts_with(['"', '\'', '(']);
    let fits = !name.trim().is_empty() && !name.contains(['[', ']']) && !address.is_empty() && titled;
    fits.then(|| (label(name), address.to_owned()))
}

fn with_addresses(text: &str, addresses: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['[', '`']) {
        out.push_str(rest.get(..at).unwrap_or_default());
        let from = rest.get(at..).unwrap_or_default();
        // Code stays as it is.
        if let Some(code) = from.strip_prefix('`') {
            let length = code.find('`').map_or(1, |end| end + 2);
            out.push_str(from.get(..length).unwrap_or_default());
            rest = from.get(length..).unwrap_or_default();
            continue;
        }
        let Some((words, after)) = bracketed(from) else {
            out.push('[');
            rest = from.get(1..).unwrap_or_default();
            continue;
        };
        let (named, behind) = match bracketed(after) {
            Some((named, behind)) if !named.trim().is_empty() => (named, behind),
            Some((_, behind)) => (words, behind),
            None => (words, after),
        };
        match addresses.get(&label(named)).filter(|_| !after.starts_with('(')) {
            Some(address) => {
                let address = if address.contains([' ', '(', ')']) { format!("<{address}>") } else { address.clone() };
                out.push_str(&format!("[{words}]({address})"));
                rest = behind;
            }
            None => {
                out.push('[');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

/// What stands in the brackets a text begins with, and what follows them.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('[')?;
    let mut depth = 0usize;
    for (at, character) in inner.char_indices() {
        match character {
            '[' => depth += 1,
            ']' if depth == 0 => return Some((inner.get(..at)?, inner.get(at + 1..)?)),
            ']' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::markdown::lines;
    use super::*;

    fn resolved(text: &str) -> Vec<String> {
        resolve(lines(text)).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn links_by_reference() {
        let page = "See [the deck][Deck], [deck][] and [deck].\n[x](y.md) [ ] [!NOTE] `[deck]` [^1]\n\n[deck]: https://aka.ms/a \"A deck\"\n[^1]: A note";
        assert_eq!(
            resolved(page),
            [
                "See [the deck](https://aka.ms/a), [deck](https://aka.ms/a) and [deck](https://aka.ms/a).",
                "[x](y.md) [ ] [!NOTE] `[deck]` [^1]",
                "",
                "[^1]: A note",
            ]
        );
        assert_eq!(resolved("[a]: b\n```\n[a]\n```")[1], "[a]");
        assert_eq!(resolved("[Note]: this is a sentence"), ["[Note]: this is a sentence"]);
        assert_eq!(
            resolved("![icon][a] [b][a]\n[a]: <media/a b.png>"),
            ["![icon](<media/a b.png>) [b](<media/a b.png>)"]
        );
    }
}
