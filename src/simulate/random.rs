//! Reproducible random streams.
//!
//! A stream is named by the seed, by what it is drawn for ([`Purpose`] and a name), by the service, by the customer and
//! by the occurrence (the third round, the second visit). So a draw added in one place shifts no other one, and two
//! variants of a playbook under one scenario meet the same luck (common random numbers).
//!
//! The generator counts and mixes: the customer, the occurrence and the place in the stream are one counter, which steps
//! through an odd multiple of the golden ratio (G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number
//! generators", OOPSLA 2014) and is then mixed by two multiplications with the constants of P. Evensen's "moremur"
//! (2019). The key has two parts: one is where the counter starts, the other is added between the multiplications. Under
//! one key this is a bijection of the counter, so different places of different streams never give the same number by
//! construction; and each number costs a dozen instructions, whereas a block of Philox costs about a hundred. With a
//! draw for every round of every service, that is most of what a customer costs.
//!
//! Keys are hashed: FNV-1a over the names, then the finalizer of SplitMix64.

/// What a stream is drawn for. The numbers are part of the results: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// When a customer arrives.
    Arrival = 1,
    /// Which services are intended.
    Services = 2,
    /// The value of a fact at the start.
    Fact = 3,
    /// Whether an offered task is done.
    TaskDone = 4,
    /// How long a task takes.
    TaskDuration = 5,
    /// What happens on entry to a stage.
    Entry = 6,
    /// What happens before a round.
    Round = 7,
    /// What happens at a time of its own.
    Timed = 8,
}

/// The step of the counter: 2^64 divided by the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
/// Bits of the counter for the place in a stream, and for the occurrence; the customer has the rest. What is beyond goes
/// on in the next part.
const PLACE_BITS: u32 = 8;
const OCCURRENCE_BITS: u32 = 20;

/// The key of all streams for one purpose and name: made once per simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamKey(u64);

impl StreamKey {
    /// The key for `purpose` and the name it concerns (a fact, a task, a stage) under a seed.
    #[must_use]
    pub fn new(seed: u64, purpose: Purpose, name: &str) -> StreamKey {
        StreamKey(finalize(seed)).with(&[purpose as u8]).with(name.as_bytes())
    }

    /// The key for the same thing in the track of one service.
    #[must_use]
    pub fn for_service(self, service: &str) -> StreamKey {
        self.with(service.as_bytes())
    }

    fn with(self, bytes: &[u8]) -> StreamKey {
        let hash = bytes
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
        StreamKey(finalize(self.0.wrapping_add(STEP) ^ hash))
    }

    /// The stream of one customer and one occurrence (visit, round), both counted from 0.
    #[must_use]
    #[inline]
    pub fn stream(self, customer: u64, occurrence: u32) -> Stream {
        self.at(customer, occurrence, 0)
    }

    /// The same stream, from this place on.
    #[must_use]
    #[inline]
    pub fn at(self, customer: u64, occurrence: u32, place: u32) -> Stream {
        let counter = (customer << (PLACE_BITS + OCCURRENCE_BITS))
            .wrapping_add(u64::from(occurrence) << PLACE_BITS)
            .wrapping_add(u64::from(place));
        Stream { at: counter.wrapping_mul(STEP).wrapping_add(self.0), key: finalize(self.0 ^ STEP) }
    }

    /// Where the streams of a customer begin, as seen from those of customer 0: see [`Stream::further`].
    #[must_use]
    #[inline]
    pub fn begin(customer: u64) -> u64 {
        (customer << (PLACE_BITS + OCCURRENCE_BITS)).wrapping_mul(STEP)
    }

    /// One occurrence further than there.
    #[must_use]
    #[inline(always)]
    pub fn next_occurrence(begin: u64) -> u64 {
        begin.wrapping_add(STEP << PLACE_BITS)
    }
}

/// The finalizer of SplitMix64: a bijection that spreads every bit.
fn finalize(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A stream of random numbers. After 256 of them it goes on with those of the next occurrence.
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    at: u64,
    key: u64,
}

impl Stream {
    /// The next 64 bits.
    #[inline(always)]
    pub fn bits(&mut self) -> u64 {
        let bits = mix(self.at, self.key);
        self.at = self.at.wrapping_add(STEP);
        bits
    }

    /// The stream that lies so much further; what a stream costs is then one addition.
    #[must_use]
    #[inline(always)]
    pub fn further(self, begin: u64) -> Stream {
        Stream { at: self.at.wrapping_add(begin), ..self }
    }

    /// A number between 0 and 1, never 0 and never 1: the middle of one of 2^52 equal parts, exact as a double.
    #[inline(always)]
    pub fn uniform(&mut self) -> f64 {
        middle(self.bits())
    }

    /// The same as [`yes`](Stream::yes) with the chance these odds were made of.
    #[inline(always)]
    pub fn within(&mut self, odds: Odds) -> bool {
        (self.bits() >> 12) < odds.0
    }

    /// Yes with this chance, 0 to 1. 0 is never, 1 always.
    #[inline(always)]
    pub fn yes(&mut self, chance: f64) -> bool {
        self.uniform() < chance
    }
}

/// A chance made ready: how many of the 2^52 equal parts between 0 and 1 have their middle below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odds(u64);

impl Odds {
    /// Odds of this chance, 0 to 1.
    #[must_use]
    pub fn new(chance: f64) -> Odds {
        // Exact: a power of 2, and a half of what is not smaller than a quarter.
        Odds((chance * (1_u64 << 52) as f64 - 0.5).ceil() as u64)
    }
}

#[inline(always)]
fn mix(mut bits: u64, key: u64) -> u64 {
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x3c79_ac49_2ba7_b653);
    bits = (bits ^ (bits >> 33)).wrapping_add(key).wrapping_mul(0x1c69_b3f7_4ac4_ae35);
    bits ^ (bits >> 27)
}

/// The middle of the part, of 2^52 equal ones between 0 and 1, that these bits name.
#[inline(always)]
fn middle(bits: u64) -> f64 {
    const PART: f64 = 1.0 / (1_u64 << 52) as f64;
    // Between 1 and 2 the bits after the point are those of the fraction; half a part less than 1 leads to the middle.
    f64::from_bits(bits >> 12 | 1.0_f64.to_bits()) - (1.0 - 0.5 * PART)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_middle_of_a_part() {
        let part = 1.0 / (1_u64 << 52) as f64;
        for bits in [0, 1 << 12, 0x1234_5678_9abc_def0, u64::MAX, 1 << 63] {
            assert_eq!(middle(bits), ((bits >> 12) as f64 + 0.5) * part);
        }
    }

    /// Results on record depend on these: a change here changes every simulation.
    #[test]
    fn streams_stay_as_they_are() {
        let mut stream = StreamKey::new(1, Purpose::Fact, "csm_assigned").stream(0, 0);
        let first: Vec<u64> = (0..3).map(|_| stream.bits()).collect();
        let mut other = StreamKey::new(1, Purpose::Round, "track_adoption").for_service("teams").stream(7, 3);
        assert_eq!(first, [0xd472_5ea6_296a_6852, 0x50d3_31a4_4305_8aa1, 0x0184_afcb_9d14_be93]);
        assert_eq!(other.bits(), 0xf25e_bd21_7d06_ffeb);
    }

    #[test]
    fn what_a_stream_is_for_names_it() {
        let mut seen = BTreeSet::new();
        let mut streams = 0;
        for seed in 0..3 {
            for purpose in [Purpose::Arrival, Purpose::Services, Purpose::Fact, Purpose::TaskDone, Purpose::Round] {
                for name in ["", "a", "b", "ab", "ba"] {
                    for service in ["", "a", "teams"] {
                        let key = StreamKey::new(seed, purpose, name).for_service(service);
                        for customer in [0, 1, 2, u64::from(u32::MAX) + 1] {
                            for occurrence in 0..3 {
                                streams += 1;
                                seen.insert(key.stream(customer, occurrence).bits());
                            }
                        }
                    }
                }
            }
        }
        assert_eq!(seen.len(), streams);
    }

    #[test]
    fn uniform_is_never_0_nor_1() {
        let part = 1.0 / (1_u64 << 52) as f64;
        let least = 0.5 * part;
        let most = ((u64::MAX >> 12) as f64 + 0.5) * part;
        assert!(least > 0.0 && most < 1.0 && most > 1.0 - 1e-15);
        assert_eq!(least + most, 1.0);
    }

    /// Pearson's statistic against equal shares, as a number of standard deviations from its mean.
    fn chi_square(counts: &[u64]) -> f64 {
        let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
        let statistic: f64 = counts.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum();
        let freedom = (counts.len() - 1) as f64;
        (statistic - freedom) / (2.0 * freedom).sqrt()
    }

    #[test]
    fn uniform_within_a_stream_and_across_streams() {
        let key = StreamKey::new(42, Purpose::Fact, "x");
        let mut within = vec![0; 256];
        let mut across = vec![0; 256];
        let mut pairs = vec![0; 256];
        let mut neighbours = vec![0; 256];
        let mut stream = key.stream(5, 0);
        for customer in 0..100_000 {
            let (first, second) = (stream.uniform(), stream.uniform());
            within[(first * 256.0) as usize] += 1;
            pairs[(first * 16.0) as usize * 16 + (second * 16.0) as usize] += 1;
            let start = key.stream(customer, 0).uniform();
            across[(start * 256.0) as usize] += 1;
            let beside = key.stream(customer, 1).uniform();
            neighbours[(start * 16.0) as usize * 16 + (beside * 16.0) as usize] += 1;
        }
        for counts in [within, across, pairs, neighbours] {
            assert!(chi_square(&counts).abs() < 4.0, "{}", chi_square(&counts));
        }
    }

    /// Whichever bit of the counter changes, every bit of the number changes half of the time (the strict avalanche
    /// criterion: A. F. Webster, S. E. Tavares, "On the design of S-boxes", CRYPTO 1985).
    #[test]
    fn every_bit_of_the_counter_reaches_every_bit_of_the_number() {
        let key = StreamKey::new(11, Purpose::Round, "track_adoption").for_service("teams");
        let number = |customer: u64, occurrence: u32, place: u32| key.at(customer, occurrence, place).bits();
        let customers = 4_000;
        let changes: [(u64, u32, u32); 9] = [
            (1, 0, 0),
            (1 << 7, 0, 0),
            (1 << 20, 0, 0),
            (1 << 35, 0, 0),
            (0, 1, 0),
            (0, 1 << 4, 0),
            (0, 1 << 16, 0),
            (0, 0, 1),
            (0, 0, 8),
        ];
        for (customer, occurrence, place) in changes {
            let mut flips = [0_u32; 64];
            for number_of in 0..customers {
                let changed = number(number_of ^ customer, occurrence, place) ^ number(number_of, 0, 0);
                for (bit, flips) in flips.iter_mut().enumerate() {
                    *flips += (changed >> bit & 1) as u32;
                }
            }
            for flips in flips {
                let z = (f64::from(flips) - customers as f64 / 2.0) / (customers as f64 / 4.0).sqrt();
                assert!(z.abs() < 5.0, "{customer} {occurrence} {place}: {z}");
            }
        }
    }

    #[test]
    fn streams_further_on() {
        let key = StreamKey::new(3, Purpose::Fact, "x");
        for customer in [0, 1, 77, 1 << 33] {
            let begin = StreamKey::next_occurrence(StreamKey::next_occurrence(StreamKey::begin(customer)));
            assert_eq!(key.at(0, 0, 4).further(begin).bits(), key.at(customer, 2, 4).bits());
        }
    }

    #[test]
    fn places_of_a_stream_follow_each_other() {
        let key = StreamKey::new(3, Purpose::Fact, "x");
        let mut stream = key.stream(5, 2);
        for place in 0..10 {
            assert_eq!(stream.bits(), key.at(5, 2, place).bits());
        }
    }

    #[test]
    fn streams_of_different_keys_are_not_correlated() {
        let keys = [
            StreamKey::new(1, Purpose::Fact, "x"),
            StreamKey::new(2, Purpose::Fact, "x"),
            StreamKey::new(1, Purpose::Services, "x"),
            StreamKey::new(1, Purpose::Fact, "y"),
            StreamKey::new(1, Purpose::Fact, "x").for_service("teams"),
        ];
        let customers = 50_000;
        for (at, left) in keys.iter().enumerate() {
            for right in &keys[at + 1..] {
                let sum: f64 = (0..customers)
                    .map(|customer| {
                        (left.stream(customer, 0).uniform() - 0.5) * (right.stream(customer, 0).uniform() - 0.5)
                    })
                    .sum();
                // The products have mean 0 and standard deviation 1/12.
                assert!((sum * 12.0 / (customers as f64).sqrt()).abs() < 4.0);
            }
        }
    }

    #[test]
    fn odds_are_the_chance_they_are_made_of() {
        let part = 1.0 / (1_u64 << 52) as f64;
        let near = |chance: f64| [chance.next_down().max(0.0), chance, chance.next_up().min(1.0)];
        for chance in [0.0, 0.5 * part, part, 1.5 * part, 0.08, 0.25, 0.5, 0.6, 1.0 - part, 1.0 - 0.5 * part, 1.0] {
            for chance in near(chance) {
                let parts = Odds::new(chance).0;
                assert!(parts == 0 || middle((parts - 1) << 12) < chance, "{chance}");
                assert!(parts == 1 << 52 || middle(parts << 12) >= chance, "{chance}");
            }
        }
    }

    #[test]
    fn odds_of_never_and_always() {
        let mut stream = StreamKey::new(0, Purpose::TaskDone, "t").stream(0, 0);
        assert!((0..1_000).all(|_| !stream.yes(0.0) && stream.yes(1.0)));
    }
}
