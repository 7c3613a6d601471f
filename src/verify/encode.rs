//! Conditions as sets of customers: what a typed condition says, decided exactly.
//!
//! A [`Lowering`] turns the conditions about one place into formulas over variables ([`formula`]); a [`Space`] gives each
//! variable as many bits as these conditions can tell apart, and decides. Numbers that are compared with constants
//! only become regions between exact cut points; numbers that are compared with each other become the points that can be
//! told apart; numbers in sums are counted out in bits. Quantifiers are said of each declared service.
//!
//! What is outside this fragment (a product of two facts, say) becomes a free variable, the same wherever it is written the
//! same way: what is impossible then is impossible, what is possible has to be tried ([`Space::depends_on_outside`]).
//!
//! ```text
//! let prepared = Prepared::new(&playbook, []);
//! let mut lowering = Lowering::new(&prepared, Outlook::place(&playbook, place));
//! conditions.iter().for_each(|condition| lowering.ask(condition));
//! let truth = lowering.condition(&condition);
//! let mut space = Space::new(lowering, BUDGET)?;
//! let set = space.set(truth.holds)?;          // where it is true
//! space.satisfiable(set)?; space.implies(set, other)?; space.words(set, …)?; space.plainest(set)?;
//! ```

mod assigned;
mod facts;
pub mod formula;
mod lower;
mod plain;
mod space;
mod value;
mod words;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use assigned::reads;
pub use assigned::{Course, Step};
pub use facts::{Change, Facts, Values};
pub use lower::{Lowering, Truth};
pub use plain::{Assignment, Chosen};
pub use space::Space;
pub use words::Region;

use crate::model::{Atom, Expr, FactId, Node, Place, Playbook, ScopeId, Trigger, Type, Work};
use crate::value::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// From where conditions are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// The scope of the track.
    pub scope: ScopeId,
    /// Where the track is; none before its start is decided.
    pub place: Option<Place>,
    /// Whether the track is one of a service.
    pub in_service: bool,
}

impl Outlook {
    /// From a place.
    #[must_use]
    pub fn place(playbook: &Playbook, place: Place) -> Outlook {
        let scope = playbook.place_scope(place);
        Outlook { place: Some(place), ..Outlook::start(playbook, scope) }
    }

    /// From where a scope begins.
    #[must_use]
    pub fn start(playbook: &Playbook, scope: ScopeId) -> Outlook {
        Outlook { scope, place: None, in_service: playbook.scopes[scope.index()].in_service }
    }
}

/// What all places of a playbook have in common.
#[derive(Debug)]
pub struct Prepared<'a> {
    /// The playbook.
    pub playbook: &'a Playbook,
    /// The texts its conditions mention, sorted.
    pub(crate) texts: Vec<Arc<str>>,
    /// So many more texts are told apart: one for each fact that is a text.
    pub(crate) other_texts: u16,
    /// Whether any condition asks if a fact is known.
    pub(crate) asks: bool,
    /// Facts without a default that stages set, or that decide what is set or whether a `whenever` fires: whether they are
    /// known then is told apart, as an unknown value leaves a fact as it is, and an unknown condition fires nothing.
    pub(crate) unsure: BTreeSet<FactId>,
    /// Whether every fact that can be unknown is looked at as one that may be.
    pub(crate) cautious: bool,
    /// By `let`: the facts of which it asks that.
    lets: Vec<BTreeSet<FactId>>,
}

impl<'a> Prepared<'a> {
    /// Looks through a playbook, and through more conditions about it, such as those of properties.
    #[must_use]
    pub fn new(playbook: &'a Playbook, more: impl IntoIterator<Item = &'a Expr>) -> Prepared<'a> {
        Prepared::looked_through(playbook, more, false)
    }

    /// The same, for proofs about what is known and what is not: every fact without a default may be unknown.
    #[must_use]
    pub fn cautious(playbook: &'a Playbook, more: impl IntoIterator<Item = &'a Expr>) -> Prepared<'a> {
        Prepared::looked_through(playbook, more, true)
    }

    fn looked_through(
        playbook: &'a Playbook,
        more: impl IntoIterator<Item = &'a Expr>,
        cautious: bool,
    ) -> Prepared<'a> {
        let mut texts = BTreeSet::new();
        let mut asks = cautious;
        let mut look = |expr: &'a Expr| {
            expr.walk(&mut |part| match &part.node {
                Node::Constant(Value::Text(text)) => {
                    texts.insert(text.clone());
                }
                Node::Atom(Atom::Unknown(_)) => asks = true,
                _ => {}
            });
        };
        conditions(playbook, &mut look);
        more.into_iter().for_each(&mut look);
        for parameter in &playbook.parameters {
            if let Value::Text(text) = &parameter.value {
                texts.insert(text.clone());
            }
        }
        let facts = playbook.facts.iter().filter(|fact| fact.kind == Type::Text);
        let own = facts.clone().filter_map(|fact| match &fact.default {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        });
        texts.extend(own);
        let other_texts = facts.count().clamp(1, 16) as u16;
        let mut prepared = Prepared {
            playbook,
            texts: texts.into_iter().collect(),
            other_texts,
            asks,
            unsure: unsure(playbook),
            cautious,
            lets: Vec::new(),
        };
        if asks {
            // The resolver refuses circles; `let`s may use later ones, so the pass is repeated until nothing changes.
            prepared.lets = vec![BTreeSet::new(); playbook.lets.len()];
            loop {
                let next: Vec<BTreeSet<FactId>> = playbook
                    .lets
                    .iter()
                    .map(|definition| {
                        let mut asked = BTreeSet::new();
                        prepared.asked(&definition.value, &mut asked);
                        asked
                    })
                    .collect();
                if next == prepared.lets {
                    break;
                }
                prepared.lets = next;
            }
        }
        prepared
    }

    /// Adds the facts of which a condition asks whether they are known.
    pub(crate) fn asked(&self, condition: &Expr, asked: &mut BTreeSet<FactId>) {
        condition.walk(&mut |part| match &part.node {
            Node::Atom(Atom::Unknown(fact)) => {
                asked.insert(*fact);
            }
            Node::Atom(Atom::Fact(fact) | Atom::Change(fact, _))
                if self.cautious && self.playbook.facts[fact.index()].default.is_none() =>
            {
                asked.insert(*fact);
            }
            Node::Atom(Atom::Since(_, crate::model::Since::Fact(fact), ..)) if self.cautious => {
                asked.insert(*fact);
            }
            Node::Atom(Atom::Sustained(id)) => self.asked(&self.playbook.sustained[id.index()].condition, asked),
            Node::Let(id) => asked.extend(self.lets.get(id.index()).into_iter().flatten()),
            _ => {}
        });
    }
}

/// Facts without a default that stages set, or that are read where one is or by a `whenever`.
fn unsure(playbook: &Playbook) -> BTreeSet<FactId> {
    let mut unsure = BTreeSet::new();
    let mut set = Vec::new();
    for stage in &playbook.stages {
        assignments(&stage.body, &mut set);
        for cadence in &stage.cadences {
            assignments(&playbook.cadences[cadence.index()].body, &mut set);
        }
    }
    let mut read = |expr: &Expr| {
        expr.walk_all(playbook, &mut |part| {
            if let Node::Atom(Atom::Fact(fact) | Atom::Unknown(fact)) = part.node {
                unsure.insert(fact);
            }
        });
    };
    set.iter().for_each(|assignment| read(&assignment.value));
    for transition in &playbook.transitions {
        if let Trigger::Whenever(guard) = &transition.trigger {
            read(guard);
        }
    }
    unsure.extend(set.iter().map(|assignment| assignment.fact));
    unsure.retain(|fact| playbook.facts[fact.index()].default.is_none());
    unsure
}

/// The assignments of a body, in order.
pub(crate) fn assignments<'w>(body: &'w [Work], into: &mut Vec<&'w crate::model::Assignment>) {
    for work in body {
        match work {
            Work::Set(assignment) => into.push(assignment),
            Work::Together(inner) => assignments(inner, into),
            Work::Task(_) | Work::Step(_) => {}
        }
    }
}

/// Calls `visit` with every condition and value of a playbook.
fn conditions<'a>(playbook: &'a Playbook, visit: &mut impl FnMut(&'a Expr)) {
    fn work_in<'a>(body: &'a [Work], visit: &mut impl FnMut(&'a Expr)) {
        for work in body {
            match work {
                Work::Set(assignment) => visit(&assignment.value),
                Work::Together(inner) => work_in(inner, visit),
                Work::Task(_) | Work::Step(_) => {}
            }
        }
    }
    playbook.about.customers.iter().for_each(&mut *visit);
    playbook.lets.iter().for_each(|definition| visit(&definition.value));
    playbook.sustained.iter().for_each(|sustained| visit(&sustained.condition));
    for scope in &playbook.scopes {
        let clauses = scope.inputs.iter().chain(&scope.outputs);
        clauses.filter_map(|clause| clause.condition.as_ref()).for_each(&mut *visit);
    }
    for stage in &playbook.stages {
        stage.needs.iter().for_each(|needs| visit(&needs.condition));
        work_in(&stage.body, visit);
    }
    playbook.cadences.iter().for_each(|cadence| work_in(&cadence.body, visit));
    playbook.offers.iter().filter_map(|offer| offer.when.as_ref()).for_each(&mut *visit);
    for transition in &playbook.transitions {
        match &transition.trigger {
            Trigger::Completion(guard) | Trigger::On(_, guard) => guard.iter().for_each(&mut *visit),
            Trigger::Whenever(guard) => visit(guard),
            Trigger::Otherwise | Trigger::After(_) | Trigger::AfterLastRound(_) => {}
        }
    }
}
