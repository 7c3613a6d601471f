//! Two playbooks that are compared: of two files, of one, or a variant and its base.

use super::analyse::{Analysis, analyse, report};
use super::{Session, Stop};
use crate::diagnostic::Diagnostic;
use crate::model::Document;
use crate::source::{FileId, Sources};
use std::path::{Path, PathBuf};

/// Which two are meant.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'c> {
    /// The file of the first; alone, of a variant that is compared with its base.
    pub first: &'c Path,
    /// The file of the second.
    pub second: Option<&'c Path>,
    /// Which playbook of the first file, and of the second where it has one of that name.
    pub playbook: Option<&'c str>,
    /// Which playbook it is compared with.
    pub with: Option<&'c str>,
}

/// The two.
#[derive(Debug)]
pub struct Two {
    /// The texts.
    pub sources: Sources,
    /// The first.
    pub old: Document,
    /// The second.
    pub new: Document,
}

/// Finds them. Where something is wrong with their files, that is printed, and there is nothing to compare.
///
/// # Errors
/// Where a file cannot be read, or it is not clear which playbooks are meant.
pub fn two(chosen: Chosen<'_>, json: bool, session: &mut Session) -> Result<Option<Two>, Stop> {
    let Chosen { first: path, second: other, playbook, with } = chosen;
    let paths: Vec<PathBuf> = [Some(path), other].into_iter().flatten().map(Path::to_owned).collect();
    if let Some(folder) = paths.iter().find(|path| path.is_dir()) {
        return Err(Stop::Unreadable(format!("cannot read `{}`: it is a folder, not a file", folder.display())));
    }
    let Analysis { loaded, documents, bases, diagnostics } = analyse(&paths)?;
    if let Some(unread) = loaded.unreadable.into_iter().next() {
        return Err(unread.stop);
    }
    // What can happen to customers on the way keeps nobody from looking at it.
    if diagnostics.iter().any(Diagnostic::is_fatal) {
        report(&diagnostics, &loaded.sources, json, session)?;
        return Ok(None);
    }
    let files: Vec<&Vec<Document>> = documents.iter().map(|(_, documents)| documents).collect();
    let own = |at: usize| -> Vec<&Document> {
        // One file named twice was read once.
        let at = at.min(files.len().saturating_sub(1));
        let file: Option<FileId> = documents.get(at).map(|(file, _)| *file);
        let list = || files.get(at).into_iter().flat_map(|list| list.iter());
        let own = list().filter(|document| Some(document.playbook.name.span.file) == file);
        let own: Vec<&Document> = own.collect();
        // A file without playbooks speaks of those it imports.
        if own.is_empty() { list().collect() } else { own }
    };
    let only_one = other.is_none();
    let first = choose(&own(0), playbook, path, "--playbook")?;
    let second = match (other, with) {
        (Some(path), Some(name)) => choose(&own(1), Some(name), path, "--with")?,
        (Some(path), None) => {
            let there = own(1);
            let same = there.iter().find(|document| document.playbook.name.name == first.playbook.name.name);
            match same {
                Some(document) => *document,
                None => choose(&there, None, path, "--with")?,
            }
        }
        (None, Some(name)) => choose(&own(0), Some(name), path, "--with")?,
        (None, None) => first,
    };
    // A variant alone stands against its base.
    let (old, new) = if only_one && with.is_none() {
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
    let (old, new) = (old.clone(), new.clone());
    Ok(Some(Two { sources: loaded.sources, old, new }))
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
