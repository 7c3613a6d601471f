//! A cohort through a whole lifecycle.

use super::super::analyse::report;
use super::super::chain::{Chain, chain};
use super::super::{Exit, Session, Stop, input};
use super::{Arguments, CUSTOMERS, Format, Wanted, Who, bar, cannot, interruptible, open};
use crate::diagnostic::has_errors;
use crate::model::scenario::Scenario;
use crate::report::diagnostics::as_json;
use crate::report::simulation;
use crate::run::Customer;
use crate::run::chain::Lifecycle;
use crate::simulate::chain::{LifecycleSummary, simulate_lifecycle, waits_for_people};
use crate::simulate::{Assumption, Cohort, Options, assumptions};
use serde_json::{Value as Json, json};
use std::sync::atomic::Ordering;

/// Simulates it.
pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let json = arguments.format == Format::Json;
    let found = chain(&arguments.file, &arguments.chain, arguments.playbook.as_deref(), json, session)?;
    let Some(Chain { mut sources, documents }) = found else { return Ok(Exit::Findings) };
    for name in &arguments.scenario {
        if !documents.iter().any(|document| document.scenarios.iter().any(|scenario| scenario.name.name == *name)) {
            let known = documents.iter().flat_map(|document| &document.scenarios);
            let known: Vec<&str> = known.map(|scenario| scenario.name.name.as_str()).collect();
            let help = crate::suggest::did_you_mean(name, known.iter().copied())
                .unwrap_or_else(|| format!("There is {}", known.join(", ")));
            return Err(Stop::Usage(format!("no playbook of this lifecycle has a scenario `{name}`"), Some(help)));
        }
    }
    let (mut scenarios, mut playbooks) = (Vec::new(), Vec::new());
    for document in documents {
        scenarios.push(scenario(&document.playbook.name.name, document.scenarios, &arguments.scenario)?);
        playbooks.push(document.playbook);
    }
    let lifecycle = Lifecycle::new(playbooks);
    if let Some(at) = waits_for_people(&lifecycle, &scenarios) {
        let (playbook, scenario) = (&lifecycle.machines[at].playbook.name.name, &scenarios[at].name.name);
        let message = format!(
            "in the scenario `{scenario}` of `{playbook}` customers wait for people, who are not shared over a lifecycle"
        );
        let help = format!("Choose another one with `--scenario`, or simulate `{playbook}` without `--chain`");
        return Err(Stop::Usage(message, Some(help)));
    }
    let Some((first, scenario)) = lifecycle.machines.first().zip(scenarios.first()) else { return Ok(Exit::Findings) };
    let who = arguments.customers.clone().unwrap_or(Who::Number(scenario.customers.unwrap_or(CUSTOMERS)));
    let mut findings = Vec::new();
    let mut given: Option<Vec<Customer>> = None;
    if let Who::File(path) = &who {
        let mut problems = Vec::new();
        let customers = open(first, path, &mut sources, &mut findings)?;
        let mut wanted = Wanted { customers, problems: &mut problems, notes: Vec::new(), unreadable: None };
        given = Some(wanted.by_ref().collect());
        if let Some(error) = wanted.unreadable {
            return Err(cannot(path, &error));
        }
        let notes = std::mem::take(&mut wanted.notes);
        problems.extend(notes);
        let name = input::name(path);
        findings.extend(problems.into_iter().map(|problem| problem.diagnostic(&mut sources, &name)));
    }
    if has_errors(&findings) {
        report(&findings, &sources, json, session)?;
        return Ok(Exit::Findings);
    }
    let options = Options { seed: arguments.seed, threads: arguments.threads.map(usize::from), ..Options::default() };
    let mut given = given.map(Vec::into_iter);
    let (cohort, bar) = match (&mut given, &who) {
        (Some(given), _) => (Cohort::Given(given), bar(None)),
        (None, Who::Number(number)) => (Cohort::Drawn(*number), bar(Some(*number))),
        (None, Who::File(_)) => return Ok(Exit::Findings),
    };
    let (stop, progress) = interruptible(arguments, &bar);
    let tally = simulate_lifecycle(&lifecycle, &scenarios, cohort, &options, &progress, &stop)
        .map_err(|why| Stop::Unreadable(format!("there are no threads: {why}")))?;
    bar.finish_and_clear();
    let partial = stop.load(Ordering::Relaxed);
    let summary = LifecycleSummary::new(&lifecycle, &scenarios, arguments.seed, &tally);
    let pairs = lifecycle.machines.iter().zip(&scenarios);
    let mut left_out: Vec<Vec<Assumption>> = pairs.map(|(machine, scenario)| assumptions(machine, scenario)).collect();
    // When customers come to a later playbook, with which services and how far one looks, is settled before.
    let settled = ["when customers come", "the horizon", "which services are intended"];
    for left_out in left_out.iter_mut().skip(1) {
        left_out.retain(|one| !settled.contains(&one.about.as_str()));
    }
    let text = if json {
        let mut figures = summary.to_json();
        if let Json::Object(fields) = &mut figures {
            fields.insert("partial".to_owned(), json!(partial));
            fields.insert("diagnostics".to_owned(), Json::Array(as_json(&findings, &sources)));
        }
        let told = figures.get_mut("chain").and_then(Json::as_array_mut).into_iter().flatten();
        for (told, left_out) in told.zip(&left_out) {
            let left_out = left_out.iter().map(|one| json!({ "about": one.about, "taken": one.taken }));
            if let Json::Object(fields) = told {
                fields.insert("assumptions".to_owned(), left_out.collect());
            }
        }
        format!("{figures:#}\n")
    } else {
        simulation::lifecycle(&summary, &left_out, partial, session.look)
    };
    session.out.write(&text)?;
    if !json && !findings.is_empty() {
        report(&findings, &sources, false, session)?;
    }
    Ok(if partial { Exit::Interrupted } else { Exit::Fine })
}

/// The scenario of one playbook: the one that is named, or the only one there is.
fn scenario(playbook: &str, scenarios: Vec<Scenario>, named: &[String]) -> Result<Scenario, Stop> {
    let names: Vec<String> = scenarios.iter().map(|scenario| scenario.name.name.clone()).collect();
    let list = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let (mut wanted, others): (Vec<Scenario>, Vec<Scenario>) =
        scenarios.into_iter().partition(|scenario| named.contains(&scenario.name.name));
    if wanted.is_empty() {
        wanted = others;
    }
    match wanted.len() {
        0 => Err(Stop::Usage(
            format!("there is no scenario for `{playbook}`"),
            Some(
                "Every playbook of a lifecycle needs a `scenario NAME { … }`: name its file with `--chain`".to_owned(),
            ),
        )),
        1 => Ok(wanted.swap_remove(0)),
        _ => {
            let help = format!("Choose one with `--scenario`, once for each playbook: {}", list(&names));
            Err(Stop::Usage(format!("it is not clear which scenario of `{playbook}` is meant"), Some(help)))
        }
    }
}
