//! `playbook diff`: what differs between two pages of one process.

use super::import::Pages;
use super::pages::is_page;
use super::{Exit, Session, Stop};
use crate::import::compare::{Difference, compare};
use crate::import::text::plain;
use crate::report::diagnostics::counted;
use crate::report::paint::{Tone, visible};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Say what differs between two pages of one process, in one language or two
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Two pages (`.md`) are compared by what they say: tasks, flags, roles, services, steps, numbers in prose, links, and
their histories. Numbers are compared by what they mean: `10k`, `10,000` and `10.000` are the same.

Exits with 1 where something differs.

Examples:
  playbook diff en/review.md de/review-de.md
  playbook diff review-old.md review.md --format json")]
pub struct Arguments {
    /// The first page
    #[arg(value_name = "A")]
    first: PathBuf,

    /// The second page
    #[arg(value_name = "B")]
    second: PathBuf,

    /// How to print what differs
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

/// Compares them.
///
/// # Errors
/// Where one of them is no page, or cannot be read.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    if !is_page(&arguments.first) || !is_page(&arguments.second) {
        return Err(Stop::Usage("two pages are compared, and both end in `.md`".to_owned(), None));
    }
    pages(&arguments.first, &arguments.second, arguments.format == Format::Json, session)
}

/// Compares two pages.
///
/// # Errors
/// Where one of them cannot be read, or is no text.
pub fn pages(first: &Path, second: &Path, as_json: bool, session: &mut Session) -> Result<Exit, Stop> {
    let mut pages = Pages::default();
    pages.add(first.to_owned());
    pages.add(second.to_owned());
    if let Some(stop) = pages.unreadable.into_iter().next() {
        return Err(stop);
    }
    let texts: Vec<&crate::import::Page> = pages.pages.iter().filter_map(|read| read.page.as_ref()).collect();
    let [one, other] = texts.as_slice() else {
        let broken = pages.pages.iter().find(|read| read.page.is_none()).map(|read| super::input::name(&read.path));
        return Err(Stop::Unreadable(format!("cannot read `{}`: it is not text in UTF-8", broken.unwrap_or_default())));
    };
    let differences = compare(one, other);
    let names = [super::input::name(first), super::input::name(second)];
    if as_json {
        let rows: Vec<serde_json::Value> = differences
            .iter()
            .map(|difference| {
                json!({
                    "kind": difference.kind.word(), "message": difference.message,
                    "first": difference.first, "second": difference.second,
                })
            })
            .collect();
        let page = |name: &str, page: &crate::import::Page| json!({ "file": name, "language": page.language, "title": plain(&page.title) });
        let report = json!({
            "version": 1, "first": page(&names[0], one), "second": page(&names[1], other), "differences": rows,
        });
        session.out.write(&format!("{report:#}\n"))?;
    } else {
        for difference in &differences {
            let line = said(difference, &names, session);
            session.out.write(&line)?;
        }
        let (words, tone) = match differences.len() {
            0 => ("the pages say the same".to_owned(), Tone::Good),
            count => (counted(count, "difference"), Tone::Bad),
        };
        session.out.write(&format!("{}\n", session.look.paint(tone, &words)))?;
    }
    Ok(if differences.is_empty() { Exit::Fine } else { Exit::Findings })
}

/// A line: places, then words.
fn said(difference: &Difference, names: &[String; 2], session: &Session) -> String {
    let place = |name: &str, line: Option<u32>| line.map(|line| format!("{name}:{line}"));
    let places = [place(&names[0], difference.first), place(&names[1], difference.second)];
    let places = places.into_iter().flatten().collect::<Vec<String>>().join(" ");
    let places = session.look.paint(Tone::Code, &visible(&places)).to_string();
    format!("{places}: {}\n", visible(&difference.message))
}
