//! Questions about small playbooks, each with an answer that can be told by hand.

mod alike;
mod flaws;
mod journeys;
mod oracle;

use super::explore::Budget;
use super::property::decide;
use super::verdict::Verdict;
use super::{Ask, Found, find};
use crate::diagnostic::has_errors;
use crate::model::Document;
use crate::model::resolve::resolve;
use crate::run::event::{Effect, Event};
use crate::run::timeline::{Timeline, to_json};
use crate::run::{Machine, State};
use crate::source::{FileId, Sources};

/// A playbook in text, resolved; it must be without errors.
pub(super) fn document(text: &str) -> Document {
    let mut sources = Sources::new();
    let id = sources.add("test.play", text);
    let (file, problems) = crate::syntax::parse(sources.get(id).unwrap(), id);
    assert!(problems.is_empty(), "{problems:?}");
    let (documents, found) = resolve(&file, &[]);
    let said: Vec<&str> = found.iter().map(|found| found.message.as_str()).collect();
    assert!(!has_errors(&found), "{text}: {said:?}");
    documents.into_iter().next().unwrap()
}

/// The verdicts on all properties: name and word.
pub(super) fn verdicts(text: &str) -> Vec<(String, &'static str)> {
    let document = document(text);
    let machine = Machine::new(document.playbook.clone());
    let decided = document.properties.iter().map(|property| {
        let decision = decide(&machine, property, &mut Budget::new(100_000));
        (property.name.name.clone(), decision.verdict.word())
    });
    decided.collect()
}

const PROGRAM: &str = "
playbook p {
  services { onedrive \"OneDrive\" exchange \"Exchange\" }
  facts of each service { usage : percent }
  each service {
    start -> program when service is onedrive
          -> follow  otherwise
    stage program {
      task 1 mandatory \"Introduction\" due within 2 weeks
      task 2 mandatory \"Workshop\" due within 2 weeks
      -> follow
    }
    stage follow {
      -> met when usage >= 10%
      after 1 year -> stalled
    }
    end met success
    end stalled failure
  }
  then -> finished
  end finished success
}
";

#[test]
fn simple_claims() {
    let text = format!(
        "{PROGRAM}
property ours:      never at program while service is not onedrive
property ten:       always usage >= 10% while at met
property eleven:    always usage >= 11% while at met
property in_order:  task 1 before task 2
property soon:      eventually end within 393 days assuming tasks meet due
property too_soon:  eventually end within 392 days assuming tasks meet due
property careless:  eventually end within 393 days
property workshop:  task 1 followed by task 2 within 14 days assuming tasks meet due
property faster:    task 1 followed by task 2 within 13 days assuming tasks meet due
"
    );
    let expected = [
        ("ours", "proved"),
        ("ten", "proved"),
        ("eleven", "refuted"),
        ("in_order", "refuted"),
        ("soon", "proved"),
        ("too_soon", "refuted"),
        ("careless", "refuted"),
        ("workshop", "refuted"),
        ("faster", "refuted"),
    ];
    let expected: Vec<(String, &str)> = expected.iter().map(|(name, word)| ((*name).to_owned(), *word)).collect();
    assert_eq!(verdicts(&text), expected);
}

#[test]
fn an_example_is_plain_and_reads_back() {
    let document = document(PROGRAM);
    let machine = Machine::new(document.playbook);
    let goal = |machine: &Machine, _: &State, effect: Option<&Effect>| matches!(effect, Some(Effect::Ended(_, end)) if machine.playbook.ends[end.index()].name.name == "met");
    let ask = Ask { of_service: true, ..Ask::default() };
    let Found::Example(example) = find(&machine, &goal, &ask, "met", &mut Budget::new(20_000)) else {
        panic!("somebody meets it")
    };
    let journey = &example.journey;
    assert_eq!(journey.said, []);
    assert_eq!(journey.customer_json(&machine).to_string(), r#"{"id":"example","services":{"exchange":{"usage":10}}}"#);
    let (read, problems) =
        crate::run::customer::read_json(&machine, FileId(0), &journey.customer_json(&machine).to_string());
    assert_eq!((read, problems), (vec![journey.customer.clone()], vec![]));
    let nobody = |_: &Machine, _: &State, effect: Option<&Effect>| matches!(effect, Some(Effect::Looped(..)));
    assert!(matches!(find(&machine, &nobody, &ask, "", &mut Budget::new(20_000)), Found::Nobody(_)));
    assert!(matches!(find(&machine, &nobody, &ask, "", &mut Budget::new(3)), Found::Unknown(_)));
}

#[test]
fn lines_read_back() {
    let document = document(
        "playbook p { services { teams \"Teams\" } events { call \"Call\" } facts of the customer { n : number } \
         facts of each service { u : percent  kind : one of (a, b)  wait : duration } \
         start -> s  stage s { task 7 mandatory \"T\"  task call_back optional \"C\"  on call -> s2  on blocker -> s2  after 1 day -> e } \
         stage s2 { -> e when other ended at (good)  after 1 day -> e } end e success }",
    );
    let machine = Machine::new(document.playbook);
    let lines = [
        r#"{"day":0,"set":{"n":2.5}}"#,
        r#"{"day":1.500012,"service":"teams","set":{"kind":"b","u":9.999999,"wait":"2 weeks"}}"#,
        r#"{"day":2,"task":7,"status":"complete"}"#,
        r#"{"day":2,"task":"call_back","status":"not required","reason":"why"}"#,
        r#"{"day":3,"event":"call","service":"teams"}"#,
        r#"{"day":3,"event":"blocker","kind":"business"}"#,
        r#"{"day":4,"event":"resolved"}"#,
        r#"{"day":4,"event":"waived","kind":"business"}"#,
        r#"{"day":4,"event":"escalated"}"#,
        r#"{"day":5,"event":"paused","until_day":7,"reason":"holiday"}"#,
        r#"{"day":6,"event":"resumed"}"#,
        r#"{"day":7,"event":"dropped","service":"teams","reason":"gone"}"#,
        r#"{"day":8,"event":"added","service":"teams","set":{"u":1}}"#,
        r#"{"day":9,"event":"ended","playbook":"other","end":"good"}"#,
        r#"{"day":9,"correct":{"n":1}}"#,
    ];
    let (timeline, problems) = Timeline::read(&machine, FileId(0), &lines.join("\n"));
    assert_eq!(problems, []);
    let (said, _) = timeline.for_customer("example", None);
    let written: Vec<String> =
        said.iter().filter_map(|line| to_json(&machine.playbook, line)).map(|line| line.to_string()).collect();
    let (again, problems) = Timeline::read(&machine, FileId(0), &written.join("\n"));
    assert_eq!(problems, []);
    let (again, _) = again.for_customer("example", None);
    let plain = |said: &crate::run::timeline::Said| (said.at, said.event.clone(), said.service);
    assert_eq!(said.iter().map(plain).collect::<Vec<(i64, Event, _)>>(), again.iter().map(plain).collect::<Vec<_>>());
    assert_eq!(said.len(), lines.len());
}

#[test]
fn a_small_budget_is_no_proof() {
    let claims = "property comes: eventually end assuming tasks meet due\nproperty ours: never at program while service is not onedrive\n";
    let document = document(&format!("{PROGRAM}\n{claims}"));
    let machine = Machine::new(document.playbook);
    let decide = |at: usize| decide(&machine, &document.properties[at], &mut Budget::new(5)).verdict;
    assert!(matches!(decide(0), Verdict::NotDecided { .. }), "{:?}", decide(0));
    // What is known at each place suffices here, however little is followed.
    assert!(matches!(decide(1), Verdict::Proved(proof) if proof.situations == 0 && proof.places > 4));
}
