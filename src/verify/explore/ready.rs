//! A playbook made ready to be explored: what makes no difference is left out, and what costs little is looked at first.

use super::domain;
use super::key::Looked;
use crate::model::{Atom, CadenceId, Expr, Node, Playbook, Trigger, Work};

/// The playbook with what depends on the service alone looked at first, wherever several conditions are to hold: what is not
/// needed is not looked at then.
pub(super) fn service_first(playbook: &mut Playbook) {
    let mut guards: Vec<&mut Expr> = Vec::new();
    guards.extend(playbook.transitions.iter_mut().filter_map(|known| match &mut known.trigger {
        Trigger::Completion(guard) | Trigger::On(_, guard) => guard.as_mut(),
        Trigger::Whenever(guard) => Some(guard),
        Trigger::Otherwise | Trigger::After(_) | Trigger::AfterLastRound(_) => None,
    }));
    guards.extend(playbook.lets.iter_mut().map(|known| &mut known.value));
    guards.extend(playbook.offers.iter_mut().filter_map(|offer| offer.when.as_mut()));
    guards.extend(playbook.stages.iter_mut().flat_map(|stage| &mut stage.needs).map(|needs| &mut needs.condition));
    let inputs = playbook.scopes.iter_mut().flat_map(|scope| &mut scope.inputs);
    guards.extend(inputs.filter_map(|input| input.condition.as_mut()));
    guards.into_iter().for_each(look_at_service_first);
}

/// Puts first, of the parts of conditions, those that depend on the service alone.
pub fn look_at_service_first(expr: &mut Expr) {
    fn is_of_service(expr: &Expr) -> bool {
        let mut alone = true;
        expr.walk(&mut |part| {
            alone &= !matches!(part.node, Node::Let(_) | Node::Quantified(..))
                && (!matches!(part.node, Node::Atom(_))
                    || matches!(part.node, Node::Atom(Atom::Service | Atom::ThisService)));
        });
        alone
    }
    if let Node::And(parts) | Node::Or(parts) = &mut expr.node {
        parts.sort_by_key(|part| !is_of_service(part));
    }
    expr.parts_mut(&mut look_at_service_first);
}

/// Facts of services that a quantifier looks at.
pub(super) fn from_outside(playbook: &Playbook, expr: &Expr, outside: &mut [bool]) {
    if let Node::Quantified(..) = &expr.node {
        let mut note = |part: &Expr| {
            if let Node::Atom(Atom::Fact(fact) | Atom::Unknown(fact)) = &part.node {
                outside[fact.index()] = true;
            }
        };
        domain::deep(playbook, expr, &mut note);
    }
}

/// The playbook without cadences that only show steps and that nothing counts.
pub(super) fn without_idle_rounds(playbook: &Playbook, looked: &Looked) -> Playbook {
    let mut playbook = playbook.clone();
    let counted = |stage: &crate::model::Stage, id: CadenceId, playbook: &Playbook| {
        looked.rounds.contains(&id.0)
            || stage
                .exits
                .iter()
                .any(|exit| matches!(playbook.transitions[exit.index()].trigger, Trigger::AfterLastRound(_)))
    };
    let idle = |id: CadenceId, playbook: &Playbook| {
        let body = &playbook.cadences[id.index()].body;
        body.iter().all(|work| matches!(work, Work::Step(_)))
    };
    for at in 0..playbook.stages.len() {
        let stage = &playbook.stages[at];
        let kept = stage
            .cadences
            .iter()
            .copied()
            .filter(|id| counted(stage, *id, &playbook) || !idle(*id, &playbook))
            .collect();
        playbook.stages[at].cadences = kept;
    }
    playbook
}
