//! Small generated playbooks, followed by the interpreter alone in every way that few steps allow: what is proved holds in
//! all of them, and what nobody is said to come to, nobody comes to.
//!
//! Nothing of what decides verdicts is used here: the journeys are those of [`crate::run::journey`], which also drives
//! timelines and simulations, and count seconds. Scenarios draw at the very instant a stage is entered; some of these
//! journeys do so too.

use super::document;
use crate::model::{Document, EventId, FactId, FactScope, OfferId, Place, ServiceId, ServiceSet, StageId, TaskId};
use crate::run::event::{Effect, Event, Observer};
use crate::run::journey::{Answer, Drive, Pace, World, drive};
use crate::run::monitor::{Monitor, Verdict as Seen};
use crate::run::state::{Seconds, State, Track, TrackId};
use crate::run::time::{next_timer, over};
use crate::run::{Customer, Machine};
use crate::value::{DAY, Duration, Micro, TaskStatus, Value};
use crate::verify::encode::Prepared;
use crate::verify::explore::Budget;
use crate::verify::explore::domain::of_property;
use crate::verify::kernel::BUDGET;
use crate::verify::outline::Outline;
use crate::verify::property::decide;
use crate::verify::soundness::soundness;
use crate::verify::verdict::Verdict;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

/// So many steps are followed for each playbook.
const STEPS: usize = 400;

fn pick<'a>(random: &mut StdRng, from: &[&'a str]) -> &'a str {
    from[random.random_range(0..from.len())]
}

/// What a generated playbook is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Customer,
    Tracks,
    Branches,
}

fn atom(random: &mut StdRng, inner: bool) -> String {
    let number = random.random_range(0..4);
    match random.random_range(0..15) {
        0 => "f".to_owned(),
        1 => "not f".to_owned(),
        2 => "g".to_owned(),
        3 => format!("n >= {number}"),
        4 => format!("n < {number}"),
        5 => format!("n = {number}"),
        6 => "k".to_owned(),
        7 => "not k".to_owned(),
        8 => format!("done task {}", random.random_range(1..4)),
        9 => "happened call".to_owned(),
        10 => "unknown g".to_owned(),
        11 => "r".to_owned(),
        12 if inner => pick(random, &["f for 2 days", "k for 2 days"]).to_owned(),
        13 if inner => "in this stage for 2 days".to_owned(),
        _ => format!("task {} is {}", random.random_range(1..4), pick(random, &["not required", "complete"])),
    }
}

fn condition(random: &mut StdRng, inner: bool) -> String {
    match random.random_range(0..6) {
        0 => format!("({}) and ({})", atom(random, inner), atom(random, inner)),
        1 => format!("({}) or ({})", atom(random, inner), atom(random, inner)),
        _ => atom(random, inner),
    }
}

fn work(random: &mut StdRng) -> String {
    let task = random.random_range(1..4);
    let condition = condition(random, false);
    match random.random_range(0..10) {
        0 => format!("task {task} mandatory \"T\" due within 3 days"),
        1 => format!("task {task} mandatory \"T\" when {condition}"),
        2 => format!("task {task} optional again \"T\""),
        3 => format!("task {task} mandatory \"T\""),
        4 => "set k = yes".to_owned(),
        5 => "set k = no".to_owned(),
        6 => format!("every 2 days, at most 2 times {{ task {task} mandatory \"T\" }}"),
        7 => "every 3 days, at most 2 times { set k = yes }".to_owned(),
        8 => format!("needs \"N\": {condition}"),
        _ => String::new(),
    }
}

fn stage(random: &mut StdRng, name: &str, places: &[&str]) -> String {
    let mut text = format!("stage {name} {{ ");
    let (mut needs, mut rounds, mut body) = (String::new(), String::new(), String::new());
    for _ in 0..random.random_range(0..3) {
        let part = work(random);
        match part.split_whitespace().next() {
            Some("needs") => needs = part,
            Some("every") => rounds = part,
            _ => {
                body.push_str(&part);
                body.push(' ');
            }
        }
    }
    write!(text, "{needs} {body} {rounds} ").unwrap();
    if random.random_range(0..4) == 0 {
        text.push_str("first match ");
    }
    let mut otherwise = false;
    for _ in 0..random.random_range(1..4) {
        let to = pick(random, places);
        let when = condition(random, true);
        let exit = match random.random_range(0..9) {
            0 => format!("after {} days -> {to}", random.random_range(1..5)),
            1 => format!("on call -> {to} at most {} times", random.random_range(1..3)),
            2 => format!("on blocker -> {to} at most 2 times"),
            3 => format!("whenever {when} -> {to} at most 2 times"),
            4 if !rounds.is_empty() => format!("after last round -> {to}"),
            5 => format!("on call when {when} -> resume {} at most 2 times", pick(random, &places[..3])),
            6 if !otherwise => {
                otherwise = true;
                format!("-> {to} otherwise")
            }
            _ => format!("-> {to} when {when}"),
        };
        text.push_str(&exit);
        text.push(' ');
    }
    text.push_str("} ");
    text
}

fn claims(random: &mut StdRng, shape: Shape) -> String {
    let places = ["at one", "at two", "at three", "at good", "at bad"];
    let mut text = String::new();
    for number in 0..6 {
        let (mut place, mut other) = (pick(random, &places).to_owned(), condition(random, false));
        if shape == Shape::Tracks && random.random_range(0..4) == 0 {
            let quantifier = pick(random, &["all", "any", "no"]);
            other = format!("{quantifier} services where ({other})");
            place = pick(random, &["at finished", "at failed", "at last"]).to_owned();
        }
        let what = |random: &mut StdRng| match random.random_range(0..5) {
            0 => format!("task {}", random.random_range(1..4)),
            1 => "end".to_owned(),
            2 => format!("({})", condition(random, false)),
            _ => pick(random, &places).to_owned(),
        };
        let assuming = match random.random_range(0..5) {
            0 => format!(" assuming {}", condition(random, false)),
            1 => " assuming tasks meet due".to_owned(),
            _ => String::new(),
        };
        let claim = match random.random_range(0..9) {
            0 | 1 => format!("never {place} while {other}"),
            2 => format!("always ({other}) while {place}"),
            3 | 4 => format!("{} before {}", what(random), what(random)),
            5 => format!("eventually {} within {} days", what(random), random.random_range(1..20)),
            6 => format!("eventually {}", what(random)),
            7 => format!("{} at most {} times", what(random), random.random_range(1..3)),
            _ => format!("{} followed by {} within 6 days", what(random), what(random)),
        };
        writeln!(text, "property claim_{number}: {claim}{assuming}").unwrap();
    }
    text
}

/// A playbook with claims about it.
pub(super) fn generated(random: &mut StdRng) -> String {
    let shape = [Shape::Customer, Shape::Tracks, Shape::Branches][random.random_range(0..3)];
    let places = ["one", "two", "three", "good", "bad"];
    let facts =
        "f : yes/no = no  g : yes/no fixed  r : yes/no = no rising  n : int in 0..3  k : yes/no = no kept by playbook";
    let mut flow = "start -> one ".to_owned();
    if random.random_range(0..4) == 0 {
        write!(flow, "whenever {} -> three at most 1 times ", condition(random, false)).unwrap();
    }
    if random.random_range(0..4) == 0 {
        flow.push_str("after 9 days -> bad ");
    }
    for name in ["one", "two", "three"] {
        flow.push_str(&stage(random, name, &places));
    }
    flow.push_str("stage spare { task 1 mandatory \"T\" task 2 mandatory \"T\" task 3 mandatory \"T\" -> good } end good success end bad failure ");
    let rest = match shape {
        Shape::Customer => format!("facts of the customer {{ {facts} }} {flow}"),
        Shape::Tracks => {
            let inner = condition(random, false);
            let quantified = format!("{} services where ({inner})", pick(random, &["all", "any", "no"]));
            let interrupted = if random.random_range(0..4) == 0 { "after 6 days -> failed" } else { "" };
            format!(
                "services {{ s \"S\"  t \"T\" }} facts of each service {{ {facts} }} each service {{ {flow} }} then -> last when {quantified} -> failed otherwise {interrupted}
                 stage last {{ task 9 optional \"L\" -> finished }} end finished success end failed failure"
            )
        }
        Shape::Branches => {
            let other = format!(
                "stage b1 {{ {} -> b2 when {} after 3 days -> b2 }} stage b2 {{ task 8 optional \"B\" set k = yes -> b_end }} end b_end success",
                work(random).replace("every 2 days, at most 2 times", "every 2 days, at most 1 times"),
                atom(random, true),
            );
            format!(
                "facts of the customer {{ {facts} }} start -> side together as side {{ branch left {{ {flow} }} branch right {{ start -> b1 {other} }} }}
                 then -> finished when at good -> failed otherwise end finished success end failed failure"
            )
        }
    };
    format!("playbook p {{ events {{ call \"Call\" }} {rest} }}\n{}", claims(random, shape))
}

/// The same, where it can be read: `None` for the few that make no sense.
pub(super) fn sensible(random: &mut StdRng) -> Option<(String, Document)> {
    let text = generated(random);
    let mut sources = crate::source::Sources::new();
    let id = sources.add("test.play", text.as_str());
    let (file, problems) = crate::syntax::parse(sources.get(id).unwrap(), id);
    assert!(problems.is_empty(), "{text}\n{problems:?}");
    let (_, found) = crate::model::resolve::resolve(&file, &[]);
    if crate::diagnostic::has_errors(&found) {
        return None;
    }
    let read = document(&text);
    Some((text, read))
}

/// Tasks that nobody speaks of are complete when they are offered; the others wait. What is drawn when a stage is entered
/// is said then.
#[derive(Clone)]
struct People {
    at_once: BTreeSet<TaskId>,
    drawn: Vec<Event>,
}

impl World for People {
    fn offered(&mut self, machine: &Machine, _: &State, _: TrackId, offer: OfferId) -> Answer {
        let task = machine.playbook.offers[offer.index()].task;
        if self.at_once.contains(&task) { Answer::Takes(Duration(0)) } else { Answer::Waits }
    }

    fn on_entry(&mut self, _: &Machine, _: &State, _: TrackId, _: StageId) -> Vec<Event> {
        self.drawn.pop().into_iter().collect()
    }

    fn next(&mut self, _: &Machine, _: &State) -> Option<Seconds> {
        None
    }

    fn say(&mut self, _: &Machine, _: &State) -> Option<Event> {
        None
    }
}

/// Watches properties and where customers come to.
#[derive(Clone)]
struct Eyes<'p> {
    monitor: Monitor<'p>,
    entered: BTreeSet<Place>,
}

impl Observer for Eyes<'_> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        if let Effect::Entered(_, place, _) = &effect {
            self.entered.insert(*place);
        }
        self.monitor.effect(machine, state, effect);
    }

    fn settled(&mut self, machine: &Machine, state: &State) {
        self.monitor.settled(machine, state);
    }
}

/// A customer on the way, with what was done so far, in words for whoever looks at a failure.
#[derive(Clone)]
struct Journey<'p> {
    state: State,
    eyes: Eyes<'p>,
    people: People,
    /// Whether what is due at this instant has been followed: nothing more is said in it.
    struck: bool,
    told: Vec<String>,
}

/// One step of a journey.
#[derive(Clone, Debug)]
enum Step {
    Say(Event),
    /// All that is due by now is followed.
    Strike,
    /// Time passes until then; what is due at that very instant is still to come.
    Wait(Seconds),
}

struct Oracle<'a> {
    machine: &'a Machine,
    document: &'a Document,
    blockers: bool,
}

impl<'a> Oracle<'a> {
    fn free(&self) -> Vec<(FactId, usize, bool)> {
        let facts = self.machine.playbook.facts.iter().enumerate();
        facts
            .filter(|(_, fact)| fact.name.name != "k")
            .map(|(index, fact)| (FactId(index as u32), fact.slot, fact.scope == FactScope::Service))
            .collect()
    }

    fn values(&self, fact: FactId) -> Vec<Value> {
        match self.machine.playbook.facts[fact.index()].name.name.as_str() {
            "n" => (0..4).map(|number| Value::Number(Micro::whole(number))).collect(),
            _ => vec![Value::YesNo(false), Value::YesNo(true)],
        }
    }

    fn customer(&self, random: &mut StdRng) -> Customer {
        let mut customer = Customer::new(self.machine, "example");
        let services = self.machine.playbook.services.len() as u32;
        for service in (0..services).map(ServiceId) {
            if random.random_range(0..3) > 0 {
                customer.intended = customer.intended.with(service);
            }
        }
        for (fact, slot, of_service) in self.free() {
            let values = self.values(fact);
            let mut value = || match random.random_range(0..=values.len()) {
                at if at < values.len() => Some(values[at].clone()),
                _ => self.machine.playbook.facts[fact.index()].default.clone(),
            };
            if of_service {
                for service in customer.intended.iter().collect::<Vec<_>>() {
                    customer.services[service.index()][slot] = value();
                }
            } else {
                customer.facts[slot] = value();
            }
        }
        customer
    }

    fn begin(&self, random: &mut StdRng, customer: &Customer, draws: bool) -> Journey<'a> {
        let tasks = (0..self.machine.playbook.tasks.len() as u32).map(TaskId);
        let at_once = tasks.filter(|_| random.random_range(0..3) == 0).collect();
        let mut drawn = Vec::new();
        if draws {
            for _ in 0..random.random_range(1..4) {
                drawn.extend(self.fact(random, customer.intended));
            }
        }
        let told = vec![format!("{customer:?} at once {at_once:?} drawn {drawn:?}")];
        let mut journey = Journey {
            state: State::new(self.machine, customer),
            eyes: Eyes { monitor: Monitor::new(&self.document.properties), entered: BTreeSet::new() },
            people: People { at_once, drawn },
            struck: false,
            told,
        };
        let Journey { state, eyes, people, .. } = &mut journey;
        Drive::new(self.machine, state, people, eyes, &mut Pace::default()).begin();
        journey
    }

    fn fact(&self, random: &mut StdRng, intended: ServiceSet) -> Option<Event> {
        let free = self.free();
        let (fact, _, of_service) = free[random.random_range(0..free.len())];
        let values = self.values(fact);
        let value = values[random.random_range(0..values.len())].clone();
        let service = if of_service { Some(random_service(random, intended)?) } else { None };
        Some(Event::Facts { service, values: vec![(fact, value)], correction: false })
    }

    /// What can come next.
    fn steps(&self, journey: &Journey<'_>) -> Vec<Step> {
        let state = &journey.state;
        let mut steps = Vec::new();
        let next = next_timer(self.machine, state).map(|at| at.max(state.now));
        if !journey.struck {
            for track in state.tracks.iter().filter(|track| track.active()) {
                for open in &track.visit.open {
                    let task = self.machine.playbook.offers[open.offer.index()].task;
                    let service = track.service;
                    let say = |status, reason| Event::Task { service, task, status, reason };
                    steps.push(Step::Say(say(TaskStatus::Complete, None)));
                    steps.push(Step::Say(say(TaskStatus::NotRequired, Some("no".to_owned()))));
                }
            }
            let mut whose: Vec<Option<ServiceId>> = state.intended.iter().map(Some).collect();
            whose.push(None);
            for service in whose {
                for (fact, slot, of_service) in self.free() {
                    if of_service != service.is_some() {
                        continue;
                    }
                    let now = match service {
                        None => &state.facts[slot],
                        Some(service) => &state.services[service.index()].facts[slot],
                    };
                    for value in self.values(fact) {
                        let name = self.machine.playbook.facts[fact.index()].name.name.as_str();
                        let allowed = match name {
                            "g" => now.is_none(),
                            "r" => value == Value::YesNo(true),
                            _ => true,
                        };
                        if allowed && now.as_ref() != Some(&value) {
                            let values = vec![(fact, value)];
                            steps.push(Step::Say(Event::Facts { service, values, correction: false }));
                        }
                    }
                }
                steps.push(Step::Say(Event::Happened { event: EventId(0), service }));
                if self.blockers {
                    let kind = None;
                    steps.push(Step::Say(Event::Blocker { kind: kind.clone(), service, task: None }));
                    if state.blockers.iter().any(|blocker| blocker.service == service) {
                        steps.push(Step::Say(Event::Resolved { kind, service, task: None, waived: false }));
                    }
                }
            }
            steps.push(Step::Strike);
        }
        match next.filter(|next| *next > state.now) {
            Some(next) => {
                steps.extend([Step::Wait(next), Step::Wait(next)]);
                if next - 1 > state.now {
                    steps.push(Step::Wait(next - 1));
                }
                steps.push(Step::Wait(next + 1));
            }
            None => steps.push(Step::Wait(state.now + DAY)),
        }
        steps
    }

    fn go(&self, journey: &mut Journey<'a>, step: &Step) {
        let Journey { state, eyes, people, struck, told } = journey;
        told.push(format!("{} {step:?}", state.now));
        let machine = self.machine;
        match step {
            Step::Say(event) => {
                let now = state.now;
                Drive::new(machine, state, people, eyes, &mut Pace::default()).tell(now, event);
            }
            Step::Strike => {
                let now = state.now;
                drive(machine, state, people, eyes, Some(now));
                *struck = true;
            }
            Step::Wait(until) => {
                drive(machine, state, people, eyes, Some(until - 1));
                if !over(state) {
                    crate::run::apply(machine, state, &Event::Advance(*until), eyes);
                }
                *struck = false;
            }
        }
    }

    /// Where it ends, everybody doing their part: none where it does not.
    fn does_their_part(&self, random: &mut StdRng, mut journey: Journey<'a>) -> Journey<'a> {
        for round in 0..60 {
            if over(&journey.state) {
                break;
            }
            if journey.struck {
                let step = Step::Wait(journey.state.now + 1);
                self.go(&mut journey, &step);
                continue;
            }
            let held =
                journey.state.tracks.iter().any(|track| track.active() && !(track.visit.needs_met && track.inputs_met));
            let wanted: Vec<Step> = self
                .steps(&journey)
                .into_iter()
                .filter(|step| match step {
                    Step::Say(Event::Task { .. } | Event::Resolved { .. }) => true,
                    Step::Say(Event::Facts { service, values, .. }) => {
                        let slot = self.machine.playbook.facts[values[0].0.index()].slot;
                        let now = match service {
                            None => &journey.state.facts[slot],
                            Some(service) => &journey.state.services[service.index()].facts[slot],
                        };
                        now.is_none() || (held && round % 2 == 0)
                    }
                    _ => false,
                })
                .collect();
            let step = match wanted.len() {
                0 => match next_timer(self.machine, &journey.state) {
                    Some(next) => Step::Wait(next.max(journey.state.now) + 1),
                    None => Step::Strike,
                },
                count => wanted[random.random_range(0..count)].clone(),
            };
            self.go(&mut journey, &step);
        }
        journey
    }
}

fn random_service(random: &mut StdRng, intended: ServiceSet) -> Option<ServiceId> {
    let all: Vec<ServiceId> = intended.iter().collect();
    (!all.is_empty()).then(|| all[random.random_range(0..all.len())])
}

/// So that nothing is looked at twice.
fn print(journey: &Journey<'_>) -> u64 {
    struct Into(DefaultHasher);
    impl Write for Into {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            text.hash(&mut self.0);
            Ok(())
        }
    }
    let mut into = Into(DefaultHasher::new());
    let mut key = Vec::new();
    journey.eyes.monitor.key(&journey.state, &mut key);
    write!(
        into,
        "{:?}{}{:?}{:?}{key:?}",
        journey.state,
        journey.struck,
        journey.people.at_once,
        journey.people.drawn.len()
    )
    .unwrap();
    into.0.finish()
}

/// What is wrong with the verdicts about a playbook; how many are proved, refuted and not decided.
fn wrong(text: &str, document: &Document, seed: u64, steps: usize) -> (Vec<String>, [usize; 4]) {
    let machine = Machine::new(document.playbook.clone());
    let verdicts: Vec<Verdict> = document
        .properties
        .iter()
        .map(|property| decide(&machine, property, &mut Budget::new(8_000)).verdict)
        .collect();
    let whole = soundness(&machine, &mut Budget::new(8_000));
    let mut conditions = Vec::new();
    document.properties.iter().for_each(|property| of_property(property, &mut |expr| conditions.push(expr)));
    let prepared = Prepared::cautious(&machine.playbook, conditions);
    let outline = Outline::new(&machine, &prepared, BUDGET);
    let (ends, unreachable) = (outline.ends(), outline.unreachable());
    let oracle = Oracle { machine: &machine, document, blockers: text.contains("blocker") };
    let mut random = StdRng::seed_from_u64(seed);
    let (mut failures, mut counts) = (Vec::new(), [0; 4]);
    let mut broken = vec![None; verdicts.len()];
    let (mut stuck, mut dead) = (None, None);
    let mut look = |journey: &Journey<'_>| {
        for (at, seen) in journey.eyes.monitor.verdicts(&journey.state).iter().enumerate() {
            if matches!(seen, Seen::Violated(_)) && broken[at].is_none() {
                broken[at] = Some(format!("{:#?} {seen:?}", journey.told));
            }
        }
        let entered = |stage: &StageId| journey.eyes.entered.contains(&Place::Stage(*stage));
        if whole.dead.iter().chain(&unreachable).any(entered) {
            dead.get_or_insert(format!("{:#?} {:?}", journey.told, whole.dead));
        }
    };
    let mut done = 0;
    let mut first = true;
    while done < steps {
        let customer = oracle.customer(&mut random);
        let draws = random.random_range(0..4) == 0;
        let mut seen = BTreeSet::new();
        let start = oracle.begin(&mut random, &customer, draws);
        look(&start);
        let mut layer = vec![start];
        // Breadth first as far as it goes, then a few of them for long.
        let most = if first { steps / 3 } else { 12 };
        first = false;
        for depth in 0..14 {
            let mut next = Vec::new();
            for journey in layer.drain(..) {
                if over(&journey.state) {
                    continue;
                }
                let all = oracle.steps(&journey);
                for step in all {
                    if depth > 0 && random.random_range(0..all_len(&journey, &oracle)) > most / 3 {
                        continue;
                    }
                    let mut after = journey.clone();
                    oracle.go(&mut after, &step);
                    done += 1;
                    look(&after);
                    if seen.insert(print(&after)) {
                        next.push(after);
                    }
                }
            }
            while next.len() > most {
                next.swap_remove(random.random_range(0..next.len()));
            }
            if let Some(journey) = next.first()
                && depth % 3 == 1
                && !draws
                && (ends.does || matches!(whole.does_finish, Verdict::Proved(_)))
            {
                let ended = oracle.does_their_part(&mut random, journey.clone());
                look(&ended);
                done += 20;
                // That needs are met is taken for granted.
                let held = |track: &Track| track.active() && !(track.visit.needs_met && track.inputs_met);
                let held =
                    ended.state.tracks.iter().any(|track| held(track) && !matches!(track.place, Some(Place::Block(_))));
                if !over(&ended.state) && !held && stuck.is_none() {
                    stuck = Some(format!("{:#?}", ended.told));
                }
            }
            layer = next;
        }
    }
    let refuted = |verdict: &Verdict| matches!(verdict, Verdict::Refuted(_));
    if ends.can && refuted(&whole.can_finish) || ends.does && refuted(&whole.does_finish) {
        failures.push(format!("{text}\n{ends:?} by what is known, and {whole:#?}"));
    }
    for ((property, verdict), broken) in document.properties.iter().zip(&verdicts).zip(&broken) {
        if outline.proves(property) {
            counts[3] += 1;
            if broken.is_some() || refuted(verdict) {
                let name = &property.name.name;
                failures
                    .push(format!("{text}\n{name} is proved by what is known, and broken: {broken:?} {verdict:#?}"));
            }
        }
        match verdict {
            Verdict::Proved(_) | Verdict::ProvedUpTo(..) => {
                counts[0] += 1;
                if let Some(how) = broken {
                    failures.push(format!("{text}\n{} is proved, and broken by {how}", property.name.name));
                }
            }
            Verdict::Refuted(witness) => {
                counts[1] += 1;
                let journey = &witness.as_ref().unwrap().journey;
                let mut monitor = Monitor::new(std::slice::from_ref(property));
                let followed = journey.replay(&machine, &mut monitor);
                let seen = monitor.verdicts(&followed.state);
                let waits = seen[0] == Seen::Open && monitor.pending() && !over(&followed.state);
                if !matches!(seen[0], Seen::Violated(_)) && !waits {
                    failures.push(format!("{text}\n{} is refuted by nothing: {journey:?}", property.name.name));
                }
            }
            Verdict::NotDecided { .. } => counts[2] += 1,
        }
    }
    failures.extend(stuck.map(|how| format!("{text}\nall come to an end, and one does not: {how}")));
    failures.extend(dead.map(|how| format!("{text}\nnobody comes there, and one does: {how}")));
    (failures, counts)
}

fn all_len(journey: &Journey<'_>, oracle: &Oracle<'_>) -> usize {
    oracle.steps(journey).len().max(1)
}

/// `ORACLE` says how many playbooks are looked at, `ORACLE_FROM` where to begin.
#[test]
#[expect(clippy::disallowed_methods, reason = "whoever looks for longer says so in the environment")]
fn verdicts_hold_in_every_way_that_few_steps_allow() {
    let many: u64 = std::env::var("ORACLE").ok().and_then(|many| many.parse().ok()).unwrap_or(20);
    let from: u64 = std::env::var("ORACLE_FROM").ok().and_then(|from| from.parse().ok()).unwrap_or(0);
    let (mut all, mut counts, mut looked) = (Vec::new(), [0; 4], 0);
    for seed in from..from + many {
        let mut random = StdRng::seed_from_u64(seed);
        let Some((text, document)) = sensible(&mut random) else { continue };
        looked += 1;
        let (failures, of) = wrong(&text, &document, seed, STEPS);
        all.extend(failures.into_iter().map(|why| format!("seed {seed}: {why}")));
        counts.iter_mut().zip(of).for_each(|(count, of)| *count += of);
    }
    assert!(all.is_empty(), "{}", all.join("\n\n"));
    assert!(looked * 3 > many && counts[0] * 6 > looked as usize && counts[1] > 0, "{looked} {counts:?}");
}
