//! The reference journey SSE-1, against what a program written by hand for it alone gives.

use super::*;

const REFERENCE: &str = include_str!("../../../workflows/reference-journey.play");

/// Per customer, from three million customers of the hand-written program: mean, and the standard deviation of one.
struct Expected {
    tracks: [(&'static str, f64, f64); 3],
    tasks: [(&'static str, f64, f64); 6],
    remediation: f64,
    mean_days: f64,
    p50_days: f64,
    p90_days: f64,
    /// The density of the duration at these quantiles, per day, roughly.
    densities: (f64, f64),
}

const GROWING: Expected = Expected {
    tracks: [("handed_off", 0.605_8, 0.92), ("target_met", 2.410_3, 1.21), ("stalled", 0.0, 0.001)],
    tasks: [
        ("3731", 0.206_0, 0.41),
        ("3732", 0.2, 0.4),
        ("3733", 0.199_8, 0.4),
        ("3740", 0.300_4, 0.46),
        ("3741", 0.300_4, 0.46),
        ("3743", 0.150_4, 0.36),
    ],
    remediation: 0.0,
    mean_days: 113.154,
    p50_days: 115.09,
    p90_days: 172.90,
    densities: (0.007, 0.003),
};

const FLAT: Expected = Expected {
    tracks: [("handed_off", 0.605_8, 0.92), ("target_met", 1.863_1, 1.15), ("stalled", 0.547_1, 0.72)],
    remediation: 0.427_99,
    mean_days: 305.16,
    p50_days: 364.25,
    p90_days: 411.89,
    densities: (0.004, 0.003),
    ..GROWING
};

fn agrees(scenario: &str, expected: &Expected) {
    const CUSTOMERS: u64 = 2_000;
    let (machine, scenarios) = machine_of(REFERENCE);
    let scenario = scenarios.iter().find(|known| known.name.name == scenario).expect("it is in the file");
    let tally = tally(&machine, scenario, CUSTOMERS, &Options { seed: 2_026, ..Options::default() });
    let got = Summary::new(&machine, &scenario.name.name, 2_026, &tally);
    let n = CUSTOMERS as f64;
    // One figure in fifteen thousand is off by more than four standard errors by chance alone, and the seed is fixed.
    let close = |what: &str, got: f64, expected: f64, deviation: f64| {
        let z = (got - expected) / (deviation / n.sqrt());
        assert!(z.abs() < 4.0, "{what}: {got} and not {expected}, z = {z:.2}");
    };
    for (name, expected, deviation) in expected.tracks {
        let count = got.tracks.iter().find(|(track, _)| track == name).expect("an end").1;
        close(name, count as f64 / n, expected, deviation);
    }
    for (label, expected, deviation) in expected.tasks {
        let count = got.tasks.iter().find(|task| task.label == label).expect("a task").complete;
        close(label, count as f64 / n, expected, deviation);
    }
    let remediation = got.outcomes.iter().find(|(name, _)| name == "remediation").expect("an end").1;
    let deviation = (expected.remediation * (1.0 - expected.remediation)).sqrt().max(0.001);
    close("remediation", remediation.share, expected.remediation, deviation);
    assert_eq!(got.outcomes.iter().map(|(_, share)| share.count).sum::<u64>(), CUSTOMERS);
    let days = got.duration.expect("journeys are over");
    close("mean duration", days.mean, expected.mean_days, tally.times.deviation_days());
    close("p50 of the duration", days.p50, expected.p50_days, 0.5 / expected.densities.0);
    close("p90 of the duration", days.p90, expected.p90_days, 0.3 / expected.densities.1);
}

#[test]
fn the_reference_journey_agrees_with_the_program_written_by_hand() {
    agrees("reference", &GROWING);
}

#[test]
fn and_where_nobody_grows_tracks_stall_as_often() {
    agrees("reference_flat", &FLAT);
}

#[test]
fn the_same_bytes_for_any_number_of_threads_and_shards() {
    let (machine, scenarios) = machine_of(REFERENCE);
    let scenario = &scenarios[0];
    let run = |threads: usize, shard: Option<Shard>| {
        tally(&machine, scenario, 600, &Options { seed: 7, threads: Some(threads), shard, ..Options::default() })
    };
    let bytes = |tally: &Tally| Summary::new(&machine, "reference", 7, tally).to_json().to_string();
    let whole = run(1, None);
    for threads in [2, 5] {
        assert_eq!(bytes(&run(threads, None)), bytes(&whole));
    }
    let mut merged = Tally::new(&machine);
    for index in [3, 1, 2] {
        let part = run(2, Some(Shard { index, of: 3 }));
        let text = serde_json::to_string(&part).expect("writes");
        let read: Tally = serde_json::from_str(&text).expect("reads");
        assert!(read.fits(&machine));
        merged.merge(&read);
    }
    assert_eq!(bytes(&merged), bytes(&whole));
    assert_ne!(
        bytes(&run(1, None)),
        bytes(&tally(&machine, scenario, 600, &Options { seed: 8, ..Options::default() }))
    );
}

/// One more assumption in one place shifts no draw in another: the same customers meet the same luck.
#[test]
fn an_added_draw_shifts_no_other() {
    let count = |text: &str| {
        let (machine, scenarios) = machine_of(text);
        summary(&machine, &scenarios[0], 150, &Options::default())
    };
    let before = count(REFERENCE);
    let more = REFERENCE.replacen(
        "in track_adoption each round {",
        "in check_in on entry { with 50% { blocker with 0% lasting exponential(1 day) } }\n  in track_adoption each round {",
        1,
    );
    assert_eq!(count(&more), before);
    let longer = count(&REFERENCE.replacen("triangular(1, 3, 7)", "triangular(2, 3, 7)", 1));
    let tasks = |summary: &Summary| -> Vec<(String, u64, u64)> {
        summary.tasks.iter().map(|task| (task.label.clone(), task.offered, task.complete)).collect()
    };
    assert_eq!((&longer.tracks, tasks(&longer)), (&before.tracks, tasks(&before)));
    assert_ne!(longer.stages, before.stages);
}

/// Of 300 runs with 1,200 customers each of the hand-written program for the journey with people (first come first served,
/// tracks in the order of services, a released manager serves the line first): mean and standard deviation of one run.
struct Contended {
    scenario: &'static str,
    wait_days: (f64, f64),
    busy: (f64, f64),
    mean_days: (f64, f64),
    p50_days: (f64, f64),
    p90_days: (f64, f64),
}

fn contended_agrees(expected: &Contended) {
    const RUNS: u32 = 3;
    let (machine, scenarios) = machine_of(REFERENCE);
    let scenario = scenarios.iter().find(|known| known.name.name == expected.scenario).expect("it is in the file");
    let options = Options { seed: 11, replications: RUNS, ..Options::default() };
    let tally = tally(&machine, scenario, 1_200, &options);
    let mut sums = [0.0; 5];
    for part in &tally.parts {
        let got = Summary::new(&machine, expected.scenario, 11, part);
        let role = &got.roles[0];
        let (wait, days) = (role.queue_wait.expect("tasks waited"), got.duration.expect("journeys are over"));
        let figures = [wait.mean, role.utilisation, days.mean, days.p50, days.p90];
        sums.iter_mut().zip(figures).for_each(|(sum, figure)| *sum += figure);
        assert_eq!(got.outcomes.iter().map(|(_, share)| share.count).sum::<u64>(), 1_200);
        let done: u64 = got.tasks.iter().map(|task| task.complete).sum();
        assert_eq!(wait.count, done, "every task waited in the line once");
    }
    let Contended { wait_days, busy, mean_days, p50_days, p90_days, .. } = *expected;
    for (sum, (mean, deviation)) in sums.into_iter().zip([wait_days, busy, mean_days, p50_days, p90_days]) {
        let z = (sum / f64::from(RUNS) - mean) / (deviation / f64::from(RUNS).sqrt());
        assert!(z.abs() < 4.0, "{}: {} and not {mean}, z = {z:.2}", expected.scenario, sum / f64::from(RUNS));
    }
}

#[test]
fn too_few_managers_as_in_the_program_written_by_hand() {
    contended_agrees(&Contended {
        scenario: "reference_contended",
        wait_days: (302.97, 9.17),
        busy: (0.882_9, 0.015_2),
        mean_days: (585.19, 16.98),
        p50_days: (571.19, 20.59),
        p90_days: (994.27, 22.10),
    });
}

#[test]
fn and_just_enough_managers() {
    contended_agrees(&Contended {
        scenario: "reference_just_enough",
        wait_days: (1.058, 0.787),
        busy: (0.564_3, 0.030_2),
        mean_days: (114.29, 1.84),
        p50_days: (115.94, 1.71),
        p90_days: (174.04, 2.57),
    });
}
