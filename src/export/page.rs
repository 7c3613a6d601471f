//! A playbook as a page, in the layout all pages share and in any language they are written in.
//!
//! What only a page has (front matter, sections of other names, the way dates are written) stands in the `metadata` of the
//! playbook: keys that begin with `page.` are not front matter, and one that ends in `@TAG` belongs to that language.

mod written;

use crate::import::date;
use crate::import::language::{Column, Heading, Label, Language, Languages, NameKind};
use crate::import::play::{heading_name, identifier};
use crate::import::table::cells;
use crate::import::text::seen;
use crate::model::{Clause, Offer, OfferId, Playbook, ServiceSet, Stage, TaskRef, Text, Work};
use crate::syntax::ast;
use std::collections::BTreeMap;
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;
use written::TableColumn;

/// The services of stages and tasks in the order they are written, by where these begin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order(BTreeMap<u32, Vec<String>>);

impl Order {
    /// From the tree of the file.
    #[must_use]
    pub fn new(file: &ast::File) -> Order {
        let mut order = Order::default();
        for item in &file.items {
            let ast::Item::Playbook(playbook) = item else { continue };
            for item in &playbook.items {
                if let ast::PlaybookItem::Flow(item) = item {
                    order.scope(item);
                }
            }
        }
        order
    }

    fn scope(&mut self, item: &ast::ScopeItem) {
        match item {
            ast::ScopeItem::Stage(stage) => {
                self.add(stage.head.start, &stage.services);
                for item in &stage.items {
                    match item {
                        ast::StageItem::Work(work) => self.work(work),
                        ast::StageItem::Cadence(cadence) => cadence.items.iter().for_each(|work| self.work(work)),
                        _ => {}
                    }
                }
            }
            ast::ScopeItem::Block(block) => match &block.kind {
                ast::BlockKind::EachService(items) => items.iter().for_each(|item| self.scope(item)),
                ast::BlockKind::Together(branches) => {
                    branches.iter().flat_map(|branch| &branch.items).for_each(|item| self.scope(item));
                }
            },
            _ => {}
        }
    }

    fn work(&mut self, work: &ast::WorkItem) {
        match work {
            ast::WorkItem::Task(task) => self.add(task.span.start, &task.services),
            ast::WorkItem::Together(_, items) => items.iter().for_each(|work| self.work(work)),
            _ => {}
        }
    }

    fn add(&mut self, at: u32, names: &[ast::Name]) {
        if !names.is_empty() {
            self.0.insert(at, names.iter().map(|name| name.text.clone()).collect());
        }
    }
}

/// The page of a playbook in a language.
#[must_use]
pub fn write(playbook: &Playbook, order: &Order, language: &Language) -> String {
    let main = Languages::known().by_tag(&playbook.about.language).is_some_and(|main| main.tag == language.tag);
    let mut writer = Writer { playbook, order, language, main, text: String::new() };
    writer.page();
    let mut text = writer.text;
    while text.ends_with("\n\n") {
        text.pop();
    }
    text
}

struct Writer<'a> {
    playbook: &'a Playbook,
    order: &'a Order,
    language: &'a Language,
    /// Whether the language is the playbook's own.
    main: bool,
    text: String,
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Lines that stand apart from those before.
    fn apart(&mut self, text: &str) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
        if !text.is_empty() {
            self.text.push_str(text);
            self.text.push_str("\n\n");
        }
    }

    fn words(&self, text: &Text) -> String {
        if self.main { text.main.clone() } else { text.in_language(Some(&self.language.tag)).to_owned() }
    }

    /// What the metadata says for this language alone.
    fn own(&self, name: &str) -> Option<&str> {
        let key = if self.main { name.to_owned() } else { format!("{name}@{}", self.language.tag) };
        let found = self.playbook.about.metadata.iter().find(|(known, _)| *known == key);
        found.map(|(_, value)| value.as_str())
    }

    /// What the metadata says for this language, else for all.
    fn any(&self, name: &str) -> Option<&str> {
        self.own(name).or_else(|| {
            let found = self.playbook.about.metadata.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        })
    }

    /// Whether the page this playbook comes from has the heading of a section with nothing below it.
    fn bare(&self, heading: Heading) -> bool {
        self.own("page.bare").is_some_and(|names| names.split(", ").any(|name| name == heading_name(heading)))
    }

    fn section(&mut self, heading: Heading) {
        let own = self.own(&format!("page.heading.{}", heading_name(heading)));
        let title = own.unwrap_or_else(|| self.language.heading(heading)).to_owned();
        self.apart(&format!("## {title}"));
    }

    fn page(&mut self) {
        let about = &self.playbook.about;
        self.front_matter();
        let title = self.words(&self.playbook.name.text);
        self.apart(&format!("# {title}"));
        self.phase();
        self.labels_of_page();
        let sections = self.sections();
        for text in sections.iter().filter(|text| !text.starts_with('#')) {
            self.apart(text);
        }
        if let Some(overview) = &about.overview {
            self.section(Heading::Overview);
            let text = self.words(overview);
            self.apart(&text);
        } else if self.bare(Heading::Overview) {
            self.section(Heading::Overview);
        }
        let lead = self.own("page.objectives").map(str::to_owned);
        if !about.objectives.is_empty() || lead.is_some() || self.bare(Heading::Objectives) {
            self.section(Heading::Objectives);
            self.apart(&lead.unwrap_or_default());
            let texts: Vec<String> = about.objectives.iter().map(|text| self.words(text)).collect();
            self.list(&texts);
        }
        if !self.playbook.stages.is_empty() {
            self.section(Heading::Approach);
            let lead = self.own("page.approach").unwrap_or_default().to_owned();
            self.apart(&lead);
            for stage in &self.playbook.stages {
                self.stage(stage);
            }
        }
        for text in sections.iter().filter(|text| text.starts_with('#')) {
            self.apart(text);
        }
        self.clauses(Heading::Inputs, |scope| &scope.inputs);
        self.clauses(Heading::Outputs, |scope| &scope.outputs);
        self.next();
        self.history();
        let footer = self.any("page.footer").unwrap_or_default().to_owned();
        self.apart(&footer);
    }

    /// Sections of the page that are no part of a process, in order.
    fn sections(&self) -> Vec<String> {
        let mut sections = Vec::new();
        while let Some(text) = self.any(&format!("page.section.{}", sections.len() + 1)) {
            sections.push(text.to_owned());
        }
        sections
    }

    fn front_matter(&mut self) {
        let rows: Vec<(String, String)> = self
            .playbook
            .about
            .metadata
            .iter()
            .filter(|(key, _)| !key.starts_with("page.") && !key.contains('@'))
            .map(|(key, value)| {
                let own = self.own(key);
                (key.clone(), own.unwrap_or(value).to_owned())
            })
            .collect();
        if rows.is_empty() {
            return;
        }
        self.line("---");
        self.line("# required metadata");
        for (key, value) in rows {
            self.line(&format!("{key}: {}", value.replace('\n', " ")));
        }
        self.line("---");
    }

    fn phase(&mut self) {
        let written = match (self.own("page.phase"), self.any("page.phase"), &self.playbook.about.phase) {
            (Some(own), ..) => own.to_owned(),
            (None, Some(_), Some(phase)) => {
                let spelling = self.language.phases.get(phase).and_then(|spellings| spellings.first());
                spelling.cloned().unwrap_or_else(|| phase.clone())
            }
            _ => return,
        };
        let label = self.language.label(Label::Phase).to_owned();
        self.apart(&format!("{label}: **{written}**"));
    }

    fn labels_of_page(&mut self) {
        let mut lines = Vec::new();
        for (name, label) in [("roles", Label::Primary), ("motions", Label::Motions), ("applies_to", Label::Applies)] {
            if let Some(value) = self.own(&format!("page.{name}")) {
                lines.push(format!("{}: **{value}**", self.language.label(label)));
            }
        }
        if !lines.is_empty() {
            let text = lines.join("  \n");
            self.apart(&text);
        }
    }

    /// Items of a list. Lines below the first are items of their own list.
    fn list(&mut self, texts: &[String]) {
        let mut text = String::new();
        for item in texts.iter().filter(|item| !item.is_empty()) {
            for (at, line) in item.lines().enumerate() {
                let indent = if at == 0 { "  - " } else { "      " };
                let _ = writeln!(text, "{indent}{line}");
            }
        }
        let text = text.trim_end().to_owned();
        if !text.is_empty() {
            self.apart(&text);
        }
    }

    fn clauses(&mut self, heading: Heading, part: impl Fn(&crate::model::Scope) -> &Vec<Clause>) {
        let mut clauses: Vec<&Clause> = self.playbook.scopes.iter().flat_map(part).collect();
        clauses.sort_by_key(|clause| clause.span.start);
        let lead = self.own(&format!("page.{}", heading_name(heading))).unwrap_or_default().to_owned();
        if clauses.is_empty() && lead.is_empty() && !self.bare(heading) {
            return;
        }
        self.section(heading);
        self.apart(&lead);
        let texts: Vec<String> = clauses.iter().map(|clause| self.words(&clause.text)).collect();
        self.list(&texts);
    }

    fn next(&mut self) {
        let mut texts: Vec<String> = Vec::new();
        for next in &self.playbook.about.next {
            let words = self.words(&next.name.text);
            let text = match &next.link {
                Some(link) if !leads_to(&words, &link.address) => format!("[{words}]({})", link.address),
                _ => words,
            };
            // An item with several links is said once for each.
            if texts.last() != Some(&text) {
                texts.push(text);
            }
        }
        let lead = self.own("page.next").unwrap_or_default().to_owned();
        if !texts.is_empty() || !lead.is_empty() || self.bare(Heading::Next) {
            self.section(Heading::Next);
            self.apart(&lead);
            self.list(&texts);
        }
    }

    fn history(&mut self) {
        let style = self.own("page.dates").or(self.any("page.dates")).unwrap_or_default().to_owned();
        let mut rows: Vec<Vec<String>> = self
            .playbook
            .about
            .history
            .iter()
            .filter(|change| {
                let tag = change.only.as_deref();
                tag.is_none_or(|tag| Languages::known().by_tag(tag).is_some_and(|known| known.tag == self.language.tag))
            })
            .map(|change| vec![date::write(change.date, &style), change.who.clone(), self.words(&change.what)])
            .collect();
        for (place, row) in self.undated() {
            rows.insert(place.min(rows.len()), row);
        }
        if rows.is_empty() {
            if self.bare(Heading::History) {
                self.section(Heading::History);
            }
            return;
        }
        self.section(Heading::History);
        let usual = [Column::Date, Column::Who, Column::What].map(|column| self.language.column(column).to_owned());
        let own = self.own("page.changes").map(|written| cells(&format!("| {written} |")));
        let head = own.filter(|head| head.len() == usual.len()).unwrap_or_else(|| usual.to_vec());
        self.table(&head, &rows, &[]);
    }

    fn name(&self, kind: NameKind, at: usize) -> String {
        let list = match kind {
            NameKind::Role => &self.playbook.roles,
            NameKind::Service => &self.playbook.services,
            NameKind::Motion => &self.playbook.about.motions,
        };
        list.get(at).map(|named| self.words(&named.text)).unwrap_or_default()
    }

    /// Services as they are written at a place, else in declared order.
    fn services(&self, services: Option<ServiceSet>, at: u32, in_table: bool) -> String {
        let Some(set) = services else {
            return Languages::known().written(&self.language.tag, NameKind::Service, "All Services");
        };
        let mut order: Vec<usize> = Vec::new();
        for name in self.order.0.get(&at).into_iter().flatten() {
            if let Some(service) = self.playbook.services.iter().position(|service| service.name == *name) {
                order.push(service);
            } else if let Some(group) = self.playbook.groups.iter().find(|group| group.name == *name) {
                order.extend(group.members.iter().map(|service| service.index()));
            }
        }
        order.extend(set.iter().map(|service| service.index()));
        let mut names: Vec<String> = Vec::new();
        for service in order {
            let of_tables = self.in_tables(NameKind::Service, service).filter(|_| in_table);
            let name = of_tables.unwrap_or_else(|| self.name(NameKind::Service, service));
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(self.separator())
    }

    /// Between names of a list: with spaces, where the language has them.
    fn separator(&self) -> &'static str {
        if self.language.words.is_empty() { "/" } else { " / " }
    }

    fn stage(&mut self, stage: &Stage) {
        let title = self.words(&stage.name.text);
        self.apart(&format!("### {title}"));
        let secondary = format!("{}:", self.language.label(Label::Secondary));
        let about: Vec<String> = stage.about.iter().map(|text| self.words(text)).collect();
        let (secondary, about): (Vec<String>, Vec<String>) =
            about.into_iter().partition(|text| text.starts_with(&secondary));
        self.labels(stage, &title, &secondary);
        let mut texts = about;
        let mut bullets = Vec::new();
        let mut offers = Vec::new();
        let cadences = stage.cadences.iter().filter_map(|id| self.playbook.cadences.get(id.index()));
        let cadences: Vec<&Vec<Work>> = cadences.map(|cadence| &cadence.body).collect();
        for work in stage.body.iter().chain(cadences.into_iter().flatten()) {
            self.work(work, &mut bullets, &mut offers);
        }
        texts.extend(bullets.iter().map(|bullet| format!("- {bullet}")));
        self.prose(&texts);
        self.block(Label::Inputs, &stage.inputs);
        self.block(Label::Outputs, &stage.outputs);
        self.tasks(stage, &offers);
    }

    fn labels(&mut self, stage: &Stage, title: &str, secondary: &[String]) {
        let uncategorized = Languages::known().heading(&self.language.tag, title) == Some(Heading::Uncategorized);
        let labelled = !stage.roles.is_empty()
            || !stage.motions.is_empty()
            || stage.services.is_some()
            || uncategorized
            || self.has_labels(stage);
        if !labelled && secondary.is_empty() {
            return;
        }
        let mut lines = Vec::new();
        let roles: Vec<String> = stage.roles.iter().map(|role| self.name(NameKind::Role, role.index())).collect();
        let roles = if roles.is_empty() { "-".to_owned() } else { roles.join(", ") };
        let shown = |label: Label, value: String| {
            let value = self.label_written(stage, label, &value).unwrap_or(value);
            (!value.is_empty()).then(|| format!("{}: **{value}**", self.label_word(stage, label)))
        };
        lines.extend(shown(Label::Primary, roles));
        lines.extend(secondary.iter().cloned());
        let motions: Vec<String> = stage.motions.iter().map(|motion| self.name(NameKind::Motion, *motion)).collect();
        if !motions.is_empty() {
            lines.extend(shown(Label::Motions, motions.join(self.separator())));
        }
        let services = self.services(stage.services, stage.head.start, false);
        lines.extend(shown(Label::Applies, services));
        let text = lines.join("  \n");
        self.apart(&text);
    }

    /// Paragraphs apart, items of one list together.
    fn prose(&mut self, texts: &[String]) {
        let is_item = |text: &str| {
            let text = text.trim_start();
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            text.starts_with("- ") || digits > 0 && text.get(digits..).is_some_and(|rest| rest.starts_with(". "))
        };
        let mut list = String::new();
        for text in texts.iter().filter(|text| !text.is_empty()) {
            if is_item(text) {
                for line in text.lines() {
                    let _ = writeln!(list, "  {line}");
                }
                continue;
            }
            let items = std::mem::take(&mut list);
            if !items.is_empty() {
                self.apart(items.trim_end());
            }
            self.apart(text);
        }
        if !list.is_empty() {
            self.apart(list.trim_end_matches('\n'));
        }
    }

    fn work(&self, work: &Work, bullets: &mut Vec<String>, offers: &mut Vec<OfferId>) {
        match work {
            Work::Task(offer) => match self.playbook.offers.get(offer.index()) {
                Some(found) if self.has_number(found) => offers.push(*offer),
                Some(found) => bullets.push(self.linked(&found.title, found.links.first())),
                None => {}
            },
            Work::Step(step) => bullets.push(self.linked(&step.text, step.links.first())),
            Work::Set(_) => {}
            Work::Together(items) => items.iter().for_each(|work| self.work(work, bullets, offers)),
        }
    }

    /// Whether a task stands in the table: it has a number, or its page has a row without one.
    fn has_number(&self, offer: &Offer) -> bool {
        match self.playbook.tasks.get(offer.task.index()).map(|task| &task.id) {
            Some(TaskRef::Number(_)) => true,
            Some(TaskRef::Name(name)) => {
                let stage = self.playbook.stages.get(offer.stage.index());
                *name == identifier(&offer.title.main)
                    || stage.is_some_and(|stage| self.id_written(stage, offer).is_some())
            }
            None => false,
        }
    }

    /// A text with its link, unless it has one within it.
    fn linked(&self, text: &Text, link: Option<&crate::model::Link>) -> String {
        let words = self.words(text);
        match link {
            Some(link) if !leads_to(&words, &link.address) => format!("[{words}]({})", link.address),
            _ => words,
        }
    }

    fn block(&mut self, label: Label, clauses: &[Clause]) {
        if clauses.is_empty() {
            return;
        }
        let name = if label == Label::Inputs { "page.block.inputs" } else { "page.block.outputs" };
        let written = self.own(name).map(str::to_owned);
        self.apart(&written.unwrap_or_else(|| format!("**{}:**", self.language.label(label))));
        let texts: Vec<String> = clauses.iter().map(|clause| self.words(&clause.text)).collect();
        self.list(&texts);
    }

    fn tasks(&mut self, stage: &Stage, offers: &[OfferId]) {
        if offers.is_empty() {
            return;
        }
        let own = self.own(&format!("page.heading.{}", heading_name(Heading::Tasks)));
        let heading = own.unwrap_or_else(|| self.language.heading(Heading::Tasks)).to_owned();
        self.apart(&format!("#### {heading}"));
        let offers: Vec<&Offer> = offers.iter().filter_map(|id| self.playbook.offers.get(id.index())).collect();
        let columns = self.columns(stage, &offers);
        let mut rows = Vec::new();
        for offer in offers {
            let number = match self.playbook.tasks.get(offer.task.index()).map(|task| &task.id) {
                Some(TaskRef::Number(number)) => number.to_string(),
                _ => String::new(),
            };
            let number = self.id_written(stage, offer).unwrap_or(number);
            let role = |at: usize| self.in_tables(NameKind::Role, at).unwrap_or_else(|| self.name(NameKind::Role, at));
            let roles: Vec<String> = offer.roles.iter().map(|id| role(id.index())).collect();
            let (services, at) = match offer.services {
                Some(services) => (Some(services), offer.span.start),
                None => (stage.services, stage.head.start),
            };
            // A name with links of its own leaves the place of the link to the number.
            let number = match offer.links.first() {
                Some(link) if self.words(&offer.title).contains("](") && !number.contains("](") => {
                    format!("[{number}]({})", link.address)
                }
                _ => number,
            };
            let services = self.services(services, at, true);
            let cell = |column: &TableColumn| match column.holds {
                Some(Column::Id) => number.clone(),
                Some(Column::Name) if self.is_nameless(stage, offer) => String::new(),
                Some(Column::Name) if number.contains("](") => self.words(&offer.title),
                Some(Column::Name) => self.linked(&offer.title, offer.links.first()),
                Some(Column::Flag) => self.flag_written(stage, offer),
                Some(Column::Role) => self.roles_written(stage, offer).unwrap_or_else(|| roles.join(", ")),
                Some(Column::Services) => {
                    self.services_written(stage, offer, &services).unwrap_or_else(|| services.clone())
                }
                _ => self.note(stage, offer, column),
            };
            rows.push(columns.iter().map(cell).collect());
        }
        let head: Vec<String> = columns.iter().map(|column| column.title.clone()).collect();
        let is_centred = |column: &TableColumn| matches!(column.holds, Some(Column::Flag | Column::Role));
        let centred: Vec<usize> =
            columns.iter().enumerate().filter(|(_, column)| is_centred(column)).map(|(at, _)| at).collect();
        self.table(&head, &rows, &centred);
    }

    /// A table, its columns aligned; those of `centred` in the middle.
    fn table(&mut self, head: &[String], rows: &[Vec<String>], centred: &[usize]) {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect())
            .collect();
        let width = |at: usize| {
            let cells = rows.iter().filter_map(|row| row.get(at)).chain(head.get(at));
            cells.map(|cell| cell.width()).max().unwrap_or(0).clamp(3, 60)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let written = |cells: &[String]| {
            let cells: Vec<String> = cells
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(at, (cell, width))| {
                    let room = width.saturating_sub(cell.width());
                    let before = if centred.contains(&at) { room / 2 } else { 0 };
                    format!("{}{cell}{}", " ".repeat(before), " ".repeat(room - before))
                })
                .collect();
            format!("| {} |", cells.join(" | "))
        };
        let dashes: Vec<String> = widths
            .iter()
            .enumerate()
            .map(
                |(at, width)| {
                    if centred.contains(&at) { format!(":{}:", "-".repeat(width - 2)) } else { "-".repeat(*width) }
                },
            )
            .collect();
        let mut text = format!("{}\n| {} |\n", written(head), dashes.join(" | "));
        for row in &rows {
            text.push_str(&written(row));
            text.push('\n');
        }
        self.apart(text.trim_end());
    }
}

/// Whether a text has a link within it already: this one, or another.
fn leads_to(words: &str, address: &str) -> bool {
    words.contains("](") || seen(words).1.iter().any(|link| link.target == address)
}
