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

/// The playbook made of pages; nothing where they have no steps.
fn playbook(folder: &Path, pages: &[&str]) -> Option<String> {
    let mut arguments = vec!["import"];
    arguments.extend(pages);
    let (exit, stdout, stderr) = outcome(folder, &arguments, b"");
    assert!(exit == 0 || stdout.is_empty(), "{pages:?}: {stderr}");
    (exit == 0).then_some(stdout)
}

/// The playbook of a page is laid out as `fmt` lays it out, has no errors, and its page gives the playbook again.
fn goes_round(folder: &Path, name: &str) {
    let Some(text) = playbook(folder, &[name]) else { return };
    let scratch = tempfile::tempdir().unwrap();
    let (play, page) = (scratch.path().join("page.play"), Path::new(name).file_name().unwrap().to_string_lossy());
    std::fs::write(&play, &text).unwrap();
    let (exit, stdout, stderr) = outcome(scratch.path(), &["check", "page.play"], b"");
    assert_eq!(exit, 0, "{name}: {stdout}{stderr}\n{text}");
    let (exit, stdout, stderr) = outcome(scratch.path(), &["fmt", "page.play", "--check"], b"");
    assert_eq!(exit, 0, "{name}: {stdout}{stderr}");
    let (exit, _, stderr) = outcome(scratch.path(), &["doc", "page.play", "-o", &page], b"");
    assert_eq!(exit, 0, "{name}: {stderr}");
    let again = playbook(scratch.path(), &[&page]).unwrap();
    let written = std::fs::read_to_string(scratch.path().join(&*page)).unwrap();
    let said =
        |text: &str| text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    assert_eq!(said(&again), said(&text), "{name}:\n{written}");
    // And the tasks are the same, cell by cell; what the page leaves open stays open.
    let tasks = |folder: &Path, name: &str| -> Vec<Json> {
        let page = import(folder, name);
        let steps = page["steps"].as_array().unwrap().clone();
        let tasks = steps.iter().flat_map(|step| step["tasks"].as_array().unwrap());
        let kept =
            ["id", "name", "mandatory", "roles", "services", "roles_written", "services_written", "notes", "links"];
        let shown = |task: &Json| -> Json {
            kept.iter().map(|part| ((*part).to_owned(), Json::from(task[*part].to_string().to_lowercase()))).collect()
        };
        tasks.map(shown).collect()
    };
    assert_eq!(tasks(scratch.path(), &page), tasks(folder, name), "{name}:\n{written}");
}

#[test]
fn what_is_made_of_a_clean_page_is_checked_without_warnings() {
    let folder = root().join("tests/pages");
    for name in ["regular-en.md", "regular-de.md", "success-numbers-en.md", "assess-flags-partner-jp.md"] {
        let text = playbook(&folder, &[name]).unwrap();
        let scratch = tempfile::tempdir().unwrap();
        std::fs::write(scratch.path().join("page.play"), &text).unwrap();
        let (exit, stdout, stderr) = outcome(scratch.path(), &["check", "page.play", "--deny", "warnings"], b"");
        assert_eq!(exit, 0, "{name}: {stdout}{stderr}\n{text}");
    }
}

#[test]
fn a_playbook_and_its_page_are_the_same() {
    let folder = root().join("tests/pages");
    for path in pages(&folder) {
        goes_round(&folder, &path.file_name().unwrap().to_string_lossy());
    }
    goes_round(root(), "workflows/pages/success-support-success-execution-partner-sc.md");
    if let Some(folder) = std::env::var_os("PLAYBOOK_PAGES").map(PathBuf::from) {
        REAL.iter().for_each(|(name, ..)| goes_round(&folder, name));
    }
}

/// What can be seen of a page, without white space and the padding of tables.
fn visible(page: &str) -> String {
    let mut text = String::new();
    for character in page.chars().filter(|character| !character.is_whitespace()) {
        let invisible = matches!(character, '\u{200b}' | '\u{feff}');
        if !(invisible || character == '-' && text.ends_with("--")) {
            text.push(character);
        }
    }
    text
}

/// The page written from the playbook of a page is that page.
fn comes_back(folder: &Path, name: &str) {
    let text = playbook(folder, &[name]).unwrap();
    let (exit, page, stderr) = outcome(folder, &["doc", "-"], text.as_bytes());
    assert_eq!(exit, 0, "{stderr}");
    assert_eq!(visible(&page), visible(&std::fs::read_to_string(folder.join(name)).unwrap()), "{name}:\n{page}");
}

#[test]
fn the_page_of_a_regular_page_is_that_page() {
    comes_back(root(), "workflows/pages/success-support-success-execution-partner-sc.md");
    comes_back(&root().join("tests/pages"), "regular-de.md");
    comes_back(&root().join("tests/pages"), "regular-en.md");
    comes_back(&root().join("tests/pages"), "migrate-words-partner-es.md");
    comes_back(&root().join("tests/pages"), "success-bare-en.md");
    if let Some(folder) = std::env::var_os("PLAYBOOK_PAGES").map(PathBuf::from) {
        comes_back(&folder, "en/success-support-success-execution-partner.md");
    }
}

#[test]
fn a_page_alone_in_its_folder_has_broken_links_too() {
    let folder = tempfile::tempdir().unwrap();
    let page = std::fs::read_to_string(root().join("tests/pages/regular-en.md")).unwrap();
    std::fs::write(folder.path().join("regular-en.md"), page).unwrap();
    let (exit, stdout, stderr) = outcome(folder.path(), &["check", ".", "--format", "short"], b"");
    assert_eq!(exit, 0, "{stderr}");
    assert!(stdout.contains("missing-page"), "{stdout}");
}

#[test]
fn an_imported_playbook_runs() {
    let text = playbook(root(), &["workflows/pages/success-support-success-execution-partner-sc.md"]).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("page.play"), text).unwrap();
    let customer =
        br#"{ "id": "contoso", "services": { "teams": {}, "onedrive_for_business": {}, "microsoft_365_apps": {} } }"#;
    let arguments = ["run", "page.play", "--customer", "-", "--format", "json"];
    let (exit, stdout, stderr) = outcome(scratch.path(), &arguments, customer);
    assert_eq!(exit, 0, "{stderr}");
    let report: Json = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["outcome"], "completed", "{stdout}");
    let offered: Vec<(i64, &str)> = report["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| (task["id"].as_i64().unwrap(), task["service"].as_str().unwrap()))
        .collect();
    let expected = [
        (3731, "teams"),
        (3740, "onedrive_for_business"),
        (3741, "onedrive_for_business"),
        (3743, "onedrive_for_business"),
        (3650, "microsoft_365_apps"),
    ];
    assert!(expected.iter().all(|task| offered.contains(task)) && offered.len() == expected.len(), "{offered:?}");
}

#[test]
fn two_languages_make_one_playbook() {
    let folder = root().join("tests/pages");
    let text = playbook(&folder, &["regular-de.md", "regular-en.md"]).unwrap();
    for expected in [
        "playbook regular \"Enable Services\" @de \"Aktivieren der Dienste\"",
        "language \"en\"",
        "task 1001 mandatory \"Assess the environment\" @de \"Prüfung der Umgebung\"",
        "stage assess_the_environment",
        "\"page.heading.approach@de\" \"Ansatz\"",
        "2019-12-14 only @en \"A Person\" \"Task 1002\"",
        "2019-12-13 only @de \"A Person\" \"Aufgabe 1002\"",
        "2019-10-06 \"A Person\" \"Page created\" @de \"Seite erstellt\"",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    // Each of its pages is the one it was made from.
    for (language, name) in [("en", "regular-en.md"), ("de", "regular-de.md")] {
        let (exit, page, stderr) = outcome(&folder, &["doc", "-", "--lang", language], text.as_bytes());
        assert_eq!(exit, 0, "{stderr}");
        assert_eq!(visible(&page), visible(&std::fs::read_to_string(folder.join(name)).unwrap()), "{page}");
    }
}

#[test]
fn the_source_process_makes_a_page_in_both_its_languages() {
    let process = "workflows/support-success-execution.play";
    for (language, heading, role) in
        [("en", "## Approach", "FastTrack Manager"), ("zh-CN", "## 方法", "FastTrack 经理")]
    {
        let (exit, page, stderr) = outcome(root(), &["doc", process, "--lang", language], b"");
        assert_eq!(exit, 0, "{stderr}");
        assert!(page.contains(heading) && page.contains(&format!("**{role}**")), "{page}");
        let scratch = tempfile::tempdir().unwrap();
        std::fs::write(scratch.path().join("page.md"), &page).unwrap();
        let read = import(scratch.path(), "page.md");
        assert_eq!(read["language"], language);
        let ids: Vec<i64> = read["steps"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|step| step["tasks"].as_array().unwrap())
            .map(|task| task["id"].as_i64().unwrap())
            .collect();
        assert_eq!(ids, [3731, 3732, 3733, 3740, 3741, 3743, 3650], "{page}");
    }
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
