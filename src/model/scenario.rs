//! A scenario, resolved: how the world behaves around a playbook.
//!
//! What is drawn is a [`Sampler`]: a tree whose leaves are distributions with checked parameters and expressions of the
//! playbook. A playbook never reads a scenario, and a scenario never changes what a playbook says.

use super::distribution::Distribution;
use super::{EventId, Expr, FactId, Named, RoleId, ServiceId, StageId, TaskId, Type};
use crate::source::Span;
use crate::value::{Duration, Value};
use std::collections::BTreeMap;

pub use super::DynamicsMoment;

/// A resolved scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name; the text is what it is about.
    pub name: Named,
    /// How many customers, where it says so.
    pub customers: Option<u64>,
    /// How they arrive; all on day 0 where nothing is said.
    pub arrival: Option<Arrival>,
    /// The values of facts at the start, in the order written; at most one for a fact.
    pub draws: Vec<Draw>,
    /// Which services are intended.
    pub services: Option<ServiceOdds>,
    /// How long tasks take; no time where nothing is said.
    pub task_takes: BTreeMap<TaskId, Sampler>,
    /// How long stages take: on each visit the first task done without a time of its own takes this, the others no more.
    pub stage_takes: BTreeMap<StageId, Sampler>,
    /// The odds that an offered task is done; else it is declared not required. Always where nothing is said.
    pub task_done: BTreeMap<TaskId, Odds>,
    /// What happens in stages.
    pub dynamics: Vec<Dynamics>,
    /// What happens at a time of its own, once for each customer.
    pub timed: Vec<Timed>,
    /// When a journey is looked at for the last time.
    pub horizon: Option<Duration>,
    /// Limited people.
    pub staffing: Vec<Staffing>,
    /// The whole scenario.
    pub span: Span,
}

/// How customers arrive: over this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// At random, each at any time alike.
    Poisson(Duration),
    /// At equal distances.
    Evenly(Duration),
}

/// The value of a fact at the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    /// The fact; a service's fact is drawn for each intended service.
    pub fact: FactId,
    /// From what. It may read the customer's facts, as far as they are drawn before.
    pub value: Sampler,
    /// Where it stands.
    pub span: Span,
}

/// Which services are intended.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceOdds {
    /// The odds of each service, in declared order.
    pub odds: Vec<Chance>,
    /// Taken where the draw leaves none.
    pub if_none: Option<ServiceId>,
    /// Where it stands.
    pub span: Span,
}

/// A chance from 0, never, to 1, always.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chance(pub f64);

/// Odds that may depend on the customer.
#[derive(Debug, Clone, PartialEq)]
pub enum Odds {
    /// The same for all.
    Fixed(Chance),
    /// A percent that depends on facts; beyond 0% and 100% it counts as those, unknown as 0%.
    Depends(Expr),
}

/// Something drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampler {
    /// From what.
    pub node: SamplerNode,
    /// The type of what comes out.
    pub kind: Type,
    /// Where it stands.
    pub span: Span,
}

/// The forms of a sampler.
#[derive(Debug, Clone, PartialEq)]
pub enum SamplerNode {
    /// Nothing is drawn.
    Expr(Expr),
    /// A number: seconds for a duration, points for a percent.
    Draw(Distribution),
    /// Yes with this chance.
    YesNo(Chance),
    /// One of these values; the distribution draws its place.
    OneOf(Vec<Value>, Distribution),
    /// Sum; the flag is true where the term is subtracted.
    Sum(Vec<(bool, Sampler)>),
    /// Product.
    Times(Box<Sampler>, Box<Sampler>),
    /// Quotient; unknown when dividing by zero.
    Divide(Box<Sampler>, Box<Sampler>),
    /// Points of a number: `uniform(1%, 2%) of seats`.
    PercentOf(Box<Sampler>, Box<Sampler>),
    /// Minus.
    Negate(Box<Sampler>),
    /// The greatest.
    Max(Vec<Sampler>),
    /// The least.
    Min(Vec<Sampler>),
    /// The first whose condition is true; unknown where a condition on the way is unknown.
    Choice(Vec<(Sampler, Expr)>, Box<Sampler>),
}

/// What happens in a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Dynamics {
    /// The stage.
    pub stage: StageId,
    /// When.
    pub moment: DynamicsMoment,
    /// What.
    pub statements: Vec<Statement>,
    /// Where it stands.
    pub span: Span,
}

/// What happens at a time of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Timed {
    /// To one service; none is the customer.
    pub service: Option<ServiceId>,
    /// So long after the customer's start.
    pub delay: Sampler,
    /// With these odds; none is always.
    pub odds: Option<Odds>,
    /// What.
    pub statements: Vec<Statement>,
    /// Where it stands.
    pub span: Span,
}

/// Something that happens to a customer or a service. Statements are done one after the other; each sees what the ones
/// before have changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// A fact changes. The value is rounded and kept within the fact's bounds; an unknown one changes nothing.
    Assign {
        /// The fact.
        fact: FactId,
        /// Its new value; `+=` and `-=` are resolved into it.
        value: Sampler,
        /// Where it stands.
        span: Span,
    },
    /// A blocker is raised, and resolved after a time.
    Blocker {
        /// Its kind.
        kind: Option<String>,
        /// The odds; none is always.
        odds: Option<Odds>,
        /// How long until it is resolved.
        lasting: Sampler,
        /// What happens where it does not come.
        otherwise: Vec<Statement>,
    },
    /// A declared event happens.
    Event {
        /// Which.
        event: EventId,
        /// The odds; none is always.
        odds: Option<Odds>,
        /// What happens where it does not come.
        otherwise: Vec<Statement>,
    },
    /// By chance.
    With {
        /// The odds.
        odds: Odds,
        /// Where the draw says yes.
        then: Vec<Statement>,
        /// Where it says no.
        otherwise: Vec<Statement>,
    },
    /// By a condition.
    When {
        /// The condition.
        condition: Expr,
        /// Where it is true.
        then: Vec<Statement>,
        /// Where it is false or unknown.
        otherwise: Vec<Statement>,
    },
}

/// Limited people in a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staffing {
    /// The role.
    pub role: RoleId,
    /// How many.
    pub people: People,
    /// How long they work on a weekday; around the clock where nothing is said.
    pub hours: Option<Duration>,
    /// Where it stands.
    pub span: Span,
}

/// How many people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum People {
    /// So many.
    Number(u64),
    /// One for so many customers.
    OnePer(u64),
}

impl Scenario {
    /// Facts that statements change, in the order written, some more than once.
    #[must_use]
    pub fn assigned(&self) -> Vec<FactId> {
        fn collect(statements: &[Statement], facts: &mut Vec<FactId>) {
            for statement in statements {
                match statement {
                    Statement::Assign { fact, .. } => facts.push(*fact),
                    Statement::Blocker { otherwise, .. } | Statement::Event { otherwise, .. } => {
                        collect(otherwise, facts)
                    }
                    Statement::With { then, otherwise, .. } | Statement::When { then, otherwise, .. } => {
                        collect(then, facts);
                        collect(otherwise, facts);
                    }
                }
            }
        }
        let mut facts = Vec::new();
        self.dynamics.iter().for_each(|dynamics| collect(&dynamics.statements, &mut facts));
        self.timed.iter().for_each(|timed| collect(&timed.statements, &mut facts));
        facts
    }
}

impl Sampler {
    /// Calls `visit` on every expression in it.
    pub fn expressions<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match &self.node {
            SamplerNode::Expr(expr) => visit(expr),
            SamplerNode::Draw(_) | SamplerNode::YesNo(_) | SamplerNode::OneOf(..) => {}
            SamplerNode::Sum(terms) => terms.iter().for_each(|(_, term)| term.expressions(visit)),
            SamplerNode::Times(left, right)
            | SamplerNode::Divide(left, right)
            | SamplerNode::PercentOf(left, right) => {
                left.expressions(visit);
                right.expressions(visit);
            }
            SamplerNode::Negate(part) => part.expressions(visit),
            SamplerNode::Max(parts) | SamplerNode::Min(parts) => parts.iter().for_each(|part| part.expressions(visit)),
            SamplerNode::Choice(choices, last) => {
                for (value, condition) in choices {
                    value.expressions(visit);
                    visit(condition);
                }
                last.expressions(visit);
            }
        }
    }
}
