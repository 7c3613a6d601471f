//! What time brings: when something will be due next, and what happens then.

use super::engine::Engine;
use super::evaluate::View;
use super::event::{Effect, Observer};
use super::machine::{Machine, TimedAtom};
use super::state::{CUSTOMER_TRACK, Seconds, State, TrackId};
use crate::model::{BusinessUnit, Length, Place, ServiceId, SinceUnit, TransitionId, Trigger};
use crate::value::{DAY, Duration, Value};

impl<O: Observer> Engine<'_, O> {
    /// Moves the clock on, and ends the pauses that end by then.
    pub(super) fn advance(&mut self, to: Seconds) {
        if to > self.state.now {
            self.state.now = to;
            for track in &mut self.state.tracks {
                track.entered_now.clear();
                track.looping = false;
            }
        }
        for id in 0..self.state.tracks.len() {
            let over = |until: Option<Seconds>| until.is_some_and(|until| until <= self.state.now);
            if self.state.tracks[id].paused.as_ref().is_some_and(|pause| over(pause.until)) {
                self.resume(id);
            }
        }
    }

    /// Looks at conditions on time, then lets due `after` transitions fire, one at a time.
    pub(super) fn timers(&mut self) {
        self.settle();
        let mut left = 10_000;
        while let Some((track, id)) = self.state.order.iter().find_map(|track| {
            due_exits(self.machine, self.state, *track)
                .filter(|(_, due)| *due <= self.state.now)
                .min_by_key(|(_, due)| *due)
                .map(|(id, _)| (*track, id))
        }) {
            self.take(track, id);
            self.settle();
            left -= 1;
            if left == 0 || self.state.tracks[track].looping {
                self.state.tracks[track].looping = true;
                self.effect(Effect::Ignored("timers of no length went round in no time".to_owned()));
                return;
            }
        }
    }
}

/// The `after` exits of a track with the instants at which they are due; none where its clocks stand still.
fn due_exits(machine: &Machine, state: &State, id: TrackId) -> impl Iterator<Item = (TransitionId, Seconds)> {
    timed_exits(machine, state, id).filter(move |_| !state.paused(id))
}

/// The same also in a pause: then at the earliest, when it ends as it was said, or now.
fn timed_exits(machine: &Machine, state: &State, id: TrackId) -> impl Iterator<Item = (TransitionId, Seconds)> {
    let track = &state.tracks[id];
    let live = track.active() && !track.looping;
    let still = state.paused_since(id).map(|since| (since, state.paused_until(id).max(state.now)));
    let moved = move |clock: Seconds| still.map_or(clock, |(since, until)| clock + (until - since.max(clock)).max(0));
    let exits: &[TransitionId] = match track.place {
        _ if !live => &[],
        None => &machine.playbook.scopes[track.scope.index()].everywhere,
        Some(place @ (Place::Stage(_) | Place::Block(_))) => &machine.graph.exits(place).after,
        Some(Place::End(_)) => &[],
    };
    exits.iter().filter_map(move |id| {
        let transition = &machine.playbook.transitions[id.index()];
        if transition.limit.is_some_and(|limit| track.times_taken(*id) >= limit) {
            return None;
        }
        match &transition.trigger {
            Trigger::After(duration) => {
                let everywhere = matches!(transition.origin, crate::model::Origin::Everywhere(_));
                let (began, clock) =
                    if everywhere { (track.began, track.clock) } else { (track.visit.began, track.visit.clock) };
                // Business time is that from the beginning; what stood still since then comes on top, by the clock.
                Some((*id, machine.over(state, began, *duration).saturating_add(moved(clock) - began)))
            }
            Trigger::AfterLastRound(cadence) => {
                let mut cadences =
                    track.visit.cadences.iter().filter(|state| cadence.is_none_or(|id| state.cadence == id));
                let spent = !track.visit.cadences.is_empty()
                    && cadences.all(|state| state.due.is_none() && state.open.is_none());
                spent.then_some((*id, state.now))
            }
            _ => None,
        }
    })
}

/// When an `after` exit of a track is due; in a pause, at the earliest.
#[must_use]
pub fn due_after(machine: &Machine, state: &State, track: TrackId, transition: TransitionId) -> Option<Seconds> {
    timed_exits(machine, state, track).find(|(id, _)| *id == transition).map(|(_, due)| due)
}

/// Rounds that are due now and can begin: track, and which cadence of the stage.
#[must_use]
pub fn due_rounds(machine: &Machine, state: &mut State) -> Vec<(TrackId, usize)> {
    let mut due = Vec::new();
    for id in 0..state.order.len() {
        let track = state.order[id];
        let mut blind = super::event::Blind;
        let ready = Engine { machine, state: &mut *state, observer: &mut blind }.ready_for_rounds(track);
        if ready {
            let cadences = state.tracks[track].visit.cadences.iter().enumerate();
            due.extend(
                cadences
                    .filter(|(_, cadence)| cadence.due.is_some_and(|at| at <= state.now))
                    .map(|(at, _)| (track, at)),
            );
        }
    }
    due
}

/// The next instant, not before now, at which time alone brings something; none where nothing is left.
#[must_use]
pub fn next_timer(machine: &Machine, state: &State) -> Option<Seconds> {
    let mut next: Option<Seconds> = None;
    let mut note = |at: Seconds| next = Some(next.map_or(at, |next| next.min(at)));
    for id in state.order.iter().copied() {
        let track = &state.tracks[id];
        if !track.active() {
            continue;
        }
        if let Some(until) = track.paused.as_ref().and_then(|pause| pause.until) {
            note(until);
        }
        if state.paused(id) || track.looping {
            continue;
        }
        if track.stopped.is_none() {
            for open in &track.visit.open {
                if let (Some(at), None) = (open.done_at, open.blocked) {
                    note(at);
                }
            }
            if track.inputs_met && track.visit.needs_met {
                track.visit.cadences.iter().filter_map(|cadence| cadence.due).for_each(&mut note);
            }
        }
        due_exits(machine, state, id).for_each(|(_, due)| note(due));
        for timed in machine.timed(track.scope, track.place) {
            let view = View::of(machine, state, id);
            if timed.quantified {
                state
                    .intended
                    .iter()
                    .for_each(|service| turning_points(view.for_service(service), &timed.what, &mut note));
            } else {
                turning_points(view, &timed.what, &mut note);
            }
        }
    }
    next.map(|next| next.max(state.now))
}

/// More hours than a journey has.
const MOST_HOURS: i64 = 1_000_000_000;

/// Calls `note` with the instants after now at which a condition on time may change.
fn turning_points(view: View<'_>, what: &TimedAtom, note: &mut impl FnMut(Seconds)) {
    let now = view.state.now;
    let mut later = |at: Option<Seconds>| {
        if let Some(at) = at.filter(|at| *at > now) {
            note(at);
        }
    };
    match what {
        TimedAtom::InStage(duration) => {
            later(Some(view.state.tracks[view.track].visit.clock.saturating_add(duration.0)));
        }
        TimedAtom::Sustained(id) => {
            let sustained = &view.machine.playbook.sustained[id.index()];
            let instance =
                if sustained.of_service { view.service.map_or(0, |service: ServiceId| service.index() + 1) } else { 0 };
            let since = view.state.sustained[id.index()].get(instance).copied().flatten();
            later(since.map(|since| since.saturating_add(sustained.duration.0)));
        }
        TimedAtom::Change(fact, window) => {
            for (at, _) in view.history(*fact).unwrap_or_default() {
                later(Some(at.saturating_add(window.0)));
            }
        }
        TimedAtom::Today(_, date) => {
            if let Some(Value::Date(date)) = view.value(date) {
                later(view.state.instant_of(date));
                later(view.state.instant_of(date.plus_days(1)));
            }
        }
        TimedAtom::Since(unit, since, _, right) => {
            let Some(Value::Number(count)) = view.value(right) else { return };
            let count = count.0.div_euclid(1_000_000);
            match unit {
                SinceUnit::Time(unit) => {
                    let from = view.since_instant(since);
                    for step in [count, count.saturating_add(1)] {
                        later(from.map(|from| from.saturating_add(step.saturating_mul(unit.seconds()))));
                    }
                }
                SinceUnit::Business(BusinessUnit::Hours) => {
                    let from = view.since_instant(since);
                    for step in [count, count.saturating_add(1)] {
                        let time = Duration(step.clamp(0, MOST_HOURS) * 3_600);
                        later(from.map(|from| view.machine.over(view.state, from, Length::BusinessHours(time))));
                    }
                }
                SinceUnit::Business(BusinessUnit::Days) => {
                    // The count grows at midnight: look at each until it has passed the number compared with.
                    let Some(from) = view.since_instant(since) else { return };
                    if view.machine.business_days_between(view.state, from, now) <= count {
                        let begins = view.state.begins;
                        later(Some(((now + begins).div_euclid(DAY) + 1) * DAY - begins));
                    }
                }
            }
        }
    }
}

/// Whether the journey can go on by time alone: an end of the customer's track stops all clocks.
#[must_use]
pub fn over(state: &State) -> bool {
    state.tracks.get(CUSTOMER_TRACK).is_some_and(|track| !track.active())
}
