//! What each event does to a journey.

use super::evaluate::{View, matches, order};
use super::event::{Effect, Event, Observer};
use super::machine::Machine;
use super::state::{Blocker, Happening, HappeningKind, Pause, Seconds, State, TrackId, TrackStatus};
use crate::model::{FactId, FactScope, Place, ServiceId, TaskId, Trigger, Volatility};
use crate::source::Span;
use crate::value::{TaskStatus, Value};
use std::cmp::Ordering;

/// A machine at work on one state.
pub(super) struct Engine<'a, O> {
    pub(super) machine: &'a Machine,
    pub(super) state: &'a mut State,
    pub(super) observer: &'a mut O,
}

impl<O: Observer> Engine<'_, O> {
    pub(super) fn effect(&mut self, effect: Effect) {
        self.observer.effect(self.machine, self.state, effect);
    }

    /// Follows an event until nothing more moves.
    pub(super) fn apply(&mut self, event: &Event) {
        if let Some(service) = spoken_of(event).filter(|service| !self.state.intended.contains(*service)) {
            let name = &self.machine.playbook.services[service.index()].name;
            return self.effect(Effect::Ignored(format!("`{name}` is not an intended service of this customer")));
        }
        match event {
            Event::Start => self.begin_customer(),
            Event::Advance(to) => return self.advance(*to),
            Event::Completions => return self.completions(),
            Event::Rounds => return self.rounds(),
            Event::Timers => return self.timers(),
            Event::Fact { service, fact, value, correction } => {
                if self.accepts(*service, *fact, value, *correction) {
                    self.set(*service, *fact, value.clone(), None);
                }
            }
            Event::Facts { service, values, correction } => {
                // All or nothing: half a line is not what anybody said.
                let refused = values.iter().filter(|(fact, value)| !self.accepts(*service, *fact, value, *correction));
                if refused.count() == 0 {
                    for (fact, value) in values {
                        self.set(*service, *fact, value.clone(), None);
                    }
                }
            }
            Event::Task { service, task, status, reason } => self.task(*service, *task, *status, reason.as_deref()),
            Event::Work { track, offer, takes } => {
                let done_at = self.state.now.saturating_add(takes.0.max(0));
                let visit = self.state.tracks.get_mut(*track).map(|track| &mut track.visit);
                if let Some(open) = visit.and_then(|visit| visit.open.iter_mut().find(|open| open.offer == *offer)) {
                    open.done_at = Some(done_at);
                }
                return;
            }
            Event::Happened { event, service } => self.happen(HappeningKind::Event(*event), *service),
            Event::Blocker { kind, service, task } => self.raise(kind.clone(), *service, *task),
            Event::Resolved { kind, service, task, waived } => self.clear(kind.as_deref(), *service, *task, *waived),
            Event::Escalated { service } => self.happen(HappeningKind::Escalated, *service),
            Event::Paused { service, until, reason } => self.pause(*service, *until, reason),
            Event::Resumed { service } => self.resume_service(*service),
            Event::ServiceDropped { service, reason } => self.drop_service(*service, reason),
            Event::ServiceAdded { service, values } => self.add_service(*service, values),
            Event::EndedElsewhere { playbook, end } => {
                self.state.ended_elsewhere.push((playbook.clone(), end.clone()));
                if !self.machine.looks_at_end(playbook, end) {
                    let why = format!("nothing in this playbook looks at whether `{playbook}` ended at `{end}`");
                    return self.effect(Effect::Ignored(why));
                }
            }
        }
        // Something was said: tracks that went round in no time may go another way now.
        for track in &mut self.state.tracks {
            track.looping = false;
        }
        self.settle();
    }

    /// Whether a fact may take this value; if not, says why.
    fn accepts(&mut self, service: Option<ServiceId>, fact: FactId, value: &Value, correction: bool) -> bool {
        let known = &self.machine.playbook.facts[fact.index()];
        let view = View {
            machine: self.machine,
            state: self.state,
            track: super::state::CUSTOMER_TRACK,
            service,
            outside: false,
        };
        if known.scope == FactScope::Service && service.is_none() {
            let name = &known.name.name;
            self.effect(Effect::Rejected(format!("`{name}` is a fact of each service: say of which service")));
            return false;
        }
        let old = view.fact(fact).cloned();
        let name = known.name.name.clone();
        let show = |value: &Value| self.machine.playbook.show(value, &known.kind);
        let refused = match (&old, correction) {
            (_, true) => None,
            (Some(old), false) if old == value => None,
            (_, false) if known.volatility == Volatility::Kept => {
                Some(format!("`{name}` is kept by the playbook: nothing else can set it, except a correction"))
            }
            (None, false) => None,
            (Some(old), false) => match known.volatility {
                Volatility::Fixed => Some(format!(
                    "`{name}` is fixed: it is {} and cannot become {}, except by a correction",
                    show(old),
                    show(value)
                )),
                Volatility::Rising if order(Some(value), Some(old)) == Some(Ordering::Less) || loses(old, value) => {
                    Some(format!(
                        "`{name}` only rises: it is {} and cannot go back to {}, except by a correction",
                        show(old),
                        show(value)
                    ))
                }
                Volatility::Falling
                    if order(Some(value), Some(old)) == Some(Ordering::Greater) || loses(value, old) =>
                {
                    Some(format!(
                        "`{name}` only falls: it is {} and cannot rise to {}, except by a correction",
                        show(old),
                        show(value)
                    ))
                }
                _ => None,
            },
        };
        let refused = refused.or_else(|| {
            let (low, high) = known.range.as_ref()?;
            let below = order(Some(value), Some(low)) == Some(Ordering::Less);
            let above = order(Some(value), Some(high)) == Some(Ordering::Greater);
            (below || above)
                .then(|| format!("`{name}` lies between {} and {}: {} does not", show(low), show(high), show(value)))
        });
        if let Some(reason) = refused {
            self.effect(Effect::Rejected(reason));
            return false;
        }
        true
    }

    /// Sets a fact, and remembers it where its history is looked at; `by` is where the playbook says so. Numbers are rounded to
    /// what the fact can hold.
    pub(super) fn set(&mut self, service: Option<ServiceId>, fact: FactId, value: Value, by: Option<Span>) {
        let known = &self.machine.playbook.facts[fact.index()];
        let value = super::evaluate::rounded(value, &known.kind);
        if let Some(lookout) = &mut self.state.lookout {
            let service = if known.scope == FactScope::Service { service } else { None };
            let number = lookout.number(service, known.slot);
            lookout.decided(number);
        }
        let slot = match (known.scope, service) {
            (FactScope::Customer, _) => &mut self.state.facts[known.slot],
            (FactScope::Service, Some(service)) => &mut self.state.services[service.index()].facts[known.slot],
            (FactScope::Service, None) => return,
        };
        if slot.as_ref() == Some(&value) {
            return;
        }
        *slot = Some(value.clone());
        let service = if known.scope == FactScope::Customer { None } else { service };
        if !self.machine.playbook.histories.is_empty() {
            self.remember(service, fact, value);
        }
        self.effect(Effect::FactChanged(service, fact, by));
    }

    fn remember(&mut self, service: Option<ServiceId>, fact: FactId, value: Value) {
        let histories = &self.machine.playbook.histories;
        let Some(place) = histories.iter().position(|(known, _)| *known == fact) else { return };
        let (now, window) = (self.state.now, histories[place].1.0);
        let key = (service.map_or(0, |service| service.index() + 1), place);
        let histories = &mut self.state.histories;
        let at = histories.iter().position(|history| history.key == key).unwrap_or_else(|| {
            histories.push(super::state::History { key, values: Vec::new() });
            histories.len() - 1
        });
        let values = &mut histories[at].values;
        values.retain(|(time, _)| *time != now);
        values.push((now, value));
        // One value older than the window has to stay: it is what the fact was when the window opens.
        while values.len() > 1 && values[1].0 <= now - window {
            values.remove(0);
        }
    }

    /// A task changes its status: where it is open, there; else it is remembered, and credited at its turn.
    fn task(&mut self, service: Option<ServiceId>, task: TaskId, status: TaskStatus, reason: Option<&str>) {
        let candidates: Vec<TrackId> = (0..self.state.tracks.len())
            .filter(|id| {
                let track = &self.state.tracks[*id];
                track.active()
                    && (service.is_none() || track.service == service)
                    && track.visit.open.iter().any(|open| self.machine.playbook.offers[open.offer.index()].task == task)
            })
            .collect();
        let label = self.machine.playbook.tasks[task.index()].label();
        let (track, service) = match (candidates.as_slice(), service) {
            ([track], _) => (Some(*track), self.state.tracks[*track].service),
            ([track, ..], Some(_)) => (Some(*track), service),
            ([], Some(_)) => (None, service),
            ([_, _, ..], None) => {
                let several = "is offered for more than one service: say for which";
                return self.effect(Effect::Rejected(format!("task {label} {several}")));
            }
            ([], None) => (None, self.only_service(task)),
        };
        let dismissed = matches!(status, TaskStatus::NotRequired | TaskStatus::Cancelled);
        let unexplained = dismissed && reason.is_none_or(|reason| reason.trim().is_empty());
        let Some(track) = track else {
            let mut offers = self.machine.playbook.offers.iter().filter(|offer| offer.task == task);
            if unexplained && offers.all(|offer| offer.mandatory) {
                return self.unexplained(&label);
            }
            let now = self.state.now;
            let record = self.state.record_mut(service, task);
            record.status = status;
            record.reason = reason.map(str::to_owned);
            if status == TaskStatus::Complete {
                record.completed = Some(now);
            }
            return self.effect(Effect::TaskChanged(service, task, None, status, reason.map(str::to_owned)));
        };
        let open = self.state.tracks[track].visit.open.iter();
        let Some(offer) =
            open.map(|open| open.offer).find(|offer| self.machine.playbook.offers[offer.index()].task == task)
        else {
            return;
        };
        let mandatory = self.machine.playbook.offers[offer.index()].mandatory;
        if unexplained && mandatory {
            return self.unexplained(&label);
        }
        if status == TaskStatus::Complete || dismissed {
            self.close_task(track, offer, status, reason);
        } else {
            let open = self.state.tracks[track].visit.open.iter_mut().find(|open| open.offer == offer);
            if let Some(open) = open {
                open.status = status;
            }
            let record = self.state.record_mut(service, task);
            record.status = status;
            record.reason = reason.map(str::to_owned);
            self.effect(Effect::TaskChanged(service, task, Some(offer), status, reason.map(str::to_owned)));
        }
    }

    fn unexplained(&mut self, label: &str) {
        let why = "is mandatory: it can be declared not required only with a reason";
        self.effect(Effect::Rejected(format!("task {label} {why}")));
    }

    /// The service a task without one can only belong to: its own, where all its places name the same single one.
    fn only_service(&self, task: TaskId) -> Option<ServiceId> {
        let playbook = &self.machine.playbook;
        let mut only = None;
        for offer in playbook.offers.iter().filter(|offer| offer.task == task) {
            let stage = &playbook.stages[offer.stage.index()];
            if !playbook.scopes[stage.scope.index()].in_service {
                return None;
            }
            let services = offer.services.or(stage.services).unwrap_or(self.state.intended);
            let mut services = services.iter();
            let first = services.next()?;
            if services.next().is_some() || only.is_some_and(|only| only != first) {
                return None;
            }
            only = Some(first);
        }
        only
    }

    /// Remembers what happened, and lets `on` transitions fire.
    fn happen(&mut self, kind: HappeningKind, service: Option<ServiceId>) {
        let at = self.state.now;
        self.state.happenings.push(Happening { kind: kind.clone(), service, at });
        self.effect(Effect::Happened(service, kind.clone()));
        for track in self.state.order.clone() {
            // What still holds this very service is not resolved for it.
            let of = self.state.tracks[track].service;
            let held = |blocker: &Blocker| blocker.task.is_none() && blocker.service.is_some() && blocker.service == of;
            let left = kind == HappeningKind::Resolved && self.state.blockers.iter().any(held);
            if !left && self.hears(track, service, &kind) && !self.urgent(track) {
                self.fire_on(track, &kind);
            }
        }
    }

    /// What happened in a pause is heard at its end, one after the other. Of a blocker that is gone only that is heard.
    fn catch_up(&mut self, track: TrackId) {
        for kind in std::mem::take(&mut self.state.tracks[track].missed) {
            let of = self.state.tracks[track].service;
            let holds =
                |blocker: &Blocker| blocker.task.is_none() && (blocker.service.is_none() || blocker.service == of);
            let raised = |blocker: &Blocker| {
                let same = matches!(&kind, HappeningKind::Blocker(kind) if blocker.kind == *kind);
                same && holds(blocker) && !blocker.handled.contains(&track)
            };
            let blocker = self.state.blockers.iter().position(raised);
            let over = match kind {
                HappeningKind::Blocker(_) => blocker.is_none(),
                HappeningKind::Resolved => self.state.blockers.iter().any(holds),
                _ => false,
            };
            if over || !self.state.tracks[track].active() || self.urgent(track) {
                continue;
            }
            if let (true, Some(blocker)) = (self.fire_on(track, &kind), blocker) {
                self.state.blockers[blocker].handled.push(track);
            }
        }
    }

    /// Whether what happened to a service, or to the customer, concerns this track now; in a pause, it does later.
    fn hears(&mut self, track: TrackId, service: Option<ServiceId>, kind: &HappeningKind) -> bool {
        let paused = self.state.paused(track);
        let known = &mut self.state.tracks[track];
        let concerned = known.active() && (service.is_none() || known.service == service);
        if concerned && paused {
            known.missed.push(kind.clone());
        }
        concerned && !paused
    }

    /// Takes the first `on` transition that matches and whose guard holds.
    fn fire_on(&mut self, track: TrackId, kind: &HappeningKind) -> bool {
        let machine = self.machine;
        let Some(place) = self.state.tracks[track].place else { return false };
        let view = View::of(machine, self.state, track);
        let found = machine.graph.exits(place).on.iter().copied().find(|id| {
            let transition = &machine.playbook.transitions[id.index()];
            let Trigger::On(event, guard) = &transition.trigger else { return false };
            matches(event, kind)
                && self.within_limit(track, *id)
                && guard.as_ref().is_none_or(|guard| view.truth(guard) == Some(true))
        });
        if let Some(id) = found {
            self.take(track, id);
        }
        found.is_some()
    }

    fn raise(&mut self, kind: Option<String>, service: Option<ServiceId>, task: Option<TaskId>) {
        let at = self.state.now;
        let happening = HappeningKind::Blocker(kind.clone());
        self.state.happenings.push(Happening { kind: happening.clone(), service, at });
        self.effect(Effect::Happened(service, happening.clone()));
        self.state.blockers.push(Blocker { kind, service, task, raised: at, handled: Vec::new() });
        let blocker = self.state.blockers.len() - 1;
        if let Some(task) = task {
            for id in 0..self.state.tracks.len() {
                if service.is_none() || self.state.tracks[id].service == service {
                    self.block_task(id, task);
                }
            }
            return;
        }
        for track in self.state.order.clone() {
            if self.hears(track, service, &happening) && (self.urgent(track) || self.fire_on(track, &happening)) {
                self.state.blockers[blocker].handled.push(track);
            }
        }
        self.refresh_stops();
    }

    /// A blocker holds a task where it is open.
    fn block_task(&mut self, track: TrackId, task: TaskId) {
        let (now, offers) = (self.state.now, &self.machine.playbook.offers);
        let mut open = self.state.tracks[track].visit.open.iter_mut();
        let Some(open) = open.find(|open| offers[open.offer.index()].task == task) else { return };
        open.blocked = open.blocked.or(Some(now));
        open.status = TaskStatus::Blocked;
        let (offer, service) = (open.offer, self.state.tracks[track].service);
        self.state.record_mut(service, task).status = TaskStatus::Blocked;
        self.effect(Effect::TaskChanged(service, task, Some(offer), TaskStatus::Blocked, None));
    }

    fn clear(&mut self, kind: Option<&str>, service: Option<ServiceId>, task: Option<TaskId>, waived: bool) {
        let before = self.state.blockers.len();
        let of_interest = |blocker: &Blocker| {
            blocker.service == service
                && (task.is_none() || blocker.task == task)
                && kind.is_none_or(|kind| blocker.kind.as_deref() == Some(kind))
        };
        self.state.blockers.retain(|blocker| !of_interest(blocker));
        if self.state.blockers.len() == before {
            let what = if waived { "waive" } else { "resolve" };
            return self.effect(Effect::Ignored(format!("there is no such blocker to {what}")));
        }
        self.refresh_stops();
        self.unblock_tasks();
        if waived {
            self.happen(HappeningKind::Waived, service);
        }
        let left =
            |blocker: &Blocker| blocker.task.is_none() && (blocker.service.is_none() || blocker.service == service);
        if !self.state.blockers.iter().any(left) {
            self.happen(HappeningKind::Resolved, service);
        }
    }

    /// Tasks whose own blockers are gone go on; the time they were held does not count as work.
    fn unblock_tasks(&mut self) {
        let now = self.state.now;
        let offers = &self.machine.playbook.offers;
        let blockers = &self.state.blockers;
        let mut freed = Vec::new();
        for track in &mut self.state.tracks {
            for open in &mut track.visit.open {
                let task = offers[open.offer.index()].task;
                let held = blockers.iter().any(|blocker| {
                    blocker.task == Some(task) && (blocker.service.is_none() || blocker.service == track.service)
                });
                if let (Some(since), false) = (open.blocked, held) {
                    open.blocked = None;
                    open.status = TaskStatus::NotStarted;
                    // A stop of the whole track shifts its work by itself.
                    let from = track.stopped.map_or(now, |stopped| stopped.max(since));
                    open.done_at = open.done_at.map(|at| at + (from - since).max(0));
                    freed.push((track.service, task, open.offer));
                }
            }
        }
        for (service, task, offer) in freed {
            self.state.record_mut(service, task).status = TaskStatus::NotStarted;
            self.effect(Effect::TaskChanged(service, task, Some(offer), TaskStatus::NotStarted, None));
        }
    }

    fn pause(&mut self, service: Option<ServiceId>, until: Option<Seconds>, reason: &str) {
        let Some(track) = self.pausable(service) else {
            return self.effect(Effect::Ignored("there is nothing under way to pause".to_owned()));
        };
        let since = self.state.tracks[track].paused.as_ref().map_or(self.state.now, |pause| pause.since);
        self.state.tracks[track].paused = Some(Pause { since, until, reason: reason.to_owned() });
        self.refresh_stops();
        self.effect(Effect::Paused(track, reason.to_owned()));
    }

    fn pausable(&self, service: Option<ServiceId>) -> Option<TrackId> {
        let found = self.state.tracks.iter().enumerate().find(|(_, track)| track.active() && track.service == service);
        found.map(|(id, _)| id)
    }

    fn resume_service(&mut self, service: Option<ServiceId>) {
        match self.pausable(service).filter(|track| self.state.tracks[*track].paused.is_some()) {
            Some(track) => self.resume(track),
            None => self.effect(Effect::Ignored("it is not paused".to_owned())),
        }
    }

    /// Ends a pause: the clocks of the track and of those within it go on where they stood.
    pub(super) fn resume(&mut self, track: TrackId) {
        let Some(pause) = self.state.tracks[track].paused.take() else { return };
        for id in 0..self.state.tracks.len() {
            if self.within(id, track) {
                // Pauses that overlap count once: what another one still covers is left to it. What began in the pause
                // has not stood still before.
                let until = self.state.paused_since(id).unwrap_or(self.state.now);
                let known = &mut self.state.tracks[id];
                known.clock += (until - pause.since.max(known.clock)).max(0);
                known.visit.clock += (until - pause.since.max(known.visit.clock)).max(0);
            }
        }
        self.refresh_stops();
        self.effect(Effect::Resumed(track));
        let going: Vec<TrackId> =
            self.state.order.iter().copied().filter(|id| self.within(*id, track) && !self.state.paused(*id)).collect();
        going.into_iter().for_each(|id| self.catch_up(id));
        self.refresh_stops();
    }

    /// Whether a track is `outer` or runs within it.
    pub(super) fn within(&self, track: TrackId, outer: TrackId) -> bool {
        let mut at = Some(track);
        while let Some(id) = at {
            if id == outer {
                return true;
            }
            at = self.state.tracks[id].parent.map(|(parent, _)| parent);
        }
        false
    }

    /// Work stands still while a track is blocked or paused: when it goes on, its clocks are moved by the time between.
    pub(super) fn refresh_stops(&mut self) {
        let now = self.state.now;
        for id in 0..self.state.tracks.len() {
            if !self.state.tracks[id].active() {
                continue;
            }
            let blocked = self.state.blocked(id);
            let stop = blocked || self.state.paused(id);
            let track = &mut self.state.tracks[id];
            match (track.stopped, stop) {
                (None, true) => {
                    track.stopped = Some(now);
                    self.effect(Effect::Blocked(id));
                }
                (Some(since), false) => {
                    track.stopped = None;
                    let gap = now - since;
                    for open in &mut track.visit.open {
                        open.done_at = open.done_at.map(|at| at + gap);
                    }
                    for cadence in &mut track.visit.cadences {
                        cadence.due = cadence.due.map(|due| if due < since { due } else { due + gap });
                    }
                    self.effect(Effect::Unblocked(id));
                }
                _ => {}
            }
        }
    }

    fn drop_service(&mut self, service: ServiceId, reason: &str) {
        if !self.state.intended.contains(service) {
            let name = &self.machine.playbook.services[service.index()].name;
            return self.effect(Effect::Rejected(format!("`{name}` is not an intended service of this customer")));
        }
        self.state.intended = self.state.intended.without(service);
        for id in 0..self.state.tracks.len() {
            if self.state.tracks[id].active() && self.state.tracks[id].service == Some(service) {
                self.cancel_open(id);
                self.state.tracks[id].status = TrackStatus::Dropped(reason.to_owned());
                self.state.tracks[id].ended = Some(self.state.now);
                self.effect(Effect::Dropped(id, reason.to_owned()));
            }
        }
        self.state.blockers.retain(|blocker| blocker.service != Some(service));
    }

    fn add_service(&mut self, service: ServiceId, values: &[(FactId, Value)]) {
        if self.state.intended.contains(service) {
            let name = &self.machine.playbook.services[service.index()].name;
            return self.effect(Effect::Rejected(format!("`{name}` is an intended service already")));
        }
        for (fact, value) in values {
            if self.accepts(Some(service), *fact, value, false) {
                self.set(Some(service), *fact, value.clone(), None);
            }
        }
        self.state.intended = self.state.intended.with(service);
        self.effect(Effect::ServiceAdded(service));
        for parent in 0..self.state.tracks.len() {
            if let (true, Some(Place::Block(block))) =
                (self.state.tracks[parent].active(), self.state.tracks[parent].place)
            {
                for scope in &self.machine.playbook.blocks[block.index()].scopes {
                    if self.machine.playbook.scopes[scope.index()].kind == crate::model::ScopeKind::EachService {
                        self.begin(*scope, Some(service), Some(parent));
                    }
                }
            }
        }
    }
}

/// The service an event speaks of, where it has to be an intended one.
fn spoken_of(event: &Event) -> Option<ServiceId> {
    match event {
        Event::Fact { service, .. }
        | Event::Facts { service, .. }
        | Event::Task { service, .. }
        | Event::Happened { service, .. }
        | Event::Blocker { service, .. }
        | Event::Resolved { service, .. }
        | Event::Escalated { service }
        | Event::Paused { service, .. }
        | Event::Resumed { service } => *service,
        // These two say themselves what is wrong with it.
        Event::ServiceDropped { .. } | Event::ServiceAdded { .. } => None,
        Event::Start
        | Event::Advance(_)
        | Event::Completions
        | Event::Rounds
        | Event::Timers
        | Event::Work { .. }
        | Event::EndedElsewhere { .. } => None,
    }
}

/// Whether a set lost a member; a single value of an enumeration that can only rise or fall moves in declared order.
fn loses(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Set(old), Value::Set(new)) => old & !new != 0,
        (Value::Choice(old), Value::Choice(new)) => new < old,
        _ => false,
    }
}
