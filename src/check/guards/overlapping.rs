//! `overlapping-guards`: two transitions of one kind can be taken at the same moment.

use super::Guards;
use super::example::{Searched, Wanted};
use crate::diagnostic::{Diagnostic, OVERLAPPING_GUARDS};
use crate::graph::Node;
use crate::model::{EventMatch, Origin, TransitionId, Trigger};
use crate::verify::kernel::Decided;
use crate::verify::known::{Site, Way};

pub(super) fn check<'g>(guards: &Guards<'g, '_>, site: &mut Site<'g>, findings: &mut Vec<Diagnostic>) -> Decided<()> {
    if !site.first_match {
        let (ways, care) = (site.completion.clone(), site.decided);
        pairs(guards, site, &ways, care, |_, _| true, findings)?;
    }
    let (ways, care) = (site.whenever.clone(), site.any);
    pairs(guards, site, &ways, care, |_, _| true, findings)?;
    let (ways, care) = (site.on.clone(), site.any);
    let event = |id: TransitionId| match &guards.subject.playbook.transitions[id.index()].trigger {
        Trigger::On(event, _) => Some(event),
        _ => None,
    };
    // What is written for a kind before what is written for all is meant to come first.
    let same_event = |one: TransitionId, other: TransitionId| match (event(one), event(other)) {
        (Some(EventMatch::Blocker(one)), Some(EventMatch::Blocker(other))) => {
            one == other || !one.is_empty() && !other.is_empty() && one.iter().any(|kind| other.contains(kind))
        }
        (one, other) => one.is_some() && one == other,
    };
    pairs(guards, site, &ways, care, same_event, findings)
}

fn pairs<'g>(
    guards: &Guards<'g, '_>,
    site: &mut Site<'g>,
    ways: &[Way],
    care: crate::verify::kernel::Bdd,
    compete: impl Fn(TransitionId, TransitionId) -> bool,
    findings: &mut Vec<Diagnostic>,
) -> Decided<()> {
    let inherited =
        |id: TransitionId| matches!(guards.subject.playbook.transitions[id.index()].origin, Origin::Everywhere(_));
    for (at, later) in ways.iter().enumerate() {
        // A pair of which nobody was found does not hide one with a customer.
        let mut open = None;
        let mut seen = false;
        for first in &ways[..at] {
            if guards.same_target(first.transition, later.transition) || !compete(first.transition, later.transition) {
                continue;
            }
            let both = site.space.kernel().and(first.holds, later.holds)?;
            let both = site.space.kernel().and(both, care)?;
            if both.is_empty() {
                continue;
            }
            // What holds everywhere is compared once, and against a stage's own it comes second on purpose.
            let (one, other) = (inherited(first.transition), inherited(later.transition));
            if one != other || one && !matches!(site.node, Node::Start(_)) {
                continue;
            }
            let region = guards.words(site, both, care)?;
            let wanted = Wanted::Both(first.transition, later.transition);
            let here = guards.call(site.node);
            let (to, also) = (guards.target(first.transition), guards.target(later.transition));
            let span = guards.span(later.transition);
            match guards.examples.shown(&guards.known.setting, site.node, wanted) {
                Searched::Seen(example) => {
                    let message = format!("two transitions of {here} can be taken at once: to {to} and to {also}");
                    let what = guards.examples.words(&example.customer);
                    let mut finding = Diagnostic::new(&OVERLAPPING_GUARDS, span, message)
                        .label(format!("both are true where {region}"))
                        .related(guards.span(first.transition), "this one is true then as well")
                        .help(help(guards, site, first.transition, &what));
                    finding.witness = Some(example.witness);
                    findings.push(finding);
                    seen = true;
                    // One finding for each transition is enough.
                    break;
                }
                // Another pair may still be.
                Searched::Nobody => {}
                Searched::Open if open.is_some() => {}
                Searched::Open => {
                    let what =
                        format!("two transitions of {here} may be taken at once where {region}: to {to} and to {also}");
                    open = Some((span, what, both));
                }
            }
        }
        if let Some((span, what, both)) = open.filter(|_| !seen) {
            guards.open(span, what, site, both, findings);
        }
    }
    Ok(())
}

fn help(guards: &Guards<'_, '_>, site: &Site<'_>, first: TransitionId, example: &str) -> String {
    let completion = crate::verify::known::is_completion(&guards.subject.playbook.transitions[first.index()].trigger);
    let how = if completion && super::stage(site.node).is_some() {
        "Let the conditions exclude each other, or write `first match` in the stage if the order is to decide"
    } else {
        "Let the conditions exclude each other"
    };
    format!("{how}. Example: a customer {example}")
}
