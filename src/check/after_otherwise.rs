//! `after-otherwise`: `otherwise` is the last word.

use super::Subject;
use crate::diagnostic::{AFTER_OTHERWISE, Diagnostic};
use crate::model::{TransitionId, Trigger};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let playbook = subject.playbook;
    let starts = playbook.scopes.iter().map(|scope| &scope.start);
    let stages = playbook.stages.iter().map(|stage| &stage.exits);
    let blocks = playbook.blocks.iter().map(|block| &block.exits);
    for exits in starts.chain(stages).chain(blocks) {
        look(subject, exits, findings);
    }
}

fn look(subject: &Subject<'_>, exits: &[TransitionId], findings: &mut Vec<Diagnostic>) {
    let mut otherwise = None;
    for id in exits {
        let transition = &subject.playbook.transitions[id.index()];
        let target = &subject.playbook.place_name(transition.target).name;
        let message = match (otherwise, &transition.trigger) {
            (None, Trigger::Otherwise) => {
                otherwise = Some(transition.span);
                continue;
            }
            (Some(_), Trigger::Otherwise) => {
                format!("there are two `otherwise`: this one, to `{target}`, is never taken")
            }
            (Some(_), Trigger::Completion(_)) => format!("the transition to `{target}` stands after `otherwise`"),
            _ => continue,
        };
        let mut finding = Diagnostic::new(&AFTER_OTHERWISE, transition.span, message);
        if let Some(span) = otherwise {
            finding = finding.related(span, "what is left goes here");
        }
        findings.push(finding.help("Put `otherwise` last, and only once"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn twice_is_once_too_often_but_other_classes_may_follow() {
        let text = "playbook p { facts of the customer { f : yes/no } stage a {
                    -> x when f  -> y otherwise  -> x otherwise  after 3 days -> x } end x success end y success }";
        assert_eq!(said(text), ["after-otherwise: there are two `otherwise`: this one, to `x`, is never taken"]);
    }
}
