//! Counts by value: exact below 2,048, and from there on in 1,024 equal buckets for each power of 2, so that the middle of
//! a bucket is off by at most 0.05% (the layout of G. Tene's HdrHistogram for three digits).

use crate::simulate::vector::vector_loops;

/// Bits that number the buckets of a power of 2.
const BITS: u32 = 10;

/// Counts by bucket.
#[derive(Debug, Clone, Default)]
pub(super) struct Buckets {
    counts: Vec<u64>,
}

/// The power of 2 by which the values of a bucket differ.
#[inline]
fn width(value: u64) -> u32 {
    63 - BITS - (value | ((2 << BITS) - 1)).leading_zeros()
}

/// The place of a value's bucket.
#[inline]
fn place(value: u64) -> usize {
    let width = width(value);
    ((width as usize) << BITS) + (value >> width) as usize
}

vector_loops! {
    fn count_all<'a>(values: &'a [i64], counts: &'a mut [u64]) {
        let mut places = [0; 64];
        for values in values.chunks(64) {
            for (place, value) in places.iter_mut().zip(values) {
                *place = place_of_small((*value).max(0));
            }
            for (place, value) in places.iter().zip(values) {
                let place = if *value < MOST_SMALL { *place as usize } else { self::place(value.unsigned_abs()) };
                if let Some(count) = counts.get_mut(place) {
                    *count += 1;
                }
            }
        }
    }
}

/// Below this a whole number is a double.
const MOST_SMALL: i64 = 1 << 52;

/// The same as [`place`] of a value below 2^52: the exponent of a double and the first bits after its point number the
/// bucket.
#[inline(always)]
fn place_of_small(value: i64) -> u64 {
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    let number = f64::from_bits(value as u64 | WHOLE.to_bits()) - WHOLE;
    let place = (number.to_bits() >> (52 - BITS)).wrapping_sub((1023 + u64::from(BITS) - 1) << BITS);
    if value < 2 << BITS { value as u64 } else { place }
}

/// The middle of a value's bucket.
pub(super) fn middle(value: u64) -> u64 {
    let width = width(value);
    (value >> width << width) + ((1 << width) >> 1)
}

impl Buckets {
    /// Counts a value so many times.
    #[inline]
    pub(super) fn add(&mut self, value: u64, times: u64) {
        let place = place(value);
        self.make_room(place);
        self.counts[place] += times;
    }

    /// Counts many values once each, none of them above `most`; what is below 0 counts as 0.
    pub(super) fn add_all(&mut self, values: &[i64], most: u64) {
        self.make_room(place(most));
        count_all(values, &mut self.counts);
    }

    fn make_room(&mut self, place: usize) {
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
    }

    /// The greatest value of each bucket in which something was counted, and how much.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(place, count)| {
            let width = (place >> BITS).saturating_sub(1) as u32;
            let within = (place - ((width as usize) << BITS)) as u64;
            ((within << width) + ((1 << width) - 1), *count)
        })
    }
}

impl PartialEq for Buckets {
    fn eq(&self, other: &Buckets) -> bool {
        self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_value_has_its_bucket(value in any::<u64>(), shift in 0..64_u32) {
            let value = value >> shift;
            let mut buckets = Buckets::default();
            buckets.add(value, 3);
            let all: Vec<(u64, u64)> = buckets.iter().collect();
            prop_assert_eq!(all.len(), 1);
            let (greatest, count) = all[0];
            prop_assert_eq!(count, 3);
            prop_assert!(greatest >= value && (greatest - value) as f64 <= value as f64 / 1_024.0, "{value} {greatest}");
            prop_assert_eq!(middle(value), middle(greatest));
            let off = middle(value).abs_diff(value) as f64;
            prop_assert!(off <= value as f64 * 5e-4, "{value} {off}");
            // Its greatest value falls into the same bucket: what was stored can be read.
            let mut again = Buckets::default();
            again.add(greatest, 3);
            prop_assert!(again == buckets);
            if value < MOST_SMALL as u64 {
                prop_assert_eq!(place_of_small(value as i64), place(value) as u64);
            }
        }
    }
}
