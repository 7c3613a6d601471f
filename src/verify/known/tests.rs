//! What is known where: the sandwich. What the interpreter does is possible by what is known.

use super::Known;
use crate::graph::{Node, StateGraph};
use crate::model::Place;
use crate::verify::encode::Prepared;
use crate::verify::encode::tests::document;
use crate::verify::kernel::BUDGET;

/// The stages and blocks somebody gets to, and in how many of them everybody leaves at once.
fn reached(text: &str) -> Vec<String> {
    let document = document(text);
    let graph = StateGraph::new(&document.playbook);
    let prepared = Prepared::new(&document.playbook, []);
    let known = Known::new(&prepared, &graph, BUDGET);
    let places = document.playbook.scopes.iter().flat_map(|scope| scope.places.iter().copied());
    places
        .filter(|place| known.entry(Node::Place(*place)).is_some() && !matches!(place, Place::End(_)))
        .map(|place| document.playbook.place_name(place).name.clone())
        .collect()
}

const FACTS: &str = "facts of the customer { f : yes/no fixed  r : yes/no rising  l : yes/no  n : int in 0..9 rising
    k : one of (x, y, z) = x kept by playbook }";

fn of(flow: &str) -> Vec<String> {
    reached(&format!("playbook p {{ {FACTS} {flow} end out success }}"))
}

#[test]
fn what_stays_is_known_behind_a_task_and_what_may_change_is_not() {
    let behind = |fact: &str, later: &str| {
        of(&format!(
            "start -> a stage a {{ -> b when {fact} -> out otherwise }}
             stage b {{ task t mandatory \"T\" -> c when {later} -> out otherwise }} stage c {{ -> out }}"
        ))
        .contains(&"c".to_owned())
    };
    assert!(!behind("f", "not f"));
    assert!(!behind("r", "not r"));
    assert!(behind("not r", "r"));
    assert!(behind("l", "not l"));
    assert!(!behind("n >= 5", "n < 5"));
    assert!(behind("n < 5", "n >= 5"));
}

#[test]
fn within_one_instant_everything_stays_that_is_known() {
    let at_once = |work: &str| {
        of(&format!(
            "start -> a stage a {{ -> b when l -> out otherwise }}
             stage b {{ {work} -> c when not l -> out when l }} stage c {{ -> out }}"
        ))
        .contains(&"c".to_owned())
    };
    assert!(!at_once(""));
    assert!(at_once("task t mandatory \"T\""));
    assert!(at_once("needs r"));
}

#[test]
fn what_the_playbook_keeps_is_what_it_set() {
    let kept = |set: &str, guard: &str| {
        of(&format!(
            "start -> a stage a {{ {set} -> b }} stage b {{ task t mandatory \"T\" -> c when {guard} -> out otherwise }}
             stage c {{ -> out }}"
        ))
        .contains(&"c".to_owned())
    };
    assert!(!kept("set k = y", "k is x"));
    assert!(kept("set k = y", "k is y"));
    assert!(kept("every 1 week, at most 2 times { set k = z } set k = y task s mandatory \"S\"", "k is z"));
}

#[test]
fn loops_come_to_rest() {
    let flow = "start -> a stage a { task t mandatory again \"T\" -> b when n < 3 -> c when n >= 3 and n < 6 -> out otherwise }
                stage b { task u mandatory again \"U\" -> a } stage c { task v mandatory again \"V\" -> a when n < 9 -> d otherwise }
                stage d { -> out }";
    assert_eq!(of(flow), ["a", "b", "c", "d"]);
}
