//! Customers from the rows of a table (CSV after RFC 4180, with commas).

use super::record::{RESERVED, fact, service, unknown_fact, wrong_start};
use super::values::{at_first, exact, from_cell, names, shorten};
use crate::diagnostic::{BAD_CSV, DUPLICATE_FIELD, Diagnostic, UNKNOWN_FIELD, WRONG_VALUE};
use crate::model::{FactId, FactScope, Playbook, ServiceId, ServiceSet, Type};
use crate::run::{Customer, Machine};
use crate::source::{FileId, Span};
use crate::suggest::did_you_mean;
use crate::value::{Date, Micro};
use std::borrow::Cow;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Column {
    Id,
    Start,
    /// The names of the intended services.
    Services,
    /// Whether this service is intended.
    Service(ServiceId),
    /// A fact of the customer.
    Fact(FactId),
    /// A fact of a service.
    OfService(ServiceId, FactId),
}

/// The columns of a table.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    /// Whether there is a column that says which services are intended.
    explicit: bool,
}

/// A cell: what it says, and where it stands.
struct Cell<'a> {
    text: Cow<'a, str>,
    span: Span,
}

impl Table {
    /// From the first row.
    pub(super) fn new(playbook: &Playbook, header: &str, problems: &mut Vec<Diagnostic>) -> Table {
        let cells = cells(header, problems);
        let mut columns = Vec::new();
        let only = cells.len() == 1;
        let mut seen: std::collections::BTreeMap<String, Span> = std::collections::BTreeMap::new();
        for cell in &cells {
            let name = cell.text.trim();
            if let Some(first) = seen.get(name) {
                let message = format!("there are two columns `{}`", shorten(name));
                problems.push(
                    Diagnostic::new(&DUPLICATE_FIELD, cell.span, message)
                        .related(*first, "the first one")
                        .help("Keep one"),
                );
                continue;
            }
            seen.insert(name.to_owned(), cell.span);
            match column(playbook, name, cell.span) {
                Ok(column) => columns.push(column),
                Err(problem) if only && name.contains([';', '\t']) => {
                    problems.push(problem.help("Separate columns with commas"));
                }
                Err(problem) => problems.push(problem),
            }
        }
        let explicit = columns.iter().any(|column| matches!(column, Column::Services | Column::Service(_)));
        Table { columns, explicit }
    }

    /// The customer of a row, and the place of the id.
    pub(super) fn customer(
        &self,
        machine: &Machine,
        row: &str,
        number: u64,
        problems: &mut Vec<Diagnostic>,
    ) -> (Customer, Option<Span>) {
        let playbook = &machine.playbook;
        let mut customer = Customer::new(machine, &number.to_string());
        let mut id_span = None;
        let cells = cells(row, problems);
        if cells.len() > self.columns.len() {
            let message = format!("this row has {} cells: there are {} columns", cells.len(), self.columns.len());
            let help = "A comma within a cell needs double quotes around the cell";
            problems.push(Diagnostic::new(&BAD_CSV, cells[self.columns.len()].span, message).help(help));
        } else if cells.len() < self.columns.len() {
            let message = format!("this row has {} cells: there are {} columns", cells.len(), self.columns.len());
            let end = cells.last().map_or(Span::default(), |cell| cell.span);
            let help = "Leave a cell empty where nothing is known, with its comma";
            problems.push(Diagnostic::new(&BAD_CSV, end.after(), message).help(help));
        }
        let (mut listed, mut filled) = (ServiceSet::default(), ServiceSet::default());
        for (column, cell) in self.columns.iter().zip(&cells) {
            let text = cell.text.as_ref();
            if text.is_empty() {
                continue;
            }
            match *column {
                Column::Id => {
                    text.clone_into(&mut customer.id);
                    id_span = Some(cell.span);
                }
                Column::Start => match Date::parse(text) {
                    Some(date) => customer.start = Some(date),
                    None => problems.push(wrong_start(cell.span)),
                },
                Column::Services => {
                    for name in names(text) {
                        match service(playbook, name, cell.span) {
                            Ok(service) => listed = listed.with(service),
                            Err(problem) => problems.push(problem),
                        }
                    }
                }
                Column::Service(service) => match text.to_ascii_lowercase().as_str() {
                    "yes" | "true" => listed = listed.with(service),
                    "no" | "false" => {}
                    _ => {
                        let name = &playbook.services[service.index()].name;
                        let message = format!("whether `{name}` is intended is yes or no: `{}` is not", shorten(text));
                        problems.push(Diagnostic::new(&WRONG_VALUE, cell.span, message));
                    }
                },
                Column::Fact(id) => {
                    let fact = &playbook.facts[id.index()];
                    match from_cell(playbook, fact, text).and_then(|value| at_first(playbook, fact, value)) {
                        Ok(value) => customer.facts[fact.slot] = value,
                        Err(refusal) => problems.push(refusal.at(cell.span)),
                    }
                }
                Column::OfService(service, id) => {
                    filled = filled.with(service);
                    let fact = &playbook.facts[id.index()];
                    match from_cell(playbook, fact, text).and_then(|value| at_first(playbook, fact, value)) {
                        Ok(value) => customer.services[service.index()][fact.slot] = value,
                        Err(refusal) => problems.push(refusal.at(cell.span)),
                    }
                }
            }
        }
        customer.intended = if self.explicit { listed } else { filled };
        (customer, id_span)
    }

    /// The numbers in the cells of percents that are given without `%`: the fact, the number, as written, and where.
    pub(super) fn numbers(&self, playbook: &Playbook, row: &str, mut saw: impl FnMut(usize, Micro, &str, Span)) {
        for (column, cell) in self.columns.iter().zip(&cells(row, &mut Vec::new())) {
            let (Column::Fact(id) | Column::OfService(_, id)) = *column else { continue };
            if playbook.facts[id.index()].kind == Type::Percent
                && let Ok(number) = exact(&cell.text)
            {
                saw(id.index(), number, &cell.text, cell.span);
            }
        }
    }
}

fn column(playbook: &Playbook, name: &str, span: Span) -> Result<Column, Diagnostic> {
    match name {
        "id" => return Ok(Column::Id),
        "start" => return Ok(Column::Start),
        "services" => return Ok(Column::Services),
        "" => return Err(Diagnostic::new(&BAD_CSV, span, "a column has no name")),
        _ => {}
    }
    let id = |scope, name: &str| {
        let found = playbook.facts.iter().position(|fact| fact.scope == scope && fact.name.name == name);
        found.map(|at| FactId(at as u32))
    };
    let Some(path) = name.strip_prefix("services.") else {
        return id(FactScope::Customer, name).map(Column::Fact).ok_or_else(|| {
            if fact(playbook, FactScope::Service, name).is_some() {
                let message = format!("`{name}` is a fact of each service");
                return Diagnostic::new(&UNKNOWN_FIELD, span, message)
                    .help(format!("Name the column after the service as well: services.SERVICE.{name}"));
            }
            let known = playbook.facts.iter().filter(|fact| fact.scope == FactScope::Customer);
            let known = known.map(|fact| fact.name.name.as_str()).chain(RESERVED);
            let message = format!("a customer of this playbook has no field `{}`", shorten(name));
            Diagnostic::new(&UNKNOWN_FIELD, span, message).help_if(did_you_mean(name, known))
        });
    };
    let (of, rest) = path.split_once('.').map_or((path, None), |(of, rest)| (of, Some(rest)));
    let service = service(playbook, of, span)?;
    match rest {
        None => Ok(Column::Service(service)),
        Some(name) => id(FactScope::Service, name)
            .map(|fact| Column::OfService(service, fact))
            .ok_or_else(|| unknown_fact(playbook, FactScope::Service, name, span)),
    }
}

/// The cells of a row. Quotes within it are balanced.
fn cells<'a>(row: &'a str, problems: &mut Vec<Diagnostic>) -> Vec<Cell<'a>> {
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let start = at;
        let span = |end: usize| Span { file: FileId::default(), start: start as u32, end: end as u32 };
        if row[at..].starts_with('"') {
            let mut text = String::new();
            at += 1;
            while let Some(quote) = row[at..].find('"') {
                text.push_str(&row[at..at + quote]);
                at += quote + 1;
                if row[at..].starts_with('"') {
                    text.push('"');
                    at += 1;
                } else {
                    break;
                }
            }
            let end = at;
            at = row[at..].find(',').map_or(row.len(), |comma| at + comma);
            if !row[end..at].trim().is_empty() {
                let message = "something follows the closing double quote of this cell";
                let help = "Write a double quote within a cell twice";
                problems.push(Diagnostic::new(&BAD_CSV, span(at), message).help(help));
            }
            cells.push(Cell { text: Cow::Owned(text), span: span(end) });
        } else {
            at = row[at..].find(',').map_or(row.len(), |comma| at + comma);
            let text = row[start..at].trim();
            let start = start + row[start..at].len() - row[start..at].trim_start().len();
            let span = Span { file: FileId::default(), start: start as u32, end: (start + text.len()) as u32 };
            cells.push(Cell { text: Cow::Borrowed(text), span });
        }
        if at >= row.len() {
            return cells;
        }
        at += 1;
    }
}
