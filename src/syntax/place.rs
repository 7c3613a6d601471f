//! The kinds of block, and the words that begin an item in each.

use super::grammar::Rule;

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    File,
    Vocabulary,
    Playbook,
    Variant,
    /// In the braces of `change stage … { … }` and the like.
    Changes,
    /// In `each service { … }` or a branch.
    Scope,
    Together,
    Stage,
    /// In `every … { … }` or the `together { … }` of a stage.
    Work,
    Test,
    Scenario,
    /// What happens, in a scenario.
    Dynamics,
    Objectives,
    Metadata,
    Declarations,
    Services,
    Links,
    Facts,
    History,
}

const FILE: &[&str] = &["import", "playbook", "vocabulary", "variant", "test", "property", "scenario"];
const VOCABULARY: &[&str] =
    &["roles", "motions", "events", "blockers", "services", "links", "facts", "param", "let", "calendar"];
const VARIANT: &[&str] = &[
    "add",
    "replace",
    "remove",
    "move",
    "change",
    "waive",
    "valid",
    "phase",
    "audience",
    "version",
    "owner",
    "source",
    "language",
    "for",
    "overview",
    "objectives",
    "metadata",
    "calendar",
    "history",
];
const CHANGES: &[&str] = &["add", "replace", "remove", "move", "change"];
const SCOPE: &[&str] =
    &["input", "output", "start", "stage", "end", "each", "together", "whenever", "on", "after", "then"];
const PLAYBOOK: &[&str] = &[
    "input",
    "output",
    "start",
    "stage",
    "end",
    "each",
    "together",
    "whenever",
    "on",
    "after",
    "then",
    "phase",
    "audience",
    "version",
    "owner",
    "source",
    "language",
    "next",
    "for",
    "overview",
    "objectives",
    "metadata",
    "roles",
    "motions",
    "events",
    "blockers",
    "services",
    "links",
    "facts",
    "param",
    "let",
    "calendar",
    "history",
    "uses",
];
const STAGE: &[&str] = &[
    "task", "step", "set", "together", "about", "motion", "link", "input", "output", "needs", "every", "first",
    "whenever", "on", "after", "->",
];
const WORK: &[&str] = &["task", "step", "set", "together"];
const TEST: &[&str] = &["customer", "expect", "until", "day"];
const SCENARIO: &[&str] =
    &["customers", "services", "task", "stage", "in", "after", "starts", "warm", "horizon", "role", "start"];
const DYNAMICS: &[&str] = &["blocker", "event", "with", "when"];

impl Place {
    /// The words that begin an item here; other items begin with a name, a text or a date.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Place::File => FILE,
            Place::Vocabulary => VOCABULARY,
            Place::Playbook => PLAYBOOK,
            Place::Variant => VARIANT,
            Place::Changes => CHANGES,
            Place::Scope => SCOPE,
            Place::Together => &["branch"],
            Place::Stage => STAGE,
            Place::Work => WORK,
            Place::Test => TEST,
            Place::Scenario => SCENARIO,
            Place::Dynamics => DYNAMICS,
            _ => &[],
        }
    }

    /// What the block is called.
    pub fn words_for_block(self) -> &'static str {
        match self {
            Place::File => "the file",
            Place::Vocabulary => "a vocabulary",
            Place::Playbook => "the playbook",
            Place::Variant => "a variant",
            Place::Changes => "the braces of `change`",
            Place::Scope => "a block or branch",
            Place::Together => "`together`",
            Place::Stage => "a stage",
            Place::Work => "a round or `together`",
            Place::Test => "a test",
            Place::Scenario => "a scenario",
            Place::Dynamics => "the braces of what happens in a scenario",
            Place::Objectives => "the objectives",
            Place::Metadata => "the metadata",
            Place::Declarations => "a list of names",
            Place::Services => "the services",
            Place::Links => "the links",
            Place::Facts => "the facts",
            Place::History => "the history",
        }
    }

    /// What an item here is called, as in "expected …".
    pub fn words_for_item(self) -> &'static str {
        match self {
            Place::File => "a playbook, variant, import, test, property or scenario",
            Place::Vocabulary => "a list of names, services, facts or links",
            Place::Playbook => "an item of the playbook, for example a stage or an end",
            Place::Variant => "`add`, `replace`, `remove`, `move`, `change` or `waive`",
            Place::Changes => "`add`, `replace`, `remove`, `move` or `change`",
            Place::Scope => "a stage, a transition or an end",
            Place::Together => "a branch",
            Place::Stage => "a task, a transition or another item of the stage",
            Place::Work => "a task, a step or `set`",
            Place::Test => "a customer, a day or `expect`",
            Place::Scenario => "an item of the scenario",
            Place::Dynamics => "a change of a fact, a blocker or an event",
            Place::Objectives => "a text in quotes",
            Place::Metadata => "a name and a text",
            Place::Declarations => "a name, with a text in quotes",
            Place::Services => "a service or a group",
            Place::Links => "a name and an address in quotes",
            Place::Facts => "a fact: its name, a colon and its type",
            Place::History => "a date",
        }
    }

    /// The rule that reads an item here and nothing after it.
    pub fn alone(self) -> Rule {
        match self {
            Place::File => Rule::alone_in_file,
            Place::Vocabulary => Rule::alone_in_vocabulary,
            Place::Playbook | Place::Scope => Rule::alone_in_playbook,
            Place::Variant | Place::Changes => Rule::alone_in_variant,
            Place::Together => Rule::alone_in_together,
            Place::Stage | Place::Work => Rule::alone_in_stage,
            Place::Test => Rule::alone_in_test,
            Place::Scenario => Rule::alone_in_scenario,
            Place::Dynamics => Rule::alone_in_dynamics,
            Place::Objectives => Rule::alone_in_objectives,
            Place::Metadata => Rule::alone_in_metadata,
            Place::Declarations => Rule::alone_in_declarations,
            Place::Services => Rule::alone_in_services,
            Place::Links => Rule::alone_in_links,
            Place::Facts => Rule::alone_in_facts,
            Place::History => Rule::alone_in_history,
        }
    }

    /// Whether the block is a list whose entries begin with a name, a text or a date.
    pub fn is_list(self) -> bool {
        self.words().is_empty()
    }

    /// Where an item that begins with this word belongs, for a word out of place.
    pub fn home(word: &str) -> Option<Place> {
        // The order is that of likelihood where a word is at home in several.
        [
            Place::Playbook,
            Place::Stage,
            Place::File,
            Place::Together,
            Place::Test,
            Place::Dynamics,
            Place::Scenario,
            Place::Variant,
        ]
        .into_iter()
        .find(|place| place.words().contains(&word))
    }

    /// Whether an item with this word can only stand further out: the block in hand was not closed.
    pub fn ends_before(self, word: &str) -> bool {
        let outer: &[&str] = match self {
            Place::File => &[],
            Place::Vocabulary | Place::Playbook | Place::Variant | Place::Test | Place::Scenario | Place::Dynamics => {
                FILE
            }
            Place::Changes => return FILE.contains(&word) || matches!(word, "waive" | "valid"),
            Place::Scope | Place::Together => {
                return FILE.contains(&word)
                    || matches!(word, "then" | "roles" | "services" | "facts" | "param" | "let" | "branch");
            }
            Place::Stage | Place::Work => {
                return FILE.contains(&word)
                    || matches!(
                        word,
                        "stage"
                            | "end"
                            | "start"
                            | "each"
                            | "then"
                            | "branch"
                            | "roles"
                            | "services"
                            | "facts"
                            | "param"
                            | "let"
                    );
            }
            _ => {
                return FILE.contains(&word)
                    || matches!(
                        word,
                        "stage"
                            | "end"
                            | "start"
                            | "each"
                            | "together"
                            | "roles"
                            | "services"
                            | "facts"
                            | "param"
                            | "let"
                            | "input"
                            | "output"
                            | "whenever"
                            | "after"
                            | "->"
                    );
            }
        };
        outer.contains(&word)
    }
}
