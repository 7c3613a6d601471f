//! What a playbook declares besides its flow: names, services, facts, parameters, `let`s.

mod about;

use super::expression::{Context, said_twice};
use super::names::{BUILT_IN_EVENTS, Names, Symbol, Table};
use super::order;
use super::suggest;
use super::types::{ordered, words};
use super::{named, text};
use crate::diagnostic::{CIRCULAR_DEFINITION, DUPLICATE_NAME, Diagnostic, OUT_OF_RANGE, TOO_MANY, WRONG_TYPE};
use crate::model::{
    About, Calendar, Fact, FactId, FactScope, Group, GroupId, Let, LetId, Named, PERCENT_RANGE, Parameter, ParameterId,
    Playbook, ServiceId, ServiceSet, Text, Type, Volatility,
};
use crate::syntax::ast::{self, DeclarationKind, PlaybookItem, TypeKind};
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The most services a playbook can have.
const MOST_SERVICES: usize = 128;
/// The most values a `set of (…)` can have.
const MOST_OF_SET: usize = 64;
/// The most values a `one of (…)` can have.
const MOST_OF_LIST: usize = 65_536;
/// How deep `let`s may be built on each other.
const DEEPEST_LET: usize = 200;

/// Declares everything but the flow and the `let`s.
pub(super) fn declare(tree: &ast::Playbook, out: &mut Vec<Diagnostic>) -> Names {
    let mut names = Names::new(Playbook {
        name: named(&tree.name, tree.title.as_ref()),
        about: About { language: "en".to_owned(), ..About::default() },
        roles: Vec::new(),
        services: Vec::new(),
        groups: Vec::new(),
        events: Vec::new(),
        blocker_kinds: Vec::new(),
        facts: Vec::new(),
        parameters: Vec::new(),
        lets: Vec::new(),
        calendar: Calendar::default(),
        scopes: Vec::new(),
        stages: Vec::new(),
        blocks: Vec::new(),
        ends: Vec::new(),
        tasks: Vec::new(),
        offers: Vec::new(),
        cadences: Vec::new(),
        transitions: Vec::new(),
        sustained: Vec::new(),
        histories: Vec::new(),
    });
    about::about(&mut names, tree, out);
    lists(&mut names, tree, out);
    services(&mut names, tree, out);
    let facts = facts(&mut names, tree, out);
    let parameters = parameter_names(&mut names, tree, out);
    for item in &tree.items {
        if let PlaybookItem::Let(item) = item {
            names.symbols.declare(&item.name, Symbol::Pending, out);
        }
    }
    resolve_parameters(&mut names, &parameters, out);
    for (id, fact) in facts {
        bounds_and_default(&mut names, id, fact, out);
    }
    names
}

/// What is wrong with a vocabulary by itself.
pub(super) fn check_vocabulary(vocabulary: &ast::Vocabulary, out: &mut Vec<Diagnostic>) {
    let tree = ast::Playbook {
        name: vocabulary.name.clone(),
        title: vocabulary.title.clone(),
        items: vocabulary.items.clone(),
        span: vocabulary.span,
        derived: None,
    };
    let mut names = declare(&tree, out);
    resolve_lets(&mut names, &tree, out);
}

/// Roles, motions, events, kinds of blocker, links.
fn lists(names: &mut Names, tree: &ast::Playbook, out: &mut Vec<Diagnostic>) {
    let add = |table: &mut Table<usize>, list: &mut Vec<Named>, entry: &ast::Declaration, out: &mut Vec<Diagnostic>| {
        if table.declare(&entry.name, list.len(), out) {
            list.push(named(&entry.name, entry.text.as_ref()));
        }
    };
    for item in &tree.items {
        let PlaybookItem::Declarations(_, kind, entries) = item else { continue };
        for entry in entries {
            let playbook = &mut names.playbook;
            match kind {
                DeclarationKind::Roles => add(&mut names.roles, &mut playbook.roles, entry, out),
                DeclarationKind::Motions => add(&mut names.motions, &mut playbook.about.motions, entry, out),
                DeclarationKind::Blockers => add(&mut names.blocker_kinds, &mut playbook.blocker_kinds, entry, out),
                DeclarationKind::Events if BUILT_IN_EVENTS.contains(&entry.name.text.as_str()) => {
                    let message = format!("`{}` is an event every playbook knows", entry.name.text);
                    out.push(
                        Diagnostic::new(&DUPLICATE_NAME, entry.name.span, message)
                            .help("Leave it out, or give your event another name"),
                    );
                }
                DeclarationKind::Events => add(&mut names.events, &mut playbook.events, entry, out),
            }
        }
    }
}

fn services(names: &mut Names, tree: &ast::Playbook, out: &mut Vec<Diagnostic>) {
    let entries: Vec<&ast::ServiceEntry> = tree
        .items
        .iter()
        .filter_map(|item| if let PlaybookItem::Services(_, entries) = item { Some(entries) } else { None })
        .flatten()
        .collect();
    let mut too_many = false;
    for entry in &entries {
        let ast::ServiceEntry::Service(service) = entry else { continue };
        let next = names.playbook.services.len();
        if next == MOST_SERVICES {
            if !too_many {
                let message = format!("a playbook has at most {MOST_SERVICES} services, and this is one more");
                out.push(Diagnostic::new(&TOO_MANY, service.name.span, message));
            }
            too_many = true;
            names.symbols.declare(&service.name, Symbol::Broken, out);
        } else if names.symbols.declare(&service.name, Symbol::Service(ServiceId(next as u32)), out) {
            names.playbook.services.push(named(&service.name, service.text.as_ref()));
        }
    }
    for entry in &entries {
        let ast::ServiceEntry::Group(name, members) = entry else { continue };
        let mut set = ServiceSet::default();
        for member in members {
            if let Some(services) = names.services_of(member, out) {
                set = ServiceSet(set.0 | services.0);
            }
        }
        let id = GroupId(names.playbook.groups.len() as u32);
        if names.symbols.declare(name, Symbol::Group(id), out) {
            names.playbook.groups.push(Group { name: name.text.clone(), span: name.span, members: set });
        }
    }
}

/// Facts with their types; bounds and defaults come later, they may speak of parameters.
fn facts<'t>(names: &mut Names, tree: &'t ast::Playbook, out: &mut Vec<Diagnostic>) -> Vec<(FactId, &'t ast::Fact)> {
    let mut slots: BTreeMap<FactScope, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for item in &tree.items {
        let PlaybookItem::Facts(_, scope, facts) = item else { continue };
        for fact in facts {
            let Some(kind) = resolve_type(&fact.kind, out) else {
                names.symbols.declare(&fact.name, Symbol::Broken, out);
                continue;
            };
            let id = FactId(names.playbook.facts.len() as u32);
            if !names.symbols.declare(&fact.name, Symbol::Fact(id), out) {
                continue;
            }
            let slot = slots.entry(*scope).or_default();
            let volatility = fact.volatility.map_or(Volatility::Live, |(volatility, _)| volatility);
            if let (Volatility::Rising | Volatility::Falling, Some((_, span))) = (volatility, fact.volatility)
                && !ordered(&kind)
                && kind != Type::YesNo
            {
                let message = format!("`{}` is {}, which neither rises nor falls", fact.name.text, words(&kind));
                out.push(Diagnostic::new(&WRONG_TYPE, span, message).help("Leave the word out, or say `fixed`"));
            }
            names.playbook.facts.push(Fact {
                name: Named {
                    name: fact.name.text.clone(),
                    span: fact.name.span,
                    text: fact.text.as_ref().map_or_else(Text::default, text),
                },
                scope: *scope,
                slot: *slot,
                range: (kind == Type::Percent).then_some(PERCENT_RANGE),
                kind,
                volatility,
                default: None,
            });
            *slot += 1;
            found.push((id, fact));
        }
    }
    found
}

/// A type as written; none where it cannot be had.
fn resolve_type(written: &ast::TypeExpr, out: &mut Vec<Diagnostic>) -> Option<Type> {
    // The parser refuses more than six.
    let decimals = |decimals: &Option<u32>, otherwise: u32| decimals.unwrap_or(otherwise).min(6);
    Some(match &written.kind {
        TypeKind::YesNo => Type::YesNo,
        TypeKind::Int => Type::Int,
        TypeKind::Number(written) => Type::Number(decimals(written, 6)),
        TypeKind::Percent => Type::Percent,
        TypeKind::Money(written) => Type::Money(decimals(written, 2)),
        TypeKind::Date => Type::Date,
        TypeKind::Duration => Type::Duration,
        TypeKind::Text => Type::Text,
        TypeKind::OneOf(values) => Type::OneOf(list_of_values(values, MOST_OF_LIST, written, out)?),
        TypeKind::SetOf(values) => Type::SetOf(list_of_values(values, MOST_OF_SET, written, out)?),
    })
}

fn list_of_values(
    values: &[ast::Declaration],
    most: usize,
    written: &ast::TypeExpr,
    out: &mut Vec<Diagnostic>,
) -> Option<Vec<Named>> {
    let mut table: Table<()> = Table::new();
    let mut list = Vec::with_capacity(values.len());
    for value in values {
        if table.declare(&value.name, (), out) {
            list.push(named(&value.name, value.text.as_ref()));
        }
    }
    if list.len() > most {
        let message = format!("there are {} values here, and at most {most} can be had", list.len());
        out.push(Diagnostic::new(&TOO_MANY, written.span, message));
        return None;
    }
    Some(list)
}

/// Declares parameters, so that others can be told from unknown names; their values come later.
fn parameter_names<'t>(
    names: &mut Names,
    tree: &'t ast::Playbook,
    out: &mut Vec<Diagnostic>,
) -> Vec<(&'t ast::Parameter, Option<Type>)> {
    let mut found = Vec::new();
    for item in &tree.items {
        let PlaybookItem::Parameter(parameter) = item else { continue };
        let kind = resolve_type(&parameter.kind, out);
        if names.symbols.declare(&parameter.name, Symbol::Pending, out) {
            found.push((parameter.as_ref(), kind));
        }
    }
    found
}

fn resolve_parameters(names: &mut Names, found: &[(&ast::Parameter, Option<Type>)], out: &mut Vec<Diagnostic>) {
    let definitions: Vec<(&str, &ast::Expr)> =
        found.iter().map(|(parameter, _)| (parameter.name.text.as_str(), &parameter.value)).collect();
    let order = order::order(&definitions, &BTreeSet::new());
    let spans: Vec<&ast::Name> = found.iter().map(|(parameter, _)| &parameter.name).collect();
    break_cycles(names, &order, &spans, "parameter", out);
    for at in order.sorted {
        let (parameter, kind) = &found[at];
        let name = parameter.name.text.as_str();
        // Broken until its value is known: whoever uses it is not to blame.
        names.symbols.redefine(name, Symbol::Broken);
        let Some(kind) = kind else { continue };
        let range = range(names, parameter.range.as_ref(), kind, name, out);
        let Some(value) = names.constant(&parameter.value, kind, out) else { continue };
        if let Some((low, high)) = &range
            && !super::constant::within(&value, low, high)
        {
            let show = |value: &Value| names.playbook.show(value, kind);
            let message =
                format!("`{name}` cannot be {}: it lies between {} and {}", show(&value), show(low), show(high));
            out.push(Diagnostic::new(&OUT_OF_RANGE, parameter.value.span, message));
        }
        let id = ParameterId(names.playbook.parameters.len() as u32);
        names.symbols.redefine(name, Symbol::Parameter(id));
        let name = named(&parameter.name, parameter.text.as_ref());
        names.playbook.parameters.push(Parameter { name, kind: kind.clone(), value });
    }
    // Nothing keeps an id yet: back to the order in which they are written.
    names.playbook.parameters.sort_by_key(|parameter| parameter.name.span);
    for (at, parameter) in names.playbook.parameters.iter().enumerate() {
        names.symbols.redefine(&parameter.name.name, Symbol::Parameter(ParameterId(at as u32)));
    }
}

/// Reports circles, and takes their members and what needs them out of use.
fn break_cycles(
    names: &mut Names,
    order: &order::Order,
    written: &[&ast::Name],
    what: &str,
    out: &mut Vec<Diagnostic>,
) {
    for cycle in &order.cycles {
        let first = written[cycle[0]];
        let members = suggest::list(cycle.iter().map(|at| written[*at].text.as_str()), "and");
        let message = match cycle.len() {
            1 => format!("{what} {members} is defined by itself"),
            _ => format!("{what}s {members} are defined by each other"),
        };
        let mut diagnostic = Diagnostic::new(&CIRCULAR_DEFINITION, first.span, message)
            .help("Give one of them a value that does not need the others");
        for at in &cycle[1..] {
            diagnostic = diagnostic.related(written[*at].span, "part of the circle");
        }
        out.push(diagnostic);
    }
    for at in order.cycles.iter().flatten().chain(&order.hanging) {
        names.symbols.redefine(&written[*at].text, Symbol::Broken);
    }
}

/// `in LOW..HIGH`, where the type has an order.
fn range(
    names: &mut Names,
    written: Option<&(ast::Expr, ast::Expr)>,
    kind: &Type,
    name: &str,
    out: &mut Vec<Diagnostic>,
) -> Option<(Value, Value)> {
    let (low, high) = written?;
    if !ordered(kind) {
        let message = format!("`{name}` is {}, which has no range", words(kind));
        out.push(Diagnostic::new(&WRONG_TYPE, low.span.to(high.span), message).help("Leave the range out"));
        return None;
    }
    names.bounds(low, high, kind, out)
}

fn bounds_and_default(names: &mut Names, id: FactId, fact: &ast::Fact, out: &mut Vec<Diagnostic>) {
    let kind = names.playbook.facts[id.index()].kind.clone();
    if let Some(range) = range(names, fact.range.as_ref(), &kind, &fact.name.text, out) {
        names.playbook.facts[id.index()].range = Some(range);
    }
    if let Some(default) = &fact.default {
        names.playbook.facts[id.index()].default = names.constant_for(id, default, out);
    }
}

/// Resolves the `let`s, each after those it speaks of. Places, tasks and facts are declared by now.
pub(super) fn resolve_lets(names: &mut Names, tree: &ast::Playbook, out: &mut Vec<Diagnostic>) {
    // Of two with the same name, the first has the name.
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let found: Vec<&ast::Let> = tree
        .items
        .iter()
        .filter_map(|item| if let PlaybookItem::Let(item) = item { Some(item) } else { None })
        .filter(|item| names.symbols.get(&item.name.text) == Some(Symbol::Pending) && seen.insert(&item.name.text))
        .collect();
    let definitions: Vec<(&str, &ast::Expr)> =
        found.iter().map(|item| (item.name.text.as_str(), &item.value)).collect();
    let values: BTreeSet<String> = names
        .playbook
        .facts
        .iter()
        .filter_map(|fact| match &fact.kind {
            Type::OneOf(values) | Type::SetOf(values) => Some(values),
            _ => None,
        })
        .flatten()
        .map(|value| value.name.clone())
        .collect();
    let order = order::order(&definitions, &values.iter().map(String::as_str).collect());
    let written: Vec<&ast::Name> = found.iter().map(|item| &item.name).collect();
    break_cycles(names, &order, &written, "named value", out);
    let mut depths: Vec<usize> = Vec::new();
    for at in order.sorted {
        let item = found[at];
        let name = item.name.text.as_str();
        let resolved = names.let_value(&item.value, out);
        names.symbols.redefine(name, Symbol::Broken);
        let Some((value, of_service)) = resolved else { continue };
        let mut depth = 0;
        value.walk(&mut |part| {
            if let crate::model::Node::Let(id) = part.node {
                depth = depth.max(depths[id.index()] + 1);
            }
        });
        if depth > DEEPEST_LET {
            let message = format!("`{name}` builds on more than {DEEPEST_LET} named values, each on the one before");
            out.push(Diagnostic::new(&TOO_MANY, item.name.span, message));
            continue;
        }
        depths.push(depth);
        let constant = names.fold(&value);
        names.let_values.push(constant);
        let id = LetId(names.playbook.lets.len() as u32);
        names.symbols.redefine(name, Symbol::Let(id));
        names.playbook.lets.push(Let { name: named(&item.name, item.text.as_ref()), value, of_service });
    }
}

/// `for customers where …`.
pub(super) fn audience(names: &mut Names, tree: &ast::Playbook, out: &mut Vec<Diagnostic>) {
    let mut first = None;
    for item in &tree.items {
        let PlaybookItem::Audience(span, condition) = item else { continue };
        if let Some(first) = first {
            out.push(said_twice("`for customers where`", *span, first));
            continue;
        }
        first = Some(*span);
        names.playbook.about.customers = names.condition(condition, Context::CUSTOMER, out);
    }
}
