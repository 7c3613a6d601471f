//! `only-failure`: a flow in which nobody can succeed.

use super::Subject;
use crate::diagnostic::{Diagnostic, ONLY_FAILURE};
use crate::model::{EndKind, Place, ScopeId, ScopeKind};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, scope) in subject.playbook.scopes.iter().enumerate() {
        let ends = scope.places.iter().filter_map(|place| match place {
            Place::End(id) if subject.reach.is_reached(subject.graph.node(*place)) => {
                Some(&subject.playbook.ends[id.index()])
            }
            _ => None,
        });
        let mut ends = ends.peekable();
        if ends.peek().is_none() || !ends.all(|end| end.kind == EndKind::Failure) {
            continue;
        }
        let span = match (scope.kind, scope.block) {
            (ScopeKind::EachService, Some(block)) => subject.playbook.blocks[block.index()].head,
            _ => scope.name.span,
        };
        let who = if scope.kind == ScopeKind::Customer { "customer" } else { "track" };
        let called = subject.call_scope(ScopeId(index as u32));
        findings.push(
            Diagnostic::new(&ONLY_FAILURE, span, format!("every {who} of {called} ends in failure"))
                .help("Add an `end NAME success`, and let a stage lead there"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn a_neutral_end_is_no_failure_and_tracks_count_by_themselves() {
        assert_eq!(said("playbook p { stage a { -> x } end x neutral }"), Vec::<String>::new());
        let text = "playbook p { services { teams } each service { stage a { -> x } end x failure }
                    then -> y  end y success }";
        assert_eq!(said(text), ["only-failure: every track of `each service` ends in failure"]);
    }
}
