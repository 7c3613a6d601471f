//! Where a journey need not be followed any further for a property: nothing that can still come makes a difference to it.

use super::explore::live::{Leads, is_off};
use super::services::re_entered;
use crate::model::property::{Claim, Occurrence, Property};
use crate::model::{Atom, CUSTOMER, Expr, Node, Place, Playbook, ScopeKind, TaskId};
use crate::run::Machine;
use crate::run::monitor::Monitor;
use crate::run::state::State;
use std::collections::BTreeSet;

/// What is needed to tell.
#[derive(Debug)]
pub(super) struct Cut {
    of_service: bool,
    /// Whether each service has one track that is watched at most.
    once: bool,
    /// Whether anything is cut short at all.
    on: bool,
    /// Where a track has to come to that is to make a difference; none where that can be anywhere.
    leads: Option<Leads>,
}

impl Cut {
    /// For a property.
    pub(super) fn new(machine: &Machine, property: &Property) -> Cut {
        let playbook = &machine.playbook;
        let targets = targets(playbook, property);
        Cut {
            of_service: property.of_service,
            once: !re_entered(playbook),
            on: !is_off(),
            leads: targets.map(|targets| Leads::to(machine, &targets)),
        }
    }

    /// Whether nothing that can come makes a difference.
    pub(super) fn is_settled(&self, monitor: &Monitor<'_>, machine: &Machine, state: &State) -> bool {
        if !self.on || self.of_service && !(self.once && monitor.watched() == state.intended.iter().count()) {
            return false;
        }
        monitor.is_settled(&|watched| {
            let Some(leads) = &self.leads else { return true };
            let service = state.tracks[watched].service;
            let mut tracks = state.tracks.iter().filter(|track| track.active());
            tracks.any(|track| {
                (service.is_none() || track.service == service) && leads.may_come(&machine.playbook, track)
            })
        })
    }
}

/// The places of which one has to be come to, or stayed at, for anything to count; none where that can be anywhere.
fn targets(playbook: &Playbook, property: &Property) -> Option<BTreeSet<Place>> {
    let own = |place: &Place| {
        let scope = playbook.place_scope(*place);
        if property.of_service {
            playbook.scopes[scope.index()].kind == ScopeKind::EachService
        } else {
            scope == CUSTOMER
        }
    };
    // A track that has ended is at its end, though it goes nowhere any more: that of another track counts for longer.
    let stays = |place: &Place| !matches!(place, Place::End(_)) || own(place);
    let where_true = |condition: &Expr| -> Option<BTreeSet<Place>> {
        let mut found: Option<BTreeSet<Place>> = None;
        conjuncts(condition, &mut |part| {
            if let Node::Atom(Atom::At(places)) = &part.node
                && places.iter().all(stays)
            {
                found.get_or_insert_with(|| places.iter().copied().collect());
            }
        });
        found
    };
    let comes = |what: &Occurrence| match what {
        Occurrence::End(_) => None,
        Occurrence::Task(task, _) => Some(offered(playbook, *task)),
        Occurrence::Condition(condition) => match &condition.node {
            Node::Atom(Atom::At(places)) => Some(places.iter().copied().collect()),
            Node::Atom(Atom::DoneTask(task)) => Some(offered(playbook, *task)),
            _ => where_true(condition),
        },
    };
    match &property.claim {
        Claim::Never(condition, other) => where_true(condition).or_else(|| where_true(other.as_ref()?)),
        Claim::Always(_, other) => where_true(other.as_ref()?),
        Claim::Before(_, what) | Claim::AtMost(what, _) | Claim::Followed(what, ..) => comes(what),
        Claim::Eventually(..) => None,
    }
}

/// Calls `visit` on the parts that all have to be true.
fn conjuncts<'a>(condition: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    match &condition.node {
        Node::And(parts) => parts.iter().for_each(|part| conjuncts(part, visit)),
        _ => visit(condition),
    }
}

/// The stages that offer a task.
fn offered(playbook: &Playbook, task: TaskId) -> BTreeSet<Place> {
    let offers = playbook.offers.iter().filter(|offer| offer.task == task);
    offers.map(|offer| Place::Stage(offer.stage)).collect()
}
