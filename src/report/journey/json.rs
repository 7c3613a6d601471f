//! The journey for programs: `run --format json`, version 1.

use super::{Journey, Words, day};
use crate::model::{Place, ServiceId, TaskId};
use crate::run::state::{Track, TrackStatus};
use crate::run::status::{Status, Waiting, What, status, track_status, waiting};
use crate::run::trace::{Entry, Kind, Refusal};
use crate::value::TaskStatus;
use serde_json::{Map, Value as Json, json};

/// The whole report.
#[must_use]
pub fn json(journey: Journey<'_>) -> Json {
    let words = Words::new(journey);
    let (machine, state) = (journey.machine, journey.state);
    let own = state.tracks.first();
    let inner = state.tracks.iter().enumerate().skip(1);
    json!({
        "version": 1,
        "playbook": machine.playbook.name.name,
        "customer": journey.customer,
        "status": status(machine, state, journey.stop),
        "stopped": journey.stop,
        "outcome": state.ended().map(|end| machine.playbook.ends[end.index()].name.name.as_str()),
        "day": day(state.now),
        "stage": own.and_then(|track| stage(&words, track)),
        "stages": own.map_or_else(Vec::new, |track| stages(&words, track)),
        "tracks": inner.map(|(id, track)| {
            let scope = &machine.playbook.scopes[track.scope.index()];
            let branch = (scope.kind == crate::model::ScopeKind::Branch).then_some(scope.name.name.as_str());
            let mut entry = json!({
                "service": track.service.map(|service| words.service(service)),
                "status": match track_status(machine, state, id) {
                    Status::Dropped | Status::Cancelled | Status::Ended => json!(track_status(machine, state, id)),
                    standing => json!(standing),
                },
                "outcome": outcome(&words, track),
                "stage": stage(&words, track),
                "stages": stages(&words, track),
                "ended_day": track.ended.map(day),
            });
            if let Some(branch) = branch {
                entry["branch"] = json!(branch);
            }
            entry
        }).collect::<Vec<_>>(),
        "tasks": tasks(&words),
        "next": coming(&words),
        "trace": journey.trace.entries.iter().map(|entry| trace(&words, entry)).collect::<Vec<_>>(),
    })
}

/// What could come next. Exits that no change of facts can open are left out.
fn coming(words: &Words<'_>) -> Vec<Json> {
    let (machine, state) = (words.journey.machine, words.journey.state);
    if state.ended().is_some() {
        return Vec::new();
    }
    waiting(machine, state).iter().filter(|waits| waits.what.possible()).map(|waits| next(words, waits)).collect()
}

fn outcome<'a>(words: &Words<'a>, track: &Track) -> Option<&'a str> {
    match track.status {
        TrackStatus::Ended(end) => Some(&words.journey.machine.playbook.ends[end.index()].name.name),
        _ => None,
    }
}

fn stage<'a>(words: &Words<'a>, track: &Track) -> Option<&'a str> {
    match track.place {
        Some(place @ Place::Stage(_)) if track.active() => Some(words.place(place)),
        _ => None,
    }
}

fn stages<'a>(words: &Words<'a>, track: &Track) -> Vec<&'a str> {
    track.stages.iter().map(|stage| words.place(Place::Stage(*stage))).collect()
}

/// What was offered, in order, each with what became of it.
fn tasks(words: &Words<'_>) -> Vec<Json> {
    let playbook = &words.journey.machine.playbook;
    let mut offered: Vec<(Option<ServiceId>, TaskId, Map<String, Json>)> = Vec::new();
    for entry in &words.journey.trace.entries {
        match &entry.kind {
            Kind::Offer(id) => {
                let offer = &playbook.offers[id.index()];
                let roles: Vec<&str> =
                    offer.roles.iter().map(|role| playbook.roles[role.index()].name.as_str()).collect();
                let mut task = Map::new();
                task.insert("id".to_owned(), words.task_json(&playbook.tasks[offer.task.index()].id));
                task.insert("service".to_owned(), json!(entry.service.map(|service| words.service(service))));
                task.insert("stage".to_owned(), json!(words.place(Place::Stage(offer.stage))));
                task.insert("mandatory".to_owned(), json!(offer.mandatory));
                task.insert("role".to_owned(), json!(roles.first()));
                task.insert("status".to_owned(), json!(TaskStatus::NotStarted));
                task.insert("day".to_owned(), day(entry.at));
                task.insert("title".to_owned(), json!(offer.title.in_language(words.journey.language)));
                if let Some(due) = offer.due {
                    task.insert(
                        "due_day".to_owned(),
                        day(words.journey.machine.over(words.journey.state, entry.at, due)),
                    );
                }
                offered.push((entry.service, offer.task, task));
            }
            Kind::Task(id, status, reason) => {
                if let Some((.., task)) =
                    offered.iter_mut().rev().find(|(service, known, _)| (*service, *known) == (entry.service, *id))
                {
                    task.insert("status".to_owned(), json!(status));
                    if *status == TaskStatus::Complete {
                        task.insert("complete_day".to_owned(), day(entry.at));
                    }
                    if let Some(reason) = reason {
                        task.insert("reason".to_owned(), json!(reason));
                    }
                }
            }
            Kind::Cancel(id) => {
                let cancelled = playbook.offers[id.index()].task;
                if let Some((.., task)) = offered
                    .iter_mut()
                    .rev()
                    .find(|(service, known, _)| (*service, *known) == (entry.service, cancelled))
                {
                    task.insert("status".to_owned(), json!(TaskStatus::Cancelled));
                }
            }
            _ => {}
        }
    }
    offered.into_iter().map(|(.., task)| Json::Object(task)).collect()
}

fn next(words: &Words<'_>, waits: &Waiting) -> Json {
    let playbook = &words.journey.machine.playbook;
    let mut entry = json!({
        "service": waits.service.map(|service| words.service(service)),
        "kind": words.waits_kind(&waits.what),
        "text": words.waits(&waits.what),
        "line": waits.span.map(|span| words.line(span)),
    });
    match &waits.what {
        What::Fact(service, fact) => {
            entry["fact"] = json!(playbook.facts[fact.index()].name.name);
            entry["service"] = json!(service.or(waits.service).map(|service| words.service(service)));
        }
        What::Task(offer) => {
            let known = &playbook.offers[offer.index()];
            entry["task"] = words.task_json(&playbook.tasks[known.task.index()].id);
            entry["stage"] = json!(words.place(Place::Stage(known.stage)));
        }
        What::Need(_, because, changes) => {
            entry["because"] = because.iter().map(|reason| words.reason_json(reason)).collect();
            entry["otherwise"] = json!(changes.as_ref().map(|changes| words.changes(changes)));
        }
        What::Exit(refusal) => entry["refused"] = refused(words, refusal),
        What::Event(id) => {
            entry["event"] = json!(words.transition(*id).trim_start_matches("on ").to_owned());
            entry["target"] = json!(words.place(playbook.transitions[id.index()].target));
        }
        What::Timer(id, at) => {
            entry["day"] = day(*at);
            entry["target"] = json!(words.place(playbook.transitions[id.index()].target));
        }
        What::Round(_, at) => entry["day"] = day(*at),
        What::Pause(until, _) => entry["day"] = until.map_or(Json::Null, day),
        What::Tracks(tracks) => entry["tracks"] = tracks.iter().map(|track| json!(words.track(*track))).collect(),
        What::Calculation(..) | What::Blocker(_) | What::Loop | What::Nothing => {}
    }
    entry
}

fn refused(words: &Words<'_>, refusal: &Refusal) -> Json {
    json!({
        "target": words.place(refusal.target),
        "line": words.line(refusal.span),
        "unknown": refusal.unknown,
        "because": refusal.because.iter().map(|reason| words.reason_json(reason)).collect::<Vec<_>>(),
        "otherwise": refusal.otherwise.as_ref().map(|changes| words.changes(changes)),
    })
}

fn trace(words: &Words<'_>, entry: &Entry) -> Json {
    let playbook = &words.journey.machine.playbook;
    let mut fields = Map::new();
    let mut put = |key: &str, value: Json| {
        fields.insert(key.to_owned(), value);
    };
    put("day", day(entry.at));
    put("service", json!(entry.service.map(|service| words.service(service))));
    let scope = entry.track.and_then(|track| words.journey.state.tracks.get(track)).map(|track| track.scope);
    let scope = scope.map(|scope| &playbook.scopes[scope.index()]);
    if let Some(branch) = scope.filter(|scope| scope.kind == crate::model::ScopeKind::Branch) {
        put("branch", json!(branch.name.name));
    }
    put("kind", json!(kind(&entry.kind)));
    match &entry.kind {
        Kind::Enter(stage, resumed) => {
            put("stage", json!(words.place(Place::Stage(*stage))));
            put("resumed", json!(resumed));
        }
        Kind::EnterBlock(block) => put("block", json!(words.place(Place::Block(*block)))),
        Kind::End(end) => put("end", json!(words.place(Place::End(*end)))),
        Kind::Offer(id) | Kind::Skip(id, _) | Kind::Cancel(id) => {
            let offer = &playbook.offers[id.index()];
            put("task", words.task_json(&playbook.tasks[offer.task.index()].id));
            put("stage", json!(words.place(Place::Stage(offer.stage))));
        }
        Kind::Task(task, status, reason) => {
            put("task", words.task_json(&playbook.tasks[task.index()].id));
            put("status", json!(status));
            put("reason", json!(reason));
        }
        Kind::Fact { fact, value, by_playbook } => {
            let fact = &playbook.facts[fact.index()];
            put("fact", json!(fact.name.name));
            put("value", words.value_json(value.as_ref(), &fact.kind));
            put("by_playbook", json!(by_playbook));
        }
        Kind::NotSet(fact) => put("fact", json!(playbook.facts[fact.index()].name.name)),
        Kind::Round(_, number) => put("round", json!(number)),
        Kind::Event(event) => put("event", json!(words.happening(event))),
        Kind::Loop(places) => put("stages", places.iter().map(|place| json!(words.place(*place))).collect()),
        _ => {}
    }
    put("line", json!(entry.span.map(|span| words.line(span))));
    put("text", json!(words.sentence(entry)));
    put("because", entry.because.iter().map(|reason| words.reason_json(reason)).collect());
    if !entry.refused.is_empty() {
        put("refused", entry.refused.iter().map(|refusal| refused(words, refusal)).collect());
    }
    Json::Object(fields)
}

/// The kind of an entry, for programs.
fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Enter(..) => "enter",
        Kind::EnterBlock(_) => "enter_block",
        Kind::End(_) => "end",
        Kind::Offer(_) => "offer",
        Kind::Skip(..) => "skip",
        Kind::Task(..) => "task",
        Kind::Cancel(_) => "cancel",
        Kind::Step(..) => "step",
        Kind::Fact { by_playbook: true, .. } => "set",
        Kind::Fact { .. } => "fact",
        Kind::NotSet(_) => "not_set",
        Kind::Round(..) => "round",
        Kind::NeedsMet => "needs_met",
        Kind::OutputUnmet(..) => "output_unmet",
        Kind::Dropped(_) => "service_dropped",
        Kind::Interrupted => "interrupted",
        Kind::Event(_) => "event",
        Kind::Blocked => "blocked",
        Kind::Unblocked => "unblocked",
        Kind::Paused(_) => "paused",
        Kind::Resumed => "resumed",
        Kind::Added(_) => "service_added",
        Kind::Loop(_) => "loop",
        Kind::Ambiguous(_) => "ambiguous",
        Kind::Rejected(_) => "rejected",
        Kind::Ignored(_) => "ignored",
    }
}
