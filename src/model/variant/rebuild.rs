//! The tree of a base, made again with what differs.

use super::amend;
use super::index::{exits_key, service_span};
use crate::source::Span;
use crate::syntax::ast::*;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that differs, by the places of the base.
#[derive(Default)]
pub(super) struct Edits<'v> {
    pub removed: BTreeSet<Span>,
    pub replaced: BTreeMap<Span, Added>,
    pub amended: BTreeMap<Span, &'v Amendment>,
    pub before: BTreeMap<Span, Vec<Insert>>,
    pub after: BTreeMap<Span, Vec<Insert>>,
    /// By the list it goes to.
    pub first: BTreeMap<Span, Vec<Insert>>,
    pub last: BTreeMap<Span, Vec<Insert>>,
    /// After the last of its kind in the list.
    pub anywhere: BTreeMap<Span, Vec<Insert>>,
}

/// What is put in.
pub(super) struct Insert {
    pub added: Added,
    /// Whether it comes from the base itself, and what differs in it is still to be done.
    pub moved: bool,
}

/// What stands in a list of the tree.
pub(super) trait Element: Sized + Clone {
    /// The place it is known by.
    fn key(&self) -> Span;
    /// It, out of something that is added.
    fn from_added(added: &Added) -> Option<Self>;
    /// It, with what differs in it.
    fn rebuilt(&self, edits: &Edits<'_>) -> Self;
    /// What it belongs together with.
    fn sort(&self) -> u8;
    /// Whether what is added of this kind comes before it.
    fn stays_last(&self) -> bool {
        false
    }
}

/// A list with what differs.
pub(super) fn list<T: Element>(old: &[T], key: Span, edits: &Edits<'_>) -> Vec<T> {
    let inserted = |inserts: Option<&Vec<Insert>>| -> Vec<T> {
        inserts
            .into_iter()
            .flatten()
            .filter_map(|insert| {
                let element = T::from_added(&insert.added)?;
                Some(if insert.moved { element.rebuilt(edits) } else { element })
            })
            .collect()
    };
    let mut new = inserted(edits.first.get(&key));
    for element in old {
        let place = element.key();
        new.extend(inserted(edits.before.get(&place)));
        if let Some(added) = edits.replaced.get(&place) {
            new.extend(T::from_added(added));
        } else if !edits.removed.contains(&place) {
            new.push(element.rebuilt(edits));
        }
        new.extend(inserted(edits.after.get(&place)));
    }
    for element in inserted(edits.anywhere.get(&key)) {
        let sort = element.sort();
        let last = new.iter().rposition(|known| known.sort() == sort && !known.stays_last());
        let before = new.iter().position(|known| known.sort() == sort && known.stays_last());
        let at = match (last, before) {
            (Some(last), Some(before)) if before < last => before,
            (Some(last), _) => last + 1,
            (None, Some(before)) => before,
            (None, None) => new.iter().position(|known| known.sort() > sort).unwrap_or(new.len()),
        };
        new.insert(at, element);
    }
    new.extend(inserted(edits.last.get(&key)));
    new
}

impl Element for PlaybookItem {
    fn key(&self) -> Span {
        self.span()
    }

    fn from_added(added: &Added) -> Option<PlaybookItem> {
        match added {
            Added::Playbook(item) => Some(item.clone()),
            added => ScopeItem::from_added(added).map(PlaybookItem::Flow),
        }
    }

    fn rebuilt(&self, edits: &Edits<'_>) -> PlaybookItem {
        let amendment = edits.amended.get(&self.span());
        match (self, amendment) {
            (PlaybookItem::Flow(item), _) => PlaybookItem::Flow(item.rebuilt(edits)),
            (PlaybookItem::Declarations(span, kind, entries), _) => {
                PlaybookItem::Declarations(*span, *kind, list(entries, *span, edits))
            }
            (PlaybookItem::Services(span, entries), _) => PlaybookItem::Services(*span, list(entries, *span, edits)),
            (PlaybookItem::Links(span, entries), _) => PlaybookItem::Links(*span, list(entries, *span, edits)),
            (PlaybookItem::Facts(span, scope, facts), _) => {
                PlaybookItem::Facts(*span, *scope, list(facts, *span, edits))
            }
            (PlaybookItem::Next(item), Some(amendment)) => {
                let mut item = item.clone();
                amend::next(&mut item, amendment);
                PlaybookItem::Next(item)
            }
            (PlaybookItem::Parameter(item), Some(amendment)) => {
                let mut item = item.clone();
                amend::parameter(&mut item, amendment);
                PlaybookItem::Parameter(item)
            }
            (PlaybookItem::Let(item), Some(amendment)) => {
                let mut item = item.clone();
                amend::definition(&mut item, amendment);
                PlaybookItem::Let(item)
            }
            _ => self.clone(),
        }
    }

    fn sort(&self) -> u8 {
        match self {
            PlaybookItem::Next(_) => 20,
            PlaybookItem::Declarations(_, kind, _) => match kind {
                DeclarationKind::Roles => 21,
                DeclarationKind::Motions => 22,
                DeclarationKind::Events => 23,
                DeclarationKind::Blockers => 24,
            },
            PlaybookItem::Services(..) => 25,
            PlaybookItem::Links(..) => 26,
            PlaybookItem::Facts(_, FactScope::Customer, _) => 27,
            PlaybookItem::Facts(_, FactScope::Service, _) => 28,
            PlaybookItem::Parameter(_) => 29,
            PlaybookItem::Let(_) => 30,
            PlaybookItem::Flow(item) => 40 + item.sort(),
            PlaybookItem::History(..) => 60,
            _ => 10,
        }
    }
}

impl Element for ScopeItem {
    fn key(&self) -> Span {
        self.span()
    }

    fn from_added(added: &Added) -> Option<ScopeItem> {
        match added {
            Added::Playbook(PlaybookItem::Flow(item)) => Some(item.clone()),
            Added::Stage(StageItem::Input(clause)) => Some(ScopeItem::Input(clause.clone())),
            Added::Stage(StageItem::Output(clause)) => Some(ScopeItem::Output(clause.clone())),
            added => Transition::from_added(added)
                .filter(|way| !matches!(way.trigger, Trigger::Completion(_) | Trigger::Otherwise))
                .map(ScopeItem::Transition),
        }
    }

    fn rebuilt(&self, edits: &Edits<'_>) -> ScopeItem {
        let amendment = edits.amended.get(&self.span());
        match self {
            ScopeItem::Input(clause) => ScopeItem::Input(amended(clause, amendment, amend::clause)),
            ScopeItem::Output(clause) => ScopeItem::Output(amended(clause, amendment, amend::clause)),
            ScopeItem::End(end) => ScopeItem::End(amended(end, amendment, amend::end)),
            ScopeItem::Start(..) => self.clone(),
            ScopeItem::Transition(way) => ScopeItem::Transition(way.rebuilt(edits)),
            ScopeItem::Stage(stage) => {
                let items = list(&stage.items, stage.span, edits);
                let mut stage = Stage { items, ..stage.clone() };
                if let Some(amendment) = amendment {
                    amend::stage(&mut stage, amendment);
                }
                ScopeItem::Stage(stage)
            }
            ScopeItem::Block(block) => {
                let kind = match &block.kind {
                    BlockKind::EachService(items) => BlockKind::EachService(list(items, block.span, edits)),
                    BlockKind::Together(branches) => BlockKind::Together(list(branches, block.span, edits)),
                };
                let exits = list(&block.exits, exits_key(block), edits);
                let mut block = Block { kind, exits, ..block.clone() };
                if let Some(amendment) = amendment {
                    amend::block(&mut block, amendment);
                }
                ScopeItem::Block(block)
            }
        }
    }

    fn sort(&self) -> u8 {
        match self {
            ScopeItem::Input(_) => 1,
            ScopeItem::Output(_) => 2,
            ScopeItem::Start(..) => 3,
            ScopeItem::Transition(_) => 4,
            ScopeItem::Stage(_) => 5,
            ScopeItem::Block(_) => 6,
            ScopeItem::End(_) => 7,
        }
    }
}

/// A copy, changed where it is to be.
fn amended<T: Clone>(old: &T, amendment: Option<&&Amendment>, change: fn(&mut T, &Amendment)) -> T {
    let mut new = old.clone();
    if let Some(amendment) = amendment {
        change(&mut new, amendment);
    }
    new
}

impl Element for Branch {
    fn key(&self) -> Span {
        self.span
    }

    fn from_added(_: &Added) -> Option<Branch> {
        None
    }

    fn rebuilt(&self, edits: &Edits<'_>) -> Branch {
        let branch = amended(self, edits.amended.get(&self.span), amend::branch);
        Branch { items: list(&self.items, self.span, edits), ..branch }
    }

    fn sort(&self) -> u8 {
        0
    }
}

impl Element for StageItem {
    fn key(&self) -> Span {
        self.span()
    }

    fn from_added(added: &Added) -> Option<StageItem> {
        match added {
            Added::Stage(item) => Some(item.clone()),
            Added::Playbook(PlaybookItem::Flow(ScopeItem::Input(clause))) => Some(StageItem::Input(clause.clone())),
            Added::Playbook(PlaybookItem::Flow(ScopeItem::Output(clause))) => Some(StageItem::Output(clause.clone())),
            added => Transition::from_added(added).map(StageItem::Transition),
        }
    }

    fn rebuilt(&self, edits: &Edits<'_>) -> StageItem {
        let amendment = edits.amended.get(&self.span());
        match self {
            StageItem::About(span, text) => StageItem::About(*span, amended(text, amendment, amend::about)),
            StageItem::Input(clause) => StageItem::Input(amended(clause, amendment, amend::clause)),
            StageItem::Output(clause) => StageItem::Output(amended(clause, amendment, amend::clause)),
            StageItem::Work(work) => StageItem::Work(work.rebuilt(edits)),
            StageItem::Transition(way) => StageItem::Transition(way.rebuilt(edits)),
            StageItem::Cadence(cadence) => {
                let new = amended(&**cadence, amendment, amend::cadence);
                let items = list(&cadence.items, cadence.span, edits);
                StageItem::Cadence(Box::new(Cadence { items, ..new }))
            }
            StageItem::Motion(..) | StageItem::Link(..) | StageItem::Needs(_) | StageItem::FirstMatch(_) => {
                self.clone()
            }
        }
    }

    fn sort(&self) -> u8 {
        match self {
            StageItem::About(..) => 1,
            StageItem::Motion(..) => 2,
            StageItem::Link(..) => 3,
            StageItem::Input(_) => 4,
            StageItem::Output(_) => 5,
            StageItem::Needs(_) => 6,
            StageItem::Work(_) => 7,
            StageItem::Cadence(_) => 8,
            StageItem::FirstMatch(_) => 9,
            StageItem::Transition(way) => way.sort(),
        }
    }

    fn stays_last(&self) -> bool {
        matches!(self, StageItem::Transition(way) if way.stays_last())
    }
}

impl Element for WorkItem {
    fn key(&self) -> Span {
        self.span()
    }

    fn from_added(added: &Added) -> Option<WorkItem> {
        if let Added::Stage(StageItem::Work(work)) = added { Some(work.clone()) } else { None }
    }

    fn rebuilt(&self, edits: &Edits<'_>) -> WorkItem {
        let amendment = edits.amended.get(&self.span());
        match self {
            WorkItem::Task(task) => WorkItem::Task(Box::new(amended(&**task, amendment, amend::task))),
            WorkItem::Step(step) => WorkItem::Step(amended(step, amendment, amend::step)),
            WorkItem::Set(_) => self.clone(),
            WorkItem::Together(span, items) => WorkItem::Together(*span, list(items, *span, edits)),
        }
    }

    fn sort(&self) -> u8 {
        0
    }
}

impl Element for Transition {
    fn key(&self) -> Span {
        self.span
    }

    fn from_added(added: &Added) -> Option<Transition> {
        match added {
            Added::Exit(way)
            | Added::Stage(StageItem::Transition(way))
            | Added::Playbook(PlaybookItem::Flow(ScopeItem::Transition(way))) => Some(way.clone()),
            _ => None,
        }
    }

    fn rebuilt(&self, edits: &Edits<'_>) -> Transition {
        let amendment = edits.amended.get(&self.span);
        amendment.and_then(|amendment| amendment.to.transition.clone()).unwrap_or_else(|| self.clone())
    }

    fn sort(&self) -> u8 {
        if matches!(self.trigger, Trigger::Completion(_) | Trigger::Otherwise) { 11 } else { 10 }
    }

    fn stays_last(&self) -> bool {
        matches!(self.trigger, Trigger::Otherwise)
    }
}

macro_rules! entries {
    ($($kind:ty, $key:expr, $change:path;)*) => {
        $(
            impl Element for $kind {
                fn key(&self) -> Span {
                    let key: fn(&$kind) -> Span = $key;
                    key(self)
                }

                fn from_added(_: &Added) -> Option<$kind> {
                    None
                }

                fn rebuilt(&self, edits: &Edits<'_>) -> $kind {
                    amended(self, edits.amended.get(&self.key()), $change)
                }

                fn sort(&self) -> u8 {
                    0
                }
            }
        )*
    };
}

entries! {
    Declaration, |entry| entry.name.span, amend::declaration;
    ServiceEntry, service_span, amend::service;
    LinkEntry, |entry| entry.name.span, amend::link;
    Fact, |fact| fact.span, amend::fact;
}
