//! Assumptions that can change nothing: hardly what was meant.

use super::{Maker, Said};
use crate::diagnostic::{Diagnostic, IDLE_ASSUMPTION};
use crate::model::Type;
use crate::model::scenario::{Arrival, Sampler, SamplerNode};
use crate::source::Span;
use crate::value::Duration;

/// Beyond so many standard deviations from the mean lies less than one draw in thirty thousand.
const PRACTICALLY: f64 = 4.0;

impl Maker<'_> {
    /// A warm-up leaves somebody to count, and a draw of time gives some time.
    pub(super) fn assumptions_matter(&mut self) {
        self.warm_up_leaves_somebody();
        let takes = self.made.task_takes.values().chain(self.made.stage_takes.values());
        let never: Vec<Span> = takes.filter(|takes| never_above_zero(takes)).map(|takes| takes.span).collect();
        for span in never {
            self.out.push(
                Diagnostic::new(&IDLE_ASSUMPTION, span, "this length of time is practically never above zero")
                    .label("what is drawn below zero counts as no time")
                    .help("Say a time that is above zero, or leave it out: then the work takes no time"),
            );
        }
    }

    fn warm_up_leaves_somebody(&mut self) {
        let (Some(warm_up), Some(span)) = (self.made.warm_up, self.said.get(&Said::WarmUp).copied()) else { return };
        let within = |limit: Duration| warm_up.0 >= limit.0;
        let (why, until) = match (&self.made.arrival, self.made.horizon) {
            (_, Some(horizon)) if within(horizon) => ("the horizon is not after the warm-up", Said::Horizon),
            (Some(Arrival::Poisson(over) | Arrival::Evenly(over)), _) if within(*over) => {
                ("all customers come in the warm-up", Said::Customers)
            }
            (None, _) if self.made.customers.is_some_and(|count| count > 0) => {
                ("all customers come on day 0", Said::Customers)
            }
            _ => return,
        };
        let mut found =
            Diagnostic::new(&IDLE_ASSUMPTION, span, format!("no customer is left for the figures: {why}"))
                .help("Say a shorter `warm up`, or let customers come for longer: `customers 1_000 arriving poisson over 365 days`");
        if let Some(until) = self.said.get(&until) {
            found = found.related(*until, "said here");
        }
        self.out.push(found);
    }
}

fn never_above_zero(takes: &Sampler) -> bool {
    let takes = if let SamplerNode::Business(_, drawn) = &takes.node { drawn } else { takes };
    let SamplerNode::Draw(drawn) = &takes.node else { return false };
    takes.kind == Type::Duration && drawn.mean() + PRACTICALLY * drawn.variance().sqrt() <= 0.0
}
