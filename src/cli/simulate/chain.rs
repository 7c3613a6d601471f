//! A cohort through a whole lifecycle.

use super::super::analyse::report;
use super::super::chain::{Chain, chain};
use super::super::output::write_file;
use super::super::run::chain::told_as_text;
use super::super::{Exit, Session, Stop, input};
use super::{
    Arguments, CUSTOMERS, Format, INTERRUPTED, Wanted, Who, after_log, as_in, bar, cannot, interruptible, open,
    part_files, parts,
};
use crate::check::outdated_variant::comes_after;
use crate::diagnostic::{Diagnostic, has_errors};
use crate::model::Playbook;
use crate::model::scenario::Scenario;
use crate::report::diagnostics::as_json;
use crate::report::event_log::{LogFormat, LogWriter};
use crate::report::{simulation, simulation_page};
use crate::run::Customer;
use crate::run::audience::{is_outside, many_outside};
use crate::run::chain::Lifecycle;
use crate::simulate::chain::{
    LifecycleSummary, LifecycleTally, log_lives, replay_life, simulate_lifecycle, waits_for_people,
};
use crate::simulate::log::LogEntry;
use crate::simulate::{Assumption, Cohort, Options, assumptions};
use crate::source::Sources;
use crate::suggest::did_you_mean;
use serde_json::{Value as Json, json};
use std::path::Path;
use std::sync::Arc;
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
    let pairs: Vec<(&str, &str)> = lifecycle
        .machines
        .iter()
        .zip(&scenarios)
        .map(|(machine, scenario)| (machine.playbook.name.name.as_str(), scenario.name.name.as_str()))
        .collect();
    if !arguments.merge.is_empty() {
        let files = part_files(&arguments.merge)?;
        let arguments = &as_in(&files, arguments);
        // Figures of a lifecycle name each playbook with its scenario.
        let same = |figures: &Json| {
            let told = |one: &Json, field: &str| one.get(field).and_then(Json::as_str).unwrap_or_default().to_owned();
            let chain = figures.get("chain").and_then(Json::as_array);
            let named: Vec<(String, String)> =
                chain.into_iter().flatten().map(|one| (told(one, "playbook"), told(one, "scenario"))).collect();
            figures.get("seed").and_then(Json::as_u64) == Some(arguments.seed)
                && named
                    .iter()
                    .map(|(playbook, scenario)| (playbook.as_str(), scenario.as_str()))
                    .eq(pairs.iter().copied())
        };
        let fits = |tally: &LifecycleTally| tally.fits(&lifecycle);
        let tallies = parts(&files, &same, "it is of another lifecycle, scenario or seed", fits)?;
        let tally = LifecycleTally::merged(&lifecycle, tallies);
        return print(&lifecycle, &scenarios, &tally, (&sources, &[]), false, arguments, session);
    }
    let who = arguments.customers.clone().unwrap_or(Who::Number(scenario.customers.unwrap_or(CUSTOMERS)));
    let mut findings: Vec<Diagnostic> = comes_after(&first.playbook, scenario).into_iter().collect();
    let mut given: Option<Vec<Customer>> = None;
    if let Who::File(path) = &who {
        let mut problems = Vec::new();
        let customers = open(first, path, &mut sources, &mut findings)?;
        let mut wanted = Wanted { customers, problems: &mut problems, notes: Vec::new(), unreadable: None };
        given = Some(wanted.by_ref().collect());
        if let Some(error) = wanted.unreadable {
            return Err(cannot(path, &error));
        }
        let apart = given.iter().flatten().filter(|customer| is_outside(first, customer)).count() as u64;
        findings.extend(many_outside(first, apart, given.as_ref().map_or(0, Vec::len) as u64));
        let notes = std::mem::take(&mut wanted.notes);
        problems.extend(notes);
        let name = input::name(path);
        findings.extend(problems.into_iter().map(|problem| problem.diagnostic(&mut sources, &name)));
    }
    if has_errors(&findings) {
        report(&findings, &sources, json, session)?;
        return Ok(Exit::Findings);
    }
    let options = Options {
        seed: arguments.seed,
        threads: arguments.threads.map(usize::from),
        shard: arguments.shard,
        ..Options::default()
    };
    if let Some(id) = &arguments.only {
        let nobody = |known: Option<String>| Stop::Usage(format!("there is no customer `{id}`"), known);
        let place = match (&given, &who) {
            (Some(given), _) => {
                let known = || did_you_mean(id, given.iter().map(|customer| customer.id.as_str()));
                given.iter().position(|customer| customer.id == *id).ok_or_else(|| nobody(known()))? as u64
            }
            (None, Who::Number(customers)) => {
                let known = format!("Drawn customers are numbered from 1 to {customers}");
                let number = id.parse::<u64>().ok().filter(|number| (1..=*customers).contains(number));
                number.ok_or_else(|| nobody(Some(known)))? - 1
            }
            (None, Who::File(_)) => return Ok(Exit::Findings),
        };
        let mut given = given.map(Vec::into_iter);
        let cohort = match (&mut given, &who) {
            (None, Who::Number(number)) => Cohort::Drawn(*number),
            (Some(given), _) => Cohort::Given(given),
            (None, Who::File(_)) => return Ok(Exit::Findings),
        };
        let Some((legs, onward)) = replay_life(&lifecycle, &scenarios, cohort, place, &options, &INTERRUPTED) else {
            let message = format!("customer `{id}` has not come by the horizon of the scenario");
            return Err(Stop::Usage(message, None));
        };
        let text = told_as_text(&lifecycle, &legs, onward, id, (&sources, &findings), json, session);
        session.out.write(&text)?;
        return Ok(Exit::Fine);
    }
    let for_log = arguments.log.as_ref().map(|_| given.clone());
    let mut given = given.map(Vec::into_iter);
    let (cohort, bar) = match (&mut given, &who) {
        (Some(given), _) => (Cohort::Given(given), bar(None)),
        (None, Who::Number(number)) => (Cohort::Drawn(*number), bar(Some(*number))),
        (None, Who::File(_)) => return Ok(Exit::Findings),
    };
    let (stop, progress) = interruptible(arguments, &bar);
    let tally = simulate_lifecycle(&lifecycle, &scenarios, cohort, &options, &progress, stop)
        .map_err(|why| Stop::Unreadable(format!("there are no threads: {why}")))?;
    bar.finish_and_clear();
    let partial = stop.load(Ordering::Relaxed);
    if let (Some((path, format)), Some(given), false) = (&arguments.log, for_log, partial) {
        write_log(&lifecycle, &scenarios, (&who, given), path, *format, &options)?;
    }
    let exit = print(&lifecycle, &scenarios, &tally, (&sources, &findings), partial, arguments, session)?;
    Ok(after_log(exit, arguments, session))
}

/// The lives again, written down.
fn write_log(
    lifecycle: &Lifecycle,
    scenarios: &[Scenario],
    (who, given): (&Who, Option<Vec<Customer>>),
    path: &Path,
    format: LogFormat,
    options: &Options,
) -> Result<(), Stop> {
    let starts = scenarios.first().and_then(|scenario| scenario.starts);
    let writers: Vec<LogWriter<'_>> = lifecycle
        .machines
        .iter()
        .map(|machine| LogWriter { playbook: &machine.playbook, starts, format, lap: Some(1) })
        .collect();
    let Some(writer) = writers.first().copied() else { return Ok(()) };
    let (mut text, mut last) = (writer.head(), None);
    let mut sink = |playbook: usize, lap: u32, entry: LogEntry| {
        // One life comes after the other.
        if last.as_ref() != Some(&entry.case) {
            if last.is_some() {
                text.push_str(writer.end_of_trace());
            }
            text.push_str(&writer.trace(&entry.case));
            last = Some(Arc::clone(&entry.case));
        }
        if let Some(writer) = writers.get(playbook) {
            text.push_str(&LogWriter { lap: Some(lap), ..*writer }.line(&entry));
        }
        true
    };
    let mut given = given.map(Vec::into_iter);
    let cohort = match (&mut given, who) {
        (Some(given), _) => Cohort::Given(given),
        (None, Who::Number(number)) => Cohort::Drawn(*number),
        (None, Who::File(_)) => return Ok(()),
    };
    log_lives(lifecycle, scenarios, cohort, options, &mut sink, &INTERRUPTED);
    if INTERRUPTED.load(Ordering::Relaxed) {
        return Ok(());
    }
    if last.is_some() {
        text.push_str(writer.end_of_trace());
    }
    text.push_str(writer.tail());
    write_file(path, text.as_bytes())
}

/// The figures, and what else is to be said.
fn print(
    lifecycle: &Lifecycle,
    scenarios: &[Scenario],
    tally: &LifecycleTally,
    (sources, findings): (&Sources, &[Diagnostic]),
    partial: bool,
    arguments: &Arguments,
    session: &mut Session,
) -> Result<Exit, Stop> {
    let json = arguments.format == Format::Json;
    let summary = LifecycleSummary::new(lifecycle, scenarios, arguments.seed, tally);
    let pairs = lifecycle.machines.iter().zip(scenarios);
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
            if let Some(shard) = arguments.shard {
                fields.insert("shard".to_owned(), json!({ "index": shard.index, "of": shard.of }));
                fields.insert("tally".to_owned(), json!(tally));
            }
            fields.insert("diagnostics".to_owned(), Json::Array(as_json(findings, sources)));
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
    if let Some(path) = &arguments.report {
        let playbooks: Vec<&Playbook> = lifecycle.machines.iter().map(|machine| &machine.playbook).collect();
        let language = session.language.as_deref();
        let page = simulation_page::lifecycle(&summary, &playbooks, &left_out, partial, language);
        write_file(path, page.as_bytes())?;
    }
    session.out.write(&text)?;
    if !json && !findings.is_empty() {
        report(findings, sources, false, session)?;
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
