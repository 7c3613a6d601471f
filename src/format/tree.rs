//! Whether two trees are the same but for their places in the text.

use crate::syntax::ast::File;

/// Whether two files have the same items; places and comments do not count.
pub(super) fn same(one: &File, other: &File) -> bool {
    one.items.len() == other.items.len()
        && one.items.iter().zip(&other.items).all(|(one, other)| crate::syntax::same(one, other))
}
