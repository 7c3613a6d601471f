//! `playbook run`: one customer through a playbook, with the reason for each move.

pub(super) mod chain;
mod interactive;

use super::analyse::{Subject, report, subject};
use super::input::{self, read, read_text};
use super::{Exit, Session, Stop};
use crate::check::outdated_variant::begins_after;
use crate::diagnostic::{Diagnostic, EMPTY_FILE, has_errors};
use crate::report::diagnostics::as_json;
use crate::report::journey::{self, Journey};
use crate::run::audience::outside;
use crate::run::customer::{CustomerError, Customers, duration, read_json};
use crate::run::state::Seconds;
use crate::run::timeline::{Followed, Said, Timeline, follow};
use crate::run::trace::Trace;
use crate::run::{Customer, Machine};
use crate::source::{Sources, Span};
use crate::value::Duration;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

/// Take one customer through a playbook, and say why each move is made
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The customer is a JSON object, as `playbook run` and `playbook simulate` share it:
  { \"id\": \"contoso\", \"start\": \"2020-03-02\", \"csm_assigned\": true,
    \"services\": { \"teams\": { \"enabled\": true, \"active_usage\": \"3%\" } } }
A timeline has a JSON object on each line:
  {\"day\": 14, \"service\": \"teams\", \"set\": {\"active_usage\": 8.0}}
Without a timeline each task is complete when it is offered, and time passes by the playbook's own timers.

Examples:
  playbook run review.play --customer contoso.json
  playbook run review.play --customer contoso.json --timeline contoso.jsonl --until 90d
  playbook run review.play --customer book.csv --id contoso --format json
  playbook run kickoff.play --customer contoso.json --chain workflows
  playbook run review.play --interactive")]
pub struct Arguments {
    /// The file of the playbook
    file: PathBuf,

    /// The customer: JSON, JSON lines or CSV; `-` is standard input
    #[arg(long, value_name = "FILE", required_unless_present = "interactive")]
    customer: Option<PathBuf>,

    /// Which customer, where the file holds several
    #[arg(long, value_name = "ID")]
    id: Option<String>,

    /// What becomes known, happens and is done over time, as JSON lines; `-` is standard input
    #[arg(long, value_name = "FILE")]
    timeline: Option<PathBuf>,

    /// Ask for what it needs to know, and show what is next
    #[arg(long, conflicts_with_all = ["timeline", "until", "format"])]
    interactive: bool,

    /// Follow the customer on into the playbooks of these files and folders, where an end `continues` in one
    #[arg(long, value_name = "PATH", conflicts_with = "interactive")]
    chain: Vec<PathBuf>,

    /// How far to look: 90d, 12h, 2w, or `90 days`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = parse_time)]
    until: Option<Duration>,

    /// Which playbook, where the file holds several
    #[arg(long, value_name = "NAME")]
    playbook: Option<String>,

    /// How to print the journey
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Day by day, for people
    Human,
    /// One JSON document
    Json,
}

/// Runs it.
///
/// # Errors
/// Where a file cannot be read, or it is not clear which customer is meant.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let inputs = [Some(&arguments.file), arguments.customer.as_ref(), arguments.timeline.as_ref()];
    let asks = arguments.interactive && inputs.into_iter().flatten().any(|path| input::is_standard_input(path));
    if asks {
        return Err(Stop::Usage(
            "standard input is where answers come from: name a file instead of `-`".to_owned(),
            None,
        ));
    }
    if inputs.into_iter().flatten().filter(|path| input::is_standard_input(path)).count() > 1 {
        return Err(Stop::Usage("standard input (`-`) can be read only once".to_owned(), None));
    }
    if !arguments.chain.is_empty() {
        return chain::run(arguments, session);
    }
    let json = arguments.format == Format::Json;
    let Some(subject) = subject(&arguments.file, arguments.playbook.as_deref(), json, session)? else {
        return Ok(Exit::Findings);
    };
    let Subject { mut sources, document } = subject;
    let machine = Machine::new(document.playbook);
    let mut findings = Vec::new();
    let customers = match &arguments.customer {
        Some(path) => customers(&machine, path, &mut sources, &mut findings)?,
        None => Vec::new(),
    };
    if let Some(path) = &arguments.customer
        && customers.is_empty()
        && !has_errors(&findings)
    {
        findings.push(no_customer(path, &mut sources));
    }
    let timeline = match &arguments.timeline {
        Some(path) => timeline(&machine, path, &mut sources, &mut findings)?,
        None => Timeline::default(),
    };
    if has_errors(&findings) {
        report(&findings, &sources, json, session)?;
        return Ok(Exit::Findings);
    }
    let customer = match &arguments.customer {
        Some(path) => Some(choose(customers, arguments.id.as_deref(), path)?),
        None => None,
    };
    let customer = match customer {
        Some(customer) if !arguments.interactive => customer,
        customer => return interactive::run(&machine, &sources, customer, session),
    };
    let (said, undated) = timeline.for_customer(&customer.id, customer.start);
    if has_errors(&undated) {
        report(&undated, &sources, json, session)?;
        return Ok(Exit::Findings);
    }
    findings.extend(undated);
    findings.extend(outside(&machine, &customer, &format!("`{}`", customer.id)));
    if let Some(start) = customer.start {
        findings.extend(begins_after(&machine.playbook, &format!("`{}`", customer.id), start));
    }
    let (told, findings) = tell(&machine, &customer, said, arguments, &sources, findings, session);
    session.out.write(&told)?;
    if !json && !findings.is_empty() {
        report(&findings, &sources, false, session)?;
    }
    Ok(if has_errors(&findings) { Exit::Findings } else { Exit::Fine })
}

/// The journey in words or as JSON, and what was found on the way.
fn tell(
    machine: &Machine,
    customer: &Customer,
    said: Vec<Said>,
    arguments: &Arguments,
    sources: &Sources,
    mut findings: Vec<Diagnostic>,
    session: &Session,
) -> (String, Vec<Diagnostic>) {
    let mut trace = Trace::default();
    let until: Option<Seconds> = arguments.until.map(|until| until.0);
    let Followed { state, stop, findings: found } = follow(machine, customer, said, &mut trace, until);
    findings.extend(found);
    let journey = Journey {
        machine,
        sources,
        customer: &customer.id,
        state: &state,
        stop,
        trace: &trace,
        language: session.language.as_deref(),
    };
    let text = match arguments.format {
        Format::Human => journey::text(journey, session.look),
        Format::Json => {
            let mut told = journey::json(journey);
            if let Json::Object(fields) = &mut told {
                fields.insert("diagnostics".to_owned(), json!(as_json(&findings, sources)));
            }
            format!("{told:#}\n")
        }
    };
    (text, findings)
}

/// The customers of a file. A table is known by its ending.
fn customers(
    machine: &Machine,
    path: &Path,
    sources: &mut Sources,
    findings: &mut Vec<Diagnostic>,
) -> Result<Vec<Customer>, Stop> {
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
        let bytes = read(path)?;
        let mut customers = Vec::new();
        for customer in Customers::csv(machine, bytes.as_slice()) {
            match customer {
                Ok(customer) => customers.push(customer),
                Err(CustomerError::Problem(problem)) => {
                    findings.push(problem.diagnostic(sources, &input::name(path)));
                }
                Err(CustomerError::Unreadable(error)) => {
                    return Err(Stop::Unreadable(format!(
                        "cannot read `{}`: {}",
                        input::name(path),
                        input::reason(&error)
                    )));
                }
            }
        }
        return Ok(customers);
    }
    let (file, not_a_text) = read_text(path, sources)?;
    if let Some(finding) = not_a_text {
        findings.push(finding);
        return Ok(Vec::new());
    }
    let text = sources.get(file).map(|source| source.text.clone()).unwrap_or_default();
    let (customers, found) = read_json(machine, file, &text);
    findings.extend(found);
    Ok(customers)
}

fn no_customer(path: &Path, sources: &mut Sources) -> Diagnostic {
    let file = sources.add(input::name(path), "");
    Diagnostic::new(&EMPTY_FILE, Span { file, start: 0, end: 0 }, "there is no customer in this file")
        .help("Write one as JSON, `{ \"id\": \"contoso\" }`, or as a row of a table below the names of its columns")
}

fn timeline(
    machine: &Machine,
    path: &Path,
    sources: &mut Sources,
    findings: &mut Vec<Diagnostic>,
) -> Result<Timeline, Stop> {
    let (file, not_a_text) = read_text(path, sources)?;
    if let Some(finding) = not_a_text {
        findings.push(finding);
        return Ok(Timeline::default());
    }
    let text = sources.get(file).map(|source| source.text.clone()).unwrap_or_default();
    let (timeline, found) = Timeline::read(machine, file, &text);
    findings.extend(found);
    Ok(timeline)
}

fn choose(customers: Vec<Customer>, id: Option<&str>, path: &Path) -> Result<Customer, Stop> {
    let file = input::name(path);
    match id {
        Some(id) => {
            let ids: Vec<String> = customers.iter().map(|customer| customer.id.clone()).collect();
            customers.into_iter().find(|customer| customer.id == id).ok_or_else(|| {
                let help = crate::suggest::did_you_mean(id, ids.iter().map(String::as_str));
                Stop::Usage(format!("there is no customer `{id}` in `{file}`"), help)
            })
        }
        None if customers.len() > 1 => {
            let some: Vec<String> = customers.iter().take(5).map(|customer| format!("`{}`", customer.id)).collect();
            let more = if customers.len() > some.len() { ", …" } else { "" };
            Err(Stop::Usage(
                format!("there are {} customers in `{file}`", customers.len()),
                Some(format!("Choose one with `--id`: {}{more}", some.join(", "))),
            ))
        }
        None => {
            customers.into_iter().next().ok_or_else(|| Stop::Usage(format!("there is no customer in `{file}`"), None))
        }
    }
}

/// `90d`, `12h`, `2w`, or as a playbook writes it: `90 days`.
fn parse_time(text: &str) -> Result<Duration, String> {
    let wrong = || "a length of time looks like `90d`, `12h`, `2w` or `90 days`".to_owned();
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let long = match &text[number.len()..] {
        "s" => "seconds",
        "min" => "minutes",
        "h" => "hours",
        "d" => "days",
        "w" => "weeks",
        other => other,
    };
    duration(&format!("{} {long}", number.trim())).filter(|time| time.0 >= 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        let seconds = |text: &str| parse_time(text).map(|time| time.0).ok();
        assert_eq!(seconds("90d"), Some(90 * 86_400));
        assert_eq!(seconds("1.5h"), Some(5_400));
        assert_eq!(seconds("2 weeks"), Some(14 * 86_400));
        assert_eq!(seconds("0d"), Some(0));
        for wrong in ["", "90", "d", "-1d", "90 fortnights", "1e99d", "九d"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
