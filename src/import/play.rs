//! From pages of one process, in one language or several, to a playbook.
//!
//! The playbook says what the pages say and nothing else: stage follows on stage, a stage for some services is passed by the
//! others, and what a page leaves to judgement stands in a comment, with its words and a guard somebody might write.

mod flow;
mod judgement;
pub mod written;

use super::language::{Heading, Label, Languages, NameKind};
use super::names::Words;
use super::page::{Form, Named, Page, Passage, Step, Task, entries, lead};
use super::text::{key, plain, seen};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Names that cannot be names of things, because the language begins or goes on with them.
const RESERVED: &[&str] = &[
    "playbook",
    "import",
    "test",
    "property",
    "scenario",
    "variant",
    "stage",
    "task",
    "step",
    "set",
    "needs",
    "every",
    "together",
    "branch",
    "each",
    "start",
    "then",
    "end",
    "whenever",
    "when",
    "otherwise",
    "after",
    "resume",
    "on",
    "facts",
    "param",
    "let",
    "input",
    "output",
    "roles",
    "services",
    "service",
    "expect",
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
    "while",
    "where",
    "for",
    "by",
    "of",
    "over",
    "since",
    "all",
    "any",
    "no",
    "yes",
    "count",
    "at",
    "happened",
    "unknown",
    "this",
    "round",
    "today",
    "true",
    "false",
    "once",
    "last",
    "again",
    "first",
    "link",
];

/// A name for the language out of words: small letters, digits and `_`, not too long.
#[must_use]
pub fn identifier(words: &str) -> String {
    let mut name = String::new();
    let words = plain(words).to_lowercase();
    let words = words.trim_start_matches(|character: char| character.is_ascii_digit() || ". )".contains(character));
    for word in words.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let apart = !name.is_empty();
        if apart && name.chars().count() + 1 + word.chars().count() > 48 {
            break;
        }
        if apart {
            name.push('_');
        }
        name.extend(word.chars().take(48));
    }
    name.retain(is_of_names);
    let name_start = name.trim_start_matches('_').len();
    name.drain(..name.len() - name_start);
    if name.is_empty() || name.starts_with(|start: char| start.is_ascii_digit()) {
        name.insert_str(0, "n_");
    }
    if RESERVED.contains(&name.as_str()) {
        name.push('_');
    }
    name
}

/// Whether a character is a letter of a name: of those the pages are written with, and that every reader of the language knows.
fn is_of_names(character: char) -> bool {
    character == '_'
        || character.is_ascii_alphanumeric()
        || character.is_alphabetic()
            && matches!(
                character,
                '\u{c0}'..='\u{24f}'
                    | '\u{386}'..='\u{3ff}'
                    | '\u{400}'..='\u{481}'
                    | '\u{48a}'..='\u{52f}'
                    | '\u{3041}'..='\u{3096}'
                    | '\u{30a1}'..='\u{30fa}'
                    | '\u{30fc}'
                    | '\u{3400}'..='\u{4dbf}'
                    | '\u{4e00}'..='\u{9fff}'
                    | '\u{ac00}'..='\u{d7a3}'
            )
}

/// The name of the playbook of a page: the name of its file without phase, audience and language.
#[must_use]
pub fn playbook_name(file: &str) -> String {
    let file = file.split(['#', '?']).next().unwrap_or_default();
    let stem = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = stem.trim_end_matches(".md").to_lowercase();
    let mut words: Vec<&str> = stem.split(['-', '_', ' ', '.']).filter(|word| !word.is_empty()).collect();
    let is_language = |word: &str| {
        Languages::known().all().iter().any(|language| {
            language.suffixes.iter().any(|suffix| suffix == word) || language.tag.eq_ignore_ascii_case(word)
        })
    };
    if words.len() > 1 && words.last().is_some_and(|word| is_language(word)) {
        words.pop();
    }
    if words.len() > 1 && words.last() == Some(&"partner") {
        words.pop();
    }
    if words.len() > 1 && words.first().is_some_and(|word| super::PHASES.contains(word)) {
        words.remove(0);
    }
    identifier(&words.join(" "))
}

/// A text in quotes.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 2);
    result.push('"');
    for character in text.chars() {
        match character {
            '"' => result.push_str("\\\""),
            '\\' => result.push_str("\\\\"),
            '\n' => result.push_str("\\n"),
            '\t' => result.push_str("\\t"),
            other => result.push(other),
        }
    }
    result.push('"');
    result
}

/// A passage as the text of a playbook: with the mark it has on its page.
#[must_use]
pub fn marked(passage: &Passage) -> String {
    match passage.form {
        Form::Paragraph | Form::Verbatim => passage.text.clone(),
        Form::Item(depth) => {
            let indent = "    ".repeat(usize::from(depth.saturating_sub(1)));
            let mark = passage.number.map_or("-".to_owned(), |number| format!("{number}."));
            format!("{indent}{mark} {}", passage.text)
        }
        Form::Quote => format!("> {}", passage.text),
        Form::Heading(level) => format!("{} {}", "#".repeat(usize::from(level)), passage.text),
    }
}

/// Passages of a section as one text.
fn whole(passages: &[Passage]) -> String {
    let mut text = String::new();
    let mut last_item = false;
    for passage in passages {
        let item = matches!(passage.form, Form::Item(_));
        if !text.is_empty() {
            text.push_str(if item && last_item { "\n" } else { "\n\n" });
        }
        text.push_str(&marked(passage));
        last_item = item;
    }
    text
}

/// What the parts of a playbook are called.
struct Names {
    roles: Vec<Declared>,
    services: Vec<Declared>,
    motions: Vec<Declared>,
    stages: Vec<String>,
    /// What the tasks of each stage are called.
    tasks: Vec<Vec<String>>,
}

/// A declared role, service or motion.
struct Declared {
    english: String,
    name: String,
    /// Its words in each language of the pages, the main one first.
    words: Vec<String>,
    /// How the tables of each page spell it, where that is otherwise.
    in_tables: Vec<Option<String>>,
}

/// Whether two tasks have the same number.
fn same_task(task: &Task, other: &Task) -> bool {
    task.id.is_some() && task.id == other.id
}

impl Names {
    fn of<'a>(list: &'a [Declared], english: &str) -> Option<&'a str> {
        list.iter().find(|declared| key(&declared.english) == key(english)).map(|declared| declared.name.as_str())
    }
}

struct Writer<'a> {
    pages: &'a [&'a Page],
    names: Names,
    text: String,
}

/// The playbook of a process, from its page in each language; the first page is the one other languages translate. It is
/// not formatted yet.
#[must_use]
pub fn playbook(pages: &[&Page], name: &str) -> String {
    let mut pages: Vec<&Page> = pages.to_vec();
    // English names make the names of the playbook, and English texts the ones others translate.
    if let Some(english) = pages.iter().position(|page| page.language == "en") {
        pages.swap(0, english);
    }
    let Some(main) = pages.first().copied() else { return String::new() };
    let names = Names {
        roles: declared(&pages, NameKind::Role),
        services: declared(&pages, NameKind::Service),
        motions: declared(&pages, NameKind::Motion),
        stages: stages(main),
        tasks: written::references(main),
    };
    let mut writer = Writer { pages: &pages, names, text: String::new() };
    writer.write(main, name);
    writer.text
}

/// Names of the stages, each once.
fn stages(main: &Page) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for step in &main.steps {
        let wanted = identifier(&step.title);
        let mut name = wanted.clone();
        let mut number = 2;
        while names.contains(&name) || ["done", "completed", "finished"].contains(&name.as_str()) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        names.push(name);
    }
    names
}

/// How a name is written on a page, and how often: in labels and in tables.
type Spellings = Vec<(String, [usize; 2])>;

/// All names of a kind on the pages, in the order of the first page.
fn declared(pages: &[&Page], kind: NameKind) -> Vec<Declared> {
    let languages = Languages::known();
    // By the English name, for each page how it is written there and how often.
    let mut found: Vec<(String, BTreeMap<usize, Spellings>)> = Vec::new();
    for (at, page) in pages.iter().enumerate() {
        let of_language = Words { languages, language: &page.language };
        let mut add = |named: &Named, table: usize| {
            if named.name == "All Services" {
                return;
            }
            let entry = match found.iter().position(|(english, _)| key(english) == key(&named.name)) {
                Some(known) => found.get_mut(known),
                None => {
                    found.push((named.name.clone(), BTreeMap::new()));
                    found.last_mut()
                }
            };
            // A remark belongs to its place, and not to the name.
            let bare = match of_language.remark(kind, named) {
                Some(_) => named.written.split(['(', '（', '[', '【']).next().unwrap_or_default().trim(),
                None => named.written.as_str(),
            };
            if let Some((_, words)) = entry {
                let words = words.entry(at).or_default();
                let place = words.iter().position(|(written, _)| written == bare).unwrap_or_else(|| {
                    words.push((bare.to_owned(), [0, 0]));
                    words.len() - 1
                });
                if let Some(count) = words.get_mut(place).and_then(|(_, counts)| counts.get_mut(table)) {
                    *count += 1;
                }
            }
        };
        let of_page = match kind {
            NameKind::Role => &page.roles,
            NameKind::Service => &page.applies_to,
            NameKind::Motion => &page.motions,
        };
        of_page.iter().for_each(|name| add(name, 0));
        for step in &page.steps {
            match kind {
                NameKind::Role => {
                    step.roles.iter().for_each(|name| add(name, 0));
                    step.tasks.iter().flat_map(|task| &task.roles).for_each(|name| add(name, 1));
                }
                NameKind::Service => {
                    step.applies_to.iter().for_each(|name| add(name, 0));
                    step.tasks.iter().flat_map(|task| &task.services).for_each(|name| add(name, 1));
                }
                NameKind::Motion => step.motions.iter().for_each(|name| add(name, 0)),
            }
        }
    }
    let mut taken: Vec<String> = Vec::new();
    found
        .into_iter()
        .map(|(english, written)| {
            let wanted = identifier(&english);
            let mut name = wanted.clone();
            let mut number = 2;
            while taken.contains(&name) {
                name = format!("{wanted}_{number}");
                number += 1;
            }
            taken.push(name.clone());
            let mut words = Vec::new();
            let mut in_tables = Vec::new();
            for (at, page) in pages.iter().enumerate() {
                let known = languages.written(&page.language, kind, &english);
                let own = written.get(&at).map_or(&[][..], Vec::as_slice);
                let spelling = usual(own, 0, &known).or_else(|| usual(own, 1, &known)).unwrap_or_else(|| known.clone());
                let of_tables = usual(own, 1, &spelling);
                in_tables.push(of_tables.filter(|of_tables| key(of_tables) != key(&spelling)));
                words.push(spelling);
            }
            Declared { english, name, words, in_tables }
        })
        .collect()
}

/// The usual one of several ways to write a name in labels or in tables: the most frequent, before others the one that is
/// known. What stands there once and is a sentence rather is not the usual one.
fn usual(words: &[(String, [usize; 2])], place: usize, known: &str) -> Option<String> {
    let count = |counts: &[usize; 2]| counts.get(place).copied().unwrap_or(0);
    let best = words
        .iter()
        .rev()
        .filter(|(_, counts)| count(counts) > 0)
        .max_by_key(|(word, counts)| (count(counts), key(word) == key(known)))?;
    let sentence = count(&best.1) == 1 && best.0.chars().count() > known.chars().count() + 12;
    Some(if sentence { known.to_owned() } else { best.0.clone() })
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A text with its translations; of the languages after the first, those that say something else.
    fn words(&self, texts: &[Option<String>]) -> String {
        let main = texts.first().cloned().flatten().unwrap_or_default();
        let mut result = quoted(&main);
        for (page, text) in self.pages.iter().zip(texts).skip(1) {
            if let Some(text) = text
                && *text != main
            {
                let _ = write!(result, " @{} {}", page.language, quoted(text));
            }
        }
        result
    }

    /// The same part of each page.
    fn each(&self, part: impl Fn(&Page) -> Option<String>) -> Vec<Option<String>> {
        self.pages.iter().map(|page| part(page)).collect()
    }

    fn write(&mut self, main: &Page, name: &str) {
        let several = self.pages.len() > 1;
        let from = if several { "pages" } else { "the page" };
        let files: Vec<&str> = self.pages.iter().map(|page| page.name.as_str()).collect();
        self.line(&format!("// Made from {from} {}.", files.join(", ")));
        self.line("//");
        self.line("// Stage follows on stage, as on the page. A comment that begins with \"Decide\" marks what the page leaves to judgement.");
        self.line("");
        let title = self.words(&self.each(|page| Some(page.title.clone())));
        self.line(&format!("playbook {name} {title} {{"));
        self.header(main);
        self.next();
        self.metadata(main);
        let overview = self.each(|page| Some(whole(&page.overview)).filter(|text| !text.is_empty()));
        if overview.iter().any(Option::is_some) {
            let overview = self.words(&overview);
            self.line(&format!("overview {overview}\n"));
        }
        self.list("objectives", |page| entries(&page.objectives));
        self.declarations();
        self.clauses("input", |page| entries(&page.key_inputs));
        self.clauses("output", |page| entries(&page.key_outputs));
        self.flow(main);
        self.history();
        self.line("}");
    }

    fn header(&mut self, main: &Page) {
        let meta = |name: &str| main.meta.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        if let Some(phase) = &main.phase {
            self.line(&format!("phase {phase}"));
        }
        if let Some(audience) = meta("ft.audience").filter(|audience| !audience.is_empty()) {
            let names: Vec<String> = audience.split(',').map(identifier).collect();
            self.line(&format!("audience {}", names.join(", ")));
        }
        if let Some(owner) = meta("ft.owner").filter(|owner| !owner.is_empty()) {
            self.line(&format!("owner {}", quoted(owner)));
        }
        let dates = self.pages.iter().flat_map(|page| page.history.iter().filter_map(|change| change.date));
        if let Some(date) = dates.max() {
            self.line(&format!("version \"{date}\""));
        }
        self.line(&format!("language {}", quoted(&main.language)));
        self.line(&format!("source {}\n", quoted(&main.name)));
    }

    /// Next steps: one entry a link, with the words of its item.
    fn next(&mut self) {
        let Some(main) = self.pages.first().copied() else { return };
        let mut taken: Vec<String> = Vec::new();
        for (at, next) in main.next.iter().enumerate() {
            let wanted = match &next.link {
                Some(link) if link.target.ends_with(".md") || link.target.contains(".md#") => {
                    playbook_name(&link.target)
                }
                Some(link) if !link.text.is_empty() => identifier(&link.text),
                _ => identifier(&next.text.split_whitespace().take(6).collect::<Vec<_>>().join(" ")),
            };
            let mut name = wanted.clone();
            let mut number = 2;
            while taken.contains(&name) {
                name = format!("{wanted}_{number}");
                number += 1;
            }
            taken.push(name.clone());
            let same = self.pages.iter().all(|page| page.next.len() == main.next.len());
            let texts = self.each(|page| {
                let own = if same { page.next.get(at) } else { page.next.iter().find(|other| other.item == next.item) };
                own.map(|next| next.text.clone())
            });
            let words = self.words(&texts);
            let link = next.link.as_ref().map(|link| format!(" link {}", quoted(&link.target))).unwrap_or_default();
            if next.link.is_none() {
                self.line("// playbook: allow broken-link -- the page names no process here");
            }
            self.line(&format!("next {name} {words}{link}\n"));
        }
    }

    /// Front matter, and what a page has of its own that no other part of a playbook holds.
    fn metadata(&mut self, main: &Page) {
        let mut rows: Vec<(String, String)> = main.meta.clone();
        for page in self.pages.iter().skip(1) {
            let own = page.meta.iter().filter(|pair| !main.meta.contains(pair));
            rows.extend(own.map(|(key, value)| (format!("{key}@{}", page.language), value.clone())));
        }
        for (at, page) in self.pages.iter().enumerate() {
            let mut add = |name: &str, value: String| {
                if !value.is_empty() {
                    let tag = if at == 0 { String::new() } else { format!("@{}", page.language) };
                    rows.push((format!("page.{name}{tag}"), value));
                }
            };
            add("phase", page.phase_written.clone().unwrap_or_default());
            for (heading, written) in &page.headings {
                add(&format!("heading.{}", heading_name(*heading)), written.clone());
            }
            add("bare", page.bare.iter().map(|heading| heading_name(*heading)).collect::<Vec<_>>().join(", "));
            for (label, line) in &page.blocks {
                add(if *label == Label::Inputs { "block.inputs" } else { "block.outputs" }, line.clone());
            }
            let dates: Vec<(crate::value::Date, String)> =
                page.history.iter().filter_map(|change| Some((change.date?, change.written.clone()))).collect();
            add("dates", super::date::style(&dates));
            let written =
                |names: &[Named]| names.iter().map(|name| name.written.clone()).collect::<Vec<_>>().join(" / ");
            add("roles", written(&page.roles));
            add("motions", written(&page.motions));
            add("applies_to", written(&page.applies_to));
            add("objectives", whole(&lead(&page.objectives)));
            add("inputs", whole(&lead(&page.key_inputs)));
            add("outputs", whole(&lead(&page.key_outputs)));
            add("next", whole(&page.next_lead));
            add("approach", whole(&page.approach));
            for (number, section) in page.sections.iter().enumerate() {
                let mut text = String::new();
                if !section.title.is_empty() {
                    let _ = write!(text, "{} {}\n\n", "#".repeat(usize::from(section.level.max(1))), section.title);
                }
                text.push_str(&whole(&section.prose));
                add(&format!("section.{}", number + 1), text);
            }
            add("footer", whole(&page.footer));
        }
        rows.extend(self.written());
        let mut seen: Vec<String> = Vec::new();
        rows.retain(|(key, _)| {
            let new = !seen.contains(key);
            seen.push(key.clone());
            new
        });
        if rows.is_empty() {
            return;
        }
        self.line("metadata {");
        for (key, value) in rows {
            let plain =
                key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && !RESERVED.contains(&key.as_str());
            let key = if plain { key } else { quoted(&key) };
            self.line(&format!("{key} {}", quoted(&value)));
        }
        self.line("}\n");
    }

    fn list(&mut self, name: &str, part: impl Fn(&Page) -> Vec<Passage>) {
        let rows = self.rows(part);
        if rows.is_empty() {
            return;
        }
        self.line(&format!("{name} {{"));
        for row in rows {
            let words = self.words(&row);
            self.line(&words);
        }
        self.line("}\n");
    }

    /// The entries of a list in each language, side by side.
    fn rows(&self, part: impl Fn(&Page) -> Vec<Passage>) -> Vec<Vec<Option<String>>> {
        let lists: Vec<Vec<Passage>> = self.pages.iter().map(|page| part(page)).collect();
        let longest = lists.first().map_or(0, Vec::len);
        let mut rows: Vec<Vec<Option<String>>> = (0..longest)
            .map(|at| lists.iter().map(|list| list.get(at).map(|entry| entry.text.clone())).collect())
            .collect();
        // What only another language says is kept with the last one.
        for (language, list) in lists.iter().enumerate().skip(1) {
            for extra in list.iter().skip(longest) {
                if let Some(Some(last)) = rows.last_mut().and_then(|row| row.get_mut(language)) {
                    last.push_str("\n- ");
                    last.push_str(&extra.text);
                }
            }
        }
        rows
    }

    fn declarations(&mut self) {
        for (word, kind) in [("roles", NameKind::Role), ("motions", NameKind::Motion), ("services", NameKind::Service)]
        {
            let list = match kind {
                NameKind::Role => &self.names.roles,
                NameKind::Motion => &self.names.motions,
                NameKind::Service => &self.names.services,
            };
            if list.is_empty() {
                continue;
            }
            let mut lines = Vec::new();
            for declared in list {
                let texts: Vec<Option<String>> = declared.words.iter().cloned().map(Some).collect();
                let mut words = self.words(&texts);
                let has_english = self.pages.iter().any(|page| page.language == "en");
                if !has_english && declared.words.first() != Some(&declared.english) {
                    let _ = write!(words, " @en {}", quoted(&declared.english));
                }
                lines.push(format!("{} {words}", declared.name));
            }
            self.line(&format!("{word} {{"));
            lines.iter().for_each(|line| self.line(line));
            self.line("}\n");
        }
    }

    fn clauses(&mut self, word: &str, part: impl Fn(&Page) -> Vec<Passage>) {
        let rows = self.rows(part);
        for row in &rows {
            let words = self.words(row);
            self.line(&format!("{word} {words}"));
        }
        if !rows.is_empty() {
            self.line("");
        }
    }

    fn history(&mut self) {
        let mut rows: Vec<(crate::value::Date, String, Vec<Option<String>>)> = Vec::new();
        let mut undated = Vec::new();
        for (at, page) in self.pages.iter().enumerate() {
            let mut used: Vec<usize> = Vec::new();
            for change in &page.history {
                let Some(date) = change.date else {
                    undated.push(format!(
                        "// No date ({}): {} {} {}",
                        page.language, change.written, change.who, change.what
                    ));
                    continue;
                };
                let same = rows.iter().enumerate().position(|(row, (known, who, texts))| {
                    *known == date
                        && *who == change.who
                        && !used.contains(&row)
                        && texts.get(at).is_none_or(Option::is_none)
                });
                let row = match same {
                    Some(row) if at > 0 => row,
                    _ => {
                        // Beside the rows of its own page.
                        let place = used.last().map_or(0, |last| last + 1);
                        let later = rows.iter().skip(place).take_while(|(other, ..)| *other > date).count();
                        let place = if at == 0 { rows.len() } else { (place + later).min(rows.len()) };
                        rows.insert(place, (date, change.who.clone(), vec![None; self.pages.len()]));
                        used.iter_mut().for_each(|row| *row += usize::from(*row >= place));
                        place
                    }
                };
                if let Some((_, _, texts)) = rows.get_mut(row)
                    && let Some(text) = texts.get_mut(at)
                {
                    *text = Some(change.what.clone());
                }
                used.push(row);
            }
        }
        if rows.is_empty() && undated.is_empty() {
            return;
        }
        self.line("history {");
        for (date, who, texts) in rows {
            let present: Vec<usize> =
                texts.iter().enumerate().filter(|(_, text)| text.is_some()).map(|(at, _)| at).collect();
            let main = self.pages.first().map_or("en", |page| page.language.as_str()).to_owned();
            let line = match present.as_slice() {
                [only] if self.pages.len() > 1 => {
                    let tag = self.pages.get(*only).map_or(main.clone(), |page| page.language.clone());
                    let text = texts.get(*only).cloned().flatten().unwrap_or_default();
                    format!("{date} only @{tag} {} {}", quoted(&who), quoted(&text))
                }
                _ => {
                    let mut texts = texts;
                    if let Some(first) = texts.first_mut()
                        && first.is_none()
                    {
                        *first = Some(String::new());
                    }
                    format!("{date} {} {}", quoted(&who), self.words(&texts))
                }
            };
            self.line(&line);
        }
        undated.iter().for_each(|line| self.line(line));
        self.line("}");
    }
}

/// The name of a heading in the metadata of a page.
#[must_use]
pub fn heading_name(heading: Heading) -> &'static str {
    match heading {
        Heading::Overview => "overview",
        Heading::Objectives => "objectives",
        Heading::Approach => "approach",
        Heading::Tasks => "tasks",
        Heading::Inputs => "inputs",
        Heading::Outputs => "outputs",
        Heading::Next => "next",
        Heading::History => "history",
        Heading::Data => "data",
        Heading::Uncategorized => "uncategorized",
    }
}
