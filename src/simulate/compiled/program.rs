//! The flow of one scope for one service, made ready: stages with their work, draws and exits.

use super::super::plan::{Plan, Site, Step};
use super::abreast::Abreast;
use super::batch::Reset;
use super::expression::{Column, From, Key, Layout, Lowered, Term, UNKNOWN, bits};
use super::sampler::{Chance, Drawn};
use crate::model::scenario::Scenario;
use crate::model::{
    CadenceId, EventMatch, FactId, FactScope, Length, OfferId, Place, ScopeId, ScopeKind, ServiceId, StageId,
    TransitionId, Trigger, Type, Volatility, Work,
};
use crate::run::Machine;
use crate::simulate::people;
use crate::simulate::random::StreamKey;
use std::collections::{BTreeMap, BTreeSet};

/// The flow of one scope for one service.
#[derive(Debug)]
pub(super) struct Program {
    /// Where the end of the track is noted.
    pub(super) end: Column,
    pub(super) inputs: Vec<Term>,
    /// What holds everywhere, before the start is decided.
    pub(super) urgent: Vec<Exit>,
    pub(super) start: Decision,
    /// By place in this list; exits lead to places in it.
    pub(super) nodes: Vec<Node>,
    /// Whether a blocker can make a track leave its stage, and so be pending.
    pub(super) pending: bool,
    /// What is set before it begins.
    pub(super) resets: Vec<Reset>,
}

/// Where a track can be.
#[derive(Debug)]
pub(super) enum Node {
    Stage(Box<StageProgram>),
    Block(BlockProgram),
    /// The number of the end.
    End(u32),
}

#[derive(Debug)]
pub(super) struct BlockProgram {
    /// For which service each runs; none is the customer.
    pub(super) tracks: Vec<(Option<ServiceId>, Program)>,
    pub(super) exits: Decision,
}

#[derive(Debug)]
pub(super) struct StageProgram {
    pub(super) stage: StageId,
    pub(super) columns: StageColumns,
    /// Whether a track can come here more than once.
    pub(super) again: bool,
    pub(super) needs: Vec<Term>,
    pub(super) urgent: Vec<Exit>,
    pub(super) exits: Decision,
    /// Exits at a blocker, with its kinds; none are all.
    pub(super) on_blocker: Vec<(Vec<String>, Exit)>,
    pub(super) on_resolved: Vec<Exit>,
    pub(super) on_event: Vec<(u32, Exit)>,
    /// After so long; none is after the last round.
    pub(super) after: Vec<(Option<i64>, Exit)>,
    pub(super) work: Vec<Item>,
    pub(super) entry: Vec<StepProgram>,
    pub(super) cadence: Option<CadenceProgram>,
    /// How rounds are done abreast, where they can be.
    pub(super) abreast: Option<Abreast>,
}

/// What is remembered of a stage, for each track.
#[derive(Debug, Clone, Copy)]
pub(super) struct StageColumns {
    /// When it was entered last.
    pub(super) entered: Column,
    /// Its clock, or the time that has run once it was left.
    pub(super) clock: Column,
    /// When the next round is due, or the time left until then once the stage was left.
    pub(super) due: Column,
    /// The number of the round, in millionths.
    pub(super) round: Column,
    /// The number of the round that was drawn for last, in millionths.
    pub(super) drawn: Column,
    /// Where the streams of the next round begin.
    pub(super) rounds: Column,
    /// Where the streams of the next entry begin.
    pub(super) entries: Column,
}

#[derive(Debug)]
pub(super) struct CadenceProgram {
    pub(super) period: i64,
    /// In millionths.
    pub(super) limit: Option<i64>,
    pub(super) work: Vec<Item>,
    pub(super) draws: Vec<StepProgram>,
    /// Whether the draws read the number of the round.
    pub(super) noted: bool,
    /// Whether an exit can open because a round begins.
    pub(super) opens: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Exit {
    pub(super) guard: Term,
    /// Its place among the exits of its stage; their number where it is not written there.
    pub(super) number: u32,
    /// A place among the program's nodes.
    pub(super) target: usize,
    pub(super) resume: bool,
    /// At most so often, counted here.
    pub(super) limit: Option<(i64, Column)>,
}

/// Completion exits.
#[derive(Debug, Clone, Default)]
pub(super) struct Decision {
    pub(super) exits: Vec<Exit>,
    pub(super) otherwise: Option<Exit>,
    pub(super) first_match: bool,
}

/// An item of work.
#[derive(Debug)]
pub(super) enum Item {
    /// A fact is set.
    Set(Store, Term),
    /// Tasks offered side by side.
    Tasks(Vec<TaskProgram>),
}

/// How a value is put into a fact.
#[derive(Debug, Clone)]
pub(super) struct Store {
    pub(super) column: Column,
    pub(super) kind: Type,
    /// Kept within these.
    pub(super) range: Option<(i64, i64)>,
    /// What only rises (1) or falls (-1) is left to the interpreter where it does not.
    pub(super) direction: i64,
}

#[derive(Debug)]
pub(super) struct TaskProgram {
    pub(super) task: usize,
    pub(super) instance: usize,
    /// Whether it is part of a round.
    pub(super) in_round: bool,
    pub(super) when: Option<Term>,
    /// Whether the task is passed over once it was settled, and where that is noted.
    pub(super) settled: Option<Column>,
    pub(super) credited: bool,
    pub(super) done: Option<(Source, Chance)>,
    pub(super) takes: Option<(Source, Drawn)>,
    pub(super) offer: (OfferId, Option<ServiceId>),
    /// Where it waits for people: the rule by which they choose, if there is one.
    pub(super) people: Option<Option<Term>>,
}

/// Where random numbers come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) key: StreamKey,
    /// The column with the beginnings of the streams.
    pub(super) begin: Column,
    /// Whether each draw moves on to the next occurrence.
    pub(super) counts: bool,
}

/// A statement of a scenario.
#[derive(Debug)]
pub(super) enum StepProgram {
    Assign {
        store: Store,
        value: Drawn,
        source: Source,
        matters: bool,
    },
    Blocker {
        kind: Option<String>,
        odds: Option<(Source, Chance)>,
        lasting: (Source, Drawn),
        otherwise: Vec<StepProgram>,
    },
    Event {
        event: u32,
        odds: Option<(Source, Chance)>,
        otherwise: Vec<StepProgram>,
    },
    With {
        odds: (Source, Chance),
        then: Vec<StepProgram>,
        otherwise: Vec<StepProgram>,
    },
    When {
        condition: Term,
        then: Vec<StepProgram>,
        otherwise: Vec<StepProgram>,
    },
}

/// Who is scarce.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulate) struct Scarcity<'c> {
    pub(in crate::simulate) scenario: &'c Scenario,
    /// By offer: whether its task waits for people.
    pub(in crate::simulate) scarce: &'c [bool],
}

/// Makes programs.
pub(super) struct Compiler<'c> {
    pub(super) machine: &'c Machine,
    pub(super) plan: &'c Plan<'c>,
    pub(super) layout: Layout,
    /// Who is scarce, where somebody is.
    pub(super) scarcity: Option<Scarcity<'c>>,
    /// How many blocks are around.
    pub(super) depth: usize,
    /// The scope in which tasks of one site are done.
    pub(super) owners: BTreeMap<usize, ScopeId>,
    /// How often each task of each instance is offered in all programs; a stage that is visited again counts twice.
    pub(super) offered: BTreeMap<(usize, usize), u32>,
    /// Facts that change under way.
    pub(super) assigned: BTreeSet<(FactId, usize)>,
}

impl Compiler<'_> {
    /// The flow of a scope.
    pub(super) fn program(&mut self, scope: ScopeId, service: Option<ServiceId>) -> Lowered<Program> {
        let machine = self.machine;
        let known = &machine.playbook.scopes[scope.index()];
        let mut places: Vec<Place> = Vec::new();
        let mut builder = Builder { scope, service, places: &mut places };
        fn from<'f>(machine: &'f Machine, layout: &'f Layout, scope: ScopeId, service: Option<ServiceId>) -> From<'f> {
            From {
                playbook: &machine.playbook,
                layout,
                scope: Some(scope),
                own: service,
                service,
                here: None,
                round: None,
            }
        }
        let inputs = known.inputs.iter().filter_map(|input| input.condition.as_ref());
        let inputs = inputs
            .map(|input| from(machine, &self.layout, scope, service).term(input))
            .collect::<Lowered<Vec<Term>>>()?;
        let inputs = inputs.into_iter().filter(|input| *input != Term::Constant(1)).collect();
        let mut urgent = Vec::new();
        for id in &known.everywhere {
            if let Trigger::Whenever(guard) = &machine.playbook.transitions[id.index()].trigger {
                let guard = from(machine, &self.layout, scope, service).term(guard)?;
                urgent.extend(self.exit(&mut builder, None, *id, guard));
            }
        }
        let start = machine.graph.start(scope).to_vec();
        let start = self.decision(&mut builder, &start, None, None, false)?;
        let mut nodes = Vec::new();
        let mut pending = false;
        while let Some(place) = builder.places.get(nodes.len()).copied() {
            nodes.push(match place {
                Place::Stage(stage) => {
                    let stage = self.stage(&mut builder, stage)?;
                    pending |= !stage.on_blocker.is_empty();
                    Node::Stage(Box::new(stage))
                }
                Place::Block(block) => {
                    if self.depth > 0 {
                        return Err("a block within a block".to_owned());
                    }
                    let exits = machine.graph.exits(place);
                    if !(exits.whenever.is_empty() && exits.on.is_empty() && exits.after.is_empty()) {
                        return Err("a way out of a block before its tracks are over".to_owned());
                    }
                    let decision = self.decision(&mut builder, &exits.completion, Some(place), None, false)?;
                    let mut tracks = Vec::new();
                    self.depth += 1;
                    for scope in &machine.playbook.blocks[block.index()].scopes {
                        if machine.playbook.scopes[scope.index()].kind == ScopeKind::EachService {
                            for index in 0..machine.playbook.services.len() {
                                let service = ServiceId(index as u32);
                                tracks.push((Some(service), self.program(*scope, Some(service))?));
                            }
                        } else {
                            tracks.push((None, self.program(*scope, None)?));
                        }
                    }
                    self.depth -= 1;
                    Node::Block(BlockProgram { tracks, exits: decision })
                }
                Place::End(end) => Node::End(end.0),
            });
        }
        mark_cycles(&mut nodes)?;
        let end = self.layout.of(Key::End(scope, service.map_or(0, |service| service.index() + 1)));
        for node in &nodes {
            let Node::Stage(stage) = node else { continue };
            for task in stage.tasks() {
                *self.offered.entry((task.task, task.instance)).or_default() += if stage.again { 2 } else { 1 };
            }
        }
        Ok(Program { end, inputs, urgent, start, nodes, pending, resets: Vec::new() })
    }

    fn exit(
        &mut self,
        builder: &mut Builder<'_>,
        here: Option<StageId>,
        id: TransitionId,
        guard: Term,
    ) -> Option<Exit> {
        if matches!(guard, Term::Constant(0 | UNKNOWN)) {
            return None;
        }
        let transition = &self.machine.playbook.transitions[id.index()];
        let limit = transition.limit.map(|limit| (i64::from(limit), self.layout.of(Key::Taken(id))));
        let number = here.map_or(0, |stage| {
            let exits = &self.machine.playbook.stages[stage.index()].exits;
            exits.iter().position(|exit| *exit == id).unwrap_or(exits.len()) as u32
        });
        Some(Exit { guard, number, target: builder.node(transition.target), resume: transition.resume, limit })
    }

    fn decision(
        &mut self,
        builder: &mut Builder<'_>,
        transitions: &[TransitionId],
        here: Option<Place>,
        round: Option<(CadenceId, Column)>,
        first_match: bool,
    ) -> Lowered<Decision> {
        let machine = self.machine;
        let mut decision = Decision { first_match, ..Decision::default() };
        let stage = match here {
            Some(Place::Stage(stage)) => Some(stage),
            _ => None,
        };
        for id in transitions {
            match &machine.playbook.transitions[id.index()].trigger {
                Trigger::Completion(guard) => {
                    let from = From {
                        playbook: &machine.playbook,
                        layout: &self.layout,
                        scope: Some(builder.scope),
                        own: builder.service,
                        service: builder.service,
                        here,
                        round,
                    };
                    let guard = guard.as_ref().map_or(Ok(Term::Constant(1)), |guard| from.term(guard))?;
                    if guard == Term::Constant(UNKNOWN) {
                        return Err("a way out that is never known".to_owned());
                    }
                    decision.exits.extend(self.exit(builder, stage, *id, guard));
                }
                Trigger::Otherwise if decision.otherwise.is_none() => {
                    if machine.playbook.transitions[id.index()].limit.is_some() {
                        return Err("a bounded `otherwise`".to_owned());
                    }
                    decision.otherwise = self.exit(builder, stage, *id, Term::Constant(1));
                }
                _ => {}
            }
        }
        Ok(decision)
    }

    fn stage(&mut self, builder: &mut Builder<'_>, id: StageId) -> Lowered<StageProgram> {
        let machine = self.machine;
        let playbook = &machine.playbook;
        let stage = &playbook.stages[id.index()];
        let here = Some(Place::Stage(id));
        let service = builder.service;
        let of = |what: u8| self.layout.of(Key::Stage(id, what));
        let columns = StageColumns {
            entered: of(0),
            clock: of(1),
            due: of(2),
            round: of(3),
            drawn: of(4),
            rounds: of(5),
            entries: of(6),
        };
        let cadence = match stage.cadences.as_slice() {
            [] => None,
            [cadence] => Some(*cadence),
            _ => return Err(format!("several cadences in `{}`", stage.name.name)),
        };
        let round = cadence.map(|cadence| (cadence, columns.round));
        let term = |compiler: &Self, expr: &crate::model::Expr| {
            let from = From {
                playbook,
                layout: &compiler.layout,
                scope: Some(builder.scope),
                own: service,
                service,
                here,
                round,
            };
            from.term(expr)
        };
        let needs = stage.needs.iter().map(|need| term(self, &need.condition)).collect::<Lowered<Vec<Term>>>()?;
        let needs = needs.into_iter().filter(|need| *need != Term::Constant(1)).collect();
        let exits = machine.graph.exits(Place::Stage(id));
        let at = Some(id);
        let mut lowered = Vec::new();
        for id in exits.whenever.iter().chain(&exits.on).chain(&exits.after) {
            let guard = match &playbook.transitions[id.index()].trigger {
                Trigger::Whenever(guard) | Trigger::On(_, Some(guard)) => term(self, guard)?,
                _ => Term::Constant(1),
            };
            lowered.push((*id, guard));
        }
        let (mut urgent, mut on_blocker, mut on_resolved, mut on_event, mut after) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (id, guard) in lowered {
            let transition = &playbook.transitions[id.index()];
            let Some(exit) = self.exit(builder, at, id, guard) else { continue };
            match &transition.trigger {
                Trigger::Whenever(_) => urgent.push(exit),
                Trigger::On(EventMatch::Blocker(kinds), _) => on_blocker.push((kinds.clone(), exit)),
                Trigger::On(EventMatch::Resolved, _) => on_resolved.push(exit),
                Trigger::On(EventMatch::Event(event), _) => on_event.push((event.0, exit)),
                Trigger::On(EventMatch::Waived | EventMatch::Escalated, _) => {}
                Trigger::After(_) if matches!(transition.origin, crate::model::Origin::Everywhere(_)) => {
                    return Err("a time limit on a whole track".to_owned());
                }
                Trigger::After(length) => after.push((Some(by_the_clock(*length)?), exit)),
                Trigger::AfterLastRound(_) => after.push((None, exit)),
                _ => {}
            }
        }
        let decision = self.decision(builder, &exits.completion, here, round, stage.first_match)?;
        let site = At { builder, here, round };
        let work = self.work(&site, &stage.body, false)?;
        let entry = self.steps(&site, &self.plan.entries[id.index()], columns.entries, &decision, &urgent)?;
        let cadence = match cadence {
            None => None,
            Some(cadence) => {
                let known = &playbook.cadences[cadence.index()];
                if work.iter().any(|item| matches!(item, Item::Tasks(_))) {
                    return Err(format!("tasks beside the rounds of `{}`", stage.name.name));
                }
                let opens = decision.exits.iter().chain(&urgent).any(|exit| exit.guard.reads(columns.round));
                let work = self.work(&site, &known.body, true)?;
                // Before a round its number is that of the round to come.
                let coming = At { round: Some((cadence, columns.drawn)), ..site };
                let draws = self.steps(&coming, &self.plan.rounds[id.index()], columns.rounds, &decision, &urgent)?;
                Some(CadenceProgram {
                    period: by_the_clock(known.period)?,
                    limit: known.limit.map(|limit| i64::from(limit) * 1_000_000),
                    opens: opens || !work.is_empty(),
                    work,
                    noted: draws.iter().any(|step| step.reads(columns.drawn)),
                    draws,
                })
            }
        };
        let beside = work.iter().chain(cadence.iter().flat_map(|cadence| &cadence.work));
        if !urgent.is_empty() && beside.into_iter().any(|item| matches!(item, Item::Tasks(tasks) if tasks.len() > 1)) {
            return Err(format!("tasks side by side in `{}`, which can be left while they are done", stage.name.name));
        }
        if !entry.is_empty() && work.iter().any(|item| matches!(item, Item::Tasks(_))) {
            return Err(format!("draws on entry to `{}` while its tasks are offered", stage.name.name));
        }
        Ok(StageProgram {
            stage: id,
            columns,
            again: false,
            needs,
            urgent,
            exits: decision,
            on_blocker,
            on_resolved,
            on_event,
            after,
            work,
            entry,
            cadence,
            abreast: None,
        })
    }

    fn from<'f>(&'f self, site: &At<'_, '_>) -> From<'f> {
        let service = site.builder.service;
        From {
            playbook: &self.machine.playbook,
            layout: &self.layout,
            scope: Some(site.builder.scope),
            own: service,
            service,
            here: site.here,
            round: site.round,
        }
    }

    /// How a fact of this track is stored.
    fn store(&mut self, site: &At<'_, '_>, fact: FactId, by_scenario: bool) -> Lowered<Store> {
        let known = &self.machine.playbook.facts[fact.index()];
        let name = &known.name.name;
        if known.kind == Type::Text {
            return Err(format!("the text `{name}`"));
        }
        let instance = match (known.scope, site.builder.service) {
            (FactScope::Service, Some(service)) => service.index(),
            (FactScope::Customer, None) if self.depth == 0 => 0,
            _ => return Err(format!("`{name}` changes outside its own track")),
        };
        self.assigned.insert((fact, instance));
        let mut store = Store {
            column: self.layout.of(Key::Fact(fact, instance)),
            kind: known.kind.clone(),
            range: known.range.as_ref().and_then(|(low, high)| Some((bits(low)?, bits(high)?))),
            direction: 0,
        };
        if by_scenario {
            let ordered = !matches!(known.kind, Type::OneOf(_) | Type::SetOf(_) | Type::Service);
            store.direction = match known.volatility {
                Volatility::Rising if ordered => 1,
                Volatility::Falling if ordered => -1,
                Volatility::Rising | Volatility::Falling | Volatility::Fixed | Volatility::Kept => {
                    return Err(format!("the scenario changes `{name}`, which cannot change like this"));
                }
                _ => 0,
            };
        }
        Ok(store)
    }

    /// Work in its order: tasks with what is known of them, facts set.
    fn work(&mut self, site: &At<'_, '_>, body: &[Work], in_round: bool) -> Lowered<Vec<Item>> {
        let mut items = Vec::new();
        for work in body {
            match work {
                Work::Step(_) => {}
                Work::Task(offer) => {
                    if let Some(task) = self.task(site, *offer, in_round)? {
                        items.push(Item::Tasks(vec![task]));
                    }
                }
                Work::Set(assignment) => {
                    let value = self.from(site).term(&assignment.value)?;
                    let store = self.store(site, assignment.fact, false)?;
                    if value != Term::Constant(UNKNOWN) {
                        items.push(Item::Set(store, value));
                    }
                }
                Work::Together(inner) => {
                    let mut tasks = Vec::new();
                    for work in inner {
                        match work {
                            Work::Step(_) => {}
                            Work::Task(offer) => tasks.extend(self.task(site, *offer, in_round)?),
                            _ => return Err("facts set while tasks are offered side by side".to_owned()),
                        }
                    }
                    if !tasks.is_empty() {
                        items.push(Item::Tasks(tasks));
                    }
                }
            }
        }
        Ok(items)
    }

    fn task(&mut self, site: &At<'_, '_>, id: OfferId, in_round: bool) -> Lowered<Option<TaskProgram>> {
        let machine = self.machine;
        let offer = &machine.playbook.offers[id.index()];
        let stage = &machine.playbook.stages[offer.stage.index()];
        let service = site.builder.service;
        let mut when = Vec::new();
        for services in [offer.services, stage.services].into_iter().flatten() {
            match service {
                Some(service) if services.contains(service) => {}
                Some(_) => return Ok(None),
                None => when.push(super::expression::or(services.iter().map(Term::Intended).collect())),
            }
        }
        if let Some(condition) = &offer.when {
            when.push(self.from(site).term(condition)?);
        }
        let when = super::expression::and(when);
        if when == Term::Constant(0) {
            return Ok(None);
        }
        let instance = service.map_or(0, |service| service.index() + 1);
        let people = self.people(site, id)?;
        let task = offer.task.index();
        let plan = &self.plan.tasks[task];
        let scope = site.builder.scope;
        let source = |compiler: &mut Self, site: &Site| -> Lowered<Source> {
            if *compiler.owners.entry(site.number).or_insert(scope) != scope {
                return Err("a task that is offered in several scopes".to_owned());
            }
            let begin = compiler.layout.of(Key::Site(site.number, instance));
            Ok(Source { key: site.keys[instance], begin, counts: true })
        };
        let done = match &plan.done {
            None => None,
            Some((place, odds)) => {
                let chance = self.from(site).odds(odds)?;
                Some((source(self, place)?, chance))
            }
        };
        let takes = match (&plan.takes, &self.plan.stage_takes[offer.stage.index()]) {
            (Some((place, takes)), _) => Some((place, *takes)),
            (None, Some((place, takes))) => {
                let count = |body: &[Work]| {
                    offers(body)
                        .filter(|offer| {
                            let task = machine.playbook.offers[offer.index()].task;
                            self.plan.tasks[task.index()].takes.is_none()
                        })
                        .count()
                };
                let cadences = stage.cadences.iter().map(|id| count(&machine.playbook.cadences[id.index()].body));
                if count(&stage.body) + cadences.sum::<usize>() > 1 || in_round {
                    return Err("several tasks that share the time of their stage".to_owned());
                }
                Some((place, *takes))
            }
            (None, None) => None,
        };
        let takes = match takes {
            None => None,
            Some((place, takes)) => {
                let drawn = self.from(site).drawn(takes)?;
                Some((source(self, place)?, drawn))
            }
        };
        Ok(Some(TaskProgram {
            task,
            instance,
            when: (when != Term::Constant(1)).then_some(when),
            settled: None,
            credited: !offer.again && !in_round,
            in_round,
            done,
            takes,
            offer: (id, service),
            people,
        }))
    }

    /// Whether a task waits for people, and by which rule they choose.
    fn people(&self, site: &At<'_, '_>, id: OfferId) -> Lowered<Option<Option<Term>>> {
        let Some(Scarcity { scenario, scarce }) = self.scarcity else { return Ok(None) };
        if !scarce[id.index()] {
            return Ok(None);
        }
        let stage = self.machine.playbook.offers[id.index()].stage;
        let ways = self.machine.graph.exits(Place::Stage(stage));
        if !ways
            .after
            .iter()
            .all(|id| matches!(self.machine.playbook.transitions[id.index()].trigger, Trigger::AfterLastRound(_)))
        {
            let name = &self.machine.playbook.stages[stage.index()].name.name;
            return Err(format!("a time limit in `{name}`, where tasks wait for people"));
        }
        let rule = people::rule(scenario, scenario.waits_for(&self.machine.playbook, id));
        let Some(rule) = rule else { return Ok(Some(None)) };
        if matches!(rule.kind, Type::Text | Type::SetOf(_) | Type::Service) {
            return Err("a rule of priority that is no number".to_owned());
        }
        Ok(Some(Some(self.from(site).term(rule)?)))
    }

    fn steps(
        &mut self,
        site: &At<'_, '_>,
        steps: &[Step<'_>],
        begin: Column,
        decision: &Decision,
        urgent: &[Exit],
    ) -> Lowered<Vec<StepProgram>> {
        let instance = site.builder.service.map_or(0, |service| service.index() + 1);
        let source = |place: &Site| Source { key: place.keys[instance], begin, counts: false };
        let shared = site.builder.service.is_none() && self.depth > 0;
        let mut lowered = Vec::new();
        for step in steps {
            if shared && matches!(step, Step::Blocker { .. } | Step::Event { .. }) {
                return Err("what happens to the customer while several branches are under way".to_owned());
            }
            let list = |compiler: &mut Self, steps| compiler.steps(site, steps, begin, decision, urgent);
            lowered.push(match step {
                Step::Assign { fact, value, site: place } => {
                    let store = self.store(site, *fact, true)?;
                    let mut exits = decision.exits.iter().chain(urgent);
                    let matters = exits.any(|exit| exit.guard.reads(store.column));
                    let value = self.from(site).drawn(value)?;
                    StepProgram::Assign { store, value, source: source(place), matters }
                }
                Step::Blocker { kind, odds, lasting, sites, otherwise } => StepProgram::Blocker {
                    kind: kind.map(str::to_owned),
                    odds: self.odds(site, &sites[0], *odds, &source)?,
                    lasting: (source(&sites[1]), self.from(site).drawn(lasting)?),
                    otherwise: list(self, otherwise)?,
                },
                Step::Event { event, odds, site: place, otherwise } => StepProgram::Event {
                    event: event.0,
                    odds: self.odds(site, place, *odds, &source)?,
                    otherwise: list(self, otherwise)?,
                },
                Step::With { odds, site: place, then, otherwise } => {
                    let chance = self.from(site).odds(odds)?;
                    let (then, otherwise) = (list(self, then)?, list(self, otherwise)?);
                    StepProgram::With { odds: (source(place), chance), then, otherwise }
                }
                Step::When { condition, then, otherwise } => match self.from(site).term(condition)? {
                    Term::Constant(1) => {
                        let then = list(self, then)?;
                        StepProgram::When { condition: Term::Constant(1), then, otherwise: Vec::new() }
                    }
                    Term::Constant(_) => {
                        let otherwise = list(self, otherwise)?;
                        StepProgram::When { condition: Term::Constant(0), then: Vec::new(), otherwise }
                    }
                    condition => {
                        let (then, otherwise) = (list(self, then)?, list(self, otherwise)?);
                        StepProgram::When { condition, then, otherwise }
                    }
                },
            });
        }
        Ok(lowered)
    }

    fn odds(
        &self,
        site: &At<'_, '_>,
        place: &Site,
        odds: Option<&crate::model::scenario::Odds>,
        source: &impl Fn(&Site) -> Source,
    ) -> Lowered<Option<(Source, Chance)>> {
        odds.map(|odds| Ok((source(place), self.from(site).odds(odds)?))).transpose()
    }

    /// What only all programs together tell: whether the settling of a task matters, where its streams begin, what has to
    /// be set before a program begins.
    pub(super) fn finish(&self, program: &mut Program, depth: usize) {
        let mut resets = Vec::new();
        let begin = self.layout.of(Key::Begin);
        let mut blockers = false;
        let pending = program.pending;
        for node in &mut program.nodes {
            match node {
                Node::End(_) => {}
                Node::Block(block) => block.tracks.iter_mut().for_each(|(_, track)| self.finish(track, depth + 1)),
                Node::Stage(stage) => {
                    let columns = stage.columns;
                    let (intended, now) = (self.layout.of(Key::Intended), self.layout.of(Key::Now(depth)));
                    stage.abreast = Abreast::new(pending, stage, intended, now);
                    resets.push(Reset::Value(columns.entered, UNKNOWN));
                    if stage.cadence.as_ref().is_some_and(|cadence| !cadence.draws.is_empty()) {
                        resets.push(Reset::Streams(columns.rounds));
                        blockers = true;
                    }
                    if !stage.entry.is_empty() {
                        resets.push(Reset::Streams(columns.entries));
                        blockers = true;
                    }
                    let limits = stage.ways().filter_map(|exit| exit.limit);
                    resets.extend(limits.map(|(_, column)| Reset::Value(column, 0)));
                    let again = stage.again;
                    for task in stage.tasks_mut() {
                        let place = (task.task, task.instance);
                        let once = !again && !task.in_round && self.offered.get(&place).is_none_or(|times| *times < 2);
                        let read = self.layout.tasks_read.borrow().contains(&place);
                        task.settled = (read || !once && task.credited)
                            .then(|| self.layout.of(Key::Task(task.task, task.instance)));
                        let sources = task.done.as_mut().map(|(source, _)| source);
                        for source in sources.into_iter().chain(task.takes.as_mut().map(|(source, _)| source)) {
                            if once {
                                (source.begin, source.counts) = (begin, false);
                            } else {
                                resets.push(Reset::Streams(source.begin));
                            }
                        }
                    }
                }
            }
        }
        let blocks = program.nodes.iter().filter_map(|node| match node {
            Node::Block(block) => Some(&block.exits),
            _ => None,
        });
        for decision in blocks.chain(std::iter::once(&program.start)) {
            let limits = decision.exits.iter().chain(&decision.otherwise).filter_map(|exit| exit.limit);
            resets.extend(limits.map(|(_, column)| Reset::Value(column, 0)));
        }
        let limits = program.urgent.iter().filter_map(|exit| exit.limit);
        resets.extend(limits.map(|(_, column)| Reset::Value(column, 0)));
        if blockers {
            resets.push(Reset::Value(self.layout.of(Key::Resolved(depth)), i64::MAX));
        }
        resets.sort_unstable();
        resets.dedup();
        program.resets = resets;
    }
}

impl StepProgram {
    /// Whether it reads a column.
    fn reads(&self, column: Column) -> bool {
        let drawn = |drawn: &Drawn| {
            let mut reads = false;
            drawn.terms(&mut |term| reads |= term.reads(column));
            reads
        };
        let chance = |chance: &Chance| matches!(chance, Chance::Depends(term) if term.reads(column));
        let odds = |odds: &Option<(Source, Chance)>| odds.as_ref().is_some_and(|(_, odds)| chance(odds));
        let list = |steps: &[StepProgram]| steps.iter().any(|step| step.reads(column));
        match self {
            StepProgram::Assign { value, .. } => drawn(value),
            StepProgram::Blocker { odds: known, lasting, otherwise, .. } => {
                odds(known) || drawn(&lasting.1) || list(otherwise)
            }
            StepProgram::Event { odds: known, otherwise, .. } => odds(known) || list(otherwise),
            StepProgram::With { odds: known, then, otherwise } => chance(&known.1) || list(then) || list(otherwise),
            StepProgram::When { condition, then, otherwise } => {
                condition.reads(column) || list(then) || list(otherwise)
            }
        }
    }
}

/// Tasks offered in a body.
fn offers(body: &[Work]) -> impl Iterator<Item = OfferId> + '_ {
    body.iter().flat_map(|work| match work {
        Work::Task(offer) => vec![*offer],
        Work::Together(inner) => inner
            .iter()
            .filter_map(|work| match work {
                Work::Task(offer) => Some(*offer),
                _ => None,
            })
            .collect(),
        Work::Step(_) | Work::Set(_) => Vec::new(),
    })
}

/// A program being made: its places, by when they were first mentioned.
struct Builder<'b> {
    scope: ScopeId,
    service: Option<ServiceId>,
    places: &'b mut Vec<Place>,
}

/// Where something stands.
struct At<'a, 'b> {
    builder: &'a Builder<'b>,
    here: Option<Place>,
    round: Option<(CadenceId, Column)>,
}

impl Builder<'_> {
    fn node(&mut self, place: Place) -> usize {
        let known = self.places.iter().position(|known| *known == place);
        known.unwrap_or_else(|| {
            self.places.push(place);
            self.places.len() - 1
        })
    }
}

impl StageProgram {
    fn tasks(&self) -> impl Iterator<Item = &TaskProgram> {
        let items = self.work.iter().chain(self.cadence.iter().flat_map(|cadence| &cadence.work));
        items.flat_map(|item| match item {
            Item::Tasks(tasks) => tasks.as_slice(),
            Item::Set(..) => &[],
        })
    }

    fn tasks_mut(&mut self) -> impl Iterator<Item = &mut TaskProgram> {
        let items = self.work.iter_mut().chain(self.cadence.iter_mut().flat_map(|cadence| &mut cadence.work));
        items.flat_map(|item| match item {
            Item::Tasks(tasks) => tasks.as_mut_slice(),
            Item::Set(..) => &mut [],
        })
    }

    /// All ways out.
    pub(super) fn ways(&self) -> impl Iterator<Item = &Exit> {
        let on = self.on_blocker.iter().map(|(_, exit)| exit).chain(self.on_event.iter().map(|(_, exit)| exit));
        let decided = self.exits.exits.iter().chain(&self.exits.otherwise);
        let after = self.after.iter().map(|(_, exit)| exit);
        self.urgent.iter().chain(decided).chain(on).chain(&self.on_resolved).chain(after)
    }
}

/// Notes which stages a track can come to more than once. A block may not be one of them.
fn mark_cycles(nodes: &mut [Node]) -> Lowered<()> {
    let targets: Vec<Vec<usize>> = nodes
        .iter()
        .map(|node| match node {
            Node::Stage(stage) => stage.ways().map(|exit| exit.target).collect(),
            Node::Block(block) => {
                block.exits.exits.iter().chain(&block.exits.otherwise).map(|exit| exit.target).collect()
            }
            Node::End(_) => Vec::new(),
        })
        .collect();
    for (place, node) in nodes.iter_mut().enumerate() {
        let mut reached = vec![false; targets.len()];
        let mut next = targets[place].clone();
        while let Some(target) = next.pop() {
            if !std::mem::replace(&mut reached[target], true) {
                next.extend(&targets[target]);
            }
        }
        match node {
            Node::Stage(stage) => {
                stage.again = reached[place];
                let work = stage.cadence.iter().flat_map(|cadence| &cadence.work);
                let tasks = work.clone().any(|item| matches!(item, Item::Tasks(_)));
                let leaves = stage.after.iter().any(|(time, _)| time.is_some())
                    || !(stage.urgent.is_empty() && stage.on_resolved.is_empty());
                if stage.again && tasks && leaves {
                    return Err("a round whose tasks are left and that is resumed".to_owned());
                }
            }
            Node::Block(_) if reached[place] => return Err("a block that can be entered again".to_owned()),
            _ => {}
        }
    }
    Ok(())
}

/// How long it takes by the clock, in seconds.
fn by_the_clock(length: Length) -> Result<i64, String> {
    length.fixed().map(|time| time.0).ok_or_else(|| "business days or hours".to_owned())
}
