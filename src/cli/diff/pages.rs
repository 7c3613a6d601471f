//! What differs between two pages of one process.

use super::super::import::Pages;
use super::super::{Exit, Session, Stop, input};
use crate::import::compare::{Difference, compare};
use crate::import::text::plain;
use crate::report::diagnostics::counted;
use crate::report::paint::{Tone, visible};
use serde_json::json;
use std::path::Path;

/// Compares two pages.
///
/// # Errors
/// Where one of them cannot be read, or is no text.
pub fn pages(first: &Path, second: &Path, as_json: bool, session: &mut Session) -> Result<Exit, Stop> {
    let mut pages = Pages::default();
    pages.add(first.to_owned());
    pages.add(second.to_owned());
    if let Some(unread) = pages.unreadable.into_iter().next() {
        return Err(unread.stop);
    }
    let texts: Vec<&crate::import::Page> = pages.pages.iter().filter_map(|read| read.page.as_ref()).collect();
    let [one, other] = texts.as_slice() else {
        let broken = pages.pages.iter().find(|read| read.page.is_none()).map(|read| input::name(&read.path));
        return Err(Stop::Unreadable(format!("cannot read `{}`: it is not text in UTF-8", broken.unwrap_or_default())));
    };
    let differences = compare(one, other);
    let names = [input::name(first), input::name(second)];
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
