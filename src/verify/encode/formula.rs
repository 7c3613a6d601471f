//! Conditions as formulas over variables: what is left of a typed condition once parameters, `let`s and quantifiers are
//! resolved. Each formula is there once.

use crate::model::{BusinessUnit, CadenceId, FactId, ScopeId, ServiceId, SustainedId, TaskId};
use crate::value::Duration;
use std::collections::BTreeMap;

/// Whose fact, task or position is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// The customer's.
    Customer,
    /// The track's own service.
    Own,
    /// A service's, as a quantifier sees it.
    Of(ServiceId),
}

/// What a formula can depend on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variable {
    /// The track's service.
    Service,
    /// Whether the customer intends a service.
    Intended(ServiceId),
    /// A fact; of a set, see [`Variable::Member`].
    Fact(FactId, Whose),
    /// Whether a value is in a fact that is a set.
    Member(FactId, Whose, u16),
    /// Whether nobody knows the fact.
    Unknown(FactId, Whose),
    /// Whether a task was ever completed.
    Done(TaskId, Whose),
    /// The status of a task.
    Status(TaskId, Whose),
    /// Where a track of a scope is: place in the scope's list, or one more for nowhere.
    Position(ScopeId, Whose),
    /// Whether something has happened; the pattern as a key.
    Happened(String, Whose),
    /// Seconds since something, which is named by a key.
    Elapsed(String, Whose),
    /// Business days or hours since something.
    Business(BusinessUnit, String, Whose),
    /// Today, in days since 1970-01-01.
    Today,
    /// Seconds in this stage.
    InStage,
    /// The number of the latest round.
    Round(CadenceId),
    /// Whether a condition, if it holds, has held for its time.
    Sustained(SustainedId, Whose),
    /// What a fact changed by.
    Change(FactId, Duration, Whose),
    /// Whether the customer's journey through another playbook ended there.
    EndedAt(String, String),
    /// What is not understood: the condition or value as a key. It is free, and the same wherever it is written.
    Outside(String, Whose),
    /// A variable as it was before the last of what happens to it, by how often something had happened to it.
    Earlier(Box<Variable>, u16),
    /// What a fact was set to by stages before, as [`super::Values::Given`] says. No formula is made of it.
    Given(FactId, Whose),
}

/// A variable of a lowering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableId(pub u32);

impl VariableId {
    /// As an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a variable can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// On or off.
    Flag,
    /// One of so many, from 0.
    Choice(u16),
    /// A whole number of steps between two bounds, both included; a step is so much of what values count in
    /// (millionths, days, seconds).
    Number {
        /// The least.
        low: i128,
        /// The greatest.
        high: i128,
        /// What one step is worth.
        step: i128,
    },
}

/// Terms that add up to no more than a bound: variables with their factors, in steps. Two terms at least, without a
/// common factor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Linear {
    /// Variables with factors, by variable.
    pub terms: Vec<(VariableId, i128)>,
    /// The bound, included.
    pub bound: i128,
}

/// A formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Formula(u32);

impl Formula {
    /// True.
    pub const TRUE: Formula = Formula(0);
    /// False.
    pub const FALSE: Formula = Formula(1);

    /// As an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How a formula is made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Always.
    True,
    /// Never.
    False,
    /// Not.
    Not(Formula),
    /// All of them.
    All(Vec<Formula>),
    /// Any of them.
    Any(Vec<Formula>),
    /// So many of them at least.
    AtLeast(usize, Vec<Formula>),
    /// A flag is on.
    Flag(VariableId),
    /// A choice is this one.
    Is(VariableId, u16),
    /// A number is at most so many steps.
    AtMost(VariableId, i128),
    /// Several numbers together.
    Linear(Linear),
}

/// All formulas about one place, with their variables.
#[derive(Debug, Clone)]
pub struct Formulas {
    parts: Vec<Part>,
    known: BTreeMap<Part, Formula>,
    variables: Vec<(Variable, Domain)>,
    numbers: BTreeMap<Variable, VariableId>,
}

impl Default for Formulas {
    fn default() -> Formulas {
        Formulas {
            parts: vec![Part::True, Part::False],
            known: BTreeMap::new(),
            variables: Vec::new(),
            numbers: BTreeMap::new(),
        }
    }
}

impl Formulas {
    /// How a formula is made.
    #[must_use]
    pub fn part(&self, formula: Formula) -> &Part {
        &self.parts[formula.index()]
    }

    /// All of them, each after its parts.
    pub fn iter(&self) -> impl Iterator<Item = (Formula, &Part)> {
        self.parts.iter().enumerate().map(|(at, part)| (Formula(at as u32), part))
    }

    /// The variables.
    pub fn variables(&self) -> impl Iterator<Item = (VariableId, &Variable, Domain)> {
        self.variables.iter().enumerate().map(|(at, (variable, domain))| (VariableId(at as u32), variable, *domain))
    }

    /// A variable.
    #[must_use]
    pub fn variable(&self, id: VariableId) -> &Variable {
        &self.variables[id.index()].0
    }

    /// What a variable can be.
    #[must_use]
    pub fn domain(&self, id: VariableId) -> Domain {
        self.variables[id.index()].1
    }

    /// The number of a variable, where something speaks of it.
    #[must_use]
    pub fn find(&self, variable: &Variable) -> Option<VariableId> {
        self.numbers.get(variable).copied()
    }

    /// The number of a variable.
    pub fn declare(&mut self, variable: Variable, domain: Domain) -> VariableId {
        if let Some(known) = self.numbers.get(&variable) {
            return *known;
        }
        let id = VariableId(self.variables.len() as u32);
        self.numbers.insert(variable.clone(), id);
        self.variables.push((variable, domain));
        id
    }

    fn intern(&mut self, part: Part) -> Formula {
        if let Some(known) = self.known.get(&part) {
            return *known;
        }
        let formula = Formula(self.parts.len() as u32);
        self.parts.push(part.clone());
        self.known.insert(part, formula);
        formula
    }

    /// True or false.
    #[must_use]
    pub fn constant(truth: bool) -> Formula {
        if truth { Formula::TRUE } else { Formula::FALSE }
    }

    /// Not.
    pub fn not(&mut self, formula: Formula) -> Formula {
        match self.part(formula) {
            Part::True => Formula::FALSE,
            Part::False => Formula::TRUE,
            Part::Not(inner) => *inner,
            _ => self.intern(Part::Not(formula)),
        }
    }

    /// All of them.
    pub fn all(&mut self, formulas: impl IntoIterator<Item = Formula>) -> Formula {
        let mut parts: Vec<Formula> = formulas.into_iter().filter(|formula| *formula != Formula::TRUE).collect();
        if parts.contains(&Formula::FALSE) {
            return Formula::FALSE;
        }
        parts.sort_unstable();
        parts.dedup();
        match parts.as_slice() {
            [] => Formula::TRUE,
            [one] => *one,
            _ => self.intern(Part::All(parts)),
        }
    }

    /// Any of them.
    pub fn any(&mut self, formulas: impl IntoIterator<Item = Formula>) -> Formula {
        let mut parts: Vec<Formula> = formulas.into_iter().filter(|formula| *formula != Formula::FALSE).collect();
        if parts.contains(&Formula::TRUE) {
            return Formula::TRUE;
        }
        parts.sort_unstable();
        parts.dedup();
        match parts.as_slice() {
            [] => Formula::FALSE,
            [one] => *one,
            _ => self.intern(Part::Any(parts)),
        }
    }

    /// So many of them at least.
    pub fn at_least(&mut self, number: i128, formulas: &[Formula]) -> Formula {
        let certain = formulas.iter().filter(|formula| **formula == Formula::TRUE).count();
        let left: Vec<Formula> =
            formulas.iter().copied().filter(|part| ![Formula::TRUE, Formula::FALSE].contains(part)).collect();
        let needed = number - certain as i128;
        match usize::try_from(needed) {
            Err(_) | Ok(0) => Formulas::constant(needed <= 0),
            Ok(needed) if needed > left.len() => Formula::FALSE,
            Ok(1) => self.any(left),
            Ok(needed) if needed == left.len() => self.all(left),
            Ok(needed) => self.intern(Part::AtLeast(needed, left)),
        }
    }

    /// The same truth value.
    pub fn same(&mut self, one: Formula, other: Formula) -> Formula {
        if one == other {
            return Formula::TRUE;
        }
        let (not_one, not_other) = (self.not(one), self.not(other));
        let both = self.all([one, other]);
        let neither = self.all([not_one, not_other]);
        self.any([both, neither])
    }

    /// A flag is on.
    pub fn flag(&mut self, variable: VariableId) -> Formula {
        self.intern(Part::Flag(variable))
    }

    /// A choice is this one.
    pub fn is(&mut self, variable: VariableId, choice: u16) -> Formula {
        match self.domain(variable) {
            Domain::Choice(count) if choice < count => {
                if count == 1 {
                    Formula::TRUE
                } else {
                    self.intern(Part::Is(variable, choice))
                }
            }
            _ => Formula::FALSE,
        }
    }

    /// Terms (in what values count in) add up to no more than a bound.
    pub fn sum_at_most(&mut self, terms: &BTreeMap<VariableId, i128>, bound: i128) -> Formula {
        let step = |id: VariableId| match self.domain(id) {
            Domain::Number { step, .. } => step,
            Domain::Flag | Domain::Choice(_) => 1,
        };
        let terms: Vec<(VariableId, i128)> =
            terms.iter().map(|(id, factor)| (*id, factor * step(*id))).filter(|(_, factor)| *factor != 0).collect();
        let common = terms.iter().fold(0, |common, (_, factor)| gcd(common, factor.abs()));
        if common == 0 {
            return Formulas::constant(bound >= 0);
        }
        let bound = bound.div_euclid(common);
        let terms: Vec<(VariableId, i128)> = terms.into_iter().map(|(id, factor)| (id, factor / common)).collect();
        match terms.as_slice() {
            [(id, 1)] => self.number_at_most(*id, bound),
            [(id, _)] => {
                // -x <= b is x >= -b.
                let below = self.number_at_most(*id, -bound - 1);
                self.not(below)
            }
            // Of a comparison and its opposite only one is kept: what the first variable is at most.
            [(_, first), ..] if *first < 0 => {
                let opposite: Vec<(VariableId, i128)> = terms.into_iter().map(|(id, factor)| (id, -factor)).collect();
                let below = self.intern(Part::Linear(Linear { terms: opposite, bound: -bound - 1 }));
                self.not(below)
            }
            _ => self.intern(Part::Linear(Linear { terms, bound })),
        }
    }

    fn number_at_most(&mut self, id: VariableId, bound: i128) -> Formula {
        match self.domain(id) {
            Domain::Number { low, high, .. } if bound < low || bound >= high => Formulas::constant(bound >= high),
            _ => self.intern(Part::AtMost(id, bound)),
        }
    }
}

fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
