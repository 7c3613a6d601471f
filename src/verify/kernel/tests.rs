//! The kernel against truth tables.

use super::*;
use biodivine_lib_bdd::{Bdd as OtherBdd, BddVariableSet};
use proptest::prelude::*;

const VARIABLES: u32 = 6;

/// A formula over a few variables.
#[derive(Debug, Clone)]
enum Formula {
    Variable(u32),
    Not(Box<Formula>),
    And(Box<Formula>, Box<Formula>),
    Or(Box<Formula>, Box<Formula>),
    Xor(Box<Formula>, Box<Formula>),
    Ite(Box<Formula>, Box<Formula>, Box<Formula>),
}

fn formula() -> impl Strategy<Value = Formula> {
    let leaf = (0..VARIABLES).prop_map(Formula::Variable);
    leaf.prop_recursive(6, 60, 3, |inner| {
        let two = || (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        prop_oneof![
            inner.clone().prop_map(|part| Formula::Not(Box::new(part))),
            two().prop_map(|(a, b)| Formula::And(a, b)),
            two().prop_map(|(a, b)| Formula::Or(a, b)),
            two().prop_map(|(a, b)| Formula::Xor(a, b)),
            (two(), inner.clone()).prop_map(|((a, b), c)| Formula::Ite(a, b, Box::new(c))),
        ]
    })
}

fn truth(formula: &Formula, bits: u32) -> bool {
    match formula {
        Formula::Variable(variable) => bits >> variable & 1 == 1,
        Formula::Not(part) => !truth(part, bits),
        Formula::And(a, b) => truth(a, bits) && truth(b, bits),
        Formula::Or(a, b) => truth(a, bits) || truth(b, bits),
        Formula::Xor(a, b) => truth(a, bits) != truth(b, bits),
        Formula::Ite(a, b, c) => {
            if truth(a, bits) {
                truth(b, bits)
            } else {
                truth(c, bits)
            }
        }
    }
}

fn build(kernel: &mut Kernel, formula: &Formula) -> Decided<Bdd> {
    Ok(match formula {
        Formula::Variable(variable) => kernel.variable(*variable)?,
        Formula::Not(part) => build(kernel, part)?.not(),
        Formula::And(a, b) => {
            let (a, b) = (build(kernel, a)?, build(kernel, b)?);
            kernel.and(a, b)?
        }
        Formula::Or(a, b) => {
            let (a, b) = (build(kernel, a)?, build(kernel, b)?);
            kernel.or(a, b)?
        }
        Formula::Xor(a, b) => {
            let (a, b) = (build(kernel, a)?, build(kernel, b)?);
            kernel.xor(a, b)?
        }
        Formula::Ite(a, b, c) => {
            let (a, b, c) = (build(kernel, a)?, build(kernel, b)?, build(kernel, c)?);
            kernel.ite(a, b, c)?
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn diagrams_are_truth_tables_and_equal_ones_are_one(one in formula(), other in formula(), forgotten in 0..64_u32) {
        let mut kernel = Kernel::new(BUDGET);
        let (a, b) = (build(&mut kernel, &one).unwrap(), build(&mut kernel, &other).unwrap());
        let table = |formula: &Formula| (0..64).map(|bits| truth(formula, bits)).collect::<Vec<bool>>();
        let (left, right) = (table(&one), table(&other));
        for bits in 0..64_u32 {
            prop_assert_eq!(kernel.contains(a, |variable| bits >> variable & 1 == 1), left[bits as usize]);
        }
        prop_assert_eq!(a == b, left == right);
        let implied = left.iter().zip(&right).all(|(a, b)| !a || *b);
        prop_assert_eq!(kernel.implies(a, b).unwrap(), implied);
        let some = kernel.exists(a, &|variable| forgotten >> variable & 1 == 1).unwrap();
        for bits in 0..64_u32 {
            let expected = (0..64_u32).any(|other| (other ^ bits) & !forgotten & 63 == 0 && left[other as usize]);
            prop_assert_eq!(kernel.contains(some, |variable| bits >> variable & 1 == 1), expected);
        }
    }

    #[test]
    fn weights_add_up(weights in proptest::collection::vec(-20_i128..20, 1..7), bound in -60_i128..60) {
        let mut kernel = Kernel::new(BUDGET);
        let terms: Vec<(u32, i128)> = (0..).zip(weights.iter().copied()).collect();
        let set = kernel.weights_at_most(terms, bound).unwrap();
        for bits in 0..1_u32 << weights.len() {
            let sum: i128 = weights.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, weight)| weight).sum();
            prop_assert_eq!(kernel.contains(set, |variable| bits >> variable & 1 == 1), sum <= bound);
        }
    }

    #[test]
    fn so_many_at_least(number in 0_usize..8, count in 0_u32..7) {
        let mut kernel = Kernel::new(BUDGET);
        let sets: Vec<Bdd> = (0..count).map(|variable| kernel.variable(variable).unwrap()).collect();
        let set = kernel.at_least(number, &sets).unwrap();
        for bits in 0..1_u32 << count {
            let expected = bits.count_ones() as usize >= number;
            prop_assert_eq!(kernel.contains(set, |variable| bits >> variable & 1 == 1), expected);
        }
    }
}

/// The same formula for another library of decision diagrams.
fn other(universe: &BddVariableSet, formula: &Formula) -> OtherBdd {
    match formula {
        Formula::Variable(variable) => universe.mk_var(universe.variables()[*variable as usize]),
        Formula::Not(part) => other(universe, part).not(),
        Formula::And(a, b) => other(universe, a).and(&other(universe, b)),
        Formula::Or(a, b) => other(universe, a).or(&other(universe, b)),
        Formula::Xor(a, b) => other(universe, a).xor(&other(universe, b)),
        Formula::Ite(a, b, c) => OtherBdd::if_then_else(&other(universe, a), &other(universe, b), &other(universe, c)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn another_library_comes_to_the_same_verdicts(one in formula(), two in formula()) {
        let universe = BddVariableSet::new_anonymous(VARIABLES as u16);
        let mut kernel = Kernel::new(BUDGET);
        let (a, b) = (build(&mut kernel, &one).unwrap(), build(&mut kernel, &two).unwrap());
        let (x, y) = (other(&universe, &one), other(&universe, &two));
        prop_assert_eq!(a.is_empty(), x.is_false());
        prop_assert_eq!(kernel.and(a, b).unwrap().is_empty(), x.and(&y).is_false());
        prop_assert_eq!(kernel.implies(a, b).unwrap(), x.imp(&y).is_true());
        prop_assert_eq!(a == b, x == y);
    }
}

#[test]
fn beyond_the_budget_there_is_no_answer() {
    // Two numbers of 40 bits, one after the other, are equal: 2^40 nodes.
    let mut kernel = Kernel::new(10_000);
    let mut equal = Bdd::TRUE;
    let mut run = || -> Decided<Bdd> {
        for bit in 0..40 {
            let (a, b) = (kernel.variable(bit)?, kernel.variable(bit + 40)?);
            let differ = kernel.xor(a, b)?;
            equal = kernel.and(equal, differ.not())?;
        }
        Ok(equal)
    };
    assert_eq!(run(), Err(Exhausted));
    assert!(kernel.size() <= 10_002);
    kernel.allow(10);
    assert!(kernel.variable(100).is_ok());
}
