//! Calculations: named values that build on each other, and results that no value can hold.

use super::tell;
use crate::run::evaluate::View;
use crate::run::explain::{because, gaps, to_become};
use crate::run::machine::guard;
use crate::run::status::Status;
use std::fmt::Write as _;

/// Sixty named values, each of which mentions the one before twice.
fn chain(first: &str, next: impl Fn(usize) -> String, guard: &str) -> String {
    let mut lets = String::new();
    for at in 1..=60 {
        let _ = writeln!(lets, "let l{at} = {}", next(at - 1));
    }
    format!(
        "playbook p {{ services {{ one two }}
           facts of the customer {{ go : yes/no  n : number = 0 }} facts of each service {{ ready : yes/no }}
           let l0 = {first} {lets}
           start -> a
           stage a {{ -> fine when {guard}  after 5 days -> late }}
           end fine success end late failure }}"
    )
}

#[test]
fn named_values_that_double_cost_no_more_than_their_length() {
    let both = |before| format!("l{before} or l{before}");
    let play = chain("go", both, "l60");
    assert_eq!(tell(&play, r#"{"go": true}"#, "").way("-"), ["0 enter a", "0 end fine"]);
    let waits = tell(&play, "{}", r#"{"day": 1, "set": {"go": true}}"#);
    assert_eq!(waits.way("-"), ["0 enter a", "1 end fine"]);

    let sums = chain("n", |before| format!("l{before} + l{before} - l{before}"), "l60 >= 3");
    assert_eq!(tell(&sums, "{}", r#"{"day": 1, "set": {"n": 3}}"#).way("-"), ["0 enter a", "1 end fine"]);

    // A quantifier in a quantifier is the same for each service of the outer one.
    let nested = |before| format!("all services where (l{before} and any services where (l{before}))");
    let play = chain("all services where (ready)", nested, "l60");
    let customer = r#"{"services": {"one": {"ready": true}, "two": {"ready": true}}}"#;
    assert_eq!(tell(&play, customer, "").way("-"), ["0 enter a", "0 end fine"]);

    let lasting = |before| format!("(l{before} or l{before}) for {} minutes", before + 1);
    let play = chain("go", lasting, "l60");
    let days = tell(&play, r#"{"go": true}"#, "").way("-");
    assert_eq!(days, ["0 enter a", "1.2708 end fine"]);
}

#[test]
fn reasons_of_named_values_that_double_are_told_once() {
    let both = |before| format!("not (not l{before} and not l{before})");
    let told = tell(&chain("go", both, "l60"), r#"{"go": false}"#, "");
    let machine = &told.machine;
    let condition = machine.playbook.transitions.iter().find_map(|known| guard(&known.trigger)).expect("a guard");
    let view = View::of(machine, &told.state, 0);
    assert_eq!(because(view, condition).len(), 1);
    assert_eq!(to_become(view, condition, true).map(|changes| changes.len()), Some(1));
    let mut state = told.state.clone();
    state.facts[0] = None;
    assert_eq!(gaps(View::of(machine, &state, 0), condition).len(), 1);
}

fn calculation(facts: &str, body: &str) -> String {
    format!(
        "playbook p {{ facts of the customer {{ {facts} }} stage a {{ {body}  after 5 days -> late }}
         end fine success end late failure start -> a }}"
    )
}

#[test]
fn what_is_too_large_or_divided_by_zero_is_unknown_and_named() {
    for (condition, customer, why) in [
        ("x * x * x * x > 5", r#"{"x": 9000000}"#, "is too large"),
        ("not (x * x * x * x > 5)", r#"{"x": 9000000}"#, "is too large"),
        ("x / y > 5", r#"{"x": 1, "y": 0}"#, "divides by zero"),
        ("x / y > 5 or x / y <= 5", r#"{"x": 1, "y": 0}"#, "divides by zero"),
    ] {
        let play = calculation("x : int  y : int = 1", &format!("-> fine when {condition}"));
        let told = tell(&play, customer, "");
        assert_eq!(told.way("-"), ["0 enter a", "5 end late"], "{condition}");
        let short = super::tell_until(&play, customer, "", Some(1));
        assert!(short.waits("-").contains(&format!("calculation {why}")), "{condition}: {:?}", short.waits("-"));
        assert_eq!(short.status(), Status::Waiting);
    }
}

#[test]
fn a_fact_stays_where_what_it_is_set_to_has_no_result() {
    let play = calculation("x : int = 3_000_000_000 y : number = 0", "set x = x * x  set y = x / 7  -> fine");
    let told = tell(&play, "{}", "");
    assert_eq!(told.of("-"), ["0 enter a", "0 not set x", "0 fact y 428571428.571429", "0 end fine"]);
}

#[test]
fn what_a_stage_sets_stops_at_the_bounds_of_the_fact() {
    let play = calculation("x : int in 0..10 = 8  p : percent = 50%", "set x += 5  set p -= 80%  set x -= 1  -> fine");
    assert_eq!(tell(&play, "{}", "").of("-"), ["0 enter a", "0 fact x 10", "0 fact p 0%", "0 fact x 9", "0 end fine"]);
}
