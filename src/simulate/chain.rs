//! A cohort through a whole lifecycle: each customer goes on from where one playbook ends into the next, with what is known.
//!
//! Each playbook has a scenario of its own. The first decides how many customers there are, when they come and how far one
//! looks; those after it draw only what the playbooks before did not know. Random streams are keyed by playbook and lap as
//! well; those of the first playbook in the first lap are what they are without a lifecycle, so a lifecycle of one playbook
//! is that playbook's simulation.

mod life;

pub use life::{Life, LifecycleSink, log_lives, replay_life};

use super::interval::Clusters;
use super::statistics::Times;
use super::summary::{Days, Share, Summary};
use super::tally::{Counter, Memory, Tally, of_customer};
use super::world::Scene;
use super::{CHUNK, Cohort, Options, Progress, Shard, contended};
use crate::model::scenario::Scenario;
use crate::run::chain::{Lifecycle, Onward};
use crate::run::journey::{Stop, drive};
use crate::run::{Customer, State};
use life::{At, Companion, Lived, Run};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

/// What is counted of one playbook.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

impl LifecycleTally {
    /// Whether it could be of this lifecycle.
    #[must_use]
    pub fn fits(&self, lifecycle: &Lifecycle) -> bool {
        let all = self.processes.iter().zip(&self.last).zip(&lifecycle.machines);
        (self.processes.len(), self.last.len()) == (lifecycle.machines.len(), lifecycle.machines.len())
            && all.into_iter().all(|((process, last), machine)| {
                let ends = machine.playbook.ends.len();
                process.tally.fits(machine) && (process.ends.len(), last.len()) == (ends, ends)
            })
    }

    /// The tallies of parts, put together.
    #[must_use]
    pub fn merged(lifecycle: &Lifecycle, parts: impl IntoIterator<Item = LifecycleTally>) -> LifecycleTally {
        let mut whole = LifecycleTally::new(lifecycle);
        parts.into_iter().for_each(|part| whole.merge(&part));
        whole
    }

    /// Counts one customer's whole life.
    fn life(&mut self, run: &Run<'_>, number: u64, given: Option<Customer>) {
        let mut counting = Counting { tally: self, memory: Memory::default(), kept: BTreeMap::new() };
        let life = run.life(number, given, true, &mut counting);
        // What a customer did in one playbook, however often there, is one observation.
        for (playbook, mut memory) in counting.kept {
            memory.flush(&mut self.processes[playbook].tally);
        }
        let life = match life {
            Lived::NotArrived => return self.not_arrived += 1,
            Lived::WarmingUp => return self.warming_up += 1,
            Lived::Through(life) => life,
        };
        match life.onward {
            Onward::Over | Onward::Into(_) => {}
            Onward::Spent(_) => self.spent += 1,
            Onward::Missing(name) => *self.missing.entry(name.to_owned()).or_default() += 1,
            Onward::Endless => self.endless += 1,
        }
        self.customers += 1;
        *self.laps.entry(life.laps.most()).or_default() += 1;
        if let Some((playbook, end)) = life.ended {
            self.times.record(life.elapsed);
            self.last[playbook][end.index()] += 1;
        }
        for (playbook, (took, ends)) in life.visits {
            let process = &mut self.processes[playbook];
            process.customers += 1;
            let visits: u64 = ends.iter().sum();
            process.spread.add(took, visits);
            let entered = life.laps.times(playbook);
            for (spread, count) in process.ends.iter_mut().zip(ends) {
                spread.add(count as i64, u64::from(entered));
            }
        }
    }
}

/// Counts the journeys of a life.
struct Counting<'t> {
    tally: &'t mut LifecycleTally,
    memory: Memory,
    /// By playbook, what is not counted before the life is over.
    kept: BTreeMap<usize, Memory>,
}

impl Companion for Counting<'_> {
    fn journey(&mut self, leg: At<'_>, mut state: State, scene: &mut Scene<'_>, until: i64) -> (State, Stop) {
        let At { playbook, machine, .. } = leg;
        self.memory.clear();
        let tally = &mut self.tally.processes[playbook].tally;
        let mut counter = Counter { tally, memory: &mut self.memory };
        let stop = drive(machine, &mut state, scene, &mut counter, Some(until));
        self.kept.entry(playbook).or_default().keep(&mut self.memory);
        tally.finish(machine, &state, stop, &mut self.memory, &[]);
        (state, stop)
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
    let run = Run::new(lifecycle, scenarios, options.seed, expected, stop);
    let shard = options.shard.unwrap_or(Shard { index: 1, of: 1 });
    let in_shard = |number: u64| number % shard.of.max(1) + 1 == shard.index;
    Ok(pool.install(|| {
        (0..customers.div_ceil(CHUNK))
            .into_par_iter()
            .fold(
                || LifecycleTally::new(lifecycle),
                |mut tally, chunk| {
                    let numbers = chunk * CHUNK..(chunk + 1).saturating_mul(CHUNK).min(customers);
                    let done = numbers.end - numbers.start;
                    for number in numbers {
                        if !run.stopped() && in_shard(number) {
                            let customer = given.as_ref().map(|given| given[number as usize].clone());
                            tally.life(&run, number, customer);
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

/// Figures that are told of a simulation of one playbook, and not of a playbook within a lifecycle: they are of the whole.
const OF_THE_WHOLE: [&str; 7] =
    ["version", "seed", "roles", "customers_under_way", "parts", "warming_up", "not_arrived"];

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
