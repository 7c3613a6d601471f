//! A path through situations as a journey that counts seconds.

use super::Journey;
use crate::model::{FactId, FactScope, OfferId, ServiceId, ServiceSet, TaskId};
use crate::run::clock::{clocks, due};
use crate::run::event::{Effect, Event, Observer};
use crate::run::journey::{Answer, World, drive};
use crate::run::state::{OpenTask, Seconds, State, TrackId};
use crate::run::timeline::Said;
use crate::run::{Customer, Machine, apply};
use crate::source::{FileId, Span};
use crate::value::{DAY, TaskStatus, Value};
use crate::verify::explore::{Decided, Explored, Explorer, Move};
use std::collections::BTreeSet;

/// When what nobody's clock decides is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As soon as it can be.
    AtOnce,
    /// As late as it can be: at the very instant at which some clock or limit is due.
    Late,
    /// A day after what came before.
    Daily,
}

/// A step of a path: what was decided, and what happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What happened.
    pub by: Move,
    /// What was decided about facts then.
    pub decided: Vec<Decided>,
}

/// The steps from the start to a situation, the first of them [`Move::Start`].
#[must_use]
pub fn path<W>(explored: &Explored<W>, to: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = Some(to);
    while let Some(index) = at {
        let situation = &explored.situations[index];
        steps.push(Step { by: situation.by.clone(), decided: situation.decided.clone() });
        at = situation.from;
    }
    steps.reverse();
    steps
}

/// The same steps with all said that is settled as soon as it is offered; none where nothing is.
#[must_use]
pub fn all_said(steps: &[Step]) -> Option<Vec<Step>> {
    let said = |step: &Step| match &step.by {
        Move::AtOnce(event) => Step { by: Move::Said(event.clone()), decided: step.decided.clone() },
        _ => step.clone(),
    };
    let some = steps.iter().any(|step| matches!(step.by, Move::AtOnce(_)));
    some.then(|| steps.iter().map(said).collect())
}

/// A world in which nothing is done unless it is said.
struct Quiet;

impl World for Quiet {
    fn offered(&mut self, _: &Machine, _: &State, _: TrackId, _: OfferId) -> Answer {
        Answer::Waits
    }

    fn next(&mut self, _: &Machine, _: &State) -> Option<Seconds> {
        None
    }

    fn say(&mut self, _: &Machine, _: &State) -> Option<Event> {
        None
    }
}

/// Remembers which tasks were offered, and when.
#[derive(Debug, Default)]
struct Noted {
    offered: Vec<(Seconds, Option<ServiceId>, TaskId)>,
}

impl Observer for Noted {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        if let Effect::Offered(track, offer) = effect {
            let task = machine.playbook.offers[offer.index()].task;
            self.offered.push((state.now, state.tracks[track].service, task));
        }
    }
}

/// Nowhere: a line that nobody wrote.
#[must_use]
pub fn nowhere() -> Span {
    Span { file: FileId(0), start: 0, end: 0 }
}

/// A line of a timeline that nobody wrote.
#[must_use]
pub fn line(at: Seconds, event: Event) -> Said {
    let service = match &event {
        Event::Facts { service, .. } | Event::Fact { service, .. } | Event::Task { service, .. } => *service,
        Event::Happened { service, .. } | Event::Blocker { service, .. } | Event::Resolved { service, .. } => *service,
        Event::Escalated { service } | Event::Paused { service, .. } | Event::Resumed { service } => *service,
        Event::ServiceDropped { service, .. } | Event::ServiceAdded { service, .. } => Some(*service),
        _ => None,
    };
    Said { at, event, service, note: None, source: None, span: nowhere() }
}

/// The journey of a path; none where its clocks cannot be due in this order.
#[must_use]
pub fn journey(explorer: &Explorer<'_>, intended: ServiceSet, steps: &[Step], pace: Pace) -> Option<Journey> {
    let mut telling = Telling::new(explorer, intended, steps, pace);
    for step in steps.iter().skip(1) {
        telling.step(step)?;
    }
    Some(telling.finish())
}

/// A journey that is being told.
pub struct Telling<'e> {
    machine: &'e Machine,
    customer: Customer,
    /// Where it stands.
    pub state: State,
    said: Vec<Said>,
    /// When something is said: see [`Pace`].
    pub pace: Pace,
    noted: Noted,
    /// Tasks that were complete as soon as they were offered.
    at_once: BTreeSet<(Option<ServiceId>, TaskId)>,
    /// Whether the clocks of this instant have been followed: then nothing can be said in it any more.
    struck: bool,
    /// Whether the instant of a clock has come and something is said in it before it is followed.
    due: bool,
}

impl<'e> Telling<'e> {
    /// At its start. The steps are those of the whole path: what it decides about day 0 is so from the beginning.
    #[must_use]
    pub fn new(explorer: &Explorer<'e>, intended: ServiceSet, steps: &[Step], pace: Pace) -> Telling<'e> {
        let machine = explorer.real;
        let mut customer = Customer::new(machine, "example");
        customer.intended = intended;
        let mut seen = BTreeSet::new();
        for decided in steps.iter().flat_map(|step| &step.decided).filter(|decided| decided.from_start) {
            if !seen.insert((decided.service, decided.fact)) {
                continue;
            }
            let slot = machine.playbook.facts[decided.fact.index()].slot;
            match decided.service {
                None => customer.facts[slot] = decided.value.clone(),
                Some(service) => customer.services[service.index()][slot] = decided.value.clone(),
            }
        }
        let mut state = State::new(machine, &customer);
        let mut noted = Noted::default();
        drive(machine, &mut state, &mut Quiet, &mut noted, Some(0));
        Telling {
            machine,
            customer,
            state,
            said: Vec::new(),
            pace,
            struck: false,
            due: false,
            noted,
            at_once: BTreeSet::new(),
        }
    }

    /// A journey that goes round for ever, told three times round: after a round everything is as it was, but for the
    /// time. None where it is not.
    #[must_use]
    pub fn round(
        explorer: &Explorer<'e>,
        intended: ServiceSet,
        steps: &[Step],
        round: &[Step],
        pace: Pace,
    ) -> Option<Telling<'e>> {
        let mut all: Vec<Step> = steps.to_vec();
        (0..3).for_each(|_| all.extend(round.iter().cloned()));
        let mut telling = Telling::new(explorer, intended, &all, Pace::AtOnce);
        let mut prints = Vec::new();
        for (at, step) in all.iter().enumerate().skip(1) {
            if at >= steps.len() {
                telling.pace = pace;
                if (at - steps.len()).is_multiple_of(round.len()) {
                    prints.push(telling.print(explorer));
                }
            }
            telling.step(step)?;
        }
        prints.push(telling.print(explorer));
        let [.., (second, from), (last, to)] = prints.as_slice() else { return None };
        (second == last && to > from).then_some(telling)
    }

    /// One step more; none where it cannot be.
    pub fn step(&mut self, step: &Step) -> Option<()> {
        let scope = if let Move::Facts(scope) = &step.by { Some(*scope) } else { None };
        let mut changed: Vec<(Option<ServiceId>, FactId, Value)> = Vec::new();
        for decided in &step.decided {
            let known = &self.machine.playbook.facts[decided.fact.index()];
            let now = match (known.scope, decided.service) {
                (FactScope::Service, Some(service)) => &self.state.services[service.index()].facts[known.slot],
                _ => &self.state.facts[known.slot],
            };
            if let Some(value) = &decided.value
                && Some(value) != now.as_ref()
            {
                changed.push((decided.service, decided.fact, value.clone()));
            }
        }
        let mut scopes: Vec<Option<ServiceId>> = changed.iter().map(|(service, ..)| *service).collect();
        scopes.sort_unstable();
        scopes.dedup();
        // What nobody looked at before comes first; what the step itself says comes last.
        scopes.sort_by_key(|known| Some(*known) == scope);
        for service in scopes {
            let values = changed.iter().filter(|(known, ..)| *known == service);
            let values = values.map(|(_, fact, value)| (*fact, value.clone())).collect();
            self.say(Event::Facts { service, values, correction: false });
        }
        match &step.by {
            Move::Start | Move::Facts(_) => {}
            Move::Said(event) => self.say(event.clone()),
            // Nobody says it: a task that no line names is complete as soon as it is offered.
            Move::AtOnce(event @ Event::Task { service, task, status: TaskStatus::Complete, .. }) => {
                self.at_once.insert((*service, *task));
                apply(self.machine, &mut self.state, event, &mut self.noted);
            }
            Move::AtOnce(event) => self.say(event.clone()),
            Move::Time(clock) => {
                let at = due(self.machine, &self.state, *clock)?;
                self.wait(at.max(self.state.now));
            }
            Move::Reach(clock) => {
                let at = due(self.machine, &self.state, *clock)?;
                if at <= self.state.now {
                    return None;
                }
                self.wait(at - 1);
                apply(self.machine, &mut self.state, &Event::Advance(at), &mut self.noted);
                (self.struck, self.due) = (false, true);
            }
            Move::Strike => self.wait(self.state.now),
        }
        Some(())
    }

    /// Where it stands but for the time, and the time.
    #[must_use]
    pub fn print(&self, explorer: &Explorer<'_>) -> (Vec<u8>, Seconds) {
        let mut print = Vec::new();
        explorer.key(&self.state, &mut print);
        for clock in clocks(self.machine, &self.state) {
            let left = due(self.machine, &self.state, clock).map(|at| at - self.state.now);
            print.extend(format!("{clock:?} {left:?}").into_bytes());
        }
        (print, self.state.now)
    }

    /// Lets time pass; all clocks that are due by then are followed.
    pub fn wait(&mut self, until: Seconds) {
        drive(self.machine, &mut self.state, &mut Quiet, &mut self.noted, Some(until));
        if self.state.now < until {
            apply(self.machine, &mut self.state, &Event::Advance(until), &mut self.noted);
        }
        (self.struck, self.due) = (true, false);
    }

    /// Completes what is open, as late as the pace says.
    pub fn complete(&mut self) {
        for _ in 0..64 {
            let active = self.state.tracks.iter().filter(|track| track.active());
            let open = active.flat_map(|track| track.visit.open.iter().map(move |open| (track.service, open)));
            let due = |offer: OfferId| self.machine.playbook.offers[offer.index()].due;
            let by = |open: &OpenTask| {
                due(open.offer).map_or(Seconds::MAX, |due| self.machine.over(&self.state, open.offered, due))
            };
            let first = open.min_by_key(|(_, open)| by(open));
            let Some((service, task)) =
                first.map(|(service, open)| (service, self.machine.playbook.offers[open.offer.index()].task))
            else {
                return;
            };
            self.say(Event::Task { service, task, status: TaskStatus::Complete, reason: None });
        }
    }

    fn say(&mut self, event: Event) {
        let now = self.state.now;
        match self.pace {
            _ if self.due => {}
            Pace::Late => {
                if let Some(limit) = self.limit().filter(|limit| *limit > now) {
                    if limit - 1 > now {
                        self.wait(limit - 1);
                    }
                    apply(self.machine, &mut self.state, &Event::Advance(limit), &mut self.noted);
                    self.struck = false;
                } else if self.struck {
                    self.wait(now + 1);
                }
            }
            Pace::Daily => {
                let next = (now / DAY + 1) * DAY;
                let free = self.limit().is_none_or(|limit| limit > next);
                self.wait(if free { next } else { now + i64::from(self.struck) });
            }
            Pace::AtOnce if self.struck => self.wait(now + 1),
            Pace::AtOnce => {}
        }
        self.said.push(line(self.state.now, event.clone()));
        apply(self.machine, &mut self.state, &event, &mut self.noted);
        if self.pace == Pace::Daily {
            self.struck = false;
        }
    }

    /// When the next clock or limit of a task is due.
    fn limit(&self) -> Option<Seconds> {
        let clocks = clocks(self.machine, &self.state);
        let clocks = clocks.into_iter().filter_map(|clock| due(self.machine, &self.state, clock));
        let tasks = self.state.tracks.iter().filter(|track| track.active()).flat_map(|track| &track.visit.open);
        let tasks = tasks.filter_map(|open| {
            let due = self.machine.playbook.offers[open.offer.index()].due?;
            Some(self.machine.over(&self.state, open.offered, due))
        });
        clocks.chain(tasks).min()
    }

    /// The journey. Tasks that were open are named, so that they are not complete as soon as they are offered.
    #[must_use]
    pub fn finish(mut self) -> Journey {
        for (at, service, task) in &self.noted.offered {
            let named = |said: &Said| {
                matches!(&said.event, Event::Task { task: known, service: of, .. }
                    if known == task && (of.is_none() || of == service))
            };
            if !self.at_once.contains(&(*service, *task)) && !self.said.iter().any(named) {
                let event =
                    Event::Task { service: *service, task: *task, status: TaskStatus::InProgress, reason: None };
                self.said.push(line(*at, event));
            }
        }
        self.said.sort_by_key(|said| said.at);
        Journey { customer: self.customer, said: self.said, until: None }
    }
}

/// What a journey shows, in words without the text of the playbook.
#[must_use]
pub fn shows(violation: Option<&crate::run::monitor::Violation>) -> String {
    use crate::run::monitor::Wrong;
    let Some(violation) = violation else { return "what has to come never does".to_owned() };
    let day = violation.at.div_euclid(DAY);
    match violation.kind {
        Wrong::Holds => format!("true on day {day}"),
        Wrong::Fails => format!("not true on day {day}"),
        Wrong::TooEarly => format!("on day {day}, before the other"),
        Wrong::Late => format!("not yet on day {day}"),
        Wrong::Missing => format!("over on day {day} without it"),
        Wrong::TooOften(times) => format!("{times} times by day {day}"),
    }
}
