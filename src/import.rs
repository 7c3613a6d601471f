//! Pages of a written playbook: read from Markdown, in any of the languages under `import/languages`.
//!
//! ```text
//! text ──front_matter, conflict, markdown──▶ blocks ──read──▶ Page ──json──▶ what programs read
//!                                                             └──play──▶ a playbook
//! ```
//!
//! [`read()`] never fails: it gives what it could make of a page, and what is odd about it. [`text`] is what can be seen of
//! a text, [`language`] what headings, labels, flags and names are called, [`names`] lists of them, [`table`] and
//! [`tasks`] rows, [`labels`] label lines, [`date`] dates, [`detect`] which language it is.

pub mod compare;
pub mod conflict;
pub mod date;
pub mod detect;
pub mod flags;
pub mod front_matter;
pub mod html;
pub mod json;
pub mod labels;
pub mod language;
pub mod lifecycle;
pub mod markdown;
pub mod names;
pub mod numbers;
pub mod page;
pub mod play;
mod read;
pub mod references;
pub mod table;
pub mod tasks;
pub mod text;

pub use page::Page;

/// The phases in the order of the lifecycle.
pub const PHASES: [&str; 6] = ["initiate", "assess", "remediate", "enable", "migrate", "success"];
pub use read::read;
