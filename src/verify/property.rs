//! Properties: whether what an author claims holds for every journey.
//!
//! What a property means is what [`crate::run::monitor`] says of one journey. Here the same monitor watches all of them:
//! without seconds while situations are explored, with them when the journey that is found is followed once more.

use super::cut::Cut;
use super::encode::Prepared;
use super::explore::domain::of_property;
use super::explore::force::Tasks;
use super::explore::moves::Asked;
use super::explore::{Budget, Explored, Explorer, Outcome, Standing, Watch, look_at_service_first};
use super::kernel::BUDGET;
use super::liveness::{Longest, Owed};
use super::outline::Outline;
use super::services::{self, Cohort, closed, cohort, looks_at_time};
use super::verdict::{Bound, Proof, Verdict};
use super::witness::concrete::{Pace, Step, Telling, all_said, journey, path};
use super::witness::{Journey, Witness, plainest};
use crate::model::property::{Assumption, Claim, Occurrence, Property};
use crate::model::{Atom, EventMatch, Expr, Node, ServiceSet, TaskId};
use crate::run::event::{Effect, Observer};
use crate::run::journey::Stop;
use crate::run::monitor::{Monitor, Verdict as Seen, Violation};
use crate::run::state::{Seconds, State};
use crate::run::time::over;
use crate::run::{Machine, clock};
use crate::value::Duration;
use std::sync::OnceLock;

/// Events followed at most for customers with two services: tracks side by side are many situations.
pub(super) const PAIRS: u64 = 60_000;

/// What is known about a property.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// How the journey of a refutation breaks it; none where it only never comes to what is owed.
    pub violation: Option<Violation>,
}

/// Events followed at most where only a few situations are looked at for each place.
pub(super) const GLANCE: u64 = 60_000;

/// In large playbooks so many for each stage.
pub(super) const EACH_STAGE: u64 = 300;

/// So many situations are looked at for each place then.
pub(super) const SIDE_BY_SIDE: usize = 3;

/// So many events are followed before what is known at each place is asked.
pub const FIRST: u64 = 20_000;

/// Decides a property within a budget.
#[must_use]
pub fn decide(machine: &Machine, property: &Property, budget: &mut Budget) -> Decision {
    let mut asked: Vec<&Expr> = Vec::new();
    of_property(property, &mut |condition| asked.push(condition));
    let prepared = Prepared::cautious(&machine.playbook, asked);
    let outline = OnceLock::new();
    decide_with(machine, property, budget, &|| outline.get_or_init(|| Outline::new(machine, &prepared, BUDGET)))
}

/// Decides a property within a budget, with what is known at each place of the playbook: that is only asked for where many
/// situations were seen and more are left.
#[must_use]
pub fn decide_with<'o, 'm: 'o>(
    machine: &Machine,
    property: &Property,
    budget: &mut Budget,
    outline: &dyn Fn() -> &'o Outline<'m>,
) -> Decision {
    if !machine.playbook.can_be_written_out() {
        return Decision { verdict: Verdict::too_intertwined(), violation: None };
    }
    if !clock::covers(machine) && !machine.waits_for_business_time() {
        // Where it holds though dates may be anything, it does; else customers who break it are looked for as they are.
        let mut half = Budget::new(budget.left() / 2).stopping_like(budget);
        let before = half.left();
        let decision = decide_in(machine, property, &mut half, outline, true);
        budget.spend(before - half.left());
        if matches!(decision.verdict, Verdict::Proved(_)) || budget.stopped() {
            return decision;
        }
        // Nothing will be proved: who breaks it is found soon, or not at all.
        let mut rest = Budget::new(budget.left().min(UNPROVED)).stopping_like(budget);
        let before = rest.left();
        let decision = decide_in(machine, property, &mut rest, outline, false);
        budget.spend(before - rest.left());
        return decision;
    }
    decide_in(machine, property, budget, outline, false)
}

/// So many events are followed at most where all that can come of it is a customer who breaks a property.
const UNPROVED: u64 = 200_000;

fn decide_in<'o, 'm: 'o>(
    machine: &Machine,
    property: &Property,
    budget: &mut Budget,
    outline: &dyn Fn() -> &'o Outline<'m>,
    dates: bool,
) -> Decision {
    let mut asked: Vec<&Expr> = Vec::new();
    of_property(property, &mut |condition| asked.push(condition));
    let (events, tasks) = (events(property), tasks(property));
    let question = Asked { events: &events, outputs: false, tasks: Some(&tasks), dates };
    let explorer = Explorer::new(machine, &asked, question);
    // What is assumed of all services is so of some of them.
    let taken: Vec<&Expr> = property
        .assumptions
        .iter()
        .filter_map(|known| if let Assumption::Condition(condition) = known { Some(condition) } else { None })
        .filter(|condition| closed(condition))
        .collect();
    let counted: Vec<&Expr> =
        asked.iter().copied().filter(|known| !taken.iter().any(|taken| std::ptr::eq(*taken, *known))).collect();
    let about = services::Question {
        asked: &asked,
        deciding: &counted,
        of_service: property.of_service,
        counts: adds_up(machine, property),
        tasks: Some(&tasks),
    };
    let cohort = cohort(&machine.playbook, about);
    let question = Question {
        explorer: &explorer,
        property,
        relaxed: [relaxed(property)],
        cut: Cut::new(&explorer.machine, property),
    };
    let mut first = Budget::new(budget.left().min(FIRST)).stopping_like(budget);
    let (before, whole) = (first.left(), first.left() == budget.left());
    let decision = question.decide(&asked, &cohort, &mut first);
    let open = matches!(decision.verdict, Verdict::NotDecided { .. } | Verdict::ProvedUpTo(..));
    if !open || budget.stopped() {
        budget.spend(before - first.left());
        return decision;
    }
    if outline().proves(property) {
        let mut premises = premises(&explorer);
        premises.dedup();
        let proof = Proof { places: outline().places(), premises, ..Proof::default() };
        return Decision { verdict: Verdict::Proved(proof), violation: None };
    }
    let stages = machine.playbook.stages.len() as u64;
    let far = GLANCE.max(stages.saturating_mul(EACH_STAGE)).min(before.max(budget.left()));
    if first.left() == 0
        && let Some(broken) = question.glance(&cohort.singles, far, budget)
    {
        return broken.decision();
    }
    // Where all was seen, or nothing more may be, seeing it again tells nothing new.
    let more = first.left() == 0 || matches!(decision.verdict, Verdict::ProvedUpTo(Bound::Services(1), _));
    if whole || !more {
        budget.spend(before - first.left());
        return decision;
    }
    question.decide(&asked, &cohort, budget)
}

/// Events and blockers a property speaks of.
fn events(property: &Property) -> Vec<EventMatch> {
    let counted = property.assumptions.iter().filter_map(|assumption| match assumption {
        Assumption::AtMost(_, event, _) => Some(event.clone()),
        _ => None,
    });
    counted.collect()
}

/// Tasks a property speaks of.
#[must_use]
pub(super) fn tasks(property: &Property) -> Vec<TaskId> {
    let (first, second) = match &property.claim {
        Claim::Before(first, second) | Claim::Followed(first, second, _) => (Some(first), Some(second)),
        Claim::Eventually(what, _) | Claim::AtMost(what, _) => (Some(what), None),
        Claim::Never(..) | Claim::Always(..) => (None, None),
    };
    let named = first.into_iter().chain(second);
    named.filter_map(|what| if let Occurrence::Task(task, _) = what { Some(*task) } else { None }).collect()
}

/// Whether what happens to several services adds up in a property of the customer.
fn adds_up(machine: &Machine, property: &Property) -> bool {
    let tracks = machine.playbook.scopes.iter().any(|scope| scope.in_service);
    let plain = |what: &Occurrence| matches!(what, Occurrence::End(_));
    tracks
        && !property.of_service
        && match &property.claim {
            Claim::AtMost(what, _) => !plain(what),
            Claim::Followed(first, second, _) => !(plain(first) && plain(second)),
            _ => false,
        }
}

/// Whether a moment more or less can make a difference: where conditions that become true are waited for, or a condition
/// is assumed; and of each service, of which a track can end before its instant does. To `never` and `always`
/// moments more are only more to keep to.
fn minds_moments(property: &Property) -> bool {
    let assumed = property.assumptions.iter().any(|known| matches!(known, Assumption::Condition(_)));
    let moment = |what: &Occurrence| match what {
        Occurrence::Condition(condition) => {
            !matches!(condition.node, Node::Atom(Atom::At(_) | Atom::Happened(_) | Atom::DoneTask(_)))
        }
        Occurrence::Task(..) | Occurrence::End(_) => false,
    };
    assumed
        || match &property.claim {
            Claim::Never(..) | Claim::Always(..) => false,
            Claim::Before(first, second) | Claim::Followed(first, second, _) => {
                property.of_service || moment(first) || moment(second)
            }
            Claim::Eventually(what, _) => property.of_service || moment(what),
            // What becomes true between fewer moments does so no more often.
            Claim::AtMost(..) => property.of_service,
        }
}

/// The same claim with everything about seconds left out.
fn relaxed(property: &Property) -> Property {
    let mut relaxed = property.clone();
    match &mut relaxed.claim {
        Claim::Eventually(_, within) | Claim::Followed(_, _, within) => *within = None,
        _ => {}
    }
    if let Claim::Never(condition, other) | Claim::Always(condition, other) = &mut relaxed.claim {
        std::iter::once(condition).chain(other).for_each(look_at_service_first);
    }
    relaxed.assumptions.retain(|assumption| !matches!(assumption, Assumption::TasksMeetDue(_)));
    relaxed
}

/// A property being looked at on one path.
#[derive(Debug, Clone)]
struct Looking<'p> {
    monitor: Monitor<'p>,
    minds_moments: bool,
    cut: &'p Cut,
}

impl Watch for Looking<'_> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: &Effect) {
        self.monitor.effect(machine, state, effect.clone());
    }

    fn settled(&mut self, machine: &Machine, state: &State) {
        self.monitor.settled(machine, state);
    }

    fn standing(&self, machine: &Machine, state: &State) -> Standing {
        match self.monitor.verdicts(state).first() {
            Some(Seen::Violated(_)) => Standing::Reached,
            Some(Seen::Skipped) => Standing::Closed,
            _ if self.cut.is_settled(&self.monitor, machine, state) => Standing::Closed,
            _ => Standing::Going,
        }
    }

    fn key(&self, state: &State, out: &mut Vec<u8>) {
        self.monitor.key(state, out);
    }

    fn pending(&self) -> bool {
        self.monitor.pending()
    }

    fn minds_moments(&self) -> bool {
        self.minds_moments
    }
}

struct Question<'e, 'm> {
    explorer: &'e Explorer<'m>,
    property: &'e Property,
    relaxed: [Property; 1],
    cut: Cut,
}

/// A journey that breaks a property.
struct Broken {
    journey: Journey,
    violation: Option<Violation>,
}

impl Broken {
    fn decision(self) -> Decision {
        let Broken { journey, violation } = self;
        let shows = super::witness::concrete::shows(violation.as_ref());
        Decision { verdict: Verdict::Refuted(Some(Box::new(Witness { journey, shows }))), violation }
    }
}

/// What an exploration of some customers says.
enum Answer {
    Proved { situations: u64, bound: Option<Seconds> },
    Broken(Box<Broken>),
    Open(String),
}

impl Question<'_, '_> {
    fn decide(&self, asked: &[&Expr], cohort: &Cohort, budget: &mut Budget) -> Decision {
        let before = budget.left();
        let playbook = &self.explorer.real.playbook;
        let mut answer = self.look(&cohort.singles, asked, budget);
        let mut bound = None;
        if let Answer::Proved { situations, bound: time } = &answer
            && !cohort.singles_decide
        {
            let mut small = Budget::new(budget.left().min(PAIRS)).stopping_like(budget);
            let found = self.look(&cohort.pairs, asked, &mut small);
            match found {
                Answer::Proved { situations: more, bound: longer } => {
                    answer = Answer::Proved { situations: situations + more, bound: (*time).max(longer) };
                    bound = (!cohort.pairs_decide).then_some(Bound::Services(2));
                }
                Answer::Broken(broken) => answer = Answer::Broken(broken),
                Answer::Open(_) => bound = Some(Bound::Services(1)),
            }
        }
        match answer {
            Answer::Broken(broken) => broken.decision(),
            Answer::Proved { situations, bound: time } => {
                let bound_words = time.map(|time| format!("{} at most", Duration(time)));
                let proof =
                    Proof { situations, premises: premises(self.explorer), bound: bound_words, ..Proof::default() };
                let verdict = match bound {
                    None => Verdict::Proved(proof),
                    Some(bound) => Verdict::ProvedUpTo(bound, proof),
                };
                Decision { verdict, violation: None }
            }
            Answer::Open(reason) => {
                let spent = before - budget.left();
                let tried = format!("{spent} events followed, {} customers by their services", cohort.singles.len());
                let _ = playbook;
                Decision { verdict: Verdict::NotDecided { reason, tried }, violation: None }
            }
        }
    }

    fn watch(&self) -> Looking<'_> {
        let minds_moments = minds_moments(self.property);
        Looking { monitor: Monitor::new(&self.relaxed), minds_moments, cut: &self.cut }
    }

    /// Looks at these customers in a few situations at each place only, far along all ways: a customer who breaks the
    /// property may be found there. Nothing is proved by finding none.
    fn glance(&self, customers: &[ServiceSet], events: u64, budget: &Budget) -> Option<Broken> {
        let watch = self.watch();
        let mut broken = None;
        for backwards in [false, true] {
            let mut small = Budget::new(events).stopping_like(budget);
            let (few, mut tries) = ((SIDE_BY_SIDE, backwards), 8_u32);
            self.explorer.glance(customers, &watch, few, &mut small, &mut |explored, index| {
                if tries > 0 {
                    tries -= 1;
                    broken = self.confirm(explored.situations[index].state.intended, &path(explored, index));
                }
                broken.is_some()
            });
            if broken.is_some() {
                break;
            }
        }
        broken
    }

    /// Looks at these customers.
    fn look(&self, customers: &[ServiceSet], asked: &[&Expr], budget: &mut Budget) -> Answer {
        let comes = matches!(self.property.claim, Claim::Eventually(..) | Claim::Followed(..));
        let due = self.property.assumptions.iter().any(|known| matches!(known, Assumption::TasksMeetDue(_)));
        let tasks = if due { Tasks::Due } else { Tasks::No };
        let watch = self.watch();
        let mut broken = None;
        let mut doubtful = false;
        let mut tries = 24_u32;
        let explored =
            self.explorer.explore(customers, &watch, comes.then_some(tasks), budget, &mut |explored, index| {
                if tries == 0 {
                    return false;
                }
                tries -= 1;
                broken = self.confirm(explored.situations[index].state.intended, &path(explored, index));
                doubtful |= broken.is_none();
                broken.is_some()
            });
        if let Some(broken) = broken {
            return Answer::Broken(Box::new(broken));
        }
        let mut time = None;
        if comes {
            // Also where not all was seen: what was seen may show it.
            match self.owed(&explored, tasks) {
                Answer::Broken(broken) => return Answer::Broken(broken),
                Answer::Open(reason) if explored.outcome == Outcome::Exhausted => return Answer::Open(reason),
                Answer::Proved { bound, .. } => time = bound,
                Answer::Open(_) => {}
            }
        }
        match explored.outcome {
            Outcome::OutOfBudget => return Answer::Open("there are more situations than the budget allows".to_owned()),
            Outcome::Stopped => return Answer::Open("it was interrupted".to_owned()),
            Outcome::Reached(_) | Outcome::Exhausted => {}
        }
        if doubtful {
            let reason = "a way to break it was found, but no order of the clocks on it could be followed";
            return Answer::Open(reason.to_owned());
        }
        if let Some((fact, why)) = explored.inexact {
            let name = &self.explorer.machine.playbook.facts[fact.index()].name.name;
            return Answer::Open(format!("not every value of `{name}` could be tried: {why}"));
        }
        if !self.explorer.covers() || looks_at_time(&self.explorer.real.playbook, asked) {
            return Answer::Open(clock::NOT_COVERED.to_owned());
        }
        Answer::Proved { situations: explored.situations.len() as u64, bound: time }
    }

    /// Whether a path, as a journey that counts seconds, breaks the property; made plain.
    fn confirm(&self, intended: ServiceSet, steps: &[Step]) -> Option<Broken> {
        self.confirm_from(intended, steps, &[Pace::AtOnce, Pace::Late, Pace::Daily])
    }

    fn confirm_from(&self, intended: ServiceSet, steps: &[Step], paces: &[Pace]) -> Option<Broken> {
        if let Some(said) = all_said(steps)
            && let Some(broken) = self.confirm_from(intended, &said, paces)
        {
            return Some(broken);
        }
        for pace in paces {
            let Some(found) = journey(self.explorer, intended, steps, *pace) else { continue };
            if self.breaks(&found).is_some() {
                let plain = plainest(self.explorer.real, found, &mut |journey| self.breaks(journey).is_some());
                let violation = self.breaks(&plain)?;
                return Some(Broken { journey: plain, violation });
            }
        }
        None
    }

    /// Whether a journey breaks the property: how, or by what is owed for ever. None where it does not, or says something
    /// that cannot be.
    fn breaks(&self, journey: &Journey) -> Option<Option<Violation>> {
        let machine = self.explorer.real;
        let mut heard = Heard { monitor: Monitor::new(std::slice::from_ref(self.property)), early: false };
        let followed = journey.replay(machine, &mut heard);
        let Heard { monitor, early } = heard;
        if early || !journey.can_be(machine, &followed) {
            return None;
        }
        match monitor.verdicts(&followed.state).into_iter().next()? {
            Seen::Violated(violation) => Some(Some(violation)),
            Seen::Open if followed.stop == Stop::Waiting && monitor.pending() => {
                let due = self.property.assumptions.iter().any(|known| matches!(known, Assumption::TasksMeetDue(_)));
                let mut open =
                    followed.state.tracks.iter().filter(|track| track.active()).flat_map(|track| &track.visit.open);
                let late = open.any(|open| machine.playbook.offers[open.offer.index()].due.is_some());
                // A task that waits for ever breaks what is assumed.
                (!(due && late)).then_some(None)
            }
            _ => None,
        }
    }

    /// Whether what is owed comes, and in time.
    fn owed(&self, explored: &Explored<Looking<'_>>, tasks: Tasks) -> Answer {
        let within = match &self.property.claim {
            Claim::Eventually(_, within) | Claim::Followed(_, _, within) => *within,
            _ => None,
        };
        let from_start = matches!(self.property.claim, Claim::Eventually(..));
        let before_track = |index: usize| {
            let state = &explored.situations[index].state;
            from_start
                && within.is_some()
                && self.property.of_service
                && !state.tracks.iter().any(|track| track.service.is_some())
        };
        let owed = |index: usize| explored.situations[index].watch.pending() || before_track(index);
        let graph = Owed::new(self.explorer, explored, tasks, &owed, &|_| Vec::new(), &|_| true);
        let intended = |index: usize| explored.situations[index].state.intended;
        let mut open = None;
        for index in graph.stuck().filter(|index| !before_track(*index)).take(8) {
            let steps = path(explored, index);
            if let Some(broken) = self.confirm_from(intended(index), &steps, &[Pace::AtOnce, Pace::Late, Pace::Daily]) {
                return Answer::Broken(Box::new(broken));
            }
            open = Some("a customer may wait for ever, but no journey to it could be followed".to_owned());
        }
        for (index, round) in graph.loops(&|_| true).into_iter().take(12) {
            // Where there is a limit, the journey is shown until it has passed.
            if within.is_some()
                && let Some(broken) = self.rounds(intended(index), path(explored, index), &round)
            {
                return Answer::Broken(Box::new(broken));
            }
            if let Some(broken) = self.round(intended(index), &path(explored, index), &round) {
                return Answer::Broken(Box::new(broken));
            }
            open = Some("it may go round for ever, but no such journey could be followed".to_owned());
        }
        if open.is_some() || explored.outcome != Outcome::Exhausted {
            return Answer::Open(open.unwrap_or_default());
        }
        let Some(Duration(within)) = within else { return Answer::Proved { situations: 0, bound: None } };
        match graph.longest(from_start) {
            Longest::Bounded(time, ..) if time <= within => Answer::Proved { situations: 0, bound: Some(time) },
            Longest::Bounded(time, end, steps) => {
                if let Some(broken) = end.and_then(|end| self.slow(intended(end), &steps)) {
                    return Answer::Broken(Box::new(broken));
                }
                if let Some(broken) = self.latest(&graph, from_start, &intended) {
                    return Answer::Broken(Box::new(broken));
                }
                Answer::Open(format!(
                    "it takes {} at most, and no journey was found that takes longer than {}",
                    Duration(time),
                    Duration(within)
                ))
            }
            Longest::Unbounded(at, steps, round) => {
                if let Some(broken) = self.rounds(intended(at), steps, &round) {
                    return Answer::Broken(Box::new(broken));
                }
                Answer::Open("time adds up in a loop, and no journey was found that takes too long".to_owned())
            }
        }
    }

    /// A journey that goes round until a limit has passed.
    fn rounds(&self, intended: ServiceSet, way: Vec<Step>, round: &[Step]) -> Option<Broken> {
        let mut all = way;
        let mut told = 0;
        [4_usize, 16, 64].into_iter().find_map(|rounds| {
            all.extend((told..rounds).flat_map(|_| round.iter().cloned()));
            told = rounds;
            let late = self.slow(intended, &all);
            // Where clocks go on from round to round, only what comes at once leaves time for another.
            late.or_else(|| self.confirm_from(intended, &all, &[Pace::AtOnce, Pace::Daily]))
        })
    }

    /// A journey that takes as long as it can.
    fn slow(&self, intended: ServiceSet, steps: &[Step]) -> Option<Broken> {
        if let Some(said) = all_said(steps)
            && let Some(broken) = self.slow(intended, &said)
        {
            return Some(broken);
        }
        let mut telling = Telling::new(self.explorer, intended, steps, Pace::Late);
        for step in steps.iter().skip(1) {
            if telling.step(step).is_none() {
                break;
            }
        }
        telling.complete();
        let found = telling.finish();
        self.breaks(&found)?;
        let plain = plainest(self.explorer.real, found, &mut |journey| self.breaks(journey).is_some());
        let violation = self.breaks(&plain)?;
        Some(Broken { journey: plain, violation })
    }

    /// A journey on which everything is said as late as it can be, by the ways that come latest to each situation.
    fn latest(
        &self,
        graph: &Owed<'_, Looking<'_>>,
        from_start: bool,
        intended: &dyn Fn(usize) -> ServiceSet,
    ) -> Option<Broken> {
        /// Steps that are followed in all, before it is given up.
        const MOST: usize = 200_000;
        /// Ways that are followed to their end.
        const WAYS: usize = 16;
        let mut when = |index: usize, steps: &[Step]| {
            let said = all_said(steps);
            let steps = said.as_deref().unwrap_or(steps);
            let mut telling = Telling::new(self.explorer, intended(index), steps, Pace::Late);
            for step in steps.iter().skip(1) {
                telling.step(step)?;
            }
            Some(telling.state.now)
        };
        let ways = graph.latest(from_start, MOST, &mut when);
        ways.into_iter().take(WAYS).find_map(|(index, steps)| self.slow(intended(index), &steps))
    }

    /// A journey that goes round for ever: after a round everything is as it was before, but for the time.
    fn round(&self, intended: ServiceSet, steps: &[Step], round: &[Step]) -> Option<Broken> {
        let said = |steps: &[Step]| all_said(steps).unwrap_or_else(|| steps.to_vec());
        if all_said(steps).or(all_said(round)).is_some()
            && let Some(broken) = self.round(intended, &said(steps), &said(round))
        {
            return Some(broken);
        }
        for pace in [Pace::AtOnce, Pace::Daily, Pace::Late] {
            let Some(telling) = Telling::round(self.explorer, intended, steps, round, pace) else { continue };
            let to = telling.state.now;
            let mut found = telling.finish();
            let machine = self.explorer.real;
            let mut monitor = Monitor::new(std::slice::from_ref(self.property));
            found.until = Some(to);
            let followed = found.replay(machine, &mut monitor);
            let fine = found.can_be(machine, &followed);
            let seen = monitor.verdicts(&followed.state).into_iter().next()?;
            if fine && !over(&followed.state) && monitor.pending() && seen == Seen::Open {
                return Some(Broken { journey: found, violation: None });
            }
            if let (true, Seen::Violated(violation)) = (fine, seen) {
                return Some(Broken { journey: found, violation: Some(violation) });
            }
        }
        None
    }
}

/// Watches a property, and whether a task was reported before it was offered, which is taken not to happen.
struct Heard<'p> {
    monitor: Monitor<'p>,
    early: bool,
}

impl Observer for Heard<'_> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        self.early |= matches!(effect, Effect::TaskChanged(_, _, None, ..));
        self.monitor.effect(machine, state, effect);
    }

    fn settled(&mut self, machine: &Machine, state: &State) {
        self.monitor.settled(machine, state);
    }
}

/// What is taken for granted of every journey that was looked at.
#[must_use]
pub fn premises(explorer: &Explorer<'_>) -> Vec<String> {
    let mut premises = vec![
        "nothing is corrected, nobody is paused, and no service is dropped or added on the way".to_owned(),
        "a task is reported once it is offered, not before".to_owned(),
        "facts the playbook keeps begin with their default; other facts with a default are known".to_owned(),
    ];
    premises.push(if explorer.alphabet.has_blockers() {
        "blockers hold a service or the customer, not a single task".to_owned()
    } else {
        "no blocker comes: neither the playbook nor the property speaks of any".to_owned()
    });
    if explorer.real.playbook.about.customers.is_some() {
        premises.push("the customer is one the playbook is for".to_owned());
    }
    premises
}
