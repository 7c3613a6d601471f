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
                .help(help(subject, *first)),
            None => Diagnostic::new(&MISSING_START, span, format!("{called} has no stage to start with"))
                .help("Add a stage: `stage NAME \"…\" { -> END }`"),
        });
    }
}

/// How to say that it starts at this place. Nothing can lead to a block without a name.
fn help(subject: &Subject<'_>, first: Place) -> String {
    let name = &subject.playbook.place_name(first).name;
    let head = match (first, name.as_str()) {
        (Place::Block(_), "each_service") => "each service",
        (Place::Block(_), "together") => "together",
        _ => return format!("Write `start -> {name}`, or where else it begins"),
    };
    format!("Give the block a name, `{head} as work {{ … }}`, and write `start -> work`, or where else it begins")
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
    fn a_block_without_a_name_is_given_one_first() {
        let text = "playbook p { services { teams } each service { start -> a stage a { -> x } end x success }
                    then -> y  stage b { -> y } end y success }";
        let found = crate::check::tests::findings(text);
        let help = found.iter().find_map(|found| found.help.as_deref());
        assert!(help.is_some_and(|help| help.contains("`each service as work { … }`")), "{help:?}");
    }

    #[test]
    fn a_playbook_without_stages_has_nothing_to_start_with() {
        assert_eq!(said("playbook p { }"), ["missing-start: playbook `p` has no stage to start with"]);
    }
}
