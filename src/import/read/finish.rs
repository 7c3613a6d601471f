//! What can only be said when the whole page is read.

use super::super::PHASES;
use super::super::language::{Heading, Label};
use super::super::markdown::{Block, Piece};
use super::super::page::{Kind, Next, Page, entries, lead};
use super::super::tasks::Table;
use super::super::text::{key, plain, seen};
use super::Reader;
use crate::diagnostic::{
    Diagnostic, IMPOSSIBLE_DATE, MISPLACED_HEADING, MISSING_SECTION, NO_PROCESS, REPEATED_TASK, TASK_OUTSIDE_SERVICES,
    UNORDERED_HISTORY, UNREAD_ROW, sort,
};
use std::collections::BTreeMap;

impl Reader<'_> {
    /// Puts the page together, and says what is odd about it as a whole.
    pub(super) fn finish(mut self, pieces: &[Piece]) -> (Page, Vec<Diagnostic>) {
        self.title();
        self.kind();
        self.sections_by_place();
        self.next_steps();
        self.phase_by_name();
        let headings = std::mem::take(&mut self.task_headings);
        let count = |heading: &String| headings.iter().filter(|other| *other == heading).count();
        if let Some(most) = headings.iter().rev().max_by_key(|heading| count(heading)) {
            self.as_written(Heading::Tasks, most);
        }
        self.page.headings.sort();
        self.bare_sections();
        self.repeated_tasks();
        self.tasks_outside_services();
        self.order_of_history();
        self.far_dates();
        if self.page.is_process() {
            self.missing_sections();
        } else {
            let line = self.page.title_line;
            let words = self.page.kind.words();
            self.say(&NO_PROCESS, line, format!("the page describes no process: it is {words}"));
        }
        self.unread(pieces);
        let mut found = self.found;
        sort(&mut found);
        (self.page, found)
    }

    /// Notes the sections of which nothing stands below the heading.
    fn bare_sections(&mut self) {
        let page = &self.page;
        self.page.bare = [
            (Heading::Overview, page.overview.is_empty()),
            (Heading::Objectives, page.objectives.is_empty()),
            (Heading::Inputs, page.key_inputs.is_empty()),
            (Heading::Outputs, page.key_outputs.is_empty()),
            (Heading::Next, page.next.is_empty() && page.next_lead.is_empty()),
            (Heading::History, page.history.is_empty() && page.footer.is_empty()),
        ]
        .into_iter()
        .filter_map(|(heading, empty)| (empty && self.seen.contains(&heading)).then_some(heading))
        .collect();
    }

    /// On a process page, a section nobody knows that stands just where one is missing is that one.
    fn sections_by_place(&mut self) {
        const USUAL: [Heading; 7] = [
            Heading::Overview,
            Heading::Objectives,
            Heading::Approach,
            Heading::Inputs,
            Heading::Outputs,
            Heading::Next,
            Heading::History,
        ];
        if !self.page.is_process() {
            return;
        }
        let place = |heading: Heading| USUAL.iter().position(|usual| *usual == heading);
        let mut meant: Vec<(usize, Heading)> = Vec::new();
        for (at, entry) in self.order.iter().enumerate() {
            let Err(line) = entry else { continue };
            let before = match at.checked_sub(1).and_then(|before| self.order.get(before)) {
                Some(Ok(known)) => place(*known).map(|place| place + 1),
                Some(Err(_)) => None,
                None => Some(0),
            };
            let after = match self.order.get(at + 1) {
                Some(Ok(known)) => place(*known),
                _ => None,
            };
            if let (Some(before), Some(after)) = (before, after)
                && before + 1 == after
                && let Some(heading) = USUAL.get(before).filter(|heading| !self.seen.contains(heading))
            {
                meant.push((*line, *heading));
            }
        }
        for (line, heading) in meant {
            let found =
                self.page.sections.iter().position(|section| section.line as usize == line && section.level == 2);
            let Some(section) = found.map(|found| self.page.sections.remove(found)) else { continue };
            let prose = section.prose;
            match heading {
                Heading::Overview => self.page.overview = prose,
                Heading::Objectives => self.page.objectives = prose,
                Heading::Inputs => self.page.key_inputs = prose,
                Heading::Outputs => self.page.key_outputs = prose,
                Heading::Next => self.next = prose,
                _ => self.page.approach = prose,
            }
            let own = self.words.languages.by_tag(self.words.language).map_or("", |language| language.heading(heading));
            let title = plain(&section.title);
            self.say(
                &MISPLACED_HEADING,
                section.line,
                format!("the heading `{title}` is not known: by its place it is taken for `{own}`"),
            );
            self.seen.push(heading);
            self.page.headings.push((heading, title));
        }
    }

    fn next_steps(&mut self) {
        self.page.next_lead = lead(&self.next);
        for (item, entry) in entries(&self.next).into_iter().enumerate() {
            let (text, links) = (entry.text, entry.line);
            let found = seen(&text).1;
            if found.is_empty() {
                self.page.next.push(Next { text, link: None, line: links, item });
                continue;
            }
            for link in found {
                self.page.next.push(Next { text: text.clone(), link: Some(link), line: entry.line, item });
            }
        }
    }

    fn title(&mut self) {
        if !self.page.title.is_empty() {
            return;
        }
        let meta = |name: &str| self.page.meta.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let title = meta("title").or_else(|| meta("description")).unwrap_or_default();
        let title = title.rsplit_once(" - ").map_or(title.as_str(), |(_, title)| title).trim().to_owned();
        self.page.title = if title.is_empty() { self.page.name.trim_end_matches(".md").to_owned() } else { title };
        self.say(&MISSING_SECTION, 1, "the page has no title");
    }

    fn kind(&mut self) {
        let page = &self.page;
        let name = page.name.to_lowercase();
        let begins = |start: &str| name.starts_with(start);
        let labelled = page.steps.iter().any(|step| step.labelled && step.level >= 3);
        let process = labelled || !page.steps.is_empty() && PHASES.iter().any(|phase| begins(&format!("{phase}-")));
        let process = process && !begins("approach-");
        self.page.kind = if process {
            Kind::Process
        } else if begins("phase-") {
            Kind::Phase
        } else if begins("l1l2l3") || key(&plain(&page.title)).starts_with("l1") {
            Kind::Status
        } else if page.tasks().next().is_some() || begins("approach-") || !page.steps.is_empty() {
            Kind::Approach
        } else if begins("resources-") || begins("resource-") {
            Kind::Resources
        } else {
            Kind::Guidance
        };
    }

    fn phase_by_name(&mut self) {
        if self.page.phase.is_some() {
            return;
        }
        let name = self.page.name.to_lowercase();
        let name = name.strip_prefix("phase-").unwrap_or(&name);
        let phase = PHASES.iter().find(|phase| {
            name.strip_prefix(*phase).is_some_and(|rest| rest.starts_with(['-', '.']) || rest.is_empty())
        });
        self.page.phase = phase.map(|phase| (*phase).to_owned());
    }

    fn repeated_tasks(&mut self) {
        let mut first: BTreeMap<u32, (u32, String, Option<bool>, Vec<String>)> = BTreeMap::new();
        let mut found = Vec::new();
        for (step, task) in self.page.tasks() {
            let Some(id) = task.id else { continue };
            let services: Vec<String> = task.services.iter().map(|service| service.name.clone()).collect();
            match first.get(&id) {
                None => {
                    first.insert(id, (task.line, plain(&task.name), task.mandatory, services));
                }
                Some((line, name, mandatory, known)) => {
                    let mut differs = Vec::new();
                    if key(name) != key(&plain(&task.name)) {
                        differs.push("another name");
                    }
                    if *mandatory != task.mandatory {
                        differs.push("another flag");
                    }
                    if *known != services {
                        differs.push("other services");
                    }
                    let with =
                        if differs.is_empty() { String::new() } else { format!(", with {}", differs.join(", ")) };
                    let message = format!("task {id} stands on this page twice{with}");
                    found.push((task.line, *line, message, plain(&step.title)));
                }
            }
        }
        for (line, other, message, _) in found {
            let finding = Diagnostic::new(&REPEATED_TASK, self.span(line), message);
            self.found.push(finding.related(self.span(other), "it stands here first"));
        }
    }

    fn tasks_outside_services(&mut self) {
        let mut found = Vec::new();
        for (step, task) in self.page.tasks() {
            let all = |names: &[super::Named]| names.iter().any(|name| name.name == "All Services");
            let unknown = step.applies_to.iter().chain(&task.services).any(|service| !service.known);
            if step.applies_to.is_empty()
                || task.services.is_empty()
                || all(&step.applies_to)
                || all(&task.services)
                || unknown
            {
                continue;
            }
            let family = |name: &str| service_family(name).to_owned();
            let allowed: Vec<String> = step.applies_to.iter().map(|service| family(&service.name)).collect();
            let outside: Vec<String> = task
                .services
                .iter()
                .filter(|service| !allowed.contains(&family(&service.name)))
                .map(|service| format!("`{}`", service.name))
                .collect();
            if !outside.is_empty() {
                let number = task.id.map_or("a task".to_owned(), |id| format!("task {id}"));
                let applies: Vec<&str> = step.applies_to.iter().map(|service| service.name.as_str()).collect();
                found.push((
                    task.line,
                    format!("{number} is for {}, but its step applies to {}", outside.join(", "), applies.join(", ")),
                    step.line,
                ));
            }
        }
        for (line, message, step) in found {
            let finding = Diagnostic::new(&TASK_OUTSIDE_SERVICES, self.span(line), message);
            self.found.push(finding.related(self.span(step), "the step"));
        }
    }

    /// The newest change stands above: rows that are newer than one above them are out of order.
    fn order_of_history(&mut self) {
        let rows: Vec<(crate::value::Date, u32)> =
            self.page.history.iter().filter_map(|row| Some((row.date?, row.line))).collect();
        let rising = rows.windows(2).filter(|pair| pair[0].0 < pair[1].0).count();
        let falling = rows.windows(2).filter(|pair| pair[0].0 > pair[1].0).count();
        if rising == 0 || falling == 0 && rows.len() > 2 {
            return;
        }
        let mut found = Vec::new();
        for pair in rows.windows(2) {
            if let [(above, above_line), (below, below_line)] = pair
                && above < below
            {
                let message = format!("the change of {below} stands below the one of {above}");
                found.push((*below_line, *above_line, message));
            }
        }
        for (line, above, message) in found {
            let finding = Diagnostic::new(&UNORDERED_HISTORY, self.span(line), message);
            self.found.push(
                finding
                    .related(self.span(above), "an earlier change")
                    .help("One of the two dates may be a slip: the newest change stands first"),
            );
        }
    }

    /// A date more than ten years from every other change is a slip.
    fn far_dates(&mut self) {
        let rows: Vec<(crate::value::Date, u32)> =
            self.page.history.iter().filter_map(|row| Some((row.date?, row.line))).collect();
        let year = |date: &crate::value::Date| date.to_string().get(..4).and_then(|year| year.parse::<i32>().ok());
        let years: Vec<i32> = rows.iter().filter_map(|(date, _)| year(date)).collect();
        // Of two dates nobody knows which is right.
        if years.len() != rows.len() || years.len() < 3 {
            return;
        }
        for (at, (date, line)) in rows.iter().enumerate() {
            let Some(own) = years.get(at) else { continue };
            let near = years.iter().enumerate().any(|(other, year)| other != at && own.abs_diff(*year) <= 10);
            if !near {
                self.say(&IMPOSSIBLE_DATE, *line, format!("{date} is more than ten years from every other change"));
            }
        }
    }

    fn missing_sections(&mut self) {
        let wanted = [
            Heading::Overview,
            Heading::Objectives,
            Heading::Approach,
            Heading::Inputs,
            Heading::Outputs,
            Heading::Next,
            Heading::History,
        ];
        let own = self.words.languages.by_tag(self.words.language);
        let missing: Vec<String> = wanted
            .iter()
            .filter(|heading| !self.seen.contains(heading))
            .filter(|heading| **heading != Heading::History || self.page.history.is_empty())
            .map(|heading| format!("`{}`", own.map_or("", |language| language.heading(*heading))))
            .collect();
        if !missing.is_empty() {
            let line = self.page.title_line;
            let words = if missing.len() == 1 { "section" } else { "sections" };
            self.say(&MISSING_SECTION, line, format!("the page lacks the {words} {}", missing.join(", ")));
        }
        if self.page.meta.is_empty() {
            self.say(&MISSING_SECTION, 1, "the page has no front matter");
        }
        let bare: Vec<(u32, String)> = self
            .page
            .steps
            .iter()
            .filter(|step| step.labelled && step.applies_to.is_empty() && step.roles.is_empty())
            .map(|step| (step.line, plain(&step.title)))
            .collect();
        let label = own.map_or("", |language| language.label(Label::Primary)).to_owned();
        for (line, title) in bare {
            self.say(&MISSING_SECTION, line, format!("`{title}` says neither `{label}` nor for which services it is"));
        }
    }

    /// Rows with a number of which nothing was made.
    fn unread(&mut self, pieces: &[Piece]) {
        let lines: Vec<u32> = self.page.tasks().map(|(_, task)| task.line).collect();
        let mut found = Vec::new();
        for piece in pieces.iter().filter(|piece| piece.block == Block::Table) {
            for table in Table::new(&piece.lines, self.words).parts() {
                if !table.is_of_tasks(self.words) {
                    continue;
                }
                for (row, line) in table.rows() {
                    let numbered = row.iter().any(|cell| super::super::table::is_number(cell));
                    let changed = self.page.history.iter().any(|change| change.line == line);
                    let said = self
                        .found
                        .iter()
                        .any(|found| found.rule == &UNREAD_ROW && found.primary.span == self.span(line));
                    if numbered && !lines.contains(&line) && !changed && !said {
                        found.push(line);
                    }
                }
            }
        }
        for line in found {
            self.say(&UNREAD_ROW, line, "nothing could be made of this row, though it has a number");
        }
    }
}

/// Names that mean the same workload where a step and its tasks are compared.
fn service_family(name: &str) -> &str {
    match name {
        "Exchange Online" | "Exchange Online Protection" => "Exchange",
        "SharePoint Online" => "SharePoint",
        "OneDrive" => "OneDrive for Business",
        "Microsoft Teams" => "Teams",
        "Microsoft Intune" => "Intune",
        "Skype for Business Online" => "Skype for Business",
        "Azure AD Premium" => "AADP",
        "Azure Information Protection" | "MIP" | "AzRMS" => "AIP",
        "Microsoft Edge" => "Edge",
        "Windows" => "Windows 10",
        other => other,
    }
}
