//! `// playbook: allow NAME` comments: they silence a finding where the author has decided to live with it.
//!
//! * At the end of a line, the comment covers that line.
//! * On a line of its own, it covers the next line that holds more than a comment.
//! * At the top of a file, before anything else and with a blank line after it, it covers the whole file.
//!
//! Several names (or codes) are separated by commas; what follows `--` is a reason. A finding lies on the line where
//! its place begins. Errors cannot be silenced. A name nobody knows and a name that silences nothing are findings
//! themselves.

use crate::diagnostic::{Diagnostic, RULES, Rule, Severity, UNKNOWN_ALLOW, UNUSED_ALLOW, by_name_or_code};
use crate::source::{Source, Span};
use crate::suggest::{closest, did_you_mean};
use crate::syntax::ast::Comment;

/// What a comment covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    File,
    Line(u32),
    /// There is no line after it.
    Nothing,
}

/// One name in one comment.
struct Allow {
    rule: &'static Rule,
    span: Span,
    reach: Reach,
    used: bool,
}

impl Allow {
    fn covers(&self, diagnostic: &Diagnostic, line: u32) -> bool {
        *self.rule == *diagnostic.rule
            && diagnostic.primary.span.file == self.span.file
            && match self.reach {
                Reach::File => true,
                Reach::Line(covered) => covered == line,
                Reach::Nothing => false,
            }
    }

    fn is_about_comments(&self) -> bool {
        *self.rule == UNKNOWN_ALLOW || *self.rule == UNUSED_ALLOW
    }
}

/// Takes out the findings of one file that its comments allow, and adds what is to be said about the comments.
///
/// `complete` says that everything there is to say about the file is among the findings; where an error has kept a
/// check from running, comments that silence nothing are not reported.
pub fn apply(comments: &[Comment], source: &Source, diagnostics: &mut Vec<Diagnostic>, complete: bool) {
    let mut allows: Vec<Allow> = Vec::new();
    let mut about_comments: Vec<Diagnostic> = Vec::new();
    let mut places = None;
    for (index, comment) in comments.iter().enumerate() {
        let Some(said) = addressed(&comment.text) else { continue };
        let places = places.get_or_insert_with(|| Places::new(comments, source));
        read(comment, said, || places.reach(index, comment, source), &mut allows, &mut about_comments);
    }
    if allows.is_empty() && about_comments.is_empty() {
        return;
    }
    silence(&mut allows, source, diagnostics);
    let unused = |allow: &&Allow| complete && !allow.used;
    about_comments.extend(allows.iter().filter(|allow| !allow.is_about_comments()).filter(unused).map(report_unused));
    silence(&mut allows, source, &mut about_comments);
    about_comments.extend(allows.iter().filter(|allow| allow.is_about_comments()).filter(unused).map(report_unused));
    diagnostics.append(&mut about_comments);
}

fn silence(allows: &mut [Allow], source: &Source, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.retain(|diagnostic| {
        if diagnostic.severity == Severity::Error {
            return true;
        }
        let line = source.position(diagnostic.primary.span.start).line;
        let mut kept = true;
        for allow in allows.iter_mut().filter(|allow| allow.covers(diagnostic, line)) {
            allow.used = true;
            kept = false;
        }
        kept
    });
}

fn report_unused(allow: &Allow) -> Diagnostic {
    let name = allow.rule.name;
    if allow.rule.severity == Severity::Error {
        return Diagnostic::new(
            &UNUSED_ALLOW,
            allow.span,
            format!("`{name}` is an error, and errors cannot be silenced"),
        )
        .help("Mend what it is about and take this name out of the comment");
    }
    let message = match allow.reach {
        Reach::File => format!("there is no `{name}` in this file to allow"),
        Reach::Line(line) => format!("there is no `{name}` on line {line} to allow"),
        Reach::Nothing => format!("there is no line after this comment on which to allow `{name}`"),
    };
    Diagnostic::new(&UNUSED_ALLOW, allow.span, message).help("Take this name out of the comment")
}

/// What a comment says to the tool, if it is addressed to it.
fn addressed(text: &str) -> Option<&str> {
    text.trim_start_matches('/').trim_start().strip_prefix("playbook:")
}

/// Reads what one comment says.
fn read(
    comment: &Comment,
    said: &str,
    reach: impl FnOnce() -> Reach,
    allows: &mut Vec<Allow>,
    findings: &mut Vec<Diagnostic>,
) {
    let at = |part: &str| {
        let start = comment.span.start + (part.as_ptr() as usize - comment.text.as_ptr() as usize) as u32;
        Span { start, end: start + part.len() as u32, ..comment.span }
    };
    let said = said.trim_start();
    let verb = said.split(|c: char| c.is_whitespace() || c == ',').next().unwrap_or_default();
    if verb != "allow" {
        // Prose may begin with the same words; only what looks like a slip is reported.
        if closest(verb, ["allow"]).is_some() {
            findings.push(
                Diagnostic::new(&UNKNOWN_ALLOW, at(verb), format!("`{verb}` is not something a comment can ask for"))
                    .help("Did you mean `allow`?"),
            );
        }
        return;
    }
    let list = said.strip_prefix("allow").unwrap_or_default();
    let list = list.split_once("--").map_or(list, |(list, _)| list);
    let reach = reach();
    let mut names = 0;
    for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        names += 1;
        match by_name_or_code(name) {
            Some(rule) => allows.push(Allow { rule, span: at(name), reach, used: false }),
            None => findings.push(
                Diagnostic::new(&UNKNOWN_ALLOW, at(name), format!("there is nothing called `{name}` to allow"))
                    .help(suggestion(name)),
            ),
        }
    }
    if names == 0 {
        findings.push(
            Diagnostic::new(&UNKNOWN_ALLOW, comment.span, "this comment does not say what to allow")
                .help("Write the name of a finding after `allow`"),
        );
    }
}

fn suggestion(name: &str) -> String {
    did_you_mean(name, RULES.iter().map(|rule| rule.name))
        .unwrap_or_else(|| "`playbook explain` lists the names of all findings".to_owned())
}

/// Where the comments of a file stand.
struct Places {
    /// How many comments stand before anything else.
    leading: usize,
    /// For each comment, the last line of the comments that follow it line by line.
    block_ends: Vec<u32>,
}

impl Places {
    fn new(comments: &[Comment], source: &Source) -> Places {
        let mut from = 0;
        let mut leading = 0;
        for comment in comments {
            let between = source.text.get(from..comment.span.start as usize).unwrap_or_default();
            if !between.chars().all(char::is_whitespace) {
                break;
            }
            from = comment.span.end as usize;
            leading += 1;
        }
        let mut block_ends: Vec<u32> =
            comments.iter().map(|comment| source.position(comment.span.start).line).collect();
        for index in (1..comments.len()).rev() {
            let follows = comments.get(index).is_some_and(|comment| comment.own_line);
            if let [.., before, end] = block_ends.get_mut(..=index).unwrap_or_default()
                && follows
                && source.position(comments.get(index).map_or(0, |comment| comment.span.start)).line == *before + 1
            {
                *before = *end;
            }
        }
        Places { leading, block_ends }
    }

    fn reach(&self, index: usize, comment: &Comment, source: &Source) -> Reach {
        if !comment.own_line {
            return Reach::Line(source.position(comment.span.start).line);
        }
        let mut after = self.block_ends.get(index).map_or(0, |end| end + 1);
        let blank_follows = after > source.line_count() || source.line(after).trim().is_empty();
        if blank_follows && index < self.leading {
            return Reach::File;
        }
        while after <= source.line_count() {
            let text = source.line(after).trim();
            if !text.is_empty() && !text.starts_with("//") {
                return Reach::Line(after);
            }
            after += 1;
        }
        Reach::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{EMPTY_FILE, sort};
    use crate::source::{FileId, Sources};

    /// The comments of a text without quoted `//`.
    fn comments(text: &str) -> Vec<Comment> {
        let mut comments = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            if let Some(at) = line.find("//") {
                let comment = line[at..].trim_end();
                comments.push(Comment {
                    text: comment.to_owned(),
                    span: Span { file: FileId(0), start: start + at as u32, end: start + (at + comment.len()) as u32 },
                    own_line: line[..at].trim().is_empty(),
                });
            }
            start += line.len() as u32;
        }
        comments
    }

    /// A warning stands on every `WARN`, an error on every `ERR`; gives what is left as `line name`.
    fn left(text: &str, complete: bool) -> Vec<String> {
        let mut sources = Sources::new();
        let file = sources.add("a.play", text);
        let source = sources.get(file).unwrap();
        let mut diagnostics = Vec::new();
        for (needle, severity) in [("WARN", Severity::Warning), ("ERR", Severity::Error)] {
            for (at, _) in text.match_indices(needle) {
                let span = Span { file, start: at as u32, end: at as u32 + 4 };
                diagnostics.push(Diagnostic { severity, ..Diagnostic::new(&EMPTY_FILE, span, needle) });
            }
        }
        apply(&comments(text), source, &mut diagnostics, complete);
        sort(&mut diagnostics);
        diagnostics
            .iter()
            .map(|finding| format!("{} {}", source.position(finding.primary.span.start).line, finding.rule.name))
            .collect()
    }

    #[test]
    fn at_the_end_of_a_line() {
        assert_eq!(left("WARN // playbook: allow empty-file\nWARN\n", true), ["2 empty-file"]);
        assert_eq!(left("WARN //playbook:allow P153\n", true), Vec::<String>::new());
    }

    #[test]
    fn on_its_own_line() {
        let text = "x\n  // playbook: allow empty-file\n\n// more\n  WARN\nWARN\n";
        assert_eq!(left(text, true), ["6 empty-file"]);
    }

    #[test]
    fn directly_above_the_first_line_it_covers_that_line_only() {
        assert_eq!(left("// playbook: allow empty-file\nWARN\nWARN\n", true), ["3 empty-file"]);
    }

    #[test]
    fn at_the_top_it_covers_the_file() {
        let text =
            "// Title\n// playbook: allow empty-file -- it is only an example, after all\n// more\n\nx\nWARN\nWARN\n";
        assert_eq!(left(text, true), Vec::<String>::new());
    }

    #[test]
    fn errors_stay() {
        assert_eq!(left("ERR // playbook: allow empty-file\n", true), ["1 empty-file", "1 unused-allow"]);
    }

    #[test]
    fn unknown_and_unused_names() {
        let text = "x // playbook: allow empty-fil, empty-file\n// playbook: allwo empty-file\n// playbook: allow\n// playbook: the language\nx\n";
        assert_eq!(left(text, true), ["1 unknown-allow", "1 unused-allow", "2 unknown-allow", "3 unknown-allow"]);
        assert_eq!(left(text, false), ["1 unknown-allow", "2 unknown-allow", "3 unknown-allow"]);
    }

    #[test]
    fn findings_about_comments_can_be_allowed_too() {
        let text = "// playbook: allow unused-allow\n\nx // playbook: allow empty-file\n";
        assert_eq!(left(text, true), Vec::<String>::new());
        assert_eq!(left("// playbook: allow unused-allow\n\nx\n", true), ["1 unused-allow"]);
    }

    #[test]
    fn after_the_last_line() {
        assert_eq!(left("x\n// playbook: allow empty-file\n", true), ["2 unused-allow"]);
    }

    #[test]
    fn suggestions() {
        assert_eq!(suggestion("emptyfile"), "Did you mean `empty-file`?");
        assert_eq!(suggestion("nothing-like-it"), "`playbook explain` lists the names of all findings");
    }
}
