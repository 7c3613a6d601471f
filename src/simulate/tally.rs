//! What is counted while customers go through a playbook. Everything is counted in integers, so tallies of parts add up
//! to that of the whole, in whatever order they are added.

use super::interval::Clusters;
use super::level::Level;
use super::statistics::Times;
use crate::model::{CUSTOMER, OfferId, Place, RoleId, ServiceId, StageId, TaskId, TransitionId};
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
    /// By exit, in the order of the stage's `exits`, and last any other way out: how often it was taken.
    pub exits: Vec<u64>,
    /// How the times of a customer's visits vary.
    pub spread: Clusters,
    /// By exit, how a customer's ways out vary.
    pub exit_spread: Vec<Clusters>,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskTally {
    /// How often it was offered.
    pub offered: u64,
    /// How often it was completed where it was offered.
    pub complete: u64,
    /// How often it was declared not required where it was offered.
    pub not_required: u64,
    /// From offered to complete.
    pub times: Times,
    /// How the times of a customer vary.
    pub spread: Clusters,
    /// How long it waited in the line of its roles, where people are scarce, until somebody began.
    pub waits: Times,
}

/// People of one role, and the line of tasks that wait for them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleTally {
    /// How many people there are.
    pub people: u64,
    /// Seconds people were taken within their working hours.
    #[serde(with = "super::wide")]
    pub busy: i128,
    /// Seconds they worked beyond them.
    #[serde(with = "super::wide")]
    pub overtime: i128,
    /// Seconds they were at work, taken or free.
    #[serde(with = "super::wide")]
    pub available: i128,
    /// Millionths of the cost rate times seconds worked, of those with a rate.
    #[serde(with = "super::wide")]
    pub cost: i128,
    /// Whether anybody has a rate.
    pub has_cost: bool,
    /// Tasks that were still in the line at the end.
    pub in_line: u64,
    /// How many tasks waited over time.
    pub line: Level,
    /// How many people were taken over time.
    pub taken: Level,
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
    /// People: a task is in the line of a role.
    Role,
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
    /// By role, how long tasks waited in its line until somebody began; of roles with staffing.
    pub waits: Vec<Times>,
    /// By role; empty where nobody is scarce.
    pub roles: Vec<RoleTally>,
    /// How many customers were under way over time, where they share a clock.
    pub customers_under_way: Level,
    /// Customers who arrived in the warm-up, and so are in no figure of customers.
    pub warming_up: u64,
    /// Customers who had not arrived at the horizon.
    pub not_arrived: u64,
    /// Which of several replications it is of, from 0.
    pub replication: u32,
    /// Where customers depend on each other: the same figures of parts that hardly do, replications or customers who came
    /// one after the other. From how much these differ the intervals are made.
    pub parts: Vec<Tally>,
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

impl RoleTally {
    fn merge(&mut self, other: &RoleTally) {
        self.people = self.people.max(other.people);
        self.busy += other.busy;
        self.overtime += other.overtime;
        self.available += other.available;
        self.cost += other.cost;
        self.has_cost |= other.has_cost;
        self.in_line += other.in_line;
        self.line.merge(&other.line);
        self.taken.merge(&other.taken);
    }
}

impl Tally {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(machine: &Machine) -> Tally {
        let playbook = &machine.playbook;
        Tally {
            ends: vec![0; playbook.ends.len()],
            stages: playbook
                .stages
                .iter()
                .map(|stage| StageTally {
                    exits: vec![0; stage.exits.len() + 1],
                    exit_spread: vec![Clusters::default(); stage.exits.len() + 1],
                    ..StageTally::default()
                })
                .collect(),
            tasks: vec![TaskTally::default(); playbook.tasks.len()],
            waits: vec![Times::default(); playbook.roles.len()],
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
            stage.spread.merge(&other.spread);
            stage.exits.iter_mut().zip(&other.exits).for_each(|(exit, other)| *exit += other);
            stage.exit_spread.iter_mut().zip(&other.exit_spread).for_each(|(exit, other)| exit.merge(other));
        }
        for (task, other) in self.tasks.iter_mut().zip(&other.tasks) {
            task.offered += other.offered;
            task.complete += other.complete;
            task.not_required += other.not_required;
            task.times.merge(&other.times);
            task.spread.merge(&other.spread);
            task.waits.merge(&other.waits);
        }
        self.waits.iter_mut().zip(&other.waits).for_each(|(waits, other)| waits.merge(other));
        if self.roles.len() < other.roles.len() {
            self.roles.resize(other.roles.len(), RoleTally::default());
        }
        self.roles.iter_mut().zip(&other.roles).for_each(|(role, other)| role.merge(other));
        self.customers_under_way.merge(&other.customers_under_way);
        self.warming_up += other.warming_up;
        self.not_arrived += other.not_arrived;
        self.waiting.merge(&other.waiting);
        self.held.merge(&other.held);
        self.under_way.merge(&other.under_way);
        for (message, count) in &other.rejected {
            *self.rejected.entry(message.clone()).or_default() += count;
        }
    }

    /// Counts a visit that is over.
    pub(super) fn visited(&mut self, memory: &mut Memory, stage: usize, time: Seconds, exit: usize) {
        let tally = &mut self.stages[stage];
        tally.entered += 1;
        tally.times.record(time);
        tally.exits[exit] += 1;
        memory.left.push((StageId(stage as u32), time, exit));
    }

    /// Counts a task that was offered and is complete.
    pub(super) fn completed(&mut self, memory: &mut Memory, task: usize, time: Seconds) {
        let tally = &mut self.tasks[task];
        tally.offered += 1;
        tally.complete += 1;
        tally.times.record(time);
        memory.complete.push((TaskId(task as u32), time));
    }

    /// Counts a journey that is over after so long, and all of whose visits and tasks are counted.
    pub(super) fn over(&mut self, memory: &mut Memory, time: Seconds) {
        self.customers += 1;
        self.times.record(time);
        memory.flush(self);
    }

    /// Counts a journey where it stopped.
    ///
    /// `in_line` are the roles in whose lines its tasks wait.
    pub(super) fn finish(
        &mut self,
        machine: &Machine,
        state: &State,
        stop: Stop,
        memory: &mut Memory,
        in_line: &[RoleId],
    ) {
        self.customers += 1;
        memory.flush(self);
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
        let names = in_line.iter().map(|role| machine.playbook.roles[role.index()].name.clone());
        let mut found = waits(machine, state);
        found.extend(names.map(|name| (WaitKind::Role, name)));
        for wait in found {
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

/// What is remembered of one journey while it is counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    /// By track: the stage it is in, and since when.
    visits: Vec<Option<(StageId, Seconds)>>,
    /// Tasks that are offered and not settled, and since when.
    offered: Vec<(OfferId, Option<ServiceId>, Seconds)>,
    /// Of visits that are over: the stage, how long it took, and by which exit it was left.
    left: Vec<(StageId, Seconds, usize)>,
    /// Tasks that are complete, and how long they took.
    complete: Vec<(TaskId, Seconds)>,
}

impl Memory {
    pub(super) fn clear(&mut self) {
        self.visits.clear();
        self.offered.clear();
        self.left.clear();
        self.complete.clear();
    }

    /// The stage a track is in.
    pub(super) fn stage(&self, track: TrackId) -> Option<StageId> {
        self.visits.get(track).copied().flatten().map(|(stage, _)| stage)
    }

    /// Takes over what another one has to count, to count it later.
    pub(super) fn keep(&mut self, other: &mut Memory) {
        self.left.append(&mut other.left);
        self.complete.append(&mut other.complete);
    }

    /// The sums of one customer.
    pub(super) fn flush(&mut self, tally: &mut Tally) {
        self.left.sort_unstable();
        for visits in self.left.chunk_by(|one, other| one.0 == other.0) {
            let Some((stage, ..)) = visits.first() else { continue };
            let tally = &mut tally.stages[stage.index()];
            tally.spread.add(visits.iter().map(|visit| visit.1).sum(), visits.len() as u64);
            for (exit, spread) in tally.exit_spread.iter_mut().enumerate() {
                let taken = visits.iter().filter(|visit| visit.2 == exit).count();
                spread.add(taken as i64, visits.len() as u64);
            }
        }
        self.complete.sort_unstable();
        for times in self.complete.chunk_by(|one, other| one.0 == other.0) {
            let Some((task, _)) = times.first() else { continue };
            tally.tasks[task.index()].spread.add(times.iter().map(|time| time.1).sum(), times.len() as u64);
        }
        self.clear();
    }
}

/// Counts the effects of one journey.
pub(super) struct Counter<'t> {
    pub(super) tally: &'t mut Tally,
    pub(super) memory: &'t mut Memory,
}

impl Counter<'_> {
    fn left(&mut self, machine: &Machine, track: TrackId, now: Seconds, by: Option<TransitionId>) {
        if let Some((stage, since)) = self.memory.visits.get_mut(track).and_then(Option::take) {
            let tally = &mut self.tally.stages[stage.index()];
            tally.times.record(now - since);
            let exits = &machine.playbook.stages[stage.index()].exits;
            let exit = by.and_then(|by| exits.iter().position(|exit| *exit == by)).unwrap_or(exits.len());
            tally.exits[exit] += 1;
            self.memory.left.push((stage, now - since, exit));
        }
    }

    fn settled(&mut self, offer: OfferId, service: Option<ServiceId>) -> Option<Seconds> {
        let offered = &mut self.memory.offered;
        let at = offered.iter().position(|(known, of, _)| (*known, *of) == (offer, service))?;
        Some(offered.swap_remove(at).2)
    }
}

impl Observer for Counter<'_> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        match effect {
            Effect::Entered(track, Place::Stage(stage), _) => {
                self.left(machine, track, state.now, None);
                self.tally.stages[stage.index()].entered += 1;
                if self.memory.visits.len() <= track {
                    self.memory.visits.resize(track + 1, None);
                }
                self.memory.visits[track] = Some((stage, state.now));
            }
            Effect::Took(track, transition) => self.left(machine, track, state.now, Some(transition)),
            Effect::Dropped(track, _) | Effect::Interrupted(track) => self.left(machine, track, state.now, None),
            Effect::Offered(track, offer) => {
                let task = machine.playbook.offers[offer.index()].task;
                self.tally.tasks[task.index()].offered += 1;
                self.memory.offered.push((offer, state.tracks[track].service, state.now));
            }
            Effect::Cancelled(track, offer) => {
                self.settled(offer, state.tracks[track].service);
            }
            Effect::TaskChanged(service, task, Some(offer), status, _) => match status {
                TaskStatus::Complete => {
                    let tally = &mut self.tally.tasks[task.index()];
                    tally.complete += 1;
                    if let Some(since) = self.settled(offer, service) {
                        self.tally.tasks[task.index()].times.record(state.now - since);
                        self.memory.complete.push((task, state.now - since));
                    }
                }
                TaskStatus::NotRequired => {
                    self.tally.tasks[task.index()].not_required += 1;
                    self.settled(offer, service);
                }
                _ => {}
            },
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
