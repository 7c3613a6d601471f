//! What keeps a customer from waiting for ever: clocks, and what is assumed to be done in time.

use crate::model::{CadenceId, FactId, OfferId, Place, ScopeId, ServiceId};
use crate::run::Machine;
use crate::run::clock::{Clock, clocks, limits, passed};
use crate::run::state::{Seconds, State, Track, TrackId};

/// Something that is bound to come. Tracks are told by scope and service, which stay the same on every path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Force {
    /// The end of the instant.
    Instant,
    /// The time at a place from one limit on it (0 is its beginning) to the next.
    Visit(ScopeId, Option<ServiceId>, Place, (Seconds, Seconds)),
    /// The same of the time of a whole track.
    Track(ScopeId, Option<ServiceId>, (Seconds, Seconds)),
    /// Rounds are spent.
    Spent(ScopeId, Option<ServiceId>),
    /// The next round.
    Round(ScopeId, Option<ServiceId>, CadenceId, Seconds),
    /// An open task.
    Task(ScopeId, Option<ServiceId>, OfferId, Option<Seconds>),
    /// A blocker that will be resolved.
    Blocker(Option<ServiceId>),
    /// A fact that will become known.
    Fact(Option<ServiceId>, FactId),
}

impl Force {
    /// How long it can take at most, where that is known.
    #[must_use]
    pub fn length(&self) -> Option<Seconds> {
        match self {
            Force::Visit(.., (since, limit)) | Force::Track(.., (since, limit)) => Some(limit - since),
            Force::Round(.., limit) => Some(*limit),
            Force::Spent(..) | Force::Instant => Some(0),
            Force::Task(.., limit) => *limit,
            Force::Blocker(_) | Force::Fact(..) => None,
        }
    }
}

/// Which tasks are bound to be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tasks {
    /// None.
    No,
    /// Those with a `due within`.
    Due,
    /// All.
    All,
}

/// The clocks and tasks that are bound to come in a situation.
#[must_use]
pub fn forces(machine: &Machine, state: &State, tasks: Tasks) -> Vec<Force> {
    let of = |id: TrackId| (state.tracks[id].scope, state.tracks[id].service);
    let mut found: Vec<Force> = clocks(machine, state)
        .into_iter()
        .filter_map(|clock| match clock {
            Clock::Visit(id, limit) => {
                let since = passed_here(machine, state, &state.tracks[id]);
                state.tracks[id].place.map(|place| Force::Visit(of(id).0, of(id).1, place, (since, limit)))
            }
            Clock::Track(id, limit) => {
                let since = passed_around(machine, state, &state.tracks[id]);
                Some(Force::Track(of(id).0, of(id).1, (since, limit)))
            }
            Clock::Spent(id) => Some(Force::Spent(of(id).0, of(id).1)),
            Clock::Round(id, cadence) => {
                let period = machine.playbook.cadences[cadence.index()].period.least().0;
                Some(Force::Round(of(id).0, of(id).1, cadence, period))
            }
            Clock::Sustained(..) => None,
        })
        .collect();
    if tasks != Tasks::No {
        for track in state.tracks.iter().filter(|track| track.active()) {
            let open =
                track.visit.open.iter().map(|open| (open.offer, machine.playbook.offers[open.offer.index()].due));
            found.extend(
                open.filter(|(_, due)| tasks == Tasks::All || due.is_some())
                    .map(|(offer, due)| Force::Task(track.scope, track.service, offer, due.map(|due| due.least().0))),
            );
        }
    }
    found
}

/// The last limit on the time at its place that a track has passed. That it is passed need not have moved anybody: the
/// exit may be spent, or its condition false.
fn passed_here(machine: &Machine, state: &State, track: &Track) -> Seconds {
    passed(&limits(machine, track.scope, track.place).0, state.now - track.visit.clock)
}

/// The same of the limits on the time of a whole track.
fn passed_around(machine: &Machine, state: &State, track: &Track) -> Seconds {
    passed(&limits(machine, track.scope, track.place).1, state.now - track.clock)
}

/// Whether something that is bound to come in `after` begins anew there, and does not only go on from `before`.
#[must_use]
pub fn begins(machine: &Machine, before: &State, after: &State, force: Force, offered: &[(TrackId, OfferId)]) -> bool {
    let latest = |state: &State, scope: ScopeId, service: Option<ServiceId>| -> Option<TrackId> {
        state.tracks.iter().rposition(|track| track.active() && track.scope == scope && track.service == service)
    };
    let pair = |scope: ScopeId, service: Option<ServiceId>| {
        let id = latest(after, scope, service)?;
        Some((before.tracks.get(id).filter(|track| track.active())?, &after.tracks[id]))
    };
    let same_visit = |old: &Track, new: &Track| {
        old.visit.first == new.visit.first || old.kept.iter().any(|(_, kept)| kept.first == new.visit.first)
    };
    match force {
        Force::Visit(scope, service, place, (since, _)) => pair(scope, service).is_none_or(|(old, new)| {
            if old.visit.first == new.visit.first {
                return passed_here(machine, before, old) != since;
            }
            let kept = old.kept.iter().find(|(_, kept)| kept.first == new.visit.first);
            kept.is_none_or(|(_, kept)| passed(&limits(machine, scope, Some(place)).0, kept.clock) != since)
        }),
        // Limits on the time of a track are the same wherever it is in no block.
        Force::Track(scope, service, (since, _)) => {
            pair(scope, service).is_none_or(|(old, _)| passed_around(machine, before, old) != since)
        }
        Force::Round(scope, service, cadence, _) => pair(scope, service).is_none_or(|(old, new)| {
            let rounds = |track: &Track| {
                let mut all = track.visit.cadences.iter();
                all.find(|known| known.cadence == cadence).map(|known| (known.rounds, known.due.is_some()))
            };
            !same_visit(old, new) || rounds(old) != rounds(new)
        }),
        Force::Task(scope, service, offer, _) => {
            latest(after, scope, service).is_none_or(|id| offered.contains(&(id, offer)))
        }
        Force::Spent(..) => true,
        Force::Instant => false,
        Force::Blocker(_) | Force::Fact(..) => true,
    }
}
