//! `dead-exit`: a transition that nobody takes, because its condition is impossible, or others come before it.

use super::Guards;
use crate::diagnostic::{DEAD_EXIT, Diagnostic};
use crate::graph::Node;
use crate::model::{Atom, EventMatch, Node as Part, TransitionId, Trigger, Volatility};
use crate::verify::kernel::{Bdd, Decided};
use crate::verify::known::{Site, Way};
use std::collections::BTreeMap;

/// Why nobody takes a transition from one node.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Why {
    /// Nothing makes its condition true.
    Impossible,
    /// Nobody who is there meets it.
    NobodyHere,
    /// These come before it.
    Covered(Vec<TransitionId>),
    /// These come before it, as another kind does.
    Preempted(Vec<TransitionId>),
    /// The others leave nothing over.
    NothingLeft,
}

/// By transition: at how many places it can be taken, and why not at the others. One that holds everywhere is dead only
/// where it is dead at every place.
#[derive(Debug, Default)]
pub(super) struct Dead {
    found: BTreeMap<TransitionId, (bool, Vec<(Node, Why)>)>,
}

impl Dead {
    fn note(&mut self, node: Node, id: TransitionId, why: Option<Why>) {
        let entry = self.found.entry(id).or_default();
        match why {
            None => entry.0 = true,
            Some(why) => entry.1.push((node, why)),
        }
    }

    pub fn look<'g>(&mut self, guards: &Guards<'g, '_>, site: &mut Site<'g>) -> Decided<()> {
        let playbook = guards.subject.playbook;
        let node = site.node;
        let (whenever, on, completion) = (site.whenever.clone(), site.on.clone(), site.completion.clone());
        self.in_order(guards, site, &whenever, site.any, |_, _| true)?;
        let event = |id: TransitionId| match &playbook.transitions[id.index()].trigger {
            Trigger::On(event, _) => Some(event),
            _ => None,
        };
        let wider = |first: TransitionId, later: TransitionId| match (event(first), event(later)) {
            (Some(EventMatch::Blocker(first)), Some(EventMatch::Blocker(later))) => {
                first.is_empty() || !later.is_empty() && later.iter().all(|kind| first.contains(kind))
            }
            (first, later) => first == later,
        };
        self.in_order(guards, site, &on, site.any, wider)?;
        for (at, way) in completion.iter().enumerate() {
            let here = site.space.kernel().and(way.holds, site.decided)?;
            let why = if here.is_empty() {
                self.nobody(guards, site, way, &whenever)?
            } else if site.first_match {
                let mut left = here;
                let mut before = Vec::new();
                for first in completion[..at].iter().filter(|first| !first.may_be_spent) {
                    let next = site.space.kernel().and(left, first.holds.not())?;
                    if next != left {
                        before.push(first.transition);
                    }
                    left = next;
                }
                left.is_empty().then_some(Why::Covered(before))
            } else {
                None
            };
            // Where what comes before leads to the same place nothing is lost.
            let harmless = match &why {
                Some(Why::Preempted(others)) => others.iter().all(|id| guards.same_target(*id, way.transition)),
                _ => false,
            };
            self.note(node, way.transition, why.filter(|_| !harmless));
        }
        if let Some(otherwise) = site.otherwise {
            let mut left = site.space.kernel().and(otherwise.holds, site.decided)?;
            if completion.is_empty() {
                left = site.decided;
            }
            self.note(node, otherwise.transition, left.is_empty().then_some(Why::NothingLeft));
        }
        Ok(())
    }

    /// Transitions of which the first that holds is taken.
    fn in_order<'g>(
        &mut self,
        guards: &Guards<'g, '_>,
        site: &mut Site<'g>,
        ways: &[Way],
        care: Bdd,
        competes: impl Fn(TransitionId, TransitionId) -> bool,
    ) -> Decided<()> {
        for (at, way) in ways.iter().enumerate() {
            let here = site.space.kernel().and(way.holds, care)?;
            let why = if here.is_empty() {
                self.nobody(guards, site, way, &[])?
            } else {
                let (mut left, mut before) = (here, Vec::new());
                for first in ways[..at].iter().filter(|first| !first.may_be_spent) {
                    if competes(first.transition, way.transition) {
                        let next = site.space.kernel().and(left, first.holds.not())?;
                        if next != left {
                            before.push(first.transition);
                        }
                        left = next;
                    }
                }
                let same = before.iter().all(|id| guards.same_target(*id, way.transition));
                (left.is_empty() && !same).then_some(Why::Covered(before))
            };
            self.note(site.node, way.transition, why);
        }
        Ok(())
    }

    /// Why nobody meets a condition here.
    fn nobody<'g>(
        &self,
        guards: &Guards<'g, '_>,
        site: &mut Site<'g>,
        way: &Way,
        whenever: &[Way],
    ) -> Decided<Option<Why>> {
        if guards.guard(way.transition).is_none() {
            // Nobody gets to the end of the work: the condition is not to blame.
            return Ok(None);
        }
        if !site.space.satisfiable(way.holds)? {
            return Ok(Some(Why::Impossible));
        }
        let mut left = site.space.kernel().and(way.holds, site.any)?;
        let mut before = Vec::new();
        if !left.is_empty() {
            for first in whenever.iter().filter(|first| !first.may_be_spent) {
                let next = site.space.kernel().and(left, first.holds.not())?;
                if next != left {
                    before.push(first.transition);
                }
                left = next;
            }
        }
        Ok(Some(if left.is_empty() && !before.is_empty() { Why::Preempted(before) } else { Why::NobodyHere }))
    }

    /// Says which transitions are dead wherever they are looked at.
    pub fn report(self, guards: &Guards<'_, '_>, findings: &mut Vec<Diagnostic>) {
        for (id, (alive, why)) in self.found {
            let Some((node, first)) = why.first().filter(|_| !alive) else { continue };
            // Where nobody gets to a stage for that reason, the stage is reported.
            let place = guards.subject.playbook.transitions[id.index()].target;
            let working = !matches!(place, crate::model::Place::End(_));
            if working && guards.known.entry(Node::Place(place)).is_none() {
                continue;
            }
            if *first == Why::NobodyHere && reads_what_is_never_set(guards, id) {
                continue;
            }
            let (here, target) = (guards.call(*node), guards.target(id));
            let finding = match first {
                Why::Impossible => Diagnostic::new(
                    &DEAD_EXIT,
                    guards.span(id),
                    format!("the transition to {target} is never taken: its condition cannot be true"),
                )
                .help("Look at the condition: its parts exclude each other"),
                Why::NobodyHere => Diagnostic::new(
                    &DEAD_EXIT,
                    guards.span(id),
                    format!("the transition to {target} is never taken: nobody who gets to {here} meets its condition"),
                )
                .help("Every way that leads here makes the condition false"),
                Why::NothingLeft => {
                    let mut finding = Diagnostic::new(
                        &DEAD_EXIT,
                        guards.span(id),
                        format!("`otherwise` to {target} is never taken: the other conditions leave nothing over"),
                    )
                    .help("Take it out, or look at the other conditions");
                    let others = match node {
                        Node::Start(scope) => guards.subject.graph.start(*scope),
                        Node::Place(place) => &guards.subject.graph.exits(*place).completion,
                    };
                    for other in others.iter().filter(|other| **other != id).take(6) {
                        finding = finding.related(guards.span(*other), "taken, or not known yet");
                    }
                    finding
                }
                Why::Covered(before) | Why::Preempted(before) => {
                    let how = if matches!(first, Why::Preempted(_)) {
                        "as soon as its condition is true, a `whenever` is taken"
                    } else if before.len() == 1 {
                        "one that comes before it is taken first"
                    } else {
                        "those that come before it are taken first"
                    };
                    let mut finding = Diagnostic::new(
                        &DEAD_EXIT,
                        guards.span(id),
                        format!("the transition to {target} is never taken: {how}"),
                    )
                    .help("Take it out, or put it before them");
                    for other in before.iter().take(6) {
                        finding = finding.related(guards.span(*other), "taken first");
                    }
                    finding
                }
            };
            findings.push(finding);
        }
    }
}

/// Whether a condition hangs on a fact of the playbook that no stage sets: that is said where it is declared.
fn reads_what_is_never_set(guards: &Guards<'_, '_>, id: TransitionId) -> bool {
    let playbook = guards.subject.playbook;
    let mut found = false;
    if let Some(guard) = guards.guard(id) {
        guard.walk_all(playbook, &mut |part| {
            if let Part::Atom(Atom::Fact(fact)) = part.node {
                let kept = playbook.facts[fact.index()].volatility == Volatility::Kept;
                found |= kept && !guards.known.setting.is_set(fact);
            }
        });
    }
    found
}
