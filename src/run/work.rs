//! The work of a stage: tasks offered top to bottom, facts set where that is written, rounds of cadences.

use super::engine::Engine;
use super::evaluate::{View, fitted};
use super::event::{Effect, Observer, Skip};
use super::state::{OpenTask, Progress, TrackId};
use crate::model::{Assignment, OfferId, Place, StageId, Work};
use crate::value::TaskStatus;

impl<O: Observer> Engine<'_, O> {
    /// One step of the work of a stage, in its body or in an open round; false where it waits or is done.
    pub(super) fn work(&mut self, track: TrackId, stage: StageId) -> bool {
        let machine = self.machine;
        let body = &machine.playbook.stages[stage.index()].body;
        let mut progress = std::mem::take(&mut self.state.tracks[track].visit.body);
        let moved = self.advance_sequence(track, None, body, &mut progress);
        self.state.tracks[track].visit.body = progress;
        if moved {
            return true;
        }
        for at in 0..self.state.tracks[track].visit.cadences.len() {
            let cadence = self.state.tracks[track].visit.cadences[at].cadence;
            let Some(mut progress) = self.state.tracks[track].visit.cadences[at].open.take() else { continue };
            let known = &machine.playbook.cadences[cadence.index()];
            let moved = self.advance_sequence(track, Some(at), &known.body, &mut progress);
            let done = !moved && self.sequence_done(track, Some(at), &known.body, &progress);
            let next = machine.over(self.state, self.state.now, known.period);
            let state = &mut self.state.tracks[track].visit.cadences[at];
            if done {
                // The next round comes one period after this one's work is settled.
                let spent = known.limit.is_some_and(|limit| state.rounds >= limit);
                state.due = (!spent).then_some(next);
                return true;
            }
            state.open = Some(progress);
            if moved {
                return true;
            }
        }
        false
    }

    /// Goes on with a sequence as far as it can without waiting; whether anything was done.
    fn advance_sequence(
        &mut self,
        track: TrackId,
        cadence: Option<usize>,
        body: &[Work],
        progress: &mut Progress,
    ) -> bool {
        let mut moved = false;
        loop {
            for offer in std::mem::take(&mut progress.undecided) {
                match self.offer(track, cadence, offer) {
                    Some(()) => moved = true,
                    None => progress.undecided.push(offer),
                }
            }
            let waits = !progress.undecided.is_empty()
                || self.state.tracks[track].visit.open.iter().any(|open| open.cadence == cadence);
            let Some(work) = body.get(progress.next).filter(|_| !waits) else { return moved };
            let at = progress.next;
            progress.next += 1;
            moved = true;
            self.begin_work(track, cadence, work, at, progress);
        }
    }

    fn begin_work(&mut self, track: TrackId, cadence: Option<usize>, work: &Work, at: usize, progress: &mut Progress) {
        match work {
            Work::Task(offer) => progress.undecided.push(*offer),
            Work::Step(_) => {
                let cadence = cadence.map(|at| self.state.tracks[track].visit.cadences[at].cadence);
                self.effect(Effect::Step(track, cadence, at));
            }
            Work::Set(assignment) => self.assign(track, assignment),
            Work::Together(inner) => {
                for work in inner {
                    self.begin_work(track, cadence, work, at, progress);
                }
            }
        }
    }

    /// `set`: a value beyond the bounds of the fact stops at them, an unknown one leaves the fact as it is.
    fn assign(&mut self, track: TrackId, assignment: &Assignment) {
        let view = View::of(self.machine, self.state, track);
        match view.value(&assignment.value) {
            Some(value) => {
                let value = fitted(value, &self.machine.playbook.facts[assignment.fact.index()]);
                let service = self.state.tracks[track].service;
                self.set(service, assignment.fact, value, Some(assignment.span));
            }
            None => self.effect(Effect::NotSet(track, assignment.fact)),
        }
    }

    /// Decides a task at its turn: offers it or passes it over. None where its `when` is unknown.
    fn offer(&mut self, track: TrackId, cadence: Option<usize>, id: OfferId) -> Option<()> {
        let offer = &self.machine.playbook.offers[id.index()];
        let service = self.state.tracks[track].service;
        if !self.serves(track, id) {
            self.effect(Effect::Skipped(track, id, Skip::OtherService));
            return Some(());
        }
        if let Some(when) = &offer.when
            && !View::of(self.machine, self.state, track).truth(when)?
        {
            self.effect(Effect::Skipped(track, id, Skip::When));
            return Some(());
        }
        let record = self.state.record(service, offer.task);
        if !offer.again && cadence.is_none() {
            let skip = record.and_then(|record| match record.status {
                _ if record.completed.is_some() => Some(Skip::Credited),
                TaskStatus::NotRequired if !offer.mandatory || record.reason.is_some() => Some(Skip::NotRequired),
                _ => None,
            });
            if let Some(skip) = skip {
                self.effect(Effect::Skipped(track, id, skip));
                return Some(());
            }
        }
        let status = match record.map(|record| record.status) {
            Some(
                status @ (TaskStatus::InProgress | TaskStatus::Paused | TaskStatus::Deferred | TaskStatus::Warning),
            ) => status,
            _ => TaskStatus::NotStarted,
        };
        let (now, task) = (self.state.now, offer.task);
        let held = self
            .state
            .blockers
            .iter()
            .any(|blocker| blocker.task == Some(task) && (blocker.service.is_none() || blocker.service == service));
        let status = if held { TaskStatus::Blocked } else { status };
        let open = OpenTask { offer: id, cadence, status, offered: now, done_at: None, blocked: held.then_some(now) };
        self.state.tracks[track].visit.open.push(open);
        self.state.record_mut(service, task).status = status;
        self.effect(Effect::Offered(track, id));
        Some(())
    }

    /// Whether a task is for the track's service; at customer scope, for any intended one.
    fn serves(&self, track: TrackId, id: OfferId) -> bool {
        let offer = &self.machine.playbook.offers[id.index()];
        let stage = &self.machine.playbook.stages[offer.stage.index()];
        let service = self.state.tracks[track].service;
        [offer.services, stage.services].into_iter().flatten().all(|services| match service {
            Some(service) => services.contains(service),
            None => services.0 & self.state.intended.0 != 0,
        })
    }

    fn sequence_done(&self, track: TrackId, cadence: Option<usize>, body: &[Work], progress: &Progress) -> bool {
        progress.next >= body.len()
            && progress.undecided.is_empty()
            && !self.state.tracks[track].visit.open.iter().any(|open| open.cadence == cadence)
    }

    /// Whether the work of a stage is done: its body is, and no round is open. Rounds to come do not count.
    pub(super) fn work_done(&self, track: TrackId, stage: StageId) -> bool {
        let visit = &self.state.tracks[track].visit;
        visit.cadences.iter().all(|cadence| cadence.open.is_none())
            && self.sequence_done(track, None, &self.machine.playbook.stages[stage.index()].body, &visit.body)
    }

    /// Settles an open task.
    pub(super) fn close_task(&mut self, track: TrackId, offer: OfferId, status: TaskStatus, reason: Option<&str>) {
        let task = self.machine.playbook.offers[offer.index()].task;
        let (now, service) = (self.state.now, self.state.tracks[track].service);
        self.state.tracks[track].visit.open.retain(|open| open.offer != offer);
        let record = self.state.record_mut(service, task);
        record.status = status;
        record.reason = reason.map(str::to_owned);
        if status == TaskStatus::Complete {
            record.completed = Some(now);
        }
        self.effect(Effect::TaskChanged(service, task, Some(offer), status, reason.map(str::to_owned)));
    }

    /// Completes the tasks whose work is over, each followed by what it makes possible.
    pub(super) fn completions(&mut self) {
        let now = self.state.now;
        while let Some((track, offer)) = self.state.order.iter().find_map(|id| {
            let track = &self.state.tracks[*id];
            if track.stopped.is_some() {
                return None;
            }
            let due = |open: &&OpenTask| open.blocked.is_none() && open.done_at.is_some_and(|at| at <= now);
            track.visit.open.iter().find(due).map(|open| (*id, open.offer))
        }) {
            self.close_task(track, offer, TaskStatus::Complete, None);
            self.settle();
        }
    }

    /// Begins the rounds that are due.
    pub(super) fn rounds(&mut self) {
        let now = self.state.now;
        while let Some((track, at)) = self.state.order.iter().find_map(|id| {
            let ready = self.ready_for_rounds(*id);
            let mut cadences = self.state.tracks[*id].visit.cadences.iter();
            let due = cadences.position(|cadence| cadence.due.is_some_and(|due| due <= now));
            due.filter(|_| ready).map(|at| (*id, at))
        }) {
            let cadence = &mut self.state.tracks[track].visit.cadences[at];
            cadence.rounds += 1;
            cadence.due = None;
            cadence.open = Some(Progress::default());
            let (id, rounds) = (cadence.cadence, cadence.rounds);
            self.effect(Effect::Round(track, id, rounds));
            self.settle();
        }
    }

    /// Rounds begin in a stage whose needs are met and whose work does not stand still.
    pub(super) fn ready_for_rounds(&self, track: TrackId) -> bool {
        let known = &self.state.tracks[track];
        let met = known.inputs_met && known.visit.needs_met;
        known.active() && known.stopped.is_none() && matches!(known.place, Some(Place::Stage(_))) && met
    }
}
