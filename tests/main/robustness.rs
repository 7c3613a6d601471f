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
