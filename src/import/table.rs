//! Rows of tables: cells, glued rows, and cells that ran into each other.

use super::text::{narrow, plain, squeezed};

/// How many bars between cells a line has.
#[must_use]
pub fn pipes(text: &str) -> usize {
    let mut count = 0;
    let mut escaped = false;
    let mut code = false;
    for character in text.chars() {
        match character {
            '`' => code = !code,
            '|' if !escaped && !code => count += 1,
            _ => {}
        }
        escaped = character == '\\' && !escaped;
    }
    count
}

/// Whether a line is the line of dashes under the head of a table.
#[must_use]
pub fn is_separator(text: &str) -> bool {
    let text = text.trim();
    text.contains("--") && text.chars().all(|character| matches!(character, '-' | '|' | ':' | ' ' | '—' | '–'))
        || text.len() > 2
            && text.contains('-')
            && text.contains('|')
            && text.chars().all(|character| "-|: ".contains(character))
}

/// Whether a line without a leading bar begins with the number of a task.
#[must_use]
pub fn begins_with_number(text: &str) -> bool {
    text.split('|').next().is_some_and(|cell| !numbers(cell).is_empty())
}

/// The cells of a row, in inline Markdown, without spaces around them.
#[must_use]
pub fn cells(row: &str) -> Vec<String> {
    let row = row.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    let mut cells = vec![String::new()];
    let mut escaped = false;
    let mut code = false;
    for character in row.chars() {
        if character == '`' {
            code = !code;
        }
        if character == '|' && !escaped && !code {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            if character == '|' && escaped {
                cell.pop();
            }
            cell.push(character);
        }
        escaped = character == '\\' && !escaped;
    }
    // A backtick that is never closed marks no code.
    if code && row.contains('`') {
        cells = row.split('|').map(str::to_owned).collect();
    }
    if cells.len() > 1 && cells.last().is_some_and(|cell| cell.trim().is_empty()) {
        cells.pop();
    }
    cells.into_iter().map(|cell| squeezed(&cell)).collect()
}

/// The task numbers a cell holds: one as a rule; several where it lists them or gives a range; none where it holds
/// anything else.
#[must_use]
pub fn numbers(cell: &str) -> Vec<u32> {
    let text = if cell.contains(['[', '*', '<', '\\', '`', '_']) { plain(cell) } else { cell.to_owned() };
    let text: String = text.chars().map(narrow).collect();
    let text = text.trim().trim_start_matches('#').trim_end_matches(['.', '*', ':']).trim();
    if text.is_empty() || !text.starts_with(|character: char| character.is_ascii_digit()) {
        return Vec::new();
    }
    // A remark in brackets is no part of the number.
    let text = text.split_once(['(', '[']).map_or(text, |(number, _)| number.trim());
    let separators = |character: char| matches!(character, ',' | ';' | '/' | '、' | ' ' | '&' | '+');
    let mut numbers = Vec::new();
    let compact = text.replace(" - ", "-").replace(['–', '—', '~'], "-");
    for piece in compact.split(separators).filter(|piece| !piece.is_empty()) {
        let number = |digits: &str| -> Option<u32> {
            ((2..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| digits.parse().ok().filter(|number| *number >= 10))
                .flatten()
        };
        if let Some(number) = number(piece) {
            numbers.push(number);
        } else if let Some((low, high)) =
            piece.split_once('-').and_then(|(low, high)| Some((number(low)?, number(high)?)))
            && low < high
            && high - low < 50
        {
            numbers.extend(low..=high);
        } else {
            return Vec::new();
        }
    }
    numbers
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
    fn cells_of_a_row() {
        assert_eq!(cells("| a | b|c |"), ["a", "b", "c"]);
        assert_eq!(cells("a | b"), ["a", "b"]);
        assert_eq!(cells("|| 3999 | x |"), ["", "3999", "x"]);
        assert_eq!(cells("| a \\| b | `c|d` |"), ["a | b", "`c|d`"]);
        assert_eq!(cells("| a ` b | c |"), ["a ` b", "c"]);
        assert_eq!(cells("| a | |"), ["a", ""]);
    }

    #[test]
    fn numbers_of_tasks() {
        assert_eq!(numbers("3731"), [3731]);
        assert_eq!(numbers("[1247](a.md)"), [1247]);
        assert_eq!(numbers("**3731**"), [3731]);
        assert_eq!(numbers("3731 (new)"), [3731]);
        assert_eq!(numbers("3731, 3732"), [3731, 3732]);
        assert_eq!(numbers("3731-3733"), [3731, 3732, 3733]);
        assert_eq!(numbers("３７３１"), [3731]);
        assert!(numbers("").is_empty() && numbers("3731a").is_empty());
        assert!(numbers("1").is_empty() && numbers("004").is_empty());
        assert!(numbers("10/018/2019").is_empty() || numbers("Task").is_empty());
    }

    #[test]
    fn lines_of_dashes() {
        assert!(is_separator("|---|:--:|") && is_separator("| - | - |") && is_separator("--- | ---"));
        assert!(!is_separator("| a |") && !is_separator("|  |"));
    }
}
