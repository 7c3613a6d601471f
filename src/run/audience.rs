//! Whether a playbook is for a customer who goes through it.

use super::evaluate::View;
use super::state::{CUSTOMER_TRACK, State};
use super::{Customer, Machine};
use crate::diagnostic::{Diagnostic, OUTSIDE_AUDIENCE};
use crate::model::{Atom, Expr, FactId, FactScope, Node};
use std::collections::BTreeSet;

/// Whether the playbook is for this customer, by what is known before the journey begins; none where it does not say, or
/// a fact that matters is unknown.
#[must_use]
pub fn is_for(machine: &Machine, state: &State) -> Option<bool> {
    let condition = machine.playbook.about.customers.as_ref()?;
    View::of(machine, state, CUSTOMER_TRACK).truth(condition)
}

/// What is to be said of a customer for whom the playbook is not.
#[must_use]
pub fn outside(machine: &Machine, customer: &Customer, who: &str) -> Option<Diagnostic> {
    machine.playbook.about.customers.as_ref()?;
    outside_at(machine, &State::new(machine, customer), who)
}

/// The same, of a customer at the beginning of a journey.
#[must_use]
pub fn outside_at(machine: &Machine, state: &State, who: &str) -> Option<Diagnostic> {
    let condition = machine.playbook.about.customers.as_ref()?;
    if is_for(machine, state) != Some(false) {
        return None;
    }
    let name = &machine.playbook.name.name;
    let message = format!("{who} is not among the customers `{name}` is for{}", known(machine, state, condition));
    let finding = Diagnostic::new(&OUTSIDE_AUDIENCE, condition.span, message);
    Some(finding.help("Follow the base, or the variant that is for this customer"))
}

/// What the customer's facts in a condition are.
fn known(machine: &Machine, state: &State, condition: &Expr) -> String {
    let (view, playbook) = (View::of(machine, state, CUSTOMER_TRACK), &machine.playbook);
    let mut facts: BTreeSet<FactId> = BTreeSet::new();
    condition.walk(&mut |part| {
        if let Node::Atom(Atom::Fact(id)) = &part.node
            && playbook.facts[id.index()].scope == FactScope::Customer
        {
            facts.insert(*id);
        }
    });
    let told = facts.iter().map(|id| {
        let fact = &playbook.facts[id.index()];
        let value = view.fact(*id).map_or("unknown".to_owned(), |value| playbook.show(value, &fact.kind));
        format!("`{}` is {value}", fact.name.name)
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { String::new() } else { format!(": {}", told.join(", ")) }
}

/// Whether the playbook is certainly not for this customer.
#[must_use]
pub fn is_outside(machine: &Machine, customer: &Customer) -> bool {
    machine.playbook.about.customers.is_some() && is_for(machine, &State::new(machine, customer)) == Some(false)
}

/// What is to be said of many customers, of whom so many are not among those the playbook is for.
#[must_use]
pub fn many_outside(machine: &Machine, outside: u64, of: u64) -> Option<Diagnostic> {
    let condition = machine.playbook.about.customers.as_ref()?;
    let name = &machine.playbook.name.name;
    let are = if outside == 1 { "customer is" } else { "customers are" };
    let message = format!("{outside} of {of} {are} not among those `{name}` is for");
    (outside > 0).then(|| Diagnostic::new(&OUTSIDE_AUDIENCE, condition.span, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Sources};

    #[test]
    fn what_is_unknown_keeps_nobody_out() {
        let text = "playbook p { facts of the customer { seats : int } for customers where seats >= 9
                    stage a { -> x } end x success }";
        let mut sources = Sources::new();
        let file = sources.add("test.play", text);
        let (tree, _) = crate::syntax::parse(sources.get(file).expect("added"), file);
        let (mut documents, _) = crate::model::resolve::resolve(&tree, &[]);
        let machine = Machine::new(documents.remove(0).playbook);
        let said = |customer: &str| {
            let (customers, problems) = crate::run::customer::read_json(&machine, FileId(1), customer);
            assert!(problems.is_empty(), "{problems:?}");
            outside(&machine, &customers[0], "`x`").map(|found| found.message)
        };
        assert_eq!(said(r#"{ "id": "x", "seats": 9 }"#), None);
        assert_eq!(said(r#"{ "id": "x" }"#), None);
        let told = said(r#"{ "id": "x", "seats": 8 }"#);
        assert_eq!(told.as_deref(), Some("`x` is not among the customers `p` is for: `seats` is 8"));
        assert_eq!(many_outside(&machine, 0, 5), None);
    }
}
