//! A mistake costs the item it stands in, and nothing else.

use super::{SKETCH, findings, flow, playbook, read, right};
use crate::syntax::ast::*;

/// Ten independent mistakes, each in an item of its own.
const TEN: &str = r#"
playbook review "Review" {
  phase "success"
  roles { manager "Manager"  csm, "CSM" }
  facts of the customer {
    managed : yes/no = no
    seats   : integer
    growth  : percent
  }
  let enough = growth >> 10%
  start -> prepare
  stage prepare "Prepare" by manager {
    task 1 mandatroy "One"
    task 2 mandatory "Two"
    -> talk when managed or growth > 5% and growth < 10%
    -> talk otherwise
  }
  stage talk "Talk {
    -> agreed if managed
    after 90 days -> refused
  }
  stage later by { -> agreed }
  end agreed sucess
  end refused failure
}

test "one" {
  expect agreed ends
  expect ends agreed
}

scenario typical {
  customers 10
  managed ~ 40% off customers
}
"#;

#[test]
fn ten_mistakes_are_ten_findings() {
    let found = findings(TEN);
    let places: Vec<&str> = found.iter().filter_map(|found| found.split(':').next()).collect();
    assert_eq!(places, ["3", "4", "7", "10", "13", "15", "18", "19", "22", "23", "28", "34"], "{found:#?}");
    let (file, _, _) = read(TEN);
    assert_eq!(file.items.len(), 3);
    let playbook = playbook(&file);
    let stages: Vec<(&str, usize)> = flow(playbook)
        .iter()
        .filter_map(|item| match item {
            ScopeItem::Stage(stage) => Some((stage.name.text.as_str(), stage.items.len())),
            _ => None,
        })
        .collect();
    assert_eq!(stages, [("prepare", 4), ("talk", 2), ("later", 1)]);
    let Some(Item::Test(test)) = file.items.get(1) else { panic!() };
    assert_eq!(test.items.len(), 1);
}

/// Each line of the sketch in turn is spoiled: what is said is little, and near.
#[test]
fn a_spoiled_line_stays_one_mistake() {
    let lines: Vec<&str> = SKETCH.lines().collect();
    let whole = right(SKETCH).items.len();
    for spoiled in 0..lines.len() {
        let line = lines[spoiled];
        if line.trim().is_empty() || line.contains('{') != line.contains('}') || line.trim().starts_with("then") {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let changed = format!("{}?? {}", &line[..indent], line.trim_start());
        let text: Vec<&str> =
            (0..lines.len()).map(|at| if at == spoiled { changed.as_str() } else { lines[at] }).collect();
        let (file, diagnostics, sources) = read(&text.join("\n"));
        assert_eq!(diagnostics.len(), 1, "{changed}: {diagnostics:?}");
        let at = sources.position(diagnostics[0].primary.span).line as usize;
        assert!(at == spoiled + 1, "line {at} instead of {}: {changed}", spoiled + 1);
        assert!(file.items.len() >= whole - 1);
    }
}

#[test]
fn what_is_said_in_a_broken_head_is_kept() {
    let (file, diagnostics, _) =
        read("playbook p {\n stage a \"A\" buy manager {\n  task 1\n  -> b\n }\n end b success\n}");
    assert_eq!(diagnostics.len(), 1);
    let items = flow(playbook(&file)).into_iter().cloned().collect::<Vec<_>>();
    let [ScopeItem::Stage(stage), ScopeItem::End(_)] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((stage.name.text.as_str(), stage.items.len()), ("a", 2));
}

#[test]
fn blocks_on_one_line_go_on_after_a_mistake() {
    let (file, diagnostics, _) =
        read("playbook p { stage a { task 1 foo task 2 whenever x y -> c -> b } end b success }");
    assert_eq!(diagnostics.len(), 2, "{diagnostics:?}");
    let items = flow(playbook(&file)).into_iter().cloned().collect::<Vec<_>>();
    assert!(matches!(items.as_slice(), [ScopeItem::Stage(_), ScopeItem::End(_)]), "{items:?}");
}

#[test]
fn a_mistake_within_braces_costs_no_more_than_its_item() {
    let text = "test \"t\" for p {\n  customer { services { one two } seats 5 }\n  day 1 one { usage 3% }\n  expect that seats > 4\n}";
    assert_eq!(
        findings(text),
        [
            "2:23 syntax-error: `{` cannot stand here: a name is expected | In a test, services stand without braces of their own: `services teams { usage 3% } yammer`"
        ]
    );
}
