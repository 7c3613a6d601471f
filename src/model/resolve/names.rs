//! All names of one playbook: who declared what, and what a name in the text stands for.

use super::suggest;
use crate::diagnostic::{DUPLICATE_NAME, Diagnostic, UNKNOWN_BLOCKER_KIND, UNKNOWN_NAME, WRONG_SCOPE, WRONG_TYPE};
use crate::model::{
    CadenceId, EndId, EventId, EventMatch, FactId, FactScope, GroupId, LetId, ParameterId, Place, Playbook, RoleId,
    ScopeId, ServiceId, ServiceSet, StageId, TaskId, TaskRef,
};
use crate::source::Span;
use crate::syntax::ast;
use crate::value::Value;
use std::collections::BTreeMap;

/// The kinds of blocker every playbook may speak of.
pub const BLOCKER_KINDS: [&str; 16] = [
    "technical",
    "technical_customer",
    "technical_vendor",
    "pending_remediation",
    "business",
    "other",
    "it_infrastructure",
    "change_management",
    "legal",
    "security",
    "adoption_readiness",
    "product_capability",
    "service_reliability",
    "app_compatibility",
    "partner_engagement",
    "billing",
];

/// The events every playbook knows.
pub const BUILT_IN_EVENTS: [&str; 4] = ["blocker", "resolved", "waived", "escalated"];

/// What a name in a condition stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbol {
    /// A fact.
    Fact(FactId),
    /// A parameter.
    Parameter(ParameterId),
    /// A `let`.
    Let(LetId),
    /// A service.
    Service(ServiceId),
    /// A group of services.
    Group(GroupId),
    /// A `let` or parameter whose value is not known yet: it cannot be used where it is looked up now.
    Pending,
    /// Something declared that could not be resolved; that was said where it is declared.
    Broken,
}

/// What a name of the flow stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// A stage, block or end.
    Place(Place),
    /// A branch.
    Branch(ScopeId),
}

/// Names of one kind, with where they are declared.
#[derive(Debug, Clone, Default)]
pub struct Table<T>(BTreeMap<String, (T, Span)>);

impl<T: Copy> Table<T> {
    /// An empty table.
    pub fn new() -> Table<T> {
        Table(BTreeMap::new())
    }

    /// What the name stands for.
    pub fn get(&self, name: &str) -> Option<T> {
        self.0.get(name).map(|(value, _)| *value)
    }

    /// Declares a name. A second declaration is reported, and the first one stays.
    pub fn declare(&mut self, name: &ast::Name, value: T, out: &mut Vec<Diagnostic>) -> bool {
        if let Some((_, first)) = self.0.get(&name.text) {
            out.push(duplicate(&name.text, name.span, *first));
            return false;
        }
        self.0.insert(name.text.clone(), (value, name.span));
        true
    }

    /// Changes what a declared name stands for.
    pub fn redefine(&mut self, name: &str, value: T) {
        if let Some(entry) = self.0.get_mut(name) {
            entry.0 = value;
        }
    }

    /// All names in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The finding that a name is declared twice.
pub fn duplicate(name: &str, second: Span, first: Span) -> Diagnostic {
    Diagnostic::new(&DUPLICATE_NAME, second, format!("the name `{name}` is already taken"))
        .label("declared again")
        .related(first, "first declared here")
        .help("Give one of them another name")
}

/// Where a task is offered.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offered {
    /// At customer scope.
    pub by_customer: bool,
    /// In a service's track.
    pub by_service: bool,
}

/// All names of one playbook, and the playbook itself while it is made.
#[derive(Debug)]
pub struct Names {
    /// The playbook as far as it is made.
    pub playbook: Playbook,
    pub(super) symbols: Table<Symbol>,
    pub(super) spots: Table<Spot>,
    pub(super) roles: Table<usize>,
    pub(super) motions: Table<usize>,
    pub(super) links: Table<usize>,
    pub(super) events: Table<usize>,
    pub(super) blocker_kinds: Table<usize>,
    pub(super) tasks: BTreeMap<String, TaskId>,
    pub(super) offered: Vec<Offered>,
    /// The values of those `let`s that do not depend on a customer.
    pub(super) let_values: Vec<Option<Value>>,
    /// How many transitions could not be made.
    pub(super) flow_lost: usize,
}

impl Names {
    /// The names of a playbook with nothing declared yet.
    pub fn new(playbook: Playbook) -> Names {
        Names {
            playbook,
            symbols: Table::new(),
            spots: Table::new(),
            roles: Table::new(),
            motions: Table::new(),
            links: Table::new(),
            events: Table::new(),
            blocker_kinds: Table::new(),
            tasks: BTreeMap::new(),
            offered: Vec::new(),
            let_values: Vec::new(),
            flow_lost: 0,
        }
    }

    /// The fact of this name, in either scope.
    pub fn fact(&self, name: &ast::Name, out: &mut Vec<Diagnostic>) -> Option<FactId> {
        match self.symbols.get(&name.text) {
            Some(Symbol::Fact(id)) => Some(id),
            Some(Symbol::Broken) => None,
            Some(_) => {
                let what = self.what_is(&name.text);
                out.push(Diagnostic::new(
                    &WRONG_TYPE,
                    name.span,
                    format!("`{}` is {what}, and a fact belongs here", name.text),
                ));
                None
            }
            None => {
                let facts = self.playbook.facts.iter().map(|fact| fact.name.name.as_str());
                out.push(unknown("fact", &name.text, name.span, facts));
                None
            }
        }
    }

    /// The fact of this name in this scope: a customer's fact where a service's is asked for is reported, and the other
    /// way round.
    pub fn fact_of(&self, scope: FactScope, name: &ast::Name, out: &mut Vec<Diagnostic>) -> Option<FactId> {
        if !matches!(self.symbols.get(&name.text), Some(Symbol::Fact(_) | Symbol::Broken)) {
            let facts = self.playbook.facts.iter().filter(|fact| fact.scope == scope);
            let whose = match scope {
                FactScope::Customer => "fact of the customer",
                FactScope::Service => "fact of a service",
            };
            out.push(unknown(whose, &name.text, name.span, facts.map(|fact| fact.name.name.as_str())));
            return None;
        }
        let id = self.fact(name, out)?;
        let fact = &self.playbook.facts[id.index()];
        if fact.scope == scope {
            return Some(id);
        }
        let (is, belongs) = match fact.scope {
            FactScope::Customer => ("the customer", "a fact of a service"),
            FactScope::Service => ("each service", "a fact of the customer"),
        };
        out.push(
            Diagnostic::new(
                &WRONG_SCOPE,
                name.span,
                format!("`{}` is a fact of {is}, and {belongs} belongs here", name.text),
            )
            .related(fact.name.span, "declared here"),
        );
        None
    }

    /// The service of this name; a group is reported.
    pub fn service(&self, name: &ast::Name, out: &mut Vec<Diagnostic>) -> Option<ServiceId> {
        match self.symbols.get(&name.text) {
            Some(Symbol::Service(id)) => Some(id),
            Some(Symbol::Broken) => None,
            Some(_) => {
                let what = self.what_is(&name.text);
                out.push(Diagnostic::new(
                    &WRONG_TYPE,
                    name.span,
                    format!("`{}` is {what}, and a service belongs here", name.text),
                ));
                None
            }
            None => {
                let services = self.playbook.services.iter().map(|service| service.name.as_str());
                out.push(unknown("service", &name.text, name.span, services));
                None
            }
        }
    }

    /// The services meant by a service or a group.
    pub fn services_of(&self, name: &ast::Name, out: &mut Vec<Diagnostic>) -> Option<ServiceSet> {
        match self.symbols.get(&name.text) {
            Some(Symbol::Service(id)) => Some(ServiceSet::default().with(id)),
            Some(Symbol::Group(id)) => Some(self.playbook.groups[id.index()].members),
            Some(Symbol::Broken) => None,
            Some(_) => {
                let what = self.what_is(&name.text);
                out.push(Diagnostic::new(
                    &WRONG_TYPE,
                    name.span,
                    format!("`{}` is {what}, and a service or a group of services belongs here", name.text),
                ));
                None
            }
            None => {
                let groups = self.playbook.groups.iter().map(|group| group.name.as_str());
                let services = self.playbook.services.iter().map(|service| service.name.as_str()).chain(groups);
                out.push(unknown("service or group", &name.text, name.span, services));
                None
            }
        }
    }

    /// The services of `for a, b`: none where nothing is written.
    pub fn service_list(&self, names: &[ast::Name], out: &mut Vec<Diagnostic>) -> Option<ServiceSet> {
        let mut services: Option<ServiceSet> = None;
        for name in names {
            if let Some(more) = self.services_of(name, out) {
                services = Some(ServiceSet(services.unwrap_or_default().0 | more.0));
            }
        }
        services
    }

    /// The stage, block or end of this name.
    pub fn place(&self, name: &ast::Name, out: &mut Vec<Diagnostic>) -> Option<Place> {
        match self.spots.get(&name.text) {
            Some(Spot::Place(place)) => Some(place),
            Some(Spot::Branch(_)) => {
                out.push(Diagnostic::new(
                    &WRONG_TYPE,
                    name.span,
                    format!("`{}` is a branch, and a stage, block or end belongs here", name.text),
                ));
                None
            }
            None => {
                out.push(unknown("stage, block or end", &name.text, name.span, self.place_names()));
                None
            }
        }
    }

    /// The stage of this name.
    pub fn stage(&self, name: &ast::Name, out: &mut Vec<Diagnostic>) -> Option<StageId> {
        match self.spots.get(&name.text) {
            Some(Spot::Place(Place::Stage(id))) => Some(id),
            Some(spot) => {
                out.push(Diagnostic::new(
                    &WRONG_TYPE,
                    name.span,
                    format!("`{}` is {}, and a stage belongs here", name.text, what_spot(spot)),
                ));
                None
            }
            None => {
                let stages = self.playbook.stages.iter().map(|stage| stage.name.name.as_str());
                out.push(unknown("stage", &name.text, name.span, stages));
                None
            }
        }
    }

    /// The end of this name.
    pub fn end(&self, name: &ast::Name, out: &mut Vec<Diagnostic>) -> Option<EndId> {
        match self.spots.get(&name.text) {
            Some(Spot::Place(Place::End(id))) => Some(id),
            Some(spot) => {
                out.push(Diagnostic::new(
                    &WRONG_TYPE,
                    name.span,
                    format!("`{}` is {}, and an end belongs here", name.text, what_spot(spot)),
                ));
                None
            }
            None => {
                let ends = self.playbook.ends.iter().map(|end| end.name.name.as_str());
                out.push(unknown("end", &name.text, name.span, ends));
                None
            }
        }
    }

    /// The task of this number or name.
    pub fn task(&self, task: &TaskRef, span: Span, out: &mut Vec<Diagnostic>) -> Option<TaskId> {
        let label = task_label(task);
        let found = self.tasks.get(&label).copied();
        if found.is_none() {
            out.push(unknown("task", &label, span, self.tasks.keys().map(String::as_str)));
        }
        found
    }

    /// The role of this name.
    pub fn role(&self, name: &ast::Name, out: &mut Vec<Diagnostic>) -> Option<RoleId> {
        look_up(&self.roles, "role", name, out).map(|index| RoleId(index as u32))
    }

    /// The roles of `by a, b`.
    pub fn role_list(&self, names: &[ast::Name], out: &mut Vec<Diagnostic>) -> Vec<RoleId> {
        names.iter().filter_map(|name| self.role(name, out)).collect()
    }

    /// The motion of this name: its index.
    pub(super) fn motion(&self, name: &ast::Name, out: &mut Vec<Diagnostic>) -> Option<usize> {
        look_up(&self.motions, "motion", name, out)
    }

    /// A declared event.
    pub fn declared_event(&self, name: &ast::Name, out: &mut Vec<Diagnostic>) -> Option<EventId> {
        look_up(&self.events, "event", name, out).map(|index| EventId(index as u32))
    }

    /// A kind of blocker, built in or declared.
    pub fn blocker_kind(&self, name: &ast::Name, out: &mut Vec<Diagnostic>) -> Option<String> {
        if BLOCKER_KINDS.contains(&name.text.as_str()) || self.blocker_kinds.get(&name.text).is_some() {
            return Some(name.text.clone());
        }
        let known = || self.blocker_kinds.names().chain(BLOCKER_KINDS);
        out.push(
            Diagnostic::new(
                &UNKNOWN_BLOCKER_KIND,
                name.span,
                format!("there is no kind of blocker called `{}`", name.text),
            )
            .help_if(suggest::help(&name.text, known()))
            .help_if(Some("Declare it: `blockers { name \"what it means\" }`".to_owned())),
        );
        None
    }

    /// An event as written after `on` or `happened`.
    pub fn event(&self, pattern: &ast::EventPattern, out: &mut Vec<Diagnostic>) -> Option<EventMatch> {
        let name = pattern.name.text.as_str();
        if name == "blocker" {
            let kinds: Vec<String> = pattern.kinds.iter().filter_map(|kind| self.blocker_kind(kind, out)).collect();
            // Without its unknown kinds the pattern would match any blocker.
            return (kinds.len() == pattern.kinds.len()).then_some(EventMatch::Blocker(kinds));
        }
        if let Some(first) = pattern.kinds.first() {
            out.push(Diagnostic::new(
                &WRONG_TYPE,
                first.span,
                format!("only `blocker` has kinds, and `{name}` is another event"),
            ));
        }
        match name {
            "resolved" => Some(EventMatch::Resolved),
            "waived" => Some(EventMatch::Waived),
            "escalated" => Some(EventMatch::Escalated),
            _ => match self.events.get(name) {
                Some(index) => Some(EventMatch::Event(EventId(index as u32))),
                None => {
                    let known = self.events.names().chain(BUILT_IN_EVENTS);
                    out.push(unknown("event", name, pattern.name.span, known));
                    None
                }
            },
        }
    }

    /// The cadence `round` speaks of, in this stage.
    pub fn cadence(
        &self,
        stage: StageId,
        name: Option<&ast::Name>,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> Option<CadenceId> {
        let cadences = &self.playbook.stages[stage.index()].cadences;
        let stage_name = &self.playbook.stages[stage.index()].name.name;
        let named = |id: &CadenceId| self.playbook.cadences[id.index()].name.as_deref();
        if let Some(name) = name {
            let found = cadences.iter().copied().find(|id| named(id) == Some(name.text.as_str()));
            if found.is_none() {
                let what = format!("cadence of `{stage_name}`");
                out.push(unknown(&what, &name.text, name.span, cadences.iter().filter_map(named)));
            }
            return found;
        }
        match cadences.as_slice() {
            [only] => Some(*only),
            [] => {
                out.push(
                    Diagnostic::new(&WRONG_SCOPE, span, format!("stage `{stage_name}` has no rounds"))
                        .help("Rounds are counted where the stage has `every … { … }`"),
                );
                None
            }
            several => {
                let names: Vec<&str> = several.iter().filter_map(named).collect();
                let help = if names.is_empty() {
                    "Name them, `every 2 weeks as NAME { … }`, and say `round of NAME`".to_owned()
                } else {
                    format!("Say `round of NAME`, with {}", suggest::list(names, "or"))
                };
                out.push(
                    Diagnostic::new(
                        &WRONG_SCOPE,
                        span,
                        format!("stage `{stage_name}` has several cadences, and it is not said whose rounds are meant"),
                    )
                    .help(help),
                );
                None
            }
        }
    }

    /// Whether a scope lies within `each service`.
    pub(super) fn in_service(&self, scope: ScopeId) -> bool {
        self.playbook.scopes[scope.index()].in_service
    }

    /// The names of all stages, blocks and ends.
    pub(super) fn place_names(&self) -> impl Iterator<Item = &str> {
        self.spots.0.iter().filter(|(_, (spot, _))| matches!(spot, Spot::Place(_))).map(|(name, _)| name.as_str())
    }

    /// What a name of the flow stands for.
    pub(super) fn spot(&self, name: &str) -> Option<Spot> {
        self.spots.get(name)
    }

    /// What a declared name is, for messages: "a service", "a fact of the customer".
    pub(super) fn what_is(&self, name: &str) -> &'static str {
        match self.symbols.get(name) {
            Some(Symbol::Fact(id)) => match self.playbook.facts[id.index()].scope {
                FactScope::Customer => "a fact of the customer",
                FactScope::Service => "a fact of each service",
            },
            Some(Symbol::Parameter(_)) => "a parameter",
            Some(Symbol::Let(_)) => "a `let`",
            Some(Symbol::Service(_)) => "a service",
            Some(Symbol::Group(_)) => "a group of services",
            Some(Symbol::Pending | Symbol::Broken) | None => "something else",
        }
    }
}

/// What a name of the flow is, for messages.
pub fn what_spot(spot: Spot) -> &'static str {
    match spot {
        Spot::Place(Place::Stage(_)) => "a stage",
        Spot::Place(Place::Block(_)) => "a block",
        Spot::Place(Place::End(_)) => "an end",
        Spot::Branch(_) => "a branch",
    }
}

/// A task's number or name as text.
pub fn task_label(task: &TaskRef) -> String {
    match task {
        TaskRef::Number(number) => number.to_string(),
        TaskRef::Name(name) => name.clone(),
    }
}

/// The finding that there is no such thing, with the closest one.
pub fn unknown<'a>(what: &str, name: &str, span: Span, candidates: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    Diagnostic::new(&UNKNOWN_NAME, span, format!("there is no {what} called `{name}`"))
        .help_if(suggest::help(name, candidates))
}

fn look_up(table: &Table<usize>, what: &str, name: &ast::Name, out: &mut Vec<Diagnostic>) -> Option<usize> {
    let found = table.get(&name.text);
    if found.is_none() {
        out.push(unknown(what, &name.text, name.span, table.names()));
    }
    found
}
