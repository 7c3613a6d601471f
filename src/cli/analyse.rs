//! Paths to findings and playbooks: what all commands that take playbooks begin with.

use super::load::{Loaded, LoadedFile, load};
use super::{Session, Stop};
use crate::allow;
use crate::check::audiences::audiences;
use crate::check::chains::chains;
use crate::check::{Surroundings, check, essentials};
use crate::diagnostic::{Diagnostic, Label, NOTHING_TO_CHANGE, Severity, UNKNOWN_NAME, WHICH_PLAYBOOK, sort};
use crate::graph::StateGraph;
use crate::model::Document;
use crate::model::resolve::resolve_each;
use crate::report::diagnostics::{Format, render, render_for_people};
use crate::source::{FileId, Sources, Span};
use crate::syntax::ast;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Files with everything that can be said about them.
#[derive(Debug, Default)]
pub struct Analysis {
    /// The files.
    pub loaded: Loaded,
    /// For each file that was asked for: its playbooks, and those its tests, properties and scenarios speak of.
    pub documents: Vec<(FileId, Vec<Document>)>,
    /// The bases of their variants, where those stand in files that were not asked for.
    pub bases: Vec<Document>,
    /// What is to be said about them, sorted, each once, without what comments allow. Of files that are only imported,
    /// errors alone.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads files and folders and says everything that can be said without running.
///
/// # Errors
/// As [`load`].
pub fn analyse(paths: &[PathBuf]) -> Result<Analysis, Stop> {
    analyse_with(paths, check)
}

/// Reads files and folders, and of what can be said without running says what keeps playbooks from being followed.
///
/// # Errors
/// As [`load`].
pub fn analyse_essentials(paths: &[PathBuf]) -> Result<Analysis, Stop> {
    analyse_with(paths, essentials)
}

/// The rules to look at a playbook with.
type Rules = fn(&Document, &StateGraph, Surroundings<'_>) -> Vec<Diagnostic>;

fn analyse_with(paths: &[PathBuf], rules: Rules) -> Result<Analysis, Stop> {
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
    let mut unread = Gaps::new(&diagnostics, &loaded.sources);
    let in_variants = std::mem::take(&mut loaded.of_variants);
    let in_variants: Vec<Diagnostic> = in_variants
        .into_iter()
        .filter(|found| {
            let index = loaded.files.iter().position(|file| file.id == found.primary.span.file);
            index.is_none_or(|index| !unread.around(&loaded, index).explain(&loaded.sources, found))
        })
        .collect();
    // What a variant could not do is missing from it as if it could not be read.
    unread.0.extend(Gaps::new(&in_variants, &loaded.sources).0);
    diagnostics.extend(in_variants);
    // What is wrong with a base is said of the base, so it is looked at even where only its variants were asked for.
    let bases: BTreeSet<FileId> = origins(&loaded);
    let looked_at = |file: &&LoadedFile| file.requested || bases.contains(&file.id);
    let (mut documents, mut of_bases) = (Vec::new(), Vec::new());
    let mut found_in: BTreeMap<Span, Vec<Diagnostic>> = BTreeMap::new();
    let wanted: Vec<usize> =
        loaded.files.iter().enumerate().filter(|(_, file)| looked_at(file)).map(|(index, _)| index).collect();
    // Files do not depend on each other once variants are in place: each is looked at by whichever thread is free.
    let look = |index: &usize| {
        let (index, file) = (*index, loaded.files.get(*index)?);
        let (resolved, mut found) = resolve_each(&file.tree, &loaded.imported(index));
        let gaps = unread.around(&loaded, index);
        found.retain(|found| !gaps.explain(&loaded.sources, found));
        let around: Vec<&ast::File> = loaded
            .files
            .iter()
            .enumerate()
            .filter(|(other, reader)| *other == index || reader.imports.iter().any(|import| import.file == index))
            .map(|(_, reader)| &reader.tree)
            .collect();
        let around = Surroundings { files: &around, playbooks: &names, complete };
        let mut whole = Vec::with_capacity(resolved.len());
        for (document, mut found) in resolved {
            found.retain(|found| !gaps.explain(&loaded.sources, found));
            // Playbooks of imported files are looked at with their own file.
            if gaps.is_empty() && document.playbook.name.span.file == file.id {
                found.extend(rules(&document, &StateGraph::new(&document.playbook), around));
            }
            whole.push((document, found));
        }
        Some((file.id, file.requested, found, whole))
    };
    let looked: Vec<_> = wanted.par_iter().filter_map(look).collect();
    for (id, requested, found, whole) in looked {
        diagnostics.extend(found);
        let mut own = Vec::with_capacity(whole.len());
        for (document, found) in whole {
            found_in.entry(document.playbook.name.span).or_default().extend(found);
            own.push(document);
        }
        if requested {
            documents.push((id, own));
        } else {
            of_bases.extend(own);
        }
    }
    let all: Vec<&Document> = documents.iter().flat_map(|(_, documents)| documents).collect();
    let requested: BTreeSet<FileId> = documents.iter().map(|(id, _)| *id).collect();
    diagnostics.extend(audiences(&all, &requested));
    diagnostics.extend(chains(&all));
    diagnostics.extend(of_variants(&loaded, &found_in));
    diagnostics.retain(|found| found.severity == Severity::Error || requested.contains(&found.primary.span.file));
    sort(&mut diagnostics);
    silence(&loaded, &mut diagnostics);
    Ok(Analysis { loaded, documents, bases: of_bases, diagnostics })
}

/// The playbooks of all files that were made by variants.
fn derived(loaded: &Loaded) -> impl Iterator<Item = (&ast::Playbook, &ast::Derived)> {
    loaded.files.iter().flat_map(|file| &file.tree.items).filter_map(|item| match item {
        ast::Item::Playbook(playbook) => playbook.derived.as_deref().map(|derived| (playbook, derived)),
        _ => None,
    })
}

/// The files in which there are bases.
fn origins(loaded: &Loaded) -> BTreeSet<FileId> {
    derived(loaded).map(|(_, derived)| derived.origin.file).collect()
}

/// All findings: what is wrong with a variant at a line of its base, and not with the base, is the variant's, and points at
/// the operation that is the likely cause.
fn of_variants(loaded: &Loaded, found_in: &BTreeMap<Span, Vec<Diagnostic>>) -> Vec<Diagnostic> {
    let variants: BTreeMap<Span, &ast::Derived> =
        derived(loaded).map(|(playbook, derived)| (playbook.name.span, derived)).collect();
    let key = |found: &Diagnostic| (found.rule.code, found.primary.span, found.message.clone());
    let mut known: BTreeMap<Span, BTreeSet<_>> = BTreeMap::new();
    for derived in variants.values() {
        known
            .entry(derived.origin)
            .or_insert_with(|| found_in.get(&derived.origin).into_iter().flatten().map(key).collect());
    }
    let contains =
        |whole: Span, place: Span| place.file == whole.file && whole.start <= place.start && place.end <= whole.end;
    let items = loaded.files.iter().flat_map(|file| &file.tree.items);
    let wholes: Vec<Span> = items
        .filter(|item| matches!(item, ast::Item::Playbook(_) | ast::Item::Vocabulary(_)))
        .map(ast::Item::span)
        .collect();
    let mut all = Vec::new();
    for (playbook, found) in found_in {
        let Some(derived) = variants.get(playbook) else {
            all.extend(found.iter().cloned());
            continue;
        };
        let of_base = known.get(&derived.origin);
        for found in found {
            let place = found.primary.span;
            // Tests and the like of the variant stand outside of it, and of everything it was made from.
            let of_another = wholes.iter().any(|whole| contains(*whole, place)) && !contains(derived.whole, place);
            if !of_another {
                all.push(found.clone());
            } else if !of_base.is_some_and(|known| known.contains(&key(found))) {
                all.push(moved(found, derived));
            }
        }
    }
    all
}

/// A finding at a line of the base, at the operation of the variant that is the likely cause.
fn moved(found: &Diagnostic, derived: &ast::Derived) -> Diagnostic {
    let mut moved = found.clone();
    let words = if found.primary.message.is_empty() { "here, in the base" } else { &found.primary.message };
    moved.related.insert(0, Label { span: found.primary.span, message: words.to_owned() });
    moved.primary = Label { span: derived.cause(found.primary.span, &found.message), message: String::new() };
    moved
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

    /// Those of a file and of what it is made from: what it imports, and what that imports.
    fn around(&self, loaded: &Loaded, index: usize) -> Gaps {
        let mut read: BTreeSet<FileId> = BTreeSet::new();
        let mut open = vec![index];
        while let Some(file) = open.pop().and_then(|index| loaded.files.get(index)) {
            if read.insert(file.id) {
                open.extend(file.imports.iter().map(|import| import.file));
            }
        }
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
                || [&UNKNOWN_NAME, &WHICH_PLAYBOOK, &NOTHING_TO_CHANGE].contains(&found.rule)
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
    let Analysis { loaded, documents, diagnostics, .. } = analyse(&[path.to_owned()])?;
    if let Some(unread) = loaded.unreadable.into_iter().next() {
        return Err(unread.stop);
    }
    if diagnostics.iter().any(Diagnostic::is_fatal) {
        report(&diagnostics, &loaded.sources, json, session)?;
        return Ok(None);
    }
    let documents: Vec<Document> = documents.into_iter().flat_map(|(_, documents)| documents).collect();
    let document = choose(documents, name, path)?;
    Ok(Some(Subject { sources: loaded.sources, document }))
}

/// Of the playbooks of several files those of this name, or all where none is named.
///
/// # Errors
/// Where no file holds one of that name. Files with errors may, so that with `errors` nothing is said.
pub fn named(
    documents: Vec<(FileId, Vec<Document>)>,
    name: Option<&str>,
    errors: bool,
) -> Result<Vec<(FileId, Document)>, Stop> {
    let all = documents.into_iter().flat_map(|(file, documents)| documents.into_iter().map(move |known| (file, known)));
    let all: Vec<(FileId, Document)> = all.collect();
    let Some(name) = name else { return Ok(all) };
    let (found, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(_, document)| document.playbook.name.name == name);
    if found.is_empty() && !errors {
        let others: Vec<&str> = others.iter().map(|(_, document)| document.playbook.name.name.as_str()).collect();
        let listed = || match others.as_slice() {
            [] => None,
            [only] => Some(format!("There is `{only}`")),
            _ => Some(format!("There are `{}`", others.join("`, `"))),
        };
        let help = crate::suggest::did_you_mean(name, others.iter().copied()).or_else(listed);
        return Err(Stop::Usage(format!("there is no playbook `{name}`"), help));
    }
    Ok(found)
}

/// The one playbook of these, or the one of this name.
///
/// # Errors
/// Where there is none, or it is not clear which is meant.
pub fn choose(documents: Vec<Document>, name: Option<&str>, path: &Path) -> Result<Document, Stop> {
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
