//! When what is known changes on the way of an example: not at all, while work is open, or so that two clocks are due at once.

use crate::model::{Atom, Expr, Node as Part, Playbook, SustainedId};
use crate::value::DAY;
use std::collections::BTreeSet;

/// When what can change changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Never: it is what it is from day 0 on.
    Never,
    /// While a task is open at the end of the way.
    Late,
    /// So many days after the end of the way, when a condition comes true that has to hold for a time; another that has
    /// to hold for longer is true before.
    Turn { days: u64, from: Option<SustainedId>, then: SustainedId },
}

/// A clock that a condition looks at: how long it takes, and what has to hold meanwhile.
type Clock = (i64, Option<SustainedId>);

/// The paces at which two of the clocks that conditions look at come to be due at the same instant.
pub(super) fn turns(playbook: &Playbook, conditions: &[&Expr]) -> Vec<Pace> {
    let mut clocks: BTreeSet<Clock> = BTreeSet::new();
    for condition in conditions {
        condition.walk_all(playbook, &mut |part| match &part.node {
            Part::Atom(Atom::InStage(time)) => {
                clocks.insert((time.0, None));
            }
            Part::Atom(Atom::Sustained(id)) => {
                clocks.insert((playbook.sustained[id.index()].duration.0, Some(*id)));
            }
            _ => {}
        });
    }
    let mut turns = Vec::new();
    for (longer, from) in &clocks {
        for (shorter, then) in &clocks {
            let apart = longer - shorter;
            if let Some(then) = *then
                && apart > 0
                && apart % DAY == 0
                && *from != Some(then)
            {
                turns.push(Pace::Turn { days: (apart / DAY) as u64, from: *from, then });
            }
        }
    }
    turns.truncate(MOST);
    turns
}

/// More pairs of clocks are not tried.
const MOST: usize = 6;

/// How many clocks conditions look at. Two of them may be due at one instant, which is not among the situations that are
/// looked through one clock at a time.
pub(super) fn clocks(playbook: &Playbook, conditions: &[&Expr]) -> usize {
    let mut clocks = BTreeSet::new();
    for condition in conditions {
        condition.walk_all(playbook, &mut |part| {
            let Part::Atom(
                atom @ (Atom::InStage(_) | Atom::Sustained(_) | Atom::Since(..) | Atom::Today(..) | Atom::Change(..)),
            ) = &part.node
            else {
                return;
            };
            clocks.insert(format!("{atom:?}"));
        });
    }
    clocks.len()
}
