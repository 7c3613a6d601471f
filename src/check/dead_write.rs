//! `dead-write`: a fact is set and never read.

use super::flow::{self, slot_reads};
use super::{Subject, mentions::Mentions};
use crate::diagnostic::{DEAD_WRITE, Diagnostic};
use crate::model::expr::Expr;
use crate::model::{Assignment, FactId, Place, ScopeId, StageId, Work};
use petgraph::stable_graph::NodeIndex;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if subject.around.files.is_empty() {
        return;
    }
    let playbook = subject.playbook;
    let mentions = Mentions::of(subject.around.files);
    let mut sets: BTreeMap<FactId, Vec<(&Assignment, StageId)>> = BTreeMap::new();
    for (index, stage) in playbook.stages.iter().enumerate() {
        let rounds = stage.cadences.iter().flat_map(|id| &playbook.cadences[id.index()].body);
        let mut waiting: Vec<&Work> = stage.body.iter().chain(rounds).collect();
        while let Some(work) = waiting.pop() {
            match work {
                Work::Set(set) => sets.entry(set.fact).or_default().push((set, StageId(index as u32))),
                Work::Together(parts) => waiting.extend(parts),
                Work::Task(_) | Work::Step(_) => {}
            }
        }
    }
    for (fact, mut sets) in sets {
        sets.sort_by_key(|(set, _)| set.span);
        let name = &playbook.facts[fact.index()].name.name;
        let Some((first, _)) = sets.first() else { continue };
        if !mentions.read.contains(name.as_str()) {
            let mut finding =
                Diagnostic::new(&DEAD_WRITE, first.span, format!("`{name}` is set, and nothing reads it"))
                    .related(playbook.facts[fact.index()].name.span, "declared here")
                    .help(format!("Let a condition look at `{name}`, or remove it"));
            for (other, _) in sets.iter().skip(1).take(4) {
                finding = finding.related(other.span, "set here too");
            }
            findings.push(finding);
            continue;
        }
        // Who reads it outside the flow may do so at any time.
        let Some(readers) = readers(subject, fact) else { continue };
        for (set, stage) in sets {
            if subject.flow().reached(subject.graph.node(Place::Stage(stage)))
                && !read_from(subject, fact, stage, &readers)
            {
                findings.push(
                    Diagnostic::new(
                        &DEAD_WRITE,
                        set.span,
                        format!("`{name}` is set here, and nothing reads it from here on"),
                    )
                    .help(format!("Set `{name}` before it is looked at, or leave this out")),
                );
            }
        }
    }
}

/// Where the flow reads a fact: nodes, and scopes for what holds everywhere in them. None where something else reads it too:
/// tests, properties and scenarios, named values, other playbooks, or what is remembered of its past.
fn readers(subject: &Subject<'_>, fact: FactId) -> Option<BTreeSet<NodeIndex>> {
    let playbook = subject.playbook;
    let reads = |condition: &Expr| slot_reads(playbook, condition, fact);
    if subject.around.playbooks.len() > 1
        || !subject.document.properties.is_empty()
        || !subject.document.tests.is_empty()
        || !subject.document.scenarios.is_empty()
        || playbook.sustained.iter().any(|sustained| reads(&sustained.condition))
        || playbook.histories.iter().any(|(known, _)| *known == fact)
        || playbook.about.customers.as_ref().is_some_and(reads)
        || playbook.ends.iter().any(|end| end.continues.is_some())
    {
        return None;
    }
    let mut nodes = BTreeSet::new();
    for (index, scope) in playbook.scopes.iter().enumerate() {
        let id = ScopeId(index as u32);
        if scope.inputs.iter().filter_map(|input| input.condition.as_ref()).any(reads) {
            nodes.insert(subject.graph.start_node(id));
        }
        if scope.outputs.iter().filter_map(|output| output.condition.as_ref()).any(reads) {
            let ends = scope.places.iter().filter(|place| matches!(place, Place::End(_)));
            nodes.extend(ends.map(|place| subject.graph.node(*place)));
        }
        let guarded = |ids: &[crate::model::TransitionId]| {
            ids.iter().any(|id| super::conditions::guard(&playbook.transitions[id.index()].trigger).is_some_and(reads))
        };
        if guarded(&scope.start) || guarded(&scope.everywhere) {
            nodes.insert(subject.graph.start_node(id));
        }
        for place in &scope.places {
            let exits: Vec<_> = subject.graph.exits(*place).iter().collect();
            let mut here = guarded(&exits);
            if let Place::Stage(stage) = place {
                let described = &playbook.stages[stage.index()];
                here |= described.needs.iter().any(|needs| reads(&needs.condition));
                here |= playbook
                    .offers
                    .iter()
                    .filter(|offer| offer.stage == *stage)
                    .any(|offer| offer.when.as_ref().is_some_and(reads));
                let rounds = described.cadences.iter().flat_map(|id| &playbook.cadences[id.index()].body);
                let mut waiting: Vec<&Work> = described.body.iter().chain(rounds).collect();
                while let Some(work) = waiting.pop() {
                    match work {
                        Work::Set(set) => here |= set.fact != fact && reads(&set.value),
                        Work::Together(parts) => waiting.extend(parts),
                        Work::Task(_) | Work::Step(_) => {}
                    }
                }
            }
            if here {
                nodes.insert(subject.graph.node(*place));
            }
        }
    }
    Some(nodes)
}

/// Whether somebody reads a fact after it was set in a stage: there, later, in what runs beside it or in what follows.
fn read_from(subject: &Subject<'_>, fact: FactId, stage: StageId, readers: &BTreeSet<NodeIndex>) -> bool {
    let playbook = subject.playbook;
    let scope = playbook.stages[stage.index()].scope;
    let of_customer = playbook.facts[fact.index()].scope == crate::model::FactScope::Customer;
    let beside = (0..playbook.scopes.len()).map(|at| ScopeId(at as u32)).filter(|other| {
        if of_customer {
            flow::concurrent(playbook, scope, *other)
        } else {
            flow::side_by_side(playbook, scope, *other)
        }
    });
    let mut waiting: Vec<NodeIndex> = beside.map(|scope| subject.graph.start_node(scope)).collect();
    waiting.push(subject.graph.node(Place::Stage(stage)));
    let blocks = flow::outward(playbook, scope).filter_map(|(_, block)| block);
    waiting.extend(blocks.map(|block| subject.graph.node(Place::Block(block))));
    let mut seen = BTreeSet::new();
    while let Some(node) = waiting.pop() {
        if !seen.insert(node) {
            continue;
        }
        if readers.contains(&node) {
            return true;
        }
        waiting.extend(subject.graph.graph().neighbors(node));
        if let Some(Place::Block(block)) = super::loops::place(subject, node) {
            waiting.extend(subject.graph.runs(block).iter().map(|scope| subject.graph.start_node(*scope)));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    fn of(a: &str, b: &str) -> Vec<String> {
        said(&format!(
            "playbook p {{ facts of the customer {{ f : yes/no = no kept by playbook  n : int = 0 kept by playbook }} start -> a
             stage a {{ task 1 mandatory {a} }} stage b {{ task 2 mandatory {b} }} end x success end y neutral }}"
        ))
        .into_iter().filter(|said| said.starts_with("dead-write")).collect()
    }

    #[test]
    fn set_and_never_read() {
        assert_eq!(
            of("set f = yes set n = n + 1 -> b", "-> x when f -> y otherwise"),
            ["dead-write: `n` is set, and nothing reads it"]
        );
        assert_eq!(of("set f = yes set n = n + 1 -> b", "-> x when f and n > 0 -> y otherwise"), Vec::<String>::new());
    }

    #[test]
    fn set_when_nobody_looks_any_more() {
        let expected = "dead-write: `f` is set here, and nothing reads it from here on";
        assert_eq!(of("set n = 1 -> b when f or n > 0 -> x otherwise", "set f = yes -> x"), [expected]);
        assert_eq!(
            of("set n = 1 -> b when f or n > 0 -> x otherwise", "set f = yes -> a at most once -> x otherwise"),
            Vec::<String>::new()
        );
    }
}
