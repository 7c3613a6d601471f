//! `contradictory-assumptions`: what is taken for granted, and nobody satisfies: for whom a playbook is, key inputs, what a
//! stage needs, what a property assumes, when a task is offered.

use super::Guards;
use crate::diagnostic::{CONTRADICTORY_ASSUMPTIONS, Diagnostic};
use crate::graph::Node as Spot;
use crate::model::property::Assumption;
use crate::model::{Atom, CUSTOMER, Expr, Node, Place, Playbook, Volatility};
use crate::verify::encode::{Lowering, Outlook, Space};
use crate::verify::kernel::Decided;

pub(super) fn check(guards: &Guards<'_, '_>, findings: &mut Vec<Diagnostic>) {
    let playbook = guards.subject.playbook;
    let start = Outlook::start(playbook, CUSTOMER);
    let mut look = |outlook: Outlook, conditions: &[&Expr], what: &str| {
        if let Ok(Some(culprit)) = contradiction(guards, outlook, conditions) {
            let mut finding = Diagnostic::new(&CONTRADICTORY_ASSUMPTIONS, conditions[culprit].span, what.to_owned());
            for other in &conditions[..culprit] {
                finding = finding.related(other.span, "together with this");
            }
            findings.push(finding.help("Look at its parts: no customer satisfies all of them"));
        }
    };
    if let Some(condition) = &playbook.about.customers {
        look(start, &[condition], "this playbook is for nobody: no customer satisfies this condition");
    }
    for (id, scope) in playbook.scopes.iter().enumerate() {
        let outlook = Outlook::start(playbook, crate::model::ScopeId(id as u32));
        let mut inputs: Vec<&Expr> = scope.inputs.iter().filter_map(|input| input.condition.as_ref()).collect();
        // For whom the playbook is still holds when a key input is looked at, as far as it cannot change until then.
        let meant = playbook.about.customers.as_ref().filter(|meant| !inputs.is_empty() && stays(playbook, meant, 0));
        inputs.splice(0..0, meant);
        look(outlook, &inputs, "nobody gets past this key input: it cannot be met");
    }
    for (id, stage) in playbook.stages.iter().enumerate() {
        let place = Place::Stage(crate::model::StageId(id as u32));
        let needs: Vec<&Expr> = stage.needs.iter().map(|needs| &needs.condition).collect();
        let outlook = Outlook::place(playbook, place);
        look(outlook, &needs, "nobody gets past this: what the stage needs cannot be met");
    }
    for property in &guards.subject.document.properties {
        let assumed: Vec<&Expr> = property
            .assumptions
            .iter()
            .filter_map(|assumption| match assumption {
                Assumption::Condition(condition) => Some(condition),
                _ => None,
            })
            .collect();
        let outlook = Outlook { in_service: property.of_service, ..start };
        look(outlook, &assumed, "this property speaks of nobody: what it assumes cannot be");
    }
    for offer in &playbook.offers {
        let Some(when) = &offer.when else { continue };
        let place = Place::Stage(offer.stage);
        if guards.known.entry(Spot::Place(place)).is_some() {
            look(Outlook::place(playbook, place), &[when], "this task is never offered: its condition cannot be true");
        }
    }
}

/// Whether a condition reads nothing but facts that never change.
fn stays(playbook: &Playbook, condition: &Expr, depth: usize) -> bool {
    let mut stays = depth < 8;
    condition.walk(&mut |part| match &part.node {
        Node::Atom(Atom::Fact(fact)) => stays &= playbook.facts[fact.index()].volatility == Volatility::Fixed,
        Node::Atom(_) | Node::Quantified(..) => stays = false,
        Node::Let(id) => stays = stays && self::stays(playbook, &playbook.lets[id.index()].value, depth + 1),
        _ => {}
    });
    stays
}

/// The first condition that cannot be true together with those before it.
fn contradiction(guards: &Guards<'_, '_>, outlook: Outlook, conditions: &[&Expr]) -> Decided<Option<usize>> {
    if conditions.is_empty() {
        return Ok(None);
    }
    let mut lowering = Lowering::new(guards.prepared, outlook);
    conditions.iter().for_each(|condition| lowering.ask(condition));
    let truths: Vec<_> = conditions.iter().map(|condition| lowering.condition(condition).holds).collect();
    let mut space = Space::new(lowering, super::BUDGET)?;
    let mut left = space.universe();
    for (at, truth) in truths.into_iter().enumerate() {
        let set = space.set(truth)?;
        left = space.kernel().and(left, set)?;
        if left.is_empty() {
            return Ok(Some(at));
        }
    }
    Ok(None)
}
