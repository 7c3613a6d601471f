//! The flow: scopes, stages, blocks, ends, work and transitions.
//!
//! Two passes: first everything that has a name gets its id, then what speaks of names is resolved.

mod transition;
mod work;

use super::expression::{Context, said_twice};
use super::names::{Names, Offered, Spot, task_label};
use super::{clause, named, stand_in, text};
use crate::diagnostic::{Diagnostic, MISSING_END_KIND, NEVER_SET, Severity, WRONG_SCOPE};
use crate::model::{
    Block, BlockId, Cadence, CadenceId, End, EndId, EndKind, FactId, Length, Named, Needs, Origin, Place, Scope,
    ScopeId, ScopeKind, ServiceSet, Stage, StageId, Task, TaskId, Text, Transition, TransitionId, Trigger, Volatility,
};
use crate::source::Span;
use crate::syntax::ast::{self, BlockKind, PlaybookItem, ScopeItem, StageItem, WorkItem};
use crate::value::Duration;
use std::collections::BTreeSet;

/// The tree beside the model: what was declared, by id.
#[derive(Default)]
pub(super) struct Plan<'t> {
    scopes: Vec<Vec<&'t ScopeItem>>,
    stages: Vec<&'t ast::Stage>,
    blocks: Vec<&'t ast::Block>,
    cadences: Vec<&'t ast::Cadence>,
    /// The facts some stage sets.
    set: BTreeSet<FactId>,
}

/// Gives ids to scopes, stages, blocks, ends, cadences and tasks.
pub(super) fn declare<'t>(names: &mut Names, tree: &'t ast::Playbook, out: &mut Vec<Diagnostic>) -> Plan<'t> {
    let mut plan = Plan::default();
    let items: Vec<&ScopeItem> = tree
        .items
        .iter()
        .filter_map(|item| if let PlaybookItem::Flow(item) = item { Some(item) } else { None })
        .collect();
    let name = names.playbook.name.clone();
    declare_scope(names, &mut plan, items, (ScopeKind::Customer, name, None, false), out);
    plan
}

fn declare_scope<'t>(
    names: &mut Names,
    plan: &mut Plan<'t>,
    items: Vec<&'t ScopeItem>,
    (kind, name, block, in_service): (ScopeKind, Named, Option<BlockId>, bool),
    out: &mut Vec<Diagnostic>,
) -> ScopeId {
    let id = ScopeId(names.playbook.scopes.len() as u32);
    names.playbook.scopes.push(Scope {
        kind,
        name,
        block,
        in_service,
        inputs: Vec::new(),
        outputs: Vec::new(),
        start: Vec::new(),
        everywhere: Vec::new(),
        places: Vec::new(),
    });
    plan.scopes.push(items.clone());
    // As much room as is needed: twice as much would be most of what a large playbook takes.
    let (mut count, mut tasks, mut exits) = (0, 0, 0);
    for item in &items {
        match item {
            ScopeItem::Stage(stage) => {
                count += 1;
                tasks += stage.items.iter().filter(|item| matches!(item, StageItem::Work(WorkItem::Task(_)))).count();
                exits += stage.items.iter().filter(|item| matches!(item, StageItem::Transition(_))).count();
            }
            ScopeItem::Start(_, starts) => exits += starts.len(),
            ScopeItem::Block(block) => exits += block.exits.len(),
            ScopeItem::Transition(_) => exits += 1,
            ScopeItem::Input(_) | ScopeItem::Output(_) | ScopeItem::End(_) => {}
        }
    }
    names.playbook.stages.reserve_exact(count);
    names.playbook.offers.reserve_exact(tasks);
    names.playbook.tasks.reserve_exact(tasks);
    names.playbook.transitions.reserve_exact(exits);
    for item in items {
        let place = match item {
            ScopeItem::Stage(stage) => Place::Stage(declare_stage(names, plan, stage, id, out)),
            ScopeItem::End(end) => Place::End(declare_end(names, end, id, out)),
            ScopeItem::Block(block) => Place::Block(declare_block(names, plan, block, id, out)),
            ScopeItem::Input(_) | ScopeItem::Output(_) | ScopeItem::Start(..) | ScopeItem::Transition(_) => continue,
        };
        names.playbook.scopes[id.index()].places.push(place);
    }
    id
}

fn declare_end(names: &mut Names, end: &ast::End, scope: ScopeId, out: &mut Vec<Diagnostic>) -> EndId {
    let id = EndId(names.playbook.ends.len() as u32);
    names.spots.declare(&end.name, Spot::Place(Place::End(id)), out);
    if end.kind.is_none() {
        let message = format!("end `{}` does not say what it means", end.name.text);
        out.push(Diagnostic::new(&MISSING_END_KIND, end.span, message).help("Add `success`, `neutral` or `failure`"));
    }
    let continues_limit = end.continues_limit.as_ref().and_then(|limit| names.count(limit, "a limit", out));
    names.playbook.ends.push(End {
        name: named(&end.name, end.title.as_ref()),
        scope,
        kind: end.kind.unwrap_or(EndKind::Neutral),
        continues: end.continues.as_ref().map(|next| (next.text.clone(), next.span)),
        continues_limit,
    });
    id
}

fn declare_block<'t>(
    names: &mut Names,
    plan: &mut Plan<'t>,
    block: &'t ast::Block,
    scope: ScopeId,
    out: &mut Vec<Diagnostic>,
) -> BlockId {
    let id = BlockId(names.playbook.blocks.len() as u32);
    let unnamed = match block.kind {
        BlockKind::EachService(_) => "each_service",
        BlockKind::Together(_) => "together",
    };
    let name = match &block.name {
        Some(name) => {
            names.spots.declare(name, Spot::Place(Place::Block(id)), out);
            named(name, block.title.as_ref())
        }
        None => named(&ast::Name { text: unnamed.to_owned(), span: block.head }, block.title.as_ref()),
    };
    let in_service = names.in_service(scope);
    names.playbook.blocks.push(Block {
        name: name.clone(),
        scope,
        scopes: Vec::new(),
        exits: Vec::new(),
        head: block.head,
        span: block.span,
    });
    plan.blocks.push(block);
    match &block.kind {
        BlockKind::EachService(items) => {
            if in_service {
                out.push(
                    Diagnostic::new(
                        &WRONG_SCOPE,
                        block.head,
                        "`each service` stands within `each service`, where there is one service only",
                    )
                    .help("Use `together { branch … }` for work side by side"),
                );
            }
            let kind = (ScopeKind::EachService, name, Some(id), true);
            let inner = declare_scope(names, plan, items.iter().collect(), kind, out);
            names.playbook.blocks[id.index()].scopes.push(inner);
        }
        BlockKind::Together(branches) => {
            for branch in branches {
                let branch_name = named(&branch.name, branch.title.as_ref());
                let next = ScopeId(names.playbook.scopes.len() as u32);
                names.spots.declare(&branch.name, Spot::Branch(next), out);
                let kind = (ScopeKind::Branch, branch_name, Some(id), in_service);
                let inner = declare_scope(names, plan, branch.items.iter().collect(), kind, out);
                names.playbook.blocks[id.index()].scopes.push(inner);
            }
        }
    }
    id
}

fn declare_stage<'t>(
    names: &mut Names,
    plan: &mut Plan<'t>,
    stage: &'t ast::Stage,
    scope: ScopeId,
    out: &mut Vec<Diagnostic>,
) -> StageId {
    let id = StageId(names.playbook.stages.len() as u32);
    names.spots.declare(&stage.name, Spot::Place(Place::Stage(id)), out);
    let in_service = names.in_service(scope);
    let mut cadences: Vec<CadenceId> = Vec::new();
    for item in &stage.items {
        match item {
            StageItem::Work(item) => declare_tasks(names, item, in_service),
            StageItem::Cadence(cadence) => {
                let known = |known: &CadenceId| names.playbook.cadences[known.index()].name.as_ref();
                let name = cadence.name.as_ref();
                if let Some(name) = name
                    && let Some(first) = cadences.iter().find(|id| known(id) == Some(&name.text))
                {
                    let first = names.playbook.cadences[first.index()].head;
                    out.push(super::names::duplicate(&name.text, name.span, first));
                }
                cadences.push(CadenceId(names.playbook.cadences.len() as u32));
                names.playbook.cadences.push(Cadence {
                    name: name.map(|name| name.text.clone()),
                    stage: id,
                    period: Length::Time(Duration::days(1)),
                    limit: None,
                    body: Vec::new(),
                    span: cadence.span,
                    head: cadence.head,
                });
                plan.cadences.push(cadence);
                cadence.items.iter().for_each(|item| declare_tasks(names, item, in_service));
            }
            _ => {}
        }
    }
    names.playbook.stages.push(Stage {
        name: named(&stage.name, stage.title.as_ref()),
        scope,
        roles: Vec::new(),
        services: None,
        about: Vec::new(),
        motions: Vec::new(),
        links: Vec::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        needs: Vec::new(),
        body: Vec::new(),
        cadences,
        first_match: false,
        exits: Vec::new(),
        head: stage.head,
        span: stage.span,
    });
    plan.stages.push(stage);
    id
}

fn declare_tasks(names: &mut Names, item: &WorkItem, in_service: bool) {
    match item {
        WorkItem::Together(_, items) => items.iter().for_each(|item| declare_tasks(names, item, in_service)),
        WorkItem::Step(_) | WorkItem::Set(_) => {}
        WorkItem::Task(task) => {
            let next = TaskId(names.playbook.tasks.len() as u32);
            let id = *names.tasks.entry(task_label(&task.id)).or_insert(next);
            if id == next {
                let title = Text { main: task_label(&task.id), translations: Vec::new() };
                let title = task.title.as_ref().map_or(title, text);
                names.playbook.tasks.push(Task { id: task.id.clone(), span: task.id_span, title });
                names.offered.push(Offered::default());
            } else if let (Some(title), known) = (&task.title, &mut names.playbook.tasks[id.index()])
                && known.title.main == task_label(&task.id)
            {
                known.title = text(title);
            }
            let offered = &mut names.offered[id.index()];
            offered.by_service |= in_service;
            offered.by_customer |= !in_service;
        }
    }
}

/// Resolves what was declared: conditions, work, transitions.
pub(super) fn resolve(names: &mut Names, mut plan: Plan<'_>, out: &mut Vec<Diagnostic>) {
    for at in 0..plan.scopes.len() {
        resolve_scope(names, &plan, ScopeId(at as u32), out);
    }
    for at in 0..plan.stages.len() {
        resolve_stage(names, &mut plan, StageId(at as u32), out);
    }
    for (at, block) in plan.blocks.iter().enumerate() {
        let id = BlockId(at as u32);
        let scope = names.playbook.blocks[at].scope;
        for exit in &block.exits {
            let exit = transition::resolve(names, exit, Origin::Block(id), scope, out);
            names.playbook.blocks[at].exits.extend(exit);
        }
    }
    for (at, fact) in names.playbook.facts.iter().enumerate() {
        if fact.volatility != Volatility::Kept || plan.set.contains(&FactId(at as u32)) {
            continue;
        }
        let name = &fact.name.name;
        let message = format!("`{name}` is kept by the playbook, but no stage sets it");
        let mut diagnostic = Diagnostic::new(&NEVER_SET, fact.name.span, message)
            .help(format!("Add `set {name} = …` to a stage, or leave `kept by playbook` out"));
        if fact.default.is_none() {
            // Nobody can ever know it: whoever waits for it waits for ever.
            diagnostic.severity = Severity::Error;
        }
        out.push(diagnostic);
    }
}

fn resolve_scope(names: &mut Names, plan: &Plan<'_>, id: ScopeId, out: &mut Vec<Diagnostic>) {
    let at = Context::scope(names.in_service(id));
    let mut started: Option<Span> = None;
    for item in &plan.scopes[id.index()] {
        match item {
            ScopeItem::Input(input) => {
                let input = clause(names, input, at, out);
                names.playbook.scopes[id.index()].inputs.push(input);
            }
            ScopeItem::Output(output) => {
                let output = clause(names, output, at, out);
                names.playbook.scopes[id.index()].outputs.push(output);
            }
            ScopeItem::Start(span, transitions) => {
                if let Some(first) = started {
                    out.push(said_twice("`start`", *span, first));
                    continue;
                }
                started = Some(*span);
                for transition in transitions {
                    let start = transition::resolve(names, transition, Origin::Start(id), id, out);
                    names.playbook.scopes[id.index()].start.extend(start);
                }
            }
            ScopeItem::Transition(transition) => {
                let everywhere = transition::resolve(names, transition, Origin::Everywhere(id), id, out);
                names.playbook.scopes[id.index()].everywhere.extend(everywhere);
            }
            ScopeItem::Stage(_) | ScopeItem::End(_) | ScopeItem::Block(_) => {}
        }
    }
    let scope = &names.playbook.scopes[id.index()];
    let mut beginnings = scope.places.iter().copied().filter(|place| !matches!(place, Place::End(_)));
    if let (None, Some(only), None) = (started, beginnings.next(), beginnings.next()) {
        let span = names.playbook.place_name(only).span;
        let made_up = push(
            names,
            Transition {
                origin: Origin::Start(id),
                trigger: Trigger::Completion(None),
                target: only,
                resume: false,
                limit: None,
                span,
            },
        );
        names.playbook.scopes[id.index()].start.push(made_up);
    }
}

fn resolve_stage(names: &mut Names, plan: &mut Plan<'_>, id: StageId, out: &mut Vec<Diagnostic>) {
    let stage = plan.stages[id.index()];
    let scope = names.playbook.stages[id.index()].scope;
    let in_service = names.in_service(scope);
    let at = Context::scope(in_service).in_stage(id);
    let roles = names.role_list(&stage.roles, out);
    names.playbook.stages[id.index()].roles = roles;
    let services = services_of(names, &stage.services, in_service, "stage", out);
    names.playbook.stages[id.index()].services = services;
    let mut cadences = names.playbook.stages[id.index()].cadences.clone().into_iter();
    let mut first_match: Option<Span> = None;
    for item in &stage.items {
        match item {
            StageItem::About(_, about) => names.playbook.stages[id.index()].about.push(text(about)),
            StageItem::Motion(_, motions) => {
                for motion in motions {
                    let motion = names.motion(motion, out);
                    names.playbook.stages[id.index()].motions.extend(motion);
                }
            }
            StageItem::Link(_, written) => {
                let link = super::link(names, written, out);
                names.playbook.stages[id.index()].links.extend(link);
            }
            StageItem::Input(input) => {
                let input = clause(names, input, at, out);
                names.playbook.stages[id.index()].inputs.push(input);
            }
            StageItem::Output(output) => {
                let output = clause(names, output, at, out);
                names.playbook.stages[id.index()].outputs.push(output);
            }
            StageItem::Needs(needs) => {
                let condition = names.condition(&needs.condition, at, out);
                let condition = condition.unwrap_or_else(|| stand_in(needs.condition.span));
                let as_written = || Text { main: super::written::written(&needs.condition), translations: Vec::new() };
                let needs =
                    Needs { text: needs.text.as_ref().map_or_else(as_written, text), condition, span: needs.span };
                names.playbook.stages[id.index()].needs.push(needs);
            }
            StageItem::Work(item) => {
                let work = work::resolve(names, item, id, None, &mut plan.set, out);
                names.playbook.stages[id.index()].body.extend(work);
            }
            StageItem::Cadence(_) => {
                if let Some(cadence) = cadences.next() {
                    work::resolve_cadence(names, plan.cadences[cadence.index()], cadence, &mut plan.set, out);
                }
            }
            StageItem::FirstMatch(span) => {
                if let Some(first) = first_match {
                    out.push(said_twice("`first match`", *span, first));
                }
                first_match = Some(*span);
                names.playbook.stages[id.index()].first_match = true;
            }
            StageItem::Transition(transition) => {
                let exit = transition::resolve(names, transition, Origin::Stage(id), scope, out);
                names.playbook.stages[id.index()].exits.extend(exit);
            }
        }
    }
    // Most stages have one text, one task and a few exits: room for more would be most of a large playbook.
    let stage = &mut names.playbook.stages[id.index()];
    stage.about.shrink_to_fit();
    stage.body.shrink_to_fit();
    stage.exits.shrink_to_fit();
}

/// The services of `for a, b`, which only tracks of services can have.
fn services_of(
    names: &Names,
    written: &[ast::Name],
    in_service: bool,
    what: &str,
    out: &mut Vec<Diagnostic>,
) -> Option<ServiceSet> {
    let services = names.service_list(written, out);
    if let (Some(first), false) = (written.first(), in_service) {
        let message = format!("this {what} is the customer's, and `for` names services");
        out.push(
            Diagnostic::new(&WRONG_SCOPE, first.span, message)
                .help("Move it into `each service { … }`, or say when: `any services where (service is …)`"),
        );
        return None;
    }
    services
}

fn push(names: &mut Names, transition: Transition) -> TransitionId {
    let id = TransitionId(names.playbook.transitions.len() as u32);
    names.playbook.transitions.push(transition);
    id
}
