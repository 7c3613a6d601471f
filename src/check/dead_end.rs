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
            Place::Block(_) => format!("Write `then -> {target}` after the block"),
            Place::Stage(_) | Place::End(_) => format!("Write where it leads: `-> {target}`"),
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
                .help("Add `end NAME success` to it, and let a stage lead there"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn a_block_needs_a_way_on_and_its_tracks_an_end() {
        let text = "playbook p { services { teams } start -> b each service as b { stage a { -> a2 } stage a2 { -> a }
                    start -> a } end x success }";
        let said = said(text);
        assert!(said.iter().any(|said| said.starts_with("dead-end: there is no way out of the block `b`")), "{said:?}");
        assert!(said.iter().any(|said| said.contains("has no `end`, so its block is never over")), "{said:?}");
    }

    #[test]
    fn what_holds_everywhere_is_a_way_out() {
        let text = "playbook p { after 3 days -> x  stage a { task t optional } end x success }";
        assert_eq!(said(text), Vec::<String>::new());
    }
}
