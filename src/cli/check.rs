//! `playbook check`: everything that can be said about playbooks without running them.

use super::analyse::{Analysis, analyse};
use super::{Exit, Session, Stop, pages};
use crate::report::diagnostics::{Format, Summary, render};
use std::path::PathBuf;

/// Check playbooks: everything that can be said without running them
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A folder stands for all files in it, and in its folders, that end in `.play`, and for its pages of a written
playbook: those are looked at together, where they lead, the tasks they share, and their translations.

A comment silences a warning or a note: `// playbook: allow NAME -- why`, at the end of the line, on a
line of its own before it, or at the top of the file for the whole file.

Examples:
  playbook check review.play
  playbook check workflows --deny warnings
  playbook check pages
  playbook check workflows --format sarif > findings.sarif
  cat review.play | playbook check -")]
pub struct Arguments {
    /// Files and folders; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// How to print what was found
    #[arg(long, value_enum, default_value_t = FormatChoice::Human)]
    format: FormatChoice,

    /// What to exit with 1 for, besides errors
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Denied>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FormatChoice {
    /// For people
    Human,
    /// One line each
    Short,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code scanning services
    Sarif,
    /// Workflow commands, for GitHub
    Github,
}

impl From<FormatChoice> for Format {
    fn from(choice: FormatChoice) -> Format {
        match choice {
            FormatChoice::Human => Format::Human,
            FormatChoice::Short => Format::Short,
            FormatChoice::Json => Format::Json,
            FormatChoice::Sarif => Format::Sarif,
            FormatChoice::Github => Format::Github,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Denied {
    /// Warnings
    Warnings,
}

/// Checks them and prints what was found. Files that cannot be read are named on standard error, and the others are
/// checked all the same.
///
/// # Errors
/// Where nothing can be checked at all, or standard output cannot be written.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let (paths, pages) = pages::split(&arguments.paths);
    let mut analysis = if paths.is_empty() { Analysis::default() } else { analyse(&paths)? };
    let mut pages = pages.read(std::mem::take(&mut analysis.loaded.sources));
    if paths.is_empty() && pages.pages.is_empty() && pages.unreadable.is_empty() {
        // Markdown of another kind: as in a folder without any.
        analyse(&arguments.paths)?;
    }
    let mut diagnostics = std::mem::take(&mut analysis.diagnostics);
    diagnostics.extend(pages.findings());
    let files = analysis.loaded.requested() + pages.pages.len();
    // People read about them on standard error.
    if arguments.format != FormatChoice::Human {
        diagnostics.extend(
            analysis.loaded.unreadable.iter().chain(&pages.unreadable).map(|unread| unread.finding(&mut pages.sources)),
        );
    }
    let readable = analysis.loaded.unreadable.is_empty() && pages.unreadable.is_empty();
    if files > 0 || readable || arguments.format != FormatChoice::Human {
        let text = render(arguments.format.into(), &diagnostics, &pages.sources, files, session.look);
        session.out.write(&text)?;
    }
    analysis.loaded.complain(session);
    pages.unreadable.iter().for_each(|unread| session.complain(&unread.stop));
    let summary = Summary::of(&diagnostics);
    Ok(if !readable {
        Exit::Unreadable
    } else if summary.errors > 0 || (arguments.deny == Some(Denied::Warnings) && summary.warnings > 0) {
        Exit::Findings
    } else {
        Exit::Fine
    })
}
