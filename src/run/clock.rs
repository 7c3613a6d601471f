//! Time looked at one clock at a time: what each running clock will bring, whenever that may be.
//!
//! An exploration that asks what can happen at all does not count seconds. It lets any of the running clocks be the next
//! one that is due, and so sees more orders of things than there are, and never fewer. What one clock brings keeps its
//! order: of two limits on the time in a stage the shorter comes first.

use super::engine::Engine;
use super::event::{Event, Observer};
use super::flow::whole_period;
use super::machine::{Machine, TimedAtom};
use super::state::{Seconds, State, TrackId};
use crate::model::{CadenceId, Origin, Place, ScopeId, Trigger};

/// Something that time alone can bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clock {
    /// A track has been so long in its stage or block.
    Visit(TrackId, Seconds),
    /// A track has run for so long.
    Track(TrackId, Seconds),
    /// The rounds of a track's stage are spent, and an exit waits for that.
    Spent(TrackId),
    /// The next round of a cadence.
    Round(TrackId, CadenceId),
    /// A condition has held for its time: which, and for the customer (0) or a service (1 + index).
    Sustained(usize, usize),
}

/// What is said where not every condition on time is covered by [`covers`].
pub const NOT_COVERED: &str = "dates, business days or hours, the time since events or changes over time are looked at";

/// Whether every condition on time of a playbook is the reading of a [`Clock`]. Dates, the time since events, changes
/// over time and business days and hours are not: how long those are depends on the day.
#[must_use]
pub fn covers(machine: &Machine) -> bool {
    if machine.waits_for_business_time() {
        return false;
    }
    let known = |what: &TimedAtom| matches!(what, TimedAtom::Sustained(_) | TimedAtom::InStage(_));
    machine.all_timed().all(|timed| known(&timed.what))
}

/// All clocks that run, in the order in which tracks are looked at.
#[must_use]
pub fn clocks(machine: &Machine, state: &State) -> Vec<Clock> {
    let mut found = Vec::new();
    for id in state.order.iter().copied() {
        let track = &state.tracks[id];
        if !track.active() || track.looping || state.paused(id) {
            continue;
        }
        let elapsed = state.now - track.visit.clock;
        let (visit, around) = limits(machine, track.scope, track.place);
        if let (Some(limit), Some(_)) = (next(&visit, elapsed), track.place) {
            found.push(Clock::Visit(id, limit));
        }
        if let Some(limit) = next(&around, state.now - track.clock) {
            found.push(Clock::Track(id, limit));
        }
        if let Some(place @ Place::Stage(_)) = track.place {
            let spent = machine.graph.exits(place).after.iter().any(|exit| {
                let waits = |cadence: &Option<CadenceId>| {
                    let mut cadences =
                        track.visit.cadences.iter().filter(|state| cadence.is_none_or(|id| state.cadence == id));
                    !track.visit.cadences.is_empty()
                        && cadences.all(|state| state.due.is_none() && state.open.is_none())
                };
                let known = &machine.playbook.transitions[exit.index()];
                matches!(&known.trigger, Trigger::AfterLastRound(cadence) if waits(cadence))
                    && known.limit.is_none_or(|limit| track.times_taken(*exit) < limit)
            });
            if spent {
                found.push(Clock::Spent(id));
            }
            if track.stopped.is_none() && track.inputs_met && track.visit.needs_met {
                let due = track.visit.cadences.iter().filter(|cadence| cadence.due.is_some());
                found.extend(due.map(|cadence| Clock::Round(id, cadence.cadence)));
            }
        }
    }
    for (index, instances) in state.sustained.iter().enumerate() {
        let duration = machine.playbook.sustained[index].duration.0;
        let running = |since: &Option<Seconds>| since.is_some_and(|since| state.now - since < duration);
        let instances = instances.iter().enumerate().filter(|(_, since)| running(since));
        found.extend(instances.map(|(instance, _)| Clock::Sustained(index, instance)));
    }
    found
}

/// Lets time pass until this clock is due, and what it brings be followed.
pub fn bring<O: Observer>(machine: &Machine, state: &mut State, clock: Clock, observer: &mut O) {
    reach(machine, state, clock, observer);
    strike(machine, state, observer);
}

/// Lets time pass until this clock is due: what is said at that instant comes first, and finds conditions on time as they
/// are then.
pub fn reach<O: Observer>(machine: &Machine, state: &mut State, clock: Clock, observer: &mut O) {
    let now = state.now + 1;
    Engine { machine, state, observer }.apply(&Event::Advance(now));
    match clock {
        Clock::Visit(track, limit) => state.tracks[track].visit.clock = now - limit,
        Clock::Track(track, limit) => state.tracks[track].clock = now - limit,
        Clock::Spent(_) => {}
        Clock::Round(track, cadence) => {
            let mut cadences = state.tracks[track].visit.cadences.iter_mut();
            if let Some(cadence) = cadences.find(|known| known.cadence == cadence) {
                cadence.due = Some(now);
            }
        }
        Clock::Sustained(index, instance) => {
            let duration = machine.playbook.sustained[index].duration.0;
            state.sustained[index][instance] = Some(now - duration);
        }
    }
}

/// Follows what is due at this instant.
pub fn strike<O: Observer>(machine: &Machine, state: &mut State, observer: &mut O) {
    Engine { machine, state, observer }.apply(&Event::Rounds);
    observer.settled(machine, state);
    Engine { machine, state, observer }.apply(&Event::Timers);
    observer.settled(machine, state);
}

/// Whether some condition reads this clock: then it makes a difference whether something is said at the very instant it is
/// due, before what is due is followed.
#[must_use]
pub fn is_read(machine: &Machine, state: &State, clock: Clock) -> bool {
    match clock {
        Clock::Visit(id, limit) => {
            let track = &state.tracks[id];
            let read = |timed: &super::machine::Timed| matches!(&timed.what, TimedAtom::InStage(duration) if duration.0 == limit);
            machine.all_timed_at(track.scope, track.place).any(read)
        }
        Clock::Sustained(..) => true,
        Clock::Track(..) | Clock::Spent(_) | Clock::Round(..) => false,
    }
}

/// When a clock is due, on a journey that counts seconds.
#[must_use]
pub fn due(machine: &Machine, state: &State, clock: Clock) -> Option<Seconds> {
    match clock {
        Clock::Visit(track, limit) => Some(state.tracks.get(track)?.visit.clock.saturating_add(limit)),
        Clock::Track(track, limit) => Some(state.tracks.get(track)?.clock.saturating_add(limit)),
        Clock::Spent(_) => Some(state.now),
        Clock::Round(track, cadence) => {
            let mut cadences = state.tracks.get(track)?.visit.cadences.iter();
            cadences.find(|known| known.cadence == cadence)?.due
        }
        Clock::Sustained(index, instance) => {
            let since = state.sustained.get(index)?.get(instance).copied()??;
            Some(since.saturating_add(machine.playbook.sustained[index].duration.0))
        }
    }
}

/// Sets all clocks back to the last limit they have passed: what is left of the time that has run is what can be told
/// apart by anything a customer will see, the order of different clocks left out.
pub fn normalise(machine: &Machine, state: &mut State) {
    let now = state.now;
    for track in &mut state.tracks {
        if !track.active() {
            continue;
        }
        let (visit, around) = limits(machine, track.scope, track.place);
        track.visit.clock = now - passed(&visit, now - track.visit.clock);
        track.clock = now - passed(&around, now - track.clock);
        track.stopped = track.stopped.map(|_| now);
        // Time may have passed since: coming again is no going round in no time.
        track.entered_now.clear();
        for cadence in &mut track.visit.cadences {
            cadence.due =
                cadence.due.map(|_| now + machine.playbook.cadences[cadence.cadence.index()].period.least().0);
        }
        for (stage, visit) in &mut track.kept {
            let limits = limits(machine, track.scope, Some(Place::Stage(*stage))).0;
            visit.clock = passed(&limits, visit.clock);
            for cadence in &mut visit.cadences {
                cadence.due =
                    cadence.due.map(|_| whole_period(machine.playbook.cadences[cadence.cadence.index()].period));
            }
        }
    }
    for (index, instances) in state.sustained.iter_mut().enumerate() {
        let duration = machine.playbook.sustained[index].duration.0;
        for since in instances.iter_mut() {
            *since = since.map(|since| if now - since >= duration { now - duration } else { now });
        }
    }
}

fn next(limits: &[Seconds], elapsed: Seconds) -> Option<Seconds> {
    limits.iter().copied().filter(|limit| *limit > elapsed).min()
}

/// The last limit that has passed.
#[must_use]
pub fn passed(limits: &[Seconds], elapsed: Seconds) -> Seconds {
    limits.iter().copied().filter(|limit| *limit <= elapsed).max().unwrap_or(0)
}

/// The limits on the time at a place, and on the time of the whole track.
#[must_use]
pub fn limits(machine: &Machine, scope: ScopeId, place: Option<Place>) -> (Vec<Seconds>, Vec<Seconds>) {
    let (mut visit, mut around) = (Vec::new(), Vec::new());
    let exits = match place {
        None => machine.playbook.scopes[scope.index()].everywhere.as_slice(),
        Some(place @ (Place::Stage(_) | Place::Block(_))) => machine.graph.exits(place).after.as_slice(),
        Some(Place::End(_)) => &[],
    };
    for id in exits {
        let transition = &machine.playbook.transitions[id.index()];
        if let Trigger::After(duration) = &transition.trigger {
            let everywhere = matches!(transition.origin, Origin::Everywhere(_));
            (if everywhere { &mut around } else { &mut visit }).push(duration.least().0);
        }
    }
    for timed in machine.all_timed_at(scope, place) {
        if let TimedAtom::InStage(duration) = &timed.what {
            visit.push(duration.0);
        }
    }
    (visit, around)
}
