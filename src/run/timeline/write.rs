//! A line of a timeline as JSON, as the reader takes it.

use super::Said;
use crate::model::{FactId, Playbook};
use crate::run::customer::value_to_json;
use crate::run::event::Event;
use crate::run::state::Seconds;
use crate::value::{DAY, Micro, Value};
use serde_json::{Map, Value as Json, json};

/// The line in the form that [`super::Timeline::read`] reads; none for what only the interpreter itself says.
#[must_use]
pub fn to_json(playbook: &Playbook, said: &Said) -> Option<Json> {
    let mut line = Map::new();
    line.insert("day".to_owned(), days(said.at));
    let name =
        |service: &crate::model::ServiceId| playbook.services.get(service.index()).map(|known| known.name.clone());
    let mut service = said.service;
    let mut put = |key: &str, value: Json| {
        line.insert(key.to_owned(), value);
    };
    match &said.event {
        Event::Fact { service: of, fact, value, correction } => {
            service = *of;
            put(if *correction { "correct" } else { "set" }, facts(playbook, &[(*fact, value.clone())]));
        }
        Event::Facts { service: of, values, correction } => {
            service = *of;
            put(if *correction { "correct" } else { "set" }, facts(playbook, values));
        }
        Event::Task { service: of, task, status, reason } => {
            service = *of;
            let label = playbook.tasks.get(task.index())?.label();
            put("task", label.parse::<i64>().map_or_else(|_| label.clone().into(), Json::from));
            put("status", status.words().into());
            if let Some(reason) = reason {
                put("reason", reason.clone().into());
            }
        }
        Event::Happened { event, service: of } => {
            service = *of;
            put("event", playbook.events.get(event.index())?.name.clone().into());
        }
        Event::Blocker { kind, service: of, task } => {
            service = *of;
            put("event", "blocker".into());
            kind.iter().for_each(|kind| put("kind", kind.clone().into()));
            task.iter().for_each(|task| put("task", playbook.tasks[task.index()].label().into()));
        }
        Event::Resolved { kind, service: of, task, waived } => {
            service = *of;
            put("event", (if *waived { "waived" } else { "resolved" }).into());
            kind.iter().for_each(|kind| put("kind", kind.clone().into()));
            task.iter().for_each(|task| put("task", playbook.tasks[task.index()].label().into()));
        }
        Event::Escalated { service: of } => {
            service = *of;
            put("event", "escalated".into());
        }
        Event::Paused { service: of, until, reason } => {
            service = *of;
            put("event", "paused".into());
            until.iter().for_each(|until| put("until_day", days(*until)));
            put("reason", reason.clone().into());
        }
        Event::Resumed { service: of } => {
            service = *of;
            put("event", "resumed".into());
        }
        Event::ServiceDropped { service: of, reason } => {
            service = Some(*of);
            put("event", "dropped".into());
            put("reason", reason.clone().into());
        }
        Event::ServiceAdded { service: of, values } => {
            service = Some(*of);
            put("event", "added".into());
            if !values.is_empty() {
                put("set", facts(playbook, values));
            }
        }
        Event::EndedElsewhere { playbook: process, end } => {
            put("event", "ended".into());
            put("playbook", process.clone().into());
            put("end", end.clone().into());
        }
        Event::Start | Event::Advance(_) | Event::Completions | Event::Rounds | Event::Timers | Event::Work { .. } => {
            return None;
        }
    }
    if let Some(service) = service {
        put("service", name(&service)?.into());
    }
    Some(Json::Object(line))
}

fn facts(playbook: &Playbook, values: &[(FactId, Value)]) -> Json {
    let known = values.iter().filter_map(|(fact, value)| {
        let fact = playbook.facts.get(fact.index())?;
        Some((fact.name.name.clone(), value_to_json(playbook, fact, value)))
    });
    Json::Object(known.collect())
}

/// Days as a number that reads back as the same second.
fn days(at: Seconds) -> Json {
    if at % DAY == 0 {
        return (at / DAY).into();
    }
    let micros = (i128::from(at) * 1_000_000 + i128::from(DAY) / 2).div_euclid(i128::from(DAY));
    json!(Micro(micros as i64).to_f64())
}
