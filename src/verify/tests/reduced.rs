//! What is left out of situations changes no verdict: small generated playbooks, decided with everything kept and with what
//! nothing looks at any more left out.

use super::oracle::sensible;
use crate::model::Document;
use crate::run::Machine;
use crate::verify::explore::Budget;
use crate::verify::explore::live::with_all;
use crate::verify::property::decide;
use crate::verify::soundness::soundness;
use rand::SeedableRng;
use rand::rngs::StdRng;

const MANY: u64 = 24;

/// The verdicts, and what is spent on them.
fn verdicts(document: &Document) -> (Vec<(String, &'static str)>, u64) {
    let machine = Machine::new(document.playbook.clone());
    let (mut all, mut spent) = (Vec::new(), 0);
    let mut note = |name: &str, word: &'static str| all.push((name.to_owned(), word));
    for property in &document.properties {
        let mut budget = Budget::new(6_000);
        note(&property.name.name, decide(&machine, property, &mut budget).verdict.word());
        spent += 6_000 - budget.left();
    }
    let mut budget = Budget::new(6_000);
    let whole = soundness(&machine, &mut budget);
    spent += 6_000 - budget.left();
    note("can finish", whole.can_finish.word());
    note("does finish", whole.does_finish.word());
    note("no dead stage", whole.no_dead_stage.word());
    (all, spent)
}

#[test]
fn what_nothing_looks_at_decides_nothing() {
    let (mut told, mut with, mut without) = (0, 0, 0);
    for seed in 7_000..7_000 + MANY {
        let mut random = StdRng::seed_from_u64(seed);
        let Some((text, _)) = sensible(&mut random) else { continue };
        // Some kinds of blocker are told apart, and a stage is gone on with.
        let text = text.replacen("on blocker ->", "on blocker (legal, technical) ->", 1);
        let text = text.replacen("whenever f -> two", "whenever f -> resume two", 1);
        let document = super::document(&text);
        let (whole, all) = with_all(|| verdicts(&document));
        let (less, some) = verdicts(&document);
        (with, without) = (with + all, without + some);
        for ((name, one), (_, other)) in whole.iter().zip(&less) {
            if ["proved", "refuted"].contains(one) {
                told += 1;
                assert_eq!(one, other, "seed {seed}, {name}: {text}");
            } else if other == &"proved" || other == &"refuted" {
                told += 1;
            }
        }
    }
    assert!(told > 90, "{told}");
    assert!(without < with, "{without} of {with}");
}

/// Many kinds of blocker that nothing tells apart, conditions on services that are not the track's own, and facts that matter
/// only before a stage.
#[test]
fn a_claim_is_decided_as_if_all_was_looked_at() {
    let text = |guard: &str, claim: &str| {
        format!(
            "playbook p {{
               services {{ s \"S\"  t \"T\" }}
               facts of the customer {{ lead : yes/no rising  early : int in 0..9  least : percent fixed = 10% }}
               facts of each service {{ use : percent  done_once : yes/no = no kept by playbook }}
               each service {{
                 whenever lead and service is s -> gone
                 start -> before
                 stage before {{ task 1 mandatory \"T\" -> follow when early < 5 -> gone otherwise }}
                 stage follow {{
                   -> met when {guard}
                   on blocker (legal, technical, business) -> help
                   on blocker -> wait
                   after 30 days -> gone
                 }}
                 stage help {{ task 2 mandatory again \"H\" set done_once = yes -> resume follow }}
                 stage wait {{ on resolved -> resume follow after 9 days -> gone }}
                 end met success end gone failure
               }}
               then -> good
               end good success
             }}
             property claim: {claim}
             property never_wait: never at wait while service is s
             property helped: at help before at wait
             property ends: eventually end within 100 days assuming tasks meet due, at most 2 blockers, not unknown early"
        )
    };
    for (guard, claim) in [
        ("use >= least", "never at met while use < least"),
        ("use > least", "never at met while use <= least"),
        ("use >= least", "never at met while use > least"),
        ("use >= least", "never at met while use = least"),
        ("use > least", "never at met while use = least"),
        ("use = least", "never at met while use >= 10%"),
        ("use >= least", "at help at most once"),
        ("use >= least and not done_once", "never at met while done_once"),
        ("use >= least", "task 1 before at help"),
        ("use >= least", "lead before at gone"),
        ("use >= least", "at follow followed by at help"),
    ] {
        let document = super::document(&text(guard, claim));
        let (whole, _) = with_all(|| verdicts(&document));
        let (less, _) = verdicts(&document);
        for ((name, one), (_, other)) in whole.iter().zip(&less) {
            assert!(one == other || one == &"undecided", "{guard}, {claim}, {name}: {one} {other}");
        }
    }
}

/// Conditions on dates hold whenever they please: what is proved holds on any day, and what some day breaks is not proved.
#[test]
fn dates_may_be_any() {
    let text = "playbook p {
       services { s \"S\"  t \"T\" }
       facts of the customer { trial_ends : date  ok : yes/no }
       facts of each service { begun : date fixed }
       each service {
         start -> wait
         stage wait {
           every 1 week, at most 3 times { task 1 mandatory again \"T\" }
           -> good when ok and today <= 2020-06-30
           -> late when ok and today > 2020-06-30
           whenever today > trial_ends and service is s -> gone
           whenever days since begun > 100 -> old
           after 60 days -> gone
         }
         end good success end late neutral end gone failure end old failure
       }
       then -> done
       end done success
     }
     property only_ok: never at good while not ok
     property only_s: ok before at good
     property not_late: never at late while ok
     property in_time: eventually end within 60 days assuming no services where (service is s)
     property not_gone: never at gone
     property a_round: task 1 before at gone
     property not_old: never at old
     property too_soon: eventually end within 59 days assuming no services where (service is s)
     property by_date: never at good while today > 2020-06-30";
    let words = super::verdicts(text);
    let word = |name: &str| words.iter().find(|(known, _)| known == name).map(|(_, word)| *word).unwrap();
    for name in ["only_ok", "only_s", "in_time"] {
        assert_eq!(word(name), "proved", "{name}");
    }
    for name in ["not_late", "not_gone", "a_round", "not_old", "too_soon", "by_date"] {
        assert_ne!(word(name), "proved", "{name}");
    }
}
