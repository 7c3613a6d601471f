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
    UNCLOSED_TEXT "P102" "unclosed-text" Error "A text has no closing quote on its line";
    MISSING_BRACE "P103" "missing-brace" Error "A block is not closed";
    NESTED_TOO_DEEPLY "P104" "nested-too-deeply" Error "Too many brackets are open at once";
    MIXED_AND_OR "P105" "mixed-and-or" Error "`and` and `or` stand in one condition without brackets";
    BAD_NUMBER "P106" "bad-number" Error "A number is too large or too fine";
    NO_SUCH_DAY "P107" "no-such-day" Error "There is no such day";
    BAD_ESCAPE "P108" "bad-escape" Error "A backslash in a text means nothing";

    NOT_UTF8 "P151" "not-utf8" Error "The file is not text in UTF-8";
    NUL_BYTE "P152" "nul-byte" Error "The file holds a NUL byte";
    EMPTY_FILE "P153" "empty-file" Error "There is nothing in the file";
    BROKEN_IMPORT "P154" "broken-import" Error "An imported file cannot be read";
    IMPORT_CYCLE "P155" "import-cycle" Error "Files import each other in a circle";
    UNREADABLE_FILE "P156" "unreadable-file" Error "A file or folder cannot be read";

    UNKNOWN_NAME "P201" "unknown-name" Error "A name is used that is declared nowhere";
    DUPLICATE_NAME "P202" "duplicate-name" Error "Two things have the same name";
    WRONG_TYPE "P203" "wrong-type" Error "A value of another kind belongs here";
    UNIT_MISMATCH "P204" "unit-mismatch" Error "Percent, plain numbers and lengths of time are mixed up";
    WRONG_SCOPE "P205" "wrong-scope" Error "Something of a service, stage or branch is spoken of where there is none";
    NOT_CONSTANT "P206" "not-constant" Error "A value that depends on the customer stands where a fixed one belongs";
    OUT_OF_RANGE "P207" "out-of-range" Error "A value lies outside the bounds declared for it";
    MISPLACED_DATE "P208" "misplaced-date" Error "A date is given where day 0 has none, or before it";
    BAD_DURATION "P209" "bad-duration" Error "A length of time is zero, negative or beyond all measure";
    TOO_FINE "P210" "too-fine" Error "A number has more decimals than were declared";
    MISSING_FLAG "P211" "missing-flag" Error "A task does not say whether it is mandatory or optional";
    MISSING_END_KIND "P212" "missing-end-kind" Error "An end does not say whether it is a success, neutral or a failure";
    TOO_MANY "P213" "too-many" Error "There are more services or values than a playbook can have";
    UNKNOWN_BLOCKER_KIND "P214" "unknown-blocker-kind" Error "A kind of blocker is declared nowhere";
    DRAW_OUTSIDE_SCENARIO "P215" "draw-outside-scenario" Error "Something is drawn at random outside a scenario";
    MISPLACED_TRANSITION "P216" "misplaced-transition" Error "A transition of this kind cannot stand here";
    CIRCULAR_DEFINITION "P217" "circular-definition" Error "Values are defined by each other in a circle";
    NEVER_SET "P218" "never-set" Warning "A fact is kept by the playbook, but no stage sets it";
    FIXED_FACT_SET "P219" "fixed-fact-set" Error "A stage sets a fact that never changes";
    WHICH_PLAYBOOK "P220" "which-playbook" Error "It is not clear which playbook a test, property or scenario speaks of";
    NOTHING_TO_CHANGE "P221" "nothing-to-change" Error "A variant speaks of something its base does not have";
    CONFLICTING_CHANGES "P222" "conflicting-changes" Error "Two operations of a variant touch one thing";
    BASE_CHANGED "P223" "base-changed" Error "A base has changed since its variant was written";
    AMBIGUOUS_CHANGE "P224" "ambiguous-change" Error "A variant names something its base has several of";
    OBLIGATION_DROPPED "P225" "obligation-dropped" Error "A variant drops what its base promises and does not say so";
    UNUSED_WAIVER "P226" "unused-waiver" Warning "Something is waived that the variant keeps";
    VARIANT_OF_ITSELF "P227" "variant-of-itself" Error "Variants are variants of each other in a circle";
    IDLE_CHANGE "P228" "idle-change" Warning "An operation of a variant changes nothing";
    MISPLACED_CHANGE "P229" "misplaced-change" Error "An operation of a variant puts something where it cannot stand";
    OVERLAPPING_VARIANTS "P230" "overlapping-variants" Note "Some customers belong to two variants of one base";
    CUSTOMERS_WITHOUT_VARIANT "P231" "customers-without-variant" Note "Some customers belong to no variant";
    ENDLESS_LIFECYCLE "P232" "endless-lifecycle" Error "Customers can go round from playbook to playbook for ever";
    MISSING_HANDOVER "P233" "missing-handover" Note "The next playbook asks on entry for something this one does not know";
    OUTDATED_VARIANT "P234" "outdated-variant" Warning "A variant is followed after the last day it is meant for";
    OUTSIDE_AUDIENCE "P235" "outside-audience" Note "A customer goes through a playbook that is not for them";

    OVERLAPPING_GUARDS "P301" "overlapping-guards" Error "Two transitions can be taken at the same moment";
    STUCK_CUSTOMER "P302" "stuck-customer" Error "No transition is for some customers, and nothing else moves them";
    DEAD_EXIT "P303" "dead-exit" Warning "A transition is never taken";
    REDUNDANT_CONDITION "P304" "redundant-condition" Warning "A part of a condition makes no difference";
    ALWAYS_TRUE "P305" "always-true" Warning "A condition is true for everybody";
    CONTRADICTORY_ASSUMPTIONS "P306" "contradictory-assumptions" Warning "Something is assumed or needed that nobody satisfies";
    VACUOUS_QUANTIFIER "P307" "vacuous-quantifier" Note "A condition about all services is true for a customer without any";
    BOUNDARY_GAP "P308" "boundary-gap" Warning "Conditions on both sides of a value leave the value itself out";

    NOT_DECIDED "P390" "not-decided" Note "A question about guards or properties was not decided";

    MISSING_START "P401" "missing-start" Error "A playbook, block or branch does not say where it starts";
    UNREACHABLE_STAGE "P402" "unreachable-stage" Warning "Nobody can get to a stage";
    DEAD_END "P403" "dead-end" Error "There is no way out of a stage or block";
    CYCLE_WITHOUT_EXIT "P404" "cycle-without-exit" Error "Stages lead to each other and never to an end";
    END_NEVER_REACHED "P405" "end-never-reached" Warning "No transition leads to an end";
    ONLY_FAILURE "P406" "only-failure" Warning "Everybody ends in failure";
    AFTER_OTHERWISE "P407" "after-otherwise" Error "A transition stands after `otherwise`";
    UNBOUNDED_WAIT "P408" "unbounded-wait" Warning "A stage may keep a customer for ever";
    UNBOUNDED_CADENCE "P409" "unbounded-cadence" Warning "Nothing ends the rounds of a stage";
    ZERO_TIME_LOOP "P410" "zero-time-loop" Error "Stages lead to each other without any time passing";
    LOOP_WITHOUT_BOUND "P411" "loop-without-bound" Note "Nothing says how often stages may follow each other";
    MANDATORY_AND_OPTIONAL "P412" "mandatory-and-optional" Warning "The same task is mandatory in one place and optional in another";
    TASK_NEVER_OFFERED "P413" "task-never-offered" Warning "A task is for services that never come to its stage";
    SERVICE_NOT_COVERED "P414" "service-not-covered" Warning "No stage is for a declared service";
    NO_SERVICES "P415" "no-services" Warning "There is a block for each service, but no service";
    UNUSED_DECLARATION "P416" "unused-declaration" Warning "Something is declared and never mentioned again";
    BROKEN_LINK "P417" "broken-link" Warning "A playbook is named that is not there";
    RESUME_NEVER_LEFT "P418" "resume-never-left" Warning "A stage is to be resumed that nobody can have left before";

    NO_WAY_TO_FINISH "P421" "no-way-to-finish" Error "Every way on from a stage needs what cannot be";
    JOIN_DEADLOCK "P422" "join-deadlock" Error "Something is waited for that never comes";
    OPEN_WORK_AT_END "P423" "open-work-at-end" Warning "A block is left for a success while mandatory work is open in it";
    MANDATORY_TASK_SKIPPABLE "P424" "mandatory-task-skippable" Warning "A success can be reached without a mandatory task";
    TASK_TWICE "P425" "task-twice" Warning "The same work is offered twice";
    LOOP_WITHOUT_PROGRESS "P426" "loop-without-progress" Error "What should end a loop is not changed by going round";
    BLOCKER_NEVER_CLEARED "P427" "blocker-never-cleared" Warning "A stage handles a blocker and does not say what follows";
    TIMER_NEVER_FIRES "P428" "timer-never-fires" Warning "A time limit never comes, or starts anew again and again";
    TRACK_RACE "P429" "track-race" Warning "What happens depends on which of two tracks comes first";
    READ_BEFORE_SET "P430" "read-before-set" Warning "A fact of the playbook is read where nothing has set it";
    DEAD_WRITE "P431" "dead-write" Warning "A fact is set and never read";
    OUTPUT_NOT_MET "P432" "output-not-met" Warning "A success can be reached although a key output is not met";
    NEXT_INPUT_NOT_MET "P433" "next-input-not-met" Warning "Somebody goes on into a playbook whose key input they do not meet";
    NEXT_INPUT_NEVER_MET "P434" "next-input-never-met" Error "Nobody who goes on into a playbook meets its key input";
    COLLIDING_RULES "P435" "colliding-rules" Error "Two stages demand opposite things of one customer";

    BAD_JSON "P501" "bad-json" Error "A customer or timeline is not JSON";
    BAD_CSV "P502" "bad-csv" Error "A table of customers is not CSV";
    UNKNOWN_FIELD "P503" "unknown-field" Error "A customer or timeline says something nobody declared";
    WRONG_VALUE "P504" "wrong-value" Error "A value does not fit what it is given for";
    DUPLICATE_FIELD "P505" "duplicate-field" Error "A customer or timeline says the same thing twice";
    DUPLICATE_CUSTOMER "P506" "duplicate-customer" Error "Two customers have the same id";
    PERCENT_OR_FRACTION "P507" "percent-or-fraction" Note "All values of a percent lie between 0 and 1";
    INCOMPLETE_LINE "P511" "incomplete-line" Error "A line of a timeline does not say when, or what";
    UNDATED_CUSTOMER "P512" "undated-customer" Error "A timeline speaks of dates, and the customer has no start";
    IMPOSSIBLE_LINE "P513" "impossible-line" Error "A line of a timeline says what cannot be";
    IDLE_LINE "P514" "idle-line" Warning "A line of a timeline makes no difference";

    MERGE_CONFLICT "P551" "merge-conflict" Error "A page has marks of a merge that was not finished";
    GLUED_ROWS "P552" "glued-rows" Warning "Two rows of a table stand on one line of a page";
    ODD_ROW "P553" "odd-row" Warning "A row of a table on a page does not fit its head";
    UNCLEAR_FLAG "P554" "unclear-flag" Warning "A row of a page does not say whether its task is mandatory";
    UNREAD_ROW "P555" "unread-row" Warning "A row with a number on a page was not taken for a task";
    REPEATED_TASK "P556" "repeated-task" Warning "A task stands on a page twice";
    TASK_OUTSIDE_SERVICES "P557" "task-outside-services" Warning "A task is for services its step does not apply to";
    UNKNOWN_ROLE "P558" "unknown-role" Note "A page names a role that is not known";
    UNKNOWN_SERVICE "P559" "unknown-service" Note "A page names a service that is not known";
    ODD_LABEL "P560" "odd-label" Warning "A label of a page is broken, or runs into another";
    MISPLACED_HEADING "P561" "misplaced-heading" Warning "A heading of a page is out of place, or misspelt";
    REPEATED_SECTION "P562" "repeated-section" Warning "A page has a section twice";
    MISSING_SECTION "P563" "missing-section" Note "A page lacks something every page has";
    BAD_FRONT_MATTER "P564" "bad-front-matter" Warning "The front matter of a page is not well formed";
    IMPOSSIBLE_DATE "P565" "impossible-date" Warning "A date on a page cannot be";
    UNORDERED_HISTORY "P566" "unordered-history" Warning "The change history of a page is out of order";
    NO_PROCESS "P567" "no-process" Note "A page describes no process";
    UNKNOWN_LANGUAGE "P568" "unknown-language" Note "A page says too little to tell its language";
    MISSING_PAGE "P571" "missing-page" Warning "A page links to one that is not there";
    ISOLATED_PROCESS "P572" "isolated-process" Warning "No page leads to a process, and it leads to none";
    UNREACHABLE_PROCESS "P573" "unreachable-process" Warning "No page leads to a process or to its phase";
    DEAD_END_PROCESS "P574" "dead-end-process" Warning "A process names none that follows";
    DIFFERING_TASK "P575" "differing-task" Warning "Two pages say different things about one task";
    TRANSLATION_DRIFT "P576" "translation-drift" Warning "A translation says something else than its original";

    UNKNOWN_DISTRIBUTION "P601" "unknown-distribution" Error "A scenario draws from a distribution that does not exist";
    WRONG_ARGUMENT "P602" "wrong-argument" Error "A distribution is given values it has no place for, or lacks one";
    IMPOSSIBLE_PARAMETER "P603" "impossible-parameter" Error "A scenario assumes what cannot be";
    SCENARIO_CONFLICT "P604" "scenario-conflict" Error "A scenario says two things about one thing";
    MISPLACED_DRAW "P605" "misplaced-draw" Error "Something is drawn where a plain condition or plain odds belong";
    NO_SUCH_WORK "P606" "no-such-work" Error "A scenario times work that a stage does not have";
    // P607 is retired: it said that limited people were not simulated.
    ASSUMPTION_MISSING "P608" "assumption-missing" Note "A scenario leaves a fact unknown that the playbook looks at";
    IDLE_STAFFING "P613" "idle-staffing" Warning "A scenario staffs a role that no task waits for";
    NOBODY_FOR_SERVICE "P614" "nobody-for-service" Error "A task needs people who know its service, and there are none";
    UNDATED_SCENARIO "P615" "undated-scenario" Error "A scenario speaks of dates and does not say when it starts";
    IDLE_ASSUMPTION "P616" "idle-assumption" Warning "A scenario assumes something that can change nothing";

    FAILING_TEST "P701" "failing-test" Error "A test expects something else than what happens";
    PROPERTY_VIOLATED "P702" "property-violated" Error "A journey breaks a property";
    CANNOT_FINISH "P704" "cannot-finish" Error "A customer can come to where no way leads to an end";
    WAITS_FOR_EVER "P705" "waits-for-ever" Warning "A customer may wait for ever though everybody does their part";
    NEVER_ENTERED "P706" "never-entered" Warning "No customer ever comes to a stage";

    UNKNOWN_ALLOW "P801" "unknown-allow" Warning "A comment allows something that does not exist";
    UNUSED_ALLOW "P802" "unused-allow" Warning "A comment allows something that does not occur";
}

/// The rule of this name or code; codes in any case.
#[must_use]
pub fn by_name_or_code(text: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == text || rule.code.eq_ignore_ascii_case(text))
}
