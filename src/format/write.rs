//! A tree to text: for playbooks that stand in no file as they are, such as those of variants.
//!
//! Conditions and values are taken from the texts they were read from, word by word; everything else is written from
//! the tree. Comments come with the items they stand above or behind.

mod comments;

use comments::Comments;

use crate::source::{Sources, Span};
use crate::syntax::ast::*;

/// Writes a playbook; its places are in these texts.
pub(super) struct Writer<'s> {
    sources: &'s Sources,
    comments: Comments<'s>,
    out: String,
}

/// The text of a playbook, not yet in its usual look.
pub(super) fn write(playbook: &Playbook, sources: &Sources) -> String {
    let mut writer = Writer { sources, comments: Comments::new(playbook, sources), out: String::new() };
    writer.playbook(playbook);
    writer.out
}

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_control() => quoted.push_str(&format!("\\u{{{:x}}}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A piece of text on one line, without comments.
fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let (mut in_text, mut escaped) = (false, false);
    while let Some(character) = characters.next() {
        if in_text {
            in_text = escaped || character != '"';
            escaped = !escaped && character == '\\';
            line.push(character);
        } else if character == '/' && characters.peek() == Some(&'/') {
            while characters.next_if(|next| *next != '\n').is_some() {}
        } else if character.is_whitespace() {
            if !line.ends_with(' ') {
                line.push(' ');
            }
        } else {
            in_text = character == '"';
            line.push(character);
        }
    }
    line
}

fn names(list: &[Name]) -> String {
    list.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(", ")
}

/// Words before a list of names, if there are any.
fn listed(word: &str, list: &[Name]) -> String {
    if list.is_empty() { String::new() } else { format!(" {word} {}", names(list)) }
}

fn text(text: &Text) -> String {
    let mut written = quoted(&text.main.text);
    for translation in &text.translations {
        written.push_str(&format!(" @{} {}", translation.tag.text, quoted(&translation.text.text)));
    }
    written
}

fn title(title: Option<&Text>) -> String {
    title.map(|title| format!(" {}", text(title))).unwrap_or_default()
}

fn task_ref(id: &TaskRef) -> String {
    match id {
        TaskRef::Number(number) => number.to_string(),
        TaskRef::Name(name) => name.clone(),
    }
}

fn declaration(declaration: &Declaration) -> String {
    format!("{}{}", declaration.name.text, title(declaration.text.as_ref()))
}

fn link(link: &Link) -> String {
    match link {
        Link::Address(address, words) => format!("link {}{}", quoted(&address.text), title(words.as_ref())),
        Link::Named(name) => format!("link {}", name.text),
    }
}

fn links(list: &[Link]) -> String {
    list.iter().map(|written| format!(" {}", link(written))).collect()
}

fn kind(kind: &TypeExpr) -> String {
    let decimals = |word: &str, decimals: &Option<u32>| match decimals {
        Some(1) => format!("{word} to 1 decimal"),
        Some(decimals) => format!("{word} to {decimals} decimals"),
        None => word.to_owned(),
    };
    let choices = |list: &[Declaration]| list.iter().map(declaration).collect::<Vec<_>>().join(", ");
    match &kind.kind {
        TypeKind::YesNo => "yes/no".to_owned(),
        TypeKind::Int => "int".to_owned(),
        TypeKind::Number(places) => decimals("number", places),
        TypeKind::Percent => "percent".to_owned(),
        TypeKind::Money(places) => decimals("money", places),
        TypeKind::Date => "date".to_owned(),
        TypeKind::Duration => "duration".to_owned(),
        TypeKind::Text => "text".to_owned(),
        TypeKind::OneOf(list) => format!("one of ({})", choices(list)),
        TypeKind::SetOf(list) => format!("set of ({})", choices(list)),
    }
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// A line with the comments of an item, above and behind it.
    fn item(&mut self, span: Span, line: &str) {
        let line = self.commented(span, span, line);
        self.line(&line);
    }

    /// The line a list begins with, whose members have comments of their own.
    fn opening(&mut self, span: Span, line: &str) {
        let line = self.commented(span, Span { start: span.end, ..span }, line);
        self.line(&line);
    }

    /// The brace that closes an item, below the comments above it.
    fn close(&mut self, span: Span) {
        self.comments.closing(span).iter().for_each(|comment| self.line(comment));
        self.line("}");
    }

    /// The line an item of several lines begins with.
    fn long(&mut self, span: Span, head: Span, line: &str) {
        let line = self.commented(span, head, line);
        self.line(&line);
    }

    /// The same, where an item is long and its line is its head.
    fn commented(&mut self, span: Span, head: Span, line: &str) -> String {
        let mut lines = self.comments.above(span);
        lines.extend(self.comments.inside(head));
        let behind = self.comments.behind(head).map(|comment| format!(" {comment}")).unwrap_or_default();
        lines.push(format!("{line}{behind}"));
        lines.join("\n")
    }

    /// Transitions one below the other.
    fn ways<'w>(&mut self, ways: impl Iterator<Item = &'w Transition>) -> String {
        let mut lines = Vec::new();
        for way in ways {
            let line = self.way(way);
            lines.push(self.commented(way.span, way.span, &line));
        }
        lines.join("\n")
    }

    /// Items of one kind stand together; between kinds stands an empty line.
    fn apart(&mut self) {
        if !self.out.ends_with("{\n") && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn source(&self, span: Span) -> String {
        on_one_line(self.sources.text(span))
    }

    fn expr(&self, expr: &Expr) -> String {
        self.source(expr.span)
    }

    fn playbook(&mut self, playbook: &Playbook) {
        self.item(playbook.name.span, &format!("playbook {}{} {{", playbook.name.text, title(playbook.title.as_ref())));
        let mut last = None;
        for item in &playbook.items {
            let one_line =
                matches!(item, PlaybookItem::Property(..) | PlaybookItem::Next(_) | PlaybookItem::Parameter(_));
            let sort = std::mem::discriminant(item);
            if last != Some(sort) || !one_line {
                self.apart();
            }
            last = Some(sort);
            self.playbook_item(item);
        }
        self.close(playbook.span);
    }

    fn playbook_item(&mut self, item: &PlaybookItem) {
        let span = item.span();
        match item {
            PlaybookItem::Property(_, header) => {
                let line = match header {
                    Header::Phase(name) => format!("phase {}", name.text),
                    Header::Audience(list) => format!("audience {}", names(list)),
                    Header::Version(text) => format!("version {}", quoted(&text.text)),
                    Header::Owner(text) => format!("owner {}", quoted(&text.text)),
                    Header::Source(text) => format!("source {}", quoted(&text.text)),
                    Header::Language(text) => format!("language {}", quoted(&text.text)),
                };
                self.item(span, &line);
            }
            PlaybookItem::Next(next) => {
                let to = next.link.as_ref().map(|written| format!(" {}", link(written))).unwrap_or_default();
                self.item(span, &format!("next {}{}{to}", next.name.text, title(next.text.as_ref())));
            }
            PlaybookItem::Audience(_, condition) => {
                let condition = self.expr(condition);
                self.item(span, &format!("for customers where {condition}"));
            }
            PlaybookItem::Overview(_, words) => self.item(span, &format!("overview {}", text(words))),
            PlaybookItem::Objectives(_, list) => {
                self.block(span, "objectives", list.iter().map(|words| (words.main.span, text(words))).collect());
            }
            PlaybookItem::Metadata(_, list) => {
                let entry = |entry: &MetadataEntry| {
                    // A key may be any text; written in quotes it always can be read.
                    (entry.key.span, format!("{} {}", quoted(&entry.key.text), quoted(&entry.value.text)))
                };
                self.block(span, "metadata", list.iter().map(entry).collect());
            }
            PlaybookItem::Declarations(_, kind, list) => {
                let word = match kind {
                    DeclarationKind::Roles => "roles",
                    DeclarationKind::Motions => "motions",
                    DeclarationKind::Events => "events",
                    DeclarationKind::Blockers => "blockers",
                };
                let entry = |entry: &Declaration| (entry.name.span, declaration(entry));
                self.block(span, word, list.iter().map(entry).collect());
            }
            PlaybookItem::Services(_, list) => {
                let entry = |entry: &ServiceEntry| match entry {
                    ServiceEntry::Service(service) => (service.name.span, declaration(service)),
                    ServiceEntry::Group(name, members) => (name.span, format!("{} = {}", name.text, names(members))),
                };
                self.block(span, "services", list.iter().map(entry).collect());
            }
            PlaybookItem::Links(_, list) => {
                let entry = |entry: &LinkEntry| {
                    let words = title(entry.text.as_ref());
                    (entry.name.span, format!("{} {}{words}", entry.name.text, quoted(&entry.address.text)))
                };
                self.block(span, "links", list.iter().map(entry).collect());
            }
            PlaybookItem::Facts(_, scope, list) => {
                let of = if *scope == FactScope::Customer { "the customer" } else { "each service" };
                let list = list.iter().map(|fact| (fact.span, self.fact(fact))).collect();
                self.block(span, &format!("facts of {of}"), list);
            }
            PlaybookItem::Parameter(item) => {
                let range = self.range(item.range.as_ref());
                let value = self.expr(&item.value);
                let (name, kind, words) = (&item.name.text, kind(&item.kind), title(item.text.as_ref()));
                self.item(span, &format!("param {name} : {kind}{range} = {value}{words}"));
            }
            PlaybookItem::Let(item) => {
                let value = self.expr(&item.value);
                self.item(span, &format!("let {} = {value}{}", item.name.text, title(item.text.as_ref())));
            }
            PlaybookItem::Calendar(item) => {
                let mut list = Vec::new();
                list.extend(item.zone.as_ref().map(|zone| (zone.span, format!("zone {}", quoted(&zone.text)))));
                if let Some(((_, from), (_, to))) = item.hours {
                    list.push((from.to(to), format!("hours {} to {}", self.source(from), self.source(to))));
                }
                if let Some((_, first)) = item.holidays.first() {
                    let days: Vec<String> = item.holidays.iter().map(|(_, span)| self.source(*span)).collect();
                    list.push((*first, format!("holidays {}", days.join(", "))));
                }
                self.block(span, "calendar", list);
            }
            PlaybookItem::History(_, list) => {
                let row = |change: &Change| {
                    let only = change.only.as_ref().map(|tag| format!(" only @{}", tag.text)).unwrap_or_default();
                    let what = text(&change.what);
                    (change.span, format!("{}{only} {} {what}", change.date, quoted(&change.who.text)))
                };
                self.block(span, "history", list.iter().map(row).collect());
            }
            PlaybookItem::Uses(uses) => {
                self.item(span, &format!("uses {}{}", uses.name.text, listed("without", &uses.without)));
            }
            PlaybookItem::Flow(item) => self.scope_item(item),
        }
    }

    fn block(&mut self, span: Span, head: &str, lines: Vec<(Span, String)>) {
        self.opening(span, &format!("{head} {{"));
        lines.iter().for_each(|(span, line)| self.item(*span, line));
        self.close(span);
    }

    fn range(&self, range: Option<&(Expr, Expr)>) -> String {
        range.map(|(low, high)| format!(" in {}..{}", self.expr(low), self.expr(high))).unwrap_or_default()
    }

    fn fact(&self, fact: &Fact) -> String {
        let how = match fact.volatility {
            None => "",
            Some((Volatility::Live, _)) => " live",
            Some((Volatility::Fixed, _)) => " fixed",
            Some((Volatility::Rising, _)) => " rising",
            Some((Volatility::Falling, _)) => " falling",
            Some((Volatility::Kept, _)) => " kept by playbook",
        };
        let default = fact.default.as_ref().map(|value| format!(" = {}", self.expr(value))).unwrap_or_default();
        let range = self.range(fact.range.as_ref());
        format!("{} : {}{how}{range}{default}{}", fact.name.text, kind(&fact.kind), title(fact.text.as_ref()))
    }

    fn clause(&mut self, word: &str, clause: &Clause) {
        let condition = clause.condition.as_ref().map(|condition| format!(": {}", self.expr(condition)));
        self.item(clause.span, &format!("{word} {}{}", text(&clause.text), condition.unwrap_or_default()));
    }

    fn scope_item(&mut self, item: &ScopeItem) {
        match item {
            ScopeItem::Input(clause) => self.clause("input", clause),
            ScopeItem::Output(clause) => self.clause("output", clause),
            ScopeItem::Start(span, ways) => {
                // What stands above the word does not stand above the first way.
                let above = self.comments.above(*span);
                above.iter().for_each(|comment| self.line(comment));
                self.line("start");
                let ways = self.ways(ways.iter());
                self.line(&ways);
            }
            ScopeItem::Stage(stage) => self.stage(stage),
            ScopeItem::End(end) => {
                let kind = match end.kind {
                    Some(EndKind::Success) => " success",
                    Some(EndKind::Neutral) => " neutral",
                    Some(EndKind::Failure) => " failure",
                    None => "",
                };
                let often = end.continues_limit.as_ref().map(|limit| self.limit(limit)).unwrap_or_default();
                let on =
                    end.continues.as_ref().map(|name| format!(" continues {}{often}", name.text)).unwrap_or_default();
                self.item(end.span, &format!("end {}{}{kind}{on}", end.name.text, title(end.title.as_ref())));
            }
            ScopeItem::Transition(way) => {
                let way = self.ways(std::iter::once(way));
                self.line(&way);
            }
            ScopeItem::Block(block) => self.tracks(block),
        }
    }

    fn scope_items(&mut self, items: &[ScopeItem]) {
        let mut last = None;
        for item in items {
            let sort = std::mem::discriminant(item);
            let one_line = matches!(item, ScopeItem::End(_) | ScopeItem::Transition(_));
            if last != Some(sort) || !one_line {
                self.apart();
            }
            last = Some(sort);
            self.scope_item(item);
        }
    }

    fn tracks(&mut self, block: &Block) {
        let name = block.name.as_ref().map(|name| format!(" as {}", name.text)).unwrap_or_default();
        let head = format!("{name}{}", title(block.title.as_ref()));
        match &block.kind {
            BlockKind::EachService(items) => {
                self.long(block.span, block.head, &format!("each service{head} {{"));
                self.scope_items(items);
            }
            BlockKind::Together(branches) => {
                self.long(block.span, block.head, &format!("together{head} {{"));
                for branch in branches {
                    self.opening(
                        branch.span,
                        &format!("branch {}{} {{", branch.name.text, title(branch.title.as_ref())),
                    );
                    self.scope_items(&branch.items);
                    self.close(branch.span);
                }
            }
        }
        self.close(block.span);
        // What interrupts the block stands before `then`, the ways taken when it is over after it.
        let over = |way: &&Transition| matches!(way.trigger, Trigger::Completion(_) | Trigger::Otherwise);
        let ways = self.ways(block.exits.iter().filter(|way| !over(way)));
        if !ways.is_empty() {
            self.line(&ways);
        }
        let ways = self.ways(block.exits.iter().filter(over));
        if !ways.is_empty() {
            self.line("then");
            self.line(&ways);
        }
    }

    fn stage(&mut self, stage: &Stage) {
        let head = format!("{}{}", listed("by", &stage.roles), listed("for", &stage.services));
        let line = format!("stage {}{}{head} {{", stage.name.text, title(stage.title.as_ref()));
        self.long(stage.span, stage.head, &line);
        for item in &stage.items {
            let span = item.span();
            match item {
                StageItem::About(_, words) => self.item(span, &format!("about {}", text(words))),
                StageItem::Motion(_, list) => self.item(span, &format!("motion {}", names(list))),
                StageItem::Link(_, written) => self.item(span, &link(written)),
                StageItem::Input(clause) => self.clause("input", clause),
                StageItem::Output(clause) => self.clause("output", clause),
                StageItem::Needs(needs) => {
                    let words = needs.text.as_ref().map(|words| format!(" {}:", text(words))).unwrap_or_default();
                    let condition = self.expr(&needs.condition);
                    self.item(span, &format!("needs{words} {condition}"));
                }
                StageItem::Work(work) => self.work(work),
                StageItem::Cadence(cadence) => {
                    let name = cadence.name.as_ref().map(|name| format!(" as {}", name.text)).unwrap_or_default();
                    let limit = cadence.limit.as_ref().map(|limit| format!(",{}", self.limit(limit)));
                    let period = self.expr(&cadence.period);
                    self.long(span, cadence.head, &format!("every {period}{name}{} {{", limit.unwrap_or_default()));
                    cadence.items.iter().for_each(|work| self.work(work));
                    self.close(span);
                }
                StageItem::FirstMatch(_) => self.item(span, "first match"),
                StageItem::Transition(way) => {
                    let way = self.ways(std::iter::once(way));
                    self.line(&way);
                }
            }
        }
        self.close(stage.span);
    }

    /// ` at most N times`.
    fn limit(&self, limit: &Expr) -> String {
        match self.expr(limit) {
            once if once == "once" => " at most once".to_owned(),
            times => format!(" at most {times} times"),
        }
    }

    fn work(&mut self, work: &WorkItem) {
        match work {
            WorkItem::Task(task) => self.task(task),
            WorkItem::Step(step) => {
                let rest = format!("{}{}", listed("by", &step.roles), links(&step.links));
                self.item(step.span, &format!("step {}{rest}", text(&step.text)));
            }
            WorkItem::Set(set) => {
                let operator = match set.operator {
                    AssignOperator::Assign => "=",
                    AssignOperator::Add => "+=",
                    AssignOperator::Subtract => "-=",
                };
                let value = self.expr(&set.value);
                self.item(set.span, &format!("set {} {operator} {value}", set.fact.text));
            }
            WorkItem::Together(span, items) => {
                self.opening(*span, "together {");
                items.iter().for_each(|work| self.work(work));
                self.close(*span);
            }
        }
    }

    fn task(&mut self, task: &Task) {
        let flag = match task.mandatory {
            Some(true) => " mandatory",
            Some(false) => " optional",
            None => "",
        };
        let again = if task.again { " again" } else { "" };
        let when = task.when.as_ref().map(|when| format!(" when {}", self.expr(when))).unwrap_or_default();
        let due = task.due.as_ref().map(|due| format!(" due within {}", self.expr(due))).unwrap_or_default();
        let whom = format!("{}{}", listed("for", &task.services), listed("by", &task.roles));
        let (id, title, links) = (task_ref(&task.id), title(task.title.as_ref()), links(&task.links));
        self.item(task.span, &format!("task {id}{flag}{again}{title}{whom}{when}{due}{links}"));
    }

    fn way(&self, way: &Transition) -> String {
        let resume = if way.resume { "resume " } else { "" };
        let target = format!("-> {resume}{}", way.target.text);
        let limit = way.limit.as_ref().map(|limit| self.limit(limit)).unwrap_or_default();
        let when = |guard: &Option<Expr>| guard.as_ref().map(|guard| format!(" when {}", self.expr(guard)));
        match &way.trigger {
            Trigger::Completion(guard) => format!("{target}{}{limit}", when(guard).unwrap_or_default()),
            Trigger::Otherwise => format!("{target} otherwise{limit}"),
            Trigger::Whenever(guard) => format!("whenever {} {target}{limit}", self.expr(guard)),
            Trigger::On(event, guard) => {
                let kinds = if event.kinds.is_empty() { String::new() } else { format!(" ({})", names(&event.kinds)) };
                format!("on {}{kinds}{} {target}{limit}", event.name.text, when(guard).unwrap_or_default())
            }
            Trigger::After(delay) => format!("after {} {target}{limit}", self.expr(delay)),
            Trigger::AfterLastRound(cadence) => {
                let of = cadence.as_ref().map(|name| format!(" of {}", name.text)).unwrap_or_default();
                format!("after last round{of} {target}{limit}")
            }
        }
    }
}
