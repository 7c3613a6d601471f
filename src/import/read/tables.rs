//! Tables of a page: of tasks, of changes, and others.

use super::super::date;
use super::super::labels::Labelled;
use super::super::language::{Column, Heading, NameKind};
use super::super::markdown::{Line, Piece};
use super::super::page::{Change, Form, Named, Passage, Step, Task, TaskColumn};
use super::super::table::{cells, is_separator};
use super::super::tasks::{Head, Odd, Oddity, Table};
use super::super::text::{plain, unmarked};
use super::{At, Reader};
use crate::diagnostic::{GLUED_ROWS, IMPOSSIBLE_DATE, MISPLACED_HEADING, ODD_LABEL, ODD_ROW, UNCLEAR_FLAG, UNREAD_ROW};

impl Reader<'_> {
    /// A table: each part of it that has a head of its own, for itself.
    pub(super) fn table(&mut self, piece: &Piece) {
        // What follows on the table is no task any more.
        let under_tasks = std::mem::take(&mut self.under_tasks);
        let parts = Table::new(&piece.lines, self.words).parts();
        let ends: Vec<u32> = parts.iter().skip(1).map(Table::line).chain([u32::MAX]).collect();
        for (at, (part, end)) in parts.iter().zip(ends).enumerate() {
            // What stands before the first head belongs to the first part.
            let start = if at == 0 { 0 } else { part.line() };
            let lines: Vec<&Line> =
                piece.lines.iter().filter(|line| line.number >= start && line.number < end).collect();
            self.part(part, &lines, under_tasks && at == 0);
        }
    }

    /// Labels of a step that stand in a table of two columns; gives whether it was one.
    fn table_of_labels(&mut self, lines: &[&Line]) -> bool {
        let rows: Vec<(Vec<String>, &Line)> =
            lines.iter().filter(|line| !is_separator(&line.text)).map(|line| (cells(&line.text), *line)).collect();
        let labelled: Option<Vec<(Vec<Labelled>, &Line)>> = rows
            .iter()
            .map(|(row, line)| match row.as_slice() {
                [name, value] if !name.is_empty() => {
                    let labels = self.labels_of(&format!("{}: **{}**", plain(name), unmarked(value)));
                    (!labels.is_empty()).then_some((labels, *line))
                }
                _ => None,
            })
            .collect();
        let Some(labelled) = labelled.filter(|rows| !rows.is_empty() && matches!(self.at, At::Step(_))) else {
            return false;
        };
        self.say(&ODD_LABEL, labelled.first().map_or(1, |(_, line)| line.number), "the labels stand in a table");
        for (labels, line) in labelled {
            self.labels(labels, line, &[]);
        }
        true
    }

    fn part(&mut self, table: &Table, lines: &[&Line], under_tasks: bool) {
        if self.table_of_labels(lines) {
            return;
        }
        let line = lines.first().map_or(1, |line| line.number);
        let dated = table.head().is_some_and(|head| head.has(Column::Date));
        // Under the heading of a table of tasks, rows that say whether something is mandatory are enough.
        let flagged = |(row, _): (&[String], u32)| row.iter().skip(1).any(|cell| self.words.flagged(cell).is_some());
        let of_step = matches!(self.at, At::Step(_)) && table.names_tasks();
        let of_tasks = table.is_of_tasks(self.words) || of_step || under_tasks && table.rows().any(flagged);
        if of_tasks && !dated {
            return self.tasks(table);
        }
        if dated || matches!(self.at, At::Section(Heading::History) | At::Footer) && table.is_of_changes() {
            return self.changes(table);
        }
        if table.is_of_changes() && table.head().is_none_or(|head| head.columns.iter().flatten().count() == 0) {
            return self.changes(table);
        }
        // A row that looks like a task, in a table of something else: not where its head says what it counts.
        let of_names =
            table.head().is_none_or(|head| head.columns.is_empty() || head.has(Column::Name) || head.has(Column::Id));
        if matches!(self.at, At::Step(_) | At::Section(_)) && of_names {
            let task = |cell: &String| cell.len() >= 4 && cell.chars().all(|digit| digit.is_ascii_digit());
            let numbered: Vec<u32> = table
                .rows()
                .filter(|(row, _)| {
                    row.iter().take(2).any(task) && row.iter().any(|cell| cell.chars().any(char::is_alphabetic))
                })
                .map(|(_, line)| line)
                .collect();
            for line in numbered {
                self.say(&UNREAD_ROW, line, "a row with a number stands in a table that is not one of tasks");
            }
        }
        let text = lines.iter().map(|line| line.text.trim()).collect::<Vec<_>>().join("\n");
        self.passage(Passage { text, form: Form::Verbatim, number: None, line });
    }

    fn tasks(&mut self, table: &Table) {
        let (tasks, odd) = table.tasks(self.words);
        self.odd(odd);
        if tasks.is_empty() {
            return;
        }
        let columns = table.head().map(Head::written).unwrap_or_default();
        self.add_tasks(tasks, columns);
    }

    fn odd(&mut self, odd: Vec<Odd>) {
        for odd in odd {
            let rule = match odd.oddity {
                Oddity::Glued => &GLUED_ROWS,
                Oddity::Broken | Oddity::Cells | Oddity::Number => &ODD_ROW,
                Oddity::Flag => &UNCLEAR_FLAG,
                Oddity::Unread => &UNREAD_ROW,
            };
            self.say(rule, odd.line, odd.message);
        }
    }

    /// Puts tasks into the step they belong to.
    pub(super) fn add_tasks(&mut self, tasks: Vec<Task>, columns: Vec<TaskColumn>) {
        let unknown: Vec<(NameKind, Named, u32)> = tasks
            .iter()
            .flat_map(|task| {
                let roles = task.roles.iter().map(|role| (NameKind::Role, role.clone(), task.line));
                roles.chain(task.services.iter().map(|service| (NameKind::Service, service.clone(), task.line)))
            })
            .filter(|(_, name, _)| !name.known)
            .collect();
        for (kind, name, line) in unknown {
            self.unknown(kind, &name.written, line);
        }
        let step = self.owner(tasks.first().map_or(1, |task| task.line));
        if let Some(step) = self.page.steps.get_mut(step) {
            step.tasks.extend(tasks);
            if step.columns.is_empty() {
                step.columns = columns;
            }
        }
        self.block = None;
    }

    /// The step a table of tasks belongs to: the one it stands in, else one made of what stands above it.
    fn owner(&mut self, line: u32) -> usize {
        let step = match self.at {
            At::Step(step) => return step,
            At::Section(Heading::Approach) => {
                let (title, line, level) = self.approach.clone().unwrap_or_default();
                let prose = std::mem::take(&mut self.page.approach);
                let mut step = Step { title, line, level, prose, ..Step::default() };
                step.labelled = !self.page.roles.is_empty();
                step.roles = std::mem::take(&mut self.page.roles);
                step.motions = std::mem::take(&mut self.page.motions);
                step.applies_to = std::mem::take(&mut self.page.applies_to);
                step
            }
            At::Other(section)
                if section + 1 == self.page.sections.len() && section > 0 || matches!(self.at, At::Other(0)) =>
            {
                match self.page.sections.pop() {
                    Some(mut section) => {
                        // The nearest heading above, where there is one within the section.
                        let nearest =
                            section.prose.iter().rposition(|passage| matches!(passage.form, Form::Heading(_)));
                        match nearest {
                            Some(nearest) => {
                                let mut prose = section.prose.split_off(nearest);
                                let heading = prose.remove(0);
                                self.page.sections.push(section);
                                let level = if let Form::Heading(level) = heading.form { level } else { 3 };
                                Step { title: heading.text, line: heading.line, level, prose, ..Step::default() }
                            }
                            None => Step {
                                title: section.title,
                                line: section.line,
                                level: section.level,
                                prose: section.prose,
                                ..Step::default()
                            },
                        }
                    }
                    None => Step::default(),
                }
            }
            At::Section(known) => {
                let list = match known {
                    Heading::Overview => &mut self.page.overview,
                    Heading::Objectives => &mut self.page.objectives,
                    Heading::Inputs => &mut self.page.key_inputs,
                    Heading::Outputs => &mut self.page.key_outputs,
                    Heading::Next => &mut self.next,
                    _ => &mut self.page.footer,
                };
                match list.iter().rposition(|passage| matches!(passage.form, Form::Heading(_))) {
                    Some(nearest) => {
                        let mut prose = list.split_off(nearest);
                        let heading = prose.remove(0);
                        let level = if let Form::Heading(level) = heading.form { level } else { 3 };
                        Step { title: heading.text, line: heading.line, level, prose, ..Step::default() }
                    }
                    None => {
                        self.say(&MISPLACED_HEADING, line, "a table of tasks stands in no step");
                        match self.page.steps.len() {
                            0 => Step { title: self.page.title.clone(), line, level: 1, ..Step::default() },
                            steps => return steps - 1,
                        }
                    }
                }
            }
            _ => {
                self.say(&MISPLACED_HEADING, line, "a table of tasks stands in no step");
                Step { title: self.page.title.clone(), line: self.page.title_line, level: 1, ..Step::default() }
            }
        };
        self.page.steps.push(step);
        self.at = At::Step(self.page.steps.len() - 1);
        self.page.steps.len() - 1
    }

    /// A change with its date, and what is odd about this.
    fn change(&mut self, read: Option<date::Read>, when: String, who: String, what: String, line: u32) {
        match read {
            None => self.say_with_help(
                &IMPOSSIBLE_DATE,
                line,
                if when.is_empty() { "the change has no date".to_owned() } else { format!("`{when}` is no date") },
                "Dates of the history are written month/day/year",
            ),
            Some(date::Read { date, oddity: Some(oddity) }) => {
                self.say(&IMPOSSIBLE_DATE, line, format!("`{when}` is taken for {date}: {oddity}"));
            }
            Some(_) => {}
        }
        self.dates.push((when.clone(), line));
        self.page.history.push(Change { date: read.map(|read| read.date), written: when, who, what, line });
    }

    /// Takes the changes out of a list or lines under the heading of the history, and gives whether there was nothing else:
    /// `- 4/30/2020 A Person: general maintenance`.
    pub(super) fn listed_changes(&mut self, piece: &Piece) -> bool {
        if self.at != At::Section(Heading::History) {
            return false;
        }
        let lines: Vec<&Line> = piece.lines.iter().filter(|line| !line.text.trim().is_empty()).collect();
        let mut found: Vec<(Option<date::Read>, [String; 3], u32)> = Vec::new();
        for line in &lines {
            match (dated(line.text.trim()), found.last_mut()) {
                (Some((read, parts)), _) => found.push((read, parts, line.number)),
                // An item goes on in its next line.
                (None, Some((_, [.., what], _))) => {
                    what.push(' ');
                    what.push_str(line.text.trim());
                }
                (None, None) => return false,
            }
        }
        let Some((_, _, first)) = found.first() else { return false };
        if self.page.history.is_empty() {
            self.say(&ODD_ROW, *first, "the changes stand in a list instead of a table");
        }
        for (read, [when, who, what], line) in found {
            self.change(read, when, who, what, line);
        }
        true
    }

    fn changes(&mut self, table: &Table) {
        let head = table.head().cloned().unwrap_or_default();
        if head.titles.iter().any(|title| super::super::table::is_number(title)) {
            self.say(&UNREAD_ROW, table.line(), "a row with a number stands where the head of the changes belongs");
        }
        let rows: Vec<(Vec<String>, u32)> = table.rows().map(|(row, line)| (row.to_vec(), line)).collect();
        let written: Vec<String> = rows.iter().filter_map(|(row, _)| row.first()).map(|cell| plain(cell)).collect();
        let day_first = date::day_first(written.iter().map(String::as_str));
        for odd in &table.odd {
            self.say(&ODD_ROW, odd.line, odd.message.clone());
        }
        for (mut row, line) in rows {
            // The row may begin with an empty cell.
            while row.len() > 1
                && row.first().is_some_and(String::is_empty)
                && head.position(Column::Date).unwrap_or(0) == 0
                && row.len() != head.columns.len()
            {
                row.remove(0);
            }
            let at = head.position(Column::Date).unwrap_or(0);
            let at = if row.get(at).is_some_and(|cell| date::read(&plain(cell), day_first).is_some()) {
                at
            } else {
                row.iter().position(|cell| date::read(&plain(cell), day_first).is_some()).unwrap_or(at)
            };
            let when = row.get(at).map(|cell| plain(cell)).unwrap_or_default();
            let read = date::read(&when, day_first);
            let filled = row.iter().enumerate().filter(|(other, cell)| *other != at && !cell.is_empty()).count();
            if filled > 2 {
                self.say(
                    &ODD_ROW,
                    line,
                    "the row has more cells than date, author and change: the last ones are joined",
                );
            }
            let mut rest = row.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, cell)| cell.clone());
            let who = rest.next().map(|cell| plain(&cell)).unwrap_or_default();
            let what = rest.filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" | ");
            self.change(read, when, who, what, line);
        }
        let titles: Vec<String> = head.titles.iter().map(|title| plain(title)).collect();
        if self.page.history_head.is_empty() && titles.len() == 3 && head.position(Column::Date) == Some(0) {
            self.page.history_head = titles;
        }
        self.at = At::Footer;
        self.in_approach = false;
    }
}

/// Whether a word is meant for a date: three numbers with marks between them.
fn like_date(word: &str) -> bool {
    let numbers: Vec<&str> = word.split(['/', '.', '-']).collect();
    let is_number = |number: &&str| !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit());
    numbers.len() == 3 && numbers.iter().all(is_number)
}

/// The date a line begins with, and the line as date, author and change; without a date where what is meant for one cannot be.
fn dated(text: &str) -> Option<(Option<date::Read>, [String; 3])> {
    let shown = format!("{} ", plain(text));
    let mut ends = shown.match_indices([' ', ':', '：']).map(|(at, _)| at).take(6);
    let dated = ends.find_map(|at| Some((at, Some(date::read(shown.get(..at)?, false)?))));
    let first = shown.split([' ', ':', '：']).next().unwrap_or_default();
    let (end, read) = dated.or_else(|| like_date(first).then_some((first.len(), None)))?;
    let when = shown.get(..end)?.trim_end_matches([',', ':']).to_owned();
    // What was changed is kept with its links.
    let rest = text.find(&when).and_then(|at| text.get(at + when.len()..)).or(shown.get(end..))?;
    let marks = |mark: char| {
        mark.is_whitespace() || matches!(mark, '日' | ':' | '：' | '-' | '–' | '—' | '|' | ',' | '*' | '_')
    };
    let rest = rest.trim_start_matches(marks);
    let cut = [": ", "：", " - ", " – ", " — ", " | ", ", "]
        .iter()
        .filter_map(|mark| Some((rest.find(mark)?, *mark)))
        .min()
        .filter(|(at, _)| *at < 60 && !rest.get(..*at).is_some_and(|who| who.contains(['[', '.', '('])));
    let (who, what) = match cut {
        Some((at, mark)) => (rest.get(..at)?, rest.get(at + mark.len()..)?),
        None => ("", rest),
    };
    Some((read, [when, plain(who), what.trim().to_owned()]))
}
