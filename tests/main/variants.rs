//! Variants, vocabularies and imports across files: what they have to withstand.

use crate::program::outcome;
use std::fs;
use std::path::Path;

const BASE: &str = "playbook base \"Base\" {
  version \"1\"
  param days : duration = 30 days
  stage talk \"Talk\" { task 1 mandatory \"Talk\"  -> done  after days -> late }
  end done success
  end late failure
}
";

fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// Names of what is found, with file and line.
fn found(folder: &Path, paths: &[&str]) -> Vec<String> {
    let mut arguments = vec!["check", "--format", "json"];
    arguments.extend(paths);
    let (_, stdout, stderr) = outcome(folder, &arguments, b"");
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"));
    let diagnostics = report["diagnostics"].as_array().unwrap().iter();
    diagnostics
        .map(|found| {
            let text = |key: &str| found[key].as_str().unwrap().to_owned();
            format!("{}:{} {}", text("file"), found["line"], text("name"))
        })
        .collect()
}

fn variant(import: &str, name: &str) -> String {
    format!("import \"{import}\"\nvariant {name} of base {{ change param days = 20 days }}\n")
}

#[test]
fn folders_with_blanks_and_other_scripts() {
    let folder = folder(&[
        ("基础 与 词汇/base file.play", BASE.to_owned()),
        ("变体/大 客户.play", variant("../基础 与 词汇/base file.play", "大客户")),
    ]);
    assert_eq!(found(folder.path(), &["."]), Vec::<String>::new());
    let (exit, stdout, stderr) = outcome(folder.path(), &["show", "变体/大 客户.play", "--resolved"], b"");
    assert!(
        exit == 0 && stdout.contains("playbook 大客户 \"Base\"") && stdout.contains("= 20 days"),
        "{stdout}{stderr}"
    );
}

#[test]
fn one_file_under_two_paths_is_one() {
    let text = format!("import \"base.play\"\n{}", variant("../here/base.play", "v"));
    let folder = folder(&[("here/base.play", BASE.to_owned()), ("here/v.play", text)]);
    assert_eq!(found(folder.path(), &["here"]), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn links_that_lead_in_a_circle() {
    let folder = folder(&[("a/base.play", BASE.to_owned()), ("a/v.play", variant("again/base.play", "v"))]);
    std::os::unix::fs::symlink(".", folder.path().join("a/again")).unwrap();
    std::os::unix::fs::symlink("loop.play", folder.path().join("a/loop.play")).unwrap();
    let (exit, stdout, stderr) = outcome(folder.path(), &["check", "a"], b"");
    // The good ones are checked, and the one that cannot be read is named.
    assert!(exit == 3 && stdout.contains("No findings in 2 files") && stderr.contains("loop.play"), "{stdout}{stderr}");
}

#[test]
fn a_broken_file_among_good_ones() {
    let folder = folder(&[
        ("base.play", BASE.to_owned()),
        ("broken.play", "playbook x { stage a { - b } end b success }\n".to_owned()),
        ("good.play", variant("base.play", "good").replace("20 days", "30 days")),
        ("of-broken.play", "import \"broken.play\"\nvariant y of x { remove stage nowhere }\n".to_owned()),
    ]);
    // What may only be missing because it could not be read is not said to be missing.
    assert_eq!(found(folder.path(), &["."]), ["broken.play:1 syntax-error", "good.play:2 idle-change"]);
}

#[test]
fn two_bases_of_one_name_are_told_apart_by_their_author() {
    let other = BASE.replace("stage talk", "stage write").replace("30 days", "10 days");
    let both = "import \"one.play\"\nimport \"two.play\"\nvariant v of base { remove stage write }\n";
    let named = "import base as other from \"two.play\"\nimport \"one.play\"\nvariant v of other { change stage write \"Write\" }\n
        test \"the other one\" for v { customer { }  expect never done }\n"
        .replace("expect never done", "expect visits write");
    let folder = folder(&[
        ("one.play", BASE.to_owned()),
        ("two.play", other),
        ("both.play", both.to_owned()),
        ("named.play", named),
    ]);
    assert!(found(folder.path(), &["both.play"]).iter().any(|found| found.contains("duplicate-name")));
    assert_eq!(found(folder.path(), &["named.play"]), Vec::<String>::new());
    let (exit, stdout, stderr) = outcome(folder.path(), &["test", "named.play"], b"");
    assert_eq!(exit, 0, "{stdout}{stderr}");
}

#[test]
fn variants_in_a_circle_across_files() {
    let text = |import: &str, name: &str, of: &str| format!("import \"{import}\"\nvariant {name} of {of} {{ }}\n");
    let folder = folder(&[("a.play", text("b.play", "a", "b")), ("b.play", text("a.play", "b", "a"))]);
    assert_eq!(found(folder.path(), &["a.play"]), ["a.play:1 import-cycle", "a.play:2 variant-of-itself"]);
}

#[test]
fn a_base_edited_under_its_variants() {
    let pinned =
        "import \"base.play\"\nvariant v of base at version \"1\" {\n  change param days = 20 days was 30 days\n}\n";
    let folder = folder(&[("base.play", BASE.to_owned()), ("v.play", pinned.to_owned())]);
    assert_eq!(found(folder.path(), &["v.play"]), Vec::<String>::new());
    fs::write(folder.path().join("base.play"), BASE.replace("30 days", "40 days").replace("\"1\"", "\"2\"")).unwrap();
    assert_eq!(found(folder.path(), &["v.play"]), ["v.play:2 base-changed", "v.play:3 base-changed"]);
    fs::write(
        folder.path().join("base.play"),
        BASE.replace("param days", "param time").replace("after days", "after time"),
    )
    .unwrap();
    assert_eq!(found(folder.path(), &["v.play"])[0], "v.play:3 nothing-to-change");
}

#[test]
fn vocabularies_from_another_file() {
    let words = "vocabulary words { roles { manager \"Manager\"  expert \"Expert\" } }\n";
    let playbook = "import \"words.play\"\nplaybook p {\n  uses words\n  roles { manager \"Our manager\" }\n
        stage a by manager { task 1 optional -> b }\n  end b success\n}\n";
    let without = playbook.replace("uses words", "uses words without manager");
    let folder =
        folder(&[("words.play", words.to_owned()), ("clash.play", playbook.to_owned()), ("right.play", without)]);
    // Neither wins by coming first; the author says which.
    assert_eq!(found(folder.path(), &["clash.play"]), ["clash.play:4 duplicate-name"]);
    assert_eq!(found(folder.path(), &["right.play", "words.play"]), Vec::<String>::new());
}

#[test]
fn the_resolved_playbook_means_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["enterprise", "light-touch", "partner-led-adoption", "remote-work"] {
        let file = format!("workflows/variants/{name}.play");
        let (exit, whole, stderr) = outcome(root, &["show", &file, "--resolved"], b"");
        assert_eq!(exit, 0, "{whole}{stderr}");
        let folder = folder(&[("whole.play", whole)]);
        let whole = folder.path().join("whole.play");
        let arguments = ["diff", &file, whole.to_str().unwrap(), "--expect-none"];
        let (exit, stdout, stderr) = outcome(root, &arguments, b"");
        assert_eq!(exit, 0, "{stdout}{stderr}");
    }
}

#[test]
fn every_operation_is_all_that_differs() {
    // What the variant says of its base is what the whole playbook it makes says of it, and nothing more.
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/show-every-operation");
    let (exit, whole, stderr) = outcome(&case, &["show", "variant.play", "--resolved"], b"");
    assert_eq!(exit, 0, "{whole}{stderr}");
    let folder = folder(&[("whole.play", whole)]);
    let whole = folder.path().join("whole.play");
    let (exit, stdout, stderr) =
        outcome(&case, &["diff", "variant.play", whole.to_str().unwrap(), "--expect-none"], b"");
    assert_eq!(exit, 0, "{stdout}{stderr}");
    let (_, said, _) = outcome(&case, &["diff", "variant.play"], b"");
    let (_, compared, _) = outcome(&case, &["diff", "base.play", whole.to_str().unwrap()], b"");
    // The whole is no variant: it has no last day, and waives nothing. That is all the two differ in.
    let of_variants = |line: &&str| line.starts_with("  + valid until") || line.starts_with("  + waived");
    let of_both = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !of_variants(line) && !line.ends_with(" differences"));
        lines.map(str::to_owned).collect()
    };
    let own: Vec<&str> = said.lines().filter(of_variants).collect();
    assert_eq!((own.len(), compared.lines().filter(of_variants).count()), (6, 0), "{own:?}");
    let count =
        |text: &str| text.lines().last().and_then(|line| line.split(' ').next()?.parse::<usize>().ok()).unwrap();
    assert_eq!(count(&said), count(&compared) + own.len());
    assert_eq!(of_both(&said), of_both(&compared));
}

#[test]
fn a_base_that_two_variants_share_is_one() {
    let text = "import \"left.play\"\nimport \"right.play\"\nimport \"base.play\"\n
        variant both of left { change param days = 5 days was 20 days }\n";
    let folder = folder(&[
        ("base.play", BASE.to_owned()),
        ("left.play", variant("base.play", "left")),
        ("right.play", variant("base.play", "right")),
        ("both.play", text.to_owned()),
    ]);
    assert_eq!(found(folder.path(), &["both.play"]), Vec::<String>::new());
}

#[test]
fn a_lifecycle_among_other_files() {
    let first = "playbook first { stage a { -> x } end x success continues base }\n".to_owned();
    let broken = "playbook broken { stage a { - b } end b success }\n".to_owned();
    let folder = folder(&[
        ("first.play", first.clone()),
        ("链 of/base.play", BASE.to_owned()),
        ("broken.play", broken),
        ("to-broken.play", first.replace("continues base", "continues broken").replace("first", "second")),
        ("c.json", "{ \"id\": \"contoso\" }".to_owned()),
    ]);
    let run = |file: &str, chain: &str| {
        let arguments = ["run", file, "--customer", "c.json", "--chain", chain, "--format", "json"];
        let (exit, stdout, stderr) = outcome(folder.path(), &arguments, b"");
        let told: serde_json::Value = serde_json::from_str(&stdout).unwrap_or_default();
        let ends = told["chain"].as_array().into_iter().flatten();
        let ends: Vec<String> = ends.map(|leg| leg["outcome"].as_str().unwrap().to_owned()).collect();
        (exit, ends, told, stderr)
    };
    // What is wrong with a file that nobody comes to does not matter.
    assert_eq!(run("first.play", ".").1, ["x", "done"]);
    // The file somebody comes to cannot be read whole: that is said.
    let (exit, _, told, _) = run("to-broken.play", ".");
    assert_eq!((exit, told["diagnostics"][0]["name"].as_str()), (1, Some("syntax-error")));
    let (_, ends, told, _) = run("to-broken.play", "first.play");
    assert_eq!(
        (ends, told["then"].as_str()),
        (vec!["x".to_owned()], Some("contoso goes on to broken, which is not among the files"))
    );
    // Two playbooks of one name are not told apart by their order, neither here nor by `check`.
    fs::create_dir(folder.path().join("other")).unwrap();
    fs::write(folder.path().join("other/base.play"), BASE).unwrap();
    let (exit, _, _, stderr) = run("first.play", ".");
    assert!(exit == 2 && stderr.contains("there are two playbooks `base`"), "{stderr}");
    assert_eq!(found(folder.path(), &["first.play", "other", "链 of"]), ["first.play:1 broken-link"]);
}

#[test]
fn the_variants_keep_what_they_promise() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths =
        ["workflows/variants", "workflows/conduct-customer-kickoff.play", "workflows/conduct-success-review.play"];
    let (exit, stdout, stderr) = outcome(root, &[&["test"], &paths[..]].concat(), b"");
    assert_eq!(exit, 0, "{stdout}{stderr}");
}

#[test]
fn the_lifecycle_of_the_workflows_is_followed() {
    let folder = folder(&[(
        "contoso.json",
        r#"{ "id": "contoso", "start": "2020-01-06", "csm_assigned": false, "seats": 800, "goals_agreed": true,
             "services": { "exchange": { "enabled": true, "announced": true, "active_usage": "14%" } } }"#
            .to_owned(),
    )]);
    let customer = folder.path().join("contoso.json");
    let arguments = [
        "run",
        "workflows/conduct-customer-kickoff.play",
        "--customer",
        customer.to_str().unwrap(),
        "--chain",
        "workflows",
        "--format",
        "json",
    ];
    let (exit, stdout, stderr) = outcome(Path::new(env!("CARGO_MANIFEST_DIR")), &arguments, b"");
    assert_eq!(exit, 0, "{stdout}{stderr}");
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let ends: Vec<&str> =
        report["chain"].as_array().unwrap().iter().map(|journey| journey["outcome"].as_str().unwrap()).collect();
    // Usage and services went on by name; nobody has asked yet whether the customer is satisfied.
    assert_eq!(ends, ["agreed", "ready_for_review", "not_reviewed"]);
}
