//! `stuck-customer`: the conditions of the transitions leave a gap, and nothing else moves who falls into it.

use super::Guards;
use super::example::{Wanted, sometime};
use crate::check::conditions;
use crate::diagnostic::{Diagnostic, STUCK_CUSTOMER, Severity};
use crate::graph::Node;
use crate::model::{FactId, Trigger};
use crate::verify::encode::formula::Variable;
use crate::verify::kernel::{Bdd, Decided};
use crate::verify::known::Site;

pub(super) fn check<'g>(guards: &Guards<'g, '_>, site: &mut Site<'g>, findings: &mut Vec<Diagnostic>) -> Decided<()> {
    if !is_question(guards, site) {
        return Ok(());
    }
    // Who takes nothing at the first look, nor later if nothing changes but the time.
    let mut gap = site.left_over(site.first, true)?;
    if gap.is_empty() {
        return Ok(());
    }
    gap = site.left_over(site.decided, true)?;
    let ways: Vec<Bdd> = site.completion.iter().filter(|way| !way.may_be_spent).map(|way| way.holds).collect();
    for way in ways {
        let ever = sometime(&mut site.space, way)?;
        gap = site.space.kernel().and(gap, ever.not())?;
    }
    let whenever: Vec<Bdd> = site.whenever.iter().filter(|way| !way.may_be_spent).map(|way| way.holds).collect();
    for way in whenever {
        let ever = sometime(&mut site.space, way)?;
        gap = site.space.kernel().and(gap, ever.not())?;
    }
    if gap.is_empty() {
        return Ok(());
    }
    let without_limits = site.left_over(gap, false)?;
    let only_spent = without_limits.is_empty();
    let region = guards.words(site, gap, site.decided)?;
    let here = guards.call(site.node);
    let span = guards.spot(site.node);
    let Some(example) = guards.examples.find(&guards.known.setting, site.node, Wanted::Stuck) else {
        let spent = if only_spent { ", once a transition was taken as often as it may be" } else { "" };
        let what = format!("a customer may get stuck in {here} where {region}{spent}");
        guards.open(span, what, site, gap, findings);
        return Ok(());
    };
    let message = match site.node {
        Node::Start(_) => format!("a customer can get stuck at {here}: no transition is for {region}"),
        Node::Place(_) => format!("a customer can get stuck in {here}: no transition is for {region}"),
    };
    let what = guards.examples.words(&example.customer);
    let help = match super::stage(site.node) {
        Some(_) => "Add a transition for them, `-> STAGE otherwise`, or a limit: `after DURATION -> STAGE`",
        None => "Add a transition for them, or `-> STAGE otherwise`",
    };
    let mut finding =
        Diagnostic::new(&STUCK_CUSTOMER, span, message).help(format!("{help}. Example: a customer {what}"));
    let (exits, playbook) = (site.completion.iter().map(|way| way.transition), guards.subject.playbook);
    for id in exits.take(6) {
        finding = finding.related(guards.span(id), "not for them");
    }
    // An event that comes would move them: but it may not come.
    let mut waits_for_event = false;
    for way in site.on.clone() {
        let trigger = &playbook.transitions[way.transition.index()].trigger;
        let of_the_playbook = matches!(trigger, Trigger::On(crate::model::EventMatch::Event(_), _));
        let moved = site.space.kernel().and(way.holds, gap)?;
        if of_the_playbook && !moved.is_empty() {
            waits_for_event = true;
            finding = finding.related(guards.span(way.transition), "only this event would move them, if it comes");
        }
    }
    if waits_for_event {
        finding.severity = Severity::Warning;
    }
    if implausible(guards, site, gap)? {
        finding.severity = Severity::Warning;
        let names: Vec<&str> = open_numbers(guards, site, gap).map(|fact| fact_name(playbook, fact)).collect();
        finding.help = Some(format!(
            "Say what {} can be, for example `in 0..1_000_000`. Example: a customer {what}",
            crate::check::list(&names)
        ));
    }
    finding.witness = Some(example.witness);
    findings.push(finding);
    Ok(())
}

fn fact_name(playbook: &crate::model::Playbook, fact: FactId) -> &str {
    &playbook.facts[fact.index()].name.name
}

/// Whether a gap is a question here: there are several conditions, and no limit, no endless cadence that says the wait is on
/// purpose. With one condition only, `unbounded-wait` speaks.
fn is_question(guards: &Guards<'_, '_>, site: &Site<'_>) -> bool {
    let subject = guards.subject;
    let trigger = |id: &crate::model::TransitionId| &subject.playbook.transitions[id.index()].trigger;
    let limited = match site.node {
        Node::Place(place) => {
            let cadences = match place {
                crate::model::Place::Stage(stage) => subject.playbook.stages[stage.index()].cadences.as_slice(),
                _ => &[],
            };
            let endless = |id: &crate::model::CadenceId| subject.playbook.cadences[id.index()].limit.is_none();
            subject.has_time_limit(place) || cadences.iter().any(endless)
        }
        Node::Start(_) => site.after.iter().any(|id| matches!(trigger(id), Trigger::After(_))),
    };
    let guarded: Vec<crate::model::TransitionId> =
        site.completion.iter().chain(&site.whenever).map(|way| way.transition).collect();
    let one = match guarded.as_slice() {
        [] => return false,
        [one] => guards.guard(*one).is_none_or(|guard| !conditions::looks_at_time(guard, subject.playbook)),
        _ => false,
    };
    !limited && !site.completion.is_empty() && (!one || site.otherwise.is_some())
}

/// Numbers without a range that a set depends on.
fn open_numbers(guards: &Guards<'_, '_>, site: &Site<'_>, set: Bdd) -> impl Iterator<Item = FactId> {
    let playbook = guards.subject.playbook;
    let mut facts: Vec<FactId> = site
        .space
        .support(set)
        .into_iter()
        .filter_map(|id| match site.space.formulas().variable(id) {
            Variable::Fact(fact, _) => Some(*fact),
            _ => None,
        })
        .filter(|fact| {
            let fact = &playbook.facts[fact.index()];
            use crate::model::Type;
            fact.range.is_none() && matches!(fact.kind, Type::Int | Type::Number(_) | Type::Money(_) | Type::Duration)
        })
        .collect();
    facts.sort_unstable();
    facts.dedup();
    facts.into_iter()
}

/// Whether only customers with less than nothing of something fall into it, where nobody said that there is no such thing.
fn implausible<'g>(guards: &Guards<'g, '_>, site: &mut Site<'g>, set: Bdd) -> Decided<bool> {
    let open: Vec<FactId> = open_numbers(guards, site, set).collect();
    if open.is_empty() {
        return Ok(false);
    }
    let mut left = set;
    for id in site.space.support(set) {
        if let Variable::Fact(fact, _) = site.space.formulas().variable(id)
            && open.contains(fact)
        {
            let negative = site.space.negative(id)?;
            left = site.space.kernel().and(left, negative.not())?;
        }
    }
    Ok(left.is_empty())
}
