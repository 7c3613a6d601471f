//! Journeys whose odds and times can be worked out.

use super::*;

/// Between two trials a customer goes round or comes to an end: an absorbing chain. From `low` each round leads to the good
/// end, to `high` or nowhere; from `high` to both ends, back, or nowhere.
const CHAIN: &str = "playbook chain \"Chain\" {
    facts of the customer { draw : one of (up, down, won, lost, stay) = stay }
    start -> low
    stage low \"Low\" {
      every 1 day, at most 10_000 times { step \"Look\" }
      -> high when draw is up
      -> good when draw is won
    }
    stage high \"High\" {
      every 2 days, at most 10_000 times { step \"Look\" }
      -> low  when draw is down
      -> good when draw is won
      -> bad  when draw is lost
    }
    end good success
    end bad failure
  }
  scenario s {
    in low each round { draw = one of (up 40%, won 10%, stay 50%) }
    in high each round { draw = one of (down 25%, won 20%, lost 30%, stay 25%) }
    in low, high on entry { draw = stay }
  }";

#[test]
fn an_absorbing_chain() {
    // With h and l the odds of the good end from high and low: l = 0.1 + 0.4 h + 0.5 l and h = 0.2 + 0.25 l + 0.25 h.
    // So l = 0.2 + 0.8 h and 0.75 h = 0.2 + 0.25 l, and h = 0.25 / 0.55.
    let good = 0.2 + 0.8 * 0.25 / 0.55;
    // Days: t_l = 1 + 0.4 t_h + 0.5 t_l and t_h = 2 + 0.25 t_l + 0.25 t_h.
    let high = 2.5 / 0.55;
    let days = 2.0 + 0.8 * high;
    // Entries of each: n_l = 1 + 0.25/0.75 n_h and n_h = 0.8 n_l.
    let entries = [1.0 / (1.0 - 0.8 / 3.0), 0.8 / (1.0 - 0.8 / 3.0)];
    let (machine, scenarios) = machine_of(CHAIN);
    let (runs, customers) = (60, 200);
    let mut covered = [0; 3];
    let (mut all, mut entered) = (0.0, [0.0; 2]);
    for seed in 0..runs {
        let got = summary(&machine, &scenarios[0], customers, &Options { seed, ..Options::default() });
        let share = got.outcomes[0].1;
        let whole = got.duration.expect("journeys are over");
        let ends = whole.interval.expect("many customers");
        covered[0] += u32::from(share.low <= good && good <= share.high);
        covered[1] += u32::from(ends.low <= days && days <= ends.high);
        // A visit of `low` lasts geometrically many days with mean 2.
        let visit = got.stages[0].duration.and_then(|days| days.interval).expect("many visits");
        covered[2] += u32::from(visit.low <= 2.0 && 2.0 <= visit.high);
        all += share.share;
        entered.iter_mut().zip(&got.stages).for_each(|(sum, stage)| *sum += stage.entered as f64);
    }
    let n = f64::from(runs as u32) * customers as f64;
    let z = (all / f64::from(runs as u32) - good) / (good * (1.0 - good) / n).sqrt();
    assert!(z.abs() < 4.0, "z = {z}");
    for (sum, expected) in entered.iter().zip(entries) {
        // The standard deviation of the number of entries is below one.
        assert!((sum / n - expected).abs() < 4.0 / n.sqrt(), "{} and not {expected}", sum / n);
    }
    // Of 60 intervals 57 are expected to hold; fewer than 51, or all, would each be odd in one of about two hundred.
    assert!(covered.iter().all(|covered| (51..=60).contains(covered)), "{covered:?}");
}
