//! Playbooks that mean the same get the same verdicts: with other names, in another order, with a stage in between.

use super::oracle::sensible;
use crate::model::Document;
use crate::run::Machine;
use crate::verify::explore::Budget;
use crate::verify::property::decide;
use crate::verify::soundness::soundness;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::BTreeMap;

const MANY: u64 = 14;

/// The verdicts, by what is asked.
fn verdicts(document: &Document) -> BTreeMap<String, &'static str> {
    let machine = Machine::new(document.playbook.clone());
    let mut all: BTreeMap<String, &'static str> = document
        .properties
        .iter()
        .map(|known| (known.name.name.clone(), decide(&machine, known, &mut Budget::new(4_000)).verdict.word()))
        .collect();
    let whole = soundness(&machine, &mut Budget::new(4_000));
    all.insert("can finish".to_owned(), whole.can_finish.word());
    all.insert("does finish".to_owned(), whole.does_finish.word());
    all.insert("no dead stage".to_owned(), whole.no_dead_stage.word());
    all
}

/// With every word of these replaced by the other.
fn renamed(text: &str, words: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for letter in text.chars().chain([' ']) {
        if letter.is_alphanumeric() || letter == '_' {
            word.push(letter);
            continue;
        }
        let other = words.iter().find(|(from, _)| *from == word).map(|(_, to)| *to);
        out.push_str(other.unwrap_or(&word));
        word.clear();
        out.push(letter);
    }
    out
}

/// The same with its second stage before its first, and the claims from last to first.
fn reordered(text: &str) -> String {
    let (playbook, claims) = text.split_once("\nproperty ").unwrap();
    let claims: Vec<&str> = claims.trim_end().split("\nproperty ").collect();
    let at = |name: &str| playbook.find(&format!("stage {name} {{")).unwrap();
    let (one, two, three) = (at("one"), at("two"), at("three"));
    let mut all = format!("{}{}{}{}", &playbook[..one], &playbook[two..three], &playbook[one..two], &playbook[three..]);
    for claim in claims.iter().rev() {
        all.push_str("\nproperty ");
        all.push_str(claim);
    }
    all
}

#[test]
fn verdicts_are_about_what_a_playbook_means() {
    let names = [
        ("one", "zulu"),
        ("two", "alpha"),
        ("three", "mike"),
        ("good", "was_bad"),
        ("bad", "was_good"),
        ("f", "zz"),
        ("g", "yy"),
        ("k", "aa"),
        ("n", "mm"),
        ("call", "visit"),
    ];
    let mut told = 0;
    for seed in 500..500 + MANY {
        let mut random = StdRng::seed_from_u64(seed);
        let Some((text, document)) = sensible(&mut random) else { continue };
        let before = verdicts(&document);
        told += before.values().filter(|word| **word != "undecided").count();
        let other = renamed(&text, &names);
        assert_eq!(before, verdicts(&super::document(&other)), "seed {seed}: {text}\n{other}");
        // A stage in which there is nothing to do and nobody stays.
        let split = text.replace("start -> one ", "start -> before_one stage before_one { -> one } ");
        for other in [reordered(&text), split] {
            let after = verdicts(&super::document(&other));
            for (what, word) in &before {
                // How far a budget reaches may differ; what is decided may not.
                let both = [*word, after[what]];
                let opposite = both.contains(&"proved") && both.contains(&"refuted");
                assert!(!opposite, "seed {seed}, {what}: {both:?}\n{text}\n{other}");
            }
        }
    }
    assert!(told > 40, "{told}");
}
