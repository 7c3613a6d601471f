//! Pages of `tests/pages`, read, and what was made of them in few words beside them (`NAME.txt`).
//!
//! `BLESS=1 cargo test import` writes what the program makes of them now.
//!
//! Where the environment variable `PLAYBOOK_PAGES` names a folder of real pages, they are read too.

use crate::program::outcome;
use serde_json::Value as Json;
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The page as the program reads it.
pub fn import(folder: &Path, name: &str) -> Json {
    let (exit, stdout, stderr) = outcome(folder, &["import", name, "--format", "json"], b"");
    assert_eq!(exit, 0, "{name}: {stderr}");
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{name}: {error}\n{stdout}"))
}

fn list(value: &Json) -> String {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>().join(", ")
}

/// A page in few words.
fn shown(page: &Json) -> String {
    let mut text = String::new();
    let word = |value: &Json| value.as_str().unwrap_or("-").to_owned();
    let _ = writeln!(
        text,
        "{} {} {:?} phase {}",
        word(&page["language"]),
        word(&page["kind"]),
        word(&page["title"]),
        word(&page["phase"])
    );
    for (key, value) in page["meta"].as_object().unwrap() {
        let _ = writeln!(text, "meta {key}: {}", word(value));
    }
    let _ = writeln!(text, "overview {}", word(&page["overview"]).len());
    for name in ["objectives", "key_inputs", "key_outputs"] {
        for item in page[name].as_array().unwrap() {
            let _ = writeln!(text, "{name} {}", word(item));
        }
    }
    for name in ["roles", "motions", "applies_to"] {
        if !page[name].as_array().unwrap().is_empty() {
            let _ = writeln!(text, "page {name} {}", list(&page[name]));
        }
    }
    for step in page["steps"].as_array().unwrap() {
        let _ = writeln!(
            text,
            "step {} {:?} by [{}] helped by [{}] motions [{}] for [{}] inputs [{}] outputs [{}] prose {}",
            step["line"],
            word(&step["title"]),
            list(&step["roles"]),
            list(&step["secondary_roles"]),
            list(&step["motions"]),
            list(&step["applies_to"]),
            list(&step["inputs"]),
            list(&step["outputs"]),
            step["prose"].as_array().unwrap().len()
        );
        for task in step["tasks"].as_array().unwrap() {
            let _ = writeln!(
                text,
                "  task {} {:?} mandatory {} by [{}] for [{}] line {}",
                task["id"],
                word(&task["name"]),
                task["mandatory"],
                list(&task["roles"]),
                list(&task["services"]),
                task["line"]
            );
        }
    }
    for next in page["next"].as_array().unwrap() {
        let _ = writeln!(text, "next {} {} {}", word(&next["text"]), word(&next["target"]), next["exists"]);
    }
    for change in page["history"].as_array().unwrap() {
        let _ = writeln!(text, "history {} {} {}", word(&change["date"]), word(&change["who"]), word(&change["what"]));
    }
    for section in page["sections"].as_array().unwrap() {
        let _ = writeln!(text, "section {:?} {}", word(&section["title"]), section["prose"].as_array().unwrap().len());
    }
    let _ = writeln!(text, "links {}", page["links"].as_array().unwrap().len());
    for found in page["diagnostics"].as_array().unwrap() {
        let _ = writeln!(text, "{} line {}: {}", word(&found["name"]), found["line"], word(&found["message"]));
    }
    text
}

/// The pages of a folder and its folders.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            found.extend(pages(&path));
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_irregularity_is_read_or_named() {
    let folder = root().join("tests/pages");
    let bless = std::env::var_os("BLESS").is_some();
    let mut failures = Vec::new();
    for path in pages(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let actual = shown(&import(&folder, &name));
        let expected = path.with_extension("txt");
        if bless {
            std::fs::write(&expected, &actual).unwrap();
        }
        let expected = std::fs::read_to_string(&expected).unwrap_or_default();
        if actual != expected {
            failures.push(format!("== {name}\n-- expected\n{expected}\n-- actual\n{actual}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_source_page() {
    let page = import(root(), "workflows/pages/success-support-success-execution-partner-sc.md");
    let expected = [
        (
            "与 CSM 交接现代通信服务",
            "Outlook Mobile, Teams, Yammer",
            vec![(3731, false, "Teams"), (3732, false, "Yammer"), (3733, false, "Outlook Mobile")],
        ),
        ("安排成功碰头会", "All Services", vec![]),
        ("鼓励客户跟踪应用进度", "All Services", vec![]),
        (
            "Microsoft 应用服务计划",
            "OneDrive for Business",
            vec![
                (3740, true, "OneDrive for Business"),
                (3741, true, "OneDrive for Business"),
                (3743, false, "OneDrive for Business"),
            ],
        ),
        ("服务加速器计划", "All Services", vec![(3650, false, "Microsoft 365 Apps")]),
    ];
    let steps = page["steps"].as_array().unwrap();
    assert_eq!(steps.len(), expected.len());
    for (step, (title, services, tasks)) in steps.iter().zip(expected) {
        assert_eq!(step["title"], title);
        assert_eq!(list(&step["roles"]), "FastTrack Manager");
        assert_eq!(list(&step["motions"]), "Customer Health, RFA, Targeting");
        assert_eq!(list(&step["applies_to"]), services);
        let found: Vec<(i64, bool, String)> = step["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| (task["id"].as_i64().unwrap(), task["mandatory"].as_bool().unwrap(), list(&task["services"])))
            .collect();
        let tasks: Vec<(i64, bool, String)> =
            tasks.into_iter().map(|(id, flag, service)| (id, flag, service.to_owned())).collect();
        assert_eq!(found, tasks);
    }
    assert_eq!(page["phase"], "success");
    assert_eq!(page["language"], "zh-CN");
    assert_eq!(page["history"].as_array().unwrap().len(), 7);
    assert_eq!(page["next"][0]["target"], "success-conduct-success-review-partner-sc.md");
    assert_eq!(page["next"][0]["exists"], false);
    assert_eq!(page["diagnostics"].as_array().unwrap().len(), 0, "{}", page["diagnostics"]);
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// Name, process or not, steps, tasks.
const REAL: [(&str, bool, usize, usize); 10] = [
    ("de/migrate-migration-partner-de.md", true, 6, 17),
    ("de/opp365-standalone-engagement-partner-de.md", false, 1, 4),
    ("en/l1l2l3-homepage-list.md", false, 0, 0),
    ("en/remediate-address-technical-gaps-partner.md", true, 7, 13),
    ("en/success-support-success-execution-partner.md", true, 5, 7),
    ("es/assess-conduct-adoption-and-change-management-conversation-partner-es.md", true, 4, 8),
    ("ja/assess-conduct-security-workshop-partner-jp.md", true, 4, 11),
    ("pt/approach-opp-365-standalone-pr.md", false, 2, 6),
    ("pt/phase-enable-pr.md", false, 0, 0),
    ("zh-CN/success-support-success-execution-partner-sc.md", true, 5, 7),
];

#[test]
fn real_pages_where_they_are_present() {
    let Some(folder) = std::env::var_os("PLAYBOOK_PAGES").map(PathBuf::from) else {
        say("skipped: PLAYBOOK_PAGES names no folder of pages");
        return;
    };
    for (name, is_process, steps, tasks) in REAL {
        let page = import(&folder, name);
        let found: usize =
            page["steps"].as_array().unwrap().iter().map(|step| step["tasks"].as_array().unwrap().len()).sum();
        assert_eq!(page["language"], name.split('/').next().unwrap(), "{name}");
        assert_eq!(
            (page["is_process"].as_bool(), page["steps"].as_array().unwrap().len(), found),
            (Some(is_process), steps, tasks),
            "{name}"
        );
        assert!(page["history"].as_array().unwrap().iter().all(|change| change["date"].is_string()), "{name}");
    }
}
