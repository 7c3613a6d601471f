//! Any question that is answered by one customer: does somebody come to this?

use super::explore::moves::Asked;
use super::explore::{Budget, Explorer, Outcome, Standing, Watch};
use super::property::premises;
use super::services::{Question, cohort, looks_at_time};
use super::verdict::Proof;
use super::witness::concrete::{Pace, journey, path};
use super::witness::{Journey, Witness, plainest};
use crate::model::{EventMatch, Expr};
use crate::run::clock;
use crate::run::event::{Effect, Observer};
use crate::run::{Machine, State};
use std::cell::Cell;

/// What is looked for: asked at each effect, with the state it came from, and at each stable moment.
pub type Goal<'g> = dyn Fn(&Machine, &State, Option<&Effect>) -> bool + 'g;

/// What came of a search.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// This customer comes to it; replayed, and made plain.
    Example(Box<Witness>),
    /// Nobody does.
    Nobody(Proof),
    /// Not known, for this reason.
    Unknown(String),
}

/// Looks for a customer for whom `goal` says yes. `asked` are the conditions the goal looks at, `events` the events and
/// blockers it speaks of, `of_service` whether it looks at one service at a time; `shows` is what the example shows, in
/// words. The facts a goal looks at are decided as those of the playbook are, so it may evaluate conditions.
///
/// ```text
/// let goal = |machine: &Machine, state: &State, effect: Option<&Effect>| matches!(effect, Some(Effect::Looped(..)));
/// let found = find(&machine, &goal, &Ask::default(), "goes round", &mut Budget::new(50_000));
/// ```
#[must_use]
pub fn find(machine: &Machine, goal: &Goal<'_>, ask: &Ask<'_>, shows: &str, budget: &mut Budget) -> Found {
    let explorer =
        Explorer::new(machine, ask.conditions, Asked { events: ask.events, outputs: ask.outputs, ..Asked::default() });
    let cohort = cohort(
        &machine.playbook,
        Question {
            asked: ask.conditions,
            deciding: ask.conditions,
            of_service: ask.of_service,
            counts: false,
            tasks: None,
        },
    );
    let watch = Seeking { goal, found: false };
    let replays = |journey: &Journey| {
        let mut eye = Eye { goal, machine, found: Cell::new(false) };
        let followed = journey.replay(machine, &mut eye);
        eye.found.get() && journey.can_be(machine, &followed)
    };
    let (mut situations, mut doubtful, mut inexact) = (0, false, None);
    for (at, customers) in [&cohort.singles, &cohort.pairs].into_iter().enumerate() {
        if at == 1 && cohort.singles_decide {
            break;
        }
        let mut example = None;
        let mut tries = 16_u32;
        let most = if at == 0 { budget.left() } else { budget.left().min(super::property::PAIRS) };
        let mut part = Budget::new(most).stopping_like(budget);
        let explored = explorer.explore(customers, &watch, None, &mut part, &mut |explored, index| {
            if tries == 0 {
                return false;
            }
            tries -= 1;
            let steps = path(explored, index);
            let intended = explored.situations[index].state.intended;
            let paces = [Pace::AtOnce, Pace::Late, Pace::Daily];
            let journeys = paces.into_iter().filter_map(|pace| journey(&explorer, intended, &steps, pace));
            example = journeys.into_iter().find(|journey| replays(journey));
            doubtful |= example.is_none();
            example.is_some()
        });
        budget.spend(most - part.left());
        if let Some(journey) = example {
            let journey = plainest(machine, journey, &mut |journey| replays(journey));
            return Found::Example(Box::new(Witness { journey, shows: shows.to_owned() }));
        }
        situations += explored.situations.len() as u64;
        inexact = inexact.or(explored.inexact);
        match explored.outcome {
            Outcome::OutOfBudget => {
                return Found::Unknown("there are more situations than the budget allows".to_owned());
            }
            Outcome::Stopped => return Found::Unknown("it was interrupted".to_owned()),
            Outcome::Reached(_) | Outcome::Exhausted => {}
        }
    }
    if doubtful {
        return Found::Unknown("a way was found, but no order of the clocks on it could be followed".to_owned());
    }
    if let Some((fact, why)) = inexact {
        let name = &machine.playbook.facts[fact.index()].name.name;
        return Found::Unknown(format!("not every value of `{name}` could be tried: {why}"));
    }
    if !clock::covers(machine) || looks_at_time(&machine.playbook, ask.conditions) {
        return Found::Unknown(clock::NOT_COVERED.to_owned());
    }
    if !(cohort.singles_decide || cohort.pairs_decide) {
        return Found::Unknown("only customers with at most two services were looked at".to_owned());
    }
    Found::Nobody(Proof { situations, premises: premises(&explorer), ..Proof::default() })
}

/// What a search is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ask<'a> {
    /// Conditions the goal looks at.
    pub conditions: &'a [&'a Expr],
    /// Events and blockers the goal speaks of.
    pub events: &'a [EventMatch],
    /// Whether it looks at one service at a time.
    pub of_service: bool,
    /// Whether it asks about key outputs.
    pub outputs: bool,
}

#[derive(Clone)]
struct Seeking<'g> {
    goal: &'g Goal<'g>,
    found: bool,
}

impl Watch for Seeking<'_> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: &Effect) {
        self.found |= (self.goal)(machine, state, Some(effect));
    }

    fn settled(&mut self, machine: &Machine, state: &State) {
        self.found |= (self.goal)(machine, state, None);
    }

    fn standing(&self, _: &Machine, _: &State) -> Standing {
        if self.found { Standing::Reached } else { Standing::Going }
    }

    fn key(&self, _: &State, _: &mut Vec<u8>) {}
}

struct Eye<'g> {
    goal: &'g Goal<'g>,
    machine: &'g Machine,
    found: Cell<bool>,
}

impl Observer for Eye<'_> {
    fn effect(&mut self, _: &Machine, state: &State, effect: Effect) {
        if (self.goal)(self.machine, state, Some(&effect)) {
            self.found.set(true);
        }
    }

    fn settled(&mut self, _: &Machine, state: &State) {
        if (self.goal)(self.machine, state, None) {
            self.found.set(true);
        }
    }
}
