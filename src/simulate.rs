//! A cohort of customers through a playbook, under the assumptions of a scenario.
//!
//! Everything random comes from [`random`] streams that are keyed by what they are for, and everything is counted in
//! integers, so a result depends on the playbook, the scenario, the seed and the customers, and on nothing else: not on
//! threads, not on shards.

mod arrivals;
mod calendar;
pub mod chain;
pub mod compare;
mod compiled;
mod contended;
pub mod distribution;
mod draw;
pub mod interval;
pub mod level;
pub mod log;
mod notes;
mod people;
mod plan;
pub mod random;
mod replay;
pub mod statistics;
pub mod summary;
pub mod tally;
mod vector;
mod wide;
mod world;

pub use notes::{Assumption, assumptions, missing_assumptions};
pub use replay::{Replayed, replay};
pub use summary::Summary;
pub use tally::Tally;

use crate::model::scenario::Scenario;
use crate::run::journey::drive;
use crate::run::{Customer, Machine};
use crate::value::Duration;
use compiled::{Compiled, LANES, Scarcity, Worker};
use plan::Plan;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use replay::Watched;
use std::sync::atomic::{AtomicBool, Ordering};
use tally::{Counter, Memory};
use world::Scene;

/// Customers that are looked at in one go by one thread.
const CHUNK: u64 = 256;

/// When a journey is looked at for the last time where a scenario says nothing: a hundred years.
pub const DEFAULT_HORIZON: Duration = Duration(100 * 365 * crate::value::DAY);

/// The part of a cohort that is looked at: every `of`-th customer, beginning with this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1 to `of`.
    pub index: u64,
    /// How many parts there are.
    pub of: u64,
}

/// How to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// The seed of all randomness.
    pub seed: u64,
    /// How many threads; none takes as many as there are processors.
    pub threads: Option<usize>,
    /// The part of the cohort, or of the replications; none is all of it.
    pub shard: Option<Shard>,
    /// Where customers share people: how many independent simulations; 0 is as 1.
    pub replications: u32,
    /// What follows the customers.
    pub engine: Engine,
}

/// What follows the customers. Both give the same figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// The compiled form where there is one, else the interpreter.
    #[default]
    Auto,
    /// The compiled form: many customers side by side.
    Compiled,
    /// The reference interpreter: one customer after the other.
    Interpreter,
}

/// Who goes through the playbook.
pub enum Cohort<'c> {
    /// So many customers, drawn by the scenario.
    Drawn(u64),
    /// These. What is unknown of them is drawn where the scenario says how; what is known stays.
    Given(&'c mut dyn Iterator<Item = Customer>),
}

impl Cohort<'_> {
    /// How many there are, as far as arrivals and staffing depend on it before they are read.
    fn size(&self, scenario: &Scenario) -> u64 {
        match self {
            Cohort::Drawn(customers) => *customers,
            Cohort::Given(_) => scenario.customers.unwrap_or(0),
        }
    }

    /// All customers that are given.
    fn given(self) -> Option<Vec<Customer>> {
        match self {
            Cohort::Drawn(_) => None,
            Cohort::Given(customers) => Some(customers.collect()),
        }
    }
}

/// Told how many customers are done, as they are done; from any thread.
pub type Progress<'p> = &'p (dyn Fn(u64) + Sync);

/// Why there is no result.
#[derive(Debug)]
pub enum Failure {
    /// It was asked to stop: what is known so far.
    Stopped(Box<Tally>),
    /// There is no compiled form; in words, why.
    NotCompiled(String),
    /// The system gives no threads; in its words.
    NoThreads(String),
}

/// Sends a cohort through a playbook.
///
/// # Errors
/// `stop` became true, or there are no threads.
pub fn simulate(
    machine: &Machine,
    scenario: &Scenario,
    cohort: Cohort<'_>,
    options: &Options,
    progress: Progress<'_>,
    stop: &AtomicBool,
) -> Result<Tally, Failure> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.unwrap_or(0))
        .build()
        .map_err(|error| Failure::NoThreads(error.to_string()))?;
    let shard = options.shard.unwrap_or(Shard { index: 1, of: 1 });
    let scarce = contended::scarce(machine, scenario);
    let customers = cohort.size(scenario);
    let tally = if scarce.contains(&true) {
        if options.engine == Engine::Compiled {
            compiles(machine, scenario, matches!(cohort, Cohort::Given(_))).map_err(Failure::NotCompiled)?;
        }
        let interpreted = options.engine == Engine::Interpreter;
        let together = Together { machine, scenario, scarce: &scarce, interpreted, shard, progress, stop };
        let given = cohort.given();
        pool.install(|| together.replications(customers, given.as_deref(), options))
    } else {
        let plan = Plan::new(&machine.playbook, scenario, options.seed);
        let given = matches!(cohort, Cohort::Given(_));
        let compiled = match options.engine {
            Engine::Interpreter => None,
            Engine::Auto => Compiled::new(machine, &plan, given, None).ok(),
            Engine::Compiled => Some(Compiled::new(machine, &plan, given, None).map_err(Failure::NotCompiled)?),
        };
        let run = Run { machine, plan: &plan, compiled, customers, shard, progress, stop };
        match cohort {
            Cohort::Drawn(customers) => pool.install(|| run.drawn(customers)),
            Cohort::Given(customers) => run.given(&pool, customers),
        }
    };
    if stop.load(Ordering::Relaxed) { Err(Failure::Stopped(Box::new(tally))) } else { Ok(tally) }
}

/// Whether some task waits for people.
#[must_use]
pub fn waits_for_people(machine: &Machine, scenario: &Scenario) -> bool {
    contended::scarce(machine, scenario).contains(&true)
}

/// The seed of one of several replications, from 0; the first has the seed itself.
fn replication_seed(seed: u64, replication: u32) -> u64 {
    if replication == 0 {
        return seed;
    }
    // SplitMix64, as the streams themselves.
    let mut bits = seed.wrapping_add(u64::from(replication).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A customer who comes at a time.
struct Arrived {
    at: i64,
    number: u64,
    /// None is drawn.
    customer: Option<Box<Customer>>,
}

/// Customers who share people.
struct Together<'r> {
    machine: &'r Machine,
    scenario: &'r Scenario,
    scarce: &'r [bool],
    /// Whether only the interpreter follows them.
    interpreted: bool,
    shard: Shard,
    progress: Progress<'r>,
    stop: &'r AtomicBool,
}

impl<'r> Together<'r> {
    /// All customers, of whom nobody is told how many are through.
    fn whole(
        machine: &'r Machine,
        scenario: &'r Scenario,
        scarce: &'r [bool],
        options: &Options,
        stop: &'r AtomicBool,
    ) -> Together<'r> {
        let interpreted = options.engine == Engine::Interpreter;
        Together { machine, scenario, scarce, interpreted, shard: Shard { index: 1, of: 1 }, progress: &|_| {}, stop }
    }

    /// So many simulations with seeds of their own, side by side; put together in their order.
    fn replications(&self, customers: u64, given: Option<&[Customer]>, options: &Options) -> Tally {
        let all = options.replications.max(1);
        let shard = self.shard;
        let mine: Vec<u32> =
            (0..all).filter(|number| u64::from(*number) % shard.of.max(1) + 1 == shard.index).collect();
        let mut tallies: Vec<Tally> = mine
            .into_par_iter()
            .map(|number| {
                let seed = replication_seed(options.seed, number);
                let mut tally = self.once(customers, given, seed, None, None).0;
                tally.replication = number;
                tally
            })
            .collect();
        if all == 1 {
            return tallies.pop().unwrap_or_else(|| Tally::new(self.machine));
        }
        let mut whole = Tally::new(self.machine);
        for mut tally in tallies {
            whole.merge(&tally);
            tally.parts = Vec::new();
            whole.parts.push(tally);
        }
        whole
    }

    fn once(
        &self,
        customers: u64,
        given: Option<&[Customer]>,
        seed: u64,
        watched: Option<Watched>,
        log: Option<&mut log::Log<'_>>,
    ) -> (Tally, Option<Watched>) {
        let plan = Plan::new(&self.machine.playbook, self.scenario, seed);
        let mut arrivals: Vec<Arrived> = match given {
            None => {
                let come = |number| Arrived { at: plan.arrival(number, customers).0, number, customer: None };
                (0..customers).map(come).collect()
            }
            Some(given) => {
                let numbered = (0..).zip(given);
                let come = |(number, customer): (u64, &Customer)| Arrived {
                    at: plan.arrival_of(customer, number, given.len() as u64).0,
                    number,
                    customer: Some(Box::new(customer.clone())),
                };
                numbered.map(come).collect()
            }
        };
        arrivals.sort_by_key(|arrived| (arrived.at, arrived.number));
        let from_file = given.is_some();
        let Together { machine, scenario, scarce, progress, stop, .. } = *self;
        let compiled = || Compiled::new(machine, &plan, from_file, Some(Scarcity { scenario, scarce })).ok();
        let compiled = if self.interpreted { None } else { compiled() };
        let compiled = compiled.as_ref();
        contended::simulate(
            machine, scenario, &plan, scarce, compiled, arrivals, from_file, watched, log, progress, stop,
        )
    }
}

/// Why customers cannot be followed side by side, and the interpreter follows them one after the other: drawn ones, or
/// ones `given` in a file.
///
/// # Errors
/// In words, what there is no compiled form for.
pub fn compiles(machine: &Machine, scenario: &Scenario, given: bool) -> Result<(), String> {
    let scarce = contended::scarce(machine, scenario);
    let scarcity = scarce.contains(&true).then_some(Scarcity { scenario, scarce: &scarce });
    Compiled::new(machine, &Plan::new(&machine.playbook, scenario, 0), given, scarcity).map(|_| ())
}

/// When the customer of this number arrives, counted from the start of the cohort.
#[must_use]
pub fn arrival(machine: &Machine, scenario: &Scenario, seed: u64, customer: u64, of: u64) -> Duration {
    Plan::new(&machine.playbook, scenario, seed).arrival(customer, of)
}

struct Run<'r> {
    machine: &'r Machine,
    plan: &'r Plan<'r>,
    /// How many there are, as far as arrivals depend on it.
    customers: u64,
    compiled: Option<Compiled>,
    shard: Shard,
    progress: Progress<'r>,
    stop: &'r AtomicBool,
}

impl Run<'_> {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn in_shard(&self, customer: u64) -> bool {
        customer % self.shard.of.max(1) + 1 == self.shard.index
    }

    fn drawn(&self, customers: u64) -> Tally {
        let nobody = || Tally::new(self.machine);
        if let Some(compiled) = &self.compiled {
            let size = LANES as u64 * self.shard.of.max(1);
            // Few parts for each thread: every part has columns of its own.
            let batches = usize::try_from(customers.div_ceil(size)).unwrap_or(usize::MAX);
            return (0..batches)
                .into_par_iter()
                .with_min_len(4)
                .fold(
                    || (nobody(), compiled.worker()),
                    |(mut tally, mut worker), batch| {
                        let batch = batch as u64;
                        let range = batch * size..(batch + 1).saturating_mul(size).min(customers);
                        let done = range.end - range.start;
                        if self.stopped() {
                            return (tally, worker);
                        }
                        let numbers = range.filter(|number| self.in_shard(*number));
                        self.side_by_side(compiled, &mut worker, &mut tally, numbers, None);
                        (self.progress)(done);
                        (tally, worker)
                    },
                )
                .map(|(tally, _)| tally)
                .reduce(nobody, merged);
        }
        (0..customers.div_ceil(CHUNK))
            .into_par_iter()
            .fold(nobody, |mut tally, chunk| {
                let numbers = chunk * CHUNK..(chunk + 1).saturating_mul(CHUNK).min(customers);
                let fresh = Customer::new(self.machine, "");
                self.chunk(&mut tally, numbers.map(|number| (number, fresh.clone())), false);
                tally
            })
            .reduce(nobody, merged)
    }

    /// Reads as many as all threads can work on, lets them, and reads on: memory does not grow with the cohort.
    fn given(&self, pool: &rayon::ThreadPool, customers: &mut dyn Iterator<Item = Customer>) -> Tally {
        let chunk = if self.compiled.is_some() { LANES } else { CHUNK as usize };
        let batch = chunk * 4 * pool.current_num_threads().max(1);
        let mut tally = Tally::new(self.machine);
        let mut customers = (0_u64..).zip(customers);
        while !self.stopped() {
            let next: Vec<(u64, Customer)> = customers.by_ref().take(batch).collect();
            if next.is_empty() {
                break;
            }
            let part = pool.install(|| {
                let nobody = || Tally::new(self.machine);
                let chunks: Vec<&[(u64, Customer)]> = next.chunks(chunk).collect();
                chunks
                    .into_par_iter()
                    .fold(nobody, |mut tally, chunk| {
                        self.given_chunk(&mut tally, chunk);
                        tally
                    })
                    .reduce(nobody, merged)
            });
            tally.merge(&part);
        }
        tally
    }

    fn given_chunk(&self, tally: &mut Tally, chunk: &[(u64, Customer)]) {
        let Some(compiled) = &self.compiled else { return self.chunk(tally, chunk.iter().cloned(), true) };
        if self.stopped() {
            return;
        }
        let numbers = chunk.iter().map(|(number, _)| *number).filter(|number| self.in_shard(*number));
        self.side_by_side(compiled, &mut compiled.worker(), tally, numbers, Some(chunk));
        (self.progress)(chunk.len() as u64);
    }

    /// Customers of these numbers, at most [`LANES`], side by side. `given` are those of a file.
    fn side_by_side(
        &self,
        compiled: &Compiled,
        worker: &mut Worker,
        tally: &mut Tally,
        numbers: impl Iterator<Item = u64>,
        given: Option<&[(u64, Customer)]>,
    ) {
        let fresh = Customer::new(self.machine, "");
        let of = |number: u64| match given.and_then(|given| Some((given, given.first()?.0))) {
            Some((given, first)) => &given[(number - first) as usize].1,
            None => &fresh,
        };
        let whole = self.plan.horizon.unwrap_or(DEFAULT_HORIZON).0;
        let mut horizon = whole;
        let mut numbers: Vec<u64> = numbers.collect();
        // Where all begin at once, all look as far.
        if self.plan.arrival.is_some() || self.plan.starts.is_some() && given.is_some() {
            numbers.retain(|number| match self.until(of(*number), *number, tally) {
                Some((_, until)) => {
                    // Journeys that end before the shortest look do so in any: the others are for the interpreter.
                    horizon = horizon.min(until);
                    true
                }
                None => false,
            });
        } else if self.plan.warm_up.is_some() || whole < 0 {
            numbers.retain(|number| self.until(of(*number), *number, tally).is_some());
        }
        let customers: Option<Vec<&Customer>> = given.map(|_| numbers.iter().map(|number| of(*number)).collect());
        let left = compiled.follow(worker, &numbers, customers.as_deref(), horizon, tally);
        let mut scene = Scene::new(self.plan, self.stop);
        let mut memory = Memory::default();
        for place in left {
            let number = numbers[place];
            let arrival = self.plan.arrival_of(of(number), number, self.customers);
            let until = whole.saturating_sub(arrival.0);
            let customer = of(number).clone();
            self.journey(tally, (&mut scene, &mut memory), (number, customer), (arrival, until), given.is_some());
        }
    }

    /// When a customer arrives, and for how long the journey is looked at; none where it is not counted among journeys.
    fn until(&self, customer: &Customer, number: u64, tally: &mut Tally) -> Option<(Duration, i64)> {
        let arrival = self.plan.arrival_of(customer, number, self.customers);
        let until = self.plan.horizon.unwrap_or(DEFAULT_HORIZON).0.saturating_sub(arrival.0);
        if until < 0 {
            tally.not_arrived += 1;
            return None;
        }
        if self.plan.warm_up.is_some_and(|warm_up| arrival < warm_up) {
            tally.warming_up += 1;
            return None;
        }
        Some((arrival, until))
    }

    fn chunk(&self, tally: &mut Tally, customers: impl Iterator<Item = (u64, Customer)>, from_file: bool) {
        let mut done = 0;
        let counted = customers.inspect(|_| done += 1);
        let mut scene = Scene::new(self.plan, self.stop);
        let mut memory = Memory::default();
        for (number, customer) in counted {
            if self.stopped() {
                return;
            }
            if !self.in_shard(number) {
                continue;
            }
            if let Some(look) = self.until(&customer, number, tally) {
                self.journey(tally, (&mut scene, &mut memory), (number, customer), look, from_file);
            }
        }
        (self.progress)(done);
    }

    /// One customer's journey, by the interpreter.
    fn journey(
        &self,
        tally: &mut Tally,
        (scene, memory): (&mut Scene<'_>, &mut Memory),
        (number, mut customer): (u64, Customer),
        (arrival, until): (Duration, i64),
        from_file: bool,
    ) {
        scene.begin(self.machine, number, &mut customer, from_file);
        let mut state = self.plan.state(self.machine, &mut customer, arrival);
        memory.clear();
        let mut counter = Counter { tally, memory };
        let stop = drive(self.machine, &mut state, scene, &mut counter, Some(until));
        tally.finish(self.machine, &state, stop, memory, &[]);
    }
}

fn merged(mut tally: Tally, other: Tally) -> Tally {
    tally.merge(&other);
    tally
}

#[cfg(test)]
mod tests;
