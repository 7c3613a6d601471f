//! `playbook compare`: two playbooks under one scenario, with the same luck.

use super::analyse::report;
use super::simulate::{
    CUSTOMERS, Wanted, Who, bar, cannot, choose, open, parse_customers, parse_replications, parse_seed, parse_threads,
    until_interrupted,
};
use super::two::{Chosen, Two, two};
use super::{Exit, Session, Stop, input};
use crate::check::outdated_variant::comes_after;
use crate::diagnostic::{Diagnostic, has_errors};
use crate::diff::region::Joined;
use crate::report::comparison;
use crate::report::diagnostics::as_json;
use crate::run::audience::{is_outside, many_outside};
use crate::run::{Customer, Machine};
use crate::simulate::compare::{ComparisonSummary, Pairs, Side, compare, known_to};
use crate::simulate::{Failure, Options, missing_assumptions, waits_for_people};
use crate::source::Sources;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// Send the same customers through two playbooks, with the same luck, and say what comes out differently
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Each customer goes through both. What is drawn of customers, and of things both playbooks have, is the same in both, so
differences are those of the playbooks. Intervals are of the differences; a variant alone is compared with its base.

The scenario is looked for in each of the two by its name; a variant has the scenarios of its base, but for those it says
anew. Where the two are not one, that is said.

Examples:
  playbook compare workflows/variants/enterprise.play --scenario typical
  playbook compare old/review.play review.play --customers 2000
  playbook compare variants.play --playbook enterprise --with light_touch --customers book.csv
  playbook compare review.play quick.play --scenario busy --replications 20 --format markdown")]
pub struct Arguments {
    /// The file of the first playbook; alone, of a variant that is compared with its base
    first: PathBuf,

    /// The file of the second playbook
    second: Option<PathBuf>,

    /// Which playbook of the first file, and of the second where it has one of that name
    #[arg(long, value_name = "NAME")]
    playbook: Option<String>,

    /// Which playbook to compare it with
    #[arg(long, value_name = "NAME")]
    with: Option<String>,

    /// Which scenario, where there are several
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,

    /// How many customers, or a file of them: CSV, JSON, or JSON lines; where nothing is said, the first one's scenario
    /// decides
    #[arg(long, value_name = "N|FILE", allow_negative_numbers = true, value_parser = parse_customers)]
    customers: Option<Who>,

    /// The seed of all randomness
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 1, value_parser = parse_seed)]
    seed: u64,

    /// How many threads; where nothing is said, one for each processor
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = parse_threads)]
    threads: Option<u16>,

    /// So many independent simulations of both, where customers wait for people: intervals come from how much these differ
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 1, value_parser = parse_replications)]
    replications: u32,

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
    /// For a pull request
    Markdown,
}

/// Compares them.
///
/// # Errors
/// Where a file cannot be read, it is not clear which playbooks or scenarios are meant, or it was interrupted.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let json = arguments.format == Format::Json;
    if let Some(Who::File(path)) = &arguments.customers
        && input::is_standard_input(path)
        && [Some(&arguments.first), arguments.second.as_ref()]
            .into_iter()
            .flatten()
            .any(|file| input::is_standard_input(file))
    {
        return Err(Stop::Usage("standard input (`-`) can be read only once".to_owned(), None));
    }
    let chosen = Chosen {
        first: &arguments.first,
        second: arguments.second.as_deref(),
        playbook: arguments.playbook.as_deref(),
        with: arguments.with.as_deref(),
    };
    let Some(Two { mut sources, old, new }) = two(chosen, json, session)? else { return Ok(Exit::Findings) };
    let named = arguments.scenario.as_deref();
    let second_file = arguments.second.as_ref().unwrap_or(&arguments.first);
    let scenarios = [
        choose(old.scenarios, &old.unfit, named, &arguments.first)?,
        choose(new.scenarios, &new.unfit, named, second_file)?,
    ];
    let same_scenario = scenarios[0].name.span == scenarios[1].name.span;
    let machines = [Machine::new(old.playbook), Machine::new(new.playbook)];
    let sides = [0, 1].map(|side| Side { machine: &machines[side], scenario: &scenarios[side] });
    let mut findings: Vec<Diagnostic> = Vec::new();
    let who = arguments.customers.clone().unwrap_or(Who::Number(scenarios[0].customers.unwrap_or(CUSTOMERS)));
    let pairs = match &who {
        Who::Number(number) => {
            for side in sides {
                for found in missing_assumptions(side.machine, side.scenario) {
                    if !findings.iter().any(|known| known.primary == found.primary && known.message == found.message) {
                        findings.push(found);
                    }
                }
            }
            Pairs::Drawn(*number)
        }
        Who::File(path) => Pairs::Given(given(&machines, path, &mut sources, &mut findings)?),
    };
    findings.extend(sides.iter().filter_map(|side| comes_after(&side.machine.playbook, side.scenario)));
    if has_errors(&findings) {
        report(&findings, &sources, json, session)?;
        return Ok(Exit::Findings);
    }
    let customers = match &pairs {
        Pairs::Drawn(customers) => *customers,
        Pairs::Given(pairs) => pairs.len() as u64,
    };
    let people = sides.iter().any(|side| waits_for_people(side.machine, side.scenario));
    let bar = bar(Some(customers.saturating_mul(if people { 2 * u64::from(arguments.replications) } else { 1 })));
    let (stop, progress) = until_interrupted(arguments.format == Format::Human, &bar);
    let options = Options {
        seed: arguments.seed,
        threads: arguments.threads.map(usize::from),
        replications: arguments.replications,
        ..Options::default()
    };
    let result = compare(sides, &pairs, &options, &progress, stop);
    bar.finish_and_clear();
    let counted = match result {
        Ok(counted) => counted,
        Err(Failure::Stopped(_)) => return Err(Stop::Interrupted),
        Err(Failure::NotCompiled(why) | Failure::NoThreads(why)) => {
            return Err(Stop::Unreadable(format!("there are no threads: {why}")));
        }
    };
    let partial = stop.load(Ordering::Relaxed);
    let summary = ComparisonSummary::new(sides, arguments.seed, &counted);
    let text = match arguments.format {
        Format::Human => comparison::text(&summary, same_scenario, partial, session.look),
        Format::Markdown => comparison::markdown(&summary, same_scenario, partial),
        Format::Json => {
            let mut figures = summary.to_json();
            if let Json::Object(fields) = &mut figures {
                fields.insert("same_scenario".to_owned(), json!(same_scenario));
                fields.insert("replications".to_owned(), json!(arguments.replications));
                fields.insert("partial".to_owned(), json!(partial));
                fields.insert("diagnostics".to_owned(), Json::Array(as_json(&findings, &sources)));
            }
            format!("{figures:#}\n")
        }
    };
    session.out.write(&text)?;
    if arguments.format == Format::Human && !findings.is_empty() {
        report(&findings, &sources, false, session)?;
    }
    Ok(if partial { Exit::Interrupted } else { Exit::Fine })
}

/// The customers of a file as each of the two knows them. A fact or service that one of them has is no mistake.
fn given(
    machines: &[Machine; 2],
    path: &Path,
    sources: &mut Sources,
    findings: &mut Vec<Diagnostic>,
) -> Result<Vec<[Customer; 2]>, Stop> {
    let [first, second] = machines;
    let mut both = Joined::new(&first.playbook, &second.playbook).playbook;
    for service in &second.playbook.services {
        if !both.services.iter().any(|known| known.name == service.name) {
            both.services.push(service.clone());
        }
    }
    // What is not said of a customer is for each of the two to say.
    both.facts.iter_mut().for_each(|fact| fact.default = None);
    let both = Machine::new(both);
    let mut problems = Vec::new();
    let customers = open(&both, path, sources, findings)?;
    let mut wanted = Wanted { customers, problems: &mut problems, notes: Vec::new(), unreadable: None };
    let customers: Vec<Customer> = wanted.by_ref().collect();
    if let Some(error) = wanted.unreadable {
        return Err(cannot(path, &error));
    }
    let notes = std::mem::take(&mut wanted.notes);
    problems.extend(notes);
    let name = input::name(path);
    findings.extend(problems.into_iter().map(|problem| problem.diagnostic(sources, &name)));
    let pair = |customer: &Customer| [0, 1].map(|side| known_to(customer, &both, &machines[side]));
    let pairs: Vec<[Customer; 2]> = customers.iter().map(pair).collect();
    for (side, machine) in machines.iter().enumerate() {
        let apart = pairs.iter().filter(|pair| is_outside(machine, &pair[side])).count() as u64;
        findings.extend(many_outside(machine, apart, pairs.len() as u64));
    }
    Ok(pairs)
}
