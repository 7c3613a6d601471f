//! Where the lines of a variant begin.

use super::{Kind, Reader, way_kind};
use crate::source::Span;
use crate::syntax::ast::*;

impl Reader<'_, '_> {
    pub(super) fn variant(&mut self, variant: &Variant) {
        self.line(variant.span, Kind::Top);
        variant.about.iter().for_each(|item| self.playbook_item(item));
        if let Some((_, date)) = &variant.valid_until {
            // The words `valid until` stand before the date.
            let valid = self.within(Span { start: 0, ..*date }).len().checked_sub(2);
            let start = valid.and_then(|index| self.tokens.get(index)).map(|token| token.start);
            self.starts.lines.extend(start.map(|start| (start, (Kind::Plain, 0))));
        }
        variant.waivers.iter().for_each(|waiver| self.plain(waiver.span));
        variant.operations.iter().for_each(|operation| self.operation(operation));
    }

    fn operation(&mut self, operation: &Operation) {
        self.plain(operation.span);
        match &operation.kind {
            OperationKind::Add(_, added) | OperationKind::Replace(_, added) => self.added(added),
            OperationKind::Remove(_) | OperationKind::Move(..) => {}
            OperationKind::Change(change) => self.amendment(change),
            OperationKind::Within(within) => {
                within.change.iter().for_each(|change| self.amendment(change));
                within.operations.iter().for_each(|operation| self.operation(operation));
            }
        }
        for part in operation.was.iter().flat_map(|was| &was.parts) {
            match part {
                WasPart::When(expr) | WasPart::Due(expr) | WasPart::AtMost(expr) | WasPart::Value(expr) => {
                    self.expr(expr)
                }
                WasPart::Way(way) => self.transition(way),
                _ => {}
            }
        }
    }

    /// What is added goes on with the line of `add` or `replace`.
    fn added(&mut self, added: &Added) {
        let start = match added {
            Added::Playbook(item) => {
                self.playbook_item(item);
                item.span().start
            }
            Added::Stage(item) => {
                self.stage_item(item);
                item.span().start
            }
            Added::Exit(way) => {
                self.line(way.span, if way_kind(way) { Kind::Way } else { Kind::Plain });
                self.transition(way);
                way.span.start
            }
        };
        self.starts.lines.remove(&(start as usize));
    }

    fn amendment(&mut self, change: &Amendment) {
        let to = &change.to;
        [&to.value, &to.due, &to.limit].into_iter().flatten().for_each(|expr| self.expr(expr));
        self.range(to.range.as_ref());
        to.transition.iter().for_each(|way| self.transition(way));
        // A type has a blank before its colon.
        if let (Some(kind), PartKind::Declared(_, name)) = (&to.kind, &change.part.kind) {
            debug_assert!(kind.span.start > name.span.start);
            self.type_colon(name);
        }
    }
}
