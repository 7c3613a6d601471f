//! One customer through a whole lifecycle: from each playbook into the one its end leads to.

use super::super::analyse::{Analysis, analyse, report};
use super::super::{Exit, Session, Stop};
use super::{Arguments, Format, choose, customers};
use crate::diagnostic::has_errors;
use crate::report::journey::{self, Journey};
use crate::run::chain::{continued, next};
use crate::run::timeline::{Followed, follow};
use crate::run::trace::Trace;
use crate::run::{Customer, Machine};
use serde_json::json;
use std::collections::BTreeMap;

/// So many playbooks are followed at most, whatever their bounds.
const MOST: usize = 1_000;

/// Runs a customer on and on.
pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let json = arguments.format == Format::Json;
    let mut paths = vec![arguments.file.clone()];
    paths.extend(arguments.chain.iter().cloned());
    let Analysis { loaded, documents, diagnostics, .. } = analyse(&paths)?;
    if let Some(stop) = loaded.unreadable.into_iter().next() {
        return Err(stop);
    }
    if has_errors(&diagnostics) {
        report(&diagnostics, &loaded.sources, json, session)?;
        return Ok(Exit::Findings);
    }
    let mut sources = loaded.sources;
    let own = documents.first().map(|(file, list)| (*file, list.len()));
    let mut machines: BTreeMap<String, Machine> = BTreeMap::new();
    let mut first_names = Vec::new();
    for (file, list) in documents {
        for document in list.into_iter().filter(|document| document.playbook.name.span.file == file) {
            let name = document.playbook.name.name.clone();
            if own.is_some_and(|(first, _)| first == file) {
                first_names.push(name.clone());
            }
            machines.entry(name).or_insert_with(|| Machine::new(document.playbook));
        }
    }
    let first = match (&arguments.playbook, first_names.as_slice()) {
        (Some(name), names) if names.contains(name) => name.clone(),
        (None, [only]) => only.clone(),
        _ => {
            let help = format!("Choose one with `--playbook`: {}", first_names.join(", "));
            return Err(Stop::Usage("it is not clear with which playbook to begin".to_owned(), Some(help)));
        }
    };
    let Some(path) = &arguments.customer else {
        return Err(Stop::Usage("a customer is needed: `--customer FILE`".to_owned(), None));
    };
    let Some(mut machine) = machines.get(&first) else { return Ok(Exit::Findings) };
    let mut findings = Vec::new();
    let read = customers(machine, path, &mut sources, &mut findings)?;
    if has_errors(&findings) {
        report(&findings, &sources, json, session)?;
        return Ok(Exit::Findings);
    }
    let mut customer: Customer = choose(read, arguments.id.as_deref(), path)?;
    let id = customer.id.clone();
    let mut taken: BTreeMap<(String, String), u32> = BTreeMap::new();
    let mut told = Vec::new();
    let mut text = String::new();
    let mut last = String::new();
    for _ in 0..MOST {
        let mut trace = Trace::default();
        let until = arguments.until.map(|until| until.0);
        let Followed { state, stop, .. } = follow(machine, &customer, Vec::new(), &mut trace, until);
        let language = session.language.as_deref();
        let journey =
            Journey { machine, sources: &sources, customer: &id, state: &state, stop, trace: &trace, language };
        if json {
            told.push(journey::json(journey));
        } else {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&journey::text(journey, session.look));
        }
        let Some((name, limit)) = next(machine, &state) else { break };
        let end = state.ended().and_then(|end| machine.playbook.ends.get(end.index()));
        let from = (machine.playbook.name.name.clone(), end.map(|end| end.name.name.clone()).unwrap_or_default());
        let times = taken.entry(from).or_insert(0);
        *times += 1;
        if limit.is_some_and(|limit| *times > limit) {
            last = format!("{id} has gone on to {name} as often as may be\n");
            break;
        }
        let Some(after) = machines.get(name) else {
            last = format!("{id} goes on to {name}, which is not among the files\n");
            break;
        };
        customer = continued(machine, &state, &id, after);
        machine = after;
    }
    if json {
        let chain = json!({ "version": 1, "customer": id, "chain": told });
        session.out.write(&format!("{chain:#}\n"))?;
    } else {
        if !last.is_empty() {
            text.push_str(&format!("\n{last}"));
        }
        session.out.write(&text)?;
    }
    Ok(Exit::Fine)
}
