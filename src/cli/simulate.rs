//! `playbook simulate`: a cohort through a playbook, under the assumptions of a scenario.
#![expect(clippy::disallowed_methods, reason = "the command line is where cohorts are read")]

use super::analyse::{Subject, report, subject};
use super::input::{self, read_text};
use super::{Exit, Session, Stop};
use crate::diagnostic::{Diagnostic, Severity, has_errors};
use crate::model::scenario::Scenario;
use crate::report::diagnostics::as_json;
use crate::report::simulation;
use crate::run::customer::{CustomerError, CustomerProblem, Customers, read_json};
use crate::run::{Customer, Machine};
use crate::simulate::{Cohort, Failure, Options, Summary, Tally, missing_assumptions, simulate};
use crate::source::Sources;
use crate::suggest::did_you_mean;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value as Json;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where a scenario does not say how many.
const CUSTOMERS: u64 = 10_000;
/// More mistakes in a cohort than this are not listed.
const MOST_PROBLEMS: usize = 100;

/// Send a cohort of customers through a playbook, under the assumptions of a scenario
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The same file, scenario, seed and customers give the same figures, whatever the number of threads.

Examples:
  playbook simulate review.play
  playbook simulate review.play --scenario typical --customers 100000 --seed 7
  playbook simulate review.play --scenario typical --customers book.csv --format json")]
pub struct Arguments {
    /// The file of the playbook and its scenarios, or of scenarios that imports the playbook
    file: PathBuf,

    /// Which scenario, where there are several
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,

    /// How many customers, or a file of them: CSV, JSON, or JSON lines; where nothing is said, the scenario decides
    #[arg(long, value_name = "N|FILE", value_parser = parse_customers)]
    customers: Option<Who>,

    /// The seed of all randomness
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// How many threads; where nothing is said, one for each processor
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Which playbook, where the file holds several
    #[arg(long, value_name = "NAME")]
    playbook: Option<String>,

    /// How to print the figures
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
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
enum Who {
    Number(u64),
    File(PathBuf),
}

fn parse_customers(text: &str) -> Result<Who, String> {
    if text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '_') {
        return text.replace('_', "").parse().map(Who::Number).map_err(|_| "that is too many".to_owned());
    }
    Ok(Who::File(PathBuf::from(text)))
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
    let Some(subject) = subject(&arguments.file, arguments.playbook.as_deref(), json, session)? else {
        return Ok(Exit::Findings);
    };
    let Subject { mut sources, document } = subject;
    let scenario = choose(document.scenarios, arguments.scenario.as_deref(), &arguments.file)?;
    let machine = Machine::new(document.playbook);
    let who = arguments.customers.clone().unwrap_or(Who::Number(scenario.customers.unwrap_or(CUSTOMERS)));
    let mut findings = Vec::new();
    let result = match &who {
        Who::Number(number) => {
            findings.extend(missing_assumptions(&machine, &scenario));
            let bar = bar(Some(*number), json);
            go(&machine, &scenario, Cohort::Drawn(*number), arguments, &bar)
        }
        Who::File(path) => {
            let mut problems = Vec::new();
            let bar = bar(None, json);
            let result = {
                let customers = open(&machine, path, &mut sources, &mut findings)?;
                let mut wanted = Wanted { customers, problems: &mut problems, notes: Vec::new(), unreadable: None };
                let result = go(&machine, &scenario, Cohort::Given(&mut wanted), arguments, &bar);
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
    let tally = match result {
        Ok(tally) => tally,
        Err(Failure::Stopped(_)) => return Err(Stop::Interrupted),
        Err(Failure::NoThreads(why)) => return Err(Stop::Unreadable(format!("there are no threads: {why}"))),
    };
    let summary = Summary::new(&machine, &scenario.name.name, arguments.seed, &tally);
    let text = match arguments.format {
        Format::Human => simulation::text(&summary, &machine.playbook, session.language.as_deref(), session.look),
        Format::Json => {
            let mut figures = summary.to_json();
            if let Json::Object(fields) = &mut figures {
                fields.insert("diagnostics".to_owned(), Json::Array(as_json(&findings, &sources)));
            }
            format!("{figures:#}\n")
        }
    };
    session.out.write(&text)?;
    if !json && !findings.is_empty() {
        report(&findings, &sources, false, session)?;
    }
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
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    // Without a handler Ctrl-C ends the program at once, which is right too: nothing is written before the end.
    let _ = ctrlc::set_handler(move || asked.store(true, Ordering::Relaxed));
    let options = Options { seed: arguments.seed, threads: arguments.threads.map(usize::from), ..Options::default() };
    let result = simulate(machine, scenario, cohort, &options, &|done| bar.inc(done), &stop);
    bar.finish_and_clear();
    result
}

/// Progress, where somebody may be watching.
fn bar(customers: Option<u64>, json: bool) -> ProgressBar {
    if json || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, shape) = match customers {
        Some(customers) => (ProgressBar::new(customers), "{bar:40} {human_pos} of {human_len} customers, {eta} left"),
        None => (ProgressBar::no_length(), "{spinner} {human_pos} customers"),
    };
    match ProgressStyle::with_template(shape) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn choose(scenarios: Vec<Scenario>, name: Option<&str>, path: &Path) -> Result<Scenario, Stop> {
    let names: Vec<String> = scenarios.iter().map(|scenario| scenario.name.name.clone()).collect();
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let file = input::name(path);
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

fn cannot(path: &Path, error: &io::Error) -> Stop {
    Stop::Unreadable(format!("cannot read `{}`: {}", input::name(path), input::reason(error)))
}

type Read1<'m> = Box<dyn Iterator<Item = Result<Customer, CustomerError>> + 'm>;

/// The customers of a file, one at a time but for JSON, which is read whole.
fn open<'m>(
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
struct Wanted<'w, 'm> {
    customers: Read1<'m>,
    problems: &'w mut Vec<CustomerProblem>,
    notes: Vec<CustomerProblem>,
    unreadable: Option<io::Error>,
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
    }
}
