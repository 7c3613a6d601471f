//! The settled semantics, points 1 to 12: time, order, work and the unknown.

use super::{machine, tell, tell_until};
use crate::diagnostic::UNDATED_CUSTOMER;
use crate::run::status::Status;
use crate::run::timeline::Timeline;
use crate::source::FileId;

/// One stage of the customer's own, with these facts and this body.
fn stage(facts: &str, body: &str) -> String {
    format!(
        "playbook p {{ facts of the customer {{ go : yes/no {facts} }} stage a {{ {body} }} \
         stage b {{ after 1000 days -> late }} end late failure end fine success start -> a }}"
    )
}

#[test]
fn s01_time_is_whole_seconds_and_bounds_are_closed() {
    let play = stage("n : int  on_day : date", "-> fine when go and n in 2..4  after 36 hours -> b");
    // Due at 36 hours sharp.
    assert_eq!(tell_until(&play, "{}", "", Some(3)).way("-"), ["0 enter a", "1.5 enter b"]);
    // What comes at that very second is in time; one second later is too late. Both ends of a range belong to it.
    for n in [2, 4] {
        let line = format!("{{\"day\": 1.5, \"set\": {{\"go\": true, \"n\": {n}}}}}");
        assert_eq!(tell(&play, "{}", &line).way("-"), ["0 enter a", "1.5 end fine"]);
    }
    let late = "{\"day\": 1.500012, \"set\": {\"go\": true, \"n\": 3}}";
    assert_eq!(tell_until(&play, "{}", late, Some(3)).way("-"), ["0 enter a", "1.5 enter b"]);
    let outside = "{\"day\": 1.5, \"set\": {\"go\": true, \"n\": 5}}";
    assert_eq!(tell_until(&play, "{}", outside, Some(3)).way("-"), ["0 enter a", "1.5 enter b"]);
}

#[test]
fn s01_without_a_start_dates_are_unknown() {
    let play = stage("on_day : date", "-> fine when today >= on_day  after 90 days -> b");
    let told = tell_until(&play, r#"{"on_day": "2020-03-05"}"#, "", Some(100));
    assert_eq!(told.way("-"), ["0 enter a", "90 enter b"]);
    let told = tell(&play, r#"{"start": "2020-03-02", "on_day": "2020-03-05"}"#, "");
    assert_eq!(told.way("-"), ["0 enter a", "3 end fine"]);
    // A dated line needs to know day 0.
    let machine = machine(&play);
    let text = "{\"at\": \"2020-03-05\", \"set\": {\"go\": true}}";
    let (timeline, problems) = Timeline::read(&machine, FileId(0), text);
    assert!(problems.is_empty());
    let (said, problems) = timeline.for_customer("contoso", None);
    assert!(said.is_empty());
    assert_eq!((problems[0].rule, problems[0].primary.span.start), (&UNDATED_CUSTOMER, 7));
}

#[test]
fn s02_order_within_one_instant() {
    let play = "playbook p { facts of the customer { n : int = 0  kept : int = 0 }
        stage a {
          task slow optional \"Slow\"
          every 10 days, at most 3 times { step \"Look\" }
          -> late when n = 2
          after 10 days -> timer
        }
        end late success end timer failure }";
    // Day 10: the line of the timeline, then the round, then `after`.
    let told = tell(play, "{}", r#"{"day": 10, "set": {"n": 1}}"#);
    assert_eq!(told.of("-")[3..], ["10 fact n 1", "10 round 1", "10 step", "10 end timer"]);
    // Who makes it on the last day has made it.
    let told = tell(play, "{}", r#"{"day": 10, "set": {"n": 2}}"#);
    assert_eq!(told.of("-")[3..], ["10 fact n 2", "10 end late"]);
    // Lines of one instant in the order of the file, each followed to stability before the next.
    let lines = "{\"day\": 10, \"set\": {\"n\": 2}}\n{\"day\": 10, \"set\": {\"n\": 1}}";
    assert_eq!(tell(play, "{}", lines).way("-"), ["0 enter a", "10 end late"]);
    let lines = "{\"day\": 10, \"set\": {\"n\": 1}}\n{\"day\": 9, \"set\": {\"n\": 3}}";
    assert_eq!(tell(play, "{}", lines).of("-")[3..5], ["9 fact n 3", "10 fact n 1"]);
}

#[test]
fn s02_services_in_declared_order_then_the_customer() {
    let play = "playbook p {
        services { one two }
        facts of the customer { go : yes/no }
        each service { stage a { -> fine when go } end fine success }
        then -> done
        end done success }";
    let told = tell(play, r#"{"services": {"two": {}, "one": {}}}"#, r#"{"day": 3, "set": {"go": true}}"#);
    assert_eq!(told.log[told.log.len() - 3..], ["3 one end fine", "3 two end fine", "3 - end done"]);
}

#[test]
fn s03_whenever_before_on_before_completion() {
    let play = "playbook p {
        events { call }
        facts of the customer { go : yes/no  urgent : yes/no }
        stage a {
          -> by_completion when happened call or go
          on call -> by_event
          whenever urgent -> by_whenever
        }
        end by_completion success end by_event success end by_whenever success }";
    // The event comes: `on` is before the completion that it makes true.
    let told = tell(play, "{}", r#"{"day": 1, "event": "call"}"#);
    assert_eq!(told.way("-"), ["0 enter a", "1 end by_event"]);
    // One line makes both true: `whenever` is first.
    let told = tell(play, "{}", r#"{"day": 1, "set": {"go": true, "urgent": true}}"#);
    assert_eq!(told.way("-"), ["0 enter a", "1 end by_whenever"]);
}

#[test]
fn s03_two_of_one_kind_at_once_are_reported() {
    let play = stage("", "-> fine when go  -> b when go  after 9 days -> late");
    let told = tell(&play, r#"{"go": true}"#, "");
    assert_eq!(told.of("-"), ["0 enter a", "0 also 1", "0 end fine"]);
}

#[test]
fn s04_the_body_from_top_to_bottom() {
    let play = stage(
        "seen : int = 0",
        "task one mandatory \"One\" set seen = seen + 1 task two mandatory \"Two\" when seen = 1
         together { task three optional \"Three\" task four optional \"Four\" } set seen = 5 -> fine",
    );
    let lines = "{\"day\": 1, \"task\": \"one\", \"status\": \"complete\"}
        {\"day\": 2, \"task\": \"two\", \"status\": \"complete\"}
        {\"day\": 3, \"task\": \"four\", \"status\": \"complete\"}
        {\"day\": 4, \"task\": \"three\", \"status\": \"complete\"}";
    let told = tell(&play, "{}", lines);
    assert_eq!(
        told.of("-"),
        [
            "0 enter a",
            "0 offer one",
            "1 task one complete",
            "1 fact seen 1",
            "1 offer two",
            "2 task two complete",
            "2 offer three",
            "2 offer four",
            "3 task four complete",
            "4 task three complete",
            "4 fact seen 5",
            "4 end fine",
        ]
    );
}

#[test]
fn s05_work_is_done_when_every_offered_task_is_complete_or_not_required() {
    let play = stage("", "task one mandatory \"One\" task two optional \"Two\" every 1 week { step \"Look\" } -> fine");
    let lines = "{\"day\": 1, \"task\": \"one\", \"status\": \"not required\", \"reason\": \"done before\"}
        {\"day\": 2, \"task\": \"two\", \"status\": \"not_required\"}";
    // A cadence is no work that must finish.
    assert_eq!(tell(&play, "{}", lines).way("-"), ["0 enter a", "2 end fine"]);
    // A mandatory task can be declared not required only with a reason.
    let line = r#"{"day": 1, "task": "one", "status": "not required"}"#;
    let told = tell(&play, "{}", line);
    assert_eq!(told.way("-"), ["0 enter a"]);
    assert_eq!(told.findings.len(), 1);
    assert_eq!(told.waits("-")[0], "task one");
    // In progress, paused or deferred is not done.
    for status in ["in progress", "paused", "deferred", "warning", "blocked", "not started"] {
        let line = format!("{{\"day\": 1, \"task\": \"one\", \"status\": \"{status}\"}}");
        assert_eq!(tell_until(&play, "{}", &line, Some(30)).way("-"), ["0 enter a"], "{status}");
    }
}

#[test]
fn s06_the_when_of_a_task_is_decided_once() {
    let play = stage("", "task one mandatory \"One\" when go task two mandatory \"Two\" -> fine");
    // False passes it over; that it becomes true later changes nothing.
    let lines = "{\"day\": 2, \"set\": {\"go\": true}}\n{\"day\": 3, \"task\": \"two\", \"status\": \"complete\"}";
    let told = tell(&play, r#"{"go": false}"#, lines);
    assert_eq!(
        told.of("-"),
        ["0 enter a", "0 skip one when", "0 offer two", "2 fact go yes", "3 task two complete", "3 end fine"]
    );
    // Unknown waits, and says for what.
    let told = tell(&play, "{}", "");
    assert_eq!((told.of("-"), told.waits("-")), (vec!["0 enter a".to_owned()], vec!["fact go".to_owned()]));
    let told = tell(&play, "{}", r#"{"day": 2, "set": {"go": false}}"#);
    assert_eq!(told.of("-")[1..3], ["2 fact go no", "2 skip one when"]);
    // Once offered, it stays.
    let lines = "{\"day\": 2, \"set\": {\"go\": false}}\n{\"day\": 3, \"task\": \"one\", \"status\": \"complete\"}";
    let told = tell(&play, r#"{"go": true}"#, lines);
    assert!(told.has("3 - task one complete"));
}

#[test]
fn s07_entering_again_restarts_clocks_and_rounds() {
    let play = "playbook p {
        events { away back return }
        stage a {
          task once mandatory \"Once\"
          task always mandatory again \"Always\"
          every 10 days, at most 5 times { step \"Look\" }
          on away -> b
          after 30 days -> late
        }
        stage b { on back -> a  on return -> resume a }
        end late failure
        start -> a }";
    let lines = "{\"day\": 15, \"event\": \"away\"}\n{\"day\": 20, \"event\": \"back\"}";
    let told = tell(play, "{}", lines);
    assert_eq!(told.way("-"), ["0 enter a", "15 enter b", "20 enter a", "50 end late"]);
    assert!(told.has("20 - skip once credited") && told.has("20 - offer always"));
    assert!(told.has("10 - round 1") && told.has("30 - round 1") && told.has("40 - round 2"));
    // `resume` keeps clocks and rounds: 15 of 30 days are used, 5 of 10 until the next round.
    let lines = "{\"day\": 15, \"event\": \"away\"}\n{\"day\": 20, \"event\": \"return\"}";
    let told = tell(play, "{}", lines);
    assert_eq!(told.way("-"), ["0 enter a", "15 enter b", "20 resume a", "35 end late"]);
    assert!(told.has("25 - round 2"), "{:?}", told.log);
}

#[test]
fn s08_cadence() {
    let play = "playbook p { stage a {
          every 10 days, at most 3 times { task call mandatory again \"Call\" }
          -> fine when round >= 9
        } end fine success }";
    // The next round comes one period after the previous one's work is settled.
    let lines = "{\"day\": 14, \"task\": \"call\", \"status\": \"complete\"}
        {\"day\": 26, \"task\": \"call\", \"status\": \"complete\"}
        {\"day\": 40, \"task\": \"call\", \"status\": \"complete\"}";
    let told = tell(play, "{}", lines);
    let rounds: Vec<&String> = told.log.iter().filter(|line| line.contains("round")).collect();
    assert_eq!(rounds, ["10 - round 1", "24 - round 2", "36 - round 3"]);
    // When spent, the stage stays.
    assert_eq!(told.way("-"), ["0 enter a"]);
    let play = play.replace("-> fine when round >= 9", "after last round -> fine");
    assert_eq!(tell(&play, "{}", lines).way("-"), ["0 enter a", "40 end fine"]);
    // Conditions are looked at again when a round ends.
    let play = "playbook p { stage a { every 10 days, at most 3 times { step \"Look\" } -> fine when round >= 2 }
        end fine success }";
    assert_eq!(tell(play, "{}", "").way("-"), ["0 enter a", "20 end fine"]);
}

#[test]
fn s09_needs() {
    let play = stage(
        "ready : yes/no",
        "needs \"It is ready\": ready  task one optional \"One\"  -> fine when go  whenever go -> b  after 30 days -> late",
    );
    // False is held, and nothing is offered.
    let told = tell_until(&play, r#"{"ready": false}"#, "", Some(20));
    assert_eq!((told.of("-"), told.status()), (vec!["0 enter a".to_owned()], Status::Held));
    assert!(told.waits("-").contains(&"need It is ready".to_owned()));
    // Unknown is waiting, and names the fact.
    let told = tell_until(&play, "{}", "", Some(20));
    assert_eq!((told.way("-"), told.status()), (vec!["0 enter a".to_owned()], Status::Waiting));
    assert_eq!(told.waits("-")[0], "fact ready");
    // Met, then latched for the visit.
    let lines = "{\"day\": 5, \"set\": {\"ready\": true}}\n{\"day\": 6, \"set\": {\"ready\": false}}
        {\"day\": 7, \"task\": \"one\", \"status\": \"complete\"}";
    let told = tell(&play, r#"{"ready": false}"#, lines);
    assert!(told.has("5 - offer one") && told.has("7 - task one complete"), "{:?}", told.log);
    // `after` counts from entry, the time held included.
    assert_eq!(told.way("-"), ["0 enter a", "30 end late"]);
    // `whenever` comes before the needs.
    let told = tell_until(&play, r#"{"ready": false, "go": true}"#, "", Some(20));
    assert_eq!(told.way("-"), ["0 enter a", "0 enter b"]);
}

#[test]
fn s09_key_inputs() {
    let play = "playbook p {
        services { teams }
        facts of each service { enabled : yes/no  go : yes/no }
        each service {
          input \"It is enabled\": enabled
          whenever go -> fine
          start -> a
          stage a { task one mandatory \"One\" -> fine }
          end fine success
        }
        then -> done
        end done success }";
    let told = tell(play, r#"{"services": {"teams": {"enabled": false}}}"#, "");
    assert_eq!((told.way("teams").len(), told.status(), told.track_status("teams")), (0, Status::Held, Status::Held));
    let told = tell(play, r#"{"services": {"teams": {}}}"#, "");
    assert_eq!((told.status(), told.waits("teams")[0].as_str()), (Status::Waiting, "fact enabled of teams"));
    let told =
        tell(play, r#"{"services": {"teams": {}}}"#, r#"{"day": 4, "service": "teams", "set": {"enabled": true}}"#);
    assert_eq!(told.way("teams"), ["4 enter a", "4 end fine"]);
    // `whenever` is looked at before.
    let told = tell(play, r#"{"services": {"teams": {"enabled": false, "go": true}}}"#, "");
    assert_eq!(told.way("teams"), ["0 end fine"]);
}

#[test]
fn s10_whenever_fires_on_entry_and_not_when_unknown() {
    let play = stage("", "task one mandatory \"One\" whenever go -> b  -> fine");
    assert_eq!(tell_until(&play, r#"{"go": true}"#, "", Some(9)).of("-")[..2], ["0 enter a", "0 enter b"]);
    // Unknown neither fires nor blocks.
    assert_eq!(tell(&play, "{}", "").way("-"), ["0 enter a", "0 end fine"]);
    // It cancels open work.
    let lines = "{\"day\": 1, \"task\": \"one\", \"status\": \"in progress\"}\n{\"day\": 2, \"set\": {\"go\": true}}";
    let told = tell_until(&play, "{}", lines, Some(9));
    assert!(told.has("2 - cancel one") && told.has("2 - enter b"));
}

#[test]
fn s11_unknown() {
    let known = r#"{"go": false}"#;
    // `otherwise` needs every other guard false: an unknown one keeps it waiting.
    let play = stage("n : int", "-> fine when go  -> b when n > 3  -> late otherwise");
    let told = tell(&play, known, "");
    assert_eq!(told.way("-"), ["0 enter a"]);
    assert!(told.waits("-").contains(&"fact n".to_owned()));
    assert_eq!(tell(&play, r#"{"go": false, "n": 1}"#, "").way("-"), ["0 enter a", "0 end late"]);
    // A guard that holds is taken though another is unknown.
    assert_eq!(tell(&play, r#"{"go": true}"#, "").way("-"), ["0 enter a", "0 end fine"]);
    // Under `first match` an earlier unknown waits, a later one does not matter.
    let play = stage("n : int", "first match -> fine when go  -> b when n > 3");
    assert_eq!(tell(&play, r#"{"n": 5}"#, "").way("-"), ["0 enter a"]);
    assert_eq!(tell(&play, r#"{"go": true}"#, "").way("-"), ["0 enter a", "0 end fine"]);
    // Kleene: the rest may decide alone.
    let play = stage("n : int", "-> fine when go or n > 3  -> late when not (go and n > 3) and not go");
    assert_eq!(tell(&play, r#"{"n": 5}"#, "").way("-"), ["0 enter a", "0 end fine"]);
    assert_eq!(tell(&play, known, "").way("-"), ["0 enter a", "0 end late"]);
    // Arithmetic spreads unknown; statuses and events are never unknown.
    let play = stage(
        "n : int  m : int",
        "-> fine when n + m > 3  -> late when not (n + m > 3)  -> b when done task x
        on blocker -> b  after 9 days -> late",
    )
    .replace("stage b {", "stage b { task x optional \"X\"");
    let told = tell_until(&play, r#"{"n": 50}"#, "", Some(5));
    assert_eq!(told.way("-"), ["0 enter a"]);
    assert!(told.waits("-").contains(&"fact m".to_owned()));
}

#[test]
fn s11_unknown_in_quantifiers() {
    let play = "playbook p {
        services { one two three }
        facts of each service { usage : percent }
        stage a {
          -> each_one when all services where (usage >= 10%)
          -> pair when count services where (usage >= 10%) >= 2 and not (all services where (usage >= 10%))
          -> nobody when no services where (usage >= 10%)
          after 9 days -> late
        }
        end each_one success end pair success end nobody success end late failure }";
    let way = |services: &str| tell(play, &format!("{{\"services\": {{{services}}}}}"), "").way("-")[1].clone();
    // Any false is false, else any unknown is unknown.
    assert_eq!(way(r#""one": {"usage": 12}, "two": {"usage": 12}, "three": {"usage": 12}"#), "0 end each_one");
    assert_eq!(way(r#""one": {"usage": 12}, "two": {"usage": 12}, "three": {}"#), "9 end late");
    // The count is at least two and at most three; `all` is unknown, so the whole is unknown.
    assert_eq!(way(r#""one": {"usage": 12}, "two": {"usage": 12}, "three": {"usage": 1}"#), "0 end pair");
    // One that is false decides `all`, whatever the unknown one is.
    assert_eq!(way(r#""one": {"usage": 1}, "two": {}, "three": {}"#), "9 end late");
    assert_eq!(way(r#""one": {"usage": 1}, "two": {"usage": 1}, "three": {"usage": 1}"#), "0 end nobody");
    assert_eq!(way(r#""one": {"usage": 12}, "two": {}, "three": {"usage": 0}"#), "9 end late");
}

#[test]
fn s11_what_is_counted_lies_between_the_least_and_the_most() {
    let way = |condition: &str, services: &str| {
        let play = format!(
            "playbook p {{ services {{ one two three }} facts of each service {{ u : yes/no }}
               let counted = count services where (u)
               stage a {{ -> fine when {condition}  -> late otherwise }}
               end fine success end late failure }}"
        );
        tell(&play, &format!("{{\"services\": {{{services}}}}}"), "").way("-").get(1).cloned()
    };
    // One for certain, two at most.
    let services = r#""one": {"u": true}, "two": {}, "three": {"u": false}"#;
    for (condition, expected) in [
        ("count services where (u) >= 1", Some("0 end fine")),
        ("1 <= count services where (u)", Some("0 end fine")),
        ("counted >= 1", Some("0 end fine")),
        ("count services where (u) <= 2", Some("0 end fine")),
        ("count services where (u) in 1..2", Some("0 end fine")),
        ("count services where (u) != 3", Some("0 end fine")),
        ("count services where (u) = 0", Some("0 end late")),
        ("count services where (u) > 2", Some("0 end late")),
        ("count services where (u) < 1", Some("0 end late")),
        ("count services where (u) >= 2", None),
        ("count services where (u) = 1", None),
        ("count services where (u) in 2..3", None),
    ] {
        assert_eq!(way(condition, services).as_deref(), expected, "{condition}");
    }
}

#[test]
fn s12_going_round_in_no_time_stops_and_names_the_loop() {
    let play = "playbook p { facts of the customer { go : yes/no }
        stage a { -> b }  stage b { -> c }  stage c { -> fine when go  -> a otherwise }
        end fine success  start -> a }";
    let told = tell(play, r#"{"go": false}"#, "");
    assert_eq!(told.status(), Status::Waiting);
    assert_eq!(told.waits("-")[0], "loop");
    let looped: Vec<&String> = told.log.iter().filter(|line| line.contains("loop")).collect();
    assert_eq!(looped.len(), 1);
    for stage in ["a", "b", "c"] {
        assert!(looped[0].split(' ').any(|word| word == stage), "{looped:?}");
    }
    // What changes something lets it go on.
    let told = tell(play, r#"{"go": false}"#, r#"{"day": 3, "set": {"go": true}}"#);
    assert_eq!(told.way("-").last().map(String::as_str), Some("3 end fine"));
    // A loop that changes the state is no endless one.
    let play = "playbook p { facts of the customer { n : int = 0 kept by playbook }
        stage a { set n = n + 1  -> fine when n >= 3  -> b when n < 3 }  stage b { -> a }
        end fine success  start -> a }";
    assert_eq!(tell(play, "{}", "").way("-").last().map(String::as_str), Some("0 end fine"));
}
