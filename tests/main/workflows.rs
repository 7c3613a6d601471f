//! The playbooks under `workflows/` and the examples of the reference: all of them check, run and hold what they promise.

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
        assert!(playbook[start..].lines().next().unwrap().contains(&title), "{title}");
    }
}
