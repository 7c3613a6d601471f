//! `playbook doc`: a playbook as a page.

use super::analyse::subject;
use super::output::{keep_apart, write_file};
use super::{Exit, Session, Stop};
use crate::export::page::{Order, write};
use crate::import::language::Languages;
use crate::syntax::parse;
use std::path::PathBuf;

/// Write a playbook as a page
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The page has the layout of all pages of a written playbook: front matter, overview, steps with tables of tasks, next
steps, change history. `--lang` picks its language; without it, it is the playbook's own.

Examples:
  playbook doc review.play
  playbook doc review.play --lang zh-CN -o review-sc.md")]
pub struct Arguments {
    /// The file of the playbook; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Where to write it; standard output where nothing is said
    #[arg(short, long, value_name = "PAGE.md")]
    output: Option<PathBuf>,

    /// Which playbook, where the file holds several
    #[arg(long, value_name = "NAME")]
    playbook: Option<String>,
}

/// Writes it.
///
/// # Errors
/// Where the file cannot be read, pages are not written in the language, or the page cannot be written.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    keep_apart(arguments.output.as_deref(), [arguments.file.as_path()])?;
    let Some(subject) = subject(&arguments.file, arguments.playbook.as_deref(), false, session)? else {
        return Ok(Exit::Findings);
    };
    let playbook = &subject.document.playbook;
    let tag = session.language.clone().unwrap_or_else(|| playbook.about.language.clone());
    let languages = Languages::known();
    let Some(language) = languages.by_tag(&tag) else {
        let known: Vec<&str> = languages.all().iter().map(|language| language.tag.as_str()).collect();
        return Err(Stop::Usage(
            format!("pages are not written in `{tag}`"),
            Some(format!("Say `--lang` with one of {}", known.join(", "))),
        ));
    };
    let file = playbook.name.span.file;
    let order = subject.sources.get(file).map(|source| Order::new(&parse(source, file).0)).unwrap_or_default();
    let text = write(playbook, &order, language);
    match arguments.output.as_deref().filter(|path| path.as_os_str() != "-") {
        Some(path) => write_file(path, text.as_bytes())?,
        None => session.out.write(&text)?,
    }
    Ok(Exit::Fine)
}
