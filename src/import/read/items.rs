//! Tasks that stand in a list instead of a table: `- 1014 Assess the network (M)`.

use super::super::markdown::{Block, Line, Piece};
use super::super::names::is_nothing;
use super::super::numbers;
use super::super::page::{Cells, Task};
use super::super::text::{narrow, plain};
use super::{At, Reader};
use crate::diagnostic::{ODD_ROW, UNCLEAR_FLAG, UNREAD_ROW};
use crate::import::language::{Flag, Heading, NameKind};

/// What follows the number of a task in a line.
#[derive(Debug, Clone, Default)]
struct Rest {
    name: String,
    flag: Option<Flag>,
    role: String,
    services: String,
}

impl Reader<'_> {
    /// Takes the tasks out of an item or a paragraph, and gives whether it was nothing else. Under the heading of a table of
    /// tasks a number is enough; elsewhere the line has to say whether it is mandatory too.
    pub(super) fn item_tasks(&mut self, piece: &Piece) -> bool {
        let item = matches!(piece.block, Block::Item(_));
        let of_steps = matches!(self.at, At::Step(_) | At::Section(Heading::Approach));
        if !of_steps || !(item || self.under_tasks && piece.block == Block::Paragraph) {
            return false;
        }
        let mut tasks: Vec<Task> = Vec::new();
        for line in &piece.lines {
            match self.task_of(line, piece.mark.filter(|_| item && self.under_tasks)) {
                Some(found) => tasks.extend(found),
                None if self.under_tasks && tasks.is_empty() && begins_like_a_task(&line.text) => {
                    self.say(
                        &UNREAD_ROW,
                        line.number,
                        "a line begins with the number of a task, and stands in no table",
                    );
                    return false;
                }
                None => return false,
            }
        }
        let Some(first) = tasks.first().map(|task| task.line) else { return false };
        self.say(&ODD_ROW, first, "the task stands in a list instead of a table");
        for task in &tasks {
            if task.mandatory.is_none() {
                self.say(&UNCLEAR_FLAG, task.line, "the row does not say whether the task is mandatory or optional");
            }
        }
        self.add_tasks(tasks, Vec::new());
        true
    }

    fn task_of(&self, line: &Line, mark: Option<u32>) -> Option<Vec<Task>> {
        let text = line.text.trim();
        // Where a list is numbered with the numbers of its tasks.
        let (numbers, rest) = match mark.filter(|mark| *mark >= 100) {
            Some(mark) => (vec![mark], text.to_owned()),
            None => number_and_rest(text)?,
        };
        let rest = self.parts_of(&rest);
        if rest.name.is_empty() || rest.flag.is_none() && !self.under_tasks {
            return None;
        }
        let task = |id: u32| Task {
            id: Some(id),
            name: rest.name.clone(),
            link: None,
            mandatory: rest.flag.map(|flag| flag == Flag::Mandatory),
            roles: self.words.list(NameKind::Role, &rest.role),
            services: self.words.list(NameKind::Service, &rest.services),
            written: Cells { role: Some(rest.role.clone()), services: Some(rest.services.clone()), ..Cells::default() },
            notes: Vec::new(),
            line: line.number,
        };
        Some(numbers.into_iter().map(task).collect())
    }

    /// Name, flag, role and services of what follows a number.
    fn parts_of(&self, text: &str) -> Rest {
        let mut rest = Rest { name: text.trim().to_owned(), ..Rest::default() };
        // Brackets at the end, if all they hold is known.
        while let Some((name, inner)) = last_brackets(&rest.name) {
            let parts: Vec<&str> = inner.split([',', ';', '，', '；', '、']).map(str::trim).collect();
            let mut taken = rest.clone();
            if name.is_empty() || !parts.iter().all(|part| self.take(part, &mut taken)) {
                break;
            }
            rest = taken;
            rest.name = name;
        }
        // Parts behind dashes and bars, the last first.
        while let Some((name, part)) = last_part(&rest.name) {
            if name.is_empty() || !self.take(&part, &mut rest) {
                break;
            }
            rest.name = name;
        }
        rest
    }

    /// Takes a part for the flag, the role or the services, if it is one that is not known yet.
    fn take(&self, part: &str, rest: &mut Rest) -> bool {
        if rest.flag.is_none()
            && let Some(flagged) = self.words.flagged(part).filter(|flagged| !flagged.remark)
        {
            rest.flag = Some(flagged.flag);
            if rest.role.is_empty() {
                rest.role = flagged.role;
            }
            return true;
        }
        let all = |kind| {
            let names = self.words.list(kind, part);
            !names.is_empty() && names.iter().all(|name| name.known)
        };
        if rest.role.is_empty() && all(NameKind::Role) {
            rest.role = part.to_owned();
            return true;
        }
        if rest.services.is_empty() && all(NameKind::Service) {
            rest.services = part.to_owned();
            return true;
        }
        is_nothing(part)
    }
}

/// Whether a line begins with a number that may be the one of a task.
fn begins_like_a_task(text: &str) -> bool {
    let text = plain(text);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (3..=6).contains(&digits)
}

/// The numbers a line begins with, and what follows them in Markdown.
fn number_and_rest(text: &str) -> Option<(Vec<u32>, String)> {
    let shown = plain(text);
    let found =
        numbers::read(&shown).filter(|found| !found.rest.is_empty() && found.numbers.iter().all(|id| *id >= 100))?;
    // What follows is cut from the text as it is written, so that links stay.
    let last = found.numbers.last()?.to_string();
    let rest = text.find(&last).and_then(|at| text.get(at + last.len()..)).unwrap_or(&found.rest);
    let marks = |character: char| {
        character.is_whitespace() || matches!(narrow(character), ':' | '-' | '–' | '—' | '.' | '*' | '|' | ')' | '~')
    };
    let rest = rest.trim_start_matches(marks).trim();
    let rest = if rest.is_empty() || rest.matches("**").count() % 2 == 1 || rest.contains("](") && !rest.contains('[') {
        found.rest.clone()
    } else {
        rest.to_owned()
    };
    Some((found.numbers, rest))
}

/// A text without the brackets at its end, and what stands in these.
fn last_brackets(text: &str) -> Option<(String, String)> {
    let text = text.trim();
    let closing = text.chars().next_back().filter(|last| matches!(last, ')' | '）' | ']' | '】'))?;
    let open = text.rfind(['(', '（', '[', '【'])?;
    let inner = text.get(open..)?.trim_start_matches(['(', '（', '[', '【']);
    let name = text.get(..open)?.trim_end();
    // The address of a link is no remark.
    if name.ends_with(']') {
        return None;
    }
    Some((name.to_owned(), inner.trim_end_matches(closing).trim().to_owned()))
}

/// A text without its last part behind a dash or bar, and this part.
fn last_part(text: &str) -> Option<(String, String)> {
    let marks = [" - ", " – ", " — ", " | ", "; ", ": ", ", "];
    let (at, mark) = marks.iter().filter_map(|mark| Some((text.rfind(mark)?, *mark))).max()?;
    Some((text.get(..at)?.trim().to_owned(), text.get(at + mark.len()..)?.trim().to_owned()))
}
