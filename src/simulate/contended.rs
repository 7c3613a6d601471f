//! Customers who share scarce people: one clock for all, one instant after the other.
//!
//! Each customer's journey is driven by the interpreter, or is known beforehand but for the waits, as [`outlined`] says;
//! what is added here is who waits for whom. At one instant first
//! those serve whose working day begins, then customers have their turn in the order of their numbers. After a
//! customer's turn, people who became free serve the lines first; then the tasks newly offered join them.

mod outlined;

use super::compiled::Compiled;
use super::log::{self, Log, Pen};
use super::people::{Floor, LineId, Ticket};
use super::plan::Plan;
use super::replay::{Eyes, Watched};
use super::tally::{Memory, Tally};
use super::world::Scene;
use super::{Arrived, DEFAULT_HORIZON, Progress};
use crate::model::scenario::Scenario;
use crate::model::{CadenceId, OfferId, RoleId, StageId};
use crate::run::evaluate::View;
use crate::run::journey::{Answer, Drive, Next, Pace, Stop, World};
use crate::run::state::{OpenTask, Seconds, State, TrackId};
use crate::run::{Customer, Event, Machine};
use crate::value::Duration;
use outlined::Beforehand;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Into how many lots of customers who came one after the other a simulation is cut: fewer where they would become so
/// short that neighbours are alike.
fn lots(customers: usize) -> usize {
    match customers {
        0..500 => 5,
        500..2_000 => 10,
        _ => 20,
    }
}

/// How many customers were followed to their end beforehand.
#[cfg(test)]
pub(super) static FOLLOWED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// How many customers are told of as done in one go.
const TOLD: u64 = 64;

/// A task that was offered and takes people's time.
#[derive(Debug, Clone, Copy)]
struct Asked {
    track: TrackId,
    offer: OfferId,
    takes: Duration,
}

/// The world around one customer, who has to wait for people.
struct Asking<'p> {
    scene: Scene<'p>,
    /// By offer: whether its task waits for people.
    scarce: &'p [bool],
    asked: Vec<Asked>,
}

impl World for Asking<'_> {
    fn offered(&mut self, machine: &Machine, state: &State, track: TrackId, offer: OfferId) -> Answer {
        match self.scene.offered(machine, state, track, offer) {
            // What takes no time needs nobody.
            Answer::Takes(takes) if takes.0 > 0 && self.scarce[offer.index()] => {
                self.asked.push(Asked { track, offer, takes });
                Answer::Waits
            }
            answer => answer,
        }
    }

    fn before_round(
        &mut self,
        machine: &Machine,
        state: &State,
        track: TrackId,
        stage: StageId,
        cadence: CadenceId,
        round: u32,
    ) -> Vec<Event> {
        self.scene.before_round(machine, state, track, stage, cadence, round)
    }

    fn on_entry(&mut self, machine: &Machine, state: &State, track: TrackId, stage: StageId) -> Vec<Event> {
        self.scene.on_entry(machine, state, track, stage)
    }

    fn then(&mut self, machine: &Machine, state: &State) -> Option<Event> {
        self.scene.then(machine, state)
    }

    fn next(&mut self, machine: &Machine, state: &State) -> Option<Seconds> {
        self.scene.next(machine, state)
    }

    fn say(&mut self, machine: &Machine, state: &State) -> Option<Event> {
        self.scene.say(machine, state)
    }
}

/// A task that waits for people.
#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    line: LineId,
    track: TrackId,
    visit: u32,
    offer: OfferId,
    takes: i64,
    /// Its track stands still: it keeps its place and is passed over.
    passed_over: bool,
}

/// A task somebody works on.
#[derive(Debug)]
struct Work {
    group: usize,
    track: TrackId,
    visit: u32,
    offer: OfferId,
    since: Seconds,
    /// What is left to do, when it last went on or stopped.
    left: i64,
    /// Since when it goes on; none while it stands still.
    running: Option<Seconds>,
}

/// A customer on the way.
struct Journey<'p> {
    number: u64,
    /// What the customer is called in the log.
    case: Arc<str>,
    place: usize,
    arrival: Seconds,
    part: usize,
    state: State,
    world: Asking<'p>,
    pace: Pace,
    memory: Memory,
    waiting: Vec<Waiting>,
    work: Vec<Work>,
    /// Counts how often it was said when the next turn is; only the last counts.
    stamp: u32,
    stop: Option<Stop>,
}

impl Journey<'_> {
    fn open(&self, track: TrackId, visit: u32, offer: OfferId) -> Option<&OpenTask> {
        let known = self.state.tracks.get(track).filter(|track| track.active() && track.visit.number == visit)?;
        known.visit.open.iter().find(|open| open.offer == offer)
    }

    fn stands_still(&self, track: TrackId, open: &OpenTask) -> bool {
        self.state.tracks[track].stopped.is_some() || open.blocked.is_some()
    }
}

/// What writes the log of a journey, where there is one.
fn pen<'l, 's>(log: &'l mut Option<&mut Log<'s>>, case: &Arc<str>, arrival: Seconds) -> Option<Pen<'l, 's>> {
    log.as_deref_mut().map(|log| Pen { log, case: Arc::clone(case), arrival })
}

/// Something to come: the beginning of a group's working day, or a customer's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Opening(usize),
    /// The number, the place among the arrivals, and what it is.
    Customer(u64, u32, Step),
}

/// What a customer's turn is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// All that the interpreter finds, if this is still the stamp.
    Turn(u32),
    /// A task is done, by its place among those of the batch.
    Done(u32),
    /// A track asks for people, by the place of its segment.
    Ask(u32),
    /// The journey is over.
    End,
}

/// One simulation.
struct Shop<'r, 'p, 'l> {
    machine: &'r Machine,
    plan: &'p Plan<'p>,
    stop: &'p AtomicBool,
    floor: Floor<'r>,
    agenda: BinaryHeap<Reverse<(Seconds, Turn)>>,
    /// By place among the arrivals.
    journeys: Vec<Option<Box<Journey<'p>>>>,
    parts: Vec<Tally>,
    whole: Tally,
    warm_up: Seconds,
    /// Which offers' tasks wait for people.
    scarce: &'p [bool],
    horizon: Seconds,
    /// Whose turn it is; none at the beginning of a working day.
    present: Option<u64>,
    beforehand: Option<Box<Beforehand<'r>>>,
    /// Customers of a file, by place among the arrivals.
    customers: Vec<Option<Box<Customer>>>,
    from_file: bool,
    done: u64,
    progress: Progress<'r>,
    watched: Option<Watched>,
    log: Option<&'r mut Log<'l>>,
}

/// Which offers' tasks wait for people.
pub(super) fn scarce(machine: &Machine, scenario: &Scenario) -> Vec<bool> {
    let offers = (0..machine.playbook.offers.len()).map(|offer| OfferId(offer as u32));
    offers.map(|offer| !scenario.waits_for(&machine.playbook, offer).is_empty()).collect()
}

/// Sends customers who share people through a playbook. `arrivals` are sorted.
#[expect(clippy::too_many_arguments, reason = "what a simulation is made of")]
pub(super) fn simulate<'p>(
    machine: &Machine,
    scenario: &Scenario,
    plan: &'p Plan<'p>,
    scarce: &'p [bool],
    compiled: Option<&Compiled>,
    mut arrivals: Vec<Arrived>,
    from_file: bool,
    watched: Option<Watched>,
    log: Option<&mut Log<'_>>,
    progress: Progress<'_>,
    stop: &'p AtomicBool,
) -> (Tally, Option<Watched>) {
    let count = arrivals.len();
    let lots = lots(count);
    let warm_up = plan.warm_up.map_or(i64::MIN, |warm_up| warm_up.0);
    let since = warm_up.max(arrivals.first().map_or(0, |first| first.at));
    let mut whole = Tally::new(machine);
    whole.customers_under_way = super::level::Level::new(since);
    let mut shop = Shop {
        machine,
        plan,
        stop,
        floor: Floor::new(&machine.playbook, scenario, count as u64, since),
        agenda: BinaryHeap::new(),
        journeys: Vec::new(),
        // The last is for those who are not counted.
        parts: vec![Tally::new(machine); lots + 1],
        whole,
        warm_up,
        scarce,
        horizon: plan.horizon.unwrap_or(DEFAULT_HORIZON).0,
        present: None,
        // Whoever writes the log wants every step.
        beforehand: compiled.filter(|_| log.is_none()).map(|compiled| Box::new(Beforehand::new(compiled))),
        customers: Vec::new(),
        from_file,
        done: 0,
        progress,
        watched,
        log,
    };
    let warming = arrivals.partition_point(|arrived| arrived.at < warm_up);
    let mut place = 0;
    let horizon = shop.horizon;
    let mut now = since;
    loop {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let come = arrivals.get(place);
        let come = come.map(|arrived| (arrived.at, Turn::Customer(arrived.number, place as u32, Step::Turn(0))));
        let next = shop.agenda.peek().map(|Reverse(next)| *next);
        let Some((at, turn)) = come.into_iter().chain(next).min() else { break };
        if at > horizon {
            now = horizon;
            break;
        }
        now = at;
        shop.present = match turn {
            Turn::Opening(_) => None,
            Turn::Customer(number, ..) => Some(number),
        };
        if come == Some((at, turn)) {
            let counted = place.checked_sub(warming);
            let part = counted.map_or(lots, |counted| counted * lots / (count - warming));
            shop.whole.warming_up += u64::from(part == lots);
            let here = shop.arrives_here(&arrivals, place, part);
            let customer = arrivals[place].customer.take();
            if !here {
                shop.arrives(&arrivals[place], customer, part);
                shop.turn(place, at, None);
            } else if from_file {
                shop.customers.resize(place, None);
                shop.customers.push(customer);
            }
            place += 1;
            continue;
        }
        shop.agenda.pop();
        match turn {
            Turn::Opening(group) => shop.serve(group, at),
            Turn::Customer(_, place, Step::Turn(stamp)) => {
                let place = place as usize;
                let current =
                    shop.journeys.get(place).and_then(Option::as_ref).is_some_and(|known| known.stamp == stamp);
                if current {
                    shop.turn(place, at, Some(at));
                }
            }
            Turn::Customer(_, place, step) => shop.turn_here(place as usize, at, step),
        }
    }
    let left = (count - place) as u64;
    shop.finish(now.max(since), left)
}

impl<'p> Shop<'_, 'p, '_> {
    fn arrives(&mut self, arrived: &Arrived, customer: Option<Box<Customer>>, part: usize) {
        let journey = self.journey(self.journeys.len(), arrived.number, arrived.at, part, customer);
        self.whole.customers_under_way.change(arrived.at, true);
        self.journeys.push(Some(journey));
    }

    /// A journey before it begins.
    fn journey(
        &self,
        place: usize,
        number: u64,
        at: Seconds,
        part: usize,
        customer: Option<Box<Customer>>,
    ) -> Box<Journey<'p>> {
        let mut customer = customer.map_or_else(|| Customer::new(self.machine, ""), |customer| *customer);
        let case = if self.log.is_some() { log::case(&customer, number) } else { "".into() };
        let mut scene = Scene::new(self.plan, self.stop);
        scene.begin(self.machine, number, &mut customer, self.from_file);
        let state = self.plan.state(self.machine, &mut customer, Duration(at));
        Box::new(Journey {
            number,
            case,
            place,
            arrival: at,
            part,
            state,
            world: Asking { scene, scarce: self.scarce, asked: Vec::new() },
            pace: Pace::default(),
            memory: Memory::default(),
            waiting: Vec::new(),
            work: Vec::new(),
            stamp: 0,
            stop: None,
        })
    }

    /// A customer's turn: the journey begins, or goes on at an instant, and then people and lines follow.
    fn turn(&mut self, place: usize, now: Seconds, instant: Option<Seconds>) {
        let Some(mut journey) = self.journeys[place].take() else { return };
        {
            let Journey { number, case, state, world, pace, memory, arrival, part, .. } = &mut *journey;
            let pen = pen(&mut self.log, case, *arrival);
            let mut counter = Eyes::new(&mut self.parts[*part], memory, &mut self.watched, pen, *number);
            let mut drive = Drive::new(self.machine, state, world, &mut counter, pace);
            match instant {
                None => drive.begin(),
                Some(at) => drive.instant(at - *arrival),
            }
        }
        let freed = self.follow_work(&mut journey, now);
        self.follow_waiting(&mut journey, now);
        let asked = std::mem::take(&mut journey.world.asked);
        let joined = self.plan_next(place, journey, now);
        for group in freed {
            self.serve(group, now);
        }
        if joined {
            for asked in asked {
                self.ask(place, asked, now);
            }
        }
    }

    /// Says when the next turn is; false where the journey is over.
    fn plan_next(&mut self, place: usize, mut journey: Box<Journey<'p>>, now: Seconds) -> bool {
        let next = {
            let Journey { number, case, state, world, pace, memory, arrival, part, .. } = &mut *journey;
            let pen = pen(&mut self.log, case, *arrival);
            let mut counter = Eyes::new(&mut self.parts[*part], memory, &mut self.watched, pen, *number);
            Drive::new(self.machine, state, world, &mut counter, pace).upcoming()
        };
        journey.stamp += 1;
        match next {
            Next::At(at) => {
                let turn = Turn::Customer(journey.number, place as u32, Step::Turn(journey.stamp));
                self.agenda.push(Reverse((journey.arrival.saturating_add(at), turn)));
                journey.stop = None;
            }
            Next::Never(Stop::Ended) => {
                self.watch(&journey, Stop::Ended);
                let Journey { state, memory, part, .. } = &mut *journey;
                self.parts[*part].finish(self.machine, state, Stop::Ended, memory, &[]);
                self.whole.customers_under_way.change(now, false);
                self.tell(1);
                return false;
            }
            Next::Never(stop) => journey.stop = Some(stop),
        }
        self.journeys[place] = Some(journey);
        true
    }

    /// Keeps the end of the journey that is watched.
    fn watch(&mut self, journey: &Journey<'p>, stop: Stop) {
        if let Some(watched) = self.watched.as_mut().filter(|watched| watched.number == journey.number) {
            watched.end = Some((journey.state.clone(), stop));
        }
    }

    fn tell(&mut self, customers: u64) {
        self.done += customers;
        if self.done >= TOLD {
            (self.progress)(std::mem::take(&mut self.done));
        }
    }

    /// Work that is over gives its person back; work whose track stood still goes on, or the other way round. Which groups
    /// have somebody free now.
    fn follow_work(&mut self, journey: &mut Journey<'p>, now: Seconds) -> Vec<usize> {
        let mut freed = Vec::new();
        for mut work in std::mem::take(&mut journey.work) {
            let open = journey.open(work.track, work.visit, work.offer).filter(|open| open.done_at.is_some());
            let Some(open) = open else {
                self.floor.release(work.group, work.since, now);
                freed.push(work.group);
                continue;
            };
            let still = journey.stands_still(work.track, open);
            let group = &self.floor.groups[work.group];
            if let (Some(since), true) = (work.running, still) {
                work.left -= group.worked(since, now);
                work.running = None;
            } else if work.running.is_none() && !still {
                work.running = Some(now);
                let takes = Duration(group.done(now, work.left) - now);
                self.tell_journey(journey, now, &Event::Work { track: work.track, offer: work.offer, takes });
            }
            journey.work.push(work);
        }
        freed
    }

    fn tell_journey(&mut self, journey: &mut Journey<'p>, now: Seconds, event: &Event) {
        let Journey { number, case, state, world, pace, memory, arrival, part, .. } = journey;
        let pen = pen(&mut self.log, case, *arrival);
        let mut counter = Eyes::new(&mut self.parts[*part], memory, &mut self.watched, pen, *number);
        Drive::new(self.machine, state, world, &mut counter, pace).tell(now - *arrival, event);
    }

    /// Tasks that are no longer open leave the line; those of a track that stands still are passed over.
    fn follow_waiting(&mut self, journey: &mut Journey<'p>, now: Seconds) {
        for mut waiting in std::mem::take(&mut journey.waiting) {
            let Some(open) = journey.open(waiting.track, waiting.visit, waiting.offer) else {
                self.floor.leave(waiting.line, &waiting.ticket);
                self.floor.count_waiting(waiting.line, now, false);
                continue;
            };
            let still = journey.stands_still(waiting.track, open);
            if still && !waiting.passed_over {
                self.floor.leave(waiting.line, &waiting.ticket);
            } else if !still && waiting.passed_over {
                // Served in this very turn, as newly offered tasks are.
                let takes = Duration(waiting.takes);
                journey.world.asked.push(Asked { track: waiting.track, offer: waiting.offer, takes });
            }
            waiting.passed_over = still;
            journey.waiting.push(waiting);
        }
    }

    /// A task joins the line, or comes back to its place in it.
    fn ask(&mut self, place: usize, asked: Asked, now: Seconds) {
        let Some(mut journey) = self.journeys[place].take() else { return };
        let known = journey.waiting.iter().position(|known| (known.track, known.offer) == (asked.track, asked.offer));
        let line = if let Some(known) = known {
            let known = &journey.waiting[known];
            self.floor.join(known.line, known.ticket);
            Some(known.line)
        } else {
            self.joins(&mut journey, asked, now)
        };
        self.journeys[place] = Some(journey);
        let Some(line) = line else { return };
        self.serve_line(line, now);
    }

    fn joins(&mut self, journey: &mut Journey<'p>, asked: Asked, now: Seconds) -> Option<LineId> {
        let track = journey.state.tracks.get(asked.track)?;
        let (visit, service) = (track.visit.number, track.service);
        let open = journey.open(asked.track, visit, asked.offer)?;
        let passed_over = journey.stands_still(asked.track, open);
        let line = self.floor.line(asked.offer, service);
        let priority = self.floor.priority(line, View::of(self.machine, &journey.state, asked.track));
        let ticket = self.floor.ticket(priority, now, (journey.number, journey.place));
        self.floor.count_waiting(line, now, true);
        if !passed_over {
            self.floor.join(line, ticket);
        }
        journey.waiting.push(Waiting {
            ticket,
            line,
            track: asked.track,
            visit,
            offer: asked.offer,
            takes: asked.takes.0,
            passed_over,
        });
        Some(line)
    }

    /// Those who can serve a line take up what waits for them.
    fn serve_line(&mut self, line: LineId, now: Seconds) {
        let mut at = 0;
        while let Some(group) = self.floor.group_for(line, at) {
            self.serve(group, now);
            at += 1;
        }
    }

    /// Those of a group who are free and at work take up what waits for them.
    fn serve(&mut self, group: usize, now: Seconds) {
        while let Some(ticket) = self.floor.next_for(group, now) {
            self.begin_work(ticket, group, now);
        }
        if let Some(at) = self.floor.opening(group, now) {
            self.agenda.push(Reverse((at, Turn::Opening(group))));
        }
    }

    fn begin_work(&mut self, ticket: Ticket, group: usize, now: Seconds) {
        if self.begin_here(ticket, group, now) {
            return;
        }
        let Some(mut journey) = self.journeys[ticket.place].take() else { return };
        if let Some(at) = journey.waiting.iter().position(|waiting| waiting.ticket == ticket) {
            let waiting = journey.waiting.remove(at);
            self.floor.leave(waiting.line, &ticket);
            self.count_begun(&ticket, (waiting.line, waiting.offer), journey.part, group, now);
            let takes = Duration(self.floor.groups[group].done(now, waiting.takes) - now);
            let event = Event::Work { track: waiting.track, offer: waiting.offer, takes };
            self.tell_journey(&mut journey, now, &event);
            journey.work.push(Work {
                group,
                track: waiting.track,
                visit: waiting.visit,
                offer: waiting.offer,
                since: now,
                left: waiting.takes,
                running: Some(now),
            });
        }
        self.plan_next(ticket.place, journey, now);
    }

    /// Counts that somebody begins with a task.
    fn count_begun(
        &mut self,
        ticket: &Ticket,
        (line, offer): (LineId, OfferId),
        part: usize,
        group: usize,
        now: Seconds,
    ) {
        self.floor.count_waiting(line, now, false);
        self.floor.take(group, now);
        if ticket.asked >= self.warm_up {
            // Those who came in the warm-up are no customers of any part: their waits go to the first.
            let counted = part + 1 < self.parts.len();
            let part = &mut self.parts[if counted { part } else { 0 }];
            for role in self.floor.roles(line) {
                part.waits[role.index()].record(now - ticket.asked);
            }
            let task = self.machine.playbook.offers[offer.index()].task;
            part.tasks[task.index()].waits.record(now - ticket.asked);
        }
    }

    /// Counts who is still under way, and puts the parts together.
    fn finish(mut self, now: Seconds, not_arrived: u64) -> (Tally, Option<Watched>) {
        for place in self.still_here() {
            if let Some(journey) = self.interpret(place, now, true) {
                self.finish_journey(journey, now);
            }
        }
        for journey in std::mem::take(&mut self.journeys).into_iter().flatten() {
            self.finish_journey(journey, now);
        }
        (self.progress)(self.done);
        self.floor.close(now);
        self.whole.customers_under_way.until(now);
        let mut whole = self.whole;
        whole.not_arrived = not_arrived;
        whole.roles = self.floor.tallies;
        let _ = self.parts.pop();
        for part in &self.parts {
            whole.merge(part);
        }
        whole.parts = self.parts.into_iter().filter(|part| part.customers > 0).collect();
        (whole, self.watched)
    }

    /// Counts a customer who is still under way.
    fn finish_journey(&mut self, mut journey: Box<Journey<'p>>, now: Seconds) {
        {
            for work in &journey.work {
                self.floor.count_work(work.group, work.since, now);
            }
            let in_line: Vec<RoleId> =
                journey.waiting.iter().flat_map(|waiting| self.floor.roles(waiting.line)).copied().collect();
            for role in &in_line {
                self.floor.tallies[role.index()].in_line += 1;
            }
            let advance = Event::Advance(now - journey.arrival);
            self.tell_journey(&mut journey, now, &advance);
            let over_soon = journey.work.is_empty() && in_line.is_empty();
            let stop = journey.stop.filter(|_| over_soon).unwrap_or(Stop::Horizon);
            self.watch(&journey, stop);
            let Journey { state, memory, part, .. } = &mut *journey;
            self.parts[*part].finish(self.machine, state, stop, memory, &in_line);
        }
    }
}
