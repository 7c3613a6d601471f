//! What the program has to withstand: a clear message, the documented exit code, never a panic.

use super::program::{command, outcome};
use std::process::Stdio;

#[test]
fn wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&[][..], &["no-such-command"], &["explain", "--no-such-option"], &["explain", "a", "b"]] {
        let (code, stdout, stderr) = outcome(folder.path(), arguments, b"");
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains("Usage: playbook"), "{arguments:?}: {stderr}");
    }
    let (code, _, stderr) = outcome(folder.path(), &["explian"], b"");
    assert!(code == 2 && stderr.contains("'explain'"), "{stderr}");
    let (code, _, stderr) = outcome(folder.path(), &["--lang", "zh_CN", "explain"], b"");
    assert!(code == 2 && stderr.contains("a language tag looks like `zh-CN`"), "{stderr}");
}

#[test]
fn help_goes_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["--help"][..], &["help", "explain"], &["completions", "--help"], &["--version"]] {
        let (code, stdout, stderr) = outcome(folder.path(), arguments, b"");
        assert!(code == 0 && !stdout.is_empty() && stderr.is_empty(), "{arguments:?}: {stdout}{stderr}");
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["completions", "zsh"][..], &["explain", "--format", "json"], &["--help"]] {
        let mut child =
            command(folder.path(), arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command(folder.path(), &["explain"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: cannot write to standard output: no space is left\n");
}

#[test]
fn colors_only_where_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let colored = |arguments: &[&str]| outcome(folder.path(), arguments, b"").1.contains('\u{1b}');
    assert!(!colored(&["explain"]));
    assert!(colored(&["explain", "--color", "always"]));
    assert!(colored(&["--color=always", "--help"]));
    assert!(!colored(&["--help"]));
    let with = |name: &str| {
        let output = command(folder.path(), &["explain"]).env(name, "1").output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(with("CLICOLOR_FORCE") && !with("NO_COLOR"));
}

/// A playbook in which nothing is to be found.
const PLAYBOOK: &str = "playbook review \"Review\" {\n  stage talk { -> talked }\n  end talked success\n}\n";

/// Checks bytes saved as `a.play`: exit code, findings as `line:column name`, standard error.
fn check(bytes: &[u8]) -> (i32, Vec<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.play"), bytes).unwrap();
    let (code, stdout, stderr) = outcome(folder.path(), &["check", "a.play", "--format", "json"], b"");
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let findings = report["diagnostics"].as_array().unwrap().iter();
    let findings = findings
        .map(|found| format!("{}:{} {}", found["line"], found["column"], found["name"].as_str().unwrap()))
        .collect();
    // People get the same, and it can always be drawn.
    let (again, _, _) = outcome(folder.path(), &["check", "a.play"], b"");
    assert_eq!(again, code);
    (code, findings, stderr)
}

fn nothing() -> (i32, Vec<String>, String) {
    (0, Vec::new(), String::new())
}

fn one(finding: &str) -> (i32, Vec<String>, String) {
    (1, vec![finding.to_owned()], String::new())
}

#[test]
fn encodings_and_line_ends() {
    assert_eq!(check(PLAYBOOK.as_bytes()), nothing());
    assert_eq!(check(format!("\u{feff}{PLAYBOOK}").as_bytes()), nothing());
    assert_eq!(check(PLAYBOOK.replace('\n', "\r\n").as_bytes()), nothing());
    assert_eq!(check(PLAYBOOK.trim_end().as_bytes()), nothing());
    assert_eq!(check(b"playbook review \"R\xe9vision\" { }\n"), one("1:19 not-utf8"));
    assert_eq!(check(b"\xff\xfep\0l\0a\0y\0"), one("1:1 not-utf8"));
    assert_eq!(check(b"playbook review {\n  \0\n}\n"), one("2:3 nul-byte"));
    for empty in [&b""[..], b"\xef\xbb\xbf", b"\n\n", b"// Nothing yet", b"\r\n\t "] {
        assert_eq!(check(empty), one("1:1 empty-file"));
    }
}

#[test]
fn garbage_is_a_finding() {
    let mut noise: u32 = 1;
    let mut bytes = vec![0; 2 << 20];
    for byte in &mut bytes {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (noise >> 24) as u8;
    }
    let (code, findings, stderr) = check(&bytes);
    assert_eq!((code, findings.len(), stderr.as_str()), (1, 1, ""));
    // The same as printable text, on one line.
    bytes.iter_mut().for_each(|byte| *byte = b' ' + *byte % 95);
    let (code, findings, stderr) = check(&bytes);
    assert!(code == 1 && !findings.is_empty() && stderr.is_empty(), "{stderr}");
    assert_eq!(check("(".repeat(10_000).as_bytes()).0, 1);
    assert_eq!(check(format!("playbook a {{ let b = {}", "(".repeat(10_000)).as_bytes()).0, 1);
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.play"), PLAYBOOK).unwrap();
    std::fs::create_dir(folder.path().join("none")).unwrap();
    let said = |arguments: &[&str]| outcome(folder.path(), arguments, b"");
    assert_eq!(
        said(&["check", "b.play"]),
        (3, String::new(), "error: cannot read `b.play`: there is no such file or folder\n".to_owned())
    );
    assert_eq!(
        said(&["check", "b.play", "a.play"]),
        (
            3,
            "No findings in 1 file\n".to_owned(),
            "error: cannot read `b.play`: there is no such file or folder\n".to_owned()
        )
    );
    let (code, stdout, stderr) = said(&["check", "none"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert_eq!(
        stderr,
        "error: there is no playbook in the folder `none`\n  help: Files with playbooks end in `.play`\n"
    );
    let (code, _, stderr) = said(&["check", "-", "-"]);
    assert_eq!((code, stderr.as_str()), (2, "error: standard input (`-`) can be read only once\n"));
    let (code, stdout, _) = said(&["check", "b.play", "--format", "json"]);
    assert_eq!(code, 3);
    let told: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&told["summary"]["errors"], &told["diagnostics"][0]["name"]), (&1.into(), &"unreadable-file".into()));
}

#[test]
fn standard_input_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        outcome(folder.path(), &["check", "-"], PLAYBOOK.as_bytes()),
        (0, "No findings in 1 file\n".to_owned(), String::new())
    );
    let (code, stdout, _) = outcome(folder.path(), &["check", "-", "--format", "short"], b"playbook");
    assert!(code == 1 && stdout.starts_with("<stdin>:1:"), "{stdout}");
}

#[test]
fn folders_are_not_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.play"), PLAYBOOK).unwrap();
    std::fs::write(folder.path().join("a.json"), "{ \"id\": \"a\" }").unwrap();
    std::fs::create_dir(folder.path().join("x.play")).unwrap();
    for (arguments, said) in [
        (&["run", "x.play", "--customer", "a.json"][..], "cannot read `x.play`"),
        (&["run", "a.play", "--customer", "x.play"], "cannot read `x.play`"),
        (&["run", "a.play", "--customer", "a.json", "--timeline", "x.play"], "cannot read `x.play`"),
        (&["graph", "x.play"], "cannot read `x.play`"),
        (&["graph", "a.play", "--format", "svg", "-o", "x.play"], "cannot write `x.play`"),
        (&["simulate", "x.play"], "cannot read `x.play`"),
    ] {
        let (code, stdout, stderr) = outcome(folder.path(), arguments, b"");
        assert_eq!((code, stdout.as_str()), (3, ""), "{arguments:?}: {stderr}");
        assert_eq!(stderr, format!("error: {said}: it is a folder, not a file\n"), "{arguments:?}");
    }
    let (code, _, stderr) = outcome(folder.path(), &["graph", "a.play", "-o", "none/a.svg"], b"");
    assert_eq!((code, stderr.as_str()), (3, "error: cannot write `none/a.svg`: there is no such file or folder\n"));
}

#[test]
fn a_closed_pipe_keeps_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("playbook a {\n");
    (0..2_000).for_each(|number| text.push_str(&format!("  stage s{number} {{ -> nowhere{number} }}\n")));
    std::fs::write(folder.path().join("a.play"), text + "}\n").unwrap();
    let mut child =
        command(folder.path(), &["check", "a.play"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(1), ""));
}

#[test]
fn a_playbook_with_errors_is_not_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.play"), PLAYBOOK.replace("-> talked", "-> talk_ed")).unwrap();
    for arguments in [
        &["run", "a.play", "--customer", "-", "--format", "json"][..],
        &["simulate", "a.play", "--format", "json"],
        &["graph", "a.play", "--format", "json"],
        &["test", "a.play", "--format", "json"],
    ] {
        let (code, stdout, stderr) = outcome(folder.path(), arguments, b"{}");
        let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!((code, stderr.as_str()), (1, ""), "{arguments:?}");
        assert_eq!(report["diagnostics"][0]["name"], "unknown-name", "{arguments:?}");
        assert_eq!(report["summary"]["errors"], 1, "{arguments:?}");
    }
}

#[test]
fn formatting_twice_changes_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.play");
    for text in [PLAYBOOK.replace('\n', "  "), PLAYBOOK.replace('\n', "\r\n\r\n"), format!("\u{feff}{PLAYBOOK}")] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(outcome(folder.path(), &["fmt", "a.play"], b"").0, 0);
        let once = std::fs::read(&path).unwrap();
        let (code, stdout, _) = outcome(folder.path(), &["fmt", "a.play", "--check"], b"");
        assert_eq!((code, stdout.as_str()), (0, "1 file unchanged\n"));
        assert_eq!(std::fs::read(&path).unwrap(), once);
        let (_, formatted, _) = outcome(folder.path(), &["fmt", "-"], &once);
        assert_eq!(formatted, String::from_utf8_lossy(&once).trim_start_matches('\u{feff}'));
    }
    let (code, _, stderr) = outcome(folder.path(), &["fmt", "-", "a.play"], b"");
    assert_eq!((code, stderr.as_str()), (2, "error: standard input (`-`) is formatted alone\n"));
}

/// Somebody presses Ctrl-C in the middle of a cohort: exit code 130, and what is known by then, whole and marked.
#[cfg(unix)]
#[test]
fn interrupted_in_a_cohort() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let play = "playbook p { facts of the customer { go : yes/no } stage a { -> b when go  after 9 days -> b } \
                end b success }  scenario s { customers 10 }";
    std::fs::write(folder.path().join("p.play"), play).unwrap();
    let arguments = ["simulate", "p.play", "--customers", "-", "--format", "json", "--threads", "1"];
    let mut child = command(folder.path(), &arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // More than a pipe holds: when it is written, the simulation is under way.
    for at in 0..20_000 {
        writeln!(stdin, "{{\"id\": \"customer {at}\", \"go\": true}}").unwrap();
    }
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    // There is more to come; nobody may want to read it any more.
    for at in 20_000..40_000 {
        if writeln!(stdin, "{{\"id\": \"customer {at}\", \"go\": true}}").is_err() {
            break;
        }
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let known: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(known["partial"], true);
    assert!(known["customers"].as_u64().unwrap() < 40_000, "{known}");
}
