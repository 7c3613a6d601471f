//! Tree to model: names become ids, types are found and checked.
//!
//! Nothing stops at the first mistake. What cannot be resolved is reported and left out, or replaced by something that
//! makes no further findings; [`Document::whole`] says whether that happened.

mod constant;
mod declarations;
mod expression;
mod flow;
mod names;
mod order;
mod property;
mod scenario;
mod suggest;
mod test;
#[cfg(test)]
mod tests;
mod types;
mod written;

pub use expression::{Context, Where};
pub use names::{BLOCKER_KINDS, Names};

use super::{Atom, Clause, Document, Expr, Link, Named, Node, Text, Type};
use crate::diagnostic::{DUPLICATE_NAME, Diagnostic, WHICH_PLAYBOOK, has_errors};
use crate::source::Span;
use crate::syntax::ast::{self, Item};
use names::{Table, duplicate, unknown};
use std::collections::{BTreeMap, BTreeSet};

/// Resolves a file: one document for each playbook in it, then one for each playbook of the imported files that its
/// tests, properties and scenarios speak of. All that could be made of them, and all findings, in no order.
///
/// Imported files give their playbooks, properties and scenarios, not their tests. What is wrong with an imported
/// playbook is among the findings where it has a document here.
#[must_use]
pub fn resolve(file: &ast::File, imported: &[&ast::File]) -> (Vec<Document>, Vec<Diagnostic>) {
    let mut out = Vec::new();
    let sight = Sight::new(file, imported, &mut out);
    let mut speaking: BTreeMap<usize, Speaking<'_>> = BTreeMap::new();
    for own in 0..sight.own {
        speaking.entry(own).or_default();
    }
    for item in &file.items {
        match item {
            Item::Import(_) | Item::Playbook(_) => {}
            Item::Test(test) => {
                if let Some(at) = sight.meant(test.playbook.as_ref(), test.title.span, "test", &mut out) {
                    speaking.entry(at).or_default().tests.push(test);
                }
            }
            Item::Property(property) => {
                if let Some(at) = sight.meant(property.playbook.as_ref(), property.name.span, "property", &mut out) {
                    speaking.entry(at).or_default().properties.push(property);
                }
            }
            Item::Scenario(scenario) => {
                if let Some(at) = sight.meant(scenario.playbook.as_ref(), scenario.name.span, "scenario", &mut out) {
                    speaking.entry(at).or_default().scenarios.push(scenario);
                }
            }
        }
    }
    for imported in imported {
        // Whatever is unclear there is said when that file is looked at.
        let there = Sight::new(imported, &[], &mut Vec::new());
        for item in &imported.items {
            let (of, span, what) = match item {
                Item::Scenario(scenario) => (&scenario.playbook, scenario.name.span, "scenario"),
                Item::Property(property) => (&property.playbook, property.name.span, "property"),
                Item::Import(_) | Item::Playbook(_) | Item::Test(_) => continue,
            };
            let Some(at) = there.meant(of.as_ref(), span, what, &mut Vec::new()) else {
                continue;
            };
            let same = |playbook: &&ast::Playbook| std::ptr::eq(*playbook, there.playbooks[at]);
            if let Some(here) = sight.playbooks.iter().position(same)
                && let Some(speaking) = speaking.get_mut(&here)
            {
                match item {
                    Item::Scenario(scenario) => speaking.scenarios.push(scenario),
                    Item::Property(property) => speaking.properties.push(property),
                    Item::Import(_) | Item::Playbook(_) | Item::Test(_) => {}
                }
            }
        }
    }
    let documents =
        speaking.into_iter().map(|(at, speaking)| document(sight.playbooks[at], &speaking, &mut out)).collect();
    (documents, out)
}

/// What speaks of one playbook.
#[derive(Default)]
struct Speaking<'t> {
    tests: Vec<&'t ast::Test>,
    properties: Vec<&'t ast::Property>,
    scenarios: Vec<&'t ast::Scenario>,
}

/// The playbooks a file can speak of.
struct Sight<'t> {
    /// The file's own first, then those of the imported files.
    playbooks: Vec<&'t ast::Playbook>,
    /// How many are the file's own.
    own: usize,
}

impl<'t> Sight<'t> {
    fn new(file: &'t ast::File, imported: &[&'t ast::File], out: &mut Vec<Diagnostic>) -> Sight<'t> {
        let mut table: Table<()> = Table::new();
        let mut playbooks = playbooks(file);
        for playbook in &playbooks {
            table.declare(&playbook.name, (), out);
        }
        let own = playbooks.len();
        for playbook in imported.iter().flat_map(|file| self::playbooks(file)) {
            table.declare(&playbook.name, (), out);
            playbooks.push(playbook);
        }
        Sight { playbooks, own }
    }

    /// The playbook that is meant: the one named, else the file's only one, else the only one imported.
    fn meant(&self, named: Option<&ast::Name>, span: Span, what: &str, out: &mut Vec<Diagnostic>) -> Option<usize> {
        let names = || self.playbooks.iter().map(|playbook| playbook.name.text.as_str());
        if let Some(name) = named {
            let found = names().position(|known| known == name.text);
            if found.is_none() {
                out.push(unknown("playbook", &name.text, name.span, names()));
            }
            return found;
        }
        match (self.own, self.playbooks.len()) {
            (1, _) | (0, 1) => Some(0),
            (0, 0) => {
                out.push(
                    Diagnostic::new(&WHICH_PLAYBOOK, span, format!("there is no playbook this {what} could be for"))
                        .help("Import the file of the playbook: `import \"name.play\"`"),
                );
                None
            }
            _ => {
                let candidates = suggest::list(names(), "or");
                out.push(
                    Diagnostic::new(
                        &WHICH_PLAYBOOK,
                        span,
                        format!("this {what} does not say which playbook it is for"),
                    )
                    .help(format!("Add `for NAME`, with {candidates}")),
                );
                None
            }
        }
    }
}

fn playbooks(file: &ast::File) -> Vec<&ast::Playbook> {
    file.items
        .iter()
        .filter_map(|item| if let Item::Playbook(playbook) = item { Some(playbook) } else { None })
        .collect()
}

fn document(written: &ast::Playbook, speaking: &Speaking<'_>, out: &mut Vec<Diagnostic>) -> Document {
    let before = out.len();
    let mut names = declarations::declare(written, out);
    let plan = flow::declare(&mut names, written, out);
    declarations::resolve_lets(&mut names, written, out);
    declarations::audience(&mut names, written, out);
    flow::resolve(&mut names, plan, out);
    let playbook = &mut names.playbook;
    playbook.stages.shrink_to_fit();
    playbook.offers.shrink_to_fit();
    playbook.tasks.shrink_to_fit();
    playbook.transitions.shrink_to_fit();
    let sound = !has_errors(&out[before..]);
    let whole = names.flow_lost == 0 && out[before..].iter().all(|found| *found.rule != DUPLICATE_NAME);
    let mut titles: BTreeMap<&str, Span> = BTreeMap::new();
    let mut tests = Vec::with_capacity(speaking.tests.len());
    for test in &speaking.tests {
        if let Some(first) = titles.insert(&test.title.text, test.title.span) {
            out.push(duplicate(&test.title.text, test.title.span, first));
        }
        tests.push(test::resolve(&mut names, test, out));
    }
    let mut table: Table<()> = Table::new();
    let mut properties = Vec::with_capacity(speaking.properties.len());
    for property in &speaking.properties {
        table.declare(&property.name, (), out);
        properties.extend(property::resolve(&mut names, property, out));
    }
    let mut table: Table<()> = Table::new();
    let mut scenarios = Vec::with_capacity(speaking.scenarios.len());
    for scenario in &speaking.scenarios {
        table.declare(&scenario.name, (), out);
        scenarios.extend(scenario::resolve_scenario(&mut names, scenario, out));
    }
    Document { playbook: names.playbook, sound, whole, tests, properties, scenarios }
}

/// A text with its translations. Two in one language: the first counts.
fn text(written: &ast::Text) -> Text {
    let mut seen = BTreeSet::new();
    Text {
        main: written.main.text.clone(),
        translations: written
            .translations
            .iter()
            .filter(|translation| seen.insert(translation.tag.text.to_ascii_lowercase()))
            .map(|translation| (translation.tag.text.clone(), translation.text.text.clone()))
            .collect(),
    }
}

/// A name with its text; the name itself where there is none.
fn named(name: &ast::Name, written: Option<&ast::Text>) -> Named {
    let itself = || Text { main: name.text.clone(), translations: Vec::new() };
    Named { name: name.text.clone(), span: name.span, text: written.map_or_else(itself, text) }
}

/// A link, by address or name.
fn link(names: &Names, written: &ast::Link, out: &mut Vec<Diagnostic>) -> Option<Link> {
    match written {
        ast::Link::Address(address, words) => Some(Link {
            address: address.text.clone(),
            text: words.as_ref().map_or_else(|| Text { main: address.text.clone(), translations: Vec::new() }, text),
            span: address.span,
        }),
        ast::Link::Named(name) => match names.links.get(&name.text) {
            Some(index) => {
                let (known, address) = &names.playbook.about.links[index];
                Some(Link { address: address.clone(), text: known.text.clone(), span: name.span })
            }
            None => {
                out.push(unknown("link", &name.text, name.span, names.links.names()));
                None
            }
        },
    }
}

/// A key input or output.
fn clause(names: &mut Names, written: &ast::Clause, at: Context, out: &mut Vec<Diagnostic>) -> Clause {
    Clause {
        text: text(&written.text),
        condition: written
            .condition
            .as_ref()
            .map(|condition| names.condition(condition, at, out).unwrap_or_else(|| stand_in(condition.span))),
        span: written.span,
    }
}

/// Stands where a condition could not be resolved: nobody can say whether it holds, so that no check concludes anything
/// from it. A playbook with errors is never run.
fn stand_in(span: Span) -> Expr {
    Expr { node: Node::Atom(Atom::EndedAt(String::new(), Vec::new())), kind: Type::YesNo, span }
}
