//! What the journeys of tests go through, and what none of them does.

use crate::model::{OfferId, Origin, Place, Playbook, TransitionId};
use crate::run::event::Effect;
use crate::source::Span;
use std::collections::BTreeMap;

/// In how many journeys each transition was taken, each place entered, and each task offered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Transitions taken.
    pub transitions: BTreeMap<TransitionId, u32>,
    /// Stages, blocks and ends entered.
    pub places: BTreeMap<Place, u32>,
    /// Tasks offered.
    pub offers: BTreeMap<OfferId, u32>,
}

/// Something no journey goes through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Where it stands.
    pub span: Span,
    /// What it is: a stage, an end, a task, a transition.
    pub what: String,
}

impl Coverage {
    /// Notes one effect of a journey; within one journey, once is enough.
    pub(super) fn note(&mut self, effect: &Effect) {
        match effect {
            Effect::Took(_, transition) => {
                self.transitions.insert(*transition, 1);
            }
            Effect::Entered(_, place, _) => {
                self.places.insert(*place, 1);
            }
            Effect::Ended(_, end) => {
                self.places.insert(Place::End(*end), 1);
            }
            Effect::Offered(_, offer) => {
                self.offers.insert(*offer, 1);
            }
            _ => {}
        }
    }

    /// Adds that of another journey.
    pub(super) fn add(&mut self, other: &Coverage) {
        fn join<K: Ord + Copy>(into: &mut BTreeMap<K, u32>, other: &BTreeMap<K, u32>) {
            for (key, count) in other {
                *into.entry(*key).or_default() += count;
            }
        }
        join(&mut self.transitions, &other.transitions);
        join(&mut self.places, &other.places);
        join(&mut self.offers, &other.offers);
    }

    /// How many of the transitions an author wrote were taken, and how many there are.
    #[must_use]
    pub fn transitions(&self, playbook: &Playbook) -> (usize, usize) {
        let written = || written(playbook);
        (written().filter(|id| self.transitions.contains_key(id)).count(), written().count())
    }

    /// How many stages and ends were entered, and how many there are.
    #[must_use]
    pub fn places(&self, playbook: &Playbook) -> (usize, usize) {
        let all = || places(playbook);
        (all().filter(|place| self.places.contains_key(place)).count(), all().count())
    }

    /// How many tasks were offered, where they stand, and how many there are.
    #[must_use]
    pub fn offers(&self, playbook: &Playbook) -> (usize, usize) {
        (self.offers.len(), playbook.offers.len())
    }

    /// All that no journey goes through, in the order of the source. Ways out of a stage nobody enters go without
    /// saying.
    #[must_use]
    pub fn gaps(&self, playbook: &Playbook) -> Vec<Gap> {
        let missed = |place: Place| !self.places.contains_key(&place);
        let mut gaps: Vec<Gap> = Vec::new();
        for place in places(playbook).filter(|place| missed(*place)) {
            let name = playbook.place_name(place);
            let kind = if matches!(place, Place::End(_)) { "end" } else { "stage" };
            gaps.push(Gap { span: name.span, what: format!("{kind} `{}` is never entered", name.name) });
        }
        for (at, offer) in playbook.offers.iter().enumerate() {
            if !self.offers.contains_key(&OfferId(at as u32)) && !missed(Place::Stage(offer.stage)) {
                let label = playbook.tasks[offer.task.index()].label();
                gaps.push(Gap { span: offer.span, what: format!("task {label} is never offered") });
            }
        }
        for id in written(playbook).filter(|id| !self.transitions.contains_key(id)) {
            let transition = &playbook.transitions[id.index()];
            let left = match transition.origin {
                Origin::Stage(stage) => Some(Place::Stage(stage)),
                Origin::Block(block) => Some(Place::Block(block)),
                Origin::Start(_) | Origin::Everywhere(_) => None,
            };
            if !left.is_some_and(missed) {
                let target = &playbook.place_name(transition.target).name;
                gaps.push(Gap { span: transition.span, what: format!("this way to `{target}` is never taken") });
            }
        }
        gaps.sort_by_key(|gap| gap.span);
        gaps
    }
}

fn places(playbook: &Playbook) -> impl Iterator<Item = Place> {
    let stages = (0..playbook.stages.len()).map(|at| Place::Stage(crate::model::StageId(at as u32)));
    stages.chain((0..playbook.ends.len()).map(|at| Place::End(crate::model::EndId(at as u32))))
}

/// Transitions that stand in the source: a start that was made up has the place of its target.
fn written(playbook: &Playbook) -> impl Iterator<Item = TransitionId> {
    let all = playbook.transitions.iter().enumerate();
    all.filter(|(_, transition)| {
        let made_up = matches!(transition.origin, Origin::Start(_))
            && transition.span == playbook.place_name(transition.target).span;
        !made_up
    })
    .map(|(at, _)| TransitionId(at as u32))
}
