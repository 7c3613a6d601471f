//! The figures of a simulation, ready to be shown.

use super::statistics::{Times, wilson};
use super::tally::{Tally, UnfinishedTally, WaitKind, of_customer};
use crate::run::Machine;
use serde_json::{Map, Value, json};

/// A share of the customers, with its 95% confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of all, from 0 to 1; 0 of nobody.
    pub share: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

impl Share {
    fn new(count: u64, of: u64) -> Share {
        let (low, high) = wilson(count, of);
        let share = if of == 0 { 0.0 } else { count as f64 / of as f64 };
        Share { count, share: rounded(share), low: rounded(low), high: rounded(high) }
    }
}

/// Lengths of time in days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Days {
    /// The mean.
    pub mean: f64,
    /// Half are not longer.
    pub p50: f64,
    /// Nine in ten are not longer.
    pub p90: f64,
    /// The longest.
    pub max: f64,
}

impl Days {
    /// None of nothing.
    fn of(times: &Times) -> Option<Days> {
        (times.count() > 0).then(|| Days {
            mean: rounded(times.mean_days()),
            p50: rounded(times.quantile_days(0.5)),
            p90: rounded(times.quantile_days(0.9)),
            max: rounded(times.most_days()),
        })
    }
}

/// Six decimals: a tenth of a second, and less than one customer in a million.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

/// One stage.
#[derive(Debug, Clone, PartialEq)]
pub struct StageFigures {
    /// Its name.
    pub name: String,
    /// How often it was entered.
    pub entered: u64,
    /// How long visits lasted.
    pub duration: Option<Days>,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFigures {
    /// Its number or name.
    pub label: String,
    /// How often it was offered.
    pub offered: u64,
    /// How often it was completed.
    pub complete: u64,
}

/// Customers who are not at an end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unfinished {
    /// How many.
    pub customers: u64,
    /// For what they wait, the most frequent first: kind, name, how many customers.
    pub waits: Vec<(WaitKind, String, u64)>,
}

impl Unfinished {
    fn of(tally: &UnfinishedTally) -> Unfinished {
        let waits = tally.waits.iter().map(|((kind, name), count)| (*kind, name.clone(), *count));
        let mut waits: Vec<(WaitKind, String, u64)> = waits.collect();
        waits.sort_by_key(|(_, _, customers)| std::cmp::Reverse(*customers));
        Unfinished { customers: tally.customers, waits }
    }
}

/// The figures of a simulation.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The playbook's name.
    pub playbook: String,
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Customers looked at.
    pub customers: u64,
    /// The customer's ends in declared order.
    pub outcomes: Vec<(String, Share)>,
    /// Ends of tracks in declared order: how many tracks came there.
    pub tracks: Vec<(String, u64)>,
    /// How long journeys took that are over.
    pub duration: Option<Days>,
    /// Stages in declared order.
    pub stages: Vec<StageFigures>,
    /// Tasks in declared order.
    pub tasks: Vec<TaskFigures>,
    /// Customers whom nothing that time could bring moves.
    pub waiting: Unfinished,
    /// The same, with a need that is not met.
    pub held: Unfinished,
    /// Customers for whom something was still to come at the horizon.
    pub under_way: Unfinished,
    /// What the scenario said and the playbook does not allow: message, how often.
    pub rejected: Vec<(String, u64)>,
}

impl Summary {
    /// The figures of a tally of this playbook.
    #[must_use]
    pub fn new(machine: &Machine, scenario: &str, seed: u64, tally: &Tally) -> Summary {
        let playbook = &machine.playbook;
        let ends = || playbook.ends.iter().zip(&tally.ends).enumerate();
        Summary {
            playbook: playbook.name.name.clone(),
            scenario: scenario.to_owned(),
            seed,
            customers: tally.customers,
            outcomes: ends()
                .filter(|(index, _)| of_customer(machine, *index))
                .map(|(_, (end, count))| (end.name.name.clone(), Share::new(*count, tally.customers)))
                .collect(),
            tracks: ends()
                .filter(|(index, _)| !of_customer(machine, *index))
                .map(|(_, (end, count))| (end.name.name.clone(), *count))
                .collect(),
            duration: Days::of(&tally.times),
            stages: playbook
                .stages
                .iter()
                .zip(&tally.stages)
                .map(|(stage, tally)| StageFigures {
                    name: stage.name.name.clone(),
                    entered: tally.entered,
                    duration: Days::of(&tally.times),
                })
                .collect(),
            tasks: playbook
                .tasks
                .iter()
                .zip(&tally.tasks)
                .map(|(task, tally)| TaskFigures {
                    label: task.label(),
                    offered: tally.offered,
                    complete: tally.complete,
                })
                .collect(),
            waiting: Unfinished::of(&tally.waiting),
            held: Unfinished::of(&tally.held),
            under_way: Unfinished::of(&tally.under_way),
            rejected: tally.rejected.iter().map(|(message, count)| (message.clone(), *count)).collect(),
        }
    }

    /// The machine output of `simulate`, version 1.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let map =
            |pairs: &mut dyn Iterator<Item = (String, Value)>| Value::Object(pairs.collect::<Map<String, Value>>());
        json!({
            "version": 1,
            "playbook": self.playbook,
            "scenario": self.scenario,
            "seed": self.seed,
            "customers": self.customers,
            "outcomes": map(&mut self.outcomes.iter().map(|(name, share)| {
                let share =
                    json!({ "count": share.count, "share": share.share, "low": share.low, "high": share.high });
                (name.clone(), share)
            })),
            "tracks": map(&mut self.tracks.iter().map(|(name, count)| (name.clone(), json!(count)))),
            "duration_days": self.duration.map_or(Value::Null, |days| {
                json!({ "mean": days.mean, "p50": days.p50, "p90": days.p90, "max": days.max })
            }),
            "stages": map(&mut self.stages.iter().map(|stage| {
                let duration = stage.duration.map_or(Value::Null, |days| {
                    json!({ "mean": days.mean, "p50": days.p50, "p90": days.p90, "max": days.max })
                });
                (stage.name.clone(), json!({ "entered": stage.entered, "duration_days": duration }))
            })),
            "tasks": map(&mut self.tasks.iter().map(|task| {
                (task.label.clone(), json!({ "offered": task.offered, "complete": task.complete }))
            })),
            "unfinished": {
                "waiting": unfinished(&self.waiting),
                "held": unfinished(&self.held),
                "under_way": unfinished(&self.under_way),
            },
            "rejected": self.rejected.iter().map(|(message, count)| json!({ "message": message, "count": count }))
                .collect::<Vec<Value>>(),
        })
    }
}

fn unfinished(unfinished: &Unfinished) -> Value {
    let waits = unfinished
        .waits
        .iter()
        .map(|(kind, name, customers)| json!({ "kind": kind, "name": name, "customers": customers }));
    json!({ "customers": unfinished.customers, "for": waits.collect::<Vec<Value>>() })
}
