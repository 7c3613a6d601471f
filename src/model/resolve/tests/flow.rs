//! Scopes, stages, work, transitions.

use super::{documents, expect, helps, playbook};
use crate::model::{EndKind, EventMatch, Node, Origin, Place, ScopeKind, StageId, TransitionId, Trigger, Work};
use crate::value::Duration;

/// A playbook with this flow, two services and a few facts.
fn with(flow: &str) -> String {
    format!(
        "playbook p {{ services {{ teams yammer }} roles {{ manager csm }} motions {{ health }} events {{ review }}
           facts of the customer {{ a : yes/no  n : int in 0..10  settled : yes/no fixed  tags : set of (x, y, z) }}
           facts of each service {{ usage : percent  kept : yes/no = no }}
           {flow}
         }}"
    )
}

#[track_caller]
fn wrong(flow: &str, expected: &[(&str, &str)]) {
    expect(&with(flow), expected);
}

#[test]
fn a_block_without_a_name_is_not_led_to() {
    let flow = |to: &str| {
        format!(
            "start -> first stage first {{ -> {to} }}
             each service {{ start -> ready end ready success }} then -> finished end finished success"
        )
    };
    wrong(&flow("each_service"), &[("unknown-name", "each_service")]);
    assert_eq!(
        helps(&with(&flow("each_service"))),
        ["Give it one, `each service as NAME { … }`, and lead there: `-> NAME`"]
    );
    // It is not proposed either.
    assert_eq!(helps(&with(&flow("each_servise"))), ["There are `first` and `finished`"]);
}

#[test]
fn scopes_stand_in_order() {
    let made = playbook(&with(
        "each service as tracks {
           input \"On\": usage >= 1%
           whenever usage >= 90% -> fast
           start -> slow
           stage slow { -> fast }
           together as pair {
             branch one { stage first { -> ready } end ready success }
             branch two { stage second { -> out } end out neutral }
           }
           then -> fast
           end fast success
         }
         on review -> finished
         then -> finished when all services where (at fast)
              -> finished otherwise
         end finished success",
    ));
    let kinds: Vec<(ScopeKind, bool)> = made.scopes.iter().map(|scope| (scope.kind, scope.in_service)).collect();
    assert_eq!(
        kinds,
        [
            (ScopeKind::Customer, false),
            (ScopeKind::EachService, true),
            (ScopeKind::Branch, true),
            (ScopeKind::Branch, true)
        ]
    );
    // The customer begins in the only block, at a place made up for it.
    let start = &made.transitions[made.scopes[0].start[0].index()];
    assert_eq!((start.target, &start.trigger), (Place::Block(crate::model::BlockId(0)), &Trigger::Completion(None)));
    assert_eq!(made.scopes[1].everywhere.len(), 1);
    assert_eq!(made.scopes[1].inputs.len(), 1);
    let everywhere = &made.transitions[made.scopes[1].everywhere[0].index()];
    assert_eq!(everywhere.origin, Origin::Everywhere(crate::model::ScopeId(1)));
    let triggers: Vec<&Trigger> =
        made.blocks[0].exits.iter().map(|id: &TransitionId| &made.transitions[id.index()].trigger).collect();
    assert!(matches!(
        triggers.as_slice(),
        [Trigger::On(EventMatch::Event(_), None), Trigger::Completion(Some(_)), Trigger::Otherwise]
    ));
    assert_eq!(made.blocks[0].scopes.len(), 1);
    assert_eq!(made.blocks[1].scopes.len(), 2);
    assert_eq!(made.scopes[2].name.name, "one");
    assert_eq!(made.ends.iter().filter(|end| end.kind == EndKind::Neutral).count(), 1);
}

#[test]
fn one_task_in_two_stages_is_one() {
    let made = playbook(&with(
        "each service {
           start -> look
           stage look by manager for teams {
             task 1 mandatory due within 2 weeks
             task 2 optional \"Two\" for yammer by csm when usage >= 1%
             every 2 weeks as calls, at most 26 times { task call optional again }
             -> more
             after last round of calls -> out
           }
           stage more { task 1 mandatory \"One\" again  together { task 3 optional task 4 optional } -> resume look at most 3 times }
           end out success
         }
         then -> finished
         end finished success",
    ));
    let labels: Vec<(String, &str)> = made.tasks.iter().map(|task| (task.label(), task.title.main.as_str())).collect();
    let expected = [("1", "One"), ("2", "Two"), ("call", "call"), ("3", "3"), ("4", "4")];
    assert_eq!(labels, expected.map(|(label, title)| (label.to_owned(), title)));
    let tasks: Vec<u32> = made.offers.iter().map(|offer| offer.task.0).collect();
    assert_eq!(tasks, [0, 1, 2, 0, 3, 4]);
    assert_eq!(made.offers[0].due, Some(crate::model::Length::Time(Duration::days(14))));
    // Its own roles, else the stage's.
    assert_eq!((made.offers[0].roles[0].0, made.offers[1].roles[0].0), (0, 1));
    assert!(made.offers[1].when.is_some() && made.offers[1].services.is_some());
    assert_eq!(made.offers[2].cadence, Some(crate::model::CadenceId(0)));
    assert_eq!(made.cadences[0].limit, Some(26));
    assert!(matches!(&made.stages[1].body[1], Work::Together(items) if items.len() == 2));
    let back = &made.transitions[made.stages[1].exits[0].index()];
    assert_eq!((back.target, back.resume, back.limit), (Place::Stage(StageId(0)), true, Some(3)));
}

#[test]
fn facts_are_set() {
    let made = playbook(&with(
        "stage talk { set n += 2 set a = yes set tags -= (x, y) set tags += z -> done } end done success",
    ));
    let Work::Set(sum) = &made.stages[0].body[0] else { panic!("{made:?}") };
    assert!(matches!(&sum.value.node, Node::Sum(terms) if terms.len() == 2 && !terms[1].0));
    let Work::Set(set) = &made.stages[0].body[2] else { panic!("{made:?}") };
    assert!(matches!(&set.value.node, Node::Sum(terms) if terms.len() == 2 && terms[1].0));
    let set = |assignment: &str| format!("stage talk {{ set {assignment} -> done }} end done success");
    wrong(&set("settled = yes"), &[("fixed-fact-set", "settled")]);
    wrong(&set("n = 11"), &[("out-of-range", "11")]);
    wrong(&set("n = yes"), &[("wrong-type", "yes")]);
    wrong(&set("n = 1.5"), &[("too-fine", "1.5")]);
    wrong(&set("kept = yes"), &[("wrong-scope", "kept")]);
    wrong(&set("m = 1"), &[("unknown-name", "m")]);
    wrong(&set("n += 5%"), &[("unit-mismatch", "n")]);
    wrong(&set("tags = (x, w)"), &[("unknown-name", "w")]);
}

#[test]
fn flags_and_kinds_are_said() {
    wrong("stage talk { task 1 \"One\" -> done } end done success", &[("missing-flag", "1")]);
    wrong("stage talk { -> done } end done", &[("missing-end-kind", "end done")]);
}

#[test]
fn transitions_stay_in_their_scope() {
    let flow = "each service { stage look { -> finished } end out success } then -> out end finished success";
    wrong(flow, &[("wrong-scope", "finished"), ("wrong-scope", "out")]);
    wrong(
        "together { branch one { stage first { -> ready } end ready success } } then -> one",
        &[("wrong-type", "one")],
    );
    wrong(
        "each service { each service { stage s { -> e } end e success } then -> d end d success } then -> f end f success",
        &[("wrong-scope", "each service")],
    );
}

#[test]
fn a_misspelt_target_is_taken_for_what_was_meant() {
    let text = with("start -> talk stage talk { -> chek } stage check { -> done } end done success");
    let (_, documents, found) = documents(&text);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].help.as_deref(), Some("Did you mean `check`?"));
    assert_eq!(documents[0].playbook.stages[0].exits.len(), 1);
}

#[test]
fn transitions_where_they_make_sense() {
    wrong(
        "stage talk { -> done after last round -> done } end done success",
        &[("misplaced-transition", "after last round -> done")],
    );
    wrong(
        "stage talk { -> done } after last round -> done end done success",
        &[("misplaced-transition", "after last round -> done")],
    );
    wrong("stage talk { -> resume done } end done success", &[("misplaced-transition", "done")]);
    wrong("start -> resume talk stage talk { -> done } end done success", &[("misplaced-transition", "talk")]);
    wrong("stage talk { after 0 days -> done } end done success", &[("bad-duration", "0 days")]);
    wrong("stage talk { after n -> done } end done success", &[("not-constant", "n")]);
    wrong("stage talk { after 3 -> done } end done success", &[("unit-mismatch", "3")]);
    wrong("stage talk { after 0 business days -> done } end done success", &[("bad-duration", "0 business days")]);
    wrong("stage talk { after 1.5 business days -> done } end done success", &[("bad-duration", "1.5 business days")]);
    wrong(
        "stage talk { after 99_999 business days -> done } end done success",
        &[("bad-duration", "99_999 business days")],
    );
    for hours in ["0 business hours", "0.0001 business hours", "99_999 business hours"] {
        wrong(&format!("stage talk {{ after {hours} -> done }} end done success"), &[("bad-duration", hours)]);
    }
    wrong("stage talk { after 1 + 2 business days -> done } end done success", &[("wrong-type", "2 business days")]);
    wrong("stage talk { every 0 weeks { step \"x\" } -> done } end done success", &[("bad-duration", "0 weeks")]);
    wrong("stage talk { -> done at most 0 times } end done success", &[("out-of-range", "0")]);
    wrong("stage talk { on revew -> done } end done success", &[("unknown-name", "revew")]);
    wrong("stage talk { on blocker (foo) -> done } end done success", &[("unknown-blocker-kind", "foo")]);
    wrong(
        "start -> talk start -> done stage talk { -> done } end done success",
        &[("duplicate-name", "start -> done")],
    );
}

#[test]
fn rounds_are_told_apart() {
    let flow = |round: &str| {
        format!(
            "stage talk {{ every 1 week as calls {{ task c optional when round > 1 }} every 2 weeks as mails {{ step \"m\" }}
             -> done when {round} > 1 }} end done success"
        )
    };
    wrong(&flow("round of mails"), &[]);
    wrong(&flow("round"), &[("wrong-scope", "round")]);
    assert_eq!(helps(&with(&flow("round"))), ["Say `round of NAME`, with `calls` or `mails`"]);
    wrong(&flow("round of letters"), &[("unknown-name", "letters")]);
}

#[test]
fn services_belong_to_tracks() {
    wrong("stage talk for teams { -> done } end done success", &[("wrong-scope", "teams")]);
    wrong("stage talk { task 1 optional for teams -> done } end done success", &[("wrong-scope", "teams")]);
    wrong(
        "each service { stage look for temas { -> out } end out success } then -> f end f success",
        &[("unknown-name", "temas")],
    );
    wrong(
        "stage talk by manger { motion helth link deck -> done } end done success",
        &[("unknown-name", "manger"), ("unknown-name", "helth"), ("unknown-name", "deck")],
    );
}

#[test]
fn needs_without_words_say_their_condition() {
    let made =
        playbook(&with("stage talk { needs a and (n > 3 or not a) needs \"Words\": a -> done } end done success"));
    let words: Vec<&str> = made.stages[0].needs.iter().map(|needs| needs.text.main.as_str()).collect();
    assert_eq!(words, ["a and (n > 3 or not a)", "Words"]);
}
