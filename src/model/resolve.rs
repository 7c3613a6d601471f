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
pub(crate) use suggest::help as help_with_name;

use super::{Atom, Clause, Document, Expr, Link, Named, Node, Text, Type, Variant, Waived};
use crate::diagnostic::{
    DUPLICATE_NAME, Diagnostic, Label, OBLIGATION_DROPPED, Severity, UNKNOWN_NAME, WHICH_PLAYBOOK, has_errors,
};
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
pub fn resolve(file: &ast::File, imported: &[Imported<'_>]) -> (Vec<Document>, Vec<Diagnostic>) {
    let (documents, mut out) = resolve_each(file, imported);
    let mut only = Vec::with_capacity(documents.len());
    for (document, found) in documents {
        only.push(document);
        out.extend(found);
    }
    (only, out)
}

/// A file that is imported, and what of it: nothing named is everything.
#[derive(Debug, Clone)]
pub struct Imported<'t> {
    /// Its tree.
    pub file: &'t ast::File,
    /// What is imported, and under which name.
    pub names: Vec<ast::Imported>,
    /// The path of the import, where one is written.
    pub path: Option<ast::Literal>,
}

impl<'t> Imported<'t> {
    /// Everything in a file.
    #[must_use]
    pub fn whole(file: &'t ast::File) -> Imported<'t> {
        Imported { file, names: Vec::new(), path: None }
    }
}

/// As [`resolve`]; the findings about each document beside it, those about none of them last.
#[must_use]
pub fn resolve_each(
    file: &ast::File,
    imported: &[Imported<'_>],
) -> (Vec<(Document, Vec<Diagnostic>)>, Vec<Diagnostic>) {
    let mut out = Vec::new();
    let sight = Sight::new(file, imported, &mut out);
    let mut speaking: BTreeMap<usize, Speaking<'_>> = BTreeMap::new();
    for own in 0..sight.own {
        speaking.entry(own).or_default();
    }
    for item in &file.items {
        match item {
            Item::Import(_) | Item::Playbook(_) | Item::Variant(_) => {}
            Item::Vocabulary(vocabulary) => declarations::check_vocabulary(vocabulary, &mut out),
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
    for imported in imported.iter().map(|imported| imported.file) {
        // Whatever is unclear there is said when that file is looked at.
        let there = Sight::new(imported, &[], &mut Vec::new());
        for item in &imported.items {
            let (of, span, what) = match item {
                Item::Scenario(scenario) => (&scenario.playbook, scenario.name.span, "scenario"),
                Item::Property(property) => (&property.playbook, property.name.span, "property"),
                Item::Import(_) | Item::Playbook(_) | Item::Variant(_) | Item::Vocabulary(_) | Item::Test(_) => {
                    continue;
                }
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
                    Item::Import(_) | Item::Playbook(_) | Item::Variant(_) | Item::Vocabulary(_) | Item::Test(_) => {}
                }
            }
        }
    }
    let documents = speaking
        .into_iter()
        .map(|(at, speaking)| {
            let mut found = Vec::new();
            (document(sight.playbooks[at], &speaking, &mut found), found)
        })
        .collect();
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
    /// What they are called here.
    names: Vec<&'t str>,
    /// How many are the file's own.
    own: usize,
    /// Variants that could not be made; why is said elsewhere.
    broken: Vec<&'t str>,
}

impl<'t> Sight<'t> {
    fn new(file: &'t ast::File, imported: &'t [Imported<'t>], out: &mut Vec<Diagnostic>) -> Sight<'t> {
        let mut table: Table<()> = Table::new();
        let mut sight = Sight { playbooks: Vec::new(), names: Vec::new(), own: 0, broken: Vec::new() };
        let mut add = |sight: &mut Sight<'t>, playbook: &'t ast::Playbook, name: &'t ast::Name, out: &mut Vec<_>| {
            table.declare(name, (), out);
            sight.playbooks.push(playbook);
            sight.names.push(&name.text);
        };
        for playbook in playbooks(file) {
            add(&mut sight, playbook, &playbook.name, out);
        }
        sight.own = sight.playbooks.len();
        for imported in imported {
            if imported.names.is_empty() {
                for playbook in playbooks(imported.file) {
                    let before = out.len();
                    add(&mut sight, playbook, &playbook.name, out);
                    if let (Some(path), Some(clash)) = (&imported.path, out.get_mut(before)) {
                        brought(clash, &playbook.name, path);
                    }
                }
            }
            for name in &imported.names {
                let there = playbooks(imported.file).into_iter().find(|playbook| playbook.name.text == name.name.text);
                match there {
                    Some(playbook) => add(&mut sight, playbook, name.here(), out),
                    None if declares(imported.file, &name.name.text) => {}
                    None => {
                        let known = imported.file.items.iter().filter_map(declared_name);
                        let known = known.map(|name| name.text.as_str());
                        out.push(unknown("playbook or vocabulary", &name.name.text, name.name.span, known));
                    }
                }
            }
        }
        for item in [file].into_iter().chain(imported.iter().map(|imported| imported.file)).flat_map(|file| &file.items)
        {
            if let Item::Variant(variant) = item {
                sight.broken.push(&variant.name.text);
            }
        }
        sight
    }

    /// The playbook that is meant: the one named, else the file's only one, else the only one imported.
    fn meant(&self, named: Option<&ast::Name>, span: Span, what: &str, out: &mut Vec<Diagnostic>) -> Option<usize> {
        let names = || self.names.iter().copied();
        if let Some(name) = named {
            let found = names().position(|known| known == name.text);
            if found.is_none() && !self.broken.contains(&name.text.as_str()) {
                out.push(unknown("playbook", &name.text, name.span, names()));
            }
            return found;
        }
        match (self.own, self.playbooks.len()) {
            (1, _) | (0, 1) => Some(0),
            (0, 0) if !self.broken.is_empty() => None,
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

/// That a name is taken, where an import brings it a second time: said of the import, which can be written otherwise.
fn brought(clash: &mut Diagnostic, name: &ast::Name, path: &ast::Literal) {
    let there = std::mem::replace(&mut clash.primary, Label { span: path.span, message: String::new() });
    clash.primary.message = "this import brings it once more".to_owned();
    clash.related.push(Label { message: "declared again here".to_owned(), ..there });
    let name = &name.text;
    clash.help = Some(format!("Import one of the two under another name: `import {name} as … from \"{}\"`", path.text));
}

/// The name of a playbook, variant or vocabulary.
fn declared_name(item: &Item) -> Option<&ast::Name> {
    match item {
        Item::Playbook(playbook) => Some(&playbook.name),
        Item::Variant(variant) => Some(&variant.name),
        Item::Vocabulary(vocabulary) => Some(&vocabulary.name),
        _ => None,
    }
}

fn declares(file: &ast::File, name: &str) -> bool {
    file.items.iter().filter_map(declared_name).any(|known| known.text == name)
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
    names.playbook.about.written = written.span;
    names.playbook.about.variant = written.derived.as_deref().map(variant);
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
        match written
            .derived
            .as_deref()
            .filter(|derived| is_inherited(property.span, property.playbook.as_ref(), derived))
        {
            None => properties.extend(property::resolve(&mut names, property, out)),
            Some(derived) => properties.extend(inherited(&mut names, property, derived, out)),
        }
    }
    let mut table: Table<()> = Table::new();
    let (mut scenarios, mut unfit) = (Vec::with_capacity(speaking.scenarios.len()), Vec::new());
    let of_base = |scenario: &&&ast::Scenario| {
        let derived = written.derived.as_deref();
        derived.is_some_and(|derived| is_inherited(scenario.span, scenario.playbook.as_ref(), derived))
    };
    for scenario in speaking.scenarios.iter().filter(|scenario| !of_base(scenario)) {
        table.declare(&scenario.name, (), out);
        scenarios.extend(scenario::resolve_scenario(&mut names, scenario, |_| true, out));
    }
    // Those of the base hold for the variant as far as they can be read for it; its own of that name takes their place.
    for scenario in speaking.scenarios.iter().filter(of_base) {
        let mut found = Vec::new();
        if table.declare(&scenario.name, (), &mut found) {
            // It fits the base, so a name that is not there any more was removed: what is said of it is left out.
            let matters = |found: &Diagnostic| found.rule != &UNKNOWN_NAME;
            match scenario::resolve_scenario(&mut names, scenario, matters, &mut found) {
                Some(resolved) => scenarios.push(resolved),
                None => {
                    let wrong = |found: &Diagnostic| found.severity == Severity::Error && matters(found);
                    unfit.extend(found.into_iter().find(wrong).map(|wrong| (scenario.name.text.clone(), wrong)));
                }
            }
        }
    }
    Document { playbook: names.playbook, sound, whole, tests, properties, scenarios, unfit }
}

/// Whether something that speaks of a variant was written for its base.
fn is_inherited(span: Span, playbook: Option<&ast::Name>, derived: &ast::Derived) -> bool {
    playbook.is_some_and(|name| name.span == derived.head) && span != derived.head
}

/// A property of the base, looked at in the variant.
fn inherited(
    names: &mut Names,
    property: &ast::Property,
    derived: &ast::Derived,
    out: &mut Vec<Diagnostic>,
) -> Option<super::property::Property> {
    let mut found = Vec::new();
    let resolved = property::resolve(names, property, &mut found);
    let Some(error) = found.iter().find(|found| found.severity == Severity::Error) else { return resolved };
    let name = &property.name.text;
    let message = format!("the property `{name}` of the base cannot be looked at here: {}", error.message);
    out.push(
        Diagnostic::new(&OBLIGATION_DROPPED, derived.cause(error.primary.span, &error.message), message)
            .related(error.primary.span, "in the property")
            .help(format!("Keep what it speaks of, or write `waive property {name} \"why\"`")),
    );
    None
}

/// What is said of a variant beside its flow.
fn variant(derived: &ast::Derived) -> Variant {
    let waived = derived.waivers.iter().map(|waiver| {
        let what = match &waiver.obligation {
            ast::Obligation::Task(ast::TaskRef::Number(number)) => format!("task {number}"),
            ast::Obligation::Task(ast::TaskRef::Name(name)) => format!("task {name}"),
            ast::Obligation::Input(text) => format!("input \"{}\"", text.text),
            ast::Obligation::Output(text) => format!("output \"{}\"", text.text),
            ast::Obligation::Property(name) => format!("property {}", name.text),
        };
        Waived { what, reason: waiver.reason.text.clone(), span: waiver.span }
    });
    Variant {
        base: derived.base.text.clone(),
        origin: derived.origin,
        head: derived.head,
        valid_until: derived.valid_until,
        waived: waived.collect(),
    }
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
