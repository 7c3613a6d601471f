//! What a page writes otherwise than its playbook would be written: cells with remarks, empty ones, heads of tables, further
//! columns, changes without a date. It stands in the metadata, so that the page can be written as it was.

use super::super::language::{Column, Flag, Heading, Label, Languages, NameKind};
use super::super::names::Words;
use super::super::page::{Named, Page, Step, Task, TaskColumn};
use super::super::tasks::column_title;
use super::super::text::{key, plain, squeezed};
use super::{Names, Writer, identifier, same_task};

/// The columns of a table of tasks, in the order in which they are written.
pub const COLUMNS: [Column; 5] = [Column::Id, Column::Name, Column::Flag, Column::Role, Column::Services];

/// The references of the tasks of a page, step by step: their numbers, and names for those that have none, or whose number
/// stands in the step already.
pub(super) fn references(page: &Page) -> Vec<Vec<String>> {
    let mut taken: Vec<String> = Vec::new();
    let of_step = |step: &Step| {
        let mut here: Vec<String> = Vec::new();
        for task in &step.tasks {
            let number = task.id.map(|id| id.to_string()).filter(|number| !here.contains(number));
            let reference = number.unwrap_or_else(|| {
                let wanted = identifier(&task.name);
                let mut name = wanted.clone();
                let mut count = 2;
                while here.contains(&name) || task.id.is_some() && taken.contains(&name) {
                    name = format!("{wanted}_{count}");
                    count += 1;
                }
                taken.push(name.clone());
                name
            });
            here.push(reference);
        }
        here
    };
    page.steps.iter().map(of_step).collect()
}

/// Rows of the metadata.
pub(super) type Rows = Vec<(String, String)>;

impl Writer<'_> {
    /// What the pages write otherwise.
    pub(super) fn written(&self) -> Rows {
        let mut rows: Rows = Vec::new();
        for (at, page) in self.pages.iter().enumerate() {
            let tag = if at == 0 { String::new() } else { format!("@{}", page.language) };
            let mut own: Rows = Vec::new();
            self.spellings(at, &mut own);
            self.flags(page, &mut own);
            self.columns(page, &mut own);
            self.changes(page, &mut own);
            self.label_words(page, &mut own);
            for number in 0..page.steps.len().min(self.names.stages.len()) {
                self.labels(at, page, number, &mut own);
                self.cells(at, page, number, &mut own);
            }
            for (number, change) in page.history.iter().enumerate().filter(|(_, change)| change.date.is_none()) {
                let cells = [&change.written, &change.who, &change.what].map(|cell| cell.replace('|', "\\|"));
                own.push((format!("page.history.{number}"), cells.join(" | ")));
            }
            rows.extend(own.into_iter().map(|(key, value)| (format!("{key}{tag}"), value)));
        }
        rows
    }

    fn stage_name(&self, number: usize) -> &str {
        self.names.stages.get(number).map_or("", String::as_str)
    }

    /// Roles and services that tables spell otherwise than labels.
    fn spellings(&self, at: usize, rows: &mut Rows) {
        for (word, list) in [("role", &self.names.roles), ("service", &self.names.services)] {
            for declared in list {
                if let Some(Some(spelling)) = declared.in_tables.get(at) {
                    rows.push((format!("page.table.{word}.{}", declared.name), spelling.clone()));
                }
            }
        }
    }

    /// How the page writes flags, where that is not the usual way.
    fn flags(&self, page: &Page, rows: &mut Rows) {
        for (flag, name) in [(Flag::Mandatory, "mandatory"), (Flag::Optional, "optional")] {
            let usual = usual_flag(page, flag);
            let own = Languages::known().by_tag(&page.language).map_or("", |language| language.flag(flag));
            if !usual.is_empty() && differs(&usual, own) {
                rows.push((format!("page.flag.{name}"), usual));
            }
        }
    }

    /// The heads of its tables of tasks.
    fn columns(&self, page: &Page, rows: &mut Rows) {
        let written = |columns: &[TaskColumn]| {
            columns.iter().map(|column| column.title.replace('|', "\\|")).collect::<Vec<_>>().join(" | ")
        };
        let language = Languages::known().by_tag(&page.language);
        let usual = COLUMNS.map(|column| language.map_or("", |language| language.column(column))).join(" | ");
        let same = |one: &str, other: &str| {
            let titles = |head: &str| head.split('|').map(|title| squeezed(&plain(title))).collect::<Vec<_>>();
            titles(one) == titles(other)
        };
        let heads: Vec<(usize, String)> = page
            .steps
            .iter()
            .enumerate()
            .filter(|(number, step)| !step.columns.is_empty() && *number < self.names.stages.len())
            .map(|(number, step)| (number, written(&with_notes(step))))
            .collect();
        let count = |head: &str| heads.iter().filter(|(_, other)| same(other, head)).count();
        let most = heads.iter().map(|(_, head)| head).rev().max_by_key(|head| count(head)).cloned();
        let of_page = most.unwrap_or_else(|| usual.clone());
        if !same(&of_page, &usual) {
            rows.push(("page.columns".to_owned(), of_page.clone()));
        }
        for (number, head) in heads.iter().filter(|(_, head)| !same(head, &of_page)) {
            rows.push((format!("page.columns.{}", self.stage_name(*number)), head.clone()));
        }
    }

    /// What its steps call their labels, where that is not the usual word.
    fn label_words(&self, page: &Page, rows: &mut Rows) {
        let language = Languages::known().by_tag(&page.language);
        for (label, name) in [(Label::Primary, "primary"), (Label::Motions, "motions"), (Label::Applies, "applies")] {
            let usual = language.map_or("", |language| language.label(label));
            let steps = page.steps.iter().enumerate().filter(|(number, _)| *number < self.names.stages.len());
            let words: Vec<(usize, &str)> = steps
                .filter_map(|(number, step)| {
                    let (_, word) = step.label_words.iter().find(|(known, _)| *known == label)?;
                    Some((number, word.as_str()))
                })
                .collect();
            let count = |word: &str| words.iter().filter(|(_, other)| *other == word).count();
            let most = words.iter().map(|(_, word)| *word).rev().max_by_key(|word| count(word)).unwrap_or(usual);
            if most != usual {
                rows.push((format!("page.label.{name}"), most.to_owned()));
            }
            for (number, word) in words.iter().filter(|(_, word)| *word != most) {
                rows.push((format!("page.label.{name}.{}", self.stage_name(*number)), (*word).to_owned()));
            }
        }
    }

    /// The head of its table of changes.
    fn changes(&self, page: &Page, rows: &mut Rows) {
        let language = Languages::known().by_tag(&page.language);
        let usual = [Column::Date, Column::Who, Column::What]
            .map(|column| language.map_or("", |language| language.column(column)));
        if !page.history_head.is_empty() && page.history_head != usual {
            let head: Vec<String> = page.history_head.iter().map(|title| title.replace('|', "\\|")).collect();
            rows.push(("page.changes".to_owned(), head.join(" | ")));
        }
    }

    fn labels(&self, at: usize, page: &Page, number: usize, rows: &mut Rows) {
        let Some(step) = page.steps.get(number).filter(|step| step.labelled) else { return };
        // Labels that say nothing are written only because the page has them.
        let bare = step.roles.is_empty()
            && step.motions.is_empty()
            && self.services(&step.applies_to).is_none()
            && Languages::known().heading(&page.language, &plain(&step.title)) != Some(Heading::Uncategorized);
        let spelled =
            |names: &[Named]| -> Vec<String> { names.iter().map(|name| self.spelled(at, name, false)).collect() };
        let roles = if step.roles.is_empty() { "-".to_owned() } else { spelled(&step.roles).join(", ") };
        let all = || vec![Languages::known().written(&page.language, NameKind::Service, "All Services")];
        let services = if self.services(&step.applies_to).is_none() { all() } else { spelled(&step.applies_to) };
        let motions = spelled(&step.motions).join(" / ");
        for (label, name, expected) in [
            (Label::Primary, "primary", roles),
            (Label::Motions, "motions", motions),
            (Label::Applies, "applies", services.join("/")),
        ] {
            let own: Vec<&String> =
                step.labels_written.iter().filter(|(known, _)| *known == label).map(|(_, value)| value).collect();
            let written = match own.as_slice() {
                [] if label != Label::Motions => String::new(),
                [only] => (*only).clone(),
                _ => continue,
            };
            let says_nothing = match label {
                Label::Primary => step.roles.is_empty(),
                _ => step.applies_to.is_empty(),
            };
            let absent = own.is_empty();
            if absent && !says_nothing {
                continue;
            }
            if absent || bare || differs(&written, &expected) {
                rows.push((format!("page.step.{}.{name}", self.stage_name(number)), written));
            }
        }
    }

    /// A name as the page will spell it.
    fn spelled(&self, at: usize, named: &Named, in_table: bool) -> String {
        if named.name == "All Services" {
            let tag = self.pages.get(at).map_or("en", |page| page.language.as_str());
            return Languages::known().written(tag, NameKind::Service, "All Services");
        }
        let lists = [&self.names.roles, &self.names.services, &self.names.motions];
        let declared = lists.into_iter().flatten().find(|declared| key(&declared.english) == key(&named.name));
        let Some(declared) = declared else { return named.written.clone() };
        let table = declared.in_tables.get(at).cloned().flatten().filter(|_| in_table);
        table.or_else(|| declared.words.get(at).cloned()).unwrap_or_else(|| named.written.clone())
    }

    fn cells(&self, at: usize, page: &Page, number: usize, rows: &mut Rows) {
        let Some(main) = self.pages.first().and_then(|main| main.steps.get(number)) else { return };
        let Some(step) = page.steps.get(number) else { return };
        let references = self.names.references(number);
        for (place, (of_main, reference)) in main.tasks.iter().zip(references).enumerate() {
            let Some(task) = counterpart(step, main, place, of_main) else { continue };
            let mut add = |part: &str, value: &str| {
                rows.push((format!("page.task.{}.{reference}.{part}", self.stage_name(number)), value.to_owned()));
            };
            let numbered = *reference == task.id.map(|id| id.to_string()).unwrap_or_default();
            let id = task.id.map(|id| id.to_string()).unwrap_or_default();
            match &task.written.id {
                // A link on the number would else stand on the name.
                Some(written)
                    if key(&plain(written)) != id
                        || written.contains("~~")
                        || plain(written).ends_with('*')
                        || task.link.is_some() && !task.name.contains("](") =>
                {
                    add("id", written);
                }
                _ if !numbered => add("id", &id),
                _ => {}
            }
            if task.name.is_empty() {
                add("name", "");
            }
            // A flag that is left open stays so.
            if task.mandatory.is_none() {
                add("flag", task.written.flag.as_deref().unwrap_or_default());
            }
            if let (Some(written), Some(mandatory)) = (&task.written.flag, task.mandatory) {
                let flag = if mandatory { Flag::Mandatory } else { Flag::Optional };
                let usual = usual_flag(page, flag);
                let own = Languages::known().by_tag(&page.language).map_or("", |language| language.flag(flag));
                let expected = if usual.is_empty() { own } else { &usual };
                if differs(written, expected) {
                    add("flag", written);
                }
            }
            if let Some(written) = &task.written.role
                && differs(written, &self.roles_written(at, step, task))
            {
                add("role", written);
            }
            if let Some(written) = &task.written.services
                && differs(written, &self.services_written(at, page, step, task))
            {
                add("services", written);
            }
            for note in &task.notes {
                add(&format!("note.{}", note.column), &note.text);
            }
        }
    }

    /// The roles of a task as its page will be written: its own, else those of its step.
    fn roles_written(&self, at: usize, step: &Step, task: &Task) -> String {
        let roles = if task.roles.is_empty() { &step.roles } else { &task.roles };
        roles.iter().map(|role| self.spelled(at, role, true)).collect::<Vec<_>>().join(", ")
    }

    fn services_written(&self, at: usize, page: &Page, step: &Step, task: &Task) -> String {
        let all = || Languages::known().written(&page.language, NameKind::Service, "All Services");
        let own = self.services(&task.services);
        let listed = match (own.is_some(), self.services(&step.applies_to).is_some()) {
            (true, _) if own != self.services(&step.applies_to) => &task.services,
            (_, true) => &step.applies_to,
            (true, false) => &task.services,
            (false, false) => return all(),
        };
        listed.iter().map(|service| self.spelled(at, service, true)).collect::<Vec<_>>().join("/")
    }
}

/// The columns of a table, with those only some of its rows have.
fn with_notes(step: &Step) -> Vec<TaskColumn> {
    let mut columns = step.columns.clone();
    for note in step.tasks.iter().flat_map(|task| &task.notes) {
        let known = columns.iter().enumerate().any(|(at, column)| column_title(&column.title, at) == note.column);
        if !known {
            columns.push(TaskColumn { title: note.column.clone(), holds: None });
        }
    }
    columns
}

/// Whether a text says something else than the one that is expected, or leads somewhere.
fn differs(written: &str, expected: &str) -> bool {
    let bare = |text: &str| -> String { text.chars().filter(|character| !character.is_whitespace()).collect() };
    bare(&plain(written)) != bare(expected) || written.contains("](")
}

/// The same task in the step of another page: of those with one number, the one in the same place.
fn counterpart<'s>(step: &'s Step, main: &Step, place: usize, task: &Task) -> Option<&'s Task> {
    let before = main.tasks.iter().take(place).filter(|other| same_task(task, other)).count();
    let mut same = step.tasks.iter().filter(|other| same_task(task, other));
    match task.id {
        Some(_) => same.nth(before),
        None => step.tasks.get(place).filter(|other| other.id.is_none()),
    }
}

/// The usual way in which a page writes a flag; empty where it says none.
fn usual_flag(page: &Page, flag: Flag) -> String {
    let words = Words { languages: Languages::known(), language: &page.language };
    let mut counts: Vec<(String, usize)> = Vec::new();
    for (_, task) in page.tasks() {
        let Some(written) = task.written.flag.as_ref().filter(|written| words.flag(written) == Some(flag)) else {
            continue;
        };
        match counts.iter_mut().find(|(known, _)| !differs(written, known)) {
            Some((_, count)) => *count += 1,
            None => counts.push((written.clone(), 1)),
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(written, _)| written).unwrap_or_default()
}

impl Names {
    /// The references of the tasks of a step.
    pub(super) fn references(&self, number: usize) -> &[String] {
        self.tasks.get(number).map_or(&[][..], Vec::as_slice)
    }
}
