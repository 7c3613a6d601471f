//! Which customers have to be looked at: services that nothing tells apart are one, and tracks that do not look at each
//! other can be seen one at a time.

use super::explore::domain::{assignments, deep};
use super::explore::key::Looked;
use crate::model::{
    Atom, BlockId, Expr, FactScope, Node, Offer, OfferId, Origin, Place, Playbook, ScopeId, ScopeKind, ServiceId,
    ServiceSet, Stage, StageId, TaskId, Trigger, Work,
};
use crate::run::machine::guard;
use crate::syntax::ast::Quantifier;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Customers to look at, by the services they intend.
#[derive(Debug, Clone)]
pub struct Cohort {
    /// None at all, where that is a customer worth looking at, then one of each kind of service.
    pub singles: Vec<ServiceSet>,
    /// Two at a time.
    pub pairs: Vec<ServiceSet>,
    /// Whether what is found for single services holds for any number of them.
    pub singles_decide: bool,
    /// Whether what is found for two at a time does.
    pub pairs_decide: bool,
}

/// What is asked, as far as it decides which customers have to be looked at.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The conditions it looks at.
    pub asked: &'a [&'a Expr],
    /// Those of them for which several services may be needed to decide them.
    pub deciding: &'a [&'a Expr],
    /// Whether it is about each service, or about the customer.
    pub of_service: bool,
    /// Whether what happens to several services adds up.
    pub counts: bool,
    /// The tasks it speaks of besides its conditions; none means any.
    pub tasks: Option<&'a [TaskId]>,
}

/// The customers to look at for a question.
#[must_use]
pub fn cohort(playbook: &Playbook, question: Question<'_>) -> Cohort {
    let Question { asked, deciding, of_service, counts, tasks } = question;
    let kinds = kinds(playbook, asked, tasks);
    let tracks = playbook.scopes.iter().any(|scope| scope.kind == ScopeKind::EachService);
    let apart = independent(playbook);
    let one = |service: &ServiceId| ServiceSet::default().with(*service);
    let firsts: Vec<ServiceId> = kinds.iter().filter_map(|kind| kind.first().copied()).collect();
    let mut singles: Vec<ServiceSet> = firsts.iter().map(one).collect();
    if !of_service || singles.is_empty() {
        singles.insert(0, ServiceSet::default());
    }
    let mut pairs = Vec::new();
    for (at, kind) in kinds.iter().enumerate() {
        if let [first, second, ..] = kind.as_slice() {
            pairs.push(one(first).with(*second));
        }
        for other in kinds.iter().skip(at + 1) {
            if let (Some(first), Some(second)) = (kind.first(), other.first()) {
                pairs.push(one(first).with(*second));
            }
        }
    }
    let few = playbook.services.len() as u32;
    let quantified = customer_quantifiers(playbook, deciding, of_service);
    let once = !re_entered(playbook);
    // What is claimed of a service needs that service beside those that decide the customer's way to its track.
    let needed = if of_service { u32::from(quantified > 0) + quantified } else { quantified };
    let decides = |size: u32| few <= size || (apart && !counts && (quantified == 0 || (once && needed <= size)));
    if !tracks && quantified == 0 && !counts {
        // Only which tasks are for an intended service could differ.
        let all = ServiceSet(playbook.services.iter().enumerate().fold(0, |all, (at, _)| all | 1 << at));
        singles.push(all);
        singles.dedup();
    }
    Cohort { singles, pairs, singles_decide: decides(1), pairs_decide: decides(2) }
}

/// Services by what the playbook says of them: those of one kind are told apart by nothing. Where each has a task of its own
/// in the same place, that tells them apart only if something speaks of one of these tasks.
fn kinds(playbook: &Playbook, asked: &[&Expr], tasks: Option<&[TaskId]>) -> Vec<Vec<ServiceId>> {
    let renamed = |offer: &Offer| {
        let stage = &playbook.stages[offer.stage.index()];
        tasks.is_some() && playbook.scopes[stage.scope.index()].in_service
    };
    let mut sets: Vec<ServiceSet> = Vec::new();
    sets.extend(playbook.stages.iter().filter_map(|stage| stage.services));
    sets.extend(playbook.offers.iter().filter(|offer| !renamed(offer)).filter_map(|offer| offer.services));
    let mut looked = Looked::default();
    let mut look = |part: &Expr| {
        looked.add(part);
        match &part.node {
            Node::ServiceIn(_, set, _) => sets.push(*set),
            Node::Quantified(_, Some(set), _) => sets.push(*set),
            Node::Constant(Value::Service(service)) => {
                sets.push(ServiceSet::default().with(ServiceId(u32::from(*service))))
            }
            _ => {}
        }
    };
    super::explore::domain::conditions(playbook, &mut |expr| deep(playbook, expr, &mut look));
    asked.iter().for_each(|expr| deep(playbook, expr, &mut look));
    let mut spoken: BTreeSet<TaskId> = looked.tasks().chain(tasks.unwrap_or_default().iter().copied()).collect();
    // One that is offered on a condition somewhere is the same task wherever else it is offered.
    spoken.extend(playbook.offers.iter().filter(|offer| offer.when.is_some()).map(|offer| offer.task));
    let offered = |service: ServiceId| {
        let mut seen = Vec::new();
        let mut all = Vec::new();
        let bodies = playbook.stages.iter().map(|stage| &stage.body);
        for body in bodies.chain(playbook.cadences.iter().map(|cadence| &cadence.body)) {
            all.push(Offered::Begins);
            offers_for(playbook, body, service, &spoken, &renamed, &mut seen, &mut all);
            all.push(Offered::Ends);
        }
        all
    };
    let mut kinds: BTreeMap<(Vec<bool>, Vec<Offered>), Vec<ServiceId>> = BTreeMap::new();
    for service in (0..playbook.services.len()).map(|index| ServiceId(index as u32)) {
        let told = sets.iter().map(|set| set.contains(service)).collect();
        kinds.entry((told, offered(service))).or_default().push(service);
    }
    let mut kinds: Vec<Vec<ServiceId>> = kinds.into_values().collect();
    kinds.sort();
    kinds
}

/// A task as it is offered to a service, its name left out where nothing speaks of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Offered {
    /// What stands together, or in one place, begins.
    Begins,
    /// And ends.
    Ends,
    /// Another piece of work, the same for all services.
    Other,
    /// This offer and no other.
    This(OfferId),
    /// A task by the order in which they come first: mandatory or not, on each visit or not, due in so many seconds,
    /// business days or business hours.
    Like(usize, bool, bool, Option<String>),
}

fn offers_for(
    playbook: &Playbook,
    body: &[Work],
    service: ServiceId,
    spoken: &BTreeSet<TaskId>,
    renamed: &dyn Fn(&Offer) -> bool,
    seen: &mut Vec<TaskId>,
    all: &mut Vec<Offered>,
) {
    for work in body {
        match work {
            Work::Task(id) => {
                let offer = &playbook.offers[id.index()];
                if !renamed(offer) || offer.services.is_some_and(|services| !services.contains(service)) {
                    continue;
                }
                if spoken.contains(&offer.task) {
                    all.push(Offered::This(*id));
                    continue;
                }
                let number = seen.iter().position(|task| *task == offer.task).unwrap_or_else(|| {
                    seen.push(offer.task);
                    seen.len() - 1
                });
                let due = offer.due.map(|due| format!("{due:?}"));
                all.push(Offered::Like(number, offer.mandatory, offer.again, due));
            }
            Work::Set(_) => all.push(Offered::Other),
            Work::Step(_) => {}
            Work::Together(inner) => {
                all.push(Offered::Begins);
                offers_for(playbook, inner, service, spoken, renamed, seen, all);
                all.push(Offered::Ends);
            }
        }
    }
}

/// Whether no track of a service looks at another, sets a fact of the customer, or is interrupted because of others.
fn independent(playbook: &Playbook) -> bool {
    let in_service = |scope: ScopeId| playbook.scopes[scope.index()].in_service;
    let stage_scope = |stage: &Stage| stage.scope;
    let mut alone = true;
    let mut look = |expr: &Expr| {
        let mut each = |part: &Expr| alone &= !matches!(part.node, Node::Quantified(..));
        deep(playbook, expr, &mut each);
    };
    for transition in &playbook.transitions {
        let scope = match transition.origin {
            Origin::Start(scope) | Origin::Everywhere(scope) => scope,
            Origin::Stage(stage) => stage_scope(&playbook.stages[stage.index()]),
            Origin::Block(block) => playbook.blocks[block.index()].scope,
        };
        // What interrupts a block of tracks concerns the tracks.
        let around = match transition.origin {
            Origin::Block(block) => holds_tracks(playbook, block),
            Origin::Everywhere(scope) => playbook
                .blocks
                .iter()
                .enumerate()
                .any(|(index, block)| block.scope == scope && holds_tracks(playbook, BlockId(index as u32))),
            _ => false,
        };
        let interrupts = !matches!(transition.trigger, Trigger::Completion(_) | Trigger::Otherwise);
        if in_service(scope) || (around && interrupts) {
            guard(&transition.trigger).into_iter().for_each(&mut look);
        }
    }
    for scope in playbook.scopes.iter().filter(|scope| scope.in_service) {
        scope.inputs.iter().filter_map(|input| input.condition.as_ref()).for_each(&mut look);
    }
    for stage in playbook.stages.iter().filter(|stage| in_service(stage.scope)) {
        stage.needs.iter().for_each(|needs| look(&needs.condition));
    }
    for offer in &playbook.offers {
        if in_service(playbook.stages[offer.stage.index()].scope) {
            offer.when.iter().for_each(&mut look);
        }
    }
    playbook.sustained.iter().filter(|sustained| sustained.of_service).for_each(|sustained| look(&sustained.condition));
    let mut sets_customer = false;
    assignments(playbook, &mut |fact, value| {
        let customer = playbook.facts[fact.index()].scope == FactScope::Customer;
        sets_customer |= customer && playbook.scopes.iter().any(|scope| scope.in_service);
        look(value);
    });
    alone && !sets_customer
}

fn holds_tracks(playbook: &Playbook, block: BlockId) -> bool {
    let scopes = &playbook.blocks[block.index()].scopes;
    scopes.iter().any(|scope| playbook.scopes[scope.index()].kind == ScopeKind::EachService)
}

/// Whether a condition that is true stays so when services are taken away.
#[must_use]
pub fn closed(expr: &Expr) -> bool {
    match &expr.node {
        Node::And(parts) | Node::Or(parts) => parts.iter().all(closed),
        Node::Quantified(Quantifier::All | Quantifier::No, _, Some(condition)) => !has_quantifier(condition),
        _ => !has_quantifier(expr),
    }
}

fn has_quantifier(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |part| found |= matches!(part.node, Node::Quantified(..) | Node::Let(_)));
    found
}

/// How many quantifiers the customer's own conditions and the question have: each needs one service that decides it. To
/// a question about a service only those matter that are looked at before the block of its track is over.
fn customer_quantifiers(playbook: &Playbook, asked: &[&Expr], of_service: bool) -> u32 {
    let mut spans = BTreeSet::new();
    let mut counted = 0_u32;
    let mut look = |part: &Expr| {
        if let Node::Quantified(..) = part.node
            && spans.insert(part.span)
        {
            counted += 1;
        }
        // A number of services: how many decide it is not known here.
        if let Node::Compare(..) | Node::Sum(_) = part.node {
            part.parts(&mut |side| {
                if matches!(side.node, Node::Quantified(..)) {
                    counted += 1_000;
                }
            });
        }
    };
    // No track of a service begins any more.
    let over = |place: Place| of_service && !leads_to_tracks(playbook, place);
    if !of_service {
        asked.iter().for_each(|expr| deep(playbook, expr, &mut look));
    }
    for transition in &playbook.transitions {
        let scope = match transition.origin {
            Origin::Start(scope) | Origin::Everywhere(scope) => scope,
            Origin::Stage(stage) => playbook.stages[stage.index()].scope,
            Origin::Block(block) => playbook.blocks[block.index()].scope,
        };
        let after = match transition.origin {
            Origin::Stage(stage) => over(Place::Stage(stage)),
            Origin::Block(block) => {
                let ends = matches!(transition.trigger, Trigger::Completion(_) | Trigger::Otherwise);
                over(Place::Block(block)) || (of_service && ends && !leads_to_tracks(playbook, transition.target))
            }
            Origin::Start(_) | Origin::Everywhere(_) => false,
        };
        if !playbook.scopes[scope.index()].in_service && !after {
            guard(&transition.trigger).into_iter().for_each(|expr| deep(playbook, expr, &mut look));
        }
    }
    let own = |stage: &StageId| {
        !playbook.scopes[playbook.stages[stage.index()].scope.index()].in_service && !over(Place::Stage(*stage))
    };
    for stage in (0..playbook.stages.len()).map(|index| StageId(index as u32)).filter(own) {
        playbook.stages[stage.index()].needs.iter().for_each(|needs| deep(playbook, &needs.condition, &mut look));
    }
    for offer in &playbook.offers {
        if own(&offer.stage) {
            offer.when.iter().for_each(|expr| deep(playbook, expr, &mut look));
        }
    }
    for scope in playbook.scopes.iter().filter(|scope| !scope.in_service) {
        let inputs = scope.inputs.iter().filter_map(|input| input.condition.as_ref());
        inputs.for_each(|expr| deep(playbook, expr, &mut look));
    }
    counted
}

/// Whether a block of tracks is at a place, or somebody there may still come to one.
fn leads_to_tracks(playbook: &Playbook, place: Place) -> bool {
    let (mut seen, mut left) = (BTreeSet::from([place]), vec![place]);
    while let Some(place) = left.pop() {
        if let Place::Block(block) = place {
            // What runs within may lead to tracks as well: whoever is here counts as before them.
            let branches = &playbook.blocks[block.index()].scopes;
            if holds_tracks(playbook, block)
                || branches.iter().any(|scope| {
                    playbook.scopes[scope.index()].places.iter().any(|inner| matches!(inner, Place::Block(_)))
                })
            {
                return true;
            }
        }
        let scope = playbook.place_scope(place);
        // The end of a branch leads to where its block leads.
        if playbook.scopes[scope.index()].block.is_some() {
            return true;
        }
        for transition in &playbook.transitions {
            let leaves = match transition.origin {
                Origin::Stage(stage) => place == Place::Stage(stage),
                Origin::Block(block) => place == Place::Block(block),
                Origin::Everywhere(known) => known == scope && !matches!(place, Place::End(_)),
                Origin::Start(_) => false,
            };
            if leaves && seen.insert(transition.target) {
                left.push(transition.target);
            }
        }
    }
    false
}

/// Whether a block of tracks can be entered more than once.
#[must_use]
pub(super) fn re_entered(playbook: &Playbook) -> bool {
    (0..playbook.blocks.len()).map(|index| BlockId(index as u32)).any(|block| {
        if !holds_tracks(playbook, block) {
            return false;
        }
        let (mut seen, mut left) = (BTreeSet::new(), vec![Place::Block(block)]);
        while let Some(place) = left.pop() {
            let scope = playbook.place_scope(place);
            for transition in &playbook.transitions {
                let leaves = match transition.origin {
                    Origin::Stage(stage) => place == Place::Stage(stage),
                    Origin::Block(known) => place == Place::Block(known),
                    Origin::Everywhere(known) => known == scope && transition.target != place,
                    Origin::Start(_) => false,
                };
                if leaves {
                    if transition.target == Place::Block(block) {
                        return true;
                    }
                    if seen.insert(transition.target) {
                        left.push(transition.target);
                    }
                }
            }
        }
        playbook.blocks[block.index()].scope != crate::model::CUSTOMER
    })
}

/// Words for atoms that look at time in ways that are not told one clock at a time.
#[must_use]
pub fn looks_at_time(playbook: &Playbook, asked: &[&Expr]) -> bool {
    let mut found = false;
    let mut look = |part: &Expr| {
        found |= matches!(
            part.node,
            Node::Atom(Atom::InStage(_) | Atom::Since(..) | Atom::Today(..) | Atom::Change(..) | Atom::Sustained(_))
        );
    };
    asked.iter().for_each(|expr| deep(playbook, expr, &mut look));
    found
}
