//! The names a tree mentions, other than where they are declared.

use crate::syntax::ast::{
    Action, Argument, Assignment, Assumption, Block, BlockKind, Cadence, Claim, CustomerField, EventPattern,
    Expectation, ExpectationKind, Expr, ExprKind, File, Item, Link, Moment, Name, Occurrence, PlaybookItem, Property,
    Scenario, ScenarioItem, ScopeItem, ServiceEntry, SinceSubject, StaffingRuleKind, Stage, StageItem, Statement, Step,
    Task, Test, TestItem, Transition, Trigger, WorkItem,
};
use std::collections::BTreeSet;

/// What is mentioned.
#[derive(Debug, Default)]
pub(super) struct Mentions<'a> {
    /// Names. A fact that a test or scenario only gives a value to is not mentioned by that.
    pub names: BTreeSet<&'a str>,
    /// Those that are looked at, not only set.
    pub read: BTreeSet<&'a str>,
    /// Whether something answers to blockers of any kind.
    pub any_blocker: bool,
}

impl<'a> Mentions<'a> {
    pub fn of(files: &[&'a File]) -> Mentions<'a> {
        let mut mentions = Mentions::default();
        for item in files.iter().flat_map(|file| &file.items) {
            match item {
                // A variant stands here as the playbook it makes.
                Item::Import(_) | Item::Variant(_) | Item::Vocabulary(_) => {}
                Item::Playbook(playbook) => playbook.items.iter().for_each(|item| mentions.playbook_item(item)),
                Item::Test(test) => mentions.test(test),
                Item::Property(property) => mentions.property(property),
                Item::Scenario(scenario) => mentions.scenario(scenario),
            }
        }
        mentions
    }

    fn name(&mut self, name: &'a Name) {
        self.names.insert(&name.text);
        self.read.insert(&name.text);
    }

    fn list(&mut self, names: &'a [Name]) {
        names.iter().for_each(|name| self.name(name));
    }

    fn link(&mut self, link: &'a Link) {
        if let Link::Named(name) = link {
            self.name(name);
        }
    }

    fn playbook_item(&mut self, item: &'a PlaybookItem) {
        match item {
            PlaybookItem::Next(next) => next.link.iter().for_each(|link| self.link(link)),
            PlaybookItem::Audience(_, condition) => self.expr(condition),
            PlaybookItem::Services(_, entries) => entries.iter().for_each(|entry| {
                if let ServiceEntry::Group(_, members) = entry {
                    self.list(members);
                }
            }),
            PlaybookItem::Facts(_, _, facts) => facts.iter().for_each(|fact| {
                self.range(fact.range.as_ref());
                fact.default.iter().for_each(|default| self.expr(default));
            }),
            PlaybookItem::Parameter(parameter) => {
                self.range(parameter.range.as_ref());
                self.expr(&parameter.value);
            }
            PlaybookItem::Let(definition) => self.expr(&definition.value),
            PlaybookItem::Flow(item) => self.scope_item(item),
            PlaybookItem::Property(..)
            | PlaybookItem::Overview(..)
            | PlaybookItem::Objectives(..)
            | PlaybookItem::Metadata(..)
            | PlaybookItem::Declarations(..)
            | PlaybookItem::Links(..)
            | PlaybookItem::Calendar(_)
            | PlaybookItem::Uses(_)
            | PlaybookItem::History(..) => {}
        }
    }

    fn range(&mut self, range: Option<&'a (Expr, Expr)>) {
        if let Some((low, high)) = range {
            self.expr(low);
            self.expr(high);
        }
    }

    fn scope_item(&mut self, item: &'a ScopeItem) {
        match item {
            ScopeItem::Input(clause) | ScopeItem::Output(clause) => {
                clause.condition.iter().for_each(|condition| self.expr(condition));
            }
            ScopeItem::Start(_, transitions) => transitions.iter().for_each(|transition| self.transition(transition)),
            ScopeItem::Stage(stage) => self.stage(stage),
            ScopeItem::End(end) => end.continues_limit.iter().for_each(|limit| self.expr(limit)),
            ScopeItem::Transition(transition) => self.transition(transition),
            ScopeItem::Block(block) => self.block(block),
        }
    }

    fn block(&mut self, block: &'a Block) {
        match &block.kind {
            BlockKind::EachService(items) => items.iter().for_each(|item| self.scope_item(item)),
            BlockKind::Together(branches) => {
                branches.iter().flat_map(|branch| &branch.items).for_each(|item| self.scope_item(item));
            }
        }
        block.exits.iter().for_each(|transition| self.transition(transition));
    }

    fn stage(&mut self, stage: &'a Stage) {
        self.list(&stage.roles);
        self.list(&stage.services);
        for item in &stage.items {
            match item {
                StageItem::About(..) | StageItem::FirstMatch(_) => {}
                StageItem::Motion(_, names) => self.list(names),
                StageItem::Link(_, link) => self.link(link),
                StageItem::Input(clause) | StageItem::Output(clause) => {
                    clause.condition.iter().for_each(|condition| self.expr(condition));
                }
                StageItem::Needs(needs) => self.expr(&needs.condition),
                StageItem::Work(work) => self.work(work),
                StageItem::Cadence(cadence) => self.cadence(cadence),
                StageItem::Transition(transition) => self.transition(transition),
            }
        }
    }

    fn cadence(&mut self, cadence: &'a Cadence) {
        self.expr(&cadence.period);
        cadence.limit.iter().for_each(|limit| self.expr(limit));
        cadence.items.iter().for_each(|work| self.work(work));
    }

    fn work(&mut self, work: &'a WorkItem) {
        match work {
            WorkItem::Task(task) => self.task(task),
            WorkItem::Step(step) => self.step(step),
            WorkItem::Set(set) => self.assignment(set),
            WorkItem::Together(_, parts) => parts.iter().for_each(|part| self.work(part)),
        }
    }

    fn task(&mut self, task: &'a Task) {
        self.list(&task.services);
        self.list(&task.roles);
        task.when.iter().chain(&task.due).for_each(|expr| self.expr(expr));
        task.links.iter().for_each(|link| self.link(link));
    }

    fn step(&mut self, step: &'a Step) {
        self.list(&step.roles);
        step.links.iter().for_each(|link| self.link(link));
    }

    fn assignment(&mut self, set: &'a Assignment) {
        self.names.insert(&set.fact.text);
        // What only its own new value reads, nobody reads.
        let read = self.read.contains(set.fact.text.as_str());
        self.expr(&set.value);
        if !read {
            self.read.remove(set.fact.text.as_str());
        }
    }

    fn transition(&mut self, transition: &'a Transition) {
        transition.limit.iter().for_each(|limit| self.expr(limit));
        match &transition.trigger {
            Trigger::Completion(guard) => guard.iter().for_each(|guard| self.expr(guard)),
            Trigger::Whenever(guard) => self.expr(guard),
            Trigger::On(event, guard) => {
                self.event(event);
                guard.iter().for_each(|guard| self.expr(guard));
            }
            Trigger::After(duration) => self.expr(duration),
            Trigger::Otherwise | Trigger::AfterLastRound(_) => {}
        }
    }

    fn event(&mut self, event: &'a EventPattern) {
        self.any_blocker |= event.name.text == "blocker" && event.kinds.is_empty();
        self.name(&event.name);
        self.list(&event.kinds);
    }

    fn arguments(&mut self, arguments: &'a [Argument]) {
        arguments.iter().for_each(|argument| self.expr(&argument.value));
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Name(name) => {
                self.names.insert(name);
                self.read.insert(name);
            }
            ExprKind::Not(part)
            | ExprKind::Negate(part)
            | ExprKind::ShareOfCustomers(part)
            | ExprKind::InStage(part) => {
                self.expr(part);
            }
            ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::List(parts) => {
                parts.iter().for_each(|part| self.expr(part));
            }
            ExprKind::Compare { left, right, .. } => self.both(left, right),
            ExprKind::InRange { value, low, high, .. } => {
                self.expr(value);
                self.both(low, high);
            }
            ExprKind::InSet { value, set, .. } => self.both(value, set),
            ExprKind::Sum(terms) => terms.iter().for_each(|(_, term)| self.expr(term)),
            ExprKind::Product(first, factors) => {
                self.expr(first);
                factors.iter().for_each(|(_, factor)| self.expr(factor));
            }
            ExprKind::Choice(choices, last) => {
                choices.iter().for_each(|(value, condition)| self.both(value, condition));
                self.expr(last);
            }
            ExprKind::Quantified { group, condition, .. } => {
                group.iter().for_each(|group| self.name(group));
                condition.iter().for_each(|condition| self.expr(condition));
            }
            ExprKind::CountOf(name) | ExprKind::Unknown(name) => self.name(name),
            ExprKind::Happened(event) => self.event(event),
            ExprKind::Sustained(condition, duration) => self.both(condition, duration),
            ExprKind::Change(name, duration) => {
                self.name(name);
                self.expr(duration);
            }
            ExprKind::Since(_, SinceSubject::Name(name)) => self.name(name),
            ExprKind::Call { arguments, .. } => self.arguments(arguments),
            ExprKind::Between { low, high, mostly } => {
                self.both(low, high);
                mostly.iter().for_each(|mostly| self.expr(mostly));
            }
            ExprKind::Usually { median, over, .. } => self.both(median, over),
            ExprKind::Weighted(choices) => choices.iter().for_each(|(value, odds)| self.both(value, odds)),
            ExprKind::YesNo(_)
            | ExprKind::Number(_)
            | ExprKind::Percent(_)
            | ExprKind::Date(_)
            | ExprKind::Duration(..)
            | ExprKind::Business(..)
            | ExprKind::Text(_)
            | ExprKind::Service
            | ExprKind::ThisService
            | ExprKind::Round(_)
            | ExprKind::Today
            | ExprKind::DoneTask(..)
            | ExprKind::TaskStatus { .. }
            | ExprKind::At(_)
            | ExprKind::Since(_, SinceSubject::Task(..))
            | ExprKind::EndedAt(..) => {}
        }
    }

    fn both(&mut self, one: &'a Expr, other: &'a Expr) {
        self.expr(one);
        self.expr(other);
    }

    fn test(&mut self, test: &'a Test) {
        for item in &test.items {
            match item {
                TestItem::Customer(_, fields) => {
                    for field in fields {
                        if let CustomerField::Fact(field) = field {
                            self.expr(&field.value);
                        }
                    }
                }
                TestItem::Moment(moment) => self.moment(moment),
                TestItem::Until(..) => {}
                TestItem::Expect(Expectation { kind: ExpectationKind::That(condition), .. }) => self.expr(condition),
                TestItem::Expect(_) => {}
            }
        }
    }

    fn moment(&mut self, moment: &'a Moment) {
        match &moment.action {
            Action::Event(event) => self.name(event),
            Action::Blocker(kind, _) | Action::Resolved(kind) | Action::Waived(kind) => {
                kind.iter().for_each(|kind| self.name(kind));
            }
            Action::Facts { .. }
            | Action::Task(..)
            | Action::Escalated
            | Action::Paused(..)
            | Action::Resumed
            | Action::Dropped(_)
            | Action::Added(_)
            | Action::Ended(..) => {}
        }
    }

    fn property(&mut self, property: &'a Property) {
        match &property.claim {
            Claim::Never(what, condition) | Claim::Always(what, condition) => {
                self.expr(what);
                condition.iter().for_each(|condition| self.expr(condition));
            }
            Claim::Before(first, then) | Claim::Followed(first, then, _) => {
                self.occurrence(first);
                self.occurrence(then);
            }
            Claim::Eventually(what, _) | Claim::AtMost(what, _) => self.occurrence(what),
        }
        for assumption in &property.assumptions {
            match assumption {
                Assumption::TasksMeetDue(_) => {}
                Assumption::AtMost(number, event) => {
                    self.expr(number);
                    self.name(event);
                }
                Assumption::Condition(condition) => self.expr(condition),
            }
        }
    }

    fn occurrence(&mut self, occurrence: &'a Occurrence) {
        if let Occurrence::Condition(condition) = occurrence {
            self.expr(condition);
        }
    }

    fn scenario(&mut self, scenario: &'a Scenario) {
        for item in &scenario.items {
            match item {
                ScenarioItem::Draw { value, .. } => self.expr(value),
                ScenarioItem::Services { odds, .. } => odds.iter().for_each(|(name, _)| self.name(name)),
                ScenarioItem::Dynamics { statements, .. } | ScenarioItem::Timed { statements, .. } => {
                    statements.iter().for_each(|statement| self.statement(statement));
                }
                ScenarioItem::Staffing { role, skills, rules, .. } => {
                    self.name(role);
                    skills.iter().for_each(|name| self.name(name));
                    for rule in rules {
                        if let StaffingRuleKind::Priority(expr) = &rule.kind {
                            self.expr(expr);
                        }
                    }
                }
                ScenarioItem::Customers { .. }
                | ScenarioItem::TaskTakes { .. }
                | ScenarioItem::StageTakes { .. }
                | ScenarioItem::TaskDone { .. }
                | ScenarioItem::Starts(..)
                | ScenarioItem::WarmUp(..)
                | ScenarioItem::Horizon(..) => {}
            }
        }
    }

    fn statement(&mut self, statement: &'a Statement) {
        let mut waiting = vec![statement];
        while let Some(statement) = waiting.pop() {
            match statement {
                Statement::Assign(set) => self.expr(&set.value),
                Statement::Blocker { kind, otherwise, .. } => {
                    kind.iter().for_each(|kind| self.name(kind));
                    waiting.extend(otherwise);
                }
                Statement::Event { event, otherwise, .. } => {
                    self.name(event);
                    waiting.extend(otherwise);
                }
                Statement::With { then, otherwise, .. } => waiting.extend(then.iter().chain(otherwise)),
                Statement::When { condition, then, otherwise, .. } => {
                    self.expr(condition);
                    waiting.extend(then.iter().chain(otherwise));
                }
            }
        }
    }
}
