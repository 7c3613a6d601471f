//! Conditions and values.

use super::Builder;
use crate::diagnostic::{Diagnostic, MIXED_AND_OR, SYNTAX_ERROR};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use pest::iterators::{Pair, Pairs};
use std::iter::Peekable;

type Tokens<'i> = Peekable<Pairs<'i, Rule>>;

fn next_is(tokens: &mut Tokens<'_>, rule: Rule) -> bool {
    tokens.peek().is_some_and(|pair| pair.as_rule() == rule)
}

fn take(tokens: &mut Tokens<'_>, rule: Rule) -> bool {
    next_is(tokens, rule) && tokens.next().is_some()
}

fn is_list(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::List(_))
}

impl Builder<'_> {
    /// An `expr`, a `value`, or one of the primary forms.
    pub fn expression(&mut self, pair: Pair<'_, Rule>) -> Expr {
        match pair.as_rule() {
            Rule::expr | Rule::value | Rule::quantity | Rule::literal => {
                let span = self.span(&pair);
                self.choice(&mut pair.into_inner().peekable(), span)
            }
            _ => self.primary(pair),
        }
    }

    /// `a if c else b if d else e`.
    fn choice(&mut self, tokens: &mut Tokens<'_>, whole: Span) -> Expr {
        let first = self.logic(tokens, whole);
        if !next_is(tokens, Rule::kw_if) {
            return first;
        }
        let mut choices = Vec::new();
        let mut value = self.no_list(first);
        while take(tokens, Rule::kw_if) {
            let condition = self.logic(tokens, whole);
            let condition = self.no_list(condition);
            take(tokens, Rule::kw_else);
            choices.push((value, condition));
            value = self.logic(tokens, whole);
            value = self.no_list(value);
        }
        let start = choices.first().map_or(value.span, |(first, _)| first.span);
        let span = start.to(value.span);
        Expr { kind: ExprKind::Choice(choices, Box::new(value)), span }
    }

    /// A chain of `and` or of `or`. Where both stand in one chain the author is asked for brackets.
    fn logic(&mut self, tokens: &mut Tokens<'_>, whole: Span) -> Expr {
        let first = self.negation(tokens, whole);
        let mut alternatives: Vec<Vec<Expr>> = Vec::new();
        let mut group = vec![first];
        let (mut has_and, mut mixed_at) = (false, None);
        while let Some(operator) = tokens.next_if(|pair| matches!(pair.as_rule(), Rule::kw_and | Rule::kw_or)) {
            if operator.as_rule() == Rule::kw_or {
                if has_and && mixed_at.is_none() {
                    mixed_at = Some(self.span(&operator));
                }
                alternatives.push(std::mem::take(&mut group));
            } else {
                has_and = true;
                if !alternatives.is_empty() && mixed_at.is_none() {
                    mixed_at = Some(self.span(&operator));
                }
            }
            let next = self.negation(tokens, whole);
            group.push(next);
        }
        if let Some(place) = mixed_at {
            self.mixed(place, &alternatives, &group);
        }
        alternatives.push(group);
        let mut operands: Vec<Expr> = alternatives.into_iter().filter_map(|group| self.joined(group, true)).collect();
        if operands.len() == 1 {
            return operands.pop().unwrap_or(Expr { kind: ExprKind::YesNo(false), span: whole });
        }
        self.joined(operands, false).unwrap_or(Expr { kind: ExprKind::YesNo(false), span: whole })
    }

    fn joined(&mut self, mut operands: Vec<Expr>, and: bool) -> Option<Expr> {
        if operands.len() < 2 {
            return operands.pop();
        }
        let mut operands: Vec<Expr> = operands.into_iter().map(|operand| self.no_list(operand)).collect();
        operands.shrink_to_fit();
        let span = operands.first()?.span.to(operands.last()?.span);
        let kind = if and { ExprKind::And(operands) } else { ExprKind::Or(operands) };
        Some(Expr { kind, span })
    }

    fn mixed(&mut self, place: Span, alternatives: &[Vec<Expr>], last: &[Expr]) {
        let written = |group: &[Expr]| {
            let parts: Vec<&str> = group
                .iter()
                .map(|part| self.text.get(part.span.start as usize..part.span.end as usize).unwrap_or_default())
                .collect();
            if parts.len() > 1 { format!("({})", parts.join(" and ")) } else { parts.join("") }
        };
        let mut reading: Vec<String> = alternatives.iter().map(|group| written(group)).collect();
        reading.push(written(last));
        let reading = reading.join(" or ");
        let help = if reading.len() <= 200 && !reading.contains('\n') {
            format!("Say which belong together with brackets, for example `{reading}`")
        } else {
            "Say which belong together with brackets".to_owned()
        };
        self.problem(
            Diagnostic::new(&MIXED_AND_OR, place, "`and` and `or` stand in one condition without brackets").help(help),
        );
    }

    /// `not not x` is `x`.
    fn negation(&mut self, tokens: &mut Tokens<'_>, whole: Span) -> Expr {
        let mut negated = false;
        let mut start = None;
        while let Some(not) = tokens.next_if(|pair| pair.as_rule() == Rule::kw_not) {
            negated = !negated;
            start.get_or_insert(self.span(&not));
        }
        let operand = self.sustained(tokens, whole);
        let Some(start) = start else { return operand };
        let operand = self.no_list(operand);
        let span = start.to(operand.span);
        if negated { Expr { kind: ExprKind::Not(Box::new(operand)), span } } else { Expr { span, ..operand } }
    }

    fn sustained(&mut self, tokens: &mut Tokens<'_>, whole: Span) -> Expr {
        let condition = self.comparison(tokens, whole);
        if !take(tokens, Rule::kw_for) {
            return condition;
        }
        let condition = self.no_list(condition);
        let duration = self.operand(tokens, whole);
        let span = condition.span.to(duration.span);
        Expr { kind: ExprKind::Sustained(Box::new(condition), Box::new(duration)), span }
    }

    fn comparison(&mut self, tokens: &mut Tokens<'_>, whole: Span) -> Expr {
        let left = self.sum(tokens, whole);
        let Some(rule) = tokens.peek().map(Pair::as_rule) else { return left };
        match rule {
            Rule::compare_operator => {
                let left = self.no_list(left);
                let operator = self.compare_operator(tokens);
                let right = self.sum(tokens, whole);
                compare(operator, false, left, right)
            }
            Rule::kw_is => {
                tokens.next();
                let left = self.no_list(left);
                let negated = take(tokens, Rule::kw_not);
                let right = self.sum(tokens, whole);
                compare(if negated { Comparison::NotEqual } else { Comparison::Equal }, true, left, right)
            }
            Rule::kw_in | Rule::kw_not => {
                let negated = take(tokens, Rule::kw_not);
                take(tokens, Rule::kw_in);
                let left = self.no_list(left);
                self.membership(tokens, negated, left, whole)
            }
            _ => left,
        }
    }

    fn compare_operator(&mut self, tokens: &mut Tokens<'_>) -> Comparison {
        let Some(pair) = tokens.next() else { return Comparison::Equal };
        match pair.as_str() {
            "<=" => Comparison::LessOrEqual,
            ">=" => Comparison::GreaterOrEqual,
            "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            ">" => Comparison::Greater,
            "==" => {
                let span = self.span(&pair);
                self.problem(
                    Diagnostic::new(&SYNTAX_ERROR, span, "`==` is not a sign of the language")
                        .help("Equality is written with one `=`"),
                );
                Comparison::Equal
            }
            _ => Comparison::Equal,
        }
    }

    /// A range, a list (of one, too), a group or a fact that is a set.
    fn membership(&mut self, tokens: &mut Tokens<'_>, negated: bool, value: Expr, whole: Span) -> Expr {
        let bracketed = next_is(tokens, Rule::parenthesised);
        let opening = tokens.peek().map(|pair| self.span(pair));
        let right = self.sum(tokens, whole);
        let value = Box::new(value);
        if take(tokens, Rule::dots) {
            let low = self.no_list(right);
            let high = self.sum(tokens, whole);
            let high = self.no_list(high);
            let span = value.span.to(high.span);
            return Expr { kind: ExprKind::InRange { negated, value, low: Box::new(low), high: Box::new(high) }, span };
        }
        // `in (teams)` is a list of one, unless the bracket was only the beginning of a sum.
        let alone = bracketed && opening == Some(right.span);
        let set = if alone && !is_list(&right) {
            let span = right.span;
            Expr { kind: ExprKind::List(vec![right]), span }
        } else {
            right
        };
        let span = value.span.to(set.span);
        Expr { kind: ExprKind::InSet { negated, value, set: Box::new(set) }, span }
    }

    fn sum(&mut self, tokens: &mut Tokens<'_>, whole: Span) -> Expr {
        let first = self.product(tokens, whole);
        if !next_is(tokens, Rule::sum_operator) {
            return first;
        }
        let mut last = first.span;
        let start = first.span;
        let mut terms = vec![(Sign::Plus, self.no_list(first))];
        while let Some(operator) = tokens.next_if(|pair| pair.as_rule() == Rule::sum_operator) {
            let sign = if operator.as_str() == "-" { Sign::Minus } else { Sign::Plus };
            let term = self.product(tokens, whole);
            last = term.span;
            terms.push((sign, self.no_list(term)));
        }
        Expr { kind: ExprKind::Sum(terms), span: start.to(last) }
    }

    fn product(&mut self, tokens: &mut Tokens<'_>, whole: Span) -> Expr {
        let first = self.unary(tokens, whole);
        if !next_is(tokens, Rule::product_operator) {
            return first;
        }
        let start = first.span;
        let mut last = start;
        let first = self.no_list(first);
        let mut factors = Vec::new();
        while let Some(operator) = tokens.next_if(|pair| pair.as_rule() == Rule::product_operator) {
            let factor = match operator.as_str() {
                "*" => Factor::Times,
                "/" => Factor::Divide,
                _ => Factor::Of,
            };
            let operand = self.unary(tokens, whole);
            last = operand.span;
            factors.push((factor, self.no_list(operand)));
        }
        Expr { kind: ExprKind::Product(Box::new(first), factors), span: start.to(last) }
    }

    /// `- - x` is `x`.
    fn unary(&mut self, tokens: &mut Tokens<'_>, whole: Span) -> Expr {
        let mut negative = false;
        let mut start = None;
        while let Some(minus) = tokens.next_if(|pair| pair.as_rule() == Rule::minus) {
            negative = !negative;
            start.get_or_insert(self.span(&minus));
        }
        let operand = self.operand(tokens, whole);
        let Some(start) = start else { return operand };
        let operand = self.no_list(operand);
        let span = start.to(operand.span);
        if negative { Expr { kind: ExprKind::Negate(Box::new(operand)), span } } else { Expr { span, ..operand } }
    }

    fn operand(&mut self, tokens: &mut Tokens<'_>, whole: Span) -> Expr {
        let Some(pair) = tokens.next() else { return Expr { kind: ExprKind::YesNo(false), span: whole } };
        let rest = tokens.next_if(|pair| matches!(pair.as_rule(), Rule::call | Rule::ended));
        let Some(rest) = rest else { return self.primary(pair) };
        let name = self.name(&pair);
        let span = name.span.to(self.span(&rest));
        let kind = if rest.as_rule() == Rule::call {
            self.call(name, rest)
        } else {
            ExprKind::EndedAt(name, self.names(rest))
        };
        Expr { kind, span }
    }

    /// A list is no operand.
    fn no_list(&mut self, expr: Expr) -> Expr {
        if !is_list(&expr) {
            return expr;
        }
        self.problem(
            Diagnostic::new(&SYNTAX_ERROR, expr.span, "a list cannot be part of a condition or calculation")
                .help("A list stands after `in`: `service in (teams, yammer)`"),
        );
        Expr { kind: ExprKind::YesNo(false), span: expr.span }
    }

    fn primary(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::parenthesised => return self.parenthesised(pair, span),
            Rule::expr | Rule::value | Rule::quantity => return self.expression(pair),
            Rule::number => ExprKind::Number(self.number(&pair)),
            Rule::percent => ExprKind::Percent(self.number(&pair)),
            Rule::date => ExprKind::Date(self.date(&pair).0),
            Rule::duration => self.duration(pair),
            Rule::business_time => self.business_time(pair),
            Rule::string => ExprKind::Text(self.literal(&pair).text),
            Rule::yes_no => ExprKind::YesNo(pair.as_str().starts_with('y')),
            Rule::name => ExprKind::Name(pair.as_str().to_owned()),
            Rule::service_word => ExprKind::Service,
            Rule::this_service => ExprKind::ThisService,
            Rule::today => ExprKind::Today,
            Rule::round => ExprKind::Round(self.names(pair).into_iter().next()),
            Rule::quantified => self.quantified(pair, span),
            Rule::count_of => ExprKind::CountOf(self.first_name(pair)),
            Rule::in_stage => ExprKind::InStage(Box::new(self.some_expression(pair))),
            Rule::task_status => self.task_status(pair),
            Rule::done_task => {
                let (task, place) = self.inner_task(pair);
                ExprKind::DoneTask(task, place)
            }
            Rule::at_place => ExprKind::At(self.names(pair)),
            Rule::happened => ExprKind::Happened(self.inner_pattern(pair)),
            Rule::change_of => {
                let name = self.first_name(pair.clone());
                ExprKind::Change(name, Box::new(self.some_expression(pair)))
            }
            Rule::since => self.since(pair),
            Rule::unknown => ExprKind::Unknown(self.first_name(pair)),
            Rule::share_of_customers => {
                let share = pair.into_inner().next().map(|percent| self.primary(percent));
                ExprKind::ShareOfCustomers(Box::new(share.unwrap_or(Expr { kind: ExprKind::YesNo(false), span })))
            }
            Rule::between => self.between(pair, span),
            Rule::usually => self.usually(pair, span),
            Rule::weighted => self.weighted(pair),
            _ => ExprKind::YesNo(false),
        };
        Expr { kind, span }
    }

    fn parenthesised(&mut self, pair: Pair<'_, Rule>, span: Span) -> Expr {
        let mut comma = None;
        let mut values = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::comma => comma = Some(()),
                Rule::expr => values.push(self.expression(part)),
                _ => {}
            }
        }
        match (comma, values.pop()) {
            // The brackets belong to the place of the value.
            (None, Some(value)) => Expr { span, ..value },
            (_, last) => {
                values.extend(last);
                let values = values.into_iter().map(|value| self.no_list(value)).collect();
                Expr { kind: ExprKind::List(values), span }
            }
        }
    }

    fn duration(&mut self, pair: Pair<'_, Rule>) -> ExprKind {
        let (mut number, mut unit) = (Micro(0), Unit::Days);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::number => number = self.number(&part),
                Rule::unit => unit = Builder::unit(&part),
                _ => {}
            }
        }
        ExprKind::Duration(number, unit)
    }

    fn business_time(&mut self, pair: Pair<'_, Rule>) -> ExprKind {
        let (mut number, mut unit) = (Micro(0), BusinessUnit::Days);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::number => number = self.number(&part),
                Rule::unit => unit = self.business_unit(&part),
                _ => {}
            }
        }
        ExprKind::Business(number, unit)
    }

    fn quantified(&mut self, pair: Pair<'_, Rule>, span: Span) -> ExprKind {
        let (mut quantifier, mut group, mut condition) = (Quantifier::All, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::quantifier => {
                    quantifier = match part.as_str().trim_end() {
                        "any" => Quantifier::Any,
                        "no" => Quantifier::No,
                        "count" => Quantifier::Count,
                        _ => Quantifier::All,
                    }
                }
                Rule::name => group = Some(self.name(&part)),
                Rule::expr => {
                    let inner = self.expression(part);
                    condition = Some(Box::new(self.no_list(inner)));
                }
                _ => {}
            }
        }
        if condition.is_none() && quantifier != Quantifier::Count {
            let word = match quantifier {
                Quantifier::Any => "any",
                Quantifier::No => "no",
                _ => "all",
            };
            self.problem(
                Diagnostic::new(&SYNTAX_ERROR, span, format!("`{word} services` does not say what is asked of them"))
                    .help(format!("Add a condition: `{word} services where (enabled)`")),
            );
            condition = Some(Box::new(Expr { kind: ExprKind::YesNo(true), span }));
        }
        ExprKind::Quantified { quantifier, group, condition }
    }

    fn inner_task(&mut self, pair: Pair<'_, Rule>) -> (TaskRef, Span) {
        let span = self.span(&pair);
        pair.into_inner()
            .find(|part| part.as_rule() == Rule::task_ref)
            .map_or((TaskRef::Number(0), span), |part| self.task_ref(part))
    }

    fn task_status(&mut self, pair: Pair<'_, Rule>) -> ExprKind {
        let (task, task_span) = self.inner_task(pair.clone());
        let (mut negated, mut status) = (false, TaskStatus::NotStarted);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_not => negated = true,
                Rule::status => status = Builder::status(part),
                _ => {}
            }
        }
        ExprKind::TaskStatus { task, task_span, negated, status }
    }

    pub(super) fn inner_pattern(&mut self, pair: Pair<'_, Rule>) -> EventPattern {
        let pattern = pair.into_inner().find(|part| part.as_rule() == Rule::event_pattern);
        let mut names = pattern.map(|pattern| self.names(pattern)).unwrap_or_default().into_iter();
        let name = names.next().unwrap_or_default();
        EventPattern { name, kinds: names.collect() }
    }

    fn since(&mut self, pair: Pair<'_, Rule>) -> ExprKind {
        let (mut unit, mut subject) = (SinceUnit::Time(Unit::Days), SinceSubject::Name(Name::default()));
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::since_unit => {
                    let business = part.as_str().starts_with("business");
                    if let Some(inner) = part.into_inner().find(|part| part.as_rule() == Rule::unit) {
                        unit = match business {
                            true => SinceUnit::Business(self.business_unit(&inner)),
                            false => SinceUnit::Time(Builder::unit(&inner)),
                        };
                    }
                }
                Rule::task_ref => {
                    let (task, place) = self.task_ref(part);
                    subject = SinceSubject::Task(task, place);
                }
                Rule::name => subject = SinceSubject::Name(self.name(&part)),
                _ => {}
            }
        }
        ExprKind::Since(unit, subject)
    }

    fn business_unit(&mut self, pair: &Pair<'_, Rule>) -> BusinessUnit {
        match Builder::unit(pair) {
            Unit::Days => BusinessUnit::Days,
            Unit::Hours => BusinessUnit::Hours,
            _ => {
                let message = "only days and hours can be counted in business time";
                self.problem(
                    Diagnostic::new(&SYNTAX_ERROR, self.span(pair), message).help(
                        "Write `5 business days` or `4 business hours`; a condition says `business days since …`",
                    ),
                );
                BusinessUnit::Days
            }
        }
    }

    fn call(&mut self, function: Name, pair: Pair<'_, Rule>) -> ExprKind {
        let (mut arguments, mut unit, mut business) = (Vec::new(), None, false);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_business => business = true,
                Rule::unit if business => unit = Some(CallUnit::Business(self.business_unit(&part))),
                Rule::unit => unit = Some(CallUnit::Time(Builder::unit(&part))),
                Rule::argument => {
                    let (mut name, mut value) = (None, None);
                    for part in part.into_inner() {
                        match part.as_rule() {
                            Rule::argument_name => name = Some(self.first_name(part)),
                            Rule::expr => {
                                let inner = self.expression(part);
                                value = Some(self.no_list(inner));
                            }
                            _ => {}
                        }
                    }
                    arguments.extend(value.map(|value| Argument { name, value }));
                }
                _ => {}
            }
        }
        ExprKind::Call { function, arguments, unit }
    }

    fn quantities(&mut self, pair: Pair<'_, Rule>) -> impl Iterator<Item = Expr> + use<> {
        let quantities: Vec<Expr> = pair
            .into_inner()
            .filter(|part| part.as_rule() == Rule::quantity)
            .map(|part| self.expression(part))
            .collect();
        quantities.into_iter()
    }

    fn between(&mut self, pair: Pair<'_, Rule>, span: Span) -> ExprKind {
        let mut quantities = self.quantities(pair).map(Box::new);
        let missing = || Box::new(Expr { kind: ExprKind::YesNo(false), span });
        let low = quantities.next().unwrap_or_else(missing);
        let high = quantities.next().unwrap_or_else(missing);
        ExprKind::Between { low, high, mostly: quantities.next() }
    }

    fn usually(&mut self, pair: Pair<'_, Rule>, span: Span) -> ExprKind {
        let mut one_in = 10;
        for part in pair.clone().into_inner().filter(|part| part.as_rule() == Rule::integer) {
            let place = self.span(&part);
            one_in = u32::try_from(self.whole(part.as_str(), place)).unwrap_or(u32::MAX);
        }
        let mut quantities = self.quantities(pair).map(Box::new);
        let missing = || Box::new(Expr { kind: ExprKind::YesNo(false), span });
        let median = quantities.next().unwrap_or_else(missing);
        let over = quantities.next().unwrap_or_else(missing);
        ExprKind::Usually { median, one_in, over }
    }

    fn weighted(&mut self, pair: Pair<'_, Rule>) -> ExprKind {
        let mut choices = Vec::new();
        for weight in pair.into_inner().filter(|part| part.as_rule() == Rule::weight) {
            let mut parts = weight.into_inner();
            if let (Some(value), Some(odds)) = (parts.next(), parts.next()) {
                choices.push((self.primary(value), self.primary(odds)));
            }
        }
        ExprKind::Weighted(choices)
    }
}

fn compare(operator: Comparison, word: bool, left: Expr, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    Expr { kind: ExprKind::Compare { operator, word, left: Box::new(left), right: Box::new(right) }, span }
}
