//! A scenario as the world around one customer: what it knows at the start, how long tasks take, what happens.

use super::draw::Situation;
use super::plan::{Plan, Site, Step};
use super::random::Stream;
use crate::model::scenario::{Odds, Sampler};
use crate::model::{CadenceId, FactId, FactScope, OfferId, ServiceId, StageId};
use crate::run::evaluate::View;
use crate::run::evaluate::fitted;
use crate::run::journey::{Answer, World};
use crate::run::state::{CUSTOMER_TRACK, Seconds, State, TrackId};
use crate::run::{Customer, Event, Machine};
use crate::value::{Duration, Value};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Why a task is not required: the scenario's odds said so.
pub(super) const NOT_DONE: &str = "not done in the scenario";

/// The longest time that is drawn: ten thousand years. Beyond it nobody waits.
pub(super) const LONGEST: i64 = 10_000 * 365 * crate::value::DAY;

/// Something that comes at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// The place of a `… after …` in the plan.
    Timed(usize),
    /// A blocker of this kind is resolved.
    Resolved(Option<String>, Option<ServiceId>),
}

/// Statements under way: what is left of them, and for whom.
#[derive(Debug)]
struct Frame<'p> {
    steps: std::slice::Iter<'p, Step<'p>>,
    track: TrackId,
    service: Option<ServiceId>,
    round: Option<(CadenceId, u32)>,
    /// How often these statements were done before, for this customer or service: numbers the streams.
    occurrence: u32,
}

/// The world around one customer.
#[derive(Debug)]
pub(super) struct Scene<'p> {
    plan: &'p Plan<'p>,
    stop: &'p AtomicBool,
    customer: u64,
    /// How often each site outside statements was drawn from, for the customer and each service.
    drawn: Vec<u32>,
    /// How often the statements of each stage were done, before rounds and on entry, for the customer and each service.
    done: Vec<u32>,
    agenda: BinaryHeap<Reverse<(Seconds, u32, Due)>>,
    /// Numbers the agenda: what was put there first comes first.
    entries: u32,
    stack: Vec<Frame<'p>>,
    /// Visits whose stage has taken its time.
    taken: Vec<(TrackId, u32)>,
    begun: bool,
    /// A journey of nobody, from where draws are seen that read nothing.
    nobody: Option<Rc<State>>,
}

impl<'p> Scene<'p> {
    /// A world without a customer.
    pub(super) fn new(plan: &'p Plan<'p>, stop: &'p AtomicBool) -> Scene<'p> {
        Scene {
            plan,
            stop,
            customer: 0,
            drawn: vec![0; plan.sites * plan.instances],
            done: vec![0; 2 * plan.rounds.len() * plan.instances],
            agenda: BinaryHeap::new(),
            entries: 0,
            stack: Vec::new(),
            taken: Vec::new(),
            begun: false,
            nobody: None,
        }
    }

    /// The next stream of a site.
    fn stream(&mut self, site: &Site, service: Option<ServiceId>) -> Stream {
        let instance = instance(service);
        let drawn = &mut self.drawn[site.number * self.plan.instances + instance];
        let occurrence = *drawn;
        *drawn += 1;
        site.keys[instance].stream(self.customer, occurrence)
    }

    /// How often the statements of a stage were done before; now once more.
    fn occurrence(&mut self, stage: StageId, on_entry: bool, service: Option<ServiceId>) -> u32 {
        let place = (2 * stage.index() + usize::from(on_entry)) * self.plan.instances + instance(service);
        let occurrence = self.done[place];
        self.done[place] += 1;
        occurrence
    }

    /// What the scenario says of the customer at the start. What is known already stays: facts with a value, and the
    /// services of a customer from a file.
    pub(super) fn begin(&mut self, machine: &Machine, number: u64, customer: &mut Customer, from_file: bool) {
        self.begin_with(machine, number, customer, from_file, &|_, _| from_file);
    }

    /// The same, where the services or some facts are known: those that `keeps` names stay where they have a value.
    pub(super) fn begin_with(
        &mut self,
        machine: &Machine,
        number: u64,
        customer: &mut Customer,
        services_known: bool,
        keeps: &dyn Fn(FactId, Option<ServiceId>) -> bool,
    ) {
        self.customer = number;
        self.drawn.fill(0);
        self.done.fill(0);
        self.agenda.clear();
        self.entries = 0;
        self.stack.clear();
        self.taken.clear();
        self.begun = false;
        if let (Some((site, odds, if_none)), false) = (&self.plan.services, services_known) {
            for (index, chance) in odds.iter().enumerate() {
                let service = ServiceId(index as u32);
                if self.stream(site, Some(service)).yes(chance.0) {
                    customer.intended = customer.intended.with(service);
                }
            }
            if let (0, Some(service)) = (customer.intended.0, if_none) {
                customer.intended = customer.intended.with(*service);
            }
        }
        let plan = self.plan;
        for draw in &plan.draws {
            let fact = &machine.playbook.facts[draw.draw.fact.index()];
            // Most draws read nothing of the customer: a state of nobody will do for them.
            let state = if draw.reads {
                Rc::new(State::new(machine, customer))
            } else {
                let nobody = || Rc::new(State::new(machine, &Customer::new(machine, "")));
                Rc::clone(self.nobody.get_or_insert_with(nobody))
            };
            let services = match fact.scope {
                FactScope::Customer => vec![None],
                FactScope::Service => customer.intended.iter().map(Some).collect(),
            };
            for service in services {
                let known = match service {
                    Some(service) => &mut customer.services[service.index()][fact.slot],
                    None => &mut customer.facts[fact.slot],
                };
                if known.is_some() && keeps(draw.draw.fact, service) {
                    continue;
                }
                let view = View { machine, state: &state, track: CUSTOMER_TRACK, service, outside: false };
                let mut stream = self.stream(&draw.site, service);
                *known = Situation { view, round: None }
                    .value(&draw.draw.value, &mut stream)
                    .map(|value| fitted(value, fact));
            }
        }
    }

    fn situation<'a>(machine: &'a Machine, state: &'a State, frame: (TrackId, Option<ServiceId>)) -> Situation<'a> {
        let view = View { machine, state, track: frame.0, service: frame.1, outside: false };
        Situation { view, round: None }
    }

    /// A length of time; unknown is none.
    fn time(&mut self, situation: &Situation<'_>, site: &Site, sampler: &Sampler) -> Option<Duration> {
        let stream = self.stream(site, situation.view.service);
        length(situation, stream, sampler)
    }

    fn comes(&mut self, situation: &Situation<'_>, site: &Site, odds: Option<&Odds>) -> bool {
        let Some(odds) = odds else { return true };
        let chance = situation.chance(odds);
        self.stream(site, situation.view.service).yes(chance)
    }

    fn later(&mut self, at: Seconds, due: Due) {
        self.agenda.push(Reverse((at, self.entries, due)));
        self.entries += 1;
    }

    /// Puts what happens at a time of its own on the agenda, once the journey has begun.
    fn begin_timed(&mut self, machine: &Machine, state: &State) {
        self.begun = true;
        let plan = self.plan;
        for (place, timed) in plan.timed.iter().enumerate() {
            let situation = Self::situation(machine, state, (CUSTOMER_TRACK, timed.service));
            if let Some(delay) = self.time(&situation, &timed.sites[0], timed.delay) {
                self.later(delay.0, Due::Timed(place));
            }
        }
    }

    /// The next thing that happens out of the statements under way.
    fn next_event(&mut self, machine: &Machine, state: &State) -> Option<Event> {
        loop {
            let frame = self.stack.last_mut()?;
            let Some(step) = frame.steps.next() else {
                self.stack.pop();
                continue;
            };
            let (track, service, round, occurrence) = (frame.track, frame.service, frame.round, frame.occurrence);
            // A statement is done once at most each time, so the number of times before is enough to tell its streams apart:
            // the luck of a round is the same whatever the rounds before it came to.
            let customer = self.customer;
            let stream = |site: &Site| site.keys[instance(service)].stream(customer, occurrence);
            let comes = |situation: &Situation<'_>, site: &Site, odds: Option<&Odds>| {
                odds.is_none_or(|odds| stream(site).yes(situation.chance(odds)))
            };
            let situation = Situation { round, ..Self::situation(machine, state, (track, service)) };
            let go_on = |scene: &mut Self, steps: &'p [Step<'p>]| {
                scene.stack.push(Frame { steps: steps.iter(), track, service, round, occurrence });
            };
            match step {
                Step::Assign { fact, value, site } => {
                    let known = &machine.playbook.facts[fact.index()];
                    let of = match known.scope {
                        FactScope::Customer => None,
                        FactScope::Service => service,
                    };
                    if let Some(value) = situation.value(value, &mut stream(site)) {
                        let value = fitted(value, known);
                        return Some(Event::Fact { service: of, fact: *fact, value, correction: false });
                    }
                }
                Step::Blocker { kind, odds, lasting, sites, otherwise } => {
                    if !comes(&situation, &sites[0], *odds) {
                        go_on(self, otherwise);
                        continue;
                    }
                    let kind = kind.map(str::to_owned);
                    if let Some(lasting) = length(&situation, stream(&sites[1]), lasting) {
                        let at = state.now.saturating_add(lasting.0);
                        self.later(at, Due::Resolved(kind.clone(), service));
                    }
                    return Some(Event::Blocker { kind, service, task: None });
                }
                Step::Event { event, odds, site, otherwise } => {
                    if comes(&situation, site, *odds) {
                        return Some(Event::Happened { event: *event, service });
                    }
                    go_on(self, otherwise);
                }
                Step::With { odds, site, then, otherwise } => {
                    let comes = comes(&situation, site, Some(odds));
                    go_on(self, if comes { then } else { otherwise });
                }
                Step::When { condition, then, otherwise } => {
                    let holds = situation.truth(condition) == Some(true);
                    go_on(self, if holds { then } else { otherwise });
                }
            }
        }
    }

    /// Whether another blocker that this one's end would clear as well lasts longer.
    fn outlasted(&self, kind: Option<&String>, service: Option<ServiceId>) -> bool {
        self.agenda.iter().any(|Reverse((_, _, due))| match due {
            Due::Resolved(other, of) => *of == service && (kind.is_none() || other.as_ref() == kind),
            Due::Timed(_) => false,
        })
    }
}

/// The streams of the customer are 0, those of a service 1 and its index.
fn instance(service: Option<ServiceId>) -> usize {
    service.map_or(0, |service| service.index() + 1)
}

/// A length of time; unknown is none.
fn length(situation: &Situation<'_>, mut stream: Stream, sampler: &Sampler) -> Option<Duration> {
    match situation.value(sampler, &mut stream)? {
        Value::Duration(time) => Some(Duration(time.0.clamp(0, LONGEST))),
        _ => None,
    }
}

impl World for Scene<'_> {
    fn offered(&mut self, machine: &Machine, state: &State, track: TrackId, offer: OfferId) -> Answer {
        let service = state.tracks[track].service;
        let situation = Self::situation(machine, state, (track, service));
        let known = &machine.playbook.offers[offer.index()];
        let plan = self.plan;
        let task = &plan.tasks[known.task.index()];
        if let Some((site, odds)) = &task.done
            && !self.comes(&situation, site, Some(odds))
        {
            return Answer::NotRequired(NOT_DONE.to_owned());
        }
        let takes = match (&task.takes, &plan.stage_takes[known.stage.index()]) {
            (Some((site, takes)), _) => self.time(&situation, site, takes),
            (None, Some((site, takes))) => {
                let visit = (track, state.tracks[track].visit.number);
                if self.taken.contains(&visit) {
                    Some(Duration(0))
                } else {
                    self.taken.push(visit);
                    self.time(&situation, site, takes)
                }
            }
            (None, None) => Some(Duration(0)),
        };
        // How long it takes depends on something nobody knows: it stays open, and the journey says so.
        takes.map_or(Answer::Waits, Answer::Takes)
    }

    fn before_round(
        &mut self,
        _: &Machine,
        state: &State,
        track: TrackId,
        stage: StageId,
        cadence: CadenceId,
        round: u32,
    ) -> Vec<Event> {
        let steps = self.plan.rounds[stage.index()].iter();
        let service = state.tracks[track].service;
        let occurrence = self.occurrence(stage, false, service);
        self.stack.push(Frame { steps, track, service, round: Some((cadence, round)), occurrence });
        Vec::new()
    }

    fn on_entry(&mut self, _: &Machine, state: &State, track: TrackId, stage: StageId) -> Vec<Event> {
        let steps = self.plan.entries[stage.index()].iter();
        let service = state.tracks[track].service;
        let occurrence = self.occurrence(stage, true, service);
        self.stack.push(Frame { steps, track, service, round: None, occurrence });
        Vec::new()
    }

    fn then(&mut self, machine: &Machine, state: &State) -> Option<Event> {
        self.next_event(machine, state)
    }

    fn stops(&mut self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn next(&mut self, machine: &Machine, state: &State) -> Option<Seconds> {
        if !self.begun {
            self.begin_timed(machine, state);
        }
        if !self.stack.is_empty() {
            return Some(state.now);
        }
        self.agenda.peek().map(|Reverse((at, ..))| *at)
    }

    fn say(&mut self, machine: &Machine, state: &State) -> Option<Event> {
        loop {
            if let Some(event) = self.next_event(machine, state) {
                return Some(event);
            }
            if self.agenda.peek().is_none_or(|Reverse((at, ..))| *at > state.now) {
                return None;
            }
            let Reverse((_, _, due)) = self.agenda.pop()?;
            match due {
                Due::Resolved(kind, service) => {
                    if !self.outlasted(kind.as_ref(), service) {
                        return Some(Event::Resolved { kind, service, task: None, waived: false });
                    }
                }
                Due::Timed(place) => {
                    let timed = &self.plan.timed[place];
                    let service = timed.service;
                    if service.is_some_and(|service| !state.intended.contains(service)) {
                        continue;
                    }
                    let under_way = |track: &crate::run::state::Track| track.active() && track.service == service;
                    let track = state.tracks.iter().position(under_way).unwrap_or(CUSTOMER_TRACK);
                    let situation = Self::situation(machine, state, (track, service));
                    if self.comes(&situation, &timed.sites[1], timed.odds) {
                        let steps = timed.steps.iter();
                        self.stack.push(Frame { steps, track, service, round: None, occurrence: 0 });
                    }
                }
            }
        }
    }
}
