//! Conditions and values, one by one.

use super::outline::outline;
use super::{CONDITIONS, condition, findings, playbook, right};
use crate::syntax::ast::*;

#[test]
fn each_form_has_its_tree() {
    for (text, tree) in [
        // Values.
        ("yes", "yes"),
        ("no", "no"),
        ("10_000", "10000"),
        ("0.5", "0.5"),
        ("10%", "10%"),
        ("0.25%", "0.25%"),
        ("2020-03-02", "2020-03-02"),
        ("2 weeks", "2*Weeks"),
        ("1 day", "1*Days"),
        ("1.5 hours", "1.5*Hours"),
        ("30 minutes", "30*Minutes"),
        ("3 months", "3*Months"),
        ("1 year", "1*Years"),
        (r#""a \"b\" \u{4e2d}""#, "\"a \\\"b\\\" 中\""),
        ("usage", "usage"),
        ("service", "SERVICE"),
        ("this service", "THIS"),
        ("round", "ROUND"),
        ("round of calls", "ROUNDcalls"),
        ("today", "TODAY"),
        // Levels of binding.
        ("a and b and c", "(and a b c)"),
        ("a or b or c", "(or a b c)"),
        ("a and (b or c)", "(and a (or b c))"),
        ("(a and b) and c", "(and (and a b) c)"),
        ("not a and b", "(and (not a) b)"),
        ("not (a and b)", "(not (and a b))"),
        ("not not a", "a"),
        ("not not not a", "(not a)"),
        ("not a = b", "(not (= a b))"),
        ("a + b - c", "(sum +a +b -c)"),
        ("a - (b - c)", "(sum +a -(sum +b -c))"),
        ("a + b * c / d", "(sum +a +(product b Times:c Divide:d))"),
        ("(a + b) * c", "(product (sum +a +b) Times:c)"),
        ("10% of seats", "(product 10% Of:seats)"),
        ("-a * - - b", "(product (minus a) Times:b)"),
        ("a - -b", "(sum +a -(minus b))"),
        ("a if c else b", "(choice c?a b)"),
        ("1 if a else 2 if b else 3", "(choice a?1 b?2 3)"),
        ("(1 if a else 2) + 3", "(sum +(choice a?1 2) +3)"),
        ("a + 1 if c and d else b", "(choice (and c d)?(sum +a +1) b)"),
        // Comparisons.
        ("a < b", "(< a b)"),
        ("a <= b", "(<= a b)"),
        ("a > b", "(> a b)"),
        ("a >= b", "(>= a b)"),
        ("a = b", "(= a b)"),
        ("a != b", "(!= a b)"),
        ("a is b", "(is:= a b)"),
        ("a is not b", "(is:!= a b)"),
        ("service is teams", "(is:= SERVICE teams)"),
        ("a + 1 >= b * 2", "(>= (sum +a +1) (product b Times:2))"),
        ("x in 10..14", "(range x 10 14)"),
        ("x not in 10%..14%", "(not-range x 10% 14%)"),
        ("x in (a + 1)..b", "(range x (sum +a +1) b)"),
        ("x in (a, b)", "(in x (list a b))"),
        ("x in (a, b,)", "(in x (list a b))"),
        ("x in (a)", "(in x (list a))"),
        ("service in modern_comms", "(in SERVICE modern_comms)"),
        ("x not in (a, b) and y", "(and (not-in x (list a b)) y)"),
        // Services.
        ("all services where (a and b)", "(All * (and a b))"),
        ("any services in group where (a)", "(Any group a)"),
        ("no services where (a)", "(No * a)"),
        ("count services where (a) >= 2", "(>= (Count * a) 2)"),
        ("count services in group", "(Count group *)"),
        ("all services where (any services where (a))", "(All * (Any * a))"),
        ("count of regions > 1", "(> (size regions) 1)"),
        // What was and what is.
        ("done task 3740", "(done #3740)"),
        ("done task intro and a", "(and (done #intro) a)"),
        ("task 983 is in progress", "(status #983 in progress)"),
        ("task 983 is not complete", "(not-status #983 complete)"),
        ("task x is not started", "(status #x not started)"),
        ("task x is not not  required", "(not-status #x not required)"),
        ("at usage_met", "(at usage_met)"),
        ("at (a, b)", "(at a b)"),
        ("not at a or at b", "(or (not (at a)) (at b))"),
        ("happened review_held", "(happened review_held [])"),
        ("happened blocker (technical, legal)", "(happened blocker [technical legal])"),
        ("a >= 70% for 2 months", "(sustained (>= a 70%) 2*Months)"),
        ("not a for 2 days and b", "(and (not (sustained a 2*Days)) b)"),
        ("change of usage over 3 months < 3%", "(< (change usage 3*Months) 3%)"),
        ("in this stage for 90 days", "(in-stage 90*Days)"),
        ("business days since assigned <= 2", "(<= (since Business(Days) assigned) 2)"),
        ("business hours since task 3740 < 4", "(< (since Business(Hours) #3740) 4)"),
        ("weeks since task 3740 > 1", "(> (since Time(Weeks) #3740) 1)"),
        ("unknown csm_assigned", "(unknown csm_assigned)"),
        ("review ended at left", "(ended review [left])"),
        ("review ended at (a, b) and c", "(and (ended review [a b]) c)"),
        // Functions and what people know of the world.
        ("max(0%, a - 1%)", "(max! 0% (sum +a -1%))"),
        ("lognormal(median 5 days, sigma 0.6)", "(lognormal! median=5*Days sigma=0.6)"),
        ("lognormal(median = m, sigma = s)", "(lognormal! median=m sigma=s)"),
        ("triangular(1, 3, 7) days", "(triangular! 1 3 7)*Time(Days)"),
        ("uniform(1, 3) business days", "(uniform! 1 3)*Business(Days)"),
        ("40% of customers", "(share 40%)"),
        ("between 1 and 7 days, mostly 3", "(between 1 7*Days 3)"),
        ("between 0% and 8%", "(between 0% 8% *)"),
        ("usually 5 days, one in ten over 11", "(usually 5*Days 10 11)"),
        ("usually 5 days, one in 20 over 11 days", "(usually 5*Days 20 11*Days)"),
        ("one of (gold 20%, silver 80%)", "(weighted gold:20% silver:80%)"),
        // Names that only begin like words of the language.
        ("android and notable", "(and android notable)"),
        ("done", "done"),
        ("days_left in inner..outer", "(range days_left inner outer)"),
        ("atlas = happened_before", "(= atlas happened_before)"),
        ("day + between", "(sum +day +between)"),
    ] {
        assert_eq!(outline(&condition(text)), tree, "{text}");
    }
    for text in [
        "a and",
        "and a",
        "a b",
        "a = b = c",
        "a < b < c",
        "not",
        "()",
        "(a",
        "a)",
        "max(,)",
        "all services",
        "x in",
        "1..2",
        "today()",
    ] {
        assert_ne!(findings(&format!("playbook p {{ let x = {text}\n}}")), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn places_of_conditions_are_exact() {
    let text = "playbook p { let x = ( a or b ) // why\n and c >= 10 % // done\n }";
    let (_, diagnostics, _) = super::read(text);
    assert_eq!(diagnostics.len(), 1);
    let text = "playbook p { let x = ( a or b ) // why\n and c >= 10% // done\n }";
    let file = right(text);
    let Some(PlaybookItem::Let(item)) = playbook(&file).items.first() else { panic!() };
    let at = |expr: &Expr| &text[expr.span.start as usize..expr.span.end as usize];
    assert_eq!(at(&item.value), "( a or b ) // why\n and c >= 10%");
    let ExprKind::And(parts) = &item.value.kind else { panic!() };
    assert_eq!(parts.iter().map(at).collect::<Vec<_>>(), ["( a or b )", "c >= 10%"]);
    assert_eq!(&text[item.span.start as usize..item.span.end as usize], "let x = ( a or b ) // why\n and c >= 10%");
}

#[test]
fn the_conditions_of_the_whole_playbook_can_be_said() {
    let file = right(CONDITIONS);
    let names: Vec<&str> = playbook(&file)
        .items
        .iter()
        .filter_map(|item| match item {
            PlaybookItem::Let(item) => Some(item.name.text.as_str()),
            _ => None,
        })
        .collect();
    // The third one stands in `each service`.
    let expected: Vec<String> = (1..=48).filter(|number| *number != 3).map(|number| format!("c{number:02}")).collect();
    assert_eq!(names, expected);
    for number in 1..=48 {
        assert!(file.comments.iter().any(|comment| {
            comment.text.starts_with(&format!("// {number} ")) || comment.text.starts_with(&format!("// {number}:"))
        }));
    }
}

#[test]
fn long_chains_do_not_nest() {
    let chain = |piece: &str, count: usize| format!("{}1", piece.repeat(count));
    let ExprKind::And(parts) = condition(&chain("a and ", 20_000)).kind else { panic!() };
    assert_eq!(parts.len(), 20_001);
    assert_eq!(outline(&condition(&chain("not ", 60_000))), "1");
    assert_eq!(outline(&condition(&chain("- ", 100_000))), "1");
    let ExprKind::Sum(terms) = condition(&chain("1 + ", 20_000)).kind else { panic!() };
    assert_eq!(terms.len(), 20_001);
    let ExprKind::Product(_, factors) = condition(&chain("2*", 20_000)).kind else { panic!() };
    assert_eq!(factors.len(), 20_000);
    let ExprKind::Choice(choices, _) = condition(&chain("a if c else ", 10_000)).kind else { panic!() };
    assert_eq!(choices.len(), 10_000);
    // What nobody wrote by hand is refused, once.
    for piece in ["a and ", "not ", "1 + ", "a if c else ", "a or b and "] {
        let found = findings(&format!("playbook p {{ let x = {}\n}}", chain(piece, 100_000)));
        assert!(found.len() == 1 && found[0].contains("too long to be read"), "{found:?}");
    }
}

#[test]
fn brackets_nest_a_hundred_deep_and_no_deeper() {
    let nested = |open: &str, close: &str, depth: usize| {
        format!("playbook p {{ let x = {}a{}\n}}", open.repeat(depth), close.repeat(depth))
    };
    for (open, close) in [
        ("(", ")"),
        ("max(1, ", ")"),
        ("x in (a, b, ", ")"),
        ("all services where (b and ", ")"),
        ("(1 if x in (", ") else 2)"),
        ("not (a or ", ")"),
    ] {
        let each = open.matches('(').count();
        let at_most = 99 / each;
        assert!(findings(&nested(open, close, at_most)).iter().all(|found| !found.contains("nested")), "{open}");
        for depth in [at_most + 1, 10_000, 300_000] {
            let found = findings(&nested(open, close, depth));
            assert!(found.len() == 1 && found[0].contains("nested-too-deeply"), "{open}: {found:?}");
        }
        // Without the closing brackets: clear, and quick.
        let open_only = format!("playbook p {{ let x = {}", open.repeat(at_most));
        assert_ne!(findings(&open_only), Vec::<String>::new());
    }
    for text in ["{".repeat(1_000_000), format!("playbook p {}", "{ stage a ".repeat(200_000))] {
        let found = findings(&text);
        assert!(found.len() == 1 && found[0].contains("nested-too-deeply"), "{found:?}");
    }
}
