//! `boundary-gap`: conditions on both sides of a value leave the value itself out, where only a limit moves who has it.
//!
//! Without a limit that is a `stuck-customer`. With one the wait may be meant; that it is meant for one single value between
//! two that go on at once is hard to believe. Zero may be: neither more nor less.

use super::Guards;
use super::stuck::{is_question, who_stays};
use crate::diagnostic::{BOUNDARY_GAP, Diagnostic, Severity};
use crate::graph::Node;
use crate::model::Volatility;
use crate::verify::encode::formula::{Variable, VariableId};
use crate::verify::kernel::{Bdd, Decided};
use crate::verify::known::Site;

pub(super) fn check<'g>(guards: &Guards<'g, '_>, site: &mut Site<'g>, findings: &mut Vec<Diagnostic>) -> Decided<()> {
    if matches!(site.node, Node::Start(_)) || site.completion.len() < 2 || site.first_match || is_question(guards, site)
    {
        return Ok(());
    }
    let Some((gap, false)) = who_stays(guards, site)? else { return Ok(()) };
    let playbook = guards.subject.playbook;
    for id in site.space.support(gap) {
        let Variable::Fact(fact, _) = site.space.formulas().variable(id).clone() else { continue };
        let mut all = Bdd::FALSE;
        for code in site.space.points(id) {
            let here = left_out(site, gap, id, code)?;
            all = site.space.kernel().or(all, here)?;
        }
        if all.is_empty() {
            continue;
        }
        let region = guards.words(site, all, site.decided)?;
        let fact = &playbook.facts[fact.index()];
        let message = format!("{} goes on only by its limit where {region}", guards.call(site.node));
        let mut finding = Diagnostic::new(&BOUNDARY_GAP, guards.spot(site.node), message)
            .label("on both sides of it a transition is taken at once")
            .help("Let one of the conditions include it, with `>=` or `<=`");
        for id in site.completion.iter().map(|way| way.transition).take(6) {
            finding = finding.related(guards.span(id), "not there");
        }
        if fact.volatility != Volatility::Fixed {
            // What changes does not stay there for long.
            finding.severity = Severity::Note;
        }
        findings.push(finding);
        break;
    }
    Ok(())
}

/// Who of a gap has this one value of a number, where with the values before and behind it, all else the same, nobody is left.
fn left_out(site: &mut Site<'_>, gap: Bdd, number: VariableId, code: usize) -> Decided<Bdd> {
    let everybody = site.decided;
    let at = site.space.code_is(number, code)?;
    let mut here = site.space.kernel().and(gap, at)?;
    for beside in [code - 1, code + 1] {
        let at = site.space.code_is(number, beside)?;
        let but_for_it = |site: &mut Site<'_>, set: Bdd| {
            let set = site.space.kernel().and(set, at)?;
            let variable = site.space.formulas().variable(number).clone();
            site.space.forget(set, |known| *known == variable)
        };
        let left = but_for_it(site, gap)?;
        here = site.space.kernel().and(here, left.not())?;
        let there = but_for_it(site, everybody)?;
        here = site.space.kernel().and(here, there)?;
    }
    Ok(here)
}
