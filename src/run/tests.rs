//! Journeys told line by line, for tests.

mod calculation;
mod life;
mod settled;
mod tracks;

use super::customer::read_json;
use super::event::{Effect, Observer, Skip};
use super::journey::Stop;
use super::status::{Status, What, status, track_status, track_waits};
use super::timeline::{Timeline, follow};
use super::{Machine, State};
use crate::diagnostic::Diagnostic;
use crate::model::resolve::resolve;
use crate::model::{Document, Place, ServiceId};
use crate::source::Sources;
use crate::value::{DAY, Micro};

/// The first playbook of a text, with its tests and properties; the text has no errors.
pub(crate) fn document(text: &str) -> (Document, Sources) {
    let mut sources = Sources::new();
    let file = sources.add("test.play", text);
    let (tree, problems) = crate::syntax::parse(sources.get(file).unwrap(), file);
    assert!(problems.is_empty(), "{problems:#?}");
    let (documents, problems) = resolve(&tree, &[]);
    assert!(!crate::diagnostic::has_errors(&problems), "{problems:#?}");
    (documents.into_iter().next().expect("a playbook"), sources)
}

/// The first playbook of a text, ready to run.
pub(crate) fn machine(text: &str) -> Machine {
    Machine::new(document(text).0.playbook)
}

/// A journey, and what happened in it, line by line: day, service (`-` is the customer), what.
pub(crate) struct Told {
    pub machine: Machine,
    pub state: State,
    pub stop: Stop,
    pub log: Vec<String>,
    pub findings: Vec<Diagnostic>,
}

#[derive(Default)]
struct Log(Vec<String>);

/// A customer (JSON) with a timeline (JSON lines) through a playbook, for as long as something moves.
pub(crate) fn tell(play: &str, customer: &str, timeline: &str) -> Told {
    tell_until(play, customer, timeline, None)
}

/// The same, for so many days at most.
pub(crate) fn tell_until(play: &str, customer: &str, timeline: &str, days: Option<i64>) -> Told {
    let machine = machine(play);
    let mut sources = Sources::new();
    let file = sources.add("customer.json", customer);
    let (mut customers, problems) = read_json(&machine, file, customer);
    assert!(problems.is_empty(), "{problems:#?}");
    let customer = customers.remove(0);
    let file = sources.add("timeline.jsonl", timeline);
    let (timeline, problems) = Timeline::read(&machine, file, timeline);
    assert!(problems.is_empty(), "{problems:#?}");
    let (said, problems) = timeline.for_customer(&customer.id, customer.start);
    assert!(problems.is_empty(), "{problems:#?}");
    let mut log = Log::default();
    let followed = follow(&machine, &customer, said, &mut log, days.map(|days| days * DAY));
    Told { machine, state: followed.state, stop: followed.stop, log: log.0, findings: followed.findings }
}

impl Observer for Log {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        let playbook = &machine.playbook;
        let label = |offer: crate::model::OfferId| playbook.tasks[playbook.offers[offer.index()].task.index()].label();
        let of = |track: usize| state.tracks[track].service;
        let place = |place: Place| playbook.place_name(place).name.clone();
        let (service, what) = match effect {
            Effect::Entered(track, at, resumed) => {
                (of(track), format!("{} {}", if resumed { "resume" } else { "enter" }, place(at)))
            }
            Effect::Ended(track, end) => (of(track), format!("end {}", place(Place::End(end)))),
            Effect::NeedsMet(track) => (of(track), "needs met".to_owned()),
            Effect::Offered(track, offer) => (of(track), format!("offer {}", label(offer))),
            Effect::Skipped(track, offer, skip) => {
                let why = match skip {
                    Skip::OtherService => "other service",
                    Skip::When => "when",
                    Skip::Credited => "credited",
                    Skip::NotRequired => "not required",
                };
                (of(track), format!("skip {} {why}", label(offer)))
            }
            Effect::TaskChanged(service, task, _, status, _) => {
                (service, format!("task {} {}", playbook.tasks[task.index()].label(), status.words()))
            }
            Effect::Cancelled(track, offer) => (of(track), format!("cancel {}", label(offer))),
            Effect::Step(track, ..) => (of(track), "step".to_owned()),
            Effect::FactChanged(service, fact, _) => {
                let fact = &playbook.facts[fact.index()];
                let facts = service.map_or(&state.facts, |service| &state.services[service.index()].facts);
                let value = facts[fact.slot].as_ref().map(|value| playbook.show(value, &fact.kind));
                (service, format!("fact {} {}", fact.name.name, value.unwrap_or_default()))
            }
            Effect::NotSet(track, fact) => (of(track), format!("not set {}", playbook.facts[fact.index()].name.name)),
            Effect::Round(track, _, number) => (of(track), format!("round {number}")),
            Effect::OutputUnmet(track, _) => (of(track), "output unmet".to_owned()),
            Effect::Dropped(track, reason) => (of(track), format!("dropped {reason}")),
            Effect::Interrupted(track) => (of(track), "closed".to_owned()),
            Effect::Blocked(track) => (of(track), "stands still".to_owned()),
            Effect::Unblocked(track) => (of(track), "goes on".to_owned()),
            Effect::Paused(track, _) => (of(track), "paused".to_owned()),
            Effect::Resumed(track) => (of(track), "resumed".to_owned()),
            Effect::ServiceAdded(service) => (Some(service), "added".to_owned()),
            Effect::Looped(track, places) => {
                (of(track), format!("loop {}", places.into_iter().map(place).collect::<Vec<_>>().join(" ")))
            }
            Effect::Ambiguous(track, _, also) => (of(track), format!("also {}", also.len())),
            Effect::Rejected(words) => (None, format!("rejected: {words}")),
            Effect::Ignored(words) => (None, format!("ignored: {words}")),
            Effect::Began(_) | Effect::Took(..) | Effect::Happened(..) => return,
        };
        let service = service.map_or("-", |service| &playbook.services[service.index()].name);
        let days = Micro::whole(state.now).divided_by(Micro::whole(DAY)).unwrap_or_default().round_to(4);
        self.0.push(format!("{days} {service} {what}"));
    }
}

impl Told {
    fn service(&self, name: &str) -> Option<ServiceId> {
        let found = self.machine.playbook.services.iter().position(|service| service.name == name);
        found.map(|at| ServiceId(at as u32))
    }

    /// All lines of one service (`-` is the customer), without its name.
    pub fn of(&self, service: &str) -> Vec<String> {
        let lines = self.log.iter().filter_map(|line| {
            let (day, rest) = line.split_once(' ')?;
            let (of, what) = rest.split_once(' ')?;
            (of == service).then(|| format!("{day} {what}"))
        });
        lines.collect()
    }

    /// The places a service went through: `0 enter check_in`.
    pub fn way(&self, service: &str) -> Vec<String> {
        let lines = self.of(service).into_iter();
        lines.filter(|line| ["enter", "resume", "end"].contains(&line.split(' ').nth(1).unwrap_or_default())).collect()
    }

    /// Whether a line is there.
    pub fn has(&self, line: &str) -> bool {
        self.log.iter().any(|known| known == line)
    }

    /// How the journey stands.
    pub fn status(&self) -> Status {
        status(&self.machine, &self.state, self.stop)
    }

    /// How the latest track of a service stands; `-` is the customer.
    pub fn track_status(&self, service: &str) -> Status {
        let id = self.track(service);
        track_status(&self.machine, &self.state, id)
    }

    fn track(&self, service: &str) -> usize {
        let of = self.service(service);
        self.state.tracks.iter().rposition(|track| track.service == of).expect("a track")
    }

    /// What a track waits for, in words.
    pub fn waits(&self, service: &str) -> Vec<String> {
        let playbook = &self.machine.playbook;
        let waits = track_waits(&self.machine, &self.state, self.track(service));
        let target =
            |id: crate::model::TransitionId| playbook.place_name(playbook.transitions[id.index()].target).name.clone();
        waits
            .into_iter()
            .map(|wait| match wait.what {
                What::Fact(service, fact) => {
                    let of = service
                        .map_or_else(String::new, |service| format!(" of {}", playbook.services[service.index()].name));
                    format!("fact {}{of}", playbook.facts[fact.index()].name.name)
                }
                What::Calculation(_, why) => format!("calculation {}", why.words()),
                What::Task(offer) => {
                    format!("task {}", playbook.tasks[playbook.offers[offer.index()].task.index()].label())
                }
                What::Need(text, ..) => format!("need {text}"),
                What::Exit(refusal) => format!("exit {}", playbook.place_name(refusal.target).name),
                What::Event(id) => format!("event -> {}", target(id)),
                What::Timer(id, _) => format!("timer -> {}", target(id)),
                What::Round(..) => "round".to_owned(),
                What::Tracks(tracks) => format!("{} tracks", tracks.len()),
                What::Blocker(_) => "blocker".to_owned(),
                What::Pause(..) => "pause".to_owned(),
                What::Loop => "loop".to_owned(),
                What::Nothing => "nothing".to_owned(),
            })
            .collect()
    }
}
