//! `property-not-proved`: a property is understood, but nothing has been proved about it.

use super::Subject;
use crate::diagnostic::{Diagnostic, PROPERTY_NOT_PROVED};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for property in &subject.document.properties {
        let name = &property.name.name;
        findings.push(
            Diagnostic::new(&PROPERTY_NOT_PROVED, property.name.span, format!("property `{name}` is not yet proved"))
                .help("`playbook test` checks it on every journey it runs"),
        );
    }
}
