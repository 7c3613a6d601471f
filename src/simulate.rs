//! A cohort of customers through a playbook, under the assumptions of a scenario.
//!
//! Everything random comes from [`random`] streams that are keyed by what they are for, so a result depends on the
//! playbook, the scenario, the seed and the customers, and on nothing else: not on threads, not on shards.

pub mod distribution;
pub mod random;
pub mod statistics;
