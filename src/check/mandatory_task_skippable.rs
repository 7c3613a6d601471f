//! `mandatory-task-skippable`: a success that can be reached without a mandatory task.

use super::Subject;
use super::examples::{About, track, undone};
use super::obligations::{Without, ways_without};
use crate::diagnostic::{Diagnostic, MANDATORY_TASK_SKIPPABLE, Severity};
use crate::model::{Place, ScopeId, TransitionId};
use crate::run::event::Effect;
use crate::run::{Machine, State};
use std::collections::BTreeMap;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for index in 0..subject.playbook.scopes.len() {
        let mut by_way: BTreeMap<(TransitionId, bool), Vec<Without>> = BTreeMap::new();
        for without in ways_without(subject, ScopeId(index as u32)) {
            by_way.entry((without.by.1, without.interrupts)).or_default().push(without);
        }
        for ((by, interrupts), all) in by_way {
            let Some(first) = all.first() else { continue };
            let labels: Vec<String> = all.iter().map(|one| subject.playbook.tasks[one.task.index()].label()).collect();
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let end = &subject.playbook.place_name(first.end).name;
            let (tasks, are) = if labels.len() == 1 { ("task", "is") } else { ("tasks", "are") };
            let message = format!(
                "who goes this way reaches `{end}` without {tasks} {}, which {are} mandatory",
                super::list(&labels)
            );
            let mut finding =
                Diagnostic::new(&MANDATORY_TASK_SKIPPABLE, subject.playbook.transitions[by.index()].span, message);
            for one in all.iter().take(5) {
                let offer = &subject.playbook.offers[one.offer.index()];
                let stage = subject.call(Place::Stage(offer.stage));
                finding = finding.related(offer.span, format!("mandatory here, in {stage}"));
            }
            finding =
                finding.help("Lead this way to the stage of the task or to another end, or let the task be optional");
            if !interrupts {
                finding.severity = Severity::Note;
            }
            let (task, end) = (first.task, first.end);
            let goal = |_: &Machine, state: &State, effect: Option<&Effect>| match effect {
                Some(Effect::Ended(id, _)) => track(state, *id)
                    .is_some_and(|track| track.place == Some(end) && undone(state, track.service, task)),
                _ => false,
            };
            let in_service = subject.playbook.scopes[index].in_service;
            let about = About { of_service: in_service, ..About::default() };
            findings.push(subject.shown(finding, &goal, about, "a success without a mandatory task"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::{noted, said};

    #[test]
    fn what_comes_in_between_must_not_lead_past_it() {
        let of = |exit: &str| {
            said(&format!(
                "playbook p {{ events {{ signed }} start -> a stage a {{ task 1 mandatory {exit} -> b }}
                 stage b {{ task 2 mandatory -> x }} end x success end y failure end z neutral }}"
            ))
            .into_iter()
            .filter(|said| said.starts_with("mandatory-task"))
            .collect::<Vec<_>>()
        };
        assert_eq!(of("on signed -> y"), Vec::<String>::new());
        assert_eq!(of("after 9 days -> z"), Vec::<String>::new());
        assert_eq!(
            of("on signed -> b"),
            ["mandatory-task-skippable: who goes this way reaches `x` without task `1`, which is mandatory"]
        );
        assert_eq!(
            of("on signed -> x"),
            ["mandatory-task-skippable: who goes this way reaches `x` without tasks `1` and `2`, which are mandatory"]
        );
    }

    #[test]
    fn what_a_condition_leads_past_is_noted_where_it_is_the_exception() {
        let of = |a: &str| {
            let text = format!(
                "playbook p {{ facts of the customer {{ f : yes/no }} start -> a stage a {{ {a} }}
                 stage b {{ task 2 mandatory -> x }} end x success }}"
            );
            (said(&text), noted(&text))
        };
        assert_eq!(of("-> b when f -> x otherwise"), (vec![], vec![]));
        let expected = "mandatory-task-skippable: who goes this way reaches `x` without task `2`, which is mandatory";
        assert_eq!(of("-> x when f -> b otherwise"), (vec![], vec![expected.to_owned()]));
    }
}
