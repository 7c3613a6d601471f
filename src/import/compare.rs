//! What differs between two pages of one process: two versions of it, or two languages.

use super::page::{Named, Page, Passage, Step, Task, entries};
use super::play::playbook_name;
use super::text::{key, narrow, plain, seen};
use std::collections::{BTreeMap, BTreeSet};

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Whether it is a process, its phase, title or front matter.
    Page,
    /// A step that only one page has, or its roles, motions and services.
    Step,
    /// A task that only one page has, or its flag, roles, services, name and step.
    Task,
    /// A number in prose.
    Number,
    /// How many entries a list has.
    Count,
    /// A link.
    Link,
    /// A row of the history.
    History,
}

impl Kind {
    /// For programs: `task`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::Page => "page",
            Kind::Step => "step",
            Kind::Task => "task",
            Kind::Number => "number",
            Kind::Count => "count",
            Kind::Link => "link",
            Kind::History => "history",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about.
    pub kind: Kind,
    /// In words.
    pub message: String,
    /// The line on the first page, from 1; none where it says nothing of it.
    pub first: Option<u32>,
    /// The line on the second page.
    pub second: Option<u32>,
}

/// What differs, in the order of the first page.
#[must_use]
pub fn compare(first: &Page, second: &Page) -> Vec<Difference> {
    let mut comparison = Comparison { first, second, found: Vec::new() };
    comparison.pages();
    let pairs = pairs(first, second);
    comparison.steps(&pairs);
    comparison.tasks(&pairs);
    comparison.counts();
    comparison.numbers(&pairs);
    comparison.links();
    comparison.history();
    comparison.found
}

/// The steps of two pages, side by side: those with the same tasks or title, and between them by their order.
fn pairs(first: &Page, second: &Page) -> Vec<(Option<usize>, Option<usize>)> {
    if first.steps.len() == second.steps.len() {
        return (0..first.steps.len()).map(|at| (Some(at), Some(at))).collect();
    }
    let ids = |step: &Step| -> BTreeSet<u32> { step.tasks.iter().filter_map(|task| task.id).collect() };
    let mut pairs = Vec::new();
    let mut next = 0;
    for (at, step) in first.steps.iter().enumerate() {
        let same =
            |other: &Step| !ids(step).is_disjoint(&ids(other)) || key(&plain(&step.title)) == key(&plain(&other.title));
        let found = second.steps.iter().enumerate().skip(next).find(|(_, other)| same(other)).map(|(at, _)| at);
        // Without a sign of its own, a step is the one in its place, unless that is another one's.
        let place = || {
            let other = second.steps.get(next)?;
            let taken = first.steps.iter().skip(at + 1).any(|later| {
                !ids(later).is_disjoint(&ids(other)) || key(&plain(&later.title)) == key(&plain(&other.title))
            });
            let left = first.steps.len() - at <= second.steps.len() - next;
            (!taken && left && ids(step).is_empty() == ids(other).is_empty()).then_some(next)
        };
        match found.or_else(place) {
            Some(other) => {
                pairs.extend((next..other).map(|skipped| (None, Some(skipped))));
                pairs.push((Some(at), Some(other)));
                next = other + 1;
            }
            None => pairs.push((Some(at), None)),
        }
    }
    pairs.extend((next..second.steps.len()).map(|left| (None, Some(left))));
    pairs
}

struct Comparison<'a> {
    first: &'a Page,
    second: &'a Page,
    found: Vec<Difference>,
}

/// Names as a set, and in words.
fn names(names: &[Named]) -> (BTreeSet<String>, String) {
    let words: Vec<&str> = names.iter().map(|name| name.name.as_str()).collect();
    let words = if words.is_empty() { "none".to_owned() } else { words.join(", ") };
    (names.iter().map(|name| key(&name.name)).collect(), words)
}

fn flag(mandatory: Option<bool>) -> &'static str {
    match mandatory {
        Some(true) => "mandatory",
        Some(false) => "optional",
        None => "without a flag",
    }
}

impl Comparison<'_> {
    fn say(&mut self, kind: Kind, message: String, first: Option<u32>, second: Option<u32>) {
        self.found.push(Difference { kind, message, first, second });
    }

    fn same_language(&self) -> bool {
        self.first.language == self.second.language
    }

    fn pages(&mut self) {
        let (first, second) = (self.first, self.second);
        let lines = (Some(first.title_line), Some(second.title_line));
        if first.kind != second.kind {
            let message = format!("the first page is {}, the second {}", first.kind.words(), second.kind.words());
            self.say(Kind::Page, message, lines.0, lines.1);
        }
        if let (Some(one), Some(other)) = (&first.phase, &second.phase)
            && one != other
        {
            self.say(Kind::Page, format!("the phase is {one}, then {other}"), lines.0, lines.1);
        }
        if self.same_language() && plain(&first.title) != plain(&second.title) {
            let message = format!("the title is `{}`, then `{}`", plain(&first.title), plain(&second.title));
            self.say(Kind::Page, message, lines.0, lines.1);
        }
    }

    fn steps(&mut self, pairs: &[(Option<usize>, Option<usize>)]) {
        for pair in pairs {
            let one = pair.0.and_then(|at| self.first.steps.get(at));
            let other = pair.1.and_then(|at| self.second.steps.get(at));
            match (one, other) {
                (Some(one), Some(other)) => self.step(one, other),
                (Some(one), None) => {
                    let message = format!("the step `{}` is missing on the second page", plain(&one.title));
                    self.say(Kind::Step, message, Some(one.line), None);
                }
                (None, Some(other)) => {
                    let message = format!("the step `{}` is missing on the first page", plain(&other.title));
                    self.say(Kind::Step, message, None, Some(other.line));
                }
                (None, None) => {}
            }
        }
    }

    fn step(&mut self, one: &Step, other: &Step) {
        let title = plain(&one.title);
        let lines = (Some(one.line), Some(other.line));
        if self.same_language() && key(&title) != key(&plain(&other.title)) {
            let message = format!("the step `{title}` is called `{}`", plain(&other.title));
            self.say(Kind::Step, message, lines.0, lines.1);
        }
        let parts = [
            ("roles", &one.roles, &other.roles),
            ("secondary roles", &one.secondary, &other.secondary),
            ("motions", &one.motions, &other.motions),
            ("services", &one.applies_to, &other.applies_to),
        ];
        for (word, one, other) in parts {
            let ((set, words), (others, other_words)) = (names(one), names(other));
            if set != others {
                let message = format!("the {word} of `{title}` are {words}, then {other_words}");
                self.say(Kind::Step, message, lines.0, lines.1);
            }
        }
    }

    fn tasks(&mut self, pairs: &[(Option<usize>, Option<usize>)]) {
        let of = |page: &'_ Page| -> BTreeMap<u32, (usize, Task)> {
            let mut tasks = BTreeMap::new();
            for (at, step) in page.steps.iter().enumerate() {
                for task in &step.tasks {
                    if let Some(id) = task.id {
                        tasks.entry(id).or_insert((at, task.clone()));
                    }
                }
            }
            tasks
        };
        let (one, other) = (of(self.first), of(self.second));
        for (id, (step, task)) in &one {
            let Some((other_step, other_task)) = other.get(id) else {
                let message = format!("task {id} is missing on the second page");
                self.say(Kind::Task, message, Some(task.line), None);
                continue;
            };
            let lines = (Some(task.line), Some(other_task.line));
            if task.mandatory != other_task.mandatory {
                let message = format!("task {id} is {}, then {}", flag(task.mandatory), flag(other_task.mandatory));
                self.say(Kind::Task, message, lines.0, lines.1);
            }
            for (word, one, other) in
                [("roles", &task.roles, &other_task.roles), ("services", &task.services, &other_task.services)]
            {
                let ((set, words), (others, other_words)) = (names(one), names(other));
                if set != others {
                    let message = format!("the {word} of task {id} are {words}, then {other_words}");
                    self.say(Kind::Task, message, lines.0, lines.1);
                }
            }
            if !pairs.contains(&(Some(*step), Some(*other_step))) {
                self.say(Kind::Task, format!("task {id} stands in another step"), lines.0, lines.1);
            }
            if self.same_language() && key(&plain(&task.name)) != key(&plain(&other_task.name)) {
                let message =
                    format!("task {id} is called `{}`, then `{}`", plain(&task.name), plain(&other_task.name));
                self.say(Kind::Task, message, lines.0, lines.1);
            }
        }
        for (id, (_, task)) in other.iter().filter(|(id, _)| !one.contains_key(id)) {
            self.say(Kind::Task, format!("task {id} is missing on the first page"), None, Some(task.line));
        }
    }

    fn counts(&mut self) {
        let lists = [
            ("objectives", &self.first.objectives, &self.second.objectives),
            ("key inputs", &self.first.key_inputs, &self.second.key_inputs),
            ("key outputs", &self.first.key_outputs, &self.second.key_outputs),
        ];
        for (word, one, other) in lists {
            let (one, other) = (entries(one), entries(other));
            if one.len() != other.len() {
                let line = |list: &[Passage]| list.first().map(|entry| entry.line);
                let message = format!("there are {} {word}, then {}", one.len(), other.len());
                self.say(Kind::Count, message, line(&one), line(&other));
            }
        }
    }

    fn numbers(&mut self, pairs: &[(Option<usize>, Option<usize>)]) {
        let (first, second) = (self.first, self.second);
        let mut places: Vec<(String, Vec<&Passage>, Vec<&Passage>)> = vec![
            ("the overview".to_owned(), first.overview.iter().collect(), second.overview.iter().collect()),
            ("the objectives".to_owned(), first.objectives.iter().collect(), second.objectives.iter().collect()),
            ("the key inputs".to_owned(), first.key_inputs.iter().collect(), second.key_inputs.iter().collect()),
            ("the key outputs".to_owned(), first.key_outputs.iter().collect(), second.key_outputs.iter().collect()),
        ];
        for pair in pairs {
            let one = pair.0.and_then(|at| first.steps.get(at));
            let other = pair.1.and_then(|at| second.steps.get(at));
            if let (Some(one), Some(other)) = (one, other) {
                let of = |step: &'_ Step| -> Vec<Passage> {
                    step.prose.iter().chain(&step.inputs).chain(&step.outputs).cloned().collect()
                };
                let (texts, others) = (of(one), of(other));
                let title = format!("the step `{}`", plain(&one.title));
                self.numbers_of(&title, &texts.iter().collect::<Vec<_>>(), &others.iter().collect::<Vec<_>>());
            }
        }
        for (place, one, other) in places.drain(..) {
            self.numbers_of(&place, &one, &other);
        }
    }

    fn numbers_of(&mut self, place: &str, one: &[&Passage], other: &[&Passage]) {
        // What one page does not say at all is no number that differs.
        if one.is_empty() || other.is_empty() {
            return;
        }
        let read = |passages: &[&Passage], language: &str| -> Vec<(Number, u32)> {
            passages
                .iter()
                .flat_map(|passage| {
                    numbers(&plain(&passage.text), language).into_iter().map(|number| (number, passage.line))
                })
                .collect()
        };
        let mut left = read(one, &self.first.language);
        let mut right = read(other, &self.second.language);
        left.retain(|(number, _)| match right.iter().position(|(other, _)| other.same(number)) {
            Some(at) => {
                right.remove(at);
                false
            }
            None => true,
        });
        // One against one is a number that changed.
        if let ([(number, line)], [(other, other_line)]) = (left.as_slice(), right.as_slice()) {
            let message = format!("{place} says `{}`, then `{}`", number.written, other.written);
            self.say(Kind::Number, message, Some(*line), Some(*other_line));
            return;
        }
        for (number, line) in left {
            let message = format!("`{}` in {place} is not on the second page", number.written);
            self.say(Kind::Number, message, Some(line), None);
        }
        for (number, line) in right {
            let message = format!("`{}` in {place} is not on the first page", number.written);
            self.say(Kind::Number, message, None, Some(line));
        }
    }

    fn links(&mut self) {
        let of = |page: &Page| -> BTreeMap<String, (String, u32)> {
            let mut links = BTreeMap::new();
            for reference in &page.links {
                let target = &reference.link.target;
                if target.is_empty() || target.ends_with(".png") || target.ends_with(".PNG") {
                    continue;
                }
                links.entry(address(target)).or_insert((target.clone(), reference.line));
            }
            links
        };
        let (one, other) = (of(self.first), of(self.second));
        for (target, line) in one.iter().filter(|(key, _)| !other.contains_key(*key)).map(|(_, found)| found) {
            self.say(Kind::Link, format!("the link to `{target}` is missing on the second page"), Some(*line), None);
        }
        for (target, line) in other.iter().filter(|(key, _)| !one.contains_key(*key)).map(|(_, found)| found) {
            self.say(Kind::Link, format!("the link to `{target}` is missing on the first page"), None, Some(*line));
        }
        if self.first.next.len() != self.second.next.len() {
            let message = format!("there are {} next steps, then {}", self.first.next.len(), self.second.next.len());
            let line = |page: &Page| page.next.first().map(|next| next.line);
            self.say(Kind::Count, message, line(self.first), line(self.second));
        }
    }

    fn history(&mut self) {
        let mut right: Vec<&super::page::Change> = self.second.history.iter().collect();
        let mut left = Vec::new();
        for change in &self.first.history {
            match right.iter().position(|other| other.date == change.date && key(&other.who) == key(&change.who)) {
                Some(at) => {
                    right.remove(at);
                }
                None => left.push(change.clone()),
            }
        }
        let right: Vec<super::page::Change> = right.into_iter().cloned().collect();
        for change in left {
            let message = format!("the change of {} by {} is missing on the second page", change.written, change.who);
            self.say(Kind::History, message, Some(change.line), None);
        }
        for change in right {
            let message = format!("the change of {} by {} is missing on the first page", change.written, change.who);
            self.say(Kind::History, message, None, Some(change.line));
        }
    }
}

/// Where a link leads, whatever the language: pages by their process, addresses without their locale.
#[must_use]
pub fn address(target: &str) -> String {
    if !target.contains("://") && target.contains(".md") {
        return format!("page {}", playbook_name(target));
    }
    let small = target.to_lowercase();
    let bare = small.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
    let locale = |part: &&str| {
        let mut halves = part.split('-');
        let (language, country) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        !(language.len() == 2 && country.len() == 2 && halves.next().is_none())
    };
    bare.split('/').filter(locale).collect::<Vec<_>>().join("/").trim_end_matches('/').to_owned()
}

/// A number in prose: its value in thousandths, whether it is a percentage, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// Thousandths.
    pub value: u128,
    /// Whether it counts hundredths.
    pub percent: bool,
    /// As it is written.
    pub written: String,
}

impl Number {
    fn same(&self, other: &Number) -> bool {
        (self.value, self.percent) == (other.value, other.percent)
    }
}

/// The numbers of a text that say how much: not those of products, versions and years, and not the small ones that one
/// language writes in words and another in digits.
#[must_use]
pub fn numbers(text: &str, language: &str) -> Vec<Number> {
    let characters: Vec<char> = text.chars().map(narrow).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let Some(start) = (at..characters.len()).find(|at| characters.get(*at).is_some_and(char::is_ascii_digit))
        else {
            break;
        };
        let mut end = start;
        let digit = |at: usize| characters.get(at).is_some_and(char::is_ascii_digit);
        while digit(end) || matches!(characters.get(end), Some('.' | ',' | '\'')) && digit(end + 1) {
            end += 1;
        }
        // Thousands may be set apart by a space: `150 000`.
        while characters.get(end) == Some(&' ')
            && (end + 1..end + 4).all(digit)
            && !digit(end + 4)
            && end - start <= 3 + (end - start) / 4 * 4
            && !["en", "ja", "zh-CN"].contains(&language)
        {
            end += 4;
        }
        at = end;
        let before = start.checked_sub(1).and_then(|before| characters.get(before)).copied();
        let glued =
            before.is_some_and(|before| before.is_ascii_alphabetic() || matches!(before, '_' | '#' | '/' | '-' | '+'));
        let digits: String = characters.get(start..end).unwrap_or_default().iter().collect();
        let Some(value) = value(&digits) else { continue };
        let (factor, extra) = multiplier(characters.get(end..).unwrap_or_default());
        let rest = characters.get(end + extra..).unwrap_or_default();
        let after = rest.iter().copied().find(|character| *character != ' ');
        let percent = after == Some('%');
        let letter = rest.first().is_some_and(|next| next.is_ascii_alphabetic());
        let written: String = characters.get(start..end + extra).unwrap_or_default().iter().collect();
        let written = if percent { format!("{written}%") } else { written };
        let value = value.saturating_mul(u128::from(factor));
        let lead: String = characters.get(..start).unwrap_or_default().iter().collect();
        let product = !percent && factor == 1 && names_product(&lead);
        let small = !percent && value < 10_000;
        if !glued && !letter && !product && !small {
            found.push(Number { value, percent, written });
        }
        at += extra;
    }
    found
}

/// Thousandths of a number whose groups of three stand behind dots, commas or spaces.
fn value(text: &str) -> Option<u128> {
    let groups: Vec<&str> = text.split(['.', ',', ' ', '\'']).collect();
    let thousands = groups.len() > 1
        && groups.iter().skip(1).all(|group| group.len() == 3)
        && groups.first().is_some_and(|first| first.len() <= 3 && !first.starts_with('0'));
    if groups.len() == 1 || thousands {
        return groups.concat().parse::<u128>().ok()?.checked_mul(1000);
    }
    let (decimals, whole) = groups.split_last()?;
    let whole: u128 = whole.concat().parse().ok()?;
    let decimals: String = decimals.chars().chain("000".chars()).take(3).collect();
    whole.checked_mul(1000)?.checked_add(decimals.parse().ok()?)
}

/// By how much a number is multiplied by what follows it, and how many characters that takes.
fn multiplier(rest: &[char]) -> (u64, usize) {
    let space = usize::from(rest.first() == Some(&' '));
    let word: String = rest.iter().skip(space).take_while(|character| character.is_alphabetic()).collect();
    let known: [(&str, u64); 14] = [
        ("k", 1_000),
        ("mil", 1_000),
        ("thousand", 1_000),
        ("tausend", 1_000),
        ("million", 1_000_000),
        ("millionen", 1_000_000),
        ("milhões", 1_000_000),
        ("millones", 1_000_000),
        ("m", 1_000_000),
        ("万", 10_000),
        ("千", 1_000),
        ("億", 100_000_000),
        ("亿", 100_000_000),
        ("百万", 1_000_000),
    ];
    let small = word.to_lowercase();
    for (text, factor) in known {
        let ideographic = !text.is_ascii() && text.chars().count() <= 2 && text != "milhões";
        if small == text || ideographic && small.starts_with(text) {
            // `5 m` and `5 k` are other things; `5k` is a number.
            if space == 1 && text.len() == 1 {
                continue;
            }
            return (factor, space + text.chars().count());
        }
    }
    (1, 0)
}

/// Whether what stands before a number is the name of a product: `Windows 10`, `Office 365`, `Windows 7/8.1`.
fn names_product(lead: &str) -> bool {
    const PRODUCTS: [&str; 17] = [
        "windows",
        "win",
        "office",
        "microsoft",
        "exchange",
        "server",
        "sharepoint",
        "dynamics",
        "outlook",
        "sql",
        "azure",
        "task",
        "tarefa",
        "tarea",
        "aufgabe",
        "cmr",
        "tls",
    ];
    let trimmed = lead.trim_end_matches(|character: char| character.is_ascii_digit() || " /.-(".contains(character));
    let word: String = trimmed.chars().rev().take_while(|character| character.is_ascii_alphabetic()).collect();
    let word: String = word.chars().rev().collect();
    PRODUCTS.contains(&word.to_lowercase().as_str())
        || trimmed.ends_with(['タ', '任'])
        || trimmed.ends_with("タスク")
        || trimmed.ends_with("任务")
}

/// The links of a text.
#[must_use]
pub fn targets(text: &str) -> Vec<String> {
    seen(text).1.into_iter().map(|link| link.target).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, language: &str) -> Vec<(u128, bool)> {
        numbers(text, language).into_iter().map(|number| (number.value / 1000, number.percent)).collect()
    }

    #[test]
    fn numbers_that_say_how_much() {
        assert_eq!(said("below 10,000 seats, 10k or 10%", "en"), [(10_000, false), (10_000, false), (10, true)]);
        assert_eq!(
            said("unter 10.000 Plätzen, 150 000 und 8,5 %", "de"),
            [(10_000, false), (150_000, false), (8, true)]
        );
        assert_eq!(said("1 万を超える 15万 席", "ja"), [(10_000, false), (150_000, false)]);
        assert_eq!(said("más de 20.000 licencias, 20 mil", "es"), [(20_000, false), (20_000, false)]);
        assert_eq!(said("Windows 10, Office 365, M365, Windows 7/8.1, 3 workloads, task 4080", "en"), []);
        assert_eq!(said("AU > 70 %", "de"), [(70, true)]);
        assert_eq!(said("", "en"), []);
    }

    #[test]
    fn addresses_in_any_language() {
        assert_eq!(address("enable-enable-services-partner-de.md"), address("enable-enable-services-partner.md"));
        assert_eq!(
            address("https://www.microsoft.com/en-us/download/"),
            address("http://microsoft.com/de-de/download")
        );
        assert_ne!(address("https://aka.ms/a"), address("https://aka.ms/b"));
    }
}
