//! Reproducible random streams.
//!
//! A stream is named by the seed, by what it is drawn for ([`Purpose`] and a name), by the service, by the customer and
//! by the occurrence (the third round, the second visit). So a draw added in one place shifts no other one, and two
//! variants of a playbook under one scenario meet the same luck (common random numbers).
//!
//! The generator is Philox4x32-10: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy
//! as 1, 2, 3", SC 2011. It is a keyed bijection of a counter of 128 bits, so different counters under one key can never
//! give overlapping streams. Keys are hashed to 64 bits: FNV-1a over the names, then the finalizer of SplitMix64
//! (G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).

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
        StreamKey(finalize(self.0.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ hash))
    }

    /// The stream of one customer and one occurrence (visit, round), both counted from 0.
    #[must_use]
    pub fn stream(self, customer: u64, occurrence: u32) -> Stream {
        Stream {
            key: [self.0 as u32, (self.0 >> 32) as u32],
            counter: [0, occurrence, customer as u32, (customer >> 32) as u32],
            block: [0; 4],
            used: 4,
        }
    }
}

/// The finalizer of SplitMix64: a bijection that spreads every bit.
fn finalize(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A stream of random numbers: 2^33 numbers of 64 bits, then it begins again.
#[derive(Debug, Clone)]
pub struct Stream {
    key: [u32; 2],
    counter: [u32; 4],
    block: [u32; 4],
    used: usize,
}

impl Stream {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        if self.used >= 4 {
            self.block = philox(self.counter, self.key);
            self.counter[0] = self.counter[0].wrapping_add(1);
            self.used = 0;
        }
        let low = u64::from(self.block[self.used]);
        let high = u64::from(self.block[self.used + 1]);
        self.used += 2;
        high << 32 | low
    }

    /// A number between 0 and 1, never 0 and never 1: the middle of one of 2^52 equal parts, exact as a double.
    pub fn uniform(&mut self) -> f64 {
        const PART: f64 = 1.0 / (1_u64 << 52) as f64;
        ((self.bits() >> 12) as f64 + 0.5) * PART
    }

    /// Yes with this chance, 0 to 1. 0 is never, 1 always.
    pub fn yes(&mut self, chance: f64) -> bool {
        self.uniform() < chance
    }
}

/// Ten rounds of Philox with four words of 32 bits.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for round in 0..10 {
        if round > 0 {
            key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
        }
        let first = u64::from(counter[0]) * 0xd251_1f53;
        let second = u64::from(counter[2]) * 0xcd9e_8d57;
        counter = [
            (second >> 32) as u32 ^ counter[1] ^ key[0],
            second as u32,
            (first >> 32) as u32 ^ counter[3] ^ key[1],
            first as u32,
        ];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The known answers that come with the authors' Random123 library (`kat_vectors`).
    #[test]
    fn philox_known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    /// Results on record depend on these: a change here changes every simulation.
    #[test]
    fn streams_stay_as_they_are() {
        let mut stream = StreamKey::new(1, Purpose::Fact, "csm_assigned").stream(0, 0);
        let first: Vec<u64> = (0..3).map(|_| stream.bits()).collect();
        let mut other = StreamKey::new(1, Purpose::Round, "track_adoption").for_service("teams").stream(7, 3);
        assert_eq!(first, [0xb9e0_98f7_c495_1215, 0x7b84_2ec4_0e44_d76a, 0x29ec_e418_4d77_17ba]);
        assert_eq!(other.bits(), 0x58eb_576e_0e0b_1ca6);
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
    fn odds_of_never_and_always() {
        let mut stream = StreamKey::new(0, Purpose::TaskDone, "t").stream(0, 0);
        assert!((0..1_000).all(|_| !stream.yes(0.0) && stream.yes(1.0)));
    }
}
