//! The quantiles of the normal distribution from a table: no logarithm, no division, no way that depends on the number.
//!
//! The lower half of the shares is cut into octaves (1/4 to 1/2, 1/8 to 1/4, …) and each octave into equal segments. In a
//! segment the quantile is a polynomial through six points of [`normal_quantile`]. It is off by less than 1e-10.

use crate::model::distribution::normal_quantile;
use crate::simulate::vector::vector_loops;
use std::sync::LazyLock;

/// Octaves: the least share is the middle of the first of 2^52 parts.
const OCTAVES: usize = 52;
/// Bits that number the segments of an octave.
const SEGMENT_BITS: u32 = 6;
const SEGMENTS: usize = OCTAVES << SEGMENT_BITS;
/// Points, and factors, of a segment.
const POINTS: usize = 4;
/// Shares that are done in one go.
const BLOCK: usize = 64;
/// The segments of the least share, in the bits of a double: 2^-53.
const FIRST: u64 = (1023 - 53) << SEGMENT_BITS;

/// Where the points lie in a segment that goes from -1/2 to 1/2: the roots of Chebyshev's polynomial of degree four, halved.
const NODES: [f64; POINTS] =
    [-0.461_939_766_255_643_4, -0.191_341_716_182_544_9, 0.191_341_716_182_544_9, 0.461_939_766_255_643_4];

static NORMAL: LazyLock<NormalTable> = LazyLock::new(NormalTable::new);

/// The standard normal quantile of shares between 0 and 1.
#[derive(Debug)]
pub struct NormalTable {
    /// The factors of each segment, the lowest power first; and of one half itself, which lies beyond the last segment.
    segments: Box<[[f64; POINTS]; SEGMENTS + 1]>,
}

/// The table, made on first use.
#[must_use]
pub fn normal() -> &'static NormalTable {
    &NORMAL
}

impl NormalTable {
    fn new() -> NormalTable {
        let mut segments = Box::new([[0.0; POINTS]; SEGMENTS + 1]);
        for (segment, factors) in segments.iter_mut().take(SEGMENTS).enumerate() {
            let low = f64::from_bits((FIRST + segment as u64) << (52 - SEGMENT_BITS));
            let high = f64::from_bits((FIRST + segment as u64 + 1) << (52 - SEGMENT_BITS));
            let (middle, width) = (low / 2.0 + high / 2.0, high - low);
            *factors = through(NODES.map(|node| -normal_quantile(middle + node * width)));
        }
        NormalTable { segments }
    }

    /// The number below which this share lies. The share is above 0 and below 1, at least 2^-53 from both.
    #[must_use]
    #[inline]
    pub fn quantile(&self, share: f64) -> f64 {
        let (segment, x) = segment(share);
        self.within(segment, x).copysign(share - 0.5)
    }

    #[inline(always)]
    fn within(&self, segment: u64, x: f64) -> f64 {
        let [a, b, c, d] = self.segments[(segment as usize).min(SEGMENTS)];
        (a + b * x) + x * x * (c + d * x)
    }
}

/// The segment of a share, and where it lies in it.
#[inline(always)]
fn segment(share: f64) -> (u64, f64) {
    // Exact, as both halves have the same steps.
    let tail = 0.5 - (share - 0.5).abs();
    let bits = tail.to_bits();
    let inner = (bits << SEGMENT_BITS & ((1 << 52) - 1)) | 1.0_f64.to_bits();
    ((bits >> (52 - SEGMENT_BITS)).wrapping_sub(FIRST), f64::from_bits(inner) - 1.5)
}

vector_loops! {
    /// Turns shares into the quantiles of a normal distribution.
    pub(super) fn quantiles<'a>(table: &'a NormalTable, mean: f64, deviation: f64, shares: &'a mut [f64]) {
        // What can be done for several at once, apart from what is looked up one by one.
        let (mut segments, mut places) = ([0; BLOCK], [0.0; BLOCK]);
        for block in shares.chunks_mut(BLOCK) {
            for ((share, to), place) in block.iter().zip(&mut segments).zip(&mut places) {
                (*to, *place) = segment(*share);
            }
            for (place, segment) in places.iter_mut().zip(&segments) {
                *place = table.within(*segment, *place);
            }
            for (share, size) in block.iter_mut().zip(&places) {
                *share = mean + deviation * size.copysign(*share - 0.5);
            }
        }
    }
}

/// The factors, lowest power first, of the polynomial through these values at the nodes: Newton's divided differences,
/// multiplied out.
fn through(values: [f64; POINTS]) -> [f64; POINTS] {
    let mut differences = values;
    for level in 1..POINTS {
        for place in (level..POINTS).rev() {
            let width = NODES[place] - NODES[place - level];
            differences[place] = (differences[place] - differences[place - 1]) / width;
        }
    }
    let mut factors = [0.0; POINTS];
    for level in (0..POINTS).rev() {
        // factors := factors × (x - node) + difference
        for power in (1..POINTS).rev() {
            factors[power] = factors[power - 1] - factors[power] * NODES[level];
        }
        factors[0] = differences[level] - factors[0] * NODES[level];
    }
    factors
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_ends_and_the_middle() {
        let part = 1.0 / (1_u64 << 52) as f64;
        let least = normal().quantile(0.5 * part);
        assert!((least + 8.209_536_151_601_387).abs() < 1e-8, "{least}");
        assert_eq!(normal().quantile(1.0 - 0.5 * part), -least);
        assert_eq!(normal().quantile(0.5), 0.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn as_the_exact_one(bits in 0..1_u64 << 52, octave in 0..50_u32) {
            let bits = bits >> octave;
            let share = (bits as f64 + 0.5) / (1_u64 << 52) as f64;
            let (got, exact) = (normal().quantile(share), normal_quantile(share));
            prop_assert!((got - exact).abs() < 1e-10, "{share}: {got} {exact}");
            prop_assert_eq!(normal().quantile(1.0 - share), -got);
        }
    }
}
