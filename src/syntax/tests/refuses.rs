//! What is said about single mistakes.

use super::findings;

/// Findings of a stage with this body, without their place.
fn in_stage(body: &str) -> Vec<String> {
    in_playbook(&format!("stage a {{\n{body}\n}}"))
}

fn in_playbook(body: &str) -> Vec<String> {
    findings(&format!("playbook p {{\n{body}\n}}"))
}

#[track_caller]
fn says(found: &[String], expected: &[&str]) {
    assert_eq!(found, expected);
}

#[test]
fn what_was_expected_and_what_was_found() {
    says(
        &in_stage("-> b wen ready"),
        &[
            "3:6 syntax-error: `wen` cannot stand here: `when`, `otherwise`, `at most` or the next item is expected | Did you mean `when`?",
        ],
    );
    says(
        &in_stage("taks 5"),
        &[
            "3:1 syntax-error: `taks` cannot stand here: a task, a transition or another item of the stage is expected | Did you mean `task`?",
        ],
    );
    says(
        &in_stage("-> b when"),
        &["3:6 syntax-error: a condition or value is expected after `when` | Say the condition or value"],
    );
    says(
        &in_playbook("facts of the customer { a : bool }"),
        &[
            "2:29 syntax-error: `bool` cannot stand here: a type, for example `yes/no` or `percent` is expected | Write `yes/no`",
        ],
    );
    says(
        &in_playbook("facts of customer { a : int }"),
        &["2:10 syntax-error: `customer` cannot stand here: `each` or `the` is expected"],
    );
    says(
        &in_playbook("start -> a\n then -> b"),
        &[
            "3:2 syntax-error: `then` cannot stand here: `when`, `otherwise`, `at most`, `->` or the next item is expected | `then` stands directly behind the closing brace of `each service { … }` or `together { … }`",
        ],
    );
    says(&in_playbook("param x : int"), &["2:11 syntax-error: `=` is expected after `int`"]);
    says(&in_playbook("phase \"x\""), &["2:7 syntax-error: this text cannot stand here: a name is expected"]);
    says(&findings("playbook p {"), &["1:1 missing-brace: this playbook is not closed | Add the missing `}`"]);
    says(&findings("import"), &["1:1 syntax-error: a name or a text in quotes is expected after `import`"]);
    says(
        &findings("hello"),
        &[
            "1:1 syntax-error: `hello` cannot stand here: a playbook, variant, import, test, property or scenario is expected",
        ],
    );
}

#[test]
fn scenarios_are_helped_to_say_what_they_mean() {
    let in_scenario = |body: &str| findings(&format!("scenario s {{\n{body}\n customers 5\n}}")).join("\n");
    for (body, help) in [
        ("big ~ one in four", "`25% of customers`"),
        ("customers 100 arriving poisson 10 per week for 9 weeks", "`10 per week for 8 weeks, then 5 per week`"),
        ("dynamics each 7 days { u += 1% }", "`in STAGE each round { … }`"),
    ] {
        let said = in_scenario(body);
        assert!(said.contains(help), "{said}");
    }
    let said = in_playbook("facts of the customer { seats : int 1..100 }").join("\n");
    assert!(said.contains("`int in 1..1_000`"), "{said}");
}

#[test]
fn then_is_said_once() {
    let said =
        in_playbook("each service { stage a { -> x } end x success }\nthen -> fin when ok\nthen -> bad otherwise")
            .join("\n");
    assert!(said.contains("`then` is said once"), "{said}");
}

#[test]
fn common_slips_are_helped() {
    let helps = |found: Vec<String>, help: &str| {
        assert!(found.len() == 1 && found[0].contains(help), "{help}: {found:?}");
    };
    helps(in_stage("-> b if ready"), "| Write `when` before a condition");
    helps(in_stage("-> b else"), "| Write `otherwise`");
    helps(in_stage("after 3 days b"), "| An arrow stands before the place it leads to: `-> b`");
    helps(in_stage("-> b when a && c"), "| Write `and`");
    helps(in_stage("-> b when a || c"), "| Write `or`");
    helps(in_stage("-> b when !a"), "| Write `not`");
    helps(in_stage("-> b when true"), "| Write `yes`");
    helps(in_stage("-> b when a == c"), "| Equality is written with one `=`");
    helps(in_stage("-> b when a > 10 %"), "directly after the number: `10%`");
    helps(in_stage("=> b"), "| Write `->`");
    helps(in_stage("→ b"), "| Write `->`");
    helps(in_stage("-> b when a ≥ 5"), "| Write `>=`");
    helps(in_stage("-> b;"), "| Leave it out");
    helps(in_stage("task 1 ‘quoted’"), "straight double quotes");
    helps(in_stage("task 1 'quoted \"x\"'"), "straight double quotes");
    helps(in_stage("task 1 “quoted”"), "straight double quotes");
    helps(in_stage("task 1 required"), "| Write `mandatory`");
    helps(in_stage("task 1 manditory"), "| Did you mean `mandatory`?");
    helps(in_stage("task count \"x\""), "`count` is a word of the language and cannot be a name");
    helps(in_playbook("stage start { -> b }"), "`start` is a word of the language and cannot be a name");
    helps(in_stage("task 1, task 2"), "| Leave out the comma");
    helps(in_playbook("facts of the customer { a = int }"), "| A type stands after a colon: `name : type`");
    helps(in_playbook("let a : 5"), "| A value stands after `=`");
    helps(in_stage("roles { a }"), "| `roles` belongs in the playbook, not in a stage");
    helps(in_playbook("task 5 mandatory"), "| `task` belongs in a stage, not in the playbook");
    helps(in_playbook("each service { -> b }"), "| `->` belongs in a stage");
    helps(in_playbook("services { a：b }"), "is not a sign of the language");
    helps(in_stage("task 1 \"nul \0\""), "| Remove it");
    helps(in_playbook("calendar { holidays 2020-02-30 }"), "there is no day `2020-02-30`");
    helps(in_playbook("let a = 1.1234567"), "more than six decimals");
    helps(in_playbook("let a = 99_999_999_999_999"), "is too large");
    helps(in_stage("task 99999999999999999999999 \"x\""), "is too large");
    helps(in_playbook("let a = any services"), "does not say what is asked of them");
    helps(in_playbook("let a = x and (b, c)"), "A list stands after `in`");
    helps(in_playbook("overview \"a \\q\""), "`\\q` means nothing in a text");
    helps(in_playbook("overview \"a \\u{d800}\""), "`\\u` means nothing in a text");
    helps(in_stage("task 1 when a when b"), "a second time");
    helps(in_stage("after 5 business weeks -> b"), "only days and hours can be counted in business time");
    helps(in_stage("after 5 business minutes -> b"), "| Write `5 business days` or `4 business hours`");
    helps(in_stage("after 5 seconds -> b"), "| The shortest unit of time is the minute");
    helps(findings("property a \"t\" for p: never at b"), "| Write `property NAME for PLAYBOOK");
    helps(findings("scenario s { role m 1 person, at -80 per hour }"), "| Write a number from zero up, without a sign");
    helps(in_playbook("facts of the customer { a : int = 1 = 2 }"), "a second time");
    helps(in_playbook("let a = business weeks since b > 1"), "only days and hours can be counted in business time");
}

#[test]
fn ranges_and_times_are_helped() {
    let range = "A range is written with two dots, both bounds included: `1..10`, `0%..100%`";
    let helped = |found: Vec<String>, help: &str| {
        assert!(found.len() == 1 && found[0].ends_with(&format!(" | {help}")), "{found:?}");
    };
    helped(in_playbook("facts of the customer { a : percent in 0% to 100% }"), range);
    helped(in_playbook("facts of the customer { a : int in 1 … 5 }"), range);
    helped(in_stage("-> b when seats in 3 to 5"), range);
    helped(in_stage("every 3 days at most twice { task t optional \"T\" }"), "Write `at most 2 times`");
}

#[test]
fn and_mixed_with_or_asks_for_brackets() {
    for (text, reading) in [
        ("a or b and c", "`a or (b and c)`"),
        ("a and b or c", "`(a and b) or c`"),
        ("not a and b or c = 1 or d and e", "`(not a and b) or c = 1 or (d and e)`"),
        ("x or (a or b) and c", "`x or ((a or b) and c)`"),
    ] {
        let found = in_playbook(&format!("let x = {text}"));
        assert!(found.len() == 1 && found[0].contains("mixed-and-or") && found[0].contains(reading), "{found:?}");
    }
    assert_eq!(in_playbook("let x = a or (b and c)"), Vec::<String>::new());
}

#[test]
fn an_unclosed_text_costs_nothing_else() {
    for body in [
        "stage a \"Title {\n-> b\n}",
        "stage a { task 1 \"Title }",
        "overview \"Title\nphase x",
        "roles { a \"A\n b \"B\" }",
    ] {
        let found = in_playbook(body);
        assert!(found.len() == 1 && found[0].contains("unclosed-text"), "{body}: {found:?}");
    }
}

#[test]
fn a_missing_brace_is_found_by_what_follows() {
    for (body, place) in [
        ("  stage a {\n    -> b\n  stage b {\n    -> c\n  }\n  end c success", "2:3 missing-brace: this stage"),
        (
            "  each service {\n    stage a { -> b }\n    end b success\n  then -> c\n  end c success",
            "2:3 missing-brace: this block `each service`",
        ),
        (
            "  each service {\n    stage a {\n      -> b\n    end b success\n  }\n  then -> c\n  end c success",
            "3:5 missing-brace: this stage",
        ),
        (
            "  facts of the customer {\n    a : int\n  stage a { -> b }\n  end b success",
            "2:3 missing-brace: this list of facts",
        ),
        ("  roles { a \"A\"\n  stage a { -> b }\n  end b success", "2:3 missing-brace: this list of roles"),
        (
            "  each service {\n    stage a { -> b }\n    end b success\n  end c success",
            "2:3 missing-brace: this block `each service`",
        ),
        (
            "  stage a {\n    every 2 weeks {\n      step \"x\"\n    -> b\n  }\n  end b success",
            "3:5 missing-brace: this cadence",
        ),
    ] {
        let found = in_playbook(body);
        assert!(found.len() == 1 && found[0].starts_with(place), "{body}: {found:?}");
    }
}

#[test]
fn a_brace_too_many_is_found() {
    let found = in_playbook("  stage a {\n    -> b\n  }\n  }\n  end b success");
    assert!(found.len() == 1 && found[0].starts_with("5:3 syntax-error: this `}` is one too many"), "{found:?}");
    let found = in_playbook("  stage a {\n    task 1 }\n    -> b\n  }\n  end b success");
    assert!(found.len() == 1, "{found:?}");
    assert_eq!(findings("playbook p { } }"), ["1:16 syntax-error: this `}` is one too many | Leave it out"]);
}

#[test]
fn a_file_of_mistakes_is_told_a_hundred() {
    for text in ["expect\n".repeat(1_000), "playbook p { x\n}\n".repeat(500), ";".repeat(5_000), "}\n".repeat(3_000)] {
        let found = findings(&text);
        assert!(found.len() <= 101, "{}", found.len());
    }
    let found = findings(&"playbook p { x\n}\n".repeat(500));
    assert_eq!(found.len(), 101);
    assert!(found[100].contains("lines after this one were not looked at"), "{}", found[100]);
}
