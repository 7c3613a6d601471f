//! One simulated life: from each playbook into the next, with whoever looks on.

use crate::model::scenario::Scenario;
use crate::model::{EndId, FactId, ServiceId, ServiceSet};
use crate::run::chain::{Handed, Laps, Leg, Lifecycle, Onward, continued, ended_at};
use crate::run::journey::{Stop, drive};
use crate::run::trace::Trace;
use crate::run::{Customer, Machine, State};
use crate::simulate::log::{Log, LogEntry, Pen, case};
use crate::simulate::plan::Plan;
use crate::simulate::replay::Eyes;
use crate::simulate::tally::{Memory, Tally};
use crate::simulate::world::Scene;
use crate::simulate::{Cohort, DEFAULT_HORIZON, Options, replication_seed};
use crate::value::Duration;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// A journey through one playbook of a lifecycle.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'r> {
    pub(super) playbook: usize,
    pub(super) lap: u32,
    pub(super) machine: &'r Machine,
    /// When it begins, on the clock of the scenario.
    pub(super) since: i64,
    /// When it begins, since day 0 of the life.
    pub(super) begins: i64,
}

/// Whoever goes along: drives each journey, and looks on.
pub(super) trait Companion {
    /// The journey from this state on, up to a time; where it stands then, and why it stopped.
    fn journey(&mut self, leg: At<'_>, state: State, scene: &mut Scene<'_>, until: i64) -> (State, Stop);
}

/// What came of a life.
pub(super) enum Lived<'r> {
    /// It had not begun by the horizon.
    NotArrived,
    /// It began in the warm-up.
    WarmingUp,
    /// It was followed.
    Through(Life<'r>),
}

/// A life as far as it was followed.
#[derive(Debug)]
pub struct Life<'r> {
    /// How often each playbook was entered.
    pub laps: Laps,
    /// By playbook: how long the journeys took that are over, and how often each end was reached.
    pub visits: BTreeMap<usize, (i64, Vec<u64>)>,
    /// The end it is over at.
    pub ended: Option<(usize, EndId)>,
    /// How long the journeys took that are over.
    pub elapsed: i64,
    /// Where it would go on.
    pub onward: Onward<'r>,
}

/// The seed of a lap through a playbook.
fn leg_seed(seed: u64, playbook: &str, lap: u32) -> u64 {
    // FNV-1a, as keys of streams are hashed.
    let hash = playbook
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    replication_seed(seed.wrapping_add(hash), lap)
}

/// A cohort on its way through a lifecycle.
pub(super) struct Run<'r> {
    lifecycle: &'r Lifecycle,
    scenarios: &'r [Scenario],
    seed: u64,
    /// How many there are, as far as arrivals depend on it.
    customers: u64,
    /// By playbook and lap.
    plans: RwLock<BTreeMap<(usize, u32), Arc<Plan<'r>>>>,
    stop: &'r AtomicBool,
}

impl<'r> Run<'r> {
    pub(super) fn new(
        lifecycle: &'r Lifecycle,
        scenarios: &'r [Scenario],
        seed: u64,
        customers: u64,
        stop: &'r AtomicBool,
    ) -> Run<'r> {
        Run { lifecycle, scenarios, seed, customers, plans: RwLock::default(), stop }
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The scenario of a playbook made ready for a lap.
    fn plan(&self, playbook: usize, lap: u32) -> Option<Arc<Plan<'r>>> {
        let known = self.plans.read().unwrap_or_else(PoisonError::into_inner).get(&(playbook, lap)).cloned();
        if known.is_some() {
            return known;
        }
        let (machine, scenario) = (self.lifecycle.machines.get(playbook)?, self.scenarios.get(playbook)?);
        let first = playbook == 0 && lap == 1;
        let name = &machine.playbook.name.name;
        let seed = if first { self.seed } else { leg_seed(self.seed, name, lap) };
        let plan = Arc::new(Plan::new(&machine.playbook, scenario, seed));
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(plans.entry((playbook, lap)).or_insert(plan)))
    }

    /// One customer's whole life; `counted` is whether those who begin in the warm-up are passed over.
    pub(super) fn life(
        &self,
        number: u64,
        given: Option<Customer>,
        counted: bool,
        companion: &mut dyn Companion,
    ) -> Lived<'r> {
        let Some((first, machine)) = self.plan(0, 1).zip(self.lifecycle.machines.first()) else {
            return Lived::NotArrived;
        };
        let from_file = given.is_some();
        let customer = given.unwrap_or_else(|| Customer::new(machine, ""));
        let arrival = first.arrival_of(&customer, number, self.customers);
        let whole = first.horizon.unwrap_or(DEFAULT_HORIZON).0.saturating_sub(arrival.0);
        if whole < 0 {
            return Lived::NotArrived;
        }
        if counted && first.warm_up.is_some_and(|warm_up| arrival < warm_up) {
            return Lived::WarmingUp;
        }
        let id = customer.id.clone();
        let (mut playbook, mut handed, mut services_known) = (0, Handed::first(customer), from_file);
        let (laps, visits) = (Laps::default(), BTreeMap::new());
        let mut life = Life { laps, visits, ended: None, elapsed: 0, onward: Onward::Over };
        while let Some(machine) = self.lifecycle.machines.get(playbook) {
            let lap = life.laps.enter(playbook);
            let Some(plan) = self.plan(playbook, lap) else { break };
            let mut scene = Scene::new(&plan, self.stop);
            let since = arrival.0 + life.elapsed;
            let came = (playbook, lap) == (0, 1) && life.elapsed == 0;
            let (state, until) = if came {
                scene.begin(machine, number, &mut handed.customer, from_file);
                (plan.state(machine, &mut handed.customer, arrival), whole)
            } else {
                let keeps = |fact: FactId, service: Option<ServiceId>| handed.carried.contains(&(fact, service));
                scene.begin_with(machine, number, &mut handed.customer, services_known, &keeps);
                let own = plan.horizon.map_or(i64::MAX, |horizon| horizon.0);
                (self.begins(&plan, playbook, &mut handed, since), own.min(whole - life.elapsed))
            };
            let leg = At { playbook, lap, machine, since, begins: life.elapsed };
            let (state, _) = companion.journey(leg, state, &mut scene, until);
            let ends = machine.playbook.ends.len();
            let visit = life.visits.entry(playbook).or_insert_with(|| (0, vec![0; ends]));
            life.ended = state.ended().map(|end| (playbook, end));
            let Some((_, end)) = life.ended else { break };
            let took = ended_at(&state);
            visit.0 += took;
            if let Some(count) = visit.1.get_mut(end.index()) {
                *count += 1;
            }
            life.elapsed = life.elapsed.saturating_add(took);
            services_known |=
                state.intended != ServiceSet::default() || state.tracks.iter().any(|track| track.service.is_some());
            life.onward = self.lifecycle.onward(playbook, &state, &mut life.laps);
            let Onward::Into(next) = life.onward else { break };
            let Some(after) = self.lifecycle.machines.get(next) else { break };
            handed = continued(machine, &state, &id, after, std::mem::take(&mut handed.luggage));
            playbook = next;
        }
        Lived::Through(life)
    }

    /// Before the journey through a playbook that comes after others: it begins on the day, and at the time of day, on which
    /// the one before ended.
    fn begins(&self, plan: &Plan<'_>, playbook: usize, handed: &mut Handed, since: i64) -> State {
        let machine = &self.lifecycle.machines[playbook];
        if handed.customer.start.is_some() {
            return handed.state(machine);
        }
        let mut state = plan.state(machine, &mut handed.customer, Duration(since));
        handed.begins = state.begins;
        handed.enter(&mut state);
        state
    }
}

/// Keeps the journeys, with reasons.
#[derive(Default)]
struct Remembering {
    legs: Vec<Leg>,
}

impl Companion for Remembering {
    fn journey(&mut self, leg: At<'_>, mut state: State, scene: &mut Scene<'_>, until: i64) -> (State, Stop) {
        let mut trace = Trace::default();
        let stop = drive(leg.machine, &mut state, scene, &mut trace, Some(until));
        let told = Leg { playbook: leg.playbook, lap: leg.lap, begins: leg.begins, state: state.clone(), stop, trace };
        self.legs.push(told);
        (state, stop)
    }
}

/// The life of one customer of a cohort, as [`super::simulate_lifecycle`] sees it. None where there is no such customer, or
/// who had not come by the horizon.
#[must_use]
pub fn replay_life<'l>(
    lifecycle: &'l Lifecycle,
    scenarios: &'l [Scenario],
    cohort: Cohort<'_>,
    number: u64,
    options: &Options,
    never: &'l AtomicBool,
) -> Option<(Vec<Leg>, Onward<'l>)> {
    let customers = scenarios.first().map_or(0, |scenario| cohort.size(scenario));
    let given = match cohort {
        Cohort::Drawn(customers) if number >= customers => return None,
        Cohort::Drawn(_) => None,
        Cohort::Given(customers) => Some(customers.nth(usize::try_from(number).ok()?)?),
    };
    let run = Run::new(lifecycle, scenarios, options.seed, customers, never);
    let mut remembering = Remembering::default();
    match run.life(number, given, false, &mut remembering) {
        Lived::Through(life) => Some((remembering.legs, life.onward)),
        Lived::NotArrived | Lived::WarmingUp => None,
    }
}

/// Takes the lines of the log as they come: of which playbook, and for which time the customer is there; false wants no
/// more.
pub type LifecycleSink<'s> = &'s mut (dyn FnMut(usize, u32, LogEntry) -> bool + Send);

/// Writes the log.
struct Writing<'s, 'f> {
    sink: &'f mut LifecycleSink<'s>,
    case: Arc<str>,
    memory: Memory,
    closed: bool,
}

impl Companion for Writing<'_, '_> {
    fn journey(&mut self, leg: At<'_>, mut state: State, scene: &mut Scene<'_>, until: i64) -> (State, Stop) {
        let mut sink = |entry: LogEntry| (self.sink)(leg.playbook, leg.lap, entry);
        let mut log = Log { sink: &mut sink, closed: self.closed };
        self.memory.clear();
        let (mut uncounted, mut nobody) = (Tally::new(leg.machine), None);
        let pen = Pen { log: &mut log, case: Arc::clone(&self.case), arrival: leg.since };
        let mut eyes = Eyes::new(&mut uncounted, &mut self.memory, &mut nobody, Some(pen), 0);
        let stop = drive(leg.machine, &mut state, scene, &mut eyes, Some(until));
        self.closed = log.closed;
        (state, stop)
    }
}

/// Writes the log of the same lives as [`super::simulate_lifecycle`] sees, one after the other.
pub fn log_lives(
    lifecycle: &Lifecycle,
    scenarios: &[Scenario],
    cohort: Cohort<'_>,
    options: &Options,
    mut sink: LifecycleSink<'_>,
    stop: &AtomicBool,
) {
    let customers = scenarios.first().map_or(0, |scenario| cohort.size(scenario));
    let run = Run::new(lifecycle, scenarios, options.seed, customers, stop);
    let Some(machine) = lifecycle.machines.first() else { return };
    let mut one = |number: u64, given: Option<Customer>| {
        let case =
            given.as_ref().map_or_else(|| case(&Customer::new(machine, ""), number), |given| case(given, number));
        let mut writing = Writing { sink: &mut sink, case, memory: Memory::default(), closed: false };
        run.life(number, given, false, &mut writing);
        !writing.closed
    };
    match cohort {
        Cohort::Drawn(customers) => {
            for number in 0..customers {
                if run.stopped() || !one(number, None) {
                    return;
                }
            }
        }
        Cohort::Given(customers) => {
            for (number, customer) in (0..).zip(customers) {
                if run.stopped() || !one(number, Some(customer)) {
                    return;
                }
            }
        }
    }
}
