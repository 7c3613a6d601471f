//! A playbook made ready to run: its graph, and what the interpreter would otherwise look up again and again.

use crate::graph::StateGraph;
use crate::model::{
    Atom, CUSTOMER, Expr, FactId, FactScope, Node, Place, Playbook, ScopeId, Since, SinceUnit, SustainedId, Trigger,
    Work,
};
use crate::syntax::ast::Comparison;
use crate::value::{Date, Duration};

/// A playbook and its state graph, with what is needed at each place prepared.
#[derive(Debug)]
pub struct Machine {
    /// The playbook.
    pub playbook: Playbook,
    /// Its graph.
    pub graph: StateGraph,
    /// Conditions on time, by place: stages, then blocks.
    stages: Vec<Vec<Timed>>,
    blocks: Vec<Vec<Timed>>,
    /// Conditions on time at the start of each scope.
    starts: Vec<Vec<Timed>>,
    /// Conditions whose holding is timed: whether there are any.
    pub(super) has_sustained: bool,
}

/// Something whose truth changes by time alone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Timed {
    pub(super) what: TimedAtom,
    /// Within a quantifier: looked at for every intended service.
    pub(super) quantified: bool,
}

/// The kinds of condition on time.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TimedAtom {
    Sustained(SustainedId),
    Change(FactId, Duration),
    InStage(Duration),
    Since(SinceUnit, Since, Comparison, Expr),
    Today(Comparison, Expr),
}

impl Machine {
    /// Prepares a playbook.
    #[must_use]
    pub fn new(playbook: Playbook) -> Machine {
        let graph = StateGraph::new(&playbook);
        let mut machine = Machine {
            has_sustained: !playbook.sustained.is_empty(),
            stages: Vec::new(),
            blocks: Vec::new(),
            starts: Vec::new(),
            playbook,
            graph,
        };
        let playbook = &machine.playbook;
        let collect = |conditions: Vec<&Expr>| {
            let mut found = Vec::new();
            for condition in conditions {
                timed(playbook, condition, false, &mut found, 0);
            }
            found
        };
        let exits = |place: Place| {
            let exits = machine.graph.exits(place);
            let ids = exits.whenever.iter().chain(&exits.completion);
            ids.filter_map(|id| guard(&playbook.transitions[id.index()].trigger)).collect::<Vec<&Expr>>()
        };
        let stages = playbook
            .stages
            .iter()
            .enumerate()
            .map(|(index, stage)| {
                let mut conditions = exits(Place::Stage(crate::model::StageId(index as u32)));
                conditions.extend(stage.needs.iter().map(|needs| &needs.condition));
                conditions.extend(inputs(playbook, stage.scope));
                let cadences = stage.cadences.iter().map(|id| &playbook.cadences[id.index()].body);
                for body in std::iter::once(&stage.body).chain(cadences) {
                    task_conditions(playbook, body, &mut conditions);
                }
                collect(conditions)
            })
            .collect();
        let blocks = (0..playbook.blocks.len())
            .map(|index| collect(exits(Place::Block(crate::model::BlockId(index as u32)))))
            .collect();
        let starts = (0..playbook.scopes.len())
            .map(|index| {
                let scope = &playbook.scopes[index];
                let ids = machine.graph.start(ScopeId(index as u32)).iter().chain(&scope.everywhere);
                let mut conditions: Vec<&Expr> =
                    ids.filter_map(|id| guard(&playbook.transitions[id.index()].trigger)).collect();
                conditions.extend(inputs(playbook, ScopeId(index as u32)));
                collect(conditions)
            })
            .collect();
        (machine.stages, machine.blocks, machine.starts) = (stages, blocks, starts);
        machine
    }

    /// Conditions on time that matter to a track at this place.
    pub(super) fn timed(&self, scope: ScopeId, place: Option<Place>) -> &[Timed] {
        match place {
            None => &self.starts[scope.index()],
            Some(Place::Stage(stage)) => &self.stages[stage.index()],
            Some(Place::Block(block)) => &self.blocks[block.index()],
            Some(Place::End(_)) => &[],
        }
    }

    /// The customer's scope.
    #[must_use]
    pub fn customer_scope(&self) -> &crate::model::Scope {
        &self.playbook.scopes[CUSTOMER.index()]
    }

    /// How many facts a scope has.
    #[must_use]
    pub fn slots(&self, scope: FactScope) -> usize {
        self.playbook.slots(scope)
    }

    /// Business days after the day of the event up to and including today: Monday to Friday, holidays not counted.
    #[must_use]
    pub fn business_days(&self, event: Date, today: Date) -> i64 {
        if today <= event {
            return 0;
        }
        let days = i64::from(today.0) - i64::from(event.0);
        let mut count = days / 7 * 5;
        let rest_from = event.plus_days(days / 7 * 7);
        for step in 1..=days % 7 {
            count += i64::from(rest_from.plus_days(step).weekday() < 5);
        }
        let holidays = &self.playbook.calendar.holidays;
        count - holidays.iter().filter(|day| **day > event && **day <= today && day.weekday() < 5).count() as i64
    }
}

/// The guard of a trigger.
#[must_use]
pub fn guard(trigger: &Trigger) -> Option<&Expr> {
    match trigger {
        Trigger::Completion(guard) | Trigger::On(_, guard) => guard.as_ref(),
        Trigger::Whenever(guard) => Some(guard),
        Trigger::Otherwise | Trigger::After(_) | Trigger::AfterLastRound(_) => None,
    }
}

fn inputs(playbook: &Playbook, scope: ScopeId) -> impl Iterator<Item = &Expr> {
    playbook.scopes[scope.index()].inputs.iter().filter_map(|input| input.condition.as_ref())
}

fn task_conditions<'a>(playbook: &'a Playbook, body: &'a [Work], into: &mut Vec<&'a Expr>) {
    for work in body {
        match work {
            Work::Task(offer) => into.extend(playbook.offers[offer.index()].when.as_ref()),
            Work::Together(inner) => task_conditions(playbook, inner, into),
            Work::Step(_) | Work::Set(_) => {}
        }
    }
}

/// Lets are followed; the resolver refuses lets that go in circles, the depth is a second lock.
fn timed(playbook: &Playbook, expr: &Expr, quantified: bool, found: &mut Vec<Timed>, depth: usize) {
    if depth > 64 {
        return;
    }
    let quantified = quantified || matches!(expr.node, Node::Quantified(..));
    let what = match &expr.node {
        Node::Atom(Atom::Sustained(id)) => Some(TimedAtom::Sustained(*id)),
        Node::Atom(Atom::Change(fact, window)) => Some(TimedAtom::Change(*fact, *window)),
        Node::Atom(Atom::InStage(duration)) => Some(TimedAtom::InStage(*duration)),
        Node::Atom(Atom::Since(unit, since, comparison, right)) => {
            Some(TimedAtom::Since(*unit, since.clone(), *comparison, (**right).clone()))
        }
        Node::Atom(Atom::Today(comparison, date)) => Some(TimedAtom::Today(*comparison, (**date).clone())),
        Node::Let(id) => {
            timed(playbook, &playbook.lets[id.index()].value, quantified, found, depth + 1);
            None
        }
        _ => None,
    };
    if let Some(what) = what {
        if let TimedAtom::Sustained(id) = what {
            timed(playbook, &playbook.sustained[id.index()].condition, quantified, found, depth + 1);
        }
        let timed = Timed { what, quantified };
        if !found.contains(&timed) {
            found.push(timed);
        }
    }
    expr.parts(&mut |part| timed(playbook, part, quantified, found, depth));
}
