//! Tests of the whole program: the binary as users run it, and the pages of all findings.
#![expect(clippy::disallowed_methods, reason = "tests write files for the program to read")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot do its work fails")]

mod cases;
mod flow;
mod import;
mod import_laws;
mod pages;
mod program;
mod robustness;
mod sessions;
mod variants;
mod verify;
mod workflows;
