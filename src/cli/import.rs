//! `playbook import`: from pages of a written playbook.
#![expect(clippy::disallowed_methods, reason = "the command line is where folders are read")]

use super::input::{self, is_standard_input, read_text};
use super::{Exit, Session, Stop};
use crate::diagnostic::{Diagnostic, sort};
use crate::import::{Page, json, read};
use crate::report::diagnostics::{as_json, render_for_people};
use crate::source::{FileId, Sources};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Read pages of a written playbook
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A page is Markdown: front matter, a title, an overview, steps with their roles, services and tables of tasks, next
steps, and a change history, in English, German, Japanese, Portuguese, Simplified Chinese or Spanish. A folder stands
for all its pages.

What is odd about a page is said on standard error, with its line; in JSON it is part of the page.

Examples:
  playbook import success-support-success-execution-partner.md --format json
  playbook import pages --format json > pages.json")]
pub struct Arguments {
    /// Pages, and folders of pages; `-` is standard input
    #[arg(required = true, value_name = "PAGE.md")]
    pub paths: Vec<PathBuf>,

    /// How to print what was read
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// How to print what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// One JSON document: the page; of several pages, `{ "version": 1, "pages": [ … ] }`
    Json,
}

/// Pages that were read.
#[derive(Debug, Default)]
pub struct Pages {
    /// Their texts.
    pub sources: Sources,
    /// Path, file, page and findings of each, in order.
    pub pages: Vec<ReadPage>,
    /// What could not be read.
    pub unreadable: Vec<Stop>,
}

/// A page that was read.
#[derive(Debug)]
pub struct ReadPage {
    /// Where it was read from.
    pub path: PathBuf,
    /// Its text.
    pub file: FileId,
    /// What it says; nothing where the file is no text.
    pub page: Option<Page>,
    /// What is odd about it.
    pub found: Vec<Diagnostic>,
}

/// Reads the pages.
///
/// # Errors
/// Where nothing can be read at all, or the output cannot be written.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let pages = load(&arguments.paths)?;
    let Pages { sources, pages, unreadable } = &pages;
    match arguments.format {
        Format::Json => {
            let mut documents: Vec<Json> = Vec::new();
            for read in pages {
                let exists = |target: &str| exists(&read.path, target);
                let found = as_json(&read.found, sources);
                documents.push(match &read.page {
                    Some(page) => json::page(page, found, &exists),
                    None => json!({ "version": json::VERSION, "is_process": false, "file": input::name(&read.path), "steps": [], "diagnostics": found }),
                });
            }
            let single = arguments.paths.len() == 1 && arguments.paths.first().is_some_and(|path| !path.is_dir());
            let document = match documents.pop() {
                Some(only) if single => only,
                last => {
                    documents.extend(last);
                    json!({ "version": json::VERSION, "pages": documents })
                }
            };
            session.out.write(&format!("{document:#}\n"))?;
        }
        Format::Human => {
            for read in pages {
                session.out.write(&summary(read))?;
            }
            session.out.finish()?;
            let mut found: Vec<Diagnostic> = pages.iter().flat_map(|read| read.found.clone()).collect();
            sort(&mut found);
            super::terminal::write_error(&render_for_people(&found, sources, session.error_look));
        }
    }
    unreadable.iter().for_each(|stop| session.complain(stop));
    let broken = pages.iter().any(|read| read.page.is_none());
    Ok(if !unreadable.is_empty() {
        Exit::Unreadable
    } else if broken {
        Exit::Findings
    } else {
        Exit::Fine
    })
}

/// One line about a page.
fn summary(read: &ReadPage) -> String {
    let name = input::name(&read.path);
    let Some(page) = &read.page else { return format!("{name}: no text\n") };
    let counted = crate::report::diagnostics::counted;
    let title = crate::import::text::plain(&page.title);
    let mut line = format!("{name}: {title} ({}): ", page.language);
    if page.is_process() || !page.steps.is_empty() {
        line.push_str(&format!("{}, {}", counted(page.steps.len(), "step"), counted(page.tasks().count(), "task")));
    } else {
        line.push_str(&format!("no process: it is {}", page.kind.words()));
    }
    line.push('\n');
    line
}

/// Reads these pages, and those of these folders.
///
/// # Errors
/// Wrong usage where a folder holds no page.
pub fn load(paths: &[PathBuf]) -> Result<Pages, Stop> {
    let mut loaded = Pages::default();
    let mut files = Vec::new();
    for path in paths {
        if is_standard_input(path) || !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        walk(path, &mut files, &mut loaded.unreadable, &mut BTreeSet::new());
        if files.len() == before && loaded.unreadable.is_empty() {
            return Err(Stop::Usage(
                format!("there is no page in the folder `{}`", path.display()),
                Some("Pages end in `.md`".to_owned()),
            ));
        }
    }
    for path in files {
        match read_text(&path, &mut loaded.sources) {
            Ok((file, None)) => {
                let read = loaded.sources.get(file).map(|source| read(source, file));
                let (page, found) = read.map_or((None, Vec::new()), |(page, found)| (Some(page), found));
                loaded.pages.push(ReadPage { path, file, page, found });
            }
            Ok((file, Some(finding))) => loaded.pages.push(ReadPage { path, file, page: None, found: vec![finding] }),
            Err(stop) => loaded.unreadable.push(stop),
        }
    }
    Ok(loaded)
}

/// The pages of a folder and its folders, hidden ones left out.
pub(super) fn walk(folder: &Path, files: &mut Vec<PathBuf>, unreadable: &mut Vec<Stop>, seen: &mut BTreeSet<PathBuf>) {
    match fs::canonicalize(folder) {
        Ok(real) if seen.insert(real.clone()) => {}
        _ => return,
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let why = input::reason(&error);
            return unreadable.push(Stop::Unreadable(format!("cannot read the folder `{}`: {why}", folder.display())));
        }
    };
    let shown = if folder == Path::new(".") { Path::new("") } else { folder };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| shown.join(entry.file_name()))
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, files, unreadable, seen);
        } else if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("md")) {
            files.push(path);
        }
    }
}

/// Whether the page a link names is there; nothing for addresses and places within the page.
fn exists(page: &Path, target: &str) -> Option<bool> {
    let target = target.split(['#', '?']).next().unwrap_or_default();
    let elsewhere =
        target.contains("://") || target.starts_with("mailto:") || target.is_empty() || target.contains('@');
    if elsewhere {
        return None;
    }
    let folder = page.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let decoded = target.replace("%20", " ");
    Some(folder.join(decoded.trim_start_matches("./")).exists())
}
