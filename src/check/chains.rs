//! `endless-lifecycle` and `missing-handover`: from one playbook into the next. What its key inputs ask of those who come is
//! looked at in `handover`.

use crate::diagnostic::{BROKEN_LINK, Diagnostic, ENDLESS_LIFECYCLE, MISSING_HANDOVER};
use crate::model::{Atom, Document, EndId, Expr, Fact, FactId, LetId, Node, Playbook, Volatility};
use crate::run::chain::alike;
use crate::source::Span;
use petgraph::graph::DiGraph;
use std::collections::BTreeSet;

/// A way from a playbook into another.
struct Step<'d> {
    from: usize,
    to: usize,
    span: Span,
    end: &'d str,
    bounded: bool,
    id: EndId,
}

/// Looks at where customers go on from one of these playbooks into another of them.
#[must_use]
pub fn chains(documents: &[&Document]) -> Vec<Diagnostic> {
    let (mut steps, mut findings) = (Vec::new(), Vec::new());
    for (from, document) in documents.iter().enumerate() {
        for (number, end) in document.playbook.ends.iter().enumerate() {
            let Some((name, span)) = &end.continues else { continue };
            let to = documents.iter().position(|other| other.playbook.name.name == *name);
            // The end of a base goes on for its variants too; that is said once, of the base.
            let own = contains(document.playbook.about.written, *span);
            let named = documents.iter().map(|other| &other.playbook.name).filter(|other| other.name == *name);
            let places: BTreeSet<Span> = named.map(|other| other.span).collect();
            // Which of two is meant is the author's to say, and not decided by which comes first.
            if places.len() > 1 {
                let message = format!("it is not clear which of {} playbooks `{name}` follows", places.len());
                let finding = Diagnostic::new(&BROKEN_LINK, *span, message).help("Rename all of them but one");
                let finding = places.iter().fold(finding, |finding, place| finding.related(*place, "this one"));
                findings.extend(own.then_some(finding));
                continue;
            }
            if let (Some(to), true) = (to, own) {
                let bounded = end.continues_limit.is_some();
                let id = EndId(number as u32);
                steps.push(Step { from, to, span: *span, end: &end.name.name, bounded, id });
            }
        }
    }
    findings.extend(circles(documents, &steps));
    for step in &steps {
        let told =
            |found: &MissingFact<'_>| !known_before(documents, &steps, step.from, found.fact, &mut BTreeSet::new());
        let missing = handover(&documents[step.from].playbook, &documents[step.to].playbook, step);
        findings.extend(missing.into_iter().filter(told).map(|found| found.finding));
        findings.extend(super::handover::check(documents[step.from], step.id, documents[step.to], step.span));
    }
    findings
}

fn contains(whole: Span, place: Span) -> bool {
    whole.file == place.file && whole.start <= place.start && place.end <= whole.end
}

/// Circles of playbooks in which nothing says how often.
fn circles(documents: &[&Document], steps: &[Step<'_>]) -> Vec<Diagnostic> {
    let mut graph: DiGraph<usize, usize> = DiGraph::new();
    let nodes: Vec<_> = (0..documents.len()).map(|index| graph.add_node(index)).collect();
    for (at, step) in steps.iter().enumerate().filter(|(_, step)| !step.bounded) {
        graph.add_edge(nodes[step.from], nodes[step.to], at);
    }
    let mut findings = Vec::new();
    for circle in petgraph::algo::tarjan_scc(&graph) {
        let members: BTreeSet<usize> = circle.iter().map(|node| node.index()).collect();
        let inside = |step: &&Step<'_>| !step.bounded && members.contains(&step.from) && members.contains(&step.to);
        let around: Vec<&Step<'_>> = steps.iter().filter(inside).collect();
        let Some(first) = around.first() else { continue };
        let names: Vec<String> =
            members.iter().map(|member| format!("`{}`", documents[*member].playbook.name.name)).collect();
        let message = match names.as_slice() {
            [only] => format!("a customer can go from {only} into itself for ever"),
            [others @ .., last] => format!("a customer can go round {} and {last} for ever", others.join(", ")),
            [] => continue,
        };
        let mut finding = Diagnostic::new(&ENDLESS_LIFECYCLE, first.span, message)
            .help("Say how often at one of these ends: `continues NAME at most 3 times`");
        for step in around.iter().skip(1) {
            finding = finding.related(step.span, format!("end `{}` goes on from here", step.end));
        }
        findings.push(finding);
    }
    findings
}

/// A fact that is asked for, and what is to be said about it.
struct MissingFact<'d> {
    fact: &'d Fact,
    finding: Diagnostic,
}

/// Whether customers who come to a playbook, from wherever they come, bring this fact along: what a playbook does not know
/// of them is not forgotten.
fn known_before(
    documents: &[&Document],
    steps: &[Step<'_>],
    at: usize,
    fact: &Fact,
    seen: &mut BTreeSet<usize>,
) -> bool {
    let mut ways = steps.iter().filter(|step| step.to == at && step.from != at).peekable();
    if ways.peek().is_none() || !seen.insert(at) {
        return false;
    }
    ways.all(|way| {
        let mut facts = documents[way.from].playbook.facts.iter();
        let known = facts.find(|known| known.name.name == fact.name.name && known.scope == fact.scope);
        match known {
            Some(known) => alike(&known.kind, &fact.kind),
            None => known_before(documents, steps, way.from, fact, seen),
        }
    })
}

/// What the key inputs of the next playbook ask for and this one does not know.
fn handover<'d>(before: &Playbook, after: &'d Playbook, step: &Step<'_>) -> Vec<MissingFact<'d>> {
    let mut asked: BTreeSet<FactId> = BTreeSet::new();
    for condition in after.scopes.iter().flat_map(|scope| &scope.inputs).filter_map(|input| input.condition.as_ref()) {
        facts(after, condition, &mut asked, &mut BTreeSet::new());
    }
    let mut findings = Vec::new();
    for id in asked {
        let fact = &after.facts[id.index()];
        let known = before.facts.iter().find(|known| known.name.name == fact.name.name && known.scope == fact.scope);
        let name = &fact.name.name;
        let what = match known {
            _ if fact.default.is_some() || fact.volatility == Volatility::Kept => continue,
            Some(known) if alike(&known.kind, &fact.kind) => continue,
            Some(_) => format!("`{}` asks for `{name}` on entry, which is something else here", after.name.name),
            None => format!("`{}` asks for `{name}` on entry, which nobody is asked for here", after.name.name),
        };
        let mut finding =
            Diagnostic::new(&MISSING_HANDOVER, step.span, what).related(fact.name.span, "it is declared here");
        if let Some(known) = known {
            finding = finding.related(known.name.span, "and here");
        }
        let finding = finding.help(format!(
            "Declare `{name}` here too, or give it a default there; else the customer waits until somebody says it"
        ));
        findings.push(MissingFact { fact, finding });
    }
    findings
}

fn facts(playbook: &Playbook, condition: &Expr, asked: &mut BTreeSet<FactId>, lets: &mut BTreeSet<LetId>) {
    condition.walk(&mut |part| match &part.node {
        Node::Atom(Atom::Fact(id)) => {
            asked.insert(*id);
        }
        Node::Let(id) if lets.insert(*id) => facts(playbook, &playbook.lets[id.index()].value, asked, lets),
        _ => {}
    });
}
