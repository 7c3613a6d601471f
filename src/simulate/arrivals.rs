//! When customers come.

use super::plan::Plan;
use crate::model::scenario::{Arrival, ArrivalRate};
use crate::run::{Customer, Machine, State};
use crate::value::{DAY, Duration};

impl Plan<'_> {
    /// The state of a customer who comes at this time, before the journey begins. Where the scenario has a date, customers
    /// without one get theirs.
    pub(super) fn state(&self, machine: &Machine, customer: &mut Customer, arrival: Duration) -> State {
        let Some(starts) = self.starts else { return State::new(machine, customer) };
        customer.start = customer.start.or_else(|| Some(starts.plus_days(arrival.0.div_euclid(DAY))));
        let mut state = State::new(machine, customer);
        state.begins = arrival.0.rem_euclid(DAY);
        state
    }

    /// When a customer of a file comes: on the own date, where the scenario has one too; else as drawn customers do.
    pub(super) fn arrival_of(&self, customer: &Customer, number: u64, of: u64) -> Duration {
        match (self.starts, customer.start) {
            (Some(starts), Some(start)) => Duration((i64::from(start.0) - i64::from(starts.0)) * DAY),
            _ => self.arrival(number, of),
        }
    }

    /// When the customer of this number (from 0) arrives, counted from day 0 of the scenario. Each customer's arrival is
    /// known without the others': given their number, the arrivals of a Poisson process are independent, each at any time
    /// alike where the rate is the same, and more often where it is higher.
    pub(super) fn arrival(&self, customer: u64, of: u64) -> Duration {
        let Some((site, arrival)) = &self.arrival else { return Duration(0) };
        let random = || site.keys[0].stream(customer, 0).uniform();
        match arrival {
            Arrival::Evenly(over) => {
                // A file may hold more customers than the scenario says: those come over the same time.
                let of = of.max(1);
                let at = i128::from(over.0) * i128::from(customer % of) / i128::from(of);
                Duration(i64::try_from(at).unwrap_or(over.0))
            }
            Arrival::Poisson(over) => Duration((random() * over.0 as f64) as i64),
            Arrival::Rates { poisson: true, rates } => reached(rates, random() * of as f64),
            Arrival::Rates { poisson: false, rates } => reached(rates, customer as f64),
        }
    }
}

/// When so many customers have come.
fn reached(rates: &[ArrivalRate], mut customers: f64) -> Duration {
    let mut since = 0.0;
    for (place, rate) in rates.iter().enumerate() {
        let in_a_second = rate.customers.to_f64() / rate.each.0 as f64;
        let lasting = rate.lasting.0 as f64;
        if place + 1 == rates.len() || customers < in_a_second * lasting {
            // The last rate is above 0; a fraction of a second does not count.
            return Duration((since + customers / in_a_second) as i64);
        }
        customers -= in_a_second * lasting;
        since += lasting;
    }
    Duration(since as i64)
}
