//! Paths to findings and playbooks: what all commands that take playbooks begin with.

use super::Stop;
use super::load::{Loaded, load};
use crate::allow;
use crate::diagnostic::{Diagnostic, Severity, sort};
use crate::source::FileId;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Files with everything that can be said about them.
#[derive(Debug)]
pub struct Analysis {
    /// The files.
    pub loaded: Loaded,
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
    let requested: BTreeSet<FileId> = loaded.files.iter().filter(|file| file.requested).map(|file| file.id).collect();
    diagnostics.retain(|found| found.severity == Severity::Error || requested.contains(&found.primary.span.file));
    sort(&mut diagnostics);
    let with_errors: BTreeSet<FileId> = diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| found.primary.span.file)
        .collect();
    for file in loaded.files.iter().filter(|file| file.requested) {
        if let Some(source) = loaded.sources.get(file.id) {
            allow::apply(&file.tree.comments, source, &mut diagnostics, !with_errors.contains(&file.id));
        }
    }
    sort(&mut diagnostics);
    Ok(Analysis { loaded, diagnostics })
}
