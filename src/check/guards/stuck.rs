//! `stuck-customer`: the conditions of the transitions leave a gap, and nothing else moves who falls into it.

use super::Guards;
use super::example::{Searched, Wanted, sometime};
use crate::check::conditions;
use crate::diagnostic::{Diagnostic, STUCK_CUSTOMER, Severity};
use crate::graph::Node;
use crate::model::{FactId, Trigger, Volatility};
use crate::verify::encode::Change;
use crate::verify::encode::formula::{Variable, VariableId};
use crate::verify::kernel::{Bdd, Decided};
use crate::verify::known::Site;

pub(super) fn check<'g>(guards: &Guards<'g, '_>, site: &mut Site<'g>, findings: &mut Vec<Diagnostic>) -> Decided<()> {
    if !is_question(guards, site) {
        return Ok(());
    }
    let Some((gap, never_known)) = who_stays(guards, site)? else { return Ok(()) };
    let without_limits = site.left_over(gap, false)?;
    let only_spent = without_limits.is_empty();
    let region = guards.words(site, gap, site.decided)?;
    let here = guards.call(site.node);
    let span = guards.spot(site.node);
    let example = match guards.examples.shown(&guards.known.setting, site.node, Wanted::Stuck) {
        Searched::Seen(example) => *example,
        Searched::Nobody => return Ok(()),
        Searched::Open => {
            let spent = if only_spent { ", once a transition was taken as often as it may be" } else { "" };
            let what = format!("a customer may get stuck in {here} where {region}{spent}");
            guards.open(span, what, site, gap, findings);
            return Ok(());
        }
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
    if never_known {
        // That it is read before it is set is said where it is read, if that is all.
        finding.severity = Severity::Warning;
        finding.help =
            Some(format!("Set what is unknown there on every way, or give it a default. Example: a customer {what}"));
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

/// Who takes nothing at the first look, nor later if nothing changes but the time; and whether it is because of a fact that
/// nobody but the playbook can make known, and has not.
pub(super) fn who_stays<'g>(guards: &Guards<'g, '_>, site: &mut Site<'g>) -> Decided<Option<(Bdd, bool)>> {
    for never_known in [false, true] {
        let gap = site.left_over(site.first, true)?;
        if without_waiting(guards, site, gap, never_known)?.is_empty() {
            continue;
        }
        let gap = site.left_over(site.decided, true)?;
        let mut gap = without_waiting(guards, site, gap, never_known)?;
        for way in site.whenever.clone().iter().filter(|way| !way.may_be_spent) {
            let ever = sometime(&mut site.space, way.holds)?;
            gap = site.space.kernel().and(gap, ever.not())?;
        }
        let mut open = Bdd::TRUE;
        for way in site.completion.clone().iter().filter(|way| !way.may_be_spent) {
            let taken = site.space.kernel().and(open, way.holds)?;
            let ever = sometime(&mut site.space, taken)?;
            gap = site.space.kernel().and(gap, ever.not())?;
            if site.first_match {
                // One that is unknown lets none behind it be taken.
                open = site.space.kernel().and(open, way.fails)?;
            }
        }
        if !gap.is_empty() {
            return Ok(Some((gap, never_known)));
        }
    }
    Ok(None)
}

/// Without those who wait for what may become known; or only those who wait for what never will.
fn without_waiting(guards: &Guards<'_, '_>, site: &mut Site<'_>, gap: Bdd, never_known: bool) -> Decided<Bdd> {
    let scope = site.space.outlook().scope;
    let setting = &guards.known.setting;
    let for_ever = |fact: FactId, variable: &Variable| {
        guards.subject.playbook.facts[fact.index()].volatility == Volatility::Kept
            && setting.change(variable, scope) == Change::Stays
    };
    let (mut unknown, mut never) = (Bdd::FALSE, Bdd::FALSE);
    let flags: Vec<(VariableId, bool)> = site
        .space
        .formulas()
        .variables()
        .filter_map(|(id, variable, _)| match variable {
            Variable::Unknown(fact, _) => Some((id, for_ever(*fact, variable))),
            _ => None,
        })
        .collect();
    for (id, for_ever) in flags {
        let flag = site.space.on(id)?;
        let among = if for_ever { &mut never } else { &mut unknown };
        *among = site.space.kernel().or(*among, flag)?;
    }
    let mut waits = Bdd::FALSE;
    for way in site.completion.clone().into_iter().chain(site.whenever.clone()) {
        let decided = site.space.kernel().or(way.holds, way.fails)?;
        waits = site.space.kernel().or(waits, decided.not())?;
    }
    let may_come = site.space.kernel().and(waits, unknown)?;
    let gap = site.space.kernel().and(gap, may_come.not())?;
    let never = site.space.kernel().and(waits, never)?;
    site.space.kernel().and(gap, if never_known { never } else { never.not() })
}

/// Whether everybody goes on who has done the work, as what is known on the way there makes certain.
pub(super) fn never(site: &mut Site<'_>) -> Decided<bool> {
    let (everybody, here) = (site.space.universe(), site.decided);
    // Who waits because something is unknown waits.
    Ok(site.left_over(here, true)?.is_empty() && !site.left_over(everybody, true)?.is_empty())
}

fn fact_name(playbook: &crate::model::Playbook, fact: FactId) -> &str {
    &playbook.facts[fact.index()].name.name
}

/// Whether a gap is a question here: there are several conditions, and no limit, no endless cadence that says the wait is on
/// purpose. With one condition only, `unbounded-wait` speaks.
pub(super) fn is_question(guards: &Guards<'_, '_>, site: &Site<'_>) -> bool {
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
