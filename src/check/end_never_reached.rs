//! `end-never-reached`: an end no transition leads to.

use super::Subject;
use crate::diagnostic::{Diagnostic, END_NEVER_REACHED};
use crate::model::{EndId, Place};

/// An end that only unreachable stages lead to is not reported: the stages are.
pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, end) in subject.playbook.ends.iter().enumerate() {
        let node = subject.graph.node(Place::End(EndId(index as u32)));
        let scope = &subject.playbook.scopes[end.scope.index()];
        let led_to = subject.graph.graph().neighbors_directed(node, petgraph::Incoming).next().is_some();
        if led_to || scope.start.is_empty() {
            continue;
        }
        let name = &end.name.name;
        findings.push(
            Diagnostic::new(&END_NEVER_REACHED, end.name.span, format!("no transition leads to end `{name}`"))
                .help(format!("Let a stage lead there with `-> {name}`, or remove the end")),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn an_end_behind_an_unreachable_stage_is_that_stages_fault() {
        let text = "playbook p { start -> a stage a { -> x } stage b { -> y } end x success end y success }";
        assert_eq!(said(text), ["unreachable-stage: no transition leads to stage `b`"]);
    }
}
