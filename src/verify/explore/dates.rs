//! Conditions on dates, as facts: `today > 2020-06-30` is false or true, or unknown where the journey has no dates, and may
//! change whenever time passes. Nothing says when: so what is seen is at least everything there is.

use crate::model::{
    Atom, Expr, Fact, FactId, FactScope, Named, Node, Playbook, Since, Text, Trigger, Type, Volatility, Work,
};
use crate::syntax::ast::Comparison;

/// Puts a fact in the place of each condition on a date. Those that a task or an event begins to count are left as they are.
pub fn dates_as_facts(playbook: &mut Playbook) {
    let mut known: Vec<Expr> = Vec::new();
    let mut facts = playbook.facts.clone();
    let mut guards: Vec<&mut Expr> = Vec::new();
    guards.extend(playbook.transitions.iter_mut().filter_map(|known| match &mut known.trigger {
        Trigger::Completion(guard) | Trigger::On(_, guard) => guard.as_mut(),
        Trigger::Whenever(guard) => Some(guard),
        Trigger::Otherwise | Trigger::After(_) | Trigger::AfterLastRound(_) => None,
    }));
    guards.extend(playbook.lets.iter_mut().map(|known| &mut known.value));
    guards.extend(playbook.sustained.iter_mut().map(|known| &mut known.condition));
    guards.extend(playbook.offers.iter_mut().filter_map(|offer| offer.when.as_mut()));
    let inputs = playbook.scopes.iter_mut().flat_map(|scope| &mut scope.inputs);
    guards.extend(inputs.filter_map(|input| input.condition.as_mut()));
    for stage in &mut playbook.stages {
        guards.extend(stage.needs.iter_mut().map(|needs| &mut needs.condition));
        values(&mut stage.body, &mut guards);
    }
    playbook.cadences.iter_mut().for_each(|cadence| values(&mut cadence.body, &mut guards));
    guards.into_iter().for_each(|guard| replace(guard, &mut known, &mut facts));
    playbook.facts = facts;
}

fn values<'a>(body: &'a mut [Work], all: &mut Vec<&'a mut Expr>) {
    for work in body {
        match work {
            Work::Set(assignment) => all.push(&mut assignment.value),
            Work::Together(inner) => values(inner, all),
            Work::Task(_) | Work::Step(_) => {}
        }
    }
}

fn replace(expr: &mut Expr, known: &mut Vec<Expr>, facts: &mut Vec<Fact>) {
    let dated = match &expr.node {
        Node::Atom(Atom::Today(..) | Atom::Since(_, Since::Fact(_), ..)) => scope(expr, facts),
        _ => None,
    };
    let Some(scope) = dated else { return expr.parts_mut(&mut |part| replace(part, known, facts)) };
    // What one condition says the other denies: they are one fact.
    let (mut positive, mut denied) = (expr.clone(), false);
    if let Node::Atom(Atom::Today(comparison, _) | Atom::Since(_, _, comparison, _)) = &mut positive.node {
        let other = match comparison {
            Comparison::Less => Some(Comparison::GreaterOrEqual),
            Comparison::LessOrEqual => Some(Comparison::Greater),
            Comparison::NotEqual => Some(Comparison::Equal),
            _ => None,
        };
        denied = other.is_some();
        *comparison = other.unwrap_or(*comparison);
    }
    let first = facts.len() - known.len();
    let number = known.iter().position(|known| same(known, &positive)).unwrap_or_else(|| {
        let slot = facts.iter().filter(|fact| fact.scope == scope).count();
        let text = Text { main: String::new(), translations: Vec::new() };
        facts.push(Fact {
            name: Named { name: "the date".to_owned(), span: expr.span, text },
            scope,
            slot,
            kind: Type::YesNo,
            volatility: Volatility::Live,
            range: None,
            default: None,
        });
        known.push(positive);
        known.len() - 1
    });
    let fact = Node::Atom(Atom::Fact(FactId((first + number) as u32)));
    expr.node =
        if denied { Node::Not(Box::new(Expr { node: fact, kind: Type::YesNo, span: expr.span })) } else { fact };
}

/// Whether two conditions are the same but for where they stand.
fn same(one: &Expr, other: &Expr) -> bool {
    let bare = |expr: &Expr| {
        fn strip(expr: &mut Expr) {
            expr.span = crate::source::Span::default();
            expr.parts_mut(&mut strip);
        }
        let mut bare = expr.clone();
        strip(&mut bare);
        bare
    };
    bare(one) == bare(other)
}

/// Whose the fact is: the customer's where it looks at facts of the customer alone. None where that cannot be told.
fn scope(expr: &Expr, facts: &[Fact]) -> Option<FactScope> {
    let (mut scope, mut plain) = (FactScope::Customer, true);
    expr.walk(&mut |part| match &part.node {
        Node::Atom(Atom::Fact(fact) | Atom::Since(_, Since::Fact(fact), ..)) => {
            scope = if scope == FactScope::Service { scope } else { facts[fact.index()].scope };
        }
        Node::Let(_) | Node::Quantified(..) => plain = false,
        Node::Atom(Atom::Today(..)) => {}
        Node::Atom(_) => plain = false,
        _ => {}
    });
    plain.then_some(scope)
}
