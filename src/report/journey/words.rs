//! The words of a journey: names, values, conditions as written, and sentences about what happened.

use super::{Journey, day_text};
use crate::model::{OfferId, Place, ServiceId, TaskRef, TransitionId, Trigger, Type};
use crate::run::event::Skip;
use crate::run::explain::{Change, Reason};
use crate::run::state::{HappeningKind, TrackId};
use crate::run::trace::{Entry, Kind};
use crate::source::Span;
use crate::value::{Micro, Value};
use serde_json::{Value as Json, json};

/// Puts a journey into words.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    pub(super) journey: Journey<'a>,
}

impl<'a> Words<'a> {
    /// For one journey.
    #[must_use]
    pub fn new(journey: Journey<'a>) -> Words<'a> {
        Words { journey }
    }

    /// The name of a service.
    #[must_use]
    pub fn service(&self, service: ServiceId) -> &'a str {
        &self.journey.machine.playbook.services[service.index()].name
    }

    /// The name of a place.
    #[must_use]
    pub fn place(&self, place: Place) -> &'a str {
        &self.journey.machine.playbook.place_name(place).name
    }

    /// What a track is called: its service, its branch, or `customer`.
    #[must_use]
    pub fn track(&self, track: TrackId) -> &'a str {
        let Some(known) = self.journey.state.tracks.get(track) else { return "customer" };
        let scope = &self.journey.machine.playbook.scopes[known.scope.index()];
        match (scope.kind, known.service) {
            (crate::model::ScopeKind::Branch, _) => &scope.name.name,
            (_, Some(service)) => self.service(service),
            _ => "customer",
        }
    }

    /// A place of the source as written, white space collapsed.
    #[must_use]
    pub fn source(&self, span: Span) -> String {
        self.journey.sources.text(span).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The line of a place of the source.
    #[must_use]
    pub fn line(&self, span: Span) -> u32 {
        self.journey.sources.position(span).line
    }

    /// A task's number or name.
    #[must_use]
    pub fn task(&self, offer: OfferId) -> String {
        let playbook = &self.journey.machine.playbook;
        playbook.tasks[playbook.offers[offer.index()].task.index()].label()
    }

    /// The same as JSON: a number where it is one.
    #[must_use]
    pub fn task_json(&self, task: &TaskRef) -> Json {
        match task {
            TaskRef::Number(number) => json!(number),
            TaskRef::Name(name) => json!(name),
        }
    }

    /// A value as an author would write it; unknown where there is none.
    #[must_use]
    pub fn value(&self, value: Option<&Value>, kind: &Type) -> String {
        value.map_or_else(|| "unknown".to_owned(), |value| self.journey.machine.playbook.show(value, kind))
    }

    /// A value as JSON: yes/no as true/false, a percent in points; unknown is null.
    #[must_use]
    pub fn value_json(&self, value: Option<&Value>, kind: &Type) -> Json {
        match value {
            None => Json::Null,
            Some(Value::YesNo(yes)) => json!(yes),
            Some(Value::Number(number)) => number_json(*number),
            Some(Value::Text(text)) => json!(text),
            Some(Value::Set(set)) => match kind {
                Type::SetOf(values) => values
                    .iter()
                    .enumerate()
                    .filter(|(bit, _)| set >> bit & 1 == 1)
                    .map(|(_, value)| json!(value.name))
                    .collect(),
                _ => json!(set),
            },
            Some(value) => json!(self.journey.machine.playbook.show(value, kind)),
        }
    }

    /// `active_usage >= target is no (active_usage 3%, target 10%)`.
    #[must_use]
    pub fn reason(&self, reason: &Reason) -> String {
        let of = reason.service.map_or_else(String::new, |service| format!(" of {}", self.service(service)));
        let value = self.value(reason.value.as_ref(), &reason.kind);
        let none =
            if self.journey.state.intended.0 == 0 && reason.quantified { ", as no service is intended" } else { "" };
        let mut text = format!("`{}`{of} is {value}{none}", self.source(reason.span));
        let read: Vec<String> = reason
            .read
            .iter()
            .map(|reading| {
                format!("{} {}", self.source(reading.span), self.value(reading.value.as_ref(), &reading.kind))
            })
            .collect();
        if !read.is_empty() {
            text.push_str(&format!(" ({})", read.join(", ")));
        }
        for (span, why) in &reason.undefined {
            text.push_str(&format!(": `{}` {}", self.source(*span), why.words()));
        }
        text
    }

    /// A reason as JSON.
    #[must_use]
    pub fn reason_json(&self, reason: &Reason) -> Json {
        let mut entry = json!({
            "text": self.source(reason.span),
            "value": self.value_json(reason.value.as_ref(), &reason.kind),
            "line": self.line(reason.span),
        });
        if let Some(service) = reason.service {
            entry["service"] = json!(self.service(service));
        }
        if !reason.undefined.is_empty() {
            let undefined = reason.undefined.iter();
            entry["undefined"] =
                undefined.map(|(span, why)| json!({ "text": self.source(*span), "why": why.words() })).collect();
        }
        if !reason.read.is_empty() {
            entry["facts"] = reason
                .read
                .iter()
                .map(|reading| json!({ "text": self.source(reading.span), "value": self.value_json(reading.value.as_ref(), &reading.kind) }))
                .collect();
        }
        entry
    }

    /// `csm_assigned and not (service is onedrive)`: what would have to be so.
    #[must_use]
    pub fn changes(&self, changes: &[Change]) -> String {
        let each = changes.iter().map(|change| {
            let of = change.service.map_or_else(String::new, |service| format!(" of {}", self.service(service)));
            let text = self.source(change.span);
            let compound = text.contains(' ');
            match (change.wanted, compound) {
                (true, _) => format!("`{text}`{of}"),
                (false, true) => format!("`not ({text})`{of}"),
                (false, false) => format!("`not {text}`{of}"),
            }
        });
        each.collect::<Vec<_>>().join(" and ")
    }

    /// The words by which a transition's trigger is known: `on blocker`, `after 52 weeks`.
    #[must_use]
    pub fn transition(&self, id: TransitionId) -> String {
        let text = self.source(self.journey.machine.playbook.transitions[id.index()].span);
        match text.find("->") {
            Some(at) if at > 0 => text[..at].trim_end().to_owned(),
            _ => text,
        }
    }

    /// What happened, as an event.
    #[must_use]
    pub fn happening(&self, kind: &HappeningKind) -> String {
        match kind {
            HappeningKind::Blocker(Some(kind)) => format!("blocker ({kind})"),
            HappeningKind::Blocker(None) => "blocker".to_owned(),
            HappeningKind::Resolved => "resolved".to_owned(),
            HappeningKind::Waived => "waived".to_owned(),
            HappeningKind::Escalated => "escalated".to_owned(),
            HappeningKind::Event(event) => self.journey.machine.playbook.events[event.index()].name.clone(),
        }
    }

    /// One sentence about an entry of the trace.
    #[must_use]
    pub fn sentence(&self, entry: &Entry) -> String {
        let playbook = &self.journey.machine.playbook;
        let offer = |id: &OfferId| &playbook.offers[id.index()];
        let title = |text: &crate::model::Text, name: &str| {
            let text = text.in_language(self.journey.language);
            if text.is_empty() || text == name { String::new() } else { format!(" “{text}”") }
        };
        match &entry.kind {
            Kind::Enter(stage, resumed) => {
                let stage = &playbook.stages[stage.index()].name;
                let verb = if *resumed { "resumes" } else { "enters" };
                format!("{verb} {}{}", stage.name, title(&stage.text, &stage.name))
            }
            Kind::EnterBlock(block) => match playbook.blocks[block.index()].scopes.as_slice() {
                [scope] if playbook.scopes[scope.index()].kind == crate::model::ScopeKind::EachService => {
                    match self.journey.state.tracks.iter().any(|track| track.scope == *scope) {
                        false => "has no intended service: there is nothing to do for each".to_owned(),
                        true => "starts a track for each intended service".to_owned(),
                    }
                }
                scopes => {
                    let names: Vec<&str> =
                        scopes.iter().map(|scope| playbook.scopes[scope.index()].name.name.as_str()).collect();
                    format!("starts {} together", names.join(" and "))
                }
            },
            Kind::End(end) => {
                let end = &playbook.ends[end.index()];
                let kind = match end.kind {
                    crate::model::EndKind::Success => "success",
                    crate::model::EndKind::Neutral => "neutral",
                    crate::model::EndKind::Failure => "failure",
                };
                let on = end.continues.as_ref().map_or_else(String::new, |(next, _)| format!(", goes on to {next}"));
                format!("ends at {}{} ({kind}){on}", end.name.name, title(&end.name.text, &end.name.name))
            }
            Kind::Offer(id) => {
                let offer = offer(id);
                let flag = if offer.mandatory { "mandatory" } else { "optional" };
                let roles: Vec<&str> = offer
                    .roles
                    .iter()
                    .map(|role| playbook.roles[role.index()].text.in_language(self.journey.language))
                    .collect();
                let by = if roles.is_empty() { String::new() } else { format!(", {}", roles.join(" or ")) };
                let label = self.task(*id);
                format!("task {label} offered{} ({flag}{by})", title(&offer.title, &label))
            }
            Kind::Skip(id, skip) => {
                let why = match skip {
                    Skip::OtherService => "it is for other services",
                    Skip::When => "its `when` is no",
                    Skip::Credited => "it was complete already and is credited",
                    Skip::NotRequired => "it was declared not required",
                };
                format!("task {} passed over: {why}", self.task(*id))
            }
            Kind::Task(task, status, reason) => {
                let reason = reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
                format!("task {} {}{reason}", playbook.tasks[task.index()].label(), status.words())
            }
            Kind::Cancel(id) => format!("task {} cancelled: its stage was left", self.task(*id)),
            Kind::Step(stage, cadence, at) => {
                let body =
                    cadence.map_or(&playbook.stages[stage.index()].body, |id| &playbook.cadences[id.index()].body);
                match body.get(*at) {
                    Some(crate::model::Work::Step(step)) => {
                        format!("to do: {}", step.text.in_language(self.journey.language))
                    }
                    _ => "to do".to_owned(),
                }
            }
            Kind::Fact { fact, value, by_playbook } => {
                let fact = &playbook.facts[fact.index()];
                let verb = if *by_playbook { "is set to" } else { "becomes" };
                format!("{} {verb} {}", fact.name.name, self.value(value.as_ref(), &fact.kind))
            }
            Kind::NotSet(fact) => format!("{} stays as it is", playbook.facts[fact.index()].name.name),
            Kind::Round(cadence, number) => {
                let name = playbook.cadences[cadence.index()]
                    .name
                    .as_ref()
                    .map_or_else(String::new, |name| format!(" of {name}"));
                format!("round {number}{name}")
            }
            Kind::NeedsMet => "what it needs is there".to_owned(),
            Kind::OutputUnmet(scope, at) => {
                let output = &playbook.scopes[scope.index()].outputs[*at];
                format!("key output not met: {}", output.text.in_language(self.journey.language))
            }
            Kind::Dropped(reason) => format!("the service is dropped: {reason}"),
            Kind::Interrupted => "is cancelled: its block was left".to_owned(),
            Kind::Event(kind) => format!("event: {}", self.happening(kind)),
            Kind::Blocked => "work stands still".to_owned(),
            Kind::Unblocked => "work goes on".to_owned(),
            Kind::Paused(reason) => format!("paused: {reason}"),
            Kind::Resumed => "the pause is over".to_owned(),
            Kind::Added(service) => format!("{} is intended from now on", self.service(*service)),
            Kind::Loop(places) => {
                let names: Vec<&str> = places.iter().map(|place| self.place(*place)).collect();
                format!("goes round in no time and stays: {}", names.join(" -> "))
            }
            Kind::Ambiguous(also) => {
                let lines: Vec<String> =
                    also.iter().map(|id| self.line(playbook.transitions[id.index()].span).to_string()).collect();
                format!("more than one exit holds (also line {}): the first is taken", lines.join(", "))
            }
            Kind::Rejected(reason) => format!("refused: {reason}"),
            Kind::Ignored(reason) => format!("no effect: {reason}"),
        }
    }

    /// One sentence about something a track waits for.
    #[must_use]
    pub fn waits(&self, what: &crate::run::status::What) -> String {
        use crate::run::status::What;
        let playbook = &self.journey.machine.playbook;
        match what {
            What::Fact(service, fact) => {
                let of = service.map_or_else(String::new, |service| format!(" of {}", self.service(service)));
                format!("`{}`{of} to be known", playbook.facts[fact.index()].name.name)
            }
            What::Calculation(span, why) => {
                format!("`{}` to have a result: it {}", self.source(*span), why.words())
            }
            What::Task(offer) => {
                let known = &playbook.offers[offer.index()];
                let flag = if known.mandatory { "complete" } else { "complete or declined" };
                format!("task {} to be {flag}", self.task(*offer))
            }
            What::Need(text, _, changes) => match changes {
                Some(changes) if !changes.is_empty() => format!("what it needs, “{text}”: {}", self.changes(changes)),
                _ => format!("what it needs, “{text}”"),
            },
            What::Exit(refusal) => {
                let to = self.place(refusal.target);
                match &refusal.otherwise {
                    Some(changes) if !changes.is_empty() => format!("-> {to} if {}", self.changes(changes)),
                    _ => format!("-> {to} cannot be taken here"),
                }
            }
            What::Event(id) => {
                let target = self.place(playbook.transitions[id.index()].target);
                format!("{} -> {target}", self.transition(*id))
            }
            What::Timer(id, at) => {
                let target = self.place(playbook.transitions[id.index()].target);
                format!("day {} ({}) -> {target}", day_text(*at), self.transition(*id))
            }
            What::Round(_, at) => format!("the next round on day {}", day_text(*at)),
            What::Tracks(tracks) => {
                let names: Vec<&str> = tracks.iter().map(|track| self.track(*track)).collect();
                format!("its tracks to end: {}", names.join(", "))
            }
            What::Blocker(Some(kind)) => format!("the {kind} blocker to be resolved"),
            What::Blocker(None) => "the blocker to be resolved".to_owned(),
            What::Pause(Some(until), reason) => format!("the pause to end on day {}: {reason}", day_text(*until)),
            What::Pause(None, reason) => format!("the pause to end: {reason}"),
            What::Loop => "something to change: it went round in no time".to_owned(),
            What::Nothing => "nothing: no rule can move it".to_owned(),
        }
    }

    /// The kind of something a track waits for, for programs.
    #[must_use]
    pub fn waits_kind(&self, what: &crate::run::status::What) -> &'static str {
        use crate::run::status::What;
        match what {
            What::Fact(..) => "fact",
            What::Calculation(..) => "calculation",
            What::Task(_) => "task",
            What::Need(..) => "need",
            What::Exit(_) => "condition",
            What::Event(_) => "event",
            What::Timer(..) => "timer",
            What::Round(..) => "round",
            What::Tracks(_) => "tracks",
            What::Blocker(_) => "blocker",
            What::Pause(..) => "pause",
            What::Loop => "loop",
            What::Nothing => "nothing",
        }
    }

    /// Whether a transition is `otherwise`.
    #[must_use]
    pub fn is_otherwise(&self, id: TransitionId) -> bool {
        self.journey.machine.playbook.transitions[id.index()].trigger == Trigger::Otherwise
    }
}

/// A number as JSON: whole where it is.
#[must_use]
pub fn number_json(number: Micro) -> Json {
    if number.0 % 1_000_000 == 0 { json!(number.0 / 1_000_000) } else { json!(number.to_f64()) }
}
