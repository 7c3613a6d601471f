//! Where lines begin, and what the tree says about blanks between tokens.

mod variant;

use super::tokens::Token;
use crate::source::Span;
use crate::syntax::ast::*;
use std::collections::{BTreeMap, BTreeSet};

/// What a line holds, as far as its layout depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A playbook, test or scenario.
    Top,
    /// An import or property.
    TopLine,
    /// `phase`, `version`, …
    Header,
    /// A fact of a list.
    Fact,
    /// A transition of `->`, also with the `start` or `then` before it.
    Way,
    /// `NAME ~ …`, `task … takes …` in a scenario.
    Draw,
    /// Anything else.
    Plain,
}

/// What is known of a text by its tree.
#[derive(Debug, Default)]
pub(super) struct Starts {
    /// Where a line begins: what it holds, and how far in it stands below the line before it.
    pub lines: BTreeMap<usize, (Kind, usize)>,
    /// Where the name of a function ends: its bracket stands close.
    pub calls: BTreeSet<usize>,
    /// Where a minus belongs to what follows.
    pub minus: BTreeSet<usize>,
    /// Where the colon of a type stands: it has a blank before it.
    pub type_colons: BTreeSet<usize>,
}

struct Reader<'t, 's> {
    tokens: &'t [Token<'s>],
    starts: Starts,
}

/// Reads the tree.
pub(super) fn starts(file: &File, tokens: &[Token<'_>]) -> Starts {
    let mut reader = Reader { tokens, starts: Starts::default() };
    for item in &file.items {
        reader.item(item);
    }
    reader.starts
}

impl Reader<'_, '_> {
    fn line(&mut self, span: Span, kind: Kind) {
        self.starts.lines.insert(span.start as usize, (kind, 0));
    }

    fn plain(&mut self, span: Span) {
        self.line(span, Kind::Plain);
    }

    /// A line below the first of its kind, which begins after a word.
    fn below(&mut self, span: Span, kind: Kind, word: &str) {
        self.starts.lines.insert(span.start as usize, (kind, word.len() + 1));
    }

    /// The tokens in a span.
    fn within(&self, span: Span) -> &[Token<'_>] {
        let from = self.tokens.partition_point(|token| token.start < span.start as usize);
        let to = self.tokens.partition_point(|token| token.start < span.end as usize);
        self.tokens.get(from..to).unwrap_or_default()
    }

    /// The token just before a place.
    fn before(&self, at: Span) -> Option<Token<'_>> {
        let index = self.tokens.partition_point(|token| token.start < at.start as usize).checked_sub(1)?;
        self.tokens.get(index).copied()
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Import(item) => self.line(item.span, Kind::TopLine),
            Item::Playbook(item) => {
                self.line(item.span, Kind::Top);
                item.items.iter().for_each(|item| self.playbook_item(item));
            }
            Item::Vocabulary(item) => {
                self.line(item.span, Kind::Top);
                item.items.iter().for_each(|item| self.playbook_item(item));
            }
            Item::Variant(item) => self.variant(item),
            Item::Test(item) => {
                self.line(item.span, Kind::Top);
                item.items.iter().for_each(|item| self.test_item(item));
            }
            Item::Property(item) => {
                self.line(item.span, Kind::TopLine);
                self.claim(&item.claim);
                for assumption in &item.assumptions {
                    match assumption {
                        Assumption::AtMost(expr, _) | Assumption::Condition(expr) => self.expr(expr),
                        Assumption::TasksMeetDue(_) => {}
                    }
                }
            }
            Item::Scenario(item) => {
                self.line(item.span, Kind::Top);
                item.items.iter().for_each(|item| self.scenario_item(item));
            }
        }
    }

    fn playbook_item(&mut self, item: &PlaybookItem) {
        match item {
            PlaybookItem::Property(span, _) => self.line(*span, Kind::Header),
            PlaybookItem::Next(next) => self.line(next.span, Kind::Header),
            PlaybookItem::Audience(span, expr) => {
                self.plain(*span);
                self.expr(expr);
            }
            PlaybookItem::Overview(span, _) => self.plain(*span),
            PlaybookItem::Objectives(span, list) => {
                self.plain(*span);
                list.iter().for_each(|text| self.plain(text.main.span));
            }
            PlaybookItem::Metadata(span, list) => {
                self.plain(*span);
                list.iter().for_each(|entry| self.plain(entry.key.span));
            }
            PlaybookItem::Declarations(span, _, list) => {
                self.plain(*span);
                list.iter().for_each(|entry| self.plain(entry.name.span));
            }
            PlaybookItem::Services(span, list) => {
                self.plain(*span);
                for entry in list {
                    match entry {
                        ServiceEntry::Service(service) => self.plain(service.name.span),
                        ServiceEntry::Group(name, _) => self.plain(name.span),
                    }
                }
            }
            PlaybookItem::Links(span, list) => {
                self.plain(*span);
                list.iter().for_each(|entry| self.plain(entry.name.span));
            }
            PlaybookItem::Facts(span, _, facts) => {
                self.plain(*span);
                for fact in facts {
                    self.line(fact.span, Kind::Fact);
                    self.type_colon(&fact.name);
                    self.range(fact.range.as_ref());
                    fact.default.iter().for_each(|expr| self.expr(expr));
                }
            }
            PlaybookItem::Parameter(item) => {
                self.plain(item.span);
                self.type_colon(&item.name);
                self.range(item.range.as_ref());
                self.expr(&item.value);
            }
            PlaybookItem::Let(item) => {
                self.plain(item.span);
                self.expr(&item.value);
            }
            PlaybookItem::Calendar(item) => {
                self.plain(item.span);
                let words: Vec<usize> = self
                    .within(item.span)
                    .iter()
                    .filter(|token| matches!(token.text, "zone" | "hours" | "holidays"))
                    .map(|token| token.start)
                    .collect();
                self.starts.lines.extend(words.into_iter().map(|start| (start, (Kind::Plain, 0))));
            }
            PlaybookItem::History(span, list) => {
                self.plain(*span);
                list.iter().for_each(|change| self.plain(change.span));
            }
            PlaybookItem::Uses(item) => self.plain(item.span),
            PlaybookItem::Flow(item) => self.scope_item(item),
        }
    }

    fn type_colon(&mut self, name: &Name) {
        let after = self.tokens.partition_point(|token| token.start < name.span.end as usize);
        self.starts.type_colons.extend(self.tokens.get(after).map(|token| token.start));
    }

    fn range(&mut self, range: Option<&(Expr, Expr)>) {
        if let Some((low, high)) = range {
            self.expr(low);
            self.expr(high);
        }
    }

    fn scope_item(&mut self, item: &ScopeItem) {
        match item {
            ScopeItem::Input(clause) | ScopeItem::Output(clause) => self.clause(clause),
            ScopeItem::Start(span, ways) => {
                self.line(*span, Kind::Way);
                self.ways(ways, "start");
            }
            ScopeItem::Stage(stage) => {
                self.plain(stage.span);
                stage.items.iter().for_each(|item| self.stage_item(item));
            }
            ScopeItem::End(end) => {
                self.plain(end.span);
                end.continues_limit.iter().for_each(|limit| self.expr(limit));
            }
            ScopeItem::Transition(way) => {
                self.plain(way.span);
                self.transition(way);
            }
            ScopeItem::Block(block) => {
                self.plain(block.span);
                match &block.kind {
                    BlockKind::EachService(items) => items.iter().for_each(|item| self.scope_item(item)),
                    BlockKind::Together(branches) => {
                        for branch in branches {
                            self.plain(branch.span);
                            branch.items.iter().for_each(|item| self.scope_item(item));
                        }
                    }
                }
                self.exits(block);
            }
        }
    }

    /// The exits of a block: lines of their own before `then`, below each other after it.
    fn exits(&mut self, block: &Block) {
        let after_items = match &block.kind {
            BlockKind::EachService(items) => items.last().map(scope_end),
            BlockKind::Together(branches) => branches.last().map(|branch| branch.span.end),
        };
        let from = Span { start: after_items.unwrap_or(block.head.end), ..block.span };
        let then = self.within(from).iter().find(|token| token.text == "then").map(|token| token.start);
        if let Some(then) = then {
            self.starts.lines.insert(then, (Kind::Way, 0));
        }
        for exit in &block.exits {
            match then.filter(|then| *then < exit.span.start as usize) {
                Some(_) => self.way(exit, "then"),
                None => {
                    self.plain(exit.span);
                    self.transition(exit);
                }
            }
        }
    }

    fn ways(&mut self, ways: &[Transition], word: &str) {
        ways.iter().for_each(|way| self.way(way, word));
    }

    /// The first way stands on the line of its word, further ones below it.
    fn way(&mut self, way: &Transition, word: &str) {
        if self.before(way.span).is_none_or(|before| before.text != word) {
            let kind = if way_kind(way) { Kind::Way } else { Kind::Plain };
            self.below(way.span, kind, word);
        }
        self.transition(way);
    }

    fn clause(&mut self, clause: &Clause) {
        self.plain(clause.span);
        clause.condition.iter().for_each(|expr| self.expr(expr));
    }

    fn stage_item(&mut self, item: &StageItem) {
        match item {
            StageItem::About(span, _)
            | StageItem::Motion(span, _)
            | StageItem::Link(span, _)
            | StageItem::FirstMatch(span) => {
                self.plain(*span);
            }
            StageItem::Input(clause) | StageItem::Output(clause) => self.clause(clause),
            StageItem::Needs(needs) => {
                self.plain(needs.span);
                self.expr(&needs.condition);
            }
            StageItem::Work(item) => self.work_item(item),
            StageItem::Cadence(cadence) => {
                self.plain(cadence.span);
                self.expr(&cadence.period);
                cadence.limit.iter().for_each(|expr| self.expr(expr));
                cadence.items.iter().for_each(|item| self.work_item(item));
            }
            StageItem::Transition(way) => {
                self.line(way.span, if way_kind(way) { Kind::Way } else { Kind::Plain });
                self.transition(way);
            }
        }
    }

    fn work_item(&mut self, item: &WorkItem) {
        match item {
            WorkItem::Task(task) => {
                self.plain(task.span);
                task.when.iter().chain(&task.due).for_each(|expr| self.expr(expr));
            }
            WorkItem::Step(step) => self.plain(step.span),
            WorkItem::Set(assignment) => {
                self.plain(assignment.span);
                self.expr(&assignment.value);
            }
            WorkItem::Together(span, items) => {
                self.plain(*span);
                items.iter().for_each(|item| self.work_item(item));
            }
        }
    }

    fn transition(&mut self, way: &Transition) {
        match &way.trigger {
            Trigger::Completion(Some(expr))
            | Trigger::Whenever(expr)
            | Trigger::On(_, Some(expr))
            | Trigger::After(expr) => {
                self.expr(expr);
            }
            Trigger::Completion(None) | Trigger::Otherwise | Trigger::On(_, None) | Trigger::AfterLastRound(_) => {}
        }
        way.limit.iter().for_each(|expr| self.expr(expr));
    }

    fn test_item(&mut self, item: &TestItem) {
        match item {
            TestItem::Customer(span, fields) => {
                self.plain(*span);
                fields.iter().for_each(|field| self.customer_field(field));
            }
            TestItem::Moment(moment) => {
                self.plain(moment.span);
                match &moment.action {
                    Action::Facts { fields, .. } | Action::Added(fields) => self.fields(fields),
                    _ => {}
                }
            }
            TestItem::Until(span, _) => self.plain(*span),
            TestItem::Expect(expectation) => {
                self.plain(expectation.span);
                match &expectation.kind {
                    ExpectationKind::Ends(_, _, Some(expr)) | ExpectationKind::That(expr) => self.expr(expr),
                    _ => {}
                }
            }
        }
    }

    fn customer_field(&mut self, field: &CustomerField) {
        match field {
            CustomerField::Fact(field) => self.fields(std::slice::from_ref(field)),
            CustomerField::Start(span, _) => self.plain(*span),
            CustomerField::Id(literal) => {
                // The word `id` before the text.
                let word = self.before(literal.span).map(|word| word.start);
                self.starts.lines.extend(word.map(|start| (start, (Kind::Plain, 0))));
            }
            CustomerField::Services(span, services) => {
                self.plain(*span);
                for (index, service) in services.iter().enumerate() {
                    if index > 0 {
                        self.below(service.service.span, Kind::Plain, "services");
                    }
                    self.fields(&service.fields);
                }
            }
        }
    }

    fn fields(&mut self, fields: &[Field]) {
        for field in fields {
            self.plain(field.span);
            self.expr(&field.value);
        }
    }

    fn claim(&mut self, claim: &Claim) {
        match claim {
            Claim::Never(what, when) | Claim::Always(what, when) => {
                self.expr(what);
                when.iter().for_each(|expr| self.expr(expr));
            }
            Claim::Before(first, second) => {
                self.occurrence(first);
                self.occurrence(second);
            }
            Claim::Eventually(what, within) => {
                self.occurrence(what);
                within.iter().for_each(|expr| self.expr(expr));
            }
            Claim::AtMost(what, times) => {
                self.occurrence(what);
                self.expr(times);
            }
            Claim::Followed(first, second, within) => {
                self.occurrence(first);
                self.occurrence(second);
                within.iter().for_each(|expr| self.expr(expr));
            }
        }
    }

    fn occurrence(&mut self, occurrence: &Occurrence) {
        if let Occurrence::Condition(expr) = occurrence {
            self.expr(expr);
        }
    }

    fn scenario_item(&mut self, item: &ScenarioItem) {
        match item {
            ScenarioItem::Customers { count, arrival, span } => {
                self.plain(*span);
                self.expr(count);
                match arrival {
                    Some(Arrival::Poisson(over) | Arrival::Evenly(over)) => self.expr(over),
                    Some(Arrival::Rates { rates, .. }) => rates.iter().for_each(|(_, over)| self.expr(over)),
                    None => {}
                }
            }
            ScenarioItem::Services { each, odds, span, .. } => {
                self.line(*span, Kind::Draw);
                each.iter().chain(odds.iter().map(|(_, odds)| odds)).for_each(|expr| self.expr(expr));
            }
            ScenarioItem::Draw { value: expr, span, .. }
            | ScenarioItem::TaskTakes { duration: expr, span, .. }
            | ScenarioItem::StageTakes { duration: expr, span, .. }
            | ScenarioItem::TaskDone { odds: expr, span, .. } => {
                self.line(*span, Kind::Draw);
                self.expr(expr);
            }
            ScenarioItem::Dynamics { statements, span, .. } => {
                self.plain(*span);
                self.statements(statements);
            }
            ScenarioItem::Timed { delay, odds, statements, span, .. } => {
                self.plain(*span);
                self.expr(delay);
                odds.iter().for_each(|expr| self.expr(expr));
                self.statements(statements);
            }
            ScenarioItem::Starts(span, _) => self.plain(*span),
            ScenarioItem::WarmUp(span, expr) | ScenarioItem::Horizon(span, expr) => {
                self.plain(*span);
                self.expr(expr);
            }
            ScenarioItem::Staffing { people, rules, span, .. } => {
                self.plain(*span);
                match people {
                    Staff::People(expr) | Staff::OnePer(expr) => self.expr(expr),
                }
                for rule in rules {
                    match &rule.kind {
                        StaffingRuleKind::Hours(expr, _) | StaffingRuleKind::Priority(expr) => self.expr(expr),
                        StaffingRuleKind::Clock(..)
                        | StaffingRuleKind::DaysOff(_)
                        | StaffingRuleKind::Finishing
                        | StaffingRuleKind::Cost(_) => {}
                    }
                }
            }
        }
    }

    fn statements(&mut self, statements: &[Statement]) {
        statements.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Statement) {
        let (span, expressions, lists): (Span, Vec<&Expr>, Vec<&[Statement]>) = match statement {
            Statement::Assign(assignment) => (assignment.span, vec![&assignment.value], Vec::new()),
            Statement::Blocker { odds, lasting, otherwise, span, .. } => {
                self.otherwise(*span, otherwise);
                (*span, odds.iter().chain([lasting]).collect(), vec![otherwise])
            }
            Statement::Event { odds, otherwise, span, .. } => {
                self.otherwise(*span, otherwise);
                (*span, odds.iter().collect(), vec![otherwise])
            }
            Statement::With { odds, then, otherwise, span } => (*span, vec![odds], vec![then, otherwise]),
            Statement::When { condition, then, otherwise, span } => (*span, vec![condition], vec![then, otherwise]),
        };
        self.plain(span);
        expressions.into_iter().for_each(|expr| self.expr(expr));
        for list in lists {
            self.statements(list);
            // One statement without braces goes on with the line.
            let first = list.first().map(statement_span);
            let bare = first.filter(|first| self.before(*first).is_some_and(|before| before.text == "otherwise"));
            if let Some(first) = bare {
                self.starts.lines.remove(&(first.start as usize));
            }
        }
    }

    /// After a blocker or event `otherwise` has a line of its own.
    fn otherwise(&mut self, span: Span, otherwise: &[Statement]) {
        let Some(first) = otherwise.first() else { return };
        let before = Span { end: statement_span(first).start, ..span };
        let word = self.within(before).iter().rev().find(|token| token.text == "otherwise").map(|token| token.start);
        self.starts.lines.extend(word.map(|start| (start, (Kind::Plain, 0))));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::YesNo(_)
            | ExprKind::Number(_)
            | ExprKind::Percent(_)
            | ExprKind::Date(_)
            | ExprKind::Duration(..)
            | ExprKind::Business(..)
            | ExprKind::Text(_)
            | ExprKind::Name(_)
            | ExprKind::Service
            | ExprKind::ThisService
            | ExprKind::Round(_)
            | ExprKind::Today
            | ExprKind::CountOf(_)
            | ExprKind::DoneTask(..)
            | ExprKind::TaskStatus { .. }
            | ExprKind::At(_)
            | ExprKind::Happened(_)
            | ExprKind::Since(..)
            | ExprKind::Unknown(_)
            | ExprKind::EndedAt(..) => {}
            ExprKind::Negate(inner) => {
                let minus = self.within(expr.span).iter().find(|token| token.text == "-").map(|token| token.start);
                self.starts.minus.extend(minus.filter(|minus| *minus < inner.span.start as usize));
                self.expr(inner);
            }
            ExprKind::Not(inner)
            | ExprKind::Change(_, inner)
            | ExprKind::InStage(inner)
            | ExprKind::ShareOfCustomers(inner) => {
                self.expr(inner);
            }
            ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::List(parts) => {
                parts.iter().for_each(|part| self.expr(part))
            }
            ExprKind::Compare { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::InRange { value, low, high, .. } => {
                self.expr(value);
                self.expr(low);
                self.expr(high);
            }
            ExprKind::InSet { value, set, .. } => {
                self.expr(value);
                self.expr(set);
            }
            ExprKind::Sum(terms) => terms.iter().for_each(|(_, term)| self.expr(term)),
            ExprKind::Product(first, factors) => {
                self.expr(first);
                factors.iter().for_each(|(_, factor)| self.expr(factor));
            }
            ExprKind::Choice(choices, last) => {
                for (value, condition) in choices {
                    self.expr(value);
                    self.expr(condition);
                }
                self.expr(last);
            }
            ExprKind::Quantified { condition, .. } => condition.iter().for_each(|condition| self.expr(condition)),
            ExprKind::Sustained(condition, duration) => {
                self.expr(condition);
                self.expr(duration);
            }
            ExprKind::Call { function, arguments, .. } => {
                self.starts.calls.insert(function.span.end as usize);
                arguments.iter().for_each(|argument| self.expr(&argument.value));
            }
            ExprKind::Between { low, high, mostly } => {
                self.expr(low);
                self.expr(high);
                mostly.iter().for_each(|mostly| self.expr(mostly));
            }
            ExprKind::Usually { median, over, .. } => {
                self.expr(median);
                self.expr(over);
            }
            ExprKind::Weighted(choices) => {
                for (value, odds) in choices {
                    self.expr(value);
                    self.expr(odds);
                }
            }
        }
    }
}

fn way_kind(way: &Transition) -> bool {
    matches!(way.trigger, Trigger::Completion(_) | Trigger::Otherwise)
}

fn scope_end(item: &ScopeItem) -> u32 {
    match item {
        ScopeItem::Input(clause) | ScopeItem::Output(clause) => clause.span.end,
        ScopeItem::Start(span, _) => span.end,
        ScopeItem::Stage(stage) => stage.span.end,
        ScopeItem::End(end) => end.span.end,
        ScopeItem::Transition(way) => way.span.end,
        ScopeItem::Block(block) => block.span.end,
    }
}

fn statement_span(statement: &Statement) -> Span {
    match statement {
        Statement::Assign(assignment) => assignment.span,
        Statement::Blocker { span, .. }
        | Statement::Event { span, .. }
        | Statement::With { span, .. }
        | Statement::When { span, .. } => *span,
    }
}
