//! `unused-declaration`: something is declared and never mentioned again.

use super::Subject;
use super::mentions::Mentions;
use crate::diagnostic::{Diagnostic, Severity, UNUSED_DECLARATION};
use crate::model::Volatility;
use crate::source::Span;

/// Names are looked up in the trees, not in the model: there, constants have taken the place of parameters.
pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if subject.around.files.is_empty() {
        return;
    }
    let mentions = Mentions::of(subject.around.files);
    let playbook = subject.playbook;
    // What a vocabulary or a base declares is not the playbook's own to use.
    let written = playbook.about.written;
    let own = |span: Span| span.file == written.file && written.start <= span.start && span.end <= written.end;
    let mut report = |what: &str, name: &str, span: Span, verb: &str| {
        if own(span) && !mentions.names.contains(name) {
            let message = format!("{what} `{name}` is declared, but {verb}");
            let mut finding = Diagnostic::new(&UNUSED_DECLARATION, span, message);
            // What only people read may stand there for them; what conditions read should be read.
            if ["role", "motion", "link"].contains(&what) {
                finding.severity = Severity::Note;
            }
            findings.push(finding.help(format!("Use `{name}` where it belongs, or remove it")));
        }
    };
    for role in &playbook.roles {
        report("role", &role.name, role.span, "no stage, task or step is by it");
    }
    for group in &playbook.groups {
        report("group", &group.name, group.span, "nothing is for it");
    }
    for motion in &playbook.about.motions {
        report("motion", &motion.name, motion.span, "no stage belongs to it");
    }
    for event in &playbook.events {
        report("event", &event.name, event.span, "nothing happens on it");
    }
    for (link, _) in &playbook.about.links {
        report("link", &link.name, link.span, "nothing refers to it");
    }
    // Of a fact the playbook keeps it is said elsewhere that nothing sets it.
    for fact in playbook.facts.iter().filter(|fact| fact.volatility != Volatility::Kept) {
        report("fact", &fact.name.name, fact.name.span, "no condition reads it and no stage sets it");
    }
    for parameter in &playbook.parameters {
        report("parameter", &parameter.name.name, parameter.name.span, "nothing reads it");
    }
    for definition in &playbook.lets {
        report("`let`", &definition.name.name, definition.name.span, "nothing reads it");
    }
    // Any kind may come as long as something answers to all kinds.
    if mentions.any_blocker {
        return;
    }
    for kind in playbook.blocker_kinds.iter().filter(|kind| !mentions.names.contains(kind.name.as_str())) {
        let message = format!("no transition answers to blockers of kind `{}`", kind.name);
        let mut note = Diagnostic::new(&UNUSED_DECLARATION, kind.span, message);
        note.severity = Severity::Note;
        findings.push(note.help("They pause tasks and rounds; write `on blocker -> STAGE` if they should do more"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::{noted, said};

    #[test]
    fn constants_and_what_tests_read_count_as_used() {
        let text = "playbook p { param limit : duration = 3 days  events { held } links { deck \"https://x.y\" }
                    facts of the customer { f : yes/no  g : yes/no  h : yes/no }
                    stage a { link deck  task 1 optional when f due within limit  on held -> x  after 9 days -> x }
                    end x success }
                    property q: never at x while g and not g";
        assert_eq!(
            said(text),
            ["unused-declaration: fact `h` is declared, but no condition reads it and no stage sets it"]
        );
    }

    #[test]
    fn kinds_of_blocker_are_noted_where_nothing_answers_to_them() {
        let of = |on: &str| {
            noted(&format!(
                "playbook p {{ blockers {{ weather }} stage a {{ {on} after 3 days -> x }} end x success }}"
            ))
        };
        assert_eq!(of("on blocker -> x"), Vec::<String>::new());
        assert_eq!(of("on blocker (weather) -> x"), Vec::<String>::new());
        assert_eq!(of(""), ["unused-declaration: no transition answers to blockers of kind `weather`"]);
    }
}
