//! What a page writes otherwise than its playbook: it is taken from the metadata where it still says what the playbook says.

use super::Writer;
use crate::import::language::{Column, Flag, Label, Languages, NameKind};
use crate::import::names::{Words, is_nothing};
use crate::import::numbers;
use crate::import::page::TaskColumn;
use crate::import::play::written::COLUMNS;
use crate::import::table::cells;
use crate::import::tasks::{Head, column_title};
use crate::import::text::key;
use crate::model::{Offer, Stage, TaskRef};
use std::collections::BTreeSet;

/// A column of a table of tasks: a usual one, or one of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableColumn {
    /// Its head.
    pub title: String,
    /// What it holds.
    pub holds: Option<Column>,
    /// What it is called among the notes of a task.
    pub note: String,
}

impl Writer<'_> {
    fn reading(&self) -> Words<'_> {
        Words { languages: Languages::known(), language: &self.language.tag }
    }

    /// The English names a text lists.
    fn listed(&self, kind: NameKind, text: &str) -> BTreeSet<String> {
        self.reading().list(kind, text).iter().map(|named| key(&named.name)).collect()
    }

    /// The key of a task in the metadata.
    fn key_of(&self, stage: &Stage, offer: &Offer, part: &str) -> String {
        let reference = match self.playbook.tasks.get(offer.task.index()).map(|task| &task.id) {
            Some(TaskRef::Number(number)) => number.to_string(),
            Some(TaskRef::Name(name)) => name.clone(),
            None => String::new(),
        };
        format!("page.task.{}.{reference}.{part}", stage.name.name)
    }

    /// What the page writes into a cell.
    fn cell(&self, stage: &Stage, offer: &Offer, part: &str) -> Option<&str> {
        self.own(&self.key_of(stage, offer, part))
    }

    /// The number of a task as its page writes it.
    pub(super) fn id_written(&self, stage: &Stage, offer: &Offer) -> Option<String> {
        let written = self.cell(stage, offer, "id")?;
        let fits = match self.playbook.tasks.get(offer.task.index()).map(|task| &task.id) {
            Some(TaskRef::Number(number)) => {
                numbers::read(written).is_some_and(|found| found.numbers.iter().any(|own| u64::from(*own) == *number))
            }
            _ => true,
        };
        fits.then(|| written.to_owned())
    }

    /// Whether the page leaves the name of a task empty.
    pub(super) fn is_nameless(&self, stage: &Stage, offer: &Offer) -> bool {
        offer.title.main.is_empty() || self.cell(stage, offer, "name") == Some("")
    }

    /// How a flag is written.
    pub(super) fn flag_written(&self, stage: &Stage, offer: &Offer) -> String {
        let (flag, name) = if offer.mandatory { (Flag::Mandatory, "mandatory") } else { (Flag::Optional, "optional") };
        let fits = |written: &&str| self.reading().flagged(written).is_some_and(|flagged| flagged.flag == flag);
        // A row that leaves it open stays so until somebody decides: an open task is optional.
        let open = |written: &&str| !offer.mandatory && self.reading().flagged(written).is_none();
        if let Some(written) = self.cell(stage, offer, "flag").filter(open) {
            return written.to_owned();
        }
        let of_page = format!("page.flag.{name}");
        let written = self.cell(stage, offer, "flag").filter(fits).or_else(|| self.own(&of_page).filter(fits));
        written.unwrap_or_else(|| self.language.flag(flag)).to_owned()
    }

    /// The roles of a task as its page writes them, where these are the task's.
    pub(super) fn roles_written(&self, stage: &Stage, offer: &Offer) -> Option<String> {
        let written = self.cell(stage, offer, "role")?;
        let own: BTreeSet<String> = offer
            .roles
            .iter()
            .flat_map(|role| self.listed(NameKind::Role, &self.name(NameKind::Role, role.index())))
            .collect();
        let fits =
            if is_nothing(written) { offer.roles == stage.roles } else { self.listed(NameKind::Role, written) == own };
        fits.then(|| written.to_owned())
    }

    /// The services of a task as its page writes them, where these are the task's.
    pub(super) fn services_written(&self, stage: &Stage, offer: &Offer, shown: &str) -> Option<String> {
        let written = self.cell(stage, offer, "services")?;
        let listed = self.listed(NameKind::Service, written);
        let all = listed.contains(&key("All Services"));
        let fits = if listed.is_empty() || all {
            offer.services.is_none()
        } else {
            listed == self.listed(NameKind::Service, shown)
        };
        fits.then(|| written.to_owned())
    }

    /// Whether the page of a stage has labels, though they say nothing.
    pub(super) fn has_labels(&self, stage: &Stage) -> bool {
        let written = ["primary", "applies"].map(|name| self.own(&format!("page.step.{}.{name}", stage.name.name)));
        written.into_iter().flatten().any(|written| !written.is_empty())
    }

    /// The value of a label of a stage as its page writes it: empty where the page does not have the label.
    pub(super) fn label_written(&self, stage: &Stage, label: Label, shown: &str) -> Option<String> {
        let kind = match label {
            Label::Motions => NameKind::Motion,
            Label::Applies => NameKind::Service,
            _ => NameKind::Role,
        };
        let written = self.own(&format!("page.step.{}.{}", stage.name.name, label_name(label)))?;
        let listed = self.listed(kind, written);
        let fits = match kind {
            NameKind::Service if listed.is_empty() || listed.contains(&key("All Services")) => stage.services.is_none(),
            _ => listed == self.listed(kind, shown),
        };
        fits.then(|| written.to_owned())
    }

    /// What the page of a stage calls a label.
    pub(super) fn label_word(&self, stage: &Stage, label: Label) -> String {
        let name = label_name(label);
        let own = self.own(&format!("page.label.{name}.{}", stage.name.name));
        let written = own.or_else(|| self.own(&format!("page.label.{name}")));
        written.unwrap_or_else(|| self.language.label(label)).to_owned()
    }

    /// How tables spell a role or a service.
    pub(super) fn in_tables(&self, kind: NameKind, at: usize) -> Option<String> {
        let (word, list) = match kind {
            NameKind::Role => ("role", &self.playbook.roles),
            NameKind::Service => ("service", &self.playbook.services),
            NameKind::Motion => return None,
        };
        let named = list.get(at)?;
        let written = self.own(&format!("page.table.{word}.{}", named.name))?;
        (self.listed(kind, written) == self.listed(kind, &self.words(&named.text))).then(|| written.to_owned())
    }

    /// The columns of the table of a stage: those of its page, and what its tasks have beyond.
    pub(super) fn columns(&self, stage: &Stage, offers: &[&Offer]) -> Vec<TableColumn> {
        let usual = |column: Column| TableColumn {
            title: self.language.column(column).to_owned(),
            holds: Some(column),
            note: String::new(),
        };
        let of_stage = format!("page.columns.{}", stage.name.name);
        let written = self.own(&of_stage).or_else(|| self.own("page.columns"));
        let head = written.map(|written| Head::new(&cells(&format!("| {written} |")), 0, self.reading()).written());
        let of_page = |(at, column): (usize, &TaskColumn)| TableColumn {
            title: column.title.clone(),
            holds: column.holds,
            note: column_title(&column.title, at),
        };
        let mut columns: Vec<TableColumn> = head.unwrap_or_default().iter().enumerate().map(of_page).collect();
        let has = |columns: &[TableColumn], column: Column| columns.iter().any(|own| own.holds == Some(column));
        // A table without flags is one whose tasks all leave them open.
        let open = |offer: &&Offer| !offer.mandatory && self.cell(stage, offer, "flag") == Some("");
        let flags = has(&columns, Column::Flag) || offers.iter().all(open);
        if !flags || ![Column::Id, Column::Name].iter().all(|column| has(&columns, *column)) {
            columns = COLUMNS.into_iter().map(usual).collect();
        }
        if !has(&columns, Column::Role) && offers.iter().any(|offer| offer.roles != stage.roles) {
            columns.push(usual(Column::Role));
        }
        if !has(&columns, Column::Services) && offers.iter().any(|offer| offer.services.is_some()) {
            columns.push(usual(Column::Services));
        }
        for offer in offers {
            let start = self.key_of(stage, offer, "note.");
            for (known, _) in &self.playbook.about.metadata {
                let Some(title) = known.strip_prefix(&start) else { continue };
                let title =
                    if self.main { Some(title) } else { title.strip_suffix(&format!("@{}", self.language.tag)) };
                let Some(title) = title.filter(|title| self.cell(stage, offer, &format!("note.{title}")).is_some())
                else {
                    continue;
                };
                let of_other = |tag: &str| Languages::known().by_tag(tag).is_some();
                if self.main && title.rsplit_once('@').is_some_and(|(_, tag)| of_other(tag)) {
                    continue;
                }
                if !columns.iter().any(|column| column.holds.is_none() && column.note == title) {
                    let note = title.to_owned();
                    columns.push(TableColumn { title: note.clone(), holds: None, note });
                }
            }
        }
        columns
    }

    /// What a task says in a column of its page's own.
    pub(super) fn note(&self, stage: &Stage, offer: &Offer, column: &TableColumn) -> String {
        self.cell(stage, offer, &format!("note.{}", column.note)).unwrap_or_default().to_owned()
    }

    /// Changes without a date, with the place at which they stand among the others.
    pub(super) fn undated(&self) -> Vec<(usize, Vec<String>)> {
        let mut found: Vec<(usize, Vec<String>)> = Vec::new();
        for (known, _) in &self.playbook.about.metadata {
            let Some(rest) = known.strip_prefix("page.history.") else { continue };
            let number = rest.split('@').next().and_then(|number| number.parse::<usize>().ok());
            if let Some(number) = number
                && !found.iter().any(|(other, _)| *other == number)
                && let Some(written) = self.own(&format!("page.history.{number}"))
            {
                let mut row = cells(&format!("| {written} |"));
                row.resize(3, String::new());
                found.push((number, row));
            }
        }
        found.sort();
        found
    }
}

/// What a label is called in the metadata.
fn label_name(label: Label) -> &'static str {
    match label {
        Label::Motions => "motions",
        Label::Applies => "applies",
        _ => "primary",
    }
}
