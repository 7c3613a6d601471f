//! What is counted while customers go through a playbook. Everything is counted in integers, so tallies of parts add up
//! to that of the whole, in whatever order they are added.

use super::statistics::Times;
use crate::model::{CUSTOMER, OfferId, Place, StageId};
use crate::run::journey::Stop;
use crate::run::state::{CUSTOMER_TRACK, Seconds, State, TrackId};
use crate::run::status::{self, Status, What};
use crate::run::{Effect, Machine, Observer};
use crate::value::TaskStatus;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Visits of one stage.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageTally {
    /// Entries, returns included.
    pub entered: u64,
    /// How long each visit lasted that is over.
    pub times: Times,
}

/// One task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskTally {
    /// How often it was offered.
    pub offered: u64,
    /// How often it was completed where it was offered.
    pub complete: u64,
}

/// For what customers wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitKind {
    /// A fact that is unknown.
    Fact,
    /// A task that is open.
    Task,
    /// A need or key input that is not met.
    Need,
    /// A blocker that is not resolved.
    Blocker,
    /// The end of a pause.
    Pause,
    /// Nothing: stages follow each other in no time.
    Loop,
    /// A way out of this stage.
    Stage,
}

/// Customers who are not at an end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnfinishedTally {
    /// How many.
    pub customers: u64,
    /// For what they wait: kind, name, how many customers; a customer can wait for several things.
    #[serde(with = "pairs")]
    pub waits: BTreeMap<(WaitKind, String), u64>,
}

/// What is counted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// Customers looked at.
    pub customers: u64,
    /// By end, customers and tracks that came there.
    pub ends: Vec<u64>,
    /// How long the journeys took that are over.
    pub times: Times,
    /// By stage.
    pub stages: Vec<StageTally>,
    /// By task.
    pub tasks: Vec<TaskTally>,
    /// Nothing that time could bring moves them.
    pub waiting: UnfinishedTally,
    /// The same, and a need is not met.
    pub held: UnfinishedTally,
    /// Something was still to come when the horizon was reached.
    pub under_way: UnfinishedTally,
    /// What the scenario said and the playbook does not allow, by message: how often.
    pub rejected: BTreeMap<String, u64>,
}

/// Maps with keys that are no texts, as lists.
mod pairs {
    use super::WaitKind;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    pub(super) fn serialize<S: Serializer>(
        waits: &BTreeMap<(WaitKind, String), u64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        waits.iter().map(|((kind, name), count)| (kind, name, count)).collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<(WaitKind, String), u64>, D::Error> {
        let list = Vec::<(WaitKind, String, u64)>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|(kind, name, count)| ((kind, name), count)).collect())
    }
}

/// The most different messages that are kept.
const MESSAGES: usize = 64;

impl UnfinishedTally {
    fn merge(&mut self, other: &UnfinishedTally) {
        self.customers += other.customers;
        for (wait, count) in &other.waits {
            *self.waits.entry(wait.clone()).or_default() += count;
        }
    }
}

impl Tally {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(machine: &Machine) -> Tally {
        let playbook = &machine.playbook;
        Tally {
            ends: vec![0; playbook.ends.len()],
            stages: vec![StageTally::default(); playbook.stages.len()],
            tasks: vec![TaskTally::default(); playbook.tasks.len()],
            ..Tally::default()
        }
    }

    /// Whether it could be of this playbook.
    #[must_use]
    pub fn fits(&self, machine: &Machine) -> bool {
        let playbook = &machine.playbook;
        (self.ends.len(), self.stages.len(), self.tasks.len())
            == (playbook.ends.len(), playbook.stages.len(), playbook.tasks.len())
    }

    /// Adds what another one has counted of the same playbook.
    pub fn merge(&mut self, other: &Tally) {
        self.customers += other.customers;
        self.ends.iter_mut().zip(&other.ends).for_each(|(end, other)| *end += other);
        self.times.merge(&other.times);
        for (stage, other) in self.stages.iter_mut().zip(&other.stages) {
            stage.entered += other.entered;
            stage.times.merge(&other.times);
        }
        for (task, other) in self.tasks.iter_mut().zip(&other.tasks) {
            task.offered += other.offered;
            task.complete += other.complete;
        }
        self.waiting.merge(&other.waiting);
        self.held.merge(&other.held);
        self.under_way.merge(&other.under_way);
        for (message, count) in &other.rejected {
            *self.rejected.entry(message.clone()).or_default() += count;
        }
    }

    /// Counts a journey where it stopped.
    pub(super) fn finish(&mut self, machine: &Machine, state: &State, stop: Stop) {
        self.customers += 1;
        if state.ended().is_some() {
            self.times.record(state.tracks[CUSTOMER_TRACK].ended.unwrap_or(state.now));
            return;
        }
        let unfinished = match (stop, status::status(machine, state, stop)) {
            (Stop::Horizon | Stop::Endless, _) => &mut self.under_way,
            (_, Status::Held) => &mut self.held,
            _ => &mut self.waiting,
        };
        unfinished.customers += 1;
        for wait in waits(machine, state) {
            *unfinished.waits.entry(wait).or_default() += 1;
        }
    }
}

/// For what a customer waits, each once.
fn waits(machine: &Machine, state: &State) -> BTreeSet<(WaitKind, String)> {
    let playbook = &machine.playbook;
    let mut found = BTreeSet::new();
    let active = state.order.iter().copied().filter(|track| state.tracks[*track].active());
    for track in active {
        let place = match state.tracks[track].place {
            Some(place) => playbook.place_name(place).name.clone(),
            None => playbook.scopes[state.tracks[track].scope.index()].name.name.clone(),
        };
        let waits = status::track_waits(machine, state, track);
        if waits.iter().any(|wait| matches!(wait.what, What::Tracks(_))) {
            continue;
        }
        let mut named = false;
        for wait in waits {
            let wait = match wait.what {
                What::Fact(_, fact) => (WaitKind::Fact, playbook.facts[fact.index()].name.name.clone()),
                What::Task(offer) => (WaitKind::Task, label(machine, offer)),
                What::Need(text, ..) => (WaitKind::Need, text),
                What::Blocker(kind) => (WaitKind::Blocker, kind.unwrap_or_default()),
                What::Pause(_, reason) => (WaitKind::Pause, reason),
                What::Loop => (WaitKind::Loop, place.clone()),
                _ => continue,
            };
            named = true;
            found.insert(wait);
        }
        if !named {
            found.insert((WaitKind::Stage, place));
        }
    }
    found
}

fn label(machine: &Machine, offer: OfferId) -> String {
    let task = machine.playbook.offers[offer.index()].task;
    machine.playbook.tasks[task.index()].label()
}

/// Counts the effects of one journey.
pub(super) struct Counter<'t> {
    pub(super) tally: &'t mut Tally,
    /// By track: the stage it is in, and since when.
    pub(super) visits: &'t mut Vec<Option<(StageId, Seconds)>>,
}

impl Counter<'_> {
    fn left(&mut self, track: TrackId, now: Seconds) {
        if let Some((stage, since)) = self.visits.get_mut(track).and_then(Option::take) {
            self.tally.stages[stage.index()].times.record(now - since);
        }
    }
}

impl Observer for Counter<'_> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        match effect {
            Effect::Entered(track, Place::Stage(stage), _) => {
                self.left(track, state.now);
                self.tally.stages[stage.index()].entered += 1;
                if self.visits.len() <= track {
                    self.visits.resize(track + 1, None);
                }
                self.visits[track] = Some((stage, state.now));
            }
            Effect::Took(track, _) | Effect::Dropped(track, _) | Effect::Interrupted(track) => {
                self.left(track, state.now);
            }
            Effect::Offered(_, offer) => {
                let task = machine.playbook.offers[offer.index()].task;
                self.tally.tasks[task.index()].offered += 1;
            }
            Effect::TaskChanged(_, task, Some(_), TaskStatus::Complete, _) => {
                self.tally.tasks[task.index()].complete += 1;
            }
            Effect::Ended(_, end) => self.tally.ends[end.index()] += 1,
            Effect::Rejected(message) => {
                let rejected = &mut self.tally.rejected;
                if rejected.len() < MESSAGES || rejected.contains_key(&message) {
                    *rejected.entry(message).or_default() += 1;
                }
            }
            _ => {}
        }
    }
}

/// Whether an end is the customer's own.
pub(super) fn of_customer(machine: &Machine, end: usize) -> bool {
    machine.playbook.ends[end].scope == CUSTOMER
}
