//! What the journeys of tests say of the properties.

use super::{Journey, expect};
use crate::diagnostic::{Diagnostic, PROPERTY_VIOLATED};
use crate::model::property::Property;
use crate::model::test::Test;
use crate::run::monitor::{Verdict, Violation, Wrong};
use crate::source::Span;

/// What the journeys of all tests say of one property.
#[derive(Debug, Clone, PartialEq)]
pub struct PropertyResult {
    /// Its name.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// How many journeys keep to it.
    pub holds: u32,
    /// How many are not over.
    pub open: u32,
    /// How many break what it assumes.
    pub skipped: u32,
    /// How many break it.
    pub broken: u32,
    /// The first that does.
    pub violated: Option<Diagnostic>,
}

impl PropertyResult {
    pub(super) fn new(property: &Property) -> PropertyResult {
        PropertyResult {
            name: property.name.name.clone(),
            span: property.name.span,
            holds: 0,
            open: 0,
            skipped: 0,
            broken: 0,
            violated: None,
        }
    }

    /// Adds the verdict of one journey.
    pub(super) fn add(&mut self, journey: &Journey<'_>, test: &Test, verdict: Verdict) {
        match verdict {
            Verdict::Holds => self.holds += 1,
            Verdict::Open => self.open += 1,
            Verdict::Skipped => self.skipped += 1,
            Verdict::Violated(violation) => {
                self.broken += 1;
                if self.violated.is_none() {
                    self.violated = Some(self.diagnostic(journey, test, &violation));
                }
            }
        }
    }

    fn diagnostic(&self, journey: &Journey<'_>, test: &Test, violation: &Violation) -> Diagnostic {
        let mut part = journey.text(violation.span);
        if violation.task.is_some() {
            part = format!("task {part}");
        }
        let day = expect::day(violation.at);
        let of = violation.service.map_or_else(String::new, |service| format!(" of {}", journey.service(service)));
        let what = match violation.kind {
            Wrong::Holds => format!("`{part}`{of} is true on {day}"),
            Wrong::Fails => format!("`{part}`{of} is not true on {day}"),
            Wrong::TooEarly => format!("`{part}`{of} comes on {day}, before the other"),
            Wrong::Late => format!("`{part}`{of} has not come by {day}"),
            Wrong::Missing => format!("`{part}`{of} has not come when the journey is over on {day}"),
            Wrong::TooOften(times) => format!("`{part}`{of} comes for the {} on {day}", ordinal(times)),
        };
        let message = format!("the property `{}` is broken: {what}", self.name);
        let mut diagnostic = Diagnostic::new(&PROPERTY_VIOLATED, self.span, message)
            .related(violation.span, "this part")
            .related(test.title_span, format!("on the journey of the test “{}”", test.title));
        diagnostic.related.extend(violation.because.iter().map(|reason| journey.reason(reason)));
        diagnostic
    }
}

fn ordinal(times: u32) -> String {
    match (times % 10, times % 100) {
        (1, last) if last != 11 => format!("{times}st time"),
        (2, last) if last != 12 => format!("{times}nd time"),
        (3, last) if last != 13 => format!("{times}rd time"),
        _ => format!("{times}th time"),
    }
}
