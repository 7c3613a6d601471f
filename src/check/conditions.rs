//! What can be told from the look of a condition, without knowing any fact.

use crate::model::expr::{Atom, Expr, Node};
use crate::model::{Playbook, ServiceId, Trigger};
use crate::syntax::ast::Comparison;
use crate::value::Value;

/// For which services a condition may hold, and for which it holds whatever else is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Services {
    pub possible: u128,
    pub certain: u128,
}

impl Services {
    const ANY: Services = Services { possible: u128::MAX, certain: 0 };

    fn exactly(services: u128) -> Services {
        Services { possible: services, certain: services }
    }
}

/// [`Services`] of each `let`. One that uses a later one is taken to say nothing.
pub(super) fn lets(playbook: &Playbook) -> Vec<Services> {
    let mut known = Vec::with_capacity(playbook.lets.len());
    for definition in &playbook.lets {
        let services = services(&definition.value, &known);
        known.push(services);
    }
    known
}

/// For which services a condition may hold, as far as it speaks of the track's service.
pub(super) fn services(condition: &Expr, lets: &[Services]) -> Services {
    match &condition.node {
        Node::Constant(Value::YesNo(true)) => Services::exactly(u128::MAX),
        Node::Constant(Value::YesNo(false)) => Services::exactly(0),
        Node::Let(id) => lets.get(id.index()).copied().unwrap_or(Services::ANY),
        Node::Not(part) => {
            let part = services(part, lets);
            Services { possible: !part.certain, certain: !part.possible }
        }
        Node::And(parts) => {
            parts.iter().map(|part| services(part, lets)).fold(Services::exactly(u128::MAX), |all, part| Services {
                possible: all.possible & part.possible,
                certain: all.certain & part.certain,
            })
        }
        Node::Or(parts) => parts.iter().map(|part| services(part, lets)).fold(Services::exactly(0), |all, part| {
            Services { possible: all.possible | part.possible, certain: all.certain | part.certain }
        }),
        Node::ServiceIn(service, set, _) if is_service(service) => Services::exactly(set.0),
        Node::Compare(Comparison::Equal, left, right) => match one_service(left, right) {
            Some(one) => Services::exactly(one),
            None => Services::ANY,
        },
        Node::Compare(Comparison::NotEqual, left, right) => match one_service(left, right) {
            Some(one) => Services::exactly(!one),
            None => Services::ANY,
        },
        Node::OneOf(service, list) if is_service(service) => {
            match list.iter().map(service_constant).collect::<Option<Vec<u128>>>() {
                Some(services) => Services::exactly(services.into_iter().fold(0, |all, one| all | one)),
                None => Services::ANY,
            }
        }
        _ => Services::ANY,
    }
}

fn is_service(value: &Expr) -> bool {
    matches!(value.node, Node::Atom(Atom::Service | Atom::ThisService))
}

fn service_constant(value: &Expr) -> Option<u128> {
    match value.node {
        Node::Constant(Value::Service(service)) => {
            Some(crate::model::ServiceSet::default().with(ServiceId(u32::from(service))).0)
        }
        _ => None,
    }
}

fn one_service(left: &Expr, right: &Expr) -> Option<u128> {
    if is_service(left) {
        service_constant(right)
    } else if is_service(right) {
        service_constant(left)
    } else {
        None
    }
}

/// Whether time alone may make it true: it looks at a clock, a date or the number of a round.
pub(super) fn looks_at_time(condition: &Expr, playbook: &Playbook) -> bool {
    let mut found = false;
    let mut look = |part: &Expr, lets: &mut Vec<usize>| match &part.node {
        Node::Atom(Atom::InStage(_) | Atom::Today(..) | Atom::Since(..) | Atom::Round(_)) => found = true,
        Node::Let(id) => lets.push(id.index()),
        _ => {}
    };
    let mut seen = std::collections::BTreeSet::new();
    let mut waiting = Vec::new();
    condition.walk(&mut |part| look(part, &mut waiting));
    while let Some(next) = waiting.pop() {
        if let Some(definition) = playbook.lets.get(next)
            && seen.insert(next)
        {
            definition.value.walk(&mut |part| look(part, &mut waiting));
        }
    }
    found
}

/// The guard of a transition, if it has one.
pub(super) fn guard(trigger: &Trigger) -> Option<&Expr> {
    match trigger {
        Trigger::Completion(guard) | Trigger::On(_, guard) => guard.as_ref(),
        Trigger::Whenever(guard) => Some(guard),
        Trigger::Otherwise | Trigger::After(_) | Trigger::AfterLastRound(_) => None,
    }
}

/// The parts that all have to hold: the condition itself, or the parts of its `and`.
pub(super) fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    match &condition.node {
        Node::And(parts) => parts.iter().flat_map(conjuncts).collect(),
        _ => vec![condition],
    }
}

/// Something that has to hold, or must not.
pub(super) type Literal<'a> = (bool, &'a Expr);

/// A condition without the `not`s in front.
pub(super) fn literal(condition: &Expr, holds: bool) -> Literal<'_> {
    match &condition.node {
        Node::Not(part) => literal(part, !holds),
        _ => (holds, condition),
    }
}

/// Whether two of them can plainly not hold at the same moment. False where it is not plain.
pub(super) fn contradict(one: Literal<'_>, other: Literal<'_>) -> bool {
    if same(one.1, other.1) {
        return one.0 != other.0;
    }
    let (Some(one), Some(other)) = (bounds(one), bounds(other)) else { return false };
    same(one.0, other.0) && (one.1 > other.2 || other.1 > one.2)
}

/// A comparison with a constant number or choice, as the lowest and highest it allows (in millionths).
fn bounds((holds, condition): Literal<'_>) -> Option<(&Expr, i128, i128)> {
    let Node::Compare(comparison, left, right) = &condition.node else { return None };
    let value = match &right.node {
        Node::Constant(Value::Number(number)) => i128::from(number.0),
        Node::Constant(Value::Choice(choice)) => i128::from(*choice),
        Node::Constant(Value::YesNo(yes)) => i128::from(*yes),
        _ => return None,
    };
    let (low, high) = match (comparison, holds) {
        (Comparison::Equal, true) | (Comparison::NotEqual, false) => (value, value),
        (Comparison::Less, true) | (Comparison::GreaterOrEqual, false) => (i128::MIN, value - 1),
        (Comparison::LessOrEqual, true) | (Comparison::Greater, false) => (i128::MIN, value),
        (Comparison::Greater, true) | (Comparison::LessOrEqual, false) => (value + 1, i128::MAX),
        (Comparison::GreaterOrEqual, true) | (Comparison::Less, false) => (value, i128::MAX),
        _ => return None,
    };
    Some((left, low, high))
}

/// Whether two conditions say the same in the same words.
fn same(one: &Expr, other: &Expr) -> bool {
    let both = |one: &[Expr], other: &[Expr]| {
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
    };
    match (&one.node, &other.node) {
        (Node::Constant(one), Node::Constant(other)) => one == other,
        (Node::Parameter(one), Node::Parameter(other)) => one == other,
        (Node::Let(one), Node::Let(other)) => one == other,
        (Node::Atom(Atom::Since(..) | Atom::Today(..)), _) => false,
        (Node::Atom(one), Node::Atom(other)) => one == other,
        (Node::Not(one), Node::Not(other)) | (Node::Negate(one), Node::Negate(other)) => same(one, other),
        (Node::And(one), Node::And(other)) | (Node::Or(one), Node::Or(other)) => both(one, other),
        (Node::Compare(one, a, b), Node::Compare(other, c, d)) => one == other && same(a, c) && same(b, d),
        (Node::InRange(a, b, c), Node::InRange(d, e, f)) => same(a, d) && same(b, e) && same(c, f),
        (Node::OneOf(one, list), Node::OneOf(other, others)) => same(one, other) && both(list, others),
        (Node::ServiceIn(one, set, _), Node::ServiceIn(other, others, _)) => set == others && same(one, other),
        (Node::InSet(a, b), Node::InSet(c, d)) | (Node::PercentOf(a, b), Node::PercentOf(c, d)) => {
            same(a, c) && same(b, d)
        }
        _ => false,
    }
}
