//! A test, resolved: one customer, what happens to them, and what is expected.

use super::{EndId, EventId, EventMatch, Expr, FactId, Place, ServiceId, TaskId};
use crate::source::Span;
use crate::value::{Date, Duration, TaskStatus, Value};

/// A resolved test.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// What it shows.
    pub title: String,
    /// Where the title stands.
    pub title_span: Span,
    /// The customer.
    pub customer: Customer,
    /// What happens, in the order written.
    pub moments: Vec<Moment>,
    /// When the journey is stopped, where it is.
    pub until: Option<When>,
    /// What is expected.
    pub expectations: Vec<Expectation>,
    /// The whole test.
    pub span: Span,
}

/// The customer of a test.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Customer {
    /// Its name in reports.
    pub id: Option<String>,
    /// The date of day 0.
    pub start: Option<Date>,
    /// What is known of the customer; each fact once.
    pub facts: Vec<Given>,
    /// The intended services, each once, with what is known of them.
    pub services: Vec<Intended>,
    /// Where it stands; the title of the test where it has no `customer`.
    pub span: Span,
}

/// A fact and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The fact.
    pub fact: FactId,
    /// Its value: of its type and within its range.
    pub value: Value,
    /// Where it stands.
    pub span: Span,
}

/// A service the customer intends to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intended {
    /// Which.
    pub service: ServiceId,
    /// What is known of it; each fact once.
    pub facts: Vec<Given>,
    /// Where its name stands.
    pub span: Span,
}

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// When.
    pub instant: Instant,
    /// Where it stands.
    pub span: Span,
}

/// How a point in time is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instant {
    /// So long after day 0.
    Day(Duration),
    /// The beginning of a day of the calendar. The customer has a start, and it is not after this.
    Date(Date),
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// When.
    pub when: When,
    /// To which service; none is the customer.
    pub service: Option<ServiceId>,
    /// What.
    pub action: Action,
    /// Where it stands.
    pub span: Span,
}

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Facts become known or change.
    Facts {
        /// What was said before was wrong.
        correction: bool,
        /// Which, and to what.
        values: Vec<Given>,
    },
    /// A task changes its status, with a reason.
    Task(TaskId, TaskStatus, Option<String>),
    /// A declared event.
    Event(EventId),
    /// A blocker of this kind, holding this task only.
    Blocker(Option<String>, Option<TaskId>),
    /// Blockers of this kind, or all, are resolved.
    Resolved(Option<String>),
    /// Blockers of this kind, or all, are waived.
    Waived(Option<String>),
    /// A blocker is escalated.
    Escalated,
    /// Clocks stop, until then, with a reason.
    Paused(Option<When>, Option<String>),
    /// Clocks go on.
    Resumed,
    /// The service is no longer intended, with a reason.
    Dropped(Option<String>),
    /// The service is intended from now on, with what is known of it.
    Added(Vec<Given>),
    /// The journey through another playbook ended.
    Ended {
        /// That playbook.
        playbook: String,
        /// Its end.
        end: String,
    },
}

/// Something expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// Of which service; none is the customer, or any track where the place or task lies in tracks.
    pub service: Option<ServiceId>,
    /// What.
    pub kind: ExpectationKind,
    /// Where it stands.
    pub span: Span,
}

/// What is expected.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpectationKind {
    /// It came to this end, then, within so long after day 0.
    Ends(EndId, Option<When>, Option<Duration>),
    /// It is there.
    At(Place),
    /// The task was offered, or not.
    Offered(bool, TaskId),
    /// The task was completed, or not.
    Done(bool, TaskId),
    /// It was never entered.
    Never(Place),
    /// It was entered, so many times where it is said.
    Visits(Place, Option<u32>),
    /// It waits, for all of these where some are named.
    Waiting(Vec<Awaited>),
    /// It is held by a need or key input that is not met.
    Held,
    /// It came to an end.
    Ended,
    /// The condition is true, asked of the customer.
    That(Expr),
}

/// What a journey can wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Awaited {
    /// That a fact becomes known or changes.
    Fact(FactId),
    /// A task.
    Task(TaskId),
    /// An event.
    Event(EventMatch),
}
