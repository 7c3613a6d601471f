//! One line a finding, as compilers and editors know it.

use super::{place, severity_word};
use crate::diagnostic::Diagnostic;
use crate::report::paint::visible;
use crate::source::Sources;
use std::fmt::Write;

pub(super) fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let place = place(sources, diagnostic.primary.span);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{}:{}:{}: {}[{}]: {}",
            visible(place.file),
            place.start.line,
            place.start.column,
            severity_word(diagnostic.severity),
            diagnostic.rule.name,
            visible(&diagnostic.message)
        );
    }
    text
}
