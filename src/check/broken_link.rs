//! `broken-link`: a playbook that is named but not there.

use super::Subject;
use crate::diagnostic::{BROKEN_LINK, Diagnostic, Severity};
use crate::source::Span;
use crate::suggest::did_you_mean;
use std::collections::BTreeMap;

/// One finding for each name, at its first place.
pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let playbook = subject.playbook;
    let next = playbook.about.next.iter().map(|next| (next.name.name.as_str(), next.name.span));
    let continues = playbook.ends.iter().filter_map(|end| end.continues.as_ref());
    let mut named: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for (name, span) in next.chain(continues.map(|(name, span)| (name.as_str(), *span))) {
        named.entry(name).or_default().push(span);
    }
    named.remove(playbook.name.name.as_str());
    let known = subject.around.playbooks;
    for (name, spans) in named {
        let [first, others @ ..] = spans.as_slice() else { continue };
        if known.contains(&name) {
            continue;
        }
        let meant = did_you_mean(name, known.iter().copied());
        let mut finding = if subject.around.complete || meant.is_some() {
            Diagnostic::new(&BROKEN_LINK, *first, format!("there is no playbook `{name}` in sight"))
                .help_if(meant)
                .help_if(Some("Check it together with the file of that playbook, or correct the name".to_owned()))
        } else {
            let message = format!("whether there is a playbook `{name}` cannot be seen from this file alone");
            let mut note = Diagnostic::new(&BROKEN_LINK, *first, message).help("Check the folder it lies in");
            note.severity = Severity::Note;
            note
        };
        for span in others {
            finding = finding.related(*span, "named here too");
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::{noted, said};

    #[test]
    fn a_playbook_out_of_sight_is_noted_once() {
        let text = "playbook p { next after_this stage a { -> x } end x success continues after_this }";
        assert_eq!(said(text), Vec::<String>::new());
        let expected = "broken-link: whether there is a playbook `after_this` cannot be seen from this file alone";
        assert_eq!(noted(text), [expected]);
    }
}
