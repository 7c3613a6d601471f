//! Rows of tables: cells, glued rows, and cells that ran into each other.

use super::text::squeezed;

pub use super::numbers::{is_number, numbers};

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
    fn lines_of_dashes() {
        assert!(is_separator("|---|:--:|") && is_separator("| - | - |") && is_separator("--- | ---"));
        assert!(!is_separator("| a |") && !is_separator("|  |"));
    }
}
