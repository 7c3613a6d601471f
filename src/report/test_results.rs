//! What came of tests: for people, for programs, and as JUnit reports, which build servers show.

use super::diagnostics::{Summary, as_json, counted, render_for_people};
use super::paint::{Look, Tone, visible};
use crate::diagnostic::Diagnostic;
use crate::model::Playbook;
use crate::source::{Sources, Span};
use crate::test::{Results, TestResult};
use serde_json::{Value as Json, json};
use std::fmt::Write;

/// The tests of one playbook in one file.
#[derive(Debug)]
pub struct Tested {
    /// The playbook.
    pub playbook: Playbook,
    /// What came of them.
    pub results: Results,
}

impl Tested {
    fn name(&self) -> &str {
        &self.playbook.name.name
    }
}

/// For people: each test with a mark, failures with their reasons, a summary, and what no test goes through if that is
/// asked for.
#[must_use]
pub fn text(tested: &[Tested], sources: &Sources, coverage: bool, look: Look) -> String {
    let mut out = String::new();
    let (good, bad) = if look.unicode { ("✓", "✗") } else { ("ok", "FAILED") };
    for tested in tested {
        let _ = writeln!(out, "{}", look.paint(Tone::Strong, tested.name()));
        for test in &tested.results.tests {
            let (tone, mark) = if test.passed() { (Tone::Good, good) } else { (Tone::Bad, bad) };
            let _ = writeln!(out, "  {} {}", look.paint(tone, mark), visible(&test.title));
        }
        for property in &tested.results.properties {
            let (tone, mark) = match &property.violated {
                Some(_) => (Tone::Bad, bad),
                None if property.holds + property.open > 0 => (Tone::Good, good),
                // Nothing was looked at: that is no pass.
                None => (Tone::Faint, "-"),
            };
            let mut said: Vec<String> = Vec::new();
            for (count, words) in [
                (property.holds, "kept"),
                (property.broken, "broken"),
                (property.open, "open"),
                (property.skipped, "not as assumed"),
            ] {
                if count > 0 {
                    said.push(format!("{count} {words}"));
                }
            }
            let said = if said.is_empty() {
                "no journey to look at".to_owned()
            } else {
                format!("journeys: {}", said.join(", "))
            };
            let said = format!("property, {said}");
            let _ = writeln!(out, "  {} {}  {}", look.paint(tone, mark), property.name, look.paint(Tone::Faint, &said));
        }
        let findings = tested.results.diagnostics();
        if !findings.is_empty() {
            out.push('\n');
            out.push_str(&render_for_people(&findings, sources, look));
        }
        if coverage {
            covered(&mut out, tested, sources, look);
        }
        if !out.ends_with("\n\n") {
            out.push('\n');
        }
    }
    out.push_str(&conclusion(tested, look));
    out
}

fn conclusion(tested: &[Tested], look: Look) -> String {
    let tests: usize = tested.iter().map(|tested| tested.results.tests.len()).sum();
    let passed: usize = tested.iter().map(|tested| tested.results.passed()).sum();
    let properties = tested.iter().flat_map(|tested| &tested.results.properties);
    let broken = properties.filter(|property| property.violated.is_some()).count();
    if tests == 0 {
        return format!("{}\n", look.paint(Tone::Doubtful, "No tests"));
    }
    let mut said = Vec::new();
    if passed > 0 {
        said.push(format!("{} passed", counted(passed, "test")));
    }
    if passed < tests {
        said.push(format!("{} failed", counted(tests - passed, "test")));
    }
    if broken > 0 {
        let word = if broken == 1 { "property" } else { "properties" };
        said.push(format!("{broken} {word} broken"));
    }
    let tone = if passed < tests || broken > 0 { Tone::Bad } else { Tone::Good };
    format!("{}\n", look.paint(tone, &said.join(", ")))
}

fn covered(out: &mut String, tested: &Tested, sources: &Sources, look: Look) {
    let (coverage, playbook) = (&tested.results.coverage, &tested.playbook);
    let of = |(covered, all): (usize, usize)| format!("{covered} of {all}");
    let _ = writeln!(
        out,
        "\n  The tests go through {} stages and ends, {} transitions, {} tasks",
        of(coverage.places(playbook)),
        of(coverage.transitions(playbook)),
        of(coverage.offers(playbook))
    );
    for gap in coverage.gaps(playbook) {
        let at = place(sources, gap.span);
        let _ = writeln!(out, "    {}  {}", visible(&gap.what), look.paint(Tone::Faint, &at));
    }
}

fn place(sources: &Sources, span: Span) -> String {
    let file = sources.get(span.file).map_or("", |source| source.name.as_str());
    format!("{}:{}", visible(file), sources.position(span).line)
}

/// For programs: as the output of `check`, with the tests, the properties and the coverage beside the findings.
#[must_use]
pub fn json(tested: &[Tested], others: &[Diagnostic], sources: &Sources, coverage: bool) -> Json {
    let mut findings = others.to_vec();
    findings.extend(tested.iter().flat_map(|tested| tested.results.diagnostics()));
    let at = |span: Span| {
        let name = sources.get(span.file).map_or("", |source| source.name.as_str());
        (name.to_owned(), sources.position(span).line)
    };
    let tests = tested.iter().flat_map(|tested| {
        tested.results.tests.iter().map(|test| {
            let (file, line) = at(test.span);
            json!({
                "playbook": tested.name(), "title": test.title, "file": file, "line": line, "passed": test.passed(),
            })
        })
    });
    let properties = tested.iter().flat_map(|tested| {
        tested.results.properties.iter().map(|property| {
            let (file, line) = at(property.span);
            json!({
                "playbook": tested.name(), "name": property.name, "file": file, "line": line,
                "holds": property.holds, "broken": property.broken, "open": property.open,
                "skipped": property.skipped,
            })
        })
    });
    let mut report = json!({
        "version": 1,
        "summary": Summary::of(&findings),
        "tests": tests.collect::<Vec<Json>>(),
        "properties": properties.collect::<Vec<Json>>(),
        "diagnostics": as_json(&findings, sources),
    });
    if coverage && let Json::Object(fields) = &mut report {
        let covered = tested.iter().map(|tested| {
            let (coverage, playbook) = (&tested.results.coverage, &tested.playbook);
            let of = |(covered, all): (usize, usize)| json!({ "covered": covered, "of": all });
            let gaps = coverage.gaps(playbook).into_iter().map(|gap| {
                let (file, line) = at(gap.span);
                json!({ "what": gap.what, "file": file, "line": line })
            });
            json!({
                "playbook": tested.name(),
                "places": of(coverage.places(playbook)),
                "transitions": of(coverage.transitions(playbook)),
                "tasks": of(coverage.offers(playbook)),
                "gaps": gaps.collect::<Vec<Json>>(),
            })
        });
        fields.insert("coverage".to_owned(), Json::Array(covered.collect()));
    }
    report
}

/// As a JUnit report: a suite for each playbook, a case for each test and property.
#[must_use]
pub fn junit(tested: &[Tested], sources: &Sources) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for tested in tested {
        let results = &tested.results;
        let broken = results.properties.iter().filter(|property| property.violated.is_some()).count();
        let failed = results.tests.len() - results.passed() + broken;
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\">",
            xml(tested.name()),
            results.tests.len() + results.properties.len()
        );
        for test in &results.tests {
            let findings = if test.passed() { Vec::new() } else { TestResult::diagnostics(test) };
            case(&mut out, sources, tested.name(), &test.title, test.span, &findings);
        }
        for property in &results.properties {
            let findings: Vec<Diagnostic> = property.violated.iter().cloned().collect();
            case(&mut out, sources, tested.name(), &property.name, property.span, &findings);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, sources: &Sources, suite: &str, name: &str, span: Span, findings: &[Diagnostic]) {
    let file = sources.get(span.file).map_or("", |source| source.name.as_str());
    let line = sources.position(span).line;
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{line}\"",
        xml(suite),
        xml(name),
        xml(file)
    );
    let Some(first) = findings.first() else {
        out.push_str("/>\n");
        return;
    };
    let all = render_for_people(findings, sources, Look::default());
    let _ = writeln!(
        out,
        ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
        xml(&first.message),
        xml(all.trim_end())
    );
}

/// Text within XML. Characters that XML cannot hold are shown as what they are.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(character),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(super::paint::stand_in(character).unwrap_or(character)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_holds_any_text() {
        assert_eq!(xml("a < b && \"c\" > '\u{1}\u{ffff}'\n"), "a &lt; b &amp;&amp; &quot;c&quot; &gt; '␁\u{fffd}'\n");
    }
}
