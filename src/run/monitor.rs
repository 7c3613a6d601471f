//! Properties watched on one journey.
//!
//! Conditions are looked at in stable moments: a stage left in the instant it was entered is none. What comes to pass
//! (tasks, events, places entered, ends) counts whenever it does. A property of each service is watched on every track,
//! from its beginning to its end.

use super::evaluate::{View, matches};
use super::event::{Effect, Observer};
use super::explain::{Reason, because};
use super::machine::Machine;
use super::state::{CUSTOMER_TRACK, Seconds, State, TrackId};
use super::time::over;
use crate::model::property::{Assumption, Claim, Occurrence, Property};
use crate::model::{Atom, EventMatch, Expr, Node, OfferId, ScopeKind, ServiceId, TaskId};
use crate::source::Span;
use crate::value::TaskStatus;

/// What a journey says of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It keeps to it.
    Holds,
    /// It breaks it.
    Violated(Violation),
    /// It is not over, and may still break it or fulfil it.
    Open,
    /// It is not spoken of: an assumption does not hold.
    Skipped,
}

/// How a journey breaks a property.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// When.
    pub at: Seconds,
    /// In the track of which service; none is the customer.
    pub service: Option<ServiceId>,
    /// What is wrong.
    pub kind: Wrong,
    /// The part of the property that was broken.
    pub span: Span,
    /// The task it speaks of, where it is one.
    pub task: Option<TaskId>,
    /// What decided.
    pub because: Vec<Reason>,
}

/// What is wrong with a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// A condition that must never hold does.
    Holds,
    /// A condition that must always hold does not.
    Fails,
    /// The second came without the first.
    TooEarly,
    /// It has not come in time.
    Late,
    /// The journey is over, and it has not come.
    Missing,
    /// It came too often: for this many-th time.
    TooOften(u32),
}

/// Watches properties.
#[derive(Debug, Clone)]
pub struct Monitor<'p> {
    properties: &'p [Property],
    watches: Vec<Watch<'p>>,
    dues: Vec<Due>,
    /// Whether a task was settled late.
    late: bool,
}

/// A task that is to be complete in time.
#[derive(Debug, Clone)]
struct Due {
    offer: OfferId,
    track: TrackId,
    by: Seconds,
}

/// One property on the customer or on one track.
#[derive(Debug, Clone)]
struct Watch<'p> {
    property: &'p Property,
    track: TrackId,
    first: Occurring<'p>,
    second: Occurring<'p>,
    /// When what the claim asks for came, oldest first; for `followed by`, those that nothing followed yet.
    open: Vec<Seconds>,
    count: u32,
    verdict: Option<Verdict>,
    broken: bool,
    counted: Vec<u32>,
    over: bool,
}

/// An occurrence being looked out for.
#[derive(Debug, Clone)]
struct Occurring<'p> {
    what: Option<&'p Occurrence>,
    /// Whether its condition held at the last stable moment.
    held: bool,
}

impl<'p> Monitor<'p> {
    /// Watches these properties on one journey, from its start.
    #[must_use]
    pub fn new(properties: &'p [Property]) -> Monitor<'p> {
        Monitor { properties, watches: Vec::new(), dues: Vec::new(), late: false }
    }

    /// What the journey says of each property, where it stands now.
    #[must_use]
    pub fn verdicts(&self, state: &State) -> Vec<Verdict> {
        let all_due = self.late(state);
        let verdict = |property: &'p Property| {
            let skips = |watch: &Watch<'_>| {
                watch.broken
                    || all_due && property.assumptions.iter().any(|known| matches!(known, Assumption::TasksMeetDue(_)))
            };
            let watches = || self.watches.iter().filter(|watch| std::ptr::eq(watch.property, property));
            if watches().any(skips) {
                return Verdict::Skipped;
            }
            let each: Vec<Verdict> = watches().map(|watch| watch.now(state)).collect();
            if let Some(violated) = each.iter().find(|verdict| matches!(verdict, Verdict::Violated(_))) {
                return violated.clone();
            }
            // Tracks may still begin while the customer's journey is not over.
            if each.contains(&Verdict::Open) || !over(state) { Verdict::Open } else { Verdict::Holds }
        };
        self.properties.iter().map(verdict).collect()
    }

    /// What of the past can still matter, times left out: equal bytes, equal future. Of a property of several watches
    /// each is told by its track.
    pub fn key(&self, state: &State, out: &mut Vec<u8>) {
        for watch in &self.watches {
            if watch.over && watch.verdict.as_ref().is_none_or(|verdict| *verdict == Verdict::Holds) && !watch.broken {
                continue;
            }
            let track = &state.tracks[watch.track];
            out.extend(track.scope.0.to_le_bytes());
            out.push(track.service.map_or(0, |service| service.0 as u8 + 1));
            let counted = watch.counted.iter().zip(&watch.property.assumptions).map(|(count, assumption)| {
                let limit = if let Assumption::AtMost(limit, ..) = assumption { *limit } else { 0 };
                (*count).min(limit.saturating_add(1))
            });
            counted.chain([watch.count]).for_each(|count| out.extend(count.to_le_bytes()));
            let verdict = match &watch.verdict {
                None => 0,
                Some(Verdict::Holds) => 1,
                Some(Verdict::Violated(_)) => 2,
                Some(Verdict::Open) => 3,
                Some(Verdict::Skipped) => 4,
            };
            let flags = [watch.first.held, watch.second.held, watch.open.is_empty(), watch.broken, watch.over];
            out.push(flags.iter().fold(verdict, |all, flag| all * 2 + u8::from(*flag)));
        }
    }

    /// Whether what each watch says stays so, whatever comes: it has said it, what has to come first has come, or nothing that
    /// counts can come. `comes` tells this of the track that is watched.
    #[must_use]
    pub fn is_settled(&self, comes: &dyn Fn(TrackId) -> bool) -> bool {
        !self.watches.is_empty()
            && self.watches.iter().all(|watch| {
                let first = matches!(watch.property.claim, Claim::Before(..)) && !watch.open.is_empty();
                watch.over
                    || watch.broken
                    || watch.verdict.is_some()
                    || first
                    || !(self.waits(watch) || comes(watch.track))
            })
    }

    fn waits(&self, watch: &Watch<'_>) -> bool {
        match &watch.property.claim {
            Claim::Eventually(..) => true,
            Claim::Followed(..) => !watch.open.is_empty(),
            _ => false,
        }
    }

    /// How many tracks are watched.
    #[must_use]
    pub fn watched(&self) -> usize {
        self.watches.len()
    }

    /// Whether something that has to come is still to come: of `eventually` what it names, of `followed by` the second.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.watches.iter().any(|watch| !watch.over && !watch.broken && watch.verdict.is_none() && self.waits(watch))
    }

    /// Whether a task was or is open for longer than it may.
    fn late(&self, state: &State) -> bool {
        self.late || self.dues.iter().any(|due| due.by < state.now)
    }

    /// Forgets tasks that are settled; that one of them was late is remembered.
    fn forget(&mut self, now: Seconds, settled: impl Fn(&Due) -> bool) {
        self.late |= self.dues.iter().any(|due| due.by < now && settled(due));
        self.dues.retain(|due| !settled(due));
    }

    /// Begins to watch a track.
    fn begin(&mut self, machine: &Machine, state: &State, track: TrackId) {
        let known = &state.tracks[track];
        let of_service = known.service.is_some();
        let kind = machine.playbook.scopes[known.scope.index()].kind;
        if track != CUSTOMER_TRACK && kind != ScopeKind::EachService {
            return;
        }
        for property in self.properties.iter().filter(|property| property.of_service == of_service) {
            self.watches.push(Watch::new(property, track));
        }
    }
}

impl Observer for Monitor<'_> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        match &effect {
            Effect::Began(track) => self.begin(machine, state, *track),
            Effect::Offered(track, offer) => {
                if let Some(due) = machine.playbook.offers[offer.index()].due {
                    self.dues.push(Due { offer: *offer, track: *track, by: machine.over(state, state.now, due) });
                }
            }
            Effect::TaskChanged(_, _, Some(offer), status, _) => {
                let settled = matches!(status, TaskStatus::Complete | TaskStatus::NotRequired | TaskStatus::Cancelled);
                let still = |track: TrackId| state.tracks[track].visit.open.iter().any(|open| open.offer == *offer);
                if settled {
                    self.forget(state.now, |due| due.offer == *offer && !still(due.track));
                }
            }
            Effect::Cancelled(track, offer) => {
                self.forget(state.now, |due| due.offer == *offer && due.track == *track);
            }
            _ => {}
        }
        for watch in &mut self.watches {
            watch.effect(machine, state, &effect);
        }
    }

    fn settled(&mut self, machine: &Machine, state: &State) {
        for watch in &mut self.watches {
            watch.settled(machine, state);
        }
    }
}

impl<'p> Watch<'p> {
    fn new(property: &'p Property, track: TrackId) -> Watch<'p> {
        let (first, second) = match &property.claim {
            Claim::Never(..) | Claim::Always(..) => (None, None),
            Claim::Before(first, second) | Claim::Followed(first, second, _) => (Some(first), Some(second)),
            Claim::Eventually(first, _) | Claim::AtMost(first, _) => (Some(first), None),
        };
        Watch {
            property,
            track,
            first: Occurring { what: first, held: false },
            second: Occurring { what: second, held: false },
            open: Vec::new(),
            count: 0,
            verdict: None,
            broken: false,
            counted: vec![0; property.assumptions.len()],
            over: false,
        }
    }

    /// From the track; one that has ended is seen as it was at its end.
    fn view<'a>(&self, machine: &'a Machine, state: &'a State) -> View<'a> {
        let ended = self.property.of_service && !state.tracks[self.track].active();
        View { outside: ended, ..View::of(machine, state, self.track) }
    }

    fn effect(&mut self, machine: &Machine, state: &State, effect: &Effect) {
        if self.over {
            return;
        }
        let view = self.view(machine, state);
        for (assumption, counted) in self.property.assumptions.iter().zip(&mut self.counted) {
            if let (Assumption::AtMost(limit, event, _), Effect::Happened(service, happened)) = (assumption, effect)
                && matches(event, happened)
                && (service.is_none() || view.service.is_none() || *service == view.service)
            {
                *counted += 1;
                self.broken |= *counted > *limit;
            }
        }
        if self.first.comes(view, effect) {
            self.came_first(view, state);
        }
        if self.second.comes(view, effect) {
            self.came_second(view, state);
        }
    }

    fn settled(&mut self, machine: &Machine, state: &State) {
        if self.over {
            return;
        }
        let view = self.view(machine, state);
        let property = self.property;
        for assumption in &property.assumptions {
            if let Assumption::Condition(condition) = assumption {
                // What is unknown is not known to hold.
                self.broken |= view.truth(condition) != Some(true);
            }
        }
        let applies = |other: &Option<Expr>| other.as_ref().is_none_or(|other| view.truth(other) == Some(true));
        match &property.claim {
            Claim::Never(condition, other) if view.truth(condition) == Some(true) && applies(other) => {
                self.condition(view, state, Wrong::Holds, condition, other.as_ref());
            }
            Claim::Always(condition, other) if view.truth(condition) != Some(true) && applies(other) => {
                self.condition(view, state, Wrong::Fails, condition, other.as_ref());
            }
            _ => {}
        }
        if self.first.becomes(view) {
            self.came_first(view, state);
        }
        if self.second.becomes(view) {
            self.came_second(view, state);
        }
        self.in_time(state);
        self.over = !state.tracks[self.track].active();
        if self.over && self.verdict.is_none() {
            self.verdict = Some(self.at_the_end(state));
        }
    }

    fn condition(&mut self, view: View<'_>, state: &State, kind: Wrong, condition: &Expr, other: Option<&Expr>) {
        let mut reasons = because(view, condition);
        reasons.extend(other.map(|other| because(view, other)).unwrap_or_default());
        if self.verdict.is_none() {
            let (at, service) = (state.now, state.tracks[self.track].service);
            let violation = Violation { at, service, kind, span: condition.span, task: None, because: reasons };
            self.verdict = Some(Verdict::Violated(violation));
        }
    }

    fn violated(&mut self, state: &State, at: Seconds, kind: Wrong, what: &Occurrence, because: Vec<Reason>) {
        if self.verdict.is_none() {
            self.verdict = Some(self.violation(state, at, kind, what, because));
        }
    }

    fn violation(&self, state: &State, at: Seconds, kind: Wrong, what: &Occurrence, because: Vec<Reason>) -> Verdict {
        let service = state.tracks[self.track].service;
        let (span, task) = match what {
            Occurrence::Task(task, span) => (*span, Some(*task)),
            Occurrence::End(span) => (*span, None),
            Occurrence::Condition(condition) => (condition.span, None),
        };
        Verdict::Violated(Violation { at, service, kind, span, task, because })
    }

    fn came_first(&mut self, view: View<'_>, state: &State) {
        match &self.property.claim {
            Claim::Before(..) | Claim::Followed(..) => self.open.push(state.now),
            Claim::Eventually(..) => {
                self.in_time(state);
                self.verdict.get_or_insert(Verdict::Holds);
            }
            Claim::AtMost(what, limit) => {
                self.count += 1;
                if self.count > *limit {
                    self.violated(state, state.now, Wrong::TooOften(self.count), what, reasons(view, what));
                }
            }
            Claim::Never(..) | Claim::Always(..) => {}
        }
    }

    fn came_second(&mut self, view: View<'_>, state: &State) {
        match &self.property.claim {
            Claim::Before(_, second) if self.open.is_empty() && !self.first.holds(view) => {
                self.violated(state, state.now, Wrong::TooEarly, second, reasons(view, second));
            }
            Claim::Followed(..) => {
                self.in_time(state);
                self.open.clear();
            }
            _ => {}
        }
    }

    /// Whether something has waited for too long.
    fn in_time(&mut self, state: &State) {
        match &self.property.claim {
            Claim::Eventually(what, Some(within)) if self.verdict.is_none() && state.now > within.0 => {
                self.violated(state, within.0, Wrong::Late, what, Vec::new());
            }
            Claim::Followed(_, second, Some(within)) => {
                let by = self.open.first().map(|at| at.saturating_add(within.0));
                if let Some(by) = by.filter(|by| state.now > *by) {
                    self.violated(state, by, Wrong::Late, second, Vec::new());
                }
            }
            _ => {}
        }
    }

    fn at_the_end(&self, state: &State) -> Verdict {
        let missing = match &self.property.claim {
            Claim::Eventually(what, _) => Some(what),
            Claim::Followed(_, second, _) if !self.open.is_empty() => Some(second),
            _ => None,
        };
        missing.map_or(Verdict::Holds, |what| {
            let at = state.tracks[self.track].ended.unwrap_or(state.now);
            self.violation(state, at, Wrong::Missing, what, Vec::new())
        })
    }

    /// Where it stands now.
    fn now(&self, state: &State) -> Verdict {
        match (&self.verdict, &self.property.claim) {
            (Some(verdict), _) => verdict.clone(),
            // The clock may have been stopped after the last stable moment.
            (None, Claim::Eventually(what, Some(within))) if state.now > within.0 => {
                self.violation(state, within.0, Wrong::Late, what, Vec::new())
            }
            (None, Claim::Followed(_, second, Some(within))) => {
                let by = self.open.first().map(|at| at.saturating_add(within.0)).filter(|by| state.now > *by);
                by.map_or(Verdict::Open, |by| self.violation(state, by, Wrong::Late, second, Vec::new()))
            }
            (None, _) => Verdict::Open,
        }
    }
}

impl Occurring<'_> {
    /// Whether it comes to pass with this effect.
    fn comes(&mut self, view: View<'_>, effect: &Effect) -> bool {
        match self.what {
            None => false,
            Some(Occurrence::Task(task, _)) => completes(view, effect, *task),
            Some(Occurrence::End(_)) => match effect {
                Effect::Ended(track, _) | Effect::Dropped(track, _) | Effect::Interrupted(track) => {
                    *track == view.track
                }
                _ => false,
            },
            Some(Occurrence::Condition(condition)) => match &condition.node {
                Node::Atom(Atom::At(places)) => match effect {
                    Effect::Entered(track, place, _) => concerns(view, *track) && places.contains(place),
                    Effect::Ended(track, end) => {
                        concerns(view, *track) && places.contains(&crate::model::Place::End(*end))
                    }
                    _ => false,
                },
                Node::Atom(Atom::Happened(event)) => happens(view, effect, event),
                Node::Atom(Atom::DoneTask(task)) => completes(view, effect, *task),
                _ => false,
            },
        }
    }

    /// Whether its condition is true at this moment: what came with the customer has come before any move.
    fn holds(&self, view: View<'_>) -> bool {
        matches!(self.what, Some(Occurrence::Condition(condition)) if view.truth(condition) == Some(true))
    }

    /// Whether its condition has become true at a stable moment; those that effects tell are not looked at again.
    fn becomes(&mut self, view: View<'_>) -> bool {
        let Some(Occurrence::Condition(condition)) = self.what else { return false };
        if matches!(condition.node, Node::Atom(Atom::At(_) | Atom::Happened(_) | Atom::DoneTask(_))) {
            return false;
        }
        let before = std::mem::replace(&mut self.held, view.truth(condition) == Some(true));
        self.held && !before
    }
}

/// Whether what happens in a track concerns the one that is watched: itself and those within it, and all for the customer.
fn concerns(view: View<'_>, track: TrackId) -> bool {
    view.track == CUSTOMER_TRACK || view.state.tracks[track].service == view.service
}

fn completes(view: View<'_>, effect: &Effect, task: TaskId) -> bool {
    match effect {
        Effect::TaskChanged(service, known, _, TaskStatus::Complete, _) => {
            *known == task && (view.track == CUSTOMER_TRACK || *service == view.service)
        }
        _ => false,
    }
}

fn happens(view: View<'_>, effect: &Effect, event: &EventMatch) -> bool {
    match effect {
        Effect::Happened(service, happened) => {
            (service.is_none() || view.track == CUSTOMER_TRACK || *service == view.service) && matches(event, happened)
        }
        _ => false,
    }
}

fn reasons(view: View<'_>, what: &Occurrence) -> Vec<Reason> {
    match what {
        Occurrence::Condition(condition) => because(view, condition),
        Occurrence::Task(..) | Occurrence::End(_) => Vec::new(),
    }
}
