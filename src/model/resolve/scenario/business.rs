//! Work that goes on in business time: `takes 2 business days`, `takes between 4 and 6 business hours`.

use super::super::expression::Context;
use super::{Maker, collect};
use crate::diagnostic::{Diagnostic, SCENARIO_CONFLICT, WRONG_TYPE};
use crate::model::scenario::{Sampler, SamplerNode};
use crate::model::{BusinessUnit, OfferId, TaskId, Type, Work};
use crate::source::Span;
use crate::syntax::ast::{self, CallUnit, ExprKind, Unit};
use std::collections::BTreeSet;

/// In what a length of time is written, and where.
#[derive(Debug, Default)]
struct Units {
    business: Vec<(BusinessUnit, Span)>,
    clock: Vec<Span>,
    names: Vec<ast::Expr>,
}

/// Notes the units of what is added up, multiplied or chosen from, and makes business days days and business hours hours.
/// Conditions are left as they are.
fn by_the_clock(expr: &mut ast::Expr, units: &mut Units) {
    let span = expr.span;
    let mut business = |unit: BusinessUnit| {
        units.business.push((unit, span));
        match unit {
            BusinessUnit::Days => Unit::Days,
            BusinessUnit::Hours => Unit::Hours,
        }
    };
    match &mut expr.kind {
        ExprKind::Business(number, unit) => expr.kind = ExprKind::Duration(*number, business(*unit)),
        ExprKind::Duration(..) => units.clock.push(span),
        ExprKind::Name(_) => units.names.push(expr.clone()),
        ExprKind::Call { arguments, unit, .. } => {
            match *unit {
                Some(CallUnit::Business(word)) => *unit = Some(CallUnit::Time(business(word))),
                Some(CallUnit::Time(_)) => units.clock.push(span),
                None => {}
            }
            arguments.iter_mut().for_each(|argument| by_the_clock(&mut argument.value, units));
        }
        ExprKind::Sum(terms) => terms.iter_mut().for_each(|(_, term)| by_the_clock(term, units)),
        ExprKind::Product(first, factors) => {
            by_the_clock(first, units);
            factors.iter_mut().for_each(|(_, factor)| by_the_clock(factor, units));
        }
        ExprKind::Negate(part) => by_the_clock(part, units),
        ExprKind::Choice(choices, last) => {
            choices.iter_mut().for_each(|(value, _)| by_the_clock(value, units));
            by_the_clock(last, units);
        }
        ExprKind::Between { low, high, mostly } => {
            by_the_clock(low, units);
            by_the_clock(high, units);
            mostly.iter_mut().for_each(|mostly| by_the_clock(mostly, units));
        }
        ExprKind::Usually { median, over, .. } => {
            by_the_clock(median, units);
            by_the_clock(over, units);
        }
        ExprKind::Weighted(choices) => choices.iter_mut().for_each(|(value, _)| by_the_clock(value, units)),
        _ => {}
    }
}

impl Maker<'_> {
    /// How long work takes: by the clock, or in business time.
    pub(super) fn work_time(&mut self, written: &ast::Expr, at: Context) -> Option<Sampler> {
        let (mut plain, mut units) = (written.clone(), Units::default());
        by_the_clock(&mut plain, &mut units);
        let Some(&(unit, first)) = units.business.first() else { return self.time(written, at) };
        let other = units.business.iter().find(|(other, _)| *other != unit).map(|(_, span)| *span);
        if let Some(other) = other.or(units.clock.first().copied()) {
            self.mixed(unit, first, other);
            return None;
        }
        let found = self.time(&plain, at)?;
        // A fact, parameter or named value that is a length of time is one by the clock.
        let mut is_length = |name: &ast::Expr| {
            self.names.value(name, None, at, &mut Vec::new()).is_some_and(|it| it.kind == Type::Duration)
        };
        if let Some(name) = units.names.iter().find(|name| is_length(name)) {
            self.mixed(unit, first, name.span);
            return None;
        }
        let (kind, span) = (found.kind.clone(), found.span);
        Some(Sampler { node: SamplerNode::Business(unit, Box::new(found)), kind, span })
    }

    fn mixed(&mut self, unit: BusinessUnit, first: Span, other: Span) {
        let word = unit.words(false);
        let message = format!("{word} and other lengths of time cannot be counted together");
        self.out.push(
            Diagnostic::new(&WRONG_TYPE, other, message)
                .related(first, format!("{word} are spoken of here"))
                .help(format!("Say all of it in {word}, or nothing")),
        );
    }

    /// The hours of scarce people are said with them: business time says nothing of when they work.
    pub(super) fn people_have_hours(&mut self) {
        let playbook = &self.names.playbook;
        let business = |takes: &Sampler| match &takes.node {
            SamplerNode::Business(unit, _) => Some(*unit),
            _ => None,
        };
        let waits = |offer: &OfferId| !self.made.waits_for(playbook, *offer).is_empty();
        let mut found = Vec::new();
        let mut told = BTreeSet::new();
        let mut tell = |takes: &Sampler, unit: BusinessUnit, task: TaskId, offer: OfferId| {
            if !told.insert(takes.span) {
                return;
            }
            let word = unit.words(false);
            let role = self.made.waits_for(playbook, offer).first();
            let people = self.made.staffing.iter().find(|staffing| Some(&staffing.role) == role);
            let message = format!(
                "task `{}` is done by people who have hours of their own, and {word} are those of the calendar",
                playbook.tasks[task.index()].label()
            );
            let written = match unit {
                BusinessUnit::Days => "a business day of 8 hours is `takes 8 hours`",
                BusinessUnit::Hours => "`takes 6 hours` where it said `takes 6 business hours`",
            };
            let help = format!(
                "Say the hours of work by the clock: they pass only while these people are at work ({written})"
            );
            let mut finding = Diagnostic::new(&SCENARIO_CONFLICT, takes.span, message).help(help);
            if let Some(people) = people {
                finding = finding.related(people.span, "these people");
            }
            found.push(finding);
        };
        let offers = || (0..playbook.offers.len()).map(|offer| OfferId(offer as u32));
        for (task, takes) in &self.made.task_takes {
            let of_task = |offer: &OfferId| playbook.offers[offer.index()].task == *task;
            if let (Some(unit), Some(offer)) = (business(takes), offers().filter(of_task).find(waits)) {
                tell(takes, unit, *task, offer);
            }
        }
        for (stage, takes) in &self.made.stage_takes {
            let stage = &playbook.stages[stage.index()];
            let cadences = stage.cadences.iter().map(|id| &playbook.cadences[id.index()].body);
            let mut offers = Vec::new();
            std::iter::once(&stage.body).chain(cadences).for_each(|body: &Vec<Work>| collect(body, &mut offers));
            let task = |offer: &OfferId| playbook.offers[offer.index()].task;
            let mut untimed = offers.into_iter().filter(|offer| !self.made.task_takes.contains_key(&task(offer)));
            if let (Some(unit), Some(offer)) = (business(takes), untimed.find(|offer| waits(offer))) {
                tell(takes, unit, task(&offer), offer);
            }
        }
        self.out.extend(found);
    }
}
