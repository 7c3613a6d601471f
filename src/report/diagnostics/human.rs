//! Findings for people: the place in its text, what else belongs to it, and what to do.

use super::excerpt::Excerpt;
use super::{Summary, severity_word};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::report::paint::{Look, Tone, shortened, visible};
use crate::source::{FileId, Sources};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles};
use std::fmt;

/// More places than this are counted, not shown.
const MOST_PLACES: usize = 12;
/// More findings than this are counted, not shown: nobody reads on, and the first are likely to explain the others.
const MOST_FINDINGS: usize = 200;
/// Longer messages are cut.
const LONGEST_MESSAGE: usize = 2_000;

/// A finding in the drawing library's terms: one file's part of it.
struct Picture {
    message: String,
    header: Option<String>,
    severity: Severity,
    help: Option<String>,
    excerpt: Option<Excerpt>,
    labels: Vec<LabeledSpan>,
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Picture {}

impl miette::Diagnostic for Picture {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.header.as_ref().map(|header| Box::new(header) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = _>>)
    }
}

/// The labels that lie in one file, drawn on its lines. The first is the primary one where `primary` says so.
fn draw(sources: &Sources, file: FileId, labels: &[&Label], primary: bool) -> (Option<Excerpt>, Vec<LabeledSpan>) {
    let Some(source) = sources.get(file) else { return (None, Vec::new()) };
    let spans: Vec<_> = labels.iter().map(|label| label.span).collect();
    let excerpt = Excerpt::new(source, visible(&source.name).into_owned(), &spans);
    let drawn = labels
        .iter()
        .zip(&excerpt.marks)
        .enumerate()
        .map(|(index, (label, mark))| {
            let words = Some(sentence(&label.message)).filter(|words| !words.is_empty());
            let span = (mark.offset, mark.length);
            if primary && index == 0 {
                LabeledSpan::new_primary_with_span(words, span)
            } else {
                LabeledSpan::new_with_span(words, span)
            }
        })
        .collect();
    (Some(excerpt), drawn)
}

fn sentence(text: &str) -> String {
    shortened(&visible(text), LONGEST_MESSAGE).into_owned()
}

/// As [`sentence`], but line breaks stay.
fn paragraph(text: &str) -> String {
    shortened(text, LONGEST_MESSAGE).lines().map(visible).collect::<Vec<_>>().join("\n")
}

fn pictures(diagnostic: &Diagnostic, sources: &Sources) -> Vec<Picture> {
    let home = diagnostic.primary.span.file;
    let shown = diagnostic.related.get(..MOST_PLACES).unwrap_or(&diagnostic.related);
    let mut here = vec![&diagnostic.primary];
    here.extend(shown.iter().filter(|label| label.span.file == home));
    let (excerpt, labels) = draw(sources, home, &here, true);
    let mut pictures = vec![Picture {
        message: sentence(&diagnostic.message),
        header: Some(format!(
            "{}[{} {}]",
            severity_word(diagnostic.severity),
            diagnostic.rule.name,
            diagnostic.rule.code
        )),
        severity: diagnostic.severity,
        help: None,
        excerpt,
        labels,
    }];
    for label in shown.iter().filter(|label| label.span.file != home) {
        let (excerpt, mut labels) = draw(sources, label.span.file, &[label], true);
        // The words stand above the lines; below them they would stand twice.
        labels.iter_mut().for_each(|label| label.set_label(None));
        let message = if label.message.is_empty() { "see also".to_owned() } else { sentence(&label.message) };
        pictures.push(Picture { message, header: None, severity: Severity::Note, help: None, excerpt, labels });
    }
    let hidden = diagnostic.related.len() - shown.len();
    let mut help: Vec<String> = diagnostic.help.iter().map(|help| paragraph(help)).collect();
    if hidden > 0 {
        help.push(format!("{hidden} more places belong to this; `--format json` lists them"));
    }
    if let Some(last) = pictures.last_mut() {
        last.help = Some(help.join("\n")).filter(|help| !help.is_empty());
    }
    pictures
}

/// The findings that are shown: the gravest, in their order.
fn foremost(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut order: Vec<(usize, &Diagnostic)> = diagnostics.iter().enumerate().collect();
    order.sort_by_key(|(place, diagnostic)| (diagnostic.severity, *place));
    order.truncate(MOST_FINDINGS);
    order.sort_by_key(|(place, _)| *place);
    order.into_iter().map(|(_, diagnostic)| diagnostic).collect()
}

pub(super) fn render(diagnostics: &[Diagnostic], sources: &Sources, look: Look) -> String {
    let theme = GraphicalTheme {
        characters: if look.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if look.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_width(look.width.max(40))
        .without_syntax_highlighting();
    let mut text = String::new();
    let shown = foremost(diagnostics);
    for diagnostic in &shown {
        for picture in pictures(diagnostic, sources) {
            let mut drawn = String::new();
            if handler.render_report(&mut drawn, &picture).is_err() {
                // A place that cannot be drawn still has its words.
                drawn = format!("{}\n\n  {}\n", picture.header.unwrap_or_default(), picture.message);
            }
            for line in drawn.lines() {
                text.push_str(line.trim_end());
                text.push('\n');
            }
        }
        if let Some(witness) = &diagnostic.witness {
            text.push_str("  example customer: ");
            text.push_str(&visible(&witness.to_string()));
            text.push('\n');
        }
        text.push('\n');
    }
    let more = diagnostics.len() - shown.len();
    if more > 0 {
        text.push_str(&format!("and {more} more: `playbook check --format short` prints each on one line\n\n"));
    }
    text
}

pub(super) fn summary(diagnostics: &[Diagnostic], files: usize, look: Look) -> String {
    let summary = Summary::of(diagnostics);
    let tone = if summary.errors > 0 {
        Tone::Bad
    } else if summary.warnings > 0 {
        Tone::Doubtful
    } else {
        Tone::Good
    };
    format!("{}\n", look.paint(tone, &summary.sentence(files)))
}
