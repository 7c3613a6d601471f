//! One simulated customer again, with reasons.

use super::log::Pen;
use super::plan::Plan;
use super::tally::{Counter, Memory, Tally};
use super::world::Scene;
use super::{Cohort, DEFAULT_HORIZON, Options, Together, contended, replication_seed};
use crate::model::scenario::Scenario;
use crate::run::journey::{Stop, drive};
use crate::run::trace::Trace;
use crate::run::{Customer, Effect, Machine, Observer, State};
use std::sync::atomic::AtomicBool;

/// A journey as the simulation saw it.
#[derive(Debug)]
pub struct Replayed {
    /// Where it stands at the end.
    pub state: State,
    /// Why it stopped.
    pub stop: Stop,
    /// What happened, with reasons.
    pub trace: Trace,
}

/// The customer who is watched while all are simulated.
#[derive(Debug, Default)]
pub(super) struct Watched {
    pub(super) number: u64,
    pub(super) trace: Trace,
    pub(super) end: Option<(State, Stop)>,
}

/// Counts, keeps the trace of whom is watched, and writes the log.
pub(super) struct Eyes<'t, 's> {
    counter: Counter<'t>,
    trace: Option<&'t mut Trace>,
    pen: Option<Pen<'t, 's>>,
}

impl<'t, 's> Eyes<'t, 's> {
    pub(super) fn new(
        tally: &'t mut Tally,
        memory: &'t mut Memory,
        watched: &'t mut Option<Watched>,
        pen: Option<Pen<'t, 's>>,
        number: u64,
    ) -> Eyes<'t, 's> {
        let trace = watched.as_mut().filter(|watched| watched.number == number).map(|watched| &mut watched.trace);
        Eyes { counter: Counter { tally, memory }, trace, pen }
    }
}

impl Observer for Eyes<'_, '_> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        if let Some(trace) = &mut self.trace {
            trace.effect(machine, state, effect.clone());
        }
        if let Some(pen) = &mut self.pen {
            pen.note(machine, state, &effect, self.counter.memory);
        }
        self.counter.effect(machine, state, effect);
    }
}

/// The journey of one customer of a cohort: the same as in [`super::simulate`] with these options, in the first
/// replication where there are several. None where there is no such customer, or who had not come by the horizon.
#[must_use]
pub fn replay(
    machine: &Machine,
    scenario: &Scenario,
    cohort: Cohort<'_>,
    number: u64,
    options: &Options,
) -> Option<Replayed> {
    let never = AtomicBool::new(false);
    let scarce = contended::scarce(machine, scenario);
    let customers = cohort.size(scenario);
    let watched = Watched { number, ..Watched::default() };
    if scarce.contains(&true) {
        let together = Together::whole(machine, scenario, &scarce, options, &never);
        let given = cohort.given();
        let seed = replication_seed(options.seed, 0);
        let (_, watched) = together.once(customers, given.as_deref(), seed, Some(watched), None);
        let Watched { trace, end, .. } = watched?;
        let (state, stop) = end?;
        return Some(Replayed { state, stop, trace });
    }
    let plan = Plan::new(&machine.playbook, scenario, options.seed);
    let (mut customer, from_file) = match cohort {
        Cohort::Drawn(customers) if number >= customers => return None,
        Cohort::Drawn(_) => (Customer::new(machine, ""), false),
        Cohort::Given(customers) => (customers.nth(usize::try_from(number).ok()?)?, true),
    };
    let arrival = plan.arrival_of(&customer, number, customers);
    let until = plan.horizon.unwrap_or(DEFAULT_HORIZON).0.saturating_sub(arrival.0);
    if until < 0 {
        return None;
    }
    let mut scene = Scene::new(&plan, &never);
    scene.begin(machine, number, &mut customer, from_file);
    let mut state = plan.state(machine, &mut customer, arrival);
    let mut trace = Trace::default();
    let stop = drive(machine, &mut state, &mut scene, &mut trace, Some(until));
    Some(Replayed { state, stop, trace })
}
