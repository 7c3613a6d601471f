//! A scenario made ready to be drawn from: each place where something is drawn has its own random streams.

use super::random::{Purpose, StreamKey};
use crate::model::scenario::{Arrival, Chance, Draw, Odds, Sampler, Scenario, Statement};
use crate::model::{DynamicsMoment, EventId, Expr, FactId, Node, Playbook, ServiceId, StageId};
use crate::value::{Date, Duration};
use std::collections::BTreeMap;

/// A place where something is drawn: a stream for the customer (0) and for each service (1 + index).
#[derive(Debug)]
pub(super) struct Site {
    /// Counts the sites of a plan.
    pub(super) number: usize,
    pub(super) keys: Vec<StreamKey>,
}

/// What is known of one task.
#[derive(Debug)]
pub(super) struct TaskPlan<'s> {
    pub(super) takes: Option<(Site, &'s Sampler)>,
    pub(super) done: Option<(Site, &'s Odds)>,
}

/// A value of a fact at the start.
#[derive(Debug)]
pub(super) struct DrawPlan<'s> {
    pub(super) site: Site,
    pub(super) draw: &'s Draw,
    /// Whether it reads other facts.
    pub(super) reads: bool,
}

/// A statement with its sites.
#[derive(Debug)]
pub(super) enum Step<'s> {
    Assign {
        fact: FactId,
        value: &'s Sampler,
        site: Site,
    },
    Blocker {
        kind: Option<&'s str>,
        odds: Option<&'s Odds>,
        lasting: &'s Sampler,
        sites: [Site; 2],
        otherwise: Vec<Step<'s>>,
    },
    Event {
        event: EventId,
        odds: Option<&'s Odds>,
        site: Site,
        otherwise: Vec<Step<'s>>,
    },
    With {
        odds: &'s Odds,
        site: Site,
        then: Vec<Step<'s>>,
        otherwise: Vec<Step<'s>>,
    },
    When {
        condition: &'s Expr,
        then: Vec<Step<'s>>,
        otherwise: Vec<Step<'s>>,
    },
}

/// What happens at a time of its own.
#[derive(Debug)]
pub(super) struct TimedPlan<'s> {
    pub(super) service: Option<ServiceId>,
    pub(super) delay: &'s Sampler,
    pub(super) odds: Option<&'s Odds>,
    /// For the delay, and for the odds.
    pub(super) sites: [Site; 2],
    pub(super) steps: Vec<Step<'s>>,
}

/// A scenario made ready.
#[derive(Debug)]
pub(super) struct Plan<'s> {
    pub(super) arrival: Option<(Site, &'s Arrival)>,
    pub(super) services: Option<(Site, &'s [Chance], Option<ServiceId>)>,
    pub(super) draws: Vec<DrawPlan<'s>>,
    /// By task.
    pub(super) tasks: Vec<TaskPlan<'s>>,
    /// By stage.
    pub(super) stage_takes: Vec<Option<(Site, &'s Sampler)>>,
    /// By stage: what happens before each round.
    pub(super) rounds: Vec<Vec<Step<'s>>>,
    /// By stage: what happens on entry.
    pub(super) entries: Vec<Vec<Step<'s>>>,
    pub(super) timed: Vec<TimedPlan<'s>>,
    /// How many sites there are.
    pub(super) sites: usize,
    /// Instances of a site: the customer and each service.
    pub(super) instances: usize,
    pub(super) horizon: Option<Duration>,
    pub(super) warm_up: Option<Duration>,
    pub(super) starts: Option<Date>,
}

struct Planner<'p> {
    playbook: &'p Playbook,
    seed: u64,
    sites: usize,
}

/// Names the sites of one list of statements after what is drawn, and after how many like it came before: a statement
/// added elsewhere, or about something else, shifts nothing.
struct Namer {
    purpose: Purpose,
    place: String,
    seen: BTreeMap<String, u32>,
}

impl Planner<'_> {
    fn site(&mut self, purpose: Purpose, name: &str) -> Site {
        let key = StreamKey::new(self.seed, purpose, name);
        let services = self.playbook.services.iter().map(|service| key.for_service(&service.name));
        self.sites += 1;
        Site { number: self.sites - 1, keys: std::iter::once(key).chain(services).collect() }
    }

    fn named(&mut self, namer: &mut Namer, what: String) -> Site {
        let place = format!("{}/{what}", namer.place);
        let count = namer.seen.entry(what).or_default();
        *count += 1;
        self.site(namer.purpose, &format!("{place}/{count}"))
    }

    fn steps<'s>(&mut self, statements: &'s [Statement], namer: &mut Namer) -> Vec<Step<'s>> {
        statements.iter().map(|statement| self.step(statement, namer)).collect()
    }

    fn step<'s>(&mut self, statement: &'s Statement, namer: &mut Namer) -> Step<'s> {
        match statement {
            Statement::Assign { fact, value, .. } => {
                let name = &self.playbook.facts[fact.index()].name.name;
                let site = self.named(namer, format!("fact {name}"));
                Step::Assign { fact: *fact, value, site }
            }
            Statement::Blocker { kind, odds, lasting, otherwise } => {
                let name = kind.as_deref().unwrap_or_default();
                let sites = [
                    self.named(namer, format!("blocker {name}")),
                    self.named(namer, format!("length of blocker {name}")),
                ];
                let otherwise = self.steps(otherwise, namer);
                Step::Blocker { kind: kind.as_deref(), odds: odds.as_ref(), lasting, sites, otherwise }
            }
            Statement::Event { event, odds, otherwise } => {
                let name = &self.playbook.events[event.index()].name;
                let site = self.named(namer, format!("event {name}"));
                let otherwise = self.steps(otherwise, namer);
                Step::Event { event: *event, odds: odds.as_ref(), site, otherwise }
            }
            Statement::With { odds, then, otherwise } => {
                let site = self.named(namer, "with".to_owned());
                Step::With { odds, site, then: self.steps(then, namer), otherwise: self.steps(otherwise, namer) }
            }
            Statement::When { condition, then, otherwise } => {
                Step::When { condition, then: self.steps(then, namer), otherwise: self.steps(otherwise, namer) }
            }
        }
    }

    /// All that happens in one stage at one moment, in the order written.
    fn stage<'s>(&mut self, scenario: &'s Scenario, stage: StageId, moment: DynamicsMoment) -> Vec<Step<'s>> {
        let purpose = match moment {
            DynamicsMoment::EachRound => Purpose::Round,
            DynamicsMoment::OnEntry => Purpose::Entry,
        };
        let place = self.playbook.stages[stage.index()].name.name.clone();
        let mut namer = Namer { purpose, place, seen: BTreeMap::new() };
        let dynamics = scenario.dynamics.iter();
        dynamics
            .filter(|dynamics| dynamics.stage == stage && dynamics.moment == moment)
            .flat_map(|dynamics| self.steps(&dynamics.statements, &mut namer))
            .collect()
    }
}

impl<'s> Plan<'s> {
    /// Prepares a scenario of this playbook.
    pub(super) fn new(playbook: &Playbook, scenario: &'s Scenario, seed: u64) -> Plan<'s> {
        let mut planner = Planner { playbook, seed, sites: 0 };
        let stages = || (0..playbook.stages.len()).map(|index| StageId(index as u32));
        let arrival = scenario.arrival.as_ref().map(|arrival| (planner.site(Purpose::Arrival, ""), arrival));
        let services = scenario
            .services
            .as_ref()
            .map(|services| (planner.site(Purpose::Services, ""), services.odds.as_slice(), services.if_none));
        let draws = scenario.draws.iter().map(|draw| {
            let site = planner.site(Purpose::Fact, &playbook.facts[draw.fact.index()].name.name);
            DrawPlan { site, draw, reads: reads(&draw.value) }
        });
        let draws = draws.collect();
        let tasks = playbook.tasks.iter().enumerate().map(|(index, task)| {
            let (id, label) = (crate::model::TaskId(index as u32), task.label());
            let takes = scenario.task_takes.get(&id);
            let takes = takes.map(|takes| (planner.site(Purpose::TaskDuration, &label), takes));
            let done = scenario.task_done.get(&id).map(|odds| (planner.site(Purpose::TaskDone, &label), odds));
            TaskPlan { takes, done }
        });
        let tasks = tasks.collect();
        let stage_takes = stages().map(|stage| {
            let name = format!("stage {}", playbook.stages[stage.index()].name.name);
            scenario.stage_takes.get(&stage).map(|takes| (planner.site(Purpose::TaskDuration, &name), takes))
        });
        let stage_takes = stage_takes.collect();
        let rounds = stages().map(|stage| planner.stage(scenario, stage, DynamicsMoment::EachRound)).collect();
        let entries = stages().map(|stage| planner.stage(scenario, stage, DynamicsMoment::OnEntry)).collect();
        let mut before: BTreeMap<Option<ServiceId>, u32> = BTreeMap::new();
        let mut timed = Vec::new();
        for known in &scenario.timed {
            let count = before.entry(known.service).or_default();
            *count += 1;
            let place = format!("{count}");
            let sites = [
                planner.site(Purpose::Timed, &format!("{place}/delay")),
                planner.site(Purpose::Timed, &format!("{place}/odds")),
            ];
            let mut namer = Namer { purpose: Purpose::Timed, place, seen: BTreeMap::new() };
            let steps = planner.steps(&known.statements, &mut namer);
            timed.push(TimedPlan {
                service: known.service,
                delay: &known.delay,
                odds: known.odds.as_ref(),
                sites,
                steps,
            });
        }
        Plan {
            arrival,
            services,
            draws,
            tasks,
            stage_takes,
            rounds,
            entries,
            timed,
            sites: planner.sites,
            instances: playbook.services.len() + 1,
            horizon: scenario.horizon,
            warm_up: scenario.warm_up,
            starts: scenario.starts,
        }
    }
}

/// Whether a draw reads anything of the customer.
fn reads(sampler: &Sampler) -> bool {
    let mut reads = false;
    sampler.expressions(&mut |expr| {
        expr.walk(&mut |part| {
            reads |= matches!(part.node, Node::Atom(_) | Node::Let(_) | Node::Quantified(..));
        });
    });
    reads
}
