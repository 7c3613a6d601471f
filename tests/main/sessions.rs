//! The sessions shown in the README and in `docs/` are real: each `console` block is run again, and has to print what it shows.
//!
//! In a block, a line `$ playbook …` is run in the root of the project; what follows, up to the next such line, is what it
//! prints, standard error last. Lines that begin with `$ cargo` are for the reader. `BLESS=1 cargo test sessions` writes
//! what the program prints now into the pages.

use super::cases::words;
use super::program;
use std::fs;
use std::path::Path;

#[test]
fn sessions() {
    let bless = std::env::var_os("BLESS").is_some();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md")];
    pages.extend(fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    let mut commands = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let (actual, run) = replay(&text, root);
        commands += run;
        if bless && actual != text {
            fs::write(&page, &actual).unwrap();
        } else {
            assert_eq!(actual, text, "{}: BLESS=1 accepts what the program prints now", page.display());
        }
    }
    assert!(commands >= 4, "only {commands} commands are shown");
}

/// The page as it would be with what the program prints now, and how many commands it shows.
fn replay(page: &str, root: &Path) -> (String, usize) {
    let (mut out, mut run, mut console, mut skipping) = (String::new(), 0, false, false);
    for line in page.split_inclusive('\n') {
        let fence = line.trim_end();
        if fence.starts_with("```") {
            console = !console && fence == "```console";
            skipping = false;
            out.push_str(line);
        } else if console && line.starts_with("$ playbook ") {
            out.push_str(line);
            let arguments = words(line.trim_start_matches("$ playbook ").trim());
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let (_, stdout, stderr) = program::outcome(root, &arguments, b"");
            // No trailing spaces in pages; what the program prints ends its last line itself.
            for printed in stdout.lines().chain(stderr.lines()) {
                out.push_str(printed.trim_end());
                out.push('\n');
            }
            (run, skipping) = (run + 1, true);
        } else if console && line.starts_with("$ ") {
            skipping = false;
            out.push_str(line);
        } else if !skipping {
            out.push_str(line);
        }
    }
    (out, run)
}

#[test]
fn what_is_shown_is_replaced_by_what_is_printed() {
    let page = "a\n```console\n$ playbook --version\nold\n$ cargo test\nkept\n```\nb\n";
    let (actual, run) = replay(page, Path::new(env!("CARGO_MANIFEST_DIR")));
    let version = concat!("playbook ", env!("CARGO_PKG_VERSION"));
    assert_eq!(actual, format!("a\n```console\n$ playbook --version\n{version}\n$ cargo test\nkept\n```\nb\n"));
    assert_eq!(run, 1);
}
