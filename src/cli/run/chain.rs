//! One customer through a whole lifecycle: from each playbook into the one its end leads to.

use super::super::analyse::report;
use super::super::chain::{Chain, chain};
use super::super::input::read_text;
use super::super::{Exit, Session, Stop};
use super::{Arguments, Format, choose, customers};
use crate::check::outdated_variant::begins_after;
use crate::diagnostic::{Diagnostic, has_errors};
use crate::report::diagnostics::as_json;
use crate::report::journey::{self, Journey};
use crate::run::chain::{Leg, Lifecycle, MOST, Onward, timeline, travel};
use crate::source::Sources;
use serde_json::{Value as Json, json};

/// Runs a customer on and on.
pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let json = arguments.format == Format::Json;
    let found = chain(&arguments.file, &arguments.chain, arguments.playbook.as_deref(), json, session)?;
    let Some(Chain { mut sources, documents }) = found else { return Ok(Exit::Findings) };
    let lifecycle = Lifecycle::new(documents.into_iter().map(|document| document.playbook));
    let Some(first) = lifecycle.machines.first() else { return Ok(Exit::Findings) };
    let Some(path) = &arguments.customer else {
        return Err(Stop::Usage("a customer is needed: `--customer FILE`".to_owned(), None));
    };
    let mut findings = Vec::new();
    let read = customers(first, path, &mut sources, &mut findings)?;
    let mut lines = crate::run::chain::Timeline::default();
    if let Some(path) = &arguments.timeline {
        let (file, not_a_text) = read_text(path, &mut sources)?;
        match not_a_text {
            Some(finding) => findings.push(finding),
            None => {
                let text = sources.get(file).map(|source| source.text.clone()).unwrap_or_default();
                let (read, problems) = timeline(&lifecycle, file, &text);
                lines = read;
                findings.extend(problems);
            }
        }
    }
    if has_errors(&findings) {
        report(&findings, &sources, json, session)?;
        return Ok(Exit::Findings);
    }
    let customer = choose(read, arguments.id.as_deref(), path)?;
    let id = customer.id.clone();
    let told = match travel(&lifecycle, customer, &lines, arguments.until.map(|until| until.0)) {
        Ok(told) => told,
        Err(problems) => {
            report(&problems, &sources, json, session)?;
            return Ok(Exit::Findings);
        }
    };
    findings.extend(told.findings);
    for leg in &told.legs {
        if let (Some(start), Some(machine)) = (leg.state.date_of(0), lifecycle.machines.get(leg.playbook)) {
            findings.extend(begins_after(&machine.playbook, &format!("`{id}`"), start));
        }
    }
    let text = told_as_text(&lifecycle, &told.legs, told.onward, &id, (&sources, &findings), json, session);
    session.out.write(&text)?;
    if !json && !findings.is_empty() {
        report(&findings, &sources, false, session)?;
    }
    Ok(if has_errors(&findings) { Exit::Findings } else { Exit::Fine })
}

/// The journeys of a life, one after the other, and why it is over.
pub(in crate::cli) fn told_as_text(
    lifecycle: &Lifecycle,
    legs: &[Leg],
    onward: Onward<'_>,
    id: &str,
    (sources, findings): (&Sources, &[Diagnostic]),
    json: bool,
    session: &Session,
) -> String {
    let language = session.language.as_deref();
    let journeys = legs.iter().filter_map(|leg| {
        let machine = lifecycle.machines.get(leg.playbook)?;
        let (state, stop, trace) = (&leg.state, leg.stop, &leg.trace);
        Some((leg, Journey { machine, sources, customer: id, state, stop, trace, language }))
    });
    let last = match onward {
        Onward::Over | Onward::Into(_) => None,
        Onward::Spent(name) => Some(format!("{id} has gone on to {name} as often as may be")),
        Onward::Missing(name) => Some(format!("{id} goes on to {name}, which is not among the files")),
        Onward::Endless => Some(format!("{id} has gone through {MOST} playbooks and would go on like this")),
    };
    if json {
        let journeys = journeys.map(|(leg, journey)| {
            let mut told = journey::json(journey);
            if let Json::Object(fields) = &mut told {
                fields.insert("lap".to_owned(), leg.lap.into());
                fields.insert("begins_day".to_owned(), crate::report::journey::day(leg.begins));
            }
            told
        });
        let journeys: Vec<Json> = journeys.collect();
        let found = as_json(findings, sources);
        let chain = json!({ "version": 1, "customer": id, "chain": journeys, "then": last, "diagnostics": found });
        format!("{chain:#}\n")
    } else {
        let journeys = journeys.map(|(_, journey)| journey::text(journey, session.look));
        let mut parts: Vec<String> = journeys.collect();
        parts.extend(last.map(|last| format!("{last}\n")));
        parts.join("\n")
    }
}
