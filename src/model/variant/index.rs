//! What there is in a base, and how the parts a variant names are found in it.

use crate::source::Span;
use crate::syntax::ast::*;

/// Something of the base that an operation can be about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found<'t> {
    /// An item of the playbook that is no part of the flow.
    Item(&'t PlaybookItem),
    /// An input, output, start or end of a scope.
    Scope(&'t ScopeItem),
    Stage(&'t Stage),
    Block(&'t Block),
    Branch(&'t Branch),
    /// An item of a stage that is neither work nor a transition nor a cadence.
    StageItem(&'t StageItem),
    Cadence(&'t Cadence),
    Work(&'t WorkItem),
    /// A transition of a stage, a scope or a block.
    Way(&'t Transition),
    Declaration(DeclarationKind, &'t Declaration),
    Service(&'t ServiceEntry),
    Link(&'t LinkEntry),
    Fact(&'t Fact),
}

/// In which list something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    Playbook,
    Scope,
    Together,
    Stage,
    /// In a cadence or a `together` of a stage.
    Work,
    /// After a block.
    Exits,
    /// A list of declarations.
    List,
}

/// One thing of the base.
#[derive(Debug)]
pub(super) struct Entry<'t> {
    pub found: Found<'t>,
    /// Its place, by which it is known.
    pub span: Span,
    pub home: Home,
    /// What it stands in, outermost first: places by which those are known. The last is the list it stands in.
    pub path: Vec<Span>,
}

/// All things of a base.
pub(super) struct Index<'t> {
    pub entries: Vec<Entry<'t>>,
}

/// The key of the transitions written after a block.
pub(super) fn exits_key(block: &Block) -> Span {
    block.head
}

impl<'t> Index<'t> {
    pub fn new(playbook: &'t Playbook) -> Index<'t> {
        let mut index = Index { entries: Vec::new() };
        let root = vec![playbook.name.span];
        for item in &playbook.items {
            index.item(item, &root);
        }
        index
    }

    fn add(&mut self, found: Found<'t>, span: Span, home: Home, path: &[Span]) {
        self.entries.push(Entry { found, span, home, path: path.to_vec() });
    }

    fn item(&mut self, item: &'t PlaybookItem, path: &[Span]) {
        let list = [path, &[item.span()]].concat();
        match item {
            PlaybookItem::Declarations(_, kind, entries) => {
                for entry in entries {
                    self.add(Found::Declaration(*kind, entry), entry.name.span, Home::List, &list);
                }
            }
            PlaybookItem::Services(_, entries) => {
                for entry in entries {
                    self.add(Found::Service(entry), service_span(entry), Home::List, &list);
                }
            }
            PlaybookItem::Links(_, entries) => {
                for entry in entries {
                    self.add(Found::Link(entry), entry.name.span, Home::List, &list);
                }
            }
            PlaybookItem::Facts(_, _, facts) => {
                for fact in facts {
                    self.add(Found::Fact(fact), fact.span, Home::List, &list);
                }
            }
            PlaybookItem::Flow(item) => self.scope_item(item, Home::Playbook, path),
            _ => self.add(Found::Item(item), item.span(), Home::Playbook, path),
        }
    }

    fn scope_item(&mut self, item: &'t ScopeItem, home: Home, path: &[Span]) {
        let inner = [path, &[item.span()]].concat();
        match item {
            ScopeItem::Stage(stage) => {
                self.add(Found::Stage(stage), stage.span, home, path);
                for item in &stage.items {
                    self.stage_item(item, &inner);
                }
            }
            ScopeItem::Block(block) => {
                self.add(Found::Block(block), block.span, home, path);
                match &block.kind {
                    BlockKind::EachService(items) => {
                        items.iter().for_each(|item| self.scope_item(item, Home::Scope, &inner));
                    }
                    BlockKind::Together(branches) => {
                        for branch in branches {
                            self.add(Found::Branch(branch), branch.span, Home::Together, &inner);
                            let inner = [&inner[..], &[branch.span]].concat();
                            branch.items.iter().for_each(|item| self.scope_item(item, Home::Scope, &inner));
                        }
                    }
                }
                let exits = [&inner[..], &[exits_key(block)]].concat();
                block.exits.iter().for_each(|way| self.add(Found::Way(way), way.span, Home::Exits, &exits));
            }
            ScopeItem::Transition(way) => self.add(Found::Way(way), way.span, home, path),
            _ => self.add(Found::Scope(item), item.span(), home, path),
        }
    }

    fn stage_item(&mut self, item: &'t StageItem, path: &[Span]) {
        match item {
            StageItem::Work(work) => self.work(work, Home::Stage, path),
            StageItem::Cadence(cadence) => {
                self.add(Found::Cadence(cadence), cadence.span, Home::Stage, path);
                let inner = [path, &[cadence.span]].concat();
                cadence.items.iter().for_each(|work| self.work(work, Home::Work, &inner));
            }
            StageItem::Transition(way) => self.add(Found::Way(way), way.span, Home::Stage, path),
            _ => self.add(Found::StageItem(item), item.span(), Home::Stage, path),
        }
    }

    fn work(&mut self, work: &'t WorkItem, home: Home, path: &[Span]) {
        self.add(Found::Work(work), work.span(), home, path);
        if let WorkItem::Together(span, items) = work {
            let inner = [path, &[*span]].concat();
            items.iter().for_each(|work| self.work(work, Home::Work, &inner));
        }
    }

    /// All that a part can mean within a list: what stands in it, else what stands further in.
    pub fn matches(&self, part: &PartKind, within: Span) -> Vec<&Entry<'t>> {
        let inside: Vec<&Entry<'t>> =
            self.entries.iter().filter(|entry| entry.path.contains(&within) && means(part, &entry.found)).collect();
        let direct: Vec<&Entry<'t>> =
            inside.iter().copied().filter(|entry| entry.path.last() == Some(&within)).collect();
        if !direct.is_empty() {
            return direct;
        }
        // From outside a name is that of what is declared, and not of where a stage refers to it.
        let declared = |entry: &&Entry<'t>| matches!(entry.home, Home::List);
        if matches!(part, PartKind::Declared(..)) && inside.iter().any(declared) {
            return inside.into_iter().filter(declared).collect();
        }
        inside
    }

    /// The names of all parts of a kind within a list, for suggestions.
    pub fn names(&self, part: &PartKind, within: Span) -> Vec<String> {
        let inside = self.entries.iter().filter(|entry| entry.path.contains(&within));
        let mut names: Vec<String> = inside.filter_map(|entry| name_like(part, &entry.found)).collect();
        names.dedup();
        names
    }

    /// Where a stage or end of this name stands.
    pub fn place(&self, name: &str) -> Option<&Entry<'t>> {
        self.entries.iter().find(|entry| match entry.found {
            Found::Stage(stage) => stage.name.text == name,
            Found::Scope(ScopeItem::End(end)) => end.name.text == name,
            Found::Block(block) => block.name.as_ref().is_some_and(|known| known.text == name),
            _ => false,
        })
    }
}

/// The place by which a service or group is known.
pub(super) fn service_span(entry: &ServiceEntry) -> Span {
    match entry {
        ServiceEntry::Service(service) => service.name.span,
        ServiceEntry::Group(name, _) => name.span,
    }
}

/// Whether a text is the one that is named: the same, or with this beginning where `…` stands at the end.
pub(super) fn named_text(written: &Literal, text: &Text) -> bool {
    match written.text.strip_suffix('…') {
        Some(beginning) => text.main.text.starts_with(beginning),
        None => text.main.text == written.text,
    }
}

/// Whether a part is of the kind of what was found, and has its name.
fn means(part: &PartKind, found: &Found<'_>) -> bool {
    match (part, found) {
        (PartKind::Task(id), Found::Work(WorkItem::Task(task))) => task.id == *id,
        (PartKind::Stage(name), Found::Stage(stage)) => stage.name.text == name.text,
        (PartKind::End(name), Found::Scope(ScopeItem::End(end))) => end.name.text == name.text,
        (PartKind::Branch(name), Found::Branch(branch)) => branch.name.text == name.text,
        (PartKind::Block { each, name }, Found::Block(block)) => {
            *each == matches!(block.kind, BlockKind::EachService(_))
                && name.as_ref().is_none_or(|name| block.name.as_ref().is_some_and(|known| known.text == name.text))
        }
        (PartKind::Step(text), Found::Work(WorkItem::Step(step))) => named_text(text, &step.text),
        (PartKind::About(text), Found::StageItem(StageItem::About(_, about))) => named_text(text, about),
        (
            PartKind::Input(text),
            Found::Scope(ScopeItem::Input(clause)) | Found::StageItem(StageItem::Input(clause)),
        )
        | (
            PartKind::Output(text),
            Found::Scope(ScopeItem::Output(clause)) | Found::StageItem(StageItem::Output(clause)),
        ) => named_text(text, &clause.text),
        (PartKind::Needs(text), Found::StageItem(StageItem::Needs(needs))) => {
            text.as_ref().is_none_or(|text| needs.text.as_ref().is_some_and(|known| named_text(text, known)))
        }
        (PartKind::Every(name), Found::Cadence(cadence)) => {
            name.as_ref().is_none_or(|name| cadence.name.as_ref().is_some_and(|known| known.text == name.text))
        }
        (PartKind::Set(name), Found::Work(WorkItem::Set(set))) => set.fact.text == name.text,
        (PartKind::Declared(kind, name), found) => {
            declared(*kind, found).is_some_and(|known| known.text == name.text)
                || matches!((kind, found), (Declared::Link, Found::StageItem(StageItem::Link(_, Link::Named(known))))
                    if known.text == name.text)
        }
        (PartKind::LinkTo(address), Found::StageItem(StageItem::Link(_, Link::Address(known, _)))) => {
            known.text == address.text
        }
        (PartKind::Start, Found::Scope(ScopeItem::Start(..)))
        | (PartKind::FirstMatch, Found::StageItem(StageItem::FirstMatch(_))) => true,
        (PartKind::Way(way, target), Found::Way(known)) => {
            known.target.text == target.text && fires(way, &known.trigger)
        }
        _ => false,
    }
}

/// The name of something declared, where it is of that kind.
fn declared<'t>(kind: Declared, found: &Found<'t>) -> Option<&'t Name> {
    match (kind, found) {
        (Declared::Named(kind), Found::Declaration(known, declaration)) if kind == *known => Some(&declaration.name),
        (Declared::Service, Found::Service(ServiceEntry::Service(service))) => Some(&service.name),
        (Declared::Group, Found::Service(ServiceEntry::Group(name, _))) => Some(name),
        (Declared::Link, Found::Link(link)) => Some(&link.name),
        (Declared::Fact, Found::Fact(fact)) => Some(&fact.name),
        (Declared::Parameter, Found::Item(PlaybookItem::Parameter(parameter))) => Some(&parameter.name),
        (Declared::Let, Found::Item(PlaybookItem::Let(definition))) => Some(&definition.name),
        (Declared::Next, Found::Item(PlaybookItem::Next(next))) => Some(&next.name),
        _ => None,
    }
}

/// Whether a transition is made to fire in this way.
fn fires(way: &Way, trigger: &Trigger) -> bool {
    match (way, trigger) {
        (Way::Completion, Trigger::Completion(_) | Trigger::Otherwise)
        | (Way::Whenever, Trigger::Whenever(_))
        | (Way::After, Trigger::After(_))
        | (Way::AfterLastRound, Trigger::AfterLastRound(_)) => true,
        (Way::On(pattern), Trigger::On(known, _)) => {
            let kinds = |pattern: &EventPattern| {
                let mut kinds: Vec<String> = pattern.kinds.iter().map(|kind| kind.text.clone()).collect();
                kinds.sort();
                kinds
            };
            pattern.name.text == known.name.text && (pattern.kinds.is_empty() || kinds(pattern) == kinds(known))
        }
        _ => false,
    }
}

/// What something is called, where it is of the same kind as the part: as the author would name it.
fn name_like(part: &PartKind, found: &Found<'_>) -> Option<String> {
    let name = |name: &Name| Some(name.text.clone());
    let words = |text: &Text| Some(text.main.text.clone());
    match (part, found) {
        (PartKind::Task(_), Found::Work(WorkItem::Task(task))) => Some(task_name(&task.id)),
        (PartKind::Stage(_), Found::Stage(stage)) => name(&stage.name),
        (PartKind::End(_), Found::Scope(ScopeItem::End(end))) => name(&end.name),
        (PartKind::Branch(_), Found::Branch(branch)) => name(&branch.name),
        (PartKind::Step(_), Found::Work(WorkItem::Step(step))) => words(&step.text),
        (PartKind::About(_), Found::StageItem(StageItem::About(_, about))) => words(about),
        (PartKind::Input(_), Found::Scope(ScopeItem::Input(clause)) | Found::StageItem(StageItem::Input(clause)))
        | (
            PartKind::Output(_),
            Found::Scope(ScopeItem::Output(clause)) | Found::StageItem(StageItem::Output(clause)),
        ) => words(&clause.text),
        (PartKind::Needs(_), Found::StageItem(StageItem::Needs(needs))) => needs.text.as_ref().and_then(words),
        (PartKind::Every(_), Found::Cadence(cadence)) => cadence.name.as_ref().and_then(name),
        (PartKind::Set(_), Found::Work(WorkItem::Set(set))) => name(&set.fact),
        (PartKind::Declared(kind, _), found) => declared(*kind, found).and_then(name),
        (PartKind::LinkTo(_), Found::StageItem(StageItem::Link(_, Link::Address(address, _)))) => {
            Some(address.text.clone())
        }
        (PartKind::Way(..), Found::Way(way)) => Some(way_words(way)),
        _ => None,
    }
}

/// A task's number or name.
pub(super) fn task_name(id: &TaskRef) -> String {
    match id {
        TaskRef::Number(number) => number.to_string(),
        TaskRef::Name(name) => name.clone(),
    }
}

/// A transition as a variant names it: `after -> stalled`.
pub(super) fn way_words(way: &Transition) -> String {
    let before = match &way.trigger {
        Trigger::Completion(_) | Trigger::Otherwise => String::new(),
        Trigger::Whenever(_) => "whenever ".to_owned(),
        Trigger::On(pattern, _) => format!("on {} ", pattern_words(pattern)),
        Trigger::After(_) => "after ".to_owned(),
        Trigger::AfterLastRound(_) => "after last round ".to_owned(),
    };
    format!("{before}-> {}", way.target.text)
}

fn pattern_words(pattern: &EventPattern) -> String {
    if pattern.kinds.is_empty() {
        return pattern.name.text.clone();
    }
    let kinds: Vec<&str> = pattern.kinds.iter().map(|kind| kind.text.as_str()).collect();
    format!("{} ({})", pattern.name.text, kinds.join(", "))
}

/// A part as a message calls it: "stage `check_in`".
pub(super) fn called(part: &PartKind) -> String {
    let short = |literal: &Literal| {
        let mut words: String = literal.text.chars().take(40).collect();
        if words.len() < literal.text.len() && !words.ends_with('…') {
            words.push('…');
        }
        format!("\"{words}\"")
    };
    match part {
        PartKind::Task(id) => format!("task `{}`", task_name(id)),
        PartKind::Stage(name) => format!("stage `{}`", name.text),
        PartKind::End(name) => format!("end `{}`", name.text),
        PartKind::Branch(name) => format!("branch `{}`", name.text),
        PartKind::Block { each, name } => {
            let word = if *each { "each service" } else { "together" };
            name.as_ref().map_or_else(|| format!("`{word}`"), |name| format!("`{word} as {}`", name.text))
        }
        PartKind::Step(text) => format!("step {}", short(text)),
        PartKind::About(text) => format!("`about` {}", short(text)),
        PartKind::Input(text) => format!("input {}", short(text)),
        PartKind::Output(text) => format!("output {}", short(text)),
        PartKind::Needs(Some(text)) => format!("need {}", short(text)),
        PartKind::Needs(None) => "`needs`".to_owned(),
        PartKind::Every(Some(name)) => format!("cadence `{}`", name.text),
        PartKind::Every(None) => "cadence `every`".to_owned(),
        PartKind::Set(name) => format!("`set {}`", name.text),
        PartKind::Declared(kind, name) => {
            let word = match kind {
                Declared::Parameter => "parameter",
                Declared::Let => "`let`",
                Declared::Next => "next process",
                Declared::Named(DeclarationKind::Blockers) => "kind of blocker",
                kind => kind.word(),
            };
            format!("{word} `{}`", name.text)
        }
        PartKind::LinkTo(address) => format!("link {}", short(address)),
        PartKind::Start => "`start`".to_owned(),
        PartKind::FirstMatch => "`first match`".to_owned(),
        PartKind::Way(way, target) => {
            let before = match way {
                Way::Completion => String::new(),
                Way::Whenever => "whenever ".to_owned(),
                Way::On(pattern) => format!("on {} ", pattern_words(pattern)),
                Way::After => "after ".to_owned(),
                Way::AfterLastRound => "after last round ".to_owned(),
            };
            format!("transition `{before}-> {}`", target.text)
        }
    }
}
