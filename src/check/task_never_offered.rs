//! `task-never-offered`: a task that is for services which never come to its stage.

use super::{Subject, mandatory_and_optional::services};
use crate::diagnostic::{Diagnostic, TASK_NEVER_OFFERED};
use crate::model::{Place, ServiceSet};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let playbook = subject.playbook;
    for offer in &playbook.offers {
        let stage = &playbook.stages[offer.stage.index()];
        let node = subject.graph.node(Place::Stage(offer.stage));
        let here = subject.reach.services(node);
        // A stage nobody gets to is reported as such.
        if here == 0 || (offer.services.is_none() && stage.services.is_none()) || services(subject, offer) & here != 0 {
            continue;
        }
        let name = &stage.name.name;
        let names = |set: ServiceSet| {
            let names: Vec<&str> = set
                .iter()
                .filter_map(|id| playbook.services.get(id.index()))
                .map(|service| service.name.as_str())
                .collect();
            super::list(&names)
        };
        let task = playbook.tasks[offer.task.index()].label();
        let message = match (offer.services, stage.services) {
            (Some(own), Some(stages)) if own.0 & stages.0 == 0 => {
                format!("task `{task}` is for {}, but stage `{name}` is for {}", names(own), names(stages))
            }
            (Some(own), _) => format!("task `{task}` is for {}, which never comes to stage `{name}`", names(own)),
            (None, Some(stages)) => {
                format!(
                    "task `{task}` is never offered: stage `{name}` is for {}, which never comes here",
                    names(stages)
                )
            }
            (None, None) => continue,
        };
        findings.push(
            Diagnostic::new(&TASK_NEVER_OFFERED, offer.span, message)
                .related(stage.head, "the stage")
                .help("Correct the services after `for`, or let a transition bring them here"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn services_that_do_not_come_to_the_stage() {
        let text = "playbook p { services { teams yammer } each service {
                    start -> a when service is teams -> b otherwise
                    stage a { task 1 mandatory for yammer -> x } stage b for yammer { -> x } end x success }
                    then -> y  end y success }";
        assert_eq!(said(text), ["task-never-offered: task `1` is for `yammer`, which never comes to stage `a`"]);
    }
}
