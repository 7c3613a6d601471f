//! Example customers: who shows a finding about guards, followed by the interpreter before anybody sees it.
//!
//! First a customer whose facts are the same from day 0 on and lead along a short way to the place; then whoever
//! [`crate::verify::find`] comes upon.

use crate::diagnostic::Severity;
use crate::graph::{EdgeClass, Node, StateGraph};
use crate::model::{
    BlockId, EventMatch, Expr, Fact, FactScope, Place, Playbook, ScopeId, ServiceId, TaskRef, TransitionId, Trigger,
    Work,
};
use crate::run::evaluate::View;
use crate::run::event::{Effect, Observer};
use crate::run::journey::Stop;
use crate::run::state::{State, TrackId};
use crate::run::timeline::{Timeline, follow};
use crate::run::{Customer, Machine};
use crate::source::FileId;
use crate::value::{DAY, Date, Value};
use crate::verify::encode::formula::{Domain, Formula, Variable, Whose};
use crate::verify::encode::{Assignment, Change, Chosen, Lowering, Outlook, Space};
use crate::verify::kernel::{Bdd, Decided};
use crate::verify::known::Setting;
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::EdgeRef;
use serde_json::{Value as Json, json};
use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};

/// What a customer is to show at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) enum Wanted {
    /// Nothing moves any more, with work and needs settled.
    Stuck,
    /// Both transitions can be taken at the same moment.
    Both(TransitionId, TransitionId),
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
}

/// Customers tried for a whole playbook, and ways for one finding.
const TRIES: usize = 1_500;
const WAYS: usize = 8;
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
        Examples { playbook, graph, machine: OnceCell::new(), left: Cell::new(TRIES) }
    }

    pub fn machine(&self) -> &Machine {
        self.machine.get_or_init(|| Machine::new(self.playbook.clone()))
    }

    /// A customer who shows it at a node; none where none was found.
    pub fn find(&self, setting: &Setting<'a>, node: Node, wanted: Wanted) -> Option<Example> {
        let (mut penalties, mut tried) = (BTreeMap::new(), BTreeSet::new());
        for _ in 0..WAYS {
            let left = self.left.get().checked_sub(1)?;
            self.left.set(left);
            let way = self.way(node, &mut penalties)?;
            if !tried.insert(way.clone()) {
                continue;
            }
            for late in [false, true] {
                if late && self.task_to_hold(node).is_none() {
                    continue;
                }
                let Ok(Some((customer, lines))) = self.along(setting, &way, node, wanted, late, None) else { continue };
                if let Some(example) = self.replay(customer, lines, node, wanted) {
                    return Some(example);
                }
            }
        }
        None
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

    /// The customer whose facts lead along a way and show it at its end, with what is said meanwhile. Where it is `late`,
    /// what can change changes at the end of the way, while a task is open.
    fn along(
        &self,
        setting: &Setting<'a>,
        way: &[Step],
        node: Node,
        wanted: Wanted,
        late: bool,
        ends: Option<&BTreeMap<(ScopeId, ServiceId), Place>>,
    ) -> Decided<Option<(Customer, Vec<Json>)>> {
        let prepared = setting.prepared;
        let mut lowering = Lowering::new(prepared, self.outlook(node));
        for (at, _) in way.iter().copied().chain([(node, TransitionId(0))]) {
            let guards = self.completion(at).iter().copied().chain(self.whenever(at)).filter_map(|id| self.guard(id));
            guards.chain(self.conditions(at)).for_each(|condition| lowering.ask(condition));
        }
        let mut steps = Vec::new();
        for (at, id) in way {
            lowering.move_to(self.outlook(*at));
            steps.push(self.taken(&mut lowering, *at, *id, None));
        }
        lowering.move_to(self.outlook(node));
        let needs: Vec<Formula> =
            self.conditions(node).into_iter().map(|condition| lowering.condition(condition).holds).collect();
        let holds = |lowering: &mut Lowering<'a>, id: TransitionId| {
            self.guard(id).map_or(Formula::TRUE, |guard| lowering.condition(guard).holds)
        };
        let mut inner = Vec::new();
        let (both, ways_out) = match wanted {
            Wanted::Both(one, other) => (vec![holds(&mut lowering, one), holds(&mut lowering, other)], Vec::new()),
            Wanted::Stuck => {
                let ids = self.completion(node).iter().copied().chain(self.whenever(node));
                let ids = ids.filter(|id| !setting.may_be_spent(*id, node)).filter(|id| {
                    matches!(
                        self.playbook.transitions[id.index()].trigger,
                        Trigger::Completion(_) | Trigger::Whenever(_)
                    )
                });
                (Vec::new(), ids.map(|id| holds(&mut lowering, id)).collect())
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
                return self.along(setting, way, node, wanted, false, Some(&at));
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
        if !late {
            let set = space.kernel().and(path, end)?;
            let Some(plain) = space.plainest(set)? else { return Ok(None) };
            let customer = self.customer(&space, &plain);
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
        let (customer, becomes) = (self.customer(&space, &first), self.customer(&space, &then));
        let mut lines = self.events(way, wanted, own(&first));
        // A stage with a limit is soon left again; to one without, the way may take its time.
        let day = if wanted == Wanted::Stuck { 400 } else { lines.len() as u64 + 1 };
        lines.extend(self.changes(&customer, &becomes, node, own(&first), day));
        Ok(Some((customer, lines)))
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
    fn events(&self, way: &[Step], wanted: Wanted, own: Option<ServiceId>) -> Vec<Json> {
        let last = match wanted {
            Wanted::Both(one, _) => Some(one),
            Wanted::Stuck => None,
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
        day: u64,
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
        if let Some(offer) = self.task_to_hold(node) {
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
            .any(|variable| matches!(variable, Variable::Today | Variable::Elapsed(..) | Variable::BusinessDays(..)));
        if !dated {
            return;
        }
        let start = today.unwrap_or(SOME_DAY);
        customer.start = Some(start);
        for (variable, chosen) in &plain.0 {
            let (Variable::Elapsed(_, whose) | Variable::BusinessDays(_, whose), Chosen::Number(number)) =
                (variable, chosen)
            else {
                continue;
            };
            let Some(fact) = space.since_fact(variable) else { continue };
            let date = match variable {
                Variable::BusinessDays(..) => (0..4_000)
                    .map(|days| start.plus_days(-days))
                    .find(|date| i128::from(self.machine().business_days(*date, start)) >= *number),
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

    /// Follows a customer; an example where it shows what is wanted.
    fn replay(&self, customer: Customer, lines: Vec<Json>, node: Node, wanted: Wanted) -> Option<Example> {
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
            Wanted::Both(..) => eye.seen,
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
        Variable::Today | Variable::Elapsed(..) | Variable::BusinessDays(..) => Change::Falls,
        _ => Change::Stays,
    })
}

/// Sees whether both transitions can be taken at the same moment.
struct Eye {
    node: Node,
    wanted: Wanted,
    seen: bool,
}

impl Eye {
    fn here(&self, state: &State, track: TrackId) -> bool {
        let track = &state.tracks[track];
        match self.node {
            Node::Start(scope) => track.place.is_none() && track.scope == scope,
            Node::Place(place) => track.place == Some(place),
        }
    }
}

impl Observer for Eye {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        let Wanted::Both(one, other) = self.wanted else { return };
        match effect {
            Effect::Ambiguous(track, id, also) if self.here(state, track) => {
                let taken = |wanted: TransitionId| id == wanted || also.contains(&wanted);
                self.seen |= taken(one) && taken(other);
            }
            Effect::Took(track, id) if self.here(state, track) && (id == one || id == other) => {
                let view = View::of(machine, state, track);
                let transition = |id: TransitionId| &machine.playbook.transitions[id.index()];
                let holds = |id: TransitionId| match &transition(id).trigger {
                    Trigger::Whenever(guard) | Trigger::On(_, Some(guard)) => view.truth(guard) == Some(true),
                    Trigger::On(_, None) => true,
                    _ => false,
                };
                self.seen |= holds(one) && holds(other);
            }
            _ => {}
        }
    }
}

/// Whether a track is at a node with its work settled, and no guard of its exits is true or unknown.
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
        track.active()
            && here
            && completion.iter().all(|id| {
                let transition = &playbook.transitions[id.index()];
                let spent = transition.limit.is_some_and(|limit| track.times_taken(*id) >= limit);
                spent
                    || crate::run::machine::guard(&transition.trigger)
                        .is_some_and(|guard| view.truth(guard) == Some(false))
            })
    })
}
