//! The comparison, thing by thing.

use super::{Difference, Kind, region};
use crate::model::{
    BlockId, Cadence, Clause, EndId, EventMatch, Expr, Fact, Link, Named, Needs, Offer, Origin, Place, Playbook,
    RoleId, Scope, ScopeId, ScopeKind, ServiceId, ServiceSet, StageId, TaskRef, Text, Transition, TransitionId,
    Trigger, Type, Variant, Waived, Work,
};
use crate::source::{Sources, Span};
use crate::syntax::ast::{EndKind, FactScope, Volatility};

/// Two playbooks side by side.
pub(super) struct Comparison<'p> {
    old: &'p Playbook,
    new: &'p Playbook,
    sources: &'p Sources,
    out: Vec<Difference>,
}

/// What is compared, where it stands in each.
type Places = (Option<Span>, Option<Span>);

/// A piece of text without its layout: blanks only where words would run together.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let (mut quoted, mut escaped, mut blank) = (false, false, false);
    while let Some(character) = characters.next() {
        if quoted {
            quoted = escaped || character != '"';
            escaped = !escaped && character == '\\';
            plain.push(character);
        } else if character == '/' && characters.peek() == Some(&'/') {
            while characters.next_if(|next| *next != '\n').is_some() {}
        } else if character.is_whitespace() {
            blank = true;
        } else {
            let tight = matches!(character, ')' | ',') || plain.ends_with('(') || plain.is_empty();
            if blank && !tight {
                plain.push(' ');
            }
            blank = false;
            quoted = character == '"';
            plain.push(character);
        }
    }
    plain
}

fn task(id: &TaskRef) -> String {
    match id {
        TaskRef::Number(number) => number.to_string(),
        TaskRef::Name(name) => name.clone(),
    }
}

impl<'p> Comparison<'p> {
    pub fn new(old: &'p Playbook, new: &'p Playbook, sources: &'p Sources) -> Comparison<'p> {
        Comparison { old, new, sources, out: Vec::new() }
    }

    pub fn all(mut self) -> Vec<Difference> {
        self.about();
        self.declarations();
        self.scopes();
        self.stages();
        self.ends();
        self.out
    }

    fn push(&mut self, within: &str, what: &str, old: Option<String>, new: Option<String>, places: Places) {
        let kind = match (&old, &new) {
            (None, Some(_)) => Kind::Added,
            (Some(_), None) => Kind::Removed,
            _ => Kind::Changed,
        };
        self.out.push(Difference {
            kind,
            within: within.to_owned(),
            what: what.to_owned(),
            old,
            new,
            customers: None,
            old_place: places.0,
            new_place: places.1,
        });
    }

    /// A value that is there or not.
    fn value(&mut self, within: &str, what: &str, old: Option<String>, new: Option<String>, places: Places) {
        if old != new {
            self.push(within, what, old, new, places);
        }
    }

    fn text(&mut self, within: &str, what: &str, old: Option<&Text>, new: Option<&Text>, places: Places) {
        let main = |text: Option<&Text>| text.map(|text| text.main.clone()).filter(|text| !text.is_empty());
        self.value(within, what, main(old), main(new), places);
        let mut tags: Vec<String> = Vec::new();
        for (tag, _) in old.into_iter().chain(new).flat_map(|text| &text.translations) {
            if !tags.iter().any(|known| known.eq_ignore_ascii_case(tag)) {
                tags.push(tag.clone());
            }
        }
        for tag in tags {
            let of = |text: Option<&Text>| {
                let mut texts = text?.translations.iter();
                texts.find(|(known, _)| known.eq_ignore_ascii_case(&tag)).map(|(_, text)| text.clone())
            };
            self.value(within, &format!("{what} @{tag}"), of(old), of(new), places);
        }
    }

    fn written(&self, span: Span) -> String {
        plain(self.sources.text(span))
    }

    fn expr(&self, expr: &Expr) -> String {
        self.written(expr.span)
    }

    /// A condition: as it is written, and for whom it decides otherwise.
    fn guard(
        &mut self,
        within: &str,
        what: &str,
        (old, new): (Option<&Expr>, Option<&Expr>),
        place: Option<Place>,
        places: Places,
    ) {
        let (before, after) = (old.map(|expr| self.expr(expr)), new.map(|expr| self.expr(expr)));
        if before == after {
            return;
        }
        self.push(within, what, before, after, places);
        let customers = region::customers((self.old, old), (self.new, new), place);
        if let Some(last) = self.out.last_mut() {
            last.kind = Kind::Changed;
            last.customers = customers;
        }
    }

    fn about(&mut self) {
        let (old, new) = (&self.old.about, &self.new.about);
        let names = (Some(self.old.name.span), Some(self.new.name.span));
        self.text("playbook", "title", Some(&self.old.name.text), Some(&self.new.name.text), names);
        for (what, one, other) in [
            ("phase", &old.phase, &new.phase),
            ("version", &old.version, &new.version),
            ("owner", &old.owner, &new.owner),
            ("source", &old.source, &new.source),
        ] {
            self.value("playbook", what, one.clone(), other.clone(), names);
        }
        self.value("playbook", "language", Some(old.language.clone()), Some(new.language.clone()), names);
        let list = |list: &[String]| Some(list.join(", ")).filter(|list| !list.is_empty());
        self.value("playbook", "audience", list(&old.audience), list(&new.audience), names);
        self.guard("playbook", "for customers where", (old.customers.as_ref(), new.customers.as_ref()), None, names);
        // The whole that a variant makes cannot say these, and is the same playbook all the same.
        let back = old.variant.as_ref().is_some_and(|variant| variant.origin == self.new.name.span);
        if new.variant.is_some() || back {
            let variants = (old.variant.as_ref(), new.variant.as_ref());
            let until = |variant: Option<&Variant>| variant?.valid_until.map(|(date, _)| date.to_string());
            self.value("playbook", "valid until", until(variants.0), until(variants.1), names);
            self.waived(variants.0, variants.1);
        }
        self.text("playbook", "overview", old.overview.as_ref(), new.overview.as_ref(), names);
        let most = old.objectives.len().max(new.objectives.len());
        for at in 0..most {
            let what = format!("objective {}", at + 1);
            self.text("playbook", &what, old.objectives.get(at), new.objectives.get(at), names);
        }
        let mut keys: Vec<&String> = old.metadata.iter().chain(&new.metadata).map(|(key, _)| key).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let of =
                |list: &[(String, String)]| list.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
            self.value("playbook", &format!("metadata {key}"), of(&old.metadata), of(&new.metadata), names);
        }
        self.history(names);
        let zone = |playbook: &Playbook| Some(playbook.calendar.zone.clone());
        self.value("calendar", "zone", zone(self.old), zone(self.new), names);
        let hours = |playbook: &Playbook| Some(playbook.calendar.hours.to_string());
        self.value("calendar", "hours", hours(self.old), hours(self.new), names);
        let days = |playbook: &Playbook| {
            let days: Vec<String> = playbook.calendar.holidays.iter().map(ToString::to_string).collect();
            Some(days.join(", ")).filter(|days| !days.is_empty())
        };
        self.value("calendar", "holidays", days(self.old), days(self.new), names);
    }

    /// What is done without of the base, and why.
    fn waived(&mut self, old: Option<&'p Variant>, new: Option<&'p Variant>) {
        let all = |variant: Option<&'p Variant>| variant.map(|variant| variant.waived.as_slice()).unwrap_or_default();
        let (old, new): (&[Waived], &[Waived]) = (all(old), all(new));
        for one in old {
            let other = new.iter().find(|other| other.what == one.what);
            let places = (Some(one.span), other.map(|other| other.span));
            let reason = other.map(|other| other.reason.clone());
            self.value("playbook", &format!("waived {}", one.what), Some(one.reason.clone()), reason, places);
        }
        for other in new.iter().filter(|other| !old.iter().any(|one| one.what == other.what)) {
            let what = format!("waived {}", other.what);
            self.push("playbook", &what, None, Some(other.reason.clone()), (None, Some(other.span)));
        }
    }

    fn history(&mut self, places: Places) {
        let rows = |playbook: &Playbook| -> Vec<String> {
            let rows = playbook.about.history.iter();
            rows.map(|row| {
                let only = row.only.as_ref().map(|tag| format!(" only @{tag}")).unwrap_or_default();
                let mut text = format!("{}{only} {}: {}", row.date, row.who, row.what.main);
                for (tag, translation) in &row.what.translations {
                    text.push_str(&format!(" @{tag} {translation}"));
                }
                text
            })
            .collect()
        };
        let (old, new) = (rows(self.old), rows(self.new));
        for row in old.iter().filter(|row| !new.contains(row)) {
            self.push("history", "row", Some(row.clone()), None, places);
        }
        for row in new.iter().filter(|row| !old.contains(row)) {
            self.push("history", "row", None, Some(row.clone()), places);
        }
    }

    /// Things with names: what was added, removed, reworded; then what both have, pair by pair.
    fn named<'n, T>(
        &mut self,
        word: &str,
        (old, new): (&'n [T], &'n [T]),
        name: impl Fn(&T) -> &Named,
        describe: impl Fn(&T) -> String,
    ) -> Vec<(&'n T, &'n T)> {
        let mut both = Vec::new();
        for one in old {
            let known = name(one);
            match new.iter().find(|other| name(other).name == known.name) {
                None => {
                    let what = format!("{word} {}", known.name);
                    self.push("playbook", &what, Some(describe(one)), None, (Some(known.span), None));
                }
                Some(other) => both.push((one, other)),
            }
        }
        for other in new.iter().filter(|other| !old.iter().any(|one| name(one).name == name(other).name)) {
            let known = name(other);
            let what = format!("{word} {}", known.name);
            self.push("playbook", &what, None, Some(describe(other)), (None, Some(known.span)));
        }
        for (one, other) in &both {
            let (one, other) = (name(one), name(other));
            let within = format!("{word} {}", one.name);
            // Where there is no text the name stands for it.
            let text = |named: &Named| (named.text.main != named.name).then(|| named.text.clone());
            let (before, after) = (text(one), text(other));
            self.text(&within, "text", before.as_ref(), after.as_ref(), (Some(one.span), Some(other.span)));
        }
        both
    }

    fn declarations(&mut self) {
        let (old, new) = (self.old, self.new);
        let words = |named: &Named| named.text.main.clone();
        self.named("role", (&old.roles, &new.roles), |named| named, words);
        self.named("service", (&old.services, &new.services), |named| named, words);
        self.named("event", (&old.events, &new.events), |named| named, words);
        self.named("blocker", (&old.blocker_kinds, &new.blocker_kinds), |named| named, words);
        self.named("motion", (&old.about.motions, &new.about.motions), |named| named, words);
        let links = self.named(
            "link",
            (&old.about.links, &new.about.links),
            |(named, _)| named,
            |(_, address)| address.clone(),
        );
        for ((name, one), (other_name, other)) in links {
            let places = (Some(name.span), Some(other_name.span));
            let within = format!("link {}", name.name);
            self.value(&within, "address", Some(one.clone()), Some(other.clone()), places);
        }
        let next = self.named("next", (&old.about.next, &new.about.next), |next| &next.name, |next| words(&next.name));
        for (one, other) in next {
            let places = (Some(one.name.span), Some(other.name.span));
            let address = |link: &Option<Link>| link.as_ref().map(|link| link.address.clone());
            let within = format!("next {}", one.name.name);
            self.value(&within, "link", address(&one.link), address(&other.link), places);
        }
        self.groups();
        let facts = self.named("fact", (&old.facts, &new.facts), |fact| &fact.name, |fact| type_words(&fact.kind));
        for (one, other) in facts {
            self.fact(one, other);
        }
        let parameters = self.named(
            "param",
            (&old.parameters, &new.parameters),
            |parameter| &parameter.name,
            |parameter| old.show(&parameter.value, &parameter.kind),
        );
        for (one, other) in parameters {
            let within = format!("param {}", one.name.name);
            let places = (Some(one.name.span), Some(other.name.span));
            self.value(&within, "type", Some(type_words(&one.kind)), Some(type_words(&other.kind)), places);
            let value = |playbook: &Playbook, parameter: &crate::model::Parameter| {
                Some(playbook.show(&parameter.value, &parameter.kind))
            };
            self.value(&within, "value", value(old, one), value(new, other), places);
        }
        let sources = self.sources;
        let written = |definition: &crate::model::Let| plain(sources.text(definition.value.span));
        let lets = self.named("let", (&old.lets, &new.lets), |definition| &definition.name, written);
        for (one, other) in lets {
            let within = format!("let {}", one.name.name);
            let places = (Some(one.name.span), Some(other.name.span));
            if one.value.kind == Type::YesNo && other.value.kind == Type::YesNo && !one.of_service && !other.of_service
            {
                self.guard(&within, "condition", (Some(&one.value), Some(&other.value)), None, places);
            } else {
                let (one, other) = (self.expr(&one.value), self.expr(&other.value));
                self.value(&within, "value", Some(one), Some(other), places);
            }
        }
    }

    fn groups(&mut self) {
        let (old, new) = (self.old, self.new);
        for group in &old.groups {
            let other = new.groups.iter().find(|other| other.name == group.name);
            let before = Some(service_names(old, group.members));
            let after = other.map(|other| service_names(new, other.members));
            let what = format!("group {}", group.name);
            self.value("playbook", &what, before, after, (Some(group.span), other.map(|other| other.span)));
        }
        for group in new.groups.iter().filter(|group| !old.groups.iter().any(|known| known.name == group.name)) {
            let members = Some(service_names(new, group.members));
            self.push("playbook", &format!("group {}", group.name), None, members, (None, Some(group.span)));
        }
    }

    fn fact(&mut self, one: &Fact, other: &Fact) {
        let within = format!("fact {}", one.name.name);
        let places = (Some(one.name.span), Some(other.name.span));
        let scope = |fact: &Fact| match fact.scope {
            FactScope::Customer => Some("of the customer".to_owned()),
            FactScope::Service => Some("of each service".to_owned()),
        };
        self.value(&within, "whose", scope(one), scope(other), places);
        self.value(&within, "type", Some(type_words(&one.kind)), Some(type_words(&other.kind)), places);
        let changes = |fact: &Fact| {
            Some(
                match fact.volatility {
                    Volatility::Live => "live",
                    Volatility::Fixed => "fixed",
                    Volatility::Rising => "rising",
                    Volatility::Falling => "falling",
                    Volatility::Kept => "kept by playbook",
                }
                .to_owned(),
            )
        };
        self.value(&within, "how it changes", changes(one), changes(other), places);
        let range = |playbook: &Playbook, fact: &Fact| {
            let (low, high) = fact.range.as_ref()?;
            Some(format!("{}..{}", playbook.show(low, &fact.kind), playbook.show(high, &fact.kind)))
        };
        self.value(&within, "range", range(self.old, one), range(self.new, other), places);
        let default =
            |playbook: &Playbook, fact: &Fact| fact.default.as_ref().map(|value| playbook.show(value, &fact.kind));
        self.value(&within, "default", default(self.old, one), default(self.new, other), places);
        if let (Type::OneOf(before) | Type::SetOf(before), Type::OneOf(after) | Type::SetOf(after)) =
            (&one.kind, &other.kind)
        {
            for value in before {
                if let Some(known) = after.iter().find(|known| known.name == value.name) {
                    let what = format!("text of {}", value.name);
                    self.text(&within, &what, Some(&value.text), Some(&known.text), places);
                }
            }
        }
    }

    fn scope_name(playbook: &Playbook, id: ScopeId) -> String {
        let scope = &playbook.scopes[id.index()];
        match scope.kind {
            ScopeKind::Customer => "playbook".to_owned(),
            ScopeKind::EachService if scope.name.name == "each_service" => "each service".to_owned(),
            ScopeKind::EachService => format!("each service as {}", scope.name.name),
            ScopeKind::Branch => format!("branch {}", scope.name.name),
        }
    }

    fn scopes(&mut self) {
        let (old, new) = (self.old, self.new);
        let find = |playbook: &Playbook, name: &str| {
            (0..playbook.scopes.len() as u32).map(ScopeId).find(|id| Self::scope_name(playbook, *id) == name)
        };
        let empty: Option<&Scope> = None;
        for id in (0..old.scopes.len() as u32).map(ScopeId) {
            let name = Self::scope_name(old, id);
            let other = find(new, &name);
            let (one, two) = (Some(&old.scopes[id.index()]), other.map(|id| &new.scopes[id.index()]));
            self.scope(&name, one, two);
        }
        for id in (0..new.scopes.len() as u32).map(ScopeId) {
            let name = Self::scope_name(new, id);
            if find(old, &name).is_none() {
                self.scope(&name, empty, Some(&new.scopes[id.index()]));
            }
        }
        for (at, block) in old.blocks.iter().enumerate() {
            let name = &block.name.name;
            let Some(other) = new.blocks.iter().position(|known| known.name.name == *name) else { continue };
            let within = format!("after {}", if name == "each_service" { "each service" } else { name });
            let place = Some(Place::Block(BlockId(other as u32)));
            let exits = (block.exits.as_slice(), new.blocks[other].exits.as_slice());
            self.transitions(&within, exits, place);
            let places = (Some(old.blocks[at].head), Some(new.blocks[other].head));
            if block.name.text.main != *name || new.blocks[other].name.text.main != *name {
                self.text(&within, "title", Some(&block.name.text), Some(&new.blocks[other].name.text), places);
            }
        }
    }

    fn scope(&mut self, name: &str, old: Option<&Scope>, new: Option<&Scope>) {
        let clauses = |scope: Option<&'p Scope>| -> (&'p [Clause], &'p [Clause]) {
            scope.map_or((&[], &[]), |scope| (&scope.inputs, &scope.outputs))
        };
        // The scopes live as long as the playbooks.
        let (old, new) = (self.same_scope(self.old, old), self.same_scope(self.new, new));
        let ((old_in, old_out), (new_in, new_out)) = (clauses(old), clauses(new));
        self.clauses(name, "key input", old_in, new_in);
        self.clauses(name, "key output", old_out, new_out);
        let ways = |scope: Option<&'p Scope>, start: bool| -> &'p [TransitionId] {
            scope.map_or(&[], |scope| if start { &scope.start } else { &scope.everywhere })
        };
        self.transitions(&format!("start of {name}"), (ways(old, true), ways(new, true)), None);
        self.transitions(name, (ways(old, false), ways(new, false)), None);
    }

    fn same_scope(&self, playbook: &'p Playbook, scope: Option<&Scope>) -> Option<&'p Scope> {
        let scope = scope?;
        playbook.scopes.iter().find(|known| std::ptr::eq(*known, scope))
    }

    fn clauses(&mut self, within: &str, word: &str, old: &[Clause], new: &[Clause]) {
        let condition = |clause: &Clause| clause.condition.as_ref().map(|expr| self.expr(expr));
        let pairs = paired(old, new, |one, other| {
            one.text.main == other.text.main || condition(one).is_some() && condition(one) == condition(other)
        });
        for (one, other) in pairs {
            let places = (one.map(|clause| clause.span), other.map(|clause| clause.span));
            match (one, other) {
                (Some(one), Some(other)) => {
                    self.text(within, word, Some(&one.text), Some(&other.text), places);
                    let what = format!("{word} \"{}\"", short(&other.text.main));
                    self.guard(within, &what, (one.condition.as_ref(), other.condition.as_ref()), None, places);
                }
                _ => {
                    let words = |clause: Option<&Clause>| clause.map(|clause| clause.text.main.clone());
                    self.push(within, word, words(one), words(other), places);
                }
            }
        }
    }

    /// Transitions: known by what makes them fire and where they lead.
    fn transitions(&mut self, within: &str, (old, new): (&[TransitionId], &[TransitionId]), place: Option<Place>) {
        let one = |id: &TransitionId| &self.old.transitions[id.index()];
        let two = |id: &TransitionId| &self.new.transitions[id.index()];
        let (old, new): (Vec<&Transition>, Vec<&Transition>) =
            (old.iter().map(one).collect(), new.iter().map(two).collect());
        let (before, after) = (self.old, self.new);
        let key = |playbook: &Playbook, way: &Transition| way_key(playbook, way);
        let pairs = paired(&old, &new, |one, other| key(before, one) == key(after, other));
        let made_up = |way: &Transition| {
            matches!(way.origin, Origin::Start(_)) && matches!(way.trigger, Trigger::Completion(None))
        };
        for (one, other) in &pairs {
            let places = (one.map(|way| way.span), other.map(|way| way.span));
            match (one, other) {
                (Some(one), Some(other)) => self.transition(within, one, other, place),
                // A start that nobody wrote moves with what it leads to.
                (Some(way), None) | (None, Some(way)) if made_up(way) && pairs.len() == 1 => {}
                _ => {
                    let words = |playbook: &Playbook, way: Option<&&Transition>| way.map(|way| self.way(playbook, way));
                    let (one, other) = (words(before, *one), words(after, *other));
                    self.push(within, "transition", one, other, places);
                }
            }
        }
        self.order(
            within,
            &old.iter().map(|way| key(before, way)).collect::<Vec<_>>(),
            &new.iter().map(|way| key(after, way)).collect::<Vec<_>>(),
            "transition",
        );
    }

    fn transition(&mut self, within: &str, one: &Transition, other: &Transition, place: Option<Place>) {
        let places = (Some(one.span), Some(other.span));
        let what = way_key(self.new, other);
        let guards = |way: &'p Trigger| match way {
            Trigger::Completion(guard) | Trigger::On(_, guard) => guard.as_ref(),
            Trigger::Whenever(guard) => Some(guard),
            Trigger::Otherwise | Trigger::After(_) | Trigger::AfterLastRound(_) => None,
        };
        // The transitions live as long as the playbooks.
        let lasting = |playbook: &'p Playbook, way: &Transition| {
            playbook.transitions.iter().find(|known| std::ptr::eq(*known, way))
        };
        let (Some(one), Some(other)) = (lasting(self.old, one), lasting(self.new, other)) else { return };
        match (&one.trigger, &other.trigger) {
            (Trigger::After(before), Trigger::After(after)) => {
                self.value(
                    within,
                    &format!("{what}: timer"),
                    Some(before.to_string()),
                    Some(after.to_string()),
                    places,
                );
            }
            (Trigger::Otherwise, Trigger::Otherwise) | (Trigger::AfterLastRound(_), Trigger::AfterLastRound(_)) => {}
            (Trigger::Otherwise, _) | (_, Trigger::Otherwise) => {
                let words = |playbook: &Playbook, way: &Transition| Some(self.way(playbook, way));
                let (before, after) = (words(self.old, one), words(self.new, other));
                self.push(within, &what, before, after, places);
            }
            _ => {
                let pair = (guards(&one.trigger), guards(&other.trigger));
                self.guard(within, &format!("{what}: guard"), pair, place, places);
            }
        }
        let resume = |way: &Transition| way.resume.then(|| "resume".to_owned());
        self.value(within, &format!("{what}: resume"), resume(one), resume(other), places);
        let limit = |way: &Transition| way.limit.map(|limit| format!("at most {limit} times"));
        self.value(within, &format!("{what}: limit"), limit(one), limit(other), places);
    }

    fn way(&self, playbook: &Playbook, way: &Transition) -> String {
        let key = way_key(playbook, way);
        match &way.trigger {
            Trigger::Completion(Some(guard)) | Trigger::On(_, Some(guard)) => {
                format!("{key} when {}", self.expr(guard))
            }
            Trigger::Whenever(guard) => format!("{key}: {}", self.expr(guard)),
            Trigger::Otherwise => format!("{key} otherwise"),
            Trigger::After(delay) => format!("{key}: {delay}"),
            _ => key,
        }
    }

    /// What both have, in another order.
    fn order(&mut self, within: &str, old: &[String], new: &[String], what: &str) {
        let before: Vec<&String> = old.iter().filter(|one| new.contains(one)).collect();
        let after: Vec<&String> = new.iter().filter(|one| old.contains(one)).collect();
        if before != after && before.len() == after.len() {
            let list = |list: &[&String]| Some(list.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", "));
            self.push(within, &format!("order of {what}s"), list(&before), list(&after), (None, None));
            if let Some(last) = self.out.last_mut() {
                last.kind = Kind::Moved;
            }
        }
    }

    fn stages(&mut self) {
        let (old, new) = (self.old, self.new);
        for stage in
            old.stages.iter().filter(|stage| !new.stages.iter().any(|other| other.name.name == stage.name.name))
        {
            let what = format!("stage {}", stage.name.name);
            self.push("playbook", &what, Some(stage.name.text.main.clone()), None, (Some(stage.head), None));
        }
        for stage in
            new.stages.iter().filter(|stage| !old.stages.iter().any(|other| other.name.name == stage.name.name))
        {
            let what = format!("stage {}", stage.name.name);
            self.push("playbook", &what, None, Some(stage.name.text.main.clone()), (None, Some(stage.head)));
        }
        for (at, stage) in old.stages.iter().enumerate() {
            if let Some(other) = new.stages.iter().position(|other| other.name.name == stage.name.name) {
                self.stage(StageId(at as u32), StageId(other as u32));
            }
        }
        let names =
            |playbook: &Playbook| playbook.stages.iter().map(|stage| stage.name.name.clone()).collect::<Vec<_>>();
        self.order("playbook", &names(old), &names(new), "stage");
    }

    fn stage(&mut self, old_id: StageId, new_id: StageId) {
        let (old, new) = (&self.old.stages[old_id.index()], &self.new.stages[new_id.index()]);
        let within = format!("stage {}", old.name.name);
        let heads = (Some(old.head), Some(new.head));
        let title = |named: &'p Named| (named.text.main != named.name).then_some(&named.text);
        self.text(&within, "title", title(&old.name), title(&new.name), heads);
        let scope = |playbook: &Playbook, id| Some(Self::scope_name(playbook, id));
        self.value(&within, "where it stands", scope(self.old, old.scope), scope(self.new, new.scope), heads);
        self.value(&within, "by", roles(self.old, &old.roles), roles(self.new, &new.roles), heads);
        let services = |playbook: &Playbook, set: Option<ServiceSet>| set.map(|set| service_names(playbook, set));
        self.value(&within, "for", services(self.old, old.services), services(self.new, new.services), heads);
        for at in 0..old.about.len().max(new.about.len()) {
            let what = if at == 0 { "about".to_owned() } else { format!("about {}", at + 1) };
            self.text(&within, &what, old.about.get(at), new.about.get(at), heads);
        }
        let motions = |playbook: &Playbook, list: &[usize]| {
            let names: Vec<&str> = list
                .iter()
                .filter_map(|at| playbook.about.motions.get(*at))
                .map(|motion| motion.name.as_str())
                .collect();
            Some(names.join(", ")).filter(|names| !names.is_empty())
        };
        self.value(&within, "motion", motions(self.old, &old.motions), motions(self.new, &new.motions), heads);
        self.value(&within, "link", links(&old.links), links(&new.links), heads);
        self.clauses(&within, "input", &old.inputs, &new.inputs);
        self.clauses(&within, "output", &old.outputs, &new.outputs);
        let place = Some(Place::Stage(new_id));
        self.needs(&within, &old.needs, &new.needs, place);
        self.body(&within, &old.body, &new.body, place);
        self.cadences(&within, old_id, new_id);
        let first = |yes: bool| yes.then(|| "first match".to_owned());
        self.value(&within, "order decides", first(old.first_match), first(new.first_match), heads);
        self.transitions(&within, (&old.exits, &new.exits), place);
    }

    fn needs(&mut self, within: &str, old: &[Needs], new: &[Needs], place: Option<Place>) {
        let pairs = paired(old, new, |one, other| {
            one.text.main == other.text.main || self.expr(&one.condition) == self.expr(&other.condition)
        });
        for (one, other) in pairs {
            let places = (one.map(|needs| needs.span), other.map(|needs| needs.span));
            match (one, other) {
                (Some(one), Some(other)) => {
                    self.guard(within, "needs", (Some(&one.condition), Some(&other.condition)), place, places);
                    let (before, after) = (self.expr(&one.condition), self.expr(&other.condition));
                    // Without words the condition stands for them.
                    if plain(&one.text.main) != before || plain(&other.text.main) != after {
                        self.text(within, "words of needs", Some(&one.text), Some(&other.text), places);
                    }
                }
                _ => {
                    let words = |needs: Option<&Needs>| needs.map(|needs| self.expr(&needs.condition));
                    let (one, other) = (words(one), words(other));
                    self.push(within, "needs", one, other, places);
                }
            }
        }
    }

    /// Work: tasks by their number or name, steps by their words, facts that are set by their name.
    fn body(&mut self, within: &str, old: &[Work], new: &[Work], place: Option<Place>) {
        let (before, after) = (self.flat(self.old, old), self.flat(self.new, new));
        let pairs = paired(&before, &after, |(one, _), (other, _)| one == other);
        for (one, other) in &pairs {
            match (one, other) {
                (Some((_, Work::Task(one))), Some((_, Work::Task(other)))) => {
                    let (one, other) = (&self.old.offers[one.index()], &self.new.offers[other.index()]);
                    self.offer(within, one, other, place);
                }
                (Some((_, Work::Step(one))), Some((_, Work::Step(other)))) => {
                    let places = (Some(one.span), Some(other.span));
                    let what = format!("step \"{}\"", short(&other.text.main));
                    self.text(within, &what, Some(&one.text), Some(&other.text), places);
                    let by = (roles(self.old, &one.roles), roles(self.new, &other.roles));
                    self.value(within, &format!("{what}: by"), by.0, by.1, places);
                    self.value(within, &format!("{what}: link"), links(&one.links), links(&other.links), places);
                }
                (Some((_, Work::Set(one))), Some((_, Work::Set(other)))) => {
                    let places = (Some(one.span), Some(other.span));
                    let fact = &self.new.facts[other.fact.index()].name.name;
                    let (before, after) = (self.expr(&one.value), self.expr(&other.value));
                    self.value(within, &format!("set {fact}"), Some(before), Some(after), places);
                }
                (one, other) => {
                    let describe = |playbook: &Playbook, work: &Work| match work {
                        Work::Task(id) => {
                            let offer = &playbook.offers[id.index()];
                            format!("{} \"{}\"", flag(offer), short(&offer.title.main))
                        }
                        Work::Step(step) => step.text.main.clone(),
                        Work::Set(set) => self.expr(&set.value),
                        Work::Together(_) => String::new(),
                    };
                    let span = |playbook: &Playbook, work: &Work| match work {
                        Work::Task(id) => Some(playbook.offers[id.index()].span),
                        Work::Step(step) => Some(step.span),
                        Work::Set(set) => Some(set.span),
                        Work::Together(_) => None,
                    };
                    let what = one.or(*other).map(|(key, _)| key.clone()).unwrap_or_default();
                    let what = if what.starts_with("step") { "step".to_owned() } else { what };
                    let places = (
                        one.and_then(|(_, work)| span(self.old, work)),
                        other.and_then(|(_, work)| span(self.new, work)),
                    );
                    let (one, other) = (
                        one.map(|(_, work)| describe(self.old, work)),
                        other.map(|(_, work)| describe(self.new, work)),
                    );
                    self.push(within, &what, one, other, places);
                }
            }
        }
        let keys = |list: &[(String, &Work)]| list.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        self.order(within, &keys(&before), &keys(&after), "task");
    }

    /// Work with what it is known by; what stands side by side says so.
    fn flat<'w>(&self, playbook: &Playbook, list: &'w [Work]) -> Vec<(String, &'w Work)> {
        let mut flat = Vec::new();
        for work in list {
            match work {
                Work::Task(id) => {
                    let offer = &playbook.offers[id.index()];
                    flat.push((format!("task {}", task(&playbook.tasks[offer.task.index()].id)), work));
                }
                Work::Step(step) => flat.push((format!("step {}", step.text.main), work)),
                Work::Set(set) => flat.push((format!("set {}", playbook.facts[set.fact.index()].name.name), work)),
                Work::Together(parts) => flat.extend(
                    self.flat(playbook, parts).into_iter().map(|(key, work)| (format!("{key}, side by side"), work)),
                ),
            }
        }
        flat
    }

    fn offer(&mut self, within: &str, one: &'p Offer, other: &'p Offer, place: Option<Place>) {
        let places = (Some(one.span), Some(other.span));
        let what = |aspect: &str| {
            let id = task(&self.new.tasks[other.task.index()].id);
            if aspect.is_empty() { format!("task {id}") } else { format!("task {id}: {aspect}") }
        };
        let (title, by, services, when, due, again, link) =
            (what("title"), what("by"), what("for"), what("when"), what("due within"), what("again"), what("link"));
        let mandatory = what("flag");
        self.text(within, &title, Some(&one.title), Some(&other.title), places);
        self.value(within, &mandatory, Some(flag(one)), Some(flag(other)), places);
        self.value(within, &by, roles(self.old, &one.roles), roles(self.new, &other.roles), places);
        let whom = |playbook: &Playbook, set: Option<ServiceSet>| set.map(|set| service_names(playbook, set));
        self.value(within, &services, whom(self.old, one.services), whom(self.new, other.services), places);
        self.guard(within, &when, (one.when.as_ref(), other.when.as_ref()), place, places);
        let limit = |offer: &Offer| offer.due.map(|due| due.to_string());
        self.value(within, &due, limit(one), limit(other), places);
        let repeated = |offer: &Offer| offer.again.then(|| "again".to_owned());
        self.value(within, &again, repeated(one), repeated(other), places);
        self.value(within, &link, links(&one.links), links(&other.links), places);
    }

    fn cadences(&mut self, within: &str, old: StageId, new: StageId) {
        let of = |playbook: &'p Playbook, stage: StageId| -> Vec<&'p Cadence> {
            playbook.stages[stage.index()].cadences.iter().map(|id| &playbook.cadences[id.index()]).collect()
        };
        let (before, after) = (of(self.old, old), of(self.new, new));
        let single = before.len() == 1 && after.len() == 1;
        let pairs = paired(&before, &after, |one, other| one.name == other.name || single);
        for (one, other) in pairs {
            let places = (one.map(|cadence| cadence.head), other.map(|cadence| cadence.head));
            match (one, other) {
                (Some(one), Some(other)) => {
                    let name = one.name.as_ref().map_or("cadence".to_owned(), |name| format!("cadence {name}"));
                    let period = |cadence: &Cadence| Some(cadence.period.to_string());
                    self.value(within, &format!("{name}: every"), period(one), period(other), places);
                    let limit = |cadence: &Cadence| cadence.limit.map(|limit| format!("{limit} times"));
                    self.value(within, &format!("{name}: at most"), limit(one), limit(other), places);
                    self.body(&format!("{within}, {name}"), &one.body, &other.body, Some(Place::Stage(new)));
                }
                _ => {
                    let words = |cadence: Option<&&Cadence>| cadence.map(|cadence| format!("every {}", cadence.period));
                    self.push(within, "cadence", words(one), words(other), places);
                }
            }
        }
    }

    fn ends(&mut self) {
        let (old, new) = (self.old, self.new);
        let ends = self.named("end", (&old.ends, &new.ends), |end| &end.name, |end| kind(end.kind).to_owned());
        for (one, other) in ends {
            let within = format!("end {}", one.name.name);
            let places = (Some(one.name.span), Some(other.name.span));
            self.value(&within, "kind", Some(kind(one.kind).to_owned()), Some(kind(other.kind).to_owned()), places);
            let on = |end: &crate::model::End| {
                let often = end.continues_limit.map(|limit| format!(" at most {limit} times")).unwrap_or_default();
                end.continues.as_ref().map(|(name, _)| format!("{name}{often}"))
            };
            self.value(&within, "continues", on(one), on(other), places);
            let scope = |playbook: &Playbook, end: &crate::model::End| Some(Self::scope_name(playbook, end.scope));
            self.value(&within, "where it stands", scope(old, one), scope(new, other), places);
        }
        let names = |playbook: &Playbook| {
            (0..playbook.ends.len() as u32)
                .map(|id| playbook.place_name(Place::End(EndId(id))).name.clone())
                .collect::<Vec<_>>()
        };
        self.order("playbook", &names(old), &names(new), "end");
    }
}

/// Pairs of what is the same thing in two lists, and what only one has, in the order of the first and then the second.
fn paired<'l, T>(old: &'l [T], new: &'l [T], same: impl Fn(&T, &T) -> bool) -> Vec<(Option<&'l T>, Option<&'l T>)> {
    let mut taken = vec![false; new.len()];
    let mut pairs = Vec::with_capacity(old.len().max(new.len()));
    for one in old {
        let other =
            new.iter().enumerate().find(|(at, other)| !taken.get(*at).copied().unwrap_or(true) && same(one, other));
        if let Some((at, _)) = other
            && let Some(taken) = taken.get_mut(at)
        {
            *taken = true;
        }
        pairs.push((Some(one), other.map(|(_, other)| other)));
    }
    pairs.extend(new.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(other, _)| (None, Some(other))));
    pairs
}

fn way_key(playbook: &Playbook, way: &Transition) -> String {
    let target = &playbook.place_name(way.target).name;
    match &way.trigger {
        Trigger::Completion(_) | Trigger::Otherwise => format!("-> {target}"),
        Trigger::Whenever(_) => format!("whenever -> {target}"),
        Trigger::On(event, _) => format!("on {} -> {target}", event_words(playbook, event)),
        Trigger::After(_) => format!("after -> {target}"),
        Trigger::AfterLastRound(_) => format!("after last round -> {target}"),
    }
}

fn event_words(playbook: &Playbook, event: &EventMatch) -> String {
    match event {
        EventMatch::Blocker(kinds) if kinds.is_empty() => "blocker".to_owned(),
        EventMatch::Blocker(kinds) => format!("blocker ({})", kinds.join(", ")),
        EventMatch::Resolved => "resolved".to_owned(),
        EventMatch::Waived => "waived".to_owned(),
        EventMatch::Escalated => "escalated".to_owned(),
        EventMatch::Event(id) => playbook.events[id.index()].name.clone(),
    }
}

fn roles(playbook: &Playbook, list: &[RoleId]) -> Option<String> {
    let names: Vec<&str> = list.iter().map(|id| playbook.roles[id.index()].name.as_str()).collect();
    Some(names.join(", ")).filter(|names| !names.is_empty())
}

fn service_names(playbook: &Playbook, set: ServiceSet) -> String {
    let name = |id: ServiceId| playbook.services[id.index()].name.as_str();
    set.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn links(list: &[Link]) -> Option<String> {
    let words: Vec<String> = list
        .iter()
        .map(|link| {
            let mut words = link.address.clone();
            if link.text.main != link.address {
                words.push_str(&format!(" \"{}\"", link.text.main));
            }
            for (tag, text) in &link.text.translations {
                words.push_str(&format!(" @{tag} \"{text}\""));
            }
            words
        })
        .collect();
    Some(words.join(", ")).filter(|words| !words.is_empty())
}

fn flag(offer: &Offer) -> String {
    if offer.mandatory { "mandatory" } else { "optional" }.to_owned()
}

fn kind(kind: EndKind) -> &'static str {
    match kind {
        EndKind::Success => "success",
        EndKind::Neutral => "neutral",
        EndKind::Failure => "failure",
    }
}

/// A type as an author writes it.
fn type_words(kind: &Type) -> String {
    let names = |list: &[Named]| list.iter().map(|value| value.name.as_str()).collect::<Vec<_>>().join(", ");
    match kind {
        Type::YesNo => "yes/no".to_owned(),
        Type::Int => "int".to_owned(),
        Type::Number(decimals) => format!("number to {decimals} decimals"),
        Type::Percent => "percent".to_owned(),
        Type::Money(decimals) => format!("money to {decimals} decimals"),
        Type::Date => "date".to_owned(),
        Type::Duration => "duration".to_owned(),
        Type::Text => "text".to_owned(),
        Type::OneOf(list) => format!("one of ({})", names(list)),
        Type::SetOf(list) => format!("set of ({})", names(list)),
        Type::Service => "service".to_owned(),
    }
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(50).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
