//! Customers who show what a finding says, found by following the interpreter.

use super::Subject;
use crate::diagnostic::Diagnostic;
use crate::model::{EventMatch, Place, ServiceId, TaskId};
use crate::run::state::{Track, TrackId};
use crate::run::{Machine, State};
use crate::value::TaskStatus;
use crate::verify::explore::Budget;
use crate::verify::{Ask, Found, Goal, find};
use std::cell::{Cell, OnceCell};

/// So many events are followed for one finding.
const EACH: u64 = 2_000;

/// So many are followed for all findings about a playbook.
const ALL: u64 = 10_000;

/// What a search takes at least, so that their number is bounded too: each prepares what it looks at.
const LEAST: u64 = 200;

/// What an example is about.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'a> {
    /// Events and blockers it speaks of.
    pub events: &'a [EventMatch],
    /// Whether it looks at one service at a time.
    pub of_service: bool,
}

/// What examples are looked for with: made once for a playbook, and only where something was found.
pub(super) struct Examples {
    machine: OnceCell<Machine>,
    left: Cell<u64>,
}

impl Examples {
    pub(super) fn new() -> Examples {
        Examples { machine: OnceCell::new(), left: Cell::new(ALL) }
    }
}

impl Subject<'_> {
    /// A finding with a customer who suffers from it, for whom `goal` says yes; as it is where none was found.
    pub(super) fn shown(&self, mut finding: Diagnostic, goal: &Goal<'_>, about: About<'_>, shows: &str) -> Diagnostic {
        let ask = Ask { events: about.events, of_service: about.of_service, ..Ask::default() };
        finding.witness = self.example(goal, &ask, shows);
        finding
    }

    /// A customer and a timeline, as `run` accepts them, for whom `goal` says yes.
    pub(super) fn example(&self, goal: &Goal<'_>, ask: &Ask<'_>, shows: &str) -> Option<serde_json::Value> {
        let left = self.examples.left.get();
        if left == 0 || !self.playbook.can_be_written_out() {
            return None;
        }
        let machine = self.examples.machine.get_or_init(|| Machine::new(self.playbook.clone()));
        let most = left.min(EACH);
        let mut budget = Budget::new(most);
        let found = find(machine, goal, ask, shows, &mut budget);
        let spent = (most - budget.left()).max(LEAST);
        self.examples.left.set(left.saturating_sub(spent));
        match found {
            Found::Example(witness) => Some(witness.journey.to_json(machine)),
            Found::Nobody(_) | Found::Unknown(_) => None,
        }
    }
}

/// Whether a track waits at a place with nothing open.
pub(super) fn waits_at(track: &Track, place: Place) -> bool {
    track.active() && track.place == Some(place) && track.visit.open.is_empty()
}

/// Whether a task was offered and never done, and nobody said that it need not be.
pub(super) fn undone(state: &State, service: Option<ServiceId>, task: TaskId) -> bool {
    state
        .record(service, task)
        .is_none_or(|record| record.completed.is_none() && record.status != TaskStatus::NotRequired)
}

/// A track of the state.
pub(super) fn track(state: &State, id: TrackId) -> Option<&Track> {
    state.tracks.get(id)
}
