//! Two playbooks under one scenario, with the same luck: the same customers go through both, and what they differ in is
//! counted customer by customer.
//!
//! Random streams are keyed by what they are for, so a customer of one seed is the same in both playbooks, and so is
//! what is drawn for things both have: differences are those of the playbooks, and not of luck (common random numbers;
//! A. M. Law, "Simulation Modeling and Analysis", fifth edition, 2015, section 11.2). Intervals of differences are made
//! from how much the customers' own differences vary; where customers share people, from how much replications differ.

mod paired;
mod summary;

pub use paired::{Line, Paired};
pub use summary::{ComparisonSummary, OutcomeLine, PartLine};

use super::plan::Plan;
use super::tally::{Counter, Memory, Tally, of_customer};
use super::world::Scene;
use super::{CHUNK, Cohort, DEFAULT_HORIZON, Failure, Options, Progress, replication_seed, simulate, waits_for_people};
use crate::model::scenario::Scenario;
use crate::model::{FactScope, ServiceId};
use crate::run::chain::alike;
use crate::run::journey::drive;
use crate::run::state::{CUSTOMER_TRACK, Seconds, State, TrackId};
use crate::run::{Customer, Effect, Machine, Observer};
use crate::value::Duration;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// One of the two.
#[derive(Debug, Clone, Copy)]
pub struct Side<'s> {
    /// The playbook.
    pub machine: &'s Machine,
    /// How the world behaves, said for this playbook.
    pub scenario: &'s Scenario,
}

/// Who goes through both.
#[derive(Debug)]
pub enum Pairs {
    /// So many customers, drawn by each one's scenario.
    Drawn(u64),
    /// These: each as the first playbook knows it, and as the second does.
    Given(Vec<[Customer; 2]>),
}

/// What is counted of a customer, or of a part of the cohort, in one of the two.
#[derive(Debug, Clone, Default)]
struct Counts {
    customers: i64,
    /// By end: how many came there, and how long it took them.
    outcomes: Vec<(i64, i64)>,
    /// Waiting, held, under way.
    unfinished: [i64; 3],
    /// How long the journeys took that are over, and how many those are.
    whole: (i64, i64),
    /// By end of tracks: how many came there, and how long it took them.
    tracks: Vec<(i64, i64)>,
    stages: Vec<StageCounts>,
    tasks: Vec<TaskCounts>,
}

#[derive(Debug, Clone, Copy, Default)]
struct StageCounts {
    entered: i64,
    seconds: i64,
    over: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct TaskCounts {
    offered: i64,
    complete: i64,
    seconds: i64,
    timed: i64,
}

/// What of the two playbooks is compared: by name, with where it is in each.
#[derive(Debug, Default)]
struct Names {
    /// Ends of the customer.
    outcomes: Vec<(String, [Option<usize>; 2])>,
    /// Ends of tracks.
    tracks: Vec<(String, [Option<usize>; 2])>,
    stages: Vec<(String, [Option<usize>; 2])>,
    tasks: Vec<(String, [Option<usize>; 2])>,
}

impl Names {
    fn new(sides: [Side<'_>; 2]) -> Names {
        let pairs = |of: &dyn Fn(&Machine) -> Vec<(String, usize)>| {
            let [first, second] = sides.map(|side| of(side.machine));
            let mut all: Vec<(String, [Option<usize>; 2])> = Vec::new();
            for (name, at) in first {
                let there = second.iter().find(|(other, _)| *other == name).map(|(_, at)| *at);
                all.push((name, [Some(at), there]));
            }
            for (name, at) in second {
                if !all.iter().any(|(known, _)| *known == name) {
                    all.push((name, [None, Some(at)]));
                }
            }
            all
        };
        let ends = |own: bool| {
            pairs(&|machine: &Machine| {
                let ends = machine.playbook.ends.iter().enumerate();
                let ends = ends.filter(|(at, _)| of_customer(machine, *at) == own);
                ends.map(|(at, end)| (end.name.name.clone(), at)).collect()
            })
        };
        Names {
            outcomes: ends(true),
            tracks: ends(false),
            stages: pairs(&|machine: &Machine| {
                let stages = machine.playbook.stages.iter().enumerate();
                stages.map(|(at, stage)| (stage.name.name.clone(), at)).collect()
            }),
            tasks: pairs(&|machine: &Machine| {
                machine.playbook.tasks.iter().enumerate().map(|(at, task)| (task.label(), at)).collect()
            }),
        }
    }
}

/// What is compared of an end, or of the tracks that came to one.
#[derive(Debug, Clone, Default)]
struct EndPairs {
    share: Paired,
    duration: Paired,
}

/// What is compared of a stage or task.
#[derive(Debug, Clone, Default)]
struct PartPairs {
    /// How often a customer comes to it.
    times: Paired,
    /// Of a task: which share of those offered is complete.
    complete: Paired,
    duration: Paired,
}

/// What is counted of two playbooks side by side.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// Customers who went through both.
    customers: u64,
    /// Customers looked at in one of the two only: the other's scenario lets them come later, or in its warm-up.
    apart: [u64; 2],
    /// Of how many customers, or parts of the cohort, the sums are.
    observations: u64,
    /// Whether the observations are customers.
    by_customer: bool,
    outcomes: Vec<EndPairs>,
    unfinished: [Paired; 3],
    duration: Paired,
    tracks: Vec<EndPairs>,
    stages: Vec<PartPairs>,
    tasks: Vec<PartPairs>,
    /// Customers who came elsewhere: from and to, the ends first and then the three ways of not being at one.
    moved: BTreeMap<(usize, usize), u64>,
}

impl Comparison {
    fn new(names: &Names) -> Comparison {
        Comparison {
            outcomes: vec![EndPairs::default(); names.outcomes.len()],
            tracks: vec![EndPairs::default(); names.tracks.len()],
            stages: vec![PartPairs::default(); names.stages.len()],
            tasks: vec![PartPairs::default(); names.tasks.len()],
            ..Comparison::default()
        }
    }

    /// One customer, or one part of the cohort, in both.
    fn add(&mut self, names: &Names, both: [&Counts; 2]) {
        self.observations += 1;
        let customers = both.map(|counts| counts.customers);
        let of = |side: usize, list: &[(i64, i64)], at: [Option<usize>; 2]| {
            at[side].and_then(|at| list.get(at).copied()).unwrap_or_default()
        };
        for ((_, at), pairs) in names.outcomes.iter().zip(&mut self.outcomes) {
            let [one, other] = [0, 1].map(|side| of(side, &both[side].outcomes, *at));
            pairs.share.add((one.0, customers[0]), (other.0, customers[1]));
            pairs.duration.add((one.1, one.0), (other.1, other.0));
        }
        for (at, pairs) in self.unfinished.iter_mut().enumerate() {
            let [one, other] = both.map(|counts| counts.unfinished[at]);
            pairs.add((one, customers[0]), (other, customers[1]));
        }
        self.duration.add(both[0].whole, both[1].whole);
        let ended = both.map(|counts| counts.tracks.iter().map(|(count, _)| count).sum::<i64>());
        for ((_, at), pairs) in names.tracks.iter().zip(&mut self.tracks) {
            let [one, other] = [0, 1].map(|side| of(side, &both[side].tracks, *at));
            pairs.share.add((one.0, ended[0]), (other.0, ended[1]));
            pairs.duration.add((one.1, one.0), (other.1, other.0));
        }
        for ((_, at), pairs) in names.stages.iter().zip(&mut self.stages) {
            let get = |side: usize| at[side].and_then(|at| both[side].stages.get(at).copied()).unwrap_or_default();
            let [one, other] = [get(0), get(1)];
            pairs.times.add((one.entered, customers[0]), (other.entered, customers[1]));
            pairs.duration.add((one.seconds, one.over), (other.seconds, other.over));
        }
        for ((_, at), pairs) in names.tasks.iter().zip(&mut self.tasks) {
            let get = |side: usize| at[side].and_then(|at| both[side].tasks.get(at).copied()).unwrap_or_default();
            let [one, other] = [get(0), get(1)];
            pairs.times.add((one.offered, customers[0]), (other.offered, customers[1]));
            pairs.complete.add((one.complete, one.offered), (other.complete, other.offered));
            pairs.duration.add((one.seconds, one.timed), (other.seconds, other.timed));
        }
    }

    fn merge(&mut self, other: &Comparison) {
        self.customers += other.customers;
        self.apart.iter_mut().zip(other.apart).for_each(|(apart, other)| *apart += other);
        self.observations += other.observations;
        self.by_customer |= other.by_customer;
        let ends = |ends: &mut [EndPairs], others: &[EndPairs]| {
            for (end, other) in ends.iter_mut().zip(others) {
                end.share.merge(&other.share);
                end.duration.merge(&other.duration);
            }
        };
        let parts = |parts: &mut [PartPairs], others: &[PartPairs]| {
            for (part, other) in parts.iter_mut().zip(others) {
                part.times.merge(&other.times);
                part.complete.merge(&other.complete);
                part.duration.merge(&other.duration);
            }
        };
        ends(&mut self.outcomes, &other.outcomes);
        ends(&mut self.tracks, &other.tracks);
        parts(&mut self.stages, &other.stages);
        parts(&mut self.tasks, &other.tasks);
        self.unfinished.iter_mut().zip(&other.unfinished).for_each(|(pairs, other)| pairs.merge(other));
        self.duration.merge(&other.duration);
        other.moved.iter().for_each(|(way, count)| *self.moved.entry(*way).or_default() += count);
    }
}

/// A customer of a file as another playbook knows it: facts and services by name. What `from` does not know of it is
/// what `to` takes where nothing is said.
#[must_use]
pub fn known_to(customer: &Customer, from: &Machine, to: &Machine) -> Customer {
    let mut known = Customer::new(to, &customer.id);
    known.start = customer.start;
    let carry = |scope: FactScope, values: &[Option<crate::value::Value>], to_values: &mut [Option<_>]| {
        for fact in to.playbook.facts.iter().filter(|fact| fact.scope == scope) {
            let mut facts = from.playbook.facts.iter();
            let there = facts.find(|other| other.scope == scope && other.name.name == fact.name.name);
            let value = there.filter(|other| alike(&other.kind, &fact.kind)).and_then(|other| values.get(other.slot));
            if let (Some(Some(value)), Some(slot)) = (value, to_values.get_mut(fact.slot)) {
                *slot = Some(value.clone());
            }
        }
    };
    carry(FactScope::Customer, &customer.facts, &mut known.facts);
    for (at, service) in to.playbook.services.iter().enumerate() {
        let Some(there) = from.playbook.services.iter().position(|other| other.name == service.name) else { continue };
        if let (Some(values), Some(slots)) = (customer.services.get(there), known.services.get_mut(at)) {
            carry(FactScope::Service, values, slots);
        }
        if customer.intended.contains(ServiceId(there as u32)) {
            known.intended = known.intended.with(ServiceId(at as u32));
        }
    }
    known
}

/// Sends a cohort through two playbooks.
///
/// # Errors
/// There are no threads, or it was asked to stop where customers share people. Else, where it is asked to stop, the
/// result is of those who were followed by then.
pub fn compare(
    sides: [Side<'_>; 2],
    pairs: &Pairs,
    options: &Options,
    progress: Progress<'_>,
    stop: &AtomicBool,
) -> Result<Comparison, Failure> {
    let names = Names::new(sides);
    if sides.iter().any(|side| waits_for_people(side.machine, side.scenario)) {
        return together(sides, &names, pairs, options, progress, stop);
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.unwrap_or(0))
        .build()
        .map_err(|error| Failure::NoThreads(error.to_string()))?;
    let plans = sides.map(|side| Plan::new(&side.machine.playbook, side.scenario, options.seed));
    let (customers, given) = match pairs {
        Pairs::Drawn(customers) => (*customers, None),
        Pairs::Given(pairs) => (pairs.len() as u64, Some(pairs)),
    };
    let nobody = || Comparison { by_customer: true, ..Comparison::new(&names) };
    Ok(pool.install(|| {
        (0..customers.div_ceil(CHUNK))
            .into_par_iter()
            .fold(nobody, |mut comparison, chunk| {
                let numbers = chunk * CHUNK..(chunk + 1).saturating_mul(CHUNK).min(customers);
                let done = numbers.end - numbers.start;
                let mut followers = [0, 1].map(|side| Follower::new(sides[side], &plans[side], customers, stop));
                for number in numbers {
                    if stop.load(Ordering::Relaxed) {
                        return comparison;
                    }
                    let given = given.and_then(|given| given.get(number as usize));
                    let [first, second] = &mut followers;
                    let one = first.follow(number, given.map(|pair| &pair[0]));
                    let other = second.follow(number, given.map(|pair| &pair[1]));
                    comparison.customer(&names, one, other);
                }
                progress(done);
                comparison
            })
            .reduce(nobody, |mut comparison, other| {
                comparison.merge(&other);
                comparison
            })
    }))
}

impl Comparison {
    fn customer(&mut self, names: &Names, one: Option<Counts>, other: Option<Counts>) {
        let (one, other) = match (one, other) {
            (Some(one), Some(other)) => (one, other),
            (one, other) => {
                self.apart[0] += u64::from(one.is_some());
                self.apart[1] += u64::from(other.is_some());
                return;
            }
        };
        self.customers += 1;
        let place = |counts: &Counts, side: usize| {
            let ends = names.outcomes.iter().position(|(_, at)| {
                at[side].and_then(|at| counts.outcomes.get(at)).is_some_and(|(count, _)| *count > 0)
            });
            let unfinished = || counts.unfinished.iter().position(|count| *count > 0);
            ends.or_else(|| unfinished().map(|at| names.outcomes.len() + at))
        };
        if let (Some(from), Some(to)) = (place(&one, 0), place(&other, 1))
            && from != to
        {
            *self.moved.entry((from, to)).or_default() += 1;
        }
        self.add(names, [&one, &other]);
    }
}

/// Follows customers through one of the two, one after the other.
struct Follower<'f> {
    side: Side<'f>,
    plan: &'f Plan<'f>,
    /// How many there are, as far as arrivals depend on it.
    customers: u64,
    scene: Scene<'f>,
    memory: Memory,
}

impl<'f> Follower<'f> {
    fn new(side: Side<'f>, plan: &'f Plan<'f>, customers: u64, stop: &'f AtomicBool) -> Follower<'f> {
        Follower { side, plan, customers, scene: Scene::new(plan, stop), memory: Memory::default() }
    }

    /// One customer's journey, as a simulation of this playbook alone would see it; none where it would not look at it.
    fn follow(&mut self, number: u64, given: Option<&Customer>) -> Option<Counts> {
        let (machine, plan) = (self.side.machine, self.plan);
        let mut customer = given.cloned().unwrap_or_else(|| Customer::new(machine, ""));
        let arrival: Duration = plan.arrival_of(&customer, number, self.customers);
        let until = plan.horizon.unwrap_or(DEFAULT_HORIZON).0.saturating_sub(arrival.0);
        if until < 0 || plan.warm_up.is_some_and(|warm_up| arrival < warm_up) {
            return None;
        }
        self.scene.begin(machine, number, &mut customer, given.is_some());
        let mut state = plan.state(machine, &mut customer, arrival);
        self.memory.clear();
        let mut tally = Tally::new(machine);
        let mut watch = Watch {
            counter: Counter { tally: &mut tally, memory: &mut self.memory },
            begun: Vec::new(),
            tracks: vec![(0, 0); machine.playbook.ends.len()],
        };
        let stopped = drive(machine, &mut state, &mut self.scene, &mut watch, Some(until));
        let tracks = watch.tracks;
        tally.finish(machine, &state, stopped, &mut self.memory, &[]);
        let took = state.tracks.get(CUSTOMER_TRACK).and_then(|track| track.ended).unwrap_or(state.now);
        let mut counts = Counts::of(machine, &tally);
        for (end, (count, seconds)) in counts.outcomes.iter_mut().enumerate() {
            *seconds = if *count > 0 && of_customer(machine, end) { took } else { 0 };
        }
        counts.tracks.iter_mut().zip(tracks).for_each(|(track, seen)| track.1 = seen.1);
        Some(counts)
    }
}

impl Counts {
    fn of(machine: &Machine, tally: &Tally) -> Counts {
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let by = |own: bool| {
            let ends = tally.ends.iter().enumerate();
            ends.map(|(end, number)| if of_customer(machine, end) == own { (count(*number), 0) } else { (0, 0) })
                .collect()
        };
        Counts {
            customers: count(tally.customers),
            outcomes: by(true),
            unfinished: [&tally.waiting, &tally.held, &tally.under_way].map(|unfinished| count(unfinished.customers)),
            whole: (tally.times.seconds(), count(tally.times.count())),
            tracks: by(false),
            stages: tally
                .stages
                .iter()
                .map(|stage| StageCounts {
                    entered: count(stage.entered),
                    seconds: stage.times.seconds(),
                    over: count(stage.times.count()),
                })
                .collect(),
            tasks: tally
                .tasks
                .iter()
                .map(|task| TaskCounts {
                    offered: count(task.offered),
                    complete: count(task.complete),
                    seconds: task.times.seconds(),
                    timed: count(task.times.count()),
                })
                .collect(),
        }
    }
}

/// Counts, and how long tracks take.
struct Watch<'t> {
    counter: Counter<'t>,
    /// By track, since when.
    begun: Vec<Seconds>,
    /// By end, how many tracks came there, and how long it took them.
    tracks: Vec<(i64, i64)>,
}

impl Observer for Watch<'_> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        match &effect {
            Effect::Began(track) => self.begins(*track, state.now),
            Effect::Ended(track, end) => {
                let since = self.begun.get(*track).copied().unwrap_or(0);
                if let Some((count, seconds)) = self.tracks.get_mut(end.index()) {
                    *count += 1;
                    *seconds += state.now - since;
                }
            }
            _ => {}
        }
        self.counter.effect(machine, state, effect);
    }
}

impl Watch<'_> {
    fn begins(&mut self, track: TrackId, now: Seconds) {
        if self.begun.len() <= track {
            self.begun.resize(track + 1, 0);
        }
        self.begun[track] = now;
    }
}

/// Where customers share people they are no observations of their own: replications are, or lots of customers who came
/// one after the other.
fn together(
    sides: [Side<'_>; 2],
    names: &Names,
    pairs: &Pairs,
    options: &Options,
    progress: Progress<'_>,
    stop: &AtomicBool,
) -> Result<Comparison, Failure> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.unwrap_or(0))
        .build()
        .map_err(|error| Failure::NoThreads(error.to_string()))?;
    let all = options.replications.max(1);
    let once = |side: usize, number: u32| {
        let Side { machine, scenario } = sides[side];
        let seed = replication_seed(options.seed, number);
        let options = Options { seed, threads: Some(1), replications: 1, shard: None, ..*options };
        match pairs {
            Pairs::Drawn(customers) => simulate(machine, scenario, Cohort::Drawn(*customers), &options, progress, stop),
            Pairs::Given(pairs) => {
                let mut given = pairs.iter().map(|pair| pair[side].clone());
                simulate(machine, scenario, Cohort::Given(&mut given), &options, progress, stop)
            }
        }
    };
    let jobs: Vec<(usize, u32)> = (0..all).flat_map(|number| [(0, number), (1, number)]).collect();
    let tallies: Result<Vec<Tally>, Failure> =
        pool.install(|| jobs.into_par_iter().map(|(side, number)| once(side, number)).collect());
    let tallies = tallies?;
    let mut comparison = Comparison::new(names);
    for pair in tallies.chunks(2) {
        let [one, other] = pair else { continue };
        comparison.customers += one.customers.min(other.customers);
        let lots = all == 1 && one.parts.len() == other.parts.len() && one.parts.len() > 1;
        let parts: Vec<[&Tally; 2]> = if lots {
            one.parts.iter().zip(&other.parts).map(|(one, other)| [one, other]).collect()
        } else {
            vec![[one, other]]
        };
        for [one, other] in parts {
            let counts = [Counts::of(sides[0].machine, one), Counts::of(sides[1].machine, other)];
            comparison.add(names, [&counts[0], &counts[1]]);
        }
    }
    Ok(comparison)
}

#[cfg(test)]
mod tests;
