//! `outdated-variant`: a variant is followed after the last day it is meant for.

use super::Subject;
use crate::diagnostic::{Diagnostic, OUTDATED_VARIANT};
use crate::model::Playbook;
use crate::model::scenario::{Arrival, Scenario};
use crate::value::{DAY, Date};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let playbook = subject.playbook;
    let Some((last, span)) = playbook.about.variant.as_ref().and_then(|variant| variant.valid_until) else { return };
    let version = playbook.about.version.as_deref().and_then(Date::parse);
    if let Some(version) = version.filter(|version| *version > last) {
        let message = format!("`{}` is of {version}, and it is over on {last}", playbook.name.name);
        findings.push(Diagnostic::new(&OUTDATED_VARIANT, span, message).help("Say a later day, or an earlier version"));
    }
    for test in &subject.document.tests {
        let start = test.customer.start;
        let found = start.and_then(|start| begins_after(playbook, "the customer of a test", start));
        findings.extend(found.map(|found| found.related(test.span, "this is the test")));
    }
    for scenario in &subject.document.scenarios {
        findings.extend(comes_after(playbook, scenario));
    }
}

/// What is to be said of somebody who begins with a playbook on a day: that it is a variant which is over by then.
#[must_use]
pub fn begins_after(playbook: &Playbook, who: &str, start: Date) -> Option<Diagnostic> {
    let (last, span) = playbook.about.variant.as_ref()?.valid_until?;
    let message = format!("{who} begins on {start}, and `{}` is over on {last}", playbook.name.name);
    (start > last).then(|| Diagnostic::new(&OUTDATED_VARIANT, span, message).help(HELP))
}

/// What is to be said of customers whom a scenario lets come on such days.
#[must_use]
pub fn comes_after(playbook: &Playbook, scenario: &Scenario) -> Option<Diagnostic> {
    let (starts, (last, span)) = (scenario.starts?, playbook.about.variant.as_ref()?.valid_until?);
    let over = match &scenario.arrival {
        Some(Arrival::Poisson(over) | Arrival::Evenly(over)) => over.0 / DAY,
        // How long it takes until all have come is known only when they have.
        Some(Arrival::Rates { .. }) | None => 0,
    };
    let name = &scenario.name.name;
    let comes = if starts > last {
        format!("customers begin in the scenario `{name}` on {starts}")
    } else if starts.plus_days(over) > last {
        format!("customers come in the scenario `{name}` until {}", starts.plus_days(over))
    } else {
        return None;
    };
    let message = format!("{comes}, and `{}` is over on {last}", playbook.name.name);
    Some(Diagnostic::new(&OUTDATED_VARIANT, span, message).related(scenario.name.span, "it is said here").help(HELP))
}

const HELP: &str = "Follow the base from then on, or say a later day with `valid until`";

#[cfg(test)]
mod tests {
    use crate::check::{Surroundings, check};
    use crate::graph::StateGraph;
    use crate::model::resolve::resolve;
    use crate::model::variant::{FileInSight, expand};
    use crate::source::Sources;
    use crate::syntax::parse;

    /// What is said of the variants of a text, and of what speaks of them.
    fn said(text: &str) -> Vec<String> {
        let mut sources = Sources::new();
        let id = sources.add("test.play", text);
        let (file, problems) = parse(sources.get(id).expect("added"), id);
        let (mut trees, found) = expand(&[FileInSight { tree: &file, imports: Vec::new() }]);
        let tree = trees.pop().flatten().expect("there is a variant");
        let (documents, more) = resolve(&tree, &[]);
        assert!(problems.is_empty() && found.is_empty() && more.is_empty(), "{problems:?} {found:?} {more:?}");
        let checked = documents
            .iter()
            .flat_map(|document| check(document, &StateGraph::new(&document.playbook), Surroundings::default()));
        let checked = checked.filter(|found| *found.rule == crate::diagnostic::OUTDATED_VARIANT);
        checked.map(|found| format!("{}: {}", found.rule.name, found.message)).collect()
    }

    fn variant(about: &str, beside: &str) -> Vec<String> {
        said(&format!(
            "playbook p {{ stage a {{ -> x after 3 days -> x }} end x success }}
             variant v of p {{ {about}  change after 2 days -> x }}
             {beside}"
        ))
    }

    #[test]
    fn who_begins_after_the_last_day() {
        let late = "test \"t\" for v { customer { start 2021-01-01 }  expect ends x }";
        assert_eq!(
            variant("valid until 2020-12-31", late),
            ["outdated-variant: the customer of a test begins on 2021-01-01, and `v` is over on 2020-12-31"]
        );
        assert_eq!(variant("valid until 2021-01-01", late), Vec::<String>::new());
        assert_eq!(variant("", late), Vec::<String>::new());
    }

    #[test]
    fn customers_of_a_scenario() {
        let scenario = |what: &str| variant("valid until 2020-12-31", &format!("scenario s for v {{ {what} }}"));
        assert_eq!(
            scenario("starts 2021-02-01"),
            ["outdated-variant: customers begin in the scenario `s` on 2021-02-01, and `v` is over on 2020-12-31"]
        );
        assert_eq!(
            scenario("customers 10 arriving evenly over 365 days  starts 2020-02-01"),
            ["outdated-variant: customers come in the scenario `s` until 2021-01-31, and `v` is over on 2020-12-31"]
        );
        assert_eq!(scenario("customers 10 arriving evenly over 30 days  starts 2020-12-01"), Vec::<String>::new());
    }

    #[test]
    fn over_before_it_is_written() {
        let found = variant("version \"2020-06-01\"  valid until 2020-05-31", "");
        assert_eq!(found, ["outdated-variant: `v` is of 2020-06-01, and it is over on 2020-05-31"]);
        assert_eq!(variant("version \"7\"  valid until 2020-05-31", ""), Vec::<String>::new());
    }
}
