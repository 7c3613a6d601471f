//! Rounds of many tracks abreast.
//!
//! Most of a simulation is rounds, and most rounds are alike: a blocker comes or does not come, facts change, some tracks
//! leave. Tracks that have the same round ahead move up in columns of their own, one behind the other without gaps, and are
//! done in loops that look at all of them: no list tells where the next one is. Who has left keeps its place until a quarter
//! is empty; then all move up.

use super::batch::{Batch, List, MASK, NEVER, ROOM};
use super::expression::{Column, Term, UNKNOWN};
use super::flow::Flow;
use super::kernel;
use super::program::{Exit, Source, StageProgram, StepProgram, Store};
use super::sampler::{Chance, Drawn, Kind, Number};
use super::time::ROUND;
use crate::model::Type;
use crate::simulate::random::Odds;
use crate::simulate::world::LONGEST;
use crate::syntax::ast::Comparison;

/// What is needed to do the rounds of a stage abreast.
#[derive(Debug)]
pub(super) struct Abreast {
    /// What rounds read and change.
    columns: Vec<Column>,
    /// What they change, of these.
    changed: Vec<Column>,
}

/// Columns of tracks abreast.
#[derive(Debug, Default)]
pub(super) struct Ranks {
    columns: Vec<[i64; ROOM]>,
    /// Who stands there.
    lanes: List,
    /// Who is gone (1), and who does not move now (1).
    gone: Vec<u8>,
    held: Vec<u8>,
    open: Vec<u8>,
}

/// A number put into a fact, within small bounds.
type Percents<'p> = (&'p Store, &'p Number, &'p Source, (i64, i64));

fn percents(step: &StepProgram) -> Option<Percents<'_>> {
    let StepProgram::Assign { store, value: Drawn::Number(number, Kind::Plain), source, .. } = step else {
        return None;
    };
    let (low, high) = store.range?;
    let small = -kernel::SMALL <= low && high <= kernel::SMALL;
    (small && store.kind == Type::Percent && store.direction == 0).then_some((store, number, source, (low, high)))
}

/// A blocker that comes by fixed odds, and what happens where it does not come.
type Rounds<'p> = (Option<(&'p Source, Odds, &'p (Source, Drawn))>, &'p [StepProgram]);

fn steps(draws: &[StepProgram]) -> Rounds<'_> {
    match draws {
        [StepProgram::Blocker { odds: Some((source, Chance::Fixed(chance))), lasting, otherwise, .. }] => {
            (Some((source, Odds::new(*chance), lasting)), otherwise)
        }
        steps => (None, steps),
    }
}

impl Abreast {
    /// None where rounds are not as simple as that.
    pub(super) fn new(pending: bool, stage: &StageProgram, intended: Column, now: Column) -> Option<Abreast> {
        let cadence = stage.cadence.as_ref()?;
        let last_round_only = stage.after.iter().all(|(time, exit)| time.is_none() && exit.limit.is_none());
        let moved = pending || !stage.urgent.is_empty() || !stage.on_resolved.is_empty();
        let exits = &stage.exits;
        let ordered = exits.otherwise.is_some() || exits.first_match && exits.exits.len() > 1;
        let decided = ordered || exits.exits.iter().any(|exit| exit.limit.is_some());
        if moved || decided || !last_round_only || stage.after.len() > 1 || !cadence.work.is_empty() || cadence.noted {
            return None;
        }
        let (blocker, assigned) = steps(&cadence.draws);
        let mut columns = vec![now, stage.columns.rounds, stage.columns.round];
        let mut changed = vec![now, stage.columns.rounds, stage.columns.round];
        let mut read = |term: &Term| {
            term.walk(&mut |part| match part {
                Term::Column(column) | Term::Unknown(column) | Term::OneOf(column, _) => columns.push(*column),
                Term::Intended(_) => columns.push(intended),
                _ => {}
            });
        };
        if let Some((_, _, (_, lasting))) = blocker {
            lasting.terms(&mut read);
        }
        for (place, step) in assigned.iter().enumerate() {
            let (store, number, ..) = percents(step)?;
            let StepProgram::Assign { matters, .. } = step else { return None };
            // Nothing may change once somebody can have left.
            if *matters && place + 1 < assigned.len() {
                return None;
            }
            number.terms(&mut read);
            read(&Term::Column(store.column));
            changed.push(store.column);
        }
        stage.exits.exits.iter().for_each(|exit| read(&exit.guard));
        for list in [&mut columns, &mut changed] {
            list.sort_unstable();
            list.dedup();
        }
        Some(Abreast { columns, changed })
    }
}

impl Ranks {
    fn count(&self) -> usize {
        self.lanes.len()
    }

    /// Nobody is gone, nobody held. Flags come in eights: nobody is where they are more than there are tracks.
    fn clear_flags(&mut self) {
        let count = self.count();
        for flags in [&mut self.gone, &mut self.held, &mut self.open] {
            flags.clear();
            flags.resize(count.next_multiple_of(8), 0);
        }
        self.gone[count..].fill(1);
    }

    /// Who is not gone and, but where the `held` are looked at too, not held, and for whom something is open, in their order.
    fn collect(&self, held: bool, out: &mut List) {
        let (open, gone, still) = (self.open.as_chunks().0, self.gone.as_chunks().0, self.held.as_chunks().0);
        let held = if held { u64::MAX } else { 0 };
        // Where nobody can foresee who it is, 64 at a time are fewer surprises than eight.
        for (block, ((open, gone), still)) in open.chunks(8).zip(gone.chunks(8)).zip(still.chunks(8)).enumerate() {
            let mut found = 0_u64;
            for (place, ((open, gone), still)) in open.iter().zip(gone).zip(still).enumerate() {
                let here = u64::from_le_bytes(*open) & !u64::from_le_bytes(*gone);
                let flags = here & (held | !u64::from_le_bytes(*still));
                // The product has the last bits of all eight bytes side by side in its first byte.
                found |= (flags.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (place * 8);
            }
            while found != 0 {
                out.push(block as u32 * 64 + found.trailing_zeros());
                found &= found - 1;
            }
        }
    }
}

impl Batch {
    /// Rounds of tracks in a stage, all of whom have a round to come, until all have left.
    pub(super) fn abreast(&mut self, flow: &mut Flow<'_>, stage: &StageProgram, abreast: &Abreast, mut list: List) {
        let round = stage.columns.round;
        if stage.again {
            // A round that was drawn for before they left is due: it comes without draws.
            let (mut drawn_for, mut others) = (self.list(), self.list());
            let (rounds, drawn) = (&self.columns[round], &self.columns[stage.columns.drawn]);
            super::batch::partition(&list, &mut drawn_for, &mut others, |lane| drawn[lane] > rounds[lane]);
            let drawn_for = if drawn_for.is_empty() { drawn_for } else { self.rounds(flow, stage, drawn_for) };
            let (mut over, dues) = (self.list(), &self.columns[stage.columns.due]);
            super::batch::partition(&drawn_for, &mut others, &mut over, |lane| dues[lane] != NEVER);
            self.abandon(over);
            self.done(drawn_for);
            self.done(std::mem::replace(&mut list, others));
        }
        while let Some(first) = list.first() {
            // Those with the same round ahead.
            let number = self.columns[round][*first as usize & MASK];
            let (mut same, mut others) = (self.list(), self.list());
            let rounds = &self.columns[round];
            super::batch::partition(&list, &mut same, &mut others, |lane| rounds[lane] == number);
            self.done(std::mem::replace(&mut list, others));
            let mut ranks = self.ranks.take().unwrap_or_default();
            self.line_up(flow, stage, abreast, same, &mut ranks);
            self.march(flow, stage, abreast, &mut ranks, number);
            self.ranks = Some(ranks);
        }
        self.done(list);
    }

    fn line_up(&mut self, flow: &Flow<'_>, stage: &StageProgram, abreast: &Abreast, list: List, ranks: &mut Ranks) {
        let now = self.common.now[flow.depth];
        if ranks.columns.is_empty() {
            ranks.columns = vec![[0; ROOM]; self.columns.len()];
        }
        for of in &abreast.columns {
            // The round is due now.
            let from = if *of == now { stage.columns.due } else { *of };
            let (to, from) = (&mut ranks.columns[*of], &self.columns[from]);
            to.iter_mut().zip(&list).for_each(|(to, lane)| *to = from[*lane as usize & MASK]);
        }
        self.done(std::mem::replace(&mut ranks.lanes, list));
        ranks.clear_flags();
    }

    /// Round after round, until nobody is there any more.
    fn march(
        &mut self,
        flow: &mut Flow<'_>,
        stage: &StageProgram,
        abreast: &Abreast,
        ranks: &mut Ranks,
        mut number: i64,
    ) {
        let Some(cadence) = &stage.cadence else { return };
        let now = self.common.now[flow.depth];
        let (blocker, assigned) = steps(&cadence.draws);
        let full = cadence.limit.unwrap_or(NEVER);
        let mut all = self.list();
        all.extend(0..ranks.count() as u32);
        let mut empty = 0;
        let mut latest = [0];
        kernel::later(&mut ranks.columns[now][..all.len()], 0, &mut latest);
        while empty < ranks.count() {
            self.visits += 1;
            let [latest_now] = latest;
            if self.visits > super::flow::MOST_VISITS || latest_now > self.horizon {
                let horizon = if self.visits > super::flow::MOST_VISITS { i64::MIN } else { self.horizon };
                for (open, at) in ranks.open.iter_mut().zip(&ranks.columns[now]) {
                    *open = u8::from(*at > horizon);
                }
                let mut late = self.list();
                ranks.collect(true, &mut late);
                empty += late.len();
                self.drop_out(ranks, late);
            }
            // What they draw, of all of them: of whom it is not meant takes no notice.
            std::mem::swap(&mut self.columns, &mut ranks.columns);
            self.in_ranks = true;
            if let Some((source, odds, _)) = blocker {
                let stream = source.key.at(0, 0, 0);
                kernel::held(stream, odds, &self.columns[source.begin], &mut ranks.held);
            }
            for step in assigned {
                let Some((store, value, source, bounds)) = percents(step) else { continue };
                let mut numbers = self.numbers.pop().unwrap_or_default();
                self.number(value, source, &all, &mut numbers);
                kernel::assign_first(&mut self.columns[store.column], &numbers, &ranks.held, bounds);
                self.numbers.push(numbers);
            }
            let mut stopped = self.list();
            if let Some((.., (source, lasting))) = blocker {
                ranks.open.copy_from_slice(&ranks.held);
                ranks.collect(true, &mut stopped);
                let mut lengths = self.values_list();
                self.in_ranks = false;
                self.values(lasting, source, &stopped, &mut lengths);
                let (mut kept, nows) = (0, &mut self.columns[now]);
                for place in 0..stopped.len() {
                    let (at, length) = (stopped[place], lengths[place]);
                    let until = nows[at as usize & MASK].saturating_add(length.clamp(0, LONGEST));
                    if length == UNKNOWN || until > self.horizon {
                        stopped[kept] = at;
                        kept += 1;
                    } else {
                        nows[at as usize & MASK] = until;
                    }
                }
                stopped.truncate(kept);
                self.wholes.push(lengths);
            }
            kernel::next_streams(&mut self.columns[stage.columns.rounds][..all.len()]);
            self.in_ranks = false;
            std::mem::swap(&mut self.columns, &mut ranks.columns);
            // Who waits too long is left to the interpreter.
            empty += stopped.len();
            self.drop_out(ranks, stopped);
            // The round is due, and has not begun.
            if assigned.iter().any(|step| matches!(step, StepProgram::Assign { matters: true, .. })) {
                empty += self.leave(flow, stage, abreast, ranks, number, None);
            }
            ranks.held.fill(0);
            number += ROUND;
            ranks.columns[stage.columns.round][..all.len()].fill(number);
            let last = number >= full;
            let due = (!last).then_some(cadence.period);
            if cadence.opens {
                empty += self.leave(flow, stage, abreast, ranks, number, Some(due));
            }
            if last {
                ranks.open.fill(1);
                let mut rest = self.list();
                ranks.collect(true, &mut rest);
                match stage.after.first() {
                    Some((_, exit)) => self.fall_out(flow, stage, abreast, ranks, exit, rest, Some(None)),
                    None => self.drop_out(ranks, rest),
                }
                break;
            }
            if empty * 4 >= ranks.count() {
                self.close_up(stage, abreast, ranks);
                all.truncate(ranks.count());
                empty = 0;
            }
            kernel::later(&mut ranks.columns[now][..all.len()], cadence.period, &mut latest);
        }
        self.done(all);
    }

    /// Those for whom an exit is open leave by it; gives how many. `due` is when the next round would come, after now,
    /// once this one has begun.
    fn leave(
        &mut self,
        flow: &mut Flow<'_>,
        stage: &StageProgram,
        abreast: &Abreast,
        ranks: &mut Ranks,
        number: i64,
        due: Option<Option<i64>>,
    ) -> usize {
        let mut count = 0;
        for exit in &stage.exits.exits {
            if never(&exit.guard, stage.columns.round, number) {
                continue;
            }
            let mut leaving = self.list();
            if let Some((of, limit)) = at_least(&exit.guard) {
                kernel::at_least(&ranks.columns[of], limit, &mut ranks.open);
                ranks.collect(false, &mut leaving);
            } else {
                ranks.open.fill(1);
                let (mut there, mut no) = (self.list(), self.list());
                ranks.collect(false, &mut there);
                std::mem::swap(&mut self.columns, &mut ranks.columns);
                self.select(&exit.guard, &there, &mut leaving, &mut no);
                std::mem::swap(&mut self.columns, &mut ranks.columns);
                self.done(there);
                self.done(no);
            }
            count += leaving.len();
            self.fall_out(flow, stage, abreast, ranks, exit, leaving, due);
        }
        count
    }

    /// These leave by an exit.
    #[expect(clippy::too_many_arguments, reason = "who, from where, and where to")]
    fn fall_out(
        &mut self,
        flow: &mut Flow<'_>,
        stage: &StageProgram,
        abreast: &Abreast,
        ranks: &mut Ranks,
        exit: &Exit,
        places: List,
        due: Option<Option<i64>>,
    ) {
        if places.is_empty() {
            return self.done(places);
        }
        let mut lanes = self.list();
        for place in &places {
            ranks.gone[*place as usize] = 1;
            lanes.push(ranks.lanes[*place as usize]);
        }
        for of in &abreast.changed {
            let (to, from) = (&mut self.columns[*of], &ranks.columns[*of]);
            for (lane, place) in lanes.iter().zip(&places) {
                to[*lane as usize & MASK] = from[*place as usize & MASK];
            }
        }
        if stage.again {
            // When the next round is due is asked when they come back.
            let (dues, now) = (&mut self.columns[stage.columns.due], &ranks.columns[self.common.now[flow.depth]]);
            for (lane, place) in lanes.iter().zip(&places) {
                let now = now[*place as usize & MASK];
                dues[*lane as usize & MASK] = due.map_or(now, |due| due.map_or(NEVER, |period| now + period));
            }
            if due.is_none() {
                let number = ranks.columns[stage.columns.round][0];
                let drawn = &mut self.columns[stage.columns.drawn];
                lanes.iter().for_each(|lane| drawn[*lane as usize & MASK] = number + ROUND);
            }
        }
        self.done(places);
        self.go(flow, Some(stage), exit, lanes);
    }

    /// These are left to the interpreter.
    fn drop_out(&mut self, ranks: &mut Ranks, mut places: List) {
        for place in &mut places {
            let at = *place as usize;
            ranks.gone[at] = 1;
            *place = ranks.lanes[at];
        }
        self.abandon(places);
    }

    /// All move up to where somebody is gone.
    fn close_up(&mut self, stage: &StageProgram, abreast: &Abreast, ranks: &mut Ranks) {
        let mut there = self.list();
        there.resize(ranks.gone.len(), 0);
        let mut count = 0;
        for (place, gone) in ranks.gone.iter().enumerate() {
            there[count] = place as u32;
            count += usize::from(*gone == 0);
        }
        there.truncate(count);
        // All have the same round.
        for of in abreast.columns.iter().filter(|of| **of != stage.columns.round) {
            let column = &mut ranks.columns[*of];
            for (place, from) in there.iter().enumerate() {
                column[place & MASK] = column[*from as usize & MASK];
            }
        }
        for (place, from) in there.iter().enumerate() {
            ranks.lanes[place] = ranks.lanes[*from as usize];
        }
        ranks.lanes.truncate(count);
        ranks.clear_flags();
        self.done(there);
    }
}

/// A column, and what it has to reach.
fn at_least(guard: &Term) -> Option<(Column, i64)> {
    let Term::Compare(Comparison::GreaterOrEqual, left, right) = guard else { return None };
    match (&**left, &**right) {
        (Term::Column(of), Term::Constant(limit)) => Some((*of, *limit)),
        _ => None,
    }
}

/// Whether a condition is for another round than that of this number.
fn never(guard: &Term, round: Column, number: i64) -> bool {
    match guard {
        Term::And(parts) => parts.iter().any(|part| never(part, round, number)),
        Term::Compare(Comparison::Equal, left, right) => {
            **left == Term::Column(round) && matches!(**right, Term::Constant(at) if at != number)
        }
        _ => false,
    }
}
