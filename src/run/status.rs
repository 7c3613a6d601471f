//! Where a journey stands, and for whom or what it waits.

use super::evaluate::View;
use super::explain::{Change, Gap, Reason, because, gaps, to_become};
use super::journey::Stop;
use super::machine::Machine;
use super::state::{Seconds, State, Track, TrackId, TrackStatus};
use super::time::due_after;
use super::trace::{Refusal, refusal};
use crate::model::{CadenceId, Expr, FactId, OfferId, Place, ServiceId, TransitionId, Trigger, Work};
use crate::source::Span;
use crate::value::arithmetic::Undefined;
use serde::Serialize;

/// How a journey or a track stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// At an end.
    Ended,
    /// Something would move it on.
    Waiting,
    /// A need is unmet, and nothing else moves.
    Held,
    /// Its service was dropped.
    Dropped,
    /// Its block was left.
    Cancelled,
}

/// Something a track waits for.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// The track.
    pub track: TrackId,
    /// For which service.
    pub service: Option<ServiceId>,
    /// For what.
    pub what: What,
    /// The rule in the source.
    pub span: Option<Span>,
}

/// What a track can wait for.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A fact that is unknown, and the condition that reads it.
    Fact(Option<ServiceId>, FactId),
    /// A calculation that has no result, to have one.
    Calculation(Span, Undefined),
    /// A task that is open.
    Task(OfferId),
    /// A need or key input that is not met: in words, what decided, and what would meet it.
    Need(String, Vec<Reason>, Option<Vec<Change>>),
    /// An exit whose guard does not hold.
    Exit(Refusal),
    /// An event that an exit listens to.
    Event(TransitionId),
    /// A timer.
    Timer(TransitionId, Seconds),
    /// The next round of a cadence.
    Round(CadenceId, Seconds),
    /// The inner tracks of a block.
    Tracks(Vec<TrackId>),
    /// A blocker to be resolved.
    Blocker(Option<String>),
    /// The end of a pause.
    Pause(Option<Seconds>, String),
    /// It went round in no time.
    Loop,
    /// Nothing can move it.
    Nothing,
}

impl What {
    fn of_gap(gap: Gap, span: Span) -> What {
        match gap {
            Gap::Fact(service, fact) => What::Fact(service, fact),
            Gap::Undefined(why) => What::Calculation(span, why),
        }
    }

    /// Whether it could come: an exit that no change of facts can open is not waited for.
    #[must_use]
    pub fn possible(&self) -> bool {
        !matches!(self, What::Exit(Refusal { otherwise: None, .. }))
    }
}

/// How the whole journey stands.
#[must_use]
pub fn status(machine: &Machine, state: &State, stop: Stop) -> Status {
    if state.ended().is_some() {
        return Status::Ended;
    }
    let active = || (0..state.tracks.len()).filter(|id| state.tracks[*id].active());
    let held = active().filter(|id| track_status(machine, state, *id) == Status::Held).count();
    // The tracks around a held one wait for it and nothing else.
    let leaves = active().filter(|id| !matches!(state.tracks[*id].place, Some(Place::Block(_)))).count();
    if held > 0 && (stop == Stop::Waiting || held == leaves) { Status::Held } else { Status::Waiting }
}

/// How one track stands.
#[must_use]
pub fn track_status(machine: &Machine, state: &State, id: TrackId) -> Status {
    match &state.tracks[id].status {
        TrackStatus::Ended(_) => Status::Ended,
        TrackStatus::Dropped(_) => Status::Dropped,
        TrackStatus::Cancelled => Status::Cancelled,
        TrackStatus::Active => {
            let view = View::of(machine, state, id);
            let false_need =
                needs(machine, &state.tracks[id]).any(|(_, condition, _)| view.truth(condition) == Some(false));
            if false_need { Status::Held } else { Status::Waiting }
        }
    }
}

/// Needs and key inputs that are still looked at: in words, condition, place.
fn needs<'a>(
    machine: &'a Machine,
    track: &Track,
) -> impl Iterator<Item = (&'a crate::model::Text, &'a Expr, Span)> + use<'a> {
    let scope = &machine.playbook.scopes[track.scope.index()];
    let inputs = scope.inputs.iter().filter_map(|input| Some((&input.text, input.condition.as_ref()?, input.span)));
    let stage = match track.place {
        Some(Place::Stage(stage)) => Some(&machine.playbook.stages[stage.index()]),
        _ => None,
    };
    let of_stage =
        stage.into_iter().flat_map(|stage| stage.needs.iter().map(|needs| (&needs.text, &needs.condition, needs.span)));
    let in_block = matches!(track.place, Some(Place::Block(_) | Place::End(_)));
    let (inputs_met, needs_met) = (track.inputs_met || in_block, track.visit.needs_met);
    inputs.filter(move |_| !inputs_met).chain(of_stage.filter(move |_| !needs_met))
}

/// All that the tracks under way wait for, in the order in which tracks are looked at.
#[must_use]
pub fn waiting(machine: &Machine, state: &State) -> Vec<Waiting> {
    state
        .order
        .iter()
        .copied()
        .filter(|id| state.tracks[*id].active())
        .flat_map(|id| track_waits(machine, state, id))
        .collect()
}

/// What one track waits for.
#[must_use]
pub fn track_waits(machine: &Machine, state: &State, id: TrackId) -> Vec<Waiting> {
    let track = &state.tracks[id];
    let view = View::of(machine, state, id);
    let mut found: Vec<Waiting> = Vec::new();
    let mut add = |what: What, span: Option<Span>| {
        let waiting = Waiting { track: id, service: track.service, what, span };
        // A fact that several conditions read is waited for once.
        let known =
            |other: &Waiting| other == &waiting || matches!(waiting.what, What::Fact(..)) && other.what == waiting.what;
        if !found.iter().any(known) {
            found.push(waiting);
        }
    };
    if let Some(pause) = &track.paused {
        add(What::Pause(pause.until, pause.reason.clone()), None);
    }
    if track.looping {
        add(What::Loop, None);
    }
    let mut unmet = false;
    for (text, condition, span) in needs(machine, track) {
        match view.truth(condition) {
            Some(true) => {}
            Some(false) => {
                unmet = true;
                add(
                    What::Need(text.main.clone(), because(view, condition), to_become(view, condition, true)),
                    Some(span),
                );
            }
            None => {
                unmet = true;
                for (gap, span) in gaps(view, condition) {
                    add(What::of_gap(gap, span), Some(span));
                }
            }
        }
    }
    if state.blocked(id) {
        for blocker in state.blockers.iter().filter(|blocker| blocker.task.is_none() && !blocker.handled.contains(&id))
        {
            if blocker.service.is_none() || blocker.service == track.service {
                add(What::Blocker(blocker.kind.clone()), None);
            }
        }
    }
    let (completion, others): (&[TransitionId], Vec<TransitionId>) = match track.place {
        None => (machine.graph.start(track.scope), machine.playbook.scopes[track.scope.index()].everywhere.clone()),
        Some(place) => {
            let exits = machine.graph.exits(place);
            (&exits.completion, exits.whenever.iter().chain(&exits.on).chain(&exits.after).copied().collect())
        }
    };
    let mut done = !unmet;
    match track.place {
        Some(Place::Stage(stage)) if !unmet => {
            for open in &track.visit.open {
                add(What::Task(open.offer), Some(machine.playbook.offers[open.offer.index()].span));
            }
            let rounds = track.visit.cadences.iter();
            let undecided = track
                .visit
                .body
                .undecided
                .iter()
                .chain(rounds.filter_map(|cadence| cadence.open.as_ref()).flat_map(|progress| &progress.undecided));
            for offer in undecided {
                if let Some(when) = &machine.playbook.offers[offer.index()].when {
                    for (gap, span) in gaps(view, when) {
                        add(What::of_gap(gap, span), Some(span));
                    }
                }
            }
            let body: &[Work] = &machine.playbook.stages[stage.index()].body;
            done = track.visit.open.is_empty()
                && track.visit.body.undecided.is_empty()
                && track.visit.body.next >= body.len();
            for cadence in &track.visit.cadences {
                if let Some(due) = cadence.due {
                    // While rounds stand still, the next one moves on: it comes so much later at the earliest.
                    let still = track.stopped.map_or(0, |since| {
                        let until = track.paused.as_ref().and_then(|pause| pause.until).unwrap_or(state.now);
                        until.max(state.now) - since
                    });
                    add(
                        What::Round(cadence.cadence, due.saturating_add(still)),
                        Some(machine.playbook.cadences[cadence.cadence.index()].head),
                    );
                }
            }
        }
        Some(Place::Block(_)) => {
            let inner = state.tracks.iter().enumerate();
            let open: Vec<TrackId> = inner
                .filter(|(_, inner)| inner.parent == Some((id, track.visit.number)) && inner.active())
                .map(|(inner, _)| inner)
                .collect();
            done = open.is_empty();
            if !open.is_empty() {
                add(What::Tracks(open), None);
            }
        }
        _ => {}
    }
    for transition in completion.iter().filter(|_| done) {
        if let Some(refusal) = refusal(machine, view, *transition) {
            let span = refusal.span;
            if refusal.unknown
                && let Some(guard) = super::machine::guard(&machine.playbook.transitions[transition.index()].trigger)
            {
                for (gap, span) in gaps(view, guard) {
                    add(What::of_gap(gap, span), Some(span));
                }
            }
            add(What::Exit(refusal), Some(span));
        }
    }
    for transition in others {
        let known = &machine.playbook.transitions[transition.index()];
        match &known.trigger {
            Trigger::Whenever(_) => {
                if let Some(refusal) = refusal(machine, view, transition) {
                    add(What::Exit(refusal), Some(known.span));
                }
            }
            Trigger::On(..) => add(What::Event(transition), Some(known.span)),
            Trigger::After(_) => {
                if let Some(due) = due_after(machine, state, id, transition) {
                    add(What::Timer(transition, due), Some(known.span));
                }
            }
            _ => {}
        }
    }
    if found.is_empty() {
        found.push(Waiting { track: id, service: track.service, what: What::Nothing, span: None });
    }
    found
}
