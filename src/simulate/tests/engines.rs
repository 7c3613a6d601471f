//! The compiled form beside the interpreter: the same figures, to the last one.

use super::*;

const REFERENCE: &str = include_str!("../../../workflows/reference-journey.play");
const SUCCESS: &str = include_str!("../../../workflows/support-success-execution.play");

/// Both engines on the same customers; the compiled one has to be there.
fn agree(machine: &Machine, scenario: &Scenario, customers: u64, seed: u64) {
    let of = |engine: Engine| tally(machine, scenario, customers, &Options { seed, engine, ..Options::default() });
    let (compiled, interpreted) = (of(Engine::Compiled), of(Engine::Interpreter));
    assert_eq!(compiled, interpreted, "scenario {}", scenario.name.name);
}

#[test]
fn the_workflows() {
    for text in [REFERENCE, SUCCESS] {
        let (machine, scenarios) = machine_of(text);
        for scenario in &scenarios {
            agree(&machine, scenario, 1_500, 3);
        }
    }
}

/// One customer at a time: what is right in sum may be wrong in parts.
#[test]
fn each_customer() {
    let (machine, scenarios) = machine_of(REFERENCE);
    for index in 1..=60 {
        let of = |engine: Engine| {
            let shard = Some(Shard { index, of: 60 });
            tally(&machine, &scenarios[1], 120, &Options { seed: 5, engine, shard, ..Options::default() })
        };
        assert_eq!(of(Engine::Compiled), of(Engine::Interpreter), "{index}");
    }
}

/// Writes playbooks and scenarios by chance: a small world in which everything can meet everything.
struct Writer(crate::simulate::random::Stream);

impl Writer {
    fn below(&mut self, count: u64) -> u64 {
        self.0.bits() % count
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len() as u64) as usize]
    }

    /// A condition a track can ask.
    fn condition(&mut self, round: bool) -> String {
        let number = self.below(12);
        match self.below(if round { 13 } else { 11 }) {
            0 => format!("usage >= {number}%"),
            1 => format!("usage < {number}%"),
            2 => "push".to_owned(),
            3 => "not held".to_owned(),
            4 => "large".to_owned(),
            5 => "(not large or held)".to_owned(),
            6 => "service is teams".to_owned(),
            7 => format!("level in 2..{}", 3 + number),
            8 => "unknown held".to_owned(),
            9 => format!("done task {}", self.below(5)),
            10 => format!("usage > 2% and (({}) or service is yammer)", self.condition(false)),
            11 => format!("round = {}", self.below(4)),
            _ => format!("round >= 2 and {}", self.condition(false)),
        }
    }

    fn task(&mut self) -> String {
        let (number, kind) = (self.below(5), self.one(&["mandatory", "optional", "optional again"]));
        let services = self.one(&["", "", " for teams"]);
        let when = if self.chance(20) { format!(" when {}", self.condition(false)) } else { String::new() };
        format!("task {number} {kind} \"Task {number}\"{services}{when}\n")
    }

    fn set(&mut self) -> String {
        match self.below(4) {
            0 => "set push = yes\n".to_owned(),
            1 => "set level = level + 3\n".to_owned(),
            2 => "set push = not push\n".to_owned(),
            _ => "set usage = (usage + 1% if push else usage * 0.5)\n".to_owned(),
        }
    }

    fn stage(&mut self, number: u64, stages: u64) -> String {
        let mut text = format!("stage s{number} \"Stage {number}\" {{\n");
        if self.chance(15) {
            text += &format!("needs \"A need\": {}\n", self.condition(false));
        }
        let cadence = self.chance(50);
        for _ in 0..if cadence && self.chance(80) { 0 } else { self.below(4) } {
            text += &match self.below(4) {
                0 => self.set(),
                1 => format!("together {{ task {} optional \"A\"  task 9 optional \"B\" }}\n", self.below(5)),
                _ => self.task(),
            };
        }
        if cadence {
            let (days, times) = (1 + self.below(20), 1 + self.below(6));
            let work = match self.below(5) {
                0 => "task 7 optional \"Call\" again".to_owned(),
                1 => self.set(),
                _ => "step \"Look\"".to_owned(),
            };
            text += &format!("every {days} days, at most {times} times {{ {work} }}\n");
        }
        let place = |writer: &mut Writer| {
            let at = writer.below(stages + 4);
            match at {
                0 => "good".to_owned(),
                1 => "bad".to_owned(),
                2 => format!("resume s{}", writer.below(stages)),
                3 => "tail".to_owned(),
                at => format!("s{}", at - 4),
            }
        };
        let bound = |writer: &mut Writer| if writer.chance(30) { " at most 2 times" } else { "" };
        for _ in 0..self.below(3) {
            let (to, when, bound) = (place(self), self.condition(cadence), bound(self));
            text += &format!("-> {to} when {when}{bound}\n");
        }
        if self.chance(50) {
            let to = self.one(&["good", "bad", "s0"]);
            text += &if cadence && self.chance(70) {
                format!("after last round -> {to}\n")
            } else {
                format!("-> {to} otherwise\n")
            };
        }
        if self.chance(30) {
            let (to, when, bound) = (place(self), self.condition(cadence), bound(self));
            text += &format!("whenever {when} -> {to}{bound}\n");
        }
        if self.chance(25) {
            text += &format!("on {} -> {}\n", self.one(&["blocker", "blocker (technical)", "review"]), place(self));
        }
        if self.chance(25) {
            text += &format!("on resolved -> {}\n", place(self));
        }
        if self.chance(50) {
            text += &format!("after {} days -> {}\n", 5 + self.below(80), self.one(&["good", "bad"]));
        }
        text + "}\n"
    }

    fn statement(&mut self, round: bool, depth: u64) -> String {
        let inner =
            |writer: &mut Writer| if depth < 2 { writer.statement(round, depth + 1) } else { "usage += 1%".to_owned() };
        match self.below(9) {
            0 | 1 => "usage += max(0%, normal(1.2%, 2%)) + (0.8% if push else 0%) - uniform(0%, 1%)".to_owned(),
            2 => "level = uniform(0, 10)".to_owned(),
            3 => "held = (no if push else yes)".to_owned(),
            4 => {
                format!("blocker with {}% lasting exponential(6 days) otherwise {{ {} }}", self.below(60), inner(self))
            }
            5 => format!("blocker technical with 30% lasting {} days", self.below(30)),
            6 => format!("with {}% {{ {} }} otherwise {{ {} }}", self.below(100), inner(self), inner(self)),
            7 => format!("when {} {{ {} }}", self.condition(round), inner(self)),
            _ => format!("event review with {}%", self.below(50)),
        }
    }

    fn play(&mut self) -> String {
        let stages = 1 + self.below(4);
        let mut text = "playbook p \"P\" {
            services { teams \"Teams\"  yammer \"Yammer\"  exchange \"Exchange\" }
            events { review \"A review\" }
            facts of the customer { large : yes/no  size : int in 0..100 = 3 }
            facts of each service { usage : percent  level : int in 0..10 = 1  push : yes/no = no  held : yes/no }\n"
            .to_owned();
        if self.chance(40) {
            let takes = self.one(&["-> serve", "-> serve when large or size > 2 -> lost otherwise"]);
            text += &format!(
                "start -> hello
                stage hello \"Hello\" {{ task 20 optional \"Welcome\" set size = size + 1 {takes} }}\n"
            );
        }
        text += "each service as serve {\n";
        if self.chance(20) {
            text += &format!("input \"Ready\": {}\n", self.condition(false));
        }
        if self.chance(20) {
            text += &format!("whenever {} -> s0 at most once\n", self.condition(false));
        }
        text += "start -> s0\n";
        let mut rounds = Vec::new();
        for number in 0..stages {
            let stage = self.stage(number, stages);
            rounds.push(stage.contains("every ") && self.chance(80));
            text += &stage;
        }
        text += "stage tail \"Tail\" { task 0 optional \"0\" task 1 optional \"1\" task 2 optional \"2\" task 3 optional \"3\"
            task 4 optional \"4\" task 5 optional \"5\" -> good }\n";
        text += "end good success  end bad failure }\n";
        text += match self.below(4) {
            0 => "then -> won when all services where (at good) -> lost otherwise\n",
            1 => "then -> won when count services where (at good) >= 2 -> lost otherwise\n",
            2 => "then -> won when any services where (usage > 5% and done task 1) -> lost otherwise\n",
            _ => "then -> won when large and no services where (at bad) -> lost when not large -> lost otherwise\n",
        };
        text += "end won success  end lost failure }\nscenario s {\n";
        text += self.one(&["services ~ each 60%, if none teams\n", "services ~ teams 100%, yammer 30%\n"]);
        text += self.one(&["", "large ~ 50% of customers\n", "large ~ yes\n"]);
        text +=
            self.one(&["usage ~ uniform(0%, 8%)\n", "usage ~ (2% if large else uniform(0%, 9%))\n", "usage ~ 4%\n"]);
        text += self.one(&["", "held ~ 20% of customers\n", "level ~ poisson(3)\n", "held ~ yes\n"]);
        for number in 0..6 {
            if self.chance(60) {
                let length = self.one(&[
                    "triangular(1, 3, 7) days",
                    "lognormal(median 5 days, sigma 0.6)",
                    "gamma(2, 3) days",
                    "(2 days if large else 1 day)",
                    "0 days",
                    "7 days",
                ]);
                text += &format!("task {number} takes {length}\n");
            }
            if self.chance(30) {
                text += &format!("task {number} done with {}%\n", self.one(&["50", "0", "90"]));
            }
        }
        for number in 0..stages {
            if rounds[number as usize] {
                text += &format!(
                    "in s{number} each round {{ {}\n{} }}\n",
                    self.statement(true, 0),
                    self.statement(true, 0)
                );
            }
            if self.chance(20) {
                text += &format!("in s{number} on entry {{ {} }}\n", self.statement(false, 0));
            }
        }
        text += self.one(&["horizon 900 days\n", "horizon 900 days\n", "horizon 200 days\n"]);
        text + "}\n"
    }
}

/// The same written playbook with people who are scarce.
fn staffed(writer: &mut Writer, text: &str) -> String {
    let roles = "playbook p \"P\" { roles { helper \"Helper\"  expert \"Expert\" }";
    let mut text = text.replacen("playbook p \"P\" {", roles, 1);
    for stage in ["0", "1", "2", "3"] {
        let by = writer.one(&["helper", "expert", "helper, expert"]);
        let before = format!("\"Stage {stage}\" {{");
        text = text.replace(&before, &format!("\"Stage {stage}\" by {by} {{"));
    }
    let by = writer.one(&["helper", "expert", "helper, expert"]);
    text = text.replace("\"Tail\" {", &format!("\"Tail\" by {by} {{")).replace("\"Hello\" {", "\"Hello\" by expert {");
    if writer.chance(60) {
        // Time limits where tasks wait for people are the interpreter's.
        let limits = text.lines().filter(|line| !(line.starts_with("after ") && line.contains(" days ->")));
        text = limits.collect::<Vec<_>>().join("\n");
    }
    let goes_back = |line: &str| ["-> s0", "-> s1", "-> s2", "-> s3", "-> resume"].iter().any(|to| line.contains(to));
    if text.lines().any(|line| (line.starts_with("->") || line.starts_with("whenever")) && goes_back(line)) {
        // Draws on entry make the interpreter follow a loop in no time very far before it knows it for one.
        let others = text.lines().filter(|line| !line.contains(" on entry "));
        text = others.collect::<Vec<_>>().join("\n");
    }
    // Work that takes its time, so that somebody waits.
    let takes: String = [0, 1, 2, 7, 20]
        .iter()
        .filter(|_| writer.chance(60))
        .map(|task| {
            let length = ["exponential(3 days)", "uniform(1 day, 4 days)", "2 days"][*task as usize % 3];
            format!("task {task} takes {length}\n")
        })
        .collect();
    let known = |line: &str| takes.lines().any(|task| line.split(" takes ").next() == task.split(" takes ").next());
    text = text.lines().filter(|line| !(line.contains(" takes ") && known(line))).collect::<Vec<_>>().join("\n");
    let arriving = writer.one(&[
        "",
        "customers 40 arriving poisson over 60 days\n",
        "customers 40 arriving evenly over 20 days\n",
    ]);
    let helper = writer.one(&[
        "role helper 1 person",
        "role helper 3 people, 8 hours on weekdays",
        "role helper 1 person, priority by level",
        "role helper 2 people for teams  role helper 2 people for yammer, exchange, 10 hours on weekdays",
        "role helper 1 person, 6 hours on every day, work begun is finished  role helper 2 people",
    ]);
    let expert = writer.one(&[
        "role expert 2 people",
        "role expert 1 person, priority by large",
        "role expert 2 people, 9 hours on weekdays, at 80 per hour",
    ]);
    let warm = writer.one(&["", "", "warm up 5 days\n"]);
    text.replacen("scenario s {\n", &format!("scenario s {{\n{arriving}{warm}{takes}{helper}\n{expert}\n"), 1)
}

/// A written playbook, if it makes sense: some do not.
fn understood(text: &str) -> Option<(Machine, Scenario)> {
    let mut sources = Sources::new();
    let file = sources.add("test.play", text);
    let (tree, problems) = crate::syntax::parse(sources.get(file)?, file);
    let (mut documents, found) = crate::model::resolve::resolve(&tree, &[]);
    let mistakes = problems.iter().chain(&found).any(|finding| finding.severity == crate::diagnostic::Severity::Error);
    let mut document = documents.pop().filter(|_| !mistakes)?;
    let scenario = document.scenarios.pop()?;
    Some((Machine::new(document.playbook), scenario))
}

#[test]
fn written_by_chance() {
    let (mut written, mut refused, mut compiled) = (0, 0, 0);
    for number in 0..PLAYS {
        let key = crate::simulate::random::StreamKey::new(number, crate::simulate::random::Purpose::Fact, "play");
        let text = Writer(key.stream(0, 0)).play();
        let Some((machine, scenario)) = understood(&text) else {
            refused += 1;
            continue;
        };
        written += 1;
        if compiles(&machine, &scenario, false).is_err() {
            continue;
        }
        compiled += 1;
        let of =
            |engine: Engine| tally(&machine, &scenario, 40, &Options { seed: number, engine, ..Options::default() });
        assert_eq!(of(Engine::Compiled), of(Engine::Interpreter), "number {number}\n{text}");
    }
    // The test would say nothing if most were left out.
    assert!(
        refused * 4 < written && compiled * 2 > written,
        "{refused} refused, {written} written, {compiled} compiled"
    );
}

/// Rounds like those that are done abreast: blockers, ways out by what changes and by the number of the round, tracks that
/// come back with different rounds ahead, a horizon in the middle of it.
fn rounds(writer: &mut Writer) -> String {
    let (days, times, round) = (1 + writer.below(20), 1 + writer.below(9), writer.below(6));
    let (enough, few, low) = (4 + writer.below(9), writer.below(9), writer.below(4));
    let low =
        if writer.chance(50) { format!("-> low when round >= {round} and usage <= {low}%") } else { String::new() };
    let last = writer.one(&["after last round -> stalled", "after last round -> stalled", ""]);
    let growth = writer.one(&[
        "max(0%, normal(1%, 1%)) + (1% if push else 0%)",
        "uniform(-1%, 2%)",
        "min(2%, exponential(1%)) * (2 if push else 1)",
    ]);
    let change = writer.one(&[
        "blocker with 20% lasting exponential(9 days) otherwise usage += ",
        "blocker with 60% lasting uniform(0 days, 30 days) otherwise usage += ",
        "usage += ",
    ]);
    let horizon = writer.one(&["", "horizon 60 days"]);
    format!(
        r#"playbook p "P" {{
            services {{ teams "Teams"  yammer "Yammer" }}
            facts of each service {{ usage : percent "Usage"  push : yes/no = no kept by playbook "Push" }}
            each service {{
                start -> watch
                stage watch "Watch" {{
                    every {days} days, at most {times} times {{ step "Look" }}
                    -> met when usage >= {enough}%
                    -> aside when (round = {round} or (service is teams and round = 1)) and usage < {few}% and not push
                    {low}
                    {last}
                }}
                stage aside "Aside" {{ task 1 optional "One"  set push = yes  -> resume watch }}
                end met "Met" success
                end stalled "Stalled" failure
                end low "Low" failure
            }}
            then -> fine
            end fine "Fine" success
        }}
        scenario s "S" {{
            customers 100
            services ~ each 60%, if none teams
            start usage ~ uniform(0%, 8%)
            task 1 takes exponential(4 days)
            {horizon}
            in watch each round {{ {change} {growth} }}
        }}"#
    )
}

#[test]
fn rounds_written_by_chance() {
    for number in 0..40 {
        let key = crate::simulate::random::StreamKey::new(number, crate::simulate::random::Purpose::Fact, "rounds");
        let text = rounds(&mut Writer(key.stream(0, 0)));
        let Some((machine, scenario)) = understood(&text) else { panic!("{text}") };
        let of =
            |engine: Engine| tally(&machine, &scenario, 150, &Options { seed: number, engine, ..Options::default() });
        assert_eq!(of(Engine::Compiled), of(Engine::Interpreter), "number {number}\n{text}");
    }
}

#[test]
fn written_by_chance_with_scarce_people() {
    let (mut written, mut compiled, mut waited, mut followed) = (0, 0_u64, 0, 0);
    for number in 0..2 * PLAYS {
        let key = crate::simulate::random::StreamKey::new(number, crate::simulate::random::Purpose::Fact, "people");
        let mut writer = Writer(key.stream(0, 0));
        let plain = writer.play();
        let text = staffed(&mut writer, &plain);
        let Some((machine, scenario)) = understood(&text) else { continue };
        if !waits_for_people(&machine, &scenario) {
            continue;
        }
        written += 1;
        if compiles(&machine, &scenario, false).is_err() {
            continue;
        }
        compiled += 1;
        let of =
            |engine: Engine| tally(&machine, &scenario, 40, &Options { seed: number, engine, ..Options::default() });
        let before = contended::FOLLOWED.load(Ordering::Relaxed);
        let (got, expected) = (of(Engine::Compiled), of(Engine::Interpreter));
        followed += contended::FOLLOWED.load(Ordering::Relaxed) - before;
        waited += u64::from(expected.waits.iter().any(|waits| waits.mean_days() > 0.0));
        assert_eq!(got, expected, "number {number}\n{text}");
    }
    // The test would say nothing if most were left out, or if nobody waited.
    assert!(compiled * 3 > written && waited * 2 > compiled, "{written} written, {compiled} compiled, {waited} waited");
    // Nor if the interpreter had followed almost everybody in either case: many never come to an end.
    assert!(followed * 4 > compiled * 40, "{followed} of {}", compiled * 40);
}

const PLAYS: u64 = 150;
