//! `mandatory-and-optional`: the same task, mandatory in one place and optional in another.

use super::Subject;
use crate::diagnostic::{Diagnostic, MANDATORY_AND_OPTIONAL};
use crate::model::Offer;

/// The services an offer is for, by bits.
pub(super) fn services(subject: &Subject<'_>, offer: &Offer) -> u128 {
    let stage = subject.playbook.stages[offer.stage.index()].services.map_or(u128::MAX, |services| services.0);
    stage & offer.services.map_or(u128::MAX, |services| services.0)
}

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    // By task: the services it is mandatory and optional for so far, and the first offer of each kind.
    type Seen<'a> = (u128, Option<&'a Offer>);
    let mut seen: Vec<[Seen<'_>; 2]> = vec![[(0, None); 2]; subject.playbook.tasks.len()];
    for offer in &subject.playbook.offers {
        let for_whom = services(subject, offer);
        let kinds = &mut seen[offer.task.index()];
        let (known, first) = &mut kinds[usize::from(offer.mandatory)];
        *known |= for_whom;
        first.get_or_insert(offer);
        let (others, Some(other)) = kinds[usize::from(!offer.mandatory)] else { continue };
        if others & for_whom == 0 {
            continue;
        }
        let words = |mandatory: bool| if mandatory { "mandatory" } else { "optional" };
        let task = subject.playbook.tasks[offer.task.index()].label();
        let message = format!(
            "task `{task}` is {} here and {} in stage `{}`",
            words(offer.mandatory),
            words(other.mandatory),
            subject.playbook.stages[other.stage.index()].name.name,
        );
        findings.push(
            Diagnostic::new(&MANDATORY_AND_OPTIONAL, offer.span, message)
                .related(other.span, format!("{} here", words(other.mandatory)))
                .help("Decide whether it has to be done, or let the two be different tasks"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn different_services_may_differ() {
        let text = "playbook p { services { teams yammer } each service { start -> a
                    stage a { task 1 mandatory for teams -> b } stage b { task 1 optional for yammer -> x } end x success }
                    then -> y  end y success }";
        assert_eq!(said(text), Vec::<String>::new());
        let said = said(&text.replace("optional for yammer", "optional"));
        assert_eq!(said, ["mandatory-and-optional: task `1` is optional here and mandatory in stage `a`"]);
    }
}
