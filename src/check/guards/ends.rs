//! `output-not-met`: a success that somebody reaches although what it stands for is not so.
//!
//! A condition is looked at at the instant in which a transition leads to the end: with what is known of everybody who
//! takes it, and what its own condition says.

use super::Guards;
use super::example::{Searched, Wanted};
use crate::diagnostic::{Diagnostic, OUTPUT_NOT_MET};
use crate::graph::Node;
use crate::model::{Atom, EndId, Expr, Node as Part, Place, ScopeId, TransitionId};
use crate::syntax::ast::EndKind;
use crate::verify::encode::Region;
use crate::verify::kernel::{Bdd, Decided};
use crate::verify::known::{Known, Site};
use petgraph::visit::EdgeRef;
use std::collections::BTreeSet;

/// Who comes to an end without a condition being true.
pub(in crate::check) struct Unmet {
    /// The transitions that lead them there.
    pub transitions: Vec<TransitionId>,
    /// Who they are, at the first of these.
    pub region: Region,
    /// Whether it is everybody who comes there.
    pub everybody: bool,
    /// Whether it hangs on a calculation that cannot be decided.
    pub outside: bool,
}

pub(super) fn check(guards: &Guards<'_, '_>, findings: &mut Vec<Diagnostic>) {
    let playbook = guards.subject.playbook;
    for scope in (0..playbook.scopes.len() as u32).map(ScopeId) {
        let known = &playbook.scopes[scope.index()];
        let conditions = known.outputs.iter().filter_map(|output| Some((output, output.condition.as_ref()?)));
        for (output, condition) in conditions.filter(|(_, condition)| !of_the_stay(guards.known, condition)) {
            for place in &known.places {
                let Place::End(end) = *place else { continue };
                let declared = &playbook.ends[end.index()];
                if declared.kind != EndKind::Success {
                    continue;
                }
                let Ok(Some(unmet)) = unmet(guards.known, end, condition) else { continue };
                let wanted = Wanted::Unmet(end, condition);
                let (end, words) = (&declared.name.name, &output.text.main);
                let (region, span) = (&unmet.region, condition.span);
                match guards.examples.shown(&guards.known.setting, Node::Place(*place), wanted) {
                    Searched::Seen(example) => {
                        let message = format!("a customer can come to `{end}` where this key output is not met");
                        let what = guards.examples.words(&example.customer);
                        let mut finding = Diagnostic::new(&OUTPUT_NOT_MET, span, message)
                            .label(format!("“{words}” is not so where {region}"))
                            .help(format!("Ask for it where it leads to `{end}`. Example: a customer {what}"));
                        for id in unmet.transitions.iter().take(6) {
                            finding = finding.related(guards.span(*id), "taken without it");
                        }
                        finding.witness = Some(example.witness);
                        findings.push(finding);
                    }
                    Searched::Nobody => continue,
                    Searched::Open => {
                        let what = format!("a customer may come to `{end}` where this key output is not met: {region}");
                        guards.undecided(span, what, unmet.outside, findings);
                    }
                }
                // One finding for each output is enough.
                break;
            }
        }
    }
}

/// Whether a condition speaks of where its track is, or of the present stay: at an end there is none. Or of tasks: whether
/// mandatory ones are done is another question (`mandatory-task-skippable`).
fn of_the_stay(known: &Known<'_>, condition: &Expr) -> bool {
    let mut found = false;
    condition.walk_all(known.setting.prepared.playbook, &mut |part| {
        found |= matches!(
            &part.node,
            Part::Atom(
                Atom::At(_)
                    | Atom::DoneTask(_)
                    | Atom::TaskStatus(..)
                    | Atom::InStage(_)
                    | Atom::Round(_)
                    | Atom::Sustained(_)
                    | Atom::Change(..)
            )
        );
    });
    found
}

/// Who comes to an end without a condition being true; none where everybody meets it, or nobody comes there.
///
/// # Errors
/// Beyond the budget.
pub(in crate::check) fn unmet(known: &Known<'_>, end: EndId, condition: &Expr) -> Decided<Option<Unmet>> {
    let graph = known.setting.graph;
    let target = graph.node(Place::End(end));
    let mut leading: Vec<(Node, TransitionId)> = graph
        .graph()
        .edges_directed(target, petgraph::Incoming)
        .filter_map(|edge| Some((*graph.graph().node_weight(edge.source())?, edge.weight().transition)))
        .collect();
    leading.sort_unstable();
    leading.dedup();
    let mut found: Option<Unmet> = None;
    let (mut everybody, mut seen) = (true, BTreeSet::new());
    for (from, id) in leading {
        let Some((mut site, ways)) = known.site_with(from, &[condition])? else { continue };
        let Some(way) = ways.first() else { continue };
        let taken = taken(&mut site, id)?;
        let without = site.space.kernel().and(taken, way.fails)?;
        everybody &= site.space.implies(taken, way.fails)?;
        if !site.space.satisfiable(without)? || !seen.insert(id) {
            continue;
        }
        match &mut found {
            Some(found) => found.transitions.push(id),
            None => {
                let region = site.space.words(without, taken)?.0;
                let outside = site.space.depends_on_outside(without);
                found = Some(Unmet { transitions: vec![id], region, everybody: false, outside });
            }
        }
    }
    Ok(found.map(|found| Unmet { everybody, ..found }))
}

/// Who takes a transition.
fn taken(site: &mut Site<'_>, id: TransitionId) -> Decided<Bdd> {
    let (whenever, on, completion) = (site.whenever.clone(), site.on.clone(), site.completion.clone());
    for (ways, here) in [(&whenever, site.any), (&completion, site.decided)] {
        let mut left = here;
        for way in ways {
            if way.transition == id {
                return site.space.kernel().and(left, way.holds);
            }
            if !way.may_be_spent && site.first_match {
                left = site.space.kernel().and(left, way.holds.not())?;
            }
        }
    }
    if let Some(way) = on.iter().find(|way| way.transition == id) {
        return site.space.kernel().and(site.any, way.holds);
    }
    if let Some(way) = site.otherwise.filter(|way| way.transition == id) {
        return site.space.kernel().and(site.decided, way.holds);
    }
    let mut left = site.any;
    for way in whenever.iter().filter(|way| !way.may_be_spent) {
        left = site.space.kernel().and(left, way.holds.not())?;
    }
    Ok(left)
}
