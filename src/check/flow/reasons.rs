//! Why a condition cannot hold, in the author's words.

use super::truth::Env;
use crate::model::{Atom, Expr, Node, Place, Since};
use crate::source::Span;

/// A part of a condition that cannot hold, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::check) struct Reason {
    /// Where it stands.
    pub span: Span,
    /// Why.
    pub words: String,
    /// Whether it waits for something else to happen first: a task, or a track that gets somewhere.
    pub waits: bool,
}

/// Why a condition cannot be what it should. Empty where it can, or where it is not known why.
pub(in crate::check) fn why_not(env: &Env<'_>, condition: &Expr, truth: bool) -> Vec<Reason> {
    let mut reasons = Vec::new();
    look(env, condition, truth, &mut reasons, 0);
    reasons
}

fn look(env: &Env<'_>, condition: &Expr, truth: bool, reasons: &mut Vec<Reason>, depth: usize) {
    const MOST: usize = 6;
    if depth > 64 || reasons.len() >= MOST || env.may(condition).be(truth) {
        return;
    }
    let playbook = env.playbook;
    let mut say = |words: String, waits: bool| {
        let reason = Reason { span: condition.span, words, waits };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    };
    match &condition.node {
        Node::Not(part) => look(env, part, !truth, reasons, depth),
        Node::And(parts) | Node::Or(parts) => {
            let before = reasons.len();
            for part in parts {
                look(env, part, truth, reasons, depth);
            }
            if reasons.len() == before {
                let words = "its parts exclude each other".to_owned();
                reasons.push(Reason { span: condition.span, words, waits: false });
            }
        }
        Node::Let(id) => {
            if let Some(definition) = playbook.lets.get(id.index()) {
                // It is read where it stands.
                let before = reasons.len();
                look(env, &definition.value, truth, reasons, depth + 1);
                reasons[before..].iter_mut().for_each(|reason| reason.span = condition.span);
            }
        }
        Node::Quantified(_, _, Some(inside)) => {
            let inner = Env { quantified: true, ..*env };
            let wanted = inner.may(inside).no;
            look(&inner, inside, truth == wanted, reasons, depth);
        }
        Node::Atom(Atom::DoneTask(task) | Atom::TaskStatus(task, _) | Atom::Since(_, Since::Task(task), ..)) => {
            let label = playbook.tasks[task.index()].label();
            if truth {
                say(format!("task `{label}` is not offered before"), true);
            } else {
                say(format!("task `{label}` has been done by then"), true);
            }
        }
        Node::Atom(Atom::At(places)) if truth => {
            let names: Vec<&str> = places.iter().map(|place| playbook.place_name(*place).name.as_str()).collect();
            let unreached = places.iter().all(|place| !env.flow.reached(env.graph.node(*place)));
            let own = places.iter().any(|place| playbook.place_scope(*place) == env.scope);
            let names = crate::check::list(&names);
            let words = if unreached {
                format!("nobody gets to {names}")
            } else if own && places.iter().any(|place| !matches!(place, Place::End(_))) {
                format!("who is here is not at {names}")
            } else {
                format!("nothing is at {names} then")
            };
            say(words, true);
        }
        _ => {
            let slots = env.flow.variables.slots_read(playbook, condition);
            let mut said = false;
            for slot in slots {
                let fact = &playbook.facts[env.flow.variables.facts[slot].fact.index()];
                let Some(values) = env.flow.variables.values(slot, env.known.facts[slot]) else { continue };
                let shown: Vec<String> = values
                    .iter()
                    .take(5)
                    .map(|value| match value {
                        Some(value) => playbook.show(value, &fact.kind),
                        None => "unknown".to_owned(),
                    })
                    .collect();
                if shown.len() == values.len() {
                    said = true;
                    say(format!("`{}` is {} here", fact.name.name, shown.join(" or ")), false);
                }
            }
            if !said {
                say("it cannot hold here".to_owned(), false);
            }
        }
    }
}
