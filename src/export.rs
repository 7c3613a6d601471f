//! A playbook as something else: so far, as a page of a written playbook.

pub mod page;
