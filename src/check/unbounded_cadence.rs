//! `unbounded-cadence`: rounds without a last one.

use super::{Subject, conditions};
use crate::diagnostic::{Diagnostic, UNBOUNDED_CADENCE};
use crate::model::{Place, StageId, Trigger};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, stage) in subject.playbook.stages.iter().enumerate() {
        let place = Place::Stage(StageId(index as u32));
        let Some(endless) = stage.cadences.iter().find(|id| subject.playbook.cadences[id.index()].limit.is_none())
        else {
            continue;
        };
        let cadence = &subject.playbook.cadences[endless.index()];
        let name = &stage.name.name;
        let exits: Vec<_> =
            subject.graph.exits(place).iter().map(|id| &subject.playbook.transitions[id.index()]).collect();
        let never = exits.iter().find(
            |exit| matches!(exit.trigger, Trigger::AfterLastRound(cadence) if !subject.rounds_end(place, cadence)),
        );
        let leaves = exits.iter().any(|exit| match &exit.trigger {
            Trigger::Completion(None) | Trigger::Otherwise => true,
            trigger => {
                conditions::guard(trigger).is_some_and(|guard| conditions::looks_at_time(guard, subject.playbook))
            }
        });
        let finding = if let Some(never) = never {
            Diagnostic::new(
                &UNBOUNDED_CADENCE,
                cadence.head,
                format!("the rounds in stage `{name}` have no number, so there is no last one"),
            )
            .related(never.span, "this transition is never taken")
        } else if leaves || subject.has_time_limit(place) {
            continue;
        } else {
            Diagnostic::new(&UNBOUNDED_CADENCE, cadence.head, format!("nothing ends the rounds in stage `{name}`"))
        };
        findings.push(
            finding.help(format!("Write `every {}, at most N times`, or give the stage an `after`", cadence.period)),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    #[test]
    fn without_a_number_there_is_no_last_round() {
        let text = "playbook p { facts of the customer { f : yes/no } stage a { every 2 weeks { step \"Ask\" }
                    -> x when f  after last round -> x } end x success }";
        assert_eq!(said(text), ["unbounded-cadence: the rounds in stage `a` have no number, so there is no last one"]);
    }

    #[test]
    fn a_time_limit_or_a_number_of_rounds_ends_them() {
        for exits in ["-> x when f  after 1 year -> x", "-> x when f or round >= 6"] {
            let text = format!(
                "playbook p {{ facts of the customer {{ f : yes/no }} stage a {{ every 2 weeks {{ step \"Ask\" }}
                 {exits} }} end x success }}"
            );
            assert_eq!(said(&text), Vec::<String>::new(), "{exits}");
        }
    }
}
