//! Work: tasks, steps, `set`, cadences.

use super::super::expression::Context;
use super::super::names::{Names, task_label};
use super::super::{link, stand_in, text};
use super::services_of;
use crate::diagnostic::{Diagnostic, FIXED_FACT_SET, MISSING_FLAG, WRONG_SCOPE};
use crate::model::{Assignment, CadenceId, FactId, FactScope, Offer, OfferId, StageId, Step, Volatility, Work};
use crate::syntax::ast::{self, AssignOperator, ExprKind, Sign, WorkItem};
use std::collections::BTreeSet;

/// An item of work in a stage, or in one of its cadences.
pub(super) fn resolve(
    names: &mut Names,
    item: &WorkItem,
    stage: StageId,
    cadence: Option<CadenceId>,
    set: &mut BTreeSet<FactId>,
    out: &mut Vec<Diagnostic>,
) -> Option<Work> {
    Some(match item {
        WorkItem::Task(task) => Work::Task(offer(names, task, stage, cadence, out)?),
        WorkItem::Step(step) => Work::Step(Step {
            text: text(&step.text),
            roles: names.role_list(&step.roles, out),
            links: step.links.iter().filter_map(|written| link(names, written, out)).collect(),
            span: step.span,
        }),
        WorkItem::Set(assignment) => {
            let at = context(names, stage, cadence);
            let assignment = assign(names, assignment, at, set, out)?;
            Work::Set(assignment)
        }
        WorkItem::Together(_, items) => {
            Work::Together(items.iter().filter_map(|item| resolve(names, item, stage, cadence, set, out)).collect())
        }
    })
}

/// `every … { … }`.
pub(super) fn resolve_cadence(
    names: &mut Names,
    written: &ast::Cadence,
    id: CadenceId,
    set: &mut BTreeSet<FactId>,
    out: &mut Vec<Diagnostic>,
) {
    if let Some(period) = names.length(&written.period, "the time between rounds", out) {
        names.playbook.cadences[id.index()].period = period;
    }
    if let Some(limit) = &written.limit {
        // Without its limit it would seem to go on for ever.
        names.playbook.cadences[id.index()].limit = Some(names.count(limit, "the number of rounds", out).unwrap_or(1));
    }
    let stage = names.playbook.cadences[id.index()].stage;
    let body = written.items.iter().filter_map(|item| resolve(names, item, stage, Some(id), set, out)).collect();
    names.playbook.cadences[id.index()].body = body;
}

fn context(names: &Names, stage: StageId, cadence: Option<CadenceId>) -> Context {
    let scope = names.playbook.stages[stage.index()].scope;
    let at = Context::scope(names.in_service(scope)).in_stage(stage);
    cadence.map_or(at, |cadence| at.in_cadence(cadence))
}

fn offer(
    names: &mut Names,
    task: &ast::Task,
    stage: StageId,
    cadence: Option<CadenceId>,
    out: &mut Vec<Diagnostic>,
) -> Option<OfferId> {
    let label = task_label(&task.id);
    let id = names.tasks.get(&label).copied()?;
    if task.mandatory.is_none() {
        let message = format!("task {label} does not say whether it is mandatory or optional");
        out.push(
            Diagnostic::new(&MISSING_FLAG, task.id_span, message)
                .help(format!("Write `task {label} mandatory` or `task {label} optional`")),
        );
    }
    let at = context(names, stage, cadence);
    let in_service = at.subject == super::super::expression::Where::Service;
    let own_roles = names.role_list(&task.roles, out);
    let offer = Offer {
        task: id,
        stage,
        cadence,
        mandatory: task.mandatory.unwrap_or(true),
        title: task.title.as_ref().map_or_else(|| names.playbook.tasks[id.index()].title.clone(), text),
        services: services_of(names, &task.services, in_service, "task", out),
        roles: if task.roles.is_empty() { names.playbook.stages[stage.index()].roles.clone() } else { own_roles },
        when: task.when.as_ref().map(|when| names.condition(when, at, out).unwrap_or_else(|| stand_in(when.span))),
        due: task.due.as_ref().and_then(|due| names.length(due, "the time a task may take", out)),
        again: task.again,
        links: task.links.iter().filter_map(|written| link(names, written, out)).collect(),
        span: task.span,
    };
    let offer_id = OfferId(names.playbook.offers.len() as u32);
    names.playbook.offers.push(offer);
    Some(offer_id)
}

/// `set NAME = …`.
fn assign(
    names: &mut Names,
    written: &ast::Assignment,
    at: Context,
    set: &mut BTreeSet<FactId>,
    out: &mut Vec<Diagnostic>,
) -> Option<Assignment> {
    let fact = names.fact(&written.fact, out)?;
    set.insert(fact);
    let (kind, scope) = (names.playbook.facts[fact.index()].kind.clone(), names.playbook.facts[fact.index()].scope);
    let (declared, name) = (names.playbook.facts[fact.index()].name.span, written.fact.text.as_str());
    if names.playbook.facts[fact.index()].volatility == Volatility::Fixed {
        let message = format!("`{name}` is fixed, so no stage can set it");
        out.push(
            Diagnostic::new(&FIXED_FACT_SET, written.fact.span, message)
                .related(declared, "declared here")
                .help("Declare it `kept by playbook`, or set another fact"),
        );
    }
    if scope == FactScope::Service && at.subject == super::super::expression::Where::Customer {
        let message = format!("`{name}` is a fact of each service, and this stage is the customer's");
        out.push(
            Diagnostic::new(&WRONG_SCOPE, written.fact.span, message)
                .related(declared, "declared here")
                .help("Set it in a stage of `each service { … }`"),
        );
        return None;
    }
    let sign = match written.operator {
        AssignOperator::Assign => None,
        AssignOperator::Add => Some(Sign::Plus),
        AssignOperator::Subtract => Some(Sign::Minus),
    };
    let value = match sign {
        None => {
            let value = names.value(&written.value, Some(&kind), at, out)?;
            if names.fold(&value).is_some() {
                let settled = names.settled(&written.value, &value, &kind, out)?;
                names.in_range_of(fact, &settled, written.value.span, out);
            }
            value
        }
        Some(sign) => {
            let before = ast::Expr { kind: ExprKind::Name(name.to_owned()), span: written.fact.span };
            let terms = vec![(Sign::Plus, before), (sign, written.value.clone())];
            let span = written.fact.span.to(written.value.span);
            names.value(&ast::Expr { kind: ExprKind::Sum(terms), span }, Some(&kind), at, out)?
        }
    };
    Some(Assignment { fact, value, span: written.span })
}
