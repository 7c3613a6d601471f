//! Looks for a customer and a timeline that reach a goal, and sees every situation on the way there.
//!
//! Situations are those of the real interpreter; what is added is only when a value is decided. Every fact is open at
//! first, and decided when something looks at it: then each value that the playbook can tell apart is tried. A fact that
//! can change at any time and that nothing looks at where a customer waits is open again. Time is looked at one clock at a
//! time, whichever it is (see [`crate::run::clock`]). So the situations seen are all there are, and some that only the
//! order of two clocks rules out; where none of them reaches the goal, nobody ever will, and where one does, its path is
//! made a journey of a customer and followed once more ([`crate::verify::witness`]).
//!
//! What is left out is listed by [`super::property::premises`].

pub mod dates;
pub mod domain;
pub mod force;
pub mod key;
pub mod live;
pub mod moves;
mod ready;
pub mod regions;
mod search;

use crate::model::{Expr, FactId, FactScope, OfferId, Place, ServiceId, ServiceSet, SustainedId, TaskId, Volatility};
use crate::run::clock::{self, Clock};
use crate::run::evaluate::matches;
use crate::run::event::{Effect, Event};
use crate::run::state::{Happening, Lookout, State, TrackId};
use crate::run::{Customer, Machine};
use crate::value::Value;
use domain::Domains;
use force::{Force, Tasks};
use key::Looked;
use live::{Left, Live};
pub use ready::look_at_service_first;
use ready::{from_outside, service_first, without_idle_rounds};
use std::collections::BTreeSet;

/// How what is looked for stands in a situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may still come.
    Going,
    /// It is here.
    Reached,
    /// It will never come from here, or what comes is not spoken of.
    Closed,
}

/// What is looked for: sees each event of a journey as an observer does, and can be copied where journeys part.
pub trait Watch: Clone {
    /// One effect, with the state it came from.
    fn effect(&mut self, machine: &Machine, state: &State, effect: &Effect);
    /// A stable moment.
    fn settled(&mut self, machine: &Machine, state: &State);
    /// How it stands.
    fn standing(&self, machine: &Machine, state: &State) -> Standing;
    /// What it remembers of the past that can still matter.
    fn key(&self, state: &State, out: &mut Vec<u8>);
    /// Whether something is owed: for claims that something comes.
    fn pending(&self) -> bool {
        false
    }
    /// Whether it makes a difference that a task which is settled as soon as it is offered leaves no stable moment in
    /// which it is open.
    fn minds_moments(&self) -> bool {
        false
    }
}

/// Something that happens next.
#[derive(Debug, Clone, PartialEq)]
pub enum Move {
    /// The journey begins.
    Start,
    /// Facts of the customer or of a service change.
    Facts(Option<ServiceId>),
    /// Something is said.
    Said(Event),
    /// A task is settled in the instant in which it was offered, before that instant is a stable moment.
    AtOnce(Event),
    /// A clock is due.
    Time(Clock),
    /// A clock that conditions read is due, and something will be said at that very instant before it is followed.
    Reach(Clock),
    /// What is due at this instant is followed, after what was said in it.
    Strike,
}

/// What was decided about a fact when somebody looked at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// Whose.
    pub service: Option<ServiceId>,
    /// Which.
    pub fact: FactId,
    /// Its value; none is unknown.
    pub value: Option<Value>,
    /// Whether it was so from the start.
    pub from_start: bool,
}

/// A situation that was reached.
#[derive(Debug)]
pub struct Situation<W> {
    /// The state; facts that are open have any value.
    pub state: State,
    /// What is looked for.
    pub watch: W,
    /// From which situation it was first reached; none is the start.
    pub from: Option<usize>,
    /// By what.
    pub by: Move,
    /// What was decided then.
    pub decided: Vec<Decided>,
    /// How what is looked for stands.
    pub standing: Standing,
    /// Whether the instant of a clock has come and is not followed yet.
    pub due: bool,
    /// Tasks that were offered in this instant and are still to be answered in it: then it is no stable moment, and nobody
    /// waits here. Mostly none.
    pub unanswered: Vec<(TrackId, OfferId)>,
}

/// Why an exploration stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The goal was reached: by this situation.
    Reached(usize),
    /// Every situation was seen.
    Exhausted,
    /// The budget was spent.
    OutOfBudget,
    /// Somebody asked to stop.
    Stopped,
}

/// How much memory an exploration may take, in bytes, as far as it is counted: what lists keep in reserve is not. With many
/// facts a situation is large.
const ROOM: usize = 280_000_000;

/// How much work may be done, counted in events followed by the interpreter.
#[derive(Debug, Clone)]
pub struct Budget {
    left: u64,
    /// Whether to stop, asked now and then.
    stop: Option<fn() -> bool>,
    /// How many bytes one exploration may take.
    room: usize,
}

impl Budget {
    /// So many events.
    #[must_use]
    pub fn new(events: u64) -> Budget {
        Budget { left: events, stop: None, room: ROOM }
    }

    /// The same with room for so many bytes of situations.
    #[cfg(test)]
    pub fn in_room(self, room: usize) -> Budget {
        Budget { room, ..self }
    }

    /// The same, asking this whether to stop.
    #[must_use]
    pub fn stopping(self, stop: fn() -> bool) -> Budget {
        Budget { stop: Some(stop), ..self }
    }

    /// The same, stopping where `other` does.
    #[must_use]
    pub fn stopping_like(self, other: &Budget) -> Budget {
        Budget { stop: other.stop, room: other.room, ..self }
    }

    /// What is left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Takes some; false where there is none left.
    pub fn spend(&mut self, events: u64) -> bool {
        self.left = self.left.saturating_sub(events);
        self.left > 0
    }

    /// Whether somebody asked to stop.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop())
    }
}

/// What can be asked of a playbook, prepared once.
#[derive(Debug)]
pub struct Explorer<'m> {
    /// The playbook as it is run.
    pub real: &'m Machine,
    /// The same without rounds that change nothing.
    pub machine: Machine,
    /// Values to try.
    pub domains: Domains,
    /// What conditions look at.
    pub looked: Looked,
    /// What can happen.
    pub alphabet: moves::Alphabet,
    /// Facts of services that are looked at from outside their tracks.
    outside: Vec<bool>,
    /// What may still be looked at; none where the question may look at anything.
    live: Option<Live>,
    by_number: Vec<(Option<ServiceId>, FactId)>,
}

/// What follows a situation.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// The situation that follows.
    pub to: usize,
    /// By what.
    pub by: Move,
    /// What was decided then.
    pub decided: Vec<Decided>,
    /// What is bound to come there and begins anew.
    pub begins: Vec<Force>,
}

/// A graph of situations.
#[derive(Debug)]
pub struct Explored<W> {
    /// The situations; the first ones are where journeys begin.
    pub situations: Vec<Situation<W>>,
    /// For each situation, those that follow. Empty unless asked for.
    pub next: Vec<Vec<Edge>>,
    /// Every place somebody came to, also in passing.
    pub entered: BTreeSet<Place>,
    /// Why it stopped.
    pub outcome: Outcome,
    /// Whether some fact that was decided on the way cannot be tried exactly: then nothing is proved by having seen all.
    pub inexact: Option<(FactId, &'static str)>,
}

impl<'m> Explorer<'m> {
    /// For a playbook, the conditions that are asked about it, and whether blockers can come.
    #[must_use]
    pub fn new(real: &'m Machine, asked: &[&Expr], alphabet: moves::Asked<'_>) -> Explorer<'m> {
        let mut looked = Looked::default();
        let mut outside = vec![false; real.playbook.facts.len()];
        {
            let mut all: Vec<&Expr> = asked.to_vec();
            domain::conditions(&real.playbook, &mut |expr| all.push(expr));
            for expr in all {
                domain::deep(&real.playbook, expr, &mut |part| looked.add(part));
                domain::deep(&real.playbook, expr, &mut |part| from_outside(&real.playbook, part, &mut outside));
            }
        }
        let mut playbook = without_idle_rounds(&real.playbook, &looked);
        if !alphabet.outputs {
            // They are reported and hold nobody: nothing needs to be known for them.
            playbook.scopes.iter_mut().for_each(|scope| scope.outputs.clear());
        }
        if alphabet.dates {
            dates::dates_as_facts(&mut playbook);
        }
        service_first(&mut playbook);
        let machine = Machine::new(playbook);
        outside.resize(machine.playbook.facts.len(), true);
        let domains = Domains::new(&machine, asked);
        looked.events.extend(alphabet.events.iter().cloned());
        let live = alphabet.tasks.map(|_| Live::new(&machine, asked));
        let alphabet = moves::Alphabet::new(&machine.playbook, asked, &looked, alphabet);
        let facts = |scope: FactScope| {
            let facts = machine.playbook.facts.iter().enumerate();
            facts.filter(move |(_, fact)| fact.scope == scope).map(|(index, _)| FactId(index as u32))
        };
        let mut by_number: Vec<(Option<ServiceId>, FactId)> =
            facts(FactScope::Customer).map(|fact| (None, fact)).collect();
        for service in 0..real.playbook.services.len() {
            by_number.extend(facts(FactScope::Service).map(|fact| (Some(ServiceId(service as u32)), fact)));
        }
        Explorer { real, machine, domains, looked, alphabet, outside, live, by_number }
    }

    /// The state before a journey of a customer who intends these services, every fact open.
    #[must_use]
    pub fn before(&self, intended: ServiceSet) -> State {
        let playbook = &self.machine.playbook;
        let mut customer = Customer::new(&self.machine, "example");
        customer.intended = intended;
        let mut state = State::new(&self.machine, &customer);
        // Nothing looks at services that are not intended: there is less to copy.
        let others = (0..playbook.services.len()).filter(|index| !intended.contains(ServiceId(*index as u32)));
        let others: Vec<usize> = others.collect();
        others.iter().for_each(|index| state.services[*index].facts = Vec::new());
        let slots = (playbook.slots(FactScope::Customer), playbook.slots(FactScope::Service));
        let mut lookout = Lookout::new(slots.0, slots.1, playbook.services.len());
        let lasting = 0..playbook.sustained.len();
        lookout.asleep = lasting.flat_map(|index| others.iter().map(move |other| (index, other + 1))).collect();
        for (number, (service, fact)) in self.by_number.iter().enumerate() {
            let known = &playbook.facts[fact.index()];
            if known.volatility != Volatility::Kept && service.is_none_or(|service| intended.contains(service)) {
                lookout.open_as(number, true);
            }
        }
        state.lookout = Some(lookout);
        state
    }

    /// Explores, breadth first, from the start of customers who intend each of these sets of services; `edges` keeps the
    /// whole graph, with these tasks bound to be settled.
    ///
    /// Where the goal is reached, `confirm` says whether that is what was looked for; if not, the search goes on.
    pub fn explore<W: Watch>(
        &self,
        intended: &[ServiceSet],
        watch: &W,
        edges: Option<Tasks>,
        budget: &mut Budget,
        confirm: &mut dyn FnMut(&Explored<W>, usize) -> bool,
    ) -> Explored<W> {
        self.search(intended, watch, (edges, None), budget, confirm)
    }

    /// Explores in the same way, with no more than `most` situations for all tracks being where they are: soon at places
    /// that are far. That all was seen then says nothing.
    pub fn glance<W: Watch>(
        &self,
        intended: &[ServiceSet],
        watch: &W,
        (most, backwards): (usize, bool),
        budget: &mut Budget,
        confirm: &mut dyn FnMut(&Explored<W>, usize) -> bool,
    ) -> Explored<W> {
        self.search(intended, watch, (None, Some((most, backwards))), budget, confirm)
    }

    /// What of a situation can still matter.
    pub fn key(&self, state: &State, out: &mut Vec<u8>) {
        key::key(&self.machine, (&self.looked, &self.domains), &|task| self.alphabet.tells(task), state, out);
    }

    /// The fact of a number.
    #[must_use]
    pub fn fact(&self, number: usize) -> (Option<ServiceId>, FactId) {
        self.by_number[number]
    }

    /// Whether a fact can be changed by anybody but the playbook, where it stands now.
    fn changeable(&self, state: &State, number: usize) -> bool {
        let (service, fact) = self.by_number[number];
        if service.is_some_and(|service| !state.intended.contains(service)) {
            return false;
        }
        let known = &self.machine.playbook.facts[fact.index()];
        let value = match service {
            None => &state.facts[known.slot],
            Some(service) => &state.services[service.index()].facts[known.slot],
        };
        let ended = service.is_some_and(|service| state.services[service.index()].at_end.is_some());
        !ended
            && match known.volatility {
                Volatility::Kept => false,
                Volatility::Fixed => value.is_none(),
                Volatility::Live | Volatility::Rising | Volatility::Falling => true,
            }
    }

    /// The fact to decide before an open one: one it is only compared with, where that is open too.
    fn first_open(&self, state: &State, number: usize) -> usize {
        let (service, fact) = self.by_number[number];
        let Some(lookout) = &state.lookout else { return number };
        let mut open = self.domains.regions.partners(fact).filter_map(|partner| {
            let known = &self.machine.playbook.facts[partner.index()];
            let of = if known.scope == FactScope::Customer { None } else { service };
            let partner = lookout.number(of, known.slot);
            lookout.is_open(partner).then_some(partner)
        });
        open.next().unwrap_or(number)
    }

    /// Whether a fact of a scope that can change is not open.
    fn can_open(&self, state: &State, scope: Option<ServiceId>) -> bool {
        let closed = |number: usize| state.lookout.as_ref().is_some_and(|lookout| !lookout.is_open(number));
        (0..self.by_number.len())
            .any(|number| self.by_number[number].0 == scope && closed(number) && self.changeable(state, number))
    }

    /// Whether a fact stands for a condition on a date.
    fn is_date(&self, fact: FactId) -> bool {
        fact.index() >= self.real.playbook.facts.len()
    }

    /// Whether all time there is is looked at: by its clocks, and by dates that are facts here.
    #[must_use]
    pub fn covers(&self) -> bool {
        clock::covers(self.real)
            || self.has_dates() && !self.real.waits_for_business_time() && clock::covers(&self.machine)
    }

    /// Whether conditions on dates are facts here.
    #[must_use]
    pub fn has_dates(&self) -> bool {
        self.machine.playbook.facts.len() > self.real.playbook.facts.len()
    }

    /// Opens the facts that stand for conditions on dates: some time has passed.
    fn open_dates(&self, state: &mut State) {
        for number in 0..self.by_number.len() {
            if self.is_date(self.by_number[number].1) && self.changeable(state, number) {
                state.lookout.iter_mut().for_each(|lookout| lookout.open(number));
            }
        }
    }

    /// Opens every fact of a scope that can change.
    fn open_scope(&self, state: &mut State, scope: Option<ServiceId>) {
        for number in 0..self.by_number.len() {
            if self.by_number[number].0 != scope || !self.changeable(state, number) {
                continue;
            }
            if let Some(lookout) = &mut state.lookout {
                lookout.open(number);
            }
        }
    }

    /// Opens facts that nothing looks at in this situation and that can change, or that nothing will ever look at, so that
    /// it does not matter what they are.
    fn forget(&self, state: &mut State) {
        let left = self.live.as_ref().and_then(|live| live.left(&self.machine, state));
        if let Some(left) = &left {
            self.fade(state, left);
        }
        for number in 0..self.by_number.len() {
            let (service, fact) = self.by_number[number];
            if service.is_some_and(|service| !state.intended.contains(service)) {
                continue;
            }
            if left.as_ref().is_some_and(|left| left.is_dead(service, fact)) {
                let slot = self.machine.playbook.facts[fact.index()].slot;
                match service {
                    None => state.facts[slot] = None,
                    Some(service) => state.services[service.index()].facts[slot] = None,
                }
                if let Some(lookout) = &mut state.lookout {
                    lookout.open_as(number, false);
                }
                continue;
            }
            let Some(lookout) = &state.lookout else { return };
            if lookout.was_read(number) || lookout.is_open(number) {
                continue;
            }
            let ended = service.is_some_and(|service| state.services[service.index()].at_end.is_some());
            let dead = ended && !self.outside[fact.index()];
            if !dead && !self.changeable(state, number) {
                continue;
            }
            let known = &self.machine.playbook.facts[fact.index()];
            if dead || known.volatility == Volatility::Live {
                let slot = match service {
                    None => &mut state.facts[known.slot],
                    Some(service) => &mut state.services[service.index()].facts[known.slot],
                };
                if slot.is_some() {
                    *slot = Some(known.default.clone().unwrap_or(Value::YesNo(false)));
                }
                if dead {
                    *slot = None;
                }
            }
            if let Some(lookout) = &mut state.lookout {
                lookout.open(number);
            }
        }
    }
}

impl Explorer<'_> {
    /// Leaves out what nothing will look at any more, facts left out.
    fn fade(&self, state: &mut State, left: &Left<'_>) {
        let minds = |service: Option<ServiceId>, task: TaskId| {
            left.minds(service, task) || self.looked.tasks().any(|known| known == task)
        };
        state.tasks.retain(|record| minds(None, record.task));
        for (index, service) in state.services.iter_mut().enumerate().filter(|(_, service)| !service.tasks.is_empty()) {
            service.tasks.retain(|record| minds(Some(ServiceId(index as u32)), record.task));
        }
        for (number, track) in state.tracks.iter_mut().filter(|track| track.active()).enumerate() {
            track.taken.retain(|(way, _)| left.counts(number, *way));
            track.kept.retain(|(stage, _)| left.resumes(number, *stage));
            track.stages.clear();
        }
        let told = |past: &Happening| self.looked.events.iter().any(|event| matches(event, &past.kind));
        let mut later: Vec<Happening> = Vec::new();
        for past in state.happenings.drain(..).rev() {
            if told(&past) && !later.iter().any(|known| (&known.kind, known.service) == (&past.kind, past.service)) {
                later.push(past);
            }
        }
        later.reverse();
        state.happenings = later;
        let Some(lookout) = &mut state.lookout else { return };
        lookout.asleep.clear();
        for (index, instances) in state.sustained.iter_mut().enumerate() {
            let condition = SustainedId(index as u32);
            for (instance, since) in instances.iter_mut().enumerate() {
                let service = instance.checked_sub(1).map(|service| ServiceId(service as u32));
                let is_intended = service.is_none_or(|service| state.intended.contains(service));
                if !is_intended || !left.lasts(service, condition) {
                    *since = None;
                    lookout.asleep.push((index, instance));
                }
            }
        }
    }
}
