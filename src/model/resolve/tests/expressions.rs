//! Conditions and values.

use super::{documents, expect, helps, playbook};
use crate::model::{Atom, Expr, Node, ServiceSet, Trigger, Type};
use crate::syntax::ast::{BusinessUnit, Comparison, SinceUnit};
use crate::value::{Duration, Micro, Value};

/// Conditions of every form.
pub(super) const FORMS: &[&str] = &[
    "csm and not enabled",
    "csm is yes or enabled = csm",
    "usage >= goal",
    "usage >= 10%",
    "usage in 5%..goal",
    "usage not in 5%..goal",
    "seats > 10 and spend > 10 and score > 0.5 and seats > score",
    "seats + 10 * 2 - score / 3 >= spend",
    "10% of seats >= 5",
    "10% of usage >= 1%",
    "usage * 2 >= goal + 5%",
    "usage / 2 >= goal",
    "usage / goal >= 2",
    "-seats < 3",
    "plan is trial",
    "trial is plan",
    "plan is not trial",
    "plan is other_plan",
    "plan in (trial, paid)",
    "plan not in (trial)",
    "seats in (1, 2, days_to_wait)",
    "contact is \"nobody\"",
    "contact in (\"a\", \"b\")",
    "service is teams",
    "service in modern",
    "service in (teams, onedrive)",
    "service in (modern, onedrive)",
    "training in wishes",
    "training not in wishes",
    "wishes in (training, workshop)",
    "wishes = (training, workshop)",
    "count of wishes >= 2",
    "all services where (usage >= goal)",
    "any services in modern where (enabled)",
    "no services where (service is this service and not enabled)",
    "count services where (enabled) >= 2",
    "count services in modern >= 1",
    "count services where (enabled) >= count services",
    "done task 1",
    "task 1 is in progress",
    "task 1 is not complete",
    "at look",
    "at (look, done)",
    "happened review",
    "happened blocker (network, technical)",
    "usage >= 10% for 2 months",
    "change of usage over 3 months < 3%",
    "change of seats over 1 month > -5",
    "in this stage for 90 days",
    "round >= 2",
    "days since agreed <= 5",
    "5 >= business days since agreed",
    "business hours since agreed > 4",
    "business hours since task 1 <= days_to_wait",
    "weeks since review > days_to_wait",
    "days since task 1 in 2..10",
    "days since blocker > 2",
    "today >= 2020-02-01",
    "agreed + 2 weeks <= today",
    "today in 2020-02-01..2020-06-30",
    "agreed - 2020-01-01 > patience",
    "agreed + patience * 2 > 2020-01-01",
    "patience > 1 week",
    "unknown csm",
    "unknown usage",
    "another ended at (done, skipped)",
    "max(seats, 10) > min(score, spend, 3)",
    "usage >= (5% if csm else 10% if enabled else 15%)",
    "plan is (trial if csm else paid)",
];

/// A playbook that asks for a condition in a track, in a stage with one cadence.
pub(super) fn asked(condition: &str) -> String {
    format!(
        "playbook p {{
           services {{ teams yammer onedrive  modern = teams, yammer }}
           events {{ review }}
           blockers {{ network \"The network\" }}
           facts of the customer {{
             csm : yes/no  seats : int  spend : money  score : number to 1 decimal  agreed : date  patience : duration
             plan : one of (trial, paid)  other_plan : one of (trial, paid)  tier : one of (gold, silver)
             wishes : set of (training, workshop)  contact : text
           }}
           facts of each service {{ usage : percent  enabled : yes/no }}
           param goal : percent = 10%
           param days_to_wait : int = 5
           each service {{
             stage look {{
               task 1 optional \"One\"
               every 1 week, at most 3 times {{ step \"Look\" }}
               -> done when {condition}
               after 1 year -> done
             }}
             end done success
           }}
           then -> finished when yes
           end finished success
         }}"
    )
}

/// The condition of [`asked`], resolved without findings.
#[track_caller]
fn resolved(condition: &str) -> Expr {
    let playbook = playbook(&asked(condition));
    let found = playbook.transitions.into_iter().find_map(|transition| match transition.trigger {
        Trigger::Completion(Some(guard)) => Some(guard),
        _ => None,
    });
    found.unwrap()
}

#[track_caller]
fn wrong(condition: &str, expected: &[(&str, &str)]) {
    expect(&asked(condition), expected);
}

#[track_caller]
fn help(condition: &str) -> String {
    helps(&asked(condition)).concat()
}

#[test]
fn all_forms_are_understood() {
    for condition in FORMS {
        resolved(condition);
    }
}

#[test]
fn comparisons_are_typed() {
    let found = resolved("usage >= goal");
    let Node::Compare(Comparison::GreaterOrEqual, left, right) = found.node else { panic!("{found:?}") };
    assert!(matches!(left.node, Node::Atom(Atom::Fact(_))));
    assert_eq!((left.kind, right.kind), (Type::Percent, Type::Percent));
    assert!(matches!(right.node, Node::Parameter(_)));
    let found = resolved("trial is plan");
    let Node::Compare(Comparison::Equal, left, _) = found.node else { panic!("{found:?}") };
    assert_eq!(left.node, Node::Constant(Value::Choice(0)));
}

#[test]
fn services_are_sets() {
    let group = resolved("service in modern");
    let Node::ServiceIn(_, members, Some(_)) = group.node else { panic!("{group:?}") };
    assert_eq!(members, ServiceSet(0b011));
    let list = resolved("service not in (modern, onedrive)");
    let Node::Not(list) = list.node else { panic!("{list:?}") };
    assert!(matches!(list.node, Node::ServiceIn(_, ServiceSet(0b111), None)));
}

#[test]
fn clocks_are_folded_into_their_comparison() {
    let found = resolved("5 >= business days since agreed");
    let Node::Atom(Atom::Since(SinceUnit::Business(BusinessUnit::Days), _, Comparison::LessOrEqual, number)) =
        found.node
    else {
        panic!("{found:?}")
    };
    assert_eq!(number.node, Node::Constant(Value::Number(Micro::whole(5))));
    let found = resolved("agreed + 2 weeks <= today");
    assert!(matches!(found.node, Node::Atom(Atom::Today(Comparison::GreaterOrEqual, _))));
}

#[test]
fn sustained_conditions_and_histories_are_listed() {
    let made = playbook(&asked("usage >= 10% for 2 months and csm for 1 week and change of usage over 3 months < 3%"));
    let of_service: Vec<(Duration, bool)> =
        made.sustained.iter().map(|sustained| (sustained.duration, sustained.of_service)).collect();
    assert_eq!(of_service, vec![(Duration::days(60), true), (Duration::days(7), false)]);
    let windows: Vec<Duration> = made.histories.iter().map(|(_, window)| *window).collect();
    assert_eq!(windows, vec![Duration::days(90)]);
}

#[test]
fn percent_is_no_plain_number() {
    wrong("usage >= 0.1", &[("unit-mismatch", "0.1")]);
    assert!(help("usage >= 0.1").ends_with("did you mean `10%`?"), "{}", help("usage >= 0.1"));
    wrong("usage >= 10", &[("unit-mismatch", "10")]);
    assert_eq!(help("usage >= 10"), "Did you mean `10%`?");
    wrong("seats >= 10%", &[("unit-mismatch", "10%")]);
    wrong("usage in 5..10%", &[("unit-mismatch", "5")]);
    wrong("usage + 1 >= 10%", &[("unit-mismatch", "1")]);
    wrong("usage * 10% >= 10%", &[("unit-mismatch", "usage * 10%")]);
    wrong("10 of seats > 1", &[("unit-mismatch", "10")]);
}

#[test]
fn lengths_of_time_have_a_unit() {
    wrong("patience > 10", &[("unit-mismatch", "10")]);
    assert_eq!(help("patience > 10"), "Say the unit, as in `10 days`");
    wrong("days since agreed <= 2 days", &[("unit-mismatch", "2 days")]);
    wrong("agreed + 3 > 2020-01-01", &[("unit-mismatch", "3")]);
    wrong("usage >= 10% for 0 days", &[("bad-duration", "0 days")]);
    wrong("patience > 100_000 years", &[("bad-duration", "100_000 years")]);
}

#[test]
fn types_go_together() {
    wrong("usage", &[("wrong-type", "usage")]);
    wrong("csm and seats", &[("wrong-type", "seats")]);
    wrong("agreed > 5", &[("wrong-type", "agreed > 5")]);
    wrong("csm > enabled", &[("wrong-type", "csm > enabled")]);
    wrong("plan < trial", &[("wrong-type", "plan < trial")]);
    wrong("plan is \"trial\"", &[("wrong-type", "plan is \"trial\"")]);
    wrong("plan is tier", &[("wrong-type", "plan is tier")]);
    wrong("seats in wishes", &[("wrong-type", "seats")]);
    wrong("seats in plan", &[("wrong-type", "plan")]);
    wrong("csm in (yes, no)", &[("wrong-type", "csm in (yes, no)")]);
    wrong("plan in trial..paid", &[("unknown-name", "trial"), ("unknown-name", "paid")]);
    wrong("service is modern", &[("wrong-type", "modern")]);
    wrong("teams", &[("wrong-type", "teams")]);
    wrong("agreed + agreed > agreed", &[("wrong-type", "agreed + agreed")]);
    wrong("csm + 1 > 2", &[("wrong-type", "csm + 1")]);
    wrong("agreed * 2 > agreed", &[("wrong-type", "agreed * 2")]);
    wrong("seats / 0 > 1", &[("out-of-range", "0")]);
    wrong("count of plan > 1", &[("wrong-type", "plan")]);
    wrong("change of csm over 1 week > 2", &[("wrong-type", "csm")]);
    wrong("days since seats > 2", &[("wrong-type", "seats")]);
    wrong("max(csm, enabled)", &[("wrong-type", "max(csm, enabled)")]);
    wrong("happened review (technical)", &[("wrong-type", "technical")]);
    wrong("usage >= (5% if seats else 3%)", &[("wrong-type", "seats")]);
    wrong("usage >= (5% if csm else 3)", &[("unit-mismatch", "3")]);
    wrong("seats in 10..5", &[("out-of-range", "10..5")]);
}

#[test]
fn calculations_of_many_factors_are_refused_once() {
    let factors = |count: usize| format!("{} > 5", vec!["seats"; count].join(" * "));
    wrong(&factors(100), &[]);
    wrong(&factors(5_000), &[("out-of-range", "seats")]);
}

#[test]
fn the_clock_is_only_compared() {
    wrong("today - agreed > 3 days", &[("wrong-type", "today")]);
    wrong("days since agreed + 1 > 3", &[("wrong-type", "days since agreed")]);
    wrong("days since agreed > seats", &[("not-constant", "seats")]);
    wrong("today > days since agreed", &[("wrong-type", "today > days since agreed")]);
    wrong("today > 5", &[("wrong-type", "5")]);
}

#[test]
fn unknown_names_have_a_suggestion() {
    wrong("usag >= 10%", &[("unknown-name", "usag")]);
    assert_eq!(help("usag >= 10%"), "Did you mean `usage`?");
    wrong("plan is trail", &[("unknown-name", "trail")]);
    assert_eq!(help("plan is trail"), "Did you mean `trial`?");
    wrong("service in modernn", &[("unknown-name", "modernn")]);
    wrong("at lok", &[("unknown-name", "lok")]);
    wrong("done task 2", &[("unknown-name", "2")]);
    wrong("happened revew", &[("unknown-name", "revew")]);
    wrong("happened blocker (tecnical)", &[("unknown-blocker-kind", "tecnical")]);
    wrong("maximum(1, 2) > 1", &[("unknown-name", "maximum")]);
    wrong("any services in morden where (enabled)", &[("unknown-name", "morden")]);
    wrong("foo and bar", &[("unknown-name", "foo"), ("unknown-name", "bar")]);
    wrong("foo > bar", &[("unknown-name", "foo")]);
    wrong("round of calls > 1", &[("unknown-name", "calls")]);
    wrong("look", &[("wrong-type", "look")]);
    assert_eq!(help("look"), "Say `at look`");
    assert_eq!(help("review"), "Say `happened review`");
}

#[test]
fn draws_belong_into_scenarios() {
    wrong("usage > uniform(0%, 8%)", &[("draw-outside-scenario", "uniform(0%, 8%)")]);
    wrong("seats > between 1 and 7", &[("draw-outside-scenario", "between 1 and 7")]);
}

#[test]
fn the_customer_has_no_service() {
    let customer = |condition: &str| {
        asked("yes").replace("then -> finished when yes", &format!("then -> finished when {condition}"))
    };
    for (condition, at) in [
        ("usage >= 10%", "usage"),
        ("service is teams", "service"),
        ("any services where (this service is teams)", "this service"),
        ("at look", "look"),
        ("done task 1", "1"),
        ("unknown usage", "usage"),
        ("round > 1", "round"),
        ("in this stage for 3 days", "in this stage for 3 days"),
        ("csm and enabled", "enabled"),
    ] {
        expect(&customer(condition), &[("wrong-scope", at)]);
    }
    for condition in ["all services where (usage >= 10% and done task 1 and at (look, done))", "csm", "happened review"]
    {
        expect(&customer(condition), &[]);
    }
}

#[test]
fn a_broken_condition_leaves_its_transition() {
    let (_, documents, found) = documents(&asked("foo"));
    assert_eq!(found.len(), 1);
    // The flow is all there, though not all of it is right.
    assert!(documents[0].whole && !documents[0].sound);
    assert_eq!(documents[0].playbook.stages[0].exits.len(), 2);
}
