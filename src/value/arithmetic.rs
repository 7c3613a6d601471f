//! Calculation with values: exact, or without a result.
//!
//! A result that no value can hold is none, with the reason. It never becomes the largest value there is: a comparison
//! with that would be true or false by accident.

use super::{DAY, Date, Duration, Micro, Value};

/// Why a calculation has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Undefined {
    /// It is beyond what a value can hold: a number beyond about nine million millions, a date outside the years 1 to 9999.
    TooLarge,
    /// It divides by zero.
    DividedByZero,
    /// The values do not go together; types rule that out.
    Mismatched,
}

impl Undefined {
    /// In words, after the calculation: `x / y` *divides by zero*.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Undefined::TooLarge => "is too large",
            Undefined::DividedByZero => "divides by zero",
            Undefined::Mismatched => "cannot be calculated",
        }
    }
}

/// A result, or why there is none.
pub type Calculated = Result<Value, Undefined>;

/// Sum, or difference where `minus`: of numbers, durations, dates and sets.
///
/// # Errors
///
/// Where the result is too large.
pub fn add(left: &Value, minus: bool, right: &Value) -> Calculated {
    let sum = |left: i64, right: i64| {
        let sum = if minus { left.checked_sub(right) } else { left.checked_add(right) };
        sum.ok_or(Undefined::TooLarge)
    };
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Ok(Value::Number(Micro(sum(left.0, right.0)?))),
        (Value::Duration(left), Value::Duration(right)) => Ok(Value::Duration(Duration(sum(left.0, right.0)?))),
        (Value::Date(date), Value::Duration(time)) => later(*date, sum(0, time.0)?),
        (Value::Duration(time), Value::Date(date)) if !minus => later(*date, time.0),
        (Value::Date(left), Value::Date(right)) if minus => {
            Ok(Value::Duration(Duration::days(i64::from(left.0) - i64::from(right.0))))
        }
        (Value::Set(left), Value::Set(right)) => Ok(Value::Set(if minus { left & !right } else { left | right })),
        (Value::Set(left), Value::Choice(right)) => {
            let bit = 1_u64.checked_shl(u32::from(*right)).ok_or(Undefined::Mismatched)?;
            Ok(Value::Set(if minus { left & !bit } else { left | bit }))
        }
        _ => Err(Undefined::Mismatched),
    }
}

/// Whole days later; what is left of a day does not count.
fn later(date: Date, seconds: i64) -> Calculated {
    date.later(seconds.div_euclid(DAY)).map(Value::Date).ok_or(Undefined::TooLarge)
}

/// Product of two numbers, or of a number and a length of time; rounded half to even.
///
/// # Errors
///
/// Where the result is too large.
pub fn multiply(left: &Value, right: &Value) -> Calculated {
    let product = |left: i64, right: Micro| Micro(left).times(right).ok_or(Undefined::TooLarge);
    match (left, right) {
        (Value::Duration(time), Value::Number(number)) | (Value::Number(number), Value::Duration(time)) => {
            Ok(Value::Duration(Duration(product(time.0, *number)?.0)))
        }
        (Value::Number(left), Value::Number(right)) => Ok(Value::Number(product(left.0, *right)?)),
        _ => Err(Undefined::Mismatched),
    }
}

/// Quotient of two numbers, of two lengths of time, or of a length of time and a number; rounded half to even.
///
/// # Errors
///
/// Where it divides by zero, or the result is too large.
pub fn divide(left: &Value, right: &Value) -> Calculated {
    let quotient = |left: i64, right: i64| {
        if right == 0 {
            return Err(Undefined::DividedByZero);
        }
        Micro(left).divided_by(Micro(right)).ok_or(Undefined::TooLarge)
    };
    match (left, right) {
        (Value::Duration(time), Value::Number(number)) => Ok(Value::Duration(Duration(quotient(time.0, number.0)?.0))),
        (Value::Duration(left), Value::Duration(right)) => Ok(Value::Number(quotient(left.0, right.0)?)),
        (Value::Number(left), Value::Number(right)) => Ok(Value::Number(quotient(left.0, right.0)?)),
        _ => Err(Undefined::Mismatched),
    }
}

/// `10% of seats`: so many hundredths, rounded half to even.
///
/// # Errors
///
/// Where the result is too large.
pub fn percent_of(points: &Value, whole: &Value) -> Calculated {
    match (points, whole) {
        (Value::Number(points), Value::Number(whole)) => {
            points.percent_of(*whole).map(Value::Number).ok_or(Undefined::TooLarge)
        }
        _ => Err(Undefined::Mismatched),
    }
}

/// Minus.
///
/// # Errors
///
/// Where the result is too large.
pub fn negate(value: &Value) -> Calculated {
    let negated = |number: i64| number.checked_neg().ok_or(Undefined::TooLarge);
    match value {
        Value::Number(number) => Ok(Value::Number(Micro(negated(number.0)?))),
        Value::Duration(time) => Ok(Value::Duration(Duration(negated(time.0)?))),
        _ => Err(Undefined::Mismatched),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(micro: i64) -> Value {
        Value::Number(Micro(micro))
    }

    #[test]
    fn what_no_value_can_hold_has_no_result() {
        let most = number(i64::MAX);
        assert_eq!(add(&most, false, &number(1)), Err(Undefined::TooLarge));
        assert_eq!(add(&number(i64::MIN), true, &number(1)), Err(Undefined::TooLarge));
        assert_eq!(multiply(&most, &number(1_000_001)), Err(Undefined::TooLarge));
        assert_eq!(divide(&most, &number(999_999)), Err(Undefined::TooLarge));
        assert_eq!(divide(&most, &number(0)), Err(Undefined::DividedByZero));
        assert_eq!(percent_of(&number(101_000_000), &most), Err(Undefined::TooLarge));
        assert_eq!(negate(&number(i64::MIN)), Err(Undefined::TooLarge));
        let day = Value::Date(Date(0));
        assert_eq!(add(&day, false, &Value::Duration(Duration(i64::MAX))), Err(Undefined::TooLarge));
        assert_eq!(add(&day, true, &Value::Duration(Duration(i64::MIN))), Err(Undefined::TooLarge));
        assert_eq!(add(&day, false, &Value::Duration(Duration::days(4_000_000))), Err(Undefined::TooLarge));
        assert_eq!(add(&day, false, &Value::Duration(Duration(DAY - 1))), Ok(day));
    }

    proptest! {
        /// Exact, or without a result: never something else.
        #[test]
        fn sums_are_exact(left in any::<i64>(), right in any::<i64>(), minus in any::<bool>()) {
            let exact = if minus { i128::from(left) - i128::from(right) } else { i128::from(left) + i128::from(right) };
            let expected = i64::try_from(exact).map(number).map_err(|_| Undefined::TooLarge);
            prop_assert_eq!(add(&number(left), minus, &number(right)), expected);
        }

        #[test]
        fn products_are_nearest(left in any::<i64>(), right in any::<i64>()) {
            let exact = i128::from(left) * i128::from(right);
            match multiply(&number(left), &number(right)) {
                Ok(Value::Number(product)) => {
                    prop_assert!((i128::from(product.0) * 1_000_000 - exact).abs() * 2 <= 1_000_000);
                }
                other => {
                    prop_assert_eq!(other, Err(Undefined::TooLarge));
                    prop_assert!(exact.unsigned_abs() / 1_000_000 >= i64::MAX.unsigned_abs().into());
                }
            }
        }

        /// A share of a whole is what a product by a hundredth is, without rounding in between.
        #[test]
        fn shares_are_nearest(points in -100_000_000_000_i64..100_000_000_000, whole in any::<i32>()) {
            let exact = i128::from(points) * i128::from(whole);
            let Ok(Value::Number(share)) = percent_of(&number(points), &number(whole.into())) else {
                return Err(TestCaseError::fail("small enough"));
            };
            prop_assert!((i128::from(share.0) * 100_000_000 - exact).abs() * 2 <= 100_000_000);
        }
    }
}
