//! The work of a stage: facts set, tasks offered.

use super::batch::{Batch, LANES, Lanes, List, MASK, NEVER, column, partition};
use super::expression::UNKNOWN;
use super::flow::Flow;
use super::program::{Item, StageProgram, TaskProgram};
use super::trail::Record;

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
            return self.task_alone(flow, task, list);
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
            for (task, offered) in tasks.iter().zip(&mut offered_to) {
                let mut gone = self.list();
                gone.extend(offered.iter().filter(|lane| still.binary_search(lane).is_err()));
                self.offered_only(task, &gone);
                self.done(gone);
                offered.retain(|lane| still.binary_search(lane).is_ok());
            }
            self.done(still);
        }
        let mut place = vec![0_u32; LANES];
        for (at, lane) in list.iter().enumerate() {
            place[*lane as usize & MASK] = at as u32;
        }
        let mut ends: Vec<(usize, List, Vec<i64>)> = Vec::new();
        let mut asking: Vec<(usize, List, Vec<i64>)> = Vec::new();
        for (number, (task, offered)) in tasks.iter().zip(offered_to).enumerate() {
            let (mut doing, mut lengths) = self.answer(flow, task, offered);
            if task.people.is_some() {
                let asks = self.part_asking(&mut doing, &mut lengths);
                asking.push((number, asks.0, asks.1));
            }
            for (lane, length) in doing.iter().zip(&lengths) {
                let lane = *lane as usize & MASK;
                let at = place[lane] as usize;
                until[at] = until[at].max(self.columns[now][lane] + length);
            }
            ends.push((number, doing, lengths));
        }
        self.ask(flow, tasks, asking, |lane| until[place[lane] as usize]);
        // Other things may come first: a time limit, a blocker that is resolved.
        let stopped = self.interrupted(flow, stage, &busy, |lane| until[place[lane] as usize]);
        let begun = |columns: &[Lanes], lane: usize| columns[now][lane & MASK];
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
                    self.complete(task, *lane, *length);
                    self.note(task, *lane, 1);
                } else {
                    self.offered_only(task, &[*lane]);
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
    pub(super) fn task_alone(&mut self, flow: &Flow<'_>, task: &TaskProgram, list: List) -> List {
        let now = self.common.now[flow.depth];
        let offered = self.offer(task, &list);
        let (mut doing, mut lengths) = self.answer(flow, task, offered);
        if task.people.is_some() {
            let (asks, takes) = self.part_asking(&mut doing, &mut lengths);
            self.ask_alone(flow, task, asks, takes);
        }
        if let Some(trail) = &mut self.trail {
            for (lane, time) in doing.iter().zip(&lengths) {
                trail.record(*lane, Record::Complete { task: task.task as u32, time: *time });
            }
        } else {
            let complete = &mut self.counts.complete[task.task];
            complete.lanes.extend_from_slice(&doing);
            complete.times.extend_from_slice(&lengths);
        }
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
        // Of those whose trail is noted it is told with how the task came out.
        if self.trail.is_none() {
            self.counts.offered[task.task] += offered.len() as u64;
        }
        offered
    }

    /// Who does an offered task, and how long it takes.
    pub(super) fn answer(&mut self, flow: &Flow<'_>, task: &TaskProgram, offered: List) -> (List, Vec<i64>) {
        let mut doing = offered;
        if let Some(done) = &task.done {
            let (mut yes, mut no) = (self.list(), self.list());
            self.chance(done, &doing, &mut yes, &mut no);
            if let Some(trail) = &mut self.trail {
                trail.record_all(&no, Record::NotRequired { task: task.task as u32 });
                trail.happens(no.iter().copied(), column(&self.columns, self.common.now[flow.depth]));
            } else {
                self.counts.not_required[task.task] += no.len() as u64;
            }
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
        if let Some(trail) = &mut self.trail {
            let now = column(&self.columns, self.common.now[flow.depth]);
            let at_once = doing.iter().zip(&lengths).filter(|(_, length)| **length == 0).map(|(lane, _)| *lane);
            trail.happens(at_once, now);
        }
        (doing, lengths)
    }

    /// Takes those out who need somebody's time: what takes no time needs nobody.
    fn part_asking(&mut self, doing: &mut List, lengths: &mut Vec<i64>) -> (List, Vec<i64>) {
        let (mut asks, mut takes) = (self.list(), self.values_list());
        let mut kept = 0;
        for place in 0..doing.len() {
            let (lane, length) = (doing[place], lengths[place]);
            if length > 0 {
                asks.push(lane);
                takes.push(length);
            } else {
                (doing[kept], lengths[kept]) = (lane, length);
                kept += 1;
            }
        }
        doing.truncate(kept);
        lengths.truncate(kept);
        (asks, takes)
    }

    /// Tracks ask for people who do tasks side by side; what needs nobody is over at `free`.
    fn ask(
        &mut self,
        flow: &Flow<'_>,
        tasks: &[TaskProgram],
        asking: Vec<(usize, List, Vec<i64>)>,
        free: impl Fn(usize) -> i64,
    ) {
        let mut all: List = asking.iter().flat_map(|(_, asks, _)| asks.iter().copied()).collect();
        if all.is_empty() {
            return;
        }
        all.sort_unstable();
        all.dedup();
        self.begin_asking(flow, &all, Some(free));
        self.done(all);
        for (number, asks, takes) in asking {
            self.demand(&tasks[number], asks, takes);
        }
    }

    /// Tracks ask for somebody who does one task.
    fn ask_alone(&mut self, flow: &Flow<'_>, task: &TaskProgram, asks: List, takes: Vec<i64>) {
        self.begin_asking(flow, &asks, None::<fn(usize) -> i64>);
        self.demand(task, asks, takes);
    }

    fn begin_asking(&mut self, flow: &Flow<'_>, list: &[u32], free: Option<impl Fn(usize) -> i64>) {
        // The end of a blocker may come while they wait, and that is for the interpreter to follow.
        if flow.program.pending {
            let resolved = column(&self.columns, self.common.resolved[flow.depth]);
            let pending: List = list.iter().copied().filter(|lane| resolved[*lane as usize & MASK] != NEVER).collect();
            self.leave_to_interpreter(&pending);
        }
        if let Some(trail) = &mut self.trail {
            trail.ask(list, column(&self.columns, self.common.now[flow.depth]), free);
        }
    }

    fn demand(&mut self, task: &TaskProgram, asks: List, takes: Vec<i64>) {
        let Some(mut trail) = self.trail.take() else { return };
        for (lane, takes) in asks.iter().zip(&takes) {
            let priority = match &task.people {
                Some(Some(rule)) => self.at(rule, *lane as usize),
                _ => 0,
            };
            trail.demand(*lane, task.offer, *takes, priority);
        }
        self.trail = Some(trail);
        if task.settled.is_some() {
            asks.iter().for_each(|lane| self.note(task, *lane, 1));
        }
        self.done(asks);
        self.wholes.push(takes);
    }

    /// A task was offered, and is left before it is done.
    fn offered_only(&mut self, task: &TaskProgram, list: &[u32]) {
        if let Some(trail) = &mut self.trail {
            trail.record_all(list, Record::Offered { task: task.task as u32 });
        }
    }

    fn complete(&mut self, task: &TaskProgram, lane: u32, time: i64) {
        match &mut self.trail {
            Some(trail) => trail.record(lane, Record::Complete { task: task.task as u32, time }),
            None => {
                let complete = &mut self.counts.complete[task.task];
                complete.lanes.push(lane);
                complete.times.push(time);
            }
        }
    }
}
