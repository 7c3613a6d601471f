//! Typed conditions to formulas, as the evaluator reads them.
//!
//! A condition becomes two formulas: where it is true, and where it is false. Facts count as known, as verification
//! speaks of known values, unless a condition at the same place asks whether they are.

use super::formula::{Domain, Formula, Formulas, Variable, VariableId, Whose};
use super::value::{Amount, Cases, Thing};
use super::{Outlook, Prepared};
use crate::model::{
    Atom, BusinessUnit, EventMatch, Expr, FactId, FactScope, LetId, Node, Place, Playbook, ScopeId, ServiceId,
    ServiceSet, Since, SinceUnit, TaskId, Type,
};
use crate::source::Span;
use crate::syntax::ast::{Comparison, Quantifier};
use crate::value::{Date, TaskStatus, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Where a condition is true, and where it is false; elsewhere it is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truth {
    /// True.
    pub holds: Formula,
    /// False.
    pub fails: Formula,
}

impl Truth {
    /// One that is always known.
    #[must_use]
    pub fn constant(truth: bool) -> Truth {
        Truth { holds: Formulas::constant(truth), fails: Formulas::constant(!truth) }
    }

    /// The opposite.
    #[must_use]
    pub fn opposite(self) -> Truth {
        Truth { holds: self.fails, fails: self.holds }
    }
}

/// Makes formulas of the conditions about one place.
#[derive(Debug, Clone)]
pub struct Lowering<'a> {
    pub(super) prepared: &'a Prepared<'a>,
    pub(super) outlook: Outlook,
    pub(super) formulas: Formulas,
    /// Facts of which conditions here ask whether they are known.
    pub(super) asked: BTreeSet<FactId>,
    lets: BTreeMap<(LetId, Whose), Truth>,
    values: BTreeMap<(LetId, Whose), Cases>,
    /// Events and what time is counted from, by their keys.
    pub(super) events: BTreeMap<String, EventMatch>,
    pub(super) since: BTreeMap<String, Since>,
    /// What was not understood.
    pub(super) outside: Vec<Span>,
    /// Whether it is told apart if facts are known that decide what stages set.
    pub(super) doubts: bool,
    /// When things are looked at; none is the end of what happens.
    pub(super) moment: Option<super::assigned::Moment>,
}

/// The longest time considered, in seconds: a thousand years.
const LONGEST: i128 = 1_000 * 365 * 86_400;
/// The days of the calendar from year 1 to year 9999.
const DAYS: (i128, i128) = (-719_162, 2_932_896);

impl<'a> Lowering<'a> {
    /// For conditions looked at from a place. `unknown` are the facts that may be unknown there.
    #[must_use]
    pub fn new(prepared: &'a Prepared<'a>, outlook: Outlook) -> Lowering<'a> {
        Lowering {
            prepared,
            outlook,
            formulas: Formulas::default(),
            asked: BTreeSet::new(),
            lets: BTreeMap::new(),
            values: BTreeMap::new(),
            events: BTreeMap::new(),
            since: BTreeMap::new(),
            outside: Vec::new(),
            doubts: false,
            moment: None,
        }
    }

    /// Notes of which facts a condition asks whether they are known. To be called for all conditions before any is
    /// lowered.
    pub fn ask(&mut self, condition: &Expr) {
        if self.prepared.asks {
            self.prepared.asked(condition, &mut self.asked);
        }
    }

    pub(super) fn playbook(&self) -> &'a Playbook {
        self.prepared.playbook
    }

    /// Looks from another place from now on; what is said of facts stays the same.
    pub fn move_to(&mut self, outlook: Outlook) {
        self.outlook = outlook;
        self.forget_named();
    }

    /// Named values are looked at anew from now on.
    pub(super) fn forget_named(&mut self) {
        self.lets.clear();
        self.values.clear();
    }

    /// Tells apart whether facts are known that decide what stages set. To be called before anything is lowered.
    pub fn doubt(&mut self) {
        self.doubts = true;
    }

    /// Whose names are meant outside a quantifier.
    #[must_use]
    pub fn own(&self) -> Whose {
        if self.outlook.in_service { Whose::Own } else { Whose::Customer }
    }

    /// The formulas made so far.
    #[must_use]
    pub fn formulas(&mut self) -> &mut Formulas {
        &mut self.formulas
    }

    /// A condition, seen from the place itself.
    pub fn condition(&mut self, condition: &Expr) -> Truth {
        self.truth(condition, self.own())
    }

    /// A condition about a service, as its own track sees it, looked at from elsewhere.
    pub fn condition_of(&mut self, condition: &Expr, service: ServiceId) -> Truth {
        self.truth(condition, Whose::Of(service))
    }

    pub(super) fn truth(&mut self, condition: &Expr, whose: Whose) -> Truth {
        match &condition.node {
            Node::Constant(Value::YesNo(yes)) => Truth::constant(*yes),
            Node::Not(part) => self.truth(part, whose).opposite(),
            Node::And(parts) => {
                let parts: Vec<Truth> = parts.iter().map(|part| self.truth(part, whose)).collect();
                self.all(&parts)
            }
            Node::Or(parts) => {
                let parts: Vec<Truth> = parts.iter().map(|part| self.truth(part, whose).opposite()).collect();
                self.all(&parts).opposite()
            }
            Node::Compare(comparison, left, right) => self.compare(*comparison, left, right, whose, condition),
            Node::InRange(value, low, high) => {
                let above = self.compare(Comparison::LessOrEqual, low, value, whose, condition);
                let below = self.compare(Comparison::LessOrEqual, value, high, whose, condition);
                self.all(&[above, below])
            }
            Node::OneOf(value, list) => {
                let members: Vec<Truth> = list
                    .iter()
                    .map(|member| self.compare(Comparison::Equal, value, member, whose, condition).opposite())
                    .collect();
                self.all(&members).opposite()
            }
            Node::InSet(value, set) => self.in_set(value, set, whose, condition),
            Node::ServiceIn(service, set, _) => {
                let Some(cases) = self.value(service, whose) else { return self.outside(condition, whose) };
                self.test(&cases, |_, thing| match thing {
                    Thing::Service(service) => Some(Formulas::constant(set.contains(*service))),
                    _ => None,
                })
            }
            Node::Quantified(quantifier, group, Some(part)) if *quantifier != Quantifier::Count => {
                let each = self.each(*group, Some(part));
                let parts: Vec<Truth> = each
                    .into_iter()
                    .map(|(intended, truth)| {
                        let truth = if *quantifier == Quantifier::All { truth } else { truth.opposite() };
                        let not_intended = self.formulas.not(intended);
                        Truth {
                            holds: self.formulas.any([not_intended, truth.holds]),
                            fails: self.formulas.all([intended, truth.fails]),
                        }
                    })
                    .collect();
                let all = self.all(&parts);
                if *quantifier == Quantifier::Any { all.opposite() } else { all }
            }
            Node::Let(id) => {
                if let Some(known) = self.lets.get(&(*id, whose)) {
                    return *known;
                }
                let truth = self.truth(&self.playbook().lets[id.index()].value, whose);
                self.lets.insert((*id, whose), truth);
                truth
            }
            Node::Atom(atom) => self.atom(atom, whose, condition),
            _ => {
                let Some(cases) = self.value(condition, whose) else { return self.outside(condition, whose) };
                self.test(&cases, |_, thing| match thing {
                    Thing::YesNo(yes) => Some(Formulas::constant(*yes)),
                    _ => None,
                })
            }
        }
    }

    /// Kleene's conjunction.
    pub(super) fn all(&mut self, parts: &[Truth]) -> Truth {
        Truth {
            holds: self.formulas.all(parts.iter().map(|part| part.holds)),
            fails: self.formulas.any(parts.iter().map(|part| part.fails)),
        }
    }

    /// What is true where it is known, and known where a formula holds.
    fn known_where(&mut self, known: Formula, truth: Formula) -> Truth {
        let not = self.formulas.not(truth);
        Truth { holds: self.formulas.all([known, truth]), fails: self.formulas.all([known, not]) }
    }

    fn certain(&mut self, truth: Formula) -> Truth {
        self.known_where(Formula::TRUE, truth)
    }

    fn flag(&mut self, variable: Variable) -> Formula {
        let variable = self.at_moment(variable);
        let id = self.formulas.declare(variable, Domain::Flag);
        self.formulas.flag(id)
    }

    /// Asks each case of a value; where it says nothing, the value is of no use and the answer unknown.
    pub(super) fn test(
        &mut self,
        cases: &Cases,
        mut ask: impl FnMut(&mut Lowering<'a>, &Thing) -> Option<Formula>,
    ) -> Truth {
        let mut truth = Vec::new();
        for (condition, thing) in cases {
            if let Some(formula) = ask(self, thing) {
                truth.push((*condition, formula));
            }
        }
        let holds: Vec<Formula> =
            truth.iter().map(|(condition, formula)| self.formulas.all([*condition, *formula])).collect();
        let fails: Vec<Formula> = truth
            .iter()
            .map(|(condition, formula)| {
                let not = self.formulas.not(*formula);
                self.formulas.all([*condition, not])
            })
            .collect();
        Truth { holds: self.formulas.any(holds), fails: self.formulas.any(fails) }
    }

    /// A condition that is not understood: free, and the same wherever it is written.
    pub(super) fn outside(&mut self, condition: &Expr, whose: Whose) -> Truth {
        self.outside.push(condition.span);
        let flag = self.flag(self.outside_variable(condition, key(condition), whose));
        self.certain(flag)
    }

    /// For each service a quantifier ranges over: whether it is intended, and the condition.
    pub(super) fn each(&mut self, group: Option<ServiceSet>, condition: Option<&Expr>) -> Vec<(Formula, Truth)> {
        let count = self.playbook().services.len() as u32;
        let services = (0..count).map(ServiceId).filter(|service| group.is_none_or(|group| group.contains(*service)));
        services
            .map(|service| {
                let intended = self.flag(Variable::Intended(service));
                let truth =
                    condition.map_or(Truth::constant(true), |condition| self.truth(condition, Whose::Of(service)));
                (intended, truth)
            })
            .collect()
    }

    /// For each service a quantifier ranges over: whether it counts for certain, and whether it may.
    pub(super) fn counted(
        &mut self,
        group: Option<ServiceSet>,
        condition: Option<&Expr>,
    ) -> (Vec<Formula>, Vec<Formula>) {
        let each = self.each(group, condition);
        let certain =
            each.iter().map(|(intended, truth)| self.formulas.all([*intended, truth.holds])).collect::<Vec<Formula>>();
        let possible = each
            .iter()
            .map(|(intended, truth)| {
                let not_false = self.formulas.not(truth.fails);
                self.formulas.all([*intended, not_false])
            })
            .collect();
        (certain, possible)
    }

    /// How many of some formulas hold, compared with a number: decided where the least and the most say the same.
    pub(super) fn count_compared(
        &mut self,
        comparison: Comparison,
        certain: &[Formula],
        possible: &[Formula],
        number: i128,
    ) -> Truth {
        let mut at_least = |number: i128| Truth {
            holds: self.formulas.at_least(number, certain),
            fails: {
                let may = self.formulas.at_least(number, possible);
                self.formulas.not(may)
            },
        };
        // In millionths: more than 2.5 is at least 3.
        let (floor, ceiling) = (number.div_euclid(1_000_000), -(-number).div_euclid(1_000_000));
        match comparison {
            Comparison::GreaterOrEqual => at_least(ceiling),
            Comparison::Greater => at_least(floor + 1),
            Comparison::Less => at_least(ceiling).opposite(),
            Comparison::LessOrEqual => at_least(floor + 1).opposite(),
            Comparison::Equal | Comparison::NotEqual => {
                let equal = if floor == ceiling {
                    let (reached, passed) = (at_least(floor), at_least(floor + 1).opposite());
                    self.all(&[reached, passed])
                } else {
                    Truth::constant(false)
                };
                if comparison == Comparison::Equal { equal } else { equal.opposite() }
            }
        }
    }

    fn atom(&mut self, atom: &Atom, whose: Whose, condition: &Expr) -> Truth {
        match atom {
            Atom::Fact(fact) => {
                let known = self.known(*fact, whose);
                let whose = self.whose_fact(*fact, whose);
                let flag = self.flag(Variable::Fact(*fact, whose));
                self.known_where(known, flag)
            }
            Atom::Unknown(fact) => {
                let known = self.known(*fact, whose);
                self.certain(known).opposite()
            }
            Atom::DoneTask(task) => {
                let flag = self.flag(Variable::Done(*task, whose));
                self.certain(flag)
            }
            Atom::TaskStatus(task, status) => {
                let formula = self.status(*task, whose, *status);
                self.certain(formula)
            }
            Atom::At(places) => {
                let at: Vec<Formula> = places.iter().map(|place| self.at(*place, whose)).collect();
                let formula = self.formulas.any(at);
                self.certain(formula)
            }
            Atom::Happened(event) => {
                let formula = self.happened(event, whose);
                self.certain(formula)
            }
            Atom::Sustained(id) => {
                let sustained = &self.playbook().sustained[id.index()];
                let holds = self.truth(&sustained.condition, whose);
                let whose = if sustained.of_service { whose } else { Whose::Customer };
                let long = self.flag(Variable::Sustained(*id, whose));
                let not_long = self.formulas.not(long);
                let not_yet = self.formulas.all([holds.holds, not_long]);
                Truth {
                    holds: self.formulas.all([holds.holds, long]),
                    fails: self.formulas.any([holds.fails, not_yet]),
                }
            }
            Atom::InStage(duration) => {
                let time = self.number(Variable::InStage, 0, LONGEST, 1);
                let long = self.at_least(time, i128::from(duration.0));
                self.certain(long)
            }
            Atom::Since(unit, since, comparison, right) => {
                let Some(cases) = self.value(right, whose) else { return self.outside(condition, whose) };
                let (variable, known) = self.since(*unit, since, whose);
                let unit = match unit {
                    SinceUnit::Time(unit) => i128::from(unit.seconds()),
                    SinceUnit::Business(_) => 1,
                };
                let truth = self.test(&cases, |lowering, thing| match thing {
                    Thing::Number(amount) if amount.terms.is_empty() && amount.divisor == 1 => {
                        Some(lowering.units_compared(*comparison, variable, unit, amount.constant))
                    }
                    _ => None,
                });
                let known = Truth { holds: known, fails: Formula::FALSE };
                self.both_known(truth, known)
            }
            Atom::Today(comparison, date) => {
                let Some(cases) = self.value(date, whose) else { return self.outside(condition, whose) };
                let today = Amount::of(self.number(Variable::Today, DAYS.0, DAYS.1, 1));
                self.test(&cases, |lowering, thing| match thing {
                    Thing::Date(date) => lowering.amounts(*comparison, &today, date),
                    _ => None,
                })
            }
            Atom::EndedAt(playbook, ends) => {
                let flags: Vec<Formula> =
                    ends.iter().map(|end| self.flag(Variable::EndedAt(playbook.clone(), end.clone()))).collect();
                let formula = self.formulas.any(flags);
                self.certain(formula)
            }
            Atom::Service | Atom::ThisService | Atom::Round(_) | Atom::Change(..) => self.outside(condition, whose),
        }
    }

    fn both_known(&mut self, truth: Truth, known: Truth) -> Truth {
        Truth {
            holds: self.formulas.all([truth.holds, known.holds]),
            fails: self.formulas.all([truth.fails, known.holds]),
        }
    }

    /// Whole units of time that have passed, compared with a number in millionths.
    fn units_compared(&mut self, comparison: Comparison, time: VariableId, unit: i128, number: i128) -> Formula {
        let (floor, ceiling) = (number.div_euclid(1_000_000), -(-number).div_euclid(1_000_000));
        match comparison {
            Comparison::GreaterOrEqual => self.at_least(time, ceiling * unit),
            Comparison::Greater => self.at_least(time, (floor + 1) * unit),
            Comparison::Less => {
                let reached = self.at_least(time, ceiling * unit);
                self.formulas.not(reached)
            }
            Comparison::LessOrEqual => {
                let reached = self.at_least(time, (floor + 1) * unit);
                self.formulas.not(reached)
            }
            Comparison::Equal | Comparison::NotEqual => {
                let equal = if floor == ceiling {
                    let (reached, passed) =
                        (self.at_least(time, floor * unit), self.at_least(time, (floor + 1) * unit));
                    let not_passed = self.formulas.not(passed);
                    self.formulas.all([reached, not_passed])
                } else {
                    Formula::FALSE
                };
                if comparison == Comparison::Equal { equal } else { self.formulas.not(equal) }
            }
        }
    }

    fn at_least(&mut self, number: VariableId, least: i128) -> Formula {
        let below = self.formulas.sum_at_most(&BTreeMap::from([(number, 1)]), least - 1);
        self.formulas.not(below)
    }

    pub(super) fn number(&mut self, variable: Variable, low: i128, high: i128, step: i128) -> VariableId {
        let variable = self.at_moment(variable);
        self.formulas.declare(variable, Domain::Number { low, high, step })
    }

    /// Time since something: the variable, and where it is known.
    fn since(&mut self, unit: SinceUnit, since: &Since, whose: Whose) -> (VariableId, Formula) {
        let key = format!("{since:?}");
        self.since.insert(key.clone(), since.clone());
        let (known, whose) = match since {
            Since::Fact(fact) => (self.known(*fact, whose), self.whose_fact(*fact, whose)),
            Since::Event(event) => (self.happened(event, whose), whose),
            Since::Task(task) => (self.flag(Variable::Done(*task, whose)), whose),
        };
        // A date may lie in the future; what has happened lies in the past.
        let low = if matches!(since, Since::Fact(_)) { -LONGEST } else { 0 };
        let variable = match unit {
            SinceUnit::Business(unit) => {
                let longest = match unit {
                    BusinessUnit::Days => LONGEST / 86_400,
                    BusinessUnit::Hours => LONGEST / 3_600,
                };
                self.number(Variable::Business(unit, key, whose), 0, longest, 1)
            }
            SinceUnit::Time(_) => self.number(Variable::Elapsed(key, whose), low, LONGEST, 1),
        };
        (variable, known)
    }

    fn happened(&mut self, event: &EventMatch, whose: Whose) -> Formula {
        let key = format!("{event:?}");
        self.events.insert(key.clone(), event.clone());
        self.flag(Variable::Happened(key, whose))
    }

    pub(super) fn status(&mut self, task: TaskId, whose: Whose, status: TaskStatus) -> Formula {
        let count = TaskStatus::ALL.len() as u16;
        let variable = self.at_moment(Variable::Status(task, whose));
        let variable = self.formulas.declare(variable, Domain::Choice(count));
        let place = TaskStatus::ALL.iter().position(|(known, _)| *known == status).unwrap_or_default();
        self.formulas.is(variable, place as u16)
    }

    /// Whether a track is at a place: the own track's is where we look from; a scope around it is at the block.
    fn at(&mut self, place: Place, whose: Whose) -> Formula {
        let scope = self.playbook().place_scope(place);
        let known = match whose {
            Whose::Of(_) if self.playbook().scopes[scope.index()].in_service => None,
            _ => self.around(scope),
        };
        if let Some(here) = known {
            return Formulas::constant(here == Some(place));
        }
        let whose = if self.playbook().scopes[scope.index()].in_service { whose } else { Whose::Customer };
        let places = &self.playbook().scopes[scope.index()].places;
        let variable = self.position(scope, whose);
        let at = places.iter().position(|known| *known == place).unwrap_or(places.len());
        self.formulas.is(variable, at as u16)
    }

    pub(super) fn position(&mut self, scope: ScopeId, whose: Whose) -> VariableId {
        let count = self.playbook().scopes[scope.index()].places.len() as u16 + 1;
        let position = self.at_moment(Variable::Position(scope, whose));
        self.formulas.declare(position, Domain::Choice(count))
    }

    /// Where the track we look from is in a scope: in its own at its place, in those around it at the block it runs in.
    /// None for other scopes.
    pub(super) fn around(&self, scope: ScopeId) -> Option<Option<Place>> {
        let (mut at, mut place) = (self.outlook.scope, self.outlook.place);
        loop {
            if at == scope {
                return Some(place);
            }
            let block = self.playbook().scopes[at.index()].block?;
            place = Some(Place::Block(block));
            at = self.playbook().blocks[block.index()].scope;
        }
    }

    /// Whose a fact is: the customer's, or that of the service in view.
    pub(super) fn whose_fact(&self, fact: FactId, whose: Whose) -> Whose {
        match self.playbook().facts[fact.index()].scope {
            FactScope::Customer => Whose::Customer,
            FactScope::Service => whose,
        }
    }

    /// Where a fact is known.
    pub(super) fn known(&mut self, fact: FactId, whose: Whose) -> Formula {
        if !(self.asked.contains(&fact) || self.doubts && self.prepared.unsure.contains(&fact)) {
            return Formula::TRUE;
        }
        let whose = self.whose_fact(fact, whose);
        let unknown = self.flag(Variable::Unknown(fact, whose));
        self.formulas.not(unknown)
    }

    /// What a fact of a number, date or duration can be, and what one step is worth.
    pub(super) fn bounds(&self, fact: FactId) -> Option<(i128, i128, i128)> {
        let fact = &self.playbook().facts[fact.index()];
        let step = match fact.kind {
            Type::Int => 1_000_000,
            Type::Number(decimals) | Type::Money(decimals) => 10_i128.pow(6 - decimals.min(6)),
            Type::Percent | Type::Date | Type::Duration => 1,
            _ => return None,
        };
        let (low, high) = match &fact.range {
            Some((low, high)) => (raw(low)?, raw(high)?),
            None => match fact.kind {
                Type::Date => DAYS,
                Type::Duration => (0, LONGEST),
                _ => (i128::from(i64::MIN), i128::from(i64::MAX)),
            },
        };
        // Rounded inwards to whole steps.
        Some((-(-low).div_euclid(step), high.div_euclid(step), step))
    }

    pub(super) fn value_of_let(&mut self, id: LetId, whose: Whose) -> Option<Cases> {
        if let Some(known) = self.values.get(&(id, whose)) {
            return Some(known.clone());
        }
        let cases = self.value(&self.playbook().lets[id.index()].value, whose)?;
        self.values.insert((id, whose), cases.clone());
        Some(cases)
    }
}

/// A number, date or duration in what it counts in: millionths, days, seconds.
pub(super) fn raw(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => Some(i128::from(number.0)),
        Value::Date(Date(days)) => Some(i128::from(*days)),
        Value::Duration(time) => Some(i128::from(time.0)),
        _ => None,
    }
}

/// The words of a condition or value without their places: the same for the same words.
pub(super) fn key(expr: &Expr) -> String {
    fn strip(expr: &mut Expr) {
        expr.span = Span::default();
        expr.parts_mut(&mut strip);
    }
    let mut expr = expr.clone();
    strip(&mut expr);
    format!("{:?}", expr.node)
}
