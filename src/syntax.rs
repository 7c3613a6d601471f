//! Text to tree.

pub mod ast;
mod grammar;
