//! How tracks move: a program is done for a whole batch, place by place, until all tracks are at their end.

use super::batch::{Batch, List, MASK, NEVER, column, partition};
use super::expression::UNKNOWN;
use super::program::{Decision, Exit, Node, Program, StageProgram};
use super::statements::Under;
use super::trail::Record;

/// More visits of stages by whole batches than these are left to the interpreter: it knows when a journey goes on for ever.
pub(super) const MOST_VISITS: u32 = 60_000;

/// Tracks on their way to a node: fresh ones, and those that go on where they left.
#[derive(Debug, Default, Clone)]
pub(super) struct Arrivals {
    fresh: List,
    resumed: List,
}

/// Tracks on their way through a program.
#[derive(Debug)]
pub(super) struct Flow<'f> {
    pub(super) program: &'f Program,
    pub(super) depth: usize,
    /// By node.
    arrivals: &'f mut Vec<Arrivals>,
    /// Who has left while statements are done.
    pub(super) gone: List,
    /// Whether statements are done.
    pub(super) noting: bool,
}

impl Flow<'_> {
    /// The next node where somebody has arrived.
    fn next(&self) -> Option<usize> {
        self.arrivals.iter().position(|arrivals| !arrivals.fresh.is_empty() || !arrivals.resumed.is_empty())
    }
}

impl Batch {
    /// Sends tracks through a program, from the instants at which they begin. `depth` is 0 for the customer's own, else 1.
    pub(super) fn run(&mut self, program: &Program, depth: usize, list: List) {
        self.reset(&program.resets);
        let mut arrivals = vec![Arrivals::default(); program.nodes.len()];
        let gone = self.list();
        let mut flow = Flow { program, depth, arrivals: &mut arrivals, gone, noting: false };
        let mut list = self.take_first(&mut flow, None, &program.urgent, list);
        for input in &program.inputs {
            let (mut yes, mut no) = (self.list(), self.list());
            self.select(input, &list, &mut yes, &mut no);
            self.abandon(no);
            self.done(std::mem::replace(&mut list, yes));
        }
        let stay = self.decide(&mut flow, None, &program.start, list);
        self.abandon(stay);
        // Ends last: they only count.
        while let Some(node) = flow.next() {
            let arrived = std::mem::take(&mut flow.arrivals[node]);
            self.visits += 1;
            match &program.nodes[node] {
                _ if self.visits > MOST_VISITS => {
                    self.abandon(arrived.fresh);
                    self.abandon(arrived.resumed);
                }
                Node::Stage(stage) => self.stage(&mut flow, stage, arrived),
                Node::Block(block) => {
                    let mut list = arrived.fresh;
                    let [now, inner] = self.common.now;
                    let (mut pending, mut free) = (self.list(), self.list());
                    let resolved = column(&self.columns, self.common.resolved[depth]);
                    partition(&list, &mut pending, &mut free, |lane| program.pending && resolved[lane] != NEVER);
                    self.abandon(pending);
                    self.done(std::mem::replace(&mut list, free));
                    if let Some(trail) = &mut self.trail {
                        trail.begin_block(&list, column(&self.columns, now));
                    }
                    // By place in the batch.
                    let mut latest = self.values_list();
                    latest.extend_from_slice(column(&self.columns, now));
                    for (service, track) in &block.tracks {
                        let mut tracks = self.list();
                        let mut others = self.list();
                        match service {
                            Some(service) => {
                                let intended = column(&self.columns, self.common.intended);
                                partition(&list, &mut tracks, &mut others, |lane| intended[lane] >> service.0 & 1 == 1);
                            }
                            None => tracks.extend_from_slice(&list),
                        }
                        if let Ok([inner, now]) = self.columns.get_disjoint_mut([inner, now]) {
                            tracks.iter().for_each(|lane| inner[*lane as usize & MASK] = now[*lane as usize & MASK]);
                        }
                        if let Some(trail) = &mut self.trail {
                            trail.begin_track(&tracks);
                        }
                        let mut begun = others;
                        begun.clear();
                        begun.extend_from_slice(&tracks);
                        self.run(track, 1, tracks);
                        let inner = column(&self.columns, inner);
                        if let Some(trail) = &mut self.trail {
                            trail.end_track(&begun, inner);
                        }
                        let latest = latest.as_mut_slice();
                        for lane in &begun {
                            let lane = *lane as usize & MASK;
                            if let (Some(latest), over) = (latest.get_mut(lane), inner[lane]) {
                                *latest = (*latest).max(over);
                            }
                        }
                        self.done(begun);
                    }
                    if let Some(trail) = &mut self.trail {
                        trail.end_block(&list, &latest);
                    }
                    let nows = &mut self.columns[now];
                    for lane in &list {
                        nows[*lane as usize & MASK] = latest[*lane as usize & MASK];
                    }
                    self.wholes.push(latest);
                    let (mut stay, mut left) = (self.list(), self.list());
                    let abandoned = &self.left;
                    partition(&list, &mut left, &mut stay, |lane| abandoned[lane]);
                    self.done(left);
                    self.done(list);
                    let stay = self.decide(&mut flow, None, &block.exits, stay);
                    self.abandon(stay);
                }
                Node::End(end) => {
                    match &mut self.trail {
                        Some(trail) => trail.record_all(&arrived.fresh, Record::End { end: *end }),
                        None => self.counts.ends[*end as usize] += arrived.fresh.len() as u64,
                    }
                    let ends = &mut self.columns[program.end];
                    for lane in &arrived.fresh {
                        ends[*lane as usize & MASK] = i64::from(*end);
                    }
                    self.done(arrived.fresh);
                }
            }
        }
    }

    /// Sends tracks to where an exit leads.
    pub(super) fn go(&mut self, flow: &mut Flow<'_>, from: Option<&StageProgram>, exit: &Exit, list: List) {
        if list.is_empty() {
            return self.done(list);
        }
        if let Some((_, count)) = exit.limit {
            let counts = &mut self.columns[count];
            list.iter().for_each(|lane| counts[*lane as usize & MASK] += 1);
        }
        if let Some(stage) = from {
            let columns = stage.columns;
            let now = self.common.now[flow.depth];
            let Ok([now, entered, clock, due]) =
                self.columns.get_disjoint_mut([now, columns.entered, columns.clock, columns.due])
            else {
                return;
            };
            let time = |lane: &u32| now[*lane as usize & MASK] - entered[*lane as usize & MASK];
            if let Some(trail) = &mut self.trail {
                list.iter().for_each(|lane| trail.leave(*lane, stage.stage.index(), exit.number, time(lane)));
            } else {
                let visits = &mut self.counts.visits[stage.stage.index()];
                visits.timed.lanes.extend_from_slice(&list);
                visits.timed.times.extend(list.iter().map(time));
                visits.ways.push((exit.number as usize, visits.timed.lanes.len()));
            }
            if stage.again {
                // Clocks stand still while away.
                for lane in &list {
                    let lane = *lane as usize & MASK;
                    clock[lane] = now[lane] - clock[lane];
                    if due[lane] != NEVER {
                        due[lane] = (due[lane] - now[lane]).max(0);
                    }
                }
            }
        }
        let arrivals = &mut flow.arrivals[exit.target];
        let arrivals = if exit.resume { &mut arrivals.resumed } else { &mut arrivals.fresh };
        if flow.noting {
            flow.gone.extend_from_slice(&list);
        }
        if arrivals.is_empty() {
            let before = std::mem::replace(arrivals, list);
            return self.done(before);
        }
        arrivals.extend_from_slice(&list);
        self.done(list);
    }

    /// Something happens to tracks now that is not the end of their work.
    pub(super) fn happens(&mut self, flow: &Flow<'_>, list: &[u32]) {
        if let Some(trail) = &mut self.trail {
            trail.happens(list.iter().copied(), column(&self.columns, self.common.now[flow.depth]));
        }
    }

    /// Those of a list for whom an exit may be taken once more.
    pub(super) fn within_limit(&mut self, exit: &Exit, list: List, no: &mut List) -> List {
        let Some((limit, count)) = exit.limit else { return list };
        let mut yes = self.list();
        let counts = column(&self.columns, count);
        partition(&list, &mut yes, no, |lane| counts[lane] < limit);
        self.done(list);
        yes
    }

    /// Takes the first of these exits that is open; gives those who stay.
    pub(super) fn take_first(
        &mut self,
        flow: &mut Flow<'_>,
        from: Option<&StageProgram>,
        exits: &[Exit],
        mut list: List,
    ) -> List {
        for exit in exits {
            if list.is_empty() {
                break;
            }
            let (mut yes, mut no) = (self.list(), self.list());
            self.select(&exit.guard, &list, &mut yes, &mut no);
            let yes = self.within_limit(exit, yes, &mut no);
            self.go(flow, from, exit, yes);
            self.done(std::mem::replace(&mut list, no));
        }
        list
    }

    pub(super) fn undecided(&self, exit: &Exit, lane: usize) -> bool {
        let open = exit.limit.is_none_or(|(limit, count)| self.columns[count][lane & MASK] < limit);
        open && self.at(&exit.guard, lane) == UNKNOWN
    }

    /// Takes completion exits; gives those who stay.
    pub(super) fn decide(
        &mut self,
        flow: &mut Flow<'_>,
        from: Option<&StageProgram>,
        decision: &Decision,
        mut list: List,
    ) -> List {
        let mut stay = self.list();
        if decision.first_match || decision.otherwise.is_some() {
            // An unknown guard holds what comes after it where order decides, and `otherwise` in any case.
            let mut unknown = self.list();
            for exit in &decision.exits {
                let (mut yes, mut no) = (self.list(), self.list());
                self.select(&exit.guard, &list, &mut yes, &mut no);
                let yes = self.within_limit(exit, yes, &mut no);
                self.go(flow, from, exit, yes);
                self.done(std::mem::replace(&mut list, no));
                if decision.first_match {
                    let mut rest = self.list();
                    partition(&list, &mut stay, &mut rest, |lane| self.undecided(exit, lane));
                    self.done(std::mem::replace(&mut list, rest));
                } else {
                    unknown.extend(list.iter().filter(|lane| self.undecided(exit, **lane as usize)));
                }
            }
            if let Some(otherwise) = &decision.otherwise {
                if !unknown.is_empty() {
                    unknown.sort_unstable();
                    let mut rest = self.list();
                    let holds = |lane: usize| unknown.binary_search(&(lane as u32)).is_ok();
                    partition(&list, &mut stay, &mut rest, holds);
                    self.done(std::mem::replace(&mut list, rest));
                }
                self.go(flow, from, otherwise, list);
                list = self.list();
            }
            self.done(unknown);
        } else {
            list = self.take_first(flow, from, &decision.exits, list);
        }
        self.join(&mut stay, list);
        stay
    }

    /// What moves a track in a stage whose work is done: urgent exits, then completion.
    pub(super) fn settle(&mut self, flow: &mut Flow<'_>, stage: &StageProgram, list: List) -> List {
        let list = self.take_first(flow, Some(stage), &stage.urgent, list);
        self.decide(flow, Some(stage), &stage.exits, list)
    }

    /// A visit of a stage, from arrival until all have left.
    pub(super) fn stage(&mut self, flow: &mut Flow<'_>, stage: &StageProgram, arrived: Arrivals) {
        let list = self.enter(flow, stage, arrived);
        let mut list = self.take_first(flow, Some(stage), &stage.urgent, list);
        for need in &stage.needs {
            let (mut yes, mut no) = (self.list(), self.list());
            self.select(need, &list, &mut yes, &mut no);
            self.abandon(no);
            self.done(std::mem::replace(&mut list, yes));
        }
        if !stage.entry.is_empty() {
            // Draws on entry come after what moves at once.
            let mut all = self.list();
            all.extend_from_slice(&list);
            list = self.work(flow, stage, &stage.work, list);
            list = self.settle(flow, stage, list);
            if list.len() < all.len() {
                list.sort_unstable();
                let (mut stayed, mut moved) = (self.list(), self.list());
                partition(&all, &mut stayed, &mut moved, |lane| list.binary_search(&(lane as u32)).is_ok());
                self.abandon(moved);
                self.done(stayed);
            }
            self.done(all);
            self.happens(flow, &list);
            let under = Under { live: list, ..Under::default() };
            let under = self.steps(flow, stage, &stage.entry, under);
            self.next_streams(stage.columns.entries, &under.live);
            // A blocker raised on entry would hold what is not yet due.
            self.abandon(under.held);
            self.done(under.gone);
            list = under.live;
        } else {
            list = self.work(flow, stage, &stage.work, list);
            list = self.settle(flow, stage, list);
        }
        self.wait(flow, stage, list);
    }

    pub(super) fn enter(&mut self, flow: &Flow<'_>, stage: &StageProgram, arrived: Arrivals) -> List {
        let Arrivals { mut fresh, mut resumed } = arrived;
        if let Some(trail) = &mut self.trail {
            trail.enter(stage.stage.index(), &fresh);
            trail.enter(stage.stage.index(), &resumed);
        } else {
            self.counts.entered[stage.stage.index()] += (fresh.len() + resumed.len()) as u64;
        }
        let columns = stage.columns;
        let now = self.common.now[flow.depth];
        let mut again = self.list();
        let Ok([now, entered, clock, due, round, drawn]) = self.columns.get_disjoint_mut([
            now,
            columns.entered,
            columns.clock,
            columns.due,
            columns.round,
            columns.drawn,
        ]) else {
            return fresh;
        };
        // A stage that was never left has nothing to resume.
        if !resumed.is_empty() {
            fresh.extend(resumed.iter().filter(|lane| entered[**lane as usize & MASK] == UNKNOWN));
            resumed.retain(|lane| entered[*lane as usize & MASK] != UNKNOWN);
        }
        if stage.again {
            // Twice in one instant may be a loop that goes on for ever: the interpreter knows.
            again.extend(fresh.iter().chain(&resumed).filter(|lane| {
                let lane = **lane as usize & MASK;
                entered[lane] == now[lane]
            }));
        }
        let first = match &stage.cadence {
            Some(cadence) if cadence.limit != Some(0) => Some(cadence.period),
            _ => None,
        };
        for lane in &fresh {
            let lane = *lane as usize & MASK;
            entered[lane] = now[lane];
            clock[lane] = now[lane];
        }
        if stage.cadence.is_some() {
            for lane in &fresh {
                let lane = *lane as usize & MASK;
                round[lane] = 0;
                drawn[lane] = 0;
            }
        }
        match first {
            Some(period) => {
                fresh.iter().for_each(|lane| due[*lane as usize & MASK] = now[*lane as usize & MASK] + period)
            }
            None => fresh.iter().for_each(|lane| due[*lane as usize & MASK] = NEVER),
        }
        for lane in &resumed {
            let lane = *lane as usize & MASK;
            entered[lane] = now[lane];
            clock[lane] = now[lane] - clock[lane];
            due[lane] = if due[lane] == NEVER { NEVER } else { now[lane] + due[lane] };
        }
        fresh.extend_from_slice(&resumed);
        self.done(resumed);
        if again.is_empty() {
            self.done(again);
            return fresh;
        }
        again.sort_unstable();
        let mut rest = self.list();
        let (mut loops, list) = (self.list(), fresh);
        partition(&list, &mut loops, &mut rest, |lane| again.binary_search(&(lane as u32)).is_ok());
        self.abandon(loops);
        self.done(again);
        self.done(list);
        rest
    }
}
