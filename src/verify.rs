//! Decision procedures: what can be proved about all customers, and the customer who shows that it cannot.
//!
//! In reading order: [`kernel`] holds sets of customers as decision diagrams; [`encode`] turns typed conditions into
//! them; [`known`] says what is known of a customer at each place.

pub mod encode;
pub mod kernel;
pub mod known;
