//! One line of a timeline.

use super::{Entry, Moment};
use crate::diagnostic::{Diagnostic, INCOMPLETE_LINE, UNKNOWN_FIELD, WRONG_VALUE};
use crate::model::resolve::BLOCKER_KINDS;
use crate::model::{EventId, FactId, FactScope, Offer, Playbook, ServiceId, TaskId};
use crate::run::customer::fractions::{Fractions, note};
use crate::run::customer::json::{Json, Member, Node, Reader};
use crate::run::customer::record::{facts, no_duplicates, service, unknown_fact};
use crate::run::customer::values::{exact, shorten, unknown_field};
use crate::run::{Event, Machine};
use crate::source::{FileId, Span};
use crate::suggest::did_you_mean;
use crate::value::{DAY, Date, Micro, TaskStatus, Value};

/// All fields a line can have.
const FIELDS: [&str; 20] = [
    "day",
    "at",
    "process",
    "lap",
    "customer",
    "service",
    "source",
    "note",
    "set",
    "correct",
    "event",
    "kind",
    "task",
    "status",
    "reason",
    "until",
    "until_day",
    "facts",
    "playbook",
    "end",
];

/// Fields that go with any line.
const COMMON: [&str; 8] = ["day", "at", "process", "lap", "customer", "service", "source", "note"];

/// What happens in life, for every playbook; the words can be written with spaces or underscores.
const LIFE: [&str; 11] = [
    "blocker",
    "resolved",
    "waived",
    "escalated",
    "paused",
    "resumed",
    "dropped",
    "service_dropped",
    "added",
    "service_added",
    "ended",
];

/// Days beyond this are a slip of the pen: some 2,700 years.
const LAST_DAY: i64 = 1_000_000;

/// A line being read.
struct Line<'a> {
    playbook: &'a Playbook,
    members: &'a [Member],
    span: Span,
    problems: &'a mut Vec<Diagnostic>,
}

/// What became of a line.
pub(in crate::run) enum Read {
    /// What it says.
    Entry(Box<Entry>),
    /// It is for the playbook of this name, which is another one.
    Elsewhere(String, Span),
    /// It is empty, or has a mistake.
    Nothing,
}

/// What a line says, the bytes from `start` to `end` of the text.
pub(in crate::run) fn read(
    machine: &Machine,
    file: FileId,
    text: &str,
    start: usize,
    end: usize,
    fractions: &mut Fractions<Diagnostic>,
    problems: &mut Vec<Diagnostic>,
) -> Read {
    let node = match Reader::within(file, text, start, end).only() {
        Some(Ok(node)) => node,
        Some(Err(problem)) => {
            problems.push(problem);
            return Read::Nothing;
        }
        None => return Read::Nothing,
    };
    let Json::Object(members) = &node.json else {
        let message = format!("a line of a timeline is an object: {} is not", node.json.words());
        problems.push(Diagnostic::new(&WRONG_VALUE, node.span, message).help("Write { \"day\": 14, \"set\": { … } }"));
        return Read::Nothing;
    };
    let process = members.iter().find(|member| member.key == "process");
    if let Some(Node { json: Json::Text(name), span }) = process.map(|member| &member.value)
        && *name != machine.playbook.name.name
    {
        return Read::Elsewhere(name.clone(), *span);
    }
    if fractions.open() {
        let mut place = |fact: &str, span: Span| note(fact, &text[span.start as usize..span.end as usize], span);
        let facts = members.iter().filter(|member| matches!(member.value.json, Json::Object(_)));
        for member in facts.filter(|member| ["set", "correct", "facts"].contains(&member.key.as_str())) {
            for scope in [FactScope::Customer, FactScope::Service] {
                fractions.saw_json(&machine.playbook, scope, &member.value, &mut place);
            }
        }
    }
    let before = problems.len();
    let mut line = Line { playbook: &machine.playbook, members, span: node.span, problems };
    match line.entry() {
        Some(entry) if problems.len() == before => Read::Entry(Box::new(entry)),
        _ => Read::Nothing,
    }
}

impl<'a> Line<'a> {
    fn entry(&mut self) -> Option<Entry> {
        no_duplicates(self.members, self.problems);
        for member in self.members {
            if !FIELDS.contains(&member.key.as_str()) {
                let problem = unknown_field(&member.key, member.key_span, "a line of a timeline has", FIELDS);
                self.problems.push(problem);
            }
        }
        let moment = self.moment();
        let customer = self.text("customer");
        let process = self.process();
        let named = self.text("service");
        let service = named.and_then(|(name, span)| self.keep(service(self.playbook, name, span)));
        let (note, source) = (self.text("note"), self.text("source"));
        let event = self.event(service);
        let until = self.until();
        let (at, at_span) = moment?;
        if named.is_some() && service.is_none() {
            return None;
        }
        Some(Entry {
            at,
            at_span,
            until,
            process,
            customer: customer.map(|(text, _)| text.to_owned()),
            service,
            event: event?,
            note: note.map(|(text, _)| text.to_owned()),
            source: source.map(|(text, _)| text.to_owned()),
            span: self.span,
        })
    }

    fn member(&self, key: &str) -> Option<&'a Member> {
        self.members.iter().find(|member| member.key == key)
    }

    /// The value of a field that is there and not `null`.
    fn field(&self, key: &str) -> Option<&'a Node> {
        self.member(key).map(|member| &member.value).filter(|node| node.json != Json::Null)
    }

    fn keep<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|problem| self.problems.push(problem)).ok()
    }

    fn incomplete<T>(&mut self, span: Span, message: impl Into<String>, help: &str) -> Option<T> {
        self.problems.push(Diagnostic::new(&INCOMPLETE_LINE, span, message).help(help));
        None
    }

    fn wrong<T>(&mut self, span: Span, message: impl Into<String>, help: &str) -> Option<T> {
        self.problems.push(Diagnostic::new(&WRONG_VALUE, span, message).help(help));
        None
    }

    /// A field that holds a text.
    fn text(&mut self, key: &str) -> Option<(&'a str, Span)> {
        let node = self.field(key)?;
        match &node.json {
            Json::Text(text) => Some((text, node.span)),
            // Ids and numbers of tasks are often numbers.
            Json::Number(text) if matches!(key, "customer" | "task" | "source") => Some((text, node.span)),
            json => {
                let message = format!("`{key}` is a text: {} is not", json.words());
                self.wrong(node.span, message, "Put it in double quotes")
            }
        }
    }

    fn moment(&mut self) -> Option<(Moment, Span)> {
        let help = "Say `day` with the days since day 0, or `at` with a date";
        match (self.field("day"), self.field("at")) {
            (Some(day), None) => self.day(day).map(|at| (at, day.span)),
            (None, Some(at)) => self.date(at).map(|moment| (moment, at.span)),
            (None, None) => self.incomplete(self.span, "this line does not say when", help),
            (Some(_), Some(at)) => self.incomplete(at.span, "this line says twice when", help),
        }
    }

    /// That the line is for this playbook in a lifecycle, and for which time the customer is in it.
    fn process(&mut self) -> Option<u32> {
        let process = self.text("process");
        let Some(lap) = self.field("lap") else { return process.map(|_| 1) };
        let number = match &lap.json {
            Json::Number(text) => text.parse::<u32>().ok().filter(|lap| *lap > 0),
            _ => None,
        };
        match (process, number) {
            (None, _) => self.incomplete(lap.span, "`lap` means nothing without `process`", "Say which with `process`"),
            (Some(_), None) => {
                let help = "Laps count from 1: the first time the customer is in that process";
                self.wrong(lap.span, "this is not the number of a lap", help)
            }
            (Some(_), lap) => lap,
        }
    }

    fn until(&mut self) -> Option<(Moment, Span)> {
        match (self.field("until"), self.field("until_day")) {
            (None, None) => None,
            (Some(until), None) => self.date(until).map(|moment| (moment, until.span)),
            (None, Some(day)) => self.day(day).map(|moment| (moment, day.span)),
            (Some(_), Some(day)) => {
                self.incomplete(day.span, "this line says twice until when", "Keep `until` or `until_day`")
            }
        }
    }

    /// A number of days since day 0; fractions are rounded to seconds.
    fn day(&mut self, node: &Node) -> Option<Moment> {
        let help = "Days count from day 0: 14, or 14.5 for noon of day 14";
        let days = match &node.json {
            Json::Number(text) => exact(text).ok(),
            Json::Text(_) | Json::Null | Json::YesNo(_) | Json::List(_) | Json::Object(_) => None,
        };
        match days {
            Some(days) if days.0 < 0 => self.wrong(node.span, "this is before day 0", help),
            Some(days) if days <= Micro::whole(LAST_DAY) => {
                let seconds = days.times(Micro::whole(DAY))?.round_to(0).0 / Micro::ONE.0;
                Some(Moment::Since(seconds))
            }
            Some(_) => self.wrong(node.span, "no journey takes that long", help),
            None => self.wrong(node.span, "this is not a number of days", help),
        }
    }

    /// A date, or a date with a time in the zone of the playbook's calendar (or with an offset of its own).
    fn date(&mut self, node: &Node) -> Option<Moment> {
        let help = "Write dates as \"2020-05-04\", with a time as \"2020-05-04T10:30\"";
        let found = match &node.json {
            Json::Text(text) => {
                let date = Date::parse(text).map(|date| Moment::On(date, 0));
                date.or_else(|| date_and_time(text, &self.playbook.calendar.zone))
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        let message = match &node.json {
            Json::Text(text) => format!("\"{}\" is not a date", shorten(text)),
            json => format!("a date is a text: {} is not", json.words()),
        };
        self.wrong(node.span, message, help)
    }

    fn event(&mut self, service: Option<ServiceId>) -> Option<Event> {
        let help = "A line says one thing: `set` with facts, `event` with its name, or `task` with its `status`";
        let correction = match self.member("correct").map(|member| &member.value.json) {
            Some(Json::YesNo(yes)) => *yes,
            _ => false,
        };
        let corrects = self.member("correct").filter(|member| matches!(member.value.json, Json::Object(_)));
        let facts = self.member("set");
        if let Some(name) = self.member("event") {
            if let Some(corrects) = corrects {
                return self.incomplete(corrects.key_span, "this line says two things at once", help);
            }
            return self.happening(name, service);
        }
        match (facts, corrects, self.member("task")) {
            (Some(facts), None, None) => {
                self.only(&["set", "correct"], "`set`");
                let values = self.facts(&facts.value, service)?;
                Some(Event::Facts { service, values, correction })
            }
            (None, Some(facts), None) => {
                self.only(&["correct"], "`correct`");
                let values = self.facts(&facts.value, service)?;
                Some(Event::Facts { service, values, correction: true })
            }
            (None, None, Some(_)) => self.task_changes(service),
            (None, None, None) => match self.member("correct") {
                Some(correct) => {
                    let help = "Write \"correct\": { … facts … }, or \"set\": { … } with \"correct\": true";
                    self.incomplete(correct.key_span, "this line does not say what it corrects", help)
                }
                None => self.incomplete(self.span, "this line does not say what happens", help),
            },
            (_, Some(second), _) | (_, None, Some(second)) => {
                self.incomplete(second.key_span, "this line says two things at once", help)
            }
        }
    }

    /// Says of fields that mean nothing on a line of this kind.
    fn only(&mut self, allowed: &[&str], kind: &str) {
        for member in self.members {
            let key = member.key.as_str();
            if FIELDS.contains(&key) && !COMMON.contains(&key) && !allowed.contains(&key) {
                let message = format!("`{key}` means nothing on a line with {kind}");
                self.problems.push(Diagnostic::new(&UNKNOWN_FIELD, member.key_span, message));
            }
        }
    }

    fn facts(&mut self, node: &Node, service: Option<ServiceId>) -> Option<Vec<(FactId, Value)>> {
        let Json::Object(members) = &node.json else {
            let message = format!("facts are an object: {} is not", node.json.words());
            return self.wrong(node.span, message, "Write { \"FACT\": VALUE }");
        };
        no_duplicates(members, self.problems);
        let scope = if service.is_some() { FactScope::Service } else { FactScope::Customer };
        let mut values = Vec::new();
        for member in members {
            if member.value.json == Json::Null {
                let message = format!("`{}` cannot become unknown again", shorten(&member.key));
                self.problems.push(Diagnostic::new(&WRONG_VALUE, member.value.span, message));
                continue;
            }
            let known = self.playbook.facts.iter().position(|fact| fact.name.name == member.key);
            match known.filter(|at| self.playbook.facts[*at].scope == scope) {
                Some(at) => {
                    let one = std::slice::from_ref(member);
                    let found = facts(self.playbook, scope, one, self.problems);
                    values.extend(found.into_iter().filter_map(|(_, value)| Some((FactId(at as u32), value?))));
                }
                None => {
                    let mut problem = unknown_fact(self.playbook, scope, &member.key, member.key_span);
                    if known.is_some() {
                        let help = match scope {
                            FactScope::Customer => "Say of which service: add `service` to the line",
                            FactScope::Service => "Give it on a line without `service`",
                        };
                        problem.help = Some(help.to_owned());
                    }
                    self.problems.push(problem);
                }
            }
        }
        Some(values)
    }

    fn task_changes(&mut self, service: Option<ServiceId>) -> Option<Event> {
        self.only(&["task", "status", "reason"], "`task`");
        let task = self.task_of(service);
        let Some((words, span)) = self.text("status") else {
            if self.field("status").is_none() {
                let help = "Add `status`: complete, in progress, not required, …";
                return self.incomplete(self.span, "this line does not say how the task stands", help);
            }
            return None;
        };
        let plain = words.trim().to_lowercase().replace(['_', '-'], " ");
        let found = TaskStatus::ALL.iter().find(|(_, known)| *known == plain);
        let Some((status, _)) = found else {
            let known = TaskStatus::ALL.iter().map(|(_, words)| *words);
            let message = format!("`{}` is not a status of a task", shorten(words));
            let list: Vec<&str> = known.clone().collect();
            let help = did_you_mean(words, known).unwrap_or_else(|| format!("There are {}", list.join(", ")));
            return self.wrong(span, message, &help);
        };
        let reason = self.text("reason").map(|(text, _)| text.to_owned());
        Some(Event::Task { service, task: task?, status: *status, reason })
    }

    /// The task a line names.
    fn task(&mut self) -> Option<TaskId> {
        let (label, span) = self.text("task")?;
        let found = self.playbook.tasks.iter().position(|task| task.label() == label);
        if found.is_none() {
            let labels: Vec<String> = self.playbook.tasks.iter().map(crate::model::Task::label).collect();
            let message = format!("`{}` is not a task of this playbook", shorten(label));
            let help = did_you_mean(label, labels.iter().map(String::as_str));
            self.problems.push(Diagnostic::new(&UNKNOWN_FIELD, span, message).help_if(help));
        }
        found.map(|at| TaskId(at as u32))
    }

    /// The task a line names, where it is one of the service the line names.
    fn task_of(&mut self, service: Option<ServiceId>) -> Option<TaskId> {
        let id = self.task()?;
        let Some(service) = service else { return Some(id) };
        let playbook = self.playbook;
        let offers = || playbook.offers.iter().filter(|offer| offer.task == id);
        let stage = |offer: &Offer| &playbook.stages[offer.stage.index()];
        let tracked = |offer: &Offer| playbook.scopes[stage(offer).scope.index()].in_service;
        let is_for = |offer: &Offer, service| {
            tracked(offer) && offer.services.or(stage(offer).services).is_none_or(|set| set.contains(service))
        };
        if offers().any(|offer| is_for(offer, service)) {
            return Some(id);
        }
        let services = (0..playbook.services.len() as u32).map(ServiceId);
        let others: Vec<String> = services
            .filter(|service| offers().any(|offer| is_for(offer, *service)))
            .map(|service| format!("`{}`", playbook.services[service.index()].name))
            .collect();
        let help = match others.as_slice() {
            [] => "It is a task of the customer: leave `service` out".to_owned(),
            others => format!("It is for {}", others.join(", ")),
        };
        let (label, name) = (playbook.tasks[id.index()].label(), &playbook.services[service.index()].name);
        let span = self.field("task").map_or(self.span, |node| node.span);
        self.wrong(span, format!("task {label} is never offered for `{name}`"), &help)
    }

    fn happening(&mut self, name: &'a Member, service: Option<ServiceId>) -> Option<Event> {
        let (words, span) = self.text("event")?;
        let plain = words.trim().to_lowercase().replace([' ', '-'], "_");
        let reason = self.text("reason").map(|(text, _)| text.to_owned());
        let given = || reason.clone().unwrap_or_else(|| "no reason given".to_owned());
        let shown = format!("`event` {}", shorten(words));
        match plain.as_str() {
            "blocker" => {
                self.only(&["event", "kind", "task", "reason"], &shown);
                let (kind, task) = (self.kind()?, self.task_if_any(service)?);
                Some(Event::Blocker { kind, service, task })
            }
            "resolved" | "waived" => {
                self.only(&["event", "kind", "task", "reason"], &shown);
                let (kind, task) = (self.kind()?, self.task_if_any(service)?);
                Some(Event::Resolved { kind, service, task, waived: plain == "waived" })
            }
            "escalated" => {
                self.only(&["event", "reason"], &shown);
                Some(Event::Escalated { service })
            }
            "paused" => {
                self.only(&["event", "until", "until_day", "reason"], &shown);
                Some(Event::Paused { service, until: None, reason: given() })
            }
            "resumed" => {
                self.only(&["event", "reason"], &shown);
                Some(Event::Resumed { service })
            }
            "dropped" | "service_dropped" => {
                self.only(&["event", "reason"], &shown);
                match service {
                    Some(service) => Some(Event::ServiceDropped { service, reason: given() }),
                    None => self.which_service(name),
                }
            }
            "added" | "service_added" => {
                self.only(&["event", "set", "facts", "reason"], &shown);
                let Some(service) = service else { return self.which_service(name) };
                let values = match self.field("set").or(self.field("facts")) {
                    Some(node) => self.facts(node, Some(service))?,
                    None => Vec::new(),
                };
                Some(Event::ServiceAdded { service, values })
            }
            "ended" => {
                self.only(&["event", "playbook", "end", "reason"], &shown);
                let (playbook, end) = (self.text("playbook"), self.text("end"));
                let (Some((playbook, _)), Some((end, _))) = (playbook, end) else {
                    let help = "Add `playbook` and `end`: the name of the other process, and where it ended";
                    return self.incomplete(self.span, "this line does not say which process ended, and where", help);
                };
                Some(Event::EndedElsewhere { playbook: playbook.to_owned(), end: end.to_owned() })
            }
            _ => {
                self.only(&["event", "reason"], &shown);
                let events = &self.playbook.events;
                let found = events.iter().position(|event| event.name == words);
                if found.is_none() {
                    let known = events.iter().map(|event| event.name.as_str()).chain(LIFE);
                    let message = format!("`{}` is not an event of this playbook", shorten(words));
                    let help = did_you_mean(words, known);
                    self.problems.push(Diagnostic::new(&UNKNOWN_FIELD, span, message).help_if(help));
                }
                found.map(|at| Event::Happened { event: EventId(at as u32), service })
            }
        }
    }

    fn which_service<T>(&mut self, name: &Member) -> Option<T> {
        self.incomplete(name.value.span, "this line does not say which service", "Add `service` to the line")
    }

    /// The task, where the line names one; the outer none is a mistake.
    fn task_if_any(&mut self, service: Option<ServiceId>) -> Option<Option<TaskId>> {
        if self.field("task").is_none() { Some(None) } else { self.task_of(service).map(Some) }
    }

    /// The kind of a blocker, where the line gives one; the outer none is a mistake.
    fn kind(&mut self) -> Option<Option<String>> {
        if self.field("kind").is_none() {
            return Some(None);
        }
        let (words, span) = self.text("kind")?;
        let plain = words.trim().to_lowercase().replace([' ', '-'], "_");
        let declared = self.playbook.blocker_kinds.iter().map(|kind| kind.name.as_str());
        let mut known = declared.clone().chain(BLOCKER_KINDS);
        if let Some(kind) = known.find(|kind| *kind == words || *kind == plain) {
            return Some(Some(kind.to_owned()));
        }
        let message = format!("`{}` is not a kind of blocker", shorten(words));
        let help = did_you_mean(words, declared.chain(BLOCKER_KINDS));
        self.problems.push(Diagnostic::new(&UNKNOWN_FIELD, span, message).help_if(help));
        None
    }
}

fn date_and_time(text: &str, zone: &str) -> Option<Moment> {
    let civil = text.parse::<jiff::civil::DateTime>().ok().or_else(|| {
        let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
        text.parse::<jiff::Timestamp>().ok().map(|instant| instant.to_zoned(zone).datetime())
    })?;
    let date = Date::from_parts(civil.year(), civil.month(), civil.day())?;
    let (hour, minute, second) = (i64::from(civil.hour()), i64::from(civil.minute()), i64::from(civil.second()));
    Some(Moment::On(date, hour * 3_600 + minute * 60 + second))
}
