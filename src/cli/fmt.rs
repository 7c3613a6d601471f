//! `playbook fmt`: gives files their usual layout.

use super::analyse::report;
use super::input::{self, Unread, is_standard_input, read_text};
use super::load::find;
use super::output::write_file;
use super::{Exit, Session, Stop};
use crate::diagnostic::Diagnostic;
use crate::format::{Refusal, format};
use crate::report::diagnostics::{Summary, as_json, counted};
use crate::report::paint::{Tone, visible};
use crate::source::Sources;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

/// Give playbooks their usual layout
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A folder stands for all files in it, and in its folders, that end in `.play`. Comments stay. A file with
mistakes in its syntax is left as it is.

Examples:
  playbook fmt review.play
  playbook fmt workflows --check
  playbook fmt - < review.play")]
pub struct Arguments {
    /// Files and folders; `-` alone reads standard input and writes standard output
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Change nothing, and exit with 1 if something would change
    #[arg(long)]
    check: bool,

    /// How to print what was done
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON document
    Json,
}

/// What came of a file.
enum Outcome {
    /// It has its usual layout.
    Same,
    /// This is what it looks like with it.
    Changed(String),
    /// It was left as it is.
    Left(Vec<Diagnostic>),
    /// The formatter made a mistake, and nothing was changed.
    Mistake(Refusal),
}

/// Formats them.
///
/// # Errors
/// Where nothing can be formatted at all, or standard output cannot be written.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let to_stdout = arguments.paths.iter().any(|path| is_standard_input(path));
    if to_stdout && arguments.paths.len() > 1 {
        return Err(Stop::Usage("standard input (`-`) is formatted alone".to_owned(), None));
    }
    if to_stdout && !arguments.check && arguments.format == Format::Json {
        return Err(Stop::Usage("what `fmt -` writes is the playbook, not JSON".to_owned(), None));
    }
    let mut tally = Tally::default();
    let mut unreadable = Vec::new();
    for path in find(&arguments.paths, &mut unreadable)? {
        if let Err(stop) = one(&path, arguments, &mut tally, session) {
            unreadable.push(Unread { path, stop });
        }
    }
    match arguments.format {
        Format::Json => session.out.write(&tally.json())?,
        Format::Human if to_stdout => {}
        Format::Human => session.out.write(&tally.sentence(arguments.check, session))?,
    }
    unreadable.iter().for_each(|unread| session.complain(&unread.stop));
    Ok(if !unreadable.is_empty() {
        Exit::Unreadable
    } else if tally.left > 0 || (arguments.check && tally.changed > 0) {
        Exit::Findings
    } else {
        Exit::Fine
    })
}

/// Formats one file, and writes it unless it is only looked at.
fn one(path: &Path, arguments: &Arguments, tally: &mut Tally, session: &mut Session) -> Result<(), Stop> {
    let mut sources = Sources::new();
    let (file, not_a_text) = read_text(path, &mut sources)?;
    let outcome = match (not_a_text, sources.get(file)) {
        (None, Some(source)) => match format(source) {
            Ok(text) if *text == *source.text => Outcome::Same,
            Ok(text) => Outcome::Changed(text),
            Err(Refusal::SyntaxErrors(found)) => Outcome::Left(found),
            Err(mistake) => Outcome::Mistake(mistake),
        },
        (not_a_text, _) => Outcome::Left(not_a_text.into_iter().collect()),
    };
    let to_stdout = is_standard_input(path) && !arguments.check;
    match &outcome {
        Outcome::Same if to_stdout => {
            let text = sources.get(file).map(|source| source.text.clone()).unwrap_or_default();
            session.out.write(&text)?;
        }
        Outcome::Changed(text) if to_stdout => session.out.write(text)?,
        Outcome::Changed(text) if !arguments.check => write_file(path, text.as_bytes())?,
        Outcome::Left(found) if arguments.format == Format::Human => report(found, &sources, false, session)?,
        Outcome::Mistake(mistake) if arguments.format == Format::Human => {
            session.complain(&Stop::Unreadable(format!("`{}` was left as it is: {mistake}", input::name(path))));
        }
        _ => {}
    }
    if let (Outcome::Changed(_), Format::Human, false) = (&outcome, arguments.format, to_stdout) {
        let words = if arguments.check { "would change" } else { "changed" };
        let line = format!("{words} {}\n", session.look.paint(Tone::Code, &visible(&input::name(path))));
        session.out.write(&line)?;
    }
    tally.add(path, &outcome, &sources);
    Ok(())
}

/// What came of all files.
#[derive(Default)]
struct Tally {
    same: usize,
    changed: usize,
    left: usize,
    files: Vec<Json>,
    diagnostics: Vec<Json>,
    summary: Summary,
}

impl Tally {
    fn add(&mut self, path: &Path, outcome: &Outcome, sources: &Sources) {
        let result = match outcome {
            Outcome::Same => {
                self.same += 1;
                "unchanged"
            }
            Outcome::Changed(_) => {
                self.changed += 1;
                "changed"
            }
            Outcome::Left(found) => {
                self.left += 1;
                self.diagnostics.extend(as_json(found, sources));
                let summary = Summary::of(found);
                self.summary.errors += summary.errors;
                self.summary.warnings += summary.warnings;
                self.summary.notes += summary.notes;
                "left"
            }
            Outcome::Mistake(_) => {
                self.left += 1;
                "left"
            }
        };
        self.files.push(json!({ "file": input::name(path), "result": result }));
    }

    fn json(&self) -> String {
        let report = json!({
            "version": 1, "summary": self.summary, "files": self.files, "diagnostics": self.diagnostics,
        });
        format!("{report:#}\n")
    }

    fn sentence(&self, check: bool, session: &Session) -> String {
        let mut said = Vec::new();
        if self.changed > 0 {
            let words = if check { "would change" } else { "changed" };
            said.push(format!("{} {words}", counted(self.changed, "file")));
        }
        if self.same > 0 {
            said.push(format!("{} unchanged", counted(self.same, "file")));
        }
        if self.left > 0 {
            let words = if self.left == 1 { "as it is" } else { "as they are" };
            said.push(format!("{} left {words}", counted(self.left, "file")));
        }
        let bad = self.left > 0 || (check && self.changed > 0);
        let said = if said.is_empty() { "nothing to do".to_owned() } else { said.join(", ") };
        format!("{}\n", session.look.paint(if bad { Tone::Bad } else { Tone::Good }, &said))
    }
}
