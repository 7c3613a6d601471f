//! One type for everything the tool has to say about a playbook, and the registry of what it can say.
//!
//! A [`Rule`] has a readable name, a stable code, a severity and a page (`diagnostic/<name>.md`) that is the text of
//! `explain`, the reference and a test at once. A [`Diagnostic`] is one finding of a rule at a place.

mod registry;

pub use registry::*;

use crate::source::Span;
use serde::Serialize;

/// How bad a finding is: an error can hurt a customer or makes the file invalid, a warning is suspicious, a note informs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The playbook is invalid, or a customer can be hurt by it.
    Error,
    /// Suspicious.
    Warning,
    /// Information.
    Note,
}

/// A place with words about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is to be seen there; may be empty.
    pub message: String,
}

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// Usually the rule's own severity.
    pub severity: Severity,
    /// One sentence in the author's words, without a final full stop.
    pub message: String,
    /// The place.
    pub primary: Label,
    /// Other places that belong to it.
    pub related: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
    /// A customer (and timeline) that suffers from it: `{ "customer": …, "timeline": [ … ] }`, which `run` accepts.
    pub witness: Option<serde_json::Value>,
}

impl Diagnostic {
    /// A finding of `rule` at `span`.
    pub fn new(rule: &'static Rule, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            rule,
            severity: rule.severity,
            message: message.into(),
            primary: Label { span, message: String::new() },
            related: Vec::new(),
            help: None,
            witness: None,
        }
    }

    /// Adds words to the place itself.
    #[must_use]
    pub fn label(mut self, message: impl Into<String>) -> Diagnostic {
        self.primary.message = message.into();
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.related.push(Label { span, message: message.into() });
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Adds what to do, if there is something.
    #[must_use]
    pub fn help_if(mut self, help: Option<String>) -> Diagnostic {
        self.help = self.help.or(help);
        self
    }
}

/// Findings in reading order, each once.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        (a.primary.span, a.severity, a.rule.code, &a.message).cmp(&(
            b.primary.span,
            b.severity,
            b.rule.code,
            &b.message,
        ))
    });
    diagnostics.dedup_by(|a, b| a.rule == b.rule && a.primary.span == b.primary.span && a.message == b.message);
}

/// Whether any of them is an error.
#[must_use]
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

impl Diagnostic {
    /// Whether it keeps a playbook from being followed. An error about what can happen to customers on the way does not:
    /// to run such a customer is how to look at it.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        let on_the_way = ["P3", "P42", "P43"].iter().any(|codes| self.rule.code.starts_with(codes));
        self.severity == Severity::Error && !on_the_way && *self.rule != PROPERTY_VIOLATED
    }
}
