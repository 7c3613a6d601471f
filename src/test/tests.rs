//! Tests of tests: what fails has to fail, and say why.

use super::{Results, run};
use crate::run::Machine;
use crate::run::tests::document;
use crate::source::Sources;

const PLAY: &str = r#"playbook p {
  services { teams "Teams"  exchange "Exchange" }
  events { call }
  facts of the customer { csm : yes/no rising }
  facts of each service { usage : percent  ready : yes/no = yes }
  param goal : percent = 10%
  each service {
    start -> handshake when csm and service is teams
          -> follow    otherwise
    stage handshake { task 3731 mandatory "Handshake"  -> handed_off }
    stage follow {
      needs "It is ready": ready
      task 3740 optional "Introduction" for exchange
      task 3741 optional "Workshop" when usage < 5%
      -> met when usage >= goal
      on blocker -> fix
      after 1 year -> stalled
    }
    stage fix { on resolved -> resume follow  after 90 days -> stalled }
    end handed_off success
    end met success
    end stalled failure
  }
  then -> review when all services where (at handed_off or at met)
       -> missed otherwise
  end review success
  end missed failure
}
"#;

fn results(tests: &str) -> (Results, Sources, Machine) {
    let (document, sources) = document(&format!("{PLAY}{tests}"));
    let machine = Machine::new(document.playbook);
    let results = run(&machine, &sources, &document.tests, &document.properties);
    (results, sources, machine)
}

/// One test with this story and this expectation: what happened instead; empty where it passes.
fn happened(story: &str, expectation: &str) -> String {
    let (results, ..) = results(&format!("test \"t\" {{ {story} expect {expectation} }}"));
    let failures = &results.tests[0].failures;
    assert_eq!(failures.is_empty(), results.tests[0].passed());
    failures.first().map(|failure| failure.happened.clone()).unwrap_or_default()
}

const BOTH: &str = "customer { csm services teams { usage 3% } exchange { usage 3% } } day 40 exchange { usage 12% }";
const WAITS: &str = "customer { services teams { usage 3% } }";
const BLOCKED: &str = "customer { not csm services exchange { usage 3% } } day 10 exchange blocker technical";

#[test]
fn each_expectation_can_hold_and_can_fail() {
    for (story, expectation, instead) in [
        (BOTH, "teams ends handed_off", ""),
        (BOTH, "teams ends handed_off on day 0", ""),
        (BOTH, "exchange ends met on day 40", ""),
        (BOTH, "exchange ends met within 40 days", ""),
        (BOTH, "exchange ends met within 39 days", "`exchange` ended at `met` on day 40"),
        (BOTH, "exchange ends met on day 41", "`exchange` ended at `met` on day 40"),
        (BOTH, "exchange ends stalled", "`exchange` ended at `met` on day 40"),
        (BOTH, "customer ends review", ""),
        (BOTH, "customer ends missed", "the customer ended at `review` on day 40"),
        (WAITS, "teams ends met", "`teams` is before its first stage, waiting for `csm`"),
        (BOTH, "ended", ""),
        (BOTH, "exchange ended", ""),
        (WAITS, "ended", "the customer is waiting for its services"),
        (BOTH, "teams at handed_off", ""),
        (BOTH, "teams at follow", "`teams` ended at `handed_off` on day 0"),
        (BOTH, "offered task 3731", ""),
        (BOTH, "exchange offered task 3740", ""),
        (BOTH, "not offered task 3731", "task 3731 was offered to `teams` on day 0"),
        (BOTH, "exchange offered task 3731", "task 3731 was never reached: `exchange` ended at `met` on day 40"),
        (BOTH, "exchange not offered task 3731", ""),
        (BOTH, "done task 3731", ""),
        (BOTH, "not done task 3731", "task 3731 was complete on day 0"),
        (BOTH, "exchange done task 3731", "task 3731 was never offered: `exchange` ended at `met` on day 40"),
        (BOTH, "never fix", ""),
        (BOTH, "exchange never handshake", ""),
        (BOTH, "never handshake", "`teams` came to `handshake` on day 0"),
        (BOTH, "exchange visits follow", ""),
        (BOTH, "exchange visits follow 1 times", ""),
        (BOTH, "exchange visits follow 2 times", "`exchange` came to `follow` once: on day 0"),
        (BOTH, "exchange visits fix", "`exchange` ended at `met` on day 40"),
        (BLOCKED, "exchange visits fix 1 times", ""),
        (BLOCKED, "exchange ends stalled on day 100", ""),
        (WAITS, "teams waiting for csm", ""),
        (WAITS, "teams waiting for usage", "`teams` is before its first stage, waiting for `csm`"),
        (BOTH, "teams waiting for csm", "`teams` ended at `handed_off` on day 0"),
        (WAITS, "teams held", "`teams` is before its first stage, waiting for `csm`"),
        (BOTH, "that count services where (at met) = 1", ""),
        (BOTH, "that csm and any services where (usage > 50%)", "it is not so"),
        (WAITS, "that csm", "it is unknown"),
    ] {
        assert_eq!(happened(story, expectation), instead, "{expectation}");
    }
}

#[test]
fn what_is_held_passed_over_or_stopped_is_said() {
    let held = "customer { not csm services teams { usage 3%, not ready } } until day 20";
    assert_eq!(happened(held, "teams held"), "");
    assert_eq!(happened(held, "teams at follow"), "");
    assert_eq!(happened(held, "teams ends met"), "`teams` is held in `follow` on day 20, where the test stops");
    let early = "customer { not csm services exchange { usage 8% } } until day 20";
    assert_eq!(happened(early, "offered task 3741"), "task 3741 was passed over on day 0: its `when` was not so");
    let other = "customer { not csm services teams { usage 8% } } until day 20";
    assert_eq!(happened(other, "offered task 3740"), "task 3740 was passed over on day 0: it is for other services");
    let open = "customer { csm services teams } day 3 teams task 3731 in progress";
    assert_eq!(happened(open, "done task 3731"), "task 3731 is in progress");
    assert_eq!(happened(open, "teams ended"), "`teams` is in `handshake`, waiting for task 3731");
    let dropped = "customer { csm services teams } day 0 teams task 3731 in progress day 3 teams dropped \"sold\"";
    assert_eq!(happened(dropped, "teams ended"), "");
    assert_eq!(happened(dropped, "teams ends handed_off"), "`teams` was dropped on day 3: sold");
    assert_eq!(happened(dropped, "customer ends review on day 3"), "");
    let blocked = "customer { not csm services exchange { usage 3% } } day 10 exchange blocker until day 20";
    assert_eq!(happened(blocked, "exchange waiting for resolved"), "");
}

#[test]
fn a_failure_points_at_what_decided() {
    let (results, sources, _) =
        results("test \"usage\" {\n  customer { csm services teams { usage 3% } }\n  expect teams ends met\n}");
    assert_eq!((results.passed(), results.tests.len()), (0, 1));
    let diagnostics = results.diagnostics();
    let [diagnostic] = diagnostics.as_slice() else { panic!("one") };
    assert_eq!(diagnostic.rule.name, "failing-test");
    assert_eq!(diagnostic.message, "expected `teams ends met`, but `teams` ended at `handed_off` on day 0");
    assert_eq!(sources.text(diagnostic.primary.span), "expect teams ends met");
    let related: Vec<(&str, &str)> =
        diagnostic.related.iter().map(|label| (sources.text(label.span), label.message.as_str())).collect();
    assert_eq!(related, [("\"usage\"", "in the test “usage”"), ("-> handed_off", "taken on day 0")]);
    // A guard that decided is named with the facts it read.
    let (results, sources, _) = self::results(
        "test \"usage\" { customer { not csm services teams { usage 3% } } until day 9 expect teams ends met }",
    );
    let diagnostics = results.diagnostics();
    let related: Vec<(&str, &str)> =
        diagnostics[0].related.iter().map(|label| (sources.text(label.span), label.message.as_str())).collect();
    assert!(related.contains(&("usage >= goal", "is no (usage 3%, goal 10%)")), "{related:?}");
    assert!(related.contains(&("csm", "is no")), "{related:?}");
}

#[test]
fn what_cannot_be_fails_the_test() {
    let (results, sources, _) =
        results("test \"t\" { customer { csm services teams } day 3 { not csm } expect teams ends handed_off }");
    // The journey is over by day 3 unless something is open: here it is not said.
    assert_eq!(results.passed(), 1);
    let (results, sources2, _) = self::results(
        "test \"t\" { customer { csm services teams } day 1 teams task 3731 in progress day 3 { not csm } expect teams at handshake }",
    );
    assert_eq!(results.passed(), 0);
    let diagnostics = results.diagnostics();
    assert_eq!((diagnostics.len(), diagnostics[0].rule.name), (1, "impossible-line"));
    assert_eq!(sources2.text(diagnostics[0].primary.span), "day 3 { not csm }");
    drop(sources);
}

#[test]
fn coverage_says_what_no_test_goes_through() {
    let (results, sources, machine) = results(&format!("test \"t\" {{ {BOTH} expect ended }}"));
    let coverage = &results.coverage;
    let playbook = &machine.playbook;
    assert_eq!(coverage.places(playbook), (5 - 1 + 1, 8));
    assert_eq!(coverage.offers(playbook), (3, 3));
    let (taken, all) = coverage.transitions(playbook);
    assert_eq!((taken, all), (5, 10));
    let gaps: Vec<(&str, String)> =
        coverage.gaps(playbook).into_iter().map(|gap| (sources.text(gap.span), gap.what)).collect();
    let what: Vec<&str> = gaps.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(
        what,
        [
            "this way to `fix` is never taken",
            "this way to `stalled` is never taken",
            "stage `fix` is never entered",
            "end `stalled` is never entered",
            "this way to `missed` is never taken",
            "end `missed` is never entered",
        ]
    );
    assert_eq!(gaps[0].0, "on blocker -> fix");
}

/// A property on the journey of one story: how often it holds, is open, is left out, is broken; and what is said.
fn property(claim: &str, story: &str) -> ([u32; 4], String) {
    let (results, ..) =
        results(&format!("property it: {claim}\ntest \"t\" {{ {story} expect that csm or not csm or unknown csm }}"));
    let property = &results.properties[0];
    let words = property.violated.as_ref().map(|violated| violated.message.clone()).unwrap_or_default();
    (
        [property.holds, property.open, property.skipped, property.broken],
        words.replace("the property `it` is broken: ", ""),
    )
}

#[test]
fn properties_on_a_journey() {
    const HOLDS: [u32; 4] = [1, 0, 0, 0];
    const OPEN: [u32; 4] = [0, 1, 0, 0];
    const SKIPPED: [u32; 4] = [0, 0, 1, 0];
    const BROKEN: [u32; 4] = [0, 0, 0, 1];
    let resolved = format!("{BLOCKED} day 20 exchange resolved day 30 exchange {{ usage 12% }}");
    let stopped = format!("{BLOCKED} until day 15");
    for (claim, story, counts, words) in [
        ("never at stalled", BOTH, HOLDS, ""),
        ("never at stalled", BLOCKED, BROKEN, "`at stalled` of exchange is true on day 100"),
        ("never at fix while csm", BLOCKED, HOLDS, ""),
        ("never at fix while not csm", BLOCKED, BROKEN, "`at fix` of exchange is true on day 10"),
        ("never at stalled", &stopped, OPEN, ""),
        ("never at fix", &stopped, BROKEN, "`at fix` of exchange is true on day 10"),
        ("always usage >= 10% while at met", BOTH, HOLDS, ""),
        ("always usage >= 10% while at follow", BOTH, BROKEN, "`usage >= 10%` of exchange is not true on day 0"),
        // What is unknown breaks nothing.
        ("always csm while at follow", WAITS, OPEN, ""),
        ("task 3741 before task 3740", BOTH, BROKEN, "`task 3740` of exchange comes on day 0, before the other"),
        ("at follow before at met", BOTH, HOLDS, ""),
        ("at fix before at met", BOTH, BROKEN, "`at met` of exchange comes on day 40, before the other"),
        ("eventually end", BOTH, HOLDS, ""),
        ("eventually end", WAITS, OPEN, ""),
        ("eventually end within 40 days", BOTH, HOLDS, ""),
        ("eventually end within 39 days", BOTH, BROKEN, "`end` has not come by day 39"),
        ("eventually at fix", BOTH, BROKEN, "`at fix` of teams has not come when the journey is over on day 0"),
        ("at fix at most once", &resolved, HOLDS, ""),
        ("at follow at most once", &resolved, BROKEN, "`at follow` of exchange comes for the 2nd time on day 20"),
        ("at fix followed by at follow within 10 days", &resolved, HOLDS, ""),
        (
            "at fix followed by at follow within 9 days",
            &resolved,
            BROKEN,
            "`at follow` of exchange has not come by day 19",
        ),
        (
            "at fix followed by at follow",
            BLOCKED,
            BROKEN,
            "`at follow` of exchange has not come when the journey is over on day 100",
        ),
        ("at fix followed by at follow within 10 days", &stopped, OPEN, ""),
        ("happened blocker followed by happened resolved within 10 days", &resolved, HOLDS, ""),
        // Journeys that break an assumption say nothing.
        ("never at fix assuming at most 0 blockers", BLOCKED, SKIPPED, ""),
        ("never at fix assuming at most 1 blockers", BLOCKED, BROKEN, "`at fix` of exchange is true on day 10"),
        ("never at fix assuming csm", BLOCKED, SKIPPED, ""),
    ] {
        assert_eq!(property(claim, story), (counts, words.to_owned()), "{claim}");
    }
}

#[test]
fn tasks_that_are_late_break_an_assumption() {
    let play = |due: &str| {
        format!(
            "playbook p {{ stage a {{ task one mandatory \"One\" due within {due} -> fine }} end fine success }}
             property soon: eventually end within 5 days assuming tasks meet due
             test \"t\" {{ customer {{}} day 9 task one complete expect ended }}"
        )
    };
    for (due, skipped, broken) in [("8 days", 1, 0), ("9 days", 0, 1)] {
        let (document, sources) = document(&play(due));
        let machine = Machine::new(document.playbook);
        let results = run(&machine, &sources, &document.tests, &document.properties);
        assert_eq!((results.properties[0].skipped, results.properties[0].broken), (skipped, broken), "{due}");
    }
}

#[test]
fn the_tests_of_the_source_process_pass() {
    let (document, sources) = document(include_str!("../../workflows/support-success-execution.play"));
    let machine = Machine::new(document.playbook);
    let results = run(&machine, &sources, &document.tests, &document.properties);
    let found: Vec<String> = results
        .diagnostics()
        .iter()
        .map(|found| format!("line {}: {}", sources.position(found.primary.span).line, found.message))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
    assert!(results.tests.len() > 40);
    // Each property is kept to on journeys that are over, not only left open.
    let idle: Vec<&str> =
        results.properties.iter().filter(|known| known.holds == 0).map(|known| known.name.as_str()).collect();
    assert!(idle.is_empty(), "{idle:?}");
    // The page says both what holds at the start and whenever a CSM comes: the second decides first.
    let gaps = results.coverage.gaps(&machine.playbook);
    assert_eq!(
        gaps.iter().map(|gap| gap.what.as_str()).collect::<Vec<_>>(),
        ["this way to `csm_handshake` is never taken"]
    );
}

#[test]
fn the_pages_about_tests_and_properties_are_true() {
    for rule in [&crate::diagnostic::FAILING_TEST, &crate::diagnostic::PROPERTY_VIOLATED] {
        let examples = rule.page.split("```play\n").skip(1).map(|part| part.split("```").next().unwrap_or_default());
        let found: Vec<Vec<&str>> = examples
            .map(|example| {
                let (document, sources) = document(example);
                let machine = Machine::new(document.playbook);
                let results = run(&machine, &sources, &document.tests, &document.properties);
                results.diagnostics().iter().map(|found| found.rule.name).collect()
            })
            .collect();
        assert_eq!(found, [vec![rule.name], vec![]]);
    }
}
