//! The settled semantics, points 18 to 22: blockers, numbers, the calendar, properties and `run` itself; and what
//! happens in life.

use super::{document, tell, tell_until};
use crate::diagnostic::IDLE_LINE;
use crate::run::Machine;
use crate::run::journey::Stop;
use crate::run::status::Status;

const BLOCKED: &str = "playbook p {
    services { one two }
    facts of each service { usage : percent = 0% }
    each service as work {
      stage a {
        task t mandatory \"T\"
        every 10 days { step \"Look\" }
        on blocker (legal) -> fix
        -> fine when usage >= 10%
        after 60 days -> late
      }
      stage fix { on resolved -> resume a  on waived -> late  after 90 days -> late }
      end fine success end late failure
      start -> a
    }
    then -> done
    end done success }";

#[test]
fn s18_a_matching_on_blocker_moves_the_track() {
    let lines = "{\"day\": 5, \"service\": \"one\", \"event\": \"blocker\", \"kind\": \"legal\"}
        {\"day\": 15, \"service\": \"one\", \"event\": \"resolved\"}";
    let told = tell(BLOCKED, r#"{"services": {"one": {}, "two": {}}}"#, lines);
    assert_eq!(told.way("one"), ["0 enter a", "5 enter fix", "15 resume a", "70 end late"]);
    assert_eq!(told.way("two"), ["0 enter a", "60 end late"]);
}

#[test]
fn s18_without_one_tasks_and_rounds_stand_still_and_after_does_not() {
    let lines = "{\"day\": 5, \"service\": \"one\", \"event\": \"blocker\", \"kind\": \"technical\"}
        {\"day\": 25, \"service\": \"one\", \"event\": \"resolved\"}";
    let told = tell(BLOCKED, r#"{"services": {"one": {}, "two": {}}}"#, lines);
    let rounds = |service: &str| -> Vec<String> {
        told.of(service).into_iter().filter(|line| line.contains("round")).take(2).collect()
    };
    assert_eq!(rounds("one"), ["30 round 1", "40 round 2"]);
    assert_eq!(rounds("two"), ["10 round 1", "20 round 2"]);
    assert_eq!(told.way("one"), ["0 enter a", "60 end late"]);
}

#[test]
fn s18_resolved_means_the_last_one_cleared() {
    let lines = "{\"day\": 5, \"service\": \"one\", \"event\": \"blocker\", \"kind\": \"legal\"}
        {\"day\": 6, \"service\": \"one\", \"event\": \"blocker\", \"kind\": \"billing\"}
        {\"day\": 15, \"service\": \"one\", \"event\": \"resolved\", \"kind\": \"legal\"}
        {\"day\": 20, \"service\": \"one\", \"event\": \"resolved\", \"kind\": \"billing\"}";
    let told = tell(BLOCKED, r#"{"services": {"one": {}}}"#, lines);
    assert_eq!(told.way("one")[..3], ["0 enter a", "5 enter fix", "20 resume a"]);
    // What is not there cannot be resolved: that makes no difference, and is said.
    let told = tell(BLOCKED, r#"{"services": {"one": {}}}"#, r#"{"day": 5, "service": "one", "event": "resolved"}"#);
    assert_eq!((told.findings.len(), told.findings[0].rule), (1, &IDLE_LINE));
}

#[test]
fn s18_a_blocker_of_one_task_holds_that_task() {
    let play = "playbook p {
        stage a { together { task one mandatory \"One\" task two mandatory \"Two\" } -> fine }
        end fine success }";
    let lines = "{\"day\": 1, \"event\": \"blocker\", \"task\": \"one\", \"kind\": \"legal\"}
        {\"day\": 2, \"task\": \"two\", \"status\": \"complete\"}
        {\"day\": 3, \"event\": \"resolved\", \"task\": \"one\"}
        {\"day\": 4, \"task\": \"one\", \"status\": \"complete\"}";
    let told = tell(play, "{}", lines);
    assert_eq!(told.way("-"), ["0 enter a", "4 end fine"]);
    assert!(told.findings.is_empty() && told.has("2 - task two complete"));
}

#[test]
fn s19_percent_is_exact() {
    let play =
        "playbook p { facts of the customer { usage : percent  score : number to 1 decimal = 0 kept by playbook }
        stage a { -> fine when usage = 10%  -> b when usage = 9.999999% }
        stage b { set score = usage / 100% * 3  -> fine when score = 0.3 }
        end fine success start -> a }";
    assert_eq!(tell(play, r#"{"usage": 10.0}"#, "").way("-"), ["0 enter a", "0 end fine"]);
    assert_eq!(tell(play, r#"{"usage": "9.999999%"}"#, "").way("-"), ["0 enter a", "0 enter b", "0 end fine"]);
    assert_eq!(tell(play, r#"{"usage": 9.999998}"#, "").way("-"), ["0 enter a"]);
}

#[test]
fn s20_business_days_are_monday_to_friday_without_holidays() {
    let play = "playbook p {
        calendar { holidays 2020-03-05 }
        facts of the customer { asked : date }
        stage a { -> fine when business days since asked >= 3 }
        end fine success }";
    // Monday 2 March: Tuesday 3, Wednesday 4, (Thursday 5 is a holiday), Friday 6.
    let told = tell(play, r#"{"start": "2020-03-02", "asked": "2020-03-02"}"#, "");
    assert_eq!(told.way("-"), ["0 enter a", "4 end fine"]);
    // Over a weekend: Friday 6 March, then Monday 9, Tuesday 10, Wednesday 11.
    let told = tell(play, r#"{"start": "2020-03-02", "asked": "2020-03-06"}"#, "");
    assert_eq!(told.way("-"), ["0 enter a", "9 end fine"]);
}

#[test]
fn s20_what_waits_for_business_days_waits_over_weekends_and_holidays() {
    let play = "playbook p {
        calendar { holidays 2020-03-05 }
        facts of the customer { ready : yes/no }
        stage a {
          every 2 business days, at most 2 times { step \"Look\" }
          -> fine when ready
          after 6 business days -> late
        }
        end fine success end late failure }";
    // From Monday 2 March: a round on Wednesday 4, and two business days later, past the holiday, on Monday 9; over on Wednesday 11.
    let told = tell(play, r#"{"start": "2020-03-02"}"#, "");
    assert_eq!(told.way("-"), ["0 enter a", "9 end late"]);
    assert!(told.has("2 - round 1") && told.has("7 - round 2"), "{:?}", told.log);
    // From Saturday 7 March as from the Friday before.
    let told = tell(play, r#"{"start": "2020-03-07"}"#, "");
    assert_eq!(told.way("-"), ["0 enter a", "9 end late"]);
    // Without dates day 0 is a Monday, and nothing is a holiday: over on the Tuesday of the week after.
    let told = tell(play, "{}", "");
    assert_eq!(told.way("-"), ["0 enter a", "8 end late"]);
    assert!(told.has("2 - round 1") && told.has("4 - round 2"), "{:?}", told.log);
}

#[test]
fn s20_business_hours_pass_within_the_hours_of_business_days() {
    let play = "playbook p {
        calendar { zone \"Europe/Berlin\" holidays 2020-03-05 }
        facts of the customer { ready : yes/no }  events { e }
        stage a { on e -> b  -> fine when ready  after 90 days -> late }
        stage b { every 4 business hours, at most 3 times { step \"Look\" }  after 14 business hours -> late }
        start -> a
        end fine success end late failure }";
    let from = |at: &str| {
        let line = format!("{{\"at\": \"2020-03-{at}\", \"event\": \"e\"}}");
        let told = tell(play, r#"{"start": "2020-03-02"}"#, &line);
        let rounds: Vec<i64> = told.log.iter().filter(|line| line.contains("round")).map(|line| hour(line)).collect();
        (rounds, hour(&told.way("-")[2]))
    };
    let at = |day: i64, hour: i64| day * 24 + hour;
    // Monday 10:00; the last of it on Tuesday.
    assert_eq!(from("02T10:00:00"), (vec![at(0, 14), at(1, 10), at(1, 14)], at(1, 16)));
    // Wednesday 14:00: over the holiday on Thursday, and over the weekend.
    assert_eq!(from("04T14:00:00"), (vec![at(4, 10), at(4, 14), at(7, 10)], at(7, 12)));
    // In the evening, at midnight, on a Saturday: from when the hours next open.
    assert_eq!(from("06T17:00:00"), (vec![at(7, 13), at(7, 17), at(8, 13)], at(8, 15)));
    assert_eq!(from("07T12:00:00").0, [at(7, 13), at(7, 17), at(8, 13)]);
    // Clocks are turned on the night to Sunday 29 March: a working day has its hours all the same.
    assert_eq!(from("27T15:00:00"), (vec![at(28, 11), at(28, 15), at(29, 11)], at(29, 13)));
    // A moment with an offset of its own is one of the calendar's zone: 7:30 UTC is 9:30 in Berlin's summer.
    assert_eq!(from("30T07:00:00Z").0[0], at(28, 13));
    // Other hours, and a length that is no whole number of them.
    let play = "playbook p { calendar { hours 22:00 to 24:00 } stage a { after 2.5 business hours -> late } end late failure }";
    assert_eq!(tell(play, "{}", "").way("-")[1], "1.9375 end late");
    // Without dates day 0 is a Monday: thirty hours are three days of eight and six hours.
    let play = "playbook p { stage a { after 30 business hours -> late } end late failure }";
    assert_eq!(tell(play, "{}", "").way("-")[1], "3.625 end late");
}

/// The minute a line of the log speaks of.
fn minute(line: &str) -> i64 {
    let day: f64 = line.split(' ').next().and_then(|day| day.parse().ok()).expect("a day");
    (day * 24.0 * 60.0).round() as i64
}

/// The hour, where it is a full one.
fn hour(line: &str) -> i64 {
    assert_eq!(minute(line) % 60, 0, "{line}");
    minute(line) / 60
}

#[test]
fn s20_business_hours_since_count_whole_ones() {
    let play = "playbook p {
        calendar { holidays 2020-03-05 }
        facts of the customer { asked : date }  events { e }
        stage a { on e -> b }
        stage b { -> fine when business hours since e >= 4 }
        stage c { -> fine when business hours since asked > 8 }
        start -> c when asked < 2020-03-02 -> a otherwise
        end fine success }";
    let way = |customer: &str, at: &str| {
        let line = format!("{{\"at\": \"2020-03-{at}\", \"event\": \"e\"}}");
        let lines = if at.is_empty() { String::new() } else { line };
        minute(tell(play, customer, &lines).way("-").last().expect("an end"))
    };
    let at = |day: i64, hour: i64, minute: i64| (day * 24 + hour) * 60 + minute;
    let dated = r#"{"start": "2020-03-02", "asked": "2020-03-02"}"#;
    // Monday 9:45 to 13:45; Wednesday 16:30 over the holiday to Friday 12:30; Saturday to Monday 13:00.
    assert_eq!(way(dated, "02T09:45:00"), at(0, 13, 45));
    assert_eq!(way(dated, "04T16:30:00"), at(4, 12, 30));
    assert_eq!(way(dated, "07T12:00:00"), at(7, 13, 0));
    // Of a date from its midnight on: eight hours on Friday and one on Monday.
    assert_eq!(way(r#"{"start": "2020-03-02", "asked": "2020-02-28"}"#, ""), at(0, 10, 0));
    // Without dates day 0 is a Monday, for business hours and for business days.
    let play = "playbook p { events { e } stage a { on e -> b } stage b { -> fine when business hours since e >= 4 }
        start -> a end fine success }";
    let last = |play: &str| minute(&tell(play, "{}", r#"{"day": 4.5, "event": "e"}"#).way("-")[2]);
    assert_eq!(last(play), at(4, 16, 0));
    assert_eq!(last(&play.replace(">= 4", "> 5")), at(7, 10, 0));
    assert_eq!(last(&play.replace("hours since e >= 4", "days since e > 1")), at(8, 0, 0));
}

#[test]
fn s21_properties_see_stable_moments() {
    let play = "playbook p {
        facts of the customer { go : yes/no }
        stage a { -> b }
        stage b { -> fine when go  after 30 days -> fine }
        end fine success
        start -> a }
        property never_a: never at a
        property never_b: never at b
        property a_once: at a at most once
        property a_first: at a before at b
        property go_first: go before at b
        property soon: eventually end within 20 days
        test \"quick\" { customer { go } expect visits a expect visits b expect ends fine }
        test \"slow\" { customer { not go } expect visits a 1 times expect ends fine on day 30 }";
    let (document, sources) = document(play);
    let machine = Machine::new(document.playbook);
    let results = crate::test::run(&machine, &sources, &document.tests, &document.properties);
    assert_eq!(results.passed(), 2, "{:#?}", results.diagnostics());
    let of = |name: &str| {
        let found = results.properties.iter().find(|property| property.name == name).expect("it is there");
        (found.holds, found.broken)
    };
    // A stage left in the instant it was entered is no stable moment; having been entered counts all the same.
    assert_eq!(of("never_a"), (2, 0));
    assert_eq!(of("never_b"), (1, 1));
    assert_eq!(of("a_once"), (2, 0));
    assert_eq!(of("a_first"), (2, 0));
    // What came with the customer has come before any move.
    assert_eq!(of("go_first"), (1, 1));
    assert_eq!(of("soon"), (1, 1));
}

#[test]
fn s22_run() {
    let play = "playbook p {
        facts of the customer { go : yes/no  ready : yes/no }
        events { call }
        stage a { task one mandatory \"One\" task two mandatory \"Two\" -> b }
        stage b { needs \"Ready\": ready  on call -> fine  -> fine when go }
        end fine success
        start -> a }";
    // Tasks the timeline never names are complete when offered; the others wait for it.
    let told = tell(play, r#"{"ready": true}"#, r#"{"day": 3, "task": "two", "status": "complete"}"#);
    assert_eq!(told.of("-")[..4], ["0 enter a", "0 offer one", "0 task one complete", "0 offer two"]);
    assert_eq!(told.way("-"), ["0 enter a", "3 enter b"]);
    // With nothing left to come, `waiting` lists the facts and events that would move it.
    assert_eq!((told.stop, told.status()), (Stop::Waiting, Status::Waiting));
    let waits = told.waits("-");
    assert!(waits.contains(&"fact go".to_owned()) && waits.contains(&"event -> fine".to_owned()), "{waits:?}");
    // `held`: nothing moves, and an unmet need is among the reasons.
    assert_eq!(tell(play, r#"{"ready": false}"#, "").status(), Status::Held);
}

#[test]
fn a_pause_stops_the_clocks_and_goes_over() {
    let play = "playbook p { stage a { every 10 days { step \"Look\" } after 30 days -> late } end late failure }";
    let line = r#"{"day": 5, "event": "paused", "until_day": 25, "reason": "customer delay"}"#;
    let told = tell(play, "{}", line);
    assert_eq!(told.way("-"), ["0 enter a", "50 end late"]);
    assert!(told.has("30 - round 1") && told.has("25 - resumed"), "{:?}", told.log);
    let lines = "{\"day\": 5, \"event\": \"paused\", \"reason\": \"x\"}\n{\"day\": 8, \"event\": \"resumed\"}";
    assert_eq!(tell(play, "{}", lines).way("-"), ["0 enter a", "33 end late"]);
}

#[test]
fn what_a_clock_will_bring_is_said_in_a_pause_too() {
    use crate::run::status::{What, track_waits};
    let play = "playbook p { stage a { after 30 days -> late } end late failure }";
    let due = |lines: &str, until: i64| {
        let told = tell_until(play, "{}", lines, Some(until));
        let waits = track_waits(&told.machine, &told.state, 0);
        waits.iter().find_map(|wait| if let What::Timer(_, at) = wait.what { Some(at / 86_400) } else { None })
    };
    assert_eq!(due(r#"{"day": 5, "event": "paused", "until_day": 25, "reason": "x"}"#, 10), Some(50));
    // Without an end it goes on now at the earliest, and that is when nothing else is to come.
    assert_eq!(due(r#"{"day": 5, "event": "paused", "reason": "x"}"#, 10), Some(30));
}

#[test]
fn what_happens_in_a_pause_is_heard_at_its_end() {
    let pause =
        |more: &str| format!("{{\"day\": 1, \"event\": \"paused\", \"until_day\": 6, \"reason\": \"x\"}}\n{more}");
    let play = "playbook p { events { e } start -> a
        stage a { on e -> heard  on blocker (legal) -> held  after 40 days -> late }
        stage held { on resolved -> resume a  after 20 days -> late }
        end heard success end late failure }";
    let told = tell(play, "{}", &pause("{\"day\": 3, \"event\": \"e\"}"));
    assert_eq!(told.way("-"), ["0 enter a", "6 end heard"]);
    let raised = "{\"day\": 3, \"event\": \"blocker\", \"kind\": \"legal\"}";
    assert_eq!(tell(play, "{}", &pause(raised)).way("-")[..2], ["0 enter a", "6 enter held"]);
    // Raised before the pause and resolved in it.
    let lines =
        pause("{\"day\": 0.5, \"event\": \"blocker\", \"kind\": \"legal\"}\n{\"day\": 3, \"event\": \"resolved\"}");
    let told = tell(play, "{}", &lines);
    assert_eq!(told.way("-")[..3], ["0 enter a", "0.5 enter held", "6 resume a"]);
    // What is over by then moves nobody.
    let lines = pause(&format!("{raised}\n{{\"day\": 4, \"event\": \"resolved\"}}"));
    assert_eq!(tell(play, "{}", &lines).way("-"), ["0 enter a", "45 end late"]);
}

#[test]
fn a_pause_adds_its_time_to_business_days_also_where_a_weekend_follows() {
    // Friday 2026-03-20: three business days are over on Wednesday, day 5.
    let play = "playbook p { stage w { after 3 business days -> out } end out success }";
    let out = |until: &str| {
        let line = format!("{{\"day\": 3, \"event\": \"paused\", \"until_day\": {until}, \"reason\": \"x\"}}");
        tell(play, r#"{"start": "2026-03-20"}"#, &line).way("-")[1].clone()
    };
    for (until, day) in [("3.5", "5.5"), ("4", "6"), ("5", "7"), ("6", "8")] {
        assert_eq!(out(until), format!("{day} end out"));
    }
    // So does the time elsewhere, before the stage is resumed.
    let play = "playbook p { events { e  back } start -> s
        stage s { on e -> q  after 3 business days -> out }
        stage q { on back -> resume s  after 1 year -> out } end out success }";
    let lines = "{\"day\": 3, \"event\": \"e\"}\n{\"day\": 4, \"event\": \"back\"}";
    assert_eq!(tell(play, r#"{"start": "2026-03-20"}"#, lines).way("-")[3], "6 end out");
}

#[test]
fn a_pause_adds_its_time_to_business_hours_by_the_clock() {
    // Friday 2026-03-20: ten business hours from midnight are over on Monday at 11:00.
    let play = "playbook p { stage w { after 10 business hours -> out } end out success }";
    let out = |from: &str, until: &str| {
        let line = format!("{{\"day\": {from}, \"event\": \"paused\", \"until_day\": {until}, \"reason\": \"x\"}}");
        hour(&tell(play, r#"{"start": "2026-03-20"}"#, &line).way("-")[1])
    };
    let over = 3 * 24 + 11;
    assert_eq!([out("1", "1.5"), out("1", "2"), out("0.5", "3.5")], [over + 12, over + 24, over + 72]);
}

#[test]
fn a_round_resumed_after_business_hours_goes_on_where_it_stood() {
    // Friday 2026-03-20, 16:00: the round is due on Monday at 12:00. Left four hours before, it comes four hours after the
    // return, by the clock; left in the round, a whole period later.
    let play = "playbook p { events { go  e  back } start -> z
        stage z { on go -> s }
        stage s { on e -> q  every 4 business hours, at most 3 times { task call mandatory again \"Call\" } }
        stage q { on back -> resume s } }";
    let rounds = |lines: &str| {
        let lines = format!("{{\"at\": \"2026-03-20T16:00:00\", \"event\": \"go\"}}\n{lines}");
        let told = tell(play, r#"{"start": "2026-03-20"}"#, &lines);
        told.log.iter().filter(|line| line.contains("round")).map(|line| hour(line)).collect::<Vec<i64>>()
    };
    let said = |at: &str, event: &str| format!("{{\"at\": \"2026-03-{at}\", \"event\": \"{event}\"}}\n");
    let before = said("23T08:00:00", "e") + &said("23T20:00:00", "back");
    assert_eq!(rounds(&before)[0], 4 * 24);
    let during = said("23T13:00:00", "e") + &said("23T20:00:00", "back");
    let open = "{\"day\": 3.5, \"task\": \"call\", \"status\": \"in progress\"}\n";
    assert_eq!(rounds(&(open.to_owned() + &during))[..2], [3 * 24 + 12, 4 * 24 + 13]);
}

#[test]
fn a_task_done_early_is_credited() {
    let play =
        "playbook p { stage a { task one mandatory \"One\" task two mandatory \"Two\" -> fine } end fine success }";
    let lines = "{\"day\": 1, \"task\": \"two\", \"status\": \"complete\"}
        {\"day\": 5, \"task\": \"one\", \"status\": \"complete\"}";
    let told = tell(play, "{}", lines);
    assert_eq!(told.of("-")[2..], ["1 task two complete", "5 task one complete", "5 skip two credited", "5 end fine"]);
}

#[test]
fn sustained_conditions_and_changes_over_time() {
    let play = "playbook p { facts of the customer { usage : percent }
        stage a { -> fine when usage >= 10% for 20 days  -> slow when change of usage over 30 days < 1% and in this stage for 90 days }
        end fine success end slow failure }";
    let lines = "{\"day\": 5, \"set\": {\"usage\": 12}}\n{\"day\": 10, \"set\": {\"usage\": 9}}\n{\"day\": 12, \"set\": {\"usage\": 11}}";
    assert_eq!(tell(play, r#"{"usage": 1}"#, lines).way("-"), ["0 enter a", "32 end fine"]);
    assert_eq!(tell(play, r#"{"usage": 1}"#, "").way("-"), ["0 enter a", "90 end slow"]);
}

#[test]
fn a_journey_stops_where_it_is_told_to() {
    let play = "playbook p { stage a { after 30 days -> late } end late failure }";
    let told = tell_until(play, "{}", "", Some(10));
    assert_eq!((told.stop, told.state.now), (Stop::Horizon, 10 * crate::value::DAY));
}

const CLOCKS: &str = "playbook p {
    services { one two }
    each service as work { stage a { after 30 days -> fine } after 31 days -> late end fine success end late failure }
    then -> done
    end done success }";

#[test]
fn pauses_that_overlap_count_once() {
    // The customer on days 5 to 25, one service on days 10 to 30: 25 days in all for that service.
    let lines = "{\"day\": 5, \"event\": \"paused\", \"until_day\": 25, \"reason\": \"x\"}
        {\"day\": 10, \"service\": \"one\", \"event\": \"paused\", \"until_day\": 30, \"reason\": \"y\"}";
    let told = tell(CLOCKS, r#"{"services": {"one": {}, "two": {}}}"#, lines);
    assert_eq!((told.way("one")[1].as_str(), told.way("two")[1].as_str()), ("55 end fine", "50 end fine"));
    // The service on days 3 to 20, the customer on days 5 to 25: 22 days.
    let lines = "{\"day\": 3, \"service\": \"one\", \"event\": \"paused\", \"until_day\": 20, \"reason\": \"y\"}
        {\"day\": 5, \"event\": \"paused\", \"until_day\": 25, \"reason\": \"x\"}";
    let told = tell(CLOCKS, r#"{"services": {"one": {}, "two": {}}}"#, lines);
    assert_eq!((told.way("one")[1].as_str(), told.way("two")[1].as_str()), ("52 end fine", "50 end fine"));
}

#[test]
fn a_service_added_in_a_pause_waits_for_its_end_only() {
    let lines = "{\"day\": 5, \"event\": \"paused\", \"until_day\": 25, \"reason\": \"x\"}
        {\"day\": 10, \"service\": \"two\", \"event\": \"added\"}";
    let told = tell(CLOCKS, r#"{"services": {"one": {}}}"#, lines);
    assert_eq!(told.way("two"), ["25 enter a", "55 end fine"]);
    assert_eq!(told.way("one"), ["0 enter a", "50 end fine"]);
}

#[test]
fn s03_whenever_is_before_on_also_when_the_event_makes_it_true() {
    let play = "playbook p {
        events { call }
        stage a { on call -> by_event  whenever happened call -> by_whenever }
        end by_event success end by_whenever success }";
    assert_eq!(tell(play, "{}", r#"{"day": 1, "event": "call"}"#).way("-")[1], "1 end by_whenever");
}

#[test]
fn s17_nothing_changes_at_a_line_that_cannot_be() {
    let play = "playbook p { facts of the customer { up : int rising  go : yes/no }
        stage a { -> fine when go or up > 9  after 9 days -> late } end fine success end late failure }";
    let told = tell(play, r#"{"up": 5}"#, r#"{"day": 1, "set": {"go": true, "up": 4}}"#);
    assert_eq!((told.way("-")[1].as_str(), told.findings.len()), ("9 end late", 1));
}

#[test]
fn s18_a_blocked_task_is_blocked() {
    let play = "playbook p {
        stage a { together { task one mandatory \"One\" task two mandatory \"Two\" }
          whenever task one is blocked -> fine }
        end fine success }";
    let lines = "{\"day\": 1, \"event\": \"blocker\", \"task\": \"one\", \"kind\": \"legal\"}";
    let told = tell(play, "{}", lines);
    assert!(told.has("1 - task one blocked") && told.has("1 - end fine"), "{:?}", told.log);
}

#[test]
fn s18_a_task_can_be_blocked_before_it_is_offered() {
    let play = "playbook p {
        stage a { task one mandatory \"One\" task two mandatory \"Two\"  whenever task two is blocked -> b  -> fine }
        stage b { after 9 days -> fine }
        end fine success start -> a }";
    let lines = "{\"day\": 1, \"event\": \"blocker\", \"task\": \"two\", \"kind\": \"legal\"}
        {\"day\": 2, \"task\": \"one\", \"status\": \"complete\"}";
    assert_eq!(tell(play, "{}", lines).way("-"), ["0 enter a", "2 enter b", "11 end fine"]);
}

#[test]
fn s18_resolved_waits_for_the_last_blocker_of_the_service_and_the_customer() {
    let blocker = |day: i64, of: &str, event: &str| format!("{{\"day\": {day}, {of} \"event\": \"{event}\"}}\n");
    let one = "\"service\": \"one\",";
    let play = BLOCKED.replace("on blocker (legal)", "on blocker");
    let way = |lines: &[String]| tell(&play, r#"{"services": {"one": {}}}"#, &lines.concat()).way("one");
    // The service's own is resolved first: the customer's is still open.
    let lines = [
        blocker(5, one, "blocker"),
        blocker(6, "", "blocker"),
        blocker(10, one, "resolved"),
        blocker(20, "", "resolved"),
    ];
    assert_eq!(way(&lines)[..3], ["0 enter a", "5 enter fix", "20 resume a"]);
    // The customer's first: the service's own is still open.
    let lines = [
        blocker(5, one, "blocker"),
        blocker(6, "", "blocker"),
        blocker(10, "", "resolved"),
        blocker(20, one, "resolved"),
    ];
    assert_eq!(way(&lines)[..3], ["0 enter a", "5 enter fix", "20 resume a"]);
}

#[test]
fn s05_not_required_before_its_turn_needs_a_reason_too() {
    let play =
        "playbook p { stage a { task one mandatory \"One\" task two mandatory \"Two\" -> fine } end fine success }";
    let lines = |reason: &str| {
        format!(
            "{{\"day\": 1, \"task\": \"two\", \"status\": \"not required\"{reason}}}\n\
            {{\"day\": 2, \"task\": \"one\", \"status\": \"complete\"}}"
        )
    };
    let told = tell(play, "{}", &lines(""));
    assert_eq!((told.findings.len(), told.way("-").len()), (1, 1));
    let told = tell(play, "{}", &lines(", \"reason\": \"done elsewhere\""));
    assert_eq!((told.findings.len(), told.way("-")[1].as_str()), (0, "2 end fine"));
}
