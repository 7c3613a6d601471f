//! Which of the times a stage waits for can come.

use super::Subject;
use super::flow::outward;
use crate::model::{CadenceId, Length, Origin, Place, Stage, TransitionId, Trigger, Work};
use crate::value::Duration;

/// Why a time never comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Never {
    /// This transition always comes before it.
    After(TransitionId),
    /// This transition is taken at once.
    AtOnce(TransitionId),
}

/// Why an `after` of a place never comes there; none where it may.
pub(super) fn never(subject: &Subject<'_>, place: Place, id: TransitionId) -> Option<Never> {
    let transitions = &subject.playbook.transitions;
    if let Some(by) = left_at_once(subject, place) {
        return Some(Never::AtOnce(by));
    }
    let exits = &subject.graph.exits(place).after;
    let everywhere = |id: TransitionId| matches!(transitions[id.index()].origin, Origin::Everywhere(_));
    let (due, rounds) = match &transitions[id.index()].trigger {
        Trigger::After(due) => (*due, false),
        Trigger::AfterLastRound(cadence) => (last_round(subject, place, *cadence)?, true),
        _ => return None,
    };
    let before = |other: &TransitionId| {
        let at = |id: TransitionId| exits.iter().position(|known| *known == id);
        match sure(subject, place, *other) {
            Some(other_due) if rounds || everywhere(*other) && !everywhere(id) => other_due.surely_before(due),
            // Both count from the same moment: of two that come together the first is taken.
            Some(other_due) if everywhere(*other) == everywhere(id) => {
                other_due.surely_before(due) || other_due == due && at(*other) < at(id)
            }
            _ => false,
        }
    };
    if let Some(first) = exits.iter().find(|other| **other != id && before(other)) {
        return Some(Never::After(*first));
    }
    limit_around(subject, place)
        .filter(|(_, limit)| Length::Time(*limit).surely_before(due))
        .map(|(by, _)| Never::After(by))
}

/// The transition that is taken as soon as a stage is entered, whatever is known: there is nothing to wait for.
pub(super) fn left_at_once(subject: &Subject<'_>, place: Place) -> Option<TransitionId> {
    let Place::Stage(id) = place else { return None };
    let stage = &subject.playbook.stages[id.index()];
    if !stage.needs.is_empty() || has_tasks(stage) {
        return None;
    }
    let exits = subject.graph.exits(place).completion.iter().copied();
    exits.into_iter().find(|id| {
        let transition = &subject.playbook.transitions[id.index()];
        matches!(transition.trigger, Trigger::Completion(None)) && transition.limit.is_none()
    })
}

fn has_tasks(stage: &Stage) -> bool {
    let mut waiting: Vec<&Work> = stage.body.iter().collect();
    while let Some(work) = waiting.pop() {
        match work {
            Work::Task(_) => return true,
            Work::Together(parts) => waiting.extend(parts),
            Work::Step(_) | Work::Set(_) => {}
        }
    }
    false
}

/// When an `after` is due that surely ends the stay, counted from its own beginning.
fn sure(subject: &Subject<'_>, place: Place, id: TransitionId) -> Option<Length> {
    let transition = &subject.playbook.transitions[id.index()];
    match transition.trigger {
        // Resumed, the stage would go on where it stood.
        Trigger::After(due) if transition.limit.is_none() && !(transition.resume && transition.target == place) => {
            Some(due)
        }
        _ => None,
    }
}

/// The soonest the last round of a stage can come after entry.
pub(super) fn last_round(subject: &Subject<'_>, place: Place, cadence: Option<CadenceId>) -> Option<Length> {
    let Place::Stage(stage) = place else { return None };
    let of = |id: &CadenceId| {
        let cadence = &subject.playbook.cadences[id.index()];
        Some(Duration(cadence.period.least().0.saturating_mul(i64::from(cadence.limit?))))
    };
    match cadence {
        Some(id) => of(&id).map(Length::Time),
        None => {
            let all: Option<Vec<Duration>> = subject.playbook.stages[stage.index()].cadences.iter().map(of).collect();
            all?.into_iter().max().map(Length::Time)
        }
    }
}

/// The time at which whoever is at a place is sure to have left it, counted from entry at the latest.
pub(super) fn limit(subject: &Subject<'_>, place: Place) -> Option<(TransitionId, Duration)> {
    let own = subject.graph.exits(place).after.iter().filter_map(|id| Some((*id, sure(subject, place, *id)?.fixed()?)));
    own.chain(limit_around(subject, place)).min_by_key(|(_, due)| *due)
}

/// The same by what holds for the blocks around it.
fn limit_around(subject: &Subject<'_>, place: Place) -> Option<(TransitionId, Duration)> {
    let blocks = outward(subject.playbook, subject.playbook.place_scope(place)).filter_map(|(_, block)| block);
    let limits = blocks.flat_map(|block| {
        let around = Place::Block(block);
        subject.graph.exits(around).after.iter().filter_map(move |id| Some((*id, sure(subject, around, *id)?.fixed()?)))
    });
    limits.min_by_key(|(_, due)| *due)
}
