//! Lines of timelines, and what may be wrong with them.

use super::{Moment, Timeline, TimelineWorld};
use crate::diagnostic::{IDLE_LINE, IMPOSSIBLE_LINE};
use crate::model::{EventId, FactId, ServiceId, TaskId};
use crate::run::Event;
use crate::run::tests::{machine, tell};
use crate::source::{FileId, Sources};
use crate::value::{DAY, Date, Micro, TaskStatus, Value};
use proptest::prelude::*;

const PLAY: &str = r#"playbook p {
  services { teams "Teams"  exchange "Exchange" }
  calendar { zone "Europe/Berlin" }
  blockers { network "The customer's network" }
  events { review_held "The review was held" }
  facts of the customer { agreed : yes/no rising }
  facts of each service { usage : percent }
  each service {
    stage a { task 3740 mandatory "Introduction"  task call_them optional "Call"  -> fine when usage >= 10% and agreed }
    end fine success
  }
  on review_held -> done
  then -> done
  end done success
}"#;

type Line = (Moment, Option<ServiceId>, Event);

/// The events, or the mistakes as `line:column message`.
fn read(text: &str) -> Result<Vec<Line>, Vec<String>> {
    let machine = machine(PLAY);
    let mut sources = Sources::new();
    let file = sources.add("t.jsonl", text);
    let (timeline, problems) = Timeline::read(&machine, file, text);
    let shown = |span| {
        let at = sources.position(span);
        format!("{}:{}", at.line, at.column)
    };
    let problems: Vec<String> =
        problems.iter().map(|problem| format!("{} {}", shown(problem.primary.span), problem.message)).collect();
    if problems.is_empty() {
        Ok(timeline.entries.into_iter().map(|entry| (entry.at, entry.service, entry.event)).collect())
    } else {
        Err(problems)
    }
}

fn event(text: &str) -> Event {
    read(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}")).remove(0).2
}

#[test]
fn moments() {
    let at = |text: &str| read(&format!("{{{text}, \"event\": \"escalated\"}}")).map(|lines| lines[0].0);
    assert_eq!(at("\"day\": 14"), Ok(Moment::Since(14 * DAY)));
    assert_eq!(at("\"day\": 0.5"), Ok(Moment::Since(DAY / 2)));
    assert_eq!(at("\"day\": 0.333333"), Ok(Moment::Since(28_800)));
    let date = Date::parse("2020-05-04").unwrap();
    assert_eq!(at("\"at\": \"2020-05-04\""), Ok(Moment::On(date, 0)));
    assert_eq!(at("\"at\": \"2020-05-04T10:30\""), Ok(Moment::On(date, 37_800)));
    assert_eq!(at("\"at\": \"2020-05-04 10:30:01\""), Ok(Moment::On(date, 37_801)));
    // With an offset of its own, in the zone of the playbook: Berlin is two hours ahead in May.
    assert_eq!(at("\"at\": \"2020-05-03T23:30:00Z\""), Ok(Moment::On(date, 5_400)));
    for (text, message) in [
        ("\"day\": -1", "1:9 this is before day 0"),
        ("\"day\": \"14\"", "1:9 this is not a number of days"),
        ("\"day\": 1e400", "1:9 this is not a number of days"),
        ("\"day\": 1e7", "1:9 no journey takes that long"),
        ("\"at\": \"2020-02-30\"", "1:8 \"2020-02-30\" is not a date"),
        ("\"at\": 20200504", "1:8 a date is a text: a number is not"),
        ("\"day\": 1, \"at\": \"2020-05-04\"", "1:18 this line says twice when"),
        ("\"note\": \"x\"", "1:1 this line does not say when"),
    ] {
        assert_eq!(at(text), Err(vec![message.to_owned()]), "{text}");
    }
}

#[test]
fn what_a_line_can_say() {
    let teams = Some(ServiceId(0));
    let usage = |points| vec![(FactId(1), Value::Number(Micro::whole(points)))];
    for (text, expected) in [
        (
            r#""service": "teams", "set": {"usage": 8.0}"#,
            Event::Facts { service: teams, values: usage(8), correction: false },
        ),
        (
            r#""service": "teams", "correct": {"usage": "8%"}"#,
            Event::Facts { service: teams, values: usage(8), correction: true },
        ),
        (
            r#""service": "teams", "set": {"usage": 8}, "correct": true"#,
            Event::Facts { service: teams, values: usage(8), correction: true },
        ),
        (
            r#""set": {"agreed": "yes"}"#,
            Event::Facts { service: None, values: vec![(FactId(0), Value::YesNo(true))], correction: false },
        ),
        (
            r#""service": "teams", "event": "blocker", "kind": "technical""#,
            Event::Blocker { kind: Some("technical".into()), service: teams, task: None },
        ),
        (
            r#""event": "blocker", "kind": "network", "task": 3740"#,
            Event::Blocker { kind: Some("network".into()), service: None, task: Some(TaskId(0)) },
        ),
        (
            r#""event": "blocker", "kind": "Technical Customer""#,
            Event::Blocker { kind: Some("technical_customer".into()), service: None, task: None },
        ),
        (r#""event": "blocker""#, Event::Blocker { kind: None, service: None, task: None }),
        (
            r#""event": "resolved", "kind": "legal", "reason": "signed""#,
            Event::Resolved { kind: Some("legal".into()), service: None, task: None, waived: false },
        ),
        (
            r#""service": "teams", "event": "waived""#,
            Event::Resolved { kind: None, service: teams, task: None, waived: true },
        ),
        (r#""event": "escalated""#, Event::Escalated { service: None }),
        (
            r#""event": "paused", "until_day": 9, "reason": "customer delay""#,
            Event::Paused { service: None, until: None, reason: "customer delay".into() },
        ),
        (r#""service": "teams", "event": "resumed""#, Event::Resumed { service: teams }),
        (
            r#""service": "teams", "event": "service dropped", "reason": "sold""#,
            Event::ServiceDropped { service: ServiceId(0), reason: "sold".into() },
        ),
        (
            r#""service": "teams", "event": "dropped""#,
            Event::ServiceDropped { service: ServiceId(0), reason: "no reason given".into() },
        ),
        (
            r#""service": "teams", "event": "service_added", "facts": {"usage": 3}"#,
            Event::ServiceAdded { service: ServiceId(0), values: usage(3) },
        ),
        (
            r#""service": "teams", "event": "added", "set": {"usage": 3}"#,
            Event::ServiceAdded { service: ServiceId(0), values: usage(3) },
        ),
        (r#""event": "review_held""#, Event::Happened { event: EventId(0), service: None }),
        (
            r#""event": "ended", "playbook": "onboarding", "end": "complete""#,
            Event::EndedElsewhere { playbook: "onboarding".into(), end: "complete".into() },
        ),
        (
            r#""service": "teams", "task": 3740, "status": "complete""#,
            Event::Task { service: teams, task: TaskId(0), status: TaskStatus::Complete, reason: None },
        ),
        (
            r#""task": "call_them", "status": "not_required", "reason": "no need""#,
            Event::Task {
                service: None,
                task: TaskId(1),
                status: TaskStatus::NotRequired,
                reason: Some("no need".into()),
            },
        ),
        (
            r#""task": "3740", "status": "In progress", "note": "n", "source": "crm", "customer": "contoso""#,
            Event::Task { service: None, task: TaskId(0), status: TaskStatus::InProgress, reason: None },
        ),
    ] {
        assert_eq!(event(&format!("{{\"day\": 1, {text}}}")), expected, "{text}");
    }
}

#[test]
fn mistakes_have_their_places() {
    for (text, expected) in [
        (r#""sett": {}"#, "1:12 a line of a timeline has no field `sett`"),
        (r#""set": {"agred": true}"#, "1:20 a customer of this playbook has no field `agred`"),
        (r#""set": {"usage": 3}"#, "1:20 `usage` is a fact of each service"),
        (r#""service": "teams", "set": {"agreed": true}"#, "1:40 `agreed` is a fact of the customer"),
        (r#""service": "teams", "set": {"usage": 101}"#, "1:49 `usage` lies between 0% and 100%: 101% does not"),
        (r#""service": "teams", "set": {"usage": null}"#, "1:49 `usage` cannot become unknown again"),
        (r#""service": "temas", "set": {"usage": 3}"#, "1:23 `temas` is not a service of this playbook"),
        (r#""set": 3"#, "1:19 facts are an object: a number is not"),
        (r#""set": {"agreed": true, "agreed": true}"#, "1:36 `agreed` is here twice"),
        (r#""set": {}, "event": "escalated""#, "1:12 `set` means nothing on a line with `event` escalated"),
        (r#""set": {}, "task": 3740, "status": "complete""#, "1:23 this line says two things at once"),
        (r#""correct": true"#, "1:12 this line does not say what it corrects"),
        (r#""note": "hello""#, "1:1 this line does not say what happens"),
        (r#""event": "blocked""#, "1:21 `blocked` is not an event of this playbook"),
        (r#""event": "blocker", "kind": "technicle""#, "1:40 `technicle` is not a kind of blocker"),
        (r#""event": "dropped""#, "1:21 this line does not say which service"),
        (r#""event": "ended", "playbook": "x""#, "1:1 this line does not say which process ended, and where"),
        (r#""event": "paused", "until": "soon""#, "1:40 \"soon\" is not a date"),
        (r#""event": 3"#, "1:21 `event` is a text: a number is not"),
        (r#""task": 3741, "status": "complete""#, "1:20 `3741` is not a task of this playbook"),
        (r#""task": 3740"#, "1:1 this line does not say how the task stands"),
        (r#""task": 3740, "status": "completed""#, "1:36 `completed` is not a status of a task"),
        (r#""task": 3740, "status": "complete", "kind": "legal""#, "1:48 `kind` means nothing on a line with `task`"),
        (r#""event": "escalated"} x"#, "1:34 something follows the end of the line's object"),
    ] {
        let problems = read(&format!("{{\"day\": 1, {text}}}")).expect_err(text);
        assert!(problems.contains(&expected.to_owned()), "{text}: {problems:?}");
    }
    // Lines are read on their own, and all mistakes are given.
    let problems = read("\r\n[1]\r\n{\"day\": 1\n{\"day\": 1, \"event\": \"escalated\"}\nx").unwrap_err();
    assert_eq!(
        problems,
        [
            "2:1 a line of a timeline is an object: a list is not",
            "3:10 the text ends before its `}`",
            "5:1 JSON knows no such word",
        ]
    );
}

#[test]
fn one_log_for_a_whole_book() {
    let machine = machine(PLAY);
    let text = "{\"day\": 9, \"event\": \"escalated\", \"note\": \"late\"}
        {\"customer\": \"contoso\", \"at\": \"2020-03-04\", \"event\": \"review_held\", \"source\": \"crm\"}
        {\"customer\": \"fabrikam\", \"day\": 2, \"event\": \"resumed\"}
        {\"customer\": \"contoso\", \"day\": 2, \"event\": \"resumed\"}
        {\"customer\": \"contoso\", \"day\": 1, \"event\": \"paused\", \"until\": \"2020-03-12\"}";
    let (timeline, problems) = Timeline::read(&machine, FileId(0), text);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(timeline.customers().collect::<Vec<_>>(), ["contoso", "fabrikam"]);
    let (said, problems) = timeline.for_customer("contoso", Date::parse("2020-03-02"));
    assert!(problems.is_empty(), "{problems:?}");
    let days: Vec<i64> = said.iter().map(|line| line.at / DAY).collect();
    // In order of time; at one instant, in that of the file.
    assert_eq!(days, [1, 2, 2, 9]);
    assert!(matches!(said[0].event, Event::Paused { until: Some(until), .. } if until == 10 * DAY));
    assert!(matches!(said[1].event, Event::Happened { .. }));
    assert_eq!((said[1].source.as_deref(), said[3].note.as_deref()), (Some("crm"), Some("late")));
    assert_eq!(timeline.for_customer("northwind", None).0.len(), 1);
    // A date before day 0, and a pause that ends before it begins.
    let (said, problems) = timeline.for_customer("contoso", Date::parse("2020-03-12"));
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(said.len(), 2);
    assert_eq!(
        messages,
        ["`2020-03-04` is before day 0 of `contoso`, which is 2020-03-12", "the pause would end before it begins"]
    );
}

#[test]
fn lines_that_cannot_be_are_reported_at_their_place() {
    let lines = "{\"day\": 1, \"set\": {\"agreed\": true}}\n{\"day\": 2, \"set\": {\"agreed\": false}}
        {\"day\": 3, \"event\": \"resumed\"}\n{\"day\": 4, \"service\": \"teams\", \"set\": {\"usage\": 12}}";
    let told = tell(PLAY, r#"{"services": {"teams": {}}}"#, lines);
    let line = |at: u32| lines[..at as usize].lines().count();
    let findings: Vec<_> =
        told.findings.iter().map(|finding| (finding.rule.name, line(finding.primary.span.start))).collect();
    assert_eq!(findings, [(IMPOSSIBLE_LINE.name, 1), (IDLE_LINE.name, 3)]);
    assert!(told.findings[0].message.contains("`agreed` only rises"));
    assert!(told.has("4 - end done"));
}

#[test]
fn tasks_that_are_named_wait_for_their_service_only() {
    let line = r#"{"day": 5, "service": "teams", "task": 3740, "status": "complete"}"#;
    let told = tell(PLAY, r#"{"services": {"teams": {}, "exchange": {}}}"#, line);
    assert!(told.has("0 exchange task 3740 complete") && told.has("5 teams task 3740 complete"));
    // Without a service, it waits for all.
    let lines = "{\"day\": 5, \"task\": \"call_them\", \"status\": \"in progress\", \"service\": \"teams\"}
        {\"day\": 5, \"task\": 3740, \"status\": \"complete\"}";
    let told = tell(PLAY, r#"{"services": {"teams": {}, "exchange": {}}}"#, lines);
    assert!(!told.has("0 exchange task 3740 complete") && !told.has("0 teams task 3740 complete"));
    // It is offered twice: nobody knows for which it was done.
    assert_eq!(told.findings.last().map(|finding| finding.rule), Some(&IMPOSSIBLE_LINE));
}

#[test]
fn what_was_not_reached_is_left() {
    let world = TimelineWorld::new(Vec::new());
    assert!(world.left().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn arbitrary_text_is_no_panic(text in any::<String>()) {
        let _ = read(&text);
    }

    #[test]
    fn almost_lines_are_no_panic(
        key in "(day|at|set|correct|event|task|status|kind|until|service|facts|playbook)",
        value in r#"(-?[0-9e.]{1,6}|"(blocker|teams|ended|paused|dropped|added|3740|2020-0[0-9]-[0-9]{2}(T[0-9:Z+]{0,8})?)"|\{("usage": 3)?\}|\[\]|true|null)"#,
        event in "(blocker|ended|paused|dropped|added|waived|review_held|nothing)",
    ) {
        let _ = read(&format!("{{\"day\": 1, \"{key}\": {value}}}"));
        let _ = read(&format!("{{\"day\": 1, \"event\": \"{event}\", \"{key}\": {value}}}\n{{\"{key}\": {value}}}"));
    }
}
