//! The event log of a simulation: what process mining tools read.

use super::plan::Plan;
use super::replay::Eyes;
use super::tally::{Memory, Tally};
use super::world::Scene;
use super::{Cohort, DEFAULT_HORIZON, Options, Together, contended, replication_seed};
use crate::model::scenario::Scenario;
use crate::model::{EndId, Place, ServiceId, StageId, TaskId};
use crate::run::journey::drive;
use crate::run::state::{Seconds, State};
use crate::run::{Customer, Effect, Machine};
use crate::value::TaskStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The customer: the id, or the number from 1.
    pub case: Arc<str>,
    /// On the clock of the scenario.
    pub at: Seconds,
    /// The service; none is the customer.
    pub service: Option<ServiceId>,
    /// What happened.
    pub what: Logged,
}

/// What is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logged {
    /// A stage was entered.
    Entered(StageId),
    /// A stage was left.
    Left(StageId),
    /// A task was offered.
    Offered(TaskId),
    /// A task was settled: complete, not required or cancelled.
    Settled(TaskId, TaskStatus),
    /// An end was reached.
    Ended(EndId),
}

/// Takes the lines of the log as they come; false wants no more.
pub type Sink<'s> = &'s mut (dyn FnMut(LogEntry) -> bool + Send);

/// The log while it is written.
pub(super) struct Log<'s> {
    pub(super) sink: Sink<'s>,
    pub(super) closed: bool,
}

/// The log of one journey at one moment.
pub(super) struct Pen<'l, 's> {
    pub(super) log: &'l mut Log<'s>,
    pub(super) case: Arc<str>,
    pub(super) arrival: Seconds,
}

/// What a customer is called in the log.
pub(super) fn case(customer: &Customer, number: u64) -> Arc<str> {
    if customer.id.is_empty() { (number + 1).to_string().into() } else { customer.id.as_str().into() }
}

impl Pen<'_, '_> {
    /// Notes an effect; `memory` still knows where the track was before.
    pub(super) fn note(&mut self, machine: &Machine, state: &State, effect: &Effect, memory: &Memory) {
        let offer = |id: &crate::model::OfferId| machine.playbook.offers[id.index()].task;
        let of = |track: &usize| state.tracks[*track].service;
        let (service, what) = match effect {
            Effect::Entered(track, Place::Stage(stage), _) => (of(track), Logged::Entered(*stage)),
            Effect::Took(track, _) | Effect::Dropped(track, _) | Effect::Interrupted(track) => {
                let Some(stage) = memory.stage(*track) else { return };
                (of(track), Logged::Left(stage))
            }
            Effect::Offered(track, id) => (of(track), Logged::Offered(offer(id))),
            Effect::Cancelled(track, id) => (of(track), Logged::Settled(offer(id), TaskStatus::Cancelled)),
            Effect::TaskChanged(service, task, Some(_), status, _)
                if matches!(status, TaskStatus::Complete | TaskStatus::NotRequired) =>
            {
                (*service, Logged::Settled(*task, *status))
            }
            Effect::Ended(track, end) => (of(track), Logged::Ended(*end)),
            _ => return,
        };
        let at = self.arrival.saturating_add(state.now);
        let entry = LogEntry { case: Arc::clone(&self.case), at, service, what };
        if !self.log.closed && !(self.log.sink)(entry) {
            self.log.closed = true;
        }
    }
}

/// Writes the log of the same journeys as [`super::simulate`] with these options makes, of the first replication where
/// there are several. Customers who wait for the same people come in the order of time, others one after the other.
/// Whether it got to the end before it was asked to stop.
pub fn log(
    machine: &Machine,
    scenario: &Scenario,
    cohort: Cohort<'_>,
    options: &Options,
    sink: Sink<'_>,
    stop: &AtomicBool,
) -> bool {
    let scarce = contended::scarce(machine, scenario);
    let customers = cohort.size(scenario);
    let mut log = Log { sink, closed: false };
    if scarce.contains(&true) {
        let together = Together::whole(machine, scenario, &scarce, options, stop);
        let given = cohort.given();
        let seed = replication_seed(options.seed, 0);
        together.once(customers, given.as_deref(), seed, None, Some(&mut log));
    } else {
        let plan = Plan::new(&machine.playbook, scenario, options.seed);
        let mut scene = Scene::new(&plan, stop);
        let mut memory = Memory::default();
        let mut one = |number: u64, mut customer: Customer, from_file: bool| {
            let arrival = plan.arrival_of(&customer, number, customers);
            let until = plan.horizon.unwrap_or(DEFAULT_HORIZON).0.saturating_sub(arrival.0);
            if until < 0 {
                return;
            }
            let case = case(&customer, number);
            scene.begin(machine, number, &mut customer, from_file);
            let mut state = plan.state(machine, &mut customer, arrival);
            memory.clear();
            let mut uncounted = Tally::new(machine);
            let mut nobody = None;
            let pen = Pen { log: &mut log, case, arrival: arrival.0 };
            let mut eyes = Eyes::new(&mut uncounted, &mut memory, &mut nobody, Some(pen), number);
            drive(machine, &mut state, &mut scene, &mut eyes, Some(until));
        };
        match cohort {
            Cohort::Drawn(customers) => {
                let fresh = Customer::new(machine, "");
                (0..customers)
                    .take_while(|_| !stop.load(Ordering::Relaxed))
                    .for_each(|number| one(number, fresh.clone(), false));
            }
            Cohort::Given(customers) => (0..)
                .zip(customers)
                .take_while(|_| !stop.load(Ordering::Relaxed))
                .for_each(|(number, customer)| one(number, customer, true)),
        }
    }
    !stop.load(Ordering::Relaxed) && !log.closed
}
