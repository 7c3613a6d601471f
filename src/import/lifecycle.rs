//! The pages of a folder together: where they lead, which processes nobody comes to, tasks they share, and translations.

use super::compare::{Kind as DifferenceKind, compare};
use super::page::Page;
use super::play::playbook_name;
use super::read::line_span;
use super::text::{key, plain};
use crate::diagnostic::{
    BAD_FRONT_MATTER, DEAD_END_PROCESS, DIFFERING_TASK, Diagnostic, ISOLATED_PROCESS, MISSING_PAGE, TRANSLATION_DRIFT,
    UNREACHABLE_PROCESS,
};
use crate::source::{FileId, Source, Span};
use std::collections::{BTreeMap, BTreeSet};

/// A page with its place.
#[derive(Debug, Clone, Copy)]
pub struct Located<'a> {
    /// The page.
    pub page: &'a Page,
    /// Its text.
    pub source: &'a Source,
    /// Its file.
    pub file: FileId,
    /// The folder it lies in.
    pub folder: &'a str,
}

impl Located<'_> {
    fn span(&self, line: u32) -> Span {
        line_span(self.source, self.file, line)
    }

    fn title(&self) -> String {
        plain(&self.page.title)
    }
}

/// Whether a link names another page.
fn is_page(target: &str) -> bool {
    let bare = bare(target);
    !bare.contains("://") && !bare.contains('@') && bare.to_lowercase().ends_with(".md")
}

/// A link without its place in the page.
fn bare(target: &str) -> &str {
    target.split(['#', '?']).next().unwrap_or_default().trim_start_matches("./")
}

/// What is odd about the pages together. `exists` says whether a page that is linked to from a folder is there.
#[must_use]
pub fn check(pages: &[Located<'_>], exists: &dyn Fn(&str, &str) -> bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    missing_pages(pages, exists, &mut found);
    front_matter(pages, &mut found);
    let mut languages: BTreeMap<&str, Vec<Located<'_>>> = BTreeMap::new();
    for located in pages {
        languages.entry(located.page.language.as_str()).or_default().push(*located);
    }
    for pages in languages.values() {
        ways(pages, &mut found);
        shared_tasks(pages, &mut found);
    }
    drift(pages, &mut found);
    found
}

/// Links to pages that are not there, with the page that was probably meant.
fn missing_pages(pages: &[Located<'_>], exists: &dyn Fn(&str, &str) -> bool, found: &mut Vec<Diagnostic>) {
    let mut known: BTreeMap<(&str, &str, &str), Option<String>> = BTreeMap::new();
    for located in pages {
        let mut said: BTreeSet<(String, u32)> = BTreeSet::new();
        for reference in &located.page.links {
            let target = reference.link.target.as_str();
            if !is_page(target) || exists(located.folder, bare(target)) {
                continue;
            }
            if !said.insert((target.to_owned(), reference.line)) {
                continue;
            }
            let message = format!("there is no page `{}`", bare(target));
            let place = (located.folder, located.page.language.as_str(), bare(target));
            let meant = known.entry(place).or_insert_with(|| meant(bare(target), located, pages)).clone();
            let help = meant.map(|name| format!("The page `{name}` is probably meant"));
            found.push(Diagnostic::new(&MISSING_PAGE, located.span(reference.line), message).help_if(help));
        }
    }
}

/// Values of the front matter that are nearly what all other pages have, or what these have under another key.
fn front_matter(pages: &[Located<'_>], found: &mut Vec<Diagnostic>) {
    const KEYS: [&str; 4] = ["author", "ms.author", "manager", "ft.owner"];
    let value = |located: &Located<'_>, key: &str| -> Option<String> {
        located.page.meta.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
    };
    let mut usual: BTreeMap<&str, String> = BTreeMap::new();
    for key in KEYS {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for value in pages.iter().filter_map(|located| value(located, key)) {
            *counts.entry(value).or_default() += 1;
        }
        let all: usize = counts.values().sum();
        // Only what nearly all pages agree on says anything about the others.
        if let Some((value, count)) = counts.into_iter().max_by_key(|(_, count)| *count)
            && all >= 10
            && count * 10 >= all * 8
        {
            usual.insert(key, value);
        }
    }
    for located in pages {
        for (key, expected) in &usual {
            let Some(own) = value(located, key).filter(|own| own != expected && !own.is_empty()) else { continue };
            let elsewhere = usual.iter().find(|(other, value)| *other != key && **value == own && own != *expected);
            let near = own.chars().count() > 3 && strsim::damerau_levenshtein(&own, expected) <= 2;
            let message = match elsewhere {
                Some((other, _)) => format!("`{key}` is `{own}`, which is the `{other}` of other pages"),
                None if near => format!("`{key}` is `{own}`, and `{expected}` on nearly all other pages"),
                None => continue,
            };
            let starts = |line: &u32| located.source.line(*line).trim_start().starts_with(&format!("{key}:"));
            let line = (1..=located.page.title_line).find(starts).unwrap_or(1);
            found.push(Diagnostic::new(&BAD_FRONT_MATTER, located.span(line), message));
        }
    }
}

/// The page of the same folder whose name is nearest: the one of the same process first.
fn meant(target: &str, from: &Located<'_>, pages: &[Located<'_>]) -> Option<String> {
    let near: Vec<&Located<'_>> = pages.iter().filter(|page| page.folder == from.folder).collect();
    let process = playbook_name(target);
    let same = near
        .iter()
        .filter(|page| page.page.language == from.page.language)
        .find(|page| playbook_name(&page.page.name) == process);
    if let Some(same) = same {
        return Some(same.page.name.clone());
    }
    let allowed = (target.chars().count() / 6).max(2);
    let close = |page: &&&Located<'_>| page.page.name.chars().count().abs_diff(target.chars().count()) <= allowed;
    near.iter()
        .filter(close)
        .map(|page| (strsim::damerau_levenshtein(target, &page.page.name), page.page.name.clone()))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// Processes nobody comes to, those that lead nowhere, and those that do neither.
fn ways(pages: &[Located<'_>], found: &mut Vec<Diagnostic>) {
    let processes: Vec<&Located<'_>> = pages.iter().filter(|located| located.page.is_process()).collect();
    if processes.len() < 2 {
        return;
    }
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, located) in pages.iter().enumerate() {
        by_name.insert(located.page.name.as_str(), at);
    }
    let leads = |target: &str| -> Option<usize> {
        let name = bare(target).rsplit('/').next().unwrap_or_default();
        by_name.get(name).copied()
    };
    let mut incoming: Vec<bool> = vec![false; pages.len()];
    let mut outgoing: Vec<bool> = vec![false; pages.len()];
    let mut phases_reached: BTreeSet<&str> = BTreeSet::new();
    for (at, located) in pages.iter().enumerate() {
        for reference in &located.page.links {
            let Some(other) = leads(&reference.link.target).filter(|other| *other != at) else { continue };
            if let Some(there) = incoming.get_mut(other) {
                *there = true;
            }
            if let Some(here) = outgoing.get_mut(at) {
                *here = true;
            }
        }
        for next in &located.page.next {
            let other = next.link.as_ref().and_then(|link| leads(&link.target)).and_then(|other| pages.get(other));
            if let Some(phase) = other.and_then(|other| other.page.phase.as_deref())
                && located.page.phase.as_deref() != Some(phase)
            {
                phases_reached.insert(phase);
            }
        }
    }
    for (at, located) in pages.iter().enumerate().filter(|(_, located)| located.page.is_process()) {
        let (comes, goes) = (incoming.get(at) == Some(&true), outgoing.get(at) == Some(&true));
        let page = located.page;
        let place = located.span(page.title_line);
        let first = page.phase.as_deref() == Some("initiate");
        let last = page.phase.as_deref() == Some("success");
        if !comes && !goes {
            let message = format!("`{}` leads to no other page, and none leads here", located.title());
            found.push(Diagnostic::new(&ISOLATED_PROCESS, place, message));
            continue;
        }
        if !comes && !first {
            let message = format!("no other page leads to `{}`", located.title());
            found.push(Diagnostic::new(&UNREACHABLE_PROCESS, place, message));
        }
        let next = page.next.iter().filter_map(|next| next.link.as_ref()).any(|link| is_page(&link.target));
        if !next && !last {
            let line = page.next.first().map_or(page.title_line, |next| next.line);
            let message = format!("`{}` names no process that follows", located.title());
            found.push(Diagnostic::new(&DEAD_END_PROCESS, located.span(line), message));
        }
    }
    // A phase to which no next step of another phase leads.
    let phases: BTreeSet<&str> = processes.iter().filter_map(|located| located.page.phase.as_deref()).collect();
    if phases.len() < 2 {
        return;
    }
    for phase in phases.iter().filter(|phase| **phase != "initiate" && !phases_reached.contains(**phase)) {
        let of_phase = |located: &&&Located<'_>| located.page.phase.as_deref() == Some(*phase);
        let Some(first) = processes.iter().find(of_phase) else { continue };
        let message = format!("no next step of another phase leads to the phase `{phase}`");
        found.push(Diagnostic::new(&UNREACHABLE_PROCESS, first.span(first.page.title_line), message));
    }
}

/// Tasks that stand on several pages and say different things there.
fn shared_tasks(pages: &[Located<'_>], found: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<u32, (Located<'_>, u32, String, BTreeSet<String>)> = BTreeMap::new();
    for located in pages {
        for (_, task) in located.page.tasks() {
            let Some(id) = task.id else { continue };
            let name = plain(&task.name);
            let services: BTreeSet<String> = task.services.iter().map(|service| service.name.clone()).collect();
            let Some((other, line, known, known_services)) = first.get(&id) else {
                first.insert(id, (*located, task.line, name, services));
                continue;
            };
            if other.file == located.file {
                continue;
            }
            let renamed = key(known) != key(&name);
            let moved = !services.is_empty() && !known_services.is_empty() && services != *known_services;
            let message = match (renamed, moved) {
                (true, _) => format!("task {id} is `{name}` here, and `{known}` on `{}`", other.page.name),
                (false, true) => {
                    let words = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
                    let there = &other.page.name;
                    format!(
                        "task {id} is for {} here, and for {} on `{there}`",
                        words(&services),
                        words(known_services)
                    )
                }
                (false, false) => continue,
            };
            let finding = Diagnostic::new(&DIFFERING_TASK, located.span(task.line), message);
            found.push(finding.related(other.span(*line), "the other page"));
        }
    }
}

/// What translations say otherwise than the English page: tasks, flags and numbers.
fn drift(pages: &[Located<'_>], found: &mut Vec<Diagnostic>) {
    let mut english: BTreeMap<String, Located<'_>> = BTreeMap::new();
    for located in pages.iter().filter(|located| located.page.language == "en") {
        english.entry(playbook_name(&located.page.name)).or_insert(*located);
    }
    for located in pages.iter().filter(|located| located.page.language != "en") {
        let Some(original) = english.get(&playbook_name(&located.page.name)) else { continue };
        for difference in compare(original.page, located.page) {
            let matters = match difference.kind {
                DifferenceKind::Task | DifferenceKind::Number | DifferenceKind::Step => true,
                DifferenceKind::Page | DifferenceKind::Count | DifferenceKind::Link | DifferenceKind::History => false,
            };
            if !matters {
                continue;
            }
            let message = difference
                .message
                .replace("on the second page", "in this translation")
                .replace("on the first page", &format!("on `{}`", original.page.name));
            let line = difference.second.unwrap_or(located.page.title_line);
            let mut finding = Diagnostic::new(&TRANSLATION_DRIFT, located.span(line), message);
            if let Some(line) = difference.first {
                finding = finding.related(original.span(line), "the English page");
            }
            found.push(finding);
        }
    }
}
