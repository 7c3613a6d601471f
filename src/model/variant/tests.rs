//! What variants come to, and what is said of those that cannot be made.

use super::*;
use crate::source::Sources;
use crate::syntax::parse;

const BASE: &str = r#"playbook base "Base" @de "Grundlage" {
  version "1"
  roles { manager "Manager" @de "Betreuer"  expert }
  services { teams "Teams"  yammer "Yammer"  exchange "Exchange"  modern = teams, yammer }
  facts of the customer { agreed : yes/no  seats : int = 5 }
  facts of each service { enabled : yes/no  usage : percent  pushed : yes/no = no kept by playbook }
  param goal : percent = 10% "The goal" @de "Das Ziel"
  let met = usage >= goal
  output "All services are at the goal": all services where (at reached and enabled)
  output "Everybody is content"

  each service {
    input "The service is enabled": enabled
    whenever agreed and service in modern -> talk
    start -> talk when agreed -> follow otherwise

    stage talk "Talk" by manager {
      task 1 mandatory "One" due within 3 days
      task 2 mandatory "Two" for teams
      task 3 optional "Three"
      -> follow
    }
    stage follow "Follow" by manager {
      needs "It is enabled": enabled
      every 2 weeks, at most 26 times { step "Look at the figures" }
      set pushed = yes
      -> reached when met
      -> push when not met and seats > 10
      on blocker -> fix
      after 52 weeks -> stalled
    }
    stage push "Push" { task 1 mandatory "Once more"  task 4 optional "Four"  -> resume follow at most once }
    stage fix "Fix" { on resolved -> resume follow  after 90 days -> stalled }
    end reached success
    end stalled failure
  }
  then -> good when all services where (at reached) -> bad otherwise
  end good success
  end bad failure
}

property settled for base: eventually end
"#;

/// The text with a variant after the base.
fn with(operations: &str) -> String {
    format!("{BASE}\nvariant v of base {{\n{operations}\n}}\n")
}

fn expanded(text: &str) -> (Option<File>, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::new();
    let id = sources.add("test.play", text);
    let (file, wrong) = sources.get(id).map(|source| parse(source, id)).unwrap_or_default();
    assert_eq!(wrong, [], "{text}");
    let (mut trees, found) = expand(&[FileInSight { tree: &file, imports: Vec::new() }]);
    (trees.pop().flatten(), found, sources)
}

/// The playbook of the last variant as text, where nothing is wrong with it.
fn made(text: &str) -> String {
    let (tree, found, sources) = expanded(text);
    assert_eq!(found, [], "{text}");
    let tree = tree.expect("a tree");
    let mut playbooks =
        tree.items.iter().filter_map(|item| if let Item::Playbook(made) = item { Some(made) } else { None });
    crate::format::write(playbooks.next_back().expect("a playbook"), &sources).expect("a text")
}

/// What is said, with the line of the place and of the first related one: "40 rule: message (12)".
fn said(text: &str) -> Vec<String> {
    let (_, mut found, sources) = expanded(text);
    crate::diagnostic::sort(&mut found);
    let line = |span: Span| sources.position(span).line;
    found
        .iter()
        .map(|found| {
            let related: Vec<String> = found.related.iter().map(|label| line(label.span).to_string()).collect();
            let at = line(found.primary.span);
            format!("{at} {}: {} ({})", found.rule.name, found.message, related.join(", "))
        })
        .collect()
}

/// Of a text the lines that another does not have.
fn difference(one: &str, other: &str) -> Vec<String> {
    let lines: Vec<&str> = other.lines().map(str::trim).collect();
    one.lines().map(str::trim).filter(|line| !lines.contains(line)).map(str::to_owned).collect()
}

/// What the operations add to the text of the base, and what they take from it.
fn changes(operations: &str) -> (Vec<String>, Vec<String>) {
    let (base, variant) = (made(&with("")), made(&with(operations)));
    (difference(&variant, &base), difference(&base, &variant))
}

#[test]
fn a_variant_that_says_nothing_is_its_base() {
    for text in [
        BASE,
        include_str!("../../../tests/fixtures/sketch.play"),
        include_str!("../../../tests/fixtures/conditions.play"),
        include_str!("../../../workflows/reference-journey.play"),
        include_str!("../../../workflows/support-success-execution.play"),
    ] {
        let (_, after) = text.split_once("\nplaybook ").unwrap_or(("", text.trim_start_matches("playbook ")));
        let name = after.split_whitespace().next().expect("a name");
        let variant = made(&format!("{text}\nvariant itself of {name} {{ }}\n"));
        let (tree, _, sources) = expanded(&format!("{text}\nvariant itself of {name} {{ }}\n"));
        let base = tree.as_ref().and_then(|tree| {
            tree.items.iter().find_map(|item| if let Item::Playbook(made) = item { Some(made) } else { None })
        });
        let base = crate::format::write(base.expect("the base"), &sources).expect("a text");
        assert_eq!(variant.replacen("playbook itself", &format!("playbook {name}"), 1), base);
    }
}

#[test]
fn what_is_said_again_takes_the_place_of_what_was_said() {
    let (new, old) = changes("change param goal = 12% was 10%  change task 3 mandatory by expert due within 2 days");
    assert_eq!(
        new,
        [
            "param goal : percent = 12% \"The goal\" @de \"Das Ziel\"",
            "task 3 mandatory \"Three\" by expert due within 2 days"
        ]
    );
    assert_eq!(old, ["param goal : percent = 10% \"The goal\" @de \"Das Ziel\"", "task 3 optional \"Three\""]);
    let (new, old) = changes(
        "change stage follow { change after 26 weeks -> stalled was after 52 weeks -> stalled
           change every 1 week without at most was 2 weeks  add -> fix when seats < 2
           replace needs \"It is enabled\" with needs \"It is on\": enabled }",
    );
    assert_eq!(
        new,
        ["needs \"It is on\": enabled", "every 1 week {", "-> fix     when seats < 2", "after 26 weeks -> stalled"]
    );
    assert_eq!(old.len(), 3, "{old:?}");
}

#[test]
fn texts_change_language_by_language() {
    let (new, _) = changes("change role manager @de \"Betreuerin\"  change role expert \"Expert\"");
    assert_eq!(new, ["manager \"Manager\" @de \"Betreuerin\"", "expert \"Expert\""]);
    // A translation does not outlive the text it translates.
    let (new, _) = changes("change role manager \"Partner manager\"  change param goal without @de");
    assert_eq!(new, ["manager \"Partner manager\"", "param goal : percent = 10% \"The goal\""]);
}

#[test]
fn places_among_neighbours() {
    let text = made(&with(
        "add after stage talk: stage note { -> follow }  move task 3 before task 2  move stage fix first
         change stage follow { add -> talk when agreed  move -> push before -> reached }
         add roles { partner }  change exits of each service { add -> again when agreed }  add end again neutral
         change each service { add end left neutral }",
    ));
    let before = |one: &str, other: &str| {
        let (one, other) = (text.find(one).expect(one), text.find(other).expect(other));
        assert!(one < other, "{text}");
    };
    before("stage talk", "stage note");
    before("stage note", "stage follow");
    before("stage fix", "stage talk");
    before("task 3", "task 2");
    before("-> push", "-> reached");
    before("-> reached", "on blocker");
    before("end left", "then");
    // What is added comes before `otherwise`.
    before("-> again", "-> bad");
    before("end good", "end again");
}

#[test]
fn variants_of_variants() {
    let text = format!(
        "{}\nvariant w of v {{ change param goal = 15% was 12% change stage note \"Note it\" }}\n",
        with("change param goal = 12%  add after stage talk: stage note {{ -> follow }}")
            .replace("{{", "{")
            .replace("}}", "}")
    );
    let text = made(&text);
    assert!(text.contains("= 15%") && text.contains("stage note \"Note it\" {"), "{text}");
}

#[test]
fn what_is_not_there() {
    assert_eq!(
        said(&with("remove stage folow\nchange stage talk { remove task 4 }\nchange -> stalled\nwaive task 4 \"why\"")),
        [
            "45 nothing-to-change: there is no stage `folow` in the base `base` (1)",
            "46 nothing-to-change: there is no task `4` in stage `talk` of the base `base` (32, 1)",
            "47 nothing-to-change: there is no transition `-> stalled` in the base `base` (1)",
        ]
    );
    // Waivers are looked at where everything else was found.
    assert_eq!(
        said(&with("waive task 4 \"why\"\nwaive property setled \"why\"")),
        [
            "45 nothing-to-change: there is no mandatory task `4` in the base `base` that could be waived (1)",
            "46 nothing-to-change: there is no property `setled` in the base `base` that could be waived (1)",
        ]
    );
    assert_eq!(
        said("variant v of base { }"),
        ["1 unknown-name: there is no playbook `base` this could be a variant of ()"]
    );
}

#[test]
fn what_contradicts_itself() {
    let conflicts = |operations: &str| {
        let found = said(&with(operations));
        found.into_iter().filter(|found| found.contains("conflicting-changes")).collect::<Vec<_>>()
    };
    assert_eq!(
        conflicts("change task 3 mandatory\nremove task 3"),
        ["46 conflicting-changes: this removes task `3`, which another operation changes (45, 20)"]
    );
    assert_eq!(
        conflicts("change stage fix { remove after -> stalled }\nremove stage fix"),
        [
            "46 conflicting-changes: this removes stage `fix`, but another operation removes transition `after -> stalled` (45, 33)"
        ]
    );
    assert_eq!(conflicts("remove stage fix\nadd after stage fix: stage x { -> follow }").len(), 1);
    assert_eq!(conflicts("move stage fix first\nmove stage fix last").len(), 1);
    // Two different things of one stage are no conflict, nor are two neighbours of one thing.
    assert_eq!(
        conflicts(
            "change stage fix { change after 9 days -> stalled }\nchange stage fix \"Repair\"
             add after stage fix: stage x { -> follow }\nadd after stage fix: stage y { -> x }"
        ),
        Vec::<String>::new()
    );
}

#[test]
fn a_base_that_has_changed() {
    assert_eq!(
        said(&with("change task 3 mandatory was mandatory\nchange after 3 days -> stalled")),
        [
            "45 base-changed: the base `base` does not say this any more (20)",
            "46 ambiguous-change: transition `after -> stalled` could be any of 2 (30, 33)",
        ]
    );
    let at = |version: &str| said(&format!("{BASE}\nvariant v of base at version \"{version}\" {{ }}\n"));
    assert_eq!(at("1"), Vec::<String>::new());
    assert_eq!(at("0"), ["44 base-changed: the base `base` is no longer at version \"0\" (2)"]);
}

#[test]
fn every_part_of_what_was_is_compared() {
    for (right, wrong) in [
        ("change task 1 \"I\"", ""),
        ("remove task 3 was optional \"Three\"", "remove task 3 was optional \"Thre\""),
        ("change stage talk \"T\" was \"Talk\" by manager", "change stage talk \"T\" was \"Talk\" by expert"),
        ("change end stalled neutral was failure", "change end stalled neutral was success"),
        ("change role expert \"E\"", "change role expert \"E\" was \"Expert\""),
        ("change let met = usage > goal was usage >= goal", "change let met = usage > goal was usage > goal"),
        ("change group modern = teams was for teams, yammer", "change group modern = teams was for teams"),
        ("change fact seats = 6 was 5", "change fact seats = 6 was 4"),
        (
            "change step \"Look…\" to \"See\" was \"Look at the figures\"",
            "change step \"Look…\" to \"See\" was \"Look\"",
        ),
        ("remove set pushed was yes", "remove set pushed was no"),
        ("remove on blocker -> fix was on blocker -> fix", "remove on blocker -> fix was on blocker -> push"),
        ("change every 1 week was at most 26 times", "change every 1 week was at most 25 times"),
    ] {
        let changed = |operation: &str| said(&with(operation)).iter().any(|found| found.contains("base-changed"));
        let right = if right.starts_with("change task 1") { "change role manager \"M\"" } else { right };
        assert!(!changed(right), "{right}");
        assert!(wrong.is_empty() || changed(wrong), "{wrong}");
    }
}

#[test]
fn promises_are_kept_or_waived() {
    let dropped = |operations: &str| {
        let found = said(&with(operations));
        found.into_iter().filter(|found| found.contains("obligation")).collect::<Vec<_>>()
    };
    assert_eq!(
        dropped("remove task 2"),
        ["45 obligation-dropped: the mandatory task `2` of the base is dropped here (19)"]
    );
    assert_eq!(dropped("change task 2 optional").len(), 1);
    assert_eq!(dropped("change task 2 for yammer").len(), 1);
    assert_eq!(dropped("change task 2 when agreed").len(), 1);
    assert_eq!(dropped("remove stage talk").len(), 1, "task 1 is still offered elsewhere");
    assert_eq!(dropped("move task 2 to stage follow"), Vec::<String>::new());
    assert_eq!(dropped("change task 2 without for"), Vec::<String>::new());
    assert_eq!(dropped("remove task 2  waive task 2 \"why\""), Vec::<String>::new());
    assert_eq!(dropped("change output \"All…\": all services where (at reached)").len(), 1);
    assert_eq!(dropped("remove output \"Everybody is content\"").len(), 1);
    assert_eq!(dropped("change output \"Everybody…\" to \"All are content\""), Vec::<String>::new());
    assert_eq!(dropped("change input \"The…\": enabled and seats > 1"), Vec::<String>::new());
    assert_eq!(dropped("change input \"The…\": enabled or agreed").len(), 1);
    let unused = said(&with("waive task 2 \"why\"  waive property settled \"why\""));
    assert_eq!(unused, ["45 unused-waiver: this is waived, but the variant keeps it (19)"]);
}

#[test]
fn circles_name_their_members() {
    assert_eq!(said("variant a of a { }"), ["1 variant-of-itself: `a` is a variant of itself ()"]);
    assert_eq!(
        said("variant a of b { }\nvariant b of c { }\nvariant c of a { }\nvariant d of c { }"),
        ["1 variant-of-itself: `a`, `b` and `c` are variants of each other in a circle (2, 3)"]
    );
}

#[test]
fn what_changes_nothing_or_stands_nowhere() {
    assert_eq!(
        said(&with("change param goal = 10%")),
        ["45 idle-change: this changes nothing: the base says the same (7)"]
    );
    assert_eq!(
        said(&with("add task 9 optional \"Nine\"")),
        ["45 misplaced-change: what is put here cannot stand in a playbook ()"]
    );
    assert_eq!(
        said(&with("move role expert first")),
        ["45 misplaced-change: role `expert` cannot be moved: its place says nothing ()"]
    );
}

#[test]
fn vocabularies_are_filled_in() {
    let text = "vocabulary words { roles { a  b }  services { s  t  g = s, t }  param p : int = 1 }
                playbook x { uses words without b, t  stage one by a for g { -> two } end two success }
                variant y of x { change param p = 2 }";
    let text = made(text);
    assert!(text.contains("g = s\n") && text.contains("param p : int = 2") && !text.contains("uses"), "{text}");
    assert_eq!(
        said("vocabulary words { roles { a } }\nplaybook x { uses word stage one { -> two } end two success }"),
        ["2 unknown-name: there is no vocabulary `word` ()"]
    );
    assert_eq!(
        said(
            "vocabulary words { roles { a } }\nplaybook x { uses words without c stage one { -> two } end two success }"
        ),
        ["2 unknown-name: the vocabulary `words` declares no `c` ()"]
    );
}
