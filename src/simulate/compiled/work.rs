//! The work of a stage: facts set, tasks offered.

use super::batch::{Batch, LANES, Lanes, List, MASK, NEVER, column, partition};
use super::expression::{Column, UNKNOWN};
use super::flow::Flow;
use super::program::{Item, StageProgram, TaskProgram};

impl Batch {
    /// Work in its order; gives those who have done all of it.
    pub(super) fn work(&mut self, flow: &mut Flow<'_>, stage: &StageProgram, items: &[Item], mut list: List) -> List {
        for item in items {
            match item {
                Item::Set(store, term) => {
                    let values: Vec<i64> = list.iter().map(|lane| self.at(term, *lane as usize)).collect();
                    self.store(store, &list, &values);
                }
                Item::Tasks(tasks) => list = self.tasks(flow, stage, tasks, list),
            }
        }
        list
    }

    /// Tasks offered side by side, until all are settled.
    pub(super) fn tasks(
        &mut self,
        flow: &mut Flow<'_>,
        stage: &StageProgram,
        tasks: &[TaskProgram],
        list: List,
    ) -> List {
        let now = self.common.now[flow.depth];
        if let ([task], true) = (tasks, stage.urgent.is_empty() && stage.after.is_empty() && !flow.program.pending) {
            return self.task_alone(now, task, list);
        }
        // When the last of them is complete, by place in the list.
        let mut until: Vec<i64> = list.iter().map(|lane| self.columns[now][*lane as usize & MASK]).collect();
        let mut offered_to: Vec<List> = Vec::new();
        let mut any = self.list();
        for task in tasks {
            let offered = self.offer(task, &list);
            any.extend_from_slice(&offered);
            offered_to.push(offered);
        }
        any.sort_unstable();
        any.dedup();
        let (mut busy, mut idle) = (self.list(), self.list());
        partition(&list, &mut busy, &mut idle, |lane| any.binary_search(&(lane as u32)).is_ok());
        self.done(any);
        // What is offered may be left at once.
        let before = busy.len();
        let mut busy = self.take_first(flow, Some(stage), &stage.urgent, busy);
        if busy.len() < before {
            let mut still = self.list();
            still.extend_from_slice(&busy);
            still.sort_unstable();
            for offered in &mut offered_to {
                offered.retain(|lane| still.binary_search(lane).is_ok());
            }
            self.done(still);
        }
        let mut place = vec![0_u32; LANES];
        for (at, lane) in list.iter().enumerate() {
            place[*lane as usize & MASK] = at as u32;
        }
        let mut ends: Vec<(usize, List, Vec<i64>)> = Vec::new();
        for (number, (task, offered)) in tasks.iter().zip(offered_to).enumerate() {
            let (doing, lengths) = self.answer(task, offered);
            for (lane, length) in doing.iter().zip(&lengths) {
                let lane = *lane as usize & MASK;
                let at = place[lane] as usize;
                until[at] = until[at].max(self.columns[now][lane] + length);
            }
            ends.push((number, doing, lengths));
        }
        // Other things may come first: a time limit, a blocker that is resolved.
        let stopped = self.interrupted(flow, stage, &busy, |lane| until[place[lane] as usize]);
        let begun = |columns: &[Box<Lanes>], lane: usize| columns[now][lane & MASK];
        for (number, doing, lengths) in ends {
            let task = &tasks[number];
            for (lane, length) in doing.iter().zip(&lengths) {
                let at = *lane as usize & MASK;
                let limit = stopped.get(at).copied().unwrap_or(NEVER);
                let end = begun(&self.columns, at) + length;
                // What is complete at the very instant of a time limit is complete; at once needs no time.
                if end == limit && self.columns[self.common.resolved[flow.depth]][at] == limit {
                    self.left[at] = true;
                    self.anybody_left = true;
                }
                if end <= limit || *length == 0 {
                    self.counts.complete[task.task].push((*lane, *length));
                    self.note(task, *lane, 1);
                }
            }
            self.done(doing);
        }
        if !stopped.is_empty() {
            let (mut stay, mut stop) = (self.list(), self.list());
            partition(&busy, &mut stay, &mut stop, |lane| stopped[lane] == NEVER);
            self.done(std::mem::replace(&mut busy, stay));
            self.stop(flow, stage, stop, &stopped);
        }
        let nows = &mut self.columns[now];
        for lane in &busy {
            let lane = *lane as usize & MASK;
            nows[lane] = until[place[lane] as usize];
        }
        self.within_horizon(flow, &mut busy);
        let mut busy = self.take_first(flow, Some(stage), &stage.urgent, busy);
        busy.extend_from_slice(&idle);
        self.done(idle);
        self.done(list);
        busy
    }

    /// A single task that nothing can interrupt.
    pub(super) fn task_alone(&mut self, now: Column, task: &TaskProgram, list: List) -> List {
        let offered = self.offer(task, &list);
        let (doing, lengths) = self.answer(task, offered);
        self.counts.complete[task.task].extend(doing.iter().copied().zip(lengths.iter().copied()));
        let nows = &mut self.columns[now];
        let mut latest = 0;
        for (lane, length) in doing.iter().zip(&lengths) {
            let now = &mut nows[*lane as usize & MASK];
            *now += length;
            latest = latest.max(*now);
        }
        if task.settled.is_some() {
            doing.iter().for_each(|lane| self.note(task, *lane, 1));
        }
        self.done(doing);
        self.wholes.push(lengths);
        if latest <= self.horizon {
            return list;
        }
        let (mut stay, mut late) = (self.list(), self.list());
        let (nows, horizon) = (column(&self.columns, now), self.horizon);
        partition(&list, &mut stay, &mut late, |lane| nows[lane] <= horizon);
        self.abandon(late);
        self.done(list);
        stay
    }

    pub(super) fn note(&mut self, task: &TaskProgram, lane: u32, how: i64) {
        if let Some(settled) = task.settled {
            let settled = &mut self.columns[settled][lane as usize & MASK];
            // Once complete is complete for ever.
            *settled = if *settled == 1 { 1 } else { how };
        }
    }

    /// To whom a task is offered.
    pub(super) fn offer(&mut self, task: &TaskProgram, list: &[u32]) -> List {
        let mut offered = self.list();
        offered.extend_from_slice(list);
        if let Some(when) = &task.when {
            let (mut yes, mut no) = (self.list(), self.list());
            self.select(when, &offered, &mut yes, &mut no);
            // Nobody knows yet whether it is offered: it waits.
            let (mut unknown, mut others) = (self.list(), self.list());
            partition(&no, &mut unknown, &mut others, |lane| self.at(when, lane) == UNKNOWN);
            self.abandon(unknown);
            self.done(others);
            self.done(no);
            self.done(std::mem::replace(&mut offered, yes));
        }
        if let Some(settled) = task.settled {
            if task.credited {
                let (mut yes, mut no) = (self.list(), self.list());
                let settled = column(&self.columns, settled);
                partition(&offered, &mut yes, &mut no, |lane| settled[lane] == 0);
                self.done(no);
                self.done(std::mem::replace(&mut offered, yes));
            }
            let settled = &mut self.columns[settled];
            for lane in &offered {
                let settled = &mut settled[*lane as usize & MASK];
                *settled = i64::from(*settled == 1);
            }
        }
        self.counts.offered[task.task] += offered.len() as u64;
        offered
    }

    /// Who does an offered task, and how long it takes.
    pub(super) fn answer(&mut self, task: &TaskProgram, offered: List) -> (List, Vec<i64>) {
        let mut doing = offered;
        if let Some(done) = &task.done {
            let (mut yes, mut no) = (self.list(), self.list());
            self.chance(done, &doing, &mut yes, &mut no);
            self.counts.not_required[task.task] += no.len() as u64;
            if task.settled.is_some() {
                no.iter().for_each(|lane| self.note(task, *lane, 2));
            }
            self.done(no);
            self.done(std::mem::replace(&mut doing, yes));
        }
        let mut lengths = self.values_list();
        match &task.takes {
            Some(takes) => self.lengths(takes, &doing, &mut lengths),
            None => lengths.resize(doing.len(), 0),
        }
        (doing, lengths)
    }
}
