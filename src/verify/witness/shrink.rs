//! The plainest journey that still shows what it is to show: fewer services, fewer lines, defaults, whole days.

use super::Journey;
use crate::model::{FactId, FactScope, ServiceId, ServiceSet};
use crate::run::event::Event;
use crate::run::state::Seconds;
use crate::run::{Customer, Machine};
use crate::value::{DAY, Micro, Value};

/// How often the goal is asked at most.
const MOST: u32 = 600;

/// Makes a journey plain as long as `shows` says yes. It has to say yes to the journey itself.
pub fn plainest(machine: &Machine, journey: Journey, shows: &mut dyn FnMut(&Journey) -> bool) -> Journey {
    let mut shrinking = Shrinking { best: journey, shows, left: MOST };
    for _ in 0..3 {
        let before = shrinking.best.clone();
        shrinking.fewer_services();
        shrinking.fewer_lines();
        shrinking.fewer_facts(machine);
        shrinking.whole_days();
        shrinking.rounder_values(machine);
        if shrinking.best == before {
            break;
        }
    }
    shrinking.best
}

struct Shrinking<'s> {
    best: Journey,
    shows: &'s mut dyn FnMut(&Journey) -> bool,
    left: u32,
}

impl Shrinking<'_> {
    fn attempt(&mut self, journey: Journey) -> bool {
        if self.left == 0 || journey == self.best {
            return false;
        }
        self.left -= 1;
        let shows = (self.shows)(&journey);
        if shows {
            self.best = journey;
        }
        shows
    }

    fn fewer_services(&mut self) {
        for service in self.best.customer.intended.iter().collect::<Vec<ServiceId>>() {
            let mut next = self.best.clone();
            next.customer.intended = ServiceSet(next.customer.intended.0 & !(1 << service.0));
            next.said.retain(|said| said.service != Some(service));
            self.attempt(next);
        }
    }

    fn fewer_lines(&mut self) {
        let mut at = self.best.said.len();
        while at > 0 {
            at -= 1;
            let mut next = self.best.clone();
            next.said.remove(at);
            if self.attempt(next) {
                continue;
            }
            // A line that says less.
            let Event::Facts { values, .. } = &self.best.said[at].event else { continue };
            for fact in values.iter().map(|(fact, _)| *fact).collect::<Vec<FactId>>() {
                let mut next = self.best.clone();
                if let Event::Facts { values, .. } = &mut next.said[at].event
                    && values.len() > 1
                {
                    values.retain(|(known, _)| *known != fact);
                    self.attempt(next);
                }
            }
        }
    }

    fn fewer_facts(&mut self, machine: &Machine) {
        for (index, fact) in machine.playbook.facts.iter().enumerate() {
            let plain = fact.default.clone();
            match fact.scope {
                FactScope::Customer => {
                    let mut next = self.best.clone();
                    next.customer.facts[fact.slot] = plain;
                    if !self.attempt(next) {
                        self.line_at_start(None, FactId(index as u32), fact.slot);
                    }
                }
                FactScope::Service => {
                    for service in self.best.customer.intended.iter().collect::<Vec<ServiceId>>() {
                        let mut next = self.best.clone();
                        next.customer.services[service.index()][fact.slot] = plain.clone();
                        if !self.attempt(next) {
                            self.line_at_start(Some(service), FactId(index as u32), fact.slot);
                        }
                    }
                }
            }
        }
    }

    /// What a line says of a fact may as well have been so from the start.
    fn line_at_start(&mut self, service: Option<ServiceId>, fact: FactId, slot: usize) {
        for at in 0..self.best.said.len() {
            let Event::Facts { service: of, values, .. } = &self.best.said[at].event else { continue };
            if *of != service {
                continue;
            }
            let Some(value) = values.iter().find(|(known, _)| *known == fact).map(|(_, value)| value.clone()) else {
                continue;
            };
            let mut next = self.best.clone();
            *place(&mut next.customer, service, slot) = Some(value);
            if let Event::Facts { values, .. } = &mut next.said[at].event {
                values.retain(|(known, _)| *known != fact);
                if values.is_empty() {
                    next.said.remove(at);
                }
            }
            if self.attempt(next) {
                return;
            }
        }
    }

    /// Lines come on whole days where they can.
    fn whole_days(&mut self) {
        let up = |at: Seconds| (at + DAY - 1).div_euclid(DAY) * DAY;
        let mut all = self.best.clone();
        all.said.iter_mut().for_each(|said| said.at = up(said.at));
        if self.attempt(all) {
            return;
        }
        for at in 0..self.best.said.len() {
            for unit in [DAY, 3_600, 60] {
                let time = self.best.said[at].at;
                let (floor, ceiling) = (time.div_euclid(unit) * unit, (time + unit - 1).div_euclid(unit) * unit);
                if floor == ceiling {
                    break;
                }
                // The others keep their order: those before come no later, those after no sooner.
                let mut later = self.best.clone();
                later.said.iter_mut().skip(at).for_each(|said| said.at = said.at.max(ceiling));
                let mut sooner = self.best.clone();
                sooner.said.iter_mut().take(at + 1).for_each(|said| said.at = said.at.min(floor));
                if self.attempt(later) || self.attempt(sooner) {
                    break;
                }
            }
        }
    }

    /// Numbers are whole where they can be.
    fn rounder_values(&mut self, machine: &Machine) {
        for fact in &machine.playbook.facts {
            let services: Vec<Option<ServiceId>> = match fact.scope {
                FactScope::Customer => vec![None],
                FactScope::Service => self.best.customer.intended.iter().map(Some).collect(),
            };
            for service in services {
                let mut next = self.best.clone();
                let value = place(&mut next.customer, service, fact.slot);
                let Some(Value::Number(number)) = value else { continue };
                let whole = Micro(number.0.div_euclid(1_000_000) * 1_000_000);
                *value = Some(Value::Number(whole));
                self.attempt(next);
            }
        }
    }
}

fn place(customer: &mut Customer, service: Option<ServiceId>, slot: usize) -> &mut Option<Value> {
    match service {
        None => &mut customer.facts[slot],
        Some(service) => &mut customer.services[service.index()][slot],
    }
}
