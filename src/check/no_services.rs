//! `no-services`: a block for each service where none is declared.

use super::Subject;
use crate::diagnostic::{Diagnostic, NO_SERVICES};
use crate::model::ScopeKind;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if !subject.playbook.services.is_empty() {
        return;
    }
    for scope in subject.playbook.scopes.iter().filter(|scope| scope.kind == ScopeKind::EachService) {
        let span = scope.block.map_or(scope.name.span, |block| subject.playbook.blocks[block.index()].head);
        findings.push(
            Diagnostic::new(&NO_SERVICES, span, "there is no service to do this for: every customer passes it by")
                .help("Declare the services: `services { teams \"Teams\" }`"),
        );
    }
}
