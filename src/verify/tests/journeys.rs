//! Generated playbooks: what is proved is broken by no journey that anybody can think up, and what is refuted is shown.

use super::document;
use crate::model::{FactId, FactScope, ServiceSet};
use crate::run::event::{Blind, Event};
use crate::run::journey::Stop;
use crate::run::monitor::{Monitor, Verdict as Seen};
use crate::run::time::next_timer;
use crate::run::timeline::follow;
use crate::run::{Customer, Machine};
use crate::value::{DAY, Micro, TaskStatus, Value};
use crate::verify::explore::Budget;
use crate::verify::property::decide;
use crate::verify::verdict::Verdict;
use crate::verify::witness::concrete::line;
use proptest::prelude::*;

/// A condition on the facts of the playbooks below.
fn condition() -> BoxedStrategy<String> {
    let atom = prop_oneof![
        Just("f".to_owned()),
        Just("not f".to_owned()),
        Just("g".to_owned()),
        (0..4_i64).prop_map(|number| format!("n >= {number}")),
        (0..4_i64).prop_map(|number| format!("n = {number}")),
        (0..4_i64).prop_map(|number| format!("n < {number}")),
        Just("done task 1".to_owned()),
        Just("happened call".to_owned()),
        Just("unknown g".to_owned()),
    ]
    .boxed();
    prop_oneof![
        3 => atom.clone(),
        1 => (atom.clone(), atom.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
        1 => (atom.clone(), atom).prop_map(|(a, b)| format!("({a}) or ({b})")),
    ]
    .boxed()
}

fn exit() -> BoxedStrategy<String> {
    let target = prop_oneof![Just("one"), Just("two"), Just("three"), Just("good"), Just("bad")];
    prop_oneof![
        (target.clone(), condition()).prop_map(|(to, when)| format!("-> {to} when {when}")),
        (target.clone(), 1..5_i64).prop_map(|(to, days)| format!("after {days} days -> {to}")),
        (target.clone(), 1..3_u32).prop_map(|(to, times)| format!("on call -> {to} at most {times} times")),
        target.clone().prop_map(|to| format!("on blocker -> {to}")),
        (target, condition()).prop_map(|(to, when)| format!("whenever {when} -> {to} at most 2 times")),
    ]
    .boxed()
}

fn body() -> BoxedStrategy<String> {
    let task = prop_oneof![
        Just(String::new()),
        (1..4_u32).prop_map(|task| format!("task {task} mandatory \"T\" due within 3 days")),
        (1..4_u32, condition()).prop_map(|(task, when)| format!("task {task} mandatory \"T\" when {when}")),
        Just("set k = yes".to_owned()),
        (1..4_u32).prop_map(|task| format!("every 2 days, at most 2 times {{ task {task} mandatory \"T\" }}")),
    ];
    (task, prop::collection::vec(exit(), 1..4)).prop_map(|(task, exits)| format!("{task} {}", exits.join(" "))).boxed()
}

fn claim() -> BoxedStrategy<String> {
    let place = prop_oneof![Just("at one"), Just("at two"), Just("at three"), Just("at good"), Just("at bad")];
    let what = prop_oneof![
        place.clone().prop_map(str::to_owned),
        (1..4_u32).prop_map(|task| format!("task {task}")),
        Just("end".to_owned()),
        condition().prop_map(|condition| format!("({condition})")),
    ];
    prop_oneof![
        (place.clone(), condition()).prop_map(|(place, condition)| format!("never {place} while {condition}")),
        (condition(), place).prop_map(|(condition, place)| format!("always ({condition}) while {place}")),
        (what.clone(), what.clone()).prop_map(|(a, b)| format!("{a} before {b}")),
        (what.clone(), 1..20_i64)
            .prop_map(|(a, days)| format!("eventually {a} within {days} days assuming tasks meet due")),
        what.clone().prop_map(|a| format!("eventually {a}")),
        (what.clone(), 1..3_u32).prop_map(|(a, times)| format!("{a} at most {times} times")),
        (what.clone(), what).prop_map(|(a, b)| format!("{a} followed by {b} within 4 days")),
    ]
    .boxed()
}

fn playbook() -> BoxedStrategy<String> {
    (prop::collection::vec(body(), 3), prop::collection::vec(claim(), 3), any::<bool>()).prop_map(|(bodies, claims, tracks)| {
        let [one, two, three] = bodies.as_slice() else { return String::new() };
        let claims: String =
            claims.iter().enumerate().map(|(at, claim)| format!("property claim_{at}: {claim}\n")).collect();
        let facts = "f : yes/no = no  g : yes/no rising  n : int in 0..3  k : yes/no = no kept by playbook";
        let flow = format!(
            "start -> one stage one {{ {one} }} stage two {{ {two} }} stage three {{ {three} }} stage spare {{ task 1 mandatory \"T\" task 2 mandatory \"T\" task 3 mandatory \"T\" -> good }} end good success end bad failure"
        );
        let rest = if tracks {
            format!("services {{ s \"S\" }} facts of each service {{ {facts} }} each service {{ {flow} }} then -> finished end finished success")
        } else {
            format!("facts of the customer {{ {facts} }} {flow}")
        };
        format!("playbook p {{ events {{ call \"Call\" }} {rest} }}\n{claims}")
    })
    .boxed()
}

/// A journey thought up on the way: random lines, at random moments and at those just before, at and after the next timer.
fn think_up(
    machine: &Machine,
    blockers: bool,
    choices: &[(u8, u8, u8)],
) -> (Customer, Vec<crate::run::timeline::Said>) {
    let mut customer = Customer::new(machine, "random");
    let services = machine.playbook.services.len();
    customer.intended = ServiceSet((1 << services) - 1);
    let service = (services > 0).then_some(crate::model::ServiceId(0));
    let facts = machine.playbook.facts.iter().enumerate();
    let free: Vec<(FactId, usize, bool)> = facts
        .filter(|(_, fact)| fact.name.name != "k")
        .map(|(index, fact)| (FactId(index as u32), fact.slot, fact.scope == FactScope::Service))
        .collect();
    let value = |fact: FactId, choice: u8| match machine.playbook.facts[fact.index()].name.name.as_str() {
        "n" => Value::Number(Micro::whole(i64::from(choice % 4))),
        _ => Value::YesNo(choice.is_multiple_of(2)),
    };
    for ((fact, slot, of_service), (a, b, _)) in free.iter().zip(choices) {
        let place = if *of_service { &mut customer.services[0][*slot] } else { &mut customer.facts[*slot] };
        if !a.is_multiple_of(3) {
            *place = Some(value(*fact, *b));
        }
    }
    let mut said = Vec::new();
    for (what, which, when) in choices {
        let now = said.last().map_or(0, |last: &crate::run::timeline::Said| last.at);
        // Where it stands with all tasks waiting: name each of them.
        let mut all = said.clone();
        all.extend((0..machine.playbook.tasks.len()).map(|task| {
            let task = crate::model::TaskId(task as u32);
            line(i64::MAX / 4, Event::Task { service, task, status: TaskStatus::InProgress, reason: None })
        }));
        let state = follow(machine, &customer, all, &mut Blind, Some(now)).state;
        let next = next_timer(machine, &state).unwrap_or(now + DAY);
        let at = match when % 6 {
            0 => now,
            1 => now + DAY,
            2 => next,
            3 => (next - 1).max(now),
            4 => next + 1,
            _ => now + 3 * DAY,
        };
        let all: Vec<_> = said
            .iter()
            .cloned()
            .chain((0..machine.playbook.tasks.len()).map(|task| {
                let task = crate::model::TaskId(task as u32);
                line(i64::MAX / 4, Event::Task { service, task, status: TaskStatus::InProgress, reason: None })
            }))
            .collect();
        let state = follow(machine, &customer, all, &mut Blind, Some(at)).state;
        let open: Vec<_> =
            state.tracks.iter().filter(|track| track.active()).flat_map(|track| &track.visit.open).collect();
        let event = match what % 8 {
            0..=2 => {
                let Some(open) = open.get(usize::from(*which) % open.len().max(1)) else { continue };
                let task = machine.playbook.offers[open.offer.index()].task;
                let done = what % 8 < 2;
                let status = if done { TaskStatus::Complete } else { TaskStatus::NotRequired };
                Event::Task { service, task, status, reason: (!done).then(|| "no".to_owned()) }
            }
            3 | 4 => {
                let (fact, _, of_service) = free[usize::from(*which) % free.len()];
                let service = if of_service { service } else { None };
                Event::Facts { service, values: vec![(fact, value(fact, which / 4))], correction: false }
            }
            5 => Event::Happened { event: crate::model::EventId(0), service },
            // Where nobody speaks of blockers, that none comes is taken for granted.
            6 if blockers => Event::Blocker { kind: None, service, task: None },
            6 => continue,
            _ => Event::Resolved { kind: None, service, task: None, waived: false },
        };
        said.push(line(at, event));
    }
    // Tasks that are left open stay so.
    let last = said.last().map_or(0, |last| last.at);
    for task in 0..machine.playbook.tasks.len() {
        let task = crate::model::TaskId(task as u32);
        let event = Event::Task { service, task, status: TaskStatus::InProgress, reason: None };
        said.push(line(last.max(40 * DAY), event));
    }
    (customer, said)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn no_journey_breaks_what_is_proved(
        text in playbook(),
        journeys in prop::collection::vec(prop::collection::vec(any::<(u8, u8, u8)>(), 4..12), 12),
    ) {
        let document = document(&text);
        let machine = Machine::new(document.playbook.clone());
        for property in &document.properties {
            let decision = decide(&machine, property, &mut Budget::new(6_000));
            match &decision.verdict {
                Verdict::Proved(_) | Verdict::ProvedUpTo(..) => {
                    for (at, choices) in journeys.iter().enumerate() {
                        let (customer, mut said) = think_up(&machine, text.contains("blocker"), choices);
                        // Tasks that no line names are complete as soon as they are offered: some of them, or all.
                        said.retain(|line| match &line.event {
                            Event::Task { task, .. } => match at % 3 {
                                0 => true,
                                1 => !(task.0 + at as u32).is_multiple_of(2),
                                _ => false,
                            },
                            _ => true,
                        });
                        let mut monitor = Monitor::new(std::slice::from_ref(property));
                        let followed = follow(&machine, &customer, said.clone(), &mut monitor, Some(400 * DAY));
                        let seen = monitor.verdicts(&followed.state);
                        prop_assert!(
                            !matches!(seen[0], Seen::Violated(_)),
                            "{text}\n{} is proved, and broken by {customer:?} {said:?}: {seen:?}", property.name.name
                        );
                    }
                }
                Verdict::Refuted(witness) => {
                    let journey = &witness.as_ref().unwrap().journey;
                    let mut monitor = Monitor::new(std::slice::from_ref(property));
                    let followed = journey.replay(&machine, &mut monitor);
                    let seen = monitor.verdicts(&followed.state);
                    let waits = seen[0] == Seen::Open && monitor.pending() && followed.stop != Stop::Ended;
                    prop_assert!(matches!(seen[0], Seen::Violated(_)) || waits, "{text}\n{journey:?} {seen:?}");
                }
                Verdict::NotDecided { .. } => {}
            }
        }
    }
}
