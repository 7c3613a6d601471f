//! Customers whose journeys are known but for how long they wait: followed by the compiled form beforehand, a batch of
//! them at a time. What is left to do is to serve those who ask for people, and to shift what comes after.
//!
//! What depends on more than that is given to the interpreter: it follows the journey again as far as it has come, with
//! people beginning work when they did, and goes on from there.

use super::super::Arrived;
use super::super::compiled::trail::{Demand, NONE, Outline, Outlines, Rank, Record};
use super::super::compiled::{Compiled, LANES, Worker};
use super::super::people::Ticket;
use super::super::tally::Memory;
use super::{Asked, Eyes, Journey, Shop, Step, Turn, Waiting, Work};
use crate::run::journey::{Drive, Next};
use crate::run::state::Seconds;
use crate::run::{Customer, Event};
use crate::value::Duration;
use std::cmp::Reverse;
use std::ops::Range;

/// Customers who are followed beforehand.
pub(super) struct Beforehand<'c> {
    compiled: &'c Compiled,
    worker: Worker,
    /// By place among the arrivals divided by [`LANES`].
    cohorts: Vec<Option<Box<Cohort>>>,
    /// Tracks that ask in a turn, and how they came to.
    asks: Vec<(u32, Came)>,
    /// What is to be put on the agenda.
    later: Vec<(Seconds, Step)>,
    /// Work that is over in a turn: the how manieth it was to begin, by whom, since when.
    over: Vec<(u16, u16, Seconds)>,
    memory: Memory,
}

/// A batch of customers who came one after the other.
struct Cohort {
    outlines: Outlines,
    /// By place in the batch.
    ways: Vec<Way>,
    /// How many are under way or have not come.
    left: usize,
}

/// How far a customer is.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    number: u64,
    arrival: Seconds,
    part: u32,
    /// How many tasks were begun.
    begun: u16,
    /// On the way, and followed here.
    here: bool,
}

/// How a track came to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    /// Straight from the beginning, or from the end of work people did.
    Straight,
    /// By something else at this instant.
    Otherwise,
}

fn range((from, to): (u32, u32)) -> Range<usize> {
    from as usize..to as usize
}

impl<'c> Beforehand<'c> {
    pub(super) fn new(compiled: &'c Compiled) -> Beforehand<'c> {
        Beforehand {
            compiled,
            worker: compiled.worker(),
            cohorts: Vec::new(),
            asks: Vec::new(),
            later: Vec::new(),
            over: Vec::new(),
            memory: Memory::default(),
        }
    }

    /// Whether the customer at this place is followed here; those of the next batch are made ready.
    fn ready(&mut self, arrivals: &[Arrived], place: usize, horizon: Seconds, watched: Option<u64>) -> bool {
        if place / LANES >= self.cohorts.len() {
            let batch = &arrivals[self.cohorts.len() * LANES..];
            let batch = &batch[..batch.len().min(LANES)];
            let numbers: Vec<u64> = batch.iter().map(|arrived| arrived.number).collect();
            let customers: Option<Vec<&Customer>> = batch.iter().map(|arrived| arrived.customer.as_deref()).collect();
            let first = batch.first().map_or(0, |first| first.at);
            let look = horizon.saturating_sub(first);
            let mut outlines = self.compiled.outlines(&mut self.worker, &numbers, customers.as_deref(), look);
            for (outline, number) in outlines.customers.iter_mut().zip(&numbers) {
                outline.left |= Some(*number) == watched;
            }
            let left = outlines.customers.iter().filter(|outline| !outline.left).count();
            let ways = vec![Way::default(); numbers.len()];
            self.cohorts.push((left > 0).then(|| Box::new(Cohort { outlines, ways, left })));
        }
        let cohort = self.cohorts[place / LANES].as_ref();
        cohort.is_some_and(|cohort| !cohort.outlines.customers[place % LANES].left)
    }

    fn cohort(&mut self, place: usize) -> Option<&mut Cohort> {
        let cohort = self.cohorts.get_mut(place / LANES)?.as_deref_mut()?;
        cohort.ways.get(place % LANES)?.here.then_some(cohort)
    }

    /// The customer is followed here no more.
    fn leave(&mut self, place: usize) {
        let Some(cohort) = self.cohort(place) else { return };
        cohort.ways[place % LANES].here = false;
        cohort.left -= 1;
        if cohort.left == 0 {
            self.cohorts[place / LANES] = None;
        }
    }
}

/// What comes of a turn of one customer.
struct Coming<'a> {
    now: Seconds,
    asks: &'a mut Vec<(u32, Came)>,
    later: &'a mut Vec<(Seconds, Step)>,
    ended: bool,
}

impl Cohort {
    /// A track goes on with this segment, or is over.
    fn go_on(&mut self, coming: &mut Coming<'_>, thread: u32, segment: u32) {
        let Outlines { threads, segments, .. } = &mut self.outlines;
        let known = threads[thread as usize];
        let Some(next) = segments.get_mut(segment as usize) else {
            let end = known.end.saturating_add(known.offset);
            if let Some(block) = segments.get_mut(known.block as usize) {
                block.latest = block.latest.max(end);
                block.open -= 1;
                if block.open == 0 {
                    self.close(coming, known.block);
                }
            } else if end == coming.now {
                coming.ended = true;
            } else {
                coming.later.push((end, Step::End));
            }
            return;
        };
        let at = next.at.saturating_add(known.offset);
        if next.is_block {
            let inner = next.first..next.first.saturating_add(u32::from(next.count));
            if next.count == 0 {
                return self.close(coming, segment);
            }
            for inner in inner {
                let Some(begun) = self.outlines.threads.get_mut(inner as usize) else { return };
                begun.offset = known.offset;
                let first = begun.first;
                self.go_on(coming, inner, first);
            }
        } else if at == coming.now {
            let came = if next.late { Came::Otherwise } else { Came::Straight };
            coming.asks.push((segment, came));
        } else {
            coming.later.push((at, Step::Ask(segment)));
        }
    }

    /// A segment is over: the track is late by so much more, and goes on.
    fn close(&mut self, coming: &mut Coming<'_>, segment: u32) {
        let Outlines { threads, segments, .. } = &mut self.outlines;
        let closed = &mut segments[segment as usize];
        let thread = &mut threads[closed.track as usize];
        let free = closed.free.saturating_add(thread.offset);
        // In a block all tracks take part in the latest; beside tasks something that needs nobody may last longer.
        let over = if closed.is_block && closed.count > 0 { closed.latest } else { closed.latest.max(free) };
        closed.latest = over - free;
        thread.offset += closed.latest;
        let (track, next) = (closed.track, closed.next);
        self.go_on(coming, track, next);
    }

    /// How much longer a visit lasted.
    fn delay(&self, before: u32, last: u32) -> i64 {
        let (mut at, mut sum) = (last, 0);
        while at != before {
            let Some(segment) = self.outlines.segments.get(at as usize) else { break };
            sum += segment.latest;
            at = segment.previous;
        }
        sum
    }
}

impl<'p> Shop<'_, 'p, '_> {
    /// A customer comes who may be followed here; false where the interpreter has to.
    pub(super) fn arrives_here(&mut self, arrivals: &[Arrived], place: usize, part: usize) -> bool {
        let watched = self.watched.as_ref().map(|watched| watched.number);
        let horizon = self.horizon;
        let Some(beforehand) = &mut self.beforehand else { return false };
        if !beforehand.ready(arrivals, place, horizon, watched) {
            return false;
        }
        let Arrived { at: now, number, .. } = arrivals[place];
        let Beforehand { cohorts, asks, later, .. } = &mut **beforehand;
        let Some(cohort) = &mut cohorts[place / LANES] else { return false };
        let own = cohort.outlines.customers[place % LANES].threads.0;
        cohort.ways[place % LANES] = Way { number, arrival: now, part: part as u32, begun: 0, here: true };
        asks.clear();
        later.clear();
        cohort.outlines.threads[own as usize].offset = now;
        let first = cohort.outlines.threads[own as usize].first;
        let mut coming = Coming { now, asks, later, ended: false };
        cohort.go_on(&mut coming, own, first);
        let ended = coming.ended;
        if self.is_tangled(place) {
            if let Some(beforehand) = &mut self.beforehand {
                beforehand.leave(place);
            }
            return false;
        }
        self.whole.customers_under_way.change(now, true);
        self.journeys.push(None);
        self.follow_up(place, now, ended);
        true
    }

    /// Whether several tracks ask at once, and the order is not plainly that of the tracks.
    fn is_tangled(&self, place: usize) -> bool {
        let Some(beforehand) = &self.beforehand else { return false };
        let Some(cohort) = &beforehand.cohorts[place / LANES] else { return false };
        let track = |segment: u32| cohort.outlines.segments[segment as usize].track;
        let mut asks = beforehand.asks.iter();
        let Some((first, _)) = asks.next() else { return false };
        asks.any(|(segment, _)| track(*segment) != track(*first))
            && beforehand.asks.iter().any(|(_, came)| *came == Came::Otherwise)
    }

    /// A turn of a customer who is followed here.
    pub(super) fn turn_here(&mut self, place: usize, now: Seconds, first: Step) {
        let Some(beforehand) = &mut self.beforehand else { return };
        if beforehand.cohort(place).is_none() {
            return;
        }
        let Beforehand { cohorts, asks, later, over, .. } = &mut **beforehand;
        let Some(cohort) = &mut cohorts[place / LANES] else { return };
        asks.clear();
        later.clear();
        over.clear();
        let mut coming = Coming { now, asks, later, ended: false };
        let mut step = first;
        loop {
            match step {
                Step::Done(demand) => {
                    let Demand { segment, order, group, begun, .. } = cohort.outlines.demands[demand as usize];
                    over.push((order, group, begun));
                    let known = &mut cohort.outlines.segments[segment as usize];
                    known.latest = known.latest.max(now);
                    known.open -= 1;
                    if known.open == 0 {
                        cohort.close(&mut coming, segment);
                    }
                }
                Step::Ask(segment) => coming.asks.push((segment, Came::Otherwise)),
                Step::End => coming.ended = true,
                Step::Turn(_) => {}
            }
            // Everything of this customer at this instant is one turn.
            match self.agenda.peek() {
                Some(Reverse((at, Turn::Customer(_, of, next)))) if (*at, *of as usize) == (now, place) => step = *next,
                _ => break,
            }
            self.agenda.pop();
        }
        let ended = coming.ended;
        if self.is_tangled(place) {
            if let Some(journey) = self.interpret(place, now, false) {
                self.journeys[place] = Some(journey);
                self.turn(place, now, Some(now));
            }
            return;
        }
        self.follow_up(place, now, ended);
    }

    /// People follow what came of a turn.
    fn follow_up(&mut self, place: usize, now: Seconds, ended: bool) {
        let Some(beforehand) = &mut self.beforehand else { return };
        let (mut asks, mut over) = (std::mem::take(&mut beforehand.asks), std::mem::take(&mut beforehand.over));
        let Some(cohort) = beforehand.cohort(place) else { return };
        let number = cohort.ways[place % LANES].number;
        asks.sort_by_key(|(segment, _)| cohort.outlines.segments[*segment as usize].track);
        over.sort_unstable();
        for (at, step) in beforehand.later.drain(..) {
            self.agenda.push(Reverse((at, Turn::Customer(number, place as u32, step))));
        }
        for (_, group, since) in &over {
            self.floor.release(*group as usize, *since, now);
        }
        if ended {
            #[cfg(test)]
            super::FOLLOWED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            self.count_here(place, now);
            self.whole.customers_under_way.change(now, false);
            self.tell(1);
        }
        for (_, group, _) in &over {
            self.serve(*group as usize, now);
        }
        if !ended {
            for (segment, _) in &asks {
                self.ask_here(place, *segment, now);
            }
        }
        if let Some(beforehand) = &mut self.beforehand {
            over.clear();
            (beforehand.asks, beforehand.over) = (asks, over);
        }
    }

    /// The tasks of a segment join the line.
    fn ask_here(&mut self, place: usize, segment: u32, now: Seconds) {
        let known = self.beforehand.as_mut().and_then(|beforehand| beforehand.cohort(place));
        let Some(known) = known.map(|cohort| cohort.outlines.segments[segment as usize]) else { return };
        for demand in known.first..known.first + u32::from(known.count) {
            let Some(cohort) = self.beforehand.as_mut().and_then(|beforehand| beforehand.cohort(place)) else { return };
            let number = cohort.ways[place % LANES].number;
            let asking = &mut cohort.outlines.demands[demand as usize];
            asking.asked = now;
            let line = self.floor.line(asking.offer(), asking.service());
            let rank = &mut cohort.outlines.ranks[demand as usize];
            let ticket = Ticket { demand, ..self.floor.ticket(rank.priority, now, (number, place)) };
            rank.ticket = ticket.number;
            self.floor.count_waiting(line, now, true);
            self.floor.join(line, ticket);
            self.serve_line(line, now);
        }
    }

    /// Somebody begins with a task of a customer who is followed here; false where there is no such customer.
    pub(super) fn begin_here(&mut self, ticket: Ticket, group: usize, now: Seconds) -> bool {
        let place = ticket.place;
        let known = self.beforehand.as_mut().and_then(|beforehand| beforehand.cohort(place));
        let Some(cohort) = known.filter(|_| ticket.demand != NONE) else { return false };
        let way = &mut cohort.ways[place % LANES];
        let demand = &mut cohort.outlines.demands[ticket.demand as usize];
        demand.order = way.begun;
        way.begun = way.begun.saturating_add(1);
        demand.group = group as u16;
        demand.begun = now;
        demand.done = self.floor.groups[group].done(now, demand.takes);
        demand.before = self.present.is_none_or(|present| present < way.number);
        let (number, part, offer, service, done) =
            (way.number, way.part as usize, demand.offer(), demand.service(), demand.done);
        let line = self.floor.line(offer, service);
        self.floor.leave(line, &ticket);
        self.count_begun(&ticket, (line, offer), part, group, now);
        self.agenda.push(Reverse((done, Turn::Customer(number, place as u32, Step::Done(ticket.demand)))));
        true
    }

    /// Counts a journey that is over.
    fn count_here(&mut self, place: usize, now: Seconds) {
        let Some(beforehand) = &mut self.beforehand else { return };
        let Beforehand { cohorts, memory, .. } = &mut **beforehand;
        let Some(cohort) = &cohorts[place / LANES] else { return };
        let way = cohort.ways[place % LANES];
        let Outline { records, demands, .. } = cohort.outlines.customers[place % LANES];
        // The last part is for those who are not counted.
        if way.part as usize + 1 < self.parts.len() {
            let tally = &mut self.parts[way.part as usize];
            for record in &cohort.outlines.records[range(records)] {
                match *record {
                    Record::Visit { stage, exit, time, before, last } => {
                        let time = time + cohort.delay(before, last);
                        tally.visited(memory, stage as usize, time, exit as usize);
                    }
                    Record::Offered { task } => tally.tasks[task as usize].offered += 1,
                    Record::NotRequired { task } => {
                        tally.tasks[task as usize].offered += 1;
                        tally.tasks[task as usize].not_required += 1;
                    }
                    Record::Complete { task, time } => tally.completed(memory, task as usize, time),
                    Record::End { end } => tally.ends[end as usize] += 1,
                }
            }
            for demand in &cohort.outlines.demands[range(demands)] {
                let task = self.machine.playbook.offers[demand.offer as usize].task;
                tally.completed(memory, task.index(), demand.done - demand.asked);
            }
            tally.over(memory, now - way.arrival);
        }
        beforehand.leave(place);
    }

    /// The interpreter takes a customer over, at this instant: before the turn in it, or after.
    pub(super) fn interpret(&mut self, place: usize, now: Seconds, after: bool) -> Option<Box<Journey<'p>>> {
        let cohort = self.beforehand.as_mut()?.cohort(place)?;
        let way = cohort.ways[place % LANES];
        let first = cohort.outlines.customers[place % LANES].demands.0;
        let all = range(cohort.outlines.customers[place % LANES].demands);
        let ranks = cohort.outlines.ranks[all.clone()].iter();
        let demands: Vec<(Demand, Rank)> = cohort.outlines.demands[all].iter().copied().zip(ranks.copied()).collect();
        self.beforehand.as_mut()?.leave(place);
        let customer = self.customers.get(place).cloned().flatten();
        let mut journey = self.journey(place, way.number, way.arrival, way.part as usize, customer);
        let mut begun: Vec<&(Demand, Rank)> = demands.iter().filter(|(demand, _)| demand.has_begun()).collect();
        begun.sort_by_key(|(demand, _)| (demand.begun, demand.order));
        let mut begun = begun.into_iter().peekable();
        let mut known = vec![false; demands.len()];
        self.drive(&mut journey, |drive| drive.begin());
        self.remember(&mut journey, &demands, first, &mut known);
        loop {
            let next = self.drive(&mut journey, |drive| drive.upcoming());
            journey.stop = None;
            let turn = match next {
                Next::At(at) => Some(way.arrival.saturating_add(at)),
                Next::Never(stop) => {
                    journey.stop = Some(stop);
                    None
                }
            };
            let turn = turn.filter(|turn| *turn < now || after && *turn == now);
            let begins = begun.peek().map(|(demand, _)| (demand.begun, demand.before));
            match (begins, turn) {
                (Some((at, before)), turn) if turn.is_none_or(|turn| at < turn || at == turn && before) => {
                    if let Some(demand) = begun.next() {
                        self.begin_again(&mut journey, demand, at);
                    }
                }
                (_, Some(turn)) => {
                    self.drive(&mut journey, |drive| drive.instant(turn - way.arrival));
                    self.remember(&mut journey, &demands, first, &mut known);
                }
                (_, None) => return Some(journey),
            }
        }
    }

    fn drive<T>(
        &mut self,
        journey: &mut Journey<'p>,
        what: impl FnOnce(&mut Drive<'_, Eyes<'_, '_>, super::Asking<'p>>) -> T,
    ) -> T {
        let Journey { number, state, world, pace, memory, part, .. } = journey;
        let mut counter = Eyes::new(&mut self.parts[*part], memory, &mut self.watched, None, *number);
        what(&mut Drive::new(self.machine, state, world, &mut counter, pace))
    }

    /// Work that is over is; what was asked for in the last turn waits in the line where it did.
    fn remember(&mut self, journey: &mut Journey<'p>, demands: &[(Demand, Rank)], first: u32, known: &mut [bool]) {
        for work in std::mem::take(&mut journey.work) {
            let open = journey.open(work.track, work.visit, work.offer);
            if open.is_some_and(|open| open.done_at.is_some()) {
                journey.work.push(work);
            }
        }
        for asked in std::mem::take(&mut journey.world.asked) {
            let Asked { track, offer, takes } = asked;
            let (service, visit) = (journey.state.tracks[track].service, journey.state.tracks[track].visit.number);
            let same = |demand: &Demand| (demand.offer(), demand.service(), demand.takes) == (offer, service, takes.0);
            let found = (0..demands.len()).find(|at| !known[*at] && same(&demands[*at].0));
            let Some(at) = found else {
                // Nobody waits for it yet: it asks with the turn to come.
                journey.world.asked.push(asked);
                continue;
            };
            known[at] = true;
            let (demand, rank) = &demands[at];
            let ticket = Ticket {
                priority: Reverse(rank.priority),
                asked: demand.asked,
                customer: journey.number,
                number: rank.ticket,
                place: journey.place,
                demand: first + at as u32,
            };
            let line = self.floor.line(offer, service);
            journey.waiting.push(Waiting { ticket, line, track, visit, offer, takes: takes.0, passed_over: false });
        }
    }

    /// Somebody began at this instant.
    fn begin_again(&mut self, journey: &mut Journey<'p>, (demand, rank): &(Demand, Rank), at: Seconds) {
        let Some(place) = journey.waiting.iter().position(|waiting| waiting.ticket.number == rank.ticket) else {
            return;
        };
        let Waiting { track, visit, offer, takes, .. } = journey.waiting.remove(place);
        let event = Event::Work { track, offer, takes: Duration(demand.done - at) };
        let since = at - journey.arrival;
        self.drive(journey, |drive| drive.tell(since, &event));
        let group = demand.group as usize;
        journey.work.push(Work { group, track, visit, offer, since: at, left: takes, running: Some(at) });
    }

    /// Those who are still under way.
    pub(super) fn still_here(&self) -> Vec<usize> {
        let Some(beforehand) = &self.beforehand else { return Vec::new() };
        let cohorts = beforehand.cohorts.iter().enumerate();
        let ways = cohorts.filter_map(|(batch, cohort)| Some((batch, cohort.as_ref()?)));
        ways.flat_map(|(batch, cohort)| {
            let here = cohort.ways.iter().enumerate().filter(|(_, way)| way.here);
            here.map(move |(lane, _)| batch * LANES + lane)
        })
        .collect()
    }
}
