//! A playbook made ready to run: its graph, and what the interpreter would otherwise look up again and again.

use super::state::{Seconds, State};
use crate::graph::StateGraph;
use crate::model::{
    Atom, BusinessTime, CUSTOMER, Expr, FactId, FactScope, Length, LetId, Node, Place, Playbook, ScopeId, Since,
    SinceUnit, SustainedId, Transition, Trigger, Work,
};
use crate::syntax::ast::Comparison;
use crate::value::{DAY, Date, Duration};
use std::collections::BTreeSet;

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
    /// By stage and by block: conditions on time that are looked at when something else happens. Time alone brings nothing
    /// there, but makes a difference to what comes.
    asides: (Vec<Vec<Timed>>, Vec<Vec<Timed>>),
    /// Conditions whose holding is timed: whether there are any.
    pub(super) has_sustained: bool,
    /// Ends of other playbooks that some condition looks at.
    ends_elsewhere: BTreeSet<(String, String)>,
    /// By named value: whether it is worth remembering while a condition is looked at.
    costly: Vec<bool>,
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
            asides: (Vec::new(), Vec::new()),
            ends_elsewhere: ends_elsewhere(&playbook),
            costly: costly(&playbook),
            playbook,
            graph,
        };
        let playbook = &machine.playbook;
        let collect = |conditions: Vec<&Expr>| {
            let mut found = Vec::new();
            let mut named = BTreeSet::new();
            for condition in conditions {
                timed(playbook, condition, false, &mut found, &mut named);
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
        let heard = |place: Place| {
            let on = machine.graph.exits(place).on.iter();
            on.filter_map(|id| guard(&playbook.transitions[id.index()].trigger)).collect::<Vec<&Expr>>()
        };
        let beside = playbook.stages.iter().enumerate().map(|(index, stage)| {
            let mut conditions = heard(Place::Stage(crate::model::StageId(index as u32)));
            let cadences = stage.cadences.iter().map(|id| &playbook.cadences[id.index()].body);
            conditions.extend(std::iter::once(&stage.body).chain(cadences).flat_map(|body| sets(body)));
            collect(conditions)
        });
        let beside = beside.collect();
        let blocks_beside = (0..playbook.blocks.len())
            .map(|index| collect(heard(Place::Block(crate::model::BlockId(index as u32)))))
            .collect();
        machine.asides = (beside, blocks_beside);
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

    /// Those, and those that are looked at when something else happens there.
    pub(super) fn all_timed_at(&self, scope: ScopeId, place: Option<Place>) -> impl Iterator<Item = &Timed> {
        let beside: &[Timed] = match place {
            Some(Place::Stage(stage)) => &self.asides.0[stage.index()],
            Some(Place::Block(block)) => &self.asides.1[block.index()],
            Some(Place::End(_)) | None => &[],
        };
        self.timed(scope, place).iter().chain(beside)
    }

    /// Whether a named value is worth remembering while a condition is looked at.
    #[must_use]
    pub(super) fn is_costly(&self, id: LetId) -> bool {
        self.costly.get(id.index()).copied().unwrap_or_default()
    }

    /// Whether some condition looks at whether another playbook ended there.
    #[must_use]
    pub(super) fn looks_at_end(&self, playbook: &str, end: &str) -> bool {
        self.ends_elsewhere.contains(&(playbook.to_owned(), end.to_owned()))
    }

    /// All conditions on time.
    pub(super) fn all_timed(&self) -> impl Iterator<Item = &Timed> {
        let asides = self.asides.0.iter().chain(&self.asides.1);
        self.stages.iter().chain(&self.blocks).chain(&self.starts).chain(asides).flatten()
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
        let count = weekdays(event, today);
        let holidays = &self.playbook.calendar.holidays;
        count - holidays.iter().filter(|day| **day > event && **day <= today && day.weekday() < 5).count() as i64
    }
}

impl Machine {
    /// Whether a transition, a round or what is due waits for business days or hours.
    #[must_use]
    pub fn waits_for_business_time(&self) -> bool {
        let counts = |length: Length| length.fixed().is_none();
        let after = |transition: &Transition| matches!(transition.trigger, Trigger::After(length) if counts(length));
        self.playbook.transitions.iter().any(after)
            || self.playbook.cadences.iter().any(|cadence| counts(cadence.period))
            || self.playbook.offers.iter().filter_map(|offer| offer.due).any(counts)
    }

    /// Business days after the day of one instant of a journey up to and including the day of another. On a journey without
    /// dates day 0 is a Monday, and nothing is a holiday.
    #[must_use]
    pub fn business_days_between(&self, state: &State, from: Seconds, to: Seconds) -> i64 {
        self.business_days_in(state, date_of(state, from), date_of(state, to))
    }

    fn business_days_in(&self, state: &State, from: Date, to: Date) -> i64 {
        if state.start.is_some() { self.business_days(from, to) } else { weekdays(from, to) }
    }

    /// Seconds of business time from one instant of a journey to another, none where that lies before. On a journey without
    /// dates day 0 is a Monday, and nothing is a holiday.
    #[must_use]
    pub fn business_time(&self, state: &State, from: Seconds, to: Seconds) -> Seconds {
        let (time, zero) = self.business_clock(state);
        time.between(from.saturating_add(zero), to.saturating_add(zero))
    }

    /// How business time passes, and the instant of its calendar at which a journey begins.
    fn business_clock(&self, state: &State) -> (BusinessTime<'_>, Seconds) {
        let first = state.start.unwrap_or(A_MONDAY);
        let zero = i64::from(first.0) * DAY + state.begins;
        (self.playbook.calendar.business_time(state.start.is_some()), zero)
    }

    /// When something that begins at an instant of a journey has waited for so long. Business days end at the time of day
    /// at which they began, on the first day that so many business days have come to ([`Machine::business_days`]). On a
    /// journey without dates day 0 is a Monday, and nothing is a holiday.
    #[must_use]
    pub fn over(&self, state: &State, from: Seconds, length: Length) -> Seconds {
        let days = match length {
            Length::Time(time) => return from.saturating_add(time.0),
            Length::BusinessDays(days) => i64::from(days),
            Length::BusinessHours(time) => {
                let (clock, zero) = self.business_clock(state);
                return clock.over(from.saturating_add(zero), time.0).saturating_sub(zero);
            }
        };
        let first = date_of(state, from);
        let count = |date: Date| self.business_days_in(state, first, date);
        // Whole weeks first, and then a day at a time.
        let mut later = days / 5 * 7;
        while later > 0 && count(first.plus_days(later - 1)) >= days {
            later -= 1;
        }
        while count(first.plus_days(later)) < days {
            later += 1;
        }
        from.saturating_add(later * DAY)
    }
}

/// Mondays to Fridays after one day up to and including another.
fn weekdays(after: Date, until: Date) -> i64 {
    let days = (i64::from(until.0) - i64::from(after.0)).max(0);
    let rest_from = after.plus_days(days / 7 * 7);
    let rest = (1..=days % 7).filter(|step| rest_from.plus_days(*step).weekday() < 5);
    days / 7 * 5 + rest.count() as i64
}

/// The Monday that day 0 is taken for where a journey has no dates.
const A_MONDAY: Date = Date(4);

/// The date of an instant of a journey, or what it is taken for.
fn date_of(state: &State, at: Seconds) -> Date {
    state.start.unwrap_or(A_MONDAY).plus_days(at.saturating_add(state.begins).div_euclid(DAY))
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

/// Named values are followed, each once inside and once outside of quantifiers; the resolver refuses circles.
fn timed(
    playbook: &Playbook,
    expr: &Expr,
    quantified: bool,
    found: &mut Vec<Timed>,
    named: &mut BTreeSet<(LetId, bool)>,
) {
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
            if named.insert((*id, quantified)) {
                timed(playbook, &playbook.lets[id.index()].value, quantified, found, named);
            }
            None
        }
        _ => None,
    };
    if let Some(what) = what {
        let sustained = if let TimedAtom::Sustained(id) = &what { Some(*id) } else { None };
        let timed_one = Timed { what, quantified };
        if !found.contains(&timed_one) {
            found.push(timed_one);
            if let Some(id) = sustained {
                timed(playbook, &playbook.sustained[id.index()].condition, quantified, found, named);
            }
        }
    }
    expr.parts(&mut |part| timed(playbook, part, quantified, found, named));
}

/// Ends of other playbooks that some condition looks at.
fn ends_elsewhere(playbook: &Playbook) -> BTreeSet<(String, String)> {
    let clauses = playbook.scopes.iter().flat_map(|scope| scope.inputs.iter().chain(&scope.outputs));
    let needs = playbook.stages.iter().flat_map(|stage| &stage.needs);
    let bodies = playbook.stages.iter().map(|stage| &stage.body);
    let values = bodies.chain(playbook.cadences.iter().map(|cadence| &cadence.body)).flat_map(|body| sets(body));
    let conditions = playbook
        .lets
        .iter()
        .map(|definition| &definition.value)
        .chain(clauses.filter_map(|clause| clause.condition.as_ref()))
        .chain(needs.map(|needs| &needs.condition))
        .chain(values)
        .chain(playbook.transitions.iter().filter_map(|transition| guard(&transition.trigger)))
        .chain(playbook.offers.iter().filter_map(|offer| offer.when.as_ref()))
        .chain(playbook.sustained.iter().map(|sustained| &sustained.condition));
    let mut found = BTreeSet::new();
    for condition in conditions {
        condition.walk(&mut |part| {
            if let Node::Atom(Atom::EndedAt(process, ends)) = &part.node {
                found.extend(ends.iter().map(|end| (process.clone(), end.clone())));
            }
        });
    }
    found
}

/// What a body sets facts to.
fn sets(body: &[Work]) -> Vec<&Expr> {
    let mut found = Vec::new();
    for work in body {
        match work {
            Work::Set(set) => found.push(&set.value),
            Work::Together(inner) => found.extend(sets(inner)),
            Work::Task(_) | Work::Step(_) => {}
        }
    }
    found
}

/// A named value of more parts than these, those of the named values in it included, is worked out once in a look.
const MOST_PARTS: u64 = 64;

/// Which named values are worth remembering in the course of a look.
fn costly(playbook: &Playbook) -> Vec<bool> {
    let mut costs: Vec<u64> = Vec::with_capacity(playbook.lets.len());
    for definition in &playbook.lets {
        // A named value stands behind those it builds on.
        let cost = cost(playbook, &definition.value, &costs);
        costs.push(cost);
    }
    costs.into_iter().map(|cost| cost > MOST_PARTS).collect()
}

/// How many parts are looked at to work out an expression.
fn cost(playbook: &Playbook, expr: &Expr, lets: &[u64]) -> u64 {
    let mut parts = match expr.node {
        Node::Let(id) => lets.get(id.index()).copied().unwrap_or_default(),
        Node::Atom(Atom::Sustained(id)) => cost(playbook, &playbook.sustained[id.index()].condition, lets),
        _ => 1,
    };
    expr.parts(&mut |part| parts = parts.saturating_add(cost(playbook, part, lets)));
    let services = playbook.services.len().max(1) as u64;
    if matches!(expr.node, Node::Quantified(..)) { parts.saturating_mul(services) } else { parts }
}
