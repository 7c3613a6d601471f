//! What playbooks and variants are, in words.

use crate::model::Document;
use crate::source::{Sources, Span};
use serde_json::{Value, json};

/// One paragraph for each.
#[must_use]
pub fn summary(documents: &[&Document], sources: &Sources, language: Option<&str>) -> String {
    let mut text = String::new();
    for document in documents {
        if !text.is_empty() {
            text.push('\n');
        }
        let playbook = &document.playbook;
        let what = match &playbook.about.variant {
            Some(variant) => format!("variant {} of {}", playbook.name.name, variant.base),
            None => format!("playbook {}", playbook.name.name),
        };
        text.push_str(&format!("{what}: {}\n", playbook.name.text.in_language(language)));
        if let Some(customers) = &playbook.about.customers {
            text.push_str(&format!("  for customers where {}\n", one_line(sources.text(customers.span))));
        }
        if let Some(version) = &playbook.about.version {
            text.push_str(&format!("  version {version}\n"));
        }
        let (stages, tasks) = (playbook.stages.len(), playbook.tasks.len());
        let mandatory = playbook.offers.iter().filter(|offer| offer.mandatory).count();
        text.push_str(&format!(
            "  {}, {} ({mandatory} mandatory), {}, {}, {}\n",
            counted(stages, "stage"),
            counted(tasks, "task"),
            counted(playbook.ends.len(), "end"),
            counted(document.properties.len(), "property"),
            counted(document.tests.len(), "test"),
        ));
        if let Some(variant) = &playbook.about.variant {
            if let Some((date, _)) = variant.valid_until {
                text.push_str(&format!("  valid until {date}\n"));
            }
            for waived in &variant.waived {
                let place = place(waived.span, sources);
                text.push_str(&format!("  waives {}: {} ({place})\n", waived.what, waived.reason));
            }
        }
    }
    text
}

/// The same for programs.
#[must_use]
pub fn json(documents: &[&Document], sources: &Sources) -> String {
    let playbooks: Vec<Value> = documents
        .iter()
        .map(|document| {
            let playbook = &document.playbook;
            let variant = playbook.about.variant.as_ref();
            let waived: Vec<Value> = variant
                .into_iter()
                .flat_map(|variant| &variant.waived)
                .map(|waived| {
                    let at = sources.position(waived.span);
                    let file = sources.get(waived.span.file).map(|source| source.name.as_str());
                    json!({ "what": waived.what, "reason": waived.reason, "file": file, "line": at.line })
                })
                .collect();
            let customers = playbook.about.customers.as_ref();
            json!({
                "name": playbook.name.name,
                "title": playbook.name.text.main,
                "of": variant.map(|variant| variant.base.as_str()),
                "version": playbook.about.version,
                "customers": customers.map(|customers| one_line(sources.text(customers.span))),
                "valid_until": variant.and_then(|variant| variant.valid_until).map(|(date, _)| date.to_string()),
                "waived": waived,
                "stages": playbook.stages.iter().map(|stage| stage.name.name.as_str()).collect::<Vec<_>>(),
                "tasks": playbook.tasks.iter().map(crate::model::Task::label).collect::<Vec<_>>(),
                "ends": playbook.ends.iter().map(|end| end.name.name.as_str()).collect::<Vec<_>>(),
            })
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&json!({ "version": 1, "playbooks": playbooks })).unwrap_or_default();
    text.push('\n');
    text
}

fn counted(count: usize, what: &str) -> String {
    match (count, what) {
        (1, what) => format!("1 {what}"),
        (count, "property") => format!("{count} properties"),
        (count, what) => format!("{count} {what}s"),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn place(span: Span, sources: &Sources) -> String {
    let name = sources.get(span.file).map_or("", |source| source.name.as_str());
    format!("{name}:{}", sources.position(span).line)
}
