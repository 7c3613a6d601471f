//! `playbook show`: what a playbook comes to, with variants applied and vocabularies filled in.

use super::analyse::{Analysis, analyse, report};
use super::{Exit, Session, Stop};
use crate::diagnostic::Diagnostic;
use crate::format;
use crate::model::Document;
use crate::report::variant::{json, summary};
use crate::syntax::ast;
use std::path::PathBuf;

/// Show what a playbook is, what a variant changes and waives, and the whole playbook it makes
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
With `--resolved` the whole playbook is printed as a playbook: variants applied, vocabularies filled in. The text can
be read again and means the same; comments come with what they stand at, those between words above it.

Examples:
  playbook show workflows/variants
  playbook show enterprise.play
  playbook show enterprise.play --resolved > whole.play
  playbook show variants.play --playbook light_touch --resolved")]
pub struct Arguments {
    /// Files and folders; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Which playbook, where there are several
    #[arg(long, value_name = "NAME")]
    playbook: Option<String>,

    /// Print the whole playbook as a playbook
    #[arg(long)]
    resolved: bool,

    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Human, conflicts_with = "resolved")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON document
    Json,
}

/// Shows them.
///
/// # Errors
/// Where a file cannot be read, or it is not clear which playbook is meant.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let Analysis { loaded, documents, diagnostics, .. } = analyse(&arguments.paths)?;
    if let Some(unread) = loaded.unreadable.into_iter().next() {
        return Err(unread.stop);
    }
    // What can happen to customers on the way keeps nobody from looking at it.
    if diagnostics.iter().any(Diagnostic::is_fatal) {
        report(&diagnostics, &loaded.sources, arguments.format == Format::Json, session)?;
        return Ok(Exit::Findings);
    }
    let own = documents.into_iter().flat_map(|(file, documents)| {
        documents.into_iter().filter(move |document| document.playbook.name.span.file == file)
    });
    let all: Vec<Document> = own.collect();
    let known: Vec<&str> = all.iter().map(|document| document.playbook.name.name.as_str()).collect();
    let chosen: Vec<&Document> = match &arguments.playbook {
        None => all.iter().collect(),
        Some(name) => {
            let chosen: Vec<&Document> = all.iter().filter(|document| document.playbook.name.name == *name).collect();
            if chosen.is_empty() {
                let help = crate::suggest::did_you_mean(name, known.iter().copied())
                    .unwrap_or_else(|| format!("There is {}", known.join(", ")));
                return Err(Stop::Usage(format!("there is no playbook `{name}`"), Some(help)));
            }
            chosen
        }
    };
    if !arguments.resolved {
        let language = session.language.as_deref();
        let text = match arguments.format {
            Format::Human => summary(&chosen, &loaded.sources, language),
            Format::Json => json(&chosen, &loaded.sources),
        };
        session.out.write(&text)?;
        return Ok(Exit::Fine);
    }
    let [document] = chosen.as_slice() else {
        let help = format!("Choose one with `--playbook`: {}", known.join(", "));
        return Err(Stop::Usage("there is more than one playbook".to_owned(), Some(help)));
    };
    let place = document.playbook.name.span;
    let tree = loaded.files.iter().flat_map(|file| &file.tree.items).find_map(|item| match item {
        ast::Item::Playbook(playbook) if playbook.name.span == place => Some(playbook),
        _ => None,
    });
    let Some(tree) = tree else { return Err(Stop::Usage("there is no playbook".to_owned(), None)) };
    match format::write(tree, &loaded.sources) {
        Ok(text) => session.out.write(&text)?,
        Err(refusal) => return Err(Stop::Usage(format!("it cannot be written: {refusal}"), None)),
    }
    Ok(Exit::Fine)
}
