//! All rules, by name and code.

use super::Severity;

/// What the tool can say: a readable name, a stable code, a severity and a page.
#[derive(Debug)]
pub struct Rule {
    /// Readable, stable: `unknown-name`.
    pub name: &'static str,
    /// Stable: `P201`.
    pub code: &'static str,
    /// Unless a finding says otherwise.
    pub severity: Severity,
    /// One line.
    pub summary: &'static str,
    /// Markdown: what it means, an example that triggers it, one that is right.
    pub page: &'static str,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Rule) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

macro_rules! rules {
    ($($constant:ident $code:literal $name:literal $severity:ident $summary:literal;)*) => {
        $(
            #[doc = $summary]
            pub static $constant: Rule = Rule {
                name: $name,
                code: $code,
                severity: Severity::$severity,
                summary: $summary,
                page: include_str!(concat!($name, ".md")),
            };
        )*

        /// Every rule, in the order of codes.
        pub static RULES: &[&Rule] = &[$(&$constant),*];
    };
}

rules! {
    SYNTAX_ERROR "P101" "syntax-error" Error "Something stands where the language expects something else";

    NOT_UTF8 "P151" "not-utf8" Error "The file is not text in UTF-8";
    NUL_BYTE "P152" "nul-byte" Error "The file holds a NUL byte";
    EMPTY_FILE "P153" "empty-file" Error "There is nothing in the file";
    BROKEN_IMPORT "P154" "broken-import" Error "An imported file cannot be read";
    IMPORT_CYCLE "P155" "import-cycle" Error "Files import each other in a circle";

    UNKNOWN_ALLOW "P801" "unknown-allow" Warning "A comment allows something that does not exist";
    UNUSED_ALLOW "P802" "unused-allow" Warning "A comment allows something that does not occur";
}

/// The rule of this name or code; codes in any case.
#[must_use]
pub fn by_name_or_code(text: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == text || rule.code.eq_ignore_ascii_case(text))
}
