//! Tests, as written.

use super::*;

/// `test "…" for PLAYBOOK { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// What it shows.
    pub title: Literal,
    /// The playbook, where the file has several.
    pub playbook: Option<Name>,
    /// What stands in it.
    pub items: Vec<TestItem>,
    /// The whole item.
    pub span: Span,
}

/// What may stand in a test.
#[derive(Debug, Clone, PartialEq)]
pub enum TestItem {
    /// `customer { … }`.
    Customer(Span, Vec<CustomerField>),
    /// `day 14 teams { active_usage 8% }`.
    Moment(Moment),
    /// `until day 90`.
    Until(Span, When),
    /// `expect …`.
    Expect(Expectation),
}

/// One thing known about a customer.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomerField {
    /// `csm_assigned`, `not csm_assigned`, `active_usage 3%`, `plan is trial`.
    Fact(Field),
    /// `services teams { … } onedrive`.
    Services(Span, Vec<ServiceFields>),
    /// `start 2020-03-02`.
    Start(Span, Date),
    /// `id "contoso"`.
    Id(Literal),
}

/// One service of a customer with its facts.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceFields {
    /// The service.
    pub service: Name,
    /// Its facts.
    pub fields: Vec<Field>,
}

/// A fact and its value; no value means yes.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The fact.
    pub name: Name,
    /// Its value; `yes` where only the name stands, `no` after `not`.
    pub value: Expr,
    /// The whole item.
    pub span: Span,
}

/// A moment of a timeline.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// `day 14`, in days since day 0 (millionths).
    Day(Micro, Span),
    /// `2020-05-04`.
    Date(Date, Span),
}

/// `day 14 teams { active_usage 8% }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// When.
    pub when: When,
    /// For which service; none is the customer.
    pub service: Option<Name>,
    /// What happens.
    pub action: Action,
    /// The whole item.
    pub span: Span,
}

/// What happens at a moment.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// `{ active_usage 8% }`; with `correct`, a correction.
    Facts {
        /// `correct { … }`.
        correction: bool,
        /// What becomes known.
        fields: Vec<Field>,
    },
    /// `task 3740 complete`.
    Task(TaskRef, Span, TaskStatus, Option<Literal>),
    /// `event review_held`.
    Event(Name),
    /// `blocker technical`, `blocker technical on task 3740`.
    Blocker(Option<Name>, Option<(TaskRef, Span)>),
    /// `resolved`, `resolved technical`.
    Resolved(Option<Name>),
    /// `waived`, `waived technical`.
    Waived(Option<Name>),
    /// `escalated`.
    Escalated,
    /// `paused until day 80 "…"`.
    Paused(Option<When>, Option<Literal>),
    /// `resumed`.
    Resumed,
    /// `dropped "…"`: the service is no longer intended.
    Dropped(Option<Literal>),
    /// `added { … }`: the service is intended from now on.
    Added(Vec<Field>),
    /// `ended OTHER_PLAYBOOK at END`.
    Ended(Name, Name),
}

/// `expect …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// The service it speaks of; none is the customer.
    pub subject: Option<Name>,
    /// What is expected.
    pub kind: ExpectationKind,
    /// The whole item.
    pub span: Span,
}

/// What is expected.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpectationKind {
    /// `ends usage_met on day 28`, `ends usage_met within 30 days`.
    Ends(Name, Option<When>, Option<Expr>),
    /// `at check_in`.
    At(Name),
    /// `offered task 3731`, `not offered task 3731`.
    Offered(bool, TaskRef, Span),
    /// `done task 3731`, `not done task 3731`.
    Done(bool, TaskRef, Span),
    /// `never check_in`.
    Never(Name),
    /// `visits check_in 2 times`.
    Visits(Name, Option<u32>),
    /// `waiting for joins_adoption_program`.
    Waiting(Vec<Name>),
    /// `held`.
    Held,
    /// `ended`.
    Ended,
    /// `that COND`.
    That(Expr),
}
