//! Whether a playbook is sound as a whole (after W. van der Aalst, *Verification of Workflow Nets*, 1997): every customer
//! can come to an end, every customer does where all do their part, and no stage is there for nobody.

use super::encode::Prepared;
use super::explore::force::{Force, Tasks};
use super::explore::moves::Asked;
use super::explore::{Budget, Edge, Explored, Explorer, Move, Outcome, Standing, Watch};
use super::kernel::BUDGET;
use super::liveness::Owed;
use super::outline::{Ends, Outline};
use super::property::premises;
use super::services::{Cohort, Question, cohort};
use super::verdict::{Bound, Proof, Verdict};
use super::witness::concrete::{Pace, Step, Telling, journey, path};
use super::witness::{Journey, Witness, plainest};
use crate::model::{FactScope, Place, ServiceId, ServiceSet, StageId};
use crate::run::event::{Blind, Effect, Event};
use crate::run::journey::Stop;
use crate::run::status::{What, waiting};
use crate::run::time::over;
use crate::run::{Machine, State, clock};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// What is known about a playbook as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Soundness {
    /// Whether every customer can come to an end, whatever has happened so far.
    pub can_finish: Verdict,
    /// Whether every customer does, where tasks are settled, facts become known, needs are met, blockers are resolved,
    /// and nothing happens for ever.
    pub does_finish: Verdict,
    /// Whether somebody comes to every stage.
    pub no_dead_stage: Verdict,
    /// The stages nobody comes to.
    pub dead: Vec<StageId>,
    /// Where the customer stays who cannot come to an end.
    pub trapped_at: Option<Place>,
    /// Where the customer stays who never comes to one.
    pub stays: Option<Place>,
}

/// What is assumed of everybody where the question is whether customers do finish.
pub const ASSUMED: &str = "tasks are settled, facts become known, needs and key inputs are met, blockers are resolved, and nothing happens for ever";

/// Looks at a playbook as a whole, within a budget.
#[must_use]
pub fn soundness(machine: &Machine, budget: &mut Budget) -> Soundness {
    let prepared = Prepared::cautious(&machine.playbook, []);
    let outline = OnceLock::new();
    soundness_with(machine, budget, &|| outline.get_or_init(|| Outline::new(machine, &prepared, BUDGET)))
}

/// Looks at a playbook as a whole, within a budget, with what is known at each of its places: that is only asked for where
/// many situations were seen and more are left.
#[must_use]
pub fn soundness_with<'o, 'm: 'o>(
    machine: &Machine,
    budget: &mut Budget,
    outline: &dyn Fn() -> &'o Outline<'m>,
) -> Soundness {
    if !machine.playbook.can_be_written_out() {
        let open = Verdict::too_intertwined;
        return Soundness {
            can_finish: open(),
            does_finish: open(),
            no_dead_stage: open(),
            trapped_at: None,
            stays: None,
            dead: Vec::new(),
        };
    }
    let explorer = Explorer::new(machine, &[], Asked { tasks: Some(&[]), ..Asked::default() });
    let cohort = cohort(
        &machine.playbook,
        Question { asked: &[], deciding: &[], of_service: false, counts: false, tasks: Some(&[]) },
    );
    let mut first = Budget::new(budget.left().min(super::property::FIRST)).stopping_like(budget);
    let (most, whole) = (first.left(), first.left() == budget.left());
    let mut seen = Seen::of(&explorer, &cohort, &mut first);
    budget.spend(most - first.left());
    let decided = |seen: &Seen| (seen.unseen.is_none() && seen.bound.is_none()) || !seen.answer.open();
    if decided(&seen) || budget.stopped() {
        return seen.answer.verdicts(&explorer, &cohort, seen.unseen, seen.bound, None);
    }
    let outline = outline();
    let ends = outline.ends();
    let open = (seen.answer.cannot.is_none() && !ends.can) || (seen.answer.forever.is_none() && !ends.does);
    if open && !whole && (first.left() == 0 || seen.bound == Some(Bound::Services(1))) {
        let entered = std::mem::take(&mut seen.answer.entered);
        seen = Seen::of(&explorer, &cohort, budget);
        seen.answer.entered.extend(entered);
    }
    let stages = machine.playbook.stages.len() as u64;
    let far = super::property::GLANCE.max(stages.saturating_mul(super::property::EACH_STAGE));
    seen.answer.visit(&explorer, &cohort, far.min(most.max(budget.left())), budget);
    seen.answer.verdicts(&explorer, &cohort, seen.unseen, seen.bound, Some((outline, ends)))
}

/// What was seen of the customers of a cohort.
struct Seen {
    answer: Answer,
    /// Why not all was.
    unseen: Option<String>,
    bound: Option<Bound>,
}

impl Seen {
    fn of(explorer: &Explorer<'_>, cohort: &Cohort, budget: &mut Budget) -> Seen {
        let mut answer = Answer::default();
        let seen = answer.look(explorer, &cohort.singles, budget);
        let mut bound = None;
        if let (Ok(()), false, true) = (&seen, cohort.singles_decide, answer.open()) {
            let mut small = Budget::new(budget.left().min(super::property::PAIRS)).stopping_like(budget);
            match answer.look(explorer, &cohort.pairs, &mut small) {
                Ok(()) => bound = (!cohort.pairs_decide).then_some(Bound::Services(2)),
                Err(_) => bound = Some(Bound::Services(1)),
            }
        }
        Seen { answer, unseen: seen.err(), bound }
    }
}

/// Nothing is looked for: everything is seen.
#[derive(Debug, Clone, Copy)]
struct Everything;

impl Watch for Everything {
    fn effect(&mut self, _: &Machine, _: &State, _: &Effect) {}

    fn settled(&mut self, _: &Machine, _: &State) {}

    fn standing(&self, _: &Machine, _: &State) -> Standing {
        Standing::Going
    }

    fn key(&self, _: &State, _: &mut Vec<u8>) {}
}

#[derive(Debug, Default)]
struct Answer {
    situations: u64,
    entered: BTreeSet<Place>,
    cannot: Option<Journey>,
    forever: Option<Journey>,
    trapped_at: Option<Place>,
    stays: Option<Place>,
    /// A question that could not be answered, with the reason.
    doubt_can: Option<&'static str>,
    doubt_does: Option<&'static str>,
    inexact: Option<String>,
}

impl Answer {
    fn open(&self) -> bool {
        self.cannot.is_none() || self.forever.is_none()
    }

    fn look(&mut self, explorer: &Explorer<'_>, customers: &[ServiceSet], budget: &mut Budget) -> Result<(), String> {
        let explored = explorer.explore(customers, &Everything, Some(Tasks::All), budget, &mut |_, _| true);
        self.situations += explored.situations.len() as u64;
        self.entered.extend(explored.entered.iter().copied());
        if let Some((fact, why)) = explored.inexact {
            let name = &explorer.real.playbook.facts[fact.index()].name.name;
            self.inexact = Some(format!("not every value of `{name}` could be tried: {why}"));
        }
        if self.forever.is_none() {
            self.waits(explorer, &explored);
        }
        match explored.outcome {
            Outcome::OutOfBudget => return Err("there are more situations than the budget allows".to_owned()),
            Outcome::Stopped => return Err("it was interrupted".to_owned()),
            Outcome::Exhausted | Outcome::Reached(_) => {}
        }
        if self.cannot.is_none() {
            self.trapped(explorer, &explored);
        }
        Ok(())
    }

    /// Comes to as many places as can be, a few situations at each.
    fn visit(&mut self, explorer: &Explorer<'_>, cohort: &Cohort, events: u64, budget: &Budget) {
        let stages = explorer.real.playbook.stages.len();
        if (0..stages).all(|index| self.entered.contains(&Place::Stage(StageId(index as u32)))) {
            return;
        }
        let mut small = Budget::new(events).stopping_like(budget);
        let few = (super::property::SIDE_BY_SIDE, false);
        let explored = explorer.glance(&cohort.singles, &Everything, few, &mut small, &mut |_, _| false);
        self.situations += explored.situations.len() as u64;
        self.entered.extend(explored.entered);
    }

    /// Situations from which no way leads to an end.
    fn trapped(&mut self, explorer: &Explorer<'_>, explored: &Explored<Everything>) {
        let count = explored.situations.len();
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (from, edges) in explored.next.iter().enumerate() {
            edges.iter().for_each(|edge| before[edge.to].push(from));
        }
        let mut can: Vec<bool> = explored.situations.iter().map(|situation| over(&situation.state)).collect();
        let mut left: Vec<usize> = (0..count).filter(|index| can[*index]).collect();
        while let Some(index) = left.pop() {
            for from in &before[index] {
                if !std::mem::replace(&mut can[*from], true) {
                    left.push(*from);
                }
            }
        }
        for index in (0..count).filter(|index| !can[*index]).take(8) {
            let situation = &explored.situations[index];
            let place = deepest(&situation.state);
            let steps = path(explored, index);
            let stays = |journey: &Journey| {
                let followed = journey.replay(explorer.real, &mut Blind);
                journey.can_be(explorer.real, &followed)
                    && followed.stop != Stop::Ended
                    && deepest(&followed.state) == place
                    && same_facts(explorer, &situation.state, &followed.state)
            };
            for pace in [Pace::AtOnce, Pace::Late, Pace::Daily] {
                let Some(found) = journey(explorer, situation.state.intended, &steps, pace) else { continue };
                if stays(&found) {
                    self.cannot = Some(plainest(explorer.real, found, &mut |journey| stays(journey)));
                    self.trapped_at = place;
                    return;
                }
            }
            self.doubt_can = Some("a customer may be trapped, but no journey to there could be followed");
        }
    }

    /// Customers who wait for ever, though everybody does their part.
    fn waits(&mut self, explorer: &Explorer<'_>, explored: &Explored<Everything>) {
        let fair = |edge: &Edge| {
            matches!(&edge.by, Move::Time(_) | Move::Strike | Move::Said(Event::Task { .. } | Event::Resolved { .. }))
        };
        let more = |index: usize| bound_to_come(explorer, &explored.situations[index].state);
        let graph = Owed::new(explorer, explored, Tasks::All, &|_| true, &more, &fair);
        for index in graph.stuck().take(12) {
            let situation = &explored.situations[index];
            let steps = path(explored, index);
            for pace in [Pace::AtOnce, Pace::Late, Pace::Daily] {
                let Some(found) = journey(explorer, situation.state.intended, &steps, pace) else { continue };
                if waits_for_ever(explorer.real, &found).is_some() {
                    let plain =
                        plainest(explorer.real, found, &mut |journey| waits_for_ever(explorer.real, journey).is_some());
                    self.stays = waits_for_ever(explorer.real, &plain).flatten();
                    self.forever = Some(plain);
                    return;
                }
            }
            self.doubt_does = Some("a customer may wait for ever, but no journey to there could be followed");
        }
        for (index, round) in graph.loops(&fair).into_iter().take(12) {
            let intended = explored.situations[index].state.intended;
            if let Some((journey, place)) = goes_round(explorer, intended, &path(explored, index), &round) {
                (self.forever, self.stays) = (Some(journey), place);
                return;
            }
            self.doubt_does = Some("it may go round for ever, but no such journey could be followed");
        }
    }

    fn verdicts(
        self,
        explorer: &Explorer<'_>,
        cohort: &Cohort,
        unseen: Option<String>,
        bound: Option<Bound>,
        outline: Option<(&Outline<'_>, Ends)>,
    ) -> Soundness {
        let machine = explorer.real;
        let ends = outline.map(|(_, ends)| ends).unwrap_or_default();
        let places = outline.map_or(0, |(outline, _)| outline.places());
        let tried =
            format!("{} situations seen, {} customers by their services", self.situations, cohort.singles.len());
        let timed = (!clock::covers(machine)).then(|| clock::NOT_COVERED.to_owned());
        let undecided = unseen.or(self.inexact).or(timed);
        let decide = |refuted: Option<Verdict>, known: bool, doubt: Option<&str>, also: Option<&str>| {
            refuted.unwrap_or_else(|| {
                if known {
                    let mut premises = premises(explorer);
                    premises.extend(also.map(str::to_owned));
                    return Verdict::Proved(Proof { places, premises, ..Proof::default() });
                }
                let reason = undecided.clone().or_else(|| doubt.map(str::to_owned));
                if let Some(reason) = reason {
                    return Verdict::NotDecided { reason, tried: tried.clone() };
                }
                let mut premises = premises(explorer);
                premises.extend(also.map(str::to_owned));
                let proof = Proof { situations: self.situations, premises, ..Proof::default() };
                bound.map_or(Verdict::Proved(proof.clone()), |bound| Verdict::ProvedUpTo(bound, proof))
            })
        };
        let witness = |journey: Journey, shows: &str| {
            Verdict::Refuted(Some(Box::new(Witness { journey, shows: shows.to_owned() })))
        };
        let stages = (0..machine.playbook.stages.len()).map(|index| StageId(index as u32));
        let dead: Vec<StageId> = stages.filter(|stage| !self.entered.contains(&Place::Stage(*stage))).collect();
        // Only where everything was seen, or nobody can come there, is a stage that nobody came to one that nobody comes to.
        let unreachable = outline.map(|(outline, _)| outline.unreachable()).unwrap_or_default();
        let whole = (undecided.is_none() && bound.is_none()) || dead.iter().all(|stage| unreachable.contains(stage));
        let dead_verdict = if dead.is_empty() {
            Verdict::Proved(Proof { situations: self.situations, ..Proof::default() })
        } else if whole {
            Verdict::Refuted(None)
        } else {
            let reason = undecided.clone().unwrap_or_else(|| "not every number of services was looked at".to_owned());
            Verdict::NotDecided { reason, tried: tried.clone() }
        };
        Soundness {
            can_finish: decide(
                self.cannot.map(|journey| witness(journey, "no way leads to an end")),
                ends.can,
                self.doubt_can,
                None,
            ),
            does_finish: decide(
                self.forever.map(|journey| witness(journey, "waits for ever")),
                ends.does,
                self.doubt_does,
                Some(ASSUMED),
            ),
            no_dead_stage: dead_verdict,
            dead: if whole { dead } else { Vec::new() },
            trapped_at: self.trapped_at,
            stays: self.stays,
        }
    }
}

/// Blockers that will be resolved, facts that will become known, needs that will be met.
fn bound_to_come(explorer: &Explorer<'_>, state: &State) -> Vec<Force> {
    let playbook = &explorer.machine.playbook;
    let mut found: Vec<Force> = state.blockers.iter().map(|blocker| Force::Blocker(blocker.service)).collect();
    for (index, fact) in playbook.facts.iter().enumerate() {
        let id = crate::model::FactId(index as u32);
        let services: Vec<Option<ServiceId>> = match fact.scope {
            FactScope::Customer => vec![None],
            FactScope::Service => state.intended.iter().map(Some).collect(),
        };
        for service in services {
            let value = match service {
                None => &state.facts[fact.slot],
                Some(service) => &state.services[service.index()].facts[fact.slot],
            };
            let open =
                state.lookout.as_ref().is_some_and(|lookout| lookout.is_open(lookout.number(service, fact.slot)));
            let ended = service.is_some_and(|service| state.services[service.index()].at_end.is_some());
            let kept = fact.volatility == crate::model::Volatility::Kept;
            if value.is_none() && !open && !ended && !kept {
                found.push(Force::Fact(service, id));
            }
        }
    }
    for track in state.tracks.iter().filter(|track| track.active()) {
        let scope = &playbook.scopes[track.scope.index()];
        let inputs = !track.inputs_met && scope.inputs.iter().any(|input| input.condition.is_some());
        let needs = match track.place {
            Some(Place::Stage(stage)) => !track.visit.needs_met && !playbook.stages[stage.index()].needs.is_empty(),
            _ => false,
        };
        let waits = !matches!(track.place, Some(Place::Block(_) | Place::End(_)));
        if waits && (inputs || needs) {
            found.push(Force::Blocker(track.service));
        }
    }
    found
}

/// Whether a journey stands still though nobody owes anything: where.
fn waits_for_ever(machine: &Machine, journey: &Journey) -> Option<Option<Place>> {
    let followed = journey.replay(machine, &mut Blind);
    if followed.stop != Stop::Waiting || !journey.can_be(machine, &followed) {
        return None;
    }
    let owed = |what: &What| {
        matches!(
            what,
            What::Fact(..)
                | What::Task(_)
                | What::Need(..)
                | What::Timer(..)
                | What::Round(..)
                | What::Blocker(_)
                | What::Pause(..)
        )
    };
    let waits = waiting(machine, &followed.state);
    // A track that waits for ever keeps the customer, whatever others wait for.
    let stuck = |track: usize| {
        let mut of = waits.iter().filter(|wait| wait.track == track).peekable();
        of.peek().is_some() && of.all(|wait| !owed(&wait.what) && !matches!(wait.what, What::Tracks(_)))
    };
    let state = &followed.state;
    let leaf = state.order.iter().copied().find(|track| state.tracks[*track].active() && stuck(*track))?;
    Some(state.tracks[leaf].place)
}

/// The place of the innermost track that is under way.
fn deepest(state: &State) -> Option<Place> {
    state.order.iter().find(|track| state.tracks[**track].active()).and_then(|track| state.tracks[*track].place)
}

/// Whether the facts that were decided in a situation are so on a journey.
fn same_facts(explorer: &Explorer<'_>, situation: &State, journey: &State) -> bool {
    let Some(lookout) = &situation.lookout else { return true };
    let facts = explorer.real.playbook.facts.iter();
    facts.into_iter().all(|fact| match fact.scope {
        FactScope::Customer => {
            lookout.is_open(lookout.number(None, fact.slot)) || situation.facts[fact.slot] == journey.facts[fact.slot]
        }
        FactScope::Service => situation.intended.iter().all(|service| {
            let of = |state: &State| state.services[service.index()].facts[fact.slot].clone();
            lookout.is_open(lookout.number(Some(service), fact.slot)) || of(situation) == of(journey)
        }),
    })
}

/// A journey that goes round for ever, and where.
fn goes_round(
    explorer: &Explorer<'_>,
    intended: ServiceSet,
    steps: &[Step],
    round: &[Step],
) -> Option<(Journey, Option<Place>)> {
    for pace in [Pace::AtOnce, Pace::Daily, Pace::Late] {
        if let Some(telling) = Telling::round(explorer, intended, steps, round, pace) {
            let place = deepest(&telling.state);
            let until = telling.state.now;
            let mut found = telling.finish();
            found.until = Some(until);
            let followed = found.replay(explorer.real, &mut Blind);
            if found.can_be(explorer.real, &followed) && !over(&followed.state) {
                return Some((found, place));
            }
        }
    }
    None
}
