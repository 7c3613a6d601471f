//! What can be said about a playbook without running it: one rule a file.
//!
//! An error can hurt a customer, a warning is suspicious, a note informs. No rule takes more than a few passes over the
//! state graph, and none is recursive along it, so that ten thousand stages are checked in no time. Only where something is found, a customer
//! who suffers from it is looked for with the interpreter, within a few thousand events.

pub mod audiences;
pub mod chains;
mod conditions;
mod examples;
mod flow;
mod loops;
mod mentions;
mod obligations;
mod reach;
mod timers;

mod after_otherwise;
mod blocker_never_cleared;
mod broken_link;
mod colliding_rules;
mod cycle_without_exit;
mod dead_end;
mod dead_write;
mod end_never_reached;
mod guards;
mod handover;
mod join_deadlock;
mod loop_without_bound;
mod loop_without_progress;
mod mandatory_and_optional;
mod mandatory_task_skippable;
mod missing_start;
mod no_services;
mod no_way_to_finish;
mod only_failure;
mod open_work_at_end;
pub mod outdated_variant;
mod properties;
mod read_before_set;
mod resume_never_left;
mod service_not_covered;
mod task_never_offered;
mod task_twice;
mod timer_never_fires;
mod track_race;
mod unbounded_cadence;
mod unbounded_wait;
mod unreachable_stage;
mod unused_declaration;
mod zero_time_loop;

use crate::diagnostic::{
    BLOCKER_NEVER_CLEARED, COLLIDING_RULES, CONTRADICTORY_ASSUMPTIONS, DEAD_EXIT, Diagnostic, JOIN_DEADLOCK,
    LOOP_WITHOUT_PROGRESS, MANDATORY_TASK_SKIPPABLE, NO_WAY_TO_FINISH, NOT_DECIDED, READ_BEFORE_SET,
    REDUNDANT_CONDITION, RESUME_NEVER_LEFT, STUCK_CUSTOMER, Severity, UNBOUNDED_WAIT, UNREACHABLE_STAGE,
};
use crate::graph::StateGraph;
use crate::model::{Document, Place, Playbook, ScopeId, ScopeKind, Trigger};
use crate::source::Span;
use crate::syntax::ast;
use examples::Examples;
use flow::Flow;
use reach::Reach;

/// What lies around the playbook that is checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Surroundings<'a> {
    /// The trees of the files read with it, its own among them: without any, nothing is said about what is not used.
    pub files: &'a [&'a ast::File],
    /// The names of the playbooks in these files.
    pub playbooks: &'a [&'a str],
    /// Whether that is all there are, as where a folder is checked; a single file may have others beside it.
    pub complete: bool,
}

/// What the rules look at.
struct Subject<'a> {
    document: &'a Document,
    playbook: &'a Playbook,
    graph: &'a StateGraph,
    around: Surroundings<'a>,
    reach: Reach,
    flow: std::cell::OnceCell<Flow>,
    examples: Examples,
    /// Where the conditions on the way let everybody go on whom they let in: what guards say together tells it.
    goes_on: std::cell::OnceCell<std::collections::BTreeSet<crate::graph::Node>>,
}

type Check = fn(&Subject<'_>, &mut Vec<Diagnostic>);

/// Rules about what is there.
const ALWAYS: [Check; 5] = [
    after_otherwise::check,
    mandatory_and_optional::check,
    no_services::check,
    broken_link::check,
    outdated_variant::check,
];

/// Rules that conclude something from what is used and what is for whom: only for a playbook without mistakes.
const SOUND: [Check; 4] =
    [task_never_offered::check, service_not_covered::check, unused_declaration::check, properties::check];

/// Rules that conclude something from ways that are not there: only where all of the flow is.
const WHOLE: [Check; 12] = [
    guards::check,
    missing_start::check,
    unreachable_stage::check,
    dead_end::check,
    cycle_without_exit::check,
    end_never_reached::check,
    only_failure::check,
    unbounded_wait::check,
    unbounded_cadence::check,
    zero_time_loop::check,
    loop_without_bound::check,
    resume_never_left::check,
];

/// Rules of which a finding can keep a playbook from being followed ([`Diagnostic::is_fatal`]), where all of the flow is there.
const ESSENTIAL: [Check; 4] = [missing_start::check, dead_end::check, cycle_without_exit::check, zero_time_loop::check];

fn subject<'a>(document: &'a Document, graph: &'a StateGraph, around: Surroundings<'a>) -> Subject<'a> {
    let playbook = &document.playbook;
    Subject {
        document,
        playbook,
        graph,
        around,
        reach: Reach::new(playbook, graph),
        flow: std::cell::OnceCell::new(),
        examples: Examples::new(),
        goes_on: std::cell::OnceCell::new(),
    }
}

/// What keeps a playbook from being followed, of what [`check`] finds.
#[must_use]
pub fn essentials(document: &Document, graph: &StateGraph, around: Surroundings<'_>) -> Vec<Diagnostic> {
    let subject = subject(document, graph, around);
    let mut findings = Vec::new();
    let whole: &[Check] = if document.whole { &ESSENTIAL } else { &[] };
    for rule in whole.iter().chain([&(after_otherwise::check as Check)]) {
        rule(&subject, &mut findings);
    }
    findings.retain(Diagnostic::is_fatal);
    findings
}

/// Looks at a playbook, its properties and its graph with every rule. Findings come rule by rule, unsorted.
#[must_use]
pub fn check(document: &Document, graph: &StateGraph, around: Surroundings<'_>) -> Vec<Diagnostic> {
    let playbook = &document.playbook;
    let subject = subject(document, graph, around);
    let mut findings = Vec::new();
    let whole: &[Check] = if document.whole { &WHOLE } else { &[] };
    let sound: &[Check] = if document.sound { &SOUND } else { &[] };
    let followed = playbook.can_be_written_out();
    let both: &[Check] = if document.whole && document.sound && followed { &WHOLE_AND_SOUND } else { &[] };
    for rule in whole.iter().chain(sound).chain(both).chain(&ALWAYS) {
        rule(&subject, &mut findings);
    }
    if !followed {
        let message = "the ways through the playbook were not followed: its named values use each other too often";
        let help = "Let a named value use another one once, not twice";
        findings.push(Diagnostic::new(&NOT_DECIDED, playbook.name.span, message).help(help));
    }
    said_better(&mut findings);
    findings
}

/// Rules that conclude something from what conditions say and from ways that are not there.
const WHOLE_AND_SOUND: [Check; 12] = [
    no_way_to_finish::check,
    join_deadlock::check,
    colliding_rules::check,
    timer_never_fires::check,
    blocker_never_cleared::check,
    mandatory_task_skippable::check,
    open_work_at_end::check,
    task_twice::check,
    loop_without_progress::check,
    track_race::check,
    read_before_set::check,
    dead_write::check,
];

/// Takes out what another finding at the same place says better; a customer who was shown with it stays.
fn said_better(findings: &mut Vec<Diagnostic>) {
    let whole = |found: &Diagnostic| {
        [&NO_WAY_TO_FINISH, &JOIN_DEADLOCK, &COLLIDING_RULES, &LOOP_WITHOUT_PROGRESS].contains(&found.rule)
    };
    let labels = |found: &Diagnostic| -> Vec<Span> {
        std::iter::once(&found.primary).chain(&found.related).map(|label| label.span).collect()
    };
    let about = |spots: &[Span], span: Span| {
        spots.iter().any(|spot| spot.file == span.file && spot.start >= span.start && spot.end <= span.end)
    };
    // What nobody can satisfy anyway is said where it stands.
    let contradictory: Vec<Span> = findings
        .iter()
        .filter(|found| *found.rule == CONTRADICTORY_ASSUMPTIONS)
        .map(|found| found.primary.span)
        .collect();
    findings.retain(|found| {
        *found.rule != NO_WAY_TO_FINISH
            || !labels(found)
                .iter()
                .any(|span| contradictory.iter().any(|said| about(&[*span], *said) || about(&[*said], *span)))
    });
    for at in (0..findings.len()).filter(|at| whole(&findings[*at])).collect::<Vec<_>>() {
        let spots = labels(&findings[at]);
        let example = findings
            .iter()
            .find(|found| *found.rule == STUCK_CUSTOMER && spots.contains(&found.primary.span))
            .and_then(|found| found.witness.clone());
        findings[at].witness = findings[at].witness.take().or(example);
    }
    let spots: Vec<Span> = findings.iter().filter(|found| whole(found)).flat_map(labels).collect();
    let blockers: Vec<Span> =
        findings.iter().filter(|found| *found.rule == BLOCKER_NEVER_CLEARED).map(|found| found.primary.span).collect();
    let resumed: Vec<Span> =
        findings.iter().filter(|found| *found.rule == RESUME_NEVER_LEFT).map(|found| found.primary.span).collect();
    let unset: Vec<Span> =
        findings.iter().filter(|found| *found.rule == READ_BEFORE_SET).map(|found| found.primary.span).collect();
    findings.retain(|found| {
        let (rule, span) = (found.rule, found.primary.span);
        let said = [&STUCK_CUSTOMER, &UNBOUNDED_WAIT].contains(&rule) && spots.contains(&span)
            || *rule == DEAD_EXIT
                && (about(&spots, span)
                    || std::iter::once(&found.primary).chain(&found.related).any(|label| about(&unset, label.span)))
            || *rule == UNREACHABLE_STAGE && found.related.iter().any(|label| about(&spots, label.span))
            || *rule == REDUNDANT_CONDITION && found.related.iter().any(|label| about(&spots, label.span))
            || *rule == STUCK_CUSTOMER
                && found.severity == Severity::Warning
                && found.related.iter().any(|label| about(&unset, label.span))
            || *rule == UNBOUNDED_WAIT && blockers.contains(&span)
            || *rule == MANDATORY_TASK_SKIPPABLE && resumed.contains(&span);
        !said
    });
}

impl Subject<'_> {
    /// What can be told of the ways through the playbook.
    fn flow(&self) -> &Flow {
        self.flow.get_or_init(|| Flow::new(self))
    }

    /// A place as a message calls it.
    fn call(&self, place: Place) -> String {
        let name = &self.playbook.place_name(place).name;
        match place {
            Place::Block(_) if name == "each_service" => "the block `each service`".to_owned(),
            Place::Block(_) if name == "together" => "the block `together`".to_owned(),
            Place::Block(_) => format!("the block `{name}`"),
            Place::Stage(_) => format!("stage `{name}`"),
            Place::End(_) => format!("end `{name}`"),
        }
    }

    /// A scope as a message calls it.
    fn call_scope(&self, id: ScopeId) -> String {
        let scope = &self.playbook.scopes[id.index()];
        match scope.kind {
            ScopeKind::Customer => format!("playbook `{}`", scope.name.name),
            ScopeKind::EachService if scope.name.name == "each_service" => "`each service`".to_owned(),
            ScopeKind::EachService => format!("`each service as {}`", scope.name.name),
            ScopeKind::Branch => format!("branch `{}`", scope.name.name),
        }
    }

    /// Where a message about a place points.
    fn spot(&self, place: Place) -> Span {
        match place {
            Place::Stage(id) => self.playbook.stages[id.index()].head,
            Place::Block(id) => self.playbook.blocks[id.index()].head,
            Place::End(_) => self.playbook.place_name(place).span,
        }
    }

    /// Stages and blocks, in declared order.
    fn working_places(&self) -> impl Iterator<Item = Place> + '_ {
        let scopes = self.playbook.scopes.iter();
        scopes.flat_map(|scope| scope.places.iter().copied()).filter(|place| !matches!(place, Place::End(_)))
    }

    /// Whether some exit comes with time alone, at the latest.
    fn has_time_limit(&self, place: Place) -> bool {
        self.graph.exits(place).after.iter().any(|id| match &self.playbook.transitions[id.index()].trigger {
            Trigger::After(_) => true,
            Trigger::AfterLastRound(cadence) => self.rounds_end(place, *cadence),
            _ => false,
        })
    }

    /// Whether the last round of a cadence comes; of all cadences of the stage where none is named.
    fn rounds_end(&self, place: Place, cadence: Option<crate::model::CadenceId>) -> bool {
        let limited = |id: &crate::model::CadenceId| self.playbook.cadences[id.index()].limit.is_some();
        match (cadence, place) {
            (Some(id), _) => limited(&id),
            (None, Place::Stage(stage)) => self.playbook.stages[stage.index()].cadences.iter().all(limited),
            (None, _) => false,
        }
    }
}

/// Names in a sentence: `` `a`, `b` and `c` ``, the rest counted.
fn list(names: &[&str]) -> String {
    const MOST: usize = 12;
    let quoted: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        _ if names.len() > MOST => format!("{} and {} more", quoted.join(", "), names.len() - MOST),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests;
