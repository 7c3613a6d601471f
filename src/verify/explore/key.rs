//! What of a situation can still matter: equal keys, equal futures, seconds left out.

use super::domain::Domains;
use crate::model::Atom;
use crate::model::{EventMatch, Expr, FactScope, Node, Place, ServiceId, TaskId};
use crate::run::Machine;
use crate::run::clock::{limits, passed};
use crate::run::evaluate::matches;
use crate::run::state::{HappeningKind, Progress, State, Track, TrackStatus, Visit};
use crate::value::{TaskStatus, Value};
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

/// What conditions look at besides facts and places.
#[derive(Debug, Default, Clone)]
pub struct Looked {
    /// Cadences whose rounds are counted by a condition, by an exit or by a limit.
    pub rounds: BTreeSet<u32>,
    /// Tasks whose status is looked at: with which status.
    pub statuses: BTreeSet<(TaskId, TaskStatus)>,
    /// Tasks that are looked at for having been done, or since when.
    pub done: BTreeSet<TaskId>,
    /// Whether some condition asks what has happened.
    pub happened: bool,
    /// What it asks about, or the question speaks of: nothing else that happened matters later.
    pub events: Vec<EventMatch>,
    /// Whether some condition asks where another process ended.
    pub elsewhere: Vec<(String, Vec<String>)>,
}

impl Looked {
    /// Tasks that conditions look at.
    pub fn tasks(&self) -> impl Iterator<Item = TaskId> + '_ {
        self.statuses.iter().map(|(task, _)| *task).chain(self.done.iter().copied())
    }

    /// Adds what an expression looks at.
    pub fn add(&mut self, expr: &Expr) {
        match &expr.node {
            Node::Atom(Atom::Round(cadence)) => {
                self.rounds.insert(cadence.0);
            }
            Node::Atom(Atom::TaskStatus(task, status)) => {
                self.statuses.insert((*task, *status));
            }
            Node::Atom(Atom::DoneTask(task) | Atom::Since(_, crate::model::Since::Task(task), ..)) => {
                self.done.insert(*task);
            }
            Node::Atom(Atom::Happened(event) | Atom::Since(_, crate::model::Since::Event(event), ..)) => {
                self.happened = true;
                self.events.push(event.clone());
            }
            Node::Atom(Atom::EndedAt(playbook, ends)) => self.elsewhere.push((playbook.clone(), ends.clone())),
            _ => {}
        }
    }
}

/// The key of a situation. `tells` says of which tasks it matters whether they are complete or not required.
pub fn key(
    machine: &Machine,
    (looked, domains): (&Looked, &Domains),
    tells: &dyn Fn(TaskId) -> bool,
    state: &State,
    out: &mut Vec<u8>,
) {
    let mut bytes = Bytes(out);
    state.intended.hash(&mut bytes);
    facts(machine, domains, state, &mut bytes);
    let records = |records: &[crate::run::state::TaskRecord], bytes: &mut Bytes<'_>| {
        let mut known: Vec<_> = records
            .iter()
            .filter(|record| (record.status, record.completed) != (TaskStatus::NotStarted, None))
            .map(|record| {
                let told = (record.task, record.status, record.completed.is_some(), record.reason.is_some());
                let settled =
                    record.completed.is_some() || record.status == TaskStatus::NotRequired && record.reason.is_some();
                if settled && !tells(record.task) { (record.task, TaskStatus::Complete, true, false) } else { told }
            })
            .collect();
        known.sort();
        known.hash(bytes);
    };
    records(&state.tasks, &mut bytes);
    state.services.iter().for_each(|service| records(&service.tasks, &mut bytes));
    for (id, track) in state.tracks.iter().enumerate() {
        let latest = || {
            let later = &state.tracks[id + 1..];
            !later.iter().any(|other| other.scope == track.scope && other.service == track.service)
        };
        match &track.status {
            TrackStatus::Active => {
                (1_u8, track.scope, track.service).hash(&mut bytes);
                active(machine, looked, state, track, &mut bytes);
                state.paused(id).hash(&mut bytes);
                let handled = state.blockers.iter().map(|blocker| blocker.handled.contains(&id));
                handled.collect::<Vec<bool>>().hash(&mut bytes);
            }
            TrackStatus::Ended(end) if latest() => (2_u8, track.scope, track.service, end).hash(&mut bytes),
            TrackStatus::Dropped(_) | TrackStatus::Cancelled if latest() => {
                (3_u8, track.scope, track.service).hash(&mut bytes);
            }
            _ => {}
        }
    }
    for blocker in &state.blockers {
        (&blocker.kind, blocker.service, blocker.task).hash(&mut bytes);
    }
    if looked.happened {
        let kind = |kind: &HappeningKind| match kind {
            HappeningKind::Blocker(kind) => (0_u8, 0_u32, kind.clone()),
            HappeningKind::Resolved => (1, 0, None),
            HappeningKind::Waived => (2, 0, None),
            HappeningKind::Escalated => (3, 0, None),
            HappeningKind::Event(event) => (4, event.0, None),
        };
        let told = state.happenings.iter().filter(|past| looked.events.iter().any(|event| matches(event, &past.kind)));
        let all: BTreeSet<_> = told.map(|past| (kind(&past.kind), past.service)).collect();
        all.hash(&mut bytes);
    }
    for (index, instances) in state.sustained.iter().enumerate() {
        let duration = machine.playbook.sustained[index].duration.0;
        let standing = |since: &Option<i64>| since.map_or(0_u8, |since| 1 + u8::from(state.now - since >= duration));
        instances.iter().map(standing).collect::<Vec<u8>>().hash(&mut bytes);
    }
    state.ended_elsewhere.hash(&mut bytes);
}

fn facts(machine: &Machine, domains: &Domains, state: &State, bytes: &mut Bytes<'_>) {
    let mut all = |service: Option<ServiceId>, scope: FactScope, values: &[Option<Value>]| {
        for (index, fact) in machine.playbook.facts.iter().enumerate().filter(|(_, fact)| fact.scope == scope) {
            let (id, slot) = (crate::model::FactId(index as u32), fact.slot);
            let Some(value) = values.get(slot) else { continue };
            let number = |lookout: &crate::run::state::Lookout| lookout.is_open(lookout.number(service, slot));
            let open = state.lookout.as_ref().is_some_and(number);
            let known = if open { None } else { value.as_ref() };
            let place = known.and_then(|value| domains.regions.place(&machine.playbook, state, (service, id), value));
            match place {
                Some(place) => (2_u8, place).hash(bytes),
                None => (open, value).hash(bytes),
            }
        }
    };
    all(None, FactScope::Customer, &state.facts);
    for service in state.intended.iter() {
        all(Some(service), FactScope::Service, &state.services[service.index()].facts);
    }
}

fn active(machine: &Machine, looked: &Looked, state: &State, track: &Track, bytes: &mut Bytes<'_>) {
    let (visit_limits, around) = limits(machine, track.scope, track.place);
    (track.place, track.inputs_met, track.stopped.is_some(), track.looping).hash(bytes);
    passed(&around, state.now - track.clock).hash(bytes);
    passed(&visit_limits, state.now - track.visit.clock).hash(bytes);
    let mut taken = track.taken.clone();
    taken.sort();
    taken.hash(bytes);
    visit(machine, looked, &track.visit, bytes);
    let mut kept: Vec<_> = track.kept.iter().collect();
    kept.sort_by_key(|(stage, _)| *stage);
    for (stage, known) in kept {
        // What nothing resumes does not matter.
        let resumed =
            |transition: &crate::model::Transition| transition.resume && transition.target == Place::Stage(*stage);
        if machine.playbook.transitions.iter().any(resumed) {
            stage.hash(bytes);
            passed(&limits(machine, track.scope, Some(Place::Stage(*stage))).0, known.clock).hash(bytes);
            // Its body begins anew, and its needs are looked at again.
            rounds(machine, looked, known, bytes);
        }
    }
    0xff_u8.hash(bytes);
}

fn progress(progress: &Progress, bytes: &mut Bytes<'_>) {
    (progress.next, &progress.undecided).hash(bytes);
}

fn visit(machine: &Machine, looked: &Looked, visit: &Visit, bytes: &mut Bytes<'_>) {
    visit.needs_met.hash(bytes);
    progress(&visit.body, bytes);
    for open in &visit.open {
        (open.offer, open.cadence, open.status, open.blocked.is_some()).hash(bytes);
    }
    rounds(machine, looked, visit, bytes);
}

fn rounds(machine: &Machine, looked: &Looked, visit: &Visit, bytes: &mut Bytes<'_>) {
    for cadence in &visit.cadences {
        let counted = looked.rounds.contains(&cadence.cadence.0)
            || machine.playbook.cadences[cadence.cadence.index()].limit.is_some();
        (cadence.cadence, if counted { cadence.rounds } else { 0 }, cadence.due.is_some()).hash(bytes);
        if let Some(open) = &cadence.open {
            progress(open, bytes);
        }
    }
    0xfe_u8.hash(bytes);
}

/// Keeps what is hashed instead of hashing it, so that two situations are never taken for one by chance.
struct Bytes<'a>(&'a mut Vec<u8>);

impl Hasher for Bytes<'_> {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn write_usize(&mut self, number: usize) {
        self.0.extend_from_slice(&(number as u32).to_le_bytes());
    }
}
