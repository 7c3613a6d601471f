//! A playbook and a scenario made ready for speed: tracks of many customers side by side, in columns.
//!
//! The reference interpreter follows one customer from event to event. Customers who share nothing need not be followed like
//! that: here the flow of each scope is lowered once for each service, with all that is then settled left out (`service is
//! onedrive`, services of groups, facts that never change), and [`flow`] sends a batch of customers through it stage by
//! stage and round by round. So the cost of finding out what to do next is shared by the batch, and draws are made in
//! tight loops. Random numbers are those of the interpreter, number for number.
//!
//! What the lowered form cannot say is refused when it is made, with the reason; the interpreter takes over. What turns
//! out to be unusual for a single customer (a second blocker while the first one holds, a journey that does not end by
//! the horizon) is left to the interpreter for this customer: draws have names, so it can begin again from the start.

mod abreast;
mod batch;
mod count;
mod expression;
mod flow;
mod kernel;
mod program;
mod sampler;
mod statements;
mod time;
pub(super) mod trail;
mod work;

use super::plan::Plan;
use super::tally::Tally;
use crate::model::{CUSTOMER, FactId, FactScope, ServiceId, Type};
use crate::run::{Customer, Machine};
use crate::simulate::random::StreamKey;
use batch::{Batch, Common, Counts, Reset, Timed, Visits, partition};
use count::Counting;
use expression::{From, Key, Layout, Lowered, Term, UNKNOWN, bits};
use program::{Compiler, Program, Source, Store};
use sampler::Drawn;
use std::collections::{BTreeMap, BTreeSet};
use trail::{Outlines, Trail};

pub(super) use batch::LANES;
pub(super) use program::Scarcity;

/// A playbook and a scenario, made ready.
#[derive(Debug)]
pub(super) struct Compiled {
    program: Program,
    columns: usize,
    common: Common,
    /// What is set for each batch.
    resets: Vec<Reset>,
    /// Odds of each service that can be intended, and the one taken where none is.
    services: Option<Intended>,
    /// Values of facts at the start: for which service, and from what.
    draws: Vec<(Option<ServiceId>, Store, Drawn, Source)>,
    /// Columns of facts: where customers from a file have theirs.
    facts: Vec<(FactId, usize, usize)>,
    nothing: Counts,
    given: bool,
    /// Whether customers wait for people.
    waits: bool,
}

/// Which services are intended.
#[derive(Debug)]
struct Intended {
    /// Services with their odds.
    odds: Vec<(u32, Source, f64)>,
    /// The one taken where none is drawn.
    if_none: Option<u32>,
}

/// A worker's batch.
#[derive(Debug)]
pub(super) struct Worker(Batch, Counting);

impl Compiled {
    /// Makes a playbook and a scenario ready, for customers who are drawn or `given` in a file.
    ///
    /// # Errors
    /// In words, what cannot be lowered.
    pub(super) fn new(
        machine: &Machine,
        plan: &Plan<'_>,
        given: bool,
        scarcity: Option<Scarcity<'_>>,
    ) -> Lowered<Compiled> {
        let playbook = &machine.playbook;
        if !playbook.can_be_written_out() {
            return Err("named values that use each other so often".to_owned());
        }
        if playbook.services.len() > 60 {
            return Err("more than 60 services".to_owned());
        }
        if !plan.timed.is_empty() {
            return Err("statements at times of their own".to_owned());
        }
        // Facts that nothing changes are constants; whether something does is known once the flow is lowered. What turns out
        // to change is no constant any more, and all is lowered again: at most once for each fact.
        let mut assigned = BTreeSet::new();
        loop {
            let layout = layout(machine, plan, &assigned, given);
            let mut compiler = Compiler {
                machine,
                plan,
                layout,
                scarcity,
                depth: 0,
                owners: BTreeMap::new(),
                offered: BTreeMap::new(),
                assigned: BTreeSet::new(),
            };
            let program = compiler.program(CUSTOMER, None)?;
            if compiler.assigned.is_subset(&assigned) {
                return finish(compiler, program, given);
            }
            assigned.append(&mut compiler.assigned);
        }
    }

    /// A worker that can follow batches.
    pub(super) fn worker(&self) -> Worker {
        let mut batch = Batch::new(self.columns, self.common, self.nothing.clone());
        batch.trail = self.waits.then(|| Box::new(Trail::new(self.nothing.entered.len())));
        Worker(batch, Counting::default())
    }

    /// Follows customers of these numbers, at most [`LANES`], who wait for people: what is known of their journeys before
    /// it is known how long they wait. Among those left to the interpreter are all who go on beyond the horizon in any
    /// case.
    pub(super) fn outlines(
        &self,
        Worker(batch, _): &mut Worker,
        numbers: &[u64],
        customers: Option<&[&Customer]>,
        horizon: i64,
    ) -> Outlines {
        batch.horizon = horizon;
        batch.begin();
        let list: Vec<u32> = (0..numbers.len().min(LANES) as u32).collect();
        if let Some(trail) = &mut batch.trail {
            trail.clear(list.len());
        }
        self.start(batch, numbers, customers, &list);
        batch.run(&self.program, 0, list.clone());
        let now = &batch.columns[self.common.now[0]];
        let trail = batch.trail.as_mut();
        trail.map_or_else(Outlines::default, |trail| trail.outlines(list.len(), now, &batch.left))
    }

    /// Follows customers of these numbers, at most [`LANES`], and counts them. Gives those who are left to the interpreter,
    /// by place; they are not counted. Among them are all whose journeys go on beyond the horizon.
    pub(super) fn follow(
        &self,
        Worker(batch, counting): &mut Worker,
        numbers: &[u64],
        customers: Option<&[&Customer]>,
        horizon: i64,
        tally: &mut Tally,
    ) -> Vec<usize> {
        batch.horizon = horizon;
        let mut list: Vec<u32> = (0..numbers.len().min(LANES) as u32).collect();
        let mut left: Vec<usize> = Vec::new();
        // Whoever is left out once is left out the second time: draws are the same.
        while !list.is_empty() {
            batch.begin();
            self.start(batch, numbers, customers, &list);
            batch.run(&self.program, 0, list.clone());
            if !batch.anybody_left {
                counting.count(batch, &list, self.common.now[0], tally);
                break;
            }
            left.extend(list.iter().map(|lane| *lane as usize).filter(|lane| batch.left[*lane]));
            list.retain(|lane| !batch.left[*lane as usize]);
        }
        left.sort_unstable();
        left
    }

    /// What is known of the customers on day 0.
    fn start(&self, batch: &mut Batch, numbers: &[u64], customers: Option<&[&Customer]>, list: &[u32]) {
        for (lane, number) in numbers.iter().enumerate().take(LANES) {
            batch.columns[self.common.begin][lane] = StreamKey::begin(*number) as i64;
        }
        batch.reset(&self.resets);
        if let Some(customers) = customers {
            for (lane, customer) in customers.iter().enumerate().take(LANES) {
                batch.columns[self.common.intended][lane] = customer.intended.0 as i64;
                for (_, place, column) in &self.facts {
                    let value = customer_fact(customer, *place);
                    batch.columns[*column][lane] = value;
                }
            }
        } else if let Some(Intended { odds, if_none }) = &self.services {
            for (service, source, chance) in odds {
                batch.intend(*service, source, *chance, list);
            }
            if let Some(service) = if_none {
                let intended = &mut batch.columns[self.common.intended];
                for intended in intended.iter_mut() {
                    *intended = if *intended == 0 { 1 << service } else { *intended };
                }
            }
        }
        let (mut some, mut others) = (Vec::new(), Vec::new());
        for (service, store, drawn, source) in &self.draws {
            match service {
                None => batch.begin_fact(store, drawn, source, list, self.given),
                Some(service) => {
                    let intended = &batch.columns[self.common.intended];
                    some.clear();
                    others.clear();
                    partition(list, &mut some, &mut others, |lane| intended[lane] >> service.0 & 1 == 1);
                    batch.begin_fact(store, drawn, source, &some, self.given);
                }
            }
        }
    }
}

/// The places of a customer's facts: the customer's slots, then those of each service.
fn customer_fact(customer: &Customer, place: usize) -> i64 {
    let value = match place.checked_sub(customer.facts.len()) {
        None => customer.facts[place].as_ref(),
        Some(place) => {
            let slots = customer.services.first().map_or(1, Vec::len).max(1);
            customer.services.get(place / slots).and_then(|facts| facts[place % slots].as_ref())
        }
    };
    value.and_then(bits).unwrap_or(UNKNOWN)
}

fn layout(machine: &Machine, plan: &Plan<'_>, assigned: &BTreeSet<(FactId, usize)>, given: bool) -> Layout {
    let playbook = &machine.playbook;
    let mut layout = Layout::default();
    for (index, fact) in playbook.facts.iter().enumerate() {
        let id = FactId(index as u32);
        let instances = if fact.scope == FactScope::Customer { 1 } else { playbook.services.len() };
        let default = fact.default.as_ref().map_or(Some(UNKNOWN), bits);
        let drawn = plan.draws.iter().any(|draw| draw.draw.fact == id);
        let constant = |instance: usize| {
            (!given && !drawn && !assigned.contains(&(id, instance)) && fact.kind != Type::Text)
                .then_some(default)
                .flatten()
        };
        layout.constants.push((0..instances).map(constant).collect());
        layout.known.push(!given && fact.default.is_some());
    }
    layout
}

fn finish(compiler: Compiler<'_>, mut program: Program, given: bool) -> Lowered<Compiled> {
    let (machine, plan) = (compiler.machine, compiler.plan);
    let playbook = &machine.playbook;
    compiler.finish(&mut program, 0);
    let layout = &compiler.layout;
    let common = Common {
        intended: layout.of(Key::Intended),
        begin: layout.of(Key::Begin),
        now: [layout.of(Key::Now(0)), layout.of(Key::Now(1))],
        resolved: [layout.of(Key::Resolved(0)), layout.of(Key::Resolved(1))],
    };
    let source = |site: &super::plan::Site, instance: usize| Source {
        key: site.keys[instance],
        begin: common.begin,
        counts: false,
    };
    let services = plan.services.as_ref().map(|(site, odds, if_none)| {
        let odds = odds.iter().enumerate().filter(|(_, chance)| chance.0 > 0.0);
        let odds = odds.map(|(index, chance)| (index as u32, source(site, index + 1), chance.0));
        Intended { odds: odds.collect(), if_none: if_none.map(|service| service.0) }
    });
    let mut draws = Vec::new();
    for draw in &plan.draws {
        let fact = &playbook.facts[draw.draw.fact.index()];
        let instances: Vec<Option<ServiceId>> = match fact.scope {
            FactScope::Customer => vec![None],
            FactScope::Service => (0..playbook.services.len()).map(|index| Some(ServiceId(index as u32))).collect(),
        };
        for service in instances {
            let from = From { playbook, layout, scope: None, own: None, service, here: None, round: None };
            if fact.kind == Type::Text {
                continue;
            }
            let drawn = from.drawn(&draw.draw.value)?;
            let column = layout.of(Key::Fact(draw.draw.fact, service.map_or(0, ServiceId::index)));
            let range = fact.range.as_ref().and_then(|(low, high)| Some((bits(low)?, bits(high)?)));
            let store = Store { column, kind: fact.kind.clone(), range, direction: 0 };
            draws.push((service, store, drawn, source(&draw.site, service.map_or(0, |service| service.index() + 1))));
        }
    }
    let mut resets = vec![
        Reset::Value(common.intended, 0),
        Reset::Value(common.now[0], 0),
        Reset::Value(common.resolved[0], i64::MAX),
        Reset::Value(common.resolved[1], i64::MAX),
    ];
    let mut reads = BTreeSet::new();
    for (_, _, drawn, _) in &draws {
        drawn.terms(&mut |term| {
            term.walk(&mut |part| {
                if let Term::Column(column) | Term::Unknown(column) | Term::OneOf(column, _) = part {
                    reads.insert(*column);
                }
            });
        });
    }
    let mut facts = Vec::new();
    let slots = playbook.slots(FactScope::Service).max(1);
    for (key, column) in layout.columns() {
        match key {
            Key::Fact(id, instance) => {
                let fact = &playbook.facts[id.index()];
                let place = match fact.scope {
                    FactScope::Customer => fact.slot,
                    FactScope::Service => playbook.slots(FactScope::Customer) + instance * slots + fact.slot,
                };
                facts.push((id, place, column));
                // Drawn for everybody before anybody looks: nothing to set before.
                let total = draws.iter().any(|(_, store, drawn, _)| {
                    let mut fixed = !drawn.partial();
                    drawn.terms(&mut |_| fixed = false);
                    store.column == column && fixed && store.range.is_none_or(|_| true)
                });
                if !total || reads.contains(&column) {
                    let default = fact.default.as_ref().and_then(bits).unwrap_or(UNKNOWN);
                    resets.push(Reset::Value(column, default));
                }
            }
            Key::End(..) => resets.push(Reset::Value(column, UNKNOWN)),
            Key::Task(..) => resets.push(Reset::Value(column, 0)),
            _ => {}
        }
    }
    let nothing = Counts {
        ends: vec![0; playbook.ends.len()],
        entered: vec![0; playbook.stages.len()],
        visits: vec![Visits::default(); playbook.stages.len()],
        offered: vec![0; playbook.tasks.len()],
        not_required: vec![0; playbook.tasks.len()],
        complete: vec![Timed::default(); playbook.tasks.len()],
    };
    let columns = layout.columns().len();
    let waits = compiler.scarcity.is_some();
    Ok(Compiled { waits, program, columns, common, resets, services, draws, facts, nothing, given })
}
