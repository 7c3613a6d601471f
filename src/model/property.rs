//! A property, resolved: what is claimed of every journey.

use super::{EventMatch, Expr, Named, TaskId};
use crate::source::Span;
use crate::value::Duration;

/// A resolved property.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// Its name; the text is what it says in words.
    pub name: Named,
    /// Whether it speaks of each service: then it is claimed of every track, else of the customer.
    pub of_service: bool,
    /// What is claimed.
    pub claim: Claim,
    /// What the claim relies on.
    pub assumptions: Vec<Assumption>,
    /// The whole property.
    pub span: Span,
}

/// What is claimed of every journey.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// The first is true at no stable moment at which the second is.
    Never(Expr, Option<Expr>),
    /// The first is true at every stable moment at which the second is.
    Always(Expr, Option<Expr>),
    /// The second does not come without the first having come before.
    Before(Occurrence, Occurrence),
    /// It comes, so soon after day 0 where it is said.
    Eventually(Occurrence, Option<Duration>),
    /// It comes so often and no more.
    AtMost(Occurrence, u32),
    /// After each of the first comes the second, so soon where it is said.
    Followed(Occurrence, Occurrence, Option<Duration>),
}

/// Something that comes to pass in a journey.
#[derive(Debug, Clone, PartialEq)]
pub enum Occurrence {
    /// A task is completed.
    Task(TaskId, Span),
    /// The customer's journey is over; of a property of each service, the track.
    End(Span),
    /// A condition becomes true.
    Condition(Expr),
}

/// What a claim relies on.
#[derive(Debug, Clone, PartialEq)]
pub enum Assumption {
    /// Every task with a `due within` is complete by then.
    TasksMeetDue(Span),
    /// The event comes so often and no more.
    AtMost(u32, EventMatch, Span),
    /// A condition that always holds.
    Condition(Expr),
}
