//! `playbook diff`: what differs between two playbooks, in meaning, or between two pages of one process.

mod pages;

use super::pages::is_page;
use super::two::{Chosen, Two, two};
use super::{Exit, Session, Stop};
use crate::diff::differences;
use crate::report::diff::{Pair, human, json, markdown};
use std::path::PathBuf;

/// Say what differs between two playbooks, or two pages, in meaning and not in text
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Layout and comments are no difference. Of a guard that has changed it is said for which customers it decides
differently. A variant alone is compared with its base.

The exit code is 0 whether there are differences or not; with `--expect-none` it is 1 where there are any.

Two pages (`.md`) of one process, in one language or two, are compared by what they say: tasks, flags, roles, services,
steps, numbers in prose, links, and their histories. Numbers are compared by what they mean: `10k`, `10,000` and `10.000`
are the same. Here the exit code is 1 where something differs.

Examples:
  playbook diff old/review.play review.play
  playbook diff enterprise.play
  playbook diff variants.play --playbook enterprise --with light_touch
  playbook diff old.play new.play --format markdown --expect-none
  playbook diff en/review.md de/review-de.md")]
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

    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,

    /// Exit with 1 where there is a difference
    #[arg(long)]
    expect_none: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON document
    Json,
    /// For a pull request
    Markdown,
}

/// Compares them.
///
/// # Errors
/// Where a file cannot be read, or it is not clear which playbooks are meant.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    if is_page(&arguments.first) || arguments.second.as_ref().is_some_and(|second| is_page(second)) {
        let Some(second) = arguments.second.as_ref().filter(|second| is_page(&arguments.first) && is_page(second))
        else {
            return Err(Stop::Usage("a page is compared with another page, and both end in `.md`".to_owned(), None));
        };
        if arguments.format == Format::Markdown {
            let help = Some("Use `human` or `json`".to_owned());
            return Err(Stop::Usage("what differs between pages is not written as Markdown".to_owned(), help));
        }
        return pages::pages(&arguments.first, second, arguments.format == Format::Json, session);
    }
    let chosen = Chosen {
        first: &arguments.first,
        second: arguments.second.as_deref(),
        playbook: arguments.playbook.as_deref(),
        with: arguments.with.as_deref(),
    };
    let Some(Two { sources, old, new }) = two(chosen, arguments.format == Format::Json, session)? else {
        return Ok(Exit::Findings);
    };
    let found = differences(&old.playbook, &new.playbook, &sources);
    let pair = Pair { old: &old.playbook.name.name, new: &new.playbook.name.name };
    let text = match arguments.format {
        Format::Human => human(&found, pair, session.look),
        Format::Json => json(&found, pair, &sources),
        Format::Markdown => markdown(&found, pair),
    };
    session.out.write(&text)?;
    Ok(if arguments.expect_none && !found.is_empty() { Exit::Findings } else { Exit::Fine })
}
