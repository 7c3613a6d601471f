//! All questions about one playbook, answered in the order in which they are written; as findings, too.

use super::encode::Prepared;
use super::explore::Budget;
use super::explore::domain::{deep, of_property};
use super::kernel::BUDGET;
use super::outline::Outline;
use super::property::{Decision, decide_with, tasks};
use super::soundness::{ASSUMED, Soundness, soundness_with};
use super::verdict::Verdict;
use crate::diagnostic::{
    CANNOT_FINISH, Diagnostic, NEVER_ENTERED, NOT_DECIDED, PROPERTY_VIOLATED, Rule, WAITS_FOR_EVER,
};
use crate::model::property::Property;
use crate::model::{Atom, Document, Expr, Node, Place, Playbook, ServiceId, ServiceSet, StageId, TaskId};
use crate::run::Machine;
use crate::run::monitor::{Violation, Wrong};
use crate::source::Span;
use crate::value::DAY;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

/// What a question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A property of the author's.
    Property,
    /// Whether every customer can come to an end.
    CanFinish,
    /// Whether every customer does, where everybody does their part.
    DoesFinish,
    /// Whether somebody comes to every stage.
    NoDeadStage,
}

/// A question with its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The name of the property, or of the question: `can_finish`, `does_finish`, `no_dead_stage`.
    pub name: String,
    /// What is asked.
    pub kind: Kind,
    /// Where: the name of the property, or of the playbook.
    pub span: Span,
    /// The verdict.
    pub verdict: Verdict,
    /// How the journey of a refutation breaks a property.
    pub violation: Option<Violation>,
    /// Where the customer of a refutation stays.
    pub stays: Option<Place>,
    /// Stages nobody comes to.
    pub dead: Vec<StageId>,
    /// What may explain a refutation: a task that is never done where the property looks for it.
    pub hint: Option<String>,
}

/// How to go about it.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Events followed for each question at most.
    pub budget: u64,
    /// Only the property of this name.
    pub only: Option<&'a str>,
    /// How many threads.
    pub threads: usize,
    /// Whether to stop, asked now and then.
    pub stop: Option<fn() -> bool>,
}

/// Answers all questions about a playbook. `done` hears of each as it is answered. The answers do not depend on the
/// number of threads.
#[must_use]
pub fn answers(
    document: &Document,
    machine: &Machine,
    options: &Options<'_>,
    done: &(dyn Fn(&[Answered]) + Sync),
) -> Vec<Answered> {
    let wanted = |name: &str| options.only.is_none_or(|only| only == name);
    let properties: Vec<usize> =
        (0..document.properties.len()).filter(|index| wanted(&document.properties[*index].name.name)).collect();
    let jobs = properties.len() + usize::from(options.only.is_none());
    let budget = || {
        let budget = Budget::new(options.budget);
        options.stop.map_or(budget.clone(), |stop| budget.stopping(stop))
    };
    let mut conditions = Vec::new();
    document.properties.iter().for_each(|known| of_property(known, &mut |condition| conditions.push(condition)));
    let prepared = Prepared::cautious(&machine.playbook, conditions);
    // What is known at each place is worked out once, and only where it is needed.
    let outline = OnceLock::new();
    let outlined = || {
        let stop = || options.stop.is_some_and(|stop| stop());
        outline.get_or_init(|| Outline::until(machine, &prepared, BUDGET, &stop))
    };
    let one = |job: usize| -> Vec<Answered> {
        let answers = match properties.get(job) {
            Some(index) => {
                let known = &document.properties[*index];
                vec![property_with(machine, known, &mut budget(), &outlined)]
            }
            None => whole(machine, soundness_with(machine, &mut budget(), &outlined)),
        };
        done(&answers);
        answers
    };
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            if job >= jobs {
                return;
            }
            let answers = one(job);
            found.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((job, answers));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..options.threads.min(jobs) {
            scope.spawn(work);
        }
        work();
    });
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.sort_by_key(|(job, _)| *job);
    found.into_iter().flat_map(|(_, answers)| answers).collect()
}

/// The answer about one property, with what is known at each place where that is asked for.
#[must_use]
pub fn property_with<'o, 'm: 'o>(
    machine: &Machine,
    property: &Property,
    budget: &mut Budget,
    outline: &dyn Fn() -> &'o Outline<'m>,
) -> Answered {
    answered(machine, property, decide_with(machine, property, budget, outline))
}

fn answered(machine: &Machine, property: &Property, decision: Decision) -> Answered {
    let Decision { verdict, violation } = decision;
    let (name, span) = (property.name.name.clone(), property.name.span);
    let service = violation.as_ref().and_then(|violation| violation.service);
    let refuted = matches!(verdict, Verdict::Refuted(_));
    let hint = if refuted { never_offered(&machine.playbook, property, service) } else { None };
    Answered { name, kind: Kind::Property, span, verdict, violation, stays: None, dead: Vec::new(), hint }
}

/// A task the property speaks of that no track of this service is ever offered, in words: each track counts for itself.
fn never_offered(playbook: &Playbook, property: &Property, service: Option<ServiceId>) -> Option<String> {
    if !property.of_service {
        return None;
    }
    let mut tasks = tasks(property);
    let mut conditions: Vec<&Expr> = Vec::new();
    of_property(property, &mut |condition| conditions.push(condition));
    let mut look = |part: &Expr| {
        if let Node::Atom(Atom::DoneTask(task) | Atom::TaskStatus(task, _)) = &part.node {
            tasks.push(*task);
        }
    };
    conditions.iter().for_each(|condition| deep(playbook, condition, &mut look));
    let offered = |task: TaskId| {
        playbook.offers.iter().filter(|offer| offer.task == task).any(|offer| {
            let stage = &playbook.stages[offer.stage.index()];
            let theirs = |services: Option<ServiceSet>| {
                service.is_none_or(|service| services.is_none_or(|services| services.contains(service)))
            };
            playbook.scopes[stage.scope.index()].in_service && theirs(stage.services) && theirs(offer.services)
        })
    };
    let task = tasks.into_iter().find(|task| !offered(*task))?;
    let of = service.map_or_else(
        || "the track of any service".to_owned(),
        |service| format!("the track of `{}`", playbook.services[service.index()].name),
    );
    let label = playbook.tasks[task.index()].label();
    Some(format!("Task {label} is never offered in {of}, and each track is looked at for itself"))
}

fn whole(machine: &Machine, soundness: Soundness) -> Vec<Answered> {
    let span = machine.playbook.name.span;
    let answer = |name: &str, kind: Kind, verdict: Verdict, stays: Option<Place>, dead: Vec<StageId>| Answered {
        name: name.to_owned(),
        kind,
        span,
        verdict,
        violation: None,
        stays,
        dead,
        hint: None,
    };
    vec![
        answer("can_finish", Kind::CanFinish, soundness.can_finish, soundness.trapped_at, Vec::new()),
        answer("does_finish", Kind::DoesFinish, soundness.does_finish, soundness.stays, Vec::new()),
        answer("no_dead_stage", Kind::NoDeadStage, soundness.no_dead_stage, None, soundness.dead),
    ]
}

impl Answered {
    /// As findings: a refutation, with its customer, or a question that is not decided.
    #[must_use]
    pub fn findings(&self, machine: &Machine) -> Vec<Diagnostic> {
        let mut findings = match &self.verdict {
            Verdict::Proved(_) | Verdict::ProvedUpTo(..) => Vec::new(),
            Verdict::NotDecided { reason, tried } => {
                let what = match self.kind {
                    Kind::Property => format!("property `{}` is not decided: {reason}", self.name),
                    Kind::CanFinish => format!("whether every customer can come to an end is not decided: {reason}"),
                    Kind::DoesFinish => format!("whether every customer comes to an end is not decided: {reason}"),
                    Kind::NoDeadStage => format!("whether somebody comes to every stage is not decided: {reason}"),
                };
                vec![Diagnostic::new(&NOT_DECIDED, self.span, what).help(format!("Tried so far: {tried}"))]
            }
            Verdict::Refuted(_) => self.refuted(machine),
        };
        if let Verdict::Refuted(Some(witness)) = &self.verdict {
            for finding in &mut findings {
                finding.witness = Some(witness.journey.to_json(machine));
            }
        }
        findings
    }

    fn hinted(&self, finding: Diagnostic) -> Diagnostic {
        match &self.hint {
            Some(hint) => finding.help(hint.clone()),
            None => finding,
        }
    }

    fn refuted(&self, machine: &Machine) -> Vec<Diagnostic> {
        let playbook = &machine.playbook;
        let place = |rule: &'static Rule, words: &str| {
            let (span, name) = match self.stays {
                Some(Place::Stage(stage)) => {
                    let stage = &playbook.stages[stage.index()];
                    (stage.head, format!("in stage `{}`", stage.name.name))
                }
                Some(Place::Block(block)) => (playbook.blocks[block.index()].head, "at this block".to_owned()),
                Some(Place::End(_)) | None => (self.span, "at the start".to_owned()),
            };
            vec![Diagnostic::new(rule, span, format!("{words} {name}"))]
        };
        match self.kind {
            Kind::Property => {
                let message = format!("property `{}` does not hold for every customer", self.name);
                let Some(violation) = &self.violation else {
                    let message = format!("{message}: what has to come may never come");
                    return vec![self.hinted(Diagnostic::new(&PROPERTY_VIOLATED, self.span, message))];
                };
                let part = words(violation);
                let of = violation
                    .service
                    .map_or_else(String::new, |service| format!(" for `{}`", playbook.services[service.index()].name));
                let message = format!("{message}: see the example");
                let finding = Diagnostic::new(&PROPERTY_VIOLATED, self.span, message);
                vec![self.hinted(finding.related(violation.span, format!("{part}{of}")))]
            }
            Kind::CanFinish => {
                place(&CANNOT_FINISH, "nothing that can happen leads to an end from where a customer can be,")
            }
            Kind::DoesFinish => {
                place(&WAITS_FOR_EVER, "a customer may stay for ever, though everybody does their part,")
                    .into_iter()
                    .map(|finding| finding.help(format!("It is assumed that {ASSUMED}")))
                    .collect()
            }
            Kind::NoDeadStage => self
                .dead
                .iter()
                .map(|stage| {
                    let stage = &playbook.stages[stage.index()];
                    let message = format!("no customer ever comes to stage `{}`", stage.name.name);
                    Diagnostic::new(&NEVER_ENTERED, stage.head, message)
                })
                .collect(),
        }
    }
}

/// What is wrong, for a label beside the part of the property.
fn words(violation: &Violation) -> String {
    let day = violation.at.div_euclid(DAY);
    match violation.kind {
        Wrong::Holds => format!("true on day {day}"),
        Wrong::Fails => format!("not true on day {day}"),
        Wrong::TooEarly => format!("comes on day {day}, before the other"),
        Wrong::Late => format!("has not come by day {day}"),
        Wrong::Missing => format!("has not come when the journey is over on day {day}"),
        Wrong::TooOften(times) => format!("comes {times} times by day {day}"),
    }
}
