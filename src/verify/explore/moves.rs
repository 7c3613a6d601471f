//! What can happen to a customer who waits.

use super::domain::{conditions, deep};
use super::key::Looked;
use super::live::is_off;
use super::{Explorer, Move};
use crate::model::{
    Atom, CUSTOMER, EventId, EventMatch, Expr, Node, OfferId, Place, Playbook, ScopeKind, ServiceId, Since, TaskId,
    TransitionId, Trigger,
};
use crate::run::clock::{clocks, is_read};
use crate::run::evaluate::matches;
use crate::run::event::Event;
use crate::run::state::{CUSTOMER_TRACK, HappeningKind, State, TrackId};
use crate::value::TaskStatus;
use std::collections::{BTreeMap, BTreeSet};

/// The reason given where one is needed.
pub const REASON: &str = "not needed for this customer";

/// More blockers than these are not open at once; identical ones count once.
const MOST_BLOCKERS: usize = 4;

/// What the question itself speaks of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// Events and blockers it counts or waits for.
    pub events: &'a [EventMatch],
    /// Whether it asks about key outputs.
    pub outputs: bool,
    /// The tasks it asks about; none means any. Of the others it makes no difference whether they are complete or not
    /// required.
    pub tasks: Option<&'a [TaskId]>,
    /// Whether conditions on dates are taken for facts that may change at any time: then what is found need not be so.
    pub dates: bool,
}

/// What can happen, as far as it can make a difference.
#[derive(Debug)]
pub struct Alphabet {
    /// Declared events that something asks about later.
    remembered: BTreeSet<EventId>,
    /// Kinds of blocker to tell apart; none where the playbook knows nothing of blockers.
    kinds: Vec<Option<String>>,
    waived: bool,
    escalated: bool,
    /// Tasks of which it matters whether they are complete or not required; none means all.
    settled: Option<BTreeSet<TaskId>>,
}

impl Alphabet {
    pub(super) fn new(playbook: &Playbook, asked: &[&Expr], looked: &Looked, question: Asked<'_>) -> Alphabet {
        let mut spoken: Vec<EventMatch> = question.events.to_vec();
        let mut all: Vec<&Expr> = asked.to_vec();
        conditions(playbook, &mut |expr| all.push(expr));
        for expr in all {
            let mut look = |part: &Expr| {
                if let Node::Atom(Atom::Happened(event) | Atom::Since(_, Since::Event(event), ..)) = &part.node {
                    spoken.push(event.clone());
                }
            };
            deep(playbook, expr, &mut look);
        }
        let remembered =
            spoken.iter().filter_map(|event| if let EventMatch::Event(id) = event { Some(*id) } else { None });
        let remembered = remembered.collect();
        spoken.extend(playbook.transitions.iter().filter_map(|transition| match &transition.trigger {
            Trigger::On(event, _) => Some(event.clone()),
            _ => None,
        }));
        let settled = question.tasks.map(|tasks| tasks.iter().copied().chain(looked.tasks()).collect());
        let mut kinds = BTreeSet::new();
        for event in &spoken {
            match event {
                EventMatch::Blocker(named) => {
                    kinds.insert(None);
                    kinds.extend(named.iter().cloned().map(Some));
                }
                EventMatch::Resolved | EventMatch::Waived | EventMatch::Escalated => {
                    kinds.insert(None);
                }
                EventMatch::Event(_) => {}
            }
        }
        let kinds = few_of_each(playbook, looked, &spoken, kinds);
        Alphabet {
            remembered,
            kinds,
            waived: spoken.contains(&EventMatch::Waived),
            escalated: spoken.contains(&EventMatch::Escalated),
            settled,
        }
    }

    /// Whether it matters if a task is complete or not required.
    #[must_use]
    pub fn tells(&self, task: TaskId) -> bool {
        self.settled.as_ref().is_none_or(|settled| settled.contains(&task))
    }

    /// Whether blockers can come.
    #[must_use]
    pub fn has_blockers(&self) -> bool {
        !self.kinds.is_empty()
    }
}

/// Kinds of blocker that nothing tells apart stand for each other: of each sort there are as many as may have moved tracks
/// in different ways at once.
fn few_of_each(
    playbook: &Playbook,
    looked: &Looked,
    spoken: &[EventMatch],
    kinds: BTreeSet<Option<String>>,
) -> Vec<Option<String>> {
    // What a blocker does to a single track is to have moved it, or not.
    let alone = !looked.happened
        && playbook.scopes.iter().all(|scope| scope.kind != ScopeKind::Branch)
        && playbook.blocks.iter().all(|block| {
            let inherited = &playbook.scopes[block.scope.index()].everywhere;
            let heard = |id: &TransitionId| matches!(playbook.transitions[id.index()].trigger, Trigger::On(..));
            block.scope == CUSTOMER && !block.exits.iter().chain(inherited).any(heard)
        });
    let most = match alone {
        _ if is_off() => usize::MAX,
        true => 2,
        false => MOST_BLOCKERS,
    };
    let mut sorts: BTreeMap<Vec<bool>, usize> = BTreeMap::new();
    let kept = |kind: &Option<String>| {
        let told = spoken.iter().map(|event| matches(event, &HappeningKind::Blocker(kind.clone())));
        let number = sorts.entry(told.collect()).or_default();
        *number += 1;
        *number <= most
    };
    kinds.into_iter().filter(kept).collect()
}

impl Explorer<'_> {
    /// All that can happen next, the plainest first. Where the instant of a clock has come and is not followed yet (`due`), time
    /// stands until it is.
    #[must_use]
    pub fn moves(&self, state: &State, due: bool) -> Vec<Move> {
        let playbook = &self.machine.playbook;
        let mut moves = Vec::new();
        let live: Vec<usize> = state.order.iter().copied().filter(|id| state.tracks[*id].active()).collect();
        let services: BTreeSet<ServiceId> = live.iter().filter_map(|id| state.tracks[*id].service).collect();
        for id in live.iter().copied() {
            let track = &state.tracks[id];
            for open in &track.visit.open {
                let task = playbook.offers[open.offer.index()].task;
                let mut say = |status: TaskStatus, reason: Option<String>| {
                    moves.push(Move::Said(Event::Task { service: track.service, task, status, reason }));
                };
                say(TaskStatus::Complete, None);
                if self.alphabet.tells(task) {
                    say(TaskStatus::NotRequired, Some(REASON.to_owned()));
                }
                let asked = self.looked.statuses.iter().filter(|(known, _)| *known == task).map(|(_, status)| *status);
                let other = |status: &TaskStatus| {
                    !matches!(
                        status,
                        TaskStatus::Complete | TaskStatus::NotRequired | TaskStatus::Blocked | TaskStatus::Cancelled
                    ) && *status != open.status
                };
                asked.filter(other).for_each(|status| say(status, None));
            }
        }
        let whose: Vec<Option<ServiceId>> = std::iter::once(None).chain(services.iter().copied().map(Some)).collect();
        // What is known of a service changes before its track begins, too, and the customer's own conditions may look at it.
        let waiting = state.intended.iter().filter(|service| state.services[service.index()].at_end.is_none());
        let known: BTreeSet<ServiceId> = services.iter().copied().chain(waiting).collect();
        moves.push(Move::Facts(None));
        moves.extend(known.into_iter().map(|service| Move::Facts(Some(service))));
        // Clocks before events: that time passes is plainer than that something happens.
        if due {
            moves.push(Move::Strike);
        } else {
            let clocks = clocks(&self.machine, state);
            moves.extend(clocks.iter().copied().map(Move::Time));
            let read = clocks.into_iter().filter(|clock| is_read(&self.machine, state, *clock));
            moves.extend(read.map(Move::Reach));
        }
        self.events(state, &live, &whose, &mut moves);
        moves
    }

    /// How a task that is offered can be settled at once.
    #[must_use]
    pub fn answers(&self, state: &State, track: TrackId, offer: OfferId) -> Vec<Event> {
        let task = self.machine.playbook.offers[offer.index()].task;
        let service = state.tracks[track].service;
        let say = |status, reason| Event::Task { service, task, status, reason };
        let mut answers = vec![say(TaskStatus::Complete, None)];
        if self.alphabet.tells(task) {
            answers.push(say(TaskStatus::NotRequired, Some(REASON.to_owned())));
        }
        answers
    }

    fn events(&self, state: &State, live: &[usize], whose: &[Option<ServiceId>], moves: &mut Vec<Move>) {
        let playbook = &self.machine.playbook;
        let heard = |event: &EventMatch, service: Option<ServiceId>| {
            live.iter().any(|id| {
                let track = &state.tracks[*id];
                let concerns = service.is_none() || track.service == service;
                let exits = match track.place {
                    Some(place @ (Place::Stage(_) | Place::Block(_))) => &self.machine.graph.exits(place).on,
                    _ => return false,
                };
                concerns
                    && exits.iter().any(|exit| {
                        matches!(&playbook.transitions[exit.index()].trigger, Trigger::On(known, _) if known == event)
                    })
            })
        };
        // What happens to the customer as a whole is only tried where something besides tracks of services listens.
        let customer_listens = live.iter().any(|id| {
            let track = &state.tracks[*id];
            track.service.is_none()
                && !matches!(track.place, Some(place @ Place::Block(_)) if self.machine.graph.exits(place).on.is_empty())
        });
        for service in whose.iter().copied() {
            let wanted = service.is_some() || customer_listens || whose.len() == 1;
            for event in 0..playbook.events.len() {
                let id = EventId(event as u32);
                let remembered = self.alphabet.remembered.contains(&id);
                if remembered || (wanted && heard(&EventMatch::Event(id), service)) {
                    moves.push(Move::Said(Event::Happened { event: id, service }));
                }
            }
            // A blocker can be resolved wherever it was raised.
            let raised = wanted || self.looked.happened;
            for kind in &self.alphabet.kinds {
                let here = |blocker: &&crate::run::state::Blocker| blocker.service == service;
                // Several of one kind at once: the second may find the track where the first did not. Identical ones are one.
                if raised && state.blockers.iter().filter(here).count() < MOST_BLOCKERS {
                    moves.push(Move::Said(Event::Blocker { kind: kind.clone(), service, task: None }));
                }
                if state.blockers.iter().filter(here).any(|blocker| &blocker.kind == kind) {
                    let resolved =
                        |waived: bool| Move::Said(Event::Resolved { kind: kind.clone(), service, task: None, waived });
                    moves.push(resolved(false));
                    if self.alphabet.waived {
                        moves.push(resolved(true));
                    }
                }
            }
            if raised && self.alphabet.escalated {
                moves.push(Move::Said(Event::Escalated { service }));
            }
        }
        if live.contains(&CUSTOMER_TRACK) {
            for (process, ends) in &self.looked.elsewhere {
                for end in ends {
                    let known = (process.clone(), end.clone());
                    if !state.ended_elsewhere.contains(&known) {
                        moves.push(Move::Said(Event::EndedElsewhere { playbook: known.0, end: known.1 }));
                    }
                }
            }
        }
    }
}
