//! The search itself: what follows each situation, the facts that are looked at decided on the way.

use super::force::{Tasks, begins, forces};
use super::{Budget, Decided, Edge, Explored, Explorer, Move, Outcome, Situation, Standing, Watch};
use crate::model::{OfferId, Place, ServiceId, ServiceSet};
use crate::run::clock;
use crate::run::evaluate::View;
use crate::run::event::{Blind, Effect, Event, Observer};
use crate::run::state::{Blocker, Lookout, State, TrackId};
use crate::run::time::over;
use crate::run::{Machine, apply};
use crate::value::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

impl Explorer<'_> {
    /// Sees what there is to see; `edges` keeps the graph, `few` looks at so many situations for all tracks being where they are,
    /// from the last value of each fact on where it says so.
    pub(super) fn search<W: Watch>(
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
