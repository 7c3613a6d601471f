//! A condition in words of the language, where a text has to stand for it.

use crate::syntax::ast::{
    CallUnit, Expr, ExprKind, Factor, Name, Quantifier, Sign, SinceSubject, SinceUnit, TaskRef, Unit,
};
use crate::value::Micro;

/// The condition as an author would write it on one line.
pub fn written(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::YesNo(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
        ExprKind::Number(number) => number.to_string(),
        ExprKind::Percent(points) => format!("{points}%"),
        ExprKind::Date(date) => date.to_string(),
        ExprKind::Duration(number, unit) => format!("{number} {}", unit_word(*unit, *number)),
        ExprKind::Business(number, unit) => format!("{number} {}", unit.words(*number == Micro::ONE)),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Service => "service".to_owned(),
        ExprKind::ThisService => "this service".to_owned(),
        ExprKind::Round(name) => {
            name.as_ref().map_or_else(|| "round".to_owned(), |name| format!("round of {}", name.text))
        }
        ExprKind::Today => "today".to_owned(),
        ExprKind::Not(inner) => format!("not {}", part(inner, NEGATION)),
        ExprKind::And(list) => parts(list, " and "),
        ExprKind::Or(list) => parts(list, " or "),
        ExprKind::Compare { operator, word, left, right } => {
            let sign = match (word, operator) {
                (true, crate::syntax::ast::Comparison::NotEqual) => "is not",
                (true, _) => "is",
                (false, operator) => operator.symbol(),
            };
            format!("{} {sign} {}", part(left, SUM), part(right, SUM))
        }
        ExprKind::InRange { negated, value, low, high } => {
            format!("{} {}in {}..{}", part(value, SUM), not(*negated), part(low, SUM), part(high, SUM))
        }
        ExprKind::InSet { negated, value, set } => {
            format!("{} {}in {}", part(value, SUM), not(*negated), part(set, SUM))
        }
        ExprKind::List(items) => format!("({})", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        ExprKind::Sum(terms) => {
            let mut text = String::new();
            for (at, (sign, term)) in terms.iter().enumerate() {
                match (at, sign) {
                    (0, Sign::Plus) => {}
                    (0, Sign::Minus) => text.push('-'),
                    (_, Sign::Plus) => text.push_str(" + "),
                    (_, Sign::Minus) => text.push_str(" - "),
                }
                text.push_str(&part(term, PRODUCT));
            }
            text
        }
        ExprKind::Product(first, factors) => {
            let mut text = part(first, UNARY);
            for (factor, operand) in factors {
                text.push_str(match factor {
                    Factor::Times => " * ",
                    Factor::Divide => " / ",
                    Factor::Of => " of ",
                });
                text.push_str(&part(operand, UNARY));
            }
            text
        }
        ExprKind::Negate(inner) => format!("-{}", part(inner, PRIMARY)),
        ExprKind::Choice(choices, last) => {
            let mut text = String::new();
            for (value, condition) in choices {
                text.push_str(&format!("{} if {} else ", part(value, LOGIC), part(condition, LOGIC)));
            }
            text + &part(last, LOGIC)
        }
        ExprKind::Quantified { quantifier, group, condition } => {
            let word = match quantifier {
                Quantifier::All => "all",
                Quantifier::Any => "any",
                Quantifier::No => "no",
                Quantifier::Count => "count",
            };
            let group = group.as_ref().map_or_else(String::new, |group| format!(" in {}", group.text));
            let condition =
                condition.as_ref().map_or_else(String::new, |condition| format!(" where ({})", written(condition)));
            format!("{word} services{group}{condition}")
        }
        ExprKind::CountOf(name) => format!("count of {}", name.text),
        ExprKind::DoneTask(task, _) => format!("done task {}", label(task)),
        ExprKind::TaskStatus { task, negated, status, .. } => {
            format!("task {} is {}{}", label(task), not(*negated), status.words())
        }
        ExprKind::At(places) => format!("at {}", one_or_list(places)),
        ExprKind::Happened(event) => match event.kinds.as_slice() {
            [] => format!("happened {}", event.name.text),
            kinds => format!("happened {} ({})", event.name.text, names(kinds)),
        },
        ExprKind::Sustained(inner, duration) => {
            format!("{} for {}", part(inner, COMPARISON), part(duration, PRIMARY))
        }
        ExprKind::Change(name, window) => format!("change of {} over {}", name.text, part(window, PRIMARY)),
        ExprKind::InStage(duration) => format!("in this stage for {}", part(duration, PRIMARY)),
        ExprKind::Since(unit, subject) => {
            let unit = match unit {
                SinceUnit::Business(unit) => unit.words(false),
                SinceUnit::Time(unit) => unit_word(*unit, Micro(0)),
            };
            match subject {
                SinceSubject::Name(name) => format!("{unit} since {}", name.text),
                SinceSubject::Task(task, _) => format!("{unit} since task {}", label(task)),
            }
        }
        ExprKind::Unknown(name) => format!("unknown {}", name.text),
        ExprKind::EndedAt(playbook, ends) => format!("{} ended at {}", playbook.text, one_or_list(ends)),
        ExprKind::Call { function, arguments, unit } => {
            let arguments: Vec<String> = arguments
                .iter()
                .map(|argument| match &argument.name {
                    Some(name) => format!("{} {}", name.text, written(&argument.value)),
                    None => written(&argument.value),
                })
                .collect();
            let unit = unit.map(|unit| match unit {
                CallUnit::Time(unit) => format!(" {}", unit_word(unit, Micro(0))),
                CallUnit::Business(unit) => format!(" {}", unit.words(false)),
            });
            format!("{}({}){}", function.text, arguments.join(", "), unit.unwrap_or_default())
        }
        // Only scenarios say these, and nothing there needs a text.
        ExprKind::ShareOfCustomers(_) | ExprKind::Between { .. } | ExprKind::Usually { .. } | ExprKind::Weighted(_) => {
            "a draw".to_owned()
        }
    }
}

/// How tightly a form binds; what binds less tightly than its place asks for stands in brackets.
fn level(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Choice(..) => CHOICE,
        ExprKind::And(_) | ExprKind::Or(_) => LOGIC,
        ExprKind::Not(_) => NEGATION,
        ExprKind::Sustained(..) => SUSTAINED,
        ExprKind::Compare { .. } | ExprKind::InRange { .. } | ExprKind::InSet { .. } => COMPARISON,
        ExprKind::Sum(_) => SUM,
        ExprKind::Product(..) => PRODUCT,
        ExprKind::Negate(_) => UNARY,
        _ => PRIMARY,
    }
}

const CHOICE: u8 = 0;
const LOGIC: u8 = 1;
const NEGATION: u8 = 2;
const SUSTAINED: u8 = 3;
const COMPARISON: u8 = 4;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;
const UNARY: u8 = 7;
const PRIMARY: u8 = 8;

fn part(expr: &Expr, least: u8) -> String {
    if level(expr) < least { format!("({})", written(expr)) } else { written(expr) }
}

fn parts(list: &[Expr], joined: &str) -> String {
    list.iter().map(|expr| part(expr, NEGATION)).collect::<Vec<_>>().join(joined)
}

fn not(negated: bool) -> &'static str {
    if negated { "not " } else { "" }
}

fn label(task: &TaskRef) -> String {
    super::names::task_label(task)
}

fn names(list: &[Name]) -> String {
    list.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(", ")
}

fn one_or_list(list: &[Name]) -> String {
    match list {
        [one] => one.text.clone(),
        several => format!("({})", names(several)),
    }
}

fn unit_word(unit: Unit, number: Micro) -> &'static str {
    let one = number == Micro::ONE;
    match unit {
        Unit::Minutes if one => "minute",
        Unit::Minutes => "minutes",
        Unit::Hours if one => "hour",
        Unit::Hours => "hours",
        Unit::Days if one => "day",
        Unit::Days => "days",
        Unit::Weeks if one => "week",
        Unit::Weeks => "weeks",
        Unit::Months if one => "month",
        Unit::Months => "months",
        Unit::Years if one => "year",
        Unit::Years => "years",
    }
}
