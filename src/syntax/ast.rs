//! The tree: what an author wrote, item by item, with its place, and nothing resolved yet.
//!
//! Chains (`a and b and c`, `1 + 2 + 3`) are lists here, so that the depth of the tree is the depth of the
//! parentheses, which the parser bounds.

mod expression;
mod property;
mod scenario;
mod test;
mod variant;

pub use expression::*;
pub use property::*;
pub use scenario::*;
pub use test::*;
pub use variant::*;

use crate::source::Span;
pub use crate::value::{Date, Duration, Micro, TaskStatus};

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
    /// `vocabulary … { … }`.
    Vocabulary(Vocabulary),
    /// `variant … of … { … }`.
    Variant(Variant),
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
            Item::Vocabulary(item) => item.span,
            Item::Variant(item) => item.span,
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
    /// What is imported of it, where not everything is.
    pub names: Vec<Imported>,
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
    /// Where it was made by applying a variant: of what, and how.
    pub derived: Option<Box<Derived>>,
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
    Parameter(Box<Parameter>),
    /// `let NAME = …`.
    Let(Let),
    /// `calendar { zone "…"  holidays … }`.
    Calendar(Calendar),
    /// `history { … }`.
    History(Span, Vec<Change>),
    /// `uses NAME`.
    Uses(Uses),
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

/// `calendar { zone "Europe/Berlin"  hours 9:00 to 17:00  holidays 2020-12-25, 2021-01-01 }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// The time zone's name.
    pub zone: Option<Literal>,
    /// When a business day begins and ends, in seconds since midnight.
    pub hours: Option<((i64, Span), (i64, Span))>,
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
    Cadence(Box<Cadence>),
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
    /// `task …`. Much larger than other work, and often alone among transitions.
    Task(Box<Task>),
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
    /// `at most N times`; few have it.
    pub limit: Option<Box<Expr>>,
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
    On(Box<EventPattern>, Option<Expr>),
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
    /// `at most N times`, after that.
    pub continues_limit: Option<Expr>,
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

impl PlaybookItem {
    /// Where the item stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            PlaybookItem::Property(span, _)
            | PlaybookItem::Audience(span, _)
            | PlaybookItem::Overview(span, _)
            | PlaybookItem::Objectives(span, _)
            | PlaybookItem::Metadata(span, _)
            | PlaybookItem::Declarations(span, ..)
            | PlaybookItem::Services(span, _)
            | PlaybookItem::Links(span, _)
            | PlaybookItem::Facts(span, ..)
            | PlaybookItem::History(span, _) => *span,
            PlaybookItem::Next(item) => item.span,
            PlaybookItem::Parameter(item) => item.span,
            PlaybookItem::Let(item) => item.span,
            PlaybookItem::Calendar(item) => item.span,
            PlaybookItem::Uses(item) => item.span,
            PlaybookItem::Flow(item) => item.span(),
        }
    }
}

impl ScopeItem {
    /// Where the item stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            ScopeItem::Input(clause) | ScopeItem::Output(clause) => clause.span,
            ScopeItem::Start(span, _) => *span,
            ScopeItem::Stage(stage) => stage.span,
            ScopeItem::End(end) => end.span,
            ScopeItem::Transition(way) => way.span,
            ScopeItem::Block(block) => block.span,
        }
    }
}

impl StageItem {
    /// Where the item stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            StageItem::About(span, _)
            | StageItem::Motion(span, _)
            | StageItem::Link(span, _)
            | StageItem::FirstMatch(span) => *span,
            StageItem::Input(clause) | StageItem::Output(clause) => clause.span,
            StageItem::Needs(needs) => needs.span,
            StageItem::Work(work) => work.span(),
            StageItem::Cadence(cadence) => cadence.span,
            StageItem::Transition(way) => way.span,
        }
    }
}

impl WorkItem {
    /// Where the item stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            WorkItem::Task(task) => task.span,
            WorkItem::Step(step) => step.span,
            WorkItem::Set(set) => set.span,
            WorkItem::Together(span, _) => *span,
        }
    }
}
