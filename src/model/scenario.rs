//! A scenario, resolved: how the world behaves around a playbook.
//!
//! What is drawn is a [`Sampler`]: a tree whose leaves are distributions with checked parameters and expressions of the
//! playbook. A playbook never reads a scenario, and a scenario never changes what a playbook says.

use super::distribution::Distribution;
use super::{
    BusinessUnit, EventId, Expr, FactId, Named, OfferId, Playbook, RoleId, ServiceId, ServiceSet, StageId, TaskId, Type,
};
use crate::source::Span;
use crate::value::{Date, Duration, Micro, Value};
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
    /// The date of day 0. Without one nobody has dates, and day 0 is a Monday to people who work by the week.
    pub starts: Option<Date>,
    /// Figures are of customers who arrive, and of what people do, after so long.
    pub warm_up: Option<Duration>,
    /// When everybody is looked at for the last time, counted from day 0 of the scenario.
    pub horizon: Option<Duration>,
    /// Limited people: groups of people of a role, in the order written. Roles of which nothing is said have somebody free
    /// at any time.
    pub staffing: Vec<Staffing>,
    /// The whole scenario.
    pub span: Span,
}

/// How customers arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// At random over this time, each at any time alike: a Poisson process, given how many came.
    Poisson(Duration),
    /// At equal distances over this time.
    Evenly(Duration),
    /// At rates that change, at random (Poisson) or at equal distances, until all have come.
    Rates {
        /// At random.
        poisson: bool,
        /// The rates, one after the other. The last goes on, whatever its length.
        rates: Vec<ArrivalRate>,
    },
}

/// So many customers in a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrivalRate {
    /// How many come…
    pub customers: Micro,
    /// …in this time.
    pub each: Duration,
    /// How long the rate holds.
    pub lasting: Duration,
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
    /// How long work takes that begins now and goes on in business time only. What is drawn is as many days or hours as it
    /// has days or hours by the clock, and a part of a day is that part of the hours of a business day. Never within
    /// another sampler.
    Business(BusinessUnit, Box<Sampler>),
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

/// A group of people in a role.
///
/// A task by staffed roles waits in the line of its role, and then holds one person until it is settled, for as long as it
/// takes, in working time. Where several roles are named, one person of any of them does it; if one of them has no
/// staffing, somebody is always free. Where the role has several groups, the first with somebody free and at work gives the
/// person.
#[derive(Debug, Clone, PartialEq)]
pub struct Staffing {
    /// The role.
    pub role: RoleId,
    /// How many.
    pub people: People,
    /// The services they know; none means all. Tasks of no service can be done by everybody.
    pub skills: Option<ServiceSet>,
    /// When they work; around the clock where nothing is said.
    pub hours: Option<WorkingHours>,
    /// Their days off, beside the holidays of the playbook's calendar; sorted.
    pub days_off: Vec<Date>,
    /// Work begun is finished, also after hours. Else it stops when the working day ends, and goes on when the next
    /// begins; the person stays with it.
    pub finishes: bool,
    /// What an hour of work costs.
    pub cost: Option<Micro>,
    /// Who is served first: the greater value, yes before no, unknown last; looked at when the task begins to wait. Else,
    /// and between equals, first come first served, then in the order of customers and services. One for all groups of a
    /// role.
    pub priority: Option<Expr>,
    /// Where it stands.
    pub span: Span,
}

/// Working hours, the same on each working day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkingHours {
    /// When the day begins, in seconds since midnight.
    pub from: i64,
    /// When it ends.
    pub to: i64,
    /// The working days, Monday first.
    pub days: [bool; 7],
}

/// How many people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum People {
    /// So many.
    Number(u64),
    /// One for each full number of customers, and at least one.
    OnePer(u64),
}

impl People {
    /// How many there are for so many customers.
    #[must_use]
    pub fn count(self, customers: u64) -> u64 {
        match self {
            People::Number(number) => number,
            People::OnePer(each) => (customers / each.max(1)).max(1),
        }
    }
}

impl WorkingHours {
    /// The length of a working day.
    #[must_use]
    pub fn length(&self) -> Duration {
        Duration(self.to - self.from)
    }
}

impl Scenario {
    /// The roles whose people a task waits for: those it names, if all of them have staffing; else nobody is waited for.
    #[must_use]
    pub fn waits_for<'p>(&self, playbook: &'p Playbook, offer: OfferId) -> &'p [RoleId] {
        let roles = playbook.offers[offer.index()].roles.as_slice();
        let staffed = |role: &RoleId| self.staffing.iter().any(|staffing| staffing.role == *role);
        if roles.iter().all(staffed) { roles } else { &[] }
    }

    /// Looks at all statements, those within others too, in the order written.
    pub fn statements(&self, look: &mut dyn FnMut(&Statement)) {
        fn walk(statements: &[Statement], look: &mut dyn FnMut(&Statement)) {
            for statement in statements {
                look(statement);
                match statement {
                    Statement::Assign { .. } => {}
                    Statement::Blocker { otherwise, .. } | Statement::Event { otherwise, .. } => walk(otherwise, look),
                    Statement::With { then, otherwise, .. } | Statement::When { then, otherwise, .. } => {
                        walk(then, look);
                        walk(otherwise, look);
                    }
                }
            }
        }
        self.dynamics.iter().for_each(|dynamics| walk(&dynamics.statements, look));
        self.timed.iter().for_each(|timed| walk(&timed.statements, look));
    }

    /// Facts that statements change, in the order written, some more than once.
    #[must_use]
    pub fn assigned(&self) -> Vec<FactId> {
        let mut facts = Vec::new();
        self.statements(&mut |statement| {
            if let Statement::Assign { fact, .. } = statement {
                facts.push(*fact);
            }
        });
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
            SamplerNode::Negate(part) | SamplerNode::Business(_, part) => part.expressions(visit),
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
