//! Variants applied and vocabularies filled in: on the tree, before names are resolved.
//!
//! ```text
//! base ──index──▶ what there is ─┐
//! variant ──────────────plan─────┴▶ edits ──rebuild──▶ playbook ──obligations──▶ findings
//! ```
//!
//! What comes out is the tree of a whole playbook whose places still point into the base or the variant, so that
//! everything after this treats it as any playbook, and every finding points at a line somebody wrote. All operations
//! apply to the base at once; none sees what another has done.

mod amend;
mod index;
mod obligations;
mod plan;
mod rebuild;
#[cfg(test)]
mod tests;

use super::resolve::help_with_name;
use crate::diagnostic::{BASE_CHANGED, DUPLICATE_NAME, Diagnostic, UNKNOWN_NAME, VARIANT_OF_ITSELF};
use crate::source::Span;
use crate::syntax::ast::*;
use index::Index;
use plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;
use std::rc::Rc;

/// A file, and what it imports.
#[derive(Debug, Clone)]
pub struct FileInSight<'t> {
    /// Its tree.
    pub tree: &'t File,
    /// The files it imports, by their index, and what of them; nothing named is everything.
    pub imports: Vec<(usize, Vec<Imported>)>,
}

/// Makes the playbooks of all variants, and of all playbooks that use vocabularies. For each file in which something is
/// to be put in place: its tree with that done. A variant that cannot be made stays as it is.
#[must_use]
pub fn expand(files: &[FileInSight<'_>]) -> (Vec<Option<File>>, Vec<Diagnostic>) {
    let mut expansion = Expansion { files, done: BTreeMap::new(), open: Vec::new(), out: Vec::new() };
    let trees = (0..files.len()).map(|index| expansion.file(index)).collect();
    (trees, expansion.out)
}

/// An item of a file: by the index of the file and its own.
type Node = (usize, usize);

/// A playbook that was made, and what speaks of it.
#[derive(Clone)]
struct Made {
    playbook: Rc<Playbook>,
    properties: Vec<Rc<Property>>,
    scenarios: Vec<Rc<Scenario>>,
}

struct Expansion<'f, 't> {
    files: &'f [FileInSight<'t>],
    done: BTreeMap<Node, Option<Made>>,
    /// Variants that are being made, each for the one before.
    open: Vec<Node>,
    out: Vec<Diagnostic>,
}

impl<'t> Expansion<'_, 't> {
    /// The tree of a file with its playbooks in place; nothing where it has them already.
    fn file(&mut self, index: usize) -> Option<File> {
        let tree = self.files.get(index)?.tree;
        let uses = |item: &PlaybookItem| matches!(item, PlaybookItem::Uses(_));
        let touched = tree.items.iter().any(|item| match item {
            Item::Variant(_) => true,
            Item::Playbook(playbook) => playbook.items.iter().any(uses),
            _ => false,
        });
        if !touched {
            return None;
        }
        let mut items = Vec::with_capacity(tree.items.len());
        for (at, item) in tree.items.iter().enumerate() {
            match item {
                Item::Playbook(_) => {
                    items.extend(self.make((index, at)).map(|made| Item::Playbook((*made.playbook).clone())));
                }
                Item::Variant(variant) => match self.make((index, at)) {
                    Some(made) => {
                        items.push(Item::Playbook((*made.playbook).clone()));
                        let name = Name { text: variant.name.text.clone(), span: variant.head };
                        let own = |span: Span| span.file == tree.span.file;
                        for property in &made.properties {
                            // Those of its own file stand there already, unless they are the base's.
                            if !(own(property.span) && is_own(property.playbook.as_ref(), &name.text)) {
                                let property = Property { playbook: Some(name.clone()), ..(**property).clone() };
                                items.push(Item::Property(property));
                            }
                        }
                        for scenario in &made.scenarios {
                            if !(own(scenario.span) && is_own(scenario.playbook.as_ref(), &name.text)) {
                                let scenario = Scenario { playbook: Some(name.clone()), ..(**scenario).clone() };
                                items.push(Item::Scenario(scenario));
                            }
                        }
                    }
                    None => items.push(item.clone()),
                },
                item => items.push(item.clone()),
            }
        }
        Some(File { items, ..tree.clone() })
    }

    /// Everything a file sees under a name: its own first.
    fn look_up(&self, file: usize, name: &str, is: fn(&Item) -> Option<&Name>) -> Option<Node> {
        let own = |file: usize, name: &str| {
            let items = &self.files.get(file)?.tree.items;
            items.iter().position(|item| is(item).is_some_and(|known| known.text == name)).map(|at| (file, at))
        };
        own(file, name).or_else(|| {
            self.files.get(file)?.imports.iter().find_map(|(other, names)| {
                if names.is_empty() {
                    return own(*other, name);
                }
                let imported = names.iter().find(|imported| imported.here().text == name)?;
                own(*other, &imported.name.text)
            })
        })
    }

    /// The names of that kind a file sees.
    fn seen(&self, file: usize, is: fn(&Item) -> Option<&Name>) -> Vec<String> {
        let Some(this) = self.files.get(file) else { return Vec::new() };
        let names = |tree: &File| tree.items.iter().filter_map(is).map(|name| name.text.clone()).collect::<Vec<_>>();
        let mut seen = names(this.tree);
        for (other, imported) in &this.imports {
            match self.files.get(*other) {
                Some(file) if imported.is_empty() => seen.extend(names(file.tree)),
                _ => seen.extend(imported.iter().map(|imported| imported.here().text.clone())),
            }
        }
        seen
    }

    fn make(&mut self, node: Node) -> Option<Made> {
        if let Some(made) = self.done.get(&node) {
            return made.clone();
        }
        if let Some(at) = self.open.iter().position(|open| *open == node) {
            self.circle(at);
            return None;
        }
        self.open.push(node);
        let made = match self.files.get(node.0)?.tree.items.get(node.1) {
            Some(Item::Playbook(playbook)) => {
                let playbook = Rc::new(self.filled_in(playbook, node.0));
                Some(self.spoken_of(node.0, &playbook.name.text.clone(), playbook, Vec::new(), Vec::new()))
            }
            Some(Item::Variant(variant)) => self.variant(variant, node.0),
            _ => None,
        };
        self.open.pop();
        // Where it turned out to lead back to itself, that was said.
        self.done.entry(node).or_insert(made).clone()
    }

    /// A playbook with the properties and scenarios of its file that are for it, and those it was given.
    fn spoken_of(
        &self,
        file: usize,
        name: &str,
        playbook: Rc<Playbook>,
        mut properties: Vec<Rc<Property>>,
        mut scenarios: Vec<Rc<Scenario>>,
    ) -> Made {
        let items = self.files.get(file).map(|file| file.tree.items.as_slice()).unwrap_or_default();
        let playbooks = items.iter().filter(|item| playbook_name(item).is_some()).count();
        let meant = |named: Option<&Name>| means(named, name) || named.is_none() && playbooks == 1;
        for item in items {
            match item {
                Item::Property(property) if meant(property.playbook.as_ref()) => {
                    properties.push(Rc::new(property.clone()));
                }
                Item::Scenario(scenario) if meant(scenario.playbook.as_ref()) => {
                    scenarios.push(Rc::new(scenario.clone()));
                }
                _ => {}
            }
        }
        Made { playbook, properties, scenarios }
    }

    /// The variants from this place on lead back to the first of them.
    fn circle(&mut self, from: usize) {
        let members: Vec<Node> = self.open.iter().skip(from).copied().collect();
        let variants: Vec<&Variant> = members
            .iter()
            .filter_map(|(file, at)| match self.files.get(*file)?.tree.items.get(*at) {
                Some(Item::Variant(variant)) => Some(variant),
                _ => None,
            })
            .collect();
        for member in members {
            self.done.insert(member, None);
        }
        let Some(first) = variants.iter().min_by_key(|variant| variant.base.span).copied() else { return };
        let names: Vec<String> = variants.iter().map(|variant| format!("`{}`", variant.name.text)).collect();
        let message = match names.as_slice() {
            [only] => format!("{only} is a variant of itself"),
            [others @ .., last] => format!("{} and {last} are variants of each other in a circle", others.join(", ")),
            [] => return,
        };
        let mut finding = Diagnostic::new(&VARIANT_OF_ITSELF, first.base.span, message)
            .help("One of them has to be a variant of a playbook, or a playbook of its own");
        for variant in variants.iter().filter(|variant| variant.base.span != first.base.span) {
            finding = finding.related(variant.base.span, format!("`{}` goes on from here", variant.name.text));
        }
        self.out.push(finding);
    }

    /// A playbook with what its vocabularies declare.
    fn filled_in(&mut self, playbook: &Playbook, file: usize) -> Playbook {
        let mut items = Vec::with_capacity(playbook.items.len());
        for item in &playbook.items {
            let PlaybookItem::Uses(uses) = item else {
                items.push(item.clone());
                continue;
            };
            match self.look_up(file, &uses.name.text, vocabulary_name) {
                Some((other, at)) => {
                    if let Some(Item::Vocabulary(vocabulary)) =
                        self.files.get(other).and_then(|file| file.tree.items.get(at))
                    {
                        items.extend(self.declarations(vocabulary, uses));
                    }
                }
                None => {
                    let seen = self.seen(file, vocabulary_name);
                    let message = format!("there is no vocabulary `{}`", uses.name.text);
                    self.out.push(
                        Diagnostic::new(&UNKNOWN_NAME, uses.name.span, message)
                            .help_if(help_with_name(&uses.name.text, seen.iter().map(String::as_str)))
                            .help_if(Some("Import the file it stands in".to_owned())),
                    );
                }
            }
        }
        Playbook { items, ..playbook.clone() }
    }

    /// What a vocabulary declares, without what is left out.
    fn declarations(&mut self, vocabulary: &Vocabulary, uses: &Uses) -> Vec<PlaybookItem> {
        let left_out = |name: &Name| uses.without.iter().any(|without| without.text == name.text);
        let mut known: BTreeSet<String> = BTreeSet::new();
        let mut items = Vec::new();
        for item in &vocabulary.items {
            let mut item = item.clone();
            let mut keep = |name: &Name| {
                known.insert(name.text.clone());
                !left_out(name)
            };
            let stays = match &mut item {
                PlaybookItem::Declarations(_, _, list) => {
                    list.retain(|entry| keep(&entry.name));
                    true
                }
                PlaybookItem::Services(_, list) => {
                    list.retain(|entry| match entry {
                        ServiceEntry::Service(service) => keep(&service.name),
                        ServiceEntry::Group(name, _) => keep(name),
                    });
                    // A group keeps the members that are left.
                    for entry in list {
                        if let ServiceEntry::Group(_, members) = entry {
                            members.retain(|member| !left_out(member));
                        }
                    }
                    true
                }
                PlaybookItem::Links(_, list) => {
                    list.retain(|entry| keep(&entry.name));
                    true
                }
                PlaybookItem::Facts(_, _, list) => {
                    list.retain(|fact| keep(&fact.name));
                    true
                }
                PlaybookItem::Parameter(parameter) => keep(&parameter.name),
                PlaybookItem::Let(definition) => keep(&definition.name),
                _ => true,
            };
            items.extend(stays.then_some(item));
        }
        for without in uses.without.iter().filter(|without| !known.contains(&without.text)) {
            let message = format!("the vocabulary `{}` declares no `{}`", vocabulary.name.text, without.text);
            self.out.push(
                Diagnostic::new(&UNKNOWN_NAME, without.span, message)
                    .help_if(help_with_name(&without.text, known.iter().map(String::as_str))),
            );
        }
        items
    }

    fn variant(&mut self, variant: &'t Variant, file: usize) -> Option<Made> {
        let Some(base) = self.look_up(file, &variant.base.text, playbook_name) else {
            let seen: Vec<String> = self.seen(file, playbook_name);
            let others = seen.iter().map(String::as_str).filter(|name| *name != variant.name.text);
            let message = format!("there is no playbook `{}` this could be a variant of", variant.base.text);
            self.out.push(
                Diagnostic::new(&UNKNOWN_NAME, variant.base.span, message)
                    .help_if(crate::suggest::did_you_mean(&variant.base.text, others))
                    .help_if(Some("Import the file it stands in: `import \"name.play\"`".to_owned())),
            );
            return None;
        };
        let made = self.make(base)?;
        let waived = |name: &Name| {
            variant
                .waivers
                .iter()
                .any(|waiver| matches!(&waiver.obligation, Obligation::Property(waived) if waived.text == name.text))
        };
        let names: Vec<&Name> = made.properties.iter().map(|property| &property.name).collect();
        let playbook = Rc::new(apply(&made.playbook, variant, &names, &mut self.out));
        let properties = made.properties.iter().filter(|property| !waived(&property.name)).cloned().collect();
        Some(self.spoken_of(file, &variant.name.text, playbook, properties, made.scenarios))
    }
}

/// Whether what stands in the file of a variant and speaks of it was written for it. Without a name it can only be so:
/// where there are several playbooks in a file a name is needed.
fn is_own(named: Option<&Name>, name: &str) -> bool {
    named.is_none_or(|named| named.text == name)
}

fn means(named: Option<&Name>, name: &str) -> bool {
    named.is_some_and(|named| named.text == name)
}

/// The name of a playbook or variant.
fn playbook_name(item: &Item) -> Option<&Name> {
    match item {
        Item::Playbook(playbook) => Some(&playbook.name),
        Item::Variant(variant) => Some(&variant.name),
        _ => None,
    }
}

fn vocabulary_name(item: &Item) -> Option<&Name> {
    if let Item::Vocabulary(vocabulary) = item { Some(&vocabulary.name) } else { None }
}

/// The playbook that a variant makes of its base. `properties` are the names of the base's properties.
fn apply(base: &Playbook, variant: &Variant, properties: &[&Name], out: &mut Vec<Diagnostic>) -> Playbook {
    expect_version(base, variant, out);
    let index = Index::new(base);
    let before = out.len();
    let mut plan = Plan::new(base, &index, out);
    plan.all(&variant.operations);
    let touched = std::mem::take(&mut plan.touched);
    let edits = plan.edits;
    let items = rebuild::list(&base.items, base.name.span, &edits);
    let mut result = Playbook {
        name: variant.name.clone(),
        title: variant.title.clone().or_else(|| base.title.clone()),
        items: together(with_about(items, &variant.about)),
        span: variant.span,
        derived: None,
    };
    let inherited = base.derived.iter().flat_map(|derived| &derived.waivers);
    let derived = Derived {
        base: variant.base.clone(),
        head: variant.head,
        // Where it says nothing it lasts as long as the variant it is made from.
        valid_until: variant.valid_until.or(base.derived.as_ref().and_then(|derived| derived.valid_until)),
        waivers: variant.waivers.iter().chain(inherited).cloned().collect(),
        touched,
        earlier: base
            .derived
            .iter()
            .flat_map(|derived| derived.earlier.iter().chain(&derived.touched))
            .cloned()
            .collect(),
        origin: base.name.span,
        whole: variant.span,
    };
    // What was not found cannot have been dropped on purpose.
    if out.len() == before || out.get(before..).is_some_and(|found| !crate::diagnostic::has_errors(found)) {
        obligations::check(base, &result, variant, properties, |place| derived.cause(place, ""), out);
    }
    twice(variant, out);
    result.derived = Some(Box::new(derived));
    result
}

/// What is waived twice.
fn twice(variant: &Variant, out: &mut Vec<Diagnostic>) {
    let mut seen: Vec<&Waiver> = Vec::new();
    for waiver in &variant.waivers {
        let same = |known: &&&Waiver| crate::syntax::same(&known.obligation, &waiver.obligation);
        match seen.iter().find(same) {
            Some(first) => out.push(
                Diagnostic::new(&DUPLICATE_NAME, waiver.span, "this is waived already")
                    .related(first.span, "first waived here")
                    .help("Leave one of them out"),
            ),
            None => seen.push(waiver),
        }
    }
}

/// The version the variant was written against is still the base's.
fn expect_version(base: &Playbook, variant: &Variant, out: &mut Vec<Diagnostic>) {
    let Some(pin) = &variant.pin else { return };
    let version = base.items.iter().find_map(|item| match item {
        PlaybookItem::Property(_, Header::Version(version)) => Some(version),
        _ => None,
    });
    match version {
        Some(version) if version.text == pin.text => {}
        Some(version) => out.push(
            Diagnostic::new(
                &BASE_CHANGED,
                pin.span,
                format!("the base `{}` is no longer at version \"{}\"", base.name.text, pin.text),
            )
            .related(version.span, "it is at this one now")
            .help(format!("Look through what has changed, then write `at version \"{}\"`", version.text)),
        ),
        None => out.push(
            Diagnostic::new(&BASE_CHANGED, pin.span, format!("the base `{}` names no version", base.name.text))
                .related(base.name.span, "this is the base")
                .help("Give the base a `version`, or leave `at version` out"),
        ),
    }
}

/// Lists of one kind that stand side by side are one.
fn together(items: Vec<PlaybookItem>) -> Vec<PlaybookItem> {
    let mut result: Vec<PlaybookItem> = Vec::with_capacity(items.len());
    for item in items {
        match (result.last_mut(), item) {
            (Some(PlaybookItem::Declarations(_, kind, list)), PlaybookItem::Declarations(_, other, more))
                if *kind == other =>
            {
                list.extend(more);
            }
            (Some(PlaybookItem::Services(_, list)), PlaybookItem::Services(_, more)) => list.extend(more),
            (Some(PlaybookItem::Links(_, list)), PlaybookItem::Links(_, more)) => list.extend(more),
            (Some(PlaybookItem::Facts(_, scope, list)), PlaybookItem::Facts(_, other, more)) if *scope == other => {
                list.extend(more);
            }
            (_, item) => result.push(item),
        }
    }
    result
}

/// Items with what the variant says about itself in the place of what the base says.
fn with_about(items: Vec<PlaybookItem>, about: &[PlaybookItem]) -> Vec<PlaybookItem> {
    let alike = |one: &PlaybookItem, other: &PlaybookItem| match (one, other) {
        (PlaybookItem::Property(_, one), PlaybookItem::Property(_, other)) => discriminant(one) == discriminant(other),
        _ => discriminant(one) == discriminant(other),
    };
    let mut result = Vec::with_capacity(items.len() + about.len());
    let mut used = vec![false; about.len()];
    for item in items {
        if !about.iter().any(|new| alike(new, &item)) {
            result.push(item);
            continue;
        }
        for (new, used) in about.iter().zip(&mut used) {
            if !*used && alike(new, &item) {
                *used = true;
                result.push(new.clone());
            }
        }
    }
    let rest: Vec<PlaybookItem> =
        about.iter().zip(&used).filter(|(_, used)| !**used).map(|(new, _)| new.clone()).collect();
    result.splice(0..0, rest);
    result
}
