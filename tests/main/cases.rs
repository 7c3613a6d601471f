//! Every folder of `tests/cases` is a test: `command` holds the arguments, `stdout`, `stderr` and `exit` what is
//! expected (nothing and 0 where they are missing). `stdin` is read by the program if it is there. What stands in
//! `after/` must be there, just so, when the program has run. Everything else is there before.
//!
//! `BLESS=1 cargo test cases` writes what the program does now into the folders; read the difference before you commit.

use super::program;
use std::fs;
use std::path::{Path, PathBuf};

const OWN: [&str; 6] = ["command", "stdout", "stderr", "exit", "stdin", "after"];

#[test]
fn cases() {
    let bless = std::env::var_os("BLESS").is_some();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut failures = Vec::new();
    let folders = entries(&root);
    assert!(!folders.is_empty());
    for folder in folders {
        failures.extend(check(&folder, bless));
    }
    assert!(failures.is_empty(), "{}\n(BLESS=1 accepts what the program does now)", failures.join("\n"));
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

fn check(folder: &Path, bless: bool) -> Vec<String> {
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    let scratch = tempfile::tempdir().unwrap();
    copy(folder, scratch.path(), true);
    let line = fs::read_to_string(folder.join("command")).unwrap_or_else(|_| panic!("{name}: no file `command`"));
    let arguments = words(line.trim());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let input = fs::read(folder.join("stdin")).unwrap_or_default();
    let (code, stdout, stderr) = program::outcome(scratch.path(), &arguments, &input);
    let mut failures = Vec::new();
    let mut compare = |what: &str, path: &Path, actual: &str, default: &str| {
        let expected = fs::read_to_string(path).unwrap_or_else(|_| default.to_owned());
        if expected == actual {
            return;
        }
        if bless {
            if actual == default {
                fs::remove_file(path).unwrap();
            } else {
                fs::write(path, actual).unwrap();
            }
        } else {
            failures.push(format!("== {name}: {what} differs\n-- expected\n{expected}\n-- actual\n{actual}"));
        }
    };
    compare("standard output", &folder.join("stdout"), &stdout, "");
    compare("standard error", &folder.join("stderr"), &stderr, "");
    compare("exit code", &folder.join("exit"), &format!("{code}\n"), "0\n");
    let after = folder.join("after");
    if after.is_dir() {
        for path in entries(&after) {
            let file = path.file_name().unwrap();
            let actual = fs::read_to_string(scratch.path().join(file)).unwrap_or_else(|_| "(no such file)".to_owned());
            compare(&file.to_string_lossy(), &path, &actual, "(no such file)");
        }
    }
    failures
}

fn copy(from: &Path, to: &Path, top: bool) {
    for path in entries(from) {
        let name = path.file_name().unwrap();
        if top && OWN.iter().any(|own| name == *own) {
            continue;
        }
        if path.is_dir() {
            fs::create_dir(to.join(name)).unwrap();
            copy(&path, &to.join(name), false);
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// Words separated by white space; quotes keep them together.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

#[test]
fn words_of_a_command() {
    assert_eq!(words("check  'a b.play' \"\" x"), ["check", "a b.play", "", "x"]);
}
