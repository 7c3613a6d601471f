//! Customers side by side: each fact, clock and count is a column, and conditions, values and draws are worked out for a
//! whole list of customers.

use super::abreast::Ranks;
use super::expression::{Column, Term, UNKNOWN};
use super::kernel;
use super::program::{Source, Store};
use super::sampler::{Chance, Drawn, Kind, Number, to_number};
use super::trail::Trail;
use crate::model::Type;
use crate::model::distribution::Distribution;
use crate::run::evaluate::holds;
use crate::simulate::random::{Odds, Stream, StreamKey};
use crate::simulate::world::LONGEST;
use crate::syntax::ast::Comparison;
use crate::value::{DAY, Micro, nearest};

/// Customers of a batch.
pub(in crate::simulate) const LANES: usize = 2_048;
pub(super) const MASK: usize = LANES - 1;

/// Lists that are kept for use again.
const MOST_LISTS: usize = 64;

/// Never.
pub(super) const NEVER: i64 = i64::MAX;

/// A column. What is beyond the customers keeps columns that lie one behind the other from the same places of a cache.
pub(super) type Lanes = [i64; ROOM];
pub(super) const ROOM: usize = LANES + 40;
/// Places of customers in the batch.
pub(super) type List = Vec<u32>;

/// What is counted in a batch.
#[derive(Debug, Default, Clone)]
pub(super) struct Counts {
    pub(super) ends: Vec<u64>,
    pub(super) entered: Vec<u64>,
    /// By stage: visits that are over.
    pub(super) visits: Vec<Visits>,
    pub(super) offered: Vec<u64>,
    pub(super) not_required: Vec<u64>,
    /// By task: for whom it was complete, and how long that took.
    pub(super) complete: Vec<Timed>,
}

/// Lengths of time, and whose they are.
#[derive(Debug, Default, Clone)]
pub(super) struct Timed {
    pub(super) lanes: List,
    pub(super) times: Vec<i64>,
}

/// Visits that are over.
#[derive(Debug, Default, Clone)]
pub(super) struct Visits {
    pub(super) timed: Timed,
    /// Stretches of visits that were over by one exit: its place among those of the stage, and where the stretch ends.
    pub(super) ways: Vec<(usize, usize)>,
}

impl Timed {
    fn clear(&mut self) {
        self.lanes.clear();
        self.times.clear();
    }
}

impl Counts {
    fn clear(&mut self) {
        for counts in [&mut self.ends, &mut self.entered, &mut self.offered, &mut self.not_required] {
            counts.fill(0);
        }
        for Visits { timed, ways } in &mut self.visits {
            timed.clear();
            ways.clear();
        }
        self.complete.iter_mut().for_each(Timed::clear);
    }
}

/// Where the columns are that every program needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Common {
    /// The services of each customer, as bits.
    pub(super) intended: Column,
    /// Where each customer's streams begin.
    pub(super) begin: Column,
    /// The present instant, of the customer's own track and of those within it.
    pub(super) now: [Column; 2],
    /// When a pending blocker is resolved, likewise.
    pub(super) resolved: [Column; 2],
}

/// Columns of customers, and what is counted of them.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) columns: Vec<Lanes>,
    pub(super) common: Common,
    pub(super) counts: Counts,
    pub(super) horizon: i64,
    /// Customers whom only the interpreter can follow, by place.
    pub(super) left: Vec<bool>,
    /// What is noted of customers who wait for people, instead of counting it.
    pub(super) trail: Option<Box<Trail>>,
    pub(super) anybody_left: bool,
    lists: Vec<List>,
    pub(super) numbers: Vec<Vec<f64>>,
    pub(super) wholes: Vec<Vec<i64>>,
    pub(super) visits: u32,
    /// Columns in which rounds are done, while nobody uses them; and whether it is in these that values are worked out, for
    /// all who are there.
    pub(super) ranks: Option<Ranks>,
    pub(super) in_ranks: bool,
    /// Whether the last round was somebody's last.
    pub(super) spent: bool,
}

/// A column that begins with a value for each track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reset {
    Value(Column, i64),
    /// Where the customer's streams begin.
    Streams(Column),
}

#[inline]
pub(super) fn column(columns: &[Lanes], of: Column) -> &Lanes {
    &columns[of]
}

/// Places that are parted in one go: lists grow by as many, and are asked for room once.
pub(super) const BLOCK: usize = 64;

pub(super) fn partition(list: &[u32], yes: &mut List, no: &mut List, test: impl Fn(usize) -> bool) {
    let (mut holds, mut fails) = ([0; BLOCK], [0; BLOCK]);
    for block in list.chunks(BLOCK) {
        let mut count = 0;
        for (place, lane) in block.iter().enumerate() {
            // Into both; what does not belong there is written over.
            holds[count % BLOCK] = *lane;
            fails[(place - count) % BLOCK] = *lane;
            count += usize::from(test(*lane as usize & MASK));
        }
        yes.extend_from_slice(&holds[..count.min(BLOCK)]);
        no.extend_from_slice(&fails[..(block.len() - count).min(BLOCK)]);
    }
}

impl Batch {
    pub(super) fn new(columns: usize, common: Common, counts: Counts) -> Self {
        Batch {
            columns: vec![[0; ROOM]; columns],
            common,
            counts,
            horizon: 0,
            left: vec![false; LANES],
            trail: None,
            anybody_left: false,
            lists: Vec::new(),
            numbers: Vec::new(),
            wholes: Vec::new(),
            visits: 0,
            ranks: None,
            in_ranks: false,
            spent: false,
        }
    }

    pub(super) fn list(&mut self) -> List {
        self.lists.pop().unwrap_or_else(|| List::with_capacity(LANES))
    }

    pub(super) fn done(&mut self, mut list: List) {
        // Lists that were made elsewhere come here too: as many are kept as are ever needed at once, with room for all.
        if self.lists.len() < MOST_LISTS && list.capacity() >= LANES {
            list.clear();
            self.lists.push(list);
        }
    }

    /// Puts the second list behind the first.
    pub(super) fn join(&mut self, to: &mut List, mut list: List) {
        if to.is_empty() {
            std::mem::swap(to, &mut list);
        } else {
            to.extend_from_slice(&list);
        }
        self.done(list);
    }

    pub(super) fn values_list(&mut self) -> Vec<i64> {
        let mut values = self.wholes.pop().unwrap_or_default();
        values.clear();
        values
    }

    pub(super) fn leave_to_interpreter(&mut self, list: &[u32]) {
        for lane in list {
            self.left[*lane as usize & MASK] = true;
            self.anybody_left = true;
        }
    }

    pub(super) fn abandon(&mut self, list: List) {
        self.leave_to_interpreter(&list);
        self.done(list);
    }

    /// Sets columns to their first values.
    pub(super) fn reset(&mut self, resets: &[Reset]) {
        for reset in resets {
            match *reset {
                Reset::Value(of, value) => self.columns[of].fill(value),
                Reset::Streams(of) => {
                    if let Ok([to, from]) = self.columns.get_disjoint_mut([of, self.common.begin]) {
                        to.copy_from_slice(from);
                    }
                }
            }
        }
    }

    /// Begins anew, with nothing counted.
    pub(super) fn begin(&mut self) {
        self.visits = 0;
        self.anybody_left = false;
        self.left.fill(false);
        self.counts.clear();
    }

    /// A value for one customer.
    pub(super) fn at(&self, term: &Term, lane: usize) -> i64 {
        let known = |left: &Term, right: &Term| -> Option<(i64, i64)> {
            let (left, right) = (self.at(left, lane), self.at(right, lane));
            (left != UNKNOWN && right != UNKNOWN).then_some((left, right))
        };
        let all = |parts: &mut dyn Iterator<Item = i64>| {
            let mut unknown = false;
            for part in parts {
                match part {
                    0 => return 0,
                    UNKNOWN => unknown = true,
                    _ => {}
                }
            }
            if unknown { UNKNOWN } else { 1 }
        };
        let number = |result: Option<Micro>| result.map_or(UNKNOWN, |number| number.0);
        let not = |yes: i64| if yes == UNKNOWN { UNKNOWN } else { 1 - yes };
        let extreme = |parts: &[Term], greatest: bool| {
            let mut best = None;
            for part in parts {
                let value = self.at(part, lane);
                if value == UNKNOWN {
                    return UNKNOWN;
                }
                best = Some(best.map_or(value, |best: i64| if greatest { best.max(value) } else { best.min(value) }));
            }
            best.unwrap_or(UNKNOWN)
        };
        match term {
            Term::Constant(value) => *value,
            Term::Column(of) => self.columns[*of][lane & MASK],
            Term::Unknown(of) => i64::from(self.columns[*of][lane & MASK] == UNKNOWN),
            Term::OneOf(of, values) => i64::from(values.contains(&self.columns[*of][lane & MASK])),
            Term::Intended(service) => self.columns[self.common.intended][lane & MASK] >> service.0 & 1,
            Term::Not(part) => not(self.at(part, lane)),
            Term::And(parts) => all(&mut parts.iter().map(|part| self.at(part, lane))),
            Term::Or(parts) => not(all(&mut parts.iter().map(|part| not(self.at(part, lane))))),
            Term::Compare(comparison, left, right) => match known(left, right) {
                Some((left, right)) => i64::from(holds(*comparison, left.cmp(&right))),
                None => self.of_intervals(*comparison, left, right, lane),
            },
            Term::InSet(value, set) => known(value, set).map_or(UNKNOWN, |(value, set)| set >> (value & 63) & 1),
            Term::PartOf(part, set) => known(part, set).map_or(UNKNOWN, |(part, set)| i64::from(part & !set == 0)),
            Term::Sum(terms) => {
                let mut sum: Option<i64> = None;
                for (minus, term) in terms {
                    let value = self.at(term, lane);
                    let next = match sum {
                        _ if value == UNKNOWN => None,
                        None if *minus => value.checked_neg(),
                        None => Some(value),
                        Some(sum) if *minus => sum.checked_sub(value),
                        Some(sum) => sum.checked_add(value),
                    };
                    if next.is_none() {
                        return UNKNOWN;
                    }
                    sum = next;
                }
                sum.unwrap_or(UNKNOWN)
            }
            Term::Times(left, right) => {
                number(known(left, right).and_then(|(left, right)| Micro(left).times(Micro(right))))
            }
            Term::Divide(left, right) => {
                number(known(left, right).and_then(|(left, right)| Micro(left).divided_by(Micro(right))))
            }
            Term::PercentOf(points, whole) => {
                number(known(points, whole).and_then(|(points, whole)| Micro(points).percent_of(Micro(whole))))
            }
            Term::Negate(part) => match self.at(part, lane) {
                UNKNOWN => UNKNOWN,
                value => -value,
            },
            Term::Choice(choices, last) => {
                for (value, condition) in choices {
                    match self.at(condition, lane) {
                        UNKNOWN => return UNKNOWN,
                        0 => {}
                        _ => return self.at(value, lane),
                    }
                }
                self.at(last, lane)
            }
            Term::Max(parts) => extreme(parts, true),
            Term::Min(parts) => extreme(parts, false),
            Term::Count(pairs) => {
                let mut count = 0;
                for (intended, holds) in pairs {
                    if self.at(intended, lane) == 1 {
                        match self.at(holds, lane) {
                            UNKNOWN => return UNKNOWN,
                            yes => count += yes,
                        }
                    }
                }
                count * 1_000_000
            }
            Term::SizeOf(set) => match self.at(set, lane) {
                UNKNOWN => UNKNOWN,
                set => i64::from(set.count_ones()) * 1_000_000,
            },
        }
    }

    /// A comparison where not everything that is counted is known: it may come out the same for the least and the most.
    fn of_intervals(&self, comparison: Comparison, left: &Term, right: &Term, lane: usize) -> i64 {
        let between = |term: &Term| match term {
            Term::Count(pairs) => {
                let (mut least, mut most) = (0, 0);
                for (_, holds) in pairs.iter().filter(|(intended, _)| self.at(intended, lane) == 1) {
                    match self.at(holds, lane) {
                        UNKNOWN => most += 1_000_000,
                        yes => (least, most) = (least + yes * 1_000_000, most + yes * 1_000_000),
                    }
                }
                Some((least, most))
            }
            term => Some(self.at(term, lane)).filter(|value| *value != UNKNOWN).map(|value| (value, value)),
        };
        let (Some((least, most)), Some((low, high))) = (between(left), between(right)) else { return UNKNOWN };
        let (less, greater) = (most.cmp(&low), least.cmp(&high));
        let apart = less.is_lt() || greater.is_gt();
        match comparison {
            Comparison::Equal | Comparison::NotEqual if apart => i64::from(comparison == Comparison::NotEqual),
            Comparison::Equal | Comparison::NotEqual => UNKNOWN,
            _ if holds(comparison, less) == holds(comparison, greater) => i64::from(holds(comparison, less)),
            _ => UNKNOWN,
        }
    }

    /// Parts a list: where the condition is true, and where it is false or unknown.
    pub(super) fn select(&mut self, term: &Term, list: &[u32], yes: &mut List, no: &mut List) {
        match term {
            Term::Constant(1) => yes.extend_from_slice(list),
            Term::Constant(_) => no.extend_from_slice(list),
            Term::Column(of) => {
                let values = column(&self.columns, *of);
                partition(list, yes, no, |lane| values[lane] == 1);
            }
            Term::Not(part) if matches!(**part, Term::Column(_)) => {
                let Term::Column(of) = **part else { return };
                let values = column(&self.columns, of);
                partition(list, yes, no, |lane| values[lane] == 0);
            }
            Term::Intended(service) => {
                let values = column(&self.columns, self.common.intended);
                partition(list, yes, no, |lane| values[lane] >> service.0 & 1 == 1);
            }
            Term::Not(part) if matches!(**part, Term::Intended(_)) => self.select(part, list, no, yes),
            Term::OneOf(of, one) if one.len() == 1 => {
                let values = column(&self.columns, *of);
                partition(list, yes, no, |lane| values[lane] == one[0]);
            }
            Term::Compare(comparison, left, right) => match (&**left, &**right) {
                (Term::Column(of), Term::Constant(limit)) => {
                    let (values, limit) = (column(&self.columns, *of), *limit);
                    match comparison {
                        Comparison::Equal => partition(list, yes, no, |lane| values[lane] == limit),
                        Comparison::GreaterOrEqual => partition(list, yes, no, |lane| values[lane] >= limit),
                        Comparison::Greater => partition(list, yes, no, |lane| values[lane] > limit),
                        // What is unknown lies below everything.
                        Comparison::Less => {
                            partition(list, yes, no, |lane| values[lane] < limit && values[lane] != UNKNOWN);
                        }
                        Comparison::LessOrEqual => {
                            partition(list, yes, no, |lane| values[lane] <= limit && values[lane] != UNKNOWN);
                        }
                        Comparison::NotEqual => {
                            partition(list, yes, no, |lane| values[lane] != limit && values[lane] != UNKNOWN);
                        }
                    }
                }
                _ => partition(list, yes, no, |lane| self.at(term, lane) == 1),
            },
            Term::And(parts) => {
                let (mut open, mut next) = (self.list(), self.list());
                open.extend_from_slice(list);
                for part in parts {
                    self.select(part, &open, &mut next, no);
                    std::mem::swap(&mut open, &mut next);
                    next.clear();
                    if open.is_empty() {
                        break;
                    }
                }
                yes.extend_from_slice(&open);
                self.done(open);
                self.done(next);
            }
            Term::Or(parts) => {
                let (mut open, mut next) = (self.list(), self.list());
                open.extend_from_slice(list);
                for part in parts {
                    self.select(part, &open, yes, &mut next);
                    std::mem::swap(&mut open, &mut next);
                    next.clear();
                    if open.is_empty() {
                        break;
                    }
                }
                no.extend_from_slice(&open);
                self.done(open);
                self.done(next);
            }
            _ => partition(list, yes, no, |lane| self.at(term, lane) == 1),
        }
    }

    /// Parts a list by odds.
    pub(super) fn chance(&mut self, (source, chance): &(Source, Chance), list: &[u32], yes: &mut List, no: &mut List) {
        let begin = column(&self.columns, source.begin);
        let from = source.key.at(0, 0, 0);
        match chance {
            Chance::Fixed(chance) => {
                kernel::part(from, Odds::new(*chance), begin, list, yes, no);
            }
            Chance::Depends(term) => partition(list, yes, no, |lane| {
                let chance = match self.at(term, lane) {
                    UNKNOWN => 0.0,
                    points => Micro(points).to_f64() / 100.0,
                };
                from.further(begin[lane] as u64).yes(chance)
            }),
        }
        self.drawn_from(source, list);
    }

    /// The next draw there is of the next occurrence.
    pub(super) fn drawn_from(&mut self, source: &Source, list: &[u32]) {
        if source.counts {
            self.next_streams(source.begin, list);
        }
    }

    pub(super) fn next_streams(&mut self, begin: Column, list: &[u32]) {
        let begin = &mut self.columns[begin];
        for lane in list {
            let begin = &mut begin[*lane as usize & MASK];
            *begin = StreamKey::next_occurrence(*begin as u64) as i64;
        }
    }

    /// A number for each of a list.
    pub(super) fn number(&mut self, number: &Number, source: &Source, list: &[u32], out: &mut Vec<f64>) {
        match number {
            Number::Constant(value) => {
                out.clear();
                out.resize(list.len(), *value);
            }
            Number::Small(of) => {
                out.resize(list.len(), 0.0);
                if self.in_ranks {
                    kernel::first_to_numbers(column(&self.columns, *of), out);
                } else {
                    kernel::to_numbers(column(&self.columns, *of), list, out);
                }
            }
            Number::Term(Term::Column(of), Kind::Plain) => {
                let values = column(&self.columns, *of);
                out.clear();
                out.extend(list.iter().map(|lane| match values[*lane as usize & MASK] {
                    UNKNOWN => f64::NAN,
                    value => value as f64 / 1e6,
                }));
            }
            Number::Term(term, kind) => {
                out.clear();
                out.extend(list.iter().map(|lane| match self.at(term, *lane as usize) {
                    UNKNOWN => f64::NAN,
                    value => to_number(value, *kind),
                }));
            }
            Number::Draw(distribution, place) => self.draw(distribution, *place, source, list, out),
            Number::Sum(terms) => {
                let Some(((minus, first), rest)) = terms.split_first() else {
                    return self.number(&Number::Constant(0.0), source, list, out);
                };
                self.number(first, source, list, out);
                if *minus {
                    out.iter_mut().for_each(|value| *value = -*value);
                }
                for (minus, term) in rest {
                    self.with(term, source, list, out, |sum, term| if *minus { sum - term } else { sum + term });
                }
            }
            Number::Times(left, right) => {
                self.number(left, source, list, out);
                self.with(right, source, list, out, |left, right| left * right);
            }
            Number::Divide(left, right) => {
                self.number(left, source, list, out);
                self.with(right, source, list, out, |left, right| if right == 0.0 { f64::NAN } else { left / right });
            }
            Number::PercentOf(points, whole) => {
                self.number(points, source, list, out);
                self.with(whole, source, list, out, |points, whole| points * whole / 100.0);
            }
            Number::Negate(part) => {
                self.number(part, source, list, out);
                out.iter_mut().for_each(|value| *value = -*value);
            }
            Number::Max(parts) | Number::Min(parts) => {
                let greatest = matches!(number, Number::Max(_));
                match parts.as_slice() {
                    // As `max(0%, …)` is.
                    [Number::Constant(bound), part] if !bound.is_nan() => {
                        self.number(part, source, list, out);
                        kernel::bounded(out, *bound, greatest);
                    }
                    parts if greatest => {
                        self.extreme(parts, source, list, out, |best, part| if part > best { part } else { best });
                    }
                    parts => {
                        self.extreme(parts, source, list, out, |best, part| if part < best { part } else { best });
                    }
                }
            }
            Number::Choice(choices, last) => {
                self.number(last, source, list, out);
                let mut values = self.numbers.pop().unwrap_or_default();
                let mut truths = self.values_list();
                for (value, condition) in choices.iter().rev() {
                    self.truths(condition, list, &mut truths);
                    self.number(value, source, list, &mut values);
                    for ((out, value), truth) in out.iter_mut().zip(&values).zip(&truths) {
                        let unless = if *truth == 0 { *out } else { f64::NAN };
                        *out = if *truth == 1 { *value } else { unless };
                    }
                }
                self.numbers.push(values);
                self.wholes.push(truths);
            }
        }
    }

    /// A condition for each of a list.
    fn truths(&self, term: &Term, list: &[u32], out: &mut Vec<i64>) {
        out.clear();
        match term {
            Term::Column(of) => {
                let values = column(&self.columns, *of);
                out.extend(list.iter().map(|lane| values[*lane as usize & MASK]));
            }
            _ => out.extend(list.iter().map(|lane| self.at(term, *lane as usize))),
        }
    }

    fn extreme(
        &mut self,
        parts: &[Number],
        source: &Source,
        list: &[u32],
        out: &mut Vec<f64>,
        better: impl Fn(f64, f64) -> f64,
    ) {
        let Some((first, rest)) = parts.split_first() else {
            return self.number(&Number::Constant(f64::NAN), source, list, out);
        };
        self.number(first, source, list, out);
        for part in rest {
            self.with(part, source, list, out, |best, part| {
                if best.is_nan() || part.is_nan() { f64::NAN } else { better(best, part) }
            });
        }
    }

    /// Puts another number to each.
    pub(super) fn with(
        &mut self,
        number: &Number,
        source: &Source,
        list: &[u32],
        out: &mut [f64],
        both: impl Fn(f64, f64) -> f64,
    ) {
        if let Number::Constant(value) = number {
            out.iter_mut().for_each(|left| *left = both(*left, *value));
            return;
        }
        let mut values = self.numbers.pop().unwrap_or_default();
        self.number(number, source, list, &mut values);
        out.iter_mut().zip(&values).for_each(|(left, right)| *left = both(*left, *right));
        self.numbers.push(values);
    }

    pub(super) fn draw(
        &mut self,
        distribution: &Distribution,
        place: u32,
        source: &Source,
        list: &[u32],
        out: &mut Vec<f64>,
    ) {
        let begin = column(&self.columns, source.begin);
        let from = source.key.at(0, 0, place);
        let stream = |lane: &u32| -> Stream { from.further(begin[*lane as usize & MASK] as u64) };
        if distribution.quantile(0.5).is_some() {
            out.resize(list.len(), 0.0);
            if self.in_ranks {
                kernel::shares_of_first(from, begin, out);
            } else {
                kernel::shares(from, begin, list, out);
            }
            distribution.quantiles(out);
        } else {
            out.clear();
            out.extend(list.iter().map(|lane| distribution.sample(&mut stream(lane))));
        }
    }

    /// What is drawn, as values, for each of a list.
    pub(super) fn values(&mut self, drawn: &Drawn, source: &Source, list: &[u32], out: &mut Vec<i64>) {
        out.clear();
        let from = |place: u32| source.key.at(0, 0, place);
        match drawn {
            Drawn::Term(term) => out.extend(list.iter().map(|lane| self.at(term, *lane as usize))),
            Drawn::YesNo(chance, place) => {
                let (begin, from) = (column(&self.columns, source.begin), from(*place));
                let odds = Odds::new(*chance);
                let yes = |lane: &u32| from.further(begin[*lane as usize & MASK] as u64).within(odds);
                out.extend(list.iter().map(|lane| i64::from(yes(lane))));
            }
            Drawn::OneOf(values, places, place) => {
                let (begin, from) = (column(&self.columns, source.begin), from(*place));
                out.extend(list.iter().map(|lane| {
                    let mut stream = from.further(begin[*lane as usize & MASK] as u64);
                    values.get(places.sample(&mut stream) as usize).copied().unwrap_or(UNKNOWN)
                }));
            }
            Drawn::Choice(choices, last) => {
                self.values(last, source, list, out);
                let mut values = Vec::new();
                for (value, condition) in choices.iter().rev() {
                    self.values(value, source, list, &mut values);
                    for (place, lane) in list.iter().enumerate() {
                        match self.at(condition, *lane as usize) {
                            0 => {}
                            UNKNOWN => out[place] = UNKNOWN,
                            _ => out[place] = values[place],
                        }
                    }
                }
            }
            Drawn::Number(number, kind) => {
                let mut numbers = self.numbers.pop().unwrap_or_default();
                self.number(number, source, list, &mut numbers);
                let factor = if *kind == Kind::Plain { 1e6 } else { 1.0 };
                let mut small = *kind != Kind::Date;
                if small {
                    out.resize(numbers.len(), 0);
                    kernel::whole(&numbers, factor, out, &mut small);
                }
                if !small {
                    out.clear();
                    out.extend(numbers.iter().map(|number| match kind {
                        _ if number.is_nan() => UNKNOWN,
                        Kind::Plain | Kind::Duration => nearest(number * factor),
                        Kind::Date => i64::from((number / DAY as f64).floor() as i32),
                    }));
                }
                self.numbers.push(numbers);
            }
        }
    }

    /// Draws a value and puts it into a fact. What is unknown changes nothing; what cannot be is left to the interpreter.
    pub(super) fn assign(&mut self, store: &Store, drawn: &Drawn, source: &Source, list: &[u32]) {
        // What almost every draw is: a percent.
        if let (Drawn::Number(number, Kind::Plain), Type::Percent, Some((low, high)), 0) =
            (drawn, &store.kind, store.range, store.direction)
            && -kernel::SMALL <= low
            && high <= kernel::SMALL
        {
            let mut numbers = self.numbers.pop().unwrap_or_default();
            self.number(number, source, list, &mut numbers);
            kernel::assign(&mut self.columns[store.column], list, &numbers, (low, high));
            self.numbers.push(numbers);
            return;
        }
        let mut values = self.values_list();
        self.values(drawn, source, list, &mut values);
        self.store(store, list, &values);
        self.wholes.push(values);
    }

    pub(super) fn store(&mut self, store: &Store, list: &[u32], values: &[i64]) {
        let mut wrong = self.list();
        let facts = &mut self.columns[store.column];
        for (lane, value) in list.iter().zip(values) {
            let fact = &mut facts[*lane as usize & MASK];
            if *value == UNKNOWN {
                continue;
            }
            let mut value = match store.kind {
                Type::Int => Micro(*value).round_to(0).0,
                Type::Number(decimals) | Type::Money(decimals) => Micro(*value).round_to(decimals).0,
                _ => *value,
            };
            if let Some((low, high)) = store.range {
                value = value.max(low).min(high);
            }
            let back = *fact != UNKNOWN
                && match store.direction {
                    1 => value < *fact,
                    -1 => value > *fact,
                    _ => false,
                };
            if back || value == UNKNOWN {
                wrong.push(*lane);
            }
            *fact = value;
        }
        self.abandon(wrong);
    }

    /// Lengths of time, in seconds; where one is unknown the customer is left to the interpreter.
    pub(super) fn lengths(&mut self, (source, drawn): &(Source, Drawn), list: &[u32], out: &mut Vec<i64>) {
        self.values(drawn, source, list, out);
        let mut unknown = self.list();
        for (lane, length) in list.iter().zip(out.iter_mut()) {
            if *length == UNKNOWN {
                unknown.push(*lane);
            }
            *length = (*length).clamp(0, LONGEST);
        }
        self.abandon(unknown);
        self.drawn_from(source, list);
    }

    /// The values of facts at the start.
    pub(super) fn begin_fact(&mut self, store: &Store, drawn: &Drawn, source: &Source, list: &[u32], given: bool) {
        if !given {
            return self.assign(store, drawn, source, list);
        }
        let (mut unknown, mut known) = (self.list(), self.list());
        let facts = column(&self.columns, store.column);
        partition(list, &mut unknown, &mut known, |lane| facts[lane] == UNKNOWN);
        self.assign(store, drawn, source, &unknown);
        self.done(unknown);
        self.done(known);
    }

    /// Which services are intended: each with its own odds.
    pub(super) fn intend(&mut self, service: u32, source: &Source, chance: f64, list: &[u32]) {
        let (from, odds) = (source.key.at(0, 0, 0), Odds::new(chance));
        let Ok([begin, intended]) = self.columns.get_disjoint_mut([source.begin, self.common.intended]) else { return };
        kernel::intend(from, odds, service, begin, list, intended);
    }

    // --- flow ---
}
