//! `always-true` and `redundant-condition`: conditions, and parts of them, that say nothing; `vacuous-quantifier`: a
//! condition that is true because there is no service.

use super::Guards;
use crate::diagnostic::{ALWAYS_TRUE, Diagnostic, REDUNDANT_CONDITION, Severity, VACUOUS_QUANTIFIER};
use crate::model::{Expr, Node as Form, TransitionId};
use crate::syntax::ast::Quantifier;
use crate::verify::encode::formula::Variable;
use crate::verify::encode::{Lowering, Space, Truth};
use crate::verify::kernel::{Bdd, Decided};
use crate::verify::known::{Site, Way};

pub(super) fn check<'g>(guards: &Guards<'g, '_>, site: &mut Site<'g>, findings: &mut Vec<Diagnostic>) -> Decided<()> {
    let ways: Vec<(Way, Bdd)> = site
        .completion
        .iter()
        .map(|way| (*way, site.decided))
        .chain(site.whenever.iter().chain(&site.on).map(|way| (*way, site.any)))
        .collect();
    for (way, care) in ways {
        let Some(guard) = guards.guard(way.transition) else { continue };
        // What holds everywhere is looked at where the scope begins.
        if inherited(guards, way.transition) && !matches!(site.node, crate::graph::Node::Start(_)) {
            continue;
        }
        always(guards, site, &way, guard, care, findings)?;
        no_service(guards, site, &way, guard, care, findings)?;
    }
    Ok(())
}

fn inherited(guards: &Guards<'_, '_>, id: TransitionId) -> bool {
    matches!(guards.subject.playbook.transitions[id.index()].origin, crate::model::Origin::Everywhere(_))
}

fn always<'g>(
    guards: &Guards<'g, '_>,
    site: &mut Site<'g>,
    way: &Way,
    guard: &'g Expr,
    care: Bdd,
    findings: &mut Vec<Diagnostic>,
) -> Decided<()> {
    let certain = site.space.certain(false)?;
    let (universe, care) = (site.space.universe(), site.space.kernel().and(care, certain)?);
    let universe = site.space.kernel().and(universe, certain)?;
    if care.is_empty() {
        return Ok(());
    }
    if site.space.implies(universe, way.holds)? {
        findings.push(
            Diagnostic::new(&ALWAYS_TRUE, guard.span, "this condition is always true")
                .help("Leave it out, or look at its numbers: it excludes nobody"),
        );
        return Ok(());
    }
    if site.space.kernel().implies(care, way.holds)? {
        let here = guards.call(site.node);
        let mut finding = Diagnostic::new(
            &ALWAYS_TRUE,
            guard.span,
            format!("this condition is true for everybody who gets to {here}"),
        )
        .help("Every way that leads here makes it true already");
        finding.severity = Severity::Note;
        findings.push(finding);
        return Ok(());
    }
    redundant(guards, site, guard, findings)
}

/// The last part that can be left out without a difference to anybody.
fn redundant<'g>(
    guards: &Guards<'g, '_>,
    site: &mut Site<'g>,
    guard: &'g Expr,
    findings: &mut Vec<Diagnostic>,
) -> Decided<()> {
    let mut parts = Vec::new();
    collect(guard, &mut parts);
    if parts.len() < 2 || parts.len() > MOST_PARTS {
        return Ok(());
    }
    let mut lowering = Lowering::new(guards.prepared, site.space.outlook());
    lowering.ask(guard);
    let whole = without(&mut lowering, guard, None);
    let variants: Vec<Truth> = parts.iter().map(|part| without(&mut lowering, guard, Some(part))).collect();
    let mut space = Space::new(lowering, super::BUDGET)?;
    let (whole, fails, universe) = (space.set(whole.holds)?, space.set(whole.fails)?, space.universe());
    for (part, variant) in parts.iter().zip(variants).rev() {
        // Where it is false rather than unknown, `otherwise` does not wait: that is a difference too.
        let (holds, not) = (space.set(variant.holds)?, space.set(variant.fails)?);
        let differ = space.kernel().xor(whole, holds)?;
        let differ_too = space.kernel().xor(fails, not)?;
        let differ = space.kernel().or(differ, differ_too)?;
        if space.kernel().and(differ, universe)?.is_empty() {
            findings.push(
                Diagnostic::new(&REDUNDANT_CONDITION, part.span, "this part of the condition makes no difference")
                    .related(guard.span, "this is true for the same customers without it")
                    .help("Leave it out, or look at the other parts"),
            );
            break;
        }
    }
    Ok(())
}

/// A condition with more parts than these is not looked through.
const MOST_PARTS: usize = 24;

/// The parts of `and` and `or`, at any depth.
fn collect<'e>(condition: &'e Expr, into: &mut Vec<&'e Expr>) {
    match &condition.node {
        Form::And(parts) | Form::Or(parts) => {
            for part in parts {
                into.push(part);
                collect(part, into);
            }
        }
        Form::Not(part) => collect(part, into),
        _ => {}
    }
}

/// A condition without one of its parts.
fn without(lowering: &mut Lowering<'_>, condition: &Expr, part: Option<&Expr>) -> Truth {
    let left_out = |other: &Expr| part.is_some_and(|part| std::ptr::eq(part, other));
    match &condition.node {
        Form::And(parts) | Form::Or(parts) => {
            let all = matches!(condition.node, Form::And(_));
            let parts: Vec<Truth> = parts
                .iter()
                .filter(|other| !left_out(other))
                .map(|other| without(lowering, other, part))
                .map(|truth| if all { truth } else { truth.opposite() })
                .collect();
            let formulas = lowering.formulas();
            let holds = formulas.all(parts.iter().map(|truth| truth.holds));
            let fails = formulas.any(parts.iter().map(|truth| truth.fails));
            let truth = Truth { holds, fails };
            if all { truth } else { truth.opposite() }
        }
        Form::Not(inner) => without(lowering, inner, part).opposite(),
        _ => lowering.condition(condition),
    }
}

/// A condition with `all services` or `no services` that somebody without any service meets.
fn no_service<'g>(
    guards: &Guards<'g, '_>,
    site: &mut Site<'g>,
    way: &Way,
    guard: &'g Expr,
    care: Bdd,
    findings: &mut Vec<Diagnostic>,
) -> Decided<()> {
    let Some(quantified) = universal(guards, guard) else { return Ok(()) };
    let nobody: Vec<_> = site
        .space
        .formulas()
        .variables()
        .filter(|(_, variable, _)| matches!(variable, Variable::Intended(_)))
        .map(|(id, _, _)| id)
        .collect();
    let mut empty = site.space.kernel().and(way.holds, care)?;
    for id in nobody {
        let intended = site.space.on(id)?;
        empty = site.space.kernel().and(empty, intended.not())?;
    }
    if !empty.is_empty() {
        findings.push(
            Diagnostic::new(
                &VACUOUS_QUANTIFIER,
                quantified.span,
                "this is true for a customer who intends none of these services",
            )
            .help("If that is not meant, add `and count services >= 1`"),
        );
    }
    Ok(())
}

/// The first `all` or `no` of a condition, `let`s followed.
fn universal<'g>(guards: &Guards<'g, '_>, condition: &'g Expr) -> Option<&'g Expr> {
    let playbook = guards.known.setting.prepared.playbook;
    let (mut found, mut waiting, mut seen) = (None, vec![condition], std::collections::BTreeSet::new());
    while let Some(next) = waiting.pop() {
        next.walk(&mut |part| match &part.node {
            Form::Quantified(Quantifier::All | Quantifier::No, ..) if found.is_none() => found = Some(part),
            Form::Let(id) if seen.insert(*id) => {
                waiting.extend(playbook.lets.get(id.index()).map(|definition| &definition.value));
            }
            _ => {}
        });
    }
    // A place in a `let` is far from here: the condition itself is pointed at.
    found.map(|part| {
        if part.span.file == condition.span.file
            && condition.span.start <= part.span.start
            && part.span.end <= condition.span.end
        {
            part
        } else {
            condition
        }
    })
}
