//! The walk through variants and vocabularies.

use super::super::ast::*;
use super::super::grammar::Rule;
use super::super::place::Place;
use super::{Open, Walk};
use crate::diagnostic::{Diagnostic, SYNTAX_ERROR};
use crate::source::Span;

/// Among what operations stand, and so what can be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Playbook,
    Scope,
    Stage,
    Work,
    Exits,
}

impl Walk<'_> {
    pub fn vocabulary(&mut self, outer: &Open) -> Option<Vocabulary> {
        let (pair, block) = self.open(Rule::vocabulary_head, "vocabulary", Place::Vocabulary, outer)?;
        let head = self.head(pair, &block);
        let mut items = Vec::new();
        while !self.is_over(&block) {
            if Place::Vocabulary.words().contains(&self.token(self.at)) {
                self.playbook_item(&block, &mut items);
            } else {
                self.stray(&block);
            }
        }
        Some(Vocabulary { name: head.name.unwrap_or_default(), title: head.title, items, span: self.whole(&block) })
    }

    pub fn variant(&mut self, outer: &Open) -> Option<Variant> {
        let (pair, block) = self.open(Rule::variant_head, "variant", Place::Variant, outer)?;
        let head = pair.map(|pair| self.build.variant_head(pair));
        let (mut about, mut valid_until, mut waivers, mut operations) = (Vec::new(), None, Vec::new(), Vec::new());
        while !self.is_over(&block) {
            match self.token(self.at) {
                "valid" => {
                    let pair = self.item(Rule::valid, &block);
                    valid_until = pair.and_then(|pair| self.build.valid(pair)).or(valid_until);
                }
                "waive" => {
                    let pair = self.item(Rule::waive, &block);
                    waivers.extend(pair.and_then(|pair| self.build.waiver(pair)));
                }
                word if Place::Changes.words().contains(&word) => {
                    operations.extend(self.operation(&block, Level::Playbook));
                }
                word if Place::Variant.words().contains(&word) => self.playbook_item(&block, &mut about),
                _ => self.stray(&block),
            }
        }
        // Without its base nothing can be said about it.
        let head = head?;
        let span = self.whole(&block);
        Some(Variant {
            name: head.name,
            title: head.title,
            base: head.base,
            pin: head.pin,
            about,
            valid_until,
            waivers,
            operations,
            span,
            head: head.span,
        })
    }

    fn operation(&mut self, block: &Open, level: Level) -> Option<Operation> {
        let start = self.at;
        let word = self.token(start);
        let next = self.token(self.skip(start + word.len()));
        match (word, next) {
            ("add", _) => {
                let head = self.item(Rule::add_head, block)?;
                let position = self.build.add_head(head);
                let added = self.added(block, level)?;
                self.finished(start, OperationKind::Add(position, Box::new(added)), None)
            }
            ("replace", _) => {
                let head = self.item(Rule::replace_head, block)?;
                let (part, was) = self.build.part_and_was(head);
                let added = self.added(block, level)?;
                self.finished(start, OperationKind::Replace(part?, Box::new(added)), was)
            }
            ("remove", _) => {
                let pair = self.item(Rule::remove, block)?;
                let (part, was) = self.build.part_and_was(pair);
                self.finished(start, OperationKind::Remove(part?), was)
            }
            ("move", _) => {
                let pair = self.item(Rule::move_part, block)?;
                let (part, position) = self.build.move_part(pair);
                self.finished(start, OperationKind::Move(part?, position?), None)
            }
            (_, "stage") => self.within(Rule::change_stage, Level::Stage, block),
            (_, "each" | "together") => self.within(Rule::change_block, Level::Scope, block),
            (_, "branch") => self.within(Rule::change_branch, Level::Scope, block),
            (_, "exits") => self.within(Rule::change_exits, Level::Exits, block),
            (_, "every") => self.within(Rule::change_every, Level::Work, block),
            _ => {
                let pair = self.item(Rule::change_item, block)?;
                let (change, was) = self.build.amendment(pair);
                self.finished(start, OperationKind::Change(Box::new(change?)), was)
            }
        }
    }

    /// Up to where the text is read.
    fn from(&self, start: usize) -> Span {
        self.build.at_last_token(start, self.at)
    }

    #[expect(clippy::unnecessary_wraps, reason = "as its callers give it on")]
    fn finished(&self, start: usize, kind: OperationKind, was: Option<Was>) -> Option<Operation> {
        Some(Operation { kind, was, span: self.from(start) })
    }

    /// What stands after `add` or `with`.
    fn added(&mut self, block: &Open, level: Level) -> Option<Added> {
        self.at = self.skip(self.at);
        let word = self.token(self.at);
        if matches!(word, "" | "}") {
            let span = self.build.at(self.at, self.at + word.len());
            let what = if word.is_empty() { "the file ends where" } else { "`}` cannot stand here:" };
            self.error(Diagnostic::new(&SYNTAX_ERROR, span, format!("{what} what is added is expected")));
            return None;
        }
        match level {
            Level::Playbook if matches!(word, "task" | "step" | "needs" | "every" | "->") => {
                self.stage_item(block).map(Added::Stage)
            }
            Level::Playbook => {
                let allowed = Place::Playbook.words().contains(&word)
                    && !Place::Variant.words().contains(&word)
                    && !matches!(word, "then" | "uses");
                if !allowed {
                    self.stray(block);
                    return None;
                }
                let mut items = Vec::new();
                self.playbook_item(block, &mut items);
                items.pop().map(Added::Playbook)
            }
            Level::Scope => self.scope_item(block).map(|item| Added::Playbook(PlaybookItem::Flow(item))),
            Level::Stage => self.stage_item(block).map(Added::Stage),
            Level::Work => self.work_item(block).map(|item| Added::Stage(StageItem::Work(item))),
            Level::Exits => {
                let rule = match word {
                    "whenever" => Rule::whenever,
                    "on" => Rule::on_event,
                    "after" => Rule::after,
                    "->" => Rule::completion,
                    _ => {
                        self.stray(block);
                        return None;
                    }
                };
                let pair = self.item(rule, block)?;
                self.build.transition(pair).map(Added::Exit)
            }
        }
    }

    /// `change stage NAME …`, and what stands in braces after it.
    fn within(&mut self, rule: Rule, level: Level, block: &Open) -> Option<Operation> {
        let start = self.at;
        let pair = self.item(rule, block)?;
        let (container, change, was) = self.build.within(pair)?;
        let mut operations = Vec::new();
        let brace = self.skip(self.at);
        if self.token(brace) == "{" {
            self.at = brace;
            let (_, mut inner) = self.open(Rule::operations_head, "list of changes", Place::Changes, block)?;
            inner.head = start;
            while !self.is_over(&inner) {
                if Place::Changes.words().contains(&self.token(self.at)) {
                    operations.extend(self.operation(&inner, level));
                } else {
                    self.stray(&inner);
                }
            }
        }
        let within = Within { container, change, operations };
        self.finished(start, OperationKind::Within(Box::new(within)), was)
    }
}
