//! What follows from what is known at each place alone, and what must not.

use super::document;
use crate::run::Machine;
use crate::verify::encode::Prepared;
use crate::verify::explore::domain::of_property;
use crate::verify::kernel::BUDGET;
use crate::verify::outline::{Ends, Outline};

/// Whether each property is proved, by name, and what is proved of the playbook as a whole.
fn outlined(text: &str) -> (Vec<(String, bool)>, Ends) {
    let document = document(text);
    let machine = Machine::new(document.playbook.clone());
    let mut asked = Vec::new();
    document.properties.iter().for_each(|known| of_property(known, &mut |condition| asked.push(condition)));
    let prepared = Prepared::cautious(&machine.playbook, asked);
    let outline = Outline::new(&machine, &prepared, BUDGET);
    let proved = document.properties.iter().map(|known| (known.name.name.clone(), outline.proves(known)));
    (proved.collect(), outline.ends())
}

fn program(help: &str, guard: &str, input: &str) -> String {
    format!(
        "playbook p {{
           services {{ s \"S\"  t \"T\" }}
           facts of the customer {{ lead : yes/no  least : percent fixed = 10%  set_here : yes/no = no kept by playbook }}
           facts of each service {{
             ready : yes/no  use : percent  slow : yes/no = no  helped : yes/no = no kept by playbook  rank : int fixed
           }}
           each service {{
             input \"Ready\": {input}
             whenever lead and service is s -> led
             start -> follow
             stage follow {{
               -> met when {guard}
               -> help when use < least and slow and not helped
               after 52 weeks -> given_up
             }}
             stage help {{ {help} -> resume follow }}
             end led success
             end met success
             end given_up failure
           }}
           then -> good
           end good success
         }}
         property once: at help at most once
         property twice: at follow at most once
         property lead_first: lead before at led
         property slow_first: slow before at help
         property use_first: use > 50% before at help
         property enough: never at met while use < least
         property not_enough: never at met while use > least"
    )
}

#[test]
fn what_holds_on_every_way() {
    let steady = "use >= least";
    let (proved, ends) = outlined(&program("task 1 mandatory \"H\" set helped = yes", steady, "ready"));
    let names: Vec<&str> = proved.iter().filter(|(_, proved)| *proved).map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["once", "lead_first", "slow_first", "enough"]);
    assert_eq!(ends, Ends { can: true, does: true });
    let lasting = outlined(&program("set helped = yes", "use >= least for 4 weeks", "ready and not unknown use"));
    let names: Vec<&str> = lasting.0.iter().filter(|(_, proved)| *proved).map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["once", "lead_first", "slow_first", "enough"]);
    assert_eq!(lasting.1, Ends { can: true, does: true });
}

#[test]
fn what_holds_on_some_ways_only() {
    let is_proved = |text: &str, name: &str| outlined(text).0.iter().any(|(known, proved)| known == name && *proved);
    let steady = "use >= least";
    // Nothing is set, it is set back, or only sometimes set.
    for help in [
        "task 1 mandatory \"H\"",
        "set helped = yes set helped = no",
        "set helped = slow",
        "every 1 week, at most 2 times { set helped = yes }",
    ] {
        let text = program(help, steady, "ready");
        assert!(!is_proved(&text, "once"), "{help}");
        assert_eq!(outlined(&text).1, Ends::default(), "{help}");
    }
    // The guard does not say it, or what it looks at is something else.
    let help = "set helped = yes";
    for guard in ["use >= 5%", "slow", "any services where (use >= least)", "use >= least or slow"] {
        assert!(!is_proved(&program(help, guard, "ready"), "enough"), "{guard}");
    }
    // What is needed may never be met: it stays as it is, or no value does.
    for input in ["rank > 3", "ready and not ready", "unknown ready", "use > 60% and use < 50%"] {
        assert!(!outlined(&program(help, steady, input)).1.can, "{input}");
    }
}
