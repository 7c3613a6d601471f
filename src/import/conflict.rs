//! Merge conflicts somebody left in a page.

use super::markdown::Line;

/// A conflict: where it stands, and what of it was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The line of its first mark, from 1.
    pub line: u32,
    /// The lines of the side that was not taken.
    pub dropped: Vec<u32>,
    /// The numbers that only stand on lines of the side that was not taken.
    pub lost: Vec<String>,
}

/// Takes one side of each conflict: the first, or the second where the first is empty. Marks without their counterparts
/// are taken out alone.
#[must_use]
pub fn resolve(lines: Vec<Line>) -> (Vec<Line>, Vec<Conflict>) {
    let mark = |line: &Line, mark: &str| {
        let text = line.text.trim();
        text.starts_with(mark) && text.get(mark.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    if !lines.iter().any(|line| mark(line, "<<<<<<<") || mark(line, ">>>>>>>")) {
        return (lines, Vec::new());
    }
    let mut kept = Vec::with_capacity(lines.len());
    let mut conflicts = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let Some(line) = lines.get(at) else { break };
        if mark(line, "<<<<<<<") {
            let rest = lines.get(at + 1..).unwrap_or_default();
            // Another beginning before the end: this mark stands alone.
            let end = rest.iter().position(|line| mark(line, ">>>>>>>") || mark(line, "<<<<<<<"));
            let end = end.filter(|end| rest.get(*end).is_some_and(|line| mark(line, ">>>>>>>")));
            let Some(end) = end else {
                conflicts.push(Conflict { line: line.number, dropped: Vec::new(), lost: Vec::new() });
                at += 1;
                continue;
            };
            let inside = rest.get(..end).unwrap_or_default();
            let middle = inside.iter().position(|line| mark(line, "=======")).unwrap_or(inside.len());
            let base = inside.iter().position(|line| mark(line, "|||||||")).unwrap_or(middle).min(middle);
            let first = inside.get(..base).unwrap_or_default();
            let second = inside.get(middle + 1..).unwrap_or_default();
            let empty = first.iter().all(|line| line.text.trim().is_empty());
            let (taken, dropped) = if empty { (second, first) } else { (first, second) };
            let known: Vec<String> = taken.iter().flat_map(|line| numbers(&line.text)).collect();
            let mut lost: Vec<String> = dropped.iter().flat_map(|line| numbers(&line.text)).collect();
            lost.retain(|number| !known.contains(number));
            conflicts.push(Conflict {
                line: line.number,
                dropped: dropped.iter().filter(|line| !line.text.trim().is_empty()).map(|line| line.number).collect(),
                lost,
            });
            kept.extend(taken.iter().cloned());
            at += end + 2;
        } else if mark(line, ">>>>>>>") || mark(line, "=======") && in_pieces(&lines, at) {
            conflicts.push(Conflict { line: line.number, dropped: Vec::new(), lost: Vec::new() });
            at += 1;
        } else {
            kept.push(line.clone());
            at += 1;
        }
    }
    (kept, conflicts)
}

/// Whether a line of seven equals signs is a mark, and not the underline of a heading.
fn in_pieces(lines: &[Line], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| lines.get(before)).map_or("", |line| line.text.trim());
    before.is_empty() || before.starts_with('|')
}

/// Numbers of tasks at the beginning of a row.
fn numbers(line: &str) -> Vec<String> {
    let cells = super::table::cells(line);
    let first = cells.iter().take(2).map(|cell| super::table::numbers(cell)).find(|numbers| !numbers.is_empty());
    first.unwrap_or_default().iter().map(u32::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::super::markdown::lines;
    use super::*;

    fn resolved(text: &str) -> (String, Vec<Conflict>) {
        let (kept, conflicts) = resolve(lines(text));
        (kept.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("/"), conflicts)
    }

    #[test]
    fn one_side_is_taken() {
        let (text, conflicts) =
            resolved("a\n<<<<<<< HEAD\n| 10 | x |\n=======\n| 10 | y |\n| 11 | z |\n>>>>>>> 4b48\nb");
        assert_eq!(text, "a/| 10 | x |/b");
        assert_eq!(conflicts, [Conflict { line: 2, dropped: vec![5, 6], lost: vec!["11".to_owned()] }]);
        assert_eq!(resolved("<<<<<<< HEAD\n=======\nx\n>>>>>>> y").0, "x");
    }

    #[test]
    fn marks_alone() {
        assert_eq!(resolved("a\n<<<<<<< HEAD\nb").0, "a/b");
        assert_eq!(resolved("a\n>>>>>>> x\nb").0, "a/b");
        assert_eq!(resolved("a\n=======\nb").0, "a/=======/b");
    }
}
