//! The state of one customer's journey: plain data, serialisable, without a clock of its own.

use crate::model::{
    CadenceId, EndId, EventId, OfferId, Place, ScopeId, ServiceId, ServiceSet, StageId, TaskId, TransitionId,
};
use crate::value::{DAY, Date, TaskStatus, Value};
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// Seconds since day 0 of the customer.
pub type Seconds = i64;

/// A running instance of a scope, by its place in [`State::tracks`]; the customer's own is 0.
pub type TrackId = usize;

/// The customer's own track.
pub const CUSTOMER_TRACK: TrackId = 0;

/// Where a customer's journey stands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// The present instant.
    pub now: Seconds,
    /// The date of day 0, where known.
    pub start: Option<Date>,
    /// The time of day at which the journey begins; midnight but for customers who share a clock with others.
    #[serde(default)]
    pub begins: Seconds,
    /// Customer facts by slot.
    pub facts: Vec<Option<Value>>,
    /// All declared services, intended or not.
    pub services: Vec<ServiceState>,
    /// The intended services.
    pub intended: ServiceSet,
    /// Statuses of the customer's own tasks.
    pub tasks: Vec<TaskRecord>,
    /// Tracks in the order they began.
    pub tracks: Vec<Track>,
    /// The order in which tracks are looked at: services in declared order, inner before outer, the customer last.
    pub order: Vec<TrackId>,
    /// Open blockers.
    pub blockers: Vec<Blocker>,
    /// What has happened.
    pub happenings: Vec<Happening>,
    /// Since when each sustained condition holds: by condition, then customer (0) or service (1 + index).
    pub sustained: Vec<Vec<Option<Seconds>>>,
    /// Values over time of facts that `change of …` looks at.
    pub histories: Vec<History>,
    /// Where the customer's journeys through other playbooks ended: playbook, end.
    pub ended_elsewhere: Vec<(String, String)>,
    /// Counts the visits of all tracks: each has its own number.
    pub visits: u32,
    /// Facts whose value is left open while situations are explored; none on a journey of a customer.
    #[serde(skip)]
    pub lookout: Option<Lookout>,
}

/// A service of the customer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ServiceState {
    /// Its facts by slot.
    pub facts: Vec<Option<Value>>,
    /// Its facts as they were when its track ended, for readers outside the track.
    pub at_end: Option<Vec<Option<Value>>>,
    /// Statuses of its tasks.
    pub tasks: Vec<TaskRecord>,
}

/// What is known of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// The task.
    pub task: TaskId,
    /// Its latest status.
    pub status: TaskStatus,
    /// When it was last completed.
    pub completed: Option<Seconds>,
    /// The reason given for the status.
    pub reason: Option<String>,
}

/// The values of a fact over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Customer (0) or service (1 + index), and the fact's place in the playbook's list of histories.
    pub key: (usize, usize),
    /// Times and values, oldest first.
    pub values: Vec<(Seconds, Value)>,
}

/// How a track stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackStatus {
    /// Under way.
    Active,
    /// At an end.
    Ended(EndId),
    /// Its service was dropped, for this reason.
    Dropped(String),
    /// The block it ran in was left.
    Cancelled,
}

/// A running instance of a scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// The scope.
    pub scope: ScopeId,
    /// Its service; also that of an outer track.
    pub service: Option<ServiceId>,
    /// The track whose block it runs in, and the number of that visit.
    pub parent: Option<(TrackId, u32)>,
    /// How it stands.
    pub status: TrackStatus,
    /// Where it is; none before the start is decided.
    pub place: Option<Place>,
    /// When it began.
    pub began: Seconds,
    /// Its clock: `now` minus this is the time it has run, pauses not counted.
    pub clock: Seconds,
    /// When it ended.
    pub ended: Option<Seconds>,
    /// Whether its key inputs have been met.
    pub inputs_met: bool,
    /// The present visit.
    pub visit: Visit,
    /// Clocks and rounds of stages that were left, for `resume`.
    pub kept: Vec<(StageId, Visit)>,
    /// How often bounded transitions were taken.
    pub taken: Vec<(TransitionId, u32)>,
    /// Stages in the order they were entered.
    pub stages: Vec<StageId>,
    /// Since when, until when and why it is paused.
    pub paused: Option<Pause>,
    /// What happened while it was paused, and is heard when it goes on.
    pub missed: Vec<HappeningKind>,
    /// Since when its work stands still, for a blocker or a pause.
    pub stopped: Option<Seconds>,
    /// Stages entered at this very instant.
    pub entered_now: Vec<(StageId, u64)>,
    /// It went round in no time: it stays where it is until something changes.
    pub looping: bool,
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub since: Seconds,
    /// Until when, where known.
    pub until: Option<Seconds>,
    /// Why.
    pub reason: String,
}

/// One visit of a stage or block.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Visit {
    /// Its number, unique in the journey.
    pub number: u32,
    /// The number of the visit whose clocks and rounds it goes on with: its own, unless it was resumed.
    pub first: u32,
    /// When it began.
    pub entered: Seconds,
    /// When its clock began: where it was resumed, with the first visit.
    pub began: Seconds,
    /// Its clock: `now` minus this is the time in the stage, pauses and absences not counted.
    pub clock: Seconds,
    /// Whether the needs have been met.
    pub needs_met: bool,
    /// Progress through the body.
    pub body: Progress,
    /// Tasks offered and not settled.
    pub open: Vec<OpenTask>,
    /// Its cadences.
    pub cadences: Vec<CadenceState>,
}

/// Progress through a sequence of work.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The next item.
    pub next: usize,
    /// Tasks whose turn it is and whose `when` is still unknown.
    pub undecided: Vec<OfferId>,
}

/// A task that is offered and not settled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenTask {
    /// Where it is offered.
    pub offer: OfferId,
    /// Which cadence of the stage it belongs to; none for the body.
    pub cadence: Option<usize>,
    /// Its status.
    pub status: TaskStatus,
    /// When it was offered.
    pub offered: Seconds,
    /// When it will be complete, where its work has a known length.
    pub done_at: Option<Seconds>,
    /// Since when a blocker of its own holds it.
    pub blocked: Option<Seconds>,
}

/// A cadence within a visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CadenceState {
    /// Which.
    pub cadence: CadenceId,
    /// Rounds begun.
    pub rounds: u32,
    /// When the next round is due; none while one is open, or when spent.
    pub due: Option<Seconds>,
    /// Progress through the open round.
    pub open: Option<Progress>,
}

/// Something that holds a task, a track or the customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Blocker {
    /// Its kind, where given.
    pub kind: Option<String>,
    /// The service; none is the customer.
    pub service: Option<ServiceId>,
    /// The task, where it holds one only.
    pub task: Option<TaskId>,
    /// When it was raised.
    pub raised: Seconds,
    /// Tracks that left their stage because of it, and so go on.
    pub handled: Vec<TrackId>,
}

/// What can happen and be remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HappeningKind {
    /// A blocker of this kind.
    Blocker(Option<String>),
    /// The last blocker cleared.
    Resolved,
    /// A blocker was waived.
    Waived,
    /// A blocker was escalated.
    Escalated,
    /// A declared event.
    Event(EventId),
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// What.
    pub kind: HappeningKind,
    /// To which service; none is the customer.
    pub service: Option<ServiceId>,
    /// When.
    pub at: Seconds,
}

/// Facts whose value is left open, and what is read of facts: an exploration decides a value only when somebody looks at
/// it (lazy initialisation after S. Khurshid, C. Pasareanu, W. Visser, *Generalized Symbolic Execution for Model Checking
/// and Testing*, TACAS 2003).
///
/// Facts are counted through: the customer's by slot, then those of each declared service by slot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lookout {
    /// How many facts the customer has, and each service.
    slots: (usize, usize),
    /// By fact: [`OPEN`], [`FREE`] and [`READ`]. One list, for states are copied all the time.
    flags: Vec<Cell<u8>>,
    missing: Cell<Option<usize>>,
    /// Conditions that nothing will ask for how long they have held: which, and for the customer (0) or a service (1 + index).
    pub asleep: Vec<(usize, usize)>,
}

/// The value is open; the state then holds what was last known of it.
const OPEN: u8 = 1;
/// Nothing has ever been decided about it: its value on day 0 is still free.
const FREE: u8 = 2;
/// Somebody looked at it.
const READ: u8 = 4;

impl Lookout {
    /// With no fact open.
    #[must_use]
    pub fn new(customer: usize, service: usize, services: usize) -> Lookout {
        let flags = vec![Cell::new(0); customer + service * services];
        Lookout { slots: (customer, service), flags, ..Lookout::default() }
    }

    /// The number of a fact.
    #[must_use]
    pub fn number(&self, service: Option<ServiceId>, slot: usize) -> usize {
        service.map_or(slot, |service| self.slots.0 + service.index() * self.slots.1 + slot)
    }

    fn has(&self, number: usize, flag: u8) -> bool {
        self.flags.get(number).is_some_and(|flags| flags.get() & flag != 0)
    }

    /// Whether a fact is open.
    #[must_use]
    pub fn is_open(&self, number: usize) -> bool {
        self.has(number, OPEN)
    }

    /// Whether a fact has any value on day 0 still.
    #[must_use]
    pub fn is_free(&self, number: usize) -> bool {
        self.has(number, FREE)
    }

    /// Opens a fact; whether it is free stays as it is.
    pub fn open(&mut self, number: usize) {
        let flags = &mut self.flags[number];
        flags.set(flags.get() | OPEN);
    }

    /// Opens a fact, `free` where its value on day 0 is free.
    pub fn open_as(&mut self, number: usize, free: bool) {
        let flags = &mut self.flags[number];
        flags.set(flags.get() & !FREE | OPEN | if free { FREE } else { 0 });
    }

    /// Forgets what was read.
    pub fn forget(&mut self) {
        self.flags.iter().for_each(|flags| flags.set(flags.get() & !READ));
        self.missing.set(None);
    }

    /// Somebody looks at a fact.
    pub fn note(&self, number: usize) {
        if let Some(flags) = self.flags.get(number) {
            flags.set(flags.get() | READ);
            if flags.get() & OPEN != 0 && self.missing.get().is_none() {
                self.missing.set(Some(number));
            }
        }
    }

    /// Whether somebody looked at a fact.
    #[must_use]
    pub fn was_read(&self, number: usize) -> bool {
        self.has(number, READ)
    }

    /// The first open fact that somebody looked at.
    #[must_use]
    pub fn missing(&self) -> Option<usize> {
        self.missing.get()
    }

    /// A fact has a value now.
    pub fn decided(&mut self, number: usize) {
        if let Some(flags) = self.flags.get_mut(number) {
            flags.set(flags.get() & !(OPEN | FREE));
        }
    }
}

impl State {
    /// Today, where day 0 has a date.
    #[must_use]
    pub fn today(&self) -> Option<Date> {
        self.date_of(self.now)
    }

    /// The date of an instant.
    #[must_use]
    pub fn date_of(&self, at: Seconds) -> Option<Date> {
        self.start.map(|start| start.plus_days(at.saturating_add(self.begins).div_euclid(DAY)))
    }

    /// The instant at which a date begins.
    #[must_use]
    pub fn instant_of(&self, date: Date) -> Option<Seconds> {
        self.start.map(|start| (i64::from(date.0) - i64::from(start.0)) * DAY - self.begins)
    }

    /// The records of tasks of a service, or the customer's own.
    #[must_use]
    pub fn records(&self, service: Option<ServiceId>) -> &[TaskRecord] {
        match service {
            Some(service) => &self.services[service.index()].tasks,
            None => &self.tasks,
        }
    }

    /// What is known of a task.
    #[must_use]
    pub fn record(&self, service: Option<ServiceId>, task: TaskId) -> Option<&TaskRecord> {
        self.records(service).iter().find(|record| record.task == task)
    }

    /// What is known of a task, to be changed.
    pub fn record_mut(&mut self, service: Option<ServiceId>, task: TaskId) -> &mut TaskRecord {
        let records = match service {
            Some(service) => &mut self.services[service.index()].tasks,
            None => &mut self.tasks,
        };
        let at = records.iter().position(|record| record.task == task).unwrap_or_else(|| {
            records.push(TaskRecord { task, status: TaskStatus::NotStarted, completed: None, reason: None });
            records.len() - 1
        });
        &mut records[at]
    }

    /// The latest track of a scope, for a service.
    #[must_use]
    pub fn track_of(&self, scope: ScopeId, service: Option<ServiceId>) -> Option<&Track> {
        self.tracks.iter().rev().find(|track| track.scope == scope && track.service == service)
    }

    /// Whether the customer's own track has ended.
    #[must_use]
    pub fn ended(&self) -> Option<EndId> {
        match self.tracks.first()?.status {
            TrackStatus::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// Whether a blocker holds this track's work: one that is open, speaks of it, and did not move it elsewhere.
    #[must_use]
    pub fn blocked(&self, track: TrackId) -> bool {
        let service = self.tracks[track].service;
        self.blockers.iter().any(|blocker| {
            blocker.task.is_none()
                && (blocker.service.is_none() || blocker.service == service)
                && !blocker.handled.contains(&track)
        })
    }

    /// Whether the track or one around it is paused.
    #[must_use]
    pub fn paused(&self, track: TrackId) -> bool {
        self.paused_since(track).is_some()
    }

    /// When the pauses of the track and of those around it are over, as far as it was said; else the beginning of time.
    #[must_use]
    pub fn paused_until(&self, track: TrackId) -> Seconds {
        let around = std::iter::successors(Some(track), |id| self.tracks[*id].parent.map(|(parent, _)| parent));
        around.filter_map(|id| self.tracks[id].paused.as_ref()?.until).max().unwrap_or(Seconds::MIN)
    }

    /// Since when the track or one around it is paused.
    #[must_use]
    pub fn paused_since(&self, track: TrackId) -> Option<Seconds> {
        let around = std::iter::successors(Some(track), |id| self.tracks[*id].parent.map(|(parent, _)| parent));
        around.filter_map(|id| self.tracks[id].paused.as_ref().map(|pause| pause.since)).min()
    }
}

impl Track {
    /// Whether it is under way.
    #[must_use]
    pub fn active(&self) -> bool {
        self.status == TrackStatus::Active
    }

    /// How often a transition was taken.
    #[must_use]
    pub fn times_taken(&self, transition: TransitionId) -> u32 {
        self.taken.iter().find(|(taken, _)| *taken == transition).map_or(0, |(_, times)| *times)
    }
}
