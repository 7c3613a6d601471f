//! The plainest customer of a set: defaults where possible, nothing happened, values at the bounds that matter.

use super::formula::{Domain, Variable, VariableId, Whose};
use super::space::{Code, Space};
use crate::model::{FactId, Type};
use crate::value::Value;
use crate::verify::kernel::{Bdd, Decided};
use std::collections::BTreeMap;

/// What a variable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// On or off.
    Flag(bool),
    /// This choice.
    Choice(u16),
    /// This number, in what the value counts in: millionths, days, seconds.
    Number(i128),
}

/// One customer as far as the conditions of a space can tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assignment(pub BTreeMap<Variable, Chosen>);

impl Assignment {
    /// Whether a flag is on; none where nothing speaks of it.
    #[must_use]
    pub fn flag(&self, variable: &Variable) -> Option<bool> {
        match self.0.get(variable)? {
            Chosen::Flag(on) => Some(*on),
            _ => None,
        }
    }

    /// The value of a fact, where something speaks of it and it is known.
    #[must_use]
    pub fn fact(&self, space: &Space<'_>, fact: FactId, whose: Whose) -> Option<Value> {
        if self.flag(&Variable::Unknown(fact, whose)) == Some(true) {
            return None;
        }
        let kind = &space.playbook().facts[fact.index()].kind;
        if let Type::SetOf(values) = kind {
            let members: Vec<Option<bool>> =
                (0..values.len() as u16).map(|value| self.flag(&Variable::Member(fact, whose, value))).collect();
            let set =
                members.iter().enumerate().filter(|(_, on)| **on == Some(true)).map(|(bit, _)| 1_u64 << bit).sum();
            return members.iter().any(Option::is_some).then_some(Value::Set(set));
        }
        let chosen = self.0.get(&Variable::Fact(fact, whose))?;
        match (chosen, kind) {
            (Chosen::Flag(on), _) => Some(Value::YesNo(*on)),
            (Chosen::Choice(choice), Type::Text) => {
                let texts = &space.prepared.texts;
                let other = usize::from(*choice).saturating_sub(texts.len());
                let text = texts.get(usize::from(*choice)).map(|text| text.to_string());
                Some(Value::Text(
                    text.unwrap_or_else(|| format!("something else{}", " ".repeat(other).trim_end())).into(),
                ))
            }
            (Chosen::Choice(choice), _) => Some(Value::Choice(*choice)),
            (Chosen::Number(number), kind) => number_as(kind, *number),
        }
    }
}

/// A number in what it counts in, as a value of a type.
pub(super) fn number_as(kind: &Type, number: i128) -> Option<Value> {
    let number = i64::try_from(number).ok()?;
    Some(match kind {
        Type::Date => Value::Date(crate::value::Date(i32::try_from(number).ok()?)),
        Type::Duration => Value::Duration(crate::value::Duration(number)),
        _ => Value::Number(crate::value::Micro(number)),
    })
}

impl Space<'_> {
    /// The plainest customer in a set; none where there is none.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn plainest(&mut self, set: Bdd) -> Decided<Option<Assignment>> {
        let mut left = self.kernel.and(set, self.universe())?;
        if left.is_empty() {
            return Ok(None);
        }
        let mut order: Vec<(u8, VariableId)> =
            self.formulas.variables().map(|(id, variable, _)| (self.turn(variable), id)).collect();
        order.sort_unstable();
        let mut chosen = BTreeMap::new();
        for (_, id) in order {
            let (next, value) = self.choose(left, id)?;
            left = next;
            chosen.insert(self.formulas.variable(id).clone(), value);
        }
        Ok(Some(Assignment(chosen)))
    }

    /// In which turn a variable is chosen: what should be plain first.
    fn turn(&self, variable: &Variable) -> u8 {
        match variable {
            Variable::Earlier(earlier, _) => self.turn(earlier),
            Variable::Intended(_) | Variable::Happened(..) | Variable::EndedAt(..) | Variable::Unknown(..) => 0,
            Variable::Done(..) | Variable::Status(..) | Variable::Sustained(..) => 1,
            Variable::Fact(fact, _) | Variable::Member(fact, ..)
                if self.playbook().facts[fact.index()].default.is_some() =>
            {
                2
            }
            Variable::Fact(..) | Variable::Member(..) => 3,
            _ => 4,
        }
    }

    fn default_of(&self, variable: &Variable) -> Option<Value> {
        match variable {
            Variable::Earlier(earlier, _) => self.default_of(earlier),
            Variable::Fact(fact, _) => self.playbook().facts[fact.index()].default.clone(),
            Variable::Member(fact, _, value) => match &self.playbook().facts[fact.index()].default {
                Some(Value::Set(set)) => Some(Value::YesNo(set >> value & 1 == 1)),
                _ => None,
            },
            _ => None,
        }
    }

    fn choose(&mut self, left: Bdd, id: VariableId) -> Decided<(Bdd, Chosen)> {
        let variable = self.formulas.variable(id).clone();
        let default = self.default_of(&variable);
        let step = match self.formulas.domain(id) {
            Domain::Number { step, .. } => step,
            Domain::Flag | Domain::Choice(_) => 1,
        };
        let wanted = default.as_ref().and_then(super::lower::raw).map(|number| number.div_euclid(step));
        let (codes, ranges) = match self.codes[id.index()].clone() {
            Code::Flag(_) => {
                let first = usize::from(default == Some(Value::YesNo(true)));
                (vec![first, 1 - first], None)
            }
            Code::Choice { count, .. } => {
                let first = match &default {
                    Some(Value::Choice(choice)) => usize::from(*choice),
                    Some(Value::Text(text)) => {
                        self.prepared.texts.iter().position(|known| known == text).unwrap_or_default()
                    }
                    // A text that nothing mentions.
                    None if matches!(&variable, Variable::Fact(..)) && count > self.prepared.texts.len() => {
                        let text = matches!(&variable, Variable::Fact(fact, _)
                            if self.playbook().facts[fact.index()].kind == Type::Text);
                        if text { self.prepared.texts.len() } else { 0 }
                    }
                    _ => 0,
                };
                (std::iter::once(first).chain((0..count).filter(|code| *code != first)).collect(), None)
            }
            Code::Ranges { ranges, .. } => {
                let mut codes: Vec<usize> = (0..ranges.len()).collect();
                let distance = |code: &usize| match (ranges[*code], wanted) {
                    ((low, high), Some(wanted)) if low <= wanted && wanted <= high => 0,
                    ((low, high), Some(wanted)) => (low - wanted).abs().min((high - wanted).abs()),
                    // Without a default, not below nothing, and near to it.
                    ((_, high), None) if high < 0 => i128::MAX / 2 - high.max(i128::MIN / 4),
                    ((low, _), None) => low.max(0),
                };
                codes.sort_by_key(distance);
                (codes, Some(ranges))
            }
            Code::Counted { low, high, .. } => return self.choose_counted(left, id, wanted, low, high, step),
        };
        for code in codes {
            let is = self.code_is(id, code)?;
            let next = self.kernel.and(left, is)?;
            if !next.is_empty() {
                let value = match (&ranges, self.formulas.domain(id)) {
                    (Some(ranges), Domain::Number { low, high, .. }) => {
                        let (from, to) = ranges[code];
                        Chosen::Number(plain_number(from.max(low), to.min(high), wanted, step) * step)
                    }
                    (_, Domain::Flag) => Chosen::Flag(code == 1),
                    _ => Chosen::Choice(code as u16),
                };
                return Ok((next, value));
            }
        }
        // Not reached: the set is not empty, and the codes cover everything.
        Ok((left, Chosen::Flag(false)))
    }

    fn choose_counted(
        &mut self,
        left: Bdd,
        id: VariableId,
        wanted: Option<i128>,
        low: i128,
        high: i128,
        step: i128,
    ) -> Decided<(Bdd, Chosen)> {
        for number in [wanted, Some(0)].into_iter().flatten().filter(|number| low <= *number && *number <= high) {
            let next = self.only(left, id, number)?;
            if !next.is_empty() {
                return Ok((next, Chosen::Number(number * step)));
            }
        }
        // The least that is not negative, else the greatest negative: halving.
        let negative = self.number_at_most(id, -1)?;
        let not_negative = self.kernel.and(left, negative.not())?;
        let (mut from, mut to, set, up) =
            if not_negative.is_empty() { (low, -1, left, false) } else { (low.max(0), high, not_negative, true) };
        while from < to {
            let middle = if up { from + (to - from) / 2 } else { to - (to - from) / 2 };
            let half = if up {
                let below = self.number_at_most(id, middle)?;
                self.kernel.and(set, below)?
            } else {
                let below = self.number_at_most(id, middle - 1)?;
                self.kernel.and(set, below.not())?
            };
            match (up, half.is_empty()) {
                (true, false) => to = middle,
                (true, true) => from = middle + 1,
                (false, false) => from = middle,
                (false, true) => to = middle - 1,
            }
        }
        let round = if step == 1 { 1_000_000 } else { 1 };
        let rounded = -(-from).div_euclid(round) * round;
        for number in [rounded, from] {
            let next = self.only(set, id, number)?;
            if !next.is_empty() {
                return Ok((next, Chosen::Number(number * step)));
            }
        }
        Ok((set, Chosen::Number(from * step)))
    }

    fn only(&mut self, set: Bdd, id: VariableId, number: i128) -> Decided<Bdd> {
        let (at_most, below) = (self.number_at_most(id, number)?, self.number_at_most(id, number - 1)?);
        let is = self.kernel.and(at_most, below.not())?;
        self.kernel.and(set, is)
    }
}

/// A plain number of steps in a range: the default, else the bound nearest to nothing, rounded inwards where it is crooked.
pub(super) fn plain_number(from: i128, to: i128, wanted: Option<i128>, step: i128) -> i128 {
    if let Some(wanted) = wanted.filter(|wanted| from <= *wanted && *wanted <= to) {
        return wanted;
    }
    let round = if step == 1 { 1_000_000 } else { 1 };
    if from <= 0 && 0 <= to {
        return 0;
    }
    if from > 0 {
        let rounded = -(-from).div_euclid(round) * round;
        return if rounded <= to { rounded } else { from };
    }
    let rounded = to.div_euclid(round) * round;
    if rounded >= from { rounded } else { to }
}
