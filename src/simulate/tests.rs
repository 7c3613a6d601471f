use super::*;
use crate::diagnostic::Diagnostic;
use crate::model::{FactScope, ServiceId};
use crate::source::Sources;
use crate::value::{Micro, Value};
use std::sync::atomic::AtomicU64;
use tally::WaitKind;

mod closed_forms;
mod engines;
mod people;
mod reference;
mod replay;

fn machine_of(text: &str) -> (Machine, Vec<Scenario>) {
    let mut sources = Sources::new();
    let file = sources.add("test.play", text);
    let (tree, problems) = crate::syntax::parse(sources.get(file).expect("added"), file);
    let (mut documents, found) = crate::model::resolve::resolve(&tree, &[]);
    let told: Vec<&str> = problems.iter().chain(&found).map(|finding| finding.message.as_str()).collect();
    assert!(told.is_empty(), "{told:?}");
    let document = documents.pop().expect("a playbook");
    (Machine::new(document.playbook), document.scenarios)
}

fn tally(machine: &Machine, scenario: &Scenario, customers: u64, options: &Options) -> Tally {
    simulate(machine, scenario, Cohort::Drawn(customers), options, &|_| {}, &AtomicBool::new(false))
        .expect("it can be simulated")
}

fn summary(machine: &Machine, scenario: &Scenario, customers: u64, options: &Options) -> Summary {
    Summary::new(machine, &scenario.name.name, options.seed, &tally(machine, scenario, customers, options))
}

/// A playbook with one track for each service, and a scenario for it.
fn small(stages: &str, scenario: &str) -> (Machine, Scenario) {
    let text = format!(
        "playbook small \"Small\" {{
           services {{ teams \"Teams\"  yammer \"Yammer\" }}
           events {{ review \"A review\" }}
           facts of the customer {{ large : yes/no }}
           facts of each service {{ usage : percent  level : int in 0..10  push : yes/no = no  held : yes/no }}
           each service {{ {stages}  end good success  end bad failure }}
           then -> won when all services where (at good)
                -> lost otherwise
           end won success
           end lost failure
         }}
         scenario s {{ {scenario} }}"
    );
    let (machine, mut scenarios) = machine_of(&text);
    (machine, scenarios.pop().expect("a scenario"))
}

/// Ten customers: how they end, and how long it takes.
fn ten(stages: &str, scenario: &str) -> Summary {
    let (machine, scenario) = small(stages, scenario);
    summary(&machine, &scenario, 10, &Options::default())
}

fn won(summary: &Summary) -> u64 {
    summary.outcomes.iter().find(|(name, _)| name == "won").map_or(0, |(_, share)| share.count)
}

fn mean(summary: &Summary) -> f64 {
    summary.duration.unwrap_or_else(|| panic!("journeys are not over: {summary:?}")).mean
}

const ROUNDS: &str = "stage follow \"Follow\" {
    every 1 week, at most 4 times { step \"Look\" }
    -> good when usage >= 10%
    after last round -> bad
  }";

#[test]
fn what_is_drawn_at_the_start() {
    let stages = "stage only \"Only\" { -> good when usage = 5% and large  -> bad otherwise }";
    let all = ten(stages, "services ~ each 100%  usage ~ 5%  large ~ yes");
    assert_eq!((won(&all), all.tracks.clone()), (10, vec![("good".to_owned(), 20), ("bad".to_owned(), 0)]));
    assert_eq!(won(&ten(stages, "services ~ each 100%  usage ~ 5%  large ~ 0% of customers")), 0);
    // A fact can depend on those drawn before it.
    assert_eq!(won(&ten(stages, "services ~ each 100%  large ~ yes  usage ~ (5% if large else 1%)")), 10);
    assert_eq!(won(&ten(stages, "services ~ each 0%, if none teams  usage ~ 5%  large ~ yes")), 10);
}

#[test]
fn statements_follow_each_other() {
    // The second statement sees what the first has changed.
    let summary = ten(
        ROUNDS,
        "services ~ teams 100%  usage ~ 0%
         in follow each round { usage += 4%  when usage >= 8% { usage = 10% } }",
    );
    assert_eq!((won(&summary), mean(&summary)), (10, 14.0));
    // `round` is the number of the round about to begin.
    let summary =
        ten(ROUNDS, "services ~ teams 100%  usage ~ 0%  in follow each round { when round = 3 { usage = 10% } }");
    assert_eq!((won(&summary), mean(&summary)), (10, 21.0));
    let summary = ten(
        ROUNDS,
        "services ~ teams 100%  usage ~ 0%
         in follow each round { with 0% { usage = 10% } otherwise { with 100% { usage += 3% } } }",
    );
    assert_eq!((won(&summary), mean(&summary)), (10, 28.0));
    assert_eq!(won(&ten(ROUNDS, "services ~ teams 100%  usage ~ 0%  in follow on entry { usage = 12% }")), 10);
}

#[test]
fn values_are_rounded_and_kept_within_bounds() {
    let stages = "stage follow \"Follow\" {
        every 1 week, at most 1 times { step \"Look\" }
        -> good when level = 10 and usage = 100%
        after last round -> bad
      }";
    let dynamics = "in follow each round { level += 9.6  usage += 250% - 1% }";
    assert_eq!(won(&ten(stages, &format!("services ~ teams 100%  usage ~ 1%  level ~ 0  {dynamics}"))), 10);
    let stages = stages.replace("level = 10", "level = 3");
    assert_eq!(
        won(&ten(
            &stages,
            "services ~ teams 100%  usage ~ 100%  level ~ 1  in follow each round { level += 1.5 * 1.3 }"
        )),
        10
    );
}

#[test]
fn work_goes_on_in_business_time() {
    let play = |calendar: &str, scenario: &str| {
        let text = format!(
            "playbook p {{ {calendar} facts of the customer {{ large : yes/no }}
               stage work {{ task 1 mandatory \"One\"  task 2 mandatory \"Two\"  -> fine }}  end fine success }}
             scenario s {{ {scenario} }}"
        );
        machine_of(&text)
    };
    let hours = |calendar: &str, scenario: &str| {
        let (machine, scenarios) = play(calendar, scenario);
        (mean(&summary(&machine, &scenarios[0], 10, &Options::default())) * 24.0 * 60.0).round() / 60.0
    };
    // Without dates day 0 is a Monday.
    assert_eq!(hours("", "task 1 takes 6 business hours"), 15.0);
    assert_eq!(hours("", "task 1 takes 2 business days"), 24.0 + 17.0);
    assert_eq!(hours("", "task 1 takes 1.5 business days"), 24.0 + 13.0);
    assert_eq!(hours("", "task 1 takes 0 business days"), 0.0);
    assert_eq!(hours("", "task 1 takes 1.5 business days  task 2 takes 5 business hours"), 48.0 + 10.0);
    assert_eq!(hours("", "stage work takes 6 business days"), 7.0 * 24.0 + 17.0);
    // A part of a business day is that part of its hours.
    assert_eq!(hours("calendar { hours 8:00 to 12:00 }", "task 1 takes 1.5 business days"), 24.0 + 10.0);
    // From Thursday 2026-01-01, a holiday.
    let holiday = "calendar { holidays 2026-01-01 }";
    assert_eq!(hours(holiday, "starts 2026-01-01  task 1 takes 10 business hours"), 4.0 * 24.0 + 11.0);
    // Drawn: from one business day on, and not beyond three.
    let (machine, scenarios) = play("", "task 1 takes between 1 and 3 business days");
    let times = summary(&machine, &scenarios[0], 200, &Options::default()).stages[0].duration.expect("times");
    assert!(times.p50 * 24.0 > 17.0 && times.max * 24.0 <= 48.0 + 17.0, "{times:?}");
    assert_eq!(compiles(&machine, &scenarios[0], false), Err("work in business days or hours".to_owned()));
    let left_out = assumptions(&machine, &scenarios[0]);
    assert!(left_out.iter().any(|one| one.taken == "a Monday, without holidays"), "{left_out:?}");
}

#[test]
fn tasks_take_their_time() {
    let stages =
        "stage work \"Work\" { task 1 optional \"One\"  task 2 optional \"Two\"  task 3 mandatory \"Three\"  -> good }";
    let services = "services ~ teams 100%";
    let days = |scenario: &str| mean(&ten(stages, &format!("{services} {scenario}")));
    assert_eq!(days(""), 0.0);
    assert_eq!(days("task 1, 2 takes 3 days"), 6.0);
    // The time of the stage goes to the first task that has none of its own.
    assert_eq!(days("task 1 takes 3 days  stage work takes 10 days"), 13.0);
    assert_eq!(days("stage work takes 10 days"), 10.0);
    assert_eq!(days("stage work takes 10 days  task 1 done with 0%"), 10.0);
    assert_eq!(days("task 1 takes (3 days if service is teams else 9 days)"), 3.0);
    let summary = ten(stages, &format!("{services} task 1 done with 0%  task 3 takes 1.5 days"));
    let tasks: Vec<(u64, u64)> = summary.tasks.iter().map(|task| (task.offered, task.complete)).collect();
    assert_eq!((tasks, mean(&summary)), (vec![(10, 0), (10, 10), (10, 10)], 1.5));
    let stage = &summary.stages[0];
    assert_eq!((stage.entered, stage.duration.map(|days| days.max)), (10, Some(1.5)));
}

#[test]
fn blockers_hold_rounds_until_they_are_resolved() {
    let blocked = "in follow each round { when round = 1 { blocker technical lasting 3 days }  usage += 5% }";
    let summary = ten(ROUNDS, &format!("services ~ teams 100%  usage ~ 0%  {blocked}"));
    assert_eq!((won(&summary), mean(&summary)), (10, 17.0));
    let moved = "start -> follow
      stage follow \"Follow\" {
        every 1 week, at most 4 times { step \"Look\" }
        on blocker (technical) -> fix
        -> good when usage >= 10%
      }
      stage fix \"Fix\" { on resolved -> good }";
    let summary = ten(moved, &format!("services ~ teams 100%  usage ~ 0%  {blocked}"));
    assert_eq!((won(&summary), mean(&summary)), (10, 10.0));
    let summary = ten(
        moved,
        "services ~ teams 100%  usage ~ 0%  in follow each round { blocker with 0% lasting 1 day otherwise usage = 10% }",
    );
    assert_eq!((won(&summary), mean(&summary)), (10, 7.0));
}

#[test]
fn what_comes_at_a_time_of_its_own() {
    let stages = "stage follow \"Follow\" { on review -> good  after 90 days -> bad }";
    let days = |scenario: &str| {
        let summary = ten(stages, &format!("services ~ each 100% {scenario}"));
        (won(&summary), mean(&summary))
    };
    assert_eq!(days("after 30 days { event review }"), (10, 30.0));
    assert_eq!(days("after 30 days with 0% { event review }"), (0, 90.0));
    assert_eq!(days("teams after 30 days { event review }"), (0, 90.0));
    assert_eq!(days("teams after 30 days { event review }  yammer after 40 days { event review }"), (10, 40.0));
    // A service the customer does not want has nothing happen to it.
    let summary =
        ten(stages, "services ~ teams 100%  yammer after 1 day { usage = 3% }  teams after 2 days { event review }");
    assert_eq!((won(&summary), mean(&summary), summary.rejected), (10, 2.0, vec![]));
}

#[test]
fn who_does_not_come_to_an_end_is_counted_with_the_reason() {
    let stages = "stage ask \"Ask\" { needs \"Not held\": not held  -> good when large  -> bad otherwise }";
    let summary = ten(stages, "services ~ teams 100%  held ~ no");
    assert_eq!(summary.waiting.customers, 10);
    assert_eq!(summary.waiting.waits, [(WaitKind::Fact, "large".to_owned(), 10)]);
    let summary = ten(stages, "services ~ teams 100%  held ~ yes  large ~ yes");
    assert_eq!((summary.held.customers, summary.waiting.customers), (10, 0));
    assert_eq!(summary.held.waits, [(WaitKind::Need, "Not held".to_owned(), 10)]);
    let summary = ten(ROUNDS, "services ~ teams 100%  usage ~ 0%  horizon 20 days");
    assert_eq!(
        (summary.under_way.customers, summary.under_way.waits[0].clone()),
        (10, (WaitKind::Stage, "follow".to_owned(), 10))
    );
    assert_eq!(summary.duration, None);
    // How long the task takes depends on what nobody knows.
    let work = "stage work \"Work\" { task 1 optional \"One\"  -> good }";
    let summary = ten(work, "services ~ teams 100%  task 1 takes (3 days if large else 1 day)");
    assert_eq!(summary.waiting.waits, [(WaitKind::Task, "1".to_owned(), 10)]);
}

#[test]
fn journeys_without_an_end_are_left_alone() {
    let stages = "stage follow \"Follow\" { every 1 minute { step \"Look\" }  -> good when usage >= 10% }";
    let (machine, scenario) = small(stages, "services ~ teams 100%  usage ~ 0%");
    let summary = summary(&machine, &scenario, 1, &Options::default());
    assert_eq!(summary.under_way.customers, 1);
}

#[test]
fn what_the_playbook_does_not_allow_is_told() {
    let (machine, mut scenarios) = machine_of(
        "playbook p \"P\" {
           facts of the customer { ready : yes/no rising }
           stage one \"One\" { on resolved -> done  after 3 days -> done }
           end done success
         }
         scenario s { ready ~ yes  after 1 day { ready = no } }",
    );
    let scenario = scenarios.pop().expect("a scenario");
    let summary = summary(&machine, &scenario, 7, &Options::default());
    let [(message, 7)] = summary.rejected.as_slice() else { panic!("{:?}", summary.rejected) };
    assert!(message.contains("ready"), "{message}");
}

#[test]
fn facts_nobody_speaks_of_are_noted() {
    let stages = "stage ask \"Ask\" { -> good when large and usage > 1%  -> bad otherwise }";
    let names = |scenario: &str| {
        let (machine, scenario) = small(stages, scenario);
        let told = missing_assumptions(&machine, &scenario);
        told.iter().map(|finding: &Diagnostic| finding.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names("usage ~ 1%").len(), 1);
    assert!(names("usage ~ 1%")[0].contains("`large`"));
    assert!(names("usage ~ 1%  after 3 days { large = yes }").is_empty());
}

#[test]
fn nobody_is_a_cohort_too() {
    let (machine, scenario) = small(ROUNDS, "services ~ teams 100%  usage ~ 0%");
    let json = summary(&machine, &scenario, 0, &Options::default()).to_json();
    assert_eq!(json["customers"], 0);
    assert_eq!(json["outcomes"]["won"], serde_json::json!({ "count": 0, "share": 0.0, "low": 0.0, "high": 1.0 }));
    assert!(json["duration_days"].is_null());
}

#[test]
fn stopping_gives_no_result() {
    let (machine, scenario) = small(ROUNDS, "services ~ teams 100%  usage ~ 0%");
    let got = simulate(&machine, &scenario, Cohort::Drawn(10), &Options::default(), &|_| {}, &AtomicBool::new(true));
    assert!(matches!(got, Err(Failure::Stopped(_))));
}

#[test]
fn progress_counts_every_customer() {
    let (machine, scenario) = small(ROUNDS, "services ~ teams 100%  usage ~ 10%");
    let done = AtomicU64::new(0);
    let progress = |customers| {
        done.fetch_add(customers, Ordering::Relaxed);
    };
    let options = Options::default();
    simulate(&machine, &scenario, Cohort::Drawn(1_000), &options, &progress, &AtomicBool::new(false)).expect("runs");
    assert_eq!(done.into_inner(), 1_000);
}

#[test]
fn customers_of_a_file_keep_what_is_known_of_them() {
    let (machine, scenario) = small(
        "stage ask \"Ask\" { -> good when large and usage = 4%  -> bad otherwise }",
        "services ~ each 100%  usage ~ 4%  large ~ no",
    );
    let large = machine.playbook.facts.iter().find(|fact| fact.scope == FactScope::Customer).expect("declared").slot;
    let customer = |known: Option<bool>| {
        let mut customer = Customer::new(&machine, "c");
        customer.intended = customer.intended.with(ServiceId(1));
        customer.facts[large] = known.map(Value::YesNo);
        customer
    };
    let mut customers = [Some(true), None, Some(false), Some(true)].into_iter().map(customer);
    let cohort = Cohort::Given(&mut customers);
    let tally = simulate(&machine, &scenario, cohort, &Options::default(), &|_| {}, &AtomicBool::new(false));
    let summary = Summary::new(&machine, "s", 0, &tally.expect("runs"));
    assert_eq!((summary.customers, won(&summary)), (4, 2));
    assert_eq!(summary.tracks, [("good".to_owned(), 2), ("bad".to_owned(), 2)]);
    let mut customer = Customer::new(&machine, "c");
    customer.services[0][0] = Some(Value::Number(Micro::whole(9)));
    assert!(customer.services[1][0].is_none());
}

#[test]
fn customers_of_a_file_do_not_depend_on_batches_or_threads() {
    let (machine, scenario) =
        small(ROUNDS, "usage ~ uniform(0%, 8%)  in follow each round { usage += exponential(2%) }");
    let run = |threads: usize, shard: Option<Shard>| {
        let mut customers = (0..5_000_u32).map(|number| {
            let mut customer = Customer::new(&machine, &number.to_string());
            customer.intended = customer.intended.with(ServiceId(number % 2));
            customer
        });
        let options = Options { seed: 9, threads: Some(threads), shard, ..Options::default() };
        simulate(&machine, &scenario, Cohort::Given(&mut customers), &options, &|_| {}, &AtomicBool::new(false))
            .expect("runs")
    };
    let whole = run(1, None);
    assert_eq!(whole, run(3, None));
    let mut merged = run(2, Some(Shard { index: 2, of: 2 }));
    merged.merge(&run(1, Some(Shard { index: 1, of: 2 })));
    assert_eq!(merged, whole);
}

#[test]
fn arrivals_lie_within_their_time() {
    let at = |arriving: &str, customer: u64| {
        let (machine, scenario) = small(ROUNDS, &format!("customers 100 arriving {arriving} over 100 days"));
        arrival(&machine, &scenario, 1, customer, 100)
    };
    assert_eq!(at("evenly", 25), Duration::days(25));
    assert_eq!(at("evenly", 725), Duration::days(25));
    let days: Vec<f64> = (0..100).map(|customer| at("poisson", customer).to_days()).collect();
    assert!(days.iter().all(|day| (0.0..100.0).contains(day)));
    assert!((days.iter().sum::<f64>() / 100.0 - 50.0).abs() < 12.0);
}
