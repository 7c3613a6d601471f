//! The reference journey as one would write it by hand: one customer after the other, no event queue, for tracks that do
//! not depend on each other; one small generator for each customer, so that the result does not depend on threads.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp, LogNormal, Normal, Triangular};

const TEAMS: usize = 1;
const YAMMER: usize = 2;
const ONEDRIVE: usize = 3;
const OFFICE: usize = 4;

/// What is counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// Handed off, target met, stalled.
    pub tracks: [u64; 3],
    /// Success review, remediation.
    pub customers: [u64; 2],
    /// 3731, 3732, 3733, check-in, 3740, 3741, 3743, 3650.
    pub tasks: [u64; 8],
    /// How long each customer took, in days.
    pub durations: Vec<f64>,
}

struct Samplers {
    handshake: Triangular<f64>,
    program: Triangular<f64>,
    accelerator: Triangular<f64>,
    check_in: LogNormal<f64>,
    blocker: Exp<f64>,
    growth: Normal<f64>,
}

/// So many customers; none where a parameter is impossible.
pub fn simulate(customers: u64, seed: u64) -> Option<Tally> {
    let samplers = Samplers {
        handshake: Triangular::new(1.0, 7.0, 3.0).ok()?,
        program: Triangular::new(1.0, 5.0, 2.0).ok()?,
        accelerator: Triangular::new(2.0, 10.0, 5.0).ok()?,
        check_in: LogNormal::new(5.0_f64.ln(), 0.6).ok()?,
        blocker: Exp::new(0.1).ok()?,
        growth: Normal::new(1.2, 0.8).ok()?,
    };
    let mut tally = Tally { durations: Vec::with_capacity(customers as usize), ..Tally::default() };
    for number in 0..customers {
        let stream = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03);
        let duration = customer(&samplers, &mut SmallRng::seed_from_u64(stream), &mut tally);
        tally.durations.push(duration);
    }
    Some(tally)
}

fn customer(samplers: &Samplers, random: &mut SmallRng, tally: &mut Tally) -> f64 {
    let csm_assigned = random.random_bool(0.4);
    let agreed_program = random.random_bool(0.6);
    let mut intended = random.random::<u32>() & 63;
    if intended == 0 {
        intended = 1 << TEAMS;
    }
    let (mut end, mut all_met) = (0.0_f64, true);
    for service in (0..6).filter(|service| intended >> service & 1 == 1) {
        let mut usage = random.random::<f64>() * 8.0;
        let mut now;
        if csm_assigned && service <= YAMMER {
            tally.tasks[[2, 0, 1][service]] += 1;
            now = samplers.handshake.sample(random);
            tally.tracks[0] += 1;
        } else {
            tally.tasks[3] += 1;
            now = samplers.check_in.sample(random);
            let mut more = 0.0;
            if service == ONEDRIVE && agreed_program {
                more = 0.8;
                for task in [4, 5, 6] {
                    if task < 6 || random.random_bool(0.5) {
                        tally.tasks[task] += 1;
                        now += samplers.program.sample(random);
                    }
                }
            }
            let mut met = false;
            for round in 1..=26 {
                now += 14.0;
                if random.random_bool(0.08) {
                    now += samplers.blocker.sample(random);
                } else {
                    usage += samplers.growth.sample(random).max(0.0) + more;
                    if usage >= 10.0 {
                        met = true;
                        break;
                    }
                }
                if round == 6 && service == OFFICE && usage < 5.0 {
                    tally.tasks[7] += 1;
                    now += samplers.accelerator.sample(random);
                    more += 1.0;
                }
            }
            tally.tracks[if met { 1 } else { 2 }] += 1;
            all_met &= met;
        }
        end = end.max(now);
    }
    tally.customers[usize::from(!all_met)] += 1;
    end
}
