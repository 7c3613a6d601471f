//! Texts that are right, and their trees.

use super::outline::outline;
use super::{EVERYTHING, SKETCH, VARIANTS, findings, flow, playbook, read, right, stage_items};
use crate::source::Span;
use crate::syntax::ast::*;

fn at(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

fn words(names: &[Name]) -> Vec<&str> {
    names.iter().map(|name| name.text.as_str()).collect()
}

#[test]
fn the_sketch_of_the_source_process() {
    let file = right(SKETCH);
    assert_eq!(file.items.len(), 6);
    let playbook = playbook(&file);
    assert_eq!(playbook.name.text, "support_success_execution");
    let title = playbook.title.as_ref().expect("a title");
    assert_eq!(title.main.text, "Support Success Execution");
    assert_eq!((&*title.translations[0].tag.text, &*title.translations[0].text.text), ("zh-CN", "支持成功执行"));
    let items = flow(playbook);
    let Some(ScopeItem::Block(block)) = items.iter().find(|item| matches!(item, ScopeItem::Block(_))) else { panic!() };
    let BlockKind::EachService(items) = &block.kind else { panic!() };
    assert_eq!(at(SKETCH, block.head), "each service");
    assert!(at(SKETCH, block.span).ends_with("-> targets_not_met  otherwise"));
    let stages: Vec<&str> = items
        .iter()
        .filter_map(|item| match item {
            ScopeItem::Stage(stage) => Some(stage.name.text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        stages,
        ["csm_handshake", "adoption_program", "check_in", "track_adoption", "accelerate", "resolve_blocker"]
    );
    let Some(ScopeItem::Start(_, ways)) = items.iter().find(|item| matches!(item, ScopeItem::Start(..))) else {
        panic!()
    };
    let Trigger::Completion(Some(condition)) = &ways[1].trigger else { panic!() };
    assert_eq!(outline(condition), "(and (is:= SERVICE onedrive) joins_adoption_program)");
    assert!(matches!(ways[2].trigger, Trigger::Otherwise));
    assert_eq!(block.exits.len(), 2);
    let Some(Item::Property(property)) = file.items.iter().find(|item| matches!(item, Item::Property(_))) else {
        panic!()
    };
    let Claim::Never(what, Some(when)) = &property.claim else { panic!() };
    assert_eq!(outline(what), "(at check_in track_adoption)");
    assert_eq!(outline(when), "(and csm_assigned (in SERVICE modern_comms))");
    let Some(Item::Scenario(scenario)) = file.items.last() else { panic!() };
    assert_eq!(scenario.items.len(), 9);
    let Some(ScenarioItem::Dynamics { statements, .. }) = scenario.items.get(7) else { panic!() };
    let [Statement::Blocker { otherwise, .. }] = statements.as_slice() else { panic!("{statements:?}") };
    assert!(matches!(otherwise.as_slice(), [Statement::Assign(_)]));
}

/// A number for each item of a playbook, so that none is lost or taken for another.
#[test]
fn every_construct() {
    let file = right(EVERYTHING);
    assert_eq!(file.comments.len(), 3);
    assert_eq!(file.comments.iter().filter(|comment| comment.own_line).count(), 1);
    let playbook = playbook(&file);
    let mut kinds = Vec::new();
    for item in &playbook.items {
        kinds.push(match item {
            PlaybookItem::Property(..) => "property",
            PlaybookItem::Next(..) => "next",
            PlaybookItem::Audience(..) => "audience",
            PlaybookItem::Overview(..) => "overview",
            PlaybookItem::Objectives(_, list) => ["", "", "objectives 2"][list.len()],
            PlaybookItem::Metadata(_, list) => ["", "", "metadata 2"][list.len()],
            PlaybookItem::Declarations(_, kind, list) => match (kind, list.len()) {
                (DeclarationKind::Roles, 2) => "roles",
                (DeclarationKind::Motions, 1) => "motions",
                (DeclarationKind::Events, 2) => "events",
                (DeclarationKind::Blockers, 1) => "blockers",
                _ => "?",
            },
            PlaybookItem::Services(_, list) => ["", "", "", "", "services 4"][list.len()],
            PlaybookItem::Links(_, list) => ["", "", "links 2"][list.len()],
            PlaybookItem::Facts(_, FactScope::Customer, list) if list.len() == 14 => "customer facts",
            PlaybookItem::Facts(_, FactScope::Service, list) if list.len() == 1 => "service facts",
            PlaybookItem::Facts(..) => "?",
            PlaybookItem::Parameter(_) => "param",
            PlaybookItem::Let(_) => "let",
            PlaybookItem::Calendar(calendar) => ["calendar 0", "", "calendar 2"][calendar.holidays.len()],
            PlaybookItem::History(_, list) => ["", "", "history 2"][list.len()],
            PlaybookItem::Uses(_) => "uses",
            PlaybookItem::Flow(item) => match item {
                ScopeItem::Input(_) => "input",
                ScopeItem::Output(_) => "output",
                ScopeItem::Start(_, ways) => ["", "", "start 2"][ways.len()],
                ScopeItem::Stage(_) => "stage",
                ScopeItem::End(_) => "end",
                ScopeItem::Transition(_) => "transition",
                ScopeItem::Block(block) => match (&block.kind, block.exits.len()) {
                    (BlockKind::EachService(items), 4) if items.len() == 4 => "each service",
                    (BlockKind::Together(branches), 1) if branches.len() == 2 => "together",
                    _ => "?",
                },
            },
        });
    }
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "property",
            "next",
            "audience",
            "overview",
            "objectives 2",
            "metadata 2",
            "roles",
            "motions",
            "events",
            "blockers",
            "services 4",
            "links 2",
            "customer facts",
            "service facts",
            "param",
            "let",
            "calendar 2",
            "calendar 0",
            "history 2",
            "input",
            "output",
            "start 2",
            "transition",
            "stage",
            "each service",
            "together",
            "end"
        ]
    );
    let tops: Vec<usize> = file
        .items
        .iter()
        .map(|item| match item {
            Item::Import(_) | Item::Vocabulary(_) | Item::Variant(_) => 0,
            Item::Playbook(_) => 1,
            Item::Test(test) => test.items.len(),
            Item::Property(property) => property.assumptions.len(),
            Item::Scenario(scenario) => scenario.items.len(),
        })
        .collect();
    assert_eq!(tops, [0, 1, 3, 38, 0, 0, 0, 3, 0, 0, 0, 23]);
}

#[test]
fn facts_say_all_they_can() {
    let file = right(EVERYTHING);
    let facts: Vec<&Fact> = playbook(&file)
        .items
        .iter()
        .filter_map(|item| match item {
            PlaybookItem::Facts(_, _, facts) => Some(facts),
            _ => None,
        })
        .flatten()
        .collect();
    let shown: Vec<String> = facts
        .iter()
        .map(|fact| {
            let kind = match &fact.kind.kind {
                TypeKind::OneOf(list) => format!("OneOf {}", list.len()),
                TypeKind::SetOf(list) => format!("SetOf {}", list.len()),
                kind => format!("{kind:?}"),
            };
            let volatility = fact.volatility.as_ref().map(|(how, _)| format!(" {how:?}")).unwrap_or_default();
            let range = fact
                .range
                .as_ref()
                .map(|(low, high)| format!(" {}..{}", outline(low), outline(high)))
                .unwrap_or_default();
            let default = fact.default.as_ref().map(|value| format!(" = {}", outline(value))).unwrap_or_default();
            format!("{}: {kind}{volatility}{range}{default}", fact.name.text)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "managed: YesNo Rising = no",
            "seats: Int Fixed 0..1000000",
            "growth: Number(Some(3)) Falling",
            "budget: Money(Some(2)) = 0.5",
            "kickoff: Date = 2020-03-02",
            "patience: Duration = 2*Weeks",
            "notes: Text",
            "plan: OneOf 3 = trial",
            "regions: SetOf 2 = (list emea apac)",
            "fixed: YesNo Kept = no",
            "live: Percent Live",
            "days: Int = 5",
            "weeks: Number(None)",
            "loose: Money(None)",
            "usage: Percent 0%..100% = 0%",
        ]
    );
    assert_eq!(facts[0].text.as_ref().map(|text| text.main.text.as_str()), Some("Has a manager"));
    assert_eq!(at(EVERYTHING, facts[14].span), "usage : percent in 0%..100% = 0%");
}

#[test]
fn a_task_says_all_it_can() {
    let items = stage_items(
        r#"task 3_731 optional again "One" @de "Eins" for teams, yammer by csm when a and b due within 5 days link deck link "u" "w" for onedrive
           task own_name task 7 mandatory"#,
    );
    let [
        StageItem::Work(WorkItem::Task(task)),
        StageItem::Work(WorkItem::Task(named)),
        StageItem::Work(WorkItem::Task(must)),
    ] = items.as_slice()
    else {
        panic!("{items:?}")
    };
    assert_eq!((&task.id, task.mandatory, task.again), (&TaskRef::Number(3731), Some(false), true));
    assert_eq!(words(&task.services), ["teams", "yammer", "onedrive"]);
    assert_eq!(words(&task.roles), ["csm"]);
    assert_eq!(task.when.as_ref().map(outline).as_deref(), Some("(and a b)"));
    assert_eq!(task.due.as_ref().map(outline).as_deref(), Some("5*Days"));
    assert!(matches!(task.links.as_slice(), [Link::Named(_), Link::Address(_, Some(_))]));
    assert_eq!((&named.id, named.mandatory), (&TaskRef::Name("own_name".to_owned()), None));
    assert_eq!((&must.id, must.mandatory), (&TaskRef::Number(7), Some(true)));
}

#[test]
fn transitions_of_all_kinds() {
    let items = stage_items(
        "-> a -> b when x at most 3 times -> resume c otherwise at most once whenever x and y -> d
         on blocker (technical, legal) when x -> e on resolved -> f after 2 weeks + n -> g
         after last round -> h after last round of calls -> resume i at most n times",
    );
    let shown: Vec<String> = items
        .iter()
        .map(|item| {
            let StageItem::Transition(way) = item else { panic!("{item:?}") };
            let trigger = match &way.trigger {
                Trigger::Completion(None) => "done".to_owned(),
                Trigger::Completion(Some(condition)) => format!("when {}", outline(condition)),
                Trigger::Otherwise => "otherwise".to_owned(),
                Trigger::Whenever(condition) => format!("whenever {}", outline(condition)),
                Trigger::On(pattern, condition) => {
                    format!("on {}{:?} {:?}", pattern.name.text, words(&pattern.kinds), condition.as_ref().map(outline))
                }
                Trigger::After(delay) => format!("after {}", outline(delay)),
                Trigger::AfterLastRound(name) => format!("last {:?}", name.as_ref().map(|name| &name.text)),
            };
            let limit = way.limit.as_ref().map(|limit| format!(" limit {}", outline(limit))).unwrap_or_default();
            format!("{trigger} -> {}{}{limit}", if way.resume { "resume " } else { "" }, way.target.text)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "done -> a",
            "when x -> b limit 3",
            "otherwise -> resume c limit 1",
            "whenever (and x y) -> d",
            "on blocker[\"technical\", \"legal\"] Some(\"x\") -> e",
            "on resolved[] None -> f",
            "after (sum +2*Weeks +n) -> g",
            "last None -> h",
            "last Some(\"calls\") -> resume i limit n",
        ]
    );
}

#[test]
fn a_blocker_of_a_test_ends_before_the_next_day() {
    let file = right(
        "test \"t\" { day 1 blocker day 2 resolved day 3 blocker legal on task 5 2020-01-01 waived until day 4 }",
    );
    let Some(Item::Test(test)) = file.items.first() else { panic!() };
    assert_eq!(test.items.len(), 5);
    let TestItem::Moment(moment) = &test.items[2] else { panic!() };
    assert!(
        matches!(&moment.action, Action::Blocker(Some(kind), Some((TaskRef::Number(5), _))) if kind.text == "legal")
    );
}

#[test]
fn names_and_texts_in_any_script() {
    for name in
        ["阶段", "этап", "مرحلة", "שלב", "étape", "e\u{301}tape", "ステージ", "스테이지", "_a", "a·b", "x1", "ℵ"]
    {
        let text = format!(
            "playbook {name} \"{name} 😀 \u{202e}\" {{ stage {name}_2 {{ -> {name}_3 }} end {name}_3 success }}"
        );
        let file = right(&text);
        assert_eq!(playbook(&file).name.text, name);
        assert_eq!(at(&text, playbook(&file).name.span), name);
    }
    // Where names may touch: no blank is needed after a sign.
    right("playbook 甲{stage 乙{->丙 when 丁>=10%}end 丙 success}");
}

#[test]
fn line_breaks_and_blanks_of_all_kinds() {
    let crlf = SKETCH.replace('\n', "\r\n");
    assert_eq!(findings(&crlf), Vec::<String>::new());
    let marks = SKETCH.replace("  ", "\u{A0}\t\u{3000}");
    assert_eq!(findings(&marks), Vec::<String>::new());
    let with_mark = format!("\u{FEFF}{SKETCH}");
    assert_eq!(findings(&with_mark), Vec::<String>::new());
    // Line breaks mean nothing, and comments may stand between any two words.
    let one_line = EVERYTHING.lines().map(|line| line.split(" // ").next().unwrap_or_default()).collect::<Vec<_>>();
    let one_line = one_line[1..].join(" ");
    assert_eq!(findings(&one_line), Vec::<String>::new());
    let (file, _, _) = read(&crlf);
    assert_eq!(file.items.len(), 6);
}

#[test]
fn comments_know_their_place() {
    right("playbook p { facts of the customer { live // why\n : int fixed // so\n rising : int } }");
    let file = right("playbook p { facts // each {\n of the customer { } facts of // the\n each service { } }");
    let scopes: Vec<FactScope> = playbook(&file)
        .items
        .iter()
        .filter_map(|item| match item {
            PlaybookItem::Facts(_, scope, _) => Some(*scope),
            _ => None,
        })
        .collect();
    assert_eq!(scopes, [FactScope::Customer, FactScope::Service]);
    let text = "// first\r\nplaybook p { // \"after\n\n\t// own\n overview \"https://a.b // no\" // last";
    let (file, _, _) = read(text);
    let shown: Vec<(&str, bool)> = file.comments.iter().map(|comment| (&*comment.text, comment.own_line)).collect();
    assert_eq!(shown, [("// first", true), ("// \"after", false), ("// own", true), ("// last", false)]);
    for comment in &file.comments {
        assert_eq!(at(text, comment.span), comment.text);
    }
}

#[test]
fn an_empty_file_is_no_syntax_error() {
    for text in ["", " \n", "// nothing", "\u{FEFF}"] {
        let file = right(text);
        assert!(file.items.is_empty());
    }
}

#[test]
fn variants_say_all_they_can() {
    let file = right(VARIANTS);
    let [_, Item::Import(import), Item::Vocabulary(words), _, Item::Variant(large)] = file.items.as_slice() else {
        panic!("{:?}", file.items)
    };
    let names: Vec<&str> = import.names.iter().map(|name| name.here().text.as_str()).collect();
    assert_eq!(names, ["partner_support", "review"]);
    assert_eq!(words.items.len(), 7);
    assert_eq!((large.name.text.as_str(), large.base.text.as_str()), ("large", "base"));
    assert_eq!(large.pin.as_ref().map(|pin| pin.text.as_str()), Some("2020-04-30"));
    assert_eq!((large.about.len(), large.waivers.len(), large.operations.len()), (7, 4, 69));
    let written = |start: &str| {
        large.operations.iter().find(|operation| at(VARIANTS, operation.span).starts_with(start)).expect(start)
    };
    let stage = written("change stage check_in");
    assert_eq!(at(VARIANTS, stage.span).lines().count(), 19);
    let OperationKind::Within(within) = &stage.kind else { panic!("{stage:?}") };
    assert_eq!(within.operations.len(), 17);
    assert_eq!(stage.was.as_ref().map(|was| was.parts.len()), Some(2));
    // What is said again, and what is said no more.
    let OperationKind::Change(task) = &written("change task 3740").kind else { panic!() };
    assert_eq!((task.to.mandatory, task.without.len()), (Some(false), 2));
}
