//! The `playbook` command.

fn main() {}
