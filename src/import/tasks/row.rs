//! One row: which of its cells is what, and what of it is odd.

use super::super::language::{Column, Flag, NameKind};
use super::super::names::{Words, is_nothing};
use super::super::numbers::{self, Numbered};
use super::super::page::{Cells, Note, Task};
use super::super::text::{plain, seen};
use super::{Head, Odd, Oddity};
use crate::import::table::numbers as numbers_of;

/// What the cells of one row were taken for, in inline Markdown.
#[derive(Debug, Clone, Default)]
struct Parts {
    id: String,
    name: String,
    flag: String,
    role: String,
    services: String,
    notes: Vec<Note>,
    /// Whether the cells stand where the head says.
    by_head: bool,
    odd: Option<String>,
}

/// Reads the rows of a table one by one.
pub(super) struct Rows<'a> {
    words: Words<'a>,
    head: Head,
    tasks: Vec<Task>,
    odd: Vec<Odd>,
    /// Columns of the head that were named.
    named: Vec<usize>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(words: Words<'a>, odd: Vec<Odd>) -> Rows<'a> {
        Rows { words, head: Head::default(), tasks: Vec::new(), odd, named: Vec::new() }
    }

    /// A new head: the rows below it are read by it.
    pub(super) fn begin(&mut self, head: Head) {
        self.head = head;
        self.named.clear();
    }

    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    pub(super) fn finish(self) -> (Vec<Task>, Vec<Odd>) {
        (self.tasks, self.odd)
    }

    pub(super) fn say(&mut self, oddity: Oddity, line: u32, message: String) {
        self.odd.push(Odd { oddity, line, message });
    }

    fn known(&self, kind: NameKind, text: &str) -> bool {
        self.words.list(kind, text).first().is_some_and(|name| name.known)
    }

    /// Reads one row.
    pub(super) fn row(&mut self, row: &[String], line: u32) {
        let mut parts = self.by_head(row).unwrap_or_else(|| by_content(row, &self.head, self.words));
        let flag = self.put_right(&mut parts);
        if let Some(message) = parts.odd.take() {
            self.say(Oddity::Cells, line, message);
        }
        let found = numbers::read(&parts.id);
        let roles = self.words.list(NameKind::Role, &parts.role);
        let services = self.words.list(NameKind::Service, &parts.services);
        if found.is_none() && (flag.is_none() && !roles.iter().any(|role| role.known) || parts.name.is_empty()) {
            let cells: Vec<String> = row.iter().map(|cell| plain(cell)).filter(|cell| !cell.is_empty()).collect();
            if !cells.is_empty() {
                let message = format!("the row `{}` has no number: it is not taken for a task", cells.join(" | "));
                self.say(Oddity::Unread, line, message);
            }
            return;
        }
        self.columns(&parts, line);
        self.number(&parts, found.as_ref(), line);
        if flag.is_none() {
            let message = if parts.flag.is_empty() {
                "the row does not say whether the task is mandatory or optional".to_owned()
            } else {
                format!("`{}` says neither mandatory nor optional", plain(&parts.flag))
            };
            self.say(Oddity::Flag, line, message);
        }
        if self.words.flagged(&parts.flag).is_some_and(|flagged| flagged.remark) {
            let taken = if flag == Some(Flag::Mandatory) { "mandatory" } else { "optional" };
            self.say(Oddity::Cells, line, format!("`{}` is taken for {taken}", plain(&parts.flag)));
        }
        self.empty(&parts, line);
        for (kind, names) in [(NameKind::Role, &roles), (NameKind::Service, &services)] {
            for named in names {
                if self.words.remark(kind, named).is_some() && self.words.alternatives(kind, named).is_none() {
                    let message = format!("`{}` is taken for `{}`", named.written, named.name);
                    self.say(Oddity::Cells, line, message);
                }
            }
        }
        let link = seen(&parts.id).1.into_iter().next();
        let numbers = found.map(|found| found.numbers).unwrap_or_default();
        let several = numbers.len() > 1;
        let ids: Vec<Option<u32>> =
            if numbers.is_empty() { vec![None] } else { numbers.into_iter().map(Some).collect() };
        let has = |column| self.head.has(column) || self.head.columns.is_empty();
        let cell = |column, text: &str| has(column).then(|| text.to_owned());
        // What was put right is written as it should be.
        let as_it_was = |column, text: &str| cell(column, text).filter(|_| parts.by_head);
        for id in ids {
            self.tasks.push(Task {
                id,
                name: parts.name.clone(),
                link: link.clone(),
                mandatory: flag.map(|flag| flag == Flag::Mandatory),
                roles: roles.clone(),
                services: services.clone(),
                written: Cells {
                    id: as_it_was(Column::Id, &parts.id).filter(|_| !several),
                    flag: as_it_was(Column::Flag, &parts.flag),
                    role: cell(Column::Role, &parts.role),
                    services: cell(Column::Services, &parts.services),
                },
                notes: parts.notes.clone(),
                line,
            });
        }
    }

    /// A row whose cells are what its head says.
    fn by_head(&self, row: &[String]) -> Option<Parts> {
        let head = &self.head;
        let id_at = head.position(Column::Id)?;
        let name_at = head.position(Column::Name)?;
        let width = head.columns.len();
        let fits = row.len() == width || row.len() > width && row.iter().skip(width).all(String::is_empty);
        if !fits {
            return None;
        }
        let cell = |column| head.position(column).and_then(|at| row.get(at)).cloned().unwrap_or_default();
        let id = row.get(id_at)?;
        let numbered = |cell: &String| numbers::read(cell).is_some();
        // The cells are one to the right where a later one begins with the number.
        if !numbered(id) && row.iter().take(name_at.max(id_at) + 1).any(|cell| !numbers_of(cell).is_empty()) {
            return None;
        }
        let (flag, role) = (cell(Column::Flag), cell(Column::Role));
        let flag_at = head.position(Column::Flag);
        let elsewhere = || {
            let cells =
                row.iter().enumerate().filter(|(at, _)| ![Some(id_at), Some(name_at), flag_at].contains(&Some(*at)));
            cells
                .filter(|(at, _)| head.columns.get(*at).is_some_and(Option::is_some))
                .any(|(_, cell)| self.words.flag(cell).is_some())
        };
        let swapped = self.words.flag(&role).is_some() && self.known(NameKind::Role, &flag);
        if flag_at.is_some()
            && !flag.is_empty()
            && self.words.flagged(&flag).is_none_or(|flagged| flagged.remark)
            && !swapped
            && elsewhere()
        {
            return None;
        }
        // A row that does not have a number in its place, but a flag in the place of its name, is broken otherwise.
        if !numbered(id) && flag_at.is_some() && self.words.flag(&flag).is_none() && elsewhere() {
            return None;
        }
        let mut notes: Vec<Note> = Vec::new();
        for (at, column) in head.written().iter().enumerate().filter(|(_, column)| column.holds.is_none()) {
            let text = row.get(at).cloned().unwrap_or_default();
            if !text.is_empty() {
                note(&mut notes, title(&column.title, at), text);
            }
        }
        Some(Parts {
            id: id.clone(),
            name: row.get(name_at).cloned().unwrap_or_default(),
            flag,
            role,
            services: cell(Column::Services),
            notes,
            by_head: true,
            odd: None,
        })
    }

    /// Puts cells right that stand in each other's place, and gives the flag.
    fn put_right(&self, parts: &mut Parts) -> Option<Flag> {
        let words = self.words;
        let mut odd: Option<&str> = None;
        // The number and the name in one cell.
        if parts.name.is_empty()
            && let Some((number, name)) = split_number(&parts.id)
        {
            (parts.id, parts.name) = (number, name);
            odd = odd.or(Some("number and name of the task stand in one cell"));
        }
        // Flag and role the other way round.
        if words.flagged(&parts.flag).is_none()
            && words.flag(&parts.role).is_some()
            && (parts.flag.is_empty() || self.known(NameKind::Role, &parts.flag))
        {
            std::mem::swap(&mut parts.flag, &mut parts.role);
            odd = odd.or(Some("flag and role are the other way round"));
        }
        let mut flag = words.flagged(&parts.flag);
        // The flag stands beside the role.
        if parts.flag.is_empty()
            && let Some(flagged) = words.flagged(&parts.role)
            && !flagged.role.is_empty()
            && words.languages.name(words.language, NameKind::Role, &plain(&parts.role)).is_none()
        {
            parts.role = flagged.role.clone();
            odd = odd.or(Some("flag and role stand in one cell"));
            flag = Some(flagged);
        } else if let Some(flagged) = flag.clone().filter(|flagged| !flagged.role.is_empty()) {
            // The role stands beside the flag: what stands in its own cell is the services, or one more role.
            odd = odd.or(Some("flag and role stand in one cell"));
            if parts.services.is_empty()
                && self.known(NameKind::Service, &parts.role)
                && !self.known(NameKind::Role, &parts.role)
            {
                parts.services = std::mem::take(&mut parts.role);
            }
            let own = std::mem::take(&mut parts.role);
            let same = words
                .list(NameKind::Role, &own)
                .iter()
                .all(|role| words.list(NameKind::Role, &flagged.role).iter().any(|other| other.name == role.name));
            parts.role = if is_nothing(&own) || same { flagged.role } else { format!("{}, {own}", flagged.role) };
        }
        // Role and services the other way round.
        if self.known(NameKind::Service, &parts.role)
            && (self.known(NameKind::Role, &parts.services) || is_nothing(&parts.services))
            && !self.known(NameKind::Role, &parts.role)
        {
            std::mem::swap(&mut parts.role, &mut parts.services);
            odd = odd.or(Some("role and services are the other way round"));
        }
        // Role and services in one cell.
        if parts.services.is_empty()
            && let Some((role, services)) = self.role_and_services(&parts.role)
        {
            (parts.role, parts.services) = (role, services);
            odd = odd.or(Some("role and services stand in one cell"));
        }
        if let Some(odd) = odd {
            parts.odd = parts.odd.take().or_else(|| Some(odd.to_owned()));
            // The page is written with each cell in its place.
            parts.by_head = false;
        }
        // The flag as a remark behind the number.
        if flag.is_none() && parts.flag.is_empty() {
            let remark = numbers::read(&parts.id).map(|found| found.remark).unwrap_or_default();
            return words.flag(&remark);
        }
        flag.map(|flagged| flagged.flag)
    }

    /// A cell of which nothing is known as a whole, cut between a role and services that are.
    fn role_and_services(&self, cell: &str) -> Option<(String, String)> {
        let all = |kind, text: &str| {
            let names = self.words.list(kind, text);
            !names.is_empty() && names.iter().all(|name| name.known)
        };
        if !self.head.has(Column::Services) || cell.contains("](") || self.known(NameKind::Role, cell) {
            return None;
        }
        cell.match_indices(' ').find_map(|(at, _)| {
            let (role, services) = (cell.get(..at)?.trim(), cell.get(at..)?.trim());
            (all(NameKind::Role, role) && all(NameKind::Service, services))
                .then(|| (role.to_owned(), services.to_owned()))
        })
    }

    /// Says once which columns are not known.
    fn columns(&mut self, parts: &Parts, line: u32) {
        for note in &parts.notes {
            let at = self.head.titles.iter().enumerate().position(|(at, own)| title(own, at) == note.column);
            match at {
                Some(at) if self.named.contains(&at) => {}
                Some(at) => {
                    self.named.push(at);
                    let message = format!(
                        "the column `{}` is none of a table of tasks: what it says is kept as a note",
                        note.column
                    );
                    self.say(Oddity::Cells, self.head.line, message);
                }
                None => {
                    let message = format!("`{}` stands in no column: it is kept as a note", plain(&note.text));
                    self.say(Oddity::Cells, line, message);
                }
            }
        }
    }

    /// What is odd about the number of a task.
    fn number(&mut self, parts: &Parts, found: Option<&Numbered>, line: u32) {
        let shown = plain(&parts.id.replace("<sup>", " "));
        let Some(found) = found else {
            let message = if shown.is_empty() {
                "a row of the tasks has no number".to_owned()
            } else {
                format!("`{shown}` is no number of a task: the task has none here")
            };
            return self.say(Oddity::Number, line, message);
        };
        if found.numbers.len() > 1 {
            let message = format!("one row has the numbers of {} tasks", found.numbers.len());
            self.say(Oddity::Cells, line, message);
        }
        if found.struck {
            let message =
                format!("`{}` is struck through: whether the task still stands is open", shown.replace("~~", ""));
            self.say(Oddity::Cells, line, message);
        } else if found.numbers.len() == 1 && !(found.rest.is_empty() && found.remark.is_empty() && !found.dressed) {
            let number = found.numbers.first().copied().unwrap_or_default();
            self.say(Oddity::Cells, line, format!("`{shown}` is taken for the number {number}"));
        }
        if parts.name.contains("~~") && !found.struck {
            self.say(
                Oddity::Cells,
                line,
                "the name of the task is struck through: whether it still stands is open".to_owned(),
            );
        }
    }

    /// What the row leaves empty, though its table has a column for it.
    fn empty(&mut self, parts: &Parts, line: u32) {
        if plain(&parts.name).is_empty() {
            self.say(Oddity::Cells, line, "the task has no name".to_owned());
        }
        if !parts.by_head {
            return;
        }
        if self.head.has(Column::Role) && parts.role.trim().is_empty() {
            self.say(Oddity::Cells, line, "the row names no role".to_owned());
        }
        if self.head.has(Column::Services) && parts.services.trim().is_empty() {
            self.say(Oddity::Cells, line, "the row names no service".to_owned());
        }
    }
}

/// What a column is called; one without a title by its place.
#[must_use]
pub fn title(title: &str, at: usize) -> String {
    let title = plain(title);
    if title.is_empty() { format!("column {}", at + 1) } else { title }
}

fn note(notes: &mut Vec<Note>, column: String, text: String) {
    match notes.iter_mut().find(|note| note.column == column) {
        Some(note) => {
            note.text.push_str(" / ");
            note.text.push_str(&text);
        }
        None => notes.push(Note { column, text }),
    }
}

/// A row whose cells have to be known by what they hold.
fn by_content(row: &[String], head: &Head, words: Words<'_>) -> Parts {
    let mut row: Vec<String> = row.to_vec();
    let mut parts = Parts::default();
    let width = head.columns.len();
    let has_services = head.has(Column::Services) || width == 0;
    let id_first = head.position(Column::Id).unwrap_or(0) == 0;
    if id_first {
        let leading = row.iter().take_while(|cell| cell.is_empty()).count();
        if leading > 0 && row.get(leading).is_some_and(|cell| !numbers_of(cell).is_empty()) {
            row.drain(..leading);
            parts.odd = Some("the row begins with an empty cell".to_owned());
        }
    }
    let id_at = if id_first { Some(0) } else { row.iter().position(|cell| !numbers_of(cell).is_empty()) };
    let Some(id_at) = id_at.filter(|at| *at < row.len()) else { return parts };
    let first = row.remove(id_at);
    // The number and the name in one cell.
    parts.id = first.clone();
    if let Some((number, rest)) = split_number(&first) {
        parts.id = number;
        row.insert(id_at.min(row.len()), rest);
        parts.odd = parts.odd.or_else(|| Some("number and name of the task stand in one cell".to_owned()));
    }
    let less = || Some("the row has a cell less than the head of its table".to_owned());
    // The flag, alone or with the role.
    let known_role = |at: usize| {
        row.get(at).is_some_and(|cell| words.list(NameKind::Role, cell).first().is_some_and(|role| role.known))
    };
    let flags: Vec<usize> =
        row.iter().enumerate().skip(1).filter(|(_, cell)| words.flag(cell).is_some()).map(|(at, _)| at).collect();
    // The name may hold a letter that looks like a flag: the one before a role is meant.
    let alone = flags.iter().copied().find(|at| known_role(at + 1)).or(flags.first().copied());
    let in_company = row.iter().enumerate().skip(1).find(|(_, cell)| words.flagged(cell).is_some()).map(|(at, _)| at);
    let flag_at = match alone.or(in_company) {
        Some(at) => at,
        None => {
            // Where the head says the flag is, else where the role is.
            let by_role = (1..row.len()).find(|at| known_role(*at));
            let expected = head.position(Column::Flag).map_or(1, |at| at.saturating_sub(1)).max(1);
            match by_role {
                Some(at) if row.len() < width.saturating_sub(1) || at <= expected.saturating_sub(1) => {
                    parts.odd = parts.odd.or_else(less);
                    parts.name = row.iter().take(at).cloned().collect::<Vec<_>>().join(" ");
                    parts.role = row.get(at).cloned().unwrap_or_default();
                    parts.services = row.iter().skip(at + 1).cloned().collect::<Vec<_>>().join(" / ");
                    return parts;
                }
                _ => expected,
            }
        }
    };
    parts.flag = row.get(flag_at).cloned().unwrap_or_default();
    let name: Vec<String> = row.iter().take(flag_at).filter(|cell| !cell.is_empty()).cloned().collect();
    if name.len() > 1 {
        parts.odd = parts.odd.or_else(|| Some("the name of the task goes over several cells".to_owned()));
    }
    parts.name = name.join(" | ");
    let merged = words.flagged(&parts.flag).is_some_and(|flagged| !flagged.role.is_empty());
    let mut rest: Vec<String> = row.iter().skip(flag_at + 1).cloned().collect();
    while rest.last().is_some_and(String::is_empty) {
        rest.pop();
    }
    let expected = usize::from(!merged) + usize::from(has_services);
    if rest.len() > expected {
        rest.retain(|cell| !cell.is_empty());
    }
    let mut rest = rest.into_iter();
    let first = if merged { String::new() } else { rest.next().unwrap_or_default() };
    let mut others: Vec<String> = rest.collect();
    let known = |kind, text: &str| words.list(kind, text).first().is_some_and(|name| name.known);
    if others.is_empty() && !known(NameKind::Role, &first) && known(NameKind::Service, &first) && has_services {
        parts.services = first;
        parts.odd = parts.odd.or_else(less);
        return parts;
    }
    if has_services && others.is_empty() && !merged {
        parts.odd = parts.odd.or_else(less);
    } else if others.len() > usize::from(has_services) {
        parts.odd = parts.odd.or_else(|| Some("the row has more cells than the head of its table".to_owned()));
    }
    // Cells beyond the services that name none are kept as they are.
    let mut at = usize::from(has_services);
    while at < others.len() {
        let more = others.get(at).is_some_and(|cell| {
            known(NameKind::Service, cell) || known(NameKind::Role, cell) && known(NameKind::Service, &first)
        });
        if more {
            at += 1;
        } else {
            let text = others.remove(at);
            let column = format!("column {}", width.max(5) + parts.notes.len() + 1);
            note(&mut parts.notes, column, text);
        }
    }
    parts.role = first;
    parts.services = others.join(" / ");
    parts
}

/// `3731 Teams - …` as number and name.
fn split_number(cell: &str) -> Option<(String, String)> {
    if !numbers_of(cell).is_empty() {
        return None;
    }
    if let Some((first, rest)) = cell.split_once([' ', ':'])
        && numbers_of(first).len() == 1
        && !rest.trim().is_empty()
    {
        let name = rest.trim_start_matches(|mark: char| mark.is_whitespace() || matches!(mark, '-' | '–' | '—' | ':'));
        return Some((first.to_owned(), name.trim_end().to_owned()));
    }
    let found = numbers::read(cell).filter(|found| !found.rest.is_empty())?;
    let numbers: Vec<String> = found.numbers.iter().map(u32::to_string).collect();
    Some((numbers.join(", "), found.rest))
}
