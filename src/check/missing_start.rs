//! `missing-start`: a scope with several stages must say where it begins.

use super::Subject;
use crate::diagnostic::{Diagnostic, MISSING_START};
use crate::model::{Place, ScopeId};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, scope) in subject.playbook.scopes.iter().enumerate() {
        if !scope.start.is_empty() {
            continue;
        }
        let called = subject.call_scope(ScopeId(index as u32));
        let first = scope.places.iter().find(|place| !matches!(place, Place::End(_)));
        let span = match scope.block {
            Some(block) if !matches!(scope.kind, crate::model::ScopeKind::Branch) => {
                subject.playbook.blocks[block.index()].head
            }
            _ => scope.name.span,
        };
        findings.push(match first {
            Some(first) => Diagnostic::new(&MISSING_START, span, format!("{called} does not say where it starts"))
                .help(format!(
                    "Write `start -> {}`, or where else it begins",
                    subject.playbook.place_name(*first).name
                )),
            None => Diagnostic::new(&MISSING_START, span, format!("{called} has no stage to start with"))
                .help("Add a stage: `stage NAME \"…\" { -> END }`"),
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn each_scope_says_where_it_starts() {
        let text = "playbook p { services { teams } each service { stage a { -> x } stage b { -> x } end x success }
                    then -> y  end y success }";
        let said = said(text);
        assert!(said.contains(&"missing-start: `each service` does not say where it starts".to_owned()), "{said:?}");
        assert_eq!(said.len(), 1, "{said:?}");
    }

    #[test]
    fn a_playbook_without_stages_has_nothing_to_start_with() {
        assert_eq!(said("playbook p { }"), ["missing-start: playbook `p` has no stage to start with"]);
    }
}
