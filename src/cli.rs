//! The command line: the one part that reads files, writes them, and knows the terminal and the environment.
//!
//! Each command is a room with its `Arguments` and a `run`. A command writes what it has to say to [`Output`], gives
//! an [`Exit`], or stops with a [`Stop`].

pub mod analyse;
pub mod chain;
pub mod check;
pub mod compare;
pub mod completions;
pub mod diff;
pub mod doc;
pub mod explain;
pub mod fmt;
pub mod graph;
pub mod import;
pub mod input;
pub mod load;
pub mod new;
pub mod output;
pub mod pages;
pub mod run;
pub mod show;
pub mod simulate;
pub mod terminal;
pub mod test;
pub mod two;
pub mod verify;

use crate::report::paint::{Look, Tone, visible};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use output::Output;
use std::ffi::OsString;
use std::process::ExitCode;
use terminal::ColorChoice;

/// How a command ended, as its exit code says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: fine.
    Fine,
    /// 1: there are findings.
    Findings,
    /// 2: wrong usage.
    Usage,
    /// 3: a file or stream could not be read or written.
    Unreadable,
    /// 130: interrupted with Ctrl-C.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Fine => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::Unreadable => 3,
            Exit::Interrupted => 130,
        })
    }
}

/// Why a command could not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// What was asked for makes no sense; with help, if there is some. Exit code 2.
    Usage(String, Option<String>),
    /// A file or stream could not be read or written. Exit code 3.
    Unreadable(String),
    /// Somebody pressed Ctrl-C; nothing was written. Exit code 130.
    Interrupted,
}

impl Stop {
    /// Its exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Stop::Usage(..) => Exit::Usage,
            Stop::Unreadable(_) => Exit::Unreadable,
            Stop::Interrupted => Exit::Interrupted,
        }
    }
}

/// What every command gets: where to write, how it is to look, and in which language.
#[derive(Debug)]
pub struct Session {
    /// Standard output.
    pub out: Output,
    /// How text on standard output is to look.
    pub look: Look,
    /// How text on standard error is to look.
    pub error_look: Look,
    /// The language of names and texts, where one was asked for.
    pub language: Option<String>,
}

impl Session {
    /// Says on standard error why something could not be done, for commands that go on with the rest.
    pub fn complain(&mut self, stop: &Stop) {
        // So that on a terminal it comes after what was said before; if that cannot be written, it is said at the end.
        if let Err(failure) = self.out.finish() {
            complain(self.error_look, &failure);
        }
        complain(self.error_look, stop);
    }
}

/// Workflow-as-code for customer-success playbooks: write them, check them, run them, simulate them.
#[derive(Parser)]
#[command(
    name = "playbook",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    after_long_help = "\
Exit codes:
  0  fine
  1  findings: an error in a playbook, a failing test, an unformatted file
  2  wrong usage
  3  a file or stream could not be read or written
  130  interrupted with Ctrl-C

Examples:
  playbook check workflows
  playbook explain empty-file
  playbook run review.play --customer contoso.json
  playbook simulate review.play --customers 10000"
)]
struct Arguments {
    /// When to use colours; NO_COLOR and CLICOLOR are respected
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    color: ColorChoice,

    /// The language of names and texts, such as zh-CN
    #[arg(long, global = true, value_name = "TAG", value_parser = language_tag)]
    lang: Option<String>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Arguments),
    Compare(compare::Arguments),
    Diff(diff::Arguments),
    Doc(doc::Arguments),
    Explain(explain::Arguments),
    Fmt(fmt::Arguments),
    Graph(graph::Arguments),
    Import(import::Arguments),
    New(new::Arguments),
    Run(run::Arguments),
    Show(show::Arguments),
    Simulate(simulate::Arguments),
    Test(test::Arguments),
    Verify(verify::Arguments),
    Completions(completions::Arguments),
}

/// The whole command line program, with the arguments of the process. The work runs on a thread with a stack that
/// deeply nested playbooks cannot exhaust.
#[must_use]
pub fn main() -> Exit {
    let work = || execute(std::env::args_os());
    match std::thread::Builder::new().stack_size(64 << 20).spawn(work) {
        Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        Err(_) => work(),
    }
}

/// Runs one command; the first argument is the program's name.
pub fn execute(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let command = Arguments::command().color(terminal::help_color(&arguments));
    let parsed = command.try_get_matches_from(&arguments).and_then(|matches| Arguments::from_arg_matches(&matches));
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            return match error.print() {
                _ if error.use_stderr() => Exit::Usage,
                Err(failure) if failure.kind() != std::io::ErrorKind::BrokenPipe => {
                    let why = input::reason(&failure);
                    terminal::write_error(&format!("error: cannot write to standard output: {why}\n"));
                    Exit::Unreadable
                }
                _ => Exit::Fine,
            };
        }
    };
    let mut session = Session {
        out: Output::new(),
        look: terminal::look(parsed.color, &std::io::stdout()),
        error_look: terminal::look(parsed.color, &std::io::stderr()),
        language: parsed.lang,
    };
    let result = match parsed.command {
        Command::Check(arguments) => check::run(&arguments, &mut session),
        Command::Compare(arguments) => compare::run(&arguments, &mut session),
        Command::Diff(arguments) => diff::run(&arguments, &mut session),
        Command::Doc(arguments) => doc::run(&arguments, &mut session),
        Command::Explain(arguments) => explain::run(&arguments, &mut session),
        Command::Fmt(arguments) => fmt::run(&arguments, &mut session),
        Command::Graph(arguments) => graph::run(&arguments, &mut session),
        Command::Import(arguments) => import::run(&arguments, &mut session),
        Command::New(arguments) => new::run(&arguments, &mut session),
        Command::Run(arguments) => run::run(&arguments, &mut session),
        Command::Show(arguments) => show::run(&arguments, &mut session),
        Command::Simulate(arguments) => simulate::run(&arguments, &mut session),
        Command::Test(arguments) => test::run(&arguments, &mut session),
        Command::Verify(arguments) => verify::run(&arguments, &mut session),
        Command::Completions(arguments) => completions::run(&arguments, &mut session),
    };
    let exit = result.and_then(|exit| session.out.finish().map(|()| exit));
    exit.unwrap_or_else(|stop| {
        // What was written before it stopped still counts; that it cannot be written either is said once.
        let _ = session.out.finish();
        complain(session.error_look, &stop);
        stop.exit()
    })
}

fn complain(look: Look, stop: &Stop) {
    let (message, help) = match stop {
        Stop::Usage(message, help) => (message.as_str(), help.as_ref()),
        Stop::Unreadable(message) => (message.as_str(), None),
        Stop::Interrupted => ("interrupted", None),
    };
    let mut text = format!("{} {}\n", look.paint(Tone::Bad, "error:"), visible(message));
    if let Some(help) = help {
        text.push_str(&format!("  {} {}\n", look.paint(Tone::Code, "help:"), visible(help)));
    }
    terminal::write_error(&text);
}

/// A language tag: letters and digits in groups, `zh-CN`.
fn language_tag(text: &str) -> Result<String, String> {
    let group = |group: &str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if text.split('-').all(group) { Ok(text.to_owned()) } else { Err("a language tag looks like `zh-CN`".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        for command in Arguments::command().get_subcommands() {
            let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            let line = format!("  playbook {}", command.get_name());
            assert!(help.contains("Example") && help.contains(&line), "{}: {help}", command.get_name());
        }
    }

    #[test]
    fn language_tags() {
        assert!(language_tag("zh-CN").is_ok() && language_tag("en").is_ok());
        assert!(language_tag("").is_err() && language_tag("zh_CN").is_err() && language_tag("-").is_err());
    }
}
