//! `playbook graph`: the state graph as a drawing, or as text for other tools.

use super::analyse::subject;
use super::chain::chain;
use super::output::{keep_apart, write_file};
use super::{Exit, Session, Stop};
use crate::graph::lifecycle::lifecycle;
use crate::graph::picture::Picture;
use crate::graph::{StateGraph, dot, json, mermaid, svg};
use crate::model::Playbook;
use std::path::{Path, PathBuf};

/// Draw the state graph of a playbook
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  playbook graph review.play -o review.svg
  playbook graph review.play --format mermaid
  playbook graph review.play --lang zh-CN -o review.svg
  playbook graph kickoff.play --chain workflows -o lifecycle.svg
  playbook graph review.play --format dot | dot -Tpdf > review.pdf")]
pub struct Arguments {
    /// The file of the playbook; `-` is standard input
    file: PathBuf,

    /// What to draw it as; where nothing is said, the ending of OUT decides (.svg, .mmd, .dot, .json); `dot` on standard output
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Where to write it; standard output where nothing is said
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,

    /// Draw the playbooks its ends lead on to as well, out of these files and folders
    #[arg(long, value_name = "PATH")]
    chain: Vec<PathBuf>,

    /// Which playbook, where the file holds several
    #[arg(long, value_name = "NAME")]
    playbook: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For Graphviz
    Dot,
    /// For Markdown pages
    Mermaid,
    /// A drawing for browsers
    Svg,
    /// Nodes and edges, for programs
    Json,
}

/// Draws it.
///
/// # Errors
/// Where the file cannot be read or the drawing cannot be written.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let format = match (arguments.format, arguments.output.as_deref().filter(|path| path.as_os_str() != "-")) {
        (Some(format), _) => format,
        (None, None) => Format::Dot,
        (None, Some(path)) => by_ending(path).ok_or_else(|| unknown_ending(path))?,
    };
    let files = std::iter::once(&arguments.file).chain(&arguments.chain);
    keep_apart(arguments.output.as_deref(), files.map(PathBuf::as_path))?;
    let chosen = arguments.playbook.as_deref();
    let (as_json, language) = (format == Format::Json, session.language.clone());
    let picture = if arguments.chain.is_empty() {
        let Some(subject) = subject(&arguments.file, chosen, as_json, session)? else {
            return Ok(Exit::Findings);
        };
        let playbook = &subject.document.playbook;
        Picture::new(playbook, &StateGraph::new(playbook), &subject.sources, language.as_deref())
    } else {
        let Some(chain) = chain(&arguments.file, &arguments.chain, chosen, as_json, session)? else {
            return Ok(Exit::Findings);
        };
        let playbooks: Vec<&Playbook> = chain.documents.iter().map(|document| &document.playbook).collect();
        lifecycle(&playbooks, &chain.sources, language.as_deref())
    };
    let text = match format {
        Format::Dot => dot::write(&picture),
        Format::Mermaid => mermaid::write(&picture),
        Format::Svg => svg::write(&picture),
        Format::Json => json::write(&picture),
    };
    match arguments.output.as_deref().filter(|path| path.as_os_str() != "-") {
        Some(path) => write_file(path, text.as_bytes())?,
        None => session.out.write(&text)?,
    }
    Ok(Exit::Fine)
}

fn by_ending(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "dot" | "gv" => Some(Format::Dot),
        "mmd" | "mermaid" => Some(Format::Mermaid),
        "svg" => Some(Format::Svg),
        "json" => Some(Format::Json),
        _ => None,
    }
}

/// The formats are named, those that other tools make of them too.
fn unknown_ending(path: &Path) -> Stop {
    let help =
        "End it in `.svg`, `.mmd`, `.dot` or `.json`, or say `--format`; other tools make pictures of `svg` and `dot`";
    Stop::Usage(format!("the ending of `{}` does not say what to draw", path.display()), Some(help.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_what_is_meant() {
        assert_eq!(by_ending(Path::new("a/b.SVG")), Some(Format::Svg));
        assert_eq!(by_ending(Path::new("a.gv")), Some(Format::Dot));
        assert_eq!(by_ending(Path::new("a.png")), None);
        assert_eq!(by_ending(Path::new("svg")), None);
    }
}
