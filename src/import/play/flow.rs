//! The flow of the playbook of a page: stage after stage, each for its services.

use super::super::language::Languages;
use super::super::page::Named;
use super::judgement::judgements;
use super::{Form, Label, Names, Page, Passage, Step, Task, Writer, entries, marked, plain, quoted, same_task, seen};
use std::collections::BTreeSet;

/// The services of a stage by their names; none means all.
pub(super) type Services = Option<BTreeSet<String>>;

/// A way to go: for which services, and whether they have to be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// Where it leads.
    pub target: String,
    /// The services that go there; none where it is all that are left.
    pub services: Services,
}

/// The ways from a place to the stages below it: those that are for other services only are passed by.
/// Who comes from everywhere comes from every declared service.
pub(super) fn ways(from: &Services, stages: &[(String, Services)], end: &str, declared: &BTreeSet<String>) -> Vec<Way> {
    let every = (!declared.is_empty()).then(|| declared.clone());
    let from = from.as_ref().or(every.as_ref());
    let mut ways: Vec<Way> = Vec::new();
    let mut gone: BTreeSet<String> = BTreeSet::new();
    for (name, services) in stages {
        match services {
            None => {
                ways.push(Way { target: name.clone(), services: None });
                return ways;
            }
            Some(services) => {
                let coming = |service: &&String| from.is_none_or(|from| from.contains(*service));
                let new: BTreeSet<String> =
                    services.iter().filter(coming).filter(|service| !gone.contains(*service)).cloned().collect();
                if new.is_empty() {
                    continue;
                }
                gone.extend(new.iter().cloned());
                let all = from.is_some_and(|from| from.iter().all(|service| gone.contains(service)));
                ways.push(Way { target: name.clone(), services: if all { None } else { Some(new) } });
                if all {
                    return ways;
                }
            }
        }
    }
    ways.push(Way { target: end.to_owned(), services: None });
    ways
}

impl Writer<'_> {
    pub(super) fn flow(&mut self, main: &Page) {
        let tracks = !self.names.services.is_empty();
        let names = self.names.stages.clone();
        let stages: Vec<(String, Services)> = main
            .steps
            .iter()
            .zip(&names)
            .map(|(step, name)| (name.clone(), if tracks { self.services(&step.applies_to) } else { None }))
            .collect();
        let declared: BTreeSet<String> = self.names.services.iter().map(|declared| declared.name.clone()).collect();
        let (done, completed) = ("done", "completed");
        let end = if tracks { done } else { completed };
        if tracks {
            self.line("each service {");
        }
        if main.steps.is_empty() {
            self.line(&format!("start -> {end}\n"));
        } else {
            let start = written(&ways(&None, &stages, end, &declared), "");
            self.line(&format!("start {start}\n"));
        }
        for (at, step) in main.steps.iter().enumerate() {
            let from = stages.get(at).and_then(|(_, services)| services.clone());
            let below = stages.get(at + 1..).unwrap_or_default();
            let exits = written(&ways(&from, below, end, &declared), "");
            self.stage(at, step, &from, &exits);
        }
        if tracks {
            self.line(&format!("end {done} success"));
            self.line("}");
            self.line(&format!("then -> {completed}\n"));
        }
        let targets: Vec<String> = main
            .next
            .iter()
            .filter_map(|next| next.link.as_ref())
            .filter(|link| link.target.ends_with(".md"))
            .map(|link| super::playbook_name(&link.target))
            .collect();
        let itself = super::playbook_name(&main.name);
        let continues = match targets.as_slice() {
            [only] if *only == itself => {
                self.line("// Decide: the page names itself as the process that follows.");
                String::new()
            }
            [only] => format!(" continues {only}"),
            [] => String::new(),
            several => {
                self.line(&format!("// Decide: the page names several processes that follow: {}.", several.join(", ")));
                String::new()
            }
        };
        self.line(&format!("end {completed} success{continues}\n"));
    }

    /// Names of services; none where the page says all, or nothing.
    pub(super) fn services(&self, services: &[Named]) -> Services {
        if services.is_empty() || services.iter().any(|service| service.name == "All Services") {
            return None;
        }
        Some(
            services
                .iter()
                .filter_map(|service| Names::of(&self.names.services, &service.name))
                .map(str::to_owned)
                .collect(),
        )
    }

    /// Names in the order of the page.
    fn listed(&self, services: &[Named]) -> Vec<String> {
        services
            .iter()
            .filter_map(|service| Names::of(&self.names.services, &service.name))
            .map(str::to_owned)
            .collect()
    }

    fn roles(&self, roles: &[Named]) -> Vec<String> {
        roles.iter().filter_map(|role| Names::of(&self.names.roles, &role.name)).map(str::to_owned).collect()
    }

    fn stage(&mut self, at: usize, step: &Step, services: &Services, exits: &str) {
        let name = self.names.stages.get(at).cloned().unwrap_or_default();
        let title = self.words(&self.each(|page| page.steps.get(at).map(|step| step.title.clone())));
        let roles = self.roles(&step.roles);
        let by = if roles.is_empty() { String::new() } else { format!(" by {}", roles.join(", ")) };
        let for_services = match services {
            Some(_) => format!(" for {}", self.listed(&step.applies_to).join(", ")),
            None => String::new(),
        };
        self.line(&format!("stage {name} {title}{by}{for_services} {{"));
        let (prose, items) = split(step);
        self.prose(at, &prose, items.len());
        let motions: Vec<&str> =
            step.motions.iter().filter_map(|motion| Names::of(&self.names.motions, &motion.name)).collect();
        if !motions.is_empty() {
            self.line(&format!("motion {}", motions.join(", ")));
        }
        self.clauses("input", |page| page.steps.get(at).map(|step| entries(&step.inputs)).unwrap_or_default());
        self.clauses("output", |page| page.steps.get(at).map(|step| entries(&step.outputs)).unwrap_or_default());
        self.line("");
        self.steps(at, &items);
        self.tasks(at, step, services, &roles);
        self.judgements(step, exits);
        self.line(exits);
        self.line("}\n");
    }

    /// Prose of a stage, passage by passage, the translations beside it.
    fn prose(&mut self, at: usize, main: &[Passage], items: usize) {
        let others: Vec<Vec<Passage>> = self
            .pages
            .iter()
            .map(|page| {
                let Some(step) = page.steps.get(at) else { return Vec::new() };
                let (prose, own) = split(step);
                // Where the lists differ, all of it is prose.
                if own.len() == items { prose } else { prose.into_iter().chain(own).collect() }
            })
            .collect();
        for number in 0..main.len() {
            let last = number + 1 == main.len();
            let texts: Vec<Option<String>> = others
                .iter()
                .map(|prose| {
                    let here = prose.get(number).map(marked);
                    let rest: Vec<String> =
                        if last { prose.iter().skip(number + 1).map(marked).collect() } else { Vec::new() };
                    match (here, rest.is_empty()) {
                        (Some(here), true) => Some(here),
                        (Some(here), false) => Some(format!("{here}\n\n{}", rest.join("\n\n"))),
                        // The translation says less: it is empty here, rather than in the other language.
                        (None, _) => Some(String::new()),
                    }
                })
                .collect();
            let words = self.words(&texts);
            self.line(&format!("about {words}"));
        }
        let secondary = self.each(|page| {
            let step = page.steps.get(at)?;
            if step.secondary.is_empty() {
                return None;
            }
            let label =
                Languages::known().by_tag(&page.language).map_or("", |language| language.label(Label::Secondary));
            let names: Vec<&str> = step.secondary.iter().map(|name| name.written.as_str()).collect();
            Some(format!("{label}: **{}**", names.join(", ")))
        });
        if secondary.first().is_some_and(Option::is_some) {
            let words = self.words(&secondary);
            self.line(&format!("about {words}"));
        }
    }

    fn steps(&mut self, at: usize, items: &[Passage]) {
        let lists: Vec<Vec<Passage>> =
            self.pages.iter().map(|page| page.steps.get(at).map(|step| split(step).1).unwrap_or_default()).collect();
        for number in 0..items.len() {
            let texts: Vec<Option<String>> =
                lists.iter().map(|list| list.get(number).map(|item| item.text.clone())).collect();
            let (words, link) = self.linked(&texts);
            self.line(&format!("step {words}{link}"));
        }
    }

    /// Texts that are one link as their words and the link, where all languages lead to the same place.
    fn linked(&self, texts: &[Option<String>]) -> (String, String) {
        let parts: Vec<Option<(String, String)>> = texts.iter().flatten().map(|text| whole_link(text)).collect();
        if let Some(Some((_, address))) = parts.first()
            && parts.iter().all(|part| part.as_ref().is_some_and(|(_, other)| other == address))
        {
            let words: Vec<Option<String>> =
                texts.iter().map(|text| text.as_deref().and_then(whole_link).map(|(words, _)| words)).collect();
            return (self.words(&words), format!(" link {}", quoted(address)));
        }
        (self.words(texts), String::new())
    }

    fn tasks(&mut self, at: usize, step: &Step, services: &Services, roles: &[String]) {
        let references = self.names.references(at).to_vec();
        for (number, (task, reference)) in step.tasks.iter().zip(references).enumerate() {
            if let Some(id) = task.id
                && reference != id.to_string()
            {
                self.line(&format!("// Decide: the page has task {id} twice in this step."));
            }
            let flag = match task.mandatory {
                Some(true) => "mandatory",
                Some(false) => "optional",
                None => {
                    let said = task.written.flag.as_deref().map(plain).filter(|said| !said.is_empty());
                    let said = said.map_or_else(String::new, |said| format!(" It says {}.", quoted(&said)));
                    self.line(&format!(
                        "// Decide: the page does not say whether this task is mandatory or optional.{said}"
                    ));
                    "optional"
                }
            };
            let texts = self.each(|page| self.translation(page, at, number, task));
            let (words, link) = self.linked(&texts);
            let link = match (&task.link, link.is_empty()) {
                (Some(number), true) => format!(" link {}", quoted(&number.target)),
                _ => link,
            };
            let own = self.services(&task.services);
            let for_services = match &own {
                Some(own) if Some(own) != services.as_ref() => {
                    format!(" for {}", self.listed(&task.services).join(", "))
                }
                _ => String::new(),
            };
            if let (Some(own), Some(stage)) = (&own, services)
                && !own.is_subset(stage)
            {
                let outside: Vec<String> = own.difference(stage).cloned().collect();
                self.line(&format!(
                    "// Decide: the table has this task for {}, to which its step does not apply.",
                    outside.join(", ")
                ));
            }
            let own = self.roles(&task.roles);
            let by = if own.is_empty() || own == roles { String::new() } else { format!(" by {}", own.join(", ")) };
            self.line(&format!("task {reference} {flag} {words}{for_services}{by}{link}"));
        }
        if !step.tasks.is_empty() {
            self.line("");
        }
    }

    /// The name of a task on another page: by its number, in the same step first.
    fn translation(&self, page: &Page, at: usize, number: usize, task: &Task) -> Option<String> {
        let same = |other: &&Task| same_task(task, other);
        // Of several with one number in a step, the one in the same place.
        let main = self.pages.first().and_then(|main| main.steps.get(at));
        let before = main.map_or(0, |main| main.tasks.iter().take(number).filter(same).count());
        let here = || page.steps.get(at).into_iter().flat_map(|step| &step.tasks).filter(same);
        let here = here().nth(before).or_else(|| here().next());
        let anywhere = || page.tasks().map(|(_, task)| task).find(same);
        let by_place = || task.id.is_none().then(|| page.steps.get(at)?.tasks.get(number)).flatten();
        here.or_else(anywhere).or_else(by_place).map(|task| task.name.clone())
    }

    /// What the prose leaves to judgement, with a guard somebody might write.
    fn judgements(&mut self, step: &Step, exits: &str) {
        let Some(main) = self.pages.first() else { return };
        let Some(language) = Languages::known().by_tag(&main.language) else { return };
        let found: Vec<_> = step
            .prose
            .iter()
            .filter(|passage| matches!(passage.form, Form::Paragraph | Form::Item(_) | Form::Quote))
            .flat_map(|passage| judgements(&passage.text, language))
            .collect();
        let target =
            exits.rsplit_once("-> ").map_or("", |(_, target)| target.split_whitespace().next().unwrap_or_default());
        for judgement in found {
            self.line(&format!("// Decide: \"{}\"", judgement.sentence));
            self.line(&format!(
                "//   A guard could be `-> {target} when {fact}`, with `{fact} : yes/no` among the facts.",
                fact = judgement.fact
            ));
        }
    }
}

/// The prose of a step and the plain list it ends in, whose items are things to do. Headings within it stand below the
/// one of a step, whatever level that has on its page.
fn split(step: &Step) -> (Vec<Passage>, Vec<Passage>) {
    let mut all = step.prose.clone();
    for passage in &mut all {
        if let Form::Heading(level) = passage.form {
            passage.form = Form::Heading((level + 3).saturating_sub(step.level).clamp(4, 6));
        }
    }
    let is_item = |passage: &Passage| passage.form == Form::Item(1) && passage.number.is_none();
    let first = all.iter().rposition(|passage| !is_item(passage)).map_or(0, |last| last + 1);
    // A list that something else stands in is kept as it is.
    let nested = all.iter().skip(first).any(|passage| passage.text.contains('\n'));
    let inside = all.get(first.wrapping_sub(1)).is_some_and(|above| matches!(above.form, Form::Item(_)));
    if nested || inside {
        return (all, Vec::new());
    }
    let items = all.split_off(first);
    (all, items)
}

/// The words and the address of a text that is one link.
fn whole_link(text: &str) -> Option<(String, String)> {
    let (inner, links) = (text.strip_prefix('[')?, seen(text).1);
    let [link] = links.as_slice() else { return None };
    let whole = format!("[{}]({})", link.text, link.target);
    (whole == text && !inner.is_empty() && !link.text.is_empty() && plain(&link.text) == link.text)
        .then(|| (link.text.clone(), link.target.clone()))
}

fn written(ways: &[Way], indent: &str) -> String {
    let lines: Vec<String> = ways
        .iter()
        .enumerate()
        .map(|(at, way)| match &way.services {
            Some(services) => {
                let services: Vec<&str> = services.iter().map(String::as_str).collect();
                match services.as_slice() {
                    [only] => format!("{indent}-> {} when service is {only}", way.target),
                    several => format!("{indent}-> {} when service in ({})", way.target, several.join(", ")),
                }
            }
            None if at > 0 => format!("{indent}-> {} otherwise", way.target),
            None => format!("{indent}-> {}", way.target),
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> Services {
        (!names.is_empty()).then(|| names.iter().map(|name| (*name).to_owned()).collect())
    }

    fn shown(from: &[&str], stages: &[(&str, &[&str])]) -> Vec<String> {
        shown_of(&["x", "y", "z"], from, stages)
    }

    fn shown_of(every: &[&str], from: &[&str], stages: &[(&str, &[&str])]) -> Vec<String> {
        let stages: Vec<(String, Services)> =
            stages.iter().map(|(name, services)| ((*name).to_owned(), set(services))).collect();
        written(&ways(&set(from), &stages, "done", &every.iter().map(|name| (*name).to_owned()).collect()), "")
            .lines()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn stages_for_others_are_passed_by() {
        assert_eq!(shown(&[], &[("a", &[])]), ["-> a"]);
        assert_eq!(shown(&[], &[("a", &["x"]), ("b", &[])]), ["-> a when service is x", "-> b otherwise"]);
        assert_eq!(shown(&["x"], &[("a", &["y"]), ("b", &["x", "y"])]), ["-> b"]);
        assert_eq!(
            shown(&["x", "y"], &[("a", &["y"]), ("b", &["x", "y"])]),
            ["-> a when service is y", "-> b otherwise"]
        );
        assert_eq!(shown(&["x"], &[("a", &["y"])]), ["-> done"]);
        assert_eq!(
            shown(&[], &[("a", &["x", "y"]), ("b", &["y", "z"])]),
            ["-> a when service in (x, y)", "-> b otherwise"]
        );
        // The only service there is needs no condition.
        assert_eq!(shown_of(&["x"], &[], &[("a", &["x"]), ("b", &[])]), ["-> a"]);
        assert_eq!(shown_of(&["x", "y"], &[], &[("a", &["x"])]), ["-> a when service is x", "-> done otherwise"]);
    }
}
