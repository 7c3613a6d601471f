//! Whether what a test expects is so; and where not, what happened instead, and why.

use super::{Failure, Journey, story};
use crate::diagnostic::Label;
use crate::model::test::{Awaited, Expectation, ExpectationKind};
use crate::model::{Atom, EndId, Expr, FactId, Node, Place, Playbook, ServiceId, Since, TaskId, Trigger};
use crate::run::evaluate::View;
use crate::run::event::Skip;
use crate::run::explain::{Reason, because};
use crate::run::journey::Stop;
use crate::run::machine::guard;
use crate::run::state::{CUSTOMER_TRACK, Seconds, Track, TrackId, TrackStatus};
use crate::run::status::{Status, What, status, track_status, track_waits};
use crate::run::trace::{Entry, Kind};
use crate::source::Span;
use crate::value::{DAY, Micro};

/// More places than these bury what matters.
const MOST_LABELS: usize = 8;

/// What is not as expected; nothing where it is.
pub(super) fn check(journey: &Journey<'_>, expectation: &Expectation) -> Option<Failure> {
    let (happened, mut because) = journey.differs(expectation)?;
    let written = journey.text(expectation.span);
    let expected = written.strip_prefix("expect ").unwrap_or(&written).to_owned();
    let mut seen: Vec<(Span, String)> = Vec::new();
    because.retain(|label| {
        let key = (label.span, label.message.clone());
        let new = !seen.contains(&key);
        seen.push(key);
        new
    });
    because.truncate(MOST_LABELS);
    Some(Failure { span: expectation.span, expected, happened, because })
}

/// `day 28`, with at most two decimals.
pub(super) fn day(at: Seconds) -> String {
    let days = Micro::whole(at).divided_by(Micro::whole(DAY)).unwrap_or_default().round_to(2);
    format!("day {days}")
}

/// What happened instead, and the places that decided.
type Difference = Option<(String, Vec<Label>)>;

impl<'a> Journey<'a> {
    /// The source at a place, white space collapsed.
    pub(super) fn text(&self, span: Span) -> String {
        self.sources.text(span).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The name of a service.
    pub(super) fn service(&self, service: ServiceId) -> &'a str {
        &self.machine.playbook.services[service.index()].name
    }

    /// What decided, as words at its place.
    pub(super) fn reason(&self, reason: &Reason) -> Label {
        let show = |value: Option<&crate::value::Value>, kind| {
            value.map_or_else(|| "unknown".to_owned(), |value| self.machine.playbook.show(value, kind))
        };
        let mut message = format!("is {}", show(reason.value.as_ref(), &reason.kind));
        if let Some(service) = reason.service {
            message.push_str(&format!(" for `{}`", self.service(service)));
        }
        let read = reason.read.iter();
        let read: Vec<String> = read
            .map(|reading| format!("{} {}", self.text(reading.span), show(reading.value.as_ref(), &reading.kind)))
            .collect();
        if !read.is_empty() {
            message.push_str(&format!(" ({})", read.join(", ")));
        }
        Label { span: reason.span, message }
    }

    fn differs(&self, expectation: &Expectation) -> Difference {
        let of = expectation.service;
        match &expectation.kind {
            ExpectationKind::Ends(end, when, within) => {
                let until = when.as_ref().map(|when| story::instant(*when, self.state.start));
                self.ends(of, *end, until, within.map(|within| within.0))
            }
            ExpectationKind::At(place) => {
                let there = self
                    .tracks(of, *place)
                    .any(|id| self.state.tracks[id].place == Some(*place) && !closed(&self.state.tracks[id]));
                (!there).then(|| self.whereabouts(of, Some(*place)))
            }
            ExpectationKind::Offered(wanted, task) => self.offered(of, *wanted, *task),
            ExpectationKind::Done(wanted, task) => self.done(of, *wanted, *task),
            ExpectationKind::Never(place) => {
                let entry = self.arrivals(of, *place).next()?;
                Some((self.arrived(entry, *place), self.why(entry)))
            }
            ExpectationKind::Visits(place, times) => self.visits(of, *place, *times),
            ExpectationKind::Waiting(awaited) => self.waits(of, awaited),
            ExpectationKind::Held => {
                let held = match of {
                    Some(_) => self.those(of).any(|id| track_status(self.machine, &self.state, id) == Status::Held),
                    None => status(self.machine, &self.state, self.stop) == Status::Held,
                };
                (!held).then(|| self.whereabouts(of, None))
            }
            ExpectationKind::Ended => {
                let ended = self
                    .those(of)
                    .any(|id| matches!(self.state.tracks[id].status, TrackStatus::Ended(_) | TrackStatus::Dropped(_)));
                (!ended).then(|| self.whereabouts(of, None))
            }
            ExpectationKind::That(condition) => {
                let view = View::of(self.machine, &self.state, CUSTOMER_TRACK);
                let view = of.map_or(view, |service| view.for_service(service));
                let truth = view.truth(condition);
                let labels = || because(view, condition).iter().map(|reason| self.reason(reason)).collect();
                let word = if truth.is_none() { "it is unknown" } else { "it is not so" };
                (truth != Some(true)).then(|| (format!("{word}{}", self.stopped()), labels()))
            }
        }
    }

    /// The tracks of a service, or the customer's own; the latest last.
    fn those(&self, of: Option<ServiceId>) -> impl Iterator<Item = TrackId> {
        let tracks = self.state.tracks.iter().enumerate();
        tracks
            .filter(move |(id, track)| match of {
                Some(_) => track.service == of,
                None => *id == CUSTOMER_TRACK,
            })
            .map(|(id, _)| id)
    }

    /// The tracks in which a place can be; all services' where none is named.
    fn tracks(&self, of: Option<ServiceId>, place: Place) -> impl Iterator<Item = TrackId> {
        let scope = self.machine.playbook.place_scope(place);
        let tracks = self.state.tracks.iter().enumerate();
        tracks.filter(move |(_, track)| track.scope == scope && (of.is_none() || track.service == of)).map(|(id, _)| id)
    }

    fn ends(
        &self,
        of: Option<ServiceId>,
        end: EndId,
        on: Option<Option<Seconds>>,
        within: Option<Seconds>,
    ) -> Difference {
        let there: Vec<&Track> = self
            .tracks(of, Place::End(end))
            .map(|id| &self.state.tracks[id])
            .filter(|track| track.status == TrackStatus::Ended(end))
            .collect();
        if there.is_empty() {
            return Some(self.whereabouts(of, Some(Place::End(end))));
        }
        let in_time = |track: &&&Track| {
            let Some(ended) = track.ended else { return false };
            // A whole day means all of it; a time of day means that very instant.
            let on_day = on.is_none_or(|on| {
                on.is_some_and(|on| if on % DAY == 0 { ended.div_euclid(DAY) == on / DAY } else { ended == on })
            });
            on_day && within.is_none_or(|within| ended <= within)
        };
        if there.iter().any(|track| in_time(&track)) {
            return None;
        }
        let name = &self.machine.playbook.ends[end.index()].name.name;
        let at = there.last().and_then(|track| track.ended).unwrap_or_default();
        let labels = self.arrivals(of, Place::End(end)).last().map(|entry| self.why(entry)).unwrap_or_default();
        Some((
            format!("{} ended at `{name}` on {}", self.whose(there.last().and_then(|track| track.service)), day(at)),
            labels,
        ))
    }

    /// When a place was entered.
    fn arrivals(&self, of: Option<ServiceId>, place: Place) -> impl Iterator<Item = &Entry> {
        self.trace.entries.iter().filter(move |entry| {
            (of.is_none() || entry.service == of)
                && match (&entry.kind, place) {
                    (Kind::Enter(stage, _), Place::Stage(place)) => *stage == place,
                    (Kind::EnterBlock(block), Place::Block(place)) => *block == place,
                    (Kind::End(end), Place::End(place)) => *end == place,
                    _ => false,
                }
        })
    }

    fn arrived(&self, entry: &Entry, place: Place) -> String {
        let name = &self.machine.playbook.place_name(place).name;
        format!("{} came to `{name}` on {}", self.whose(entry.service), day(entry.at))
    }

    fn visits(&self, of: Option<ServiceId>, place: Place, times: Option<u32>) -> Difference {
        let entries: Vec<&Entry> = self.arrivals(of, place).collect();
        let right = match times {
            Some(times) => entries.len() == times as usize,
            None => !entries.is_empty(),
        };
        if right {
            return None;
        }
        let Some(last) = entries.last() else {
            return Some(self.whereabouts(of, Some(place)));
        };
        let name = &self.machine.playbook.place_name(place).name;
        let days: Vec<String> = entries.iter().take(10).map(|entry| day(entry.at)).collect();
        let count = match entries.len() {
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            count => format!("{count} times"),
        };
        let whose = self.whose(of.or(last.service));
        Some((format!("{whose} came to `{name}` {count}: on {}", days.join(", ")), self.why(last)))
    }

    fn offered(&self, of: Option<ServiceId>, wanted: bool, task: TaskId) -> Difference {
        let playbook = &self.machine.playbook;
        let of_task = |id: crate::model::OfferId| playbook.offers[id.index()].task == task;
        let entries = || self.trace.entries.iter().filter(|entry| of.is_none() || entry.service == of);
        let offered = entries().find(|entry| matches!(entry.kind, Kind::Offer(id) if of_task(id)));
        let label = playbook.tasks[task.index()].label();
        match (wanted, offered) {
            (true, Some(_)) | (false, None) => None,
            (false, Some(entry)) => {
                let mut labels = self.at(entry, "offered here");
                labels.extend(self.way_here(entry));
                let whose =
                    entry.service.map_or_else(String::new, |service| format!(" to `{}`", self.service(service)));
                Some((format!("task {label} was offered{whose} on {}", day(entry.at)), labels))
            }
            (true, None) => {
                let skipped = entries().rev().find_map(|entry| match entry.kind {
                    Kind::Skip(id, skip) if of_task(id) => Some((entry, skip)),
                    _ => None,
                });
                let Some((entry, skip)) = skipped else {
                    let (happened, mut labels) = self.whereabouts(of, None);
                    labels.insert(
                        0,
                        Label { span: playbook.tasks[task.index()].span, message: "never reached".to_owned() },
                    );
                    return Some((format!("task {label} was never reached: {happened}"), labels));
                };
                let why = match skip {
                    Skip::OtherService => "it is for other services",
                    Skip::When => "its `when` was not so",
                    Skip::Credited => "it was complete already",
                    Skip::NotRequired => "it had been declared not required",
                };
                let labels = self.at(entry, "passed over here");
                Some((format!("task {label} was passed over on {}: {why}", day(entry.at)), labels))
            }
        }
    }

    fn done(&self, of: Option<ServiceId>, wanted: bool, task: TaskId) -> Difference {
        let playbook = &self.machine.playbook;
        let mut records = match of {
            Some(_) => self.state.records(of).iter().collect::<Vec<_>>(),
            None => {
                let services = self.state.services.iter().flat_map(|service| &service.tasks);
                self.state.tasks.iter().chain(services).collect()
            }
        };
        records.retain(|record| record.task == task);
        let label = playbook.tasks[task.index()].label();
        let completed = records.iter().find_map(|record| record.completed);
        match (wanted, completed) {
            (true, Some(_)) | (false, None) => None,
            (false, Some(at)) => {
                let mut entries = self.trace.entries.iter();
                let of_task = |entry: &&Entry| {
                    matches!(&entry.kind, Kind::Task(known, crate::value::TaskStatus::Complete, _) if *known == task)
                        && (of.is_none() || entry.service == of)
                };
                let labels = entries.rfind(of_task).map(|entry| self.at(entry, "complete here"));
                Some((format!("task {label} was complete on {}", day(at)), labels.unwrap_or_default()))
            }
            (true, None) => match records.last() {
                Some(record) => {
                    let reason = record.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
                    let labels = vec![Label {
                        span: playbook.tasks[task.index()].span,
                        message: record.status.words().to_owned(),
                    }];
                    Some((format!("task {label} is {}{reason}", record.status.words()), labels))
                }
                None => {
                    let (happened, labels) = self.whereabouts(of, None);
                    Some((format!("task {label} was never offered: {happened}"), labels))
                }
            },
        }
    }

    fn waits(&self, of: Option<ServiceId>, awaited: &[Awaited]) -> Difference {
        let ids: Vec<TrackId> = match of {
            Some(_) => self.those(of).collect(),
            None => (0..self.state.tracks.len()).collect(),
        };
        let active: Vec<TrackId> = ids.into_iter().filter(|id| self.state.tracks[*id].active()).collect();
        let waits: Vec<What> =
            active.iter().flat_map(|id| track_waits(self.machine, &self.state, *id)).map(|wait| wait.what).collect();
        let all =
            !active.is_empty() && awaited.iter().all(|awaited| waits.iter().any(|what| self.is_for(what, awaited)));
        // Without names, what is held does not count as waiting.
        let waiting = awaited.is_empty()
            && active.iter().any(|id| track_status(self.machine, &self.state, *id) == Status::Waiting);
        (if awaited.is_empty() { !waiting } else { !all }).then(|| self.whereabouts(of, None))
    }

    /// Whether this is what is awaited.
    fn is_for(&self, what: &What, awaited: &Awaited) -> bool {
        let playbook = &self.machine.playbook;
        let trigger = |id: crate::model::TransitionId| &playbook.transitions[id.index()].trigger;
        match (what, awaited) {
            (What::Fact(_, fact), Awaited::Fact(awaited)) => fact == awaited,
            (What::Exit(refusal), Awaited::Fact(awaited)) => {
                guard(trigger(refusal.transition)).is_some_and(|guard| reads(playbook, guard, *awaited))
            }
            (What::Task(offer), Awaited::Task(task)) => playbook.offers[offer.index()].task == *task,
            (What::Event(transition), Awaited::Event(event)) => {
                matches!(trigger(*transition), Trigger::On(known, _) if known == event)
            }
            (What::Blocker(_), Awaited::Event(event)) => *event == crate::model::EventMatch::Resolved,
            (What::Need(text, ..), Awaited::Fact(awaited)) => self.needs_reading(text, *awaited),
            _ => false,
        }
    }

    /// Whether a need or key input of this text reads a fact.
    fn needs_reading(&self, text: &str, fact: FactId) -> bool {
        let playbook = &self.machine.playbook;
        let inputs = playbook.scopes.iter().flat_map(|scope| &scope.inputs);
        let inputs = inputs.filter_map(|input| Some((&input.text, input.condition.as_ref()?)));
        let needs = playbook.stages.iter().flat_map(|stage| &stage.needs);
        let mut all = inputs.chain(needs.map(|needs| (&needs.text, &needs.condition)));
        all.any(|(known, condition)| known.main == text && reads(playbook, condition, fact))
    }

    /// `teams`, or the customer.
    fn whose(&self, service: Option<ServiceId>) -> String {
        service.map_or_else(|| "the customer".to_owned(), |service| format!("`{}`", self.service(service)))
    }

    /// Where the journey was stopped, where it was.
    fn stopped(&self) -> String {
        match self.stop {
            Stop::Horizon => format!(" on {}, where the test stops", day(self.state.now)),
            Stop::Endless => format!(" on {}, where it is given up: it goes on for ever", day(self.state.now)),
            Stop::Ended | Stop::Waiting => String::new(),
        }
    }

    /// Where a service, or the customer, stands; where none is named, the tracks in which the place could be.
    fn whereabouts(&self, of: Option<ServiceId>, place: Option<Place>) -> (String, Vec<Label>) {
        let mut ids: Vec<TrackId> = match (of, place) {
            (None, Some(place)) => self.tracks(None, place).collect(),
            _ => self.those(of).last().into_iter().collect(),
        };
        if ids.is_empty() && of.is_none() {
            ids.push(CUSTOMER_TRACK);
        }
        let Some(of) = of.filter(|_| ids.is_empty()) else {
            let each: Vec<String> = ids.iter().map(|id| self.stands(*id)).collect();
            let labels = ids.iter().flat_map(|id| self.decided(*id)).collect();
            return (format!("{}{}", each.join("; "), self.stopped()), labels);
        };
        let name = self.service(of);
        if !self.state.intended.contains(of) {
            return (format!("`{name}` is not an intended service of this customer"), Vec::new());
        }
        let (customer, labels) = self.whereabouts(None, None);
        (format!("`{name}` has not begun: {customer}"), labels)
    }

    fn stands(&self, id: TrackId) -> String {
        let track = &self.state.tracks[id];
        let playbook = &self.machine.playbook;
        let whose = self.whose(track.service);
        let on = day(track.ended.unwrap_or(self.state.now));
        match &track.status {
            TrackStatus::Ended(end) => format!("{whose} ended at `{}` on {on}", playbook.ends[end.index()].name.name),
            TrackStatus::Dropped(reason) => format!("{whose} was dropped on {on}: {reason}"),
            TrackStatus::Cancelled => format!("{whose} was closed on {on}, when its block was left"),
            TrackStatus::Active => {
                let verb = match track_status(self.machine, &self.state, id) {
                    Status::Held => "is held",
                    _ => "is",
                };
                let place = match track.place {
                    None => " before its first stage".to_owned(),
                    Some(Place::Block(block)) => match playbook.blocks[block.index()].scopes.as_slice() {
                        [scope] if playbook.scopes[scope.index()].kind == crate::model::ScopeKind::EachService => {
                            " waiting for its services".to_owned()
                        }
                        _ => " waiting for its branches".to_owned(),
                    },
                    Some(place) => format!(" in `{}`", playbook.place_name(place).name),
                };
                let facts: Vec<String> = track_waits(self.machine, &self.state, id)
                    .into_iter()
                    .filter_map(|wait| match wait.what {
                        What::Fact(_, fact) => Some(format!("`{}`", playbook.facts[fact.index()].name.name)),
                        What::Task(offer) => Some(format!(
                            "task {}",
                            playbook.tasks[playbook.offers[offer.index()].task.index()].label()
                        )),
                        _ => None,
                    })
                    .collect();
                let facts =
                    if facts.is_empty() { String::new() } else { format!(", waiting for {}", facts.join(", ")) };
                format!("{whose} {verb}{place}{facts}")
            }
        }
    }

    /// The rules that brought a track where it is and keep it there.
    fn decided(&self, id: TrackId) -> Vec<Label> {
        let arrival = self.trace.entries.iter().rev().find(|entry| {
            entry.track == Some(id) && matches!(entry.kind, Kind::Enter(..) | Kind::End(_) | Kind::EnterBlock(_))
        });
        let mut labels = arrival.map(|entry| self.why(entry)).unwrap_or_default();
        if !self.state.tracks[id].active() {
            return labels;
        }
        for wait in track_waits(self.machine, &self.state, id) {
            match wait.what {
                What::Fact(service, fact) => {
                    let name = &self.machine.playbook.facts[fact.index()].name.name;
                    let of = service.map_or_else(String::new, |service| format!(" for `{}`", self.service(service)));
                    labels.extend(wait.span.map(|span| Label { span, message: format!("`{name}` is unknown{of}") }));
                }
                What::Need(_, reasons, _) => {
                    labels.extend(wait.span.map(|span| Label { span, message: "not met".to_owned() }));
                    labels.extend(reasons.iter().map(|reason| self.reason(reason)));
                }
                What::Exit(refusal) if !refusal.unknown => {
                    labels.push(Label { span: refusal.span, message: "not taken".to_owned() });
                    labels.extend(refusal.because.iter().map(|reason| self.reason(reason)));
                }
                _ => {}
            }
        }
        labels
    }

    /// The place of an entry with words, and what decided.
    fn at(&self, entry: &Entry, words: &str) -> Vec<Label> {
        let place = entry.span.map(|span| Label { span, message: format!("{words} on {}", day(entry.at)) });
        place.into_iter().chain(entry.because.iter().map(|reason| self.reason(reason))).collect()
    }

    /// Why a place was entered.
    fn why(&self, entry: &Entry) -> Vec<Label> {
        let mut labels = self.at(entry, "taken");
        for refusal in &entry.refused {
            labels.push(Label { span: refusal.span, message: "not taken".to_owned() });
            labels.extend(refusal.because.iter().map(|reason| self.reason(reason)));
        }
        labels
    }

    /// Why the stage was entered in which something happened.
    fn way_here(&self, entry: &Entry) -> Vec<Label> {
        let before = self.trace.entries.iter().take_while(|known| !std::ptr::eq(*known, entry));
        let arrival = before.filter(|known| known.track == entry.track && matches!(known.kind, Kind::Enter(..)));
        arrival.last().map(|entry| self.why(entry)).unwrap_or_default()
    }
}

fn closed(track: &Track) -> bool {
    matches!(track.status, TrackStatus::Dropped(_) | TrackStatus::Cancelled)
}

/// Whether a condition reads a fact, itself or in what it builds on.
fn reads(playbook: &Playbook, expr: &Expr, fact: FactId) -> bool {
    let mut found = false;
    expr.walk_all(playbook, &mut |part| {
        found |= match &part.node {
            Node::Atom(Atom::Fact(known) | Atom::Unknown(known) | Atom::Change(known, _)) => *known == fact,
            Node::Atom(Atom::Since(_, Since::Fact(known), ..)) => *known == fact,
            _ => false,
        };
    });
    found
}
