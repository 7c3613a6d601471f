//! One place with everything that is looked at there, ready to be decided.

use super::{Setting, without};
use crate::graph::Node;
use crate::model::{Assignment, Expr, FactId, Place, ScopeId, ScopeKind, ServiceId, TransitionId, Trigger, Volatility};
use crate::value::Value;
use crate::verify::encode::Facts;
use crate::verify::encode::formula::{Formula, Variable, Whose};
use crate::verify::encode::{Change, Course, Lowering, Outlook, Space, Truth};
use crate::verify::kernel::{Bdd, Decided};
use std::collections::BTreeSet;

/// A way out: where its guard is true, and where it is false. Without a guard it is true everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// The transition.
    pub transition: TransitionId,
    /// Where its guard is true.
    pub holds: Bdd,
    /// Where its guard is false.
    pub fails: Bdd,
    /// Whether it may have been taken as often as it can be before somebody is here.
    pub may_be_spent: bool,
}

/// A place with its ways out and what is known there.
#[derive(Debug)]
pub struct Site<'a> {
    /// Start of a scope, or a stage or block.
    pub node: Node,
    /// The sets of customers that can be told apart here.
    pub space: Space<'a>,
    /// `whenever`, in the order they are looked at.
    pub whenever: Vec<Way>,
    /// `on`, in the order they are looked at.
    pub on: Vec<Way>,
    /// `->`, with and without a guard, `otherwise` left out.
    pub completion: Vec<Way>,
    /// `-> … otherwise`.
    pub otherwise: Option<Way>,
    /// `after`.
    pub after: Vec<TransitionId>,
    /// Whether order decides between completion transitions.
    pub first_match: bool,
    /// Who enters, at that instant.
    pub entry: Bdd,
    /// Who is here, at any moment of the stay.
    pub any: Bdd,
    /// Who is here when completion transitions are looked at, and no `whenever` is true.
    pub decided: Bdd,
    /// Who is here when completion transitions are first looked at.
    pub first: Bdd,
    /// Whether everybody leaves at the instant of entry.
    pub at_once: bool,
    /// Key inputs of its scope: where each is true, in order.
    pub inputs: Vec<Bdd>,
    /// What the stage needs: where each is true, in order.
    pub needs: Vec<Bdd>,
}

/// What is lowered before anything is decided.
struct Lowered {
    whenever: Vec<(TransitionId, Truth)>,
    on: Vec<(TransitionId, Truth)>,
    completion: Vec<(TransitionId, Truth)>,
    otherwise: Option<TransitionId>,
    after: Vec<TransitionId>,
    inputs: Vec<Truth>,
    needs: Vec<Truth>,
}

impl<'a> Site<'a> {
    /// A place, given what is known on entry; further conditions can be looked at there too, and are given with it.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn new(setting: &Setting<'a>, node: Node, known: &Facts, more: &[&Expr]) -> Decided<(Site<'a>, Vec<Way>)> {
        let playbook = setting.prepared.playbook;
        let outlook = match node {
            Node::Start(scope) => Outlook::start(playbook, scope),
            Node::Place(place) => Outlook::place(playbook, place),
        };
        let mut lowering = Lowering::new(setting.prepared, outlook);
        lowering.doubt();
        let lowered = lower(setting, node, &mut lowering, more);
        let more: Vec<Truth> = more.iter().map(|condition| lowering.condition(condition)).collect();
        let scope = outlook.scope;
        let later = setting.later(known, scope);
        let after_body = match node {
            Node::Place(Place::Stage(stage)) => setting.after_body(&later, stage),
            Node::Place(Place::Block(block)) => setting.without_block(&later, block),
            _ => later.clone(),
        };
        let during = match node {
            Node::Place(place) => setting.during(&later, place),
            Node::Start(_) => later.clone(),
        };
        let joined = joined(setting, node, &mut lowering);
        let held = !lowered.needs.is_empty() || !lowered.inputs.is_empty() && bypassed(setting, outlook.scope);
        let course = match node {
            Node::Place(Place::Stage(stage)) => setting.course(stage, held),
            _ => Course::default(),
        };
        let set_here = course.set();
        let entry_facts = without(known, &set_here);
        // What facts are is told last: by then it is settled what has to be told apart.
        let followed = match node {
            Node::Place(Place::Stage(stage)) => !set_here.is_empty() && !setting.resumed.contains(&stage),
            _ => false,
        };
        let steps = if followed { lowering.follow(&course, known) } else { Formula::TRUE };
        let entry = entry_facts.formula(lowering.formulas());
        let any = during.formula(lowering.formulas());
        let mut given_at_once = Formula::TRUE;
        let (decided, given) = if !followed {
            let nothing = Course::default();
            let decided = after_body.formula(lowering.formulas());
            given_at_once = lowering.given(&nothing, &entry_facts, &setting.assignments);
            (decided, lowering.given(&nothing, &after_body, &setting.assignments))
        } else {
            let before = lowering.before(&course, known);
            let now = if course.waits() { without(&later, &set_here) } else { entry_facts };
            let now = now.formula(lowering.formulas());
            let given = lowering.given(&course, known, &setting.assignments);
            (lowering.formulas().all([steps, before, now]), given)
        };
        let mut space = Space::new(lowering, setting.budget)?;
        let way = |space: &mut Space<'a>, transition: TransitionId, truth: Truth| -> Decided<Way> {
            let (holds, fails) = (space.set(truth.holds)?, space.set(truth.fails)?);
            Ok(Way { transition, holds, fails, may_be_spent: setting.may_be_spent(transition, node) })
        };
        let mut ways = |truths: Vec<(TransitionId, Truth)>| -> Decided<Vec<Way>> {
            truths.into_iter().map(|(id, truth)| way(&mut space, id, truth)).collect()
        };
        let whenever = ways(lowered.whenever)?;
        let on = ways(lowered.on)?;
        let completion = ways(lowered.completion)?;
        let more = ways(more.into_iter().map(|truth| (TransitionId(u32::MAX), truth)).collect())?;
        let universe = space.universe();
        let mut set = |formula: Formula| -> Decided<Bdd> {
            let set = space.set(formula)?;
            space.kernel().and(set, universe)
        };
        let (mut entry, mut any, mut decided, joined) = (set(entry)?, set(any)?, set(decided)?, set(joined)?);
        let (given, given_at_once) = (set(given)?, set(given_at_once)?);
        let inputs = lowered.inputs.iter().map(|truth| set(truth.holds)).collect::<Decided<Vec<Bdd>>>()?;
        let needs = lowered.needs.iter().map(|truth| set(truth.holds)).collect::<Decided<Vec<Bdd>>>()?;
        decided = space.kernel().and(decided, given)?;
        if set_here.is_empty() {
            // What was given before still is, on entry and as long as nothing is set.
            entry = space.kernel().and(entry, given_at_once)?;
            any = space.kernel().and(any, given)?;
        } else if followed {
            decided = space.forget(decided, |variable| matches!(variable, Variable::Earlier(..)))?;
        }
        let otherwise = match lowered.otherwise {
            Some(transition) => {
                // Every other guard is false; one that is spent counts as false.
                let mut all = Bdd::TRUE;
                for way in completion.iter().filter(|way| !way.may_be_spent) {
                    all = space.kernel().and(all, way.fails)?;
                }
                let may_be_spent = setting.may_be_spent(transition, node);
                Some(Way { transition, holds: all, fails: all.not(), may_be_spent })
            }
            None => None,
        };
        let first_match =
            matches!(node, Node::Place(Place::Stage(stage)) if playbook.stages[stage.index()].first_match);
        let mut site = Site {
            node,
            space,
            whenever,
            on,
            completion,
            otherwise,
            after: lowered.after,
            first_match,
            entry,
            any,
            decided,
            first: entry,
            at_once: false,
            inputs,
            needs,
        };
        let read = site.facts_read();
        let all_known = read.iter().all(|variable| known.0.contains_key(variable) || site.told_apart(variable));
        site.settle(setting, joined, all_known, &course)?;
        Ok((site, more))
    }

    /// Who is here when completion transitions are looked at.
    fn settle(&mut self, setting: &Setting<'a>, joined: Bdd, all_known: bool, course: &Course<'a>) -> Decided<()> {
        let scope = self.space.outlook().scope;
        let nothing_to_do = match self.node {
            Node::Place(Place::Stage(_)) => !course.waits(),
            Node::Place(Place::Block(_)) => false,
            Node::Start(_) | Node::Place(Place::End(_)) => true,
        };
        let mut no_whenever = Bdd::TRUE;
        for way in self.whenever.iter().filter(|way| !way.may_be_spent) {
            no_whenever = self.space.kernel().and(no_whenever, way.holds.not())?;
        }
        let inputs = self.space.kernel().all(self.inputs.clone())?;
        let needs = self.space.kernel().all(self.needs.clone())?;
        // What was true when needs were met may have changed since, as far as facts can.
        let set = course.set();
        let lasting = |space: &mut Space<'a>, before: Bdd, set: &BTreeSet<FactId>| {
            let set_here = |variable: &Variable| match variable {
                Variable::Fact(fact, _) | Variable::Member(fact, ..) | Variable::Unknown(fact, _) => set.contains(fact),
                _ => false,
            };
            space.later(
                before,
                |variable| {
                    if set_here(variable) { Change::Any } else { setting.change(variable, scope) }
                },
            )
        };
        let inputs_since = lasting(&mut self.space, inputs, &set)?;
        let needs_since = lasting(&mut self.space, needs, &set)?;
        let at_start = matches!(self.node, Node::Start(_));
        let held = !self.needs.is_empty() || !self.inputs.is_empty() && (at_start || bypassed(setting, scope));
        // As the work is just done, and as facts may have changed since.
        let just_done = self.decided;
        if !set.is_empty() {
            let in_rounds = match self.node {
                Node::Place(Place::Stage(stage)) => setting.set_in_rounds(stage),
                _ => BTreeSet::new(),
            };
            self.decided = lasting(&mut self.space, just_done, &in_rounds)?;
        }
        let later = [self.decided, inputs_since, needs_since, no_whenever, joined];
        let later = self.space.kernel().all(later)?;
        self.first = match (nothing_to_do && (set.is_empty() || !held), held) {
            (true, false) if !set.is_empty() => self.space.kernel().and(just_done, no_whenever)?,
            (true, false) => self.space.kernel().and(self.entry, no_whenever)?,
            (false, _) if !set.is_empty() => {
                self.space.kernel().all([just_done, inputs_since, needs_since, no_whenever, joined])?
            }
            (true, true) => {
                let exactly = if at_start { [inputs, needs] } else { [inputs_since, needs] };
                let exactly = self.space.kernel().all(exactly)?;
                self.space.kernel().and(later, exactly)?
            }
            (false, _) => later,
        };
        // Who waits for a fact nobody knows may stay while others change.
        let nobody_stays = all_known && self.left_over(self.first, true)?.is_empty();
        self.decided = if nobody_stays { self.first } else { later };
        self.at_once = nobody_stays && nothing_to_do && !held;
        Ok(())
    }

    /// Whether it is told apart here if a fact is known.
    fn told_apart(&self, variable: &Variable) -> bool {
        let (Variable::Fact(fact, whose) | Variable::Member(fact, whose, _)) = variable else { return false };
        self.space.formulas().find(&Variable::Unknown(*fact, *whose)).is_some() || {
            let fact = &self.space.playbook().facts[fact.index()];
            fact.volatility == Volatility::Kept && fact.default.is_some()
        }
    }

    /// The facts that completion transitions look at.
    fn facts_read(&self) -> Vec<Variable> {
        let mut bits = Vec::new();
        for way in &self.completion {
            for set in [way.holds, way.fails] {
                bits.extend(self.space.support(set));
            }
        }
        bits.sort_unstable_by_key(|variable| variable.0);
        bits.dedup();
        let variables = bits.into_iter().map(|id| self.space.formulas().variable(id).clone());
        variables.filter(|variable| matches!(variable, Variable::Fact(..) | Variable::Member(..))).collect()
    }

    /// Who of a set takes no completion transition, `otherwise` included. Transitions that may be spent count as not there
    /// where `strict`.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn left_over(&mut self, set: Bdd, strict: bool) -> Decided<Bdd> {
        let mut left = set;
        // Where order decides, an earlier one that is unknown lets none behind it be taken.
        let mut open = Bdd::TRUE;
        for way in self.completion.iter().filter(|way| !(strict && way.may_be_spent)) {
            let taken = self.space.kernel().and(open, way.holds)?;
            left = self.space.kernel().and(left, taken.not())?;
            if self.first_match {
                open = self.space.kernel().and(open, way.fails)?;
            }
        }
        if self.otherwise.filter(|way| !(strict && way.may_be_spent)).is_some() {
            // Where a guard is unknown, `otherwise` waits; the others are all false.
            let mut all_fail = Bdd::TRUE;
            for way in &self.completion {
                let gone = if strict && way.may_be_spent { Bdd::TRUE } else { way.fails };
                all_fail = self.space.kernel().and(all_fail, gone)?;
            }
            left = self.space.kernel().and(left, all_fail.not())?;
        }
        Ok(left)
    }
}

fn lower<'a>(setting: &Setting<'a>, node: Node, lowering: &mut Lowering<'a>, more: &[&Expr]) -> Lowered {
    let playbook = setting.prepared.playbook;
    let graph = setting.graph;
    let (whenever, on, completion, after): (Vec<_>, Vec<_>, Vec<_>, Vec<_>) = match node {
        Node::Start(scope) => {
            let everywhere = playbook.scopes[scope.index()].everywhere.iter().copied();
            let of = |wanted: fn(&Trigger) -> bool| {
                everywhere.clone().filter(move |id| wanted(&playbook.transitions[id.index()].trigger)).collect()
            };
            (
                of(|trigger| matches!(trigger, Trigger::Whenever(_))),
                Vec::new(),
                graph.start(scope).to_vec(),
                of(|trigger| matches!(trigger, Trigger::After(_))),
            )
        }
        Node::Place(place) => {
            let exits = graph.exits(place);
            (exits.whenever.clone(), exits.on.clone(), exits.completion.clone(), exits.after.clone())
        }
    };
    let (mut inputs, mut needs): (Vec<&Expr>, Vec<&Expr>) = (Vec::new(), Vec::new());
    let scope = match node {
        Node::Start(scope) => scope,
        Node::Place(place) => playbook.place_scope(place),
    };
    if !matches!(node, Node::Place(Place::Block(_))) {
        inputs.extend(playbook.scopes[scope.index()].inputs.iter().filter_map(|input| input.condition.as_ref()));
    }
    if let Node::Place(Place::Stage(stage)) = node {
        needs.extend(playbook.stages[stage.index()].needs.iter().map(|needs| &needs.condition));
    }
    let guard = |id: &TransitionId| crate::run::machine::guard(&playbook.transitions[id.index()].trigger);
    for condition in whenever.iter().chain(&on).chain(&completion).filter_map(guard) {
        lowering.ask(condition);
    }
    inputs.iter().chain(&needs).chain(more).for_each(|condition| lowering.ask(condition));
    let mut truths = |ids: &[TransitionId]| -> Vec<(TransitionId, Truth)> {
        ids.iter().map(|id| (*id, guard(id).map_or(Truth::constant(true), |guard| lowering.condition(guard)))).collect()
    };
    let is_otherwise = |id: &TransitionId| matches!(playbook.transitions[id.index()].trigger, Trigger::Otherwise);
    let otherwise = completion.iter().copied().find(is_otherwise);
    let completion: Vec<TransitionId> = completion.into_iter().filter(|id| !is_otherwise(id)).collect();
    let (whenever, on, completion) = (truths(&whenever), truths(&on), truths(&completion));
    let inputs = inputs.into_iter().map(|condition| lowering.condition(condition)).collect();
    let needs = needs.into_iter().map(|condition| lowering.condition(condition)).collect();
    Lowered { whenever, on, completion, otherwise, after, inputs, needs }
}

/// When a block is over, every track of it is at an end that can be reached, and what was true there of its service still is
/// for those who look from outside.
fn joined(setting: &Setting<'_>, node: Node, lowering: &mut Lowering<'_>) -> Formula {
    let Node::Place(Place::Block(block)) = node else { return Formula::TRUE };
    let playbook = setting.prepared.playbook;
    let mut all = Vec::new();
    for scope in &playbook.blocks[block.index()].scopes {
        let known = &playbook.scopes[scope.index()];
        let services: Vec<Option<ServiceId>> = match known.kind {
            ScopeKind::EachService => (0..playbook.services.len() as u32).map(|id| Some(ServiceId(id))).collect(),
            ScopeKind::Branch | ScopeKind::Customer => vec![None],
        };
        for service in services {
            let whose = match service {
                Some(service) => Whose::Of(service),
                None if known.in_service => Whose::Own,
                None => Whose::Customer,
            };
            let Some(position) = lowering.formulas().find(&Variable::Position(*scope, whose)) else { continue };
            let mut ends = Vec::new();
            for (at, place) in known.places.iter().enumerate() {
                let Place::End(end) = place else { continue };
                let Some(facts) = &setting.ends[end.index()] else { continue };
                let is = lowering.formulas().is(position, at as u16);
                let there = match service {
                    Some(service) => setting.of_service(facts, service).formula(lowering.formulas()),
                    None => Formula::TRUE,
                };
                ends.push(lowering.formulas().all([is, there]));
            }
            let mut over = lowering.formulas().any(ends);
            if let Some(service) = service
                && let Some(intended) = lowering.formulas().find(&Variable::Intended(service))
            {
                let intended = lowering.formulas().flag(intended);
                let not = lowering.formulas().not(intended);
                over = lowering.formulas().any([not, over]);
            }
            all.push(over);
        }
    }
    lowering.formulas().all(all)
}

/// Whether a `whenever` at the start passes key inputs of a scope by: then a stage waits for them.
fn bypassed(setting: &Setting<'_>, scope: ScopeId) -> bool {
    let playbook = setting.prepared.playbook;
    let everywhere = &playbook.scopes[scope.index()].everywhere;
    everywhere.iter().any(|id| matches!(playbook.transitions[id.index()].trigger, Trigger::Whenever(_)))
}

/// The value an assignment gives, where it is the same for everybody.
pub(super) fn constant(setting: &Setting<'_>, assignment: &Assignment) -> Option<Value> {
    use crate::model::Node as Part;
    let playbook = setting.prepared.playbook;
    let value = match &assignment.value.node {
        Part::Constant(value) => value.clone(),
        Part::Parameter(id) => playbook.parameters[id.index()].value.clone(),
        _ => return None,
    };
    Some(crate::run::evaluate::rounded(value, &playbook.facts[assignment.fact.index()].kind))
}
