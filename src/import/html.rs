//! Tables in HTML: their rows as rows of Markdown, each on the line it begins on.

use super::markdown::Line;
use super::names::Words;
use super::tasks::Table;
use super::text::squeezed;

/// Lines in which the tables of tasks and of changes that are written in HTML are rows, and where these tables began.
/// Other tables stay as they are.
#[must_use]
pub fn tables(lines: Vec<Line>, words: Words<'_>) -> (Vec<Line>, Vec<u32>) {
    if !lines.iter().any(|line| find(&line.text, "<table").is_some()) {
        return (lines, Vec::new());
    }
    let mut kept: Vec<Line> = Vec::with_capacity(lines.len());
    let mut found = Vec::new();
    let (mut fenced, mut hidden) = (false, false);
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let text = line.text.trim();
        if text.starts_with("```") || text.starts_with("~~~") {
            fenced = !fenced;
        }
        let start = find(&line.text, "<table").filter(|_| !fenced && !hidden && !line.text.contains("<!--"));
        if let (Some(open), None) = (line.text.rfind("<!--"), start) {
            hidden = !line.text.get(open..).is_some_and(|rest| rest.contains("-->"));
        } else if hidden && line.text.contains("-->") {
            hidden = false;
        }
        let end = start.and_then(|_| {
            let rest = lines.get(at..)?;
            rest.iter().take(2000).position(|line| find(&line.text, "</table").is_some())
        });
        if let (Some(start), Some(end)) = (start, end)
            && let Some(inside) = lines.get(at..=at + end)
        {
            let rows = rows(inside);
            let table = Table::new(&rows, words);
            if table.is_of_tasks(words) || table.is_of_changes() {
                found.push(line.number);
                let before = line.text.get(..start).unwrap_or_default().trim();
                if !before.is_empty() {
                    kept.push(Line { number: line.number, text: before.to_owned() });
                }
                kept.push(Line { number: line.number, text: String::new() });
                kept.extend(rows);
                if let Some(last) = inside.last() {
                    let after = find(&last.text, "</table").and_then(|close| last.text.get(close..)?.split_once('>'));
                    kept.push(Line { number: last.number, text: String::new() });
                    kept.extend(after.map(|(_, rest)| Line { number: last.number, text: rest.trim().to_owned() }));
                }
                at += end + 1;
                continue;
            }
        }
        kept.push(line.clone());
        at += 1;
    }
    (kept, found)
}

/// Where a tag begins, in letters of any size.
fn find(text: &str, tag: &str) -> Option<usize> {
    if !text.contains('<') {
        return None;
    }
    text.to_ascii_lowercase().find(tag)
}

/// The rows of a table as rows of Markdown.
fn rows(lines: &[Line]) -> Vec<Line> {
    let mut rows: Vec<(u32, bool, Vec<String>)> = Vec::new();
    // Cells that go on in the rows below: column, rows that are left, text.
    let mut spans: Vec<(usize, usize, String)> = Vec::new();
    let mut cell: Option<(String, usize, usize)> = None;
    for line in lines {
        let mut rest = line.text.as_str();
        loop {
            let (before, tag, after) = match rest.split_once('<') {
                Some((before, tagged)) => match tagged.split_once('>') {
                    Some((tag, after)) => (before, Some(tag), after),
                    None => (rest, None, ""),
                },
                None => (rest, None, ""),
            };
            if let Some((text, ..)) = &mut cell {
                text.push_str(before);
            }
            let Some(tag) = tag else { break };
            let name =
                tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            let name = name.to_ascii_lowercase();
            let closes = tag.starts_with('/');
            match (name.as_str(), closes) {
                ("tr" | "table" | "thead" | "tbody", _) => {
                    close(&mut cell, &mut rows, &mut spans);
                    if name == "tr" && !closes {
                        rows.push((line.number, false, Vec::new()));
                        carry(&mut rows, &mut spans);
                    }
                }
                ("td" | "th", true) => close(&mut cell, &mut rows, &mut spans),
                ("td" | "th", false) => {
                    close(&mut cell, &mut rows, &mut spans);
                    if rows.is_empty() {
                        rows.push((line.number, false, Vec::new()));
                    }
                    if let Some((_, head, _)) = rows.last_mut() {
                        *head |= name == "th";
                    }
                    cell = Some((String::new(), span(tag, "rowspan"), span(tag, "colspan")));
                }
                _ => {
                    if let Some((text, ..)) = &mut cell {
                        let kept = match name.as_str() {
                            "p" | "div" | "span" | "font" | "ul" | "ol" => " ".to_owned(),
                            "li" if closes => " ".to_owned(),
                            "li" => "<br>".to_owned(),
                            "b" | "strong" => "**".to_owned(),
                            _ => format!("<{tag}>"),
                        };
                        text.push_str(&kept);
                    }
                }
            }
            rest = after;
        }
        if let Some((text, ..)) = &mut cell {
            text.push(' ');
        }
    }
    close(&mut cell, &mut rows, &mut spans);
    let mut written = Vec::new();
    for (at, (number, head, cells)) in rows.into_iter().enumerate().filter(|(_, (_, _, cells))| !cells.is_empty()) {
        let width = cells.len();
        written.push(Line { number, text: format!("| {} |", cells.join(" | ")) });
        if head && at == 0 {
            written.push(Line { number, text: format!("|{}", "---|".repeat(width)) });
        }
    }
    written
}

/// Puts a cell into its row.
fn close(
    cell: &mut Option<(String, usize, usize)>,
    rows: &mut [(u32, bool, Vec<String>)],
    spans: &mut Vec<(usize, usize, String)>,
) {
    let Some((text, down, across)) = cell.take() else { return };
    let Some((.., cells)) = rows.last_mut() else { return };
    let text = squeezed(&text).replace("****", "");
    let text = text.trim_start_matches("<br>").trim().replace('|', "\\|");
    if down > 1 {
        spans.push((cells.len(), down - 1, text.clone()));
    }
    cells.push(text);
    cells.extend((1..across).map(|_| String::new()));
    carry(rows, spans);
}

/// Puts the cells that go on from a row above where they belong.
fn carry(rows: &mut [(u32, bool, Vec<String>)], spans: &mut Vec<(usize, usize, String)>) {
    let last = rows.len().saturating_sub(1);
    let Some((.., cells)) = rows.get_mut(last) else { return };
    // A cell of this very row goes on only below it.
    while let Some(span) = spans.iter_mut().find(|(column, left, _)| *column == cells.len() && *left > 0) {
        span.1 -= 1;
        cells.push(span.2.clone());
    }
    spans.retain(|(_, left, _)| *left > 0);
}

/// Over how many rows or columns a cell goes.
fn span(tag: &str, name: &str) -> usize {
    let value = tag.to_ascii_lowercase().split_once(name).and_then(|(_, rest)| {
        let digits: String =
            rest.trim_start_matches(['=', '"', '\'', ' ']).chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().ok()
    });
    value.unwrap_or(1).clamp(1, 50)
}

#[cfg(test)]
mod tests {
    use super::super::language::Languages;
    use super::super::markdown::lines;
    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<u32>) {
        let words = Words { languages: Languages::known(), language: "en" };
        let (kept, found) = tables(lines(text), words);
        let shown = kept.iter().filter(|line| !line.text.is_empty());
        (shown.map(|line| format!("{} {}", line.number, line.text)).collect(), found)
    }

    #[test]
    fn rows_of_tasks() {
        let text = "a\n<table>\n<tr><th>Task ID</th><th>Task Name</th><th>M/O</th><th>Role</th></tr>\n<tr>\n<td>1001</td>\n\
                    <td><a href=\"a.md\">Call</a></td><td rowspan=\"2\">M</td><td>FM</td></tr>\n\
                    <tr><td>1002</td><td><b>Write</b></td><td>FE<br>FM</td></tr></table>\nb";
        let (rows, found) = read(text);
        assert_eq!(
            rows,
            [
                "1 a",
                "3 | Task ID | Task Name | M/O | Role |",
                "3 |---|---|---|---|",
                "4 | 1001 | <a href=\"a.md\">Call</a> | M | FM |",
                "7 | 1002 | **Write** | M | FE<br>FM |",
                "8 b"
            ]
        );
        assert_eq!(found, [2]);
    }

    #[test]
    fn other_tables_stay() {
        let text = "<table><tr><td>1</td></tr></table>\n<!--\n<table><tr><td>1001</td><td>A</td><td>M</td><td>FM</td></tr></table>\n-->";
        assert_eq!(read(text).0.len(), 4);
        assert!(read("<table>\n| 1001 |").1.is_empty());
    }
}
