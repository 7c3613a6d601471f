//! A journey that follows a timeline.

use super::Said;
use crate::diagnostic::{Diagnostic, IDLE_LINE, IMPOSSIBLE_LINE};
use crate::model::{OfferId, ServiceId, TaskId};
use crate::run::Customer;
use crate::run::event::{Effect, Event, Observer};
use crate::run::journey::{Answer, Stop, World, drive};
use crate::run::machine::Machine;
use crate::run::state::{Seconds, State, TrackId};
use crate::value::Duration;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// The world as a timeline tells it: tasks it names stay open until it says more of them, all others are complete when
/// they are offered.
#[derive(Debug)]
pub struct TimelineWorld {
    said: Vec<Said>,
    next: usize,
    named: BTreeSet<(TaskId, Option<ServiceId>)>,
    /// The line that is being followed.
    speaking: Rc<Cell<Option<usize>>>,
}

impl TimelineWorld {
    /// From what is said, in order of time.
    #[must_use]
    pub fn new(said: Vec<Said>) -> TimelineWorld {
        let named = said.iter().filter_map(|line| match &line.event {
            Event::Task { task, service, .. } => Some((*task, *service)),
            Event::Blocker { task, service, .. } | Event::Resolved { task, service, .. } => Some(((*task)?, *service)),
            _ => None,
        });
        TimelineWorld { named: named.collect(), said, next: 0, speaking: Rc::default() }
    }

    /// An observer that passes everything on to `inner`, and remembers which lines were refused.
    pub fn listen<'o, O>(&self, inner: &'o mut O) -> Listener<'o, O> {
        Listener { inner, speaking: Rc::clone(&self.speaking), remarks: Vec::new() }
    }

    /// What was said of lines, at their places.
    #[must_use]
    pub fn findings(&self, remarks: &[Remark]) -> Vec<Diagnostic> {
        let finding = |remark: &Remark| {
            let span = self.said.get(remark.line)?.span;
            let rule = if remark.refused { &IMPOSSIBLE_LINE } else { &IDLE_LINE };
            Some(Diagnostic::new(rule, span, remark.words.clone()))
        };
        remarks.iter().filter_map(finding).collect()
    }

    /// What is said and has not been followed yet.
    #[must_use]
    pub fn left(&self) -> &[Said] {
        self.said.get(self.next..).unwrap_or_default()
    }
}

impl World for TimelineWorld {
    fn offered(&mut self, machine: &Machine, state: &State, track: TrackId, offer: OfferId) -> Answer {
        let task = machine.playbook.offers[offer.index()].task;
        let service = state.tracks[track].service;
        let named = self.named.contains(&(task, None)) || self.named.contains(&(task, service));
        if named { Answer::Waits } else { Answer::Takes(Duration(0)) }
    }

    fn next(&mut self, _: &Machine, _: &State) -> Option<Seconds> {
        self.speaking.set(None);
        self.said.get(self.next).map(|line| line.at)
    }

    fn say(&mut self, _: &Machine, _: &State) -> Option<Event> {
        let event = self.said.get(self.next)?.event.clone();
        self.speaking.set(Some(self.next));
        self.next += 1;
        Some(event)
    }
}

/// What the interpreter had to say about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The place of the line among what is said.
    pub line: usize,
    /// It could not be; else it made no difference.
    pub refused: bool,
    /// In words.
    pub words: String,
}

/// An observer that pairs what was refused with the line that said it.
#[derive(Debug)]
pub struct Listener<'o, O> {
    inner: &'o mut O,
    speaking: Rc<Cell<Option<usize>>>,
    /// What was refused or made no difference.
    pub remarks: Vec<Remark>,
}

impl<O: Observer> Observer for Listener<'_, O> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        if let (Effect::Rejected(words) | Effect::Ignored(words), Some(line)) = (&effect, self.speaking.get()) {
            let refused = matches!(effect, Effect::Rejected(_));
            self.remarks.push(Remark { line, refused, words: words.clone() });
        }
        self.inner.effect(machine, state, effect);
    }

    fn settled(&mut self, machine: &Machine, state: &State) {
        self.inner.settled(machine, state);
    }
}

/// A journey that has followed its timeline.
#[derive(Debug)]
pub struct Followed {
    /// Where it stands.
    pub state: State,
    /// Why it stopped.
    pub stop: Stop,
    /// Lines that could not be, made no difference, or came after the end.
    pub findings: Vec<Diagnostic>,
}

/// Takes a customer through a playbook with what is said over time, until the journey ends, nothing is left to come, or
/// `until`.
pub fn follow<O: Observer>(
    machine: &Machine,
    customer: &Customer,
    said: Vec<Said>,
    observer: &mut O,
    until: Option<Seconds>,
) -> Followed {
    let (mut followed, left) = follow_on(machine, State::new(machine, customer), said, observer, until);
    if followed.stop == Stop::Ended {
        let too_late = "the journey is over before: this line is not read";
        followed.findings.extend(left.iter().map(|line| {
            Diagnostic::new(&IDLE_LINE, line.span, too_late)
                .help("Say it on a day before the journey ends, or leave the line out")
        }));
    }
    followed
}

/// As [`follow`], from this state on; also what was said and not followed any more.
pub fn follow_on<O: Observer>(
    machine: &Machine,
    mut state: State,
    said: Vec<Said>,
    observer: &mut O,
    until: Option<Seconds>,
) -> (Followed, Vec<Said>) {
    let mut world = TimelineWorld::new(said);
    let mut listener = world.listen(observer);
    let stop = drive(machine, &mut state, &mut world, &mut listener, until);
    let remarks = listener.remarks;
    let left = world.left().to_vec();
    (Followed { state, stop, findings: world.findings(&remarks) }, left)
}
