//! The operations of a variant, found in its base: what differs where, and whether that goes together.

use super::amend;
use super::index::{Entry, Found, Home, Index, called, exits_key, task_name};
use super::rebuild::{Edits, Element, Insert};
use crate::diagnostic::{
    AMBIGUOUS_CHANGE, BASE_CHANGED, CONFLICTING_CHANGES, Diagnostic, IDLE_CHANGE, MISPLACED_CHANGE, NOTHING_TO_CHANGE,
};
use crate::model::resolve::help_with_name;
use crate::source::Span;
use crate::syntax::ast::*;

/// How many places a message shows.
const SHOWN: usize = 5;

/// What an operation does to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Changed,
    Removed,
    Replaced,
    Moved,
    /// Something is put beside it.
    Anchor,
}

impl Mode {
    fn verb(self) -> &'static str {
        match self {
            Mode::Changed => "changes",
            Mode::Removed => "removes",
            Mode::Replaced => "replaces",
            Mode::Moved => "moves",
            Mode::Anchor => "puts something beside",
        }
    }
}

/// That an operation does something to a thing of the base.
struct Mark {
    mode: Mode,
    span: Span,
    path: Vec<Span>,
    operation: Span,
    name: String,
}

/// Operations on their way to edits.
pub(super) struct Plan<'v, 't, 'o> {
    base: &'t Playbook,
    index: &'v Index<'t>,
    pub edits: Edits<'v>,
    /// What was touched by which operation, to say later what caused a finding.
    pub touched: Vec<Touch>,
    marks: Vec<Mark>,
    out: &'o mut Vec<Diagnostic>,
}

impl<'v, 't: 'v, 'o> Plan<'v, 't, 'o> {
    pub fn new(base: &'t Playbook, index: &'v Index<'t>, out: &'o mut Vec<Diagnostic>) -> Plan<'v, 't, 'o> {
        Plan { base, index, edits: Edits::default(), touched: Vec::new(), marks: Vec::new(), out }
    }

    /// All operations, then what does not go together.
    pub fn all(&mut self, operations: &'v [Operation]) {
        self.operations(operations, self.base.name.span, Home::Playbook);
        self.conflicts();
    }

    fn operations(&mut self, operations: &'v [Operation], within: Span, home: Home) {
        for operation in operations {
            self.operation(operation, within, home);
        }
    }

    fn operation(&mut self, operation: &'v Operation, within: Span, home: Home) {
        let place = operation.span;
        match &operation.kind {
            OperationKind::Add(position, added) => self.add(position.as_ref(), added, within, home, place),
            OperationKind::Replace(part, added) => {
                let Some(entry) = self.hit(part, within, operation, Mode::Replaced) else { return };
                if self.fits(entry.home, added, place) {
                    self.edits.replaced.insert(entry.span, (**added).clone());
                }
            }
            OperationKind::Remove(part) => {
                if let Some(entry) = self.hit(part, within, operation, Mode::Removed) {
                    self.edits.removed.insert(entry.span);
                }
            }
            OperationKind::Move(part, position) => self.relocate(part, position, within, operation),
            OperationKind::Change(change) => {
                if let Some(entry) = self.hit(&change.part, within, operation, Mode::Changed) {
                    self.amend(entry, change, place);
                }
            }
            OperationKind::Within(inner) => self.within(inner, within, operation),
        }
    }

    fn within(&mut self, inner: &'v Within, within: Span, operation: &'v Operation) {
        let stage = |name: &Name| Part { kind: PartKind::Stage(name.clone()), span: name.span };
        let branch = |name: &Name| Part { kind: PartKind::Branch(name.clone()), span: name.span };
        let part = match &inner.container {
            Container::Stage(name) => stage(name),
            Container::Branch(name) => branch(name),
            Container::Block(part) | Container::Exits(part) | Container::Every(part) => part.clone(),
        };
        let Some(entry) = self.find(&part, within, operation.span) else { return };
        self.expect_was(entry, operation);
        if let Some(change) = &inner.change {
            self.mark(entry, operation.span, Mode::Changed, &part);
            self.amend(entry, change, operation.span);
        }
        let (key, home) = match (&inner.container, entry.found) {
            (Container::Exits(_), Found::Block(block)) => (exits_key(block), Home::Exits),
            (_, Found::Stage(_)) => (entry.span, Home::Stage),
            (_, Found::Cadence(_)) => (entry.span, Home::Work),
            (_, Found::Block(Block { kind: BlockKind::Together(_), .. })) => (entry.span, Home::Together),
            _ => (entry.span, Home::Scope),
        };
        if inner.change.is_none() && inner.operations.is_empty() {
            self.idle(operation.span, entry);
        }
        self.operations(&inner.operations, key, home);
    }

    /// The one thing that is meant, marked and compared with what it was.
    fn hit(&mut self, part: &Part, within: Span, operation: &Operation, mode: Mode) -> Option<&'v Entry<'t>> {
        let entry = self.find(part, within, operation.span)?;
        self.expect_was(entry, operation);
        self.mark(entry, operation.span, mode, part);
        Some(entry)
    }

    fn mark(&mut self, entry: &Entry<'t>, operation: Span, mode: Mode, part: &Part) {
        self.marks.push(Mark { mode, span: entry.span, path: entry.path.clone(), operation, name: called(&part.kind) });
        if mode == Mode::Anchor {
            return;
        }
        let name = match entry.found {
            Found::Stage(stage) => Some(stage.name.text.clone()),
            Found::Scope(ScopeItem::End(end)) => Some(end.name.text.clone()),
            Found::Work(WorkItem::Task(task)) => Some(task_name(&task.id)),
            _ => match &part.kind {
                PartKind::Declared(_, name) => Some(name.text.clone()),
                _ => None,
            },
        };
        self.touched.push(Touch { span: entry.span, name, operation, own: true });
        // What happens to a part shows in what it stands in, and where a transition leads.
        let list = entry.path.last().filter(|span| **span != self.base.name.span);
        self.touched.extend(list.map(|span| Touch { span: *span, name: None, operation, own: false }));
        if let Found::Way(way) = entry.found
            && let Some(target) = self.index.place(&way.target.text)
        {
            let name = Some(way.target.text.clone());
            self.touched.push(Touch { span: target.span, name, operation, own: false });
        }
    }

    fn expect_was(&mut self, entry: &Entry<'t>, operation: &Operation) {
        let Some(was) = &operation.was else { return };
        if amend::gone(&entry.found, was).is_some() {
            let message = format!("the base `{}` does not say this any more", self.base.name.text);
            self.out.push(
                Diagnostic::new(&BASE_CHANGED, was.span, message)
                    .related(entry.span, "the base says this now")
                    .help("Look whether the change is still right, then correct what stands after `was`"),
            );
        }
    }

    fn find(&mut self, part: &Part, within: Span, operation: Span) -> Option<&'v Entry<'t>> {
        let matches = self.index.matches(&part.kind, within);
        match matches.as_slice() {
            [only] => return Some(only),
            [] => self.nothing(part, within, operation),
            several => {
                let message = format!("{} could be any of {}", called(&part.kind), several.len());
                let help = match part.kind {
                    PartKind::Way(..) => {
                        "Say in which stage: `change stage NAME { … }`; of two with one target, replace the whole stage"
                    }
                    PartKind::Block { .. } | PartKind::Every(_) => "Name the one that is meant: `… as NAME`",
                    _ => "Say in which stage: `change stage NAME { … }`",
                };
                let mut finding = Diagnostic::new(&AMBIGUOUS_CHANGE, part.span, message).help(help);
                for entry in several.iter().take(SHOWN) {
                    finding = finding.related(entry.span, "this one");
                }
                self.out.push(finding);
            }
        }
        None
    }

    fn nothing(&mut self, part: &Part, within: Span, _operation: Span) {
        let what = called(&part.kind);
        let root = self.base.name.span;
        let elsewhere = if within == root { Vec::new() } else { self.index.matches(&part.kind, root) };
        let inside = self.index.entries.iter().find(|entry| entry.span == within);
        let whose = match inside.map(|entry| entry.found) {
            Some(Found::Stage(stage)) => {
                format!("in stage `{}` of the base `{}`", stage.name.text, self.base.name.text)
            }
            Some(_) => format!("there in the base `{}`", self.base.name.text),
            None => format!("in the base `{}`", self.base.name.text),
        };
        let mut finding = Diagnostic::new(&NOTHING_TO_CHANGE, part.span, format!("there is no {what} {whose}"));
        if let Some(entry) = elsewhere.first() {
            finding = finding.related(entry.span, "one stands here");
        } else {
            let names = self.index.names(&part.kind, within);
            let written = match &part.kind {
                PartKind::Task(id) => task_name(id),
                PartKind::Way(..) => what.trim_start_matches("transition ").trim_matches('`').to_owned(),
                PartKind::Step(text)
                | PartKind::About(text)
                | PartKind::Input(text)
                | PartKind::Output(text)
                | PartKind::LinkTo(text)
                | PartKind::Needs(Some(text)) => text.text.clone(),
                PartKind::Stage(name)
                | PartKind::End(name)
                | PartKind::Branch(name)
                | PartKind::Set(name)
                | PartKind::Every(Some(name))
                | PartKind::Declared(_, name) => name.text.clone(),
                _ => String::new(),
            };
            let help = help_with_name(&written, names.iter().map(String::as_str));
            finding = finding
                .help_if(help.filter(|help| help.chars().count() < 300))
                .help_if(Some("Leave this out where the base no longer has it".to_owned()));
        }
        finding = finding.related(self.base.name.span, "this is the base");
        self.out.push(finding);
    }

    fn add(&mut self, position: Option<&Position>, added: &Added, within: Span, home: Home, operation: Span) {
        let insert = || vec![Insert { added: added.clone(), moved: false }];
        match position {
            None => {
                if self.fits(home, added, operation) {
                    self.edits.anywhere.entry(within).or_default().extend(insert());
                }
            }
            Some(position) => self.put(position, added, within, home, operation, false),
        }
    }

    fn put(&mut self, position: &Position, added: &Added, list: Span, home: Home, operation: Span, moved: bool) {
        let insert = Insert { added: added.clone(), moved };
        match position {
            Position::First | Position::Last => {
                if self.fits(home, added, operation) {
                    let lists = if *position == Position::First { &mut self.edits.first } else { &mut self.edits.last };
                    lists.entry(list).or_default().push(insert);
                }
            }
            Position::Before(part) | Position::After(part) => {
                // Among its neighbours, else anywhere.
                let near = if self.index.matches(&part.kind, list).is_empty() { self.base.name.span } else { list };
                let Some(entry) = self.find(part, near, operation) else { return };
                self.mark(entry, operation, Mode::Anchor, part);
                if self.fits(entry.home, added, operation) {
                    let before = matches!(position, Position::Before(_));
                    let places = if before { &mut self.edits.before } else { &mut self.edits.after };
                    places.entry(entry.span).or_default().push(insert);
                }
            }
            Position::ToStage(stage, position) => {
                let part = Part { kind: PartKind::Stage(stage.clone()), span: stage.span };
                let Some(entry) = self.find(&part, self.base.name.span, operation) else { return };
                let list = entry.span;
                match position {
                    Some(position) => self.put(position, added, list, Home::Stage, operation, moved),
                    None if self.fits(Home::Stage, added, operation) => {
                        self.edits.anywhere.entry(list).or_default().push(insert);
                    }
                    None => {}
                }
            }
        }
    }

    fn relocate(&mut self, part: &Part, position: &Position, within: Span, operation: &Operation) {
        let Some(entry) = self.hit(part, within, operation, Mode::Moved) else { return };
        let added = match entry.found {
            Found::Item(item) => Added::Playbook(item.clone()),
            Found::Scope(item) => Added::Playbook(PlaybookItem::Flow(item.clone())),
            Found::Stage(stage) => Added::Playbook(PlaybookItem::Flow(ScopeItem::Stage(stage.clone()))),
            Found::Block(block) => Added::Playbook(PlaybookItem::Flow(ScopeItem::Block(block.clone()))),
            Found::StageItem(item) => Added::Stage(item.clone()),
            Found::Cadence(cadence) => Added::Stage(StageItem::Cadence(Box::new((*cadence).clone()))),
            Found::Work(work) => Added::Stage(StageItem::Work(work.clone())),
            Found::Way(way) => Added::Exit(way.clone()),
            Found::Branch(_) | Found::Declaration(..) | Found::Service(_) | Found::Link(_) | Found::Fact(_) => {
                let message = format!("{} cannot be moved: its place says nothing", called(&part.kind));
                return self.out.push(Diagnostic::new(&MISPLACED_CHANGE, operation.span, message));
            }
        };
        // What goes to two places stands in the first of them: that it cannot is said, and not also that it is there twice.
        if !self.edits.removed.insert(entry.span) {
            return;
        }
        let list = entry.path.last().copied().unwrap_or(self.base.name.span);
        self.put(position, &added, list, entry.home, operation.span, true);
    }

    /// Whether what is added can stand in such a list; else says so.
    fn fits(&mut self, home: Home, added: &Added, operation: Span) -> bool {
        let (fits, list) = match home {
            Home::Playbook => (PlaybookItem::from_added(added).is_some(), "a playbook"),
            Home::Scope => (ScopeItem::from_added(added).is_some(), "a block or branch"),
            Home::Together => (false, "`together`"),
            Home::Stage => (StageItem::from_added(added).is_some(), "a stage"),
            Home::Work => (WorkItem::from_added(added).is_some(), "a round or `together`"),
            Home::Exits => (Transition::from_added(added).is_some(), "the exits of a block"),
            Home::List => (false, "a list of declarations"),
        };
        if !fits {
            let message = format!("what is put here cannot stand in {list}");
            let help = match (home, added) {
                (Home::Playbook | Home::Scope, Added::Stage(_)) => {
                    "Say in which stage: `change stage NAME { … }`, or beside what: `add after task NAME: …`"
                }
                (Home::List, _) => "Change it, or remove it and add a list with the new one",
                _ => "Put it where its kind belongs",
            };
            self.out.push(Diagnostic::new(&MISPLACED_CHANGE, operation, message).help(help));
        }
        fits
    }

    fn amend(&mut self, entry: &'v Entry<'t>, change: &'v Amendment, operation: Span) {
        if !amend::has_text_to_translate(&entry.found, change) {
            let message = format!("{} has no text that this could translate", called(&change.part.kind));
            let finding = Diagnostic::new(&NOTHING_TO_CHANGE, change.part.span, message);
            self.out.push(finding.related(entry.span, "in the base").help("Give it a text first, before the `@`"));
            return;
        }
        if !amend::changes_something(&entry.found, change) {
            self.idle(operation, entry);
        }
        self.edits.amended.insert(entry.span, change);
    }

    fn idle(&mut self, operation: Span, entry: &Entry<'t>) {
        self.out.push(
            Diagnostic::new(&IDLE_CHANGE, operation, "this changes nothing: the base says the same")
                .related(entry.span, "here, in the base")
                .help("Leave it out"),
        );
    }

    /// Operations that touch one thing.
    fn conflicts(&mut self) {
        for (at, second) in self.marks.iter().enumerate() {
            for first in self.marks.iter().take(at) {
                if first.operation == second.operation {
                    continue;
                }
                let whole = |mark: &Mark| matches!(mark.mode, Mode::Removed | Mode::Replaced);
                let gone = |mark: &Mark| matches!(mark.mode, Mode::Removed | Mode::Moved);
                let anchors = [first, second].iter().filter(|mark| mark.mode == Mode::Anchor).count();
                // Where something stands and what it says are two things.
                let modes = [first.mode, second.mode];
                let apart = modes.contains(&Mode::Moved) && modes.contains(&Mode::Changed);
                let same = first.span == second.span
                    && !apart
                    && (anchors == 0 || anchors == 1 && (gone(first) || gone(second)));
                let inside = whole(first) && second.path.contains(&first.span)
                    || whole(second) && first.path.contains(&second.span);
                if same || inside {
                    let (verb, name) = (second.mode.verb(), &second.name);
                    let message = if same {
                        format!("this {verb} {name}, which another operation {}", first.mode.verb())
                    } else {
                        format!("this {verb} {name}, but another operation {} {}", first.mode.verb(), first.name)
                    };
                    self.out.push(
                        Diagnostic::new(&CONFLICTING_CHANGES, second.operation, message)
                            .related(first.operation, "the other one")
                            .related(second.span, "what both touch, in the base")
                            .help("All operations apply to the base at once: say it in one, or leave one out"),
                    );
                    break;
                }
            }
        }
    }
}
