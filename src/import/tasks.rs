//! Tables of tasks: every row with a number becomes a task, or is named.

use super::language::{Column, Flag, NameKind};
use super::markdown::Line;
use super::names::Words;
use super::page::{Named, Task};
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
}

impl Head {
    fn new(cells: &[String], words: Words<'_>) -> Head {
        let mut columns: Vec<Option<Column>> =
            cells.iter().map(|cell| words.languages.column(words.language, &plain(cell))).collect();
        // A head such as `(M)andatory / (O)ptional` is written in many ways.
        for (column, cell) in columns.iter_mut().zip(cells) {
            if column.is_none() && cell.contains('(') && cell.matches(['(', '（']).count() >= 2 {
                *column = Some(Column::Flag);
            }
        }
        Head { columns }
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
            let head = Head::new(&row, words);
            let is_head = (before_dashes || head.known() >= 2 && head.known() * 2 > row.len())
                && !row.iter().take(2).any(|cell| is_number(cell))
                && row.first().is_none_or(|cell| super::date::read(&plain(cell), false).is_none());
            if is_head {
                table.rows.push(Row::Head(head));
                continue;
            }
            let joins = !line.text.trim_start().starts_with('|')
                && !row.iter().take(2).any(|cell| is_number(cell))
                && row.first().is_none_or(|cell| super::date::read(&plain(cell), false).is_none());
            let width = table.width();
            if let Some(Row::Cells(above, above_line)) = table.rows.last_mut()
                && joins
                // A row that is whole does not go on.
                && (width == 0 || above.len() + row.len() <= width + 1)
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

    /// Whether its rows are tasks: its head says so, or a row has a number and says whether it is mandatory.
    #[must_use]
    pub fn is_of_tasks(&self, words: Words<'_>) -> bool {
        let heads = self.rows.iter().filter_map(|row| if let Row::Head(head) = row { Some(head) } else { None });
        let by_head =
            heads.clone().any(|head| head.has(Column::Id) && (head.has(Column::Flag) || head.has(Column::Role)));
        by_head
            || self.rows().any(|(row, _)| {
                row.iter().take(2).any(|cell| !numbers(cell).is_empty())
                    && row.iter().skip(2).any(|cell| words.flag(cell).is_some() || merged_flag(cell, words).is_some())
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
        let mut tasks = Vec::new();
        let mut odd = self.odd.clone();
        let mut head = Head::default();
        for row in &self.rows {
            match row {
                Row::Head(next) => head = next.clone(),
                Row::Cells(cells, line) => {
                    let parts = unglued(cells, &head, words);
                    if parts.len() > 1 {
                        let message = format!("{} rows stand on one line", parts.len());
                        odd.push(Odd { oddity: Oddity::Glued, line: *line, message });
                    }
                    for part in &parts {
                        one(part, *line, &head, words, &mut tasks, &mut odd);
                    }
                }
            }
        }
        (tasks, odd)
    }
}

/// A cell that holds the flag and the role: both.
fn merged_flag(cell: &str, words: Words<'_>) -> Option<(Flag, String)> {
    let text = plain(cell);
    let (first, rest) = text.split_once([' ', '/', '-'])?;
    if first.chars().count() > 1 && !first.starts_with(['(', '（']) {
        return None;
    }
    let flag = words.flag(first)?;
    let rest = rest.trim();
    words.list(NameKind::Role, rest).iter().any(|role| role.known).then(|| (flag, rest.to_owned()))
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
        flagged |= far >= 1 && (words.flag(cell).is_some() || merged_flag(cell, words).is_some());
        if let Some(part) = parts.last_mut() {
            part.push(cell.clone());
        }
    }
    parts
}

/// What the cells of one row were taken for.
#[derive(Debug, Default)]
struct Parts {
    id: Option<String>,
    name: String,
    flag: Option<Flag>,
    flag_text: String,
    role: String,
    services: String,
}

fn one(row: &[String], line: u32, head: &Head, words: Words<'_>, tasks: &mut Vec<Task>, odd: &mut Vec<Odd>) {
    let mut say = |oddity, message: String| odd.push(Odd { oddity, line, message });
    let (mut parts, oddity) = match by_head(row, head, words) {
        Some(parts) => (parts, None),
        None => {
            let (parts, message) = by_content(row, head, words);
            (parts, message)
        }
    };
    if let Some(message) = oddity {
        say(Oddity::Cells, message);
    }
    // Role and services the other way round.
    let known = |kind, text: &str| words.list(kind, text).first().is_some_and(|name| name.known);
    if known(NameKind::Service, &parts.role) && known(NameKind::Role, &parts.services) {
        std::mem::swap(&mut parts.role, &mut parts.services);
        say(Oddity::Cells, "role and services are the other way round".to_owned());
    }
    let link = parts.id.as_deref().and_then(|id| super::text::seen(id).1.into_iter().next());
    let numbers = parts.id.as_deref().map(numbers).unwrap_or_default();
    let named = |kind, text: &str| -> Vec<Named> { words.list(kind, text) };
    if numbers.is_empty() {
        if parts.name.is_empty() && parts.flag.is_none() {
            return;
        }
        let shown = parts.id.filter(|id| !id.is_empty());
        say(
            Oddity::Number,
            match &shown {
                Some(id) => format!("`{id}` is no number of a task: the task has none here"),
                None => "a row of the tasks has no number".to_owned(),
            },
        );
    } else if numbers.len() > 1 {
        say(Oddity::Cells, format!("one row has the numbers of {} tasks", numbers.len()));
    }
    if parts.flag.is_none() {
        let message = if parts.flag_text.is_empty() {
            "the row does not say whether the task is mandatory or optional".to_owned()
        } else {
            format!("`{}` says neither mandatory nor optional", parts.flag_text)
        };
        say(Oddity::Flag, message);
    }
    let roles = named(NameKind::Role, &parts.role);
    let services = named(NameKind::Service, &parts.services);
    let ids: Vec<Option<u32>> = if numbers.is_empty() { vec![None] } else { numbers.into_iter().map(Some).collect() };
    for id in ids {
        tasks.push(Task {
            id,
            name: parts.name.clone(),
            link: link.clone(),
            mandatory: parts.flag.map(|flag| flag == Flag::Mandatory),
            roles: roles.clone(),
            services: services.clone(),
            line,
        });
    }
}

/// A row whose cells are what its head says.
fn by_head(row: &[String], head: &Head, words: Words<'_>) -> Option<Parts> {
    let id = head.position(Column::Id)?;
    let flag_at = head.position(Column::Flag)?;
    let name = head.position(Column::Name)?;
    let fits = row.len() == head.columns.len()
        || row.len() > head.columns.len() && row.iter().skip(head.columns.len()).all(String::is_empty);
    let flag = words.flag(row.get(flag_at)?);
    let number = row.get(id).is_some_and(|cell| !numbers(cell).is_empty());
    if !fits || flag.is_none() || !number {
        return None;
    }
    let cell = |column| head.position(column).and_then(|at| row.get(at)).cloned().unwrap_or_default();
    Some(Parts {
        id: row.get(id).cloned(),
        name: row.get(name).cloned().unwrap_or_default(),
        flag,
        flag_text: String::new(),
        role: cell(Column::Role),
        services: cell(Column::Services),
    })
}

/// A row whose cells have to be known by what they hold. With words about what is odd.
fn by_content(row: &[String], head: &Head, words: Words<'_>) -> (Parts, Option<String>) {
    let mut row: Vec<String> = row.to_vec();
    let mut oddity = None;
    let width = head.columns.len();
    let has_services = head.has(Column::Services) || width == 0;
    let id_first = head.position(Column::Id).unwrap_or(0) == 0;
    if id_first {
        let leading = row.iter().take_while(|cell| cell.is_empty()).count();
        if leading > 0 && row.get(leading).is_some_and(|cell| !numbers(cell).is_empty()) {
            row.drain(..leading);
            oddity = Some("the row begins with an empty cell".to_owned());
        }
    }
    let mut parts = Parts::default();
    let id_at = if id_first { Some(0) } else { row.iter().position(|cell| !numbers(cell).is_empty()) };
    let Some(id_at) = id_at.filter(|at| *at < row.len()) else { return (parts, oddity) };
    let first = row.remove(id_at);
    // The number and the name in one cell.
    let (id, rest) = split_number(&first);
    parts.id = Some(id);
    if let Some(rest) = rest {
        row.insert(id_at.min(row.len()), rest);
        oddity = oddity.or_else(|| Some("number and name of the task stand in one cell".to_owned()));
    }
    // The flag, alone or with the role.
    let known_role = |at: usize| {
        row.get(at).is_some_and(|cell| words.list(NameKind::Role, cell).first().is_some_and(|role| role.known))
    };
    let flags: Vec<usize> =
        row.iter().enumerate().skip(1).filter(|(_, cell)| words.flag(cell).is_some()).map(|(at, _)| at).collect();
    // The name may hold a letter that looks like a flag: the one before a role is meant.
    let alone = flags.iter().copied().find(|at| known_role(at + 1)).or(flags.first().copied());
    let merged = row.iter().enumerate().skip(1).find_map(|(at, cell)| Some((at, merged_flag(cell, words)?)));
    let (flag_at, after) = match (alone, merged) {
        (Some(at), _) => {
            parts.flag = row.get(at).and_then(|cell| words.flag(cell));
            (at, None)
        }
        (None, Some((at, (flag, role)))) => {
            parts.flag = Some(flag);
            oddity = oddity.or_else(|| Some("flag and role stand in one cell".to_owned()));
            (at, Some(role))
        }
        (None, None) => {
            // Where the head says the flag is, else where the role is.
            let by_role = row
                .iter()
                .enumerate()
                .skip(1)
                .find(|(_, cell)| words.list(NameKind::Role, cell).first().is_some_and(|role| role.known));
            let expected = head.position(Column::Flag).map_or(1, |at| at.saturating_sub(1)).max(1);
            match by_role.map(|(at, _)| at) {
                Some(at) if row.len() < width.saturating_sub(1) || at <= expected.saturating_sub(1) => {
                    oddity = oddity.or_else(|| Some("the row has a cell less than the head of its table".to_owned()));
                    parts.name = row.iter().take(at).cloned().collect::<Vec<_>>().join(" ");
                    parts.role = row.get(at).cloned().unwrap_or_default();
                    parts.services = row.iter().skip(at + 1).cloned().collect::<Vec<_>>().join(" / ");
                    return (parts, oddity);
                }
                _ => {
                    parts.flag_text = row.get(expected).cloned().unwrap_or_default();
                    (expected, None)
                }
            }
        }
    };
    let name: Vec<String> = row.iter().take(flag_at).filter(|cell| !cell.is_empty()).cloned().collect();
    if name.len() > 1 {
        oddity = oddity.or_else(|| Some("the name of the task goes over several cells".to_owned()));
    }
    parts.name = name.join(" | ");
    let mut rest: Vec<String> = after.into_iter().chain(row.iter().skip(flag_at + 1).cloned()).collect();
    while rest.last().is_some_and(String::is_empty) {
        rest.pop();
    }
    let expected = 1 + usize::from(has_services);
    if rest.len() > expected {
        rest.retain(|cell| !cell.is_empty());
    }
    let mut rest = rest.into_iter();
    let first = rest.next().unwrap_or_default();
    let others: Vec<String> = rest.collect();
    let role_known = words.list(NameKind::Role, &first).first().is_some_and(|role| role.known);
    let service_known = words.list(NameKind::Service, &first).first().is_some_and(|service| service.known);
    if others.is_empty() && !role_known && service_known && has_services {
        parts.services = first;
        oddity = oddity.or_else(|| Some("the row has a cell less than the head of its table".to_owned()));
    } else {
        if has_services && others.is_empty() {
            oddity = oddity.or_else(|| Some("the row has a cell less than the head of its table".to_owned()));
        } else if others.len() > usize::from(has_services) {
            oddity = oddity.or_else(|| Some("the row has more cells than the head of its table".to_owned()));
        }
        parts.role = first;
        parts.services = others.join(" / ");
    }
    (parts, oddity)
}

/// `3731 Teams - …` as number and name.
fn split_number(cell: &str) -> (String, Option<String>) {
    if !numbers(cell).is_empty() {
        return (cell.to_owned(), None);
    }
    match cell.split_once([' ', ':']) {
        Some((first, rest)) if is_number(first) && !rest.trim().is_empty() => {
            (first.to_owned(), Some(rest.trim().to_owned()))
        }
        _ => (cell.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::language::Languages;
    use super::super::markdown::lines;
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
