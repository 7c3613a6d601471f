//! Tables of tasks: every row with a number becomes a task, or is named.

mod row;

pub use row::title as column_title;

use super::language::{Column, NameKind};
use super::markdown::Line;
use super::names::Words;
use super::page::{Task, TaskColumn};
use super::table::{cells, is_number, is_separator, numbers};
use super::text::plain;

/// What is odd about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// Two rows stand on one line.
    Glued,
    /// A row is broken over two lines.
    Broken,
    /// Cells ran into each other, or one is missing.
    Cells,
    /// It does not say whether the task is mandatory.
    Flag,
    /// It has no number.
    Number,
    /// Nothing was made of it.
    Unread,
}

/// An oddity with its line and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    /// What.
    pub oddity: Oddity,
    /// Its line, from 1.
    pub line: u32,
    /// In words.
    pub message: String,
}

/// The head of a table: what its columns hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// The columns, in order.
    pub columns: Vec<Option<Column>>,
    /// What they are called.
    pub titles: Vec<String>,
    /// Its line, from 1; 0 where the table has none.
    pub line: u32,
}

impl Head {
    /// The head of these cells.
    #[must_use]
    pub fn new(cells: &[String], line: u32, words: Words<'_>) -> Head {
        let mut columns: Vec<Option<Column>> =
            cells.iter().map(|cell| words.languages.column(words.language, &plain(cell))).collect();
        // What stands beside the number is the name, whatever its head says.
        let name = columns.iter().position(|column| *column == Some(Column::Id)).map_or(0, |id| id + 1);
        if let Some(column) = columns.get(name)
            && column.is_none()
            && !columns.contains(&Some(Column::Name))
            && columns.contains(&Some(Column::Id))
            && (columns.contains(&Some(Column::Flag)) || columns.contains(&Some(Column::Role)))
            && let Some(column) = columns.get_mut(name)
        {
            *column = Some(Column::Name);
        }
        // A head such as `(M)andatory / (O)ptional` is written in many ways.
        for (column, cell) in columns.iter_mut().zip(cells) {
            if column.is_none() && cell.contains('(') && cell.matches(['(', '（']).count() >= 2 {
                *column = Some(Column::Flag);
            }
        }
        Head { columns, titles: cells.to_vec(), line }
    }

    /// Its columns as they are written: of two that hold the same, the second is one of its own.
    #[must_use]
    pub fn written(&self) -> Vec<TaskColumn> {
        let own = |at: usize, column: Option<Column>| column.filter(|column| self.position(*column) == Some(at));
        let columns = self.columns.iter().zip(&self.titles).enumerate();
        columns.map(|(at, (column, title))| TaskColumn { title: title.clone(), holds: own(at, *column) }).collect()
    }

    /// Whether one of its columns holds this.
    #[must_use]
    pub fn has(&self, column: Column) -> bool {
        self.columns.contains(&Some(column))
    }

    /// Where a column is.
    #[must_use]
    pub fn position(&self, column: Column) -> Option<usize> {
        self.columns.iter().position(|known| *known == Some(column))
    }

    fn known(&self) -> usize {
        self.columns.iter().flatten().count()
    }
}

/// A row of a table, or its head.
#[derive(Debug, Clone)]
enum Row {
    Head(Head),
    Cells(Vec<String>, u32),
}

/// A table cut into its rows.
#[derive(Debug, Clone, Default)]
pub struct Table {
    rows: Vec<Row>,
    /// What is odd about how it is written.
    pub odd: Vec<Odd>,
}

impl Table {
    /// Cuts lines into rows. A line that ends in the midst of a row goes on in the next.
    #[must_use]
    pub fn new(lines: &[Line], words: Words<'_>) -> Table {
        let mut table = Table::default();
        for (at, line) in lines.iter().enumerate() {
            if is_separator(&line.text) {
                continue;
            }
            let row = cells(&line.text);
            let before_dashes = lines.get(at + 1).is_some_and(|next| is_separator(&next.text));
            let head = Head::new(&row, line.number, words);
            let numbered = row.iter().take(2).any(|cell| is_number(cell));
            let dated = row.first().is_some_and(|cell| super::date::read(&plain(cell), false).is_some());
            // Where the head was left out, the first row stands above the dashes.
            let like_above = table.width() > 2 && row.len() == table.width();
            let of_rows =
                numbered && (like_above || row.iter().skip(1).any(|cell| words.flagged(cell).is_some())) || dated;
            let is_head = if before_dashes {
                !of_rows
            } else {
                head.known() >= 2 && head.known() * 2 > row.len() && !numbered && !dated
            };
            if is_head {
                table.rows.push(Row::Head(head));
                continue;
            }
            // Behind an empty line, rows that do not fit the head above belong to something else.
            let apart = at
                .checked_sub(1)
                .and_then(|above| lines.get(above))
                .is_some_and(|above| line.number > above.number + 1);
            if apart && table.width() >= 4 && row.len() + 1 < table.width() && !says_more(&row, words) {
                table.rows.push(Row::Head(Head { line: line.number, ..Head::default() }));
            }
            let joins = !line.text.trim_start().starts_with('|') && !numbered && !dated;
            let width = table.width();
            if let Some(Row::Cells(above, above_line)) = table.rows.last_mut()
                && joins
                // A row that is whole does not go on.
                && (width == 0 || above.len() < width && above.len() + row.len() <= width + 2)
                && lines.get(at.wrapping_sub(1)).is_some_and(|above| !above.text.trim_end().ends_with('|'))
            {
                let mut rest = row.into_iter();
                if let (Some(last), Some(first)) = (above.last_mut(), rest.next()) {
                    last.push(' ');
                    last.push_str(&first);
                }
                above.extend(rest);
                table.odd.push(Odd {
                    oddity: Oddity::Broken,
                    line: *above_line,
                    message: "a row is broken over two lines".to_owned(),
                });
                continue;
            }
            if row.iter().any(|cell| !cell.is_empty()) {
                table.rows.push(Row::Cells(row, line.number));
            }
        }
        table
    }

    /// How many columns the head above has; 0 without one.
    fn width(&self) -> usize {
        let heads = self.rows.iter().rev().filter_map(|row| if let Row::Head(head) = row { Some(head) } else { None });
        heads.map(|head| head.columns.len()).next().unwrap_or(0)
    }

    /// Its first head.
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        self.rows.iter().find_map(|row| if let Row::Head(head) = row { Some(head) } else { None })
    }

    /// Its rows without heads.
    pub fn rows(&self) -> impl Iterator<Item = (&[String], u32)> {
        self.rows
            .iter()
            .filter_map(|row| if let Row::Cells(cells, line) = row { Some((cells.as_slice(), *line)) } else { None })
    }

    /// The table cut before each of its heads: one that stands right below another is read for itself.
    #[must_use]
    pub fn parts(&self) -> Vec<Table> {
        let mut parts: Vec<Table> = Vec::new();
        for row in &self.rows {
            if parts.is_empty() || matches!(row, Row::Head(_)) {
                parts.push(Table::default());
            }
            if let Some(part) = parts.last_mut() {
                part.rows.push(row.clone());
            }
        }
        let lines = |part: &Table| part.line()..=part.rows().map(|(_, line)| line).last().unwrap_or(part.line());
        for odd in &self.odd {
            let owner = parts.iter().position(|part| lines(part).contains(&odd.line)).unwrap_or(0);
            if let Some(part) = parts.get_mut(owner) {
                part.odd.push(odd.clone());
            }
        }
        parts
    }

    /// The line it begins on.
    #[must_use]
    pub fn line(&self) -> u32 {
        match self.rows.first() {
            Some(Row::Head(head)) => head.line,
            Some(Row::Cells(_, line)) => *line,
            None => 0,
        }
    }

    /// Whether its rows are tasks: its head says so, or rows have a number, say whether the task is mandatory, and name who
    /// does it or for what.
    #[must_use]
    pub fn is_of_tasks(&self, words: Words<'_>) -> bool {
        let numbered = |row: &[String]| row.iter().take(2).any(|cell| !numbers(cell).is_empty());
        let mut heads = self.rows.iter().filter_map(|row| if let Row::Head(head) = row { Some(head) } else { None });
        let by_head = heads.any(|head| {
            let by_row = |(row, _): (&[String], u32)| {
                head.position(Column::Id).and_then(|at| row.get(at)).is_some_and(|cell| !numbers(cell).is_empty())
                    || numbered(row)
            };
            head.has(Column::Id) && (head.has(Column::Flag) || head.has(Column::Role) && self.rows().any(by_row))
        });
        let known = |cell: &String| {
            let names = |kind| words.list(kind, cell).iter().any(|name| name.known);
            names(NameKind::Role) || names(NameKind::Service)
        };
        by_head
            || self.rows().any(|(row, _)| {
                let flag = |cell: &&String| cell.as_str() != "0" && words.flagged(cell).is_some();
                numbered(row)
                    && row.iter().skip(2).find(flag).is_some_and(|flag| {
                        words.flagged(flag).is_some_and(|flagged| !flagged.role.is_empty())
                            || row.iter().skip(2).any(known)
                    })
            })
    }

    /// Whether its head says that it names tasks, if nothing else of them: in a step, that is a table of tasks too. `Task ID`
    /// says what the numbers are, `ID` alone does not.
    #[must_use]
    pub fn names_tasks(&self) -> bool {
        let of_tasks = |head: &Head, at: usize| {
            head.titles
                .get(at)
                .is_some_and(|title| plain(title).chars().filter(|letter| letter.is_alphanumeric()).count() > 4)
        };
        self.head().is_some_and(|head| {
            head.has(Column::Name)
                && head.position(Column::Id).is_some_and(|id| {
                    let numbered = |row: &[String]| row.get(id).is_some_and(|cell| !numbers(cell).is_empty());
                    of_tasks(head, id) && self.rows().any(|(row, _)| numbered(row))
                })
        })
    }

    /// Whether its rows are changes.
    #[must_use]
    pub fn is_of_changes(&self) -> bool {
        let by_head = self.head().is_some_and(|head| head.has(Column::Date));
        let dated = self
            .rows()
            .filter(|(row, _)| row.iter().take(2).any(|cell| super::date::read(&plain(cell), false).is_some()))
            .count();
        by_head || dated > 0 && dated * 2 >= self.rows().count()
    }

    /// Its tasks, and what is odd about its rows.
    #[must_use]
    pub fn tasks(&self, words: Words<'_>) -> (Vec<Task>, Vec<Odd>) {
        let mut reader = row::Rows::new(words, self.odd.clone());
        for row in &self.rows {
            match row {
                Row::Head(head) => reader.begin(head.clone()),
                Row::Cells(cells, line) => {
                    let parts = unglued(cells, reader.head(), words);
                    if parts.len() > 1 {
                        let message = format!("{} rows stand on one line", parts.len());
                        reader.say(Oddity::Glued, *line, message);
                    }
                    for part in &parts {
                        reader.row(part, *line);
                    }
                }
            }
        }
        reader.finish()
    }
}

/// Whether a row says whether a task is mandatory, or names a role.
fn says_more(row: &[String], words: Words<'_>) -> bool {
    let role = |cell: &String| words.list(NameKind::Role, cell).iter().any(|name| name.known);
    row.iter().skip(1).any(|cell| cell != "0" && words.flagged(cell).is_some() || role(cell))
}

/// Cuts a line into the rows that stand on it: each further one begins with a number behind a whole row.
fn unglued(cells: &[String], head: &Head, words: Words<'_>) -> Vec<Vec<String>> {
    let mut parts: Vec<Vec<String>> = vec![Vec::new()];
    let mut flagged = false;
    for (at, cell) in cells.iter().enumerate() {
        let far = parts.last().map_or(0, Vec::len);
        let begins = far >= 3
            && flagged
            && !numbers(cell).is_empty()
            && cells.len() - at >= 3
            && !matches!(head.columns.first(), Some(Some(column)) if *column != Column::Id);
        if begins {
            if let Some(part) = parts.last_mut()
                && part.last().is_some_and(String::is_empty)
                && part.len() > head.columns.len().max(4)
            {
                part.pop();
            }
            parts.push(Vec::new());
            flagged = false;
        }
        flagged |= far >= 1 && (words.flagged(cell).is_some());
        if let Some(part) = parts.last_mut() {
            part.push(cell.clone());
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::super::language::Languages;
    use super::super::markdown::lines;
    use super::super::page::Named;
    use super::*;

    fn read(language: &str, text: &str) -> (Vec<String>, Vec<Oddity>) {
        let words = Words { languages: Languages::known(), language };
        let table = Table::new(&lines(text), words);
        let (tasks, odd) = table.tasks(words);
        let names = |names: &[Named]| names.iter().map(|named| named.name.clone()).collect::<Vec<_>>().join("+");
        let shown = tasks.iter().map(|task| {
            let flag = task.mandatory.map_or("?", |mandatory| if mandatory { "M" } else { "O" });
            let id = task.id.map_or("-".to_owned(), |id| id.to_string());
            format!("{id} {} {flag} {} {}", task.name, names(&task.roles), names(&task.services))
        });
        (shown.collect(), odd.iter().map(|odd| odd.oddity).collect())
    }

    const HEAD: &str = "| Task ID | Task Name | (M)andatory / (O)ptional | FastTrack Role | Services |\n|-|-|-|-|-|\n";

    fn row(row: &str) -> (Vec<String>, Vec<Oddity>) {
        read("en", &format!("{HEAD}{row}"))
    }

    #[test]
    fn a_usual_row() {
        let (tasks, odd) = row("| 3731 | Teams - Handshake | O | FastTrack Manager | Teams |");
        assert_eq!((tasks, odd), (vec!["3731 Teams - Handshake O FastTrack Manager Teams".to_owned()], vec![]));
        assert_eq!(row("| 3731 | Teams | O | FastTrack Manager | Teams").1, []);
        assert_eq!(row("| 3731 | | O | FM | |").0, ["3731  O FastTrack Manager "]);
    }

    #[test]
    fn two_rows_on_one_line() {
        let (tasks, odd) = row("| 3143 | A | O | FE | Exchange|| 1328 | B |   O | FE | Exchange |");
        assert_eq!(tasks, ["3143 A O FastTrack Engineer Exchange", "1328 B O FastTrack Engineer Exchange"]);
        assert_eq!(odd, [Oddity::Glued]);
        assert_eq!(row("| 3143 | A | O | FE | Exchange | 1328 | B | M | FE | Teams |").0.len(), 2);
        assert_eq!(row("| 3143 | A | O | FE || 1328 | B | M | FE | Teams |").0[1], "1328 B M FastTrack Engineer Teams");
        assert_eq!(row("| 1 | A || 3143 | A | O FastTrack Engineer | Exchange || 1328 | B | M | FE | Teams || 15 | c | O | FE | AIP|").0.len(), 3);
    }

    #[test]
    fn cells_that_ran_together() {
        let (tasks, odd) = row("| 3184 | Verify | O FastTrack Engineer | Core Onboarding |");
        assert_eq!(tasks, ["3184 Verify O FastTrack Engineer Core Onboarding"]);
        assert_eq!(odd, [Oddity::Cells]);
        assert_eq!(row("|| 3999 | A | M | FE | Teams |").0, ["3999 A M FastTrack Engineer Teams"]);
        assert_eq!(row("| 3999 A | M | FE | Teams |").0, ["3999 A M FastTrack Engineer Teams"]);
        assert_eq!(row("| 3999 | A | B | M | FE | Teams |").0, ["3999 A | B M FastTrack Engineer Teams"]);
        assert_eq!(row("| 3999 | A | M | FE | Teams | Exchange |").0, ["3999 A M FastTrack Engineer Teams+Exchange"]);
        assert_eq!(row("| 3999 | A | M | Teams | FE |").0, ["3999 A M FastTrack Engineer Teams"]);
        assert_eq!(
            row("| 3999 | A | | FE | Teams |"),
            (vec!["3999 A ? FastTrack Engineer Teams".to_owned()], vec![Oddity::Flag])
        );
        assert_eq!(row("| 3999 | A | FE | Teams |").0, ["3999 A ? FastTrack Engineer Teams"]);
        assert_eq!(row("| 3999 | A | M | Teams |").0, ["3999 A M  Teams"]);
        assert_eq!(row("| 3999, 4000 | A | M | FE | Teams |").0.len(), 2);
        assert_eq!(
            row("| x | A | M | FE | Teams |"),
            (vec!["- A M FastTrack Engineer Teams".to_owned()], vec![Oddity::Number])
        );
    }

    #[test]
    fn rows_over_two_lines_and_without_bars() {
        assert_eq!(row("| 3999 | A\nB | M | FE | Teams |").0, ["3999 A B M FastTrack Engineer Teams"]);
        assert_eq!(row("3999 | A | M | FE | Teams").0, ["3999 A M FastTrack Engineer Teams"]);
    }

    #[test]
    fn other_heads() {
        let four =
            "|Aufgaben-ID|Titel|(E) Erforderlich (O) Optional|FastTrack-Rolle|\n|:-|:-:|:-|\n|[1247](a.md)|B|E|FE|";
        assert_eq!(read("de", four).0, ["1247 B M FastTrack Engineer "]);
        let order =
            "| Services | Task Name | Task ID | FastTrack Role | M/O |\n|-|-|-|-|-|\n| Teams | A | 3731 | FM | M |";
        assert_eq!(read("en", order).0, ["3731 A M FastTrack Manager Teams"]);
        let none = "| 3731 | A | M | FM | Teams |";
        assert_eq!(read("en", none).0, ["3731 A M FastTrack Manager Teams"]);
        let bold = "|**Task ID**|**Task Name**|**(M)andatory / (O)ptional**|**FastTrack Role**|**Services**|\n|-|-|-|-|-|\n|3731|A|M|FM|Teams|";
        assert_eq!(read("en", bold).0, ["3731 A M FastTrack Manager Teams"]);
    }
}
