//! Variants and vocabularies, as written.

use super::{
    DeclarationKind, EndKind, EventPattern, Expr, Link, Literal, Name, PlaybookItem, StageItem, TaskRef, Text,
    Transition, Translation, TypeExpr, Volatility,
};
use crate::source::Span;
use crate::value::Date;

/// `vocabulary NAME "…" { … }`: declarations that several playbooks share.
#[derive(Debug, Clone, PartialEq)]
pub struct Vocabulary {
    /// Its name.
    pub name: Name,
    /// Its title.
    pub title: Option<Text>,
    /// What it declares: lists of names, services, links, facts, parameters, `let`s, a calendar.
    pub items: Vec<PlaybookItem>,
    /// The whole item.
    pub span: Span,
}

/// `uses NAME without a, b`: what a vocabulary declares, but for some of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uses {
    /// The vocabulary.
    pub name: Name,
    /// What is left out.
    pub without: Vec<Name>,
    /// The whole item.
    pub span: Span,
}

/// `NAME as OTHER` in an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What it is called there.
    pub name: Name,
    /// What it is called here.
    pub alias: Option<Name>,
}

impl Imported {
    /// What it is called here.
    #[must_use]
    pub fn here(&self) -> &Name {
        self.alias.as_ref().unwrap_or(&self.name)
    }
}

/// `variant NAME "…" of BASE at version "…" { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Its name.
    pub name: Name,
    /// Its title; that of the base where there is none.
    pub title: Option<Text>,
    /// The playbook or variant it is a variant of.
    pub base: Name,
    /// The version of the base it was written against.
    pub pin: Option<Literal>,
    /// What it says about itself: takes the place of what the base says.
    pub about: Vec<PlaybookItem>,
    /// `valid until DATE`: the last day on which customers begin with it.
    pub valid_until: Option<(Date, Span)>,
    /// What it waives.
    pub waivers: Vec<Waiver>,
    /// What differs.
    pub operations: Vec<Operation>,
    /// The whole item.
    pub span: Span,
    /// `variant NAME …` up to the brace.
    pub head: Span,
}

/// `waive task 3740 "reason"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Which obligation of the base.
    pub obligation: Obligation,
    /// Why.
    pub reason: Literal,
    /// The whole item.
    pub span: Span,
}

/// What a base promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obligation {
    /// A mandatory task.
    Task(TaskRef),
    /// A key input, by its words.
    Input(Literal),
    /// A key output, by its words.
    Output(Literal),
    /// A property.
    Property(Name),
}

/// One thing that differs from the base.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Which.
    pub kind: OperationKind,
    /// What the base said when the variant was written.
    pub was: Option<Was>,
    /// The whole operation.
    pub span: Span,
}

/// The operations.
#[derive(Debug, Clone, PartialEq)]
pub enum OperationKind {
    /// `add after stage check_in: stage …`.
    Add(Option<Position>, Box<Added>),
    /// `replace PART with …`.
    Replace(Part, Box<Added>),
    /// `remove PART`.
    Remove(Part),
    /// `move PART before PART`.
    Move(Part, Position),
    /// `change …`.
    Change(Box<Amendment>),
    /// `change stage NAME … { … }` and the like: what differs within.
    Within(Box<Within>),
}

/// What is added, or put in the place of something.
#[derive(Debug, Clone, PartialEq)]
pub enum Added {
    /// An item of a playbook or of one of its scopes.
    Playbook(PlaybookItem),
    /// An item of a stage, a cadence or a `together`.
    Stage(StageItem),
    /// A way out of a block.
    Exit(Transition),
}

/// Where among its neighbours.
#[derive(Debug, Clone, PartialEq)]
pub enum Position {
    /// `first`.
    First,
    /// `last`.
    Last,
    /// `before PART`.
    Before(Part),
    /// `after PART`.
    After(Part),
    /// `to stage NAME, before PART`.
    ToStage(Name, Option<Box<Position>>),
}

/// Something of the base.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Which.
    pub kind: PartKind,
    /// Where it is named.
    pub span: Span,
}

/// What of the base is meant.
#[derive(Debug, Clone, PartialEq)]
pub enum PartKind {
    /// `task 3740`.
    Task(TaskRef),
    /// `stage NAME`.
    Stage(Name),
    /// `end NAME`.
    End(Name),
    /// `branch NAME`.
    Branch(Name),
    /// `each service`, `together`, with a name where there are several.
    Block {
        /// `each service`, not `together`.
        each: bool,
        /// `as NAME`.
        name: Option<Name>,
    },
    /// `step "…"`, by its words, or their beginning and `…`.
    Step(Literal),
    /// `about "…"`.
    About(Literal),
    /// `input "…"`.
    Input(Literal),
    /// `output "…"`.
    Output(Literal),
    /// `needs "…"`, or `needs` where there is one.
    Needs(Option<Literal>),
    /// `every as NAME`, or `every` where there is one.
    Every(Option<Name>),
    /// `set FACT`.
    Set(Name),
    /// `role NAME`, `param NAME` and the like.
    Declared(Declared, Name),
    /// `link "https://…"` of a stage.
    LinkTo(Literal),
    /// `start`.
    Start,
    /// `first match`.
    FirstMatch,
    /// `after -> stalled`.
    Way(Way, Name),
}

/// What is declared once and has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Declared {
    /// A list of declarations.
    Named(DeclarationKind),
    /// A service.
    Service,
    /// A group of services.
    Group,
    /// A fact.
    Fact,
    /// A parameter.
    Parameter,
    /// A `let`.
    Let,
    /// A link.
    Link,
    /// A process that follows.
    Next,
}

impl Declared {
    /// As an author writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Declared::Named(DeclarationKind::Roles) => "role",
            Declared::Named(DeclarationKind::Motions) => "motion",
            Declared::Named(DeclarationKind::Events) => "event",
            Declared::Named(DeclarationKind::Blockers) => "blocker",
            Declared::Service => "service",
            Declared::Group => "group",
            Declared::Fact => "fact",
            Declared::Parameter => "param",
            Declared::Let => "let",
            Declared::Link => "link",
            Declared::Next => "next",
        }
    }
}

/// What makes a transition fire, without its conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// `->`.
    Completion,
    /// `whenever`.
    Whenever,
    /// `on EVENT`.
    On(EventPattern),
    /// `after`.
    After,
    /// `after last round`.
    AfterLastRound,
}

/// Some languages of a text: what is not said stays, but translations do not outlive the text they translate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedText {
    /// The text itself.
    pub main: Option<Literal>,
    /// Translations.
    pub translations: Vec<Translation>,
}

/// What a changed item no longer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// `due within`.
    Due,
    /// `when`.
    When,
    /// `by`.
    By,
    /// `for`.
    For,
    /// `again`.
    Again,
    /// `link`.
    Link,
    /// `motion`.
    Motion,
    /// `at most`.
    AtMost,
    /// `continues`.
    Continues,
    /// Its text.
    Text,
    /// A translation.
    Translation(Name),
}

/// `change PART …`: what it now says.
#[derive(Debug, Clone, PartialEq)]
pub struct Amendment {
    /// What of the base is meant.
    pub part: Part,
    /// What is said again.
    pub to: Changed,
    /// What is said no more.
    pub without: Vec<Lost>,
}

/// What an item now says; what is empty stays as it is in the base.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changed {
    /// Title or text.
    pub text: Option<ChangedText>,
    /// `mandatory`, `optional`.
    pub mandatory: Option<bool>,
    /// `again`.
    pub again: bool,
    /// `for …`, and the members of a group.
    pub services: Vec<Name>,
    /// `by …`.
    pub roles: Vec<Name>,
    /// `motion …`.
    pub motions: Vec<Name>,
    /// `when …`, the condition of an input or output, the value of a `let`, parameter or default, the period of a cadence.
    pub value: Option<Expr>,
    /// `due within …`.
    pub due: Option<Expr>,
    /// `at most …`.
    pub limit: Option<Expr>,
    /// `link …`; the address of a declared link.
    pub links: Vec<Link>,
    /// `success`, `neutral`, `failure`.
    pub end: Option<EndKind>,
    /// `continues NAME`.
    pub continues: Option<Name>,
    /// A type.
    pub kind: Option<TypeExpr>,
    /// `in LOW..HIGH`.
    pub range: Option<(Expr, Expr)>,
    /// How a fact may change.
    pub volatility: Option<(Volatility, Span)>,
    /// A whole transition: the one of its kind and target is meant.
    pub transition: Option<Transition>,
}

/// `change stage NAME … { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Within {
    /// In what.
    pub container: Container,
    /// What the container itself now says, where something.
    pub change: Option<Amendment>,
    /// What differs in it.
    pub operations: Vec<Operation>,
}

/// What operations can be nested in.
#[derive(Debug, Clone, PartialEq)]
pub enum Container {
    /// A stage.
    Stage(Name),
    /// `each service` or `together`.
    Block(Part),
    /// A branch.
    Branch(Name),
    /// `exits of each service`: the transitions written after the block.
    Exits(Part),
    /// A cadence of a stage.
    Every(Part),
}

/// `was …`: what the base said when the variant was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Was {
    /// Each must still be so.
    pub parts: Vec<WasPart>,
    /// The whole clause.
    pub span: Span,
}

/// One thing the base said.
#[derive(Debug, Clone, PartialEq)]
pub enum WasPart {
    /// `mandatory`, `optional`.
    Flag(bool),
    /// `again`.
    Again,
    /// `for …`.
    Services(Vec<Name>),
    /// `by …`.
    Roles(Vec<Name>),
    /// `motion …`.
    Motions(Vec<Name>),
    /// `when …`.
    When(Expr),
    /// `due within …`.
    Due(Expr),
    /// `at most …`.
    AtMost(Expr),
    /// `link …`.
    Link(Link),
    /// `success`, `neutral`, `failure`.
    End(EndKind),
    /// A text, with the translations that are named.
    Text(Text),
    /// A value or condition.
    Value(Expr),
    /// A whole transition.
    Way(Transition),
}

/// That a playbook was made by applying a variant to its base.
#[derive(Debug, Clone, PartialEq)]
pub struct Derived {
    /// The base as the variant names it.
    pub base: Name,
    /// Whose operations, `variant NAME …` up to the brace.
    pub head: Span,
    /// The last day on which customers begin with it.
    pub valid_until: Option<(Date, Span)>,
    /// What is waived: its own, then those of its base.
    pub waivers: Vec<Waiver>,
    /// Places of the base, and the operation each was touched by.
    pub touched: Vec<Touch>,
    /// The same of the variants it was made from, the first of them first.
    pub earlier: Vec<Touch>,
    /// Where the name of the base stands that it was made from.
    pub origin: Span,
    /// The whole variant.
    pub whole: Span,
}

/// A place of the base that an operation of a variant has touched.
#[derive(Debug, Clone, PartialEq)]
pub struct Touch {
    /// The place in the base.
    pub span: Span,
    /// What stands there is called.
    pub name: Option<String>,
    /// The operation.
    pub operation: Span,
    /// Whether the operation is about this itself, and not about what stands in it or leads there.
    pub own: bool,
}

impl Derived {
    /// The operation that most likely is the cause of something at a place of the base, said in these words: one whose
    /// name is spoken of, else the one that touched the narrowest part around the place, else the variant's head.
    #[must_use]
    pub fn cause(&self, place: Span, message: &str) -> Span {
        let named = |touch: &&Touch| touch.name.as_ref().is_some_and(|name| message.contains(&format!("`{name}`")));
        let around = |touch: &&Touch| {
            touch.span.file == place.file && touch.span.start <= place.start && place.end <= touch.span.end
        };
        let narrowest = self.touched.iter().filter(around).min_by_key(|touch| touch.span.end - touch.span.start);
        self.touched.iter().find(named).or(narrowest).map_or(self.head, |touch| touch.operation)
    }
}
