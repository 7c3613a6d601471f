//! A set of customers in words: `tier = gold and usage in 10%..14%`.
//!
//! The set is covered by its largest boxes, one after the other: from the plainest customer who is still left, everything
//! that does not matter is left out, and each value widened as far as it goes.

use super::formula::{Domain, Formula, Part, Variable, VariableId, Whose};
use super::plain::{Chosen, number_as};
use super::space::{Code, Space, whose};
use crate::model::{Place, Type};
use crate::value::TaskStatus;
use crate::verify::kernel::{Bdd, Decided};
use std::collections::BTreeSet;

/// A set of customers in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Boxes; the set is all of them together.
    pub boxes: Vec<String>,
    /// Whether there is more than these.
    pub more: bool,
}

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.boxes.join(", or "))?;
        if self.more { write!(f, ", and more") } else { Ok(()) }
    }
}

/// Something that has to hold in a box.
enum Literal {
    /// The code of a variable is one of these.
    Codes(VariableId, Vec<bool>),
    /// A comparison of linked numbers holds, or not.
    Relation(Formula, bool),
}

/// So many boxes are told.
const MOST_BOXES: usize = 3;

impl Space<'_> {
    /// A set in words, given that only customers in `care` can be there at all. Also the variables that matter.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn words(&mut self, set: Bdd, care: Bdd) -> Decided<(Region, BTreeSet<Variable>)> {
        let care = self.kernel.and(care, self.universe())?;
        let target = self.kernel.or(set, care.not())?;
        let mut left = self.kernel.and(set, care)?;
        let mut region = Region { boxes: Vec::new(), more: false };
        let mut matter = BTreeSet::new();
        while !left.is_empty() {
            if region.boxes.len() == MOST_BOXES {
                region.more = true;
                break;
            }
            let literals = self.largest_box(left, set, target)?;
            let mut all = Bdd::TRUE;
            let mut words = Vec::new();
            for literal in &literals {
                let set = self.literal(literal)?;
                all = self.kernel.and(all, set)?;
                words.extend(self.say(literal));
                match literal {
                    Literal::Codes(id, _) => {
                        matter.insert(self.formulas.variable(*id).clone());
                    }
                    Literal::Relation(formula, _) => {
                        if let Part::Linear(linear) = self.formulas.part(*formula) {
                            matter.extend(linear.terms.iter().map(|(id, _)| self.formulas.variable(*id).clone()));
                        } else if let Part::AtMost(id, _) = self.formulas.part(*formula) {
                            matter.insert(self.formulas.variable(*id).clone());
                        }
                    }
                }
            }
            // At least and at most as much is the same.
            let (mut at, mut words) = (0, words);
            while at < words.len() {
                if let Some((left, right)) = words[at].split_once(" >= ").map(|(a, b)| (a.to_owned(), b.to_owned()))
                    && let Some(other) = words.iter().position(|word| *word == format!("{left} <= {right}"))
                {
                    words[at] = format!("{left} = {right}");
                    words.remove(other);
                }
                at += 1;
            }
            region.boxes.push(if words.is_empty() { "any customer".to_owned() } else { words.join(" and ") });
            left = self.kernel.and(left, all.not())?;
        }
        Ok((region, matter))
    }

    fn largest_box(&mut self, left: Bdd, set: Bdd, target: Bdd) -> Decided<Vec<Literal>> {
        let support = self.kernel.support(set);
        let Some(plain) = self.plainest(left)? else { return Ok(Vec::new()) };
        let on = self.bits_of(left, &plain)?;
        let mut literals = Vec::new();
        for (id, _, _) in self.formulas.variables() {
            let touched = self.bits(id).iter().any(|bit| support.binary_search(bit).is_ok());
            if touched
                && !self.linked.contains_key(&id)
                && let Some(count) = self.count(id)
            {
                let code = self.code_in(id, &on, count);
                literals.push(Literal::Codes(id, (0..count).map(|at| at == code).collect()));
            }
        }
        // Linked numbers are told by their comparisons.
        let relations: Vec<Formula> = self
            .formulas
            .iter()
            .filter(|(_, part)| match part {
                Part::Linear(_) => true,
                Part::AtMost(id, _) => self.linked.contains_key(id),
                _ => false,
            })
            .map(|(formula, _)| formula)
            .collect();
        for formula in relations {
            let relation = self.set(formula)?;
            let holds = self.kernel.contains(relation, |bit| on.contains(&bit));
            literals.push(Literal::Relation(formula, holds));
        }
        // Leave out what does not matter, what is least telling first.
        literals.sort_by_key(|literal| match literal {
            Literal::Codes(id, _) => match self.formulas.variable(*id) {
                Variable::Fact(..) | Variable::Member(..) | Variable::Service => 2,
                _ => 1,
            },
            Literal::Relation(..) => 3,
        });
        let mut sets = literals.iter().map(|literal| self.literal(literal)).collect::<Decided<Vec<Bdd>>>()?;
        let mut at = 0;
        while at < literals.len() {
            let others = sets.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, set)| *set);
            let rest = self.kernel.all(others.collect::<Vec<Bdd>>())?;
            if self.kernel.implies(rest, target)? {
                literals.remove(at);
                sets.remove(at);
            } else {
                at += 1;
            }
        }
        // Widen what is left.
        for at in 0..literals.len() {
            let others = sets.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, set)| *set);
            let rest = self.kernel.all(others.collect::<Vec<Bdd>>())?;
            if let Literal::Codes(id, codes) = &mut literals[at] {
                for (code, wanted) in codes.iter_mut().enumerate().filter(|(_, wanted)| !**wanted) {
                    let more = self.code_is(*id, code)?;
                    let here = self.kernel.and(rest, more)?;
                    *wanted = self.kernel.implies(here, target)?;
                }
            }
            sets[at] = self.literal(&literals[at])?;
        }
        literals.sort_by_key(|literal| match literal {
            Literal::Codes(id, _) => (self.rank(*id), id.0),
            Literal::Relation(formula, _) => (9, formula.index() as u32),
        });
        Ok(literals)
    }

    fn rank(&self, id: VariableId) -> u8 {
        match self.formulas.variable(id) {
            Variable::Service => 0,
            Variable::Fact(..) | Variable::Member(..) | Variable::Unknown(..) => 1,
            _ => 2,
        }
    }

    /// Where a variable is what was chosen, as far as it is told apart.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn pinned(&mut self, variable: &Variable, chosen: Chosen) -> Decided<Bdd> {
        let Some(id) = self.formulas.find(variable) else { return Ok(Bdd::TRUE) };
        match (chosen, self.formulas.domain(id)) {
            (Chosen::Flag(on), _) => self.code_is(id, usize::from(on)),
            (Chosen::Choice(choice), _) => self.code_is(id, usize::from(choice)),
            (Chosen::Number(number), Domain::Number { step, .. }) => {
                let steps = number.div_euclid(step);
                let code = match &self.codes[id.index()] {
                    Code::Ranges { ranges, .. } => {
                        ranges.iter().position(|(low, high)| *low <= steps && steps <= *high)
                    }
                    _ => None,
                };
                if let Some(code) = code {
                    return self.code_is(id, code);
                }
                let (up, below) = (self.number_at_most(id, steps)?, self.number_at_most(id, steps - 1)?);
                self.kernel.and(up, below.not())
            }
            _ => Ok(Bdd::TRUE),
        }
    }

    /// The bits that are on for one customer of a set.
    fn bits_of(&mut self, set: Bdd, plain: &super::Assignment) -> Decided<BTreeSet<u32>> {
        let mut left = self.kernel.and(set, self.universe())?;
        // Narrowed down to the codes of the plainest customer, then any way down.
        for (variable, chosen) in &plain.0 {
            let is = self.pinned(variable, *chosen)?;
            let next = self.kernel.and(left, is)?;
            if !next.is_empty() {
                left = next;
            }
        }
        let mut on = BTreeSet::new();
        for bit in self.kernel.support(left) {
            let is = self.kernel.variable(bit)?;
            let next = self.kernel.and(left, is)?;
            if !next.is_empty() {
                on.insert(bit);
                left = next;
            }
        }
        Ok(on)
    }

    fn code_in(&self, id: VariableId, on: &BTreeSet<u32>, count: usize) -> usize {
        let number = self.bits(id).iter().fold(0_usize, |number, bit| number * 2 + usize::from(on.contains(bit)));
        number.min(count.saturating_sub(1))
    }

    fn literal(&mut self, literal: &Literal) -> Decided<Bdd> {
        match literal {
            Literal::Codes(id, codes) => {
                let mut any = Bdd::FALSE;
                for (code, _) in codes.iter().enumerate().filter(|(_, wanted)| **wanted) {
                    let is = self.code_is(*id, code)?;
                    any = self.kernel.or(any, is)?;
                }
                Ok(any)
            }
            Literal::Relation(formula, holds) => {
                let set = self.set(*formula)?;
                Ok(if *holds { set } else { set.not() })
            }
        }
    }

    /// A literal in words; none where it says nothing.
    fn say(&self, literal: &Literal) -> Option<String> {
        match literal {
            Literal::Codes(id, codes) => {
                let variable = self.formulas.variable(*id);
                if codes.iter().all(|code| *code) {
                    return None;
                }
                match &self.codes[id.index()] {
                    Code::Flag(_) => Some(self.say_flag(variable, codes.get(1) == Some(&true))),
                    Code::Choice { .. } => Some(self.say_choice(variable, codes)),
                    Code::Ranges { ranges, .. } => Some(self.say_ranges(*id, ranges, codes)),
                    Code::Counted { .. } => None,
                }
            }
            Literal::Relation(formula, holds) => Some(self.say_relation(*formula, *holds)),
        }
    }

    /// What a variable is called.
    #[must_use]
    pub fn name(&self, variable: &Variable) -> String {
        let playbook = self.playbook();
        let name = match variable {
            Variable::Service => "service".to_owned(),
            Variable::Intended(service) => format!("{} intended", playbook.services[service.index()].name),
            Variable::Fact(fact, _) => playbook.facts[fact.index()].name.name.clone(),
            Variable::Member(fact, _, value) => {
                let fact = &playbook.facts[fact.index()];
                let value = match &fact.kind {
                    Type::SetOf(values) => values.get(usize::from(*value)).map_or("", |value| value.name.as_str()),
                    _ => "",
                };
                format!("{value} in {}", fact.name.name)
            }
            Variable::Unknown(fact, _) => format!("unknown {}", playbook.facts[fact.index()].name.name),
            Variable::Done(task, _) => format!("task {} done", playbook.tasks[task.index()].label()),
            Variable::Status(task, _) => format!("task {}", playbook.tasks[task.index()].label()),
            Variable::Position(scope, _) => format!("place in {}", playbook.scopes[scope.index()].name.name),
            Variable::Happened(key, _) => self.event_name(key),
            Variable::Elapsed(key, _) => format!("time since {}", self.since_name(key)),
            Variable::Business(unit, key, _) => format!("{} since {}", unit.words(false), self.since_name(key)),
            Variable::Today => "today".to_owned(),
            Variable::InStage => "time in this stage".to_owned(),
            Variable::Round(_) => "round".to_owned(),
            Variable::Sustained(..) => "long enough".to_owned(),
            Variable::Change(fact, window, _) => {
                format!("change of {} over {window}", playbook.facts[fact.index()].name.name)
            }
            Variable::EndedAt(process, end) => format!("{process} ended at {end}"),
            Variable::Outside(..) => "a condition that is not understood".to_owned(),
            // They are gone before anything is put into words.
            Variable::Earlier(earlier, _) => return format!("{} before", self.name(earlier)),
            Variable::Given(fact, _) => playbook.facts[fact.index()].name.name.clone(),
        };
        match whose(variable) {
            Some(Whose::Of(service)) => format!("{name} of {}", playbook.services[service.index()].name),
            _ => name,
        }
    }

    fn event_name(&self, key: &str) -> String {
        use crate::model::EventMatch;
        match self.events.get(key) {
            Some(EventMatch::Event(event)) => {
                format!("happened {}", self.playbook().events[event.index()].name)
            }
            Some(EventMatch::Blocker(kinds)) if kinds.is_empty() => "happened blocker".to_owned(),
            Some(EventMatch::Blocker(kinds)) => format!("happened blocker ({})", kinds.join(", ")),
            Some(EventMatch::Resolved) => "happened resolved".to_owned(),
            Some(EventMatch::Waived) => "happened waived".to_owned(),
            Some(EventMatch::Escalated) => "happened escalated".to_owned(),
            None => "happened".to_owned(),
        }
    }

    fn since_name(&self, key: &str) -> String {
        use crate::model::{EventMatch, Since};
        match self.since.get(key) {
            Some(Since::Fact(fact)) => self.playbook().facts[fact.index()].name.name.clone(),
            Some(Since::Task(task)) => format!("task {}", self.playbook().tasks[task.index()].label()),
            Some(Since::Event(EventMatch::Event(event))) => self.playbook().events[event.index()].name.clone(),
            Some(Since::Event(_)) => "the blocker".to_owned(),
            None => String::new(),
        }
    }

    fn say_flag(&self, variable: &Variable, on: bool) -> String {
        let name = self.name(variable);
        match (variable, on) {
            (Variable::Sustained(..), true) => "it has held for its time".to_owned(),
            (Variable::Sustained(..), false) => "it has not held for its time".to_owned(),
            (_, true) => name,
            (_, false) => format!("not {name}"),
        }
    }

    fn say_choice(&self, variable: &Variable, codes: &[bool]) -> String {
        let name = self.name(variable);
        let value = |code: usize| self.choice_name(variable, code);
        let wanted: Vec<usize> = (0..codes.len()).filter(|code| codes[*code]).collect();
        let others: Vec<usize> = (0..codes.len()).filter(|code| !codes[*code]).collect();
        match (wanted.as_slice(), others.as_slice()) {
            ([one], _) => format!("{name} = {}", value(*one)),
            (_, [one]) => format!("{name} != {}", value(*one)),
            (wanted, _) => {
                let values: Vec<String> = wanted.iter().map(|code| value(*code)).collect();
                format!("{name} in ({})", values.join(", "))
            }
        }
    }

    fn choice_name(&self, variable: &Variable, code: usize) -> String {
        let playbook = self.playbook();
        match variable {
            Variable::Service => playbook.services.get(code).map_or_else(String::new, |service| service.name.clone()),
            Variable::Fact(fact, _) => match &playbook.facts[fact.index()].kind {
                Type::OneOf(values) => values.get(code).map_or_else(String::new, |value| value.name.clone()),
                _ => self
                    .prepared
                    .texts
                    .get(code)
                    .map_or_else(|| "another text".to_owned(), |text| format!("\"{text}\"")),
            },
            Variable::Status(..) => {
                TaskStatus::ALL.get(code).map_or_else(String::new, |(_, words)| (*words).to_owned())
            }
            Variable::Position(scope, _) => {
                let place: Option<&Place> = playbook.scopes[scope.index()].places.get(code);
                place.map_or_else(|| "nowhere".to_owned(), |place| playbook.place_name(*place).name.clone())
            }
            _ => code.to_string(),
        }
    }

    /// A number of steps as an author would write it.
    pub(super) fn show_number(&self, id: VariableId, steps: i128) -> String {
        let Domain::Number { step, .. } = self.formulas.domain(id) else { return steps.to_string() };
        let playbook = self.playbook();
        let raw = steps.saturating_mul(step);
        let kind = match self.formulas.variable(id) {
            Variable::Fact(fact, _) | Variable::Change(fact, ..) => playbook.facts[fact.index()].kind.clone(),
            Variable::Today => Type::Date,
            Variable::InStage | Variable::Elapsed(..) => Type::Duration,
            Variable::Business(..) => return raw.to_string(),
            _ => Type::Number(6),
        };
        number_as(&kind, raw).map_or_else(|| steps.to_string(), |value| playbook.show(&value, &kind))
    }

    fn say_ranges(&self, id: VariableId, ranges: &[(i128, i128)], codes: &[bool]) -> String {
        let name = self.name(self.formulas.variable(id));
        let mut joined: Vec<(i128, i128)> = Vec::new();
        for (range, _) in ranges.iter().zip(codes).filter(|(_, wanted)| **wanted) {
            match joined.last_mut() {
                Some(last) if last.1 + 1 == range.0 => last.1 = range.1,
                _ => joined.push(*range),
            }
        }
        let (first, last) = (ranges.first().map(|range| range.0), ranges.last().map(|range| range.1));
        let show = |steps: i128| self.show_number(id, steps);
        // A bound is said with or without itself, whichever is shorter.
        let from = |low: i128| {
            let (with, without) = (show(low), show(low - 1));
            if crooked(&with, &without) { ("<", ">", without) } else { ("<=", ">=", with) }
        };
        let to = |high: i128| {
            let (with, without) = (show(high), show(high + 1));
            if crooked(&with, &without) { ("<", without) } else { ("<=", with) }
        };
        let words = joined.iter().map(|(low, high)| match (Some(*low) == first, Some(*high) == last) {
            _ if low == high => format!("{name} = exactly {}", show(*low)),
            (true, _) => {
                let (sign, bound) = to(*high);
                format!("{name} {sign} {bound}")
            }
            (_, true) => {
                let (_, sign, bound) = from(*low);
                format!("{name} {sign} {bound}")
            }
            (false, false) => match (from(*low), to(*high)) {
                (("<=", _, low), ("<=", high)) => format!("{name} in {low}..{high}"),
                ((below, _, low), (above, high)) => format!("{low} {below} {name} {above} {high}"),
            },
        });
        let words: Vec<String> = words.collect();
        match words.as_slice() {
            [one] => one.clone(),
            _ => format!("({})", words.join(" or ")),
        }
    }

    fn say_relation(&self, formula: Formula, holds: bool) -> String {
        match self.formulas.part(formula) {
            Part::AtMost(id, bound) => {
                let name = self.name(self.formulas.variable(*id));
                let (with, without) = (self.show_number(*id, *bound), self.show_number(*id, *bound + 1));
                match (holds, crooked(&with, &without)) {
                    (true, true) => format!("{name} < {without}"),
                    (true, false) => format!("{name} <= {with}"),
                    (false, true) => format!("{name} >= {without}"),
                    (false, false) => format!("{name} > {with}"),
                }
            }
            Part::Linear(linear) => {
                let side = |wanted: i128| -> Vec<String> {
                    let terms = linear.terms.iter().filter(|(_, factor)| factor.signum() == wanted);
                    let words = terms.map(|(id, factor)| {
                        let name = self.name(self.formulas.variable(*id));
                        if factor.abs() == 1 { name } else { format!("{} * {name}", factor.abs()) }
                    });
                    words.collect()
                };
                let (mut left, mut right) = (side(1), side(-1));
                let plain = linear.terms.iter().all(|(_, factor)| factor.abs() == 1);
                let id = linear.terms.first().map_or(VariableId(0), |(id, _)| *id);
                let show = |bound: i128| self.show_number(id, bound.abs());
                let strict = linear.bound == -1
                    || (!plain && linear.bound < 0)
                    || (plain && crooked(&show(linear.bound), &show(linear.bound + 1)));
                let bound = if strict { linear.bound + 1 } else { linear.bound };
                let sign = match (holds, strict) {
                    (true, true) => "<",
                    (true, false) => "<=",
                    (false, true) => ">=",
                    (false, false) => ">",
                };
                if bound != 0 {
                    let number = if plain { show(bound) } else { bound.abs().to_string() };
                    if bound > 0 { right.push(number) } else { left.push(number) }
                }
                let side = |words: Vec<String>| if words.is_empty() { "0".to_owned() } else { words.join(" + ") };
                format!("{} {sign} {}", side(left), side(right))
            }
            _ => String::new(),
        }
    }
}

/// Whether a bound is better said by its neighbour: 9.999999% by 10%.
fn crooked(bound: &str, neighbour: &str) -> bool {
    bound.contains('.') && neighbour.len() < bound.len()
}
