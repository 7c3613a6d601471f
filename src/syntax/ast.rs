//! The tree: what an author wrote, item by item, with its place, and nothing resolved yet.
//!
//! Chains (`a and b and c`, `1 + 2 + 3`) are lists here, so that the depth of the tree is the depth of the
//! parentheses, which the parser bounds.

use crate::source::Span;
pub use crate::value::{Date, Duration, Micro};

/// A name as written, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A quoted text, unescaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// The text without quotes and escapes.
    pub text: String,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// `@zh-CN "…"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// The language tag without `@`.
    pub tag: Name,
    /// The text in that language.
    pub text: Literal,
}

/// A text a person reads, with its translations: `"…" @zh-CN "…"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// In the language of the playbook.
    pub main: Literal,
    /// In other languages.
    pub translations: Vec<Translation>,
}

/// A whole file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct File {
    /// Its items in order.
    pub items: Vec<Item>,
    /// All comments in order.
    pub comments: Vec<Comment>,
    /// The whole text.
    pub span: Span,
}

/// `// …`, one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// From `//` to the end of the line, without trailing white space.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// Whether only white space stands before it on its line.
    pub own_line: bool,
}

/// What may stand at the top of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// `import "…"`.
    Import(Import),
    /// `playbook … { … }`.
    Playbook(Playbook),
    /// `test "…" { … }`.
    Test(Test),
    /// `property …: …`.
    Property(Property),
    /// `scenario … { … }`.
    Scenario(Scenario),
}

impl Item {
    /// Where the item stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Item::Import(item) => item.span,
            Item::Playbook(item) => item.span,
            Item::Test(item) => item.span,
            Item::Property(item) => item.span,
            Item::Scenario(item) => item.span,
        }
    }
}

/// `import "support-success-execution.play"`: the playbook of another file, for the tests, properties and scenarios here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The path, relative to this file.
    pub path: Literal,
    /// The whole item.
    pub span: Span,
}

/// `playbook NAME "…" { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Playbook {
    /// Its name.
    pub name: Name,
    /// Its title.
    pub title: Option<Text>,
    /// What stands in it.
    pub items: Vec<PlaybookItem>,
    /// The whole item.
    pub span: Span,
}

/// What may stand in a playbook. Items that may also stand in `each service { … }` or a branch are [`ScopeItem`]s.
#[derive(Debug, Clone, PartialEq)]
pub enum PlaybookItem {
    /// `phase success`, `audience partner`, `version "…"`, `owner "…"`, `source "…"`, `language "en"`.
    Property(Span, Header),
    /// `next conduct_success_review "…" link "…"`: a process that follows.
    Next(Next),
    /// `for customers where (…)`.
    Audience(Span, Expr),
    /// `overview "…"`.
    Overview(Span, Text),
    /// `objectives { "…" "…" }`.
    Objectives(Span, Vec<Text>),
    /// `metadata { author "…"  "ms.author" "…" }`: the front matter of the page.
    Metadata(Span, Vec<MetadataEntry>),
    /// `roles { … }`, `motions { … }`, `events { … }`, `blockers { … }`.
    Declarations(Span, DeclarationKind, Vec<Declaration>),
    /// `services { … }`.
    Services(Span, Vec<ServiceEntry>),
    /// `links { deck "https://…" "…" }`.
    Links(Span, Vec<LinkEntry>),
    /// `facts of the customer { … }` and `facts of each service { … }`.
    Facts(Span, FactScope, Vec<Fact>),
    /// `param NAME : TYPE = …`.
    Parameter(Parameter),
    /// `let NAME = …`.
    Let(Let),
    /// `calendar { zone "…"  holidays … }`.
    Calendar(Calendar),
    /// `history { … }`.
    History(Span, Vec<Change>),
    /// Part of the flow.
    Flow(ScopeItem),
}

/// A one-line property of a playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header {
    /// `phase success`.
    Phase(Name),
    /// `audience partner, internal`.
    Audience(Vec<Name>),
    /// `version "2020-04-30"`.
    Version(Literal),
    /// `owner "…"`.
    Owner(Literal),
    /// `source "…"`: the page the playbook was written from.
    Source(Literal),
    /// `language "en"`: the language of texts without a tag.
    Language(Literal),
}

/// `next NAME "…"`.
#[derive(Debug, Clone, PartialEq)]
pub struct Next {
    /// The playbook that follows.
    pub name: Name,
    /// What the page says about it.
    pub text: Option<Text>,
    /// Where its page is.
    pub link: Option<Link>,
    /// The whole item.
    pub span: Span,
}

/// One line of `metadata { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataEntry {
    /// The key: a name, or a quoted text where it has dots.
    pub key: Literal,
    /// The value.
    pub value: Literal,
}

/// Which list of declarations it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeclarationKind {
    /// `roles`.
    Roles,
    /// `motions`.
    Motions,
    /// `events`.
    Events,
    /// `blockers`: further kinds of blocker.
    Blockers,
}

/// `NAME "…"` in a list of declarations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The name.
    pub name: Name,
    /// Its text.
    pub text: Option<Text>,
}

/// One line of `services { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceEntry {
    /// `teams "Teams"`.
    Service(Declaration),
    /// `modern_comms = outlook_mobile, teams, yammer`.
    Group(Name, Vec<Name>),
}

/// One line of `links { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkEntry {
    /// The name by which tasks and steps refer to it.
    pub name: Name,
    /// The address.
    pub address: Literal,
    /// The words on it.
    pub text: Option<Text>,
}

/// `link "https://…" "…"` or `link deck`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// An address, with the words on it.
    Address(Literal, Option<Text>),
    /// A name out of `links { … }`.
    Named(Name),
}

/// Whose facts they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactScope {
    /// `facts of the customer`.
    Customer,
    /// `facts of each service`.
    Service,
}

/// `NAME : TYPE …` in a list of facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: TypeExpr,
    /// `fixed`, `rising`, `falling`, `kept by playbook`; live where nothing is said.
    pub volatility: Option<(Volatility, Span)>,
    /// `in 0..100`.
    pub range: Option<(Expr, Expr)>,
    /// `= …`.
    pub default: Option<Expr>,
    /// What it means.
    pub text: Option<Text>,
    /// The whole item.
    pub span: Span,
}

/// How a fact may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Volatility {
    /// May change at any time.
    Live,
    /// Never changes once known.
    Fixed,
    /// Only rises: no to yes, or a number upwards.
    Rising,
    /// Only falls.
    Falling,
    /// Only the playbook's own `set` changes it.
    Kept,
}

/// A type as written.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeExpr {
    /// Which.
    pub kind: TypeKind,
    /// Where.
    pub span: Span,
}

/// The types of the language.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    /// `yes/no`.
    YesNo,
    /// `int`.
    Int,
    /// `number to 3 decimals`.
    Number(Option<u32>),
    /// `percent`.
    Percent,
    /// `money to 2 decimals`.
    Money(Option<u32>),
    /// `date`.
    Date,
    /// `duration`.
    Duration,
    /// `text`.
    Text,
    /// `one of (trial "Trial", pro)`.
    OneOf(Vec<Declaration>),
    /// `set of (a, b)`.
    SetOf(Vec<Declaration>),
}

/// `param NAME : TYPE = … "…"`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: TypeExpr,
    /// `in 0..100`.
    pub range: Option<(Expr, Expr)>,
    /// Its value.
    pub value: Expr,
    /// What it means.
    pub text: Option<Text>,
    /// The whole item.
    pub span: Span,
}

/// `let NAME = …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Let {
    /// Its name.
    pub name: Name,
    /// What it stands for.
    pub value: Expr,
    /// What it means.
    pub text: Option<Text>,
    /// The whole item.
    pub span: Span,
}

/// `calendar { zone "Europe/Berlin"  holidays 2020-12-25, 2021-01-01 }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// The time zone's name.
    pub zone: Option<Literal>,
    /// Days that are no business days.
    pub holidays: Vec<(Date, Span)>,
    /// The whole item.
    pub span: Span,
}

/// `2020-04-30 only @zh-CN "Celia Kennedy" "…"`: a row of the change history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub date: Date,
    /// The one language whose page has this row.
    pub only: Option<Name>,
    /// Who.
    pub who: Literal,
    /// What.
    pub what: Text,
    /// The whole row.
    pub span: Span,
}

/// What may stand in a scope: the playbook itself, `each service { … }`, or a branch.
#[derive(Debug, Clone, PartialEq)]
pub enum ScopeItem {
    /// `input "…": …`.
    Input(Clause),
    /// `output "…": …`.
    Output(Clause),
    /// `start -> … when … -> …`.
    Start(Span, Vec<Transition>),
    /// `stage NAME … { … }`.
    Stage(Stage),
    /// `end NAME success`.
    End(End),
    /// `whenever`, `on` or `after`, holding in every stage of the scope but its target.
    Transition(Transition),
    /// `each service { … }` or `together { … }`.
    Block(Block),
}

/// `input "…": COND`: a key input or output.
#[derive(Debug, Clone, PartialEq)]
pub struct Clause {
    /// The words of the page.
    pub text: Text,
    /// The condition, where there is one.
    pub condition: Option<Expr>,
    /// The whole item.
    pub span: Span,
}

/// A stage: a step of the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Its name.
    pub name: Name,
    /// Its title.
    pub title: Option<Text>,
    /// `by ROLE, …`.
    pub roles: Vec<Name>,
    /// `for SERVICE, …`: services or groups.
    pub services: Vec<Name>,
    /// What stands in it.
    pub items: Vec<StageItem>,
    /// The whole stage.
    pub span: Span,
    /// `stage NAME … ` up to the brace.
    pub head: Span,
}

/// What may stand in a stage.
#[derive(Debug, Clone, PartialEq)]
pub enum StageItem {
    /// `about "…"`: prose of the page.
    About(Span, Text),
    /// `motion NAME, …`.
    Motion(Span, Vec<Name>),
    /// `link …`.
    Link(Span, Link),
    /// `input "…"`: what the step takes in.
    Input(Clause),
    /// `output "…"`: what the step gives.
    Output(Clause),
    /// `needs COND` or `needs "…": COND`.
    Needs(Needs),
    /// Work.
    Work(WorkItem),
    /// `every DURATION, at most N times { … }`.
    Cadence(Cadence),
    /// `first match`: order decides between transitions.
    FirstMatch(Span),
    /// A transition.
    Transition(Transition),
}

/// `needs …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Needs {
    /// In words.
    pub text: Option<Text>,
    /// What must hold before work starts.
    pub condition: Expr,
    /// The whole item.
    pub span: Span,
}

/// One item of work, in a stage, a cadence or a `together`.
#[derive(Debug, Clone, PartialEq)]
pub enum WorkItem {
    /// `task …`.
    Task(Task),
    /// `step "…"`.
    Step(Step),
    /// `set …`.
    Set(Assignment),
    /// `together { task … task … }`: work done in parallel.
    Together(Span, Vec<WorkItem>),
}

/// What a task is called: a number of the source playbook, or a name of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TaskRef {
    /// `3731`.
    Number(u64),
    /// `schedule_check_ins`.
    Name(String),
}

/// `task 3731 optional "…" for teams`.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// What it is called.
    pub id: TaskRef,
    /// Where that stands.
    pub id_span: Span,
    /// `mandatory` is true, `optional` false; none where the author left it out.
    pub mandatory: Option<bool>,
    /// What it is.
    pub title: Option<Text>,
    /// `for SERVICE, …`.
    pub services: Vec<Name>,
    /// `by ROLE, …`.
    pub roles: Vec<Name>,
    /// `when COND`.
    pub when: Option<Expr>,
    /// `due within DURATION`.
    pub due: Option<Expr>,
    /// `again`: offered on each visit, also when complete.
    pub again: bool,
    /// `link …`.
    pub links: Vec<Link>,
    /// The whole item.
    pub span: Span,
}

/// `step "…" link "…"`: something to do that nobody ticks off.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What to do.
    pub text: Text,
    /// `by ROLE, …`.
    pub roles: Vec<Name>,
    /// `link …`.
    pub links: Vec<Link>,
    /// The whole item.
    pub span: Span,
}

/// `set NAME = …` or `set NAME += …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The fact.
    pub fact: Name,
    /// How.
    pub operator: AssignOperator,
    /// To what.
    pub value: Expr,
    /// The whole item.
    pub span: Span,
}

/// `=`, `+=`, `-=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignOperator {
    /// `=`.
    Assign,
    /// `+=`.
    Add,
    /// `-=`.
    Subtract,
}

/// `every 2 weeks as NAME, at most 26 times { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Cadence {
    /// How often.
    pub period: Expr,
    /// Its name, where a stage has several.
    pub name: Option<Name>,
    /// `at most N times`.
    pub limit: Option<Expr>,
    /// What is done each round.
    pub items: Vec<WorkItem>,
    /// The whole item.
    pub span: Span,
    /// `every …` up to the brace.
    pub head: Span,
}

/// A way out of a stage, a start, a scope or a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// What makes it fire.
    pub trigger: Trigger,
    /// Where it leads.
    pub target: Name,
    /// `resume STAGE`.
    pub resume: bool,
    /// `at most N times`.
    pub limit: Option<Expr>,
    /// The whole item.
    pub span: Span,
}

/// What makes a transition fire.
#[derive(Debug, Clone, PartialEq)]
pub enum Trigger {
    /// `-> X when COND`, or `-> X` alone: when the work is done.
    Completion(Option<Expr>),
    /// `-> X otherwise`.
    Otherwise,
    /// `whenever COND -> X`.
    Whenever(Expr),
    /// `on EVENT when COND -> X`.
    On(EventPattern, Option<Expr>),
    /// `after DURATION -> X`.
    After(Expr),
    /// `after last round of NAME -> X`.
    AfterLastRound(Option<Name>),
}

/// Which event: `blocker (technical, business)`, `resolved`, or a declared one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPattern {
    /// `blocker`, `resolved`, `escalated`, `waived`, or a declared event.
    pub name: Name,
    /// Kinds of blocker; empty means any.
    pub kinds: Vec<Name>,
}

/// `end NAME "…" success continues OTHER`.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// Its name.
    pub name: Name,
    /// In words.
    pub title: Option<Text>,
    /// What it means; none where the author left it out.
    pub kind: Option<EndKind>,
    /// The playbook the customer goes on to.
    pub continues: Option<Name>,
    /// The whole item.
    pub span: Span,
}

/// What an end means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EndKind {
    /// `success`.
    Success,
    /// `neutral`.
    Neutral,
    /// `failure`.
    Failure,
}

/// `each service { … }` or `together { branch … }`, with the exits written after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// `as NAME`.
    pub name: Option<Name>,
    /// Its title.
    pub title: Option<Text>,
    /// What runs in parallel.
    pub kind: BlockKind,
    /// `whenever`, `on`, `after` written after the block, and what stands after `then`.
    pub exits: Vec<Transition>,
    /// The whole item, exits included.
    pub span: Span,
    /// `each service …` up to the brace.
    pub head: Span,
}

/// What runs in parallel.
#[derive(Debug, Clone, PartialEq)]
pub enum BlockKind {
    /// One track per intended service.
    EachService(Vec<ScopeItem>),
    /// Fixed branches.
    Together(Vec<Branch>),
}

/// `branch NAME { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// Its name.
    pub name: Name,
    /// Its title.
    pub title: Option<Text>,
    /// What stands in it.
    pub items: Vec<ScopeItem>,
    /// The whole item.
    pub span: Span,
}

// ---------------------------------------------------------------------------------------------------------------------
// Conditions and values

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
    /// `max(a, b)`, `lognormal(median 5 days, sigma 0.6)`, `triangular(1, 3, 7) days`.
    Call {
        /// The function or distribution.
        function: Name,
        /// Its arguments.
        arguments: Vec<Argument>,
        /// The unit after the bracket.
        unit: Option<Unit>,
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
    /// `business days since`.
    BusinessDays,
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

pub use crate::value::TaskStatus;

// ---------------------------------------------------------------------------------------------------------------------
// Tests

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

// ---------------------------------------------------------------------------------------------------------------------
// Properties

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

// ---------------------------------------------------------------------------------------------------------------------
// Scenarios

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
    /// `horizon 3 years`.
    Horizon(Span, Expr),
    /// `role fasttrack_manager one per 60 customers, 8 hours on weekdays`: staffing.
    Staffing {
        /// The role.
        role: Name,
        /// `N` people, or one per N customers.
        people: Staff,
        /// Hours a day, where limited.
        hours: Option<Expr>,
        /// The whole item.
        span: Span,
    },
}

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
