//! A cohort of customers through a playbook, under the assumptions of a scenario.
//!
//! Everything random comes from [`random`] streams that are keyed by what they are for, and everything is counted in
//! integers, so a result depends on the playbook, the scenario, the seed and the customers, and on nothing else: not on
//! threads, not on shards.

mod arrivals;
pub mod distribution;
mod draw;
mod notes;
mod plan;
pub mod random;
pub mod statistics;
pub mod summary;
pub mod tally;
mod world;

pub use notes::{missing_assumptions, refusals};
pub use summary::Summary;
pub use tally::Tally;

use crate::diagnostic::Diagnostic;
use crate::model::scenario::Scenario;
use crate::run::journey::drive;
use crate::run::{Customer, Machine, State};
use crate::value::Duration;
use plan::Plan;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::sync::atomic::{AtomicBool, Ordering};
use tally::Counter;
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
    /// The part of the cohort; none is all of it.
    pub shard: Option<Shard>,
}

/// Who goes through the playbook.
pub enum Cohort<'c> {
    /// So many customers, drawn by the scenario.
    Drawn(u64),
    /// These. What is unknown of them is drawn where the scenario says how; what is known stays.
    Given(&'c mut dyn Iterator<Item = Customer>),
}

/// Told how many customers are done, as they are done; from any thread.
pub type Progress<'p> = &'p (dyn Fn(u64) + Sync);

/// Why there is no result.
#[derive(Debug)]
pub enum Failure {
    /// The scenario asks for something that cannot be simulated.
    Refused(Vec<Diagnostic>),
    /// It was asked to stop.
    Stopped,
    /// The system gives no threads; in its words.
    NoThreads(String),
}

/// Sends a cohort through a playbook.
///
/// # Errors
/// The scenario cannot be simulated, `stop` became true, or there are no threads.
pub fn simulate(
    machine: &Machine,
    scenario: &Scenario,
    cohort: Cohort<'_>,
    options: &Options,
    progress: Progress<'_>,
    stop: &AtomicBool,
) -> Result<Tally, Failure> {
    let refused = refusals(machine, scenario);
    if !refused.is_empty() {
        return Err(Failure::Refused(refused));
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.unwrap_or(0))
        .build()
        .map_err(|error| Failure::NoThreads(error.to_string()))?;
    let plan = Plan::new(&machine.playbook, scenario, options.seed);
    let run = Run { machine, plan: &plan, shard: options.shard.unwrap_or(Shard { index: 1, of: 1 }), progress, stop };
    let tally = match cohort {
        Cohort::Drawn(customers) => pool.install(|| run.drawn(customers)),
        Cohort::Given(customers) => run.given(&pool, customers),
    };
    if stop.load(Ordering::Relaxed) { Err(Failure::Stopped) } else { Ok(tally) }
}

/// When the customer of this number arrives, counted from the start of the cohort.
#[must_use]
pub fn arrival(machine: &Machine, scenario: &Scenario, seed: u64, customer: u64, of: u64) -> Duration {
    Plan::new(&machine.playbook, scenario, seed).arrival(customer, of)
}

struct Run<'r> {
    machine: &'r Machine,
    plan: &'r Plan<'r>,
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
        let mut visits = Vec::new();
        let mut done = 0;
        for (number, mut customer) in customers {
            if self.stopped() {
                return;
            }
            done += 1;
            if !self.in_shard(number) {
                continue;
            }
            scene.begin(self.machine, number, &mut customer, from_file);
            let mut state = State::new(self.machine, &customer);
            visits.clear();
            let mut counter = Counter { tally, visits: &mut visits };
            let horizon = self.plan.horizon.unwrap_or(DEFAULT_HORIZON);
            let stop = drive(self.machine, &mut state, &mut scene, &mut counter, Some(horizon.0));
            tally.finish(self.machine, &state, stop);
        }
        (self.progress)(done);
    }
}

#[cfg(test)]
mod tests;
