//! Runs the tests of a playbook: a customer, what happens to them, and what is expected of it.
//!
//! Each test is a journey of the interpreter. A failure says what was expected, what happened, and which rules and facts
//! decided, with their lines. The properties of the playbook are watched on the same journeys.

mod coverage;
mod expect;
mod property;
pub mod story;
#[cfg(test)]
mod tests;

pub use coverage::{Coverage, Gap};
pub use property::PropertyResult;

use crate::diagnostic::{Diagnostic, FAILING_TEST, IMPOSSIBLE_LINE, Label, has_errors};
use crate::model::property::Property;
use crate::model::test::Test;
use crate::run::audience::outside;
use crate::run::event::{Effect, Observer};
use crate::run::journey::Stop;
use crate::run::monitor::Monitor;
use crate::run::timeline::follow;
use crate::run::trace::Trace;
use crate::run::{Machine, State};
use crate::source::{Sources, Span};

/// What came of the tests of one playbook.
#[derive(Debug, Default)]
pub struct Results {
    /// One for each test, in the order written.
    pub tests: Vec<TestResult>,
    /// One for each property, in the order written.
    pub properties: Vec<PropertyResult>,
    /// What the journeys went through.
    pub coverage: Coverage,
}

/// What came of one test.
#[derive(Debug, Clone, PartialEq)]
pub struct TestResult {
    /// What it shows.
    pub title: String,
    /// Where its title stands.
    pub span: Span,
    /// What is expected and is not so; none where it passes.
    pub failures: Vec<Failure>,
    /// What happens in it that cannot be, or makes no difference.
    pub findings: Vec<Diagnostic>,
}

/// An expectation that is not met.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The expectation.
    pub span: Span,
    /// What was expected, as written.
    pub expected: String,
    /// What happened.
    pub happened: String,
    /// The rules that decided, with the facts they looked at.
    pub because: Vec<Label>,
}

impl TestResult {
    /// Whether all that is expected is so, and nothing happens in it that cannot be.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty() && !has_errors(&self.findings)
    }

    /// As findings: one for each failure.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let failure = |failure: &Failure| {
            let message = format!("expected `{}`, but {}", failure.expected, failure.happened);
            let mut diagnostic = Diagnostic::new(&FAILING_TEST, failure.span, message)
                .related(self.span, format!("in the test “{}”", self.title));
            diagnostic.related.extend(failure.because.iter().cloned());
            diagnostic
        };
        let mut found: Vec<Diagnostic> = self.failures.iter().map(failure).collect();
        found.extend(self.findings.iter().map(|finding| {
            let label = if finding.rule == &IMPOSSIBLE_LINE { "so this test says nothing" } else { "in this test" };
            finding.clone().related(self.span, label)
        }));
        found
    }
}

impl Results {
    /// How many tests pass.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.tests.iter().filter(|test| test.passed()).count()
    }

    /// All findings: failing tests, what cannot be, and properties that a journey breaks.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let tests = self.tests.iter().flat_map(TestResult::diagnostics);
        tests.chain(self.properties.iter().filter_map(|property| property.violated.clone())).collect()
    }
}

/// Sees a journey for all who want to know of it.
struct Watcher<'p> {
    trace: Trace,
    monitor: Monitor<'p>,
    coverage: Coverage,
}

impl Observer for Watcher<'_> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        self.coverage.note(&effect);
        self.monitor.effect(machine, state, effect.clone());
        self.trace.effect(machine, state, effect);
    }

    fn settled(&mut self, machine: &Machine, state: &State) {
        self.monitor.settled(machine, state);
    }
}

/// A journey that a test has told.
struct Journey<'a> {
    machine: &'a Machine,
    sources: &'a Sources,
    state: State,
    stop: Stop,
    trace: Trace,
}

/// Runs tests, and watches properties on their journeys. Both have been resolved with the machine's playbook, from
/// files of `sources`.
#[must_use]
pub fn run(machine: &Machine, sources: &Sources, tests: &[Test], properties: &[Property]) -> Results {
    let mut results = Results {
        tests: Vec::with_capacity(tests.len()),
        properties: properties.iter().map(PropertyResult::new).collect(),
        coverage: Coverage::default(),
    };
    for test in tests {
        let mut watcher =
            Watcher { trace: Trace::default(), monitor: Monitor::new(properties), coverage: Coverage::default() };
        let (customer, said, until) = story::of(machine, test);
        let audience = outside(machine, &customer, "the customer of a test");
        let followed = follow(machine, &customer, said, &mut watcher, until);
        let verdicts = watcher.monitor.verdicts(&followed.state);
        results.coverage.add(&watcher.coverage);
        let journey = Journey { machine, sources, state: followed.state, stop: followed.stop, trace: watcher.trace };
        for (result, verdict) in results.properties.iter_mut().zip(verdicts) {
            result.add(&journey, test, verdict);
        }
        let failures = test.expectations.iter().filter_map(|expectation| expect::check(&journey, expectation));
        results.tests.push(TestResult {
            title: test.title.clone(),
            span: test.title_span,
            failures: failures.collect(),
            findings: audience.into_iter().chain(followed.findings).collect(),
        });
    }
    results
}
