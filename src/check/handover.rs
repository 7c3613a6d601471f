//! `next-input-not-met` and `next-input-never-met`: who goes on from an end into a playbook that holds them at once.
//!
//! Facts go on by name, as [`crate::run::chain`] hands them over; so a key input of the next playbook becomes a condition on
//! facts of this one, looked at where a transition leads to the end.

use super::guards::ends::unmet;
use super::guards::example::{Examples, Searched, Wanted};
use crate::diagnostic::{Diagnostic, NEXT_INPUT_NEVER_MET, NEXT_INPUT_NOT_MET};
use crate::graph::{Node as Spot, StateGraph};
use crate::model::{Atom, CUSTOMER, Document, EndId, Expr, FactId, FactScope, Node, Place, Playbook, Volatility};
use crate::run::chain::alike;
use crate::source::Span;
use crate::verify::encode::Prepared;
use crate::verify::known::Known;

/// Nodes of diagrams for each place.
const BUDGET: usize = 100_000;

/// Looks at one end from which customers go on.
pub(super) fn check(before: &Document, end: EndId, after: &Document, span: Span) -> Vec<Diagnostic> {
    let decided = |document: &Document| document.whole && document.sound && document.playbook.can_be_written_out();
    let (from, to) = (&before.playbook, &after.playbook);
    let inputs: Vec<(&Expr, Expr)> = to.scopes[CUSTOMER.index()]
        .inputs
        .iter()
        .filter_map(|input| input.condition.as_ref())
        .filter_map(|condition| {
            let mut here = condition.clone();
            carried(from, to, &mut here).then_some((condition, here))
        })
        .collect();
    if inputs.is_empty() || !decided(before) || !decided(after) {
        return Vec::new();
    }
    let graph = StateGraph::new(from);
    let prepared = Prepared::new(from, inputs.iter().map(|(_, here)| here));
    let known = Known::new(&prepared, &graph, BUDGET);
    let examples = Examples::new(from, &graph);
    let mut findings = Vec::new();
    for (asked, here) in &inputs {
        let Ok(Some(unmet)) = unmet(&known, end, here) else { continue };
        let wanted = Wanted::Unmet(end, here);
        // Where no customer is found nothing is said: it is no flaw of either playbook alone.
        let Searched::Seen(example) = examples.shown(&known.setting, Spot::Place(Place::End(end)), wanted) else {
            continue;
        };
        let name = &to.name.name;
        let for_ever = unmet.everybody && stays(to, asked);
        let rule = if for_ever { &NEXT_INPUT_NEVER_MET } else { &NEXT_INPUT_NOT_MET };
        let message = match (for_ever, unmet.everybody) {
            (true, _) => format!("nobody who goes on into `{name}` from here meets its key input, nor ever will"),
            (_, true) => format!("nobody who goes on into `{name}` from here meets its key input at once"),
            _ => format!("a customer can go on into `{name}` from here and not meet its key input"),
        };
        let what = examples.words(&example.customer);
        let mut finding = Diagnostic::new(rule, span, message)
            .label(if unmet.everybody {
                "they are held there".to_owned()
            } else {
                format!("they are held there where {}", unmet.region)
            })
            .related(asked.span, "this is asked for on entry")
            .help(format!("Ask for it where it leads to this end, or not there. Example: a customer {what}"));
        for id in unmet.transitions.iter().take(4) {
            finding = finding.related(from.transitions[id.index()].span, "taken without it");
        }
        finding.witness = Some(example.witness);
        findings.push(finding);
    }
    findings
}

/// Puts what the next playbook asks for into facts of this one; false where that cannot be said.
fn carried(from: &Playbook, to: &Playbook, expr: &mut Expr) -> bool {
    match &expr.node {
        Node::Parameter(id) => expr.node = Node::Constant(to.parameters[id.index()].value.clone()),
        Node::Let(id) => {
            let mut named = to.lets[id.index()].value.clone();
            if !carried(from, to, &mut named) {
                return false;
            }
            expr.node = named.node;
        }
        Node::Atom(Atom::Fact(id)) => {
            let fact = &to.facts[id.index()];
            let known = from.facts.iter().position(|known| {
                known.scope == FactScope::Customer
                    && known.name.name == fact.name.name
                    && alike(&known.kind, &fact.kind)
            });
            expr.node = match (known, &fact.default) {
                _ if fact.scope != FactScope::Customer => return false,
                (Some(known), _) if fact.volatility != Volatility::Kept => Node::Atom(Atom::Fact(FactId(known as u32))),
                // The next playbook begins with what it keeps itself, or takes for granted.
                (_, Some(default)) => Node::Constant(default.clone()),
                _ => return false,
            };
        }
        Node::Atom(_) | Node::Quantified(..) | Node::ServiceIn(..) => return false,
        _ => {
            let mut all = true;
            expr.parts_mut(&mut |part| all &= carried(from, to, part));
            return all;
        }
    }
    true
}

/// Whether what a condition reads never changes once somebody has come there: nothing is worked on before it is met.
fn stays(playbook: &Playbook, condition: &Expr) -> bool {
    let mut stays = true;
    condition.walk_all(playbook, &mut |part| {
        if let Node::Atom(Atom::Fact(fact)) = &part.node {
            let volatility = playbook.facts[fact.index()].volatility;
            stays &= matches!(volatility, Volatility::Fixed | Volatility::Kept);
        }
    });
    stays
}
