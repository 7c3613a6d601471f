//! From the text of a page to a [`Page`]: sections, steps, labels, tables, links.
//!
//! Nothing is passed over in silence: what fits nowhere is kept where it stands, and what is odd is named with its line.

mod finish;
mod items;
mod tables;

use super::conflict;
use super::detect;
use super::front_matter;
use super::labels::{Labelled, block_of_line, of_line};
use super::language::{Heading, Label, Languages, NameKind};
use super::markdown::{Block, Line, Piece, blocks, lines};
use super::names::{Words, is_nothing};
use super::page::{Form, Kind, Named, Page, Passage, Reference, Section, Step};
use super::text::{join, key, plain, seen, unmarked};
use crate::diagnostic::{
    BAD_FRONT_MATTER, Diagnostic, MERGE_CONFLICT, MISPLACED_HEADING, ODD_LABEL, ODD_ROW, REPEATED_SECTION, Rule,
    UNKNOWN_LANGUAGE, UNKNOWN_ROLE, UNKNOWN_SERVICE, UNREAD_ROW,
};
use crate::source::{FileId, Source, Span};

/// Where in the page the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before the first section.
    Top,
    /// In a section of this meaning.
    Section(Heading),
    /// In a step.
    Step(usize),
    /// In a section without one.
    Other(usize),
    /// Below the change history.
    Footer,
}

/// Reads a page. `path` is its path as it was given: its last part is the page's name.
#[must_use]
pub fn read(source: &Source, file: FileId) -> (Page, Vec<Diagnostic>) {
    let languages = Languages::known();
    let all = lines(&source.text);
    let texts: Vec<&str> = all.iter().map(|line| line.text.as_str()).collect();
    let front = front_matter::read(&texts);
    let body: Vec<Line> = all.into_iter().skip(front.lines).collect();
    let (body, conflicts) = conflict::resolve(body);
    let body = super::references::resolve(body);
    let detected = detect::language(&body, &source.name, languages);
    let name = source.name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let mut reader = Reader {
        words: Words { languages, language: &detected.tag },
        source,
        file,
        page: Page {
            name,
            kind: Kind::Guidance,
            language: detected.tag.clone(),
            title: String::new(),
            title_line: 1,
            phase: None,
            phase_written: None,
            meta: front.entries,
            roles: Vec::new(),
            motions: Vec::new(),
            applies_to: Vec::new(),
            overview: Vec::new(),
            objectives: Vec::new(),
            approach: Vec::new(),
            steps: Vec::new(),
            key_inputs: Vec::new(),
            key_outputs: Vec::new(),
            next: Vec::new(),
            next_lead: Vec::new(),
            history: Vec::new(),
            history_head: Vec::new(),
            sections: Vec::new(),
            footer: Vec::new(),
            links: Vec::new(),
            headings: Vec::new(),
            bare: Vec::new(),
            blocks: Vec::new(),
        },
        found: Vec::new(),
        at: At::Top,
        block: None,
        approach: None,
        in_approach: false,
        seen: Vec::new(),
        order: Vec::new(),
        next: Vec::new(),
        dates: Vec::new(),
        unknown: Vec::new(),
        under_tasks: false,
        task_headings: Vec::new(),
    };
    for (at, message) in front.problems {
        reader.say(&BAD_FRONT_MATTER, at as u32 + 1, message);
    }
    if !detected.certain {
        let language = languages.by_tag(&detected.tag).map_or("en", |language| language.tag.as_str());
        reader.say(
            &UNKNOWN_LANGUAGE,
            1,
            format!("the page says too little to tell its language: it is taken for `{language}`"),
        );
    }
    for conflict in conflicts {
        reader.conflict(&conflict);
    }
    let (body, html) = super::html::tables(body, reader.words);
    for line in html {
        reader.say(&ODD_ROW, line, "the table is written in HTML: its rows are read like those of others");
    }
    let pieces = blocks(body);
    reader.links(&pieces);
    for at in 0..pieces.len() {
        if let Some((piece, rest)) = pieces.get(at..).and_then(<[Piece]>::split_first) {
            reader.piece(piece, rest);
        }
    }
    reader.finish(&pieces)
}

/// The place of a line without the spaces around it.
#[must_use]
pub(super) fn line_span(source: &Source, file: FileId, line: u32) -> Span {
    let start = source.line_start(line);
    let text = source.line(line);
    let lead = text.len() - text.trim_start().len();
    let end = start + text.trim_end().len() as u32;
    Span { file, start: (start + lead as u32).min(end), end }
}

struct Reader<'a> {
    words: Words<'a>,
    source: &'a Source,
    file: FileId,
    page: Page,
    found: Vec<Diagnostic>,
    at: At,
    /// The block of a step that is open.
    block: Option<Label>,
    /// The heading of the approach: title, line, level.
    approach: Option<(String, u32, u8)>,
    in_approach: bool,
    /// Sections that were there.
    seen: Vec<Heading>,
    /// Headings of the second level in order: what they announce, or which section without a meaning.
    order: Vec<Result<Heading, usize>>,
    next: Vec<Passage>,
    dates: Vec<(String, u32)>,
    unknown: Vec<String>,
    /// Whether the last heading was the one of a table of tasks.
    under_tasks: bool,
    /// The headings of tables of tasks as they are written.
    task_headings: Vec<String>,
}

impl Reader<'_> {
    fn span(&self, line: u32) -> Span {
        line_span(self.source, self.file, line)
    }

    fn say(&mut self, rule: &'static Rule, line: u32, message: impl Into<String>) {
        let span = self.span(line);
        self.found.push(Diagnostic::new(rule, span, message));
    }

    fn say_with_help(&mut self, rule: &'static Rule, line: u32, message: impl Into<String>, help: impl Into<String>) {
        let span = self.span(line);
        self.found.push(Diagnostic::new(rule, span, message).help(help));
    }

    fn conflict(&mut self, conflict: &conflict::Conflict) {
        let message = match (conflict.dropped.as_slice(), conflict.lost.as_slice()) {
            ([], _) => "a mark of a merge conflict was left in the page".to_owned(),
            ([first, .., last], []) => format!(
                "a merge conflict was left in the page: its first side is taken, lines {first} to {last} are not"
            ),
            ([only], []) => {
                format!("a merge conflict was left in the page: its first side is taken, line {only} is not")
            }
            (_, lost) => format!(
                "a merge conflict was left in the page, and the side that is not taken has tasks of its own: {}",
                lost.join(", ")
            ),
        };
        self.say_with_help(&MERGE_CONFLICT, conflict.line, message, "Decide for one side, and take out the marks");
    }

    /// All links of the page, in order.
    fn links(&mut self, pieces: &[Piece]) {
        for piece in pieces.iter().filter(|piece| !matches!(piece.block, Block::Code | Block::Hidden)) {
            let has = |line: &Line| line.text.contains("](") || line.text.contains("<a") || line.text.contains("://");
            if !piece.lines.iter().any(has) {
                continue;
            }
            // A link may go over the end of a line, but not out of a row.
            if piece.block == Block::Table {
                for line in &piece.lines {
                    let found = seen(&line.text).1;
                    self.page.links.extend(found.into_iter().map(|link| Reference { link, line: line.number }));
                }
                continue;
            }
            let text = piece.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
            for link in seen(&text).1 {
                let line = piece.lines.iter().find(|line| line.text.contains(&link.target)).or(piece.lines.first());
                let line = line.map_or(1, |line| line.number);
                self.page.links.push(Reference { link, line });
            }
        }
    }

    fn piece(&mut self, piece: &Piece, rest: &[Piece]) {
        let Some(first) = piece.lines.first() else { return };
        match piece.block {
            Block::Heading { level, odd } => self.heading(&first.text, first.number, level, odd, rest),
            Block::Table => self.table(piece),
            Block::Paragraph | Block::Item(_) | Block::Quote => self.prose(piece),
            Block::Hidden => {
                for line in &piece.lines {
                    let row = line.text.trim().trim_start_matches("<!--").trim();
                    if row.contains('|')
                        && super::table::cells(row).iter().take(2).any(|cell| super::table::is_number(cell))
                    {
                        self.say(&UNREAD_ROW, line.number, "a row stands in a comment, which readers do not see");
                    }
                }
                self.verbatim(piece);
            }
            Block::Code => self.verbatim(piece),
        }
    }

    /// Lines that are kept as they are.
    fn verbatim(&mut self, piece: &Piece) {
        let text = piece.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
        let line = piece.lines.first().map_or(1, |line| line.number);
        if !text.trim().is_empty() {
            self.passage(Passage { text, form: Form::Verbatim, number: None, line });
        }
    }

    /// The labels that follow a heading.
    fn labels_below(&self, rest: &[Piece]) -> Vec<Label> {
        let mut labels = Vec::new();
        for piece in rest.iter().take(3) {
            if !matches!(piece.block, Block::Paragraph | Block::Item(_) | Block::Quote) {
                break;
            }
            let of_piece: Vec<Label> =
                piece.lines.iter().flat_map(|line| self.labels_of(&line.text)).map(|labelled| labelled.label).collect();
            if of_piece.is_empty() {
                break;
            }
            labels.extend(of_piece);
        }
        labels
    }

    /// The labels of a line, without words that only look like some.
    fn labels_of(&self, line: &str) -> Vec<Labelled> {
        let mut labels = of_line(line, self.words.languages, self.words.language);
        let Some(first) = labels.first() else { return self.guessed(line).into_iter().collect() };
        let clear = first.bold || {
            let names = |kind| {
                let value = unmarked(&first.value);
                let names = self.words.list(kind, &value);
                is_nothing(&value) || names.iter().any(|name| name.known)
            };
            match first.label {
                Label::Primary | Label::Secondary => names(NameKind::Role),
                Label::Applies | Label::InlineApplies => names(NameKind::Service),
                Label::Motions => line.chars().count() < 120,
                Label::Phase => self.words.languages.phase(self.words.language, &first.value).is_some(),
                Label::Inputs | Label::Outputs => false,
            }
        };
        if !clear {
            labels.clear();
        }
        labels.retain(|labelled| !matches!(labelled.label, Label::Inputs | Label::Outputs));
        labels
    }

    /// A label nobody knows, by its value: `X: **FastTrack Manager**` says who does it.
    fn guessed(&self, line: &str) -> Option<Labelled> {
        let (name, value) = line.trim().split_once([':', '：'])?;
        let value = value.trim();
        let bold = value.strip_prefix("**").and_then(|value| value.strip_suffix("**"))?;
        let short = (2..40).contains(&name.chars().count()) && !name.contains(['.', '|', '[', '*']);
        if !short || bold.contains("**") {
            return None;
        }
        let all_known = |kind| {
            let names = self.words.list(kind, bold);
            !names.is_empty() && names.iter().all(|name| name.known)
        };
        let label = if all_known(NameKind::Role) {
            Label::Primary
        } else if all_known(NameKind::Service) {
            Label::Applies
        } else if all_known(NameKind::Motion) {
            Label::Motions
        } else {
            return None;
        };
        Some(Labelled {
            label,
            value: value.to_owned(),
            bold: true,
            inline: false,
            guessed: Some(name.trim().to_owned()),
            written: name.trim().to_owned(),
        })
    }

    fn heading(&mut self, written: &str, line: u32, level: u8, odd: bool, rest: &[Piece]) {
        let title = unbold(written);
        let text = plain(&title);
        let text = text.trim_end_matches([':', '：', ' ']).to_owned();
        if text.is_empty() {
            return;
        }
        self.block = None;
        let languages = self.words.languages;
        let mut known = languages.heading(self.words.language, &text).or_else(|| {
            // Numbered headings: `2. Objectives`.
            let bare = unnumbered(&text)?;
            languages.heading(self.words.language, bare)
        });
        self.under_tasks = known == Some(Heading::Tasks);
        if self.under_tasks {
            self.task_headings.push(text);
            return;
        }
        if let (At::Step(_), Some(label)) = (self.at, languages.label(self.words.language, &text))
            && matches!(label, Label::Inputs | Label::Outputs)
        {
            self.block = Some(label);
            return;
        }
        let labels = self.labels_below(rest);
        let role = labels.contains(&Label::Primary);
        let applies = labels.contains(&Label::Applies);
        let plain_section = known.is_some_and(|known| known != Heading::Uncategorized);
        let labelled = level >= 3 && (role || applies)
            || level == 2 && !plain_section && (role && applies || self.in_approach && (role || applies));
        if labelled || known == Some(Heading::Uncategorized) && level >= 2 {
            return self.step(title, line, level, role || applies);
        }
        if known.is_none() && level <= 2 && self.page.title_line > 0 && !self.page.title.is_empty() {
            known = languages.nearly_heading(self.words.language, &text);
            if let Some(meant) = known {
                let own = languages.by_tag(self.words.language).map_or("", |language| language.heading(meant));
                self.say(
                    &MISPLACED_HEADING,
                    line,
                    format!("the heading `{text}` is misspelt: it is taken for `{own}`"),
                );
            }
        }
        if let Some(known) = known.filter(|known| *known != Heading::Uncategorized) {
            return self.section(known, &text, line, level, odd);
        }
        if self.page.title.is_empty() && (level == 1 || self.seen.is_empty() && self.page.steps.is_empty()) {
            if level != 1 {
                self.say(&MISPLACED_HEADING, line, format!("the title of the page is a heading of level {level}"));
            }
            self.page.title = title;
            self.page.title_line = line;
            return;
        }
        // Where there are steps, the next ones have their level.
        let known_level = self.page.steps.iter().map(|step| step.level).find(|level| *level > 2);
        let step_level =
            self.approach.as_ref().map(|(_, _, level)| known_level.unwrap_or_else(|| (level + 1).clamp(2, 3)));
        // Above a table of tasks in a step stands the heading of the table, whatever it says.
        let above_table = rest.first().is_some_and(|piece| piece.block == Block::Table);
        if matches!(self.at, At::Step(_)) && level >= 4 && above_table && key(&text).contains("ftop") {
            return;
        }
        let in_labelled = match self.at {
            At::Step(step) => self.page.steps.get(step).filter(|step| step.level < level).map(|step| step.level),
            _ => None,
        };
        // A heading of the level of the approach ends it.
        let below = self.approach.as_ref().is_some_and(|(_, _, approach)| level > *approach || *approach >= 3);
        if self.in_approach && below && level >= 2 && step_level.is_some_and(|expected| level <= expected) {
            return self.step(title, line, level, false);
        }
        if in_labelled.is_some() {
            return self.passage(Passage { text: title, form: Form::Heading(level), number: None, line });
        }
        if matches!(self.at, At::Section(_) | At::Other(_)) && level > 2 && !self.ends_a_section(level) {
            return self.passage(Passage { text: title, form: Form::Heading(level), number: None, line });
        }
        self.in_approach = false;
        self.page.sections.push(Section { title, level, line, prose: Vec::new() });
        self.at = At::Other(self.page.sections.len() - 1);
        self.order.push(Err(line as usize));
    }

    /// Whether a heading of this level ends the section without a meaning that is open.
    fn ends_a_section(&self, level: u8) -> bool {
        match self.at {
            At::Other(section) => self.page.sections.get(section).is_some_and(|section| section.level >= level),
            _ => false,
        }
    }

    fn step(&mut self, title: String, line: u32, level: u8, labelled: bool) {
        self.page.steps.push(Step { title, line, level, labelled, ..Step::default() });
        self.at = At::Step(self.page.steps.len() - 1);
    }

    fn section(&mut self, known: Heading, text: &str, line: u32, level: u8, odd: bool) {
        let shown = if known == Heading::History || known == Heading::Data { 1..=3 } else { 2..=2 };
        if odd {
            self.say_with_help(
                &MISPLACED_HEADING,
                line,
                format!("the heading `{text}` is indented like code"),
                "Begin the line with the marks of the heading, and one space behind them",
            );
        } else if !shown.contains(&level) {
            self.say(&MISPLACED_HEADING, line, format!("the section `{text}` has a heading of level {level}"));
        }
        if self.seen.contains(&known) && known != Heading::Data {
            self.say_with_help(
                &REPEATED_SECTION,
                line,
                format!("there is a second section `{text}`"),
                "What both say is put together",
            );
        }
        self.seen.push(known);
        self.order.push(Ok(known));
        self.as_written(known, text);
        self.in_approach = known == Heading::Approach;
        if known == Heading::Approach {
            self.approach = Some((text.to_owned(), line, level));
        }
        if known == Heading::Data {
            self.page.sections.push(Section { title: text.to_owned(), level, line, prose: Vec::new() });
            self.at = At::Other(self.page.sections.len() - 1);
        } else {
            self.at = At::Section(known);
        }
    }

    /// Keeps how a heading is written, where that is not the usual way.
    fn as_written(&mut self, known: Heading, text: &str) {
        let usual = self.words.languages.by_tag(self.words.language).map_or("", |language| language.heading(known));
        if usual != text && !self.page.headings.iter().any(|(heading, _)| *heading == known) {
            self.page.headings.push((known, text.to_owned()));
        }
    }

    /// Keeps a passage where the reader is.
    fn passage(&mut self, passage: Passage) {
        let list = match self.at {
            At::Section(Heading::Overview) => &mut self.page.overview,
            At::Section(Heading::Objectives) => &mut self.page.objectives,
            At::Section(Heading::Inputs) => &mut self.page.key_inputs,
            At::Section(Heading::Outputs) => &mut self.page.key_outputs,
            At::Section(Heading::Next) => &mut self.next,
            At::Section(Heading::History) | At::Footer => &mut self.page.footer,
            At::Section(_) => &mut self.page.approach,
            At::Step(step) => match self.page.steps.get_mut(step) {
                Some(step) => match self.block {
                    Some(Label::Inputs) => &mut step.inputs,
                    Some(Label::Outputs) => &mut step.outputs,
                    _ => &mut step.prose,
                },
                None => return,
            },
            At::Other(section) => match self.page.sections.get_mut(section) {
                Some(section) => &mut section.prose,
                None => return,
            },
            At::Top => {
                if self.page.sections.is_empty() {
                    let line = passage.line;
                    self.page.sections.push(Section { title: String::new(), level: 0, line, prose: Vec::new() });
                }
                match self.page.sections.first_mut() {
                    Some(section) => &mut section.prose,
                    None => return,
                }
            }
        };
        list.push(passage);
    }

    /// A paragraph, item or quotation: labels first, then what is left of it.
    fn prose(&mut self, piece: &Piece) {
        let form = match piece.block {
            Block::Item(_) if self.is_orphan() => Form::Item(1),
            Block::Item(depth) => Form::Item(depth),
            Block::Quote => Form::Quote,
            _ => Form::Paragraph,
        };
        if self.item_tasks(piece) || self.listed_changes(piece) {
            return;
        }
        let takes_labels = matches!(self.at, At::Top | At::Step(_) | At::Other(_) | At::Section(Heading::Approach));
        let mut left: Vec<&Line> = Vec::new();
        let mut at = 0;
        while let Some(line) = piece.lines.get(at) {
            let labels = if takes_labels { self.labels_of(&line.text) } else { Vec::new() };
            if !labels.is_empty() {
                self.flush(&mut left, form, piece.mark);
                at += 1 + self.labels(labels, line, piece.lines.get(at + 1..).unwrap_or_default());
                continue;
            }
            if matches!(self.at, At::Step(_))
                && let Some((label, value)) = block_of_line(&line.text, self.words.languages, self.words.language)
            {
                self.flush(&mut left, form, piece.mark);
                self.block = Some(label);
                let usual =
                    self.words.languages.by_tag(self.words.language).map_or("", |language| language.label(label));
                let written = line.text.trim();
                let known = self.page.blocks.iter().any(|(known, _)| *known == label);
                if value.is_empty() && !known && written != format!("**{usual}:**") {
                    self.page.blocks.push((label, written.to_owned()));
                }
                if !value.is_empty() {
                    self.passage(Passage { text: value, form: Form::Paragraph, number: None, line: line.number });
                }
                at += 1;
                continue;
            }
            left.push(line);
            at += 1;
        }
        self.flush(&mut left, form, piece.mark);
    }

    /// Whether the item above the next one was a task or a label, and is no prose of the step.
    fn is_orphan(&self) -> bool {
        match self.at {
            At::Step(step) if self.block.is_none() => self
                .page
                .steps
                .get(step)
                .is_some_and(|step| step.prose.last().is_none_or(|last| !matches!(last.form, Form::Item(_)))),
            _ => false,
        }
    }

    fn flush(&mut self, left: &mut Vec<&Line>, form: Form, number: Option<u32>) {
        let Some(line) = left.first().map(|line| line.number) else { return };
        let text = join(left.iter().map(|line| line.text.as_str()));
        left.clear();
        if text.is_empty() {
            return;
        }
        // A paragraph behind the list of a block is prose of the step again.
        if let (At::Step(step), Some(block), Form::Paragraph) = (self.at, self.block, form) {
            let full = self.page.steps.get(step).is_some_and(|step| match block {
                Label::Inputs => !step.inputs.is_empty(),
                _ => !step.outputs.is_empty(),
            });
            if full {
                self.block = None;
            }
        }
        // What stands alone behind the history is the way home.
        self.passage(Passage { text, form, number, line });
    }

    /// Takes the labels of a line, and gives how many further lines belong to the last of them.
    fn labels(&mut self, labels: Vec<Labelled>, line: &Line, below: &[Line]) -> usize {
        let several = labels.len() > 1;
        let inline = labels.iter().any(|label| label.inline);
        if inline {
            self.say(&ODD_LABEL, line.number, "role and services stand in one label");
        } else if several {
            self.say(&ODD_LABEL, line.number, format!("{} labels stand on one line", labels.len()));
        }
        if let Some(name) = labels.iter().find_map(|label| label.guessed.clone()) {
            self.say(
                &ODD_LABEL,
                line.number,
                format!("the label `{name}` is not known: it is taken for what its value says"),
            );
        }
        let mut used = 0;
        let last = labels.len() - 1;
        for (at, mut labelled) in labels.into_iter().enumerate() {
            if at == last {
                // Bold that is not closed goes on in the next line, and so does a list that ends in a separator.
                while let Some(next) = below.get(used) {
                    let open = line_marks(&labelled.value) % 2 == 1
                        && !(several || line.text.trim_start().starts_with("**"))
                        || several && line_marks(&line.text) % 2 == 1;
                    let value = unmarked(&labelled.value);
                    let goes_on = value.ends_with(['/', ',', '、', ';', '，'])
                        || value.is_empty() && next.text.trim_start().starts_with("**");
                    let fits =
                        used < 3 && !(open && next.text.trim().is_empty()) && self.labels_of(&next.text).is_empty();
                    if !fits || !(open && line_marks(&next.text) > 0 || goes_on) {
                        break;
                    }
                    labelled.value.push(' ');
                    labelled.value.push_str(next.text.trim());
                    used += 1;
                    self.say(&ODD_LABEL, line.number, "a label is broken over two lines");
                }
            }
            self.label(&labelled, line.number);
        }
        used
    }

    fn label(&mut self, labelled: &Labelled, line: u32) {
        let value = unmarked(&labelled.value);
        let kind = match labelled.label {
            Label::Primary | Label::Secondary => NameKind::Role,
            Label::Motions => NameKind::Motion,
            Label::Phase => return self.phase(&value, line),
            _ => NameKind::Service,
        };
        let names = self.words.list(kind, &value);
        for name in names.iter().filter(|name| !name.known) {
            self.unknown(kind, &name.written, line);
        }
        let words = self.words;
        let remarks = |name: &&Named| words.remark(kind, name).is_some() && words.alternatives(kind, name).is_none();
        for name in names.iter().filter(remarks) {
            self.say(&ODD_LABEL, line, format!("`{}` is taken for `{}`", name.written, name.name));
        }
        if let At::Step(step) = self.at
            && let Some(step) = self.page.steps.get_mut(step)
        {
            step.labels_written.push((labelled.label, value.clone()));
            if !labelled.written.is_empty() && !step.label_words.iter().any(|(known, _)| *known == labelled.label) {
                step.label_words.push((labelled.label, labelled.written.clone()));
            }
        }
        let list = match (self.at, labelled.label) {
            (At::Step(step), label) => {
                let Some(step) = self.page.steps.get_mut(step) else { return };
                step.labelled = true;
                match label {
                    Label::Primary => &mut step.roles,
                    Label::Secondary => &mut step.secondary,
                    Label::Motions => &mut step.motions,
                    _ => &mut step.applies_to,
                }
            }
            (_, Label::Primary | Label::Secondary) => &mut self.page.roles,
            (_, Label::Motions) => &mut self.page.motions,
            _ => &mut self.page.applies_to,
        };
        for name in names {
            if !list.iter().any(|known| key(&known.name) == key(&name.name)) {
                list.push(name);
            }
        }
    }

    fn phase(&mut self, value: &str, line: u32) {
        if self.page.phase_written.is_some() {
            return;
        }
        self.page.phase = self.words.languages.phase(self.words.language, value);
        self.page.phase_written = Some(value.to_owned());
        if self.page.phase.is_none() {
            self.say(&ODD_LABEL, line, format!("`{value}` is no phase"));
        }
    }

    /// Says once a page that a name is not known.
    fn unknown(&mut self, kind: NameKind, written: &str, line: u32) {
        let (rule, words) = match kind {
            NameKind::Role => (&UNKNOWN_ROLE, "role"),
            NameKind::Service => (&UNKNOWN_SERVICE, "service"),
            NameKind::Motion => return,
        };
        let key = format!("{words} {}", key(written));
        if self.unknown.contains(&key) {
            return;
        }
        self.unknown.push(key);
        self.say(rule, line, format!("`{written}` is not a {words} that is known"));
    }
}

/// What follows the number of a heading: `2. Objectives`, `2) Objectives`.
fn unnumbered(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    let numbered = rest.len() < text.len() && text.starts_with(|first: char| first.is_ascii_digit());
    let rest = rest.trim_start_matches([')', '、', '．', ' ']);
    (numbered && !rest.is_empty()).then_some(rest)
}

/// A title without the marks of bold around it.
fn unbold(text: &str) -> String {
    let text = text.trim();
    for mark in ["**", "__"] {
        if let Some(inner) = text.strip_prefix(mark).and_then(|text| text.strip_suffix(mark))
            && !inner.contains(mark)
        {
            return inner.trim().to_owned();
        }
    }
    text.to_owned()
}

fn line_marks(text: &str) -> usize {
    text.matches("**").count()
}
