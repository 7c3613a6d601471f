//! What stages set: facts before and after each `set`, and while time passes between.
//!
//! Each value a fact has on the way is a variable of its own ([`Variable::Earlier`]), the last one the plain variable. A
//! `set` says how the next one comes from those before it. Of numbers only so much is said as conditions can tell
//! apart: for each point at which the new value is cut, where the calculation is at most that. So the assignments are
//! gone through backwards (weakest preconditions: E. W. Dijkstra, "Guarded commands, nondeterminacy and formal derivation of
//! programs", CACM 1975, over static single assignment).

use super::facts::{Facts, Values};
use super::formula::{Domain, Formula, Part, Variable, VariableId, Whose};
use super::lower::{Lowering, Truth};
use super::value::{Amount, Cases, Rounding, Thing};
use super::{Outlook, Prepared};
use crate::model::{Assignment, Atom, Expr, FactId, FactScope, Node, Type, Volatility};
use crate::syntax::ast::Comparison;
use std::collections::{BTreeMap, BTreeSet};

/// One thing after another on the way to where conditions are looked at.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// A fact is set, as seen from there.
    Set(&'a Assignment, Outlook),
    /// Time may pass.
    Wait,
}

/// What happens to facts up to a moment.
#[derive(Debug, Clone, Default)]
pub struct Course<'a> {
    /// In order.
    pub steps: Vec<Step<'a>>,
    /// Facts that nothing but these steps changes.
    pub stays: BTreeSet<FactId>,
}

impl Course<'_> {
    /// The facts that are set.
    #[must_use]
    pub fn set(&self) -> BTreeSet<FactId> {
        let facts = self.steps.iter().filter_map(|step| match step {
            Step::Set(assignment, _) => Some(assignment.fact),
            Step::Wait => None,
        });
        facts.collect()
    }

    /// Whether time may pass.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Wait))
    }
}

/// A moment on the way: so many times each fact was set and time may have passed, of how many until the end.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    number: u16,
    sets: BTreeMap<FactId, (u16, u16)>,
    waits: (u16, u16),
    stays: BTreeSet<FactId>,
}

impl Moment {
    fn at(course: &Course<'_>, number: usize) -> Moment {
        let mut moment =
            Moment { number: number as u16, sets: BTreeMap::new(), waits: (0, 0), stays: course.stays.clone() };
        for (at, step) in course.steps.iter().enumerate() {
            let (now, last) = match step {
                Step::Set(assignment, _) => {
                    let entry = moment.sets.entry(assignment.fact).or_default();
                    (&mut entry.0, &mut entry.1)
                }
                Step::Wait => (&mut moment.waits.0, &mut moment.waits.1),
            };
            *now += u16::from(at < number);
            *last += 1;
        }
        moment
    }

    /// Which value of a variable is meant; none where it is the last.
    fn version(&self, prepared: &Prepared<'_>, variable: &Variable) -> Option<u16> {
        let (fact, whose, unknown) = match variable {
            Variable::Fact(fact, whose) | Variable::Member(fact, whose, _) => (Some(*fact), *whose, false),
            Variable::Unknown(fact, whose) => (Some(*fact), *whose, true),
            Variable::Service | Variable::Outside(..) | Variable::Earlier(..) | Variable::Given(..) => return None,
            _ => (None, Whose::Customer, false),
        };
        let set = fact.and_then(|fact| self.sets.get(&fact)).copied().unwrap_or_default();
        let stays = fact.is_some_and(|fact| {
            let kept = prepared.playbook.facts[fact.index()].volatility == Volatility::Kept;
            self.stays.contains(&fact) && !matches!(whose, Whose::Of(_)) && (kept || !unknown)
        });
        let waits = if stays { (0, 0) } else { self.waits };
        let (now, last) = (set.0 + waits.0, set.1 + waits.1);
        (now != last).then_some(now)
    }

    /// Whether something a condition reads is not yet what it is in the end.
    fn reads_earlier(&self, prepared: &Prepared<'_>, expr: &Expr) -> bool {
        let mut earlier = false;
        expr.walk_all(prepared.playbook, &mut |part| match &part.node {
            Node::Atom(Atom::Fact(fact) | Atom::Unknown(fact)) => {
                earlier |= self.version(prepared, &Variable::Unknown(*fact, Whose::Own)).is_some();
                earlier |= self.version(prepared, &Variable::Fact(*fact, Whose::Own)).is_some();
            }
            Node::Atom(Atom::Service | Atom::ThisService) => {}
            Node::Atom(_) | Node::Quantified(..) => earlier |= self.waits.0 != self.waits.1 || !self.sets.is_empty(),
            _ => {}
        });
        earlier
    }
}

/// The variables a fact is written in.
enum Slot {
    Flag(VariableId),
    Choice(VariableId, Vec<Thing>),
    Number(VariableId),
    Members(Vec<VariableId>),
}

/// What a fact is set to.
enum New {
    YesNo(Truth),
    Cases(Cases),
}

impl<'a> Lowering<'a> {
    /// A variable at the moment that is looked at.
    pub(super) fn at_moment(&self, variable: Variable) -> Variable {
        match self.moment.as_ref().and_then(|moment| moment.version(self.prepared, &variable)) {
            Some(version) => Variable::Earlier(Box::new(variable), version),
            None => variable,
        }
    }

    /// The variable for what is not understood at the moment that is looked at.
    pub(super) fn outside_variable(&self, expr: &Expr, key: String, whose: Whose) -> Variable {
        let variable = Variable::Outside(key, whose);
        match &self.moment {
            Some(moment) if moment.reads_earlier(self.prepared, expr) => {
                Variable::Earlier(Box::new(variable), moment.number)
            }
            _ => variable,
        }
    }

    /// Looks at things as they are after so many steps of a course; none is the end.
    pub fn look_at(&mut self, course: &Course<'_>, number: Option<usize>) {
        self.moment = number.filter(|number| *number < course.steps.len()).map(|number| Moment::at(course, number));
        self.forget_named();
    }

    /// What is known before a course begins, as a formula. Where it is not over at once, what is known may have changed since.
    pub fn before(&mut self, course: &Course<'_>, known: &Facts) -> Formula {
        self.look_at(course, Some(0));
        let mut all = Vec::new();
        for (variable, values) in &known.0 {
            let variable = self.at_moment(variable.clone());
            if let Some(id) = self.formulas.find(&variable) {
                all.push(values.formula(&mut self.formulas, id));
            }
        }
        self.look_at(course, None);
        self.formulas.all(all)
    }

    /// What the steps of a course make of facts, as a formula. To be called when all conditions are lowered; `known` is
    /// what is known before it begins.
    pub fn follow(&mut self, course: &Course<'a>, known: &Facts) -> Formula {
        let outlook = self.outlook;
        let mut done = Vec::new();
        let mut ranges: BTreeMap<VariableId, Vec<(i128, i128)>> = BTreeMap::new();
        for (at, step) in course.steps.iter().enumerate() {
            let Step::Set(assignment, from) = step else { continue };
            self.outlook = *from;
            self.look_at(course, Some(at));
            let whose = self.whose_fact(assignment.fact, self.own());
            let value = match self.playbook().facts[assignment.fact.index()].kind {
                Type::YesNo => Some(New::YesNo(self.truth(&assignment.value, self.own()))),
                _ => self.value(&assignment.value, self.own()).map(New::Cases),
            };
            let old = self.slot(assignment.fact, whose);
            let old_unknown = self.unknown(assignment.fact, whose);
            if at == 0 || !ranges.is_empty() || !known.0.is_empty() {
                self.remember(course, known, &mut ranges);
            }
            self.look_at(course, Some(at + 1));
            let new = self.slot(assignment.fact, whose);
            let new_unknown = self.unknown(assignment.fact, whose);
            if let (Some(New::Cases(cases)), Some(Slot::Number(new)), Some(Slot::Number(old))) = (&value, &new, &old) {
                self.reach(cases, *new, *old, &mut ranges);
            }
            done.push((value, old.zip(new), (old_unknown, new_unknown)));
        }
        let mut all = Vec::new();
        for (value, slots, (old_unknown, new_unknown)) in done.into_iter().rev() {
            let Some(value) = value else { continue };
            if let Some((old, new)) = slots
                && let Some(formula) = self.becomes(&value, &new, Some(&old))
            {
                all.push(formula);
            }
            if new_unknown != Formula::FALSE || old_unknown != Formula::FALSE {
                let known = self.known_cases(&value);
                let not_known = self.formulas.not(known);
                let still = self.formulas.all([old_unknown, not_known]);
                all.push(self.formulas.same(new_unknown, still));
            }
        }
        self.outlook = outlook;
        self.look_at(course, None);
        self.formulas.all(all)
    }

    /// What earlier stages have set and nothing has changed since, as a formula about the moment before a course begins.
    pub fn given(&mut self, course: &Course<'a>, known: &Facts, assignments: &[&'a Assignment]) -> Formula {
        self.look_at(course, Some(0));
        let mut left: BTreeMap<&Variable, (&BTreeSet<u32>, &BTreeSet<FactId>)> = known
            .0
            .iter()
            .filter_map(|(variable, values)| match values {
                Values::Given { ways, reads } => Some((variable, (ways, reads))),
                _ => None,
            })
            .collect();
        let mut all = Vec::new();
        // What is read by others comes after them: its points are those that they can tell apart.
        while let Some(variable) = {
            let read = |variable: &Variable| {
                let Variable::Given(fact, _) = variable else { return false };
                left.values().any(|(_, reads)| reads.contains(fact))
            };
            left.keys()
                .find(|variable| !read(variable))
                .or_else(|| left.keys().next())
                .map(|variable| (*variable).clone())
        } {
            let Some((ways, _)) = left.remove(&variable) else { break };
            let Variable::Given(fact, whose) = variable else { continue };
            let spoken_of = |lowering: &Lowering<'a>| {
                lowering.formulas.find(&lowering.at_moment(Variable::Fact(fact, whose))).is_some()
                    || lowering.formulas.find(&lowering.at_moment(Variable::Member(fact, whose, 0))).is_some()
            };
            if !spoken_of(self) {
                continue;
            }
            let unknown = self.unknown(fact, whose);
            if ways.is_empty() && unknown == Formula::FALSE {
                continue;
            }
            let Some(slot) = self.slot(fact, whose) else { continue };
            let mut any = vec![unknown];
            let mut understood = true;
            for way in ways {
                let value = match assignments.get(*way as usize) {
                    Some(assignment) => match self.playbook().facts[fact.index()].kind {
                        Type::YesNo => Some(New::YesNo(self.truth(&assignment.value, self.own()))),
                        _ => self.value(&assignment.value, self.own()).map(New::Cases),
                    },
                    None => self.default(fact),
                };
                match value.and_then(|value| self.becomes(&value, &slot, None)) {
                    Some(formula) => any.push(formula),
                    None => understood = false,
                }
            }
            if understood {
                all.push(self.formulas.any(any));
            }
        }
        self.look_at(course, None);
        self.formulas.all(all)
    }

    fn default(&self, fact: FactId) -> Option<New> {
        let fact = &self.playbook().facts[fact.index()];
        let thing = super::value::constant(fact.default.as_ref()?, &fact.kind);
        Some(match thing {
            Thing::YesNo(yes) => New::YesNo(Truth::constant(yes)),
            thing => New::Cases(vec![(Formula::TRUE, thing)]),
        })
    }

    /// Whether nobody knows a fact at the moment that is looked at.
    fn unknown(&mut self, fact: FactId, whose: Whose) -> Formula {
        let known = self.known(fact, whose);
        self.formulas.not(known)
    }

    /// The variables of a fact at the moment that is looked at.
    fn slot(&mut self, fact: FactId, whose: Whose) -> Option<Slot> {
        let kind = self.playbook().facts[fact.index()].kind.clone();
        let variable = self.at_moment(Variable::Fact(fact, whose));
        Some(match kind {
            Type::YesNo => Slot::Flag(self.formulas.declare(variable, Domain::Flag)),
            Type::SetOf(values) => Slot::Members(
                (0..values.len() as u16)
                    .map(|value| {
                        let member = self.at_moment(Variable::Member(fact, whose, value));
                        self.formulas.declare(member, Domain::Flag)
                    })
                    .collect(),
            ),
            Type::OneOf(_) | Type::Text => {
                let things = self.choices(&kind);
                Slot::Choice(self.formulas.declare(variable, Domain::Choice(things.len() as u16)), things)
            }
            _ => {
                let (low, high, step) = self.bounds(fact)?;
                Slot::Number(self.formulas.declare(variable, Domain::Number { low, high, step }))
            }
        })
    }

    /// Where what a fact is set to is known.
    fn known_cases(&mut self, value: &New) -> Formula {
        match value {
            New::YesNo(truth) => self.formulas.any([truth.holds, truth.fails]),
            New::Cases(cases) => self.formulas.any(cases.iter().map(|(formula, _)| *formula).collect::<Vec<_>>()),
        }
    }

    /// That a fact is what it is set to; where that is unknown, what it was, or impossible where nothing is known of before.
    /// None where it is not understood: then nothing is said.
    fn becomes(&mut self, value: &New, new: &Slot, old: Option<&Slot>) -> Option<Formula> {
        let known = self.known_cases(value);
        let not_known = self.formulas.not(known);
        let mut all = if old.is_none() { vec![known] } else { Vec::new() };
        match (new, value) {
            (Slot::Flag(new), New::YesNo(truth)) => {
                let old = old.and_then(|old| if let Slot::Flag(old) = old { Some(*old) } else { None });
                all.push(self.flag_becomes(*new, truth.holds, old, not_known));
            }
            (Slot::Members(new), New::Cases(cases)) => {
                for (at, new) in new.iter().enumerate() {
                    let mut on = Vec::new();
                    for (formula, thing) in cases {
                        let Thing::Set(members) = thing else { return None };
                        let member = members.get(at).copied().unwrap_or(Formula::FALSE);
                        on.push(self.formulas.all([*formula, member]));
                    }
                    let on = self.formulas.any(on);
                    let old =
                        old.and_then(|old| if let Slot::Members(old) = old { old.get(at).copied() } else { None });
                    all.push(self.flag_becomes(*new, on, old, not_known));
                }
            }
            (Slot::Choice(new, things), New::Cases(cases)) => {
                for (at, thing) in things.iter().enumerate() {
                    let here = cases.iter().filter(|(_, value)| value == thing).map(|(formula, _)| *formula);
                    let mut here: Vec<Formula> = here.collect();
                    if let Some(Slot::Choice(old, _)) = old {
                        let was = self.formulas.is(*old, at as u16);
                        here.push(self.formulas.all([not_known, was]));
                    }
                    let (here, is) = (self.formulas.any(here), self.formulas.is(*new, at as u16));
                    all.push(self.formulas.same(is, here));
                }
            }
            (Slot::Number(new), New::Cases(cases)) => {
                let old = old.and_then(|old| if let Slot::Number(old) = old { Some(*old) } else { None });
                all.push(self.number_becomes(*new, cases, old, not_known)?);
            }
            _ => return None,
        }
        Some(self.formulas.all(all))
    }

    fn flag_becomes(&mut self, new: VariableId, on: Formula, old: Option<VariableId>, not_known: Formula) -> Formula {
        let stays = match old {
            Some(old) => {
                let was = self.formulas.flag(old);
                self.formulas.all([not_known, was])
            }
            None => Formula::FALSE,
        };
        let becomes = self.formulas.any([on, stays]);
        let is = self.formulas.flag(new);
        self.formulas.same(is, becomes)
    }

    fn number_becomes(
        &mut self,
        new: VariableId,
        cases: &Cases,
        old: Option<VariableId>,
        not_known: Formula,
    ) -> Option<Formula> {
        let mut cuts = BTreeSet::new();
        let mut compared = false;
        for (_, part) in self.formulas.iter() {
            match part {
                Part::AtMost(id, cut) if *id == new => {
                    cuts.insert(*cut);
                }
                Part::Linear(linear) => compared |= linear.terms.iter().any(|(id, _)| *id == new),
                _ => {}
            }
        }
        let Domain::Number { low, high, step } = self.formulas.domain(new) else { return None };
        let mut all = Vec::new();
        for cut in cuts {
            // Rounded to whole steps, halves to the even one.
            let most = if step == 1 {
                cut
            } else {
                (2 * cut + 1).checked_mul(step)?.checked_sub(i128::from(cut.rem_euclid(2) == 1))?.div_euclid(2)
            };
            let mut up_to = Vec::new();
            for (formula, thing) in cases {
                let below = self.amounts(Comparison::LessOrEqual, amount(thing)?, &Amount::constant(most))?;
                up_to.push(self.formulas.all([*formula, below]));
            }
            if let Some(old) = old {
                let was = self.formulas.sum_at_most(&BTreeMap::from([(old, 1)]), cut.checked_mul(step)?);
                up_to.push(self.formulas.all([not_known, was]));
            }
            let up_to = self.formulas.any(up_to);
            let is = self.formulas.sum_at_most(&BTreeMap::from([(new, 1)]), cut.checked_mul(step)?);
            all.push(self.formulas.same(is, up_to));
        }
        if compared {
            // What is compared with other numbers is the number itself.
            let is = Amount::of(new);
            for (formula, thing) in cases {
                let value = amount(thing)?.clone();
                if !self.whole_steps(&value, step) {
                    continue;
                }
                let mut same = vec![self.amounts(Comparison::Equal, &is, &value)?];
                if let (Some(low), Some(high)) = (low.checked_mul(step), high.checked_mul(step)) {
                    let above = self.amounts(Comparison::Greater, &value, &Amount::constant(high))?;
                    let top = self.amounts(Comparison::GreaterOrEqual, &is, &Amount::constant(high))?;
                    let below = self.amounts(Comparison::Less, &value, &Amount::constant(low))?;
                    let bottom = self.amounts(Comparison::LessOrEqual, &is, &Amount::constant(low))?;
                    same.push(self.formulas.all([above, top]));
                    same.push(self.formulas.all([below, bottom]));
                }
                let (not_here, same) = (self.formulas.not(*formula), self.formulas.any(same));
                all.push(self.formulas.any([not_here, same]));
            }
            if let Some(old) = old
                && not_known != Formula::FALSE
            {
                let same = self.amounts(Comparison::Equal, &is, &Amount::of(old))?;
                let known = self.formulas.not(not_known);
                all.push(self.formulas.any([known, same]));
            }
        }
        Some(self.formulas.all(all))
    }

    /// Whether a value is always a whole number of steps.
    fn whole_steps(&self, value: &Amount, step: i128) -> bool {
        let worth = |id: &VariableId| match self.formulas.domain(*id) {
            Domain::Number { step, .. } => step,
            Domain::Flag | Domain::Choice(_) => 1,
        };
        value.divisor == 1
            && value.constant % step == 0
            && value.terms.iter().all(|(id, factor)| factor.checked_mul(worth(id)).is_some_and(|all| all % step == 0))
    }

    /// Notes what is known of numbers before a course begins.
    fn remember(&mut self, course: &Course<'_>, known: &Facts, ranges: &mut BTreeMap<VariableId, Vec<(i128, i128)>>) {
        let zero = Moment::at(course, 0);
        for (variable, values) in &known.0 {
            let Values::Ranges(values) = values else { continue };
            let variable = match zero.version(self.prepared, variable) {
                Some(version) => Variable::Earlier(Box::new(variable.clone()), version),
                None if course.waits() && !stays(course, variable) => continue,
                None => variable.clone(),
            };
            if let Some(id) = self.formulas.find(&variable)
                && values.len() <= MOST_RANGES
            {
                ranges.entry(id).or_insert_with(|| values.clone());
            }
        }
    }

    /// Which numbers come of the ranges that are known: their bounds are told apart from then on.
    fn reach(
        &mut self,
        cases: &Cases,
        new: VariableId,
        old: VariableId,
        ranges: &mut BTreeMap<VariableId, Vec<(i128, i128)>>,
    ) {
        let Domain::Number { low, high, step } = self.formulas.domain(new) else { return };
        let mut reached = ranges.get(&old).cloned().unwrap_or_default();
        // Where it is always set, what it was is of no use; where it may be unknown, it may be that still.
        if cases.iter().any(|(formula, _)| *formula == Formula::TRUE) {
            reached.clear();
        }
        for (_, thing) in cases {
            let Some(amount) = amount(thing) else { return };
            let mut terms = amount.terms.iter();
            let at = |number: i128| -> Option<i128> {
                let value = amount.rounding.quotient(number.checked_add(amount.constant)?, amount.divisor);
                Some(Rounding::HalfEven.quotient(value, step).clamp(low, high))
            };
            match (terms.next(), terms.next()) {
                (None, _) => {
                    let Some(number) = at(0) else { return };
                    reached.push((number, number));
                }
                (Some((id, factor)), None) => {
                    let Domain::Number { step: one, .. } = self.formulas.domain(*id) else { return };
                    let Some(known) = ranges.get(id) else { return };
                    for (from, to) in known {
                        let value = |number: i128| number.checked_mul(one)?.checked_mul(*factor).and_then(&at);
                        let (Some(one), Some(other)) = (value(*from), value(*to)) else { return };
                        reached.push((one.min(other), one.max(other)));
                    }
                }
                _ => return,
            }
        }
        if reached.len() > 2 * MOST_RANGES {
            return;
        }
        reached.sort_unstable();
        let reached = super::facts::touching(reached);
        for (from, to) in &reached {
            for cut in [from - 1, *to] {
                if let Some(most) = cut.checked_mul(step) {
                    self.formulas.sum_at_most(&BTreeMap::from([(new, 1)]), most);
                }
            }
        }
        ranges.insert(new, reached);
    }
}

/// More ranges than these are not followed through an assignment.
const MOST_RANGES: usize = 8;

fn stays(course: &Course<'_>, variable: &Variable) -> bool {
    matches!(variable, Variable::Fact(fact, Whose::Customer | Whose::Own) if course.stays.contains(fact))
}

fn amount(thing: &Thing) -> Option<&Amount> {
    match thing {
        Thing::Number(amount) | Thing::Date(amount) | Thing::Duration(amount) => Some(amount),
        _ => None,
    }
}

/// What an assignment reads, where that is facts only: their values alone decide what is set. None where time, tasks or
/// other services are looked at, or the fact itself.
pub(crate) fn reads(prepared: &Prepared<'_>, assignment: &Assignment) -> Option<BTreeSet<FactId>> {
    let mut facts = BTreeSet::new();
    let mut only = true;
    assignment.value.walk_all(prepared.playbook, &mut |part| match &part.node {
        Node::Atom(Atom::Fact(fact) | Atom::Unknown(fact)) => {
            facts.insert(*fact);
        }
        Node::Atom(Atom::Service | Atom::ThisService) => {}
        Node::Atom(_) | Node::Quantified(..) => only = false,
        _ => {}
    });
    // A fact of the customer that is set from a fact of a service is not the same for all who look at it.
    let scope = |fact: &FactId| prepared.playbook.facts[fact.index()].scope;
    only &=
        scope(&assignment.fact) == FactScope::Service || facts.iter().all(|fact| scope(fact) == FactScope::Customer);
    (only && !facts.contains(&assignment.fact)).then_some(facts)
}
