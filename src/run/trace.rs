//! What happened in a journey, with the rule, its place and the facts that decided, for each move and each refusal.

use super::evaluate::View;
use super::event::{Effect, Observer, Skip};
use super::explain::{Change, Reason, because, read, to_become};
use super::machine::{Machine, guard};
use super::state::{HappeningKind, Seconds, State, Track, TrackId};
use crate::model::{
    Assignment, CadenceId, EndId, FactId, OfferId, Place, ServiceId, StageId, TaskId, TransitionId, Trigger, Work,
};
use crate::source::Span;
use crate::value::{TaskStatus, Value};

/// One entry of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Seconds,
    /// In which track; none is said of the customer as a whole or of a service without a track.
    pub track: Option<TrackId>,
    /// For which service.
    pub service: Option<ServiceId>,
    /// What.
    pub kind: Kind,
    /// The rule in the source.
    pub span: Option<Span>,
    /// What decided.
    pub because: Vec<Reason>,
    /// Exits that were looked at and not taken.
    pub refused: Vec<Refusal>,
}

/// An exit that was not taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The exit.
    pub transition: TransitionId,
    /// Where it leads.
    pub target: Place,
    /// Where it stands.
    pub span: Span,
    /// Whether it is unknown rather than false.
    pub unknown: bool,
    /// What decided.
    pub because: Vec<Reason>,
    /// What would have decided otherwise; none where no change of facts could.
    pub otherwise: Option<Vec<Change>>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A stage was entered; resumed where the flag says so.
    Enter(StageId, bool),
    /// A block was entered.
    EnterBlock(crate::model::BlockId),
    /// An end was reached.
    End(EndId),
    /// A task was offered.
    Offer(OfferId),
    /// A task was passed over.
    Skip(OfferId, Skip),
    /// A task changed its status.
    Task(TaskId, TaskStatus, Option<String>),
    /// An open task was cancelled.
    Cancel(OfferId),
    /// A step was shown: its place in the stage's body or the cadence's round.
    Step(StageId, Option<CadenceId>, usize),
    /// A fact changed: before, after, and whether the playbook set it.
    Fact {
        /// Which.
        fact: FactId,
        /// What it is now.
        value: Option<Value>,
        /// Set by the playbook itself.
        by_playbook: bool,
    },
    /// A fact was to be set, and what to is unknown.
    NotSet(FactId),
    /// A round began.
    Round(CadenceId, u32),
    /// Needs and key inputs were met.
    NeedsMet,
    /// A key output does not hold at a successful end: its place in the scope's list.
    OutputUnmet(crate::model::ScopeId, usize),
    /// A service was dropped, and its track closed.
    Dropped(String),
    /// A track was cancelled because its block was left.
    Interrupted,
    /// Something happened.
    Event(HappeningKind),
    /// Work stands still.
    Blocked,
    /// Work goes on.
    Unblocked,
    /// A pause began.
    Paused(String),
    /// A pause is over.
    Resumed,
    /// A service became intended.
    Added(ServiceId),
    /// The track went round in no time.
    Loop(Vec<Place>),
    /// More than one exit held.
    Ambiguous(Vec<TransitionId>),
    /// What was said could not be.
    Rejected(String),
    /// What was said made no difference.
    Ignored(String),
}

/// An observer that keeps everything, with reasons.
#[derive(Debug, Default)]
pub struct Trace {
    /// What happened, in order.
    pub entries: Vec<Entry>,
    /// The transition just taken: it belongs to the place entered next.
    taken: Option<(TransitionId, Vec<Reason>, Vec<Refusal>)>,
}

impl Observer for Trace {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        let offer = |id: OfferId| &machine.playbook.offers[id.index()];
        let (track, kind, span) = match effect {
            Effect::Took(track, id) => {
                self.taken = Some(reasons(machine, state, track, id));
                return;
            }
            Effect::Began(_) => return,
            Effect::Entered(track, place, resumed) => {
                let kind = match place {
                    Place::Stage(stage) => Kind::Enter(stage, resumed),
                    Place::Block(block) => Kind::EnterBlock(block),
                    Place::End(end) => Kind::End(end),
                };
                return self.arrive(machine, state, track, kind, machine.playbook.place_name(place).span);
            }
            Effect::Ended(track, end) => {
                let span = machine.playbook.ends[end.index()].name.span;
                return self.arrive(machine, state, track, Kind::End(end), span);
            }
            Effect::Ambiguous(track, id, also) => {
                (Some(track), Kind::Ambiguous(also), Some(machine.playbook.transitions[id.index()].span))
            }
            Effect::NeedsMet(track) => (Some(track), Kind::NeedsMet, None),
            Effect::Offered(track, id) => (Some(track), Kind::Offer(id), Some(offer(id).span)),
            Effect::Skipped(track, id, skip) => {
                let mut entry = entry(machine, state, Some(track), Kind::Skip(id, skip), Some(offer(id).span));
                if let (Skip::When, Some(when)) = (skip, &offer(id).when) {
                    entry.because = because(View::of(machine, state, track), when);
                }
                return self.entries.push(entry);
            }
            Effect::TaskChanged(service, task, id, status, reason) => {
                let span = id.map_or(machine.playbook.tasks[task.index()].span, |id| offer(id).span);
                // The track in whose stage the task is offered; of a task that is reported early, any of that service.
                let scope = id.map(|id| machine.playbook.stages[offer(id).stage.index()].scope);
                let of_scope = |track: &Track| track.service == service && Some(track.scope) == scope;
                let track = state.tracks.iter().rposition(of_scope);
                let track = track.or_else(|| state.tracks.iter().rposition(|track| track.service == service));
                let mut entry = entry(machine, state, track, Kind::Task(task, status, reason), Some(span));
                entry.service = service;
                return self.entries.push(entry);
            }
            Effect::Cancelled(track, id) => (Some(track), Kind::Cancel(id), Some(offer(id).span)),
            Effect::Step(track, cadence, at) => {
                let Some(Place::Stage(stage)) = state.tracks[track].place else { return };
                let body = cadence.map_or(&machine.playbook.stages[stage.index()].body, |id| {
                    &machine.playbook.cadences[id.index()].body
                });
                let span = match body.get(at) {
                    Some(crate::model::Work::Step(step)) => Some(step.span),
                    _ => None,
                };
                (Some(track), Kind::Step(stage, cadence, at), span)
            }
            Effect::FactChanged(service, fact, by) => {
                let known = &machine.playbook.facts[fact.index()];
                let facts = service.map_or(&state.facts, |service| &state.services[service.index()].facts);
                let kind = Kind::Fact { fact, value: facts[known.slot].clone(), by_playbook: by.is_some() };
                let mut entry = entry(machine, state, None, kind, Some(by.unwrap_or(known.name.span)));
                entry.service = service;
                return self.entries.push(entry);
            }
            Effect::NotSet(track, fact) => {
                let view = View::of(machine, state, track);
                let unknown = unknown_assignment(view, fact);
                let span = unknown.map(|assignment| assignment.span);
                let mut entry = entry(machine, state, Some(track), Kind::NotSet(fact), span);
                entry.because.extend(unknown.map(|assignment| read(view, &assignment.value)));
                return self.entries.push(entry);
            }
            Effect::Round(track, cadence, number) => {
                (Some(track), Kind::Round(cadence, number), Some(machine.playbook.cadences[cadence.index()].head))
            }
            Effect::OutputUnmet(track, at) => {
                let scope = state.tracks[track].scope;
                let output = &machine.playbook.scopes[scope.index()].outputs[at];
                let mut entry = entry(machine, state, Some(track), Kind::OutputUnmet(scope, at), Some(output.span));
                if let Some(condition) = &output.condition {
                    entry.because = because(View::of(machine, state, track), condition);
                }
                return self.entries.push(entry);
            }
            Effect::Dropped(track, reason) => (Some(track), Kind::Dropped(reason), None),
            Effect::Interrupted(track) => (Some(track), Kind::Interrupted, None),
            Effect::Happened(service, kind) => {
                let mut entry = entry(machine, state, None, Kind::Event(kind), None);
                entry.service = service;
                return self.entries.push(entry);
            }
            Effect::Blocked(track) => (Some(track), Kind::Blocked, None),
            Effect::Unblocked(track) => (Some(track), Kind::Unblocked, None),
            Effect::Paused(track, reason) => (Some(track), Kind::Paused(reason), None),
            Effect::Resumed(track) => (Some(track), Kind::Resumed, None),
            Effect::ServiceAdded(service) => {
                let mut entry = entry(machine, state, None, Kind::Added(service), None);
                entry.service = Some(service);
                return self.entries.push(entry);
            }
            Effect::Looped(track, places) => (Some(track), Kind::Loop(places), None),
            Effect::Rejected(reason) => (None, Kind::Rejected(reason), None),
            Effect::Ignored(reason) => (None, Kind::Ignored(reason), None),
        };
        self.entries.push(entry(machine, state, track, kind, span));
    }
}

impl Trace {
    fn arrive(&mut self, machine: &Machine, state: &State, track: TrackId, kind: Kind, place: Span) {
        let taken = self.taken.take();
        let span = taken.as_ref().map_or(place, |(id, ..)| machine.playbook.transitions[id.index()].span);
        let mut entry = entry(machine, state, Some(track), kind, Some(span));
        if let Some((_, because, refused)) = taken {
            (entry.because, entry.refused) = (because, refused);
        }
        self.entries.push(entry);
    }
}

/// The `set` of this fact, in the stage a track is at, whose value is unknown.
fn unknown_assignment<'a>(view: View<'a>, fact: FactId) -> Option<&'a Assignment> {
    let playbook = &view.machine.playbook;
    let Some(Place::Stage(stage)) = view.state.tracks[view.track].place else { return None };
    let stage = &playbook.stages[stage.index()];
    let mut bodies = vec![stage.body.as_slice()];
    bodies.extend(stage.cadences.iter().map(|id| playbook.cadences[id.index()].body.as_slice()));
    while let Some(body) = bodies.pop() {
        for work in body {
            match work {
                Work::Set(set) if set.fact == fact && view.value(&set.value).is_none() => return Some(set),
                Work::Together(inner) => bodies.push(inner),
                _ => {}
            }
        }
    }
    None
}

fn entry(_: &Machine, state: &State, track: Option<TrackId>, kind: Kind, span: Option<Span>) -> Entry {
    let service = track.and_then(|track| state.tracks.get(track)).and_then(|track| track.service);
    Entry { at: state.now, track, service, kind, span, because: Vec::new(), refused: Vec::new() }
}

/// Why a transition is taken, and why those it was weighed against are not.
fn reasons(
    machine: &Machine,
    state: &State,
    track: TrackId,
    id: TransitionId,
) -> (TransitionId, Vec<Reason>, Vec<Refusal>) {
    let transition = &machine.playbook.transitions[id.index()];
    let view = View::of(machine, state, track);
    let why = guard(&transition.trigger).map(|guard| because(view, guard)).unwrap_or_default();
    let completion = matches!(transition.trigger, Trigger::Completion(_) | Trigger::Otherwise);
    let siblings: &[TransitionId] = match state.tracks[track].place {
        _ if !completion => &[],
        None => machine.graph.start(state.tracks[track].scope),
        Some(place) => &machine.graph.exits(place).completion,
    };
    let refused =
        siblings.iter().filter(|sibling| **sibling != id).filter_map(|sibling| refusal(machine, view, *sibling));
    (id, why, refused.collect())
}

/// Why an exit is not taken; none where its guard holds or where it has none.
#[must_use]
pub fn refusal(machine: &Machine, view: View<'_>, id: TransitionId) -> Option<Refusal> {
    let transition = &machine.playbook.transitions[id.index()];
    let guard = guard(&transition.trigger)?;
    let truth = view.truth(guard);
    (truth != Some(true)).then(|| Refusal {
        transition: id,
        target: transition.target,
        span: transition.span,
        unknown: truth.is_none(),
        because: because(view, guard),
        otherwise: to_become(view, guard, true),
    })
}
