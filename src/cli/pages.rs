//! Pages among the paths of a command: those that are named, and those that lie in folders beside playbooks.

use super::import::{Pages, is_playbook_page, walk};
use crate::source::Sources;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Whether a path names a page.
#[must_use]
pub fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("md"))
}

/// Files that may be pages.
#[derive(Debug, Default)]
pub struct Candidates {
    /// Those that were named.
    named: Vec<PathBuf>,
    /// Those that lie in a folder.
    beside: Vec<PathBuf>,
}

/// Takes the pages out of the paths. A folder stays among the paths where it holds playbooks, or no Markdown at all.
#[must_use]
pub fn split(paths: &[PathBuf]) -> (Vec<PathBuf>, Candidates) {
    let mut candidates = Candidates::default();
    let mut left = Vec::new();
    for path in paths {
        if !path.is_dir() {
            if is_page(path) {
                candidates.named.push(path.clone());
            } else {
                left.push(path.clone());
            }
            continue;
        }
        let mut files = Vec::new();
        walk(path, &mut files, &mut Vec::new(), &mut BTreeSet::new());
        let alone = !files.is_empty() && super::load::find(std::slice::from_ref(path), &mut Vec::new()).is_err();
        candidates.beside.extend(files);
        if !alone {
            left.push(path.clone());
        }
    }
    (left, candidates)
}

impl Candidates {
    /// Reads them, beside the texts that are already there. What lies in a folder and is no page of a playbook is left out.
    #[must_use]
    pub fn read(self, sources: Sources) -> Pages {
        let mut pages = Pages { sources, ..Pages::default() };
        for file in self.beside {
            pages.add(file);
            let other = |page: &super::import::ReadPage| !page.page.as_ref().is_some_and(is_playbook_page);
            if pages.pages.last().is_some_and(other) {
                pages.pages.pop();
            }
        }
        self.named.into_iter().for_each(|file| pages.add(file));
        pages
    }
}
