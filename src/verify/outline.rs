//! What can be proved without following anybody: from what is known of every customer at each place.
//!
//! [`Known`] says of each place what all have in common who are there. Where nobody of these breaks a claim, nobody does; so
//! much of a playbook of a thousand stages is decided that cannot be seen situation by situation. Nothing is refuted here,
//! and what is not proved here has to be looked at more closely.
//!
//! Facts count as unknown wherever they can be ([`Prepared::cautious`]): who waits because a fact is unknown is there too.

use super::encode::formula::{Variable, Whose};
use super::encode::{Lowering, Outlook, Prepared, Space};
use super::explore::domain::of_property;
use super::kernel::{Bdd, Decided};
use super::known::{Known, Site};
use super::services::re_entered;
use crate::graph::{EdgeClass, Node};
use crate::model::property::{Assumption, Claim, Occurrence, Property};
use crate::model::{
    Atom, CUSTOMER, Expr, FactScope, Node as Part, Origin, Place, Playbook, ScopeId, ScopeKind, StageId, TransitionId,
    Trigger, Volatility,
};
use crate::run::{Machine, clock};
use crate::value::Duration;
use petgraph::algo::is_cyclic_directed;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::{BTreeMap, BTreeSet};

/// Of more places on rounds it is not worked out which of them are passed once.
const MOST_ON_ROUNDS: usize = 32;

/// What is known at each place of a playbook, ready to be asked.
#[derive(Debug)]
pub struct Outline<'a> {
    machine: &'a Machine,
    known: Known<'a>,
}

/// What can be proved of a playbook as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ends {
    /// Every customer can come to an end.
    pub can: bool,
    /// Every customer does, if all do their part.
    pub does: bool,
}

impl<'a> Outline<'a> {
    /// Of a playbook whose conditions, and those that will be asked about, were looked through with
    /// [`Prepared::cautious`].
    #[must_use]
    pub fn new(machine: &'a Machine, prepared: &'a Prepared<'a>, budget: usize) -> Outline<'a> {
        Outline::until(machine, prepared, budget, &|| false)
    }

    /// The same, asking this whether to stop: if so, nothing is proved.
    #[must_use]
    pub fn until(
        machine: &'a Machine,
        prepared: &'a Prepared<'a>,
        budget: usize,
        stop: &dyn Fn() -> bool,
    ) -> Outline<'a> {
        Outline { machine, known: Known::until(prepared, &machine.graph, budget, stop) }
    }

    fn playbook(&self) -> &'a Playbook {
        &self.machine.playbook
    }

    /// How many places somebody may come to.
    #[must_use]
    pub fn places(&self) -> u64 {
        let graph = self.machine.graph.graph();
        graph.node_weights().filter(|node| self.known.entry(**node).is_some()).count() as u64
    }

    /// Stages that nobody can come to.
    #[must_use]
    pub fn unreachable(&self) -> BTreeSet<StageId> {
        if self.known.stopped {
            return BTreeSet::new();
        }
        let stages = (0..self.playbook().stages.len()).map(|index| StageId(index as u32));
        stages.filter(|stage| self.known.entry(Node::Place(Place::Stage(*stage))).is_none()).collect()
    }

    /// Whether what is known suffices to prove a property.
    #[must_use]
    pub fn proves(&self, property: &Property) -> bool {
        let mut conditions: Vec<&Expr> = Vec::new();
        of_property(property, &mut |condition| conditions.push(condition));
        let scopes = self.watched(property);
        if self.known.stopped || scopes.iter().any(|scope| !self.plain(*scope, property, &conditions)) {
            return false;
        }
        let proved = scopes.iter().map(|scope| match &property.claim {
            Claim::Never(condition, other) => self.nowhere(*scope, property, (condition, true), other.as_ref()),
            Claim::Always(condition, other) => self.nowhere(*scope, property, (condition, false), other.as_ref()),
            Claim::Before(first, second) => self.comes_before(*scope, property, first, second),
            Claim::AtMost(what, most) => Ok(self.at_most(*scope, what, *most)),
            Claim::Eventually(..) | Claim::Followed(..) => Ok(false),
        });
        proved.into_iter().all(|proved| proved == Ok(true))
    }

    /// The scopes whose tracks a property is watched on.
    fn watched(&self, property: &Property) -> Vec<ScopeId> {
        if !property.of_service {
            return vec![CUSTOMER];
        }
        let scopes = (0..self.playbook().scopes.len()).map(|index| ScopeId(index as u32));
        scopes.filter(|scope| self.playbook().scopes[scope.index()].kind == ScopeKind::EachService).collect()
    }

    /// Whether the tracks of a scope are seen in stable moments only where they are, and as they are there. One that is
    /// cut short is seen at no place; one that has ended sees the customer where the same instant leads.
    fn plain(&self, scope: ScopeId, property: &Property, conditions: &[&Expr]) -> bool {
        if scope == CUSTOMER {
            return true;
        }
        let playbook = self.playbook();
        let mut at = scope;
        while let Some(block) = playbook.scopes[at.index()].block {
            let exits = self.machine.graph.exits(Place::Block(block));
            if !(exits.whenever.is_empty() && exits.on.is_empty() && exits.after.is_empty()) {
                return false;
            }
            at = playbook.blocks[block.index()].scope;
        }
        let mut own = true;
        let mut look = |part: &Expr| {
            if let Part::Atom(Atom::At(places)) = &part.node {
                own &= places.iter().all(|place| playbook.place_scope(*place) == scope);
            }
        };
        conditions.iter().for_each(|expr| super::explore::domain::deep(playbook, expr, &mut look));
        own && property.of_service && !re_entered(playbook)
    }

    /// The nodes of a scope that somebody may come to, its start among them.
    fn nodes(&self, scope: ScopeId) -> Vec<Node> {
        let places = self.playbook().scopes[scope.index()].places.iter().map(|place| Node::Place(*place));
        let all = std::iter::once(Node::Start(scope)).chain(places);
        all.filter(|node| self.known.entry(*node).is_some()).collect()
    }

    /// Whether a condition is true, or is not, where another one is true, at no stable moment.
    fn nowhere(
        &self,
        scope: ScopeId,
        property: &Property,
        (condition, truth): (&Expr, bool),
        other: Option<&Expr>,
    ) -> Decided<bool> {
        for node in self.nodes(scope) {
            if self.possible(scope, node, property, (condition, truth), other)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether that may be so at a stable moment at this place.
    fn possible(
        &self,
        scope: ScopeId,
        node: Node,
        property: &Property,
        (condition, truth): (&Expr, bool),
        other: Option<&Expr>,
    ) -> Decided<bool> {
        let assumed = property.assumptions.iter().filter_map(|known| match known {
            Assumption::Condition(condition) => Some(condition),
            _ => None,
        });
        let positive: Vec<&Expr> = other.into_iter().chain(assumed).collect();
        let mut all = vec![condition];
        all.extend(&positive);
        if let Node::Place(Place::End(_)) = node {
            return self.possible_at_end(scope, node, &all, truth);
        }
        let Some((mut site, ways)) = self.known.site_with(node, &all)? else { return Ok(false) };
        let mut sets = vec![site.any];
        for (at, way) in ways.iter().enumerate() {
            // What is unknown is not true.
            sets.push(if at > 0 || truth { way.holds } else { way.holds.not() });
        }
        // Who is to leave at once is seen by nobody, unless the track goes round in no time and stops.
        for way in site.whenever.clone() {
            if !way.may_be_spent && self.leaves_for_good(scope, node, way.transition) {
                sets.push(way.holds.not());
            }
        }
        let set = site.space.kernel().all(sets)?;
        site.space.satisfiable(set)
    }

    /// At an end: at the instant in which a track comes there.
    fn possible_at_end(&self, scope: ScopeId, node: Node, conditions: &[&Expr], truth: bool) -> Decided<bool> {
        let Some(facts) = self.known.at_end(node, scope) else { return Ok(false) };
        let Node::Place(place) = node else { return Ok(true) };
        let mut lowering = Lowering::new(self.known.setting.prepared, Outlook::place(self.playbook(), place));
        conditions.iter().for_each(|condition| lowering.ask(condition));
        let ways = self.steady_ways(scope, place);
        ways.iter().flatten().for_each(|guard| lowering.ask(guard));
        let truths: Vec<_> = conditions.iter().map(|condition| lowering.condition(condition)).collect();
        let guards: Option<Vec<_>> = ways.map(|ways| ways.into_iter().map(|guard| lowering.condition(guard)).collect());
        let entry = facts.formula(lowering.formulas());
        let mut space = Space::new(lowering, self.known.setting.budget)?;
        let mut sets = vec![space.universe(), space.set(entry)?];
        for (at, known) in truths.iter().enumerate() {
            let holds = space.set(known.holds)?;
            sets.push(if at > 0 || truth { holds } else { holds.not() });
        }
        if let Some(guards) = guards {
            // Whoever is here has just come by one of them.
            let mut any = Vec::new();
            for guard in guards {
                any.push(space.set(guard.holds)?);
            }
            sets.push(space.kernel().any(any)?);
        }
        let set = space.kernel().all(sets)?;
        space.satisfiable(set)
    }

    /// The conditions on the ways to an end of the customer or of a service's track, where each way has one that is as true at
    /// the end as it was when it was taken. Of the customer: all tracks are over by then, nothing is set in between, and it
    /// looks at nothing that the way changes. Of a track: facts of its service are seen as they were then, and of the
    /// customer's it looks only at such as no stage sets.
    fn steady_ways(&self, scope: ScopeId, end: Place) -> Option<Vec<&Expr>> {
        let playbook = self.playbook();
        if scope != CUSTOMER && playbook.scopes[scope.index()].kind != ScopeKind::EachService {
            return None;
        }
        let ways = playbook.transitions.iter().filter(|transition| transition.target == end);
        ways.map(|transition| {
            let Trigger::Completion(Some(guard)) = &transition.trigger else { return None };
            let written = matches!(transition.origin, Origin::Stage(_) | Origin::Block(_));
            (written && self.is_steady(scope, guard)).then_some(guard)
        })
        .collect()
    }

    fn is_steady(&self, scope: ScopeId, guard: &Expr) -> bool {
        let playbook = self.playbook();
        let mut steady = true;
        let mut look = |part: &Expr| {
            if let Part::Atom(atom) = &part.node {
                steady &= match atom {
                    Atom::Fact(fact) | Atom::Unknown(fact) => {
                        scope == CUSTOMER
                            || playbook.facts[fact.index()].scope == FactScope::Service
                            || !self.known.setting.is_set(*fact)
                    }
                    Atom::Service | Atom::ThisService => scope != CUSTOMER,
                    Atom::At(places) => {
                        scope == CUSTOMER
                            && places
                                .iter()
                                .all(|place| playbook.scopes[playbook.place_scope(*place).index()].in_service)
                    }
                    Atom::Sustained(id) => {
                        scope != CUSTOMER && self.is_steady(scope, &playbook.sustained[id.index()].condition)
                    }
                    _ => false,
                };
            }
            // What is said of all services is seen from elsewhere.
            steady &= scope == CUSTOMER || !matches!(part.node, Part::Quantified(..));
        };
        super::explore::domain::deep(playbook, guard, &mut look);
        steady
    }

    /// Whether a `whenever` that is true is taken at once, whatever happened before: nobody comes back by it, and it waits
    /// for no clock, which may be due and not followed yet.
    fn leaves_for_good(&self, scope: ScopeId, node: Node, transition: TransitionId) -> bool {
        let playbook = self.playbook();
        let transition = &playbook.transitions[transition.index()];
        let Trigger::Whenever(guard) = &transition.trigger else { return false };
        if super::services::looks_at_time(playbook, &[guard]) {
            return false;
        }
        let from = Node::Place(transition.target);
        from != node && !self.ways_from(scope, from, &|_| false).contains(&node)
    }

    /// Where a track may come to from a node of its scope, the node itself left out unless it comes back; places that
    /// `closed` names are not entered.
    fn ways_from(&self, scope: ScopeId, from: Node, closed: &dyn Fn(Node) -> bool) -> BTreeSet<Node> {
        let graph = &self.machine.graph;
        let (mut seen, mut left) = (BTreeSet::new(), vec![from]);
        while let Some(node) = left.pop() {
            let index = match node {
                Node::Start(known) => graph.start_node(known),
                Node::Place(place) => graph.node(place),
            };
            let mut taken: Vec<TransitionId> =
                graph.graph().edges(index).map(|edge| edge.weight().transition).collect();
            if let Node::Start(_) = node {
                // What is written on the whole scope holds before anybody is anywhere, too.
                taken.extend(&self.playbook().scopes[scope.index()].everywhere);
            }
            taken.retain(|transition| !self.known.never.contains(&(node, *transition)));
            for transition in taken {
                let target = Node::Place(self.playbook().transitions[transition.index()].target);
                if self.known.entry(target).is_some() && !closed(target) && seen.insert(target) {
                    left.push(target);
                }
            }
        }
        seen
    }

    /// The places an occurrence is about, where coming to one of them in this scope is all it is.
    fn entered(&self, scope: ScopeId, what: &Occurrence) -> Option<Vec<Node>> {
        let Occurrence::Condition(condition) = what else { return None };
        let Part::Atom(Atom::At(places)) = &condition.node else { return None };
        let own = places.iter().all(|place| self.playbook().place_scope(*place) == scope);
        own.then(|| places.iter().map(|place| Node::Place(*place)).collect())
    }

    fn comes_before(
        &self,
        scope: ScopeId,
        property: &Property,
        first: &Occurrence,
        second: &Occurrence,
    ) -> Decided<bool> {
        let Some(first) = self.entered(scope, first) else {
            return match (first, self.entered(scope, second)) {
                (Occurrence::Condition(first), Some(second)) => self.true_on_entry(scope, first, &second),
                _ => Ok(false),
            };
        };
        let mut without = self.ways_from(scope, Node::Start(scope), &|node| first.contains(&node));
        without.insert(Node::Start(scope));
        if let Some(second) = self.entered(scope, second) {
            return Ok(!second.iter().any(|node| without.contains(node)));
        }
        let Occurrence::Condition(condition) = second else { return Ok(false) };
        if matches!(condition.node, Part::Atom(Atom::At(_) | Atom::Happened(_) | Atom::DoneTask(_))) {
            return Ok(false);
        }
        for node in without {
            if self.possible(scope, node, property, (condition, true), None)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a condition on facts is true whenever somebody enters one of these places of a scope: on each way there.
    fn true_on_entry(&self, scope: ScopeId, condition: &Expr, places: &[Node]) -> Decided<bool> {
        let playbook = self.playbook();
        let mut of_facts = true;
        let mut look = |part: &Expr| {
            if let Part::Atom(atom) = &part.node {
                of_facts &= matches!(atom, Atom::Fact(_) | Atom::Unknown(_) | Atom::Service | Atom::ThisService);
            }
            of_facts &= !matches!(part.node, Part::Quantified(..));
        };
        super::explore::domain::deep(playbook, condition, &mut look);
        if !of_facts {
            return Ok(false);
        }
        let leads = |id: TransitionId| places.contains(&Node::Place(playbook.transitions[id.index()].target));
        for node in self.nodes(scope) {
            let Some((mut site, truths)) = self.known.site_with(node, &[condition])? else { continue };
            let ways = site.whenever.iter().chain(&site.on).chain(&site.completion).chain(&site.otherwise);
            let mut taken: Vec<Bdd> = ways.filter(|way| leads(way.transition)).map(|way| way.holds).collect();
            taken.extend(site.after.iter().filter(|id| leads(**id)).map(|_| Bdd::TRUE));
            let taken = site.space.kernel().any(taken)?;
            let (any, fails) = (site.any, truths[0].holds.not());
            let set = site.space.kernel().all([any, taken, fails])?;
            if site.space.satisfiable(set)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether places are entered so often at most: each of them is passed once, or some of them never.
    fn at_most(&self, scope: ScopeId, what: &Occurrence, most: u32) -> bool {
        let Some(places) = self.entered(scope, what) else { return false };
        let reached: BTreeSet<Node> = places.into_iter().filter(|node| self.known.entry(*node).is_some()).collect();
        let once =
            |node: &Node| !self.ways_from(scope, *node, &|_| false).contains(node) || !self.known.comes_again(*node);
        reached.len() <= most as usize && reached.iter().all(once)
    }

    /// Whether every customer can come to an end, and does: everybody who is done somewhere goes on, and goes round only so
    /// often.
    #[must_use]
    pub fn ends(&self) -> Ends {
        let playbook = self.playbook();
        let unset = |fact: &crate::model::Fact| fact.volatility == Volatility::Kept && fact.default.is_none();
        let no_time = |known: &crate::model::Transition| {
            matches!(known.trigger, Trigger::After(crate::model::Length::Time(Duration(..=0))))
        };
        if !clock::covers(self.machine)
            || playbook.transitions.iter().any(no_time)
            || playbook.facts.iter().any(unset)
            || self.known.stopped
            || !self.known.undecided.is_empty()
            || !self.goes_round_only_so_often()
        {
            return Ends::default();
        }
        let mut held = false;
        for scope in (0..playbook.scopes.len()).map(|index| ScopeId(index as u32)) {
            for node in self.nodes(scope) {
                match self.goes_on(node) {
                    Ok(true) => {}
                    Ok(false) | Err(_) => return Ends::default(),
                }
                held |= self.can_be_met(scope, node) != Ok(true);
            }
        }
        Ends { can: !held, does: true }
    }

    /// Whether key inputs and needs at a node can be met whatever else is so: they look only at facts that may become
    /// anything at any time.
    fn can_be_met(&self, scope: ScopeId, node: Node) -> Decided<bool> {
        let playbook = self.playbook();
        let mut conditions: Vec<&Expr> =
            playbook.scopes[scope.index()].inputs.iter().filter_map(|input| input.condition.as_ref()).collect();
        if let Node::Place(Place::Stage(stage)) = node {
            conditions.extend(playbook.stages[stage.index()].needs.iter().map(|needs| &needs.condition));
        }
        if conditions.is_empty() || matches!(node, Node::Place(Place::End(_) | Place::Block(_))) {
            return Ok(true);
        }
        let mut live = true;
        let mut look = |part: &Expr| match &part.node {
            Part::Atom(Atom::Fact(fact) | Atom::Unknown(fact)) => {
                live &= playbook.facts[fact.index()].volatility == Volatility::Live
            }
            Part::Atom(_) | Part::Quantified(..) => live = false,
            _ => {}
        };
        conditions.iter().for_each(|condition| super::explore::domain::deep(playbook, condition, &mut look));
        if !live {
            return Ok(false);
        }
        let Some(mut site) = self.known.site(node)? else { return Ok(true) };
        let all: Vec<Bdd> = site.inputs.iter().chain(&site.needs).copied().collect();
        let met = site.space.kernel().all(all)?;
        let universe = site.space.universe();
        let met = site.space.kernel().and(met, universe)?;
        // What is known stays known: they are to be met with all facts known.
        let met = self.all_known(&mut site, met)?;
        site.space.satisfiable(met)
    }

    /// Whether everybody who is done at a node goes on, once all is known that can become known.
    fn goes_on(&self, node: Node) -> Decided<bool> {
        let playbook = self.playbook();
        let limit = |id: &TransitionId| {
            let known = &playbook.transitions[id.index()];
            matches!(known.trigger, Trigger::After(_)) && known.limit.is_none()
        };
        let exits = match node {
            Node::Place(Place::End(_)) => return Ok(true),
            Node::Start(_) => None,
            Node::Place(place) => Some(self.machine.graph.exits(place)),
        };
        if exits.is_some_and(|exits| exits.after.iter().any(limit)) {
            return Ok(true);
        }
        let Some(mut site) = self.known.site(node)? else { return Ok(true) };
        let decided = site.decided;
        let mut left = site.left_over(decided, true)?;
        left = self.all_known(&mut site, left)?;
        Ok(!site.space.satisfiable(left)?)
    }

    /// Those of a set of whom all facts are known that are looked at.
    fn all_known(&self, site: &mut Site<'_>, mut set: Bdd) -> Decided<Bdd> {
        let unknown: Vec<_> = site
            .space
            .formulas()
            .variables()
            .filter(|(_, variable, _)| matches!(variable, Variable::Unknown(_, Whose::Own | Whose::Customer)))
            .map(|(id, ..)| id)
            .collect();
        for id in unknown {
            let flag = site.space.on(id)?;
            set = site.space.kernel().and(set, flag.not())?;
        }
        Ok(set)
    }

    /// Whether nobody goes round for ever, nor in no time: without transitions that are bounded, and without what only
    /// happens so often, every way ends; and so does every way that takes no time.
    fn goes_round_only_so_often(&self) -> bool {
        let playbook = self.playbook();
        let graph = self.machine.graph.graph();
        let once = self.passed_once();
        let acyclic = |kept: &dyn Fn(EdgeClass, TransitionId) -> bool| {
            let mut plain: DiGraph<(), ()> = DiGraph::new();
            let mut numbers: BTreeMap<usize, NodeIndex> = BTreeMap::new();
            for index in graph.node_indices() {
                numbers.insert(index.index(), plain.add_node(()));
            }
            for index in graph.node_indices() {
                let node = graph[index];
                for edge in graph.edges(index) {
                    let (class, transition) = (edge.weight().class, edge.weight().transition);
                    let taken = self.known.entry(node).is_some() && !self.known.never.contains(&(node, transition));
                    let again = ![index, edge.target()].iter().any(|index| once.contains(index));
                    if taken && again && kept(class, transition) {
                        plain.add_edge(numbers[&index.index()], numbers[&edge.target().index()], ());
                    }
                }
            }
            !is_cyclic_directed(&plain)
        };
        let bounded = |transition: TransitionId| playbook.transitions[transition.index()].limit.is_some();
        let event = |class: EdgeClass| matches!(class, EdgeClass::On);
        let timed = |class: EdgeClass| matches!(class, EdgeClass::After | EdgeClass::On);
        acyclic(&|class, transition| !bounded(transition) && !event(class)) && acyclic(&|class, _| !timed(class))
    }

    /// Places on a round that nobody comes to twice. Where there are many rounds none are looked for.
    fn passed_once(&self) -> BTreeSet<petgraph::stable_graph::NodeIndex> {
        let graph = self.machine.graph.graph();
        let rounds = petgraph::algo::tarjan_scc(graph).into_iter().filter(|component| component.len() > 1);
        let on_rounds: Vec<_> = rounds.flatten().filter(|index| self.known.entry(graph[*index]).is_some()).collect();
        if on_rounds.len() > MOST_ON_ROUNDS {
            return BTreeSet::new();
        }
        on_rounds.into_iter().filter(|index| !self.known.comes_again(graph[*index])).collect()
    }
}
