//! Conditions with all their brackets, to compare trees by eye.

use crate::syntax::ast::*;

fn names(names: &[Name]) -> String {
    names.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn task(task: &TaskRef) -> String {
    match task {
        TaskRef::Number(number) => format!("#{number}"),
        TaskRef::Name(name) => format!("#{name}"),
    }
}

fn joined(word: &str, parts: &[Expr]) -> String {
    let parts: Vec<String> = parts.iter().map(outline).collect();
    format!("({word} {})", parts.join(" "))
}

/// `(and a (>= usage 10%))`.
pub(super) fn outline(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::YesNo(value) => if *value { "yes" } else { "no" }.to_owned(),
        ExprKind::Number(number) => number.to_string(),
        ExprKind::Percent(number) => format!("{number}%"),
        ExprKind::Date(date) => date.to_string(),
        ExprKind::Business(number, unit) => format!("{number}*business{unit:?}"),
        ExprKind::Duration(number, unit) => format!("{number}*{unit:?}"),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Service => "SERVICE".to_owned(),
        ExprKind::ThisService => "THIS".to_owned(),
        ExprKind::Round(name) => format!("ROUND{}", name.as_ref().map_or("", |name| &name.text)),
        ExprKind::Today => "TODAY".to_owned(),
        ExprKind::Not(inner) => format!("(not {})", outline(inner)),
        ExprKind::And(parts) => joined("and", parts),
        ExprKind::Or(parts) => joined("or", parts),
        ExprKind::List(parts) => joined("list", parts),
        ExprKind::Compare { operator, word, left, right } => {
            let operator = if *word { format!("is:{}", operator.symbol()) } else { operator.symbol().to_owned() };
            format!("({operator} {} {})", outline(left), outline(right))
        }
        ExprKind::InRange { negated, value, low, high } => format!(
            "({}range {} {} {})",
            if *negated { "not-" } else { "" },
            outline(value),
            outline(low),
            outline(high)
        ),
        ExprKind::InSet { negated, value, set } => {
            format!("({}in {} {})", if *negated { "not-" } else { "" }, outline(value), outline(set))
        }
        ExprKind::Sum(terms) => {
            let terms: Vec<String> = terms
                .iter()
                .map(|(sign, term)| format!("{}{}", if *sign == Sign::Plus { "+" } else { "-" }, outline(term)))
                .collect();
            format!("(sum {})", terms.join(" "))
        }
        ExprKind::Product(first, factors) => {
            let factors: Vec<String> =
                factors.iter().map(|(factor, with)| format!("{factor:?}:{}", outline(with))).collect();
            format!("(product {} {})", outline(first), factors.join(" "))
        }
        ExprKind::Negate(inner) => format!("(minus {})", outline(inner)),
        ExprKind::Choice(choices, last) => {
            let choices: Vec<String> =
                choices.iter().map(|(value, condition)| format!("{}?{}", outline(condition), outline(value))).collect();
            format!("(choice {} {})", choices.join(" "), outline(last))
        }
        ExprKind::Quantified { quantifier, group, condition } => format!(
            "({quantifier:?} {} {})",
            group.as_ref().map_or("*", |group| &group.text),
            condition.as_ref().map_or("*".to_owned(), |condition| outline(condition))
        ),
        ExprKind::CountOf(name) => format!("(size {})", name.text),
        ExprKind::DoneTask(id, _) => format!("(done {})", task(id)),
        ExprKind::TaskStatus { task: id, negated, status, .. } => {
            format!("({}status {} {})", if *negated { "not-" } else { "" }, task(id), status.words())
        }
        ExprKind::At(places) => format!("(at {})", names(places)),
        ExprKind::Happened(pattern) => format!("(happened {} [{}])", pattern.name.text, names(&pattern.kinds)),
        ExprKind::Sustained(condition, duration) => format!("(sustained {} {})", outline(condition), outline(duration)),
        ExprKind::Change(name, duration) => format!("(change {} {})", name.text, outline(duration)),
        ExprKind::InStage(duration) => format!("(in-stage {})", outline(duration)),
        ExprKind::Since(unit, SinceSubject::Name(name)) => format!("(since {unit:?} {})", name.text),
        ExprKind::Since(unit, SinceSubject::Task(id, _)) => format!("(since {unit:?} {})", task(id)),
        ExprKind::Unknown(name) => format!("(unknown {})", name.text),
        ExprKind::EndedAt(process, ends) => format!("(ended {} [{}])", process.text, names(ends)),
        ExprKind::Call { function, arguments, unit } => {
            let arguments: Vec<String> = arguments
                .iter()
                .map(|argument| {
                    let name = argument.name.as_ref().map(|name| format!("{}=", name.text)).unwrap_or_default();
                    format!("{name}{}", outline(&argument.value))
                })
                .collect();
            let unit = unit.map(|unit| format!("*{unit:?}")).unwrap_or_default();
            format!("({}! {}){unit}", function.text, arguments.join(" "))
        }
        ExprKind::ShareOfCustomers(share) => format!("(share {})", outline(share)),
        ExprKind::Between { low, high, mostly } => format!(
            "(between {} {} {})",
            outline(low),
            outline(high),
            mostly.as_ref().map_or("*".to_owned(), |mostly| outline(mostly))
        ),
        ExprKind::Usually { median, one_in, over } => {
            format!("(usually {} {one_in} {})", outline(median), outline(over))
        }
        ExprKind::Weighted(choices) => {
            let choices: Vec<String> =
                choices.iter().map(|(value, odds)| format!("{}:{}", outline(value), outline(odds))).collect();
            format!("(weighted {})", choices.join(" "))
        }
    }
}
