use super::*;
use crate::diagnostic::SYNTAX_ERROR;
use crate::source::FileId;
use proptest::prelude::*;

fn span(file: FileId, start: usize, end: usize) -> Span {
    Span { file, start: start as u32, end: end as u32 }
}

/// A finding at the first `needle` of a text.
fn at(sources: &Sources, file: FileId, needle: &str, message: &str) -> Diagnostic {
    let text = &sources.get(file).unwrap().text;
    let start = text.find(needle).unwrap();
    Diagnostic::new(&SYNTAX_ERROR, span(file, start, start + needle.len()), message)
}

fn human(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    render(Format::Human, diagnostics, sources, 1, Look::default())
}

#[test]
fn a_finding_with_places_in_two_files() {
    let mut sources = Sources::new();
    let a = sources.add("a.play", "playbook a {\n  stage 访谈 {\n    -> nowhere\n  }\n}\n");
    let b = sources.add("b.play", "stage one {\n}\n");
    let finding = at(&sources, a, "nowhere", "There is no stage `nowhere`")
        .label("not declared")
        .related(span(a, 21, 27), "in this stage")
        .related(span(b, 6, 9), "a stage `one` is declared here")
        .help("Write `one`");
    assert_eq!(
        human(&[finding], &sources),
        "\
error[syntax-error P101]

  × There is no stage `nowhere`
   ╭─[a.play:3:8]
 1 │ playbook a {
 2 │   stage 访谈 {
   ·         ──┬─
   ·           ╰── in this stage
 3 │     -> nowhere
   ·        ───┬───
   ·           ╰── not declared
 4 │   }
   ╰────
  ☞ a stage `one` is declared here
   ╭─[b.play:1:7]
 1 │ stage one {
   ·       ───
 2 │ }
   ╰────
  help: Write `one`

1 error
"
    );
}

#[test]
fn the_place_itself_comes_first() {
    let mut sources = Sources::new();
    let file = sources.add("a.play", "one\n\n\n\n\n\ntwo\n");
    let finding = at(&sources, file, "two", "This is the second").related(span(file, 0, 3), "the first");
    assert_eq!(
        human(&[finding], &sources),
        "\
error[syntax-error P101]

  × This is the second
   ╭─[a.play:7:1]
 6 │
 7 │ two
   · ───
 8 │
   ╰────
   ╭─[a.play:1:1]
 1 │ one
   · ─┬─
   ·  ╰── the first
 2 │
   ╰────

1 error
"
    );
}

#[test]
fn crlf_tabs_and_the_end_of_the_file() {
    let mut sources = Sources::new();
    let file = sources.add("a.play", "playbook a {\r\n\tstage b {\r\n");
    let length = sources.get(file).unwrap().text.len();
    let finding = Diagnostic::new(&SYNTAX_ERROR, span(file, length, length), "The file ends too early");
    let tab = at(&sources, file, "stage", "Here is a tab");
    assert_eq!(
        human(&[finding, tab], &sources),
        "\
error[syntax-error P101]

  × Here is a tab
   ╭─[a.play:2:2]
 1 │ playbook a {
 2 │     stage b {
   ·     ─────
 3 │
   ╰────

error[syntax-error P101]

  × The file ends too early
   ╭─[a.play:3:1]
 2 │     stage b {
 3 │
   · ▲
   ╰────

2 errors
"
    );
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let mut sources = Sources::new();
    let text = format!("{}HERE{}", "a".repeat(1_000_000), "b".repeat(1_000_000));
    let file = sources.add("a.play", text);
    let finding = at(&sources, file, "HERE", "Too long").label("this");
    let drawn = human(&[finding], &sources);
    let lines: Vec<&str> = drawn.lines().collect();
    assert_eq!(lines[3], "   ╭─[a.play:1:1000001]");
    assert_eq!(lines[4], format!(" 1 │ …{}HERE{}…", "a".repeat(40), "b".repeat(116)));
    assert_eq!(lines[5], format!("   · {}──┬─", " ".repeat(41)));
}

#[test]
fn a_tall_place_is_shown_by_its_first_line() {
    let mut sources = Sources::new();
    let file = sources.add("a.play", format!("stage a {{\n{}}}\n", "  x\n".repeat(500)));
    let length = sources.get(file).unwrap().text.len();
    let finding = Diagnostic::new(&SYNTAX_ERROR, span(file, 0, length), "This stage is never reached");
    assert!(human(&[finding], &sources).lines().count() < 12);
}

#[test]
fn many_places_are_counted() {
    let mut sources = Sources::new();
    let file = sources.add("a.play", "x\n".repeat(100));
    let mut finding = Diagnostic::new(&SYNTAX_ERROR, span(file, 0, 1), "Round and round");
    for line in 1..100 {
        finding = finding.related(span(file, line * 2, line * 2 + 1), "and here");
    }
    assert!(human(&[finding], &sources).contains("help: 87 more places belong to this"));
}

#[test]
fn of_very_many_findings_the_gravest_are_shown() {
    let mut sources = Sources::new();
    let file = sources.add("a.play", "x\n".repeat(1_000));
    let finding = |line: usize| {
        let found = Diagnostic::new(&SYNTAX_ERROR, span(file, 2 * line, 2 * line + 1), format!("finding {line}"));
        Diagnostic { severity: if line == 999 { Severity::Error } else { Severity::Note }, ..found }
    };
    let text = human(&(0..1_000).map(finding).collect::<Vec<_>>(), &sources);
    assert!(text.contains("finding 999") && text.contains("finding 198") && !text.contains("finding 199\n"));
    assert!(
        text.ends_with("and 800 more: `playbook check --format short` prints each on one line\n\n1 error, 999 notes\n")
    );
}

#[test]
fn what_would_disturb_a_terminal_is_shown() {
    let mut sources = Sources::new();
    let file = sources.add("a\u{1b}.play", "stage \u{1b}[2J\u{202e} x {\n");
    let finding = at(&sources, file, "x", "Bad\u{7}");
    for format in [Format::Human, Format::Short] {
        let text = render(format, std::slice::from_ref(&finding), &sources, 1, Look::default());
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{text:?}");
    }
    assert!(human(&[finding], &sources).contains("stage ␛[2J\u{fffd} x {"));
}

#[test]
fn ascii_where_asked_for() {
    let mut sources = Sources::new();
    let file = sources.add("a.play", "stage x {\n");
    let finding = at(&sources, file, "x", "Bad").label("this");
    let look = Look { unicode: false, ..Look::default() };
    assert!(render(Format::Human, &[finding], &sources, 1, look).is_ascii());
}

#[test]
fn short_json_and_github() {
    let mut sources = Sources::new();
    let file = sources.add("流程,1.play", "阶段 x {\n}\n");
    let mut finding = at(&sources, file, "x", "50% of `x`").related(span(file, 0, 6), "here").help("Do:\nthis");
    finding.witness = Some(serde_json::json!({ "customer": { "id": "a" }, "timeline": [] }));
    let all = [finding.clone(), finding];
    assert_eq!(
        render(Format::Short, &all, &sources, 1, Look::default()),
        "流程,1.play:1:4: error[syntax-error]: 50% of `x`\n"
    );
    assert_eq!(
        render(Format::Github, &all, &sources, 1, Look::default()),
        "::error file=流程%2C1.play,line=1,col=4,endColumn=5,title=syntax-error P101::50%25 of `x`%0Ahelp: Do:%0Athis\n"
    );
    let json: serde_json::Value =
        serde_json::from_str(&render(Format::Json, &all, &sources, 1, Look::default())).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "version": 1,
            "summary": { "errors": 1, "warnings": 0, "notes": 0 },
            "diagnostics": [{
                "name": "syntax-error", "code": "P101", "severity": "error", "message": "50% of `x`",
                "help": "Do:\nthis", "file": "流程,1.play", "line": 1, "column": 4, "end_line": 1, "end_column": 5,
                "label": null,
                "related": [{
                    "message": "here", "file": "流程,1.play", "line": 1, "column": 1, "end_line": 1, "end_column": 3
                }],
                "witness": { "customer": { "id": "a" }, "timeline": [] }
            }]
        })
    );
}

#[test]
fn sarif_names_its_rules_and_places() {
    let mut sources = Sources::new();
    let file = sources.add("a b/流.play", "阶段 x {\n}\n");
    let finding = at(&sources, file, "x", "Bad").related(span(file, 0, 6), "here");
    let log: serde_json::Value =
        serde_json::from_str(&render(Format::Sarif, &[finding], &sources, 1, Look::default())).unwrap();
    let run = &log["runs"][0];
    let result = &run["results"][0];
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(result["ruleId"], "P101");
    let index = result["ruleIndex"].as_u64().unwrap() as usize;
    assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "P101");
    assert_eq!(run["tool"]["driver"]["rules"][index]["help"]["markdown"], SYNTAX_ERROR.page);
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/%E6%B5%81.play");
    assert_eq!(place["region"], serde_json::json!({ "startLine": 1, "startColumn": 4, "endLine": 1, "endColumn": 5 }));
    assert_eq!(result["relatedLocations"][0]["message"]["text"], "here");
}

#[test]
fn summaries() {
    assert_eq!(Summary { errors: 1, warnings: 2, notes: 0 }.sentence(3), "1 error, 2 warnings");
    assert_eq!(Summary::default().sentence(3), "No findings in 3 files");
    assert_eq!(Summary::default().sentence(1), "No findings in 1 file");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the text and the places, even places that do not exist, everything can be written in every format.
    #[test]
    fn nothing_panics(
        text in "([a-z]{0,5}|[\\x00-\\x20]|[支é\u{202e}\u{1f469}\u{200d}]|\r\n|\n|\t){0,40}",
        places in proptest::collection::vec((0u32..3, 0u32..200, 0u32..200, "[ab\n]{0,3}"), 1..6),
    ) {
        let mut sources = Sources::new();
        sources.add("a.play", text.clone());
        sources.add("b.play", text.repeat(20));
        let labels: Vec<_> = places
            .iter()
            .map(|(file, a, b, words)| (Span { file: FileId(*file), start: *a, end: *b }, words))
            .collect();
        let mut finding = Diagnostic::new(&SYNTAX_ERROR, labels[0].0, "message").label(labels[0].1);
        for (span, words) in &labels[1..] {
            finding = finding.related(*span, *words);
        }
        for format in [Format::Human, Format::Short, Format::Json, Format::Sarif, Format::Github] {
            let written = render(format, std::slice::from_ref(&finding), &sources, 2, Look::default());
            prop_assert!(!written.is_empty());
            prop_assert!(!written.contains("Failed to read"), "{}", written);
        }
    }
}
