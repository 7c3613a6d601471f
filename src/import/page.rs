//! A page as it was read.

use super::text::Link;
use crate::value::Date;

/// What kind of page it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A process: steps that somebody does.
    Process,
    /// An approach: tasks, without the steps of a process.
    Approach,
    /// The overview of a phase.
    Phase,
    /// What a status of the customer means.
    Status,
    /// A list of resources.
    Resources,
    /// Guidance of another kind.
    Guidance,
}

impl Kind {
    /// In words: `the overview of a phase`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Kind::Process => "a process",
            Kind::Approach => "an approach",
            Kind::Phase => "the overview of a phase",
            Kind::Status => "about a status",
            Kind::Resources => "a list of resources",
            Kind::Guidance => "guidance",
        }
    }

    /// For programs: `phase`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::Process => "process",
            Kind::Approach => "approach",
            Kind::Phase => "phase",
            Kind::Status => "status",
            Kind::Resources => "resources",
            Kind::Guidance => "guidance",
        }
    }
}

/// A role, service, motion or phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its English name where one is known, else as it is written.
    pub name: String,
    /// As it is written.
    pub written: String,
    /// Whether its English name is known.
    pub known: bool,
}

/// How a piece of prose stands on its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A paragraph.
    Paragraph,
    /// An item of a list, so deep in it: 1 is the list itself.
    Item(u8),
    /// A quotation or a remark.
    Quote,
    /// A heading of no section and no step, of this level.
    Heading(u8),
    /// Code, or another piece that is kept as it is.
    Verbatim,
}

/// A piece of prose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Inline Markdown; without the mark of a list or heading.
    pub text: String,
    /// How it stands there.
    pub form: Form,
    /// The number of an item of a numbered list.
    pub number: Option<u32>,
    /// Its line, from 1.
    pub line: u32,
}

/// The cells of a row as they are written; none where its table has no such column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cells {
    /// The number.
    pub id: Option<String>,
    /// The flag.
    pub flag: Option<String>,
    /// The roles.
    pub role: Option<String>,
    /// The services.
    pub services: Option<String>,
}

/// What a row says in a column that no table of tasks has as a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The head of the column.
    pub column: String,
    /// What the row says there, in inline Markdown.
    pub text: String,
}

/// A column of a table of tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskColumn {
    /// Its head as it is written.
    pub title: String,
    /// What it holds; none where that is not known, or stands in an earlier column.
    pub holds: Option<super::language::Column>,
}

/// A task of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its number; none where the row has none.
    pub id: Option<u32>,
    /// Its name, in inline Markdown.
    pub name: String,
    /// Where its number leads, if it is a link.
    pub link: Option<Link>,
    /// Whether it is mandatory; unknown where the row does not say.
    pub mandatory: Option<bool>,
    /// Who does it.
    pub roles: Vec<Named>,
    /// For which services.
    pub services: Vec<Named>,
    /// Its cells as they are written.
    pub written: Cells,
    /// What further columns say.
    pub notes: Vec<Note>,
    /// Its line, from 1.
    pub line: u32,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// What it is called, in inline Markdown.
    pub title: String,
    /// Its line, from 1.
    pub line: u32,
    /// The level of its heading.
    pub level: u8,
    /// Whether it says who does it or for what.
    pub labelled: bool,
    /// Who does it.
    pub roles: Vec<Named>,
    /// Who helps.
    pub secondary: Vec<Named>,
    /// The motions it belongs to.
    pub motions: Vec<Named>,
    /// The services it is for.
    pub applies_to: Vec<Named>,
    /// What it says.
    pub prose: Vec<Passage>,
    /// What it takes in.
    pub inputs: Vec<Passage>,
    /// What it gives.
    pub outputs: Vec<Passage>,
    /// Its tasks.
    pub tasks: Vec<Task>,
    /// The columns of its table of tasks; none without one.
    pub columns: Vec<TaskColumn>,
    /// Its labels as they are written.
    pub labels_written: Vec<(super::language::Label, String)>,
    /// What the labels are called: `Primary Roles`, `Primary Role(s)`.
    pub label_words: Vec<(super::language::Label, String)>,
}

/// What a section without an own meaning says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading; empty for what stands before the first one.
    pub title: String,
    /// The level of its heading.
    pub level: u8,
    /// Its line, from 1.
    pub line: u32,
    /// What it says.
    pub prose: Vec<Passage>,
}

/// A next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The words, in inline Markdown.
    pub text: String,
    /// Where it leads; none where it is no link.
    pub link: Option<Link>,
    /// Its line, from 1.
    pub line: u32,
    /// Which item of the list it belongs to.
    pub item: usize,
}

/// A row of the change history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When; none where it is no date.
    pub date: Option<Date>,
    /// The date as it is written.
    pub written: String,
    /// Who.
    pub who: String,
    /// What, in inline Markdown.
    pub what: String,
    /// Its line, from 1.
    pub line: u32,
}

/// A link with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The link.
    pub link: Link,
    /// Its line, from 1.
    pub line: u32,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The name of its file, without folders.
    pub name: String,
    /// What kind of page it is.
    pub kind: Kind,
    /// The tag of its language.
    pub language: String,
    /// Its title, in inline Markdown.
    pub title: String,
    /// The line of its title.
    pub title_line: u32,
    /// The phase, by its English name in small letters.
    pub phase: Option<String>,
    /// The phase as the page writes it; none where only the name of its file says it.
    pub phase_written: Option<String>,
    /// Front matter in order.
    pub meta: Vec<(String, String)>,
    /// Roles of the page as a whole.
    pub roles: Vec<Named>,
    /// Motions of the page as a whole.
    pub motions: Vec<Named>,
    /// Services of the page as a whole.
    pub applies_to: Vec<Named>,
    /// The overview.
    pub overview: Vec<Passage>,
    /// The objectives, with what introduces them.
    pub objectives: Vec<Passage>,
    /// What stands before the first step.
    pub approach: Vec<Passage>,
    /// The steps.
    pub steps: Vec<Step>,
    /// What has to be there before.
    pub key_inputs: Vec<Passage>,
    /// What a success stands for.
    pub key_outputs: Vec<Passage>,
    /// The next steps.
    pub next: Vec<Next>,
    /// What introduces them.
    pub next_lead: Vec<Passage>,
    /// The change history.
    pub history: Vec<Change>,
    /// The head of its table, where it has the usual three columns.
    pub history_head: Vec<String>,
    /// Everything else.
    pub sections: Vec<Section>,
    /// What stands below the change history.
    pub footer: Vec<Passage>,
    /// All links, in order.
    pub links: Vec<Reference>,
    /// Headings of sections as this page writes them, where that is not the usual spelling, by what they announce.
    pub headings: Vec<(super::language::Heading, String)>,
    /// Sections of which the page has the heading alone.
    pub bare: Vec<super::language::Heading>,
    /// Lines above the blocks of a step, in Markdown, by what they announce.
    pub blocks: Vec<(super::language::Label, String)>,
}

impl Page {
    /// Whether it describes a process.
    #[must_use]
    pub fn is_process(&self) -> bool {
        self.kind == Kind::Process
    }

    /// Its tasks, with the step they belong to.
    pub fn tasks(&self) -> impl Iterator<Item = (&Step, &Task)> {
        self.steps.iter().flat_map(|step| step.tasks.iter().map(move |task| (step, task)))
    }
}

/// What stands in a list section beside its entries.
#[must_use]
pub fn lead(passages: &[Passage]) -> Vec<Passage> {
    let has_items = passages.iter().any(|passage| matches!(passage.form, Form::Item(_)));
    let beside = |passage: &&Passage| has_items && !matches!(passage.form, Form::Item(_));
    passages.iter().filter(beside).cloned().collect()
}

/// What counts as an entry of a list section: the items of its first level, or its paragraphs where it has none. An
/// item carries those below it.
#[must_use]
pub fn entries(passages: &[Passage]) -> Vec<Passage> {
    let has_items = passages.iter().any(|passage| matches!(passage.form, Form::Item(_)));
    let mut entries: Vec<Passage> = Vec::new();
    for passage in passages {
        match passage.form {
            Form::Item(1) => entries.push(passage.clone()),
            Form::Item(_) => match entries.last_mut() {
                Some(above) => {
                    above.text.push_str("\n- ");
                    above.text.push_str(&passage.text);
                }
                None => entries.push(passage.clone()),
            },
            _ if !has_items => entries.push(passage.clone()),
            _ => {}
        }
    }
    entries
}
