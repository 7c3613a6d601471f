//! Which values of a fact have to be tried: one for each way in which the playbook can tell values apart.
//!
//! A number that is compared with constants only needs the constants and one value of each gap between them. Facts that
//! are compared with each other share their constants, and each is also tried around the values the others have.

use super::regions::Regions;
use crate::model::property::{Assumption, Claim, Occurrence, Property};
use crate::model::{Atom, Expr, FactId, FactScope, LetId, Node, Playbook, ServiceId, Type, Volatility, Work};
use crate::run::evaluate::View;
use crate::run::machine::guard;
use crate::run::{Customer, Machine, State};
use crate::syntax::ast::Comparison;
use crate::value::{Date, Duration, Micro, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Gaps with at most so many values are tried value by value where facts are compared with each other.
const SMALL_GAP: i64 = 8;
/// Beyond any bound that is written down.
const FAR: i64 = 1_000_000_000_000_000;
/// A default that is so many steps away from the bounds around it stands for all values between them.
const ROOMY: i64 = 1_000;
/// Enumerations with more values are tried by the values that are mentioned.
const MANY_CHOICES: usize = 12;
/// Sets of more members are not tried whole.
const MANY_MEMBERS: usize = 4;

/// The values to try, of every fact.
#[derive(Debug)]
pub struct Domains {
    /// By fact: constants it is compared with, as whole numbers of its measure.
    cuts: Vec<BTreeSet<i64>>,
    texts: Vec<BTreeSet<Arc<str>>>,
    choices: Vec<BTreeSet<u16>>,
    /// By fact: the facts it is compared with, itself left out.
    linked: Vec<BTreeSet<FactId>>,
    /// By fact: conditions that calculate with it.
    sums: Vec<Vec<Expr>>,
    /// Facts whose values cannot all be told apart by the values tried, with the reason.
    inexact: BTreeMap<FactId, &'static str>,
    /// Live numbers that are only compared.
    pub(super) regions: Regions,
}

/// Calls `visit` on every condition and value of the flow, lets left out (they are followed where they are used).
pub fn conditions<'a>(playbook: &'a Playbook, visit: &mut dyn FnMut(&'a Expr)) {
    playbook.transitions.iter().filter_map(|transition| guard(&transition.trigger)).for_each(&mut *visit);
    playbook
        .scopes
        .iter()
        .flat_map(|scope| &scope.inputs)
        .filter_map(|input| input.condition.as_ref())
        .for_each(&mut *visit);
    playbook.offers.iter().filter_map(|offer| offer.when.as_ref()).for_each(&mut *visit);
    playbook.about.customers.iter().for_each(&mut *visit);
    playbook.sustained.iter().for_each(|sustained| visit(&sustained.condition));
    for stage in &playbook.stages {
        stage.needs.iter().for_each(|needs| visit(&needs.condition));
    }
    assignments(playbook, &mut |_, value| visit(value));
}

/// Calls `visit` on every `set`.
pub fn assignments<'a>(playbook: &'a Playbook, visit: &mut dyn FnMut(FactId, &'a Expr)) {
    fn of<'a>(body: &'a [Work], visit: &mut dyn FnMut(FactId, &'a Expr)) {
        for work in body {
            match work {
                Work::Set(assignment) => visit(assignment.fact, &assignment.value),
                Work::Together(inner) => of(inner, visit),
                Work::Task(_) | Work::Step(_) => {}
            }
        }
    }
    playbook.stages.iter().for_each(|stage| of(&stage.body, visit));
    playbook.cadences.iter().for_each(|cadence| of(&cadence.body, visit));
}

/// Calls `visit` on every condition of a property.
pub fn of_property<'a>(property: &'a Property, visit: &mut dyn FnMut(&'a Expr)) {
    let mut occurrence = |what: &'a Occurrence| {
        if let Occurrence::Condition(condition) = what {
            visit(condition);
        }
    };
    match &property.claim {
        Claim::Before(first, second) | Claim::Followed(first, second, _) => {
            occurrence(first);
            occurrence(second);
        }
        Claim::Eventually(what, _) | Claim::AtMost(what, _) => occurrence(what),
        Claim::Never(condition, other) | Claim::Always(condition, other) => {
            visit(condition);
            other.iter().for_each(&mut *visit);
        }
    }
    for assumption in &property.assumptions {
        if let Assumption::Condition(condition) = assumption {
            visit(condition);
        }
    }
}

/// Calls `visit` on an expression and all parts of it, each named value followed once.
pub fn deep<'a>(playbook: &'a Playbook, expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    fn on<'a>(playbook: &'a Playbook, expr: &'a Expr, seen: &mut BTreeSet<LetId>, visit: &mut dyn FnMut(&'a Expr)) {
        visit(expr);
        if let Node::Let(id) = &expr.node
            && seen.insert(*id)
        {
            on(playbook, &playbook.lets[id.index()].value, seen, visit);
        }
        expr.parts(&mut |part| on(playbook, part, seen, visit));
    }
    on(playbook, expr, &mut BTreeSet::new(), visit);
}

impl Domains {
    /// Of a playbook and the conditions asked about it.
    #[must_use]
    pub fn new(machine: &Machine, asked: &[&Expr]) -> Domains {
        let playbook = &machine.playbook;
        let count = playbook.facts.len();
        let mut domains = Domains {
            cuts: vec![BTreeSet::new(); count],
            texts: vec![BTreeSet::new(); count],
            choices: vec![BTreeSet::new(); count],
            linked: vec![BTreeSet::new(); count],
            sums: vec![Vec::new(); count],
            inexact: BTreeMap::new(),
            regions: Regions::new(machine, asked),
        };
        let empty = State::new(machine, &Customer::new(machine, "nobody"));
        let view = View::of(machine, &empty, 0);
        let mut all: Vec<&Expr> = asked.to_vec();
        conditions(playbook, &mut |expr| all.push(expr));
        for expr in all {
            deep(playbook, expr, &mut |part| domains.read(playbook, view, part));
        }
        assignments(playbook, &mut |fact, value| domains.assigned(playbook, fact, value));
        for (fact, _) in &playbook.histories {
            domains.inexact.insert(*fact, "how it changes over time is looked at");
        }
        domains.share(playbook);
        domains
    }

    /// Facts that are not tried exactly, with the reason.
    #[must_use]
    pub fn inexact(&self) -> &BTreeMap<FactId, &'static str> {
        &self.inexact
    }

    fn read(&mut self, playbook: &Playbook, view: View<'_>, expr: &Expr) {
        match &expr.node {
            Node::Compare(_, left, right) => {
                self.pair(playbook, view, expr, left, right);
                self.pair(playbook, view, expr, right, left);
            }
            Node::InRange(value, low, high) => {
                for bound in [low, high] {
                    self.pair(playbook, view, expr, value, bound);
                    self.pair(playbook, view, expr, bound, value);
                }
            }
            Node::OneOf(value, list) => list.iter().for_each(|member| self.pair(playbook, view, expr, value, member)),
            Node::InSet(value, set) => {
                if let (Some(fact), Some(Value::Set(members))) = (bare(playbook, value), constant(playbook, view, set))
                {
                    self.choices[fact.index()].extend((0..64).filter(|bit| members >> bit & 1 == 1));
                }
            }
            Node::Atom(Atom::Since(_, crate::model::Since::Fact(fact), ..)) => {
                self.inexact.insert(*fact, "it is a date that time is counted from");
            }
            Node::Atom(Atom::Today(_, date)) => {
                let mut facts = BTreeSet::new();
                operands(playbook, date, &mut facts);
                for fact in facts {
                    self.inexact.insert(fact, "it is compared with today");
                }
            }
            _ => {}
        }
    }

    /// One side of a comparison, seen from the other.
    fn pair(&mut self, playbook: &Playbook, view: View<'_>, whole: &Expr, side: &Expr, other: &Expr) {
        let ordered =
            |kind: &Type| !matches!(kind, Type::YesNo | Type::Text | Type::OneOf(_) | Type::SetOf(_) | Type::Service);
        // Where two values are equal, both `<=` and `>=` hold; each changes its truth at one place only, where what is
        // calculated grows or falls with the fact.
        let tests: Vec<Expr> = if ordered(&side.kind) && ordered(&other.kind) {
            let test = |comparison| {
                let node = Node::Compare(comparison, Box::new(side.clone()), Box::new(other.clone()));
                Expr { node, kind: Type::YesNo, span: whole.span }
            };
            vec![test(Comparison::LessOrEqual), test(Comparison::GreaterOrEqual)]
        } else {
            vec![whole.clone()]
        };
        let mut facts = BTreeSet::new();
        operands(playbook, side, &mut facts);
        if facts.is_empty() {
            return;
        }
        let value = constant(playbook, view, other);
        match (bare(playbook, side), value) {
            (Some(fact), Some(value)) => match &value {
                Value::Text(text) => {
                    self.texts[fact.index()].insert(Arc::clone(text));
                }
                Value::Choice(choice) => {
                    self.choices[fact.index()].insert(*choice);
                }
                value => {
                    if let Some(number) = measure(value) {
                        self.cuts[fact.index()].insert(number);
                    }
                }
            },
            (Some(fact), None) if bare(playbook, other).is_some() => {
                if let Some(other) = bare(playbook, other).filter(|other| *other != fact) {
                    self.linked[fact.index()].insert(other);
                }
            }
            _ => {
                operands(playbook, other, &mut facts);
                let kept = |fact: &&FactId| playbook.facts[fact.index()].volatility == Volatility::Kept;
                let free = facts.iter().filter(|fact| !kept(fact)).count();
                for fact in &facts {
                    if facts.len() > 1 && free > 0 {
                        self.inexact.insert(*fact, "it is calculated with together with other facts");
                    }
                    self.linked[fact.index()].extend(facts.iter().filter(|other| *other != fact));
                    if tests.len() > 1 && !falls_or_grows(playbook, *fact, side, other) {
                        self.inexact
                            .insert(*fact, "what is calculated from it does not only grow or only fall with it");
                    }
                    for test in &tests {
                        if !self.sums[fact.index()].contains(test) {
                            self.sums[fact.index()].push(test.clone());
                        }
                    }
                }
            }
        }
    }

    fn assigned(&mut self, playbook: &Playbook, fact: FactId, value: &Expr) {
        let mut facts = BTreeSet::new();
        operands(playbook, value, &mut facts);
        let plain = bare(playbook, value).is_some();
        for other in facts.into_iter().filter(|other| *other != fact) {
            self.linked[fact.index()].insert(other);
            self.linked[other.index()].insert(fact);
            if !plain && playbook.facts[other.index()].volatility != Volatility::Kept {
                self.inexact.insert(other, "a value is calculated from it");
            }
        }
    }

    /// Facts that are compared with each other share their constants, however many comparisons lie between.
    fn share(&mut self, playbook: &Playbook) {
        for _ in 0..self.linked.len() {
            let before: usize = self.linked.iter().map(BTreeSet::len).sum();
            for fact in 0..self.linked.len() {
                for other in self.linked[fact].clone() {
                    let more = self.linked[other.index()].clone();
                    self.linked[fact].extend(more.into_iter().filter(|known| known.index() != fact));
                    self.linked[other.index()].insert(FactId(fact as u32));
                }
            }
            if self.linked.iter().map(BTreeSet::len).sum::<usize>() == before {
                break;
            }
        }
        // Where facts are compared with each other, the bounds of each are constants to the others.
        for (fact, known) in playbook.facts.iter().enumerate().filter(|(fact, _)| !self.linked[*fact].is_empty()) {
            let written = known.range.iter().flat_map(|(low, high)| [measure(low), measure(high)]).flatten();
            self.cuts[fact].extend(written);
            if known.kind == Type::Duration {
                self.cuts[fact].insert(0);
            }
        }
        let cuts = self.cuts.clone();
        for (fact, linked) in self.linked.iter().enumerate() {
            for other in linked {
                self.cuts[fact].extend(&cuts[other.index()]);
            }
            if linked.len() > 4 {
                self.inexact.entry(FactId(fact as u32)).or_insert("it is compared with many other facts");
            }
        }
    }

    /// The values to try for an open fact, the plainest first; none is unknown. `base` is what was last known of it.
    #[must_use]
    pub fn candidates(
        &self,
        machine: &Machine,
        state: &State,
        service: Option<ServiceId>,
        id: FactId,
        base: Option<&Value>,
    ) -> Vec<Option<Value>> {
        let fact = &machine.playbook.facts[id.index()];
        let mut values: Vec<Value> = match &fact.kind {
            Type::YesNo => vec![Value::YesNo(false), Value::YesNo(true)],
            Type::OneOf(named) => {
                let used = &self.choices[id.index()];
                let few = named.len() <= MANY_CHOICES || !self.linked[id.index()].is_empty();
                let other = (0..named.len() as u16).find(|choice| !used.contains(choice));
                (0..named.len() as u16)
                    .filter(|choice| few || used.contains(choice) || other == Some(*choice))
                    .map(Value::Choice)
                    .collect()
            }
            Type::SetOf(named) if named.len() <= MANY_MEMBERS => (0..1 << named.len()).map(Value::Set).collect(),
            Type::SetOf(named) => {
                let all = if named.len() >= 64 { u64::MAX } else { (1 << named.len()) - 1 };
                let single = (0..named.len()).map(|bit| 1 << bit);
                single.clone().map(|one: u64| all & !one).chain(single).chain([0, all]).map(Value::Set).collect()
            }
            Type::Text => {
                let other =
                    (0..).map(|number| if number == 0 { "other".to_owned() } else { format!("other {number}") });
                let used = &self.texts[id.index()];
                let other = other.map(Arc::<str>::from).find(|text| !used.contains(text));
                used.iter().cloned().chain(other).map(Value::Text).collect()
            }
            Type::Service => (0..machine.playbook.services.len() as u16).map(Value::Service).collect(),
            Type::Int | Type::Number(_) | Type::Percent | Type::Money(_) | Type::Date | Type::Duration => {
                let mut values = self.numbers(machine, state, service, id);
                // Of values that nothing tells apart one will do: a bound rather than what lies beside it.
                let bounds = self.regions.bounds(&machine.playbook, state, service, id).unwrap_or_default();
                let is_bound = |value: &Value| measure(value).is_some_and(|number| bounds.contains_key(&number));
                values.sort_by_key(|value| !is_bound(value));
                let mut seen = BTreeSet::new();
                values.retain(|value| {
                    let place = self.regions.place(&machine.playbook, state, (service, id), value);
                    fact.default.as_ref() == Some(value) || place.is_none_or(|place| seen.insert(place))
                });
                values.sort_by_key(measure);
                values
            }
        };
        let order = |left: &Value, right: &Value| crate::run::evaluate::order(Some(left), Some(right));
        if let Some(base) = base {
            let loses = |old: &Value, new: &Value| match (old, new) {
                (Value::Set(old), Value::Set(new)) => old & !new != 0,
                (Value::Choice(old), Value::Choice(new)) => new < old,
                _ => false,
            };
            match fact.volatility {
                Volatility::Fixed | Volatility::Kept => return vec![Some(base.clone())],
                Volatility::Rising => {
                    values.retain(|value| order(value, base) != Some(std::cmp::Ordering::Less) && !loses(base, value));
                }
                Volatility::Falling => {
                    values
                        .retain(|value| order(value, base) != Some(std::cmp::Ordering::Greater) && !loses(value, base));
                }
                Volatility::Live => {}
            }
            if fact.volatility != Volatility::Live && !values.contains(base) {
                values.push(base.clone());
            }
        }
        if let Some(default) = &fact.default {
            if let Some(at) = values.iter().position(|value| value == default) {
                values.swap(0, at);
            } else if base.is_none() || fact.volatility == Volatility::Live {
                values.insert(0, default.clone());
            }
        }
        let mut all: Vec<Option<Value>> = values.into_iter().map(Some).collect();
        if base.is_none() && fact.default.is_none() {
            all.push(None);
        }
        all
    }

    fn numbers(&self, machine: &Machine, state: &State, service: Option<ServiceId>, id: FactId) -> Vec<Value> {
        let fact = &machine.playbook.facts[id.index()];
        let unit = unit(&fact.kind);
        let (low, high) = match &fact.range {
            Some((low, high)) => (measure(low).unwrap_or(-FAR), measure(high).unwrap_or(FAR)),
            None if fact.kind == Type::Duration => (0, FAR),
            None if fact.kind == Type::Date => (-25_000, 40_000),
            None => (-FAR, FAR),
        };
        let linked = &self.linked[id.index()];
        let mut usual = fact.default.as_ref().and_then(measure);
        let points = self.regions.bounds(&machine.playbook, state, service, id).filter(|_| !linked.is_empty());
        let points = points.map(|bounds| bounds.into_keys().collect());
        let mut points: BTreeSet<i64> = points.unwrap_or_else(|| {
            let mut points = self.cuts[id.index()].clone();
            for other in linked {
                points.extend(known_values(machine, state, service, *other).iter().filter_map(measure));
            }
            points
        });
        self.flips(machine, state, service, id, (low, high), &mut points);
        points.retain(|point| (low..=high).contains(point));
        // The default of a fact that stays as it is stands for the values around it, where there is room on both sides.
        let roomy = |usual: &i64| {
            let room = ROOMY.saturating_mul(unit);
            !linked.is_empty()
                && fact.volatility == Volatility::Fixed
                && usual.rem_euclid(unit) == 0
                && points.range(..=usual).next_back().is_some_and(|below| usual - below > room)
                && points.range(usual..).next().is_some_and(|above| above - usual > room)
        };
        usual = usual.filter(|usual| (low..=high).contains(usual));
        let between = usual.filter(roomy);
        if between.is_none() {
            points.extend(usual);
        }
        let mut values: BTreeSet<i64> = points.iter().copied().filter(|point| point.rem_euclid(unit) == 0).collect();
        if values.is_empty() && points.is_empty() {
            values.insert(0_i64.clamp(low, high));
            return values.into_iter().filter_map(|number| valued(number, &fact.kind)).collect();
        }
        let mut edges: Vec<i64> = points.iter().copied().collect();
        edges.insert(0, low.saturating_sub(unit));
        edges.push(high.saturating_add(unit));
        for pair in edges.windows(2) {
            let (from, to) = (pair[0].div_euclid(unit) * unit + unit, pair[1] - 1);
            let count = (to - from).div_euclid(unit) + 1;
            if count <= 0 {
                continue;
            }
            if let Some(usual) = between.filter(|usual| (from..=to).contains(usual)) {
                values.insert(usual);
            } else if linked.is_empty() {
                // Next to the nearest bound: boundaries are what people want to see.
                let whole = 1_000_000_i64.max(unit);
                let (down, up) = ((pair[1] - 1).div_euclid(whole) * whole, (pair[0].div_euclid(whole) + 1) * whole);
                let near = if pair[0] < low { (down, to.div_euclid(unit) * unit) } else { (up, from) };
                values.insert(if (from..=to).contains(&near.0) { near.0 } else { near.1 });
            } else if count <= SMALL_GAP {
                values.extend((0..count).map(|step| from + step * unit));
            } else {
                values.insert(middle(from, to, unit));
            }
        }
        values
            .into_iter()
            .filter(|value| (low..=high).contains(value))
            .filter_map(|number| valued(number, &fact.kind))
            .collect()
    }

    /// Where conditions that calculate with the fact change their truth, the other facts being what they are.
    fn flips(
        &self,
        machine: &Machine,
        state: &State,
        service: Option<ServiceId>,
        id: FactId,
        (low, high): (i64, i64),
        points: &mut BTreeSet<i64>,
    ) {
        if self.sums[id.index()].is_empty() {
            return;
        }
        let fact = &machine.playbook.facts[id.index()];
        let unit = unit(&fact.kind);
        let mut scratch = State { lookout: None, ..state.clone() };
        let track = scratch.tracks.iter().rposition(|track| track.service == service).unwrap_or(0);
        for sum in &self.sums[id.index()] {
            let mut truth = |number: i64| {
                let value = valued(number, &fact.kind);
                match service {
                    Some(service) => scratch.services[service.index()].facts[fact.slot] = value,
                    None => scratch.facts[fact.slot] = value,
                }
                View { machine, state: &scratch, track, service, outside: false }.truth(sum)
            };
            let mut edges: Vec<i64> = points.iter().copied().collect();
            edges.extend([low, high, 0_i64.clamp(low, high)]);
            edges.sort_unstable();
            edges.dedup();
            for pair in edges.windows(2) {
                // Bounds that lie between two values stand for the value within.
                let (mut from, mut to) = (pair[0].div_euclid(unit), pair[1].div_euclid(unit));
                let (start, end) = (truth(from * unit), truth(to * unit));
                if start == end {
                    continue;
                }
                while to - from > 1 {
                    let half = from + (to - from) / 2;
                    if truth(half * unit) == start {
                        from = half;
                    } else {
                        to = half;
                    }
                }
                points.extend([from * unit, to * unit]);
            }
        }
    }
}

/// The values that are known of a fact: of this service, or of all where none is meant.
fn known_values(machine: &Machine, state: &State, service: Option<ServiceId>, id: FactId) -> Vec<Value> {
    let fact = &machine.playbook.facts[id.index()];
    let open = |service: Option<ServiceId>| {
        state.lookout.as_ref().is_some_and(|lookout| lookout.is_open(lookout.number(service, fact.slot)))
    };
    match (fact.scope, service) {
        (FactScope::Customer, _) if open(None) => Vec::new(),
        (FactScope::Customer, _) => state.facts[fact.slot].iter().cloned().collect(),
        (FactScope::Service, only) => state
            .intended
            .iter()
            .filter(|service| only.is_none_or(|only| only == *service) && !open(Some(*service)))
            .filter_map(|service| state.services[service.index()].facts[fact.slot].clone())
            .collect(),
    }
}

/// The roundest value in the middle of a gap.
fn middle(from: i64, to: i64, unit: i64) -> i64 {
    let half = from + (to - from) / 2;
    let span = (to - from) / 4;
    let mut step = unit;
    while step.saturating_mul(10) <= span {
        step *= 10;
    }
    half.div_euclid(step) * step
}

/// The fact, where the expression is one and nothing else.
pub(super) fn bare(playbook: &Playbook, expr: &Expr) -> Option<FactId> {
    match &expr.node {
        Node::Atom(Atom::Fact(fact)) => Some(*fact),
        Node::Let(id) => bare(playbook, &playbook.lets[id.index()].value),
        _ => None,
    }
}

/// The value, where no fact, journey or clock has a say in it.
pub(super) fn constant(playbook: &Playbook, view: View<'_>, expr: &Expr) -> Option<Value> {
    let mut constant = true;
    let mut look = |part: &Expr| constant &= !matches!(part.node, Node::Atom(_) | Node::Quantified(..));
    deep(playbook, expr, &mut look);
    if constant { view.value(expr) } else { None }
}

/// The facts a value is made of; those that a condition within it looks at are left out.
fn operands(playbook: &Playbook, expr: &Expr, into: &mut BTreeSet<FactId>) {
    fn on(playbook: &Playbook, expr: &Expr, seen: &mut BTreeSet<LetId>, into: &mut BTreeSet<FactId>) {
        match &expr.node {
            Node::Atom(Atom::Fact(fact) | Atom::Change(fact, _)) => {
                into.insert(*fact);
            }
            Node::Let(id) => {
                if seen.insert(*id) {
                    on(playbook, &playbook.lets[id.index()].value, seen, into);
                }
            }
            Node::Quantified(..) | Node::Compare(..) | Node::And(_) | Node::Or(_) | Node::Not(_) => {}
            Node::Choice(choices, last) => {
                choices.iter().for_each(|(value, _)| on(playbook, value, seen, into));
                on(playbook, last, seen, into);
            }
            _ => expr.parts(&mut |part| on(playbook, part, seen, into)),
        }
    }
    on(playbook, expr, &mut BTreeSet::new(), into);
}

/// Which way a value goes as a fact grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It stays.
    Stays,
    /// It grows, or stays.
    Up,
    /// It falls, or stays.
    Down,
}

impl Way {
    fn back(self) -> Way {
        match self {
            Way::Stays => Way::Stays,
            Way::Up => Way::Down,
            Way::Down => Way::Up,
        }
    }

    /// Of two that are added.
    fn with(self, other: Way) -> Option<Way> {
        match (self, other) {
            (Way::Stays, way) | (way, Way::Stays) => Some(way),
            (one, other) => (one == other).then_some(one),
        }
    }
}

/// Whether the difference of two values only grows or only falls with a fact, or is a multiple of it and something else.
fn falls_or_grows(playbook: &Playbook, fact: FactId, left: &Expr, right: &Expr) -> bool {
    let difference = || way(playbook, fact, left)?.with(way(playbook, fact, right)?.back());
    difference().is_some() || (linear(playbook, left) && linear(playbook, right))
}

/// Whether a value is made of facts and constants by adding, and by taking whole multiples.
fn linear(playbook: &Playbook, expr: &Expr) -> bool {
    match &expr.node {
        Node::Constant(_) | Node::Parameter(_) | Node::Atom(Atom::Fact(_)) => true,
        Node::Let(id) => linear(playbook, &playbook.lets[id.index()].value),
        Node::Negate(part) => linear(playbook, part),
        Node::Sum(terms) => terms.iter().all(|(_, term)| linear(playbook, term)),
        Node::Times(left, right) => {
            let whole = |side: &Expr| sign(playbook, side).is_some() && side.kind == Type::Int;
            (whole(left) && linear(playbook, right)) || (whole(right) && linear(playbook, left))
        }
        _ => false,
    }
}

/// The sign of a constant: below, at or above zero.
fn sign(playbook: &Playbook, expr: &Expr) -> Option<std::cmp::Ordering> {
    let number = |value: &Value| measure(value).map(|number| number.cmp(&0));
    match &expr.node {
        Node::Constant(value) => number(value),
        Node::Parameter(id) => number(&playbook.parameters[id.index()].value),
        Node::Let(id) => sign(playbook, &playbook.lets[id.index()].value),
        Node::Negate(part) => sign(playbook, part).map(std::cmp::Ordering::reverse),
        _ => None,
    }
}

/// Which way a value goes as a fact grows, where it goes one way only.
fn way(playbook: &Playbook, fact: FactId, expr: &Expr) -> Option<Way> {
    let mut facts = BTreeSet::new();
    operands(playbook, expr, &mut facts);
    if !facts.contains(&fact) && !matches!(expr.node, Node::Choice(..)) {
        return Some(Way::Stays);
    }
    let of = |part: &Expr| way(playbook, fact, part);
    let scaled = |part: &Expr, by: &Expr| match sign(playbook, by)? {
        std::cmp::Ordering::Less => Some(of(part)?.back()),
        std::cmp::Ordering::Equal => Some(Way::Stays),
        std::cmp::Ordering::Greater => of(part),
    };
    match &expr.node {
        Node::Atom(Atom::Fact(_)) => Some(Way::Up),
        Node::Let(id) => of(&playbook.lets[id.index()].value),
        Node::Negate(part) => Some(of(part)?.back()),
        Node::Sum(terms) => terms.iter().try_fold(Way::Stays, |all, (minus, term)| {
            let term = of(term)?;
            all.with(if *minus { term.back() } else { term })
        }),
        Node::Times(left, right) | Node::PercentOf(left, right) => scaled(left, right).or_else(|| scaled(right, left)),
        Node::Divide(left, right) => scaled(left, right),
        Node::Max(parts) | Node::Min(parts) => parts.iter().try_fold(Way::Stays, |all, part| all.with(of(part)?)),
        _ => None,
    }
}

/// A value as a whole number of its measure: millionths, days or seconds.
#[must_use]
pub fn measure(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => Some(number.0),
        Value::Date(date) => Some(i64::from(date.0)),
        Value::Duration(time) => Some(time.0),
        _ => None,
    }
}

fn valued(number: i64, kind: &Type) -> Option<Value> {
    match kind {
        Type::Int | Type::Number(_) | Type::Percent | Type::Money(_) => Some(Value::Number(Micro(number))),
        Type::Date => Some(Value::Date(Date(i32::try_from(number).ok()?))),
        Type::Duration => Some(Value::Duration(Duration(number))),
        _ => None,
    }
}

/// The smallest step between two values.
fn unit(kind: &Type) -> i64 {
    match kind {
        Type::Int => 1_000_000,
        Type::Number(decimals) | Type::Money(decimals) => 10_i64.pow(6 - (*decimals).min(6)),
        Type::Duration => 60,
        _ => 1,
    }
}
