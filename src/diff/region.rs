//! For whom two conditions of different playbooks decide differently.

use super::Customers;
use crate::model::{
    Atom, CUSTOMER, EventId, EventMatch, Expr, FactId, FactScope, Node, Place, Playbook, ServiceId, ServiceSet, TaskId,
    Type,
};
use crate::value::Value;
use crate::verify::encode::{Lowering, Outlook, Prepared, Space};
use crate::verify::kernel::{BUDGET, Bdd, Decided};

/// One playbook with the facts of another beside its own, so that conditions of both can be looked at.
#[derive(Debug)]
pub struct Joined<'o> {
    /// The playbook, with more facts.
    pub playbook: Playbook,
    other: &'o Playbook,
    /// By the other's facts: which they are here; none where one name stands for two things.
    facts: Vec<Option<FactId>>,
}

impl<'o> Joined<'o> {
    /// Joins them.
    #[must_use]
    pub fn new(playbook: &Playbook, other: &'o Playbook) -> Joined<'o> {
        let mut joined = Joined { playbook: playbook.clone(), other, facts: Vec::new() };
        for fact in &other.facts {
            let known = joined.playbook.facts.iter().position(|known| known.name.name == fact.name.name);
            joined.facts.push(match known {
                Some(at) => {
                    let known = &joined.playbook.facts[at];
                    (known.scope == fact.scope && alike(&known.kind, &fact.kind)).then_some(FactId(at as u32))
                }
                None => {
                    let id = FactId(joined.playbook.facts.len() as u32);
                    let slot = joined.playbook.slots(fact.scope);
                    let mut fact = fact.clone();
                    fact.slot = slot;
                    joined.playbook.facts.push(fact);
                    Some(id)
                }
            });
        }
        joined
    }

    /// A condition of the other playbook, about this one; none where it speaks of what there is not here.
    #[must_use]
    pub fn translated(&self, condition: &Expr) -> Option<Expr> {
        let mut new = condition.clone();
        match &mut new.node {
            Node::Parameter(id) => new.node = Node::Constant(self.value(&self.other.parameters[id.index()].value)?),
            Node::Let(id) if self.other.can_be_written_out() => {
                return self.translated(&self.other.lets[id.index()].value);
            }
            Node::Let(_) => return None,
            Node::Constant(value) => *value = self.value(value)?,
            Node::ServiceIn(_, set, group) => {
                *set = self.services(*set)?;
                *group = None;
            }
            Node::Quantified(_, Some(set), _) => *set = self.services(*set)?,
            Node::Atom(atom) => self.atom(atom)?,
            _ => {}
        }
        let mut whole = true;
        new.parts_mut(&mut |part| match self.translated(part) {
            Some(translated) => *part = translated,
            None => whole = false,
        });
        whole.then_some(new)
    }

    fn atom(&self, atom: &mut Atom) -> Option<()> {
        match atom {
            Atom::Fact(id) | Atom::Unknown(id) | Atom::Change(id, _) => *id = (*self.facts.get(id.index())?)?,
            Atom::DoneTask(id) | Atom::TaskStatus(id, _) => {
                let task = &self.other.tasks[id.index()].id;
                *id = TaskId(self.playbook.tasks.iter().position(|known| known.id == *task)? as u32);
            }
            Atom::At(places) => {
                for place in places {
                    *place = self.place(*place)?;
                }
            }
            Atom::Happened(EventMatch::Event(id)) => {
                let name = &self.other.events[id.index()].name;
                *id = EventId(self.playbook.events.iter().position(|known| known.name == *name)? as u32);
            }
            Atom::Round(_) | Atom::Sustained(_) | Atom::Since(..) => return None,
            Atom::Service
            | Atom::ThisService
            | Atom::Happened(_)
            | Atom::InStage(_)
            | Atom::Today(..)
            | Atom::EndedAt(..) => {}
        }
        Some(())
    }

    fn place(&self, place: Place) -> Option<Place> {
        use crate::model::{BlockId, EndId, StageId};
        let name = &self.other.place_name(place).name;
        let playbook = &self.playbook;
        let stage = || playbook.stages.iter().position(|known| known.name.name == *name);
        let end = || playbook.ends.iter().position(|known| known.name.name == *name);
        let block = || playbook.blocks.iter().position(|known| known.name.name == *name);
        Some(match place {
            Place::Stage(_) => Place::Stage(StageId(stage()? as u32)),
            Place::End(_) => Place::End(EndId(end()? as u32)),
            Place::Block(_) => Place::Block(BlockId(block()? as u32)),
        })
    }

    fn service(&self, id: u32) -> Option<u32> {
        let name = &self.other.services.get(id as usize)?.name;
        self.playbook.services.iter().position(|known| known.name == *name).map(|at| at as u32)
    }

    fn services(&self, set: ServiceSet) -> Option<ServiceSet> {
        let mut new = ServiceSet::default();
        for service in set.iter() {
            new = new.with(ServiceId(self.service(service.0)?));
        }
        Some(new)
    }

    fn value(&self, value: &Value) -> Option<Value> {
        Some(match value {
            Value::Service(id) => Value::Service(self.service(u32::from(*id))?.try_into().ok()?),
            other => other.clone(),
        })
    }
}

/// Whether two facts of these types can be taken for one.
fn alike(one: &Type, other: &Type) -> bool {
    let names = |list: &[crate::model::Named]| list.iter().map(|value| value.name.clone()).collect::<Vec<_>>();
    match (one, other) {
        (Type::OneOf(one), Type::OneOf(other)) | (Type::SetOf(one), Type::SetOf(other)) => names(one) == names(other),
        (one, other) => one == other,
    }
}

/// The customers for whom `new`, a condition of `playbook`, decides otherwise than `old`, one of `other`, looked at from
/// a stage or where the customer begins. Nothing where that cannot be told.
#[must_use]
pub fn customers(
    (other, old): (&Playbook, Option<&Expr>),
    (playbook, new): (&Playbook, Option<&Expr>),
    place: Option<Place>,
) -> Option<Customers> {
    let joined = Joined::new(playbook, other);
    let old = match old {
        Some(old) => Some(joined.translated(old)?),
        None => None,
    };
    let outlook = match place {
        Some(place) => Outlook::place(&joined.playbook, place),
        None => Outlook::start(&joined.playbook, CUSTOMER),
    };
    let reads_services = |expr: &Expr| {
        let mut reads = false;
        expr.walk(&mut |part| {
            reads |= match &part.node {
                Node::Atom(Atom::Service | Atom::ThisService) => true,
                Node::Atom(Atom::Fact(id) | Atom::Unknown(id) | Atom::Change(id, _)) => {
                    joined.playbook.facts[id.index()].scope == FactScope::Service
                }
                _ => false,
            };
        });
        reads
    };
    // Without a track nothing can be said of a track's facts.
    if !outlook.in_service && old.iter().chain(new).any(reads_services) && place.is_none() {
        return None;
    }
    compared(&joined.playbook, old.as_ref(), new, outlook).ok().flatten()
}

fn compared(
    playbook: &Playbook,
    old: Option<&Expr>,
    new: Option<&Expr>,
    outlook: Outlook,
) -> Decided<Option<Customers>> {
    let prepared = Prepared::new(playbook, old.into_iter().chain(new));
    let mut lowering = Lowering::new(&prepared, outlook);
    old.into_iter().chain(new).for_each(|condition| lowering.ask(condition));
    let truths = [old, new].map(|condition| condition.map(|condition| lowering.condition(condition).holds));
    let mut space = Space::new(lowering, BUDGET)?;
    let mut sets = Vec::new();
    for truth in truths {
        sets.push(match truth {
            Some(formula) => space.set(formula)?,
            // No condition always holds.
            None => Bdd::constant(true),
        });
    }
    let [before, after] = sets.as_slice() else { return Ok(None) };
    let gained = space.kernel().and(*after, before.not())?;
    let lost = space.kernel().and(*before, after.not())?;
    let mut told = Vec::new();
    for set in [gained, lost] {
        let universe = space.universe();
        told.push(if space.satisfiable(set)? { Some(space.words(set, universe)?.0.to_string()) } else { None });
    }
    let lost = told.pop().flatten();
    Ok(Some(Customers { gained: told.pop().flatten(), lost }))
}
