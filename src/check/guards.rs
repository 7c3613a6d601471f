//! What guards say together: who gets stuck, who could go two ways, what is never taken, and what says nothing.
//!
//! Decided exactly for each place ([`crate::verify::encode`]) with what is known of everybody who gets there
//! ([`crate::verify::known`]). A customer who suffers is shown only when the interpreter has followed them there
//! ([`example`]); where none is found it is said that the question is open.

mod assumptions;
mod boundary;
mod dead;
pub(in crate::check) mod ends;
pub(in crate::check) mod example;
mod idle;
mod overlapping;
mod stuck;

use super::Subject;
use crate::diagnostic::{Diagnostic, NOT_DECIDED, UNREACHABLE_STAGE};
use crate::graph::Node;
use crate::model::{Expr, Place, ScopeId, TransitionId};
use crate::source::Span;
use crate::verify::encode::{Prepared, Region};
use crate::verify::kernel::{Bdd, Decided};
use crate::verify::known::{Known, Site};
use example::Examples;
use std::collections::BTreeSet;

/// Nodes of diagrams for each place.
const BUDGET: usize = 400_000;

/// What all rules about guards look at.
struct Guards<'g, 'a> {
    subject: &'g Subject<'a>,
    prepared: &'g Prepared<'g>,
    known: &'g Known<'g>,
    examples: Examples<'g>,
}

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if !subject.document.sound {
        // A guard may stand for one that is wrong.
        return;
    }
    let prepared = Prepared::new(subject.playbook, conditions(subject));
    let known = Known::new(&prepared, subject.graph, BUDGET);
    let guards = Guards {
        subject,
        prepared: &prepared,
        known: &known,
        examples: Examples::new(subject.playbook, subject.graph),
    };
    let mut dead = dead::Dead::default();
    let mut goes_on = BTreeSet::new();
    for node in nodes(subject) {
        let site = match known.site(node) {
            Ok(Some(site)) => site,
            Ok(None) => continue,
            Err(_) => {
                findings.push(guards.too_large(node));
                continue;
            }
        };
        if guards.look(site, &mut dead, &mut goes_on, findings).is_err() {
            findings.push(guards.too_large(node));
        }
    }
    dead.report(&guards, findings);
    // The first to tell is the only one.
    let _ = subject.goes_on.set(goes_on);
    unreachable(&guards, findings);
    assumptions::check(&guards, findings);
    ends::check(&guards, findings);
}

/// The conditions of properties.
fn conditions<'a>(subject: &Subject<'a>) -> Vec<&'a Expr> {
    use crate::model::property::{Assumption, Claim, Occurrence};
    fn occurrence<'a>(occurrence: &'a Occurrence, all: &mut Vec<&'a Expr>) {
        if let Occurrence::Condition(condition) = occurrence {
            all.push(condition);
        }
    }
    let mut all = Vec::new();
    for property in &subject.document.properties {
        match &property.claim {
            Claim::Never(one, other) | Claim::Always(one, other) => {
                all.push(one);
                all.extend(other);
            }
            Claim::Before(one, other) | Claim::Followed(one, other, _) => {
                occurrence(one, &mut all);
                occurrence(other, &mut all);
            }
            Claim::Eventually(one, _) | Claim::AtMost(one, _) => occurrence(one, &mut all),
        }
        all.extend(property.assumptions.iter().filter_map(|assumption| match assumption {
            Assumption::Condition(condition) => Some(condition),
            _ => None,
        }));
    }
    all
}

/// Starts, stages and blocks, in declared order.
fn nodes(subject: &Subject<'_>) -> Vec<Node> {
    let starts = (0..subject.playbook.scopes.len()).map(|scope| Node::Start(ScopeId(scope as u32)));
    starts.chain(subject.working_places().map(Node::Place)).collect()
}

impl<'g> Guards<'g, '_> {
    fn look(
        &self,
        mut site: Site<'g>,
        dead: &mut dead::Dead,
        goes_on: &mut BTreeSet<Node>,
        findings: &mut Vec<Diagnostic>,
    ) -> Decided<()> {
        overlapping::check(self, &mut site, findings)?;
        stuck::check(self, &mut site, findings)?;
        boundary::check(self, &mut site, findings)?;
        if stuck::never(&mut site)? {
            goes_on.insert(site.node);
        }
        dead.look(self, &mut site)?;
        idle::check(self, &mut site, findings)
    }

    /// A node as a message calls it.
    fn call(&self, node: Node) -> String {
        match node {
            Node::Start(scope) => format!("the start of {}", self.subject.call_scope(scope)),
            Node::Place(place) => self.subject.call(place),
        }
    }

    /// Where a message about a node points.
    fn spot(&self, node: Node) -> Span {
        match node {
            Node::Place(place) => self.subject.spot(place),
            Node::Start(scope) => {
                let scope = &self.subject.playbook.scopes[scope.index()];
                scope.start.first().map_or(scope.name.span, |id| self.span(*id))
            }
        }
    }

    fn span(&self, id: TransitionId) -> Span {
        self.subject.playbook.transitions[id.index()].span
    }

    fn guard(&self, id: TransitionId) -> Option<&'g Expr> {
        crate::run::machine::guard(&self.known.setting.prepared.playbook.transitions[id.index()].trigger)
    }

    /// Where a transition leads, as a message calls it.
    fn target(&self, id: TransitionId) -> String {
        let target = self.subject.playbook.transitions[id.index()].target;
        format!("`{}`", self.subject.playbook.place_name(target).name)
    }

    /// Whether two transitions do the same.
    fn same_target(&self, one: TransitionId, other: TransitionId) -> bool {
        let transition = |id: TransitionId| &self.subject.playbook.transitions[id.index()];
        let (one, other) = (transition(one), transition(other));
        (one.target, one.resume) == (other.target, other.resume)
    }

    /// A set in words, given who can be there.
    fn words(&self, site: &mut Site<'g>, set: Bdd, care: Bdd) -> Decided<Region> {
        // As long as all is known that decides what is set.
        let certain = site.space.certain(true)?;
        let (certain, among) = (site.space.kernel().and(set, certain)?, site.space.kernel().and(care, certain)?);
        if certain.is_empty() {
            return Ok(site.space.words(set, care)?.0);
        }
        Ok(site.space.words(certain, among)?.0)
    }

    fn too_large(&self, node: Node) -> Diagnostic {
        let message = format!("the conditions of {} are too many together to be decided", self.call(node));
        Diagnostic::new(&NOT_DECIDED, self.spot(node), message)
            .help("Split the stage, or compare fewer facts with each other")
    }

    /// What may be so, but was not seen.
    fn open(&self, span: Span, what: String, site: &Site<'_>, set: Bdd, findings: &mut Vec<Diagnostic>) {
        self.undecided(span, what, site.space.depends_on_outside(set), findings);
    }

    /// The same, where it is known whether it hangs on a calculation that cannot be decided.
    fn undecided(&self, span: Span, what: String, outside: bool, findings: &mut Vec<Diagnostic>) {
        let why = if outside {
            "it depends on a calculation that cannot be decided"
        } else {
            "no customer was found for whom it is so, and no proof that there is none"
        };
        findings.push(
            Diagnostic::new(&NOT_DECIDED, span, what)
                .label(why)
                .help("Tried: customers whose facts lead there along the shortest ways, then all situations as far as there was time"),
        );
    }
}

/// Places that transitions lead to, but whose conditions nobody meets on the way.
fn unreachable(guards: &Guards<'_, '_>, findings: &mut Vec<Diagnostic>) {
    let subject = guards.subject;
    for place in subject.working_places() {
        let node = subject.graph.node(place);
        let by_graph = subject.reach.is_reached(node) && subject.reach.services(node) != 0;
        if !by_graph || guards.known.entry(Node::Place(place)).is_some() {
            continue;
        }
        // Only the first on the way: from a place somebody gets to.
        let mut leading = Vec::new();
        for edge in subject.graph.graph().edges_directed(node, petgraph::Incoming) {
            use petgraph::visit::EdgeRef;
            let Some(from) = subject.graph.graph().node_weight(edge.source()) else { continue };
            if guards.known.entry(*from).is_some() {
                leading.push(edge.weight().transition);
            }
        }
        leading.sort_unstable();
        leading.dedup();
        if leading.is_empty() {
            continue;
        }
        let mut finding = Diagnostic::new(
            &UNREACHABLE_STAGE,
            subject.spot(place),
            format!("nobody gets to {}: the conditions on the way exclude each other", subject.call(place)),
        )
        .help("Look at the conditions of the transitions that lead here");
        for id in leading.iter().take(5) {
            finding = finding.related(guards.span(*id), "nobody meets this where it stands");
        }
        findings.push(finding);
    }
}

/// Whether a place is one of working.
fn stage(node: Node) -> Option<crate::model::StageId> {
    match node {
        Node::Place(Place::Stage(stage)) => Some(stage),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
