//! The figures of a simulation, ready to be shown.

use super::interval::{Clusters, Interval, of_mean, of_parts, of_share};
use super::level::Level;
use super::statistics::Times;
use super::tally::{Tally, UnfinishedTally, WaitKind, of_customer};
use crate::model::Trigger;
use crate::run::Machine;
use crate::value::DAY;
use serde_json::{Map, Value, json};

/// Into so many stretches of time a single simulation is cut for intervals of means over time.
const STRETCHES: usize = 20;

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
    pub(super) fn new(count: u64, of: u64, parts: &[(f64, f64)]) -> Share {
        let interval = of_share(count, of, parts);
        let share = if of == 0 { 0.0 } else { count as f64 / of as f64 };
        Share { count, share: rounded(share), low: rounded(interval.low), high: rounded(interval.high) }
    }

    /// With an interval at least as wide as this one.
    pub(super) fn widen(&mut self, other: Option<Interval>) {
        if let Some(other) = other {
            self.low = self.low.min(rounded(other.low.max(0.0)));
            self.high = self.high.max(rounded(other.high.min(1.0)));
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({ "count": self.count, "share": self.share, "low": self.low, "high": self.high })
    }
}

/// Lengths of time in days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Days {
    /// How many there are.
    pub count: u64,
    /// The mean.
    pub mean: f64,
    /// The 95% confidence interval of the mean; none where there are too few to say.
    pub interval: Option<Interval>,
    /// Half are not longer.
    pub p50: f64,
    /// Nine in ten are not longer.
    pub p90: f64,
    /// The longest.
    pub max: f64,
}

impl Days {
    /// None of nothing.
    fn of(times: &Times, interval: Option<Interval>) -> Option<Days> {
        (times.count() > 0).then(|| Days {
            count: times.count(),
            mean: rounded(times.mean_days()),
            // A length of time is never below 0.
            interval: interval.map(|ends| Interval { low: rounded(ends.low.max(0.0)), high: rounded(ends.high) }),
            p50: rounded(times.quantile_days(0.5)),
            p90: rounded(times.quantile_days(0.9)),
            max: rounded(times.most_days()),
        })
    }

    /// Of times that do not depend on each other.
    pub(super) fn of_independent(times: &Times) -> Option<Days> {
        Days::of(times, of_mean(times.mean_days(), times.deviation_days(), times.count()))
    }

    /// Of times of which one customer may have several.
    pub(super) fn of_clusters(times: &Times, spread: &Clusters, customers: u64) -> Option<Days> {
        let seconds = times.mean_days() * DAY as f64 * times.count() as f64;
        let days = |end: f64| end / DAY as f64;
        let interval = spread.interval(seconds, times.count() as f64, customers);
        Days::of(times, interval.map(|ends| Interval { low: days(ends.low), high: days(ends.high) }))
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "mean": self.mean,
            "low": self.interval.map(|interval| interval.low),
            "high": self.interval.map(|interval| interval.high),
            "p50": self.p50,
            "p90": self.p90,
            "max": self.max,
        })
    }
}

/// A number over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// The mean over time.
    pub mean: f64,
    /// The 95% confidence interval of the mean.
    pub interval: Option<Interval>,
    /// The most it was.
    pub max: u64,
    /// By stretch of time: the day it begins, and the mean in it.
    pub course: Vec<(f64, f64)>,
}

impl Course {
    fn of(level: &Level, interval: Option<Interval>) -> Course {
        Course {
            mean: rounded(level.mean()),
            interval: interval.map(|ends| Interval { low: rounded(ends.low.max(0.0)), high: rounded(ends.high) }),
            max: level.most(),
            course: level.course().map(|(day, mean)| (rounded(day), rounded(mean))).collect(),
        }
    }

    fn json(&self) -> Value {
        json!({
            "mean": self.mean,
            "low": self.interval.map(|interval| interval.low),
            "high": self.interval.map(|interval| interval.high),
            "max": self.max,
            "course": self.course,
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
    /// By which exits it was left.
    pub exits: Vec<ExitFigures>,
}

/// A way out of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct ExitFigures {
    /// Where it leads; none for whatever is no transition of the stage: its block was left, or its service dropped.
    pub to: Option<String>,
    /// What makes it fire: `done`, `whenever`, `on` or `after`.
    pub by: &'static str,
    /// How often it was taken, of the visits that are over.
    pub share: Share,
}

/// One task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskFigures {
    /// Its number or name.
    pub label: String,
    /// How often it was offered.
    pub offered: u64,
    /// How often it was completed.
    pub complete: u64,
    /// How often it was declared not required.
    pub not_required: u64,
    /// From offered to complete.
    pub duration: Option<Days>,
    /// In the line of its roles until somebody began, also where it was cancelled then; none where nobody is scarce.
    pub wait: Option<Days>,
}

/// The people of a role.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleFigures {
    /// Its name.
    pub name: String,
    /// How many there are.
    pub people: u64,
    /// Which share of their working time they were taken, from 0 to 1.
    pub utilisation: f64,
    /// Its 95% confidence interval.
    pub interval: Option<Interval>,
    /// How long tasks waited in the line until somebody began.
    pub queue_wait: Option<Days>,
    /// How many tasks waited.
    pub line: Course,
    /// How many people were taken.
    pub taken: Course,
    /// Tasks that still waited at the end.
    pub in_line: u64,
    /// Working time, in days of 24 hours.
    pub worked_days: f64,
    /// Of it, beyond working hours.
    pub overtime_days: f64,
    /// What it costs, where somebody has a rate.
    pub cost: Option<f64>,
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
    /// From how many parts intervals are made, where customers depend on each other; else 0.
    pub parts: usize,
    /// Customers who came in the warm-up, and are in no other figure of customers.
    pub warming_up: u64,
    /// Customers who had not come by the horizon.
    pub not_arrived: u64,
    /// How many customers were under way, where they share a clock.
    pub customers_under_way: Option<Course>,
    /// Roles with staffing, in declared order.
    pub roles: Vec<RoleFigures>,
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

/// The sums and counts of the parts, for one figure.
fn parts(tally: &Tally, figure: impl Fn(&Tally) -> (f64, f64)) -> Vec<(f64, f64)> {
    tally.parts.iter().map(figure).collect()
}

/// Sum in days, and count.
fn in_days(times: &Times) -> (f64, f64) {
    (times.mean_days() * times.count() as f64, times.count() as f64)
}

fn duration(tally: &Tally) -> Option<Days> {
    let interval = if tally.parts.is_empty() {
        of_mean(tally.times.mean_days(), tally.times.deviation_days(), tally.times.count())
    } else {
        of_parts(&parts(tally, |part| in_days(&part.times)))
    };
    Days::of(&tally.times, interval)
}

/// Of several visits or tasks of a customer: the interval by customers or by parts.
fn several(tally: &Tally, spread: &Clusters, times: impl Fn(&Tally) -> &Times) -> Option<Days> {
    let own = times(tally);
    let interval = if tally.parts.is_empty() {
        return Days::of_clusters(own, spread, tally.customers);
    } else {
        of_parts(&parts(tally, |part| in_days(times(part))))
    };
    Days::of(own, interval)
}

fn stage(machine: &Machine, tally: &Tally, index: usize) -> StageFigures {
    let (known, counted) = (&machine.playbook.stages[index], &tally.stages[index]);
    let left = counted.times.count();
    let exits = counted.exits.iter().enumerate().filter_map(|(exit, count)| {
        let transition = known.exits.get(exit).map(|id| &machine.playbook.transitions[id.index()]);
        if transition.is_none() && *count == 0 {
            return None;
        }
        let by = match transition.map(|transition| &transition.trigger) {
            Some(Trigger::Completion(_) | Trigger::Otherwise) => "done",
            Some(Trigger::Whenever(_)) => "whenever",
            Some(Trigger::On(..)) => "on",
            Some(Trigger::After(_) | Trigger::AfterLastRound(_)) => "after",
            None => "other",
        };
        let of = |part: &Tally| (part.stages[index].exits[exit] as f64, part.stages[index].times.count() as f64);
        let mut share = Share::new(*count, left, &parts(tally, of));
        let spread = counted.exit_spread[exit].interval(*count as f64, left as f64, tally.customers);
        share.widen(spread.filter(|_| tally.parts.is_empty()));
        let to = transition.map(|transition| machine.playbook.place_name(transition.target).name.clone());
        Some(ExitFigures { to, by, share })
    });
    StageFigures {
        name: known.name.name.clone(),
        entered: counted.entered,
        duration: several(tally, &counted.spread, |part| &part.stages[index].times),
        exits: exits.collect(),
    }
}

/// The interval of a mean over time: by replications, or by stretches of time.
fn over_time(tally: &Tally, level: impl Fn(&Tally) -> Option<&Level>) -> Option<Interval> {
    let replications: Vec<(f64, f64)> =
        tally.parts.iter().filter_map(&level).map(|level| (level.sum() as f64, level.seconds() as f64)).collect();
    if replications.iter().any(|(_, seconds)| *seconds > 0.0) {
        return of_parts(&replications);
    }
    let stretches = level(tally)?.parts(STRETCHES);
    of_parts(&stretches.iter().map(|(sum, seconds)| (*sum as f64, *seconds as f64)).collect::<Vec<_>>())
}

fn role(machine: &Machine, tally: &Tally, index: usize) -> Option<RoleFigures> {
    let counted = tally.roles.get(index).filter(|role| role.people > 0)?;
    let share = |busy: i128, available: i128| if available > 0 { busy as f64 / available as f64 } else { 0.0 };
    let utilisation = share(counted.busy, counted.available);
    let of_parts_busy: Vec<(f64, f64)> = tally
        .parts
        .iter()
        .filter_map(|part| part.roles.get(index))
        .map(|role| (role.busy as f64, role.available as f64))
        .collect();
    let interval = if of_parts_busy.is_empty() {
        // By stretches of time people are counted, not their hours: how much it varies is the same share of it.
        let taken = over_time(tally, |part| Some(&part.roles.get(index)?.taken));
        let mean = counted.taken.mean();
        taken
            .filter(|_| mean > 0.0)
            .map(|ends| Interval { low: ends.low / mean * utilisation, high: ends.high / mean * utilisation })
    } else {
        of_parts(&of_parts_busy)
    };
    let waits = &tally.waits[index];
    let waits = Days::of(waits, of_parts(&parts(tally, |part| in_days(&part.waits[index]))));
    let days = |seconds: i128| rounded(seconds as f64 / DAY as f64);
    Some(RoleFigures {
        name: machine.playbook.roles[index].name.clone(),
        people: counted.people,
        utilisation: rounded(utilisation),
        interval: interval.map(|ends| Interval { low: rounded(ends.low.max(0.0)), high: rounded(ends.high.min(1.0)) }),
        queue_wait: waits,
        line: Course::of(&counted.line, over_time(tally, |part| Some(&part.roles.get(index)?.line))),
        taken: Course::of(&counted.taken, over_time(tally, |part| Some(&part.roles.get(index)?.taken))),
        in_line: counted.in_line,
        worked_days: days(counted.busy + counted.overtime),
        overtime_days: days(counted.overtime),
        // Millionths of a rate for an hour, times seconds.
        cost: counted.has_cost.then(|| (counted.cost as f64 / 3.6e9 * 100.0).round() / 100.0),
    })
}

impl Summary {
    /// The figures of a tally of this playbook.
    #[must_use]
    pub fn new(machine: &Machine, scenario: &str, seed: u64, tally: &Tally) -> Summary {
        let playbook = &machine.playbook;
        let ends = || playbook.ends.iter().zip(&tally.ends).enumerate();
        let together = !tally.roles.is_empty();
        Summary {
            playbook: playbook.name.name.clone(),
            scenario: scenario.to_owned(),
            seed,
            customers: tally.customers,
            parts: tally.parts.len(),
            warming_up: tally.warming_up,
            not_arrived: tally.not_arrived,
            customers_under_way: together.then(|| {
                let interval = over_time(tally, |part| Some(&part.customers_under_way));
                Course::of(&tally.customers_under_way, interval)
            }),
            roles: (0..playbook.roles.len()).filter_map(|index| role(machine, tally, index)).collect(),
            outcomes: ends()
                .filter(|(index, _)| of_customer(machine, *index))
                .map(|(index, (end, count))| {
                    let parts = parts(tally, |part| (part.ends[index] as f64, part.customers as f64));
                    (end.name.name.clone(), Share::new(*count, tally.customers, &parts))
                })
                .collect(),
            tracks: ends()
                .filter(|(index, _)| !of_customer(machine, *index))
                .map(|(_, (end, count))| (end.name.name.clone(), *count))
                .collect(),
            duration: duration(tally),
            stages: (0..playbook.stages.len()).map(|index| stage(machine, tally, index)).collect(),
            tasks: playbook
                .tasks
                .iter()
                .zip(&tally.tasks)
                .enumerate()
                .map(|(index, (task, counted))| TaskFigures {
                    label: task.label(),
                    offered: counted.offered,
                    complete: counted.complete,
                    not_required: counted.not_required,
                    duration: several(tally, &counted.spread, |part| &part.tasks[index].times),
                    wait: {
                        let waits = parts(tally, |part| in_days(&part.tasks[index].waits));
                        Days::of(&counted.waits, of_parts(&waits))
                    },
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
        let days = |days: &Option<Days>| days.as_ref().map_or(Value::Null, Days::json);
        json!({
            "version": 1,
            "playbook": self.playbook,
            "scenario": self.scenario,
            "seed": self.seed,
            "customers": self.customers,
            "warming_up": self.warming_up,
            "not_arrived": self.not_arrived,
            "parts": self.parts,
            "outcomes": map(&mut self.outcomes.iter().map(|(name, share)| (name.clone(), share.json()))),
            "tracks": map(&mut self.tracks.iter().map(|(name, count)| (name.clone(), json!(count)))),
            "duration_days": days(&self.duration),
            "stages": map(&mut self.stages.iter().map(|stage| {
                let exits = stage.exits.iter().map(|exit| {
                    let mut value = exit.share.json();
                    if let Value::Object(fields) = &mut value {
                        fields.insert("to".to_owned(), json!(exit.to));
                        fields.insert("by".to_owned(), json!(exit.by));
                    }
                    value
                });
                let exits: Vec<Value> = exits.collect();
                let value =
                    json!({ "entered": stage.entered, "duration_days": days(&stage.duration), "exits": exits });
                (stage.name.clone(), value)
            })),
            "tasks": map(&mut self.tasks.iter().map(|task| {
                let value = json!({
                    "offered": task.offered,
                    "complete": task.complete,
                    "not_required": task.not_required,
                    "duration_days": days(&task.duration),
                    "wait_days": days(&task.wait),
                });
                (task.label.clone(), value)
            })),
            "roles": map(&mut self.roles.iter().map(|role| (role.name.clone(), role.json()))),
            "customers_under_way": self.customers_under_way.as_ref().map_or(Value::Null, Course::json),
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

impl RoleFigures {
    fn json(&self) -> Value {
        json!({
            "people": self.people,
            "utilisation": self.utilisation,
            "utilisation_low": self.interval.map(|interval| interval.low),
            "utilisation_high": self.interval.map(|interval| interval.high),
            "queue_wait_days": self.queue_wait.as_ref().map_or(Value::Null, Days::json),
            "line": self.line.json(),
            "taken": self.taken.json(),
            "in_line": self.in_line,
            "worked_days": self.worked_days,
            "overtime_days": self.overtime_days,
            "cost": self.cost,
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
