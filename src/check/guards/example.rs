//! Example customers: who shows a finding about guards, followed by the interpreter before anybody sees it.
//!
//! First a customer whose facts are the same from day 0 on and lead along a short way to the place; then whoever
//! [`crate::verify::find`] comes upon.

mod pace;

use crate::diagnostic::Severity;
use crate::graph::{EdgeClass, Node, StateGraph};
use crate::model::{
    BlockId, BusinessUnit, EndId, EventMatch, Expr, Fact, FactId, FactScope, Place, Playbook, ScopeId, ServiceId,
    SustainedId, TaskRef, TransitionId, Trigger, Volatility, Work,
};
use crate::run::evaluate::View;
use crate::run::event::{Effect, Observer};
use crate::run::explain::Gap;
use crate::run::journey::Stop;
use crate::run::state::{State, TrackId};
use crate::run::timeline::{Timeline, follow};
use crate::run::{Customer, Machine};
use crate::source::FileId;
use crate::value::{DAY, Date, Value};
use crate::verify::encode::formula::{Domain, Formula, Variable, Whose};
use crate::verify::encode::{self, Assignment, Change, Chosen, Course, Facts, Lowering, Outlook, Space, assignments};
use crate::verify::explore::Budget;
use crate::verify::kernel::{Bdd, Decided};
use crate::verify::known::Setting;
use crate::verify::{Ask, Found, find};
use pace::Pace;
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::EdgeRef;
use serde_json::{Value as Json, json};
use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};

/// What a customer is to show at a place.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) enum Wanted<'e> {
    /// Nothing moves any more, with work and needs settled.
    Stuck,
    /// Both transitions can be taken at the same moment.
    Both(TransitionId, TransitionId),
    /// This end is come to where the condition is false.
    Unmet(EndId, &'e Expr),
}

/// A customer who shows it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) struct Example {
    /// As `run` reads it.
    pub witness: Json,
    /// The customer.
    pub customer: Customer,
}

/// Looks for customers, with so many tries for a whole playbook.
pub(in crate::check) struct Examples<'a> {
    playbook: &'a Playbook,
    graph: &'a StateGraph,
    machine: OnceCell<Machine>,
    left: Cell<usize>,
    events: Cell<u64>,
}

/// What came of looking through situations.
pub(in crate::check) enum Searched {
    /// A customer shows it.
    Seen(Box<Example>),
    /// No customer does: all situations were seen.
    Nobody,
    /// Not known.
    Open,
}

/// Customers tried for a whole playbook, and ways for one finding.
const TRIES: usize = 1_500;
const WAYS: usize = 8;
/// Events followed for one finding, and for a whole playbook; and what a search counts at least.
const EACH: u64 = 4_000;
const ALL: u64 = 16_000;
const LEAST: u64 = 200;
/// Nodes of diagrams for one way.
const BUDGET: usize = 300_000;
/// A journey is followed so long.
const HORIZON: i64 = 30 * 365 * DAY;
/// The date of day 0 where dates are looked at and any will do: a Monday.
const SOME_DAY: Date = Date(20_458);

/// A step of a way: a node, and the transition that leaves it.
type Step = (Node, TransitionId);

impl<'a> Examples<'a> {
    pub fn new(playbook: &'a Playbook, graph: &'a StateGraph) -> Examples<'a> {
        Examples { playbook, graph, machine: OnceCell::new(), left: Cell::new(TRIES), events: Cell::new(ALL) }
    }

    pub fn machine(&self) -> &Machine {
        self.machine.get_or_init(|| Machine::new(self.playbook.clone()))
    }

    /// A customer who shows it at a node, along a short way there or in any situation there is.
    pub fn shown(&self, setting: &Setting<'a>, node: Node, wanted: Wanted<'_>) -> Searched {
        match self.find(setting, node, wanted) {
            Some(example) => Searched::Seen(Box::new(example)),
            None => self.search(node, wanted),
        }
    }

    /// A customer who shows it, whose facts lead to a node along a short way.
    fn find(&self, setting: &Setting<'a>, node: Node, wanted: Wanted<'_>) -> Option<Example> {
        let (mut penalties, mut tried) = (BTreeMap::new(), BTreeSet::new());
        for _ in 0..WAYS {
            let left = self.left.get().checked_sub(1)?;
            self.left.set(left);
            let way = self.way(node, &mut penalties)?;
            if !tried.insert(way.clone()) {
                continue;
            }
            for pace in self.paces(node, wanted) {
                let Ok(Some((customer, lines))) = self.along(setting, &way, node, wanted, pace, None) else { continue };
                if let Some(example) = self.replay(customer, lines, node, wanted) {
                    return Some(example);
                }
            }
        }
        None
    }

    /// When what is known may change, for what is wanted at a node.
    fn paces(&self, node: Node, wanted: Wanted<'_>) -> Vec<Pace> {
        let mut paces = vec![Pace::Never];
        if self.task_to_hold(node).is_some() {
            paces.push(Pace::Late);
        }
        paces.extend(pace::turns(self.playbook, &self.conditions_of(wanted)));
        paces
    }

    /// The conditions of what is wanted.
    fn conditions_of<'e>(&self, wanted: Wanted<'e>) -> Vec<&'e Expr>
    where
        'a: 'e,
    {
        match wanted {
            Wanted::Both(one, other) => {
                let guards = [one, other].into_iter().filter_map(|id| self.guard(id));
                guards.map(|guard| -> &'e Expr { guard }).collect()
            }
            Wanted::Stuck => Vec::new(),
            Wanted::Unmet(_, condition) => vec![condition],
        }
    }

    /// Looks through the situations customers can come to, with the interpreter itself.
    fn search(&self, node: Node, wanted: Wanted<'_>) -> Searched {
        let most = self.events.get().min(EACH);
        if most == 0 || !self.playbook.can_be_written_out() {
            return Searched::Open;
        }
        let machine = self.machine();
        let goal = |machine: &Machine, state: &State, effect: Option<&Effect>| match (wanted, effect) {
            (Wanted::Both(..) | Wanted::Unmet(..), Some(effect)) => shows(machine, state, effect, node, wanted),
            (Wanted::Stuck, None) => stuck(machine, state, node),
            _ => false,
        };
        let events: Vec<EventMatch> = match wanted {
            Wanted::Both(one, other) => [one, other]
                .into_iter()
                .filter_map(|id| match &self.playbook.transitions[id.index()].trigger {
                    Trigger::On(event, _) => Some(event.clone()),
                    _ => None,
                })
                .collect(),
            Wanted::Stuck | Wanted::Unmet(..) => Vec::new(),
        };
        let conditions = match wanted {
            Wanted::Unmet(_, condition) => vec![condition],
            _ => Vec::new(),
        };
        let of_service = self.outlook(node).in_service;
        let ask = Ask { conditions: &conditions, events: &events, of_service, outputs: false };
        let mut budget = Budget::new(most);
        let found = find(machine, &goal, &ask, "", &mut budget);
        self.events.set(self.events.get().saturating_sub((most - budget.left()).max(LEAST)));
        match found {
            Found::Nobody(_) if pace::clocks(self.playbook, &self.conditions_of(wanted)) > 1 => Searched::Open,
            Found::Nobody(_) => Searched::Nobody,
            Found::Unknown(_) => Searched::Open,
            Found::Example(witness) => {
                let told = witness.journey.to_json(machine);
                let lines = told["timeline"].as_array().cloned().unwrap_or_default();
                let customer = witness.journey.customer.clone();
                self.replay(customer, lines, node, wanted)
                    .map_or(Searched::Open, |example| Searched::Seen(Box::new(example)))
            }
        }
    }

    /// The cheapest way to a node, from the start of the playbook into the blocks around it. Each time it is asked for, what was
    /// used before is dearer.
    fn way(&self, node: Node, penalties: &mut BTreeMap<(NodeIndex, TransitionId), usize>) -> Option<Vec<Step>> {
        let mut target = node;
        let mut steps = Vec::new();
        loop {
            let scope = match target {
                Node::Start(scope) => scope,
                Node::Place(place) => self.playbook.place_scope(place),
            };
            let mut within = self.within(self.graph.start_node(scope), self.index(target), penalties)?;
            within.extend(steps);
            steps = within;
            match self.playbook.scopes[scope.index()].block {
                Some(block) => target = Node::Place(Place::Block(block)),
                None => return Some(steps),
            }
        }
    }

    fn index(&self, node: Node) -> NodeIndex {
        match node {
            Node::Start(scope) => self.graph.start_node(scope),
            Node::Place(place) => self.graph.node(place),
        }
    }

    fn within(
        &self,
        from: NodeIndex,
        to: NodeIndex,
        penalties: &mut BTreeMap<(NodeIndex, TransitionId), usize>,
    ) -> Option<Vec<Step>> {
        let graph = self.graph.graph();
        let mut best: BTreeMap<NodeIndex, (usize, Option<(NodeIndex, TransitionId)>)> = BTreeMap::new();
        best.insert(from, (0, None));
        let mut queue = BTreeSet::from([(0, from)]);
        while let Some((cost, at)) = queue.pop_first() {
            if at == to {
                break;
            }
            for edge in graph.edges(at) {
                let id = edge.weight().transition;
                let price = match edge.weight().class {
                    EdgeClass::Start | EdgeClass::Completion | EdgeClass::Otherwise | EdgeClass::Whenever => 2,
                    EdgeClass::After | EdgeClass::AfterLastRound => 5,
                    EdgeClass::On => 50,
                    EdgeClass::Continues => continue,
                };
                let next = cost + price + penalties.get(&(at, id)).copied().unwrap_or_default();
                let known = best.get(&edge.target()).map_or(usize::MAX, |(cost, _)| *cost);
                if next < known {
                    queue.remove(&(known, edge.target()));
                    best.insert(edge.target(), (next, Some((at, id))));
                    queue.insert((next, edge.target()));
                }
            }
        }
        let mut steps = Vec::new();
        let mut at = to;
        while at != from {
            let (_, Some((before, id))) = best.get(&at)? else { return None };
            *penalties.entry((*before, *id)).or_default() += 3;
            steps.push((*graph.node_weight(*before)?, *id));
            at = *before;
        }
        steps.reverse();
        Some(steps)
    }

    fn guard(&self, id: TransitionId) -> Option<&'a Expr> {
        crate::run::machine::guard(&self.playbook.transitions[id.index()].trigger)
    }

    fn outlook(&self, node: Node) -> Outlook {
        match node {
            Node::Start(scope) => Outlook::start(self.playbook, scope),
            Node::Place(place) => Outlook::place(self.playbook, place),
        }
    }

    fn completion(&self, node: Node) -> &'a [TransitionId] {
        match node {
            Node::Start(scope) => self.graph.start(scope),
            Node::Place(place) => &self.graph.exits(place).completion,
        }
    }

    /// Whether order decides between the completion transitions of a node.
    fn first_match(&self, node: Node) -> bool {
        first_match(self.playbook, node)
    }

    fn whenever(&self, node: Node) -> Vec<TransitionId> {
        match node {
            Node::Start(scope) => self.playbook.scopes[scope.index()].everywhere.clone(),
            Node::Place(place) => self.graph.exits(place).whenever.clone(),
        }
    }

    /// What has to be true before work begins at a node.
    fn conditions(&self, node: Node) -> Vec<&'a Expr> {
        match node {
            Node::Start(scope) => {
                let inputs = self.playbook.scopes[scope.index()].inputs.iter();
                inputs.filter_map(|input| input.condition.as_ref()).collect()
            }
            Node::Place(Place::Stage(stage)) => {
                self.playbook.stages[stage.index()].needs.iter().map(|needs| &needs.condition).collect()
            }
            Node::Place(_) => Vec::new(),
        }
    }

    /// A task of a stage's own that can be held open for a while.
    fn task_to_hold(&self, node: Node) -> Option<&'a crate::model::Offer> {
        let Node::Place(Place::Stage(stage)) = node else { return None };
        let body = &self.playbook.stages[stage.index()].body;
        body.iter().find_map(|work| match work {
            Work::Task(offer) => {
                let offer = &self.playbook.offers[offer.index()];
                offer.when.is_none().then_some(offer)
            }
            _ => None,
        })
    }

    /// The customer whose facts lead along a way and show it at its end, with what is said meanwhile.
    fn along(
        &self,
        setting: &Setting<'a>,
        way: &[Step],
        node: Node,
        wanted: Wanted<'_>,
        pace: Pace,
        ends: Option<&BTreeMap<(ScopeId, ServiceId), Place>>,
    ) -> Decided<Option<(Customer, Vec<Json>)>> {
        let prepared = setting.prepared;
        let mut lowering = Lowering::new(prepared, self.outlook(node));
        lowering.doubt();
        let (course, behind) = self.course(way, node);
        for (at, _) in way.iter().copied().chain([(node, TransitionId(0))]) {
            let guards = self.completion(at).iter().copied().chain(self.whenever(at)).filter_map(|id| self.guard(id));
            guards.chain(self.conditions(at)).for_each(|condition| lowering.ask(condition));
        }
        let mut steps = Vec::new();
        for ((at, id), behind) in way.iter().zip(&behind) {
            lowering.move_to(self.outlook(*at));
            lowering.look_at(&course, Some(*behind));
            steps.push(self.taken(&mut lowering, *at, *id, None));
        }
        lowering.move_to(self.outlook(node));
        lowering.look_at(&course, None);
        let needs: Vec<Formula> =
            self.conditions(node).into_iter().map(|condition| lowering.condition(condition).holds).collect();
        let holds = |lowering: &mut Lowering<'a>, id: TransitionId| {
            self.guard(id).map_or(Formula::TRUE, |guard| lowering.condition(guard).holds)
        };
        let mut inner = Vec::new();
        let (both, ways_out) = match wanted {
            Wanted::Both(one, other) => (vec![holds(&mut lowering, one), holds(&mut lowering, other)], Vec::new()),
            Wanted::Unmet(_, condition) => (vec![lowering.condition(condition).fails], Vec::new()),
            Wanted::Stuck => {
                let spent = |id: &TransitionId| setting.may_be_spent(*id, node);
                let trigger = |id: &TransitionId| &self.playbook.transitions[id.index()].trigger;
                let whenever = self.whenever(node).into_iter();
                let whenever = whenever.filter(|id| matches!(trigger(id), Trigger::Whenever(_)) && !spent(id));
                let mut out: Vec<Formula> = whenever.map(|id| holds(&mut lowering, id)).collect();
                // Where order decides, one that is unknown lets none behind it be taken.
                let mut before = Vec::new();
                for id in self.completion(node).iter().filter(|id| matches!(trigger(id), Trigger::Completion(_))) {
                    if spent(id) {
                        continue;
                    }
                    let here = holds(&mut lowering, *id);
                    out.push(lowering.formulas().all(before.iter().copied().chain([here])));
                    if let (true, Some(guard)) = (self.first_match(node), self.guard(*id)) {
                        before.push(lowering.condition(guard).fails);
                    }
                }
                (Vec::new(), out)
            }
        };
        if let Some(ends) = ends {
            let Some(tracks) = self.tracks(&mut lowering, ends) else { return Ok(None) };
            inner.push(tracks);
            for service in (0..self.playbook.services.len() as u32).map(ServiceId) {
                let flag = lowering.formulas().declare(Variable::Intended(service), Domain::Flag);
                let intended = lowering.formulas().flag(flag);
                let wanted = ends.keys().any(|(_, known)| *known == service);
                let formula = if wanted { intended } else { lowering.formulas().not(intended) };
                inner.push(formula);
            }
            for ((scope, service), place) in ends {
                let places = &self.playbook.scopes[scope.index()].places;
                let at = places.iter().position(|known| known == place).unwrap_or(places.len());
                if let Some(id) = lowering.formulas().find(&Variable::Position(*scope, Whose::Of(*service))) {
                    inner.push(lowering.formulas().is(id, at as u16));
                }
            }
        }
        if self.outlook(node).in_service {
            lowering.formulas().declare(Variable::Service, Domain::Choice(self.playbook.services.len() as u16));
        }
        let mut holds_at_first = |id: SustainedId, holds: bool| {
            let truth = lowering.condition(&self.playbook.sustained[id.index()].condition);
            steps.push(if holds { truth.holds } else { truth.fails });
        };
        if let Pace::Turn { from, then, .. } = pace {
            holds_at_first(then, false);
            if let Some(from) = from {
                holds_at_first(from, true);
            }
        }
        steps.push(lowering.follow(&course, &Facts::default()));
        if !way.iter().any(|(at, _)| matches!(at, Node::Place(Place::Block(_)))) {
            steps.push(lowering.before(&course, &setting.kept_at_first()));
        }
        let mut space = Space::new(lowering, BUDGET)?;
        if let Node::Place(Place::Block(block)) = node
            && ends.is_none()
        {
            // First at which ends the services are, then which services get there.
            let mut set = self.over(&mut space, block)?;
            for formula in both.iter().copied() {
                let formula = space.set(formula)?;
                set = space.kernel().and(set, formula)?;
            }
            for formula in ways_out.iter().copied() {
                let way = space.set(formula)?;
                let ever = sometime(&mut space, way)?;
                set = space.kernel().and(set, ever.not())?;
            }
            let Some(plain) = space.plainest(set)? else { return Ok(None) };
            let at = self.positions(&plain);
            if !at.is_empty() {
                return self.along(setting, way, node, wanted, Pace::Never, Some(&at));
            }
        }
        let (mut path, mut end) = (space.universe(), space.universe());
        for step in steps {
            let step = space.set(step)?;
            let step = space.forget(step, of_the_moment)?;
            path = space.kernel().and(path, step)?;
        }
        for formula in needs.into_iter().chain(both).chain(inner) {
            let formula = space.set(formula)?;
            end = space.kernel().and(end, formula)?;
        }
        for formula in ways_out {
            let way = space.set(formula)?;
            let ever = sometime(&mut space, way)?;
            end = space.kernel().and(end, ever.not())?;
        }
        let scope = self.outlook(node).scope;
        if pace == Pace::Never {
            let set = space.kernel().and(path, end)?;
            let Some(plain) = space.plainest(set)? else { return Ok(None) };
            let customer = self.customer(&space, &self.at_first(&plain, &course));
            let lines = self.events(way, wanted, own(&plain));
            return Ok(Some((customer, lines)));
        }
        // First who is to be at the end, of those who could have come; then who comes and can become so.
        let may_change = |variable: &Variable| setting.change(variable, scope) != Change::Stays;
        let could_come = space.forget(path, may_change)?;
        end = space.kernel().and(end, could_come)?;
        let Some(then) = space.plainest(end)? else { return Ok(None) };
        for (variable, chosen) in &then.0 {
            if !may_change(variable) || matches!(variable, Variable::Service) {
                let pinned = space.pinned(variable, *chosen)?;
                path = space.kernel().and(path, pinned)?;
            }
        }
        let Some(first) = space.plainest(path)? else { return Ok(None) };
        let customer = self.customer(&space, &self.at_first(&first, &course));
        let becomes = self.customer(&space, &self.at_first(&then, &course));
        let mut lines = self.events(way, wanted, own(&first));
        // A stage with a limit is soon left again; to one without, the way may take its time.
        let day = match (pace, wanted) {
            (Pace::Turn { days, .. }, _) => lines.len() as u64 + days,
            (_, Wanted::Stuck) => 400,
            _ => lines.len() as u64 + 1,
        };
        let hold = if pace == Pace::Late { self.task_to_hold(node) } else { None };
        lines.extend(self.changes(&customer, &becomes, node, own(&first), (day, hold)));
        Ok(Some((customer, lines)))
    }

    /// What stages set on a way and at its end, and how much of it is done when each node is left.
    fn course(&self, way: &[Step], node: Node) -> (Course<'a>, Vec<usize>) {
        let facts = (0..self.playbook.facts.len() as u32).map(FactId);
        let mut course = Course { steps: Vec::new(), stays: facts.collect() };
        let mut behind = Vec::new();
        for at in way.iter().map(|(at, _)| *at).chain([node]) {
            if let Node::Place(Place::Stage(stage)) = at {
                let mut set = Vec::new();
                assignments(&self.playbook.stages[stage.index()].body, &mut set);
                course.steps.extend(set.into_iter().map(|set| encode::Step::Set(set, self.outlook(at))));
            }
            behind.push(course.steps.len());
        }
        behind.pop();
        (course, behind)
    }

    /// What is known at first, where it is chosen what is known in the end: without what the playbook keeps, and with facts
    /// that stages set as they were before.
    fn at_first(&self, plain: &Assignment, course: &Course<'_>) -> Assignment {
        let set = course.set();
        let kept = |fact: FactId| self.playbook.facts[fact.index()].volatility == Volatility::Kept;
        let facts = plain.0.iter().filter_map(|(variable, chosen)| {
            let (variable, earlier) = match variable {
                Variable::Earlier(variable, 0) => (variable.as_ref(), true),
                Variable::Earlier(..) => return None,
                variable => (variable, false),
            };
            let at_first = match variable {
                Variable::Fact(fact, _) | Variable::Member(fact, ..) | Variable::Unknown(fact, _) => {
                    !kept(*fact) && set.contains(fact) == earlier
                }
                _ => !earlier,
            };
            at_first.then(|| (variable.clone(), *chosen))
        });
        Assignment(facts.collect())
    }

    /// Where every track of a block is at an end.
    fn over(&self, space: &mut Space<'a>, block: BlockId) -> Decided<Bdd> {
        let mut all = space.universe();
        for scope in &self.playbook.blocks[block.index()].scopes {
            let places = &self.playbook.scopes[scope.index()].places;
            for service in 0..self.playbook.services.len() as u32 {
                let service = ServiceId(service);
                let variable = Variable::Position(*scope, Whose::Of(service));
                if space.formulas().find(&variable).is_none() {
                    continue;
                }
                let mut over = match space.formulas().find(&Variable::Intended(service)) {
                    Some(id) => space.on(id)?.not(),
                    None => Bdd::FALSE,
                };
                for (at, place) in places.iter().enumerate() {
                    if matches!(place, Place::End(_)) {
                        let is = space.pinned(&variable, Chosen::Choice(at as u16))?;
                        over = space.kernel().or(over, is)?;
                    }
                }
                all = space.kernel().and(all, over)?;
            }
        }
        Ok(all)
    }

    /// The ends of the services a customer intends.
    fn positions(&self, plain: &Assignment) -> BTreeMap<(ScopeId, ServiceId), Place> {
        let mut ends = BTreeMap::new();
        for (variable, chosen) in &plain.0 {
            if let (Variable::Position(scope, Whose::Of(service)), Chosen::Choice(at)) = (variable, chosen)
                && plain.flag(&Variable::Intended(*service)) == Some(true)
                && let Some(place) = self.playbook.scopes[scope.index()].places.get(usize::from(*at))
            {
                ends.insert((*scope, *service), *place);
            }
        }
        ends
    }

    /// The events that a way and what is wanted need, one a day.
    fn events(&self, way: &[Step], wanted: Wanted<'_>, own: Option<ServiceId>) -> Vec<Json> {
        let last = match wanted {
            Wanted::Both(one, _) => Some(one),
            Wanted::Stuck | Wanted::Unmet(..) => None,
        };
        let mut lines = Vec::new();
        for id in way.iter().map(|(_, id)| *id).chain(last) {
            let transition = &self.playbook.transitions[id.index()];
            let Trigger::On(event, _) = &transition.trigger else { continue };
            let mut line = serde_json::Map::new();
            line.insert("day".to_owned(), (lines.len() as u64 + 1).into());
            let scope = self.playbook.place_scope(transition.target);
            if let Some(service) = own.filter(|_| self.playbook.scopes[scope.index()].in_service) {
                line.insert("service".to_owned(), self.playbook.services[service.index()].name.clone().into());
            }
            let name = match event {
                EventMatch::Event(event) => self.playbook.events[event.index()].name.clone(),
                EventMatch::Blocker(kinds) => {
                    if let Some(kind) = kinds.first() {
                        line.insert("kind".to_owned(), kind.clone().into());
                    }
                    "blocker".to_owned()
                }
                EventMatch::Resolved => "resolved".to_owned(),
                EventMatch::Waived => "waived".to_owned(),
                EventMatch::Escalated => "escalated".to_owned(),
            };
            line.insert("event".to_owned(), name.into());
            lines.push(Json::Object(line));
        }
        lines
    }

    /// What changes while a task of the last stage is open, and its completion.
    fn changes(
        &self,
        customer: &Customer,
        becomes: &Customer,
        node: Node,
        own: Option<ServiceId>,
        (day, hold): (u64, Option<&crate::model::Offer>),
    ) -> Vec<Json> {
        let mut lines = Vec::new();
        let machine = self.machine();
        let of = |customer: &Customer, service: Option<ServiceId>| {
            let json = crate::run::customer::to_json(machine, customer);
            match service {
                None => json,
                Some(service) => json["services"][&self.playbook.services[service.index()].name].clone(),
            }
        };
        for service in std::iter::once(None).chain(becomes.intended.iter().map(Some)) {
            let (before, after) = (of(customer, service), of(becomes, service));
            let scope = if service.is_some() { FactScope::Service } else { FactScope::Customer };
            let mut set = serde_json::Map::new();
            for fact in self.playbook.facts.iter().filter(|fact| fact.scope == scope) {
                let name = &fact.name.name;
                let value = |json: &Json, customer: &Customer| match json.get(name) {
                    Some(value) => Some(value.clone()),
                    // Left out is the default.
                    None => {
                        let facts = service.map_or(&customer.facts, |service| &customer.services[service.index()]);
                        facts[fact.slot].as_ref().and_then(|value| simple(self.playbook, fact, value))
                    }
                };
                let (before, after) = (value(&before, customer), value(&after, becomes));
                if let Some(after) = after.filter(|after| before.as_ref() != Some(after)) {
                    set.insert(name.clone(), after);
                }
            }
            if !set.is_empty() {
                let mut line = serde_json::Map::new();
                line.insert("day".to_owned(), day.into());
                if let Some(service) = service {
                    line.insert("service".to_owned(), self.playbook.services[service.index()].name.clone().into());
                }
                line.insert("set".to_owned(), Json::Object(set));
                lines.push(Json::Object(line));
            }
        }
        if let Some(offer) = hold {
            let mut line = serde_json::Map::new();
            line.insert("day".to_owned(), (day + 1).into());
            let scope = self.outlook(node);
            if let Some(service) = own.filter(|_| scope.in_service) {
                line.insert("service".to_owned(), self.playbook.services[service.index()].name.clone().into());
            }
            let task = match &self.playbook.tasks[offer.task.index()].id {
                TaskRef::Number(number) => (*number).into(),
                TaskRef::Name(name) => name.clone().into(),
            };
            line.insert("task".to_owned(), task);
            line.insert("status".to_owned(), "complete".into());
            lines.push(Json::Object(line));
        }
        lines
    }

    /// What is true of who takes a transition; of a service, where one is named, else of the track we look from.
    fn taken(&self, lowering: &mut Lowering<'a>, node: Node, id: TransitionId, of: Option<ServiceId>) -> Formula {
        let mut all = Vec::new();
        let transition = &self.playbook.transitions[id.index()];
        let look = |lowering: &mut Lowering<'a>, condition: &'a Expr| match of {
            Some(service) => lowering.condition_of(condition, service),
            None => lowering.condition(condition),
        };
        let completion = matches!(transition.trigger, Trigger::Completion(_) | Trigger::Otherwise);
        let timer = matches!(transition.trigger, Trigger::After(_) | Trigger::AfterLastRound(_));
        if completion {
            for condition in self.conditions(node) {
                all.push(look(lowering, condition).holds);
            }
        }
        if completion || timer {
            for other in self.whenever(node) {
                if let Trigger::Whenever(guard) = &self.playbook.transitions[other.index()].trigger {
                    let holds = look(lowering, guard).holds;
                    all.push(lowering.formulas().not(holds));
                }
            }
            // `otherwise` is for whom no other is, and time moves who takes none.
            let otherwise = timer || transition.trigger == Trigger::Otherwise;
            for other in self.completion(node) {
                if *other == id && !otherwise {
                    break;
                }
                if let Some(guard) = self.guard(*other) {
                    all.push(look(lowering, guard).fails);
                }
            }
        }
        if let Some(guard) = self.guard(id) {
            all.push(look(lowering, guard).holds);
        }
        lowering.formulas().all(all)
    }

    /// What is true of the services of a customer who are at these ends, along the cheapest ways there.
    fn tracks(&self, lowering: &mut Lowering<'a>, ends: &BTreeMap<(ScopeId, ServiceId), Place>) -> Option<Formula> {
        let mut all = Vec::new();
        for ((scope, service), end) in ends {
            let way = self.within(self.graph.start_node(*scope), self.graph.node(*end), &mut BTreeMap::new())?;
            for (at, id) in way {
                all.push(self.taken(lowering, at, id, Some(*service)));
            }
        }
        Some(lowering.formulas().all(all))
    }

    fn customer(&self, space: &Space<'_>, plain: &Assignment) -> Customer {
        let machine = self.machine();
        let mut customer = Customer::new(machine, "example");
        let own = own(plain);
        for service in 0..self.playbook.services.len() as u32 {
            let service = ServiceId(service);
            if own == Some(service) || plain.flag(&Variable::Intended(service)) == Some(true) {
                customer.intended = customer.intended.with(service);
            }
        }
        for variable in plain.0.keys() {
            let (fact, whose) = match variable {
                Variable::Fact(fact, whose) | Variable::Member(fact, whose, _) | Variable::Unknown(fact, whose) => {
                    (*fact, *whose)
                }
                _ => continue,
            };
            let value = plain.fact(space, fact, whose);
            let slot = self.playbook.facts[fact.index()].slot;
            match (whose, own) {
                (Whose::Customer, _) => customer.facts[slot] = value,
                (Whose::Of(service), _) | (Whose::Own, Some(service)) => {
                    customer.services[service.index()][slot] = value;
                }
                (Whose::Own, None) => {}
            }
        }
        self.dates(space, plain, own, &mut customer);
        customer
    }

    /// The date of day 0, and dates so long before it as is wanted.
    fn dates(&self, space: &Space<'_>, plain: &Assignment, own: Option<ServiceId>, customer: &mut Customer) {
        let today = match plain.0.get(&Variable::Today) {
            Some(Chosen::Number(day)) => i32::try_from(*day).ok().map(Date),
            _ => None,
        };
        let dated = plain
            .0
            .keys()
            .any(|variable| matches!(variable, Variable::Today | Variable::Elapsed(..) | Variable::Business(..)));
        if !dated {
            return;
        }
        let start = today.unwrap_or(SOME_DAY);
        customer.start = Some(start);
        for (variable, chosen) in &plain.0 {
            let (Variable::Elapsed(_, whose) | Variable::Business(_, _, whose), Chosen::Number(number)) =
                (variable, chosen)
            else {
                continue;
            };
            let Some(fact) = space.since_fact(variable) else { continue };
            let date = match variable {
                Variable::Business(unit, ..) => (0..4_000)
                    .map(|days| start.plus_days(-days))
                    .find(|date| i128::from(self.business_time(*unit, *date, start)) >= *number),
                _ => i64::try_from(*number).ok().map(|seconds| start.plus_days(-seconds.div_euclid(DAY))),
            };
            let slot = self.playbook.facts[fact.index()].slot;
            let value = date.map(Value::Date);
            match (*whose, own) {
                (Whose::Customer, _) => customer.facts[slot] = value,
                (Whose::Of(service), _) | (Whose::Own, Some(service)) => {
                    customer.services[service.index()][slot] = value;
                }
                (Whose::Own, None) => {}
            }
        }
    }

    /// What a condition finds at the beginning of a day of the business time since another.
    fn business_time(&self, unit: BusinessUnit, date: Date, today: Date) -> i64 {
        let machine = self.machine();
        let begins = |date: Date| i64::from(date.0) * DAY;
        match unit {
            BusinessUnit::Days => machine.business_days(date, today),
            BusinessUnit::Hours => {
                machine.playbook.calendar.business_time(true).between(begins(date), begins(today)) / 3_600
            }
        }
    }

    /// Follows a customer; an example where it shows what is wanted.
    fn replay(&self, customer: Customer, lines: Vec<Json>, node: Node, wanted: Wanted<'_>) -> Option<Example> {
        let machine = self.machine();
        let text = lines.iter().map(Json::to_string).collect::<Vec<String>>().join("\n");
        let (timeline, mistakes) = Timeline::read(machine, FileId(0), &text);
        let (said, more) = timeline.for_customer(&customer.id, customer.start);
        if !mistakes.is_empty() || !more.is_empty() {
            return None;
        }
        let mut eye = Eye { node, wanted, seen: false };
        let followed = follow(machine, &customer, said, &mut eye, Some(HORIZON));
        let refused = followed.findings.iter().any(|finding| finding.severity == Severity::Error);
        let shown = match wanted {
            Wanted::Both(..) | Wanted::Unmet(..) => eye.seen,
            Wanted::Stuck => followed.stop == Stop::Waiting && stuck(machine, &followed.state, node),
        };
        (shown && !refused).then(|| {
            let witness = json!({ "customer": crate::run::customer::to_json(machine, &customer), "timeline": lines });
            Example { witness, customer }
        })
    }

    /// What is known of a customer beyond the defaults, in words: `with usage 10%, plan is trial`.
    pub fn words(&self, customer: &Customer) -> String {
        const MOST: usize = 8;
        let say = |fact: &Fact, value: Option<&Value>| {
            let name = &fact.name.name;
            (value != fact.default.as_ref()).then(|| match value {
                Some(Value::YesNo(true)) => name.clone(),
                Some(Value::YesNo(false)) => format!("not {name}"),
                Some(value @ Value::Choice(_)) => format!("{name} is {}", self.playbook.show(value, &fact.kind)),
                Some(value) => format!("{name} {}", self.playbook.show(value, &fact.kind)),
                None => format!("{name} unknown"),
            })
        };
        let of = |scope: FactScope| self.playbook.facts.iter().filter(move |fact| fact.scope == scope);
        let mut words: Vec<String> =
            of(FactScope::Customer).filter_map(|fact| say(fact, customer.facts[fact.slot].as_ref())).collect();
        for service in customer.intended.iter() {
            words.push(self.playbook.services[service.index()].name.clone());
            let facts = &customer.services[service.index()];
            words.extend(of(FactScope::Service).filter_map(|fact| say(fact, facts[fact.slot].as_ref())));
        }
        if words.len() > MOST {
            let more = words.len() - MOST;
            words.truncate(MOST);
            words.push(format!("{more} more"));
        }
        if words.is_empty() { "without any fact".to_owned() } else { format!("with {}", words.join(", ")) }
    }
}

/// The track's service.
fn own(plain: &Assignment) -> Option<ServiceId> {
    match plain.0.get(&Variable::Service) {
        Some(Chosen::Choice(service)) => Some(ServiceId(u32::from(*service))),
        _ => None,
    }
}

/// A value as a timeline says it.
fn simple(playbook: &Playbook, fact: &Fact, value: &Value) -> Option<Json> {
    match value {
        Value::YesNo(yes) => Some((*yes).into()),
        Value::Number(number) if number.0 % 1_000_000 == 0 => Some((number.0 / 1_000_000).into()),
        Value::Number(_) | Value::Set(_) => None,
        Value::Text(text) => Some(text.as_ref().into()),
        _ => Some(playbook.show(value, &fact.kind).into()),
    }
}

/// Whether a variable is about the present visit, so that it says nothing of the way to it.
fn of_the_moment(variable: &Variable) -> bool {
    matches!(
        variable,
        Variable::InStage
            | Variable::Round(_)
            | Variable::Sustained(..)
            | Variable::Change(..)
            | Variable::Position(..)
            | Variable::Status(..)
            | Variable::Done(..)
            | Variable::Happened(..)
            | Variable::EndedAt(..)
    )
}

/// Who is in a set now or will be, if nothing changes but the time.
pub(in crate::check) fn sometime(space: &mut Space<'_>, set: Bdd) -> Decided<Bdd> {
    space.later(set, |variable| match variable {
        Variable::InStage | Variable::Round(_) | Variable::Sustained(..) | Variable::Change(..) => Change::Any,
        // Earlier days come to later ones.
        Variable::Today | Variable::Elapsed(..) | Variable::Business(..) => Change::Falls,
        _ => Change::Stays,
    })
}

/// Sees whether what is wanted shows.
struct Eye<'e> {
    node: Node,
    wanted: Wanted<'e>,
    seen: bool,
}

impl Observer for Eye<'_> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        self.seen |= shows(machine, state, &effect, self.node, self.wanted);
    }
}

/// Whether an effect shows what is wanted: that both transitions can be taken at a node, or that an end is come to.
fn shows(machine: &Machine, state: &State, effect: &Effect, node: Node, wanted: Wanted<'_>) -> bool {
    let (one, other) = match wanted {
        Wanted::Both(one, other) => (one, other),
        Wanted::Unmet(end, condition) => {
            return matches!(effect, Effect::Ended(track, ended)
                if *ended == end && View::of(machine, state, *track).truth(condition) == Some(false));
        }
        Wanted::Stuck => return false,
    };
    let here = |track: TrackId| {
        let track = &state.tracks[track];
        match node {
            Node::Start(scope) => track.place.is_none() && track.scope == scope,
            Node::Place(place) => track.place == Some(place),
        }
    };
    match effect {
        Effect::Ambiguous(track, id, also) if here(*track) => {
            let taken = |wanted: TransitionId| *id == wanted || also.contains(&wanted);
            taken(one) && taken(other)
        }
        Effect::Took(track, id) if here(*track) && (*id == one || *id == other) => {
            let view = View::of(machine, state, *track);
            let holds = |id: TransitionId| match &machine.playbook.transitions[id.index()].trigger {
                Trigger::Whenever(guard) | Trigger::On(_, Some(guard)) => view.truth(guard) == Some(true),
                Trigger::On(_, None) => true,
                _ => false,
            };
            holds(one) && holds(other)
        }
        _ => false,
    }
}

/// Whether order decides between the completion transitions of a node.
fn first_match(playbook: &Playbook, node: Node) -> bool {
    matches!(node, Node::Place(Place::Stage(stage)) if playbook.stages[stage.index()].first_match)
}

/// Whether a track is at a node with its work settled, and no guard of its exits is true, nor unknown but for a calculation
/// that has no result, or a fact the playbook keeps.
fn stuck(machine: &Machine, state: &State, node: Node) -> bool {
    let playbook = &machine.playbook;
    state.tracks.iter().enumerate().any(|(id, track)| {
        let (here, completion): (bool, &[TransitionId]) = match node {
            Node::Start(scope) => {
                (track.place.is_none() && track.scope == scope && track.inputs_met, machine.graph.start(scope))
            }
            Node::Place(place) => {
                let settled = match place {
                    Place::Stage(stage) => {
                        track.visit.needs_met
                            && track.visit.open.is_empty()
                            && track.visit.body.undecided.is_empty()
                            && track.visit.body.next >= playbook.stages[stage.index()].body.len()
                    }
                    Place::Block(_) => {
                        let inside = Some((id, track.visit.number));
                        !state.tracks.iter().any(|inner| inner.parent == inside && inner.active())
                    }
                    Place::End(_) => false,
                };
                (track.place == Some(place) && settled, &machine.graph.exits(place).completion)
            }
        };
        let view = View::of(machine, state, id);
        let undefined = Cell::new(false);
        let closed = |id: &TransitionId| {
            let transition = &playbook.transitions[id.index()];
            let spent = transition.limit.is_some_and(|limit| track.times_taken(*id) >= limit);
            // Where order decides, one that is unknown lets none behind it be taken.
            spent
                || undefined.get() && first_match(playbook, node)
                || crate::run::machine::guard(&transition.trigger).is_some_and(|guard| match view.truth(guard) {
                    Some(truth) => !truth,
                    None => {
                        undefined.set(true);
                        let gaps = crate::run::explain::gaps(view, guard);
                        gaps.iter().all(|(gap, _)| match gap {
                            Gap::Undefined(_) => true,
                            // Nobody but a stage makes it known.
                            Gap::Fact(_, fact) => playbook.facts[fact.index()].volatility == Volatility::Kept,
                        })
                    }
                })
        };
        let otherwise = |id: &&TransitionId| playbook.transitions[id.index()].trigger == Trigger::Otherwise;
        let guarded = completion.iter().filter(|id| !otherwise(id)).all(&closed);
        // `otherwise` waits as long as another condition is unknown.
        let rest = completion.iter().filter(otherwise).all(|id| undefined.get() || closed(id));
        track.active() && here && guarded && rest
    })
}
