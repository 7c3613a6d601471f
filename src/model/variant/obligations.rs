//! What a base promises, and whether its variant keeps it.

use super::index::{named_text, task_name};
use crate::diagnostic::{Diagnostic, NOTHING_TO_CHANGE, OBLIGATION_DROPPED, UNUSED_WAIVER};
use crate::model::resolve::help_with_name;
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::same;

/// A task where it is offered.
struct Offer<'t> {
    task: &'t Task,
    stage: &'t Stage,
}

impl Offer<'_> {
    /// For which services; empty means all.
    fn services(&self) -> &[Name] {
        if self.task.services.is_empty() { &self.stage.services } else { &self.task.services }
    }

    /// Whether who was owed the other task is owed this one.
    fn covers(&self, other: &Offer<'_>) -> bool {
        let (mine, theirs) = (self.services(), other.services());
        let has = |name: &Name| mine.iter().any(|known| known.text == name.text);
        let services = mine.is_empty() || !theirs.is_empty() && theirs.iter().all(has);
        let when = match (&self.task.when, &other.task.when) {
            (None, _) => true,
            (Some(mine), Some(theirs)) => same(mine, theirs),
            (Some(_), None) => false,
        };
        self.task.mandatory == Some(true) && services && when
    }
}

/// The mandatory tasks, key inputs and key outputs of a playbook.
#[derive(Default)]
struct Promises<'t> {
    offers: Vec<Offer<'t>>,
    inputs: Vec<&'t Clause>,
    outputs: Vec<&'t Clause>,
}

impl<'t> Promises<'t> {
    fn of(playbook: &'t Playbook) -> Promises<'t> {
        let mut promises = Promises::default();
        for item in &playbook.items {
            if let PlaybookItem::Flow(item) = item {
                promises.scope_item(item);
            }
        }
        promises
    }

    fn scope_item(&mut self, item: &'t ScopeItem) {
        match item {
            ScopeItem::Input(clause) => self.inputs.push(clause),
            ScopeItem::Output(clause) => self.outputs.push(clause),
            ScopeItem::Stage(stage) => {
                for item in &stage.items {
                    match item {
                        StageItem::Work(work) => self.work(work, stage),
                        StageItem::Cadence(cadence) => cadence.items.iter().for_each(|work| self.work(work, stage)),
                        _ => {}
                    }
                }
            }
            ScopeItem::Block(block) => match &block.kind {
                BlockKind::EachService(items) => items.iter().for_each(|item| self.scope_item(item)),
                BlockKind::Together(branches) => {
                    branches.iter().flat_map(|branch| &branch.items).for_each(|item| self.scope_item(item));
                }
            },
            ScopeItem::Start(..) | ScopeItem::End(_) | ScopeItem::Transition(_) => {}
        }
    }

    fn work(&mut self, work: &'t WorkItem, stage: &'t Stage) {
        match work {
            WorkItem::Task(task) => self.offers.push(Offer { task, stage }),
            WorkItem::Together(_, items) => items.iter().for_each(|work| self.work(work, stage)),
            WorkItem::Step(_) | WorkItem::Set(_) => {}
        }
    }
}

/// Whether whoever meets the new condition has met the old one, as far as its words show.
fn implies(new: &Expr, old: &Expr) -> bool {
    let parts = if let ExprKind::And(parts) = &new.kind { parts.as_slice() } else { std::slice::from_ref(new) };
    let olds = if let ExprKind::And(parts) = &old.kind { parts.as_slice() } else { std::slice::from_ref(old) };
    olds.iter().all(|old| parts.iter().any(|part| same(part, old)))
}

/// Whether a clause is kept by one of those.
fn kept(old: &Clause, new: &[&Clause]) -> bool {
    new.iter().any(|new| match (&old.condition, &new.condition) {
        (None, _) => new.span == old.span || new.text.main.text == old.text.main.text,
        (Some(old), Some(new)) => implies(new, old),
        (Some(_), None) => false,
    })
}

/// Compares a variant with its base: what is dropped without being waived, and waived without being dropped.
/// `properties` are the names of the base's properties, `touch` says which operation touched a place.
pub(super) fn check(
    base: &Playbook,
    result: &Playbook,
    variant: &Variant,
    properties: &[&Name],
    touch: impl Fn(Span) -> Span,
    out: &mut Vec<Diagnostic>,
) {
    let (before, after) = (Promises::of(base), Promises::of(result));
    let mut used = vec![false; variant.waivers.len()];
    let mut waived = |matches: &dyn Fn(&Obligation) -> bool| {
        let mut found = false;
        for (waiver, used) in variant.waivers.iter().zip(&mut used) {
            if matches(&waiver.obligation) {
                *used = true;
                found = true;
            }
        }
        found
    };
    let dropped = |what: String, waive: String, place: Span, out: &mut Vec<Diagnostic>| {
        out.push(
            Diagnostic::new(&OBLIGATION_DROPPED, touch(place), format!("{what} of the base is dropped here"))
                .related(place, "the base promises this")
                .help(format!("Keep it, or write `waive {waive} \"why\"`")),
        );
    };
    for old in before.offers.iter().filter(|offer| offer.task.mandatory == Some(true)) {
        let kept = after.offers.iter().any(|new| new.task.id == old.task.id && new.covers(old));
        if !kept && !waived(&|known| *known == Obligation::Task(old.task.id.clone())) {
            let name = task_name(&old.task.id);
            dropped(format!("the mandatory task `{name}`"), format!("task {name}"), old.task.span, out);
        }
    }
    for (old, word) in before
        .inputs
        .iter()
        .map(|clause| (*clause, "input"))
        .chain(before.outputs.iter().map(|clause| (*clause, "output")))
    {
        let new = if word == "input" { &after.inputs } else { &after.outputs };
        let is = |known: &Obligation| match known {
            Obligation::Input(text) => word == "input" && named_text(text, &old.text),
            Obligation::Output(text) => word == "output" && named_text(text, &old.text),
            _ => false,
        };
        if !kept(old, new) && !waived(&is) {
            let words = &old.text.main.text;
            let mut short: String = words.chars().take(40).collect();
            if short.len() < words.len() {
                short.push('…');
            }
            dropped(format!("a key {word}"), format!("{word} \"{}\"", short.replace('"', "\\\"")), old.span, out);
        }
    }
    for property in properties {
        waived(&|known| matches!(known, Obligation::Property(name) if name.text == property.text));
    }
    for (waiver, _) in variant.waivers.iter().zip(&used).filter(|(_, used)| !**used) {
        unused(waiver, &before, base, properties, out);
    }
}

/// A waiver of what the base does not promise, or of what the variant keeps.
fn unused(waiver: &Waiver, before: &Promises<'_>, base: &Playbook, properties: &[&Name], out: &mut Vec<Diagnostic>) {
    let clause = |list: &[&Clause], text: &Literal| {
        list.iter().find(|clause| named_text(text, &clause.text)).map(|clause| clause.span)
    };
    let words = |list: &[&Clause]| list.iter().map(|clause| clause.text.main.text.clone()).collect::<Vec<_>>();
    let (kept, what, name, names): (Option<Span>, String, String, Vec<String>) = match &waiver.obligation {
        Obligation::Task(id) => {
            let mandatory = before.offers.iter().filter(|offer| offer.task.mandatory == Some(true));
            let found = mandatory.clone().find(|offer| offer.task.id == *id).map(|offer| offer.task.span);
            let name = task_name(id);
            let names = mandatory.map(|offer| task_name(&offer.task.id)).collect();
            (found, format!("mandatory task `{name}`"), name, names)
        }
        Obligation::Input(text) => {
            (clause(&before.inputs, text), "such key input".to_owned(), text.text.clone(), words(&before.inputs))
        }
        Obligation::Output(text) => {
            (clause(&before.outputs, text), "such key output".to_owned(), text.text.clone(), words(&before.outputs))
        }
        Obligation::Property(name) => {
            let names = properties.iter().map(|name| name.text.clone()).collect();
            (None, format!("property `{}`", name.text), name.text.clone(), names)
        }
    };
    match kept {
        Some(place) => out.push(
            Diagnostic::new(&UNUSED_WAIVER, waiver.span, "this is waived, but the variant keeps it")
                .related(place, "the base promises this")
                .help("Leave the waiver out"),
        ),
        None => {
            let message = format!("there is no {what} in the base `{}` that could be waived", base.name.text);
            out.push(
                Diagnostic::new(&NOTHING_TO_CHANGE, waiver.span, message)
                    .related(base.name.span, "this is the base")
                    .help_if(help_with_name(&name, names.iter().map(String::as_str)).filter(|help| help.len() < 300)),
            );
        }
    }
}
