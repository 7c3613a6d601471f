//! What is known of a customer at a place: for each fact the values it can have there, each fact by itself.
//!
//! An abstract domain of sets and intervals (P. Cousot, R. Cousot, "Abstract Interpretation", POPL 1977); what is not
//! mentioned can be anything.

use super::formula::{Domain, Formula, Formulas, Variable, VariableId};
use crate::model::FactId;
use std::collections::{BTreeMap, BTreeSet};

/// The values something can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Of a choice or flag: bit `i` is choice `i`; of a flag, 0 is no and 1 is yes.
    Choices(u128),
    /// Of a number: ranges of steps, ascending, with something between them.
    Ranges(Vec<(i128, i128)>),
    /// Of a fact that stages set: it is unknown, or what one of these assignments gives now as it did then (by number; one
    /// that is not there is its default), as nothing they read has changed since.
    Given {
        /// The assignments.
        ways: BTreeSet<u32>,
        /// The facts they read.
        reads: BTreeSet<FactId>,
    },
}

/// What is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts(pub BTreeMap<Variable, Values>);

/// More ranges than these are joined to one.
const MOST_RANGES: usize = 24;
/// More assignments than these are not told apart.
const MOST_WAYS: usize = 6;

impl Values {
    /// What either can have.
    #[must_use]
    pub fn join(&self, other: &Values) -> Option<Values> {
        match (self, other) {
            (Values::Choices(one), Values::Choices(other)) => Some(Values::Choices(one | other)),
            (Values::Ranges(one), Values::Ranges(other)) => {
                let mut all: Vec<(i128, i128)> = one.iter().chain(other).copied().collect();
                all.sort_unstable();
                Some(Values::Ranges(touching(all)))
            }
            (Values::Given { ways, reads }, Values::Given { ways: others, reads: also }) => {
                let ways: BTreeSet<u32> = ways | others;
                (ways.len() <= MOST_WAYS).then(|| Values::Given { ways, reads: reads | also })
            }
            _ => None,
        }
    }
}

/// Sorted ranges with those that touch made one.
pub(super) fn touching(all: Vec<(i128, i128)>) -> Vec<(i128, i128)> {
    let mut ranges: Vec<(i128, i128)> = Vec::with_capacity(all.len());
    for range in all {
        match ranges.last_mut() {
            Some(last) if range.0 <= last.1.saturating_add(1) => last.1 = last.1.max(range.1),
            _ => ranges.push(range),
        }
    }
    if ranges.len() > MOST_RANGES
        && let (Some(first), Some(last)) = (ranges.first().copied(), ranges.last().copied())
    {
        return vec![(first.0, last.1)];
    }
    ranges
}

impl Facts {
    /// What is known where one or the other is.
    #[must_use]
    pub fn join(&self, other: &Facts) -> Facts {
        let both = self.0.iter().filter_map(|(variable, values)| {
            let values = values.join(other.0.get(variable)?)?;
            Some((variable.clone(), values))
        });
        Facts(both.collect())
    }

    /// As a formula over the variables that are spoken of.
    pub fn formula(&self, formulas: &mut Formulas) -> Formula {
        let mut all = Vec::new();
        for (variable, values) in &self.0 {
            if let Some(id) = formulas.find(variable) {
                all.push(values.formula(formulas, id));
            }
        }
        formulas.all(all)
    }
}

impl Values {
    pub(super) fn formula(&self, formulas: &mut Formulas, id: VariableId) -> Formula {
        match (self, formulas.domain(id)) {
            (Values::Choices(choices), Domain::Flag) => match choices & 3 {
                0 => Formula::FALSE,
                1 => {
                    let flag = formulas.flag(id);
                    formulas.not(flag)
                }
                2 => formulas.flag(id),
                _ => Formula::TRUE,
            },
            (Values::Choices(choices), Domain::Choice(count)) => {
                let wanted: Vec<u16> = (0..count.min(128)).filter(|choice| choices >> choice & 1 == 1).collect();
                if wanted.len() == usize::from(count) {
                    return Formula::TRUE;
                }
                let any: Vec<Formula> = wanted.into_iter().map(|choice| formulas.is(id, choice)).collect();
                formulas.any(any)
            }
            (Values::Ranges(ranges), Domain::Number { step, .. }) => {
                let mut any = Vec::new();
                for (low, high) in ranges {
                    let terms = BTreeMap::from([(id, 1)]);
                    let up_to = formulas.sum_at_most(&terms, high.saturating_mul(step));
                    let below = formulas.sum_at_most(&terms, (low - 1).saturating_mul(step));
                    let not_below = formulas.not(below);
                    any.push(formulas.all([up_to, not_below]));
                }
                formulas.any(any)
            }
            _ => Formula::TRUE,
        }
    }
}

/// How something may change while time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It stays.
    Stays,
    /// It stays or grows; no may become yes.
    Rises,
    /// It stays or shrinks; yes may become no.
    Falls,
    /// It may become anything.
    Any,
}

impl Values {
    /// What is left when time has passed, of a variable with so many choices.
    pub(crate) fn changed(&self, change: Change, choices: u32) -> Option<Values> {
        let up_to = |bits: u32| if bits >= 128 { u128::MAX } else { (1 << bits) - 1 };
        match (change, self) {
            (Change::Stays, values) => Some(values.clone()),
            (Change::Any, _) | (_, Values::Given { .. }) => None,
            (Change::Rises, Values::Choices(now)) => {
                Some(Values::Choices(up_to(choices) & !up_to(now.trailing_zeros())))
            }
            (Change::Falls, Values::Choices(now)) => Some(Values::Choices(up_to(128 - now.leading_zeros()))),
            (Change::Rises, Values::Ranges(ranges)) => {
                ranges.first().map(|(low, _)| Values::Ranges(vec![(*low, i128::from(i64::MAX))]))
            }
            (Change::Falls, Values::Ranges(ranges)) => {
                ranges.last().map(|(_, high)| Values::Ranges(vec![(i128::from(i64::MIN), *high)]))
            }
        }
    }
}
