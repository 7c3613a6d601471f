//! Scarce people: against closed forms, and by hand where a day can be followed on paper.

use super::*;
use crate::simulate::summary::RoleFigures;

/// Stages one after the other, each with one task by a role of its own (`first`, `second`, `third`).
fn line_of(stages: usize, scenario: &str) -> (Machine, Scenario) {
    let roles = ["first", "second", "third"];
    let mut text = String::from("playbook line \"A line\" { ");
    let names: Vec<String> = roles[..stages].iter().map(|role| format!("{role} \"{role}\"")).collect();
    text += &format!(
        "roles {{ {} }} facts of the customer {{ large : yes/no = no }} start -> stage_first ",
        names.join(" ")
    );
    for (place, role) in roles[..stages].iter().enumerate() {
        let next = roles[..stages].get(place + 1).map_or("done".to_owned(), |next| format!("stage_{next}"));
        text += &format!("stage stage_{role} \"S\" by {role} {{ task work_{role} mandatory \"Work\" -> {next} }} ");
    }
    text += &format!("end done success }} scenario s {{ {scenario} }}");
    let (machine, mut scenarios) = machine_of(&text);
    (machine, scenarios.pop().expect("a scenario"))
}

fn run(stages: usize, scenario: &str, customers: u64, options: &Options) -> Summary {
    let (machine, scenario) = line_of(stages, scenario);
    summary(&machine, &scenario, customers, options)
}

fn wait(role: &RoleFigures) -> f64 {
    role.queue_wait.expect("somebody waited").mean
}

/// The mean over replications lies within its own interval widened to four standard errors of the closed form.
fn close(what: &str, figure: f64, interval: Option<crate::simulate::interval::Interval>, expected: f64) {
    let ends = interval.unwrap_or_else(|| panic!("{what} has no interval"));
    let half = (ends.high - ends.low) / 2.0;
    assert!(half < 0.25 * expected, "{what}: {figure} ± {half} says nothing");
    assert!((figure - expected).abs() < 2.0 * half, "{what}: {figure} ± {half}, and not {expected}");
}

const SIX: Options = Options { seed: 5, threads: None, shard: None, replications: 6, engine: Engine::Auto };

#[test]
fn one_server_as_in_the_book() {
    // M/M/1: arrivals 0.75 a day, one day of work: wait rho / (mu - lambda), line length lambda times that.
    let got = run(
        1,
        "customers 2_500 arriving poisson 0.75 per day  warm up 100 days  task work_first takes exponential(1 day)
         role first 1 person",
        2_500,
        &SIX,
    );
    let role = &got.roles[0];
    close("wait", wait(role), role.queue_wait.expect("waits").interval, 3.0);
    close("busy", role.utilisation, role.interval, 0.75);
    close("line", role.line.mean, role.line.interval, 0.75 * 3.0);
    let under_way = got.customers_under_way.expect("a shared clock");
    close("under way", under_way.mean, under_way.interval, 3.0);
    // The time in the system of M/M/1 is exponential: its median is its mean times ln 2.
    let days = got.duration.expect("journeys are over");
    close("duration", days.mean, days.interval, 4.0);
    assert!((days.p50 / days.mean - 2.0_f64.ln()).abs() < 0.04, "{days:?}");
    assert!(got.warming_up > 0 && got.customers + got.warming_up == 6 * 2_500);
}

#[test]
fn several_servers_as_erlang_says() {
    // M/M/3, offered load 2.4: A. K. Erlang's C, and the wait C / (c mu - lambda).
    let (servers, load) = (3, 2.4_f64);
    let term = |k: i32| load.powi(k) / (1..=k).map(f64::from).product::<f64>();
    let last = term(servers) * f64::from(servers) / (f64::from(servers) - load);
    let erlang_c = last / ((0..servers).map(term).sum::<f64>() + last);
    assert!((erlang_c - 0.6472).abs() < 1e-3, "{erlang_c}");
    let got = run(
        1,
        "customers 2_500 arriving poisson 2.4 per day  warm up 50 days  task work_first takes exponential(1 day)
         role first 3 people",
        2_500,
        &SIX,
    );
    let role = &got.roles[0];
    close("wait", wait(role), role.queue_wait.expect("waits").interval, erlang_c / (3.0 - load));
    close("busy", role.utilisation, role.interval, 0.8);
}

#[test]
fn general_work_as_pollaczek_and_khinchine_say() {
    // M/G/1: lambda E(S^2) / (2 (1 - rho)). Work between 0 and 1 day, every value alike: E(S) 1/2, E(S^2) 1/3.
    let got = run(
        1,
        "customers 2_500 arriving poisson 1.4 per day  warm up 50 days  task work_first takes uniform(0 days, 1 day)
         role first 1 person",
        2_500,
        &SIX,
    );
    let role = &got.roles[0];
    close("wait", wait(role), role.queue_wait.expect("waits").interval, 1.4 / 3.0 / (2.0 * 0.3));
}

#[test]
fn two_stages_as_jackson_says() {
    // A tandem of M/M/1: each as if it were alone.
    let got = run(
        2,
        "customers 2_000 arriving poisson 0.7 per day  warm up 100 days
         task work_first takes exponential(1 day)  task work_second takes exponential(0.8 days)
         role first 1 person  role second 1 person",
        2_000,
        &SIX,
    );
    let alone = |mu: f64| 0.7 / mu / (mu - 0.7);
    for (role, mu) in got.roles.iter().zip([1.0, 1.25]) {
        close(&role.name, wait(role), role.queue_wait.expect("waits").interval, alone(mu));
    }
    let days = got.duration.expect("journeys are over");
    close("duration", days.mean, days.interval, 1.0 / 0.3 + 1.0 / 0.55);
}

/// Few customers whose days can be followed on paper.
fn by_hand(scenario: &str, customers: u64) -> Summary {
    run(1, scenario, customers, &Options::default())
}

#[test]
fn a_week_followed_by_hand() {
    // Somebody comes at midnight each day of a week, Monday first; four hours each, from nine to five on weekdays.
    let week = "customers 7 arriving evenly over 7 days  task work_first takes 4 hours";
    let got = by_hand(&format!("{week}  role first 1 person, from 9:00 to 17:00 on weekdays"), 7);
    let role = &got.roles[0];
    // Five wait until nine; who comes on Saturday waits for Monday at nine, who comes on Sunday until one in the afternoon.
    let hours = 5.0 * 9.0 + 57.0 + 37.0;
    assert!((wait(role) - hours / 7.0 / 24.0).abs() < 1e-5, "{role:?}");
    // Until Monday at five six working days passed, and seven tasks of half a day were done.
    assert!((role.utilisation - 28.0 / 48.0).abs() < 1e-6, "{role:?}");
    assert_eq!((role.overtime_days, role.cost, role.line.max, role.people), (0.0, None, 2, 1));
    // Ten hours: two hours are left for the next day, or are done the same evening and cost as well.
    let long = "customers 1  task work_first takes 10 hours";
    let stops = by_hand(&format!("{long}  role first 1 person, 8 hours on weekdays"), 1);
    assert!((mean(&stops) * 24.0 - 35.0).abs() < 1e-4, "{stops:?}");
    let goes_on = by_hand(
        &format!("{long}  role first 1 person, 8 hours on weekdays, work begun is finished, at 50 per hour"),
        1,
    );
    assert!((mean(&goes_on) * 24.0 - 19.0).abs() < 1e-4, "{goes_on:?}");
    let role = &goes_on.roles[0];
    assert!((role.overtime_days * 24.0 - 2.0).abs() < 1e-4 && role.cost == Some(500.0), "{role:?}");
}

#[test]
fn holidays_and_days_off() {
    // 2026-01-01 is a Thursday, and nobody works before Monday.
    let text = "playbook p \"P\" {
        calendar { holidays 2026-01-01 }
        roles { manager \"Manager\" }
        stage one \"One\" by manager { task 1 optional \"One\"  -> done }
        end done success
      }
      scenario s { starts 2026-01-01  customers 1  task 1 takes 1 hour
        role manager 1 person, 8 hours on weekdays, off 2026-01-02 }";
    let (machine, scenarios) = machine_of(text);
    let got = summary(&machine, &scenarios[0], 1, &Options::default());
    assert!((mean(&got) * 24.0 - (4.0 * 24.0 + 10.0)).abs() < 1e-4, "{got:?}");
}

#[test]
fn who_is_served_first() {
    // Three come at once. With priority the large one, drawn by number, is served before those who were first.
    let text = |rule: &str| {
        format!(
            "playbook p \"P\" {{
               roles {{ manager \"Manager\" }}
               services {{ teams \"Teams\"  yammer \"Yammer\"  exchange \"Exchange\" }}
               facts of each service {{ weight : int }}
               each service {{
                 stage one \"One\" by manager {{ task 1 optional \"One\"  -> done }}
                 end done success
               }}
               then -> finished
               end finished success
             }}
             scenario s {{ services ~ each 100%  task 1 takes 1 day
               weight ~ (1 if service is teams else (3 if service is exchange else 2))
               in one on entry {{ when service is teams {{ weight = 1 }} }}
               role manager 1 person{rule} }}"
        )
    };
    let ends = |rule: &str| {
        let (machine, scenarios) = machine_of(&text(rule));
        let tally = tally(&machine, &scenarios[0], 1, &Options::default());
        Summary::new(&machine, "s", 0, &tally)
    };
    let plain = ends("");
    assert_eq!((wait(&plain.roles[0]), mean(&plain)), (1.0, 3.0));
    // The first is served at once, whoever it is; priority decides between those who wait.
    let ranked = ends(", priority by weight");
    assert_eq!((wait(&ranked.roles[0]), mean(&ranked)), (1.0, 3.0));
}

#[test]
fn large_customers_wait_less_where_they_come_first() {
    let scenario = |rule: &str| {
        format!(
            "customers 2_000 arriving poisson 0.8 per day  large ~ 20% of customers
             task work_first takes (exponential(1 day) if large else exponential(1 day))
             role first 1 person{rule}  horizon 10_000 days"
        )
    };
    let plain = run(1, &scenario(""), 2_000, &Options::default());
    let ranked = run(1, &scenario(", priority by large"), 2_000, &Options::default());
    // The line is as long and people as busy whoever is first; only who waits changes, so the half wait less and a few more.
    assert_eq!(plain.roles[0].utilisation, ranked.roles[0].utilisation);
    let (plain, ranked) = (plain.roles[0].queue_wait.expect("waits"), ranked.roles[0].queue_wait.expect("waits"));
    assert!((plain.mean - ranked.mean).abs() < 0.02 * plain.mean, "{plain:?} {ranked:?}");
    assert!(ranked.p50 < plain.p50 && ranked.max > plain.max, "{plain:?} {ranked:?}");
}

/// Two services, people who know one or both.
fn skilled(staffing: &str) -> Summary {
    let text = format!(
        "playbook p \"P\" {{
           roles {{ manager \"Manager\"  helper \"Helper\" }}
           services {{ teams \"Teams\"  yammer \"Yammer\" }}
           each service {{
             stage one \"One\" by manager, helper {{ task 1 optional \"One\"  -> done }}
             end done success
           }}
           then -> finished
           end finished success
         }}
         scenario s {{ services ~ each 100%  task 1 takes 1 day  {staffing} }}"
    );
    let (machine, scenarios) = machine_of(&text);
    summary(&machine, &scenarios[0], 2, &Options::default())
}

#[test]
fn what_people_know_and_several_roles() {
    // Two customers with two tasks each. One of the four people-days is done at a time, or two, or all.
    assert_eq!(mean(&skilled("role manager 1 person  role helper 1 person")), 1.5);
    let apart =
        skilled("role manager 1 person for teams  role manager 1 person for yammer  role helper 1 person for teams");
    // Teams is done at once for both; Yammer one after the other.
    assert_eq!((mean(&apart), apart.roles[0].people), (1.5, 2));
    // Somebody of the other role is always free.
    let free = machine_of(
        "playbook p \"P\" { roles { a \"A\"  b \"B\" }
           stage one \"One\" { task 1 optional \"One\" by a, b  task 2 optional \"Two\" by a  -> done }
           end done success }
         scenario s { task 1 takes 1 day  role a 1 person }",
    );
    let got = summary(&free.0, &free.1[0], 5, &Options::default());
    assert_eq!((mean(&got), got.roles[0].queue_wait), (1.0, None));
}

#[test]
fn who_leaves_the_stage_leaves_the_line() {
    let text = "playbook p \"P\" {
        roles { manager \"Manager\" }
        stage one \"One\" by manager { task 1 optional \"One\"  -> done  after 15 days -> given_up }
        end done success
        end given_up failure
      }
      scenario s { customers 3  task 1 takes 10 days  role manager 1 person }";
    let (machine, scenarios) = machine_of(text);
    let got = summary(&machine, &scenarios[0], 3, &Options::default());
    let count = |name: &str| got.outcomes.iter().find(|(end, _)| end == name).map(|(_, share)| share.count);
    // One is done on day 10. On day 15 one gives up with half the work done; the person turns to the last in the line, who
    // gives up at the same instant.
    assert_eq!((count("done"), count("given_up")), (Some(1), Some(2)));
    let role = &got.roles[0];
    assert_eq!((role.utilisation, role.worked_days, role.in_line), (1.0, 15.0, 0));
    assert_eq!(role.queue_wait.map(|days| (days.count, days.max)), Some((3, 15.0)));
    // The horizon finds one at work and one in the line.
    let (machine, scenarios) = machine_of(&text.replace("customers 3", "customers 3  horizon 12 days"));
    let got = summary(&machine, &scenarios[0], 3, &Options::default());
    assert_eq!((got.under_way.customers, got.roles[0].in_line, got.roles[0].worked_days), (2, 1, 12.0));
    assert!(got.under_way.waits.contains(&(WaitKind::Role, "manager".to_owned(), 1)), "{:?}", got.under_way.waits);
}

#[test]
fn who_is_blocked_keeps_the_place_and_the_person() {
    let text = |blocker: &str| {
        format!(
            "playbook p \"P\" {{
               roles {{ manager \"Manager\" }}
               stage one \"One\" by manager {{ task 1 optional \"One\"  -> done }}
               end done success
             }}
             scenario s {{ task 1 takes 10 hours
               after 1 hour {{ {blocker} }}
               role manager 1 person, 8 hours on every day }}"
        )
    };
    let days = |blocker: &str| {
        let (machine, scenarios) = machine_of(&text(blocker));
        mean(&summary(&machine, &scenarios[0], 1, &Options::default())) * 24.0
    };
    // From nine to five, and two hours of the next morning.
    assert!((days("") - 35.0).abs() < 1e-3);
    // Passed over from one in the night to eleven: it begins at eleven, and four hours are left for the next day.
    assert!((days("blocker lasting 10 hours") - 37.0).abs() < 1e-3, "{}", days("blocker lasting 10 hours"));
}

#[test]
fn customers_who_have_not_come_and_those_of_the_warm_up() {
    let uncontended = "customers 10 arriving evenly over 100 days  warm up 20 days  horizon 75 days";
    for staffing in ["", "  role first 20 people"] {
        let got = run(1, &format!("{uncontended}  task work_first takes 10 days{staffing}"), 10, &Options::default());
        // On days 0 to 90, one each ten days: two in the warm-up, two after day 75, and one of day 70 not done by then.
        assert_eq!(
            (got.customers, got.warming_up, got.not_arrived, got.under_way.customers),
            (6, 2, 2, 1),
            "{staffing}"
        );
    }
}

#[test]
fn rates_of_arrival() {
    let (machine, scenario) =
        line_of(1, "customers 100 arriving evenly 10 per week for 2 weeks, then 0 per day for 10 days, then 1 per day");
    let at = |customer| arrival(&machine, &scenario, 1, customer, 100).to_days();
    assert_eq!([0, 10, 19].map(at).map(|day| day.round()), [0.0, 7.0, 13.0]);
    assert_eq!([20, 21, 99].map(at), [24.0, 25.0, 103.0]);
    let (machine, scenario) = line_of(1, "customers 400 arriving poisson 10 per day for 10 days, then 30 per day");
    let days: Vec<f64> = (0..400).map(|customer| arrival(&machine, &scenario, 1, customer, 400).to_days()).collect();
    assert!(days.iter().all(|day| (0.0..=20.0).contains(day)));
    // A quarter comes in the first half.
    let early = days.iter().filter(|day| **day < 10.0).count();
    assert!((65..=135).contains(&early), "{early}");
}

#[test]
fn the_same_bytes_for_any_number_of_threads_with_people_too() {
    let (machine, scenario) = line_of(
        2,
        "customers 300 arriving poisson 1 per day  task work_first, work_second takes exponential(1 day)
        role first 1 person  role second 2 people, 10 hours on weekdays",
    );
    let bytes = |threads, replications| {
        let options = Options { seed: 3, threads: Some(threads), replications, ..Options::default() };
        let tally = tally(&machine, &scenario, 300, &options);
        Summary::new(&machine, "s", 3, &tally).to_json().to_string()
    };
    assert_eq!(bytes(1, 5), bytes(3, 5));
    assert_eq!(bytes(1, 1), bytes(3, 1));
    assert_ne!(bytes(1, 1), bytes(1, 5));
}

/// The intervals of single long runs, by batches of customers who came one after the other: waits of neighbours are alike,
/// and taking them for independent would cover a third of the time.
#[test]
fn batches_cover_as_often_as_they_say() {
    use crate::simulate::interval::{of_mean, of_parts};
    use crate::simulate::random::{Purpose, StreamKey};
    let (mut covered, mut naive, runs) = (0, 0, 400_u64);
    for run in 0..runs {
        let mut stream = StreamKey::new(run, Purpose::Arrival, "lindley").stream(0, 0);
        // D. V. Lindley's recursion for the wait in M/M/1 with rho 0.7, from the steady state on: the mean is 7/3.
        let mut exponential = |mean: f64| -mean * stream.uniform().ln();
        let (mut wait, mut sum, mut squares) = (0.0_f64, 0.0, 0.0);
        let mut parts = vec![(0.0, 0.0); 20];
        let (warm, count) = (300, 12_000);
        for customer in 0..warm + count {
            wait = (wait + exponential(1.0) - exponential(1.0 / 0.7)).max(0.0);
            if customer >= warm {
                let part = &mut parts[(customer - warm) * 20 / count];
                *part = (part.0 + wait, part.1 + 1.0);
                sum += wait;
                squares += wait * wait;
            }
        }
        let holds = |interval: Option<crate::simulate::interval::Interval>| {
            interval.is_some_and(|ends| ends.low <= 7.0 / 3.0 && 7.0 / 3.0 <= ends.high)
        };
        covered += u64::from(holds(of_parts(&parts)));
        let mean = sum / count as f64;
        let deviation = (squares / count as f64 - mean * mean).sqrt();
        naive += u64::from(holds(of_mean(mean, deviation, count as u64)));
    }
    let share = covered as f64 / runs as f64;
    assert!((0.90..=0.985).contains(&share), "{share}");
    assert!(naive < runs / 2, "{naive}");
}

/// Replications of whole simulations, from the first customer on: the mean over the cohort, not that of a steady state.
#[test]
fn replications_cover_as_often_as_they_say() {
    let (machine, scenario) = line_of(
        1,
        "customers 30 arriving poisson 1 per day  task work_first takes exponential(1 day)  role first 1 person",
    );
    let all = |seed: u64, replications: u32| {
        let options = Options { seed, replications, ..Options::default() };
        summary(&machine, &scenario, 30, &options).roles[0].queue_wait.expect("waits")
    };
    let truth = all(987_654, 800).mean;
    let runs = 120;
    let covered = (0..runs)
        .filter(|run| {
            let ends = all(1_000 + run, 8).interval.expect("eight replications");
            ends.low <= truth && truth <= ends.high
        })
        .count();
    // Waits of one replication are skewed: a little below 95% is expected of eight.
    assert!((0.88..=0.99).contains(&(covered as f64 / runs as f64)), "{covered} of {runs}");
}

#[test]
fn customers_of_a_file_come_on_their_own_dates() {
    use crate::value::Date;
    let scenario = "starts 2026-01-05  customers 10  task work_first takes 3 days  role first 1 person";
    let (machine, scenario) = line_of(1, scenario);
    let run = |dates: &[&str]| {
        let mut customers = dates.iter().map(|date| {
            let mut customer = Customer::new(&machine, date);
            customer.start = Date::parse(date);
            customer
        });
        let cohort = Cohort::Given(&mut customers);
        let tally = simulate(&machine, &scenario, cohort, &Options::default(), &|_| {}, &AtomicBool::new(false));
        Summary::new(&machine, "s", 1, &tally.expect("runs"))
    };
    // A day apart, the second waits two days; the third comes when all is done. Before day 0 somebody may come too.
    let got = run(&["2026-01-06", "2026-01-07", "2026-03-01"]);
    assert_eq!(got.roles[0].queue_wait.map(|days| (days.count, days.max)), Some((3, 2.0)));
    assert_eq!(got.customers_under_way.map(|course| course.max), Some(2));
    let got = run(&["2025-12-31", "2026-01-05"]);
    assert_eq!(got.roles[0].queue_wait.map(|days| days.max), Some(0.0));
}

#[test]
fn people_without_customers() {
    let text = "customers 0  warm up 1 day  horizon 2 days  task work_first takes 3 days  role first 1 person, 8 hours on sunday";
    let got = run(1, text, 0, &SIX);
    assert_eq!((got.customers, got.duration, got.roles[0].queue_wait), (0, None, None));
    assert_eq!(got.to_json()["roles"]["first"]["utilisation"], 0.0);
    // Nobody is there before the warm-up is over.
    let got = run(1, text, 50, &Options::default());
    assert_eq!((got.customers, got.warming_up + got.not_arrived), (0, 50));
}
