use crate::diagnostic::Diagnostic;
use crate::model::BusinessUnit;
use crate::model::distribution::Distribution;
use crate::model::resolve::resolve;
use crate::model::scenario::{Arrival, Odds, Sampler, SamplerNode, Scenario, Statement, WorkingHours};
use crate::source::Sources;
use crate::value::{DAY, Date, Duration, Micro, Value};

const PLAYBOOK: &str = r#"
playbook p "P" {
  roles { manager "Manager" }
  services { teams "Teams"  yammer "Yammer"  both = teams, yammer }
  events { review "A review" }
  facts of the customer {
    large : yes/no
    plan  : one of (gold, silver)
    seats : int in 1..1000
    joined : date
    pace  : duration
    kept  : yes/no = no kept by playbook
  }
  facts of each service { usage : percent  push : yes/no = no }
  param most : percent = 8%
  each service {
    stage talk "Talk" by manager { task 101 optional "One"  task 102 optional "Two"  -> follow }
    stage follow "Follow" {
      every 2 weeks, at most 3 times { step "Look" }
      -> met when usage >= 10%
      after last round -> missed
    }
    end met success
    end missed failure
  }
  then -> shut
  stage shut "Shut" { set kept = yes  -> done }
  end done success
}
"#;

fn resolved(body: &str) -> (Option<Scenario>, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::new();
    let file = sources.add("test.play", format!("{PLAYBOOK}\nscenario s {{\n{body}\n}}\n"));
    let (tree, problems) = crate::syntax::parse(sources.get(file).expect("added"), file);
    assert!(problems.is_empty(), "{body}: {:?}", told(&problems));
    let (mut documents, found) = resolve(&tree, &[]);
    let scenario = documents.pop().and_then(|mut document| document.scenarios.pop());
    (scenario, found, sources)
}

fn told(found: &[Diagnostic]) -> Vec<(&str, &str)> {
    found.iter().map(|finding| (finding.rule.name, finding.message.as_str())).collect()
}

fn right(body: &str) -> Scenario {
    let (scenario, found, _) = resolved(body);
    assert!(found.is_empty(), "{body}: {:?}", told(&found));
    scenario.expect("a scenario")
}

/// The only finding: rule, message, and the text it points at.
fn wrong(body: &str) -> (&'static str, String, String, Option<String>) {
    let (scenario, found, sources) = resolved(body);
    assert!(scenario.is_none(), "{body}");
    let [finding] = found.as_slice() else { panic!("{body}: {:?}", told(&found)) };
    (finding.rule.name, finding.message.clone(), sources.text(finding.primary.span).to_owned(), finding.help.clone())
}

fn takes(written: &str) -> Sampler {
    let scenario = right(&format!("task 101 takes {written}"));
    scenario.task_takes.into_values().next().expect("a time")
}

fn drawn(written: &str) -> Distribution {
    match takes(written).node {
        SamplerNode::Draw(distribution) => distribution,
        other => panic!("{written}: {other:?}"),
    }
}

fn business(written: &str) -> (BusinessUnit, SamplerNode) {
    match takes(written).node {
        SamplerNode::Business(unit, drawn) => (unit, drawn.node),
        other => panic!("{written}: {other:?}"),
    }
}

#[test]
fn work_in_business_time_is_drawn_as_by_the_clock() {
    for (written, clock) in [
        ("between 1 and 7 business days, mostly 3", "between 1 and 7 days, mostly 3"),
        ("triangular(1, 3, 7) business days", "triangular(1, 3, 7) days"),
        ("triangular(1 business day, 3 business days, 7 business days)", "triangular(1, 3, 7) days"),
        ("lognormal(median 5 business days, sigma 0.6)", "lognormal(median 5 days, sigma 0.6)"),
    ] {
        assert_eq!(business(written), (BusinessUnit::Days, SamplerNode::Draw(drawn(clock))), "{written}");
    }
    let SamplerNode::Draw(hours) = takes("usually 5 hours, one in ten over 9").node else { panic!("a draw") };
    assert_eq!(
        business("usually 5 business hours, one in ten over 9"),
        (BusinessUnit::Hours, SamplerNode::Draw(hours))
    );
    for written in [
        "6 business hours",
        "(2 business days if large and days since joined > 3 else 0.5 business days)",
        "1 business day * (1 + seats / 100)",
        "max(1 business day, normal(2 business days, 0.5 business days)) + 1 business day",
        "one of (1 business day 40%, 3 business days 60%)",
    ] {
        business(written);
    }
    // Who are no scarce people may be spoken of as well: their tasks wait for nobody.
    right("task 101 takes 2 business days");
}

fn start(fact: &str, written: &str) -> SamplerNode {
    right(&format!("{fact} ~ {written}")).draws.remove(0).value.node
}

#[test]
fn distributions_by_place_and_by_name() {
    let day = DAY as f64;
    let triangular = Distribution::triangular(day, 3.0 * day, 7.0 * day).expect("possible");
    for written in [
        "triangular(1, 3, 7) days",
        "triangular(1 day, 3 days, 1 week)",
        "triangular(high 7 days, low 1 day, mode 72 hours)",
        "between 1 and 7 days, mostly 3",
        "between 1 day and 7 days, mostly 3 days",
    ] {
        assert_eq!(drawn(written), triangular, "{written}");
    }
    let lognormal = Distribution::lognormal(5.0 * day, 0.6).expect("possible");
    for written in
        ["lognormal(median 5 days, sigma 0.6)", "lognormal(sigma 0.6, median 5 days)", "lognormal(5 days, 0.6)"]
    {
        assert_eq!(drawn(written), lognormal, "{written}");
    }
    assert_eq!(drawn("exponential(10 days)"), Distribution::exponential(10.0 * day).expect("possible"));
    assert_eq!(drawn("between 2 and 4 weeks"), Distribution::uniform(14.0 * day, 28.0 * day).expect("possible"));
    assert_eq!(drawn("gamma(2, mean 4 days)"), Distribution::gamma(2.0, 2.0 * day).expect("possible"));
    assert_eq!(drawn("gamma(2, scale 4 days)"), Distribution::gamma(2.0, 4.0 * day).expect("possible"));
    assert_eq!(drawn("weibull(1.5, 4) days"), Distribution::weibull(1.5, 4.0 * day).expect("possible"));
    assert_eq!(drawn("erlang(3, 6 days)"), Distribution::erlang(3.0, 6.0 * day).expect("possible"));
    assert_eq!(drawn("beta(2, 3, 1 day, 4 days)"), Distribution::beta(2.0, 3.0, day, 4.0 * day).expect("possible"));
}

#[test]
fn usually_and_a_tail() {
    let distribution = drawn("usually 5 days, one in ten over 11");
    let days = |days: f64| distribution.cdf(days * DAY as f64).expect("closed form");
    assert!((days(5.0) - 0.5).abs() < 1e-9 && (days(11.0) - 0.9).abs() < 1e-9, "{distribution:?}");
    let rarer = drawn("usually 5 days, one in 100 over 30 days");
    assert!((rarer.cdf(30.0 * DAY as f64).expect("closed form") - 0.99).abs() < 1e-9);
}

#[test]
fn facts_at_the_start() {
    assert!(matches!(start("large", "40% of customers"), SamplerNode::YesNo(chance) if chance.0 == 0.4));
    assert!(
        matches!(start("usage", "uniform(0%, 8%)"), SamplerNode::Draw(Distribution::Uniform { low, high }) if (low, high) == (0.0, 8.0))
    );
    assert!(
        matches!(start("usage", "uniform(0%, most)"), SamplerNode::Draw(Distribution::Uniform { high, .. }) if high == 8.0)
    );
    let SamplerNode::OneOf(values, places) = start("plan", "one of (silver 75%, gold 25%)") else { panic!("one of") };
    assert_eq!((values, places.mean()), (vec![Value::Choice(1), Value::Choice(0)], 0.25));
    for (fact, constant) in [
        ("large", "yes"),
        ("plan", "gold"),
        ("seats", "12"),
        ("joined", "2020-03-02"),
        ("pace", "5 days"),
        ("usage", "most"),
    ] {
        assert!(matches!(start(fact, constant), SamplerNode::Expr(_)), "{fact}");
    }
    assert!(matches!(start("joined", "2020-03-02 + uniform(0 days, 30 days)"), SamplerNode::Sum(_)));
    assert!(matches!(
        start("seats", "between 10 and 500, mostly 20"),
        SamplerNode::Draw(Distribution::Triangular { .. })
    ));
    assert!(matches!(start("seats", "poisson(20) + 1"), SamplerNode::Sum(_)));
    assert!(matches!(start("usage", "uniform(0%, 4%) if large else 10%"), SamplerNode::Choice(..)));
    assert_eq!(right("large, kept_not ~ yes".replace(", kept_not", "").as_str()).draws.len(), 1);
    assert_eq!(right("start usage ~ 1%\nlarge ~ no").draws.len(), 2);
}

#[test]
fn the_rest_of_a_scenario() {
    let scenario = right(
        "customers 1_000 arriving poisson over 365 days
         services ~ each 50%, both 80%, if none teams
         task 101 done with 35%
         task 102 done with (10% if large else 50%)
         stage talk takes 3 days
         in follow each round {
           blocker technical with 8% lasting exponential(10 days)
           otherwise { usage += max(0%, normal(1.2%, 0.8%)) + (1% if push else 0%)  when round = 2 { with 30% { push = yes } } }
         }
         in talk on entry { event review with 20% otherwise usage = 1% }
         after uniform(30 days, 300 days) with 10% { large = yes }
         teams after 30 days { usage -= 1% }
         horizon 3 years
         role manager one per 60 customers, 8 hours on weekdays",
    );
    assert_eq!(scenario.customers, Some(1_000));
    assert_eq!(scenario.arrival, Some(Arrival::Poisson(Duration::days(365))));
    let services = scenario.services.as_ref().expect("services");
    assert_eq!(services.odds.iter().map(|chance| chance.0).collect::<Vec<f64>>(), [0.8, 0.8]);
    assert!(matches!(scenario.task_done.values().collect::<Vec<_>>()[..], [Odds::Fixed(_), Odds::Depends(_)]));
    assert_eq!((scenario.dynamics.len(), scenario.timed.len(), scenario.staffing.len()), (2, 2, 1));
    assert_eq!(scenario.horizon, Some(Duration::days(3 * 365)));
    let Statement::Blocker { kind, otherwise, .. } = &scenario.dynamics[0].statements[0] else { panic!("a blocker") };
    assert_eq!((kind.as_deref(), otherwise.len()), (Some("technical"), 2));
    assert_eq!(scenario.assigned().len(), 5);
}

#[test]
fn people() {
    let scenario = right(
        "starts 2026-01-05
         warm up 90 days
         customers 300 arriving poisson 10 per week for 8 weeks, then 0 per day for 1 week then 2.5 per day
         role manager one per 60 customers for teams, yammer, from 9:00 to 17:30 on monday, friday, off 2026-01-09, 2026-01-05
         role manager 2 people for teams, off 2026-03-02, at 80.5 per hour, priority by usage, work begun is finished
         role manager 1 person, 20 hours on every day",
    );
    let [first, second, third] = scenario.staffing.as_slice() else { panic!("three groups") };
    assert_eq!(first.skills.map(|skills| skills.0), Some(3));
    let days = [true, false, false, false, true, false, false];
    assert_eq!(first.hours, Some(WorkingHours { from: 9 * 3_600, to: 17 * 3_600 + 1_800, days }));
    assert_eq!(first.days_off.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2026-01-05", "2026-01-09"]);
    assert_eq!((first.finishes, first.cost, first.priority.is_some()), (false, None, false));
    assert_eq!((second.finishes, second.cost, second.hours), (true, Some(Micro(80_500_000)), None));
    assert!(second.priority.is_some());
    // A day of which only the length is said begins at nine, or early enough to end by midnight.
    assert_eq!(third.hours, Some(WorkingHours { from: 4 * 3_600, to: 24 * 3_600, days: [true; 7] }));
    assert_eq!([59, 60, 179].map(|customers| first.people.count(customers)), [1, 1, 2]);
    assert_eq!((scenario.starts, scenario.warm_up), (Date::parse("2026-01-05"), Some(Duration::days(90))));
    let Some(Arrival::Rates { poisson: true, rates }) = scenario.arrival else { panic!("rates") };
    let rates: Vec<(Micro, i64, i64)> = rates.iter().map(|r| (r.customers, r.each.0 / DAY, r.lasting.0)).collect();
    assert_eq!(rates, [(Micro::whole(10), 7, 56 * DAY), (Micro(0), 1, 7 * DAY), (Micro(2_500_000), 1, i64::MAX)]);
}

#[test]
fn what_cannot_be_is_named() {
    let mut failures = Vec::new();
    for (body, rule, part, place) in [
        ("usage ~ unifrom(0%, 8%)", "unknown-distribution", "`unifrom`", "unifrom"),
        (
            "task 101 takes lognormal(median 5 days, sigma -0.6)",
            "impossible-parameter",
            "`sigma` of `lognormal` must not be below 0",
            "0.6",
        ),
        ("usage ~ uniform(8%, 0%)", "impossible-parameter", "`low` of `uniform` must not be above `high`", "8%"),
        ("task 101 takes triangular(1, 9, 7) days", "impossible-parameter", "`mode`", "9"),
        (
            "task 101 takes exponential(0 days)",
            "impossible-parameter",
            "`mean` of `exponential` must be above 0",
            "0 days",
        ),
        ("large ~ 140% of customers", "impossible-parameter", "odds of 140%", "140%"),
        ("services ~ each 120%", "impossible-parameter", "odds of 120%", "120%"),
        ("task 101 done with 101%", "impossible-parameter", "odds of 101%", "101%"),
        (
            "plan ~ one of (gold 20%, silver 70%)",
            "impossible-parameter",
            "add up to 90%",
            "one of (gold 20%, silver 70%)",
        ),
        ("task 101 takes between 7 and 1 days", "impossible-parameter", "above the most", "between 7 and 1 days"),
        ("task 101 takes between 1 and 7 days, mostly 9", "impossible-parameter", "outside the bounds", "9"),
        ("task 101 takes usually 5 days, one in ten over 3", "impossible-parameter", "not above the usual", "3"),
        (
            "task 101 takes usually 5 days, one in 2 over 9",
            "impossible-parameter",
            "one in 2",
            "usually 5 days, one in 2 over 9",
        ),
        ("customers -5", "impossible-parameter", "-5 customers", "-5"),
        ("role manager 0 people", "impossible-parameter", "at least one", "0"),
        (
            "task 101 takes lognormal(median 5 days)",
            "wrong-argument",
            "`sigma` of `lognormal` is missing",
            "lognormal(median 5 days)",
        ),
        ("task 101 takes lognormal(mdian 5 days, sigma 0.6)", "wrong-argument", "called `mdian`", "mdian"),
        ("task 101 takes exponential(1 day, 2 days)", "wrong-argument", "no more than 1", "2 days"),
        ("task 101 takes gamma(2)", "wrong-argument", "`mean` of `gamma` is missing", "gamma(2)"),
        ("role manager 2 people, 25 hours on weekdays", "impossible-parameter", "more than 24 hours", "25 hours"),
        ("role manager 2 people, from 9:00 to 8:59 on monday", "impossible-parameter", "end before it begins", "8:59"),
        (
            "role manager 2 people, off 2026-01-06",
            "undated-scenario",
            "the scenario has none",
            "role manager 2 people, off 2026-01-06",
        ),
        ("role manager 2 people for teams", "nobody-for-service", "for `yammer`", "role manager 2 people for teams"),
        (
            "role manager 2 people\nrole manager 3 people",
            "scenario-conflict",
            "staffing of `manager` twice",
            "role manager 3 people",
        ),
        (
            "role manager 2 people, work begun is finished, work begun is finished",
            "scenario-conflict",
            "finished twice",
            "work begun is finished",
        ),
        (
            "role manager 2 people, priority by seats\nrole manager 3 people, 8 hours on sunday, priority by seats",
            "scenario-conflict",
            "who is served first",
            "priority by seats",
        ),
        ("role manager 2 people for teem", "unknown-name", "teem", "teem"),
        (
            "customers 10 arriving poisson 5 per week for 8 weeks, then 0 per week",
            "impossible-parameter",
            "never come",
            "0 per week",
        ),
        (
            "customers 10 arriving evenly 5 per week for 0 weeks, then 1 per day",
            "impossible-parameter",
            "above zero",
            "0 weeks",
        ),
        ("warm up 0 days", "impossible-parameter", "above zero", "0 days"),
        ("starts 2026-01-05\nstarts 2026-01-06", "scenario-conflict", "when it starts twice", "starts 2026-01-06"),
        ("task 101 takes 3 days\ntask 101 takes 4 days", "scenario-conflict", "how long task `101` takes twice", "101"),
        ("task 101, 101 done with 4%", "scenario-conflict", "the odds of task `101` twice", "101"),
        ("stage talk takes 3 days\nstage talk takes 4 days", "scenario-conflict", "stage `talk`", "talk"),
        ("large ~ yes\nlarge ~ no", "scenario-conflict", "what `large` is", "large"),
        ("services ~ teams 1%, teams 2%", "scenario-conflict", "odds of `teams`", "teams"),
        ("kept ~ yes", "scenario-conflict", "kept by the playbook", "kept"),
        ("in talk on entry { kept = yes }", "scenario-conflict", "kept by the playbook", "kept"),
        ("in talk each round { usage = 1% }", "no-such-work", "has no rounds", "talk"),
        ("stage follow takes 3 days", "no-such-work", "no task that could take", "3 days"),
        ("task 101, 102 takes 1 day\nstage talk takes 3 days", "no-such-work", "has a time of its own", "3 days"),
        ("task 101 done with uniform(0%, 50%)", "misplaced-draw", "within odds", "uniform(0%, 50%)"),
        (
            "in talk on entry { when usage > uniform(0%, 9%) { usage = 1% } }",
            "misplaced-draw",
            "a condition",
            "uniform(0%, 9%)",
        ),
        ("large ~ (uniform(0%, 9%) > 4%)", "misplaced-draw", "a condition", "uniform(0%, 9%)"),
        ("usage ~ uniform(0%, 8)", "unit-mismatch", "`8`", "8"),
        ("usage ~ 40% of customers", "wrong-type", "yes or no", "40% of customers"),
        ("task 101 takes normal(1 day, 1%)", "wrong-type", "percent", "1%"),
        ("usage ~ uniform(0%, 800%)", "out-of-range", "800%", "uniform(0%, 800%)"),
        ("seats ~ 5000", "out-of-range", "5000", "5000"),
        ("task 999 takes 1 day", "unknown-name", "999", "999"),
        ("usge ~ 1%", "unknown-name", "usge", "usge"),
        ("after 3 days { usage = 1% }", "wrong-scope", "no service is spoken of", "usage"),
        ("large ~ yes if happened review else no", "wrong-scope", "nothing of the journey", "happened review"),
        ("in talk on entry { plan += 1 }", "wrong-type", "", "1"),
        ("in talk on entry { large += yes }", "wrong-type", "no quantity", "large += yes"),
        ("task 101 takes uniform(1 day, 3 business days)", "wrong-type", "cannot be counted together", "1 day"),
        ("task 101 takes 1 business day + 2 business hours", "wrong-type", "counted together", "2 business hours"),
        ("task 101 takes (1 business day if large else pace)", "wrong-type", "counted together", "pace"),
        (
            "stage talk takes between 3 and 1 business days",
            "impossible-parameter",
            "above the most",
            "between 3 and 1 business days",
        ),
        ("horizon 9 business days", "wrong-type", "cannot be counted with", "9 business days"),
        (
            "in talk on entry { blocker technical lasting between 1 and 3 business days }",
            "wrong-type",
            "cannot be counted",
            "3 business days",
        ),
        (
            "after uniform(1, 3) business hours { large = yes }",
            "wrong-type",
            "cannot be counted",
            "uniform(1, 3) business hours",
        ),
        (
            "task 101, 102 takes 6 business hours\nrole manager 2 people",
            "scenario-conflict",
            "task `101` is done by people who have hours of their own",
            "6 business hours",
        ),
        (
            "stage talk takes 2 business days\nrole manager 2 people",
            "scenario-conflict",
            "business days are those of the calendar",
            "2 business days",
        ),
    ] {
        let (scenario, found, sources) = resolved(body);
        assert!(scenario.is_none(), "{body}");
        let got: Vec<(&str, &str, &str)> =
            found.iter().map(|f| (f.rule.name, f.message.as_str(), sources.text(f.primary.span))).collect();
        let fits = matches!(got[..], [(name, message, at)] if name == rule && message.contains(part) && at == place);
        let helps = found.iter().all(|finding| finding.help.is_some() || !finding.rule.code.starts_with("P6"));
        if !fits || !helps {
            failures.push(format!("{body}\n   {got:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn assumptions_that_change_nothing_are_warned_of() {
    for (body, part) in [
        ("customers 10 arriving poisson over 30 days\nwarm up 30 days", "all customers come in the warm-up"),
        ("customers 10 arriving evenly over 30 days\nwarm up 60 days", "all customers come in the warm-up"),
        ("customers 10\nwarm up 1 day", "all customers come on day 0"),
        ("customers 10 arriving poisson over 90 days\nwarm up 30 days\nhorizon 30 days", "the horizon is not after"),
        ("task 101 takes normal(-5 days, 1 day)", "practically never above zero"),
        ("stage talk takes normal(-9 days, 2 days)", "practically never above zero"),
    ] {
        let (scenario, found, _) = resolved(body);
        let told: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
        assert!(matches!(told[..], [message] if message.contains(part)), "{body}: {told:?}");
        assert!(scenario.is_some() && found[0].rule.name == "idle-assumption", "{body}");
    }
    for body in [
        "customers 10 arriving poisson over 31 days\nwarm up 30 days",
        "customers 0\nwarm up 1 day",
        "warm up 1 day",
        "customers 10 arriving poisson over 90 days\nwarm up 30 days\nhorizon 31 days",
        "task 101 takes normal(-1 days, 2 days)",
    ] {
        let (_, found, _) = resolved(body);
        assert!(found.is_empty(), "{body}: {:?}", told(&found));
    }
}

#[test]
fn help_is_computed_from_what_exists() {
    assert_eq!(wrong("usage ~ unifrom(0%, 8%)").3.as_deref(), Some("Did you mean `uniform`?"));
    let (_, _, _, help) = wrong("task 101 takes lognormal(mdian 5 days, sigma 0.6)");
    assert_eq!(help.as_deref(), Some("Did you mean `median`?"));
    let (_, _, _, help) = wrong("task 101 takes lognormal(median 5 days)");
    assert_eq!(help.as_deref(), Some("It is written `lognormal(median, sigma)`"));
}

#[test]
fn every_mistake_of_a_scenario_is_found_at_once() {
    let (scenario, found, _) = resolved(
        "customers 10\nusage ~ unifrom(0%, 8%)\nlarge ~ 140% of customers\ntask 999 takes 1 day\nstage follow takes 1 day\nhorizon 0 days",
    );
    assert!(scenario.is_none());
    assert_eq!(found.len(), 5, "{:?}", told(&found));
}
