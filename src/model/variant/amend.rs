//! What an item says once a variant has changed it, and what it said before.

use super::index::Found;
use crate::syntax::ast::*;
use crate::syntax::same;

/// A text with what is said again. Where the text itself is new, translations of the old one are left out.
fn reworded(old: Option<&Text>, changed: &ChangedText, without: &[Lost]) -> Option<Text> {
    let mut text = match (&changed.main, old) {
        (Some(main), _) => Text { main: main.clone(), translations: Vec::new() },
        (None, Some(old)) => old.clone(),
        (None, None) => return None,
    };
    for translation in &changed.translations {
        text.translations.retain(|known| !known.tag.text.eq_ignore_ascii_case(&translation.tag.text));
        text.translations.push(translation.clone());
    }
    Some(drop_translations(text, without))
}

fn drop_translations(mut text: Text, without: &[Lost]) -> Text {
    for lost in without {
        if let Lost::Translation(tag) = lost {
            text.translations.retain(|known| !known.tag.text.eq_ignore_ascii_case(&tag.text));
        }
    }
    text
}

/// A text that may be missing.
fn retitled(old: &mut Option<Text>, amendment: &Amendment) {
    if amendment.without.contains(&Lost::Text) {
        *old = None;
    }
    match &amendment.to.text {
        Some(changed) => *old = reworded(old.as_ref(), changed, &amendment.without),
        None => *old = old.take().map(|text| drop_translations(text, &amendment.without)),
    }
}

/// A text that is always there.
fn rewritten(old: &mut Text, amendment: &Amendment) {
    let mut text = Some(old.clone());
    let kept: Vec<Lost> = amendment.without.iter().filter(|lost| **lost != Lost::Text).cloned().collect();
    let changed = amendment.to.text.clone();
    match changed {
        Some(changed) => text = reworded(text.as_ref(), &changed, &kept),
        None => text = text.map(|text| drop_translations(text, &kept)),
    }
    if let Some(text) = text {
        *old = text;
    }
}

/// A list of names: said again, or no more.
fn names(old: &mut Vec<Name>, new: &[Name], without: bool) {
    if without {
        old.clear();
    }
    if !new.is_empty() {
        *old = new.to_vec();
    }
}

/// Something that may be said or not.
fn one<T: Clone>(old: &mut Option<T>, new: Option<&T>, without: bool) {
    if without {
        *old = None;
    }
    if let Some(new) = new {
        *old = Some(new.clone());
    }
}

fn links(old: &mut Vec<Link>, amendment: &Amendment) {
    if amendment.without.contains(&Lost::Link) {
        old.clear();
    }
    if !amendment.to.links.is_empty() {
        old.clone_from(&amendment.to.links);
    }
}

pub(super) fn task(task: &mut Task, amendment: &Amendment) {
    let lost = |lost: Lost| amendment.without.contains(&lost);
    let to = &amendment.to;
    retitled(&mut task.title, amendment);
    one(&mut task.mandatory, to.mandatory.as_ref(), false);
    names(&mut task.services, &to.services, lost(Lost::For));
    names(&mut task.roles, &to.roles, lost(Lost::By));
    one(&mut task.when, to.value.as_ref(), lost(Lost::When));
    one(&mut task.due, to.due.as_ref(), lost(Lost::Due));
    links(&mut task.links, amendment);
    task.again = (task.again && !lost(Lost::Again)) || to.again;
}

pub(super) fn stage(stage: &mut Stage, amendment: &Amendment) {
    retitled(&mut stage.title, amendment);
    names(&mut stage.services, &amendment.to.services, amendment.without.contains(&Lost::For));
    names(&mut stage.roles, &amendment.to.roles, amendment.without.contains(&Lost::By));
    let motions = &amendment.to.motions;
    if motions.is_empty() && !amendment.without.contains(&Lost::Motion) {
        return;
    }
    // In the place of what was said, else after the prose.
    let motion = |item: &StageItem| matches!(item, StageItem::Motion(..));
    let about = |item: &StageItem| matches!(item, StageItem::About(..));
    let after = stage.items.iter().rposition(about).map_or(0, |at| at + 1);
    let at = stage.items.iter().position(motion).unwrap_or(after);
    stage.items.retain(|item| !motion(item));
    if let (Some(first), Some(last)) = (motions.first(), motions.last()) {
        stage.items.insert(at, StageItem::Motion(first.span.to(last.span), motions.clone()));
    }
}

pub(super) fn block(block: &mut Block, amendment: &Amendment) {
    retitled(&mut block.title, amendment);
}

pub(super) fn branch(branch: &mut Branch, amendment: &Amendment) {
    retitled(&mut branch.title, amendment);
}

pub(super) fn end(end: &mut End, amendment: &Amendment) {
    retitled(&mut end.title, amendment);
    one(&mut end.kind, amendment.to.end.as_ref(), false);
    if amendment.to.continues.is_some() || amendment.without.contains(&Lost::Continues) {
        end.continues = amendment.to.continues.clone();
        end.continues_limit = amendment.to.limit.clone();
    }
}

pub(super) fn clause(clause: &mut Clause, amendment: &Amendment) {
    rewritten(&mut clause.text, amendment);
    one(&mut clause.condition, amendment.to.value.as_ref(), false);
}

pub(super) fn step(step: &mut Step, amendment: &Amendment) {
    rewritten(&mut step.text, amendment);
    names(&mut step.roles, &amendment.to.roles, amendment.without.contains(&Lost::By));
    links(&mut step.links, amendment);
}

pub(super) fn about(text: &mut Text, amendment: &Amendment) {
    rewritten(text, amendment);
}

pub(super) fn cadence(cadence: &mut Cadence, amendment: &Amendment) {
    if let Some(period) = &amendment.to.value {
        cadence.period = period.clone();
    }
    one(&mut cadence.limit, amendment.to.limit.as_ref(), amendment.without.contains(&Lost::AtMost));
}

pub(super) fn parameter(parameter: &mut Parameter, amendment: &Amendment) {
    retitled(&mut parameter.text, amendment);
    if let Some(kind) = &amendment.to.kind {
        parameter.kind = kind.clone();
    }
    one(&mut parameter.range, amendment.to.range.as_ref(), false);
    if let Some(value) = &amendment.to.value {
        parameter.value = value.clone();
    }
}

pub(super) fn definition(definition: &mut Let, amendment: &Amendment) {
    retitled(&mut definition.text, amendment);
    if let Some(value) = &amendment.to.value {
        definition.value = value.clone();
    }
}

pub(super) fn fact(fact: &mut Fact, amendment: &Amendment) {
    retitled(&mut fact.text, amendment);
    if let Some(kind) = &amendment.to.kind {
        fact.kind = kind.clone();
    }
    one(&mut fact.volatility, amendment.to.volatility.as_ref(), false);
    one(&mut fact.range, amendment.to.range.as_ref(), false);
    one(&mut fact.default, amendment.to.value.as_ref(), false);
}

pub(super) fn declaration(declaration: &mut Declaration, amendment: &Amendment) {
    retitled(&mut declaration.text, amendment);
}

pub(super) fn service(entry: &mut ServiceEntry, amendment: &Amendment) {
    match entry {
        ServiceEntry::Service(service) => declaration(service, amendment),
        ServiceEntry::Group(_, members) => names(members, &amendment.to.services, false),
    }
}

pub(super) fn link(entry: &mut LinkEntry, amendment: &Amendment) {
    retitled(&mut entry.text, amendment);
    if let Some(Link::Address(address, _)) = amendment.to.links.first() {
        entry.address = address.clone();
    }
}

pub(super) fn next(next: &mut Next, amendment: &Amendment) {
    retitled(&mut next.text, amendment);
    one(&mut next.link, amendment.to.links.first(), false);
}

/// What is found, changed: as the text of its tree, to see whether that changes anything.
pub(super) fn changes_something(found: &Found<'_>, amendment: &Amendment) -> bool {
    fn differs<T: Clone + std::fmt::Debug>(old: &T, change: impl FnOnce(&mut T)) -> bool {
        let mut new = old.clone();
        change(&mut new);
        !same(old, &new)
    }
    match found {
        Found::Item(PlaybookItem::Parameter(old)) => differs(old, |new| parameter(new, amendment)),
        Found::Item(PlaybookItem::Let(old)) => differs(old, |new| definition(new, amendment)),
        Found::Item(PlaybookItem::Next(old)) => differs(old, |new| next(new, amendment)),
        Found::Scope(ScopeItem::End(old)) => differs(old, |new| end(new, amendment)),
        Found::Scope(ScopeItem::Input(old) | ScopeItem::Output(old))
        | Found::StageItem(StageItem::Input(old) | StageItem::Output(old)) => {
            differs(old, |new| clause(new, amendment))
        }
        Found::StageItem(StageItem::About(_, old)) => differs(old, |new| about(new, amendment)),
        Found::Stage(old) => {
            let motions = old.items.iter().filter(|item| matches!(item, StageItem::Motion(..)));
            let head = Stage { items: motions.cloned().collect(), ..(*old).clone() };
            differs(&head, |new| stage(new, amendment))
        }
        Found::Block(old) => differs(&old.title, |new| retitled(new, amendment)),
        Found::Branch(old) => differs(&old.title, |new| retitled(new, amendment)),
        Found::Cadence(old) => differs(&(**old).clone(), |new| cadence(new, amendment)),
        Found::Work(WorkItem::Task(old)) => differs(old, |new| task(new, amendment)),
        Found::Work(WorkItem::Step(old)) => differs(old, |new| step(new, amendment)),
        Found::Way(old) => amendment.to.transition.as_ref().is_some_and(|new| !same(*old, new)),
        Found::Declaration(_, old) => differs(&(**old).clone(), |new| declaration(new, amendment)),
        Found::Service(old) => differs(&(**old).clone(), |new| service(new, amendment)),
        Found::Link(old) => differs(&(**old).clone(), |new| link(new, amendment)),
        Found::Fact(old) => differs(&(**old).clone(), |new| fact(new, amendment)),
        Found::Item(_) | Found::Scope(_) | Found::StageItem(_) | Found::Work(_) => true,
    }
}

/// Whether what is changed has a text, where only translations are given.
pub(super) fn has_text_to_translate(found: &Found<'_>, amendment: &Amendment) -> bool {
    let only_translated = amendment.to.text.as_ref().is_some_and(|text| text.main.is_none());
    let title = match found {
        Found::Item(PlaybookItem::Parameter(old)) => old.text.as_ref(),
        Found::Item(PlaybookItem::Let(old)) => old.text.as_ref(),
        Found::Item(PlaybookItem::Next(old)) => old.text.as_ref(),
        Found::Scope(ScopeItem::End(old)) => old.title.as_ref(),
        Found::Stage(old) => old.title.as_ref(),
        Found::Block(old) => old.title.as_ref(),
        Found::Branch(old) => old.title.as_ref(),
        Found::Work(WorkItem::Task(old)) => old.title.as_ref(),
        Found::Declaration(_, old) => old.text.as_ref(),
        Found::Service(ServiceEntry::Service(old)) => old.text.as_ref(),
        Found::Link(old) => old.text.as_ref(),
        Found::Fact(old) => old.text.as_ref(),
        _ => return true,
    };
    !only_translated || title.is_some()
}

/// What of `was …` the base does not say any more.
pub(super) fn gone<'w>(found: &Found<'_>, was: &'w Was) -> Option<&'w WasPart> {
    was.parts.iter().find(|part| !still(found, part))
}

/// Title, services, roles, condition and value.
type Said<'t> = (Option<&'t Text>, &'t [Name], &'t [Name], Option<&'t Expr>, Option<&'t Expr>);

fn still(found: &Found<'_>, part: &WasPart) -> bool {
    let (title, services, roles, when, value): Said<'_> = match found {
        Found::Work(WorkItem::Task(task)) => {
            (task.title.as_ref(), &task.services, &task.roles, task.when.as_ref(), None)
        }
        Found::Work(WorkItem::Step(step)) => (Some(&step.text), &[], &step.roles, None, None),
        Found::Work(WorkItem::Set(set)) => (None, &[], &[], None, Some(&set.value)),
        Found::Stage(stage) => (stage.title.as_ref(), &stage.services, &stage.roles, None, None),
        Found::Scope(ScopeItem::End(end)) => (end.title.as_ref(), &[], &[], None, None),
        Found::Scope(ScopeItem::Input(clause) | ScopeItem::Output(clause))
        | Found::StageItem(StageItem::Input(clause) | StageItem::Output(clause)) => {
            (Some(&clause.text), &[], &[], None, clause.condition.as_ref())
        }
        Found::StageItem(StageItem::About(_, text)) => (Some(text), &[], &[], None, None),
        Found::StageItem(StageItem::Needs(needs)) => (needs.text.as_ref(), &[], &[], None, Some(&needs.condition)),
        Found::Cadence(cadence) => (None, &[], &[], None, Some(&cadence.period)),
        Found::Item(PlaybookItem::Parameter(parameter)) => {
            (parameter.text.as_ref(), &[], &[], None, Some(&parameter.value))
        }
        Found::Item(PlaybookItem::Let(definition)) => {
            (definition.text.as_ref(), &[], &[], None, Some(&definition.value))
        }
        Found::Item(PlaybookItem::Next(next)) => (next.text.as_ref(), &[], &[], None, None),
        Found::Fact(fact) => (fact.text.as_ref(), &[], &[], None, fact.default.as_ref()),
        Found::Declaration(_, declaration) => (declaration.text.as_ref(), &[], &[], None, None),
        Found::Service(ServiceEntry::Service(service)) => (service.text.as_ref(), &[], &[], None, None),
        Found::Service(ServiceEntry::Group(_, members)) => (None, members, &[], None, None),
        Found::Link(link) => (link.text.as_ref(), &[], &[], None, None),
        Found::Block(block) => (block.title.as_ref(), &[], &[], None, None),
        Found::Branch(branch) => (branch.title.as_ref(), &[], &[], None, None),
        Found::Item(_) | Found::Scope(_) | Found::StageItem(_) | Found::Work(_) | Found::Way(_) => {
            (None, &[], &[], None, None)
        }
    };
    let list = |names: &[Name]| names.iter().map(|name| name.text.clone()).collect::<Vec<_>>();
    match (part, found) {
        (WasPart::Way(old), Found::Way(way)) => same(old, *way),
        (WasPart::Flag(flag), Found::Work(WorkItem::Task(task))) => task.mandatory == Some(*flag),
        (WasPart::Again, Found::Work(WorkItem::Task(task))) => task.again,
        (WasPart::Due(due), Found::Work(WorkItem::Task(task))) => task.due.as_ref().is_some_and(|old| same(old, due)),
        (WasPart::Link(link), Found::Work(WorkItem::Task(task))) => task.links.iter().any(|old| same(old, link)),
        (WasPart::Link(link), Found::Work(WorkItem::Step(step))) => step.links.iter().any(|old| same(old, link)),
        (WasPart::AtMost(limit), Found::Cadence(cadence)) => cadence.limit.as_ref().is_some_and(|old| same(old, limit)),
        (WasPart::AtMost(limit), Found::Way(way)) => way.limit.as_deref().is_some_and(|old| same(old, limit)),
        (WasPart::End(kind), Found::Scope(ScopeItem::End(end))) => end.kind == Some(*kind),
        (WasPart::Services(names), _) => list(names) == list(services),
        (WasPart::Roles(names), _) => list(names) == list(roles),
        (WasPart::Motions(names), Found::Stage(stage)) => {
            let motions = stage.items.iter().filter_map(|item| match item {
                StageItem::Motion(_, motions) => Some(list(motions)),
                _ => None,
            });
            list(names) == motions.flatten().collect::<Vec<_>>()
        }
        (WasPart::When(condition), _) => when.is_some_and(|old| same(old, condition)),
        // What looks like a value may be a whole text, or the address of a link.
        (WasPart::Value(Expr { kind: ExprKind::Text(text), .. }), Found::Link(link)) => link.address.text == *text,
        (WasPart::Value(written), _) => value.is_some_and(|old| same(old, written)),
        (WasPart::Text(text), Found::Link(link)) if link.address.text == text.main.text => true,
        (WasPart::Text(text), _) => title.is_some_and(|old| {
            named_or_same(&text.main, old)
                && text.translations.iter().all(|new| {
                    old.translations
                        .iter()
                        .any(|old| old.tag.text.eq_ignore_ascii_case(&new.tag.text) && old.text.text == new.text.text)
                })
        }),
        _ => false,
    }
}

fn named_or_same(written: &Literal, text: &Text) -> bool {
    super::index::named_text(written, text)
}
