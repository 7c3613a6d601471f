//! Tests of simulations of whole lifecycles.

use super::*;
use crate::run::Machine;
use crate::simulate::simulate;

/// The playbooks of a text as a lifecycle, each with its only scenario.
fn lifecycle(text: &str) -> (Lifecycle, Vec<Scenario>) {
    let mut sources = crate::source::Sources::new();
    let file = sources.add("test.play", text);
    let (tree, problems) = crate::syntax::parse(sources.get(file).expect("added"), file);
    let (documents, found) = crate::model::resolve::resolve(&tree, &[]);
    let told: Vec<&str> = problems.iter().chain(&found).map(|finding| finding.message.as_str()).collect();
    assert!(told.is_empty(), "{told:?}");
    let (playbooks, scenarios): (Vec<_>, Vec<_>) =
        documents.into_iter().map(|document| (document.playbook, document.scenarios)).unzip();
    (Lifecycle::new(playbooks), scenarios.into_iter().map(|mut known| known.pop().expect("a scenario")).collect())
}

fn summary(text: &str, customers: u64, options: &Options) -> LifecycleSummary {
    let (lifecycle, scenarios) = lifecycle(text);
    let cohort = Cohort::Drawn(customers);
    let tally = simulate_lifecycle(&lifecycle, &scenarios, cohort, options, &|_| {}, &AtomicBool::new(false));
    LifecycleSummary::new(&lifecycle, &scenarios, options.seed, &tally.expect("threads"))
}

/// Where lives end, and how many.
fn ends(summary: &LifecycleSummary) -> Vec<(String, u64)> {
    summary.ends.iter().map(|(playbook, end, share)| (format!("{playbook}/{end}"), share.count)).collect()
}

const LOOP: &str = r#"
playbook kickoff {
  facts of the customer { agreed : yes/no  size : int }
  stage meet { task 1 mandatory "Meet"  -> ready when agreed  -> lost when not agreed }
  end ready success continues review
  end lost failure
}
playbook review {
  facts of the customer { size : int  satisfied : yes/no }
  stage talk { task 1 mandatory "Talk"  -> anew when satisfied and size >= 5  -> closed otherwise }
  end anew success continues kickoff at most 2 times
  end closed neutral
}
scenario kickoffs for kickoff { agreed ~ 70% of customers  size ~ between 1 and 9  task 1 takes between 1 and 9 days }
scenario reviews for review { size ~ 1  satisfied ~ 60% of customers  task 1 takes between 1 and 9 days }
"#;

#[test]
fn a_lifecycle_of_one_playbook_is_its_simulation() {
    let text = r#"
playbook small {
  services { teams yammer }
  facts of each service { usage : percent = 0% }
  facts of the customer { agreed : yes/no }
  each service {
    stage follow { every 1 week, at most 4 times { step "Look" }  -> good when usage >= 10%  after last round -> bad }
    end good success
    end bad failure
  }
  then -> won when all services where (at good)  -> lost otherwise
  end won success
  end lost failure
}
scenario s {
  customers 500 arriving poisson over 100 days
  horizon 60 days
  warm up 5 days
  services ~ each 50%, if none teams
  usage ~ uniform(0%, 5%)
  in follow each round { usage += normal(2%, 2%) }
}"#;
    for seed in [1, 7] {
        let options = Options { seed, ..Options::default() };
        let (lifecycle, scenarios) = lifecycle(text);
        let machine: &Machine = &lifecycle.machines[0];
        let (progress, never) = (|_| {}, AtomicBool::new(false));
        let plain = simulate(machine, &scenarios[0], Cohort::Drawn(500), &options, &progress, &never).expect("it can");
        let plain = Summary::new(machine, "s", seed, &plain);
        let whole = summary(text, 500, &options);
        let [only] = whole.processes.as_slice() else { panic!("{whole:?}") };
        assert!(plain.not_arrived > 0 && plain.warming_up > 0 && plain.outcomes.iter().all(|(_, end)| end.count > 0));
        assert_eq!((whole.not_arrived, whole.warming_up), (plain.not_arrived, plain.warming_up));
        assert_eq!((whole.customers, only.customers), (plain.customers, plain.customers));
        assert_eq!(whole.duration, plain.duration);
        // Of those who had not come or came in the warm-up the playbook itself knows nothing.
        let (not_arrived, warming_up) = (plain.not_arrived, plain.warming_up);
        assert_eq!(Summary { not_arrived, warming_up, ..only.times.clone() }, plain);
    }
}

#[test]
fn figures_do_not_depend_on_threads() {
    let with = |threads| summary(LOOP, 2_000, &Options { seed: 3, threads: Some(threads), ..Options::default() });
    let one = with(1);
    assert_eq!(one, with(2));
    assert_eq!(one, with(7));
    assert_ne!(one.duration, summary(LOOP, 2_000, &Options { seed: 4, ..Options::default() }).duration);
}

#[test]
fn customers_go_on_with_what_is_known_and_as_often_as_may_be() {
    let figures = summary(LOOP, 4_000, &Options::default());
    let [kickoff, review] = figures.processes.as_slice() else { panic!("{figures:?}") };
    // The review would draw a size of 1: it is known from the kickoff, so five ninths of the satisfied go round again, and
    // then all of them: 0.333 of 2,800 reviews, and 0.6 of the 653 and 274 that follow.
    let again = &review.times.outcomes[0];
    assert_eq!(again.0, "anew");
    assert!((again.1.share - 0.4).abs() < 0.03, "{again:?}");
    // Whether they agree is not known in the review, so the kickoff asks again.
    assert!((kickoff.times.outcomes[0].1.share - 0.7).abs() < 0.03, "{kickoff:?}");
    assert_eq!(kickoff.customers, 4_000);
    assert_eq!(kickoff.times.customers, 4_000 + again.1.count - figures.spent);
    assert!(figures.spent > 0);
    assert_eq!(figures.laps.iter().map(|(laps, _)| *laps).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(figures.laps.iter().map(|(_, count)| count).sum::<u64>(), 4_000);
    let lives: u64 = ends(&figures).iter().map(|(_, count)| count).sum();
    assert_eq!(lives, 4_000);
    let last = figures.ends.iter().find(|(_, end, _)| end == "anew").expect("some have no more laps");
    assert_eq!(last.2.count, figures.spent);
}

#[test]
fn luck_is_another_one_in_each_playbook_and_lap() {
    let text = |laps: &str| {
        format!(
            "playbook one {{ stage a {{ task 1 mandatory \"One\"  -> out }} end out success continues two {laps} }}
             playbook two {{ stage a {{ task 1 mandatory \"Two\"  -> out }} end out success continues one {laps} }}
             scenario s for one {{ task 1 takes uniform(0 days, 100 days) }}
             scenario t for two {{ task 1 takes uniform(0 days, 100 days) }}"
        )
    };
    let deviation = |text: &str| {
        let (lifecycle, scenarios) = lifecycle(text);
        let cohort = Cohort::Drawn(3_000);
        let never = AtomicBool::new(false);
        let tally = simulate_lifecycle(&lifecycle, &scenarios, cohort, &Options::default(), &|_| {}, &never);
        tally.expect("threads").times.deviation_days()
    };
    // One, two, one again: the sum of three independent lengths deviates by the root of three, three times the same by three.
    let one = 100.0 / 12.0_f64.sqrt();
    let measured = deviation(&text("at most once"));
    assert!((measured - one * 3.0_f64.sqrt()).abs() < 3.0, "{measured}");
}

#[test]
fn the_first_horizon_bounds_the_whole_life() {
    let text = "playbook one { stage a { after 30 days -> out } end out success continues two }
                playbook two { stage a { after 30 days -> out } end out success continues three }
                scenario s for one { horizon 50 days }
                scenario t for two { horizon 10 years }";
    let figures = summary(text, 10, &Options::default());
    assert_eq!(figures.processes[1].times.under_way.customers, 10);
    assert_eq!((ends(&figures), figures.duration), (Vec::new(), None));
    let text = text.replace("horizon 50 days", "horizon 60 days");
    let figures = summary(&text, 10, &Options::default());
    assert_eq!(ends(&figures), [("two/out".to_owned(), 10)]);
    assert_eq!(figures.missing, [("three".to_owned(), 10)]);
    assert_eq!(figures.duration.map(|days| days.mean), Some(60.0));
}

#[test]
fn services_are_drawn_where_the_playbooks_before_have_none() {
    let text = "playbook one { stage a { -> out } end out success continues two }
                playbook two {
                  services { teams yammer }
                  each service { stage a { -> served } end served success }
                  then -> out  end out success continues three
                }
                playbook three {
                  services { teams yammer }
                  each service { stage a { -> served } end served success }
                  then -> out  end out success
                }
                scenario s for one { horizon 50 days }
                scenario t for two { services ~ teams 100% }
                scenario u for three { services ~ yammer 100% }";
    let figures = summary(text, 10, &Options::default());
    // Teams is drawn by the second, and known in the third.
    assert_eq!(figures.processes[1].times.tracks, [("served".to_owned(), 10)]);
    assert_eq!(figures.processes[2].times.tracks, [("served".to_owned(), 10)]);
    assert_eq!(ends(&figures), [("three/out".to_owned(), 10)]);
}

#[test]
fn days_go_on_across_playbooks() {
    // The second begins on the date on which the first ended, whatever its own scenario would begin with.
    let text = "playbook one { stage a { after 36 hours -> out } end out success continues two }
                playbook two {
                  stage a { -> late when today >= 2026-01-06  -> early otherwise  }
                  end late success  end early failure
                }
                scenario s for one { starts 2026-01-05 }
                scenario t for two { starts 2020-01-01 }";
    assert_eq!(ends(&summary(text, 3, &Options::default())), [("two/late".to_owned(), 3)]);
    let undated = text.replace("starts 2026-01-05", "horizon 1 year");
    assert_eq!(ends(&summary(&undated, 3, &Options::default())), [("two/early".to_owned(), 3)]);
}

/// Parts put together are the whole, to the byte, and what one customer is told of is what was counted.
#[test]
fn parts_and_single_lives() {
    let (lifecycle, scenarios) = lifecycle(LOOP);
    let never = AtomicBool::new(false);
    let counted = |options: &Options| {
        let cohort = Cohort::Drawn(200);
        simulate_lifecycle(&lifecycle, &scenarios, cohort, options, &|_| {}, &never).expect("threads")
    };
    let part = |index| {
        let tally = counted(&Options { shard: Some(Shard { index, of: 3 }), ..Options::default() });
        let stored = serde_json::to_string(&tally).expect("writes");
        serde_json::from_str::<LifecycleTally>(&stored).expect("reads")
    };
    let figures = |tally| LifecycleSummary::new(&lifecycle, &scenarios, 0, tally);
    let (whole, merged) = (counted(&Options::default()), LifecycleTally::merged(&lifecycle, [2, 1, 3].map(part)));
    assert!(merged.fits(&lifecycle));
    assert_eq!(figures(&whole), figures(&merged));
    let (mut entered, mut ends, mut logged) = (vec![0; 2], BTreeMap::new(), 0);
    for number in 0..200 {
        let cohort = Cohort::Drawn(200);
        let life = replay_life(&lifecycle, &scenarios, cohort, number, &Options::default(), &never);
        let (legs, _) = life.expect("a life");
        legs.iter().for_each(|leg| entered[leg.playbook] += 1);
        let last = legs.last().expect("a journey");
        let playbook = &lifecycle.machines[last.playbook].playbook;
        let end = &playbook.ends[last.state.ended().expect("an end").index()].name.name;
        *ends.entry(format!("{}/{end}", playbook.name.name)).or_insert(0) += 1;
    }
    let mut sink = |_: usize, _: u32, entry: crate::simulate::log::LogEntry| {
        logged += u64::from(matches!(entry.what, crate::simulate::log::Logged::Ended(_)));
        true
    };
    log_lives(&lifecycle, &scenarios, Cohort::Drawn(200), &Options::default(), &mut sink, &never);
    let whole = figures(&whole);
    assert_eq!(whole.processes.iter().map(|process| process.times.customers).collect::<Vec<_>>(), entered);
    assert_eq!(self::ends(&whole).into_iter().collect::<BTreeMap<_, _>>(), ends);
    assert_eq!(logged, entered.iter().sum::<u64>());
}
