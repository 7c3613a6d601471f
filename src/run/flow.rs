//! How tracks move: from place to place, into blocks and out of them, until nothing more moves.

use super::engine::Engine;
use super::evaluate::View;
use super::event::{Effect, Observer};
use super::state::{CUSTOMER_TRACK, CadenceState, Seconds, Track, TrackId, TrackStatus, Visit};
use crate::model::{
    BlockId, CUSTOMER, EndKind, Length, Place, ScopeId, ScopeKind, ServiceId, StageId, TransitionId, Trigger,
};
use crate::value::TaskStatus;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What completion transitions say.
enum Decision {
    /// Take this one; these held as well.
    Take(TransitionId, Vec<TransitionId>),
    /// None holds, or something is unknown.
    Stay,
}

/// A stage that is entered more often than this in one instant goes round for ever, whatever it counts meanwhile.
const MOST_VISITS_AT_ONCE: usize = 100;

/// So does a track that comes to a stage again after entering more stages than these, and twice all of them, at once.
const MOST_ENTRIES_AT_ONCE: usize = 10_000;

/// What is left until the next round of a stage that was left in one, where the length of a period depends on when it
/// begins.
const WHOLE: Seconds = -1;

/// What is left until the next round where that comes a whole period later.
pub(super) fn whole_period(period: Length) -> Seconds {
    period.fixed().map_or(WHOLE, |time| time.0)
}

impl<O: Observer> Engine<'_, O> {
    /// Begins the customer's own track.
    pub(super) fn begin_customer(&mut self) {
        if self.state.tracks.is_empty() {
            self.begin(CUSTOMER, None, None);
        }
    }

    /// Begins a track of a scope.
    pub(super) fn begin(&mut self, scope: ScopeId, service: Option<ServiceId>, parent: Option<TrackId>) {
        let now = self.state.now;
        let id = self.state.tracks.len();
        let parent = parent.map(|parent| (parent, self.state.tracks[parent].visit.number));
        self.state.tracks.push(Track {
            scope,
            service,
            parent,
            status: TrackStatus::Active,
            place: None,
            began: now,
            clock: now,
            ended: None,
            inputs_met: false,
            visit: Visit { began: now, clock: now, entered: now, ..Visit::default() },
            kept: Vec::new(),
            taken: Vec::new(),
            stages: Vec::new(),
            paused: None,
            missed: Vec::new(),
            stopped: None,
            entered_now: Vec::new(),
            looping: false,
        });
        if let Some(service) = service {
            self.state.services[service.index()].at_end = None;
        }
        self.reorder();
        self.effect(Effect::Began(id));
        self.refresh_stops();
    }

    /// Services in declared order, inner tracks before outer ones, the customer's own last.
    fn reorder(&mut self) {
        let depth = |mut id: TrackId| {
            let mut depth = 0_usize;
            while let Some((parent, _)) = self.state.tracks[id].parent {
                depth += 1;
                id = parent;
            }
            depth
        };
        let mut order: Vec<TrackId> =
            (0..self.state.tracks.len()).filter(|id| self.state.tracks[*id].active()).collect();
        order.sort_by_key(|id| (usize::MAX - depth(*id), self.state.tracks[*id].service, *id));
        self.state.order = order;
    }

    /// Lets every track move until none can.
    pub(super) fn settle(&mut self) {
        loop {
            let mut moved = false;
            let mut next = 0;
            while let Some(track) = self.state.order.get(next).copied() {
                self.watch();
                let tracks = self.state.tracks.len();
                while self.move_on(track) {
                    moved = true;
                    self.watch();
                }
                // New tracks stand before this one in the order: begin again with them.
                next = if self.state.tracks.len() == tracks { next + 1 } else { 0 };
            }
            if !moved {
                return;
            }
        }
    }

    /// Notes since when sustained conditions hold.
    pub(super) fn watch(&mut self) {
        if !self.machine.has_sustained {
            return;
        }
        for (index, sustained) in self.machine.playbook.sustained.iter().enumerate() {
            let instances = if sustained.of_service { self.state.services.len() } else { 1 };
            for at in 0..instances {
                let service = sustained.of_service.then_some(ServiceId(at as u32));
                let instance = service.map_or(0, |service| service.index() + 1);
                if self.state.lookout.as_ref().is_some_and(|lookout| lookout.asleep.contains(&(index, instance))) {
                    continue;
                }
                let track =
                    self.state.tracks.iter().rposition(|track| track.service == service).unwrap_or(CUSTOMER_TRACK);
                let view = View { machine: self.machine, state: self.state, track, service, outside: false };
                let now = self.state.now;
                let known = self.state.sustained[index][instance];
                let holds = view.truth(&sustained.condition) == Some(true);
                self.state.sustained[index][instance] = if holds { known.or(Some(now)) } else { None };
            }
        }
    }

    /// Whether a bounded transition may be taken once more.
    pub(super) fn within_limit(&self, track: TrackId, id: TransitionId) -> bool {
        let limit = self.machine.playbook.transitions[id.index()].limit;
        limit.is_none_or(|limit| self.state.tracks[track].times_taken(id) < limit)
    }

    /// One move of a track, if there is one.
    fn move_on(&mut self, track: TrackId) -> bool {
        let known = &self.state.tracks[track];
        if !known.active() || known.looping || self.state.paused(track) {
            return false;
        }
        let machine = self.machine;
        match known.place {
            None => {
                if self.whenever(track, &machine.playbook.scopes[known.scope.index()].everywhere) {
                    return true;
                }
                if !self.needs_met(track) {
                    return false;
                }
                let start = machine.graph.start(self.state.tracks[track].scope);
                self.decide(track, start, false)
            }
            Some(Place::Stage(stage)) => {
                let exits = machine.graph.exits(Place::Stage(stage));
                if self.whenever(track, &exits.whenever) {
                    return true;
                }
                if !self.needs_met(track) {
                    return false;
                }
                if self.state.tracks[track].stopped.is_none() && self.work(track, stage) {
                    return true;
                }
                let first_match = machine.playbook.stages[stage.index()].first_match;
                self.work_done(track, stage) && self.decide(track, &exits.completion, first_match)
            }
            Some(Place::Block(block)) => {
                let exits = machine.graph.exits(Place::Block(block));
                if self.whenever(track, &exits.whenever) {
                    return true;
                }
                self.joined(track) && self.decide(track, &exits.completion, false)
            }
            Some(Place::End(_)) => false,
        }
    }

    /// Takes a `whenever` that has become true at this very moment.
    pub(super) fn urgent(&mut self, track: TrackId) -> bool {
        self.watch();
        let machine = self.machine;
        match self.state.tracks[track].place {
            None => self.whenever(track, &machine.playbook.scopes[self.state.tracks[track].scope.index()].everywhere),
            Some(Place::End(_)) => false,
            Some(place) => self.whenever(track, &machine.graph.exits(place).whenever),
        }
    }

    /// Takes the first `whenever` that is true; an unknown one neither fires nor blocks.
    fn whenever(&mut self, track: TrackId, transitions: &[TransitionId]) -> bool {
        let view = View::of(self.machine, self.state, track);
        let found = transitions.iter().copied().find(|id| {
            let transition = &self.machine.playbook.transitions[id.index()];
            let Trigger::Whenever(guard) = &transition.trigger else { return false };
            self.within_limit(track, *id) && view.truth(guard) == Some(true)
        });
        found.inspect(|id| self.take(track, *id)).is_some()
    }

    /// Looks at key inputs and needs until they are met, then no more in this visit.
    fn needs_met(&mut self, track: TrackId) -> bool {
        let known = &self.state.tracks[track];
        let stage = match known.place {
            Some(Place::Stage(stage)) => Some(stage),
            _ => None,
        };
        if known.inputs_met && (stage.is_none() || known.visit.needs_met) {
            return true;
        }
        let view = View::of(self.machine, self.state, track);
        let scope = &self.machine.playbook.scopes[known.scope.index()];
        let mut conditions = scope.inputs.iter().filter_map(|input| input.condition.as_ref());
        let inputs = known.inputs_met || conditions.all(|condition| view.truth(condition) == Some(true));
        let needs = stage.is_none_or(|stage| {
            let needs = &self.machine.playbook.stages[stage.index()].needs;
            known.visit.needs_met || needs.iter().all(|needs| view.truth(&needs.condition) == Some(true))
        });
        let said = scope.inputs.iter().any(|input| input.condition.is_some()) && !known.inputs_met
            || stage.is_some_and(|stage| !self.machine.playbook.stages[stage.index()].needs.is_empty());
        let met = inputs && needs;
        if met {
            let known = &mut self.state.tracks[track];
            known.inputs_met = true;
            known.visit.needs_met = stage.is_some();
            if said {
                self.effect(Effect::NeedsMet(track));
            }
        }
        met
    }

    /// Looks at completion transitions and takes the one that holds.
    fn decide(&mut self, track: TrackId, transitions: &[TransitionId], first_match: bool) -> bool {
        match self.decision(track, transitions, first_match) {
            Decision::Take(id, also) => {
                if !also.is_empty() {
                    self.effect(Effect::Ambiguous(track, id, also));
                }
                self.take(track, id);
                true
            }
            Decision::Stay => false,
        }
    }

    fn decision(&self, track: TrackId, transitions: &[TransitionId], first_match: bool) -> Decision {
        let view = View::of(self.machine, self.state, track);
        let (mut held, mut unknown, mut otherwise) = (Vec::new(), false, None);
        for id in transitions.iter().copied() {
            let truth = if self.within_limit(track, id) {
                match &self.machine.playbook.transitions[id.index()].trigger {
                    Trigger::Completion(guard) => guard.as_ref().map_or(Some(true), |guard| view.truth(guard)),
                    Trigger::Otherwise => {
                        otherwise = otherwise.or(Some(id));
                        Some(false)
                    }
                    _ => Some(false),
                }
            } else {
                Some(false)
            };
            match truth {
                Some(true) if first_match && unknown => return Decision::Stay,
                Some(true) if first_match => return Decision::Take(id, Vec::new()),
                Some(true) => held.push(id),
                Some(false) => {}
                None => unknown = true,
            }
        }
        match (held.first().copied(), otherwise) {
            (Some(id), _) => Decision::Take(id, held.split_off(1)),
            (None, Some(id)) if !unknown => Decision::Take(id, Vec::new()),
            _ => Decision::Stay,
        }
    }

    /// Whether every track of the block this track is at is over.
    pub(super) fn joined(&self, track: TrackId) -> bool {
        let visit = self.state.tracks[track].visit.number;
        !self.state.tracks.iter().any(|inner| inner.parent == Some((track, visit)) && inner.active())
    }

    /// Takes a transition.
    pub(super) fn take(&mut self, track: TrackId, id: TransitionId) {
        self.effect(Effect::Took(track, id));
        let transition = &self.machine.playbook.transitions[id.index()];
        if transition.limit.is_some() {
            let taken = &mut self.state.tracks[track].taken;
            match taken.iter_mut().find(|(known, _)| *known == id) {
                Some((_, times)) => *times += 1,
                None => taken.push((id, 1)),
            }
        }
        self.leave(track);
        self.enter(track, transition.target, transition.resume);
    }

    /// Leaves the present place: open work is cancelled, clocks and rounds of a stage are kept for `resume`.
    fn leave(&mut self, track: TrackId) {
        self.cancel_open(track);
        let now = self.state.now;
        let known = &mut self.state.tracks[track];
        match known.place {
            Some(Place::Stage(stage)) => {
                let mut visit = std::mem::take(&mut known.visit);
                visit.open.clear();
                visit.body.undecided.clear();
                // Clocks stand still while away: they are kept as the time that has run, and the time that is left.
                let stopped = known.stopped.unwrap_or(now);
                visit.clock = now - visit.clock;
                for cadence in &mut visit.cadences {
                    if cadence.open.take().is_some() {
                        let known = &self.machine.playbook.cadences[cadence.cadence.index()];
                        let spent = known.limit.is_some_and(|limit| cadence.rounds >= limit);
                        cadence.due = (!spent).then(|| whole_period(known.period));
                    } else {
                        cadence.due = cadence.due.map(|due| (due - stopped).max(0));
                    }
                }
                let kept = &mut self.state.tracks[track].kept;
                match kept.iter_mut().find(|(known, _)| *known == stage) {
                    Some((_, known)) => *known = visit,
                    None => kept.push((stage, visit)),
                }
            }
            Some(Place::Block(_)) => self.cancel_inner(track),
            Some(Place::End(_)) | None => {}
        }
    }

    /// Cancels the open tasks of a track.
    pub(super) fn cancel_open(&mut self, track: TrackId) {
        let service = self.state.tracks[track].service;
        for open in std::mem::take(&mut self.state.tracks[track].visit.open) {
            let task = self.machine.playbook.offers[open.offer.index()].task;
            let record = self.state.record_mut(service, task);
            if record.completed.is_none() {
                record.status = TaskStatus::Cancelled;
            }
            self.effect(Effect::Cancelled(track, open.offer));
        }
    }

    /// Cancels the tracks of the block a track is at.
    fn cancel_inner(&mut self, track: TrackId) {
        let visit = self.state.tracks[track].visit.number;
        for inner in 0..self.state.tracks.len() {
            if self.state.tracks[inner].parent == Some((track, visit)) && self.state.tracks[inner].active() {
                self.cancel_inner(inner);
                self.cancel_open(inner);
                self.state.tracks[inner].status = TrackStatus::Cancelled;
                self.state.tracks[inner].ended = Some(self.state.now);
                self.effect(Effect::Interrupted(inner));
            }
        }
        self.reorder();
    }

    /// Enters a place.
    fn enter(&mut self, track: TrackId, place: Place, resume: bool) {
        let now = self.state.now;
        self.state.visits += 1;
        let number = self.state.visits;
        self.state.tracks[track].place = Some(place);
        match place {
            Place::Stage(stage) => {
                // A stage that was never left has nothing to resume: it is entered.
                let resume = resume && self.state.tracks[track].kept.iter().any(|(known, _)| *known == stage);
                let visit = self.visit(track, stage, resume, number);
                self.state.tracks[track].visit = visit;
                self.state.tracks[track].stages.push(stage);
                // What still stands still must not be moved by the time before this visit.
                if self.state.tracks[track].stopped.is_some() {
                    self.state.tracks[track].stopped = Some(now);
                }
                self.effect(Effect::Entered(track, place, resume));
                self.detect_loop(track, stage);
            }
            Place::Block(block) => {
                self.state.tracks[track].visit =
                    Visit { number, entered: now, began: now, clock: now, ..Visit::default() };
                self.effect(Effect::Entered(track, place, false));
                self.begin_block(track, block);
            }
            Place::End(end) => {
                let known = &mut self.state.tracks[track];
                known.visit = Visit { number, entered: now, began: now, clock: now, ..Visit::default() };
                known.status = TrackStatus::Ended(end);
                known.ended = Some(now);
                self.effect(Effect::Ended(track, end));
                self.report_outputs(track, self.machine.playbook.ends[end.index()].kind);
                if let Some(service) = self.state.tracks[track].service {
                    let service = &mut self.state.services[service.index()];
                    service.at_end = Some(service.facts.clone());
                }
                self.reorder();
            }
        }
    }

    fn visit(&mut self, track: TrackId, stage: StageId, resume: bool, number: u32) -> Visit {
        let now = self.state.now;
        let kept = &mut self.state.tracks[track].kept;
        if let (true, Some(at)) = (resume, kept.iter().position(|(known, _)| *known == stage)) {
            let (_, mut visit) = kept.swap_remove(at);
            visit.number = number;
            visit.entered = now;
            visit.clock = now - visit.clock;
            visit.needs_met = false;
            visit.body.next = 0;
            for cadence in &mut visit.cadences {
                let period = self.machine.playbook.cadences[cadence.cadence.index()].period;
                cadence.due = cadence
                    .due
                    .map(|left| if left == WHOLE { self.machine.over(self.state, now, period) } else { now + left });
            }
            return visit;
        }
        let cadences = self.machine.playbook.stages[stage.index()].cadences.iter().map(|id| {
            let cadence = &self.machine.playbook.cadences[id.index()];
            let due = (cadence.limit != Some(0)).then(|| self.machine.over(self.state, now, cadence.period));
            CadenceState { cadence: *id, rounds: 0, due, open: None }
        });
        Visit {
            number,
            first: number,
            entered: now,
            began: now,
            clock: now,
            cadences: cadences.collect(),
            ..Visit::default()
        }
    }

    /// The same stage and the same state twice in one instant, or the same stage too often: going on would never end.
    fn detect_loop(&mut self, track: TrackId, stage: StageId) {
        let visits = self.state.tracks[track].entered_now.iter().filter(|(known, _)| *known == stage).count();
        let print = if visits > 0 { self.fingerprint() } else { 0 };
        let entered = &mut self.state.tracks[track].entered_now;
        let most = MOST_ENTRIES_AT_ONCE.max(2 * self.machine.playbook.stages.len());
        let often = visits >= MOST_VISITS_AT_ONCE || visits > 0 && entered.len() > most;
        let looped = visits > 0 && entered.contains(&(stage, print)) || often;
        entered.push((stage, print));
        if looped {
            let from = entered.iter().rposition(|(known, _)| *known == stage).unwrap_or_default();
            let from = entered[..from].iter().rposition(|(known, _)| *known == stage).unwrap_or_default();
            let places = entered[from..].iter().map(|(stage, _)| Place::Stage(*stage)).collect();
            self.state.tracks[track].looping = true;
            self.effect(Effect::Looped(track, places));
        }
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.state.facts.hash(&mut hasher);
        for service in &self.state.services {
            service.facts.hash(&mut hasher);
            service.tasks.iter().for_each(|record| (record.task, record.status, record.completed).hash(&mut hasher));
        }
        self.state.tasks.iter().for_each(|record| (record.task, record.status, record.completed).hash(&mut hasher));
        self.state.happenings.len().hash(&mut hasher);
        self.state.tracks.iter().for_each(|track| (&track.taken, track.place).hash(&mut hasher));
        hasher.finish() | 1
    }

    fn begin_block(&mut self, track: TrackId, block: BlockId) {
        let service = self.state.tracks[track].service;
        for scope in &self.machine.playbook.blocks[block.index()].scopes {
            match self.machine.playbook.scopes[scope.index()].kind {
                ScopeKind::EachService => {
                    for service in self.state.intended.iter() {
                        self.begin(*scope, Some(service), Some(track));
                    }
                }
                ScopeKind::Branch | ScopeKind::Customer => self.begin(*scope, service, Some(track)),
            }
        }
    }

    /// Key outputs are reported at a successful end; they never hold anyone.
    fn report_outputs(&mut self, track: TrackId, kind: EndKind) {
        if kind != EndKind::Success {
            return;
        }
        let view = View::of(self.machine, self.state, track);
        let outputs = &self.machine.playbook.scopes[self.state.tracks[track].scope.index()].outputs;
        let unmet: Vec<usize> = outputs
            .iter()
            .enumerate()
            .filter(|(_, output)| {
                output.condition.as_ref().is_some_and(|condition| view.truth(condition) != Some(true))
            })
            .map(|(index, _)| index)
            .collect();
        for index in unmet {
            self.effect(Effect::OutputUnmet(track, index));
        }
    }
}
