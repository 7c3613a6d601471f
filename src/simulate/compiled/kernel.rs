//! The loops in which most of the time goes by: draws, odds and what is put into facts, for a whole list.
//!
//! Lists are done block by block: what belongs to a block is fetched into an array, and the arithmetic is done on the array,
//! for several customers by one instruction.

use super::batch::{BLOCK, Lanes, List, MASK};
use super::expression::UNKNOWN;
use crate::simulate::random::{Odds, Stream, StreamKey};
use crate::simulate::vector::vector_loops;

/// Added to a whole number of less than 2^51, as the bits of a double, and to a double, as a number.
const WHOLE_BITS: i64 = 0x4338_0000_0000_0000;
const WHOLE: f64 = 6_755_399_441_055_744.0;
/// From here on doubles have no fraction.
const NO_FRACTION: f64 = 4_503_599_627_370_496.0;

/// Bounds between which whole numbers become doubles, and come back, by an addition.
pub(super) const SMALL: i64 = 1 << 50;

#[inline(always)]
fn fetch(from: &Lanes, block: &[u32]) -> [i64; BLOCK] {
    let mut values = [0; BLOCK];
    for (value, lane) in values.iter_mut().zip(block) {
        *value = from[*lane as usize & MASK];
    }
    values
}

/// The nearest whole number, as [`nearest`](crate::value::nearest) gives it, of a number that is small.
#[inline(always)]
fn nearest_small(number: f64) -> i64 {
    let above = number.abs() + 0.499_999_999_999_999_94;
    let rounded = (above + NO_FRACTION) - NO_FRACTION;
    let below = if rounded > above { rounded - 1.0 } else { rounded };
    ((below.copysign(number) + WHOLE).to_bits() as i64).wrapping_sub(WHOLE_BITS)
}

/// A small value, in millionths, as a number.
#[inline(always)]
fn to_number(value: i64) -> f64 {
    let number = f64::from_bits(value.wrapping_add(WHOLE_BITS) as u64) - WHOLE;
    if value == UNKNOWN { f64::NAN } else { number / 1e6 }
}

/// A number in millionths, within small bounds; the old value where it is unknown.
#[inline(always)]
fn within(number: f64, (low, high): (f64, f64), old: i64) -> i64 {
    let number = number * 1e6;
    let above = if number > low { number } else { low };
    let within = if above < high { above } else { high };
    if number.is_nan() { old } else { nearest_small(within) }
}

vector_loops! {
    /// The share that the stream of each of the first gives.
    pub(super) fn shares_of_first<'a>(stream: Stream, begin: &'a Lanes, out: &'a mut [f64]) {
        for (out, begin) in out.iter_mut().zip(begin) {
            *out = stream.further(*begin as u64).uniform();
        }
    }

    /// Whether the stream of each of the first is within odds: 1 or 0.
    pub(super) fn held<'a>(stream: Stream, odds: Odds, begin: &'a Lanes, out: &'a mut [u8]) {
        for (out, begin) in out.iter_mut().zip(begin) {
            *out = u8::from(stream.further(*begin as u64).within(odds));
        }
    }

    /// Whether each of the first is at least so much: 1 or 0.
    pub(super) fn at_least<'a>(values: &'a Lanes, limit: i64, out: &'a mut [u8]) {
        for (out, value) in out.iter_mut().zip(values) {
            *out = u8::from(*value >= limit);
        }
    }

    /// Values of the first as numbers, where all of them are small or unknown.
    pub(super) fn first_to_numbers<'a>(values: &'a Lanes, out: &'a mut [f64]) {
        for (out, value) in out.iter_mut().zip(values) {
            *out = to_number(*value);
        }
    }

    /// Puts numbers into a fact of the first who are not held, in millionths and within small bounds. What is unknown
    /// changes nothing.
    pub(super) fn assign_first<'a>(facts: &'a mut Lanes, numbers: &'a [f64], held: &'a [u8], bounds: (i64, i64)) {
        let bounds = (bounds.0 as f64, bounds.1 as f64);
        for ((fact, number), held) in facts.iter_mut().zip(numbers).zip(held) {
            let value = within(*number, bounds, *fact);
            *fact = if *held == 1 { *fact } else { value };
        }
    }

    /// Moves instants on, and gives the latest.
    pub(super) fn later<'a>(times: &'a mut [i64], by: i64, latest: &'a mut [i64; 1]) {
        let mut last = 0;
        for time in times {
            *time += by;
            last = if *time > last { *time } else { last };
        }
        latest[0] = last;
    }

    /// Moves on to the streams of the next occurrence.
    pub(super) fn next_streams<'a>(begin: &'a mut [i64]) {
        for begin in begin {
            *begin = StreamKey::next_occurrence(*begin as u64) as i64;
        }
    }

    /// What lies on the wrong side of a bound comes to it: the greater of each number and the bound, or the lesser. What is
    /// unknown stays so.
    pub(super) fn bounded<'a>(numbers: &'a mut [f64], bound: f64, greater: bool) {
        if greater {
            numbers.iter_mut().for_each(|number| *number = if *number <= bound { bound } else { *number });
        } else {
            numbers.iter_mut().for_each(|number| *number = if *number >= bound { bound } else { *number });
        }
    }

    /// Numbers as whole ones; unknown ones are [`UNKNOWN`]. Says whether all are small; if not, others may be wrong.
    pub(super) fn whole<'a>(numbers: &'a [f64], factor: f64, out: &'a mut [i64], small: &'a mut bool) {
        let mut all = true;
        for (out, number) in out.iter_mut().zip(numbers) {
            let number = number * factor;
            // Not a number is neither above nor below.
            let large = (number > SMALL as f64) | (number < -(SMALL as f64));
            all &= !large;
            *out = if number.is_nan() { UNKNOWN } else { nearest_small(number) };
        }
        *small = all;
    }

    /// The share that each one's stream gives.
    pub(super) fn shares<'a>(stream: Stream, begin: &'a Lanes, list: &'a [u32], out: &'a mut [f64]) {
        for (block, out) in list.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            let begin = fetch(begin, block);
            for (out, begin) in out.iter_mut().zip(&begin) {
                *out = stream.further(*begin as u64).uniform();
            }
        }
    }

    /// Parts a list by odds.
    pub(super) fn part<'a>(
        stream: Stream, odds: Odds, begin: &'a Lanes, list: &'a [u32], yes: &'a mut List, no: &'a mut List,
    ) {
        let (mut holds, mut fails) = ([0; BLOCK], [0; BLOCK]);
        for block in list.chunks(BLOCK) {
            let begin = fetch(begin, block);
            let mut within = [false; BLOCK];
            for (within, begin) in within.iter_mut().zip(&begin) {
                *within = stream.further(*begin as u64).within(odds);
            }
            let mut count = 0;
            for (place, (lane, within)) in block.iter().zip(&within).enumerate() {
                holds[count % BLOCK] = *lane;
                fails[(place - count) % BLOCK] = *lane;
                count += usize::from(*within);
            }
            yes.extend_from_slice(&holds[..count.min(BLOCK)]);
            no.extend_from_slice(&fails[..(block.len() - count).min(BLOCK)]);
        }
    }

    /// Whether each one's stream is within odds, as bits put into a column.
    pub(super) fn intend<'a>(
        stream: Stream, odds: Odds, bit: u32, begin: &'a Lanes, list: &'a [u32], intended: &'a mut Lanes,
    ) {
        for block in list.chunks(BLOCK) {
            let mut within = fetch(begin, block);
            for within in &mut within {
                *within = i64::from(stream.further(*within as u64).within(odds)) << bit;
            }
            for (within, lane) in within.iter().zip(block) {
                intended[*lane as usize & MASK] |= within;
            }
        }
    }

    /// Values of a column as numbers, where all of them are small or unknown.
    pub(super) fn to_numbers<'a>(values: &'a Lanes, list: &'a [u32], out: &'a mut [f64]) {
        for (block, out) in list.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            let values = fetch(values, block);
            for (out, value) in out.iter_mut().zip(&values) {
                *out = to_number(*value);
            }
        }
    }

    /// Puts numbers into a fact, in millionths and within small bounds. What is unknown changes nothing.
    pub(super) fn assign<'a>(facts: &'a mut Lanes, list: &'a [u32], numbers: &'a [f64], bounds: (i64, i64)) {
        let bounds = (bounds.0 as f64, bounds.1 as f64);
        for (block, numbers) in list.chunks(BLOCK).zip(numbers.chunks(BLOCK)) {
            let mut values = fetch(facts, block);
            for (value, number) in values.iter_mut().zip(numbers) {
                *value = within(*number, bounds, *value);
            }
            for (value, lane) in values.iter().zip(block) {
                facts[*lane as usize & MASK] = *value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::compiled::batch::ROOM;
    use crate::value::nearest;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_nearest_of_small_numbers(number in -1e15..1e15_f64, near in -1_000_000_000..1_000_000_000_i64) {
            let half = near as f64 + 0.5;
            for number in [number, number / 1e9, near as f64, half, half.next_up(), half.next_down()] {
                prop_assert_eq!(nearest_small(number), nearest(number), "{}", number);
            }
        }

        #[test]
        fn numbers_of_a_column(values in prop::collection::vec(-SMALL..=SMALL, 1..200)) {
            let mut column: Lanes = [UNKNOWN; ROOM];
            column[..values.len()].copy_from_slice(&values);
            let list: Vec<u32> = (0..values.len() as u32 + 1).collect();
            let mut numbers = vec![0.0; list.len()];
            to_numbers(&column, &list, &mut numbers);
            for (value, number) in values.iter().zip(&numbers) {
                prop_assert_eq!(*value as f64 / 1e6, *number);
            }
            prop_assert!(numbers[values.len()].is_nan());
            let mut facts = column;
            assign(&mut facts, &list, &numbers, (-5_000_000, SMALL));
            for (value, fact) in values.iter().zip(&facts) {
                prop_assert_eq!(nearest(*value as f64 / 1e6 * 1e6).clamp(-5_000_000, SMALL), *fact);
            }
            prop_assert_eq!(facts[values.len()], column[values.len()]);
        }
    }
}
