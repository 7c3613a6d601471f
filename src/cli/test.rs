//! `playbook test`: runs the tests of playbooks, and watches their properties on the same journeys.

use super::analyse::{Analysis, analyse, named, report};
use super::{Exit, Session, Stop};
use crate::diagnostic::{Diagnostic, has_errors};
use crate::report::test_results::{Tested, json, junit, text};
use crate::run::Machine;
use crate::source::FileId;
use crate::test;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Run the tests of playbooks
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A folder stands for all files in it, and in its folders, that end in `.play`. A file with errors is not tested.
Properties are watched on the journeys of the tests beside them.

Examples:
  playbook test workflows
  playbook test review.play --coverage
  playbook test workflows --format junit > tests.xml")]
pub struct Arguments {
    /// Files and folders; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Only the playbooks of this name
    #[arg(long, value_name = "NAME")]
    playbook: Option<String>,

    /// Say what no test goes through
    #[arg(long)]
    coverage: bool,

    /// How to print what came of them
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON document
    Json,
    /// A JUnit report, for build servers
    Junit,
}

/// Runs them.
///
/// # Errors
/// Where nothing can be tested at all, or standard output cannot be written.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let Analysis { mut loaded, documents, diagnostics, .. } = analyse(&arguments.paths)?;
    let errors: Vec<Diagnostic> = diagnostics.into_iter().filter(Diagnostic::is_fatal).collect();
    let wrong: BTreeSet<FileId> = errors.iter().map(|found| found.primary.span.file).collect();
    let mut tested = Vec::new();
    for (file, document) in named(documents, arguments.playbook.as_deref(), !errors.is_empty())? {
        let speaks = !document.tests.is_empty() || !document.properties.is_empty();
        let files = [file, document.playbook.name.span.file];
        if speaks && document.whole && !files.iter().any(|file| wrong.contains(file)) {
            let playbook = document.playbook.clone();
            let machine = Machine::new(document.playbook);
            let results = test::run(&machine, &loaded.sources, &document.tests, &document.properties);
            tested.push(Tested { playbook, results });
        }
    }
    let unread = if arguments.format == Format::Json { loaded.unread() } else { Vec::new() };
    let told: Vec<Diagnostic> = errors.iter().cloned().chain(unread).collect();
    let sources = &loaded.sources;
    let printed = match arguments.format {
        Format::Human => text(&tested, sources, arguments.coverage, session.look),
        Format::Json => format!("{:#}\n", json(&tested, &told, sources, arguments.coverage)),
        Format::Junit => junit(&tested, sources),
    };
    // Where errors are all there is, they say more than that there were no tests.
    let silent = loaded.requested() == 0 || (tested.is_empty() && !errors.is_empty());
    if !silent || arguments.format != Format::Human {
        session.out.write(&printed)?;
    }
    if arguments.format != Format::Json && !errors.is_empty() {
        report(&errors, sources, false, session)?;
    }
    loaded.complain(session);
    let failed = tested.iter().any(|tested| has_errors(&tested.results.diagnostics()));
    Ok(if !loaded.unreadable.is_empty() {
        Exit::Unreadable
    } else if failed || !errors.is_empty() {
        Exit::Findings
    } else {
        Exit::Fine
    })
}
