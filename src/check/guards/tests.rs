//! What guards say together, on small playbooks: flaws at bounds and in corners, and what looks like a flaw and is none.

mod generated;

use crate::check::tests::{findings, noted, said};
use crate::diagnostic::Severity;

const FACTS: &str = "facts of the customer { usage : percent  goal : percent fixed  seats : int in 0..1_000_000
    plan : one of (trial, paid, free) fixed  vip : yes/no fixed  live_vip : yes/no  signed : yes/no rising
    kept : yes/no = no kept by playbook  score : number to 1 decimal in 0..10  since_day : date  tags : set of (x1, x2) }
    events { asked  told }";

/// What is said of a playbook in which a stage `a` has these exits, or all of it.
fn of(body: &str) -> Vec<String> {
    let body = if body.starts_with("start ") { body.to_owned() } else { format!("start -> a stage a {{ {body} }}") };
    said(&format!("playbook p {{ {FACTS} {body} end one success end two success end three failure }}"))
        .into_iter()
        .filter(|said| {
            !["unused-declaration", "end-never-reached", "never-set"].iter().any(|name| said.starts_with(name))
        })
        .collect()
}

/// The names of the findings.
fn names(body: &str) -> Vec<String> {
    of(body).into_iter().map(|said| said.split(':').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_covers_everything_once_is_silent() {
    for body in [
        "-> one when usage < 10% -> two when usage >= 10%",
        "-> one when usage < goal -> two when usage >= goal",
        "-> one when seats < 11 -> two when seats > 10",
        "-> one when seats <= 10% of seats + 5 -> two otherwise",
        "-> one when score < 2.5 -> two when score in 2.5..7 -> three when score > 7",
        "-> one when plan is trial -> two when plan in (paid, free)",
        "-> one when vip and seats > 5 -> two when vip and seats <= 5 -> three when not vip",
        "-> one when x1 in tags and x2 in tags -> two when x1 not in tags -> three when x1 in tags and x2 not in tags",
        "-> one when count of tags >= 2 -> two when count of tags = 1 -> three when count of tags < 1",
        "-> one when since_day < 2020-02-01 -> two when since_day >= 2020-02-01",
        "-> one when unknown vip -> two when vip -> three when not vip",
        "-> one when usage > 10% -> two otherwise",
        // Order decides where that is said; a limit says that the wait is meant.
        "first match -> one when usage > 10% -> two when usage > 5% -> three otherwise",
        "-> one when usage > 10% -> two when usage < 9% after 30 days -> three",
        // Time makes the other one true.
        "-> one when usage >= 10% -> two when usage < 10% and in this stage for 60 days",
        "-> one when today < 2020-02-01 -> two when today >= 2020-02-01",
        "-> one when days since since_day <= 5 -> two when days since since_day > 5",
        // Between kinds the order is settled.
        "whenever vip -> one -> two when vip or seats > 5 -> three when not vip and seats <= 5",
        "on asked when vip -> one on told when vip -> two after 3 days -> three",
        "on blocker (technical) -> one on blocker -> two after 3 days -> three",
    ] {
        assert_eq!(of(body), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn an_unknown_whenever_lets_pass() {
    // Whoever is not measured yet goes on when they have signed; who has not waits to be measured.
    let body = |rest: &str| {
        format!(
            "start -> a stage a {{ whenever usage >= 10% -> one whenever usage < 10% -> two -> b when signed }}
             stage b {{ {rest} }}"
        )
    };
    assert_eq!(of(&body("-> three")), Vec::<String>::new());
    assert_eq!(
        of(&body("-> one when seats > 5 -> three when seats < 5")),
        ["stuck-customer: a customer can get stuck in stage `b`: no transition is for seats = exactly 5"]
    );
}

#[test]
fn one_value_between_two_that_go_on() {
    let told = |body: &str| -> Vec<(String, Severity)> {
        let text = format!(
            "playbook p {{ {FACTS} start -> a stage a {{ {body} }} end one success end two success end three failure }}"
        );
        let found = findings(&text).into_iter().filter(|found| found.rule.name == "boundary-gap");
        found.map(|found| (found.message, found.severity)).collect()
    };
    let gap = |region: &str, severity: Severity| {
        vec![(format!("stage `a` goes on only by its limit where {region}"), severity)]
    };
    for (region, body) in [
        ("usage = exactly 10%", "-> one when usage > 10% -> two when usage < 10% after 30 days -> three"),
        ("seats = exactly 10", "-> one when seats >= 11 -> two when seats <= 9 after 30 days -> three"),
        (
            "seats = exactly 10 and plan = paid",
            "-> one when seats > 10 -> two when seats < 10 -> three when seats = 10 and plan is not paid after 3 days -> one",
        ),
    ] {
        assert_eq!(told(body), gap(region, Severity::Note), "{body}");
    }
    for body in [
        // More than one value, one at the bounds of the fact, or neither more nor less.
        "-> one when seats > 10 -> two when seats < 9 after 30 days -> three",
        "-> one when seats > 0 and seats < 1_000_000 after 30 days -> three",
        "-> one when score > 0 -> two when score < 0 after 30 days -> three",
        // Only one side goes on.
        "-> one when usage > 10% -> two when usage < 5% and usage <= 10% after 30 days -> three",
        // Order decides, or `otherwise` catches it.
        "-> one when usage > 10% -> two when usage < 10% -> three otherwise after 30 days -> three",
    ] {
        assert_eq!(told(body), [], "{body}");
    }
    // What is fixed stays there.
    let fixed = "-> one when goal > 5% -> two when goal < 5% after 3 days -> three";
    assert_eq!(told(fixed), gap("goal = exactly 5%", Severity::Warning));
}

#[test]
fn gaps_and_overlaps_at_bounds_and_in_corners() {
    let overlap = |region: &str, one: &str, two: &str, body: &str| {
        let text = format!(
            "playbook p {{ {FACTS} start -> a stage a {{ {body} }} end one success end two success end three failure }}"
        );
        let found = findings(&text);
        let found: Vec<_> = found.iter().filter(|found| found.rule.code == "P301").collect();
        assert_eq!(found.len(), 1, "{body}: {:?}", of(body));
        assert_eq!(found[0].severity, Severity::Error);
        assert_eq!(
            found[0].message,
            format!("two transitions of stage `a` can be taken at once: to `{one}` and to `{two}`")
        );
        assert_eq!(found[0].primary.message, format!("both are true where {region}"), "{body}");
        assert!(found[0].witness.is_some());
        assert_eq!(found[0].related.len(), 1);
    };
    overlap("usage = exactly 10%", "one", "two", "-> one when usage <= 10% -> two when usage >= 10%");
    overlap(
        "plan = paid and seats in 11..14",
        "one",
        "two",
        "-> one when plan is paid and seats > 10 -> two when seats < 15 and plan is not trial -> three otherwise"
            .replace("plan is not trial", "plan is paid")
            .as_str(),
    );
    overlap(
        "usage = exactly 10% and goal >= 10%",
        "one",
        "two",
        "-> one when usage in 5%..10% and goal >= 10% -> two when usage >= 10% -> three otherwise",
    );
    overlap("vip", "one", "two", "whenever vip -> one whenever vip and seats >= 0 -> two after 3 days -> three");
    overlap(
        "usage > 10%",
        "one",
        "two",
        "on asked when usage > 10% -> one on asked when usage > 5% -> two after 3 days -> three",
    );
    for (body, region) in [
        ("-> one when usage < 10% -> two when usage > 10%", "usage = exactly 10%"),
        ("-> one when seats < 1_000 -> two when seats > 1_000", "seats = exactly 1000"),
        ("-> one when usage < goal -> two when usage > goal", "usage = goal"),
        (
            "-> one when plan is trial -> two when plan is paid and vip -> three when plan is paid and not vip",
            "plan = free",
        ),
        (
            "-> one when vip and usage >= 10% -> two when not vip and usage < 10%",
            "not vip and usage >= 10%, or vip and usage < 10%",
        ),
        ("-> one when since_day < 2020-02-01 -> two when since_day > 2020-02-01", "since_day = exactly 2020-02-01"),
        (
            "-> one when today < 2020-02-01 -> two when today < 2020-03-01 and vip",
            "not vip and today >= 2020-02-01, or today >= 2020-03-01",
        ),
    ] {
        let text = format!(
            "playbook p {{ {FACTS} start -> a stage a {{ {body} }} end one success end two success end three failure }}"
        );
        let found = findings(&text);
        let found: Vec<_> = found.iter().filter(|found| found.rule.code == "P302").collect();
        assert_eq!(found.len(), 1, "{body}: {:?} {:?}", of(body), noted(&text));
        assert!(found[0].witness.is_some());
        assert_eq!(
            found[0].message,
            format!("a customer can get stuck in stage `a`: no transition is for {region}"),
            "{body}"
        );
    }
}

#[test]
fn what_is_never_taken() {
    for (body, expected) in [
        (
            "-> one when usage > 10% and usage < 5% -> two otherwise",
            "dead-exit: the transition to `one` is never taken: its condition cannot be true",
        ),
        (
            "-> one when seats > 10 and seats < 11 -> two otherwise",
            "dead-exit: the transition to `one` is never taken: its condition cannot be true",
        ),
        (
            "-> one when vip -> two when not vip -> three otherwise",
            "dead-exit: `otherwise` to `three` is never taken: the other conditions leave nothing over",
        ),
        (
            "first match -> one when usage >= 50% -> two when usage < 60% -> three when usage in 20%..70%",
            "dead-exit: the transition to `three` is never taken: those that come before it are taken first",
        ),
        (
            "whenever vip -> one -> two when vip and seats > 5 -> three otherwise",
            "dead-exit: the transition to `two` is never taken: as soon as its condition is true, a `whenever` is taken",
        ),
        (
            "on asked -> one on asked when vip -> two after 3 days -> three",
            "dead-exit: the transition to `two` is never taken: one that comes before it is taken first",
        ),
    ] {
        assert!(of(body).contains(&expected.to_owned()), "{body}: {:?}", of(body));
    }
}

#[test]
fn what_every_way_has_established_counts() {
    // `vip` is fixed: who gets to `b` is one.
    let body = |second: &str| {
        format!("start -> a stage a {{ -> b when vip -> one otherwise }} stage b {{ task t mandatory \"T\" {second} }}")
    };
    assert_eq!(names(&body("-> two when vip and seats > 5 -> three when seats <= 5")), Vec::<String>::new());
    assert_eq!(names(&body("-> two when not vip -> three otherwise")), ["dead-exit"]);
    // A live fact may have changed while the task was done.
    let live =
        |second: &str| format!("start -> a stage a {{ -> b when live_vip -> one otherwise }} stage b {{ {second} }}");
    let gap = "-> two when live_vip and seats > 5 -> three when live_vip and seats <= 5";
    assert_eq!(names(&live(gap)), Vec::<String>::new());
    assert_eq!(names(&live(&format!("task t mandatory \"T\" {gap}"))), ["stuck-customer"]);
    // What the playbook keeps is what it set.
    let kept = "start -> a stage a { set kept = yes -> b } stage b { task t mandatory \"T\" -> two when kept and seats > 5 -> three when kept and seats <= 5 }";
    assert_eq!(names(kept), Vec::<String>::new());
    // Nobody gets to `c`.
    let lost = "start -> a stage a { -> b when plan is trial -> one otherwise } stage b { -> c when plan is paid -> two otherwise } stage c { -> three }";
    assert_eq!(names(lost), ["unreachable-stage"]);
}

#[test]
fn a_transition_that_may_be_spent_leaves_a_gap() {
    let body = "start -> a stage a { task t mandatory again \"T\" -> b when vip at most 3 times -> one when not vip } stage b { task u mandatory again \"U\" -> a }";
    let found = of(body);
    assert_eq!(found, ["stuck-customer: a customer can get stuck in stage `a`: no transition is for vip"]);
}

#[test]
fn blocks_are_left_by_what_their_tracks_came_to() {
    let block = |then: &str| {
        said(&format!(
            "playbook p {{ services {{ teams yammer }} facts of each service {{ usage : percent }}
             each service {{ stage f {{ -> met when usage >= 10% -> missed otherwise }} end met success end missed failure }}
             then {then} end one success end two success end three failure }}"
        ))
        .into_iter()
        .filter(|said| !said.starts_with("end-never"))
        .collect::<Vec<String>>()
    };
    assert_eq!(
        block("-> one when all services where (at met) -> two when any services where (at missed)"),
        Vec::<String>::new()
    );
    // A service at `met` has reached ten percent.
    assert_eq!(block("-> one when all services where (at met or usage < 10%) -> two when no services where (usage < 10%) and any services where (at missed)").len(), 1);
}

#[test]
fn parts_and_conditions_that_say_nothing() {
    assert_eq!(names("-> one when usage >= 10% and usage >= 5% -> two otherwise"), ["redundant-condition"]);
    assert_eq!(names("-> one when vip or (vip and seats > 5) -> two otherwise"), ["redundant-condition"]);
    assert_eq!(names("-> one when seats > 5 and seats <= 1_000_000 -> two otherwise"), ["redundant-condition"]);
    assert_eq!(names("on asked when usage <= 100% -> one after 3 days -> two"), ["always-true"]);
    assert_eq!(names("needs usage > 50% and usage < 20% -> one"), ["contradictory-assumptions"]);
    let audience = |goal: &str, input: &str| {
        names(&format!("start -> a for customers where {goal} input \"In\": {input} stage a {{ -> one }}"))
    };
    assert_eq!(audience("goal < 20%", "goal >= 20%"), ["contradictory-assumptions"]);
    assert_eq!(audience("goal < 20%", "goal >= 19%"), [""; 0]);
    // What may change until the key input is looked at contradicts nothing.
    assert_eq!(audience("usage < 20%", "usage >= 20%"), [""; 0]);
    assert_eq!(names("task t optional \"T\" when seats > 10 and seats < 11 -> one"), ["contradictory-assumptions"]);
}

#[test]
fn a_customer_whose_services_came_to_different_ends() {
    let text = |then: &str| {
        format!(
            "playbook p {{ services {{ teams yammer exchange }} facts of each service {{ usage : percent  declined : yes/no }}
             each service {{ start -> f when not declined -> refused otherwise
               stage f {{ -> met when usage >= 10% after 90 days -> missed }}
               end met success end missed failure end refused neutral }}
             then {then} end one success end two success end three failure }}"
        )
    };
    let stuck = |then: &str| {
        let found = findings(&text(then));
        let found: Vec<_> = found.into_iter().filter(|found| found.rule.code == "P302").collect();
        assert_eq!(found.len(), 1, "{then}: {:?}", noted(&text(then)));
        found[0].witness.clone().expect("an example")
    };
    let example = stuck("-> one when all services where (at met) -> two when all services where (at missed)");
    assert!(example["customer"]["services"].as_object().is_some_and(|services| !services.is_empty()), "{example}");
    stuck(
        "-> one when all services where (at (met, refused)) and count services where (at met) >= 2 -> two when any services where (at missed)",
    );
    let fine = "-> one when all services where (at met or at refused) -> two when any services where (at missed)";
    assert_eq!(said(&text(fine)).into_iter().filter(|said| !said.starts_with("end-never")).count(), 0);
}

#[test]
fn flaws_within_the_track_of_a_service() {
    let text = |flow: &str| {
        format!(
            "playbook p {{ services {{ teams yammer exchange  modern = teams, yammer }}
             param goal : percent = 10%
             facts of the customer {{ csm : yes/no rising  agreed : percent fixed = goal }}
             facts of each service {{ usage : percent  push : yes/no = no  pushed : yes/no = no kept by playbook }}
             each service {{ {flow} end met success end handed success }}
             then -> over end over success }}"
        )
    };
    let found = |flow: &str| -> Vec<(String, String)> {
        let found = findings(&text(flow));
        let found = found.iter().filter(|found| found.severity < Severity::Note && found.rule.code.starts_with("P30"));
        found.map(|found| (found.rule.name.to_owned(), found.primary.message.clone() + &found.message)).collect()
    };
    let clean = "start -> hand when csm and service in modern -> follow otherwise
        stage hand { task h mandatory \"H\" -> handed }
        stage follow { -> met when usage >= agreed -> boost when usage < agreed and push and not pushed after 52 weeks -> handed }
        stage boost { task b mandatory \"B\" set pushed = yes -> follow }";
    assert_eq!(found(clean), []);
    // Both at exactly what was agreed.
    let both = found(&clean.replace("usage < agreed", "usage <= agreed"));
    assert_eq!(both.len(), 1, "{both:?}");
    assert_eq!(both[0].0, "overlapping-guards");
    assert!(both[0].1.contains("usage = agreed"), "{both:?}");
    // Nobody speaks of Exchange, nor of those without a manager.
    let gap = found(&clean.replace("follow otherwise", "follow when not csm"));
    assert_eq!(gap.len(), 1, "{gap:?}");
    assert!(gap[0].1.contains("service = exchange and csm"), "{gap:?}");
}

#[test]
fn what_the_playbook_keeps_begins_with_its_default() {
    let text = |set: &str| {
        format!(
            "playbook p {{ facts of the customer {{ a : yes/no fixed  k : yes/no = no kept by playbook }}
             stage s {{ {set} -> u when a  -> v when not a and not k }} end u success end v success }}"
        )
    };
    assert_eq!(said(&text("")), ["never-set: `k` is kept by the playbook, but no stage sets it"]);
    assert_eq!(said(&text("set k = no")), Vec::<String>::new());
    let stuck = "stuck-customer: a customer can get stuck in stage `s`: no transition is for not a";
    let dead = "dead-exit: the transition to `v` is never taken: nobody who gets to stage `s` meets its condition";
    assert_eq!(said(&text("set k = yes")), [stuck, dead]);
}

#[test]
fn an_unknown_condition_in_front_holds_back_those_behind_it() {
    let text = |order: &str, value: &str| {
        format!(
            "playbook p {{ facts of the customer {{ a : yes/no fixed  s : int in 0..9 fixed  l : int in 0..3 {value} kept by playbook }}
             stage x {{ {order} -> u when l = 2 -> v when a -> w when not a }}
             stage y {{ task t mandatory \"T\" set l = 2 -> u }}
             start -> y when s > 5 -> x otherwise end u success end v success end w success }}"
        )
    };
    let stuck = |text: &str| {
        said(text).iter().any(|said| said.starts_with("stuck-customer") || said.starts_with("read-before"))
    };
    assert!(stuck(&text("first match", "")));
    assert!(!stuck(&text("first match", "= 0")));
    // Without an order the others are taken meanwhile.
    let division = |order: &str| {
        of(&format!(
            "{order} -> one when 100 / seats > 2 -> two when seats <= 50 and vip -> three when not vip or seats > 50"
        ))
    };
    assert!(division("first match").iter().any(|said| said.ends_with("no transition is for seats = exactly 0")));
    assert!(!division("").iter().any(|said| said.starts_with("stuck-customer")));
}
