//! The playbooks under `workflows/` and the examples of the reference: all of them check, run and hold what they promise.

use crate::program::outcome;
use std::collections::BTreeSet;
use std::path::Path;

const PAGE: &str = "workflows/pages/success-support-success-execution-partner-sc.md";
const SOURCE_PROCESS: &str = "workflows/support-success-execution.play";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The quoted texts of a playbook, comments left out.
fn quoted(playbook: &str) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for line in playbook.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let mut rest = line;
        while let Some(start) = rest.find('"') {
            let mut text = String::new();
            let mut characters = rest[start + 1..].char_indices();
            let mut end = rest.len();
            while let Some((at, character)) = characters.next() {
                match character {
                    '\\' => text.extend(characters.next().map(|(_, escaped)| escaped)),
                    '"' => {
                        end = start + 1 + at + 1;
                        break;
                    }
                    _ => text.push(character),
                }
            }
            texts.insert(text);
            rest = &rest[end..];
        }
    }
    texts
}

/// What the page says, piece by piece, without its own layout: headings of sections that every page has, table heads.
fn said(page: &str) -> Vec<String> {
    let layout = [
        "概述",
        "目标",
        "方法",
        "FTOP 任务",
        "重要投入",
        "重要成果",
        "后续步骤",
        "刷新摘要",
        "任务 ID",
        "任务名称",
        "(M) 强制性/(O) 可选",
        "FastTrack 角色",
        "服务",
        "日期",
        "变更人",
        "变更内容",
        "M",
        "O",
        "---",
        "required metadata",
    ];
    let mut pieces = Vec::new();
    for line in page.lines().map(|line| line.replace('\u{a0}', " ")) {
        let line = line.trim().trim_start_matches('#').trim_start_matches("- ").trim().to_owned();
        if let Some(row) = line.strip_prefix('|') {
            pieces.extend(row.split('|').map(|cell| cell.trim().to_owned()));
        } else if let Some((label, value)) = line.split_once(": **") {
            assert!(["主要角色", "行动", "适用于"].contains(&label), "{label}");
            let value = value.trim_end_matches('*').trim();
            pieces.extend(value.split('/').filter(|value| *value != "所有服务").map(str::to_owned));
        } else if let Some((label, address)) =
            line.strip_prefix('[').and_then(|line| line.strip_suffix(')')?.split_once("]("))
        {
            pieces.extend([label.to_owned(), address.to_owned()]);
        } else if let Some((_, value)) = line.split_once(": ").filter(|(key, _)| key.is_ascii()) {
            pieces.push(value.to_owned());
        } else {
            pieces.push(line);
        }
    }
    // Numbers and dates are no texts in a playbook.
    let number =
        |piece: &String| piece.chars().all(|character| character.is_ascii_digit() || "/-:".contains(character));
    pieces.retain(|piece| !layout.contains(&piece.as_str()) && (!number(piece) || piece == "2/11/2020"));
    pieces
}

#[test]
fn every_text_of_the_source_page_is_in_the_playbook() {
    let texts = quoted(&read(SOURCE_PROCESS));
    let pieces = said(&read(PAGE));
    assert!(pieces.len() > 60, "{pieces:?}");
    let missing: Vec<&String> = pieces.iter().filter(|piece| !texts.contains(*piece)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_task_of_the_source_page_has_its_flag_and_service() {
    let playbook = read(SOURCE_PROCESS);
    let rows: Vec<Vec<String>> = read(PAGE)
        .lines()
        .filter_map(|line| line.strip_prefix('|'))
        .map(|row| row.split('|').map(|cell| cell.trim().to_owned()).collect())
        .filter(|row: &Vec<String>| row[0].len() == 4 && row[0].bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    assert_eq!(rows.len(), 7);
    for row in rows {
        let flag = if row[2] == "M" { "mandatory" } else { "optional" };
        let task = format!("task {} {flag} ", row[0]);
        let start = playbook.find(&task).unwrap_or_else(|| panic!("{task}"));
        let title = format!("@zh-CN \"{}\"", row[1]);
        let rest = &playbook[start + task.len()..];
        let item = &rest[..rest.find("task ").unwrap_or(rest.len())];
        assert!(item.contains(&title), "{title}");
    }
}

/// Names of the files of a folder that end so, in order.
fn files(folder: &str, end: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let mut found: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    found.retain(|name| name.ends_with(end));
    found.sort();
    assert!(!found.is_empty(), "no {end} in {folder}");
    found
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// Checks these paths: no errors and no warnings, but that the source page leads to pages of its book that are not here.
fn checks(folder: &Path, paths: &[&str]) {
    let mut arguments = vec!["check", "--format", "json"];
    arguments.extend(paths);
    let (exit, stdout, stderr) = outcome(folder, &arguments, b"");
    let report = json(&stdout);
    let summary = &report["summary"];
    let warnings = report["diagnostics"].as_array().unwrap().iter().filter(|found| {
        let of_page = found["file"].as_str().is_some_and(|file| file.ends_with(PAGE));
        found["severity"] == "warning" && !(found["name"] == "missing-page" && of_page)
    });
    assert!(exit == 0 && summary["errors"] == 0 && warnings.count() == 0, "{paths:?}: {stdout}{stderr}");
}

#[test]
fn the_playbooks_check() {
    checks(root(), &["workflows"]);
    for name in files("workflows", ".play") {
        checks(root(), &[&format!("workflows/{name}")]);
    }
}

#[test]
fn every_customer_runs_with_the_timeline_of_the_same_name() {
    // Where each of them ends: these journeys are shown to readers.
    let known = [
        ("adventure-works", "ended", Some("targets_not_met")),
        ("contoso", "ended", Some("ready_for_review")),
        ("fabrikam", "ended", Some("ready_for_review")),
        ("northwind", "ended", Some("ready_for_review")),
        ("tailspin", "ended", Some("ready_for_review")),
    ];
    let names = files("workflows/customers", ".json");
    assert_eq!(names, known.map(|(name, ..)| format!("{name}.json")));
    for (name, status, end) in known {
        let customer = format!("workflows/customers/{name}.json");
        let timeline = format!("workflows/timelines/{name}.jsonl");
        let mut arguments = vec!["run", SOURCE_PROCESS, "--customer", &customer, "--format", "json"];
        if root().join(&timeline).exists() {
            arguments.extend(["--timeline", &timeline]);
        }
        let (exit, stdout, stderr) = outcome(root(), &arguments, b"");
        let report = json(&stdout);
        assert!(
            exit == 0 && report["status"] == status && report["outcome"].as_str() == end,
            "{name}: {stdout}{stderr}"
        );
    }
}

/// The sketch the source process began with: a customer of whom only its facts are known goes the same way in both.
#[test]
fn customers_go_the_way_of_the_sketch() {
    let journey = |playbook: &str, customer: &str, timeline: Option<&str>| {
        let customer = format!("workflows/customers/{customer}");
        let mut arguments = vec!["run", playbook, "--customer", &customer, "--format", "json"];
        arguments.extend(timeline.into_iter().flat_map(|timeline| ["--timeline", timeline]));
        let (exit, stdout, stderr) = outcome(root(), &arguments, b"");
        assert_eq!(exit, 0, "{playbook} {customer}: {stdout}{stderr}");
        let mut report = json(&stdout);
        // The page's own titles, and limits for tasks, came later.
        for task in report["tasks"].as_array_mut().unwrap() {
            let task = task.as_object_mut().unwrap();
            task.remove("title");
            task.remove("due_day");
        }
        ["status", "outcome", "stages", "tracks", "tasks"].map(|field| report[field].clone())
    };
    let mut journeys = BTreeSet::new();
    for customer in files("workflows/customers", ".json") {
        let timelines: Vec<String> = files("workflows/timelines", ".jsonl")
            .into_iter()
            .filter(|timeline| timeline.trim_end_matches("l") == customer)
            .map(|timeline| format!("workflows/timelines/{timeline}"))
            .collect();
        for timeline in timelines.iter().map(|timeline| Some(timeline.as_str())).chain([None]) {
            let sketched = journey("tests/fixtures/sketch.play", &customer, timeline);
            assert_eq!(journey(SOURCE_PROCESS, &customer, timeline), sketched, "{customer} {timeline:?}");
            journeys.insert(format!("{sketched:?}"));
        }
    }
    assert_eq!(journeys.len(), 9, "five customers, four of them also with a timeline: all differ");
}

#[test]
fn a_customer_who_waits_is_told_for_what() {
    let arguments = ["run", SOURCE_PROCESS, "--customer", "workflows/customers/northwind.json", "--format", "json"];
    let (_, stdout, _) = outcome(root(), &arguments, b"");
    let report = json(&stdout);
    assert_eq!(report["status"], "held");
    let status: Vec<(&str, &str)> = report["tracks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|track| (track["service"].as_str().unwrap(), track["status"].as_str().unwrap()))
        .collect();
    assert_eq!(status, [("yammer", "waiting"), ("onedrive", "waiting"), ("sharepoint", "held")]);
    let facts: Vec<&str> = report["next"].as_array().unwrap().iter().filter_map(|next| next["fact"].as_str()).collect();
    assert!(facts.contains(&"announced") && facts.contains(&"joins_adoption_program"), "{facts:?}");
}

/// The blocks marked `play` of a page.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```play\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_example_of_the_reference_checks_and_passes_its_tests() {
    let page = read("docs/language.md");
    let blocks = blocks(&page);
    assert!(blocks.len() > 15);
    let folder = tempfile::tempdir().unwrap();
    for (number, block) in blocks.into_iter().enumerate() {
        let name = format!("example-{number:02}.play");
        std::fs::write(folder.path().join(&name), block).unwrap();
        checks(folder.path(), &[&name]);
        if block.contains("\ntest ") {
            let (exit, stdout, stderr) = outcome(folder.path(), &["test", &name], b"");
            assert_eq!(exit, 0, "{name}: {stdout}{stderr}");
        }
        if block.contains("\nscenario ") {
            let (exit, stdout, stderr) = outcome(folder.path(), &["simulate", &name, "--customers", "50"], b"");
            assert_eq!(exit, 0, "{name}: {stdout}{stderr}");
        }
    }
}

#[test]
fn the_tests_and_properties_of_the_source_process_hold() {
    let (exit, stdout, stderr) = outcome(root(), &["test", SOURCE_PROCESS, "--format", "json"], b"");
    let report = json(&stdout);
    assert!(exit == 0 && report["summary"]["errors"] == 0, "{stdout}{stderr}");
}

#[test]
fn a_table_and_json_lines_of_the_same_customers_give_the_same_simulation() {
    let simulate = |customers: &str| {
        let arguments = ["simulate", SOURCE_PROCESS, "--customers", customers, "--seed", "7", "--format", "json"];
        let (exit, stdout, stderr) = outcome(root(), &arguments, b"");
        assert_eq!(exit, 0, "{customers}: {stdout}{stderr}");
        stdout
    };
    assert_eq!(simulate("workflows/customers/book.csv"), simulate("workflows/customers/book.jsonl"));
}

#[test]
fn the_reference_lists_the_words_that_cannot_be_names() {
    let between = |text: &str, from: &str, to: &str| -> String {
        let (_, rest) = text.split_once(from).unwrap();
        rest.split_once(to).unwrap().0.to_owned()
    };
    let quoted_by = |text: String, quote: char| -> BTreeSet<String> {
        text.split(quote).skip(1).step_by(2).map(str::to_owned).collect()
    };
    let grammar = quoted_by(between(&read("grammar/playbook.pest"), "reserved = @{", "!name_continue"), '"');
    let reference = quoted_by(between(&read("docs/language.md"), "These words cannot be names:", ".\n"), '`');
    assert!(grammar.len() > 40);
    assert_eq!(grammar, reference);
}
