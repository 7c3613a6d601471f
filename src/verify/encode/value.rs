//! Values as cases: under which formula a value is which. Numbers stay sums of variables.

use super::formula::{Domain, Formula, Formulas, Variable, VariableId, Whose};
use super::lower::{Lowering, Truth, key, raw};
use crate::model::{Atom, Expr, FactId, Node, ServiceId, Type};
use crate::syntax::ast::{Comparison, Quantifier};
use crate::value::{DAY, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A value under a formula; the formulas exclude each other, and where none holds the value is unknown.
pub(super) type Cases = Vec<(Formula, Thing)>;

/// More cases than these are not followed.
const MOST_CASES: usize = 512;

/// What a value can be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Thing {
    YesNo(bool),
    Number(Amount),
    Date(Amount),
    Duration(Amount),
    Text(Arc<str>),
    /// The text of a fact that no condition mentions: which of these.
    OtherText(u16),
    Choice(u16),
    Service(ServiceId),
    /// For each value, whether it is in the set.
    Set(Vec<Formula>),
}

/// How a quotient becomes a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Rounding {
    /// Down, as days are counted.
    #[default]
    Down,
    /// To the nearest, halves to the even one, as the interpreter calculates.
    HalfEven,
}

/// A sum of variables and a constant, in what the value counts in, divided and rounded.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Amount {
    /// Factors of steps are already those of values: one variable counts `factor * step`.
    pub terms: BTreeMap<VariableId, i128>,
    pub constant: i128,
    pub divisor: i128,
    pub rounding: Rounding,
}

/// Beyond this a factor is not followed.
const LARGEST: i128 = 1 << 90;

impl Amount {
    pub fn of(variable: VariableId) -> Amount {
        Amount { terms: BTreeMap::from([(variable, 1)]), constant: 0, divisor: 1, rounding: Rounding::Down }
    }

    pub fn constant(constant: i128) -> Amount {
        Amount { terms: BTreeMap::new(), constant, divisor: 1, rounding: Rounding::Down }
    }

    /// Where it does not depend on anything.
    pub fn fixed(&self) -> Option<i128> {
        self.terms.is_empty().then(|| self.rounding.quotient(self.constant, self.divisor))
    }

    /// Whether it is rounded to the nearest.
    fn nearest(&self) -> bool {
        self.divisor != 1 && self.rounding == Rounding::HalfEven
    }

    /// Whether it is a whole number before it is rounded.
    fn exact(&self, step: &impl Fn(VariableId) -> i128) -> bool {
        self.constant % self.divisor == 0
            && self
                .terms
                .iter()
                .all(|(id, factor)| factor.checked_mul(step(*id)).is_some_and(|factor| factor % self.divisor == 0))
    }

    /// A sum or difference, as long as rounding allows: floor(y / d) + x is floor((y + d x) / d) for a whole x.
    fn plus(&self, other: &Amount, minus: bool, step: &impl Fn(VariableId) -> i128) -> Option<Amount> {
        if self.nearest() || other.nearest() {
            // Which half is the even one depends on what is added.
            return None;
        }
        let (rounded, whole, signs) = if other.exact(step) {
            (self, other, (1, if minus { -1 } else { 1 }))
        } else if self.exact(step) && !minus {
            (other, self, (1, 1))
        } else {
            return None;
        };
        let divisor = rounded.divisor.checked_mul(whole.divisor).filter(|divisor| *divisor < LARGEST)?;
        let mut terms = BTreeMap::new();
        for (amount, sign, factor) in [(rounded, signs.0, whole.divisor), (whole, signs.1, rounded.divisor)] {
            for (variable, number) in &amount.terms {
                *terms.entry(*variable).or_default() += number.checked_mul(factor)? * sign;
            }
        }
        terms.retain(|_, factor: &mut i128| *factor != 0);
        let constant = rounded.constant.checked_mul(whole.divisor)? * signs.0
            + whole.constant.checked_mul(rounded.divisor)? * signs.1;
        Some(Amount { terms, constant, divisor, rounding: Rounding::Down })
    }

    /// Times a fraction, rounded as the interpreter does where it is not exact for every value.
    fn scaled(&self, numerator: i128, denominator: i128, step: impl Fn(VariableId) -> i128) -> Option<Amount> {
        let scaled = self.scaled_exactly(numerator, denominator, step);
        if scaled.is_some() || self.divisor != 1 || denominator <= 0 || numerator.abs() > LARGEST {
            return scaled;
        }
        let terms = self.terms.iter().map(|(id, factor)| Some((*id, factor.checked_mul(numerator)?)));
        Some(Amount {
            terms: terms.collect::<Option<_>>()?,
            constant: self.constant.checked_mul(numerator)?,
            divisor: denominator,
            rounding: Rounding::HalfEven,
        })
    }

    fn scaled_exactly(&self, numerator: i128, denominator: i128, step: impl Fn(VariableId) -> i128) -> Option<Amount> {
        if self.divisor != 1 || denominator == 0 || numerator.abs() > LARGEST {
            return None;
        }
        let scale = |number: i128, worth: i128| {
            let product = number.checked_mul(numerator)?;
            // The factor of a variable has to stay a whole number together with its step.
            (product.checked_mul(worth)? % denominator == 0).then_some(product)
        };
        let mut terms = BTreeMap::new();
        for (variable, factor) in &self.terms {
            terms.insert(*variable, scale(*factor, step(*variable))?);
        }
        let constant = scale(self.constant, 1)? / denominator;
        if terms.values().all(|factor| factor % denominator == 0) {
            let terms = terms.into_iter().map(|(variable, factor)| (variable, factor / denominator)).collect();
            return Some(Amount { terms, constant, divisor: 1, rounding: Rounding::Down });
        }
        // Kept as an exact division: nothing is lost, as each step is divided without a rest.
        Some(Amount { terms, constant: constant * denominator, divisor: denominator, rounding: Rounding::Down })
    }
}

impl Rounding {
    /// A quotient by a positive number.
    pub fn quotient(self, number: i128, by: i128) -> i128 {
        let (quotient, twice) = (number.div_euclid(by), number.rem_euclid(by).saturating_mul(2));
        let up = self == Rounding::HalfEven && (twice > by || twice == by && quotient % 2 != 0);
        quotient + i128::from(up)
    }
}

impl<'a> Lowering<'a> {
    fn step(&self, variable: VariableId) -> i128 {
        match self.formulas.domain(variable) {
            Domain::Number { step, .. } => step,
            Domain::Flag | Domain::Choice(_) => 1,
        }
    }

    /// The cases of a value. None where it is not understood.
    pub(super) fn value(&mut self, expr: &Expr, whose: Whose) -> Option<Cases> {
        let always = |thing: Thing| Some(vec![(Formula::TRUE, thing)]);
        match &expr.node {
            Node::Constant(value) => always(constant(value, &expr.kind)),
            Node::Parameter(id) => always(constant(&self.playbook().parameters[id.index()].value, &expr.kind)),
            Node::Let(id) => self.value_of_let(*id, whose),
            Node::Atom(atom) => self.read(atom, whose, expr),
            Node::Sum(terms) => {
                let mut total: Option<Cases> = None;
                for (minus, term) in terms {
                    let cases = self.understood(term, whose)?;
                    total = Some(match total {
                        None if *minus => self.each_case(cases, |lowering, thing| lowering.negated(&thing))?,
                        None => cases,
                        Some(total) => {
                            self.pairs(&total, &cases, |lowering, left, right| lowering.add(left, right, *minus))?
                        }
                    });
                }
                total
            }
            Node::Negate(part) => {
                let cases = self.understood(part, whose)?;
                self.each_case(cases, |lowering, thing| lowering.negated(&thing))
            }
            Node::Times(left, right) => {
                let (left, right) = (self.understood(left, whose)?, self.understood(right, whose)?);
                self.pairs(&left, &right, |lowering, left, right| lowering.times(left, right))
                    .or_else(|| {
                        let (left, right) = self.told_apart(&left, &right)?;
                        self.pairs(&left, &right, |lowering, left, right| lowering.times(left, right))
                    })
                    .or_else(|| self.outside_where(&left, &right, expr, whose))
            }
            Node::Divide(left, right) => {
                let (left, right) = (self.understood(left, whose)?, self.understood(right, whose)?);
                // Dividing by zero is unknown: such a case is no case.
                let mut divisors = Cases::new();
                for (formula, thing) in right.into_iter().filter(|(_, thing)| !is_zero(thing)) {
                    let zero = self.zero(&thing)?;
                    let not_zero = self.formulas.not(zero);
                    divisors.push((self.formulas.all([formula, not_zero]), thing));
                }
                let right = divisors;
                self.pairs(&left, &right, |lowering, left, right| lowering.divide(left, right))
                    .or_else(|| {
                        let (left, mut right) = self.told_apart(&left, &right)?;
                        right.retain(|(_, thing)| !is_zero(thing));
                        self.pairs(&left, &right, |lowering, left, right| lowering.divide(left, right))
                    })
                    .or_else(|| self.outside_where(&left, &right, expr, whose))
            }
            Node::PercentOf(points, whole) => {
                let (points, whole) = (self.understood(points, whose)?, self.understood(whole, whose)?);
                self.pairs(&points, &whole, |lowering, points, whole| lowering.percent_of(points, whole))
                    .or_else(|| self.outside_value(expr, whose))
            }
            Node::Choice(choices, last) => {
                let mut cases = Vec::new();
                let mut not_before = Formula::TRUE;
                for (value, condition) in choices {
                    let truth = self.truth(condition, whose);
                    let here = self.formulas.all([not_before, truth.holds]);
                    for (formula, thing) in self.understood(value, whose)? {
                        cases.push((self.formulas.all([here, formula]), thing));
                    }
                    not_before = self.formulas.all([not_before, truth.fails]);
                }
                for (formula, thing) in self.understood(last, whose)? {
                    cases.push((self.formulas.all([not_before, formula]), thing));
                }
                self.few(cases)
            }
            Node::Max(parts) => self.extreme(parts, whose, Comparison::Greater),
            Node::Min(parts) => self.extreme(parts, whose, Comparison::Less),
            Node::Quantified(Quantifier::Count, group, condition) => {
                let (certain, possible) = self.counted(*group, condition.as_deref());
                self.counts(&certain, &possible)
            }
            Node::SizeOf(set) => {
                let cases = self.understood(set, whose)?;
                let mut sizes = Vec::new();
                for (condition, thing) in cases {
                    let Thing::Set(members) = thing else { return None };
                    for (formula, size) in self.counts(&members, &members)? {
                        sizes.push((self.formulas.all([condition, formula]), size));
                    }
                }
                self.few(sizes)
            }
            Node::Not(_)
            | Node::And(_)
            | Node::Or(_)
            | Node::Compare(..)
            | Node::InRange(..)
            | Node::OneOf(..)
            | Node::InSet(..)
            | Node::ServiceIn(..)
            | Node::Quantified(..) => {
                let truth = self.truth(expr, whose);
                Some(yes_no(truth))
            }
        }
    }

    /// The cases of a value; a free number where it is not understood and numbers belong there.
    fn understood(&mut self, expr: &Expr, whose: Whose) -> Option<Cases> {
        match self.value(expr, whose) {
            Some(cases) => Some(cases),
            None => self.outside_value(expr, whose),
        }
    }

    /// A free number for what is not understood.
    fn outside_value(&mut self, expr: &Expr, whose: Whose) -> Option<Cases> {
        let wrap: fn(Amount) -> Thing = match expr.kind {
            Type::Int | Type::Number(_) | Type::Percent | Type::Money(_) => Thing::Number,
            Type::Date => Thing::Date,
            Type::Duration => Thing::Duration,
            _ => return None,
        };
        self.outside.push(expr.span);
        let (low, high) = (i128::from(i64::MIN), i128::from(i64::MAX));
        let variable = self.number(self.outside_variable(expr, key(expr), whose), low, high, 1);
        Some(vec![(Formula::TRUE, wrap(Amount::of(variable)))])
    }

    /// The same, known where both sides are.
    fn outside_where(&mut self, left: &Cases, right: &Cases, expr: &Expr, whose: Whose) -> Option<Cases> {
        let known = |lowering: &mut Lowering<'a>, cases: &Cases| {
            lowering.formulas.any(cases.iter().map(|(formula, _)| *formula).collect::<Vec<_>>())
        };
        let (left, right) = (known(self, left), known(self, right));
        let both = self.formulas.all([left, right]);
        let free = self.outside_value(expr, whose)?;
        Some(free.into_iter().map(|(formula, thing)| (self.formulas.all([both, formula]), thing)).collect())
    }

    /// Where a value is zero.
    fn zero(&mut self, thing: &Thing) -> Option<Formula> {
        match thing {
            Thing::Number(amount) | Thing::Duration(amount) => {
                self.amounts(Comparison::Equal, amount, &Amount::constant(0))
            }
            _ => None,
        }
    }

    /// Two values with numbers of few values counted out, as far as it takes to multiply or divide them: the right one, or
    /// both.
    fn told_apart(&mut self, left: &Cases, right: &Cases) -> Option<(Cases, Cases)> {
        let fixed = |cases: &Cases| {
            cases.iter().all(|(_, thing)| match thing {
                Thing::Number(amount) | Thing::Duration(amount) => amount.fixed().is_some(),
                _ => true,
            })
        };
        let right = self.counted_out(right)?;
        let left = if fixed(left) { left.clone() } else { self.counted_out(left)? };
        (left.len().saturating_mul(right.len()) <= MOST_CASES).then_some((left, right))
    }

    /// A value with a case for each number it can be, where these are few.
    fn counted_out(&mut self, cases: &Cases) -> Option<Cases> {
        let mut all = Cases::new();
        for (formula, thing) in cases {
            let (amount, wrap): (_, fn(Amount) -> Thing) = match thing {
                Thing::Number(amount) => (amount, Thing::Number),
                Thing::Duration(amount) => (amount, Thing::Duration),
                _ => return None,
            };
            if amount.fixed().is_some() {
                all.push((*formula, thing.clone()));
                continue;
            }
            let mut terms = amount.terms.iter();
            let (Some((id, factor)), None) = (terms.next(), terms.next()) else { return None };
            let Domain::Number { low, high, step } = self.formulas.domain(*id) else { return None };
            if high.saturating_sub(low) >= MOST_CASES as i128 {
                return None;
            }
            for number in low..=high {
                let raw = number.checked_mul(step)?;
                let value = amount.constant.checked_add(factor.checked_mul(raw)?)?;
                let one = BTreeMap::from([(*id, 1)]);
                let (up_to, below) =
                    (self.formulas.sum_at_most(&one, raw), self.formulas.sum_at_most(&one, raw - step));
                let not_below = self.formulas.not(below);
                let here = self.formulas.all([*formula, up_to, not_below]);
                let value = amount.rounding.quotient(value, amount.divisor);
                all.push((here, wrap(Amount::constant(value))));
            }
        }
        self.few(all)
    }

    fn few(&self, mut cases: Cases) -> Option<Cases> {
        cases.retain(|(formula, _)| *formula != Formula::FALSE);
        (cases.len() <= MOST_CASES).then_some(cases)
    }

    fn each_case(
        &mut self,
        cases: Cases,
        mut change: impl FnMut(&mut Lowering<'a>, Thing) -> Option<Thing>,
    ) -> Option<Cases> {
        cases.into_iter().map(|(formula, thing)| Some((formula, change(self, thing)?))).collect()
    }

    fn pairs(
        &mut self,
        left: &Cases,
        right: &Cases,
        mut join: impl FnMut(&mut Lowering<'a>, &Thing, &Thing) -> Option<Thing>,
    ) -> Option<Cases> {
        let mut cases = Vec::new();
        for (one, left) in left {
            for (other, right) in right {
                let both = self.formulas.all([*one, *other]);
                if both != Formula::FALSE {
                    cases.push((both, join(self, left, right)?));
                }
            }
        }
        self.few(cases)
    }

    /// How many of some formulas hold, case by case.
    fn counts(&mut self, certain: &[Formula], possible: &[Formula]) -> Option<Cases> {
        let mut cases = Vec::new();
        for number in 0..=certain.len() as i128 {
            let exactly = self.count_compared(Comparison::Equal, certain, possible, number * 1_000_000).holds;
            cases.push((exactly, Thing::Number(Amount::constant(number * 1_000_000))));
        }
        self.few(cases)
    }

    fn read(&mut self, atom: &Atom, whose: Whose, expr: &Expr) -> Option<Cases> {
        match atom {
            Atom::Fact(fact) => self.fact(*fact, whose, expr),
            Atom::Service => Some(match whose {
                Whose::Of(service) => vec![(Formula::TRUE, Thing::Service(service))],
                Whose::Own => self.own_service(),
                Whose::Customer => Vec::new(),
            }),
            Atom::ThisService => Some(if self.outlook.in_service { self.own_service() } else { Vec::new() }),
            Atom::Round(cadence) => {
                let limit = self.playbook().cadences[cadence.index()].limit;
                let high = limit.map_or(i128::from(u32::MAX), i128::from);
                let variable = self.number(Variable::Round(*cadence), 0, high, 1_000_000);
                Some(vec![(Formula::TRUE, Thing::Number(Amount::of(variable)))])
            }
            Atom::Change(fact, window) => {
                let whose = self.whose_fact(*fact, whose);
                let (low, high, step) = self.bounds(*fact)?;
                let known = self.known(*fact, whose);
                let variable = self.number(Variable::Change(*fact, *window, whose), low - high, high - low, step);
                Some(vec![(known, Thing::Number(Amount::of(variable)))])
            }
            _ => {
                let truth = self.truth(expr, whose);
                Some(yes_no(truth))
            }
        }
    }

    fn own_service(&mut self) -> Cases {
        let count = self.playbook().services.len() as u16;
        let variable = self.formulas.declare(Variable::Service, Domain::Choice(count));
        (0..count)
            .map(|service| (self.formulas.is(variable, service), Thing::Service(ServiceId(u32::from(service)))))
            .collect()
    }

    fn fact(&mut self, fact: FactId, whose: Whose, expr: &Expr) -> Option<Cases> {
        let known = self.known(fact, whose);
        let whose = self.whose_fact(fact, whose);
        if let Some((low, high, step)) = self.bounds(fact) {
            let variable = self.number(Variable::Fact(fact, whose), low, high, step);
            let amount = Amount::of(variable);
            let thing = match self.playbook().facts[fact.index()].kind {
                Type::Date => Thing::Date(amount),
                Type::Duration => Thing::Duration(amount),
                _ => Thing::Number(amount),
            };
            return Some(vec![(known, thing)]);
        }
        let things: Vec<Thing> = match &self.playbook().facts[fact.index()].kind {
            kind @ (Type::OneOf(_) | Type::Text) => self.choices(kind),
            Type::SetOf(values) => {
                let members = (0..values.len() as u16)
                    .map(|value| {
                        let member = self.at_moment(Variable::Member(fact, whose, value));
                        let id = self.formulas.declare(member, Domain::Flag);
                        self.formulas.flag(id)
                    })
                    .collect();
                return Some(vec![(known, Thing::Set(members))]);
            }
            Type::YesNo => {
                let truth = self.truth(expr, whose);
                return Some(yes_no(truth));
            }
            _ => return None,
        };
        let variable = self.at_moment(Variable::Fact(fact, whose));
        let variable = self.formulas.declare(variable, Domain::Choice(things.len() as u16));
        Some(
            things
                .into_iter()
                .enumerate()
                .map(|(at, thing)| {
                    let is = self.formulas.is(variable, at as u16);
                    (self.formulas.all([known, is]), thing)
                })
                .collect(),
        )
    }

    /// The choices of a fact that is one of several values, or a text.
    pub(super) fn choices(&self, kind: &Type) -> Vec<Thing> {
        match kind {
            Type::OneOf(values) => (0..values.len() as u16).map(Thing::Choice).collect(),
            Type::Text => {
                let texts = self.prepared.texts.iter().cloned().map(Thing::Text);
                texts.chain((0..self.prepared.other_texts).map(Thing::OtherText)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn negated(&self, thing: &Thing) -> Option<Thing> {
        let minus = |amount: &Amount| Amount::constant(0).plus(amount, true, &|id| self.step(id));
        match thing {
            Thing::Number(amount) => minus(amount).map(Thing::Number),
            Thing::Duration(amount) => minus(amount).map(Thing::Duration),
            _ => None,
        }
    }

    fn add(&mut self, left: &Thing, right: &Thing, minus: bool) -> Option<Thing> {
        match (left, right) {
            (Thing::Number(left), Thing::Number(right)) => {
                left.plus(right, minus, &|id| self.step(id)).map(Thing::Number)
            }
            (Thing::Duration(left), Thing::Duration(right)) => {
                left.plus(right, minus, &|id| self.step(id)).map(Thing::Duration)
            }
            (Thing::Date(date), Thing::Duration(time)) => {
                let time =
                    if minus { Amount::constant(0).plus(time, true, &|id| self.step(id))? } else { time.clone() };
                date.plus(&self.days(&time)?, false, &|id| self.step(id)).map(Thing::Date)
            }
            (Thing::Duration(time), Thing::Date(date)) if !minus => {
                date.plus(&self.days(time)?, false, &|id| self.step(id)).map(Thing::Date)
            }
            (Thing::Date(left), Thing::Date(right)) if minus => left
                .plus(right, true, &|id| self.step(id))?
                .scaled(i128::from(DAY), 1, |id| self.step(id))
                .map(Thing::Duration),
            (Thing::Set(left), Thing::Set(right)) => {
                let members = (0..left.len().max(right.len())).map(|at| {
                    let of = |set: &[Formula]| set.get(at).copied().unwrap_or(Formula::FALSE);
                    let (left, right) = (of(left), of(right));
                    if minus {
                        let not = self.formulas.not(right);
                        self.formulas.all([left, not])
                    } else {
                        self.formulas.any([left, right])
                    }
                });
                Some(Thing::Set(members.collect()))
            }
            (Thing::Set(left), Thing::Choice(right)) => {
                let mut members = left.clone();
                *members.get_mut(usize::from(*right))? = Formulas::constant(!minus);
                Some(Thing::Set(members))
            }
            _ => None,
        }
    }

    /// Seconds as whole days, rounded down; where that cannot be said exactly, none.
    fn days(&self, time: &Amount) -> Option<Amount> {
        if let Some(seconds) = time.fixed() {
            return Some(Amount::constant(seconds.div_euclid(i128::from(DAY))));
        }
        let whole = time.divisor == 1;
        whole.then(|| Amount { divisor: i128::from(DAY), rounding: Rounding::Down, ..time.clone() })
    }

    fn times(&mut self, left: &Thing, right: &Thing) -> Option<Thing> {
        let (thing, factor): (fn(Amount) -> Thing, _) = match (left, right) {
            (Thing::Number(left), Thing::Number(right)) => match (left.fixed(), right.fixed()) {
                (_, Some(factor)) => (Thing::Number, (left, factor)),
                (Some(factor), None) => (Thing::Number, (right, factor)),
                (None, None) => return None,
            },
            (Thing::Duration(time), Thing::Number(number)) | (Thing::Number(number), Thing::Duration(time)) => {
                match (time.fixed(), number.fixed()) {
                    (_, Some(factor)) => (Thing::Duration, (time, factor)),
                    (Some(factor), None) => (Thing::Duration, (number, factor)),
                    (None, None) => return None,
                }
            }
            _ => return None,
        };
        if let (Some(one), other) = (factor.0.fixed(), factor.1) {
            // Both fixed: as the interpreter rounds.
            let micro = |number: i128| i64::try_from(number).ok().map(crate::value::Micro);
            let product = micro(one)?.times(micro(other)?)?;
            return Some(thing(Amount::constant(i128::from(product.0))));
        }
        factor.0.scaled(factor.1, 1_000_000, |id| self.step(id)).map(thing)
    }

    fn divide(&mut self, left: &Thing, right: &Thing) -> Option<Thing> {
        let (amount, divisor, thing): (_, _, fn(Amount) -> Thing) = match (left, right) {
            (Thing::Number(left), Thing::Number(right)) => (left, right.fixed()?, Thing::Number),
            (Thing::Duration(left), Thing::Number(right)) => (left, right.fixed()?, Thing::Duration),
            (Thing::Duration(left), Thing::Duration(right)) => (left, right.fixed()?, Thing::Number),
            _ => return None,
        };
        if let Some(fixed) = amount.fixed() {
            let micro = |number: i128| i64::try_from(number).ok().map(crate::value::Micro);
            let quotient = micro(fixed)?.divided_by(micro(divisor)?)?;
            return Some(thing(Amount::constant(i128::from(quotient.0))));
        }
        let (numerator, divisor) = if divisor < 0 { (-1_000_000, -divisor) } else { (1_000_000, divisor) };
        amount.scaled(numerator, divisor, |id| self.step(id)).map(thing)
    }

    /// Points of a whole, in hundredths.
    fn percent_of(&mut self, points: &Thing, whole: &Thing) -> Option<Thing> {
        let (Thing::Number(points), Thing::Number(whole)) = (points, whole) else { return None };
        let (amount, factor) = match (points.fixed(), whole.fixed()) {
            (Some(points), _) => (whole, points),
            (None, Some(whole)) => (points, whole),
            (None, None) => return None,
        };
        if amount.divisor != 1 || factor.abs() > LARGEST {
            return None;
        }
        let terms = amount.terms.iter().map(|(id, number)| (*id, number * factor)).collect();
        let constant = amount.constant.checked_mul(factor)?;
        let amount = Amount { terms, constant, divisor: 100_000_000, rounding: Rounding::HalfEven };
        match amount.fixed() {
            Some(fixed) => Some(Thing::Number(Amount::constant(fixed))),
            None => Some(Thing::Number(self.simplified(amount))),
        }
    }

    /// Without the division where every step is divided without a rest.
    fn simplified(&self, amount: Amount) -> Amount {
        let divisor = amount.divisor;
        let exact = amount.terms.values().all(|factor| factor % divisor == 0) && amount.constant % divisor == 0;
        if !exact {
            // Where every step is divided without a rest it does not matter how it is rounded.
            let whole = amount.exact(&|id| self.step(id));
            return Amount { rounding: if whole { Rounding::Down } else { amount.rounding }, ..amount };
        }
        let terms = amount.terms.into_iter().map(|(id, factor)| (id, factor / divisor)).collect();
        Amount { terms, constant: amount.constant / divisor, divisor: 1, rounding: Rounding::Down }
    }

    /// The greatest or the least: of values before it none may be as good, of those behind none better.
    fn extreme(&mut self, parts: &[Expr], whose: Whose, wanted: Comparison) -> Option<Cases> {
        let mut best: Option<Cases> = None;
        for part in parts {
            let cases = self.understood(part, whose)?;
            best = Some(match best {
                None => cases,
                Some(best) => {
                    let mut next = Vec::new();
                    for (one, left) in &best {
                        for (other, right) in &cases {
                            let both = self.formulas.all([*one, *other]);
                            let better = self.things(wanted, right, left)?;
                            let not_better = self.formulas.not(better);
                            next.push((self.formulas.all([both, better]), right.clone()));
                            next.push((self.formulas.all([both, not_better]), left.clone()));
                        }
                    }
                    self.few(next)?
                }
            });
        }
        best
    }

    /// A comparison of two values.
    pub(super) fn compare(
        &mut self,
        comparison: Comparison,
        left: &Expr,
        right: &Expr,
        whose: Whose,
        condition: &Expr,
    ) -> Truth {
        if let Some(truth) = self.count_and_constant(comparison, left, right, whose) {
            return truth;
        }
        let (Some(left), Some(right)) = (self.value(left, whose), self.value(right, whose)) else {
            return self.outside(condition, whose);
        };
        let mut truths = Vec::new();
        for (one, left) in &left {
            for (other, right) in &right {
                let both = self.formulas.all([*one, *other]);
                if both == Formula::FALSE {
                    continue;
                }
                let Some(formula) = self.things(comparison, left, right) else {
                    return self.outside(condition, whose);
                };
                truths.push((both, formula));
            }
        }
        let holds: Vec<Formula> = truths.iter().map(|(both, formula)| self.formulas.all([*both, *formula])).collect();
        let fails: Vec<Formula> = truths
            .iter()
            .map(|(both, formula)| {
                let not = self.formulas.not(*formula);
                self.formulas.all([*both, not])
            })
            .collect();
        Truth { holds: self.formulas.any(holds), fails: self.formulas.any(fails) }
    }

    /// `count … >= 2` needs no case for each number.
    fn count_and_constant(&mut self, comparison: Comparison, left: &Expr, right: &Expr, whose: Whose) -> Option<Truth> {
        let (counted, constant, comparison) = match (&left.node, &right.node) {
            (Node::Quantified(Quantifier::Count, ..), Node::Constant(_) | Node::Parameter(_)) => {
                (left, right, comparison)
            }
            (Node::Constant(_) | Node::Parameter(_), Node::Quantified(Quantifier::Count, ..)) => {
                (right, left, mirrored(comparison))
            }
            _ => return None,
        };
        let Node::Quantified(_, group, condition) = &counted.node else { return None };
        let number = match self.value(constant, whose)?.as_slice() {
            [(Formula::TRUE, Thing::Number(amount))] => amount.fixed()?,
            _ => return None,
        };
        let (certain, possible) = self.counted(*group, condition.as_deref());
        Some(self.count_compared(comparison, &certain, &possible, number))
    }

    /// Two values compared; none where that is not understood.
    fn things(&mut self, comparison: Comparison, left: &Thing, right: &Thing) -> Option<Formula> {
        let equal = match (left, right) {
            (Thing::Number(left), Thing::Number(right))
            | (Thing::Date(left), Thing::Date(right))
            | (Thing::Duration(left), Thing::Duration(right)) => return self.amounts(comparison, left, right),
            (Thing::Set(left), Thing::Set(right)) => {
                let same: Vec<Formula> = (0..left.len().max(right.len()))
                    .map(|at| {
                        let of = |set: &[Formula]| set.get(at).copied().unwrap_or(Formula::FALSE);
                        self.formulas.same(of(left), of(right))
                    })
                    .collect();
                self.formulas.all(same)
            }
            (left, right) => Formulas::constant(left == right),
        };
        match comparison {
            Comparison::Equal => Some(equal),
            Comparison::NotEqual => Some(self.formulas.not(equal)),
            _ => match (left, right) {
                // No is less than yes.
                (Thing::YesNo(left), Thing::YesNo(right)) => {
                    Some(Formulas::constant(crate::run::evaluate::holds(comparison, left.cmp(right))))
                }
                _ => None,
            },
        }
    }

    /// Two numbers, dates or durations compared.
    pub(super) fn amounts(&mut self, comparison: Comparison, left: &Amount, right: &Amount) -> Option<Formula> {
        match comparison {
            Comparison::LessOrEqual => self.at_most(left, right),
            Comparison::GreaterOrEqual => self.at_most(right, left),
            Comparison::Less => {
                let not = self.at_most(right, left)?;
                Some(self.formulas.not(not))
            }
            Comparison::Greater => {
                let not = self.at_most(left, right)?;
                Some(self.formulas.not(not))
            }
            Comparison::Equal | Comparison::NotEqual => {
                let (below, above) = (self.at_most(left, right)?, self.at_most(right, left)?);
                let equal = self.formulas.all([below, above]);
                Some(if comparison == Comparison::Equal { equal } else { self.formulas.not(equal) })
            }
        }
    }

    fn at_most(&mut self, left: &Amount, right: &Amount) -> Option<Formula> {
        if left.nearest() {
            // round(y / d) <= a is y / d <= a + 1/2, where the half itself goes to the even one.
            let most = right.fixed()?;
            let odd = i128::from(most.rem_euclid(2) == 1);
            let twice = most.checked_mul(2)?.checked_add(1)?.checked_mul(left.divisor)? - odd;
            let whole = Amount { divisor: 1, rounding: Rounding::Down, ..left.clone() };
            return self.at_most(&whole, &Amount::constant(twice.div_euclid(2)));
        }
        if right.nearest() {
            let below = self.at_most(right, &Amount::constant(left.fixed()? - 1))?;
            return Some(self.formulas.not(below));
        }
        // floor(y / d) <= a is y <= d * a + d - 1, and a <= floor(y / d) is d * a <= y.
        let (factor, slack) = match (left.divisor, right.divisor) {
            (1, 1) => ((1, 1), 0),
            (divisor, 1) => ((1, divisor), divisor - 1),
            (1, divisor) => ((divisor, 1), 0),
            _ => return None,
        };
        let mut terms = BTreeMap::new();
        for (id, number) in &left.terms {
            *terms.entry(*id).or_default() += number.checked_mul(factor.0)?;
        }
        for (id, number) in &right.terms {
            *terms.entry(*id).or_default() -= number.checked_mul(factor.1)?;
        }
        if terms.values().any(|number: &i128| number.abs() > LARGEST) {
            return None;
        }
        let bound = right.constant.checked_mul(factor.1)? - left.constant.checked_mul(factor.0)? + slack;
        Some(self.formulas.sum_at_most(&terms, bound))
    }

    /// A value in a set, or a set in a set.
    pub(super) fn in_set(&mut self, value: &Expr, set: &Expr, whose: Whose, condition: &Expr) -> Truth {
        let (Some(values), Some(sets)) = (self.value(value, whose), self.value(set, whose)) else {
            return self.outside(condition, whose);
        };
        let joined = self.pairs(&values, &sets, |lowering, value, set| {
            let Thing::Set(members) = set else { return None };
            let formula = match value {
                Thing::Choice(choice) => members.get(usize::from(*choice)).copied().unwrap_or(Formula::FALSE),
                Thing::Set(parts) => {
                    let within: Vec<Formula> = parts
                        .iter()
                        .enumerate()
                        .map(|(at, part)| {
                            let not = lowering.formulas.not(*part);
                            lowering.formulas.any([not, members.get(at).copied().unwrap_or(Formula::FALSE)])
                        })
                        .collect();
                    lowering.formulas.all(within)
                }
                _ => return None,
            };
            Some(Thing::Set(vec![formula]))
        });
        match joined {
            Some(cases) => self.test(&cases, |_, thing| match thing {
                Thing::Set(only) => only.first().copied(),
                _ => None,
            }),
            None => self.outside(condition, whose),
        }
    }
}

pub(super) fn constant(value: &Value, kind: &Type) -> Thing {
    match value {
        Value::YesNo(yes) => Thing::YesNo(*yes),
        Value::Number(_) => Thing::Number(Amount::constant(raw(value).unwrap_or_default())),
        Value::Date(_) => Thing::Date(Amount::constant(raw(value).unwrap_or_default())),
        Value::Duration(_) => Thing::Duration(Amount::constant(raw(value).unwrap_or_default())),
        Value::Text(text) => Thing::Text(text.clone()),
        Value::Choice(choice) => Thing::Choice(*choice),
        Value::Service(service) => Thing::Service(ServiceId(u32::from(*service))),
        Value::Set(set) => {
            let count = match kind {
                Type::SetOf(values) => values.len(),
                _ => 64,
            };
            Thing::Set((0..count).map(|bit| Formulas::constant(set >> bit & 1 == 1)).collect())
        }
    }
}

fn is_zero(thing: &Thing) -> bool {
    matches!(thing, Thing::Number(amount) | Thing::Duration(amount) if amount.fixed() == Some(0))
}

fn yes_no(truth: Truth) -> Cases {
    vec![(truth.holds, Thing::YesNo(true)), (truth.fails, Thing::YesNo(false))]
}

fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}
