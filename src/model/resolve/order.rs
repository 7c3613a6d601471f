//! In which order parameters and `let`s are resolved: each after those it speaks of.

use crate::syntax::ast::{Expr, ExprKind};
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};

/// Definitions in an order in which each comes after those it needs, as far as there is one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Those that can be resolved, in written order where nothing else asks for another.
    pub sorted: Vec<usize>,
    /// Circles of definitions, each in written order.
    pub cycles: Vec<Vec<usize>>,
    /// Those that need a member of a circle, and so cannot be resolved either.
    pub hanging: Vec<usize>,
}

/// Sorts definitions by the names they use. Names in `values` mean a value of a list where they are compared with
/// something: `let trial = plan is trial` is no circle.
pub fn order(definitions: &[(&str, &Expr)], values: &BTreeSet<&str>) -> Order {
    let mut index: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, (name, _)) in definitions.iter().enumerate() {
        index.entry(name).or_insert(at);
    }
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); definitions.len()];
    let mut open: Vec<usize> = vec![0; definitions.len()];
    for (at, (_, value)) in definitions.iter().enumerate() {
        let mut needs: BTreeSet<usize> = BTreeSet::new();
        names(value, values, &mut |name| needs.extend(index.get(name)));
        for needed in &needs {
            needed_by[*needed].push(at);
        }
        open[at] = needs.len();
    }
    let mut ready: BTreeSet<usize> = (0..definitions.len()).filter(|at| open[*at] == 0).collect();
    let mut result = Order::default();
    while let Some(at) = ready.pop_first() {
        result.sorted.push(at);
        for user in &needed_by[at] {
            open[*user] -= 1;
            if open[*user] == 0 {
                ready.insert(*user);
            }
        }
    }
    if result.sorted.len() == definitions.len() {
        return result;
    }
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    for _ in definitions {
        graph.add_node(());
    }
    for (at, users) in needed_by.iter().enumerate() {
        for user in users {
            graph.add_edge(NodeIndex::new(at), NodeIndex::new(*user), ());
        }
    }
    let mut circular: BTreeSet<usize> = BTreeSet::new();
    for component in petgraph::algo::kosaraju_scc(&graph) {
        let mut members: Vec<usize> = component.iter().map(|node| node.index()).collect();
        if members.len() > 1 || component.iter().all(|node| graph.contains_edge(*node, *node)) {
            members.sort_unstable();
            circular.extend(&members);
            result.cycles.push(members);
        }
    }
    result.cycles.sort();
    result.hanging = (0..definitions.len()).filter(|at| open[*at] > 0 && !circular.contains(at)).collect();
    result
}

/// Calls `visit` on every name that may stand for something defined.
fn names<'a>(expr: &'a Expr, values: &BTreeSet<&str>, visit: &mut dyn FnMut(&'a str)) {
    let is_value = |part: &Expr| matches!(&part.kind, ExprKind::Name(name) if values.contains(name.as_str()));
    match &expr.kind {
        ExprKind::Name(name) => visit(name),
        ExprKind::Compare { .. } | ExprKind::List(_) => parts(expr, &mut |part| {
            if !is_value(part) {
                names(part, values, visit);
            }
        }),
        _ => parts(expr, &mut |part| names(part, values, visit)),
    }
}

/// Calls `visit` on the direct parts of an expression.
pub fn parts<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    match &expr.kind {
        ExprKind::YesNo(_)
        | ExprKind::Number(_)
        | ExprKind::Percent(_)
        | ExprKind::Date(_)
        | ExprKind::Duration(..)
        | ExprKind::Business(..)
        | ExprKind::Text(_)
        | ExprKind::Name(_)
        | ExprKind::Service
        | ExprKind::ThisService
        | ExprKind::Round(_)
        | ExprKind::Today
        | ExprKind::CountOf(_)
        | ExprKind::DoneTask(..)
        | ExprKind::TaskStatus { .. }
        | ExprKind::At(_)
        | ExprKind::Happened(_)
        | ExprKind::Since(..)
        | ExprKind::Unknown(_)
        | ExprKind::EndedAt(..) => {}
        ExprKind::Not(part)
        | ExprKind::Negate(part)
        | ExprKind::Change(_, part)
        | ExprKind::InStage(part)
        | ExprKind::ShareOfCustomers(part) => visit(part),
        ExprKind::And(list) | ExprKind::Or(list) | ExprKind::List(list) => list.iter().for_each(visit),
        ExprKind::Compare { left, right, .. } => {
            visit(left);
            visit(right);
        }
        ExprKind::InRange { value, low, high, .. } => {
            visit(value);
            visit(low);
            visit(high);
        }
        ExprKind::InSet { value, set, .. } => {
            visit(value);
            visit(set);
        }
        ExprKind::Sum(terms) => terms.iter().for_each(|(_, term)| visit(term)),
        ExprKind::Product(first, factors) => {
            visit(first);
            factors.iter().for_each(|(_, factor)| visit(factor));
        }
        ExprKind::Choice(choices, last) => {
            for (value, condition) in choices {
                visit(value);
                visit(condition);
            }
            visit(last);
        }
        ExprKind::Quantified { condition, .. } => {
            if let Some(condition) = condition {
                visit(condition);
            }
        }
        ExprKind::Sustained(condition, duration) => {
            visit(condition);
            visit(duration);
        }
        ExprKind::Call { arguments, .. } => arguments.iter().for_each(|argument| visit(&argument.value)),
        ExprKind::Between { low, high, mostly } => {
            visit(low);
            visit(high);
            if let Some(mostly) = mostly {
                visit(mostly);
            }
        }
        ExprKind::Usually { median, over, .. } => {
            visit(median);
            visit(over);
        }
        ExprKind::Weighted(weights) => {
            for (value, weight) in weights {
                visit(value);
                visit(weight);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn sum(names: &[&str]) -> Expr {
        let name = |name: &&str| {
            (crate::syntax::ast::Sign::Plus, Expr { kind: ExprKind::Name((*name).to_owned()), span: Span::default() })
        };
        Expr { kind: ExprKind::Sum(names.iter().map(name).collect()), span: Span::default() }
    }

    #[test]
    fn later_ones_may_be_used_and_circles_are_named_whole() {
        let values = [sum(&["d"]), sum(&["c"]), sum(&["b"]), sum(&["1"]), sum(&["a", "c"]), sum(&["f"])];
        let definitions: Vec<(&str, &Expr)> = ["a", "b", "c", "d", "e", "f"].into_iter().zip(&values).collect();
        let order = order(&definitions, &BTreeSet::new());
        assert_eq!(order.sorted, vec![3, 0]);
        assert_eq!(order.cycles, vec![vec![1, 2], vec![5]]);
        assert_eq!(order.hanging, vec![4]);
    }

    #[test]
    fn a_value_is_no_circle() {
        let name = |name: &str| Box::new(Expr { kind: ExprKind::Name(name.to_owned()), span: Span::default() });
        let value = Expr {
            kind: ExprKind::Compare {
                operator: crate::syntax::ast::Comparison::Equal,
                word: true,
                left: name("plan"),
                right: name("trial"),
            },
            span: Span::default(),
        };
        assert_eq!(order(&[("trial", &value)], &BTreeSet::from(["trial"])).sorted, vec![0]);
        assert_eq!(order(&[("trial", &value)], &BTreeSet::new()).cycles, vec![vec![0]]);
    }
}
