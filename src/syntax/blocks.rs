//! The walk through a file: each block item by item, each item with the rule of its first word.
//!
//! pest reads the items; the blocks around them are walked here, so that a mistake in one item leaves the rest of
//! its block, and the blocks around it, as they are.

mod variant;

use super::ast::*;
use super::grammar::{Grammar, Rule};
use super::place::Place;
use super::scan::{ERRORS, Scan, is_blank, is_word};
use super::tree::{Builder, Head, StatementsHead};
use crate::diagnostic::Diagnostic;
use crate::source::FileId;
use pest::Parser as _;
use pest::iterators::Pair;

/// The longest item in bytes: what is longer is no playbook, and would take much memory.
const ITEM: usize = 1 << 18;

/// A block that is being read.
#[derive(Clone, Copy)]
pub(super) struct Open {
    pub place: Place,
    /// What it is, for messages: "stage".
    pub what: &'static str,
    /// Where its head begins.
    pub head: usize,
    /// Where its items begin.
    pub start: usize,
}

/// Walks a text.
pub(super) struct Walk<'s> {
    pub text: &'s str,
    pub scan: &'s Scan,
    pub build: Builder<'s>,
    /// How far the text is read.
    pub at: usize,
    /// Where the last item began that was read whole, if the next could be its rest.
    pub last: Option<(usize, Place)>,
    /// How many `{` still lack a `}`, and the other way round.
    pub unclosed: usize,
    pub extra: usize,
    /// Too many mistakes: the rest is left alone.
    pub stopped: bool,
    pub errors: Vec<Diagnostic>,
}

impl<'s> Walk<'s> {
    pub fn new(text: &'s str, scan: &'s Scan, file: FileId) -> Walk<'s> {
        Walk {
            text,
            scan,
            build: Builder::new(text, scan, file),
            at: 0,
            last: None,
            unclosed: scan.unclosed,
            extra: scan.extra,
            stopped: false,
            errors: Vec::new(),
        }
    }

    /// Where the next token begins.
    pub fn skip(&self, mut at: usize) -> usize {
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            at += rest.len() - rest.trim_start_matches(is_blank).len();
            let rest = self.text.get(at..).unwrap_or_default();
            if !rest.starts_with("//") {
                return at;
            }
            at += rest.find('\n').unwrap_or(rest.len());
        }
    }

    /// The token at a place: a word, a text, `->`, or one character; empty at the end.
    pub fn token(&self, at: usize) -> &'s str {
        let rest = self.text.get(at..).unwrap_or_default();
        let Some(first) = rest.chars().next() else { return "" };
        let length = if is_word(first) {
            rest.find(|character| !is_word(character)).unwrap_or(rest.len())
        } else if first == '"' {
            string_length(rest)
        } else if rest.starts_with("->") {
            2
        } else {
            first.len_utf8()
        };
        rest.get(..length).unwrap_or_default()
    }

    /// Reads one item; where it cannot be read, says so and goes to the next.
    pub fn item(&mut self, rule: Rule, block: &Open) -> Option<Pair<'s, Rule>> {
        let start = self.at;
        let read = self.pair(rule);
        let reached = *read.as_ref().err().unwrap_or(&self.at);
        if self.is_cut_off(start, reached) {
            self.last = None;
            self.too_long(start);
            self.resume(start, reached, block);
            return None;
        }
        match read {
            Ok(pair) => {
                self.last = Some((start, block.place));
                Some(pair)
            }
            Err(at) => {
                self.last = None;
                self.refuse(start, at, block);
                self.resume(start, at, block);
                None
            }
        }
    }

    /// Reads a pair here, or says how far it could be read.
    fn pair(&mut self, rule: Rule) -> Result<Pair<'s, Rule>, usize> {
        let start = self.at;
        match Grammar::parse(rule, self.slice(start)) {
            Ok(mut pairs) => {
                let pair = pairs.next().ok_or(start)?;
                self.build.base = start;
                self.at = start + pair.as_span().end();
                Ok(pair)
            }
            Err(error) => Err(start + super::message::position(&error)),
        }
    }

    /// Whether an item was read up to where it was cut off for its length.
    fn is_cut_off(&self, start: usize, reached: usize) -> bool {
        let end = start + ITEM;
        end < self.text.len() && self.skip(reached + self.token(reached).len()) + 4 >= end
    }

    pub fn slice(&self, start: usize) -> &'s str {
        let mut end = self.text.len().min(start + ITEM);
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        self.text.get(start..end).unwrap_or_default()
    }

    /// Opens a block: reads its head, or as much of it as can be read.
    pub(super) fn open(
        &mut self,
        rule: Rule,
        what: &'static str,
        place: Place,
        outer: &Open,
    ) -> Option<(Option<Pair<'s, Rule>>, Open)> {
        let head = self.at;
        self.last = None;
        let pair = match self.pair(rule) {
            Ok(pair) => Some(pair),
            Err(at) => {
                self.refuse(head, at, outer);
                if !self.find_brace(head, at, place, outer) {
                    self.resume(head, at, outer);
                    return None;
                }
                None
            }
        };
        Some((pair, Open { place, what, head, start: self.at }))
    }

    /// A head of which only the name could be read.
    fn broken_head(&self, block: &Open) -> Head {
        let first = self.skip(block.head + self.token(block.head).len());
        let word = self.token(first);
        let name = Grammar::parse(Rule::name, word).ok().and_then(|mut pairs| pairs.next()).map(|pair| pair.as_str());
        let end = first + name.map_or(0, str::len);
        Head {
            name: name.map(|text| Name { text: text.to_owned(), span: self.build.at(first, end) }),
            span: self.build.at(block.head, end),
            ..Head::default()
        }
    }

    pub(super) fn head(&mut self, pair: Option<Pair<'s, Rule>>, block: &Open) -> Head {
        match pair {
            Some(pair) => self.build.head(pair),
            None => self.broken_head(block),
        }
    }

    pub(super) fn whole(&self, block: &Open) -> crate::source::Span {
        self.build.at(block.head, self.at)
    }

    pub fn file(&mut self) -> Vec<Item> {
        let block = Open { place: Place::File, what: "file", head: 0, start: 0 };
        let mut items = Vec::new();
        while !self.is_over(&block) {
            match self.token(self.at) {
                "import" => {
                    let pair = self.item(Rule::import, &block);
                    items.extend(pair.and_then(|pair| self.build.import(pair)).map(Item::Import));
                }
                "playbook" => items.extend(self.playbook(&block).map(Item::Playbook)),
                "vocabulary" => items.extend(self.vocabulary(&block).map(Item::Vocabulary)),
                "variant" => items.extend(self.variant(&block).map(Item::Variant)),
                "test" => items.extend(self.test(&block).map(Item::Test)),
                "property" => {
                    let pair = self.item(Rule::property, &block);
                    items.extend(pair.and_then(|pair| self.build.property(pair)).map(Item::Property));
                }
                "scenario" => items.extend(self.scenario(&block).map(Item::Scenario)),
                _ => self.stray(&block),
            }
        }
        items
    }

    fn playbook(&mut self, outer: &Open) -> Option<Playbook> {
        let (pair, block) = self.open(Rule::playbook_head, "playbook", Place::Playbook, outer)?;
        let head = self.head(pair, &block);
        let mut items = Vec::new();
        while !self.is_over(&block) {
            self.playbook_item(&block, &mut items);
        }
        items.shrink_to_fit();
        Some(Playbook {
            name: head.name.unwrap_or_default(),
            title: head.title,
            items,
            span: self.whole(&block),
            derived: None,
        })
    }

    pub fn playbook_item(&mut self, block: &Open, items: &mut Vec<PlaybookItem>) {
        let rule = match self.token(self.at) {
            "phase" | "audience" | "version" | "owner" | "source" | "language" => Rule::header,
            "next" => Rule::next,
            "for" => Rule::audience_rule,
            "overview" => Rule::overview,
            "param" => Rule::parameter,
            "let" => Rule::let_item,
            "calendar" => Rule::calendar,
            "uses" => Rule::uses,
            "objectives" => {
                let list =
                    self.list(Rule::objectives_head, "list of objectives", Place::Objectives, block, |walk, inner| {
                        walk.item(Rule::text, inner).map(|pair| walk.build.text(pair))
                    });
                return items.extend(list.map(|(open, list)| PlaybookItem::Objectives(self.whole(&open), list)));
            }
            "metadata" => {
                let list = self.list(Rule::metadata_head, "metadata", Place::Metadata, block, |walk, inner| {
                    walk.item(Rule::metadata_entry, inner).and_then(|pair| walk.build.metadata_entry(pair))
                });
                return items.extend(list.map(|(open, list)| PlaybookItem::Metadata(self.whole(&open), list)));
            }
            word @ ("roles" | "motions" | "events" | "blockers") => {
                let kind = match word {
                    "roles" => DeclarationKind::Roles,
                    "motions" => DeclarationKind::Motions,
                    "events" => DeclarationKind::Events,
                    _ => DeclarationKind::Blockers,
                };
                let what = match kind {
                    DeclarationKind::Roles => "list of roles",
                    DeclarationKind::Motions => "list of motions",
                    DeclarationKind::Events => "list of events",
                    DeclarationKind::Blockers => "list of blockers",
                };
                let list = self.list(Rule::declarations_head, what, Place::Declarations, block, |walk, inner| {
                    walk.item(Rule::declaration, inner).and_then(|pair| walk.build.declaration(pair))
                });
                return items
                    .extend(list.map(|(open, list)| PlaybookItem::Declarations(self.whole(&open), kind, list)));
            }
            "services" => {
                let list = self.list(Rule::services_head, "list of services", Place::Services, block, |walk, inner| {
                    let word = walk.token(walk.at);
                    if walk.token(walk.skip(walk.at + word.len())) == "=" {
                        walk.item(Rule::group, inner).and_then(|pair| walk.build.group(pair))
                    } else {
                        let pair = walk.item(Rule::declaration, inner);
                        pair.and_then(|pair| walk.build.declaration(pair)).map(ServiceEntry::Service)
                    }
                });
                return items.extend(list.map(|(open, list)| PlaybookItem::Services(self.whole(&open), list)));
            }
            "links" => {
                let list = self.list(Rule::links_head, "list of links", Place::Links, block, |walk, inner| {
                    walk.item(Rule::link_entry, inner).and_then(|pair| walk.build.link_entry(pair))
                });
                return items.extend(list.map(|(open, list)| PlaybookItem::Links(self.whole(&open), list)));
            }
            "facts" => {
                let of = self.skip(self.at + "facts".len());
                let whose = self.skip(of + self.token(of).len());
                let scope = if self.token(whose) == "each" { FactScope::Service } else { FactScope::Customer };
                let list = self.list(Rule::facts_head, "list of facts", Place::Facts, block, |walk, inner| {
                    walk.item(Rule::fact, inner).and_then(|pair| walk.build.fact(pair))
                });
                return items.extend(list.map(|(open, list)| PlaybookItem::Facts(self.whole(&open), scope, list)));
            }
            "history" => {
                let list = self.list(Rule::history_head, "history", Place::History, block, |walk, inner| {
                    walk.item(Rule::change, inner).and_then(|pair| walk.build.change(pair))
                });
                return items.extend(list.map(|(open, list)| PlaybookItem::History(self.whole(&open), list)));
            }
            _ => {
                return items.extend(self.scope_item(block).map(PlaybookItem::Flow));
            }
        };
        let pair = self.item(rule, block);
        items.extend(pair.and_then(|pair| self.build.playbook_item(pair)));
    }

    /// A block of entries of one kind.
    fn list<T>(
        &mut self,
        rule: Rule,
        what: &'static str,
        place: Place,
        outer: &Open,
        mut entry: impl FnMut(&mut Self, &Open) -> Option<T>,
    ) -> Option<(Open, Vec<T>)> {
        let (_, block) = self.open(rule, what, place, outer)?;
        let mut entries = Vec::new();
        while !self.is_over(&block) {
            let word = self.token(self.at);
            if self.begins_item(self.at, word, &block) || self.meant_as_entry(word) {
                entries.extend(entry(self, &block));
            } else {
                self.stray(&block);
            }
        }
        Some((block, entries))
    }

    fn scope_items(&mut self, block: &Open) -> Vec<ScopeItem> {
        let mut items = Vec::new();
        while !self.is_over(block) {
            items.extend(self.scope_item(block));
        }
        items.shrink_to_fit();
        items
    }

    pub(super) fn scope_item(&mut self, block: &Open) -> Option<ScopeItem> {
        let rule = match self.token(self.at) {
            "input" => Rule::input,
            "output" => Rule::output,
            "start" => Rule::start,
            "end" => Rule::end,
            "whenever" => Rule::whenever,
            "on" => Rule::on_event,
            "after" => Rule::after,
            "stage" => return self.stage(block).map(ScopeItem::Stage),
            "each" => return self.each_service(block).map(ScopeItem::Block),
            "together" => return self.together(block).map(ScopeItem::Block),
            _ => {
                self.stray(block);
                return None;
            }
        };
        let pair = self.item(rule, block)?;
        self.build.scope_item(pair)
    }

    fn each_service(&mut self, outer: &Open) -> Option<Block> {
        let (pair, block) = self.open(Rule::each_head, "block `each service`", Place::Scope, outer)?;
        let broken = pair.is_none();
        let head = self.head(pair, &block);
        let items = self.scope_items(&block);
        let (exits, end) = self.exits(outer);
        let name = head.name.filter(|_| !broken);
        let span = self.build.at(block.head, end);
        Some(Block { name, title: head.title, kind: BlockKind::EachService(items), exits, span, head: head.span })
    }

    fn together(&mut self, outer: &Open) -> Option<Block> {
        let (pair, block) = self.open(Rule::together_head, "block `together`", Place::Together, outer)?;
        let broken = pair.is_none();
        let head = self.head(pair, &block);
        let mut branches = Vec::new();
        while !self.is_over(&block) {
            if self.token(self.at) == "branch" {
                branches.extend(self.branch(&block));
            } else {
                self.stray(&block);
            }
        }
        let (exits, end) = self.exits(outer);
        let name = head.name.filter(|_| !broken);
        let span = self.build.at(block.head, end);
        Some(Block { name, title: head.title, kind: BlockKind::Together(branches), exits, span, head: head.span })
    }

    fn branch(&mut self, outer: &Open) -> Option<Branch> {
        let (pair, block) = self.open(Rule::branch_head, "branch", Place::Scope, outer)?;
        let head = self.head(pair, &block);
        let items = self.scope_items(&block);
        Some(Branch { name: head.name.unwrap_or_default(), title: head.title, items, span: self.whole(&block) })
    }

    /// What is written after a block: what interrupts it, and after `then` where it leads. Also where the last ends.
    fn exits(&mut self, outer: &Open) -> (Vec<Transition>, usize) {
        let mut exits: Vec<Transition> = Vec::new();
        let mut end = self.at;
        let mut then = None;
        loop {
            let next = self.skip(self.at);
            let rule = match self.token(next) {
                "whenever" => Rule::whenever,
                "on" => Rule::on_event,
                "after" => Rule::after,
                "->" if then.is_some() => Rule::completion,
                "then" if then.is_none() => Rule::then,
                _ => break,
            };
            self.at = next;
            let Some(pair) = self.item(rule, outer) else { continue };
            end = self.build.span(&pair).end as usize;
            if rule == Rule::then {
                then = Some(self.at);
            } else {
                exits.extend(self.build.transition(pair));
            }
        }
        if then == Some(self.at) && !self.stopped {
            self.nothing_after_then();
        }
        (exits, end)
    }

    fn stage(&mut self, outer: &Open) -> Option<Stage> {
        let (pair, block) = self.open(Rule::stage_head, "stage", Place::Stage, outer)?;
        let head = self.head(pair, &block);
        let mut items = Vec::new();
        while !self.is_over(&block) {
            items.extend(self.stage_item(&block));
        }
        items.shrink_to_fit();
        Some(Stage {
            name: head.name.unwrap_or_default(),
            title: head.title,
            roles: head.roles,
            services: head.services,
            items,
            span: self.whole(&block),
            head: head.span,
        })
    }

    pub(super) fn stage_item(&mut self, block: &Open) -> Option<StageItem> {
        let rule = match self.token(self.at) {
            "about" => Rule::about,
            "motion" => Rule::motion,
            "link" => Rule::link,
            "input" => Rule::input,
            "output" => Rule::output,
            "needs" => Rule::needs,
            "first" => Rule::first_match,
            "whenever" => Rule::whenever,
            "on" => Rule::on_event,
            "after" => Rule::after,
            "->" => Rule::completion,
            "every" => return self.cadence(block).map(|cadence| StageItem::Cadence(Box::new(cadence))),
            _ => return self.work_item(block).map(StageItem::Work),
        };
        let pair = self.item(rule, block)?;
        self.build.stage_item(pair)
    }

    fn work_items(&mut self, block: &Open) -> Vec<WorkItem> {
        let mut items = Vec::new();
        while !self.is_over(block) {
            items.extend(self.work_item(block));
        }
        items.shrink_to_fit();
        items
    }

    pub(super) fn work_item(&mut self, block: &Open) -> Option<WorkItem> {
        let rule = match self.token(self.at) {
            "task" => Rule::task,
            "step" => Rule::step,
            "set" => Rule::assignment,
            "together" => {
                let (_, inner) = self.open(Rule::parallel_head, "`together`", Place::Work, block)?;
                let items = self.work_items(&inner);
                return Some(WorkItem::Together(self.whole(&inner), items));
            }
            _ => {
                self.stray(block);
                return None;
            }
        };
        let pair = self.item(rule, block)?;
        self.build.work_item(pair)
    }

    fn cadence(&mut self, outer: &Open) -> Option<Cadence> {
        let (pair, block) = self.open(Rule::cadence_head, "cadence `every`", Place::Work, outer)?;
        let head = pair.map(|pair| self.build.cadence_head(pair));
        let items = self.work_items(&block);
        let head = head?;
        let span = self.whole(&block);
        Some(Cadence { period: head.period, name: head.name, limit: head.limit, items, span, head: head.span })
    }

    fn test(&mut self, outer: &Open) -> Option<Test> {
        let (pair, block) = self.open(Rule::test_head, "test", Place::Test, outer)?;
        let head = self.head(pair, &block);
        let mut items = Vec::new();
        while !self.is_over(&block) {
            let word = self.token(self.at);
            let rule = match word {
                "customer" => Rule::customer,
                "until" => Rule::until,
                "expect" => Rule::expectation,
                _ if self.begins_item(self.at, word, &block) => Rule::moment,
                _ => {
                    self.stray(&block);
                    continue;
                }
            };
            let pair = self.item(rule, &block);
            items.extend(pair.and_then(|pair| self.build.test_item(pair)));
        }
        let span = self.whole(&block);
        let title = head.title.map_or(Literal { text: String::new(), span: head.span }, |title| title.main);
        Some(Test { title, playbook: head.playbook, items, span })
    }

    fn scenario(&mut self, outer: &Open) -> Option<Scenario> {
        let (pair, block) = self.open(Rule::scenario_head, "scenario", Place::Scenario, outer)?;
        let head = self.head(pair, &block);
        let mut items = Vec::new();
        while !self.is_over(&block) {
            items.extend(self.scenario_item(&block));
        }
        Some(Scenario {
            name: head.name.unwrap_or_default(),
            playbook: head.playbook,
            text: head.title,
            items,
            span: self.whole(&block),
        })
    }

    fn scenario_item(&mut self, block: &Open) -> Option<ScenarioItem> {
        let word = self.token(self.at);
        let next = self.token(self.skip(self.at + word.len()));
        let rule = match word {
            "customers" if next != "~" && next != "," => Rule::cohort,
            "services" => Rule::service_odds,
            "stage" => Rule::stage_takes,
            "task" => self.task_rule(),
            "in" => return self.statements(Rule::dynamics_head, block),
            "after" => return self.statements(Rule::timed_head, block),
            "starts" if next != "~" && next != "," => Rule::starts,
            "warm" if next == "up" => Rule::warm_up,
            "horizon" if next != "~" && next != "," => Rule::horizon,
            "role" if next != "~" && next != "," => Rule::staffing,
            _ if next == "after" => return self.statements(Rule::timed_head, block),
            _ if self.begins_item(self.at, word, block) || self.meant_as_entry(word) => Rule::draw,
            _ => {
                self.stray(block);
                return None;
            }
        };
        let pair = self.item(rule, block)?;
        self.build.scenario_item(pair)
    }

    /// `task … takes` and `task … done with` begin alike.
    fn task_rule(&self) -> Rule {
        let mut at = self.at;
        for _ in 0..1_000 {
            at = self.skip(at + self.token(at).len());
            match self.token(at) {
                "done" => return Rule::task_odds,
                "," => {}
                word if word.starts_with(is_word) && !matches!(word, "takes" | "take") => {}
                _ => break,
            }
        }
        Rule::task_takes
    }

    fn statements(&mut self, rule: Rule, outer: &Open) -> Option<ScenarioItem> {
        let (pair, block) = self.open(rule, "list of what happens", Place::Dynamics, outer)?;
        let head = pair.and_then(|pair| self.build.statements_head(pair));
        let mut statements = Vec::new();
        while !self.is_over(&block) {
            let word = self.token(self.at);
            let rule = match word {
                "blocker" => Rule::blocker_statement,
                "event" => Rule::event_statement,
                "with" => Rule::with_statement,
                "when" => Rule::when_statement,
                _ if self.begins_item(self.at, word, &block) || self.meant_as_entry(word) => Rule::change_statement,
                _ => {
                    self.stray(&block);
                    continue;
                }
            };
            let pair = self.item(rule, &block);
            statements.extend(pair.and_then(|pair| self.build.statement(pair)));
        }
        let span = self.whole(&block);
        Some(match head? {
            StatementsHead::Dynamics(stages, moment) => ScenarioItem::Dynamics { stages, moment, statements, span },
            StatementsHead::Timed(service, delay, odds) => {
                ScenarioItem::Timed { service, delay, odds, statements, span }
            }
        })
    }

    /// Remembers a mistake, and stops after too many.
    pub fn error(&mut self, diagnostic: Diagnostic) {
        self.errors.push(diagnostic);
        if self.scan.problems.len() + self.errors.len() >= ERRORS {
            self.stopped = true;
        }
    }
}

/// How long the text at the beginning is, quotes included; one character where it is not closed.
fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            '\n' => break,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    1
}
