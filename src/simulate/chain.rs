//! A cohort through a whole lifecycle: each customer goes on from where one playbook ends into the next, with what is known.
//!
//! Each playbook has a scenario of its own. The first decides how many customers there are, when they come and how far one
//! looks; those after it draw only what the playbooks before did not know. Random streams are keyed by playbook and lap as
//! well; those of the first playbook in the first lap are what they are without a lifecycle, so a lifecycle of one playbook
//! is that playbook's simulation.

use super::interval::Clusters;
use super::plan::Plan;
use super::statistics::Times;
use super::summary::{Days, Share, Summary};
use super::tally::{Counter, Memory, Tally, of_customer};
use super::world::Scene;
use super::{CHUNK, Cohort, DEFAULT_HORIZON, Options, Progress, contended, replication_seed};
use crate::model::scenario::Scenario;
use crate::model::{FactId, ServiceId, ServiceSet};
use crate::run::chain::{Handed, Laps, Lifecycle, Onward, continued, ended_at};
use crate::run::journey::drive;
use crate::run::{Customer, State};
use crate::value::Duration;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// What is counted of one playbook.
#[derive(Debug, Clone, Default)]
struct Process {
    /// Every time somebody went through it.
    tally: Tally,
    /// Customers who came there at all.
    customers: u64,
    /// How the lengths of a customer's times there vary.
    spread: Clusters,
    /// By end, how often a customer came there varies.
    ends: Vec<Clusters>,
}

/// What is counted of a lifecycle.
#[derive(Debug, Clone, Default)]
pub struct LifecycleTally {
    processes: Vec<Process>,
    customers: u64,
    warming_up: u64,
    not_arrived: u64,
    /// How long lives took that are over.
    times: Times,
    /// By playbook and end: lives that were over there.
    last: Vec<Vec<u64>>,
    /// By the most often a customer entered any one playbook.
    laps: BTreeMap<u32, u64>,
    /// Lives that were over because an end had led on as often as may be.
    spent: u64,
    /// Lives that would have gone on into a playbook that is not there.
    missing: BTreeMap<String, u64>,
    /// Lives that would have gone on for ever.
    endless: u64,
}

impl LifecycleTally {
    fn new(lifecycle: &Lifecycle) -> LifecycleTally {
        let process = |machine| {
            let tally = Tally::new(machine);
            Process { ends: vec![Clusters::default(); tally.ends.len()], tally, ..Process::default() }
        };
        let processes: Vec<Process> = lifecycle.machines.iter().map(process).collect();
        let last = processes.iter().map(|process| vec![0; process.ends.len()]).collect();
        LifecycleTally { processes, last, ..LifecycleTally::default() }
    }

    fn merge(&mut self, other: &LifecycleTally) {
        for (process, other) in self.processes.iter_mut().zip(&other.processes) {
            process.tally.merge(&other.tally);
            process.customers += other.customers;
            process.spread.merge(&other.spread);
            process.ends.iter_mut().zip(&other.ends).for_each(|(ends, other)| ends.merge(other));
        }
        self.customers += other.customers;
        self.warming_up += other.warming_up;
        self.not_arrived += other.not_arrived;
        self.times.merge(&other.times);
        for (ends, other) in self.last.iter_mut().zip(&other.last) {
            ends.iter_mut().zip(other).for_each(|(count, other)| *count += other);
        }
        other.laps.iter().for_each(|(laps, count)| *self.laps.entry(*laps).or_default() += count);
        self.spent += other.spent;
        other.missing.iter().for_each(|(name, count)| *self.missing.entry(name.clone()).or_default() += count);
        self.endless += other.endless;
    }
}

/// Whether customers wait for people in the playbook at this place: they would have to share them over a whole lifecycle.
#[must_use]
pub fn waits_for_people(lifecycle: &Lifecycle, scenarios: &[Scenario]) -> Option<usize> {
    lifecycle
        .machines
        .iter()
        .zip(scenarios)
        .position(|(machine, scenario)| contended::scarce(machine, scenario).contains(&true))
}

/// Sends a cohort through a lifecycle whose playbooks have these scenarios, in its order. Where `stop` became true, the
/// figures are of those who were followed by then.
///
/// # Errors
/// There are no threads; in the words of the system.
pub fn simulate_lifecycle(
    lifecycle: &Lifecycle,
    scenarios: &[Scenario],
    cohort: Cohort<'_>,
    options: &Options,
    progress: Progress<'_>,
    stop: &AtomicBool,
) -> Result<LifecycleTally, String> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.unwrap_or(0))
        .build()
        .map_err(|error| error.to_string())?;
    let expected = scenarios.first().map_or(0, |scenario| cohort.size(scenario));
    let given = match cohort {
        Cohort::Drawn(_) => None,
        cohort => cohort.given(),
    };
    let customers = given.as_ref().map_or(expected, |given| given.len() as u64);
    let run = Run { lifecycle, scenarios, seed: options.seed, customers: expected, plans: RwLock::default(), stop };
    Ok(pool.install(|| {
        (0..customers.div_ceil(CHUNK))
            .into_par_iter()
            .fold(
                || LifecycleTally::new(lifecycle),
                |mut tally, chunk| {
                    let numbers = chunk * CHUNK..(chunk + 1).saturating_mul(CHUNK).min(customers);
                    let done = numbers.end - numbers.start;
                    for number in numbers {
                        if !run.stopped() {
                            let customer = given.as_ref().map(|given| given[number as usize].clone());
                            run.life(&mut tally, number, customer);
                        }
                    }
                    progress(done);
                    tally
                },
            )
            .reduce(
                || LifecycleTally::new(lifecycle),
                |mut tally, other| {
                    tally.merge(&other);
                    tally
                },
            )
    }))
}

/// The seed of a lap through a playbook.
fn leg_seed(seed: u64, playbook: &str, lap: u32) -> u64 {
    // FNV-1a, as keys of streams are hashed.
    let hash = playbook
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    replication_seed(seed.wrapping_add(hash), lap)
}

struct Run<'r> {
    lifecycle: &'r Lifecycle,
    scenarios: &'r [Scenario],
    seed: u64,
    /// How many there are, as far as arrivals depend on it.
    customers: u64,
    /// By playbook and lap.
    plans: RwLock<BTreeMap<(usize, u32), Arc<Plan<'r>>>>,
    stop: &'r AtomicBool,
}

impl<'r> Run<'r> {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The scenario of a playbook made ready for a lap.
    fn plan(&self, playbook: usize, lap: u32) -> Option<Arc<Plan<'r>>> {
        let known = self.plans.read().unwrap_or_else(PoisonError::into_inner).get(&(playbook, lap)).cloned();
        if known.is_some() {
            return known;
        }
        let (machine, scenario) = (self.lifecycle.machines.get(playbook)?, self.scenarios.get(playbook)?);
        let first = playbook == 0 && lap == 1;
        let name = &machine.playbook.name.name;
        let seed = if first { self.seed } else { leg_seed(self.seed, name, lap) };
        let plan = Arc::new(Plan::new(&machine.playbook, scenario, seed));
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(plans.entry((playbook, lap)).or_insert(plan)))
    }

    /// One customer's whole life.
    fn life(&self, tally: &mut LifecycleTally, number: u64, given: Option<Customer>) {
        let Some((first, machine)) = self.plan(0, 1).zip(self.lifecycle.machines.first()) else { return };
        let from_file = given.is_some();
        let customer = given.unwrap_or_else(|| Customer::new(machine, ""));
        let arrival = first.arrival_of(&customer, number, self.customers);
        let whole = first.horizon.unwrap_or(DEFAULT_HORIZON).0.saturating_sub(arrival.0);
        if whole < 0 {
            tally.not_arrived += 1;
            return;
        }
        if first.warm_up.is_some_and(|warm_up| arrival < warm_up) {
            tally.warming_up += 1;
            return;
        }
        let (mut laps, mut memory) = (Laps::default(), Memory::default());
        let mut visits: BTreeMap<usize, (i64, Vec<u64>)> = BTreeMap::new();
        let (mut playbook, mut elapsed, mut handed) = (0, 0_i64, Handed::first(customer));
        let mut services_known = from_file;
        let ended = loop {
            let lap = laps.enter(playbook);
            let at = (self.plan(playbook, lap), self.lifecycle.machines.get(playbook));
            let (Some(plan), Some(machine)) = at else { return };
            let mut scene = Scene::new(&plan, self.stop);
            let came = (playbook, lap) == (0, 1) && elapsed == 0;
            let (state, until) = if came {
                scene.begin(machine, number, &mut handed.customer, from_file);
                (plan.state(machine, &mut handed.customer, arrival), whole)
            } else {
                let keeps = |fact: FactId, service: Option<ServiceId>| handed.carried.contains(&(fact, service));
                scene.begin_with(machine, number, &mut handed.customer, services_known, &keeps);
                let own = plan.horizon.map_or(i64::MAX, |horizon| horizon.0);
                (self.begins(&plan, playbook, &mut handed, arrival.0 + elapsed), own.min(whole - elapsed))
            };
            let mut state = state;
            memory.clear();
            let process = &mut tally.processes[playbook];
            let mut counter = Counter { tally: &mut process.tally, memory: &mut memory };
            let stopped = drive(machine, &mut state, &mut scene, &mut counter, Some(until));
            process.tally.finish(machine, &state, stopped, &mut memory, &[]);
            let visit = visits.entry(playbook).or_insert_with(|| (0, vec![0; process.ends.len()]));
            let Some(end) = state.ended() else { break None };
            let took = ended_at(&state);
            visit.0 += took;
            visit.1[end.index()] += 1;
            elapsed = elapsed.saturating_add(took);
            let last = (playbook, end);
            services_known |=
                state.intended != ServiceSet::default() || state.tracks.iter().any(|track| track.service.is_some());
            match self.lifecycle.onward(playbook, &state, &mut laps) {
                Onward::Into(next) => {
                    let Some(after) = self.lifecycle.machines.get(next) else { break Some(last) };
                    handed = continued(machine, &state, "", after);
                    playbook = next;
                    continue;
                }
                Onward::Over => {}
                Onward::Spent(_) => tally.spent += 1,
                Onward::Missing(name) => *tally.missing.entry(name.to_owned()).or_default() += 1,
                Onward::Endless => tally.endless += 1,
            }
            break Some(last);
        };
        tally.customers += 1;
        *tally.laps.entry(laps.most()).or_default() += 1;
        if let Some((playbook, end)) = ended {
            tally.times.record(elapsed);
            tally.last[playbook][end.index()] += 1;
        }
        for (playbook, (took, ends)) in visits {
            let process = &mut tally.processes[playbook];
            process.customers += 1;
            let visits: u64 = ends.iter().sum();
            process.spread.add(took, visits);
            let entered = laps.times(playbook);
            for (spread, count) in process.ends.iter_mut().zip(ends) {
                spread.add(count as i64, u64::from(entered));
            }
        }
    }

    /// Before the journey through a playbook that comes after others: it begins on the day, and at the time of day, on which
    /// the one before ended.
    fn begins(&self, plan: &Plan<'_>, playbook: usize, handed: &mut Handed, since: i64) -> State {
        let machine = &self.lifecycle.machines[playbook];
        if handed.customer.start.is_some() {
            return handed.state(machine);
        }
        let mut state = plan.state(machine, &mut handed.customer, Duration(since));
        handed.begins = state.begins;
        handed.enter(&mut state);
        state
    }
}

/// Figures that are told of a simulation of one playbook, and not of a playbook within a lifecycle: they are of the whole, or
/// their intervals would take visits of one customer for those of several.
const OF_THE_WHOLE: [&str; 9] =
    ["version", "seed", "stages", "tasks", "roles", "customers_under_way", "parts", "warming_up", "not_arrived"];

/// The figures of one playbook of a lifecycle.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessFigures {
    /// Customers who came there.
    pub customers: u64,
    /// The figures of all times somebody was there: customers in it are times it was entered.
    pub times: Summary,
}

/// The figures of a lifecycle.
#[derive(Debug, Clone, PartialEq)]
pub struct LifecycleSummary {
    /// The seed.
    pub seed: u64,
    /// Customers looked at.
    pub customers: u64,
    /// Customers who came in the warm-up, and are in no other figure.
    pub warming_up: u64,
    /// Customers who had not come by the horizon.
    pub not_arrived: u64,
    /// By playbook, the first being the one customers begin with.
    pub processes: Vec<ProcessFigures>,
    /// How long lives took that are over.
    pub duration: Option<Days>,
    /// Where lives were over: playbook, end, of all customers.
    pub ends: Vec<(String, String, Share)>,
    /// By the most often a customer was in any one playbook: how many customers.
    pub laps: Vec<(u32, u64)>,
    /// Lives that were over because an end had led on as often as may be.
    pub spent: u64,
    /// Lives that would have gone on into this playbook, which is not there.
    pub missing: Vec<(String, u64)>,
    /// Lives that would have gone on for ever.
    pub endless: u64,
}

impl LifecycleSummary {
    /// The figures of a tally of this lifecycle.
    #[must_use]
    pub fn new(lifecycle: &Lifecycle, scenarios: &[Scenario], seed: u64, tally: &LifecycleTally) -> LifecycleSummary {
        let all = lifecycle.machines.iter().zip(scenarios).zip(&tally.processes);
        let processes = all.map(|((machine, scenario), process)| {
            let counted = &process.tally;
            let mut times = Summary::new(machine, &scenario.name.name, seed, counted);
            // Where customers came more than once, their times there are not independent.
            if counted.customers > process.customers {
                let own = (0..process.ends.len()).filter(|end| of_customer(machine, *end));
                for ((_, share), end) in times.outcomes.iter_mut().zip(own) {
                    let (count, of) = (counted.ends[end] as f64, counted.customers as f64);
                    share.widen(process.ends[end].interval(count, of, process.customers));
                }
                times.duration = Days::of_clusters(&counted.times, &process.spread, process.customers);
            }
            ProcessFigures { customers: process.customers, times }
        });
        let ends = lifecycle.machines.iter().zip(&tally.last).flat_map(|(machine, counts)| {
            let known = machine.playbook.ends.iter().zip(counts).enumerate();
            known.filter(|(index, _)| of_customer(machine, *index)).map(|(_, (end, count))| {
                let share = Share::new(*count, tally.customers, &[]);
                (machine.playbook.name.name.clone(), end.name.name.clone(), share)
            })
        });
        LifecycleSummary {
            seed,
            customers: tally.customers,
            warming_up: tally.warming_up,
            not_arrived: tally.not_arrived,
            processes: processes.collect(),
            duration: Days::of_independent(&tally.times),
            ends: ends.filter(|(_, _, share)| share.count > 0).collect(),
            laps: tally.laps.iter().map(|(laps, count)| (*laps, *count)).collect(),
            spent: tally.spent,
            missing: tally.missing.iter().map(|(name, count)| (name.clone(), *count)).collect(),
            endless: tally.endless,
        }
    }

    /// The machine output of `simulate --chain`, version 1.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let days = |days: &Option<Days>| days.as_ref().map_or(Value::Null, Days::json);
        let processes = self.processes.iter().map(|process| {
            let mut told = process.times.to_json();
            if let Value::Object(fields) = &mut told {
                for left_out in OF_THE_WHOLE {
                    fields.remove(left_out);
                }
                fields.insert("customers".to_owned(), process.customers.into());
                fields.insert("entered".to_owned(), process.times.customers.into());
            }
            told
        });
        let ends = self.ends.iter().map(|(playbook, end, share)| {
            let mut told = share.json();
            if let Value::Object(fields) = &mut told {
                fields.insert("playbook".to_owned(), playbook.as_str().into());
                fields.insert("end".to_owned(), end.as_str().into());
            }
            told
        });
        let laps: Map<String, Value> = self.laps.iter().map(|(laps, count)| (laps.to_string(), json!(count))).collect();
        let missing: Map<String, Value> =
            self.missing.iter().map(|(name, count)| (name.clone(), json!(count))).collect();
        json!({
            "version": 1,
            "seed": self.seed,
            "customers": self.customers,
            "warming_up": self.warming_up,
            "not_arrived": self.not_arrived,
            "chain": processes.collect::<Vec<Value>>(),
            "life": {
                "ends": ends.collect::<Vec<Value>>(),
                "duration_days": days(&self.duration),
                "laps": laps,
                "spent": self.spent,
                "missing": missing,
                "endless": self.endless,
            },
        })
    }
}

#[cfg(test)]
mod tests;
