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
pub mod regions;

use crate::model::{
    Atom, CadenceId, Expr, FactId, FactScope, Node, OfferId, Place, Playbook, ServiceId, ServiceSet, SustainedId,
    TaskId, Trigger, Volatility,
};
use crate::run::clock::{self, Clock};
use crate::run::evaluate::View;
use crate::run::evaluate::matches;
use crate::run::event::{Blind, Effect, Event, Observer};
use crate::run::state::{Blocker, Happening, Lookout, State, TrackId};
use crate::run::time::over;
use crate::run::{Customer, Machine, apply};
use crate::value::Value;
use domain::Domains;
use force::{Force, Tasks, begins, forces};
use key::Looked;
use live::{Left, Live};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

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
const ROOM: usize = 400_000_000;

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

    fn search<W: Watch>(
        &self,
        intended: &[ServiceSet],
        watch: &W,
        (edges, few): (Option<Tasks>, Option<(usize, bool)>),
        budget: &mut Budget,
        confirm: &mut dyn FnMut(&Explored<W>, usize) -> bool,
    ) -> Explored<W> {
        let mut search = Search {
            explorer: self,
            explored: Explored {
                situations: Vec::new(),
                next: Vec::new(),
                entered: BTreeSet::new(),
                outcome: Outcome::Exhausted,
                inexact: None,
            },
            known: BTreeMap::new(),
            queue: VecDeque::new(),
            edges,
            most: few.map(|(most, _)| most),
            backwards: few.is_some_and(|(_, backwards)| backwards),
            at: BTreeMap::new(),
            room: budget.room,
            budget,
            confirm,
        };
        for set in intended {
            let (state, watch) = (self.before(*set), watch.clone());
            let before = Before { state, watch, from: None, due: false, unanswered: Vec::new() };
            if let Some(outcome) = search.follow(&before, &Move::Start) {
                search.explored.outcome = outcome;
                return search.explored;
            }
        }
        // Where only a few situations are looked at, those that are far come first.
        while let Some(index) = if few.is_some() { search.queue.pop_back() } else { search.queue.pop_front() } {
            let situation = &mut search.explored.situations[index];
            if situation.standing != Standing::Going || over(&situation.state) {
                continue;
            }
            let state = if search.edges.is_some() {
                situation.state.clone()
            } else {
                // Nobody asks again how it stood: there is room for others.
                search.room = search.room.saturating_add(size_of_state(&situation.state));
                let rest = State { intended: situation.state.intended, ..State::default() };
                std::mem::replace(&mut situation.state, rest)
            };
            let situation = &search.explored.situations[index];
            let mut before = Before {
                state,
                watch: situation.watch.clone(),
                from: Some(index),
                due: situation.due,
                unanswered: Vec::new(),
            };
            let unanswered = situation.unanswered.clone();
            let mut moves: Vec<(Move, usize)> = Vec::new();
            if unanswered.is_empty() {
                moves.extend(self.moves(&before.state, before.due).into_iter().map(|next| (next, 0)));
            }
            for (at, (track, offer)) in unanswered.iter().enumerate() {
                // Those before it wait: they are answered in order.
                let answers = self.answers(&before.state, *track, *offer).into_iter();
                moves.extend(answers.map(|event| (Move::AtOnce(event), at + 1)));
            }
            for (next, answered) in moves {
                before.unanswered = unanswered[answered..].to_vec();
                if let Some(outcome) = search.follow(&before, &next) {
                    search.explored.outcome = outcome;
                    return search.explored;
                }
            }
        }
        search.explored
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
            || self.has_dates() && !self.real.waits_for_business_days() && clock::covers(&self.machine)
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

/// A situation with what is looked for, before something happens.
struct Before<W> {
    state: State,
    watch: W,
    from: Option<usize>,
    /// Whether the instant of a clock has come and is not followed yet.
    due: bool,
    /// What can still be answered in this instant once the next thing has happened.
    unanswered: Vec<(TrackId, OfferId)>,
}

/// Where all tracks under way are.
type Places = Vec<(Option<ServiceId>, Option<Place>)>;

struct Search<'e, 'm, 'c, W> {
    explorer: &'e Explorer<'m>,
    explored: Explored<W>,
    known: BTreeMap<(u64, Vec<u8>), usize>,
    queue: VecDeque<usize>,
    edges: Option<Tasks>,
    /// How many situations may have all tracks at the same places; none means any number.
    most: Option<usize>,
    /// Whether the last value of a fact is tried first.
    backwards: bool,
    /// How many have.
    at: BTreeMap<Places, usize>,
    budget: &'e mut Budget,
    /// How much memory may still be taken, in bytes, as far as it is counted.
    room: usize,
    confirm: &'c mut dyn FnMut(&Explored<W>, usize) -> bool,
}

impl<W: Watch> Search<'_, '_, '_, W> {
    /// Lets something happen, once for each way in which the facts it looks at can be. An outcome stops the exploration.
    fn follow(&mut self, before: &Before<W>, next: &Move) -> Option<Outcome> {
        let explorer = self.explorer;
        let mut start = Cow::Borrowed(&before.state);
        if let Move::Facts(scope) = next {
            if !explorer.can_open(&before.state, *scope) {
                return None;
            }
            explorer.open_scope(start.to_mut(), *scope);
        }
        let passes = matches!(next, Move::Facts(_) | Move::Said(_) | Move::Time(_) | Move::Reach(_));
        if passes && explorer.has_dates() {
            explorer.open_dates(start.to_mut());
        }
        let mut stack: Vec<(Cow<'_, State>, Vec<Decided>)> = vec![(start, Vec::new())];
        while let Some((state, decided)) = stack.pop() {
            if self.budget.left.is_multiple_of(256) && self.budget.stopped() {
                return Some(Outcome::Stopped);
            }
            if !self.budget.spend(1) {
                return Some(Outcome::OutOfBudget);
            }
            let mut after = State::clone(&state);
            if let Some(lookout) = &mut after.lookout {
                lookout.forget();
            }
            if *next == Move::Start
                && let Some(meant) = &explorer.machine.playbook.about.customers
            {
                let truth = View::of(&explorer.machine, &after, 0).truth(meant);
                if truth != Some(true) && after.lookout.as_ref().and_then(Lookout::missing).is_none() {
                    continue;
                }
            }
            let mut eye = Eye {
                watch: before.watch.clone(),
                offered: Vec::new(),
                entered: Vec::new(),
                unanswered: before.unanswered.clone(),
                instants: Vec::new(),
            };
            happen(&explorer.machine, &mut after, next, &mut eye);
            let mut missing = after.lookout.as_ref().and_then(Lookout::missing);
            if missing.is_none() {
                // What is looked at while the customer waits.
                if let Some(lookout) = &mut after.lookout {
                    lookout.forget();
                }
                let idle = Event::Facts { service: None, values: Vec::new(), correction: false };
                // What has come with time alone is not looked at before something is said.
                let as_it_is = matches!(next, Move::Reach(_)) || after.tracks.iter().any(|track| track.looping);
                if as_it_is {
                    let mut copy = after.clone();
                    apply(&explorer.machine, &mut copy, &idle, &mut Blind);
                    after.lookout = copy.lookout;
                } else {
                    apply(&explorer.machine, &mut after, &idle, &mut Blind);
                }
                eye.watch.clone().settled(&explorer.machine, &after);
                missing = after.lookout.as_ref().and_then(Lookout::missing);
            }
            if let Some(number) = missing {
                self.decide(&state, &decided, number, &mut stack);
                continue;
            }
            for instant in std::mem::take(&mut eye.instants) {
                if let Some(outcome) = self.add_instant(before, next, instant, decided.clone()) {
                    return Some(outcome);
                }
            }
            clock::normalise(&explorer.machine, &mut after);
            plain_blockers(&mut after);
            let standing = eye.watch.standing(&explorer.machine, &after);
            explorer.forget(&mut after);
            let seen = Seen { watch: eye.watch, offered: eye.offered, entered: eye.entered, unanswered: Vec::new() };
            if let Some(outcome) = self.add(before, next, after, seen, decided, standing) {
                return Some(outcome);
            }
        }
        None
    }

    /// Tries each value of an open fact.
    fn decide(
        &mut self,
        state: &State,
        decided: &[Decided],
        number: usize,
        stack: &mut Vec<(Cow<'_, State>, Vec<Decided>)>,
    ) {
        let machine = &self.explorer.machine;
        // What a fact is compared with comes first: then which side it is on is all that matters.
        let number = self.explorer.first_open(state, number);
        let (service, fact) = self.explorer.by_number[number];
        let slot = machine.playbook.facts[fact.index()].slot;
        let base = match service {
            None => state.facts[slot].clone(),
            Some(service) => state.services[service.index()].facts[slot].clone(),
        };
        let free = state.lookout.as_ref().is_some_and(|lookout| lookout.is_free(number));
        // A value that holds by default can still be any other on day 0.
        let bound = if free { None } else { base.as_ref() };
        if let Some(reason) = self.explorer.domains.inexact().get(&fact) {
            self.explored.inexact = self.explored.inexact.or(Some((fact, reason)));
        }
        let mut candidates = self.explorer.domains.candidates(machine, state, service, fact, bound);
        if self.explorer.is_date(fact) {
            // A journey without dates is plainer.
            candidates.sort_by_key(Option::is_some);
        }
        if self.backwards {
            candidates.reverse();
        }
        for value in candidates.into_iter().rev() {
            let mut next = state.clone();
            match service {
                None => next.facts[slot] = value.clone(),
                Some(service) => {
                    let known = &mut next.services[service.index()];
                    known.facts[slot] = value.clone();
                    if let Some(at_end) = &mut known.at_end {
                        at_end[slot] = value.clone();
                    }
                }
            }
            if let Some(lookout) = &mut next.lookout {
                lookout.decided(number);
            }
            let mut decided = decided.to_vec();
            // What is decided about a date is nothing anybody says.
            if !self.explorer.is_date(fact) {
                decided.push(Decided { service, fact, value, from_start: free });
            }
            stack.push((Cow::Owned(next), decided));
        }
    }

    /// Adds a moment that is not stable yet: what was offered in it is still to be answered.
    fn add_instant(
        &mut self,
        before: &Before<W>,
        by: &Move,
        (state, seen): Instant<W>,
        decided: Vec<Decided>,
    ) -> Option<Outcome> {
        match seen.watch.standing(&self.explorer.machine, &state) {
            Standing::Closed => None,
            // What is broken already counts once the instant is over, if it is spoken of then.
            Standing::Going | Standing::Reached => self.add(before, by, state, seen, decided, Standing::Going),
        }
    }

    fn add(
        &mut self,
        before: &Before<W>,
        by: &Move,
        state: State,
        seen: Seen<W>,
        decided: Vec<Decided>,
        standing: Standing,
    ) -> Option<Outcome> {
        let Seen { watch, offered, entered, unanswered } = seen;
        self.explored.entered.extend(entered);
        if standing == Standing::Closed {
            // Nothing is asked from here on.
            return None;
        }
        let mut key = Vec::with_capacity(256);
        if standing == Standing::Going && over(&state) && unanswered.is_empty() {
            // The journey is over, and how does not matter any more.
            key.push(u8::MAX);
        } else {
            self.explorer.key(&state, &mut key);
            watch.key(&state, &mut key);
        }
        key.push(standing as u8);
        let due = match by {
            Move::Reach(_) => true,
            Move::Start | Move::Time(_) | Move::Strike => false,
            Move::Facts(_) | Move::Said(_) | Move::AtOnce(_) => before.due,
        };
        key.push(u8::from(due));
        if !unanswered.is_empty() {
            // In one instant it matters which stages were entered in it: going round in no time is told by that.
            let entered = state.tracks.iter().map(|track| &track.entered_now);
            key.extend(format!("{unanswered:?} {:?}", entered.collect::<Vec<_>>()).into_bytes());
        }
        // Keys begin alike: a print of the whole comes first, so that two are told apart at once.
        let mut print = DefaultHasher::new();
        key.hash(&mut print);
        let key = (print.finish(), key);
        let found = self.known.get(&key).copied();
        let index = found.unwrap_or(self.explored.situations.len());
        if found.is_none()
            && let Some(most) = self.most
            && standing != Standing::Reached
        {
            let tracks = state.tracks.iter().filter(|track| track.active());
            let places: Places = tracks.map(|track| (track.service, track.place)).collect();
            let there = self.at.entry(places).or_default();
            if *there >= most {
                return None;
            }
            *there += 1;
        }
        let edge = self.edges.zip(before.from).and_then(|(tasks, from)| {
            let mut begun = forces(&self.explorer.machine, &state, tasks);
            begun.retain(|force| begins(&self.explorer.machine, &before.state, &state, *force, &offered));
            let is_known = |known: &Edge| known.to == index && known.begins == begun;
            let known = self.explored.next.get(from).is_some_and(|ways| ways.iter().any(is_known));
            (!known).then(|| (from, Edge { to: index, by: by.clone(), decided: decided.clone(), begins: begun }))
        });
        // What leads to a situation is only kept with it: there must be room for both.
        let parts = |edge: &Edge| size_of_val(edge.decided.as_slice()) + size_of_val(edge.begins.as_slice());
        let mut size = edge.as_ref().map_or(0, |(_, edge)| size_of::<Edge>() + parts(edge));
        if found.is_none() {
            size += key.1.len() + size_of::<Situation<W>>() + size_of_val(decided.as_slice()) + size_of_state(&state);
        }
        self.room = self.room.saturating_sub(size);
        if self.room == 0 {
            return Some(Outcome::OutOfBudget);
        }
        if self.edges.is_some() && found.is_none() {
            self.explored.next.push(Vec::new());
        }
        if let Some((from, edge)) = edge {
            self.explored.next[from].push(edge);
        }
        if found.is_some() {
            return None;
        }
        self.known.insert(key, index);
        let (from, by) = (before.from, by.clone());
        self.explored.situations.push(Situation { state, watch, from, by, decided, standing, due, unanswered });
        self.queue.push_back(index);
        (standing == Standing::Reached && (self.confirm)(&self.explored, index)).then_some(Outcome::Reached(index))
    }
}

/// How many bytes of memory a state takes beside its own, as far as that is counted.
fn size_of_state(state: &State) -> usize {
    let services = state.services.iter().map(|service| service.facts.len()).sum::<usize>();
    (state.facts.len() + services) * (size_of::<Option<Value>>() + 4)
        + size_of_val(state.services.as_slice())
        + size_of_val(state.tracks.as_slice())
}

/// Lets something happen to a state.
fn happen<W: Watch>(machine: &Machine, state: &mut State, next: &Move, eye: &mut Eye<W>) {
    match next {
        Move::Start => apply(machine, state, &Event::Start, eye),
        // The values are there already: what is left is that something was said.
        Move::Facts(service) => {
            let event = Event::Facts { service: *service, values: Vec::new(), correction: false };
            apply(machine, state, &event, eye);
        }
        Move::Said(event) | Move::AtOnce(event) => apply(machine, state, event, eye),
        Move::Time(clock) => return clock::bring(machine, state, *clock, eye),
        Move::Reach(clock) => return clock::reach(machine, state, *clock, eye),
        Move::Strike => return clock::strike(machine, state, eye),
    }
    eye.settled(machine, state);
}

/// Blockers that are cleared together are one: what holds a track because of any of them is held. Their order says nothing.
fn plain_blockers(state: &mut State) {
    let tracks = &state.tracks;
    let mut known: Vec<Blocker> = Vec::new();
    for mut blocker in state.blockers.drain(..) {
        blocker.handled.retain(|track| tracks.get(*track).is_some_and(crate::run::state::Track::active));
        blocker.handled.sort_unstable();
        blocker.raised = 0;
        let of = |known: &&mut Blocker| {
            (&known.kind, known.service, known.task) == (&blocker.kind, blocker.service, blocker.task)
        };
        match known.iter_mut().find(of) {
            Some(known) => known.handled.retain(|track| blocker.handled.contains(track)),
            None => known.push(blocker),
        }
    }
    known.sort_by(|one, other| (&one.kind, one.service, one.task).cmp(&(&other.kind, other.service, other.task)));
    state.blockers = known;
}

/// The playbook with what depends on the service alone looked at first, wherever several conditions are to hold: what is not
/// needed is not looked at then.
fn service_first(playbook: &mut Playbook) {
    let mut guards: Vec<&mut Expr> = Vec::new();
    guards.extend(playbook.transitions.iter_mut().filter_map(|known| match &mut known.trigger {
        Trigger::Completion(guard) | Trigger::On(_, guard) => guard.as_mut(),
        Trigger::Whenever(guard) => Some(guard),
        Trigger::Otherwise | Trigger::After(_) | Trigger::AfterLastRound(_) => None,
    }));
    guards.extend(playbook.lets.iter_mut().map(|known| &mut known.value));
    guards.extend(playbook.offers.iter_mut().filter_map(|offer| offer.when.as_mut()));
    guards.extend(playbook.stages.iter_mut().flat_map(|stage| &mut stage.needs).map(|needs| &mut needs.condition));
    let inputs = playbook.scopes.iter_mut().flat_map(|scope| &mut scope.inputs);
    guards.extend(inputs.filter_map(|input| input.condition.as_mut()));
    guards.into_iter().for_each(look_at_service_first);
}

/// Puts first, of the parts of conditions, those that depend on the service alone.
pub fn look_at_service_first(expr: &mut Expr) {
    fn is_of_service(expr: &Expr) -> bool {
        let mut alone = true;
        expr.walk(&mut |part| {
            alone &= !matches!(part.node, Node::Let(_) | Node::Quantified(..))
                && (!matches!(part.node, Node::Atom(_))
                    || matches!(part.node, Node::Atom(Atom::Service | Atom::ThisService)));
        });
        alone
    }
    if let Node::And(parts) | Node::Or(parts) = &mut expr.node {
        parts.sort_by_key(|part| !is_of_service(part));
    }
    expr.parts_mut(&mut look_at_service_first);
}

/// Tells what is looked for what happens.
struct Eye<W> {
    watch: W,
    offered: Vec<(TrackId, OfferId)>,
    entered: Vec<Place>,
    /// What was offered since the last stable moment and is still to be answered.
    unanswered: Vec<(TrackId, OfferId)>,
    /// Moments that would be stable if nothing that was offered were settled at once.
    instants: Vec<Instant<W>>,
}

/// What was seen on the way to a situation.
struct Seen<W> {
    watch: W,
    offered: Vec<(TrackId, OfferId)>,
    entered: Vec<Place>,
    unanswered: Vec<(TrackId, OfferId)>,
}

/// A moment in which something offered is still to be answered.
type Instant<W> = (State, Seen<W>);

impl<W: Watch> Observer for Eye<W> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        match &effect {
            Effect::Offered(track, offer) => {
                self.offered.push((*track, *offer));
                self.unanswered.push((*track, *offer));
            }
            Effect::Entered(_, place, _) => self.entered.push(*place),
            Effect::Ended(_, end) => self.entered.push(Place::End(*end)),
            _ => {}
        }
        self.watch.effect(machine, state, &effect);
    }

    fn settled(&mut self, machine: &Machine, state: &State) {
        let mut unanswered = std::mem::take(&mut self.unanswered);
        unanswered.retain(|(track, offer)| state.tracks[*track].visit.open.iter().any(|open| open.offer == *offer));
        if !unanswered.is_empty() && self.watch.minds_moments() {
            let (watch, offered, entered) = (self.watch.clone(), self.offered.clone(), self.entered.clone());
            self.instants.push((state.clone(), Seen { watch, offered, entered, unanswered }));
        }
        self.watch.settled(machine, state);
    }
}

/// Facts of services that a quantifier looks at.
fn from_outside(playbook: &Playbook, expr: &Expr, outside: &mut [bool]) {
    if let crate::model::Node::Quantified(..) = &expr.node {
        let mut note = |part: &Expr| {
            if let crate::model::Node::Atom(crate::model::Atom::Fact(fact) | crate::model::Atom::Unknown(fact)) =
                &part.node
            {
                outside[fact.index()] = true;
            }
        };
        domain::deep(playbook, expr, &mut note);
    }
}

/// The playbook without cadences that only show steps and that nothing counts.
fn without_idle_rounds(playbook: &Playbook, looked: &Looked) -> Playbook {
    let mut playbook = playbook.clone();
    let counted = |stage: &crate::model::Stage, id: CadenceId, playbook: &Playbook| {
        looked.rounds.contains(&id.0)
            || stage
                .exits
                .iter()
                .any(|exit| matches!(playbook.transitions[exit.index()].trigger, Trigger::AfterLastRound(_)))
    };
    let idle = |id: CadenceId, playbook: &Playbook| {
        let body = &playbook.cadences[id.index()].body;
        body.iter().all(|work| matches!(work, crate::model::Work::Step(_)))
    };
    for at in 0..playbook.stages.len() {
        let stage = &playbook.stages[at];
        let kept = stage
            .cadences
            .iter()
            .copied()
            .filter(|id| counted(stage, *id, &playbook) || !idle(*id, &playbook))
            .collect();
        playbook.stages[at].cadences = kept;
    }
    playbook
}
