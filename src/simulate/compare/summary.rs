//! The figures of a comparison, ready to be shown.

use super::{Comparison, EndPairs, Line, Names, Paired, PartPairs, Side};
use crate::value::DAY;
use serde_json::{Map, Value, json};

/// Six decimals, as in a simulation.
pub(super) fn rounded(number: f64) -> f64 {
    // No -0 for what is 0.
    (number * 1e6).round() / 1e6 + 0.0
}

/// An end, of customers or of tracks.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeLine {
    /// Its name.
    pub name: String,
    /// How many came there, in each of the two; none where it has no such end.
    pub counts: [Option<u64>; 2],
    /// Which share of the customers, or of the tracks that have ended.
    pub share: Line,
    /// How many days it took those who came there.
    pub duration: Line,
}

/// A stage or a task.
#[derive(Debug, Clone, PartialEq)]
pub struct PartLine {
    /// Its name or number.
    pub name: String,
    /// Whether each of the two has it.
    pub known: [bool; 2],
    /// How often a customer comes to it: enters the stage, is offered the task.
    pub times: Line,
    /// Of a task: which share of those offered is complete.
    pub complete: Line,
    /// Days of a visit, or from offered to complete.
    pub duration: Line,
}

/// The figures of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonSummary {
    /// The playbooks.
    pub playbooks: [String; 2],
    /// The scenario of each.
    pub scenarios: [String; 2],
    /// The seed.
    pub seed: u64,
    /// Customers who went through both.
    pub customers: u64,
    /// Customers looked at in one of the two only.
    pub apart: [u64; 2],
    /// Where customers share people: from how many parts the intervals are made; else 0.
    pub parts: u64,
    /// The customer's ends, those of the first playbook first.
    pub outcomes: Vec<OutcomeLine>,
    /// Customers who are at no end: waiting, held, under way.
    pub unfinished: [OutcomeLine; 3],
    /// Customers who come elsewhere: from, to, how many; most first. Not known where customers share people.
    pub moved: Option<Vec<(String, String, u64)>>,
    /// Days of journeys that are over.
    pub duration: Line,
    /// Ends of tracks.
    pub tracks: Vec<OutcomeLine>,
    /// Stages.
    pub stages: Vec<PartLine>,
    /// Tasks.
    pub tasks: Vec<PartLine>,
}

const UNFINISHED: [&str; 3] = ["waiting", "held", "under_way"];

impl ComparisonSummary {
    /// The figures of what was counted of these two.
    #[must_use]
    pub fn new(sides: [Side<'_>; 2], seed: u64, counted: &Comparison) -> ComparisonSummary {
        let names = Names::new(sides);
        let observations = counted.observations;
        let days = |pairs: &Paired| pairs.line(observations).divided(DAY as f64);
        let share = |pairs: &Paired| {
            let line = if counted.by_customer { pairs.share() } else { pairs.line(observations) };
            line.divided(1.0)
        };
        let counts = |pairs: &Paired| pairs.counted().map(|(count, _)| u64::try_from(count).unwrap_or(0));
        let end = |(name, at): &(String, [Option<usize>; 2]), pairs: &EndPairs, share: Line| {
            let counts = counts(&pairs.share);
            OutcomeLine {
                name: name.clone(),
                counts: [0, 1].map(|side| at[side].map(|_| counts[side])),
                share,
                // Who came where, and when, is known of customers who are followed one by one.
                duration: if counted.by_customer { days(&pairs.duration) } else { Line::default() },
            }
        };
        let part = |(name, at): &(String, [Option<usize>; 2]), pairs: &PartPairs| PartLine {
            name: name.clone(),
            known: at.map(|at| at.is_some()),
            times: pairs.times.line(observations).divided(1.0),
            complete: pairs.complete.line(observations).divided(1.0),
            duration: days(&pairs.duration),
        };
        let unfinished = [0, 1, 2].map(|at| {
            let pairs = &counted.unfinished[at];
            OutcomeLine {
                name: UNFINISHED[at].to_owned(),
                counts: counts(pairs).map(Some),
                share: share(pairs),
                duration: Line::default(),
            }
        });
        let place = |at: usize| {
            let own = names.outcomes.get(at).map(|(name, _)| name.clone());
            own.unwrap_or_else(|| UNFINISHED.get(at - names.outcomes.len()).copied().unwrap_or_default().to_owned())
        };
        let mut moved: Vec<(String, String, u64)> =
            counted.moved.iter().map(|((from, to), count)| (place(*from), place(*to), *count)).collect();
        moved.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
        let outcomes = names.outcomes.iter().zip(&counted.outcomes);
        let tracks = names.tracks.iter().zip(&counted.tracks);
        ComparisonSummary {
            playbooks: sides.map(|side| side.machine.playbook.name.name.clone()),
            scenarios: sides.map(|side| side.scenario.name.name.clone()),
            seed,
            customers: counted.customers,
            apart: counted.apart,
            parts: if counted.by_customer { 0 } else { observations },
            outcomes: outcomes.map(|(name, pairs)| end(name, pairs, share(&pairs.share))).collect(),
            unfinished,
            moved: counted.by_customer.then_some(moved),
            duration: days(&counted.duration),
            tracks: tracks.map(|(name, pairs)| end(name, pairs, pairs.share.line(observations).divided(1.0))).collect(),
            stages: names.stages.iter().zip(&counted.stages).map(|(name, pairs)| part(name, pairs)).collect(),
            tasks: names.tasks.iter().zip(&counted.tasks).map(|(name, pairs)| part(name, pairs)).collect(),
        }
    }

    /// The machine output of `compare`, version 1.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let line = |line: &Line| {
            json!({
                "first": line.values[0],
                "second": line.values[1],
                "difference": line.difference,
                "low": line.interval.map(|ends| ends.low),
                "high": line.interval.map(|ends| ends.high),
            })
        };
        let end = |end: &OutcomeLine| {
            let told = json!({
                "first_count": end.counts[0],
                "second_count": end.counts[1],
                "share": line(&end.share),
                "duration_days": line(&end.duration),
            });
            (end.name.clone(), told)
        };
        let unfinished = self.unfinished.iter().map(|one| {
            let told = json!({
                "first_count": one.counts[0],
                "second_count": one.counts[1],
                "share": line(&one.share),
            });
            (one.name.clone(), told)
        });
        let stages = self.stages.iter().map(|stage| {
            let told = json!({ "entered_per_customer": line(&stage.times), "duration_days": line(&stage.duration) });
            (stage.name.clone(), told)
        });
        let tasks = self.tasks.iter().map(|task| {
            let told = json!({
                "offered_per_customer": line(&task.times),
                "complete": line(&task.complete),
                "duration_days": line(&task.duration),
            });
            (task.name.clone(), told)
        });
        let moved = self.moved.as_ref().map(|moved| {
            let moved = moved.iter().map(|(from, to, count)| json!({ "from": from, "to": to, "count": count }));
            moved.collect::<Vec<Value>>()
        });
        json!({
            "version": 1,
            "first": { "playbook": self.playbooks[0], "scenario": self.scenarios[0] },
            "second": { "playbook": self.playbooks[1], "scenario": self.scenarios[1] },
            "seed": self.seed,
            "customers": self.customers,
            "apart": self.apart,
            "parts": self.parts,
            "outcomes": self.outcomes.iter().map(end).collect::<Map<String, Value>>(),
            "unfinished": unfinished.collect::<Map<String, Value>>(),
            "moved": moved,
            "duration_days": line(&self.duration),
            "tracks": self.tracks.iter().map(end).collect::<Map<String, Value>>(),
            "stages": stages.collect::<Map<String, Value>>(),
            "tasks": tasks.collect::<Map<String, Value>>(),
        })
    }
}
