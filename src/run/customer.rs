//! Customers as others write them: JSON, JSON lines, and tables.
//!
//! Small inputs are read whole ([`read_json`]); cohorts of any size one record at a time ([`Customers`]), in memory that
//! does not grow but for the ids, which must differ. Every mistake has its place; reading goes on after it.

pub(in crate::run) mod fractions;
pub(in crate::run) mod json;
mod lines;
pub(in crate::run) mod record;
mod table;
#[cfg(test)]
mod tests;
pub(in crate::run) mod values;
mod write;

pub use lines::LONGEST_RECORD;
pub use values::duration;
pub use write::{to_json, value as value_to_json};

use super::{Customer, Machine};
use crate::diagnostic::{DUPLICATE_CUSTOMER, Diagnostic};
use crate::model::{FactScope, Playbook};
use crate::source::{FileId, Sources, Span};
use fractions::Fractions;
use json::{Json, Reader};
use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read};

/// Customers from a JSON text: one object, a list of them, or one object after another.
///
/// `text` is that of `file`. A customer with a mistake is left out; the mistakes of all are given.
#[must_use]
pub fn read_json(machine: &Machine, file: FileId, text: &str) -> (Vec<Customer>, Vec<Diagnostic>) {
    let mut reader = Reader::new(file, text);
    let (mut customers, mut problems, mut ids) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut fractions = Fractions::new(&machine.playbook);
    let mut number = 0;
    while let Some(value) = reader.next_value() {
        let node = match value {
            Ok(node) => node,
            Err(problem) => {
                problems.push(problem);
                break;
            }
        };
        let nodes = match node.json {
            Json::List(nodes) => nodes,
            json => vec![json::Node { json, span: node.span }],
        };
        for node in nodes {
            number += 1;
            let before = problems.len();
            let (customer, id_span) = record::customer(machine, &node, number, &mut problems);
            let mut place =
                |fact: &str, span: Span| fractions::note(fact, &text[span.start as usize..span.end as usize], span);
            fractions.saw_json(&machine.playbook, FactScope::Customer, &node, &mut place);
            if let Some(first) = ids.get(&customer.id) {
                let finding = duplicate(&customer.id, id_span.unwrap_or(node.span));
                problems.push(finding.related(*first, "the first one"));
            } else {
                ids.insert(customer.id.clone(), id_span.unwrap_or(node.span));
            }
            if problems.len() == before {
                customers.push(customer);
            }
        }
    }
    problems.extend(fractions.finish());
    (customers, problems)
}

fn duplicate(id: &str, span: Span) -> Diagnostic {
    let message = format!("there is another customer `{}` before this one", values::shorten(id));
    Diagnostic::new(&DUPLICATE_CUSTOMER, span, message).help("Give each customer an id of its own")
}

/// Something wrong with a record of a cohort.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerProblem {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What is wrong. Its places lie in `text`.
    pub diagnostic: Diagnostic,
    /// The record as it was read.
    pub text: String,
    /// The line on which the record begins.
    pub first_line: u32,
}

impl CustomerProblem {
    fn new(diagnostic: Diagnostic, text: &str, first_line: u32) -> CustomerProblem {
        let at = (diagnostic.primary.span.start as usize).min(text.len());
        let before = text.get(..at).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() as u32;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32;
        CustomerProblem {
            line: first_line.saturating_add(line),
            column: column + 1,
            diagnostic,
            text: text.to_owned(),
            first_line,
        }
    }

    /// As a finding in `sources`, to which the record is added as an excerpt of the file of this name.
    #[must_use]
    pub fn diagnostic(self, sources: &mut Sources, name: &str) -> Diagnostic {
        let file = sources.add_excerpt(name, self.text, self.first_line);
        let mut diagnostic = self.diagnostic;
        diagnostic.primary.span.file = file;
        for label in &mut diagnostic.related {
            label.span.file = file;
        }
        diagnostic
    }
}

/// Why a customer of a cohort could not be read.
#[derive(Debug)]
pub enum CustomerError {
    /// The record is wrong, or there is something to note of it; the next one may be right.
    Problem(Box<CustomerProblem>),
    /// The stream could not be read: it ends here.
    Unreadable(io::Error),
}

/// The customers of a cohort, one record at a time: each is a customer, or as many problems as its record has.
#[derive(Debug)]
pub struct Customers<'m, R> {
    machine: &'m Machine,
    source: lines::Records<R>,
    table: Option<table::Table>,
    /// Ids by hash, with the line of the first.
    ids: BTreeMap<u128, u32>,
    number: u64,
    waiting: VecDeque<CustomerProblem>,
    fractions: Fractions<CustomerProblem>,
    over: bool,
}

impl<'m, R: BufRead> Customers<'m, R> {
    /// One JSON object on each line; empty lines are passed over.
    pub fn json_lines(machine: &'m Machine, reader: R) -> Customers<'m, R> {
        Customers::new(machine, reader, false)
    }

    fn new(machine: &'m Machine, reader: R, quoted: bool) -> Customers<'m, R> {
        Customers {
            machine,
            source: lines::Records::new(reader, quoted),
            table: None,
            ids: BTreeMap::new(),
            number: 0,
            waiting: VecDeque::new(),
            fractions: Fractions::new(&machine.playbook),
            over: false,
        }
    }

    fn playbook(&self) -> &'m Playbook {
        &self.machine.playbook
    }

    /// The customer of a record, or nothing where it has problems.
    fn customer(&mut self, text: &str, first_line: u32) -> Option<Customer> {
        let mut problems = Vec::new();
        let found = if self.source.quoted() {
            match self.table.take() {
                None => {
                    self.table = Some(table::Table::new(self.playbook(), text, &mut problems));
                    // Without all of its columns no row means what it says.
                    self.over = !problems.is_empty();
                    None
                }
                Some(table) => {
                    self.number += 1;
                    let found = table.customer(self.machine, text, self.number, &mut problems);
                    if self.fractions.open() {
                        let playbook = &self.machine.playbook;
                        table.numbers(playbook, text, |fact, number, shown, span| {
                            let name = &playbook.facts[fact].name.name;
                            let note = || CustomerProblem::new(fractions::note(name, shown, span), text, first_line);
                            self.fractions.saw(fact, number, note);
                        });
                    }
                    self.table = Some(table);
                    Some(found)
                }
            }
        } else {
            match Reader::new(FileId::default(), text).only() {
                Some(Ok(node)) => {
                    self.number += 1;
                    let mut place = |fact: &str, span: Span| {
                        let shown = &text[span.start as usize..span.end as usize];
                        CustomerProblem::new(fractions::note(fact, shown, span), text, first_line)
                    };
                    if self.fractions.open() {
                        self.fractions.saw_json(&self.machine.playbook, FactScope::Customer, &node, &mut place);
                    }
                    Some(record::customer(self.machine, &node, self.number, &mut problems))
                }
                Some(Err(problem)) => {
                    self.number += 1;
                    problems.push(problem);
                    None
                }
                None => None,
            }
        };
        if let Some((customer, id_span)) = &found {
            let whole = Span { file: FileId::default(), start: 0, end: text.len() as u32 };
            match self.ids.get(&hash(&customer.id)) {
                Some(first) => {
                    let help = format!("The first one is on line {first}: give each customer an id of its own");
                    let mut finding = duplicate(&customer.id, id_span.unwrap_or(whole));
                    finding.help = Some(help);
                    problems.push(finding);
                }
                None => {
                    self.ids.insert(hash(&customer.id), first_line);
                }
            }
        }
        let right = problems.is_empty();
        self.waiting.extend(problems.into_iter().map(|problem| CustomerProblem::new(problem, text, first_line)));
        found.filter(|_| right).map(|(customer, _)| customer)
    }
}

impl<'m, R: Read> Customers<'m, BufReader<R>> {
    /// A table: a row of columns, then one row for each customer.
    ///
    /// Columns are `id`, `start`, the customer's facts, `services.SERVICE.FACT`, and for the intended services either
    /// `services` (their names), or `services.SERVICE` (yes or no); without any, a service is intended where one of its
    /// cells is filled. An empty cell says nothing; `unknown` says that a fact is not known.
    pub fn csv(machine: &'m Machine, reader: R) -> Customers<'m, BufReader<R>> {
        Customers::new(machine, BufReader::new(reader), true)
    }
}

impl<R: BufRead> Iterator for Customers<'_, R> {
    type Item = Result<Customer, CustomerError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(problem) = self.waiting.pop_front() {
                return Some(Err(CustomerError::Problem(Box::new(problem))));
            }
            if self.over {
                self.waiting.extend(self.fractions.finish());
                if self.waiting.is_empty() {
                    return None;
                }
                continue;
            }
            match self.source.next_record() {
                Ok(None) => self.over = true,
                Ok(Some(record)) => match record.text {
                    Ok(text) => {
                        if let Some(customer) = self.customer(&text, record.first_line) {
                            return Some(Ok(customer));
                        }
                    }
                    Err((problem, text)) => {
                        // What is too long or has no end leaves the place of all that follows open.
                        self.over = record.hopeless;
                        self.waiting.push_back(CustomerProblem::new(problem, &text, record.first_line));
                    }
                },
                Err(error) => {
                    self.over = true;
                    return Some(Err(CustomerError::Unreadable(error)));
                }
            }
        }
    }
}

/// 128 bits: two different ids of one cohort never have the same in practice.
fn hash(id: &str) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, id).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}
