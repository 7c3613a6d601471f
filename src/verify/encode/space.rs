//! Formulas decided: each variable gets as many bits as the formulas can tell apart.

use super::facts::{Change, Values, touching};
use super::formula::{Domain, Formula, Formulas, Linear, Part, Variable, VariableId, Whose};
use super::lower::Lowering;
use super::{Outlook, Prepared};
use crate::model::{EventMatch, FactId, Place, Playbook, ServiceId, Since, Volatility};
use crate::source::Span;
use crate::value::TaskStatus;
use crate::verify::kernel::{Bdd, Decided, Kernel};
use std::collections::{BTreeMap, BTreeSet};

/// Ranges of steps, ascending, both bounds included.
type Ranges = Vec<(i128, i128)>;

/// How a variable is written in bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Code {
    /// One bit.
    Flag(u32),
    /// So many choices; unused patterns mean the last.
    Choice { bits: Vec<u32>, count: usize },
    /// Ranges of steps that cannot be told apart, ascending and without gaps between them that matter.
    Ranges { bits: Vec<u32>, ranges: Vec<(i128, i128)> },
    /// Every step: `low` plus the number in the bits, highest first.
    Counted { bits: Vec<u32>, low: i128, high: i128 },
}

/// The sets of customers that the conditions about one place can tell apart.
#[derive(Debug)]
pub struct Space<'a> {
    pub(super) prepared: &'a Prepared<'a>,
    pub(super) outlook: Outlook,
    pub(super) formulas: Formulas,
    pub(super) kernel: Kernel,
    pub(super) codes: Vec<Code>,
    sets: Vec<Option<Bdd>>,
    universe: Bdd,
    pub(super) since: BTreeMap<String, Since>,
    pub(super) events: BTreeMap<String, EventMatch>,
    outside: Vec<Span>,
    /// Facts that are told apart by whether they are known, though no condition asks.
    doubted: BTreeSet<FactId>,
    /// Numbers that are compared with each other or added up.
    /// For each point of theirs, the range between cut points it stands for.
    pub(super) linked: BTreeMap<VariableId, Ranges>,
}

impl<'a> Space<'a> {
    /// Decides the formulas of a lowering, with so many nodes at most.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn new(mut lowering: Lowering<'a>, budget: usize) -> Decided<Space<'a>> {
        let constraints = constraints(&mut lowering);
        let Lowering { prepared, outlook, formulas, since, events, outside, asked, doubts, .. } = lowering;
        let doubted = if doubts { &prepared.unsure - &asked } else { BTreeSet::new() };
        let (codes, linked) = encode(&formulas);
        let sets = vec![None; formulas.iter().count()];
        let kernel = Kernel::new(budget);
        let mut space = Space {
            prepared,
            outlook,
            formulas,
            kernel,
            codes,
            sets,
            universe: Bdd::TRUE,
            since,
            events,
            outside,
            doubted,
            linked,
        };
        let mut universe = space.domains()?;
        let same = space.own_is_one_of_them()?;
        universe = space.kernel.and(universe, same)?;
        for constraint in constraints {
            let set = space.set(constraint)?;
            universe = space.kernel.and(universe, set)?;
        }
        space.universe = universe;
        Ok(space)
    }

    /// The playbook.
    #[must_use]
    pub fn playbook(&self) -> &'a Playbook {
        self.prepared.playbook
    }

    /// From where its conditions are looked at.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        self.outlook
    }

    /// Everything there can be: ranges kept, what belongs together the same.
    #[must_use]
    pub fn universe(&self) -> Bdd {
        self.universe
    }

    /// Allows so many nodes more from now on.
    pub fn allow(&mut self, nodes: usize) {
        self.kernel.allow(nodes);
    }

    /// The diagrams alone; sets stay what they are.
    #[must_use]
    pub fn into_kernel(self) -> Kernel {
        self.kernel
    }

    /// The diagrams.
    pub fn kernel(&mut self) -> &mut Kernel {
        &mut self.kernel
    }

    /// The variables of this space with their names.
    #[must_use]
    pub fn formulas(&self) -> &Formulas {
        &self.formulas
    }

    /// Where a formula of the lowering is true.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn set(&mut self, formula: Formula) -> Decided<Bdd> {
        if let Some(known) = self.sets[formula.index()] {
            return Ok(known);
        }
        let part = self.formulas.part(formula).clone();
        let set = match part {
            Part::True => Bdd::TRUE,
            Part::False => Bdd::FALSE,
            Part::Not(inner) => self.set(inner)?.not(),
            Part::All(parts) => {
                let mut all = Bdd::TRUE;
                for part in parts {
                    let part = self.set(part)?;
                    all = self.kernel.and(all, part)?;
                }
                all
            }
            Part::Any(parts) => {
                let mut any = Bdd::FALSE;
                for part in parts {
                    let part = self.set(part)?;
                    any = self.kernel.or(any, part)?;
                }
                any
            }
            Part::AtLeast(number, parts) => {
                let parts = parts.into_iter().map(|part| self.set(part)).collect::<Decided<Vec<Bdd>>>()?;
                self.kernel.at_least(number, &parts)?
            }
            Part::Flag(variable) => self.code_is(variable, 1)?,
            Part::Is(variable, choice) => self.code_is(variable, usize::from(choice))?,
            Part::AtMost(variable, bound) => self.number_at_most(variable, bound)?,
            Part::Linear(linear) => self.linear(&linear)?,
        };
        self.sets[formula.index()] = Some(set);
        Ok(set)
    }

    /// Where everything is known that no condition asks about; what the playbook keeps too, or only the rest.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn certain(&mut self, kept_too: bool) -> Decided<Bdd> {
        let doubted = self.formulas.variables().filter(|(_, variable, _)| {
            let kept = |fact: FactId| self.playbook().facts[fact.index()].volatility == Volatility::Kept;
            matches!(variable, Variable::Unknown(fact, _) if self.doubted.contains(fact) && (kept_too || !kept(*fact)))
        });
        let doubted: Vec<VariableId> = doubted.map(|(id, ..)| id).collect();
        let mut certain = Bdd::TRUE;
        for id in doubted {
            let unknown = self.on(id)?;
            certain = self.kernel.and(certain, unknown.not())?;
        }
        Ok(certain)
    }

    /// Whether some customer is in a set.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn satisfiable(&mut self, set: Bdd) -> Decided<bool> {
        Ok(!self.kernel.and(set, self.universe)?.is_empty())
    }

    /// Whether all customers in the first set are in the second.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn implies(&mut self, left: Bdd, right: Bdd) -> Decided<bool> {
        let left = self.kernel.and(left, self.universe)?;
        self.kernel.implies(left, right)
    }

    /// Whether a set depends on something that is not understood: then "possible" is only perhaps possible.
    #[must_use]
    pub fn depends_on_outside(&self, set: Bdd) -> bool {
        if self.outside.is_empty() {
            return false;
        }
        let support = self.kernel.support(set);
        self.formulas.variables().any(|(id, variable, _)| {
            matches!(variable, Variable::Outside(..))
                && self.bits(id).iter().any(|bit| support.binary_search(bit).is_ok())
        })
    }

    /// The date that a variable counts the time since, where it is a fact.
    #[must_use]
    pub fn since_fact(&self, variable: &Variable) -> Option<crate::model::FactId> {
        match variable {
            Variable::Elapsed(key, _) | Variable::Business(_, key, _) => match self.since.get(key)? {
                Since::Fact(fact) => Some(*fact),
                Since::Event(_) | Since::Task(_) => None,
            },
            _ => None,
        }
    }

    /// What is not understood here.
    #[must_use]
    pub fn outside(&self) -> &[Span] {
        &self.outside
    }

    /// The bits of a variable.
    pub(super) fn bits(&self, variable: VariableId) -> &[u32] {
        match &self.codes[variable.index()] {
            Code::Flag(bit) => std::slice::from_ref(bit),
            Code::Choice { bits, .. } | Code::Ranges { bits, .. } | Code::Counted { bits, .. } => bits,
        }
    }

    /// How many codes a variable has; none where it is counted out.
    pub(super) fn count(&self, variable: VariableId) -> Option<usize> {
        match &self.codes[variable.index()] {
            Code::Flag(_) => Some(2),
            Code::Choice { count, .. } => Some(*count),
            Code::Ranges { ranges, .. } => Some(ranges.len()),
            Code::Counted { .. } => None,
        }
    }

    /// A set with some variables forgotten.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn forget(&mut self, set: Bdd, forget: impl Fn(&Variable) -> bool) -> Decided<Bdd> {
        let mut bits: Vec<u32> = Vec::new();
        for (id, variable, _) in self.formulas.variables() {
            if forget(variable) {
                bits.extend(self.bits(id));
            }
        }
        bits.sort_unstable();
        if bits.is_empty() {
            return Ok(set);
        }
        self.kernel.exists(set, &|bit| bits.binary_search(&bit).is_ok())
    }

    /// The variables a set depends on.
    #[must_use]
    pub fn support(&self, set: Bdd) -> Vec<VariableId> {
        let support = self.kernel.support(set);
        let touched = |id: &VariableId| self.bits(*id).iter().any(|bit| support.binary_search(bit).is_ok());
        self.formulas.variables().map(|(id, _, _)| id).filter(touched).collect()
    }

    /// A set after time has passed, in which variables may have changed.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn later(&mut self, set: Bdd, change: impl Fn(&Variable) -> Change) -> Decided<Bdd> {
        let mut set = set;
        for id in self.support(set) {
            let change = match self.count(id) {
                Some(_) => change(self.formulas.variable(id)),
                None if change(self.formulas.variable(id)) == Change::Stays => Change::Stays,
                None => Change::Any,
            };
            let bits = self.bits(id).to_vec();
            let forget = |bit: u32| bits.contains(&bit);
            match change {
                Change::Stays => {}
                Change::Any => set = self.kernel.exists(set, &forget)?,
                Change::Rises | Change::Falls => {
                    let mut after = Bdd::FALSE;
                    for code in 0..self.count(id).unwrap_or_default() {
                        let is = self.code_is(id, code)?;
                        let here = self.kernel.and(set, is)?;
                        let here = self.kernel.exists(here, &forget)?;
                        let reached = match (change, code) {
                            (Change::Rises, 0) => Bdd::TRUE,
                            (Change::Rises, code) => self.code_at_most(id, code - 1)?.not(),
                            (_, code) => self.code_at_most(id, code)?,
                        };
                        let here = self.kernel.and(here, reached)?;
                        after = self.kernel.or(after, here)?;
                    }
                    set = after;
                }
            }
        }
        Ok(set)
    }

    /// What variables can be in a set, each by itself: of those that are in some way bound by it.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn values(&mut self, set: Bdd) -> Decided<Vec<(Variable, Values)>> {
        let set = self.kernel.and(set, self.universe)?;
        let mut all = Vec::new();
        for id in self.support(set) {
            let Some(count) = self.count(id) else { continue };
            let mut possible = Vec::with_capacity(count);
            for code in 0..count {
                let is = self.code_is(id, code)?;
                possible.push(!self.kernel.and(set, is)?.is_empty());
            }
            if possible.iter().all(|possible| *possible) {
                continue;
            }
            let codes = || possible.iter().enumerate().filter(|(_, possible)| **possible).map(|(code, _)| code);
            let values = match &self.codes[id.index()] {
                Code::Ranges { ranges, .. } if self.linked.contains_key(&id) && ranges.len() == possible.len() => {
                    // A point stands for all between the cut points around it.
                    let within = &self.linked[&id];
                    Values::Ranges(touching(codes().filter_map(|code| within.get(code).copied()).collect()))
                }
                Code::Ranges { ranges, .. } => Values::Ranges(touching(codes().map(|code| ranges[code]).collect())),
                Code::Flag(_) | Code::Choice { .. } if count <= 128 => {
                    Values::Choices(codes().fold(0, |all, code| all | 1 << code))
                }
                _ => continue,
            };
            all.push((self.formulas.variable(id).clone(), values));
        }
        Ok(all)
    }

    /// Where the code of a variable is at most this one.
    pub(super) fn code_at_most(&mut self, variable: VariableId, code: usize) -> Decided<Bdd> {
        let (bits, count) = match &self.codes[variable.index()] {
            Code::Flag(bit) => (vec![*bit], 2),
            Code::Choice { bits, count } => (bits.clone(), *count),
            Code::Ranges { bits, ranges } => (bits.clone(), ranges.len()),
            Code::Counted { .. } => return Ok(Bdd::TRUE),
        };
        if code + 1 >= count { Ok(Bdd::TRUE) } else { self.bits_at_most(&bits, code as u128) }
    }

    /// The codes of a number that stand for one single value, not zero, with others below and above.
    #[must_use]
    pub fn points(&self, variable: VariableId) -> Vec<usize> {
        let Code::Ranges { ranges, .. } = &self.codes[variable.index()] else { return Vec::new() };
        // Numbers that are compared with each other stand for more than their own values.
        if self.linked.contains_key(&variable) {
            return Vec::new();
        }
        let single = |code: &usize| matches!(ranges[*code], (low, high) if low == high && low != 0);
        (1..ranges.len().saturating_sub(1)).filter(single).collect()
    }

    /// Where the code of a variable is this one.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn code_is(&mut self, variable: VariableId, code: usize) -> Decided<Bdd> {
        let up_to = self.code_at_most(variable, code)?;
        if code == 0 {
            return Ok(up_to);
        }
        let below = self.code_at_most(variable, code - 1)?;
        self.kernel.and(up_to, below.not())
    }

    /// Bits, highest first, read as a number at most this one.
    fn bits_at_most(&mut self, bits: &[u32], bound: u128) -> Decided<Bdd> {
        if bits.len() < 128 && bound >> bits.len() != 0 {
            return Ok(Bdd::TRUE);
        }
        let mut set = Bdd::TRUE;
        for (weight, bit) in bits.iter().rev().enumerate() {
            let on = self.kernel.variable(*bit)?;
            set = if bound >> weight & 1 == 1 {
                // Off is less, on goes on.
                self.kernel.or(on.not(), set)?
            } else {
                self.kernel.and(on.not(), set)?
            };
        }
        Ok(set)
    }

    pub(super) fn number_at_most(&mut self, variable: VariableId, bound: i128) -> Decided<Bdd> {
        match &self.codes[variable.index()] {
            Code::Ranges { ranges, .. } => {
                // Cut points are where ranges end.
                match ranges.iter().filter(|(_, high)| *high <= bound).count() {
                    0 => Ok(Bdd::FALSE),
                    codes => self.code_at_most(variable, codes - 1),
                }
            }
            Code::Counted { bits, low, .. } => {
                let (bits, low) = (bits.clone(), *low);
                match u128::try_from(bound - low) {
                    Ok(bound) => self.bits_at_most(&bits, bound),
                    Err(_) => Ok(Bdd::FALSE),
                }
            }
            Code::Flag(_) | Code::Choice { .. } => Ok(Bdd::TRUE),
        }
    }

    /// Where a flag is on.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn on(&mut self, flag: VariableId) -> Decided<Bdd> {
        self.code_is(flag, 1)
    }

    /// Where a number is certainly below zero, as far as it is told apart.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn negative(&mut self, variable: VariableId) -> Decided<Bdd> {
        match &self.codes[variable.index()] {
            Code::Ranges { ranges, .. } => match ranges.iter().filter(|(_, high)| *high < 0).count() {
                0 => Ok(Bdd::FALSE),
                codes => self.code_at_most(variable, codes - 1),
            },
            Code::Counted { .. } => self.number_at_most(variable, -1),
            Code::Flag(_) | Code::Choice { .. } => Ok(Bdd::FALSE),
        }
    }

    fn linear(&mut self, linear: &Linear) -> Decided<Bdd> {
        if let [(left, 1), (right, -1)] = linear.terms.as_slice()
            && let (Code::Ranges { ranges, .. }, Code::Ranges { ranges: others, .. }) =
                (&self.codes[left.index()], &self.codes[right.index()])
            && ranges == others
        {
            // The points of both are the same: left <= right, or left < right.
            let (count, strict) = (ranges.len(), linear.bound < 0);
            let mut set = Bdd::FALSE;
            for code in 0..count {
                let here = self.code_is(*left, code)?;
                let below = match (strict, code) {
                    (true, code) => self.code_at_most(*right, code)?,
                    (false, 0) => Bdd::FALSE,
                    (false, code) => self.code_at_most(*right, code - 1)?,
                };
                let both = self.kernel.and(here, below.not())?;
                set = self.kernel.or(set, both)?;
            }
            return Ok(set);
        }
        let mut terms = Vec::new();
        let mut bound = linear.bound;
        for (variable, factor) in &linear.terms {
            let Code::Counted { bits, low, .. } = &self.codes[variable.index()] else { continue };
            bound -= factor * low;
            terms.extend(bits.iter().rev().enumerate().map(|(weight, bit)| (*bit, factor << weight)));
        }
        self.kernel.weights_at_most(terms, bound)
    }

    /// Each number within its bounds.
    fn domains(&mut self) -> Decided<Bdd> {
        let mut all = Bdd::TRUE;
        let numbers: Vec<(VariableId, Domain)> =
            self.formulas.variables().map(|(id, _, domain)| (id, domain)).collect();
        for (id, domain) in numbers {
            let Domain::Number { low, high, .. } = domain else { continue };
            let within = match &self.codes[id.index()] {
                Code::Counted { high, .. } => {
                    let high = *high;
                    self.number_at_most(id, high)?
                }
                Code::Ranges { ranges, .. } => {
                    // Ranges shared with others may reach further than this one does.
                    let outside = |range: &&(i128, i128)| range.1 < low || range.0 > high;
                    if ranges.iter().any(|range| outside(&range)) {
                        let below = ranges.iter().filter(|(_, to)| *to < low).count();
                        let inside = ranges.iter().filter(|range| !outside(range)).count();
                        let upper = if inside == 0 { Bdd::FALSE } else { self.code_at_most(id, below + inside - 1)? };
                        let lower = if below == 0 { Bdd::FALSE } else { self.code_at_most(id, below - 1)? };
                        self.kernel.and(upper, lower.not())?
                    } else {
                        Bdd::TRUE
                    }
                }
                Code::Flag(_) | Code::Choice { .. } => Bdd::TRUE,
            };
            all = self.kernel.and(all, within)?;
        }
        Ok(all)
    }

    /// The track's own service is one of those a quantifier sees: what is said of both is the same.
    fn own_is_one_of_them(&mut self) -> Decided<Bdd> {
        let Some(service) = self.formulas.find(&Variable::Service) else { return Ok(Bdd::TRUE) };
        let mut pairs: BTreeMap<ServiceId, Vec<(VariableId, VariableId)>> = BTreeMap::new();
        for (id, variable, _) in self.formulas.variables() {
            if let Some(of @ Whose::Of(service)) = whose(variable)
                && let Some(own) = self.formulas.find(&with(variable, Whose::Own))
                && of != Whose::Own
            {
                pairs.entry(service).or_default().push((own, id));
            }
        }
        let mut all = Bdd::TRUE;
        for (which, pairs) in pairs {
            let mut same = Bdd::TRUE;
            for (own, of) in pairs {
                let here = self.codes_agree(own, of)?;
                same = self.kernel.and(same, here)?;
            }
            let is = self.code_is(service, which.index())?;
            let implied = self.kernel.or(is.not(), same)?;
            all = self.kernel.and(all, implied)?;
        }
        Ok(all)
    }

    fn codes_agree(&mut self, one: VariableId, other: VariableId) -> Decided<Bdd> {
        let mut same = Bdd::TRUE;
        match (self.count(one), self.count(other)) {
            (Some(count), Some(others)) if count == others => {
                for code in 0..count.saturating_sub(1) {
                    let (left, right) = (self.code_at_most(one, code)?, self.code_at_most(other, code)?);
                    let differ = self.kernel.xor(left, right)?;
                    same = self.kernel.and(same, differ.not())?;
                }
            }
            (None, None) => {
                let bits: Vec<(u32, u32)> =
                    self.bits(one).iter().copied().zip(self.bits(other).iter().copied()).collect();
                for (left, right) in bits {
                    let (left, right) = (self.kernel.variable(left)?, self.kernel.variable(right)?);
                    let differ = self.kernel.xor(left, right)?;
                    same = self.kernel.and(same, differ.not())?;
                }
            }
            // Not to be compared: nothing is concluded.
            _ => {}
        }
        Ok(same)
    }
}

/// Whose a variable is.
pub(super) fn whose(variable: &Variable) -> Option<Whose> {
    match variable {
        Variable::Fact(_, whose)
        | Variable::Member(_, whose, _)
        | Variable::Unknown(_, whose)
        | Variable::Done(_, whose)
        | Variable::Status(_, whose)
        | Variable::Position(_, whose)
        | Variable::Happened(_, whose)
        | Variable::Elapsed(_, whose)
        | Variable::Business(_, _, whose)
        | Variable::Sustained(_, whose)
        | Variable::Change(_, _, whose)
        | Variable::Outside(_, whose) => Some(*whose),
        Variable::Service
        | Variable::Intended(_)
        | Variable::Today
        | Variable::InStage
        | Variable::Round(_)
        | Variable::EndedAt(..)
        | Variable::Earlier(..)
        | Variable::Given(..) => None,
    }
}

/// The same variable of somebody else.
pub(super) fn with(variable: &Variable, other: Whose) -> Variable {
    let mut changed = variable.clone();
    match &mut changed {
        Variable::Fact(_, whose)
        | Variable::Member(_, whose, _)
        | Variable::Unknown(_, whose)
        | Variable::Done(_, whose)
        | Variable::Status(_, whose)
        | Variable::Position(_, whose)
        | Variable::Happened(_, whose)
        | Variable::Elapsed(_, whose)
        | Variable::Business(_, _, whose)
        | Variable::Sustained(_, whose)
        | Variable::Change(_, _, whose)
        | Variable::Outside(_, whose) => *whose = other,
        Variable::Service
        | Variable::Intended(_)
        | Variable::Today
        | Variable::InStage
        | Variable::Round(_)
        | Variable::EndedAt(..)
        | Variable::Earlier(..)
        | Variable::Given(..) => {}
    }
    changed
}

/// What is true of every customer, as formulas.
fn constraints(lowering: &mut Lowering<'_>) -> Vec<Formula> {
    let mut all = Vec::new();
    let variables: Vec<Variable> = lowering.formulas.variables().map(|(_, variable, _)| variable.clone()).collect();
    let of_services = variables
        .iter()
        .any(|variable| matches!(variable, Variable::Intended(_)) || matches!(whose(variable), Some(Whose::Of(_))));
    if lowering.outlook.in_service && of_services {
        let count = lowering.playbook().services.len() as u16;
        let own = lowering.formulas.declare(Variable::Service, Domain::Choice(count));
        for number in 0..count {
            let service = ServiceId(u32::from(number));
            let is = lowering.formulas.is(own, number);
            let is_not = lowering.formulas.not(is);
            if let Some(id) = lowering.formulas.find(&Variable::Intended(service)) {
                let intended = lowering.formulas.flag(id);
                all.push(lowering.formulas.any([is_not, intended]));
            }
            // Where the own track is, is known.
            for variable in &variables {
                if let Variable::Position(scope, Whose::Of(of)) = variable
                    && *of == service
                    && let Some(place) = lowering.around(*scope)
                {
                    let places = &lowering.playbook().scopes[scope.index()].places;
                    let at = place
                        .and_then(|place: Place| places.iter().position(|known| *known == place))
                        .unwrap_or(places.len());
                    let position = lowering.position(*scope, Whose::Of(service));
                    let there = lowering.formulas.is(position, at as u16);
                    all.push(lowering.formulas.any([is_not, there]));
                }
            }
        }
    }
    for variable in &variables {
        match variable {
            // A status of complete means completed.
            Variable::Status(task, whose) => {
                if let Some(done) = lowering.formulas.find(&Variable::Done(*task, *whose)) {
                    let complete = lowering.status(*task, *whose, TaskStatus::Complete);
                    let (done, not) = (lowering.formulas.flag(done), lowering.formulas.not(complete));
                    all.push(lowering.formulas.any([not, done]));
                }
            }
            Variable::Happened(key, whose) => happened(lowering, key, *whose, &variables, &mut all),
            _ => {}
        }
    }
    all
}

/// What has happened in the narrower sense has happened in the wider; what happened to the customer, to each service.
fn happened(lowering: &mut Lowering<'_>, key: &str, whose: Whose, variables: &[Variable], all: &mut Vec<Formula>) {
    let Some(narrow) = lowering.events.get(key).cloned() else { return };
    for variable in variables {
        let Variable::Happened(other, others) = variable else { continue };
        if (other.as_str(), *others) == (key, whose) || (*others != whose && whose != Whose::Customer) {
            continue;
        }
        let wider = match (&narrow, lowering.events.get(other)) {
            (EventMatch::Blocker(kinds), Some(EventMatch::Blocker(others))) => {
                others.is_empty() || !kinds.is_empty() && kinds.iter().all(|kind| others.contains(kind))
            }
            (one, Some(other)) => one == other,
            (_, None) => false,
        };
        let ids =
            lowering.formulas.find(&Variable::Happened(key.to_owned(), whose)).zip(lowering.formulas.find(variable));
        if let (true, Some((one, other))) = (wider, ids) {
            let (one, other) = (lowering.formulas.flag(one), lowering.formulas.flag(other));
            let not = lowering.formulas.not(one);
            all.push(lowering.formulas.any([not, other]));
        }
    }
}

/// Gives every variable its bits.
fn encode(formulas: &Formulas) -> (Vec<Code>, BTreeMap<VariableId, Ranges>) {
    let variables: Vec<(VariableId, Variable, Domain)> =
        formulas.variables().map(|(id, variable, domain)| (id, variable.clone(), domain)).collect();
    let mut cuts: Vec<BTreeSet<i128>> = vec![BTreeSet::new(); variables.len()];
    let mut leader: Vec<usize> = (0..variables.len()).collect();
    let mut degree = vec![0_usize; variables.len()];
    let mut sums = vec![false; variables.len()];
    let mut largest = 1_i128 << 40;
    for (_, part) in formulas.iter() {
        match part {
            Part::AtMost(id, bound) => {
                cuts[id.index()].insert(*bound);
            }
            Part::Linear(linear) => {
                let order = matches!(linear.terms.as_slice(), [(_, 1), (_, -1)]) && [0, -1].contains(&linear.bound);
                largest = largest.max(linear.bound.abs().saturating_mul(4));
                for pair in linear.terms.windows(2) {
                    if let [(one, _), (other, _)] = pair {
                        let (one, other) = (root(&leader, one.index()), root(&leader, other.index()));
                        leader[one.max(other)] = one.min(other);
                    }
                }
                for (id, _) in &linear.terms {
                    degree[id.index()] += 1;
                    sums[id.index()] |= !order;
                }
            }
            _ => {}
        }
    }
    // What a quantifier sees of the own service is told apart in the same way as what the service itself sees.
    let mut alike: BTreeMap<Variable, BTreeSet<i128>> = BTreeMap::new();
    for (id, variable, _) in &variables {
        if matches!(whose(variable), Some(Whose::Of(_) | Whose::Own)) {
            alike.entry(with(variable, Whose::Own)).or_default().extend(&cuts[id.index()]);
        }
    }
    for (id, variable, _) in &variables {
        if let Some(all) = alike.get(&with(variable, Whose::Own))
            && matches!(whose(variable), Some(Whose::Of(_) | Whose::Own))
        {
            cuts[id.index()].clone_from(all);
        }
    }
    let mut first_alike: BTreeMap<Variable, (usize, bool)> = BTreeMap::new();
    for (at, (_, variable, _)) in variables.iter().enumerate() {
        if matches!(whose(variable), Some(Whose::Of(_) | Whose::Own)) {
            let entry = first_alike.entry(with(variable, Whose::Own)).or_insert((at, false));
            entry.1 |= degree[at] > 0;
        }
    }
    for (at, (_, variable, _)) in variables.iter().enumerate() {
        if let Some((first, true)) = first_alike.get(&with(variable, Whose::Own))
            && matches!(whose(variable), Some(Whose::Of(_) | Whose::Own))
        {
            let (one, other) = (root(&leader, *first), root(&leader, at));
            leader[one.max(other)] = one.min(other);
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..variables.len() {
        groups.entry(root(&leader, at)).or_default().push(at);
    }
    let mut next = 0_u32;
    let mut take = |count: usize| -> Vec<u32> {
        let bits = next..next + count as u32;
        next += count as u32;
        bits.collect()
    };
    let mut codes: Vec<Option<Code>> = vec![None; variables.len()];
    let mut linked = BTreeMap::new();
    let service = variables.iter().position(|(_, variable, _)| *variable == Variable::Service);
    for at in service.into_iter().chain(0..variables.len()) {
        if codes[at].is_some() {
            continue;
        }
        match variables[at].2 {
            Domain::Flag => codes[at] = Some(Code::Flag(take(1).first().copied().unwrap_or_default())),
            Domain::Choice(count) => {
                let count = usize::from(count).max(1);
                codes[at] = Some(Code::Choice { bits: take(width(count as u128 - 1)), count });
            }
            Domain::Number { low, high, .. } => {
                let group = groups.get(&root(&leader, at)).cloned().unwrap_or_else(|| vec![at]);
                if group.len() == 1 {
                    let ranges = ranges(&cuts[at], low, high);
                    codes[at] = Some(Code::Ranges { bits: take(width(ranges.len() as u128 - 1)), ranges });
                    continue;
                }
                linked.extend(group.iter().map(|at| (VariableId(*at as u32), Vec::new())));
                if group.iter().any(|at| sums[*at]) {
                    counted(&group, &variables, &cuts, largest, &mut codes, &mut take);
                    continue;
                }
                let (points, within) = points(&group, &variables, &cuts);
                linked.extend(group.iter().map(|at| (VariableId(*at as u32), within.clone())));
                // What most others are compared with comes first; the others where they are spoken of.
                let pivot = group.iter().copied().max_by_key(|at| (degree[*at], usize::MAX - *at)).unwrap_or(at);
                for at in [pivot, at] {
                    if codes[at].is_none() {
                        let bits = take(width(points.len() as u128 - 1));
                        codes[at] = Some(Code::Ranges { bits, ranges: points.clone() });
                    }
                }
            }
        }
    }
    (codes.into_iter().map(|code| code.unwrap_or(Code::Flag(0))).collect(), linked)
}

fn root(leader: &[usize], mut at: usize) -> usize {
    while leader[at] != at {
        at = leader[at];
    }
    at
}

/// Bits for numbers up to this one.
fn width(most: u128) -> usize {
    (128 - most.leading_zeros()) as usize
}

/// The ranges between cut points: each cut is the last step of a range.
fn ranges(cuts: &BTreeSet<i128>, low: i128, high: i128) -> Vec<(i128, i128)> {
    let mut ranges = Vec::with_capacity(cuts.len() + 1);
    let mut from = low;
    for cut in cuts.iter().copied().filter(|cut| *cut >= low && *cut < high) {
        ranges.push((from, cut));
        from = cut + 1;
    }
    ranges.push((from, high.max(from)));
    ranges
}

/// The points that numbers compared with constants and with each other can be told apart by: in each range between cut
/// points as many as there are numbers.
fn points(group: &[usize], variables: &[(VariableId, Variable, Domain)], cuts: &[BTreeSet<i128>]) -> (Ranges, Ranges) {
    let mut all = BTreeSet::new();
    let (mut low, mut high, mut step) = (i128::MAX, i128::MIN, 1);
    for at in group {
        let Domain::Number { low: from, high: to, step: one } = variables[*at].2 else { continue };
        all.extend(&cuts[*at]);
        all.extend([from - 1, to]);
        (low, high, step) = (low.min(from), high.max(to), one);
    }
    let (mut points, mut within) = (Vec::new(), Vec::new());
    for (from, to) in ranges(&all, low, high) {
        // Round numbers where there are enough of them: a million millionths are one.
        let round = if step == 1 { 1_000_000 } else { 1 };
        let count = group.len() as i128;
        let first = -(-from).div_euclid(round) * round;
        let (first, stride) = if first + (count - 1) * round <= to { (first, round) } else { (from, 1) };
        let last = (first + (count - 1) * stride).min(to);
        if from == low && from <= -(1 << 40) && to < high {
            // Nearest to what bounds it.
            let mut point = (to - (count - 1) * stride).max(from);
            while point <= to {
                points.push((point, point));
                within.push((from, to));
                point += stride;
            }
            continue;
        }
        let mut point = first;
        while point <= last {
            points.push((point, point));
            within.push((from, to));
            point += stride;
        }
    }
    (points, within)
}

/// Numbers that are added up: all their bits, those of the same weight together, highest first.
fn counted(
    group: &[usize],
    variables: &[(VariableId, Variable, Domain)],
    cuts: &[BTreeSet<i128>],
    largest: i128,
    codes: &mut [Option<Code>],
    take: &mut impl FnMut(usize) -> Vec<u32>,
) {
    // Without bounds of their own, numbers are looked at far beyond any constant.
    let far = group.iter().flat_map(|at| &cuts[*at]).fold(largest, |far, cut| far.max(cut.abs().saturating_mul(4)));
    let mut widths = Vec::new();
    for at in group {
        let Domain::Number { low, high, .. } = variables[*at].2 else { continue };
        let (low, high) = (low.max(-far), high.min(far));
        widths.push((*at, low, high, width((high - low).unsigned_abs())));
    }
    let widest = widths.iter().map(|(.., width)| *width).max().unwrap_or_default();
    let mut bits: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for weight in (0..widest).rev() {
        for (at, .., width) in &widths {
            if weight < *width {
                bits.entry(*at).or_default().extend(take(1));
            }
        }
    }
    for (at, low, high, _) in widths {
        codes[at] = Some(Code::Counted { bits: bits.remove(&at).unwrap_or_default(), low, high });
    }
}
