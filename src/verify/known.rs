//! What is known of a customer at each place, whatever way led there: a forward over-approximation.
//!
//! From the starts along every transition goes what its guard says of each fact. A fact that may change while time passes
//! is then forgotten as far as it can change; within one instant it is not. What is impossible by this is impossible;
//! what is possible has to be shown by a customer.
//!
//! Taken for granted: values are not corrected against the rule of their facts.

mod site;
#[cfg(test)]
mod tests;

pub use crate::verify::encode::{Facts, Values};
pub use site::{Site, Way};

use crate::graph::{Node, StateGraph};
use crate::model::Node as Part;
use crate::model::{
    Assignment, Atom, BlockId, FactId, FactScope, Place, Playbook, ScopeId, ScopeKind, ServiceId, StageId,
    TransitionId, Trigger, Volatility, Work,
};
use crate::value::Value;
use crate::verify::encode::formula::{Variable, Whose};
use crate::verify::encode::{Change, Course, Outlook, Prepared, Step, assignments, reads};
use crate::verify::kernel::{Bdd, Decided};
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::{Dfs, EdgeRef};
use std::collections::{BTreeMap, BTreeSet};

/// What all places have in common when they are looked at.
#[derive(Debug)]
pub struct Setting<'a> {
    /// The playbook, prepared.
    pub prepared: &'a Prepared<'a>,
    /// Its graph.
    pub graph: &'a StateGraph,
    /// By fact: the scopes whose stages set it.
    setters: Vec<BTreeSet<ScopeId>>,
    /// By transition with a limit: the nodes that can be reached once it was taken.
    behind: BTreeMap<TransitionId, BTreeSet<NodeIndex>>,
    /// By end: what is known there; none where nobody gets.
    ends: Vec<Option<Facts>>,
    /// Stages that go on where they were left: what they set before is not set again.
    resumed: BTreeSet<StageId>,
    /// Every assignment of a stage's own work, in order.
    assignments: Vec<&'a Assignment>,
    /// So many nodes of diagrams may be made for each place.
    pub budget: usize,
}

/// What is known at each place.
#[derive(Debug)]
pub struct Known<'a> {
    /// What all places have in common.
    pub setting: Setting<'a>,
    /// By node: what is known on entry; none where nobody gets.
    entry: Vec<Option<Facts>>,
    /// Places that were not decided within the budget.
    pub undecided: BTreeSet<Node>,
    /// Transitions that nobody takes.
    pub never: BTreeSet<(Node, TransitionId)>,
    /// Whether somebody asked to stop before all was worked out: then nothing follows from what is known.
    pub stopped: bool,
}

/// A node is looked at so often before what still changes there is given up.
const PATIENCE: usize = 12;

impl<'a> Known<'a> {
    /// Works out what is known.
    #[must_use]
    pub fn new(prepared: &'a Prepared<'a>, graph: &'a StateGraph, budget: usize) -> Known<'a> {
        Known::until(prepared, graph, budget, &|| false)
    }

    /// The same, asking this whether to stop.
    #[must_use]
    pub fn until(
        prepared: &'a Prepared<'a>,
        graph: &'a StateGraph,
        budget: usize,
        stop: &dyn Fn() -> bool,
    ) -> Known<'a> {
        let mut known = Known::nowhere(Setting::new(prepared, graph, budget));
        let start = graph.start_node(crate::model::CUSTOMER);
        known.entry[start.index()] = Some(known.setting.at_first());
        known.follow(start, false, stop);
        known
    }

    fn nowhere(setting: Setting<'a>) -> Known<'a> {
        let count = setting.graph.graph().node_count();
        Known { setting, entry: vec![None; count], undecided: BTreeSet::new(), never: BTreeSet::new(), stopped: false }
    }

    /// Whether somebody who comes to a place may come there again.
    #[must_use]
    pub fn comes_again(&self, node: Node) -> bool {
        if self.stopped {
            return true;
        }
        let Some(facts) = self.entry(node).cloned() else { return false };
        let ends = self.setting.ends.clone();
        let setting = Setting::new(self.setting.prepared, self.setting.graph, self.setting.budget);
        let mut again = Known::nowhere(Setting { ends, ..setting });
        let home = self.index(node);
        again.entry[home.index()] = Some(facts);
        again.follow(home, true, &|| false)
    }

    /// Goes on from a node, on which something is known, until nothing more changes. Where the question is whether it is come
    /// to again, ends there, and says whether it is.
    fn follow(&mut self, first: NodeIndex, again: bool, stop: &dyn Fn() -> bool) -> bool {
        let (playbook, graph) = (self.setting.prepared.playbook, self.setting.graph);
        let (order, rank) = order(playbook, graph);
        let mut waiting = BTreeSet::from([rank[first.index()]]);
        let mut visits = vec![0_usize; graph.graph().node_count()];
        while let Some(next) = waiting.pop_first() {
            if stop() {
                self.stopped = true;
                break;
            }
            let index = order[next];
            visits[index.index()] += 1;
            let Some(Node::Start(_) | Node::Place(Place::Stage(_) | Place::Block(_))) =
                graph.graph().node_weight(index)
            else {
                continue;
            };
            for (target, facts) in self.leave(index) {
                if again && target == first {
                    return true;
                }
                let at = target.index();
                let joined = match &self.entry[at] {
                    None => facts,
                    // Nothing is known: nothing more can be forgotten.
                    Some(before) if before.0.is_empty() => continue,
                    Some(before) => {
                        let mut joined = before.join(&facts);
                        if visits[at] > PATIENCE {
                            joined.0.retain(|variable, values| before.0.get(variable) == Some(values));
                        }
                        joined
                    }
                };
                if self.entry[at].as_ref() != Some(&joined) {
                    if let (Some(Node::Place(Place::End(end))), false) = (graph.graph().node_weight(target), again) {
                        self.setting.ends[end.index()] = Some(joined.clone());
                        // The block this end belongs to is over under other circumstances.
                        let scope = &playbook.scopes[playbook.ends[end.index()].scope.index()];
                        if let Some(block) = scope.block {
                            let node = graph.node(Place::Block(block));
                            if self.entry[node.index()].is_some() {
                                waiting.insert(rank[node.index()]);
                            }
                        }
                    }
                    self.entry[at] = Some(joined);
                    waiting.insert(rank[at]);
                }
            }
        }
        false
    }

    /// What is known on entry; none where nobody gets.
    #[must_use]
    pub fn entry(&self, node: Node) -> Option<&Facts> {
        self.entry[self.index(node).index()].as_ref()
    }

    /// What is known at the instant in which a track of a scope comes to an end: what others may have set in it is left out.
    #[must_use]
    pub fn at_end(&self, node: Node, scope: ScopeId) -> Option<Facts> {
        let playbook = self.setting.prepared.playbook;
        let in_service = playbook.scopes[scope.index()].in_service;
        let kept = |variable: &Variable| match variable {
            Variable::Service => true,
            Variable::Fact(_, Whose::Own) | Variable::Member(_, Whose::Own, _) | Variable::Unknown(_, Whose::Own) => {
                true
            }
            Variable::Fact(fact, Whose::Customer)
            | Variable::Member(fact, Whose::Customer, _)
            | Variable::Unknown(fact, Whose::Customer) => !in_service || self.setting.setters[fact.index()].is_empty(),
            // What was done or happened stays so; what was not may have been since.
            Variable::Done(..) | Variable::Happened(..) | Variable::EndedAt(..) => true,
            _ => false,
        };
        let entry = self.entry(node)?;
        let facts = entry.0.iter().filter(|(variable, _)| kept(variable)).filter_map(|(variable, values)| {
            let change = match variable {
                Variable::Done(..) | Variable::Happened(..) | Variable::EndedAt(..) => Change::Rises,
                _ => Change::Stays,
            };
            Some((variable.clone(), values.changed(change, 2)?))
        });
        Some(Facts(facts.collect()))
    }

    fn index(&self, node: Node) -> NodeIndex {
        match node {
            Node::Start(scope) => self.setting.graph.start_node(scope),
            Node::Place(place) => self.setting.graph.node(place),
        }
    }

    /// A place with what is known there, ready to be asked; none where nobody gets.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn site(&self, node: Node) -> Decided<Option<Site<'a>>> {
        match self.entry(node) {
            Some(facts) => Ok(Some(Site::new(&self.setting, node, facts, &[])?.0)),
            None => Ok(None),
        }
    }

    /// The same, where more conditions are looked at: those are given with it, in order.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn site_with(&self, node: Node, more: &[&crate::model::Expr]) -> Decided<Option<(Site<'a>, Vec<Way>)>> {
        match self.entry(node) {
            Some(facts) => Site::new(&self.setting, node, facts, more).map(Some),
            None => Ok(None),
        }
    }

    /// What is known behind each way out.
    fn leave(&mut self, index: NodeIndex) -> Vec<(NodeIndex, Facts)> {
        let graph = self.setting.graph;
        let Some(node) = graph.graph().node_weight(index).copied() else { return Vec::new() };
        let Some(facts) = self.entry[index.index()].clone() else { return Vec::new() };
        let mut out = Vec::new();
        if let Node::Place(Place::Block(block)) = node {
            for scope in graph.runs(block) {
                out.push((graph.start_node(*scope), self.setting.begin(&facts, block, *scope)));
            }
        }
        match self.ways(node, &facts) {
            Ok(ways) => out.extend(ways),
            Err(_) => {
                // Not decided: everything may happen, and nothing more is known.
                self.undecided.insert(node);
                self.never.retain(|(known, _)| *known != node);
                out.extend(graph.graph().edges(index).map(|edge| (edge.target(), Facts::default())));
            }
        }
        out
    }

    fn ways(&mut self, node: Node, facts: &Facts) -> Decided<Vec<(NodeIndex, Facts)>> {
        let (mut site, _) = Site::new(&self.setting, node, facts, &[])?;
        let setting = &self.setting;
        let scope = site.space.outlook().scope;
        let later = setting.later(facts, scope);
        let (during, after_body) = match node {
            Node::Place(place @ Place::Stage(stage)) => {
                (setting.during(&later, place), setting.after_body(&later, stage))
            }
            Node::Place(place @ Place::Block(block)) => {
                (setting.during(&later, place), setting.without_block(&later, block))
            }
            _ => (later.clone(), later),
        };
        let (during, after_body) = match (site.at_once, node) {
            (false, _) => (during, after_body),
            // Nothing has changed but what the stage sets.
            (true, Node::Place(place @ Place::Stage(stage))) => {
                (setting.during(facts, place), setting.after_body(facts, stage))
            }
            (true, _) => (facts.clone(), facts.clone()),
        };
        let here = if site.at_once { site.entry } else { site.any };
        let mut out = Vec::new();
        let mut never = Vec::new();
        let mut take = |site: &mut Site<'a>, id: TransitionId, set: Bdd, base: &Facts| -> Decided<()> {
            if site.space.satisfiable(set)? {
                let target = setting.graph.node(setting.prepared.playbook.transitions[id.index()].target);
                out.push((target, project(site, set, base)?));
            } else {
                never.push(id);
            }
            Ok(())
        };
        let mut left = here;
        for way in site.whenever.clone() {
            let set = site.space.kernel().and(left, way.holds)?;
            take(&mut site, way.transition, set, &during)?;
            if !way.may_be_spent {
                left = site.space.kernel().and(left, way.holds.not())?;
            }
        }
        for way in site.on.clone() {
            let set = site.space.kernel().and(site.any, way.holds)?;
            take(&mut site, way.transition, set, &during)?;
        }
        let mut left = site.decided;
        for way in site.completion.clone() {
            let set = site.space.kernel().and(left, way.holds)?;
            take(&mut site, way.transition, set, &after_body)?;
            // Where order does not decide, one before it that is unknown does not keep this one from being taken.
            if !way.may_be_spent && site.first_match {
                left = site.space.kernel().and(left, way.holds.not())?;
            }
        }
        if let Some(way) = site.otherwise {
            let set = site.space.kernel().and(left, way.holds)?;
            take(&mut site, way.transition, set, &after_body)?;
        }
        for id in site.after.clone() {
            let set = site.any;
            take(&mut site, id, set, &during)?;
        }
        self.never.retain(|(known, _)| *known != node);
        self.never.extend(never.into_iter().map(|id| (node, id)));
        Ok(out)
    }
}

/// What is known of a set, beside what was known before.
fn project(site: &mut Site<'_>, set: Bdd, base: &Facts) -> Decided<Facts> {
    let mut facts = base.clone();
    for (variable, values) in site.space.values(set)? {
        if matters_later(&variable) {
            facts.0.insert(variable, values);
        }
    }
    Ok(facts)
}

/// Whether what is known of a variable may be of use at another place.
fn matters_later(variable: &Variable) -> bool {
    match variable {
        Variable::Fact(_, whose)
        | Variable::Member(_, whose, _)
        | Variable::Unknown(_, whose)
        | Variable::Done(_, whose)
        | Variable::Happened(_, whose) => matches!(whose, Whose::Customer | Whose::Own),
        Variable::EndedAt(..) | Variable::Service => true,
        _ => false,
    }
}

impl<'a> Setting<'a> {
    fn new(prepared: &'a Prepared<'a>, graph: &'a StateGraph, budget: usize) -> Setting<'a> {
        let playbook = prepared.playbook;
        Setting {
            prepared,
            graph,
            setters: setters(playbook),
            behind: behind(playbook, graph),
            ends: vec![None; playbook.ends.len()],
            assignments: all_assignments(playbook),
            resumed: resumed(playbook),
            budget,
        }
    }

    /// How what is known of a variable may change while time passes in a scope.
    #[must_use]
    pub fn change(&self, variable: &Variable, scope: ScopeId) -> Change {
        match variable {
            Variable::Service => Change::Stays,
            Variable::Done(..) | Variable::Happened(..) | Variable::EndedAt(..) => Change::Rises,
            Variable::Unknown(fact, Whose::Customer | Whose::Own)
                if self.prepared.playbook.facts[fact.index()].volatility == Volatility::Kept
                    && !self.set_by_others(*fact, scope) =>
            {
                Change::Stays
            }
            Variable::Unknown(..) => Change::Falls,
            Variable::Fact(fact, Whose::Customer | Whose::Own)
            | Variable::Member(fact, Whose::Customer | Whose::Own, _) => {
                if self.set_by_others(*fact, scope) {
                    return Change::Any;
                }
                match self.prepared.playbook.facts[fact.index()].volatility {
                    Volatility::Fixed | Volatility::Kept => Change::Stays,
                    Volatility::Rising => Change::Rises,
                    Volatility::Falling => Change::Falls,
                    Volatility::Live => Change::Any,
                }
            }
            _ => Change::Any,
        }
    }

    /// Whether tracks that run at the same time as one of this scope may set a fact.
    fn set_by_others(&self, fact: FactId, scope: ScopeId) -> bool {
        let playbook = self.prepared.playbook;
        let own = playbook.facts[fact.index()].scope == FactScope::Service;
        self.setters[fact.index()].iter().any(|setter| {
            if *setter == scope {
                // Other tracks of the same scope set facts of their own service, or the customer's.
                return !own && self.many(scope);
            }
            // Scopes within this one have their time at their block.
            if self.is_around(scope, *setter) {
                return !own && self.many(scope);
            }
            // Scopes around this one stand still.
            !self.is_around(*setter, scope)
                // A customer's fact that a scope around sets for each service is set by its other tracks, too.
                || !own && self.many(*setter)
        })
    }

    /// Whether several tracks of a scope may run at once.
    fn many(&self, scope: ScopeId) -> bool {
        let playbook = self.prepared.playbook;
        playbook.scopes[scope.index()].in_service
    }

    fn is_around(&self, outer: ScopeId, inner: ScopeId) -> bool {
        let playbook = self.prepared.playbook;
        let mut at = inner;
        while let Some(block) = playbook.scopes[at.index()].block {
            at = playbook.blocks[block.index()].scope;
            if at == outer {
                return true;
            }
        }
        false
    }

    /// What is known before anything has happened: facts the playbook keeps have their default.
    fn at_first(&self) -> Facts {
        let mut facts = Facts::default();
        self.add_defaults(&mut facts, FactScope::Customer, |_| true);
        facts
    }

    fn add_defaults(&self, facts: &mut Facts, scope: FactScope, wanted: impl Fn(FactId) -> bool) {
        let playbook = self.prepared.playbook;
        let whose = if scope == FactScope::Customer { Whose::Customer } else { Whose::Own };
        for (index, fact) in playbook.facts.iter().enumerate() {
            let id = FactId(index as u32);
            if let (Volatility::Kept, Some(default)) = (fact.volatility, &fact.default)
                && fact.scope == scope
                && wanted(id)
            {
                facts.insert_value(playbook, id, whose, default);
            }
            if fact.volatility == Volatility::Kept && fact.scope == scope && wanted(id) {
                // One without a default is known to nobody until a stage sets it.
                let ways = fact.default.iter().map(|_| u32::MAX).collect();
                facts.0.insert(Variable::Given(id, whose), Values::Given { ways, reads: BTreeSet::new() });
                if fact.default.is_none() {
                    facts.0.insert(Variable::Unknown(id, whose), Values::Choices(2));
                }
            }
        }
    }

    /// What is left of what is known when time has passed.
    fn later(&self, facts: &Facts, scope: ScopeId) -> Facts {
        let left = facts.0.iter().filter_map(|(variable, values)| {
            let change = match (variable, values) {
                (Variable::Given(fact, _), Values::Given { reads, .. }) => {
                    let stays = reads.iter().chain([fact]).all(|fact| self.stays(*fact, scope));
                    if stays { Change::Stays } else { Change::Any }
                }
                _ => self.change(variable, scope),
            };
            let values = values.changed(change, self.most(variable))?;
            Some((variable.clone(), values))
        });
        Facts(left.collect())
    }

    /// Whether any stage sets a fact.
    #[must_use]
    pub fn is_set(&self, fact: FactId) -> bool {
        !self.setters[fact.index()].is_empty()
    }

    /// Whether a fact stays as it is while time passes in a scope.
    fn stays(&self, fact: FactId, scope: ScopeId) -> bool {
        self.change(&Variable::Fact(fact, self.whose(fact)), scope) == Change::Stays
    }

    /// Whose a fact is that a stage sets or reads.
    fn whose(&self, fact: FactId) -> Whose {
        match self.prepared.playbook.facts[fact.index()].scope {
            FactScope::Customer => Whose::Customer,
            FactScope::Service => Whose::Own,
        }
    }

    /// What a stage does to facts before its completion transitions are looked at.
    #[must_use]
    pub fn course(&self, stage: StageId, held: bool) -> Course<'a> {
        let playbook = self.prepared.playbook;
        let known = &playbook.stages[stage.index()];
        let in_rounds = self.set_in_rounds(stage);
        let facts = (0..playbook.facts.len() as u32).map(FactId);
        let stays = facts.filter(|fact| !in_rounds.contains(fact) && self.stays(*fact, known.scope)).collect();
        let mut course = Course { steps: Vec::new(), stays };
        if held {
            course.steps.push(Step::Wait);
        }
        steps(&known.body, Outlook::place(playbook, Place::Stage(stage)), &mut course.steps);
        course
    }

    /// The facts that rounds of a stage set.
    fn set_in_rounds(&self, stage: StageId) -> BTreeSet<FactId> {
        let playbook = self.prepared.playbook;
        let mut set = Vec::new();
        for cadence in &playbook.stages[stage.index()].cadences {
            assignments(&playbook.cadences[cadence.index()].body, &mut set);
        }
        set.into_iter().map(|assignment| assignment.fact).collect()
    }

    /// What every fact of the customer that the playbook keeps is when a journey begins, and of its own services' facts.
    #[must_use]
    pub fn kept_at_first(&self) -> Facts {
        let mut facts = self.at_first();
        self.add_defaults(&mut facts, FactScope::Service, |_| true);
        facts
    }

    /// The number of choices of a variable.
    fn most(&self, variable: &Variable) -> u32 {
        match variable {
            Variable::Fact(fact, _) => match &self.prepared.playbook.facts[fact.index()].kind {
                crate::model::Type::OneOf(values) => values.len().min(128) as u32,
                _ => 2,
            },
            _ => 2,
        }
    }

    /// What is known at any moment in a place: facts that it sets itself may have been set, or not yet.
    fn during(&self, facts: &Facts, place: Place) -> Facts {
        let playbook = self.prepared.playbook;
        match place {
            Place::Block(block) => self.without_block(facts, block),
            Place::Stage(stage) => {
                let stage = &playbook.stages[stage.index()];
                let mut set = Vec::new();
                assignments(&stage.body, &mut set);
                for cadence in &stage.cadences {
                    assignments(&playbook.cadences[cadence.index()].body, &mut set);
                }
                let set: BTreeSet<FactId> = set.into_iter().map(|assignment| assignment.fact).collect();
                without(facts, &set)
            }
            Place::End(_) => facts.clone(),
        }
    }

    /// What is known when the body of a stage is done.
    fn after_body(&self, facts: &Facts, stage: StageId) -> Facts {
        let playbook = self.prepared.playbook;
        let in_rounds = self.set_in_rounds(stage);
        let resumed = self.resumed.contains(&stage);
        let stage = &playbook.stages[stage.index()];
        let mut set = Vec::new();
        assignments(&stage.body, &mut set);
        let mut facts = facts.clone();
        for assignment in set {
            let (fact, whose) = (assignment.fact, self.whose(assignment.fact));
            let before = facts.0.get(&Variable::Given(fact, whose)).cloned();
            let certain = self.certain(assignment, &facts);
            facts = without(&facts, &BTreeSet::from([fact]));
            let stays = !in_rounds.contains(&fact)
                && playbook.facts[fact.index()].volatility == Volatility::Kept
                && !self.set_by_others(fact, stage.scope);
            if !stays || resumed {
                continue;
            }
            if let Some(value) = site::constant(self, assignment) {
                facts.insert_value(playbook, fact, whose, &value);
            }
            let number = self.assignments.iter().position(|known| std::ptr::eq(*known, assignment));
            if let (Some(number), Some(reads)) = (number, reads(self.prepared, assignment))
                && reads.iter().all(|read| !in_rounds.contains(read) && self.stays(*read, stage.scope))
            {
                let set = Values::Given { ways: BTreeSet::from([number as u32]), reads };
                // What is unknown leaves it as it was.
                let set = if certain { Some(set) } else { before.and_then(|before| before.join(&set)) };
                if let Some(set) = set {
                    facts.0.insert(Variable::Given(fact, whose), set);
                }
            }
        }
        without(&facts, &in_rounds)
    }

    /// Whether what a fact is set to is known for certain.
    fn certain(&self, assignment: &Assignment, facts: &Facts) -> bool {
        let playbook = self.prepared.playbook;
        let mut certain = true;
        assignment.value.walk_all(playbook, &mut |part| match &part.node {
            Part::Atom(Atom::Fact(fact)) => {
                let known = facts.0.get(&Variable::Unknown(*fact, self.whose(*fact))) == Some(&Values::Choices(1));
                certain &= known || playbook.facts[fact.index()].default.is_some();
            }
            // A calculation may have no result.
            Part::Divide(..) | Part::Times(..) | Part::Sum(..) | Part::PercentOf(..) | Part::Negate(_) => {
                certain = false
            }
            Part::Atom(Atom::Unknown(_) | Atom::Service | Atom::ThisService) => {}
            Part::Atom(_) | Part::Quantified(..) => certain = false,
            _ => {}
        });
        certain
    }

    /// Without what tracks of a block may have set, or what was known of its services from outside.
    fn without_block(&self, facts: &Facts, block: BlockId) -> Facts {
        let inside = |scope: &ScopeId| {
            let playbook = self.prepared.playbook;
            let mut at = *scope;
            while let Some(around) = playbook.scopes[at.index()].block {
                if around == block {
                    return true;
                }
                at = playbook.blocks[around.index()].scope;
            }
            false
        };
        let set = self.setters.iter().enumerate().filter(|(_, scopes)| scopes.iter().any(inside));
        without(facts, &set.map(|(fact, _)| FactId(fact as u32)).collect())
    }

    /// What is known where a scope of a block begins.
    fn begin(&self, facts: &Facts, block: BlockId, scope: ScopeId) -> Facts {
        let playbook = self.prepared.playbook;
        // Other tracks of the block may be ahead within the same instant.
        let mut begun = self.without_block(facts, block);
        if playbook.scopes[scope.index()].kind == ScopeKind::EachService {
            begun.0.retain(|variable, _| {
                !matches!(
                    variable,
                    Variable::Service
                        | Variable::Fact(_, Whose::Own)
                        | Variable::Member(_, Whose::Own, _)
                        | Variable::Unknown(_, Whose::Own)
                        | Variable::Done(_, Whose::Own)
                        | Variable::Happened(_, Whose::Own)
                        | Variable::Given(_, Whose::Own)
                )
            });
            // A service may be added at any time while the block runs.
            let mut begun = self.later(&begun, scope);
            if !crate::verify::services::re_entered(playbook) {
                // Nothing has set them before: only tracks of this scope do, and this one has done nothing yet.
                let alone = |fact: FactId| self.setters[fact.index()].iter().all(|setter| *setter == scope);
                self.add_defaults(&mut begun, FactScope::Service, alone);
            }
            return begun;
        }
        begun
    }

    /// What is known of facts at the end of a service's own track, as others see it: those facts stay as they were.
    fn of_service(&self, facts: &Facts, service: ServiceId) -> Facts {
        let seen = facts.0.iter().filter_map(|(variable, values)| {
            let variable = match variable {
                Variable::Fact(fact, Whose::Own) => Variable::Fact(*fact, Whose::Of(service)),
                Variable::Member(fact, Whose::Own, value) => Variable::Member(*fact, Whose::Of(service), *value),
                Variable::Done(task, Whose::Own) => Variable::Done(*task, Whose::Of(service)),
                _ => return None,
            };
            Some((variable, values.clone()))
        });
        Facts(seen.collect())
    }

    /// Whether a transition may have been taken as often as it can be when somebody is at a node.
    #[must_use]
    pub fn may_be_spent(&self, transition: TransitionId, node: Node) -> bool {
        let index = match node {
            Node::Start(scope) => self.graph.start_node(scope),
            Node::Place(place) => self.graph.node(place),
        };
        match self.prepared.playbook.transitions.get(transition.index()).and_then(|transition| transition.limit) {
            None => false,
            Some(0) => true,
            Some(_) => self.behind.get(&transition).is_none_or(|behind| behind.contains(&index)),
        }
    }
}

fn without(facts: &Facts, set: &BTreeSet<FactId>) -> Facts {
    let left = facts.0.iter().filter(|(variable, values)| match variable {
        Variable::Fact(fact, _) | Variable::Member(fact, ..) | Variable::Unknown(fact, _) => !set.contains(fact),
        Variable::Given(fact, _) => {
            let read = match values {
                Values::Given { reads, .. } => !reads.is_disjoint(set),
                _ => false,
            };
            !set.contains(fact) && !read
        }
        _ => true,
    });
    Facts(left.map(|(variable, values)| (variable.clone(), values.clone())).collect())
}

/// Stages that somebody comes back to with `resume`.
fn resumed(playbook: &Playbook) -> BTreeSet<StageId> {
    let back = playbook.transitions.iter().filter(|transition| transition.resume);
    back.filter_map(|transition| if let Place::Stage(stage) = transition.target { Some(stage) } else { None }).collect()
}

/// The assignments of the work of all stages, in order.
fn all_assignments(playbook: &Playbook) -> Vec<&Assignment> {
    let mut all = Vec::new();
    playbook.stages.iter().for_each(|stage| assignments(&stage.body, &mut all));
    all
}

/// The steps of a body: time may pass while a task is open.
fn steps<'a>(body: &'a [Work], outlook: Outlook, into: &mut Vec<Step<'a>>) {
    for work in body {
        match work {
            Work::Task(_) => into.push(Step::Wait),
            Work::Step(_) => {}
            Work::Set(assignment) => into.push(Step::Set(assignment, outlook)),
            Work::Together(inner) => steps(inner, outlook, into),
        }
    }
}

impl Facts {
    /// A fact has this value.
    fn insert_value(&mut self, playbook: &Playbook, fact: FactId, whose: Whose, value: &Value) {
        let step = match playbook.facts[fact.index()].kind {
            crate::model::Type::Int => 1_000_000,
            crate::model::Type::Number(decimals) | crate::model::Type::Money(decimals) => {
                10_i128.pow(6 - decimals.min(6))
            }
            _ => 1,
        };
        let raw = match value {
            Value::Number(number) => Some(i128::from(number.0)),
            Value::Date(date) => Some(i128::from(date.0)),
            Value::Duration(time) => Some(i128::from(time.0)),
            _ => None,
        };
        let values = match (value, raw) {
            (Value::YesNo(yes), _) => Values::Choices(if *yes { 2 } else { 1 }),
            (Value::Choice(choice), _) if *choice < 128 => Values::Choices(1 << choice),
            (_, Some(number)) if number % step == 0 => Values::Ranges(vec![(number / step, number / step)]),
            (Value::Set(set), _) => {
                if let crate::model::Type::SetOf(members) = &playbook.facts[fact.index()].kind {
                    for member in 0..members.len() as u16 {
                        let on = set >> member & 1 == 1;
                        let values = Values::Choices(if on { 2 } else { 1 });
                        self.0.insert(Variable::Member(fact, whose, member), values);
                    }
                }
                return;
            }
            _ => return,
        };
        self.0.insert(Variable::Fact(fact, whose), values);
    }
}

/// By fact: the scopes whose stages set it.
fn setters(playbook: &Playbook) -> Vec<BTreeSet<ScopeId>> {
    let mut setters = vec![BTreeSet::new(); playbook.facts.len()];
    let mut note = |body: &[Work], scope: ScopeId| {
        let mut set = Vec::new();
        assignments(body, &mut set);
        for assignment in set {
            setters[assignment.fact.index()].insert(scope);
        }
    };
    for stage in &playbook.stages {
        note(&stage.body, stage.scope);
        for cadence in &stage.cadences {
            note(&playbook.cadences[cadence.index()].body, stage.scope);
        }
    }
    setters
}

/// So many transitions with limits are followed; of others it is taken that they may be spent.
const MOST_LIMITED: usize = 300;

/// By transition with a limit: the nodes that can be reached once it was taken.
fn behind(playbook: &Playbook, graph: &StateGraph) -> BTreeMap<TransitionId, BTreeSet<NodeIndex>> {
    let limited = playbook.transitions.iter().enumerate().filter(|(_, transition)| transition.limit.is_some());
    limited
        .take(MOST_LIMITED)
        .map(|(id, transition)| {
            let mut behind = BTreeSet::new();
            let mut dfs = Dfs::new(graph.graph(), graph.node(transition.target));
            while let Some(node) = dfs.next(graph.graph()) {
                behind.insert(node);
            }
            (TransitionId(id as u32), behind)
        })
        .collect()
}

/// Nodes in the order of the flow as far as there is one, and the rank of each.
fn order(playbook: &Playbook, graph: &StateGraph) -> (Vec<NodeIndex>, Vec<usize>) {
    let count = graph.graph().node_count();
    let mut seen = vec![false; count];
    let mut finished = Vec::with_capacity(count);
    let next = |index: NodeIndex| -> Vec<NodeIndex> {
        let mut next = Vec::new();
        if let Some(Node::Place(Place::Block(block))) = graph.graph().node_weight(index) {
            // What runs in a block comes before what follows it: it is finished last.
            next.extend(graph.runs(*block).iter().map(|scope| graph.start_node(*scope)));
        }
        next.extend(graph.graph().edges(index).map(|edge| edge.target()));
        next
    };
    let starts = (0..playbook.scopes.len()).map(|scope| graph.start_node(ScopeId(scope as u32)));
    for root in starts.chain(graph.graph().node_indices()) {
        if std::mem::replace(&mut seen[root.index()], true) {
            continue;
        }
        let mut stack = vec![(root, next(root))];
        while let Some((at, left)) = stack.last_mut() {
            match left.pop() {
                Some(to) if !seen[to.index()] => {
                    seen[to.index()] = true;
                    let after = next(to);
                    stack.push((to, after));
                }
                Some(_) => {}
                None => {
                    finished.push(*at);
                    stack.pop();
                }
            }
        }
    }
    finished.reverse();
    let mut rank = vec![0; count];
    for (at, index) in finished.iter().enumerate() {
        rank[index.index()] = at;
    }
    (finished, rank)
}

/// Whether a trigger is looked at when work is done.
#[must_use]
pub fn is_completion(trigger: &Trigger) -> bool {
    matches!(trigger, Trigger::Completion(_) | Trigger::Otherwise)
}
