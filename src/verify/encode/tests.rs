//! The encoding against the interpreter's own evaluator, on domains small enough to try every customer.

use super::formula::{Variable, Whose};
use super::{Assignment, Chosen, Lowering, Outlook, Prepared, Space};
use crate::model::resolve::resolve;
use crate::model::{CUSTOMER, Document, Expr, FactId, FactScope, ServiceId, ServiceSet, Trigger, Type};
use crate::run::evaluate::View;
use crate::run::{Customer, Machine, State};
use crate::source::Sources;
use crate::syntax::parse;
use crate::value::{Micro, Value};
use crate::verify::kernel::BUDGET;
use proptest::prelude::*;

pub(crate) fn document(text: &str) -> Document {
    let mut sources = Sources::new();
    let id = sources.add("test.play", text);
    let (file, found) = parse(sources.get(id).expect("just added"), id);
    assert!(found.is_empty(), "{text}\n{found:?}");
    let (documents, found) = resolve(&file, &[]);
    assert!(found.iter().all(|found| found.severity != crate::diagnostic::Severity::Error), "{text}\n{found:?}");
    documents.into_iter().next().expect("a playbook")
}

/// A playbook whose start has this guard.
fn guarded(facts: &str, guard: &str) -> Document {
    document(&format!(
        "playbook p {{ services {{ teams yammer }} {facts} start -> x when {guard} -> y otherwise
         end x success end y success }}"
    ))
}

fn guard(document: &Document) -> &Expr {
    let mut guards = document.playbook.transitions.iter().filter_map(|transition| match &transition.trigger {
        Trigger::Completion(Some(guard)) => Some(guard),
        _ => None,
    });
    guards.next_back().expect("a guard")
}

const FACTS: &str = "facts of the customer { a : yes/no  x : int in 0..3  y : int in 0..3  p : percent in 0%..0.000002%
      t : one of (red, green, blue)  s : set of (m, n) }
    facts of each service { u : int in 0..1  live_now : yes/no }";

/// Every customer there can be; facts may be unknown where that is asked.
fn everybody(document: &Document, machine: &Machine, unknown: &[FactId]) -> Vec<Customer> {
    let playbook = &document.playbook;
    let values = |fact: &crate::model::Fact, id: usize| -> Vec<Option<Value>> {
        let mut values: Vec<Option<Value>> = match (&fact.kind, &fact.range) {
            (Type::YesNo, _) => [true, false].map(|yes| Some(Value::YesNo(yes))).to_vec(),
            (Type::OneOf(values), _) => (0..values.len() as u16).map(|value| Some(Value::Choice(value))).collect(),
            (Type::SetOf(values), _) => (0..1 << values.len()).map(|set| Some(Value::Set(set))).collect(),
            (kind, Some((Value::Number(low), Value::Number(high)))) => {
                let step = if *kind == Type::Percent { 1 } else { 1_000_000 };
                (low.0 / step..=high.0 / step).map(|number| Some(Value::Number(Micro(number * step)))).collect()
            }
            other => panic!("not small: {other:?}"),
        };
        if unknown.contains(&FactId(id as u32)) {
            values.push(None);
        }
        values
    };
    let mut customers = vec![Customer::new(machine, "c")];
    for (id, fact) in playbook.facts.iter().enumerate().filter(|(_, fact)| fact.scope == FactScope::Customer) {
        customers = customers
            .into_iter()
            .flat_map(|customer| {
                values(fact, id).into_iter().map(move |value| {
                    let mut customer = customer.clone();
                    customer.facts[fact.slot] = value;
                    customer
                })
            })
            .collect();
    }
    let of_service: Vec<(usize, &crate::model::Fact)> =
        playbook.facts.iter().enumerate().filter(|(_, fact)| fact.scope == FactScope::Service).collect();
    for service in 0..playbook.services.len() as u32 {
        let mut next = Vec::new();
        for customer in customers {
            next.push(customer.clone());
            let mut with = vec![customer];
            for (id, fact) in &of_service {
                with = with
                    .into_iter()
                    .flat_map(|customer| {
                        values(fact, *id).into_iter().map(move |value| {
                            let mut customer = customer.clone();
                            customer.services[service as usize][fact.slot] = value;
                            customer
                        })
                    })
                    .collect();
            }
            next.extend(with.into_iter().map(|mut customer| {
                customer.intended = customer.intended.with(ServiceId(service));
                customer
            }));
        }
        customers = next;
    }
    customers
}

/// The customer an assignment speaks of.
fn customer(machine: &Machine, space: &Space<'_>, assignment: &Assignment) -> Customer {
    let mut customer = Customer::new(machine, "c");
    let playbook = &machine.playbook;
    // What is not mentioned is known, and something.
    let value = |id: FactId, whose: Whose| match assignment.flag(&Variable::Unknown(id, whose)) {
        Some(true) => None,
        _ => assignment.fact(space, id, whose).or(match playbook.facts[id.index()].kind {
            Type::YesNo => Some(Value::YesNo(false)),
            Type::OneOf(_) => Some(Value::Choice(0)),
            Type::SetOf(_) => Some(Value::Set(0)),
            _ => Some(Value::Number(Micro(0))),
        }),
    };
    for (id, fact) in playbook.facts.iter().enumerate() {
        let id = FactId(id as u32);
        match fact.scope {
            FactScope::Customer => customer.facts[fact.slot] = value(id, Whose::Customer),
            FactScope::Service => {
                for service in 0..playbook.services.len() as u32 {
                    customer.services[service as usize][fact.slot] = value(id, Whose::Of(ServiceId(service)));
                }
            }
        }
    }
    for service in 0..playbook.services.len() as u32 {
        if assignment.flag(&Variable::Intended(ServiceId(service))) == Some(true) {
            customer.intended = customer.intended.with(ServiceId(service));
        }
    }
    customer
}

fn evaluate(machine: &Machine, customer: &Customer, condition: &Expr) -> Option<bool> {
    let state = State::new(machine, customer);
    View { machine, state: &state, track: 0, service: None, outside: false }.truth(condition)
}

/// Whether every set says of every customer what the evaluator says.
fn agrees(facts: &str, text: &str) {
    let document = guarded(facts, text);
    let guard = guard(&document);
    let machine = Machine::new(document.playbook.clone());
    let prepared = Prepared::new(&document.playbook, []);
    let mut lowering = Lowering::new(&prepared, Outlook::start(&document.playbook, CUSTOMER));
    lowering.ask(guard);
    let unknown: Vec<FactId> = lowering.asked.iter().copied().collect();
    let truth = lowering.condition(guard);
    let mut space = Space::new(lowering, BUDGET).expect("within the budget");
    let (holds, fails) = (space.set(truth.holds).unwrap(), space.set(truth.fails).unwrap());
    let neither = space.kernel.any([holds, fails]).unwrap().not();
    let everybody = everybody(&document, &machine, &unknown);
    let known: Vec<Option<bool>> = everybody.iter().map(|customer| evaluate(&machine, customer, guard)).collect();
    for (set, wanted) in [(holds, Some(true)), (fails, Some(false)), (neither, None)] {
        let possible = known.contains(&wanted);
        assert_eq!(space.satisfiable(set).unwrap(), possible, "{text} can be {wanted:?}");
        if let Some(plain) = space.plainest(set).unwrap() {
            let customer = customer(&machine, &space, &plain);
            assert_eq!(evaluate(&machine, &customer, guard), wanted, "{text}: {plain:?}");
        }
    }
}

#[test]
fn conditions_of_every_form_mean_what_the_evaluator_says() {
    for text in [
        "a",
        "not a and x < 3",
        "x in 1..3 or x = 4",
        "x < y",
        "x <= y and y < 3",
        "x = y",
        "x != y and x > 3",
        "x + y >= 7",
        "x - y = 2",
        "2 * x <= y",
        "10% of x >= 0.3",
        "50% of x < y",
        "x / 2 >= 1.5",
        "max(x, y) >= 3 and min(x, y) = 0",
        "(x if a else y) > 2",
        "(10% of x if x < 3 else 0.3) >= 0.2",
        "p < 0.000002%",
        "p >= 0.000003% or p in 0%..0.000001%",
        "t is red",
        "t in (red, blue) and t is not red",
        "m in s",
        "count of s >= 2",
        "s = (m, n)",
        "unknown a",
        "a or unknown a",
        "unknown x and y > 3",
        "x > 2 or unknown x",
        "all services where (u >= 1)",
        "any services where (u = 2 and live_now)",
        "no services where (live_now)",
        "count services where (live_now) >= 2",
        "count services >= 1 and count services < 2",
        "count services where (live_now) = count services where (u > 1)",
        "count services where (live_now) = x",
        "all services where (service is teams or u > x)",
        "any services where (unknown u)",
        "count services where (u > 0 or unknown live_now) = 1",
        "x > 10 or x < 0",
    ] {
        agrees(FACTS, text);
    }
}

/// Conditions as an author could write them.
fn condition() -> impl Strategy<Value = String> {
    let number = || prop_oneof![Just("x".to_owned()), Just("y".to_owned()), (0..5).prop_map(|n: i32| n.to_string())];
    let sign = || prop_oneof![Just("<"), Just("<="), Just("="), Just("!="), Just(">="), Just(">")];
    let leaf = prop_oneof![
        Just("a".to_owned()),
        Just("on_any".to_owned()),
        (number(), sign(), number()).prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
        (number(), number(), sign(), 0..9).prop_map(|(a, b, sign, n)| format!("{a} + {b} {sign} {n}")),
        (number(), number(), number(), sign()).prop_map(|(a, b, c, sign)| format!("{a} - {b} {sign} {c}")),
        (sign(), 0..4).prop_map(|(sign, n)| format!("p {sign} 0.00000{n}%")),
        prop_oneof![Just("red"), Just("green"), Just("blue")].prop_map(|t| format!("t is {t}")),
        Just("t in (red, green)".to_owned()),
        Just("n in s".to_owned()),
        Just("unknown a".to_owned()),
        (sign(), number()).prop_map(|(sign, n)| format!("all services where (u {sign} {n})")),
        (sign(), 0..3, 0..3)
            .prop_map(|(sign, n, k)| format!("count services where (u >= {k} and live_now) {sign} {n}")),
        (number(), number(), sign(), number()).prop_map(|(a, b, sign, c)| format!("max({a}, {b}) {sign} {c}")),
        (number(), number(), sign(), number()).prop_map(|(a, b, sign, c)| format!("({a} if a else {b}) {sign} {c}")),
    ];
    let leaf = leaf.prop_map(|text| text.replace("on_any", "any services where (live_now)"));
    leaf.prop_recursive(3, 12, 3, |inner| {
        let parts = || proptest::collection::vec(inner.clone().prop_map(|part| format!("({part})")), 2..4);
        prop_oneof![
            parts().prop_map(|parts| parts.join(" and ")),
            parts().prop_map(|parts| parts.join(" or ")),
            inner.clone().prop_map(|part| format!("not ({part})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_conditions_mean_what_the_evaluator_says(text in condition()) {
        // Two numbers that are the same constant are refused where nothing is compared: those are left out.
        agrees(FACTS, &text);
    }
}

/// What a condition of the start says in words.
fn words(facts: &str, text: &str) -> String {
    let document = guarded(facts, text);
    let prepared = Prepared::new(&document.playbook, []);
    let mut lowering = Lowering::new(&prepared, Outlook::start(&document.playbook, CUSTOMER));
    let guard = guard(&document);
    lowering.ask(guard);
    let truth = lowering.condition(guard);
    let mut space = Space::new(lowering, BUDGET).unwrap();
    let set = space.set(truth.holds).unwrap();
    let universe = space.universe();
    space.words(set, universe).unwrap().0.to_string()
}

#[test]
fn sets_in_words() {
    let facts = "facts of the customer { usage : percent  seats : int  tier : one of (bronze, silver, gold)
        active : int  vip : yes/no  since_day : date  goal : percent }";
    for (text, expected) in [
        ("tier is gold and seats in 10..14", "tier = gold and seats in 10..14"),
        ("not (usage < 10%) and not (usage > 10%)", "usage = exactly 10%"),
        ("usage > 10% and usage < 14%", "10% < usage < 14%"),
        ("usage >= 10%", "usage >= 10%"),
        ("not (usage >= 10%)", "usage < 10%"),
        ("tier is not gold", "tier != gold"),
        ("vip or seats >= 20", "seats >= 20, or vip"),
        ("usage < goal", "usage < goal"),
        ("usage + 5% <= goal and vip", "vip and usage + 5% <= goal"),
        ("active >= 10% of seats", "10 * active >= seats"),
        ("since_day >= 2020-02-01", "since_day >= 2020-02-01"),
        ("seats != 10", "(seats <= 9 or seats >= 11)"),
        ("vip or not vip", "any customer"),
    ] {
        assert_eq!(words(facts, text), expected, "{text}");
    }
}

#[test]
fn the_plainest_customer_has_defaults_and_bounds() {
    let facts = "facts of the customer { usage : percent  seats : int = 50  other : int = 7  vip : yes/no }";
    let document = guarded(facts, "usage > 10% and (seats > 100 or other > 5) and other < 1_000 and (vip or not vip)");
    let prepared = Prepared::new(&document.playbook, []);
    let mut lowering = Lowering::new(&prepared, Outlook::start(&document.playbook, CUSTOMER));
    let truth = lowering.condition(guard(&document));
    let mut space = Space::new(lowering, BUDGET).unwrap();
    let set = space.set(truth.holds).unwrap();
    let plain = space.plainest(set).unwrap().unwrap();
    let number = |fact: u32| plain.0.get(&Variable::Fact(FactId(fact), Whose::Customer)).copied();
    assert_eq!(number(0), Some(Chosen::Number(11_000_000)));
    assert_eq!(number(1), Some(Chosen::Number(50_000_000)));
    assert_eq!(number(2), Some(Chosen::Number(7_000_000)));
    assert_eq!(plain.flag(&Variable::Fact(FactId(3), Whose::Customer)), Some(false));
    assert_eq!(ServiceSet::default().0, 0);
}

#[test]
fn what_is_not_understood_is_free_but_the_same_everywhere() {
    let facts = "facts of the customer { x : int in 0..999  y : int in 0..999  a : yes/no }";
    let document = guarded(facts, "x * y > 3 and not (x * y > 3)");
    let prepared = Prepared::new(&document.playbook, []);
    let mut lowering = Lowering::new(&prepared, Outlook::start(&document.playbook, CUSTOMER));
    let truth = lowering.condition(guard(&document));
    let mut space = Space::new(lowering, BUDGET).unwrap();
    let (holds, fails) = (space.set(truth.holds).unwrap(), space.set(truth.fails).unwrap());
    assert!(!space.satisfiable(holds).unwrap());
    assert!(space.satisfiable(fails).unwrap());
    assert!(!space.outside().is_empty());
}

#[test]
fn sixteen_services_compared_with_one_number_do_not_explode() {
    let names: String = (0..16).map(|number| format!("s{number} ")).collect();
    let text = format!(
        "playbook p {{ services {{ {names} }} facts of the customer {{ goal : percent }}
         facts of each service {{ usage : percent  live_now : yes/no }}
         start -> x when all services where (usage >= goal or live_now) and count services where (usage >= 10%) >= 8
               -> y otherwise end x success end y success }}"
    );
    let document = document(&text);
    let prepared = Prepared::new(&document.playbook, []);
    let mut lowering = Lowering::new(&prepared, Outlook::start(&document.playbook, CUSTOMER));
    let truth = lowering.condition(guard(&document));
    let mut space = Space::new(lowering, 200_000).unwrap();
    let holds = space.set(truth.holds).unwrap();
    assert!(space.satisfiable(holds).unwrap());
    assert!(space.plainest(holds).unwrap().is_some());
}
