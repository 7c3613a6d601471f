//! `property-violated` and `not-decided`: what can be said of properties in a moment. `playbook verify` looks for longer.

use super::Subject;
use crate::diagnostic::{Diagnostic, NOT_DECIDED, Severity};
use crate::run::Machine;
use crate::verify::answer::property_with;
use crate::verify::encode::Prepared;
use crate::verify::explore::Budget;
use crate::verify::explore::domain::of_property;
use crate::verify::kernel::BUDGET;
use crate::verify::outline::Outline;
use std::cell::OnceCell;

/// Events followed for one property, and for all of a playbook.
const EACH: u64 = 3_000;
const ALL: u64 = 15_000;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if subject.document.properties.is_empty() || !subject.playbook.can_be_written_out() {
        return;
    }
    let machine = Machine::new(subject.playbook.clone());
    let mut conditions = Vec::new();
    subject
        .document
        .properties
        .iter()
        .for_each(|known| of_property(known, &mut |condition| conditions.push(condition)));
    let prepared = Prepared::cautious(&machine.playbook, conditions);
    let outline = OnceCell::new();
    let outlined = || outline.get_or_init(|| Outline::new(&machine, &prepared, BUDGET));
    let mut left = ALL;
    for known in &subject.document.properties {
        let mut budget = Budget::new(EACH.min(left));
        let before = budget.left();
        let answered = property_with(&machine, known, &mut budget, &outlined);
        left = left.saturating_sub(before - budget.left());
        findings.extend(answered.findings(&machine).into_iter().map(|mut finding| {
            if finding.rule == &NOT_DECIDED {
                finding.help = Some("`playbook verify` looks for longer".to_owned());
            }
            // Whether the playbook is wrong or the claim too strong is for the author to say: `verify` fails for it.
            finding.severity = finding.severity.max(Severity::Warning);
            finding
        }));
    }
}
