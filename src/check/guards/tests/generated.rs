//! Small generated playbooks, and every customer there is for them: whom the interpreter leaves waiting, and who can go two
//! ways, is told; and what nobody is said to do, nobody does.

use crate::check::tests::findings;
use crate::diagnostic::Diagnostic;
use crate::model::{Place, StageId, TransitionId};
use crate::run::event::{Effect, Observer};
use crate::run::journey::Stop;
use crate::run::state::State;
use crate::run::timeline::{Timeline, follow};
use crate::run::{Customer, Machine};
use crate::source::FileId;
use crate::value::{DAY, Micro, Value};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use std::fmt::Write;

fn pick<'a>(random: &mut StdRng, from: &[&'a str]) -> &'a str {
    from[random.random_range(0..from.len())]
}

fn number(random: &mut StdRng) -> String {
    match random.random_range(0..8) {
        0..3 => pick(random, &["n", "m"]).to_owned(),
        3..6 => random.random_range(0..4).to_string(),
        _ => format!("(n {} {})", pick(random, &["+", "-", "*", "/"]), pick(random, &["m", "1", "2", "n"])),
    }
}

fn atom(random: &mut StdRng) -> String {
    match random.random_range(0..8) {
        0..4 => pick(random, &["a", "b", "k", "not a", "not b", "not k"]).to_owned(),
        4..7 => {
            let (fact, bound) = (pick(random, &["n", "m"]), random.random_range(0..4));
            format!("{fact} {} {bound}", pick(random, &["<", "<=", ">", ">=", "="]))
        }
        _ => format!("{} {} {}", pick(random, &["n", "m"]), pick(random, &["<", ">="]), number(random)),
    }
}

fn condition(random: &mut StdRng) -> String {
    let joined = |random: &mut StdRng| {
        let word = pick(random, &["and", "or"]);
        format!("({} {word} {})", atom(random), atom(random))
    };
    match random.random_range(0..4) {
        0 | 1 => atom(random),
        2 => joined(random),
        _ => format!("({} and {})", joined(random), atom(random)),
    }
}

fn set(random: &mut StdRng) -> String {
    if random.random_range(0..2) == 0 {
        let (yes, no) = if random.random_range(0..2) == 0 { ("yes", "no") } else { ("no", "yes") };
        return format!("set k = {yes} if {} else {no}\n", condition(random));
    }
    let value = match random.random_range(0..4) {
        0 => "m + 1".to_owned(),
        1 => format!("{} if {} else {}", number(random), condition(random), number(random)),
        _ => number(random),
    };
    format!("set m = {value}\n")
}

fn playbook(random: &mut StdRng) -> String {
    let mut text = "playbook p {\nfacts of the customer { a : yes/no fixed  b : yes/no  n : int in 0..3 fixed\n\
                    k : yes/no = no kept by playbook  m : int in 0..3 = 0 kept by playbook }\nstart -> s0\n"
        .to_owned();
    let count = random.random_range(2..4);
    for at in 0..count {
        writeln!(text, "stage s{at} {{").unwrap();
        for part in 0..random.random_range(0..3) {
            text += &if random.random_range(0..4) == 0 {
                format!("task t{at}{part} mandatory \"T\"\n")
            } else {
                set(random)
            };
        }
        if random.random_range(0..5) == 0 {
            text += "first match\n";
        }
        let base = condition(random);
        let mut targets = ["e0".to_owned(), "e1".to_owned(), "e2".to_owned()];
        if at + 1 < count {
            let place = random.random_range(0..targets.len());
            targets[place] = format!("s{}", at + 1);
        }
        let whole = random.random_range(0..2) == 0;
        for (exit, target) in targets.iter().enumerate() {
            let guard = match (whole, exit) {
                (_, 0) => base.clone(),
                (true, _) => format!("not {base} and {}", atom(random)),
                (false, _) => condition(random),
            };
            writeln!(text, "-> {target} when {guard}").unwrap();
        }
        text += "}\n";
    }
    text + "end e0 success\nend e1 success\nend e2 failure\n}\n"
}

/// What happens on a journey.
#[derive(Default)]
struct Seen {
    entered: BTreeSet<StageId>,
    taken: BTreeSet<TransitionId>,
    at_once: BTreeSet<TransitionId>,
}

impl Observer for Seen {
    fn effect(&mut self, _: &Machine, state: &State, effect: Effect) {
        match effect {
            Effect::Ambiguous(_, _, also) => self.at_once.extend(also),
            Effect::Took(track, id) => {
                self.taken.insert(id);
                if let Some(Place::Stage(stage)) = state.tracks[track].place {
                    self.entered.insert(stage);
                }
            }
            _ => {}
        }
    }
}

/// What the findings do not say of any customer, or say wrongly.
fn wrong(text: &str, open: &mut usize) -> Vec<String> {
    let found = findings(text);
    let machine = crate::run::tests::machine(text);
    let playbook = &machine.playbook;
    let about = |codes: &[&str], start: u32, end: u32| {
        found.iter().any(|found: &Diagnostic| {
            let span = found.primary.span;
            codes.contains(&found.rule.code) && start <= span.start && span.end <= end
        })
    };
    *open += found.iter().filter(|found| found.rule.code == "P390").count();
    let mut wrong = Vec::new();
    for number in 0..16_i64 {
        let mut customer = Customer::new(&machine, "c");
        for (slot, value) in [
            (0, Value::YesNo(number & 1 == 1)),
            (1, Value::YesNo(number & 2 == 2)),
            (2, Value::Number(Micro::whole(number / 4))),
        ] {
            customer.facts[playbook.facts[slot].slot] = Some(value);
        }
        let (timeline, _) = Timeline::read(&machine, FileId(0), "");
        let (said, _) = timeline.for_customer(&customer.id, customer.start);
        let mut seen = Seen::default();
        let followed = follow(&machine, &customer, said, &mut seen, Some(40 * DAY));
        for id in &seen.at_once {
            let span = playbook.transitions[id.index()].span;
            if !about(&["P301", "P390"], span.start, span.end) {
                wrong.push(format!("{number} can go two ways: {}", &text[span.start as usize..span.end as usize]));
            }
        }
        for id in &seen.taken {
            let span = playbook.transitions[id.index()].span;
            if about(&["P303"], span.start, span.end) {
                wrong.push(format!("{number} takes {}", &text[span.start as usize..span.end as usize]));
            }
        }
        for stage in &seen.entered {
            let stage = &playbook.stages[stage.index()];
            let span = stage.name.span;
            let line = text[..span.start as usize].rfind('\n').map_or(0, |at| at as u32);
            if about(&["P402"], line, span.end + 2) {
                wrong.push(format!("{number} gets to {}", stage.name.name));
            }
        }
        if followed.stop == Stop::Waiting
            && let Some(Place::Stage(stage)) = followed.state.tracks[0].place
        {
            let name = &playbook.stages[stage.index()].name;
            let line = text[..name.span.start as usize].rfind('\n').map_or(0, |at| at as u32);
            let end = text[line as usize..].find("\n}").map_or(text.len(), |at| line as usize + at) as u32;
            if !about(&["P302", "P390", "P421"], line, end) {
                wrong.push(format!("{number} is stuck in {}", name.name));
            }
        }
    }
    wrong
}

#[test]
fn whom_the_interpreter_leaves_waiting_is_told() {
    let mut random = StdRng::seed_from_u64(20);
    let (mut failures, mut open) = (Vec::new(), 0);
    for _ in 0..60 {
        let text = playbook(&mut random);
        let wrong = wrong(&text, &mut open);
        if !wrong.is_empty() {
            failures.push(format!("{text}\n{}", wrong.join("\n")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(open <= 6, "{open} were not decided");
}
