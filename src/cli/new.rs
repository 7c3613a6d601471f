//! `playbook new`: a playbook, or a variant of one, to begin with.

use super::analyse::subject;
use super::input;
use super::{Exit, Session, Stop};
use crate::diagnostic::has_errors;
use crate::format::format;
use crate::model::{Document, FactScope, Origin, Playbook, Trigger};
use crate::source::Sources;
use crate::syntax::parse;
use std::fs;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

/// What a new playbook is made from.
const TEMPLATE: &str = include_str!("new/playbook.play");

/// How many stages, tasks and settings of the base a new variant shows.
const SHOWN: usize = 8;

/// Begin a playbook, or a variant of one: a file that checks, tests and runs, and whose comments explain the language
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The name can be any words in any script: it becomes the title, and in small letters with `_` the name in the file. The
file is called after it, in this folder, unless `--output` says otherwise. A file that exists is never overwritten.

Examples:
  playbook new \"Quarterly review\"
  playbook new 续约评审
  playbook new \"Enterprise\" --from support-success-execution.play
  playbook new enterprise --from support-success-execution.play -o variants/enterprise.play")]
pub struct Arguments {
    /// What it is called
    name: String,

    /// The file of the playbook it is to be a variant of
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    /// Which playbook, where that file holds several
    #[arg(long, value_name = "NAME", requires = "from")]
    playbook: Option<String>,

    /// Where to write it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Makes the file.
///
/// # Errors
/// Where no name can be made of what was given, or the file exists or cannot be written.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let title = arguments.name.trim();
    let name = identifier(title)?;
    let path = match &arguments.output {
        Some(path) => path.clone(),
        None => PathBuf::from(format!("{}.play", name.trim_start_matches('_').replace('_', "-"))),
    };
    if path.extension().is_none_or(|ending| ending != "play") {
        let help = "Files with playbooks end in `.play`".to_owned();
        return Err(Stop::Usage(format!("`{}` does not end in `.play`", path.display()), Some(help)));
    }
    if fs::symlink_metadata(&path).is_ok() {
        let help = "Choose another name, or another file with `--output`".to_owned();
        return Err(Stop::Usage(format!("`{}` is there already", path.display()), Some(help)));
    }
    let text = match &arguments.from {
        None => TEMPLATE
            .replacen("// TITLE", &format!("// {}", comment(title)), 1)
            .replacen("NAME QUOTED", &format!("{name} {}", quoted(title)), 1)
            .replace("FILE", &shown(&path)),
        Some(base) => {
            let Some(subject) = subject(base, arguments.playbook.as_deref(), false, session)? else {
                return Ok(Exit::Findings);
            };
            if subject.document.playbook.name.name == name {
                let help = "Give the variant a name of its own".to_owned();
                return Err(Stop::Usage(format!("the base is called `{name}` already"), Some(help)));
            }
            variant(&name, title, &subject.document, &subject.sources, &relative(base, &path), &shown(&path))
        }
    };
    write_new(&path, &laid_out(text))?;
    let what = if arguments.from.is_some() { "variant" } else { "playbook" };
    session.out.write(&format!("Made the {what} `{name}` in {}\n", path.display()))?;
    Ok(Exit::Fine)
}

/// The text in its usual layout: names of any length stand in it.
fn laid_out(text: String) -> String {
    let mut sources = Sources::new();
    let id = sources.add("new", text.as_str());
    sources.get(id).and_then(|source| format(source).ok()).unwrap_or(text)
}

/// Writes a file that must not be there.
fn write_new(path: &Path, text: &str) -> Result<(), Stop> {
    let cannot = |error: &std::io::Error| {
        Stop::Unreadable(format!("cannot write `{}`: {}", path.display(), input::reason(error)))
    };
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| cannot(&error))?;
    file.write_all(text.as_bytes()).map_err(|error| {
        // Nothing half-written stays.
        let _ = fs::remove_file(path);
        cannot(&error)
    })
}

/// A name of the language out of words: small letters and `_`.
fn identifier(words: &str) -> Result<String, Stop> {
    let mut name = String::with_capacity(words.len());
    for character in words.chars().flat_map(char::to_lowercase) {
        if pest::unicode::XID_CONTINUE(character) {
            name.push(character);
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_matches('_').to_owned();
    let mut candidates = [name.clone(), format!("playbook_{name}")].into_iter();
    if !name.is_empty()
        && let Some(right) = candidates.find(|candidate| is_name(candidate))
    {
        return Ok(right);
    }
    let help = "Use letters or digits, for example `playbook new \"Quarterly review\"`".to_owned();
    Err(Stop::Usage(format!("no name can be made of `{words}`"), Some(help)))
}

/// Whether the language takes it as the name of a playbook.
fn is_name(name: &str) -> bool {
    let mut sources = Sources::new();
    let id = sources.add("name", format!("playbook {name} {{ end x success }}"));
    sources.get(id).is_some_and(|source| !has_errors(&parse(source, id).1))
}

fn quoted(text: &str) -> String {
    let plain: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Words for a comment: on one line.
fn comment(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn shown(path: &Path) -> String {
    comment(&path.display().to_string())
}

/// The way from the folder of one file to another, with `/` between folders.
fn relative(to: &Path, from: &Path) -> String {
    let folder = from.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (Ok(to_whole), Ok(folder)) = (fs::canonicalize(to), fs::canonicalize(folder)) else {
        return to.display().to_string();
    };
    let parts = |path: &Path| path.components().map(|part| part.as_os_str().to_owned()).collect::<Vec<_>>();
    let (to_parts, from_parts) = (parts(&to_whole), parts(&folder));
    let common = to_parts.iter().zip(&from_parts).take_while(|(one, other)| one == other).count();
    // On another drive there is no way between them.
    if common == 0 || !matches!(to_whole.components().next(), Some(Component::RootDir | Component::Prefix(_))) {
        return to_whole.display().to_string();
    }
    let up = std::iter::repeat_n("..".to_owned(), from_parts.len() - common);
    let down = to_parts.iter().skip(common).map(|part| part.to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// The text of a new variant: nothing differs yet, and comments show what could.
fn variant(name: &str, title: &str, base: &Document, sources: &Sources, import: &str, file: &str) -> String {
    let playbook = &base.playbook;
    let of = &playbook.name.name;
    let pin =
        playbook.about.version.as_ref().map(|version| format!(" at version {}", quoted(version))).unwrap_or_default();
    let mut text = format!(
        "// {}\n//\n\
         // A variant says only what differs from its base; everything else follows the base, also when the base changes.\n\
         // `playbook show {file} --resolved` prints the whole, `playbook diff {file}` what differs.\n\n\
         import {}\n\n\
         variant {name} {} of {of}{pin} {{\n",
        comment(title),
        quoted(import),
        quoted(title),
    );
    text.push_str("  // Whom it is for, in terms of facts of the customer:\n");
    match playbook.facts.iter().find(|fact| fact.scope == FactScope::Customer) {
        Some(fact) => text.push_str(&format!("  // for customers where not unknown {}\n", fact.name.name)),
        None => text.push_str("  // add facts of the customer { seats : int \"Licences bought\" }\n  // for customers where seats >= 1_000\n"),
    }
    text.push_str(
        "\n  // Settings of the base, and what they are there; `was` tells when the base changes under the variant:\n",
    );
    for parameter in playbook.parameters.iter().take(SHOWN) {
        let value = playbook.show(&parameter.value, &parameter.kind);
        text.push_str(&format!("  // change param {} = {value} was {value}\n", parameter.name.name));
    }
    text.push_str("\n  // Stages of the base. What differs in one stands in its braces:\n");
    for stage in playbook.stages.iter().take(SHOWN) {
        text.push_str(&format!("  // change stage {} {{ }}\n", stage.name.name));
    }
    text.push_str(&examples(playbook, sources));
    text.push_str("}\n\n");
    text.push_str(&format!(
        "// Properties of the base are looked at in the tests of its variants too.\n\
         test \"the first customer\" for {name} {{\n  customer {{ }}\n  until day 1\n  // What is expected: `expect at STAGE`, \
         `expect offered task N`, `expect ends NAME on day 30`.\n}}\n"
    ));
    text
}

/// Operations that could be done to this base.
fn examples(playbook: &Playbook, sources: &Sources) -> String {
    let mut text = String::from("\n  // Other things that can be said, for example:\n");
    if let Some(stage) = playbook.stages.first() {
        let name = &stage.name.name;
        text.push_str(&format!(
            "  // add after stage {name}: stage one_more \"One more\" {{ … }}\n  // change stage {name} {{ add task note optional \"Write a note\" }}\n"
        ));
    }
    for offer in playbook.offers.iter().filter(|offer| offer.mandatory).take(1) {
        let task = playbook.tasks[offer.task.index()].label();
        text.push_str(&format!("  // remove task {task}  waive task {task} \"why\"\n"));
    }
    for transition in &playbook.transitions {
        if let (Trigger::After(_), Origin::Stage(stage)) = (&transition.trigger, transition.origin) {
            let written: Vec<&str> = sources.text(transition.span).split_whitespace().collect();
            let (stage, written) = (&playbook.stages[stage.index()].name.name, written.join(" "));
            text.push_str(&format!("  // change stage {stage} {{ change {written} was {written} }}\n"));
            break;
        }
    }
    text
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a folder to look at")]
mod tests {
    use super::*;

    #[test]
    fn names_out_of_words() {
        let of = |words: &str| identifier(words).ok();
        assert_eq!(of("Quarterly review"), Some("quarterly_review".to_owned()));
        assert_eq!(of("  Über-Prüfung (neu) "), Some("über_prüfung_neu".to_owned()));
        assert_eq!(of("续约 评审"), Some("续约_评审".to_owned()));
        assert_eq!(of("2020 plan"), Some("playbook_2020_plan".to_owned()));
        assert_eq!(of("Task"), Some("playbook_task".to_owned()));
        assert_eq!(of("…"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn the_way_between_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/base.play"), "").unwrap();
        let way = |from: &str| relative(&folder.path().join("a/base.play"), &folder.path().join(from));
        assert_eq!(way("a/new.play"), "base.play");
        assert_eq!(way("a/b/new.play"), "../base.play");
        assert_eq!(way("new.play"), "a/base.play");
    }
}
