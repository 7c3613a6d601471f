//! `dead-end`: a stage or block without a way out.

use super::Subject;
use crate::diagnostic::{DEAD_END, Diagnostic};
use crate::model::{BlockId, Place};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for place in subject.working_places().filter(|place| subject.graph.exits(*place).is_empty()) {
        let scope = &subject.playbook.scopes[subject.playbook.place_scope(place).index()];
        let somewhere = scope.places.iter().rev().find(|other| **other != place);
        let target = somewhere.map_or("END", |place| subject.playbook.place_name(*place).name.as_str());
        let help = match place {
            Place::Block(_) => format!("write `then -> {target}` after the block"),
            Place::Stage(_) | Place::End(_) => format!("write where it leads: `-> {target}`"),
        };
        let message = format!("there is no way out of {}: who gets there stays there for ever", subject.call(place));
        findings.push(Diagnostic::new(&DEAD_END, subject.spot(place), message).help(help));
    }
    for (index, block) in subject.playbook.blocks.iter().enumerate() {
        endless(subject, BlockId(index as u32), block.head, findings);
    }
}

/// A block whose tracks have no end is never over.
fn endless(subject: &Subject<'_>, block: BlockId, span: crate::source::Span, findings: &mut Vec<Diagnostic>) {
    for scope in subject.graph.runs(block) {
        let places = &subject.playbook.scopes[scope.index()].places;
        if !places.is_empty() && !places.iter().any(|place| matches!(place, Place::End(_))) {
            findings.push(
                Diagnostic::new(
                    &DEAD_END,
                    span,
                    format!("{} has no `end`, so its block is never over", subject.call_scope(*scope)),
                )
                .help("add `end NAME success` to it, and let a stage lead there"),
            );
        }
    }
}
