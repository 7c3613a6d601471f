//! Names, facts, parameters, `let`s.

use super::{expect, findings, helps, playbook};
use crate::model::{Node, PERCENT_RANGE, Type};
use crate::value::{Duration, Micro, Value};

/// A playbook with these declarations.
fn with(declarations: &str) -> String {
    format!("playbook p {{ {declarations}\n stage talk {{ -> done }} end done success }}")
}

#[track_caller]
fn wrong(declarations: &str, expected: &[(&str, &str)]) {
    expect(&with(declarations), expected);
}

#[test]
fn facts_have_types_ranges_and_defaults() {
    let made = playbook(&with(
        "param goal : percent = 10%
         facts of the customer {
           a : percent fixed = goal \"A\"
           b : int in 0..1_000 = 5
           c : number to 1 decimal in -10..10
           d : money
           e : duration = 2 weeks
           f : set of (x, y, z) = (x, z)
           g : one of (x, y) = y
           h : date = 2020-01-01 + 2 days
         }
         facts of each service { i : yes/no = no }
         facts of the customer { j : text = \"t\" }",
    ));
    let fact = |name: &str| made.facts.iter().find(|fact| fact.name.name == name).unwrap();
    assert_eq!(fact("a").default, Some(Value::Number(Micro::whole(10))));
    assert_eq!(fact("a").range, Some(PERCENT_RANGE));
    assert_eq!((fact("a").name.text.main.as_str(), fact("b").name.text.main.as_str()), ("A", ""));
    assert_eq!(fact("c").range, Some((Value::Number(Micro::whole(-10)), Value::Number(Micro::whole(10)))));
    assert_eq!((&fact("c").kind, &fact("d").kind), (&Type::Number(1), &Type::Money(2)));
    assert_eq!(fact("e").default, Some(Value::Duration(Duration::days(14))));
    assert_eq!(fact("f").default, Some(Value::Set(0b101)));
    assert_eq!(fact("g").default, Some(Value::Choice(1)));
    assert_eq!(fact("h").default.as_ref().map(|date| made.show(date, &Type::Date)), Some("2020-01-03".to_owned()));
    assert_eq!((fact("i").slot, fact("j").slot), (0, 8));
}

#[test]
fn names_are_taken_once() {
    wrong("roles { csm csm }", &[("duplicate-name", "csm")]);
    wrong("services { teams } facts of the customer { teams : yes/no }", &[("duplicate-name", "teams")]);
    wrong("param a : int = 1 let a = 2", &[("duplicate-name", "a")]);
    wrong("let a = 1 let a = 2", &[("duplicate-name", "a")]);
    wrong("events { blocker }", &[("duplicate-name", "blocker")]);
    wrong("facts of the customer { a : one of (x, y, x) }", &[("duplicate-name", "x")]);
    wrong("phase success phase enable", &[("duplicate-name", "phase enable")]);
    wrong("stage talk { -> done }", &[("duplicate-name", "talk")]);
    wrong("end talk success", &[("duplicate-name", "talk")]);
    // Roles, events and blockers have lists of their own.
    wrong("roles { a } events { a } blockers { a } motions { a } services { a }", &[]);
}

#[test]
fn both_places_of_a_duplicate_are_shown() {
    let (sources, _, found) = super::documents(&with("roles { csm \"One\" csm \"Two\" }"));
    assert_eq!(found[0].related.len(), 1);
    assert!(sources.position(found[0].related[0].span) < sources.position(found[0].primary.span));
}

#[test]
fn defaults_fit() {
    wrong("facts of the customer { a : percent = 120% }", &[("out-of-range", "120%")]);
    wrong("facts of the customer { a : percent = 0.1 }", &[("unit-mismatch", "0.1")]);
    wrong("facts of the customer { a : int in 1..5 = 6 }", &[("out-of-range", "6")]);
    wrong("facts of the customer { a : int = 2.5 }", &[("too-fine", "2.5")]);
    wrong("facts of the customer { a : money = 2.555 }", &[("too-fine", "2.555")]);
    wrong("facts of the customer { a : number to 1 decimal = 1 / 3 }", &[]);
    wrong("facts of the customer { a : int b : int = a }", &[("not-constant", "a")]);
    wrong("facts of the customer { a : int in 5..1 }", &[("out-of-range", "5..1")]);
    wrong("facts of the customer { a : yes/no in 0..1 }", &[("wrong-type", "0..1")]);
    wrong("facts of the customer { a : text rising }", &[("wrong-type", "rising")]);
    wrong("facts of the customer { a : one of (x, y) = z }", &[("unknown-name", "z")]);
    wrong("facts of the customer { a : set of (x, y) = (x, z) }", &[("unknown-name", "z")]);
    wrong("facts of the customer { a : set of (x, y) = (x) }", &[("wrong-type", "(x)")]);
    wrong("facts of the customer { a : duration = 3 }", &[("unit-mismatch", "3")]);
    wrong("param a : int in 1..5 = 6", &[("out-of-range", "6")]);
    wrong("let a = 5 param b : int = a", &[("not-constant", "a")]);
}

#[test]
fn parameters_in_any_order_but_not_in_circles() {
    let made = playbook(&with("param a : int = b + 1 param b : int = 2 * c param c : int = 3"));
    let values: Vec<&Value> = made.parameters.iter().map(|parameter| &parameter.value).collect();
    assert_eq!(values, [7, 6, 3].map(|value| Value::Number(Micro::whole(value))).iter().collect::<Vec<_>>());
    let text = with("param a : int = b param b : int = a param c : int = a param d : int = 1");
    assert_eq!(findings(&text)[0].2, "parameters `a` and `b` are defined by each other");
    expect(&text, &[("circular-definition", "a")]);
}

#[test]
fn lets_in_any_order_but_not_in_circles() {
    let made = playbook(&with(
        "facts of each service { usage : percent } facts of the customer { plan : one of (trial, paid) csm : yes/no }
         let a = b and csm  let b = usage >= goal  let goal = 10%  let trial = plan is trial
         let everywhere = all services where (b)",
    ));
    let of_service = |name: &str| made.lets.iter().find(|item| item.name.name == name).unwrap().of_service;
    assert_eq!(["a", "b", "goal", "trial", "everywhere"].map(of_service), [true, true, false, false, false]);
    // Each comes after those it speaks of.
    for (at, item) in made.lets.iter().enumerate() {
        item.value.walk(&mut |part| {
            if let Node::Let(id) = part.node {
                assert!(id.index() < at);
            }
        });
    }
    let text = with("let a = b let b = c let c = a let d = a + 1");
    assert_eq!(findings(&text)[0].2, "named values `a`, `b` and `c` are defined by each other");
    expect(&text, &[("circular-definition", "a")]);
    wrong("let a = this service is teams services { teams }", &[("wrong-scope", "this service")]);
    wrong("let a = round > 1", &[("wrong-scope", "round")]);
}

#[test]
fn long_chains_of_lets_are_refused() {
    let chain = |length: usize| {
        let lets: Vec<String> = (1..length).map(|at| format!("let a{at} = a{} + 1", at - 1)).collect();
        with(&format!("let a0 = 1 {}", lets.join(" ")))
    };
    expect(&chain(200), &[]);
    expect(&chain(300), &[("too-many", "a201")]);
}

#[test]
fn there_are_limits() {
    let services = |count: usize| {
        let names: Vec<String> = (0..count).map(|at| format!("s{at}")).collect();
        with(&format!("services {{ {} }}", names.join(" ")))
    };
    expect(&services(128), &[]);
    expect(&services(130), &[("too-many", "s128")]);
    let values: Vec<String> = (0..65).map(|at| format!("v{at}")).collect();
    let text = with(&format!("facts of the customer {{ a : set of ({}) }}", values.join(", ")));
    assert_eq!(findings(&text)[0].0, "too-many");
}

#[test]
fn groups_links_zones_and_the_audience() {
    let made = playbook(&with(
        "services { teams yammer modern = teams, yammer } links { deck \"https://example.com\" \"The deck\" }
         facts of the customer { seats : int } for customers where seats > 5
         next other \"Other\" link deck calendar { zone \"Europe/Berlin\" hours 8:30 to 24:00 holidays 2020-12-26, 2020-12-25, 2020-12-25 }",
    ));
    assert_eq!(made.groups[0].members.iter().count(), 2);
    assert_eq!(made.about.next[0].link.as_ref().unwrap().address, "https://example.com");
    assert_eq!((made.calendar.holidays.len(), made.calendar.hours.to_string()), (2, "8:30 to 24:00".to_owned()));
    assert_eq!(playbook(&with("calendar { }")).calendar.hours.to_string(), "9:00 to 17:00");
    wrong("calendar { hours 17:00 to 9:00 }", &[("out-of-range", "9:00")]);
    wrong("calendar { hours 9:00 to 9:00 }", &[("out-of-range", "9:00")]);
    assert!(made.about.customers.is_some());
    wrong("services { teams modern = teams, yamer }", &[("unknown-name", "yamer")]);
    wrong("next other \"Other\" link dek links { deck \"https://example.com\" }", &[("unknown-name", "dek")]);
    wrong("calendar { zone \"Europe/Brelin\" }", &[("unknown-name", "\"Europe/Brelin\"")]);
    assert_eq!(helps(&with("calendar { zone \"Europe/Brelin\" }")), ["Did you mean `Europe/Berlin`?"]);
    wrong("for customers where enabled facts of each service { enabled : yes/no }", &[("wrong-scope", "enabled")]);
}

#[test]
fn facts_kept_by_the_playbook_are_set() {
    wrong("facts of the customer { a : yes/no = no kept by playbook }", &[("never-set", "a")]);
    let text = with("facts of the customer { a : yes/no kept by playbook }");
    assert!(crate::diagnostic::has_errors(&super::documents(&text).2));
}
