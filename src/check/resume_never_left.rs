//! `resume-never-left`: `resume` to a stage that nobody can have left before.

use super::{Subject, loops};
use crate::diagnostic::{Diagnostic, RESUME_NEVER_LEFT};
use crate::model::{Place, TransitionId};
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::EdgeRef;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let graph = subject.graph.graph();
    // The places each `resume` leaves, where somebody can be.
    let mut sources: BTreeMap<TransitionId, BTreeSet<NodeIndex>> = BTreeMap::new();
    for edge in graph.edge_indices() {
        if let (Some(weight), Some((from, _))) = (graph.edge_weight(edge), graph.edge_endpoints(edge))
            && weight.resume
            && subject.reach.is_reached(from)
        {
            sources.entry(weight.transition).or_default().insert(from);
        }
    }
    if sources.is_empty() {
        return;
    }
    let whole = loops::part(subject, |_, _| true, |_| true);
    let mut group_of = BTreeMap::new();
    for (number, group) in loops::groups(&whole).into_iter().enumerate() {
        group_of.extend(group.into_iter().map(|node| (node, number)));
    }
    let mut behind: BTreeMap<NodeIndex, BTreeSet<NodeIndex>> = BTreeMap::new();
    for (id, sources) in sources {
        let transition = &subject.playbook.transitions[id.index()];
        let target = subject.graph.node(transition.target);
        let around = |from: &NodeIndex| {
            let group = group_of.get(from);
            group.is_some() && group == group_of.get(&target)
        };
        // Most go back to a stage of their own loop: nothing has to be searched for these.
        if sources.iter().any(around) {
            continue;
        }
        let behind = behind.entry(target).or_insert_with(|| {
            let mut seen = BTreeSet::new();
            let mut waiting = vec![target];
            while let Some(at) = waiting.pop() {
                waiting.extend(graph.edges(at).map(|edge| edge.target()).filter(|next| seen.insert(*next)));
            }
            seen
        });
        if sources.iter().any(|from| behind.contains(from)) {
            continue;
        }
        let name = &subject.playbook.place_name(transition.target).name;
        let from = sources.first().and_then(|from| loops::place(subject, *from));
        let message = match from {
            Some(from @ Place::Stage(_)) if sources.len() == 1 => {
                format!("nobody in {} has been in stage `{name}` before", subject.call(from))
            }
            _ => format!("nobody here has been in stage `{name}` before"),
        };
        findings.push(
            Diagnostic::new(&RESUME_NEVER_LEFT, transition.span, message)
                .label("nothing to resume: the stage is entered anew")
                .related(subject.spot(transition.target), "the stage")
                .help(format!("Write `-> {name}` without `resume`, or lead customers through the stage first")),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::said;

    fn warnings(more: &str, first: &str, second: &str) -> Vec<String> {
        let text = format!(
            "playbook p {{ {more} start -> a stage a {{ task t mandatory {first} }} stage b {{ {second} }}
             stage c {{ task u mandatory  -> x }} end x success }}"
        );
        said(&text).into_iter().filter(|said| said.starts_with("resume-never-left")).collect()
    }

    #[test]
    fn a_stage_ahead_cannot_be_resumed() {
        assert_eq!(
            warnings("", "-> b", "-> resume c"),
            ["resume-never-left: nobody in stage `b` has been in stage `c` before"]
        );
        assert_eq!(warnings("", "-> c  on blocker -> b", "on resolved -> resume a"), Vec::<String>::new());
    }

    #[test]
    fn a_way_back_over_other_stages_counts() {
        // Who is in `b` has been in `a`, though no way leads from `b` to `a` but this one.
        assert_eq!(warnings("", "-> b", "-> resume a at most 3 times  after 9 days -> c"), Vec::<String>::new());
        // `whenever` on everything leaves `a` and `b`: some have left `b`.
        let anywhere = "facts of the customer { f : yes/no }";
        assert_eq!(warnings(anywhere, "-> b", "-> c  whenever f -> resume a"), Vec::<String>::new());
    }

    #[test]
    fn a_rule_for_all_stages_counts_where_one_of_them_lies_behind() {
        let ahead = "on escalated -> resume c";
        assert_eq!(
            warnings(ahead, "-> b", "-> c").first().map(String::as_str),
            Some("resume-never-left: nobody here has been in stage `c` before")
        );
        assert_eq!(warnings("on escalated -> resume a", "-> b", "-> c"), Vec::<String>::new());
    }
}
