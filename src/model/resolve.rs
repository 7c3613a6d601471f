//! Tree to model.

mod constant;
mod expression;
mod names;
mod order;
mod scenario;
mod suggest;
mod types;

pub use expression::{Context, Where};
pub use names::{BLOCKER_KINDS, Names};
