//! The playbooks of a lifecycle: the one it begins with, and those its ends lead on to.

use super::analyse::{Analysis, analyse, choose, report};
use super::load::Loaded;
use super::{Session, Stop};
use crate::diagnostic::Diagnostic;
use crate::model::Document;
use crate::source::{FileId, Sources};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Playbooks customers go through one after the other.
#[derive(Debug)]
pub struct Chain {
    /// The texts.
    pub sources: Sources,
    /// The playbook it begins with, and then all that customers can come to from there, each once and with all scenarios
    /// for it.
    pub documents: Vec<Document>,
}

/// The playbook of a file, or the one of this name, and those that can follow it, out of these files and folders. An end
/// may continue in a playbook that is in none of them. Where something is wrong with one of them, that is printed, and
/// there is no chain; what is wrong with others in those folders does not matter here.
///
/// # Errors
/// Where a file cannot be read, or it is not clear which playbook is meant: two of one name are never told apart by order.
pub fn chain(
    file: &Path,
    others: &[PathBuf],
    name: Option<&str>,
    json: bool,
    session: &mut Session,
) -> Result<Option<Chain>, Stop> {
    if file.is_dir() {
        return Err(Stop::Unreadable(format!("cannot read `{}`: it is a folder, not a file", file.display())));
    }
    let mut paths = vec![file.to_owned()];
    paths.extend(others.iter().cloned());
    let Analysis { mut loaded, documents, bases, diagnostics } = analyse(&paths)?;
    if !loaded.unreadable.is_empty() {
        return Err(loaded.unreadable.swap_remove(0).stop);
    }
    let mut documents = documents.into_iter();
    let Some((first_file, firsts)) = documents.next() else { return Ok(None) };
    let known: Vec<Document> = documents.flat_map(|(_, documents)| documents).chain(bases).collect();
    if diagnostics.iter().any(|found| found.is_fatal() && concerns(&loaded, found, &BTreeSet::from([first_file]))) {
        report(&diagnostics, &loaded.sources, json, session)?;
        return Ok(None);
    }
    let all: Vec<Document> = firsts.iter().chain(&known).cloned().collect();
    let mut chain = vec![whole(choose(firsts, name, file)?, &all)];
    let (mut next, mut missing) = (0, false);
    while let Some(document) = chain.get(next) {
        next += 1;
        let names = document.playbook.ends.iter().filter_map(|end| end.continues.as_ref());
        let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
        for name in names {
            let found = only_one(&name, &all, &loaded.sources)?;
            missing |= found.is_none();
            let there = |document: &Document| document.playbook.name.name == name;
            if let (Some(found), false) = (found, chain.iter().any(there)) {
                chain.push(whole(found.clone(), &all));
            }
        }
    }
    let files: BTreeSet<FileId> = chain.iter().map(|document| document.playbook.name.span.file).collect();
    // A playbook that is missing may be the one that cannot be read.
    if diagnostics.iter().any(|found| found.is_fatal() && (missing || concerns(&loaded, found, &files))) {
        report(&diagnostics, &loaded.sources, json, session)?;
        return Ok(None);
    }
    Ok(Some(Chain { sources: loaded.sources, documents: chain }))
}

/// Whether a finding is about one of these files, or about what they import.
fn concerns(loaded: &Loaded, found: &Diagnostic, files: &BTreeSet<FileId>) -> bool {
    let mut read: BTreeSet<FileId> = BTreeSet::new();
    let mut open: Vec<FileId> = files.iter().copied().collect();
    while let Some(id) = open.pop() {
        let Some(file) = loaded.files.iter().find(|file| file.id == id && read.insert(id)) else { continue };
        open.extend(file.imports.iter().filter_map(|import| loaded.files.get(import.file)).map(|file| file.id));
    }
    read.contains(&found.primary.span.file)
}

/// A playbook with the scenarios for it of all files.
fn whole(document: Document, all: &[Document]) -> Document {
    let mut whole = document;
    let place = whole.playbook.name.span;
    for other in all.iter().filter(|other| other.playbook.name.span == place) {
        for scenario in &other.scenarios {
            if !whole.scenarios.iter().any(|known| known.name.span == scenario.name.span) {
                whole.scenarios.push(scenario.clone());
            }
        }
    }
    whole
}

/// The playbook of this name.
fn only_one<'d>(name: &str, all: &'d [Document], sources: &Sources) -> Result<Option<&'d Document>, Stop> {
    let named = all.iter().filter(|document| document.playbook.name.name == name);
    let places: BTreeMap<_, &Document> = named.map(|document| (document.playbook.name.span, document)).collect();
    let files: Vec<String> =
        places.keys().filter_map(|span| sources.get(span.file)).map(|source| format!("`{}`", source.name)).collect();
    match files.as_slice() {
        [one, another, ..] => Err(Stop::Usage(
            format!("there are two playbooks `{name}`, in {one} and in {another}: it is not clear which one follows"),
            Some("Name the files that are meant instead of a whole folder, or rename one of the two".to_owned()),
        )),
        _ => Ok(places.into_values().next()),
    }
}
