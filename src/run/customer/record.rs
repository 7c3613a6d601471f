//! One customer from a JSON object.

use super::json::{Json, Member, Node};
use super::values::{at_first, from_json, shorten, unknown_field};
use crate::diagnostic::{DUPLICATE_FIELD, Diagnostic, UNKNOWN_FIELD, WRONG_VALUE};
use crate::model::{Fact, FactScope, Playbook, ServiceId};
use crate::run::{Customer, Machine};
use crate::source::Span;
use crate::value::{Date, Value};

/// What a customer can be given beside facts.
pub(super) const RESERVED: [&str; 3] = ["id", "start", "services"];

/// The customer an object describes, and the place of its id. `number` names it where it has no id.
pub(super) fn customer(
    machine: &Machine,
    node: &Node,
    number: u64,
    problems: &mut Vec<Diagnostic>,
) -> (Customer, Option<Span>) {
    let playbook = &machine.playbook;
    let mut customer = Customer::new(machine, &number.to_string());
    let mut id_span = None;
    let Json::Object(members) = &node.json else {
        let message = format!("a customer is an object: {} is not", node.json.words());
        problems.push(
            Diagnostic::new(&WRONG_VALUE, node.span, message)
                .help("Write { \"id\": \"contoso\", \"services\": { … } }"),
        );
        return (customer, None);
    };
    no_duplicates(members, problems);
    for member in members {
        match member.key.as_str() {
            "id" => {
                id_span = Some(member.value.span);
                match id(&member.value) {
                    Ok(id) => customer.id = id,
                    Err(problem) => problems.push(problem),
                }
            }
            "start" => match start(&member.value) {
                Ok(start) => customer.start = start,
                Err(problem) => problems.push(problem),
            },
            "services" => services(playbook, &member.value, &mut customer, problems),
            name => match fact(playbook, FactScope::Customer, name) {
                Some(fact) => match begun(playbook, fact, &member.value) {
                    Ok(value) => customer.facts[fact.slot] = value,
                    Err(problem) => problems.push(problem),
                },
                None => problems.push(unknown_fact(playbook, FactScope::Customer, name, member.key_span)),
            },
        }
    }
    (customer, id_span)
}

/// Says of fields that are there more than once.
pub(in crate::run) fn no_duplicates(members: &[Member], problems: &mut Vec<Diagnostic>) {
    let mut seen = std::collections::BTreeMap::new();
    for member in members {
        if let Some(first) = seen.get(member.key.as_str()) {
            let message = format!("`{}` is here twice", shorten(&member.key));
            problems.push(
                Diagnostic::new(&DUPLICATE_FIELD, member.key_span, message)
                    .related(*first, "it is here already")
                    .help("Keep the one that is meant"),
            );
        } else {
            seen.insert(member.key.as_str(), member.key_span);
        }
    }
}

fn id(node: &Node) -> Result<String, Diagnostic> {
    match &node.json {
        Json::Text(text) if !text.trim().is_empty() => Ok(text.clone()),
        Json::Number(number) => Ok(number.clone()),
        Json::Text(_) => Err(Diagnostic::new(&WRONG_VALUE, node.span, "the id of a customer is empty")),
        json => {
            let message = format!("the id of a customer is a text: {} is not", json.words());
            Err(Diagnostic::new(&WRONG_VALUE, node.span, message))
        }
    }
}

fn start(node: &Node) -> Result<Option<Date>, Diagnostic> {
    let date = match &node.json {
        Json::Null => return Ok(None),
        Json::Text(text) => Date::parse(text),
        _ => None,
    };
    date.map(Some).ok_or_else(|| wrong_start(node.span))
}

/// `start` is no date.
pub(super) fn wrong_start(span: Span) -> Diagnostic {
    Diagnostic::new(&WRONG_VALUE, span, "`start` is the date of day 0: this is no date")
        .help("Write dates as \"2020-03-02\"")
}

fn services(playbook: &Playbook, node: &Node, customer: &mut Customer, problems: &mut Vec<Diagnostic>) {
    match &node.json {
        Json::Object(members) => {
            no_duplicates(members, problems);
            for member in members {
                match service(playbook, &member.key, member.key_span) {
                    Ok(service) => {
                        customer.intended = customer.intended.with(service);
                        service_facts(playbook, service, &member.value, customer, problems);
                    }
                    Err(problem) => problems.push(problem),
                }
            }
        }
        Json::List(names) => {
            for node in names {
                let found = match &node.json {
                    Json::Text(name) => service(playbook, name, node.span),
                    json => {
                        let message = format!("a service is given by its name: {} is none", json.words());
                        Err(Diagnostic::new(&WRONG_VALUE, node.span, message))
                    }
                };
                match found {
                    Ok(service) => customer.intended = customer.intended.with(service),
                    Err(problem) => problems.push(problem),
                }
            }
        }
        json => {
            let message = format!("`services` is an object with the intended services: {} is not", json.words());
            problems.push(
                Diagnostic::new(&WRONG_VALUE, node.span, message).help("Write { \"NAME\": { … facts … } } for each"),
            );
        }
    }
}

fn service_facts(
    playbook: &Playbook,
    service: ServiceId,
    node: &Node,
    customer: &mut Customer,
    problems: &mut Vec<Diagnostic>,
) {
    let Json::Object(members) = &node.json else {
        let name = &playbook.services[service.index()].name;
        let message = format!("what is known of `{name}` is an object: {} is not", node.json.words());
        let help = "Write {} where nothing is known of it yet";
        return problems.push(Diagnostic::new(&WRONG_VALUE, node.span, message).help(help));
    };
    no_duplicates(members, problems);
    for member in members {
        match fact(playbook, FactScope::Service, &member.key) {
            Some(fact) => match begun(playbook, fact, &member.value) {
                Ok(value) => customer.services[service.index()][fact.slot] = value,
                Err(problem) => problems.push(problem),
            },
            None => problems.push(unknown_fact(playbook, FactScope::Service, &member.key, member.key_span)),
        }
    }
}

/// What a fact is when a journey begins.
fn begun(playbook: &Playbook, fact: &Fact, node: &Node) -> Result<Option<Value>, Diagnostic> {
    let value = from_json(playbook, fact, node)?;
    at_first(playbook, fact, value).map_err(|refusal| refusal.at(node.span))
}

/// The facts of one scope that an object gives; the unknown ones are `None`.
pub(in crate::run) fn facts<'a>(
    playbook: &'a Playbook,
    scope: FactScope,
    members: &[Member],
    problems: &mut Vec<Diagnostic>,
) -> Vec<(&'a Fact, Option<Value>)> {
    let mut found = Vec::new();
    for member in members {
        match fact(playbook, scope, &member.key) {
            Some(fact) => match from_json(playbook, fact, &member.value) {
                Ok(value) => found.push((fact, value)),
                Err(problem) => problems.push(problem),
            },
            None => problems.push(unknown_fact(playbook, scope, &member.key, member.key_span)),
        }
    }
    found
}

/// The fact of this scope and name.
pub(in crate::run) fn fact<'a>(playbook: &'a Playbook, scope: FactScope, name: &str) -> Option<&'a Fact> {
    playbook.facts.iter().find(|fact| fact.scope == scope && fact.name.name == name)
}

/// A fact nobody declared, or one that stands in the wrong place.
pub(in crate::run) fn unknown_fact(playbook: &Playbook, scope: FactScope, name: &str, span: Span) -> Diagnostic {
    let other = match scope {
        FactScope::Customer => FactScope::Service,
        FactScope::Service => FactScope::Customer,
    };
    if fact(playbook, other, name).is_some() {
        let (message, help) = match scope {
            FactScope::Customer => ("is a fact of each service", "Give it under `services`, for each service"),
            FactScope::Service => ("is a fact of the customer", "Give it beside `services`, not in it"),
        };
        return Diagnostic::new(&UNKNOWN_FIELD, span, format!("`{name}` {message}")).help(help);
    }
    let known = playbook.facts.iter().filter(|fact| fact.scope == scope).map(|fact| fact.name.name.as_str());
    match scope {
        FactScope::Customer => unknown_field(name, span, "a customer of this playbook has", known.chain(RESERVED)),
        FactScope::Service => unknown_field(name, span, "a service of this playbook has", known),
    }
}

/// The service of this name.
pub(in crate::run) fn service(playbook: &Playbook, name: &str, span: Span) -> Result<ServiceId, Diagnostic> {
    let found = playbook.services.iter().position(|service| service.name == name);
    found.map(|at| ServiceId(at as u32)).ok_or_else(|| {
        let known = playbook.services.iter().map(|service| service.name.as_str());
        let message = format!("`{}` is not a service of this playbook", shorten(name));
        Diagnostic::new(&UNKNOWN_FIELD, span, message).help_if(crate::suggest::did_you_mean(name, known))
    })
}
