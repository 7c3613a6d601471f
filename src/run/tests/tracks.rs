//! The settled semantics, points 13 to 17: tracks, scopes and facts.

use super::{tell, tell_until};
use crate::diagnostic::IMPOSSIBLE_LINE;
use crate::run::status::Status;

const TWO: &str = r#"{"services": {"one": {}, "two": {}}}"#;

#[test]
fn s13_done_task_is_of_this_track_the_quantified_service_or_the_customer() {
    let play = "playbook p {
        services { one two }
        facts of each service { go : yes/no = no }
        stage first { task 7 optional \"Of the customer\"  task 1 optional \"One\"  -> work when done task 7 }
        each service as work {
          stage a {
            task 1 optional \"One\" again
            task 2 optional \"Two\"
            -> both when done task 1 and not done task 2
            -> any_other otherwise
          }
          end both success
          end any_other success
        }
        then -> some when any services where (done task 1) and not (all services where (done task 1))
             -> throughout otherwise
        end some success
        end throughout success
        start -> first }";
    // Not required is not done; what one service did, the other did not.
    let lines = "{\"day\": 0, \"service\": \"one\", \"task\": 2, \"status\": \"not required\"}
        {\"day\": 0, \"service\": \"two\", \"task\": 1, \"status\": \"not required\"}";
    let told = tell(play, TWO, lines);
    assert!(told.has("0 one end both"), "{:?}", told.log);
    assert!(told.has("0 two end any_other"));
    assert!(told.has("0 - end some"));
}

const BLOCK: &str = "playbook p {
    services { one two }
    facts of the customer { stop : yes/no = no }
    facts of each service { go : yes/no = no  usage : percent = 0% }
    each service as work {
      stage a { task t mandatory \"T\" when not go  -> fine when go  after 30 days -> late }
      end fine success
      end late failure
    }
    whenever stop -> stopped
    then -> done when all services where (at fine)
         -> partly otherwise
    stage partly { after 5 days -> done }
    end done success
    end stopped neutral
    start -> work }";

#[test]
fn s14_no_intended_service_joins_at_once() {
    let told = tell(BLOCK, "{}", "");
    assert_eq!(told.way("-"), ["0 enter work", "0 end done"]);
}

#[test]
fn s14_only_exits_of_the_block_interrupt_it() {
    let named = "{\"day\": 0, \"task\": \"t\", \"service\": \"one\", \"status\": \"in progress\"}
        {\"day\": 3, \"set\": {\"stop\": true}}";
    let told = tell(BLOCK, TWO, named);
    assert!(told.has("3 one cancel t") && told.has("3 one closed") && told.has("3 two closed"));
    assert_eq!(told.way("-"), ["0 enter work", "3 end stopped"]);
}

#[test]
fn s14_services_dropped_and_added() {
    let lines = "{\"day\": 2, \"service\": \"one\", \"event\": \"dropped\", \"reason\": \"sold\"}
        {\"day\": 4, \"service\": \"two\", \"set\": {\"go\": true}}";
    let told = tell(BLOCK, TWO, lines);
    // A dropped service is no longer intended: `all` speaks of the others.
    assert!(told.has("2 one dropped sold"));
    assert_eq!(told.way("-"), ["0 enter work", "4 end done"]);
    let lines = "{\"day\": 2, \"service\": \"two\", \"event\": \"service added\", \"set\": {\"go\": false}}
        {\"day\": 4, \"service\": \"one\", \"set\": {\"go\": true}}";
    let told = tell(BLOCK, r#"{"services": {"one": {}}}"#, lines);
    assert_eq!(told.way("two"), ["2 enter a", "32 end late"]);
    assert_eq!(told.way("-"), ["0 enter work", "32 enter partly", "37 end done"]);
    // Dropping what is not intended, and adding what is, cannot be.
    for (line, service) in [("dropped", "two"), ("added", "one")] {
        let line = format!("{{\"day\": 1, \"service\": \"{service}\", \"event\": \"{line}\"}}");
        let told = tell(BLOCK, r#"{"services": {"one": {}}}"#, &line);
        assert_eq!(told.findings[0].rule, &IMPOSSIBLE_LINE);
    }
}

#[test]
fn s15_ended_tracks_keep_their_facts_and_outputs_hold_nobody() {
    let play = "playbook p {
        services { one two }
        facts of each service { usage : percent }
        output \"All are at the target\": all services where (usage >= 10%)
        each service as work {
          output \"Far beyond\": usage >= 50%
          stage a { -> fine when usage >= 10% }
          end fine success
        }
        then -> good when all services where (usage >= 10%)
             -> bad otherwise
        end good success
        end bad success }";
    let lines = "{\"day\": 1, \"service\": \"one\", \"set\": {\"usage\": 12}}
        {\"day\": 2, \"service\": \"one\", \"set\": {\"usage\": 3}}
        {\"day\": 3, \"service\": \"two\", \"set\": {\"usage\": 60}}";
    let told = tell(play, TWO, lines);
    assert_eq!(told.way("-"), ["0 enter work", "3 end good"]);
    assert!(told.has("1 one output unmet") && !told.has("3 two output unmet"), "{:?}", told.log);
}

#[test]
fn s16_names_in_a_quantifier_mean_the_quantified_service() {
    let play = "playbook p {
        services { one two three  pair = one, two }
        facts of each service { usage : percent }
        each service as work {
          stage a {
            -> lead when all services in pair where (usage >= 10%) and this service is one
            -> follow when any services where (usage >= 10% and service is not this service) and service is not one
            after 9 days -> late
          }
          end lead success end follow success end late failure
        }
        then -> done
        end done success }";
    let told = tell(play, r#"{"services": {"one": {"usage": 1}, "two": {"usage": 12}}}"#, "");
    // `two` has enough itself, but nobody else has.
    assert_eq!((told.way("one").pop(), told.way("two").pop()), (Some("9 end late".into()), Some("9 end late".into())));
    // Quantifiers range over intended services: `two` is not one of them here, `three` is not in the pair.
    let told = tell(play, r#"{"services": {"one": {"usage": 12}, "three": {"usage": 1}}}"#, "");
    assert_eq!(
        (told.way("one").pop(), told.way("three").pop()),
        (Some("0 end lead".into()), Some("0 end follow".into()))
    );
}

#[test]
fn s17_how_facts_may_change() {
    let play = "playbook p { facts of the customer {
          up : int rising  down : int falling  once : int fixed  done : yes/no = no kept by playbook  sure : yes/no rising
        }
        stage a { needs \"Never\": up > 100  set done = yes  after 90 days -> fine }
        end fine success }";
    let start = r#"{"up": 5, "down": 5}"#;
    let ok = |line: &str| assert!(tell_until(play, start, line, Some(20)).findings.is_empty(), "{line}");
    let wrong = |line: &str| {
        let told = tell_until(play, start, line, Some(20));
        assert_eq!(told.findings.len(), 1, "{line}");
        assert_eq!(told.findings[0].rule, &IMPOSSIBLE_LINE);
    };
    ok(r#"{"day": 1, "set": {"up": 6}}"#);
    ok(r#"{"day": 1, "set": {"up": 5}}"#);
    wrong(r#"{"day": 1, "set": {"up": 4}}"#);
    ok(r#"{"day": 1, "correct": {"up": 4}}"#);
    ok(r#"{"day": 1, "set": {"up": 4}, "correct": true}"#);
    ok(r#"{"day": 1, "set": {"down": 4}}"#);
    wrong(r#"{"day": 1, "set": {"down": 6}}"#);
    // Unknown may become known once.
    ok(r#"{"day": 1, "set": {"once": 4}}"#);
    wrong("{\"day\": 1, \"set\": {\"once\": 4}}\n{\"day\": 2, \"set\": {\"once\": 5}}");
    ok("{\"day\": 1, \"set\": {\"once\": 4}}\n{\"day\": 2, \"correct\": {\"once\": 5}}");
    ok("{\"day\": 1, \"set\": {\"sure\": false}}\n{\"day\": 2, \"set\": {\"sure\": true}}");
    wrong("{\"day\": 1, \"set\": {\"sure\": true}}\n{\"day\": 2, \"set\": {\"sure\": false}}");
    wrong(r#"{"day": 1, "set": {"done": true}}"#);
    // Nothing changes at a line that cannot be.
    let told = tell_until(play, start, r#"{"day": 1, "set": {"up": 4}}"#, Some(20));
    assert_eq!(
        (told.state.facts[0].clone(), told.status()),
        (Some(crate::value::Value::Number(crate::value::Micro::whole(5))), Status::Held)
    );
}
