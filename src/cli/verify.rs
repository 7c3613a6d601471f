//! `playbook verify`: what holds for every journey there can be, and the customer for whom it does not.

use super::analyse::{Analysis, analyse_essentials, named, report};
use super::output::write_file;
use super::simulate::parse_threads;
use super::{Exit, Session, Stop};
use crate::diagnostic::Diagnostic;
use crate::report::verdicts::{Counts, Verified, json, line, text};
use crate::run::Machine;
use crate::source::FileId;
use crate::suggest::did_you_mean;
use crate::verify::answer::{Answered, Options, answers};
use crate::verify::verdict::Verdict;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What takes no longer is only told as a whole.
const SOON: Duration = Duration::from_secs(1);

/// More threads are only taken where they are asked for: each question may take half a gigabyte.
const MOST_THREADS: usize = 4;

/// Whether somebody pressed Ctrl-C.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Decide properties and soundness: each is proved, refuted with an example customer, or not decided
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A folder stands for all files in it, and in its folders, that end in `.play`. A file with errors is not looked at.
Every refutation has been followed by the interpreter. `--witness` saves its customer and timeline as
NAME.customer.json and NAME.timeline.jsonl, which `playbook run` accepts; files of these names that are there are
replaced.

Examples:
  playbook verify review.play
  playbook verify review.play --property settled --budget 5000000
  playbook verify workflows --strict --format json
  playbook verify review.play --witness examples")]
pub struct Arguments {
    /// Files and folders; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Only the playbooks of this name
    #[arg(long, value_name = "NAME")]
    playbook: Option<String>,

    /// Only the property of this name
    #[arg(long, value_name = "NAME")]
    property: Option<String>,

    /// How many events may be followed for each question
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 2_000_000, value_parser = parse_budget)]
    budget: u64,

    /// Exit with 1 also for what is not decided
    #[arg(long)]
    strict: bool,

    /// Save the example customers of refutations in this folder
    #[arg(long, value_name = "DIR")]
    witness: Option<PathBuf>,

    /// How many threads; where nothing is said, one for each processor, four at most: each may need half a gigabyte
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = parse_threads)]
    threads: Option<u16>,

    /// How to print the verdicts
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON document
    Json,
}

/// Decides them and prints the verdicts.
///
/// # Errors
/// Where nothing can be looked at, no property has the name that was asked for, or something cannot be written.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    // Without a handler Ctrl-C ends the program at once: then nothing is said, and nothing is written.
    let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed));
    let Analysis { mut loaded, documents, diagnostics, .. } = analyse_essentials(&arguments.paths)?;
    // What can happen to customers on the way is what this command is about: it says so itself.
    let errors: Vec<Diagnostic> = diagnostics.into_iter().filter(Diagnostic::is_fatal).collect();
    let wrong: BTreeSet<FileId> = errors.iter().map(|found| found.primary.span.file).collect();
    let documents: Vec<_> = named(documents, arguments.playbook.as_deref(), !errors.is_empty())?
        .into_iter()
        .filter(|(file, document)| {
            document.whole && ![*file, document.playbook.name.span.file].iter().any(|file| wrong.contains(file))
        })
        .collect();
    if let Some(name) = &arguments.property {
        let all = documents.iter().flat_map(|(_, document)| &document.properties).map(|known| known.name.name.as_str());
        if !all.clone().any(|known| known == name) && errors.is_empty() {
            let help = did_you_mean(name, all);
            return Err(Stop::Usage(format!("there is no property `{name}`"), help));
        }
    }
    let threads = arguments
        .threads
        .map_or_else(|| std::thread::available_parallelism().map_or(1, |all| all.get().min(MOST_THREADS)), usize::from);
    let options = Options {
        budget: arguments.budget,
        only: arguments.property.as_deref(),
        threads,
        stop: Some(|| INTERRUPTED.load(Ordering::Relaxed)),
    };
    let questions: usize = documents.iter().map(|(_, document)| document.properties.len() + 1).sum();
    let bar = bar(questions as u64, arguments.format == Format::Json);
    let mut verified = Vec::new();
    let look = session.error_look;
    for (_, document) in documents {
        let machine = Machine::new(document.playbook.clone());
        let done = |found: &[Answered]| {
            bar.inc(1);
            // Who has waited for a second may not wait until the end: what is known so far is said as it comes.
            if !bar.is_hidden() && bar.elapsed() > SOON {
                let told: Vec<String> = found.iter().map(|answer| line(answer, look)).collect();
                // That nobody listens is no reason to stop.
                bar.suspend(|| told.iter().for_each(|line| drop(writeln!(std::io::stderr(), "{line}"))));
            }
        };
        let answers = answers(&document, &machine, &options, &done);
        if !answers.is_empty() {
            verified.push(Verified { machine, answers, interrupted: INTERRUPTED.load(Ordering::Relaxed) });
        }
    }
    bar.finish_and_clear();
    let unread = if arguments.format == Format::Json { loaded.unread() } else { Vec::new() };
    let told: Vec<Diagnostic> = errors.iter().cloned().chain(unread).collect();
    let sources = &loaded.sources;
    let printed = match arguments.format {
        Format::Human => text(&verified, sources, session.look),
        Format::Json => format!("{:#}\n", json(&verified, &told, sources)),
    };
    // Where errors are all there is, they say more than that nothing was proved.
    let silent = loaded.requested() == 0 || (verified.is_empty() && !errors.is_empty());
    if !silent || arguments.format != Format::Human {
        session.out.write(&printed)?;
    }
    if arguments.format != Format::Json && !errors.is_empty() {
        report(&errors, sources, false, session)?;
    }
    if let Some(folder) = &arguments.witness {
        save(folder, &verified)?;
    }
    loaded.complain(session);
    let counts = Counts::of(&verified);
    Ok(if INTERRUPTED.load(Ordering::Relaxed) {
        Exit::Interrupted
    } else if !loaded.unreadable.is_empty() {
        Exit::Unreadable
    } else if counts.refuted > 0 || !errors.is_empty() || (arguments.strict && counts.undecided > 0) {
        Exit::Findings
    } else {
        Exit::Fine
    })
}

fn parse_budget(text: &str) -> Result<u64, String> {
    text.replace('_', "")
        .parse()
        .ok()
        .filter(|budget| *budget > 0)
        .ok_or_else(|| "a budget is a whole number of events from 1 up".to_owned())
}

/// Writes the example customers, each file as a whole.
fn save(folder: &Path, verified: &[Verified]) -> Result<(), Stop> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Stop::Unreadable(format!("cannot make the folder `{}`: {}", folder.display(), super::input::reason(&error)))
    })?;
    let several = verified.len() > 1;
    for known in verified {
        for answer in &known.answers {
            let Verdict::Refuted(Some(witness)) = &answer.verdict else { continue };
            let playbook = &known.machine.playbook.name.name;
            let name = if several { format!("{playbook}.{}", answer.name) } else { answer.name.clone() };
            let customer = format!("{:#}\n", witness.journey.customer_json(&known.machine));
            let lines = witness.journey.timeline_json(&known.machine);
            let timeline: String = lines.iter().map(|line| format!("{line}\n")).collect();
            write_file(&folder.join(format!("{name}.customer.json")), customer.as_bytes())?;
            write_file(&folder.join(format!("{name}.timeline.jsonl")), timeline.as_bytes())?;
        }
    }
    Ok(())
}

/// Progress past a second, where somebody may be watching.
fn bar(questions: u64, json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(questions);
    bar.enable_steady_tick(Duration::from_secs(1));
    match ProgressStyle::with_template("{spinner} {pos} of {len} questions answered, {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
