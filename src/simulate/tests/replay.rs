//! One customer again, the log, parts put together, and what is known when somebody stops it.

use super::*;
use crate::simulate::log::{LogEntry, Logged, log};
use crate::value::{DAY, TaskStatus};
use std::sync::atomic::AtomicU64;

const PLAIN: &str = "customers 40 arriving evenly over 40 days  horizon 60 days
    usage ~ uniform(0%, 8%)  services ~ each 60%, if none teams  large ~ 50% of customers
    task 1 takes exponential(2 days)  task 2 takes uniform(1 day, 2 days)  task 2 done with 70%
    in follow each round { usage += exponential(2%)  blocker with 10% lasting 3 days }";

/// Two tasks, then rounds; with or without people who do the tasks.
fn world(staffing: &str) -> (Machine, Scenario) {
    let text = format!(
        "playbook p \"P\" {{
           roles {{ manager \"Manager\" }}
           services {{ teams \"Teams\"  yammer \"Yammer\" }}
           facts of the customer {{ large : yes/no }}
           facts of each service {{ usage : percent }}
           each service {{
             start -> talk
             stage talk \"Talk\" by manager {{
               task 1 mandatory \"One\"
               task 2 optional \"Two\"
               -> follow when not large
               -> good   otherwise
               after 12 days -> bad
             }}
             {ROUNDS}
             end good success
             end bad failure
           }}
           then -> won when all services where (at good)
                -> lost otherwise
           end won success
           end lost failure
         }}
         scenario s {{ {PLAIN}  {staffing} }}"
    );
    let (machine, mut scenarios) = machine_of(&text);
    (machine, scenarios.pop().expect("a scenario"))
}

const STAFFED: &str = "role manager 2 people, 10 hours on weekdays, priority by usage";

#[test]
fn a_journey_told_again_is_the_same_journey() {
    for staffing in ["", STAFFED] {
        let (machine, scenario) = world(staffing);
        let options = Options { seed: 4, ..Options::default() };
        let whole = tally(&machine, &scenario, 40, &options);
        let mut ends = vec![0; machine.playbook.ends.len()];
        let (mut days, mut under_way) = (0.0, 0);
        for number in 0..40 {
            let replayed = replay(&machine, &scenario, Cohort::Drawn(40), number, &options).expect("a customer");
            assert!(!replayed.trace.entries.is_empty());
            for track in &replayed.state.tracks {
                if let crate::run::state::TrackStatus::Ended(end) = track.status {
                    ends[end.index()] += 1;
                }
            }
            match replayed.state.ended() {
                Some(_) => days += replayed.state.tracks[0].ended.expect("it ended") as f64 / DAY as f64,
                None => under_way += 1,
            }
        }
        assert_eq!(ends, whole.ends, "{staffing}");
        assert_eq!(under_way, whole.under_way.customers, "{staffing}");
        assert!((days - whole.times.mean_days() * whole.times.count() as f64).abs() < 1e-6, "{staffing}");
        assert!(replay(&machine, &scenario, Cohort::Drawn(40), 40, &options).is_none());
    }
}

#[test]
fn the_log_says_what_the_figures_count() {
    for staffing in ["", STAFFED] {
        let (machine, scenario) = world(staffing);
        let options = Options { seed: 4, ..Options::default() };
        let whole = tally(&machine, &scenario, 40, &options);
        let mut entries: Vec<LogEntry> = Vec::new();
        let mut sink = |entry| {
            entries.push(entry);
            true
        };
        assert!(log(&machine, &scenario, Cohort::Drawn(40), &options, &mut sink, &AtomicBool::new(false)));
        let count = |what: &dyn Fn(&Logged) -> bool| entries.iter().filter(|entry| what(&entry.what)).count() as u64;
        for (index, stage) in whole.stages.iter().enumerate() {
            assert_eq!(count(&|what| matches!(what, Logged::Entered(id) if id.index() == index)), stage.entered);
            let left: u64 = stage.exits.iter().sum();
            assert_eq!(count(&|what| matches!(what, Logged::Left(id) if id.index() == index)), left);
        }
        for (index, task) in whole.tasks.iter().enumerate() {
            assert_eq!(count(&|what| matches!(what, Logged::Offered(id) if id.index() == index)), task.offered);
            let settled = |status: TaskStatus| {
                count(&|what| matches!(what, Logged::Settled(id, now) if id.index() == index && *now == status))
            };
            assert_eq!(settled(TaskStatus::Complete), task.complete, "{staffing}");
            assert_eq!(settled(TaskStatus::NotRequired), task.not_required);
        }
        let cases: std::collections::BTreeSet<&str> = entries.iter().map(|entry| &*entry.case).collect();
        assert_eq!(cases.len(), 40);
        // Who shares people shares a clock.
        let sorted = entries.windows(2).all(|pair| pair[0].at <= pair[1].at);
        assert_eq!(sorted, !staffing.is_empty());
    }
}

#[test]
fn replications_cut_into_parts_and_put_together() {
    let (machine, scenario) = world(STAFFED);
    let run = |shard: Option<Shard>| {
        tally(
            &machine,
            &scenario,
            40,
            &Options { seed: 9, shard, replications: 5, threads: Some(2), ..Options::default() },
        )
    };
    let whole = run(None);
    let mut merged = Tally::new(&machine);
    for index in [2, 1] {
        let part = run(Some(Shard { index, of: 2 }));
        merged.merge(&part);
        merged.parts.extend(part.parts);
    }
    merged.parts.sort_by_key(|part| part.replication);
    let bytes = |tally: &Tally| Summary::new(&machine, "s", 9, tally).to_json().to_string();
    assert_eq!(bytes(&merged), bytes(&whole));
    // The first replication is the simulation without replications.
    let alone = tally(&machine, &scenario, 40, &Options { seed: 9, ..Options::default() });
    assert_eq!((&whole.parts[0].ends, &whole.parts[0].roles), (&alone.ends, &alone.roles));
}

#[test]
fn who_is_stopped_tells_what_is_known() {
    for staffing in ["", STAFFED] {
        let (machine, scenario) = world(staffing);
        let stop = AtomicBool::new(false);
        let seen = AtomicU64::new(0);
        let progress = |done| {
            if seen.fetch_add(done, Ordering::Relaxed) + done >= 200 {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let options = Options { threads: Some(1), ..Options::default() };
        let got = simulate(&machine, &scenario, Cohort::Drawn(50_000), &options, &progress, &stop);
        let Err(Failure::Stopped(tally)) = got else { panic!("it was stopped") };
        assert!(tally.customers >= 200 && tally.customers < 50_000, "{}", tally.customers);
    }
}

#[test]
fn what_a_scenario_leaves_out_is_said() {
    let told = |staffing: &str| -> Vec<(String, String)> {
        let (machine, scenario) = world(staffing);
        assumptions(&machine, &scenario).into_iter().map(|one| (one.about, one.taken)).collect()
    };
    let said = |about: &str, taken: &str| (about.to_owned(), taken.to_owned());
    assert_eq!(told(""), [said("how many people manager are", "somebody is always free")]);
    let hours = said("what a day of work is", "24 hours of working time");
    assert_eq!(told(STAFFED), [said("the date of day 0", "a Monday, without holidays"), hours]);
    let (machine, scenario) = small(ROUNDS, "usage ~ 1%");
    let about: Vec<String> = assumptions(&machine, &scenario).into_iter().map(|one| one.about).collect();
    assert_eq!(about, ["which services are intended", "the horizon"]);
    let moved = "stage a { on review -> bad  on blocker -> bad  after 90 days -> good }";
    let told = |statements: &str| -> Vec<String> {
        let (machine, scenario) = small(moved, statements);
        assumptions(&machine, &scenario).into_iter().map(|one| one.about).collect()
    };
    assert_eq!(
        told(""),
        ["whether review happens", "whether blockers are raised", "which services are intended", "the horizon"]
    );
    let both = "in a on entry { event review with 10% blocker with 5% lasting 3 days }";
    assert_eq!(told(both), ["which services are intended", "the horizon"]);
}
