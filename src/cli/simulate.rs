//! `playbook simulate`: a cohort through a playbook, under the assumptions of a scenario.
#![expect(clippy::disallowed_methods, reason = "the command line is where cohorts are read")]

mod chain;

use super::analyse::{Subject, report, subject};
use super::input::{self, read_text};
use super::output::{keep_apart, write_file};
use super::{Exit, Session, Stop};
use crate::check::outdated_variant::{begins_after, comes_after};
use crate::diagnostic::{Diagnostic, Severity, has_errors};
use crate::model::scenario::Scenario;
use crate::report::diagnostics::as_json;
use crate::report::event_log::{LogFormat, LogWriter};
use crate::report::journey::{self, Journey};
use crate::report::{simulation, simulation_page};
use crate::run::audience::{is_outside, many_outside};
use crate::run::customer::{CustomerError, CustomerProblem, Customers, read_json};
use crate::run::{Customer, Machine};
use crate::simulate::log::{LogEntry, log};
use crate::simulate::{
    Cohort, Engine, Failure, Options, Shard, Summary, Tally, assumptions, compiles, missing_assumptions, replay,
    simulate, waits_for_people,
};
use crate::source::Sources;
use crate::suggest::did_you_mean;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Where a scenario does not say how many.
pub(super) const CUSTOMERS: u64 = 10_000;
/// After so long progress is shown.
const PATIENCE: Duration = Duration::from_secs(1);
/// More mistakes in a cohort than this are not listed.
const MOST_PROBLEMS: usize = 100;

/// The most customers of a cohort.
const MOST_CUSTOMERS: u64 = 1_000_000_000;

/// The most parts of a cohort.
const MOST_PARTS: u64 = 10_000;

/// Send a cohort of customers through a playbook, under the assumptions of a scenario
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "\
The same file, scenario, seed and customers give the same figures, whatever the number of threads.

Examples:
  playbook simulate review.play
  playbook simulate review.play --scenario typical --customers 100000 --seed 7
  playbook simulate review.play --scenario typical --customers book.csv --format json
  playbook simulate review.play --scenario busy --replications 20
  playbook simulate review.play --scenario typical --only 17
  playbook simulate kickoff.play --chain workflows
  playbook simulate kickoff.play --chain workflows --only 17
  playbook simulate review.play --report figures.html --log events.csv
  playbook simulate review.play --shard 1/2 --format json > one.json
  playbook simulate review.play --merge one.json two.json")]
pub struct Arguments {
    /// The file of the playbook and its scenarios, or of scenarios that imports the playbook
    file: PathBuf,

    /// Which scenario, where there are several; with `--chain` once for each playbook that has several
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,

    /// Let each customer go on into the playbooks of these files and folders, where an end `continues` in one
    #[arg(
        long,
        value_name = "PATH",
        conflicts_with_all = ["replications", "engine"]
    )]
    chain: Vec<PathBuf>,

    /// How many customers, or a file of them: CSV, JSON, or JSON lines; where nothing is said, the scenario decides
    #[arg(long, value_name = "N|FILE", allow_negative_numbers = true, value_parser = parse_customers)]
    customers: Option<Who>,

    /// The seed of all randomness
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 1, value_parser = parse_seed)]
    seed: u64,

    /// How many threads; where nothing is said, one for each processor
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = parse_threads)]
    threads: Option<u16>,

    /// So many independent simulations, where customers wait for people: intervals then come from how much these differ
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 1, value_parser = parse_replications)]
    replications: u32,

    /// One part of N of the customers, or of the replications where customers wait for people
    #[arg(long, value_name = "I/N", value_parser = parse_shard, conflicts_with = "only")]
    shard: Option<Shard>,

    /// Put parts together that `--shard` wrote with `--format json`; they say which scenario, seed and replications
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["shard", "only", "customers"])]
    merge: Vec<PathBuf>,

    /// Tell one simulated customer's journey with reasons, as `run` does: by number from 1, or by id for a file of customers
    #[arg(long, allow_hyphen_values = true, value_name = "ID")]
    only: Option<String>,

    /// Write the figures as a page to look at in a browser, too
    #[arg(long, value_name = "OUT.html", conflicts_with = "only")]
    report: Option<PathBuf>,

    /// Write what happened to whom and when, too: `.csv`, `.jsonl`, or `.xes` for process mining tools
    #[arg(long, value_name = "OUT", value_parser = parse_log, conflicts_with_all = ["only", "shard", "merge"])]
    log: Option<(PathBuf, LogFormat)>,

    /// What follows the customers: where nothing is said, the compiled form, or the interpreter where there is none
    #[arg(long, value_enum, default_value_t = Follows::Auto)]
    engine: Follows,

    /// Which playbook, where the file holds several
    #[arg(long, value_name = "NAME")]
    playbook: Option<String>,

    /// How to print the figures
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Follows {
    /// The compiled form, or the interpreter where there is none
    Auto,
    /// The compiled form: many customers side by side
    Compiled,
    /// The reference interpreter: one customer after the other
    Interpreter,
}

impl From<Follows> for Engine {
    fn from(follows: Follows) -> Engine {
        match follows {
            Follows::Auto => Engine::Auto,
            Follows::Compiled => Engine::Compiled,
            Follows::Interpreter => Engine::Interpreter,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Tables, for people
    Human,
    /// One JSON document
    Json,
}

/// Who goes through the playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    Number(u64),
    File(PathBuf),
}

/// A whole number from 1 to `most`, for clap.
pub(super) fn parse_from_one<N: TryFrom<u64>>(text: &str, most: u64) -> Result<N, String> {
    let number = text.parse::<u64>().ok().filter(|number| (1..=most).contains(number));
    number.and_then(|number| N::try_from(number).ok()).ok_or_else(|| format!("that is a whole number from 1 to {most}"))
}

/// How many threads.
pub(super) fn parse_threads(text: &str) -> Result<u16, String> {
    parse_from_one(text, 1_024)
}

/// How many replications.
pub(super) fn parse_replications(text: &str) -> Result<u32, String> {
    parse_from_one(text, 10_000)
}

pub(super) fn parse_customers(text: &str) -> Result<Who, String> {
    if text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '_') {
        let number: Option<u64> = text.replace('_', "").parse().ok();
        let number = number.filter(|number| *number <= MOST_CUSTOMERS);
        return number.map(Who::Number).ok_or_else(|| format!("a cohort has no more than {MOST_CUSTOMERS} customers"));
    }
    match text.parse::<f64>() {
        Ok(number) if number < 0.0 => Err("a cohort has no fewer than 0 customers".to_owned()),
        Ok(_) => Err("how many customers is a whole number".to_owned()),
        Err(_) if text.is_empty() => Err("how many customers, or the file they stand in, is missing".to_owned()),
        Err(_) => Ok(Who::File(PathBuf::from(text))),
    }
}

pub(super) fn parse_seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

fn parse_shard(text: &str) -> Result<Shard, String> {
    let wrong = || "a part is written `1/4`: which one, and of how many".to_owned();
    let (index, of) = text.split_once('/').ok_or_else(wrong)?;
    let (index, of): (u64, u64) = (index.parse().map_err(|_| wrong())?, of.parse().map_err(|_| wrong())?);
    match () {
        () if of > MOST_PARTS => Err(format!("there are no more than {MOST_PARTS} parts")),
        () if !(1..=of).contains(&index) => Err(format!("of {of} parts there is none with the number {index}")),
        () => Ok(Shard { index, of }),
    }
}

fn parse_log(text: &str) -> Result<(PathBuf, LogFormat), String> {
    let path = PathBuf::from(text);
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let format = match ending.as_str() {
        "csv" => LogFormat::Csv,
        "jsonl" => LogFormat::JsonLines,
        "xes" => LogFormat::Xes,
        _ => return Err("a log ends in `.csv`, `.jsonl` or `.xes`".to_owned()),
    };
    Ok((path, format))
}

/// Simulates it.
///
/// # Errors
/// Where a file cannot be read, it is not clear which scenario is meant, or it was interrupted.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let json = arguments.format == Format::Json;
    if let Some(Who::File(path)) = &arguments.customers
        && input::is_standard_input(path)
        && input::is_standard_input(&arguments.file)
    {
        return Err(Stop::Usage("standard input (`-`) can be read only once".to_owned(), None));
    }
    let customers = match &arguments.customers {
        Some(Who::File(path)) => Some(path),
        _ => None,
    };
    let read = std::iter::once(&arguments.file).chain(&arguments.chain).chain(&arguments.merge).chain(customers);
    let written = arguments.report.iter().chain(arguments.log.as_ref().map(|(path, _)| path));
    keep_apart(written.map(PathBuf::as_path), read.map(PathBuf::as_path))?;
    if !arguments.chain.is_empty() {
        return chain::run(arguments, session);
    }
    let named = match arguments.scenario.as_slice() {
        [] => None,
        [only] => Some(only.as_str()),
        [_, second, ..] => {
            let help = "With `--chain` each playbook can have one of its own";
            return Err(Stop::Usage(format!("one scenario too many: `{second}`"), Some(help.to_owned())));
        }
    };
    let parts = part_files(&arguments.merge)?;
    let Some(subject) = subject(&arguments.file, arguments.playbook.as_deref(), json, session)? else {
        return Ok(Exit::Findings);
    };
    let Subject { mut sources, document } = subject;
    let named = named.or_else(|| parts.first().and_then(|(_, part)| part.get("scenario")?.as_str()));
    let scenario = choose(document.scenarios, &document.unfit, named, &arguments.file)?;
    let machine = Machine::new(document.playbook);
    let who = arguments.customers.clone().unwrap_or(Who::Number(scenario.customers.unwrap_or(CUSTOMERS)));
    if let Some(id) = &arguments.only {
        return only(&machine, &scenario, &who, id, arguments, &mut sources, session);
    }
    let mut findings = Vec::new();
    if !parts.is_empty() {
        let arguments = as_in(&parts, arguments);
        let tally = merged(&machine, &scenario, &parts, &arguments)?;
        return print(&machine, &scenario, &tally, &findings, &sources, false, &arguments, session);
    }
    findings.extend(comes_after(&machine.playbook, &scenario));
    let people = waits_for_people(&machine, &scenario);
    if arguments.shard.is_some_and(|shard| shard.of > u64::from(arguments.replications)) && people {
        let help = "Parts divide the replications: say as many `--replications` at least";
        return Err(Stop::Usage(
            "customers who wait for the same people cannot be simulated apart".to_owned(),
            Some(help.to_owned()),
        ));
    }
    let result = match &who {
        Who::Number(number) => {
            findings.extend(missing_assumptions(&machine, &scenario));
            let bar = bar(Some(number.saturating_mul(u64::from(if people { arguments.replications } else { 1 }))));
            go(&machine, &scenario, Cohort::Drawn(*number), arguments, &bar)
        }
        Who::File(path) => {
            let mut problems = Vec::new();
            let bar = bar(None);
            let result = {
                let customers = open(&machine, path, &mut sources, &mut findings)?;
                let mut wanted = Wanted { customers, problems: &mut problems, notes: Vec::new(), unreadable: None };
                // The latest of those who begin with a variant that is over by then.
                let (mut late, mut latest) = (0_u64, None);
                let (mut apart, mut all) = (0_u64, 0_u64);
                let mut seen = wanted.by_ref().inspect(|customer| {
                    all += 1;
                    apart += u64::from(is_outside(&machine, customer));
                    if customer.start.is_some_and(|start| begins_after(&machine.playbook, "", start).is_some()) {
                        late += 1;
                        latest = latest.max(customer.start);
                    }
                });
                let result = go(&machine, &scenario, Cohort::Given(&mut seen), arguments, &bar);
                let who = if late == 1 { "one customer".to_owned() } else { format!("the last of {late} customers") };
                findings.extend(many_outside(&machine, apart, all));
                findings.extend(latest.and_then(|start| begins_after(&machine.playbook, &who, start)));
                if let Some(error) = wanted.unreadable {
                    return Err(cannot(path, &error));
                }
                let notes = std::mem::take(&mut wanted.notes);
                problems.extend(notes);
                result
            };
            let name = input::name(path);
            findings.extend(problems.into_iter().map(|problem| problem.diagnostic(&mut sources, &name)));
            result
        }
    };
    if has_errors(&findings) {
        report(&findings, &sources, json, session)?;
        return Ok(Exit::Findings);
    }
    let (tally, partial) = match result {
        Ok(tally) => (tally, false),
        Err(Failure::Stopped(tally)) => (*tally, true),
        Err(Failure::NotCompiled(why)) => {
            let help = "Leave `--engine` out: the interpreter follows what cannot be compiled";
            return Err(Stop::Usage(
                format!("this scenario cannot be compiled: there is no compiled form for {why}"),
                Some(help.to_owned()),
            ));
        }
        Err(Failure::NoThreads(why)) => return Err(Stop::Unreadable(format!("there are no threads: {why}"))),
    };
    if let (Some((path, format)), false) = (&arguments.log, partial) {
        write_log(&machine, &scenario, &who, path, *format, arguments, &mut sources)?;
    }
    let exit = print(&machine, &scenario, &tally, &findings, &sources, partial, arguments, session)?;
    Ok(after_log(exit, arguments, session))
}

/// How the command ends, where Ctrl-C may have come while the log was made: the figures are whole then, and there is no log.
fn after_log(exit: Exit, arguments: &Arguments, session: &mut Session) -> Exit {
    match &arguments.log {
        Some((path, _)) if exit == Exit::Fine && INTERRUPTED.load(Ordering::Relaxed) => {
            let path = path.display();
            session.complain(&Stop::Unreadable(format!("`{path}` was not written: it was interrupted")));
            Exit::Interrupted
        }
        _ => exit,
    }
}

/// The journeys again, written down.
fn write_log(
    machine: &Machine,
    scenario: &Scenario,
    who: &Who,
    path: &Path,
    format: LogFormat,
    arguments: &Arguments,
    sources: &mut Sources,
) -> Result<(), Stop> {
    let writer = LogWriter { playbook: &machine.playbook, starts: scenario.starts, format, lap: None };
    let options = Options { seed: arguments.seed, ..Options::default() };
    let mut text = writer.head();
    let mut entries = Vec::new();
    {
        let mut sink = |entry: LogEntry| {
            // In XES the lines of a customer stand together.
            if format == LogFormat::Xes {
                entries.push(entry)
            } else {
                text.push_str(&writer.line(&entry))
            }
            true
        };
        match who {
            Who::Number(customers) => {
                log(machine, scenario, Cohort::Drawn(*customers), &options, &mut sink, &INTERRUPTED);
            }
            Who::File(path) if input::is_standard_input(path) => {
                return Err(Stop::Usage("standard input (`-`) can be read only once".to_owned(), None));
            }
            Who::File(path) => {
                let (mut findings, mut problems) = (Vec::new(), Vec::new());
                let customers = open(machine, path, sources, &mut findings)?;
                let mut wanted = Wanted { customers, problems: &mut problems, notes: Vec::new(), unreadable: None };
                log(machine, scenario, Cohort::Given(&mut wanted), &options, &mut sink, &INTERRUPTED);
            }
        }
    }
    if INTERRUPTED.load(Ordering::Relaxed) {
        return Ok(());
    }
    text.push_str(&by_case(&writer, &entries));
    text.push_str(writer.tail());
    write_file(path, text.as_bytes())
}

/// The lines of a log, those of each customer together.
fn by_case(writer: &LogWriter<'_>, entries: &[LogEntry]) -> String {
    let mut text = String::new();
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, entry) in entries.iter().enumerate() {
        first.entry(&entry.case).or_insert(place);
    }
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|place| (first.get(&*entries[*place].case).copied(), *place));
    for case in order.chunk_by(|one, other| entries[*one].case == entries[*other].case) {
        let Some(one) = case.first() else { continue };
        text.push_str(&writer.trace(&entries[*one].case));
        case.iter().for_each(|place| text.push_str(&writer.line(&entries[*place])));
        text.push_str(writer.end_of_trace());
    }
    text
}

/// The figures, and what else is to be said.
#[expect(clippy::too_many_arguments, reason = "all that is said at the end")]
fn print(
    machine: &Machine,
    scenario: &Scenario,
    tally: &Tally,
    findings: &[Diagnostic],
    sources: &Sources,
    partial: bool,
    arguments: &Arguments,
    session: &mut Session,
) -> Result<Exit, Stop> {
    let summary = Summary::new(machine, &scenario.name.name, arguments.seed, tally);
    let left_out = assumptions(machine, scenario);
    let json = arguments.format == Format::Json;
    let text = if json {
        let mut figures = summary.to_json();
        if let Json::Object(fields) = &mut figures {
            fields.insert("partial".to_owned(), json!(partial));
            fields.insert("replications".to_owned(), json!(arguments.replications));
            let left_out = left_out.iter().map(|one| json!({ "about": one.about, "taken": one.taken }));
            fields.insert("assumptions".to_owned(), left_out.collect());
            let compiled = match arguments.engine {
                Follows::Interpreter => None,
                Follows::Auto | Follows::Compiled => {
                    Some(compiles(machine, scenario, matches!(arguments.customers, Some(Who::File(_)))))
                }
            };
            let engine = if compiled == Some(Ok(())) { "compiled" } else { "interpreter" };
            fields.insert("engine".to_owned(), engine.into());
            if let Some(Err(why)) = compiled {
                fields.insert("not_compiled".to_owned(), why.into());
            }
            fields.insert("diagnostics".to_owned(), Json::Array(as_json(findings, sources)));
            if let Some(shard) = arguments.shard {
                fields.insert("shard".to_owned(), json!({ "index": shard.index, "of": shard.of }));
                fields.insert("tally".to_owned(), json!(tally));
            }
        }
        format!("{figures:#}\n")
    } else {
        let language = session.language.as_deref();
        simulation::text(&summary, &machine.playbook, &left_out, partial, language, session.look)
    };
    if let Some(path) = &arguments.report {
        let language = session.language.as_deref();
        let page = simulation_page::html(&summary, &machine.playbook, &left_out, partial, language);
        write_file(path, page.as_bytes())?;
    }
    session.out.write(&text)?;
    if !json && !findings.is_empty() {
        report(findings, sources, false, session)?;
    }
    Ok(if partial { Exit::Interrupted } else { Exit::Fine })
}

fn unfit(name: &str, why: &str) -> Stop {
    Stop::Unreadable(format!("cannot use `{name}`: {why}"))
}

/// The parts that are to be put together: their names, and what they say.
fn part_files(paths: &[PathBuf]) -> Result<Vec<(String, Json)>, Stop> {
    let read = |path: &PathBuf| {
        let name = input::name(path);
        let bytes = input::read(path)?;
        let figures = serde_json::from_slice(&bytes).map_err(|_| unfit(&name, "it is not JSON"))?;
        Ok((name, figures))
    };
    paths.iter().map(read).collect()
}

/// What was asked for; what was not is as the parts have it.
fn as_in(parts: &[(String, Json)], arguments: &Arguments) -> Arguments {
    let told = |field: &str| parts.first().and_then(|(_, first)| first.get(field)?.as_u64());
    let mut asked = arguments.clone();
    if asked.seed == 1 {
        asked.seed = told("seed").unwrap_or(1);
    }
    if asked.replications == 1 {
        asked.replications = told("replications").and_then(|number| number.try_into().ok()).unwrap_or(1);
    }
    asked
}

/// The parts of one simulation, put together.
fn merged(
    machine: &Machine,
    scenario: &Scenario,
    files: &[(String, Json)],
    arguments: &Arguments,
) -> Result<Tally, Stop> {
    let same = |figures: &Json| {
        let told = |field: &str| figures.get(field).cloned().unwrap_or(Json::Null);
        told("playbook") == machine.playbook.name.name
            && told("scenario") == scenario.name.name
            && told("seed") == arguments.seed
            && told("replications") == arguments.replications
    };
    let other = "it is of another playbook, scenario, seed or number of replications";
    let tallies = parts(files, &same, other, |tally: &Tally| tally.fits(machine))?;
    // In the order of the parts, whichever file was named first: figures over time begin with the first.
    let mut whole = Tally::new(machine);
    for tally in tallies {
        whole.merge(&tally);
        whole.parts.extend(tally.parts);
    }
    whole.parts.sort_by_key(|part| part.replication);
    Ok(whole)
}

/// The counts of the parts of one simulation, in their order. `same` is whether figures are of it, else they are of `other`.
fn parts<T: serde::de::DeserializeOwned>(
    files: &[(String, Json)],
    same: &dyn Fn(&Json) -> bool,
    other: &str,
    fits: impl Fn(&T) -> bool,
) -> Result<Vec<T>, Stop> {
    let mut seen: Vec<(u64, u64)> = Vec::new();
    let mut tallies = BTreeMap::new();
    for (name, figures) in files {
        let unfit = |why: &str| unfit(name, why);
        let told = |field: &str| figures.get(field).cloned().unwrap_or(Json::Null);
        if !same(figures) {
            return Err(unfit(other));
        }
        let shard = |field: &str| figures.get("shard").and_then(|shard| shard.get(field)).and_then(Json::as_u64);
        let (Some(index), Some(of)) = (shard("index"), shard("of")) else {
            return Err(unfit("it is no part that `--shard` wrote with `--format json`"));
        };
        if told("partial") == true {
            return Err(unfit("that part was interrupted"));
        }
        if seen.iter().any(|(known, parts)| *known == index || *parts != of) {
            return Err(unfit("parts of one simulation are needed, each once"));
        }
        seen.push((index, of));
        let tally: T = serde_json::from_value(told("tally")).map_err(|_| unfit("its counts cannot be read"))?;
        if !fits(&tally) {
            return Err(unfit("its counts are of another playbook"));
        }
        tallies.insert(index, tally);
    }
    if let Some((_, of)) = seen.first().filter(|(_, of)| *of != seen.len() as u64) {
        let message = format!("a part is missing: there are {of}, and {} were given", seen.len());
        return Err(Stop::Usage(message, None));
    }
    Ok(tallies.into_values().collect())
}

/// One simulated customer's journey, with reasons.
fn only(
    machine: &Machine,
    scenario: &Scenario,
    who: &Who,
    id: &str,
    arguments: &Arguments,
    sources: &mut Sources,
    session: &mut Session,
) -> Result<Exit, Stop> {
    let json = arguments.format == Format::Json;
    let options = Options { seed: arguments.seed, ..Options::default() };
    let nobody = |known: String| Stop::Usage(format!("there is no customer `{id}`"), Some(known));
    let replayed = match who {
        Who::Number(customers) => {
            let known = format!("Drawn customers are numbered from 1 to {customers}");
            let number = id.parse::<u64>().ok().filter(|number| (1..=*customers).contains(number));
            let number = number.ok_or_else(|| nobody(known))?;
            replay(machine, scenario, Cohort::Drawn(*customers), number - 1, &options)
        }
        Who::File(path) => {
            let (mut findings, mut problems) = (Vec::new(), Vec::new());
            let customers = open(machine, path, sources, &mut findings)?;
            let mut wanted = Wanted { customers, problems: &mut problems, notes: Vec::new(), unreadable: None };
            let customers: Vec<Customer> = wanted.by_ref().collect();
            if let Some(error) = wanted.unreadable {
                return Err(cannot(path, &error));
            }
            let name = input::name(path);
            findings.extend(problems.into_iter().map(|problem| problem.diagnostic(sources, &name)));
            if has_errors(&findings) {
                report(&findings, sources, json, session)?;
                return Ok(Exit::Findings);
            }
            let place = customers.iter().position(|customer| customer.id == id);
            let known = did_you_mean(id, customers.iter().map(|customer| customer.id.as_str()));
            let place = place.ok_or_else(|| nobody(known.unwrap_or_else(|| format!("It is not in `{name}`"))))?;
            let mut customers = customers.into_iter();
            replay(machine, scenario, Cohort::Given(&mut customers), place as u64, &options)
        }
    };
    let Some(replayed) = replayed else {
        let message = format!("customer `{id}` has not come by the horizon of the scenario");
        return Err(Stop::Usage(message, None));
    };
    let told = Journey {
        machine,
        sources,
        customer: id,
        state: &replayed.state,
        stop: replayed.stop,
        trace: &replayed.trace,
        language: session.language.as_deref(),
    };
    let text = if json { format!("{:#}\n", journey::json(told)) } else { journey::text(told, session.look) };
    session.out.write(&text)?;
    Ok(Exit::Fine)
}

/// Simulates until it is done or somebody presses Ctrl-C.
fn go(
    machine: &Machine,
    scenario: &Scenario,
    cohort: Cohort<'_>,
    arguments: &Arguments,
    bar: &ProgressBar,
) -> Result<Tally, Failure> {
    let (stop, progress) = interruptible(arguments, bar);
    let options = Options {
        seed: arguments.seed,
        threads: arguments.threads.map(usize::from),
        shard: arguments.shard,
        replications: arguments.replications,
        engine: arguments.engine.into(),
    };
    let result = simulate(machine, scenario, cohort, &options, &progress, stop);
    bar.finish_and_clear();
    result
}

/// Whether somebody has pressed Ctrl-C, once it is listened for.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What becomes true when somebody presses Ctrl-C, and what is told how many customers are done.
fn interruptible<'b>(
    arguments: &Arguments,
    bar: &'b ProgressBar,
) -> (&'static AtomicBool, impl Fn(u64) + Sync + use<'b>) {
    until_interrupted(arguments.format == Format::Human, bar)
}

/// The same; a person `looks` at the output.
pub(super) fn until_interrupted(
    looks: bool,
    bar: &ProgressBar,
) -> (&'static AtomicBool, impl Fn(u64) + Sync + use<'_>) {
    let watched = looks && io::stderr().is_terminal();
    // Without a handler Ctrl-C ends the program at once, which is right too: nothing is written before the end.
    let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed));
    let begun = Instant::now();
    let progress = move |done| {
        bar.inc(done);
        // What is over in a moment needs no bar.
        if bar.is_hidden() && watched && begun.elapsed() >= PATIENCE {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    };
    (&INTERRUPTED, progress)
}

/// Progress, not yet shown.
pub(super) fn bar(customers: Option<u64>) -> ProgressBar {
    let (bar, shape) = match customers {
        Some(customers) => {
            (ProgressBar::new(customers), "{bar:40} {human_pos} of {human_len} customers, {per_sec}, {eta} left")
        }
        None => (ProgressBar::no_length(), "{spinner} {human_pos} customers, {per_sec}"),
    };
    bar.set_draw_target(ProgressDrawTarget::hidden());
    match ProgressStyle::with_template(shape) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The scenario of this name, or the only one. `unfit` are those of a base that cannot be read for the variant.
pub(super) fn choose(
    scenarios: Vec<Scenario>,
    unfit: &[(String, Diagnostic)],
    name: Option<&str>,
    path: &Path,
) -> Result<Scenario, Stop> {
    let names: Vec<String> = scenarios.iter().map(|scenario| scenario.name.name.clone()).collect();
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let file = input::name(path);
    // One that does not fit is told with its reason: by its name, or where there is no other.
    let wanted = |known: &String| name.map_or(names.is_empty(), |name| known == name) && !names.contains(known);
    if let Some((name, why)) = unfit.iter().find(|(known, _)| wanted(known)) {
        let message = format!("the scenario `{name}` of the base does not fit this variant: {}", why.message);
        let help = "Give the variant a scenario of its own, `scenario NAME for VARIANT { … }`";
        return Err(Stop::Usage(message, Some(help.to_owned())));
    }
    match name {
        Some(name) => scenarios.into_iter().find(|scenario| scenario.name.name == name).ok_or_else(|| {
            let help = did_you_mean(name, names.iter().map(String::as_str));
            let help = help.or_else(|| (!list.is_empty()).then(|| format!("There is {list}")));
            Stop::Usage(format!("there is no scenario `{name}` in `{file}`"), help)
        }),
        None if scenarios.len() > 1 => Err(Stop::Usage(
            format!("there are {} scenarios in `{file}`", scenarios.len()),
            Some(format!("Choose one with `--scenario`: {list}")),
        )),
        None => scenarios.into_iter().next().ok_or_else(|| {
            let help = "A simulation needs a `scenario NAME { … }`, which says how the world behaves";
            Stop::Usage(format!("there is no scenario in `{file}`"), Some(help.to_owned()))
        }),
    }
}

pub(super) fn cannot(path: &Path, error: &io::Error) -> Stop {
    Stop::Unreadable(format!("cannot read `{}`: {}", input::name(path), input::reason(error)))
}

pub(super) type Read1<'m> = Box<dyn Iterator<Item = Result<Customer, CustomerError>> + 'm>;

/// The customers of a file, one at a time but for JSON, which is read whole.
pub(super) fn open<'m>(
    machine: &'m Machine,
    path: &Path,
    sources: &mut Sources,
    findings: &mut Vec<Diagnostic>,
) -> Result<Read1<'m>, Stop> {
    let ending = path.extension().map(|ending| ending.to_ascii_lowercase()).unwrap_or_default();
    if ending == "json" {
        let (file, not_a_text) = read_text(path, sources)?;
        let text = sources.get(file).map(|source| source.text.clone()).unwrap_or_default();
        let (customers, found) = match not_a_text {
            None => read_json(machine, file, &text),
            Some(finding) => (Vec::new(), vec![finding]),
        };
        findings.extend(found.into_iter().take(MOST_PROBLEMS));
        let customers = if has_errors(findings) { Vec::new() } else { customers };
        return Ok(Box::new(customers.into_iter().map(Ok)));
    }
    let reader: Box<dyn Read + 'm> = if input::is_standard_input(path) {
        Box::new(io::stdin())
    } else {
        if path.is_dir() {
            return Err(Stop::Unreadable(format!("cannot read `{}`: it is a folder, not a file", path.display())));
        }
        Box::new(File::open(path).map_err(|error| cannot(path, &error))?)
    };
    Ok(if ending == "csv" {
        Box::new(Customers::csv(machine, reader))
    } else {
        Box::new(Customers::json_lines(machine, BufReader::new(reader)))
    })
}

/// The customers of a file as long as all are right. From the first mistake on, only mistakes are collected.
pub(super) struct Wanted<'w, 'm> {
    pub(super) customers: Read1<'m>,
    pub(super) problems: &'w mut Vec<CustomerProblem>,
    pub(super) notes: Vec<CustomerProblem>,
    pub(super) unreadable: Option<io::Error>,
}

impl Iterator for Wanted<'_, '_> {
    type Item = Customer;

    fn next(&mut self) -> Option<Customer> {
        while self.unreadable.is_none() && self.problems.len() < MOST_PROBLEMS {
            match self.customers.next()? {
                Ok(customer) if self.problems.is_empty() => return Some(customer),
                Ok(_) => {}
                Err(CustomerError::Problem(problem)) if problem.diagnostic.severity != Severity::Error => {
                    self.notes.push(*problem);
                }
                Err(CustomerError::Problem(problem)) => self.problems.push(*problem),
                Err(CustomerError::Unreadable(error)) => self.unreadable = Some(error),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_files() {
        assert_eq!(parse_customers("10_000"), Ok(Who::Number(10_000)));
        assert_eq!(parse_customers("0"), Ok(Who::Number(0)));
        assert_eq!(parse_customers("book.csv"), Ok(Who::File(PathBuf::from("book.csv"))));
        assert_eq!(parse_customers("2020.csv"), Ok(Who::File(PathBuf::from("2020.csv"))));
        assert!(parse_customers("99999999999999999999").is_err());
        assert_eq!(parse_shard("2/4"), Ok(Shard { index: 2, of: 4 }));
        for wrong in ["0/4", "5/4", "1", "1/", "a/b", "1/0", "-1/2"] {
            assert!(parse_shard(wrong).is_err(), "{wrong}");
        }
    }
}
