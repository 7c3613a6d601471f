//! Conditions and values, as written.

use super::*;

/// A condition or a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// Which.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// A unit of time as written: its length in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// 60 s.
    Minutes,
    /// 3,600 s.
    Hours,
    /// 86,400 s.
    Days,
    /// 7 days.
    Weeks,
    /// 30 days.
    Months,
    /// 365 days.
    Years,
}

impl Unit {
    /// Length in seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        match self {
            Unit::Minutes => 60,
            Unit::Hours => 3_600,
            Unit::Days => 86_400,
            Unit::Weeks => 7 * 86_400,
            Unit::Months => 30 * 86_400,
            Unit::Years => 365 * 86_400,
        }
    }
}

/// A unit of business time: only the hours of business days count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BusinessUnit {
    /// `business days`.
    Days,
    /// `business hours`.
    Hours,
}

impl BusinessUnit {
    /// The unit as written, for one or for several.
    #[must_use]
    pub fn words(self, one: bool) -> &'static str {
        match (self, one) {
            (BusinessUnit::Days, true) => "business day",
            (BusinessUnit::Days, false) => "business days",
            (BusinessUnit::Hours, true) => "business hour",
            (BusinessUnit::Hours, false) => "business hours",
        }
    }
}

/// The unit after the bracket of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallUnit {
    /// By the clock.
    Time(Unit),
    /// In business time.
    Business(BusinessUnit),
}

/// The forms of the condition language.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// `yes`, `no`.
    YesNo(bool),
    /// `10_000`, `0.5`.
    Number(Micro),
    /// `10%`, in points.
    Percent(Micro),
    /// `2020-03-02`.
    Date(Date),
    /// `2 weeks`: how many of which unit, as written.
    Duration(Micro, Unit),
    /// `5 business days`, `4 business hours`: how many.
    Business(Micro, BusinessUnit),
    /// `"…"`.
    Text(String),
    /// A fact, parameter, `let`, value of an enumeration, service, group, …
    Name(String),
    /// `service`.
    Service,
    /// `this service`.
    ThisService,
    /// `round`, `round of NAME`.
    Round(Option<Name>),
    /// `today`.
    Today,
    /// `not …`.
    Not(Box<Expr>),
    /// `a and b and c`.
    And(Vec<Expr>),
    /// `a or b or c`.
    Or(Vec<Expr>),
    /// `a >= b`; `is` and `is not` are `Equal` and `NotEqual` with `word` true.
    Compare {
        /// Which comparison.
        operator: Comparison,
        /// Written as `is`.
        word: bool,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// `x in 10..14`, `x not in 10..14`; bounds included.
    InRange {
        /// `not in`.
        negated: bool,
        /// What.
        value: Box<Expr>,
        /// From, included.
        low: Box<Expr>,
        /// To, included.
        high: Box<Expr>,
    },
    /// `x in (a, b)`, `x in modern_comms`.
    InSet {
        /// `not in`.
        negated: bool,
        /// What.
        value: Box<Expr>,
        /// A list, a group, or a fact that is a set.
        set: Box<Expr>,
    },
    /// `(a, b)` on the right of `in`.
    List(Vec<Expr>),
    /// `a + b - c`: the first sign is always plus.
    Sum(Vec<(Sign, Expr)>),
    /// `a * b / c`, `10% of seats`.
    Product(Box<Expr>, Vec<(Factor, Expr)>),
    /// `-x`.
    Negate(Box<Expr>),
    /// `a if c else b if d else e`: choices in order, then the last value.
    Choice(Vec<(Expr, Expr)>, Box<Expr>),
    /// `all services in GROUP where (…)`.
    Quantified {
        /// Which.
        quantifier: Quantifier,
        /// `in GROUP`.
        group: Option<Name>,
        /// `where (…)`; only `count` may do without.
        condition: Option<Box<Expr>>,
    },
    /// `count of FACT`: the size of a set.
    CountOf(Name),
    /// `done task 3740`.
    DoneTask(TaskRef, Span),
    /// `task 983 is in progress`.
    TaskStatus {
        /// The task.
        task: TaskRef,
        /// Where it is named.
        task_span: Span,
        /// `is not`.
        negated: bool,
        /// The status.
        status: TaskStatus,
    },
    /// `at check_in`, `at (a, b)`.
    At(Vec<Name>),
    /// `happened review_held`, `happened blocker (technical)`.
    Happened(EventPattern),
    /// `COND for 2 months`.
    Sustained(Box<Expr>, Box<Expr>),
    /// `change of active_usage over 3 months`.
    Change(Name, Box<Expr>),
    /// `in this stage for 90 days`.
    InStage(Box<Expr>),
    /// `business days since assigned`, `days since task 3740`.
    Since(SinceUnit, SinceSubject),
    /// `unknown csm_assigned`.
    Unknown(Name),
    /// `success_review ended at (a, b)`.
    EndedAt(Name, Vec<Name>),
    /// `max(a, b)`, `lognormal(median 5 days, sigma 0.6)`, `triangular(1, 3, 7) days`, `uniform(1, 3) business days`.
    Call {
        /// The function or distribution.
        function: Name,
        /// Its arguments.
        arguments: Vec<Argument>,
        /// The unit after the bracket.
        unit: Option<CallUnit>,
    },
    /// `40% of customers`, in a scenario.
    ShareOfCustomers(Box<Expr>),
    /// `between 1 and 7 days, mostly 3`, in a scenario.
    Between {
        /// The least.
        low: Box<Expr>,
        /// The most.
        high: Box<Expr>,
        /// The most frequent.
        mostly: Option<Box<Expr>>,
    },
    /// `usually 5 days, one in ten over 11`, in a scenario.
    Usually {
        /// The median.
        median: Box<Expr>,
        /// N of `one in N`.
        one_in: u32,
        /// Exceeded by one in N.
        over: Box<Expr>,
    },
    /// `one of (gold 20%, silver 80%)`, in a scenario.
    Weighted(Vec<(Expr, Expr)>),
}

/// An argument of a call: `0.6` or `sigma 0.6`.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// Its name, where given.
    pub name: Option<Name>,
    /// Its value.
    pub value: Expr,
}

/// `+` or `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sign {
    /// `+`.
    Plus,
    /// `-`.
    Minus,
}

/// `*`, `/`, `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Factor {
    /// `*`.
    Times,
    /// `/`.
    Divide,
    /// `10% of seats`.
    Of,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`, `is`.
    Equal,
    /// `!=`, `is not`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
}

impl Comparison {
    /// As written with signs.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}

/// Over the intended services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// `all services where (…)`.
    All,
    /// `any services where (…)`.
    Any,
    /// `no services where (…)`.
    No,
    /// `count services where (…)`.
    Count,
}

/// In what `since` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SinceUnit {
    /// `business days since`, `business hours since`.
    Business(BusinessUnit),
    /// `days since`, `weeks since`, …: whole ones passed.
    Time(Unit),
}

/// Since what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinceSubject {
    /// A date fact or an event.
    Name(Name),
    /// `task 3740`: its completion.
    Task(TaskRef, Span),
}
