//! Tests of comparisons of two playbooks.

use super::*;
use crate::simulate::Summary;
use crate::simulate::random::{Purpose, StreamKey};

/// The playbooks of a text, each with its only scenario.
fn both(text: &str) -> Vec<(Machine, Scenario)> {
    let mut sources = crate::source::Sources::new();
    let file = sources.add("test.play", text);
    let (tree, problems) = crate::syntax::parse(sources.get(file).expect("added"), file);
    let (documents, found) = crate::model::resolve::resolve(&tree, &[]);
    let told: Vec<&str> = problems.iter().chain(&found).map(|finding| finding.message.as_str()).collect();
    assert!(told.is_empty(), "{told:?}");
    let pair = |mut document: crate::model::Document| {
        (Machine::new(document.playbook), document.scenarios.pop().expect("a scenario"))
    };
    documents.into_iter().map(pair).collect()
}

fn compared(pair: &[(Machine, Scenario)], customers: u64, options: &Options) -> ComparisonSummary {
    let [one, other] = pair else { panic!("two are compared") };
    let sides = [one, other].map(|(machine, scenario)| Side { machine, scenario });
    let counted = compare(sides, &Pairs::Drawn(customers), options, &|_| {}, &AtomicBool::new(false)).expect("figures");
    ComparisonSummary::new(sides, options.seed, &counted)
}

/// A playbook and one like it, in which these words are others.
fn text(changed: &[(&str, &str)]) -> String {
    let one = r#"
playbook first {
  services { teams yammer }
  facts of the customer { agreed : yes/no }
  facts of each service { usage : percent = 0% }
  each service {
    stage follow {
      task 1 mandatory "Talk" due within 3 days
      every 1 week, at most 8 times { step "Look" }
      -> good when usage >= 10%
      after last round -> bad
    }
    end good success
    end bad failure
  }
  then -> won when all services where (at good)
       -> lost otherwise
  end won success
  end lost failure
}
scenario s for first {
  customers 10 arriving poisson over 90 days
  services ~ each 60%, if none teams
  agreed ~ 50% of customers
  start usage ~ uniform(0%, 8%)
  task 1 takes between 1 and 9 days
  in follow each round { usage += max(0%, normal(1%, 1%)) }
}
"#;
    let mut other = one.replace("playbook first", "playbook second").replace("for first", "for second");
    for (old, new) in changed {
        assert!(other.contains(old), "{old}");
        other = other.replace(old, new);
    }
    format!("{one}{other}")
}

#[test]
fn a_playbook_with_itself_differs_in_nothing() {
    let figures = compared(&both(&text(&[])), 300, &Options::default());
    assert_eq!((figures.customers, figures.moved.as_deref()), (300, Some(&[][..])));
    let parts = figures.stages.iter().chain(&figures.tasks);
    let lines = parts.flat_map(|part| [part.times, part.complete, part.duration]).chain([figures.duration]);
    for line in lines.chain(figures.tracks.iter().flat_map(|end| [end.share, end.duration])) {
        assert!(line.same && line.difference.unwrap_or(0.0) == 0.0, "{line:?}");
    }
}

#[test]
fn each_of_the_two_is_what_its_own_simulation_says() {
    let pair = both(&text(&[("at most 8 times", "at most 12 times")]));
    let options = Options { seed: 3, ..Options::default() };
    let figures = compared(&pair, 400, &options);
    for (side, (machine, scenario)) in pair.iter().enumerate() {
        let tally = simulate(machine, scenario, Cohort::Drawn(400), &options, &|_| {}, &AtomicBool::new(false));
        let alone = Summary::new(machine, "s", 3, &tally.expect("figures"));
        for ((name, share), line) in alone.outcomes.iter().zip(&figures.outcomes) {
            assert_eq!((name, Some(share.count)), (&line.name, line.counts[side]));
        }
        for ((name, count), line) in alone.tracks.iter().zip(&figures.tracks) {
            assert_eq!((name, Some(*count)), (&line.name, line.counts[side]));
        }
        assert_eq!(alone.duration.map(|days| days.mean), figures.duration.values[side]);
        assert_eq!(alone.stages[0].duration.map(|days| days.mean), figures.stages[0].duration.values[side]);
        assert_eq!(alone.tasks[0].duration.map(|days| days.mean), figures.tasks[0].duration.values[side]);
    }
    // More rounds: who was lost may be won, and nobody the other way round.
    let moved = figures.moved.expect("customers are followed one by one");
    assert!(matches!(moved.as_slice(), [(from, to, 1..)] if from == "lost" && to == "won"), "{moved:?}");
}

#[test]
fn threads_change_nothing() {
    let pair = both(&text(&[("10%", "9%")]));
    let of = |threads| compared(&pair, 700, &Options { threads: Some(threads), ..Options::default() }).to_json();
    assert_eq!(of(1), of(3));
}

/// The half of a difference's interval with the same luck is a fraction of that of two simulations with luck of their own.
#[test]
fn the_same_luck_tells_more() {
    let pair = both(&text(&[("after last round -> bad", "after last round -> bad  after 50 days -> bad")]));
    let figures = compared(&pair, 1_000, &Options::default());
    let paired = figures.duration.interval.expect("an interval");
    let width = |days: Option<crate::simulate::summary::Days>| {
        let ends = days.and_then(|days| days.interval).expect("an interval");
        ends.high - ends.low
    };
    let alone = pair.iter().map(|(machine, scenario)| {
        let options = Options::default();
        let tally = simulate(machine, scenario, Cohort::Drawn(1_000), &options, &|_| {}, &AtomicBool::new(false));
        width(Summary::new(machine, "s", 1, &tally.expect("figures")).duration).powi(2)
    });
    let apart = alone.sum::<f64>().sqrt();
    assert!(paired.high < 0.0 && (paired.high - paired.low) < apart / 3.0, "{paired:?} {apart}");
}

#[test]
fn customers_of_a_file_are_known_to_each_by_name() {
    let pair = both(&text(&[
        ("agreed : yes/no", "agreed : yes/no  more : int = 7"),
        ("services { teams yammer }", "services { yammer teams }"),
    ]));
    let [(one, _), (other, _)] = pair.as_slice() else { panic!("two") };
    let mut customer = Customer::new(one, "contoso");
    customer.facts[0] = Some(crate::value::Value::YesNo(true));
    customer.intended = customer.intended.with(ServiceId(1));
    let known = known_to(&customer, one, other);
    assert_eq!(known.facts[0], Some(crate::value::Value::YesNo(true)));
    assert!(known.facts[1].is_some(), "its own default");
    assert!(known.intended.contains(ServiceId(0)) && !known.intended.contains(ServiceId(1)));
}

/// Scarce people: replications are paired.
#[test]
fn where_people_are_shared_replications_are_compared() {
    let people = "role m 1 person";
    let play = text(&[]).replace("services { teams yammer }", "roles { m }  services { teams yammer }");
    let play = play.replace("task 1 mandatory \"Talk\"", "task 1 mandatory \"Talk\" by m");
    let play = play.replace("task 1 takes", &format!("{people}  task 1 takes"));
    let options = Options { replications: 5, ..Options::default() };
    let same = compared(&both(&play), 40, &options);
    assert_eq!((same.parts, same.moved, same.duration.difference), (5, None, Some(0.0)));
    let cut = play.rfind(people).expect("the second scenario");
    let more = format!("{}role m 40 people{}", &play[..cut], &play[cut + people.len()..]);
    let figures = compared(&both(&more), 40, &options);
    let days = figures.tasks[0].duration;
    assert!(days.interval.is_some_and(|ends| ends.high < -1.0), "{days:?}");
}

/// The interval by hand: customers with one observation each.
#[test]
fn a_few_by_hand() {
    let mut pairs = Paired::default();
    for (one, other) in [(10, 12), (20, 25), (30, 31), (25, 24)] {
        pairs.add((one, 1), (other, 1));
    }
    let line = pairs.line(4);
    // Differences 2, 5, 1, -1: mean 1.75, standard deviation 2.5.
    let half = 3.182 * 2.5 / 2.0;
    let interval = line.interval.expect("an interval");
    assert!(
        (interval.low - (1.75 - half)).abs() < 1e-9 && (interval.high - (1.75 + half)).abs() < 1e-9,
        "{interval:?}"
    );
    let mut shares = Paired::default();
    (0..100).for_each(|at| shares.add((i64::from(at < 20), 1), (i64::from(at < 30), 1)));
    let line = shares.share();
    let (n, gained, lost) = (102.0_f64, 10.5, 0.5);
    let half = 1.959_963_984_540_054 * ((gained + lost) - (gained - lost) * (gained - lost) / n).sqrt() / n;
    let interval = line.interval.expect("an interval");
    assert!(
        (interval.high - interval.low - 2.0 * half).abs() < 1e-12 && (interval.low + half - 10.0 / n).abs() < 1e-12
    );
}

/// Customers with several visits, which are alike in both and within one customer: the interval covers the true difference
/// as often as it says.
#[test]
fn intervals_cover_as_often_as_they_say() {
    let (mut covered, runs) = (0, 1_000_u64);
    for run in 0..runs {
        let mut stream = StreamKey::new(run, Purpose::Fact, "x").stream(0, 0);
        let mut pairs = Paired::default();
        for _ in 0..200 {
            let visits = 1 + (stream.uniform() * 4.0) as i64;
            let own = (stream.uniform() * 1_000.0) as i64;
            let more = (stream.uniform() * 100.0) as i64;
            pairs.add((own * visits, visits), ((own + more) * visits, visits));
        }
        let ends = pairs.line(200).interval.expect("an interval");
        covered += u64::from(ends.low <= 49.5 && 49.5 <= ends.high);
    }
    assert!((925..=970).contains(&covered), "{covered}");
}
