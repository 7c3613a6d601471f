//! Drives a journey through time: the order of things within one instant, and what the world adds.
//!
//! At one instant: draws of the scenario, lines of the timeline in file order, completions of tasks, rounds, then `after`;
//! each is followed to stability before the next.

use super::apply;
use super::event::{Effect, Event, Observer};
use super::machine::Machine;
use super::state::{Seconds, State, TrackId};
use super::time::{due_rounds, next_timer, over};
use crate::model::{CadenceId, OfferId, StageId};
use crate::value::{Duration, TaskStatus};
use serde::Serialize;

/// What the world does with a task that is offered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It is complete after so long; at once when zero.
    Takes(Duration),
    /// It is declared not required, for this reason.
    NotRequired(String),
    /// It stays open until something is said of it.
    Waits,
}

/// What surrounds a journey: a timeline, a scenario, a person at a prompt.
pub trait World {
    /// A task is offered.
    fn offered(&mut self, machine: &Machine, state: &State, track: TrackId, offer: OfferId) -> Answer;

    /// Draws that come just before a round begins, in order. The round's number is that of the round to come.
    fn before_round(
        &mut self,
        machine: &Machine,
        state: &State,
        track: TrackId,
        stage: StageId,
        cadence: CadenceId,
        round: u32,
    ) -> Vec<Event> {
        let _ = (machine, state, track, stage, cadence, round);
        Vec::new()
    }

    /// Draws on entering a stage.
    fn on_entry(&mut self, machine: &Machine, state: &State, track: TrackId, stage: StageId) -> Vec<Event> {
        let _ = (machine, state, track, stage);
        Vec::new()
    }

    /// What is left of the draws of a round or an entry: one thing at a time, each asked for after the one before was
    /// followed, so that it can depend on it.
    fn then(&mut self, machine: &Machine, state: &State) -> Option<Event> {
        let _ = (machine, state);
        None
    }

    /// Whether the journey is looked at no further; asked once for each instant.
    fn stops(&mut self) -> bool {
        false
    }

    /// The instant of the next thing the world says by itself, draws or lines of a timeline.
    fn next(&mut self, machine: &Machine, state: &State) -> Option<Seconds>;

    /// What the world says at this instant, one thing at a time: scenario draws first, then timeline lines in file order.
    fn say(&mut self, machine: &Machine, state: &State) -> Option<Event>;
}

/// A journey in which more instants than these bring something goes on for ever: a cadence without a limit in a stage
/// that nothing leaves.
pub const MOST_INSTANTS: u32 = 100_000;

/// Why a drive stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The customer's journey is over.
    Ended,
    /// Nothing is left that time could bring.
    Waiting,
    /// The horizon was reached with something still to come.
    Horizon,
    /// More than [`MOST_INSTANTS`] brought something: it would go on for ever.
    Endless,
}

/// Collects what the driver has to answer, and passes everything on.
struct Listener<'a, O> {
    observer: &'a mut O,
    offered: Vec<(TrackId, OfferId)>,
    entered: Vec<(TrackId, StageId)>,
    /// Something came of the present event.
    moved: bool,
}

impl<O: Observer> Observer for Listener<'_, O> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        self.moved = true;
        match &effect {
            Effect::Offered(track, offer) => self.offered.push((*track, *offer)),
            Effect::Entered(track, crate::model::Place::Stage(stage), _) => self.entered.push((*track, *stage)),
            _ => {}
        }
        self.observer.effect(machine, state, effect);
    }
}

/// What a drive remembers from one instant to the next.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    /// Track, visit, cadence and round whose draws are done.
    drawn: Vec<(TrackId, u32, CadenceId, u32)>,
    /// Instants so far.
    instants: u32,
}

/// What comes next in a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Something at this instant.
    At(Seconds),
    /// Nothing that time could bring, or nothing more at all.
    Never(Stop),
}

/// A journey on its way, to be driven instant by instant: where many journeys share a clock, each goes on when its turn
/// comes.
pub struct Drive<'a, O, W> {
    machine: &'a Machine,
    state: &'a mut State,
    world: &'a mut W,
    listener: Listener<'a, O>,
    pace: &'a mut Pace,
}

/// Drives a journey from its start, or on from where it stands, until it ends, nothing is left to come, or `until`.
pub fn drive<O: Observer, W: World>(
    machine: &Machine,
    state: &mut State,
    world: &mut W,
    observer: &mut O,
    until: Option<Seconds>,
) -> Stop {
    Drive::new(machine, state, world, observer, &mut Pace::default()).run(until)
}

impl<'a, O: Observer, W: World> Drive<'a, O, W> {
    /// Takes a journey up where it stands.
    pub fn new(
        machine: &'a Machine,
        state: &'a mut State,
        world: &'a mut W,
        observer: &'a mut O,
        pace: &'a mut Pace,
    ) -> Drive<'a, O, W> {
        let listener = Listener { observer, offered: Vec::new(), entered: Vec::new(), moved: false };
        Drive { machine, state, world, listener, pace }
    }

    /// Begins the journey, if it has not begun.
    pub fn begin(&mut self) {
        if self.state.tracks.is_empty() {
            self.apply(&Event::Start);
        }
    }

    /// What comes next, once the journey has begun.
    pub fn upcoming(&mut self) -> Next {
        if over(self.state) {
            return Next::Never(Stop::Ended);
        }
        if self.pace.instants >= MOST_INSTANTS {
            return Next::Never(Stop::Endless);
        }
        if self.world.stops() {
            return Next::Never(Stop::Horizon);
        }
        let timer = next_timer(self.machine, self.state);
        let said = self.world.next(self.machine, self.state);
        let next = [timer, said].into_iter().flatten().min();
        next.map_or(Next::Never(Stop::Waiting), |at| Next::At(at.max(self.state.now)))
    }

    fn run(&mut self, until: Option<Seconds>) -> Stop {
        self.begin();
        loop {
            match self.upcoming() {
                Next::Never(stop) => return stop,
                Next::At(at) => {
                    if let Some(until) = until.filter(|until| at > *until) {
                        self.apply(&Event::Advance(until.max(self.state.now)));
                        return Stop::Horizon;
                    }
                    self.instant(at);
                }
            }
        }
    }

    /// Something said to the journey at this instant, followed until nothing more moves.
    pub fn tell(&mut self, at: Seconds, event: &Event) {
        self.apply(&Event::Advance(at));
        self.apply(event);
    }

    /// Everything of one instant.
    pub fn instant(&mut self, at: Seconds) {
        self.pace.instants += 1;
        self.apply(&Event::Advance(at));
        self.draw_rounds();
        while self.world.next(self.machine, self.state).is_some_and(|next| next <= self.state.now) {
            let Some(event) = self.world.say(self.machine, self.state) else { break };
            self.apply(&event);
        }
        self.apply(&Event::Completions);
        self.draw_rounds();
        self.apply(&Event::Rounds);
        self.apply(&Event::Timers);
    }

    /// Draws for the rounds that are due: once for each round.
    fn draw_rounds(&mut self) {
        for (track, at) in due_rounds(self.machine, self.state) {
            let known = &self.state.tracks[track];
            let Some(crate::model::Place::Stage(stage)) = known.place else { continue };
            let Some(cadence) = known.visit.cadences.get(at) else { continue };
            let (cadence, round) = (cadence.cadence, cadence.rounds + 1);
            // A round that was drawn for and did not come, because the draw moved the track, is not drawn for again.
            let key = (track, known.visit.first, cadence, round);
            if self.pace.drawn.contains(&key) {
                continue;
            }
            self.pace.drawn.retain(|(known, _, other, _)| (*known, *other) != (track, cadence));
            self.pace.drawn.push(key);
            for event in self.world.before_round(self.machine, self.state, track, stage, cadence, round) {
                self.apply(&event);
            }
            while let Some(event) = self.world.then(self.machine, self.state) {
                self.apply(&event);
            }
        }
    }

    /// Applies an event, and answers what is offered in the course of it until nothing more is.
    fn apply(&mut self, event: &Event) {
        self.listener.moved = false;
        apply(self.machine, self.state, event, &mut self.listener);
        // Bounded: each pass answers something new; a playbook that offers for ever in no time stops as a loop.
        while !self.listener.offered.is_empty() || !self.listener.entered.is_empty() {
            for (track, stage) in std::mem::take(&mut self.listener.entered) {
                // Somebody has come to the stage before anything is drawn there: each draw changes a stable moment.
                for event in self.world.on_entry(self.machine, self.state, track, stage) {
                    self.listener.observer.settled(self.machine, self.state);
                    apply(self.machine, self.state, &event, &mut self.listener);
                }
                while let Some(event) = self.world.then(self.machine, self.state) {
                    self.listener.observer.settled(self.machine, self.state);
                    apply(self.machine, self.state, &event, &mut self.listener);
                }
            }
            for (track, offer) in std::mem::take(&mut self.listener.offered) {
                if !self.state.tracks[track].visit.open.iter().any(|open| open.offer == offer) {
                    continue;
                }
                match self.world.offered(self.machine, self.state, track, offer) {
                    Answer::Takes(takes) => {
                        apply(self.machine, self.state, &Event::Work { track, offer, takes }, &mut self.listener);
                        if takes.0 <= 0 {
                            apply(self.machine, self.state, &Event::Completions, &mut self.listener);
                        }
                    }
                    Answer::NotRequired(reason) => {
                        let event = Event::Task {
                            service: self.state.tracks[track].service,
                            task: self.machine.playbook.offers[offer.index()].task,
                            status: TaskStatus::NotRequired,
                            reason: Some(reason),
                        };
                        apply(self.machine, self.state, &event, &mut self.listener);
                    }
                    Answer::Waits => {}
                }
            }
        }
        // When the clock has just moved on, what is due at this instant is still to come.
        if self.listener.moved && !matches!(event, Event::Advance(_)) || *event == Event::Timers {
            self.listener.observer.settled(self.machine, self.state);
        }
    }
}
