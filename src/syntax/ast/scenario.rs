//! Scenarios, as written.

use super::*;

/// `scenario NAME { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: Name,
    /// The playbook, where the file has several.
    pub playbook: Option<Name>,
    /// In words.
    pub text: Option<Text>,
    /// What stands in it.
    pub items: Vec<ScenarioItem>,
    /// The whole item.
    pub span: Span,
}

/// What may stand in a scenario.
#[derive(Debug, Clone, PartialEq)]
pub enum ScenarioItem {
    /// `customers 10_000 arriving poisson over 365 days`.
    Customers {
        /// How many.
        count: Expr,
        /// How they arrive; all on day 0 where nothing is said.
        arrival: Option<Arrival>,
        /// The whole item.
        span: Span,
    },
    /// `NAME, NAME ~ DRAW`, `start NAME ~ DRAW`: the value of facts at the start.
    Draw {
        /// The facts.
        facts: Vec<Name>,
        /// `start` was written.
        start: bool,
        /// From what.
        value: Expr,
        /// The whole item.
        span: Span,
    },
    /// `services ~ each 50%, teams 80%, if none teams`.
    Services {
        /// The odds of each service not named.
        each: Option<Expr>,
        /// The odds of single services or groups.
        odds: Vec<(Name, Expr)>,
        /// Taken where the draw leaves none.
        if_none: Option<Name>,
        /// The whole item.
        span: Span,
    },
    /// `task 3731, 3732 takes …`.
    TaskTakes {
        /// The tasks.
        tasks: Vec<(TaskRef, Span)>,
        /// How long.
        duration: Expr,
        /// The whole item.
        span: Span,
    },
    /// `stage check_in takes …`.
    StageTakes {
        /// The stages.
        stages: Vec<Name>,
        /// How long.
        duration: Expr,
        /// The whole item.
        span: Span,
    },
    /// `task 3743 done with 50%`.
    TaskDone {
        /// The tasks.
        tasks: Vec<(TaskRef, Span)>,
        /// The odds.
        odds: Expr,
        /// The whole item.
        span: Span,
    },
    /// `in track_adoption each round { … }`, `in check_in on entry { … }`.
    Dynamics {
        /// The stages.
        stages: Vec<Name>,
        /// When.
        moment: DynamicsMoment,
        /// What happens.
        statements: Vec<Statement>,
        /// The whole item.
        span: Span,
    },
    /// `after exponential(100 days) with 20% { … }`, `teams after 30 days { … }`: once in a customer's time.
    Timed {
        /// For one service; none is the customer.
        service: Option<Name>,
        /// When, after the customer's start.
        delay: Expr,
        /// `with P`.
        odds: Option<Expr>,
        /// What happens.
        statements: Vec<Statement>,
        /// The whole item.
        span: Span,
    },
    /// `starts 2026-01-05`: the date of day 0.
    Starts(Span, Date),
    /// `warm up 90 days`.
    WarmUp(Span, Expr),
    /// `horizon 3 years`.
    Horizon(Span, Expr),
    /// `role fasttrack_manager one per 60 customers, 8 hours on weekdays`: staffing.
    Staffing {
        /// The role.
        role: Name,
        /// `N` people, or one per N customers.
        people: Staff,
        /// `for teams, yammer`: the services they know; empty means all.
        skills: Vec<Name>,
        /// What else is said of them.
        rules: Vec<StaffingRule>,
        /// The whole item.
        span: Span,
    },
}

/// Something said of the people of a role.
#[derive(Debug, Clone, PartialEq)]
pub struct StaffingRule {
    /// What.
    pub kind: StaffingRuleKind,
    /// Where it stands.
    pub span: Span,
}

/// What can be said of the people of a role.
#[derive(Debug, Clone, PartialEq)]
pub enum StaffingRuleKind {
    /// `8 hours on weekdays`.
    Hours(Expr, WorkingDays),
    /// `from 9:00 to 17:00 on monday, friday`: seconds since midnight, with their places.
    Clock((i64, Span), (i64, Span), WorkingDays),
    /// `off 2026-12-24`.
    DaysOff(Vec<(Date, Span)>),
    /// `priority by seats`.
    Priority(Expr),
    /// `work begun is finished`.
    Finishing,
    /// `at 80 per hour`.
    Cost(Micro),
}

/// Days of the week, Monday first.
pub type WorkingDays = [bool; 7];

/// When the statements of a stage's dynamics are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DynamicsMoment {
    /// Just before each round of its cadence.
    EachRound,
    /// On each entry.
    OnEntry,
}

/// How many people a role has.
#[derive(Debug, Clone, PartialEq)]
pub enum Staff {
    /// `12 people`.
    People(Expr),
    /// `one per 60 customers`.
    OnePer(Expr),
}

/// How customers arrive.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrival {
    /// `arriving poisson over 365 days`.
    Poisson(Expr),
    /// `arriving evenly over 365 days`.
    Evenly(Expr),
    /// `arriving poisson 10 per week for 8 weeks, then 5 per week`.
    Rates {
        /// At random; else at equal distances.
        poisson: bool,
        /// Rates with how long each holds, all but the last.
        rates: Vec<(ArrivalRate, Expr)>,
        /// The rate that goes on.
        last: ArrivalRate,
    },
}

/// `10 per week`.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrivalRate {
    /// How many.
    pub number: Micro,
    /// In which time.
    pub unit: Unit,
    /// Where it stands.
    pub span: Span,
}

/// Something that happens to a customer in a scenario.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// `active_usage += …`.
    Assign(Assignment),
    /// `blocker technical with 8% lasting exponential(10 days) otherwise …`.
    Blocker {
        /// Which kind.
        kind: Option<Name>,
        /// The odds; always where nothing is said.
        odds: Option<Expr>,
        /// How long until it is resolved.
        lasting: Expr,
        /// What happens where it does not come.
        otherwise: Vec<Statement>,
        /// The whole item.
        span: Span,
    },
    /// `event review_held with 20%`.
    Event {
        /// The event.
        event: Name,
        /// The odds; always where nothing is said.
        odds: Option<Expr>,
        /// What happens where it does not come.
        otherwise: Vec<Statement>,
        /// The whole item.
        span: Span,
    },
    /// `with 20% { … } otherwise { … }`.
    With {
        /// The odds.
        odds: Expr,
        /// Where the draw says yes.
        then: Vec<Statement>,
        /// Where it says no.
        otherwise: Vec<Statement>,
        /// The whole item.
        span: Span,
    },
    /// `when COND { … } otherwise { … }`.
    When {
        /// The condition.
        condition: Expr,
        /// Where it is true.
        then: Vec<Statement>,
        /// Where it is false or unknown.
        otherwise: Vec<Statement>,
        /// The whole item.
        span: Span,
    },
}
