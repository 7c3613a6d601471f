//! `playbook import`: from pages of a written playbook.
#![expect(clippy::disallowed_methods, reason = "the command line is where folders are read")]

use super::input::{self, Unread, is_standard_input, read_text};
use super::output::{keep_apart, write_file};
use super::{Exit, Session, Stop};
use crate::diagnostic::{Diagnostic, sort};
use crate::format::format;
use crate::import::lifecycle::{self, Located};
use crate::import::{Page, json, play, read};
use crate::report::diagnostics::{as_json, render_for_people};
use crate::source::{FileId, Sources};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Make playbooks of the pages of a written playbook
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A page is Markdown: front matter, a title, an overview, steps with their roles, services and tables of tasks, next
steps, and a change history, in English, German, Japanese, Portuguese, Simplified Chinese or Spanish. A folder stands
for all its pages. Pages of one process in several languages make one playbook with translations.

What is odd about a page is said on standard error, with its line; in JSON it is part of the page.

Examples:
  playbook import success-support-success-execution-partner.md -o support.play
  playbook import en/review.md de/review-de.md -o review.play
  playbook import pages -o playbooks
  playbook import pages --format json > pages.json")]
pub struct Arguments {
    /// Pages, and folders of pages; `-` is standard input
    #[arg(required = true, value_name = "PAGE.md")]
    pub paths: Vec<PathBuf>,

    /// Where to write the playbook; a folder gets a file for each process; standard output where nothing is said
    #[arg(short, long, value_name = "OUT.play")]
    pub output: Option<PathBuf>,

    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Playbooks
    Human,
    /// What was read, as one JSON document: the page; of several pages, `{ "version": 1, "pages": [ … ] }`
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
    pub unreadable: Vec<Unread>,
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
    keep_apart(arguments.output.as_deref(), arguments.paths.iter().map(PathBuf::as_path))?;
    let loaded = load(&arguments.paths)?;
    let done = match arguments.format {
        Format::Json => as_document(&loaded, arguments, session)?,
        Format::Human => as_playbooks(&loaded, arguments, session)?,
    };
    loaded.unreadable.iter().for_each(|unread| session.complain(&unread.stop));
    Ok(if !loaded.unreadable.is_empty() {
        Exit::Unreadable
    } else if !done || loaded.pages.iter().any(|read| read.page.is_none()) {
        Exit::Findings
    } else {
        Exit::Fine
    })
}

/// Writes what was read.
fn as_document(loaded: &Pages, arguments: &Arguments, session: &mut Session) -> Result<bool, Stop> {
    let mut documents: Vec<Json> = Vec::new();
    for read in &loaded.pages {
        let exists = |target: &str| exists(&read.path, target);
        let found = as_json(&read.found, &loaded.sources);
        documents.push(match &read.page {
            Some(page) => json::page(page, found, &exists),
            None => {
                let file = input::name(&read.path);
                json!({ "version": json::VERSION, "is_process": false, "file": file, "steps": [], "diagnostics": found })
            }
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
    put(arguments.output.as_deref(), &format!("{document:#}\n"), session)?;
    Ok(true)
}

/// Writes the playbooks of the pages, and says what is odd about these. Gives whether there was one.
fn as_playbooks(loaded: &Pages, arguments: &Arguments, session: &mut Session) -> Result<bool, Stop> {
    let mut found: Vec<Diagnostic> = loaded.pages.iter().flat_map(|read| read.found.clone()).collect();
    sort(&mut found);
    let mut texts: Vec<(String, String)> = Vec::new();
    for (name, pages) in processes(loaded.pages.iter().filter_map(|read| read.page.as_ref())) {
        let text = play::playbook(&pages, &name);
        let mut sources = Sources::new();
        let file = sources.add(format!("{name}.play"), text.as_str());
        let formatted = sources.get(file).map(format);
        match formatted {
            Some(Ok(formatted)) => texts.push((name, formatted)),
            Some(Err(refusal)) => {
                session.complain(&Stop::Unreadable(format!("the playbook `{name}` is not laid out: {refusal}")));
                texts.push((name, text));
            }
            None => {}
        }
    }
    let folder = arguments.output.as_deref().filter(|path| path.is_dir());
    match folder {
        Some(folder) => {
            for (name, text) in &texts {
                write_file(&folder.join(format!("{}.play", name.replace('_', "-"))), text.as_bytes())?;
            }
        }
        None if texts.is_empty() => {}
        None => {
            let text = texts.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n");
            put(arguments.output.as_deref(), &text, session)?;
        }
    }
    session.out.finish()?;
    super::terminal::write_error(&render_for_people(&found, &loaded.sources, session.error_look));
    Ok(!texts.is_empty())
}

/// The pages that have steps, by the process they describe, in the order they were given. A second page in a language that
/// is already there is a process of its own.
fn processes<'a>(pages: impl Iterator<Item = &'a Page>) -> Vec<(String, Vec<&'a Page>)> {
    let mut processes: Vec<(String, Vec<&Page>)> = Vec::new();
    for page in pages.filter(|page| !page.steps.is_empty()) {
        let wanted = play::playbook_name(&page.name);
        let fits = |(name, pages): &(String, Vec<&Page>)| {
            *name == wanted && pages.iter().all(|other| other.language != page.language)
        };
        if let Some(at) = processes.iter().position(fits) {
            if let Some((_, pages)) = processes.get_mut(at) {
                pages.push(page);
            }
            continue;
        }
        let mut name = wanted.clone();
        let mut number = 2;
        while processes.iter().any(|(known, _)| *known == name) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        processes.push((name, vec![page]));
    }
    processes
}

/// Writes to a file, or to standard output.
fn put(path: Option<&Path>, text: &str, session: &mut Session) -> Result<(), Stop> {
    match path.filter(|path| path.as_os_str() != "-") {
        Some(path) => write_file(path, text.as_bytes()),
        None => session.out.write(text),
    }
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
        loaded.add(path);
    }
    Ok(loaded)
}

impl Pages {
    /// Reads one more page.
    pub fn add(&mut self, path: PathBuf) {
        match read_text(&path, &mut self.sources) {
            Ok((file, None)) => {
                let read = self.sources.get(file).map(|source| read(source, file));
                let (page, found) = read.map_or((None, Vec::new()), |(page, found)| (Some(page), found));
                self.pages.push(ReadPage { path, file, page, found });
            }
            Ok((file, Some(finding))) => self.pages.push(ReadPage { path, file, page: None, found: vec![finding] }),
            Err(stop) => self.unreadable.push(Unread { path, stop }),
        }
    }

    /// What is to be said about the pages, each alone and all together.
    #[must_use]
    pub fn findings(&self) -> Vec<Diagnostic> {
        let mut found: Vec<Diagnostic> = self.pages.iter().flat_map(|read| read.found.clone()).collect();
        let folders: Vec<String> = self
            .pages
            .iter()
            .map(|read| read.path.parent().unwrap_or(Path::new("")).to_string_lossy().into_owned())
            .collect();
        let located: Vec<Located<'_>> = self
            .pages
            .iter()
            .zip(&folders)
            .filter_map(|(read, folder)| {
                let source = self.sources.get(read.file)?;
                Some(Located { page: read.page.as_ref()?, source, file: read.file, folder })
            })
            .collect();
        let exists = |folder: &str, target: &str| exists(&Path::new(folder).join("page.md"), target) != Some(false);
        found.extend(lifecycle::check(&located, &exists));
        sort(&mut found);
        found
    }
}

/// Whether a file of a folder is the page of a playbook, and not another text in Markdown: its front matter says whose it
/// is, or it describes a process.
#[must_use]
pub fn is_playbook_page(page: &Page) -> bool {
    let of_playbook = |key: &str| key.starts_with("ft.") || key.starts_with("ms.");
    !page.meta.is_empty() && (page.is_process() || page.meta.iter().any(|(key, _)| of_playbook(key)))
}

/// The pages of a folder and its folders, hidden ones left out.
pub(super) fn walk(
    folder: &Path,
    files: &mut Vec<PathBuf>,
    unreadable: &mut Vec<Unread>,
    seen: &mut BTreeSet<PathBuf>,
) {
    match fs::canonicalize(folder) {
        Ok(real) if seen.insert(real.clone()) => {}
        _ => return,
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let why = input::reason(&error);
            let stop = Stop::Unreadable(format!("cannot read the folder `{}`: {why}", folder.display()));
            return unreadable.push(Unread { path: folder.to_owned(), stop });
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
