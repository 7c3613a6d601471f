//! Decision procedures: what can be proved about all customers, and the customer who shows that it cannot.
//!
//! In reading order: [`kernel`] holds sets of customers as decision diagrams; [`encode`] turns typed conditions into
//! them; [`known`] says what is known of a customer at each place. [`explore`] sees every situation a customer can come
//! to, with the interpreter itself; [`witness`] makes a path through them a customer and a timeline that `run` accepts,
//! and the plainest one. [`verdict`] is how every question is answered; [`property`] asks the questions authors write and
//! [`find()`] any other.

pub mod answer;
mod cut;
pub mod encode;
pub mod explore;
mod find;
pub mod kernel;
pub mod known;
mod liveness;
pub mod outline;
pub mod property;
mod services;
pub mod soundness;
#[cfg(test)]
mod tests;
pub mod verdict;
pub mod witness;

pub use find::{Ask, Found, Goal, find};
