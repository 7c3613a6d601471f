//! A cohort of customers through a playbook, under the assumptions of a scenario.
//!
//! Everything random comes from [`random`] streams that are keyed by what they are for, and everything is counted in
//! integers, so a result depends on the playbook, the scenario, the seed and the customers, and on nothing else: not on
//! threads, not on shards.

mod arrivals;
mod calendar;
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
mod world;

pub use notes::{Assumption, assumptions, missing_assumptions};
pub use replay::{Replayed, replay};
pub use summary::Summary;
pub use tally::Tally;

use crate::model::scenario::Scenario;
use crate::run::journey::drive;
use crate::run::{Customer, Machine};
use crate::value::Duration;
use plan::Plan;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
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
        let together = Together { machine, scenario, scarce: &scarce, shard, progress, stop };
        let given = cohort.given();
        pool.install(|| together.replications(customers, given.as_deref(), options))
    } else {
        let plan = Plan::new(&machine.playbook, scenario, options.seed);
        let run = Run { machine, plan: &plan, customers, shard, progress, stop };
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
    shard: Shard,
    progress: Progress<'r>,
    stop: &'r AtomicBool,
}

impl Together<'_> {
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
        contended::simulate(machine, scenario, &plan, scarce, arrivals, from_file, watched, log, progress, stop)
    }
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
        (0..customers.div_ceil(CHUNK))
            .into_par_iter()
            .fold(nobody, |mut tally, chunk| {
                let numbers = chunk * CHUNK..(chunk + 1).saturating_mul(CHUNK).min(customers);
                let fresh = Customer::new(self.machine, "");
                self.chunk(&mut tally, numbers.map(|number| (number, fresh.clone())), false);
                tally
            })
            .reduce(nobody, |mut tally, other| {
                tally.merge(&other);
                tally
            })
    }

    /// Reads as many as all threads can work on, lets them, and reads on: memory does not grow with the cohort.
    fn given(&self, pool: &rayon::ThreadPool, customers: &mut dyn Iterator<Item = Customer>) -> Tally {
        let batch = CHUNK as usize * 4 * pool.current_num_threads().max(1);
        let mut tally = Tally::new(self.machine);
        let mut customers = (0_u64..).zip(customers);
        while !self.stopped() {
            let next: Vec<(u64, Customer)> = customers.by_ref().take(batch).collect();
            if next.is_empty() {
                break;
            }
            let part = pool.install(|| {
                let nobody = || Tally::new(self.machine);
                let chunks: Vec<&[(u64, Customer)]> = next.chunks(CHUNK as usize).collect();
                chunks
                    .into_par_iter()
                    .fold(nobody, |mut tally, chunk| {
                        self.chunk(&mut tally, chunk.iter().cloned(), true);
                        tally
                    })
                    .reduce(nobody, |mut tally, other| {
                        tally.merge(&other);
                        tally
                    })
            });
            tally.merge(&part);
        }
        tally
    }

    fn chunk(&self, tally: &mut Tally, customers: impl Iterator<Item = (u64, Customer)>, from_file: bool) {
        let mut scene = Scene::new(self.plan, self.stop);
        let mut memory = Memory::default();
        let mut done = 0;
        for (number, mut customer) in customers {
            if self.stopped() {
                return;
            }
            done += 1;
            if !self.in_shard(number) {
                continue;
            }
            let arrival = self.plan.arrival_of(&customer, number, self.customers);
            let until = self.plan.horizon.unwrap_or(DEFAULT_HORIZON).0.saturating_sub(arrival.0);
            if until < 0 {
                tally.not_arrived += 1;
                continue;
            }
            if self.plan.warm_up.is_some_and(|warm_up| arrival < warm_up) {
                tally.warming_up += 1;
                continue;
            }
            scene.begin(self.machine, number, &mut customer, from_file);
            let mut state = self.plan.state(self.machine, &mut customer, arrival);
            memory.clear();
            let mut counter = Counter { tally, memory: &mut memory };
            let stop = drive(self.machine, &mut state, &mut scene, &mut counter, Some(until));
            tally.finish(self.machine, &state, stop, &mut memory, &[]);
        }
        (self.progress)(done);
    }
}

#[cfg(test)]
mod tests;
