//! Properties, as written.

use super::*;

/// `property NAME: … assuming …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// Its name.
    pub name: Name,
    /// The playbook, where the file has several.
    pub playbook: Option<Name>,
    /// In words.
    pub text: Option<Text>,
    /// What is claimed.
    pub claim: Claim,
    /// Under which assumptions.
    pub assumptions: Vec<Assumption>,
    /// The whole item.
    pub span: Span,
}

/// What a property claims of every journey.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// `never A while B`.
    Never(Expr, Option<Expr>),
    /// `always A while B`.
    Always(Expr, Option<Expr>),
    /// `A before B`: B does not come without A having come first.
    Before(Occurrence, Occurrence),
    /// `eventually A within DURATION`.
    Eventually(Occurrence, Option<Expr>),
    /// `A at most N times`.
    AtMost(Occurrence, Expr),
    /// `A followed by B within DURATION`.
    Followed(Occurrence, Occurrence, Option<Expr>),
}

/// Something that comes to pass in a journey.
#[derive(Debug, Clone, PartialEq)]
pub enum Occurrence {
    /// `task 3740`: it is completed.
    Task(TaskRef, Span),
    /// `end`: the customer's journey is over.
    End(Span),
    /// A condition becomes true.
    Condition(Expr),
}

/// What a property may rely on.
#[derive(Debug, Clone, PartialEq)]
pub enum Assumption {
    /// `tasks meet due`.
    TasksMeetDue(Span),
    /// `at most 3 blockers`, `at most 2 EVENT`.
    AtMost(Expr, Name),
    /// A condition that always holds.
    Condition(Expr),
}
