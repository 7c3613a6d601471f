//! `playbook diff`: what differs between two playbooks, in meaning, or between two pages of one process.

mod pages;

use super::analyse::{Analysis, analyse, report};
use super::pages::is_page;
use super::{Exit, Session, Stop};
use crate::diagnostic::Diagnostic;
use crate::diff::differences;
use crate::model::Document;
use crate::report::diff::{Pair, human, json, markdown};
use crate::source::FileId;
use std::path::{Path, PathBuf};

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
    let paths: Vec<PathBuf> =
        [Some(&arguments.first), arguments.second.as_ref()].into_iter().flatten().cloned().collect();
    if let Some(folder) = paths.iter().find(|path| path.is_dir()) {
        return Err(Stop::Unreadable(format!("cannot read `{}`: it is a folder, not a file", folder.display())));
    }
    let Analysis { loaded, documents, bases, diagnostics } = analyse(&paths)?;
    if let Some(unread) = loaded.unreadable.into_iter().next() {
        return Err(unread.stop);
    }
    // What can happen to customers on the way keeps nobody from looking at it.
    if diagnostics.iter().any(Diagnostic::is_fatal) {
        report(&diagnostics, &loaded.sources, arguments.format == Format::Json, session)?;
        return Ok(Exit::Findings);
    }
    let files: Vec<&Vec<Document>> = documents.iter().map(|(_, documents)| documents).collect();
    let own = |at: usize| -> Vec<&Document> {
        // One file named twice was read once.
        let at = at.min(files.len().saturating_sub(1));
        let file: Option<FileId> = documents.get(at).map(|(file, _)| *file);
        let list = files.get(at).into_iter().flat_map(|list| list.iter());
        list.filter(|document| Some(document.playbook.name.span.file) == file).collect()
    };
    let only_one = arguments.second.is_none();
    let first = choose(&own(0), arguments.playbook.as_deref(), &arguments.first, "--playbook")?;
    let second = match (&arguments.second, &arguments.with) {
        (Some(path), Some(name)) => choose(&own(1), Some(name), path, "--with")?,
        (Some(path), None) => {
            let there = own(1);
            let same = there.iter().find(|document| document.playbook.name.name == first.playbook.name.name);
            match same {
                Some(document) => *document,
                None => choose(&there, None, path, "--with")?,
            }
        }
        (None, Some(name)) => choose(&own(0), Some(name), &arguments.first, "--with")?,
        (None, None) => first,
    };
    // A variant alone stands against its base.
    let (old, new) = if only_one && arguments.with.is_none() {
        let Some(variant) = &first.playbook.about.variant else {
            let help = "Name a second file, or with `--with` a second playbook of this one";
            let message =
                format!("`{}` is not a variant: there is nothing to compare it with", first.playbook.name.name);
            return Err(Stop::Usage(message, Some(help.to_owned())));
        };
        let mut all = documents.iter().flat_map(|(_, documents)| documents).chain(&bases);
        match all.find(|document| document.playbook.name.span == variant.origin) {
            Some(base) => (base, first),
            None => return Err(Stop::Usage(format!("the base `{}` cannot be found", variant.base), None)),
        }
    } else {
        (first, second)
    };
    let found = differences(&old.playbook, &new.playbook, &loaded.sources);
    let pair = Pair { old: &old.playbook.name.name, new: &new.playbook.name.name };
    let text = match arguments.format {
        Format::Human => human(&found, pair, session.look),
        Format::Json => json(&found, pair, &loaded.sources),
        Format::Markdown => markdown(&found, pair),
    };
    session.out.write(&text)?;
    Ok(if arguments.expect_none && !found.is_empty() { Exit::Findings } else { Exit::Fine })
}

fn choose<'d>(documents: &[&'d Document], name: Option<&str>, path: &Path, option: &str) -> Result<&'d Document, Stop> {
    let file = super::input::name(path);
    let names: Vec<&str> = documents.iter().map(|document| document.playbook.name.name.as_str()).collect();
    match (name, documents) {
        (_, []) => Err(Stop::Usage(format!("there is no playbook in `{file}`"), None)),
        (None, [only]) => Ok(only),
        (None, _) => Err(Stop::Usage(
            format!("there is more than one playbook in `{file}`"),
            Some(format!("Choose one with `{option}`: {}", names.join(", "))),
        )),
        (Some(name), _) => {
            let found = documents.iter().find(|document| document.playbook.name.name == name);
            found.copied().ok_or_else(|| {
                let help = crate::suggest::did_you_mean(name, names.iter().copied())
                    .unwrap_or_else(|| format!("There is {}", names.join(", ")));
                Stop::Usage(format!("there is no playbook `{name}` in `{file}`"), Some(help))
            })
        }
    }
}
