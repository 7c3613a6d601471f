//! `zero-time-loop`: stages a customer would go round in without any time passing.

use super::conditions::{conjuncts, contradict, guard, literal};
use super::loops::{self, Step};
use super::{Subject, cycle_without_exit};
use crate::diagnostic::{Diagnostic, Severity, ZERO_TIME_LOOP};
use crate::graph::{Edge, EdgeClass, Node};
use crate::model::{Assignment, Atom, FactId, Node as ExprNode, Place, Stage, Trigger, Work};
use petgraph::stable_graph::NodeIndex;

/// So many conditions of a loop are compared with each other. A longer loop is taken to be possible.
const CONDITIONS: usize = 300;

/// So many loops of a group are looked at, the shortest ones, each through another stage.
const TRIES: usize = 20;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let can_end = cycle_without_exit::can_end(subject);
    let instant = |index: NodeIndex, node: Node| match node {
        Node::Place(Place::Stage(id)) => {
            can_end[index.index()] && !waits_or_changes(subject, &subject.playbook.stages[id.index()])
        }
        Node::Start(_) | Node::Place(_) => false,
    };
    let immediate = |edge: &Edge| {
        matches!(edge.class, EdgeClass::Completion | EdgeClass::Otherwise | EdgeClass::Whenever)
            && subject.playbook.transitions[edge.transition.index()].limit.is_none()
    };
    let part = loops::part(subject, instant, immediate);
    for group in loops::groups(&part) {
        let mut ways = group.iter().take(TRIES).map(|node| loops::shortest(&part, &group, *node));
        let Some(way) = ways.find(|way| !way.is_empty() && can_happen(subject, way)) else { continue };
        let Some(place) = way.first().and_then(|(node, _)| loops::place(subject, *node)) else { continue };
        let always = way.iter().all(|(_, id)| {
            matches!(subject.playbook.transitions[id.index()].trigger, Trigger::Completion(None) | Trigger::Otherwise)
        });
        let tasks = way.iter().any(|(node, _)| match loops::place(subject, *node) {
            Some(Place::Stage(id)) => has_task(&subject.playbook.stages[id.index()]),
            _ => false,
        });
        let counts = way.iter().find_map(|(node, _)| match loops::place(subject, *node) {
            Some(Place::Stage(id)) => counter(&subject.playbook.stages[id.index()]),
            _ => None,
        });
        let counted = counts.map(|fact| subject.playbook.facts[fact.index()].name.name.as_str());
        let message = match (always && counted.is_none(), tasks) {
            (true, false) => "a customer goes round here for ever without any time passing",
            (false, false) => "a customer may go round here for ever without any time passing",
            (true, true) => "once its tasks are done, a customer goes round here for ever without any time passing",
            (false, true) => "once its tasks are done, a customer may go round here for ever without any time passing",
        };
        let message = match counted {
            Some(fact) => {
                format!("{message}, but for what `{fact}` comes to").replace("round here for ever", "round here")
            }
            None => message.to_owned(),
        };
        let help = if tasks {
            "Mark a task `again`, so that it is offered on each visit, or write `at most N times` after a transition"
        } else {
            "Give a stage a task, let it wait for an event, or write `at most N times` after a transition"
        };
        let mut finding = Diagnostic::new(&ZERO_TIME_LOOP, subject.spot(place), message)
            .label(format!("the loop: {}", loops::spell(subject, &way)))
            .help(help);
        for (_, id) in way.iter().take(10) {
            finding = finding.related(subject.playbook.transitions[id.index()].span, "taken at once");
        }
        if !always || tasks || counted.is_some() {
            finding.severity = Severity::Warning;
        }
        findings.push(finding);
    }
}

/// All work of a stage but that of its cadences, which nobody waits for.
fn work(stage: &Stage) -> Vec<&Work> {
    let mut all = Vec::new();
    let mut waiting: Vec<&Work> = stage.body.iter().rev().collect();
    while let Some(work) = waiting.pop() {
        if let Work::Together(parts) = work {
            waiting.extend(parts.iter().rev());
        }
        all.push(work);
    }
    all
}

fn has_task(stage: &Stage) -> bool {
    work(stage).iter().any(|work| matches!(work, Work::Task(_)))
}

/// A fact that each visit of a stage counts up or down.
fn counter(stage: &Stage) -> Option<FactId> {
    work(stage).iter().find_map(|work| match work {
        Work::Set(set) if counts(set) => Some(set.fact),
        _ => None,
    })
}

/// Whether a fact is worked out from itself: it may be another one after each visit, and that keeps nobody waiting.
fn counts(set: &Assignment) -> bool {
    let mut reads = false;
    set.value.walk(&mut |part| reads |= part.node == ExprNode::Atom(Atom::Fact(set.fact)));
    reads
}

/// Whether each visit takes time, or leaves something changed behind.
fn waits_or_changes(subject: &Subject<'_>, stage: &Stage) -> bool {
    work(stage).iter().any(|work| match work {
        Work::Task(id) => subject.playbook.offers[id.index()].again,
        Work::Set(set) => !counts(set),
        Work::Step(_) | Work::Together(_) => false,
    })
}

/// Whether the guards along a loop may all hold at the same moment, for one service.
fn can_happen(subject: &Subject<'_>, way: &[Step]) -> bool {
    let mut literals = Vec::new();
    let mut services = u128::MAX;
    for (node, id) in way {
        services &= subject.reach.guard(*id) & subject.reach.services(*node);
        let trigger = &subject.playbook.transitions[id.index()].trigger;
        if let Some(guard) = guard(trigger) {
            literals.extend(conjuncts(guard).into_iter().map(|part| literal(part, true)));
        } else if let (Trigger::Otherwise, Some(place)) = (trigger, loops::place(subject, *node)) {
            // The other guards are false here.
            for other in &subject.graph.exits(place).completion {
                if let Some(other) = guard(&subject.playbook.transitions[other.index()].trigger)
                    && let [part] = conjuncts(other).as_slice()
                {
                    literals.push(literal(part, false));
                }
            }
        }
    }
    let mut pairs = literals
        .iter()
        .enumerate()
        .flat_map(|(index, one)| literals.iter().skip(index + 1).map(move |other| (*one, *other)));
    services != 0 && (literals.len() > CONDITIONS || !pairs.any(|(one, other)| contradict(one, other)))
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    fn loops(a: &str, b: &str) -> Vec<String> {
        let text = format!(
            "playbook p {{ facts of the customer {{ f : yes/no g : yes/no = no n : int kept : yes/no = no kept by playbook }}
             start -> a stage a {{ {a} }} stage b {{ {b} }} stage c {{ set kept = f -> x when kept -> x otherwise }}
             end x success }}"
        );
        said(&text).into_iter().filter(|said| said.starts_with("zero-time-loop")).collect()
    }

    #[test]
    fn conditions_that_exclude_each_other_make_no_loop() {
        assert_eq!(loops("-> b when f -> c otherwise", "-> a when not f -> c otherwise"), Vec::<String>::new());
        assert_eq!(loops("-> b when n < 5 -> c otherwise", "-> a when n >= 5 -> c otherwise"), Vec::<String>::new());
        assert_eq!(loops("-> b when f -> c otherwise", "-> c when f -> a otherwise"), Vec::<String>::new());
        assert_eq!(loops("-> b when f -> c otherwise", "-> a when g -> c otherwise").len(), 1);
    }

    #[test]
    fn waiting_changing_and_bounds_make_no_loop() {
        let back = "-> a when g -> c otherwise";
        assert_eq!(loops("task t optional again -> b when f -> c otherwise", back), Vec::<String>::new());
        assert_eq!(loops("set kept = yes -> b when f -> c otherwise", back), Vec::<String>::new());
        assert_eq!(loops("-> b when f at most 3 times -> c otherwise", back), Vec::<String>::new());
        assert_eq!(loops("on resolved -> b  -> c when f -> c otherwise", back), Vec::<String>::new());
    }

    #[test]
    fn counting_takes_no_time() {
        let said = loops("set n = n + 1 -> b when f -> c otherwise", "-> a when n < 1000 -> c otherwise");
        let expected =
            "zero-time-loop: a customer may go round here without any time passing, but for what `n` comes to";
        assert_eq!(said, [expected]);
        let said = loops("set n += 1 -> b when f -> c otherwise", "task t mandatory again -> a when g -> c otherwise");
        assert_eq!(said, Vec::<String>::new());
    }

    #[test]
    fn a_task_done_once_does_not_wait_again() {
        let said = loops("task t mandatory -> b when f -> c otherwise", "-> a when g -> c otherwise");
        let expected =
            "zero-time-loop: once its tasks are done, a customer may go round here for ever without any time passing";
        assert_eq!(said, [expected]);
    }
}
