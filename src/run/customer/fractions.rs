//! Percents that look like fractions: a file in which no percent is above 1, and some lie below, may mean 25% by 0.25.

use super::json::{Json, Node};
use super::values::exact;
use crate::diagnostic::{Diagnostic, PERCENT_OR_FRACTION};
use crate::model::{FactScope, Playbook, Type};
use crate::source::Span;
use crate::value::Micro;

/// What was seen of the percents of a file, by fact. `P` is where one of them stands.
#[derive(Debug)]
pub(in crate::run) struct Fractions<P> {
    facts: Vec<Seen<P>>,
}

#[derive(Debug)]
enum Seen<P> {
    /// It is no percent, or some value is above 1.
    Settled,
    /// Nothing but zeros and ones so far.
    Nothing,
    /// The first one between 0 and 1, and none above.
    Small(P),
}

impl<P> Fractions<P> {
    /// For the facts of a playbook.
    pub fn new(playbook: &Playbook) -> Fractions<P> {
        let seen =
            playbook.facts.iter().map(|fact| if fact.kind == Type::Percent { Seen::Nothing } else { Seen::Settled });
        Fractions { facts: seen.collect() }
    }

    /// Whether anything can still be found.
    pub fn open(&self) -> bool {
        self.facts.iter().any(|seen| !matches!(seen, Seen::Settled))
    }

    /// A number was given for this fact, without `%`.
    pub fn saw(&mut self, fact: usize, number: Micro, place: impl FnOnce() -> P) {
        match self.facts.get_mut(fact) {
            None | Some(Seen::Settled) => {}
            Some(seen) if number > Micro::ONE => *seen = Seen::Settled,
            Some(seen @ Seen::Nothing) if number > Micro(0) && number < Micro::ONE => *seen = Seen::Small(place()),
            Some(_) => {}
        }
    }

    /// The numbers in the facts of a customer, or of one service.
    pub fn saw_json(
        &mut self,
        playbook: &Playbook,
        scope: FactScope,
        node: &Node,
        place: &mut dyn FnMut(&str, Span) -> P,
    ) {
        let Json::Object(members) = &node.json else { return };
        for member in members {
            match &member.value.json {
                Json::Object(services) if scope == FactScope::Customer && member.key == "services" => {
                    for service in services {
                        self.saw_json(playbook, FactScope::Service, &service.value, place);
                    }
                }
                Json::Number(text) => {
                    let mut facts = playbook.facts.iter();
                    let found = facts.position(|fact| fact.scope == scope && fact.name.name == member.key);
                    if let (Some(fact), Ok(number)) = (found, exact(text)) {
                        self.saw(fact, number, || place(&member.key, member.value.span));
                    }
                }
                _ => {}
            }
        }
    }

    /// Where the first stands, for each fact of which all may be fractions.
    pub fn finish(&mut self) -> impl Iterator<Item = P> {
        std::mem::take(&mut self.facts).into_iter().filter_map(|seen| match seen {
            Seen::Small(place) => Some(place),
            Seen::Settled | Seen::Nothing => None,
        })
    }
}

/// The note on the first of them.
pub(in crate::run) fn note(fact: &str, number: &str, span: Span) -> Diagnostic {
    Diagnostic::new(&PERCENT_OR_FRACTION, span, format!("no `{fact}` here is above 1%: this one is {number}%"))
        .help("Percents count points: a quarter is 25, or \"25%\"; write \"0.25%\" where that is what is meant")
}
