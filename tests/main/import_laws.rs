//! Laws of the import, on pages that were changed at random: nothing panics, no row with a number is lost in silence, and
//! what is made of a page is a playbook.

use playbook::diagnostic::{Diagnostic, Severity};
use playbook::export;
use playbook::format::format;
use playbook::import::language::Languages;
use playbook::import::page::{Page, Passage};
use playbook::import::table::{cells, is_number, numbers};
use playbook::import::{play, read};
use playbook::model::resolve::resolve;
use playbook::source::Sources;
use playbook::syntax::parse;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// A change of a page.
#[derive(Debug, Clone)]
enum Change {
    Delete(usize),
    Repeat(usize),
    Swap(usize, usize),
    Glue(usize),
    Break(usize, usize),
    Insert(usize, usize, char),
    Remove(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let marks = prop::sample::select(vec![
        '|', '#', '*', '-', ':', '：', ' ', '<', '>', '`', '[', '\\', '\u{200b}', '\u{a0}', '"', '１', '②',
    ]);
    prop_oneof![
        3 => any::<usize>().prop_map(Change::Delete),
        1 => any::<usize>().prop_map(Change::Repeat),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(one, other)| Change::Swap(one, other)),
        2 => any::<usize>().prop_map(Change::Glue),
        2 => (any::<usize>(), any::<usize>()).prop_map(|(line, at)| Change::Break(line, at)),
        3 => (any::<usize>(), any::<usize>(), marks).prop_map(|(line, at, mark)| Change::Insert(line, at, mark)),
        2 => (any::<usize>(), any::<usize>()).prop_map(|(line, at)| Change::Remove(line, at)),
    ]
}

fn changed(page: &str, changes: &[Change]) -> String {
    let mut lines: Vec<Vec<char>> = page.lines().map(|line| line.chars().collect()).collect();
    for change in changes {
        let count = lines.len();
        if count < 2 {
            break;
        }
        match *change {
            Change::Delete(line) => {
                lines.remove(line % count);
            }
            Change::Repeat(line) => {
                let line = line % count;
                lines.insert(line, lines[line].clone());
            }
            Change::Swap(one, other) => lines.swap(one % count, other % count),
            Change::Glue(line) => {
                let line = line % (count - 1);
                let below = lines.remove(line + 1);
                lines[line].extend(below);
            }
            Change::Break(line, at) => {
                let line = line % count;
                let at = at % (lines[line].len() + 1);
                let rest = lines[line].split_off(at);
                lines.insert(line + 1, rest);
            }
            Change::Insert(line, at, mark) => {
                let line = line % count;
                let at = at % (lines[line].len() + 1);
                lines[line].insert(at, mark);
            }
            Change::Remove(line, at) => {
                let line = line % count;
                if !lines[line].is_empty() {
                    let at = at % lines[line].len();
                    lines[line].remove(at);
                }
            }
        }
    }
    lines.into_iter().map(|line| line.into_iter().collect::<String>() + "\n").collect()
}

/// All text a page keeps as it stands.
fn kept(page: &Page) -> String {
    let mut passages: Vec<&Passage> = Vec::new();
    passages.extend(page.overview.iter().chain(&page.objectives).chain(&page.approach).chain(&page.footer));
    passages.extend(page.key_inputs.iter().chain(&page.key_outputs));
    passages.extend(page.sections.iter().flat_map(|section| &section.prose));
    passages.extend(page.steps.iter().flat_map(|step| step.prose.iter().chain(&step.inputs).chain(&step.outputs)));
    let mut text: Vec<&str> = passages.iter().map(|passage| passage.text.as_str()).collect();
    text.extend(page.next_lead.iter().map(|passage| passage.text.as_str()));
    text.extend(page.next.iter().map(|next| next.text.as_str()));
    text.extend(page.history.iter().flat_map(|change| [change.written.as_str(), &change.who, &change.what]));
    text.extend(page.tasks().map(|(_, task)| task.name.as_str()));
    text.extend(page.meta.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]));
    // Digits of full width are digits.
    let plain = |digit: char| {
        if ('０'..='９').contains(&digit) { (digit as u32 - '０' as u32 + '0' as u32) as u8 as char } else { digit }
    };
    text.join("\n").chars().map(plain).collect()
}

fn pages() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let mut pages: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    pages.sort();
    pages
}

/// Lines that begin with the number of a task, with their numbers.
fn numbered(text: &str) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.starts_with('|') {
            continue;
        }
        let cells = cells(&playbook::import::text::clean(line));
        if let Some(cell) = cells.iter().take(2).find(|cell| is_number(cell)) {
            found.extend(
                numbers(cell).into_iter().filter(|number| *number >= 1000).map(|number| (number, at as u32 + 1)),
            );
        }
    }
    found
}

fn check(name: &str, text: &str) -> Option<(Page, Page)> {
    let mut sources = Sources::new();
    let file = sources.add(name, text);
    let source = sources.get(file).unwrap();
    let (page, found) = read(source, file);
    let line_of = |found: &Diagnostic| source.position(found.primary.span.start).line;
    let kept = kept(&page);
    for (number, line) in numbered(text) {
        let imported = page.tasks().any(|(_, task)| task.id == Some(number));
        let named = found.iter().any(|found| line_of(found) == line || found.message.contains(&number.to_string()));
        assert!(
            imported || named || kept.contains(&number.to_string()),
            "{name}: {number} on line {line} is lost\n{text}"
        );
    }
    if page.steps.is_empty() {
        return None;
    }
    let written = play::playbook(&[&page], "page");
    let mut sources = Sources::new();
    let file = sources.add("page.play", written.as_str());
    let source = sources.get(file).unwrap();
    if let Err(refusal) = format(source) {
        panic!("{name}: {refusal}\n{text}\n{written}");
    }
    let (tree, _) = parse(source, file);
    let (documents, found) = resolve(&tree, &[]);
    let errors: Vec<&str> =
        found.iter().filter(|found| found.severity == Severity::Error).map(|found| found.message.as_str()).collect();
    assert!(errors.is_empty(), "{name}: {errors:?}\n{text}\n{written}");
    // And its page can be written and read.
    let language = Languages::known().by_tag(&page.language).unwrap();
    let again = export::page::write(&documents[0].playbook, &export::page::Order::new(&tree), language);
    let mut sources = Sources::new();
    let file = sources.add(name, again.as_str());
    let (second, _) = read(sources.get(file).unwrap(), file);
    Some((page, second))
}

/// The tasks of a page with their flags: the first of those with one number.
fn tasks(page: &Page) -> BTreeMap<u32, bool> {
    let mut tasks = BTreeMap::new();
    for (_, task) in page.tasks() {
        if let Some(id) = task.id {
            tasks.entry(id).or_insert(task.mandatory.unwrap_or(false));
        }
    }
    tasks
}

#[test]
fn pages_as_they_are() {
    for (name, text) in pages() {
        // The page of the playbook has the tasks again, each as mandatory as it was.
        if let Some((page, second)) = check(&name, &text) {
            assert_eq!(tasks(&second), tasks(&page), "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_pages(page in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..12)) {
        let pages = pages();
        let (name, text) = &pages[page.index(pages.len())];
        check(name, &changed(text, &changes));
    }

    #[test]
    fn any_text(text in "(\\PC|[|#*\\-:\n ]){0,300}") {
        check("any.md", &text);
    }
}
