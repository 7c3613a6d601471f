//! Example customers of refutations as they are saved: read back from their files, they show what they are to show.

use super::program::outcome;
use playbook::cli::analyse::analyse;
use playbook::model::Place;
use playbook::run::journey::Stop;
use playbook::run::monitor::{Monitor, Verdict as Seen};
use playbook::run::state::State;
use playbook::run::timeline::{Timeline, follow};
use playbook::run::{Machine, customer};
use playbook::source::FileId;
use playbook::verify::answer::{Kind, Options, answers};
use playbook::verify::verdict::Verdict;
use std::fs;
use std::path::{Path, PathBuf};

/// Playbooks of the project, those with flaws in their flow among them, and some with claims that do not hold.
fn playbooks() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["workflows", "tests/flow/flawed", "tests/verify"];
    let files = folders.iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "play"));
    paths.sort();
    paths
}

fn ended(state: &State) -> bool {
    state.tracks.first().is_some_and(|track| matches!(track.place, Some(Place::End(_))))
}

#[test]
fn example_customers_show_what_they_are_saved_for() {
    let (mut failures, mut shown) = (Vec::new(), [0_usize; 3]);
    for path in playbooks() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let analysis = analyse(std::slice::from_ref(&path)).unwrap();
        for document in analysis.documents.into_iter().flat_map(|(_, documents)| documents) {
            if !document.whole {
                continue;
            }
            let machine = Machine::new(document.playbook.clone());
            let options = Options { budget: 1_500, only: None, threads: 2, stop: None };
            for answer in answers(&document, &machine, &options, &|_| ()) {
                let Verdict::Refuted(Some(witness)) = &answer.verdict else { continue };
                let said = witness.journey.customer_json(&machine).to_string();
                let lines = witness.journey.timeline_json(&machine);
                let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
                let what = format!("{name}, {}: {said} {lines}", answer.name);
                let (customers, problems) = customer::read_json(&machine, FileId(0), &said);
                let (timeline, more) = Timeline::read(&machine, FileId(0), &lines);
                if !problems.is_empty() || !more.is_empty() || customers.len() != 1 {
                    failures.push(format!("{what}: {problems:?} {more:?}"));
                    continue;
                }
                let (lines_said, problems) = timeline.for_customer(&customers[0].id, customers[0].start);
                assert!(problems.is_empty(), "{what}: {problems:?}");
                let mut monitor = Monitor::new(&document.properties);
                let until = witness.journey.until;
                let followed = follow(&machine, &customers[0], lines_said, &mut monitor, until);
                let fine = match answer.kind {
                    Kind::Property => {
                        let at = document.properties.iter().position(|known| known.name.name == answer.name).unwrap();
                        let seen = &monitor.verdicts(&followed.state)[at];
                        matches!(seen, Seen::Violated(_)) || (*seen == Seen::Open && monitor.pending())
                    }
                    Kind::CanFinish | Kind::DoesFinish => {
                        !ended(&followed.state) && (until.is_some() || followed.stop == Stop::Waiting)
                    }
                    Kind::NoDeadStage => false,
                };
                if !fine {
                    failures.push(format!("{what}: shows nothing, {:?}", followed.stop));
                }
                shown[match answer.kind {
                    Kind::Property => 0,
                    Kind::CanFinish => 1,
                    _ => 2,
                }] += 1;
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(shown.iter().all(|count| *count > 2), "{shown:?}");
}

#[test]
fn saved_files_are_taken_by_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify/claims.play");
    fs::copy(path, folder.path().join("claims.play")).unwrap();
    let (exit, stdout, stderr) =
        outcome(folder.path(), &["verify", "claims.play", "--witness", "examples", "--format", "json"], b"");
    assert_eq!(exit, 1, "{stdout}{stderr}");
    let verdicts: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let refuted: Vec<&str> = verdicts["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|verdict| verdict["verdict"] == "refuted" && !verdict["witness"].is_null())
        .map(|verdict| verdict["name"].as_str().unwrap())
        .collect();
    assert!(refuted.len() >= 4, "{refuted:?}");
    for name in refuted {
        let (customer, timeline) =
            (format!("examples/{name}.customer.json"), format!("examples/{name}.timeline.jsonl"));
        let arguments = ["run", "claims.play", "--customer", &customer, "--timeline", &timeline, "--format", "json"];
        let (exit, stdout, stderr) = outcome(folder.path(), &arguments, b"");
        assert_eq!(exit, 0, "{name}: {stdout}{stderr}");
        let ran: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert!(ran.to_string().contains("one_more"), "{name}: {stdout}");
    }
}
