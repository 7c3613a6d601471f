//! Questions about small playbooks, each with an answer that can be told by hand.

mod alike;
mod flaws;
mod journeys;
mod oracle;
mod outlined;
mod reduced;

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

/// More situations than anybody can see: what is known at each place proves, and a few situations at each refute.
#[test]
fn many_stages() {
    let mut text = "playbook p { facts of the customer { b : yes/no fixed  k : yes/no = no kept by playbook".to_owned();
    for fact in 0..8 {
        text.push_str(&format!("  f{fact} : yes/no  p{fact} : percent"));
    }
    text.push_str(" } start -> s0\n");
    for stage in 0..40 {
        let (fact, next, later) = (stage % 8, stage + 1, (stage + 2).min(40));
        let set = if stage == 30 { "set k = yes" } else { "" };
        text.push_str(&format!(
            "stage s{stage} {{ task t{stage} optional \"T\" {set}  first match -> s{later} when f{fact} and p{fact} >= 10%  -> s{next} otherwise }}\n"
        ));
    }
    text.push_str("stage s40 { -> good when b  -> fine when not b } end good success end fine success }\n");
    text.push_str("property not_yet: never k while at s20\nproperty for_b: always b while at good\nproperty in_order: at s0 before at good\nproperty once: at s7 at most once\nproperty wrong: never at good while p1 >= 10%\n");
    let document = document(&text);
    let machine = Machine::new(document.playbook.clone());
    let words: Vec<&str> = document
        .properties
        .iter()
        .map(|property| decide(&machine, property, &mut Budget::new(super::property::FIRST)).verdict.word())
        .collect();
    assert_eq!(words, ["proved", "proved", "proved", "proved", "refuted"]);
    let whole = super::soundness::soundness(&machine, &mut Budget::new(super::property::FIRST));
    assert_eq!([whole.can_finish.word(), whole.does_finish.word(), whole.no_dead_stage.word()], ["proved"; 3]);
    // The same with nowhere to go for some.
    let stuck = super::tests::document(&text.replace("-> fine when not b", ""));
    let machine = Machine::new(stuck.playbook.clone());
    let whole = super::soundness::soundness(&machine, &mut Budget::new(super::property::FIRST));
    assert_ne!([whole.can_finish.word(), whole.does_finish.word()], ["proved"; 2], "{whole:?}");
}

#[test]
fn where_there_is_no_more_room_nothing_is_decided_and_nothing_breaks() {
    let document = document(
        "playbook p { facts of the customer { a : yes/no  tries : int in 0..9 = 0 kept by playbook }
           start -> s
           stage s { task t mandatory \"T\" again  set tries = tries + 1
             -> fine when a and tries >= 2  -> s when tries < 4  -> out when tries >= 4 and not a  after 30 days -> out }
           end fine success end out failure }",
    );
    let machine = Machine::new(document.playbook);
    let whole = super::soundness::soundness(&machine, &mut Budget::new(100_000));
    assert_eq!(whole.does_finish.word(), "proved");
    let word = |room: usize| {
        let mut budget = Budget::new(100_000).in_room(room);
        super::soundness::soundness(&machine, &mut budget).does_finish.word()
    };
    // Wherever it ends, between a situation and what leads to it too.
    let words: std::collections::BTreeSet<&str> = (0..400).map(|step| word(1_000 + 97 * step)).collect();
    assert!(
        words.contains("undecided") && words.iter().all(|word| ["undecided", "proved"].contains(word)),
        "{words:?}"
    );
}

const TRACKS: &str = "
playbook p {
  services { a \"A\" b \"B\" c \"C\" d \"D\" }
  facts of the customer { goal : percent fixed = 10% }
  facts of each service { usage : percent }
  each service {
    start -> hand
    stage hand {
      task 1 optional \"One\" for a due within 2 days
      task 2 optional \"Two\" for b due within 2 days
      task 3 optional \"Three\" for c due within 2 days
      task 4 mandatory \"Four\" for d due within 9 days
      -> follow
    }
    stage follow {
      -> met when usage >= goal
      on blocker -> hurdle
      after 1 year -> stalled
    }
    stage hurdle {
      on resolved -> resume follow
      after 90 days -> stalled
    }
    end met success
    end stalled failure
  }
  then -> ready when all services where (at met)
       -> short otherwise
  end ready success
  end short failure
}
";

/// Which side of its bounds a live number is on decides, and no value of it is lost by that.
#[test]
fn live_numbers_by_their_place() {
    let text = format!(
        "{TRACKS}
property reached:  never at met while usage < goal
property exactly:  never at met while usage = goal
property above:    never at met while usage > goal
property no_goal:  never at met while goal = 0% and usage = 0%
property far:      never at met while goal > 70% and usage >= 95%
property never_so: never at met while goal > 70% and usage < 65%
property high:     never at follow while usage > 20% and usage < goal
"
    );
    let words: Vec<&str> = verdicts(&text).into_iter().map(|(_, word)| word).collect();
    assert_eq!(words, ["proved", "refuted", "refuted", "refuted", "refuted", "proved", "refuted"]);
}

/// Services with tasks of their own in one place are alike until somebody speaks of these tasks, or they differ.
#[test]
fn services_with_tasks_of_their_own() {
    let document = document(TRACKS);
    let size = |tasks: Option<&[crate::model::TaskId]>| {
        let question = super::services::Question { asked: &[], deciding: &[], of_service: true, counts: false, tasks };
        super::services::cohort(&document.playbook, question).singles.len()
    };
    let named = |label: &str| {
        let tasks = document.playbook.tasks.iter().position(|task| task.label() == label).unwrap();
        crate::model::TaskId(tasks as u32)
    };
    assert_eq!((size(Some(&[])), size(Some(&[named("2")])), size(None)), (2, 3, 4));
    let text = format!(
        "{TRACKS}
property two_first: never at follow while usage > 1% and not done task 2
property soon:      at hand followed by at follow within 8 days assuming tasks meet due, at most 0 blockers
property in_time:   at hand followed by at follow within 9 days assuming tasks meet due, at most 0 blockers
"
    );
    let words: Vec<&str> = verdicts(&text).into_iter().map(|(_, word)| word).collect();
    assert_eq!(words, ["refuted", "refuted", "proved"]);
}

/// What led to an end of the customer is as true there: so much holds for any number of services.
#[test]
fn an_end_for_any_number_of_services() {
    let text = format!(
        "{TRACKS}
property all_met:  never at ready while any services where (at stalled)
property some_not: never at short while all services where (at stalled)
"
    );
    let proof = |text: &str, at: usize| {
        let document = document(text);
        let machine = Machine::new(document.playbook.clone());
        decide(&machine, &document.properties[at], &mut Budget::new(60_000)).verdict
    };
    assert!(matches!(proof(&text, 0), Verdict::Proved(_)), "{:?}", proof(&text, 0));
    assert_eq!(proof(&text, 1).word(), "refuted");
    // Another way to the same end, of which nothing is asked.
    let other = text
        .replace("-> short otherwise", "-> ready otherwise")
        .replace("end short failure", "")
        .replace("property some_not: never at short while all services where (at stalled)", "");
    assert_eq!(proof(&other, 0).word(), "refuted");
    let two = text.replace("-> ready when all services where (at met)", "-> ready when any services where (at met)");
    assert_ne!(proof(&two, 0).word(), "proved");
}
