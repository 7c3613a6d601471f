//! What can come to a journey, and what comes of it.

use super::machine::Machine;
use super::state::{Seconds, State, TrackId};
use crate::model::{CadenceId, EndId, EventId, FactId, OfferId, Place, ServiceId, TaskId, TransitionId};
use crate::source::Span;
use crate::value::{Duration, TaskStatus, Value};
use serde::{Deserialize, Serialize};

/// Something that comes to a journey. Each is followed until nothing more moves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The journey begins.
    Start,
    /// The clock moves on to this instant; nothing else happens yet.
    Advance(Seconds),
    /// Work whose length is known and over is complete.
    Completions,
    /// Rounds that are due begin.
    Rounds,
    /// `after` transitions that are due fire, and conditions on time are looked at.
    Timers,
    /// A fact becomes known or changes.
    Fact {
        /// For a service's fact, the service.
        service: Option<ServiceId>,
        /// The fact.
        fact: FactId,
        /// Its value.
        value: Value,
        /// Whether it corrects what was wrong before, where the fact could not change like this.
        correction: bool,
    },
    /// Several facts at once, as one line of a timeline gives them.
    Facts {
        /// For services' facts, the service.
        service: Option<ServiceId>,
        /// Facts and values.
        values: Vec<(FactId, Value)>,
        /// Whether they correct what was wrong before.
        correction: bool,
    },
    /// A task changes its status.
    Task {
        /// The service, where known.
        service: Option<ServiceId>,
        /// The task.
        task: TaskId,
        /// Its new status.
        status: TaskStatus,
        /// Why.
        reason: Option<String>,
    },
    /// The work of an offered task takes so long from now.
    Work {
        /// The track it was offered in.
        track: TrackId,
        /// Where it is offered.
        offer: OfferId,
        /// How long.
        takes: Duration,
    },
    /// A declared event happens.
    Happened {
        /// The event.
        event: EventId,
        /// To which service; none is the customer.
        service: Option<ServiceId>,
    },
    /// A blocker is raised.
    Blocker {
        /// Its kind.
        kind: Option<String>,
        /// To which service; none is the customer.
        service: Option<ServiceId>,
        /// The one task it holds.
        task: Option<TaskId>,
    },
    /// Blockers are resolved: those of this kind, or all.
    Resolved {
        /// Which kind.
        kind: Option<String>,
        /// Of which service; none is the customer's own.
        service: Option<ServiceId>,
        /// Of which task.
        task: Option<TaskId>,
        /// They were waived rather than resolved.
        waived: bool,
    },
    /// A blocker is escalated.
    Escalated {
        /// Of which service; none is the customer's own.
        service: Option<ServiceId>,
    },
    /// The clocks of a track or of the customer stop.
    Paused {
        /// Which service; none is the customer.
        service: Option<ServiceId>,
        /// Until when.
        until: Option<Seconds>,
        /// Why.
        reason: String,
    },
    /// They go on.
    Resumed {
        /// Which service; none is the customer.
        service: Option<ServiceId>,
    },
    /// A service is no longer intended.
    ServiceDropped {
        /// Which.
        service: ServiceId,
        /// Why.
        reason: String,
    },
    /// A service is intended from now on.
    ServiceAdded {
        /// Which.
        service: ServiceId,
        /// What is known of it.
        values: Vec<(FactId, Value)>,
    },
    /// The customer's journey through another playbook ended.
    EndedElsewhere {
        /// The playbook.
        playbook: String,
        /// The end.
        end: String,
    },
}

/// Why a task was passed over at its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// It is for other services.
    OtherService,
    /// Its `when` is false.
    When,
    /// It was complete already: it is credited.
    Credited,
    /// It was declared not required before.
    NotRequired,
}

/// What comes of an event, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A track began.
    Began(TrackId),
    /// A transition is taken; the track still is where it was.
    Took(TrackId, TransitionId),
    /// More than one completion guard held; this one, written first, was taken.
    Ambiguous(TrackId, TransitionId, Vec<TransitionId>),
    /// A place was entered; the flag says that a stage was resumed.
    Entered(TrackId, Place, bool),
    /// Needs and key inputs are met.
    NeedsMet(TrackId),
    /// A task is offered.
    Offered(TrackId, OfferId),
    /// A task was passed over.
    Skipped(TrackId, OfferId, Skip),
    /// A task changed its status; the offer is none when it was not open.
    TaskChanged(Option<ServiceId>, TaskId, Option<OfferId>, TaskStatus, Option<String>),
    /// An open task was cancelled because its stage was left.
    Cancelled(TrackId, OfferId),
    /// The step at this place of the body (or of the cadence's round) was shown.
    Step(TrackId, Option<CadenceId>, usize),
    /// A fact changed; where the playbook itself set it, and nothing where that came from outside.
    FactChanged(Option<ServiceId>, FactId, Option<Span>),
    /// The stage of a track was to set a fact, and what to is unknown: the fact stays as it is.
    NotSet(TrackId, FactId),
    /// A round began.
    Round(TrackId, CadenceId, u32),
    /// A track reached an end.
    Ended(TrackId, EndId),
    /// A key output does not hold at a successful end: its place in the scope's list.
    OutputUnmet(TrackId, usize),
    /// A track was closed because its service was dropped.
    Dropped(TrackId, String),
    /// A track was cancelled because its block was left.
    Interrupted(TrackId),
    /// Something happened.
    Happened(Option<ServiceId>, super::state::HappeningKind),
    /// A blocker holds this track.
    Blocked(TrackId),
    /// Nothing holds this track any more.
    Unblocked(TrackId),
    /// A pause began.
    Paused(TrackId, String),
    /// A pause is over.
    Resumed(TrackId),
    /// A service became intended.
    ServiceAdded(ServiceId),
    /// The track went round in no time and stays where it is: the stages of the loop.
    Looped(TrackId, Vec<Place>),
    /// What was said could not be: nothing changed. In words.
    Rejected(String),
    /// What was said made no difference. In words.
    Ignored(String),
}

/// Sees what happens as it happens. `Took` comes before the move, so that reasons can be read from the state.
pub trait Observer {
    /// One effect, with the state it came from.
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect);

    /// A stable moment of a driven journey: something was followed until nothing more moves at this instant.
    fn settled(&mut self, machine: &Machine, state: &State) {
        let _ = (machine, state);
    }
}

impl Observer for Vec<Effect> {
    fn effect(&mut self, _: &Machine, _: &State, effect: Effect) {
        self.push(effect);
    }
}

/// Sees nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Blind;

impl Observer for Blind {
    fn effect(&mut self, _: &Machine, _: &State, _: Effect) {}
}
