//! What time brings to tracks in a stage: rounds, time limits, the end of blockers.

use super::batch::{Batch, LANES, List, MASK, NEVER, column, partition};
use super::flow::{Flow, MOST_VISITS};
use super::program::{Exit, StageProgram};

/// A round, in millionths.
pub(super) const ROUND: i64 = 1_000_000;

impl Batch {
    /// When a time limit or the end of a blocker comes before work is over, by place in the batch; empty where nothing can.
    pub(super) fn interrupted(
        &mut self,
        flow: &Flow<'_>,
        stage: &StageProgram,
        list: &[u32],
        until: impl Fn(usize) -> i64,
    ) -> Vec<i64> {
        if stage.after.is_empty() && !flow.program.pending {
            return Vec::new();
        }
        let mut stopped = vec![NEVER; LANES];
        let resolved_at = self.common.resolved[flow.depth];
        for lane in list {
            let lane = *lane as usize & MASK;
            let limit = self.limit(stage, lane);
            let resolved = self.columns[resolved_at][lane];
            let until = until(lane);
            if resolved <= until && resolved <= limit {
                if stage.on_resolved.is_empty() {
                    self.columns[resolved_at][lane] = NEVER;
                } else {
                    stopped[lane] = resolved;
                    continue;
                }
            }
            if limit < until {
                stopped[lane] = limit;
            }
        }
        stopped
    }

    /// When the first time limit of a stage is over.
    pub(super) fn limit(&self, stage: &StageProgram, lane: usize) -> i64 {
        let clock = self.columns[stage.columns.clock][lane & MASK];
        let open = |exit: &Exit| exit.limit.is_none_or(|(limit, count)| self.columns[count][lane & MASK] < limit);
        let times = stage.after.iter().filter(|(_, exit)| open(exit)).filter_map(|(time, _)| *time);
        times.map(|time| clock.saturating_add(time)).min().unwrap_or(NEVER)
    }

    /// Tracks whose work is interrupted at these instants.
    pub(super) fn stop(&mut self, flow: &mut Flow<'_>, stage: &StageProgram, list: List, at: &[i64]) {
        let (now, resolved) = (self.common.now[flow.depth], self.common.resolved[flow.depth]);
        let (mut cleared, mut over) = (self.list(), self.list());
        partition(&list, &mut cleared, &mut over, |lane| self.columns[resolved][lane] == at[lane]);
        for lane in &list {
            let lane = *lane as usize & MASK;
            self.columns[now][lane] = at[lane];
        }
        self.happens(flow, &list);
        self.done(list);
        for lane in &cleared {
            self.columns[resolved][*lane as usize & MASK] = NEVER;
        }
        self.within_horizon(flow, &mut cleared);
        self.within_horizon(flow, &mut over);
        let stay = self.take_first(flow, Some(stage), &stage.on_resolved, cleared);
        // The work goes on after a blocker that moved nobody: rare, and left to the interpreter.
        self.abandon(stay);
        self.time_is_over(flow, stage, over);
    }

    /// Tracks whose time limit is over now.
    pub(super) fn time_is_over(&mut self, flow: &mut Flow<'_>, stage: &StageProgram, mut list: List) {
        let now = self.common.now[flow.depth];
        for (time, exit) in &stage.after {
            let Some(time) = time else { continue };
            // The one that is due first; of several, the one written first.
            let (mut yes, mut no) = (self.list(), self.list());
            let least = |lane: usize| self.limit(stage, lane);
            partition(&list, &mut yes, &mut no, |lane| {
                let due = self.columns[stage.columns.clock][lane].saturating_add(*time);
                due == least(lane) && due <= self.columns[now][lane]
            });
            let yes = self.within_limit(exit, yes, &mut no);
            self.go(flow, Some(stage), exit, yes);
            self.done(std::mem::replace(&mut list, no));
        }
        self.abandon(list);
    }

    /// Beyond the horizon journeys are looked at by the interpreter.
    pub(super) fn within_horizon(&mut self, flow: &Flow<'_>, list: &mut List) {
        let (now, horizon) = (column(&self.columns, self.common.now[flow.depth]), self.horizon);
        if list.iter().all(|lane| now[*lane as usize & MASK] <= horizon) {
            return;
        }
        let (mut stay, mut late) = (self.list(), self.list());
        let now = column(&self.columns, self.common.now[flow.depth]);
        partition(list, &mut stay, &mut late, |lane| now[lane] <= horizon);
        self.abandon(late);
        self.done(std::mem::replace(list, stay));
    }

    /// Tracks whose work is done and that stay: until rounds, time limits and the end of blockers have moved them.
    pub(super) fn wait(&mut self, flow: &mut Flow<'_>, stage: &StageProgram, mut list: List) {
        let (now, resolved) = (self.common.now[flow.depth], self.common.resolved[flow.depth]);
        self.happens(flow, &list);
        let due = stage.columns.due;
        let simple = stage.after.iter().all(|(time, _)| time.is_none()) && !flow.program.pending;
        let mut first = true;
        self.spent = false;
        while !list.is_empty() {
            self.visits += 1;
            if self.visits > MOST_VISITS {
                return self.abandon(list);
            }
            if simple {
                // Whoever has no round to come any more waits for ever.
                let last = std::mem::replace(&mut self.spent, false);
                if first || last {
                    let (mut some, mut none) = (self.list(), self.list());
                    let dues = column(&self.columns, due);
                    partition(&list, &mut some, &mut none, |lane| dues[lane] != NEVER);
                    self.done(std::mem::replace(&mut list, some));
                    self.abandon(none);
                }
                first = false;
                if let Some(abreast) = &stage.abreast {
                    return self.abreast(flow, stage, abreast, list);
                }
                list = self.rounds(flow, stage, list);
            } else {
                let mut rounds = self.list();
                let (mut cleared, mut over, mut never) = (self.list(), self.list(), self.list());
                for lane in &list {
                    let at = *lane as usize & MASK;
                    let (limit, due, resolved) =
                        (self.limit(stage, at), self.columns[due][at], self.columns[resolved][at]);
                    let next = limit.min(due).min(resolved);
                    let to = if next == NEVER || resolved == due {
                        &mut never
                    } else if resolved == next {
                        &mut cleared
                    } else if due == next {
                        &mut rounds
                    } else {
                        &mut over
                    };
                    to.push(*lane);
                    self.columns[now][at] = next;
                }
                self.done(list);
                self.abandon(never);
                for lane in &cleared {
                    self.columns[resolved][*lane as usize & MASK] = NEVER;
                }
                self.within_horizon(flow, &mut cleared);
                self.within_horizon(flow, &mut over);
                self.time_is_over(flow, stage, over);
                let cleared = self.take_first(flow, Some(stage), &stage.on_resolved, cleared);
                // A time limit may be over at this instant too.
                list = self.over_now(flow, stage, cleared);
                if rounds.is_empty() {
                    self.done(rounds);
                    continue;
                }
                let more = self.list();
                let waiting = std::mem::replace(&mut list, more);
                let stay = self.rounds(flow, stage, rounds);
                list.extend_from_slice(&stay);
                list.extend_from_slice(&waiting);
                self.done(stay);
                self.done(waiting);
            }
        }
        self.done(list);
    }

    /// Of those who stay, whose time limit is over at this very instant.
    pub(super) fn over_now(&mut self, flow: &mut Flow<'_>, stage: &StageProgram, list: List) -> List {
        if stage.after.iter().all(|(time, _)| time.is_none()) {
            return list;
        }
        let now = self.common.now[flow.depth];
        let (mut over, mut stay) = (self.list(), self.list());
        partition(&list, &mut over, &mut stay, |lane| self.limit(stage, lane) <= self.columns[now][lane]);
        self.done(list);
        self.time_is_over(flow, stage, over);
        stay
    }

    /// A round of each of these; gives those who stay.
    pub(super) fn rounds(&mut self, flow: &mut Flow<'_>, stage: &StageProgram, list: List) -> List {
        let Some(cadence) = &stage.cadence else {
            self.abandon(list);
            return self.list();
        };
        let columns = stage.columns;
        let now = self.common.now[flow.depth];
        let mut list = list;
        let mut latest = 0;
        if let Ok([nows, due]) = self.columns.get_disjoint_mut([now, columns.due]) {
            for lane in &list {
                let lane = *lane as usize & MASK;
                nows[lane] = due[lane];
                latest = latest.max(due[lane]);
            }
        }
        if latest > self.horizon {
            self.within_horizon(flow, &mut list);
        }
        if !cadence.draws.is_empty() {
            list = self.draws(flow, stage, cadence, list);
        }
        // The round begins.
        let full = cadence.limit.unwrap_or(NEVER);
        let mut spent = false;
        if let Ok([nows, due, round]) = self.columns.get_disjoint_mut([now, columns.due, columns.round]) {
            for lane in &list {
                let lane = *lane as usize & MASK;
                round[lane] += ROUND;
                let last = round[lane] >= full;
                spent |= last;
                due[lane] = if last { NEVER } else { nows[lane] + cadence.period };
            }
        }
        self.spent = spent;
        if !cadence.work.is_empty() {
            list = self.work(flow, stage, &cadence.work, list);
            if let Ok([nows, due]) = self.columns.get_disjoint_mut([now, columns.due]) {
                for lane in &list {
                    let lane = *lane as usize & MASK;
                    due[lane] = if due[lane] == NEVER { NEVER } else { nows[lane] + cadence.period };
                }
            }
        }
        if cadence.opens {
            list = self.settle(flow, stage, list);
        }
        // Time limits, and the end of the last round.
        for (time, exit) in &stage.after {
            if time.is_some() || !spent {
                continue;
            }
            let (mut spent, mut stay) = (self.list(), self.list());
            let dues = column(&self.columns, columns.due);
            partition(&list, &mut spent, &mut stay, |lane| dues[lane] == NEVER);
            let spent = self.within_limit(exit, spent, &mut stay);
            if stage.after.len() > 1 {
                // Which of two comes first at one instant is for the interpreter to say.
                let (mut both, mut one) = (self.list(), self.list());
                partition(&spent, &mut both, &mut one, |lane| self.limit(stage, lane) <= self.columns[now][lane]);
                self.abandon(both);
                self.done(spent);
                self.go(flow, Some(stage), exit, one);
            } else {
                self.go(flow, Some(stage), exit, spent);
            }
            self.done(std::mem::replace(&mut list, stay));
        }
        self.over_now(flow, stage, list)
    }
}
