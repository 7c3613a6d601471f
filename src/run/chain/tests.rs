//! Tests of lives that go through several playbooks.

use super::*;
use crate::diagnostic::Diagnostic;
use crate::run::customer::read_json;
use crate::source::{FileId, Sources};
use crate::value::DAY;

const LIFE: &str = r#"
playbook kickoff "Kickoff" {
  facts of the customer { agreed : yes/no  size : int  kickoff_note : text }
  stage meet "Meet" {
    task 983 mandatory "Hold the kickoff"
    -> ready when agreed
    after 30 days -> lost
    whenever kickoff_note is "stop" -> lost
  }
  end ready success continues support
  end lost failure
}
playbook support "Support" {
  services { teams }
  facts of the customer { size : int  satisfied : yes/no }
  facts of each service { usage : percent }
  start -> follow when kickoff ended at (ready)
        -> odd otherwise
  stage follow "Follow" {
    task 10 optional "Look"
    -> small when size < 5 and satisfied
    -> large when size >= 5 and satisfied
    after 60 days -> late
  }
  end small success continues kickoff at most 2 times
  end large success
  end late failure continues nowhere
  end odd failure
}
"#;

fn lifecycle() -> Lifecycle {
    let mut sources = Sources::new();
    let file = sources.add("test.play", LIFE);
    let (tree, problems) = crate::syntax::parse(sources.get(file).unwrap(), file);
    let (documents, found) = crate::model::resolve::resolve(&tree, &[]);
    assert!(problems.is_empty() && !crate::diagnostic::has_errors(&found), "{problems:?} {found:?}");
    Lifecycle::new(documents.into_iter().map(|document| document.playbook))
}

/// A life with these lines: for each leg its playbook, lap, first and last day, and end; and what is said of the lines.
fn life(lines: &str, until: Option<i64>) -> Result<(Vec<String>, String, Vec<String>), Vec<String>> {
    let lifecycle = lifecycle();
    let customer = r#"{ "id": "contoso", "start": "2026-01-05", "size": 3, "services": {} }"#;
    let customer = customer.replace(", \"services\": {}", "");
    let (mut customers, problems) = read_json(&lifecycle.machines[0], FileId(0), &customer);
    assert!(problems.is_empty(), "{problems:?}");
    let words = |found: &[Diagnostic]| found.iter().map(|found| found.message.clone()).collect::<Vec<_>>();
    let (lines, problems) = timeline(&lifecycle, FileId(1), lines);
    if !problems.is_empty() {
        return Err(words(&problems));
    }
    let told = travel(&lifecycle, customers.remove(0), &lines, until.map(|days| days * DAY));
    let told = told.map_err(|problems| words(&problems))?;
    let legs = told.legs.iter().map(|leg| {
        let playbook = &lifecycle.machines[leg.playbook].playbook;
        let end = leg.state.ended().map_or("-", |end| playbook.ends[end.index()].name.name.as_str());
        let (from, to) = (leg.begins / DAY, (leg.begins + leg.state.now) / DAY);
        format!("{} {}: {from} to {to} {end}", playbook.name.name, leg.lap)
    });
    Ok((legs.collect(), format!("{:?}", told.onward), words(&told.findings)))
}

#[test]
fn lines_reach_the_process_the_customer_is_in() {
    // Days without a process count from day 0 of the whole life.
    let lines = r#"
        {"day": 10, "set": {"agreed": true}}
        {"day": 25, "set": {"satisfied": true}}
        {"day": 40, "set": {"agreed": true}}
        {"at": "2026-03-06", "set": {"satisfied": true, "size": 7}}
    "#;
    let (legs, onward, findings) = life(lines, None).unwrap();
    assert_eq!(
        legs,
        [
            "kickoff 1: 0 to 10 ready",
            "support 1: 10 to 25 small",
            "kickoff 2: 25 to 40 ready",
            "support 2: 40 to 60 large"
        ]
    );
    assert_eq!((onward.as_str(), findings), ("Over", Vec::new()));
}

#[test]
fn a_line_can_name_its_process_and_lap() {
    // Days then count from when the customer came there; a task that is named waits for its line in its own process only.
    let lines = r#"
        {"process": "kickoff", "day": 1, "set": {"agreed": true}}
        {"process": "kickoff", "day": 4, "task": 983, "status": "complete"}
        {"process": "support", "day": 20, "set": {"satisfied": true}}
        {"process": "kickoff", "lap": 2, "day": 5, "set": {"agreed": true}}
        {"process": "support", "lap": 2, "day": 7, "set": {"satisfied": true, "size": 9}}
        {"process": "support", "lap": 3, "day": 7, "set": {"satisfied": true}}
    "#;
    let (legs, _, findings) = life(lines, None).unwrap();
    assert_eq!(
        legs,
        [
            "kickoff 1: 0 to 4 ready",
            "support 1: 4 to 24 small",
            "kickoff 2: 24 to 29 ready",
            "support 2: 29 to 36 large"
        ]
    );
    assert_eq!(findings, ["`contoso` comes to `support` fewer than 3 times"]);
}

#[test]
fn the_end_of_one_process_is_known_in_the_next() {
    // Else it would begin in `odd`.
    let (legs, onward, _) = life(r#"{"day": 1, "set": {"agreed": true}}"#, None).unwrap();
    assert_eq!(legs, ["kickoff 1: 0 to 1 ready", "support 1: 1 to 61 late"]);
    assert_eq!(onward, "Missing(\"nowhere\")");
}

#[test]
fn time_is_looked_at_over_the_whole_life() {
    let (legs, onward, _) = life(r#"{"day": 10, "set": {"agreed": true}}"#, Some(30)).unwrap();
    assert_eq!(
        (legs, onward.as_str()),
        (vec!["kickoff 1: 0 to 10 ready".to_owned(), "support 1: 10 to 30 -".to_owned()], "Over")
    );
}

#[test]
fn laps_are_bounded() {
    let round = |day: i64| {
        format!(
            "{{\"day\": {day}, \"set\": {{\"agreed\": true}}}}\n{{\"day\": {}, \"set\": {{\"satisfied\": true}}}}\n",
            day + 1
        )
    };
    let lines: String = [1, 11, 21].map(round).concat();
    let (legs, onward, _) = life(&lines, None).unwrap();
    assert_eq!((legs.len(), onward.as_str()), (6, "Spent(\"kickoff\")"));
}

#[test]
fn lines_that_fit_nowhere() {
    let wrong = |lines: &str| life(lines, None).unwrap_err();
    assert_eq!(
        wrong(r#"{"process": "suport", "day": 1, "set": {"satisfied": true}}"#),
        ["customers never come to a process `suport` here"]
    );
    assert_eq!(wrong(r#"{"process": "support", "day": 1, "set": {"agreed": true}}"#).len(), 1);
    assert_eq!(wrong(r#"{"day": 1, "set": {"nobody_knows": true}}"#).len(), 1);
    assert_eq!(wrong(r#"{"lap": 2, "day": 1, "set": {"agreed": true}}"#), ["`lap` means nothing without `process`"]);
    assert_eq!(
        wrong(r#"{"process": "kickoff", "lap": 0, "day": 1, "set": {"agreed": true}}"#),
        ["this is not the number of a lap"]
    );
    assert_eq!(
        wrong(r#"{"at": "2020-01-01", "set": {"agreed": true}}"#),
        ["`2020-01-01` is before day 0 of `contoso`, which is 2026-01-05"]
    );
}

#[test]
fn a_line_for_another_process_than_the_customer_is_in() {
    // Satisfaction is nothing the kickoff asks for; by day 30 the customer is lost there.
    let (legs, _, findings) = life(r#"{"day": 5, "set": {"satisfied": true}}"#, None).unwrap();
    assert_eq!(legs, ["kickoff 1: 0 to 30 lost"]);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].starts_with("`contoso` is in `kickoff` then, where this cannot be said: "), "{findings:?}");
    // A process that begins after the day a line names by date.
    let lines = r#"
        {"day": 10, "set": {"agreed": true}}
        {"process": "support", "at": "2026-01-08", "set": {"satisfied": true}}
    "#;
    let (_, _, findings) = life(lines, None).unwrap();
    assert_eq!(findings, ["this is before `contoso` comes to that process"]);
}

/// A playbook on the way that knows neither a fact nor a service does not lose them; who comes round again begins anew with
/// what was the playbook's own.
#[test]
fn what_a_playbook_on_the_way_does_not_know_goes_on() {
    let text = r#"
playbook one {
  services { teams yammer }
  facts of the customer { size : int  agreed : yes/no }
  facts of each service { usage : percent }
  stage meet { -> on_way when agreed  after 10 days -> lost }
  end on_way success continues two
  end lost failure
}
playbook two {
  facts of the customer { note : text }
  stage wait { -> further }
  end further success continues three
}
playbook three {
  services { yammer teams }
  facts of the customer { size : int }
  facts of each service { usage : percent }
  stage look {
    -> again when size >= 5 and any services where (usage >= 7%)
    -> small otherwise
  }
  end again success continues one at most 2 times
  end small success
}
"#;
    let mut sources = Sources::new();
    let file = sources.add("test.play", text);
    let (tree, problems) = crate::syntax::parse(sources.get(file).unwrap(), file);
    let (documents, found) = crate::model::resolve::resolve(&tree, &[]);
    assert!(problems.is_empty() && !crate::diagnostic::has_errors(&found), "{problems:?} {found:?}");
    let lifecycle = Lifecycle::new(documents.into_iter().map(|document| document.playbook));
    let customer = r#"{ "id": "contoso", "size": 6, "agreed": true, "services": { "yammer": { "usage": 8 } } }"#;
    let (mut customers, problems) = read_json(&lifecycle.machines[0], FileId(0), customer);
    assert!(problems.is_empty(), "{problems:?}");
    let told = travel(&lifecycle, customers.remove(0), &Timeline::default(), None).expect("it can be told");
    let legs: Vec<(usize, u32, Option<&str>)> = told
        .legs
        .iter()
        .map(|leg| {
            let playbook = &lifecycle.machines[leg.playbook].playbook;
            (leg.playbook, leg.lap, leg.state.ended().map(|end| playbook.ends[end.index()].name.name.as_str()))
        })
        .collect();
    // Whether the customer agrees is asked anew in the second lap; nobody says so.
    let expected = [(0, 1, Some("on_way")), (1, 1, Some("further")), (2, 1, Some("again")), (0, 2, Some("lost"))];
    assert_eq!(legs, expected);
}
