//! Paths to findings and playbooks: what all commands that take playbooks begin with.

use super::load::{Loaded, LoadedFile, load};
use super::{Session, Stop};
use crate::allow;
use crate::check::{Surroundings, check};
use crate::diagnostic::{Diagnostic, Severity, UNKNOWN_NAME, WHICH_PLAYBOOK, has_errors, sort};
use crate::graph::StateGraph;
use crate::model::Document;
use crate::model::resolve::resolve;
use crate::report::diagnostics::{Format, render, render_for_people};
use crate::source::{FileId, Sources};
use crate::syntax::ast;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Files with everything that can be said about them.
#[derive(Debug, Default)]
pub struct Analysis {
    /// The files.
    pub loaded: Loaded,
    /// For each file that was asked for: its playbooks, and those its tests, properties and scenarios speak of.
    pub documents: Vec<(FileId, Vec<Document>)>,
    /// What is to be said about them, sorted, each once, without what comments allow. Of files that are only imported,
    /// errors alone.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads files and folders and says everything that can be said without running.
///
/// # Errors
/// As [`load`].
pub fn analyse(paths: &[PathBuf]) -> Result<Analysis, Stop> {
    let mut loaded = load(paths)?;
    let mut diagnostics = std::mem::take(&mut loaded.diagnostics);
    let items = loaded.files.iter().flat_map(|file| &file.tree.items);
    let names: Vec<&str> = items
        .filter_map(
            |item| if let ast::Item::Playbook(playbook) = item { Some(playbook.name.text.as_str()) } else { None },
        )
        .collect();
    // Only who looks at a whole folder can know that a playbook is nowhere in it.
    let complete = paths.iter().any(|path| path.is_dir());
    let unread = Gaps::new(&diagnostics, &loaded.sources);
    let mut documents = Vec::new();
    for (index, file) in loaded.files.iter().enumerate().filter(|(_, file)| file.requested) {
        let (resolved, found) = resolve(&file.tree, &loaded.imported(index));
        let gaps = unread.around(&loaded, file);
        diagnostics.extend(found.into_iter().filter(|found| !gaps.explain(&loaded.sources, found)));
        let around: Vec<&ast::File> = loaded
            .files
            .iter()
            .enumerate()
            .filter(|(other, reader)| *other == index || reader.imports.iter().any(|(_, read)| *read == index))
            .map(|(_, reader)| &reader.tree)
            .collect();
        let around = Surroundings { files: &around, playbooks: &names, complete };
        // Playbooks of imported files are looked at with their own file.
        let own = |document: &&Document| gaps.is_empty() && document.playbook.name.span.file == file.id;
        for document in resolved.iter().filter(own) {
            diagnostics.extend(check(document, &StateGraph::new(&document.playbook), around));
        }
        documents.push((file.id, resolved));
    }
    let requested: BTreeSet<FileId> = documents.iter().map(|(id, _)| *id).collect();
    diagnostics.retain(|found| found.severity == Severity::Error || requested.contains(&found.primary.span.file));
    sort(&mut diagnostics);
    silence(&loaded, &mut diagnostics);
    Ok(Analysis { loaded, documents, diagnostics })
}

/// The lines on which something could not be read.
#[derive(Debug)]
struct Gaps(BTreeSet<(FileId, u32)>);

impl Gaps {
    /// From the findings about texts and imports.
    fn new(diagnostics: &[Diagnostic], sources: &Sources) -> Gaps {
        let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error);
        let lines = errors.flat_map(|found| {
            let span = found.primary.span;
            [span, span.after()].map(|place| (span.file, sources.position(place).line))
        });
        Gaps(lines.collect())
    }

    /// Those of a file and of what it imports.
    fn around(&self, loaded: &Loaded, file: &LoadedFile) -> Gaps {
        let imported = file.imports.iter().filter_map(|(_, index)| loaded.files.get(*index)).map(|file| file.id);
        let read: BTreeSet<FileId> = imported.chain([file.id]).collect();
        Gaps(self.0.iter().copied().filter(|(file, _)| read.contains(file)).collect())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a finding may only be there because something could not be read: what is called unknown may stand in a
    /// gap, and so may the use of what is called unused.
    fn explain(&self, sources: &Sources, found: &Diagnostic) -> bool {
        !self.is_empty()
            && (found.severity != Severity::Error
                || [&UNKNOWN_NAME, &WHICH_PLAYBOOK].contains(&found.rule)
                || self.0.contains(&(found.primary.span.file, sources.position(found.primary.span).line)))
    }
}

/// Takes out what comments allow.
fn silence(loaded: &Loaded, diagnostics: &mut Vec<Diagnostic>) {
    let with_errors: BTreeSet<FileId> = diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| found.primary.span.file)
        .collect();
    for file in loaded.files.iter().filter(|file| file.requested) {
        if let Some(source) = loaded.sources.get(file.id) {
            allow::apply(&file.tree.comments, source, diagnostics, !with_errors.contains(&file.id));
        }
    }
    sort(diagnostics);
}

/// One playbook without errors, and all files it was read with.
#[derive(Debug)]
pub struct Subject {
    /// The texts.
    pub sources: Sources,
    /// The playbook, with what speaks of it.
    pub document: Document,
}

/// The one playbook of a file, or the one of this name. Where the file has errors, they are printed, and there is none:
/// a playbook that is wrong is not run, drawn or simulated.
///
/// # Errors
/// Where the file cannot be read, there is no playbook, or it is not clear which is meant.
pub fn subject(path: &Path, name: Option<&str>, json: bool, session: &mut Session) -> Result<Option<Subject>, Stop> {
    if path.is_dir() {
        return Err(Stop::Unreadable(format!("cannot read `{}`: it is a folder, not a file", path.display())));
    }
    let Analysis { loaded, documents, diagnostics } = analyse(&[path.to_owned()])?;
    if let Some(stop) = loaded.unreadable.into_iter().next() {
        return Err(stop);
    }
    if has_errors(&diagnostics) {
        report(&diagnostics, &loaded.sources, json, session)?;
        return Ok(None);
    }
    let documents: Vec<Document> = documents.into_iter().flat_map(|(_, documents)| documents).collect();
    let document = choose(documents, name, path)?;
    Ok(Some(Subject { sources: loaded.sources, document }))
}

fn choose(documents: Vec<Document>, name: Option<&str>, path: &Path) -> Result<Document, Stop> {
    let names: Vec<String> = documents.iter().map(|document| format!("`{}`", document.playbook.name.name)).collect();
    let file = super::input::name(path);
    match name {
        Some(name) => {
            let candidates: Vec<String> =
                documents.iter().map(|document| document.playbook.name.name.clone()).collect();
            documents.into_iter().find(|document| document.playbook.name.name == name).ok_or_else(|| {
                let help = crate::suggest::did_you_mean(name, candidates.iter().map(String::as_str))
                    .unwrap_or_else(|| format!("There is {}", names.join(", ")));
                Stop::Usage(format!("there is no playbook `{name}` in `{file}`"), Some(help))
            })
        }
        None if documents.len() > 1 => Err(Stop::Usage(
            format!("there is more than one playbook in `{file}`"),
            Some(format!("Choose one with `--playbook`: {}", names.join(", "))),
        )),
        None => {
            documents.into_iter().next().ok_or_else(|| Stop::Usage(format!("there is no playbook in `{file}`"), None))
        }
    }
}

/// Prints findings for commands whose result is something else: on standard error for people, for programs as the
/// JSON document of `check` on standard output.
///
/// # Errors
/// Where standard output cannot be written.
pub fn report(diagnostics: &[Diagnostic], sources: &Sources, json: bool, session: &mut Session) -> Result<(), Stop> {
    if json {
        session.out.write(&render(Format::Json, diagnostics, sources, 1, session.look))
    } else {
        session.out.finish()?;
        super::terminal::write_error(&render_for_people(diagnostics, sources, session.error_look));
        Ok(())
    }
}
