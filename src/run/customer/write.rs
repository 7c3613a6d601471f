//! A customer as JSON, as the readers take it.

use crate::model::{Fact, FactScope, Playbook, Type};
use crate::run::{Customer, Machine};
use crate::value::{Micro, Value};
use serde_json::{Map, Value as Json, json};

/// The customer in the form that [`super::read_json`] reads. A fact that has its default is left out; one that is
/// unknown in spite of a default is `null`.
#[must_use]
pub fn to_json(machine: &Machine, customer: &Customer) -> Json {
    let playbook = &machine.playbook;
    let mut fields = Map::new();
    fields.insert("id".to_owned(), customer.id.clone().into());
    if let Some(start) = customer.start {
        fields.insert("start".to_owned(), start.to_string().into());
    }
    facts(playbook, FactScope::Customer, &customer.facts, &mut fields);
    let services = customer.intended.iter().filter_map(|service| {
        let mut fields = Map::new();
        facts(playbook, FactScope::Service, customer.services.get(service.index())?, &mut fields);
        Some((playbook.services.get(service.index())?.name.clone(), Json::Object(fields)))
    });
    fields.insert("services".to_owned(), Json::Object(services.collect()));
    Json::Object(fields)
}

fn facts(playbook: &Playbook, scope: FactScope, values: &[Option<Value>], into: &mut Map<String, Json>) {
    for fact in playbook.facts.iter().filter(|fact| fact.scope == scope) {
        let value = values.get(fact.slot).and_then(Option::as_ref);
        if value != fact.default.as_ref() {
            into.insert(fact.name.name.clone(), value.map_or(Json::Null, |value| self::value(playbook, fact, value)));
        }
    }
}

/// The value of a fact in the form that the readers take.
#[must_use]
pub fn value(playbook: &Playbook, fact: &Fact, value: &Value) -> Json {
    match (value, &fact.kind) {
        (Value::YesNo(yes), _) => (*yes).into(),
        // A number below 1 would look like a fraction.
        (Value::Number(number), Type::Percent) if number.0 > 0 && *number < Micro::ONE => format!("{number}%").into(),
        (Value::Number(number), Type::Percent) => {
            number_as_json(*number).unwrap_or_else(|| format!("{number}%").into())
        }
        (Value::Number(number), _) => number_as_json(*number).unwrap_or_else(|| json!(number.to_f64())),
        (Value::Text(text), _) => text.as_ref().into(),
        (Value::Duration(time), _) if time.0 % 60 != 0 => format!("{} seconds", time.0).into(),
        (Value::Set(set), Type::SetOf(values)) => {
            let members = values.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1);
            members.map(|(_, value)| value.name.clone()).collect()
        }
        _ => playbook.show(value, &fact.kind).into(),
    }
}

/// The number, where JSON as others read it holds it exactly.
fn number_as_json(number: Micro) -> Option<Json> {
    if number.0 % 1_000_000 == 0 {
        return Some((number.0 / 1_000_000).into());
    }
    let json = json!(number.to_f64());
    let written = json.to_string();
    (written == number.to_string()).then_some(json)
}
