//! The fixpoint: from the start of the playbook along every transition somebody can take.

use super::known::{ANY, Known, Variables};
use super::truth::Env;
use super::{Flow, Found};
use crate::check::Subject;
use crate::check::timers;
use crate::graph::Node;
use crate::model::{
    Assignment, BlockId, CUSTOMER, Expr, FactId, FactScope, OfferId, Place, Playbook, ScopeId, ScopeKind, StageId,
    TransitionId, Trigger, Work,
};
use petgraph::stable_graph::NodeIndex;
use std::collections::VecDeque;

/// All facts that stages set, with the stage.
pub(super) fn settings(playbook: &Playbook) -> Vec<(FactId, StageId)> {
    let mut all = Vec::new();
    for (index, stage) in playbook.stages.iter().enumerate() {
        let rounds = stage.cadences.iter().flat_map(|id| &playbook.cadences[id.index()].body);
        for work in stage.body.iter().chain(rounds) {
            each(work, &mut |work| {
                if let Work::Set(set) = work {
                    all.push((set.fact, StageId(index as u32)));
                }
            });
        }
    }
    all
}

/// Calls `look` on a piece of work and all that is part of it.
fn each<'a>(work: &'a Work, look: &mut dyn FnMut(&'a Work)) {
    look(work);
    if let Work::Together(parts) = work {
        parts.iter().for_each(|part| each(part, look));
    }
}

impl Flow {
    /// Follows everybody through the playbook.
    pub fn new(subject: &Subject<'_>) -> Flow {
        let (playbook, graph) = (subject.playbook, subject.graph);
        let variables = Variables::of(playbook);
        let nodes = graph.graph().node_count();
        let facts = variables.facts.len();
        let mut flow = Flow {
            variables,
            found: Vec::new(),
            moves: Vec::new(),
            at: vec![Vec::new(); nodes],
            taken: std::collections::BTreeSet::new(),
            needs: vec![false; nodes],
            ever: vec![0; facts],
            offered: 0,
            shared: Vec::new(),
            lets: crate::check::conditions::lets(playbook),
            joins: vec![false; playbook.blocks.len()],
        };
        flow.shared = Flow::sharing(playbook, &flow);
        let most = match nodes {
            0..=300 => 24,
            301..=3_000 => 6,
            _ => 2,
        };
        let mut inside = vec![Vec::new(); playbook.blocks.len()];
        for index in graph.graph().node_indices() {
            let scope = match graph.graph()[index] {
                Node::Start(scope) => scope,
                Node::Place(place) => playbook.place_scope(place),
            };
            for (_, block) in super::outward(playbook, scope) {
                block.iter().for_each(|block| inside[block.index()].push(index));
            }
        }
        let mut in_loop = vec![false; nodes];
        for group in petgraph::algo::kosaraju_scc(graph.graph()) {
            let around = group.len() > 1 || group.iter().any(|node| graph.graph().contains_edge(*node, *node));
            group.iter().for_each(|node| in_loop[node.index()] = around);
        }
        let mut walk = Walk {
            subject,
            flow,
            queue: VecDeque::new(),
            queued: vec![false; nodes],
            fresh: Vec::new(),
            merged: vec![false; nodes],
            most,
            settings: settings(playbook),
            inside,
            in_loop,
        };
        walk.run();
        walk.flow
    }
}

struct Walk<'a> {
    subject: &'a Subject<'a>,
    flow: Flow,
    queue: VecDeque<NodeIndex>,
    queued: Vec<bool>,
    /// By state: whether it is still to be followed.
    fresh: Vec<bool>,
    /// By node: whether its states are no longer told apart.
    merged: Vec<bool>,
    /// So many states are told apart at a place.
    most: usize,
    /// Facts that are set, with the stage.
    settings: Vec<(FactId, StageId)>,
    /// By block: the nodes of all that runs in it.
    inside: Vec<Vec<NodeIndex>>,
    /// By node: whether it can follow itself.
    in_loop: Vec<bool>,
}

impl<'a> Walk<'a> {
    fn run(&mut self) {
        let facts = self.flow.variables.facts.iter().map(|fact| fact.initial).collect();
        let known = Known { may: 0, must: 0, services: u128::MAX, facts };
        self.arrive(self.subject.graph.start_node(CUSTOMER), known, None);
        // What is said beside changes what others can do: they are looked at again until nothing changes.
        loop {
            let before = (self.flow.offered, self.flow.ever.clone(), self.reached());
            while let Some(node) = self.queue.pop_front() {
                self.queued[node.index()] = false;
                self.process(node);
            }
            if before == (self.flow.offered, self.flow.ever.clone(), self.reached()) {
                return;
            }
            let all: Vec<NodeIndex> = self.subject.graph.graph().node_indices().collect();
            for node in all {
                if self.flow.reached(node) {
                    self.enqueue(node);
                }
            }
            self.fresh.fill(true);
        }
    }

    fn reached(&self) -> usize {
        self.flow.at.iter().filter(|states| !states.is_empty()).count() + self.flow.taken.len()
    }

    fn enqueue(&mut self, node: NodeIndex) {
        if !std::mem::replace(&mut self.queued[node.index()], true) {
            self.queue.push_back(node);
        }
    }

    fn arrive(&mut self, node: NodeIndex, mut known: Known, from: Option<(usize, TransitionId)>) {
        self.flow.variables.let_time_pass(&mut known);
        let scope = self.scope_of(node);
        for slot in 0..known.facts.len() {
            self.flow.ever[slot] |= known.facts[slot];
            if self.flow.is_shared(slot, scope) {
                known.facts[slot] |= self.flow.ever[slot];
            }
        }
        let states = &self.flow.at[node.index()];
        if states.iter().any(|state| self.flow.found[*state].known.covers(&known)) {
            return;
        }
        if states.is_empty() || states.len() < self.most && !self.merged[node.index()] {
            let state = self.flow.found.len();
            self.flow.found.push(Found { known, from, node });
            self.flow.at[node.index()].push(state);
            self.fresh.push(true);
            self.flow.moves.push(false);
        } else {
            // Too many to tell apart: from now on they are one.
            let states = std::mem::take(&mut self.flow.at[node.index()]);
            let Some(first) = states.first().copied() else { return };
            for state in &states {
                known.join(&self.flow.found[*state].known);
            }
            self.flow.found[first].known = known;
            self.flow.at[node.index()].push(first);
            self.fresh[first] = true;
            self.merged[node.index()] = true;
        }
        self.enqueue(node);
        if let (Some(Node::Place(Place::End(_))), Some(block)) =
            (self.subject.graph.graph().node_weight(node), self.subject.playbook.scopes[scope.index()].block)
        {
            let block = self.subject.graph.node(Place::Block(block));
            self.flow.at[block.index()].iter().for_each(|state| self.fresh[*state] = true);
            self.enqueue(block);
        }
    }

    fn scope_of(&self, node: NodeIndex) -> ScopeId {
        match self.subject.graph.graph().node_weight(node) {
            Some(Node::Start(scope)) => *scope,
            Some(Node::Place(place)) => self.subject.playbook.place_scope(*place),
            None => CUSTOMER,
        }
    }

    fn env<'b>(&'b self, known: &'b Known, scope: ScopeId, place: Option<Place>) -> Env<'b> {
        Env {
            playbook: self.subject.playbook,
            graph: self.subject.graph,
            flow: &self.flow,
            known,
            scope,
            place,
            quantified: false,
        }
    }

    /// What is known where a condition is met.
    fn given(
        &self,
        known: &Known,
        condition: &Expr,
        truth: bool,
        scope: ScopeId,
        place: Option<Place>,
    ) -> Option<Known> {
        let slots = self.flow.variables.slots_read(self.subject.playbook, condition);
        self.env(known, scope, place).given(condition, truth, &slots)
    }

    fn process(&mut self, node: NodeIndex) {
        let mut states = self.flow.at[node.index()].clone();
        states.retain(|state| std::mem::take(&mut self.fresh[*state]));
        match self.subject.graph.graph().node_weight(node).copied() {
            Some(Node::Start(scope)) => states.into_iter().for_each(|state| self.start(node, state, scope)),
            Some(Node::Place(Place::Stage(stage))) => {
                states.into_iter().for_each(|state| self.stage(node, state, stage));
            }
            Some(Node::Place(Place::Block(block))) => {
                states.into_iter().for_each(|state| self.block(node, state, block));
            }
            Some(Node::Place(Place::End(_))) | None => {}
        }
    }

    fn start(&mut self, node: NodeIndex, state: usize, scope: ScopeId) {
        let known = self.flow.found[state].known.clone();
        let described = &self.subject.playbook.scopes[scope.index()];
        for id in &described.everywhere {
            self.interrupt(node, state, &known, *id, scope, None);
        }
        let mut known = known;
        for input in described.inputs.iter().filter_map(|input| input.condition.as_ref()) {
            match self.given(&known, input, true, scope, None) {
                Some(met) => known = met,
                None => return,
            }
        }
        self.flow.needs[node.index()] = true;
        let starts: &'a [TransitionId] = self.subject.graph.start(scope);
        if starts.is_empty() {
            // A missing start is reported as such: the scope is taken to begin anywhere.
            for place in &described.places {
                self.arrive(self.subject.graph.node(*place), known.clone(), None);
            }
        }
        self.decide(node, state, &known, starts, false, scope, None);
    }

    fn stage(&mut self, node: NodeIndex, state: usize, id_of_stage: StageId) {
        let playbook = self.subject.playbook;
        let stage = &playbook.stages[id_of_stage.index()];
        let (scope, place) = (stage.scope, Some(Place::Stage(id_of_stage)));
        let entered = self.flow.found[state].known.clone();
        let exits = self.subject.graph.exits(Place::Stage(id_of_stage));
        let mut met = Some(entered.clone());
        for needs in &stage.needs {
            met = met.and_then(|known| self.given(&known, &needs.condition, true, scope, place));
        }
        self.flow.needs[node.index()] |= met.is_some();
        // Everything the work may come to, while it is under way and when it is done.
        let mut under_way = entered.clone();
        let mut done = None;
        if let Some(met) = met {
            let mut known = met;
            let mut before_tasks = stage.needs.is_empty();
            for work in &stage.body {
                if before_tasks && !matches!(work, Work::Set(_) | Work::Step(_)) {
                    before_tasks = false;
                    // What is set before the first task is set at once.
                    under_way = known.clone();
                }
                self.work(&mut known, work, scope, place, false);
                if !before_tasks {
                    under_way.join_values(&known);
                }
            }
            if before_tasks {
                under_way = known.clone();
            }
            let rounds: Vec<&'a Work> =
                stage.cadences.iter().flat_map(|id| &playbook.cadences[id.index()].body).collect();
            if !rounds.is_empty() {
                for _ in 0..70 {
                    let mut next = known.clone();
                    rounds.iter().for_each(|work| self.work(&mut next, work, scope, place, true));
                    let must = known.must;
                    let all = known.clone();
                    known.join_values(&next);
                    known.must = must;
                    if all == known {
                        break;
                    }
                }
            }
            under_way.join_values(&known);
            done = Some(known);
        }
        for id in exits.whenever.iter().chain(&exits.on) {
            self.interrupt(node, state, &under_way, *id, scope, place);
            if matches!(playbook.transitions[id.index()].trigger, Trigger::Whenever(_)) {
                // It is looked at before any work, too.
                self.interrupt(node, state, &entered, *id, scope, place);
            }
        }
        for id in &exits.after {
            let rounds = matches!(playbook.transitions[id.index()].trigger, Trigger::AfterLastRound(_));
            let known = if rounds { done.clone() } else { Some(under_way.clone()) };
            if let Some(known) = known
                && timers::never(self.subject, Place::Stage(id_of_stage), *id).is_none()
            {
                self.go(node, state, *id, known);
            }
        }
        if let Some(done) = done {
            self.decide(node, state, &done, &exits.completion, stage.first_match, scope, place);
        }
    }

    /// What a piece of work does to what is known.
    fn work(&mut self, known: &mut Known, work: &'a Work, scope: ScopeId, place: Option<Place>, perhaps: bool) {
        match work {
            Work::Step(_) => {}
            Work::Set(set) => self.set(known, set, scope, place),
            Work::Together(parts) => parts.iter().for_each(|part| self.work(known, part, scope, place, perhaps)),
            Work::Task(offer) => self.offer(known, *offer, scope, place, perhaps),
        }
    }

    fn set(&mut self, known: &mut Known, set: &Assignment, scope: ScopeId, place: Option<Place>) {
        let Some(slot) = self.flow.variables.slot(set.fact) else { return };
        let kind = &self.subject.playbook.facts[set.fact.index()].kind;
        let values = self.env(known, scope, place).values(&set.value, 0);
        let before = known.facts[slot];
        let (mut left, mut new) = (0, Vec::new());
        let bits = match values {
            // Another kind of fact than the playbook's own: only what its domain tells apart is kept.
            _ if self.subject.playbook.facts[set.fact.index()].volatility != crate::model::Volatility::Kept => ANY,
            None => ANY,
            Some(values) => {
                for value in values {
                    match value {
                        // An unknown value leaves the fact as it is.
                        None => left |= before,
                        Some(value) => new.push(Some(crate::run::evaluate::rounded(value, kind))),
                    }
                }
                self.flow.variables.intern(slot, Some(&new))
            }
        };
        known.facts[slot] = bits | left;
        self.flow.ever[slot] |= bits;
    }

    fn offer(&mut self, known: &mut Known, id: OfferId, scope: ScopeId, place: Option<Place>, perhaps: bool) {
        let playbook = self.subject.playbook;
        let offer = &playbook.offers[id.index()];
        let in_service = playbook.scopes[scope.index()].in_service;
        let Some(bit) = self.flow.variables.task(offer.task, in_service) else { return };
        let own = offer.services.map_or(u128::MAX, |services| services.0);
        let stage = playbook.stages[offer.stage.index()].services.map_or(u128::MAX, |services| services.0);
        let (mut may, mut must) = (known.services & own & stage != 0, known.services & !(own & stage) == 0);
        if let Some(when) = &offer.when {
            let when = self.env(known, scope, place).may(when);
            may &= when.yes;
            must &= !when.no;
        }
        if may {
            known.may |= bit;
            self.flow.offered |= bit;
            if must && offer.mandatory && !perhaps {
                known.must |= bit;
            }
        }
    }

    /// A `whenever`, `on` or `after`, which may come at any time.
    fn interrupt(
        &mut self,
        node: NodeIndex,
        state: usize,
        known: &Known,
        id: TransitionId,
        scope: ScopeId,
        place: Option<Place>,
    ) {
        let known = match &self.subject.playbook.transitions[id.index()].trigger {
            Trigger::Whenever(guard) | Trigger::On(_, Some(guard)) => self.given(known, guard, true, scope, place),
            _ => Some(known.clone()),
        };
        if let Some(known) = known {
            self.go(node, state, id, known);
        }
    }

    /// Completion transitions, with what the others leave for `otherwise` and under `first match`.
    #[expect(clippy::too_many_arguments, reason = "where it stands, and what is decided there")]
    fn decide(
        &mut self,
        node: NodeIndex,
        state: usize,
        known: &Known,
        transitions: &'a [TransitionId],
        first_match: bool,
        scope: ScopeId,
        place: Option<Place>,
    ) {
        let mut left = Some(known.clone());
        let mut otherwise = None;
        for id in transitions {
            let transition = &self.subject.playbook.transitions[id.index()];
            let limited = transition.limit.is_some();
            match &transition.trigger {
                Trigger::Completion(None) => {
                    if let (Some(left), true) = (&left, first_match) {
                        self.go(node, state, *id, left.clone());
                    } else if !first_match {
                        self.go(node, state, *id, known.clone());
                    }
                    left = left.filter(|_| limited);
                }
                Trigger::Completion(Some(guard)) => {
                    let from = if first_match { left.as_ref() } else { Some(known) };
                    if let Some(taken) = from.and_then(|from| self.given(from, guard, true, scope, place)) {
                        self.go(node, state, *id, taken);
                    }
                    if !limited {
                        left = left.and_then(|left| self.given(&left, guard, false, scope, place));
                    }
                }
                Trigger::Otherwise => otherwise = otherwise.or(Some(*id)),
                _ => {}
            }
        }
        if let (Some(id), Some(left)) = (otherwise, left) {
            self.go(node, state, id, left);
        }
    }

    fn go(&mut self, node: NodeIndex, state: usize, id: TransitionId, known: Known) {
        self.flow.taken.insert((node, id));
        self.flow.moves[state] = true;
        let target = self.subject.graph.node(self.subject.playbook.transitions[id.index()].target);
        self.arrive(target, known, Some((state, id)));
    }

    fn block(&mut self, node: NodeIndex, state: usize, id: BlockId) {
        let playbook = self.subject.playbook;
        let block = &playbook.blocks[id.index()];
        let (scope, place) = (block.scope, Some(Place::Block(id)));
        let entered = self.flow.found[state].known.clone();
        for inner in self.subject.graph.runs(id) {
            let mut begun = entered.clone();
            if playbook.scopes[inner.index()].kind == ScopeKind::EachService {
                self.begin_services(&mut begun, id, self.in_loop[node.index()]);
            }
            self.arrive(self.subject.graph.start_node(*inner), begun, None);
        }
        let exits = self.subject.graph.exits(Place::Block(id));
        let mut meanwhile = entered.clone();
        for index in &self.inside[id.index()] {
            for state in &self.flow.at[index.index()] {
                meanwhile.join_values(&self.flow.found[*state].known);
            }
        }
        meanwhile.services = entered.services;
        for id in exits.whenever.iter().chain(&exits.on) {
            self.interrupt(node, state, &meanwhile, *id, scope, place);
        }
        for after in &exits.after {
            if timers::never(self.subject, Place::Block(id), *after).is_none() {
                self.go(node, state, *after, meanwhile.clone());
            }
        }
        let Some(joined) = self.joined(&entered, id) else { return };
        self.flow.joins[id.index()] = true;
        self.decide(node, state, &joined, &exits.completion, false, scope, place);
    }

    /// What a track of a service begins with.
    fn begin_services(&self, begun: &mut Known, block: BlockId, in_loop: bool) {
        let playbook = self.subject.playbook;
        begun.services = match playbook.services.len() {
            128.. => u128::MAX,
            count => (1_u128 << count) - 1,
        };
        let elsewhere =
            |stage: StageId| in_loop || !super::within_block(playbook, playbook.stages[stage.index()].scope, block);
        for (slot, followed) in self.flow.variables.facts.iter().enumerate() {
            if playbook.facts[followed.fact.index()].scope == FactScope::Service {
                let written = self.settings.iter().any(|(fact, at)| *fact == followed.fact && elsewhere(*at));
                begun.facts[slot] = if written { self.flow.ever[slot] | followed.initial } else { followed.initial };
            }
        }
        for (at, (task, of_service)) in self.flow.variables.tasks.iter().enumerate() {
            if *of_service {
                let bit = 1_u128 << at;
                let before = playbook.offers.iter().any(|offer| offer.task == *task && elsewhere(offer.stage));
                begun.must &= !bit;
                begun.may = begun.may & !bit | if before { self.flow.offered & bit } else { 0 };
            }
        }
    }

    /// What is known when everything in a block has come to an end; none where something cannot.
    fn joined(&self, entered: &Known, id: BlockId) -> Option<Known> {
        let playbook = self.subject.playbook;
        let mut known = entered.clone();
        for inner in self.subject.graph.runs(id) {
            let mut at_end: Option<Known> = None;
            for place in &playbook.scopes[inner.index()].places {
                if let Place::End(_) = place {
                    for state in &self.flow.at[self.subject.graph.node(*place).index()] {
                        let end = &self.flow.found[*state].known;
                        match &mut at_end {
                            Some(all) => all.join(end),
                            None => at_end = Some(end.clone()),
                        }
                    }
                }
            }
            let end = at_end?;
            let each = playbook.scopes[inner.index()].kind == ScopeKind::EachService;
            for (slot, followed) in self.flow.variables.facts.iter().enumerate() {
                let written = self.settings.iter().any(|(fact, stage)| {
                    *fact == followed.fact && super::within(playbook, playbook.stages[stage.index()].scope, *inner)
                });
                if written && each {
                    known.facts[slot] |= end.facts[slot];
                } else if written {
                    known.facts[slot] = end.facts[slot];
                }
            }
            if !each {
                known.may |= end.may;
                known.must |= end.must;
            }
        }
        Some(known)
    }
}

impl Known {
    /// Values and tasks of either; what is sure here stays sure.
    fn join_values(&mut self, other: &Known) {
        self.may |= other.may;
        self.facts.iter_mut().zip(&other.facts).for_each(|(here, there)| *here |= there);
    }
}
