//! Values of facts as customers, tables and timelines give them.

use super::json::{Json, Node};
use crate::diagnostic::{Diagnostic, UNKNOWN_FIELD, WRONG_VALUE};
use crate::model::{Fact, Named, Playbook, Type, Volatility};
use crate::run::evaluate::order;
use crate::source::Span;
use crate::suggest::did_you_mean;
use crate::value::{DAY, Date, Duration, Micro, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// Why something is not a value of a fact: what is wrong with it, and what to do.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::run) struct Refusal {
    pub message: String,
    pub help: Option<String>,
}

impl Refusal {
    fn new(message: impl Into<String>, help: Option<&str>) -> Refusal {
        Refusal { message: message.into(), help: help.map(str::to_owned) }
    }

    /// As a finding at a place.
    pub fn at(self, span: Span) -> Diagnostic {
        Diagnostic::new(&WRONG_VALUE, span, self.message).help_if(self.help)
    }
}

/// A fact's value in JSON; `null` is unknown.
pub(in crate::run) fn from_json(playbook: &Playbook, fact: &Fact, node: &Node) -> Result<Option<Value>, Diagnostic> {
    let refused = |refusal: Refusal| refusal.at(node.span);
    let value = match (&fact.kind, &node.json) {
        (_, Json::Null) => return Ok(None),
        (Type::YesNo, Json::YesNo(yes)) => Value::YesNo(*yes),
        (Type::Int | Type::Number(_) | Type::Money(_) | Type::Percent, Json::Number(text)) => {
            Value::Number(number(fact, text).map_err(refused)?)
        }
        (Type::Duration, Json::Number(text)) => {
            Value::Duration(days(text).ok_or_else(|| refused(wrong_type(fact, &format!("`{text}`"))))?)
        }
        (Type::SetOf(values), Json::List(members)) => {
            let mut set = 0;
            for member in members {
                let Json::Text(name) = &member.json else {
                    return Err(wrong_type(fact, member.json.words()).at(member.span));
                };
                set |= 1_u64 << choice(fact, values, name).map_err(|refusal| refusal.at(member.span))?;
            }
            Value::Set(set)
        }
        (Type::Int | Type::Number(_) | Type::Money(_) | Type::SetOf(_), Json::Text(text)) => {
            return Err(refused(wrong_type(fact, &format!("\"{}\"", shorten(text)))));
        }
        (_, Json::Text(text)) => from_text(playbook, fact, text).map_err(refused)?,
        (_, json) => return Err(refused(wrong_type(fact, json.words()))),
    };
    in_range(playbook, fact, value).map(Some).map_err(refused)
}

/// A fact's value in a cell of a table. `unknown` says so explicitly, but for texts.
pub(in crate::run) fn from_cell(playbook: &Playbook, fact: &Fact, cell: &str) -> Result<Option<Value>, Refusal> {
    let value = match &fact.kind {
        Type::Text => Value::Text(Arc::from(cell)),
        Type::OneOf(values) if values.iter().any(|value| value.name == cell) => from_text(playbook, fact, cell)?,
        _ if cell.eq_ignore_ascii_case("unknown") => return Ok(None),
        Type::Int | Type::Number(_) | Type::Money(_) => Value::Number(number(fact, cell)?),
        Type::Duration if days(cell).is_some() => Value::Duration(days(cell).unwrap_or_default()),
        Type::Percent if !cell.ends_with('%') => Value::Number(number(fact, cell)?),
        Type::SetOf(values) => {
            let mut set = 0;
            for name in names(cell.trim_start_matches('(').trim_end_matches(')')) {
                set |= 1_u64 << choice(fact, values, name)?;
            }
            Value::Set(set)
        }
        _ => from_text(playbook, fact, cell)?,
    };
    in_range(playbook, fact, value).map(Some)
}

/// What a customer can begin with: a fact the playbook keeps is what nobody has said anything about, until a stage sets it.
pub(in crate::run) fn at_first(
    playbook: &Playbook,
    fact: &Fact,
    value: Option<Value>,
) -> Result<Option<Value>, Refusal> {
    if fact.volatility != Volatility::Kept || value == fact.default {
        return Ok(value);
    }
    Err(Refusal::new(
        playbook.kept_at_first(fact),
        Some("Leave it out: what stages have set is not told from outside, but for a correction in a timeline"),
    ))
}

/// Names in one cell, separated by commas, semicolons, bars or spaces.
pub(in crate::run) fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([',', ';', '|', ' ']).filter(|name| !name.is_empty())
}

/// What a text says, for a fact that texts can say.
fn from_text(playbook: &Playbook, fact: &Fact, text: &str) -> Result<Value, Refusal> {
    let wrong = || wrong_type(fact, &format!("\"{}\"", shorten(text)));
    match &fact.kind {
        Type::YesNo => match text.to_ascii_lowercase().as_str() {
            "yes" | "true" => Ok(Value::YesNo(true)),
            "no" | "false" => Ok(Value::YesNo(false)),
            _ => Err(wrong()),
        },
        Type::Percent => {
            let points = text.strip_suffix('%').ok_or_else(wrong)?.trim_end();
            number(fact, points).map(Value::Number)
        }
        Type::Date => Date::parse(text).map(Value::Date).ok_or_else(|| {
            let looks_right = text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
            if looks_right {
                Refusal::new(format!("there is no day `{}`", shorten(text)), Some("Write dates as 2020-03-02"))
            } else {
                wrong()
            }
        }),
        Type::Duration => duration(text).map(Value::Duration).ok_or_else(wrong),
        Type::Text => Ok(Value::Text(Arc::from(text))),
        Type::OneOf(values) => choice(fact, values, text).map(|choice| Value::Choice(choice as u16)),
        Type::Service => {
            let found = playbook.services.iter().position(|service| service.name == text);
            found.map(|at| Value::Service(at as u16)).ok_or_else(wrong)
        }
        Type::Int | Type::Number(_) | Type::Money(_) | Type::SetOf(_) => Err(wrong()),
    }
}

/// The place of a value among those of an enumeration.
fn choice(fact: &Fact, values: &[Named], name: &str) -> Result<usize, Refusal> {
    values.iter().position(|value| value.name == name).ok_or_else(|| {
        let known = values.iter().map(|value| value.name.as_str());
        let suggestion = did_you_mean(name, known.clone());
        let list: Vec<String> = known.map(|name| format!("`{name}`")).collect();
        let message = format!("`{}` is not a value of `{}`", shorten(name), fact.name.name);
        Refusal { message, help: suggestion.or_else(|| Some(format!("Its values are {}", list.join(", ")))) }
    })
}

fn number(fact: &Fact, text: &str) -> Result<Micro, Refusal> {
    let shown = shorten(text);
    let number = exact(text).map_err(|trouble| match trouble {
        Trouble::NotANumber => wrong_type(fact, &format!("`{shown}`")),
        Trouble::TooLarge => Refusal::new(format!("`{shown}` is too large a number for `{}`", fact.name.name), None),
        Trouble::TooFine => too_fine(fact, &shown, 6),
    })?;
    let decimals = match fact.kind {
        Type::Int => 0,
        Type::Number(decimals) | Type::Money(decimals) => decimals,
        _ => 6,
    };
    if number.fits(decimals) { Ok(number) } else { Err(too_fine(fact, &shown, decimals)) }
}

fn too_fine(fact: &Fact, shown: &str, decimals: u32) -> Refusal {
    let name = &fact.name.name;
    let message = match fact.kind {
        Type::Int => format!("`{name}` is a whole number: `{shown}` is not"),
        _ => format!("`{name}` has at most {decimals} decimals: `{shown}` has more"),
    };
    Refusal::new(message, Some("Round it where it comes from: rounding it here would hide what was meant"))
}

fn in_range(playbook: &Playbook, fact: &Fact, value: Value) -> Result<Value, Refusal> {
    let Some((low, high)) = &fact.range else { return Ok(value) };
    let below = order(Some(&value), Some(low)) == Some(Ordering::Less);
    let above = order(Some(&value), Some(high)) == Some(Ordering::Greater);
    if !below && !above {
        return Ok(value);
    }
    let show = |value: &Value| playbook.show(value, &fact.kind);
    let name = &fact.name.name;
    let message = format!("`{name}` lies between {} and {}: {} does not", show(low), show(high), show(&value));
    Err(Refusal::new(message, None))
}

fn wrong_type(fact: &Fact, found: &str) -> Refusal {
    let name = &fact.name.name;
    let (kind, help) = match &fact.kind {
        Type::YesNo => ("yes or no", "Write `true` or `false`"),
        Type::Int => ("a whole number", "Write a number without decimals, not in quotes"),
        Type::Number(_) => ("a number", "Write a number, not in quotes"),
        Type::Money(_) => ("an amount of money", "Write a number without a currency, not in quotes"),
        Type::Percent => ("a percent", "Write a number of points, or a text with `%`: 8 or \"8%\""),
        Type::Date => ("a date", "Write dates as \"2020-03-02\""),
        Type::Duration => ("a duration", "Write a text such as \"5 days\", or a number of days"),
        Type::Text => ("a text", "Put it in double quotes"),
        Type::OneOf(_) => ("one of a list of names", "Write one of its names, in double quotes"),
        Type::SetOf(_) => ("a set", "Write a list of names: [\"first\", \"second\"]"),
        Type::Service => ("a service", "Write the name of a service, in double quotes"),
    };
    Refusal::new(format!("`{name}` is {kind}: {found} is not"), Some(help))
}

/// At most 40 characters of what was written.
pub(in crate::run) fn shorten(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(40).collect();
    if text.chars().nth(40).is_some() { format!("{plain}…") } else { plain }
}

/// A field nobody declared.
pub(in crate::run) fn unknown_field<'a>(
    name: &str,
    span: Span,
    whose: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let help = did_you_mean(name, known);
    Diagnostic::new(&UNKNOWN_FIELD, span, format!("{whose} no field `{}`", shorten(name))).help_if(help)
}

/// What keeps a text from being an exact number of millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Trouble {
    NotANumber,
    TooLarge,
    TooFine,
}

/// A number without rounding: `12.5`, `-3`, `1e5`, `1.5e-3`.
pub(in crate::run) fn exact(text: &str) -> Result<Micro, Trouble> {
    let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let (minus, power) = match exponent.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, exponent.strip_prefix('+').unwrap_or(exponent)),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || !digits(power) {
        return Err(Trouble::NotANumber);
    }
    let written = [whole, fraction].concat();
    let significant = written.trim_start_matches('0');
    let kept = significant.trim_end_matches('0');
    if kept.is_empty() {
        return Ok(Micro(0));
    }
    // The number is `kept` times ten to the power of `shift`, in millionths.
    let zeros = (significant.len() - kept.len()) as i64;
    let power = power.parse::<i64>().ok().filter(|power| *power < 1_000_000_000);
    let shift = match (power, minus) {
        (Some(power), false) => power - fraction.len() as i64 + zeros + 6,
        (Some(power), true) => -power - fraction.len() as i64 + zeros + 6,
        (None, false) => return Err(Trouble::TooLarge),
        (None, true) => return Err(Trouble::TooFine),
    };
    if shift < 0 {
        return Err(Trouble::TooFine);
    }
    let number = if kept.len() as i64 + shift > 19 { None } else { kept.parse::<i64>().ok() };
    let scaled = number.and_then(|number| number.checked_mul(10_i64.checked_pow(shift as u32)?));
    scaled.map(|number| Micro(if negative { -number } else { number })).ok_or(Trouble::TooLarge)
}

/// A number of days as a duration, where it is a whole number of seconds.
fn days(text: &str) -> Option<Duration> {
    let seconds = i128::from(exact(text).ok()?.0) * i128::from(DAY);
    (seconds % 1_000_000 == 0).then(|| i64::try_from(seconds / 1_000_000).ok().map(Duration))?
}

/// `5 days`, `1.5 hours`, `2 weeks`: a whole number of seconds.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.trim().split_once(char::is_whitespace)?;
    let seconds = match unit.trim() {
        "second" | "seconds" => 1,
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => DAY,
        "week" | "weeks" => 7 * DAY,
        "month" | "months" => 30 * DAY,
        "year" | "years" => 365 * DAY,
        _ => return None,
    };
    let seconds = i128::from(exact(number).ok()?.0) * i128::from(seconds);
    (seconds % 1_000_000 == 0).then(|| i64::try_from(seconds / 1_000_000).ok().map(Duration))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_exact() {
        for (text, micro) in [
            ("3.0", 3_000_000),
            ("9.999999", 9_999_999),
            ("9.9999990", 9_999_999),
            ("1e5", 100_000_000_000),
            ("1.5E-3", 1_500),
            ("-0.25", -250_000),
            ("-0", 0),
            ("0e99999999999999999999", 0),
            ("00012", 12_000_000),
            ("9223372036854.775807", i64::MAX),
            ("10000000000000000e-10", 1_000_000_000_000),
        ] {
            assert_eq!(exact(text), Ok(Micro(micro)), "{text}");
        }
        for (text, trouble) in [
            ("1e400", Trouble::TooLarge),
            ("1e99999999999999999999", Trouble::TooLarge),
            ("9223372036854.775808", Trouble::TooLarge),
            ("1e-400", Trouble::TooFine),
            ("1e-99999999999999999999", Trouble::TooFine),
            ("0.0000001", Trouble::TooFine),
            ("NaN", Trouble::NotANumber),
            ("1.", Trouble::NotANumber),
            (".5", Trouble::NotANumber),
            ("1e", Trouble::NotANumber),
            ("--1", Trouble::NotANumber),
            ("", Trouble::NotANumber),
            ("1_000", Trouble::NotANumber),
            ("٣", Trouble::NotANumber),
        ] {
            assert_eq!(exact(text), Err(trouble), "{text}");
        }
    }

    #[test]
    fn durations_are_whole_seconds() {
        assert_eq!(duration("5 days"), Some(Duration::days(5)));
        assert_eq!(duration("1.5 hours"), Some(Duration(5_400)));
        assert_eq!(duration("2  weeks"), Some(Duration::days(14)));
        assert_eq!(duration("0.1 minutes"), Some(Duration(6)));
        assert_eq!(duration("0.01 minutes"), None);
        assert_eq!(duration("5"), None);
        assert_eq!(duration("five days"), None);
        assert_eq!(duration("9e12 years"), None);
    }

    proptest! {
        #[test]
        fn every_number_reads_as_printed(number in any::<i64>()) {
            prop_assume!(number != i64::MIN);
            prop_assert_eq!(exact(&Micro(number).to_string()), Ok(Micro(number)));
        }

        #[test]
        fn exponents_shift_the_point(number in -999_999_i64..999_999, power in 0_u32..6) {
            let text = format!("{number}e{power}");
            prop_assert_eq!(exact(&text), Ok(Micro(number * 10_i64.pow(power + 6))));
            let text = format!("{number}e-{power}");
            prop_assert_eq!(exact(&text), Ok(Micro(number * 10_i64.pow(6 - power))));
        }
    }
}
