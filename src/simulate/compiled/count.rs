//! Counting a batch whose journeys are over.
//!
//! What a customer's visits of a stage come to together is found through the visits alone: each visit looks at the sum and
//! the count of its customer, so that a sum over customers of `sum × sum` is one over visits of `time × sum`. Most customers
//! have no visit of most stages, and cost nothing there.

use super::batch::{Batch, Counts, LANES, MASK, Timed, Visits};
use super::expression::Column;
use crate::simulate::interval::Clusters;
use crate::simulate::tally::{StageTally, Tally, TaskTally};

/// What is needed to count, for use again.
#[derive(Debug)]
pub(super) struct Counting {
    /// By customer: the sum, and over how many; 0 between two uses.
    sums: Box<[(i64, i64); LANES]>,
    /// By customer: how often one exit was taken; 0 between two uses.
    taken: Box<[i64; LANES]>,
    times: Vec<i64>,
}

impl Default for Counting {
    fn default() -> Counting {
        Counting { sums: Box::new([(0, 0); LANES]), taken: Box::new([0; LANES]), times: Vec::new() }
    }
}

impl Counting {
    /// Counts the customers of a list, whose journeys are over; in the column `now` is when.
    pub(super) fn count(&mut self, batch: &Batch, list: &[u32], now: Column, tally: &mut Tally) {
        let Counts { ends, entered, visits, offered, not_required, complete } = &batch.counts;
        tally.customers += list.len() as u64;
        let now = &batch.columns[now];
        self.times.clear();
        self.times.extend(list.iter().map(|lane| now[*lane as usize & MASK]));
        tally.times.record_all(&self.times);
        tally.ends.iter_mut().zip(ends).for_each(|(end, count)| *end += count);
        for ((stage, entered), visits) in tally.stages.iter_mut().zip(entered).zip(visits) {
            stage.entered += entered;
            self.visits(visits, stage);
        }
        for (number, task) in tally.tasks.iter_mut().enumerate() {
            task.offered += offered[number];
            task.not_required += not_required[number];
            self.complete(&complete[number], task);
        }
    }

    /// Visits of one stage that are over.
    fn visits(&mut self, Visits { timed, ways }: &Visits, stage: &mut StageTally) {
        if ways.is_empty() {
            return;
        }
        stage.times.record_all(&timed.times);
        let counts = self.spread(timed, &mut stage.spread);
        let (sums, taken) = (&mut self.sums, &mut self.taken);
        for (exit, (count, spread)) in stage.exits.iter_mut().zip(&mut stage.exit_spread).enumerate() {
            let mut until = 0;
            let stretches = ways.iter().filter_map(|(way, end)| {
                let stretch = std::mem::replace(&mut until, *end)..*end;
                (*way == exit).then(|| timed.lanes.get(stretch)).flatten()
            });
            let stretches: Vec<&[u32]> = stretches.collect();
            let times: usize = stretches.iter().map(|lanes| lanes.len()).sum();
            *count += times as u64;
            if times == timed.lanes.len() {
                spread.add_sums(counts.into(), counts.into(), counts.into());
                continue;
            }
            let lanes = || stretches.iter().copied().flatten().map(|lane| *lane as usize & MASK);
            lanes().for_each(|lane| taken[lane] += 1);
            let (mut squares, mut products) = (0, 0);
            lanes().for_each(|lane| {
                squares += taken[lane];
                products += sums[lane].1;
            });
            lanes().for_each(|lane| taken[lane] = 0);
            spread.add_sums(squares.into(), products.into(), counts.into());
        }
        timed.lanes.iter().for_each(|lane| sums[*lane as usize & MASK] = (0, 0));
    }

    /// Tasks that are complete.
    fn complete(&mut self, complete: &Timed, task: &mut TaskTally) {
        if complete.lanes.is_empty() {
            return;
        }
        task.complete += complete.lanes.len() as u64;
        task.times.record_all(&complete.times);
        self.spread(complete, &mut task.spread);
        complete.lanes.iter().for_each(|lane| self.sums[*lane as usize & MASK] = (0, 0));
    }

    /// Adds up each customer's lengths of time, and counts how they vary. Gives the sum of the squares of the customers'
    /// counts.
    fn spread(&mut self, Timed { lanes, times }: &Timed, spread: &mut Clusters) -> i64 {
        for (lane, time) in lanes.iter().zip(times) {
            let (sum, count) = &mut self.sums[*lane as usize & MASK];
            *sum += time;
            *count += 1;
        }
        let (mut squares, mut products, mut counts) = (0_i128, 0_i128, 0);
        for (lane, time) in lanes.iter().zip(times) {
            let (sum, count) = self.sums[*lane as usize & MASK];
            squares += i128::from(*time) * i128::from(sum);
            products += i128::from(sum);
            counts += count;
        }
        spread.add_sums(squares, products, counts.into());
        counts
    }
}
