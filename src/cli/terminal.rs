//! What the terminal can show, and what the environment asks for.
#![expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]

use crate::report::paint::Look;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless the environment says otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How text on this stream is to look.
#[must_use]
pub fn look(choice: ColorChoice, stream: &(impl IsTerminal + ?Sized)) -> Look {
    let terminal = stream.is_terminal();
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    Look {
        color: match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => wants_color(terminal, variable),
        },
        unicode: !terminal || draws_unicode(variable),
        width: if terminal {
            terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0))
        } else {
            Look::default().width
        },
    }
}

/// The conventions of `NO_COLOR` and `CLICOLOR`, the first one that says something.
fn wants_color(terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if set("NO_COLOR").is_some() {
        return false;
    }
    if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    terminal && set("CLICOLOR").is_none_or(|value| value != "0") && set("TERM").is_none_or(|value| value != "dumb")
}

/// Whether a terminal in this locale shows more than ASCII. Without any locale it is taken to.
fn draws_unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
    let locale = locale.map(|locale| locale.to_ascii_lowercase());
    variable("TERM").is_none_or(|term| term != "dumb")
        && locale.is_none_or(|locale| locale.contains("utf-8") || locale.contains("utf8"))
}

/// The colour choice for help and usage errors, which are written before the arguments are understood.
#[must_use]
pub fn help_color(arguments: &[OsString]) -> clap::ColorChoice {
    let mut choice = clap::ColorChoice::Auto;
    let mut arguments = arguments.iter().map(|argument| argument.to_string_lossy());
    while let Some(argument) = arguments.next() {
        let value = match argument.strip_prefix("--color") {
            Some("") => arguments.next().map(std::borrow::Cow::into_owned),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        match value.as_deref() {
            Some("never") => choice = clap::ColorChoice::Never,
            Some("always") => choice = clap::ColorChoice::Always,
            _ => {}
        }
    }
    choice
}

/// Writes to standard error. There is nobody left to tell if that fails.
pub fn write_error(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colored(terminal: bool, variables: &[(&str, &str)]) -> bool {
        wants_color(terminal, |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn color_conventions() {
        assert!(colored(true, &[]));
        assert!(!colored(false, &[]));
        assert!(!colored(true, &[("NO_COLOR", "1")]));
        assert!(colored(true, &[("NO_COLOR", "")]));
        assert!(!colored(true, &[("CLICOLOR", "0")]));
        assert!(colored(false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!colored(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!colored(false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
        assert!(!colored(true, &[("TERM", "dumb")]));
    }

    #[test]
    fn locales() {
        let drawn = |name: &'static str, value: &'static str| {
            draws_unicode(move |asked| (asked == name).then(|| value.to_owned()))
        };
        assert!(drawn("LANG", "de_DE.UTF-8") && drawn("LC_ALL", "C.utf8") && drawn("X", ""));
        assert!(!drawn("LANG", "C") && !drawn("TERM", "dumb"));
    }

    #[test]
    fn help_follows_the_color_argument() {
        let of = |arguments: &[&str]| help_color(&arguments.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of(&["playbook", "--color", "never", "--help"]), clap::ColorChoice::Never);
        assert_eq!(of(&["playbook", "--help", "--color=always"]), clap::ColorChoice::Always);
        assert_eq!(of(&["playbook", "--colour=always"]), clap::ColorChoice::Auto);
    }
}
