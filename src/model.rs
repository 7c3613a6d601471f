//! The resolved playbook: names are indices, types are checked, conditions are typed. Nothing unresolved can be said.
//!
//! [`resolve`] makes it from the tree. It never stops at the first mistake: it gives what it could make of the file,
//! and all findings.

mod calendar;
pub mod distribution;
pub mod expr;
mod length;
pub mod property;
pub mod resolve;
pub mod scenario;
pub mod test;
pub mod variant;

pub use crate::syntax::ast::{BusinessUnit, DynamicsMoment, EndKind, FactScope, SinceUnit, TaskRef, Volatility};
pub use calendar::{BusinessTime, Calendar, Hours};
pub use expr::{Atom, Expr, Node, Since};
pub use length::Length;

use crate::source::Span;
use crate::value::{Date, Duration, Micro, Value};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
            #[serde(transparent)]
            pub struct $name(pub u32);

            impl $name {
                /// As an index.
                #[must_use]
                pub fn index(self) -> usize {
                    self.0 as usize
                }
            }
        )*
    };
}

ids! {
    /// A role, in declared order.
    RoleId;
    /// A service, in declared order.
    ServiceId;
    /// A group of services.
    GroupId;
    /// A fact, in declared order, customer's and services' together.
    FactId;
    /// A parameter.
    ParameterId;
    /// A `let`.
    LetId;
    /// A declared event.
    EventId;
    /// A scope: 0 is the customer's.
    ScopeId;
    /// A stage.
    StageId;
    /// An `each service` or `together` block.
    BlockId;
    /// An end.
    EndId;
    /// A task by its number or name; the same number in two stages is one task.
    TaskId;
    /// A task where it stands in a stage.
    OfferId;
    /// A transition.
    TransitionId;
    /// A cadence.
    CadenceId;
    /// A condition that has to have held for a time (`… for 2 months`): an index into [`Playbook::sustained`].
    SustainedId;
}

/// The customer's own scope.
pub const CUSTOMER: ScopeId = ScopeId(0);

/// A set of services: bit `i` is the service of index `i`. A playbook has at most 128.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ServiceSet(pub u128);

impl ServiceSet {
    /// Whether the service is in it.
    #[must_use]
    pub fn contains(self, service: ServiceId) -> bool {
        self.0 >> service.0 & 1 == 1
    }

    /// With one more.
    #[must_use]
    pub fn with(self, service: ServiceId) -> ServiceSet {
        ServiceSet(self.0 | 1 << service.0)
    }

    /// Without one.
    #[must_use]
    pub fn without(self, service: ServiceId) -> ServiceSet {
        ServiceSet(self.0 & !(1 << service.0))
    }

    /// Its services in declared order.
    pub fn iter(self) -> impl Iterator<Item = ServiceId> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            (left != 0).then(|| {
                let service = left.trailing_zeros();
                left &= left - 1;
                ServiceId(service)
            })
        })
    }
}

/// A text with its translations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// In the language of the playbook.
    pub main: String,
    /// Tag and text of other languages.
    pub translations: Vec<(String, String)>,
}

impl Text {
    /// In this language: the tag itself, else a translation whose tag begins with the same language
    /// (`zh` finds `zh-CN`), else the main text.
    #[must_use]
    pub fn in_language(&self, tag: Option<&str>) -> &str {
        let Some(tag) = tag else { return &self.main };
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        self.translations
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(tag))
            .or_else(|| self.translations.iter().find(|(known, _)| primary(known) == primary(tag)))
            .map_or(&self.main, |(_, text)| text)
    }
}

/// A name with its place and, where one was given, its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// The text; the name itself where none was given.
    pub text: Text,
}

/// A playbook with all that speaks of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The playbook.
    pub playbook: Playbook,
    /// Whether no mistake was found in the playbook. Where one was, something may not be used, or not be for a service,
    /// because of it: a check should not conclude anything from that.
    pub sound: bool,
    /// Whether all of the flow is there: every place and transition, though a guard may stand for one that is wrong.
    /// Where not, a check should not conclude anything from ways that are missing.
    pub whole: bool,
    /// Its tests.
    pub tests: Vec<test::Test>,
    /// Its properties.
    pub properties: Vec<property::Property>,
    /// Its scenarios.
    pub scenarios: Vec<scenario::Scenario>,
    /// Scenarios of its base that cannot be read for it, each with the first reason.
    pub unfit: Vec<(String, crate::diagnostic::Diagnostic)>,
}

/// A resolved playbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Playbook {
    /// Its name and title.
    pub name: Named,
    /// What is said about it.
    pub about: About,
    /// Roles.
    pub roles: Vec<Named>,
    /// Services, in declared order.
    pub services: Vec<Named>,
    /// Groups of services.
    pub groups: Vec<Group>,
    /// Declared events.
    pub events: Vec<Named>,
    /// Kinds of blocker declared beside the built-in ones.
    pub blocker_kinds: Vec<Named>,
    /// Facts.
    pub facts: Vec<Fact>,
    /// Parameters with their values.
    pub parameters: Vec<Parameter>,
    /// Named conditions and values.
    pub lets: Vec<Let>,
    /// Zone, holidays and the hours of business days.
    pub calendar: Calendar,
    /// Scopes: the customer's first.
    pub scopes: Vec<Scope>,
    /// Stages.
    pub stages: Vec<Stage>,
    /// Blocks.
    pub blocks: Vec<Block>,
    /// Ends.
    pub ends: Vec<End>,
    /// Tasks.
    pub tasks: Vec<Task>,
    /// Where tasks are offered.
    pub offers: Vec<Offer>,
    /// Cadences.
    pub cadences: Vec<Cadence>,
    /// Transitions.
    pub transitions: Vec<Transition>,
    /// Conditions that have to have held for a time.
    pub sustained: Vec<Sustained>,
    /// Facts whose history is looked at (`change of …`), with the longest window.
    pub histories: Vec<(FactId, Duration)>,
}

/// What a playbook says besides its flow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct About {
    /// The phase of the lifecycle.
    pub phase: Option<String>,
    /// For whom it is written.
    pub audience: Vec<String>,
    /// Its version.
    pub version: Option<String>,
    /// Who owns it.
    pub owner: Option<String>,
    /// The page it comes from.
    pub source: Option<String>,
    /// The language of texts without a tag; `en` where nothing is said.
    pub language: String,
    /// Front matter, in order.
    pub metadata: Vec<(String, String)>,
    /// Overview.
    pub overview: Option<Text>,
    /// Objectives.
    pub objectives: Vec<Text>,
    /// Motions.
    pub motions: Vec<Named>,
    /// Links by name: name, address.
    pub links: Vec<(Named, String)>,
    /// Processes that follow.
    pub next: Vec<Next>,
    /// Change history.
    pub history: Vec<Change>,
    /// `for customers where …`, over customer facts.
    pub customers: Option<Expr>,
    /// The whole item it is written as, the variant where it is one.
    pub written: Span,
    /// Where it is a variant: of what.
    pub variant: Option<Variant>,
}

/// That a playbook is a variant of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The name of the base.
    pub base: String,
    /// Where that is declared.
    pub origin: Span,
    /// `variant NAME …` up to the brace.
    pub head: Span,
    /// The last day on which customers begin with it, and where that is written.
    pub valid_until: Option<(Date, Span)>,
    /// What of the base it does without: in words, and why. Its own, then those of its base.
    pub waived: Vec<Waived>,
}

/// Something a variant does without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waived {
    /// "task 3740", "property settled".
    pub what: String,
    /// Why.
    pub reason: String,
    /// Where.
    pub span: Span,
}

/// A process that follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The playbook's name, and what the page says about it.
    pub name: Named,
    /// Its page.
    pub link: Option<Link>,
}

/// A link, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The address.
    pub address: String,
    /// The words on it; the address itself where none were given.
    pub text: Text,
    /// Where it stands.
    pub span: Span,
}

/// A row of the change history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub date: Date,
    /// The one language whose page has this row.
    pub only: Option<String>,
    /// Who.
    pub who: String,
    /// What.
    pub what: Text,
}

/// A group of services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// Its members.
    pub members: ServiceSet,
}

/// The type of a fact or value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// `yes/no`.
    YesNo,
    /// `int`.
    Int,
    /// `number`, with so many decimals.
    Number(u32),
    /// `percent`: points, six decimals.
    Percent,
    /// `money`, with so many decimals.
    Money(u32),
    /// `date`.
    Date,
    /// `duration`.
    Duration,
    /// `text`.
    Text,
    /// `one of (…)`.
    OneOf(Vec<Named>),
    /// `set of (…)`.
    SetOf(Vec<Named>),
    /// A service.
    Service,
}

/// A fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Its name; the text is what it means, else empty.
    pub name: Named,
    /// Whose.
    pub scope: FactScope,
    /// Its place among the facts of that scope.
    pub slot: usize,
    /// Its type.
    pub kind: Type,
    /// How it may change.
    pub volatility: Volatility,
    /// Bounds, included. A percent has 0..100 where nothing is said.
    pub range: Option<(Value, Value)>,
    /// Its value where nothing is known.
    pub default: Option<Value>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Named,
    /// Its type.
    pub kind: Type,
    /// Its value.
    pub value: Value,
}

/// `let NAME = …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Let {
    /// Its name.
    pub name: Named,
    /// What it stands for.
    pub value: Expr,
    /// Whether it reads facts of a service, and so needs one.
    pub of_service: bool,
}

/// What a scope is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    /// The customer's own.
    Customer,
    /// One track per intended service.
    EachService,
    /// A branch of `together`.
    Branch,
}

/// A scope: something that has one position at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// What it is.
    pub kind: ScopeKind,
    /// A branch's name and title; else that of its block or of the playbook.
    pub name: Named,
    /// The block it belongs to; none for the customer's.
    pub block: Option<BlockId>,
    /// Whether it lies within an `each service` block, itself included.
    pub in_service: bool,
    /// Key inputs: conditions looked at on entry.
    pub inputs: Vec<Clause>,
    /// Key outputs: conditions a successful end must satisfy.
    pub outputs: Vec<Clause>,
    /// The transitions of `start`; where an author wrote none and there is one stage or block only, one is made up.
    pub start: Vec<TransitionId>,
    /// Transitions that hold in every stage of the scope but their target.
    pub everywhere: Vec<TransitionId>,
    /// Its places in declared order.
    pub places: Vec<Place>,
}

/// Key input or output.
#[derive(Debug, Clone, PartialEq)]
pub struct Clause {
    /// The words.
    pub text: Text,
    /// The condition; none where the page says it in words only.
    pub condition: Option<Expr>,
    /// Where it stands.
    pub span: Span,
}

/// Where a scope's position can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In a stage.
    Stage(StageId),
    /// In a block, until all its tracks are at an end.
    Block(BlockId),
    /// At an end.
    End(EndId),
}

/// A stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Its name and title.
    pub name: Named,
    /// The scope it belongs to.
    pub scope: ScopeId,
    /// Who does the work.
    pub roles: Vec<RoleId>,
    /// For which services; none means all.
    pub services: Option<ServiceSet>,
    /// Prose.
    pub about: Vec<Text>,
    /// Motions: indices into [`About::motions`].
    pub motions: Vec<usize>,
    /// Links.
    pub links: Vec<Link>,
    /// What the step takes in, in words.
    pub inputs: Vec<Clause>,
    /// What the step gives, in words.
    pub outputs: Vec<Clause>,
    /// What must hold before work starts.
    pub needs: Vec<Needs>,
    /// The work, top to bottom.
    pub body: Vec<Work>,
    /// Cadences.
    pub cadences: Vec<CadenceId>,
    /// Whether order decides between completion transitions.
    pub first_match: bool,
    /// Its transitions in declared order.
    pub exits: Vec<TransitionId>,
    /// `stage NAME …` up to the brace.
    pub head: Span,
    /// The whole stage.
    pub span: Span,
}

/// What must hold before the work of a stage starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Needs {
    /// In words; the condition as written where none were given.
    pub text: Text,
    /// The condition.
    pub condition: Expr,
    /// Where it stands.
    pub span: Span,
}

/// An item of work.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// A task is offered.
    Task(OfferId),
    /// Something to do that nobody ticks off.
    Step(Step),
    /// A fact is set.
    Set(Assignment),
    /// Tasks offered side by side.
    Together(Vec<Work>),
}

/// Something to do that nobody ticks off.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What to do.
    pub text: Text,
    /// Who.
    pub roles: Vec<RoleId>,
    /// Links.
    pub links: Vec<Link>,
    /// Where it stands.
    pub span: Span,
}

/// A fact is set. `+=` and `-=` are resolved into the value.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The fact.
    pub fact: FactId,
    /// Its new value.
    pub value: Expr,
    /// Where it stands.
    pub span: Span,
}

/// A task.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Its number or name.
    pub id: TaskRef,
    /// Where it is first offered.
    pub span: Span,
    /// What it is.
    pub title: Text,
}

impl Task {
    /// The number or name as text.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.id {
            TaskRef::Number(number) => number.to_string(),
            TaskRef::Name(name) => name.clone(),
        }
    }
}

/// A task where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The task.
    pub task: TaskId,
    /// The stage.
    pub stage: StageId,
    /// The cadence, where it is part of one.
    pub cadence: Option<CadenceId>,
    /// Mandatory or optional.
    pub mandatory: bool,
    /// What it is called here.
    pub title: Text,
    /// For which services; none means all. (The stage's services are looked at too.)
    pub services: Option<ServiceSet>,
    /// Who does it: its own roles, else the stage's.
    pub roles: Vec<RoleId>,
    /// Offered only where this holds at its turn.
    pub when: Option<Expr>,
    /// Due so long after it is offered.
    pub due: Option<Length>,
    /// Offered on each visit, also when complete.
    pub again: bool,
    /// Links.
    pub links: Vec<Link>,
    /// Where it stands.
    pub span: Span,
}

/// `every … { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Cadence {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// The stage.
    pub stage: StageId,
    /// From the end of a round to the start of the next.
    pub period: Length,
    /// At most so many rounds.
    pub limit: Option<u32>,
    /// What is done each round.
    pub body: Vec<Work>,
    /// Where it stands.
    pub span: Span,
    /// `every …` up to the brace.
    pub head: Span,
}

/// `each service { … }` or `together { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Its name; `each_service` or `together` where it has none (then nothing can refer to it).
    pub name: Named,
    /// The scope it stands in.
    pub scope: ScopeId,
    /// What runs in it: one scope (with a track per intended service), or one per branch.
    pub scopes: Vec<ScopeId>,
    /// Transitions after the block: completion ones written after `then`, and those that interrupt it.
    pub exits: Vec<TransitionId>,
    /// `each service …` up to the brace.
    pub head: Span,
    /// The whole block.
    pub span: Span,
}

/// An end.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// Its name and title.
    pub name: Named,
    /// The scope it belongs to.
    pub scope: ScopeId,
    /// What it means.
    pub kind: EndKind,
    /// The playbook the customer goes on to.
    pub continues: Option<(String, Span)>,
    /// How often one customer may go on from here.
    pub continues_limit: Option<u32>,
}

/// Where a transition starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The start of a scope.
    Start(ScopeId),
    /// Every stage (and block) of a scope but the target.
    Everywhere(ScopeId),
    /// A stage.
    Stage(StageId),
    /// A block.
    Block(BlockId),
}

/// What makes a transition fire.
#[derive(Debug, Clone, PartialEq)]
pub enum Trigger {
    /// The work is done, and the guard holds; no guard always holds.
    Completion(Option<Expr>),
    /// The work is done and every other guard is false.
    Otherwise,
    /// As soon as it is true.
    Whenever(Expr),
    /// At an event, if the guard holds.
    On(EventMatch, Option<Expr>),
    /// So long after entry.
    After(Length),
    /// When the cadence is spent and its last round settled; none means all cadences of the stage.
    AfterLastRound(Option<CadenceId>),
}

/// Which event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventMatch {
    /// A blocker of one of these kinds; empty means any.
    Blocker(Vec<String>),
    /// The last blocker cleared.
    Resolved,
    /// A blocker was waived.
    Waived,
    /// A blocker was escalated.
    Escalated,
    /// A declared event.
    Event(EventId),
}

/// A way to go.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// Where it starts.
    pub origin: Origin,
    /// What makes it fire.
    pub trigger: Trigger,
    /// Where it leads.
    pub target: Place,
    /// Whether the target stage keeps its clocks and rounds.
    pub resume: bool,
    /// At most so many times.
    pub limit: Option<u32>,
    /// Where it stands. A made-up start has the place of its target.
    pub span: Span,
}

/// A condition that has to have held for a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Sustained {
    /// The condition.
    pub condition: Expr,
    /// How long.
    pub duration: Duration,
    /// Whether it speaks of a service.
    pub of_service: bool,
}

/// Conditions larger than this, with the named values in them written out, are followed by the interpreter only.
const LARGEST_WRITTEN_OUT: u64 = 100_000;

impl Playbook {
    /// Whether conditions can be looked at with their named values written out. Where named values use each other twice
    /// and again, what is written out doubles with each: no analysis goes through that, but the interpreter works each of
    /// them out once.
    #[must_use]
    pub fn can_be_written_out(&self) -> bool {
        let mut sizes: Vec<Option<u64>> = vec![None; self.lets.len()];
        (0..self.lets.len()).all(|id| self.written_out(id, &mut sizes, 0) <= LARGEST_WRITTEN_OUT)
    }

    /// The number of parts of a named value, written out. Named values that use each other in a circle are an error; the
    /// depth is a second lock.
    fn written_out(&self, id: usize, sizes: &mut Vec<Option<u64>>, depth: usize) -> u64 {
        if let Some(known) = sizes.get(id).copied().flatten() {
            return known;
        }
        let Some(known) = self.lets.get(id).filter(|_| depth < 500) else { return u64::MAX };
        let mut inner = Vec::new();
        let mut size = 0_u64;
        known.value.walk(&mut |part| {
            size += 1;
            if let Node::Let(id) = &part.node {
                inner.push(id.index());
            }
        });
        for id in inner {
            size = size.saturating_add(self.written_out(id, sizes, depth + 1));
        }
        if let Some(place) = sizes.get_mut(id) {
            *place = Some(size);
        }
        size
    }

    /// The name of a place.
    #[must_use]
    pub fn place_name(&self, place: Place) -> &Named {
        match place {
            Place::Stage(id) => &self.stages[id.index()].name,
            Place::Block(id) => &self.blocks[id.index()].name,
            Place::End(id) => &self.ends[id.index()].name,
        }
    }

    /// The scope a place lies in.
    #[must_use]
    pub fn place_scope(&self, place: Place) -> ScopeId {
        match place {
            Place::Stage(id) => self.stages[id.index()].scope,
            Place::Block(id) => self.blocks[id.index()].scope,
            Place::End(id) => self.ends[id.index()].scope,
        }
    }

    /// How many facts a scope has.
    #[must_use]
    pub fn slots(&self, scope: FactScope) -> usize {
        self.facts.iter().filter(|fact| fact.scope == scope).count()
    }

    /// Why a customer cannot begin with another value of a fact the playbook keeps.
    #[must_use]
    pub fn kept_at_first(&self, fact: &Fact) -> String {
        let begins = match &fact.default {
            Some(value) => format!("begins with {}", self.show(value, &fact.kind)),
            None => "is unknown at first".to_owned(),
        };
        format!("`{}` is kept by the playbook: it {begins}, and only `set` in a stage changes it", fact.name.name)
    }

    /// A value as an author would write it, for a fact of this type.
    #[must_use]
    pub fn show(&self, value: &Value, kind: &Type) -> String {
        match (value, kind) {
            (Value::YesNo(yes), _) => (if *yes { "yes" } else { "no" }).to_owned(),
            (Value::Number(number), Type::Percent) => format!("{number}%"),
            (Value::Number(number), _) => number.to_string(),
            (Value::Date(date), _) => date.to_string(),
            (Value::Duration(duration), _) => duration.to_string(),
            (Value::Text(text), _) => format!("\"{text}\""),
            (Value::Choice(choice), Type::OneOf(values)) => {
                values.get(*choice as usize).map_or_else(String::new, |value| value.name.clone())
            }
            (Value::Choice(choice), _) => choice.to_string(),
            (Value::Set(set), Type::SetOf(values)) => {
                let names: Vec<&str> = values
                    .iter()
                    .enumerate()
                    .filter(|(bit, _)| set >> bit & 1 == 1)
                    .map(|(_, value)| value.name.as_str())
                    .collect();
                format!("({})", names.join(", "))
            }
            (Value::Set(set), _) => format!("{set:b}"),
            (Value::Service(service), _) => {
                self.services.get(*service as usize).map_or_else(String::new, |service| service.name.clone())
            }
        }
    }
}

/// The range of a percent where nothing is said: 0 to 100 points.
pub const PERCENT_RANGE: (Value, Value) = (Value::Number(Micro(0)), Value::Number(Micro(100_000_000)));
