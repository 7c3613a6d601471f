//! Which types go together, and the words for them.

use super::suggest;
use crate::model::{Named, Type};

/// Types that may be compared and mixed with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Yes or no.
    YesNo,
    /// Whole numbers, numbers and money.
    Number,
    /// Percent.
    Percent,
    /// Dates.
    Date,
    /// Lengths of time.
    Duration,
    /// Texts.
    Text,
    /// One of some values.
    OneOf,
    /// A set of values.
    SetOf,
    /// Services.
    Service,
}

/// The class of a type.
pub fn class(kind: &Type) -> Class {
    match kind {
        Type::YesNo => Class::YesNo,
        Type::Int | Type::Number(_) | Type::Money(_) => Class::Number,
        Type::Percent => Class::Percent,
        Type::Date => Class::Date,
        Type::Duration => Class::Duration,
        Type::Text => Class::Text,
        Type::OneOf(_) => Class::OneOf,
        Type::SetOf(_) => Class::SetOf,
        Type::Service => Class::Service,
    }
}

/// Whether values of the two can be compared, assigned and chosen between.
pub fn compatible(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::OneOf(a), Type::OneOf(b)) | (Type::SetOf(a), Type::SetOf(b)) => same_values(a, b),
        _ => class(a) == class(b),
    }
}

/// Whether two lists of values have the same names in the same order.
pub fn same_values(a: &[Named], b: &[Named]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name)
}

/// Whether values of this type have an order.
pub fn ordered(kind: &Type) -> bool {
    matches!(class(kind), Class::Number | Class::Percent | Class::Date | Class::Duration)
}

/// How many decimals numbers of this type have; none where it is not a number.
pub fn decimals(kind: &Type) -> Option<u32> {
    match kind {
        Type::Int => Some(0),
        Type::Number(decimals) | Type::Money(decimals) => Some(*decimals),
        Type::Percent => Some(6),
        _ => None,
    }
}

/// The type of a sum, choice or maximum of the two, which are [`compatible`].
pub fn joined(a: &Type, b: &Type) -> Type {
    match (a, b) {
        (Type::Int, Type::Int) => Type::Int,
        (Type::Money(a), Type::Money(b)) => Type::Money(*a.max(b)),
        (Type::Money(decimals), _) | (_, Type::Money(decimals)) => Type::Money(*decimals),
        (Type::Number(a), Type::Number(b)) => Type::Number(*a.max(b)),
        (Type::Number(decimals), _) | (_, Type::Number(decimals)) => Type::Number(*decimals),
        _ => a.clone(),
    }
}

/// The type of a product of two numbers that may not be whole, or a quotient.
pub fn inexact(a: &Type, b: &Type) -> Type {
    match (a, b) {
        (Type::Money(_), _) | (_, Type::Money(_)) => Type::Money(6),
        _ => Type::Number(6),
    }
}

/// The words for a type: "a percent", "yes or no".
pub fn words(kind: &Type) -> String {
    match kind {
        Type::YesNo => "yes or no".to_owned(),
        Type::Int => "a whole number".to_owned(),
        Type::Number(_) => "a number".to_owned(),
        Type::Percent => "a percent".to_owned(),
        Type::Money(_) => "an amount of money".to_owned(),
        Type::Date => "a date".to_owned(),
        Type::Duration => "a length of time".to_owned(),
        Type::Text => "a text".to_owned(),
        Type::OneOf(values) if values.len() <= 6 => {
            format!("one of {}", suggest::list(values.iter().map(|value| value.name.as_str()), "and"))
        }
        Type::OneOf(_) => "one of a list of values".to_owned(),
        Type::SetOf(_) => "a set of values".to_owned(),
        Type::Service => "a service".to_owned(),
    }
}
