//! Help with names that do not exist, computed from the names that do.

use crate::suggest::did_you_mean;

/// How many names are listed where none is close.
const LISTED: usize = 8;

/// What to do about a name that does not exist: the closest one, else the list of all if it is short.
pub fn help<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    did_you_mean(name, candidates.iter().copied()).or_else(|| match candidates.len() {
        0 => None,
        1 => Some(format!("There is only `{}`", candidates[0])),
        2..=LISTED => Some(format!("There are {}", list(candidates, "and"))),
        _ => None,
    })
}

/// `` `a`, `b` and `c` ``.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_close_one_else_the_short_list() {
        assert_eq!(help("chek_in", ["check_in", "handed_off"]).as_deref(), Some("Did you mean `check_in`?"));
        assert_eq!(help("zzz", ["one", "two", "three"]).as_deref(), Some("There are `one`, `two` and `three`"));
        assert_eq!(help("zzz", ["teams"]).as_deref(), Some("There is only `teams`"));
        assert_eq!(help("zzz", []), None);
        assert_eq!(help("zzzzzz", ["a", "b", "c", "d", "e", "f", "g", "h", "i"]), None);
    }
}
