//! Live numbers that are only compared: which side of each bound they are on is all that matters.
//!
//! Such a fact may take any value at any time, and is compared with constants and with facts that stay as they are. Of two
//! values with the same place among these bounds nothing ever tells one from the other: every condition is as true with the
//! one as with the other, and what the fact may become next is the same.

use super::domain::{bare, conditions, constant, measure};
use super::live::is_off;
use crate::model::{Atom, Expr, FactId, FactScope, LetId, Node, Playbook, ServiceId, Since, Type, Volatility};
use crate::run::evaluate::View;
use crate::run::{Customer, Machine, State};
use crate::syntax::ast::Comparison;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Some comparison tells values below a bound from the bound itself.
const BELOW: u8 = 1;
/// Some comparison tells values above a bound from the bound itself.
const ABOVE: u8 = 2;

/// What a live number is compared with, and which values beside each bound are told from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Constants, as whole numbers of its measure.
    constants: BTreeMap<i64, u8>,
    /// Fixed facts, of the customer or of the same service.
    facts: BTreeMap<FactId, u8>,
}

/// The bounds of all facts that are live and only compared.
#[derive(Debug, Default)]
pub struct Regions {
    /// By fact; none where its value itself may matter.
    bounds: Vec<Option<Bounds>>,
}

impl Regions {
    /// Of a playbook and the conditions asked about it.
    #[must_use]
    pub fn new(machine: &Machine, asked: &[&Expr]) -> Regions {
        let playbook = &machine.playbook;
        let live = |fact: &crate::model::Fact| {
            let number = matches!(
                fact.kind,
                Type::Int | Type::Number(_) | Type::Percent | Type::Money(_) | Type::Date | Type::Duration
            );
            (number && fact.volatility == Volatility::Live).then(Bounds::default)
        };
        let mut regions = Regions { bounds: playbook.facts.iter().map(live).collect() };
        for (fact, _) in &playbook.histories {
            regions.bounds[fact.index()] = None;
        }
        let empty = State::new(machine, &Customer::new(machine, "nobody"));
        let view = View::of(machine, &empty, 0);
        let mut all: Vec<&Expr> = asked.to_vec();
        conditions(playbook, &mut |expr| all.push(expr));
        let mut seen = BTreeSet::new();
        all.into_iter().for_each(|expr| regions.read(playbook, view, expr, &mut seen));
        regions
    }

    fn read(&mut self, playbook: &Playbook, view: View<'_>, expr: &Expr, seen: &mut BTreeSet<LetId>) {
        match &expr.node {
            Node::Compare(comparison, left, right) => {
                let told = |swapped: bool| match comparison {
                    _ if is_off() => BELOW | ABOVE,
                    Comparison::GreaterOrEqual | Comparison::Less if swapped => ABOVE,
                    Comparison::Greater | Comparison::LessOrEqual if swapped => BELOW,
                    Comparison::GreaterOrEqual | Comparison::Less => BELOW,
                    Comparison::Greater | Comparison::LessOrEqual => ABOVE,
                    Comparison::Equal | Comparison::NotEqual => BELOW | ABOVE,
                };
                if !self.compared(playbook, view, (left, told(false)), right)
                    && !self.compared(playbook, view, (right, told(true)), left)
                {
                    self.read(playbook, view, left, seen);
                    self.read(playbook, view, right, seen);
                }
            }
            Node::Let(id) => {
                if seen.insert(*id) {
                    self.read(playbook, view, &playbook.lets[id.index()].value, seen);
                }
            }
            Node::Atom(Atom::Fact(fact) | Atom::Change(fact, _) | Atom::Since(_, Since::Fact(fact), ..)) => {
                self.bounds[fact.index()] = None;
                expr.parts(&mut |part| self.read(playbook, view, part, seen));
            }
            _ => expr.parts(&mut |part| self.read(playbook, view, part, seen)),
        }
    }

    /// Notes a comparison, where one side is a live number and the other a bound that stays.
    fn compared(&mut self, playbook: &Playbook, view: View<'_>, (side, told): (&Expr, u8), other: &Expr) -> bool {
        let Some(fact) = bare(playbook, side) else { return false };
        let own = playbook.facts[fact.index()].scope;
        let Some(bounds) = &mut self.bounds[fact.index()] else { return false };
        if let Some(value) = constant(playbook, view, other) {
            return measure(&value).is_some_and(|number| {
                *bounds.constants.entry(number).or_default() |= told;
                true
            });
        }
        let Some(other) = bare(playbook, other) else { return false };
        let known = &playbook.facts[other.index()];
        let near = known.scope == FactScope::Customer || own == FactScope::Service;
        let stays = near && known.volatility == Volatility::Fixed;
        if stays {
            *bounds.facts.entry(other).or_default() |= told;
        }
        stays
    }

    /// Facts this one is compared with, where that is all that matters.
    pub fn partners(&self, fact: FactId) -> impl Iterator<Item = FactId> + '_ {
        self.bounds[fact.index()].iter().flat_map(|bounds| bounds.facts.keys().copied())
    }

    /// The bounds between which a fact lies as things stand; none where its value itself may matter, or a fact it is compared
    /// with is still open or not known.
    #[must_use]
    pub fn bounds(
        &self,
        playbook: &Playbook,
        state: &State,
        service: Option<ServiceId>,
        fact: FactId,
    ) -> Option<BTreeMap<i64, u8>> {
        let known = self.bounds[fact.index()].as_ref()?;
        let lookout = state.lookout.as_ref()?;
        let mut all = known.constants.clone();
        for (other, told) in &known.facts {
            let described = &playbook.facts[other.index()];
            let service = if described.scope == FactScope::Customer { None } else { service };
            if lookout.is_open(lookout.number(service, described.slot)) {
                return None;
            }
            let value = match service {
                None => &state.facts[described.slot],
                Some(service) => state.services[service.index()].facts.get(described.slot)?,
            };
            *all.entry(measure(value.as_ref()?)?).or_default() |= told;
        }
        Some(all)
    }

    /// The place of a value among its bounds, where that is all that matters.
    #[must_use]
    pub fn place(
        &self,
        playbook: &Playbook,
        state: &State,
        (service, fact): (Option<ServiceId>, FactId),
        value: &Value,
    ) -> Option<u32> {
        let bounds = self.bounds(playbook, state, service, fact)?;
        let number = measure(value)?;
        let below = bounds.range(..number).count() as u32;
        Some(match bounds.get(&number) {
            None => 2 * below,
            Some(&BELOW) => 2 * (below + 1),
            Some(&ABOVE) => 2 * below,
            Some(_) => 2 * below + 1,
        })
    }
}
