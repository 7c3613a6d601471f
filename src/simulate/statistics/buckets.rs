//! Counts by value: exact below 2,048, and from there on in 1,024 equal buckets for each power of 2, so that the middle of
//! a bucket is off by at most 0.05% (the layout of G. Tene's HdrHistogram for three digits).

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

/// The middle of a value's bucket.
pub(super) fn middle(value: u64) -> u64 {
    let width = width(value);
    (value >> width << width) + ((1 << width) >> 1)
}

impl Buckets {
    /// Counts a value so many times.
    #[inline]
    pub(super) fn add(&mut self, value: u64, times: u64) {
        let width = width(value);
        let place = ((width as usize) << BITS) + (value >> width) as usize;
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += times;
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
        }
    }
}
