//! `join-deadlock`: something is waited for that never comes.

use super::no_way_to_finish::{reasons, report, traps};
use super::{Subject, conditions};
use crate::diagnostic::{Diagnostic, JOIN_DEADLOCK, Severity};
use crate::graph::Node;
use crate::model::{Origin, Place, TransitionId};
use crate::source::Span;
use std::collections::BTreeSet;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let mut said: BTreeSet<Span> = BTreeSet::new();
    for kept in traps(subject).into_iter().filter(|kept| kept.waits) {
        said.extend(kept.why.iter().map(|(span, _)| *span));
        findings.push(report(subject, &JOIN_DEADLOCK, kept));
    }
    in_vain(subject, &mut said, findings);
}

/// Who waits in vain, but not for ever: something else leads on.
fn in_vain(subject: &Subject<'_>, said: &mut BTreeSet<Span>, findings: &mut Vec<Diagnostic>) {
    let flow = subject.flow();
    let mut asked: BTreeSet<TransitionId> = BTreeSet::new();
    for node in subject.graph.graph().node_indices() {
        let Some(Node::Place(place)) = subject.graph.graph().node_weight(node).copied() else { continue };
        if !flow.reached(node) || matches!(place, Place::End(_)) {
            continue;
        }
        for (transition, reason) in reasons(subject, node, place, None) {
            if !reason.waits || said.contains(&reason.span) {
                continue;
            }
            let message = match transition {
                None => format!("{} waits for what never comes: {}", subject.call(place), reason.words),
                Some(id) => {
                    let described = &subject.playbook.transitions[id.index()];
                    // What holds everywhere has to be in vain everywhere, and is said once.
                    let everywhere = matches!(described.origin, Origin::Everywhere(_));
                    let somewhere = flow.taken.iter().any(|(_, taken)| *taken == id);
                    if everywhere && (somewhere || !asked.insert(id)) {
                        continue;
                    }
                    // The whole condition has to be impossible, not a part of it.
                    if flow.takes(node, id) || conditions::guard(&described.trigger).is_none() {
                        continue;
                    }
                    let target = &subject.playbook.place_name(described.target).name;
                    format!("the way to `{target}` waits for what never comes: {}", reason.words)
                }
            };
            said.insert(reason.span);
            let mut finding = Diagnostic::new(&JOIN_DEADLOCK, reason.span, message)
                .help("Wait for something that comes before, or change the order");
            finding.severity = Severity::Warning;
            findings.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn a_task_that_is_offered_only_later() {
        let text = "playbook p { start -> a stage a { needs done task 2 task 1 mandatory -> b }
                    stage b { task 2 mandatory -> x } end x success }";
        assert_eq!(said(text), ["join-deadlock: who is in stage `a` never gets out of it"]);
        assert_eq!(said(&text.replace("needs done task 2", "needs not done task 2")), Vec::<String>::new());
    }

    #[test]
    fn a_choice_that_is_joined_like_a_fork() {
        let text = "playbook p { facts of the customer { f : yes/no } start -> a when f -> b otherwise
                    stage a { task 1 mandatory -> c } stage b { task 2 mandatory -> c }
                    stage c { needs done task 1 and done task 2 -> x } end x success }";
        assert_eq!(said(text), ["join-deadlock: who is in stage `c` never gets out of it"]);
        assert_eq!(said(&text.replace("1 and done", "1 or done")), Vec::<String>::new());
    }

    #[test]
    fn branches_that_wait_for_each_other() {
        let of = |first: &str, second: &str| {
            said(&format!(
                "playbook p {{ together as both {{
                   branch one {{ start -> a stage a {{ {first} task 1 mandatory -> b }} stage b {{ task 3 mandatory -> y }} end y success }}
                   branch two {{ start -> c stage c {{ {second} task 2 mandatory -> z }} end z success }}
                 }} then -> x  end x success }}"
            ))
        };
        assert_eq!(of("", "needs done task 1"), Vec::<String>::new());
        assert_eq!(of("needs at c", ""), Vec::<String>::new());
        let said = of("needs done task 2", "needs done task 3");
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said.iter().all(|said| said.starts_with("join-deadlock")), "{said:?}");
    }
}
