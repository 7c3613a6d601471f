//! Whole files: tests, properties, several playbooks, imports.

use super::{documents, expect, findings};
use crate::model::property::{Assumption, Claim, Occurrence};
use crate::model::resolve::{Imported, resolve};
use crate::model::test::{Action, ExpectationKind, Instant};
use crate::model::{EventMatch, Place, Trigger};
use crate::source::Sources;
use crate::syntax::parse;
use crate::value::{Duration, Micro, Value};

const SKETCH: &str = include_str!("../../../../tests/fixtures/sketch.play");

#[test]
fn the_sketch_has_no_mistakes() {
    let (_, documents, found) = documents(SKETCH);
    assert!(found.is_empty(), "{found:#?}");
    let [document] = documents.as_slice() else { panic!("one playbook") };
    let made = &document.playbook;
    assert!(document.whole);
    assert_eq!((made.services.len(), made.facts.len(), made.lets.len()), (7, 8, 1));
    assert_eq!((made.stages.len(), made.ends.len(), made.tasks.len(), made.cadences.len()), (6, 5, 8, 1));
    assert_eq!((document.tests.len(), document.properties.len()), (1, 3));
    assert_eq!(made.facts[2].default, Some(Value::Number(Micro::whole(10))));
    let resumed = made.transitions.iter().filter(|transition| transition.resume).count();
    assert_eq!(resumed, 2);
    let start = made.scopes[1].start.iter().map(|id| &made.transitions[id.index()].trigger);
    assert_eq!(start.filter(|trigger| matches!(trigger, Trigger::Otherwise)).count(), 1);
    let of_service: Vec<bool> = document.properties.iter().map(|property| property.of_service).collect();
    assert_eq!(of_service, [true, true, false]);
    let settled = &document.properties[2];
    assert!(
        matches!(&settled.claim, Claim::Eventually(Occurrence::End(_), Some(within)) if *within == Duration::days(800))
    );
    assert!(matches!(
        settled.assumptions.as_slice(),
        [Assumption::TasksMeetDue(_), Assumption::AtMost(3, EventMatch::Blocker(kinds), _)] if kinds.is_empty()
    ));
}

const SMALL: &str = "
    playbook p {
      services { teams yammer } events { review }
      facts of the customer { csm : yes/no  plan : one of (trial, paid) }
      facts of each service { usage : percent  enabled : yes/no }
      each service {
        start -> look
        stage look { task 1 optional \"One\" -> met when usage >= 10%  after 90 days -> stalled }
        end met success end stalled failure
      }
      then -> talk
      stage talk { task 2 mandatory \"Two\" -> finished }
      end finished success
    }
    ";

#[track_caller]
fn test_of(items: &str, expected: &[(&str, &str)]) {
    expect(&format!("{SMALL} test \"t\" {{ {items} }}"), expected);
}

#[test]
fn tests_are_resolved() {
    let text = format!(
        "{SMALL} test \"t\" {{
           customer {{ id \"contoso\" start 2020-03-02 csm plan is paid services teams {{ enabled, usage 3% }} }}
           day 1.5 teams {{ usage 8% }}
           2020-04-01 {{ not csm }}
           day 3 teams correct {{ usage 2% }}
           day 3 teams task 1 not required \"why\"
           day 4 event review
           day 5 teams blocker technical on task 1
           day 6 teams resolved
           day 7 paused until day 80 \"delay\"
           day 8 yammer added {{ usage 1% }}
           day 9 teams dropped \"why\"
           day 10 other ended at done
           until day 90
           expect teams ends met on day 28
           expect customer ends finished within 30 days
           expect teams at look
           expect never talk
           expect never look
           expect teams visits look 2 times
           expect offered task 1
           expect not done task 2
           expect yammer done task 1
           expect waiting for csm, review
           expect held
           expect that all services where (usage >= 1%) and done task 2
         }}"
    );
    let (_, documents, found) = documents(&text);
    assert!(found.is_empty(), "{found:#?}");
    let test = &documents[0].tests[0];
    assert_eq!((test.customer.facts.len(), test.customer.services.len()), (2, 1));
    assert_eq!((test.moments.len(), test.expectations.len()), (11, 12));
    assert_eq!(test.moments[0].when.instant, Instant::Day(Duration(129_600)));
    assert!(matches!(&test.moments[0].action, Action::Facts { correction: false, values } if values.len() == 1));
    assert!(matches!(test.expectations[3].kind, ExpectationKind::Never(Place::Stage(_))));
}

#[test]
fn mistakes_of_tests_have_their_place() {
    test_of("customer { csn }", &[("unknown-name", "csn")]);
    test_of("customer { csm csm }", &[("duplicate-name", "csm")]);
    test_of("customer { usage 3% }", &[("wrong-scope", "usage")]);
    test_of("customer { csm 5 }", &[("wrong-type", "5")]);
    test_of("customer { plan is trail }", &[("unknown-name", "trail")]);
    test_of("customer { services teams { usage 120% } }", &[("out-of-range", "120%")]);
    test_of("customer { services teams { usage 0.1 } }", &[("unit-mismatch", "0.1")]);
    test_of("customer { services teams { csm } }", &[("wrong-scope", "csm")]);
    test_of("customer { services teams teams }", &[("duplicate-name", "teams")]);
    test_of("customer { services temas }", &[("unknown-name", "temas")]);
    test_of("customer { services teams } day 3 yammer { usage 3% }", &[("wrong-scope", "yammer")]);
    test_of("customer { services teams } expect yammer ends met", &[("wrong-scope", "yammer")]);
    test_of("customer { csm } 2020-05-01 { csm }", &[("misplaced-date", "2020-05-01")]);
    test_of("customer { start 2020-06-01 } 2020-05-01 { csm }", &[("misplaced-date", "2020-05-01")]);
    test_of("day 3 task 1 complete", &[("wrong-scope", "1")]);
    test_of("day 3 blocker tecnical", &[("unknown-blocker-kind", "tecnical")]);
    test_of("day 3 event revew", &[("unknown-name", "revew")]);
    test_of("day 3 dropped", &[("wrong-scope", "day 3 dropped")]);
    test_of("expect ends met", &[("wrong-scope", "met")]);
    test_of("customer { services teams } expect teams ends finished", &[("wrong-scope", "finished")]);
    test_of("customer { services teams } expect teams never talk", &[("wrong-scope", "talk")]);
    test_of("expect never lok", &[("unknown-name", "lok")]);
    test_of("expect done task 9", &[("unknown-name", "9")]);
    test_of("expect that usage >= 10%", &[("wrong-scope", "usage")]);
    test_of("expect waiting for cms", &[("unknown-name", "cms")]);
    test_of("until day 1 until day 2", &[("duplicate-name", "until day 2")]);
}

#[test]
fn what_the_playbook_keeps_begins_with_its_default() {
    let test = |customer: &str, expected: &[(&str, &str)]| {
        let text = format!(
            "playbook p {{ facts of the customer {{ k : yes/no = no kept by playbook }}
             stage a {{ set k = yes -> b when k }} end b success }} test \"t\" {{ {customer} }}"
        );
        expect(&text, expected);
    };
    test("customer { not k } day 1 correct { k }", &[]);
    test("customer { k }", &[("wrong-value", "k")]);
}

#[test]
fn mistakes_of_properties_have_their_place() {
    let property = |claim: &str, expected: &[(&str, &str)]| expect(&format!("{SMALL} property x: {claim}"), expected);
    property("never at look while csm", &[]);
    property("task 1 before task 2", &[]);
    property("at talk followed by end within 3 days", &[]);
    property("task 2 at most 0 times", &[]);
    property("never at lok", &[("unknown-name", "lok")]);
    property("never usage", &[("wrong-type", "usage")]);
    property("eventually end within 0 days", &[("bad-duration", "0 days")]);
    property("eventually end assuming at most 3 revew", &[("unknown-name", "revew")]);
    property("eventually end assuming enabled", &[("wrong-scope", "enabled")]);
    property("task 9 at most 3 times", &[("unknown-name", "9")]);
    property("never csm property x: never csm", &[("duplicate-name", "x")]);
}

#[test]
fn several_playbooks_are_told_apart() {
    let two = format!("{SMALL} playbook q {{ stage s {{ -> e }} end e success }}");
    expect(&format!("{two} property x: never at s"), &[("which-playbook", "x")]);
    expect(&format!("{two} property x for q: never at s"), &[]);
    expect(&format!("{two} property x for r: never at s"), &[("unknown-name", "r")]);
    expect("test \"t\" { expect held }", &[("which-playbook", "\"t\"")]);
    expect(&format!("{SMALL}{SMALL}"), &[("duplicate-name", "p")]);
}

#[test]
fn imported_playbooks_are_there_for_those_who_speak_of_them() {
    let mut sources = Sources::new();
    let (own, other) = (sources.add("own.play", "test \"t\" { expect never look }"), sources.add("other.play", SMALL));
    let parsed = |id| parse(sources.get(id).unwrap(), id).0;
    let (own, other) = (parsed(own), parsed(other));
    let (documents, found) = resolve(&own, &[Imported::whole(&other)]);
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!((documents.len(), documents[0].tests.len()), (1, 1));
    let (documents, found) = resolve(&crate::syntax::ast::File::default(), &[Imported::whole(&other)]);
    assert!(documents.is_empty() && found.is_empty());
}

#[test]
fn one_file_has_many_mistakes() {
    let text = "playbook p {
        facts of the customer { a : yes/no b : percent = 5 }
        stage one { task 1 \"One\" -> two when c -> tow when a }
        stage two { set a = 3 -> done }
        start -> one
        end done
      }
      property x: never d";
    let rules: Vec<&str> = findings(text).into_iter().map(|(rule, ..)| rule).collect();
    assert_eq!(
        rules,
        [
            "unit-mismatch",
            "missing-flag",
            "unknown-name",
            "unknown-name",
            "wrong-type",
            "missing-end-kind",
            "unknown-name"
        ]
    );
}
