//! A page as programs read it. Fields may be added; `version` changes when one changes its meaning.

use super::page::{Named, Note, Page, Passage, entries, lead};
use super::text::{plain, seen};
use serde_json::{Map, Value as Json, json};

/// The version of the document.
pub const VERSION: u32 = 1;

/// A page as JSON. `exists` says whether a page that is linked to is there; unknown for other addresses.
#[must_use]
pub fn page(page: &Page, diagnostics: Vec<Json>, exists: &dyn Fn(&str) -> Option<bool>) -> Json {
    let meta: Map<String, Json> = page.meta.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    let steps: Vec<Json> = page
        .steps
        .iter()
        .map(|step| {
            let tasks: Vec<Json> = step
                .tasks
                .iter()
                .map(|task| {
                    let (name, links) = seen(&task.name);
                    let links: Vec<Json> =
                        links.iter().map(|link| json!({ "text": link.text, "target": link.target })).collect();
                    json!({
                        "id": task.id, "name": name, "mandatory": task.mandatory,
                        "roles": names(&task.roles), "services": names(&task.services), "line": task.line,
                        "roles_written": written(&task.roles), "services_written": written(&task.services),
                        "links": links, "id_written": task.written.id, "flag_written": task.written.flag,
                        "notes": notes(&task.notes),
                    })
                })
                .collect();
            let all_roles: Vec<Named> = step.roles.iter().chain(&step.secondary).cloned().collect();
            json!({
                "title": plain(&step.title), "line": step.line,
                "roles": names(&step.roles), "motions": names(&step.motions), "applies_to": names(&step.applies_to),
                "inputs": texts(&step.inputs), "outputs": texts(&step.outputs), "tasks": tasks,
                "secondary_roles": names(&step.secondary), "level": step.level, "labelled": step.labelled,
                "roles_written": written(&all_roles), "motions_written": written(&step.motions),
                "applies_to_written": written(&step.applies_to), "prose": passages(&step.prose),
            })
        })
        .collect();
    let next: Vec<Json> = page
        .next
        .iter()
        .map(|next| {
            let target = next.link.as_ref().map(|link| link.target.clone());
            let there = target.as_deref().and_then(exists);
            json!({ "text": plain(&next.text), "target": target, "exists": there, "line": next.line })
        })
        .collect();
    let history: Vec<Json> = page
        .history
        .iter()
        .map(|change| {
            json!({
                "date": change.date.map(|date| date.to_string()), "who": change.who, "what": plain(&change.what),
                "line": change.line, "date_written": change.written,
            })
        })
        .collect();
    let links: Vec<Json> = page
        .links
        .iter()
        .map(|reference| {
            let target = &reference.link.target;
            json!({
                "text": reference.link.text, "target": target, "exists": exists(target), "line": reference.line,
            })
        })
        .collect();
    let sections: Vec<Json> = page
        .sections
        .iter()
        .map(|section| {
            json!({
                "title": plain(&section.title), "level": section.level, "line": section.line,
                "prose": passages(&section.prose),
            })
        })
        .collect();
    json!({
        "version": VERSION, "is_process": page.is_process(), "language": page.language, "title": plain(&page.title),
        "phase": page.phase, "meta": meta,
        "overview": page.overview.iter().map(|passage| passage.text.as_str()).collect::<Vec<_>>().join("\n\n"),
        "objectives": texts(&page.objectives), "steps": steps,
        "key_inputs": texts(&page.key_inputs), "key_outputs": texts(&page.key_outputs),
        "next": next, "history": history, "diagnostics": diagnostics,
        "file": page.name, "kind": page.kind.word(), "phase_written": page.phase_written,
        "roles": names(&page.roles), "motions": names(&page.motions), "applies_to": names(&page.applies_to),
        "lead": {
            "objectives": texts_of(&lead(&page.objectives)), "key_inputs": texts_of(&lead(&page.key_inputs)),
            "key_outputs": texts_of(&lead(&page.key_outputs)), "next": texts_of(&page.next_lead),
        },
        "approach": passages(&page.approach), "sections": sections, "links": links,
    })
}

fn names(names: &[Named]) -> Vec<&str> {
    names.iter().map(|name| name.name.as_str()).collect()
}

fn written(names: &[Named]) -> Vec<&str> {
    names.iter().map(|name| name.written.as_str()).collect()
}

fn notes(notes: &[Note]) -> Vec<Json> {
    notes.iter().map(|note| json!({ "column": note.column, "text": note.text })).collect()
}

fn texts(passages: &[Passage]) -> Vec<String> {
    entries(passages).into_iter().map(|entry| entry.text).collect()
}

fn texts_of(passages: &[Passage]) -> Vec<&str> {
    passages.iter().map(|passage| passage.text.as_str()).collect()
}

fn passages(passages: &[Passage]) -> Vec<Json> {
    passages.iter().map(|passage| json!({ "text": passage.text, "line": passage.line })).collect()
}
